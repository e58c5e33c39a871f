//! Frames that other programs sent, read with the layouts of this crate.
//!
//! Reads `PLIMSOLL_FIXTURES`, or `fixtures` in `PLIMSOLL_SHARED`. With neither set these tests have nothing
//! to read and say so; with one set, a missing folder is a failure.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic like the tests themselves")]

use std::fs;
use std::path::PathBuf;

use plimsoll_tws::{RawFrame, Request, Response, ServerVersion};

#[expect(clippy::disallowed_methods, reason = "a test is told by the environment where its fixtures are")]
fn folder() -> Option<PathBuf> {
    let shared = || std::env::var("PLIMSOLL_SHARED").map(|shared| format!("{shared}/fixtures"));
    let Ok(root) = std::env::var("PLIMSOLL_FIXTURES").or_else(|_| shared()) else {
        eprintln!("neither PLIMSOLL_FIXTURES nor PLIMSOLL_SHARED is set; nothing was read");
        return None;
    };
    let folder = PathBuf::from(root).join("ibkr");
    assert!(folder.is_dir(), "the fixtures are asked for, but there is no {}", folder.display());
    Some(folder)
}

fn read(name: &str) -> Option<String> {
    let path = folder()?.join(name);
    Some(fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}

fn from_hex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// The payload of a frame written with its length prefix.
fn payload(hex: &str) -> RawFrame {
    let bytes = from_hex(hex);
    let (prefix, payload) = bytes.split_first_chunk::<4>().unwrap();
    assert_eq!(u32::from_be_bytes(*prefix) as usize, payload.len(), "length prefix");
    RawFrame::new(payload.to_vec().into())
}

/// A frame written with `|` for NUL. A `<LF>` stands for a line feed.
fn bars(text: &str) -> RawFrame {
    RawFrame::new(text.replace('|', "\0").replace("<LF>", "\n").into_bytes().into())
}

struct ClientFrame {
    client: String,
    version: ServerVersion,
    name: String,
    frame: RawFrame,
    fields: usize,
}

/// Every text frame of the recorded clients.
fn client_frames() -> Option<Vec<ClientFrame>> {
    let text = read("client_frames.jsonl")?;
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let frames: Vec<_> = lines
        .filter_map(|row| {
            let version = u16::try_from(row["serverVersion"].as_u64().unwrap()).unwrap();
            Some(ClientFrame {
                client: row["client"].as_str().unwrap().to_owned(),
                version: ServerVersion::new(version)?,
                name: row["name"].as_str().unwrap().to_owned(),
                frame: payload(row["hex"].as_str().unwrap()),
                fields: row["fields"].as_array().unwrap().len(),
            })
        })
        .collect();
    assert!(frames.len() > 200, "only {} text frames in the fixture", frames.len());
    Some(frames)
}

#[test]
fn every_request_of_the_recorded_clients_decodes_without_a_field_over_or_missing() {
    let Some(frames) = client_frames() else { return };
    for f in &frames {
        assert_eq!(f.frame.bytes().split(|b| *b == 0).count() - 1, f.fields, "{}", f.name);
        let request = Request::decode(f.version, &f.frame)
            .unwrap_or_else(|e| panic!("{} at {}: {e}\n{:?}", f.client, f.version, f.frame));
        assert!(!matches!(request, Request::Raw { .. }), "{}: no type for {:?}", f.client, f.frame);
        assert_eq!(request.name(), f.name, "{:?}", f.frame);
        let again = Request::decode(f.version, &request.encode(f.version)).unwrap();
        assert_eq!(again, request, "{} at {}: {:?}", f.client, f.version, f.frame);
    }
}

#[test]
fn requests_of_ib_async_and_ib_insync_encode_to_the_bytes_they_came_from() {
    let Some(frames) = client_frames() else { return };
    let mut seen = 0;
    for f in frames.iter().filter(|f| f.client.starts_with("ib_")) {
        let request = Request::decode(f.version, &f.frame).unwrap();
        assert_eq!(request.encode(f.version), f.frame, "{} {}", f.client, f.name);
        seen += 1;
    }
    assert_eq!(seen, 112, "frames of ib_async and ib_insync in the fixture");
}

#[test]
fn requests_of_the_other_clients_mostly_encode_to_the_bytes_they_came_from() {
    let Some(frames) = client_frames() else { return };
    let others: Vec<_> = frames.iter().filter(|f| !f.client.starts_with("ib_")).collect();
    let equal =
        |f: &&&ClientFrame| Request::decode(f.version, &f.frame).unwrap().encode(f.version) == f.frame;
    let different: Vec<_> = others.iter().filter(|f| !equal(f)).map(|f| (&*f.client, &*f.name)).collect();
    eprintln!("{} of {} byte-equal; different: {different:?}", others.len() - different.len(), others.len());
    assert!(others.len() - different.len() >= 81, "fewer byte-equal frames than when this was written");
    // The others spell "unset" in ways of their own in orders (`1.79…e+308`, empty flags).
    for (client, name) in different {
        assert!(name == "placeOrder" || client.starts_with("stoqey"), "{client} {name}");
    }
}

#[test]
fn every_answer_that_the_clients_accepted_decodes() {
    let Some(folder) = folder() else { return };
    let (mut seen, mut equal) = (0, 0);
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(stem) = name.strip_suffix(".server-frames-accepted.txt") else { continue };
        let number = stem.rsplit_once("_v").unwrap().1;
        // The protobuf sessions hold no text frames.
        let Some(version) = number.parse().ok().and_then(ServerVersion::new) else { continue };
        for line in fs::read_to_string(&path).unwrap().lines() {
            if line.starts_with('#') || line.starts_with("handshake") || line.is_empty() {
                continue;
            }
            // The lines leave out the NUL that ends the last field.
            equal += usize::from(check_answer(version, &format!("{line}|"), &name));
            seen += 1;
        }
    }
    assert!(seen > 500, "only {seen} lines");
    eprintln!("{equal} of {seen} answers byte-equal");
    assert!(equal >= 734, "fewer byte-equal answers than when this was written");
}

