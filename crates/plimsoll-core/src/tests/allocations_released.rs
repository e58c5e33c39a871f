//! An order over several accounts whose parts a guard denies where they would have left.

use expect_test::expect;

use super::allocations::{check, report};

#[test]
fn a_decision_of_which_one_part_was_denied_as_it_left_was_carried_out() {
    let world = check(
        "
        limit position 2001
        10:00:00 quote SPY 500.00 500.02
        10:00:00 trend BUY 1 SPY MKT account=DU2 id=4
        10:00:00 disk slow
        10:00:01 trend BUY 9 SPY MKT account=EVEN ref=decision:bar id=5
        10:00:01 quote SPY 501.00 501.02
        10:00:02 disk done
        10:00:02 trend BUY 9 SPY MKT account=EVEN id=6
        10:01:00 quote SPY 501.00 501.02
        10:01:00 trend BUY 9 SPY MKT account=EVEN ref=decision:bar id=7
        ",
        &expect![["
            10:00:00 submit 1 BUY 1 SPY MKT for DU2 [SPY-trend-20260227-1]
            10:00:02 place 900 BUY 3 SPY MKT for DU1 [SPY-trend-20260227-3] as order 100000000
            10:00:02 notice our own order BUY 3 SPY MKT [SPY-trend-20260227-4] was not sent: Plimsoll limits: position would be 2004.08 USD, limit 2001 USD
            10:00:02 place 900 BUY 3 SPY MKT for DU3 [SPY-trend-20260227-5] as order 100000002
            10:00:02 tell trend order 5: divided over 2 accounts
            10:00:02 deny 1 order 6: Plimsoll duplicate: the same as SPY-trend-20260227-2 1s ago, window 2s
            10:01:00 deny 1 order 7: Plimsoll duplicate: decision `bar` was carried out by SPY-trend-20260227-2
        "]],
    );
    expect![["
        SPY-trend-20260227-2 EVEN 0 of 9 new at -, 0 left over
        DU1 3 sent 3 filled 0 pending_new fees - missing 0: -
        DU2 3 sent 0 filled 0 denied fees - missing 3: Plimsoll limits: position would be 2004.08 USD, limit 2001 USD
        DU3 3 sent 3 filled 0 pending_new fees - missing 0: -"]].assert_eq(&report(&world));
}

#[test]
fn a_decision_of_which_no_part_has_left_may_be_declared_again() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:00 disk slow
        10:00:01 trend BUY 9 SPY LMT 500.00 account=EVEN ref=decision:bar id=5
        10:00:02 halt new_risk trend
        10:00:03 disk done
        10:00:04 resume trend
        10:00:05 trend BUY 9 SPY LMT 500.00 account=EVEN ref=decision:bar id=6
        ",
        &expect![["
            10:00:02 notice trend halted (new_risk) by op: drill
            10:00:03 notice our own order BUY 3 SPY LMT 500.00 [SPY-trend-20260227-2] was not sent: Plimsoll halt: halted (new_risk) by op: drill
            10:00:03 notice our own order BUY 3 SPY LMT 500.00 [SPY-trend-20260227-3] was not sent: Plimsoll halt: halted (new_risk) by op: drill
            10:00:03 notice our own order BUY 3 SPY LMT 500.00 [SPY-trend-20260227-4] was not sent: Plimsoll halt: halted (new_risk) by op: drill
            10:00:03 tell trend order 5: canceled with 9 left: 0 of 9 executed over EVEN; DU1: Plimsoll halt: halted (new_risk) by op: drill; and 2 more; see `plimsoll allocation show SPY-trend-20260227-1`
            10:00:03 notice BUY 9 SPY LMT 500.00 [SPY-trend-20260227-1]: 0 of 9 executed over EVEN; DU1: Plimsoll halt: halted (new_risk) by op: drill; and 2 more; see `plimsoll allocation show SPY-trend-20260227-1`
            10:00:04 notice trend resumed by op: drill
            10:00:05 place 900 BUY 3 SPY LMT 500.00 for DU1 [SPY-trend-20260227-6] as order 100000003
            10:00:05 place 900 BUY 3 SPY LMT 500.00 for DU2 [SPY-trend-20260227-7] as order 100000004
            10:00:05 place 900 BUY 3 SPY LMT 500.00 for DU3 [SPY-trend-20260227-8] as order 100000005
            10:00:05 tell trend order 6: divided over 3 accounts
        "]],
    );
}
