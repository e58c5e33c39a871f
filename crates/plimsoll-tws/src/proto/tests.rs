//! Properties of all forms, with messages that the forms themselves make up, and what a hostile sender gets.

use arbtest::arbitrary::{Result as Arbitrary, Unstructured};
use bytes::{BufMut, Bytes, BytesMut};
use plimsoll_model::RawFrame;

use super::{Numbered, Packed, Step, Whole, wire};
use crate::layout::{DecodeError, Problem};
use crate::message::{NUMBER_LEN, PlaceOrder};
use crate::rewrite::{self, RewriteError};
use crate::spelling::{Raw, Spelling};
use crate::{Request, Response, ServerVersion, Word, translate};

const V: ServerVersion = ServerVersion::PROTOBUF;

const TEXTS: &[&str] =
    &["", "SPY", "DU1", "two words", "None", "0", "1", "7", "0.5", "L\u{fc}x", "100", "-1", "1.5"];
const NUMBERS: &[&str] = &["", "0", "1", "500.25", "0.00012", "-3.5", "2921.8300000000004", "Infinity"];

/// A direction over a form that fills in fields instead of reading or writing them, so that a message has
/// exactly what this wire can carry.
struct Filler<'a, 'b>(&'a mut Unstructured<'b>);

impl Filler<'_, '_> {
    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        if self.0.is_empty() {
            from[0]
        } else {
            *self.0.choose(from).expect("neither list nor data is empty")
        }
    }

    fn spell(&mut self, name: &str, texts: &[&'static str], value: &mut impl Spelling) {
        let first = self.pick(texts);
        let mut all = std::iter::once(&first).chain(texts).chain(TEXTS).chain(NUMBERS);
        let suits = |text: &&&str| {
            let frame = Bytes::copy_from_slice(text.as_bytes());
            value.read(Raw::alone(&frame, &frame)).is_ok()
        };
        assert!(all.find(suits).is_some(), "no text suits {name}");
    }
}

impl Numbered for Filler<'_, '_> {
    fn whole(
        &mut self,
        _number: u32,
        name: &'static str,
        kind: Whole,
        _value: Option<i64>,
    ) -> Result<Option<i64>, Box<DecodeError>> {
        let values: &[Option<i64>] = match (name, kind) {
            ("condition.type", _) => &[Some(1), Some(3), Some(4), Some(5), Some(6), Some(7)],
            ("tickType", _) => &[Some(1), Some(2), Some(3), Some(4)],
            ("order.orderId", _) => &[Some(0)],
            (_, Whole::Flag) => &[None, Some(0), Some(1)],
            (_, Whole::Int32) => &[Some(0), Some(1), Some(-1), Some(900_000)],
            (_, Whole::Int64) => &[Some(0), Some(1 << 40), Some(-1)],
        };
        Ok(self.pick(values))
    }

    fn text(&mut self, _number: u32, name: &'static str, value: &mut impl Spelling) -> Step {
        self.spell(name, TEXTS, value);
        Ok(())
    }

    fn double(&mut self, _number: u32, name: &'static str, value: &mut impl Spelling) -> Step {
        self.spell(name, NUMBERS, value);
        Ok(())
    }

    fn part(
        &mut self,
        number: u32,
        name: &'static str,
        _present: bool,
        body: impl FnOnce(&mut Self) -> Step,
    ) -> Result<bool, Box<DecodeError>> {
        if (number, name) == (4, "attachedOrders") {
            return Ok(false);
        }
        body(self)?;
        Ok(true)
    }

    fn parts<T: Default>(
        &mut self,
        _number: u32,
        _name: &'static str,
        items: &mut Vec<T>,
        _max: usize,
        each: impl Fn(&mut Self, &mut T) -> Step,
    ) -> Step {
        for _ in 0..self.pick(&[0, 1, 3]) {
            let mut item = T::default();
            each(self, &mut item)?;
            items.push(item);
        }
        Ok(())
    }

    fn texts(&mut self, _number: u32, _name: &'static str, items: &mut Vec<Word>, _max: usize) -> Step {
        items.extend(["", "20261218"].iter().take(self.pick(&[0, 1, 2])).map(|text| Word::from(*text)));
        Ok(())
    }

    fn packed<T: Spelling + Default>(
        &mut self,
        _number: u32,
        name: &'static str,
        kind: Packed,
        items: &mut Vec<T>,
        _max: usize,
    ) -> Step {
        let texts: &[&'static str] = match kind {
            Packed::Double => &["550", "552.5", "0"],
            Packed::Int32 => &["20261127", "0", "-1"],
        };
        for _ in 0..self.pick(&[0, 1, 3]) {
            let mut item = T::default();
            self.spell(name, texts, &mut item);
            items.push(item);
        }
        Ok(())
    }

