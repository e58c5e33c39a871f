//! What a person is shown of an order over several accounts: wanted, sent, executed, and why not, account by account.

use jiff::Timestamp;
use plimsoll_model::{
    Account, BotName, ClOrdId, InstrumentId, Money, OrderId, OrderStatus, Price, Qty, Side,
};
use rust_decimal::Decimal;

use crate::allocation::open::{Entry, Leg};
use crate::bridge::Bridge;

/// One order over several accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the order book")]
pub struct AllocationView {
    pub cl_ord_id: ClOrdId,
    pub bot: BotName,
    pub order_id: OrderId,
    /// Its name in the configuration.
    pub allocation: Account,
    /// The word of its rule.
    pub by: &'static str,
    pub instrument: InstrumentId,
    pub side: Side,
    pub qty: Qty,
    pub ord_type: Box<str>,
    pub limit_px: Option<Price>,
    pub status: OrderStatus,
    pub cum_qty: Qty,
    pub avg_px: Option<Price>,
    /// What no account was to get.
    pub left: Qty,
    pub since: Timestamp,
    /// By account code.
    pub parts: Vec<PartView>,
}

/// The part of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the order book")]
pub struct PartView {
    pub account: Account,
    /// Its ratio, or what it was worth.
    pub weight: Option<Decimal>,
    /// Its exact share of the order.
    pub share: Decimal,
    /// Its part, in whole lots.
    pub qty: Qty,
    /// How much of that was sent, or may have been.
    pub sent: Qty,
    pub cl_ord_id: Option<ClOrdId>,
    /// None where nothing was sent.
    pub status: Option<OrderStatus>,
    pub cum_qty: Qty,
    pub avg_px: Option<Price>,
    /// As far as it is known.
    pub fees: Option<Money>,
    /// Executions of which it is not.
    pub unknown_fees: usize,
    /// What it was to get and does not get any more.
    pub missing: Qty,
    /// Why, for people.
    pub because: Option<Box<str>>,
}

impl Bridge {
    /// Orders over several accounts, the latest first.
    pub fn allocation_views(&self) -> Vec<AllocationView> {
        self.allocations.iter().rev().filter_map(|entry| self.allocation_view(entry)).collect()
    }

    fn allocation_view(&self, entry: &Entry) -> Option<AllocationView> {
        let order = &entry.held.order;
        let state = self.book.get(entry.held.key)?;
        Some(AllocationView {
            cl_ord_id: order.cl_ord_id.clone(),
            bot: order.bot.clone(),
            order_id: order.order_id,
            allocation: entry.name.clone(),
            by: entry.by,
            instrument: order.instrument.clone(),
            side: order.side,
            qty: order.qty,
            ord_type: order.ord_type.as_wire().into(),
            limit_px: order.limit_px,
            status: state.status,
            cum_qty: entry.cum_qty(),
            avg_px: entry.held.avg_px(),
            left: entry.left,
            since: state.since,
            parts: entry.legs.iter().map(|leg| part_view(entry, leg)).collect(),
        })
    }
}

fn part_view(entry: &Entry, leg: &Leg) -> PartView {
    let account = &leg.part.account;
    let (fees, unknown_fees) = entry.fees_of(account);
    let fees = fees.map(|fees| Money { amount: fees.amount.normalize(), ..fees });
    let missing = if leg.is_over() { leg.part.qty.saturating_sub(leg.cum_qty) } else { Qty::ZERO };
    PartView {
        account: account.clone(),
        weight: leg.part.weight,
        share: leg.part.share,
        qty: leg.part.qty,
        sent: if leg.is_unsent { Qty::ZERO } else { leg.part.qty },
        cl_ord_id: leg.order.as_ref().map(|(_, id)| id.clone()),
        status: leg.status,
        cum_qty: leg.cum_qty,
        avg_px: entry.avg_px_of(account),
        fees,
        unknown_fees,
        missing,
        because: leg.because.clone(),
    }
}
