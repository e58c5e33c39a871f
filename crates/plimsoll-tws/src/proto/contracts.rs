//! Contracts, and the answers about them.

use super::{Form, Numbered, Packed, Step, known_word};
use crate::message::{CHAIN_MAX, LEGS_MAX, PARAMS_MAX, SAMPLES_MAX};
use crate::message::{
    ComboLeg, ContractDetails, DeltaNeutralContract, FundDetails, LegPrice, MarketLeg, MarketRule,
    OrderBound, SecDefOptParam, SymbolSamples, WireContract,
};
use crate::{Text, Word};

/// What this wire carries inside a contract and the typed messages carry beside it, each its own part.
#[derive(Default)]
pub(super) struct Beside {
    pub(super) sec_id_type: Word,
    pub(super) sec_id: Word,
    pub(super) description: Text,
    pub(super) issuer_id: Word,
    pub(super) delta_neutral: Option<DeltaNeutralContract>,
    pub(super) include_expired: bool,
    pub(super) legs_text: Text,
    pub(super) legs: Vec<PricedLeg>,
    pub(super) last_trade_date: Word,
}

/// A leg and the price that orders may give it.
#[derive(Default)]
pub(super) struct PricedLeg {
    pub(super) leg: ComboLeg,
    pub(super) px: LegPrice,
}

impl From<MarketLeg> for PricedLeg {
    fn from(leg: MarketLeg) -> Self {
        let MarketLeg { con_id, ratio, action, exchange } = leg;
        Self {
            leg: ComboLeg { con_id, ratio, action, exchange, exempt_code: -1, ..ComboLeg::default() },
            px: LegPrice(None),
        }
    }
}

impl From<PricedLeg> for MarketLeg {
    fn from(leg: PricedLeg) -> Self {
        let ComboLeg { con_id, ratio, action, exchange, .. } = leg.leg;
        Self { con_id, ratio, action, exchange }
    }
}

/// A contract with what stands beside it.
pub(super) fn contract_with(
    f: &mut impl Numbered,
    number: u32,
    contract: &mut WireContract,
    beside: &mut Beside,
) -> Step {
    let body = |f: &mut _| contract_fields(f, contract, beside);
    f.part(number, "contract", true, body).map(drop)
}

/// A contract alone; what else is in it has no place in the typed message.
pub(super) fn contract(f: &mut impl Numbered, number: u32, contract: &mut WireContract) -> Step {
    contract_with(f, number, contract, &mut Beside::default())
}

fn contract_fields(f: &mut impl Numbered, contract: &mut WireContract, beside: &mut Beside) -> Step {
    f.int_unless_zero(1, "contract.conId", &mut contract.con_id)?;
    f.text(2, "contract.symbol", &mut contract.symbol)?;
    f.text(3, "contract.secType", &mut contract.sec_type)?;
    f.text(4, "contract.lastTradeDateOrContractMonth", &mut contract.expiry)?;
    f.opt_double(5, "contract.strike", &mut contract.strike)?;
    known_word(f, 6, "contract.right", &mut contract.right)?;
    f.double(7, "contract.multiplier", &mut contract.multiplier)?;
    f.text(8, "contract.exchange", &mut contract.exchange)?;
    f.text(9, "contract.primaryExch", &mut contract.primary_exchange)?;
    f.text(10, "contract.currency", &mut contract.currency)?;
    f.text(11, "contract.localSymbol", &mut contract.local_symbol)?;
    f.text(12, "contract.tradingClass", &mut contract.trading_class)?;
    f.text(13, "contract.secIdType", &mut beside.sec_id_type)?;
    f.text(14, "contract.secId", &mut beside.sec_id)?;
    f.text(15, "contract.description", &mut beside.description)?;
    f.text(16, "contract.issuerId", &mut beside.issuer_id)?;
    delta_neutral(f, &mut beside.delta_neutral)?;
    f.flag(18, "contract.includeExpired", &mut beside.include_expired)?;
    f.text(19, "contract.comboLegsDescrip", &mut beside.legs_text)?;
    f.parts(20, "contract.comboLegs", &mut beside.legs, LEGS_MAX, leg)?;
    f.text(21, "contract.lastTradeDate", &mut beside.last_trade_date)
}

fn delta_neutral(f: &mut impl Numbered, contract: &mut Option<DeltaNeutralContract>) -> Step {
    let mut filled = contract.take();
    let present = filled.is_some();
    let there = filled.get_or_insert_default();
    let found = f.part(17, "contract.deltaNeutralContract", present, |f| {
        f.int(1, "deltaNeutralContract.conId", &mut there.con_id)?;
        f.opt_double(2, "deltaNeutralContract.delta", &mut there.delta)?;
        f.opt_double(3, "deltaNeutralContract.price", &mut there.px)
    })?;
    *contract = filled.filter(|_| found);
    Ok(())
}

fn leg(f: &mut impl Numbered, item: &mut PricedLeg) -> Step {
    let PricedLeg { leg, px } = item;
    f.int(1, "leg.conId", &mut leg.con_id)?;
    f.int(2, "leg.ratio", &mut leg.ratio)?;
    f.text(3, "leg.action", &mut leg.action)?;
    f.text(4, "leg.exchange", &mut leg.exchange)?;
    f.int_unless_zero(5, "leg.openClose", &mut leg.open_close)?;
    f.int_unless_zero(6, "leg.shortSalesSlot", &mut leg.short_sale_slot)?;
    f.text(7, "leg.designatedLocation", &mut leg.designated_location)?;
    f.int_or(8, "leg.exemptCode", &mut leg.exempt_code, -1)?;
    f.opt_double(9, "leg.perLegPrice", &mut px.0)
}

