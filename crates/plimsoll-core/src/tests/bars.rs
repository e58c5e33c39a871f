//! Which bars lie outside of a session. Hours are those of reference tables: New York 09:30 to 16:00, before and after it
//! 04:00 to 20:00, on the day after Thanksgiving until 13:00 and 17:00; London 08:00 to 16:30 with an auction to 16:35.

use jiff::SignedDuration;
use jiff::civil::date;
use plimsoll_calendar::{Amendment, Announcement, Change};
use plimsoll_model::{Contract, Currency, SecType};

use super::script::Script;
use crate::Lies::{Across as A, Inside as I, Outside as O};
use crate::{BarHours, BarTime, Event, Lies, Operator};

fn spy() -> Contract {
    Contract::stock("SPY", Currency::USD)
}

/// Where minutes of these contracts' bars lie, by the day's time in New York: `minutes@12:59 5`.
#[track_caller]
fn lies(world: &Script, contract: &Contract, hours: BarHours, bars: &[(&str, i64)]) -> Vec<Lies> {
    let Some(mut days) = world.bridge.bar_days(contract, hours) else { return Vec::new() };
    bars.iter()
        .map(|(start, minutes)| {
            let start: jiff::civil::DateTime = start.parse().unwrap();
            let start = start.in_tz("America/New_York").unwrap().timestamp();
            days.lies(BarTime::Span { start, len: SignedDuration::from_mins(*minutes) })
        })
        .collect()
}

fn world() -> Script {
    let mut world = Script::new();
    world.run("day 2026-11-27\n10:00:00 quote SPY 600.00 600.02");
    world
}

#[test]
fn on_a_half_day_regular_bars_end_at_its_own_close() {
    let bars = [
        ("2026-11-27T09:29", 1),
        ("2026-11-27T09:30", 1),
        ("2026-11-27T12:59", 1),
        ("2026-11-27T13:00", 1),
        ("2026-11-27T15:59", 1),
        ("2026-11-25T15:59", 1),
        ("2026-11-25T16:00", 1),
        // Thanksgiving, and the Saturday.
        ("2026-11-26T12:00", 1),
        ("2026-11-28T12:00", 1),
    ];
    assert_eq!(lies(&world(), &spy(), BarHours::Regular, &bars), [O, I, I, O, O, I, O, O, O]);
}

#[test]
fn a_bar_over_the_close_or_the_open_is_neither_inside_nor_outside() {
    let bars = [
        ("2026-11-27T12:00", 60),
        ("2026-11-27T12:00", 120),
        ("2026-11-27T12:59", 2),
        ("2026-11-27T09:00", 60),
        ("2026-11-27T09:00", 30),
        ("2026-11-27T08:00", 480),
    ];
    assert_eq!(lies(&world(), &spy(), BarHours::Regular, &bars), [I, A, A, A, O, A]);
}

#[test]
fn bars_around_the_session_end_with_late_trading_and_on_a_half_day_sooner() {
    let bars = [
        ("2026-11-27T03:59", 1),
        ("2026-11-27T04:00", 1),
        ("2026-11-27T16:59", 1),
        ("2026-11-27T17:00", 1),
        ("2026-11-25T19:59", 1),
        ("2026-11-25T20:00", 1),
        ("2026-11-26T12:00", 1),
    ];
    assert_eq!(lies(&world(), &spy(), BarHours::Extended, &bars), [O, I, I, O, I, O, O]);
}

#[test]
fn a_day_s_bar_of_a_holiday_is_outside() {
    let world = world();
    let mut days = world.bridge.bar_days(&spy(), BarHours::Regular).unwrap();
    assert_eq!(days.lies(BarTime::Day(date(2026, 11, 26))), Lies::Outside);
    assert_eq!(days.lies(BarTime::Day(date(2026, 11, 27))), Lies::Inside);
    assert_eq!(days.lies(BarTime::Day(date(1912, 11, 27))), Lies::Unknown, "out of the calendar's range");
}

#[test]
fn of_a_day_in_dispute_with_the_broker_nothing_is_outside() {
    let mut world = Script::new();
    world.listed_hours = "20261127:0930-20261127:1600".into();
    world.run("day 2026-11-27\n10:00:00 restart\n10:00:00 own answers");
    let bars = [("2026-11-27T13:00", 1), ("2026-11-25T16:00", 1)];
    assert_eq!(lies(&world, &spy(), BarHours::Regular, &bars), [Lies::Unknown, Lies::Outside]);
}

#[test]
fn a_closure_that_was_announced_moves_the_end_of_the_bars() {
    let mut world = world();
    let surprise = Announcement {
        calendar: "XNYS".into(),
        date: date(2026, 11, 27),
        amendment: Amendment {
            change: Change::EarlyClose(jiff::civil::time(12, 0, 0, 0)),
            name: "storm".into(),
            source: "a person".into(),
            force: false,
        },
    };
    world.feed(Event::Operator(Operator::Calendar { days: [surprise].into(), problems: [].into() }));
    let bars = [("2026-11-27T11:59", 1), ("2026-11-27T12:00", 1)];
    assert_eq!(lies(&world, &spy(), BarHours::Regular, &bars), [Lies::Inside, Lies::Outside]);
}

#[test]
fn the_closing_auction_of_london_belongs_to_its_day() {
    let vod = Contract {
        exchange: "SMART".into(),
        primary_exchange: "LSE".into(),
        currency: "GBP".into(),
        ..Contract::stock("VOD", Currency::USD)
    };
    // Five hours behind in November: 16:29, 16:35, and 17:00 in London.
    let bars = [("2026-11-27T11:29", 1), ("2026-11-27T11:35", 1), ("2026-11-27T12:00", 1)];
    assert_eq!(lies(&world(), &vod, BarHours::Regular, &bars), [I, I, O]);
    assert!(
        world().bridge.bar_days(&vod, BarHours::Extended).is_none(),
        "nobody told us of late trading there"
    );
}

#[test]
fn where_the_hours_are_not_known_for_certain_nothing_is_held_to_any() {
    let stock = |symbol, exchange: &str, primary: &str| Contract {
        exchange: exchange.into(),
        primary_exchange: primary.into(),
        ..Contract::stock(symbol, Currency::USD)
    };
    let held = |contract: &Contract| world().bridge.bar_days(contract, BarHours::Regular).is_some();
    assert!(held(&stock("AAPL", "SMART", "NASDAQ")), "its own word of where it is listed");
    assert!(held(&stock("AAPL", "ISLAND", "NASDAQ")) && held(&stock("SPY", "ISLAND", "")));
    assert!(!held(&stock("AAPL", "SMART", "")), "in dollars, and listed who knows where");
    assert!(!held(&stock("SPY", "OVERNIGHT", "")), "a venue with hours of its own");
    assert!(!held(&Contract { sec_type: SecType::Forex, ..stock("EUR", "IDEALPRO", "") }));
    assert!(!held(&Contract { sec_type: SecType::from_wire("IND"), ..stock("SPX", "CBOE", "NYSE") }));
}
