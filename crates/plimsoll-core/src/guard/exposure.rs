//! How far the account's holding of one instrument can still go: the worst that working orders, messages
//! of the same group, and this order can add on each side.
//!
//! Of a one-cancels-all group only one can execute. A bracket's children wait for their parent and close
//! what it opens, and together they are such a group; that holds only for a parent that exists at this very
//! client, in this account and instrument, on the other side. A child that claims any other parent, or more
//! than its parent can feed, counts in full.

use std::collections::BTreeMap;

use plimsoll_model::{ClientId, InstrumentId, NewOrder, OrderId, OrderStatus, Position, Qty, Side};

use super::Context;
use crate::book::{OrderKey, OrderState, is_summable};

/// One order that can still execute.
#[derive(Clone, Copy)]
struct Working<'a> {
    client_id: Option<ClientId>,
    order_id: Option<OrderId>,
    side: Side,
    qty: Qty,
    parent_id: Option<OrderId>,
    oca_group: &'a str,
    /// The venue has named that group.
    by_venue: bool,
}

/// The order that a child waits for or came from.
#[derive(Clone, Copy)]
struct Parent {
    qty: Qty,
    /// Nothing of it is executed, so its children are not in the market.
    waits: bool,
}

/// Where at most one order executes: a named group of a client, or the children of a parent.
type GroupKey<'a> = (Option<ClientId>, Option<OrderId>, &'a str);

/// How far the holding can go on the order's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exposure {
    /// The worst that this order and all others can add; none if it does not fit 28 digits.
    pub(crate) worst: Option<Qty>,
    /// This order is a child that closes what its waiting parent opens.
    covered: bool,
}

/// The exposure of one order, kept for the guards that ask for it again.
pub(crate) struct Known {
    order_id: OrderId,
    instrument: InstrumentId,
    side: Side,
    exposure: Exposure,
}

