//! How one value is spelled in one field: numbers, flags, texts, and the many ways to say "unset".
//!
//! Owns every sentinel of the wire; none of them leaves this module. Does not own the order of fields.

use std::fmt::Write as _;

use bytes::{BufMut, Bytes, BytesMut};
use plimsoll_model::{Position, Price, Qty};
use rust_decimal::Decimal;

use crate::layout::Problem;
use crate::{Text, Word};

/// The bytes of one field and the frame they are part of.
#[derive(Clone, Copy)]
pub(crate) struct Raw<'a> {
    pub(crate) bytes: &'a [u8],
    /// The same and what follows it: to copy a fixed number of bytes is quicker than to copy just enough.
    pub(crate) behind: &'a [u8],
    pub(crate) frame: &'a Bytes,
}

impl<'a> Raw<'a> {
    /// A field of which nothing is known but its own bytes.
    pub(crate) const fn alone(bytes: &'a [u8], frame: &'a Bytes) -> Self {
        Self { bytes, behind: bytes, frame }
    }

    pub(crate) fn share(self) -> Bytes {
        let (all, part) = (self.frame.as_ptr_range(), self.bytes.as_ptr_range());
        if self.bytes.is_empty() {
            Bytes::new()
        } else if all.start <= part.start && part.end <= all.end {
            self.frame.slice_ref(self.bytes)
        } else {
            // The text of a number that is none on the wire.
            Bytes::copy_from_slice(self.bytes)
        }
    }

    #[cold]
    pub(crate) fn problem(self, wanted: &'static str) -> Problem {
        Problem::Unreadable {
            text: self.bytes[..self.bytes.len().min(40)].escape_ascii().to_string().into(),
            wanted,
        }
    }
}

/// A value with exactly one spelling on encode and one reading of every spelling on decode.
pub(crate) trait Spelling {
    fn read(&mut self, raw: Raw<'_>) -> Result<(), Problem>;
    fn write(&self, out: &mut BytesMut);
}

impl Spelling for Text {
    #[inline]
    fn read(&mut self, raw: Raw<'_>) -> Result<(), Problem> {
        // Most fields of an order are empty and were so before: nothing to share, nothing to drop.
        if !raw.bytes.is_empty() || !self.is_empty() {
            self.read_field(raw);
        }
        Ok(())
    }

    fn write(&self, out: &mut BytesMut) {
        out.put_slice(self.as_bytes());
    }
}

impl Spelling for Word {
    #[inline]
    fn read(&mut self, raw: Raw<'_>) -> Result<(), Problem> {
        if !raw.bytes.is_empty() || !self.is_empty() {
            let is_word = self.read_field(raw);
            is_word.then_some(()).ok_or_else(|| raw.problem("text without control characters"))?;
        }
        Ok(())
    }

    fn write(&self, out: &mut BytesMut) {
        out.put_slice(self.as_str().as_bytes());
    }
}

impl Spelling for bool {
    /// Empty is false: one client leaves flags empty that others send as `0`.
    #[inline]
    fn read(&mut self, raw: Raw<'_>) -> Result<(), Problem> {
        *self = match raw.bytes {
            b"1" => true,
            b"0" | b"" => false,
            _ => return Err(raw.problem("0 or 1")),
        };
        Ok(())
    }

    fn write(&self, out: &mut BytesMut) {
        out.put_u8(if *self { b'1' } else { b'0' });
    }
}

/// An integer that is zero where the field is empty.
macro_rules! plain_integer {
    ($int:ty) => {
        impl Spelling for $int {
            #[inline]
            fn read(&mut self, raw: Raw<'_>) -> Result<(), Problem> {
                *self = if raw.bytes.is_empty() { 0 } else { <$int as Number>::parse(raw)? };
                Ok(())
            }

            fn write(&self, out: &mut BytesMut) {
                Number::put(self, out);
            }
        }
    };
}

plain_integer!(i32);
plain_integer!(i64);

/// An integer whose absence means something else than zero.
pub(crate) struct OrElse<'a>(pub(crate) &'a mut i32, pub(crate) i32);

impl Spelling for OrElse<'_> {
    #[inline]
    fn read(&mut self, raw: Raw<'_>) -> Result<(), Problem> {
        *self.0 = if raw.bytes.is_empty() { self.1 } else { i32::parse(raw)? };
        Ok(())
    }

    fn write(&self, out: &mut BytesMut) {
        self.0.put(out);
    }
}

/// An integer that has to be there: an order's or a request's number.
pub(crate) struct Required<'a>(pub(crate) &'a mut i32);

impl Spelling for Required<'_> {
    #[inline]
    fn read(&mut self, raw: Raw<'_>) -> Result<(), Problem> {
        *self.0 = i32::parse(raw)?;
        Ok(())
    }

    fn write(&self, out: &mut BytesMut) {
        self.0.put(out);
    }
}

