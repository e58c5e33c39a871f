//! How far our clock is off, and how sure that is.
//!
//! Owns: what each source of time last said, what most of them agree on, the word for the state of the clock.
//! Does not own: asking them, which the shell does; deadlines, which the guards judge.
//!
//! Every source gives bounds between which *true time minus our wall clock* must lie. Believed is what more than
//! half of them have in common (Marzullo's intersection, as in RFC 5905 §11.2.1), so that one server in four may
//! lie by any amount. Where two such regions exist the whole span between them counts: wider is safe.

mod agreement;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use plimsoll_model::{Mono, Now};

use crate::guard::Span;
use crate::limits;

/// Bounds of true time minus our wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// At least this much; negative where our clock may be ahead.
    pub least: SignedDuration,
    /// At most this much.
    pub most: SignedDuration,
}

impl Bounds {
    /// Around an offset, by as much on either side.
    pub fn around(offset: SignedDuration, error: SignedDuration) -> Self {
        Self { least: offset.saturating_sub(error), most: offset.saturating_add(error) }
    }

    /// The middle.
    pub fn offset(self) -> SignedDuration {
        self.least.saturating_add(self.width() / 2)
    }

    /// How far from the middle truth may be.
    pub fn uncertainty(self) -> Duration {
        (self.width() / 2).unsigned_abs()
    }

    fn width(self) -> SignedDuration {
        self.most.saturating_sub(self.least)
    }

    fn widened(self, by: SignedDuration) -> Self {
        Self { least: self.least.saturating_sub(by), most: self.most.saturating_add(by) }
    }

    fn moved(self, by: SignedDuration) -> Self {
        Self { least: self.least.saturating_add(by), most: self.most.saturating_add(by) }
    }
}

/// Who says what time it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClockSource {
    /// A time server, `host:port` as configured.
    Server(Box<str>),
    /// The kernel, where a daemon disciplines it.
    Kernel,
    /// The venue's own clock.
    Broker,
}

impl fmt::Display for ClockSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(address) => f.pad(address),
            Self::Kernel => f.pad("kernel"),
            Self::Broker => f.pad("broker"),
        }
    }
}

/// What the shell has found out about the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClockEvent {
    /// The clock is watched from here on. Without it, in replays of older journals and on a followed clock, our
    /// clock is taken for right.
    Watched {
        /// Above this uncertainty the clock is bad.
        uncertainty_max: Duration,
    },
    /// A source has answered.
    Heard {
        /// Which.
        source: ClockSource,
        /// What follows from its answer.
        bounds: Bounds,
    },
    /// A source has not answered, or does not know the time itself.
    Unheard {
        /// Which.
        source: ClockSource,
        /// For people.
        why: Box<str>,
    },
    /// Somebody has set the wall clock.
    Stepped {
        /// Forward, or back where negative.
        by: SignedDuration,
    },
    /// The machine slept; after that its clock comes from a coarse chip.
    Slept {
        /// How long.
        span: Duration,
    },
}

impl fmt::Display for ClockEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Watched { uncertainty_max } => {
                write!(f, "watched, uncertain by {} at most", Span(*uncertainty_max))
            }
            Self::Heard { source, bounds: Bounds { least, most } } => {
                write!(f, "{source} says {} to {}", Signed(*least), Signed(*most))
            }
            Self::Unheard { source, why } => write!(f, "{source} not heard: {why}"),
            Self::Stepped { by } => write!(f, "set by {}", Signed(*by)),
            Self::Slept { span } => write!(f, "slept for {}", Span(*span)),
        }
    }
}

/// An offset for people: `+2.1ms`, `-3.7s`.
struct Signed(SignedDuration);

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0.is_negative() { '-' } else { '+' };
        let micros = self.0.unsigned_abs().as_micros();
        write!(f, "{sign}{}.{:03}ms", micros / 1000, micros % 1000)
    }
}

/// How good the clock is, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockState {
    /// Nobody watches it: it is the venue's own, or an older journal's.
    Followed,
    /// Off by little, and known well.
    Good,
    /// Known well enough for every deadline, and worth a look.
    Degraded,
    /// Not known well enough: nobody answers, or they contradict each other.
    Bad,
    /// It was set, or the machine slept, and no source has been heard since.
    Stepped,
}

impl ClockState {
    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Followed => "followed",
            Self::Good => "good",
            Self::Degraded => "degraded",
            Self::Bad => "bad",
            Self::Stepped => "stepped",
        }
    }
}

/// What one source last said.
#[derive(Debug, Clone)]
struct Said {
    /// None where it has never been heard, or was proved useless since.
    bounds: Option<Bounds>,
    at: Mono,
    /// Why it was not heard the last time.
    why: Option<Box<str>>,
}

/// Our clock as the bridge knows it.
#[derive(Debug, Default)]
pub(crate) struct ClockWatch {
    uncertainty_max: Option<Duration>,
    sources: BTreeMap<ClockSource, Said>,
    agreed: Option<(Bounds, Mono)>,
    /// Set or slept since any source was last heard.
    stepped: bool,
}

impl ClockWatch {
    pub(crate) fn on(&mut self, now: Now, event: &ClockEvent) {
        match event {
            ClockEvent::Watched { uncertainty_max } => {
                *self = Self { uncertainty_max: Some(*uncertainty_max), ..Self::default() };
            }
            ClockEvent::Heard { source, bounds } => {
                let said = Said { bounds: Some(*bounds), at: now.mono, why: None };
                self.sources.insert(source.clone(), said);
                self.stepped = false;
            }
            ClockEvent::Unheard { source, why } => {
                let unheard = Said { bounds: None, at: now.mono, why: None };
                self.sources.entry(source.clone()).or_insert(unheard).why = Some(why.clone());
            }
            ClockEvent::Stepped { by } => {
                // By how much it was set is known to a millisecond, so what was known goes on.
                self.move_all(SignedDuration::ZERO.saturating_sub(*by), limits::CLOCK_STEP_ERROR);
            }
            ClockEvent::Slept { .. } => self.move_all(SignedDuration::ZERO, limits::CLOCK_SLEEP_ERROR),
        }
        self.agree(now.mono);
    }

