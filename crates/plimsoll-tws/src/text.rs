//! Texts of wire fields: [`Word`] for what identifies or decides something, [`Text`] for the rest.
//!
//! Both share the bytes of the frame they were read from, so decoding allocates nothing for them, and
//! neither can hold the NUL that separates fields.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use bytes::Bytes;

/// Free text, kept byte for byte. Usually UTF-8, but nothing depends on that.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text(Bytes);

impl Text {
    /// No text.
    pub const EMPTY: Self = Self(Bytes::new());

    /// Text that the wire carries as it is. Bytes of one field hold no NUL.
    pub(crate) const fn of_field(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// Text for a server of version 153 or later to send: characters outside ASCII as `\uXXXX`.
    pub fn escaped(text: &str) -> Self {
        let mut out = String::with_capacity(text.len());
        let mut units = [0; 2];
        for c in text.chars() {
            if c.is_ascii() {
                out.push(c);
            } else {
                for unit in c.encode_utf16(&mut units) {
                    write!(out, "\\u{unit:04x}").expect("a string grows as needed");
                }
            }
        }
        Self::from(&*out)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, with replacement characters where it is not UTF-8.
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Text {
    /// A NUL cannot travel inside a field and becomes `?`.
    fn from(text: &str) -> Self {
        if text.contains('\0') {
            Self(text.replace('\0', "?").into())
        } else {
            Self(Bytes::copy_from_slice(text.as_bytes()))
        }
    }
}

/// A text that identifies or decides something: a symbol, an account, an order type. Always UTF-8
/// without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Word(Bytes);

impl Word {
    /// No word.
    pub const EMPTY: Self = Self(Bytes::new());

    /// A word known when this program was written.
    ///
    /// # Panics
    /// If it holds a control character, which no literal of ours does.
    pub const fn literal(text: &'static str) -> Self {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            assert!(bytes[at] >= 0x20 && bytes[at] != 0x7F, "invariant: a word holds no control characters");
            at += 1;
        }
        Self(Bytes::from_static(bytes))
    }

    /// The bytes of one field, if they are a word.
    pub(crate) fn of_field(bytes: Bytes) -> Option<Self> {
        if bytes.iter().all(|byte| matches!(byte, b' '..=b'~')) {
            return Some(Self(bytes));
        }
        let text = std::str::from_utf8(&bytes).ok()?;
        (!text.contains(|c: char| c.is_control())).then(|| Self(bytes))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a word was checked when it was made")
    }

    /// Whether there is no word.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Word {
    /// Control characters become `?`: a word never holds any.
    fn from(text: &str) -> Self {
        if text.contains(|c: char| c.is_control()) {
            Self(text.replace(|c: char| c.is_control(), "?").into())
        } else {
            Self(Bytes::copy_from_slice(text.as_bytes()))
        }
    }
}

impl PartialEq<str> for Word {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other.as_bytes()
    }
}

impl PartialEq<&str> for Word {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == *other.as_bytes()
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_str_lossy())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.to_str_lossy(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_never_gets_into_a_field() {
        assert_eq!(Text::from("a\0b"), "a?b");
        assert_eq!(Word::from("a\0b\n"), "a?b?");
        assert_eq!(Word::of_field(Bytes::from_static(b"SPY\n")), None);
        assert_eq!(Word::of_field(Bytes::from_static(b"\xFF")), None);
    }

    #[test]
    fn characters_outside_ascii_are_escaped_as_utf16_units() {
        assert_eq!(Text::escaped("L\u{fc}x \u{1F600}"), "L\\u00fcx \\ud83d\\ude00");
    }
}