    fn problem(&self, number: u32, name: &'static str, problem: Problem) -> DecodeError {
        panic!("filled field {number} `{name}`: {problem}");
    }

    fn aside(&mut self, _number: u32, _name: &'static str) -> Step {
        Ok(())
    }
}

fn any_request(u: &mut Unstructured<'_>, ids: &[i32]) -> Arbitrary<Request> {
    let mut message = Request::blank(*u.choose(ids)?).expect("a typed number");
    message.form(&mut Filler(u)).expect("filling never fails");
    Ok(message)
}

fn any_response(u: &mut Unstructured<'_>, ids: &[i32]) -> Arbitrary<Response> {
    let mut message = Response::blank(*u.choose(ids)?).expect("a typed number");
    message.form(&mut Filler(u)).expect("filling never fails");
    Ok(message)
}

fn ids(table: &[(i32, &str)]) -> Vec<i32> {
    table.iter().map(|(id, _)| *id).collect()
}

#[test]
fn what_is_written_is_what_is_read_for_every_message() {
    let (requests, responses) = (ids(Request::PROTOBUF), ids(Response::PROTOBUF));
    arbtest::arbtest(|u| {
        for request in [any_request(u, &[3])?, any_request(u, &requests)?] {
            let frame = request.encode(V);
            assert_eq!(Request::decode(V, &frame).unwrap(), request);
            assert_eq!(Request::unknown_fields(V, &frame), Ok(Vec::new()));
        }
        for response in [any_response(u, &[5, 101])?, any_response(u, &responses)?] {
            let frame = response.encode(V);
            assert_eq!(Response::decode(V, &frame).unwrap(), response);
            assert_eq!(Response::unknown_fields(V, &frame), Ok(Vec::new()));
        }
        Ok(())
    })
    .size_min(1024)
    .size_max(16 * 1024)
    .budget_ms(2_000);
}

#[test]
fn damaged_frames_never_panic_whatever_is_done_with_them() {
    let (requests, responses) = (ids(Request::PROTOBUF), ids(Response::PROTOBUF));
    let zone = jiff::tz::TimeZone::UTC;
    arbtest::arbtest(|u| {
        let mut frame = BytesMut::new();
        if u.arbitrary()? {
            let whole = if u.arbitrary()? {
                any_request(u, &requests)?.encode(V)
            } else {
                any_response(u, &responses)?.encode(V)
            };
            frame.put_slice(whole.bytes());
            for _ in 0..u.int_in_range(0..=3)? {
                let at = u.choose_index(frame.len())?;
                frame[at] = u.arbitrary()?;
            }
        } else {
            frame.put_u32(u.int_in_range(0..=310)?);
            frame.put_slice(&u.arbitrary::<Vec<u8>>()?);
        }
        let frame = RawFrame::new(frame.freeze());
        if let Ok(message) = Request::decode(V, &frame) {
            let again = Request::decode(V, &message.encode(V)).unwrap();
            assert_eq!(again.encode(V), message.encode(V));
        }
        if let Ok(message) = Response::decode(V, &frame) {
            let again = Response::decode(V, &message.encode(V)).unwrap();
            assert_eq!(again.encode(V), message.encode(V));
        }
        let _ = translate::request(V, &frame);
        let _ = translate::report(V, &frame, &zone);
        let _ = rewrite::set_order_ref(V, &frame, "SPY-trend-1");
        let _ = rewrite::restore_order_ref(V, &frame, "");
        Ok(())
    })
    .size_min(512)
    .budget_ms(1_500);
}

/// The fields of a message and of the named part in it, without the one that may change.
fn others(frame: &RawFrame, part: u32, without: u32) -> Vec<Vec<u8>> {
    fn fields(bytes: &[u8]) -> Vec<(u32, &[u8], &[u8])> {
        let (mut at, mut out) = (0, Vec::new());
        while let Some(field) = wire::field(bytes, at, bytes.len()) {
            out.push((field.number, &bytes[field.start..field.end], &bytes[field.value..field.end]));
            at = field.end;
        }
        out
    }
    let mut out = Vec::new();
    for (number, whole, value) in fields(&frame.bytes()[NUMBER_LEN..]) {
        if number == part {
            let inner = fields(value).into_iter().filter(|(number, ..)| *number != without);
            out.extend(inner.map(|(_, whole, _)| whole.to_vec()));
        } else {
            out.push(whole.to_vec());
        }
    }
    out
}

