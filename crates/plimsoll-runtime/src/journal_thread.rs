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
    shared: Arc<Shared>,
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
struct Shared {
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
        let shared = Arc::new(Shared::default());
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

impl Shared {
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
    shared: &Shared,
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
mod tests {
    use std::io;
    use std::sync::mpsc;

    use jiff::Timestamp;
    use plimsoll_journal::Options;
    use plimsoll_model::Mono;

    use super::*;

    /// A disk whose syncs fail, or are counted.
    #[derive(Default)]
    struct Disk {
        inner: MemorySink,
        fails: bool,
        syncs: Arc<Mutex<usize>>,
    }

    impl Sink for Disk {
        fn create(&mut self, first_seq: u64, size: u64, header: &[u8]) -> io::Result<()> {
            self.inner.create(first_seq, size, header)
        }

        fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
            self.inner.write(offset, bytes)
        }

        fn sync(&mut self) -> io::Result<()> {
            *self.syncs.lock().unwrap() += 1;
            if self.fails { Err(io::Error::other("no space left")) } else { Ok(()) }
        }
    }

    fn now() -> Now {
        Now { mono: Mono::ZERO, wall: Timestamp::UNIX_EPOCH }
    }

    fn flush(token: u64) -> Entry {
        Entry::Flush(Awaits::Bridge(token))
    }

    /// Runs the loop over these entries and returns its reports.
    fn check(disk: Disk, entries: Vec<Entry>) -> Vec<String> {
        let options = Options { segment_bytes: Options::SEGMENT_BYTES_MIN };
        let writer = Writer::new(disk, options, 1);
        let (sender, receiver) = mpsc::channel();
        for entry in entries {
            sender.send(vec![entry]).unwrap();
        }
        drop(sender);
        let mut reports = Vec::new();
        let report = |report| {
            reports.push(match report {
                JournalReport::Flushed(awaits) => format!("flushed {awaits:?}"),
                JournalReport::Failed(error) => format!("failed: {error}"),
            });
        };
        run(writer, None, &receiver, &Shared::default(), report, |_| {});
        reports
    }

    #[test]
    fn everything_that_waits_shares_one_sync() {
        let syncs = Arc::new(Mutex::new(0));
        let disk = Disk { syncs: Arc::clone(&syncs), ..Disk::default() };
        let woke = || Entry::Append(now(), Body::Woke);
        let reports = check(disk, vec![woke(), flush(1), woke(), Entry::Flush(Awaits::Operator), woke()]);
        assert_eq!(reports, ["flushed Bridge(1)", "flushed Operator"]);
        assert_eq!(*syncs.lock().unwrap(), 1);
    }

    #[test]
    fn after_a_failed_sync_no_token_is_answered_and_nothing_is_tried_again() {
        let syncs = Arc::new(Mutex::new(0));
        let disk = Disk { fails: true, syncs: Arc::clone(&syncs), ..Disk::default() };
        let reports = check(disk, vec![Entry::Append(now(), Body::Woke), flush(1), flush(2)]);
        assert_eq!(reports.len(), 1, "{reports:?}");
        assert!(reports[0].starts_with("failed: journal not written: no space left"), "{reports:?}");
        assert_eq!(*syncs.lock().unwrap(), 1);
    }

    #[test]
    fn memory_answers_at_once() {
        let (sender, receiver) = mpsc::channel();
        let memory = Writer::new(MemorySink::new(), Options::default(), 1);
        let mut journal = Journal::start(JournalSink::Memory(Box::new(memory)), None, move |report| {
            sender.send(matches!(report, JournalReport::Flushed(Awaits::Bridge(7)))).unwrap();
        })
        .unwrap();
        journal.append(now(), Body::Woke);
        journal.flush(Awaits::Bridge(7));
        assert!(receiver.try_recv().unwrap());
        assert_eq!(journal.close().seq, 1);
    }

    #[test]
    fn few_large_records_lag_like_many_small_ones() {
        let (mut journal, _waiting) = Journal::stalled();
        let long = "x".repeat(LAG_BYTES_MAX / 64);
        for _ in 0..63 {
            journal.append(now(), Body::Decision { text: long.clone() });
            journal.commit();
        }
        assert!(!journal.is_lagging());
        journal.append(now(), Body::Decision { text: long.clone() });
        journal.commit();
        assert!(journal.is_lagging(), "64 MiB wait");
        assert!(!journal.is_lost());
        for _ in 0..192 {
            journal.append(now(), Body::Decision { text: long.clone() });
        }
        journal.commit();
        assert!(journal.is_lost(), "256 MiB wait");
    }

    #[test]
    fn room_is_given_back_when_its_record_is_written() {
        let budget = Arc::new(tokio::sync::Semaphore::new(1));
        let (mut journal, waiting) = Journal::stalled();
        journal.append(now(), Body::Woke);
        journal.give_back(Arc::clone(&budget).try_acquire_owned().unwrap());
        journal.commit();
        assert_eq!(budget.available_permits(), 0);
        drop(journal);
        run(
            Writer::new(MemorySink::new(), Options::default(), 1),
            None,
            &waiting,
            &Shared::default(),
            |_| {},
            |_| {},
        );
        assert_eq!(budget.available_permits(), 1);
    }

    #[test]
    fn a_crowd_of_records_is_written_in_pieces() {
        let options = Options::default();
        let (mut writer, mut taken) = (Writer::new(MemorySink::new(), options, 1), Taken::default());
        let long = "x".repeat(WRITE_BYTES / 4);
        let mut largest = 0;
        for _ in 0..9 {
            append(&mut writer, now(), &Body::Decision { text: long.clone() }).unwrap();
            largest = largest.max(writer.pending());
        }
        assert!(largest < WRITE_BYTES, "{largest}");
        take(&mut writer, std::iter::empty(), &mut Vec::new(), &mut taken, &mut None).unwrap();
        assert_eq!((writer.pending(), writer.head().seq), (0, 9));
    }

    #[test]
    fn what_is_written_waits_no_longer() {
        let (mut journal, waiting) = Journal::stalled();
        journal.append(now(), Body::Decision { text: "x".repeat(5000) });
        journal.commit();
        let state = journal.shared.get();
        assert!(state.entries == 1 && state.bytes > 5000);
        let Journal { kind, shared, .. } = &mut journal;
        *kind = Kind::Thread { entries: None, batch: Vec::new(), batch_bytes: 0, thread: None };
        let writer = Writer::new(MemorySink::new(), Options::default(), 1);
        run(writer, None, &waiting, shared, |_| {}, |_| {});
        let state = shared.get();
        assert_eq!((state.entries, state.bytes), (0, 0));
    }
}
