//! What several bots want of one closing auction, and what each of them gets.

use expect_test::{Expect, expect};
use plimsoll_model::{ClOrdId, Currency, ExecId, Money, Price, Qty, Side};
use rust_decimal::Decimal;

use super::{Batch, Net, NotHeld, NotShared, Share, Withdrawn, release_at};

fn reference(bot: &str) -> ClOrdId {
    ClOrdId::new(&format!("SPY-{bot}-20261127-1")).unwrap()
}

fn exec(id: &str) -> ExecId {
    ExecId::new(&format!("0000e0d5.69dd7411.{id}")).unwrap()
}

fn px(text: &str) -> Price {
    Price::parse(text).unwrap()
}

/// Each bot's order as `trend +100`: bought, or `-` for sold.
fn batch(orders: &[(&str, i64)]) -> Batch {
    let mut batch = Batch::new(reference("plimsoll"));
    for (bot, qty) in orders {
        let side = if *qty > 0 { Side::Buy } else { Side::Sell };
        batch.hold(reference(bot), side, Qty::whole(qty.unsigned_abs())).unwrap();
    }
    batch
}

fn released(orders: &[(&str, i64)]) -> (Batch, Option<Net>) {
    let mut batch = batch(orders);
    let (out, net) = batch.release(|_| true);
    assert!(out.is_empty());
    (batch, net)
}

fn net(side: Side, qty: u64) -> Net {
    Net { side, qty: Qty::whole(qty) }
}

#[track_caller]
fn check(shares: &[Share], expect: &Expect) {
    let lines = shares.iter().map(|s| {
        let Share { cl_ord_id, exec_id, side, last_qty, crossed_qty, last_px, cum_qty, leaves_qty, .. } = s;
        format!("{cl_ord_id} {side} {last_qty} ({crossed_qty} crossed) at {last_px}, {cum_qty} done, {leaves_qty} left: {exec_id}\n")
    });
    expect.assert_eq(&lines.collect::<String>());
}

/// Bought less sold.
fn sum(shares: &[Share]) -> Decimal {
    let signed = |s: &Share| match s.side {
        Side::Buy => s.last_qty.get(),
        Side::Sell => -s.last_qty.get(),
    };
    shares.iter().map(signed).sum()
}

