//! The statement that a simulated venue's own books give, in the broker's form (Flex XML): what `nightly` compares with where
//! there is no broker.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Date;
use plimsoll_statement::statement_zone;
use rust_decimal::Decimal;
use serde_json::Value;

/// A field of the form and its text.
pub(crate) type Field = (&'static str, String);

/// One account of the venue's state and one day; each trade's fields pass through `change` on their way.
pub(crate) fn flex(
    venue: &Value,
    account: &str,
    date: Date,
    equity: Decimal,
    change: impl Fn(&mut Vec<Field>),
) -> String {
    let day = date.strftime("%Y%m%d");
    let mut trades = String::new();
    for row in rows_of(venue, "executions", account) {
        let mut fields = trade(row);
        change(&mut fields);
        trades.push_str("<Trade currency=\"USD\" fxRateToBase=\"1\" assetCategory=\"STK\" multiplier=\"1\"");
        for (name, value) in fields {
            // Writing to a string cannot fail, here and below.
            let _ = write!(trades, " {name}=\"{value}\"");
        }
        trades.push_str("/>");
    }
    let mut held = String::new();
    for row in rows_of(venue, "positions", account) {
        let (symbol, qty) = (text(row, "symbol"), text(row, "qty"));
        let _ = write!(
            held,
            "<OpenPosition accountId=\"{account}\" currency=\"USD\" fxRateToBase=\"1\" assetCategory=\"STK\" \
             multiplier=\"1\" symbol=\"{symbol}\" position=\"{qty}\" markPrice=\"600\"/>"
        );
    }
    format!(
        "<FlexQueryResponse><FlexStatements><FlexStatement accountId=\"{account}\" fromDate=\"{day}\" \
         toDate=\"{day}\"><AccountInformation accountId=\"{account}\" currency=\"USD\"/><EquitySummaryInBase>\
         <EquitySummaryByReportDateInBase accountId=\"{account}\" reportDate=\"{day}\" total=\"{equity}\"/>\
         </EquitySummaryInBase><OpenPositions>{held}</OpenPositions><Trades>{trades}</Trades></FlexStatement>\
         </FlexStatements></FlexQueryResponse>"
    )
}

fn rows_of<'a>(venue: &'a Value, key: &str, account: &'a str) -> impl Iterator<Item = &'a Value> {
    venue[key].as_array().into_iter().flatten().filter(move |row| row["account"] == account)
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}

fn trade(row: &Value) -> Vec<Field> {
    let at: Timestamp = text(row, "at").parse().expect("the venue tells the time of each execution");
    let sign = if text(row, "side") == "SELL" { "-" } else { "" };
    vec![
        ("accountId", text(row, "account").to_owned()),
        ("symbol", text(row, "symbol").to_owned()),
        ("quantity", format!("{sign}{}", text(row, "qty"))),
        ("tradePrice", text(row, "price").to_owned()),
        ("ibCommission", format!("-{}", text(row, "commission"))),
        ("buySell", text(row, "side").to_owned()),
        ("ibExecID", text(row, "exec_id").to_owned()),
        ("orderReference", text(row, "order_ref").to_owned()),
        ("dateTime", statement_zone().to_datetime(at).strftime("%Y%m%d;%H%M%S").to_string()),
    ]
}
