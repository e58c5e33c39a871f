//! One client's connection: a task that reads and writes, and the bounded backlog between it and the
//! venue.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

use super::ConnId;
use super::engine::Input;
use crate::link::{BACKLOG_MAX, HANDSHAKE_MAX, LINGER_MAX};

/// How much is read at once.
const CHUNK: usize = 16 * 1024;
/// How long a client may take to read anything at all while something waits for it.
const WRITE_STALL_MAX: Duration = Duration::from_secs(10);
/// Above this, a venue that is faster than life waits for its clients.
const BACKLOG_BUSY: usize = BACKLOG_MAX / 8;

/// A connection that can also be broken off.
pub(super) trait Transport: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Makes the drop that follows a reset instead of an orderly end.
    fn break_off(&mut self) -> io::Result<()>;
}

impl Transport for TcpStream {
    fn break_off(&mut self) -> io::Result<()> {
        self.set_zero_linger()
    }
}

/// What waits to be written to a client. Clones are the same backlog.
#[derive(Debug, Clone)]
pub(super) struct Outbox(Arc<Drain>);

/// The client reads too slowly.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

#[derive(Debug)]
struct Drain {
    backlog: Mutex<Backlog>,
    changed: Notify,
    /// Tells the engine that a backlog is no longer busy.
    drained: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Backlog {
    waiting: BytesMut,
    in_flight: usize,
    end: Option<End>,
}

/// How a connection is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// When everything has been written.
    Orderly,
    /// Now.
    BrokenOff,
}

impl Outbox {
    pub(super) fn new(drained: Arc<Notify>) -> Self {
        Self(Arc::new(Drain { backlog: Mutex::default(), changed: Notify::new(), drained }))
    }

    /// Adds bytes. After the end was asked for they are forgotten.
    pub(super) fn push(&self, bytes: &[u8]) -> Result<(), Full> {
        let mut backlog = self.lock();
        if backlog.end.is_some() {
            return Ok(());
        }
        if backlog.len() + bytes.len() > BACKLOG_MAX {
            return Err(Full);
        }
        backlog.waiting.extend_from_slice(bytes);
        self.0.changed.notify_one();
        Ok(())
    }

    /// Asks for the end. The first wish counts, except that an orderly end can still be broken off.
    pub(super) fn end(&self, end: End) {
        let mut backlog = self.lock();
        if end == End::BrokenOff || backlog.end.is_none() {
            backlog.end = Some(end);
        }
        self.0.changed.notify_one();
    }

    pub(super) fn is_ending(&self) -> bool {
        self.lock().end.is_some()
    }

    /// Whether so much waits that a venue without a clock of its own should wait, too.
    pub(super) fn is_busy(&self) -> bool {
        self.lock().len() > BACKLOG_BUSY
    }

    fn take(&self) -> Next {
        let mut backlog = self.lock();
        match backlog.end {
            Some(End::BrokenOff) => Next::BreakOff,
            Some(End::Orderly) if backlog.waiting.is_empty() => Next::Shutdown,
            _ if backlog.waiting.is_empty() => Next::Wait,
            _ => {
                let bytes = backlog.waiting.split().freeze();
                backlog.in_flight = bytes.len();
                Next::Write(bytes)
            }
        }
    }

    fn written(&self, n: usize) {
        let mut backlog = self.lock();
        backlog.in_flight -= n;
        if backlog.len() <= BACKLOG_BUSY {
            self.0.drained.notify_one();
        }
    }

    /// The task is gone; nothing waits for anybody any more.
    fn abandon(&self) {
        *self.lock() = Backlog { end: Some(End::BrokenOff), ..Backlog::default() };
        self.0.drained.notify_one();
    }

