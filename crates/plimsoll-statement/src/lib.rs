//! The broker's statements: IBKR Flex XML, the second and independent truth about an account.
//!
//! Owns: reading a file in one pass within named [`limits`], whatever the query left out and whichever date format it was set to;
//! what the rows mean (which repeat others, which cancel others, what moves cash); the query that Plimsoll
//! needs ([`query`]), and what is lost without each part of it.
//!
//! Invariants: amounts are exact or absent; what the file does not say is unknown and never zero; a row is used as a whole or left out
//! with a [`Problem`]; no document type and no entity of a file is ever expanded; text of a file is shown without
//! what could move a terminal's cursor ([`shown`]).
//!
//! Does not own: what the gateway booked, and the comparison with it (`plimsoll_ledger::statement`); files and
//! networks: whoever calls opens them.

mod books;
mod cash;
mod error;
mod holding;
pub mod limits;
mod moment;
mod odd;
pub mod query;
mod read;
mod row;
mod trade;
mod xml;

pub use books::{OwnLedger, books_for_own, bot_of_reference, statement_zone};
pub use cash::{CashReport, CashTransaction};
pub use error::{Problem, ReadError, Refusal, shown};
pub use holding::{Equity, FxMove, Holding, Move, OptionEvent, Rate};
pub use moment::{Moment, STATEMENT_ZONE};
pub use odd::oddities;
pub use read::{Statement, StatementFile, read};
pub use row::Fields;
pub use trade::{Asset, Trade, TradeKind, TradeName};
