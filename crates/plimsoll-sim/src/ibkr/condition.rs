//! Orders that wait: for a time, or for conditions.
//!
//! Owns the question whether an order's conditions hold, and the arming of those whose wait is over. As in
//! TWS the conditions are joined from left to right, each by the word that stands behind it, and they are
//! looked at while the market is open.

use plimsoll_model::{PermId, Price};
use plimsoll_tws::message::{Condition, Conjunction};
use rust_decimal::Decimal;

use crate::ibkr::exchange::Exchange;
use crate::ibkr::order::{Order, State, dollars};
use crate::ibkr::rules::Refusal;
use crate::ibkr::server::times;

impl Exchange {
    /// Refuses conditions that can never be judged: contracts that are not traded here, unreadable times.
    pub(crate) fn check_conditions(&self, conditions: &[Condition]) -> Result<(), Refusal> {
        for condition in conditions {
            let known = match condition {
                Condition::Price { con_id, px, .. } => px.is_some() && self.trades_con_id(*con_id),
                Condition::Volume { con_id, .. } => self.trades_con_id(*con_id),
                Condition::PercentChange { con_id, percent, .. } => {
                    percent.is_some() && self.trades_con_id(*con_id)
                }
                Condition::Execution { symbol, .. } => self.market.find(symbol.as_str()).is_some(),
                Condition::Time { time, .. } => {
                    times::parse(time.as_str(), self.market.hours.zone()).is_some()
                }
                Condition::Margin { .. } => true,
            };
            if !known {
                return Err(Refusal::new(147, "The conditional contract info is incomplete."));
            }
        }
        Ok(())
    }

    fn trades_con_id(&self, con_id: i32) -> bool {
        self.market.find_con_id(con_id).is_some()
    }

    /// Whether an order still waits for its time or its conditions.
    pub(crate) fn is_due(&mut self, order: &Order) -> bool {
        let terms = &order.terms;
        let timely = terms.good_after.is_none_or(|after| after <= self.now);
        timely && (terms.conditions.is_empty() || terms.conditions_cancel || self.conditions_hold(order))
    }

    /// Orders whose wait is over go to work; those that conditions end are ended.
    pub(crate) fn arm_orders(&mut self) {
        for perm in self.open.iter().copied().collect::<Vec<_>>() {
            let order = self.order(perm);
            if !order.state.is_listed() || order.state == State::Held("child") {
                continue;
            }
            if order.terms.conditions_cancel && !order.terms.conditions.is_empty() {
                self.end_by_condition(perm);
            } else if !order.armed {
                self.arm(perm);
            }
        }
    }

    fn arm(&mut self, perm: PermId) {
        let order = self.order(perm).clone();
        if self.is_due(&order) {
            self.order_mut(perm).armed = true;
            self.activate(perm);
        }
    }

    fn end_by_condition(&mut self, perm: PermId) {
        let order = self.order(perm).clone();
        if self.conditions_hold(&order) {
            self.end_canceled(perm, "Order was cancelled by its condition");
        }
    }

    fn conditions_hold(&mut self, order: &Order) -> bool {
        let mut sum = None;
        let mut join = Conjunction::And;
        for condition in &order.terms.conditions {
            let holds = self.holds(condition, order);
            sum = Some(match (sum, join) {
                (None, _) => holds,
                (Some(before), Conjunction::And) => before && holds,
                (Some(before), Conjunction::Or) => before || holds,
            });
            join = join_of(condition);
        }
        sum.unwrap_or(true)
    }

    fn holds(&mut self, condition: &Condition, order: &Order) -> bool {
        let now = self.now;
        match condition {
            Condition::Price { is_more, px, con_id, .. } => {
                let Some(sym) = self.market.find_con_id(*con_id) else { return false };
                let last = dollars(self.last_px(sym));
                let px = px.map_or(Decimal::ZERO, Price::get);
                if *is_more { last >= px } else { last <= px }
            }
            Condition::Time { is_more, time, .. } => {
                let at = times::parse(time.as_str(), self.market.hours.zone());
                at.is_some_and(|at| if *is_more { now >= at } else { now <= at })
            }
            Condition::Margin { is_more, percent, .. } => {
                let values = self.values(&order.account);
                let worth = values.net_liquidation.max(Decimal::ONE);
                let cushion = values.available() * Decimal::ONE_HUNDRED / worth;
                if *is_more { cushion >= Decimal::from(*percent) } else { cushion <= Decimal::from(*percent) }
            }
            Condition::Execution { symbol, .. } => {
                let sym = self.market.find(symbol.as_str());
                let since = order.entered;
                self.fills
                    .iter()
                    .any(|fill| Some(fill.sym) == sym && fill.at >= since && fill.perm_id != order.perm_id)
            }
            Condition::Volume { is_more, volume, con_id, .. } => {
                let Some(sym) = self.market.find_con_id(*con_id) else { return false };
                let so_far = self.market.day_so_far(sym, now).trades.map_or(0, |bar| bar.volume);
                if *is_more { so_far >= i64::from(*volume) } else { so_far <= i64::from(*volume) }
            }
            Condition::PercentChange { is_more, percent, con_id, .. } => {
                let Some(sym) = self.market.find_con_id(*con_id) else { return false };
                let close = self.market.day_so_far(sym, now).previous_close.max(1);
                let change =
                    Decimal::from(self.last_px(sym) - close) * Decimal::ONE_HUNDRED / Decimal::from(close);
                let percent = percent.unwrap_or_default();
                if *is_more { change >= percent } else { change <= percent }
            }
        }
    }
}

fn join_of(condition: &Condition) -> Conjunction {
    match condition {
        Condition::Price { join, .. }
        | Condition::Time { join, .. }
        | Condition::Margin { join, .. }
        | Condition::Execution { join, .. }
        | Condition::Volume { join, .. }
        | Condition::PercentChange { join, .. } => *join,
    }
}
