//! The venue's clock, by what it says on our own connection.
//!
//! It says whole seconds (milliseconds from version 197). An answer *S* to a question sent at *t*, here at *u*,
//! proves that the venue's clock is ahead of ours by at least *S* - *u* and by less than *S* + 1 s - *t*; each answer
//! narrows what the ones before it left. A question timed so that the venue's second changes in the middle of what
//! is left halves it; after ten of them the width is that of the way there and back.
//!
//! Counted against [`Instant`], which nobody sets.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use plimsoll_core::clock::Bounds;

/// TWS leaves a second question within a second unanswered.
const PAUSE_MIN: Duration = Duration::from_millis(1_100);
/// Narrower than this is as good as it gets over a network.
const NARROW: SignedDuration = SignedDuration::from_millis(100);
/// Between two answers that are handed on once it is narrow.
const SAY_EVERY: Duration = Duration::from_secs(30);
const SECOND: i128 = 1_000_000_000;
/// How fast the two clocks may run apart, in millionths.
const DRIFT_PPM: u32 = 100;

/// How fine an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grain {
    /// Whole seconds, cut off.
    Second,
    /// Milliseconds, cut off.
    Milli,
}

impl Grain {
    fn width(self) -> SignedDuration {
        match self {
            Self::Second => SignedDuration::from_secs(1),
            Self::Milli => SignedDuration::from_millis(1),
        }
    }
}

/// What is known of the venue's clock.
#[derive(Debug)]
pub(crate) struct BrokerClock {
    base: Instant,
    /// The venue's time since 1970 minus the time since `base`.
    ahead: Option<(Bounds, Instant)>,
    asked: Option<Instant>,
    /// The quickest way there and back.
    trip: Duration,
    said: Option<Instant>,
}

impl BrokerClock {
    pub(crate) fn new(base: Instant) -> Self {
        Self { base, ahead: None, asked: None, trip: Duration::MAX, said: None }
    }

    /// A question leaves.
    pub(crate) fn asks(&mut self, now: Instant) {
        self.asked = Some(now);
    }

    /// An answer is here: what follows for our wall clock, if that is worth telling.
    pub(crate) fn answered(
        &mut self,
        at: Timestamp,
        grain: Grain,
        now: Instant,
        wall: Timestamp,
    ) -> Option<Bounds> {
        let asked = self.asked.take()?;
        self.trip = self.trip.min(now.saturating_duration_since(asked));
        let at = at.duration_since(Timestamp::UNIX_EPOCH);
        let new = Bounds {
            least: at.saturating_sub(self.since(now)),
            most: at.saturating_add(grain.width()).saturating_sub(self.since(asked)),
        };
        let known = self.ahead.map(|(bounds, seen)| grown(bounds, now.saturating_duration_since(seen)));
        // Nothing in common with what was known: the venue's clock was set. What was known is worthless.
        let ahead = known.and_then(|known| common(known, new)).unwrap_or(new);
        self.ahead = Some((ahead, now));
        // The answer that makes it narrow is told, the ones behind it add little.
        let narrow = known.is_some_and(|known| width(known) <= NARROW && common(known, new).is_some());
        let is_due = self.said.is_none_or(|said| now.saturating_duration_since(said) >= SAY_EVERY);
        if narrow && !is_due {
            return None;
        }
        self.said = Some(now);
        let wall_ahead = wall.duration_since(Timestamp::UNIX_EPOCH).saturating_sub(self.since(now));
        Some(Bounds {
            least: ahead.least.saturating_sub(wall_ahead),
            most: ahead.most.saturating_sub(wall_ahead),
        })
    }

    /// How long to wait before the next question: until one that leaves then arrives as the venue's second changes, by
    /// the middle of what is left; and at least `most` where that is narrow already.
    pub(crate) fn pause(&self, now: Instant, most: Duration) -> Duration {
        let Some((ahead, _)) = self.ahead else { return PAUSE_MIN };
        let earliest = if width(ahead) <= NARROW { most } else { PAUSE_MIN };
        let there = self.since(now + earliest + self.trip / 2).saturating_add(ahead.offset());
        let into = there.as_nanos().rem_euclid(SECOND);
        let left = u64::try_from((SECOND - into) % SECOND).unwrap_or_default();
        earliest + Duration::from_nanos(left)
    }

    fn since(&self, instant: Instant) -> SignedDuration {
        SignedDuration::try_from(instant.saturating_duration_since(self.base)).unwrap_or(SignedDuration::MAX)
    }
}

fn width(bounds: Bounds) -> SignedDuration {
    bounds.most.saturating_sub(bounds.least)
}

fn grown(bounds: Bounds, age: Duration) -> Bounds {
    let by = SignedDuration::try_from(age / 1_000_000 * DRIFT_PPM).unwrap_or(SignedDuration::MAX);
    Bounds { least: bounds.least.saturating_sub(by), most: bounds.most.saturating_add(by) }
}

