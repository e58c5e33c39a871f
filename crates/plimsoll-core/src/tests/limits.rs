//! Quantity, money, position, loss, rate and collar: what passes, what is denied, and the exact boundary.
//! The quotes are round, so that every number can be checked in the head.

use expect_test::expect;

use super::check;

#[test]
fn the_largest_quantity_passes_and_one_more_is_denied() {
    check(
        "
        limit qty 100
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 100 SPY MKT
        10:00:02 trend BUY 101 SPY MKT
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY MKT for DU1 [SPY-trend-20260227-1]
            10:00:02 deny 1 order 2: Plimsoll limits: quantity 101, limit 100
        "]],
    );
}

#[test]
fn an_order_of_exactly_the_largest_worth_passes_and_a_cent_more_is_denied() {
    check(
        "
        limit order 50000
        10:00:00 quote SPY 499.99 500.00
        10:00:01 trend BUY 100 SPY MKT
        10:00:02 trend BUY 100 SPY LMT 500.00
        10:00:03 trend BUY 100 SPY LMT 500.01
        10:00:04 revert SELL 1 SPY LMT 600.00 account=DU2
        ",
        // 100 at the opposite quote of 500.00 are 50000; at 500.01 they are 50001. The last line is the
        // other bot's, which has no such limit, but a collar of 3 %.
        &expect![["
            10:00:01 submit 1 BUY 100 SPY MKT for DU1 [SPY-trend-20260227-1]
            10:00:02 submit 1 BUY 100 SPY LMT 500.00 for DU1 [SPY-trend-20260227-2]
            10:00:03 deny 1 order 3: Plimsoll limits: order of 50001 USD, limit 50000 USD
            10:00:04 deny 2 order 4: Plimsoll limits: price 600.00 is more than 3 % from 499.99
        "]],
    );
}

#[test]
fn the_value_in_the_quantity_field_is_denied() {
    check(
        "
        limit order 50000
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 50000 SPY MKT
        ",
        // 50000 * 500 = 25 million.
        &expect![["
            10:00:01 deny 1 order 1: Plimsoll limits: order of 25000000 USD, limit 50000 USD
        "]],
    );
}

#[test]
fn a_position_of_exactly_the_limit_passes_working_orders_included() {
    check(
        "
        limit position 60000
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 60 SPY MKT
        10:00:02 venue fills trend 1 60 500.00
        10:00:03 trend BUY 40 SPY LMT 499.00
        10:00:04 trend BUY 21 SPY LMT 500.00
        10:00:05 trend BUY 20 SPY LMT 500.00
        10:00:06 trend SELL 60 SPY LMT 505.00
        10:00:07 trend SELL 1 SPY LMT 506.00
        ",
        // 60 held + 40 working + 21 are 121 * 500 = 60500; with 20 it is 60000. Selling what is held
        // reduces; one more could end short by 1 * 506 and is inside the limit.
        &expect![["
            10:00:01 submit 1 BUY 60 SPY MKT for DU1 [SPY-trend-20260227-1]
            10:00:03 submit 1 BUY 40 SPY LMT 499.00 for DU1 [SPY-trend-20260227-2]
            10:00:04 deny 1 order 3: Plimsoll limits: position would be 60500 USD, limit 60000 USD
            10:00:05 submit 1 BUY 20 SPY LMT 500.00 for DU1 [SPY-trend-20260227-4]
            10:00:06 submit 1 SELL 60 SPY LMT 505.00 for DU1 [SPY-trend-20260227-5]
            10:00:07 submit 1 SELL 1 SPY LMT 506.00 for DU1 [SPY-trend-20260227-6]
        "]],
    );
}

#[test]
fn manual_orders_and_foreign_holdings_count_towards_the_position() {
    check(
        "
        limit position 60000
        10:00:00 quote SPY 500.00 500.00
        10:00:01 venue holds DU1 SPY 60
        10:00:04 wake
        10:00:04 own answers
        10:00:04.500 accept DU1 SPY 60
        10:00:05 venue manual 77 BUY 50 SPY LMT 499.00
        10:00:06 trend BUY 11 SPY MKT
        10:00:07 trend BUY 10 SPY MKT
        ",
        // 60 + 50 + 11 = 121 * 500 = 60500.
        &expect![["
            10:00:04 notice DU1 SPY: the broker holds 60, our executions 0; 60 is foreign and shown to no bot as its own; no new risk in it before that is explained, or accepted with `plimsoll accept DU1 SPY`
            10:00:04.5 notice DU1 SPY: a difference of 60 was accepted by op: split
            10:00:06 deny 1 order 1: Plimsoll limits: position would be 60500 USD, limit 60000 USD
            10:00:07 submit 1 BUY 10 SPY MKT for DU1 [SPY-trend-20260227-2]
        "]],
    );
}

#[test]
fn a_loss_of_exactly_the_limit_stops_new_risk_and_not_the_exit() {
    check(
        "
        limit loss 101
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 100 SPY MKT
        10:00:02 venue fills trend 1 100 500.00
        10:00:03 quote SPY 499.01 499.01
        10:00:04 trend BUY 1 SPY LMT 498.00
        10:00:05 quote SPY 499.00 499.00
        10:00:06 trend BUY 1 SPY LMT 497.00
        10:00:07 trend SELL 100 SPY MKT
        ",
        // One dollar of fee, and 100 times 99 cents: 100, below 101. At 499.00 it is 101, at the limit.
        &expect![["
            10:00:01 submit 1 BUY 100 SPY MKT for DU1 [SPY-trend-20260227-1]
            10:00:04 submit 1 BUY 1 SPY LMT 498.00 for DU1 [SPY-trend-20260227-2]
            10:00:06 deny 1 order 3: Plimsoll limits: lost 101 USD today, limit 101 USD
            10:00:07 submit 1 SELL 100 SPY MKT for DU1 [SPY-trend-20260227-4]
        "]],
    );
}

#[test]
fn a_loss_that_cannot_be_known_is_not_a_small_one() {
    check(
        "
        limit loss 101
        limit stale none
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 100 SPY MKT
        10:00:02 venue fills trend 1 100 500.00
        10:00:03 own down
        10:00:03 own up
        10:00:03 own answers
        10:00:04 trend BUY 1 SPY MKT
        10:00:05 trend SELL 100 SPY MKT
        ",
        // The connection was lost and with it the quote: what is held has no price.
        &expect![["
            10:00:01 submit 1 BUY 100 SPY MKT for DU1 [SPY-trend-20260227-1]
            10:00:03 notice reconciled: 0 open orders, 1 positions
            10:00:04 deny 1 order 2: Plimsoll limits: no reference price of SPY
            10:00:05 submit 1 SELL 100 SPY MKT for DU1 [SPY-trend-20260227-3]
        "]],
    );
}

#[test]
fn the_rate_counts_denied_orders_and_forgets_after_exactly_a_minute() {
    check(
        "
        limit rate 2
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 1 SPY LMT 499.00
        10:00:02 trend BUY 1 SPY LMT 498.00 account=-
        10:00:03 trend BUY 1 SPY LMT 497.00
        10:01:00 quote SPY 500.00 500.00
        10:01:02.999 trend BUY 1 SPY LMT 496.00
        10:01:03 trend BUY 1 SPY LMT 495.00
        ",
        // At 10:01:02.999 only the third of the first three is younger than a minute; at 10:01:03 it is
        // exactly a minute old, and the one before it counts.
        &expect![["
            10:00:01 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:02 deny 1 order 2: Plimsoll account: the order names no account; this bot may use DU1
            10:00:03 deny 1 order 3: Plimsoll limits: 2 orders in the last minute, limit 2
            10:01:02.999 submit 1 BUY 1 SPY LMT 496.00 for DU1 [SPY-trend-20260227-4]
            10:01:03 submit 1 BUY 1 SPY LMT 495.00 for DU1 [SPY-trend-20260227-5]
        "]],
    );
}

#[test]
fn a_price_exactly_on_the_collar_passes_on_both_sides() {
    check(
        "
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 1 SPY LMT 515.00
        10:00:02 trend BUY 1 SPY LMT 515.01
        10:00:03 trend BUY 1 SPY LMT 485.00
        10:00:04 trend BUY 1 SPY LMT 484.99
        ",
        // 3 % of 500 are 15.
        &expect![["
            10:00:01 submit 1 BUY 1 SPY LMT 515.00 for DU1 [SPY-trend-20260227-1]
            10:00:02 deny 1 order 2: Plimsoll limits: price 515.01 is more than 3 % from 500.00
            10:00:03 submit 1 BUY 1 SPY LMT 485.00 for DU1 [SPY-trend-20260227-3]
            10:00:04 deny 1 order 4: Plimsoll limits: price 484.99 is more than 3 % from 500.00
        "]],
    );
}

#[test]
fn an_exit_may_wait_far_away_and_not_reach_far_through_the_market() {
    check(
        "
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 2 SPY MKT
        10:00:02 venue fills trend 1 2 500.00
        10:00:03 trend SELL 1 SPY LMT 600.00
        10:00:04 trend SELL 1 SPY LMT 484.99
        10:00:05 trend SELL 1 SPY STP stop=400.00
        ",
        &expect![["
            10:00:01 submit 1 BUY 2 SPY MKT for DU1 [SPY-trend-20260227-1]
            10:00:03 submit 1 SELL 1 SPY LMT 600.00 for DU1 [SPY-trend-20260227-2]
            10:00:04 deny 1 order 3: Plimsoll limits: price 484.99 is more than 3 % from 500.00
            10:00:05 submit 1 SELL 1 SPY STP @400.00 for DU1 [SPY-trend-20260227-4]
        "]],
    );
}

#[test]
fn without_a_quote_new_risk_has_no_size() {
    check(
        "
        limit order 50000
        limit stale none
        10:00:01 trend BUY 1 SPY MKT
        10:00:02 trend BUY 1 SPY LMT 500.00
        ",
        &expect![["
            10:00:01 deny 1 order 1: Plimsoll limits: no reference price of SPY
            10:00:02 deny 1 order 2: Plimsoll limits: no reference price of SPY
        "]],
    );
}

#[test]
fn a_market_order_has_no_size_without_an_opposite_quote() {
    check(
        "
        limit order 60000
        10:00:00 trades SPY 500.00
        10:00:01 trend BUY 1 SPY MKT
        10:00:02 trend BUY 2 SPY LMT 500.00
        10:00:03 quote SPY 500.00 500.02
        10:00:04 trend BUY 3 SPY MKT
        ",
        // The last trade is what somebody else met; for a price of its own it is a measure.
        &expect![["
            10:00:01 deny 1 order 1: Plimsoll limits: no reference price of SPY
            10:00:02 submit 1 BUY 2 SPY LMT 500.00 for DU1 [SPY-trend-20260227-2]
            10:00:04 submit 1 BUY 3 SPY MKT for DU1 [SPY-trend-20260227-3]
        "]],
    );
}

#[test]
fn a_position_is_not_measured_at_the_last_trade_either() {
    check(
        "
        limit position 60000
        10:00:00 trades SPY 500.00
        10:00:01 trend BUY 1 SPY MKT
        ",
        &expect![["
            10:00:01 deny 1 order 1: Plimsoll limits: no reference price of SPY
        "]],
    );
}

#[test]
fn a_loss_in_another_currency_is_not_no_loss() {
    let mut world = super::Script::new();
    let sap = plimsoll_model::Contract {
        currency: "EUR".into(),
        primary_exchange: "IBIS".into(),
        ..plimsoll_model::Contract::stock("SAP", plimsoll_model::Currency::USD)
    };
    world.config.bots[0].instruments.insert(plimsoll_model::InstrumentId::of(&sap).unwrap(), sap);
    let mut trace = world.run(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:00 quote SAP.STK.EUR 100.00 100.00
        10:00:01 trend BUY 100 SAP LMT 100.00 cur=EUR
        10:00:02 venue fills trend 1 100 100.00
        ",
    );
    trace += &world.run(
        "
        limit loss 1000
        10:01:00 restart
        10:01:00 quote SPY 500.00 500.02
        10:01:00 quote SAP.STK.EUR 20.00 20.00
        10:01:01 trend BUY 1 SPY MKT
        10:01:02 trend BUY 1 SAP LMT 20.00 cur=EUR
        10:01:03 trend SELL 100 SAP LMT 20.00 cur=EUR
        ",
    );
    // 8000 EUR are lost; getting out is not refused.
    expect![["
        10:00:01 submit 1 BUY 100 SAP.STK.EUR LMT 100.00 for DU1 [SAP-trend-20260227-1]
        10:01:00 notice reconciled: 0 open orders, 1 positions
        10:01:01 deny 1 order 2: Plimsoll limits: the limit 1000 USD cannot bound what is in EUR
        10:01:02 deny 1 order 3: Plimsoll limits: the limit 1000 USD cannot bound what is in EUR
        10:01:03 submit 1 SELL 100 SAP.STK.EUR LMT 20.00 for DU1 [SAP-trend-20260227-4]
    "]]
    .assert_eq(&trace);
}

#[test]
fn a_fee_in_another_currency_makes_the_loss_unknown() {
    let mut world = super::Script::new();
    world.fees_in = plimsoll_model::Currency::new("CHF").unwrap();
    let trace = world.run(
        "
        limit loss 1000
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 2 SPY MKT
        10:00:02 venue fills trend 1 2 500.02
        10:00:03 trend BUY 1 SPY MKT
        10:00:04 trend SELL 2 SPY MKT
        ",
    );
    expect![["
        10:00:01 submit 1 BUY 2 SPY MKT for DU1 [SPY-trend-20260227-1]
        10:00:03 deny 1 order 2: Plimsoll limits: the limit 1000 USD cannot bound what is in CHF
        10:00:04 submit 1 SELL 2 SPY MKT for DU1 [SPY-trend-20260227-3]
    "]]
    .assert_eq(&trace);
}

#[test]
fn previews_count_towards_the_rate_and_meet_it() {
    check(
        "
        limit rate 3
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 1 SPY MKT whatif
        10:00:02 trend BUY 1 SPY MKT whatif
        10:00:03 trend BUY 1 SPY MKT
        10:00:04 trend BUY 1 SPY MKT whatif
        10:00:05 trend BUY 2 SPY MKT
        ",
        &expect![["
            10:00:01 forward 1
            10:00:02 forward 1
            10:00:03 submit 1 BUY 1 SPY MKT for DU1 [SPY-trend-20260227-3]
            10:00:04 deny 1 order 4: Plimsoll limits: 3 orders in the last minute, limit 3
            10:00:05 deny 1 order 5: Plimsoll limits: 4 orders in the last minute, limit 3
        "]],
    );
}

#[test]
fn a_denied_preview_of_a_change_leaves_the_order_as_it_is() {
    check(
        "
        limit rate 1
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 1 SPY LMT 499.00 id=5
        10:00:02 venue accepts trend 5
        10:00:03 trend BUY 2 SPY LMT 499.00 id=5 whatif
        ",
        &expect![["
            10:00:01 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:03 deny 1 change of 5: Plimsoll limits: 1 orders in the last minute, limit 1
        "]],
    );
}
