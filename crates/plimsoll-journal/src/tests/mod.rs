//! Journals in memory, damaged in every way that we know.

mod bodies;
mod crash;
mod damage;
mod files;
mod layout;
mod writing;

use jiff::Timestamp;
use plimsoll_model::{Mono, Now, RawFrame};

use crate::{Body, MemorySink, Options, Raw, Writer};

const SMALL: Options = Options { segment_bytes: Options::SEGMENT_BYTES_MIN };

/// The half day of 2026, a second later for each record.
fn now(seq: u64) -> Now {
    let wall = "2026-11-27T12:49:00-05:00".parse::<Timestamp>().unwrap();
    let wall = wall + std::time::Duration::from_secs(seq);
    Now { mono: Mono::from_nanos(seq * 1_000_000_000), wall }
}

fn raw(bytes: &[u8]) -> Raw {
    Raw(RawFrame::new(bytes.to_vec().into()))
}

/// A body whose text is `len` bytes long.
fn note(link: u64, len: usize) -> Body {
    Body::LinkNote { link, text: "x".repeat(len) }
}

/// A journal with records of the given text lengths, synced after each.
fn journal(lengths: &[usize]) -> Vec<Vec<u8>> {
    let mut writer = Writer::new(MemorySink::new(), SMALL, 1);
    for (seq, len) in (1..).zip(lengths) {
        writer.append(now(seq), &note(seq, *len)).unwrap();
        writer.sync().unwrap();
    }
    writer.into_sink().into_segments()
}
