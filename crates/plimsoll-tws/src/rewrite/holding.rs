//! A line about a holding, cut down to one bot's part of it.
//!
//! Four of their fields follow from the position. In text these lines are written anew, and nothing could be
//! lost, because their whole layout is known; in protobuf the four are replaced where they are.

use plimsoll_model::{Position, Price, RawFrame};
use rust_decimal::Decimal;

use super::{RewriteError, in_protobuf, is_protobuf, no_such_field};
use crate::proto::surgery::Value;
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
    if is_protobuf(version, frame) { replaced(frame, &message) } else { Ok(message.encode(version)) }
}

/// The frame with the fields of `message` that [`set_holding`] sets, and every other byte as it was.
fn replaced(frame: &RawFrame, message: &Response) -> Result<RawFrame, RewriteError> {
    let text = |number: Option<Decimal>| number.map(|number| number.to_string()).unwrap_or_default();
    let (position, doubles) = match message {
        Response::Position(line) => (line.position, vec![("avgCost", line.avg_cost.map(Price::get))]),
        Response::PositionMulti(line) => (line.position, vec![("avgCost", line.avg_cost.map(Price::get))]),
        Response::UpdatePortfolio(line) => {
            let avg_cost = line.avg_cost.map(Price::get);
            let worth = [("marketValue", line.market_value), ("unrealizedPNL", line.unrealized)];
            (line.position, [&worth[..], &[("averageCost", avg_cost)]].concat())
        }
        _ => return Err(no_such_field(frame, "position")),
    };
    let position = text(position.map(Position::get));
    let mut frame = in_protobuf(frame, message.name(), "position", Value::Text(&position))?;
    for (field, number) in doubles {
        frame = in_protobuf(&frame, message.name(), field, Value::Double(&text(number)))?;
    }
    Ok(frame)
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

    /// A `position` in protobuf with a contract in which a field of a later version travels. Doubles are
    /// written out: 501.25 and 500.
    const PROTOBUF_100: &[u8] =
        b"\0\0\x01\x05\x0A\x03DU1\x12\x0D\x12\x03SPY\xF2\x01\x05later\x1A\x03100\x21\0\0\0\0\0T\x7F@";
    const PROTOBUF_60: &[u8] =
        b"\0\0\x01\x05\x0A\x03DU1\x12\x0D\x12\x03SPY\xF2\x01\x05later\x1A\x0260\x21\0\0\0\0\0@\x7F@";

    #[test]
    fn in_protobuf_the_fields_are_replaced_and_unknown_ones_travel_on() {
        let line = RawFrame::new(PROTOBUF_100.into());
        let own = set_holding(ServerVersion::PROTOBUF, &line, held("60", "500.00", 1)).unwrap();
        assert_eq!(own.bytes(), PROTOBUF_60);
    }

    #[test]
    fn a_portfolio_line_in_protobuf_is_worth_what_the_bot_holds_of_it() {
        let text = "7|8|495512|SPY|OPT|20261218|700|C|100||USD|X|SPY|5|3.50|1750|320|150|12.5|DU1|";
        let line = Response::decode(v(178), &bars(text)).unwrap().encode(ServerVersion::PROTOBUF);
        let own = set_holding(ServerVersion::PROTOBUF, &line, held("2", "310", 100)).unwrap();
        let own = Response::decode(ServerVersion::PROTOBUF, &own).unwrap().encode(v(178));
        let expected = "7|8|495512|SPY|OPT|20261218|700|C|100||USD|X|SPY|2|3.5|700|310|80|12.5|DU1|";
        assert_eq!(own, bars(expected));
    }

    #[test]
    fn a_message_that_is_about_no_holding_is_refused() {
        let other = set_holding(v(178), &bars("9|1|379|"), held("1", "1", 1));
        assert!(matches!(other, Err(RewriteError::NoSuchField { .. })));
    }
}
