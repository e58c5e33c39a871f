//! A ledger of a statement's own trades agrees with it, and one that missed a trade, has one twice or heard another
//! commission differs in exactly that. What is expected comes from the statement's own sums.

use std::path::PathBuf;

use plimsoll_ledger::statement::{Break, BreakKind, Certainty, compare};
use plimsoll_model::{Currency, Money};
use plimsoll_statement::{OwnLedger, Statement, StatementFile, Trade, books_for_own, read};
use rust_decimal::Decimal;

const WEEK: &str = include_str!("vectors/week.xml");

fn week() -> StatementFile {
    read(WEEK.as_bytes()).expect("a sound file")
}

/// The differences of a ledger with these trades.
fn breaks(statement: &Statement, trades: &[&Trade]) -> Vec<Break> {
    let own = OwnLedger::of_trades(statement, trades);
    assert_eq!(own.refused, [""; 0]);
    compare(&own.books(statement, trades), &books_for_own(statement)).breaks
}

fn kinds(breaks: &[Break]) -> Vec<BreakKind> {
    breaks.iter().map(|one| one.kind).collect()
}

fn others<'a>(statement: &'a Statement, without: &Trade) -> Vec<&'a Trade> {
    statement.trades.iter().filter(|trade| *trade != without).collect()
}

/// One trade removed, one doubled, one commission altered, for each trade that counts.
fn changes_are_found(name: &str, statement: &Statement) {
    let all: Vec<&Trade> = statement.trades.iter().collect();
    assert_eq!(breaks(statement, &all), [], "{name}");
    for trade in statement.counted().0 {
        let label = format!("{name}: {}", trade.name());
        let found = breaks(statement, &others(statement, trade));
        assert_eq!(kinds(&found), [BreakKind::OnlyStatement], "{label}");
        let Some(effect) = &found[0].effect else {
            // One sample has no prices, and no exact one follows from its sums.
            assert!(trade.px.is_none() && trade.rounded_px.is_some(), "{label}");
            continue;
        };
        assert_eq!(effect.qty, trade.signed_qty, "{label}");
        // What the trade moved in its own currency, by the statement's own column for it.
        let proceeds = trade.proceeds.filter(|_| trade.asset.is_paid_for());
        if let (Some(proceeds), Some(fee)) = (proceeds, trade.commission)
            && fee.currency == trade.asset.terms.currency
        {
            let moved = proceeds - fee.amount - trade.taxes;
            assert_eq!(effect.cash.get(&fee.currency).copied().unwrap_or_default(), moved, "{label}");
        }

        let again = Trade { exec_id: None, trade_id: Some("again".into()), order_ref: None, ..trade.clone() };
        let doubled: Vec<&Trade> = all.iter().copied().chain([&again]).collect();
        let found = breaks(statement, &doubled);
        assert_eq!(kinds(&found), [BreakKind::Doubled], "{label}");
        assert_eq!(found[0].effect.as_ref().expect("exact").qty, -trade.signed_qty, "{label}");

        let Some(fee) = trade.commission else { continue };
        let altered = Trade {
            commission: Some(Money { amount: fee.amount + Decimal::new(37, 2), ..fee }),
            ..trade.clone()
        };
        let mut changed = others(statement, trade);
        changed.push(&altered);
        let found = breaks(statement, &changed);
        assert_eq!(kinds(&found), [BreakKind::Commission], "{label}");
        let by = found[0].effect.as_ref().expect("exact").cash[&fee.currency];
        assert_eq!(by, Decimal::new(37, 2), "{label}");
    }
}

#[test]
fn one_trade_less_one_twice_or_another_commission_is_exactly_one_break() {
    for statement in &week().statements {
        changes_are_found("week", statement);
    }
}

#[test]
fn the_ledger_of_the_week_has_the_sums_of_its_cash_report_and_its_holdings() {
    let file = week();
    let statement = &file.statements[0];
    let trades: Vec<&Trade> = statement.trades.iter().collect();
    let own = OwnLedger::of(statement);
    let books = own.books(statement, &trades);
    let cash: Vec<_> = books.cash.iter().map(|((_, currency), sum)| format!("{sum} {currency}")).collect();
    assert_eq!(cash, ["1888.63 EUR", "66368.7133 USD"]);
    let held: Vec<_> = books.positions.iter().map(|((_, of), held)| format!("{held} {of}")).collect();
    assert_eq!(held, ["0 QQQ", "10 SAP.STK.EUR", "70 SPY", "2 SPY.OPT.USD.20261218.C.620"]);
    // Fifty shares, 3.20 each, less 1 and 1.35; opened and closed within the week, so every way of counting agrees.
    let realised = &books_for_own(statement).realised;
    let of: Vec<_> = realised.iter().map(|((_, of), sum)| format!("{of} {sum}")).collect();
    assert_eq!(of, ["QQQ 157.65 USD"]);
}

