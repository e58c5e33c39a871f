//! The broker's text form of trading hours, in and out.

use arbtest::arbtest;
use jiff::Timestamp;
use jiff::civil::date;
use plimsoll_calendar::{
    Calendar, HoursError, Interval, ListedDay, format_liquid_hours, liquid_hours, past_schedule, zone,
};

fn span(open: &str, close: &str) -> Interval {
    let at = |text: &str| text.parse::<Timestamp>().expect("a timestamp of the test");
    Interval { open: at(open), close: at(close) }
}

#[test]
fn a_closed_day_is_kept_and_a_half_day_ends_early() {
    let tz = zone("US/Eastern").unwrap();
    let days = liquid_hours("20261127:0930-20261127:1300;20261128:CLOSED", &tz).unwrap();
    let friday = ListedDay {
        date: date(2026, 11, 27),
        sessions: vec![span("2026-11-27T14:30:00Z", "2026-11-27T18:00:00Z")],
    };
    assert_eq!(days, [friday, ListedDay { date: date(2026, 11, 28), sessions: vec![] }]);
    assert!(days[1].is_closed());
}

#[test]
fn a_session_over_midnight_ends_on_the_next_day_even_when_the_clocks_change() {
    let tz = zone("US/Central").unwrap();
    // The Sunday open of 2026-03-08 is after the switch at 02:00.
    let days = liquid_hours("20260308:1700-20260309:1600;20261029:1700-20261030:1600", &tz).unwrap();
    assert_eq!(days[0].sessions, [span("2026-03-08T22:00:00Z", "2026-03-09T21:00:00Z")]);
    assert_eq!(days[1].sessions, [span("2026-10-29T22:00:00Z", "2026-10-30T21:00:00Z")]);
}

#[test]
fn the_older_form_is_read_with_several_sessions_of_a_day() {
    let tz = zone("UTC").unwrap();
    let days = liquid_hours("20090507:0700-1830,1830-2330;20090508:CLOSED;20090509:1700-1600", &tz).unwrap();
    assert_eq!(
        days[0].sessions,
        [
            span("2009-05-07T07:00:00Z", "2009-05-07T18:30:00Z"),
            span("2009-05-07T18:30:00Z", "2009-05-07T23:30:00Z")
        ]
    );
    assert!(days[1].is_closed());
    assert_eq!(days[2].sessions, [span("2009-05-09T17:00:00Z", "2009-05-10T16:00:00Z")]);
}

#[test]
fn a_lunch_break_makes_two_sessions_of_one_day_in_either_spelling() {
    let tz = zone("JST").unwrap();
    let together = liquid_hours("20261127:0900-20261127:1130,20261127:1230-20261127:1530", &tz).unwrap();
    let apart = liquid_hours("20261127:0900-20261127:1130;20261127:1230-20261127:1530;", &tz).unwrap();
    assert_eq!(together, apart);
    assert_eq!(
        together[0].sessions,
        [
            span("2026-11-27T00:00:00Z", "2026-11-27T02:30:00Z"),
            span("2026-11-27T03:30:00Z", "2026-11-27T06:30:00Z")
        ]
    );
}

#[test]
fn midnight_may_be_written_as_twenty_four_hundred() {
    let tz = zone("UTC").unwrap();
    let days = liquid_hours("20261127:0000-20261127:2400", &tz).unwrap();
    assert_eq!(days[0].sessions, [span("2026-11-27T00:00:00Z", "2026-11-28T00:00:00Z")]);
}

#[test]
fn an_empty_text_lists_nothing() {
    assert_eq!(liquid_hours("", &zone("UTC").unwrap()), Ok(vec![]));
}

#[test]
fn what_is_no_list_of_hours_is_refused_whole() {
    let tz = zone("UTC").unwrap();
    for entry in [
        "20261127",
        "20261127:",
        "20261127:closed",
        "2026-11-27:0930-1600",
        "20261327:0930-1600",
        "20261127:0930",
        "20261127:930-1600",
        "20261127:0930-20261127:2460",
        "20261127:+930-1600",
        "2026112é:0930-1600",
    ] {
        let text = format!("20261126:CLOSED;{entry}");
        assert_eq!(liquid_hours(&text, &tz), Err(HoursError::Unreadable { entry: entry.into() }));
    }
    let entry = "20261127:1600-20261127:0930";
    assert_eq!(liquid_hours(entry, &tz), Err(HoursError::Backwards { entry: entry.into() }));
}

