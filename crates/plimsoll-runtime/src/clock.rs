//! Time for the bridge: the system's, or a simulator's that is followed.
//!
//! Owns the two clocks of [`Now`]: `mono` strictly increases, over restarts too, and counts the time in
//! which the machine slept; `wall` is civil time. Does not own any deadline. By how much the system's
//! clock is off finds out [`watch`].
//!
//! `std` offers no clock that counts suspended time and the workspace forbids `unsafe`, so the time asleep
//! is taken from the kernel's uptime (`/proc/uptime`, which counts it) and added to [`Instant`]. Where that
//! file does not exist, a suspended machine's `mono` stands still and only `wall` shows the gap.

mod follow;
pub(crate) mod watch;

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use plimsoll_model::{Mono, Now};

pub use follow::{FollowError, VenueClock, fetch, stream};

/// How often the time asleep is looked up, by either clock.
const SLEEP_CHECK: Duration = Duration::from_secs(1);
/// How late a reading of a followed clock may be, in the host's time; by more it is another clock.
const LATE_MAX: Duration = Duration::from_millis(250);
/// By how much the least late of them may still be late.
const JITTER: Duration = Duration::from_millis(20);
/// Differences below this are the coarseness of the kernel's text, not sleep.
const SLEEP_MIN: Duration = Duration::from_millis(500);

/// Makes [`Now`].
#[derive(Debug)]
pub struct Clock {
    source: Source,
    /// What `mono` was when the source began.
    base: Mono,
    last: Option<Mono>,
}

#[derive(Debug)]
enum Source {
    System(System),
    /// `ahead`: by how much the host's wall clock would be ahead of the venue's. Zero but in a drill.
    Venue {
        first: Timestamp,
        reading: VenueClock,
        read: Instant,
        ahead: SignedDuration,
    },
}

/// The system's clocks.
#[derive(Debug)]
struct System {
    started: Instant,
    /// Uptime minus [`Instant`] at the start; none without the kernel's text.
    uptime_ahead: Option<Duration>,
    asleep: Duration,
    checked: Instant,
    checked_wall: Timestamp,
}

impl Clock {
    /// The system's time, going on after the journal's last record.
    pub fn system(after: Option<Now>) -> Self {
        let wall = Timestamp::now();
        let started = Instant::now();
        let system = System {
            started,
            uptime_ahead: uptime(),
            asleep: Duration::ZERO,
            checked: started,
            checked_wall: wall,
        };
        Self { source: Source::System(system), base: resumed(after, wall), last: after.map(|now| now.mono) }
    }

    /// A simulator's time, going on after the journal's last record.
    pub fn following(reading: VenueClock, read: Instant, after: Option<Now>) -> Self {
        let first = reading.now;
        let source = Source::Venue { first, reading, read, ahead: SignedDuration::ZERO };
        Self { source, base: resumed(after, first), last: after.map(|now| now.mono) }
    }

    /// Both clocks at this instant.
    pub fn now(&mut self) -> Now {
        self.at(Instant::now())
    }

    /// The followed venue's clock has changed, or was read again. Ignored on the system's time.
    pub fn set(&mut self, new: VenueClock, when: Instant) {
        if let Source::Venue { reading, read, .. } = &mut self.source {
            // A reading can only be late, and its lateness times the speed would make the clock jump to and fro.
            let shown = reading.at(when.saturating_duration_since(*read));
            let late = Duration::try_from(shown.duration_since(new.now)).unwrap_or_default();
            if new.speed_ppm == reading.speed_ppm
                && new.lockstep == reading.lockstep
                && new.host_time(late).is_some_and(|late| !late.is_zero() && late < LATE_MAX)
            {
                return;
            }
            *reading = new;
            *read = when;
        }
    }

    /// The followed venue has said the time itself, in whole seconds. Sets the clock in lockstep only:
    /// otherwise its control address knows better.
    pub fn set_lockstep(&mut self, now: Timestamp) {
        if let Source::Venue { reading, .. } = &mut self.source
            && reading.lockstep
        {
            reading.now = now;
        }
    }

