//! The order itself: the union of what requests, open orders and completed orders say about one.
//!
//! Each message carries its own part in its own order (`place_order`, `open_order`, `completed_order`);
//! the groups that stand together everywhere have their layout here.

use plimsoll_model::{Price, Qty};
use rust_decimal::Decimal;

use super::condition::Condition;
use super::contract::{ComboLeg, DeltaNeutralContract, LEGS_MAX, PARAMS_MAX, TagValue};
use crate::layout::{Fields, Layout, Step};
use crate::{BestOffset, Text, Word};

/// An order on the wire, with TWS's meaning of each field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "TWS's own field names, documented by IBKR; the unusual ones are explained")]
pub struct Order {
    pub action: Word,
    pub total_qty: Option<Qty>,
    pub order_type: Word,
    pub limit_px: Option<Price>,
    /// Stop price, or offset of relative orders.
    pub aux_px: Option<Price>,
    pub tif: Word,
    pub oca_group: Word,
    pub oca_type: i32,
    pub account: Word,
    pub open_close: Word,
    pub origin: i32,
    /// The only text of the client's choosing that survives everything.
    pub order_ref: Text,
    pub transmit: bool,
    pub parent_id: i32,
    pub block_order: bool,
    pub sweep_to_fill: bool,
    pub display_size: Option<i32>,
    pub trigger_method: i32,
    pub outside_rth: bool,
    pub hidden: bool,
    pub combo: Combo,
    /// `<permId>.0/<account>/<qty>`, written by servers, read by nobody.
    pub shares_allocation: Text,
    pub discretionary_amt: Option<Price>,
    pub good_after_time: Word,
    pub good_till_date: Word,
    pub fa_group: Word,
    pub fa_method: Word,
    pub fa_percentage: Word,
    /// Below version 177 only.
    pub fa_profile: Word,
    pub model_code: Word,
    pub short_sale_slot: i32,
    pub designated_location: Word,
    /// -1 for none.
    pub exempt_code: i32,
    pub rule_80a: Word,
    pub settling_firm: Word,
    pub all_or_none: bool,
    pub min_qty: Option<i32>,
    pub percent_offset: Option<Decimal>,
    pub e_trade_only: bool,
    pub firm_quote_only: bool,
    pub nbbo_price_cap: Option<Price>,
    pub auction_strategy: Option<i32>,
    pub starting_px: Option<Price>,
    pub stock_ref_px: Option<Price>,
    pub delta: Option<Decimal>,
    pub stock_range_lower: Option<Price>,
    pub stock_range_upper: Option<Price>,
    pub override_percentage_constraints: bool,
    pub volatility: Option<Decimal>,
    pub volatility_type: Option<i32>,
    pub delta_neutral: DeltaNeutral,
    pub continuous_update: bool,
    pub reference_px_type: Option<i32>,
    pub trail_stop_px: Option<Price>,
    pub trailing_percent: Option<Decimal>,
    pub basis_points: Option<Decimal>,
    pub basis_points_type: Option<i32>,
    pub scale: Scale,
    pub active_start_time: Word,
    pub active_stop_time: Word,
    pub hedge_type: Word,
    /// Present where `hedge_type` is not empty.
    pub hedge_param: Word,
    pub opt_out_smart_routing: bool,
    pub clearing_account: Word,
    pub clearing_intent: Word,
    pub not_held: bool,
    pub delta_neutral_contract: Option<DeltaNeutralContract>,
    pub algo_strategy: Word,
    /// Present where `algo_strategy` is not empty.
    pub algo_params: Vec<TagValue>,
    pub algo_id: Word,
    pub what_if: bool,
    pub misc_options: Text,
    pub solicited: bool,
    pub randomize_size: bool,
    pub randomize_px: bool,
    pub peg_benchmark: PegBenchmark,
    pub conditions: Vec<Condition>,
    pub conditions_ignore_rth: bool,
    pub conditions_cancel_order: bool,
    pub adjusted: Adjusted,
    pub ext_operator: Word,
    pub soft_dollar_tier: SoftDollarTier,
    pub cash_qty: Option<Decimal>,
    pub mifid2_decision_maker: Word,
    pub mifid2_decision_algo: Word,
    pub mifid2_execution_trader: Word,
    pub mifid2_execution_algo: Word,
    pub dont_use_auto_px_for_hedge: bool,
    pub is_oms_container: bool,
    pub discretionary_up_to_limit_px: bool,
    pub use_price_mgmt_algo: Option<bool>,
    pub duration: Option<i32>,
    pub post_to_ats: Option<i32>,
    pub auto_cancel_parent: bool,
    pub advanced_error_override: Word,
    pub manual_order_time: Word,
    pub min_trade_qty: Option<i32>,
    pub peg_offsets: PegOffsets,
    pub customer_account: Word,
    pub professional_customer: bool,
    /// Versions 187 to 189 only.
    pub external_user_id: Word,
    pub include_overnight: bool,
    pub manual_order_indicator: Option<i32>,
    pub imbalance_only: bool,
}

