//! US equities: NYSE, Nasdaq, NYSE Arca, NYSE American and Cboe BZX share their days.
//!
//! Scheduled days and hours only; a late opening or a halt is what the market does, not what it announced.
//! To extend the range, check the exchange's next three-year announcement against the rules, add what is
//! new, and move [`VALID_THROUGH`].

use jiff::civil::{Date, Weekday, date, time};

use super::dates::{good_friday, morrow, nth, observed};
use super::us_cutoffs::cutoff;
use super::{Auction, DayPlan, Hours, Named, Venue, Wall};
use crate::day::ClosureKind;

pub(super) const XNYS: Venue = share_days("XNYS");
pub(super) const XNAS: Venue = share_days("XNAS");
pub(super) const ARCX: Venue = share_days("ARCX");
pub(super) const XASE: Venue = share_days("XASE");
pub(super) const BATS: Venue = share_days("BATS");

const fn share_days(name: &'static str) -> Venue {
    Venue {
        name,
        zone: "America/New_York",
        valid_from: date(1993, 1, 1),
        valid_through: VALID_THROUGH,
        // The broker's overnight session starts at 20:00 and belongs to the next trade date.
        trade_date_rolls_at: Some(time(20, 0, 0, 0)),
        plan,
        cutoff,
        auction: |_| Some(Auction { start: 0, end: 0, source: AT_THE_CLOSE }),
        funding: &[],
    }
}

/// The exchanges have announced their holidays up to this date.
const VALID_THROUGH: Date = date(2028, 12, 31);

const CORE: &str = "NYSE Rule 1.1, Core Trading Hours";
const AT_THE_CLOSE: &str = "the listing exchange's closing auction is held at the close";
const ANNOUNCED: &str = "NYSE Rule 7.2; NYSE Group press release of 2025-12-23 for 2026 to 2028";
const ONE_OFF: &str = "NYSE, one-off closing announced before the day";
const ONE_OFF_EARLY: &str = "NYSE, one-off early closing announced before the day";
const EARLY: &str = "NYSE Group press release of 2025-12-23 for 2026 to 2028; the exchange's custom before";

/// 09:30 since 1985-09-30; the core close is 16:00, on a half day 13:00.
const FULL_DAY: &[Hours] = &[core_session(16)];
const HALF_DAY: &[Hours] = &[core_session(13)];

const fn core_session(close_hour: i8) -> Hours {
    Hours { open: Wall { day: 0, hour: 9, minute: 30 }, close: Wall { day: 0, hour: close_hour, minute: 0 } }
}

/// Something that happens once a year, by rule.
struct Yearly {
    named: Named,
    from: i16,
    through: i16,
    /// The weekday it falls on in a year, if it does.
    on: fn(i16) -> Option<Date>,
}

const fn yearly(name: &'static str, source: &'static str, on: fn(i16) -> Option<Date>) -> Yearly {
    Yearly { named: Named { name, source }, from: 1993, through: 2028, on }
}

const HOLIDAYS: &[Yearly] = &[
    yearly("New Year's Day", ANNOUNCED, new_year),
    Yearly {
        from: 1998,
        ..yearly("Martin Luther King Jr. Day", ANNOUNCED, |y| Some(nth(y, 1, 3, Weekday::Monday)))
    },
    yearly("Washington's Birthday", ANNOUNCED, |y| Some(nth(y, 2, 3, Weekday::Monday))),
    yearly("Good Friday", ANNOUNCED, |y| Some(good_friday(y))),
    yearly("Memorial Day", ANNOUNCED, |y| Some(nth(y, 5, -1, Weekday::Monday))),
    Yearly {
        from: 2022,
        ..yearly("Juneteenth National Independence Day", ANNOUNCED, |y| Some(observed(date(y, 6, 19))))
    },
    yearly("Independence Day", ANNOUNCED, |y| Some(observed(date(y, 7, 4)))),
    yearly("Labor Day", ANNOUNCED, |y| Some(nth(y, 9, 1, Weekday::Monday))),
    yearly("Thanksgiving Day", ANNOUNCED, |y| Some(thanksgiving(y))),
    yearly("Christmas Day", ANNOUNCED, |y| Some(observed(date(y, 12, 25)))),
];

