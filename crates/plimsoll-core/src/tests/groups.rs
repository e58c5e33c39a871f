//! Brackets, changes, accounts, and observe mode.

use expect_test::expect;
use plimsoll_model::{ClientId, OrderId};

use super::check;

#[test]
fn a_group_in_which_another_bot_has_an_order_in_the_account_is_not_joined() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:00 quote QQQ 400.00 400.02
        10:00:01 trend BUY 10 SPY LMT 490.00 id=1 oca=exit
        10:00:02 revert BUY 10 QQQ LMT 390.00 id=1 oca=exit
        10:00:03 revert BUY 11 QQQ LMT 390.00 id=2 oca=mine
        10:00:04 revert BUY 12 QQQ LMT 390.00 id=3 oca=exit account=DU2
        10:00:05 trend cancel 1
        10:00:05 venue cancels trend 1
        10:00:06 revert BUY 13 QQQ LMT 390.00 id=4 oca=exit
        ",
        &expect![["
            10:00:01 submit 1 BUY 10 SPY LMT 490.00 for DU1 [SPY-trend-20260227-1]
            10:00:02 deny 2 order 1: Plimsoll ownership: somebody else's order works in the one-cancels-all group `exit` of DU1; name it otherwise
            10:00:03 submit 2 BUY 11 QQQ LMT 390.00 for DU1 [QQQ-revert-20260227-2]
            10:00:04 submit 2 BUY 12 QQQ LMT 390.00 for DU2 [QQQ-revert-20260227-3]
            10:00:05 forward 1
            10:00:06 submit 2 BUY 13 QQQ LMT 390.00 for DU1 [QQQ-revert-20260227-4]
        "]],
    );
}

#[test]
fn a_bracket_leaves_whole_and_its_exits_count_once() {
    check(
        "
        limit position 50000
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 100 SPY LMT 500.00 id=1 staged
        10:00:01 trend SELL 100 SPY LMT 510.00 id=2 parent=1 staged
        10:00:01 trend SELL 100 SPY STP stop=490.00 id=3 parent=1
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 500.00 for DU1 [SPY-trend-20260227-1]
            10:00:01 submit 1 SELL 100 SPY LMT 510.00 for DU1 [SPY-trend-20260227-2]
            10:00:01 submit 1 SELL 100 SPY STP @490.00 for DU1 [SPY-trend-20260227-3]
        "]],
    );
}

