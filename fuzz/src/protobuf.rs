//! Messages of both sides at version 213, protobuf and the text that travels beside it: no bytes make anything
//! panic. What is read and written is read again as a message that is written as the same bytes. A rewrite is
//! read as the same message but for its one field, keeps fields that nobody here knows, and done twice is the
//! same as done once.
//!
//! Input: the number of the message (two bytes), what follows its number in a frame.

use plimsoll_model::RawFrame;
use plimsoll_tws::ServerVersion;

use crate::messages;

const VERSION: ServerVersion = ServerVersion::PROTOBUF;

/// Panics if a message does not survive being written and read.
pub fn check(input: &[u8]) {
    let Some((number, body)) = input.split_first_chunk() else { return };
    let number = u32::from(u16::from_be_bytes(*number));
    let frame = RawFrame::new([&number.to_be_bytes(), body].concat().into());
    messages::check_request(VERSION, &frame);
    messages::check_response(VERSION, &frame);
    messages::rewrites(VERSION, &frame);
}
