//! Orders that were divided: what is kept of each until long after its bot has been told the end of it.
//!
//! Owns: which order of the venue's is whose part, and how far each part has come. Does not own: any decision.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use plimsoll_model::{Account, ClOrdId, ExecId, Money, OrderStatus, Price, Qty};
use rust_decimal::Decimal;

use super::Part;
use crate::book::OrderKey;
use crate::limits;
use crate::on_close::HeldOrder;

/// One order of a bot and its parts.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The allocation.
    pub(crate) name: Account,
    /// The word of its rule.
    pub(crate) by: &'static str,
    /// The bot's order, and every execution that it was told.
    pub(crate) held: HeldOrder,
    /// By account code.
    pub(crate) legs: Vec<Leg>,
    /// What no account got.
    pub(crate) left: Qty,
    pub(crate) told: Told,
    /// Somebody wants what still works of it canceled.
    pub(crate) is_canceled: bool,
    /// And has said so just now: it does not matter what was sent before.
    pub(crate) is_cancel_new: bool,
    /// What the executions cost, as far as that is known.
    pub(crate) fees: BTreeMap<Box<str>, Money>,
}

/// What its bot was told last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Told {
    /// Nothing yet.
    Nothing,
    /// That it is accepted.
    Accepted,
    /// That it works.
    Working,
    /// That it is over.
    Over,
}

/// The part of one account.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) part: Part,
    /// Its order, if one was decided.
    pub(crate) order: Option<(OrderKey, ClOrdId)>,
    /// How far that has come; none without an order.
    pub(crate) status: Option<OrderStatus>,
    pub(crate) cum_qty: Qty,
    /// Why what is missing is missing, for people.
    pub(crate) because: Option<Box<str>>,
    /// The life of our own connection in which its cancel was sent last.
    pub(crate) canceled_in: Option<u64>,
    /// It was taken back before it left.
    pub(crate) is_recalled: bool,
    /// It never left, as far as is known.
    pub(crate) is_unsent: bool,
    /// Everything that was said to be executed of it is in the ledger.
    pub(crate) is_posted: bool,
}

impl Leg {
    /// Nothing more of it can execute, and what has was told.
    pub(crate) fn is_over(&self) -> bool {
        self.status.is_none_or(|status| !status.is_open()) && self.is_posted
    }
}

/// All divided orders: those that work, and the latest that are over.
#[derive(Debug, Default)]
pub(crate) struct Allocations {
    all: BTreeMap<ClOrdId, Entry>,
    /// Oldest first.
    since: VecDeque<ClOrdId>,
    legs: BTreeMap<OrderKey, ClOrdId>,
    executions: BTreeMap<Box<str>, ClOrdId>,
    /// Orders of which the latest event may have changed something.
    touched: BTreeSet<ClOrdId>,
    /// Orders with parts that are to be canceled.
    canceling: BTreeSet<ClOrdId>,
}

impl Allocations {
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether another one may be added: as many may work at once as are kept.
    pub(crate) fn is_full(&self) -> bool {
        self.all.len() >= limits::ALLOCATIONS_KEPT && !self.all.values().any(Entry::is_over)
    }

    pub(crate) fn add(&mut self, entry: Entry) {
        if self.all.len() >= limits::ALLOCATIONS_KEPT {
            self.forget_oldest();
        }
        let id = entry.held.order.cl_ord_id.clone();
        let legs = entry.legs.iter().filter_map(|leg| leg.order.as_ref());
        self.legs.extend(legs.map(|(key, _)| (*key, id.clone())));
        self.since.push_back(id.clone());
        self.touched.insert(id.clone());
        self.all.insert(id, entry);
    }

    /// The one that is over and came first.
    fn forget_oldest(&mut self) {
        let is_over = |id: &ClOrdId| self.all.get(id).is_none_or(Entry::is_over);
        let Some(at) = self.since.iter().position(is_over) else { return };
        let Some(id) = self.since.remove(at) else { return };
        self.all.remove(&id);
        self.legs.retain(|_, of| *of != id);
        self.executions.retain(|_, of| *of != id);
        self.canceling.remove(&id);
    }

