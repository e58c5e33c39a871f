//! What comes from a client, and when it is read.
//!
//! Owns the reading half of a connection. A venue may leave a socket unread for a while: then its buffers fill, and
//! the client feels it as it would with a program that hangs. What had waited there is handed over as late.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};

use super::ConnId;
use super::connection::Ended;
use super::engine::Input;
use crate::link::HANDSHAKE_MAX;

/// How much is read at once.
const CHUNK: usize = 16 * 1024;
/// How long a socket that is read again has to be quiet until what comes is no longer late: its client may have more
/// that it could not write before.
const QUIET: Duration = Duration::from_millis(100);
/// What comes so long after that is not late, however busily its client sends.
const LATE_MAX: Duration = Duration::from_secs(5);

/// Whether anybody reads from a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// As it comes.
    On,
    /// It stays in the socket.
    Stopped,
}

/// The reading half.
pub(super) struct Reader<R> {
    from: R,
    reading: watch::Receiver<Reading>,
    chunk: BytesMut,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(super) fn new(from: R, reading: watch::Receiver<Reading>) -> Self {
        Self { from, reading, chunk: BytesMut::new() }
    }

    /// Reads until the client ends, or nobody wants to hear it any more.
    pub(super) async fn read(&mut self, id: ConnId, inputs: &mpsc::Sender<Input>) -> Ended {
        let mut spoke = false;
        let mut late: Option<Instant> = None;
        loop {
            if self.was_left_unread().await {
                late = Some(Instant::now() + LATE_MAX);
            }
            late = late.filter(|until| Instant::now() < *until);
            let patience = match late {
                Some(_) => Some(QUIET),
                None => (!spoke).then_some(HANDSHAKE_MAX),
            };
            let bytes = match self.next(patience).await {
                Next::Bytes(bytes) => bytes,
                Next::End => return Ended::ByClient,
                Next::Silence if late.take().is_some() => continue,
                Next::Silence => return Ended::NeverSpoke,
                Next::Stop => continue,
            };
            spoke = true;
            let input = if late.is_some() { Input::Late(id, bytes) } else { Input::Bytes(id, bytes) };
            // The queue is bounded: a venue that is busy slows its clients down.
            if inputs.send(input).await.is_err() {
                return Ended::BreakOff;
            }
        }
    }

    /// Returns once the socket is to be read, and whether it had been left unread until now.
    async fn was_left_unread(&mut self) -> bool {
        let stopped = *self.reading.borrow_and_update() == Reading::Stopped;
        if stopped {
            let on = self.reading.wait_for(|reading| *reading == Reading::On).await;
            drop(on.expect("the connection's own task holds the other end"));
        }
        stopped
    }

    async fn next(&mut self, patience: Option<Duration>) -> Next {
        let mut reading = self.reading.clone();
        let next = tokio::select! {
            biased;
            _ = reading.changed() => return Next::Stop,
            next = in_time(patience, self.chunk()) => next,
        };
        match next {
            Some(Some(bytes)) => Next::Bytes(bytes),
            Some(None) => Next::End,
            None => Next::Silence,
        }
    }

    /// The next bytes; none when there are no more, for whatever reason.
    pub(super) async fn chunk(&mut self) -> Option<Bytes> {
        self.chunk.reserve(CHUNK);
        match self.from.read_buf(&mut self.chunk).await {
            Ok(n) if n > 0 => Some(self.chunk.split().freeze()),
            _ => None,
        }
    }
}

/// What reading brought.
enum Next {
    Bytes(Bytes),
    End,
    Silence,
    /// First it has to be looked whether the socket is to be read at all.
    Stop,
}

async fn in_time<T>(patience: Option<Duration>, waits: impl Future<Output = T>) -> Option<T> {
    match patience {
        Some(patience) => timeout(patience, waits).await.ok(),
        None => Some(waits.await),
    }
}
