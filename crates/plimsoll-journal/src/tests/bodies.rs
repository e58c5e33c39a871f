//! What is stored comes back, byte for byte, and old text stays readable.

use super::{now, raw};
use crate::{Body, BodyError, ClockRecord, JobEndRecord, MemorySink, Options, Reader, Writer};

fn every_body() -> Vec<Body> {
    let text = |text: &str| Some(text.to_owned());
    vec![
        Body::Started { epoch: 3, config_toml: "[plimsoll]\nmode = \"enforce\"\n".to_owned() },
        Body::OwnUp { link: 1 },
        Body::OwnDown { link: 1 },
        Body::BotArrived {
            link: 2,
            bot: "trend".to_owned(),
            client_id: 11,
            raw: raw(b"71\x002\x0011\x00\x00"),
        },
        Body::BotGone { link: 2 },
        Body::BotLeft { link: 2 },
        Body::FromBot { link: 2, server_version: 176, raw: raw(b"3\x007\x00\xC3\xA9\x00") },
        Body::FromVenue { link: 2, server_version: 213, raw: raw(b"\x00\x00\x00\xCB\x0A\xFF\x80") },
        Body::Quote {
            instrument: "SPY".to_owned(),
            bid: text("600.10"),
            ask: None,
            last: text("600.1"),
            struck_ns: -1,
            bid_struck_ns: Some(-2),
            ask_struck_ns: None,
        },
        Body::Flushed { token: u64::MAX },
        Body::Halt {
            level: "new_risk".to_owned(),
            bot: None,
            by: "operator".to_owned(),
            reason: "\"quoted\"\n".to_owned(),
        },
        Body::Resume { bot: text("trend"), by: "operator".to_owned(), reason: String::new() },
        Body::Accept {
            account: "DU1".to_owned(),
            instrument: "SPY".to_owned(),
            difference: "-40.5".to_owned(),
            by: "operator".to_owned(),
            reason: "split".to_owned(),
        },
        Body::Calendar { days_toml: "[[day]]\n".to_owned(), problems: vec!["a.toml".to_owned()] },
        Body::Clock(ClockRecord::Stepped { by_ns: -3_000_000_000 }),
        Body::JobEnded {
            job: "flat".to_owned(),
            date: "2026-11-27".to_owned(),
            end: JobEndRecord::NotStarted { why: "no such file".to_owned() },
        },
        Body::Woke,
        Body::Decision { text: "15:49:51 -> revert denied [SPY-revert-2]".to_owned() },
        Body::LinkNote { link: 9, text: "frame of 300000 bytes exceeds the limit of 262144".to_owned() },
        Body::Unread { count: 2, first: 17, why: "halt level `most` is not understood".to_owned() },
    ]
}

/// Room for all of them.
const ONE_SEGMENT: Options = Options { segment_bytes: 4 * Options::SEGMENT_BYTES_MIN };

#[test]
fn every_body_comes_back_as_it_was() {
    let bodies = every_body();
    let mut writer = Writer::new(MemorySink::new(), ONE_SEGMENT, 1);
    for (seq, body) in (1..).zip(&bodies) {
        assert_eq!(writer.append(now(seq), body).unwrap(), seq);
    }
    writer.sync().unwrap();
    let read: Vec<_> = Reader::from_memory(writer.into_sink().into_segments()).map(Result::unwrap).collect();
    for ((record, body), seq) in read.iter().zip(&bodies).zip(1..) {
        assert_eq!((record.seq, record.now, record.kind), (seq, now(seq), body.kind()));
        assert_eq!(record.body().as_ref(), Ok(body));
    }
    assert_eq!(read.len(), bodies.len());
}

#[test]
fn no_two_bodies_share_a_kind() {
    let mut kinds: Vec<u8> = every_body().iter().map(Body::kind).collect();
    kinds.push(Body::Sealed.kind());
    kinds.sort_unstable();
    // 17 is not in use.
    assert_eq!(kinds, (0..17).chain([18, 19, 20, 21]).collect::<Vec<u8>>());
}

#[test]
fn any_bytes_of_the_wire_come_back_as_they_were() {
    arbtest::arbtest(|u| {
        let bytes: Vec<u8> = u.arbitrary()?;
        let body = Body::FromBot { link: 1, server_version: 200, raw: raw(&bytes) };
        assert_eq!(Body::decode(6, 1, &body.encode()), Ok(body));
        Ok(())
    });
}

#[test]
fn text_stays_text_and_other_bytes_are_hexadecimal() {
    let json =
        |bytes| String::from_utf8(Body::FromBot { link: 1, server_version: 9, raw: raw(bytes) }.encode());
    assert_eq!(
        json(b"4\x00ok").unwrap(),
        r#"{"kind":"from_bot","link":1,"server_version":9,"raw":"4\u0000ok"}"#
    );
    assert_eq!(
        json(&[0, 0xFF]).unwrap(),
        r#"{"kind":"from_bot","link":1,"server_version":9,"raw":{"hex":"00ff"}}"#
    );
}

#[test]
fn text_with_fields_that_we_do_not_know_or_without_optional_ones_is_read() {
    let newer = br#"{"kind":"halt","level":"all","by":"a","reason":"b","added_later":[1,2]}"#;
    let halt = Body::Halt { level: "all".to_owned(), bot: None, by: "a".to_owned(), reason: "b".to_owned() };
    assert_eq!(Body::decode(10, 1, newer), Ok(halt));
}

#[test]
fn a_body_that_contradicts_its_header_is_not_believed() {
    assert!(matches!(Body::decode(3, 1, br#"{"kind":"woke"}"#), Err(BodyError::Malformed { .. })));
    assert!(matches!(Body::decode(6, 1, br#"{"kind":"from_bot"}"#), Err(BodyError::Malformed { .. })));
    let odd = br#"{"kind":"from_bot","link":1,"server_version":9,"raw":{"hex":"00f"}}"#;
    assert!(matches!(Body::decode(6, 1, odd), Err(BodyError::Malformed { .. })));
    assert_eq!(Body::decode(12, 2, b"{}"), Err(BodyError::Unknown { kind: 12, schema: 2 }));
}

#[test]
fn a_body_is_at_least_as_large_as_what_it_holds() {
    for body in every_body() {
        assert!(body.size() >= size_of::<Body>(), "{body:?}");
    }
    let body = Body::FromBot { link: 1, server_version: 178, raw: raw(&vec![b'x'; 262_144]) };
    assert!((262_144..263_000).contains(&body.size()), "{}", body.size());
}
