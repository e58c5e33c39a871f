//! What options, futures and currencies cost.
//!
//! Owns IBKR's published rates of the lowest tier, which are the same in both plans: options by their premium with a
//! minimum of a dollar an order, futures by contract, currencies by value with a minimum of two dollars an order.
//! Of third parties' fees it knows those of CME for index futures, which IBKR adds in both plans.
//!
//! Sources: interactivebrokers.com, "Commissions Options", "Commissions Futures and FOPs", "Commissions Spot
//! Currencies". The fees of the exchanges beside futures (1.38 and 0.35, with 0.02 for the regulator) are assumed:
//! they change with the exchange's own list. Fees of option exchanges and of the clearing house are not charged.

use rust_decimal::Decimal;

use crate::market::listing::{Listing, Product};

/// What is due for one execution before any minimum, in dollars: `value` is what it was worth there.
pub(super) fn due(listing: &Listing, qty: i64, px: i64, value: Decimal) -> Decimal {
    let contracts = Decimal::from(qty);
    match listing.product {
        Product::Stock => Decimal::ZERO,
        Product::Option(..) => per_option(px) * contracts,
        Product::Future(future) => {
            let micro = future.root().symbol.starts_with('M');
            let (commission, exchange) = if micro { (25, 35) } else { (85, 138) };
            // And two cents for the National Futures Association.
            Decimal::new(commission + exchange + 2, 2) * contracts
        }
        // A fifth of a basis point.
        Product::Forex(_) => value * Decimal::new(2, 5),
    }
}

/// The least that an order costs.
pub(super) const fn min(listing: &Listing) -> Decimal {
    match listing.product {
        Product::Option(..) => Decimal::ONE,
        Product::Forex(_) => Decimal::TWO,
        Product::Stock | Product::Future(_) => Decimal::ZERO,
    }
}

/// By the premium in cents: below 0.05, below 0.10, and everything else.
fn per_option(px: i64) -> Decimal {
    match px {
        ..5 => Decimal::new(25, 2),
        5..10 => Decimal::new(50, 2),
        _ => Decimal::new(65, 2),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::market::Sym;
    use crate::market::chain::{OptionSeries, Right};
    use crate::market::forex::Pair;

    // By IBKR's page: three contracts at 1.20 cost 1.95, ten at 0.07 cost 5.00, and one at 2.00 the minimum.
    #[test]
    fn options_cost_by_their_premium() {
        let series = OptionSeries { expiry: date(2026, 12, 18), strike: 70_000, right: Right::Call };
        let option = Listing::option(Sym::first(), series, &Listing::of("SPY"));
        assert_eq!(due(&option, 3, 120, Decimal::ZERO), Decimal::new(195, 2));
        assert_eq!(due(&option, 10, 7, Decimal::ZERO), Decimal::new(500, 2));
        assert!(due(&option, 1, 200, Decimal::ZERO) < min(&option));
    }

    // By IBKR's page: 0.20 basis points of 1,000,000 dollars are 20, of 23,000 less than the minimum of 2.
    #[test]
    fn currencies_cost_by_their_value() {
        let pair = Pair::listing(0);
        assert_eq!(due(&pair, 1, 1, Decimal::from(1_000_000)), Decimal::from(20));
        assert!(due(&pair, 1, 1, Decimal::from(23_000)) < min(&pair));
    }
}
