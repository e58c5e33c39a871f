//! The commands and their options, as clap reads them.

mod allocation;
mod calendar;
mod drill;
mod schedule;
mod simulate;
mod statement;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use plimsoll_runtime::simulator::Pace;

pub(crate) use allocation::{Allocation, ShowAllocation};
pub(crate) use calendar::{AddDay, Calendar};
pub(crate) use drill::{Drill, RunDrill};
pub(crate) use schedule::{ExplainSchedule, Schedule};
pub(crate) use simulate::{Scenario, Simulate};
pub(crate) use statement::{Nightly, Reconcile, Statement};

/// The production layer around automated trading bots.
#[derive(Debug, Parser)]
#[command(
    name = "plimsoll",
    version,
    about,
    max_term_width = 100,
    after_help = "\
Examples:
  plimsoll demo                          one eventful trading day, with and without Plimsoll
  plimsoll drill run late-moc-half-day   one pitfall, what happened, what was expected, the verdict
  plimsoll simulate --days 1000          closing days on which anything goes wrong, and what broke
  plimsoll sim ibkr                      a strict venue for any TWS bot, on port 4002
  plimsoll run --config plimsoll.toml    the gateway
  plimsoll orders --history              every order, and which guard denied it
  plimsoll explain stale_data            what that guard is for, and what to do
  plimsoll journal trace --order SPY-trend-20261127-7    all that was heard and decided about one

Exit codes: 0 good, 1 the answer is no, 2 usage or configuration, 3 environment,
4 refused or needs a person, 5 timed out, 70 internal error, 130 interrupted."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show a simulated half day with four bots, with and without Plimsoll. Needs no broker.
    Demo(Demo),
    /// Play a pitfall against gateway and simulator in virtual time, with a verdict. Needs no broker.
    Drill {
        #[command(subcommand)]
        what: Drill,
    },
    /// Play days on which everything goes wrong against gateway and simulator, in virtual time. Needs no broker.
    Simulate(Simulate),
    /// Run the gateway.
    Run(Config),
    /// Run a simulated venue.
    Sim {
        #[command(subcommand)]
        venue: Sim,
    },
    /// Check configuration, disk, calendar and venue; exit 0 if a bot could start.
    Check(Query),
    /// Show the state of the running gateway.
    Status(Ask),
    /// Show how far off this host's clock is, who says so, and how sure that is.
    Clock(Ask),
    /// List the bots.
    Bots(Ask),
    /// List orders, denied ones included: what works and the latest that ended, or all with --history.
    Orders(Orders),
    /// List executions of all days, with or without a running gateway.
    Executions(History),
    /// List positions by bot, net of fees.
    Positions(Ask),
    /// List differences between the ledger and the broker.
    Breaks(Ask),
    /// Show orders over several accounts, and who got what.
    Allocation {
        #[command(subcommand)]
        what: Allocation,
    },
    /// Compare what was booked with the broker's statement, or with what the broker says now.
    Reconcile(Reconcile),
    /// Compare each bot's books with the broker's and with its own database, and block those that differ too much.
    Nightly(Nightly),
    /// Check a Flex statement and its query, or show the query that is needed.
    Statement {
        #[command(subcommand)]
        what: Statement,
    },
    /// Stop new risk, or everything. Needs no confirmation.
    Halt(Halt),
    /// Lift a halt. Needs a person at a terminal.
    Resume(Resume),
    /// Take the broker's side of a break for right. Needs a person at a terminal.
    Accept(Accept),
    /// Show reports over the record of past days.
    Report {
        #[command(subcommand)]
        what: Report,
    },
    /// Explain a guard, with an order that is denied and one that passes.
    Explain(Explain),
    /// Show trading sessions, half days and cutoffs.
    Calendar {
        #[command(subcommand)]
        what: Calendar,
    },
    /// Show when the jobs of the configuration start.
    Schedule {
        #[command(subcommand)]
        what: Schedule,
    },
    /// Verify, read and replay the journal.
    Journal {
        #[command(subcommand)]
        what: Journal,
    },
}

/// Options of `demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Which market day to make up; the same seed gives the same day.
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    /// Venue seconds per second, or `max`.
    #[arg(long, default_value = "210")]
    pub(crate) speed: Pace,
    /// Keep the day's journal here instead of removing it.
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    /// Print one JSON document at the end instead of the view.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where the configuration is.
#[derive(Debug, Args)]
pub(crate) struct Config {
    /// The configuration file.
    #[arg(long, default_value = "plimsoll.toml", value_name = "FILE")]
    pub(crate) config: PathBuf,
}

