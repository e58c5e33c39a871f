//! Reading and proving a journal.
//!
//! Nothing is skipped and nothing is guessed: the first thing that does not fit ends the reading with its
//! place and reason. One exception: the end of the *last* segment may be torn, which is what a crash
//! leaves of a batch that was not synced yet.

use std::path::{Path, PathBuf};
use std::{fs, io, mem};

use thiserror::Error;

use crate::body::Body;
use crate::record::{self, Record};
use crate::segment::{self, Header};
use crate::tear;
use crate::writer::{Head, Options};

/// Iterates over the records of a journal, oldest first, and checks every byte on the way.
#[derive(Debug)]
pub struct Reader {
    source: Source,
    next: usize,
    segment: Option<Segment>,
    head: Head,
    /// Where the chain must go on; none before the first segment of a lone file.
    chained: bool,
    torn: Option<TornTail>,
    failed: bool,
}

/// A journal's segments.
#[derive(Debug)]
enum Source {
    Files(Vec<PathBuf>),
    Memory(Vec<Vec<u8>>),
}

/// The segment being read.
#[derive(Debug)]
struct Segment {
    file: PathBuf,
    bytes: Vec<u8>,
    at: usize,
}

/// The remains of a write that a crash interrupted, at the end of the last segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The record that is missing; it had not been reported as synced.
    pub seq: u64,
    /// In which file.
    pub file: PathBuf,
    /// Where its remains begin.
    pub offset: u64,
}

/// Why a journal could not be read to its end.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The disk.
    #[error("journal not readable at {}: {source}", .path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The journal is not what was written.
    #[error(transparent)]
    Broken(#[from] Broken),
}

/// The first place at which a journal is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("journal broken at record {seq} ({} byte {offset}): {why}; keep the file, do not trade on it", .file.display())]
pub struct Broken {
    /// The record that should have been there.
    pub seq: u64,
    /// In which file.
    pub file: PathBuf,
    /// Where.
    pub offset: u64,
    /// What does not fit.
    pub why: Why,
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Why {
    /// The head of the file does not check.
    #[error("the segment's head is damaged or of an unknown format")]
    Head,
    /// The file was cut or has grown.
    #[error("the file has {is} bytes and was made with {should}")]
    Size {
        /// On the disk.
        is: u64,
        /// In its head.
        should: u64,
    },
    /// The file's name says another record than its head.
    #[error("the file is named for another record than {first_seq}, which its head says")]
    Name {
        /// In its head.
        first_seq: u64,
    },
    /// A file is missing, or one too many.
    #[error("the segment begins with record {found}")]
    Gap {
        /// In its head.
        found: u64,
    },
    /// Bytes were written completely and are different now.
    #[error("the record is complete and its checksums do not match")]
    Damaged,
    /// An intact record that belongs elsewhere.
    #[error("record {found} stands here")]
    Order {
        /// The intact record's number.
        found: u64,
    },
    /// An intact record that follows another one than this.
    #[error("the record follows another one than that before it")]
    Chain,
    /// An intact record of a process that had been replaced.
    #[error("the record is of epoch {found}, after one of epoch {after}")]
    Epoch {
        /// The record's.
        found: u64,
        /// Of the record before.
        after: u64,
    },
    /// The segment has a successor and no end.
    #[error("the segment ends without its seal, and another one follows")]
    Unsealed,
    /// Bytes after the seal.
    #[error("bytes follow the segment's seal")]
    AfterSeal,
}

/// What [`verify`] found in a journal without fault.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// How many records, the writer's own seals not counted.
    pub records: u64,
    /// How many files.
    pub segments: u64,
    /// How many records were written by a version whose bodies this one cannot read.
    pub unreadable: u64,
    /// Sequence number of the first record; none in an empty journal.
    pub first: Option<u64>,
    /// The last record. Compare its hash with one that was noted elsewhere: that proves the end, too.
    pub head: Head,
    /// The epochs that wrote in it, in order.
    pub epochs: Vec<u64>,
    /// What a crash left at the end.
    pub torn_tail: Option<TornTail>,
}

/// Reads a whole journal (a directory) or one segment (a file) and reports, or names the first bad record.
pub fn verify(path: &Path) -> Result<Report, ReadError> {
    Reader::open(path)?.into_report()
}