    /// Makes a followed clock as wrong as a host's: ahead of the venue's by so much, behind where negative. Only
    /// the wall clock is: `mono` counts the time that passes. Ignored on the system's time, which is wrong by itself.
    pub fn set_ahead(&mut self, by: SignedDuration) {
        if let Source::Venue { ahead, .. } = &mut self.source {
            *ahead = by;
        }
    }

    /// By how much spans of a followed clock may be off, because its readings do not all take the same way.
    pub fn jitter(&self) -> Duration {
        match &self.source {
            Source::System(_) => Duration::ZERO,
            Source::Venue { reading, .. } => JITTER.saturating_mul(reading.speed()),
        }
    }

    /// Whether the venue waits for us.
    pub fn is_lockstep(&self) -> bool {
        matches!(&self.source, Source::Venue { reading, .. } if reading.lockstep)
    }

    /// Whose time it is: `system`, `followed` or `lockstep`.
    pub fn source_word(&self) -> &'static str {
        match &self.source {
            Source::System(_) => "system",
            Source::Venue { reading, .. } if reading.lockstep => "lockstep",
            Source::Venue { .. } => "followed",
        }
    }

    /// How long the host has to wait for an instant of `mono`; nothing if only the venue can bring it.
    pub fn until(&mut self, due: Mono) -> Option<Duration> {
        let left = due.since(self.now().mono);
        match &self.source {
            Source::System(_) => Some(left),
            Source::Venue { reading, .. } => reading.host_time(left),
        }
    }

    fn at(&mut self, host: Instant) -> Now {
        let (elapsed, wall) = match &mut self.source {
            Source::System(system) => {
                let wall = Timestamp::now();
                (system.elapsed(host, wall), wall)
            }
            Source::Venue { first, reading, read, ahead } => {
                let venue = reading.at(host.saturating_duration_since(*read));
                let elapsed = Duration::try_from(venue.duration_since(*first)).unwrap_or_default();
                (elapsed, venue.saturating_add(*ahead).unwrap_or(venue))
            }
        };
        let mono = self.base.after(elapsed);
        // A clock that was set back, or read twice within its resolution, still goes forward.
        let mono = match self.last {
            Some(last) if mono <= last => last.after(Duration::from_nanos(1)),
            _ => mono,
        };
        self.last = Some(mono);
        Now { mono, wall }
    }
}

impl System {
    fn elapsed(&mut self, host: Instant, wall: Timestamp) -> Duration {
        // Either clock may show the time for a look: after a sleep only `wall` has moved.
        let by_wall = wall.duration_since(self.checked_wall);
        if host.duration_since(self.checked) >= SLEEP_CHECK || by_wall.unsigned_abs() >= SLEEP_CHECK {
            self.checked = host;
            self.checked_wall = wall;
            self.note_sleep();
        }
        host.saturating_duration_since(self.started) + self.asleep
    }

    fn note_sleep(&mut self) {
        let slept = self.uptime_ahead.zip(uptime()).and_then(|(then, now)| now.checked_sub(then));
        if let Some(slept) = slept.and_then(|total| total.checked_sub(self.started.elapsed()))
            && slept >= self.asleep + SLEEP_MIN
        {
            self.asleep = slept;
        }
    }
}

/// Where `mono` goes on: after the last record, by as much as civil time has passed since.
fn resumed(after: Option<Now>, wall: Timestamp) -> Mono {
    let Some(last) = after else { return Mono::ZERO };
    let passed: SignedDuration = wall.duration_since(last.wall);
    last.mono.after(Duration::try_from(passed).unwrap_or_default())
}

