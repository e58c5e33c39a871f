//! What is traded: the venue's contract as a message names it, and our identifier of it.

use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;

use crate::{ConId, Currency};

/// The kind of a contract, TWS's `secType`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecType {
    /// `STK`, stocks and ETFs.
    Stock,
    /// `OPT`.
    Option,
    /// `FUT`.
    Future,
    /// `FOP`.
    FutureOption,
    /// `CASH`, forex.
    Forex,
    /// `BAG`, several legs in one order.
    Combo,
    /// Any other, by its wire word.
    Other(Box<str>),
}

impl SecType {
    /// From the wire word.
    pub fn from_wire(word: &str) -> Self {
        match word {
            "STK" => Self::Stock,
            "OPT" => Self::Option,
            "FUT" => Self::Future,
            "FOP" => Self::FutureOption,
            "CASH" => Self::Forex,
            "BAG" => Self::Combo,
            other => Self::Other(other.into()),
        }
    }

    /// The wire word.
    pub fn as_wire(&self) -> &str {
        match self {
            Self::Stock => "STK",
            Self::Option => "OPT",
            Self::Future => "FUT",
            Self::FutureOption => "FOP",
            Self::Forex => "CASH",
            Self::Combo => "BAG",
            Self::Other(word) => word,
        }
    }
}

/// A contract as a message names it. Bots often leave most of it empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// The broker's number, if named.
    pub con_id: Option<ConId>,
    /// The symbol; may be empty when `con_id` names the contract.
    pub symbol: Box<str>,
    /// The kind.
    pub sec_type: SecType,
    /// `YYYYMM[DD]` or empty.
    pub expiry: Box<str>,
    /// Of options.
    pub strike: Option<Decimal>,
    /// `C`, `P` or empty.
    pub right: Box<str>,
    /// Units per contract; none means one.
    pub multiplier: Option<Decimal>,
    /// Where the order is routed.
    pub exchange: Box<str>,
    /// The listing exchange, if named.
    pub primary_exchange: Box<str>,
    /// The currency as sent; may be empty.
    pub currency: Box<str>,
    /// The venue's local symbol, if named.
    pub local_symbol: Box<str>,
    /// The trading class, if named.
    pub trading_class: Box<str>,
}

impl Contract {
    /// A stock or ETF on SMART.
    pub fn stock(symbol: &str, currency: Currency) -> Self {
        Self {
            con_id: None,
            symbol: symbol.into(),
            sec_type: SecType::Stock,
            expiry: "".into(),
            strike: None,
            right: "".into(),
            multiplier: None,
            exchange: "SMART".into(),
            primary_exchange: "".into(),
            currency: currency.as_str().into(),
            local_symbol: "".into(),
            trading_class: "".into(),
        }
    }
}

/// Our identifier of an instrument. A US stock is its symbol (`SPY`); everything else spells out kind
/// and currency (`EUR.CASH.USD`, `SPY.OPT.USD.20261218.C.500`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstrumentId(Arc<str>);

impl InstrumentId {
    /// The identifier of the contract, or nothing if the contract has no symbol.
    pub fn of(contract: &Contract) -> Option<Self> {
        if contract.symbol.is_empty() {
            return None;
        }
        let currency = if contract.currency.is_empty() { "USD" } else { &contract.currency };
        if contract.sec_type == SecType::Stock && currency == "USD" {
            return Some(Self((*contract.symbol).into()));
        }
        let mut text = format!("{}.{}.{currency}", contract.symbol, contract.sec_type.as_wire());
        let strike = contract.strike.filter(|s| !s.is_zero()).map(|s| s.normalize().to_string());
        let right = contract.right.trim_matches('?');
        for part in [&*contract.expiry, right, strike.as_deref().unwrap_or("")] {
            if !part.is_empty() && part != "0" {
                text.push('.');
                text.push_str(part);
            }
        }
        Some(Self(text.into()))
    }

    /// The identifier of a stock or ETF in US dollars.
    pub fn us_stock(symbol: &str) -> Self {
        Self(symbol.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstrumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for InstrumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_us_stock_is_its_symbol_and_nothing_else_is() {
        let spy = Contract::stock("SPY", Currency::USD);
        assert_eq!(InstrumentId::of(&spy).unwrap().as_str(), "SPY");
        let call = Contract {
            sec_type: SecType::Option,
            expiry: "20261218".into(),
            strike: Some(Decimal::from(500)),
            right: "C".into(),
            ..spy
        };
        assert_eq!(InstrumentId::of(&call).unwrap().as_str(), "SPY.OPT.USD.20261218.C.500");
    }

    #[test]
    fn an_empty_currency_means_us_dollars() {
        let bare = Contract { currency: "".into(), ..Contract::stock("SPY", Currency::USD) };
        assert_eq!(InstrumentId::of(&bare), Some(InstrumentId::us_stock("SPY")));
    }
}
