//! One-cancels-all groups: they are the account's at the broker, and what executes in one cancels the rest of it,
//! whoever placed that.

use expect_test::expect;

use super::{Script, check};

#[test]
fn a_group_that_somebody_uses_by_hand_is_not_joined_until_nothing_of_theirs_works_in_it() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 venue manual 77 SELL 40 SPY LMT 510.00 oca=exit
        10:00:02 trend BUY 10 SPY LMT 490 oca=exit
        10:00:03 trend BUY 11 SPY LMT 490 oca=entry
        10:00:04 venue manual 78 SELL 40 SPY LMT 511.00 oca=exit account=DU2
        10:00:05 own down
        10:00:06 own up
        10:00:06 own answers
        10:00:07 quote SPY 500.00 500.02
        10:00:08 trend BUY 12 SPY LMT 490 oca=exit
        ",
        &expect![["
            10:00:02 deny 1 order 1: Plimsoll ownership: somebody else's order works in the one-cancels-all group `exit` of DU1; name it otherwise
            10:00:03 submit 1 BUY 11 SPY LMT 490 for DU1 [SPY-trend-20260227-2]
            10:00:06 notice foreign 77 is not at the venue (was new)
            10:00:06 notice foreign 78 is not at the venue (was new)
            10:00:06 notice reconciled: 1 open orders, 0 positions
            10:00:08 submit 1 BUY 12 SPY LMT 490 for DU1 [SPY-trend-20260227-3]
        "]],
    );
}

#[test]
fn the_group_of_a_working_order_stays() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY LMT 490 oca=exit
        10:00:01 venue accepts trend 1
        10:00:02 trend BUY 10 SPY LMT 491 oca=exit id=1
        10:00:03 trend BUY 10 SPY LMT 492 oca=other id=1
        10:00:04 trend BUY 10 SPY LMT 493 id=1
        10:00:05 trend BUY 10 SPY LMT 488 id=2
        10:00:05 venue accepts trend 2
        10:00:06 trend BUY 10 SPY LMT 489 oca=exit id=2
        ",
        &expect![["
            10:00:01 submit 1 BUY 10 SPY LMT 490 for DU1 [SPY-trend-20260227-1]
            10:00:02 replace 1 BUY 10 SPY LMT 491 for DU1 [SPY-trend-20260227-1]
            10:00:03 deny 1 change of 1: Plimsoll supported: a change may not alter the one-cancels-all group
            10:00:04 deny 1 change of 1: Plimsoll supported: a change may not alter the one-cancels-all group
            10:00:05 submit 1 BUY 10 SPY LMT 488 for DU1 [SPY-trend-20260227-2]
            10:00:06 deny 1 change of 2: Plimsoll supported: a change may not alter the one-cancels-all group
        "]],
    );
}

#[test]
fn where_the_venue_has_named_the_group_a_client_may_name_it_or_not() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:07 trend BUY 20 SPY LMT 500 id=3 staged
        10:00:07 trend SELL 20 SPY LMT 510 id=4 parent=3 staged
        10:00:07 trend SELL 20 SPY STP stop=490 id=5 parent=3
        10:00:08 venue groups trend 4 4711
        10:00:08 venue groups trend 5 4711
        10:00:09 trend SELL 20 SPY LMT 511 id=4 parent=3
        10:00:10 trend SELL 20 SPY LMT 512 id=4 parent=3 oca=4711
        10:00:11 trend SELL 20 SPY LMT 513 id=4 parent=3 oca=4712
        ",
        &expect![["
            10:00:07 submit 1 BUY 20 SPY LMT 500 for DU1 [SPY-trend-20260227-1]
            10:00:07 submit 1 SELL 20 SPY LMT 510 for DU1 [SPY-trend-20260227-2]
            10:00:07 submit 1 SELL 20 SPY STP @490 for DU1 [SPY-trend-20260227-3]
            10:00:09 replace 1 SELL 20 SPY LMT 511 for DU1 [SPY-trend-20260227-2]
            10:00:10 replace 1 SELL 20 SPY LMT 512 for DU1 [SPY-trend-20260227-2]
            10:00:11 deny 1 change of 4: Plimsoll supported: a change may not alter the one-cancels-all group
        "]],
    );
}

