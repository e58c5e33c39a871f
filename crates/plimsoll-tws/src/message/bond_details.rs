//! `bondContractDetails`: what a bond is. Bonds have a message of their own beside `contractDetails`.

use rust_decimal::Decimal;

use super::contract::{PARAMS_MAX, TagValue, WireContract};
use crate::layout::{Fields, Layout, Step};
use crate::{Gate, Text, Word};

/// The answer. Of `contract` a bond has symbol, kind, exchange, currency, trading class and number, and as
/// its `expiry` the maturity, sometimes with a time and its zone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "TWS's own field names")]
pub struct BondContractDetails {
    pub req_id: i32,
    pub contract: WireContract,
    pub cusip: Word,
    pub coupon: Option<Decimal>,
    pub issue_date: Word,
    pub ratings: Text,
    pub bond_type: Word,
    pub coupon_type: Word,
    pub convertible: bool,
    pub callable: bool,
    pub putable: bool,
    pub description: Text,
    pub market_name: Text,
    pub min_tick: Option<Decimal>,
    /// Below version 164 only.
    pub md_size_multiplier: Option<i32>,
    pub order_types: Text,
    pub valid_exchanges: Text,
    pub next_option_date: Word,
    pub next_option_type: Word,
    pub next_option_partial: bool,
    pub notes: Text,
    pub long_name: Text,
    /// From version 188 on, as the two that follow.
    pub time_zone: Word,
    pub trading_hours: Text,
    pub liquid_hours: Text,
    pub ev_rule: Text,
    pub ev_multiplier: Option<Decimal>,
    pub sec_ids: Vec<TagValue>,
    pub agg_group: Option<i32>,
    pub market_rule_ids: Text,
    pub min_size: Option<Decimal>,
    pub size_increment: Option<Decimal>,
    pub suggested_size_increment: Option<Decimal>,
}

impl Layout for BondContractDetails {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        if f.has(Gate::LotSizeMultiplier) {
            f.constant("version", "6")?;
        }
        f.id("reqId", &mut self.req_id)?;
        self.terms(f)?;
        self.listing(f)?;
        f.visit("nextOptionDate", &mut self.next_option_date)?;
        f.visit("nextOptionType", &mut self.next_option_type)?;
        f.visit("nextOptionPartial", &mut self.next_option_partial)?;
        f.visit("notes", &mut self.notes)?;
        f.visit("longName", &mut self.long_name)?;
        if f.has(Gate::BondTradingHours) {
            f.visit("timeZoneId", &mut self.time_zone)?;
            f.visit("tradingHours", &mut self.trading_hours)?;
            f.visit("liquidHours", &mut self.liquid_hours)?;
        }
        f.visit("evRule", &mut self.ev_rule)?;
        f.opt("evMultiplier", &mut self.ev_multiplier)?;
        f.list("secIdListCount", &mut self.sec_ids, PARAMS_MAX, |f, id| id.layout(f))?;
        f.opt("aggGroup", &mut self.agg_group)?;
        f.visit("marketRuleIds", &mut self.market_rule_ids)?;
        if f.has(Gate::SizeRules) {
            f.opt("minSize", &mut self.min_size)?;
            f.opt("sizeIncrement", &mut self.size_increment)?;
            f.opt("suggestedSizeIncrement", &mut self.suggested_size_increment)?;
        }
        Ok(())
    }
}

impl BondContractDetails {
    fn terms(&mut self, f: &mut impl Fields) -> Step {
        f.visit("contract.symbol", &mut self.contract.symbol)?;
        f.visit("contract.secType", &mut self.contract.sec_type)?;
        f.visit("cusip", &mut self.cusip)?;
        f.opt("coupon", &mut self.coupon)?;
        f.visit("maturity", &mut self.contract.expiry)?;
        f.visit("issueDate", &mut self.issue_date)?;
        f.visit("ratings", &mut self.ratings)?;
        f.visit("bondType", &mut self.bond_type)?;
        f.visit("couponType", &mut self.coupon_type)?;
        f.visit("convertible", &mut self.convertible)?;
        f.visit("callable", &mut self.callable)?;
        f.visit("putable", &mut self.putable)?;
        f.visit("descAppend", &mut self.description)
    }

    fn listing(&mut self, f: &mut impl Fields) -> Step {
        f.visit("contract.exchange", &mut self.contract.exchange)?;
        f.visit("contract.currency", &mut self.contract.currency)?;
        f.visit("marketName", &mut self.market_name)?;
        f.visit("contract.tradingClass", &mut self.contract.trading_class)?;
        f.visit("contract.conId", &mut self.contract.con_id)?;
        f.opt("minTick", &mut self.min_tick)?;
        if f.has(Gate::LotSizeMultiplier) {
            f.opt("mdSizeMultiplier", &mut self.md_size_multiplier)?;
        }
        f.visit("orderTypes", &mut self.order_types)?;
        f.visit("validExchanges", &mut self.valid_exchanges)
    }
}
