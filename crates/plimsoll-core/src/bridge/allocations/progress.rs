//! How far an order over several accounts has come, and what its bot is told of it: the life of one order.
//!
//! Accepted when its first part has left, working when the venue has one of them, each execution of a part as an execution
//! of the bot's order with the broker's own id and the part's account, and at the end `Filled`, or `Cancelled` with what is
//! missing and why. What one account missed is not tried again.

use plimsoll_model::{ClOrdId, ErrorReport, ExecId, ExecutionReport, Money, Now, OrderStatus, Qty};

use crate::allocation::open::{Entry, Leg, Told};
use crate::book::OrderKey;
use crate::bridge::Bridge;
use crate::guard::Denial;
use crate::on_close::{Part, Share};
use crate::recon::ReconState;
use crate::{Command, News};

/// Codes up to here tell of the state of connections and farms, and end no order.
const NOTICES: std::ops::RangeInclusive<i32> = 2100..=2199;
/// A warning that the broker attaches to an order that works.
const CODE_ORDER_MESSAGE: i32 = 399;

/// What becomes of a part that works after its bot was told the end.
const CANCELED_AGAIN: &str = "its cancel is sent";
const TO_BE_CANCELED: &str = "its bot's cancel or a halt of everything cancels it";

impl Bridge {
    /// After every event: orders of which a part has changed.
    pub(in crate::bridge) fn step_allocations(&mut self, out: &mut Vec<Command>) {
        if self.allocations.is_empty() {
            return;
        }
        let changed = self.book.changed();
        let changed: Vec<_> = changed.filter_map(|(key, _)| self.allocations.of_leg(key).cloned()).collect();
        for id in &changed {
            self.allocations.touch(id);
        }
        for id in self.allocations.take_touched() {
            self.step_allocation(&id, out);
        }
    }

    fn step_allocation(&mut self, id: &ClOrdId, out: &mut Vec<Command>) {
        self.look_at_legs(id, out);
        self.cancel_legs(id, out);
        let Some(entry) = self.allocations.get(id) else { return };
        let is_executed = !entry.held.parts.is_empty();
        let has_left = |leg: &Leg| {
            let waits = leg.order.as_ref().is_none_or(|(key, _)| self.outbox.holds_own(*key));
            !waits && leg.status.is_some_and(OrderStatus::is_open)
        };
        if entry.told == Told::Nothing && (is_executed || entry.legs.iter().any(has_left)) {
            let accounts = entry.legs.iter().filter(|leg| !leg.is_unsent).count();
            out.push(self.tell(&entry.held, News::Divided { accounts }));
            self.tell_was(id, Told::Accepted);
        }
        let Some(entry) = self.allocations.get(id) else { return };
        let works = |status: OrderStatus| {
            matches!(status, OrderStatus::New | OrderStatus::Suspended | OrderStatus::PartiallyFilled)
        };
        if entry.told == Told::Accepted && entry.legs.iter().any(|leg| leg.status.is_some_and(works)) {
            // An execution says it as well.
            if !is_executed {
                out.push(self.tell(&entry.held, News::Working));
            }
            self.tell_was(id, Told::Working);
        }
        let Some(entry) = self.allocations.get(id) else { return };
        if entry.is_over() {
            self.allocations.ended(id);
        } else if entry.legs.iter().all(Leg::is_over) {
            self.end_divided(id, out);
        }
    }

    fn tell_was(&mut self, id: &ClOrdId, told: Told) {
        if let Some(entry) = self.allocations.get_mut(id) {
            entry.told = told;
        }
    }

