//! Requests that end orders, and the exercise of options.

use super::contract::WireContract;
use crate::layout::{Fields, Layout, Step};
use crate::{Gate, Word};

/// Cancels one order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CancelOrder {
    /// The client's number of the order.
    pub order_id: i32,
    /// Of cancels by hand.
    pub manual_time: Word,
    /// Who operates.
    pub ext_operator: Word,
    /// Versions 187 to 189 only.
    pub external_user_id: Word,
    /// By hand or by a program.
    pub manual_order_indicator: Option<i32>,
}

impl Layout for CancelOrder {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        if !f.has(Gate::CmeTagging) {
            f.constant("version", "1")?;
        }
        f.id("orderId", &mut self.order_id)?;
        if f.has(Gate::ManualOrderTime) {
            f.visit("manualOrderCancelTime", &mut self.manual_time)?;
        }
        if f.has(Gate::RequestForQuote) || f.has(Gate::CmeTagging) {
            f.visit("extOperator", &mut self.ext_operator)?;
        }
        if f.has(Gate::RequestForQuote) {
            f.visit("externalUserId", &mut self.external_user_id)?;
        }
        if f.has(Gate::RequestForQuote) || f.has(Gate::CmeTagging) {
            f.opt_max("manualOrderIndicator", &mut self.manual_order_indicator)?;
        }
        Ok(())
    }
}

/// Cancels every order of every client of the login.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqGlobalCancel {
    /// Who operates.
    pub ext_operator: Word,
    /// By hand or by a program.
    pub manual_order_indicator: Option<i32>,
}

impl Layout for ReqGlobalCancel {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        if !f.has(Gate::CmeTagging) {
            return f.constant("version", "1");
        }
        f.visit("extOperator", &mut self.ext_operator)?;
        f.opt_max("manualOrderIndicator", &mut self.manual_order_indicator)?;
        Ok(())
    }
}

/// Exercises an option or lets it lapse.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExerciseOptions {
    /// The request this belongs to.
    pub req_id: i32,
    /// Which contract.
    pub contract: WireContract,
    /// 1 exercise, 2 lapse.
    pub action: i32,
    /// How many contracts.
    pub qty: i32,
    /// For whom.
    pub account: Word,
    /// Against the usual action.
    pub override_action: bool,
    /// Of requests by hand.
    pub manual_time: Word,
    /// For whom a broker asks.
    pub customer_account: Word,
    /// Kind of that customer.
    pub professional_customer: bool,
}

impl Layout for ExerciseOptions {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        self.contract.eleven(f)?;
        f.visit("exerciseAction", &mut self.action)?;
        f.visit("exerciseQuantity", &mut self.qty)?;
        f.visit("account", &mut self.account)?;
        f.visit("override", &mut self.override_action)?;
        if f.has(Gate::ExerciseManualTime) {
            f.visit("manualOrderTime", &mut self.manual_time)?;
        }
        if f.has(Gate::CustomerAccount) {
            f.visit("customerAccount", &mut self.customer_account)?;
        }
        if f.has(Gate::ProfessionalCustomer) {
            f.visit("professionalCustomer", &mut self.professional_customer)?;
        }
        Ok(())
    }
}
