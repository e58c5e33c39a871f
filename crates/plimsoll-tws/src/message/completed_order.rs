//! `completedOrder`: an order that ended today, without the numbers a client knew it by.

use plimsoll_model::Qty;

use super::contract::WireContract;
use super::order::Order;
use crate::layout::{Fields, Layout, Step};
use crate::{Gate, Text, Word};

/// The answer. Neither order id nor client id are in it: match by `perm_id` and by the order reference.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompletedOrder {
    /// What.
    pub contract: WireContract,
    /// How.
    pub order: Order,
    /// The broker's number.
    pub perm_id: i64,
    /// `Filled`, `Cancelled`, `Inactive`.
    pub status: Word,
    /// When the venue cancels it by itself.
    pub auto_cancel_date: Word,
    /// How much was executed.
    pub filled_qty: Option<Qty>,
    /// Of orders that reference a future.
    pub ref_futures_con_id: Option<i32>,
    /// Declaration of a shareholder, free text.
    pub shareholder: Text,
    /// Route marketable orders to the best quote.
    pub route_marketable_to_bbo: bool,
    /// The broker's number of the parent.
    pub parent_perm_id: i64,
    /// When it ended.
    pub completed_time: Text,
    /// Why it ended, free text, may hold line feeds.
    pub completed_status: Text,
    /// The user who submitted it.
    pub submitter: Word,
}

impl Layout for CompletedOrder {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        self.contract.eleven(f)?;
        self.order.answer_basics(f)?;
        f.visit("permId", &mut self.perm_id)?;
        self.order.answer_timing(f)?;
        self.order.answer_allocation(f)?;
        self.order.auction_prices(f)?;
        self.order.completed_sizes(f)?;
        f.opt("volatility", &mut self.order.volatility)?;
        f.opt("volatilityType", &mut self.order.volatility_type)?;
        self.order.delta_neutral.brief(f)?;
        self.order.answer_trail(f)?;
        self.order.answer_combo_scale_hedge(f)?;
        self.order.answer_clearing_algo(f)?;
        f.visit("solicited", &mut self.order.solicited)?;
        f.visit("status", &mut self.status)?;
        f.visit("randomizeSize", &mut self.order.randomize_size)?;
        f.visit("randomizePrice", &mut self.order.randomize_px)?;
        self.order.benchmark_and_conditions(f)?;
        f.opt_max("adjusted.trailStopPrice", &mut self.order.adjusted.trail_stop_px)?;
        f.opt_max("lmtPriceOffset", &mut self.order.adjusted.limit_px_offset)?;
        f.opt("cashQty", &mut self.order.cash_qty)?;
        f.visit("dontUseAutoPriceForHedge", &mut self.order.dont_use_auto_px_for_hedge)?;
        f.visit("isOmsContainer", &mut self.order.is_oms_container)?;
        self.completion(f)?;
        if f.has(Gate::PegBestPegMid) {
            self.order.peg_fields(f)?;
        }
        self.order.customer(f)?;
        if f.has(Gate::Submitter) {
            f.visit("submitter", &mut self.submitter)?;
        }
        Ok(())
    }
}

impl CompletedOrder {
    fn completion(&mut self, f: &mut impl Fields) -> Step {
        f.visit("autoCancelDate", &mut self.auto_cancel_date)?;
        f.opt("filledQuantity", &mut self.filled_qty)?;
        f.opt_max("refFuturesConId", &mut self.ref_futures_con_id)?;
        f.visit("autoCancelParent", &mut self.order.auto_cancel_parent)?;
        f.visit("shareholder", &mut self.shareholder)?;
        f.visit("imbalanceOnly", &mut self.order.imbalance_only)?;
        f.visit("routeMarketableToBbo", &mut self.route_marketable_to_bbo)?;
        f.visit("parentPermId", &mut self.parent_perm_id)?;
        f.visit("completedTime", &mut self.completed_time)?;
        f.visit("completedStatus", &mut self.completed_status)
    }
}

impl Order {
    fn completed_sizes(&mut self, f: &mut impl Fields) -> Step {
        f.opt_max("displaySize", &mut self.display_size)?;
        f.visit("sweepToFill", &mut self.sweep_to_fill)?;
        f.visit("allOrNone", &mut self.all_or_none)?;
        f.opt("minQty", &mut self.min_qty)?;
        f.visit("ocaType", &mut self.oca_type)?;
        f.visit("triggerMethod", &mut self.trigger_method)
    }
}