/// How a sender spells "unset" in one field. Readers take every spelling.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unset {
    /// An empty field.
    Empty,
    /// The largest value of the type.
    Max,
}

/// A number that may be unset.
pub(crate) struct Opt<'a, T>(pub(crate) &'a mut Option<T>, pub(crate) Unset);

impl<T: Number> Spelling for Opt<'_, T> {
    #[inline]
    fn read(&mut self, raw: Raw<'_>) -> Result<(), Problem> {
        *self.0 = match raw.bytes {
            b"" => None,
            short if short.len() < UNSET_LEN_MIN => Some(T::parse(raw)?),
            long if is_unset(long) => None,
            // Judged as a value as well: a zero in front of the sentinel is no other number.
            _ => Some(T::parse(raw)?).filter(|value| !value.is_unset()),
        };
        Ok(())
    }

    fn write(&self, out: &mut BytesMut) {
        match (&self.0, self.1) {
            (Some(value), _) => value.put(out),
            (None, Unset::Empty) => {}
            (None, Unset::Max) => out.put_slice(T::MAX_TEXT.as_bytes()),
        }
    }
}

impl<T: Number> Spelling for Option<T> {
    #[inline]
    fn read(&mut self, raw: Raw<'_>) -> Result<(), Problem> {
        Opt(self, Unset::Empty).read(raw)
    }

    fn write(&self, out: &mut BytesMut) {
        if let Some(value) = self {
            value.put(out);
        }
    }
}

/// The offset of a pegged-to-best order: a distance, or "up to the midpoint", which the wire spells as
/// infinity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BestOffset {
    /// Compete against the best quote by this much.
    By(Price),
    /// Compete up to the midpoint.
    UpToMid,
}

impl Number for BestOffset {
    const MAX_TEXT: &'static str = DOUBLE_MAX;

    fn parse(raw: Raw<'_>) -> Result<Self, Problem> {
        match raw.bytes {
            // The second spelling is ib_async's.
            b"Infinity" | b"Infinite" => Ok(Self::UpToMid),
            _ => Price::parse_field(raw).map(Self::By),
        }
    }

    fn put(&self, out: &mut BytesMut) {
        match self {
            Self::By(px) => px.put(out),
            Self::UpToMid => out.put_slice(b"Infinity"),
        }
    }

    fn is_unset(&self) -> bool {
        matches!(self, Self::By(px) if px.is_unset())
    }
}

/// A number of the wire.
pub(crate) trait Number: Sized {
    /// The sentinel with which real servers spell "unset" for this type.
    const MAX_TEXT: &'static str;
    fn parse(raw: Raw<'_>) -> Result<Self, Problem>;
    fn put(&self, out: &mut BytesMut);
    /// Whether it would be written as one of the texts that say "unset".
    fn is_unset(&self) -> bool;
}

const DOUBLE_MAX: &str = "1.7976931348623157E308";

/// The shortest way to spell "unset" that is not empty, by its text or by its value: each has ten digits at least.
const UNSET_LEN_MIN: usize = 10;

/// Whether a field says "unset" in any of the ways that clients and servers have.
pub(crate) fn is_unset(bytes: &[u8]) -> bool {
    match bytes {
        b"" => true,
        short if short.len() < UNSET_LEN_MIN => false,
        b"2147483647"
        | b"9223372036854775807"
        | b"-9223372036854775808"
        | b"170141183460469231731687303715884105727" => true,
        _ => is_double_max(bytes),
    }
}

/// The same for the value of a whole number.
const fn is_unset_whole(value: i128) -> bool {
    value == i32::MAX as i128 || value == i64::MAX as i128 || value == i64::MIN as i128
}

/// The same for a decimal, which keeps its places: `2147483647.0` is a number.
fn is_unset_decimal(value: Decimal) -> bool {
    value.scale() == 0 && is_unset_whole(value.mantissa())
}

/// The largest double as Java, C#, Python and Rust print it.
fn is_double_max(bytes: &[u8]) -> bool {
    if bytes.len() > 300 {
        let digits = bytes.strip_suffix(b".0").unwrap_or(bytes);
        return digits.len() == 309
            && digits.starts_with(b"17976931348623157")
            && digits[17..].iter().all(|d| *d == b'0');
    }
    matches!(bytes.strip_prefix(b"1.7976931348623157"), Some(b"E308" | b"e308" | b"E+308" | b"e+308"))
}

/// An integer in plain decimal digits.
macro_rules! integer {
    ($int:ty, $max:literal, $wanted:literal) => {
        impl Number for $int {
            const MAX_TEXT: &'static str = $max;

            #[inline]
            fn parse(raw: Raw<'_>) -> Result<Self, Problem> {
                // Most numbers of an order are one digit.
                if let [digit @ b'0'..=b'9'] = raw.bytes {
                    return Ok((digit - b'0').into());
                }
                let text = std::str::from_utf8(raw.bytes).map_err(|_| raw.problem($wanted))?;
                text.parse().map_err(|_| raw.problem($wanted))
            }

            fn put(&self, out: &mut BytesMut) {
                put_display(self, out);
            }

            fn is_unset(&self) -> bool {
                is_unset_whole((*self).into())
            }
        }
    };
}

integer!(i32, "2147483647", "a 32-bit integer");
integer!(i64, "9223372036854775807", "a 64-bit integer");

impl Number for bool {
    const MAX_TEXT: &'static str = "2147483647";

