//! `placeOrder`: enters an order, or changes the one of the same number.

use super::contract::{WireContract, delta_neutral_contract};
use super::order::Order;
use crate::layout::{Fields, Layout, Step};
use crate::{BestOffset, Gate, Word};

/// The request. Its layout has 110 to 120 fields, more with combos, conditions and algorithms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlaceOrder {
    /// The client's number of the order.
    pub order_id: i32,
    /// What.
    pub contract: WireContract,
    /// `ISIN`, `CUSIP`, …
    pub sec_id_type: Word,
    /// The security by that scheme.
    pub sec_id: Word,
    /// How.
    pub order: Order,
}

impl Layout for PlaceOrder {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("orderId", &mut self.order_id)?;
        self.contract.twelve(f)?;
        f.visit("contract.secIdType", &mut self.sec_id_type)?;
        f.visit("contract.secId", &mut self.sec_id)?;
        self.order.request_basics(f)?;
        if self.contract.is_bag() {
            self.order.combo.layout(f)?;
        }
        self.order.request_allocation(f)?;
        self.order.request_restrictions(f)?;
        self.order.request_volatility(f)?;
        self.order.request_routing(f)?;
        self.order.request_adjustments(f)?;
        self.order.request_gated(self.contract.exchange == "IBKRATS", f)
    }
}

impl Order {
    fn request_basics(&mut self, f: &mut impl Fields) -> Step {
        f.visit("action", &mut self.action)?;
        f.opt("totalQuantity", &mut self.total_qty)?;
        f.visit("orderType", &mut self.order_type)?;
        f.opt("lmtPrice", &mut self.limit_px)?;
        f.opt("auxPrice", &mut self.aux_px)?;
        f.visit("tif", &mut self.tif)?;
        f.visit("ocaGroup", &mut self.oca_group)?;
        f.visit("account", &mut self.account)?;
        f.visit("openClose", &mut self.open_close)?;
        f.visit("origin", &mut self.origin)?;
        f.visit("orderRef", &mut self.order_ref)?;
        f.visit("transmit", &mut self.transmit)?;
        f.visit("parentId", &mut self.parent_id)?;
        f.visit("blockOrder", &mut self.block_order)?;
        f.visit("sweepToFill", &mut self.sweep_to_fill)?;
        f.opt("displaySize", &mut self.display_size)?;
        f.visit("triggerMethod", &mut self.trigger_method)?;
        f.visit("outsideRth", &mut self.outside_rth)?;
        f.visit("hidden", &mut self.hidden)
    }

    fn request_allocation(&mut self, f: &mut impl Fields) -> Step {
        f.visit("sharesAllocation", &mut self.shares_allocation)?;
        f.opt("discretionaryAmt", &mut self.discretionary_amt)?;
        f.visit("goodAfterTime", &mut self.good_after_time)?;
        f.visit("goodTillDate", &mut self.good_till_date)?;
        self.adviser(f)?;
        f.visit("modelCode", &mut self.model_code)
    }

    /// Group, method, percentage, and the profile while there was one.
    pub(crate) fn adviser(&mut self, f: &mut impl Fields) -> Step {
        f.visit("faGroup", &mut self.fa_group)?;
        f.visit("faMethod", &mut self.fa_method)?;
        f.visit("faPercentage", &mut self.fa_percentage)?;
        if f.has(Gate::AdviserProfile) {
            f.visit("faProfile", &mut self.fa_profile)?;
        }
        Ok(())
    }

    fn request_restrictions(&mut self, f: &mut impl Fields) -> Step {
        f.visit("shortSaleSlot", &mut self.short_sale_slot)?;
        f.visit("designatedLocation", &mut self.designated_location)?;
        f.int_or("exemptCode", &mut self.exempt_code, -1)?;
        f.visit("ocaType", &mut self.oca_type)?;
        f.visit("rule80A", &mut self.rule_80a)?;
        f.visit("settlingFirm", &mut self.settling_firm)?;
        f.visit("allOrNone", &mut self.all_or_none)?;
        f.opt("minQty", &mut self.min_qty)?;
        f.opt("percentOffset", &mut self.percent_offset)?;
        f.visit("eTradeOnly", &mut self.e_trade_only)?;
        f.visit("firmQuoteOnly", &mut self.firm_quote_only)?;
        f.opt("nbboPriceCap", &mut self.nbbo_price_cap)?;
        f.opt("auctionStrategy", &mut self.auction_strategy)?;
        self.auction_prices(f)?;
        f.visit("overridePercentageConstraints", &mut self.override_percentage_constraints)
    }

    fn request_volatility(&mut self, f: &mut impl Fields) -> Step {
        f.opt("volatility", &mut self.volatility)?;
        f.opt("volatilityType", &mut self.volatility_type)?;
        self.delta_neutral.full(f)?;
        f.visit("continuousUpdate", &mut self.continuous_update)?;
        f.opt("referencePriceType", &mut self.reference_px_type)?;
        f.opt("trailStopPrice", &mut self.trail_stop_px)?;
        f.opt("trailingPercent", &mut self.trailing_percent)?;
        f.opt("scaleInitLevelSize", &mut self.scale.init_level_size)?;
        f.opt("scaleSubsLevelSize", &mut self.scale.subs_level_size)?;
        self.scale.increment(f)?;
        f.visit("scaleTable", &mut self.scale.table)?;
        f.visit("activeStartTime", &mut self.active_start_time)?;
        f.visit("activeStopTime", &mut self.active_stop_time)?;
        self.hedge(f)
    }

