//! The IBKR venue.
//!
//! Owns its configuration and the pieces: orders, accounts and matching in model terms (`exchange` and
//! the files that extend it), and what speaks TWS on top of them.

mod accounts;
mod auction;
mod cancel;
mod entry;
mod exchange;
mod fees;
mod fill;
mod order;
mod rules;
mod violation;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use plimsoll_model::{Account, ClientId};
use rust_decimal::Decimal;

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
}
