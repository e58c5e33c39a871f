//! The journal: no bytes make the reader or the recovery panic, no record is ever handed out that was not
//! written just so in that place, one changed bit of a journal is always found, and a journal that was
//! recovered goes on: what is appended to it reads well behind what was there.
//!
//! Input: what to do (one byte), then
//! * bytes taken for a segment as they are;
//! * records with all checksums put right, some with a header that does not fit (`Sealed`);
//! * bodies that the writer writes and damage that is done to them afterwards.
//!
//! The last two are either read from memory or recovered from files in `/dev/shm`.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use plimsoll_journal::{Body, MemorySink, Options, ReadError, Reader, Record, StateLock, WriteError, Writer};
use plimsoll_model::{Mono, Now, RawFrame};

use crate::sealed;

const SMALL: Options = Options { segment_bytes: Options::SEGMENT_BYTES_MIN };

/// Panics if something altered is read, or something changed is not found.
pub fn check(input: &[u8]) {
    let Some((what, rest)) = input.split_first() else { return };
    let mut bytes = Bytes(rest);
    match what % 5 {
        0 => drop(read(&[rest.to_vec()])),
        1 => check_sealed(&mut bytes, read),
        2 => check_damaged(&mut bytes, read),
        3 => check_sealed(&mut bytes, recover),
        _ => check_damaged(&mut bytes, recover),
    }
}

/// The records that were read, and whether the journal was found whole: `None` if it is broken, else whether
/// its end is torn.
type Read = (Vec<Record>, Option<bool>);

fn read(segments: &[Vec<u8>]) -> Read {
    let mut reader = Reader::from_memory(segments.to_vec());
    let mut records = Vec::new();
    for record in reader.by_ref() {
        match record {
            Ok(record) => records.push(record),
            Err(ReadError::Broken(_)) => return (records, None),
            Err(error @ ReadError::Io { .. }) => panic!("memory has no i/o: {error}"),
        }
    }
    let torn = reader.torn_tail().is_some();
    (records, Some(torn))
}

/// Segments made of records whose checksums hold: those that fit are read as they were written.
fn check_sealed(bytes: &mut Bytes<'_>, how: fn(&[Vec<u8>]) -> Read) {
    // No less than a writer keeps free for the seal.
    let room = 256 + usize::from(bytes.byte());
    let (mut written, mut fits, mut expected) = (Vec::new(), true, Vec::new());
    let mut last = sealed::Record { epoch: 1, ..sealed::Record::default() };
    while !bytes.0.is_empty() {
        let (record, is_next) = next_record(bytes, &last);
        let (sealed, hash) = record.seal();
        written.extend(sealed);
        fits &= is_next;
        if fits {
            expected.push((hash, record.json.clone(), record.kind));
        }
        last = sealed::Record { previous: hash, ..record };
    }
    let sealed_early = expected.iter().position(|(_, _, kind)| *kind == 0);
    let readable = sealed_early.unwrap_or(expected.len());
    let (records, end) = how(&[sealed::segment(&written, room)]);
    assert!(records.len() <= readable, "a record that does not fit was read");
    for (record, (hash, json, kind)) in records.iter().zip(&expected) {
        assert_eq!((&record.hash.0, &record.json, record.kind), (hash, json, *kind), "a record was altered");
        check_body(record);
    }
    if fits && sealed_early.is_none_or(|at| at + 1 == expected.len()) {
        assert_eq!((records.len(), end), (readable, Some(false)), "intact records were given up");
    } else {
        assert_ne!(end, Some(false), "a record that does not fit was not noticed");
    }
}

/// A record, and whether it is one that belongs behind the last one.
fn next_record(bytes: &mut Bytes<'_>, last: &sealed::Record) -> (sealed::Record, bool) {
    let (flags, kind) = (bytes.byte(), bytes.byte() % 18);
    let len = usize::from(bytes.byte()) * if flags & 0x80 == 0 { 1 } else { 8 };
    let has = |flag: u8| flags & flag != 0;
    let mut record = sealed::Record {
        seq: last.seq.wrapping_add(1),
        durable: last.seq,
        schema: 1,
        json: bytes.take(len).to_vec(),
        kind,
        ..last.clone()
    };
    if has(0x01) {
        record.seq = record.seq.wrapping_add(bytes.byte().into());
    }
    if has(0x02) {
        record.previous[0] ^= bytes.byte();
    }
    if has(0x04) {
        // Twice as fast each time: sixty-four of these reach the end of the numbers.
        record.epoch = record.epoch.saturating_mul(2).saturating_add(1);
    }
    if has(0x08) {
        record.epoch = bytes.byte().into();
    }
    if has(0x10) {
        record.durable = u64::MAX;
    }
    if has(0x20) {
        record.wall_ns = i128::from(bytes.byte()) << (bytes.byte() % 120);
    }
    if has(0x40) {
        record.schema = bytes.byte().into();
    }
    let is_next = record.seq == last.seq.wrapping_add(1)
        && record.previous == last.previous
        && (record.epoch >= last.epoch || last.seq == 0)
        // The next process would have no epoch.
        && record.epoch != u64::MAX
        && Timestamp::from_nanosecond(record.wall_ns).is_ok();
    (record, is_next)
}

