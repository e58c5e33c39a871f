//! Bars from files, as they were read: what a replayed market is made of.
//!
//! Owns the layout of the files and every check of them. A file is comma-separated with the header
//! `ts,symbol,open,high,low,close,volume`, and more columns behind it: `transactions` is the number of
//! trades, `session` makes the rows days. `ts` is the start of a bar in UTC. A row that cannot be true is
//! refused with file, line and reason; nothing is repaired.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::market::hours::Hours;
use crate::market::schedule::Schedule;

/// Rows of all files together.
const ROWS_MAX: usize = 5_000_000;
/// Prices above this are a mistake of columns.
const PRICE_MAX: i64 = 10_000_000 * 1_000_000;
/// The first seven columns.
const COLUMNS: [&str; 7] = ["ts", "symbol", "open", "high", "low", "close", "volume"];
/// The lengths that bars inside a day may have; shorter ones leave no room for four prices.
const SPANS: [i64; 13] = [5, 10, 15, 30, 60, 120, 180, 300, 600, 900, 1_200, 1_800, 3_600];

/// Why bar files make no market.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BarFileError {
    /// A row that cannot be true.
    #[error("{file}, line {line}: {reason}; the simulator did not start")]
    Row {
        /// The file's name.
        file: Box<str>,
        /// Counted from one, the header included.
        line: usize,
        /// What is wrong, with the value.
        reason: Box<str>,
    },
    /// A file that cannot be used at all.
    #[error("{file}: {reason}; the simulator did not start")]
    File {
        /// The file's name.
        file: Box<str>,
        /// What is wrong.
        reason: Box<str>,
    },
    /// No file with a bar in it.
    #[error(
        "no bar inside a trading session was found; the simulator did not start, give files like SPY.csv"
    )]
    Empty,
}

/// One bar as the file has it; prices in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// Its start in seconds since 1970, not before the session's open.
    pub(crate) start: i64,
    /// How long it lasts within its session.
    pub(crate) seconds: i64,
    /// First.
    pub(crate) open: i64,
    /// Highest.
    pub(crate) high: i64,
    /// Lowest.
    pub(crate) low: i64,
    /// Last.
    pub(crate) close: i64,
    /// Shares.
    pub(crate) volume: i64,
    /// Trades, where the file counts them.
    pub(crate) count: Option<i64>,
}

/// One symbol's sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Record {
    /// The bars of each session, the oldest first. A session that is not here did not trade.
    pub(crate) days: BTreeMap<Date, DayRecord>,
}

/// The bars of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DayRecord {
    /// How long its bars are; a day counts as longer than any.
    span: i64,
    /// Whether the one bar is the whole session, its closing auction included.
    pub(crate) is_day: bool,
    /// At least one.
    pub(crate) bars: Vec<Recorded>,
}

impl Record {
    /// The last close at or before a session; the first open before all of them.
    pub(crate) fn close_of(&self, date: Date) -> i64 {
        let before = self.days.range(..=date).next_back().and_then(|(_, day)| day.bars.last());
        before.map_or_else(|| self.first_open(), |bar| bar.close)
    }

    fn first_open(&self) -> i64 {
        self.days.values().next().and_then(|day| day.bars.first()).map_or(10_000, |bar| bar.open)
    }
}

/// Bars of several symbols.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    records: BTreeMap<Box<str>, Record>,
    rows: usize,
}

