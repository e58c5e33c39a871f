//! What an execution changes: the ledger, its order, and who has to be told that something has moved. Whatever else the
//! venue says is in [`super::reports`].

use plimsoll_ledger::{Posted, Terms};
use plimsoll_model::{ClOrdId, ExecId, Execution, ExecutionReport, Now, Qty, SecType};

use super::Bridge;
use super::reports::{named, next_status};
use crate::Command;
use crate::book::{OrderKey, Owner};
use crate::fallback::Word;
use crate::recon::ReconState;

impl Bridge {
    pub(super) fn note_execution(&mut self, now: Now, report: &ExecutionReport, out: &mut Vec<Command>) {
        let ours = self.owner_of_reference(now, &report.order_ref);
        let by_client = Some((report.client_id, report.order_id));
        let key = self.find(report.perm_id, by_client, ours.as_ref().map(|ours| &ours.0));
        let ours = ours.filter(|(id, _)| key.is_some() || self.book.by_ref(id).is_none());
        let Ok(instrument) = self.contracts.identify(&report.contract) else {
            let text =
                format!("execution {} of an unknown contract was not booked", report.execution.exec_id);
            out.push(Command::Notice { text });
            return;
        };
        if report.contract.sec_type == SecType::Combo {
            // A line for the whole; its legs are executions of their own, and they move the positions.
            self.note_combo_execution(key, report);
            return;
        }
        let owner = key.and_then(|key| self.book.get(key)).map(|state| state.owner.clone());
        let by_ref = ours.as_ref().map(|ours| ours.1.clone());
        if owner.as_ref().or(by_ref.as_ref()) == Some(&Owner::Fleet) {
            self.share_execution(now, key, report, &instrument, out);
            return;
        }
        let bot = owner.and_then(|owner| owner.bot().cloned()).or_else(|| by_ref?.bot().cloned());
        let mut execution = report.execution.clone();
        execution.instrument = instrument;
        execution.cl_ord_id = ours.map(|o| o.0).or_else(|| self.book.get(key?)?.cl_ord_id.clone());
        let Some(terms) = Terms::of(&report.contract).or_else(|| self.terms(&execution.instrument)) else {
            let id = &execution.exec_id;
            let text = format!("execution {id} was not booked: its currency or multiplier is not known");
            out.push(Command::Notice { text });
            return;
        };
        let posted = self.ledger.post(&execution, bot.as_ref(), terms);
        match &posted {
            Ok(Posted::New | Posted::Corrected) => {
                self.note_moved(&execution.exec_id, execution.cl_ord_id.as_ref());
            }
            // The broker repeats all of a day to whoever asks: nothing has moved, so nobody is told that it has.
            Ok(Posted::Duplicate | Posted::Superseded) => {}
            Ok(Posted::Settled) => self.tell_settled(&execution, out),
            Err(error) => out.push(Command::Notice { text: error.to_string() }),
        }
        if let (Ok(Posted::New | Posted::Corrected), Some(key)) = (&posted, key) {
            self.leg_executed(now, key, report, out);
        }
        if posted == Ok(Posted::New) && self.recon.state != ReconState::Done {
            self.moved.insert((execution.account.clone(), execution.instrument.clone()));
        }
        let is_new = posted == Ok(Posted::New);
        if let Some(key) = key.filter(|key| is_new || self.is_news(*key, report)) {
            self.book.update(key, |state| {
                state.perm_id = named(report.perm_id).or(state.perm_id);
                if state.legs.is_empty() {
                    if is_new {
                        let sum = state.posted_qty.checked_add(execution.last_qty);
                        state.posted_qty = sum.unwrap_or(state.posted_qty);
                    }
                    state.cum_qty = state.cum_qty.max(report.cum_qty);
                } else if is_new {
                    state.post_leg(&execution.instrument, execution.last_qty);
                }
                state.cum_qty = state.cum_qty.max(state.posted_qty);
                state.status = next_status(state, state.status);
            });
        }
        if let Some((key, state)) = key.and_then(|key| Some((key, self.book.get(key)?))) {
            let cum_qty = state.posted_qty.max(report.cum_qty);
            self.closings.hear(key, Word::Executed { cum_qty });
        }
        self.doubt(now, &execution.account, &execution.instrument);
    }

    /// Whether the report of an execution that is known says anything of its order that is not.
    pub(super) fn is_news(&self, key: OrderKey, report: &ExecutionReport) -> bool {
        self.book.get(key).is_some_and(|state| {
            let perm_id = named(report.perm_id).or(state.perm_id);
            let cum_qty = if state.legs.is_empty() { report.cum_qty } else { Qty::ZERO };
            perm_id != state.perm_id
                || cum_qty.max(state.posted_qty) > state.cum_qty
                || next_status(state, state.status) != state.status
        })
    }

    /// The execution, and the holding that it moves, are not what they were.
    pub(super) fn note_moved(&mut self, exec_id: &ExecId, cl_ord_id: Option<&ClOrdId>) {
        let Some(row) = self.ledger.execution(exec_id) else { return };
        if let Some(bot) = &row.bot {
            self.results.moved(bot, &row.execution.account, &row.execution.instrument);
        }
        self.changes.executions.insert(exec_id.clone(), cl_ord_id.cloned());
        self.changes.holdings.insert((row.execution.account, row.execution.instrument));
    }

    /// The ledger cannot tell an execution from those of which it keeps the sums. Once in a round: the broker
    /// repeats all of a day.
    fn tell_settled(&mut self, execution: &Execution, out: &mut Vec<Command>) {
        let Some(until) = self.ledger.settled().filter(|_| !self.told_settled) else { return };
        self.told_settled = true;
        let id = &execution.exec_id;
        out.push(Command::Notice {
            text: format!(
                "execution {id} and maybe others of this answer were not booked: up to {until} only the sums of \
                 executions are kept, and these are most likely among them; if one is not, the broker's holding differs"
            ),
        });
    }

    fn note_combo_execution(&mut self, key: Option<OrderKey>, report: &ExecutionReport) {
        let Some(key) = key else { return };
        self.book.update(key, |state| {
            state.perm_id = named(report.perm_id).or(state.perm_id);
            state.cum_qty = state.cum_qty.max(report.cum_qty);
            state.status = next_status(state, state.status);
        });
    }
}