/// How long the kernel has run, sleep included.
fn uptime() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/uptime").ok()?;
    let (seconds, hundredths) = text.split_whitespace().next()?.split_once('.')?;
    let hundredths: u64 = hundredths.parse().ok()?;
    Some(Duration::from_secs(seconds.parse().ok()?) + Duration::from_millis(hundredths * 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn venue(now: &str, speed_ppm: Option<u64>, lockstep: bool) -> VenueClock {
        VenueClock { now: now.parse().unwrap(), speed_ppm, lockstep }
    }

    #[test]
    fn a_followed_clock_runs_at_the_venues_speed() {
        let read = Instant::now();
        let mut clock = Clock::following(venue("2026-11-27T14:25:00Z", Some(60_000_000), false), read, None);
        let one = clock.at(read + Duration::from_secs(1));
        assert_eq!(one.wall.to_string(), "2026-11-27T14:26:00Z");
        assert_eq!(one.mono, Mono::from_nanos(60_000_000_000));
    }

    #[test]
    fn a_reading_that_comes_late_does_not_set_a_followed_clock_back() {
        let read = Instant::now();
        let start = |now| venue(now, Some(60_000_000), false);
        let mut clock = Clock::following(start("2026-11-27T14:25:00Z"), read, None);
        let second = read + Duration::from_secs(1);
        // Twenty milliseconds late, which are more than a second there.
        clock.set(start("2026-11-27T14:25:58.8Z"), second);
        assert_eq!(clock.at(second).wall.to_string(), "2026-11-27T14:26:00Z");
        clock.set(start("2026-11-27T14:26:01Z"), second);
        assert_eq!(
            clock.at(second).wall.to_string(),
            "2026-11-27T14:26:01Z",
            "less late than the one before"
        );
        clock.set(start("2026-11-27T14:25:46Z"), second);
        assert_eq!(clock.at(second).wall.to_string(), "2026-11-27T14:25:46Z", "the boundary: another clock");
        assert_eq!(clock.jitter(), Duration::from_millis(1_200));
        assert_eq!(Clock::system(None).jitter(), Duration::ZERO);
    }

    #[test]
    fn mono_goes_forward_when_the_venues_clock_is_set_back() {
        let read = Instant::now();
        let mut clock = Clock::following(venue("2026-11-27T14:25:00Z", None, false), read, None);
        let before = clock.at(read);
        clock.set(venue("2026-11-27T14:00:00Z", None, false), read);
        let after = clock.at(read);
        assert!(after.mono > before.mono && after.wall < before.wall);
    }

    #[test]
    fn a_wrong_wall_clock_leaves_mono_to_the_time_that_passes() {
        let read = Instant::now();
        let mut clock = Clock::following(venue("2026-11-27T14:25:00Z", None, true), read, None);
        clock.set_ahead(SignedDuration::from_secs(-2));
        clock.set_lockstep("2026-11-27T14:25:05Z".parse().unwrap());
        let now = clock.at(read);
        assert_eq!(now.wall.to_string(), "2026-11-27T14:25:03Z");
        assert_eq!(now.mono, Mono::from_nanos(5_000_000_000));
    }

    #[test]
    fn mono_goes_on_after_the_journals_last_record_by_the_time_in_between() {
        let last = Now { mono: Mono::from_nanos(500), wall: "2026-11-27T14:25:00Z".parse().unwrap() };
        let read = Instant::now();
        let mut clock = Clock::following(venue("2026-11-27T14:25:10Z", None, false), read, Some(last));
        assert_eq!(clock.at(read).mono, Mono::from_nanos(10_000_000_500));
        let mut set_back = Clock::following(venue("2026-11-27T14:00:00Z", None, false), read, Some(last));
        assert_eq!(set_back.at(read).mono, Mono::from_nanos(501));
    }

    #[test]
    fn two_readings_are_never_equal() {
        let mut clock = Clock::system(None);
        let readings: Vec<Mono> = (0..1000).map(|_| clock.now().mono).collect();
        assert!(readings.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn in_lockstep_only_the_venues_word_moves_the_clock() {
        let read = Instant::now();
        let mut clock = Clock::following(venue("2026-11-27T14:25:00Z", None, true), read, None);
        assert_eq!(clock.at(read + Duration::from_hours(1)).wall.to_string(), "2026-11-27T14:25:00Z");
        clock.set_lockstep("2026-11-27T14:25:05Z".parse().unwrap());
        assert_eq!(clock.at(read).wall.to_string(), "2026-11-27T14:25:05Z");
        assert_eq!(clock.until(Mono::from_nanos(u64::MAX)), None);
    }

    #[test]
    fn host_time_is_venue_time_over_speed() {
        let mut clock =
            Clock::following(venue("2026-11-27T14:25:00Z", Some(60_000_000), false), Instant::now(), None);
        let due = clock.now().mono.after(Duration::from_mins(1));
        let host = clock.until(due).unwrap();
        assert!(host <= Duration::from_secs(1) && host > Duration::from_millis(900), "{host:?}");
    }
}
