//! What a `.drill` file says, read and checked.

use jiff::{SignedDuration, Timestamp};
use plimsoll_calendar::Announcement;
use plimsoll_core::{GuardId, HaltLevel};
use plimsoll_model::{Account, BotName, Qty};
use plimsoll_sim::bots::ScriptStep;
use plimsoll_sim::{Profile, TwsSettings};
use rust_decimal::Decimal;
use serde_json::Value;

/// One drill.
#[derive(Debug, Clone)]
pub(crate) struct Drill {
    /// Its name: that of its file.
    pub(crate) name: String,
    pub(crate) title: String,
    /// The page in `docs/pitfalls` that it is about.
    pub(crate) pitfall: String,
    /// The guard without which it fails.
    pub(crate) guard: Option<GuardId>,
    /// What else than a guard it shows: a job, or what only a gateway between bots and broker can do.
    pub(crate) shows: Option<String>,
    /// TWS has an order preset, and says so about each order without time in force.
    pub(crate) tws: TwsSettings,
    pub(crate) profile: Profile,
    pub(crate) seed: u64,
    /// The zone of its times, by name.
    pub(crate) zone: jiff::tz::TimeZone,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) accounts: Vec<Account>,
    pub(crate) bots: Vec<Bot>,
    /// What becomes of opposite on-close orders, as the configuration has it.
    pub(crate) crossing: String,
    /// `[[job]]` tables.
    pub(crate) jobs: Vec<String>,
    /// By how much the host's clock is ahead from the start, and what each time server is wrong by. None where the
    /// clock is not part of the drill and taken for right.
    pub(crate) clock: Option<HostClock>,
    /// What happens besides the bots' own acts, in the order of time.
    pub(crate) cues: Vec<Cue>,
    /// What has to come of it, in the order of the file.
    pub(crate) expected: Vec<Expected>,
}

/// One bot.
#[derive(Debug, Clone)]
pub(crate) struct Bot {
    pub(crate) name: BotName,
    pub(crate) client_id: i32,
    pub(crate) account: Account,
    pub(crate) symbols: Vec<Box<str>>,
    /// Keys of its `[[bot]]` table, with values as TOML.
    pub(crate) keys: Vec<(String, String)>,
    pub(crate) steps: Vec<ScriptStep>,
}

/// The clock of the host on which gateway and bots run, and who says what time it is.
#[derive(Debug, Clone)]
pub(crate) struct HostClock {
    pub(crate) ahead: SignedDuration,
    /// What each server is wrong by; none where it does not answer.
    pub(crate) servers: Vec<Option<SignedDuration>>,
}

/// Something that happens at a time.
#[derive(Debug, Clone)]
pub(crate) struct Cue {
    pub(crate) at: Timestamp,
    /// As it is written.
    pub(crate) text: String,
    pub(crate) act: Act,
}

/// What can happen besides the bots' own acts.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// A fault of the simulator.
    Fault(Value),
    /// The simulator's faults end.
    Heal,
    /// A price by hand.
    Price(Value),
    /// The host's clock is set.
    Step(SignedDuration),
    /// The host sleeps so long, and wakes with its clock ahead by so much more.
    Sleep(SignedDuration, SignedDuration),
    /// From now on the time servers are so wrong, or silent.
    Servers(Vec<Option<SignedDuration>>),
    /// The operator halts a bot, or the fleet.
    Halt(HaltLevel, Option<BotName>),
    /// The operator lifts it.
    Resume(Option<BotName>),
    /// A day is announced.
    Announce(Announcement),
    /// The gateway is ended and started again.
    Restart,
    /// A night passes: the books are compared with the venue's, and with what bots believe to have earned.
    Nightly(Vec<Belief>),
    /// So many more copies of a bot are started, each under its client id.
    Copies(BotName, u16),
}

/// What a bot's own database says.
#[derive(Debug, Clone)]
pub(crate) struct Belief {
    pub(crate) bot: BotName,
    /// In dollars.
    pub(crate) profit: Decimal,
}

impl Act {
    /// The fault, if it is one.
    pub(crate) fn as_fault(&self) -> Option<&Value> {
        match self {
            Self::Fault(fault) => Some(fault),
            Self::Heal
            | Self::Price(_)
            | Self::Step(_)
            | Self::Sleep(..)
            | Self::Servers(_)
            | Self::Halt(..)
            | Self::Resume(_)
            | Self::Announce(_)
            | Self::Restart
            | Self::Nightly(_)
            | Self::Copies(..) => None,
        }
    }
}

/// One line of what has to come of it.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) line: usize,
    /// Where its first word is.
    pub(crate) column: usize,
    /// When; none: at the end.
    pub(crate) at: Option<Timestamp>,
    /// As it is written.
    pub(crate) text: String,
    pub(crate) what: Expectation,
}

impl Expectation {
    /// Whether it is about the venue's own books: a bot that is told nothing has come to no harm by that.
    #[cfg(test)]
    pub(crate) fn is_of_the_books(&self) -> bool {
        match self {
            Self::Reached { .. }
            | Self::Filled { .. }
            | Self::Orders(_)
            | Self::Position { .. }
            | Self::NoViolation
            | Self::Violation { .. } => true,
            Self::Denied { .. }
            | Self::Told { .. }
            | Self::Answered { .. }
            | Self::Status { .. }
            | Self::State(_)
            | Self::Clock(_)
            | Self::Job { .. }
            | Self::Breaks(_) => false,
        }
    }
}

/// What can be expected.
#[derive(Debug, Clone)]
pub(crate) enum Expectation {
    /// The order was denied by this guard, and the bot was told so with these words.
    Denied { order: String, guard: GuardId, words: String },
    /// Whether it reached the venue.
    Reached { order: String, reached: bool },
    /// So much of it was executed, by the venue's books.
    Filled { order: String, qty: Qty },
    /// The bot was told this code about it.
    Told { order: String, code: i32 },
    /// Data came in answer to the request.
    Answered { order: String },
    /// The last status that the bot was told.
    Status { order: String, word: String },
    /// So many orders reached the venue.
    Orders(usize),
    /// A position by the venue's books.
    Position { account: Account, symbol: String, qty: Decimal },
    /// No live rule was broken.
    NoViolation,
    /// This one was; so many times where a number is given.
    Violation { kind: String, count: Option<usize> },
    /// The state of the gateway.
    State(String),
    /// The state of its clock.
    Clock(String),
    /// What a job is doing, or what became of it last.
    Job { name: String, word: String },
    /// Differences between ledger and broker.
    Breaks(usize),
}
