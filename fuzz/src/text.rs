//! Text messages of both sides at every version from 157 to 200: no bytes make anything panic. What is read,
//! written and read again is the same message, and written a second time the same bytes: writing gives the
//! canonical spelling of whatever was read, and a frame that is canonical comes back byte for byte. A rewrite
//! changes at most the one field that it names.
//!
//! Input: the version (one byte), the payload of a frame.

use plimsoll_model::RawFrame;
use plimsoll_tws::{Gate, ServerVersion};

use crate::messages;

/// Panics if a message does not survive being written and read.
pub fn check(input: &[u8]) {
    let Some((number, payload)) = input.split_first() else { return };
    let versions: Vec<_> = ServerVersion::all().filter(|version| !version.has(Gate::Protobuf)).collect();
    let version = versions[usize::from(*number) % versions.len()];
    let frame = RawFrame::new(payload.to_vec().into());
    messages::check_request(version, &frame);
    messages::check_response(version, &frame);
    for rewritten in messages::rewrites(version, &frame) {
        assert_one_field(payload, rewritten.bytes());
    }
}

fn assert_one_field(before: &[u8], after: &[u8]) {
    let fields = |bytes: &'_ [u8]| bytes.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (before, after) = (fields(before), fields(after));
    assert_eq!(before.len(), after.len(), "a rewrite changed the number of fields");
    let changed = before.iter().zip(&after).filter(|(before, after)| before != after).count();
    assert!(changed <= 1, "a rewrite changed {changed} fields");
}
