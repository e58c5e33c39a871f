//! Currency pairs on IDEALPRO.
//!
//! Owns the table. Contract numbers are IBKR's own as they are in public use.

use crate::market::listing::{Listing, Product, Venue};
use crate::market::schedule::Schedule;

/// A pair.
#[derive(Debug)]
pub(crate) struct Pair {
    /// What is bought.
    pub(crate) base: &'static str,
    /// What it costs.
    pub(crate) quote: &'static str,
    /// IBKR's number.
    pub(crate) con_id: i32,
    /// Its name.
    pub(crate) name: &'static str,
    /// The market rule with its step.
    pub(crate) rule: i32,
    unit: i64,
    anchor: i64,
    daily_bp: i64,
}

#[rustfmt::skip]
pub(crate) const PAIRS: [Pair; 8] = [
    Pair { base: "EUR", quote: "USD", con_id: 12_087_792,  name: "European Monetary Union Euro", rule: 239, unit: 10,    anchor: 115_800, daily_bp: 45 },
    Pair { base: "GBP", quote: "USD", con_id: 12_087_797,  name: "British pound",                rule: 239, unit: 10,    anchor: 131_200, daily_bp: 50 },
    Pair { base: "AUD", quote: "USD", con_id: 14_433_401,  name: "Australian dollar",            rule: 239, unit: 10,    anchor: 65_300,  daily_bp: 60 },
    Pair { base: "USD", quote: "JPY", con_id: 15_016_059,  name: "United States dollar",         rule: 240, unit: 1_000, anchor: 156_200, daily_bp: 55 },
    Pair { base: "USD", quote: "CHF", con_id: 12_087_820,  name: "United States dollar",         rule: 239, unit: 10,    anchor: 80_600,  daily_bp: 50 },
    Pair { base: "USD", quote: "CAD", con_id: 15_016_062,  name: "United States dollar",         rule: 239, unit: 10,    anchor: 140_100, daily_bp: 40 },
    Pair { base: "EUR", quote: "GBP", con_id: 12_087_807,  name: "European Monetary Union Euro", rule: 239, unit: 10,    anchor: 88_300,  daily_bp: 35 },
    Pair { base: "EUR", quote: "JPY", con_id: 14_321_016,  name: "European Monetary Union Euro", rule: 240, unit: 1_000, anchor: 180_900, daily_bp: 55 },
];

/// The pair that tells what a currency is worth in dollars.
pub(crate) fn pair_of(currency: &str) -> Option<usize> {
    let with_dollars = |pair: &Pair| {
        (pair.base == currency && pair.quote == "USD") || (pair.base == "USD" && pair.quote == currency)
    };
    PAIRS.iter().position(with_dollars)
}

impl Pair {
    /// The price side of a pair; half a tenth of a pip is the step.
    pub(crate) fn listing(index: usize) -> Listing {
        let pair = &PAIRS[index];
        Listing {
            symbol: pair.base.into(),
            con_id: pair.con_id,
            name: pair.name.into(),
            venue: Venue::Arca,
            trading_class: format!("{}.{}", pair.base, pair.quote).into(),
            stock_type: "",
            anchor_cents: pair.anchor,
            daily_bp: pair.daily_bp,
            daily_volume: 0,
            spread_cents: 5,
            quote_size: 1_000_000,
            first_day: (2005, 3, 8),
            product: Product::Forex(index),
            schedule: Schedule::Forex,
            unit: pair.unit,
            step: 5,
            rule: pair.rule,
            multiplier: 1,
            currency: pair.quote,
        }
    }
}
