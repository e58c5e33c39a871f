//! All batches: which orders are in one, and what is kept of each until its bot has been told everything.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use plimsoll_model::{
    Account, ClOrdId, ClientId, ExecId, InstrumentId, Mono, NewOrder, OrdType, OrderStatus, Price, RawFrame,
    TimeInForce,
};
use rust_decimal::Decimal;

use super::{Batch, Share};
use crate::Rewrite;
use crate::book::{Book, OrderKey, OrderState};
use crate::{fallback, limits};

/// What is netted with each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BatchKey {
    /// The trade date of the auction.
    pub(crate) date: Date,
    pub(crate) account: Account,
    pub(crate) instrument: InstrumentId,
}

/// One batch and its orders.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) batch: Batch,
    /// Each bot's order under its reference.
    pub(crate) orders: BTreeMap<ClOrdId, HeldOrder>,
    /// The order for all, once there was one.
    pub(crate) net: Option<(OrderKey, NewOrder)>,
    /// How often it was decided that it leaves.
    pub(crate) tries: u32,
    /// When its auction's price was last asked for.
    pub(crate) close_asked: Option<Mono>,
    /// Somebody has said that everything is to end.
    pub(crate) is_stopped: bool,
}

/// Who placed a held order.
#[derive(Debug)]
pub(crate) enum Placed {
    /// Its bot, which is told in its own bytes.
    Bot { raw: RawFrame, rewrites: Vec<Rewrite> },
    /// Plimsoll, for the bot: people are told.
    Us,
}

/// One bot's order as it was cleared.
#[derive(Debug)]
pub(crate) struct HeldOrder {
    pub(crate) order: NewOrder,
    pub(crate) key: OrderKey,
    pub(crate) client_id: ClientId,
    pub(crate) by: Placed,
    pub(crate) unbounded: Option<&'static str>,
    /// Its number in the memory of what was asked.
    pub(crate) asked: Option<u64>,
    /// Its executions, corrected ones in the place of what they correct.
    pub(crate) parts: BTreeMap<Box<str>, Part>,
}

/// One execution of a held order, as its bot was told it.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) share: Share,
    pub(crate) account: Account,
    pub(crate) exchange: Box<str>,
    pub(crate) at: Timestamp,
}

/// Every batch of the latest days.
#[derive(Debug, Default)]
pub(crate) struct Batches {
    all: BTreeMap<BatchKey, Entry>,
    /// The batch of each order that is in one.
    orders: BTreeMap<ClOrdId, BatchKey>,
    /// The batch of each order that was sent for all.
    nets: BTreeMap<ClOrdId, BatchKey>,
    /// Orders that are to be held as soon as the disk has them.
    coming: BTreeMap<ClOrdId, BatchKey>,
}

impl Batches {
    pub(crate) fn get(&self, key: &BatchKey) -> Option<&Entry> {
        self.all.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &BatchKey) -> Option<&mut Entry> {
        self.all.get_mut(key)
    }

    /// The batch of this auction, with a reference for the order for all if it is a new one. Days of which nothing is
    /// still to come are forgotten: the broker repeats executions of the last seven at most.
    pub(crate) fn of(&mut self, key: &BatchKey, reference: Option<ClOrdId>) -> &mut Entry {
        if let Some(reference) = reference {
            self.forget_before(key.date);
            self.nets.insert(reference.clone(), key.clone());
            let entry = Entry {
                batch: Batch::new(reference),
                orders: BTreeMap::new(),
                net: None,
                tries: 0,
                close_asked: None,
                is_stopped: false,
            };
            self.all.insert(key.clone(), entry);
        }
        self.all.get_mut(key).expect("a new one comes with its reference")
    }

    fn forget_before(&mut self, date: Date) {
        let is_old = |key: &BatchKey, entry: &Entry| {
            let days = key.date.until(date).map_or(0, |span| span.get_days());
            days > limits::NETTED_DAYS_KEPT && !entry.batch.wants_close()
        };
        self.all.retain(|key, entry| !is_old(key, entry));
        self.orders.retain(|_, key| self.all.contains_key(key));
        self.nets.retain(|_, key| self.all.contains_key(key));
    }

    /// An order is to be held as soon as the disk has it.
    pub(crate) fn expect(&mut self, cl_ord_id: &ClOrdId, key: BatchKey) {
        self.coming.insert(cl_ord_id.clone(), key);
    }

    /// The disk has it, or it was taken back: where it was to be held, if it was.
    pub(crate) fn came(&mut self, cl_ord_id: &ClOrdId) -> Option<BatchKey> {
        self.coming.remove(cl_ord_id)
    }

    /// Nothing is on its way any more.
    pub(crate) fn none_comes(&mut self) {
        self.coming.clear();
    }

    /// Whether orders of this auction are held or will be.
    pub(crate) fn is_awaited(&self, key: &BatchKey) -> bool {
        self.coming.values().any(|coming| coming == key) || self.held().any(|(held, _)| held == key)
    }

