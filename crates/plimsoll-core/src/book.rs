//! Our order book: every order that we have decided about or that the venue has told us of, ours and
//! foreign, under each of its names. Those that ended a while ago are kept packed ([`past`]), which nobody who asks
//! for one notices.
//!
//! Invariant: an execution is never forgotten by a later status; `cum_qty` only grows, except when the
//! venue busts or corrects.

mod exposed;
mod index;
mod order;
mod past;
mod segments;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use plimsoll_model::{
    Account, BotName, ClOrdId, ClientId, InstrumentId, OrderId, OrderStatus, PermId, Price, Qty, Side,
};

use crate::limits;

pub(crate) use exposed::is_summable;
use index::{Index, Standing};
pub(crate) use order::{Change, OrderTerms};
pub use order::{FLEET, OrderState, Owner};
use past::Past;

/// The place of an order in the book; counted up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderKey(u64);

impl OrderKey {
    /// The number; the same in every replay of one journal.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// All orders.
#[derive(Debug)]
pub struct Book {
    /// Each in a box of its own: what is walked through to find one stays small.
    orders: BTreeMap<OrderKey, Box<OrderState>>,
    past: Past,
    /// Those in `orders` that have ended, in the order in which they did; some of them may be open again.
    ended: VecDeque<OrderKey>,
    ended_max: usize,
    by_client: BTreeMap<(ClientId, OrderId), OrderKey>,
    by_perm: BTreeMap<PermId, OrderKey>,
    /// But for packed orders.
    by_ref: BTreeMap<ClOrdId, OrderKey>,
    open: BTreeSet<OrderKey>,
    /// Those of them that take part in a closing auction.
    open_on_close: BTreeSet<OrderKey>,
    /// Orders of which more is executed than the ledger has posted.
    unposted: BTreeSet<OrderKey>,
    index: Index,
    /// Denied orders of each bot, oldest first.
    denied: BTreeMap<BotName, VecDeque<OrderKey>>,
    /// How many orders of each bot were entered, for ever.
    entered: BTreeMap<BotName, usize>,
    /// Orders that the latest event has entered or changed.
    changed: BTreeSet<OrderKey>,
    next: u64,
}

impl Default for Book {
    fn default() -> Self {
        Self::with_ended(limits::ENDED_ORDERS_MAX)
    }
}

impl Book {
    /// An empty book that packs all ended orders but these.
    pub(crate) fn with_ended(ended_max: usize) -> Self {
        Self {
            orders: BTreeMap::new(),
            past: Past::default(),
            ended: VecDeque::new(),
            ended_max,
            by_client: BTreeMap::new(),
            by_perm: BTreeMap::new(),
            by_ref: BTreeMap::new(),
            open: BTreeSet::new(),
            open_on_close: BTreeSet::new(),
            unposted: BTreeSet::new(),
            index: Index::default(),
            denied: BTreeMap::new(),
            entered: BTreeMap::new(),
            changed: BTreeSet::new(),
            next: 0,
        }
    }

    #[cfg(test)]
    pub(crate) fn ended_at_most(&mut self, ended_max: usize) {
        self.ended_max = ended_max;
    }

    /// How many packed orders are unpacked to be looked at.
    #[cfg(test)]
    pub(crate) fn unpacked_count(&self) -> usize {
        self.past.unpacked_count()
    }

    /// Adds an order.
    pub(crate) fn insert(&mut self, state: OrderState) -> OrderKey {
        self.make_room();
        let key = OrderKey(self.next);
        self.next += 1;
        if let Some(bot) = state.owner.bot() {
            match self.entered.get_mut(bot) {
                Some(count) => *count += 1,
                None => {
                    self.entered.insert(bot.clone(), 1);
                }
            }
        }
        if has_ended(&state) {
            self.ended.push_back(key);
        }
        self.index.moved(key, &state, Standing::ABSENT);
        self.index.regrouped(key, &state, None);
        self.orders.insert(key, Box::new(state));
        self.changed.insert(key);
        self.reindex(key);
        self.note_denied(key, None);
        key
    }

    /// A new event: nothing is changed by it yet.
    pub(crate) fn begin_event(&mut self) {
        self.changed.clear();
        self.look_away();
        while self.ended.len() > self.ended_max {
            self.pack_oldest();
        }
    }

    /// Nobody looks at anything any more: what was unpacked for it goes.
    pub(crate) fn look_away(&mut self) {
        self.past.look_away();
    }

    /// The order that ended first is packed, unless it is open again or something of it is still to come. Such a one
    /// is looked at again when it ends, or is told of.
    fn pack_oldest(&mut self) {
        let Some(key) = self.ended.pop_front().filter(|key| !self.unposted.contains(key)) else { return };
        let Some(state) = self.orders.get(&key) else { return };
        let own_ref = state.cl_ord_id.clone().filter(|id| self.by_ref.get(id) == Some(&key));
        if self.past.take(key, state, own_ref.is_some()) {
            self.orders.remove(&key);
            if let Some(id) = own_ref {
                self.by_ref.remove(&id);
            }
        }
    }

