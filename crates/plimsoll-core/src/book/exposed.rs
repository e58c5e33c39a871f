//! What can still move the position of one instrument: its orders, and of them what a guard would otherwise
//! have to walk through all of them for.
//!
//! The worst case of most orders is a plain sum: they name their account and stand in no group. Those are
//! summed up here; the few others are named, and walked. In the same way most orders have a limit and cannot
//! meet beyond it; the few others are named.
//!
//! Invariant: what is kept is what a walk finds. Sums are of quantities of at most twelve decimals below ten
//! billion, so no order of adding and taking away rounds them.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Account, InstrumentId, OrdType, Price, Qty, Side};
use rust_decimal::Decimal;

use super::{OrderKey, OrderState};

const PLACES_MAX: u32 = 12;
const QTY_MAX: Decimal = Decimal::from_parts(1_410_065_408, 2, 0, false, 0);

/// Whether sums of as many such quantities as the book has orders are exact, whatever their order.
pub(crate) fn is_summable(qty: Qty) -> bool {
    qty.get().scale() <= PLACES_MAX && qty.get() <= QTY_MAX
}

/// The orders of one instrument.
#[derive(Debug, Default)]
pub(super) struct Exposed {
    orders: BTreeMap<OrderKey, Entry>,
    /// Of the plain orders of each account and side.
    sums: Vec<Sum>,
    /// The orders that are in no sum.
    walked: BTreeSet<OrderKey>,
    /// How many orders that can meet others by their limit alone have this one.
    limits: [BTreeMap<Price, usize>; 2],
    /// The orders without such a limit.
    unlimited: BTreeSet<OrderKey>,
}

/// What is kept of one order.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    side: Side,
    /// What it adds to the sum of its account and side; none if it is walked.
    plain: Option<(Account, Qty)>,
    /// Beyond this it can meet no other; none if something else decides that.
    limit: Option<Price>,
}

#[derive(Debug)]
struct Sum {
    account: Account,
    side: Side,
    qty: Qty,
    /// Of how many orders; a sum of none is not kept.
    orders: usize,
}

impl Exposed {
    pub(super) fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = OrderKey> {
        self.orders.keys().copied()
    }

    pub(super) fn walked(&self) -> impl Iterator<Item = OrderKey> {
        self.walked.iter().copied()
    }

    pub(super) fn unlimited(&self) -> impl Iterator<Item = OrderKey> {
        self.unlimited.iter().copied()
    }

    /// The limit that reaches furthest among those of this side.
    pub(super) fn furthest_limit(&self, side: Side) -> Option<Price> {
        let limits = &self.limits[at(side)];
        let furthest = match side {
            Side::Buy => limits.last_key_value(),
            Side::Sell => limits.first_key_value(),
        };
        furthest.map(|(limit, _)| *limit)
    }

    /// What the plain orders of this account and side but this one can execute together.
    pub(super) fn plain_sum(&self, account: &Account, side: Side, but: Option<OrderKey>) -> Qty {
        let Some(sum) = self.sums.iter().find(|sum| sum.side == side && sum.account == *account) else {
            return Qty::ZERO;
        };
        let own = but.and_then(|key| self.orders.get(&key)).filter(|entry| entry.side == side);
        let own = own.and_then(|entry| entry.plain.as_ref()).filter(|(of, _)| of == account);
        own.map_or(sum.qty, |(_, qty)| less(sum.qty, *qty))
    }

    /// The order has come or changed.
    pub(super) fn set(&mut self, key: OrderKey, state: &OrderState, instrument: &InstrumentId) {
        let entry = Entry::of(state, instrument);
        let before = self.orders.get(&key);
        if before == Some(&entry) {
            return;
        }
        if before.is_some() {
            self.remove(key);
        }
        self.add(key, entry);
    }

    /// Another order goes by the number of this one now, so it can no longer be found by it.
    pub(super) fn walk(&mut self, key: OrderKey) {
        if let Some(entry) = self.orders.get(&key).filter(|entry| entry.plain.is_some()) {
            let entry = Entry { plain: None, ..*entry };
            self.remove(key);
            self.add(key, entry);
        }
    }

    pub(super) fn remove(&mut self, key: OrderKey) {
        let Some(Entry { side, plain, limit }) = self.orders.remove(&key) else { return };
        match plain {
            Some((account, qty)) => {
                let place = self.sums.iter().position(|sum| sum.side == side && sum.account == account);
                let place = place.expect("every plain order is in a sum");
                let sum = &mut self.sums[place];
                (sum.qty, sum.orders) = (less(sum.qty, qty), sum.orders - 1);
                if sum.orders == 0 {
                    self.sums.swap_remove(place);
                }
            }
            None => {
                self.walked.remove(&key);
            }
        }
        let Some(limit) = limit else {
            self.unlimited.remove(&key);
            return;
        };
        let limits = &mut self.limits[at(side)];
        let count = limits.get_mut(&limit).expect("every limit is counted");
        *count -= 1;
        if *count == 0 {
            limits.remove(&limit);
        }
    }

    fn add(&mut self, key: OrderKey, entry: Entry) {
        match &entry.plain {
            Some((account, qty)) => {
                let same = |sum: &&mut Sum| sum.side == entry.side && sum.account == *account;
                if let Some(sum) = self.sums.iter_mut().find(same) {
                    sum.qty = sum.qty.checked_add(*qty).expect("what is summable fits");
                    sum.orders += 1;
                } else {
                    let account = account.clone();
                    self.sums.push(Sum { account, side: entry.side, qty: *qty, orders: 1 });
                }
            }
            None => {
                self.walked.insert(key);
            }
        }
        match entry.limit {
            Some(limit) => *self.limits[at(entry.side)].entry(limit).or_default() += 1,
            None => {
                self.unlimited.insert(key);
            }
        }
        self.orders.insert(key, entry);
    }
}

impl Entry {
    fn of(state: &OrderState, instrument: &InstrumentId) -> Self {
        let (side, _) = state.part_in(instrument).unwrap_or((state.side, 1));
        let is_whole = state.legs.is_empty();
        // A bot's order cannot have the number zero, and nothing is found by it.
        let is_alone = is_whole
            && state.parent_id.is_none()
            && state.oca_group.is_empty()
            && state.order_id.is_none_or(|id| id.0 != 0);
        let qty = state.exposed_qty();
        let account = state.account.as_ref().filter(|_| is_alone && is_summable(qty));
        // A stop never meets; a change that is not confirmed has a limit of its own.
        let limits = matches!(state.ord_type, OrdType::Limit | OrdType::StopLimit | OrdType::LimitOnClose);
        let limit = state.limit_px.filter(|_| limits && is_whole && state.changes.is_empty());
        Self { side, plain: account.map(|account| (account.clone(), qty)), limit }
    }
}

fn at(side: Side) -> usize {
    match side {
        Side::Buy => 0,
        Side::Sell => 1,
    }
}

/// The rest of a sum without one of its parts.
fn less(sum: Qty, part: Qty) -> Qty {
    assert!(part <= sum, "invariant: a sum is never less than one of its parts");
    sum.saturating_sub(part)
}
