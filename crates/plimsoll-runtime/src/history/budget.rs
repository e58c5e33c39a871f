//! How fast one login may ask for history.
//!
//! IBKR counts the requests of all clients of a login together: for bars of thirty seconds or less, for every first
//! moment, for ticks of the past and for the beginning of five-second bars. Beyond the rules it answers 162 and no data, and
//! whoever goes on is cut off.
//!
//! Invariants, at the venue's end of the wire and whatever the way there takes:
//! * no more than [`WINDOW_MAX`] within [`WINDOW`], both sides of the quote counted twice;
//! * no request again within [`SAME`];
//! * no more than [`BURST_MAX`] for one contract, exchange and kind of tick within [`BURST`];
//! * no more than [`OPEN_MAX`] unanswered or streaming at once, of any size.
//!
//! When a request reaches the venue nobody here can know, only that it was between its departure and its answer. So it
//! counts from its answer on, and the next one from its departure: then no delay on the way can bring two too close.
//!
//! Does not own what waits, and no clock.

use std::collections::VecDeque;
use std::time::Duration;

use plimsoll_model::Mono;

use super::request::{Ask, Subject};

/// Requests that count within ten minutes.
pub(crate) const WINDOW_MAX: u32 = 60;
/// Ten minutes.
pub(crate) const WINDOW: Duration = Duration::from_mins(10);
/// The same request again.
pub(crate) const SAME: Duration = Duration::from_secs(15);
/// Requests for one contract, exchange and kind of tick; the sixth is one too many.
pub(crate) const BURST_MAX: u32 = 5;
/// Within this.
pub(crate) const BURST: Duration = Duration::from_secs(2);
/// Requests that a venue has open at once, less two: our own connection asks for sessions and official closes.
pub(crate) const OPEN_MAX: usize = 48;
/// By how much our reading of a clock may differ from the venue's over one of these spans.
pub(crate) const MARGIN: Duration = Duration::from_millis(100);
/// A request that was not answered counts from then on at the latest: a venue that answers nothing has heard it long ago.
const UNHEARD_MAX: Duration = Duration::from_mins(1);

/// A request that has left, by the number that its owner gave it.
pub(crate) type Token = u64;

/// What was spent and what is open.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    /// Those that still count in any window.
    recent: VecDeque<Spent>,
    open: Vec<Token>,
    /// Nothing that counts leaves before: the venue has said that we are too fast.
    paused: Option<Mono>,
    jitter: Duration,
}

#[derive(Debug)]
struct Spent {
    token: Token,
    subject: Subject,
    weight: u32,
    sent: Mono,
    answered: Option<Mono>,
}

/// When a request may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Free {
    /// Now.
    Now,
    /// Then, or earlier if something is answered before.
    At(Mono),
    /// When something is answered or ended.
    AfterAnAnswer,
}

impl Budget {
    /// When a request may leave. Nothing leaves earlier by asking later.
    pub(crate) fn free(&self, now: Mono, ask: &Ask) -> Free {
        if ask.is_open_until_answered() && self.open.len() >= OPEN_MAX {
            return Free::AfterAnAnswer;
        }
        let Some(weight) = ask.weight else { return Free::Now };
        let window = self.room(now, WINDOW, WINDOW_MAX, weight, |_| true);
        // Most of what waits does so for this, and names need not be compared for it.
        let due = if window > now {
            window
        } else {
            let same = self.recent.iter().filter(|spent| spent.subject.is_same_request(&ask.subject));
            let same = same.map(|spent| self.until(spent, SAME)).max().unwrap_or(now);
            same.max(
                self.room(now, BURST, BURST_MAX, weight, |spent| spent.subject.is_same_stream(&ask.subject)),
            )
        };
        let due = due.max(self.paused.unwrap_or(now));
        if due <= now { Free::Now } else { Free::At(due) }
    }

    /// When enough of those that count are older than the span.
    fn room(
        &self,
        now: Mono,
        span: Duration,
        max: u32,
        weight: u32,
        counts: impl Fn(&Spent) -> bool,
    ) -> Mono {
        let mut ends: Vec<(Mono, u32)> = self
            .recent
            .iter()
            .filter(|spent| counts(spent))
            .map(|spent| (self.until(spent, span), spent.weight))
            .filter(|(until, _)| *until > now)
            .collect();
        let mut used: u32 = ends.iter().map(|(_, weight)| weight).sum();
        if used + weight <= max {
            return now;
        }
        ends.sort_unstable();
        for (until, freed) in ends {
            used -= freed;
            if used + weight <= max {
                return until;
            }
        }
        now
    }

    /// A request leaves.
    pub(crate) fn sent(&mut self, now: Mono, token: Token, ask: &Ask) {
        let margin = self.margin();
        self.recent.retain(|spent| spent.heard().after(WINDOW + margin) > now);
        if ask.is_open_until_answered() {
            self.open.push(token);
        }
        if let Some(weight) = ask.weight {
            self.recent.push_back(Spent {
                token,
                subject: ask.subject.clone(),
                weight,
                sent: now,
                answered: None,
            });
        }
    }

    /// The venue has said something about it, or it is given up: it was heard before this.
    pub(crate) fn answered(&mut self, now: Mono, token: Token) {
        if let Some(spent) = self.recent.iter_mut().rev().find(|spent| spent.token == token)
            && spent.answered.is_none()
        {
            spent.answered = Some(now);
        }
    }

    /// It is open no more.
    pub(crate) fn closed(&mut self, now: Mono, token: Token) {
        self.answered(now, token);
        self.open.retain(|open| *open != token);
    }

    /// The venue says that we are too fast, whoever it was: somebody beside the gateway asks on this login, too.
    pub(crate) fn pause(&mut self, until: Mono) {
        self.paused = self.paused.max(Some(until));
    }

    /// By how much more the clock may be off: one that is followed.
    pub(crate) fn allow_for(&mut self, jitter: Duration) {
        self.jitter = jitter;
    }

    fn margin(&self) -> Duration {
        MARGIN + self.jitter
    }

    /// From when on a request does not count in a window of this length.
    fn until(&self, spent: &Spent, span: Duration) -> Mono {
        spent.heard().after(span + self.margin())
    }

    /// How much of the window is used.
    pub(crate) fn used(&self, now: Mono) -> u32 {
        self.recent.iter().filter(|spent| self.until(spent, WINDOW) > now).map(|spent| spent.weight).sum()
    }

    /// How many requests are open.
    pub(crate) fn open(&self) -> usize {
        self.open.len()
    }

    /// When the window takes one more; none if it does now.
    pub(crate) fn next_free(&self, now: Mono) -> Option<Mono> {
        let free = self.room(now, WINDOW, WINDOW_MAX, 1, |_| true).max(self.paused.unwrap_or(now));
        (free > now).then_some(free)
    }
}

impl Spent {
    /// When the venue had it at the latest.
    fn heard(&self) -> Mono {
        self.answered.unwrap_or(self.sent.after(UNHEARD_MAX))
    }
}

#[cfg(test)]
mod tests;
