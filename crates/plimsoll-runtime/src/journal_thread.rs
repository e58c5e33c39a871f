//! The journal's writer, apart from the task that decides: a slow disk must not hold up a cancel.
//!
//! Owns the thread, the order of records and the group commit: everything that waits when a sync begins
//! shares it. Does not own what is appended, what a token releases, nor the making of the next segment.
//!
//! Invariant: after a failed write or sync nothing more is written and nobody who waits is answered. The kernel
//! forgets which pages failed, so a second attempt would report success for bytes that are gone.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use plimsoll_journal::{Body, FileSink, Head, MemorySink, Sink, WriteError, Writer};
use plimsoll_model::Now;
use tokio::sync::OwnedSemaphorePermit;

use crate::projection::{Batch, Followed, Projection, Told};
use crate::spares::Spares;

/// Records that may wait for the thread. Reached: bots are not read any more, cancels excepted.
pub(crate) const LAG_MAX: usize = 50_000;
/// Bytes of them that may wait. Reached: the same.
pub(crate) const LAG_BYTES_MAX: usize = 64 * 1024 * 1024;
/// What may wait in all. Cancels, halts and the venue's words never wait for the disk, so only an end keeps
/// them from filling the memory; it is the end that a failed disk has.
pub(crate) const LAG_BYTES_LAST: usize = 4 * LAG_BYTES_MAX;

/// Bytes that are written at once, at most but for one record: a crowd of records must not be copied into one buffer as
/// large as all of them.
const WRITE_BYTES: usize = 1024 * 1024;

/// Who waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awaits {
    /// The bridge, by its token. It is told by an event, which is journaled.
    Bridge(u64),
    /// Whoever gave the oldest act that is not answered yet. The act is in force already, so this is no event and a
    /// replay need not know of it.
    Operator,
}

/// What the thread tells.
#[derive(Debug)]
pub(crate) enum JournalReport {
    /// Everything up to where this was asked for is on the disk.
    Flushed(Awaits),
    /// Nothing more will be written. The process has to end.
    Failed(WriteError),
}

/// Where records go.
pub(crate) enum JournalSink {
    /// To the disk, by a thread.
    Disk(Box<Writer<FileSink>>),
    /// Nowhere that survives; for benchmarks and tests.
    Memory(Box<Writer<MemorySink>>),
}

/// What a test sees of a journal whose disk takes nothing.
#[cfg(test)]
pub(crate) type Stalled = Receiver<Vec<Entry>>;

/// The gateway's side.
pub(crate) struct Journal {
    kind: Kind,
    shared: Arc<Progress>,
    is_followed: bool,
}

enum Kind {
    Thread {
        entries: Option<Sender<Vec<Entry>>>,
        /// Of the event that is being dealt with: one wake-up of the thread per event, and what belongs to
        /// one decision reaches the disk in one write.
        batch: Vec<Entry>,
        batch_bytes: usize,
        thread: Option<JoinHandle<()>>,
    },
    Memory(Box<Memory>),
}

/// Written and answered at once, by the caller.
struct Memory {
    writer: Box<Writer<MemorySink>>,
    report: Box<dyn FnMut(JournalReport) + Send>,
}

#[derive(Default)]
struct Progress {
    state: Mutex<State>,
}

/// Entries sent and not yet written, their bytes, and the last record that was.
#[derive(Clone, Copy, Default)]
struct State {
    entries: usize,
    bytes: usize,
    head: Head,
}

pub(crate) enum Entry {
    Append(Now, Body),
    /// What the record before says to the tables.
    Tell(Now, Told),
    /// Room for more of what the record before came from, given back when that is written.
    GiveBack(OwnedSemaphorePermit),
    Flush(Awaits),
}

