//! How things stand, in the shapes that the command line and the pages rely on. Quantities, prices and
//! money are texts: a JSON number is a float to half of its readers.
//!
//! Does not own what is shown; the bridge and the shell say it.

mod allocation;
mod job;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use plimsoll_core::clock::ClockSourceView;
use plimsoll_core::{Snapshot, config::Mode};
use plimsoll_journal::Head;
use plimsoll_model::{BotName, InstrumentId};
use serde::Serialize;

use crate::permissions::Data;

pub use allocation::{AllocationRow, PartRow};
pub use job::{FallbackRow, JobRow, LastRunRow};

/// Everything at one instant.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the field names are the documented interface")]
pub struct View {
    pub status: StatusView,
    pub orders: Vec<OrderRow>,
    pub positions: Vec<PositionRow>,
    pub allocations: Vec<AllocationRow>,
}

/// `plimsoll status --json`.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the field names are the documented interface")]
pub struct StatusView {
    pub state: &'static str,
    pub mode: &'static str,
    pub environment: &'static str,
    pub halt: Option<HaltRow>,
    pub clock: ClockRow,
    pub links: Vec<LinkRow>,
    pub pacing: PacingRow,
    pub history: HistoryRow,
    /// What Plimsoll's own connection has found out; none while it is down.
    pub venue: Option<VenueRow>,
    pub bots: Vec<BotRow>,
    pub breaks: Vec<BreakRow>,
    pub jobs: Vec<JobRow>,
    /// On-close orders of jobs that a market order may stand in for, until after the close.
    pub fallbacks: Vec<FallbackRow>,
    pub journal: JournalRow,
    /// Whether orders of other clients come by themselves: `live`, `absent`, or `unknown` so far.
    pub drop_copy: &'static str,
    /// Days of which the broker lists other hours than the calendar, and no person has said who is right.
    pub disputed_days: Vec<String>,
    /// Keys of the configuration without effect so far.
    pub unenforced: Vec<String>,
}

/// Who stopped the fleet.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the field names are the documented interface")]
pub struct HaltRow {
    pub level: &'static str,
    pub by: String,
    pub reason: String,
}

/// Whose time it is.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the field names are the documented interface")]
pub struct ClockRow {
    pub now: String,
    /// `system`, `followed` or `lockstep`.
    pub source: &'static str,
    /// `good`, `degraded`, `bad` or `stepped`; `followed` where the venue's own time is taken.
    pub state: &'static str,
    /// True time minus ours; negative where ours is ahead. None while nobody knows.
    pub offset_ms: Option<f64>,
    /// How far from that truth may be.
    pub uncertainty_ms: Option<f64>,
    pub sources: Vec<ClockSourceRow>,
}

/// One source of time.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the field names are the documented interface")]
pub struct ClockSourceRow {
    /// `kernel`, `broker`, or a server's `host:port`.
    pub source: String,
    /// True time minus ours, by this source.
    pub offset_ms: Option<f64>,
    pub uncertainty_ms: Option<f64>,
    /// Seconds since it was last heard.
    pub age: Option<u64>,
    /// Whether it fits with what most say.
    pub agrees: bool,
    /// Why it was not heard the last time.
    pub because: Option<String>,
}

/// One connection.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the field names are the documented interface")]
pub struct LinkRow {
    pub link: u64,
    /// `own` for Plimsoll's.
    pub bot: String,
    pub client_id: i32,
    pub server_version: u16,
}

/// The venue, as Plimsoll's own connection knows it.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the field names are the documented interface")]
pub struct VenueRow {
    pub server_version: u16,
    /// All of the login's.
    pub accounts: Vec<String>,
    /// Whether its API takes no orders.
    pub read_only: bool,
    pub market_data: Vec<DataRow>,
}

/// What the venue gives of one instrument.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the field names are the documented interface")]
pub struct DataRow {
    pub symbol: String,
    /// `live`, `delayed`, `refused`, `no_contract`, `ambiguous`, `silent` or `no_answer`.
    pub data: &'static str,
    /// The venue's code, where it refused.
    pub code: Option<i32>,
    /// The venue's words, where it refused.
    pub because: Option<String>,
}

impl DataRow {
    pub(crate) fn new(instrument: &InstrumentId, data: &Data) -> Self {
        let (code, because) = match data {
            Data::Refused { code, text } => (Some(*code), Some(text.to_string())),
            Data::NoContract { text } => (None, Some(text.to_string())),
            Data::Live | Data::Delayed | Data::Ambiguous | Data::Silent | Data::NoAnswer => (None, None),
        };
        Self { symbol: instrument.to_string(), data: data.as_str(), code, because }
    }
}

/// Messages to the venue.
#[derive(Debug, Clone, Serialize)]
pub struct PacingRow {
    /// What the venue takes of all clients of the login together.
    pub per_second: u32,
    /// What left in the last full second.
    pub last_second: u32,
    /// Messages that wait for the next second, by bot. Orders and cancels are never among them.
    pub waiting: BTreeMap<String, usize>,
}

