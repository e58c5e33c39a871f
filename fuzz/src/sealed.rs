//! Journal segments written by the format's description and not by the crate that reads them, with every
//! checksum right whatever they say: without that no changed byte would get past the first check.
//!
//! Does not own the format; `plimsoll-journal` documents it in `record` and `segment`.

/// One record before its checksums.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    pub(crate) seq: u64,
    pub(crate) epoch: u64,
    pub(crate) durable: u64,
    pub(crate) wall_ns: i128,
    pub(crate) kind: u8,
    pub(crate) schema: u16,
    pub(crate) previous: [u8; 32],
    pub(crate) json: Vec<u8>,
}

impl Record {
    /// The record's bytes and its hash.
    pub(crate) fn seal(&self) -> (Vec<u8>, [u8; 32]) {
        let len = u32::try_from(95 + self.json.len() + 37).expect("a fuzzer's input is short");
        let mut out = b"PLJR".to_vec();
        out.extend(len.to_le_bytes());
        out.extend(self.seq.to_le_bytes());
        out.extend(self.epoch.to_le_bytes());
        out.extend(self.durable.to_le_bytes());
        out.extend(self.wall_ns.to_le_bytes());
        out.extend(self.seq.to_le_bytes());
        out.push(self.kind);
        out.extend(self.schema.to_le_bytes());
        out.extend(self.previous);
        out.extend(crc32c::crc32c(&out).to_le_bytes());
        out.extend(&self.json);
        out.extend(crc32c::crc32c(&out).to_le_bytes());
        let hash = *blake3::hash(&out).as_bytes();
        out.extend(hash);
        out.push(0xA7);
        (out, hash)
    }
}

/// A first segment of these records' bytes with some room behind them.
pub(crate) fn segment(records: &[u8], room: usize) -> Vec<u8> {
    let size = 62 + records.len() + room;
    let mut out = b"PLIMSOLL".to_vec();
    out.extend(1_u16.to_le_bytes());
    out.extend((size as u64).to_le_bytes());
    out.extend(1_u64.to_le_bytes());
    out.extend([0; 32]);
    out.extend(crc32c::crc32c(&out).to_le_bytes());
    out.extend(records);
    out.resize(size, 0);
    out
}
