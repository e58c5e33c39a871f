//! A job that closes positions and was missed: the on-close order is past, and what may stand in for it is not.

use super::closing::world;
use super::script::Script;
use crate::schedule::{Action, Missed};

const HELD: &str = "
    day 2026-11-27
    10:00:00 quote SPY 500.00 500.02
    10:00:01 trend BUY 100 SPY MKT id=1
    10:00:02 venue fills trend 1 100 500.02
    10:00:20 own answers
";

/// From the seconds before the market order on.
const END: &str = "
    12:59:50 quote SPY 500.00 500.02
    12:59:57 wake
    12:59:57.100 own answers
    12:59:58 wake
    12:59:58.100 own answers
    12:59:59.500 wake
    13:00:01 wake
";

fn held() -> Script {
    let mut world = world();
    world.run(HELD);
    world
}

#[track_caller]
fn says(trace: &str, what: &str) {
    assert!(trace.contains(what), "no {what:?} in:\n{trace}");
}

fn placed(trace: &str) -> Vec<&str> {
    trace.lines().filter(|line| line.contains(" place ")).collect()
}

#[test]
fn a_host_that_slept_past_the_cutoff_sends_the_market_order_all_the_same() {
    let mut world = held();
    let missed = world.run("12:51:00 wake");
    says(
        &missed,
        "notice job flat: missed on 2026-11-27, due at 2026-11-27T17:49:55Z: it was seen to be due 1m5s late",
    );
    says(
        &missed,
        "; its fallback stands: a market order for what trend holds then, from 2026-11-27T17:59:58Z on",
    );
    let end = world.run(END);
    let all = placed(&end);
    assert!(all.len() == 1 && all[0].starts_with("12:59:58 place 900 SELL 100 SPY MKT for DU1"), "{end}");
}

#[test]
fn a_gateway_that_did_not_run_at_its_time_closes_what_the_broker_says_is_held() {
    let mut world = held();
    world.run("12:49:00 own down");
    let missed = world.run("12:51:00 restart\n12:51:01 own answers\n12:51:02 wake");
    says(&missed, "missed on 2026-11-27");
    let end = world.run(END);
    assert!(placed(&end).len() == 1 && end.contains("SELL 100 SPY MKT"), "{end}");
}

#[test]
fn the_bots_own_on_close_order_is_not_doubled_by_a_missed_job() {
    let mut world = held();
    world.run("12:40:00 trend SELL 100 SPY MOC id=2\n12:40:01 venue accepts trend 2\n12:51:00 wake");
    let end = world.run(END);
    assert!(placed(&end).is_empty(), "{end}");
    says(&end, "works and takes part in the closing auction");
}

#[test]
fn what_was_missed_until_the_close_is_told_with_what_a_person_has_to_do() {
    for late in ["12:59:59.500 wake", "13:00:30 wake", "14:30:00 wake"] {
        let mut world = held();
        let missed = world.run(late);
        says(
            &missed,
            "its fallback was due at 2026-11-27T17:59:58Z, and a market order of now would come after the close",
        );
        says(&missed, "what trend holds is open; look at the broker");
        assert!(placed(&missed).is_empty(), "{missed}");
        let later = world.run("14:31:00 wake");
        assert!(placed(&later).is_empty(), "{later}");
    }
}

#[test]
fn a_missed_job_without_a_fallback_says_that_the_position_stays_open() {
    let mut world = world();
    world.config.jobs[0].action = Action::ClosePositions { fallback: None };
    world.run(HELD);
    let missed = world.run("12:51:00 wake");
    says(&missed, "it has no fallback: what trend holds stays open, unless you close it");
    let end = world.run(END);
    assert!(placed(&end).is_empty(), "{end}");
}

#[test]
fn a_job_whose_missed_dates_are_skipped_is_skipped_with_its_fallback() {
    let mut world = world();
    world.config.jobs[0].timing.missed = Missed::Skip;
    world.run(HELD);
    let missed = world.run("12:51:00 wake");
    says(&missed, "it is skipped with its fallback");
    let end = world.run(END);
    assert!(placed(&end).is_empty(), "{end}");
}

#[test]
fn while_nobody_knows_what_is_held_nothing_is_sent_and_that_is_told_at_the_close() {
    let mut world = held();
    let missed = world.run("12:50:00 own down\n12:51:00 wake");
    says(&missed, "its fallback stands");
    let rows = world.bridge.snapshot(world.now()).fallbacks;
    assert!(rows.len() == 1 && rows[0].state == "missed" && rows[0].instrument.is_none(), "{rows:?}");
    let end = world.run(END);
    assert!(placed(&end).is_empty(), "{end}");
    says(
        &end,
        "notice job flat: no market order was sent for what trend holds, because until the close nobody knew",
    );
    assert!(world.bridge.snapshot(world.now()).fallbacks.is_empty());
}

#[test]
fn whoever_looks_sees_what_waits_and_what_is_still_to_be_proved() {
    let mut world = held();
    let look = |world: &Script| {
        let all = world.bridge.snapshot(world.now()).fallbacks.into_iter();
        let row = |row: crate::FallbackView| {
            let (side, qty) = row.leaves.unwrap();
            format!("{} {side} {qty} at {} until {}: {}", row.order, row.at, row.close, row.state)
        };
        all.map(row).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(look(&world), "");
    let mut told = Vec::new();
    for script in [
        "12:49:54 quote SPY 500.00 500.02\n12:49:54 disk slow\n12:49:55 wake",
        "12:49:55.100 disk done",
        "12:49:55.200 venue accepts own 100000000",
        "12:55:00 venue fills own 100000000 30 501.00",
        "12:56:00 venue cancels own 100000000",
        END,
        "13:05:01 wake\n13:05:02 own answers",
    ] {
        world.run(script);
        told.push(look(&world));
    }
    expect_test::expect![["
        SPY-trend-20261127-2 SELL 100 at 2026-11-27T17:59:58Z until 2026-11-27T18:00:00Z: held
        SPY-trend-20261127-2 SELL 100 at 2026-11-27T17:59:58Z until 2026-11-27T18:00:00Z: unproved
        SPY-trend-20261127-2 SELL 100 at 2026-11-27T17:59:58Z until 2026-11-27T18:00:00Z: works
        SPY-trend-20261127-2 SELL 70 at 2026-11-27T17:59:58Z until 2026-11-27T18:00:00Z: works
        SPY-trend-20261127-2 SELL 70 at 2026-11-27T17:59:58Z until 2026-11-27T18:00:00Z: dead
        SPY-trend-20261127-2 SELL 70 at 2026-11-27T17:59:58Z until 2026-11-27T18:00:00Z: settling
    "]]
    .assert_eq(&told.join("\n"));
}