/// Requests for history: the login's budget of them, and what became of them since the start.
#[derive(Debug, Clone, Serialize)]
pub struct HistoryRow {
    /// What counts within ten minutes, of all clients of the login together.
    pub window_max: u32,
    /// How much of it is used.
    pub used: u32,
    /// Requests that are at the venue at once.
    pub open_max: usize,
    /// How many are.
    pub open: usize,
    /// How long until the window takes one more; none if it does now.
    pub next_free_ms: Option<u64>,
    /// Requests that wait, by bot.
    pub waiting: BTreeMap<String, usize>,
    /// Answered with data.
    pub answered: u64,
    /// Those of them that an answer to somebody else's request served.
    pub shared: u64,
    /// Those of them that came from the disk and not from the venue.
    pub kept: u64,
    /// Without data, asked twice, and told as an error.
    pub empty: u64,
    /// The venue said no.
    pub refused: u64,
    /// The venue said nothing, which was told as an error.
    pub unanswered: u64,
    /// Times that a request left once more.
    pub again: u64,
}

/// One bot.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the field names are the documented interface")]
pub struct BotRow {
    pub name: String,
    pub stage: Option<String>,
    pub state: &'static str,
    pub because: Option<String>,
    /// The last order, change or cancel.
    pub last_work: Option<String>,
    /// Seconds since the last price, by instrument; none before the first.
    pub data_age: BTreeMap<String, Option<u64>>,
    /// Whether the guard of stale data is switched off.
    pub stale_data_guard: bool,
    pub sent: usize,
    pub denied: usize,
    pub open: usize,
    pub net: String,
    /// Bars outside of the hours that it asked for.
    pub bars: BarsRow,
}

/// Bars since the start of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct BarsRow {
    /// Not passed on: outside of the session that was asked for.
    pub left_out: u64,
    /// Passed on, and across its open or close.
    pub across: u64,
}

/// `plimsoll orders --json`.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the field names are the documented interface")]
pub struct OrderRow {
    pub bot: Option<String>,
    pub account: Option<String>,
    pub symbol: String,
    pub side: &'static str,
    pub qty: String,
    pub filled: String,
    #[serde(rename = "type")]
    pub ord_type: String,
    pub limit: Option<String>,
    pub status: &'static str,
    pub cl_ord_id: Option<String>,
    pub perm_id: Option<i64>,
    pub denied_by: Option<&'static str>,
    pub since: String,
}

/// `plimsoll positions --json`.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the field names are the documented interface")]
pub struct PositionRow {
    pub bot: Option<String>,
    pub venue: String,
    pub account: String,
    pub symbol: String,
    pub qty: String,
    pub avg_price: Option<String>,
    pub realised_net: String,
    pub fees: String,
    /// Executions whose commission the venue has not named yet.
    pub unknown_fees: u32,
}

/// `plimsoll breaks --json`.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the field names are the documented interface")]
pub struct BreakRow {
    pub account: String,
    pub symbol: String,
    pub ledger: String,
    pub venue: String,
    pub kind: &'static str,
    /// Whether it lasted, is explained by nothing, and keeps new risk out of its instrument.
    pub locked: bool,
    /// When it was first seen by whoever looked, or by a reconciliation.
    pub since: String,
}

/// The end of the journal.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the field names are the documented interface")]
pub struct JournalRow {
    pub seq: u64,
    pub head: String,
    /// `following`, or why the tables of the past do not grow.
    pub projection: String,
}

/// What the shell knows and the bridge does not.
pub(crate) struct ShellFacts<'a> {
    pub(crate) venue: &'a str,
    pub(crate) environment: &'static str,
    pub(crate) clock_source: &'static str,
    pub(crate) head: Head,
    pub(crate) projection: String,
    pub(crate) links: Vec<LinkRow>,
    pub(crate) pacing: PacingRow,
    pub(crate) history: HistoryRow,
    pub(crate) login: Option<VenueRow>,
    pub(crate) stages: &'a BTreeMap<BotName, Box<str>>,
    pub(crate) last_work: &'a BTreeMap<BotName, Timestamp>,
    pub(crate) unguarded: &'a [BotName],
    pub(crate) unenforced: &'a [String],
    pub(crate) breaks_since: &'a BTreeMap<(String, String), Timestamp>,
    pub(crate) bars: BTreeMap<BotName, BarsRow>,
}

impl View {
    pub(crate) fn new(snapshot: &Snapshot, shell: ShellFacts<'_>) -> Self {
        let status = StatusView {
            state: snapshot.state,
            mode: match snapshot.mode {
                Some(Mode::Observe) => "observe",
                Some(Mode::Enforce) | None => "enforce",
            },
            environment: shell.environment,
            halt: snapshot.halt.as_ref().map(|halt| HaltRow {
                level: halt.level.as_str(),
                by: halt.by.to_string(),
                reason: halt.reason.to_string(),
            }),
            clock: clock(snapshot, shell.clock_source),
            bots: bots(snapshot, &shell),
            breaks: breaks(snapshot, &shell),
            jobs: job::jobs(snapshot),
            fallbacks: job::fallbacks(snapshot),
            journal: JournalRow {
                seq: shell.head.seq,
                head: shell.head.hash.to_string(),
                projection: shell.projection,
            },
            drop_copy: snapshot.drop_copy.as_str(),
            disputed_days: snapshot.disputed_days.clone(),
            unenforced: shell.unenforced.to_vec(),
            links: shell.links,
            pacing: shell.pacing,
            history: shell.history,
            venue: shell.login,
        };
        let allocations = snapshot.allocations.iter().map(AllocationRow::new).collect();
        Self { status, orders: orders(snapshot), positions: positions(snapshot, shell.venue), allocations }
    }
}