/// A body that can be read is written again as one that reads the same.
fn check_body(record: &Record) {
    let Ok(body) = record.body() else { return };
    let mut writer = Writer::new(MemorySink::new(), Options { segment_bytes: 64 << 10 }, 1);
    if writer.append(record.now, &body).is_err() {
        return;
    }
    writer.write().expect("memory takes it");
    let (records, _) = read(&writer.into_sink().into_segments());
    let again: Vec<_> = records.iter().map(Record::body).collect();
    if body != Body::Sealed {
        assert_eq!(again, [Ok(body)], "written and read is another body");
    }
}

/// A journal as the writer writes it, and then some harm.
fn check_damaged(bytes: &mut Bytes<'_>, how: fn(&[Vec<u8>]) -> Read) {
    let mut writer = Writer::new(MemorySink::new(), SMALL, 1);
    for seq in 0..bytes.byte() % 16 {
        let at = Timestamp::from_second(seq.into()).expect("early");
        let now = Now { mono: Mono::from_nanos(seq.into()), wall: at };
        let synced = bytes.byte() & 0x80 == 0;
        append_or_not(&mut writer, now, &any_body(bytes));
        writer.write().expect("memory takes it");
        if synced {
            writer.sync().expect("memory takes it");
        }
    }
    let clean = writer.into_sink().into_segments();
    let (written, end) = read(&clean);
    assert_eq!(end, Some(false), "an intact journal was not read to its end");
    let mut segments = clean.clone();
    let harm = bytes.byte();
    let flipped = if harm == 0 { flip(bytes, &mut segments) } else { None };
    for _ in 0..harm % 4 {
        damage(bytes, &mut segments);
    }
    let (records, end) = how(&segments);
    assert!(written.starts_with(&records), "a record was altered");
    match flipped {
        Some(Flipped::Record) => assert_eq!(end, None, "a changed bit of a record was not found"),
        Some(Flipped::Unused) => {
            assert_ne!(end, Some(false), "a changed bit behind the records was not found");
            assert_eq!(records, written, "a bit behind the records cost one of them");
        }
        None if segments == clean => assert_eq!((records, end), (written, Some(false))),
        None => {}
    }
}

/// A text full of characters that are escaped may not fit a small segment: then nothing has happened.
fn append_or_not(writer: &mut Writer<MemorySink>, now: Now, body: &Body) {
    let head = writer.head();
    match writer.append(now, body) {
        // Not always the next one: a segment that is full gets its seal first.
        Ok(seq) => assert!(seq > head.seq && seq == writer.head().seq),
        Err(WriteError::TooLong { len, max }) => {
            assert!(len as u64 > max, "a record of {len} bytes was refused that has room in {max}");
            assert_eq!(writer.head(), head, "a refused record changed the journal");
        }
        Err(error) => panic!("memory takes it: {error}"),
    }
}

fn any_body(bytes: &mut Bytes<'_>) -> Body {
    let (kind, len) = (bytes.byte(), usize::from(bytes.byte()) * 4);
    let taken = bytes.take(len);
    let text = || String::from_utf8_lossy(taken).into_owned();
    let raw = || RawFrame::new(taken.to_vec().into()).into();
    match kind % 6 {
        0 => Body::FromBot { link: 1, server_version: 178, raw: raw() },
        1 => Body::FromVenue { link: 900, server_version: 213, raw: raw() },
        2 => Body::Decision { text: text() },
        3 => Body::Halt { level: "all".into(), bot: None, by: text(), reason: text() },
        4 => Body::Woke,
        _ => Body::Started { epoch: 1, config_toml: text() },
    }
}

enum Flipped {
    Record,
    Unused,
}

