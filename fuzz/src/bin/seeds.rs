//! Writes the inputs that the fuzzer starts from: one folder per target below the folder given.
//!
//! Without more, what is made up here: every message that has a type among it. With `PLIMSOLL_FIXTURES` set, the
//! frames recorded from clients as well: read, their accounts masked, and written again by our own encoder, at
//! their own version and in protobuf.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use bytes::BytesMut;
use plimsoll_model::RawFrame;
use plimsoll_tws::{Gate, Request, Response, ServerVersion, frame};
use serde_json::Value;

/// A configuration with every table that is read.
const CONFIG: &str = include_str!("../../seeds/plimsoll.toml");
/// More fields than any message without lists has.
const FIELDS_MAX: usize = 300;
/// Recorded server frames, `|` for NUL, with the version that they were said at.
const SERVER_FRAMES: &[(&str, u16)] = &[
    ("ib_async-2.1.0_v178", 178),
    ("ib_insync-0.9.86_v176", 176),
    ("ibapi-9.81.1_v157", 157),
    ("official-10.46.1_v200", 200),
    ("stoqey-ib-1.6.10_v193", 193),
];

fn main() -> Result<()> {
    let out = PathBuf::from(std::env::args().nth(1).context("usage: seeds FOLDER")?);
    let mut seeds = Seeds::default();
    made_up(&mut seeds);
    if let Ok(fixtures) = std::env::var("PLIMSOLL_FIXTURES") {
        recorded(&Path::new(&fixtures).join("ibkr"), &mut seeds)?;
    }
    seeds.write(&out)
}

