//! Venue time as a function of host time.
//!
//! Pure: host time comes in as the time since the server started. Venue time flows at a multiple of it,
//! or stands still between steps that somebody else decides (`max`, lockstep). It never goes back, and it
//! can be given an instant that it does not pass.

use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use thiserror::Error;

/// How fast venue time flows: a positive multiple of host time, exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speed(Decimal);

/// A speed that is none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("speed `{0}` is not a number above 0 and up to 1000000 with at most 3 decimals")]
pub struct SpeedError(String);

impl Speed {
    /// As fast as life.
    pub const REAL: Self = Self(Decimal::ONE);

    /// The number.
    pub fn number(self) -> Decimal {
        self.0
    }
}

impl FromStr for Speed {
    type Err = SpeedError;

    fn from_str(text: &str) -> Result<Self, SpeedError> {
        Decimal::from_str_exact(text)
            .map(|number| number.normalize())
            .ok()
            .filter(|number| *number > Decimal::ZERO && *number <= Decimal::from(1_000_000))
            .filter(|number| number.scale() <= 3)
            .map(Self)
            .ok_or_else(|| SpeedError(text.to_owned()))
    }
}

/// Maps host time to venue time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VenueClock {
    /// Venue time at the host time `host`.
    venue: Timestamp,
    host: Duration,
    /// None: stands still between steps.
    speed: Option<Speed>,
    /// Is not passed by itself.
    limit: Option<Timestamp>,
}

impl VenueClock {
    /// A clock that shows `start` when the host has not moved yet. Without speed it moves by
    /// [`step`](Self::step) only.
    pub const fn new(start: Timestamp, speed: Option<Speed>) -> Self {
        Self { venue: start, host: Duration::ZERO, speed, limit: None }
    }

    /// Venue time.
    pub fn at(&self, host: Duration) -> Timestamp {
        let Some(Speed(speed)) = self.speed else { return self.venue };
        let elapsed = nanos(host) - nanos(self.host);
        let flowed = elapsed.max(0) * speed.mantissa() / 10_i128.pow(speed.scale());
        let flowed = self.venue.as_nanosecond() + flowed;
        let now = Timestamp::from_nanosecond(flowed).unwrap_or(Timestamp::MAX);
        self.limit.map_or(now, |limit| now.min(limit.max(self.venue)))
    }

    /// The host time at which the clock will show `venue` or more; none if it does not get there by
    /// itself.
    pub fn due(&self, venue: Timestamp) -> Option<Duration> {
        let Speed(speed) = self.speed?;
        if self.limit.is_some_and(|limit| venue > limit) {
            return None;
        }
        let ahead = (venue.as_nanosecond() - self.venue.as_nanosecond()).max(0);
        // Rounded up: a timer that is early would find that nothing is due, and be set again.
        let scaled = ahead * 10_i128.pow(speed.scale());
        let wait = (scaled + speed.mantissa() - 1) / speed.mantissa();
        Some(self.host.saturating_add(Duration::from_nanos(u64::try_from(wait).unwrap_or(u64::MAX))))
    }

    /// Whether the clock stands at its limit.
    pub fn is_held(&self, host: Duration) -> bool {
        self.limit.is_some_and(|limit| self.at(host) >= limit)
    }

    /// The instant that the clock does not pass by itself.
    pub fn limit(&self) -> Option<Timestamp> {
        self.limit
    }

    /// Sets the clock forward to `venue`, from where it goes on; an earlier instant leaves it where it is.
    pub fn step(&mut self, venue: Timestamp, host: Duration) {
        self.venue = self.at(host).max(venue);
        self.host = host;
    }

    /// Changes the limit. Time that passed while the clock was held does not count.
    pub fn set_limit(&mut self, limit: Option<Timestamp>, host: Duration) {
        self.step(Timestamp::MIN, host);
        self.limit = limit;
    }

    /// What a reader who extrapolates has to multiply with: zero while the clock stands.
    pub fn rate(&self, host: Duration) -> Decimal {
        match self.speed {
            Some(Speed(speed)) if !self.is_held(host) => speed,
            _ => Decimal::ZERO,
        }
    }
}

/// A jump of the clock that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JumpError {
    /// Time does not go back.
    #[error("{to} is before venue time {now}; time was left as it is")]
    Backwards {
        /// Where to.
        to: Timestamp,
        /// Where it stands.
        now: Timestamp,
    },
    /// Every quote on the way is made and sent, so a typing error in a year would take hours.
    #[error("{to} is more than 31 days after venue time {now}; time was left as it is, go in steps")]
    TooFar {
        /// Where to.
        to: Timestamp,
        /// Where it stands.
        now: Timestamp,
    },
}

/// How far one jump may go.
const JUMP_MAX: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Checks a jump from `now`.
pub(super) fn check_jump(now: Timestamp, to: Timestamp) -> Result<(), JumpError> {
    if to < now {
        Err(JumpError::Backwards { to, now })
    } else if to.duration_since(now) > JUMP_MAX {
        Err(JumpError::TooFar { to, now })
    } else {
        Ok(())
    }
}

fn nanos(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).expect("a duration has at most 94 bits of nanoseconds")
}
