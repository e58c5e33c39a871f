//! Pairs and differences, each by hand.

use plimsoll_model::{Account, ExecId, InstrumentId, Money, Price, Qty, Side};
use rust_decimal::Decimal;

use super::{Books, BreakKind, Certainty, Comparison, Entry, Pays, compare};
use crate::line::Terms;

fn entry(side: Side, qty: u64, px: &str, at: &str) -> Entry {
    Entry {
        exec_id: None,
        trade_id: None,
        order_ref: None,
        bot: None,
        account: Account::new("U1").unwrap(),
        instrument: InstrumentId::us_stock("SPY"),
        terms: Terms::US_STOCK,
        pays: Pays::Principal,
        side,
        qty: Qty::whole(qty),
        px: Some(Price::parse(px).unwrap()),
        at: Some(format!("2026-11-27T{at}Z").parse().unwrap()),
        date: Some(jiff::civil::date(2026, 11, 27)),
        fee: Money::parse("1 USD"),
        taxes: Decimal::ZERO,
    }
}

fn named(id: &str, entry: Entry) -> Entry {
    Entry { exec_id: ExecId::new(&format!("0000e1a7.67412a01.{id}")), ..entry }
}

fn books(entries: &[&Entry]) -> Books {
    Books { entries: entries.iter().map(|entry| (*entry).clone()).collect(), ..Books::default() }
}

fn both(ours: &[&Entry], theirs: &[&Entry]) -> Comparison {
    compare(&books(ours), &books(theirs))
}

fn kinds(found: &Comparison) -> Vec<BreakKind> {
    found.breaks.iter().map(|one| one.kind).collect()
}

#[test]
fn a_correction_is_the_execution_that_it_corrects() {
    let ours = named("01.01", entry(Side::Buy, 10, "600", "14:30:00"));
    let theirs = named("01.02", entry(Side::Buy, 12, "600", "14:30:00"));
    let found = both(&[&ours], &[&theirs]);
    assert_eq!((found.matched(Certainty::ExecId), kinds(&found)), (1, vec![BreakKind::Quantity]));
}

#[test]
fn two_that_name_different_executions_are_never_one_however_alike() {
    let ours = named("01.01", entry(Side::Buy, 10, "600", "14:30:00"));
    let theirs = named("02.01", entry(Side::Buy, 10, "600", "14:30:00"));
    let found = both(&[&ours], &[&theirs]);
    assert_eq!(kinds(&found), [BreakKind::Doubled, BreakKind::OnlyStatement]);
}

#[test]
fn without_a_number_value_and_time_decide_up_to_two_minutes() {
    let ours = entry(Side::Buy, 10, "600", "14:30:00");
    let at_limit = Entry { fee: None, ..entry(Side::Buy, 10, "600", "14:32:00") };
    let beyond = entry(Side::Buy, 10, "600", "14:32:01");
    assert_eq!(both(&[&ours], &[&at_limit]).matched(Certainty::Value), 1);
    assert_eq!(both(&[&ours], &[&beyond]).matches.len(), 0);
}

#[test]
fn a_day_without_a_time_is_enough_and_another_day_is_not() {
    let ours = entry(Side::Buy, 10, "600", "14:30:00");
    let day = Entry { at: None, ..ours.clone() };
    let next = Entry { date: Some(jiff::civil::date(2026, 11, 28)), ..day.clone() };
    assert_eq!(both(&[&ours], &[&day]).matches.len(), 1);
    assert_eq!(both(&[&ours], &[&next]).matches.len(), 0);
}

#[test]
fn of_several_alike_the_number_is_certain_and_which_is_which_is_not() {
    let one = entry(Side::Buy, 100, "2.31", "15:12:36");
    let two = entry(Side::Buy, 100, "2.31", "15:13:51");
    let found = both(&[&one, &two], &[&one, &two]);
    assert_eq!((found.matched(Certainty::Alike), found.breaks.len()), (2, 0));
    let found = both(&[&one], &[&one, &two]);
    assert_eq!(kinds(&found), [BreakKind::OnlyStatement]);
    let found = both(&[&one, &one], &[&one]);
    assert_eq!(kinds(&found), [BreakKind::Doubled]);
}

#[test]
fn an_order_s_reference_tells_two_bots_of_one_value_apart() {
    let of = |order: &str| Entry { order_ref: Some(order.into()), ..entry(Side::Buy, 10, "600", "14:30:00") };
    let found = both(&[&of("SPY-a-20261127-1"), &of("SPY-b-20261127-1")], &[&of("SPY-b-20261127-1")]);
    assert_eq!((found.matches[0].ours, found.matches[0].certainty), (1, Certainty::OrderRef));
    assert_eq!(&*found.breaks[0].name, "order SPY-a-20261127-1");
}

#[test]
fn taxes_may_be_in_the_commission_or_beside_it() {
    let theirs = Entry {
        fee: Money::parse("3 USD"),
        taxes: Decimal::new(21, 1),
        ..entry(Side::Buy, 10, "600", "14:30:00")
    };
    let together = Entry { fee: Money::parse("5.1 USD"), taxes: Decimal::ZERO, ..theirs.clone() };
    let apart = Entry { taxes: Decimal::ZERO, ..theirs.clone() };
    let wrong = Entry { fee: Money::parse("5 USD"), ..apart.clone() };
    assert_eq!(kinds(&both(&[&together], &[&theirs])), []);
    assert_eq!(kinds(&both(&[&apart], &[&theirs])), []);
    assert_eq!(kinds(&both(&[&wrong], &[&theirs])), [BreakKind::Commission]);
}

