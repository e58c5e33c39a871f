//! Changes of one field of a frame that leave every other byte as it was.
//!
//! Owns what may be rewritten on the way through a gateway: account and order reference of an order,
//! the order reference on the way back, the next order id, the lists of accounts, the zone of an
//! execution's time, one bot's part of a holding, the bars of an answer, the number of the request that is answered. In text, fields are found by walking the message's own
//! layout; in protobuf by their numbers. Does not own the decision to rewrite, nor any other change: what a
//! bot sent is otherwise relayed as it is.

mod bars;
mod holding;

use std::ops::Range;

use bytes::{BufMut, BytesMut};
use plimsoll_model::{Account, OrderId, RawFrame};

use crate::message::{Head, NUMBER_LEN, message_id};
use crate::proto::surgery::{self, Value};
use crate::{DecodeError, Gate, Request, Response, ServerVersion};

pub use bars::keep_bars;
pub use holding::{Held, set_holding};

/// Why a field was not rewritten. The frame must then not be sent on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RewriteError {
    /// The frame is damaged.
    #[error(transparent)]
    Damaged(#[from] DecodeError),
    /// The message has no such field.
    #[error("message {frame} has no field `{field}`; the frame was not rewritten")]
    NoSuchField {
        /// The start of the frame.
        frame: Box<str>,
        /// The field.
        field: &'static str,
    },
    /// The new text would end the field early.
    #[error("a text for `{field}` holds a NUL; the frame was not rewritten")]
    Nul {
        /// The field.
        field: &'static str,
    },
}

/// The account of a `placeOrder`.
pub fn set_account(
    version: ServerVersion,
    frame: &RawFrame,
    account: &Account,
) -> Result<RawFrame, RewriteError> {
    in_order(version, frame, "account", Value::Text(account.as_str()))
}

/// The order reference of a `placeOrder`.
pub fn set_order_ref(
    version: ServerVersion,
    frame: &RawFrame,
    order_ref: &str,
) -> Result<RawFrame, RewriteError> {
    in_order(version, frame, "orderRef", Value::Text(order_ref))
}

/// The order reference of an `openOrder`, `execDetails` or `completedOrder`.
pub fn restore_order_ref(
    version: ServerVersion,
    frame: &RawFrame,
    order_ref: &str,
) -> Result<RawFrame, RewriteError> {
    in_response(version, frame, "orderRef", Value::Text(order_ref))
}

/// The order id of a `nextValidId`.
pub fn set_next_valid_id(
    version: ServerVersion,
    frame: &RawFrame,
    order_id: OrderId,
) -> Result<RawFrame, RewriteError> {
    if Response::decode(version, frame)?.name() != "nextValidId" {
        return Err(no_such_field(frame, "orderId"));
    }
    in_response(version, frame, "orderId", Value::Whole(order_id.0.into()))
}

/// The accounts of a `managedAccounts`, separated by commas.
pub fn set_managed_accounts(
    version: ServerVersion,
    frame: &RawFrame,
    accounts: &[Account],
) -> Result<RawFrame, RewriteError> {
    let list: Vec<_> = accounts.iter().map(Account::as_str).collect();
    in_response(version, frame, "accountsList", Value::Text(&list.join(",")))
}

/// A `familyCodes` with the rows of these accounts only.
pub fn keep_family_codes(
    version: ServerVersion,
    frame: &RawFrame,
    accounts: &[Account],
) -> Result<RawFrame, RewriteError> {
    let Response::FamilyCodes(mut family) = Response::decode(version, frame)? else {
        return Err(no_such_field(frame, "familyCodes"));
    };
    let all = family.codes.len();
    family.codes.retain(|row| accounts.iter().any(|account| row.account.as_str() == account.as_str()));
    if family.codes.len() == all {
        return Ok(frame.clone());
    }
    Ok(Response::FamilyCodes(family).encode(version))
}

