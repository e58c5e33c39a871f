//! Days that were announced after the rules were written, as the guards see them.

use jiff::civil::{Date, date, time};
use plimsoll_calendar::{Amendment, Announcement, Change};

use super::script::Script;
use crate::{Event, Operator};

pub(super) fn announced(calendar: &str, date: Date, change: Change) -> Event {
    let amendment =
        Amendment { change, name: "a storm".into(), source: "NYSE, the evening before".into(), force: false };
    let days = [Announcement { calendar: calendar.into(), date, amendment }].into();
    Event::Operator(Operator::Calendar { days, problems: ["b.toml:1:1: error".into()].into() })
}

fn nothing() -> Event {
    Event::Operator(Operator::Calendar { days: [].into(), problems: [].into() })
}

const FRIDAY: Date = date(2026, 11, 20);

#[test]
fn a_closure_that_is_announced_takes_the_session_away_and_its_end_brings_it_back() {
    let mut world = Script::new();
    world.run("day 2026-11-20\n10:00:00 quote SPY 600.00 600.02");
    let order = |at: &str| format!("{at} quote SPY 600.00 600.02\n{at} trend BUY 10 SPY MKT");
    assert!(!world.run(&order("10:00:10")).contains("deny"), "an ordinary Friday");
    // A closure of Nasdaq alone is one of all US share venues.
    world.feed(announced("XNAS", FRIDAY, Change::Closed));
    let denied = world.run(&order("10:00:20"));
    assert!(denied.contains("deny") && denied.contains("trading_session"), "{denied}");
    world.feed(nothing());
    let trace = world.run(&order("10:00:30"));
    assert!(!trace.contains("trading_session"), "{trace}");
}

#[test]
fn a_closure_elsewhere_changes_nothing_here() {
    let mut world = Script::new();
    world.run("day 2026-11-20\n10:00:00 quote SPY 600.00 600.02");
    world.feed(announced("XLON", FRIDAY, Change::Closed));
    let trace = world.run("10:00:10 quote SPY 600.00 600.02\n10:00:10 trend BUY 10 SPY MKT");
    assert!(!trace.contains("deny"), "{trace}");
}

#[test]
fn an_early_close_that_is_announced_moves_the_cutoff_to_ten_minutes_before_it() {
    let mut world = Script::new();
    world.run("day 2026-11-20\n10:00:00 quote SPY 600.00 600.02");
    world.feed(announced("XNYS", FRIDAY, Change::EarlyClose(time(14, 0, 0, 0))));
    // The venue is taken to answer within a second until it has shown otherwise.
    let trace = world.run("13:49:58 quote SPY 600.00 600.02\n13:49:58 trend BUY 10 SPY MOC");
    assert!(!trace.contains("close_cutoff"), "{trace}");
    let trace = world.run("13:50:00 quote SPY 600.00 600.02\n13:50:00 trend BUY 11 SPY MOC");
    assert!(trace.contains("close_cutoff"), "{trace}");
}

#[test]
fn an_order_for_the_next_session_is_held_to_the_cutoff_of_one_that_was_announced_away() {
    let mut world = Script::new();
    world.run("day 2026-11-20\n10:00:00 quote SPY 600.00 600.02");
    world.feed(announced("XNYS", FRIDAY, Change::Closed));
    // By the rules 15:50 is the cutoff of this day, and 16:00 its close.
    let order = |at: &str, qty: u32| format!("{at} quote SPY 600.00 600.02\n{at} trend BUY {qty} SPY MOC");
    let trace = world.run(&order("15:49:58", 10));
    assert!(trace.contains("submit"), "{trace}");
    // Late trading belongs to it as well.
    for (at, qty) in [("15:50:00", 11), ("19:59:59", 12)] {
        let trace = world.run(&order(at, qty));
        assert!(trace.contains("close_cutoff") && !trace.contains("submit"), "{at}: {trace}");
    }
    let trace = world.run(&order("20:00:00", 13));
    assert!(trace.contains("submit"), "the next session's: {trace}");
}

#[test]
fn what_is_wrong_with_a_file_is_a_decision_that_the_journal_keeps() {
    let mut world = Script::new();
    world.run("day 2026-11-20\n10:00:00 quote SPY 600.00 600.02");
    let mut out = Vec::new();
    let now = world.now();
    world.bridge.on(now, announced("XNYS", FRIDAY, Change::Closed), &mut out);
    let said: Vec<_> = out.iter().map(ToString::to_string).collect();
    assert!(said.iter().any(|line| line.contains("b.toml:1:1: error")), "{said:?}");
    assert_eq!(world.bridge.announced_days().len(), 1);
}
