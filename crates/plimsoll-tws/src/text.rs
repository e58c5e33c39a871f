//! Texts of wire fields: [`Word`] for what identifies or decides something, [`Text`] for the rest.
//!
//! Neither can hold the NUL that separates fields, and decoding allocates nothing for them: a short one, which
//! nearly every one is, has its bytes inside, and a long one shares those of the frame it was read from.

mod short;

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use bytes::Bytes;

use crate::spelling::Raw;

use short::Short;

/// Free text, kept byte for byte. Usually UTF-8, but nothing depends on that.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text(Short);

impl Text {
    /// No text.
    pub const EMPTY: Self = Self(Short::EMPTY);

    /// Becomes the text that the wire carries, as it is. Bytes of one field hold no NUL.
    #[inline]
    pub(crate) fn read_field(&mut self, raw: Raw<'_>) {
        self.0.read_field(raw);
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
        self.0.as_bytes()
    }

    /// The text, with replacement characters where it is not UTF-8.
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.0.as_bytes())
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.as_bytes().is_empty()
    }
}

impl From<&str> for Text {
    /// A NUL cannot travel inside a field and becomes `?`.
    fn from(text: &str) -> Self {
        if text.contains('\0') {
            Self(Short::copy(text.replace('\0', "?").as_bytes()))
        } else {
            Self(Short::copy(text.as_bytes()))
        }
    }
}

/// A text that identifies or decides something: a symbol, an account, an order type. Always UTF-8
/// without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Word(Short);

impl Word {
    /// No word.
    pub const EMPTY: Self = Self(Short::EMPTY);

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
        Self(Short::shared(Bytes::from_static(bytes)))
    }

    /// Becomes the bytes of one field, if they are a word; says whether they are.
    #[inline]
    pub(crate) fn read_field(&mut self, raw: Raw<'_>) -> bool {
        let is_plain = raw.bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
        let is_word = is_plain || is_word(raw.bytes);
        if is_word {
            self.0.read_field(raw);
        }
        is_word
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.0.as_bytes()).expect("a word was checked when it was made")
    }

    /// Whether there is no word.
    pub fn is_empty(&self) -> bool {
        self.0.as_bytes().is_empty()
    }
}

impl From<&str> for Word {
    /// Control characters become `?`: a word never holds any.
    fn from(text: &str) -> Self {
        if text.contains(|c: char| c.is_control()) {
            Self(Short::copy(text.replace(|c: char| c.is_control(), "?").as_bytes()))
        } else {
            Self(Short::copy(text.as_bytes()))
        }
    }
}

impl PartialEq<str> for Word {
    fn eq(&self, other: &str) -> bool {
        *self.0.as_bytes() == *other.as_bytes()
    }
}

impl PartialEq<&str> for Word {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        *self.0.as_bytes() == *other.as_bytes()
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

#[cold]
fn is_word(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(|c: char| c.is_control()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_never_gets_into_a_field() {
        assert_eq!(Text::from("a\0b"), "a?b");
        assert_eq!(Word::from("a\0b\n"), "a?b?");
        for bytes in [b"SPY\n", &b"\xFF"[..]] {
            let frame = Bytes::from_static(bytes);
            assert!(!Word::default().read_field(Raw::alone(bytes, &frame)));
        }
    }

    #[test]
    fn characters_outside_ascii_are_escaped_as_utf16_units() {
        assert_eq!(Text::escaped("L\u{fc}x \u{1F600}"), "L\\u00fcx \\ud83d\\ude00");
    }
}
