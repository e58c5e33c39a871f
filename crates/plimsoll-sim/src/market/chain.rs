//! Option chains of US stocks and ETFs: which expiries and strikes are listed.
//!
//! Owns the grid. Expiries are the weekly Fridays, the third Fridays and two Januaries, moved to the
//! session before where New York is closed, and for the three large index funds every session of the next
//! two weeks. Strikes lie around the price that the listing hangs on, closer together for the near weeks.
//! A contract's number is a fixed function of underlying, expiry, strike and right.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use rust_decimal::Decimal;

use crate::market::hours::Hours;
use crate::market::listing::Listing;
use crate::market::rng::Stream;

/// Where options may be routed.
pub(crate) const ROUTES: &str = "SMART,AMEX,BATS,BOX,CBOE,CBOE2,EDGX,EMERALD,GEMINI,ISE,MEMX,MERCURY,MIAX,NASDAQBX,NASDAQOM,PEARL,PHLX,PSE,SAPPHIRE";
/// Classes that are quoted in cents.
const PENNY: [&str; 7] = ["SPY", "QQQ", "IWM", "AAPL", "MSFT", "TLT", "GLD"];
/// Classes with an expiry on every session.
const DAILY: [&str; 3] = ["SPY", "QQQ", "IWM"];
/// The first of all contract numbers of options.
const FIRST_CON_ID: i64 = 1_000_000_000;
/// Contract numbers of one underlying.
const PER_UNDERLYING: i64 = 1_000_000;
/// Days and strikes that one underlying's numbers can tell apart: more than a chain spans.
const DAYS: i64 = 1_024;
const STRIKES: i64 = 488;

/// Call or put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Right {
    /// `C`.
    Call,
    /// `P`.
    Put,
}

impl Right {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Call, Self::Put];

    /// TWS's letter.
    pub(crate) const fn as_wire(self) -> &'static str {
        match self {
            Self::Call => "C",
            Self::Put => "P",
        }
    }

    /// From TWS's letter or word.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "C" | "CALL" => Some(Self::Call),
            "P" | "PUT" => Some(Self::Put),
            _ => None,
        }
    }
}

/// One option of an underlying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OptionSeries {
    /// The last trade date.
    pub(crate) expiry: Date,
    /// In cents.
    pub(crate) strike: i64,
    /// Call or put.
    pub(crate) right: Right,
}

impl OptionSeries {
    /// The contract number.
    pub(crate) fn con_id(self, under: &Listing) -> i32 {
        let day = i64::from((self.expiry - jiff::civil::date(2000, 1, 1)).get_days()).rem_euclid(DAYS);
        let strike = (self.strike / common_step(under)).rem_euclid(STRIKES);
        let inside = (day * STRIKES + strike) * 2 + i64::from(self.right == Right::Put);
        let number = FIRST_CON_ID + block(under) * PER_UNDERLYING + inside;
        i32::try_from(number).expect("a thousand and a hundred blocks of a million fit behind a billion")
    }

    /// `SPY   261218C00700000`: the symbol in six places, the date, the right, the strike in thousandths.
    pub(crate) fn local_symbol(self, under: &Listing) -> String {
        format!(
            "{:<6}{}{}{:08}",
            under.symbol,
            self.expiry.strftime("%y%m%d"),
            self.right.as_wire(),
            self.strike * 10
        )
    }

    /// The strike in dollars.
    pub(crate) fn strike_px(self) -> Decimal {
        Decimal::new(self.strike, 2).normalize()
    }
}

/// Whether a contract number is one of an option of this underlying.
pub(crate) fn may_be_of(con_id: i32, under: &Listing) -> bool {
    let inside = i64::from(con_id) - FIRST_CON_ID - block(under) * PER_UNDERLYING;
    (0..PER_UNDERLYING).contains(&inside)
}

/// Whether a class is quoted in cents.
pub(crate) fn is_penny(under: &Listing) -> bool {
    PENNY.contains(&&*under.symbol)
}

