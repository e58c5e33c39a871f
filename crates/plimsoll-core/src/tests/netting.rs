//! `on_close_crossing = "net"`: on-close orders of several bots in one account are held, and only their difference crosses
//! the wire.
//!
//! On the half day 2026-11-27 market-on-close orders of SPY have to be in by 12:50:00. They leave 2 s (the lead) and 1 s
//! (an answer, while none has been measured) before.

use expect_test::expect;
use plimsoll_model::LinkId;

use super::check;
use super::script::Script;

/// Two bots that want opposite things of one auction.
const OPPOSITE: &str = "
    nets
    day 2026-11-27
    12:45:00 quote SPY 600.00 600.02
    12:45:01 trend BUY 100 SPY MOC id=5
    12:45:02 revert SELL 40 SPY MOC id=8
    12:49:56.999 wake
    12:49:56.999 quote SPY 600.00 600.02
    12:49:57 wake
";

/// Each bot's holding and what it has paid.
pub(super) fn books(world: &Script) -> Vec<String> {
    let rows = world.bridge.snapshot(world.now()).positions;
    rows.iter()
        .map(|row| {
            format!("{} {} fees {}", row.bot.as_ref().map_or("nobody", |b| b.as_str()), row.qty, row.fees)
        })
        .collect()
}