fn clock(snapshot: &Snapshot, source: &'static str) -> ClockRow {
    let clock = &snapshot.clock;
    let row = |said: &ClockSourceView| ClockSourceRow {
        source: said.source.to_string(),
        offset_ms: said.bounds.map(|bounds| signed_millis(bounds.offset())),
        uncertainty_ms: said.bounds.map(|bounds| millis(bounds.uncertainty())),
        age: said.age.map(|age| age.as_secs()),
        agrees: said.agrees,
        because: said.why.as_ref().map(ToString::to_string),
    };
    ClockRow {
        now: rfc3339(snapshot.at),
        source,
        state: clock.state.as_str(),
        offset_ms: clock.offset.map(signed_millis),
        uncertainty_ms: clock.uncertainty.map(millis),
        sources: clock.sources.iter().map(row).collect(),
    }
}

fn millis(span: Duration) -> f64 {
    SignedDuration::try_from(span).map_or(f64::MAX, signed_millis)
}

/// To the microsecond: what is finer is noise.
fn signed_millis(span: SignedDuration) -> f64 {
    i64::try_from(span.as_micros())
        .map_or(f64::MAX, |micros| SignedDuration::from_micros(micros).as_millis_f64())
}

fn bots(snapshot: &Snapshot, shell: &ShellFacts<'_>) -> Vec<BotRow> {
    let row = |bot: &plimsoll_core::BotView| BotRow {
        name: bot.name.to_string(),
        stage: shell.stages.get(&bot.name).map(ToString::to_string),
        state: bot.state,
        because: bot.because.clone(),
        last_work: shell.last_work.get(&bot.name).map(|at| rfc3339(*at)),
        data_age: bot
            .data_age
            .iter()
            .map(|(id, age)| (id.to_string(), age.map(|age| age.as_secs())))
            .collect(),
        stale_data_guard: !shell.unguarded.contains(&bot.name),
        sent: bot.sent,
        denied: bot.denied,
        open: bot.open,
        net: bot.net.to_string(),
        bars: shell.bars.get(&bot.name).copied().unwrap_or_default(),
    };
    snapshot.bots.iter().map(row).collect()
}

fn orders(snapshot: &Snapshot) -> Vec<OrderRow> {
    let row = |order: &plimsoll_core::OrderView| OrderRow {
        bot: order.bot.as_ref().map(ToString::to_string),
        account: order.account.as_ref().map(ToString::to_string),
        symbol: order.instrument.to_string(),
        side: order.side.as_str(),
        qty: order.qty.to_string(),
        filled: order.cum_qty.to_string(),
        ord_type: order.ord_type.to_string(),
        limit: order.limit_px.map(|px| px.to_string()),
        status: order.status.as_str(),
        cl_ord_id: order.cl_ord_id.as_ref().map(ToString::to_string),
        perm_id: order.perm_id,
        denied_by: order.denied_by.map(plimsoll_core::GuardId::as_str),
        since: rfc3339(order.since),
    };
    snapshot.orders.iter().map(row).collect()
}

fn positions(snapshot: &Snapshot, venue: &str) -> Vec<PositionRow> {
    let row = |position: &plimsoll_core::PositionView| PositionRow {
        bot: position.bot.as_ref().map(ToString::to_string),
        venue: venue.to_owned(),
        account: position.account.to_string(),
        symbol: position.instrument.to_string(),
        qty: position.qty.to_string(),
        avg_price: position.avg_price.map(|px| px.to_string()),
        realised_net: position.realised_net.to_string(),
        fees: position.fees.to_string(),
        unknown_fees: position.unknown_fees,
    };
    snapshot.positions.iter().map(row).collect()
}

fn breaks(snapshot: &Snapshot, shell: &ShellFacts<'_>) -> Vec<BreakRow> {
    let row = |found: &plimsoll_core::BreakView| {
        let key = (found.account.to_string(), found.instrument.to_string());
        let since = shell.breaks_since.get(&key).copied().unwrap_or(snapshot.at);
        BreakRow {
            account: key.0,
            symbol: key.1,
            ledger: found.ledger.to_string(),
            venue: found.broker.to_string(),
            kind: "position",
            locked: found.locked,
            since: rfc3339(since),
        }
    };
    snapshot.breaks.iter().map(row).collect()
}

fn rfc3339(at: Timestamp) -> String {
    at.to_string()
}