/// The time of an `execDetails`, if the venue spelled it in UTC without saying so (`20260611-13:31:08`):
/// the zone is written out, as in the form with a zone. `ib_async` and `ib_insync` take the bare form for
/// the host's own zone (ib-api-reloaded/ib_async#230).
pub fn name_zone(version: ServerVersion, frame: &RawFrame) -> Result<RawFrame, RewriteError> {
    let Response::ExecDetails(execution) = Response::decode(version, frame)? else {
        return Err(no_such_field(frame, "time"));
    };
    match zoned(&execution.time.to_str_lossy()) {
        Some(time) => in_response(version, frame, "time", Value::Text(&time)),
        None => Ok(frame.clone()),
    }
}

/// `20260611-13:31:08` with its zone named; nothing for any other form.
fn zoned(time: &str) -> Option<String> {
    let (date, clock) = time.split_once('-')?;
    let is_date = date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit());
    let is_clock = clock.len() == 8 && clock.bytes().all(|b| b.is_ascii_digit() || b == b':');
    (is_date && is_clock).then(|| format!("{date} {clock} UTC"))
}

/// The number of the request that an answer with history, or an error, belongs to.
pub fn set_req_id(version: ServerVersion, frame: &RawFrame, req_id: i32) -> Result<RawFrame, RewriteError> {
    let field = if message_id(version, frame) == Some(ERROR) { "id" } else { "reqId" };
    if field == "reqId" && !is_protobuf(version, frame) {
        // An answer may have a million bars, and none of them is read for a number in front of them.
        let place = second_field(frame).ok_or_else(|| no_such_field(frame, field))?;
        return splice(frame, place, field, Value::Whole(req_id.into()));
    }
    in_response(version, frame, field, Value::Whole(req_id.into()))
}

/// Where the number is behind a message's own, in the forms that begin with it.
fn second_field(frame: &RawFrame) -> Option<Range<usize>> {
    let bytes = frame.bytes();
    let start = bytes.iter().position(|byte| *byte == 0)? + 1;
    let end = start + bytes.get(start..)?.iter().position(|byte| *byte == 0)?;
    let id = std::str::from_utf8(&bytes[..start - 1]).ok()?;
    let is_number = std::str::from_utf8(&bytes[start..end]).ok()?.parse::<i32>().is_ok();
    (is_number && LEAD_WITH_THEIR_NUMBER.contains(&id)).then_some(start..end)
}

/// Bars, first moments, ticks of the past, sessions, the end of bars.
const LEAD_WITH_THEIR_NUMBER: [&str; 7] = ["17", "88", "96", "97", "98", "106", "108"];

/// The number of `error`.
const ERROR: i32 = 4;

/// Where the fields are in protobuf, by the numbers on the way down.
pub(crate) const PATHS: &[(&str, &str, &[u32])] = &[
    ("placeOrder", "account", &[3, 12]),
    ("placeOrder", "orderRef", &[3, 28]),
    ("openOrder", "orderRef", &[3, 28]),
    ("execDetails", "orderRef", &[3, 14]),
    ("execDetails", "time", &[3, 3]),
    ("completedOrder", "orderRef", &[2, 28]),
    ("nextValidId", "orderId", &[1]),
    ("managedAccounts", "accountsList", &[1]),
    ("position", "position", &[3]),
    ("position", "avgCost", &[4]),
    ("positionMulti", "position", &[4]),
    ("positionMulti", "avgCost", &[5]),
    ("updatePortfolio", "position", &[2]),
    ("updatePortfolio", "marketValue", &[4]),
    ("updatePortfolio", "averageCost", &[5]),
    ("updatePortfolio", "unrealizedPNL", &[6]),
    ("error", "id", &[1]),
    ("historicalData", "reqId", &[1]),
    ("historicalDataEnd", "reqId", &[1]),
    ("historicalSchedule", "reqId", &[1]),
    ("headTimestamp", "reqId", &[1]),
    ("historicalTicks", "reqId", &[1]),
    ("historicalTicksBidAsk", "reqId", &[1]),
    ("historicalTicksLast", "reqId", &[1]),
];

