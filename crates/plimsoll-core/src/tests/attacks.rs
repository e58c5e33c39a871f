//! What a hostile or broken bot tries with the quirks of the wire, and what it must not get.

use expect_test::expect;

use super::check;

#[test]
fn an_order_cannot_change_its_side_or_its_instrument() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:00 quote QQQ 400.00 400.02
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5
        10:00:02 venue accepts trend 5
        10:00:03 trend SELL 100 SPY LMT 501.00 id=5
        10:00:04 trend BUY 100 QQQ LMT 399.00 id=5
        10:00:05 revert BUY 1 SPY LMT 499.00 id=1 account=DU1
        10:00:06 revert BUY 1 SPY LMT 499.00 id=1 account=DU2
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:03 deny 1 change of 5: Plimsoll supported: a change may not alter the side
            10:00:04 deny 1 change of 5: Plimsoll supported: a change may not alter the instrument
            10:00:05 submit 2 BUY 1 SPY LMT 499.00 for DU1 [SPY-revert-20260227-1]
            10:00:06 deny 2 change of 1: Plimsoll account: a change may not move the order from account DU1 to DU2
        "]],
    );
}

#[test]
fn a_change_of_an_order_that_never_left_is_not_a_new_order() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 disk slow
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5
        10:00:05.900 trend BUY 100 SPY LMT 499.01 id=5
        10:00:06.100 disk done
        ",
        &expect![["
            10:00:06.1 deny 1 order 5: Plimsoll reconciled: waited 5.1s for the disk, limit 5s
            10:00:06.1 deny 1 change of 5: Plimsoll supported: order 5 is not working any more
        "]],
    );
}

#[test]
fn a_cancel_recalls_every_waiting_change_of_its_order() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 disk slow
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5
        10:00:02 trend BUY 200 SPY LMT 499.00 id=5
        10:00:03 trend cancel 5
        10:00:04 disk done
        ",
        &expect![["
            10:00:03 canceled unsent 1 order 5
        "]],
    );
}

#[test]
fn a_staged_change_does_not_hide_its_live_order_from_a_cancel() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5
        10:00:02 trend BUY 200 SPY LMT 499.00 id=5 staged
        10:00:03 trend cancel 5
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:03 forward 1
        "]],
    );
}

#[test]
fn a_parent_that_does_not_exist_exempts_nothing() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5 parent=77
        10:00:02 trend BUY 100 SPY LMT 500.02 id=1 account=-
        10:00:03 trend SELL 100 SPY LMT 501.00 id=2 parent=1
        ",
        &expect![["
            10:00:01 deny 1 order 5: Plimsoll supported: parent order 77 is not known to the venue
            10:00:02 deny 1 order 1: Plimsoll account: the order names no account; this bot may use DU1
            10:00:03 deny 1 order 2: Plimsoll supported: parent order 1 is not known to the venue
        "]],
    );
}

