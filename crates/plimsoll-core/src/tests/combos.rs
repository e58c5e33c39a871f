//! Combos: one order, several contracts, each judged as what it is.

use expect_test::expect;
use plimsoll_model::{Account, InstrumentId, Position};

use super::{Script, check};

#[test]
fn a_combo_of_the_bots_own_instruments_leaves_as_one_order() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:00 quote QQQ 400.00 400.02
        10:00:01 trend BUY 2 SPY LMT 100.00 id=5 legs=BUY:1:SPY,SELL:1:QQQ
        ",
        &expect![["
            10:00:01 submit 1 BUY 2 SPY.BAG.USD LMT 100.00 for DU1 [SPY-trend-20260227-1]
        "]],
    );
}

#[test]
fn each_leg_is_held_to_what_the_bot_owns_and_to_the_age_of_its_price() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 2 SPY LMT 100.00 legs=BUY:1:SPY,SELL:1:QQQ
        10:00:10 quote QQQ 400.00 400.02
        10:00:16 trend BUY 2 SPY LMT 100.00 legs=BUY:1:SPY,SELL:1:QQQ
        10:00:17 trend BUY 2 SPY LMT 100.00
        ",
        // No price of one leg; then one of the other leg that is sixteen seconds old.
        &expect![["
            10:00:01 deny 1 order 1: Plimsoll stale_data: no quote of QQQ has been seen
            10:00:16 deny 1 order 2: Plimsoll stale_data: SPY last struck 16s ago, limit 15s
            10:00:17 deny 1 order 3: Plimsoll stale_data: SPY last struck 17s ago, limit 15s
        "]],
    );
}