fn in_order(
    version: ServerVersion,
    frame: &RawFrame,
    field: &'static str,
    value: Value<'_>,
) -> Result<RawFrame, RewriteError> {
    // Other requests have accounts too; rewriting those would ask about another account than the bot did.
    if message_id(version, frame) != Some(PLACE_ORDER) {
        return Err(no_such_field(frame, field));
    }
    if is_protobuf(version, frame) {
        return in_protobuf(frame, Request::decode(version, frame)?.name(), field, value);
    }
    let place = Request::locate(version, frame, field)?.ok_or_else(|| no_such_field(frame, field))?;
    splice(frame, place, field, value)
}

/// The number of `placeOrder`.
const PLACE_ORDER: i32 = 3;

fn in_response(
    version: ServerVersion,
    frame: &RawFrame,
    field: &'static str,
    value: Value<'_>,
) -> Result<RawFrame, RewriteError> {
    if is_protobuf(version, frame) {
        return in_protobuf(frame, Response::decode(version, frame)?.name(), field, value);
    }
    let place = Response::locate(version, frame, field)?.ok_or_else(|| no_such_field(frame, field))?;
    splice(frame, place, field, value)
}

fn is_protobuf(version: ServerVersion, frame: &RawFrame) -> bool {
    version.has(Gate::Protobuf) && Head::read(frame.bytes()).is_ok_and(|head| head.is_protobuf)
}

/// The frame has been read as a whole before, so that its bytes are a message.
fn in_protobuf(
    frame: &RawFrame,
    message: &'static str,
    field: &'static str,
    value: Value<'_>,
) -> Result<RawFrame, RewriteError> {
    check_nul(field, value)?;
    let known = PATHS.iter().find(|(of, name, _)| (*of, *name) == (message, field));
    let (_, _, path) = known.ok_or_else(|| no_such_field(frame, field))?;
    let (head, body) = frame.bytes().split_at(NUMBER_LEN);
    let body = surgery::set(body, path, value).ok_or_else(|| no_such_field(frame, field))?;
    let mut out = BytesMut::from(head);
    out.put_slice(&body);
    Ok(RawFrame::new(out.freeze()))
}

fn check_nul(field: &'static str, value: Value<'_>) -> Result<(), RewriteError> {
    match value {
        Value::Text(text) if text.contains('\0') => Err(RewriteError::Nul { field }),
        Value::Text(_) | Value::Whole(_) | Value::Double(_) => Ok(()),
    }
}

fn no_such_field(frame: &RawFrame, field: &'static str) -> RewriteError {
    let start = &frame.bytes()[..frame.bytes().len().min(16)];
    RewriteError::NoSuchField { frame: start.escape_ascii().to_string().into(), field }
}

