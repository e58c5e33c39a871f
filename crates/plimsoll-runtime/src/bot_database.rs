//! What a bot itself believes that it earned: its own database, `SQLite` or CSV, by the mapping of the configuration.
//!
//! Read only, within limits, and never trusted: it is one side of a comparison.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use plimsoll_model::Money;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use rust_decimal::Decimal;

use crate::config::BotDatabase;

/// Rows that are read of one database.
const ROWS_MAX: usize = 5_000_000;
/// Bytes of a line of CSV.
const LINE_MAX: u64 = 64 << 10;
/// An instant in seconds is below this; above it milliseconds, microseconds, nanoseconds.
const SECONDS_MAX: u64 = 100_000_000_000;

/// Why nothing is known of it.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {what}; the bot's own profit was not compared")]
pub struct DatabaseError {
    file: String,
    what: String,
}

/// What the bot wrote down for a span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnProfit {
    /// Net of its fees.
    pub profit: Money,
    /// From how many rows.
    pub rows: u64,
}

/// Sums the rows from one instant to another, the second not included.
pub fn profit(database: &BotDatabase, from: Timestamp, to: Timestamp) -> Result<OwnProfit, DatabaseError> {
    let mut sum = Sum { database, from, to, profit: Decimal::ZERO, rows: 0, seen: 0 };
    let read = match &database.table {
        Some(table) => of_sqlite(database, table, &mut sum),
        None => of_csv(database, &mut sum),
    };
    read.map_err(|what| DatabaseError { file: database.file.display().to_string(), what })?;
    Ok(OwnProfit { profit: Money { amount: sum.profit, currency: database.currency }, rows: sum.rows })
}

struct Sum<'a> {
    database: &'a BotDatabase,
    from: Timestamp,
    to: Timestamp,
    profit: Decimal,
    rows: u64,
    seen: usize,
}

impl Sum<'_> {
    /// One row, as texts; an empty profit is a trade that is still open.
    fn add(&mut self, time: &str, profit: &str, fees: Option<&str>) -> Result<(), String> {
        self.seen += 1;
        if self.seen > ROWS_MAX {
            return Err(format!("it has more than {ROWS_MAX} rows"));
        }
        if time.trim().is_empty() || profit.trim().is_empty() {
            return Ok(());
        }
        let at = instant(time.trim(), &self.database.zone)
            .ok_or_else(|| format!("`{time}` in column {} is no time", self.database.time))?;
        if at < self.from || at >= self.to {
            return Ok(());
        }
        let number = |text: &str, column: &str| {
            let read = decimal(text.trim());
            read.ok_or_else(|| format!("`{text}` in column {column} is no number of at most 28 digits"))
        };
        let profit = number(profit, &self.database.profit)?;
        let fees = match (fees.map(str::trim), &self.database.fees) {
            (Some(text), Some(column)) if !text.is_empty() => number(text, column)?,
            _ => Decimal::ZERO,
        };
        let net = profit.checked_sub(fees).and_then(|net| self.profit.checked_add(net));
        self.profit = net.ok_or("its sum needs more than 28 digits")?;
        self.rows += 1;
        Ok(())
    }
}

fn decimal(text: &str) -> Option<Decimal> {
    if text.contains(['e', 'E']) {
        return Decimal::from_scientific(text).ok();
    }
    Decimal::from_str_exact(text).ok()
}

/// RFC 3339, a civil time, a date, or a number of seconds or of their thousandths since 1970. A date may be written as a number
/// (`20261127`, `20261127153000`): read as seconds it would be a day in 1970, and as thousandths one in the year 2612.
fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Some(civil) = digits(text) {
        return zone.to_timestamp(civil).ok();
    }
    if let Ok(number) = text.parse::<i64>() {
        let size = number.unsigned_abs();
        return if size < SECONDS_MAX {
            Timestamp::from_second(number).ok()
        } else if size < SECONDS_MAX * 1_000 {
            Timestamp::from_millisecond(number).ok()
        } else if size < SECONDS_MAX * 1_000_000 {
            Timestamp::from_microsecond(number).ok()
        } else {
            Timestamp::from_nanosecond(number.into()).ok()
        };
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let civil: DateTime = match text.parse::<DateTime>() {
        Ok(civil) => civil,
        Err(_) => text.parse::<Date>().ok()?.at(0, 0, 0, 0),
    };
    zone.to_timestamp(civil).ok()
}