impl Journal {
    /// Starts the thread, if the sink needs one. `report` is called from it.
    pub(crate) fn start(
        sink: JournalSink,
        projection: Option<Projection>,
        report: impl FnMut(JournalReport) + Send + 'static,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Progress::default());
        let is_followed = projection.is_some();
        let kind = match sink {
            JournalSink::Memory(writer) => {
                Kind::Memory(Box::new(Memory { writer, report: Box::new(report) }))
            }
            JournalSink::Disk(writer) => {
                shared.written(0, 0, writer.head());
                let (entries, waiting) = channel();
                let shared = Arc::clone(&shared);
                let mut spares = Spares::start()?;
                let tend = move |writer: &mut Writer<FileSink>| spares.tend(writer);
                let thread = std::thread::Builder::new()
                    .name("journal".into())
                    .spawn(move || run(*writer, projection, &waiting, &shared, report, tend))?;
                Kind::Thread {
                    entries: Some(entries),
                    batch: Vec::new(),
                    batch_bytes: 0,
                    thread: Some(thread),
                }
            }
        };
        Ok(Self { kind, shared, is_followed })
    }

    /// A journal whose disk takes nothing.
    #[cfg(test)]
    pub(crate) fn stalled() -> (Self, Stalled) {
        let (entries, waiting) = channel();
        let kind = Kind::Thread { entries: Some(entries), batch: Vec::new(), batch_bytes: 0, thread: None };
        (Self { kind, shared: Arc::default(), is_followed: false }, waiting)
    }

    /// Adds a record. It is handed over by the next [`commit`](Self::commit).
    pub(crate) fn append(&mut self, now: Now, body: Body) {
        match &mut self.kind {
            Kind::Thread { batch, batch_bytes, .. } => {
                *batch_bytes += body.size();
                batch.push(Entry::Append(now, body));
            }
            Kind::Memory(memory) => {
                if let Err(error) = memory.writer.append(now, &body) {
                    (memory.report)(JournalReport::Failed(error));
                }
                self.shared.written(0, 0, memory.writer.head());
            }
        }
    }

    /// Whether the tables want to be told.
    pub(crate) fn is_followed(&self) -> bool {
        self.is_followed
    }

    /// What the record that was added last says to the tables.
    pub(crate) fn tell(&mut self, now: Now, told: Option<Told>) {
        if let (Kind::Thread { batch, batch_bytes, .. }, Some(told)) = (&mut self.kind, told) {
            *batch_bytes += told.size();
            batch.push(Entry::Tell(now, told));
        }
    }

    /// The room that the record which was added last has taken in the budget of its connection: it is given back when
    /// the record waits no longer.
    pub(crate) fn give_back(&mut self, room: OwnedSemaphorePermit) {
        if let Kind::Thread { batch, .. } = &mut self.kind {
            batch.push(Entry::GiveBack(room));
        }
    }

    /// Asks for everything so far to be made durable; the answer is a report, and reports keep their order.
    pub(crate) fn flush(&mut self, awaits: Awaits) {
        match &mut self.kind {
            Kind::Thread { batch, .. } => batch.push(Entry::Flush(awaits)),
            Kind::Memory(memory) => {
                let report = match memory.writer.sync() {
                    Ok(_) => JournalReport::Flushed(awaits),
                    Err(error) => JournalReport::Failed(error),
                };
                (memory.report)(report);
            }
        }
    }

    /// Hands over what was added. Nothing may leave for the venue or a bot before.
    pub(crate) fn commit(&mut self) {
        if let Kind::Thread { entries: Some(entries), batch, batch_bytes, .. } = &mut self.kind
            && !batch.is_empty()
        {
            self.shared.sent(batch.len(), std::mem::take(batch_bytes));
            // A thread that is gone has reported why, and the gateway is about to end.
            let _ = entries.send(std::mem::take(batch));
        }
    }

    /// Whether the disk is so far behind that no new risk should be taken in.
    pub(crate) fn is_lagging(&self) -> bool {
        let state = self.shared.get();
        state.entries >= LAG_MAX || state.bytes >= LAG_BYTES_MAX
    }

    /// Whether the disk is so far behind that the process has to end.
    pub(crate) fn is_lost(&self) -> bool {
        self.shared.get().bytes >= LAG_BYTES_LAST
    }

