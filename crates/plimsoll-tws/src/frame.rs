//! Frames: a four-byte big-endian length and that many bytes, in both directions.
//!
//! Owns the limits on length and the state of a byte stream cut at arbitrary places. Does not own what
//! is in a frame, nor any deadline: it only says whether a frame has begun
//! ([`FrameDecoder::has_begun`]), and who owns the socket decides how long that may last.

use bytes::{BufMut, Bytes, BytesMut};
use plimsoll_model::RawFrame;

/// The longest frame taken from a bot.
pub const BOT_FRAME_MAX: usize = 256 * 1024;
/// The longest frame taken from a venue, the limit that IBKR's own clients use.
pub const VENUE_FRAME_MAX: usize = 0xFF_FFFF;

const PREFIX_LEN: usize = 4;
/// A drained buffer larger than this is given back, so that one long answer is not paid for ever.
const IDLE_CAPACITY_MAX: usize = 64 * 1024;

/// Why a byte stream is no stream of frames. The stream is out of step for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A length of zero: no message is that short.
    #[error("frame of length 0; the stream is out of step and was given up, reconnect")]
    Empty,
    /// More than the limit, checked before anything is reserved.
    #[error(
        "frame of {len} bytes exceeds the limit of {max}; the stream is out of step and was given up, reconnect"
    )]
    TooLong {
        /// The announced length.
        len: usize,
        /// The limit.
        max: usize,
    },
}

/// Cuts a byte stream into frames. After an error it stays in error.
#[derive(Debug)]
pub struct FrameDecoder {
    max_len: usize,
    buffer: BytesMut,
    poisoned: Option<FrameError>,
}

impl FrameDecoder {
    /// A decoder that refuses frames longer than `max_len` bytes, prefix not counted.
    pub fn new(max_len: usize) -> Self {
        Self { max_len, buffer: BytesMut::new(), poisoned: None }
    }

    /// Takes bytes as they came from the socket. The buffer grows by what arrived, never by what a
    /// prefix promises.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.poisoned.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next complete frame, if there is one. Call until it returns nothing.
    #[expect(clippy::should_implement_trait, reason = "an iterator would hide that more bytes may come")]
    pub fn next(&mut self) -> Result<Option<RawFrame>, FrameError> {
        if let Some(error) = self.poisoned {
            return Err(error);
        }
        let Some(prefix) = self.buffer.first_chunk::<PREFIX_LEN>() else { return Ok(None) };
        let len = u32::from_be_bytes(*prefix) as usize;
        if let Err(error) = check_len(len, self.max_len) {
            self.poisoned = Some(error);
            self.buffer = BytesMut::new();
            return Err(error);
        }
        if self.buffer.len() < PREFIX_LEN + len {
            return Ok(None);
        }
        // Copied, not shared: a short frame kept in the journal must not keep a whole read buffer alive.
        let payload = Bytes::copy_from_slice(&self.buffer[PREFIX_LEN..PREFIX_LEN + len]);
        bytes::Buf::advance(&mut self.buffer, PREFIX_LEN + len);
        if self.buffer.is_empty() && self.buffer.capacity() > IDLE_CAPACITY_MAX {
            self.buffer = BytesMut::new();
        }
        Ok(Some(RawFrame::new(payload)))
    }

    /// Whether bytes of a frame have come that is not complete. Meaningful once
    /// [`next`](Self::next) returned nothing.
    pub fn has_begun(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// How many bytes wait for the rest of their frame.
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }
}

fn check_len(len: usize, max: usize) -> Result<(), FrameError> {
    match len {
        0 => Err(FrameError::Empty),
        len if len > max => Err(FrameError::TooLong { len, max }),
        _ => Ok(()),
    }
}

/// A payload with its length in front, ready for the socket.
pub fn encode(payload: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(PREFIX_LEN + payload.len());
    append(&mut out, payload);
    out.freeze()
}

/// Appends a payload with its length in front.
///
/// # Panics
/// As [`prefix`] does.
pub fn append(out: &mut BytesMut, payload: &[u8]) {
    out.put_slice(&prefix(payload));
    out.put_slice(payload);
}

/// The length of a payload, as it stands in front of it.
///
/// # Panics
/// If the payload is empty or longer than [`VENUE_FRAME_MAX`]: no message of ours is.
pub fn prefix(payload: &[u8]) -> [u8; PREFIX_LEN] {
    assert!(
        (1..=VENUE_FRAME_MAX).contains(&payload.len()),
        "invariant: an outgoing frame has 1 to {VENUE_FRAME_MAX} bytes, this one has {}",
        payload.len()
    );
    u32::try_from(payload.len()).expect("checked against the limit above").to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_cut_anywhere_come_out_whole() {
        let mut wire = BytesMut::new();
        append(&mut wire, b"9\x001\x00379\x00");
        append(&mut wire, b"15\x001\x00DU1\x00");
        for cut in 0..wire.len() {
            let mut decoder = FrameDecoder::new(BOT_FRAME_MAX);
            let mut seen = Vec::new();
            for part in [&wire[..cut], &wire[cut..]] {
                decoder.push(part);
                while let Some(frame) = decoder.next().unwrap() {
                    seen.push(format!("{frame:?}"));
                }
            }
            assert_eq!(seen, ["9|1|379|", "15|1|DU1|"], "cut at {cut}");
            assert!(!decoder.has_begun());
        }
    }

    #[test]
    fn a_frame_of_exactly_the_limit_passes_and_one_byte_more_poisons() {
        let mut decoder = FrameDecoder::new(5);
        decoder.push(&encode(b"49\x001\x00"));
        assert!(decoder.next().unwrap().is_some());
        decoder.push(&[0, 0, 0, 6]);
        let error = FrameError::TooLong { len: 6, max: 5 };
        assert_eq!(decoder.next(), Err(error));
        decoder.push(&encode(b"49\x001\x00"));
        assert_eq!(decoder.next(), Err(error), "a stream out of step came back to life");
        assert_eq!(decoder.buffered(), 0);
    }

    #[test]
    fn length_zero_is_an_error() {
        let mut decoder = FrameDecoder::new(5);
        decoder.push(&[0, 0, 0, 0]);
        assert_eq!(decoder.next(), Err(FrameError::Empty));
    }

    #[test]
    fn a_promise_of_sixteen_megabytes_reserves_nothing() {
        let mut decoder = FrameDecoder::new(VENUE_FRAME_MAX);
        decoder.push(&[0, 0xFF, 0xFF, 0xFF, b'1']);
        assert_eq!(decoder.next(), Ok(None));
        assert!(decoder.has_begun());
        assert!(decoder.buffer.capacity() < 1024);
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_never_yield_more_than_came() {
        arbtest::arbtest(|u| {
            let bytes: Vec<u8> = u.arbitrary()?;
            let mut decoder = FrameDecoder::new(64);
            let mut out = 0;
            for part in bytes.chunks(7) {
                decoder.push(part);
                while let Ok(Some(frame)) = decoder.next() {
                    out += frame.bytes().len();
                }
            }
            assert!(out <= bytes.len());
            Ok(())
        });
    }
}
