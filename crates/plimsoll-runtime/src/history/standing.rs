//! How things stand with requests for history, for people.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_model::{BotName, Mono};

use super::{History, budget};

/// What became of requests since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    pub(crate) answered: u64,
    /// Those of them that one answer to somebody else served.
    pub(crate) shared: u64,
    /// Those that never went to the venue, because the answer was on the disk.
    pub(crate) kept: u64,
    pub(crate) empty: u64,
    pub(crate) refused: u64,
    pub(crate) unanswered: u64,
    /// Asked once more.
    pub(crate) again: u64,
}

/// How things stand with history.
#[derive(Debug)]
pub(crate) struct Standing<'a> {
    pub(crate) used: u32,
    pub(crate) open: usize,
    /// How long until the window takes one more; none if it does now.
    pub(crate) next_free: Option<Duration>,
    pub(crate) waiting: BTreeMap<&'a BotName, usize>,
    pub(crate) counts: Counts,
}

impl Standing<'_> {
    pub(crate) const WINDOW_MAX: u32 = budget::WINDOW_MAX;
    pub(crate) const OPEN_MAX: usize = budget::OPEN_MAX;
}

impl History {
    /// What is used of the window and what is open, when it takes one more, and who waits.
    pub(crate) fn standing(&self, now: Mono) -> Standing<'_> {
        Standing {
            used: self.budget.used(now),
            open: self.budget.open(),
            next_free: self.budget.next_free(now).map(|free| free.since(now)),
            waiting: self.queue.waiting(),
            counts: self.counts,
        }
    }
}
