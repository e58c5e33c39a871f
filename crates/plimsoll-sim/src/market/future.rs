//! Equity index futures: the quarterly months of a few roots.
//!
//! Owns the table, the months and their names. A contract's number is a fixed function of root and month,
//! so it is the same in every run; it is invented, and lies between 700 and 710 million.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday, date};

use crate::market::hours::Hours;
use crate::market::listing::{Listing, Product, Venue};
use crate::market::schedule::Schedule;

/// How many quarters are listed at once.
const QUARTERS: usize = 5;
/// The first of all contract numbers of futures.
const FIRST_CON_ID: i32 = 700_000_000;

/// A future: which root, which month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Future {
    /// The row in [`ROOTS`].
    pub(crate) root: usize,
    /// The last trade date.
    pub(crate) expiry: Date,
}

/// What all months of a root have in common.
#[derive(Debug)]
pub(crate) struct Root {
    /// The symbol and trading class.
    pub(crate) symbol: &'static str,
    /// The exchange.
    pub(crate) exchange: &'static str,
    /// Its long name.
    pub(crate) name: &'static str,
    /// Dollars per point.
    pub(crate) multiplier: &'static str,
    /// The index under it, and that index's invented number.
    pub(crate) under_con_id: i32,
    /// The step in hundredths of a point.
    step: i64,
    /// The market rule with that step.
    pub(crate) rule: i32,
    anchor: i64,
    daily_bp: i64,
    daily_volume: i64,
    quote_size: i64,
}

#[rustfmt::skip]
pub(crate) const ROOTS: [Root; 6] = [
    Root { symbol: "ES",  exchange: "CME",  name: "E-mini S&P 500",              multiplier: "50", under_con_id: 11_004_968,  step: 25,  rule: 67,  anchor: 691_000,   daily_bp: 85,  daily_volume: 1_500_000, quote_size: 60 },
    Root { symbol: "MES", exchange: "CME",  name: "Micro E-Mini S&P 500 Stock Price Index", multiplier: "5", under_con_id: 11_004_968, step: 25, rule: 67, anchor: 691_000, daily_bp: 85, daily_volume: 1_200_000, quote_size: 80 },
    Root { symbol: "NQ",  exchange: "CME",  name: "E-mini NASDAQ 100",           multiplier: "20", under_con_id: 11_004_958,  step: 25,  rule: 67,  anchor: 2_560_000, daily_bp: 115, daily_volume: 600_000,   quote_size: 8 },
    Root { symbol: "MNQ", exchange: "CME",  name: "Micro E-Mini Nasdaq-100 Index", multiplier: "2", under_con_id: 11_004_958, step: 25,  rule: 67,  anchor: 2_560_000, daily_bp: 115, daily_volume: 1_400_000, quote_size: 20 },
    Root { symbol: "RTY", exchange: "CME",  name: "E-Mini Russell 2000 Index",   multiplier: "50", under_con_id: 11_004_972,  step: 10,  rule: 578, anchor: 248_000,   daily_bp: 130, daily_volume: 180_000,   quote_size: 12 },
    Root { symbol: "YM",  exchange: "CBOT", name: "Mini Dow Jones Industrial Average $5", multiplier: "5", under_con_id: 11_004_976, step: 100, rule: 32, anchor: 4_740_000, daily_bp: 80, daily_volume: 150_000, quote_size: 6 },
];

impl Future {
    /// The months that are listed on a day, the nearest first; with the expired ones of the two years
    /// before on request.
    pub(crate) fn listed(root: usize, today: Date, with_expired: bool) -> Vec<Self> {
        let back = if with_expired { 2 } else { 0 };
        let quarters = (today.year() - back..=today.year() + 2)
            .flat_map(|year| [3, 6, 9, 12].map(|month| third_friday(year, month)));
        let earliest = today.checked_sub(i32::from(back).years()).unwrap_or(today);
        let mut all: Vec<Self> =
            quarters.filter(|day| *day >= earliest).map(|expiry| Self { root, expiry }).collect();
        let expired = all.iter().filter(|future| future.expiry < today).count();
        all.truncate(expired + QUARTERS);
        all
    }

    /// What its root says.
    pub(crate) fn root(self) -> &'static Root {
        &ROOTS[self.root]
    }

    /// The contract number.
    pub(crate) fn con_id(self) -> i32 {
        let quarter = i32::from(self.expiry.year()) * 4 + i32::from(self.expiry.month()) / 3;
        let root = i32::try_from(self.root).expect("there are six roots");
        FIRST_CON_ID + root * 100_000 + quarter
    }

    /// `ESZ6`: root, month letter, last digit of the year.
    pub(crate) fn local_symbol(self) -> String {
        let month = match self.expiry.month() {
            3 => 'H',
            6 => 'M',
            9 => 'U',
            _ => 'Z',
        };
        format!("{}{month}{}", self.root().symbol, self.expiry.year() % 10)
    }

    /// The price side of it. Later months stand a little higher: a percent a year of carry.
    pub(crate) fn listing(self, hours: &Hours, today: Date) -> Listing {
        let root = self.root();
        let days = i64::from((self.expiry - today).get_days()).clamp(0, 900);
        let carried = root.anchor + root.anchor * days / 36_500;
        let first =
            self.expiry.checked_sub(15.months()).unwrap_or(self.expiry).max(hours.date_at(hours.beginning()));
        Listing {
            symbol: root.symbol.into(),
            con_id: self.con_id(),
            name: root.name.into(),
            venue: Venue::Arca,
            trading_class: root.symbol.into(),
            stock_type: "",
            anchor_cents: carried / root.step * root.step,
            daily_bp: root.daily_bp,
            daily_volume: root.daily_volume,
            spread_cents: root.step,
            quote_size: root.quote_size,
            first_day: (first.year(), first.month(), first.day()),
            product: Product::Future(self),
            schedule: Schedule::Globex,
            unit: 10_000,
            step: root.step,
            rule: root.rule,
            multiplier: root.multiplier.parse().expect("the table's multipliers are whole numbers"),
            currency: "USD",
        }
    }
}

/// The last trade date of a quarter.
fn third_friday(year: i16, month: i8) -> Date {
    let first = date(year, month, 1);
    first.nth_weekday_of_month(3, Weekday::Friday).expect("every month has three Fridays")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_quarters_are_listed_and_carry_their_months_letter() {
        let listed = Future::listed(0, date(2026, 11, 27), false);
        let names: Vec<String> = listed.iter().map(|future| future.local_symbol()).collect();
        assert_eq!(names, ["ESZ6", "ESH7", "ESM7", "ESU7", "ESZ7"]);
        // The third Friday of December 2026.
        assert_eq!(listed[0].expiry, date(2026, 12, 18));
    }

    #[test]
    fn a_contract_is_listed_through_its_last_day_and_not_after() {
        let front = |day| Future::listed(0, day, false)[0].local_symbol();
        assert_eq!(front(date(2026, 12, 18)), "ESZ6");
        assert_eq!(front(date(2026, 12, 19)), "ESH7");
        let with_expired = Future::listed(0, date(2026, 12, 19), true);
        assert!(with_expired.iter().any(|future| future.expiry == date(2026, 12, 18)));
    }

    #[test]
    fn contract_numbers_differ_between_roots_and_months() {
        let numbers: Vec<i32> = (0..ROOTS.len())
            .flat_map(|root| Future::listed(root, date(2026, 11, 27), true))
            .map(Future::con_id)
            .collect();
        let unique: std::collections::BTreeSet<i32> = numbers.iter().copied().collect();
        assert_eq!(unique.len(), numbers.len());
    }
}
