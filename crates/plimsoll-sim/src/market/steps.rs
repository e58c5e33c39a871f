//! Market rules: which price steps hold from which price upwards.
//!
//! Owns the table by the broker's numbers. Number 26 and its single step of a cent were seen; the other
//! numbers follow lists that users have published, their steps the exchanges' own.

use rust_decimal::Decimal;

use crate::market::chain;
use crate::market::listing::Listing;

/// From a price upwards, a step; both as `(mantissa, scale)`.
type Band = ((i64, u32), (i64, u32));

/// US stocks.
pub(crate) const STOCK: i32 = 26;
/// US options of classes outside the penny programme.
pub(crate) const OPTION: i32 = 109;
/// US options of classes in it.
pub(crate) const PENNY_OPTION: i32 = 110;

const ZERO: (i64, u32) = (0, 0);

const RULES: [(i32, &[Band]); 8] = [
    (STOCK, &[(ZERO, (1, 2))]),
    (32, &[(ZERO, (1, 0))]),
    (67, &[(ZERO, (25, 2))]),
    (OPTION, &[(ZERO, (5, 2)), ((3, 0), (10, 2))]),
    (PENNY_OPTION, &[(ZERO, (1, 2)), ((3, 0), (5, 2))]),
    (239, &[(ZERO, (5, 5))]),
    (240, &[(ZERO, (5, 3))]),
    (578, &[(ZERO, (10, 2))]),
];

/// The rule of options on a stock.
pub(crate) fn option_rule(under: &Listing) -> i32 {
    if chain::is_penny(under) { PENNY_OPTION } else { OPTION }
}

/// The bands of a rule, `(low edge, step)`, the lowest first.
pub(crate) fn bands(rule: i32) -> Option<Vec<(Decimal, Decimal)>> {
    let decimal = |(mantissa, scale): (i64, u32)| Decimal::new(mantissa, scale).normalize();
    let (_, bands) = RULES.iter().find(|(number, _)| *number == rule)?;
    Some(bands.iter().map(|(low, step)| (decimal(*low), decimal(*step))).collect())
}

/// The smallest step of a rule: TWS's `minTick`.
pub(crate) fn min_tick(rule: i32) -> Decimal {
    let bands = bands(rule).expect("every listing names a rule of the table");
    bands.into_iter().map(|(_, step)| step).min().expect("a rule has at least one step")
}