impl Recording {
    /// Adds one file.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), BarFileError> {
        let refused = |reason: String| BarFileError::File { file: file.into(), reason: reason.into() };
        let rows = read(file, text)?;
        self.rows += rows.len();
        if self.rows > ROWS_MAX {
            return Err(refused(format!("with this file there are more than {ROWS_MAX} bars")));
        }
        let mut by_symbol: BTreeMap<&str, Vec<&Row<'_>>> = BTreeMap::new();
        for row in &rows {
            by_symbol.entry(row.symbol).or_default().push(row);
        }
        let hours = Hours::new(Schedule::UsStocks);
        for (symbol, rows) in by_symbol {
            let record = self.records.entry(symbol.into()).or_default();
            place(file, &rows, &hours, record)?;
        }
        Ok(())
    }

    /// The symbols with bars.
    pub fn symbols(&self) -> impl Iterator<Item = &str> {
        self.records.iter().filter(|(_, record)| !record.days.is_empty()).map(|(symbol, _)| &**symbol)
    }

    /// The open of the first session with bars, and the close of the last one.
    pub fn span(&self) -> Result<(Timestamp, Timestamp), BarFileError> {
        let hours = Hours::new(Schedule::UsStocks);
        let dates = || self.records.values().flat_map(|record| record.days.keys().copied());
        let session = |date: Option<Date>| date.and_then(|date| hours.on(date)).ok_or(BarFileError::Empty);
        Ok((session(dates().min())?.open, session(dates().max())?.close))
    }

    pub(crate) fn into_records(self) -> BTreeMap<Box<str>, Record> {
        self.records
    }
}

/// One row before it has a place.
struct Row<'a> {
    line: usize,
    start: i64,
    symbol: &'a str,
    bar: Recorded,
    session: Option<Date>,
}

/// Which columns a file has beyond the seven.
#[derive(Clone, Copy)]
struct Header {
    columns: usize,
    transactions: Option<usize>,
    session: Option<usize>,
}

fn read<'a>(file: &str, text: &'a str) -> Result<Vec<Row<'a>>, BarFileError> {
    let mut lines = text.lines().enumerate();
    let head = lines.next().map_or("", |(_, line)| line);
    let header = Header::read(head).map_err(|reason| BarFileError::Row {
        file: file.into(),
        line: 1,
        reason: reason.into(),
    })?;
    let mut rows: Vec<Row<'a>> = Vec::new();
    let mut newest: BTreeMap<&str, i64> = BTreeMap::new();
    for (index, text) in lines.filter(|(_, text)| !text.is_empty()) {
        let line = index + 1;
        let refused = |reason: String| BarFileError::Row { file: file.into(), line, reason: reason.into() };
        let row = header.row(line, text).map_err(refused)?;
        if newest.insert(row.symbol, row.start).is_some_and(|before| before >= row.start) {
            return Err(refused(format!(
                "{} does not come after the row before",
                &text[..text.find(',').unwrap_or(0)]
            )));
        }
        rows.push(row);
    }
    Ok(rows)
}

impl Header {
    fn read(line: &str) -> Result<Self, String> {
        let columns: Vec<&str> = line.split(',').collect();
        if columns.len() < COLUMNS.len() || columns[..COLUMNS.len()] != COLUMNS {
            return Err(format!("the header is `{line}`, not `{}`", COLUMNS.join(",")));
        }
        let at = |name: &str| columns.iter().position(|column| *column == name);
        Ok(Self { columns: columns.len(), transactions: at("transactions"), session: at("session") })
    }

    fn row<'a>(&self, line: usize, text: &'a str) -> Result<Row<'a>, String> {
        let fields: Vec<&str> = text.split(',').collect();
        if fields.len() != self.columns {
            return Err(format!("{} fields where the header has {}", fields.len(), self.columns));
        }
        let start: Timestamp = fields[0]
            .parse()
            .map_err(|_| format!("`{}` is no instant like 2026-11-27T14:30:00Z", fields[0]))?;
        let symbol = fields[1];
        if symbol.is_empty()
            || symbol.len() > 12
            || !symbol.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'.')
        {
            return Err(format!("`{symbol}` is no ticker in capitals"));
        }
        let price = |index: usize| {
            let value = millionths(fields[index]).filter(|value| (1..=PRICE_MAX).contains(value));
            value.ok_or_else(|| {
                format!("{} `{}` is no price with at most six decimals", COLUMNS[index], fields[index])
            })
        };
        let (open, high, low, close) = (price(2)?, price(3)?, price(4)?, price(5)?);
        if low > open.min(close) || high < open.max(close) {
            return Err(format!(
                "open {} and close {} do not lie between low {} and high {}",
                fields[2], fields[5], fields[4], fields[3]
            ));
        }
        let whole = |index: usize| {
            let value = millionths(fields[index]).filter(|value| *value >= 0 && value % 1_000_000 == 0);
            value
                .map(|value| value / 1_000_000)
                .ok_or_else(|| format!("`{}` is no whole number", fields[index]))
        };
        let session = self.session.map(|index| {
            fields[index].parse().map_err(|_| format!("`{}` is no date like 2026-11-27", fields[index]))
        });
        let start = start.as_second();
        let bar = Recorded {
            start,
            seconds: 0,
            open,
            high,
            low,
            close,
            volume: whole(6)?,
            count: self.transactions.map(whole).transpose()?,
        };
        Ok(Row { line, start, symbol, bar, session: session.transpose()? })
    }
}