#[test]
fn a_child_on_the_side_of_its_parent_counts_in_full() {
    check(
        "
        limit position 60000
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 1 SPY LMT 490.00 id=1
        10:00:02 trend BUY 100 SPY LMT 500.00 id=2 parent=1
        10:00:03 trend BUY 100 SPY LMT 499.00 id=3 parent=1
        ",
        // 1 + 100 + 100 shares at 500 are 100500, more than 60000.
        &expect![["
            10:00:01 submit 1 BUY 1 SPY LMT 490.00 for DU1 [SPY-trend-20260227-1]
            10:00:02 submit 1 BUY 100 SPY LMT 500.00 for DU1 [SPY-trend-20260227-2]
            10:00:03 deny 1 order 3: Plimsoll limits: position would be 100500 USD, limit 60000 USD
        "]],
    );
}

#[test]
fn more_children_than_their_parent_can_feed_are_not_exempt() {
    check(
        "
        limit position 60000
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 100 SPY LMT 499.00 id=1 staged
        10:00:01 trend SELL 100 SPY LMT 510.00 id=2 parent=1 oca=a staged
        10:00:01 trend SELL 100 SPY LMT 511.00 id=3 parent=1 oca=b
        ",
        // Two groups: both children can execute, 200 short at 510 against 100 bought.
        &expect![["
            10:00:01 deny 1 order 1: Plimsoll limits: order 2 of the same group was denied by limits
            10:00:01 deny 1 order 2: Plimsoll limits: position would be 102000 USD, limit 60000 USD
            10:00:01 deny 1 order 3: Plimsoll limits: order 2 of the same group was denied by limits
        "]],
    );
}

#[test]
fn a_working_order_gains_no_exemption_from_a_new_parent() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend SELL 100 SPY LMT 510.00 id=5
        10:00:02 halt new_risk
        10:00:03 trend BUY 100 SPY LMT 490.00 id=6 staged
        10:00:03 trend SELL 100 SPY LMT 501.00 id=5 parent=6
        ",
        &expect![["
            10:00:01 submit 1 SELL 100 SPY LMT 510.00 for DU1 [SPY-trend-20260227-1]
            10:00:02 notice fleet halted (new_risk) by op: drill
            10:00:03 deny 1 order 6: Plimsoll halt: halted (new_risk) by op: drill
            10:00:03 deny 1 change of 5: Plimsoll halt: order 6 of the same group was denied by halt
        "]],
    );
}

#[test]
fn a_partly_executed_parent_no_longer_excuses_its_child_from_meeting_it() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 500.00 id=1
        10:00:02 venue fills trend 1 60 500.00
        10:00:03 trend SELL 60 SPY LMT 500.00 id=2 parent=1
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 500.00 for DU1 [SPY-trend-20260227-1]
            10:00:03 deny 1 order 2: Plimsoll self_match: could trade with our own BUY 40 LMT [SPY-trend-20260227-1]
        "]],
    );
}

#[test]
fn an_on_close_order_cannot_be_changed_into_another_kind_after_the_freeze() {
    check(
        "
        15:49:50 quote SPY 500.00 500.02
        15:49:51 trend BUY 100 SPY MOC id=5
        15:50:00 trend BUY 100 SPY LMT 499.00 id=5
        ",
        &expect![["
            15:49:51 submit 1 BUY 100 SPY MOC for DU1 [SPY-trend-20260227-1]
            15:50:00 deny 1 change of 5: Plimsoll close_cutoff: on-close orders of SPY had to be in by 2026-02-27 15:50:00 America/New_York (close - 10m)
        "]],
    );
}

#[test]
fn an_error_of_a_request_with_the_same_number_does_not_hide_an_order() {
    check(
        "
        limit position 60000
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 100 SPY LMT 500.00 id=5
        10:00:02 venue errs trend 5 200
        10:00:03 trend BUY 100 SPY LMT 499.00 id=6
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 500.00 for DU1 [SPY-trend-20260227-1]
            10:00:03 deny 1 order 6: Plimsoll limits: position would be 100000 USD, limit 60000 USD
        "]],
    );
}

#[test]
fn what_a_status_says_is_executed_counts_before_its_execution_comes() {
    check(
        "
        limit position 60000
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 100 SPY MKT id=5
        10:00:02 venue says trend 5 filled 100
        10:00:02 trend BUY 100 SPY LMT 499.00 id=6
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY MKT for DU1 [SPY-trend-20260227-1]
            10:00:02 deny 1 order 6: Plimsoll limits: position would be 100000 USD, limit 60000 USD
        "]],
    );
}

#[test]
fn an_exit_cannot_be_sold_twice_while_its_execution_is_on_the_way() {
    check(
        "
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 100 SPY MKT id=5
        10:00:02 venue fills trend 5 100 500.00
        10:00:03 halt new_risk
        10:00:04 trend SELL 100 SPY MKT id=6
        10:00:05 venue says trend 6 filled 100
        10:00:06.001 trend SELL 100 SPY MKT id=7
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY MKT for DU1 [SPY-trend-20260227-1]
            10:00:03 notice fleet halted (new_risk) by op: drill
            10:00:04 submit 1 SELL 100 SPY MKT for DU1 [SPY-trend-20260227-2]
            10:00:06.001 deny 1 order 7: Plimsoll halt: halted (new_risk) by op: drill
        "]],
    );
}

#[test]
fn until_a_change_is_confirmed_the_old_price_can_still_meet() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 500.00 id=5
        10:00:02 venue accepts trend 5
        10:00:03 trend BUY 100 SPY LMT 499.00 id=5
        10:00:04 revert SELL 10 SPY LMT 500.00 id=1
        10:00:05 venue accepts trend 5
        10:00:06 revert SELL 10 SPY LMT 500.00 id=2
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 500.00 for DU1 [SPY-trend-20260227-1]
            10:00:03 replace 1 BUY 100 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:04 deny 2 order 1: Plimsoll self_match: could trade with our own BUY 100 LMT [SPY-trend-20260227-1]
            10:00:06 submit 2 SELL 10 SPY LMT 500.00 for DU1 [SPY-revert-20260227-2]
        "]],
    );
}

#[test]
fn a_market_on_close_order_in_the_book_reaches_as_far_as_one_that_comes() {
    check(
        "
        15:40:00 quote SPY 500.00 500.02
        15:40:01 trend BUY 100 SPY MOC id=1
        15:40:02 revert SELL 10 SPY LMT 500.05 id=1
        ",
        &expect![["
            15:40:01 submit 1 BUY 100 SPY MOC for DU1 [SPY-trend-20260227-1]
            15:40:02 deny 2 order 1: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20260227-1]
        "]],
    );
}

#[test]
fn two_identical_exits_of_one_group_are_one_exit() {
    check(
        "
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 100 SPY MKT id=1
        10:00:02 venue fills trend 1 100 500.00
        10:00:03 halt new_risk
        10:00:04 trend SELL 100 SPY LMT 510.00 id=2 oca=x
        10:00:05 trend SELL 100 SPY STP stop=490.00 id=3 oca=x
        10:00:06 trend SELL 1 SPY STP stop=489.00 id=4 oca=y
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY MKT for DU1 [SPY-trend-20260227-1]
            10:00:03 notice fleet halted (new_risk) by op: drill
            10:00:04 submit 1 SELL 100 SPY LMT 510.00 for DU1 [SPY-trend-20260227-2]
            10:00:05 submit 1 SELL 100 SPY STP @490.00 for DU1 [SPY-trend-20260227-3]
            10:00:06 deny 1 order 4: Plimsoll halt: halted (new_risk) by op: drill
        "]],
    );
}

#[test]
fn a_protective_order_can_be_moved_after_a_partial_execution_while_halted() {
    check(
        "
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 100 SPY MKT id=1
        10:00:02 venue fills trend 1 100 500.00
        10:00:03 trend SELL 100 SPY LMT 505.00 id=2
        10:00:04 venue fills trend 2 60 505.00
        10:00:05 halt new_risk
        10:00:06 trend SELL 100 SPY LMT 504.00 id=2
        10:00:07 trend SELL 101 SPY LMT 504.00 id=2
        ",
        // 40 are left of both the holding and the order; one more would go short.
        &expect![["
            10:00:01 submit 1 BUY 100 SPY MKT for DU1 [SPY-trend-20260227-1]
            10:00:03 submit 1 SELL 100 SPY LMT 505.00 for DU1 [SPY-trend-20260227-2]
            10:00:05 notice fleet halted (new_risk) by op: drill
            10:00:06 replace 1 SELL 100 SPY LMT 504.00 for DU1 [SPY-trend-20260227-2]
            10:00:07 deny 1 change of 2: Plimsoll halt: halted (new_risk) by op: drill
        "]],
    );
}

#[test]
fn a_halt_of_everything_does_not_cancel_at_the_venue_what_never_left() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 disk slow
        10:00:01 trend BUY 100 SPY LMT 499.00 id=1 staged
        10:00:01 trend SELL 100 SPY LMT 510.00 id=2 parent=1
        10:00:02 halt all
        10:00:03 disk done
        ",
        &expect![["
            10:00:02 canceled unsent 1 order 1
            10:00:02 canceled unsent 1 order 2
            10:00:02 notice fleet halted (all) by op: drill
        "]],
    );
}

#[test]
fn an_execution_before_the_confirmation_of_a_larger_quantity_does_not_end_the_order() {
    // 20 of 100 are executed, so 80 still work; with 21 more the position could be 121, worth 60500.
    check(
        "
        limit position 60000
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 1 SPY LMT 500.00 id=5
        10:00:02 venue accepts trend 5
        10:00:03 trend BUY 100 SPY LMT 500.00 id=5
        10:00:04 venue fills trend 5 20 500.00
        10:00:05 trend BUY 21 SPY LMT 500.00 id=6
        10:00:06 trend BUY 20 SPY LMT 500.00 id=7
        ",
        &expect![["
            10:00:01 submit 1 BUY 1 SPY LMT 500.00 for DU1 [SPY-trend-20260227-1]
            10:00:03 replace 1 BUY 100 SPY LMT 500.00 for DU1 [SPY-trend-20260227-1]
            10:00:05 deny 1 order 6: Plimsoll limits: position would be 60500 USD, limit 60000 USD
            10:00:06 submit 1 BUY 20 SPY LMT 500.00 for DU1 [SPY-trend-20260227-3]
        "]],
    );
}

#[test]
fn a_bot_that_is_client_0_neither_changes_nor_cancels_what_was_placed_by_hand() {
    let mut world = super::Script::new();
    world.config.bots[0].client_ids = vec![plimsoll_model::ClientId(0)];
    let trace = world.run(
        "
        10:00:00 quote SPY 500.00 500.00
        10:00:00 trend leaves
        10:00:01 trend arrives
        10:00:02 venue manual 77 BUY 40 SPY LMT 490.00 id=-5
        10:00:03 trend BUY 41 SPY LMT 499.00 id=-5
        10:00:04 trend cancel -5
        ",
    );
    expect![["
        10:00:01 notice trend connects as client 0, to which TWS binds orders placed by hand; it is not shown them and can neither change nor cancel them; give it another client id
        10:00:03 deny 1 change of -5: Plimsoll supported: order id -5 is outside 1 to 2147483646
        10:00:04 refuse 1 10147: OrderId -5 that needs to be cancelled is not found.
    "]]
    .assert_eq(&trace);
}
