//! `revert`: sells SPY above its five-minute mean and buys below it. Its mistakes: it shares an account
//! with `trend` and leaves on the close as well, and it believes that on-close orders are due at 15:50 on
//! every day.

use std::collections::VecDeque;

use plimsoll_model::{OrdType, Position, Qty, Side};
use rust_decimal::Decimal;

use super::desk::{Desk, Sent, Strategy, long};

const SYMBOL: &str = "SPY";
const OTHER: &str = "QQQ";
const STEP: u32 = 20;
const MOST: u32 = 60;
const WINDOW_SECONDS: usize = 300;

/// The last prices, one a second.
#[derive(Debug, Default)]
pub(super) struct Revert {
    window: VecDeque<Decimal>,
}

impl Strategy for Revert {
    fn name(&self) -> &'static str {
        "revert"
    }

    fn client_id(&self) -> i32 {
        12
    }

    fn account(&self) -> Option<&str> {
        Some("DU1111111")
    }

    fn symbols(&self) -> Vec<Box<str>> {
        vec![SYMBOL.into(), OTHER.into()]
    }

    fn on_second(&mut self, desk: &mut Desk) {
        self.sample(desk);
        if desk.is_at(11, 30, 0) {
            desk.trade_to(OTHER, long(30));
        } else if desk.is_at(12, 41, 0) {
            desk.trade_to(SYMBOL, -long(MOST));
        } else if desk.is_at(12, 45, 30) {
            desk.flatten_on_close(SYMBOL);
        } else if desk.is_at(12, 56, 0) {
            desk.flatten_on_close(OTHER);
        } else if desk.every(30) && desk.is_between((9, 50), (12, 40)) {
            self.fade(desk);
        }
    }

    /// It does know what to do when the close is refused: leave at once.
    fn on_rejected(&mut self, order: &Sent, desk: &mut Desk) {
        if order.ord_type == OrdType::MarketOnClose {
            desk.trade_to(&order.symbol, Position::FLAT);
        }
    }
}

impl Revert {
    fn sample(&mut self, desk: &Desk) {
        let Some(last) = desk.price(SYMBOL).last else { return };
        self.window.push_back(last.get());
        if self.window.len() > WINDOW_SECONDS {
            self.window.pop_front();
        }
    }

    fn fade(&self, desk: &mut Desk) {
        let Some(last) = self.window.back().filter(|_| self.window.len() == WINDOW_SECONDS) else { return };
        let mean = self.window.iter().sum::<Decimal>() / Decimal::from(WINDOW_SECONDS);
        // Five basis points.
        let band = mean * Decimal::new(5, 4);
        let held = desk.position(SYMBOL);
        let (seen, step) = (desk.price(SYMBOL), Qty::whole(STEP.into()));
        if *last > mean + band && held > -long(MOST) {
            desk.order(SYMBOL, Side::Sell, step, OrdType::Limit, seen.bid);
        } else if *last < mean - band && held < long(MOST) {
            desk.order(SYMBOL, Side::Buy, step, OrdType::Limit, seen.ask);
        }
    }
}