    fn request_routing(&mut self, f: &mut impl Fields) -> Step {
        f.visit("optOutSmartRouting", &mut self.opt_out_smart_routing)?;
        f.visit("clearingAccount", &mut self.clearing_account)?;
        f.visit("clearingIntent", &mut self.clearing_intent)?;
        f.visit("notHeld", &mut self.not_held)?;
        delta_neutral_contract(f, &mut self.delta_neutral_contract)?;
        self.algo(f)?;
        f.visit("algoId", &mut self.algo_id)?;
        f.visit("whatIf", &mut self.what_if)?;
        f.visit("orderMiscOptions", &mut self.misc_options)?;
        f.visit("solicited", &mut self.solicited)?;
        f.visit("randomizeSize", &mut self.randomize_size)?;
        f.visit("randomizePrice", &mut self.randomize_px)?;
        self.benchmark_and_conditions(f)
    }

    fn request_adjustments(&mut self, f: &mut impl Fields) -> Step {
        let adjusted = &mut self.adjusted;
        f.visit("adjustedOrderType", &mut adjusted.order_type)?;
        f.opt("triggerPrice", &mut adjusted.trigger_px)?;
        f.opt("lmtPriceOffset", &mut adjusted.limit_px_offset)?;
        f.opt("adjustedStopPrice", &mut adjusted.stop_px)?;
        f.opt("adjustedStopLimitPrice", &mut adjusted.stop_limit_px)?;
        f.opt("adjustedTrailingAmount", &mut adjusted.trailing_amount)?;
        f.visit("adjustableTrailingUnit", &mut adjusted.trailing_unit)?;
        f.visit("extOperator", &mut self.ext_operator)?;
        f.visit("softDollarTier.name", &mut self.soft_dollar_tier.name)?;
        f.visit("softDollarTier.val", &mut self.soft_dollar_tier.value)?;
        f.opt("cashQty", &mut self.cash_qty)?;
        f.visit("mifid2DecisionMaker", &mut self.mifid2_decision_maker)?;
        f.visit("mifid2DecisionAlgo", &mut self.mifid2_decision_algo)?;
        f.visit("mifid2ExecutionTrader", &mut self.mifid2_execution_trader)?;
        f.visit("mifid2ExecutionAlgo", &mut self.mifid2_execution_algo)?;
        f.visit("dontUseAutoPriceForHedge", &mut self.dont_use_auto_px_for_hedge)?;
        f.visit("isOmsContainer", &mut self.is_oms_container)?;
        f.visit("discretionaryUpToLimitPrice", &mut self.discretionary_up_to_limit_px)?;
        f.opt("usePriceMgmtAlgo", &mut self.use_price_mgmt_algo)
    }

    fn request_gated(&mut self, is_ibkrats: bool, f: &mut impl Fields) -> Step {
        self.duration_and_ats(f)?;
        if f.has(Gate::AdvancedOrderReject) {
            f.visit("advancedErrorOverride", &mut self.advanced_error_override)?;
        }
        if f.has(Gate::ManualOrderTime) {
            f.visit("manualOrderTime", &mut self.manual_order_time)?;
        }
        if f.has(Gate::PegBestPegMid) {
            self.request_pegs(is_ibkrats, f)?;
        }
        self.customer(f)?;
        if f.has(Gate::RequestForQuote) {
            f.visit("externalUserId", &mut self.external_user_id)?;
            f.opt_max("manualOrderIndicator", &mut self.manual_order_indicator)?;
        }
        if f.has(Gate::IncludeOvernight) {
            f.visit("includeOvernight", &mut self.include_overnight)?;
        }
        if f.has(Gate::CmeTagging) {
            f.opt_max("manualOrderIndicator", &mut self.manual_order_indicator)?;
        }
        if f.has(Gate::ImbalanceOnly) {
            f.visit("imbalanceOnly", &mut self.imbalance_only)?;
        }
        Ok(())
    }

    /// Duration, alternative trading systems, cancel with the parent.
    pub(crate) fn duration_and_ats(&mut self, f: &mut impl Fields) -> Step {
        if f.has(Gate::Duration) {
            f.opt("duration", &mut self.duration)?;
        }
        if f.has(Gate::PostToAts) {
            f.opt("postToAts", &mut self.post_to_ats)?;
        }
        if f.has(Gate::AutoCancelParent) {
            f.visit("autoCancelParent", &mut self.auto_cancel_parent)?;
        }
        Ok(())
    }

    /// Customer account and kind of customer.
    pub(crate) fn customer(&mut self, f: &mut impl Fields) -> Step {
        if f.has(Gate::CustomerAccount) {
            f.visit("customerAccount", &mut self.customer_account)?;
        }
        if f.has(Gate::ProfessionalCustomer) {
            f.visit("professionalCustomer", &mut self.professional_customer)?;
        }
        Ok(())
    }

    /// Requests carry a peg field only where the order uses it; answers carry all five.
    fn request_pegs(&mut self, is_ibkrats: bool, f: &mut impl Fields) -> Step {
        if is_ibkrats {
            f.opt("minTradeQty", &mut self.min_trade_qty)?;
        }
        let peg = &mut self.peg_offsets;
        let mid_offsets = match self.order_type.as_str() {
            "PEG BEST" | "PEGBEST" => {
                f.opt("minCompeteSize", &mut peg.min_compete_size)?;
                f.opt("competeAgainstBestOffset", &mut peg.compete_against_best)?;
                peg.compete_against_best == Some(BestOffset::UpToMid)
            }
            "PEG MID" | "PEGMID" => true,
            _ => false,
        };
        if mid_offsets {
            f.opt("midOffsetAtWhole", &mut peg.mid_at_whole)?;
            f.opt("midOffsetAtHalf", &mut peg.mid_at_half)?;
        }
        Ok(())
    }
}