impl Form for ContractDetails {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        let mut beside =
            Beside { last_trade_date: std::mem::take(&mut self.last_trade_date), ..Beside::default() };
        contract_with(f, 2, &mut self.contract, &mut beside)?;
        self.last_trade_date = beside.last_trade_date;
        f.part(3, "contractDetails", true, |f| {
            self.about(f)?;
            self.hours_and_rules(f)?;
            self.fund.form(f)?;
            for number in 44..=57 {
                f.aside(number, "bond")?;
            }
            f.parts(58, "ineligibilityReasonList", &mut self.ineligibility, PARAMS_MAX, |f, reason| {
                f.text(1, "ineligibility.id", &mut reason.id)?;
                f.text(2, "ineligibility.description", &mut reason.description)
            })?;
            for number in 59..=62 {
                f.aside(number, "event contract or algorithm")?;
            }
            Ok(())
        })
        .map(drop)
    }
}

impl ContractDetails {
    fn about(&mut self, f: &mut impl Numbered) -> Step {
        f.text(1, "marketName", &mut self.market_name)?;
        f.opt_text(2, "minTick", &mut self.min_tick)?;
        f.text(3, "orderTypes", &mut self.order_types)?;
        f.text(4, "validExchanges", &mut self.valid_exchanges)?;
        f.int(5, "priceMagnifier", &mut self.price_magnifier)?;
        f.int_unless_zero(6, "underConId", &mut self.under_con_id)?;
        f.text(7, "longName", &mut self.long_name)?;
        f.text(8, "contractMonth", &mut self.contract_month)?;
        f.text(9, "industry", &mut self.industry)?;
        f.text(10, "category", &mut self.category)?;
        f.text(11, "subcategory", &mut self.subcategory)
    }

    fn hours_and_rules(&mut self, f: &mut impl Numbered) -> Step {
        f.text(12, "timeZoneId", &mut self.time_zone)?;
        f.text(13, "tradingHours", &mut self.trading_hours)?;
        f.text(14, "liquidHours", &mut self.liquid_hours)?;
        f.text(15, "evRule", &mut self.ev_rule)?;
        f.opt_double(16, "evMultiplier", &mut self.ev_multiplier)?;
        f.map(17, "secIdList", &mut self.sec_ids, PARAMS_MAX)?;
        f.opt_int(18, "aggGroup", &mut self.agg_group)?;
        f.text(19, "underSymbol", &mut self.under_symbol)?;
        f.text(20, "underSecType", &mut self.under_sec_type)?;
        f.text(21, "marketRuleIds", &mut self.market_rule_ids)?;
        f.text(22, "realExpirationDate", &mut self.real_expiration_date)?;
        f.text(23, "stockType", &mut self.stock_type)?;
        f.opt_text(24, "minSize", &mut self.min_size)?;
        f.opt_text(25, "sizeIncrement", &mut self.size_increment)?;
        f.opt_text(26, "suggestedSizeIncrement", &mut self.suggested_size_increment)
    }
}

/// Which of the seventeen are flags on this wire: closed, closed for new investors, for new money.
const FUND_FLAGS: [usize; 3] = [7, 8, 9];

impl Form for FundDetails {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        for (number, (at, field)) in (27..).zip(self.0.iter_mut().enumerate()) {
            if FUND_FLAGS.contains(&at) {
                let mut flag = *field == "1";
                f.flag(number, "fund", &mut flag)?;
                *field = if flag { Text::from("1") } else { Text::EMPTY };
            } else {
                f.text(number, "fund", field)?;
            }
        }
        Ok(())
    }
}

impl Form for SymbolSamples {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.parts(2, "contractDescriptions", &mut self.samples, SAMPLES_MAX, |f, sample| {
            let mut contract = WireContract {
                con_id: sample.con_id,
                symbol: sample.symbol.clone(),
                sec_type: sample.sec_type.clone(),
                primary_exchange: sample.primary_exchange.clone(),
                currency: sample.currency.clone(),
                ..WireContract::default()
            };
            let mut beside = Beside {
                description: sample.description.clone(),
                issuer_id: sample.issuer_id.clone(),
                ..Beside::default()
            };
            contract_with(f, 1, &mut contract, &mut beside)?;
            f.texts(2, "derivativeSecTypes", &mut sample.derivatives, PARAMS_MAX)?;
            (sample.con_id, sample.symbol, sample.sec_type) =
                (contract.con_id, contract.symbol, contract.sec_type);
            (sample.primary_exchange, sample.currency) = (contract.primary_exchange, contract.currency);
            (sample.description, sample.issuer_id) = (beside.description, beside.issuer_id);
            Ok(())
        })
    }
}

impl Form for SecDefOptParam {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.text(2, "exchange", &mut self.exchange)?;
        f.int(3, "underlyingConId", &mut self.underlying_con_id)?;
        f.text(4, "tradingClass", &mut self.trading_class)?;
        f.text(5, "multiplier", &mut self.multiplier)?;
        f.texts(6, "expirations", &mut self.expirations, CHAIN_MAX)?;
        f.packed(7, "strikes", Packed::Double, &mut self.strikes, CHAIN_MAX)
    }
}

impl Form for MarketRule {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int(1, "marketRuleId", &mut self.rule_id)?;
        f.parts(2, "priceIncrements", &mut self.increments, SAMPLES_MAX, |f, step| {
            f.opt_double(1, "lowEdge", &mut step.low_edge)?;
            f.opt_double(2, "increment", &mut step.increment)
        })
    }
}

impl Form for OrderBound {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.long(1, "permId", &mut self.perm_id)?;
        f.int(2, "clientId", &mut self.client_id)?;
        f.int(3, "orderId", &mut self.order_id)
    }
}
