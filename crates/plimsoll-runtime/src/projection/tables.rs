//! The tables and what is written into them.
//!
//! Numbers that are money, prices or quantities are exact decimals in text; instants are RFC 3339 in UTC.
//! `seq` is the journal record that last changed a row.

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use jiff::Timestamp;
use plimsoll_core::{OrderKey, OrderState};
use plimsoll_journal::{Hash, Head};
use plimsoll_ledger::{ExecutionRow, PositionRow};
use plimsoll_model::{Account, BotName, InstrumentId};
use rusqlite::{Connection, OpenFlags, params};

use super::told::{Decision, Told};

/// Counts up with every change of the tables; a file of another version is made anew.
const SCHEMA_VERSION: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE projection (seq INTEGER NOT NULL, hash TEXT NOT NULL);
INSERT INTO projection VALUES (0, '');
CREATE TABLE orders (
    number INTEGER PRIMARY KEY, bot TEXT, account TEXT, instrument TEXT NOT NULL, side TEXT NOT NULL,
    qty TEXT NOT NULL, cum_qty TEXT NOT NULL, avg_px TEXT, ord_type TEXT NOT NULL, limit_px TEXT, stop_px TEXT,
    tif TEXT NOT NULL, status TEXT NOT NULL, denied_by TEXT, cl_ord_id TEXT, client_id INTEGER, order_id INTEGER,
    perm_id INTEGER, parent_id INTEGER, oca_group TEXT NOT NULL, bot_ref TEXT NOT NULL,
    since TEXT NOT NULL, changed TEXT NOT NULL, seq INTEGER NOT NULL);