/// Inputs per target.
#[derive(Default)]
struct Seeds(BTreeMap<&'static str, Vec<Vec<u8>>>);

impl Seeds {
    fn add(&mut self, target: &'static str, input: Vec<u8>) {
        let inputs = self.0.entry(target).or_default();
        if !inputs.contains(&input) {
            inputs.push(input);
        }
    }

    /// A message at its version: text and protobuf, and as a frame in a stream.
    fn add_frame(&mut self, version: ServerVersion, payload: &[u8]) {
        if version.has(Gate::Protobuf) {
            if let Some(body) = payload.strip_prefix(&[0, 0]) {
                self.add("protobuf", body.to_vec());
            }
        } else {
            let index = ServerVersion::all().position(|v| v == version).expect("a version spoken here");
            let index = u8::try_from(index).expect("there are few versions");
            self.add("text", [&[index], payload].concat());
        }
    }

    fn write(&self, out: &Path) -> Result<()> {
        for (target, inputs) in &self.0 {
            let folder = out.join(target);
            fs::create_dir_all(&folder)?;
            for (index, input) in inputs.iter().enumerate() {
                fs::write(folder.join(format!("{index:04}")), input)?;
            }
            println!("{target}: {}", inputs.len());
        }
        Ok(())
    }
}

fn made_up(seeds: &mut Seeds) {
    let mut stream = BytesMut::from(&[0, 0, 3, 8, 100][..]);
    for payload in [&b"71\x002\x007\0\0"[..], b"61\x001\0", b"9\x001\x00379\0"] {
        frame::append(&mut stream, payload);
    }
    seeds.add("frame", stream.to_vec());
    seeds.add("frame", b"\x05\0\0\0\0\0\0\0\x0549\x001\0\0\0\0\x06".to_vec());
    seeds.add("frame", b"\0\x01\x02\x03\x04\0\0\0\0".to_vec());
    for hello in ["v157..178", "v100..225 +PACEAPI", "v213..226", "v100", "v200 \u{20ac}"] {
        let mut wire = BytesMut::from(&b"\0\xC8API\0"[..]);
        frame::append(&mut wire, hello.as_bytes());
        seeds.add("handshake", wire.to_vec());
    }
    seeds.add("handshake", b"\xFF\xFF178\x0020261120 10:50:28 EST\0".to_vec());
    seeds.add("config", CONFIG.as_bytes().to_vec());
    for table in CONFIG.split_inclusive("\n\n") {
        seeds.add("config", table.as_bytes().to_vec());
    }
    plain_messages(seeds);
    for what in 0..5 {
        // Records of each kind, with and without something that does not fit; then bodies and damage.
        let json = br#"{"kind":"decision","text":"deny 1"}"#;
        let len = u8::try_from(json.len()).expect("short");
        for flags in [0, 1, 2, 4, 8, 16, 32, 64] {
            let record = [&[flags, 13, len], &json[..]].concat();
            seeds.add("journal", [&[what, 7], &record[..], &record[..]].concat());
        }
        for harm in 0..4 {
            let bodies = [3, 0x80, 0, 1, b'a', b'b', b'c', b'd', 0, 2, 0, 0x80, 5, 1, b'x', b'y', b'z', b'w'];
            let tail = [harm, 0, 0, 90, 3, 0, 200, 1, 0, 10, 2, 0, 3, 4, 5, 6, 7];
            seeds.add("journal", [&[what], &bodies[..], &tail[..]].concat());
        }
    }
}

/// Every message with a type, at the first and the last version of text and in protobuf, with the same word in
/// each field: ones, so that each list has an element, or else what is read instead.
fn plain_messages(seeds: &mut Seeds) {
    for version in [ServerVersion::MIN, ServerVersion::MAX] {
        for (id, _) in Request::TYPED {
            let Some((frame, request)) = plain(*id, |frame| Request::decode(version, frame).ok()) else {
                continue;
            };
            seeds.add_frame(version, frame.bytes());
            seeds.add_frame(ServerVersion::PROTOBUF, request.encode(ServerVersion::PROTOBUF).bytes());
        }
        for (id, _) in Response::TYPED {
            let Some((frame, answer)) = plain(*id, |frame| Response::decode(version, frame).ok()) else {
                continue;
            };
            seeds.add_frame(version, frame.bytes());
            seeds.add_frame(ServerVersion::PROTOBUF, answer.encode(ServerVersion::PROTOBUF).bytes());
        }
    }
}

/// The shortest message of this number that is read, whose fields are all the same.
fn plain<M>(id: i32, read: impl Fn(&RawFrame) -> Option<M>) -> Option<(RawFrame, M)> {
    ["1", "0", ""].iter().find_map(|word| {
        let mut text = format!("{id}\0");
        (0..FIELDS_MAX).find_map(|_| {
            let frame = RawFrame::new(text.clone().into_bytes().into());
            text.push_str(word);
            text.push('\0');
            read(&frame).map(|message| (frame, message))
        })
    })
}

fn recorded(folder: &Path, seeds: &mut Seeds) -> Result<()> {
    let lines = fs::read_to_string(folder.join("client_frames.jsonl")).context("client_frames.jsonl")?;
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line)?;
        let number = line["serverVersion"].as_u64().and_then(|number| u16::try_from(number).ok());
        let Some(version) = number.and_then(ServerVersion::new) else { continue };
        let wire = from_hex(line["hex"].as_str().context("a line without bytes")?).context("no hex")?;
        let payload = masked(wire.get(4..).context("a frame without its length")?);
        if let Ok(request) = Request::decode(version, &RawFrame::new(payload.into())) {
            seeds.add_frame(version, request.encode(version).bytes());
            seeds.add_frame(ServerVersion::PROTOBUF, request.encode(ServerVersion::PROTOBUF).bytes());
        }
    }
    for (client, number) in SERVER_FRAMES {
        let version = ServerVersion::new(*number).context("a version spoken here")?;
        let name = format!("{client}.server-frames-accepted.txt");
        let lines = fs::read_to_string(folder.join(&name)).context(name)?;
        for line in lines.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())) {
            let payload = masked(format!("{line}|").replace('|', "\0").as_bytes());
            if let Ok(response) = Response::decode(version, &RawFrame::new(payload.into())) {
                seeds.add_frame(version, response.encode(version).bytes());
                seeds.add_frame(ServerVersion::PROTOBUF, response.encode(ServerVersion::PROTOBUF).bytes());
            }
        }
    }
    Ok(())
}

/// Paper accounts become one that nobody has.
fn masked(payload: &[u8]) -> Vec<u8> {
    let mut out = payload.to_vec();
    for at in 0..out.len().saturating_sub(8) {
        if out[at..].starts_with(b"DU") && out[at + 2..at + 9].iter().all(u8::is_ascii_digit) {
            out[at + 2..at + 8].fill(b'0');
        }
    }
    out
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.as_bytes().chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}
