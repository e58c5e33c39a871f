//! Orders in model terms: scripts in, traces out.

use expect_test::expect;

use super::script::{FULL_DAY, NOON, check};
use crate::ibkr::Profile;

#[test]
fn a_market_order_takes_displayed_size_level_by_level() {
    check(
        Profile::Live,
        NOON,
        "
        price 500.00 500.02 100
        11 1 DU1 BUY 350 MKT
        positions
        ",
        &expect![[r#"
            price 500.00 500.02 100
            11 1 DU1 BUY 350 MKT
              11 1 open PreSubmitted 0/350
              11 1 exec BUY 100 @ 500.02 ARCA
              11 1 Submitted 100/350
              11 1 commission 1 profit none
              11 1 exec BUY 200 @ 500.03 ISLAND
              11 1 Submitted 300/350
              11 1 commission 0.5 profit none
              11 1 exec BUY 50 @ 500.04 IEX
              11 1 open Filled 350/350
              11 1 open Filled 350/350
              11 1 commission 0.25 profit none
            positions
              DU1 350 SPY at 500.03357143
        "#]],
    );
}

#[test]
fn a_limit_order_rests_and_is_executed_at_its_own_price_when_the_quote_comes() {
    check(
        Profile::Live,
        NOON,
        "
        price 500.00 500.02 100
        11 1 DU1 BUY 50 LMT 499.00
        price 498.00 498.02 100
        ",
        &expect![[r#"
            price 500.00 500.02 100
            11 1 DU1 BUY 50 LMT 499.00
              11 1 open PreSubmitted 0/50
              11 1 open Submitted 0/50
            price 498.00 498.02 100
              11 1 exec BUY 50 @ 499.00 ARCA
              11 1 open Filled 50/50
              11 1 open Filled 50/50
              11 1 commission 1 profit none
        "#]],
    );
}

#[test]
fn an_order_without_account_goes_to_the_default_account_and_is_a_violation() {
    check(
        Profile::Live,
        NOON,
        "price 500.00 500.02\n11 1 - BUY 10 MKT\npositions",
        &expect![[r#"
        price 500.00 500.02
        11 1 - BUY 10 MKT
          11 1 open PreSubmitted 0/10
          11 1 exec BUY 10 @ 500.02 ARCA
          11 1 open Filled 10/10
          11 1 open Filled 10/10
          11 1 commission 1 profit none
          ! missing_account 11: order 1: BUY 10 SPY MKT went to DU1
        positions
          DU1 10 SPY at 500.12
    "#]],
    );
}

#[test]
fn ids_must_rise_and_never_come_back() {
    check(
        Profile::Live,
        NOON,
        "
        price 500.00 500.02
        11 5 DU1 BUY 10 LMT 400.00
        11 5 DU1 BUY 20 LMT 401.00
        11 4 DU1 BUY 10 LMT 400.00
        12 4 DU1 BUY 10 LMT 400.00
        cancel 11 5
        cancel 11 5
        11 5 DU1 BUY 20 LMT 401.00
        cancel 11 77
        ",
        &expect![[r#"
            price 500.00 500.02
            11 5 DU1 BUY 10 LMT 400.00
              11 5 open PreSubmitted 0/10
              11 5 open Submitted 0/10
            11 5 DU1 BUY 20 LMT 401.00
              11 5 open PreSubmitted 0/20
              11 5 open Submitted 0/20
            11 4 DU1 BUY 10 LMT 400.00
              11 4 error 103 Duplicate order id
              ! duplicate_order_id 11: order 4: BUY 10 SPY LMT
            12 4 DU1 BUY 10 LMT 400.00
              12 4 open PreSubmitted 0/10
              12 4 open Submitted 0/10
            cancel 11 5
              11 5 PendingCancel 0/20
              11 5 Cancelled 0/20
              11 5 error 202 Order Canceled - reason:
            cancel 11 5
              11 5 error 10148 OrderId 5 that needs to be cancelled cannot be cancelled, state: Cancelled.
            11 5 DU1 BUY 20 LMT 401.00
              11 5 error 103 Duplicate order id
              ! duplicate_order_id 11: order 5: BUY 20 SPY LMT
            cancel 11 77
              11 77 error 10147 OrderId 77 that needs to be cancelled is not found.
        "#]],
    );
}

#[test]
fn a_bracket_is_silent_until_its_last_leg_and_its_legs_cancel_each_other() {
    check(
        Profile::Live,
        NOON,
        "
        price 500.00 500.02
        11 1 DU1 BUY 50 LMT 500.10 staged
        11 2 DU1 SELL 50 LMT 505.00 parent=1 staged
        11 3 DU1 SELL 50 STP 495.00 parent=1
        price 505.00 505.02 20
        @11:00:01
        price 505.00 505.02 100
        ",
        &expect![[r#"
            price 500.00 500.02
            11 1 DU1 BUY 50 LMT 500.10 staged
            11 2 DU1 SELL 50 LMT 505.00 parent=1 staged
            11 3 DU1 SELL 50 STP 495.00 parent=1
              11 1 open PreSubmitted 0/50
              11 1 exec BUY 50 @ 500.02 ARCA
              11 1 open Filled 50/50
              11 1 open Filled 50/50
              11 1 commission 1 profit none
              11 2 open PreSubmitted 0/50
              11 2 open Submitted 0/50
              11 3 open PreSubmitted (trigger) 0/50
            price 505.00 505.02 20
              11 2 exec SELL 20 @ 505.00 ISLAND
              11 2 Submitted 20/50
              11 2 commission 1 profit 98.2
              11 3 open PreSubmitted (trigger) 0/30
            @11:00:01
              11 2 exec SELL 30 @ 505.00 IEX
              11 2 open Filled 50/50
              11 2 open Filled 50/50
              11 2 commission 0 profit 148.8
              11 3 Cancelled 0/30
              11 3 error 202 Order Canceled - reason:OCA Group cancelled
            price 505.00 505.02 100
        "#]],
    );
}

#[test]
fn a_day_order_ends_with_the_close_and_a_good_till_cancel_order_does_not() {
    check(
        Profile::Live,
        NOON,
        "
        11 1 DU1 BUY 10 LMT 400.00
        11 2 DU1 BUY 10 LMT 400.00 tif=GTC
        @13:00:00
        positions
        ",
        &expect![[r#"
            11 1 DU1 BUY 10 LMT 400.00
              11 1 open PreSubmitted 0/10
              11 1 open Submitted 0/10
            11 2 DU1 BUY 10 LMT 400.00 tif=GTC
              11 2 open PreSubmitted 0/10
              11 2 open Submitted 0/10
            @13:00:00
              11 1 Cancelled 0/10
              11 1 error 202 Order Canceled - reason:Order expired at the end of the session
            positions
        "#]],
    );
}

#[test]
fn what_the_order_itself_gets_wrong_is_refused_at_the_door() {
    check(
        Profile::Live,
        FULL_DAY,
        "
        11 1 DU1 BUY 10 LMT 400.005
        11 2 DU1 BUY 10 MOC tif=GTC
        11 3 DU1 BUY 0 MKT
        11 4 DU1 BUY 0.5 MKT
        11 5 DU1 BUY 10 MOO
        11 6 DU1 BUY 10 PEG_MKT
        11 7 DU9 BUY 10 MKT
        11 8 DU1 BUY 100000 LMT 600.00
        11 9 DU1 SELL 10 LMT 900.00 tif=IOC
        11 10 DU1 SELL 10 LMT 900.00 tif=FOK
        11 11 DU1 BUY 10 LMT 9000.00
        ",
        &expect![[r#"
            11 1 DU1 BUY 10 LMT 400.005
              11 1 error 110 The price does not conform to the minimum price variation for this contract.
              ! bad_tick_size 11: order 1: BUY 10 SPY LMT
            11 2 DU1 BUY 10 MOC tif=GTC
              11 2 error 113 Tif option should be set to DAY for MOC and LOC orders.
              ! tif_not_allowed 11: order 2: BUY 10 SPY MOC
            11 3 DU1 BUY 0 MKT
              11 3 error 434 The order size cannot be zero.
            11 4 DU1 BUY 0.5 MKT
              11 4 error 10243 Fractional-sized order cannot be placed via API. Please use desktop version to place this order.
            11 5 DU1 BUY 10 MOO
              11 5 error 321 Error validating request.-'bF' : cause - Invalid order type was entered
            11 6 DU1 BUY 10 PEG_MKT
              11 6 error 387 Unsupported order type for this exchange and security type.
            11 7 DU9 BUY 10 MKT
              11 7 error 321 Error validating request.-'bF' : cause - Invalid account code.
              ! unknown_account 11: order 7: BUY 10 SPY MKT
            11 8 DU1 BUY 100000 LMT 600.00
              11 8 open Inactive 0/100000
              11 8 error 201 Order rejected - reason:We are unable to accept your order. Your Available Funds are insufficient. Available Funds [1000000.00 USD], Initial Margin [15000000.00 USD].
              ! insufficient_funds 11: order 8 needs 15000000.0000 USD of margin, 1000000 USD are free
            11 9 DU1 SELL 10 LMT 900.00 tif=IOC
              11 9 open PreSubmitted 0/10
              11 9 PendingCancel 0/10
              11 9 Cancelled 0/10
              11 9 error 202 Order Canceled - reason:
            11 10 DU1 SELL 10 LMT 900.00 tif=FOK
              11 10 open PreSubmitted 0/10
              11 10 open Inactive 0/10
            11 11 DU1 BUY 10 LMT 9000.00
              11 11 open PreSubmitted 0/10
              11 11 PendingCancel 0/10
              11 11 Cancelled 0/10
              11 11 error 202 Order Canceled - reason:We cannot accept an order at a limit price at or more aggressive than 827.47.
              ! aggressive_limit 11: order 11: BUY 10 SPY LMT
        "#]],
    );
}

#[test]
fn an_order_before_the_open_is_held_with_399_and_works_from_the_open() {
    check(
        Profile::Live,
        "2026-11-27T09:29:58-05:00",
        "
        11 1 DU1 BUY 10 LMT 400.00
        11 2 DU1 BUY 10 MKT
        11 3 DU1 BUY 10 MKT tif=OPG
        @09:30:00
        ",
        &expect![[r#"
            11 1 DU1 BUY 10 LMT 400.00
              11 1 open PreSubmitted 0/10
              11 1 error 399 Order Message:
            BUY 10 SPY LMT
            Warning: Your order will not be placed at the exchange until 2026-11-27 09:30:00 US/Eastern.
            11 2 DU1 BUY 10 MKT
              11 2 open PreSubmitted 0/10
              11 2 error 399 Order Message:
            BUY 10 SPY MKT
            Warning: Your order will not be placed at the exchange until 2026-11-27 09:30:00 US/Eastern.
            11 3 DU1 BUY 10 MKT tif=OPG
              11 3 open Inactive 0/10
              11 3 error 201 Order rejected - reason:The cutoff time 09:29:00 US/Eastern for MKT orders has passed.
              ! late_on_open 11: order 3: BUY 10 SPY MKT after 09:29:00
            @09:30:00
              11 1 open Submitted 0/10
              11 2 exec BUY 10 @ 688.37 ARCA
              11 2 open Filled 10/10
              11 2 open Filled 10/10
              11 2 commission 1 profit none
        "#]],
    );
}
