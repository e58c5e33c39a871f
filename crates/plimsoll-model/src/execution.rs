//! Executions and their fees: the only things that move a position.

use jiff::Timestamp;

use crate::{Account, ClOrdId, ExecId, InstrumentId, Money, Price, Qty, Side};

/// One execution (FIX 35=8, `ExecType=Trade`), keyed by its [`ExecId`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// The venue's key.
    pub exec_id: ExecId,
    /// Our order, if the execution is of one of ours.
    pub cl_ord_id: Option<ClOrdId>,
    /// Whose.
    pub account: Account,
    /// Of what.
    pub instrument: InstrumentId,
    /// Which way.
    pub side: Side,
    /// How much.
    pub last_qty: Qty,
    /// At what price.
    pub last_px: Price,
    /// When, by the venue's clock; none if the venue's text could not be read.
    pub at: Option<Timestamp>,
}

/// The commission of one execution. It may come minutes later, and until then it is unknown, not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fee {
    /// The charge; a rebate is negative.
    pub charge: Money,
}
