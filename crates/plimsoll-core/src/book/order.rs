//! One order: what everybody may know of it, and what follows from that alone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use plimsoll_model::{
    Account, BotName, ClOrdId, ClientId, InstrumentId, Leg, NewOrder, OrdType, OrderId, OrderStatus, PermId,
    Price, Qty, RawFrame, Side, TimeInForce,
};
use rust_decimal::Decimal;

use crate::guard::GuardId;

/// What stands in the place of a bot's name in references of orders for several bots. No bot may have it.
pub const FLEET: &str = "plimsoll";

/// Whose an order is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// A bot of this fleet.
    Bot(BotName),
    /// Plimsoll itself placed it for several bots. Their own orders stand for it wherever risk is counted.
    Fleet,
    /// Placed by hand, or by a program that does not go through Plimsoll. Never adopted.
    Foreign,
}

impl Owner {
    /// Whose an order is that names this bot in its reference.
    pub(crate) fn named(bot: &BotName) -> Self {
        if bot.as_str() == FLEET { Self::Fleet } else { Self::Bot(bot.clone()) }
    }

    /// The bot, if it is one of ours.
    pub fn bot(&self) -> Option<&BotName> {
        match self {
            Self::Bot(bot) => Some(bot),
            Self::Fleet | Self::Foreign => None,
        }
    }
}

/// One order.
#[derive(Debug, Clone)]
pub struct OrderState {
    /// Whose.
    pub owner: Owner,
    /// Our reference, if it is one of ours.
    pub cl_ord_id: Option<ClOrdId>,
    /// The client that placed it, if known.
    pub client_id: Option<ClientId>,
    /// That client's number.
    pub order_id: Option<OrderId>,
    /// The broker's number.
    pub perm_id: Option<PermId>,
    /// For whom; none only until the venue has named the account of an order that was let through
    /// without one in observe mode.
    pub account: Option<Account>,
    /// Of what.
    pub instrument: InstrumentId,
    /// The legs of a combo; none of any other contract.
    pub legs: Vec<Leg>,
    /// Which way.
    pub side: Side,
    /// How much in all.
    pub qty: Qty,
    /// What kind.
    pub ord_type: OrdType,
    /// Limit price.
    pub limit_px: Option<Price>,
    /// Stop or auxiliary price.
    pub stop_px: Option<Price>,
    /// How long.
    pub tif: TimeInForce,
    /// The parent of a bracket's child.
    pub parent_id: Option<OrderId>,
    /// The one-cancels-all group, or empty; as the venue says, once it has.
    pub oca_group: Box<str>,
    /// How far it has come.
    pub status: OrderStatus,
    /// FIX 14.
    pub cum_qty: Qty,
    /// FIX 6.
    pub avg_px: Option<Price>,
    /// Who denied it.
    pub denied_by: Option<GuardId>,
    /// The bot's own reference text, put back on the way down.
    pub bot_ref: Box<str>,
    /// When it was decided or first seen.
    pub since: Timestamp,
    /// The venue's latest openOrder and orderStatus of it, to show again after a denied change; kept while
    /// it can be changed.
    pub open_order: Option<RawFrame>,
    /// See `open_order`.
    pub status_frame: Option<RawFrame>,
    /// How much of it the ledger has posted as executions. A status can be ahead of its execution.
    pub posted_qty: Qty,
    /// What of it will not be executed although it works: its part of an order for several bots is over, and what is left
    /// meets others'.
    pub(crate) lost_qty: Qty,
    /// How much of each leg of a combo the ledger has posted.
    pub(crate) legs_posted: BTreeMap<InstrumentId, Qty>,
    /// Changes that were sent and not confirmed: until then the worst of all counts.
    pub(crate) changes: Vec<Change>,
    /// It was closed because no answer of the broker named it; a later word brings it back.
    pub(crate) by_absence: bool,
}

/// What every order says of itself.
pub(crate) struct OrderTerms {
    pub(crate) side: Side,
    pub(crate) qty: Qty,
    pub(crate) ord_type: OrdType,
    pub(crate) limit_px: Option<Price>,
    pub(crate) stop_px: Option<Price>,
    pub(crate) tif: TimeInForce,
}

/// The terms of a change on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) qty: Qty,
    pub(crate) ord_type: OrdType,
    pub(crate) limit_px: Option<Price>,
    pub(crate) stop_px: Option<Price>,
}

