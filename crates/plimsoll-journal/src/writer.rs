//! Appending. No thread and no clock: the shell decides when a batch goes to the disk, and one sync makes
//! everything appended before it durable (group commit).

use std::io;

use plimsoll_model::Now;
use thiserror::Error;

use crate::body::Body;
use crate::record::{self, Hash, Stamp};
use crate::segment::{self, Header};
use crate::sink::{FileSink, Sink};
use crate::spare::{Spare, SpareOrder};

/// The last record of a journal. The hash stands for everything before it, so a copy of it kept elsewhere
/// proves later that nothing was cut or rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    /// Zero if there is none yet.
    pub seq: u64,
    /// Zero if there is none yet.
    pub epoch: u64,
    /// Zeros if there is none yet.
    pub hash: Hash,
}

impl Head {
    /// `seq:hash8`, short enough for an alert, long enough to prove the journal's end later.
    pub fn anchor(&self) -> String {
        format!("{}:{}", self.seq, self.hash.short())
    }
}

/// How a journal is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The size of new segments, 4 KiB to 1 GiB. A record longer than a segment is refused, so this
    /// bounds the longest frame too.
    pub segment_bytes: u64,
}

impl Options {
    /// Smallest segment.
    pub const SEGMENT_BYTES_MIN: u64 = 4 << 10;
    /// Largest segment: the reader holds one in memory.
    pub const SEGMENT_BYTES_MAX: u64 = 1 << 30;
}

impl Default for Options {
    /// 64 MiB: some two hundred thousand records.
    fn default() -> Self {
        Self { segment_bytes: 64 << 20 }
    }
}

/// Why an append, write or sync did not happen.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The record does not fit; the journal stays as it was and goes on.
    #[error("record of {len} bytes exceeds the {max} that a segment holds; it was not journaled")]
    TooLong {
        /// The record's.
        len: usize,
        /// The segment's.
        max: u64,
    },
    /// The disk refused. The writer is poisoned from here on.
    #[error("journal not written: {0}; nothing more will be journaled by this process, restart it")]
    Io(#[from] io::Error),
    /// An earlier call had failed.
    #[error("journal is closed since an earlier write failed; restart the process")]
    Poisoned,
}

/// How large a batch may have been for its memory to be kept for the next.
const BATCH_KEPT_MAX: usize = 2 << 20;

/// Appends records to a sink.
#[derive(Debug)]
pub struct Writer<S> {
    sink: S,
    options: Options,
    epoch: u64,
    head: Head,
    durable: u64,
    open: Option<OpenSegment>,
    batch: Vec<u8>,
    poisoned: bool,
}

#[derive(Debug, Clone, Copy)]
struct OpenSegment {
    size: u64,
    /// Where the batch will be written.
    offset: u64,
}

/// Where a recovered journal goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Resume {
    pub(crate) head: Head,
    /// Size of the last segment and the offset of its end; none if it is sealed or there is none.
    pub(crate) open: Option<(u64, u64)>,
}

impl<S: Sink> Writer<S> {
    /// A new journal in an empty sink.
    pub fn new(sink: S, options: Options, epoch: u64) -> Self {
        Self::resume(sink, options, epoch, Resume { head: Head::default(), open: None })
    }

    pub(crate) fn resume(sink: S, options: Options, epoch: u64, at: Resume) -> Self {
        assert!(
            (Options::SEGMENT_BYTES_MIN..=Options::SEGMENT_BYTES_MAX).contains(&options.segment_bytes),
            "invariant: a segment has 4 KiB to 1 GiB: {options:?}"
        );
        assert!(epoch >= at.head.epoch, "invariant: an old epoch cannot write: {epoch} after {:?}", at.head);
        let open = at.open.map(|(size, offset)| OpenSegment { size, offset });
        Self {
            sink,
            options,
            epoch,
            head: at.head,
            durable: at.head.seq,
            open,
            batch: Vec::new(),
            poisoned: false,
        }
    }

