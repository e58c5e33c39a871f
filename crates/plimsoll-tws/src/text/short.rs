//! Bytes that are mostly few: those of a short text stand in the value itself, where copying them is cheaper
//! than counting who shares them.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use bytes::Bytes;

use crate::spelling::Raw;

/// So many that a value is no larger than one of shared bytes.
const INSIDE_MAX: usize = 22;

#[derive(Clone)]
pub(super) enum Short {
    /// What stands behind the length is nothing, or what followed in the frame; nobody sees it.
    Inside {
        len: u8,
        bytes: [u8; INSIDE_MAX],
    },
    Shared(Bytes),
}

impl Short {
    pub(super) const EMPTY: Self = Self::Inside { len: 0, bytes: [0; INSIDE_MAX] };

    /// Becomes the bytes of a field; shares the frame's own if they are many.
    #[inline]
    pub(super) fn read_field(&mut self, raw: Raw<'_>) {
        match (u8::try_from(raw.bytes.len()), raw.behind.first_chunk()) {
            // In place: a value that is put together elsewhere is moved in larger pieces than it was made of,
            // and the processor has to wait for that.
            (Ok(len), Some(bytes)) if raw.bytes.len() <= INSIDE_MAX => {
                *self = Self::Inside { len, bytes: *bytes };
            }
            _ => *self = Self::of(raw.bytes, || raw.share()),
        }
    }

    pub(super) fn copy(bytes: &[u8]) -> Self {
        Self::of(bytes, || Bytes::copy_from_slice(bytes))
    }

    fn of(bytes: &[u8], share: impl FnOnce() -> Bytes) -> Self {
        match u8::try_from(bytes.len()) {
            Ok(len) if bytes.len() <= INSIDE_MAX => {
                let mut inside = [0; INSIDE_MAX];
                inside[..bytes.len()].copy_from_slice(bytes);
                Self::Inside { len, bytes: inside }
            }
            _ => Self::Shared(share()),
        }
    }

    pub(super) const fn shared(bytes: Bytes) -> Self {
        Self::Shared(bytes)
    }

    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Inside { len, bytes } => &bytes[..usize::from(*len)],
            Self::Shared(bytes) => bytes,
        }
    }
}

impl Default for Short {
    fn default() -> Self {
        Self::EMPTY
    }
}

// The same bytes are the same, wherever they stand.

impl PartialEq for Short {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Short {}

impl PartialOrd for Short {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Short {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Hash for Short {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_the_same_wherever_they_stand() {
        for len in [0, 1, INSIDE_MAX, INSIDE_MAX + 1] {
            let text = "x".repeat(len);
            let (copied, shared) = (Short::copy(text.as_bytes()), Short::shared(text.clone().into()));
            assert!(copied == shared && copied.cmp(&shared) == Ordering::Equal);
            assert_eq!(copied.as_bytes(), text.as_bytes());
        }
    }

    #[test]
    fn a_short_text_takes_no_more_room_than_a_shared_one() {
        assert_eq!(size_of::<Short>(), size_of::<Bytes>());
    }
}