/// Legs of a combo order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Combo {
    /// The legs as text; open orders only.
    pub description: Text,
    /// The legs.
    pub legs: Vec<ComboLeg>,
    /// A price per leg.
    pub leg_pxs: Vec<LegPrice>,
    /// Parameters of smart routing.
    pub routing: Vec<TagValue>,
}

/// The price of one leg, which may be unset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LegPrice(pub Option<Price>);

impl Layout for Combo {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.list("comboLegsCount", &mut self.legs, LEGS_MAX, |f, leg| leg.layout(f))?;
        f.list("orderComboLegsCount", &mut self.leg_pxs, LEGS_MAX, |f, px| f.opt("leg.price", &mut px.0))?;
        f.list("smartComboRoutingParamsCount", &mut self.routing, PARAMS_MAX, |f, param| param.layout(f))
    }
}

/// The hedge of a volatility order; all but the first two present where `order_type` is not empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "TWS's own field names")]
pub struct DeltaNeutral {
    /// Real servers write `None`, which is not empty.
    pub order_type: Word,
    pub aux_px: Option<Price>,
    pub con_id: i32,
    pub settling_firm: Word,
    pub clearing_account: Word,
    pub clearing_intent: Word,
    pub open_close: Word,
    pub short_sale: bool,
    pub short_sale_slot: i32,
    pub designated_location: Word,
}

impl DeltaNeutral {
    fn head(&mut self, f: &mut impl Fields) -> Result<bool, Box<crate::DecodeError>> {
        f.visit("deltaNeutralOrderType", &mut self.order_type)?;
        f.opt("deltaNeutralAuxPrice", &mut self.aux_px)?;
        Ok(!self.order_type.is_empty())
    }

    fn tail(&mut self, f: &mut impl Fields) -> Step {
        f.visit("deltaNeutralShortSale", &mut self.short_sale)?;
        f.visit("deltaNeutralShortSaleSlot", &mut self.short_sale_slot)?;
        f.visit("deltaNeutralDesignatedLocation", &mut self.designated_location)
    }

    /// As orders and open orders carry it.
    pub(crate) fn full(&mut self, f: &mut impl Fields) -> Step {
        if !self.head(f)? {
            return Ok(());
        }
        f.visit("deltaNeutralConId", &mut self.con_id)?;
        f.visit("deltaNeutralSettlingFirm", &mut self.settling_firm)?;
        f.visit("deltaNeutralClearingAccount", &mut self.clearing_account)?;
        f.visit("deltaNeutralClearingIntent", &mut self.clearing_intent)?;
        f.visit("deltaNeutralOpenClose", &mut self.open_close)?;
        self.tail(f)
    }

    /// As completed orders carry it.
    pub(crate) fn brief(&mut self, f: &mut impl Fields) -> Step {
        if !self.head(f)? {
            return Ok(());
        }
        f.visit("deltaNeutralConId", &mut self.con_id)?;
        self.tail(f)
    }
}

/// A scale order; all but the first three present where the price increment is above zero.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "TWS's own field names")]
pub struct Scale {
    pub init_level_size: Option<i32>,
    pub subs_level_size: Option<i32>,
    pub px_increment: Option<Price>,
    pub px_adjust_value: Option<Price>,
    pub px_adjust_interval: Option<i32>,
    pub profit_offset: Option<Price>,
    pub auto_reset: bool,
    pub init_position: Option<i32>,
    pub init_fill_qty: Option<i32>,
    pub random_percent: bool,
    /// Requests only.
    pub table: Text,
}

impl Scale {
    /// The size fields come first, spelled as the sender of the message does.
    pub(crate) fn increment(&mut self, f: &mut impl Fields) -> Step {
        f.opt("scalePriceIncrement", &mut self.px_increment)?;
        if self.px_increment.is_none_or(|px| px <= Price::ZERO) {
            return Ok(());
        }
        f.opt("scalePriceAdjustValue", &mut self.px_adjust_value)?;
        f.opt("scalePriceAdjustInterval", &mut self.px_adjust_interval)?;
        f.opt("scaleProfitOffset", &mut self.profit_offset)?;
        f.visit("scaleAutoReset", &mut self.auto_reset)?;
        f.opt("scaleInitPosition", &mut self.init_position)?;
        f.opt("scaleInitFillQty", &mut self.init_fill_qty)?;
        f.visit("scaleRandomPercent", &mut self.random_percent)
    }
}