#[test]
fn a_denied_parent_denies_its_children_and_a_denied_child_the_group() {
    check(
        "
        limit qty 100
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 101 SPY LMT 500.00 id=1 staged
        10:00:01 trend SELL 100 SPY LMT 510.00 id=2 parent=1
        10:00:02 trend BUY 100 SPY LMT 500.00 id=3 staged
        10:00:02 trend SELL 101 SPY LMT 510.00 id=4 parent=3
        ",
        &expect![["
            10:00:01 deny 1 order 1: Plimsoll limits: quantity 101, limit 100
            10:00:01 deny 1 order 2: Plimsoll limits: order 1 of the same group was denied by limits
            10:00:02 deny 1 order 3: Plimsoll limits: order 4 of the same group was denied by limits
            10:00:02 deny 1 order 4: Plimsoll limits: quantity 101, limit 100
        "]],
    );
}

#[test]
fn a_group_is_denied_as_one_at_release() {
    check(
        "
        10:00:00 quote SPY 500.00 500.00
        10:00:01 disk slow
        10:00:01 trend BUY 100 SPY LMT 500.00 id=1 staged
        10:00:01 trend SELL 100 SPY LMT 510.00 id=2 parent=1
        10:00:02 halt new_risk
        10:00:03 disk done
        ",
        &expect![["
            10:00:02 notice fleet halted (new_risk) by op: drill
            10:00:03 deny 1 order 1: Plimsoll halt: halted (new_risk) by op: drill
            10:00:03 deny 1 order 2: Plimsoll halt: order 1 of the same group was denied by halt
        "]],
    );
}

#[test]
fn a_denied_change_leaves_the_order_as_it_was() {
    check(
        "
        limit qty 100
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5
        10:00:02 venue accepts trend 5
        10:00:03 trend BUY 101 SPY LMT 499.00 id=5
        10:00:04 trend cancel 5
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:03 deny 1 change of 5: Plimsoll limits: quantity 101, limit 100
            10:00:04 forward 1
        "]],
    );
}

#[test]
fn a_change_counts_as_the_worse_of_both_until_it_is_confirmed() {
    check(
        "
        limit position 50000
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 100 SPY LMT 500.00 id=5
        10:00:02 venue accepts trend 5
        10:00:03 trend BUY 10 SPY LMT 500.00 id=5
        10:00:04 trend BUY 1 SPY LMT 499.00 id=6
        10:00:05 venue accepts trend 5
        10:00:06 trend BUY 90 SPY LMT 499.00 id=7
        ",
        // 100 * 500 is the limit; while the smaller size is not confirmed, one more is 50500.
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 500.00 for DU1 [SPY-trend-20260227-1]
            10:00:03 replace 1 BUY 10 SPY LMT 500.00 for DU1 [SPY-trend-20260227-1]
            10:00:04 deny 1 order 6: Plimsoll limits: position would be 50500 USD, limit 50000 USD
            10:00:06 submit 1 BUY 90 SPY LMT 499.00 for DU1 [SPY-trend-20260227-3]
        "]],
    );
}

#[test]
fn an_execution_that_overtakes_a_cancel_is_booked() {
    let mut world = super::Script::new();
    world.run(
        "
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 100 SPY LMT 500.00 id=5
        10:00:02 trend cancel 5
        10:00:03 venue cancels trend 5
        10:00:04 venue fills trend 5 100 500.00
        ",
    );
    let snapshot = world.bridge.snapshot(world.now());
    assert_eq!(snapshot.positions[0].qty.to_string(), "100");
    assert_eq!(snapshot.orders[0].status, plimsoll_model::OrderStatus::Filled);
}

#[test]
fn the_account_is_written_only_where_that_is_configured() {
    check(
        "
        fill account
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 1 SPY MKT account=-
        10:00:02 revert BUY 1 SPY MKT account=-
        10:00:03 trend BUY 2 SPY MKT account=DU2
        ",
        &expect![["
            10:00:01 submit 1 BUY 1 SPY MKT for DU1 [SPY-trend-20260227-1] (account written)
            10:00:02 deny 2 order 2: Plimsoll account: the order names no account; this bot may use DU1, DU2
            10:00:03 deny 1 order 3: Plimsoll account: account DU2 is not this bot's; it may use DU1
        "]],
    );
}

#[test]
fn an_instrument_that_is_not_the_bots_is_denied() {
    check(
        "
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 1 AAPL LMT 1.00
        10:00:02 trend BUY 1 SPY LMT 499.00 conid=320227571
        10:00:03 trend BUY 1 SPY LMT 499.00 conid=756733
        ",
        // The second names SPY and the number of QQQ; the third the right one.
        &expect![["
            10:00:01 deny 1 order 1: Plimsoll ownership: AAPL is not among this bot's instruments
            10:00:02 deny 1 order 2: Plimsoll ownership: contract number 320227571 is not SPY's
            10:00:03 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-3]
        "]],
    );
}

#[test]
fn what_cannot_be_bounded_is_denied() {
    check(
        "
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 1 SPY MKT cash
        10:00:02 trend BUY 0 SPY MKT
        10:00:03 trend BUY 0.5 SPY MKT
        ",
        &expect![["
            10:00:01 deny 1 order 1: Plimsoll supported: cash quantity cannot be bounded by any guard yet
            10:00:02 deny 1 order 2: Plimsoll supported: the quantity is zero
            10:00:03 submit 1 BUY 0.5 SPY MKT for DU1 [SPY-trend-20260227-3]
        "]],
    );
}

#[test]
fn observe_mode_forwards_and_reports_and_still_refuses_what_it_cannot_read() {
    check(
        "
        observe
        limit qty 100
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 101 SPY MKT
        10:00:02 trend BUY 1 SPY MKT account=-
        10:00:03 trend garbles 7
        10:00:04 trend exercises
        10:00:05 trend asks reqPnL DU2
        ",
        &expect![["
            10:00:01 observed 1 [SPY-trend-20260227-1]: Plimsoll limits: quantity 101, limit 100
            10:00:01 observed 1 [SPY-trend-20260227-1]: Plimsoll limits: quantity 101, limit 100
            10:00:01 submit 1 BUY 101 SPY MKT for DU1 [SPY-trend-20260227-1]
            10:00:02 observed 1: Plimsoll account: the order names no account; this bot may use DU1
            10:00:02 forward 1
            10:00:03 deny 1 order 7: Plimsoll supported: the order cannot be read: field 17 is not a number
            10:00:04 observed 1: Plimsoll supported: exerciseOptions cannot be bounded by any guard yet
            10:00:04 forward 1
            10:00:05 refuse 1 321: Error validating request.-'reqPnL' : cause - Plimsoll account: account DU2 is not this bot's; it may use DU1
        "]],
    );
}

#[test]
fn the_next_order_id_is_above_everything_ever_used_also_after_a_restart() {
    let mut world = super::Script::new();
    world.run("10:00:00 trend BUY 1 SPY MKT id=41 account=-\n10:00:01 restart");
    let next = |brokers| world.bridge.links.next_valid_id(ClientId(11), OrderId(brokers));
    assert_eq!((next(1), next(42), next(43)), (OrderId(42), OrderId(42), OrderId(43)));
}

#[test]
fn a_tws_without_a_server_is_connectivity_that_is_lost() {
    check(
        "
        10:00:00 quote SPY 500.00 500.00
        10:00:01 own error 2110
        10:00:02 trend BUY 1 SPY MKT
        ",
        &expect![["
            10:00:02 deny 1 order 1: Plimsoll reconciled: not reconciled with the broker, waiting for our own connection to the broker
        "]],
    );
}

#[test]
fn connectivity_that_is_lost_and_restored_is_reconciled_before_the_next_order() {
    check(
        "
        10:00:00 quote SPY 500.00 500.00
        10:00:01 own error 1100
        10:00:02 quote SPY 500.00 500.00
        10:00:02 trend BUY 1 SPY MKT
        10:00:03 own error 1102
        10:00:04 trend BUY 2 SPY MKT
        10:00:05 own answers
        10:00:06 trend BUY 3 SPY MKT
        10:00:07 own error 1101
        10:00:08 own answers
        10:00:09 trend BUY 4 SPY MKT
        ",
        &expect![["
            10:00:02 deny 1 order 1: Plimsoll reconciled: not reconciled with the broker, waiting for our own connection to the broker
            10:00:04 deny 1 order 2: Plimsoll reconciled: not reconciled with the broker, waiting for positions
            10:00:05 notice reconciled: 0 open orders, 0 positions
            10:00:06 submit 1 BUY 3 SPY MKT for DU1 [SPY-trend-20260227-3]
            10:00:08 notice reconciled: 1 open orders, 0 positions
            10:00:09 submit 1 BUY 4 SPY MKT for DU1 [SPY-trend-20260227-4]
        "]],
    );
}

#[test]
fn an_order_whose_bot_left_is_asked_for_until_the_venue_has_spoken() {
    check(
        "
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 1 SPY LMT 499.00 id=5
        10:00:02 venue forgets trend 5
        10:00:03 trend leaves
        10:00:04 own answers
        ",
        &expect![["
            10:00:01 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:04 notice SPY-trend-20260227-1 is not at the venue (was unknown)
        "]],
    );
}

#[test]
fn a_change_that_finds_the_stage_full_leaves_its_order_as_it_is() {
    let mut world = super::Script::new();
    world.run("10:00:00 quote SPY 500.00 500.00\n10:00:01 trend BUY 1 SPY LMT 499.00 id=5\n10:00:02 venue accepts trend 5");
    for id in 100..164 {
        let trace = world.run(&format!("10:00:03 trend BUY 1 SPY LMT 499.00 id={id} staged"));
        assert_eq!(trace, "", "as many as may be staged");
    }
    let trace = world.run(
        "10:00:04 trend BUY 2 SPY LMT 499.00 id=5 staged\n10:00:05 trend BUY 1 SPY LMT 499.00 id=164 staged",
    );
    expect![["
        10:00:04 deny 1 change of 5: Plimsoll supported: more than 64 staged orders
        10:00:05 deny 1 order 164: Plimsoll supported: more than 64 staged orders
    "]]
    .assert_eq(&trace);
}

#[test]
fn a_change_that_is_recalled_with_its_group_is_told_so() {
    check(
        "
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 100 SPY LMT 499.00 id=1
        10:00:02 venue accepts trend 1
        10:00:03 disk slow
        10:00:03 trend BUY 90 SPY LMT 499.00 id=1 staged
        10:00:03 trend SELL 90 SPY LMT 510.00 id=2 parent=1
        10:00:04 trend cancel 2
        10:00:05 disk done
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:04 deny 1 change of 1: Plimsoll supported: the cancel of order 2 came before this change had left
            10:00:04 canceled unsent 1 order 2
        "]],
    );
}

#[test]
fn a_change_that_its_own_cancel_overtakes_is_told_so() {
    check(
        "
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 100 SPY LMT 499.00 id=1
        10:00:02 disk slow
        10:00:02 trend BUY 90 SPY LMT 499.00 id=1
        10:00:03 trend cancel 1
        10:00:04 disk done
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:03 deny 1 change of 1: Plimsoll supported: the cancel of order 1 came before this change had left
            10:00:03 forward 1
        "]],
    );
}

#[test]
fn in_observe_mode_nothing_overtakes_an_order_that_waits_for_the_disk() {
    check(
        "
        observe
        10:00:00 quote SPY 500.00 500.00
        10:00:01 disk slow
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5
        10:00:02 trend BUY 90 SPY LMT 499.00 id=5 account=-
        10:00:02 trend BUY 1 SPY LMT 498.00 id=6 account=-
        10:00:03 disk done
        ",
        &expect![["
            10:00:02 observed 1: Plimsoll account: the order names no account; this bot may use DU1
            10:00:02 observed 1: Plimsoll account: the order names no account; this bot may use DU1
            10:00:03 submit 1 BUY 100 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:03 forward 1
            10:00:03 forward 1
        "]],
    );
}

#[test]
fn what_observe_mode_lets_through_can_be_taken_back_and_stopped_before_it_has_left() {
    check(
        "
        observe
        10:00:00 quote SPY 500.00 500.00
        10:00:01 disk slow
        10:00:01 trend BUY 1 SPY LMT 499.00 id=5 account=-
        10:00:01 trend BUY 2 SPY LMT 499.00 id=6 account=-
        10:00:02 trend cancel 5
        10:00:03 halt new_risk
        10:00:04 disk done
        ",
        &expect![["
            10:00:01 observed 1: Plimsoll account: the order names no account; this bot may use DU1
            10:00:01 observed 1: Plimsoll account: the order names no account; this bot may use DU1
            10:00:02 canceled unsent 1 order 5
            10:00:03 notice fleet halted (new_risk) by op: drill
            10:00:04 deny 1 order 6: Plimsoll halt: halted (new_risk) by op: drill
        "]],
    );
}

#[test]
fn the_slip_of_a_denied_number_does_not_use_up_the_numbers_below_it() {
    let next_after = |offered, denied| {
        let mut world = super::Script::new();
        world.run(&format!(
            "10:00:00 venue offers trend {offered}\n10:00:01 trend BUY 1 SPY MKT id={denied} account=-"
        ));
        world.bridge.links.next_valid_id(ClientId(11), OrderId(1)).0
    };
    // A million above the last is still remembered.
    assert_eq!(next_after(1, 1_000_001), 1_000_002);
    assert_eq!(next_after(1, 1_000_002), 1);
    assert_eq!(next_after(5_000_000, 5_000_001), 5_000_002);
    assert_eq!(next_after(1, 2_147_483_646), 1);
}

#[test]
fn when_the_highest_number_was_sent_the_broker_can_begin_anew() {
    let mut world = super::Script::new();
    let trace = world.run(
        "
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 1 SPY LMT 499.00 id=5
        10:00:02 venue cancels trend 5
        10:00:03 trend BUY 1 SPY LMT 499.00 id=2147483646
        10:00:04 venue offers trend 2147483647
        10:00:05 venue cancels trend 2147483646
        10:00:06 trend BUY 1 SPY LMT 499.00 id=5
        ",
    );
    expect![["
        10:00:01 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
        10:00:03 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-2]
        10:00:04 notice client 11 has no order id left and its orders are denied; reset the API order ids in the API settings of TWS while it has no working orders, and connect again
        10:00:06 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-3]
    "]]
    .assert_eq(&trace);
    let next = |brokers| world.bridge.links.next_valid_id(ClientId(11), OrderId(brokers)).0;
    assert_eq!((next(1), next(2_147_483_647)), (1, 2_147_483_647));
}

#[test]
fn an_order_is_not_its_own_parent_and_two_are_not_each_others() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 500.00 id=5 parent=5
        10:00:02 trend BUY 100 SPY LMT 500.00 id=6 parent=7 staged
        10:00:02 trend SELL 100 SPY LMT 500.50 id=7 parent=6
        ",
        // Such an order was taken for the child of a new one: no repetition, no decision, no exposure.
        &expect![["
            10:00:01 deny 1 order 5: Plimsoll supported: parent order 5 is not known to the venue
            10:00:02 deny 1 order 6: Plimsoll supported: parent order 7 is not known to the venue
            10:00:02 deny 1 order 7: Plimsoll supported: order 6 of the same group was denied by supported
        "]],
    );
}

#[test]
fn the_child_of_a_changed_parent_is_as_new_as_any_order() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 500.00 id=5
        10:00:01 venue accepts trend 5
        10:00:02 trend SELL 100 SPY LMT 505.00 id=6 parent=5 ref=decision:out
        10:00:05 trend BUY 100 SPY LMT 499.90 id=5 staged
        10:00:05 trend SELL 100 SPY LMT 506.00 id=7 parent=5 ref=decision:out
        ",
        // The decision was carried out by order 6; a change of the parent in the same group renews nothing.
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 500.00 for DU1 [SPY-trend-20260227-1]
            10:00:02 submit 1 SELL 100 SPY LMT 505.00 for DU1 [SPY-trend-20260227-2]
            10:00:05 deny 1 change of 5: Plimsoll duplicate: order 7 of the same group was denied by duplicate
            10:00:05 deny 1 order 7: Plimsoll duplicate: decision `out` was carried out by SPY-trend-20260227-2
        "]],
    );
}
