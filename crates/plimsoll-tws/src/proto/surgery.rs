//! Changes one field of a protobuf frame, or takes parts of a list away, and leaves every other byte as it was, unknown
//! fields included.
//!
//! Owns the walk down to the field and the lengths of the parts around it. Does not own which field may be
//! changed ([`crate::rewrite`]).

use bytes::{BufMut, BytesMut};

use super::double;
use super::wire::{self, Field, Kind};

/// What a field becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A text. The empty one takes the field away, as senders leave empty texts out.
    Text(&'a str),
    /// A whole number.
    Whole(i64),
    /// The double nearest to the number in this text. No number takes the field away.
    Double(&'a str),
}

/// The message with the field at the end of `path` set; nothing if its bytes are no message, or have one
/// of the fields on the way twice.
pub(crate) fn set(message: &[u8], path: &[u32], value: Value<'_>) -> Option<BytesMut> {
    let (&number, below) = path.split_first()?;
    let Spot { place, found } = find(message, number)?;
    let mut out = BytesMut::with_capacity(message.len() + 64);
    out.put_slice(&message[..place.0]);
    if below.is_empty() {
        put(&mut out, number, value);
    } else {
        let part = match found {
            Some(field) if field.kind == Kind::Bytes => &message[field.value..field.end],
            Some(_) => return None,
            None => &[],
        };
        wire::put_bytes(&mut out, number, &set(part, below, value)?);
    }
    out.put_slice(&message[place.1..]);
    Some(out)
}

/// The message without those parts of a repeated field of which `keep` does not say so, by their place; nothing if its
/// bytes are no message or there are more parts than that.
pub(crate) fn keep_parts(message: &[u8], number: u32, keep: &[bool]) -> Option<BytesMut> {
    let mut out = BytesMut::with_capacity(message.len());
    let (mut at, mut keep) = (0, keep.iter());
    while at < message.len() {
        let field = wire::field(message, at, message.len())?;
        if field.number != number || *keep.next()? {
            out.put_slice(&message[field.start..field.end]);
        }
        at = field.end;
    }
    Some(out)
}

fn put(out: &mut BytesMut, number: u32, value: Value<'_>) {
    match value {
        Value::Text("") => {}
        Value::Text(text) => wire::put_bytes(out, number, text.as_bytes()),
        Value::Whole(value) => wire::put_whole(out, number, value),
        Value::Double(text) => {
            if let Some(bits) = double::from_text(text.as_bytes()) {
                wire::put_tag(out, number, Kind::Eight);
                out.put_u64_le(bits);
            }
        }
    }
}

/// Where a field is, or where it would stand in the order of numbers.
struct Spot {
    place: (usize, usize),
    found: Option<Field>,
}

fn find(message: &[u8], number: u32) -> Option<Spot> {
    let (mut at, mut before, mut found) = (0, None, None);
    while at < message.len() {
        let field = wire::field(message, at, message.len())?;
        if field.number == number && found.replace(field).is_some() {
            return None;
        }
        if field.number > number && before.is_none() {
            before = Some(field.start);
        }
        at = field.end;
    }
    let place = match (&found, before) {
        (Some(field), _) => (field.start, field.end),
        (None, Some(before)) => (before, before),
        (None, None) => (at, at),
    };
    Some(Spot { place, found })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_field_is_put_where_its_number_belongs() {
        let out = set(b"\x08\x07\x1A\x03abc", &[2], Value::Text("x")).unwrap();
        assert_eq!(&out[..], b"\x08\x07\x12\x01x\x1A\x03abc");
        let out = set(b"\x08\x07", &[9], Value::Whole(-1)).unwrap();
        assert_eq!(&out[..], b"\x08\x07\x48\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01");
    }

    #[test]
    fn the_lengths_of_the_parts_around_it_follow() {
        let out = set(b"\x1A\x03\x62\x01a\x20\x05", &[3, 12], Value::Text("DU1")).unwrap();
        assert_eq!(&out[..], b"\x1A\x05\x62\x03DU1\x20\x05");
        let gone = set(&out, &[3, 12], Value::Text("")).unwrap();
        assert_eq!(&gone[..], b"\x1A\x00\x20\x05");
        let made = set(b"", &[3, 12], Value::Text("DU1")).unwrap();
        assert_eq!(&made[..], b"\x1A\x05\x62\x03DU1");
    }

    #[test]
    fn a_field_that_is_there_twice_is_not_chosen_between() {
        assert_eq!(set(b"\x08\x01\x08\x02", &[1], Value::Whole(3)), None);
        assert_eq!(set(b"\x0A\x00\x0A\x00", &[1, 1], Value::Whole(3)), None);
        assert_eq!(set(b"\x08\x01", &[1, 1], Value::Whole(3)), None, "a number is no part");
        assert_eq!(set(b"\x0A\x05a", &[2], Value::Whole(3)), None, "damaged");
    }
}