    fn move_all(&mut self, by: SignedDuration, error: SignedDuration) {
        self.stepped = true;
        for bounds in self.sources.values_mut().filter_map(|said| said.bounds.as_mut()) {
            *bounds = bounds.moved(by).widened(error);
        }
    }

    fn agree(&mut self, now: Mono) {
        let fresh: Vec<Bounds> = self
            .sources
            .values()
            .filter(|said| now.since(said.at) < limits::CLOCK_SOURCE_AGE_MAX)
            .filter_map(|said| Some(said.bounds?.widened(drift(now.since(said.at)))))
            .collect();
        self.agreed = agreement::of_most(&fresh).map(|bounds| (bounds, now));
    }

    /// Between what bounds true time is; none while nobody knows.
    fn bounds(&self, now: Mono) -> Option<Bounds> {
        let (bounds, at) = self.agreed?;
        let age = now.since(at);
        (age < limits::CLOCK_SOURCE_AGE_MAX).then(|| bounds.widened(drift(age)))
    }

    /// Our best guess of true time.
    pub(crate) fn corrected(&self, now: Now) -> Timestamp {
        let offset = self.bounds(now.mono).map_or(SignedDuration::ZERO, Bounds::offset);
        now.wall.saturating_add(offset).unwrap_or(now.wall)
    }

    /// How much later than our best guess it may be.
    pub(crate) fn uncertainty(&self, now: Mono) -> Duration {
        match self.bounds(now) {
            _ if self.uncertainty_max.is_none() => Duration::ZERO,
            Some(bounds) => bounds.uncertainty(),
            None => limits::CLOCK_UNKNOWN,
        }
    }

    pub(crate) fn state(&self, now: Mono) -> ClockState {
        let Some(uncertainty_max) = self.uncertainty_max else { return ClockState::Followed };
        if self.stepped {
            return ClockState::Stepped;
        }
        let Some(bounds) = self.bounds(now) else { return ClockState::Bad };
        let (offset, uncertainty) = (bounds.offset().unsigned_abs(), bounds.uncertainty());
        if uncertainty > uncertainty_max {
            ClockState::Bad
        } else if offset > limits::CLOCK_GOOD || uncertainty > limits::CLOCK_GOOD {
            ClockState::Degraded
        } else {
            ClockState::Good
        }
    }

    pub(crate) fn view(&self, now: Now) -> ClockView {
        let bounds = self.bounds(now.mono);
        let sources = self.sources.iter().map(|(source, said)| {
            let age = now.mono.since(said.at);
            let own = said.bounds.map(|bounds| bounds.widened(drift(age)));
            ClockSourceView {
                source: source.clone(),
                bounds: own,
                age: own.map(|_| age),
                agrees: own.zip(bounds).is_some_and(|(own, all)| agreement::overlap(own, all)),
                why: said.why.clone(),
            }
        });
        ClockView {
            state: self.state(now.mono),
            offset: bounds.map(Bounds::offset),
            uncertainty: bounds.map(Bounds::uncertainty),
            sources: sources.collect(),
        }
    }
}

/// By how much a clock that nobody corrects may run off meanwhile.
fn drift(age: Duration) -> SignedDuration {
    let nanos = age.as_nanos() * limits::CLOCK_DRIFT_PPM / 1_000_000;
    SignedDuration::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
}

/// The clock, for a page or a command line.
#[derive(Debug, Clone)]
pub struct ClockView {
    /// In one word.
    pub state: ClockState,
    /// True time minus our wall clock, where it is known.
    pub offset: Option<SignedDuration>,
    /// How far from that truth may be.
    pub uncertainty: Option<Duration>,
    /// Who was asked.
    pub sources: Vec<ClockSourceView>,
}

impl fmt::Display for ClockView {
    /// `the clock is degraded: off by +2000.100ms, known to 4ms; out of step: time.example:123`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the clock is {}", self.state.as_str())?;
        match self.offset.zip(self.uncertainty) {
            Some((offset, uncertainty)) => {
                // What is ahead has to be set back: people call that off by plus.
                let off = SignedDuration::ZERO.saturating_sub(offset);
                write!(f, ": off by {}, known to {}", Signed(off), Span(uncertainty))?;
            }
            None if self.state == ClockState::Followed => {}
            None if self.sources.iter().any(|source| source.bounds.is_some()) => {
                f.write_str(": no majority of its sources")?;
            }
            None => f.write_str(": nobody has said the time yet")?,
        }
        let mut sep = "; out of step: ";
        let wrong =
            |source: &&ClockSourceView| self.offset.is_some() && source.bounds.is_some() && !source.agrees;
        for source in self.sources.iter().filter(wrong) {
            write!(f, "{sep}{}", source.source)?;
            sep = ", ";
        }
        Ok(())
    }
}

/// One source of time.
#[derive(Debug, Clone)]
pub struct ClockSourceView {
    /// Which.
    pub source: ClockSource,
    /// What follows from its last answer by now.
    pub bounds: Option<Bounds>,
    /// How old that answer is.
    pub age: Option<Duration>,
    /// Whether it can be right if most are.
    pub agrees: bool,
    /// Why it was not heard the last time.
    pub why: Option<Box<str>>,
}

#[cfg(test)]
mod tests;
