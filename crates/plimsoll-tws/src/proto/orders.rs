//! Messages about orders: entry, cancel, state, executions.

mod condition;
mod order;
mod state;

use std::mem::take;

use super::contracts::{Beside, PricedLeg, contract, contract_with};
use super::{Form, Numbered, Step};
use crate::layout::Problem;
use crate::message::{
    AtVenue, CancelOrder, CommissionReport, CompletedOrder, ExecDetails, ExerciseOptions, LegPrice,
    OpenOrder, Order, OrderState, OrderStatus, PlaceOrder, ReqGlobalCancel, WireContract,
};
use order::{Around, order};
use state::{Ended, order_state};

impl Form for PlaceOrder {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "orderId", &mut self.order_id)?;
        let (sec_id_type, sec_id) = (take(&mut self.sec_id_type), take(&mut self.sec_id));
        let beside = Beside { sec_id_type, sec_id, ..Beside::default() };
        let beside = contract_of_order(f, 2, &mut self.contract, &mut self.order, beside)?;
        (self.sec_id_type, self.sec_id) = (beside.sec_id_type, beside.sec_id);
        let mut around = Around::default();
        order(f, 3, &mut self.order, &mut around)?;
        if around.order_id.is_some_and(|inner| inner != 0 && inner != self.order_id) {
            let wanted = "the number of the request around the order, or zero";
            return Err(f.unknown(3, "order.orderId", around.order_id.unwrap_or(0), wanted).into());
        }
        attached_orders(f)
    }
}

/// Orders that hang on this one by presets of TWS, from version 218 on. Nobody judges those, so a request
/// that names any cannot be read; the empty part that newer clients send is nothing.
fn attached_orders(f: &mut impl Numbered) -> Step {
    f.part(4, "attachedOrders", false, |f| {
        for (number, name) in [(1, "slOrderId"), (3, "ptOrderId")] {
            let mut id = None;
            f.opt_int(number, name, &mut id)?;
            if let Some(id) = id {
                return Err(f.unknown(number, name, id, "a field of this version").into());
            }
        }
        Ok(())
    })
    .map(drop)
}

/// The contract of an order, in which this wire puts the legs and the hedge that the typed order has.
fn contract_of_order(
    f: &mut impl Numbered,
    number: u32,
    contract: &mut WireContract,
    order: &mut Order,
    beside: Beside,
) -> Result<Beside, Box<crate::DecodeError>> {
    let mut pxs = take(&mut order.combo.leg_pxs).into_iter();
    let legs = take(&mut order.combo.legs).into_iter();
    let mut beside = Beside {
        delta_neutral: order.delta_neutral_contract.take(),
        legs_text: take(&mut order.combo.description),
        legs: legs.map(|leg| PricedLeg { leg, px: pxs.next().unwrap_or_default() }).collect(),
        ..beside
    };
    contract_with(f, number, contract, &mut beside)?;
    order.delta_neutral_contract = beside.delta_neutral.take();
    order.combo.description = take(&mut beside.legs_text);
    let (legs, pxs): (Vec<_>, Vec<_>) =
        take(&mut beside.legs).into_iter().map(|PricedLeg { leg, px }| (leg, px)).unzip();
    order.combo.legs = legs;
    order.combo.leg_pxs = if pxs.iter().any(|LegPrice(px)| px.is_some()) { pxs } else { Vec::new() };
    Ok(beside)
}

/// An order as a server tells it.
fn answered_order(f: &mut impl Numbered, number: u32, told: &mut Order, around: &mut Around) -> Step {
    leave_out(told);
    order(f, number, told, around)?;
    leave_out(told);
    Ok(())
}

/// No server says whether an order was transmitted, and a real Gateway leaves out these two when they are
/// zero, unlike most numbers.
fn leave_out(told: &mut Order) {
    told.transmit = false;
    told.discretionary_amt = told.discretionary_amt.filter(|amount| !amount.is_zero());
    told.cash_qty = told.cash_qty.filter(|amount| !amount.is_zero());
}

impl Form for OpenOrder {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int(1, "orderId", &mut self.order_id)?;
        contract_of_order(f, 2, &mut self.contract, &mut self.order, Beside::default())?;
        let mut around = Around {
            client_id: Some(self.client_id),
            order_id: Some(self.order_id),
            perm_id: self.perm_id,
            bond_accrued_interest: take(&mut self.bond_accrued_interest),
            submitter: take(&mut self.submitter),
            at_venue: take(&mut self.at_venue),
        };
        answered_order(f, 3, &mut self.order, &mut around)?;
        self.client_id = around.client_id.unwrap_or(0);
        self.perm_id = around.perm_id;
        self.bond_accrued_interest = around.bond_accrued_interest;
        self.submitter = around.submitter;
        self.at_venue = around.at_venue;
        order_state(f, 4, &mut self.state, &mut Ended::default())
    }
}

