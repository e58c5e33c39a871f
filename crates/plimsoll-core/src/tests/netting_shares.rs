//! What each bot gets of an order that was sent for several: executions, commissions, the official close, and the books.

use expect_test::expect;

use super::netting::{DAY, after_held, books};
use super::script::Script;

#[test]
fn executions_of_the_time_that_the_process_was_away_are_shared_when_it_is_back() {
    let mut world = after_held(
        "12:49:57 wake",
        &expect![["
        12:49:57 place 900 BUY 60 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000000
    "]],
    );
    // Nobody hears it.
    world.run("12:59:00 own down");
    let trace = world.run(
        "
        13:00:01 venue fills own 100000000 60 600.25
        13:00:05 restart
        ",
    );
    expect![["
        13:00:05 tell trend order 5: BUY 100 at 600.25 (40 with other bots), 0 left: net.SPY-trend-20261127-1.1.01 of 0001.0001.01.01
        13:00:05 tell revert order 8: SELL 40 at 600.25 (40 with other bots), 0 left: net.SPY-revert-20261127-1.1.01 of 0001.0001.01.01
        13:00:05 notice reconciled: 0 open orders, 1 positions
    "]].assert_eq(&trace);
    expect![["
        revert -40 fees 0 USD
        trend 100 fees 0 USD"]]
    .assert_eq(&books(&world).join("\n"));
}

#[test]
fn an_execution_in_parts_is_shared_in_parts_and_sums_up() {
    let mut world = after_held(
        "12:49:57 wake",
        &expect![["
        12:49:57 place 900 BUY 60 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000000
    "]],
    );
    let trace = world.run(
        "
        13:00:01 venue fills own 100000000 25 600.25
        13:00:01 venue fills own 100000000 35 600.27
        ",
    );
    expect![["
        13:00:01 tell trend order 5: BUY 65 at 600.25 (40 with other bots), 35 left: net.SPY-trend-20261127-1.1.01 of 0001.0001.01.01
        13:00:01 tell revert order 8: SELL 40 at 600.25 (40 with other bots), 0 left: net.SPY-revert-20261127-1.1.01 of 0001.0001.01.01
        13:00:01 tell trend order 5: net.SPY-trend-20261127-1.1.01 costs 0.6190 USD
        13:00:01 tell revert order 8: net.SPY-revert-20261127-1.1.01 costs 0.3810 USD
        13:00:01 tell trend order 5: BUY 35 at 600.27 (0 with other bots), 0 left: net.SPY-trend-20261127-1.2.01 of 0001.0002.01.01
        13:00:01 tell trend order 5: net.SPY-trend-20261127-1.2.01 costs 1.0000 USD
    "]].assert_eq(&trace);
    expect![["
        revert -40 fees 0.381 USD
        trend 100 fees 1.619 USD"]]
    .assert_eq(&books(&world).join("\n"));
}

#[test]
fn what_the_venue_does_not_execute_is_canceled_and_what_the_bots_trade_with_each_other_stands() {
    let mut world = after_held(
        "12:49:57 wake",
        &expect![["
        12:49:57 place 900 BUY 60 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000000
    "]],
    );
    let trace = world.run(
        "
        13:00:01 venue fills own 100000000 25 600.25
        13:00:02 venue cancels own 100000000
        ",
    );
    expect![["
        13:00:01 tell trend order 5: BUY 65 at 600.25 (40 with other bots), 35 left: net.SPY-trend-20261127-1.1.01 of 0001.0001.01.01
        13:00:01 tell revert order 8: SELL 40 at 600.25 (40 with other bots), 0 left: net.SPY-revert-20261127-1.1.01 of 0001.0001.01.01
        13:00:01 tell trend order 5: net.SPY-trend-20261127-1.1.01 costs 0.6190 USD
        13:00:01 tell revert order 8: net.SPY-revert-20261127-1.1.01 costs 0.3810 USD
        13:00:02 tell trend order 5: canceled with 35 left: the order that was sent for several bots is over (canceled)
        13:00:02 notice broker error 202: Order Canceled
    "]].assert_eq(&trace);
    expect![["
        revert -40 fees 0.381 USD
        trend 65 fees 0.619 USD"]]
    .assert_eq(&books(&world).join("\n"));
}

#[test]
fn a_bot_that_is_away_takes_part_and_its_share_is_booked() {
    let world = after_held(
        "
        12:49:51 revert leaves
        12:49:57 wake
        13:00:01 venue fills own 100000000 60 600.25
        ",
        &expect![["
            12:49:57 place 900 BUY 60 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000000
            13:00:01 tell trend order 5: BUY 100 at 600.25 (40 with other bots), 0 left: net.SPY-trend-20261127-1.1.01 of 0001.0001.01.01
            13:00:01 tell revert order 8: SELL 40 at 600.25 (40 with other bots), 0 left: net.SPY-revert-20261127-1.1.01 of 0001.0001.01.01
            13:00:01 tell trend order 5: net.SPY-trend-20261127-1.1.01 costs 0.7143 USD
            13:00:01 tell revert order 8: net.SPY-revert-20261127-1.1.01 costs 0.2857 USD
        "]],
    );
    expect![["
        revert -40 fees 0.2857 USD
        trend 100 fees 0.7143 USD"]]
    .assert_eq(&books(&world).join("\n"));
}

#[test]
fn bots_that_only_trade_with_each_other_get_the_official_close_and_no_order_leaves() {
    let mut world = Script::new();
    world.run(DAY);
    let trace = world.run(
        "
        12:49:50 quote SPY 600.00 600.02
        12:49:51 trend BUY 40 SPY MOC id=5
        12:49:52 revert SELL 40 SPY MOC id=8
        12:49:57 wake
        13:09:59 wake
        13:10:00 wake
        13:10:01 own answers
        13:11:00 venue closes 600.25
        13:14:59 wake
        13:15:00 wake
        13:15:01 own answers
        ",
    );
    expect![["
        12:49:51 tell trend order 5: held for the closing auction
        12:49:52 tell revert order 8: held for the closing auction
        12:49:57 tell revert order 8: 40 meet orders of other bots at the official close, once it is known: no order was needed for several bots
        12:49:57 tell trend order 5: 40 meet orders of other bots at the official close, once it is known: no order was needed for several bots
        12:49:57 notice on-close orders of several bots in DU1 have met each other in SPY on 2026-11-27; they stay open until the venue's official close is known
        13:15:01 tell trend order 5: BUY 40 at 600.25 (40 with other bots), 0 left: net.SPY-trend-20261127-1.1.01 at the official close
        13:15:01 tell trend order 5: net.SPY-trend-20261127-1.1.01 costs 0 USD
        13:15:01 tell revert order 8: SELL 40 at 600.25 (40 with other bots), 0 left: net.SPY-revert-20261127-1.1.01 at the official close
        13:15:01 tell revert order 8: net.SPY-revert-20261127-1.1.01 costs 0 USD
    "]].assert_eq(&trace);
    assert!(world.at_venue.is_empty());
    expect![["
        revert -40 fees 0 USD
        trend 40 fees 0 USD"]]
    .assert_eq(&books(&world).join("\n"));
}

#[test]
fn after_a_refusal_the_rest_is_canceled_and_what_the_bots_trade_with_each_other_gets_the_official_close() {
    let mut world = after_held(
        "12:49:57 wake",
        &expect![["
        12:49:57 place 900 BUY 60 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000000
    "]],
    );
    let trace = world.run(
        "
        12:49:57.100 venue rejects own 100000000 201
        13:00:00 venue closes 600.25
        13:10:00 wake
        13:10:01 own answers
        ",
    );
    expect![["
        12:49:57.1 notice broker error 201: x
        12:49:57.1 tell revert order 8: 40 meet orders of other bots at the official close, once it is known: the order that was sent for several bots is over (rejected)
        12:49:57.1 tell trend order 5: 60 will not be executed; 40 meet orders of other bots at the official close, once it is known: the order that was sent for several bots is over (rejected)
        12:49:57.1 notice on-close orders of several bots in DU1 have met each other in SPY on 2026-11-27; they stay open until the venue's official close is known
        13:10:01 tell trend order 5: BUY 40 at 600.25 (40 with other bots), 60 left: net.SPY-trend-20261127-1.1.01 at the official close
        13:10:01 tell trend order 5: canceled with 60 left: the order that was sent for several bots is over
        13:10:01 tell trend order 5: net.SPY-trend-20261127-1.1.01 costs 0 USD
        13:10:01 tell revert order 8: SELL 40 at 600.25 (40 with other bots), 0 left: net.SPY-revert-20261127-1.1.01 at the official close
        13:10:01 tell revert order 8: net.SPY-revert-20261127-1.1.01 costs 0 USD
    "]].assert_eq(&trace);
    expect![["
        revert -40 fees 0 USD
        trend 40 fees 0 USD"]]
    .assert_eq(&books(&world).join("\n"));
}

#[test]
fn what_an_order_that_is_refused_leaves_of_each_bots_order_is_told_at_once() {
    let mut world = after_held(
        "
        12:49:57 wake
        12:49:57.100 venue rejects own 100000000 201
        ",
        &expect![["
            12:49:57 place 900 BUY 60 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000000
            12:49:57.1 notice broker error 201: x
            12:49:57.1 tell revert order 8: 40 meet orders of other bots at the official close, once it is known: the order that was sent for several bots is over (rejected)
            12:49:57.1 tell trend order 5: 60 will not be executed; 40 meet orders of other bots at the official close, once it is known: the order that was sent for several bots is over (rejected)
            12:49:57.1 notice on-close orders of several bots in DU1 have met each other in SPY on 2026-11-27; they stay open until the venue's official close is known
        "]],
    );
    // What is dead of it is in nobody's way, and counts as no risk.
    let trace = world.run(
        "
        12:55:00 quote SPY 600.00 600.02
        12:55:00 trend BUY 60 SPY MKT id=6
        12:55:01 venue fills trend 6 60 600.02
        13:10:00 venue closes 600.25
        13:10:00 wake
        13:10:00.100 own answers
        ",
    );
    expect![["
        12:55:00 submit 1 BUY 60 SPY MKT for DU1 [SPY-trend-20261127-2]
        13:10:00 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
        13:10:00.1 tell trend order 5: BUY 40 at 600.25 (40 with other bots), 60 left: net.SPY-trend-20261127-1.1.01 at the official close
        13:10:00.1 tell trend order 5: canceled with 60 left: the order that was sent for several bots is over
        13:10:00.1 tell trend order 5: net.SPY-trend-20261127-1.1.01 costs 0 USD
        13:10:00.1 tell revert order 8: SELL 40 at 600.25 (40 with other bots), 0 left: net.SPY-revert-20261127-1.1.01 at the official close
        13:10:00.1 tell revert order 8: net.SPY-revert-20261127-1.1.01 costs 0 USD
    "]].assert_eq(&trace);
    expect![["
        revert -40 fees 0 USD
        trend 100 fees 1 USD"]]
    .assert_eq(&books(&world).join("\n"));
}