#[test]
fn the_exits_of_a_bracket_count_once_while_the_venue_has_named_the_group_of_one_of_them_only() {
    check(
        "
        limit position 10050
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 20 SPY LMT 500 id=3 staged
        10:00:01 trend SELL 20 SPY LMT 510 id=4 parent=3 staged
        10:00:01 trend SELL 20 SPY STP stop=490 id=5 parent=3
        10:00:02 venue fills trend 3 20 500.00
        10:00:03 venue groups trend 4 1001
        10:00:04 quote SPY 500.00 500.02
        10:00:05 trend SELL 1 SPY LMT 515 id=6
        10:00:06 venue groups trend 5 1001
        10:00:07 trend SELL 1 SPY LMT 514 id=7
        ",
        &expect![["
            10:00:01 submit 1 BUY 20 SPY LMT 500 for DU1 [SPY-trend-20260227-1]
            10:00:01 submit 1 SELL 20 SPY LMT 510 for DU1 [SPY-trend-20260227-2]
            10:00:01 submit 1 SELL 20 SPY STP @490 for DU1 [SPY-trend-20260227-3]
            10:00:05 submit 1 SELL 1 SPY LMT 515 for DU1 [SPY-trend-20260227-4]
            10:00:07 submit 1 SELL 1 SPY LMT 514 for DU1 [SPY-trend-20260227-5]
        "]],
    );
}

#[test]
fn an_order_that_waits_for_the_disk_is_denied_if_somebody_has_come_into_its_group() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 disk slow
        10:00:01 trend BUY 10 SPY LMT 490 oca=exit
        10:00:01 venue manual 77 SELL 40 SPY LMT 510.00 oca=exit
        10:00:02 disk done
        ",
        &expect![["
            10:00:02 deny 1 order 1: Plimsoll ownership: somebody else's order works in the one-cancels-all group `exit` of DU1; name it otherwise
        "]],
    );
}

#[test]
fn a_group_is_the_bots_own_whichever_of_its_clients_placed_the_order() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 venue manual 77 BUY 5 SPY LMT 480.00 oca=exit client=7 id=3 ref=SPY-trend-20260227-4
        10:00:02 trend BUY 10 SPY LMT 490 oca=exit
        10:00:03 revert BUY 11 SPY LMT 490 oca=exit
        ",
        &expect![["
            10:00:02 submit 1 BUY 10 SPY LMT 490 for DU1 [SPY-trend-20260227-5]
            10:00:03 deny 2 order 2: Plimsoll ownership: somebody else's order works in the one-cancels-all group `exit` of DU1; name it otherwise
        "]],
    );
}

#[test]
fn the_spelling_of_a_name_makes_no_other_group() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 venue manual 77 BUY 5 SPY LMT 480.00 oca=Exit
        10:00:02 trend BUY 10 SPY LMT 490 oca=EXIT
        10:00:03 trend BUY 11 SPY LMT 490 oca=exit_
        10:00:04 trend BUY 12 SPY LMT 490 oca=exits
        ",
        &expect![["
            10:00:02 deny 1 order 1: Plimsoll ownership: somebody else's order works in the one-cancels-all group `EXIT` of DU1; name it otherwise
            10:00:03 deny 1 order 2: Plimsoll ownership: somebody else's order works in the one-cancels-all group `exit ` of DU1; name it otherwise
            10:00:04 submit 1 BUY 12 SPY LMT 490 for DU1 [SPY-trend-20260227-3]
        "]],
    );
}

#[test]
fn a_change_may_spell_the_group_otherwise_and_a_name_of_blanks_is_nobody_s_group() {
    let mut world = Script::new();
    let trace = world.run(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY LMT 490 oca=Exit id=1
        10:00:02 venue accepts trend 1
        10:00:03 trend BUY 10 SPY LMT 491 oca=exit_ id=1
        10:00:04 venue manual 77 BUY 5 SPY LMT 480.00 oca=_
        10:00:05 trend BUY 11 SPY LMT 490 oca=_ id=2
        10:00:06 venue accepts trend 2
        10:00:07 trend BUY 11 SPY LMT 489 id=2
        10:00:08 trend BUY 11 SPY LMT 489 oca=exit id=2
        ",
    );
    let answers: Vec<_> = trace.lines().map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    assert_eq!(answers, ["submit", "replace", "submit", "replace", "deny"], "{trace}");
}

#[test]
fn orders_count_once_as_long_as_the_venue_has_them_in_one_group_and_a_name_of_blanks_is_none() {
    check(
        "
        limit position 8000
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend SELL 10 SPY LMT 510 oca=exit id=1
        10:00:01 venue accepts trend 1
        10:00:02 trend SELL 10 SPY LMT 511 oca=exit id=2
        10:00:02 venue accepts trend 2
        10:00:03 trend SELL 1 SPY LMT 512 id=3
        10:00:04 venue groups trend 2 -
        10:00:05 trend SELL 1 SPY LMT 513 id=4
        10:00:06 venue groups trend 2 exit
        10:00:07 trend SELL 1 SPY LMT 514 id=5
        10:00:08 trend SELL 2 SPY LMT 515 oca=_ id=6
        10:00:09 trend SELL 2 SPY LMT 514 oca=_ id=7
        ",
        &expect![["
            10:00:01 submit 1 SELL 10 SPY LMT 510 for DU1 [SPY-trend-20260227-1]
            10:00:02 submit 1 SELL 10 SPY LMT 511 for DU1 [SPY-trend-20260227-2]
            10:00:03 submit 1 SELL 1 SPY LMT 512 for DU1 [SPY-trend-20260227-3]
            10:00:05 deny 1 order 4: Plimsoll limits: position would be 11286 USD, limit 8000 USD
            10:00:07 submit 1 SELL 1 SPY LMT 514 for DU1 [SPY-trend-20260227-5]
            10:00:08 submit 1 SELL 2 SPY LMT 515 for DU1 [SPY-trend-20260227-6]
            10:00:09 deny 1 order 7: Plimsoll limits: position would be 8224 USD, limit 8000 USD
        "]],
    );
}
