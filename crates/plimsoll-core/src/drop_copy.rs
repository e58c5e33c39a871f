//! Whether our own connection hears of other clients' orders as they happen.
//!
//! TWS copies them only to the client that its settings name as Master API client, and it does not tell
//! which client that is. So it is judged by what is heard: an order that a bot's connection reports has to
//! show up on ours as well, if it is news. Until it has, open orders and executions are asked for now and then.
//!
//! Invariant: an answer to a question of ours is no copy; only what comes by itself proves anything.

use plimsoll_model::Mono;

use crate::limits;

/// What is known about the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropCopy {
    /// No order has shown it yet.
    Unknown,
    /// Orders of others come by themselves.
    Live,
    /// An order was reported on a bot's connection and never on ours.
    Absent,
}

impl DropCopy {
    /// The word for people and for `--json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Live => "live",
            Self::Absent => "absent",
        }
    }
}

/// The judgement under way.
#[derive(Debug)]
pub(crate) struct Hearing {
    pub(crate) state: DropCopy,
    /// Since when a copy of something that a bot was told is owed.
    owed_since: Option<Mono>,
}

impl Hearing {
    pub(crate) const fn new() -> Self {
        Self { state: DropCopy::Unknown, owed_since: None }
    }

    /// A bot's connection has reported something new of an order.
    pub(crate) fn owe(&mut self, now: Mono) {
        if self.state == DropCopy::Unknown {
            self.owed_since.get_or_insert(now);
        }
    }

    /// Another client's order was reported on our own connection, by itself.
    pub(crate) fn heard(&mut self) {
        *self = Self { state: DropCopy::Live, owed_since: None };
    }

    /// The connection is another one, or its setting may be.
    pub(crate) fn forget(&mut self) {
        *self = Self::new();
    }

    /// When the copy is overdue.
    pub(crate) fn due(&self) -> Option<Mono> {
        self.owed_since.map(|since| since.after(limits::DROP_COPY_GRACE))
    }

    /// Whether it has just become certain that there is no copy.
    pub(crate) fn judge(&mut self, now: Mono) -> bool {
        let overdue = self.due().is_some_and(|due| due <= now);
        if overdue {
            *self = Self { state: DropCopy::Absent, owed_since: None };
        }
        overdue
    }
}
