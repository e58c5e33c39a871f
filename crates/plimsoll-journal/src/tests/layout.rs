//! The bytes on the disk are a promise: a journal of today is evidence in ten years.

use super::{SMALL, now};
use crate::record::array;
use crate::{Body, MemorySink, Reader, Writer};

/// Two records read back by hand, by the offsets that docs/journal.md promises.
#[test]
fn the_fields_lie_where_the_documentation_says() {
    let mut writer = Writer::new(MemorySink::new(), SMALL, 6);
    writer.append(now(1), &Body::OwnUp { link: 3 }).unwrap();
    writer.sync().unwrap();
    writer.append(now(2), &Body::Woke).unwrap();
    writer.sync().unwrap();
    let head = writer.head();
    let file = writer.into_sink().into_segments().remove(0);

    assert_eq!(&file[..8], b"PLIMSOLL");
    assert_eq!(u16::from_le_bytes(array(&file, 8)), 1, "format");
    assert_eq!(u64::from_le_bytes(array(&file, 10)), 4096, "size of the file");
    assert_eq!(u64::from_le_bytes(array(&file, 18)), 1, "first record");
    assert_eq!(file[26..58], [0; 32], "there is nothing before it");

    let json = br#"{"kind":"own_up","link":3}"#;
    let first = &file[62..];
    let len = usize::try_from(u32::from_le_bytes(array(first, 4))).unwrap();
    assert_eq!(&first[..4], b"PLJR");
    assert_eq!(len, 95 + json.len() + 37);
    assert_eq!(&first[95..95 + json.len()], json);
    assert_eq!(first[len - 1], 0xA7);

    let second = &first[len..];
    assert_eq!(u64::from_le_bytes(array(second, 8)), 2, "seq");
    assert_eq!(u64::from_le_bytes(array(second, 16)), 6, "epoch");
    assert_eq!(u64::from_le_bytes(array(second, 24)), 1, "durable");
    // 2026-11-27T17:49:02Z, by `date -u -d 2026-11-27T17:49:02Z +%s`.
    assert_eq!(i128::from_le_bytes(array(second, 32)), 1_795_801_742_000_000_000, "wall");
    assert_eq!(u64::from_le_bytes(array(second, 48)), 2_000_000_000, "mono");
    assert_eq!(second[56], 12, "kind");
    assert_eq!(u16::from_le_bytes(array(second, 57)), 1, "schema");
    assert_eq!(second[59..91], first[len - 33..len - 1], "chained to the first");
    assert_eq!(u32::from_le_bytes(array(second, 91)), crc32c::crc32c(&second[..91]));
    let body_end = 95 + br#"{"kind":"woke"}"#.len();
    assert_eq!(u32::from_le_bytes(array(second, body_end)), crc32c::crc32c(&second[..body_end]));
    assert_eq!(second[body_end + 4..body_end + 36], *blake3::hash(&second[..body_end + 4]).as_bytes());
    assert_eq!(head.hash.0, second[body_end + 4..body_end + 36]);
}

/// The two functions are those that their authors published: RFC 3720 B.4 (32 bytes of zeros) and the
/// test vectors of BLAKE3 (no input).
#[test]
fn the_checksums_are_crc32c_and_blake3() {
    assert_eq!(crc32c::crc32c(&[0; 32]), 0x8A91_36AA);
    assert_eq!(
        blake3::hash(b"").to_hex().as_str(),
        "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
    );
}

#[test]
fn a_record_of_a_newer_kind_is_proved_and_only_its_body_is_not_read() {
    let mut writer = Writer::new(MemorySink::new(), SMALL, 1);
    writer.append(now(1), &Body::Woke).unwrap();
    writer.sync().unwrap();
    let head = writer.head();
    let mut segments = writer.into_sink().into_segments();
    let end = segments[0].iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let stamp = crate::record::Stamp { seq: 2, epoch: 1, durable: 1, now: now(2), previous: head.hash };
    let mut newer = Vec::new();
    crate::record::encode(stamp, 200, b"{\"kind\":\"from_the_future\"}", &mut newer);
    segments[0][end..end + newer.len()].copy_from_slice(&newer);
    let report = Reader::from_memory(segments).into_report().unwrap();
    assert_eq!((report.records, report.unreadable), (2, 1));
}
