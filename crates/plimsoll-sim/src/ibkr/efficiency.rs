//! The order efficiency ratio: how much noise an account makes for each order that trades.
//!
//! Owns the day's counts. IBKR's figure (its knowledge base, node 1343): submissions, revisions and cancels
//! over executed orders plus one, for a day; above 20 the account is flagged. Orders that the broker ends
//! at the close do not count, cancels of the client do, whatever the hour.

use plimsoll_model::{Account, ClientId};

use crate::ibkr::exchange::Exchange;
use crate::ibkr::violation::Kind;

/// Above this an account is flagged.
const RATIO_MAX: u64 = 20;

/// What an account did today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Efficiency {
    /// New orders.
    pub(crate) submissions: u64,
    /// Changes.
    pub(crate) revisions: u64,
    /// Cancels.
    pub(crate) cancels: u64,
    /// Orders with at least one execution.
    pub(crate) executed: u64,
    flagged: bool,
}

impl Efficiency {
    fn is_above(self, max: u64) -> bool {
        self.submissions + self.revisions + self.cancels > max * (self.executed + 1)
    }
}

impl Exchange {
    /// Flags an account once a day.
    pub(crate) fn check_efficiency(&mut self, account: &Account, client: ClientId) {
        let counts = self.efficiency.entry(account.clone()).or_default();
        if counts.flagged || !counts.is_above(RATIO_MAX) {
            return;
        }
        counts.flagged = true;
        let Efficiency { submissions, revisions, cancels, executed, .. } = *counts;
        let detail = format!(
            "{account}: {submissions} orders, {revisions} changes, {cancels} cancels, {executed} orders executed"
        );
        self.violated(client, Kind::OrderEfficiency, detail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // By the published formula: 21 messages and nothing executed are above 20, 40 with one order executed are not.
    #[test]
    fn twenty_messages_for_each_executed_order_and_one_are_allowed() {
        let quiet = Efficiency { submissions: 20, ..Efficiency::default() };
        assert!(!quiet.is_above(RATIO_MAX));
        assert!(Efficiency { cancels: 1, ..quiet }.is_above(RATIO_MAX));
        assert!(!Efficiency { cancels: 20, executed: 1, ..quiet }.is_above(RATIO_MAX));
        assert!(Efficiency { cancels: 21, executed: 1, ..quiet }.is_above(RATIO_MAX));
    }
}
