//! The head of a segment file and its name.
//!
//! ```text
//! offset  bytes  field
//!      0      8  magic "PLIMSOLL"
//!      8      2  format version
//!     10      8  size of the file; it is allocated and zeroed before its first record
//!     18      8  sequence number of the first record
//!     26     32  hash of the last record of the segment before; zeros in the first segment
//!     58      4  CRC32C of bytes 0..58
//! ```
//! The file gets its name only after these bytes and the zeros are on the disk, so that no crash can leave
//! a segment without a head.

use crate::record::{Hash, array};

const MAGIC: [u8; 8] = *b"PLIMSOLL";
const VERSION: u16 = 1;
/// Where the first record begins.
pub(crate) const HEADER_LEN: usize = 62;

/// The head of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) size: u64,
    pub(crate) first_seq: u64,
    pub(crate) previous: Hash,
}

impl Header {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_LEN);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&self.size.to_le_bytes());
        out.extend_from_slice(&self.first_seq.to_le_bytes());
        out.extend_from_slice(&self.previous.0);
        out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..HEADER_LEN)?;
        let intact = bytes[..8] == MAGIC
            && u16::from_le_bytes(array(bytes, 8)) == VERSION
            && crc32c::crc32c(&bytes[..58]) == u32::from_le_bytes(array(bytes, 58));
        intact.then(|| Self {
            size: u64::from_le_bytes(array(bytes, 10)),
            first_seq: u64::from_le_bytes(array(bytes, 18)),
            previous: Hash(array(bytes, 26)),
        })
    }
}

/// `000000000001.plj`.
pub(crate) fn file_name(first_seq: u64) -> String {
    format!("{first_seq:012}.plj")
}

/// The sequence number in a segment's name; none if it is not the name of a segment.
pub(crate) fn seq_of_name(name: &str) -> Option<u64> {
    let seq = name.strip_suffix(".plj")?.parse().ok()?;
    (file_name(seq) == name).then_some(seq)
}
