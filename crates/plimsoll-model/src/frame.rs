//! Opaque bytes of one message, kept so that what is relayed is what was sent.

use std::fmt;

use bytes::Bytes;

/// The payload of one frame, without its length prefix. Cloning shares the bytes.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct RawFrame(Bytes);

impl RawFrame {
    /// Wraps a payload.
    pub const fn new(payload: Bytes) -> Self {
        Self(payload)
    }

    /// The payload.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The payload, to share parts of it.
    pub const fn payload(&self) -> &Bytes {
        &self.0
    }

    /// The payload, shared.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl fmt::Debug for RawFrame {
    /// NUL separators as `|`, the way TWS frames are written down everywhere.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0).replace('\0', "|"))
    }
}
