//! `openOrder`: an order as the venue keeps it, with its state and its margin preview.

use plimsoll_model::Qty;
use rust_decimal::Decimal;

use super::contract::{WireContract, delta_neutral_contract};
use super::order::Order;
use crate::layout::{Fields, Layout, Step};
use crate::{Gate, Text, Word};

pub(crate) const ALLOCATIONS_MAX: usize = 4096;

/// The answer. At version 200 a plain order has 156 fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenOrder {
    /// The client's number; zero for an order entered by hand.
    pub order_id: i32,
    /// What.
    pub contract: WireContract,
    /// How.
    pub order: Order,
    /// Who placed it.
    pub client_id: i32,
    /// The broker's number.
    pub perm_id: i64,
    /// How it stands.
    pub state: OrderState,
    /// Accrued interest of a bond.
    pub bond_accrued_interest: Word,
    /// The user who submitted it.
    pub submitter: Word,
    /// At protobuf versions only.
    pub at_venue: AtVenue,
}

/// What a venue adds to an order: in completed orders at every version, in open ones in protobuf only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AtVenue {
    /// When the venue cancels it by itself.
    pub auto_cancel_date: Word,
    /// How much was executed.
    pub filled_qty: Option<Qty>,
    /// Of orders that reference a future.
    pub ref_futures_con_id: Option<i32>,
    /// Declaration of a shareholder, free text.
    pub shareholder: Text,
    /// Route marketable orders to the best quote.
    pub route_marketable_to_bbo: Option<bool>,
    /// The broker's number of the parent.
    pub parent_perm_id: i64,
}

/// State and margin preview of an open order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "TWS's own field names")]
pub struct OrderState {
    pub status: Word,
    /// Initial, maintenance, equity with loan before the order.
    pub before: [Option<Decimal>; 3],
    /// The same three: the change by the order.
    pub change: [Option<Decimal>; 3],
    /// The same three after the order.
    pub after: [Option<Decimal>; 3],
    pub commission: Option<Decimal>,
    pub commission_min: Option<Decimal>,
    pub commission_max: Option<Decimal>,
    pub commission_currency: Word,
    pub margin_currency: Word,
    /// Before, change and after outside regular hours, three each.
    pub outside_rth: [Option<Decimal>; 9],
    pub suggested_size: Option<Qty>,
    pub reject_reason: Text,
    pub allocations: Vec<OrderAllocation>,
    pub warning_text: Text,
}

/// One account's part of an adviser's order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "TWS's own field names")]
pub struct OrderAllocation {
    pub account: Word,
    pub position: Option<Decimal>,
    pub position_desired: Option<Decimal>,
    pub position_after: Option<Decimal>,
    pub desired_qty: Option<Decimal>,
    pub allowed_qty: Option<Decimal>,
    pub is_monetary: bool,
}

impl Layout for OpenOrder {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("orderId", &mut self.order_id)?;
        self.contract.eleven(f)?;
        self.order.answer_basics(f)?;
        f.visit("clientId", &mut self.client_id)?;
        f.visit("permId", &mut self.perm_id)?;
        self.order.answer_timing(f)?;
        f.visit("sharesAllocation", &mut self.order.shares_allocation)?;
        self.order.answer_allocation(f)?;
        f.opt("auctionStrategy", &mut self.order.auction_strategy)?;
        self.order.auction_prices(f)?;
        self.order.open_sizes(f)?;
        f.opt("volatility", &mut self.order.volatility)?;
        f.opt("volatilityType", &mut self.order.volatility_type)?;
        self.order.delta_neutral.full(f)?;
        self.order.answer_trail(f)?;
        f.opt("basisPoints", &mut self.order.basis_points)?;
        f.opt("basisPointsType", &mut self.order.basis_points_type)?;
        self.order.answer_combo_scale_hedge(f)?;
        f.visit("optOutSmartRouting", &mut self.order.opt_out_smart_routing)?;
        self.order.answer_clearing_algo(f)?;
        f.visit("solicited", &mut self.order.solicited)?;
        f.visit("whatIf", &mut self.order.what_if)?;
        self.state.layout(f)?;
        f.visit("randomizeSize", &mut self.order.randomize_size)?;
        f.visit("randomizePrice", &mut self.order.randomize_px)?;
        self.order.benchmark_and_conditions(f)?;
        self.order.open_adjustments(f)?;
        self.gated(f)
    }
}

