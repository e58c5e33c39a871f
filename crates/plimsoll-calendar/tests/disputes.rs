//! Where the broker's list of hours and the calendar differ, and what follows.

use jiff::civil::{Date, date};
use plimsoll_calendar::{Calendar, Difference, liquid_hours, zone};

/// Every difference, one line each, and what makes the calendar as narrow as the list.
fn disputes(calendar: &str, zone_name: &str, listed: &str, from: Date) -> Vec<String> {
    let calendar = Calendar::named(calendar).expect("a calendar of the test");
    let zone = zone(zone_name).expect("a zone of the test");
    let days = liquid_hours(listed, &zone).expect("a list of the test");
    let lines = calendar.disputes(&days, from).expect("dates within the calendar");
    lines
        .iter()
        .map(|d| {
            let amendment =
                d.amendment("the broker").map_or_else(|| "stays".to_owned(), |a| format!("{:?}", a.change));
            format!("{}: {d}: {amendment}", d.date)
        })
        .collect()
}

/// The week of Thanksgiving 2026 as the broker lists it.
const THANKSGIVING: &str =
    "20261125:0930-20261125:1600;20261126:CLOSED;20261127:0930-20261127:1300;20261128:CLOSED";

#[test]
fn a_list_that_says_the_same_disputes_nothing_in_either_form() {
    let from = date(2026, 11, 25);
    assert_eq!(disputes("XNYS", "US/Eastern", THANKSGIVING, from), [""; 0]);
    let old = "20261125:0930-1600;20261126:CLOSED;20261127:0930-1300;20261128:CLOSED";
    assert_eq!(disputes("XNYS", "EST", old, from), [""; 0]);
}

#[test]
fn every_way_to_differ_is_named_and_only_the_narrower_list_amends() {
    let listed = "20261123:CLOSED;20261124:0930-20261124:1300;20261125:1030-20261125:1556;\
                  20261126:0930-20261126:1600;20261127:0930-20261127:1600;20261130:0400-20261130:1600";
    assert_eq!(
        disputes("XNYS", "US/Eastern", listed, date(2026, 11, 23)),
        [
            "2026-11-23: listed as closed, open by the calendar: Closed",
            "2026-11-24: listed as closing at 13:00, at 16:00 by the calendar: EarlyClose(13:00:00)",
            "2026-11-25: listed as opening at 10:30, at 09:30 by the calendar: LateOpen(10:30:00)",
            "2026-11-25: listed as closing at 15:56, at 16:00 by the calendar: EarlyClose(15:56:00)",
            "2026-11-26: listed as open, closed by the calendar: stays",
            "2026-11-27: listed as closing at 16:00, at 13:00 by the calendar: stays",
            "2026-11-30: listed as opening at 04:00, at 09:30 by the calendar: stays",
        ]
    );
}

#[test]
fn days_that_are_over_or_not_listed_are_not_compared() {
    let listed = "20261123:CLOSED;20261127:0930-20261127:1300";
    assert_eq!(disputes("XNYS", "US/Eastern", listed, date(2026, 11, 24)), [""; 0]);
}

#[test]
fn a_session_over_midnight_belongs_to_the_day_on_which_it_ends() {
    // Sunday evening is Monday's session; the Saturday in between is closed for both.
    let listed = "20261129:1700-20261130:1600;20261130:1700-20261201:1600;20261128:CLOSED";
    assert_eq!(disputes("CMEGLOBEX_EQ", "US/Central", listed, date(2026, 11, 28)), [""; 0]);
    let early = "20261129:1700-20261130:1200";
    assert_eq!(
        disputes("CMEGLOBEX_EQ", "US/Central", early, date(2026, 11, 28)),
        ["2026-11-30: listed as closing at 12:00, at 16:00 by the calendar: EarlyClose(12:00:00)"]
    );
}

#[test]
fn auctions_around_continuous_trading_are_no_difference_and_breaks_are_left_aside() {
    let london = "20261127:0750-20261127:1635";
    assert_eq!(disputes("XLON", "GB-Eire", london, date(2026, 11, 27)), [""; 0]);
    let tokyo = "20261127:0900-20261127:1530";
    assert_eq!(disputes("XTKS", "JST", tokyo, date(2026, 11, 27)), [""; 0]);
}

#[test]
fn an_amended_calendar_has_nothing_left_to_dispute_but_what_is_listed_wider() {
    let mut calendar = Calendar::us_equities();
    let days = liquid_hours(
        "20261124:CLOSED;20261125:1030-20261125:1300;20261126:0930-20261126:1600",
        &zone("EST").unwrap(),
    );
    let days = days.unwrap();
    for dispute in calendar.disputes(&days, date(2026, 11, 24)).unwrap() {
        if let Some(amendment) = dispute.amendment("the broker") {
            calendar.amend(dispute.date, amendment).unwrap();
        }
    }
    let left = calendar.disputes(&days, date(2026, 11, 24)).unwrap();
    assert_eq!(left.iter().map(|d| d.difference).collect::<Vec<_>>(), [Difference::ListedOpen]);
}

#[test]
fn a_list_beyond_the_calendars_end_is_an_error_and_not_an_agreement() {
    let calendar = Calendar::named("XTSE").unwrap();
    let days = liquid_hours("20280103:0930-20280103:1600", &zone("US/Eastern").unwrap()).unwrap();
    assert!(calendar.disputes(&days, date(2027, 12, 1)).is_err());
}