impl OrderState {
    /// An order of which only this is known.
    pub(crate) fn of(owner: Owner, terms: OrderTerms, instrument: InstrumentId, now: Timestamp) -> Self {
        Self {
            owner,
            cl_ord_id: None,
            client_id: None,
            order_id: None,
            perm_id: None,
            account: None,
            instrument,
            legs: Vec::new(),
            side: terms.side,
            qty: terms.qty,
            ord_type: terms.ord_type,
            limit_px: terms.limit_px,
            stop_px: terms.stop_px,
            tif: terms.tif,
            parent_id: None,
            oca_group: "".into(),
            status: OrderStatus::PendingNew,
            cum_qty: Qty::ZERO,
            avg_px: None,
            denied_by: None,
            bot_ref: "".into(),
            since: now,
            open_order: None,
            status_frame: None,
            posted_qty: Qty::ZERO,
            lost_qty: Qty::ZERO,
            legs_posted: BTreeMap::new(),
            changes: Vec::new(),
            by_absence: false,
        }
    }

    /// One of ours, as it is decided.
    pub(crate) fn ours(order: &NewOrder, client_id: ClientId, bot_ref: &str, now: Timestamp) -> Self {
        let terms = OrderTerms {
            side: order.side,
            qty: order.qty,
            ord_type: order.ord_type.clone(),
            limit_px: order.limit_px,
            stop_px: order.stop_px,
            tif: order.tif.clone(),
        };
        Self {
            cl_ord_id: Some(order.cl_ord_id.clone()),
            client_id: Some(client_id),
            order_id: Some(order.order_id),
            account: Some(order.account.clone()),
            legs: order.legs.clone(),
            parent_id: order.parent_id,
            oca_group: order.oca_group.clone(),
            bot_ref: bot_ref.into(),
            ..Self::of(Owner::named(&order.bot), terms, order.instrument.clone(), now)
        }
    }

    /// What may still move the ledger's position: leaves, executions that are not posted yet, and the
    /// largest quantity of the changes on their way.
    pub(crate) fn exposed_qty(&self) -> Qty {
        let changed = self.changes.iter().map(|change| change.qty).max().unwrap_or(Qty::ZERO);
        let working = self.qty.max(changed).saturating_sub(self.lost_qty);
        let all = if self.status.is_open() { working.max(self.cum_qty) } else { self.cum_qty };
        all.saturating_sub(self.posted_qty)
    }

    /// Whether the venue may have named the order's group: it puts the children of a bracket in one that has the parent's
    /// number for a name.
    pub(crate) fn is_in_venues_group(&self) -> bool {
        !self.oca_group.is_empty() && self.oca_group.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// Which way, and how many times, the order trades this instrument: itself, or as a leg.
    pub(crate) fn part_in(&self, instrument: &InstrumentId) -> Option<(Side, u32)> {
        if self.instrument == *instrument {
            return Some((self.side, 1));
        }
        let leg = self.legs.iter().find(|leg| leg.instrument == *instrument)?;
        Some((leg.side_in(self.side), leg.ratio))
    }

    /// The ledger has posted an execution of one leg. A combo is posted as far as its slowest leg is.
    pub(crate) fn post_leg(&mut self, instrument: &InstrumentId, qty: Qty) {
        let posted = self.legs_posted.entry(instrument.clone()).or_insert(Qty::ZERO);
        *posted = posted.checked_add(qty).unwrap_or(*posted);
        let whole = |leg: &Leg| {
            let posted = self.legs_posted.get(&leg.instrument).map_or(Decimal::ZERO, |qty| qty.get());
            posted.checked_div(leg.ratio.into()).map(|combos| combos.floor())
        };
        let slowest = self.legs.iter().map(whole).min().flatten();
        self.posted_qty = slowest.and_then(Qty::new).map_or(self.posted_qty, |all| all.max(self.posted_qty));
    }

    /// The venue has described the order: changes up to the one described are confirmed.
    pub(crate) fn confirm(&mut self) {
        let (limit, stop) = (self.ord_type.has_limit(), self.ord_type.has_stop());
        let done = self.changes.iter().rposition(|change| {
            change.qty == self.qty
                && change.ord_type == self.ord_type
                && (!limit || change.limit_px == self.limit_px)
                && (!stop || change.stop_px == self.stop_px)
        });
        if let Some(at) = done {
            self.changes.drain(..=at);
        }
    }

    /// FIX 151: what may still execute.
    pub fn leaves_qty(&self) -> Qty {
        let done = self.cum_qty.checked_add(self.lost_qty).unwrap_or(self.qty);
        if self.status.is_open() { self.qty.saturating_sub(done) } else { Qty::ZERO }
    }

    /// The name for people: our reference, or the broker's number.
    pub fn label(&self) -> String {
        match (&self.cl_ord_id, self.perm_id) {
            (Some(id), _) => id.to_string(),
            (None, Some(perm_id)) => format!("foreign {perm_id}"),
            (None, None) => "foreign".to_owned(),
        }
    }
}
