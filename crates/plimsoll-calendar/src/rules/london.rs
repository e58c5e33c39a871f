//! The London Stock Exchange, by rule.
//!
//! Bank holidays of England with what was moved or added once, and half days on the last business days before
//! Christmas and before New Year. To extend the range, compare the government's list and the exchange's
//! announcement with the rules, and move [`VALID_THROUGH`].

use jiff::civil::{Date, Weekday, date};

use super::dates::{eve, good_friday, morrow, nth};
use super::elsewhere::call_auction;
use super::{DayPlan, Hours, Named, Venue, Wall};
use crate::day::ClosureKind;
use crate::listing::Listing;

pub(super) const XLON: Venue = Venue {
    name: "XLON",
    zone: "Europe/London",
    valid_from: date(1993, 1, 1),
    valid_through: VALID_THROUGH,
    trade_date_rolls_at: None,
    plan,
    cutoff: |kind, listing, _| super::elsewhere::cutoff(kind, listing, Listing::London),
    auction: |_| {
        Some(call_auction(
            0,
            300,
            "LSE closing auction call from the close on, uncrossing from 16:35 of a full day",
        ))
    },
    funding: &[],
};

/// The exchange has announced its days, and the public vectors hold them, up to this date.
const VALID_THROUGH: Date = date(2027, 12, 31);

const BANK_HOLIDAYS: &str = "bank holidays of England and Wales; LSE business days";
const MOVED: &str = "moved or added by royal proclamation";
const HALF: &str = "LSE: 12:30 on the last business day before Christmas and before New Year";
const HOURS: &str = "LSE trading hours: 08:00 to 16:30 since 1999-09-20";
const OLD_HOURS: &str = "LSE opened at 09:00 in early 1999 (The Independent, 1999-03-10); when the years before began was not read";

const FULL_DAY: &[Hours] = &[session(8, 0, 16, 30)];
const HALF_DAY: &[Hours] = &[session(8, 0, 12, 30)];
const OLD_FULL_DAY: &[Hours] = &[session(9, 0, 16, 30)];
const OLD_HALF_DAY: &[Hours] = &[session(9, 0, 12, 30)];
const EIGHT_O_CLOCK: Date = date(1999, 9, 20);

const fn session(hour: i8, minute: i8, to_hour: i8, to_minute: i8) -> Hours {
    Hours { open: Wall { day: 0, hour, minute }, close: Wall { day: 0, hour: to_hour, minute: to_minute } }
}

/// Closures of one time, and holidays that were moved to a date.
const ONCE: &[(Date, &str)] = &[
    (date(1995, 5, 8), "fiftieth anniversary of VE Day"),
    (date(1999, 12, 31), "eve of the year 2000"),
    (date(2002, 6, 3), "Golden Jubilee"),
    (date(2002, 6, 4), "spring bank holiday, moved"),
    (date(2011, 4, 29), "royal wedding"),
    (date(2012, 6, 4), "spring bank holiday, moved"),
    (date(2012, 6, 5), "Diamond Jubilee"),
    (date(2020, 5, 8), "early May bank holiday, moved to VE Day"),
    (date(2022, 6, 2), "spring bank holiday, moved"),
    (date(2022, 6, 3), "Platinum Jubilee"),
    (date(2022, 9, 19), "state funeral of Queen Elizabeth II"),
    (date(2023, 5, 8), "coronation of King Charles III"),
];

fn plan(day: Date) -> DayPlan {
    if is_weekend(day) {
        let named = Named { name: "weekend", source: "LSE trades from Monday to Friday" };
        return DayPlan::closed(ClosureKind::Weekend, named);
    }
    if let Some((_, name)) = ONCE.iter().find(|(date, _)| *date == day) {
        return DayPlan::closed(ClosureKind::AdHoc, Named { name, source: MOVED });
    }
    if let Some(name) = holiday(day) {
        return DayPlan::closed(ClosureKind::Holiday, Named { name, source: BANK_HOLIDAYS });
    }
    let early = half_day(day);
    let new = day >= EIGHT_O_CLOCK;
    let hours = match (new, early.is_some()) {
        (true, false) => FULL_DAY,
        (true, true) => HALF_DAY,
        (false, false) => OLD_FULL_DAY,
        (false, true) => OLD_HALF_DAY,
    };
    let source = match (new, early) {
        (false, _) => OLD_HOURS,
        (true, Some(_)) => HALF,
        (true, None) => HOURS,
    };
    DayPlan::Open { hours, early, source, verified: new }
}

fn holiday(day: Date) -> Option<&'static str> {
    let year = day.year();
    let monday = |month, n| nth(year, month, n, Weekday::Monday);
    let christmas = date(year, 12, 25);
    let table = [
        (on_a_weekday(date(year, 1, 1)), "New Year's Day"),
        (good_friday(year), "Good Friday"),
        (morrow(morrow(morrow(good_friday(year)))), "Easter Monday"),
        (on_a_weekday(christmas), "Christmas Day"),
        // Both days are kept on weekdays, one after the other.
        (on_a_weekday(morrow(on_a_weekday(christmas))), "Boxing Day"),
        (monday(8, -1), "summer bank holiday"),
    ];
    let early_may = (!matches!(year, 1995 | 2020)).then(|| (monday(5, 1), "early May bank holiday"));
    let spring = (!matches!(year, 2002 | 2012 | 2022)).then(|| (monday(5, -1), "spring bank holiday"));
    let all = table.into_iter().chain(early_may).chain(spring);
    all.into_iter().find(|(date, _)| *date == day).map(|(_, name)| name)
}

fn half_day(day: Date) -> Option<&'static str> {
    let last_business_day = |month_day: Date| {
        let mut date = month_day;
        while is_weekend(date) {
            date = eve(date);
        }
        date
    };
    let year = day.year();
    if day == last_business_day(date(year, 12, 24)) {
        return Some("last business day before Christmas");
    }
    (day == last_business_day(date(year, 12, 31))).then_some("last business day before New Year")
}

/// The day itself, or the Monday after a weekend.
fn on_a_weekday(day: Date) -> Date {
    match day.weekday() {
        Weekday::Saturday => morrow(morrow(day)),
        Weekday::Sunday => morrow(day),
        _ => day,
    }
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}
