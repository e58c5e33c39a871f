//! The bytes of one record. All numbers are little-endian.
//!
//! ```text
//! offset  bytes  field
//!      0      4  magic "PLJR"
//!      4      4  length of the whole record, magic to end mark
//!      8      8  sequence number, counts up by one through all segments, starts at 1
//!     16      8  epoch, one higher at every start of the process
//!     24      8  durable: the highest sequence number known to be on the disk when this was written
//!     32     16  wall clock, nanoseconds since 1970, signed
//!     48      8  monotonic clock, nanoseconds
//!     56      1  kind of body
//!     57      2  schema version of the body
//!     59     32  hash of the previous record; zeros before the first
//!     91      4  CRC32C of bytes 0..91
//!     95      n  body, JSON
//!   95+n      4  CRC32C of bytes 0..95+n
//!   99+n     32  BLAKE3 of bytes 0..99+n
//!  131+n      1  end mark 0xA7
//! ```
//!
//! Magic, header checksum and end mark are there for one question: was this record written completely?
//! A complete one that does not check is rot or tampering; an incomplete one may be a crash.

use jiff::Timestamp;
use plimsoll_model::{Mono, Now};

use crate::body::{Body, BodyError, to_hex};

/// First bytes of a record. None of them is zero, nor becomes zero by one changed bit.
pub(crate) const MAGIC: [u8; 4] = *b"PLJR";
/// Everything before the body.
pub(crate) const HEADER_LEN: usize = 95;
/// Everything after the body.
pub(crate) const TRAILER_LEN: usize = 4 + 32 + 1;
/// Last byte of a record; not zero, nor zero after one changed bit.
pub(crate) const END_MARK: u8 = 0xA7;

/// A BLAKE3 hash: of a record, and with it of everything before it.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The first eight hexadecimal digits: enough for a person to compare.
    pub fn short(&self) -> String {
        to_hex(&self.0[..4])
    }
}

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.short())
    }
}

/// One record, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Counts up by one through all segments.
    pub seq: u64,
    /// Which start of the process wrote it.
    pub epoch: u64,
    /// The highest sequence number known to be on the disk when this was written.
    pub durable: u64,
    /// Both clocks at the event.
    pub now: Now,
    /// See [`Body::kind`].
    pub kind: u8,
    /// The version of the body's JSON.
    pub schema: u16,
    /// Of the record before it.
    pub previous: Hash,
    /// The body's JSON, as stored.
    pub json: Vec<u8>,
    /// Of this record.
    pub hash: Hash,
}

impl Record {
    /// The body, if this version can read it.
    pub fn body(&self) -> Result<Body, BodyError> {
        Body::decode(self.kind, self.schema, &self.json)
    }
}

/// What a writer knows about the record that it appends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp {
    pub(crate) seq: u64,
    pub(crate) epoch: u64,
    pub(crate) durable: u64,
    pub(crate) now: Now,
    pub(crate) previous: Hash,
}

/// How many bytes a record with this body takes.
pub(crate) const fn encoded_len(body_len: usize) -> usize {
    HEADER_LEN + body_len + TRAILER_LEN
}

/// Appends the record to `out` and returns its hash. The caller has checked that the length fits a u32.
pub(crate) fn encode(stamp: Stamp, kind: u8, json: &[u8], out: &mut Vec<u8>) -> Hash {
    let start = out.len();
    let len = u32::try_from(encoded_len(json.len())).expect("the writer refuses what exceeds a segment");
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(&stamp.seq.to_le_bytes());
    out.extend_from_slice(&stamp.epoch.to_le_bytes());
    out.extend_from_slice(&stamp.durable.to_le_bytes());
    out.extend_from_slice(&stamp.now.wall.as_nanosecond().to_le_bytes());
    out.extend_from_slice(&stamp.now.mono.as_nanos().to_le_bytes());
    out.push(kind);
    out.extend_from_slice(&Body::SCHEMA.to_le_bytes());
    out.extend_from_slice(&stamp.previous.0);
    out.extend_from_slice(&crc32c::crc32c(&out[start..]).to_le_bytes());
    out.extend_from_slice(json);
    out.extend_from_slice(&crc32c::crc32c(&out[start..]).to_le_bytes());
    let hash = Hash(*blake3::hash(&out[start..]).as_bytes());
    out.extend_from_slice(&hash.0);
    out.push(END_MARK);
    hash
}

/// The length that the header at the start of `bytes` declares, if the header is complete and unharmed.
pub(crate) fn declared_len(bytes: &[u8]) -> Option<usize> {
    let header = bytes.get(..HEADER_LEN)?;
    if header[..4] != MAGIC || crc32c::crc32c(&header[..91]) != u32::from_le_bytes(array(header, 91)) {
        return None;
    }
    let len = usize::try_from(u32::from_le_bytes(array(header, 4))).ok()?;
    (len >= encoded_len(0)).then_some(len)
}

/// The record at the start of `bytes` and its length, if every check of the record itself holds. Whether
/// it is the next record of this journal is the reader's question.
pub(crate) fn decode(bytes: &[u8]) -> Option<(Record, usize)> {
    let len = declared_len(bytes)?;
    let bytes = bytes.get(..len)?;
    let crc_at = len - TRAILER_LEN;
    let hash_at = crc_at + 4;
    let hash = Hash(*blake3::hash(&bytes[..hash_at]).as_bytes());
    let intact = crc32c::crc32c(&bytes[..crc_at]) == u32::from_le_bytes(array(bytes, crc_at))
        && hash.0 == array(bytes, hash_at)
        && bytes[len - 1] == END_MARK;
    if !intact {
        return None;
    }
    let wall = Timestamp::from_nanosecond(i128::from_le_bytes(array(bytes, 32))).ok()?;
    let mono = Mono::from_nanos(u64::from_le_bytes(array(bytes, 48)));
    let record = Record {
        seq: u64::from_le_bytes(array(bytes, 8)),
        epoch: u64::from_le_bytes(array(bytes, 16)),
        durable: u64::from_le_bytes(array(bytes, 24)),
        now: Now { mono, wall },
        kind: bytes[56],
        schema: u16::from_le_bytes(array(bytes, 57)),
        previous: Hash(array(bytes, 59)),
        json: bytes[HEADER_LEN..crc_at].to_vec(),
        hash,
    };
    Some((record, len))
}

/// `N` bytes at an offset that the caller has checked.
pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("the slice has N bytes")
}
