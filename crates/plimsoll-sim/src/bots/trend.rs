//! `trend`: long SPY while a fast average is above a slow one. Its mistake: a retry loop that sends the
//! same order several times when an answer is slow.

use plimsoll_model::{OrdType, Position, Qty, Side};
use rust_decimal::Decimal;

use super::desk::{Desk, Strategy, long};

const SYMBOL: &str = "SPY";
const SIZE: u32 = 100;
/// Digits kept of the averages, so that they do not grow without bound.
const AVERAGE_DIGITS: u32 = 8;

/// The averages, in minutes.
#[derive(Debug, Default)]
pub(super) struct Trend {
    fast: Option<Decimal>,
    slow: Option<Decimal>,
}

impl Strategy for Trend {
    fn name(&self) -> &'static str {
        "trend"
    }

    fn client_id(&self) -> i32 {
        11
    }

    fn account(&self) -> Option<&str> {
        Some("DU1111111")
    }

    fn symbols(&self) -> Vec<Box<str>> {
        vec![SYMBOL.into()]
    }

    fn on_second(&mut self, desk: &mut Desk) {
        if desk.is_at(11, 2, 0) {
            // The answer to the first one has not come within a millisecond, so it is sent again. And again.
            for _ in 0..4 {
                desk.order(SYMBOL, Side::Buy, Qty::whole(20), OrdType::Market, None);
            }
        }
        if desk.is_at(12, 40, 0) {
            desk.trade_to(SYMBOL, long(SIZE));
        } else if desk.is_at(12, 45, 0) {
            desk.flatten_on_close(SYMBOL);
        } else if desk.every(60) && desk.is_between((9, 45), (12, 40)) {
            self.follow(desk);
        }
    }
}

impl Trend {
    fn follow(&mut self, desk: &mut Desk) {
        let Some(last) = desk.price(SYMBOL).last else { return };
        let fast = smooth(&mut self.fast, last.get(), 5);
        let slow = smooth(&mut self.slow, last.get(), 15);
        let target = if fast > slow { long(SIZE) } else { Position::FLAT };
        desk.trade_to(SYMBOL, target);
    }
}

/// An exponential average over `n` samples, weight `2 / (n + 1)`.
fn smooth(average: &mut Option<Decimal>, sample: Decimal, n: u32) -> Decimal {
    let before = average.unwrap_or(sample);
    let weight = Decimal::TWO / Decimal::from(n + 1);
    let now = (before + (sample - before) * weight).round_dp(AVERAGE_DIGITS);
    *average = Some(now);
    now
}
