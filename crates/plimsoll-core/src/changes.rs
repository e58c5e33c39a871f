//! What the latest event changed, for a shell that keeps a copy of the book and the ledger somewhere else.
//!
//! Nothing in here decides anything. Each event starts anew, so what nobody looks at costs no memory.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Account, ClOrdId, ExecId, InstrumentId};

/// Everything but orders, of which the book itself keeps account.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// With our reference, where the event has told it: the ledger does not keep it.
    pub(crate) executions: BTreeMap<ExecId, Option<ClOrdId>>,
    pub(crate) holdings: BTreeSet<(Account, InstrumentId)>,
}

impl Changes {
    pub(crate) fn clear(&mut self) {
        self.executions.clear();
        self.holdings.clear();
    }
}
