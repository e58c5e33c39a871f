//! Which products trade when: three schedules, each as one table of sessions.
//!
//! Owns the tables. US stocks come from `plimsoll-calendar`. Equity index futures and foreign exchange
//! follow the same holidays in their own way: sessions begin on the evening before their trade date, so
//! the trade date is the day of the close.

use std::sync::LazyLock;

use jiff::civil::{Date, Time, Weekday, time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use plimsoll_calendar::Calendar;

use crate::market::hours::Session;

/// When a product trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schedule {
    /// Stocks and ETFs of the United States: 09:30 to 16:00 in New York.
    UsStocks,
    /// Equity index futures: 17:00 of the day before to 16:00 in Chicago.
    Globex,
    /// Currencies: 17:15 of the day before to 17:00 in New York.
    Forex,
}

impl Schedule {
    /// Seconds of a full session: the unit in which daily volatility and volume are spread.
    pub(crate) const fn full_seconds(self) -> i64 {
        match self {
            Self::UsStocks => 23_400,
            Self::Globex => 82_800,
            Self::Forex => 85_500,
        }
    }

    /// The square root of [`Self::full_seconds`], in thousandths.
    pub(crate) const fn root_milli(self) -> i64 {
        match self {
            Self::UsStocks => 152_971,
            Self::Globex => 287_750,
            Self::Forex => 292_404,
        }
    }

    /// How the zone of its hours is called on the wire.
    pub(crate) const fn zone_name(self) -> &'static str {
        match self {
            Self::UsStocks | Self::Forex => "US/Eastern",
            Self::Globex => "US/Central",
        }
    }

    /// The zone itself.
    pub(crate) fn zone(self) -> &'static TimeZone {
        match self {
            Self::UsStocks | Self::Forex => &NEW_YORK,
            Self::Globex => &CHICAGO,
        }
    }

    /// Every session that the calendar knows.
    pub(crate) fn sessions(self) -> &'static [Session] {
        match self {
            Self::UsStocks => &STOCKS,
            Self::Globex => &GLOBEX,
            Self::Forex => &FOREX,
        }
    }
}

static NEW_YORK: LazyLock<TimeZone> = LazyLock::new(|| zone("America/New_York"));
static CHICAGO: LazyLock<TimeZone> = LazyLock::new(|| zone("America/Chicago"));

/// Computed once: nine thousand civil times are the dearest part of a new venue, and they are the same
/// for all.
static STOCKS: LazyLock<Vec<Session>> = LazyLock::new(|| {
    let calendar = Calendar::us_equities();
    calendar
        .sessions(calendar.valid_from(), calendar.valid_through())
        .expect("the ends of a calendar's own range lie within it")
        .map(|day| Session { date: day.date(), open: day.open(), close: day.close() })
        .collect()
});

static GLOBEX: LazyLock<Vec<Session>> = LazyLock::new(|| {
    let close = |date: Date| match stocks_on(date) {
        // Half a holiday: trading stops at noon and goes on under the next trade date.
        None => (!is_without_futures(date)).then_some(time(12, 0, 0, 0)),
        Some(stocks) if is_half(stocks) => Some(time(12, 15, 0, 0)),
        Some(_) => Some(time(16, 0, 0, 0)),
    };
    over_night(&CHICAGO, time(17, 0, 0, 0), close)
});

static FOREX: LazyLock<Vec<Session>> = LazyLock::new(|| {
    let close = |date: Date| (!is_worldwide_holiday(date)).then_some(time(17, 0, 0, 0));
    over_night(&NEW_YORK, time(17, 15, 0, 0), close)
});