    pub(crate) fn get(&self, id: &ClOrdId) -> Option<&Entry> {
        self.all.get(id)
    }

    pub(crate) fn get_mut(&mut self, id: &ClOrdId) -> Option<&mut Entry> {
        self.all.get_mut(id)
    }

    /// All of them, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.since.iter().filter_map(|id| self.all.get(id))
    }

    /// The bots' orders.
    pub(crate) fn orders(&self) -> impl Iterator<Item = &HeldOrder> {
        self.iter().map(|entry| &entry.held)
    }

    /// The divided order that this order of our own is a part of.
    pub(crate) fn of_leg(&self, key: OrderKey) -> Option<&ClOrdId> {
        self.legs.get(&key)
    }

    /// The divided order that this execution was told to the bot of.
    pub(crate) fn of_execution(&self, exec_id: &ExecId) -> Option<&ClOrdId> {
        self.executions.get(exec_id.without_revision())
    }

    pub(crate) fn executed(&mut self, exec_id: &ExecId, id: &ClOrdId) {
        self.executions.insert(exec_id.without_revision().into(), id.clone());
    }

    /// Something of it may have changed.
    pub(crate) fn touch(&mut self, id: &ClOrdId) {
        self.touched.insert(id.clone());
    }

    /// Those of which something may have changed, and those that wait to be canceled.
    pub(crate) fn take_touched(&mut self) -> BTreeSet<ClOrdId> {
        let mut touched = std::mem::take(&mut self.touched);
        touched.extend(self.canceling.iter().cloned());
        touched
    }

    /// What still works of it is to be canceled; whether anything does. A part can work after its bot was told the end:
    /// where that was known by a refusal or by silence alone.
    pub(crate) fn cancel(&mut self, id: &ClOrdId) -> bool {
        let Some(entry) = self.all.get_mut(id).filter(|entry| !entry.is_over()) else { return false };
        (entry.is_canceled, entry.is_cancel_new) = (true, true);
        self.canceling.insert(id.clone());
        true
    }

    /// Nothing of it is left to be canceled.
    pub(crate) fn ended(&mut self, id: &ClOrdId) {
        self.canceling.remove(id);
    }
}

impl Entry {
    pub(crate) fn id(&self) -> &ClOrdId {
        &self.held.order.cl_ord_id
    }

    pub(crate) fn leg_mut(&mut self, key: OrderKey) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| leg.order.as_ref().is_some_and(|(of, _)| *of == key))
    }

    /// Its bot was told the end, and no part works in spite of that.
    pub(crate) fn is_over(&self) -> bool {
        self.told == Told::Over && self.legs.iter().all(Leg::is_over)
    }

    /// How much of the bot's order is executed.
    pub(crate) fn cum_qty(&self) -> Qty {
        let parts = self.held.parts.values();
        parts.fold(Qty::ZERO, |sum, part| sum.checked_add(part.share.last_qty).unwrap_or(sum))
    }

    /// What the executions of one account cost, as far as it is known, and of how many it is not.
    pub(crate) fn fees_of(&self, account: &Account) -> (Option<Money>, usize) {
        let (mut sum, mut unknown): (Option<Money>, usize) = (None, 0);
        for (stem, _) in self.held.parts.iter().filter(|(_, part)| part.account == *account) {
            match self.fees.get(stem) {
                None => unknown += 1,
                Some(fee) => match sum {
                    None => sum = Some(*fee),
                    Some(so_far) => match so_far.checked_add(*fee) {
                        Some(both) => sum = Some(both),
                        None => unknown += 1,
                    },
                },
            }
        }
        (sum, unknown)
    }

    /// The average price at which one account was executed.
    pub(crate) fn avg_px_of(&self, account: &Account) -> Option<Price> {
        let (mut qty, mut paid) = (Decimal::ZERO, Decimal::ZERO);
        for part in self.held.parts.values().filter(|part| part.account == *account) {
            qty = qty.checked_add(part.share.last_qty.get())?;
            paid = paid.checked_add(part.share.last_qty.get().checked_mul(part.share.last_px.get())?)?;
        }
        Some(Price::new(paid.checked_div(qty)?.round_dp(limits::AVG_PX_PLACES).normalize()))
    }
}
