//! Jobs, and what may stand in for the on-close orders that they place.

use plimsoll_core::schedule::JobView;
use plimsoll_core::{FallbackView, Snapshot};
use serde::Serialize;

use super::rfc3339;

/// One job.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the field names are the documented interface")]
pub struct JobRow {
    pub job: String,
    pub bot: Option<String>,
    #[serde(rename = "do")]
    pub does: &'static str,
    /// As configured.
    pub when: String,
    pub calendar: String,
    /// `planned`, `waiting` (it is due, and something is missing), `running`, or `ended` where the calendar ends.
    pub state: &'static str,
    /// What is waited for, or why there is no next date.
    pub because: Option<String>,
    /// The next trade date.
    pub date: Option<String>,
    /// When it starts on that.
    pub at: Option<String>,
    /// When it does not start any more.
    pub until: Option<String>,
    pub last: Option<LastRunRow>,
}

/// One on-close order that a market order may stand in for.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the field names are the documented interface")]
pub struct FallbackRow {
    pub job: String,
    pub bot: String,
    /// None while the broker has not said what the bot holds.
    pub account: Option<String>,
    pub symbol: Option<String>,
    /// The on-close order.
    pub order: String,
    pub side: Option<&'static str>,
    /// What of it was not executed, as far as anybody said.
    pub leaves: Option<String>,
    /// When the market order goes.
    pub at: String,
    /// When it has to have arrived.
    pub close: String,
    /// `missed`, `held`, `works`, `unproved`, `dead`, `executed`, `sent` or `settling`.
    pub state: &'static str,
    /// What it waits for, or what is still to be proved.
    pub because: &'static str,
}

/// What became of a job last.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the field names are the documented interface")]
pub struct LastRunRow {
    pub date: String,
    /// When that was known.
    pub at: String,
    /// `started`, `done`, `failed` or `missed`.
    pub outcome: &'static str,
    pub because: Option<String>,
}

pub(super) fn jobs(snapshot: &Snapshot) -> Vec<JobRow> {
    let row = |job: &JobView| JobRow {
        job: job.name.to_string(),
        bot: job.bot.as_ref().map(ToString::to_string),
        does: job.does,
        when: job.at.clone(),
        calendar: job.calendar.to_string(),
        state: job.state,
        because: job.because.clone(),
        date: job.next.map(|(date, _)| date.to_string()),
        at: job.next.map(|(_, at)| rfc3339(at)),
        until: job.until.map(rfc3339),
        last: job.last.as_ref().map(|last| LastRunRow {
            date: last.date.to_string(),
            at: rfc3339(last.at),
            outcome: last.outcome,
            because: last.because.as_ref().map(ToString::to_string),
        }),
    };
    snapshot.jobs.iter().map(row).collect()
}

pub(super) fn fallbacks(snapshot: &Snapshot) -> Vec<FallbackRow> {
    let row = |view: &FallbackView| FallbackRow {
        job: view.job.to_string(),
        bot: view.bot.to_string(),
        account: view.account.as_ref().map(ToString::to_string),
        symbol: view.instrument.as_ref().map(ToString::to_string),
        order: view.order.to_string(),
        side: view.leaves.map(|(side, _)| side.as_str()),
        leaves: view.leaves.map(|(_, qty)| qty.to_string()),
        at: rfc3339(view.at),
        close: rfc3339(view.close),
        state: view.state,
        because: view.because,
    };
    snapshot.fallbacks.iter().map(row).collect()
}