    /// What has left is to end with the order that was sent.
    pub(crate) fn stop(&mut self) {
        let released = self.all.values_mut().filter(|entry| entry.batch.is_released());
        released.for_each(|entry| entry.is_stopped = true);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(crate) fn entered(&mut self, cl_ord_id: &ClOrdId, key: &BatchKey) {
        self.orders.insert(cl_ord_id.clone(), key.clone());
    }

    /// The order is in no batch any more.
    pub(crate) fn left(&mut self, cl_ord_id: &ClOrdId) {
        self.orders.remove(cl_ord_id);
    }

    /// The batch that a bot's order is in.
    pub(crate) fn of_order(&self, cl_ord_id: &ClOrdId) -> Option<&BatchKey> {
        self.orders.get(cl_ord_id)
    }

    /// The batch whose order for all this is.
    pub(crate) fn of_net(&self, cl_ord_id: &ClOrdId) -> Option<&BatchKey> {
        self.nets.get(cl_ord_id)
    }

    /// What is known of the order in which a bot's order left, or of one that is held; none of any other.
    pub(crate) fn net_of(&self, cl_ord_id: &ClOrdId, book: &Book) -> Option<fallback::Net> {
        let entry = self.all.get(self.orders.get(cl_ord_id)?)?;
        let net = entry.net.as_ref().filter(|_| !entry.batch.is_held()).and_then(|(key, _)| book.get(*key));
        let is_silent = |state: &OrderState| {
            state.by_absence || matches!(state.status, OrderStatus::PendingNew | OrderStatus::Unknown)
        };
        Some(if net.is_some_and(is_silent) { fallback::Net::Unacknowledged } else { fallback::Net::Sound })
    }

    /// The batch that shared this execution of the broker's.
    pub(crate) fn of_execution(&self, exec_id: &ExecId) -> Option<(&BatchKey, &Entry)> {
        self.all.iter().find(|(_, entry)| entry.batch.has_shared(exec_id))
    }

    /// Whether an order is added up with another one before either leaves: that one is held or will be, and this one is
    /// in the same batch, or may still come into it.
    pub(crate) fn adds_up(&self, one: &ClOrdId, other: &ClOrdId) -> bool {
        let Some(key) = self.coming.get(other).or_else(|| self.orders.get(other)) else { return false };
        self.orders.get(one) == Some(key) || !self.have_left(key)
    }

    /// Whether the orders of this auction have left.
    pub(crate) fn have_left(&self, key: &BatchKey) -> bool {
        self.all.get(key).is_some_and(|entry| !entry.batch.is_held())
    }

    /// Batches that wait for their release.
    pub(crate) fn held(&self) -> impl Iterator<Item = (&BatchKey, &Entry)> {
        self.all.iter().filter(|(_, entry)| entry.batch.is_held() && !entry.batch.is_empty())
    }

    /// Batches whose order for all may still execute.
    pub(crate) fn released(&self) -> impl Iterator<Item = (&BatchKey, &Entry)> {
        self.all.iter().filter(|(_, entry)| entry.batch.is_released())
    }

    /// Batches whose bots have traded with each other at a price that is not known.
    pub(crate) fn unpriced(&self) -> impl Iterator<Item = (&BatchKey, &Entry)> {
        self.all.iter().filter(|(_, entry)| entry.batch.wants_close())
    }

    /// All orders that are or were in a batch of the latest days.
    pub(crate) fn orders(&self) -> impl Iterator<Item = &HeldOrder> {
        self.all.values().flat_map(|entry| entry.orders.values())
    }
}

impl Entry {
    /// The order that has this execution of our own.
    pub(crate) fn of_own(&self, exec_id: &ExecId) -> Option<&HeldOrder> {
        self.orders.values().find(|held| held.parts.contains_key(exec_id.without_revision()))
    }
}

impl HeldOrder {
    /// The average price of its executions.
    pub(crate) fn avg_px(&self) -> Option<Price> {
        let (mut qty, mut paid) = (Decimal::ZERO, Decimal::ZERO);
        for Part { share, .. } in self.parts.values() {
            qty = qty.checked_add(share.last_qty.get())?;
            paid = paid.checked_add(share.last_qty.get().checked_mul(share.last_px.get())?)?;
        }
        let avg = paid.checked_div(qty)?;
        // As many digits as a price in a message has room for.
        Some(Price::new(avg.round_dp(limits::AVG_PX_PLACES).normalize()))
    }
}

/// Whether an order is of the kind that is netted: one that executes in the auction whatever its price, and whose fate
/// hangs on no other order.
pub(crate) fn is_netted(order: &NewOrder) -> bool {
    order.ord_type == OrdType::MarketOnClose
        && order.tif == TimeInForce::Day
        // What is sent for all goes where the broker's router sends it, so nobody asked for another place.
        && &*order.ex_destination == "SMART"
        && order.legs.is_empty()
        && order.parent_id.is_none()
        && order.oca_group.is_empty()
        // One that names its exchange goes there and nowhere else.
        && matches!(&*order.ex_destination, "" | "SMART")
        && order.qty.to_whole().is_some_and(|qty| (1..=limits::NETTED_QTY_MAX).contains(&qty))
}