/// A question about the gateway's files.
#[derive(Debug, Args)]
pub(crate) struct Query {
    #[command(flatten)]
    pub(crate) config: Config,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where the running gateway is.
#[derive(Debug, Args)]
pub(crate) struct Reach {
    #[command(flatten)]
    pub(crate) config: Config,
    /// The gateway's state directory; then no configuration file is read.
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
}

/// A question to the running gateway.
#[derive(Debug, Args)]
pub(crate) struct Ask {
    #[command(flatten)]
    pub(crate) reach: Reach,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Options of `orders`.
#[derive(Debug, Args)]
pub(crate) struct Orders {
    /// Of all days, with or without a running gateway.
    #[arg(long)]
    pub(crate) history: bool,
    #[command(flatten)]
    pub(crate) past: History,
}

/// A question about the past, answered from the journal's tables.
#[derive(Debug, Args)]
pub(crate) struct History {
    #[command(flatten)]
    pub(crate) reach: Reach,
    /// From this UTC date or instant on.
    #[arg(long, value_name = "DATE", value_parser = instant)]
    pub(crate) from: Option<jiff::Timestamp>,
    /// Before this UTC date or instant.
    #[arg(long, value_name = "DATE", value_parser = instant)]
    pub(crate) to: Option<jiff::Timestamp>,
    /// Only this bot's.
    #[arg(long)]
    pub(crate) bot: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `2026-11-27` is its first instant in UTC; anything longer names its own zone.
fn instant(text: &str) -> Result<jiff::Timestamp, String> {
    if let Ok(date) = text.parse::<jiff::civil::Date>() {
        return date.to_zoned(jiff::tz::TimeZone::UTC).map(|day| day.timestamp()).map_err(|e| e.to_string());
    }
    text.parse().map_err(|_| "write a date (2026-11-27) or an instant (2026-11-27T14:30:00Z)".to_owned())
}

/// A date alone does not say when, nor a time without an offset where.
fn venue_time(text: &str) -> Result<jiff::Timestamp, String> {
    text.parse().map_err(|_| "write date, time and offset, as in 2026-11-27T09:31:00-05:00".to_owned())
}

/// Which venue.
#[derive(Debug, Subcommand)]
pub(crate) enum Sim {
    /// Interactive Brokers' TWS API.
    Ibkr(Box<SimIbkr>),
}

/// Options of `sim ibkr`.
#[derive(Debug, Args)]
pub(crate) struct SimIbkr {
    /// Where TWS clients connect.
    #[arg(long, default_value = "127.0.0.1:4002")]
    pub(crate) listen: SocketAddr,
    /// Where the HTTP control interface is.
    #[arg(long, default_value = "127.0.0.1:4082")]
    pub(crate) control: SocketAddr,
    /// Enforce the rules of live trading, or only those of paper accounts.
    #[arg(long, value_enum, default_value_t = Profile::Live)]
    pub(crate) profile: Profile,
    /// The accounts of the login; the first is the default account.
    #[arg(long, value_delimiter = ',', default_value = "DU1111111,DU2222222")]
    pub(crate) accounts: Vec<String>,
    /// The cash of each account, in US dollars.
    #[arg(long, default_value = "1000000")]
    pub(crate) cash: String,
    /// The venue's time at the start; if absent now, or shortly before the first bar of a replayed market.
    #[arg(long, value_name = "RFC3339", value_parser = venue_time)]
    pub(crate) start: Option<jiff::Timestamp>,
    /// Venue seconds per second, or `max`.
    #[arg(long, default_value = "1")]
    pub(crate) speed: Pace,
    /// What an order without account meets in the live profile.
    #[arg(long, value_enum, default_value_t = MissingAccount::Default)]
    pub(crate) missing_account: MissingAccount,
    /// The client that sees the orders of all clients.
    #[arg(long, value_name = "CLIENT")]
    pub(crate) master_client_id: Option<i32>,
    /// The API may only read: orders and some lists are refused with 321.
    #[arg(long)]
    pub(crate) read_only_api: bool,
    /// Tell 10349 for each order without time in force, as TWS does with its order presets.
    #[arg(long)]
    pub(crate) announce_preset_tif: bool,
    /// Do not hand a returning client its open orders before its next order id.
    #[arg(long)]
    pub(crate) no_push_open_orders: bool,
    /// Refuse with 163 a limit that is further through the market than this many percent.
    #[arg(long, value_name = "PERCENT")]
    pub(crate) price_percent_max: Option<u32>,
    /// Refuse with 10311 an order in a stock that names an exchange, as TWS does until its precaution is bypassed.
    #[arg(long)]
    pub(crate) direct_route_precaution: bool,
    /// How executions are dated.
    #[arg(long, value_enum)]
    pub(crate) execution_times: Option<ExecutionTimes>,
    /// How contract details write trading hours.
    #[arg(long, value_enum, default_value_t = TradingHours::Dated)]
    pub(crate) trading_hours: TradingHours,
    /// What clients are told around an execution.
    #[arg(long, value_enum, default_value_t = Sequences::Plain)]
    pub(crate) sequences: Sequences,
    /// The price list for commissions.
    #[arg(long, value_enum, default_value_t = FeePlan::Fixed)]
    pub(crate) fees: FeePlan,
    /// Charge the fees of SEC, FINRA and the audit trail too.
    #[arg(long)]
    pub(crate) regulatory_fees: bool,
    /// Market data lines of the login, shared by all clients.
    #[arg(long, default_value_t = 100)]
    pub(crate) market_data_lines: usize,
    /// Quotes a second on each line; TWS tells those of stocks four times a second.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub(crate) quotes_per_second: u32,
    /// Where prices come from: `synthetic`, or a folder of bar files to be replayed.
    #[arg(long, default_value = "synthetic", value_name = "synthetic|DIR")]
    pub(crate) market: String,
    /// The instruments that exist; all built-in ones if absent.
    #[arg(long, value_delimiter = ',')]
    pub(crate) symbols: Vec<String>,
    /// The same seed gives the same market.
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    /// Faults to inject, as TOML tables `[[fault]]` with the keys of `POST /faults`.
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// Write every frame in and out here, as JSON lines.
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
}

/// Which rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    Live,
    Paper,
}

/// How contract details write trading hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TradingHours {
    /// `20261127:0930-20261127:1300`, six days.
    Dated,
    /// `20261127:0930-1300`, two days: older gateways.
    Old,
}

/// How executions are dated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExecutionTimes {
    /// In New York time, with the zone's name.
    Zoned,
    /// In UTC with a dash, which some libraries misread.
    Utc,
}