fn common(one: Bounds, other: Bounds) -> Option<Bounds> {
    let both = Bounds { least: one.least.max(other.least), most: one.most.min(other.most) };
    (both.least <= both.most).then_some(both)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A venue whose clock is ahead of ours, `way` there and `way` back.
    struct Venue {
        ahead: SignedDuration,
        way: Duration,
        now: Instant,
        wall: Timestamp,
    }

    impl Venue {
        fn new(ahead_ms: i64, way_ms: u64) -> Self {
            let wall = "2026-11-27T17:49:00.345Z".parse().unwrap();
            let (ahead, way) = (SignedDuration::from_millis(ahead_ms), Duration::from_millis(way_ms));
            Self { ahead, way, now: Instant::now(), wall }
        }

        fn pass(&mut self, span: Duration) {
            self.now += span;
            self.wall = self.wall.saturating_add(span).unwrap();
        }

        fn ask(&mut self, clock: &mut BrokerClock, grain: Grain) -> Option<Bounds> {
            clock.asks(self.now);
            self.pass(self.way);
            let there = self.wall.saturating_add(self.ahead).unwrap();
            let cut = match grain {
                Grain::Second => Timestamp::from_second(there.as_second()).unwrap(),
                Grain::Milli => Timestamp::from_millisecond(there.as_millisecond()).unwrap(),
            };
            self.pass(self.way);
            clock.answered(cut, grain, self.now, self.wall)
        }
    }

    fn holds(bounds: Bounds, venue: &Venue) -> bool {
        bounds.least <= venue.ahead && venue.ahead <= bounds.most
    }

    #[test]
    fn ten_timed_questions_in_whole_seconds_narrow_it_to_the_way_there_and_back() {
        for ahead in [-2_345, -1, 0, 499, 500, 1_777] {
            let mut venue = Venue::new(ahead, 40);
            let mut clock = BrokerClock::new(venue.now);
            let mut last = None;
            for _ in 0..10 {
                let bounds = venue.ask(&mut clock, Grain::Second);
                last = bounds.or(last);
                assert!(last.is_some_and(|bounds| holds(bounds, &venue)), "{ahead}: {bounds:?}");
                venue.pass(clock.pause(venue.now, Duration::from_secs(5)));
            }
            // Each halves what is left and adds half the way there and back, 80 ms: 95 ms after the seventh.
            assert!(width(last.unwrap()) <= NARROW, "{ahead}: {last:?}");
        }
    }

    #[test]
    fn one_question_in_milliseconds_is_enough() {
        let mut venue = Venue::new(-2_000, 5);
        let mut clock = BrokerClock::new(venue.now);
        let bounds = venue.ask(&mut clock, Grain::Milli).unwrap();
        assert!(holds(bounds, &venue));
        assert_eq!(width(bounds), SignedDuration::from_millis(11));
    }

    #[test]
    fn a_venue_whose_clock_was_set_is_measured_anew() {
        let mut venue = Venue::new(0, 5);
        let mut clock = BrokerClock::new(venue.now);
        venue.ask(&mut clock, Grain::Milli);
        venue.ahead = SignedDuration::from_secs(7);
        venue.pass(SAY_EVERY);
        assert!(holds(venue.ask(&mut clock, Grain::Milli).unwrap(), &venue));
    }

    #[test]
    fn our_own_wall_clock_may_be_set_between_two_questions() {
        let mut venue = Venue::new(0, 5);
        let mut clock = BrokerClock::new(venue.now);
        venue.ask(&mut clock, Grain::Milli);
        venue.pass(SAY_EVERY);
        // Ours goes back by two seconds, so the venue is ahead by as much, and nothing else has changed.
        venue.wall = venue.wall.saturating_sub(SignedDuration::from_secs(2)).unwrap();
        venue.ahead = SignedDuration::from_secs(2);
        assert!(holds(venue.ask(&mut clock, Grain::Milli).unwrap(), &venue));
    }

    #[test]
    fn what_is_narrow_already_is_told_now_and_then_only() {
        let mut venue = Venue::new(0, 5);
        let mut clock = BrokerClock::new(venue.now);
        assert!(venue.ask(&mut clock, Grain::Milli).is_some());
        venue.pass(Duration::from_secs(5));
        assert_eq!(venue.ask(&mut clock, Grain::Milli), None);
        venue.pass(SAY_EVERY);
        assert!(venue.ask(&mut clock, Grain::Milli).is_some());
    }

    #[test]
    fn no_two_questions_leave_within_a_second_and_a_word_that_nobody_asked_for_is_none() {
        let mut venue = Venue::new(250, 1);
        let mut clock = BrokerClock::new(venue.now);
        assert_eq!(clock.answered(venue.wall, Grain::Second, venue.now, venue.wall), None);
        for _ in 0..20 {
            venue.ask(&mut clock, Grain::Second);
            let pause = clock.pause(venue.now, Duration::from_secs(5));
            assert!(pause >= PAUSE_MIN && pause < Duration::from_secs(6), "{pause:?}");
            venue.pass(pause);
        }
    }
}
