//! Answers about the life of orders: status, executions, commissions.

use plimsoll_model::{Price, Qty};
use rust_decimal::Decimal;

use super::contract::WireContract;
use crate::layout::{Fields, Layout, Step};
use crate::{Gate, Text, Word};

/// How far an order has come. Exactly twelve fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrderStatus {
    /// The client's number.
    pub order_id: i32,
    /// `Submitted`.
    pub status: Word,
    /// Executed so far.
    pub filled: Option<Qty>,
    /// Not yet executed.
    pub remaining: Option<Qty>,
    /// Zero before the first execution.
    pub avg_fill_px: Option<Price>,
    /// The broker's number.
    pub perm_id: i64,
    /// Of a child order.
    pub parent_id: i32,
    /// Of the last execution.
    pub last_fill_px: Option<Price>,
    /// Who placed it.
    pub client_id: i32,
    /// `locate`, `trigger`.
    pub why_held: Word,
    /// The cap TWS put on a market order.
    pub market_cap_px: Option<Price>,
}

impl Layout for OrderStatus {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("orderId", &mut self.order_id)?;
        f.visit("status", &mut self.status)?;
        f.opt("filled", &mut self.filled)?;
        f.opt("remaining", &mut self.remaining)?;
        f.opt("avgFillPrice", &mut self.avg_fill_px)?;
        f.visit("permId", &mut self.perm_id)?;
        f.visit("parentId", &mut self.parent_id)?;
        f.opt("lastFillPrice", &mut self.last_fill_px)?;
        f.visit("clientId", &mut self.client_id)?;
        f.visit("whyHeld", &mut self.why_held)?;
        f.opt("mktCapPrice", &mut self.market_cap_px)?;
        Ok(())
    }
}

/// One execution.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecDetails {
    /// The request it answers; -1 when it came by itself.
    pub req_id: i32,
    /// The client's number of the order.
    pub order_id: i32,
    /// Which contract.
    pub contract: WireContract,
    /// The venue's key.
    pub exec_id: Word,
    /// In one of several forms, see `time`.
    pub time: Text,
    /// Whose.
    pub account: Word,
    /// Where.
    pub exchange: Word,
    /// `BOT` or `SLD`.
    pub side: Word,
    /// How much.
    pub qty: Option<Qty>,
    /// At what price.
    pub px: Option<Price>,
    /// The broker's number of the order.
    pub perm_id: i64,
    /// Who placed the order.
    pub client_id: i32,
    /// Whether the broker closed the position by force.
    pub liquidation: i32,
    /// Executed so far.
    pub cum_qty: Option<Qty>,
    /// Of all executions so far.
    pub avg_px: Option<Price>,
    /// The order's reference.
    pub order_ref: Text,
    /// Economic value rule.
    pub ev_rule: Text,
    /// Of that rule.
    pub ev_multiplier: Option<Decimal>,
    /// Of adviser models.
    pub model_code: Word,
    /// 1 added, 2 removed, 3 routed out.
    pub last_liquidity: i32,
    /// The price may still change.
    pub pending_px_revision: bool,
    /// The user who submitted the order.
    pub submitter: Word,
}

impl Layout for ExecDetails {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.int_or("reqId", &mut self.req_id, -1)?;
        f.id("orderId", &mut self.order_id)?;
        self.contract.eleven(f)?;
        f.visit("execId", &mut self.exec_id)?;
        f.visit("time", &mut self.time)?;
        f.visit("account", &mut self.account)?;
        f.visit("exchange", &mut self.exchange)?;
        f.visit("side", &mut self.side)?;
        f.opt("shares", &mut self.qty)?;
        f.opt("price", &mut self.px)?;
        f.visit("permId", &mut self.perm_id)?;
        f.visit("clientId", &mut self.client_id)?;
        f.visit("liquidation", &mut self.liquidation)?;
        f.opt("cumQty", &mut self.cum_qty)?;
        f.opt("avgPrice", &mut self.avg_px)?;
        f.visit("orderRef", &mut self.order_ref)?;
        f.visit("evRule", &mut self.ev_rule)?;
        f.opt("evMultiplier", &mut self.ev_multiplier)?;
        f.visit("modelCode", &mut self.model_code)?;
        f.visit("lastLiquidity", &mut self.last_liquidity)?;
        if f.has(Gate::PendingPriceRevision) {
            f.visit("pendingPriceRevision", &mut self.pending_px_revision)?;
        }
        if f.has(Gate::Submitter) {
            f.visit("submitter", &mut self.submitter)?;
        }
        Ok(())
    }
}

/// The commission of one execution. Exactly eight fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommissionReport {
    /// Of which execution.
    pub exec_id: Word,
    /// A rebate is negative.
    pub commission: Option<Decimal>,
    /// Of the commission.
    pub currency: Word,
    /// Profit the execution realised.
    pub realized: Option<Decimal>,
    /// Of bonds.
    pub bond_yield: Option<Decimal>,
    /// Of bonds.
    pub yield_redemption_date: Word,
}

impl Layout for CommissionReport {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("execId", &mut self.exec_id)?;
        f.opt_max("commission", &mut self.commission)?;
        f.visit("currency", &mut self.currency)?;
        f.opt_max("realizedPNL", &mut self.realized)?;
        f.opt_max("yield", &mut self.bond_yield)?;
        f.visit("yieldRedemptionDate", &mut self.yield_redemption_date)?;
        Ok(())
    }
}
