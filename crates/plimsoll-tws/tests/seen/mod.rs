//! The fields of a protobuf frame as another reader of the wire sees them, for comparing frames that differ in what
//! says nothing only.

use plimsoll_tws::RawFrame;

/// The fields of a whole frame.
pub(crate) fn body(frame: &RawFrame) -> Vec<(u64, Seen)> {
    canonical(&frame.bytes()[4..]).unwrap()
}

/// One field as another reader of the wire sees it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Seen {
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
