//! Answers about contracts other than details: samples, chains, price steps, bindings.

use plimsoll_model::Price;
use rust_decimal::Decimal;

use super::contract::PARAMS_MAX;
use crate::layout::{Fields, Layout, Step};
use crate::{Gate, Text, Word};

pub(crate) const SAMPLES_MAX: usize = 4096;
pub(crate) const CHAIN_MAX: usize = 16_384;

/// Contracts that match a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SymbolSamples {
    /// The request this belongs to.
    pub req_id: i32,
    /// The contracts.
    pub samples: Vec<SymbolSample>,
}

impl Layout for SymbolSamples {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.list("samplesCount", &mut self.samples, SAMPLES_MAX, |f, sample| sample.layout(f))?;
        Ok(())
    }
}

/// One contract that matches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SymbolSample {
    /// The broker's number.
    pub con_id: i32,
    /// The symbol.
    pub symbol: Word,
    /// The kind.
    pub sec_type: Word,
    /// The listing exchange.
    pub primary_exchange: Word,
    /// The currency.
    pub currency: Word,
    /// Kinds of derivatives.
    pub derivatives: Vec<Word>,
    /// Its name.
    pub description: Text,
    /// Issuer of a bond.
    pub issuer_id: Word,
}

impl Layout for SymbolSample {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("conId", &mut self.con_id)?;
        f.visit("symbol", &mut self.symbol)?;
        f.visit("secType", &mut self.sec_type)?;
        f.visit("primaryExch", &mut self.primary_exchange)?;
        f.visit("currency", &mut self.currency)?;
        f.list("derivativeSecTypesCount", &mut self.derivatives, PARAMS_MAX, |f, kind| {
            f.visit("derivativeSecType", kind)
        })?;
        if f.has(Gate::BondIssuer) {
            f.visit("description", &mut self.description)?;
        }
        if f.has(Gate::BondIssuer) {
            f.visit("issuerId", &mut self.issuer_id)?;
        }
        Ok(())
    }
}

/// One option chain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecDefOptParam {
    /// The request this belongs to.
    pub req_id: i32,
    /// Where.
    pub exchange: Word,
    /// Of the underlying.
    pub underlying_con_id: i32,
    /// The class.
    pub trading_class: Word,
    /// Units per contract.
    pub multiplier: Word,
    /// Days.
    pub expirations: Vec<Word>,
    /// Strikes.
    pub strikes: Vec<Option<Decimal>>,
}

impl Layout for SecDefOptParam {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("exchange", &mut self.exchange)?;
        f.visit("underlyingConId", &mut self.underlying_con_id)?;
        f.visit("tradingClass", &mut self.trading_class)?;
        f.visit("multiplier", &mut self.multiplier)?;
        f.list("expCount", &mut self.expirations, CHAIN_MAX, |f, day| f.visit("expiration", day))?;
        f.list("strikesCount", &mut self.strikes, CHAIN_MAX, |f, strike| f.opt("strike", strike))?;
        Ok(())
    }
}

/// Price steps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MarketRule {
    /// Its number.
    pub rule_id: i32,
    /// The steps.
    pub increments: Vec<PriceIncrement>,
}

impl Layout for MarketRule {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("marketRuleId", &mut self.rule_id)?;
        f.list("nPriceIncrements", &mut self.increments, SAMPLES_MAX, |f, step| step.layout(f))?;
        Ok(())
    }
}

/// A price step from a price upwards.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceIncrement {
    /// From this price on.
    pub low_edge: Option<Price>,
    /// The step.
    pub increment: Option<Price>,
}

impl Layout for PriceIncrement {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.opt("lowEdge", &mut self.low_edge)?;
        f.opt("increment", &mut self.increment)?;
        Ok(())
    }
}

/// An order entered by hand got a number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrderBound {
    /// The broker's number.
    pub perm_id: i64,
    /// The client it is bound to.
    pub client_id: i32,
    /// Its number there.
    pub order_id: i32,
}

impl Layout for OrderBound {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("permId", &mut self.perm_id)?;
        f.visit("apiClientId", &mut self.client_id)?;
        f.visit("apiOrderId", &mut self.order_id)?;
        Ok(())
    }
}
