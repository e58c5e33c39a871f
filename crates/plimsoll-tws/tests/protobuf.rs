//! Frames in protobuf that other programs sent, read with the forms of this crate: the official Python
//! client and a real paper Gateway at server version 225, the Rust crate `ibapi` at 226.
//!
//! Fields that came after version 213 are the only ones that may be unknown here. Reads
//! `PLIMSOLL_FIXTURES` or `PLIMSOLL_SHARED` like the tests of text frames.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic like the tests themselves")]

mod seen;

use std::fs;
use std::path::PathBuf;

use jiff::Timestamp;
use plimsoll_model::{Account, ClientId, OrderId, PermId, Request as Meaning};
use plimsoll_tws::denial::{self, Addressee, Standing};
use plimsoll_tws::echo::{Echo, open_order};
use plimsoll_tws::{RawFrame, Request, Response, ServerVersion, rewrite, translate};
use seen::{Seen, body};

const V: ServerVersion = ServerVersion::PROTOBUF;

#[expect(clippy::disallowed_methods, reason = "a test is told by the environment where its fixtures are")]
fn folder(own: &str, folder: &str) -> Option<PathBuf> {
    let shared = || std::env::var("PLIMSOLL_SHARED").map(|shared| format!("{shared}/{folder}"));
    let Ok(root) = std::env::var(own).or_else(|_| shared()) else {
        eprintln!("PLIMSOLL_SHARED is not set; nothing was read");
        return None;
    };
    assert!(PathBuf::from(&root).is_dir(), "the fixtures are asked for, but there is no {root}");
    Some(root.into())
}