#[test]
fn the_legs_of_a_combo_count_together_against_the_limit_of_an_order() {
    // Two combos of one SPY at 500.02 and two QQQ at 400.00 are 2600.04 USD.
    check(
        "
        limit order 2600.04
        10:00:00 quote SPY 500.00 500.02
        10:00:00 quote QQQ 400.00 400.02
        10:00:01 trend BUY 2 SPY LMT 100.00 legs=BUY:1:SPY,SELL:2:QQQ
        ",
        &expect![["
            10:00:01 submit 1 BUY 2 SPY.BAG.USD LMT 100.00 for DU1 [SPY-trend-20260227-1]
        "]],
    );
    check(
        "
        limit order 2600.03
        10:00:00 quote SPY 500.00 500.02
        10:00:00 quote QQQ 400.00 400.02
        10:00:01 trend BUY 2 SPY LMT 100.00 legs=BUY:1:SPY,SELL:2:QQQ
        ",
        &expect![["
            10:00:01 deny 1 order 1: Plimsoll limits: order of 2600.04 USD, limit 2600.03 USD
        "]],
    );
}

#[test]
fn a_working_combo_counts_in_the_position_of_each_of_its_legs() {
    // Three combos may sell six QQQ, worth 2400; one share more would be 2800.14 at the offer of 400.02.
    check(
        "
        limit position 2600
        10:00:00 quote SPY 500.00 500.02
        10:00:00 quote QQQ 400.00 400.02
        10:00:01 trend BUY 3 SPY LMT 100.00 legs=BUY:1:SPY,SELL:2:QQQ
        10:00:02 trend SELL 1 QQQ LMT 400.00
        ",
        &expect![["
            10:00:01 submit 1 BUY 3 SPY.BAG.USD LMT 100.00 for DU1 [SPY-trend-20260227-1]
            10:00:02 deny 1 order 2: Plimsoll limits: position would be 2800 USD, limit 2600 USD
        "]],
    );
}

#[test]
fn a_seller_of_a_combo_trades_its_legs_the_other_way() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:00 quote QQQ 400.00 400.02
        10:00:01 revert BUY 5 QQQ LMT 399.00
        10:00:02 trend SELL 2 SPY LMT 100.00 id=7 legs=BUY:1:SPY,SELL:1:QQQ
        10:00:02.500 venue cancels trend 7
        10:00:03 trend BUY 2 SPY LMT 100.00 legs=BUY:1:SPY,SELL:1:QQQ
        ",
        // Selling the combo buys QQQ, which cannot meet a buyer; buying it sells QQQ at any price.
        &expect![["
            10:00:01 submit 2 BUY 5 QQQ LMT 399.00 for DU1 [QQQ-revert-20260227-1]
            10:00:02 submit 1 SELL 2 SPY.BAG.USD LMT 100.00 for DU1 [SPY-trend-20260227-1]
            10:00:03 deny 1 order 2: Plimsoll self_match: could trade with our own BUY 5 LMT [QQQ-revert-20260227-1]
        "]],
    );
}

#[test]
fn the_executions_of_the_legs_move_the_positions_and_the_combo_is_filled_with_the_last() {
    let mut world = Script::new();
    let trace = world.run(
        "
        limit position 2600
        10:00:00 quote SPY 500.00 500.02
        10:00:00 quote QQQ 400.00 400.02
        10:00:01 trend BUY 2 SPY LMT 100.00 id=5 legs=BUY:1:SPY,SELL:2:QQQ
        10:00:02 venue accepts trend 5
        10:00:03 venue legs trend 5 BUY 2 SPY 500.01
        10:00:04 venue legs trend 5 SELL 4 QQQ 400.00
        10:00:05 quote QQQ 400.00 400.02
        10:00:06 trend SELL 2 QQQ LMT 400.00
        10:00:07 trend SELL 1 QQQ LMT 400.00
        ",
    );
    expect![["
        10:00:01 submit 1 BUY 2 SPY.BAG.USD LMT 100.00 for DU1 [SPY-trend-20260227-1]
        10:00:06 submit 1 SELL 2 QQQ LMT 400.00 for DU1 [QQQ-trend-20260227-2]
        10:00:07 deny 1 order 2: Plimsoll limits: position would be 2800 USD, limit 2600 USD
    "]]
    .assert_eq(&trace);
    let snapshot = world.bridge.snapshot(world.now());
    let combo = snapshot.orders.iter().find(|order| order.instrument.as_str() == "SPY.BAG.USD").unwrap();
    assert_eq!(combo.status.as_str(), "filled");
    let held = |symbol: &str| {
        let (du1, instrument) = (Account::new("DU1").unwrap(), InstrumentId::us_stock(symbol));
        world.bridge.ledger.position(&du1, &instrument)
    };
    assert_eq!(held("SPY"), Position::parse("2").unwrap());
    assert_eq!(held("QQQ"), Position::parse("-4").unwrap());
}

#[test]
fn the_same_combo_twice_is_a_duplicate_and_one_with_another_leg_is_not() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:00 quote QQQ 400.00 400.02
        10:00:01 trend BUY 2 SPY LMT 100.00 legs=BUY:1:SPY,SELL:1:QQQ
        10:00:02 trend BUY 2 SPY LMT 100.00 legs=BUY:1:SPY,SELL:1:QQQ
        10:00:02 trend BUY 2 SPY LMT 100.00 legs=BUY:1:SPY,SELL:2:QQQ
        ",
        &expect![["
            10:00:01 submit 1 BUY 2 SPY.BAG.USD LMT 100.00 for DU1 [SPY-trend-20260227-1]
            10:00:02 deny 1 order 2: Plimsoll duplicate: the same as SPY-trend-20260227-1 1s ago, window 2s
            10:00:02 submit 1 BUY 2 SPY.BAG.USD LMT 100.00 for DU1 [SPY-trend-20260227-3]
        "]],
    );
}

#[test]
fn a_change_of_a_combo_keeps_its_legs() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:00 quote QQQ 400.00 400.02
        10:00:01 trend BUY 2 SPY LMT 100.00 id=5 legs=BUY:1:SPY,SELL:1:QQQ
        10:00:02 venue accepts trend 5
        10:00:03 trend BUY 2 SPY LMT 99.00 id=5 legs=BUY:1:SPY,SELL:1:QQQ
        10:00:04 trend BUY 2 SPY LMT 98.00 id=5 legs=BUY:1:SPY,SELL:9:QQQ
        ",
        &expect![["
            10:00:01 submit 1 BUY 2 SPY.BAG.USD LMT 100.00 for DU1 [SPY-trend-20260227-1]
            10:00:03 replace 1 BUY 2 SPY.BAG.USD LMT 99.00 for DU1 [SPY-trend-20260227-1]
            10:00:04 deny 1 change of 5: Plimsoll supported: a change may not alter the legs
        "]],
    );
}

#[test]
fn a_combo_that_cannot_be_taken_apart_is_denied() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:00 quote QQQ 400.00 400.02
        10:00:01 trend BUY 2 SPY LMT 100.00 legs=BUY:1:SPY,SELL:1:SPY
        10:00:02 trend BUY 2 SPY LMT 100.00 oca=g legs=BUY:1:SPY,SELL:1:QQQ
        10:00:03 trend BUY 79228162514264337593543950335 SPY LMT 100.00 legs=BUY:1:SPY,SELL:2:QQQ
        ",
        &expect![["
            10:00:01 deny 1 order 1: Plimsoll supported: a combo with one contract in two legs cannot be bounded by any guard yet
            10:00:02 deny 1 order 2: Plimsoll supported: a combo in a bracket or a one-cancels-all group cannot be bounded by any guard yet
            10:00:03 deny 1 order 3: Plimsoll limits: the quantity of a leg has more than 28 digits
        "]],
    );
}