impl OpenOrder {
    fn gated(&mut self, f: &mut impl Fields) -> Step {
        self.order.duration_and_ats(f)?;
        if f.has(Gate::PegBestPegMid) {
            self.order.peg_fields(f)?;
        }
        self.order.customer(f)?;
        if f.has(Gate::BondAccruedInterest) {
            f.visit("bondAccruedInterest", &mut self.bond_accrued_interest)?;
        }
        if f.has(Gate::IncludeOvernight) {
            f.visit("includeOvernight", &mut self.order.include_overnight)?;
        }
        if f.has(Gate::CmeTaggingInOpenOrder) {
            f.visit("extOperator", &mut self.order.ext_operator)?;
            f.opt_max("manualOrderIndicator", &mut self.order.manual_order_indicator)?;
        }
        if f.has(Gate::Submitter) {
            f.visit("submitter", &mut self.submitter)?;
        }
        if f.has(Gate::ImbalanceOnly) {
            f.visit("imbalanceOnly", &mut self.order.imbalance_only)?;
        }
        Ok(())
    }
}

impl Layout for OrderState {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("orderState.status", &mut self.status)?;
        let margins = self.before.iter_mut().chain(&mut self.change).chain(&mut self.after);
        for margin in margins {
            f.opt_max("orderState.margin", margin)?;
        }
        f.opt("commission", &mut self.commission)?;
        f.opt("minCommission", &mut self.commission_min)?;
        f.opt("maxCommission", &mut self.commission_max)?;
        f.visit("commissionCurrency", &mut self.commission_currency)?;
        if f.has(Gate::FullOrderPreview) {
            f.visit("marginCurrency", &mut self.margin_currency)?;
            for margin in &mut self.outside_rth {
                f.opt_max("orderState.marginOutsideRth", margin)?;
            }
            f.opt_max("suggestedSize", &mut self.suggested_size)?;
            f.visit("rejectReason", &mut self.reject_reason)?;
            f.list("allocationCount", &mut self.allocations, ALLOCATIONS_MAX, |f, part| part.layout(f))?;
        }
        f.visit("warningText", &mut self.warning_text)
    }
}

impl Layout for OrderAllocation {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("allocation.account", &mut self.account)?;
        f.opt("allocation.position", &mut self.position)?;
        f.opt("allocation.positionDesired", &mut self.position_desired)?;
        f.opt("allocation.positionAfter", &mut self.position_after)?;
        f.opt("allocation.desiredAllocQty", &mut self.desired_qty)?;
        f.opt("allocation.allowedAllocQty", &mut self.allowed_qty)?;
        f.visit("allocation.isMonetary", &mut self.is_monetary)
    }
}

/// Groups of fields that open and completed orders share.
impl Order {
    pub(crate) fn answer_basics(&mut self, f: &mut impl Fields) -> Step {
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
        f.visit("orderRef", &mut self.order_ref)
    }

    pub(crate) fn answer_timing(&mut self, f: &mut impl Fields) -> Step {
        f.visit("outsideRth", &mut self.outside_rth)?;
        f.visit("hidden", &mut self.hidden)?;
        f.opt("discretionaryAmt", &mut self.discretionary_amt)?;
        f.visit("goodAfterTime", &mut self.good_after_time)
    }

    pub(crate) fn answer_allocation(&mut self, f: &mut impl Fields) -> Step {
        self.adviser(f)?;
        f.visit("modelCode", &mut self.model_code)?;
        f.visit("goodTillDate", &mut self.good_till_date)?;
        f.visit("rule80A", &mut self.rule_80a)?;
        f.opt("percentOffset", &mut self.percent_offset)?;
        f.visit("settlingFirm", &mut self.settling_firm)?;
        f.visit("shortSaleSlot", &mut self.short_sale_slot)?;
        f.visit("designatedLocation", &mut self.designated_location)?;
        f.int_or("exemptCode", &mut self.exempt_code, -1)
    }