    async fn broken_off(&self) {
        while self.lock().end != Some(End::BrokenOff) {
            self.0.changed.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Backlog> {
        self.0.backlog.lock().expect("nothing panics while it holds a backlog")
    }
}

impl Backlog {
    fn len(&self) -> usize {
        self.waiting.len() + self.in_flight
    }
}

enum Next {
    Write(Bytes),
    Wait,
    Shutdown,
    BreakOff,
}

/// Runs a connection from its first byte to its last and tells the engine both.
pub(super) async fn run<T: Transport>(id: ConnId, stream: T, outbox: Outbox, inputs: mpsc::Sender<Input>) {
    let why = converse(id, stream, &outbox, &inputs).await;
    outbox.abandon();
    // Without an engine nobody needs to know.
    let _ = inputs.send(Input::Gone(id, why)).await;
}

/// Returns why the connection ended.
async fn converse<T: Transport>(
    id: ConnId,
    mut stream: T,
    outbox: &Outbox,
    inputs: &mpsc::Sender<Input>,
) -> &'static str {
    let (reader, mut writer) = tokio::io::split(&mut stream);
    let mut reader = Reader { reader, chunk: BytesMut::new() };
    let ended = tokio::select! {
        biased;
        ended = write(outbox, &mut writer) => ended,
        ended = read(id, &mut reader, inputs) => ended,
    };
    match ended {
        Ended::Shutdown => {
            // Dropped with unread bytes in the kernel, the connection would be reset, and a reset takes
            // back what the client has not read yet. So its last words are read and forgotten.
            let _ = timeout(LINGER_MAX, async { while reader.chunk().await.is_some() {} }).await;
            "closed by the venue"
        }
        Ended::BreakOff => {
            drop((reader, writer));
            let _ = stream.break_off();
            "broken off by the venue"
        }
        Ended::ByClient => "ended by the client",
        Ended::NeverSpoke => "the client said nothing",
        Ended::Stalled => {
            drop((reader, writer));
            let _ = stream.break_off();
            "the client did not read"
        }
    }
}

enum Ended {
    Shutdown,
    BreakOff,
    ByClient,
    NeverSpoke,
    Stalled,
}

async fn write<W: AsyncWrite + Unpin>(outbox: &Outbox, writer: &mut W) -> Ended {
    loop {
        match outbox.take() {
            Next::Write(mut bytes) => {
                while !bytes.is_empty() {
                    // A client may read slowly, but it has to read.
                    let written = tokio::select! {
                        biased;
                        () = outbox.broken_off() => return Ended::BreakOff,
                        written = timeout(WRITE_STALL_MAX, writer.write(&bytes)) => written,
                    };
                    match written {
                        Ok(Ok(n)) if n > 0 => {
                            outbox.written(n);
                            bytes = bytes.slice(n..);
                        }
                        Ok(_) => return Ended::ByClient,
                        Err(_) => return Ended::Stalled,
                    }
                }
            }
            Next::Wait => outbox.0.changed.notified().await,
            Next::Shutdown => {
                return if writer.shutdown().await.is_ok() { Ended::Shutdown } else { Ended::ByClient };
            }
            Next::BreakOff => return Ended::BreakOff,
        }
    }
}

async fn read<R: AsyncRead + Unpin>(
    id: ConnId,
    reader: &mut Reader<R>,
    inputs: &mpsc::Sender<Input>,
) -> Ended {
    let Ok(mut next) = timeout(HANDSHAKE_MAX, reader.chunk()).await else { return Ended::NeverSpoke };
    while let Some(bytes) = next {
        // The queue is bounded: a venue that is busy slows its clients down.
        if inputs.send(Input::Bytes(id, bytes)).await.is_err() {
            return Ended::BreakOff;
        }
        next = reader.chunk().await;
    }
    Ended::ByClient
}

struct Reader<R> {
    reader: R,
    chunk: BytesMut,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// The next bytes; none when there are no more, for whatever reason.
    async fn chunk(&mut self) -> Option<Bytes> {
        self.chunk.reserve(CHUNK);
        match self.reader.read_buf(&mut self.chunk).await {
            Ok(n) if n > 0 => Some(self.chunk.split().freeze()),
            _ => None,
        }
    }
}