#[test]
fn a_rewrite_changes_its_field_and_no_other_byte_of_the_others() {
    arbtest::arbtest(|u| {
        let mut frame = BytesMut::from(any_request(u, &[3])?.encode(V).bytes());
        // A field of a later version, which nobody here knows, travels on.
        wire::put_bytes(&mut frame, 5000, b"later");
        let frame = RawFrame::new(frame.freeze());
        let out = rewrite::set_order_ref(V, &frame, "SPY-trend-20261127-7").unwrap();
        assert_eq!(others(&out, 3, 28), others(&frame, 3, 28));
        let Request::PlaceOrder(placed) = Request::decode(V, &out).unwrap() else { panic!("no order") };
        assert_eq!(placed.order.order_ref, "SPY-trend-20261127-7");
        let back = rewrite::set_order_ref(V, &out, &order_of(&frame).order.order_ref.to_str_lossy()).unwrap();
        assert_eq!(back, frame, "the same bytes again");

        let open = any_response(u, &[5])?.encode(V);
        let out = rewrite::restore_order_ref(V, &open, "the bot's own").unwrap();
        assert_eq!(others(&out, 3, 28), others(&open, 3, 28));
        Ok(())
    })
    .size_min(1024)
    .budget_ms(700);
}

fn order_of(frame: &RawFrame) -> PlaceOrder {
    match Request::decode(V, frame) {
        Ok(Request::PlaceOrder(placed)) => *placed,
        other => panic!("no order: {other:?}"),
    }
}

fn frame(number: u32, body: &[u8]) -> RawFrame {
    let mut out = BytesMut::new();
    out.put_u32(number);
    out.put_slice(body);
    RawFrame::new(out.freeze())
}

#[test]
fn a_field_that_is_there_twice_makes_an_order_unreadable() {
    let twice = Request::decode(V, &frame(203, b"\x08\x05\x08\x06")).unwrap_err();
    assert!(twice.to_string().contains("twice"), "{twice}");
    let orders = frame(203, b"\x08\x05\x1A\x05\x62\x03DU1\x1A\x05\x62\x03DU2");
    assert!(Request::decode(V, &orders).is_err());
    let refused = rewrite::set_account(V, &orders, &plimsoll_model::Account::new("DU3").unwrap());
    assert!(matches!(refused, Err(RewriteError::Damaged(_))));
}

#[test]
fn an_order_with_two_numbers_or_with_orders_attached_is_unreadable() {
    // 8: the request's number 5. 26: the order, its own number in field 2.
    assert!(Request::decode(V, &frame(203, b"\x08\x05\x1A\x02\x10\x06")).is_err());
    assert!(Request::decode(V, &frame(203, b"\x08\x05\x1A\x02\x10\x05")).is_ok());
    assert!(Request::decode(V, &frame(203, b"\x08\x05\x1A\x02\x10\x00")).is_ok());
    assert!(Request::decode(V, &frame(203, b"\x08\x05\x22\x00")).is_ok(), "an empty part is nothing");
    assert!(Request::decode(V, &frame(203, b"\x08\x05\x22\x02\x08\x06")).is_err());
    assert!(Request::decode(V, &frame(203, b"")).is_err(), "an order without a number");
}

#[test]
fn transmit_is_false_where_it_is_absent() {
    assert!(!order_of(&frame(203, b"\x08\x05\x1A\x00")).order.transmit);
    assert!(order_of(&frame(203, b"\x08\x05\x1A\x03\x90\x04\x01")).order.transmit);
    assert_eq!(order_of(&frame(203, b"\x08\x05\x1A\x00")).order.tif, "");
}

#[test]
fn an_order_that_is_left_out_reads_like_an_empty_one() {
    assert_eq!(order_of(&frame(203, b"\x08\x05")), order_of(&frame(203, b"\x08\x05\x1A\x00")));
    let open = |body| Response::decode(V, &frame(205, body)).unwrap();
    assert_eq!(open(b"\x08\x05"), open(b"\x08\x05\x1A\x00"));
}

#[test]
fn fields_may_come_in_any_order() {
    let sorted = order_of(&frame(203, b"\x08\x05\x12\x05\x12\x03SPY\x1A\x0A\x2A\x03BUY\x62\x03DU1"));
    let shuffled = order_of(&frame(203, b"\x1A\x0A\x62\x03DU1\x2A\x03BUY\x12\x05\x12\x03SPY\x08\x05"));
    assert_eq!(shuffled, sorted);
    assert_eq!(sorted.order.account, "DU1");
}

