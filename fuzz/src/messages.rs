//! What the targets of both wires ask of a frame. The frame may be a request, an answer, both or neither:
//! everything that a gateway does with either is done.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use plimsoll_model::{Account, ClientId, OrderId, Position, Price, RawFrame};
use plimsoll_tws::message::{leading_number, message_id};
use plimsoll_tws::rewrite::{self, Held, RewriteError};
use plimsoll_tws::{Gate, Request, Response, ServerVersion, Text, Word, denial, translate};
use rust_decimal::Decimal;

/// A frame from a bot.
pub(crate) fn check_request(version: ServerVersion, frame: &RawFrame) {
    let _ = (message_id(version, frame), leading_number(version, frame));
    let _ = translate::request(version, frame);
    let to = denial::Addressee { version, client_id: ClientId(11), at: Timestamp::UNIX_EPOCH };
    for refusal in denial::refuse_new(to, frame, "limits: 3 orders in the last minute, limit 3") {
        assert!(Response::decode(version, &refusal).is_ok(), "an unreadable refusal: {refusal:?}");
    }
    let Ok(message) = Request::decode(version, frame) else { return };
    let written = message.encode(version);
    let again = Request::decode(version, &written)
        .unwrap_or_else(|error| panic!("written is not read: {error}: {message:?}"));
    assert_eq!(again.encode(version), written, "written twice is written otherwise");
    if !version.has(Gate::Protobuf) {
        assert_eq!(again, message, "written and read is another message");
    }
}

/// A frame from a venue.
pub(crate) fn check_response(version: ServerVersion, frame: &RawFrame) {
    let _ = translate::report(version, frame, &TimeZone::UTC);
    let Ok(message) = Response::decode(version, frame) else { return };
    let written = message.encode(version);
    let again = Response::decode(version, &written)
        .unwrap_or_else(|error| panic!("written is not read: {error}: {message:?}"));
    assert_eq!(again.encode(version), written, "written twice is written otherwise");
    if !version.has(Gate::Protobuf) {
        assert_eq!(again, message, "written and read is another message");
    }
}

/// Everything that rewrites can make of the frame, each read back and found to be what it should. Those that
/// write a line anew are checked here and not handed out.
pub(crate) fn rewrites(version: ServerVersion, frame: &RawFrame) -> Vec<RawFrame> {
    let mut out = Vec::new();
    of_request(version, frame, &mut out);
    of_response(version, frame, &mut out);
    let held = Held {
        position: Position::new(Decimal::from(-7)),
        avg_cost: Price::new(Decimal::new(50_125, 2)),
        multiplier: Decimal::ONE_HUNDRED,
    };
    twice(frame, |frame| rewrite::set_holding(version, frame, held));
    out
}

fn of_request(version: ServerVersion, frame: &RawFrame, out: &mut Vec<RawFrame>) {
    let account = Account::new("DU7").expect("an account");
    let with_account = twice(frame, |frame| rewrite::set_account(version, frame, &account));
    let with_ref = twice(frame, |frame| rewrite::set_order_ref(version, frame, "SPY-trend-20261127-7"));
    let Ok(Request::PlaceOrder(placed)) = Request::decode(version, frame) else {
        assert!(with_account.is_none() && with_ref.is_none(), "no order was rewritten: {frame:?}");
        return;
    };
    if let Some(rewritten) = with_account {
        let mut expected = placed.clone();
        expected.order.account = Word::literal("DU7");
        assert_reads(version, &rewritten, &Request::PlaceOrder(expected));
        let unknown = [frame, &rewritten].map(|frame| Request::unknown_fields(version, frame));
        assert_eq!(unknown[0], unknown[1], "a rewrite lost what it does not know");
        out.push(rewritten);
    }
    if let Some(rewritten) = with_ref {
        let mut expected = placed.clone();
        expected.order.order_ref = Text::from("SPY-trend-20261127-7");
        assert_reads(version, &rewritten, &Request::PlaceOrder(expected));
        let unknown = [frame, &rewritten].map(|frame| Request::unknown_fields(version, frame));
        assert_eq!(unknown[0], unknown[1], "a rewrite lost what it does not know");
        out.push(rewritten);
    }
}

fn assert_reads(version: ServerVersion, rewritten: &RawFrame, expected: &Request) {
    let read = Request::decode(version, rewritten)
        .unwrap_or_else(|error| panic!("rewritten is not read: {error}: {rewritten:?}"));
    assert_eq!(read.encode(version), expected.encode(version), "a rewrite changed more than its field");
}

fn of_response(version: ServerVersion, frame: &RawFrame, out: &mut Vec<RawFrame>) {
    let first = out.len();
    let before = Response::decode(version, frame);
    let order_ref = Text::from("the bot's own");
    if let Some(rewritten) =
        twice(frame, |frame| rewrite::restore_order_ref(version, frame, &order_ref.to_str_lossy()))
    {
        let mut expected = before.clone().expect("a damaged frame is not rewritten");
        match &mut expected {
            Response::OpenOrder(m) => m.order.order_ref = order_ref,
            Response::CompletedOrder(m) => m.order.order_ref = order_ref,
            Response::ExecDetails(m) => m.order_ref = order_ref,
            other => panic!("the reference of what has none: {other:?}"),
        }
        assert_says(version, &rewritten, &expected);
        out.push(rewritten);
    }
    if let Some(rewritten) = twice(frame, |frame| rewrite::set_next_valid_id(version, frame, OrderId(1000))) {
        let mut expected = before.clone().expect("a damaged frame is not rewritten");
        let Response::NextValidId(m) = &mut expected else { panic!("the next id of {expected:?}") };
        m.order_id = 1000;
        assert_says(version, &rewritten, &expected);
        out.push(rewritten);
    }
    let accounts = ["DU7", "DU8"].map(|name| Account::new(name).expect("an account"));
    out.extend(twice(frame, |frame| rewrite::set_managed_accounts(version, frame, &accounts)));
    out.extend(twice(frame, |frame| rewrite::name_zone(version, frame)));
    for rewritten in &out[first..] {
        let unknown = [frame, rewritten].map(|frame| Response::unknown_fields(version, frame));
        assert_eq!(unknown[0], unknown[1], "a rewrite lost what it does not know");
    }
}

fn assert_says(version: ServerVersion, rewritten: &RawFrame, expected: &Response) {
    let read = Response::decode(version, rewritten)
        .unwrap_or_else(|error| panic!("rewritten is not read: {error}: {rewritten:?}"));
    assert_eq!(read.encode(version), expected.encode(version), "a rewrite changed more than its field");
}

/// A rewrite that was done, and does nothing when it is done again.
fn twice(
    frame: &RawFrame,
    rewrite: impl Fn(&RawFrame) -> Result<RawFrame, RewriteError>,
) -> Option<RawFrame> {
    let once = rewrite(frame).ok()?;
    let again = rewrite(&once).unwrap_or_else(|error| panic!("rewritten once and then refused: {error}"));
    assert_eq!(again, once, "a rewrite done twice is another one");
    Some(once)
}
