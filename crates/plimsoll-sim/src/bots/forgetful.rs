//! `forgetful`: was written for a login with one account, and never names it. Its author means DU2222222.

use plimsoll_model::Position;

use super::desk::{Desk, Strategy, long};

const SYMBOL: &str = "IWM";
const SIZE: u32 = 15;

/// Whether it is in the market, as it believes.
#[derive(Debug, Default)]
pub(super) struct Forgetful {
    turn: u32,
}

impl Strategy for Forgetful {
    fn name(&self) -> &'static str {
        "forgetful"
    }

    fn client_id(&self) -> i32 {
        13
    }

    fn account(&self) -> Option<&str> {
        None
    }

    fn symbols(&self) -> Vec<Box<str>> {
        vec![SYMBOL.into()]
    }

    fn on_second(&mut self, desk: &mut Desk) {
        if desk.every(15 * 60) && desk.is_between((9, 45), (12, 50)) {
            self.turn += 1;
            let target = if self.turn % 2 == 1 { long(SIZE) } else { Position::FLAT };
            desk.trade_to(SYMBOL, target);
        }
    }
}
