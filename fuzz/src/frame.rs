//! Frames: a byte stream fed in arbitrary cuts gives the same frames and the same end as the stream fed at
//! once, nothing panics, and what waits in the buffer is exactly what came and was not handed out yet.
//!
//! Input: the limit on a frame's length (one byte, 0 for the one of bots), four lengths of cuts that are
//! taken in turn, the stream.

use plimsoll_tws::frame::{self, BOT_FRAME_MAX, FrameDecoder, FrameError};

/// What a stream was cut into, and why it ended.
#[derive(Debug, PartialEq, Eq)]
struct Cut {
    frames: Vec<Vec<u8>>,
    error: Option<FrameError>,
    rest: usize,
}

/// Panics if the frames depend on the cuts.
pub fn check(input: &[u8]) {
    let Some((head, stream)) = input.split_at_checked(5) else { return };
    let max_len = match head[0] {
        0 => BOT_FRAME_MAX,
        len => usize::from(len),
    };
    let at_once = cut(max_len, std::iter::once(stream));
    let mut left = stream;
    let lengths = head[1..].iter().cycle();
    let parts = lengths.map_while(|len| {
        let part = left.split_off(..(usize::from(*len) + 1).min(left.len()))?;
        (!part.is_empty()).then_some(part)
    });
    assert_eq!(cut(max_len, parts), at_once, "the frames depend on how the stream was cut");
    assert_is_the_stream(stream, &at_once);
}

/// The frames written again are the stream as far as it was read.
fn assert_is_the_stream(stream: &[u8], cut: &Cut) {
    let mut written = Vec::new();
    for payload in &cut.frames {
        written.extend_from_slice(&frame::encode(payload));
    }
    assert!(stream.starts_with(&written), "frames that were not in the stream");
    if cut.error.is_none() {
        assert_eq!(written.len() + cut.rest, stream.len(), "bytes were lost");
    }
}

fn cut<'a>(max_len: usize, parts: impl Iterator<Item = &'a [u8]>) -> Cut {
    let mut decoder = FrameDecoder::new(max_len);
    let mut out = Cut { frames: Vec::new(), error: None, rest: 0 };
    let mut waiting = 0;
    for part in parts {
        decoder.push(part);
        waiting += part.len();
        loop {
            match decoder.next() {
                Ok(Some(frame)) => {
                    assert!((1..=max_len).contains(&frame.bytes().len()), "a frame beyond the limit");
                    waiting -= 4 + frame.bytes().len();
                    out.frames.push(frame.bytes().to_vec());
                }
                Ok(None) => {
                    assert!(out.error.is_none(), "a stream out of step came back to life");
                    assert_eq!(decoder.buffered(), waiting, "the buffer is not what came");
                    assert_eq!(decoder.has_begun(), waiting > 0);
                    break;
                }
                Err(error) => {
                    assert_eq!(decoder.buffered(), 0, "a stream that was given up is still kept");
                    assert_eq!(*out.error.get_or_insert(error), error, "the reason changed");
                    break;
                }
            }
        }
    }
    out.rest = decoder.buffered();
    out
}