#[test]
fn an_execution_without_a_number_is_matched_by_its_trade_and_that_is_said() {
    let file = week();
    let statement = &file.statements[0];
    let trades: Vec<&Trade> = statement.trades.iter().collect();
    let found = compare(&OwnLedger::of(statement).books(statement, &trades), &books_for_own(statement));
    assert_eq!((found.matched(Certainty::ExecId), found.matched(Certainty::TradeId)), (6, 1));
}

#[test]
fn a_ledger_that_never_heard_of_a_cancellation_is_told_that_the_trade_was_taken_back() {
    let file = week();
    let statement = &file.statements[0];
    let trades: Vec<&Trade> = statement.trades.iter().filter(|trade| !trade.is_cancel()).collect();
    let found = breaks(statement, &trades);
    assert_eq!((kinds(&found), &*found[0].name), (vec![BreakKind::Busted], "0000e1a7.67412a08.01.01"));
    let effect = found[0].effect.as_ref().unwrap();
    // Five shares at 601 and a dollar come back.
    assert_eq!((effect.qty, effect.cash[&Currency::USD]), (Decimal::from(-5), Decimal::from(3006)));
}

#[test]
fn money_that_was_never_booked_is_a_break_in_its_currency_alone() {
    let mut file = week();
    let whole = books_for_own(&file.statements[0]);
    let statement = &mut file.statements[0];
    statement.cash.retain(|cash| cash.amount.to_string() != "-1.27 EUR");
    let trades: Vec<&Trade> = statement.trades.iter().collect();
    let own = OwnLedger::of(statement);
    let found = compare(&own.books(statement, &trades), &whole).breaks;
    assert_eq!((kinds(&found), found[0].about.as_str()), (vec![BreakKind::Cash], "EUR"));
    assert_eq!((found[0].ledger.as_deref(), found[0].venue.as_deref()), (Some("1889.9"), Some("1888.63")));
}

#[test]
fn a_statement_without_trades_tests_its_cash() {
    let file = week();
    let statement = &file.statements[1];
    let own = OwnLedger::of(statement);
    let books = own.books(statement, &[]);
    // 1000 and 54.24 of dividends less 20 of advice.
    assert_eq!(books.cash.values().map(ToString::to_string).collect::<Vec<_>>(), ["1034.24"]);
    assert_eq!(compare(&books, &books_for_own(statement)).breaks, []);
}

#[test]
fn every_sample_agrees_with_a_ledger_of_its_own_trades_and_each_change_is_found() {
    let Ok(shared) = std::env::var("PLIMSOLL_SHARED") else {
        eprintln!("PLIMSOLL_SHARED is not set; no statement was read");
        return;
    };
    let folder = PathBuf::from(shared).join("data/broker/ibkr_flex");
    let (mut trades, mut sums, mut without_price) = (0, 0, 0);
    for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let file = read(std::io::BufReader::new(std::fs::File::open(&path).unwrap())).unwrap();
        for statement in &file.statements {
            changes_are_found(&name, statement);
            without_price += statement.trades.iter().filter(|trade| trade.px.is_none()).count();
            trades += statement.counted().0.len();
            let all: Vec<&Trade> = statement.trades.iter().collect();
            let books = OwnLedger::of(statement).books(statement, &all);
            // Whatever the ledger has in cash is what the broker's report ends with.
            for (key, ending) in &books_for_own(statement).cash {
                assert_eq!(books.cash.get(key), Some(ending), "{name}");
                sums += 1;
            }
            // And what it holds of each instrument is the plain sum of the statement's quantities.
            for row in OwnLedger::of(statement).ledger.rows() {
                let of_it = statement.trades.iter().filter(|t| t.asset.instrument == row.instrument);
                let held: Decimal =
                    of_it.filter(|t| t.account == row.account).map(|trade| trade.signed_qty).sum();
                let rows = OwnLedger::of(statement).ledger.rows_of(&row.account, &row.instrument);
                assert_eq!(rows.iter().map(|row| row.qty.get()).sum::<Decimal>(), held, "{name}");
            }
        }
    }
    // One of the 39 takes another back; two statements have a report of their cash.
    assert_eq!((trades, sums, without_price), (37, 2, 1));
}
