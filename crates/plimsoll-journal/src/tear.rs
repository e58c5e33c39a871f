//! Is a damaged end the trace of a crash, or damage?
//!
//! A crash can lose any of the bytes that were written after the last sync, and what it loses stays zero,
//! because segments are zeroed before use. So a torn write shows bytes that are *missing*: a stretch of
//! zeros up to the end, or a whole disk sector of zeros. A record all of whose bytes are there but do not
//! check was changed later, and giving it up could forget an order that left.

use crate::record::{self, HEADER_LEN};

/// Disks write at least this much at once, aligned.
const SECTOR: usize = 512;

/// Whether what stands at `at`, where record `seq` was expected, may be the remains of a write that a
/// crash interrupted.
pub(crate) fn is_torn(bytes: &[u8], at: usize, seq: u64) -> bool {
    bytes_are_missing(bytes, at) && !later_record_knew(bytes, at, seq)
}

fn bytes_are_missing(bytes: &[u8], at: usize) -> bool {
    let rest = &bytes[at..];
    match record::declared_len(rest) {
        // A whole header is trusted, so a length that leads beyond the segment was never ours.
        Some(len) if len > rest.len() => false,
        Some(len) => rest[len - 1] == 0 || has_empty_sector(bytes, at, at + len),
        // Cut inside the header: then nothing follows it. A whole record with a changed header has its
        // end mark further on.
        None => {
            rest.iter().skip(HEADER_LEN).all(|byte| *byte == 0)
                || has_empty_sector(bytes, at, at + HEADER_LEN)
        }
    }
}

/// Whether one of the sectors that `from..to` touches has nothing but zeros from `from` on. A whole record
/// leaves no such sector: it begins with its magic, ends with its mark, and JSON has no zero bytes.
fn has_empty_sector(bytes: &[u8], from: usize, to: usize) -> bool {
    let mut at = from;
    while at < to.min(bytes.len()) {
        let end = ((at / SECTOR + 1) * SECTOR).min(bytes.len());
        if bytes[at..end].iter().all(|byte| *byte == 0) {
            return true;
        }
        at = end;
    }
    false
}

/// Whether an intact record further on says that `seq` was on the disk when it was written. Then `seq`
/// was reported as synced, and its loss is no crash.
fn later_record_knew(bytes: &[u8], at: usize, seq: u64) -> bool {
    let mut at = at + 1;
    while let Some(found) = find_magic(bytes, at) {
        if let Some((later, _)) = record::decode(&bytes[found..])
            && later.durable >= seq
        {
            return true;
        }
        at = found + 1;
    }
    false
}

fn find_magic(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(record::MAGIC.len()).position(|window| window == record::MAGIC).map(|offset| from + offset)
}