#[test]
fn an_unknown_commission_is_a_break_and_one_that_the_statement_leaves_out_is_none() {
    let known = entry(Side::Buy, 10, "600", "14:30:00");
    let unknown = Entry { fee: None, ..known.clone() };
    let found = both(&[&unknown], &[&known]);
    assert_eq!(kinds(&found), [BreakKind::CommissionUnknown]);
    assert_eq!(
        found.breaks[0].effect.as_ref().unwrap().cash[&plimsoll_model::Currency::USD].to_string(),
        "-1"
    );
    let found = both(&[&known], &[&unknown]);
    assert_eq!((found.breaks.len(), found.commissions_not_told), (0, 1));
}

#[test]
fn a_missed_execution_explains_the_holding_and_the_cash_and_nothing_more() {
    let one = named("01.01", entry(Side::Buy, 10, "600", "14:30:00"));
    let key = (one.account.clone(), one.instrument.clone());
    let cash = (one.account.clone(), plimsoll_model::Currency::USD);
    let side = |entries: &[&Entry], held: i64, money: &str| Books {
        positions: [(key.clone(), plimsoll_model::Position::new(held.into()))].into(),
        complete: [one.account.clone()].into(),
        cash: [(cash.clone(), Decimal::from_str_exact(money).unwrap())].into(),
        ..books(entries)
    };
    // Ten shares at 600 and a dollar of commission.
    let theirs = side(&[&one], 10, "3999");
    assert_eq!(kinds(&compare(&side(&[], 0, "10000"), &theirs)), [BreakKind::OnlyStatement]);
    // A share and ten dollars more than that.
    let found = compare(&side(&[], 1, "10010"), &theirs);
    assert_eq!(kinds(&found), [BreakKind::OnlyStatement, BreakKind::Position, BreakKind::Cash]);
    assert_eq!(found.breaks[1].effect.as_ref().unwrap().qty.to_string(), "-1");
    assert_eq!(
        (found.breaks[2].ledger.as_deref(), found.breaks[2].venue.as_deref()),
        (Some("10010"), Some("3999"))
    );
}

#[test]
fn what_a_complete_list_of_holdings_leaves_out_is_flat() {
    let key = (Account::new("U1").unwrap(), InstrumentId::us_stock("QQQ"));
    let ours = Books {
        positions: [(key.clone(), plimsoll_model::Position::new(5.into()))].into(),
        ..Books::default()
    };
    assert_eq!(compare(&ours, &Books::default()).breaks, []);
    let theirs = Books { complete: [key.0].into(), ..Books::default() };
    assert_eq!(kinds(&compare(&ours, &theirs)), [BreakKind::Position]);
}

#[test]
fn an_execution_that_the_broker_took_back_is_told_as_that() {
    let one = named("01.01", entry(Side::Buy, 10, "600", "14:30:00"));
    let theirs = Books { busted: vec![one.clone()], ..Books::default() };
    let found = compare(&books(&[&one]), &theirs);
    assert_eq!(kinds(&found), [BreakKind::Busted]);
    assert_eq!(found.breaks[0].effect.as_ref().unwrap().qty.to_string(), "-10");
}

#[test]
fn a_hundred_thousand_of_one_value_are_matched_in_one_walk() {
    let one = entry(Side::Buy, 100, "2.31", "15:12:36");
    let many = Books { entries: vec![one; 100_000], ..Books::default() };
    let found = compare(&many, &many);
    assert_eq!((found.matched(Certainty::Alike), found.breaks.len()), (100_000, 0));
}

fn share(id: &str, bot: &str, fee: &str, entry: Entry) -> Entry {
    Entry {
        exec_id: ExecId::new(&format!("net.{id}.1.01")),
        bot: plimsoll_model::BotName::new(bot),
        fee: Money::parse(fee),
        ..entry
    }
}

#[test]
fn shares_of_bots_sum_to_the_one_execution_that_the_broker_has() {
    let trend = share("SPY-trend-20261127-1", "trend", "0.7 USD", entry(Side::Buy, 100, "600", "21:00:00"));
    let revert =
        share("SPY-revert-20261127-1", "revert", "0.3 USD", entry(Side::Sell, 40, "600", "21:00:00"));
    let whole = named("01.01", entry(Side::Buy, 60, "600", "21:00:01"));
    let whole = Entry { bot: plimsoll_model::BotName::new("fleet"), ..whole };
    let found = both(&[&trend, &revert], &[&whole]);
    assert_eq!((found.matched(Certainty::Shared), found.breaks.len()), (2, 0));
    let dearer = Entry { fee: Money::parse("1.5 USD"), ..whole.clone() };
    assert_eq!(kinds(&both(&[&trend, &revert], &[&dearer])), [BreakKind::Commission]);
    let more = Entry { qty: Qty::whole(61), ..whole };
    let apart = [BreakKind::OnlyLedger, BreakKind::OnlyLedger, BreakKind::OnlyStatement];
    assert_eq!(kinds(&both(&[&trend, &revert], &[&more])), apart);
}

#[test]
fn bots_that_cross_each_other_need_no_execution_of_the_broker_s() {
    let buys = share("SPY-trend-20261127-1", "trend", "0 USD", entry(Side::Buy, 40, "600", "21:00:00"));
    let sells = share("SPY-revert-20261127-1", "revert", "0 USD", entry(Side::Sell, 40, "600", "21:00:00"));
    let found = both(&[&buys, &sells], &[]);
    assert_eq!((found.crossed, found.breaks.len()), (2, 0));
    assert_eq!(kinds(&both(&[&buys], &[])), [BreakKind::OnlyLedger]);
}
