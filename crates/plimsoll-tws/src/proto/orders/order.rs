//! The order itself, one message of 137 fields at version 213.

use super::super::{Numbered, Step, Whole, known_word, options};
use super::condition::condition;
use crate::Word;
use crate::message::{AtVenue, CONDITIONS_MAX, Order, PARAMS_MAX};

/// What this wire carries inside an order and the typed messages carry beside it.
#[derive(Default)]
pub(super) struct Around {
    pub(super) client_id: Option<i32>,
    pub(super) order_id: Option<i32>,
    pub(super) perm_id: i64,
    pub(super) bond_accrued_interest: Word,
    pub(super) submitter: Word,
    pub(super) at_venue: AtVenue,
}

/// What the exempt code is where nobody says one, in an order or for want of an order.
const EXEMPT_CODE_ABSENT: i32 = -1;

pub(super) fn order(f: &mut impl Numbered, number: u32, order: &mut Order, around: &mut Around) -> Step {
    let is_there = f.part(number, "order", true, |f| {
        f.opt_int(1, "order.clientId", &mut around.client_id)?;
        f.opt_int(2, "order.orderId", &mut around.order_id)?;
        f.long_unless_zero(3, "order.permId", &mut around.perm_id)?;
        basics(f, order)?;
        restrictions(f, order)?;
        times_and_groups(f, order)?;
        volatility(f, order)?;
        scale(f, order)?;
        algorithm(f, order)?;
        shorting_and_auction(f, order)?;
        pegged_and_adjusted(f, order)?;
        conditions_and_users(f, order)?;
        at_venue(f, order, around)?;
        offsets_and_customer(f, order, around)
    })?;
    if !is_there {
        order.exempt_code = EXEMPT_CODE_ABSENT;
    }
    Ok(())
}

fn basics(f: &mut impl Numbered, order: &mut Order) -> Step {
    f.int(4, "parentId", &mut order.parent_id)?;
    f.text(5, "action", &mut order.action)?;
    f.opt_text(6, "totalQuantity", &mut order.total_qty)?;
    f.opt_int(7, "displaySize", &mut order.display_size)?;
    f.text(8, "orderType", &mut order.order_type)?;
    f.opt_double(9, "lmtPrice", &mut order.limit_px)?;
    f.opt_double(10, "auxPrice", &mut order.aux_px)?;
    f.text(11, "tif", &mut order.tif)?;
    f.text(12, "account", &mut order.account)?;
    f.text(13, "settlingFirm", &mut order.settling_firm)?;
    f.text(14, "clearingAccount", &mut order.clearing_account)?;
    f.text(15, "clearingIntent", &mut order.clearing_intent)
}

fn restrictions(f: &mut impl Numbered, order: &mut Order) -> Step {
    f.flag(16, "allOrNone", &mut order.all_or_none)?;
    f.flag(17, "blockOrder", &mut order.block_order)?;
    f.flag(18, "hidden", &mut order.hidden)?;
    f.flag(19, "outsideRth", &mut order.outside_rth)?;
    f.flag(20, "sweepToFill", &mut order.sweep_to_fill)?;
    f.opt_double(21, "percentOffset", &mut order.percent_offset)?;
    f.opt_double(22, "trailingPercent", &mut order.trailing_percent)?;
    f.opt_double(23, "trailStopPrice", &mut order.trail_stop_px)?;
    f.opt_int(24, "minQty", &mut order.min_qty)
}

fn times_and_groups(f: &mut impl Numbered, order: &mut Order) -> Step {
    f.text(25, "goodAfterTime", &mut order.good_after_time)?;
    f.text(26, "goodTillDate", &mut order.good_till_date)?;
    f.text(27, "ocaGroup", &mut order.oca_group)?;
    f.text(28, "orderRef", &mut order.order_ref)?;
    f.text(29, "rule80A", &mut order.rule_80a)?;
    f.int(30, "ocaType", &mut order.oca_type)?;
    f.int(31, "triggerMethod", &mut order.trigger_method)?;
    f.text(32, "activeStartTime", &mut order.active_start_time)?;
    f.text(33, "activeStopTime", &mut order.active_stop_time)?;
    f.text(34, "faGroup", &mut order.fa_group)?;
    f.text(35, "faMethod", &mut order.fa_method)?;
    f.text(36, "faPercentage", &mut order.fa_percentage)
}

fn volatility(f: &mut impl Numbered, order: &mut Order) -> Step {
    f.opt_double(37, "volatility", &mut order.volatility)?;
    f.opt_int(38, "volatilityType", &mut order.volatility_type)?;
    f.flag(39, "continuousUpdate", &mut order.continuous_update)?;
    f.opt_int(40, "referencePriceType", &mut order.reference_px_type)?;
    let hedge = &mut order.delta_neutral;
    f.text(41, "deltaNeutralOrderType", &mut hedge.order_type)?;
    f.opt_double(42, "deltaNeutralAuxPrice", &mut hedge.aux_px)?;
    f.int_unless_zero(43, "deltaNeutralConId", &mut hedge.con_id)?;
    known_word(f, 44, "deltaNeutralOpenClose", &mut hedge.open_close)?;
    f.flag(45, "deltaNeutralShortSale", &mut hedge.short_sale)?;
    f.int(46, "deltaNeutralShortSaleSlot", &mut hedge.short_sale_slot)?;
    f.text(47, "deltaNeutralDesignatedLocation", &mut hedge.designated_location)
}