/// The listed expiries on a day, the nearest first.
pub(crate) fn expiries(under: &Listing, hours: &Hours, today: Date) -> Vec<Date> {
    let mut days = Vec::new();
    if DAILY.contains(&&*under.symbol) {
        let fortnight = today.series(1.day()).take(14);
        days.extend(fortnight.filter(|day| hours.on(*day).is_some()));
    }
    let fridays = today.series(1.day()).filter(|day| day.weekday() == Weekday::Friday);
    for friday in fridays.take(130) {
        let weeks_ahead = (friday - today).get_days() / 7;
        let monthly = (15..=21).contains(&friday.day());
        let listed = weeks_ahead < 8
            || (monthly && weeks_ahead < 35)
            || (monthly && matches!(friday.month(), 3 | 6 | 9 | 12) && weeks_ahead < 60)
            || (monthly && matches!(friday.month(), 1 | 12));
        if listed {
            days.push(if hours.on(friday).is_some() { friday } else { hours.before(friday).date });
        }
    }
    days.retain(|day| *day >= today);
    days.sort_unstable();
    days.dedup();
    days
}

/// The listed strikes of one expiry in cents, the lowest first.
pub(crate) fn strikes(under: &Listing, today: Date, expiry: Date) -> Vec<i64> {
    let anchor = under.anchor_cents;
    let near = (expiry - today).get_days() < 60;
    let step = match (anchor, near) {
        (..2_500, _) => 50,
        (..20_000, true) => 100,
        (20_000.., true) if is_penny(under) => 100,
        (20_000.., false) => 500,
        _ => 250,
    };
    let (low, high) = if near { (85, 115) } else { (70, 130) };
    let first = (anchor * low / 100 / step).max(1);
    let last = anchor * high / 100 / step;
    (first..=last).map(|count| count * step).collect()
}

/// What every strike of an underlying is a multiple of, in cents.
fn common_step(under: &Listing) -> i64 {
    match under.anchor_cents {
        ..20_000 => 50,
        _ if is_penny(under) => 100,
        _ => 250,
    }
}

/// Underlyings of the table have their own block; the others share a thousand by their number.
fn block(under: &Listing) -> i64 {
    PENNY.iter().position(|symbol| *symbol == &*under.symbol).map_or_else(
        || 100 + Stream::new(0, &under.symbol, "options").below(0, 1_000),
        |index| i64::try_from(index).expect("there are seven"),
    )
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::market::schedule::Schedule;

    const TODAY: Date = date(2026, 11, 27);

    #[test]
    fn expiries_are_sessions_and_hold_the_third_friday() {
        let hours = Hours::new(Schedule::UsStocks);
        let listed = expiries(&Listing::of("MSFT"), &hours, TODAY);
        assert!(listed.contains(&date(2026, 12, 18)) && listed.contains(&date(2028, 1, 21)));
        assert!(listed.iter().all(|day| hours.on(*day).is_some()));
        // Christmas 2026 is a Friday: the week's options expire on Thursday.
        assert!(listed.contains(&date(2026, 12, 24)) && !listed.contains(&date(2026, 12, 25)));
    }

    #[test]
    fn every_option_of_a_chain_has_a_number_of_its_own() {
        let hours = Hours::new(Schedule::UsStocks);
        for symbol in ["SPY", "TLT", "MSFT", "ZZZT"] {
            let under = Listing::of(symbol);
            let mut numbers = std::collections::BTreeSet::new();
            let mut count = 0;
            for expiry in expiries(&under, &hours, TODAY) {
                for strike in strikes(&under, TODAY, expiry) {
                    for right in Right::ALL {
                        let con_id = OptionSeries { expiry, strike, right }.con_id(&under);
                        assert!(may_be_of(con_id, &under));
                        numbers.insert(con_id);
                        count += 1;
                    }
                }
            }
            assert_eq!(numbers.len(), count, "{symbol}");
        }
    }

    #[test]
    fn the_local_symbol_is_the_occ_form() {
        let option = OptionSeries { expiry: date(2026, 12, 18), strike: 70_050, right: Right::Call };
        assert_eq!(option.local_symbol(&Listing::of("SPY")), "SPY   261218C00700500");
    }
}
