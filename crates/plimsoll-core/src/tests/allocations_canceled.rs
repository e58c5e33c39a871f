//! Cancels of an order over several accounts: repeated, refused, and while the broker's lists are not heard.

use expect_test::expect;

use super::allocations::check;

#[test]
fn a_halt_of_everything_cancels_every_part_and_a_repeated_cancel_what_is_left() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY LMT 500.00 account=EVEN id=5
        10:00:02 venue accepts own 100000000
        10:00:02 venue accepts own 100000001
        10:00:02 venue accepts own 100000002
        10:00:03 halt all trend
        10:00:04 venue cancels own 100000000
        10:00:05 trend cancel all
        10:00:06 venue cancels own 100000001
        10:00:06 venue cancels own 100000002
        ",
        &expect![["
            10:00:01 place 900 BUY 4 SPY LMT 500.00 for DU1 [SPY-trend-20260227-2] as order 100000000
            10:00:01 place 900 BUY 3 SPY LMT 500.00 for DU2 [SPY-trend-20260227-3] as order 100000001
            10:00:01 place 900 BUY 3 SPY LMT 500.00 for DU3 [SPY-trend-20260227-4] as order 100000002
            10:00:01 tell trend order 5: divided over 3 accounts
            10:00:02 tell trend order 5: works
            10:00:03 notice trend halted (all) by op: drill
            10:00:03 cancel 900 order 100000000
            10:00:03 cancel 900 order 100000001
            10:00:03 cancel 900 order 100000002
            10:00:04 notice broker error 202: Order Canceled
            10:00:05 notice trend: global cancel became cancels of its own orders
            10:00:05 cancel 900 order 100000001
            10:00:05 cancel 900 order 100000002
            10:00:06 notice broker error 202: Order Canceled
            10:00:06 tell trend order 5: canceled with 10 left
            10:00:06 notice broker error 202: Order Canceled
        "]],
    );
}

#[test]
fn a_cancel_that_the_venue_refused_can_be_repeated() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY LMT 500.00 account=EVEN id=5
        10:00:02 venue accepts own 100000000
        10:00:03 venue cancels own 100000001
        10:00:03 venue cancels own 100000002
        10:00:04 trend cancel 5
        10:00:05 venue errs own 100000000 161
        10:00:06 wake
        10:00:07 trend cancel 5
        10:00:08 venue errs own 100000000 10148
        10:00:09 halt all
        10:00:10 venue errs own 100000000 161
        10:00:11 halt all trend
        10:00:12 venue cancels own 100000000
        10:00:13 halt all
        ",
        &expect![["
            10:00:01 place 900 BUY 4 SPY LMT 500.00 for DU1 [SPY-trend-20260227-2] as order 100000000
            10:00:01 place 900 BUY 3 SPY LMT 500.00 for DU2 [SPY-trend-20260227-3] as order 100000001
            10:00:01 place 900 BUY 3 SPY LMT 500.00 for DU3 [SPY-trend-20260227-4] as order 100000002
            10:00:01 tell trend order 5: divided over 3 accounts
            10:00:02 tell trend order 5: works
            10:00:03 notice broker error 202: Order Canceled
            10:00:03 notice broker error 202: Order Canceled
            10:00:04 cancel 900 order 100000000
            10:00:05 notice broker error 161: x
            10:00:07 cancel 900 order 100000000
            10:00:08 notice broker error 10148: x
            10:00:09 notice fleet halted (all) by op: drill
            10:00:09 cancel 900 order 100000000
            10:00:10 notice broker error 161: x
            10:00:11 notice trend halted (all) by op: drill
            10:00:11 cancel 900 order 100000000
            10:00:12 tell trend order 5: canceled with 10 left: 0 of 10 executed over EVEN; DU2: 202: Order Canceled; and 1 more; see `plimsoll allocation show SPY-trend-20260227-1`
            10:00:12 notice broker error 202: Order Canceled
            10:00:13 notice fleet halted (all) by op: drill
        "]],
    );
}

#[test]
fn a_halt_reaches_the_parts_while_the_brokers_lists_are_not_heard() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY LMT 500.00 account=EVEN id=5
        10:00:02 own down
        10:00:03 halt all
        10:00:04 own up
        10:00:05 wake
        10:00:06 halt all
        10:00:07 own answers
        10:00:08 wake
        ",
        &expect![["
            10:00:01 place 900 BUY 4 SPY LMT 500.00 for DU1 [SPY-trend-20260227-2] as order 100000000
            10:00:01 place 900 BUY 3 SPY LMT 500.00 for DU2 [SPY-trend-20260227-3] as order 100000001
            10:00:01 place 900 BUY 3 SPY LMT 500.00 for DU3 [SPY-trend-20260227-4] as order 100000002
            10:00:01 tell trend order 5: divided over 3 accounts
            10:00:03 notice 3 parts of divided orders are canceled when our own connection is back and the broker's lists have been heard; until then they work
            10:00:03 notice fleet halted (all) by op: drill
            10:00:06 notice fleet halted (all) by op: drill
            10:00:06 cancel 900 order 100000000
            10:00:06 cancel 900 order 100000001
            10:00:06 cancel 900 order 100000002
            10:00:07 notice reconciled: 4 open orders, 0 positions
        "]],
    );
}

#[test]
fn a_halt_without_our_connection_says_that_the_parts_will_be_canceled() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY LMT 500.00 account=EVEN id=5
        10:00:01 own places trend BUY 1 SPY MKT
        10:00:02 own down
        10:00:03 halt all
        ",
        &expect![["
            10:00:01 place 900 BUY 4 SPY LMT 500.00 for DU1 [SPY-trend-20260227-2] as order 100000000
            10:00:01 place 900 BUY 3 SPY LMT 500.00 for DU2 [SPY-trend-20260227-3] as order 100000001
            10:00:01 place 900 BUY 3 SPY LMT 500.00 for DU3 [SPY-trend-20260227-4] as order 100000002
            10:00:01 tell trend order 5: divided over 3 accounts
            10:00:01 place 900 BUY 1 SPY MKT for DU1 [SPY-trend-20260227-5] as order 100000003
            10:00:03 notice 3 parts of divided orders are canceled when our own connection is back and the broker's lists have been heard; until then they work
            10:00:03 notice 1 working orders are not on a connection of ours and were not canceled; cancel them at the broker
            10:00:03 notice fleet halted (all) by op: drill
        "]],
    );
}
