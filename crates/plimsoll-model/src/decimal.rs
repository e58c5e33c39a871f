//! Exact numbers with a meaning. A wire number becomes one of these once, at the edge, by
//! [`Price::parse`] and its siblings; inside nothing is a bare decimal and nothing is a float.

use std::fmt;
use std::ops::Neg;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Why a text is not a number of the asked kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The text is no decimal, or has more than 28 significant digits.
    #[error("`{text}` is not a decimal number of at most 28 digits")]
    NotADecimal {
        /// The text as it came.
        text: Box<str>,
    },
    /// The number is below zero where only zero and above make sense.
    #[error("`{text}` is negative")]
    Negative {
        /// The text as it came.
        text: Box<str>,
    },
}

/// Reads a decimal exactly; also the exponent forms that Java and Python print (`1.2E-4`, `1e-05`).
fn parse_decimal(text: &str) -> Result<Decimal, NumberError> {
    let plain = text.trim();
    let parsed = if plain.contains(['e', 'E']) {
        // `from_scientific` normalises the exponent away; its precision limit is the same 28 digits.
        Decimal::from_scientific(plain)
    } else {
        // `from_str_exact` errs where `from_str` would round without a word.
        Decimal::from_str_exact(plain)
    };
    parsed.map_err(|_| NumberError::NotADecimal { text: text.into() })
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Decimal);

        impl $name {
            /// Zero.
            pub const ZERO: Self = Self(Decimal::ZERO);

            /// The number itself.
            pub const fn get(self) -> Decimal {
                self.0
            }

            /// Whether this is zero.
            pub fn is_zero(self) -> bool {
                self.0.is_zero()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

number!(
    /// A price per unit. May be negative: spreads and some futures are.
    Price
);
number!(
    /// An amount of something, never negative: the direction is a [`crate::Side`].
    Qty
);
number!(
    /// A signed holding: above zero long, below zero short.
    Position
);

impl Price {
    /// Wraps a decimal.
    pub const fn new(value: Decimal) -> Self {
        Self(value)
    }

    /// Reads a price from a wire text.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        parse_decimal(text).map(Self)
    }

    /// `self * qty * multiplier`, or nothing if it does not fit 28 digits.
    pub fn notional(self, qty: Qty, multiplier: Decimal) -> Option<Decimal> {
        self.0.checked_mul(qty.0)?.checked_mul(multiplier)
    }
}

impl Qty {
    /// The most that fits.
    pub const MAX: Self = Self(Decimal::MAX);

    /// Wraps a decimal that is not negative.
    pub fn new(value: Decimal) -> Option<Self> {
        (value >= Decimal::ZERO).then_some(Self(value))
    }

    /// Reads a quantity from a wire text.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let value = parse_decimal(text)?;
        Self::new(value).ok_or_else(|| NumberError::Negative { text: text.into() })
    }

    /// A whole number of units.
    pub fn whole(units: u64) -> Self {
        Self(Decimal::from(units))
    }

    /// The sum, or nothing if it does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// So many times as much, or nothing if it does not fit.
    pub fn checked_mul(self, times: u32) -> Option<Self> {
        self.0.checked_mul(times.into()).map(Self)
    }

    /// The difference, never below zero.
    pub fn saturating_sub(self, other: Self) -> Self {
        if other.0 >= self.0 { Self::ZERO } else { Self(self.0 - other.0) }
    }

    /// Whole units, if this is a whole number that fits.
    pub fn to_whole(self) -> Option<u64> {
        if self.0.fract().is_zero() { self.0.to_u64() } else { None }
    }
}

impl Position {
    /// No holding.
    pub const FLAT: Self = Self::ZERO;

    /// Wraps a decimal.
    pub const fn new(value: Decimal) -> Self {
        Self(value)
    }

    /// Reads a holding from a wire text.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        parse_decimal(text).map(Self)
    }

    /// The size without its direction.
    pub fn size(self) -> Qty {
        Qty(self.0.abs())
    }

    /// This holding after buying or selling `qty`, or nothing if it does not fit.
    pub fn after(self, side: crate::Side, qty: Qty) -> Option<Self> {
        match side {
            crate::Side::Buy => self.0.checked_add(qty.0),
            crate::Side::Sell => self.0.checked_sub(qty.0),
        }
        .map(Self)
    }

    /// The sum, or nothing if it does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or nothing if it does not fit.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

impl Neg for Position {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

/// A currency by its ISO 4217 code, or a crypto asset's ticker.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: [u8; 8],
    len: u8,
}

impl Currency {
    /// The US dollar.
    pub const USD: Self = Self { code: *b"USD\0\0\0\0\0", len: 3 };

    /// A currency from its code: two to eight capital letters or digits.
    pub fn new(code: &str) -> Option<Self> {
        let bytes = code.as_bytes();
        let fits = (2..=8).contains(&bytes.len());
        if !fits || !bytes.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
            return None;
        }
        let mut own = [0; 8];
        own[..bytes.len()].copy_from_slice(bytes);
        Some(Self { code: own, len: u8::try_from(bytes.len()).ok()? })
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.code[..usize::from(self.len)])
            .expect("a currency is built from ASCII letters and digits only")
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount in one currency. Sums of two currencies do not exist.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// How much.
    pub amount: Decimal,
    /// Of what.
    pub currency: Currency,
}

impl Money {
    /// Nothing, in a currency.
    pub fn zero(currency: Currency) -> Self {
        Self { amount: Decimal::ZERO, currency }
    }

    /// Reads `"25000 USD"`.
    pub fn parse(text: &str) -> Option<Self> {
        let (amount, code) = text.trim().split_once(char::is_whitespace)?;
        Some(Self { amount: parse_decimal(amount).ok()?, currency: Currency::new(code.trim())? })
    }

    /// The sum, if both are of one currency and it fits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        (self.currency == other.currency)
            .then(|| self.amount.checked_add(other.amount))
            .flatten()
            .map(|amount| Self { amount, currency: self.currency })
    }

    /// The difference, if both are of one currency and it fits.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(Self { amount: -other.amount, currency: other.currency })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keeps_its_form_and_compares_by_value() {
        let one = Price::parse("1.00").unwrap();
        assert_eq!(one.to_string(), "1.00");
        assert_eq!(one, Price::parse("1").unwrap());
    }

    #[test]
    fn digits_beyond_the_limit_are_an_error_and_never_rounded() {
        assert!(Price::parse("0.12345678901234567890123456789").is_err());
    }

    #[test]
    fn exponent_forms_of_other_languages_are_read() {
        assert_eq!(Price::parse("1.2E-4").unwrap().to_string(), "0.00012");
        assert_eq!(Price::parse("1e-05").unwrap().to_string(), "0.00001");
    }

    #[test]
    fn not_a_number_and_infinity_are_refused() {
        for text in ["", "NaN", "nan", "Infinity", "inf", "1.7976931348623157E308", "0x10", "1 000"] {
            assert!(Price::parse(text).is_err(), "{text:?} was read as a number");
        }
    }

    #[test]
    fn a_quantity_is_never_negative() {
        assert!(Qty::parse("-1").is_err());
        assert_eq!(Qty::whole(3).saturating_sub(Qty::whole(5)), Qty::ZERO);
    }

    #[test]
    fn money_of_two_currencies_has_no_sum() {
        let usd = Money::parse("25000 USD").unwrap();
        let eur = Money::parse("1 EUR").unwrap();
        assert_eq!(usd.checked_add(eur), None);
        assert_eq!(usd.checked_add(usd).unwrap().to_string(), "50000 USD");
        assert!(Money::parse("25000").is_none());
    }
}
