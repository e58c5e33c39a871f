//! A job as somebody sees it who looks.

use jiff::Timestamp;
use jiff::civil::Date;
use plimsoll_model::BotName;

use super::Slot;
use super::memory::{LastRun, Memory};
use crate::schedule::job::JobName;

/// One job.
#[derive(Debug, Clone)]
pub struct JobView {
    /// Its name.
    pub name: JobName,
    /// Whose; none: the fleet's.
    pub bot: Option<BotName>,
    /// `command`, `cancel_orders` or `halt`.
    pub does: &'static str,
    /// As configured.
    pub at: String,
    /// Whose trade dates.
    pub calendar: Box<str>,
    /// `planned`, `waiting` (due, and something is missing), `running`, or `ended` where the calendar ends.
    pub state: &'static str,
    /// What is waited for, or why there is no next date.
    pub because: Option<String>,
    /// The next trade date, and its instant.
    pub next: Option<(Date, Timestamp)>,
    /// When that is too late.
    pub until: Option<Timestamp>,
    /// What became of it last.
    pub last: Option<LastRun>,
}

impl JobView {
    pub(super) fn of(slot: &Slot, memory: Option<&Memory>) -> Self {
        let running = memory.and_then(Memory::running);
        let (state, because) = match (running, &slot.waits_for, &slot.beyond) {
            (Some(running), ..) => ("running", Some(format!("for {}", running.date))),
            (None, Some(what), _) => ("waiting", Some(what.clone())),
            (None, None, Some(error)) if slot.pending.is_none() => ("ended", Some(error.to_string())),
            (None, None, _) => ("planned", None),
        };
        let job = &slot.job;
        Self {
            name: job.name.clone(),
            bot: job.bot.clone(),
            does: job.action.as_str(),
            at: job.timing.at.to_string(),
            calendar: job.timing.place.calendar.clone(),
            state,
            because,
            next: slot.pending.as_ref().map(|pending| (pending.date, pending.at)),
            until: slot.pending.as_ref().and_then(|pending| pending.until),
            last: memory.and_then(Memory::last).cloned(),
        }
    }
}