    fn open_sizes(&mut self, f: &mut impl Fields) -> Step {
        f.opt_max("displaySize", &mut self.display_size)?;
        f.visit("blockOrder", &mut self.block_order)?;
        f.visit("sweepToFill", &mut self.sweep_to_fill)?;
        f.visit("allOrNone", &mut self.all_or_none)?;
        f.opt("minQty", &mut self.min_qty)?;
        f.visit("ocaType", &mut self.oca_type)?;
        f.visit("eTradeOnly", &mut self.e_trade_only)?;
        f.visit("firmQuoteOnly", &mut self.firm_quote_only)?;
        f.opt("nbboPriceCap", &mut self.nbbo_price_cap)?;
        f.visit("parentId", &mut self.parent_id)?;
        f.visit("triggerMethod", &mut self.trigger_method)
    }

    pub(crate) fn answer_trail(&mut self, f: &mut impl Fields) -> Step {
        f.visit("continuousUpdate", &mut self.continuous_update)?;
        f.opt("referencePriceType", &mut self.reference_px_type)?;
        f.opt("trailStopPrice", &mut self.trail_stop_px)?;
        f.opt("trailingPercent", &mut self.trailing_percent)
    }

    pub(crate) fn answer_combo_scale_hedge(&mut self, f: &mut impl Fields) -> Step {
        f.visit("comboLegsDescrip", &mut self.combo.description)?;
        self.combo.layout(f)?;
        f.opt_max("scaleInitLevelSize", &mut self.scale.init_level_size)?;
        f.opt_max("scaleSubsLevelSize", &mut self.scale.subs_level_size)?;
        self.scale.increment(f)?;
        self.hedge(f)
    }

    pub(crate) fn answer_clearing_algo(&mut self, f: &mut impl Fields) -> Step {
        f.visit("clearingAccount", &mut self.clearing_account)?;
        f.visit("clearingIntent", &mut self.clearing_intent)?;
        f.visit("notHeld", &mut self.not_held)?;
        delta_neutral_contract(f, &mut self.delta_neutral_contract)?;
        self.algo(f)
    }

    fn open_adjustments(&mut self, f: &mut impl Fields) -> Step {
        let adjusted = &mut self.adjusted;
        f.visit("adjustedOrderType", &mut adjusted.order_type)?;
        f.opt_max("triggerPrice", &mut adjusted.trigger_px)?;
        f.opt_max("adjusted.trailStopPrice", &mut adjusted.trail_stop_px)?;
        f.opt_max("lmtPriceOffset", &mut adjusted.limit_px_offset)?;
        f.opt_max("adjustedStopPrice", &mut adjusted.stop_px)?;
        f.opt_max("adjustedStopLimitPrice", &mut adjusted.stop_limit_px)?;
        f.opt_max("adjustedTrailingAmount", &mut adjusted.trailing_amount)?;
        f.visit("adjustableTrailingUnit", &mut adjusted.trailing_unit)?;
        f.visit("softDollarTier.name", &mut self.soft_dollar_tier.name)?;
        f.visit("softDollarTier.val", &mut self.soft_dollar_tier.value)?;
        f.visit("softDollarTier.displayName", &mut self.soft_dollar_tier.display_name)?;
        f.opt("cashQty", &mut self.cash_qty)?;
        f.visit("dontUseAutoPriceForHedge", &mut self.dont_use_auto_px_for_hedge)?;
        f.visit("isOmsContainer", &mut self.is_oms_container)?;
        f.visit("discretionaryUpToLimitPrice", &mut self.discretionary_up_to_limit_px)?;
        f.opt("usePriceMgmtAlgo", &mut self.use_price_mgmt_algo)
    }
}
