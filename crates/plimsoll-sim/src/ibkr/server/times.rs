//! Date-times in TWS's spellings, both ways.
//!
//! Owns the forms: with a zone behind one space from version 174 on, with two spaces before, and the
//! UTC form with a dash. Venue time is told in New York time under its legacy name, as a Gateway that is
//! set to operator time zone does.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use plimsoll_tws::{Gate, ServerVersion};

use crate::market::hours::Hours;

/// How the zone is called on the wire.
pub(crate) const ZONE_NAME: &str = "US/Eastern";

/// A moment as executions carry it.
pub(crate) fn moment(at: Timestamp, zone: &TimeZone, version: ServerVersion) -> String {
    spelled(at, (zone, ZONE_NAME), version)
}

/// A moment as bars carry it: in the zone of the instrument.
pub(crate) fn moment_of(at: Timestamp, hours: &Hours, version: ServerVersion) -> String {
    spelled(at, (hours.zone(), hours.zone_name()), version)
}

fn spelled(at: Timestamp, (zone, name): (&TimeZone, &str), version: ServerVersion) -> String {
    let civil = at.to_zoned(zone.clone()).datetime();
    let (date, time) = (civil.date(), civil.time());
    let (year, month, day) = (date.year(), date.month(), date.day());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    if version.has(Gate::InstrumentTimezone) {
        format!("{year:04}{month:02}{day:02} {hour:02}:{minute:02}:{second:02} {name}")
    } else {
        format!("{year:04}{month:02}{day:02}  {hour:02}:{minute:02}:{second:02}")
    }
}

/// A date as day bars carry it.
pub(crate) fn compact(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}

/// Whether a date-time says no zone in any form.
pub(crate) fn is_naive(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        [date] => !date.contains('-'),
        [_, _] => true,
        _ => false,
    }
}

/// A moment in UTC with a dash.
pub(crate) fn dashed_utc(at: Timestamp) -> String {
    at.strftime("%Y%m%d-%H:%M:%S").to_string()
}

/// Reads `20261127 10:00:00 US/Eastern`, `20261127-15:00:00` (UTC), `20261127 10:00:00` or
/// `20261127` (both in the venue's zone). A bare date means its end, as TWS takes it.
pub(crate) fn parse(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    let (date, rest) = text.split_at_checked(8)?;
    let day = Date::strptime("%Y%m%d", date).ok()?;
    if rest.is_empty() {
        let next = day.checked_add(1.day()).ok()?;
        return Some(next.to_zoned(zone.clone()).ok()?.timestamp());
    }
    let utc = rest.starts_with('-');
    let mut words = rest.get(1..)?.split_whitespace();
    let time = jiff::civil::Time::strptime("%H:%M:%S", words.next()?).ok()?;
    let at = DateTime::from_parts(day, time);
    let zone = match words.next() {
        Some(name) => plimsoll_calendar::zone(name).ok()?,
        None if utc => TimeZone::UTC,
        None => zone.clone(),
    };
    Some(at.to_zoned(zone).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_moment_is_read() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let read = |text| parse(text, &zone).map(|at| at.to_string());
        let ten = Some("2026-11-27T15:00:00Z".to_owned());
        assert_eq!(read("20261127 10:00:00 US/Eastern"), ten);
        assert_eq!(read("20261127-15:00:00"), ten);
        assert_eq!(read("20261127 10:00:00"), ten);
        assert_eq!(read("20261127  10:00:00"), ten);
        assert_eq!(read("20261127 15:00:00 UTC"), ten);
        assert_eq!(read("20261127"), Some("2026-11-28T05:00:00Z".to_owned()));
        for bad in [
            "",
            "tomorrow",
            "20261327 10:00:00",
            "20261127 25:00:00",
            "20261127 10:00:00 Mars",
            "２０２６１１２７",
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
