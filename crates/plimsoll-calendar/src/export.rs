//! The table form of a calendar: one row per session, instants in UTC to the minute.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::day::TradingDay;

/// The columns of [`export_row`].
pub fn export_header() -> &'static str {
    "session,open_utc,close_utc,break_start_utc,break_end_utc,early"
}

/// One session as a row of comma separated values. Of several breaks the first is shown.
pub fn export_row(day: &TradingDay) -> String {
    let pause = day.sessions().get(1).map(|second| (day.sessions()[0].close, second.open));
    let (pause_from, pause_to) =
        pause.map_or((String::new(), String::new()), |(from, to)| (minute(from), minute(to)));
    format!(
        "{},{},{},{pause_from},{pause_to},{}",
        day.date(),
        minute(day.open()),
        minute(day.close()),
        u8::from(day.early().is_some()),
    )
}

fn minute(instant: Timestamp) -> String {
    instant.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%MZ").to_string()
}
