//! Properties of all layouts at all text versions, with messages that the layouts themselves make up.

use std::collections::BTreeSet;

use arbtest::arbitrary::{Result, Unstructured};
use bytes::{BufMut, Bytes, BytesMut};
use plimsoll_model::RawFrame;

use crate::layout::{DecodeError, Fields, Problem, Step};
use crate::message::Order;
use crate::spelling::{Raw, Spelling};
use crate::{Gate, Request, Response, ServerVersion, translate};

/// What fields are filled with. Every spelling takes at least one of them.
const TEXTS: &[&str] = &[
    "",
    "0",
    "1",
    "7",
    "-1",
    "0.0",
    "0.5",
    "500.25",
    "1.2E-4",
    "a",
    "o",
    "SPY",
    "DU1",
    "two words",
    "None",
    "2147483647",
    "1.7976931348623157E308",
    "1.7976931348623157e+308",
    "-9223372036854775808",
    "Infinity",
];

/// A direction over a layout that fills in fields instead of reading or writing them, so that a message
/// has exactly the fields that its version carries.
struct Filler<'a, 'b> {
    u: &'a mut Unstructured<'b>,
    version: ServerVersion,
    /// What a field is filled with if not with any text.
    words: fn(&str) -> &'static [&'static str],
}

/// Words that open the conditional parts of orders.
fn special(name: &str) -> &'static [&'static str] {
    match name {
        "contract.secType" => &["STK", "BAG", "FUND", "OPT"],
        "contract.exchange" => &["SMART", "IBKRATS"],
        "orderType" => &["LMT", "PEG BENCH", "PEGBENCH", "PEG BEST", "PEG MID", "MKT"],
        "hedgeType" | "algoStrategy" | "deltaNeutralOrderType" => &["", "D", "None"],
        "scalePriceIncrement" => &["", "0", "-1", "0.5"],
        "competeAgainstBestOffset" => &["", "0.5", "Infinity", "Infinite"],
        "condition.type" => &["1", "3", "4", "5", "6", "7"],
        "tickType" => &["1", "2", "3", "4"],
        _ => &[],
    }
}

/// The same, and where only the text protocol has place for any text, what both wires have place for: flags,
/// numbers and named options spelled as words.
fn shared(name: &str) -> &'static [&'static str] {
    match name {
        "contract.multiplier" => &["", "100", "0.5"],
        // `?` and `0` are unknown here and left out there.
        "contract.right" => &["", "C", "P"],
        "specificDate" => &["20261127", "20261120"],
        "liquidation" | "fund" => &["", "1"],
        // Two flags.
        "attrMask" => &["0", "1", "2", "3"],
        options if options.ends_with("ptions") => &["", "a=b;", "a=b;c=d;"],
        other => special(other),
    }
}

impl Filler<'_, '_> {
    fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        if self.u.is_empty() {
            return texts[0];
        }
        self.u.choose(texts).expect("neither list nor data is empty")
    }
}

impl Fields for Filler<'_, '_> {
    fn version(&self) -> ServerVersion {
        self.version
    }

    fn visit(&mut self, name: &'static str, value: &mut impl Spelling) -> Step {
        let wanted = if name.ends_with("Count") || name.starts_with("nPrice") {
            &["0", "0", "1", "3"]
        } else if (self.words)(name).is_empty() {
            TEXTS
        } else {
            (self.words)(name)
        };
        let fallback = self.pick(TEXTS);
        let start = TEXTS.iter().position(|text| *text == fallback).expect("picked from the list");
        let first = self.pick(wanted);
        let others = TEXTS.iter().cycle().skip(start).take(TEXTS.len());
        for text in std::iter::once(&first).chain(others) {
            let frame = Bytes::from_static(text.as_bytes());
            if value.read(Raw::alone(&frame, &frame)).is_ok() {
                return Ok(());
            }
        }
        panic!("no text suits {name}");
    }

    fn constant(&mut self, _name: &'static str, _value: &'static str) -> Step {
        Ok(())
    }

    fn stray(&mut self, _name: &'static str, _value: &'static str) -> Step {
        Ok(())
    }

    fn check_count(
        &self,
        _: &'static str,
        count: i32,
        _: usize,
    ) -> std::result::Result<usize, Box<DecodeError>> {
        Ok(usize::try_from(count.max(0)).unwrap().min(4))
    }

