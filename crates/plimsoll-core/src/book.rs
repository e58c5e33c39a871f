//! Our order book: every order that we have decided about or that the venue has told us of, ours and
//! foreign, under each of its names.
//!
//! Invariant: an execution is never forgotten by a later status; `cum_qty` only grows, except when the
//! venue busts or corrects.

mod exposed;
mod index;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use plimsoll_model::{
    Account, BotName, ClOrdId, ClientId, InstrumentId, Leg, NewOrder, OrdType, OrderId, OrderStatus, PermId,
    Price, Qty, RawFrame, Side, TimeInForce,
};
use rust_decimal::Decimal;

use crate::guard::GuardId;
use crate::limits;

pub(crate) use exposed::is_summable;
use index::{Index, Standing};

/// Whose an order is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A bot of this fleet.
    Bot(BotName),
    /// Placed by hand, or by a program that does not go through Plimsoll. Never adopted.
    Foreign,
}

impl Owner {
    /// The bot, if it is one of ours.
    pub fn bot(&self) -> Option<&BotName> {
        match self {
            Self::Bot(bot) => Some(bot),
            Self::Foreign => None,
        }
    }
}

/// The place of an order in the book; counted up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderKey(u64);

impl OrderKey {
    /// The number; the same in every replay of one journal.
    pub const fn number(self) -> u64 {
        self.0
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
    /// The one-cancels-all group, or empty.
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
            ..Self::of(Owner::Bot(order.bot.clone()), terms, order.instrument.clone(), now)
        }
    }

    /// What may still move the ledger's position: leaves, executions that are not posted yet, and the
    /// largest quantity of the changes on their way.
    pub(crate) fn exposed_qty(&self) -> Qty {
        let changed = self.changes.iter().map(|change| change.qty).max().unwrap_or(Qty::ZERO);
        let all = if self.status.is_open() { self.qty.max(changed).max(self.cum_qty) } else { self.cum_qty };
        all.saturating_sub(self.posted_qty)
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
        if self.status.is_open() { self.qty.saturating_sub(self.cum_qty) } else { Qty::ZERO }
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

/// All orders.
#[derive(Debug, Default)]
pub struct Book {
    /// Each in a box of its own: what is walked through to find one stays small.
    orders: BTreeMap<OrderKey, Box<OrderState>>,
    by_client: BTreeMap<(ClientId, OrderId), OrderKey>,
    by_perm: BTreeMap<PermId, OrderKey>,
    by_ref: BTreeMap<ClOrdId, OrderKey>,
    open: BTreeSet<OrderKey>,
    /// Orders of which more is executed than the ledger has posted.
    unposted: BTreeSet<OrderKey>,
    index: Index,
    /// Denied orders of each bot, oldest first.
    denied: BTreeMap<BotName, VecDeque<OrderKey>>,
    /// Orders that the latest event has entered or changed.
    changed: BTreeSet<OrderKey>,
    next: u64,
}

impl Book {
    /// Adds an order.
    pub(crate) fn insert(&mut self, state: OrderState) -> OrderKey {
        self.make_room();
        let key = OrderKey(self.next);
        self.next += 1;
        self.index.moved(key, &state, Standing::ABSENT);
        self.orders.insert(key, Box::new(state));
        self.changed.insert(key);
        self.reindex(key);
        self.note_denied(key, None);
        key
    }

    /// A new event: nothing is changed by it yet.
    pub(crate) fn begin_event(&mut self) {
        self.changed.clear();
    }

    /// The orders that the latest event has entered or changed.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (OrderKey, &OrderState)> {
        self.changed.iter().filter_map(|key| Some((*key, self.get(*key)?)))
    }

    /// Changes an order and keeps the indices true.
    pub(crate) fn update(&mut self, key: OrderKey, change: impl FnOnce(&mut OrderState)) {
        if let Some(state) = self.orders.get_mut(&key) {
            let (before, status) = (Standing::of(state), state.status);
            change(state);
            state.by_absence &= !state.status.is_open();
            if !state.status.is_open() {
                // Nothing of it can be changed any more, so nothing of it has to be shown again.
                (state.open_order, state.status_frame) = (None, None);
            }
            self.index.moved(key, state, before);
            self.changed.insert(key);
            self.reindex(key);
            self.note_denied(key, Some(status));
        }
    }

    /// The order.
    pub fn get(&self, key: OrderKey) -> Option<&OrderState> {
        self.orders.get(&key).map(|state| &**state)
    }

    /// By the client's number.
    pub fn by_client(&self, client_id: ClientId, order_id: OrderId) -> Option<OrderKey> {
        self.by_client.get(&(client_id, order_id)).copied()
    }

    /// By the broker's number; zero is none.
    pub fn by_perm(&self, perm_id: PermId) -> Option<OrderKey> {
        if perm_id.0 == 0 {
            return None;
        }
        self.by_perm.get(&perm_id).copied()
    }

    /// By our reference.
    pub fn by_ref(&self, cl_ord_id: &ClOrdId) -> Option<OrderKey> {
        self.by_ref.get(cl_ord_id).copied()
    }

    /// Every order, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (OrderKey, &OrderState)> {
        self.orders.iter().map(|(key, state)| (*key, &**state))
    }

    /// Every order that can still execute, oldest first.
    pub fn open(&self) -> impl Iterator<Item = (OrderKey, &OrderState)> {
        self.open.iter().filter_map(|key| Some((*key, self.get(*key)?)))
    }

    /// Every order that can still move the position of this instrument, oldest first: the open ones that
    /// trade it, and those whose executions are not all posted.
    pub(crate) fn exposed_in(
        &self,
        instrument: &InstrumentId,
    ) -> impl Iterator<Item = (OrderKey, &OrderState)> {
        self.index.exposed_in(instrument).filter_map(|key| Some((key, self.get(key)?)))
    }

    /// Those of them that [`plain_sum`](Self::plain_sum) leaves out.
    pub(crate) fn walked_in(
        &self,
        instrument: &InstrumentId,
    ) -> impl Iterator<Item = (OrderKey, &OrderState)> {
        self.index.walked_in(instrument).filter_map(|key| Some((key, self.get(key)?)))
    }

    /// Those of them that can meet others beyond [`furthest_limit`](Self::furthest_limit).
    pub(crate) fn unlimited_in(
        &self,
        instrument: &InstrumentId,
    ) -> impl Iterator<Item = (OrderKey, &OrderState)> {
        self.index.unlimited_in(instrument).filter_map(|key| Some((key, self.get(key)?)))
    }

    /// How far the limits of this side reach, of any account.
    pub(crate) fn furthest_limit(&self, instrument: &InstrumentId, side: Side) -> Option<Price> {
        self.index.furthest_limit(instrument, side)
    }

    /// What the exposed orders of this account that stand in no group and can be summed up exactly can
    /// execute on this side, without this one.
    pub(crate) fn plain_sum(
        &self,
        instrument: &InstrumentId,
        account: &Account,
        side: Side,
        but: Option<OrderKey>,
    ) -> Qty {
        self.index.plain_sum(instrument, account, side, but)
    }

    /// How many orders of this bot can still execute.
    pub(crate) fn open_count_of(&self, bot: &BotName) -> usize {
        self.index.open_count_of(bot)
    }

    /// Every client that has an order which can still execute; none for one whose client is not known.
    pub(crate) fn open_clients(&self) -> impl Iterator<Item = Option<ClientId>> {
        self.index.open_clients()
    }

    /// How many orders of this bot were denied, the forgotten ones included.
    pub(crate) fn denied_count_of(&self, bot: &BotName) -> usize {
        self.index.denied_count_of(bot)
    }

    /// Whether the fate of any order is unknown.
    pub(crate) fn has_unknown(&self) -> bool {
        self.index.has_unknown()
    }

    /// The orders of which more is executed than the ledger has posted, and how much is executed.
    pub(crate) fn unposted(&self) -> impl Iterator<Item = (OrderKey, Qty)> {
        self.unposted.iter().filter_map(|key| Some((*key, self.get(*key)?.cum_qty)))
    }

    /// All executions of these orders up to this quantity have been told: nothing of it is on its way any more.
    pub(crate) fn settle(&mut self, told: impl IntoIterator<Item = (OrderKey, Qty)>) {
        for (key, qty) in told {
            if let Some(state) = self.orders.get_mut(&key) {
                let before = Standing::of(state);
                state.posted_qty = state.posted_qty.max(qty.min(state.cum_qty));
                self.index.moved(key, state, before);
                self.reindex(key);
            }
        }
    }

    /// How many can still execute.
    pub fn open_count(&self) -> usize {
        self.open.len()
    }

    fn reindex(&mut self, key: OrderKey) {
        let Some(state) = self.orders.get(&key) else { return };
        if let (Some(client), Some(id)) = (state.client_id, state.order_id)
            && id.0 != 0
            && let Some(other) = self.by_client.insert((client, id), key)
            && other != key
            && let Some(state) = self.orders.get(&other)
        {
            self.index.lost_number(other, state);
        }
        if let Some(perm_id) = state.perm_id.filter(|id| id.0 != 0) {
            self.by_perm.insert(perm_id, key);
        }
        if let Some(id) = &state.cl_ord_id
            && self.by_ref.get(id) != Some(&key)
        {
            self.by_ref.insert(id.clone(), key);
        }
        if state.status.is_open() {
            self.open.insert(key);
        } else {
            self.open.remove(&key);
        }
        if state.cum_qty > state.posted_qty {
            self.unposted.insert(key);
        } else {
            self.unposted.remove(&key);
        }
    }

    /// A bot that only ever gets denials must not push everybody's orders out of the book, nor fill the
    /// memory.
    fn note_denied(&mut self, key: OrderKey, before: Option<OrderStatus>) {
        let Some(state) = self.orders.get(&key).filter(|state| state.status == OrderStatus::Denied) else {
            return;
        };
        let Some(bot) = state.owner.bot().filter(|_| before != Some(OrderStatus::Denied)) else { return };
        self.index.count_denied(bot);
        let denied = self.denied.entry(bot.clone()).or_default();
        denied.push_back(key);
        if denied.len() > limits::DENIED_ORDERS_MAX
            && let Some(oldest) = denied.pop_front()
            // The venue may have said since that it has the order after all.
            && self.orders.get(&oldest).is_some_and(|state| state.status == OrderStatus::Denied)
        {
            self.forget(oldest);
        }
    }

    fn make_room(&mut self) {
        if self.orders.len() < limits::BOOK_ORDERS_MAX {
            return;
        }
        let is_done =
            |key: &OrderKey, state: &OrderState| !state.status.is_open() && !self.unposted.contains(key);
        let Some(key) = self.orders.iter().find(|(key, state)| is_done(key, state)).map(|(key, _)| *key)
        else {
            return;
        };
        self.forget(key);
    }

    /// Takes out an order that is done.
    fn forget(&mut self, key: OrderKey) {
        let Some(state) = self.orders.remove(&key) else { return };
        // A denied order's number may have gone to a later order, which must keep it.
        if let (Some(client), Some(id)) = (state.client_id, state.order_id)
            && self.by_client.get(&(client, id)) == Some(&key)
        {
            self.by_client.remove(&(client, id));
        }
        if let Some(perm_id) = state.perm_id.filter(|id| self.by_perm.get(id) == Some(&key)) {
            self.by_perm.remove(&perm_id);
        }
        if let Some(id) = state.cl_ord_id.filter(|id| self.by_ref.get(id) == Some(&key)) {
            self.by_ref.remove(&id);
        }
    }
}
