//! The kill switch.

use expect_test::expect;

use super::check;

#[test]
fn a_halt_of_new_risk_lets_reducing_orders_and_cancels_through() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY MKT
        10:00:02 venue fills trend 1 100 500.02
        10:00:03 trend BUY 10 SPY LMT 499.00
        10:00:04 halt new_risk
        10:00:05 trend BUY 10 SPY MKT
        10:00:06 trend SELL 101 SPY MKT
        10:00:07 trend SELL 100 SPY MKT
        10:00:08 trend cancel 2
        10:00:09 resume
        10:00:10 trend BUY 10 SPY LMT 499.01
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY MKT for DU1 [SPY-trend-20260227-1]
            10:00:03 submit 1 BUY 10 SPY LMT 499.00 for DU1 [SPY-trend-20260227-2]
            10:00:04 notice fleet halted (new_risk) by op: drill
            10:00:05 deny 1 order 3: Plimsoll halt: halted (new_risk) by op: drill
            10:00:06 deny 1 order 4: Plimsoll halt: halted (new_risk) by op: drill
            10:00:07 submit 1 SELL 100 SPY MKT for DU1 [SPY-trend-20260227-5]
            10:00:08 forward 1
            10:00:09 notice fleet resumed by op: drill
            10:00:10 submit 1 BUY 10 SPY LMT 499.01 for DU1 [SPY-trend-20260227-6]
        "]],
    );
}

#[test]
fn a_halt_of_everything_cancels_what_works_and_denies_even_reducing_orders() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY MKT
        10:00:02 venue fills trend 1 100 500.02
        10:00:03 trend BUY 10 SPY LMT 499.00
        10:00:04 halt all
        10:00:05 trend SELL 100 SPY MKT
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY MKT for DU1 [SPY-trend-20260227-1]
            10:00:03 submit 1 BUY 10 SPY LMT 499.00 for DU1 [SPY-trend-20260227-2]
            10:00:04 cancel 1 order 2
            10:00:04 notice fleet halted (all) by op: drill
            10:00:05 deny 1 order 3: Plimsoll halt: halted (all) by op: drill
        "]],
    );
}

#[test]
fn a_bot_that_comes_back_under_a_halt_of_everything_finds_its_orders_canceled() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY LMT 499.00 id=5
        10:00:02 trend leaves
        10:00:03 halt all
        10:00:04 trend arrives
        10:00:05 venue offers trend 6
        ",
        &expect![["
            10:00:01 submit 1 BUY 10 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:03 notice 1 working orders are not on a connection of ours and were not canceled; cancel them at the broker
            10:00:03 notice fleet halted (all) by op: drill
            10:00:05 cancel 1 order 5
        "]],
    );
}

#[test]
fn a_halt_binds_in_observe_mode_where_guards_only_report() {
    check(
        "
        observe
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY MKT
        10:00:02 trend BUY 10 SPY MKT
        10:00:03 halt new_risk
        10:00:04 trend BUY 10 SPY LMT 499.00
        10:00:05 trend BUY 10 SPY LMT 499.00 account=-
        10:00:06 resume
        10:00:07 trend BUY 10 SPY LMT 499.00
        ",
        &expect![["
            10:00:01 submit 1 BUY 10 SPY MKT for DU1 [SPY-trend-20260227-1]
            10:00:02 observed 1 [SPY-trend-20260227-2]: Plimsoll duplicate: the same as SPY-trend-20260227-1 1s ago, window 2s
            10:00:02 observed 1 [SPY-trend-20260227-2]: Plimsoll duplicate: the same as SPY-trend-20260227-1 1s ago, window 2s
            10:00:02 submit 1 BUY 10 SPY MKT for DU1 [SPY-trend-20260227-2]
            10:00:03 notice fleet halted (new_risk) by op: drill
            10:00:04 deny 1 order 3: Plimsoll halt: halted (new_risk) by op: drill
            10:00:05 deny 1 order 4: Plimsoll halt: halted (new_risk) by op: drill
            10:00:06 notice fleet resumed by op: drill
            10:00:07 submit 1 BUY 10 SPY LMT 499.00 for DU1 [SPY-trend-20260227-5]
        "]],
    );
}

#[test]
fn a_halt_of_everything_cancels_the_orders_of_a_bot_that_died_on_its_kept_upstream() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5
        10:00:02 venue accepts trend 5
        10:00:03 trend leaves upstream
        10:00:04 halt all
        10:00:05 venue cancels trend 5
        10:00:06 halt all
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:04 cancel 1 order 5
            10:00:04 notice fleet halted (all) by op: drill
            10:00:06 notice fleet halted (all) by op: drill
        "]],
    );
}

#[test]
fn an_order_whose_bot_died_before_the_disk_had_it_does_not_leave() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 disk slow
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5
        10:00:02 trend leaves upstream
        10:00:03 disk done
        ",
        &expect![["
            10:00:03 deny 1 order 5: Plimsoll reconciled: the connection that the order was decided for is gone
        "]],
    );
}