    fn has_more(&mut self, _fields: usize, _to_write: bool) -> bool {
        self.pick(&["", "both"]) == "both"
    }

    fn unknown(&self, name: &'static str, value: i32, _wanted: &'static str) -> DecodeError {
        panic!("{name} was filled with {value}");
    }
}

fn text_versions() -> impl Iterator<Item = ServerVersion> {
    ServerVersion::all().filter(|version| !version.has(Gate::Protobuf))
}

fn any_version(u: &mut Unstructured<'_>) -> Result<ServerVersion> {
    u.choose(&text_versions().collect::<Vec<_>>()).copied()
}

/// Any request whatever, or one of the given numbers.
fn any_request(u: &mut Unstructured<'_>, version: ServerVersion, ids: &[i32]) -> Result<Request> {
    let mut message = Request::blank(*u.choose(ids)?).expect("a typed number");
    message.layout(&mut Filler { u, version, words: special }).expect("filling never fails");
    Ok(message)
}

fn any_response(u: &mut Unstructured<'_>, version: ServerVersion, ids: &[i32]) -> Result<Response> {
    let mut message = Response::blank(*u.choose(ids)?).expect("a typed number");
    message.layout(&mut Filler { u, version, words: special }).expect("filling never fails");
    Ok(message)
}

/// A request of this number with what both wires can say.
pub(crate) fn shared_request(u: &mut Unstructured<'_>, id: i32) -> Request {
    let mut message = Request::blank(id).expect("a typed number");
    let mut filler = Filler { u, version: ServerVersion::MAX, words: shared };
    message.layout(&mut filler).expect("filling never fails");
    message
}

/// The same for an answer.
pub(crate) fn shared_response(u: &mut Unstructured<'_>, id: i32) -> Response {
    let mut message = Response::blank(id).expect("a typed number");
    let mut filler = Filler { u, version: ServerVersion::MAX, words: shared };
    message.layout(&mut filler).expect("filling never fails");
    message
}

fn request_ids() -> Vec<i32> {
    Request::TYPED.iter().map(|(id, _)| *id).collect()
}

fn response_ids() -> Vec<i32> {
    Response::TYPED.iter().map(|(id, _)| *id).collect()
}

/// The conditional parts that an order has.
fn parts(order: &Order) -> impl Iterator<Item = &'static str> {
    let pegs = &order.peg_offsets;
    [
        (!order.combo.legs.is_empty(), "legs"),
        (!order.combo.routing.is_empty(), "routing"),
        (order.delta_neutral.con_id != 0, "delta-neutral"),
        (order.delta_neutral_contract.is_some(), "delta-neutral contract"),
        (order.scale.px_adjust_value.is_some(), "scale"),
        (!order.hedge_param.is_empty(), "hedge"),
        (!order.algo_params.is_empty(), "algorithm"),
        (order.peg_benchmark.reference_con_id != 0, "benchmark"),
        (!order.conditions.is_empty(), "conditions"),
        (order.min_trade_qty.is_some(), "least trade"),
        (pegs.compete_against_best.is_some(), "peg to best"),
        (pegs.mid_at_half.is_some(), "peg to middle"),
    ]
    .into_iter()
    .filter_map(|(present, name)| present.then_some(name))
}

#[test]
fn what_is_written_is_what_is_read_for_orders_at_every_version() {
    let mut seen = BTreeSet::new();
    arbtest::arbtest(|u| {
        let version = any_version(u)?;
        let request = any_request(u, version, &[3])?;
        assert_eq!(Request::decode(version, &request.encode(version)).unwrap(), request, "{version}");
        if let Request::PlaceOrder(placed) = &request {
            seen.extend(parts(&placed.order));
        }
        let response = any_response(u, version, &[5, 101])?;
        assert_eq!(Response::decode(version, &response.encode(version)).unwrap(), response, "{version}");
        Ok(())
    })
    .size_min(1024)
    .size_max(16 * 1024)
    .budget_ms(1_500)
    .run();
    assert_eq!(seen.len(), 12, "not every conditional part was made up: {seen:?}");
}