/// A pegged-to-benchmark order; present for that order type only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "TWS's own field names")]
pub struct PegBenchmark {
    pub reference_con_id: i32,
    pub is_change_decrease: bool,
    pub change_amount: Option<Price>,
    pub reference_change_amount: Option<Price>,
    pub reference_exchange: Word,
}

impl PegBenchmark {
    /// The fields, if the order is of that type.
    pub(crate) fn layout(&mut self, order_type: &Word, f: &mut impl Fields) -> Step {
        if !matches!(order_type.as_str(), "PEG BENCH" | "PEGBENCH") {
            return Ok(());
        }
        f.visit("referenceContractId", &mut self.reference_con_id)?;
        f.visit("isPeggedChangeAmountDecrease", &mut self.is_change_decrease)?;
        f.opt("peggedChangeAmount", &mut self.change_amount)?;
        f.opt("referenceChangeAmount", &mut self.reference_change_amount)?;
        f.visit("referenceExchangeId", &mut self.reference_exchange)
    }
}

/// What an order becomes once its trigger price is touched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "TWS's own field names")]
pub struct Adjusted {
    pub order_type: Word,
    pub trigger_px: Option<Price>,
    /// Open and completed orders repeat the trailing stop price here.
    pub trail_stop_px: Option<Price>,
    pub limit_px_offset: Option<Price>,
    pub stop_px: Option<Price>,
    pub stop_limit_px: Option<Price>,
    pub trailing_amount: Option<Price>,
    pub trailing_unit: i32,
}

/// A soft dollar tier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "TWS's own field names")]
pub struct SoftDollarTier {
    pub name: Word,
    pub value: Word,
    /// Open orders only.
    pub display_name: Text,
}

/// Sizes and offsets of pegged-to-best and pegged-to-midpoint orders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "TWS's own field names")]
pub struct PegOffsets {
    pub min_compete_size: Option<i32>,
    pub compete_against_best: Option<BestOffset>,
    pub mid_at_whole: Option<Price>,
    pub mid_at_half: Option<Price>,
}

impl Order {
    /// The hedge type, and its parameter if there is one.
    pub(crate) fn hedge(&mut self, f: &mut impl Fields) -> Step {
        f.visit("hedgeType", &mut self.hedge_type)?;
        if !self.hedge_type.is_empty() {
            f.visit("hedgeParam", &mut self.hedge_param)?;
        }
        Ok(())
    }

    /// The algorithm, and its parameters if there is one.
    pub(crate) fn algo(&mut self, f: &mut impl Fields) -> Step {
        f.visit("algoStrategy", &mut self.algo_strategy)?;
        if !self.algo_strategy.is_empty() {
            f.list("algoParamsCount", &mut self.algo_params, PARAMS_MAX, |f, param| param.layout(f))?;
        }
        Ok(())
    }

    /// Benchmark, conditions: they stand together in every message.
    pub(crate) fn benchmark_and_conditions(&mut self, f: &mut impl Fields) -> Step {
        self.peg_benchmark.layout(&self.order_type, f)?;
        super::condition::conditions(
            f,
            &mut self.conditions,
            &mut self.conditions_ignore_rth,
            &mut self.conditions_cancel_order,
        )
    }

    /// The five peg fields of open and completed orders.
    pub(crate) fn peg_fields(&mut self, f: &mut impl Fields) -> Step {
        f.opt("minTradeQty", &mut self.min_trade_qty)?;
        let peg = &mut self.peg_offsets;
        f.opt("minCompeteSize", &mut peg.min_compete_size)?;
        f.opt("competeAgainstBestOffset", &mut peg.compete_against_best)?;
        f.opt("midOffsetAtWhole", &mut peg.mid_at_whole)?;
        f.opt("midOffsetAtHalf", &mut peg.mid_at_half)
    }

    /// Volatility and the auction before it: prices of the underlying.
    pub(crate) fn auction_prices(&mut self, f: &mut impl Fields) -> Step {
        f.opt("startingPrice", &mut self.starting_px)?;
        f.opt("stockRefPrice", &mut self.stock_ref_px)?;
        f.opt("delta", &mut self.delta)?;
        f.opt("stockRangeLower", &mut self.stock_range_lower)?;
        f.opt("stockRangeUpper", &mut self.stock_range_upper)
    }
}
