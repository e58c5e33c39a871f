//! One holding at average cost, the broker's method: additions change the average price, reductions realise
//! the difference to it and leave it alone, and a reversal closes the old holding and opens a new one.
//!
//! The book keeps the total cost and not the average, so that nothing is lost by division: profit realised
//! plus cost left is always exactly what was paid and received.

use plimsoll_model::{Position, Price, Qty, Side};
use rust_decimal::Decimal;

use crate::exact;

/// To how many decimal places the cost of a part of a holding is rounded; the rest keeps the remainder.
const COST_PLACES: u32 = 10;

/// A holding, what it cost, and what was realised, in the instrument's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Book {
    /// Signed.
    position: Decimal,
    /// What was paid for the holding; below zero for a short one, which was paid for. None: nobody knows,
    /// and it stays unknown until the holding is gone.
    cost: Option<Decimal>,
    /// Profit of everything closed so far whose cost was known, before fees.
    realised: Decimal,
    /// Whether anything was closed whose cost was not known.
    unknown_cost: bool,
}

impl Book {
    pub(crate) const EMPTY: Self = Self {
        position: Decimal::ZERO,
        cost: Some(Decimal::ZERO),
        realised: Decimal::ZERO,
        unknown_cost: false,
    };

    /// A holding taken over, at an average price if that is known.
    pub(crate) fn opening(position: Position, avg: Option<Price>, multiplier: Decimal) -> Option<Self> {
        let cost = match avg {
            Some(avg) => Some(exact::mul(exact::mul(position.get(), avg.get())?, multiplier)?),
            None => position.is_zero().then_some(Decimal::ZERO),
        };
        Some(Self { position: position.get(), cost, ..Self::EMPTY })
    }

    /// The holding when that much more of it turns out to have been there all along, for nobody knows what.
    pub(crate) fn moved_at_unknown_cost(self, by: Position) -> Option<Self> {
        let position = exact::add(self.position, by.get())?;
        Some(Self { position, cost: position.is_zero().then_some(Decimal::ZERO), ..self })
    }

    pub(crate) fn position(&self) -> Position {
        Position::new(self.position)
    }

    pub(crate) fn realised(&self) -> Decimal {
        self.realised
    }

    pub(crate) fn unknown_cost(&self) -> bool {
        self.unknown_cost
    }

    /// The book after an execution, or nothing if it does not fit.
    pub(crate) fn after(self, side: Side, qty: Qty, px: Price, multiplier: Decimal) -> Option<Self> {
        let signed = match side {
            Side::Buy => qty.get(),
            Side::Sell => -qty.get(),
        };
        let unit = exact::mul(px.get(), multiplier)?;
        let adds = self.position.is_zero() || self.position.is_sign_negative() == signed.is_sign_negative();
        if adds {
            return self.added(signed, unit);
        }
        let closing = if signed.abs() > self.position.abs() { -self.position } else { signed };
        self.reduced(closing, unit)?.added(exact::sub(signed, closing)?, unit)
    }

    /// More of the same direction; zero changes nothing.
    fn added(self, signed: Decimal, unit: Decimal) -> Option<Self> {
        let cost = match self.cost {
            Some(cost) => Some(exact::add(cost, exact::mul(signed, unit)?)?),
            None => None,
        };
        Some(Self { position: exact::add(self.position, signed)?, cost, ..self })
    }

    /// Less of the holding, down to nothing at most.
    fn reduced(self, signed: Decimal, unit: Decimal) -> Option<Self> {
        let position = exact::add(self.position, signed)?;
        let Some(cost) = self.cost else {
            let cost = position.is_zero().then_some(Decimal::ZERO);
            let unknown_cost = self.unknown_cost || !signed.is_zero();
            return Some(Self { position, cost, unknown_cost, ..self });
        };
        let closed_cost = if position.is_zero() {
            cost
        } else {
            let share = signed.abs().checked_div(self.position.abs())?;
            cost.checked_mul(share)?.round_dp(COST_PLACES)
        };
        let received = -exact::mul(signed, unit)?;
        Some(Self {
            position,
            cost: Some(exact::sub(cost, closed_cost)?),
            realised: exact::add(self.realised, exact::sub(received, closed_cost)?)?,
            ..self
        })
    }

    /// The average price per unit; none for no holding or an unknown cost. Rounded, for people: the cost is what counts.
    pub(crate) fn avg_price(&self, multiplier: Decimal) -> Option<Price> {
        let units = self.position.checked_mul(multiplier)?;
        let avg = self.cost?.checked_div(units)?;
        Some(Price::new(avg.round_dp(COST_PLACES).normalize()))
    }

    /// What closing the holding at `mark` would realise, before the fee of closing.
    pub(crate) fn open_pnl(&self, mark: Price, multiplier: Decimal) -> Option<Decimal> {
        let value = exact::mul(exact::mul(self.position, mark.get())?, multiplier)?;
        exact::sub(value, self.cost?)
    }
}
