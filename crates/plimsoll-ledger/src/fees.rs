//! What brokers charge, in exact decimals and not rounded; statements round per trade or per day.
//!
//! A schedule is always chosen by somebody: there is no default, and none that charges nothing. Owns the
//! commission only; regulatory fees have rates of their own that change by date.

use plimsoll_model::{Currency, Money, Price, Qty};
use rust_decimal::Decimal;

use crate::exact;

/// Everything of one order that was executed so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traded {
    /// How much.
    pub qty: Qty,
    /// Quantity times price, summed over the executions.
    pub value: Decimal,
}

impl Traded {
    /// Nothing yet.
    pub const NOTHING: Self = Self { qty: Qty::ZERO, value: Decimal::ZERO };

    /// With one more execution, or nothing if it does not fit.
    pub fn and(self, qty: Qty, px: Price) -> Option<Self> {
        let value = exact::add(self.value, exact::mul(qty.get(), px.get())?)?;
        Some(Self { qty: Qty::new(exact::add(self.qty.get(), qty.get())?)?, value })
    }
}

/// A broker's price list for commissions, which are due per order.
pub trait FeeSchedule {
    /// The commission of an order of which this much was executed; none if the number does not fit.
    fn commission(&self, traded: Traded) -> Option<Money>;
}

/// IBKR Fixed for US stocks and ETFs on SMART: 0.005 USD per share, at least 1 USD (0.01 USD below one
/// share), at most 1 % of the trade's value; where the two limits contradict each other, the maximum wins.
/// Source: interactivebrokers.co.uk, "Commissions Stocks".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IbkrFixed;

/// USD per share.
const FIXED_PER_SHARE: Decimal = Decimal::from_parts(5, 0, 0, false, 3);
/// USD per order.
const FIXED_ORDER_MIN: Decimal = Decimal::ONE;
/// USD per order of less than one share.
const FIXED_FRACTION_MIN: Decimal = Decimal::from_parts(1, 0, 0, false, 2);
/// Of the trade's value.
const FIXED_VALUE_MAX: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

impl FeeSchedule for IbkrFixed {
    fn commission(&self, traded: Traded) -> Option<Money> {
        let qty = traded.qty.get();
        let min = if qty < Decimal::ONE { FIXED_FRACTION_MIN } else { FIXED_ORDER_MIN };
        let per_share = exact::mul(FIXED_PER_SHARE, qty)?;
        let cap = exact::mul(FIXED_VALUE_MAX, traded.value)?;
        Some(Money { amount: per_share.max(min).min(cap), currency: Currency::USD })
    }
}

/// The commission of one order, charged execution by execution: each pays what the order owes by then and
/// has not paid yet. The first partial execution pays the minimum, the next ones pay nothing until the
/// order has grown beyond it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderFees {
    traded: Traded,
    charged: Decimal,
}

impl OrderFees {
    /// Of an order without executions.
    pub const fn of_new_order() -> Self {
        Self { traded: Traded::NOTHING, charged: Decimal::ZERO }
    }

    /// The fee of the next execution, never below zero; none, and nothing charged, if it does not fit.
    pub fn charge(&mut self, schedule: &dyn FeeSchedule, qty: Qty, px: Price) -> Option<Money> {
        let traded = self.traded.and(qty, px)?;
        let due = schedule.commission(traded)?;
        let amount = exact::sub(due.amount, self.charged)?.max(Decimal::ZERO);
        self.charged = exact::add(self.charged, amount)?;
        self.traded = traded;
        Some(Money { amount, ..due })
    }
}
