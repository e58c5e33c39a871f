//! Hostile clients: whatever they send, they end alone.

use plimsoll_tws::Request;
use plimsoll_tws::frame;
use plimsoll_tws::handshake::ClientHello;
use plimsoll_tws::message::{ReqIds, VerifyRequest};

use super::rig::{Rig, order};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Profile};

fn rig() -> Rig {
    Rig::new(config(Profile::Live, ELEVEN))
}

/// The other client still gets its answers.
fn unharmed(rig: &mut Rig, good: ConnId) {
    rig.heard(good);
    rig.ask(good, &Request::ReqIds(ReqIds { count: 1 }));
    assert_eq!(rig.lines(good), "nextValidId 1\n");
    assert_eq!(rig.ended(good), None);
}

#[test]
fn garbage_before_the_hello_ends_that_connection_only() {
    let mut rig = rig();
    let good = rig.client(1);
    let bad = rig.socket();
    rig.bytes(bad, b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(rig.ended(bad), Some("closed"));
    assert_eq!(rig.violations(), ["malformed_frame"]);
    unharmed(&mut rig, good);
}

#[test]
fn a_frame_that_promises_too_much_is_answered_with_320_and_the_end() {
    let mut rig = rig();
    let (good, bad) = (rig.client(1), rig.client(2));
    rig.bytes(bad, &[0x7F, 0xFF, 0xFF, 0xFF, 1, 2, 3]);
    assert!(rig.lines(bad).starts_with("error -1 320 "));
    assert_eq!(rig.ended(bad), Some("closed"));
    unharmed(&mut rig, good);
}

#[test]
fn an_order_that_cannot_be_read_is_no_order() {
    let mut rig = rig();
    let (good, bad) = (rig.client(1), rig.client(2));
    rig.bytes(bad, &frame::encode(b"3\0oops\0SPY\0"));
    assert_eq!(rig.ended(bad), Some("closed"));
    assert_eq!(rig.state()["orders"].as_array().unwrap().len(), 0);
    unharmed(&mut rig, good);
}

#[test]
fn versions_that_are_not_spoken_end_the_connection() {
    let mut rig = rig();
    for (min, max) in [(214, 226), (50, 100), (158, 158)] {
        let conn = rig.socket();
        rig.bytes(conn, &ClientHello { min, max, options: "".into() }.encode());
        assert_eq!(rig.ended(conn), Some("closed"), "{min}..{max}");
    }
}

#[test]
fn a_request_that_is_not_offered_is_an_error_and_not_silence() {
    let mut rig = rig();
    let conn = rig.client(1);
    rig.ask(conn, &Request::VerifyRequest(VerifyRequest::default()));
    rig.bytes(conn, &frame::encode(b"9999\0"));
    let lines = rig.lines(conn);
    let starts: Vec<&str> = lines.lines().map(|line| &line[..line.find(" Error").unwrap()]).collect();
    assert_eq!(starts, ["error -1 322", "error -1 320"]);
    assert_eq!(rig.state()["requests"]["unknown"], 1);
    assert_eq!(rig.ended(conn), None);
}

#[test]
fn the_same_in_protobuf_is_an_error_with_the_number_in_its_first_field() {
    let mut rig = rig();
    let conn = rig.start_at(1, 213);
    rig.heard(conn);
    // Message 10 and 200: market depth, the request's number 42, then what nobody reads.
    rig.bytes(conn, &frame::encode(b"\0\0\0\xD2\x08\x2A\x12\x00"));
    rig.bytes(conn, &frame::encode(b"\0\0\x03\xE7"));
    let lines = rig.lines(conn);
    let starts: Vec<&str> = lines.lines().map(|line| &line[..line.find(" Error").unwrap()]).collect();
    assert_eq!(starts, ["error 42 320", "error -1 320"]);
    // An order that ends early, and one whose number is there twice.
    rig.bytes(conn, &frame::encode(b"\0\0\0\xCB\x08\x05\x1A\x7F"));
    rig.bytes(conn, &frame::encode(b"\0\0\0\xCB\x08\x05\x08\x06"));
    assert_eq!(rig.state()["orders"].as_array().unwrap().len(), 0);
}

#[test]
fn arbitrary_bytes_at_any_stage_never_harm_the_venue_or_the_others() {
    arbtest::arbtest(|u| {
        let mut rig = rig();
        let good = rig.client(1);
        let bad = if u.arbitrary()? { rig.client(2) } else { rig.socket() };
        let mut bytes: Vec<u8> = u.arbitrary()?;
        if u.arbitrary()? {
            bytes = frame::encode(&[b"3\0", &bytes[..]].concat()).to_vec();
        }
        rig.bytes(bad, &bytes);
        unharmed(&mut rig, good);
        Ok(())
    })
    .budget_ms(2_000);
}

// The fields of a good order, one of them replaced by something else.
#[test]
fn an_order_with_one_damaged_field_is_taken_refused_or_the_end_of_its_connection() {
    let good_order = order(1, "DU1", "BUY 100 SPY LMT 400.00");
    let version = plimsoll_tws::ServerVersion::new(178).unwrap();
    let payload = good_order.encode(version).into_bytes();
    let fields: Vec<&[u8]> = payload.split(|b| *b == 0).collect();
    let mut rig = rig();
    let good = rig.client(1);
    for index in 1..fields.len() - 1 {
        for damage in [&b"-1"[..], b"1e28", b"99999999999999999999999999999", b"\xFF", b"BAG", b"0.000000001"]
        {
            let mut damaged = fields.clone();
            damaged[index] = damage;
            let bad = rig.client(2);
            rig.bytes(bad, &frame::encode(&damaged.join(&0)));
            rig.wait(1);
            unharmed(&mut rig, good);
            rig.hang_up(bad);
        }
    }
}
