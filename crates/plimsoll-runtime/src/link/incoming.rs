//! Bytes in, frames out, against a clock.

use std::io;

use plimsoll_model::RawFrame;
use plimsoll_tws::frame::{FrameDecoder, FrameError};
use plimsoll_tws::handshake::{ClientHello, HELLO_LEN_MAX, HelloError};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, timeout_at};

use super::{FRAME_MAX, HANDSHAKE_MAX};

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// Why nothing more can be read from a link.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The connection broke.
    #[error("connection broke: {0}")]
    Io(#[from] io::Error),
    /// The stream is no stream of frames.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The first bytes are no handshake.
    #[error(transparent)]
    Hello(#[from] HelloError),
    /// The handshake did not come.
    #[error("no handshake within {HANDSHAKE_MAX:?}; closed the connection")]
    NoHello,
    /// A frame began and did not end.
    #[error("a frame was not complete within {FRAME_MAX:?}; closed the connection")]
    Slow,
    /// The other side went away in the middle of a frame.
    #[error("connection ended in the middle of a frame")]
    Truncated,
}

/// The reading half of a link.
#[derive(Debug)]
pub struct Incoming<R> {
    reader: R,
    decoder: FrameDecoder,
    chunk: Box<[u8]>,
    /// When the first byte of the incomplete frame was there.
    begun: Option<Instant>,
}

impl<R: AsyncRead + Unpin> Incoming<R> {
    /// Reads frames of at most `frame_max` bytes.
    pub fn new(reader: R, frame_max: usize) -> Self {
        let chunk = vec![0; CHUNK].into_boxed_slice();
        Self { reader, decoder: FrameDecoder::new(frame_max), chunk, begun: None }
    }

    /// The client's first bytes. What follows them is kept for [`next`](Self::next).
    pub async fn hello(&mut self) -> Result<ClientHello, ReadError> {
        let deadline = Instant::now() + HANDSHAKE_MAX;
        let mut first = Vec::with_capacity(HELLO_LEN_MAX);
        loop {
            let n = timeout_at(deadline, self.reader.read(&mut self.chunk))
                .await
                .map_err(|_| ReadError::NoHello)??;
            if n == 0 {
                return Err(ReadError::Truncated);
            }
            first.extend_from_slice(&self.chunk[..n]);
            if let Some((hello, used)) = ClientHello::parse(&first)? {
                self.decoder.push(&first[used..]);
                return Ok(hello);
            }
            // An incomplete hello is shorter than the longest one, so `first` stays small.
        }
    }

    /// The next frame; nothing when the other side has ended the connection between frames. A call that
    /// was dropped loses nothing.
    pub async fn next(&mut self) -> Result<Option<RawFrame>, ReadError> {
        loop {
            if let Some(frame) = self.decoder.next()? {
                self.begun = None;
                return Ok(Some(frame));
            }
            let n = if self.decoder.has_begun() {
                let begun = *self.begun.get_or_insert_with(Instant::now);
                timeout_at(begun + FRAME_MAX, self.reader.read(&mut self.chunk))
                    .await
                    .map_err(|_| ReadError::Slow)??
            } else {
                self.reader.read(&mut self.chunk).await?
            };
            if n == 0 {
                return if self.decoder.has_begun() { Err(ReadError::Truncated) } else { Ok(None) };
            }
            self.decoder.push(&self.chunk[..n]);
        }
    }
}