fn scale(f: &mut impl Numbered, order: &mut Order) -> Step {
    let scale = &mut order.scale;
    f.opt_int(48, "scaleInitLevelSize", &mut scale.init_level_size)?;
    f.opt_int(49, "scaleSubsLevelSize", &mut scale.subs_level_size)?;
    f.opt_double(50, "scalePriceIncrement", &mut scale.px_increment)?;
    f.opt_double(51, "scalePriceAdjustValue", &mut scale.px_adjust_value)?;
    f.opt_int(52, "scalePriceAdjustInterval", &mut scale.px_adjust_interval)?;
    f.opt_double(53, "scaleProfitOffset", &mut scale.profit_offset)?;
    f.flag(54, "scaleAutoReset", &mut scale.auto_reset)?;
    f.opt_int(55, "scaleInitPosition", &mut scale.init_position)?;
    f.opt_int(56, "scaleInitFillQty", &mut scale.init_fill_qty)?;
    f.flag(57, "scaleRandomPercent", &mut scale.random_percent)?;
    f.text(58, "scaleTable", &mut scale.table)
}

fn algorithm(f: &mut impl Numbered, order: &mut Order) -> Step {
    f.text(59, "hedgeType", &mut order.hedge_type)?;
    f.text(60, "hedgeParam", &mut order.hedge_param)?;
    f.text(61, "algoStrategy", &mut order.algo_strategy)?;
    f.map(62, "algoParams", &mut order.algo_params, PARAMS_MAX)?;
    f.text(63, "algoId", &mut order.algo_id)?;
    f.map(64, "smartComboRoutingParams", &mut order.combo.routing, PARAMS_MAX)?;
    f.flag(65, "whatIf", &mut order.what_if)?;
    // Absent means false. Nobody may take it for true: the legs of a staged bracket would go out one by one.
    f.flag(66, "transmit", &mut order.transmit)?;
    f.flag(67, "overridePercentageConstraints", &mut order.override_percentage_constraints)?;
    f.text(68, "openClose", &mut order.open_close)?;
    f.int(69, "origin", &mut order.origin)
}

fn shorting_and_auction(f: &mut impl Numbered, order: &mut Order) -> Step {
    f.int(70, "shortSaleSlot", &mut order.short_sale_slot)?;
    f.text(71, "designatedLocation", &mut order.designated_location)?;
    f.int_or(72, "exemptCode", &mut order.exempt_code, EXEMPT_CODE_ABSENT)?;
    let hedge = &mut order.delta_neutral;
    f.text(73, "deltaNeutralSettlingFirm", &mut hedge.settling_firm)?;
    f.text(74, "deltaNeutralClearingAccount", &mut hedge.clearing_account)?;
    f.text(75, "deltaNeutralClearingIntent", &mut hedge.clearing_intent)?;
    f.opt_double(76, "discretionaryAmt", &mut order.discretionary_amt)?;
    f.flag(77, "optOutSmartRouting", &mut order.opt_out_smart_routing)?;
    f.opt_double(78, "startingPrice", &mut order.starting_px)?;
    f.opt_double(79, "stockRefPrice", &mut order.stock_ref_px)?;
    f.opt_double(80, "delta", &mut order.delta)?;
    f.opt_double(81, "stockRangeLower", &mut order.stock_range_lower)?;
    f.opt_double(82, "stockRangeUpper", &mut order.stock_range_upper)?;
    f.flag(83, "notHeld", &mut order.not_held)?;
    options(f, 84, "orderMiscOptions", &mut order.misc_options)?;
    f.flag(85, "solicited", &mut order.solicited)?;
    f.flag(86, "randomizeSize", &mut order.randomize_size)?;
    f.flag(87, "randomizePrice", &mut order.randomize_px)
}

fn pegged_and_adjusted(f: &mut impl Numbered, order: &mut Order) -> Step {
    let peg = &mut order.peg_benchmark;
    f.int_unless_zero(88, "referenceContractId", &mut peg.reference_con_id)?;
    f.opt_double(89, "peggedChangeAmount", &mut peg.change_amount)?;
    f.flag(90, "isPeggedChangeAmountDecrease", &mut peg.is_change_decrease)?;
    f.opt_double(91, "referenceChangeAmount", &mut peg.reference_change_amount)?;
    f.text(92, "referenceExchangeId", &mut peg.reference_exchange)?;
    let adjusted = &mut order.adjusted;
    f.text(93, "adjustedOrderType", &mut adjusted.order_type)?;
    f.opt_double(94, "triggerPrice", &mut adjusted.trigger_px)?;
    f.opt_double(95, "adjustedStopPrice", &mut adjusted.stop_px)?;
    f.opt_double(96, "adjustedStopLimitPrice", &mut adjusted.stop_limit_px)?;
    f.opt_double(97, "adjustedTrailingAmount", &mut adjusted.trailing_amount)?;
    f.int(98, "adjustableTrailingUnit", &mut adjusted.trailing_unit)?;
    f.opt_double(99, "lmtPriceOffset", &mut adjusted.limit_px_offset)
}

