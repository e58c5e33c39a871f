//! Combinations: several stocks bought and sold as one, at one price for the difference.
//!
//! Owns the price of a combination and its executions. A combination is executed whole or not at all, at what the legs'
//! quotes show together. Its execution has one row for the combination, which touches no account, and one for each leg,
//! whose ids have five parts instead of four.

use std::ops::Range;

use plimsoll_model::{ExecId, PermId, Side};

use crate::ibkr::accounts::Posting;
use crate::ibkr::exchange::{Exchange, Fill};
use crate::ibkr::fees::{Charged, Role, Trade};
use crate::ibkr::fill::Deal;
use crate::ibkr::order::Order;
use crate::ibkr::terms::Leg;

/// What one leg shows to whoever takes it.
#[derive(Debug, Clone, Copy)]
struct Shown {
    leg: Leg,
    side: Side,
    px: i64,
    /// Whole combinations that its size is good for.
    good_for: i64,
}

impl Exchange {
    /// Executes what the legs' quotes allow now.
    pub(crate) fn work_combo(&mut self, perm: PermId) {
        let order = self.order(perm).clone();
        let Some(shown) = self.legs_shown(&order) else { return };
        let px = shown.iter().map(|leg| leg.px * leg.leg.ratio).sum();
        let good_for = shown.iter().map(|leg| leg.good_for).min().unwrap_or(0);
        let qty = good_for.min(order.leaves_qty());
        if qty >= order.smallest_qty() && order.accepts(px) {
            self.execute(perm, Deal { px, qty, exchange: "SMART", liquidity: 2 });
        }
    }

    /// The legs' quotes from the side of who buys (or sells) the combination; nothing while one does not trade.
    fn legs_shown(&mut self, order: &Order) -> Option<Vec<Shown>> {
        let mut shown = Vec::new();
        for leg in &order.terms.legs {
            self.session_of(leg.sym)?;
            if self.market.is_halted(leg.sym, self.now) {
                return None;
            }
            let quote = self.market.second(leg.sym, self.now)?;
            let buys = (order.side == Side::Buy) == (leg.ratio > 0);
            let (side, px, size) = if buys {
                (Side::Buy, quote.ask, quote.ask_size)
            } else {
                (Side::Sell, quote.bid, quote.bid_size)
            };
            let gone = self.taken.get(&(leg.sym, side)).copied().unwrap_or(0);
            shown.push(Shown { leg: *leg, side, px, good_for: (size - gone).max(0) / leg.ratio.abs() });
        }
        Some(shown)
    }

    /// Books an execution of a combination. Returns its rows.
    pub(crate) fn post_combo(&mut self, perm: PermId, deal: Deal) -> Range<usize> {
        let first = self.fills.len();
        let order = self.order(perm).clone();
        let shown = self.legs_shown(&order).expect("a combination is executed against its legs' quotes only");
        let row = self.row(perm, deal);
        let stem = row.exec_id.as_str().trim_end_matches(".01.01").to_owned();
        self.fills.push(Fill { booked: false, combo: true, ..row.clone() });
        for (index, leg) in shown.into_iter().enumerate() {
            let qty = leg.leg.ratio.abs() * deal.qty;
            *self.taken.entry((leg.leg.sym, leg.side)).or_insert(0) += qty;
            let exec_id = ExecId::new(&format!("{stem}.{:02}.01.01", index + 2))
                .expect("the text of an execution id is short and not empty");
            let fill = Fill { exec_id, sym: leg.leg.sym, side: leg.side, qty, px: leg.px, ..row.clone() };
            self.post_leg(perm, index, fill);
        }
        first..self.fills.len()
    }

    fn post_leg(&mut self, perm: PermId, index: usize, fill: Fill) {
        let date = self.market.hours.date_at(self.now);
        let (each, rate) = (self.each(fill.sym, fill.px), self.rate(self.market.listing(fill.sym).currency));
        let settles = self.settles(fill.sym);
        let mut charged = self.order(perm).legs_charged.get(index).copied().unwrap_or_default();
        let trade = Trade { qty: fill.qty, px: fill.px, side: fill.side, role: Role::Takes, date };
        let commission = self.charge(&mut charged, fill.sym, trade);
        let scale = self.market.listing(fill.sym).scale();
        let (cum_qty, avg_px) = (charged.shares, Order::average(charged.turnover, charged.shares, scale));
        let order = self.order_mut(perm);
        order.legs_charged.resize(order.terms.legs.len(), Charged::default());
        order.legs_charged[index] = charged;
        order.commission += commission;
        let book = self.books.get_mut(&fill.account).expect("orders are accepted for known accounts only");
        let before = book.cost(fill.sym);
        let (sym, side, qty) = (fill.sym, fill.side, fill.qty);
        let posting = Posting { sym, side, qty, each, commission, settles, rate };
        let realized = book.post(posting);
        let after = book.cost(fill.sym);
        let (cost_change, basis_change) = (after.0 - before.0, after.1 - before.1);
        let exchange = self.market.listing(fill.sym).venue.as_wire();
        let booked = Fill { commission, realized, cost_change, basis_change, ..fill };
        self.fills.push(Fill { exchange, cum_qty, avg_px, ..booked });
    }
}