#[test]
fn what_is_written_is_what_is_read_for_every_message_at_every_version() {
    arbtest::arbtest(|u| {
        // Every message at every version in each round, so that none depends on luck.
        for version in text_versions() {
            for id in request_ids() {
                let request = any_request(u, version, &[id])?;
                assert_eq!(Request::decode(version, &request.encode(version)).unwrap(), request, "{version}");
            }
            for id in response_ids() {
                let response = any_response(u, version, &[id])?;
                let read = Response::decode(version, &response.encode(version)).unwrap();
                assert_eq!(read, response, "{version}");
            }
        }
        Ok(())
    })
    .size_min(512 * 1024)
    .size_max(1024 * 1024)
    .budget_ms(2_000);
}

#[test]
fn a_message_cut_after_any_field_is_an_error_and_so_is_one_field_more() {
    arbtest::arbtest(|u| {
        let version = any_version(u)?;
        let request = any_request(u, version, &request_ids())?.encode(version);
        let response = any_response(u, version, &response_ids())?.encode(version);
        for (frame, is_request) in [(request, true), (response, false)] {
            let is_ok = |bytes: &[u8]| {
                let frame = RawFrame::new(Bytes::copy_from_slice(bytes));
                if is_request {
                    Request::decode(version, &frame).is_ok()
                } else {
                    Response::decode(version, &frame).is_ok()
                }
            };
            let bytes = frame.bytes();
            for (at, _) in bytes.iter().enumerate().filter(|(_, b)| **b == 0) {
                assert!(!is_ok(&bytes[..at]), "cut before a NUL: {frame:?}");
                assert!(at + 1 == bytes.len() || !is_ok(&bytes[..=at]), "cut at {at}: {frame:?}");
            }
            assert!(!is_ok(&[bytes, b"\0"].concat()), "one field more: {frame:?}");
        }
        Ok(())
    })
    .size_min(512)
    .budget_ms(700);
}

#[test]
fn damaged_frames_never_panic_whatever_is_done_with_them() {
    let zone = jiff::tz::TimeZone::UTC;
    arbtest::arbtest(|u| {
        let version = any_version(u)?;
        let mut frame = BytesMut::new();
        if u.arbitrary()? {
            let whole = if u.arbitrary()? {
                any_request(u, version, &request_ids())?.encode(version)
            } else {
                any_response(u, version, &response_ids())?.encode(version)
            };
            frame.put_slice(whole.bytes());
            for _ in 0..u.int_in_range(0..=3)? {
                let at = u.choose_index(frame.len())?;
                frame[at] = u.arbitrary()?;
            }
        } else {
            frame.put_slice(&u.arbitrary::<Vec<u8>>()?);
        }
        let frame = RawFrame::new(frame.freeze());
        if let Ok(message) = Request::decode(version, &frame) {
            assert_eq!(Request::decode(version, &message.encode(version)).unwrap(), message);
        }
        if let Ok(message) = Response::decode(version, &frame) {
            assert_eq!(Response::decode(version, &message.encode(version)).unwrap(), message);
        }
        let _ = translate::request(version, &frame);
        let _ = translate::report(version, &frame, &zone);
        Ok(())
    })
    .size_min(256)
    .budget_ms(700);
}

#[test]
fn a_count_larger_than_the_frame_reserves_nothing() {
    let version = ServerVersion::MAX;
    for count in ["1000000", "65", "-1", "2147483647"] {
        let bytes = format!("17\x001001\x00{count}\x00").into_bytes();
        let error = Response::decode(version, &RawFrame::new(bytes.into())).unwrap_err();
        assert!(matches!(error.problem, Problem::TooMany { max: 0, .. }), "{error}");
    }
}

#[test]
fn an_unknown_message_comes_back_byte_for_byte() {
    let frame = RawFrame::new(Bytes::from_static(b"4711\0any\xFFthing without an end"));
    let version = ServerVersion::MAX;
    let request = Request::decode(version, &frame).unwrap();
    assert_eq!(request, Request::Raw { id: 4711, frame: frame.clone() });
    assert_eq!(request.encode(version), frame);
    assert_eq!(Response::decode(version, &frame).unwrap().encode(version), frame);
}

#[test]
fn every_row_of_the_tables_has_the_number_of_its_variant() {
    for (id, name) in Request::TYPED {
        let message = Request::blank(*id).unwrap();
        assert_eq!((message.id(), message.name()), (*id, *name));
    }
    for (id, name) in Response::TYPED {
        let message = Response::blank(*id).unwrap();
        assert_eq!((message.id(), message.name()), (*id, *name));
    }
}