fn splice(
    frame: &RawFrame,
    place: Range<usize>,
    field: &'static str,
    value: Value<'_>,
) -> Result<RawFrame, RewriteError> {
    check_nul(field, value)?;
    let bytes = frame.bytes();
    let mut out = BytesMut::with_capacity(bytes.len() + 64);
    out.put_slice(&bytes[..place.start]);
    match value {
        Value::Text(text) | Value::Double(text) => out.put_slice(text.as_bytes()),
        Value::Whole(number) => out.put_slice(number.to_string().as_bytes()),
    }
    out.put_slice(&bytes[place.end..]);
    Ok(RawFrame::new(out.freeze()))
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

    #[test]
    fn the_next_id_and_the_accounts_are_replaced_and_nothing_else() {
        let next = set_next_valid_id(v(200), &bars("9|1|379|"), OrderId(1000)).unwrap();
        assert_eq!(next, bars("9|1|1000|"));
        let accounts = [Account::new("DU1").unwrap(), Account::new("DU2").unwrap()];
        let list = set_managed_accounts(v(157), &bars("15|1|DU9000001,|"), &accounts).unwrap();
        assert_eq!(list, bars("15|1|DU1,DU2|"));
    }

    #[test]
    fn the_reference_of_an_execution_is_replaced_in_place() {
        let wire = "11|-1|1|265598|AAPL|STK||0.0|||IEX|USD|AAPL|NMS|0000e0d5.69dd7411.01.01|20260413 15:27:04 US/Eastern|DU9000001|IEX|BOT|1|257.95|389211034|94|0|1|257.95|REF||||2|0||";
        let out = restore_order_ref(v(200), &bars(wire), "the bot's own").unwrap();
        assert_eq!(out, bars(&wire.replace("|REF|", "|the bot's own|")));
    }

    #[test]
    fn only_a_time_in_bare_utc_gets_its_zone_named() {
        let wire = "11|-1|1|265598|AAPL|STK||0.0|||IEX|USD|AAPL|NMS|0000e0d5.69dd7411.01.01|TIME|DU9000001|IEX|BOT|1|257.95|389211034|94|0|1|257.95|REF||||2|0||";
        let named = |time: &str| name_zone(v(200), &bars(&wire.replace("TIME", time))).unwrap();
        // As issue #230 of ib_async has it.
        assert_eq!(named("20260611-13:31:08"), bars(&wire.replace("TIME", "20260611 13:31:08 UTC")));
        for other in ["20260413 15:27:04 US/Eastern", "20260413  15:27:04", "1776108424", "2026-04-13"] {
            assert_eq!(named(other), bars(&wire.replace("TIME", other)), "{other}");
        }
    }

    #[test]
    fn an_answer_with_history_and_an_error_get_another_number_and_nothing_else() {
        let bar = "20261127|1|2|0.5|1.5|100|1.2|7|";
        for (version, wire) in [
            (178, format!("17|N|20261126|20261127|1|{bar}")),
            (200, format!("17|N|1|{bar}")),
            (200, "108|N|20261126|20261127|".to_owned()),
            (200, "88|N|19930129-14:30:00|".to_owned()),
            (178, "4|2|N|162|no data||".to_owned()),
            (200, "4|N|162|no data||1795802400000|".to_owned()),
        ] {
            let with = |number: &str| bars(&wire.replace('N', number));
            assert_eq!(set_req_id(v(version), &with("7"), 1_000), Ok(with("1000")), "{wire}");
        }
        let end = |req_id| {
            let m = crate::message::HistoricalDataEnd { req_id, start: "a".into(), end: "b".into() };
            Response::HistoricalDataEnd(m).encode(ServerVersion::PROTOBUF)
        };
        assert_eq!(set_req_id(ServerVersion::PROTOBUF, &end(7), 1_000), Ok(end(1_000)));
        for other in ["9|1|379|", "17|x|1|", "17|7"] {
            assert!(set_req_id(v(200), &bars(other), 5).is_err(), "{other}");
        }
    }

    #[test]
    fn a_message_without_the_field_is_refused() {
        assert!(matches!(
            restore_order_ref(v(200), &bars("9|1|379|"), "x"),
            Err(RewriteError::NoSuchField { .. })
        ));
        let open_orders_id = set_next_valid_id(v(157), &bars("3|5|Filled|1|0|2|7|0|2|1||0|"), OrderId(9));
        assert!(matches!(open_orders_id, Err(RewriteError::NoSuchField { .. })));
        assert!(matches!(
            set_order_ref(v(200), &bars("71|2|1||"), "x"),
            Err(RewriteError::NoSuchField { .. })
        ));
    }

    #[test]
    fn a_damaged_frame_is_refused() {
        assert!(matches!(
            set_next_valid_id(v(200), &bars("9|1|379|7|"), OrderId(1)),
            Err(RewriteError::Damaged(_))
        ));
    }
}
