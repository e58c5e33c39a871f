//! `on_close_crossing = "equivalent"`: a market-on-close order that could trade with another bot's goes out in a
//! near-identical instrument.
//!
//! On the half day 2026-11-27 market-on-close orders of SPY and IVV, both of Arca, have to be in by 12:50:00.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::script::Script;

/// IVV stands in for SPY, by its worth: 40 SPY at 600.01 are 24,000.40, and 39 IVV at 602.51 are 23,497.89.
const DAY: &str = "
    equivalent SPY IVV
    day 2026-11-27
    12:45:00 quote SPY 600.00 600.02
    12:45:00 quote IVV 602.50 602.52
    12:45:01 trend BUY 100 SPY MOC id=5
    12:45:01.100 venue accepts trend 5
";

#[track_caller]
fn check(script: &str, expect: &Expect) -> Script {
    let mut world = Script::new();
    world.run(DAY);
    expect.assert_eq(&world.run(script));
    world
}

#[test]
fn the_second_bots_order_stays_here_and_one_in_the_equivalent_leaves_for_it() {
    let mut world = check(
        "
        12:45:02 revert SELL 40 SPY MOC id=8
        12:45:02.100 venue accepts own 100000000
        ",
        &expect![["
            12:45:02 place 900 SELL 39 IVV MOC for DU1 [IVV-revert-20261127-2] as order 100000000
            12:45:02 deny 2 order 8: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1]; in its place SELL 39 IVV MOC [IVV-revert-20261127-2] was sent
        "]],
    );
    let trace = world.run(
        "
        13:00:01 venue fills own 100000000 39 603.10
        13:00:02 venue tells DU1 IVV
        ",
    );
    expect![["
        13:00:01 refuse 2 399: SELL 39 IVV MOC [IVV-revert-20261127-2] in the place of order 8 is over (filled): 39 of 39 executed
    "]].assert_eq(&trace);
    let rows = world.bridge.snapshot(world.now()).positions;
    let held: Vec<_> = rows
        .iter()
        .map(|row| format!("{} {} {}", row.bot.as_ref().unwrap(), row.qty, row.instrument))
        .collect();
    expect!["revert -39 IVV"].assert_eq(&held.join(", "));
    assert!(world.bridge.snapshot(world.now()).breaks.is_empty());
}

#[test]
fn a_stated_ratio_is_taken_as_it_is_and_rounded_down_and_less_than_one_unit_is_nothing() {
    let mut world = Script::new();
    let trace = world.run(
        "
        equivalent SPY IVV 0.3
        day 2026-11-27
        12:45:00 quote SPY 600.00 600.02
        12:45:01 trend BUY 100 SPY MOC id=5
        12:45:02 quote IVV 602.50 602.52
        12:45:02 revert SELL 3 SPY MOC id=7
        12:45:02 revert SELL 9 SPY MOC id=8
        ",
    );
    expect![["
        12:45:01 submit 1 BUY 100 SPY MOC for DU1 [SPY-trend-20261127-1]
        12:45:02 deny 2 order 7: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1], and nothing was sent in its place: 3 SPY are less than one IVV
        12:45:02 place 900 SELL 2 IVV MOC for DU1 [IVV-revert-20261127-3] as order 100000000
        12:45:02 deny 2 order 8: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1]; in its place SELL 2 IVV MOC [IVV-revert-20261127-3] was sent
    "]].assert_eq(&trace);
}

#[test]
fn the_order_that_leaves_is_judged_by_every_guard_and_without_it_nothing_is_sent() {
    // Its own price, the order that was replaced before, and the other order of the account in it; at last the bot's limits.
    check(
        "
        12:46:00 quote SPY 600.00 600.02
        12:46:00 revert SELL 40 SPY MOC id=8
        12:46:01 quote IVV 602.50 602.52
        12:46:01 revert SELL 40 SPY MOC id=9
        12:46:02 revert SELL 40 SPY MOC id=10
        12:46:11 revert BUY 3 IVV MOC id=11
        12:46:12 revert SELL 50 SPY LOC 590.00 id=12
        ",
        &expect![["
            12:46:00 deny 2 order 8: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1], and nothing was sent in its place: IVV last struck 1m ago, limit 15s
            12:46:01 place 900 SELL 39 IVV MOC for DU1 [IVV-revert-20261127-3] as order 100000000
            12:46:01 deny 2 order 9: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1]; in its place SELL 39 IVV MOC [IVV-revert-20261127-3] was sent
            12:46:02 deny 2 order 10: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1], and nothing was sent in its place: order 9 is already replaced by SELL 39 IVV MOC [IVV-revert-20261127-3]
            12:46:11 deny 2 order 11: Plimsoll self_match: could trade with our own SELL 39 MOC [IVV-revert-20261127-3]
            12:46:12 deny 2 order 12: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1]
        "]],
    );
    let mut world = Script::new();
    world.config.bots[1].order_qty_max = Some(plimsoll_model::Qty::whole(79));
    world.run(&DAY.replace("SPY IVV", "SPY IVV 2"));
    expect![["
        12:45:02 deny 2 order 8: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1], and nothing was sent in its place: Plimsoll limits: quantity 80, limit 79
    "]]
    .assert_eq(&world.run("12:45:02 revert SELL 40 SPY MOC id=8"));
}

#[test]
fn what_has_no_equivalent_or_meets_its_own_bots_order_is_denied_as_ever() {
    check(
        "
        12:45:01.200 quote QQQ 500.00 500.02
        12:45:01.300 trend BUY 10 QQQ MOC id=6
        12:45:02 revert SELL 10 QQQ MOC id=8
        12:45:03 trend SELL 40 SPY MOC id=7
        ",
        &expect![["
            12:45:01.3 submit 1 BUY 10 QQQ MOC for DU1 [QQQ-trend-20261127-2]
            12:45:02 deny 2 order 8: Plimsoll self_match: could trade with our own BUY 10 MOC [QQQ-trend-20261127-2], and nothing was sent in its place: no equivalent of QQQ is configured
            12:45:03 deny 1 order 7: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1]
        "]],
    );
    // What may execute before the auction is not the auction's matter.
    let mut world = Script::new();
    world.run(&DAY.replace("trend BUY 100 SPY MOC", "trend BUY 100 SPY LMT 600.00"));
    expect![["
        12:45:02 deny 2 order 8: Plimsoll self_match: could trade with our own BUY 100 LMT [SPY-trend-20261127-1]
    "]].assert_eq(&world.run("12:45:02 revert SELL 40 SPY MOC id=8"));
}

#[test]
fn after_the_cutoff_of_the_equivalent_nothing_is_sent() {
    // A Nasdaq listing takes on-close orders until five minutes before the close, Arca for ten.
    let mut world = Script::new();
    let trace = world.run(
        "
        equivalent QQQ IVV 1
        day 2026-11-27
        12:51:00 quote QQQ 500.00 500.02
        12:51:00 quote IVV 602.50 602.52
        12:51:01 trend BUY 100 QQQ MOC id=5
        12:51:02 revert SELL 40 QQQ MOC id=8
        ",
    );
    expect![["
        12:51:01 submit 1 BUY 100 QQQ MOC for DU1 [QQQ-trend-20261127-1]
        12:51:02 deny 2 order 8: Plimsoll self_match: could trade with our own BUY 100 MOC [QQQ-trend-20261127-1], and nothing was sent in its place: Plimsoll close_cutoff: on-close orders of IVV had to be in by 2026-11-27 12:50:00 America/New_York (close - 10m)
    "]].assert_eq(&trace);
}

#[test]
fn what_changes_while_the_disk_takes_it_is_told_and_nothing_leaves() {
    check(
        "
        12:45:02 disk slow
        12:45:02 revert SELL 40 SPY MOC id=8
        12:45:03 halt new_risk revert
        12:45:04 disk done
        12:45:05 resume revert
        12:45:06 quote IVV 602.50 602.52
        12:45:06 quote SPY 600.00 600.02
        12:45:06 revert SELL 40 SPY MOC id=8
        ",
        &expect![["
            12:45:03 notice revert halted (new_risk) by op: drill
            12:45:04 notice our own order SELL 39 IVV MOC [IVV-revert-20261127-2] was not sent: Plimsoll halt: halted (new_risk) by op: drill
            12:45:04 deny 2 order 8: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1], and nothing was sent in its place: Plimsoll halt: halted (new_risk) by op: drill
            12:45:05 notice revert resumed by op: drill
            12:45:06 place 900 SELL 39 IVV MOC for DU1 [IVV-revert-20261127-4] as order 100000001
            12:45:06 deny 2 order 8: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1]; in its place SELL 39 IVV MOC [IVV-revert-20261127-4] was sent
        "]],
    );
}

#[test]
fn a_cancel_of_what_was_denied_takes_back_what_was_sent_in_its_place() {
    check(
        "
        12:45:02 disk slow
        12:45:02 revert SELL 40 SPY MOC id=8
        12:45:03 revert cancel 8
        12:45:04 disk done
        12:45:05 revert SELL 41 SPY MOC id=9
        12:45:06 revert cancel 9
        12:45:06.100 venue cancels own 100000001
        12:45:07 revert cancel 9
        ",
        &expect![["
            12:45:03 canceled unsent 2 order 8
            12:45:05 place 900 SELL 40 IVV MOC for DU1 [IVV-revert-20261127-4] as order 100000001
            12:45:05 deny 2 order 9: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1]; in its place SELL 40 IVV MOC [IVV-revert-20261127-4] was sent
            12:45:06 cancel 900 order 100000001
            12:45:06.1 notice SELL 40 IVV MOC [IVV-revert-20261127-4] in the place of order 9 is over (canceled): 0 of 40 executed
            12:45:06.1 refuse 2 399: SELL 40 IVV MOC [IVV-revert-20261127-4] in the place of order 9 is over (canceled): 0 of 40 executed
            12:45:06.1 notice broker error 202: Order Canceled
            12:45:07 forward 2
        "]],
    );
}

#[test]
fn a_global_cancel_and_a_cancel_while_our_connection_is_away_reach_what_was_sent_in_the_place_of_an_order() {
    check(
        "
        12:45:02 revert SELL 40 SPY MOC id=8
        12:45:02.100 venue accepts own 100000000
        12:45:03 own down
        12:45:04 revert cancel 8
        12:45:05 own up
        12:45:05 own answers
        ",
        &expect![["
            12:45:02 place 900 SELL 39 IVV MOC for DU1 [IVV-revert-20261127-2] as order 100000000
            12:45:02 deny 2 order 8: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1]; in its place SELL 39 IVV MOC [IVV-revert-20261127-2] was sent
            12:45:05 cancel 900 order 100000000
            12:45:05 notice reconciled: 2 open orders, 0 positions
        "]],
    );
    check(
        "
        12:45:02 revert SELL 40 SPY MOC id=8
        12:45:02.100 venue accepts own 100000000
        12:45:03 revert cancel all
        ",
        &expect![["
            12:45:02 place 900 SELL 39 IVV MOC for DU1 [IVV-revert-20261127-2] as order 100000000
            12:45:02 deny 2 order 8: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1]; in its place SELL 39 IVV MOC [IVV-revert-20261127-2] was sent
            12:45:03 notice revert: global cancel became cancels of its own orders
            12:45:03 cancel 900 order 100000000
        "]],
    );
    check(
        "
        12:45:02 revert SELL 40 SPY MOC id=8
        12:45:02.100 venue accepts own 100000000
        12:45:03 halt all revert
        12:45:04 halt all revert
        ",
        &expect![["
            12:45:02 place 900 SELL 39 IVV MOC for DU1 [IVV-revert-20261127-2] as order 100000000
            12:45:02 deny 2 order 8: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1]; in its place SELL 39 IVV MOC [IVV-revert-20261127-2] was sent
            12:45:03 notice revert halted (all) by op: drill
            12:45:03 cancel 900 order 100000000
            12:45:04 notice revert halted (all) by op: drill
            12:45:04 cancel 900 order 100000000
        "]],
    );
    // What waits for the disk never leaves, whichever connection of the bot says so.
    check(
        "
        12:45:02 disk slow
        12:45:02 revert SELL 40 SPY MOC id=8
        12:45:03 revert leaves
        12:45:03 revert arrives
        12:45:03 revert cancel 8
        12:45:04 disk done
        ",
        &expect![["
            12:45:03 canceled unsent 2 order 8
        "]],
    );
}

#[test]
fn a_retry_of_what_was_replaced_is_denied_whatever_its_number_and_the_quotes() {
    check(
        "
        12:45:02 revert SELL 40 SPY MOC id=8
        12:45:02.100 venue accepts own 100000000
        12:45:10 quote IVV 600.00 600.02
        12:45:10 quote SPY 600.00 600.02
        12:45:10 revert SELL 40 SPY MOC id=9
        12:45:14 revert SELL 41 SPY MOC id=8
        ",
        &expect![["
            12:45:02 place 900 SELL 39 IVV MOC for DU1 [IVV-revert-20261127-2] as order 100000000
            12:45:02 deny 2 order 8: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1]; in its place SELL 39 IVV MOC [IVV-revert-20261127-2] was sent
            12:45:10 deny 2 order 9: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1], and nothing was sent in its place: order 8 is already replaced by SELL 39 IVV MOC [IVV-revert-20261127-2]
            12:45:14 deny 2 order 8: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1], and nothing was sent in its place: order 8 is already replaced by SELL 39 IVV MOC [IVV-revert-20261127-2]
        "]],
    );
}

#[test]
fn what_the_venue_refuses_is_told_to_the_bot_and_to_a_person() {
    check(
        "
        12:45:02 revert SELL 40 SPY MOC id=8
        12:45:02.100 venue rejects own 100000000 201
        ",
        &expect![["
            12:45:02 place 900 SELL 39 IVV MOC for DU1 [IVV-revert-20261127-2] as order 100000000
            12:45:02 deny 2 order 8: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1]; in its place SELL 39 IVV MOC [IVV-revert-20261127-2] was sent
            12:45:02.1 notice broker error 201: x
            12:45:02.1 notice SELL 39 IVV MOC [IVV-revert-20261127-2] in the place of order 8 is over (rejected): 0 of 39 executed
            12:45:02.1 refuse 2 399: SELL 39 IVV MOC [IVV-revert-20261127-2] in the place of order 8 is over (rejected): 0 of 39 executed
        "]],
    );
}

#[test]
fn what_was_sent_in_the_place_of_an_order_is_known_after_a_restart() {
    let world = check(
        "
        12:45:02 revert SELL 40 SPY MOC id=8
        12:45:02.100 venue accepts own 100000000
        12:46:00 restart
        13:00:01 venue fills own 100000000 39 603.10
        ",
        &expect![["
            12:45:02 place 900 SELL 39 IVV MOC for DU1 [IVV-revert-20261127-2] as order 100000000
            12:45:02 deny 2 order 8: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1]; in its place SELL 39 IVV MOC [IVV-revert-20261127-2] was sent
            12:46:00 notice reconciled: 2 open orders, 0 positions
            13:00:01 refuse 2 399: SELL 39 IVV MOC [IVV-revert-20261127-2] in the place of order 8 is over (filled): 39 of 39 executed
        "]],
    );
    assert_eq!(world.at_venue.len(), 2);
}

#[test]
fn no_more_orders_work_in_equivalents_than_the_limit() {
    // One bot has one of a kind, so each order is of an instrument of its own.
    let max = crate::limits::EQUIVALENTS_MAX;
    let mut world = Script::new();
    let (mut before, mut lines) = (String::new(), String::new());
    for n in 0..=max {
        writeln!(before, "equivalent S{n} IVV 1\nequivalent SPY S{n} 1").unwrap();
    }
    writeln!(before, "day 2026-11-27\n12:45:00 quote IVV 602.50 602.52").unwrap();
    for n in 0..=max {
        writeln!(before, "12:45:00 quote S{n} 600.00 600.02").unwrap();
        writeln!(before, "12:45:01 trend BUY 1 S{n} MOC id={}", 1000 + n).unwrap();
        writeln!(lines, "12:45:02 revert SELL {} S{n} MOC id={}", 40 + n, 100 + n).unwrap();
    }
    world.run(&before);
    let trace = world.run(&lines);
    assert_eq!(trace.matches("place 900").count(), max, "{trace}");
    let last = trace.lines().last().unwrap();
    assert!(last.contains(&format!("more than {max} orders in equivalent instruments")), "{last}");
}