/// Whether the answer is written to the bytes it came from.
fn check_answer(version: ServerVersion, line: &str, origin: &str) -> bool {
    let frame = bars(line);
    let answer = Response::decode(version, &frame).unwrap_or_else(|e| panic!("{origin}: {e}\n{line}"));
    assert!(!matches!(answer, Response::Raw { .. }), "{origin}: no type for {line}");
    let again = answer.encode(version);
    assert_eq!(Response::decode(version, &again).unwrap(), answer, "{origin}: {line}");
    // Where the recorder's own server left a number or a flag empty, real servers spell it out.
    let fields = |frame: &RawFrame| frame.bytes().split(|b| *b == 0).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (sent, written) = (fields(&frame), fields(&again));
    assert_eq!(sent.len(), written.len(), "{origin}: {line}");
    for (sent, written) in sent.iter().zip(&written).filter(|(sent, written)| sent != written) {
        let spelled_out: [&[u8]; 2] = [b"0", b"-9223372036854775808"];
        assert!(sent.is_empty() && spelled_out.contains(&&**written), "{origin}: {line}\n{again:?}");
    }
    again == frame
}

/// The written-down frames of one line, without labels, marks and words between them. Frames that were
/// shortened by whoever wrote them down (`…|...|`) cannot be decoded and are left out.
fn frames_of_line(line: &str) -> Vec<String> {
    let line = line.split_once(": ").map_or(line, |(_, frames)| frames);
    let mut out = Vec::new();
    for chunk in line.split("   ").map(str::trim) {
        let chunk = chunk.split_once(": ").map_or(chunk, |(label, frame)| {
            if label.chars().all(|c| c.is_ascii_alphabetic()) { frame } else { chunk }
        });
        let chunk = chunk.strip_prefix("then ").unwrap_or(chunk).trim();
        let is_frame = chunk.starts_with(|c: char| c.is_ascii_digit()) && chunk.ends_with('|');
        if is_frame && !chunk.ends_with("...|") {
            out.push(expanded(chunk));
        }
    }
    out
}

/// `<9 x TEXT>` written out.
fn expanded(frame: &str) -> String {
    let mut out = frame.to_owned();
    while let Some((before, rest)) = out.split_once('<') {
        let Some((times, after)) = rest.split_once('>') else { break };
        let Some((n, text)) = times.split_once(" x ") else { break };
        out = format!("{before}{}{after}", vec![text; n.parse().unwrap()].join("|"));
    }
    out
}

#[test]
fn frames_of_a_real_gateway_decode_and_encode_to_the_same_bytes() {
    let Some(text) = read("real_gateway_frames.txt") else { return };
    let (mut version, mut seen) = (None, 0);
    for line in text.lines().filter(|line| !line.starts_with("# ")) {
        if let Some(rest) = line.strip_prefix("## server version ") {
            version = rest.split(' ').next().unwrap().parse().ok().and_then(ServerVersion::new);
            continue;
        }
        let Some(version) = version.filter(|_| !line.starts_with("handshake")) else { continue };
        for shown in frames_of_line(line) {
            let frame = bars(&shown);
            if line.contains("(client)") {
                let request = Request::decode(version, &frame).unwrap_or_else(|e| panic!("{e}\n{shown}"));
                assert!(!matches!(request, Request::Raw { .. }), "no type for {shown}");
                assert_eq!(request.encode(version), frame, "{shown}");
                continue;
            }
            let answer = Response::decode(version, &frame).unwrap_or_else(|e| panic!("{e}\n{shown}"));
            assert!(!matches!(answer, Response::Raw { .. }), "no type for {shown}");
            assert_eq!(answer.encode(version), frame, "{shown}");
            seen += 1;
        }
    }
    assert!(seen >= 28, "only {seen} frames");
}

#[test]
fn the_bytes_of_a_real_fill_decode_and_encode_to_the_same_bytes() {
    let Some(text) = read("real_gateway_frames_v200_fill.txt") else { return };
    let version = ServerVersion::new(200).unwrap();
    let mut seen = 0;
    for hex in text.lines().filter_map(|line| line.strip_prefix("hex: ")) {
        let frame = payload(hex);
        let answer = Response::decode(version, &frame).unwrap_or_else(|e| panic!("{e}\n{frame:?}"));
        assert!(!matches!(answer, Response::Raw { .. }), "no type for {frame:?}");
        // Commissions in scientific notation come back as plain digits of the same value.
        let plain = format!("{frame:?}").replace("1.2E-4", "0.00012").replace("6.0E-5", "0.000060");
        assert_eq!(format!("{:?}", answer.encode(version)), plain);
        seen += 1;
    }
    assert_eq!(seen, 11);
}