const HALF_DAYS: &[Yearly] = &[
    yearly("day after Thanksgiving", EARLY, |y| Some(morrow(thanksgiving(y)))),
    yearly("Christmas Eve", EARLY, christmas_eve),
    yearly("eve of Independence Day", EARLY, independence_eve),
    Yearly {
        from: 1995,
        through: 2012,
        ..yearly("Friday after Independence Day", EARLY, |y| {
            Some(date(y, 7, 5)).filter(|day| day.weekday() == Weekday::Friday)
        })
    },
];

const NATIONAL_MOURNING: &str = "National Day of Mourning";
const ATTACKS: &str = "attacks of September 11";
const SANDY: &str = "Hurricane Sandy";

const ONE_OFF_CLOSURES: &[(Date, &str)] = &[
    // President Nixon.
    (date(1994, 4, 27), NATIONAL_MOURNING),
    (date(2001, 9, 11), ATTACKS),
    (date(2001, 9, 12), ATTACKS),
    (date(2001, 9, 13), ATTACKS),
    (date(2001, 9, 14), ATTACKS),
    // President Reagan.
    (date(2004, 6, 11), NATIONAL_MOURNING),
    // President Ford.
    (date(2007, 1, 2), NATIONAL_MOURNING),
    (date(2012, 10, 29), SANDY),
    (date(2012, 10, 30), SANDY),
    // President George H. W. Bush.
    (date(2018, 12, 5), NATIONAL_MOURNING),
    // President Carter.
    (date(2025, 1, 9), NATIONAL_MOURNING),
];

const ONE_OFF_HALF_DAYS: &[(Date, &str)] = &[
    (date(1997, 12, 26), "day after Christmas"),
    (date(1999, 12, 31), "eve of the year 2000"),
    (date(2003, 12, 26), "day after Christmas"),
];

fn plan(day: Date) -> DayPlan {
    if matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
        return DayPlan::closed(ClosureKind::Weekend, Named { name: "weekend", source: "NYSE Rule 7.1" });
    }
    if let Some(name) = one_off(ONE_OFF_CLOSURES, day) {
        return DayPlan::closed(ClosureKind::AdHoc, Named { name, source: ONE_OFF });
    }
    if let Some(named) = by_rule(HOLIDAYS, day) {
        return DayPlan::closed(ClosureKind::Holiday, named);
    }
    let early = by_rule(HALF_DAYS, day)
        .or_else(|| one_off(ONE_OFF_HALF_DAYS, day).map(|name| Named { name, source: ONE_OFF_EARLY }));
    DayPlan::Open {
        hours: if early.is_some() { HALF_DAY } else { FULL_DAY },
        early: early.map(|named| named.name),
        source: early.map_or(CORE, |named| named.source),
        verified: true,
    }
}

fn one_off(table: &[(Date, &'static str)], day: Date) -> Option<&'static str> {
    table.iter().find(|(date, _)| *date == day).map(|(_, name)| *name)
}

fn by_rule(table: &[Yearly], day: Date) -> Option<Named> {
    table
        .iter()
        .filter(|rule| (rule.from..=rule.through).contains(&day.year()))
        .find(|rule| (rule.on)(day.year()) == Some(day))
        .map(|rule| rule.named)
}

/// On a Saturday it is not kept at all: the Friday before is the end of the accounting year (2010, 2021).
fn new_year(year: i16) -> Option<Date> {
    let day = date(year, 1, 1);
    match day.weekday() {
        Weekday::Saturday => None,
        Weekday::Sunday => Some(morrow(day)),
        _ => Some(day),
    }
}

fn thanksgiving(year: i16) -> Date {
    nth(year, 11, 4, Weekday::Thursday)
}

/// A Friday the 24th is the holiday itself, kept for a Saturday.
fn christmas_eve(year: i16) -> Option<Date> {
    let day = date(year, 12, 24);
    let from_monday = day.weekday().to_monday_zero_offset();
    (from_monday <= 3).then_some(day)
}

/// July 3. Not on a Friday, which is the holiday kept for a Saturday; on a Wednesday only from 2013 on,
/// before that the Friday after was short instead.
fn independence_eve(year: i16) -> Option<Date> {
    let day = date(year, 7, 3);
    let short = match day.weekday() {
        Weekday::Monday | Weekday::Tuesday | Weekday::Thursday => year >= 1995,
        Weekday::Wednesday => year >= 2013,
        Weekday::Friday | Weekday::Saturday | Weekday::Sunday => false,
    };
    short.then_some(day)
}