fn read(name: &str) -> Option<String> {
    let path = folder("PLIMSOLL_FIXTURES", "fixtures")?.join("ibkr").join(name);
    Some(fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}

/// The payload of a frame written with its length prefix.
fn payload(hex: &str) -> RawFrame {
    let bytes: Vec<u8> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    let (prefix, payload) = bytes.split_first_chunk::<4>().unwrap();
    assert_eq!(u32::from_be_bytes(*prefix) as usize, payload.len(), "length prefix");
    RawFrame::new(payload.to_vec().into())
}

struct Sample {
    title: String,
    frame: RawFrame,
}

/// The frames of a file whose title, the line before the bytes, passes.
fn samples(file: &str, passes: fn(&str) -> bool) -> Option<Vec<Sample>> {
    let text = read(file)?;
    let lines: Vec<_> = text.lines().collect();
    let titled = lines.windows(2).filter_map(|pair| {
        let (title, hex) = (pair[0].strip_prefix("### ")?, pair[1].strip_prefix("hex: ")?);
        passes(title).then(|| Sample { title: title.to_owned(), frame: payload(hex) })
    });
    Some(titled.collect())
}

const CLIENTS: [(&str, usize); 2] =
    [("official-10.46.1_v225-protobuf.txt", 40), ("rust-ibapi-5.5.0_v226-protobuf.txt", 8)];

fn client_frames() -> Option<Vec<Sample>> {
    let mut all = Vec::new();
    for (file, at_least) in CLIENTS {
        let frames = samples(file, |title| title.contains("PROTOBUF"))?;
        assert!(frames.len() >= at_least, "only {} frames in {file}", frames.len());
        all.extend(frames);
    }
    all.extend(samples("real_gateway_frames_v225_protobuf.txt", |title| title.starts_with("client "))?);
    Some(all)
}

fn server_frames() -> Option<Vec<Sample>> {
    let frames = samples("real_gateway_frames_v225_protobuf.txt", |title| title.starts_with("server "))?;
    assert!(frames.len() >= 17, "only {} frames of the real Gateway", frames.len());
    Some(frames)
}

/// Fields of answers that came after 213: price and size precision of tick parameters (224), and
/// `seekPriceImprovement` of an order (217).
const LATER: [u32; 3] = [5, 6, 142];

/// Takes away what came after 213.
fn without_later(fields: &mut Vec<(u64, Seen)>) {
    fields.retain_mut(|(number, seen)| {
        if let Seen::Part(part) = seen {
            without_later(part);
        }
        *number != 142
    });
}

#[test]
fn every_request_of_the_recorded_clients_decodes_without_an_unknown_field_and_encodes_canonically() {
    let Some(frames) = client_frames() else { return };
    let mut equal = 0;
    for Sample { title, frame } in &frames {
        let request = Request::decode(V, frame).unwrap_or_else(|e| panic!("{title}: {e}"));
        if matches!(request, Request::Raw { .. }) {
            eprintln!("no type here: {title}");
            continue;
        }
        assert_eq!(Request::unknown_fields(V, frame), Ok(Vec::new()), "{title}");
        let again = request.encode(V);
        assert_eq!(body(&again), body(frame), "{title}: {request:?}");
        assert_eq!(Request::decode(V, &again), Ok(request), "{title}");
        equal += usize::from(again == *frame);
    }
    eprintln!("{equal} of {} byte-equal", frames.len());
    // The others differ in zeros and empty parts only, which each client sends for fields of its own choice.
    assert!(equal >= 43, "fewer byte-equal frames than when this was written: {equal}");
}

#[test]
fn every_answer_of_a_real_gateway_decodes_and_encodes_to_the_bytes_it_came_from() {
    let Some(frames) = server_frames() else { return };
    let mut later = 0;
    for Sample { title, frame } in &frames {
        let answer = Response::decode(V, frame).unwrap_or_else(|e| panic!("{title}: {e}"));
        assert!(!matches!(answer, Response::Raw { .. }), "{title}");
        let unknown = Response::unknown_fields(V, frame).unwrap();
        assert!(unknown.iter().all(|number| LATER.contains(number)), "{title}: {unknown:?}");
        let again = answer.encode(V);
        if unknown.is_empty() {
            assert_eq!(again, *frame, "{title}: {answer:?}");
        } else if answer.name() == "openOrder" {
            let mut wanted = body(frame);
            without_later(&mut wanted);
            assert_eq!(body(&again), wanted, "{title}");
            later += 1;
        } else {
            assert_eq!(answer.name(), "tickReqParams", "{title}");
            let known = frame.bytes().len() - 2 * ("0.000001".len() + 2);
            assert_eq!(again.bytes(), &frame.bytes()[..known], "{title}");
        }
    }
    assert!(later >= 3, "only {later} open orders");
}

/// Cancels and configuration of later versions, without a type here: requests and answers.
const LATER_MESSAGES: [&[i32]; 2] = [&[106, 107, 108, 109], &[110, 111]];

#[test]
fn every_form_of_the_reference_up_to_213_is_here_under_its_name() {
    let Some(folder) = folder("PLIMSOLL_REFERENCE", "reference") else { return };
    let schema = fs::read_to_string(folder.join("ibkr-protobuf-schema.md")).unwrap();
    let (requests, rest) = schema.split_once("## Responses").unwrap();
    let (responses, _) = rest.split_once("## Messages").unwrap();
    let rows = |text: &str| -> Vec<(i32, String)> {
        let cells =
            text.lines().filter(|line| line.starts_with("| ")).map(|line| line.split('|').map(str::trim));
        cells.filter_map(|mut c| Some((c.nth(1)?.parse().ok()?, c.nth(1)?.to_owned()))).collect()
    };
    let tables = [(rows(requests), Request::PROTOBUF), (rows(responses), Response::PROTOBUF)];
    for ((table, known), later) in tables.into_iter().zip(LATER_MESSAGES) {
        assert!(table.len() > 60, "the reference was not read");
        for (id, name) in known.iter().filter(|(_, name)| !name.is_empty()) {
            let row = table.iter().find(|(number, _)| number == id);
            assert_eq!(row.map(|(_, name)| &**name), Some(*name), "message {id}");
        }
        let has_form = |id: &i32| known.iter().any(|(number, name)| number == id && !name.is_empty());
        let missing: Vec<_> = table.iter().map(|(id, _)| *id).filter(|id| !has_form(id)).collect();
        assert_eq!(missing, later, "without a form here");
    }
}

/// Every text frame of the recorded clients with its version.
fn text_frames() -> Option<Vec<(ServerVersion, RawFrame)>> {
    let text = read("client_frames.jsonl")?;
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let frames: Vec<_> = lines
        .filter_map(|row| {
            let version = ServerVersion::new(u16::try_from(row["serverVersion"].as_u64().unwrap()).unwrap())?;
            Some((version, payload(row["hex"].as_str().unwrap())))
        })
        .collect();
    assert!(frames.len() > 200, "only {} text frames in the fixture", frames.len());
    Some(frames)
}

#[test]
fn a_request_means_the_same_to_a_guard_in_text_and_in_protobuf() {
    let Some(frames) = text_frames() else { return };
    let mut orders = 0;
    for (version, text) in &frames {
        let request = Request::decode(*version, text).unwrap();
        if matches!(request, Request::Raw { .. }) {
            continue;
        }
        let meaning = translate::request(*version, text);
        assert_eq!(translate::request(V, &request.encode(V)), meaning, "at {version}: {text:?}");
        orders += usize::from(matches!(meaning, Meaning::Order(_)));
    }
    assert!(orders >= 60, "only {orders} orders");
}

/// The order of the real Gateway's transcript that it took, and how it reported it.
fn taken_order() -> Option<(RawFrame, RawFrame)> {
    let file = "real_gateway_frames_v225_protobuf.txt";
    let [sent] = <[_; 1]>::try_from(samples(file, |title| title.contains("placeOrder(LMT)"))?).ok().unwrap();
    let [told] = <[_; 1]>::try_from(samples(file, |title| title.contains("openOrder(LMT)"))?).ok().unwrap();
    Some((sent.frame, told.frame))
}

fn part(fields: &[(u64, Seen)], number: u64) -> Vec<(u64, Seen)> {
    match fields.iter().find(|(found, _)| *found == number) {
        Some((_, Seen::Part(part))) => part.clone(),
        other => panic!("no part {number}: {other:?}"),
    }
}

#[test]
fn an_order_is_echoed_with_the_fields_of_a_real_gateway() {
    let Some((sent, told)) = taken_order() else { return };
    let Request::PlaceOrder(mut placed) = Request::decode(V, &sent).unwrap() else { panic!("{sent:?}") };
    // What the Gateway fills in from its own data base.
    placed.contract.trading_class = "NMS".into();
    let echo = Echo { client_id: ClientId(1), perm_id: PermId(900_000_511), status: "PreSubmitted" };
    let ours = body(&Response::OpenOrder(Box::new(open_order(&placed, echo))).encode(V));
    let theirs = body(&told);
    assert_eq!(part(&ours, 2), part(&theirs, 2), "contract");
    assert_eq!(part(&ours, 4), part(&theirs, 4), "state");
    // A trailing stop price that TWS computes for no reason, the executed quantity, what the user declared,
    // who the user is.
    let known: Vec<_> =
        part(&theirs, 3).into_iter().filter(|(number, _)| ![23, 115, 118, 137].contains(number)).collect();
    assert_eq!(part(&ours, 3), known);
}

fn to(version: ServerVersion) -> Addressee {
    Addressee { version, client_id: ClientId(7), at: Timestamp::from_millisecond(1_787_604_843_125).unwrap() }
}

#[test]
fn a_refused_order_is_shown_inactive_before_error_201() {
    let Some((sent, _)) = taken_order() else { return };
    let frames = denial::refuse_new(to(V), &sent, "would cross our own order");
    let seen: Vec<_> = frames.iter().map(|frame| Response::decode(V, frame).unwrap()).collect();
    let [Response::OpenOrder(open), Response::OrderStatus(status), Response::Error(error)] = &*seen else {
        panic!("{seen:?}")
    };
    assert_eq!((open.order_id, &open.state.status), (511, &"Inactive".into()));
    assert_eq!((status.order_id, &status.status), (511, &"Inactive".into()));
    assert_eq!((error.id, error.code, error.time_ms), (511, 201, Some(1_787_604_843_125)));
    assert_eq!(error.text, "Order rejected - reason:would cross our own order");
}

#[test]
fn an_unreadable_order_with_a_number_is_ended_and_one_without_is_refused_to_the_whole_system() {
    let frame = |body: &[u8]| RawFrame::new([b"\0\0\0\xCB", body].concat().into());
    // The number 511, then an order that ends early.
    let numbered = frame(b"\x08\xFF\x03\x1A\x7F");
    assert!(matches!(
        translate::request(V, &numbered),
        Meaning::UnreadableOrder { order_id: Some(OrderId(511)), .. }
    ));
    let codes = |frame: &RawFrame| -> Vec<(i32, i32)> {
        let frames = denial::refuse_new(to(V), frame, "unreadable");
        let seen = frames.iter().map(|frame| match Response::decode(V, frame).unwrap() {
            Response::OrderStatus(status) => (status.order_id, 0),
            Response::Error(error) => (error.id, error.code),
            other => panic!("{other:?}"),
        });
        seen.collect()
    };
    assert_eq!(codes(&numbered), [(511, 0), (511, 201)]);
    assert_eq!(codes(&frame(b"\x1A\x7F")), [(-1, 201)]);
}

#[test]
fn a_refused_change_is_a_notice_followed_by_the_order_as_it_stands() {
    let Some((_, told)) = taken_order() else { return };
    let status = RawFrame::new(b"\0\0\0\xCB\x08\xFF\x03".as_slice().into());
    let standing = Standing { open_order: &told, status: &status };
    let frames = denial::refuse_change(to(V), OrderId(511), "outside the collar", Some(standing));
    let Response::Error(notice) = Response::decode(V, &frames[0]).unwrap() else { panic!("{frames:?}") };
    assert_eq!((notice.id, notice.code), (511, 2102));
    assert_eq!(frames[1..], [told, status], "byte for byte");
}

#[test]
fn account_and_reference_of_recorded_orders_are_written_and_read_back() {
    let Some(frames) = client_frames() else { return };
    let orders: Vec<_> = frames.iter().filter(|sample| sample.title.contains("PlaceOrder")).collect();
    assert!(orders.len() >= 10, "only {} orders", orders.len());
    for Sample { title, frame } in orders {
        let own = rewrite::set_account(V, frame, &Account::new("DU7654321").unwrap()).unwrap();
        let own = rewrite::set_order_ref(V, &own, "SPY-trend-20261127-7").unwrap();
        let (Meaning::Order(before), Meaning::Order(mut after)) =
            (translate::request(V, frame), translate::request(V, &own))
        else {
            panic!("{title}")
        };
        assert_eq!(after.account, Account::new("DU7654321"), "{title}");
        assert_eq!(&*after.order_ref, "SPY-trend-20261127-7", "{title}");
        (after.account, after.order_ref) = (before.account.clone(), before.order_ref.clone());
        assert_eq!(after, before, "{title}");
    }
}

#[test]
fn an_order_with_a_field_that_nobody_here_knows_is_not_judged() {
    let Some((sent, _)) = taken_order() else { return };
    let Meaning::Order(known) = translate::request(V, &sent) else { panic!("{sent:?}") };
    assert!(known.unguarded.is_empty(), "{:?}", known.unguarded);
    // Field 5000 of the request, a text.
    let later = RawFrame::new([sent.bytes(), b"\xC2\xB8\x02\x01x"].concat().into());
    let Meaning::Order(later) = translate::request(V, &later) else { panic!("{later:?}") };
    assert_eq!(later.unguarded, ["field of a later version"]);
}