    /// What the book says of its parts, kept beside them: the book forgets.
    fn look_at_legs(&mut self, id: &ClOrdId, out: &mut Vec<Command>) {
        let Some(entry) = self.allocations.get_mut(id) else { return };
        let is_over = entry.told == Told::Over;
        for leg in &mut entry.legs {
            let Some((key, cl_ord_id)) = leg.order.as_ref() else { continue };
            let Some(state) = self.book.get(*key) else { continue };
            let was_open = leg.status.is_some_and(OrderStatus::is_open);
            if is_over && state.status.is_open() && !was_open {
                let (order, account) = (&entry.held.order, &leg.part.account);
                let (bot, remedy) =
                    (&order.bot, if entry.is_canceled { CANCELED_AGAIN } else { TO_BE_CANCELED });
                let text = format!(
                    "{cl_ord_id} for {account} works after all, though {bot} was told the end of {order} [{id}]; {remedy}"
                );
                out.push(Command::Notice { text });
            }
            leg.status = Some(state.status);
            leg.cum_qty = state.cum_qty;
            leg.is_posted = state.posted_qty >= state.cum_qty;
            leg.is_unsent = leg.is_recalled || state.status == OrderStatus::Denied || state.by_absence;
            if state.by_absence && leg.because.is_none() {
                leg.because = Some("not sent: the venue does not have it".into());
            } else if !state.by_absence && state.status.is_open() {
                leg.because = None;
            }
        }
    }

    /// Nothing of it can execute any more.
    fn end_divided(&mut self, id: &ClOrdId, out: &mut Vec<Command>) {
        self.tell_was(id, Told::Over);
        self.allocations.ended(id);
        let Some(entry) = self.allocations.get(id) else { return };
        let (key, cum_qty) = (entry.held.key, entry.cum_qty());
        let never_left = |leg: &Leg| leg.status.is_none_or(|status| status == OrderStatus::Denied);
        if let Some(asked) = entry.held.asked.filter(|_| entry.legs.iter().all(never_left)) {
            // As one that was denied: it was not carried out, and the same may be asked for again.
            self.recent.mark_denied(&entry.held.order.bot, asked);
        }
        let leaves_qty = entry.held.order.qty.saturating_sub(cum_qty);
        if leaves_qty.is_zero() {
            return;
        }
        let told = self.tell_canceled(&entry.held, leaves_qty, &why_incomplete(entry));
        out.push(told);
        self.book.update(key, |state| state.status = OrderStatus::Canceled);
        let Some(entry) = self.allocations.get(id).filter(|entry| !entry.is_canceled) else { return };
        let text = format!("{} [{id}]: {}", entry.held.order, why_incomplete(entry));
        out.push(Command::Notice { text });
    }

    /// An execution of a part is one of the bot's order.
    pub(in crate::bridge) fn leg_executed(
        &mut self,
        now: Now,
        key: OrderKey,
        report: &ExecutionReport,
        out: &mut Vec<Command>,
    ) {
        let Some(id) = self.allocations.of_leg(key).cloned() else { return };
        let Some(entry) = self.allocations.get_mut(&id) else { return };
        let execution = &report.execution;
        let exec_id = execution.exec_id.clone();
        let share = Share {
            cl_ord_id: id.clone(),
            exec_id: exec_id.clone(),
            of: Some(exec_id.clone()),
            side: execution.side,
            last_qty: execution.last_qty,
            crossed_qty: Qty::ZERO,
            last_px: execution.last_px,
            cum_qty: Qty::ZERO,
            leaves_qty: Qty::ZERO,
        };
        let (account, exchange) = (execution.account.clone(), report.contract.exchange.clone());
        let at = execution.at.unwrap_or(now.wall);
        let part = Part { share, account: account.clone(), exchange: exchange.clone(), at };
        let stem: Box<str> = exec_id.without_revision().into();
        entry.held.parts.insert(stem.clone(), part);
        let (qty, cum_qty) = (entry.held.order.qty, entry.cum_qty());
        let leaves_qty = qty.saturating_sub(cum_qty);
        let Some(part) = entry.held.parts.get_mut(&stem) else { return };
        (part.share.cum_qty, part.share.leaves_qty) = (cum_qty, leaves_qty);
        let share = Box::new(part.share.clone());
        let (parent, avg_px) = (entry.held.key, entry.held.avg_px());
        self.allocations.executed(&exec_id, &id);
        self.allocations.touch(&id);
        self.book.update(parent, |state| {
            (state.cum_qty, state.posted_qty, state.avg_px) = (cum_qty, cum_qty, avg_px.or(state.avg_px));
            state.status = match state.status {
                _ if cum_qty >= state.qty => OrderStatus::Filled,
                OrderStatus::New => OrderStatus::PartiallyFilled,
                status => status,
            };
        });
        let Some(entry) = self.allocations.get(&id) else { return };
        out.push(self.tell(&entry.held, News::Executed { share, account, leaves_qty, avg_px, exchange, at }));
        // Its commission may have been told before it.
        if let Some(charge) = self.ledger.execution(&exec_id).and_then(|row| row.fee) {
            self.leg_charged(&exec_id, charge, out);
        }
    }