#[test]
fn two_bots_are_told_that_they_wait_and_one_order_leaves_for_both() {
    check(
        OPPOSITE,
        &expect![["
        12:45:01 tell trend order 5: held for the closing auction
        12:45:02 tell revert order 8: held for the closing auction
        12:49:57 place 900 BUY 60 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000000
    "]],
    );
}

#[test]
fn each_bot_gets_its_execution_its_commission_and_the_ledger_sums_to_the_broker() {
    let mut world = Script::new();
    world.run(OPPOSITE);
    let trace = world.run(
        "
        12:49:57.100 venue accepts own 100000000
        13:00:01 venue fills own 100000000 60 600.25
        13:00:02 venue tells DU1 SPY
        ",
    );
    expect![["
        13:00:01 tell trend order 5: BUY 100 at 600.25 (40 with other bots), 0 left: net.SPY-trend-20261127-1.1.01 of 0001.0001.01.01
        13:00:01 tell revert order 8: SELL 40 at 600.25 (40 with other bots), 0 left: net.SPY-revert-20261127-1.1.01 of 0001.0001.01.01
        13:00:01 tell trend order 5: net.SPY-trend-20261127-1.1.01 costs 0.7143 USD
        13:00:01 tell revert order 8: net.SPY-revert-20261127-1.1.01 costs 0.2857 USD
    "]].assert_eq(&trace);
    expect![["
        revert -40 fees 0.2857 USD
        trend 100 fees 0.7143 USD"]]
    .assert_eq(&books(&world).join("\n"));
    assert!(world.bridge.snapshot(world.now()).breaks.is_empty());
}

/// The half day in netting mode, an hour before its close.
pub(super) const DAY: &str = "
    nets
    day 2026-11-27
    12:45:00 quote SPY 600.00 600.02
";

/// Both orders are in, and a quote is young enough at the release.
const HELD: &str = "
    nets
    day 2026-11-27
    12:45:00 quote SPY 600.00 600.02
    12:45:01 trend BUY 100 SPY MOC id=5
    12:45:02 revert SELL 40 SPY MOC id=8
    12:49:50 quote SPY 600.00 600.02
";

/// What follows on what is held.
#[track_caller]
pub(super) fn after_held(script: &str, expect: &expect_test::Expect) -> Script {
    let mut world = Script::new();
    world.run(HELD);
    expect.assert_eq(&world.run(script));
    world
}

#[test]
fn a_cancel_before_the_release_takes_the_order_out_of_the_sum() {
    after_held(
        "
        12:49:51 revert cancel 8
        12:49:57 wake
        ",
        &expect![["
            12:49:51 tell revert order 8: canceled with 40 left
            12:49:57 place 900 BUY 100 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000000
        "]],
    );
}

#[test]
fn a_cancel_after_the_release_is_refused_as_the_exchange_would() {
    after_held(
        "
        12:49:57 wake
        12:49:57.500 revert cancel 8
        12:49:58 revert cancel all
        ",
        &expect![["
            12:49:57 place 900 BUY 60 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000000
            12:49:57.5 refuse 2 10148: OrderId 8 that needs to be cancelled cannot be cancelled, state: PreSubmitted.
            12:49:58 notice revert: global cancel became cancels of its own orders
        "]],
    );
}

#[test]
fn an_order_that_comes_after_the_release_is_denied_because_it_could_meet_what_was_sent() {
    after_held(
        "
        12:49:57 wake
        12:49:57.500 revert SELL 10 SPY MOC id=9
        ",
        &expect![["
            12:49:57 place 900 BUY 60 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000000
            12:49:57.5 deny 2 order 9: Plimsoll close_cutoff: the on-close orders of SPY of 2026-11-27 have left as one; this one comes too late
        "]],
    );
}

#[test]
fn a_limit_on_close_order_is_not_netted_and_denied_beside_one_that_is_held() {
    after_held(
        "12:49:52 revert SELL 10 SPY LOC 590.00 id=9",
        &expect![["
        12:49:52 deny 2 order 9: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20261127-1]
    "]],
    );
}

#[test]
fn a_change_of_a_held_order_is_denied_and_the_order_stands() {
    after_held(
        "
        12:49:52 revert SELL 50 SPY MOC id=8
        12:49:57 wake
        ",
        &expect![["
            12:49:52 deny 2 change of 8: Plimsoll supported: order 8 is held for the closing auction and cannot be changed; cancel it and place another
            12:49:57 place 900 BUY 60 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000000
        "]],
    );
}

#[test]
fn who_may_not_trade_any_more_at_the_release_is_not_in_the_sum_and_is_told_so() {
    after_held(
        "
        12:49:52 halt new_risk revert
        12:49:57 wake
        ",
        &expect![["
            12:49:52 notice revert halted (new_risk) by op: drill
            12:49:57 tell revert order 8: canceled with 40 left: Plimsoll halt: halted (new_risk) by op: drill
            12:49:57 place 900 BUY 100 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000000
        "]],
    );
}

#[test]
fn what_changes_while_the_disk_takes_the_sum_changes_the_sum_and_one_order_leaves() {
    after_held(
        "
        12:49:57 disk slow
        12:49:57 wake
        12:49:57.100 halt new_risk revert
        12:49:57.200 disk done
        12:49:57.300 wake
        ",
        &expect![["
            12:49:57.1 notice revert halted (new_risk) by op: drill
            12:49:57.2 tell revert order 8: canceled with 40 left: Plimsoll halt: halted (new_risk) by op: drill
            12:49:57.2 place 900 BUY 100 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000001
        "]],
    );
}

#[test]
fn a_halt_of_everything_takes_all_out_before_the_release() {
    after_held(
        "
        12:49:52 halt all
        12:49:57 wake
        ",
        &expect![["
            12:49:52 tell revert order 8: canceled with 40 left
            12:49:52 tell trend order 5: canceled with 100 left
            12:49:52 notice fleet halted (all) by op: drill
        "]],
    );
}

#[test]
fn a_halt_of_everything_after_the_release_cancels_the_order_for_all() {
    after_held(
        "
        12:49:57 wake
        12:49:57.500 halt all revert
        12:49:58 halt all
        12:49:58.100 venue cancels own 100000000
        ",
        &expect![["
            12:49:57 place 900 BUY 60 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000000
            12:49:57.5 notice 1 on-close orders of revert have left for the auction in one order with those of others, which stands
            12:49:57.5 notice revert halted (all) by op: drill
            12:49:58 cancel 900 order 100000000
            12:49:58 notice fleet halted (all) by op: drill
            12:49:58.1 tell trend order 5: canceled with 100 left: the order that was sent for several bots is over (canceled)
            12:49:58.1 tell revert order 8: canceled with 40 left: the order that was sent for several bots is over (canceled)
            12:49:58.1 notice broker error 202: Order Canceled
        "]],
    );
}

#[test]
fn orders_of_one_side_leave_as_their_sum_and_other_accounts_by_themselves() {
    let mut world = Script::new();
    world.run(DAY);
    let trace = world.run(
        "
        12:49:50 quote SPY 600.00 600.02
        12:49:51 trend BUY 100 SPY MOC id=5
        12:49:52 revert BUY 40 SPY MOC id=8
        12:49:53 revert SELL 10 SPY MOC id=9 account=DU2
        12:49:57 wake
        ",
    );
    expect![["
        12:49:51 tell trend order 5: held for the closing auction
        12:49:52 tell revert order 8: held for the closing auction
        12:49:53 tell revert order 9: held for the closing auction
        12:49:57 place 900 BUY 140 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000000
        12:49:57 place 900 SELL 10 SPY MOC for DU2 [SPY-plimsoll-20261127-2] as order 100000001
    "]]
    .assert_eq(&trace);
}

#[test]
fn a_batch_whose_connection_is_gone_waits_for_it_as_long_as_it_can_arrive_in_time() {
    after_held(
        "
        12:49:56 own down
        12:49:57 wake
        12:49:58 own up
        12:49:58 own answers
        12:49:58.500 quote SPY 600.00 600.02
        12:49:59 wake
        ",
        &expect![["
            12:49:58 notice reconciled: 2 open orders, 0 positions
            12:49:58.5 place 900 BUY 60 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000000
        "]],
    );
}

#[test]
fn a_batch_whose_connection_is_not_back_in_time_is_never_sent_late() {
    after_held(
        "
        12:49:56 own down
        12:49:57 wake
        12:49:59 wake
        12:50:01 own up
        12:50:01 own answers
        ",
        &expect![["
            12:49:59 tell revert order 8: canceled with 40 left: Plimsoll reconciled: not reconciled with the broker, waiting for our own connection to the broker
            12:49:59 tell trend order 5: canceled with 100 left: Plimsoll reconciled: not reconciled with the broker, waiting for our own connection to the broker
            12:50:01 notice reconciled: 0 open orders, 0 positions
        "]],
    );
}

#[test]
fn what_is_held_is_held_after_a_restart_and_leaves_once() {
    let world = after_held(
        "
        12:49:51 restart
        12:49:52 quote SPY 600.00 600.02
        12:49:57 wake
        12:49:58 restart
        12:49:59 wake
        13:00:01 venue fills own 100000000 60 600.25
        ",
        &expect![["
            12:49:51 notice reconciled: 2 open orders, 0 positions
            12:49:57 place 900 BUY 60 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000000
            12:49:58 notice reconciled: 3 open orders, 0 positions
            13:00:01 tell trend order 5: BUY 100 at 600.25 (40 with other bots), 0 left: net.SPY-trend-20261127-1.1.01 of 0001.0001.01.01
            13:00:01 tell revert order 8: SELL 40 at 600.25 (40 with other bots), 0 left: net.SPY-revert-20261127-1.1.01 of 0001.0001.01.01
            13:00:01 tell trend order 5: net.SPY-trend-20261127-1.1.01 costs 0.7143 USD
            13:00:01 tell revert order 8: net.SPY-revert-20261127-1.1.01 costs 0.2857 USD
        "]],
    );
    assert_eq!(world.at_venue.len(), 1);
}

#[test]
fn what_was_to_be_held_when_the_process_ended_is_held_by_the_next() {
    let mut world = Script::new();
    world.run(DAY);
    let trace = world.run(
        "
        12:49:50 quote SPY 600.00 600.02
        12:49:51 disk slow
        12:49:51 trend BUY 100 SPY MOC id=5
        12:49:52 restart
        12:49:53 quote SPY 600.00 600.02
        12:49:57 wake
        ",
    );
    expect![["
        12:49:52 notice reconciled: 1 open orders, 0 positions
        12:49:57 place 900 BUY 100 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000000
    "]]
    .assert_eq(&trace);
}

#[test]
fn one_that_does_not_fit_its_batch_any_more_over_a_restart_is_denied_and_a_person_is_told() {
    let world = after_held(
        "
        12:49:56 disk slow
        12:49:56.500 revert SELL 10 SPY MOC id=9
        12:49:57 wake
        12:49:58 restart
        12:49:58.500 wake
        ",
        &expect![["
            12:49:58 notice SELL 10 SPY MOC [SPY-revert-20261127-2] of revert was not held over the restart: Plimsoll close_cutoff: the on-close orders of SPY of 2026-11-27 have left as one; this one comes too late
            12:49:58 notice SPY-plimsoll-20261127-1 is not at the venue (was unknown)
            12:49:58 notice reconciled: 2 open orders, 0 positions
        "]],
    );
    let orders = world.bridge.snapshot(world.now()).orders;
    let late = orders.iter().find(|order| order.qty == plimsoll_model::Qty::whole(10)).unwrap();
    assert_eq!(late.status, plimsoll_model::OrderStatus::Denied);
}

#[test]
fn an_order_for_all_that_the_broker_does_not_know_after_a_restart_is_not_sent_again() {
    after_held(
        "
        12:49:57 disk slow
        12:49:57 wake
        12:49:58 restart
        12:49:58.500 quote SPY 600.00 600.02
        12:49:59 wake
        ",
        &expect![["
            12:49:58 notice SPY-plimsoll-20261127-1 is not at the venue (was unknown)
            12:49:58 notice reconciled: 2 open orders, 0 positions
        "]],
    );
}

#[test]
fn a_bot_that_asks_for_its_open_orders_is_shown_those_that_are_held() {
    let world = after_held(
        "12:49:57 wake",
        &expect![["
        12:49:57 place 900 BUY 60 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000000
    "]],
    );
    let open = |link| {
        let open = world.bridge.held_open(LinkId(link));
        open.iter().map(|(held, news)| format!("{} {} {news:?}", held.bot, held.order_id)).collect::<Vec<_>>()
    };
    expect!["trend 5 Stands { cum_qty: 0, leaves_qty: 100, avg_px: None }"].assert_eq(&open(1).join("\n"));
    assert_eq!(open(2).len(), 1);
    assert!(open(3).is_empty());
}

/// Two bots' orders are held, and then something happens to the clock.
#[track_caller]
fn held_over(script: &str) -> String {
    let mut world = Script::new();
    world.run(
        "
        nets
        day 2026-11-27
        10:00:00 clock watched 1000
        10:00:00 clock hears a 0 4
        10:00:00 clock hears b 0 4
        10:00:00 quote SPY 600.00 600.02
        10:00:01 trend BUY 100 SPY MOC id=5
        10:00:02 revert SELL 40 SPY MOC id=8
        ",
    );
    world.run(script)
}

#[test]
fn held_orders_outlast_a_moment_in_which_nobody_knows_the_time() {
    let contradicted = held_over(
        "
        12:40:02 clock hears a 0 4
        12:40:03 clock hears b 3700 4
        12:40:03.100 quote SPY 600.00 600.02
        12:40:04 clock hears b 0 4
        12:49:56 clock hears a 0 4
        12:49:56 clock hears b 0 4
        12:49:56 quote SPY 600.00 600.02
        12:49:57.100 wake
        ",
    );
    let restarted = held_over(
        "
        12:40:00 restart
        12:40:00.010 clock watched 1000
        12:40:00.100 clock hears a 0 4
        12:40:00.200 own up
        12:40:00.300 own answers
        12:40:01 trend arrives
        12:49:56 clock hears a 0 4
        12:49:56 quote SPY 600.00 600.02
        12:49:57.100 wake
        ",
    );
    // Quotes of this script are of the true time, so after this only the end of the orders could be seen.
    let set = held_over(
        "
        10:00:03 clock set 14400000
        10:00:03.100 quote SPY 600.00 600.02
        10:00:03.500 clock stepped 14400000
        10:00:04 clock hears a -14400000 4
        10:00:04 clock hears b -14400000 4
        10:05:00 wake
        ",
    );
    assert!(!set.contains("canceled"), "{set}");
    for (what, all) in [("contradicted", contradicted), ("restarted", restarted)] {
        assert!(!all.contains("canceled") && all.contains("place 900 BUY 60 SPY MOC"), "{what}: {all}");
    }
}
