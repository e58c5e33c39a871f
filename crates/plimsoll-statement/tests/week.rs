//! A made-up week of two accounts, with sums that were computed by hand.

use jiff::tz::TimeZone;
use plimsoll_ledger::CashKind;
use plimsoll_model::Side;
use plimsoll_statement::{STATEMENT_ZONE, StatementFile, TradeKind, read};

const WEEK: &str = include_str!("vectors/week.xml");

fn week() -> StatementFile {
    read(WEEK.as_bytes()).expect("a sound file")
}

#[test]
fn each_account_has_a_statement_of_its_own_and_nothing_is_odd() {
    let file = week();
    assert_eq!(file.problems, []);
    let seen: Vec<_> = file
        .statements
        .iter()
        .map(|s| {
            (
                s.account.as_ref().unwrap().as_str(),
                s.trades.len(),
                s.cash.len(),
                s.from.unwrap(),
                s.to.unwrap(),
            )
        })
        .collect();
    let (first, last) = (jiff::civil::date(2026, 11, 23), jiff::civil::date(2026, 11, 27));
    assert_eq!(seen, [("U7000001", 9, 6, first, last), ("U7000002", 0, 2, first, last)]);
}

#[test]
fn rows_that_repeat_others_in_sums_are_left_out() {
    let file = week();
    let first = &file.statements[0];
    // An order and a sum by symbol beside the trades, a lot beside a holding, a summary beside a dividend.
    assert_eq!((first.trade_sums, first.open_positions.len()), (2, 3));
    assert!(first.cash.iter().all(|cash| !cash.is_summary));
}

#[test]
fn a_trade_is_read_with_its_instrument_its_money_and_its_time() {
    let file = week();
    let [bought, _, _, closed, call, abroad, ..] = &*file.statements[0].trades else { panic!("trades") };
    let zone = TimeZone::get(STATEMENT_ZONE).unwrap();
    // 09:31:05 in New York's winter.
    assert_eq!(bought.at.unwrap().instant(&zone).unwrap().to_string(), "2026-11-23T14:31:05Z");
    assert_eq!(bought.exec_id.as_ref().unwrap().as_str(), "0000e1a7.67412a01.01.01");
    assert_eq!(bought.order_ref.as_deref(), Some("SPY-trend-20261123-1"));
    assert_eq!(bought.commission.unwrap().to_string(), "1 USD");
    assert_eq!((closed.exec_id.as_ref(), closed.side), (None, Side::Sell));
    assert_eq!(closed.realised.unwrap().to_string(), "157.65");
    assert_eq!(call.asset.instrument.as_str(), "SPY.OPT.USD.20261218.C.620");
    assert_eq!(call.asset.terms.multiplier.to_string(), "100");
    assert_eq!(abroad.asset.instrument.as_str(), "SAP.STK.EUR");
    assert_eq!(abroad.taxes.to_string(), "2.1");
}

#[test]
fn a_cancellation_names_what_it_takes_back_and_keeps_the_side_of_that() {
    let file = week();
    let cancel = file.statements[0].trades.last().unwrap();
    assert_eq!((cancel.kind.clone(), cancel.side), (TradeKind::Cancel, Side::Buy));
    assert_eq!(cancel.original_trade_id.as_deref(), Some("8100008"));
    assert_eq!(cancel.signed_qty.to_string(), "-5");
    assert_eq!(cancel.commission.unwrap().to_string(), "-1 USD");
}

#[test]
fn money_without_a_trade_is_read_with_what_it_was_for() {
    let file = week();
    let all: Vec<_> =
        file.statements[0].cash.iter().map(|c| (c.kind, c.amount.to_string(), &*c.description)).collect();
    assert_eq!(
        all,
        [
            (CashKind::Dividend, "17.5 USD".to_owned(), "SPY CASH DIVIDEND USD 1.75 PER SHARE"),
            (
                CashKind::WithholdingTax,
                "-2.63 USD".to_owned(),
                "SPY CASH DIVIDEND USD 1.75 PER SHARE - US TAX"
            ),
            (CashKind::Fee, "-4.5 USD".to_owned(), "DATA & NEWS FOR NOV 2026"),
            (CashKind::Interest, "-1.27 EUR".to_owned(), "EUR DEBIT INT FOR OCT-2026"),
            (CashKind::Transfer, "2500 USD".to_owned(), "CASH RECEIPTS / ELECTRONIC FUND TRANSFERS"),
            (CashKind::SalesTax, "-0.9 USD".to_owned(), "DATA"),
        ]
    );
}
