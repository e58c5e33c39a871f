//! What holds for every date of every calendar.

use arbtest::arbtest;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use plimsoll_calendar::{AnchorKind, Calendar, ClosureKind, DayKind, Listing, SessionState};

fn all() -> Vec<Calendar> {
    Calendar::names().map(|name| Calendar::named(name).expect("a name of the table")).collect()
}

#[test]
fn sessions_are_in_order_and_never_overlap() {
    for calendar in all() {
        let sessions = calendar.sessions(calendar.valid_from(), calendar.valid_through()).unwrap();
        let mut last: Option<Timestamp> = None;
        for day in sessions {
            for interval in day.sessions() {
                assert!(interval.open < interval.close, "{} {}", calendar.name(), day.date());
                assert!(last.is_none_or(|last| last <= interval.open), "{} {}", calendar.name(), day.date());
                last = Some(interval.close);
            }
        }
    }
}

#[test]
fn every_weekday_without_a_session_is_a_named_holiday_and_every_weekend_is_one() {
    for calendar in all() {
        let dates = calendar.valid_from().series(1.day()).take_while(|d| *d <= calendar.valid_through());
        for date in dates {
            let DayKind::Closed(closure) = calendar.day(date).unwrap() else { continue };
            let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
            assert_eq!(closure.kind == ClosureKind::Weekend, weekend, "{date}");
            assert!(!closure.name.is_empty() && !closure.source.is_empty(), "{date}");
        }
    }
}

#[test]
fn a_us_year_has_between_248_and_254_sessions_and_a_full_day_is_six_and_a_half_hours() {
    let calendar = Calendar::us_equities();
    for year in 1993..=2028 {
        let from = jiff::civil::date(year, 1, 1);
        let days: Vec<_> = calendar.sessions(from, from.last_of_year()).unwrap().collect();
        assert!((248..=254).contains(&days.len()), "{year} has {} sessions", days.len());
        for day in days {
            let minutes = if day.early().is_some() { 210 } else { 390 };
            assert_eq!(day.close().duration_since(day.open()), SignedDuration::from_mins(minutes));
        }
    }
}

#[test]
fn the_earliest_cutoff_is_never_later_than_exchange_or_broker_and_unknown_is_the_earliest_of_all() {
    let calendar = Calendar::us_equities();
    for day in calendar.sessions(calendar.valid_from(), calendar.valid_through()).unwrap() {
        for kind in AnchorKind::ALL.iter().filter(|kind| kind.is_cutoff()) {
            let unknown = day.anchor(*kind, Listing::Unknown).unwrap();
            for listing in Listing::KNOWN.iter().take(5) {
                let anchor = day.anchor(*kind, *listing).unwrap();
                assert!(anchor.at <= anchor.exchange.at);
                assert!(anchor.broker.as_ref().is_none_or(|broker| anchor.at <= broker.at));
                assert!(unknown.at <= anchor.at, "{} {kind} {listing}", day.date());
            }
        }
    }
}

#[test]
fn state_session_and_trade_date_agree_at_any_instant() {
    let calendars = all();
    arbtest(|u| {
        let calendar = u.choose(&calendars)?;
        // Some sessions inside of the range, so that every instant has one before and one after it.
        let noon = |date: jiff::civil::Date| date.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap();
        let first = noon(calendar.valid_from()).timestamp().as_second() + 7 * 86_400;
        let last = noon(calendar.valid_through()).timestamp().as_second() - 7 * 86_400;
        let instant = Timestamp::from_second(u.int_in_range(first..=last)?).unwrap();
        let state = calendar.session_state(instant).unwrap();
        let trade_date = calendar.trade_date(instant).unwrap();
        let day = calendar.session(trade_date).unwrap().unwrap();
        match state {
            SessionState::Open { until } => assert!(day.contains(instant) && instant < until),
            SessionState::PreOpen { open } => assert!(instant < open && open == day.open()),
            SessionState::Closed { next_open } => assert!(!day.contains(instant) && instant < next_open),
        }
        let open = matches!(state, SessionState::Open { .. });
        assert_eq!(calendar.is_regular_session(instant).unwrap(), open);
        // A trade date is never in the past of the venue's civil date.
        assert!(trade_date >= calendar.zone().to_datetime(instant).date());
        Ok(())
    });
}

#[test]
fn next_and_previous_are_inverse() {
    let calendar = Calendar::us_equities();
    let days: Vec<_> = calendar.sessions(calendar.valid_from(), calendar.valid_through()).unwrap().collect();
    for pair in days.windows(2) {
        assert_eq!(calendar.next_session(pair[0].date()).unwrap(), pair[1]);
        assert_eq!(calendar.previous_session(pair[1].date()).unwrap(), pair[0]);
    }
}

#[test]
fn all_us_share_venues_have_the_same_days() {
    let of = |name| {
        let calendar = Calendar::named(name).unwrap();
        calendar.sessions(calendar.valid_from(), calendar.valid_through()).unwrap().collect::<Vec<_>>()
    };
    let xnys = of("XNYS");
    for name in ["XNAS", "ARCX", "XASE", "BATS"] {
        assert_eq!(of(name), xnys, "{name}");
    }
}

#[test]
fn a_venue_that_never_closes_is_open_at_every_instant() {
    let calendar = Calendar::always_open();
    assert_eq!(calendar.zone(), &TimeZone::UTC);
    arbtest(|u| {
        let instant = Timestamp::from_second(u.int_in_range(725_846_400..=4_000_000_000)?).unwrap();
        assert!(calendar.is_regular_session(instant).unwrap());
        Ok(())
    });
}
