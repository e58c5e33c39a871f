//! A line about a holding, cut down to one bot's part of it.
//!
//! These lines are written anew: four of their fields follow from the position, and none of the others
//! could be lost, because their whole layout is known.

use plimsoll_model::{Position, Price, RawFrame};
use rust_decimal::Decimal;

use super::{RewriteError, no_such_field};
use crate::{Response, ServerVersion};

/// One bot's part of a holding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Above zero long, below zero short.
    pub position: Position,
    /// Per contract; zero where nothing is held.
    pub avg_cost: Price,
    /// Units per contract.
    pub multiplier: Decimal,
}

/// The position of a `position`, `positionMulti` or `updatePortfolio`, and what follows from it. The
/// realised profit of a portfolio line stays the account's.
pub fn set_holding(version: ServerVersion, frame: &RawFrame, held: Held) -> Result<RawFrame, RewriteError> {
    let mut message = Response::decode(version, frame)?;
    match &mut message {
        Response::Position(line) => {
            line.position = Some(held.position);
            line.avg_cost = Some(held.avg_cost);
        }
        Response::PositionMulti(line) => {
            line.position = Some(held.position);
            line.avg_cost = Some(held.avg_cost);
        }
        Response::UpdatePortfolio(line) => {
            line.position = Some(held.position);
            line.avg_cost = Some(held.avg_cost);
            line.market_value = line.market_px.and_then(|px| value(px, held));
            let cost = held.position.get().checked_mul(held.avg_cost.get());
            line.unrealized = line.market_value.zip(cost).and_then(|(value, cost)| value.checked_sub(cost));
        }
        _ => return Err(no_such_field(frame, "position")),
    }
    Ok(message.encode(version))
}

fn value(px: Price, held: Held) -> Option<Decimal> {
    px.get().checked_mul(held.position.get())?.checked_mul(held.multiplier)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(text: &str) -> RawFrame {
        RawFrame::new(text.replace('|', "\0").into_bytes().into())
    }

    fn v(number: u16) -> ServerVersion {
        ServerVersion::new(number).unwrap()
    }

    fn held(position: &str, avg_cost: &str, multiplier: i64) -> Held {
        Held {
            position: Position::parse(position).unwrap(),
            avg_cost: Price::parse(avg_cost).unwrap(),
            multiplier: Decimal::from(multiplier),
        }
    }

    #[test]
    fn position_and_average_are_replaced_and_the_rest_stays() {
        let line = bars("61|3|DU1|756733|SPY|STK||0.0||||USD|SPY|SPY|100|501.20|");
        let own = set_holding(v(178), &line, held("60", "500.00", 1)).unwrap();
        assert_eq!(own, bars("61|3|DU1|756733|SPY|STK||0.0||||USD|SPY|SPY|60|500.00|"));
    }

    #[test]
    fn a_portfolio_line_is_worth_what_the_bot_holds_of_it() {
        // 2 of 5 contracts of 100 at 3.50, bought at 3.10: worth 700, of which 80 are profit.
        let line = "7|8|495512|SPY|OPT|20261218|700|C|100||USD|X|SPY|5|3.50|1750|320|150|12.5|DU1|";
        let own = set_holding(v(178), &bars(line), held("2", "310", 100)).unwrap();
        let expected = "7|8|495512|SPY|OPT|20261218|700|C|100||USD|X|SPY|2|3.50|700.00|310|80.00|12.5|DU1|";
        assert_eq!(own, bars(expected));
    }

    #[test]
    fn a_message_that_is_about_no_holding_is_refused() {
        let other = set_holding(v(178), &bars("9|1|379|"), held("1", "1", 1));
        assert!(matches!(other, Err(RewriteError::NoSuchField { .. })));
    }
}
