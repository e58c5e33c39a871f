//! The broker's text forms of trading hours: `20261127:0930-20261127:1300;20261128:CLOSED`, and its schedule of the
//! past.
//!
//! Owns both directions of the first and the reading of the second. A day listed as closed is kept, because "closed" and "not listed" are two
//! different answers.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::calendar::{Calendar, CalendarError};
use crate::day::Interval;

/// What the broker lists for one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedDay {
    /// The date under which it is listed: where a session crosses midnight, the date of its start.
    pub date: Date,
    /// Its intervals; empty means that the day is listed as closed.
    pub sessions: Vec<Interval>,
}

impl ListedDay {
    /// Whether the broker lists the day as closed.
    pub fn is_closed(&self) -> bool {
        self.sessions.is_empty()
    }
}

/// The longest stretch without a session that a schedule is believed. Exchanges were closed for ten days, once.
const GAP_DAYS_MAX: i32 = 31;

/// Why a text is not a list of trading hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// An entry that has none of the known forms.
    #[error(
        "`{entry}` is no entry of trading hours; the whole list was refused; \
         compare with 20261127:0930-20261127:1300"
    )]
    Unreadable {
        /// The entry as it came.
        entry: Box<str>,
    },
    /// A session that ends before it begins.
    #[error("`{entry}` ends before it begins; the whole list was refused")]
    Backwards {
        /// The entry as it came.
        entry: Box<str>,
    },
}

/// Reads the broker's list, in either of its forms: `20261127:0930-20261127:1300` and the older
/// `20261127:0700-1830,1830-2330`. In the older one a close that is not later than its open is the next
/// day's.
pub fn liquid_hours(text: &str, zone: &TimeZone) -> Result<Vec<ListedDay>, HoursError> {
    let mut days: Vec<ListedDay> = Vec::new();
    for entry in text.split(';').map(str::trim).filter(|entry| !entry.is_empty()) {
        let (date, sessions) = read_entry(entry, zone)?;
        match days.last_mut().filter(|last| last.date == date) {
            Some(last) => last.sessions.extend(sessions),
            None => days.push(ListedDay { date, sessions }),
        }
    }
    Ok(days)
}

/// Reads the broker's schedule of the past: rows of trade date, open and close, `20261127`, `20261127-09:30:00`,
/// `20261127-13:00:00`. A date between the first and the last that has no row is listed as closed.
pub fn past_schedule<'a>(
    rows: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>,
    zone: &TimeZone,
) -> Result<Vec<ListedDay>, HoursError> {
    let mut days: Vec<ListedDay> = Vec::new();
    for (date, open, close) in rows {
        let entry = || format!("{date}:{open},{close}").into();
        let instant = |text| read_second(text)?.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
        let (Some(day), Some(open), Some(close)) = (read_date(date), instant(open), instant(close)) else {
            return Err(HoursError::Unreadable { entry: entry() });
        };
        let last = days.last().map(|last| last.date);
        if last.is_some_and(|last| (day - last).get_days() > GAP_DAYS_MAX) {
            return Err(HoursError::Unreadable { entry: entry() });
        }
        if close <= open || last.is_some_and(|last| day < last) {
            return Err(HoursError::Backwards { entry: entry() });
        }
        let between = last.into_iter().flat_map(|last| last.series(1.day()).skip(1));
        days.extend(
            between.take_while(|date| *date < day).map(|date| ListedDay { date, sessions: Vec::new() }),
        );
        let session = Interval { open, close };
        match days.last_mut().filter(|last| last.date == day) {
            Some(last) => last.sessions.push(session),
            None => days.push(ListedDay { date: day, sessions: vec![session] }),
        }
    }
    Ok(days)
}

/// The days in the broker's present form.
pub fn format_liquid_hours(days: &[ListedDay], zone: &TimeZone) -> String {
    let point = |instant: Timestamp| zone.to_datetime(instant).strftime("%Y%m%d:%H%M").to_string();
    let mut entries = Vec::new();
    for day in days {
        if day.is_closed() {
            entries.push(format!("{}:CLOSED", day.date.strftime("%Y%m%d")));
        }
        let spans: Vec<_> =
            day.sessions.iter().map(|s| format!("{}-{}", point(s.open), point(s.close))).collect();
        if !spans.is_empty() {
            entries.push(spans.join(","));
        }
    }
    entries.join(";")
}

impl Calendar {
    /// The regular hours of `days` days from `from` on, as the broker would list them.
    pub fn listed_days(&self, from: Date, days: u16) -> Result<Vec<ListedDay>, CalendarError> {
        from.series(1.day())
            .take(usize::from(days))
            .map(|date| {
                let sessions = self.session(date)?.map_or_else(Vec::new, |day| day.sessions().to_vec());
                Ok(ListedDay { date, sessions })
            })
            .collect()
    }
}

/// One entry between semicolons.
fn read_entry(entry: &str, zone: &TimeZone) -> Result<(Date, Vec<Interval>), HoursError> {
    let unreadable = || HoursError::Unreadable { entry: entry.into() };
    let (day, rest) = entry.split_once(':').ok_or_else(unreadable)?;
    let date = read_date(day).ok_or_else(unreadable)?;
    if rest == "CLOSED" {
        return Ok((date, Vec::new()));
    }
    let mut sessions = Vec::new();
    for span in rest.split(',') {
        let (open, close) = span.split_once('-').ok_or_else(unreadable)?;
        let open = read_point(open, date).ok_or_else(unreadable)?;
        let mut end = read_point(close, date).ok_or_else(unreadable)?;
        if end <= open && !close.contains(':') {
            end = end.checked_add(1.day()).map_err(|_| unreadable())?;
        }
        let instant = |at: DateTime| at.to_zoned(zone.clone()).map(|z| z.timestamp());
        let (Ok(open), Ok(close)) = (instant(open), instant(end)) else {
            return Err(unreadable());
        };
        if close <= open {
            return Err(HoursError::Backwards { entry: entry.into() });
        }
        sessions.push(Interval { open, close });
    }
    Ok((date, sessions))
}

/// `0930`, or `20261127:0930` with its own date; `2400` is midnight of the next day.
fn read_point(text: &str, date: Date) -> Option<DateTime> {
    let (date, clock) = match text.split_once(':') {
        Some((day, clock)) => (read_date(day)?, clock),
        None => (date, text),
    };
    if clock == "2400" {
        return date.tomorrow().ok().map(|next| next.to_datetime(Time::midnight()));
    }
    let hour = digits(clock, 0, 2)?;
    let minute = digits(clock, 2, 4)?;
    let time = Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()?;
    (clock.len() == 4).then(|| date.to_datetime(time))
}

/// `20261127-09:30:00`.
fn read_second(text: &str) -> Option<DateTime> {
    let (date, clock) = text.split_once('-')?;
    let part = |from| i8::try_from(digits(clock, from, from + 2)?).ok();
    let separated = clock.len() == 8 && clock.get(2..3) == Some(":") && clock.get(5..6) == Some(":");
    let time = Time::new(part(0)?, part(3)?, part(6)?, 0).ok().filter(|_| separated)?;
    Some(read_date(date)?.to_datetime(time))
}

/// `20261127`.
fn read_date(text: &str) -> Option<Date> {
    let month = i8::try_from(digits(text, 4, 6)?).ok()?;
    let day = i8::try_from(digits(text, 6, 8)?).ok()?;
    let date = Date::new(digits(text, 0, 4)?, month, day).ok()?;
    (text.len() == 8).then_some(date)
}

fn digits(text: &str, from: usize, to: usize) -> Option<i16> {
    let part = text.get(from..to)?;
    part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
}
