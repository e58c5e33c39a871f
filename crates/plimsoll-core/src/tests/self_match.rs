//! Pitfall 2: two orders of one account that could trade with each other.

use expect_test::expect;

use super::check;

#[test]
fn second_bot_is_denied_on_the_other_side_of_the_close() {
    check(
        "
        15:49:40 quote SPY 500.00 500.02
        15:49:50 trend  BUY  100 SPY MOC
        15:49:51 revert SELL  40 SPY MOC
        ",
        &expect![["
            15:49:50 submit 1 BUY 100 SPY MOC for DU1 [SPY-trend-20260227-1]
            15:49:51 deny 2 order 2: Plimsoll self_match: could trade with our own BUY 100 MOC [SPY-trend-20260227-1]
        "]],
    );
}

#[test]
fn the_same_close_in_another_account_is_not_a_crossing() {
    check(
        "
        15:49:40 quote SPY 500.00 500.02
        15:49:50 trend  BUY  100 SPY MOC
        15:49:51 revert SELL  40 SPY MOC account=DU2
        ",
        &expect![["
            15:49:50 submit 1 BUY 100 SPY MOC for DU1 [SPY-trend-20260227-1]
            15:49:51 submit 2 SELL 40 SPY MOC for DU2 [SPY-revert-20260227-1]
        "]],
    );
}

#[test]
fn limits_cross_exactly_when_they_meet() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend  BUY  100 SPY LMT 499.50
        10:00:02 revert SELL  40 SPY LMT 499.51
        10:00:03 revert SELL  40 SPY LMT 499.50
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 499.50 for DU1 [SPY-trend-20260227-1]
            10:00:02 submit 2 SELL 40 SPY LMT 499.51 for DU1 [SPY-revert-20260227-1]
            10:00:03 deny 2 order 3: Plimsoll self_match: could trade with our own BUY 100 LMT [SPY-trend-20260227-1]
        "]],
    );
}

#[test]
fn a_market_order_executes_at_once_and_never_meets_the_close() {
    check(
        "
        15:49:40 quote SPY 500.00 500.02
        15:49:50 trend  SELL 100 SPY MOC
        15:49:51 revert BUY   40 SPY MOC
        15:49:52 revert BUY   40 SPY MKT
        15:49:53 revert BUY   40 SPY LMT 500.02
        ",
        &expect![["
            15:49:50 submit 1 SELL 100 SPY MOC for DU1 [SPY-trend-20260227-1]
            15:49:51 deny 2 order 2: Plimsoll self_match: could trade with our own SELL 100 MOC [SPY-trend-20260227-1]
            15:49:52 submit 2 BUY 40 SPY MKT for DU1 [SPY-revert-20260227-2]
            15:49:53 deny 2 order 4: Plimsoll self_match: could trade with our own SELL 100 MOC [SPY-trend-20260227-1]
        "]],
    );
}
