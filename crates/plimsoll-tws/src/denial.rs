//! The frames with which a server tells a client that its order was refused.
//!
//! Owns the shapes that clients understand as final, or as not final. A refused **new** order gets
//! `openOrder` and `orderStatus` with `Inactive` and then error 201: that order of messages is terminal in
//! `ib_async` and in `ib_insync`, error 321 alone is in neither. A refused **change** of a working order must
//! not look like its end: it gets a notice of the 2100 family and the order as it stands.
//!
//! Does not own the decision, nor the journal of it.

use jiff::Timestamp;
use plimsoll_model::{ClientId, OrderId, PermId, RawFrame};

use crate::echo::{self, Echo};
use crate::message::{ErrorMessage, Head, NUMBER_LEN, OrderStatus, PlaceOrder, leading_number};
use crate::{Gate, Request, Response, ServerVersion, Text, Word};

/// "Order rejected": ends the order in every client known.
pub const ORDER_REJECTED: i32 = 201;

/// "Unable to modify, the order is still being processed": TWS's own answer to a change that was not made.
/// Clients take 2100 to 2199 for warnings about an order that lives on. 201 would end the order in
/// `ib_async` and `ib_insync` alike, 110 in the first, 321 in the second.
pub const CHANGE_NOT_MADE: i32 = 2102;

/// Longer reasons are cut: TWS's own texts are shorter, and clients print them on one line.
const REASON_LEN_MAX: usize = 480;

/// To whom a refusal goes and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addressee {
    /// The version of the connection.
    pub version: ServerVersion,
    /// The client's number.
    pub client_id: ClientId,
    /// The time errors carry from version 194.
    pub at: Timestamp,
}

/// The venue's latest word on a working order, frame by frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing<'a> {
    /// The latest `openOrder`.
    pub open_order: &'a RawFrame,
    /// The latest `orderStatus`.
    pub status: &'a RawFrame,
}

/// The frames that refuse a new order, in the order they have to be sent.
///
/// `frame` is the bot's `placeOrder`, readable or not. Without a readable order id there is nothing to
/// refuse but the connection's last request, and the error goes to the whole system (-1). A refused
/// margin preview (what-if) gets the error alone, as from a real Gateway.
pub fn refuse_new(to: Addressee, frame: &RawFrame, reason: &str) -> Vec<RawFrame> {
    let (order_id, placed) = match Request::decode(to.version, frame) {
        Ok(Request::PlaceOrder(placed)) => (Some(OrderId(placed.order_id)), Some(placed)),
        Ok(_) | Err(_) => (order_id_of(to.version, frame), None),
    };
    let what_if = placed.as_ref().is_some_and(|placed| placed.order.what_if);
    let mut frames = Vec::with_capacity(3);
    if let (Some(placed), false) = (&placed, what_if) {
        let echo = Echo { client_id: to.client_id, perm_id: PermId(0), status: "Inactive" };
        let open = echo::open_order(placed, echo);
        frames.push(Response::OpenOrder(Box::new(open)).encode(to.version));
    }
    if let (Some(order_id), false) = (order_id, what_if) {
        frames.push(inactive(to, order_id, placed.as_deref()).encode(to.version));
    }
    let text = format!("Order rejected - reason:{}", printable(reason));
    frames.push(error(to, order_id, ORDER_REJECTED, &text));
    frames
}

/// The frames that refuse a change of a working order: the notice, then the order as it stands, so that
/// a client that already shows the change takes it back.
pub fn refuse_change(
    to: Addressee,
    order_id: OrderId,
    reason: &str,
    standing: Option<Standing<'_>>,
) -> Vec<RawFrame> {
    let text = format!("Order not changed, it works on as it was - reason:{}", printable(reason));
    let mut frames = vec![error(to, Some(order_id), CHANGE_NOT_MADE, &text)];
    if let Some(standing) = standing {
        frames.extend([standing.open_order.clone(), standing.status.clone()]);
    }
    frames
}