    /// The orders that the latest event has entered or changed.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (OrderKey, &OrderState)> {
        self.changed.iter().filter_map(|key| Some((*key, self.get(*key)?)))
    }

    /// Changes an order and keeps the indices true.
    pub(crate) fn update(&mut self, key: OrderKey, change: impl FnOnce(&mut OrderState)) {
        let was_packed = self.unpack(key);
        if let Some(state) = self.orders.get_mut(&key) {
            let (before, status) = (Standing::of(state), state.status);
            let group = index::group_of(state).map(Box::from);
            change(state);
            state.by_absence &= !state.status.is_open();
            if !state.status.is_open() {
                // Nothing of it can be changed any more, so nothing of it has to be shown again.
                (state.open_order, state.status_frame) = (None, None);
            }
            // What was owed to it may have come, so one that could not be packed gets another turn.
            if has_ended(state) && (was_packed || status.is_open() || before.is_exposed()) {
                self.ended.push_back(key);
            }
            self.index.moved(key, state, before);
            self.index.regrouped(key, state, group);
            self.changed.insert(key);
            self.reindex(key);
            self.note_denied(key, Some(status));
        }
    }

    /// The order.
    pub fn get(&self, key: OrderKey) -> Option<&OrderState> {
        self.orders.get(&key).map(|state| &**state).or_else(|| self.past.get(key))
    }

    /// Makes an order whole again that was packed; whether it was.
    fn unpack(&mut self, key: OrderKey) -> bool {
        if self.orders.contains_key(&key) {
            return false;
        }
        let Some((state, was_found)) = self.past.give(key) else { return false };
        if let Some(id) = state.cl_ord_id.as_ref().filter(|_| was_found) {
            self.by_ref.insert(id.clone(), key);
        }
        self.orders.insert(key, state);
        true
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
        self.by_ref.get(cl_ord_id).copied().or_else(|| self.past.by_ref(cl_ord_id))
    }

    /// Every order but those that ended a while ago, oldest first.
    pub fn recent(&self) -> impl Iterator<Item = (OrderKey, &OrderState)> {
        self.orders.iter().map(|(key, state)| (*key, &**state))
    }

    /// Every order that can still execute, oldest first.
    pub fn open(&self) -> impl Iterator<Item = (OrderKey, &OrderState)> {
        self.open.iter().filter_map(|key| Some((*key, self.get(*key)?)))
    }

    /// Those of them that take part in a closing auction.
    pub(crate) fn open_on_close(&self) -> impl Iterator<Item = (OrderKey, &OrderState)> {
        self.open_on_close.iter().filter_map(|key| Some((*key, self.get(*key)?)))
    }

    /// Every order that can still execute and is in this one-cancels-all group, of any account.
    pub(crate) fn open_in_group(&self, group: &str) -> impl Iterator<Item = &OrderState> {
        self.index.open_in_group(group).filter_map(|key| self.get(key))
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

    /// How many orders of this bot were not denied, the forgotten ones included.
    pub(crate) fn sent_count_of(&self, bot: &BotName) -> usize {
        let entered = self.entered.get(bot).copied().unwrap_or(0);
        entered.saturating_sub(self.denied_count_of(bot))
    }

    /// Whether there ever was an order of a bot.
    pub(crate) fn has_bots_orders(&self) -> bool {
        !self.entered.is_empty()
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
                if has_ended(state) {
                    self.ended.push_back(key);
                }
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
            // Also where a packed order has the same reference: the latest one counts.
            self.by_ref.insert(id.clone(), key);
        }
        if state.status.is_open() {
            self.open.insert(key);
        } else {
            self.open.remove(&key);
        }
        if state.status.is_open() && state.ord_type.is_on_close() {
            self.open_on_close.insert(key);
        } else {
            self.open_on_close.remove(&key);
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
        if self.orders.len() + self.past.len() < limits::BOOK_ORDERS_MAX {
            return;
        }
        let is_done =
            |key: &OrderKey, state: &OrderState| !state.status.is_open() && !self.unposted.contains(key);
        let whole = self.orders.iter().find(|(key, state)| is_done(key, state)).map(|(key, _)| *key);
        if let Some(oldest) = whole.into_iter().chain(self.past.oldest()).min() {
            self.forget(oldest);
        }
    }

    /// Takes out an order that is done.
    fn forget(&mut self, key: OrderKey) {
        let Some(state) = self.orders.remove(&key).or_else(|| Some(self.past.give(key)?.0)) else { return };
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

/// Whether an order at the venue is over. Denied ones were never there, and have a limit of their own.
fn has_ended(state: &OrderState) -> bool {
    !state.status.is_open() && state.status != OrderStatus::Denied
}
