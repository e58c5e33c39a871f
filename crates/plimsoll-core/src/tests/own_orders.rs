//! Orders of our own: placed on Plimsoll's own connection for a bot, found again, never sent twice.

use expect_test::expect;

use super::check;

#[test]
fn an_order_of_our_own_leaves_on_our_own_connection_under_the_bots_reference() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 own places trend BUY 100 SPY MKT
        10:00:01.100 venue accepts own 100000000
        10:00:01.200 own places trend BUY 50 SPY MKT
        ",
        &expect![["
            10:00:01 place 900 BUY 100 SPY MKT for DU1 [SPY-trend-20260227-1] as order 100000000
            10:00:01.2 place 900 BUY 50 SPY MKT for DU1 [SPY-trend-20260227-2] as order 100000001
        "]],
    );
}

#[test]
fn an_order_of_our_own_is_judged_by_the_limits_of_its_bot_at_both_judgements() {
    check(
        "
        limit qty 60
        10:00:00 quote SPY 500.00 500.02
        10:00:01 own places trend BUY 61 SPY MKT
        10:00:02 disk slow
        10:00:02 own places trend BUY 60 SPY MKT
        10:00:03 halt new_risk trend
        10:00:04 disk done
        ",
        &expect![["
            10:00:01 notice not placed: Plimsoll limits: quantity 61, limit 60
            10:00:03 notice trend halted (new_risk) by op: drill
            10:00:04 notice our own order BUY 60 SPY MKT [SPY-trend-20260227-2] was not sent: Plimsoll halt: halted (new_risk) by op: drill
        "]],
    );
}

#[test]
fn an_order_of_our_own_that_may_have_left_is_found_again_after_a_restart_and_not_sent_twice() {
    let mut world = super::script::Script::new();
    let trace = world.run(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 own places trend BUY 100 SPY MKT
        10:00:02 restart
        10:00:03 venue fills own 100000000 100 500.02
        ",
    );
    expect![["
        10:00:01 place 900 BUY 100 SPY MKT for DU1 [SPY-trend-20260227-1] as order 100000000
        10:00:02 notice reconciled: 1 open orders, 0 positions
    "]]
    .assert_eq(&trace);
    let held = world.bridge.snapshot(world.now()).positions;
    let held: Vec<_> = held.iter().map(|p| (p.bot.as_ref().unwrap().as_str(), p.qty.to_string())).collect();
    assert_eq!(held, [("trend", "100".to_owned())]);
}

#[test]
fn an_order_of_our_own_that_the_broker_does_not_know_after_a_restart_never_left() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 disk slow
        10:00:01 own places trend BUY 100 SPY MKT
        10:00:02 restart
        10:00:30 wake
        ",
        &expect![["
            10:00:02 notice SPY-trend-20260227-1 is not at the venue (was unknown)
            10:00:02 notice reconciled: 0 open orders, 0 positions
        "]],
    );
}

#[test]
fn a_lost_connection_makes_it_unknown_until_the_next_ones_lists_have_named_it() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 own places trend BUY 100 SPY MKT
        10:00:01 venue forgets own 100000000
        10:00:02 own down
        10:00:03 own up
        10:00:03 own answers
        ",
        &expect![["
            10:00:01 place 900 BUY 100 SPY MKT for DU1 [SPY-trend-20260227-1] as order 100000000
            10:00:03 notice SPY-trend-20260227-1 is not at the venue (was unknown)
            10:00:03 notice reconciled: 0 open orders, 0 positions
        "]],
    );
}

#[test]
fn a_halt_of_everything_cancels_what_we_have_working_ourselves() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 own places trend BUY 100 SPY MKT
        10:00:01 venue accepts own 100000000
        10:00:02 halt all revert
        10:00:03 halt all trend
        ",
        &expect![["
            10:00:01 place 900 BUY 100 SPY MKT for DU1 [SPY-trend-20260227-1] as order 100000000
            10:00:02 notice revert halted (all) by op: drill
            10:00:03 cancel 900 order 100000000
            10:00:03 notice trend halted (all) by op: drill
        "]],
    );
}

#[test]
fn without_our_own_connection_nothing_of_our_own_is_placed() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 own down
        10:00:02 own places trend BUY 100 SPY MKT
        ",
        &expect![["
            10:00:02 notice not placed: Plimsoll reconciled: not reconciled with the broker, waiting for our own connection to the broker
        "]],
    );
}
