//! The disk under the journal: what is in the process, what the operating system has, and what is durable.
//!
//! The journal's own writer makes the bytes and its own recovery reads what a crash has left, so that a torn record is
//! one here, too. While a sync is under way nothing else is written: what is appended meanwhile waits in the process, as
//! in the journal's thread.

use std::collections::VecDeque;
use std::io;

use plimsoll_journal::{Body, Options, ReadError, Reader, Record, Sink, Writer, recover_segments};
use plimsoll_model::Now;

use super::random::Stream;

/// Small enough that a day needs several.
const OPTIONS: Options = Options { segment_bytes: 256 << 10 };

/// What ends a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Crash {
    /// It is killed: what the operating system has stays.
    Process,
    /// The machine loses its power: what was not synced is lost, or a part of it.
    Power,
}

/// The disk.
pub(super) struct Disk {
    writer: Option<Writer<Platter>>,
    /// Appended and not written.
    waiting: Vec<(Now, Body)>,
    /// Tokens that want everything before them to be durable.
    wanted: Vec<u64>,
    /// The sync under way, and for whom.
    syncing: Option<Vec<u64>>,
    /// Written, and not yet handed out as durable.
    young: VecDeque<(u64, Now, Body)>,
    chance: Stream,
}

impl Disk {
    pub(super) fn new(seed: u64) -> Self {
        let writer = Some(Writer::new(Platter::default(), OPTIONS, 1));
        let chance = Stream::new(seed, "disk", "torn");
        Self {
            writer,
            waiting: Vec::new(),
            wanted: Vec::new(),
            syncing: None,
            young: VecDeque::new(),
            chance,
        }
    }

    /// Adds a record.
    pub(super) fn append(&mut self, now: Now, body: Body) {
        self.waiting.push((now, body));
    }

    /// Everything so far is to be durable.
    pub(super) fn flush(&mut self, token: u64) {
        self.wanted.push(token);
    }

    /// Writes what waits, unless a sync is under way. True: a sync begins, and takes a while.
    pub(super) fn work(&mut self) -> bool {
        if self.syncing.is_some() {
            return false;
        }
        let writer = self.writer.as_mut().expect("a disk is only without a writer while it crashes");
        for (now, body) in self.waiting.drain(..) {
            let seq = writer.append(now, &body).expect("a platter in memory takes everything");
            self.young.push_back((seq, now, body));
        }
        writer.write().expect("a platter in memory takes everything");
        if self.wanted.is_empty() {
            return false;
        }
        self.syncing = Some(std::mem::take(&mut self.wanted));
        true
    }

    /// The sync has ended: whose tokens are durable now.
    pub(super) fn synced(&mut self) -> Vec<u64> {
        let Some(tokens) = self.syncing.take() else { return Vec::new() };
        let writer = self.writer.as_mut().expect("a disk is only without a writer while it crashes");
        writer.sync().expect("a platter in memory takes everything");
        tokens
    }

    /// What has become durable since it was last asked.
    pub(super) fn take_durable(&mut self) -> Vec<(Now, Body)> {
        let durable = self.writer.as_ref().map_or(0, Writer::durable);
        let mut taken = Vec::new();
        while self.young.front().is_some_and(|(seq, ..)| *seq <= durable) {
            taken.extend(self.young.pop_front().map(|(_, now, body)| (now, body)));
        }
        taken
    }

    /// Everything that was written; an error where it cannot be read.
    pub(super) fn written(&self) -> Result<Vec<Record>, ReadError> {
        let writer = self.writer.as_ref().expect("a disk is only without a writer while it crashes");
        read(writer.sink().segments.clone())
    }

    /// The process ends in the middle of whatever it does. `keeps`: which part of what was not synced survives, of a
    /// hundred.
    pub(super) fn crash(&mut self, crash: Crash, keeps: i64) -> Left {
        self.waiting.clear();
        self.wanted.clear();
        self.syncing = None;
        let writer = self.writer.take().expect("a disk is only without a writer while it crashes");
        let (before, durable) = (writer.head().seq, writer.durable());
        let platter = writer.into_sink();
        let unsynced = platter.written.saturating_sub(platter.synced);
        let kept = match crash {
            Crash::Process => unsynced,
            Crash::Power => {
                let share = usize::try_from(keeps.clamp(0, 100)).unwrap_or(0);
                // Not at the border of a record.
                let jitter = usize::try_from(self.chance.within(0, 40)).unwrap_or(0);
                (unsynced * share / 100 + jitter).min(unsynced)
            }
        };
        let left = platter.left(kept);
        let recovered =
            recover_segments(left, Platter::holding).expect("a crash leaves a prefix of what was written");
        let head = recovered.head;
        self.young.retain(|(seq, ..)| *seq <= head.seq);
        self.writer = Some(recovered.into_writer(OPTIONS));
        Left { epoch: head.epoch + 1, lost: before - head.seq, broken: durable.saturating_sub(head.seq) }
    }
}

