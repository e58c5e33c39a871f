//! What every decision asks of the orders that are not done: those of one instrument, and how many there are
//! of a bot or a client. Kept as orders change, because a day's book is long and a decision is short.
//!
//! Invariant: it names exactly the orders of which [`Standing::of`] says so; one that is done leaves nothing
//! behind, so the index is as large as what is open.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Account, BotName, ClientId, InstrumentId, OrderStatus, Price, Qty, Side};

use super::exposed::Exposed;
use super::{OrderKey, OrderState, Owner};
use crate::group;

/// The part of an order that decides where it is counted. Its bot, instrument and legs never change.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    is_open: bool,
    is_exposed: bool,
    is_unknown: bool,
    client_id: Option<ClientId>,
}

impl Standing {
    /// Of an order that is not in the book.
    pub(super) const ABSENT: Self =
        Self { is_open: false, is_exposed: false, is_unknown: false, client_id: None };

    pub(super) fn is_exposed(self) -> bool {
        self.is_exposed
    }

    pub(super) fn of(state: &OrderState) -> Self {
        let is_open = state.status.is_open();
        Self {
            is_open,
            is_exposed: state.owner != Owner::Fleet && (is_open || state.cum_qty > state.posted_qty),
            is_unknown: state.status == OrderStatus::Unknown,
            client_id: state.client_id,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Index {
    /// Orders that can still move a position, under each instrument that they trade.
    exposed: BTreeMap<InstrumentId, Exposed>,
    /// Open orders of each bot.
    bots: BTreeMap<BotName, usize>,
    /// Open orders of each client.
    clients: BTreeMap<Option<ClientId>, usize>,
    /// Open orders of each one-cancels-all group.
    groups: BTreeMap<Box<str>, BTreeSet<OrderKey>>,
    unknown: usize,
    /// Denied orders of each bot, for ever.
    denied: BTreeMap<BotName, usize>,
}

impl Index {
    /// The order has entered the book or changed.
    pub(super) fn moved(&mut self, key: OrderKey, state: &OrderState, before: Standing) {
        let now = Standing::of(state);
        if before.is_exposed || now.is_exposed {
            self.expose(key, state, now.is_exposed);
        }
        if now == before {
            return;
        }
        self.unknown = self.unknown + usize::from(now.is_unknown) - usize::from(before.is_unknown);
        if before.is_open {
            less(&mut self.clients, &before.client_id);
        }
        if now.is_open {
            *self.clients.entry(now.client_id).or_default() += 1;
        }
        if let Some(bot) = state.owner.bot() {
            match (before.is_open, now.is_open) {
                (false, true) => *self.bots.entry(bot.clone()).or_default() += 1,
                (true, false) => less(&mut self.bots, bot),
                (true, true) | (false, false) => {}
            }
        }
    }

    /// The order has entered the book or changed; before, it was open in this group.
    pub(super) fn regrouped(&mut self, key: OrderKey, state: &OrderState, before: Option<Box<str>>) {
        let now = group_of(state);
        if now == before.as_deref() {
            return;
        }
        if let Some(name) = before.and_then(|name| group::key(&name)) {
            let left = self.groups.get_mut(&*name).map(|orders| {
                orders.remove(&key);
                orders.is_empty()
            });
            if left == Some(true) {
                self.groups.remove(&*name);
            }
        }
        if let Some(name) = now.and_then(group::key) {
            self.groups.entry(name).or_default().insert(key);
        }
    }

    pub(super) fn open_in_group(&self, group: &str) -> impl Iterator<Item = OrderKey> {
        group::key(group).and_then(|name| self.groups.get(&*name)).into_iter().flatten().copied()
    }

    /// Another order goes by this one's number now.
    pub(super) fn lost_number(&mut self, key: OrderKey, state: &OrderState) {
        for instrument in traded(state) {
            if let Some(exposed) = self.exposed.get_mut(instrument) {
                exposed.walk(key);
            }
        }
    }

    pub(super) fn exposed_in(&self, instrument: &InstrumentId) -> impl Iterator<Item = OrderKey> {
        self.exposed.get(instrument).into_iter().flat_map(Exposed::keys)
    }

    /// Those of them that are in no sum.
    pub(super) fn walked_in(&self, instrument: &InstrumentId) -> impl Iterator<Item = OrderKey> {
        self.exposed.get(instrument).into_iter().flat_map(Exposed::walked)
    }

    /// Those of them that no limit keeps from meeting others.
    pub(super) fn unlimited_in(&self, instrument: &InstrumentId) -> impl Iterator<Item = OrderKey> {
        self.exposed.get(instrument).into_iter().flat_map(Exposed::unlimited)
    }

    /// The limit of the others that reaches furthest.
    pub(super) fn furthest_limit(&self, instrument: &InstrumentId, side: Side) -> Option<Price> {
        self.exposed.get(instrument)?.furthest_limit(side)
    }

    /// What the orders that are in a sum can execute of this instrument, but this one.
    pub(super) fn plain_sum(
        &self,
        instrument: &InstrumentId,
        account: &Account,
        side: Side,
        but: Option<OrderKey>,
    ) -> Qty {
        let exposed = self.exposed.get(instrument);
        exposed.map_or(Qty::ZERO, |exposed| exposed.plain_sum(account, side, but))
    }

    pub(super) fn open_count_of(&self, bot: &BotName) -> usize {
        self.bots.get(bot).copied().unwrap_or(0)
    }

    pub(super) fn count_denied(&mut self, bot: &BotName) {
        match self.denied.get_mut(bot) {
            Some(count) => *count += 1,
            None => {
                self.denied.insert(bot.clone(), 1);
            }
        }
    }

    pub(super) fn denied_count_of(&self, bot: &BotName) -> usize {
        self.denied.get(bot).copied().unwrap_or(0)
    }

    pub(super) fn open_clients(&self) -> impl Iterator<Item = Option<ClientId>> {
        self.clients.keys().copied()
    }

    pub(super) fn has_unknown(&self) -> bool {
        self.unknown > 0
    }

    fn expose(&mut self, key: OrderKey, state: &OrderState, is_exposed: bool) {
        for instrument in traded(state) {
            match (self.exposed.get_mut(instrument), is_exposed) {
                (Some(exposed), true) => exposed.set(key, state, instrument),
                (Some(exposed), false) => {
                    exposed.remove(key);
                    if exposed.is_empty() {
                        self.exposed.remove(instrument);
                    }
                }
                (None, true) => {
                    let exposed = self.exposed.entry(instrument.clone()).or_default();
                    exposed.set(key, state, instrument);
                }
                (None, false) => {}
            }
        }
    }
}

/// The name of the one-cancels-all group that the order is open in, as it is spelled.
pub(super) fn group_of(state: &OrderState) -> Option<&str> {
    Some(&*state.oca_group).filter(|group| state.status.is_open() && !group.is_empty())
}

/// Each instrument that an order trades.
fn traded(state: &OrderState) -> impl Iterator<Item = &InstrumentId> {
    std::iter::once(&state.instrument).chain(state.legs.iter().map(|leg| &leg.instrument))
}

/// One less; nothing is left of the last.
fn less<K: Ord>(counts: &mut BTreeMap<K, usize>, of: &K) {
    if let Some(count) = counts.get_mut(of) {
        *count -= 1;
        if *count == 0 {
            counts.remove(of);
        }
    }
}
