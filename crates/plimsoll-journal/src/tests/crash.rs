//! A disk that forgets what was not synced, in any order of sectors.

use std::io;

use arbtest::arbitrary::{Result, Unstructured};

use super::{SMALL, note, now};
use crate::writer::Resume;
use crate::{Hash, Head, MemorySink, Reader, Sink, Writer};

const SECTOR: usize = 512;

/// Holds what was synced apart from what was only written.
#[derive(Default)]
struct CrashSink {
    durable: Vec<Vec<u8>>,
    written: MemorySink,
}

impl Sink for CrashSink {
    fn create(&mut self, first_seq: u64, size: u64, header: &[u8]) -> io::Result<()> {
        self.written.create(first_seq, size, header)?;
        self.sync()
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.written.write(offset, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.durable = self.written.segments().to_vec();
        Ok(())
    }
}

impl CrashSink {
    /// What a machine finds after losing power now.
    fn crash(&self, u: &mut Unstructured<'_>) -> Result<Vec<Vec<u8>>> {
        let mut left = self.written.segments().to_vec();
        let by_sector = u.arbitrary()?;
        for (segment, durable) in left.iter_mut().zip(&self.durable) {
            let changed = |segment: &[u8], at: usize| segment[at] != durable[at];
            if by_sector {
                for sector in 0..segment.len() / SECTOR {
                    let range = sector * SECTOR..(sector + 1) * SECTOR;
                    if range.clone().any(|at| changed(segment, at)) && u.arbitrary()? {
                        segment[range.clone()].copy_from_slice(&durable[range]);
                    }
                }
            } else {
                let first = (0..segment.len()).find(|at| changed(segment, *at)).unwrap_or(segment.len());
                let cut = u.int_in_range(first..=segment.len())?;
                segment[cut..].copy_from_slice(&durable[cut..]);
            }
        }
        Ok(left)
    }
}

/// What recovery on files does, on memory: read, zero the torn tail, go on.
fn recover(mut segments: Vec<Vec<u8>>) -> (Writer<CrashSink>, Vec<(u64, Hash)>) {
    let mut reader = Reader::from_memory(segments.clone());
    let records: Vec<(u64, Hash)> = reader
        .by_ref()
        .map(|record| record.map(|record| (record.seq, record.hash)))
        .map(Result::unwrap)
        .collect();
    let open = reader.end().map(|(_, size, offset)| (size, offset));
    if let (Some(_), Some((_, offset))) = (reader.torn_tail(), open) {
        segments.last_mut().unwrap()[usize::try_from(offset).unwrap()..].fill(0);
    }
    let head = reader.head();
    let sink = CrashSink { durable: segments.clone(), written: MemorySink::from_segments(segments) };
    (Writer::resume(sink, SMALL, head.epoch + 1, Resume { head, open }), records)
}

#[test]
fn what_a_crash_leaves_is_a_prefix_that_contains_every_synced_record() {
    arbtest::arbtest(|u| {
        let mut writer = Writer::new(CrashSink::default(), SMALL, 1);
        // Of every record, in order: what was appended, as far as it has not been lost.
        let mut appended: Vec<(u64, Hash)> = Vec::new();
        for _ in 0..u.int_in_range(1..=3)? {
            for _ in 0..u.int_in_range(0..=12)? {
                let len = u.int_in_range(0..=900)?;
                let seq = writer.append(now(writer.head().seq), &note(7, len)).unwrap();
                appended.push((seq, writer.head().hash));
                match u.int_in_range(0..=3)? {
                    0 => drop(writer.sync().unwrap()),
                    1 => writer.write().unwrap(),
                    _ => {}
                }
            }
            let synced = writer.durable();
            let left = writer.into_sink().crash(u)?;
            let (next, found) = recover(left);
            assert_eq!(found, appended[..found.len()], "not a prefix");
            let promised = appended.iter().filter(|(seq, _)| *seq <= synced).count();
            assert!(found.len() >= promised, "{} records left of {promised} synced", found.len());
            appended = found;
            writer = next;
        }
        Ok(())
    });
}

#[test]
fn a_recovered_journal_goes_on_where_it_was_cut() {
    let mut writer = Writer::new(CrashSink::default(), SMALL, 1);
    writer.append(now(1), &note(1, 10)).unwrap();
    writer.sync().unwrap();
    writer.append(now(2), &note(2, 10)).unwrap();
    writer.write().unwrap();
    let sink = writer.into_sink();
    let mut torn = sink.written.segments().to_vec();
    let half = torn[0].iter().rposition(|byte| *byte != 0).unwrap() - 30;
    torn[0][half..].fill(0);

    let (mut writer, found) = recover(torn);
    assert_eq!(found.len(), 1);
    assert_eq!(writer.append(now(3), &note(3, 10)).unwrap(), 2);
    writer.sync().unwrap();
    let report = Reader::from_memory(writer.into_sink().durable).into_report().unwrap();
    assert_eq!((report.records, report.epochs, report.torn_tail), (2, vec![1, 2], None));
}

#[test]
fn an_empty_journal_recovers_to_an_empty_head() {
    let (writer, found) = recover(Vec::new());
    assert_eq!((writer.head(), found.len()), (Head::default(), 0));
}