/// All records, or why they cannot be read: what comes behind a broken one is not left out.
fn read(segments: Vec<Vec<u8>>) -> Result<Vec<Record>, ReadError> {
    Reader::from_memory(segments).collect()
}

/// What a crash leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    /// That of the next process.
    pub(super) epoch: u64,
    /// How many of the records that were handed to the operating system are gone.
    pub(super) lost: u64,
    /// How many of those were durable, which must not be.
    pub(super) broken: u64,
}

/// Segments, and how far the last of them is written and durable.
#[derive(Debug, Clone, Default)]
struct Platter {
    segments: Vec<Vec<u8>>,
    written: usize,
    synced: usize,
}

impl Platter {
    /// What a crash has left is durable.
    fn holding(segments: Vec<Vec<u8>>) -> Self {
        Self { segments, written: 0, synced: 0 }
    }

    /// The bytes after a crash that keeps so many of those that were not synced.
    fn left(mut self, kept: usize) -> Vec<Vec<u8>> {
        if self.written > self.synced
            && let Some(last) = self.segments.last_mut()
        {
            last[self.synced + kept..self.written].fill(0);
        }
        self.segments
    }
}

impl Sink for Platter {
    fn create(&mut self, _first_seq: u64, size: u64, header: &[u8]) -> io::Result<()> {
        let mut segment = vec![0; usize::try_from(size).map_err(io::Error::other)?];
        segment[..header.len()].copy_from_slice(header);
        self.segments.push(segment);
        (self.written, self.synced) = (header.len(), header.len());
        Ok(())
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let at = usize::try_from(offset).map_err(io::Error::other)?;
        let segment = self.segments.last_mut().ok_or_else(|| io::Error::other("no segment is open"))?;
        segment[at..at + bytes.len()].copy_from_slice(bytes);
        // After a crash the first write says how far the segment was.
        if self.written == 0 {
            self.synced = at;
        }
        self.written = at + bytes.len();
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.synced = self.written;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use plimsoll_model::Mono;

    use super::*;

    fn note(text: &str) -> Body {
        Body::Decision { text: text.to_owned() }
    }

    fn texts(disk: &Disk) -> Vec<String> {
        let text = |record: &Record| match record.body() {
            Ok(Body::Decision { text }) => text,
            other => format!("{other:?}"),
        };
        disk.written().unwrap().iter().map(text).collect()
    }

    #[test]
    fn what_was_synced_survives_the_loss_of_power_and_what_waited_for_the_sync_does_not() {
        let now = Now { mono: Mono::ZERO, wall: Timestamp::UNIX_EPOCH };
        let mut disk = Disk::new(7);
        disk.append(now, note("synced"));
        disk.flush(1);
        assert!(disk.work());
        disk.append(now, note("meanwhile"));
        assert!(!disk.work(), "nothing is written while a sync is under way");
        assert_eq!(disk.synced(), [1]);
        disk.work();
        assert_eq!(disk.take_durable(), [(now, note("synced"))]);
        assert_eq!(texts(&disk), ["synced", "meanwhile"]);
        assert_eq!(disk.crash(Crash::Power, 0), Left { epoch: 2, lost: 1, broken: 0 });
        assert_eq!(texts(&disk), ["synced"]);
        disk.append(now, note("after"));
        disk.work();
        assert_eq!(disk.crash(Crash::Process, 0), Left { epoch: 3, lost: 0, broken: 0 });
        assert_eq!(texts(&disk), ["synced", "after"]);
    }

    #[test]
    fn a_journal_that_cannot_be_read_is_an_error_and_not_a_shorter_one() {
        let now = Now { mono: Mono::ZERO, wall: Timestamp::UNIX_EPOCH };
        let mut disk = Disk::new(7);
        for (text, token) in [("one", 1), ("two", 2), ("three", 3)] {
            disk.append(now, note(text));
            disk.flush(token);
            disk.work();
            disk.synced();
        }
        let mut segments = disk.writer.as_ref().unwrap().sink().segments.clone();
        assert_eq!(read(segments.clone()).unwrap().len(), 3);
        let at = segments[0].windows(3).position(|bytes| bytes == b"one").unwrap();
        segments[0][at] ^= 1;
        read(segments).unwrap_err();
    }
}