CREATE INDEX orders_by_reference ON orders (cl_ord_id);
CREATE INDEX orders_by_bot ON orders (bot, since);
CREATE TABLE executions (
    stem TEXT PRIMARY KEY, exec_id TEXT NOT NULL, bot TEXT, account TEXT NOT NULL, instrument TEXT NOT NULL,
    side TEXT NOT NULL, qty TEXT NOT NULL, px TEXT NOT NULL, fee TEXT, fee_currency TEXT, at TEXT,
    cl_ord_id TEXT, busted INTEGER NOT NULL, booked TEXT NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX executions_by_order ON executions (cl_ord_id);
CREATE INDEX executions_by_bot ON executions (bot, booked);
CREATE TABLE positions (
    bot TEXT, account TEXT NOT NULL, instrument TEXT NOT NULL, qty TEXT NOT NULL, avg_px TEXT,
    currency TEXT NOT NULL, realised_gross TEXT NOT NULL, fees TEXT NOT NULL, realised_net TEXT NOT NULL,
    unknown_fees INTEGER NOT NULL, seq INTEGER NOT NULL);
CREATE INDEX positions_by_holding ON positions (account, instrument);
CREATE TABLE decisions (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, bot TEXT, cl_ord_id TEXT, order_id INTEGER,
    guard TEXT, text TEXT NOT NULL);
CREATE INDEX decisions_by_order ON decisions (cl_ord_id);
";

/// An open file with the tables of today.
pub(super) struct Tables {
    connection: Connection,
}

impl Tables {
    /// Opens the file, or makes it anew if it is not one of ours or not of today.
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        if let Ok(Some(connection)) = existing(path) {
            return Ok(Self { connection });
        }
        Self::create(path)
    }

    /// A new file in the place of whatever is there.
    pub(super) fn create(path: &Path) -> rusqlite::Result<Self> {
        for suffix in ["", "-wal", "-shm"] {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            // What cannot be removed cannot be opened either, and that error says more.
            let _ = std::fs::remove_file(name);
        }
        let connection = configured(path)?;
        connection.execute_batch(SCHEMA)?;
        connection.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        Ok(Self { connection })
    }

    /// A new file, unless something is there that is none of ours.
    pub(super) fn create_over_our_own(path: &Path) -> rusqlite::Result<Option<Self>> {
        let looked = || {
            let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            connection.prepare("SELECT seq FROM projection").map(drop)
        };
        let ours = !path.exists() || looked().is_ok();
        if ours { Self::create(path).map(Some) } else { Ok(None) }
    }

    /// The last record that the tables contain, and its hash as text.
    pub(super) fn last(&self) -> rusqlite::Result<(u64, String)> {
        self.connection.query_row("SELECT seq, hash FROM projection", [], |row| {
            Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?))
        })
    }

    /// What follows belongs together with the next [`commit`](Self::commit).
    pub(super) fn begin(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch("BEGIN")
    }

    /// Everything up to this record is in the tables.
    pub(super) fn commit(&self, last: Head) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("UPDATE projection SET seq = ?1, hash = ?2")?
            .execute(params![number(last.seq), last.hash.to_string()])?;
        self.connection.execute_batch("COMMIT")
    }

    /// What a record says.
    pub(super) fn write(&self, seq: u64, at: Timestamp, told: &Told) -> rusqlite::Result<()> {
        match told {
            Told::Changes(changes) => {
                for (key, state) in &changes.orders {
                    self.order(seq, at, *key, state)?;
                }
                for row in &changes.executions {
                    self.execution(seq, at, row)?;
                }
                for (account, instrument, rows) in &changes.holdings {
                    self.positions(seq, account, instrument, rows)?;
                }
                Ok(())
            }
            Told::Decision(decision) => self.decision(seq, at, decision),
        }
    }

    fn order(&self, seq: u64, at: Timestamp, key: OrderKey, state: &OrderState) -> rusqlite::Result<()> {
        let sql = "INSERT INTO orders VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, \
                   ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24) ON CONFLICT (number) DO UPDATE SET bot = ?2, account = ?3, \
                   instrument = ?4, side = ?5, qty = ?6, cum_qty = ?7, avg_px = ?8, ord_type = ?9, limit_px = ?10, \
                   stop_px = ?11, tif = ?12, status = ?13, denied_by = ?14, cl_ord_id = ?15, client_id = ?16, \
                   order_id = ?17, perm_id = ?18, parent_id = ?19, oca_group = ?20, bot_ref = ?21, changed = ?23, \
                   seq = ?24";
        self.connection.prepare_cached(sql)?.execute(params![
            number(key.number()),
            state.owner.bot().map(BotName::as_str),
            state.account.as_ref().map(Account::as_str),
            state.instrument.as_str(),
            state.side.as_str(),
            state.qty.to_string(),
            state.cum_qty.to_string(),
            text_of(state.avg_px),
            state.ord_type.as_wire(),
            text_of(state.limit_px),
            text_of(state.stop_px),
            state.tif.as_wire(),
            state.status.as_str(),
            state.denied_by.map(plimsoll_core::GuardId::as_str),
            text_of(state.cl_ord_id.as_ref()),
            state.client_id.map(|id| id.0),
            state.order_id.map(|id| id.0),
            state.perm_id.map(|id| id.0),
            state.parent_id.map(|id| id.0),
            &*state.oca_group,
            &*state.bot_ref,
            state.since.to_string(),
            at.to_string(),
            number(seq),
        ])?;
        Ok(())
    }

    fn execution(&self, seq: u64, at: Timestamp, row: &ExecutionRow) -> rusqlite::Result<()> {
        let sql = "INSERT INTO executions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) \
                   ON CONFLICT (stem) DO UPDATE SET exec_id = ?2, bot = ?3, account = ?4, instrument = ?5, side = ?6, \
                   qty = ?7, px = ?8, fee = ?9, fee_currency = ?10, at = ?11, cl_ord_id = coalesce(?12, cl_ord_id), \
                   busted = ?13, seq = ?15";
        let e = &row.execution;
        self.connection.prepare_cached(sql)?.execute(params![
            &*row.stem,
            e.exec_id.as_str(),
            row.bot.as_ref().map(BotName::as_str),
            e.account.as_str(),
            e.instrument.as_str(),
            e.side.as_str(),
            e.last_qty.to_string(),
            e.last_px.to_string(),
            text_of(row.fee.map(|fee| fee.amount)),
            row.fee.map(|fee| fee.currency.as_str().to_owned()),
            text_of(e.at),
            text_of(e.cl_ord_id.as_ref()),
            row.is_busted,
            at.to_string(),
            number(seq),
        ])?;
        Ok(())
    }

    fn positions(
        &self,
        seq: u64,
        account: &Account,
        instrument: &InstrumentId,
        rows: &[PositionRow],
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("DELETE FROM positions WHERE account = ?1 AND instrument = ?2")?
            .execute(params![account.as_str(), instrument.as_str()])?;
        let sql = "INSERT INTO positions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        for row in rows {
            self.connection.prepare_cached(sql)?.execute(params![
                row.bot.as_ref().map(BotName::as_str),
                account.as_str(),
                instrument.as_str(),
                row.qty.to_string(),
                text_of(row.avg_price),
                row.fees.currency.as_str(),
                row.realised_gross.amount.to_string(),
                row.fees.amount.to_string(),
                row.realised_net.amount.amount.to_string(),
                row.realised_net.unknown_fees,
                number(seq),
            ])?;
        }
        Ok(())
    }

    fn decision(&self, seq: u64, at: Timestamp, decision: &Decision) -> rusqlite::Result<()> {
        let Decision { kind, bot, cl_ord_id, order_id, guard, text } = decision;
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO decisions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
            .execute(params![
                number(seq),
                at.to_string(),
                kind,
                bot.as_ref().map(BotName::as_str),
                text_of(cl_ord_id.as_ref()),
                order_id.map(|id| id.0),
                guard,
                text
            ])?;
        Ok(())
    }
}

/// A file of ours and of today that is sound; nothing for any other.
fn existing(path: &Path) -> rusqlite::Result<Option<Connection>> {
    if !path.exists() {
        return Ok(None);
    }
    let connection = configured(path)?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let sound: String = connection.pragma_query_value(None, "quick_check", |row| row.get(0))?;
    Ok((version == SCHEMA_VERSION && sound == "ok").then_some(connection))
}

/// Readers never wait for the follower, and what a power cut takes is made again from the journal.
fn configured(path: &Path) -> rusqlite::Result<Connection> {
    make_private(path);
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.set_prepared_statement_cache_capacity(16);
    Ok(connection)
}

/// A file that is made here can be read by its owner only; those that `SQLite` puts beside it take its mode.
fn make_private(path: &Path) {
    // One that is there stays as it is, and what is wrong with the place SQLite says better.
    let _ = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
}

/// The hash that a file names, as the journal spells it.
pub(super) fn is_hash(said: &str, hash: &Hash) -> bool {
    said == hash.to_string()
}

fn text_of(value: Option<impl ToString>) -> Option<String> {
    value.map(|value| value.to_string())
}

/// Journals end long before this wraps.
fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
