//! What people are told of a fallback: what was found, and how it stands.

use std::fmt;

use jiff::Timestamp;
use plimsoll_model::Qty;

use super::{Fallback, Fate, Seen, Stage, Terms};

/// How it stands, for whoever looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// When the market order goes.
    pub(crate) at: Timestamp,
    /// When it has to have arrived.
    pub(crate) close: Timestamp,
    /// What was not executed, as far as anybody said.
    pub(crate) leaves_qty: Qty,
    /// One word.
    pub(crate) state: &'static str,
    /// What it waits for, or what is still to be proved.
    pub(crate) because: &'static str,
}

/// What a person has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finding {
    /// It works, so the auction has it.
    Alive,
    /// Nobody knows.
    NotProved {
        /// What is missing.
        missing: &'static str,
    },
    /// It is dead, and the proof came too late.
    TooLate {
        /// What was not executed.
        leaves_qty: Qty,
    },
    /// It is dead, and just before the close the venue did not answer.
    Unanswered {
        /// What was not executed.
        leaves_qty: Qty,
    },
    /// A market order was sent for what was left, and now the venue says that more was executed.
    Contradicted {
        /// What was sent.
        sent: Qty,
        /// What was executed of the on-close order all the same.
        cum_qty: Qty,
    },
    /// After the close: what its executions say.
    Settled {
        /// Their sum.
        executed: Qty,
        /// Of the order.
        qty: Qty,
        /// What more of it was executed by the venue's word, or is with other bots: its execution is still to come.
        owed: Qty,
        /// Whether it has ended.
        is_over: bool,
    },
}

impl Fallback {
    /// For whoever looks.
    pub(crate) fn standing(&self) -> Standing {
        let (state, because) = match (self.stage, self.sent, self.fate) {
            (Stage::Over, ..) => ("over", "its executions are known"),
            (Stage::Closed, ..) => ("settling", "the venue is asked for the executions after the close"),
            (Stage::Watching, Some(_), _) => ("sent", "the market order was placed"),
            (Stage::Watching, None, Fate::Planned) => ("held", "the on-close order has not left"),
            (Stage::Watching, None, Fate::Silent) => {
                ("unproved", "the venue has not named it: it is canceled, and that has to be confirmed")
            }
            (Stage::Watching, None, Fate::Seen(Seen::Working)) if self.is_unacknowledged => {
                ("unproved", "the venue has to name the order in which it left with others'")
            }
            (Stage::Watching, None, Fate::Seen(Seen::Working)) => {
                ("works", "it is left to the auction while the venue names it")
            }
            (Stage::Watching, None, Fate::Seen(Seen::Inactive)) => {
                ("unproved", "it is inactive: it is canceled, and that has to be confirmed")
            }
            (Stage::Watching, None, Fate::Seen(Seen::Over)) => {
                ("unproved", "an error said that it is over: fresh answers of the venue have to agree")
            }
            (Stage::Watching, None, Fate::Dead) if self.leaves_qty().is_zero() => {
                ("executed", "nothing of it is left")
            }
            (Stage::Watching, None, Fate::Dead) => {
                ("dead", "the venue has to answer what is asked just before the market order")
            }
        };
        let Terms { at, close, .. } = self.terms;
        Standing { at, close, leaves_qty: self.leaves_qty(), state, because }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alive => {
                f.write_str("works and takes part in the closing auction; no market order was sent for it")
            }
            Self::NotProved { missing } => write!(
                f,
                "is not proved dead: {missing}; no market order was sent, because it could double the position; look \
                 at the broker"
            ),
            Self::TooLate { leaves_qty } => write!(
                f,
                "is dead with {leaves_qty} not executed, which was proved too late for a market order before the close; \
                 the position is open"
            ),
            Self::Unanswered { leaves_qty } => write!(
                f,
                "is dead with {leaves_qty} not executed, and the venue did not answer what was asked just before the close; \
                 no market order was sent, because it could have come too late; the position is open"
            ),
            Self::Contradicted { sent, cum_qty } => write!(
                f,
                "executed {cum_qty} although a market order for {sent} was sent after the venue had said that it was \
                 over; the position may be reversed, look at the broker"
            ),
            Self::Settled { executed, qty, owed, is_over: true } if owed.is_zero() => {
                write!(f, "is over: {executed} of {qty} executed")
            }
            Self::Settled { executed, qty, owed, is_over: true } => write!(
                f,
                "is over: {executed} of {qty} executed, and {owed} more whose execution has not been told yet"
            ),
            Self::Settled { executed, qty, is_over: false, .. } => {
                write!(f, "is still open after the close: {executed} of {qty} executed; look at the broker")
            }
        }
    }
}
