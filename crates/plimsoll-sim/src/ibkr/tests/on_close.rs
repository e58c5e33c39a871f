//! Orders for the close in model terms: crossing, silence and cutoffs, live and on paper.

use expect_test::expect;

use super::script::{NOON, check};
use crate::ibkr::Profile;

#[test]
fn opposite_on_close_orders_of_one_account_are_both_cancelled_live() {
    check(
        Profile::Live,
        NOON,
        "
        @12:45:00
        11 1 DU1 BUY 100 MOC
        12 1 DU2 SELL 40 MOC
        13 1 DU1 SELL 40 MOC
        ",
        &expect![[r#"
            @12:45:00
            11 1 DU1 BUY 100 MOC
              11 1 open PreSubmitted 0/100
            12 1 DU2 SELL 40 MOC
              12 1 open PreSubmitted 0/40
            13 1 DU1 SELL 40 MOC
              13 1 open PreSubmitted 0/40
              11 1 Cancelled 0/100
              11 1 error 202 Order Canceled - reason:Order would cross with an existing on-close order of the same account
              13 1 Cancelled 0/40
              13 1 error 202 Order Canceled - reason:Order would cross with an existing on-close order of the same account
              ! crossing_on_close 13: SPY order 1 of client 13 against order 1 of client 11 in DU1
        "#]],
    );
}

#[test]
fn paper_takes_opposite_on_close_orders_in_silence_until_a_cancel_or_the_auction() {
    check(
        Profile::Paper,
        NOON,
        "
        @12:45:00
        11 1 DU1 BUY 100 MOC
        13 1 DU1 SELL 40 MOC
        cancel 13 1
        @13:00:00
        ",
        &expect![[r#"
            @12:45:00
            11 1 DU1 BUY 100 MOC
            13 1 DU1 SELL 40 MOC
              ! crossing_on_close 13: SPY order 1 of client 13 against order 1 of client 11 in DU1
            cancel 13 1
              13 1 PendingCancel 0/40
              13 1 Cancelled 0/40
              13 1 error 202 Order Canceled - reason:
            @13:00:00
              11 1 exec BUY 100 @ 692.46 ARCA
              11 1 open Filled 100/100
              11 1 open Filled 100/100
              11 1 commission 1 profit none
        "#]],
    );
}

#[test]
fn the_cutoff_for_spy_is_ten_minutes_before_a_half_days_close_and_its_own_instant_is_late() {
    check(
        Profile::Live,
        NOON,
        "
        @12:49:59
        11 1 DU1 BUY 10 MOC
        @12:50:00
        11 2 DU1 BUY 10 MOC
        cancel 11 1
        11 3 DU1 BUY 10 MOC sym=QQQ
        ",
        &expect![[r#"
            @12:49:59
            11 1 DU1 BUY 10 MOC
              11 1 open PreSubmitted 0/10
            @12:50:00
            11 2 DU1 BUY 10 MOC
              11 2 open Inactive 0/10
              11 2 error 201 Order rejected - reason:The cutoff time 12:50:00 US/Eastern for MOC orders has passed.
              ! late_on_close 11: order 2: BUY 10 SPY MOC after 12:50:00
            cancel 11 1
              11 1 error 161 Cancel attempted when order is not in a cancellable state.  Order permId = 600000001
              ! cancel_after_freeze 11: order 1: BUY 10 SPY MOC
            11 3 DU1 BUY 10 MOC sym=QQQ
              11 3 open PreSubmitted 0/10
        "#]],
    );
}