fn conditions_and_users(f: &mut impl Numbered, order: &mut Order) -> Step {
    f.parts(100, "conditions", &mut order.conditions, CONDITIONS_MAX, condition)?;
    f.flag(101, "conditionsCancelOrder", &mut order.conditions_cancel_order)?;
    f.flag(102, "conditionsIgnoreRth", &mut order.conditions_ignore_rth)?;
    f.text(103, "modelCode", &mut order.model_code)?;
    f.text(104, "extOperator", &mut order.ext_operator)?;
    let tier = &mut order.soft_dollar_tier;
    let named = !(tier.name.is_empty() && tier.value.is_empty() && tier.display_name.is_empty());
    f.part(105, "softDollarTier", named, |f| {
        f.text(1, "softDollarTier.name", &mut tier.name)?;
        f.text(2, "softDollarTier.value", &mut tier.value)?;
        f.text(3, "softDollarTier.displayName", &mut tier.display_name)
    })?;
    f.opt_double(106, "cashQty", &mut order.cash_qty)?;
    f.text(107, "mifid2DecisionMaker", &mut order.mifid2_decision_maker)?;
    f.text(108, "mifid2DecisionAlgo", &mut order.mifid2_decision_algo)?;
    f.text(109, "mifid2ExecutionTrader", &mut order.mifid2_execution_trader)?;
    f.text(110, "mifid2ExecutionAlgo", &mut order.mifid2_execution_algo)?;
    f.flag(111, "dontUseAutoPriceForHedge", &mut order.dont_use_auto_px_for_hedge)?;
    f.flag(112, "isOmsContainer", &mut order.is_oms_container)?;
    f.flag(113, "discretionaryUpToLimitPrice", &mut order.discretionary_up_to_limit_px)
}

fn at_venue(f: &mut impl Numbered, order: &mut Order, around: &mut Around) -> Step {
    let venue = &mut around.at_venue;
    f.text(114, "autoCancelDate", &mut venue.auto_cancel_date)?;
    f.opt_text(115, "filledQuantity", &mut venue.filled_qty)?;
    f.opt_int(116, "refFuturesConId", &mut venue.ref_futures_con_id)?;
    f.flag(117, "autoCancelParent", &mut order.auto_cancel_parent)?;
    f.text(118, "shareholder", &mut venue.shareholder)?;
    f.flag(119, "imbalanceOnly", &mut order.imbalance_only)?;
    tri_state(f, 120, "routeMarketableToBbo", &mut venue.route_marketable_to_bbo)?;
    f.long_unless_zero(121, "parentPermId", &mut venue.parent_perm_id)?;
    tri_state(f, 122, "usePriceMgmtAlgo", &mut order.use_price_mgmt_algo)?;
    f.opt_int(123, "duration", &mut order.duration)?;
    f.opt_int(124, "postToAts", &mut order.post_to_ats)?;
    f.text(125, "advancedErrorOverride", &mut order.advanced_error_override)?;
    f.text(126, "manualOrderTime", &mut order.manual_order_time)
}

fn offsets_and_customer(f: &mut impl Numbered, order: &mut Order, around: &mut Around) -> Step {
    f.opt_int(127, "minTradeQty", &mut order.min_trade_qty)?;
    let peg = &mut order.peg_offsets;
    f.opt_int(128, "minCompeteSize", &mut peg.min_compete_size)?;
    f.opt_double(129, "competeAgainstBestOffset", &mut peg.compete_against_best)?;
    f.opt_double(130, "midOffsetAtWhole", &mut peg.mid_at_whole)?;
    f.opt_double(131, "midOffsetAtHalf", &mut peg.mid_at_half)?;
    f.text(132, "customerAccount", &mut order.customer_account)?;
    f.flag(133, "professionalCustomer", &mut order.professional_customer)?;
    f.text(134, "bondAccruedInterest", &mut around.bond_accrued_interest)?;
    f.flag(135, "includeOvernight", &mut order.include_overnight)?;
    f.opt_int(136, "manualOrderIndicator", &mut order.manual_order_indicator)?;
    f.text(137, "submitter", &mut around.submitter)
}

/// A flag that may be unset, a whole number on this wire.
fn tri_state(f: &mut impl Numbered, number: u32, name: &'static str, value: &mut Option<bool>) -> Step {
    let found = f.whole(number, name, Whole::Flag, value.map(i64::from))?;
    *value = found.map(|found| found != 0);
    Ok(())
}