/// One error frame. `id` is an order or a request; none speaks to the whole system.
pub fn error(to: Addressee, id: Option<OrderId>, code: i32, text: &str) -> RawFrame {
    let message = ErrorMessage {
        id: id.map_or(-1, |id| id.0),
        code,
        text: Text::from(&*printable(text)),
        advanced_reject: Text::EMPTY,
        time_ms: Some(to.at.as_millisecond()),
    };
    Response::Error(message).encode(to.version)
}

/// The order id of a `placeOrder` that is otherwise unreadable.
pub fn order_id_of(version: ServerVersion, frame: &RawFrame) -> Option<OrderId> {
    let fields = if version.has(Gate::Protobuf) {
        let head = Head::read(frame.bytes()).ok().filter(|head| head.id == 3)?;
        if head.is_protobuf {
            return leading_number(version, frame).map(OrderId);
        }
        &frame.bytes()[NUMBER_LEN..]
    } else {
        frame.bytes().strip_prefix(b"3\0")?
    };
    std::str::from_utf8(fields.split(|b| *b == 0).next()?).ok()?.parse().ok().map(OrderId)
}

fn inactive(to: Addressee, order_id: OrderId, placed: Option<&PlaceOrder>) -> Response {
    use plimsoll_model::{Price, Qty};
    Response::OrderStatus(OrderStatus {
        order_id: order_id.0,
        status: Word::literal("Inactive"),
        filled: Some(Qty::ZERO),
        remaining: Some(placed.and_then(|placed| placed.order.total_qty).unwrap_or(Qty::ZERO)),
        avg_fill_px: Some(Price::ZERO),
        perm_id: 0,
        parent_id: placed.map_or(0, |placed| placed.order.parent_id),
        last_fill_px: Some(Price::ZERO),
        client_id: to.client_id.0,
        why_held: Word::EMPTY,
        market_cap_px: Some(Price::ZERO),
    })
}

/// Printable ASCII of bounded length. Backslashes go too: `ib_async` reads them as escapes.
fn printable(text: &str) -> String {
    let mut out: String = text
        .chars()
        .map(|c| match c {
            '\\' => '/',
            ' '..='~' => c,
            c if c.is_control() => ' ',
            _ => '?',
        })
        .take(REASON_LEN_MAX)
        .collect();
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(version: u16) -> Addressee {
        Addressee {
            version: ServerVersion::new(version).unwrap(),
            client_id: ClientId(7),
            at: Timestamp::from_millisecond(1_775_425_766_350).unwrap(),
        }
    }

    fn bars(text: &str) -> RawFrame {
        RawFrame::new(text.replace('|', "\0").into_bytes().into())
    }

    #[test]
    fn an_unreadable_order_with_a_number_is_ended_by_status_then_error() {
        let frames = refuse_new(to(178), &bars("3|5|nonsense|"), "the message ends early");
        let shown: Vec<_> = frames.iter().map(|f| format!("{f:?}")).collect();
        assert_eq!(
            shown,
            ["3|5|Inactive|0|0|0|0|0|0|7||0|", "4|2|5|201|Order rejected - reason:the message ends early||"]
        );
    }

    #[test]
    fn an_order_without_a_number_is_refused_to_the_whole_system() {
        let frames = refuse_new(to(200), &bars("3|five|"), "x");
        assert_eq!(frames, [bars("4|-1|201|Order rejected - reason:x||1775425766350|")]);
    }

    #[test]
    fn a_refused_change_is_a_notice_followed_by_the_order_as_it_stands() {
        let (open_order, status) = (bars("5|…"), bars("3|…"));
        let standing = Standing { open_order: &open_order, status: &status };
        let frames = refuse_change(to(157), OrderId(5), "outside the collar", Some(standing));
        let notice = "4|2|5|2102|Order not changed, it works on as it was - reason:outside the collar|";
        assert_eq!(frames, [bars(notice), open_order.clone(), status.clone()]);
    }

    #[test]
    fn reasons_are_printable_ascii_of_bounded_length() {
        assert_eq!(printable("a\0b\nc\u{fc}\\u0041 "), "a b c?/u0041");
        assert_eq!(printable(&"x".repeat(10_000)).len(), REASON_LEN_MAX);
    }
}
