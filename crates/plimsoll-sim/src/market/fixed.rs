//! Whole-number arithmetic for what no exact decimal has: exponentials, logarithms, roots and the normal
//! distribution, in units of 10^-15.
//!
//! The same digits on every machine, which doubles from a system's own library are not. Good to about ten
//! places in the ranges that prices of options need; every function says its range.
//!
//! Sources: the logarithm by the series of the inverse hyperbolic tangent, the exponential by halving the
//! range and Taylor's series, the normal distribution by the series in G. Marsaglia, "Evaluating the Normal
//! Distribution", Journal of Statistical Software 11(4), 2004.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// A number in units of 10^-15.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fixed(i128);

const SCALE: i128 = 1_000_000_000_000_000;
const LN_2: i128 = 693_147_180_559_945;
/// One by the root of two pi.
const INV_SQRT_2_PI: i128 = 398_942_280_401_433;
/// Beyond so many standard deviations the distribution is as good as at its end: 2 * 10^-8 are left.
const TAIL: i128 = 5_500_000_000_000_000;

impl Fixed {
    pub(crate) const ZERO: Self = Self(0);
    pub(crate) const ONE: Self = Self(SCALE);

    /// A fraction of whole numbers.
    pub(crate) const fn ratio(of: i64, by: i64) -> Self {
        Self(of as i128 * SCALE / by as i128)
    }

    /// From a decimal whose size is below a million million; its places beyond the fifteenth are cut.
    pub(crate) fn from_decimal(number: Decimal) -> Option<Self> {
        if number.abs() > Decimal::from(1_000_000_000_000_i64) {
            return None;
        }
        let whole = number.trunc();
        let rest = (number - whole) * Decimal::from(1_000_000_000_000_000_i64);
        Some(Self(whole.to_i128()? * SCALE + rest.trunc().to_i128()?))
    }

    /// With eight places, as models are told.
    pub(crate) fn to_decimal(self) -> Decimal {
        let half = if self.0 < 0 { -5_000_000 } else { 5_000_000 };
        Decimal::from_i128_with_scale((self.0 + half) / 10_000_000, 8).normalize()
    }

    /// In hundredths, cut towards zero.
    pub(crate) fn hundredths(self) -> i64 {
        i64::try_from(self.0 / (SCALE / 100)).unwrap_or(i64::MAX)
    }

    pub(crate) fn is_positive(self) -> bool {
        self.0 > 0
    }

    pub(crate) fn abs(self) -> Self {
        Self(self.0.abs())
    }

    pub(crate) fn half(self) -> Self {
        Self(self.0 / 2)
    }

    /// The square root of what is not negative.
    pub(crate) fn sqrt(self) -> Self {
        Self((self.0.max(0) * SCALE).isqrt())
    }

    /// The exponential of -40 to 20; beyond, the end of the range stands.
    pub(crate) fn exp(self) -> Self {
        if self.0 < -40 * SCALE {
            return Self::ZERO;
        }
        let x = self.0.min(20 * SCALE);
        let halvings = x.div_euclid(LN_2);
        let rest = x.rem_euclid(LN_2);
        let (mut term, mut sum, mut n) = (SCALE, SCALE, 1);
        while term != 0 {
            term = term * rest / SCALE / n;
            sum += term;
            n += 1;
        }
        let shift = u32::try_from(halvings.unsigned_abs()).unwrap_or(u32::MAX).min(100);
        Self(if halvings < 0 { sum >> shift } else { sum << shift })
    }

    /// The natural logarithm of what is positive, below a million million.
    pub(crate) fn ln(self) -> Self {
        let (mut x, mut halvings) = (self.0.max(1), 0);
        while x > SCALE * 3 / 2 {
            x /= 2;
            halvings += 1;
        }
        while x < SCALE * 3 / 4 {
            x *= 2;
            halvings -= 1;
        }
        let root = (x - SCALE) * SCALE / (x + SCALE);
        let square = root * root / SCALE;
        let (mut term, mut sum, mut n) = (root, root, 1);
        while term != 0 {
            term = term * square / SCALE;
            n += 2;
            sum += term / n;
        }
        Self(2 * sum + halvings * LN_2)
    }

    /// The density of the normal distribution.
    pub(crate) fn density(self) -> Self {
        if self.0.abs() > 9 * SCALE {
            return Self::ZERO;
        }
        let e = Self(-(self * self).0 / 2).exp();
        Self(INV_SQRT_2_PI) * e
    }

    /// The part of the normal distribution that lies below.
    pub(crate) fn below(self) -> Self {
        if self.0 > TAIL {
            return Self::ONE;
        }
        if self.0 < -TAIL {
            return Self::ZERO;
        }
        let square = (self * self).0;
        let (mut term, mut sum, mut n) = (self.0, self.0, 1);
        while term != 0 {
            n += 2;
            term = term * square / SCALE / n;
            sum += term;
        }
        Self(SCALE / 2) + self.density() * Self(sum)
    }
}

impl std::ops::Add for Fixed {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::ops::Sub for Fixed {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl std::ops::Neg for Fixed {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl std::ops::Mul for Fixed {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0 / SCALE)
    }
}

impl std::ops::Div for Fixed {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        Self(self.0 * SCALE / other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(text: &str) -> Fixed {
        Fixed::from_decimal(text.parse().unwrap()).unwrap()
    }

    /// Published digits, and how far off the tenth place may be.
    fn near(found: Fixed, digits: &str) {
        assert!((found - fixed(digits)).abs() < fixed("0.0000000002"), "{found:?} is not {digits}");
    }

    #[test]
    fn exponentials_and_logarithms_are_the_published_ones() {
        near(fixed("1").exp(), "2.718281828459045");
        near(fixed("-1").exp(), "0.367879441171442");
        near(fixed("-10").exp(), "0.000045399929762");
        near(fixed("2").ln(), "0.693147180559945");
        near(fixed("10").ln(), "2.302585092994046");
        near(fixed("0.001").ln(), "-6.907755278982137");
        near(fixed("2").sqrt(), "1.414213562373095");
    }

    #[test]
    fn the_normal_distribution_is_the_published_one() {
        // Abramowitz and Stegun, table 26.1.
        near(fixed("0").below(), "0.5");
        near(fixed("1").below(), "0.841344746068543");
        near(fixed("-1").below(), "0.158655253931457");
        near(fixed("1.96").below(), "0.975002104851780");
        near(fixed("3").below(), "0.998650101968370");
        near(fixed("-4.5").below(), "0.000003397673125");
        near(fixed("1").density(), "0.241970724519143");
        assert_eq!((fixed("6").below(), fixed("-6").below()), (Fixed::ONE, Fixed::ZERO));
    }

    #[test]
    fn decimals_come_back_with_eight_places() {
        assert_eq!(fixed("-1.234567894999").to_decimal().to_string(), "-1.23456789");
        assert_eq!(Fixed::from_decimal(Decimal::MAX), None);
        assert_eq!(fixed("12.349").hundredths(), 1_234);
    }
}
