//! What a job is.

use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use plimsoll_calendar::{AnchorKind, Listing, Policy};
use plimsoll_model::BotName;

use crate::halt::HaltLevel;

/// A job's name. It is what a restart and a changed configuration know it by, so that it runs once for a date.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobName(Box<str>);

impl JobName {
    /// The longest name.
    pub const MAX: usize = 64;

    /// Small letters, digits, `_` and `-`.
    pub fn new(text: &str) -> Option<Self> {
        let is_fine = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        let fits = !text.is_empty() && text.len() <= Self::MAX && text.bytes().all(is_fine);
        fits.then(|| Self(text.into()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A calendar, and the listing whose cutoffs count on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `XNYS`.
    pub calendar: Box<str>,
    /// Unknown: the earliest cutoff of all listings of the calendar.
    pub listing: Listing,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.calendar)
    }
}

/// An instant of a trade date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Counted from an anchor.
    Anchor {
        /// Whose anchor; none: that of the job's own calendar.
        place: Option<Place>,
        /// Which.
        kind: AnchorKind,
        /// Before it where negative.
        offset: SignedDuration,
    },
    /// A civil time on the trade date.
    Civil {
        /// The time.
        time: Time,
        /// Where.
        zone: TimeZone,
    },
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anchor { place, kind, offset } => {
                if let Some(place) = place {
                    write!(f, "{place} ")?;
                }
                write!(f, "{kind}")?;
                match offset.is_negative() {
                    _ if offset.is_zero() => Ok(()),
                    true => write!(f, " - {}", Exact(offset.unsigned_abs())),
                    false => write!(f, " + {}", Exact(offset.unsigned_abs())),
                }
            }
            Self::Civil { time, zone } => write!(f, "{time} {}", zone.iana_name().unwrap_or("unknown")),
        }
    }
}

/// A span as the configuration spells it: a number and its largest unit that loses nothing.
pub(super) struct Exact(pub(super) Duration);

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let units = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
        let (unit, size) =
            units.into_iter().find(|(_, size)| millis.is_multiple_of(*size)).unwrap_or(("ms", 1));
        write!(f, "{}{unit}", millis / size)
    }
}

/// What a day with an early close means to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HalfDays {
    /// A day like any other; an anchor moves with the close.
    Run,
    /// No run.
    Skip,
    /// Runs on no other day.
    Only,
}

/// What becomes of a job whose time has passed without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// A person is told.
    Alert,
    /// It is written down.
    Skip,
    /// It runs up to so much later; after that a person is told.
    RunLate {
        /// How much.
        by: Duration,
    },
}

/// When a job is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// Whose trade dates count.
    pub place: Place,
    /// When it starts.
    pub at: When,
    /// When it must not start any more.
    pub until: Option<When>,
    /// What an early close means.
    pub half_days: HalfDays,
    /// What a civil time means that does not exist, or comes twice. A rejected one is no run.
    pub policy: Policy,
    /// What becomes of it if it could not start.
    pub missed: Missed,
}

impl Timing {
    /// The instant at which it is too late: what was configured, and of a job before an anchor that anchor.
    pub fn deadline(&self) -> Option<When> {
        let own = match &self.at {
            When::Anchor { place, kind, offset } if offset.is_negative() => {
                Some(When::Anchor { place: place.clone(), kind: *kind, offset: SignedDuration::ZERO })
            }
            _ => None,
        };
        self.until.clone().or(own)
    }
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its path, and what it is told. No shell reads it.
    pub argv: Vec<Box<str>>,
    /// After that it is killed.
    pub time_limit: Duration,
}

/// What a job does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Starts a program.
    Command(Run),
    /// Cancels the working orders of its bot, or of all.
    CancelOrders,
    /// Halts its bot, or all.
    Halt {
        /// How much.
        level: HaltLevel,
    },
}

impl Action {
    /// The word of the configuration.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Command(_) => "command",
            Self::CancelOrders => "cancel_orders",
            Self::Halt { .. } => "halt",
        }
    }
}

