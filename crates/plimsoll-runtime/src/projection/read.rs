//! Questions to the file, answered as JSON rows in the words of the other commands.
//!
//! Reads only, and beside a gateway that writes.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row, named_params};
use serde_json::{Map, Value};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No file.
    #[error(
        "{file} is not there; a gateway makes it when it starts, and `plimsoll journal project` makes it from \
         the journal"
    )]
    Missing {
        /// Where it was looked for.
        file: String,
    },
    /// A file that does not answer.
    #[error("{file}: {source}; delete it, it is made again from the journal")]
    Sqlite {
        /// Which.
        file: String,
        /// What was wrong.
        source: rusqlite::Error,
    },
}

/// Which rows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub to: Option<Timestamp>,
    /// Of this bot.
    pub bot: Option<String>,
}

/// Every order that was decided about or heard of, oldest first.
pub fn orders(file: &Path, filter: &Filter) -> Result<Vec<Value>, ReadError> {
    rows(
        file,
        filter,
        "SELECT bot, account, instrument AS symbol, side, qty, cum_qty AS filled, avg_px AS avg_price, \
         ord_type AS type, limit_px AS \"limit\", stop_px AS stop, tif, status, cl_ord_id, perm_id, denied_by, \
         bot_ref, since, changed, seq FROM orders \
         WHERE (:bot IS NULL OR bot = :bot) AND (:from IS NULL OR julianday(since) >= julianday(:from)) \
         AND (:to IS NULL OR julianday(since) < julianday(:to)) ORDER BY number",
    )
}

/// Every execution, in the order in which they were booked.
pub fn executions(file: &Path, filter: &Filter) -> Result<Vec<Value>, ReadError> {
    rows(
        file,
        filter,
        "SELECT exec_id, bot, account, instrument AS symbol, side, qty, px AS price, fee AS commission, \
         fee_currency AS commission_currency, coalesce(at, booked) AS at, cl_ord_id, busted, seq FROM executions \
         WHERE (:bot IS NULL OR bot = :bot) \
         AND (:from IS NULL OR julianday(coalesce(at, booked)) >= julianday(:from)) \
         AND (:to IS NULL OR julianday(coalesce(at, booked)) < julianday(:to)) ORDER BY booked, stem",
    )
}

/// What is held now, by holder: no bot for what no execution of a bot's explains.
pub fn positions(file: &Path) -> Result<Vec<Value>, ReadError> {
    rows(
        file,
        &Filter::default(),
        "SELECT bot, account, instrument AS symbol, qty, currency, realised_net, unknown_fees FROM positions \
         WHERE coalesce(:bot, :from, :to) IS NULL ORDER BY account, instrument, bot",
    )
}

/// Every order that a guard spoke against, denied or only observed, with what became of it; oldest first.
pub fn spoken_against(file: &Path, filter: &Filter) -> Result<Vec<Value>, ReadError> {
    rows(
        file,
        filter,
        "SELECT d.at, d.kind, d.guard, d.text, coalesce(d.bot, o.bot) AS bot, o.account, o.instrument AS symbol, \
         o.side, o.qty, o.ord_type AS type, o.status, o.cum_qty AS filled, d.cl_ord_id FROM decisions d \
         LEFT JOIN orders o ON o.cl_ord_id = d.cl_ord_id WHERE d.guard IS NOT NULL \
         AND (:bot IS NULL OR coalesce(d.bot, o.bot) = :bot) \
         AND (:from IS NULL OR d.at >= :from) AND (:to IS NULL OR d.at < :to) ORDER BY d.seq",
    )
}

fn rows(file: &Path, filter: &Filter, sql: &str) -> Result<Vec<Value>, ReadError> {
    let name = || file.display().to_string();
    if !file.exists() {
        return Err(ReadError::Missing { file: name() });
    }
    let wrong = |source| ReadError::Sqlite { file: name(), source };
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(wrong)?;
    let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let mut statement = connection.prepare(sql).map_err(wrong)?;
    let columns: Vec<String> = statement.column_names().map(ToOwned::to_owned).collect();
    let all = named_params! { ":bot": filter.bot, ":from": text(filter.from), ":to": text(filter.to) };
    let rows = statement.query_map(all, |row| json(&columns, row)).map_err(wrong)?;
    rows.collect::<Result<_, _>>().map_err(wrong)
}

fn json(columns: &[String], row: &Row<'_>) -> rusqlite::Result<Value> {
    let mut object = Map::new();
    for (at, column) in columns.iter().enumerate() {
        let value = match row.get_ref(at)? {
            ValueRef::Integer(0 | 1) if column == "busted" => Value::Bool(row.get(at)?),
            ValueRef::Integer(number) => number.into(),
            ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
            // There are no others in these tables.
            ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Value::Null,
        };
        object.insert(column.clone(), value);
    }
    Ok(object.into())
}