#[test]
fn a_flood_of_fields_out_of_order_is_refused() {
    let mut body = b"\x08\x05".to_vec();
    body.extend(b"\x12\x00\x0A\x00".repeat(5000));
    let error = Request::decode(V, &frame(203, &body)).unwrap_err();
    assert!(matches!(error.problem, Problem::TooMany { max: 4096, .. }), "{error}");
    let conditions = b"\xA2\x06\x02\x08\x04".repeat(65);
    let mut body = vec![0x08, 0x05];
    wire_bytes(&mut body, 3, &conditions);
    let error = Request::decode(V, &frame(203, &body)).unwrap_err();
    assert!(matches!(error.problem, Problem::TooMany { count: 65, max: 64 }), "{error}");
}

fn wire_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    let mut field = BytesMut::new();
    wire::put_bytes(&mut field, number, bytes);
    out.extend_from_slice(&field);
}

#[test]
fn texts_of_the_text_protocol_behind_a_number_in_four_bytes_are_read() {
    let cancel = Request::decode(V, &frame(4, b"5\0\0\x002147483647\0")).unwrap();
    let Request::CancelOrder(cancel) = cancel else { panic!("{cancel:?}") };
    assert_eq!(cancel.order_id, 5);
    let next =
        rewrite::set_next_valid_id(V, &frame(9, b"1\x00379\0"), plimsoll_model::OrderId(1000)).unwrap();
    assert_eq!(next, frame(9, b"1\x001000\0"));
}

#[test]
fn an_unknown_message_comes_back_byte_for_byte() {
    let unknown = frame(309, b"any\xFFthing");
    assert_eq!(Request::decode(V, &unknown), Ok(Request::Raw { id: 109, frame: unknown.clone() }));
    assert!(Request::decode(V, &RawFrame::new(Bytes::from_static(b"\0\0"))).is_err());
}

#[test]
fn numbers_beyond_their_kind_are_refused_and_not_cut() {
    let too_large = frame(204, b"\x08\xFF\xFF\xFF\xFF\x7F");
    assert!(Request::decode(V, &too_large).is_err());
    assert!(
        Request::decode(V, &frame(203, b"\x08\x05\x1A\x09\x49\0\0\0\0\0\0\xF8\x7F")).is_err(),
        "not a number"
    );
    assert!(Request::decode(V, &frame(203, b"\x08\x05\x1A\x05\x62\x03D\0U")).is_err(), "a NUL in a text");
}

#[test]
fn a_figure_that_was_not_computed_is_absent_whether_it_is_left_out_or_says_so() {
    let figures = |body: &[u8]| match Response::decode(V, &frame(221, body)) {
        Ok(Response::TickOptionComputation(tick)) => {
            [tick.implied_volatility, tick.delta, tick.gamma].map(|figure| figure.and_then(|f| f.exact()))
        }
        other => panic!("{other:?}"),
    };
    // -1 and -2 as doubles: the volatility and the delta that no model computed.
    let unknown = b"\x08\x07\x21\0\0\0\0\0\0\xF0\xBF\x29\0\0\0\0\0\0\0\xC0";
    assert_eq!(figures(unknown), [None; 3]);
    assert_eq!(figures(b"\x08\x07"), [None; 3]);
    // -1 is a delta.
    let minus_one = Some(rust_decimal::Decimal::NEGATIVE_ONE);
    assert_eq!(figures(b"\x08\x07\x29\0\0\0\0\0\0\xF0\xBF"), [None, minus_one, None]);
}

#[test]
fn a_message_without_a_form_is_text_behind_its_number_and_no_protobuf_of_it_is_read() {
    let without = |table: &[(i32, &str)]| -> Vec<i32> {
        table.iter().filter(|(_, name)| name.is_empty()).map(|(id, _)| *id).collect()
    };
    assert_eq!(without(Request::PROTOBUF), [72, 73], "the proof of a program's maker with a key");
    assert_eq!(
        without(Response::PROTOBUF),
        [47, 56, 69, 70],
        "exchange for physical, delta-neutral, that proof"
    );
    let text = frame(72, b"1\0plimsoll\x001.0\0key\0");
    let proof = Request::decode(V, &text).unwrap();
    assert_eq!((proof.name(), proof.encode(V)), ("verifyAndAuthRequest", text));
    let claimed = frame(272, b"\x0A\x08plimsoll");
    assert_eq!(Request::decode(V, &claimed), Ok(Request::Raw { id: 72, frame: claimed.clone() }));
}
