//! Whether wall time has moved against the other clock without anybody having said so.
//!
//! A clock that is set shows at once in the next event's time and is explained by its watch within a second. In
//! between corrected time is wrong by as much, and a job could start hours early, or be given up. So nothing is decided
//! meanwhile; nor until a source has said the time where none was known when the clock was set.

use jiff::{SignedDuration, Timestamp};
use plimsoll_model::{Mono, Now};

use crate::limits;

/// Both clocks at the latest event, and until when nothing is decided.
#[derive(Debug, Default)]
pub(crate) struct Steady {
    latest: Option<(Mono, Timestamp)>,
    /// The process has just begun, and its clock is not watched yet.
    settles: Option<Mono>,
    moved: Option<Mono>,
    lost: Option<Mono>,
}

/// Whether an event says itself how the clocks have moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moved {
    /// It does, or it does not matter.
    Told,
    /// If they have, nobody has said so.
    Unsaid,
}

impl Steady {
    /// A new process.
    pub(crate) fn began(now: Now) -> Self {
        let settles = Some(now.mono.after(limits::JOB_SETTLE));
        Self { settles, ..Self::default() }
    }

    /// Looks at the clocks of an event. `is_lost`: nobody has said the time since the clock was set.
    pub(crate) fn observe(&mut self, now: Now, moved: Moved, is_lost: bool) {
        // Kept as it began, so that a host that is never told the time goes by its own clock in the end.
        let patience = || now.mono.after(limits::CLOCK_LOST_PATIENCE);
        self.lost = is_lost.then(|| self.lost.unwrap_or_else(patience));
        if moved == Moved::Told {
            self.moved = None;
        } else if self.latest.is_some_and(|latest| has_moved(latest, now)) {
            self.moved = Some(now.mono.after(limits::CLOCK_JUMP_PATIENCE));
        }
        self.latest = Some((now.mono, now.wall));
    }

    /// Until when somebody may say how wall time has moved.
    pub(crate) fn moved_until(&self, now: Now) -> Option<Mono> {
        self.moved.filter(|until| now.mono < *until)
    }

    /// Until when nothing is decided.
    pub(crate) fn quiet_until(&self, now: Now) -> Option<Mono> {
        self.settles.max(self.moved).max(self.lost).filter(|until| now.mono < *until)
    }
}

/// More than a daemon's slewing makes of the time between the two.
fn has_moved((mono, wall): (Mono, Timestamp), now: Now) -> bool {
    let passed = SignedDuration::try_from(now.mono.since(mono)).unwrap_or(SignedDuration::MAX);
    let by = now.wall.duration_since(wall).saturating_sub(passed).abs();
    by > limits::CLOCK_JUMP.saturating_add(passed / 1_000)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(mono_ms: u64, wall_ms: i64) -> Now {
        let wall = Timestamp::from_millisecond(1_795_800_000_000 + wall_ms).unwrap();
        Now { mono: Mono::ZERO.after(Duration::from_millis(mono_ms)), wall }
    }

    #[test]
    fn a_clock_that_was_set_makes_quiet_until_somebody_says_how() {
        let mut steady = Steady::default();
        steady.observe(at(1_000, 1_000), Moved::Unsaid, false);
        assert_eq!(steady.quiet_until(at(1_000, 1_000)), None);
        let set = at(1_500, 7_201_500);
        steady.observe(set, Moved::Unsaid, false);
        assert_eq!(steady.quiet_until(set), Some(set.mono.after(limits::CLOCK_JUMP_PATIENCE)));
        let told = at(2_000, 7_202_000);
        steady.observe(told, Moved::Told, false);
        assert_eq!(steady.quiet_until(told), None);
    }

    #[test]
    fn a_step_that_is_told_first_makes_no_quiet() {
        let mut steady = Steady::default();
        steady.observe(at(1_000, 1_000), Moved::Unsaid, false);
        let told = at(1_500, -8_000);
        steady.observe(told, Moved::Told, false);
        steady.observe(at(1_600, -7_900), Moved::Unsaid, false);
        assert_eq!(steady.quiet_until(at(1_600, -7_900)), None);
    }

    #[test]
    fn slewing_is_no_step() {
        let mut steady = Steady::default();
        steady.observe(at(0, 0), Moved::Unsaid, false);
        let slewed = at(60_000, 60_030);
        steady.observe(slewed, Moved::Unsaid, false);
        assert_eq!(steady.quiet_until(slewed), None);
    }

    #[test]
    fn a_move_that_nobody_explains_is_taken_as_it_is_in_the_end() {
        let mut steady = Steady::default();
        steady.observe(at(0, 0), Moved::Unsaid, false);
        steady.observe(at(10, 500), Moved::Unsaid, false);
        let later = at(10 + 3_000, 500 + 3_000);
        steady.observe(later, Moved::Unsaid, false);
        assert_eq!(steady.quiet_until(later), None);
    }

    #[test]
    fn a_clock_that_was_set_while_nobody_knew_the_time_makes_quiet_until_somebody_says_it() {
        let mut steady = Steady::default();
        let set = at(0, 0);
        steady.observe(set, Moved::Told, true);
        let until = set.mono.after(limits::CLOCK_LOST_PATIENCE);
        let later = at(64_000, 64_000);
        steady.observe(later, Moved::Unsaid, true);
        assert_eq!(steady.quiet_until(later), Some(until), "it begins once");
        steady.observe(later, Moved::Unsaid, false);
        assert_eq!(steady.quiet_until(later), None);
        steady.observe(set, Moved::Told, true);
        let in_the_end = Now { mono: until, wall: later.wall };
        assert_eq!(steady.quiet_until(in_the_end), None);
    }

    #[test]
    fn a_process_that_has_just_begun_is_quiet() {
        let now = at(0, 0);
        let steady = Steady::began(now);
        assert_eq!(steady.quiet_until(now), Some(now.mono.after(limits::JOB_SETTLE)));
    }
}
