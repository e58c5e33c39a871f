//! Messages in both of their forms as the official Python client writes and reads them (`official_forms.txt`): the
//! text at version 200 and the protobuf at 213 have to be the same typed message here too, and what is written
//! here is what that client writes.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic like the tests themselves")]

mod seen;

use plimsoll_tws::{RawFrame, Request, Response, ServerVersion};
use seen::body;

const TEXT: ServerVersion = ServerVersion::MAX;
const PROTOBUF: ServerVersion = ServerVersion::PROTOBUF;

/// One message: which it is, and its two frames.
struct Vector<'a> {
    role: &'a str,
    id: i32,
    name: &'a str,
    text: RawFrame,
    protobuf: RawFrame,
}

impl std::fmt::Display for Vector<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.role, self.id, self.name)
    }
}

fn vectors() -> Vec<Vector<'static>> {
    let file = include_str!("official_forms.txt");
    let blocks = file.split("\n\n").skip(1).map(|block| {
        let mut lines = block.lines();
        let mut title = lines.next().unwrap().split(' ');
        let mut frame = |version: &str| lines.next().unwrap().strip_prefix(version).unwrap();
        let text = frame("200 ").replace('|', "\0").replace("\\x7c", "|");
        let hex = frame("213 ").as_bytes().chunks(2);
        let bytes = hex.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
        Vector {
            role: title.next().unwrap(),
            id: title.next().unwrap().parse().unwrap(),
            name: title.next().unwrap(),
            text: RawFrame::new(text.into_bytes().into()),
            protobuf: RawFrame::new(bytes.collect::<Vec<_>>().into()),
        }
    });
    blocks.collect()
}

/// How many options follow is said in text only, and not by everyone.
fn without_counts(mut request: Request) -> Request {
    match &mut request {
        Request::ReqFundamentalData(m) => m.options_count = None,
        Request::CalculateImpliedVolatility(m) | Request::CalculateOptionPrice(m) => m.options_count = None,
        _ => {}
    }
    request
}

#[test]
fn each_request_of_the_official_client_is_the_same_message_on_both_wires() {
    let requests: Vec<_> = vectors().into_iter().filter(|vector| vector.role == "request").collect();
    assert!(requests.len() >= 26, "only {} requests", requests.len());
    for vector in &requests {
        let in_text = Request::decode(TEXT, &vector.text).unwrap_or_else(|e| panic!("{vector}: {e}"));
        let in_protobuf =
            Request::decode(PROTOBUF, &vector.protobuf).unwrap_or_else(|e| panic!("{vector}: {e}"));
        assert_eq!((in_protobuf.id(), in_protobuf.name()), (vector.id, vector.name));
        assert_eq!(in_protobuf, without_counts(in_text), "{vector}");
        assert_eq!(Request::unknown_fields(PROTOBUF, &vector.protobuf), Ok(Vec::new()), "{vector}");
        // The official client writes the number of a contract that has none as zero.
        assert_eq!(body(&in_protobuf.encode(PROTOBUF)), body(&vector.protobuf), "{vector}");
    }
}

#[test]
fn each_answer_that_the_official_client_reads_is_the_same_message_on_both_wires() {
    let answers: Vec<_> = vectors().into_iter().filter(|vector| vector.role == "answer").collect();
    assert!(answers.len() >= 32, "only {} answers", answers.len());
    for vector in &answers {
        let in_text = Response::decode(TEXT, &vector.text).unwrap_or_else(|e| panic!("{vector}: {e}"));
        let in_protobuf =
            Response::decode(PROTOBUF, &vector.protobuf).unwrap_or_else(|e| panic!("{vector}: {e}"));
        assert_eq!((in_protobuf.id(), in_protobuf.protobuf_name()), (vector.id, vector.name));
        assert_eq!(in_protobuf, in_text, "{vector}");
        assert_eq!(Response::unknown_fields(PROTOBUF, &vector.protobuf), Ok(Vec::new()), "{vector}");
        for message in [in_protobuf, in_text] {
            assert_eq!(message.encode(PROTOBUF), vector.protobuf, "{vector}");
        }
    }
}