/// What must hold for a job to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Requirement {
    /// The broker's orders, executions and positions are known.
    Reconciled,
    /// The clock is neither bad nor stepped.
    Clock,
    /// No price of the bot's instruments is older than its `stale_after`.
    Data,
}

impl Requirement {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Reconciled, Self::Clock, Self::Data];

    /// The word of the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reconciled => "reconciled",
            Self::Clock => "clock",
            Self::Data => "data",
        }
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its name, no other job's.
    pub name: JobName,
    /// Whose it is; none: the fleet's.
    pub bot: Option<BotName>,
    /// When.
    pub timing: Timing,
    /// What.
    pub action: Action,
    /// On which conditions.
    pub require: Vec<Requirement>,
}

/// How a program of a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobEnd {
    /// By itself.
    Exited {
        /// Zero is good.
        code: i32,
    },
    /// By a signal.
    Signaled {
        /// Which.
        signal: i32,
    },
    /// It took longer than it may, and was killed.
    TimedOut,
    /// It could not be started.
    NotStarted {
        /// What the system said.
        why: Box<str>,
    },
    /// The gateway ended in order, and killed it first.
    Stopped,
    /// The gateway ended otherwise while it was about to start, or ran.
    Unknown,
}

impl JobEnd {
    /// Whether nobody has to look.
    pub fn is_good(&self) -> bool {
        *self == Self::Exited { code: 0 }
    }
}

impl fmt::Display for JobEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited { code } => write!(f, "ended with exit code {code}"),
            Self::Signaled { signal } => write!(f, "was ended by signal {signal}"),
            Self::TimedOut => f.write_str("took longer than its time limit and was killed"),
            Self::NotStarted { why } => write!(f, "could not be started: {why}"),
            Self::Stopped => f.write_str("was killed because the gateway ended; it is not repeated"),
            Self::Unknown => f.write_str(
                "has an unknown end, because the gateway ended before it did; it is not repeated, look whether it did \
                 its work",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_small_letters_digits_and_two_signs() {
        for good in ["flat", "trend-command", "x_1"] {
            assert_eq!(JobName::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "Flat", "flat by close", "ü", &"x".repeat(JobName::MAX + 1)] {
            assert_eq!(JobName::new(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_instant_is_written_as_it_was_read() {
        let place = Place { calendar: "XLON".into(), listing: Listing::London };
        let at = |offset| When::Anchor { place: Some(place.clone()), kind: AnchorKind::Close, offset };
        assert_eq!(at(SignedDuration::from_secs(-90)).to_string(), "XLON close - 90s");
        assert_eq!(at(SignedDuration::from_mins(120)).to_string(), "XLON close + 2h");
        assert_eq!(at(SignedDuration::from_millis(-1_500)).to_string(), "XLON close - 1500ms");
        assert_eq!(at(SignedDuration::ZERO).to_string(), "XLON close");
        let zone = plimsoll_calendar::zone("America/New_York").unwrap();
        let civil = When::Civil { time: Time::constant(2, 30, 0, 0), zone };
        assert_eq!(civil.to_string(), "02:30:00 America/New_York");
    }

    #[test]
    fn a_job_before_an_anchor_is_too_late_at_the_anchor() {
        let at = |offset| When::Anchor { place: None, kind: AnchorKind::MocEntry, offset };
        let timing = |at, until| Timing {
            place: Place { calendar: "XNYS".into(), listing: Listing::Nyse },
            at,
            until,
            half_days: HalfDays::Run,
            policy: Policy::COMPATIBLE,
            missed: Missed::Alert,
        };
        let five = SignedDuration::from_secs(5);
        assert_eq!(timing(at(-five), None).deadline(), Some(at(SignedDuration::ZERO)));
        assert_eq!(timing(at(five), None).deadline(), None);
        assert_eq!(timing(at(-five), Some(at(five))).deadline(), Some(at(five)));
    }
}
