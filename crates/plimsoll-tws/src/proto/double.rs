//! The only place with floating point: a double of the wire and its shortest decimal text.
//!
//! Nothing is computed with a double here. It becomes the shortest text that reads back as the same
//! double, and an exact decimal is made of that text; the other way round a decimal's text is read as the
//! nearest double.
#![expect(
    clippy::disallowed_types,
    reason = "prices are doubles on the protobuf wire; none leaves this file"
)]

use std::borrow::Cow;

/// The longest shortest text of a double without an exponent that a decimal of 28 digits can come from.
const PLAIN_LEN_MAX: usize = 40;

/// The double that means "unset" where a number has to stand.
pub(super) const UNSET: u64 = f64::MAX.to_bits();

/// The text of a double; empty for the largest one, which means "unset". Not a number and infinity keep
/// their names, which no decimal has.
pub(super) fn to_text(bits: u64) -> Cow<'static, str> {
    let value = f64::from_bits(bits);
    if bits == UNSET {
        return Cow::Borrowed("");
    }
    // Minus zero is zero, and most doubles of an order are.
    if bits << 1 == 0 {
        return Cow::Borrowed("0");
    }
    if value.is_infinite() {
        return Cow::Borrowed(if value.is_sign_positive() { "Infinity" } else { "-Infinity" });
    }
    let plain = value.to_string();
    Cow::Owned(if plain.len() > PLAIN_LEN_MAX { format!("{value:e}") } else { plain })
}

/// The double of a text; nothing if the text is empty or no number.
pub(super) fn from_text(text: &[u8]) -> Option<u64> {
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (!value.is_nan() && value.to_bits() != UNSET).then(|| value.to_bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: f64) -> Cow<'static, str> {
        to_text(value.to_bits())
    }

    #[test]
    fn a_double_becomes_its_shortest_text_and_comes_back() {
        let cases =
            [(500.25, "500.25"), (0.1, "0.1"), (2_921.830_000_000_000_4, "2921.8300000000004"), (-0.0, "0")];
        for (value, wanted) in cases {
            assert_eq!(text(value), wanted);
            assert_eq!(from_text(wanted.as_bytes()).map(f64::from_bits), Some(value));
        }
        assert_eq!(text(f64::MAX), "", "the largest double means unset");
        assert_eq!(text(f64::INFINITY), "Infinity");
        assert_eq!(text(f64::NAN), "NaN");
        assert_eq!(text(5e-324), "5e-324");
    }

    #[test]
    fn what_is_no_number_is_no_double() {
        for wrong in ["", "SPY", "NaN", "1.7976931348623157E308"] {
            assert_eq!(from_text(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(from_text(b"Infinity").map(f64::from_bits), Some(f64::INFINITY));
    }
}
