//! Sums and products that are exact or nothing. `Decimal` rounds at its 28th digit without a word.

use rust_decimal::Decimal;

/// The product, if it fits without rounding.
pub(crate) fn mul(a: Decimal, b: Decimal) -> Option<Decimal> {
    if a.is_zero() || b.is_zero() {
        return Some(Decimal::ZERO);
    }
    // Almost always it fits as it is; trailing zeros are looked for only if it does not.
    let as_it_is = a.checked_mul(b).filter(|product| product.scale() == a.scale() + b.scale());
    if let Some(product) = as_it_is {
        return Some(product.normalize());
    }
    let (a, b) = (a.normalize(), b.normalize());
    let product = a.checked_mul(b)?;
    // A product that was rounded lost some of its decimal places.
    (product.scale() == a.scale() + b.scale()).then(|| product.normalize())
}

/// The sum, if it fits without rounding.
pub(crate) fn add(a: Decimal, b: Decimal) -> Option<Decimal> {
    if a.is_zero() || b.is_zero() {
        return Some(if a.is_zero() { b.normalize() } else { a.normalize() });
    }
    let as_it_is = a.checked_add(b).filter(|sum| sum.scale() == a.scale().max(b.scale()));
    if let Some(sum) = as_it_is {
        return Some(sum.normalize());
    }
    let (a, b) = (a.normalize(), b.normalize());
    let sum = a.checked_add(b)?;
    (sum.scale() == a.scale().max(b.scale())).then(|| sum.normalize())
}

/// The difference, if it fits without rounding.
pub(crate) fn sub(a: Decimal, b: Decimal) -> Option<Decimal> {
    add(a, -b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        Decimal::from_str_exact(text).unwrap()
    }

    #[test]
    fn what_fits_is_exact() {
        assert_eq!(mul(dec("1000000000000"), dec("0.000000012345")), Some(dec("12345")));
        assert_eq!(add(dec("0.1"), dec("0.20")), Some(dec("0.3")));
        assert_eq!(sub(dec("0.3"), dec("0.30")), Some(Decimal::ZERO));
        assert_eq!(mul(dec("-1.50"), dec("0.000")), Some(Decimal::ZERO));
    }

    #[test]
    fn what_would_be_rounded_is_nothing() {
        let third = dec("0.3333333333333333333333333333");
        assert_eq!(mul(third, third), None);
        assert_eq!(add(dec("10000000000"), third), None);
        assert_eq!(mul(Decimal::MAX, dec("2")), None);
        assert_eq!(add(Decimal::MAX, Decimal::ONE), None);
    }
}