/// Changes one bit and nothing else.
fn flip(bytes: &mut Bytes<'_>, segments: &mut [Vec<u8>]) -> Option<Flipped> {
    let (segment, at, bit) = (bytes.byte(), bytes.short(), bytes.byte() % 8);
    let last = segments.len().checked_sub(1)?;
    let index = usize::from(segment) % segments.len();
    let segment = &mut segments[index];
    let at = at % segment.len();
    let end = segment.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    segment[at] ^= 1 << bit;
    // Behind the seal of a segment that has a successor nothing may be torn.
    Some(if at < end || index < last { Flipped::Record } else { Flipped::Unused })
}

fn damage(bytes: &mut Bytes<'_>, segments: &mut Vec<Vec<u8>>) {
    if segments.is_empty() {
        return;
    }
    let (what, index) = (bytes.byte(), usize::from(bytes.byte()) % segments.len());
    let count = segments.len();
    let segment = &mut segments[index];
    if segment.is_empty() {
        return;
    }
    let from = bytes.short() % segment.len();
    let to = (from + bytes.short()).min(segment.len());
    match what % 7 {
        0 => segment[from..to].fill(0),
        1 => {
            let source = bytes.short() % segment.len();
            let len = (to - from).min(segment.len() - source);
            segment.copy_within(source..source + len, from);
        }
        2 => {
            let taken = bytes.take(to - from);
            segment[from..from + taken.len()].copy_from_slice(taken);
        }
        3 => segment.truncate(from),
        4 => segments.swap(index, from % count),
        5 => drop(segments.remove(index)),
        _ => segments.insert(index, segments[from % count].clone()),
    }
}

/// Writes the segments as files, recovers and goes on. What was recovered, and what stands there now.
fn recover(segments: &[Vec<u8>]) -> Read {
    let state = State::new(segments);
    let (files, dir) = (state.files(), state.0.join("journal"));
    let lock = StateLock::acquire(&state.0).expect("nobody else has it");
    let recovered = match plimsoll_journal::recover(&lock) {
        Ok(recovered) => recovered,
        Err(ReadError::Broken(_)) => {
            assert_eq!(state.files(), files, "a broken journal was changed");
            return (records_of(&dir), None);
        }
        Err(error @ ReadError::Io { .. }) => panic!("the files are ours: {error}"),
    };
    let (head, torn) = (recovered.head, recovered.torn_tail.is_some());
    let before = records_of(&dir);
    let mut writer = recovered.into_writer(SMALL);
    let now = Now { mono: Mono::from_nanos(0), wall: Timestamp::UNIX_EPOCH };
    let seq = writer.append(now, &Body::Woke).expect("a short body fits");
    writer.sync().expect("the files are ours");
    let report = plimsoll_journal::verify(&dir).expect("what was recovered reads well");
    assert_eq!(report.torn_tail, None, "the torn end is still there");
    assert!(seq > head.seq && report.head.seq == seq && report.head.epoch == head.epoch + 1);
    let mut after = records_of(&dir);
    assert_eq!(after.pop().expect("the one appended").body(), Ok(Body::Woke));
    assert_eq!(after, before, "going on changed what was there");
    (before, Some(torn))
}

fn records_of(dir: &Path) -> Vec<Record> {
    let reader = Reader::open(dir).expect("the folder is ours");
    reader.map_while(Result::ok).collect()
}

/// A state directory in memory, gone with the value.
struct State(PathBuf);

impl State {
    fn new(segments: &[Vec<u8>]) -> Self {
        let dir = PathBuf::from(format!("/dev/shm/plimsoll-fuzz-{}", std::process::id()));
        fs::create_dir_all(dir.join("journal")).expect("/dev/shm is writable");
        let state = Self(dir);
        for (index, segment) in segments.iter().enumerate() {
            fs::write(state.path(index, segment), segment).expect("/dev/shm has room");
        }
        state
    }

    /// Named by its head, as the writer does; a head that is no more is named by its place.
    fn path(&self, index: usize, segment: &[u8]) -> PathBuf {
        let first = segment.get(18..26).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
        let first = first.unwrap_or(index as u64);
        self.0.join("journal").join(format!("{first:012}.plj"))
    }

    fn files(&self) -> Vec<Vec<u8>> {
        let mut names: Vec<_> = fs::read_dir(self.0.join("journal"))
            .expect("the folder is ours")
            .map(|entry| entry.expect("the folder is ours").path())
            .collect();
        names.sort();
        names.iter().map(|name| fs::read(name).expect("the file is ours")).collect()
    }
}

impl Drop for State {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The rest of the input; zeros where it has ended.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> u8 {
        self.0.split_off_first().copied().unwrap_or(0)
    }

    fn short(&mut self) -> usize {
        usize::from(u16::from_be_bytes([self.byte(), self.byte()]))
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        self.0.split_off(..len.min(self.0.len())).unwrap_or_default()
    }
}
