//! When something happened, as far as the query lets the broker say: the form of dates and times is the user's choice, and a time
//! may lack its zone or be missing altogether.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

use crate::error::shown;

/// The zone of times without one: IBKR's reports are in New York time unless the account says otherwise.
pub const STATEMENT_ZONE: &str = "America/New_York";

/// A date, perhaps with a time, perhaps with a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The civil date as written.
    pub date: Date,
    /// The time of day, if the query asks for it.
    pub time: Option<Time>,
    /// How far east of Greenwich, if the text says so, in seconds.
    offset: Option<i32>,
}

impl Moment {
    /// A date without a time.
    pub const fn of_date(date: Date) -> Self {
        Self { date, time: None, offset: None }
    }

    /// Whether the text named a zone.
    pub fn has_zone(&self) -> bool {
        self.offset.is_some()
    }

    /// The instant, if there is a time of day; one without zone is read in `assumed`.
    pub fn instant(&self, assumed: &TimeZone) -> Option<Timestamp> {
        let civil = DateTime::from_parts(self.date, self.time?);
        match self.offset {
            Some(seconds) => {
                let zone = TimeZone::fixed(Offset::from_seconds(seconds).ok()?);
                zone.to_timestamp(civil).ok()
            }
            None => assumed.to_timestamp(civil).ok(),
        }
    }

    /// Reads any of the forms that a Flex query can be set to, except those that could mean two dates.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (date_text, rest) = split(text);
        let date = date(date_text)?;
        let rest = rest.trim_start_matches([';', ',', 'T', ' ']).trim();
        if rest.is_empty() {
            return Ok(Self::of_date(date));
        }
        let wrong = || format!("`{}` has no time of day that can be read", shown(text));
        let (clock, zone) = match rest.split_once(' ') {
            Some((clock, zone)) => (clock, Some(zone.trim())),
            None => match rest.strip_suffix('Z') {
                Some(clock) => (clock, Some("UTC")),
                None => (rest, None),
            },
        };
        let time = time(clock).ok_or_else(wrong)?;
        let offset = match zone {
            None | Some("") => None,
            Some(name) => Some(offset(name, date, time).ok_or_else(|| {
                format!("`{}` names the zone `{}`, which is not known for certain", shown(text), shown(name))
            })?),
        };
        Ok(Self { date, time: Some(time), offset })
    }

    /// A date and a time of day from two fields.
    pub fn of_two(date: &str, time_of_day: Option<&str>) -> Result<Self, String> {
        let day = Self::parse(date)?;
        match time_of_day {
            Some(text) => {
                let time = time(text.trim())
                    .ok_or_else(|| format!("`{}` is no time of day; write HHmmss", shown(text)))?;
                Ok(Self { time: Some(time), ..day })
            }
            None => Ok(day),
        }
    }
}

/// Where the date ends: behind eight digits, or before the first sign that no date has.
fn split(text: &str) -> (&str, &str) {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits >= 8 {
        return text.split_at(8);
    }
    let end = text.find([';', ',', ' ', 'T']).unwrap_or(text.len());
    text.split_at(end)
}

fn date(text: &str) -> Result<Date, String> {
    if text.contains('/') {
        return Err(format!("`{}` can mean two days; set the query's date format to yyyyMMdd", shown(text)));
    }
    let plain: String = text.chars().filter(|c| *c != '-').collect();
    let dashes = text.bytes().filter(|byte| *byte == b'-').count();
    let well_formed =
        plain.len() == 8 && plain.bytes().all(|b| b.is_ascii_digit()) && [0, 2].contains(&dashes);
    let number = |range: std::ops::Range<usize>| plain.get(range)?.parse::<i16>().ok();
    let parts = || {
        let (month, day) = (i8::try_from(number(4..6)?).ok()?, i8::try_from(number(6..8)?).ok()?);
        Date::new(number(0..4)?, month, day).ok()
    };
    well_formed
        .then(parts)
        .flatten()
        .ok_or_else(|| format!("`{}` is no date; set the query's date format to yyyyMMdd", shown(text)))
}

fn time(text: &str) -> Option<Time> {
    let plain: String = text.chars().filter(|c| *c != ':').collect();
    if plain.len() != 6 || !plain.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| plain.get(range)?.parse::<i8>().ok();
    Time::new(number(0..2)?, number(2..4)?, number(4..6)?, 0).ok()
}

/// Only names that mean one thing everywhere: `CST` is Chicago's and Shanghai's.
fn offset(name: &str, date: Date, time: Time) -> Option<i32> {
    match name {
        "UTC" | "GMT" | "Z" => Some(0),
        "EST" => Some(-5 * 3600),
        "EDT" => Some(-4 * 3600),
        name if name.contains('/') => {
            let zoned = DateTime::from_parts(date, time).to_zoned(TimeZone::get(name).ok()?).ok()?;
            Some(zoned.offset().seconds())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> String {
        let zone = TimeZone::get(STATEMENT_ZONE).unwrap();
        match Moment::parse(text) {
            Ok(moment) => match moment.instant(&zone) {
                Some(instant) => instant.to_string(),
                None => moment.date.to_string(),
            },
            Err(why) => why,
        }
    }

    #[test]
    fn every_form_that_a_query_can_be_set_to_is_one_instant() {
        // Half past nine in New York's summer is half past one in Greenwich.
        for text in [
            "20240702;093000",
            "2024-07-02;09:30:00",
            "2024-07-02, 09:30:00",
            "20240702 09:30:00",
            "2024-07-02T09:30:00",
            "20240702,093000",
            "20240702;093000 EDT",
            "20240702;09:30:00 America/New_York",
            "20240702;133000 UTC",
            "2024-07-02T13:30:00Z",
        ] {
            assert_eq!(utc(text), "2024-07-02T13:30:00Z", "{text}");
        }
    }

    #[test]
    fn a_date_without_a_time_stays_a_date() {
        assert_eq!((utc("20240702"), utc("2024-07-02")), ("2024-07-02".into(), "2024-07-02".into()));
    }

    #[test]
    fn what_could_mean_two_days_or_two_zones_is_refused() {
        for text in ["07/02/2024", "02/07/24;093000", "20240702;093000 CST", "20240702;093000 Local"] {
            assert!(Moment::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for text in
            ["20230229", "20241301", "00000000", "2024-1-1", "2024", "20240702;250000", "yesterday", ""]
        {
            assert!(Moment::parse(text).is_err(), "{text:?}");
        }
    }
}
