//! The bytes of protobuf: varints, tags, and where one field ends.
//!
//! Owns nothing about messages. Groups, which this protocol never uses, are refused.

use bytes::{BufMut, BytesMut};

/// How a field's value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Varint,
    Eight,
    Bytes,
    Four,
}

/// One field and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) number: u32,
    pub(crate) kind: Kind,
    /// Where the tag begins.
    pub(crate) start: usize,
    /// Where the value begins; the bytes themselves for `Bytes`, behind their length.
    pub(crate) value: usize,
    /// Where the field ends.
    pub(crate) end: usize,
}

/// A varint and how many bytes it took.
pub(crate) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    if let [byte @ 0..0x80, ..] = bytes {
        return Some((u64::from(*byte), 1));
    }
    let mut value = 0_u64;
    for (at, byte) in bytes.iter().take(10).enumerate() {
        let bits = u64::from(byte & 0x7F);
        if at == 9 && bits > 1 {
            return None;
        }
        value |= bits << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    None
}

/// The field that begins at `at`; nothing if the bytes up to `end` are none.
pub(crate) fn field(bytes: &[u8], at: usize, end: usize) -> Option<Field> {
    let (tag, used) = varint(bytes.get(at..end)?)?;
    let number = u32::try_from(tag >> 3).ok().filter(|number| (1..=NUMBER_MAX).contains(number))?;
    let value = at + used;
    let rest = &bytes[value..end];
    let (kind, value, len) = match tag & 7 {
        0 => (Kind::Varint, value, varint(rest)?.1),
        1 => (Kind::Eight, value, 8),
        2 => {
            let (len, used) = varint(rest)?;
            (Kind::Bytes, value + used, usize::try_from(len).ok()?)
        }
        5 => (Kind::Four, value, 4),
        _ => return None,
    };
    let ends = value.checked_add(len).filter(|ends| *ends <= end)?;
    Some(Field { number, kind, start: at, value, end: ends })
}

/// Protobuf's own limit on field numbers.
const NUMBER_MAX: u32 = (1 << 29) - 1;

pub(crate) fn put_varint(out: &mut BytesMut, mut value: u64) {
    while value >= 0x80 {
        out.put_u8(low_byte(value) | 0x80);
        value >>= 7;
    }
    out.put_u8(low_byte(value));
}

fn low_byte(value: u64) -> u8 {
    u8::try_from(value & 0x7F).expect("seven bits fit")
}

pub(crate) fn put_tag(out: &mut BytesMut, number: u32, kind: Kind) {
    let kind = match kind {
        Kind::Varint => 0,
        Kind::Eight => 1,
        Kind::Bytes => 2,
        Kind::Four => 5,
    };
    put_varint(out, u64::from(number) << 3 | kind);
}

pub(crate) fn put_bytes(out: &mut BytesMut, number: u32, bytes: &[u8]) {
    put_tag(out, number, Kind::Bytes);
    put_varint(out, bytes.len() as u64);
    out.put_slice(bytes);
}

pub(crate) fn put_whole(out: &mut BytesMut, number: u32, value: i64) {
    put_tag(out, number, Kind::Varint);
    // Negative numbers are written as 64 bits whatever their kind.
    put_varint(out, value.cast_unsigned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_varint_takes_ten_bytes_at_most_and_sixty_four_bits_at_most() {
        let minus_one = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01];
        assert_eq!(varint(&minus_one), Some((u64::MAX, 10)));
        assert_eq!(varint(&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02]), None);
        assert_eq!(varint(&[0x80; 11]), None);
        assert_eq!(varint(&[0x80]), None);
    }

    #[test]
    fn a_length_beyond_the_bytes_is_no_field() {
        assert_eq!(field(b"\x0A\x05abc", 0, 5), None);
        assert_eq!(field(b"\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01a", 0, 12), None);
        assert_eq!(field(b"\x0B\x0C", 0, 2), None, "groups");
        assert_eq!(field(b"\x00\x00", 0, 2), None, "field number zero");
        assert!(field(b"\x0A\x03abc", 0, 5).is_some());
    }
}