    /// Adds a record to the batch and returns its sequence number. Touches the disk only when the segment
    /// is full: then it is sealed, synced and followed by the next one.
    pub fn append(&mut self, now: Now, body: &Body) -> Result<u64, WriteError> {
        self.check()?;
        let json = body.encode();
        let len = record::encoded_len(json.len());
        // The end of a segment is kept free for its seal.
        let max = self.options.segment_bytes - (segment::HEADER_LEN + seal_len()) as u64;
        if len as u64 > max {
            return Err(WriteError::TooLong { len, max });
        }
        if self.room() < (len + seal_len()) as u64 {
            let rolled = self.roll(now);
            self.poison_on_error(rolled)?;
        }
        self.encode(now, body.kind(), &json);
        Ok(self.head.seq)
    }

    /// Hands the batch to the operating system: from here it survives the process, not the machine.
    pub fn write(&mut self) -> Result<(), WriteError> {
        self.check()?;
        let written = self.write_batch();
        self.poison_on_error(written)
    }

    /// Makes everything appended so far durable and returns the last sequence number of it.
    pub fn sync(&mut self) -> Result<u64, WriteError> {
        self.check()?;
        let synced = self.sync_batch();
        self.poison_on_error(synced)?;
        Ok(self.durable)
    }

    /// The last record appended.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The last record known to be on the disk.
    pub fn durable(&self) -> u64 {
        self.durable
    }

    /// Bytes appended and not yet written.
    pub fn pending(&self) -> usize {
        self.batch.len()
    }

    /// The sink, to be looked at.
    pub fn sink(&self) -> &S {
        &self.sink
    }

    /// The sink, with everything that was written.
    pub fn into_sink(self) -> S {
        self.sink
    }

    fn check(&self) -> Result<(), WriteError> {
        if self.poisoned { Err(WriteError::Poisoned) } else { Ok(()) }
    }

    fn poison_on_error(&mut self, result: io::Result<()>) -> Result<(), WriteError> {
        self.poisoned = result.is_err();
        result.map_err(WriteError::Io)
    }

    fn room(&self) -> u64 {
        self.open.map_or(0, |open| open.size - open.offset - self.batch.len() as u64)
    }

    fn encode(&mut self, now: Now, kind: u8, json: &[u8]) {
        let seq = self.head.seq + 1;
        let stamp = Stamp { seq, epoch: self.epoch, durable: self.durable, now, previous: self.head.hash };
        let hash = record::encode(stamp, kind, json, &mut self.batch);
        self.head = Head { seq, epoch: self.epoch, hash };
    }

    fn roll(&mut self, now: Now) -> io::Result<()> {
        if self.open.is_some() {
            // Room for this record is kept free by every append.
            self.encode(now, Body::Sealed.kind(), &Body::Sealed.encode());
            // The next segment's existence says that this one is complete.
            self.sync_batch()?;
            self.open = None;
        }
        let size = self.options.segment_bytes;
        let first_seq = self.head.seq + 1;
        let header = Header { size, first_seq, previous: self.head.hash };
        self.sink.create(first_seq, size, &header.encode())?;
        self.open = Some(OpenSegment { size, offset: segment::HEADER_LEN as u64 });
        Ok(())
    }

    fn write_batch(&mut self) -> io::Result<()> {
        if let Some(open) = &mut self.open
            && !self.batch.is_empty()
        {
            self.sink.write(open.offset, &self.batch)?;
            open.offset += self.batch.len() as u64;
            self.batch.clear();
            // One record may have been as long as a segment.
            self.batch.shrink_to(BATCH_KEPT_MAX);
        }
        Ok(())
    }

    fn sync_batch(&mut self) -> io::Result<()> {
        self.write_batch()?;
        if self.durable < self.head.seq {
            self.sink.sync()?;
            self.durable = self.head.seq;
        }
        Ok(())
    }
}

impl Writer<FileSink> {
    /// What to make while there is time, so that the end of this segment holds nobody up. None: it is there.
    pub fn spare_wanted(&self) -> Option<SpareOrder> {
        self.sink.spare_wanted(self.options.segment_bytes)
    }

    /// Takes what was made.
    pub fn take_spare(&mut self, spare: Spare) {
        self.sink.take_spare(spare);
    }
}

/// The room that every segment keeps for its last record.
pub(crate) fn seal_len() -> usize {
    record::encoded_len(Body::Sealed.encode().len())
}