    /// The last record that was written.
    pub(crate) fn head(&self) -> Head {
        self.shared.get().head
    }

    /// Writes and syncs what is left, and ends.
    pub(crate) fn close(&mut self) -> Head {
        self.commit();
        if let Kind::Thread { entries, thread, .. } = &mut self.kind {
            // Without a sender the thread ends by itself.
            drop(entries.take());
            if let Some(thread) = thread.take() {
                // It has reported its failure already, if it had one.
                let _ = thread.join();
            }
        }
        self.shared.get().head
    }
}

impl Drop for Journal {
    /// Whoever takes the journal next must not find this thread still writing.
    fn drop(&mut self) {
        self.close();
    }
}

impl Progress {
    fn sent(&self, entries: usize, bytes: usize) {
        let mut state = self.state.lock().expect("nothing panics while it holds this lock");
        state.entries += entries;
        state.bytes += bytes;
    }

    fn written(&self, entries: usize, bytes: usize, head: Head) {
        let mut state = self.state.lock().expect("nothing panics while it holds this lock");
        let State { entries: sent, bytes: sent_bytes, .. } = *state;
        *state =
            State { entries: sent.saturating_sub(entries), bytes: sent_bytes.saturating_sub(bytes), head };
    }

    fn get(&self) -> State {
        *self.state.lock().expect("nothing panics while it holds this lock")
    }
}

/// Takes everything that waits, writes it, syncs once if anybody asked, looks after the sink, and starts over.
fn run<S: Sink>(
    mut writer: Writer<S>,
    mut projection: Option<Projection>,
    waiting: &Receiver<Vec<Entry>>,
    shared: &Progress,
    mut report: impl FnMut(JournalReport),
    mut tend: impl FnMut(&mut Writer<S>),
) {
    let mut awaited = Vec::new();
    while let Ok(first) = waiting.recv() {
        let mut done_with = Taken::default();
        let taken = std::iter::once(first).chain(waiting.try_iter()).flatten();
        let mut followed = projection.as_ref().map(|_| Vec::new());
        let done = take(&mut writer, taken, &mut awaited, &mut done_with, &mut followed);
        shared.written(done_with.entries, done_with.bytes, writer.head());
        if let Err(error) = done {
            report(JournalReport::Failed(error));
            return;
        }
        for awaits in awaited.drain(..) {
            report(JournalReport::Flushed(awaits));
        }
        if let (Some(projection), Some(followed)) = (&mut projection, followed) {
            projection.tell(Batch { last: writer.head(), followed });
        }
        tend(&mut writer);
    }
    if let Err(error) = writer.sync() {
        report(JournalReport::Failed(error));
    }
}

/// What one round of the thread has taken.
#[derive(Default)]
struct Taken {
    entries: usize,
    bytes: usize,
}

fn take<S: Sink>(
    writer: &mut Writer<S>,
    entries: impl Iterator<Item = Entry>,
    awaited: &mut Vec<Awaits>,
    taken: &mut Taken,
    followed: &mut Option<Vec<Followed>>,
) -> Result<(), WriteError> {
    for entry in entries {
        taken.entries += 1;
        match entry {
            Entry::Append(now, body) => {
                taken.bytes += body.size();
                append(writer, now, &body)?;
            }
            Entry::Tell(now, told) => {
                taken.bytes += told.size();
                if let Some(followed) = followed {
                    followed.push(Followed { seq: writer.head().seq, at: now.wall, told });
                }
            }
            Entry::GiveBack(room) => drop(room),
            Entry::Flush(awaits) => awaited.push(awaits),
        }
    }
    // Where nobody waits the kernel has it at least: a killed process loses nothing.
    if awaited.is_empty() { writer.write() } else { writer.sync().map(|_| ()) }
}

fn append<S: Sink>(writer: &mut Writer<S>, now: Now, body: &Body) -> Result<(), WriteError> {
    writer.append(now, body)?;
    if writer.pending() >= WRITE_BYTES { writer.write() } else { Ok(()) }
}

#[cfg(test)]
mod tests;
