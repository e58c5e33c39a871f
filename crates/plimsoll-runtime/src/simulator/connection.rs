//! One client's connection: a task that reads and writes, and the bounded backlog between it and the
//! venue. When it reads is in `reading`.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::timeout;

use super::ConnId;
use super::engine::Input;
use super::reading::{Reader, Reading};
use crate::link::{BACKLOG_MAX, LINGER_MAX};

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

/// What waits to be written to a client, and whether anybody reads from it. Clones are the same backlog.
#[derive(Debug, Clone)]
pub(super) struct Outbox(Arc<Drain>);

/// The client reads too slowly.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

#[derive(Debug)]
struct Drain {
    backlog: Mutex<Backlog>,
    changed: Notify,
    reading: watch::Sender<Reading>,
    /// Tells the engine that a backlog is no longer busy.
    drained: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Backlog {
    waiting: BytesMut,
    in_flight: usize,
    end: Option<End>,
    /// The end was the venue's wish.
    unwanted: bool,
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
        let (reading, _) = watch::channel(Reading::On);
        Self(Arc::new(Drain { backlog: Mutex::default(), changed: Notify::new(), reading, drained }))
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
        backlog.unwanted = true;
        self.0.changed.notify_one();
    }

    /// Lets what comes from the client wait in the socket, or reads it again.
    pub(super) fn read(&self, reading: Reading) {
        self.0.reading.send_replace(reading);
    }

    pub(super) fn is_ending(&self) -> bool {
        self.lock().end.is_some()
    }

    /// Whether the venue still hears this client. One that has left by itself is heard to its last word.
    pub(super) fn is_heard(&self) -> bool {
        !self.lock().unwanted
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
        let mut backlog = self.lock();
        let unwanted = backlog.unwanted;
        *backlog = Backlog { end: Some(End::BrokenOff), unwanted, ..Backlog::default() };
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
    let mut reader = Reader::new(reader, outbox.0.reading.subscribe());
    let ended = tokio::select! {
        biased;
        ended = write(outbox, &mut writer) => ended,
        ended = reader.read(id, inputs) => ended,
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

/// Why a connection ended.
pub(super) enum Ended {
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
