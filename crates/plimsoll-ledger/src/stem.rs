//! The key of an execution, kept where it stands: tens of thousands of short texts in boxes of their own cost more in
//! bookkeeping than in letters.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;

/// The longest text without a box; the broker's stems have 20 bytes.
const SHORT_MAX: usize = 22;

/// What all revisions of an execution have in common.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Stem {
    Short { len: u8, bytes: [u8; SHORT_MAX] },
    Long(Box<str>),
}

impl Stem {
    pub(crate) fn new(text: &str) -> Self {
        let mut bytes = [0; SHORT_MAX];
        match bytes.get_mut(..text.len()) {
            Some(place) => {
                place.copy_from_slice(text.as_bytes());
                Self::Short { len: u8::try_from(text.len()).expect("at most 22"), bytes }
            }
            None => Self::Long(text.into()),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(self.borrow()).expect("it was made of a text")
    }
}

impl Borrow<[u8]> for Stem {
    fn borrow(&self) -> &[u8] {
        match self {
            Self::Short { len, bytes } => &bytes[..usize::from(*len)],
            Self::Long(text) => text.as_bytes(),
        }
    }
}

impl Ord for Stem {
    fn cmp(&self, other: &Self) -> Ordering {
        let (own, others): (&[u8], &[u8]) = (self.borrow(), other.borrow());
        own.cmp(others)
    }
}

impl PartialOrd for Stem {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Stem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_texts_are_kept_and_ordered_as_texts() {
        let texts =
            ["", "0", "0000e0d5.69dd7411.01", "exactly-22-bytes-long.", "exactly-22-bytes-long..", "ü"];
        let stems = texts.map(Stem::new);
        assert_eq!(stems.each_ref().map(Stem::as_str), texts);
        assert!(stems.is_sorted(), "{stems:?}");
        assert_eq!(size_of::<Stem>(), 24);
    }
}
