//! What a bot is shown, and what it may ask.

use expect_test::expect;

use super::check;

#[test]
fn a_bot_cannot_cancel_what_it_did_not_place() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5
        10:00:02 revert cancel 5
        10:00:03 trend cancel 5
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:02 refuse 2 10147: OrderId 5 that needs to be cancelled is not found.
            10:00:03 forward 1
        "]],
    );
}

#[test]
fn a_global_cancel_cancels_the_bots_own_orders_only() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5
        10:00:02 revert BUY 100 SPY LMT 498.00 id=6
        10:00:03 revert cancel all
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:02 submit 2 BUY 100 SPY LMT 498.00 for DU1 [SPY-revert-20260227-1]
            10:00:03 cancel 2 order 6
            10:00:03 notice revert: global cancel became cancels of its own orders
        "]],
    );
}

#[test]
fn unreadable_and_unguarded_requests_never_reach_the_venue() {
    check(
        "
        10:00:00 trend garbles 7
        10:00:01 trend exercises
        10:00:02 trend asks reqPnL DU2
        10:00:03 revert asks reqPnL DU2
        ",
        &expect![["
            10:00:00 deny 1 order 7: Plimsoll supported: the order cannot be read: field 17 is not a number
            10:00:01 refuse 1 321: Error validating request.-'exerciseOptions' : cause - Plimsoll supported: exerciseOptions cannot be bounded by any guard yet
            10:00:02 refuse 1 321: Error validating request.-'reqPnL' : cause - Plimsoll account: account DU2 is not this bot's; it may use DU1
            10:00:03 forward 2
        "]],
    );
}
