//! The writer's loop over disks that count, fail or stall.

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
    run(writer, None, &receiver, &Progress::default(), report, |_| {});
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
        &Progress::default(),
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
