//! The IBKR venue.
//!
//! Owns its configuration and the pieces: orders, accounts and matching in model terms (`exchange` and
//! the files that extend it), and what speaks TWS on top of them.

mod accounts;
mod admit;
mod adviser;
mod announced;
mod auction;
mod booked;
mod by_hand;
mod cancel;
mod change;
mod combo;
mod condition;
mod conn;
mod efficiency;
mod entry;
mod exchange;
mod expiry;
mod fault;
mod faults;
mod faults_listed;
mod fees;
mod fill;
mod kinds;
mod links;
mod lockstep;
mod order;
mod permits;
mod posting;
mod profile;
mod rules;
mod sequence;
mod server;
mod settings;
mod snapshot_cache;
mod state;
mod style;
mod tamper;
mod terms;
mod trail;
mod venue;
mod violation;
mod worth;

#[cfg(test)]
mod tests;

use bytes::Bytes;
use jiff::Timestamp;
use plimsoll_model::{Account, ClientId};
use rust_decimal::Decimal;

pub use announced::AnnouncedHours;
pub use booked::{BookedExecution, BookedOrder, BrokenRule};
pub use fault::{Fault, FaultKind, ManualOrder, ManualTrade, QuoteFieldName, SideName, SpanText, Which};
pub use settings::{ExecutionTimes, FeePlan, Sequences, TradingHours, TwsSettings};
pub use state::{PriceByHand, StateView};
pub use venue::IbkrVenue;
pub use violation::violation_kinds;

/// One connection; the runtime gives the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// What the runtime has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Write these bytes.
    Send {
        /// Where.
        conn: ConnId,
        /// What.
        bytes: Bytes,
    },
    /// End the connection after what was written before.
    Close {
        /// Which.
        conn: ConnId,
    },
    /// End the connection at once with a reset; what was not yet written is lost.
    Reset {
        /// Which.
        conn: ConnId,
    },
    /// Leave what comes from the connection unread, so that its buffers fill and its client has to wait. Bytes that
    /// were read before may still be handed in.
    StopReading {
        /// Which.
        conn: ConnId,
    },
    /// Read from it again. What waited meanwhile is handed in as late.
    ReadOn {
        /// Which.
        conn: ConnId,
    },
    /// Stop (or go on) accepting connections; those that come meanwhile meet a closed port.
    RefuseConnections(bool),
}

/// One fault that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FaultId(pub u64);

/// Why a fault was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// A symbol that is not traded here.
    #[error("symbol `{symbol}` is not traded here; the fault was refused, see the symbols of the simulator")]
    Symbol {
        /// The symbol as it came.
        symbol: Box<str>,
    },
    /// An account that the login does not have.
    #[error(
        "account `{account}` is not one of the login; the fault was refused, see `accounts` in the state"
    )]
    Account {
        /// The account as it came.
        account: Box<str>,
    },
    /// A farm that is not simulated.
    #[error("farm `{farm}` is unknown; the fault was refused, write `usfarm`, `ushmds` or `secdefnj`")]
    Farm {
        /// The farm as it came.
        farm: Box<str>,
    },
    /// A code that does not mean this.
    #[error(
        "code {code} does not say that data is not subscribed; the fault was refused, write 354, 10089, 10090, 10091, 10168 or 10186"
    )]
    Code {
        /// The code as it came.
        code: i32,
    },
    /// Hours that cannot be announced.
    #[error(transparent)]
    Hours(#[from] crate::market::announced::AnnounceError),
    /// More than can be kept.
    #[error("more than {max} faults at once; the fault was refused, heal the others first")]
    TooMany {
        /// The limit.
        max: usize,
    },
}

/// Why an order by hand was not entered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct ManualOrderError {
    text: String,
}

/// Why a price was not set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// A symbol that is not traded here.
    #[error("symbol `{symbol}` is not traded here; the price was not set")]
    Symbol {
        /// The symbol as it came.
        symbol: Box<str>,
    },
    /// Prices that are no quote.
    #[error(
        "bid below ask in whole cents, or a last price, is what makes a quote of `{symbol}`; the price was not set"
    )]
    Quote {
        /// The symbol.
        symbol: Box<str>,
    },
}

/// Why there is no venue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// No account at all.
    #[error("no account was named; the simulator did not start, give at least one")]
    NoAccount,
    /// A symbol that cannot be one, or twice the same.
    #[error("symbol `{symbol}` is no ticker in capitals, or named twice; the simulator did not start")]
    Symbol {
        /// The symbol as it came.
        symbol: Box<str>,
    },
    /// A symbol of which the bar files know nothing.
    #[error("no bar file has symbol `{symbol}`; the simulator did not start")]
    Unrecorded {
        /// The symbol as it came.
        symbol: Box<str>,
    },
    /// Bar files without a bar in a trading session.
    #[error("no bar inside a trading session was found; the simulator did not start")]
    NoBars,
    /// A start outside the calendar, or outside the bar files.
    #[error(
        "start {start} lies outside the calendar or the bar files, {from} to {to}; the simulator did not start"
    )]
    Start {
        /// The start as it came.
        start: Timestamp,
        /// The first possible start.
        from: Timestamp,
        /// The end of the calendar.
        to: Timestamp,
    },
}

/// Which rules are in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Those of a live account.
    Live,
    /// The weaker ones of a paper account.
    Paper,
}

/// What an order without account meets in the live profile when the login has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingAccount {
    /// It goes to the first account without a word, as with a default allocation.
    Default,
    /// Error 321.
    Error321,
    /// Error 435.
    Error435,
}

/// Everything that decides a run.
#[derive(Debug, Clone)]
pub struct VenueConfig {
    /// The rules.
    pub profile: Profile,
    /// The accounts of the login, the default one first.
    pub accounts: Vec<Account>,
    /// What each account starts with, in dollars.
    pub cash: Decimal,
    /// Venue time at the start.
    pub start: Timestamp,
    /// Decides every price.
    pub seed: u64,
    /// What can be traded; empty means the seven default symbols.
    pub symbols: Vec<Box<str>>,
    /// What an order without account meets.
    pub missing_account: MissingAccount,
    /// The client that sees every other client's orders.
    pub master_client_id: Option<ClientId>,
    /// Whether time waits for clients.
    pub lockstep: bool,
    /// How the TWS in front of the venue is set up.
    pub settings: TwsSettings,
}
