//! Requests for market data, history and contracts.

use super::contract::{DeltaNeutralContract, LEGS_MAX, MarketLeg, WireContract, delta_neutral_contract};
use crate::layout::{Fields, Layout, Step};
use crate::{Gate, Text, Word};

/// Subscribes to quotes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqMktData {
    /// The request this belongs to.
    pub req_id: i32,
    /// Which contract.
    pub contract: WireContract,
    /// Of combos.
    pub legs: Vec<MarketLeg>,
    /// Of delta-neutral combos.
    pub delta_neutral: Option<DeltaNeutralContract>,
    /// Numbers separated by commas.
    pub generic_ticks: Word,
    /// One answer instead of a stream.
    pub snapshot: bool,
    /// A paid snapshot.
    pub regulatory_snapshot: bool,
    /// Internal use.
    pub options: Text,
}

impl Layout for ReqMktData {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        self.contract.twelve(f)?;
        if self.contract.is_bag() {
            f.list("comboLegsCount", &mut self.legs, LEGS_MAX, |f, leg| leg.layout(f))?;
        }
        delta_neutral_contract(f, &mut self.delta_neutral)?;
        f.visit("genericTickList", &mut self.generic_ticks)?;
        f.visit("snapshot", &mut self.snapshot)?;
        f.visit("regulatorySnapshot", &mut self.regulatory_snapshot)?;
        f.visit("mktDataOptions", &mut self.options)?;
        Ok(())
    }
}

/// Asks what a contract is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqContractDetails {
    /// The request this belongs to.
    pub req_id: i32,
    /// Which contract.
    pub contract: WireContract,
    /// Expired futures too.
    pub include_expired: bool,
    /// `ISIN`, `CUSIP`, …
    pub sec_id_type: Word,
    /// The security by that scheme.
    pub sec_id: Word,
    /// Issuer of a bond.
    pub issuer_id: Word,
}

impl Layout for ReqContractDetails {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        self.contract.twelve(f)?;
        f.visit("includeExpired", &mut self.include_expired)?;
        f.visit("secIdType", &mut self.sec_id_type)?;
        f.visit("secId", &mut self.sec_id)?;
        if f.has(Gate::BondIssuer) {
            f.visit("issuerId", &mut self.issuer_id)?;
        }
        Ok(())
    }
}

/// Asks for bars.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqHistoricalData {
    /// The request this belongs to.
    pub req_id: i32,
    /// Which contract.
    pub contract: WireContract,
    /// Expired futures too.
    pub include_expired: bool,
    /// Up to this instant; the empty text means the present.
    pub end: Word,
    /// `1 day`.
    pub bar_size: Word,
    /// `2 D`.
    pub duration: Word,
    /// Regular hours only.
    pub use_rth: bool,
    /// `TRADES`.
    pub what: Word,
    /// 1 text, 2 epoch seconds.
    pub format_date: i32,
    /// Of combos.
    pub legs: Vec<MarketLeg>,
    /// Goes on with updates of the last bar.
    pub keep_up_to_date: bool,
    /// Internal use.
    pub options: Text,
}

impl Layout for ReqHistoricalData {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        self.contract.twelve(f)?;
        f.visit("includeExpired", &mut self.include_expired)?;
        f.visit("endDateTime", &mut self.end)?;
        f.visit("barSizeSetting", &mut self.bar_size)?;
        f.visit("durationStr", &mut self.duration)?;
        f.visit("useRTH", &mut self.use_rth)?;
        f.visit("whatToShow", &mut self.what)?;
        f.visit("formatDate", &mut self.format_date)?;
        if self.contract.is_bag() {
            f.list("comboLegsCount", &mut self.legs, LEGS_MAX, |f, leg| leg.layout(f))?;
        }
        f.visit("keepUpToDate", &mut self.keep_up_to_date)?;
        f.visit("chartOptions", &mut self.options)?;
        Ok(())
    }
}

/// Subscribes to five-second bars.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqRealTimeBars {
    /// The request this belongs to.
    pub req_id: i32,
    /// Which contract.
    pub contract: WireContract,
    /// 5.
    pub bar_size: i32,
    /// `TRADES`.
    pub what: Word,
    /// Regular hours only.
    pub use_rth: bool,
    /// Internal use.
    pub options: Text,
}

impl Layout for ReqRealTimeBars {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        self.contract.twelve(f)?;
        f.visit("barSize", &mut self.bar_size)?;
        f.visit("whatToShow", &mut self.what)?;
        f.visit("useRTH", &mut self.use_rth)?;
        f.visit("realTimeBarsOptions", &mut self.options)?;
        Ok(())
    }
}

/// Which kind of data later subscriptions get.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqMarketDataType {
    /// 1 live, 2 frozen, 3 delayed, 4 delayed and frozen.
    pub kind: i32,
}

impl Layout for ReqMarketDataType {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("marketDataType", &mut self.kind)?;
        Ok(())
    }
}

/// Asks for option chains.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqSecDefOptParams {
    /// The request this belongs to.
    pub req_id: i32,
    /// Of the underlying.
    pub symbol: Word,
    /// Of future options.
    pub exchange: Word,
    /// Of the underlying.
    pub sec_type: Word,
    /// Of the underlying.
    pub con_id: i32,
}

impl Layout for ReqSecDefOptParams {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("underlyingSymbol", &mut self.symbol)?;
        f.visit("futFopExchange", &mut self.exchange)?;
        f.visit("underlyingSecType", &mut self.sec_type)?;
        f.visit("underlyingConId", &mut self.con_id)?;
        Ok(())
    }
}

/// Searches contracts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqMatchingSymbols {
    /// The request this belongs to.
    pub req_id: i32,
    /// Part of a symbol or name.
    pub pattern: Text,
}

impl Layout for ReqMatchingSymbols {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("pattern", &mut self.pattern)?;
        Ok(())
    }
}

/// Asks for the first moment of history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqHeadTimestamp {
    /// The request this belongs to.
    pub req_id: i32,
    /// Which contract.
    pub contract: WireContract,
    /// Expired futures too.
    pub include_expired: bool,
    /// Regular hours only.
    pub use_rth: bool,
    /// `TRADES`.
    pub what: Word,
    /// 1 text, 2 epoch seconds.
    pub format_date: i32,
}

impl Layout for ReqHeadTimestamp {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        self.contract.twelve(f)?;
        f.visit("includeExpired", &mut self.include_expired)?;
        f.visit("useRTH", &mut self.use_rth)?;
        f.visit("whatToShow", &mut self.what)?;
        f.visit("formatDate", &mut self.format_date)?;
        Ok(())
    }
}

/// Asks for price steps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqMarketRule {
    /// From contract details.
    pub rule_id: i32,
}

impl Layout for ReqMarketRule {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("marketRuleId", &mut self.rule_id)?;
        Ok(())
    }
}

/// Subscribes to every tick.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqTickByTickData {
    /// The request this belongs to.
    pub req_id: i32,
    /// Which contract.
    pub contract: WireContract,
    /// `Last`, `AllLast`, `BidAsk`, `MidPoint`.
    pub kind: Word,
    /// Ticks of history first.
    pub count: i32,
    /// Only price changes.
    pub ignore_size: bool,
}

impl Layout for ReqTickByTickData {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        self.contract.twelve(f)?;
        f.visit("tickType", &mut self.kind)?;
        f.visit("numberOfTicks", &mut self.count)?;
        f.visit("ignoreSize", &mut self.ignore_size)?;
        Ok(())
    }
}