impl Context<'_> {
    /// Whether the account's risk in this instrument cannot grow by this order: the holding and the
    /// worst case of all working orders together end neither larger nor reversed. The child that closes
    /// what its parent opens is judged with its parent. A combo reduces if it does in every leg.
    pub(crate) fn is_reducing(&self, order: &NewOrder) -> bool {
        if order.legs.is_empty() {
            return self.is_reducing_alone(order);
        }
        !self.parts.is_empty() && self.parts.iter().all(|part| self.is_reducing_alone(part))
    }

    fn is_reducing_alone(&self, order: &NewOrder) -> bool {
        let position = self.position(order);
        let against = match order.side {
            Side::Buy => position < Position::FLAT,
            Side::Sell => position > Position::FLAT,
        };
        if !against && self.parent_id(order).is_none() {
            return false;
        }
        let exposure = self.exposure(order);
        exposure.covered || against && exposure.worst.is_some_and(|all| all <= position.size())
    }

    /// The worst case with this order. A judgement is of one instant, so it is computed once in it; the legs
    /// of a combo but the first are computed each time.
    pub(crate) fn exposure(&self, order: &NewOrder) -> Exposure {
        let known = self.known.get_or_init(|| Known {
            order_id: order.order_id,
            instrument: order.instrument.clone(),
            side: order.side,
            exposure: self.compute(order),
        });
        let same = (known.order_id, known.side) == (order.order_id, order.side)
            && known.instrument == order.instrument;
        if same { known.exposure } else { self.compute(order) }
    }

    fn compute(&self, order: &NewOrder) -> Exposure {
        let Some(exposure) = self.compute_kept(order) else { return self.compute_walked(order) };
        debug_assert_eq!(
            exposure,
            self.compute_walked(order),
            "invariant: the sums kept by the book are what a walk finds, {order:?}"
        );
        exposure
    }

    /// By the sum of the plain orders that the book keeps, and a walk through the others.
    fn compute_kept(&self, order: &NewOrder) -> Option<Exposure> {
        // The other messages of a group may change orders that are in the sum, and so may a number used before.
        let alone = self.group.iter().all(|member| member.order_id == order.order_id);
        let known = self.book.by_client(self.client_id, order.order_id);
        if !alone || known.is_some() && known != self.own {
            return None;
        }
        let working = self.working(order, self.book.walked_in(&order.instrument));
        if !working.iter().all(|one| is_summable(one.qty)) {
            return None;
        }
        let plain = self.book.plain_sum(&order.instrument, &order.account, order.side, self.own);
        let Exposure { worst, covered } = self.exposure_of(order, &working);
        Some(Exposure { worst: worst?.checked_add(plain), covered })
    }

    fn compute_walked(&self, order: &NewOrder) -> Exposure {
        self.exposure_of(order, &self.working(order, self.book.exposed_in(&order.instrument)))
    }

    /// Of these orders, of which the last is this one.
    fn exposure_of(&self, order: &NewOrder, working: &[Working<'_>]) -> Exposure {
        let fed = self.fed_by_parent(order, working);
        let is_covered = |one: &Working<'_>| {
            let parent = self.parent_of(order, one);
            let all = fed.get(&(one.client_id, one.parent_id)).copied().flatten();
            parent.zip(all).is_some_and(|(parent, all)| parent.waits && all <= parent.qty)
        };
        let waiting = working.iter().filter(|one| one.side == order.side && !is_covered(one));
        Exposure { worst: self.sum(order, waiting), covered: working.last().is_some_and(is_covered) }
    }

    /// These orders as far as they count, what is new in the same group, and this order.
    fn working<'s>(
        &'s self,
        order: &'s NewOrder,
        others: impl Iterator<Item = (OrderKey, &'s OrderState)>,
    ) -> Vec<Working<'s>> {
        let mut working = self.other_working(order, others);
        working.push(self.own_working(order));
        working
    }

    /// This order, or the worse of it and the one that it changes.
    fn own_working<'s>(&'s self, order: &'s NewOrder) -> Working<'s> {
        let own = self.own.and_then(|key| self.book.get(key));
        let qty = own.map_or(order.qty, |own| worse(own, order));
        Working {
            client_id: Some(self.client_id),
            order_id: Some(order.order_id),
            side: order.side,
            qty,
            parent_id: self.parent_id(order),
            oca_group: own.map_or(&order.oca_group, |own| &own.oca_group),
            by_venue: own.is_some_and(|own| self.is_in_venues_group(own)),
        }
    }

    /// Those of these orders that are of the same account, and the other messages of the same group.
    fn other_working<'s>(
        &'s self,
        order: &'s NewOrder,
        others: impl Iterator<Item = (OrderKey, &'s OrderState)>,
    ) -> Vec<Working<'s>> {
        let in_group = |state: &OrderState| {
            let of_client = state.client_id == Some(self.client_id);
            self.group.iter().find(|member| of_client && state.order_id == Some(member.order_id))
        };
        let part = |state: &OrderState| {
            let same = state.account.as_ref().is_none_or(|account| *account == order.account);
            // The other side adds nothing to this one; only children are looked at whatever their side.
            let counts = |side: &Side| *side == order.side || state.parent_id.is_some();
            state.part_in(&order.instrument).filter(|(side, _)| same && counts(side))
        };
        let mut working: Vec<_> = others
            .filter(|(key, _)| Some(*key) != self.own)
            .filter_map(|(_, state)| Some((state, part(state)?)))
            .map(|(state, (side, ratio))| Working {
                client_id: state.client_id,
                order_id: state.order_id,
                side,
                qty: match in_group(state) {
                    Some(member) => worse(state, member),
                    None => times(state.exposed_qty(), ratio),
                },
                parent_id: state.parent_id,
                oca_group: &state.oca_group,
                by_venue: self.is_in_venues_group(state),
            })
            .collect();
        let known = |member: &NewOrder| {
            let key = self.book.by_client(self.client_id, member.order_id);
            key.and_then(|key| self.book.get(key)).is_some_and(|state| state.status.is_open())
        };
        let new = self.group.iter().filter(|member| {
            member.order_id != order.order_id
                && member.account == order.account
                && member.instrument == order.instrument
                && !known(member)
        });
        working.extend(new.map(|member| Working {
            client_id: Some(self.client_id),
            order_id: Some(member.order_id),
            side: member.side,
            qty: member.qty,
            parent_id: member.parent_id,
            oca_group: &member.oca_group,
            by_venue: false,
        }));
        working
    }

    /// How much the children of each parent can execute together.
    fn fed_by_parent(
        &self,
        order: &NewOrder,
        working: &[Working<'_>],
    ) -> BTreeMap<(Option<ClientId>, Option<OrderId>), Option<Qty>> {
        let mut children: BTreeMap<_, Vec<&Working<'_>>> = BTreeMap::new();
        for one in working.iter().filter(|one| self.parent_of(order, one).is_some()) {
            children.entry((one.client_id, one.parent_id)).or_default().push(one);
        }
        children.into_iter().map(|(key, all)| (key, self.sum(order, all.into_iter()))).collect()
    }

    /// The sum of these orders, of which one of each group can execute.
    fn sum<'l>(&self, order: &NewOrder, working: impl Iterator<Item = &'l Working<'l>>) -> Option<Qty> {
        let mut groups: BTreeMap<GroupKey<'_>, Qty> = BTreeMap::new();
        let mut sum = Qty::ZERO;
        for one in working {
            let parent = one.parent_id.filter(|_| self.parent_of(order, one).is_some());
            // A name of blanks may be none at the venue, and then both execute.
            if one.oca_group.trim().is_empty() && parent.is_none() {
                sum = sum.checked_add(one.qty)?;
            } else {
                // The children of one parent are one group; the venue may have named it to some of them only.
                let name = if parent.is_some() && one.by_venue { "" } else { one.oca_group };
                let most = groups.entry((one.client_id, parent, name)).or_insert(Qty::ZERO);
                *most = (*most).max(one.qty);
            }
        }
        groups.into_values().try_fold(sum, Qty::checked_add)
    }

    /// Whether the venue put the order into the group that has its parent's number for a name. A bot may name its own
    /// groups by numbers as well.
    fn is_in_venues_group(&self, state: &OrderState) -> bool {
        let parent = || self.book.get(self.book.by_client(state.client_id?, state.parent_id?)?)?.perm_id;
        state.is_in_venues_group() && parent().is_some_and(|perm_id| *state.oca_group == *perm_id.to_string())
    }

    /// The parent that an order names, if it is one that can feed it.
    fn parent_of(&self, order: &NewOrder, one: &Working<'_>) -> Option<Parent> {
        let (parent_id, client_id) = one.parent_id.zip(one.client_id)?;
        if one.order_id == Some(parent_id) {
            return None;
        }
        let known = self.book.by_client(client_id, parent_id).and_then(|key| self.book.get(key));
        // One that ended without an execution feeds nothing; the venue refuses its late children.
        let known = known.filter(|state| {
            use OrderStatus::{Canceled, Denied, Rejected};
            !matches!(state.status, Denied | Rejected | Canceled) || !state.cum_qty.is_zero()
        });
        let in_group = self
            .group
            .iter()
            .chain([order])
            .find(|other| client_id == self.client_id && other.order_id == parent_id);
        let fits = |account: Option<_>, instrument: &_, side: Side| {
            account == Some(&order.account) && *instrument == order.instrument && side == one.side.opposite()
        };
        match (known, in_group) {
            (Some(state), _) => fits(state.account.as_ref(), &state.instrument, state.side)
                .then(|| Parent { qty: state.qty, waits: state.status.is_open() && state.cum_qty.is_zero() }),
            (None, Some(new)) => fits(Some(&new.account), &new.instrument, new.side)
                .then_some(Parent { qty: new.qty, waits: true }),
            (None, None) => None,
        }
    }

    /// The parent that counts: a change cannot give an order another one.
    pub(super) fn parent_id(&self, order: &NewOrder) -> Option<OrderId> {
        let own = self.own.filter(|_| self.replaces).and_then(|key| self.book.get(key));
        own.map_or(order.parent_id, |own| own.parent_id)
    }
}

/// What an order can still execute of an instrument before or after its change, whichever is more.
fn worse(state: &OrderState, change: &NewOrder) -> Qty {
    let (_, ratio) = state.part_in(&change.instrument).unwrap_or((change.side, 1));
    times(state.exposed_qty(), ratio).max(change.qty.saturating_sub(times(state.posted_qty, ratio)))
}

/// What does not fit is the most there can be: its sum with anything else then fits no more.
fn times(qty: Qty, ratio: u32) -> Qty {
    if ratio == 1 { qty } else { qty.checked_mul(ratio).unwrap_or(Qty::MAX) }
}
