//! What is to be written: a bounded backlog that any task fills, written by whoever filled it if the kernel
//! takes it at once, and by one task of the link's own otherwise.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker, ready};

use plimsoll_tws::frame;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;

use super::backlog::Waiting;
use super::{BACKLOG_MAX, BACKLOG_WITHOUT_TICKS};

/// The writing half of a link. Clones write to the same link.
#[derive(Debug, Clone, Default)]
pub struct Outgoing(Arc<Half>);

/// The other side does not read. The link has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {BACKLOG_MAX} bytes were not read by the other side; closed the connection")]
pub struct BacklogFull;

#[derive(Debug, Default)]
struct Half {
    backlog: Mutex<Backlog>,
    changed: Notify,
    closing: Notify,
}

#[derive(Default)]
struct Backlog {
    /// What the kernel has not taken yet.
    buffer: Waiting,
    /// The link's socket, from [`Outgoing::write_to`] to its end.
    socket: Option<Socket>,
    /// Why the socket takes nothing more, until its task has heard of it.
    failed: Option<io::Error>,
    closing: bool,
    ticks_left_out: u64,
}

type Socket = Pin<Box<dyn AsyncWrite + Send>>;

impl std::fmt::Debug for Backlog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backlog")
            .field("len", &self.buffer.len())
            .field("closing", &self.closing)
            .finish_non_exhaustive()
    }
}

impl Outgoing {
    /// An empty backlog.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a message's payload, with its length in front, and has it written.
    pub fn push(&self, payload: &[u8]) -> Result<(), BacklogFull> {
        self.add(payload)?;
        self.0.changed.notify_one();
        Ok(())
    }

    /// The same, and nothing of it is written before [`write_now`](Self::write_now).
    pub fn add(&self, payload: &[u8]) -> Result<(), BacklogFull> {
        self.lock().add(payload, BACKLOG_MAX)
    }

    /// Adds a market-data tick, or leaves it out if the other side reads too slowly: the next tick says
    /// more than a late one, and an order report that no longer fits would cost the whole link.
    pub fn add_tick(&self, payload: &[u8]) {
        let mut backlog = self.lock();
        if backlog.add(payload, BACKLOG_WITHOUT_TICKS).is_err() {
            backlog.ticks_left_out += 1;
        }
    }

    /// Adds bytes that are no frame: the handshake.
    pub fn push_raw(&self, bytes: &[u8]) {
        self.lock().buffer.extend(bytes);
        self.0.changed.notify_one();
    }

    /// Writes what was added, as far as the kernel takes it without waiting: one task less to wake on the
    /// way of an order. The rest, and an error, are left to the task that called
    /// [`write_to`](Self::write_to).
    pub fn write_now(&self) {
        let mut backlog = self.lock();
        if backlog.buffer.is_empty() {
            return;
        }
        // The task's own waker is replaced by this one, so that task has to look again if anything is left.
        if let Poll::Ready(written) = backlog.poll_write(&mut Context::from_waker(Waker::noop())) {
            match written {
                Ok(()) => return,
                Err(error) => backlog.failed = Some(error),
            }
        }
        drop(backlog);
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
    pub async fn write_to(&self, socket: impl AsyncWrite + Send + 'static) -> io::Result<()> {
        self.lock().socket = Some(Box::pin(socket));
        let attached = Attached(self);
        loop {
            let written = std::future::poll_fn(|cx| {
                let mut backlog = self.lock();
                backlog.poll_write(cx).map_ok(|()| backlog.closing)
            });
            tokio::select! {
                biased;
                is_closing = written => {
                    if is_closing? {
                        break;
                    }
                    self.0.changed.notified().await;
                }
                // Somebody wrote meanwhile, and the socket has forgotten whom to wake.
                () = self.0.changed.notified() => {}
            }
        }
        match attached.take() {
            Some(mut socket) => socket.shutdown().await,
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Backlog> {
        self.0.backlog.lock().expect("nothing panics while it holds a backlog")
    }
}

/// A socket ends with the task that wrote to it, however that ends.
struct Attached<'a>(&'a Outgoing);

impl Attached<'_> {
    fn take(&self) -> Option<Socket> {
        self.0.lock().socket.take()
    }
}

impl Drop for Attached<'_> {
    fn drop(&mut self) {
        self.take();
    }
}

impl Backlog {
    fn add(&mut self, payload: &[u8], max: usize) -> Result<(), BacklogFull> {
        if self.buffer.len() + payload.len() > max {
            return Err(BacklogFull);
        }
        self.buffer.extend(&frame::prefix(payload));
        self.buffer.extend(payload);
        Ok(())
    }

    /// Ready when nothing is left.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Err(error));
        }
        let Some(socket) = &mut self.socket else {
            return if self.buffer.is_empty() { Poll::Ready(Ok(())) } else { Poll::Pending };
        };
        while !self.buffer.is_empty() {
            match ready!(socket.as_mut().poll_write(cx, self.buffer.first()))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n => self.buffer.advance(n),
            }
        }
        Poll::Ready(Ok(()))
    }
}
