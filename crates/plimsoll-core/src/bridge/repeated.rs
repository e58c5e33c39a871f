//! What the broker repeats: the executions of a day and their commissions, to every bot that asks, as often as it asks.
//!
//! A day may have tens of thousands, and of an answer nearly all is known. Such a line is the bot's to read and changes
//! nothing in here, so it needs no record in the journal, and no order has to wait behind it.
//!
//! Invariant: a line for which [`Bridge::repeated`] finds something leaves the bridge as it was if it is fed all the same,
//! but for which executions the link was shown; and of those nothing is shown that would not be shown without it.

use plimsoll_model::{ExecId, ExecutionReport, LinkId, Report, SecType};

use super::Bridge;
use super::shown::Viewer;
use crate::Rewrite;
use crate::recon::ReconState;

/// A line that says nothing new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repeated {
    /// It is not for this bot.
    Hidden,
    /// The bot is shown it, with these rewrites.
    Shown(Vec<Rewrite>),
}

impl Bridge {
    /// What a bot is to see of a line that changes nothing; none for one that has to be fed.
    pub fn repeated(&mut self, link: LinkId, report: &Report) -> Option<Repeated> {
        let found = self.find_repeated(link, report);
        // A day's executions come with no event between them: what was unpacked for one goes before the next.
        self.book.look_away();
        found
    }

    fn find_repeated(&self, link: LinkId, report: &Report) -> Option<Repeated> {
        match report {
            Report::Execution(execution) => self.repeated_execution(link, execution),
            Report::Commission { exec_id, charge: Some(charge) } => {
                let viewer = self.viewer(link).filter(|_| self.ledger.has_fee(exec_id, *charge))?;
                let is_shown = self.sees_commission(link, viewer, exec_id);
                Some(if is_shown { Repeated::Shown(vec![]) } else { Repeated::Hidden })
            }
            _ => None,
        }
    }

    fn repeated_execution(&self, link: LinkId, report: &ExecutionReport) -> Option<Repeated> {
        // One that comes by itself says that copies are owed; in a round everything counts.
        if report.req_id.is_none() || self.recon.state != ReconState::Done {
            return None;
        }
        let viewer = self.viewer(link)?;
        if report.contract.sec_type == SecType::Combo {
            return None;
        }
        let instrument = self.contracts.identify(&report.contract).ok()?;
        let mut execution = report.execution.clone();
        execution.instrument = instrument;
        if !self.ledger.has(&execution) || !self.is_doubt_current(&execution.account, &execution.instrument) {
            return None;
        }
        // As `note_execution` finds it: an order that only our reference names would learn the broker's number.
        let by_client = Some((report.client_id, report.order_id));
        let key = self.find(report.perm_id, by_client, None)?;
        if self.is_news(key, report) {
            return None;
        }
        if !self.sees_execution(viewer, report) {
            return Some(Repeated::Hidden);
        }
        // Otherwise the link has to remember that it was shown this, or the commission would be withheld.
        let is_remembered = self.sees_commission(link, viewer, &execution.exec_id);
        is_remembered.then(|| Repeated::Shown(self.execution_rewrites(viewer, report)))
    }

    /// Whether the commission of an execution is for the bot: of its own, and of what it was shown.
    pub(super) fn sees_commission(&self, link: LinkId, viewer: Viewer<'_>, exec_id: &ExecId) -> bool {
        if self.allocations.of_execution(exec_id).is_some() {
            // Its bot is told by ourselves.
            return self.links.get(link).is_some_and(|state| state.was_shown(exec_id));
        }
        let is_own = self
            .ledger
            .posted_for(exec_id)
            .is_some_and(|(account, bot)| viewer.has(account) && bot == Some(&viewer.bot.name));
        is_own || self.links.get(link).is_some_and(|state| state.was_shown(exec_id))
    }
}
