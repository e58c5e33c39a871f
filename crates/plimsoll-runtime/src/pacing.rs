//! How many messages the login sends the venue.
//!
//! IBKR takes [`PER_SECOND`] messages a second of all clients of a login together. Beyond that a TWS delays them,
//! orders and cancels of every bot included, or refuses them and closes the connection. So bots share one budget.
//!
//! Invariants:
//! * orders and cancels never wait for it. What they cost is taken from what others may send, but for four messages a
//!   second: a bot whose questions are never asked is as dead as one that is cut off. Beside more than 46 orders and cancels a
//!   second they are more than the venue takes;
//! * everything else goes [`BURST`] at a time and then one by one, so that no second has more than the venue takes;
//!   what does not go waits in its bot's lane, and the bots take turns: who floods waits for himself;
//! * what a process before this one has sent counts, too. How much it was nobody knows, because what is only relayed is not
//!   journaled, so it counts as a whole budget, spent at its last moment: nothing is said to the venue until that is over
//!   ([`spent_until`]).
//!
//! In the host's time, also where a simulator's clock is followed: one that stands still must not silence the bots.
//! In lockstep nothing waits, because there the venue waits for us.

use std::time::{Duration, Instant};

use plimsoll_model::Now;

/// Messages that the venue takes in a second, of all clients of the login together.
pub(crate) const PER_SECOND: u32 = 50;
/// Messages that may go at once after a pause: what a bot says when it starts.
const BURST: u32 = 10;
/// Left for orders, cancels and our own questions in each second.
const RESERVED: u32 = 5;
/// From the end of a burst on, one message in this time.
const EVERY: Duration = Duration::from_nanos(1_000_000_000 / (PER_SECOND - BURST - RESERVED) as u64);
/// However many orders there are, one of the other messages goes in this time.
const QUESTION_EVERY: Duration = Duration::from_millis(250);
/// Orders beyond the budget keep others waiting for no longer than this.
const DEBT_MAX: Duration = Duration::from_secs(1);
/// How long what a life before has spent is spent. A little more than the venue's second, because the way there is not
/// always as long.
const SPENT: Duration = Duration::from_millis(1_100);

/// Until when the venue's budget, for messages and for questions for its time, may have been spent by the process that
/// kept the journal before; none where there was none. `locked` is when the state directory was ours, so the other had ended.
pub(crate) fn spent_until(locked: Instant, before: Option<Now>) -> Option<Instant> {
    before.map(|_| locked + SPENT)
}

/// The budget.
#[derive(Debug)]
pub(crate) struct Pacing {
    /// When everything sent so far would have gone, one message after the other.
    paid: Instant,
    /// When the last message left that has to wait for its turn.
    asked: Instant,
    /// The second that is being counted, what it has, and what the one before had.
    second: Instant,
    now: u32,
    before: u32,
}

impl Pacing {
    pub(crate) fn new(now: Instant) -> Self {
        Self { paid: now, asked: now, second: now, now: 0, before: 0 }
    }

    /// A message has left.
    pub(crate) fn sent(&mut self, now: Instant) {
        self.paid = (self.paid.max(now) + EVERY).min(now + DEBT_MAX);
        self.count(now);
        self.now = self.now.saturating_add(1);
    }

    /// A message leaves that is neither order nor cancel.
    pub(crate) fn asked(&mut self, now: Instant) {
        self.asked = now;
    }

    /// How long what is neither order nor cancel has to wait.
    pub(crate) fn wait(&self, now: Instant) -> Duration {
        let for_the_budget = self.paid.saturating_duration_since(now).saturating_sub(EVERY * (BURST - 1));
        let for_its_turn = (self.asked + QUESTION_EVERY).saturating_duration_since(now);
        for_the_budget.min(for_its_turn)
    }

    /// Messages of the last full second.
    pub(crate) fn last_second(&mut self, now: Instant) -> u32 {
        self.count(now);
        self.before
    }

    fn count(&mut self, now: Instant) {
        let seconds = now.saturating_duration_since(self.second).as_secs();
        if seconds > 0 {
            self.before = if seconds == 1 { self.now } else { 0 };
            self.now = 0;
            self.second += Duration::from_secs(seconds);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends whenever it may for ten seconds; when each message left.
    fn flood(pacing: &mut Pacing, start: Instant) -> Vec<Duration> {
        let mut left = Vec::new();
        let mut now = start;
        while now < start + Duration::from_secs(10) {
            let wait = pacing.wait(now);
            if wait.is_zero() {
                pacing.asked(now);
                pacing.sent(now);
                left.push(now - start);
            } else {
                now += wait;
            }
        }
        left
    }

    #[test]
    fn no_second_of_a_flood_has_more_messages_than_the_venue_takes_and_some_room_is_left_for_orders() {
        let start = Instant::now();
        let left = flood(&mut Pacing::new(start), start);
        let in_second = |from: Duration| {
            left.iter().filter(|at| (from..from + Duration::from_secs(1)).contains(at)).count()
        };
        let most = left.iter().map(|from| in_second(*from)).max().unwrap();
        assert!((40..=45).contains(&most), "{most}");
        assert!(left.len() >= 355, "{} in ten seconds", left.len());
    }

    #[test]
    fn a_first_start_waits_for_nothing_and_a_later_one_until_what_was_spent_before_it_is_over() {
        let locked = Instant::now();
        assert_eq!(spent_until(locked, None), None);
        let last = Now { mono: plimsoll_model::Mono::ZERO, wall: jiff::Timestamp::UNIX_EPOCH };
        let until = spent_until(locked, Some(last)).unwrap();
        assert!(until > locked + Duration::from_secs(1));
    }

    #[test]
    fn orders_never_wait_and_others_wait_for_them_a_quarter_of_a_second_at_most() {
        let start = Instant::now();
        let mut pacing = Pacing::new(start);
        for _ in 0..10_000 {
            pacing.sent(start);
        }
        assert_eq!(pacing.wait(start), QUESTION_EVERY);
        assert_eq!(pacing.last_second(start + Duration::from_secs(1)), 10_000);
        assert_eq!(pacing.last_second(start + Duration::from_secs(3)), 0);
    }

    #[test]
    fn questions_are_asked_four_times_a_second_beside_any_number_of_orders_and_leave_them_the_rest() {
        let start = Instant::now();
        let mut pacing = Pacing::new(start);
        let mut questions = 0;
        for tick in 0..10_000 {
            let now = start + Duration::from_millis(tick);
            // Forty-five orders and cancels a second.
            if tick % 22 == 0 {
                pacing.sent(now);
            }
            if pacing.wait(now).is_zero() {
                pacing.asked(now);
                pacing.sent(now);
                questions += 1;
            }
        }
        assert!((40..=50).contains(&questions), "{questions} in ten seconds");
    }
}