    /// The commission of an execution of a part.
    pub(in crate::bridge) fn leg_charged(&mut self, exec_id: &ExecId, charge: Money, out: &mut Vec<Command>) {
        let Some(id) = self.allocations.of_execution(exec_id).cloned() else { return };
        let Some(entry) = self.allocations.get_mut(&id) else { return };
        entry.fees.insert(exec_id.without_revision().into(), charge);
        let Some(entry) = self.allocations.get(&id) else { return };
        out.push(self.tell(&entry.held, News::Commission { exec_id: exec_id.clone(), charge }));
    }

    /// A part leaves.
    pub(in crate::bridge) fn leg_left(&mut self, cl_ord_id: &ClOrdId) {
        let key = self.book.by_ref(cl_ord_id);
        if let Some(id) = key.and_then(|key| self.allocations.of_leg(key)).cloned() {
            self.allocations.touch(&id);
        }
    }

    /// A guard has denied a part where it would have left.
    pub(in crate::bridge) fn leg_denied(&mut self, key: OrderKey, denial: &Denial) {
        self.note_because(key, denial.to_string());
    }

    /// The venue has said something of a part that ends it.
    pub(in crate::bridge) fn leg_refused(&mut self, key: OrderKey, error: &ErrorReport) {
        if NOTICES.contains(&error.code) || error.code == CODE_ORDER_MESSAGE {
            return;
        }
        let is_open = self.book.get(key).is_some_and(|state| state.status.is_open());
        let id = self.allocations.of_leg(key);
        let asked = id.and_then(|id| self.allocations.get(id)).is_some_and(|entry| entry.is_canceled);
        if !is_open && !asked {
            self.note_because(key, format!("{}: {}", error.code, error.text));
        }
    }

    fn note_because(&mut self, key: OrderKey, because: String) {
        let Some(id) = self.allocations.of_leg(key).cloned() else { return };
        self.allocations.touch(&id);
        let entry = self.allocations.get_mut(&id);
        if let Some(leg) = entry.and_then(|entry| entry.leg_mut(key)) {
            leg.because.get_or_insert(because.into());
        }
    }

    /// Whether the broker's lists have been heard in this life of our own connection.
    pub(super) fn is_reconciled(&self) -> bool {
        self.recon.state == ReconState::Done
    }
}

/// What is missing and why, in the fewest words; the report says it account by account.
fn why_incomplete(entry: &Entry) -> String {
    let lacks = |leg: &&Leg| leg.because.is_some() && !leg.part.qty.is_zero();
    let missing: Vec<_> = entry.legs.iter().filter(lacks).collect();
    if entry.is_canceled && missing.is_empty() {
        return String::new();
    }
    let (cum_qty, qty) = (entry.cum_qty(), entry.held.order.qty);
    let mut said = vec![format!("{cum_qty} of {qty} executed over {}", entry.name)];
    if !entry.left.is_zero() {
        said.push(format!("{} left over", entry.left));
    }
    if let Some(first) = missing.first() {
        said.push(format!("{}: {}", first.part.account, first.because.as_deref().unwrap_or_default()));
    }
    if missing.len() > 1 {
        said.push(format!("and {} more", missing.len() - 1));
    }
    said.push(format!("see `plimsoll allocation show {}`", entry.id()));
    said.join("; ")
}