/// Puts the rows of one symbol into their sessions. Shorter bars win over longer ones of the same session.
fn place(file: &str, rows: &[&Row<'_>], hours: &Hours, record: &mut Record) -> Result<(), BarFileError> {
    let span = span_of(file, rows)?;
    let mut days: BTreeMap<Date, DayRecord> = BTreeMap::new();
    for row in rows {
        let refused =
            |reason: String| BarFileError::Row { file: file.into(), line: row.line, reason: reason.into() };
        let session = match (row.session, span) {
            (Some(date), _) => {
                Some(hours.on(date).ok_or_else(|| refused(format!("{date} is no trading session")))?)
            }
            (None, Some(span)) => {
                let last = crate::market::timestamp_of(row.start + span - 1)
                    .ok_or_else(|| refused("the instant lies outside the calendar".to_owned()))?;
                let session = hours.last_begun(last);
                let inside =
                    session.open.as_second() < row.start + span && row.start < session.close.as_second();
                inside.then_some(session)
            }
            (None, None) => None,
        };
        // Bars outside regular hours are read, checked and left out.
        let Some(session) = session else { continue };
        let (open, close) = (session.open.as_second(), session.close.as_second());
        let is_day = row.session.is_some();
        let (start, end) = match span {
            Some(span) if !is_day => (row.start.max(open), (row.start + span).min(close)),
            _ => (open, close),
        };
        let bar = Recorded { start, seconds: end - start, ..row.bar };
        let span = if is_day { i64::MAX } else { span.unwrap_or(i64::MAX) };
        days.entry(session.date)
            .or_insert_with(|| DayRecord { span, is_day, bars: Vec::new() })
            .bars
            .push(bar);
    }
    for (date, day) in days {
        match record.days.get(&date) {
            Some(known) if known.span == day.span => {
                let reason = format!("{} {date} is in an earlier file as well", rows[0].symbol);
                return Err(BarFileError::File { file: file.into(), reason: reason.into() });
            }
            Some(known) if known.span < day.span => {}
            _ => {
                record.days.insert(date, day);
            }
        }
    }
    Ok(())
}

/// How long the bars of a file are: the smallest step from one to the next. None for days.
fn span_of(file: &str, rows: &[&Row<'_>]) -> Result<Option<i64>, BarFileError> {
    if rows.iter().any(|row| row.session.is_some()) {
        return Ok(None);
    }
    let steps = rows.windows(2).map(|pair| pair[1].start - pair[0].start);
    let span = steps.min().unwrap_or(60);
    if !SPANS.contains(&span) {
        let reason = format!(
            "rows follow each other by {span} seconds, which is no length of a bar from 5 seconds to an hour"
        );
        return Err(BarFileError::File { file: file.into(), reason: reason.into() });
    }
    if let Some(row) = rows.iter().find(|row| row.start % span != 0) {
        let reason =
            format!("the start is no whole multiple of the {span} seconds that the file's bars last");
        return Err(BarFileError::Row { file: file.into(), line: row.line, reason: reason.into() });
    }
    Ok(Some(span))
}

/// An exact decimal in millionths.
fn millionths(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 12 || fraction.len() > 6 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<6}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "ts,symbol,open,high,low,close,volume";

    fn add(rows: &str) -> Result<Recording, BarFileError> {
        let mut recording = Recording::default();
        recording.add("SPY.csv", &format!("{HEAD}\n{rows}"))?;
        Ok(recording)
    }

    #[test]
    fn bad_rows_are_refused_with_file_line_and_reason() {
        let good = "2026-11-27T14:30:00Z,SPY,10,11,9,10.5,100";
        let cases = [
            (
                "yesterday,SPY,10,11,9,10,1",
                "SPY.csv, line 3: `yesterday` is no instant like 2026-11-27T14:30:00Z",
            ),
            ("2026-11-27T14:31:00Z,spy,10,11,9,10,1", "SPY.csv, line 3: `spy` is no ticker in capitals"),
            ("2026-11-27T14:31:00Z,SPY,10,11,9,10", "SPY.csv, line 3: 6 fields where the header has 7"),
            (
                "2026-11-27T14:31:00Z,SPY,10,11,9,NaN,1",
                "SPY.csv, line 3: close `NaN` is no price with at most six decimals",
            ),
            (
                "2026-11-27T14:31:00Z,SPY,10,11,9,-1,1",
                "SPY.csv, line 3: close `-1` is no price with at most six decimals",
            ),
            (
                "2026-11-27T14:31:00Z,SPY,10,10.5,9,11,1",
                "SPY.csv, line 3: open 10 and close 11 do not lie between low 9 and high 10.5",
            ),
            ("2026-11-27T14:31:00Z,SPY,10,11,9,10,1.5", "SPY.csv, line 3: `1.5` is no whole number"),
            (
                "2026-11-27T14:30:00Z,SPY,10,11,9,10,1",
                "SPY.csv, line 3: 2026-11-27T14:30:00Z does not come after the row before",
            ),
        ];
        for (bad, expected) in cases {
            let error = add(&format!("{good}\n{bad}")).unwrap_err().to_string();
            assert_eq!(error, format!("{expected}; the simulator did not start"));
        }
    }

    #[test]
    fn bad_files_are_refused() {
        let mut recording = Recording::default();
        let quotes = recording.add("q.csv", "ts,symbol,bid_open,bid_high,bid_low,bid_close,bid_size");
        assert!(
            quotes.unwrap_err().to_string().starts_with("q.csv, line 1: the header is `ts,symbol,bid_open")
        );
        let odd = add("2026-11-27T14:30:00Z,SPY,10,11,9,10.5,100\n2026-11-27T14:37:00Z,SPY,10,11,9,10.5,100");
        assert!(odd.unwrap_err().to_string().contains("420 seconds"));
        let twice = add("2026-11-27T14:30:00Z,SPY,10,11,9,10.5,100").and_then(|mut recording| {
            recording.add("again.csv", &format!("{HEAD}\n2026-11-27T14:31:00Z,SPY,10,11,9,10.5,100"))
        });
        assert!(twice.unwrap_err().to_string().contains("in an earlier file"));
        assert_eq!(Recording::default().span(), Err(BarFileError::Empty));
    }

    #[test]
    fn bars_outside_regular_hours_are_left_out() {
        // 13:00 New York is the close of the half day; 09:29 lies before the open.
        let recording = add(
            "2026-11-27T14:29:00Z,SPY,1,1,1,1,1\n2026-11-27T14:30:00Z,SPY,2,2,2,2,1\n2026-11-27T17:59:00Z,SPY,3,3,3,3,1\n2026-11-27T18:00:00Z,SPY,4,4,4,4,1",
        );
        let record = recording.unwrap().into_records().remove("SPY").unwrap();
        let opens: Vec<i64> = record.days.values().flat_map(|day| &day.bars).map(|bar| bar.open).collect();
        assert_eq!(opens, [2_000_000, 3_000_000]);
    }
}
