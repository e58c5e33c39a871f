//! `contractDetails`: what a contract is, its hours and its steps.

use rust_decimal::Decimal;

use super::contract::{PARAMS_MAX, TagValue, WireContract};
use crate::layout::{Fields, Layout, Step};
use crate::{Gate, Text, Word};

/// The answer. `contract` is complete but for what its kind does not have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "TWS's own field names")]
pub struct ContractDetails {
    pub req_id: i32,
    pub contract: WireContract,
    /// From version 182 beside `contract.expiry`.
    pub last_trade_date: Word,
    pub market_name: Text,
    pub min_tick: Option<Decimal>,
    /// Below version 164 only.
    pub md_size_multiplier: Option<i32>,
    pub order_types: Text,
    pub valid_exchanges: Text,
    pub price_magnifier: i32,
    pub under_con_id: i32,
    pub long_name: Text,
    pub contract_month: Word,
    pub industry: Text,
    pub category: Text,
    pub subcategory: Text,
    pub time_zone: Word,
    /// `20260405:CLOSED;20260406:0400-20260406:2000;…` in `time_zone`.
    pub trading_hours: Text,
    /// Regular hours in the same form; early closes show up here.
    pub liquid_hours: Text,
    pub ev_rule: Text,
    pub ev_multiplier: Option<Decimal>,
    pub sec_ids: Vec<TagValue>,
    pub agg_group: Option<i32>,
    pub under_symbol: Word,
    pub under_sec_type: Word,
    /// One per exchange of `valid_exchanges`, in the same order.
    pub market_rule_ids: Text,
    pub real_expiration_date: Word,
    pub stock_type: Word,
    /// At version 163 only.
    pub size_min_tick: Option<Decimal>,
    pub min_size: Option<Decimal>,
    pub size_increment: Option<Decimal>,
    pub suggested_size_increment: Option<Decimal>,
    /// Of funds only.
    pub fund: FundDetails,
    pub ineligibility: Vec<IneligibilityReason>,
}

/// The seventeen fields of a fund, as text in the venue's order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FundDetails(pub [Text; 17]);

/// Why a contract cannot be traded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "TWS's own field names")]
pub struct IneligibilityReason {
    pub id: Word,
    pub description: Text,
}

impl Layout for ContractDetails {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        if f.has(Gate::LotSizeMultiplier) {
            f.constant("version", "8")?;
        }
        f.id("reqId", &mut self.req_id)?;
        self.identity(f)?;
        self.description(f)?;
        f.visit("timeZoneId", &mut self.time_zone)?;
        f.visit("tradingHours", &mut self.trading_hours)?;
        f.visit("liquidHours", &mut self.liquid_hours)?;
        f.visit("evRule", &mut self.ev_rule)?;
        f.opt("evMultiplier", &mut self.ev_multiplier)?;
        f.list("secIdListCount", &mut self.sec_ids, PARAMS_MAX, |f, id| id.layout(f))?;
        f.opt("aggGroup", &mut self.agg_group)?;
        f.visit("underSymbol", &mut self.under_symbol)?;
        f.visit("underSecType", &mut self.under_sec_type)?;
        f.visit("marketRuleIds", &mut self.market_rule_ids)?;
        f.visit("realExpirationDate", &mut self.real_expiration_date)?;
        f.visit("stockType", &mut self.stock_type)?;
        self.gated(f)
    }
}

impl ContractDetails {
    fn identity(&mut self, f: &mut impl Fields) -> Step {
        let contract = &mut self.contract;
        f.visit("contract.symbol", &mut contract.symbol)?;
        f.visit("contract.secType", &mut contract.sec_type)?;
        f.visit("contract.lastTradeDateOrContractMonth", &mut contract.expiry)?;
        if f.has(Gate::LastTradeDate) {
            f.visit("lastTradeDate", &mut self.last_trade_date)?;
        }
        f.opt("contract.strike", &mut contract.strike)?;
        f.visit("contract.right", &mut contract.right)?;
        f.visit("contract.exchange", &mut contract.exchange)?;
        f.visit("contract.currency", &mut contract.currency)?;
        f.visit("contract.localSymbol", &mut contract.local_symbol)?;
        f.visit("marketName", &mut self.market_name)?;
        f.visit("contract.tradingClass", &mut contract.trading_class)?;
        f.visit("contract.conId", &mut contract.con_id)?;
        f.opt("minTick", &mut self.min_tick)?;
        if f.has(Gate::LotSizeMultiplier) {
            f.opt("mdSizeMultiplier", &mut self.md_size_multiplier)?;
        }
        f.visit("contract.multiplier", &mut contract.multiplier)
    }

    fn description(&mut self, f: &mut impl Fields) -> Step {
        f.visit("orderTypes", &mut self.order_types)?;
        f.visit("validExchanges", &mut self.valid_exchanges)?;
        f.visit("priceMagnifier", &mut self.price_magnifier)?;
        f.visit("underConId", &mut self.under_con_id)?;
        f.visit("longName", &mut self.long_name)?;
        f.visit("contract.primaryExchange", &mut self.contract.primary_exchange)?;
        f.visit("contractMonth", &mut self.contract_month)?;
        f.visit("industry", &mut self.industry)?;
        f.visit("category", &mut self.category)?;
        f.visit("subcategory", &mut self.subcategory)
    }

    fn gated(&mut self, f: &mut impl Fields) -> Step {
        if f.has(Gate::SizeMinTick) {
            f.opt("sizeMinTick", &mut self.size_min_tick)?;
        }
        if f.has(Gate::SizeRules) {
            f.opt("minSize", &mut self.min_size)?;
            f.opt("sizeIncrement", &mut self.size_increment)?;
            f.opt("suggestedSizeIncrement", &mut self.suggested_size_increment)?;
        }
        if f.has(Gate::FundFields) && self.contract.sec_type == "FUND" {
            for field in &mut self.fund.0 {
                f.visit("fund", field)?;
            }
        }
        if f.has(Gate::IneligibilityReasons) {
            f.list("ineligibilityCount", &mut self.ineligibility, PARAMS_MAX, |f, reason| {
                f.visit("ineligibility.id", &mut reason.id)?;
                f.visit("ineligibility.description", &mut reason.description)
            })?;
        }
        Ok(())
    }
}
