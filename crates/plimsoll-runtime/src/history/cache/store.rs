//! The file of the answers that stay.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use plimsoll_model::RawFrame;
use plimsoll_tws::message::Bar;
use plimsoll_tws::translate::{BarStart, bar_start};
use plimsoll_tws::{Response, ServerVersion};
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};

use super::{Kept, Question, Series};

/// Counts up with every change of the tables; a file of another version is made anew.
const SCHEMA_VERSION: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE series (
    id INTEGER PRIMARY KEY, con_id INTEGER NOT NULL, exchange TEXT NOT NULL, bar_size TEXT NOT NULL, what TEXT NOT NULL,
    use_rth INTEGER NOT NULL, format_date INTEGER NOT NULL, include_expired INTEGER NOT NULL, form INTEGER NOT NULL,
    UNIQUE (con_id, exchange, bar_size, what, use_rth, format_date, include_expired, form));
CREATE TABLE answers (
    id INTEGER PRIMARY KEY, series INTEGER NOT NULL, end_at INTEGER NOT NULL, span TEXT NOT NULL, proved INTEGER NOT NULL,
    used INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, size INTEGER NOT NULL, checksum INTEGER NOT NULL,
    bars BLOB NOT NULL, end BLOB, UNIQUE (series, end_at, span));
CREATE INDEX answers_by_bars ON answers (series, first, last);
CREATE INDEX answers_by_use ON answers (used, id);
";

/// Older answers that a new one is compared with. One bar of one of them is proof enough.
const COMPARED_MAX: u32 = 4;
/// Answers that are thrown away at once when there are too many bytes.
const EVICTED: u32 = 16;
/// An answer of more than this part of all is not kept: it would throw away most of the others.
const SHARE_MAX: u64 = 4;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    /// What is in it is not what was written.
    #[error("{0}")]
    Damaged(String),
    /// The disk.
    #[error("{0}")]
    Failed(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            // Without a code: a column of another type than was written.
            None | Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged(error.to_string())
            }
            Some(_) => Self::Failed(error.to_string()),
        }
    }
}

/// The open file.
pub(super) struct Store {
    connection: Connection,
    bytes_max: u64,
    bytes: u64,
}

/// What came of keeping an answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Older answers count today because of it.
    pub(super) is_proof: bool,
    /// Answers that it proved wrong.
    pub(super) dropped: usize,
}

/// An older answer that has bars in common with a new one.
struct Older {
    question: (i64, String),
    proved: i64,
    bars: Vec<u8>,
}

