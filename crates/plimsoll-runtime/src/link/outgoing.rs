//! What is to be written: a bounded backlog that any task fills and one task writes.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::{Bytes, BytesMut};
use plimsoll_tws::frame;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;

use super::{BACKLOG_MAX, BACKLOG_WITHOUT_TICKS};

/// The writing half of a link. Clones write to the same link.
#[derive(Debug, Clone, Default)]
pub struct Outgoing(Arc<Shared>);

/// The other side does not read. The link has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {BACKLOG_MAX} bytes were not read by the other side; closed the connection")]
pub struct BacklogFull;

#[derive(Debug, Default)]
struct Shared {
    backlog: Mutex<Backlog>,
    changed: Notify,
    closing: Notify,
}

#[derive(Debug, Default)]
struct Backlog {
    buffer: BytesMut,
    /// Taken out by the writing task and not yet accepted by the kernel.
    in_flight: usize,
    closing: bool,
    ticks_left_out: u64,
}

impl Outgoing {
    /// An empty backlog.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a message's payload, with its length in front.
    pub fn push(&self, payload: &[u8]) -> Result<(), BacklogFull> {
        let mut backlog = self.lock();
        if backlog.len() + payload.len() > BACKLOG_MAX {
            return Err(BacklogFull);
        }
        frame::append(&mut backlog.buffer, payload);
        drop(backlog);
        self.0.changed.notify_one();
        Ok(())
    }

    /// Adds a market-data tick, or leaves it out if the other side reads too slowly: the next tick says
    /// more than a late one, and an order report that no longer fits would cost the whole link.
    pub fn push_tick(&self, payload: &[u8]) -> Result<(), BacklogFull> {
        let mut backlog = self.lock();
        if backlog.len() + payload.len() > BACKLOG_WITHOUT_TICKS {
            backlog.ticks_left_out += 1;
            return Ok(());
        }
        drop(backlog);
        self.push(payload)
    }

    /// Adds bytes that are no frame: the handshake.
    pub fn push_raw(&self, bytes: &[u8]) {
        self.lock().buffer.extend_from_slice(bytes);
        self.0.changed.notify_one();
    }

    /// Writes what is left and ends the connection. Nothing is accepted in earnest any more.
    pub fn close(&self) {
        self.lock().closing = true;
        self.0.changed.notify_one();
        self.0.closing.notify_waiters();
    }

    /// Waits until somebody closes this link.
    pub async fn closing(&self) {
        let closing = self.0.closing.notified();
        if !self.lock().closing {
            closing.await;
        }
    }

    /// How many ticks were left out so far.
    pub fn ticks_left_out(&self) -> u64 {
        self.lock().ticks_left_out
    }

    /// Writes until [`close`](Self::close) or an error. One task per link calls this, once.
    pub async fn write_to(&self, writer: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        loop {
            match self.take() {
                Next::Write(bytes) => {
                    writer.write_all(&bytes).await?;
                    self.lock().in_flight = 0;
                }
                Next::Wait => self.0.changed.notified().await,
                Next::End => return writer.shutdown().await,
            }
        }
    }

    fn take(&self) -> Next {
        let mut backlog = self.lock();
        if backlog.buffer.is_empty() {
            return if backlog.closing { Next::End } else { Next::Wait };
        }
        let bytes = backlog.buffer.split().freeze();
        backlog.in_flight = bytes.len();
        Next::Write(bytes)
    }

    fn lock(&self) -> MutexGuard<'_, Backlog> {
        self.0.backlog.lock().expect("nothing panics while it holds a backlog")
    }
}

impl Backlog {
    fn len(&self) -> usize {
        self.buffer.len() + self.in_flight
    }
}

enum Next {
    Write(Bytes),
    Wait,
    End,
}