    fn parse(raw: Raw<'_>) -> Result<Self, Problem> {
        let mut value = false;
        value.read(raw)?;
        Ok(value)
    }

    fn put(&self, out: &mut BytesMut) {
        self.write(out);
    }

    fn is_unset(&self) -> bool {
        false
    }
}

/// A decimal of a few plain digits, which nearly every one is: `480.10`. Nothing where a closer look is needed.
fn short_decimal(bytes: &[u8]) -> Option<Decimal> {
    /// So many digits always fit.
    const DIGITS_MAX: usize = 18;
    let (sign, digits) = match bytes {
        [b'-', rest @ ..] => (-1, rest),
        all => (1, all),
    };
    let (mut number, mut places, mut point) = (0_i64, 0_u32, false);
    if digits.len() > DIGITS_MAX {
        return None;
    }
    for (at, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                number = number * 10 + i64::from(byte - b'0');
                places += u32::from(point);
            }
            b'.' if !point && at > 0 => point = true,
            _ => return None,
        }
    }
    // `5.` and the empty text have no place; minus zero has a sign that an integer has not.
    let is_whole = !digits.is_empty() && point == (places > 0);
    (is_whole && (sign > 0 || number != 0)).then(|| Decimal::new(sign * number, places))
}

/// A number from plain digits, or with an exponent small enough for 28 digits to matter. `from_str_exact`
/// alone would take underscores, and its sibling for exponents would loop on `0e4000000000`.
pub(crate) fn plain_number(raw: Raw<'_>) -> Result<&str, Problem> {
    let wrong = || raw.problem("a decimal number of at most 28 digits");
    let text = std::str::from_utf8(raw.bytes).map_err(|_| wrong())?;
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let digits = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let mantissa_ok = digits.len() <= 40
        && digits.bytes().any(|b| b.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.bytes().filter(|b| *b == b'.').count() <= 1;
    let exponent_ok = (1..=3).contains(&exponent.len()) && exponent.bytes().all(|b| b.is_ascii_digit());
    if mantissa_ok && exponent_ok { Ok(text) } else { Err(wrong()) }
}

fn put_display(value: &impl std::fmt::Display, out: &mut BytesMut) {
    write!(out, "{value}").expect("a byte buffer grows as needed");
}

trait ParseField: Sized {
    fn parse_field(raw: Raw<'_>) -> Result<Self, Problem>;
}

/// A decimal of the model, read by the model's own parser after the check of its shape.
macro_rules! decimal {
    ($name:ty, $of:expr, $max:expr, $wanted:literal) => {
        impl ParseField for $name {
            fn parse_field(raw: Raw<'_>) -> Result<Self, Problem> {
                if let Some(value) = short_decimal(raw.bytes).and_then($of) {
                    return Ok(value);
                }
                <$name>::parse(plain_number(raw)?).map_err(|_| raw.problem($wanted))
            }
        }

        impl Number for $name {
            const MAX_TEXT: &'static str = $max;

            fn parse(raw: Raw<'_>) -> Result<Self, Problem> {
                Self::parse_field(raw)
            }

            fn put(&self, out: &mut BytesMut) {
                put_display(self, out);
            }

            fn is_unset(&self) -> bool {
                is_unset_decimal(self.get())
            }
        }
    };
}

decimal!(Price, |short| Some(Price::new(short)), DOUBLE_MAX, "a decimal number of at most 28 digits");
decimal!(Qty, Qty::new, "-9223372036854775808", "a quantity, a decimal number not below zero");
decimal!(Position, |short| Some(Position::new(short)), DOUBLE_MAX, "a decimal number of at most 28 digits");

impl Number for Decimal {
    const MAX_TEXT: &'static str = DOUBLE_MAX;

    fn parse(raw: Raw<'_>) -> Result<Self, Problem> {
        Price::parse_field(raw).map(Price::get)
    }

    fn put(&self, out: &mut BytesMut) {
        put_display(self, out);
    }

    fn is_unset(&self) -> bool {
        is_unset_decimal(*self)
    }
}
#[cfg(test)]
mod tests;