/// A date, or a date and a time, in digits only.
fn digits(text: &str) -> Option<DateTime> {
    if !matches!(text.len(), 8 | 14) || !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or("0").parse::<i8>().ok();
    let year = text[..4].parse::<i16>().ok().filter(|year| (1970..2200).contains(year))?;
    DateTime::new(year, part(4, 6)?, part(6, 8)?, part(8, 10)?, part(10, 12)?, part(12, 14)?, 0).ok()
}

fn of_sqlite(database: &BotDatabase, table: &str, sum: &mut Sum<'_>) -> Result<(), String> {
    if !database.file.exists() {
        return Err("is not there".to_owned());
    }
    let wrong = |error: rusqlite::Error| error.to_string();
    let connection =
        Connection::open_with_flags(&database.file, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(wrong)?;
    // The names hold no quote: the configuration sees to that.
    let fees = database.fees.as_deref().map_or("NULL".to_owned(), |fees| format!("\"{fees}\""));
    let sql = format!("SELECT \"{}\", \"{}\", {fees} FROM \"{table}\"", database.time, database.profit);
    let mut statement = connection.prepare(&sql).map_err(wrong)?;
    for column in [Some(&database.time), Some(&database.profit), database.fees.as_ref()].into_iter().flatten()
    {
        // SQLite takes a quoted name that is no column for a text.
        let known = connection.prepare(&format!("SELECT \"{table}\".\"{column}\" FROM \"{table}\""));
        known.map_err(|_| format!("table {table} has no column {column}"))?;
    }
    let mut rows = statement.query([]).map_err(wrong)?;
    while let Some(row) = rows.next().map_err(wrong)? {
        let text = |at: usize| row.get_ref(at).map_err(wrong).map(as_text);
        let (time, profit, fees) = (text(0)?, text(1)?, text(2)?);
        sum.add(&time, &profit, Some(&fees))?;
    }
    Ok(())
}

/// A number that the bot stored in binary is taken by its shortest text: that is what it meant.
fn as_text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) | ValueRef::Blob(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Null => String::new(),
    }
}

fn of_csv(database: &BotDatabase, sum: &mut Sum<'_>) -> Result<(), String> {
    let mut lines = Lines::open(&database.file)?;
    let head = lines.next()?.ok_or("is empty")?;
    let column = |name: &str| {
        let found = head.iter().position(|column| column.trim_start_matches('\u{feff}').trim() == name);
        found.ok_or_else(|| format!("has no column {name}; its first line names {}", head.join(", ")))
    };
    let (time, profit) = (column(&database.time)?, column(&database.profit)?);
    let fees = database.fees.as_deref().map(column).transpose()?;
    while let Some(row) = lines.next()? {
        if row.len() == 1 && row[0].trim().is_empty() {
            continue;
        }
        let cell = |at: usize| row.get(at).map_or("", String::as_str);
        sum.add(cell(time), cell(profit), fees.map(cell))
            .map_err(|what| format!("line {}: {what}", lines.number))?;
    }
    Ok(())
}

/// Lines of a CSV file, each within the limit. A value in quotes may hold commas and doubled quotes, and no line break.
struct Lines {
    input: BufReader<File>,
    number: u64,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        Ok(Self { input: BufReader::new(file), number: 0 })
    }

    fn next(&mut self) -> Result<Option<Vec<String>>, String> {
        let mut line = String::new();
        self.number += 1;
        let read = (&mut self.input).take(LINE_MAX).read_line(&mut line);
        let read = read.map_err(|error| format!("line {}: {error}", self.number))?;
        if read as u64 == LINE_MAX && !line.ends_with('\n') {
            return Err(format!("line {} is longer than {LINE_MAX} bytes", self.number));
        }
        Ok((read > 0).then(|| cells(line.trim_end_matches(['\r', '\n']))))
    }
}

fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut signs = line.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '"' if quoted && signs.peek() == Some(&'"') => {
                cell.push('"');
                signs.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            other => cell.push(other),
        }
    }
    cells.push(cell);
    cells
}

#[cfg(test)]
mod tests;
