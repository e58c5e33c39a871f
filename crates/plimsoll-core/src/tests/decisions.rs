//! Decisions that a bot declares by name are carried out once, for ever.

use expect_test::expect;

use super::check;

#[test]
fn a_declared_decision_is_carried_out_once_however_late_and_however_different_the_second_order() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 1 SPY LMT 499.00 ref=decision:bar-10:00
        10:30:00 restart
        15:00:00 quote SPY 500.00 500.02
        15:00:01 trend BUY 3 SPY LMT 498.00 ref=decision:bar-10:00
        15:00:02 trend BUY 3 SPY LMT 498.00 ref=decision:bar-15:00
        15:00:03 revert BUY 2 SPY LMT 498.00 ref=decision:bar-10:00
        ",
        &expect![["
            10:00:01 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:30:00 notice reconciled: 1 open orders, 0 positions
            15:00:01 deny 1 order 2: Plimsoll duplicate: decision `bar-10:00` was carried out by SPY-trend-20260227-1
            15:00:02 submit 1 BUY 3 SPY LMT 498.00 for DU1 [SPY-trend-20260227-3]
            15:00:03 submit 2 BUY 2 SPY LMT 498.00 for DU1 [SPY-revert-20260227-1]
        "]],
    );
}

#[test]
fn a_denied_order_leaves_its_decision_free_at_either_judgement() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 1 SPY LMT 499.00 account=- ref=decision:a
        10:00:02 trend BUY 1 SPY LMT 499.00 ref=decision:a
        10:00:03 disk slow
        10:00:04 trend BUY 2 SPY LMT 499.00 id=8 ref=decision:b
        10:00:05 halt new_risk trend
        10:00:05 disk done
        10:00:06 resume trend
        10:00:09 trend BUY 2 SPY LMT 499.00 id=9 ref=decision:b
        ",
        &expect![["
            10:00:01 deny 1 order 1: Plimsoll account: the order names no account; this bot may use DU1
            10:00:02 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-2]
            10:00:05 notice trend halted (new_risk) by op: drill
            10:00:05 deny 1 order 8: Plimsoll halt: halted (new_risk) by op: drill
            10:00:06 notice trend resumed by op: drill
            10:00:09 submit 1 BUY 2 SPY LMT 499.00 for DU1 [SPY-trend-20260227-4]
        "]],
    );
}

#[test]
fn a_change_and_the_children_of_a_bracket_belong_to_their_decision() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 1 SPY LMT 499.00 id=5 ref=decision:a staged
        10:00:01 trend SELL 1 SPY LMT 505.00 id=6 parent=5 ref=decision:a
        10:00:02 venue accepts trend 5
        10:00:03 trend BUY 1 SPY LMT 498.00 id=5 ref=decision:a
        ",
        &expect![["
            10:00:01 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:01 submit 1 SELL 1 SPY LMT 505.00 for DU1 [SPY-trend-20260227-2]
            10:00:03 replace 1 BUY 1 SPY LMT 498.00 for DU1 [SPY-trend-20260227-1]
        "]],
    );
}
