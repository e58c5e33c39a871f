//! I03: each execution is in the books, once, as the venue has it, and nothing else is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use plimsoll_core::FLEET;
use plimsoll_ledger::ExecutionRow;
use plimsoll_model::Side;
use plimsoll_sim::BookedExecution;
use rust_decimal::Decimal;

use super::{Judge, is_of, is_own};
use crate::simulate::venue::Venue;

/// What begins the key of a share of a netted order, and of what bots traded with each other.
const SHARE: &str = "net.";

impl Judge {
    /// All of them, both ways.
    pub(super) fn executions(&mut self, at: Timestamp, venue: &Venue) {
        let mut wrong = Vec::new();
        let mut real = BTreeSet::new();
        for row in venue.executions() {
            real.insert(row.exec_id.without_revision());
            if is_of(row.order_ref, FLEET) {
                continue;
            }
            let name = format!("execution {} [{}]", row.exec_id, row.order_ref);
            match self.posted.get(row.exec_id.without_revision()) {
                None => wrong.push(format!("{name} was not posted")),
                Some(posted) => {
                    wrong.extend(self.difference(&row, posted).map(|what| format!("{name} {what}")));
                }
            }
        }
        for (stem, row) in self.posted.iter().filter(|(stem, _)| !stem.starts_with(SHARE)) {
            if !real.contains(&**stem) {
                wrong.push(format!(
                    "execution {} was posted, and the venue does not have it",
                    row.execution.exec_id
                ));
            }
        }
        wrong.extend(self.shares(venue));
        for text in wrong {
            self.found("I03", at, text);
        }
    }

    /// What is not the same.
    fn difference(&self, row: &BookedExecution<'_>, posted: &ExecutionRow) -> Option<String> {
        let ExecutionRow { execution, bot, is_busted, .. } = posted;
        let whose = self.bots.iter().find(|bot| {
            if is_own(row.client) { is_of(row.order_ref, &bot.name) } else { row.client.0 == bot.client_id }
        });
        let theirs = (row.account, row.side, Decimal::from(row.qty), row.px.normalize());
        let (qty, px) = (execution.last_qty.get(), execution.last_px.get().normalize());
        let ours = (&execution.account, execution.side, qty.normalize(), px);
        if theirs != ours || *is_busted {
            return Some(format!("is {theirs:?} at the venue, and was posted as {ours:?}"));
        }
        let (whose, ours) =
            (whose.map(|bot| bot.name.as_str()), bot.as_ref().map(plimsoll_model::BotName::as_str));
        (whose != ours).then(|| format!("is of {whose:?}, and was posted for {ours:?}"))
    }

    /// Of netted orders the venue cannot say whose part is what. Together the shares are what it has, to the unit and at
    /// its price.
    fn shares(&self, venue: &Venue) -> Vec<String> {
        let signed = |side: Side, qty: Decimal| if side == Side::Buy { qty } else { -qty };
        let mut sums: BTreeMap<_, (Decimal, Decimal)> = BTreeMap::new();
        let mut prices: BTreeMap<_, Vec<Decimal>> = BTreeMap::new();
        for row in venue.executions().filter(|row| is_of(row.order_ref, FLEET)) {
            sums.entry(row.account.clone()).or_default().0 += signed(row.side, row.qty.into());
            prices.entry(row.account.clone()).or_default().push(row.px);
        }
        let mut wrong = Vec::new();
        for (_, share) in self.posted.iter().filter(|(stem, _)| stem.starts_with(SHARE)) {
            let execution = &share.execution;
            let account = &execution.account;
            sums.entry(account.clone()).or_default().1 += signed(execution.side, execution.last_qty.get());
            let px = execution.last_px.get();
            // Where no order had to leave there is no execution, and the price is the auction's.
            if prices.get(account).is_some_and(|prices| !prices.contains(&px)) {
                wrong.push(format!(
                    "share {} has the price {px}, which the auction did not have",
                    execution.exec_id
                ));
            }
        }
        for (account, (theirs, ours)) in sums {
            if theirs != ours {
                wrong.push(format!(
                    "netted orders traded {theirs} in {account}, and {ours} was posted in shares"
                ));
            }
        }
        wrong
    }
}
