//! Times as venues write them, in every form a real Gateway was seen to send.
//!
//! `yyyymmdd hh:mm:ss Zone/Name` (from version 174), `yyyymmdd-hh:mm:ss` (UTC), `yyyymmdd  hh:mm:ss` and
//! anything else without a zone (the zone of the venue's login), and epoch seconds. A zone may be a legacy
//! identifier, an abbreviation, or what the host's operating system calls its zone.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// Names that the zone database does not have, or has with another meaning than a venue. Abbreviations
/// that stand for two zones (`CST`, `IST`) are left out: a wrong time is worse than none.
const ALIASES: &[(&str, &str)] = &[
    // The database's own `EST` has no summer time; Gateways write it all year for New York.
    ("EST", "America/New_York"),
    ("EDT", "America/New_York"),
    ("Eastern Standard Time", "America/New_York"),
    ("Eastern Daylight Time", "America/New_York"),
    ("CDT", "America/Chicago"),
    ("Central Standard Time", "America/Chicago"),
    ("Central Daylight Time", "America/Chicago"),
    ("MDT", "America/Denver"),
    ("Mountain Standard Time", "America/Denver"),
    ("Mountain Daylight Time", "America/Denver"),
    ("PST", "America/Los_Angeles"),
    ("PDT", "America/Los_Angeles"),
    ("Pacific Standard Time", "America/Los_Angeles"),
    ("Pacific Daylight Time", "America/Los_Angeles"),
    ("BST", "Europe/London"),
    ("British Summer Time", "Europe/London"),
    ("Greenwich Mean Time", "Europe/London"),
    ("GMT Standard Time", "Europe/London"),
    ("GMT Daylight Time", "Europe/London"),
    ("CEST", "Europe/Berlin"),
    ("MEZ", "Europe/Berlin"),
    ("MESZ", "Europe/Berlin"),
    ("MEST", "Europe/Berlin"),
    ("Central European Standard Time", "Europe/Berlin"),
    ("Central European Summer Time", "Europe/Berlin"),
    ("W. Europe Standard Time", "Europe/Berlin"),
    ("EEST", "Europe/Helsinki"),
    ("Eastern European Standard Time", "Europe/Helsinki"),
    ("Eastern European Summer Time", "Europe/Helsinki"),
    ("MSK", "Europe/Moscow"),
    ("JST", "Asia/Tokyo"),
    ("Japan Standard Time", "Asia/Tokyo"),
    ("Tokyo Standard Time", "Asia/Tokyo"),
    ("KST", "Asia/Seoul"),
    ("Korean Standard Time", "Asia/Seoul"),
    ("HKT", "Asia/Hong_Kong"),
    ("Hong Kong Standard Time", "Asia/Hong_Kong"),
    ("SGT", "Asia/Singapore"),
    ("Singapore Standard Time", "Asia/Singapore"),
    ("China Standard Time", "Asia/Shanghai"),
    ("India Standard Time", "Asia/Kolkata"),
    ("AEST", "Australia/Sydney"),
    ("AEDT", "Australia/Sydney"),
    ("AUS Eastern Standard Time", "Australia/Sydney"),
    ("Australian Eastern Standard Time", "Australia/Sydney"),
    ("Australian Eastern Daylight Time", "Australia/Sydney"),
    ("Coordinated Universal Time", "UTC"),
];

/// No zone has a longer name.
const ZONE_LEN_MAX: usize = 64;

/// The zone a venue means.
pub fn zone_of(name: &str) -> Option<TimeZone> {
    let name = name.trim();
    if name.is_empty() || name.len() > ZONE_LEN_MAX {
        return None;
    }
    let known = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, zone)| zone);
    // The bundled database, so that a replay on another machine reads the same instants.
    TimeZoneDatabase::bundled().get(known).ok()
}

/// The instant a venue means, or nothing if the text cannot be read. `login_zone` is for texts without a
/// zone of their own.
pub fn timestamp(text: &str, login_zone: &TimeZone) -> Option<Timestamp> {
    read(text, Some(login_zone))
}

/// The same where nobody knows the login's zone: a text without one of its own means nothing.
pub(super) fn zoned_timestamp(text: &str) -> Option<Timestamp> {
    read(text, None)
}

fn read(text: &str, login_zone: Option<&TimeZone>) -> Option<Timestamp> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == text.len() && (9..=11).contains(&digits) {
        return Timestamp::from_second(text.parse().ok()?).ok();
    }
    let date = date(text.get(..8)?)?;
    let rest = text.get(8..)?;
    if let Some(clock) = rest.strip_prefix('-') {
        return instant(date, time(clock)?, &TimeZone::UTC);
    }
    let rest = rest.strip_prefix(' ')?.trim_start();
    let (clock, zone) = rest.split_once(' ').unwrap_or((rest, ""));
    let time = time(clock)?;
    match zone.trim() {
        "" => instant(date, time, login_zone?),
        zone => instant(date, time, &zone_of(zone)?),
    }
}

fn instant(date: Date, time: Time, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(DateTime::from_parts(date, time)).compatible().ok()
}

pub(super) fn date(text: &str) -> Option<Date> {
    Date::new(number(text.get(..4)?)?, number(text.get(4..6)?)?, number(text.get(6..8)?)?).ok()
}

fn time(text: &str) -> Option<Time> {
    let mut parts = text.splitn(3, ':');
    let mut next = || parts.next().filter(|part| part.len() == 2).and_then(number::<i8>);
    Time::new(next()?, next()?, next()?, 0).ok()
}

fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Option<String> {
        timestamp(text, &TimeZone::get("America/New_York").unwrap()).map(|at| at.to_string())
    }

    #[test]
    fn every_form_of_a_real_gateway_is_the_same_instant() {
        // 11 June 2026 09:31:08 in New York is 13:31:08 UTC: daylight saving time, four hours.
        for text in [
            "20260611-13:31:08",
            "20260611 09:31:08 US/Eastern",
            "20260611 09:31:08 America/New_York",
            "20260611 09:31:08 EST",
            "20260611 15:31:08 MET",
            "20260611 13:31:08 Universal",
            "20260611 13:31:08 UTC",
            "20260611 22:31:08 JST",
            "20260611 15:31:08 Central European Standard Time",
            "20260611  09:31:08",
            "20260611 09:31:08",
            "1781184668",
        ] {
            assert_eq!(utc(text).as_deref(), Some("2026-06-11T13:31:08Z"), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_no_time() {
        for text in [
            "",
            "20260611",
            "20260611 ",
            "20261311 09:31:08 US/Eastern",
            "20260611 25:31:08 US/Eastern",
            "20260611 09:31:08 Mars/Olympus",
            "20260611 09:31:08 CST",
            "20260611 9:31:08",
            "2026061\u{661} 09:31:08",
            "+2026611 09:31:08",
        ] {
            assert_eq!(utc(text), None, "{text}");
        }
    }
}
