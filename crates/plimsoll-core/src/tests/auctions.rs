//! What the venue says of an auction can get lost on a connection that lives on; then it is asked.

use std::fmt::Write as _;

use plimsoll_model::{ClientId, OrderId, OrderStatus, PermId, Qty, Report, StatusReport};

use super::script::Script;
use crate::Ask;
use crate::drop_copy::DropCopy;

/// A half day on which two bots' orders have left as one on our own connection, and then nothing is heard.
const LEFT: &str = "
    nets
    day 2026-11-27
    10:00:00 quote SPY 500.00 500.02
    10:00:01 trend BUY 100 SPY MKT id=1
    10:00:02 venue fills trend 1 100 500.02
    12:45:00 quote SPY 500.00 500.02
    12:45:01 trend SELL 100 SPY MOC id=5
    12:49:54 quote SPY 500.00 500.02
    12:49:57 wake
    12:49:57.100 venue accepts own 100000000
    12:59:00 own answers
";

/// A day until the close; whether the venue's books then have the order executed, and nobody told.
fn world(executes: bool) -> Script {
    let mut world = Script::new();
    world.run(LEFT);
    hears_of_others(&mut world);
    world.asked.clear();
    if executes {
        world.executes_in_silence(100_000_000, "501.00");
    }
    world
}

/// Orders of others come by themselves, so nothing is asked because they do not.
fn hears_of_others(world: &mut Script) {
    world.own(Report::Status(StatusReport {
        order_id: OrderId(9),
        client_id: ClientId(77),
        perm_id: PermId(4_711),
        status: OrderStatus::Filled,
        cum_qty: Qty::whole(1),
        leaves_qty: Qty::ZERO,
        avg_px: None,
    }));
    assert_eq!(world.bridge.snapshot(world.now()).drop_copy, DropCopy::Live);
}

/// When it is woken by itself and asks for executions, in minutes after the close.
fn asks(world: &mut Script, minutes: std::ops::Range<u32>) -> Vec<u32> {
    let mut all = Vec::new();
    for minute in minutes {
        world.run(&format!("13:{minute:02}:00 wake"));
        let asked = world.asked.iter().any(|ask| matches!(ask, Ask::Executions { .. }));
        all.extend(asked.then_some(minute));
        world.run(&format!("13:{minute:02}:00.200 own answers"));
    }
    all
}

#[test]
fn an_execution_that_was_lost_is_asked_for_a_minute_after_the_auction() {
    let mut world = world(true);
    assert_eq!(asks(&mut world, 0..3), [1]);
    let trace = world.run("13:03:00 wake");
    assert_eq!(trace, "");
    let rows = world.bridge.ledger.rows();
    assert!(rows.iter().all(|row| row.qty.is_zero()), "{rows:?}");
}

#[test]
fn an_order_that_the_venue_still_names_is_asked_about_each_minute_for_half_an_hour() {
    let mut world = world(false);
    assert_eq!(asks(&mut world, 0..40), (1..31).collect::<Vec<_>>());
    let mut trace = String::new();
    for minute in 40..43 {
        write!(trace, "{}", world.run(&format!("13:{minute}:00 wake"))).unwrap();
    }
    assert_eq!(trace, "", "a person is told once");
}

#[test]
fn an_order_that_the_venue_keeps_open_is_told_to_a_person_in_the_end() {
    let mut world = world(false);
    asks(&mut world, 0..31);
    let trace = world.run("13:31:00 wake");
    expect_test::expect![["
        13:31:00 notice SPY-plimsoll-20261127-1 was in a closing auction that is over, and since 2026-11-27T18:01:00Z the broker has told neither what was executed of it nor its end; it is asked no more; look at the broker
    "]].assert_eq(&trace);
}

#[test]
fn an_order_that_worked_and_that_no_answer_names_after_its_auction_has_ended() {
    let mut world = world(false);
    world.run("12:59:59 venue forgets own 100000000");
    world.run("13:01:00 wake");
    let trace = world.run("13:01:00.200 own answers");
    assert!(trace.contains("is not at the venue (was new)"), "{trace}");
}

#[test]
fn a_bots_own_on_close_order_is_asked_about_as_well() {
    let mut world = Script::new();
    world.run(
        "
        day 2026-11-27
        10:00:00 quote SPY 500.00 500.02
        12:45:00 quote SPY 500.00 500.02
        12:45:01 trend BUY 100 SPY MOC id=5
        12:45:02 venue accepts trend 5
        12:59:00 own answers
        ",
    );
    hears_of_others(&mut world);
    world.asked.clear();
    let quiet = asks(&mut world, 0..1);
    assert_eq!((quiet, asks(&mut world, 1..2)), (vec![], vec![1]));
}