#[test]
fn of_unequal_orders_the_difference_is_sent_and_its_price_is_everybody_s() {
    let (mut batch, sent) = released(&[("trend", 100), ("revert", -40)]);
    assert_eq!(sent, Some(net(Side::Buy, 60)));
    let shares = batch.execution(&exec("01.01"), Qty::whole(60), px("600.25")).unwrap();
    check(
        &shares,
        &expect![["
            SPY-trend-20261127-1 BUY 100 (40 crossed) at 600.25, 100 done, 0 left: net.SPY-trend-20261127-1.1.01
            SPY-revert-20261127-1 SELL 40 (40 crossed) at 600.25, 40 done, 0 left: net.SPY-revert-20261127-1.1.01
        "]],
    );
    assert!(shares.iter().all(|share| share.of == Some(exec("01.01"))));
    assert!(batch.ended().is_empty(), "nothing of it is lost");
    assert!(!batch.wants_close());
}

#[test]
fn equal_and_opposite_orders_send_nothing_and_stay_open_until_the_official_close_is_known() {
    let (mut batch, sent) = released(&[("trend", 40), ("revert", -40)]);
    assert_eq!(sent, None);
    assert!(batch.wants_close());
    check(
        &batch.official_close(px("600.25")),
        &expect![["
            SPY-trend-20261127-1 BUY 40 (40 crossed) at 600.25, 40 done, 0 left: net.SPY-trend-20261127-1.1.01
            SPY-revert-20261127-1 SELL 40 (40 crossed) at 600.25, 40 done, 0 left: net.SPY-revert-20261127-1.1.01
        "]],
    );
    assert!(!batch.wants_close());
    assert!(batch.official_close(px("601")).is_empty(), "it has a price already");
}

#[test]
fn three_bots_share_what_was_executed_in_proportion() {
    let (mut batch, sent) = released(&[("trend", 60), ("revert", -40), ("carry", 40)]);
    assert_eq!(sent, Some(net(Side::Buy, 60)));
    check(
        &batch.execution(&exec("01.01"), Qty::whole(60), px("600.25")).unwrap(),
        &expect![["
            SPY-trend-20261127-1 BUY 60 (24 crossed) at 600.25, 60 done, 0 left: net.SPY-trend-20261127-1.1.01
            SPY-revert-20261127-1 SELL 40 (40 crossed) at 600.25, 40 done, 0 left: net.SPY-revert-20261127-1.1.01
            SPY-carry-20261127-1 BUY 40 (16 crossed) at 600.25, 40 done, 0 left: net.SPY-carry-20261127-1.1.01
        "]],
    );
}

#[test]
fn of_a_part_that_was_executed_everybody_on_its_side_has_his_part_and_the_rest_is_lost() {
    let (mut batch, _) = released(&[("trend", 60), ("revert", -40), ("carry", 40)]);
    check(
        &batch.execution(&exec("01.01"), Qty::whole(30), px("600.25")).unwrap(),
        // 36 and 24 were sent for the two; half of it is 18 and 12.
        &expect![["
            SPY-trend-20261127-1 BUY 42 (24 crossed) at 600.25, 42 done, 18 left: net.SPY-trend-20261127-1.1.01
            SPY-revert-20261127-1 SELL 40 (40 crossed) at 600.25, 40 done, 0 left: net.SPY-revert-20261127-1.1.01
            SPY-carry-20261127-1 BUY 28 (16 crossed) at 600.25, 28 done, 12 left: net.SPY-carry-20261127-1.1.01
        "]],
    );
    let lost = batch.ended();
    assert_eq!(lost, [(reference("trend"), Qty::whole(18)), (reference("carry"), Qty::whole(12))]);
    // The venue said it was over, and tells of another execution all the same.
    check(
        &batch.execution(&exec("02.01"), Qty::whole(10), px("600.25")).unwrap(),
        &expect![["
            SPY-trend-20261127-1 BUY 6 (0 crossed) at 600.25, 48 done, 12 left: net.SPY-trend-20261127-1.2.01
            SPY-carry-20261127-1 BUY 4 (0 crossed) at 600.25, 32 done, 8 left: net.SPY-carry-20261127-1.2.01
        "]],
    );
}

#[test]
fn an_order_for_all_that_is_refused_loses_the_difference_and_leaves_the_rest_without_a_price() {
    let (mut batch, _) = released(&[("trend", 100), ("revert", -40)]);
    assert_eq!(batch.ended(), [(reference("trend"), Qty::whole(60))]);
    assert!(batch.wants_close());
    check(
        &batch.official_close(px("600.25")),
        &expect![["
            SPY-trend-20261127-1 BUY 40 (40 crossed) at 600.25, 40 done, 0 left: net.SPY-trend-20261127-1.1.01
            SPY-revert-20261127-1 SELL 40 (40 crossed) at 600.25, 40 done, 0 left: net.SPY-revert-20261127-1.1.01
        "]],
    );
}

#[test]
fn before_it_leaves_an_order_can_be_taken_back_and_afterwards_it_is_frozen() {
    let mut batch = batch(&[("trend", 100), ("revert", -40)]);
    assert_eq!(batch.withdraw(&reference("revert")), Withdrawn::Yes);
    assert_eq!(batch.withdraw(&reference("revert")), Withdrawn::Unknown);
    assert_eq!(batch.release(|_| true), (vec![], Some(net(Side::Buy, 100))));
    assert_eq!(batch.withdraw(&reference("trend")), Withdrawn::Frozen);
    assert_eq!(batch.hold(reference("late"), Side::Sell, Qty::whole(1)), Err(NotHeld::Late));
}

#[test]
fn who_was_halted_meanwhile_is_out_before_the_difference_is_taken() {
    let mut batch = batch(&[("trend", 100), ("revert", -40)]);
    let (out, sent) = batch.release(|id| *id != reference("trend"));
    assert_eq!(out, [reference("trend")]);
    assert_eq!(sent, Some(net(Side::Sell, 40)));
}

#[test]
fn the_difference_is_taken_once() {
    let (mut batch, sent) = released(&[("trend", 100), ("revert", -40)]);
    assert!(sent.is_some());
    assert_eq!(batch.release(|_| true), (vec![], None));
}

#[test]
fn an_execution_that_the_broker_repeats_is_shared_once_and_a_better_price_corrects_the_shares() {
    let (mut batch, _) = released(&[("trend", 100), ("revert", -40)]);
    let first = batch.execution(&exec("01.01"), Qty::whole(60), px("600.25")).unwrap();
    assert_eq!(batch.execution(&exec("01.01"), Qty::whole(60), px("600.25")), Ok(vec![]));
    let corrected = batch.execution(&exec("01.02"), Qty::whole(60), px("600.24")).unwrap();
    check(
        &corrected,
        &expect![["
            SPY-trend-20261127-1 BUY 100 (40 crossed) at 600.24, 100 done, 0 left: net.SPY-trend-20261127-1.1.02
            SPY-revert-20261127-1 SELL 40 (40 crossed) at 600.24, 40 done, 0 left: net.SPY-revert-20261127-1.1.02
        "]],
    );
    for (before, after) in first.iter().zip(&corrected) {
        assert_eq!(before.exec_id.without_revision(), after.exec_id.without_revision());
    }
}

#[test]
fn what_does_not_fit_the_order_for_all_is_shared_with_nobody() {
    let mut held = batch(&[("trend", 100)]);
    let (of, qty) = (exec("01.01"), Qty::whole(61));
    assert_eq!(held.execution(&of, qty, px("1")), Err(NotShared::NotSent { exec_id: of.clone() }));
    let (mut batch, _) = released(&[("trend", 100), ("revert", -40)]);
    let no_fit = NotShared::DoesNotFit { exec_id: of.clone(), qty, left: 60 };
    assert_eq!(batch.execution(&of, qty, px("1")), Err(no_fit));
    batch.execution(&of, Qty::whole(50), px("600.25")).unwrap();
    let corrected = exec("01.02");
    let error = NotShared::QtyCorrected { exec_id: corrected.clone(), before: 50, qty: Qty::whole(49) };
    assert_eq!(batch.execution(&corrected, Qty::whole(49), px("600.25")), Err(error));
}

#[test]
fn the_commission_is_shared_by_quantity_to_its_last_digit() {
    let (mut batch, _) = released(&[("trend", 100), ("revert", -40)]);
    let of = exec("01.01");
    batch.execution(&of, Qty::whole(60), px("600.25")).unwrap();
    let usd = |text: &str| Money::parse(&format!("{text} USD")).unwrap();
    let shared = batch.commission(&of, usd("1.00")).unwrap();
    // 100 and 40 of 140: 0.71428.. and 0.28571..
    let amounts: Vec<_> = shared.iter().map(|(_, money)| *money).collect();
    assert_eq!(amounts, [usd("0.7143"), usd("0.2857")]);
    let rebate = batch.commission(&of, usd("-0.00035")).unwrap();
    let all = rebate.iter().try_fold(Money::zero(Currency::USD), |sum, (_, money)| sum.checked_add(*money));
    assert_eq!(all, Some(usd("-0.00035")));
    assert_eq!(batch.commission(&exec("09.01"), usd("1")), None);
}

#[test]
fn parts_of_units_and_more_orders_than_the_limit_are_not_held() {
    let mut batch = Batch::new(reference("plimsoll"));
    for qty in [Qty::ZERO, Qty::parse("0.5").unwrap(), Qty::MAX] {
        let held = batch.hold(reference("trend"), Side::Buy, qty);
        assert!(matches!(held, Err(NotHeld::Quantity { .. })), "{qty}");
    }
    for _ in 0..crate::limits::NETTED_ORDERS_MAX {
        batch.hold(reference("trend"), Side::Buy, Qty::whole(1)).unwrap();
    }
    let max = crate::limits::NETTED_ORDERS_MAX;
    assert_eq!(batch.hold(reference("trend"), Side::Buy, Qty::whole(1)), Err(NotHeld::TooMany { max }));
}

#[test]
fn the_difference_leaves_before_the_cutoff_by_the_lead_and_by_all_that_may_delay_it() {
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let ms = std::time::Duration::from_millis;
    let leaves = release_at(at("2026-11-27T17:50:00Z"), ms(2000), ms(40), ms(1000));
    assert_eq!(leaves, at("2026-11-27T17:49:56.96Z"));
}

#[test]
fn whatever_is_executed_the_shares_sum_to_it_and_nobody_gets_more_than_he_asked_for() {
    arbtest::arbtest(|u| {
        let mut orders = Vec::new();
        for at in 0..u.int_in_range(1..=6)? {
            let qty = u.int_in_range(1..=500_i64)?;
            orders.push((format!("bot{at}"), if u.arbitrary()? { qty } else { -qty }));
        }
        let named: Vec<(&str, i64)> = orders.iter().map(|(bot, qty)| (bot.as_str(), *qty)).collect();
        let (mut batch, sent) = released(&named);
        let mut left = sent.map_or(0, |net| net.qty.to_whole().unwrap());
        let mut all = Vec::new();
        for number in 1..=u.int_in_range(0..=4)? {
            if left == 0 {
                break;
            }
            let qty = u.int_in_range(1..=left)?;
            left -= qty;
            let shares =
                batch.execution(&exec(&format!("{number:02}.01")), Qty::whole(qty), px("7")).unwrap();
            let executed = Decimal::from(qty);
            let side = sent.unwrap().side;
            assert_eq!(sum(&shares), if side == Side::Buy { executed } else { -executed });
            all.extend(shares);
        }
        let lost = batch.ended();
        all.extend(batch.official_close(px("7")));
        for (bot, wanted) in &named {
            let id = reference(bot);
            let got: Decimal = all.iter().filter(|s| s.cl_ord_id == id).map(|s| s.last_qty.get()).sum();
            let lost: Decimal = lost.iter().filter(|(of, _)| *of == id).map(|(_, qty)| qty.get()).sum();
            assert_eq!(got + lost, Decimal::from(wanted.unsigned_abs()), "{named:?}");
        }
        let lost: Decimal = lost.iter().map(|(_, qty)| qty.get()).sum();
        assert_eq!(lost, Decimal::from(left), "what was not executed, and nothing else");
        Ok(())
    });
}