#[test]
fn any_text_is_read_or_refused_and_never_panics() {
    let tz = zone("America/New_York").unwrap();
    arbtest(|u| {
        let alphabet = ['0', '1', '2', '3', '9', ':', '-', ',', ';', 'C', 'é'];
        let mut text = String::from("20261127:");
        for _ in 0..u.int_in_range(0..=20)? {
            text.push(*u.choose(&alphabet)?);
        }
        let _ = liquid_hours(&text, &tz);
        Ok(())
    });
}

#[test]
fn the_calendar_lists_its_days_as_the_broker_does() {
    let calendar = Calendar::us_equities();
    let days = calendar.listed_days(date(2026, 11, 25), 5).unwrap();
    assert_eq!(
        format_liquid_hours(&days, calendar.zone()),
        "20261125:0930-20261125:1600;20261126:CLOSED;20261127:0930-20261127:1300;20261128:CLOSED;20261129:CLOSED"
    );
}

#[test]
fn what_was_formatted_is_read_back() {
    let calendar = Calendar::us_equities();
    for year in [1994, 2007, 2026, 2028] {
        let days = calendar.listed_days(date(year, 1, 1), 365).unwrap();
        let text = format_liquid_hours(&days, calendar.zone());
        assert_eq!(liquid_hours(&text, calendar.zone()), Ok(days));
    }
}

#[test]
fn listing_days_past_the_end_of_the_calendar_is_an_error() {
    assert!(Calendar::us_equities().listed_days(date(2028, 12, 30), 3).is_err());
}

#[test]
fn a_schedule_of_the_past_has_the_days_between_its_rows_closed() {
    let tz = zone("US/Eastern").unwrap();
    // The rows of a Gateway, with Thanksgiving and the half day after it.
    let rows = [
        ("20251126", "20251126-09:30:00", "20251126-16:00:00"),
        ("20251128", "20251128-09:30:00", "20251128-13:00:00"),
        ("20251201", "20251201-09:30:00", "20251201-16:00:00"),
    ];
    let days = past_schedule(rows, &tz).unwrap();
    let closed: Vec<_> = days.iter().filter(|day| day.is_closed()).map(|day| day.date).collect();
    assert_eq!(closed, [date(2025, 11, 27), date(2025, 11, 29), date(2025, 11, 30)]);
    assert_eq!(days[2].sessions, [span("2025-11-28T14:30:00Z", "2025-11-28T18:00:00Z")]);
    assert!(Calendar::us_equities().disputes(&days, date(2025, 11, 26)).unwrap().is_empty());
}

#[test]
fn a_schedule_that_cannot_be_read_or_runs_backwards_is_an_error() {
    let tz = zone("US/Eastern").unwrap();
    let row = |date, open, close| past_schedule([(date, open, close)], &tz);
    for (open, close) in
        [("20251126 09:30:00", "20251126-16:00:00"), ("20251126-0930", "20251126-16:00:00"), ("", "")]
    {
        assert!(matches!(row("20251126", open, close), Err(HoursError::Unreadable { .. })), "{open}");
    }
    let backwards = row("20251126", "20251126-16:00:00", "20251126-09:30:00");
    assert!(matches!(backwards, Err(HoursError::Backwards { .. })));
    let rows = [
        ("20251201", "20251201-09:30:00", "20251201-16:00:00"),
        ("20251128", "20251128-09:30:00", "20251128-13:00:00"),
    ];
    assert!(matches!(past_schedule(rows, &tz), Err(HoursError::Backwards { .. })));
    let rows = [
        ("20251128", "20251128-09:30:00", "20251128-13:00:00"),
        ("99991201", "99991201-09:30:00", "99991201-16:00:00"),
    ];
    assert!(matches!(past_schedule(rows, &tz), Err(HoursError::Unreadable { .. })), "a gap of millennia");
    let none: [(&str, &str, &str); 0] = [];
    assert_eq!(past_schedule(none, &tz), Ok(vec![]));
}
