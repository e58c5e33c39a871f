//! Orders between their two judgements, and the memory of what each bot asked lately.

use std::collections::VecDeque;
use std::time::Duration;

use plimsoll_model::{
    BotName, ClOrdId, InstrumentId, LinkId, Mono, NewOrder, OrdType, OrderId, Price, Qty, RawFrame, Side,
};

use crate::Rewrite;
use crate::book::OrderKey;
use crate::limits;

/// One message that waits for the disk.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) order: NewOrder,
    pub(crate) key: OrderKey,
    pub(crate) raw: RawFrame,
    pub(crate) rewrites: Vec<Rewrite>,
    pub(crate) replaces: bool,
    pub(crate) unbounded: Option<&'static str>,
}

/// Messages that leave or stay together: one order, or a bracket.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) token: u64,
    pub(crate) link: LinkId,
    /// Which life of our own connection the decision was made in.
    pub(crate) own_epoch: u64,
    pub(crate) decided: Mono,
    pub(crate) orders: Vec<Waiting>,
}

/// All parcels, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    parcels: VecDeque<Parcel>,
    next_token: u64,
}

impl Outbox {
    /// A token for the next flush.
    pub(crate) fn token(&mut self) -> u64 {
        self.next_token += 1;
        self.next_token
    }

    pub(crate) fn is_full(&self) -> bool {
        self.parcels.len() >= limits::OUTBOX_MAX
    }

    pub(crate) fn push(&mut self, parcel: Parcel) {
        self.parcels.push_back(parcel);
    }

    /// The next parcel that the disk has.
    pub(crate) fn pop_flushed(&mut self, token: u64) -> Option<Parcel> {
        let due = self.parcels.front().is_some_and(|parcel| parcel.token <= token);
        if due { self.parcels.pop_front() } else { None }
    }

    /// Takes the parcel of an order back before it leaves.
    pub(crate) fn recall(&mut self, link: LinkId, order_id: OrderId) -> Option<Parcel> {
        let at = self.parcels.iter().position(|parcel| {
            parcel.link == link && parcel.orders.iter().any(|o| o.order.order_id == order_id)
        })?;
        self.parcels.remove(at)
    }

    /// Takes back everything; for a new start.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Parcel> {
        self.parcels.drain(..)
    }
}

/// One order that a bot asked for.
#[derive(Debug)]
struct Asked {
    at: Mono,
    bot: BotName,
    cl_ord_id: ClOrdId,
    denied: bool,
    instrument: InstrumentId,
    side: Side,
    qty: Qty,
    ord_type: OrdType,
    px: (Option<Price>, Option<Price>),
}

/// What bots asked lately, for the duplicate guard and the rate limit.
#[derive(Debug, Default)]
pub(crate) struct Recent(VecDeque<Asked>);

impl Recent {
    /// Remembers an order.
    pub(crate) fn push(&mut self, at: Mono, order: &NewOrder, denied: bool) {
        if self.0.len() >= limits::RECENT_ORDERS_MAX {
            self.0.pop_front();
        }
        self.0.push_back(Asked {
            at,
            bot: order.bot.clone(),
            cl_ord_id: order.cl_ord_id.clone(),
            denied,
            instrument: order.instrument.clone(),
            side: order.side,
            qty: order.qty,
            ord_type: order.ord_type.clone(),
            px: (order.limit_px, order.stop_px),
        });
    }

    /// An order that was denied at release after all no longer counts as a first one.
    pub(crate) fn mark_denied(&mut self, cl_ord_id: &ClOrdId) {
        for asked in self.0.iter_mut().filter(|asked| asked.cl_ord_id == *cl_ord_id) {
            asked.denied = true;
        }
    }

    /// An earlier order that says the same, and how long ago it was.
    pub(crate) fn same_order<'a>(
        &'a self,
        now: Mono,
        order: &'a NewOrder,
        window: Duration,
    ) -> Option<(&'a ClOrdId, Duration)> {
        self.before(order)
            .filter(|asked| !asked.denied)
            .map(|asked| (asked, now.since(asked.at)))
            .find(|(asked, age)| *age < window && asked.says(order))
            .map(|(asked, age)| (&asked.cl_ord_id, age))
    }

    /// How many orders this bot asked for in the rate window before this one, denied ones included.
    pub(crate) fn count_before(&self, now: Mono, order: &NewOrder) -> usize {
        self.before(order)
            .filter(|asked| asked.bot == order.bot && now.since(asked.at) < limits::RATE_WINDOW)
            .count()
    }

    /// What was asked before this order, which may itself be remembered already.
    fn before<'a>(&'a self, order: &'a NewOrder) -> impl Iterator<Item = &'a Asked> {
        self.0.iter().take_while(|asked| asked.cl_ord_id != order.cl_ord_id)
    }
}

impl Asked {
    fn says(&self, order: &NewOrder) -> bool {
        self.bot == order.bot
            && self.instrument == order.instrument
            && self.side == order.side
            && self.qty == order.qty
            && self.ord_type == order.ord_type
            && self.px == (order.limit_px, order.stop_px)
    }
}
