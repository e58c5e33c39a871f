//! Identifiers. Each is a type of its own, so that an order id can never be passed for a request id.

use std::fmt;
use std::sync::Arc;

/// A text identifier that is never empty. Shared, because an order carries its own through book, outbox and
/// ledger, and copies must cost next to nothing.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The identifier, if the text is a valid one.
            pub fn new(text: &str) -> Option<Self> {
                let valid: fn(&str) -> bool = $valid;
                (!text.is_empty() && valid(text)).then(|| Self(text.into()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// A broker account, `U1234567`. There is no empty account: pitfall 7 is an order that had none.
    Account,
    |text| text.len() <= 32 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
);
text_id!(
    /// A bot by its name in the configuration: small letters, digits, underscore.
    BotName,
    |text| text.len() <= 32
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
);
text_id!(
    /// Our order reference (FIX 11): symbol, bot, exchange trade date, counter, `SPY-trend-20261127-7`.
    ClOrdId,
    |text| text.len() <= 128 && text.is_ascii()
);
text_id!(
    /// The venue's identifier of one execution (FIX 17).
    ExecId,
    |text| text.len() <= 128
);

impl ExecId {
    /// The part that stays when the venue corrects the execution: TWS repeats the id with a higher last
    /// part (`…01.02` after `…01.01`), and the later one replaces the earlier.
    pub fn without_revision(&self) -> &str {
        self.0.rsplit_once('.').map_or(&*self.0, |(stem, _)| stem)
    }
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

number_id!(
    /// The number that a TWS API client chose for its connection.
    ClientId(i32)
);
number_id!(
    /// The number that a TWS API client chose for an order; unique per client id only.
    OrderId(i32)
);
number_id!(
    /// The number that a TWS API client chose for a request.
    ReqId(i32)
);
number_id!(
    /// The broker's number of an order, kept through restarts (FIX 37). 64 bits from server version 191.
    PermId(i64)
);
number_id!(
    /// The broker's number of a contract.
    ConId(i32)
);
number_id!(
    /// One TCP connection of a bot, or our own to a venue; counted up, never reused within a journal.
    LinkId(u64)
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_account_does_not_exist() {
        assert_eq!(Account::new(""), None);
        assert_eq!(Account::new("U1 OR 1=1"), None);
        assert!(Account::new("DUP770846").is_some());
    }

    #[test]
    fn a_corrected_execution_keeps_its_stem() {
        let first = ExecId::new("0000e0d5.69dd7411.01.01").unwrap();
        let second = ExecId::new("0000e0d5.69dd7411.01.02").unwrap();
        assert_eq!(first.without_revision(), second.without_revision());
    }
}
