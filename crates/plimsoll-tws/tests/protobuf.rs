//! Frames in protobuf that other programs sent, read with the forms of this crate: the official Python
//! client and a real paper Gateway at server version 225, the Rust crate `ibapi` at 226.
//!
//! Fields that came after version 213 are the only ones that may be unknown here. Reads
//! `PLIMSOLL_FIXTURES` or `PLIMSOLL_SHARED` like the tests of text frames.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic like the tests themselves")]

use std::fs;
use std::path::PathBuf;

use plimsoll_tws::{RawFrame, Request, Response, ServerVersion};

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

/// One field as another reader of the wire sees it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    Varint(u64),
    Eight([u8; 8]),
    Bytes(Vec<u8>),
    Part(Vec<(u64, Seen)>),
}

/// The fields of a message without those that say nothing: false and zero, empty texts and parts. Bytes
/// that are a message themselves are taken for one, whichever they are: both sides are read alike.
fn canonical(bytes: &[u8]) -> Option<Vec<(u64, Seen)>> {
    let mut rest = bytes;
    let mut out = Vec::new();
    while !rest.is_empty() {
        let tag = varint(&mut rest)?;
        let seen = match tag & 7 {
            0 => Seen::Varint(varint(&mut rest)?),
            1 => Seen::Eight(*take(&mut rest, 8)?.first_chunk()?),
            2 => {
                let len = usize::try_from(varint(&mut rest)?).ok()?;
                let value = take(&mut rest, len)?;
                canonical(value).map_or_else(|| Seen::Bytes(value.to_vec()), Seen::Part)
            }
            _ => return None,
        };
        if tag >> 3 == 0 {
            return None;
        }
        if seen != Seen::Varint(0) && seen != Seen::Part(Vec::new()) {
            out.push((tag >> 3, seen));
        }
    }
    out.sort();
    Some(out)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for at in 0..10 {
        let byte = take(rest, 1)?[0];
        value |= u64::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(len)?;
    *rest = left;
    Some(taken)
}

fn body(frame: &RawFrame) -> Vec<(u64, Seen)> {
    canonical(&frame.bytes()[4..]).unwrap()
}

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

#[test]
fn each_message_has_the_protobuf_form_that_the_reference_names() {
    let Some(folder) = folder("PLIMSOLL_REFERENCE", "reference") else { return };
    let schema = fs::read_to_string(folder.join("ibkr-protobuf-schema.md")).unwrap();
    let (requests, rest) = schema.split_once("## Responses").unwrap();
    let (responses, _) = rest.split_once("## Messages").unwrap();
    let rows = |text: &str| -> Vec<(i32, String)> {
        let cells =
            text.lines().filter(|line| line.starts_with("| ")).map(|line| line.split('|').map(str::trim));
        cells.filter_map(|mut c| Some((c.nth(1)?.parse().ok()?, c.nth(1)?.to_owned()))).collect()
    };
    for (table, known) in [(rows(requests), Request::PROTOBUF), (rows(responses), Response::PROTOBUF)] {
        assert!(table.len() > 60, "the reference was not read");
        for (id, name) in known.iter().filter(|(_, name)| !name.is_empty()) {
            let row = table.iter().find(|(number, _)| number == id);
            assert_eq!(row.map(|(_, name)| &**name), Some(*name), "message {id}");
        }
        let missing: Vec<_> =
            table.iter().filter(|(id, _)| !known.iter().any(|(number, _)| number == id)).collect();
        eprintln!("{} of {} without a form: {missing:?}", missing.len(), table.len());
    }
}
