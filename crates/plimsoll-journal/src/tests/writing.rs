//! What the writer refuses.

use std::io;

use super::{SMALL, note, now};
use crate::{MemorySink, Options, Reader, Sink, WriteError, Writer};

/// Fails at one of its calls and would succeed at the next, as Linux does.
#[derive(Default)]
struct FailsOnce {
    calls: u32,
    fail_at: u32,
    inner: MemorySink,
}

impl FailsOnce {
    fn call(&mut self) -> io::Result<()> {
        self.calls += 1;
        if self.calls == self.fail_at { Err(io::Error::other("no space left on device")) } else { Ok(()) }
    }
}

impl Sink for FailsOnce {
    fn create(&mut self, first_seq: u64, size: u64, header: &[u8]) -> io::Result<()> {
        self.call()?;
        self.inner.create(first_seq, size, header)
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.call()?;
        self.inner.write(offset, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.call()?;
        self.inner.sync()
    }
}

#[test]
fn after_any_failed_call_the_writer_refuses_everything_and_never_asks_the_disk_again() {
    // Create, write, sync of each of two records and of the roll between them.
    for fail_at in 1..=8 {
        let mut writer = Writer::new(FailsOnce { fail_at, ..FailsOnce::default() }, SMALL, 1);
        let mut failed = None;
        for seq in 1..=2 {
            let done = writer.append(now(seq), &note(seq, 3000)).and_then(|_| writer.sync());
            failed = failed.or(done.err());
        }
        assert!(matches!(failed, Some(WriteError::Io(_))), "call {fail_at}");
        let durable = writer.durable();
        assert!(matches!(writer.append(now(9), &note(9, 1)), Err(WriteError::Poisoned)));
        assert!(matches!(writer.write(), Err(WriteError::Poisoned)));
        assert!(matches!(writer.sync(), Err(WriteError::Poisoned)));
        assert_eq!(writer.durable(), durable, "nothing became durable by asking again");
        assert_eq!(writer.into_sink().calls, fail_at, "the disk was asked again");
    }
}

#[test]
fn a_record_longer_than_a_segment_is_refused_and_the_next_one_is_taken() {
    let mut writer = Writer::new(MemorySink::new(), SMALL, 1);
    assert!(matches!(writer.append(now(1), &note(1, 4096)), Err(WriteError::TooLong { .. })));
    assert_eq!(writer.append(now(1), &note(1, 10)).unwrap(), 1);
    writer.sync().unwrap();
    assert_eq!(Reader::from_memory(writer.into_sink().into_segments()).count(), 1);
}

#[test]
fn the_shortest_record_that_is_refused_is_said_to_be_one_byte_beyond_the_limit() {
    let refusal = |len| match Writer::new(MemorySink::new(), SMALL, 1).append(now(1), &note(1, len)) {
        Err(WriteError::TooLong { len, max }) => Some((len, max)),
        other => other.map(|_| None).unwrap(),
    };
    let (len, max) = (3000..4096).find_map(refusal).unwrap();
    assert_eq!(len as u64, max + 1);
}

#[test]
fn the_longest_record_that_is_accepted_fits_a_segment_of_its_own() {
    let longest = (3000..4096)
        .rev()
        .find(|len| Writer::new(MemorySink::new(), SMALL, 1).append(now(1), &note(1, *len)).is_ok())
        .unwrap();
    let mut writer = Writer::new(MemorySink::new(), SMALL, 1);
    for seq in 1..=3 {
        writer.append(now(seq), &note(1, longest)).unwrap();
    }
    writer.sync().unwrap();
    let report = Reader::from_memory(writer.into_sink().into_segments()).into_report().unwrap();
    assert_eq!((report.records, report.segments), (3, 3));
}

#[test]
fn one_sync_makes_the_whole_batch_durable() {
    let mut writer = Writer::new(FailsOnce::default(), SMALL, 1);
    for seq in 1..=5 {
        writer.append(now(seq), &note(seq, 10)).unwrap();
    }
    assert_eq!(writer.durable(), 0);
    assert_eq!(writer.sync().unwrap(), 5);
    // One call each to create, write and sync; a sync with nothing new costs none.
    assert_eq!(writer.sync().unwrap(), 5);
    assert_eq!(writer.into_sink().calls, 3);
}

#[test]
fn a_record_says_what_was_durable_when_it_was_written() {
    let mut writer = Writer::new(MemorySink::new(), Options::default(), 4);
    writer.append(now(1), &note(1, 1)).unwrap();
    writer.append(now(2), &note(1, 1)).unwrap();
    writer.sync().unwrap();
    writer.append(now(3), &note(1, 1)).unwrap();
    writer.sync().unwrap();
    let durable: Vec<u64> = Reader::from_memory(writer.into_sink().into_segments())
        .map(|record| record.unwrap().durable)
        .collect();
    assert_eq!(durable, [0, 0, 2]);
}
