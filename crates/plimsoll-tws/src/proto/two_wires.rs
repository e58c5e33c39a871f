//! A message made up by its text layout arrives in protobuf as the same message: every one that has both forms but
//! orders. Those are compared by what they mean to a guard, in the tests of recorded frames, because each wire
//! has parts of them that the other spells in other fields.

use crate::properties::{shared_request, shared_response};
use crate::{Request, Response, ServerVersion};

const TEXT: ServerVersion = ServerVersion::MAX;
const PROTOBUF: ServerVersion = ServerVersion::PROTOBUF;

/// `placeOrder`.
const ORDERS: [i32; 1] = [3];
/// `openOrder` and `completedOrder`.
const OPEN_ORDERS: [i32; 2] = [5, 101];

fn with_form<'a>(table: &'a [(i32, &str)], without: &'a [i32]) -> impl Iterator<Item = i32> + 'a {
    let has_form = |(id, name): &&(i32, &str)| !name.is_empty() && !without.contains(id);
    table.iter().filter(has_form).map(|(id, _)| *id)
}

/// How many options follow is said in text only.
fn without_count(mut request: Request) -> Request {
    match &mut request {
        Request::ReqFundamentalData(m) => m.options_count = None,
        Request::CalculateImpliedVolatility(m) | Request::CalculateOptionPrice(m) => m.options_count = None,
        _ => {}
    }
    request
}

#[test]
fn text_then_protobuf_is_the_same_message() {
    arbtest::arbtest(|u| {
        for id in with_form(Request::PROTOBUF, &ORDERS) {
            let asked = shared_request(u, id);
            let in_text = Request::decode(TEXT, &asked.encode(TEXT)).unwrap();
            let in_protobuf = Request::decode(PROTOBUF, &in_text.encode(PROTOBUF)).unwrap();
            assert_eq!(in_protobuf, without_count(in_text));
        }
        for id in with_form(Response::PROTOBUF, &OPEN_ORDERS) {
            let told = shared_response(u, id);
            let in_text = Response::decode(TEXT, &told.encode(TEXT)).unwrap();
            let in_protobuf = Response::decode(PROTOBUF, &in_text.encode(PROTOBUF)).unwrap();
            assert_eq!(in_protobuf, in_text);
        }
        Ok(())
    })
    .size_min(256 * 1024)
    .size_max(512 * 1024)
    .budget_ms(1_500);
}
