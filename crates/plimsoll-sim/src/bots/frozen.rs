//! `frozen`: quotes around the last price of TLT that it has seen, and never asks when that was.

use plimsoll_model::{OrdType, Position, Qty, Side};

use super::desk::{Desk, Strategy};

const SYMBOL: &str = "TLT";
const SIZE: u64 = 50;

/// It has no memory but its desk.
#[derive(Debug)]
pub(super) struct Frozen;

impl Strategy for Frozen {
    fn name(&self) -> &'static str {
        "frozen"
    }

    fn client_id(&self) -> i32 {
        14
    }

    fn account(&self) -> Option<&str> {
        Some("DU2222222")
    }

    fn symbols(&self) -> Vec<Box<str>> {
        vec![SYMBOL.into()]
    }

    fn on_second(&mut self, desk: &mut Desk) {
        if desk.is_at(12, 58, 0) {
            desk.trade_to(SYMBOL, Position::FLAT);
        } else if desk.every(3 * 60) && desk.is_between((9, 45), (12, 55)) {
            let (seen, qty) = (desk.price(SYMBOL), Qty::whole(SIZE));
            if desk.position(SYMBOL) > Position::FLAT {
                desk.order(SYMBOL, Side::Sell, qty, OrdType::Limit, seen.bid);
            } else {
                desk.order(SYMBOL, Side::Buy, qty, OrdType::Limit, seen.ask);
            }
        }
    }
}
