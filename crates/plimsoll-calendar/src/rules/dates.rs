//! Dates that holidays are made of.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday, date};

/// The n-th weekday of a month, -1 for the last one.
pub(super) fn nth(year: i16, month: i8, n: i8, weekday: Weekday) -> Date {
    date(year, month, 1)
        .nth_weekday_of_month(n, weekday)
        .expect("every month has four of each weekday, and a last one")
}

/// The day before.
pub(super) fn eve(day: Date) -> Date {
    day.yesterday().expect("calendars end centuries before jiff's range of dates does")
}

/// The day after.
pub(super) fn morrow(day: Date) -> Date {
    day.tomorrow().expect("calendars end centuries before jiff's range of dates does")
}

/// A holiday on a Saturday is kept on the Friday before, one on a Sunday on the Monday after.
pub(super) fn observed(day: Date) -> Date {
    match day.weekday() {
        Weekday::Saturday => eve(day),
        Weekday::Sunday => morrow(day),
        _ => day,
    }
}

/// Good Friday: two days before Easter Sunday, the Sunday after the ecclesiastical full moon of spring.
pub(super) fn good_friday(year: i16) -> Date {
    let year_number = i32::from(year);
    let (century, year_of_century) = (year_number / 100, year_number % 100);
    let moon_cycle = year_number % 19;
    // Century years that are no leap years, and the slow drift of the moon against its 19-year cycle.
    let moon_drift = (8 * century + 13) / 25;
    let full_moon = (19 * moon_cycle + century - century / 4 - moon_drift + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (year_of_century / 4) - full_moon - year_of_century % 4) % 7;
    // The two moons that would fall too late are moved up.
    let late_moon = (moon_cycle + 11 * full_moon + 19 * weekday) / 433;
    let since_march_22 = full_moon + weekday - 7 * late_moon;
    let march_22 = date(year, 3, 22);
    eve(eve(march_22.saturating_add(i64::from(since_march_22).days())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_friday_is_where_the_almanac_has_it() {
        // Earliest and latest of the range, a leap year, and the years ahead.
        let almanac = [
            (1995, 4, 14),
            (2000, 4, 21),
            (2008, 3, 21),
            (2011, 4, 22),
            (2024, 3, 29),
            (2025, 4, 18),
            (2026, 4, 3),
            (2027, 3, 26),
            (2028, 4, 14),
        ];
        for (year, month, day) in almanac {
            assert_eq!(good_friday(year), date(year, month, day));
        }
    }
}
