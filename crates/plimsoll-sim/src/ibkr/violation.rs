//! Live rules that a client broke, as rows for whoever asks afterwards.
//!
//! Owns the closed list of kinds. A violation is a record, not a punishment: what the client hears is
//! decided where the rule is applied, and often it hears nothing, as in life.

use jiff::Timestamp;
use plimsoll_model::ClientId;

/// The kinds, with stable names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// An order named no account while the login has several.
    MissingAccount,
    /// An order named an account that the login does not have.
    UnknownAccount,
    /// Two on-close orders of one account could have traded with each other.
    CrossingOnClose,
    /// An on-close order came after its deadline.
    LateOnClose,
    /// An opening order came after its deadline.
    LateOnOpen,
    /// A cancel or change of an on-close order came after the freeze.
    CancelAfterFreeze,
    /// A plain market order came while the market was closed.
    OutsideSession,
    /// An order id that is not above all earlier ones.
    DuplicateOrderId,
    /// A time in force that the order type does not allow.
    TifNotAllowed,
    /// A price that is no whole number of ticks.
    BadTickSize,
    /// A client id that is in use.
    ClientIdInUse,
    /// More than 50 messages in a second.
    MessageRate,
    /// More market data lines than the login has.
    MarketDataLines,
    /// Historical requests too fast.
    HistoricalPacing,
    /// `reqCurrentTime` more than once a second.
    CurrentTimePacing,
    /// More than 20 working orders on one side of a contract in one account.
    TooManyOrders,
    /// More than the account can carry.
    InsufficientFunds,
    /// A limit price too far through the market.
    AggressiveLimit,
    /// A frame that could not be read.
    MalformedFrame,
    /// Too many orders, changes and cancels for what was executed.
    OrderEfficiency,
    /// An order on a login that may only read.
    ReadOnly,
}

impl Kind {
    /// Every kind.
    const ALL: &[Self] = &[
        Self::MissingAccount,
        Self::UnknownAccount,
        Self::CrossingOnClose,
        Self::LateOnClose,
        Self::LateOnOpen,
        Self::CancelAfterFreeze,
        Self::OutsideSession,
        Self::DuplicateOrderId,
        Self::TifNotAllowed,
        Self::BadTickSize,
        Self::ClientIdInUse,
        Self::MessageRate,
        Self::MarketDataLines,
        Self::HistoricalPacing,
        Self::CurrentTimePacing,
        Self::TooManyOrders,
        Self::InsufficientFunds,
        Self::AggressiveLimit,
        Self::MalformedFrame,
        Self::OrderEfficiency,
        Self::ReadOnly,
    ];

    /// The stable name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::MissingAccount => "missing_account",
            Self::UnknownAccount => "unknown_account",
            Self::CrossingOnClose => "crossing_on_close",
            Self::LateOnClose => "late_on_close",
            Self::LateOnOpen => "late_on_open",
            Self::CancelAfterFreeze => "cancel_after_freeze",
            Self::OutsideSession => "outside_session",
            Self::DuplicateOrderId => "duplicate_order_id",
            Self::TifNotAllowed => "tif_not_allowed",
            Self::BadTickSize => "bad_tick_size",
            Self::ClientIdInUse => "client_id_in_use",
            Self::MessageRate => "message_rate",
            Self::MarketDataLines => "market_data_lines",
            Self::HistoricalPacing => "historical_pacing",
            Self::CurrentTimePacing => "current_time_pacing",
            Self::TooManyOrders => "too_many_orders",
            Self::InsufficientFunds => "insufficient_funds",
            Self::AggressiveLimit => "aggressive_limit",
            Self::MalformedFrame => "malformed_frame",
            Self::OrderEfficiency => "order_efficiency",
            Self::ReadOnly => "read_only",
        }
    }
}

/// The stable names of all rules that can be broken.
pub fn violation_kinds() -> impl Iterator<Item = &'static str> {
    Kind::ALL.iter().map(|kind| kind.as_str())
}

/// One row.
#[derive(Debug, Clone)]
pub(crate) struct Violation {
    /// When.
    pub(crate) at: Timestamp,
    /// What.
    pub(crate) kind: Kind,
    /// With which numbers.
    pub(crate) detail: String,
    /// Who.
    pub(crate) client: ClientId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_in_the_list_once_and_in_the_documentation() {
        let page = include_str!("../../../../docs/simulator.md");
        let mut names: Vec<_> = violation_kinds().collect();
        assert!(names.iter().all(|name| page.contains(&format!("`{name}`"))), "{names:?}");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Kind::ReadOnly as usize + 1, "the last kind of all is the last of the list");
    }
}