/// What clients are told around an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sequences {
    /// Always the most usual sequence.
    Plain,
    /// Other recorded ones too, drawn by the seed.
    Varied,
}

/// The price list for commissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FeePlan {
    /// IBKR Pro Fixed.
    Fixed,
    /// IBKR Pro Tiered.
    Tiered,
}

/// What an order without account meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MissingAccount {
    /// It goes to the default account, silently.
    Default,
    /// Error 321.
    #[value(name = "321")]
    Error321,
    /// Error 435.
    #[value(name = "435")]
    Error435,
}

/// Options of `halt`.
#[derive(Debug, Args)]
pub(crate) struct Halt {
    /// Only this bot; the whole fleet if absent.
    pub(crate) bot: Option<String>,
    /// Cancel everything and refuse reducing orders too.
    #[arg(long)]
    pub(crate) all: bool,
    /// Why, for the journal.
    #[arg(long, default_value = "operator")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) reach: Reach,
}

/// Options of `resume`.
#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// Only this bot; the whole fleet if absent.
    pub(crate) bot: Option<String>,
    /// Why, for the journal.
    #[arg(long, default_value = "operator")]
    pub(crate) reason: String,
    /// The operator's token, for use without a terminal.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reach: Reach,
}

/// Options of `accept`.
#[derive(Debug, Args)]
pub(crate) struct Accept {
    /// The account of the break, as `plimsoll breaks` shows it.
    pub(crate) account: String,
    /// Its symbol.
    pub(crate) symbol: String,
    /// Why, for the journal.
    #[arg(long, default_value = "operator")]
    pub(crate) reason: String,
    /// The operator's token, for use without a terminal.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reach: Reach,
}

/// What to report.
#[derive(Debug, Subcommand)]
pub(crate) enum Report {
    /// List the orders that a live account would have refused, and what became of them here.
    PaperVsLive(History),
}

/// Options of `explain`.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// A guard, such as `stale_data`; the list of all if absent.
    pub(crate) what: Option<String>,
    /// List everything that can be explained.
    #[arg(long)]
    pub(crate) list: bool,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Questions about the journal.
#[derive(Debug, Subcommand)]
pub(crate) enum Journal {
    /// Prove that no record is missing or changed; exit 1 if one is.
    Verify(JournalPlace),
    /// Print one line per event and decision.
    Trace {
        #[command(flatten)]
        place: JournalPlace,
        /// Only lines about this order: a reference such as `SPY-trend-20261127-7`.
        #[arg(long)]
        order: Option<String>,
        /// Only from this instant on.
        #[arg(long, value_name = "RFC3339")]
        from: Option<jiff::Timestamp>,
    },
    /// Run the journal through the bridge again; exit 1 if any decision differs.
    Replay(JournalPlace),
    /// Make the tables that `orders --history` and `executions` ask, from the journal alone.
    Project {
        #[command(flatten)]
        place: JournalPlace,
        /// The file to make; the state directory's own if absent, and then no gateway may run.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Print the records as JSON lines.
    Export {
        #[command(flatten)]
        place: JournalPlace,
        /// Only JSON lines so far.
        #[arg(long, default_value = "jsonl")]
        format: String,
    },
}

/// Which journal.
#[derive(Debug, Args)]
pub(crate) struct JournalPlace {
    /// A journal directory or segment; the configured state directory's journal if absent.
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) config: Config,
    /// Print JSON where there is a report.
    #[arg(long)]
    pub(crate) json: bool,
}
