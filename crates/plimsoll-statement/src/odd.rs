//! What a statement says that contradicts itself. Nothing is left out for it; a person should know.

use std::collections::BTreeMap;

use jiff::Timestamp;
use plimsoll_model::{Account, Currency};
use rust_decimal::Decimal;

use crate::books::statement_zone;
use crate::error::shown;
use crate::read::Statement;
use crate::trade::Trade;

/// The broker rounds what it pays to cents.
const CENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// What is odd about a statement, in sentences.
pub fn oddities(statement: &Statement) -> Vec<String> {
    let mut odd = Vec::new();
    dates(statement, &mut odd);
    accounts(statement, &mut odd);
    for trade in &statement.trades {
        price(trade, &mut odd);
    }
    repeated(statement, &mut odd);
    sums(statement, &mut odd);
    foreign_currencies(statement, &mut odd);
    odd
}

fn dates(statement: &Statement, odd: &mut Vec<String>) {
    let (Some(from), Some(to)) = (statement.from, statement.to) else {
        odd.push("the statement does not say which days it covers".to_owned());
        return;
    };
    if from > to {
        odd.push(format!("the statement's first day {from} is after its last day {to}"));
    }
    if let Some(made) = statement.generated.filter(|made| made.date < to) {
        odd.push(format!("the statement was made on {}, before its last day {to}", made.date));
    }
    for trade in &statement.trades {
        let day = trade.report_date.or(trade.at.map(|at| at.date));
        if let Some(day) = day.filter(|day| *day < from || *day > to) {
            odd.push(format!("{} is of {day}, outside of {from} to {to}", trade.name()));
        }
    }
}

fn accounts(statement: &Statement, odd: &mut Vec<String>) {
    let Some(own) = &statement.account else { return };
    let mut others: BTreeMap<&Account, u64> = BTreeMap::new();
    let of_trades = statement.trades.iter().map(|trade| &trade.account);
    let of_cash = statement.cash.iter().map(|cash| &cash.account);
    for account in of_trades.chain(of_cash).filter(|account| *account != own) {
        *others.entry(account).or_default() += 1;
    }
    for (account, rows) in others {
        odd.push(format!("{rows} rows in the statement of {own} are of {account}; they were counted there"));
    }
}

/// What price and quantity come to, against what the broker says that it paid.
fn price(trade: &Trade, odd: &mut Vec<String>) {
    if let Some(px) = trade.rounded_px {
        odd.push(format!("{} has no price; {px} was derived from its sums and rounded", trade.name()));
    } else if trade.px.is_none() {
        odd.push(format!("{} has no price, and none follows from its sums", trade.name()));
    }
    let units = trade.signed_qty.checked_mul(trade.asset.terms.multiplier);
    let (Some(px), Some(proceeds), Some(units)) = (trade.px, trade.proceeds, units) else { return };
    let Some(expected) = px.get().checked_mul(-units) else { return };
    let Some(gap) = expected.checked_sub(proceeds) else { return };
    if gap.abs() > CENT {
        odd.push(format!(
            "{} brought {proceeds}, but price and quantity come to {}",
            trade.name(),
            expected.normalize()
        ));
    }
}

fn repeated(statement: &Statement, odd: &mut Vec<String>) {
    let mut seen = BTreeMap::new();
    for trade in &statement.trades {
        if let Some(id) = &trade.exec_id
            && let Some(first) = seen.insert(id, trade.line)
        {
            odd.push(format!("{} is in line {first} and again in line {}", trade.name(), trade.line));
        }
    }
}

/// The lines of a cash report, against its own end.
fn sums(statement: &Statement, odd: &mut Vec<String>) {
    for report in &statement.cash_reports {
        let sum = report.starting.checked_add(report.listed);
        if sum.is_some_and(|sum| sum != report.ending) {
            let currency =
                report.currency.map_or("the base currency".to_owned(), |currency| currency.to_string());
            odd.push(format!(
                "the cash report of {} in {currency} lists {}, from {} to {}; a part is not listed",
                report.account, report.listed, report.starting, report.ending
            ));
        }
    }
}

/// The broker's separate count of a foreign currency, move by move, against the trades of the same moment.
fn foreign_currencies(statement: &Statement, odd: &mut Vec<String>) {
    let zone = statement_zone();
    let mut traded: BTreeMap<(Currency, Timestamp), Option<Decimal>> = BTreeMap::new();
    for trade in &statement.trades {
        let entry = trade.entry(&zone);
        let (Some(effect), Some(at)) = (entry.effect(), entry.at) else { continue };
        for (currency, amount) in effect.cash {
            let sum = traded.entry((currency, at)).or_insert(Some(Decimal::ZERO));
            *sum = sum.and_then(|sum| sum.checked_add(amount));
        }
    }
    for moved in &statement.fx_moves {
        let Some(at) = moved.at.and_then(|at| at.instant(&zone)) else { continue };
        let of_trades = traded.get(&(moved.amount.currency, at));
        if let Some(Some(sum)) = of_trades.filter(|sum| **sum != Some(moved.amount.amount)) {
            odd.push(format!(
                "line {}: {} moved by `{}`, but the trades of that moment by {sum}",
                moved.line,
                moved.amount,
                shown(&moved.description)
            ));
        }
    }
}