impl Reader {
    /// A journal's directory, or one of its segments. A directory that does not exist is an empty journal.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let files = if path.is_file() { vec![path.to_owned()] } else { list_segments(path)? };
        let chained = !path.is_file();
        Ok(Self::new(Source::Files(files), chained))
    }

    /// The segments of a [`crate::MemorySink`], oldest first.
    pub fn from_memory(segments: Vec<Vec<u8>>) -> Self {
        Self::new(Source::Memory(segments), true)
    }

    fn new(source: Source, chained: bool) -> Self {
        let head = Head::default();
        Self { source, next: 0, segment: None, head, chained, torn: None, failed: false }
    }

    /// The last record read so far.
    pub fn head(&self) -> Head {
        self.head
    }

    /// What a crash left at the end; known when the iteration has ended.
    pub fn torn_tail(&self) -> Option<&TornTail> {
        self.torn.as_ref()
    }

    /// Reads to the end.
    pub fn into_report(mut self) -> Result<Report, ReadError> {
        let mut report = Report::default();
        for record in self.by_ref() {
            let record = record?;
            report.records += 1;
            report.first.get_or_insert(record.seq);
            report.unreadable += u64::from(record.body().is_err());
            if report.epochs.last() != Some(&record.epoch) {
                report.epochs.push(record.epoch);
            }
        }
        report.segments = self.source.len() as u64;
        report.head = self.head;
        report.torn_tail = self.torn;
        Ok(report)
    }

    /// The file that the next record would go to, its size and the offset there; none if the last segment
    /// is sealed. Known when the iteration has ended.
    pub(crate) fn end(&self) -> Option<(&Path, u64, u64)> {
        let segment = self.segment.as_ref()?;
        Some((&segment.file, segment.bytes.len() as u64, segment.at as u64))
    }

    fn next_seq(&self) -> u64 {
        self.head.seq.saturating_add(1)
    }

    fn step(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            let Some(mut segment) = self.segment.take() else {
                if !self.open_next()? {
                    return Ok(None);
                }
                continue;
            };
            let Some((record, len)) = record::decode(&segment.bytes[segment.at..]) else {
                let ended = self.judge_end(&segment);
                self.segment = Some(segment);
                return ended.map(|()| None).map_err(ReadError::Broken);
            };
            if let Err(why) = self.fits(&record) {
                return Err(self.broken(&segment, why).into());
            }
            segment.at += len;
            self.head = Head { seq: record.seq, epoch: record.epoch, hash: record.hash };
            if record.kind != Body::Sealed.kind() {
                self.segment = Some(segment);
                return Ok(Some(record));
            }
            if segment.bytes[segment.at..].iter().any(|byte| *byte != 0) {
                return Err(self.broken(&segment, Why::AfterSeal).into());
            }
        }
    }

    /// Opens the next segment, if there is one, and checks its head against what was read before.
    fn open_next(&mut self) -> Result<bool, ReadError> {
        let Some((file, bytes)) = self.source.load(self.next)? else { return Ok(false) };
        self.next += 1;
        let segment = Segment { file, bytes, at: 0 };
        let Some(header) = Header::decode(&segment.bytes) else {
            return Err(self.broken(&segment, Why::Head).into());
        };
        if !mem::replace(&mut self.chained, true) {
            self.head = Head { seq: header.first_seq.saturating_sub(1), epoch: 0, hash: header.previous };
        }
        let named = segment.file.file_name().and_then(|name| segment::seq_of_name(&name.to_string_lossy()));
        let is = segment.bytes.len() as u64;
        let why = if header.size != is {
            Why::Size { is, should: header.size }
        } else if matches!(self.source, Source::Files(_)) && named != Some(header.first_seq) {
            Why::Name { first_seq: header.first_seq }
        } else if header.first_seq != self.next_seq() {
            Why::Gap { found: header.first_seq }
        } else if header.previous != self.head.hash {
            Why::Chain
        } else {
            self.segment = Some(Segment { at: segment::HEADER_LEN, ..segment });
            return Ok(true);
        };
        Err(self.broken(&segment, why).into())
    }

    /// Whether an intact record is the one that belongs here.
    fn fits(&self, record: &Record) -> Result<(), Why> {
        if record.seq != self.next_seq() {
            Err(Why::Order { found: record.seq })
        } else if record.previous != self.head.hash {
            Err(Why::Chain)
        } else if record.epoch < self.head.epoch || record.epoch == u64::MAX {
            // No process could follow the highest epoch of all.
            Err(Why::Epoch { found: record.epoch, after: self.head.epoch })
        } else {
            Ok(())
        }
    }

    /// No record stands here: the end, a torn end, or damage.
    fn judge_end(&mut self, segment: &Segment) -> Result<(), Broken> {
        let is_last = self.next == self.source.len();
        let is_empty = segment.bytes[segment.at..].iter().all(|byte| *byte == 0);
        let seq = self.next_seq();
        match (is_last, is_empty) {
            (true, true) => Ok(()),
            (true, false) if tear::is_torn(&segment.bytes, segment.at, seq) => {
                self.torn = Some(TornTail { seq, file: segment.file.clone(), offset: segment.at as u64 });
                Ok(())
            }
            (false, true) => Err(self.broken(segment, Why::Unsealed)),
            (_, false) => Err(self.broken(segment, Why::Damaged)),
        }
    }

    fn broken(&self, segment: &Segment, why: Why) -> Broken {
        Broken { seq: self.next_seq(), file: segment.file.clone(), offset: segment.at as u64, why }
    }
}

impl Iterator for Reader {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let step = self.step().transpose();
        self.failed = matches!(step, Some(Err(_)));
        step
    }
}

impl Source {
    fn len(&self) -> usize {
        match self {
            Self::Files(files) => files.len(),
            Self::Memory(segments) => segments.len(),
        }
    }

    fn load(&mut self, index: usize) -> Result<Option<(PathBuf, Vec<u8>)>, ReadError> {
        match self {
            Self::Files(files) => {
                files.get(index).map(|path| Ok((path.clone(), read_file(path)?))).transpose()
            }
            Self::Memory(segments) => Ok(segments
                .get_mut(index)
                .map(|segment| (PathBuf::from(format!("segment {}", index + 1)), mem::take(segment)))),
        }
    }
}

/// Reads a segment. A file larger than any segment is not read at all: its size alone is the fault.
fn read_file(path: &Path) -> Result<Vec<u8>, ReadError> {
    let io_error = |source| ReadError::Io { path: path.to_owned(), source };
    let size = fs::metadata(path).map_err(io_error)?.len();
    if size > Options::SEGMENT_BYTES_MAX {
        let why = Why::Size { is: size, should: Options::SEGMENT_BYTES_MAX };
        return Err(Broken { seq: 0, file: path.to_owned(), offset: 0, why }.into());
    }
    fs::read(path).map_err(io_error)
}

fn list_segments(dir: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let io_error = |source| ReadError::Io { path: dir.to_owned(), source };
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(io_error)?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(io_error)?;
        if let Some(seq) = segment::seq_of_name(&entry.file_name().to_string_lossy()) {
            files.push((seq, entry.path()));
        }
    }
    files.sort();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}