impl Store {
    /// Opens the file, or makes it.
    pub(super) fn open(path: &Path, bytes_max: u64) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // What a crash of the machine takes is asked for again.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        match version {
            SCHEMA_VERSION => {}
            0 => {
                connection.execute_batch(SCHEMA)?;
                connection.pragma_update(None, "user_version", SCHEMA_VERSION)?;
            }
            other => return Err(StoreError::Damaged(format!("its tables are of version {other}"))),
        }
        let mut store = Self { connection, bytes_max, bytes: 0 };
        store.count()?;
        Ok(store)
    }

    /// The answer to a question, if there is one that counts today.
    pub(super) fn find(&mut self, question: &Question, today: Date) -> Result<Option<Kept>, StoreError> {
        let Some(series) = self.series(&question.series)? else { return Ok(None) };
        let found = self
            .connection
            .prepare_cached(
                "SELECT id, used, checksum, bars, end FROM answers
                 WHERE series = ?1 AND end_at = ?2 AND span = ?3 AND proved = ?4",
            )?
            .query_row(params![series, question.end, question.span, day(today)], |row| {
                let bars: Vec<u8> = row.get(3)?;
                let end: Option<Vec<u8>> = row.get(4)?;
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, bars, end))
            })
            .optional()?;
        let Some((id, used, sum, bars, end)) = found else { return Ok(None) };
        if checksum(&bars, end.as_deref()) != sum {
            return Err(StoreError::Damaged(format!("answer {id} is not what was written")));
        }
        if used != day(today) {
            self.connection.execute("UPDATE answers SET used = ?1 WHERE id = ?2", params![day(today), id])?;
        }
        let frame = |bytes: Vec<u8>| RawFrame::new(bytes.into());
        Ok(Some(Kept { bars: frame(bars), end: end.map(frame) }))
    }

    /// Keeps an answer that came today, and compares it with those of other days.
    pub(super) fn keep(
        &mut self,
        question: &Question,
        today: Date,
        version: ServerVersion,
        answer: &Kept,
    ) -> Result<Outcome, StoreError> {
        let end = answer.end.as_ref().map(RawFrame::bytes);
        let size = answer.bars.bytes().len() + end.map_or(0, <[u8]>::len);
        let bars = bars(version, answer.bars.bytes());
        let range = bars.first().and_then(start).zip(bars.last().and_then(start));
        // Bars whose starts nobody understands can be compared with no others.
        let Some((first, last)) = range.filter(|_| size as u64 <= self.bytes_max / SHARE_MAX) else {
            return Ok(Outcome::default());
        };
        let series = match self.series(&question.series)? {
            Some(series) => series,
            None => self.begin_series(&question.series)?,
        };
        let mut outcome = Outcome::default();
        let mut proved = None;
        for older in self.older(series, (first, last), today)? {
            let is_same_question = older.question == (question.end, question.span.to_string());
            let theirs = self::bars(version, &older.bars);
            match agree(&bars, &theirs, is_same_question) {
                Some(true) => proved = proved.min(Some(older.proved)).or(Some(older.proved)),
                Some(false) => {
                    outcome.dropped = self.drop_contract(question.series.con_id, today)?;
                    proved = None;
                    break;
                }
                None => {}
            }
        }
        if let Some(since) = proved {
            // What held on that day holds today: an adjustment in between would have changed the bar that is the same.
            let sql = "UPDATE answers SET proved = ?1 WHERE series = ?2 AND proved >= ?3";
            self.connection.execute(sql, params![day(today), series, since])?;
            outcome.is_proof = true;
        }
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO answers (series, end_at, span, proved, used, first, last, size, checksum, bars, end)
                 VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                series,
                question.end,
                question.span,
                day(today),
                first,
                last,
                i64::try_from(size).unwrap_or(i64::MAX),
                checksum(answer.bars.bytes(), end),
                answer.bars.bytes(),
                end
            ])?;
        self.bytes += size as u64;
        self.evict()?;
        Ok(outcome)
    }

    fn series(&self, series: &Series) -> Result<Option<i64>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id FROM series WHERE con_id = ?1 AND exchange = ?2 AND bar_size = ?3 AND what = ?4 AND use_rth = ?5
             AND format_date = ?6 AND include_expired = ?7 AND form = ?8",
        )?;
        let s = series;
        let key = params![
            s.con_id,
            s.exchange,
            s.bar_size,
            s.what,
            s.use_rth,
            s.format_date,
            s.include_expired,
            s.form
        ];
        Ok(statement.query_row(key, |row| row.get(0)).optional()?)
    }

    fn begin_series(&self, s: &Series) -> Result<i64, StoreError> {
        let sql = "INSERT INTO series (con_id, exchange, bar_size, what, use_rth, format_date, include_expired, form)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let values = params![
            s.con_id,
            s.exchange,
            s.bar_size,
            s.what,
            s.use_rth,
            s.format_date,
            s.include_expired,
            s.form
        ];
        self.connection.execute(sql, values)?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Answers of other days with bars in this range, the latest first.
    fn older(&self, series: i64, (first, last): (i64, i64), today: Date) -> Result<Vec<Older>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT end_at, span, proved, bars FROM answers
             WHERE series = ?1 AND first <= ?2 AND last >= ?3 AND proved <> ?4 ORDER BY proved DESC LIMIT ?5",
        )?;
        let rows = statement.query_map(params![series, last, first, day(today), COMPARED_MAX], |row| {
            Ok(Older { question: (row.get(0)?, row.get(1)?), proved: row.get(2)?, bars: row.get(3)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Throws away everything of a contract that was not proved today.
    fn drop_contract(&mut self, con_id: i32, today: Date) -> Result<usize, StoreError> {
        let sql =
            "DELETE FROM answers WHERE proved <> ?1 AND series IN (SELECT id FROM series WHERE con_id = ?2)";
        let dropped = self.connection.execute(sql, params![day(today), con_id])?;
        self.count()?;
        Ok(dropped)
    }

    fn evict(&mut self) -> Result<(), StoreError> {
        // An answer in the place of another was counted twice.
        if self.bytes > self.bytes_max {
            self.count()?;
        }
        while self.bytes > self.bytes_max {
            let sql = "DELETE FROM answers WHERE id IN (SELECT id FROM answers ORDER BY used, id LIMIT ?1)";
            self.connection.execute(sql, [EVICTED])?;
            self.count()?;
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), StoreError> {
        let bytes: i64 =
            self.connection.query_row("SELECT COALESCE(SUM(size), 0) FROM answers", [], |row| row.get(0))?;
        self.bytes = u64::try_from(bytes).map_err(|_| StoreError::Damaged("a size below zero".into()))?;
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Moves the file out of the way, in the place of one that was moved before.
pub(super) fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let named = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let aside = named(".damaged");
    std::fs::rename(path, &aside).map_err(|error| StoreError::Failed(error.to_string()))?;
    for suffix in ["-wal", "-shm"] {
        // They belong to the file that is gone, and a new one must not be mixed with them.
        let _ = std::fs::remove_file(named(suffix));
    }
    Ok(aside)
}

/// Whether two answers show the same prices for the bars that they have in common; nothing where they have none. The first and
/// the last bar of an answer may be cut by its range, so they prove nothing but to the same question.
fn agree(ours: &[Bar], theirs: &[Bar], is_same_question: bool) -> Option<bool> {
    let (ours, theirs) = if is_same_question { (ours, theirs) } else { (inner(ours), inner(theirs)) };
    let mut theirs = theirs.iter().peekable();
    let mut agree = None;
    for bar in ours {
        // Both are in order, oldest first.
        while theirs.next_if(|other| start(other) < start(bar)).is_some() {}
        let Some(other) = theirs.next_if(|other| other.date == bar.date) else { continue };
        let prices = |bar: &Bar| (bar.open, bar.high, bar.low, bar.close);
        if prices(bar) != prices(other) {
            return Some(false);
        }
        agree = Some(true);
    }
    agree
}

fn inner(bars: &[Bar]) -> &[Bar] {
    bars.get(1..bars.len().saturating_sub(1)).unwrap_or_default()
}

fn bars(version: ServerVersion, frame: &[u8]) -> Vec<Bar> {
    match Response::decode(version, &RawFrame::new(frame.to_vec().into())) {
        Ok(Response::HistoricalData(told)) => told.bars,
        Ok(_) | Err(_) => Vec::new(),
    }
}

fn start(bar: &Bar) -> Option<i64> {
    match bar_start(bar.date.as_str())? {
        BarStart::Day(date) => Some(day(date)),
        BarStart::At(at) => Some(at.as_second()),
    }
}

/// `20261127`.
fn day(date: Date) -> i64 {
    i64::from(date.year()) * 10_000 + i64::from(date.month()) * 100 + i64::from(date.day())
}

/// FNV-1a over both messages: `SQLite` has none for its pages, and a wrong price is worse than none.
fn checksum(bars: &[u8], end: Option<&[u8]>) -> i64 {
    let mut sum = 0xCBF2_9CE4_8422_2325_u64;
    for byte in bars.iter().chain(end.unwrap_or_default()) {
        sum = (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
    }
    i64::from_le_bytes(sum.to_le_bytes())
}
