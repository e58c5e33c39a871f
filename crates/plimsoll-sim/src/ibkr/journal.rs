//! The last frames in and out, for whoever wants to see what was said.
//!
//! Owns a bounded ring; the oldest row goes when it is full. Bytes before a hello are kept too: garbage
//! is what one most wants to see.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;

use crate::ibkr::ConnId;

/// How many rows are kept.
pub const JOURNAL_ROWS_MAX: usize = 20_000;
/// How much of one frame is kept.
const SHOWN_MAX: usize = 2_048;

/// Which way a frame went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From a client.
    In,
    /// To a client.
    Out,
}

/// One frame.
#[derive(Debug, Clone, Serialize)]
pub struct JournalRow {
    /// Venue time.
    pub at: String,
    /// The connection.
    pub conn: u64,
    /// Its client id, if it had one.
    pub client: Option<i32>,
    /// Which way.
    pub direction: Direction,
    /// The payload with `|` for NUL, shortened.
    pub frame: String,
}

/// The ring.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    rows: VecDeque<JournalRow>,
}

/// What a row is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) at: Timestamp,
    pub(crate) conn: ConnId,
    pub(crate) client: Option<i32>,
    pub(crate) direction: Direction,
    pub(crate) payload: &'a [u8],
}

impl Journal {
    /// Notes a frame.
    pub(crate) fn note(&mut self, seen: Seen<'_>) {
        if self.rows.len() == JOURNAL_ROWS_MAX {
            self.rows.pop_front();
        }
        let shown = &seen.payload[..seen.payload.len().min(SHOWN_MAX)];
        self.rows.push_back(JournalRow {
            at: seen.at.to_string(),
            conn: seen.conn.0,
            client: seen.client,
            direction: seen.direction,
            frame: String::from_utf8_lossy(shown).replace('\0', "|"),
        });
    }

    /// The rows, oldest first.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &JournalRow> {
        self.rows.iter()
    }
}