impl Form for CompletedOrder {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        contract_of_order(f, 1, &mut self.contract, &mut self.order, Beside::default())?;
        let mut around = Around {
            perm_id: self.perm_id,
            submitter: take(&mut self.submitter),
            at_venue: AtVenue {
                auto_cancel_date: take(&mut self.auto_cancel_date),
                filled_qty: self.filled_qty,
                ref_futures_con_id: self.ref_futures_con_id,
                shareholder: take(&mut self.shareholder),
                route_marketable_to_bbo: Some(self.route_marketable_to_bbo),
                parent_perm_id: self.parent_perm_id,
            },
            ..Around::default()
        };
        answered_order(f, 2, &mut self.order, &mut around)?;
        self.perm_id = around.perm_id;
        self.submitter = around.submitter;
        let venue = around.at_venue;
        self.auto_cancel_date = venue.auto_cancel_date;
        self.filled_qty = venue.filled_qty;
        self.ref_futures_con_id = venue.ref_futures_con_id;
        self.shareholder = venue.shareholder;
        self.route_marketable_to_bbo = venue.route_marketable_to_bbo.unwrap_or(false);
        self.parent_perm_id = venue.parent_perm_id;
        let mut state = OrderState { status: take(&mut self.status), ..OrderState::default() };
        let mut ended =
            Ended { time: take(&mut self.completed_time), status: take(&mut self.completed_status) };
        order_state(f, 3, &mut state, &mut ended)?;
        self.status = state.status;
        (self.completed_time, self.completed_status) = (ended.time, ended.status);
        Ok(())
    }
}

impl Form for OrderStatus {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "orderId", &mut self.order_id)?;
        f.text(2, "status", &mut self.status)?;
        f.opt_text(3, "filled", &mut self.filled)?;
        f.opt_text(4, "remaining", &mut self.remaining)?;
        f.opt_double(5, "avgFillPrice", &mut self.avg_fill_px)?;
        f.long(6, "permId", &mut self.perm_id)?;
        f.int(7, "parentId", &mut self.parent_id)?;
        f.opt_double(8, "lastFillPrice", &mut self.last_fill_px)?;
        f.int(9, "clientId", &mut self.client_id)?;
        f.text(10, "whyHeld", &mut self.why_held)?;
        f.opt_double(11, "mktCapPrice", &mut self.market_cap_px)
    }
}

impl Form for ExecDetails {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        contract(f, 2, &mut self.contract)?;
        let found = f.part(3, "execution", true, |f| {
            f.int(1, "orderId", &mut self.order_id)?;
            f.text(2, "execId", &mut self.exec_id)?;
            f.text(3, "time", &mut self.time)?;
            f.text(4, "acctNumber", &mut self.account)?;
            f.text(5, "exchange", &mut self.exchange)?;
            f.text(6, "side", &mut self.side)?;
            f.opt_text(7, "shares", &mut self.qty)?;
            f.opt_double(8, "price", &mut self.px)?;
            f.long(9, "permId", &mut self.perm_id)?;
            f.int(10, "clientId", &mut self.client_id)?;
            let mut by_force = self.liquidation != 0;
            f.flag(11, "isLiquidation", &mut by_force)?;
            self.liquidation = by_force.into();
            f.opt_text(12, "cumQty", &mut self.cum_qty)?;
            f.opt_double(13, "avgPrice", &mut self.avg_px)?;
            f.text(14, "orderRef", &mut self.order_ref)?;
            f.text(15, "evRule", &mut self.ev_rule)?;
            f.opt_double(16, "evMultiplier", &mut self.ev_multiplier)?;
            f.text(17, "modelCode", &mut self.model_code)?;
            f.int(18, "lastLiquidity", &mut self.last_liquidity)?;
            f.flag(19, "isPriceRevisionPending", &mut self.pending_px_revision)?;
            f.text(20, "submitter", &mut self.submitter)?;
            f.aside(21, "optExerciseOrLapseType")
        })?;
        if found { Ok(()) } else { Err(f.problem(3, "execution", Problem::Missing).into()) }
    }
}

impl Form for CommissionReport {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.text(1, "execId", &mut self.exec_id)?;
        f.opt_double(2, "commissionAndFees", &mut self.commission)?;
        f.text(3, "currency", &mut self.currency)?;
        f.opt_double(4, "realizedPNL", &mut self.realized)?;
        f.opt_double(5, "bondYield", &mut self.bond_yield)?;
        f.text(6, "yieldRedemptionDate", &mut self.yield_redemption_date)
    }
}

impl Form for CancelOrder {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "orderId", &mut self.order_id)?;
        f.part(2, "orderCancel", true, |f| {
            f.text(1, "manualOrderCancelTime", &mut self.manual_time)?;
            f.text(2, "extOperator", &mut self.ext_operator)?;
            f.opt_int(3, "manualOrderIndicator", &mut self.manual_order_indicator)
        })
        .map(drop)
    }
}

impl Form for ReqGlobalCancel {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.part(1, "orderCancel", true, |f| {
            f.aside(1, "manualOrderCancelTime")?;
            f.text(2, "extOperator", &mut self.ext_operator)?;
            f.opt_int(3, "manualOrderIndicator", &mut self.manual_order_indicator)
        })
        .map(drop)
    }
}

impl Form for ExerciseOptions {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "orderId", &mut self.req_id)?;
        contract(f, 2, &mut self.contract)?;
        f.int(3, "exerciseAction", &mut self.action)?;
        f.int(4, "exerciseQuantity", &mut self.qty)?;
        f.text(5, "account", &mut self.account)?;
        f.flag(6, "override", &mut self.override_action)?;
        f.text(7, "manualOrderTime", &mut self.manual_time)?;
        f.text(8, "customerAccount", &mut self.customer_account)?;
        f.flag(9, "professionalCustomer", &mut self.professional_customer)
    }
}