/// Sessions of weekdays that open on the evening before.
fn over_night(zone: &TimeZone, open: Time, close: impl Fn(Date) -> Option<Time>) -> Vec<Session> {
    let (first, last) = (STOCKS[0].date, STOCKS[STOCKS.len() - 1].date);
    let at = |date: Date, time: Time| {
        let zoned = date.to_datetime(time).to_zoned(zone.clone());
        zoned.expect("a civil time of the calendar's years has an instant").timestamp()
    };
    first
        .series(1.day())
        .take_while(|date| *date <= last)
        .filter(|date| !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday))
        .filter_map(|date| {
            let evening = date.yesterday().expect("the calendar begins after the year -9999");
            Some(Session { date, open: at(evening, open), close: at(date, close(date)?) })
        })
        .collect()
}

fn stocks_on(date: Date) -> Option<&'static Session> {
    STOCKS.binary_search_by_key(&date, |session| session.date).ok().map(|index| &STOCKS[index])
}

fn is_half(session: &Session) -> bool {
    session.seconds() < Schedule::UsStocks.full_seconds()
}

/// Good Friday, Christmas and New Year: no session of index futures bears their date.
fn is_without_futures(date: Date) -> bool {
    // The only Friday from 20 March to 23 April on which New York is closed is Good Friday.
    let good_friday = date.weekday() == Weekday::Friday && matches!(date.month(), 3 | 4);
    good_friday || matches!((date.month(), date.day()), (12, 24..=26) | (1, 1..=2))
}

fn is_worldwide_holiday(date: Date) -> bool {
    matches!((date.month(), date.day()), (12, 25) | (1, 1))
}

fn zone(name: &str) -> TimeZone {
    plimsoll_calendar::zone(name).expect("the zones of New York and Chicago are in every time zone database")
}

/// Midnight in a zone.
pub(crate) fn midnight(date: Date, zone: &TimeZone) -> Timestamp {
    let start = date.to_zoned(zone.clone());
    start.expect("midnight of a session's date exists in New York and in Chicago").timestamp()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn on(schedule: Schedule, day: Date) -> Option<(String, String)> {
        let session = schedule.sessions().iter().find(|session| session.date == day)?;
        let civil =
            |at: Timestamp| at.to_zoned(schedule.zone().clone()).strftime("%Y-%m-%d %H:%M").to_string();
        Some((civil(session.open), civil(session.close)))
    }

    #[test]
    fn futures_open_on_the_evening_before_and_stop_early_around_thanksgiving() {
        let globex = |day| on(Schedule::Globex, day);
        assert_eq!(
            globex(date(2026, 11, 23)),
            Some(("2026-11-22 17:00".to_owned(), "2026-11-23 16:00".to_owned()))
        );
        assert_eq!(
            globex(date(2026, 11, 26)),
            Some(("2026-11-25 17:00".to_owned(), "2026-11-26 12:00".to_owned()))
        );
        assert_eq!(
            globex(date(2026, 11, 27)),
            Some(("2026-11-26 17:00".to_owned(), "2026-11-27 12:15".to_owned()))
        );
        assert_eq!(globex(date(2026, 12, 25)), None);
        assert_eq!(globex(date(2026, 4, 3)), None, "Good Friday");
        assert_eq!(globex(date(2026, 11, 28)), None, "Saturday");
    }

    #[test]
    fn currencies_trade_through_american_holidays() {
        let forex = |day| on(Schedule::Forex, day);
        assert_eq!(
            forex(date(2026, 11, 26)),
            Some(("2026-11-25 17:15".to_owned(), "2026-11-26 17:00".to_owned()))
        );
        assert_eq!(
            forex(date(2026, 11, 30)),
            Some(("2026-11-29 17:15".to_owned(), "2026-11-30 17:00".to_owned()))
        );
        assert_eq!(forex(date(2026, 12, 25)), None);
    }

    #[test]
    fn sessions_of_one_schedule_never_overlap() {
        for schedule in [Schedule::UsStocks, Schedule::Globex, Schedule::Forex] {
            let sessions = schedule.sessions();
            assert!(sessions.iter().all(|session| session.open < session.close));
            assert!(sessions.windows(2).all(|pair| pair[0].close <= pair[1].open), "{schedule:?}");
        }
    }
}
