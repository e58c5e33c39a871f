//! Answers with history: bars, schedules, first moments.

use plimsoll_model::Price;
use rust_decimal::Decimal;

use crate::layout::{Fields, Layout, Step};
use crate::{Gate, Text, Word};

pub(crate) const BARS_MAX: usize = 1_000_000;

/// Bars.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoricalData {
    /// The request this belongs to.
    pub req_id: i32,
    /// Start of the range; below version 196 only, later in the end message.
    pub start: Text,
    /// End of the range; as the start.
    pub end: Text,
    /// The bars, oldest first.
    pub bars: Vec<Bar>,
}

impl Layout for HistoricalData {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        if !f.has(Gate::HistoricalDataEnd) {
            f.visit("startDate", &mut self.start)?;
            f.visit("endDate", &mut self.end)?;
        }
        f.list("itemCount", &mut self.bars, BARS_MAX, |f, bar| bar.layout(f))?;
        Ok(())
    }
}

/// One bar.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bar {
    /// Start: a day, a date-time or epoch seconds.
    pub date: Word,
    /// First.
    pub open: Option<Price>,
    /// Highest.
    pub high: Option<Price>,
    /// Lowest.
    pub low: Option<Price>,
    /// Last.
    pub close: Option<Price>,
    /// -1 where it has no meaning.
    pub volume: Option<Decimal>,
    /// Average weighted by volume.
    pub wap: Option<Decimal>,
    /// Trades in it; -1 where it has no meaning.
    pub count: i32,
}

impl Layout for Bar {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("date", &mut self.date)?;
        f.opt("open", &mut self.open)?;
        f.opt("high", &mut self.high)?;
        f.opt("low", &mut self.low)?;
        f.opt("close", &mut self.close)?;
        f.opt("volume", &mut self.volume)?;
        f.opt("wap", &mut self.wap)?;
        f.visit("barCount", &mut self.count)?;
        Ok(())
    }
}

/// The last bar, changed. Note the order: close before high.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoricalDataUpdate {
    /// The request this belongs to.
    pub req_id: i32,
    /// Trades in it.
    pub count: i32,
    /// Its start.
    pub date: Word,
    /// First.
    pub open: Option<Price>,
    /// Last.
    pub close: Option<Price>,
    /// Highest.
    pub high: Option<Price>,
    /// Lowest.
    pub low: Option<Price>,
    /// Average weighted by volume.
    pub wap: Option<Decimal>,
    /// -1 where it has no meaning.
    pub volume: Option<Decimal>,
}

impl Layout for HistoricalDataUpdate {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("barCount", &mut self.count)?;
        f.visit("date", &mut self.date)?;
        f.opt("open", &mut self.open)?;
        f.opt("close", &mut self.close)?;
        f.opt("high", &mut self.high)?;
        f.opt("low", &mut self.low)?;
        f.opt("wap", &mut self.wap)?;
        f.opt("volume", &mut self.volume)?;
        Ok(())
    }
}

/// The end of bars, with their range.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoricalDataEnd {
    /// The request this belongs to.
    pub req_id: i32,
    /// Of the range.
    pub start: Text,
    /// Of the range.
    pub end: Text,
}

impl Layout for HistoricalDataEnd {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("startDate", &mut self.start)?;
        f.visit("endDate", &mut self.end)?;
        Ok(())
    }
}

/// The first moment of history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeadTimestamp {
    /// The request this belongs to.
    pub req_id: i32,
    /// `19801212-14:30:00`, or epoch seconds.
    pub time: Word,
}

impl Layout for HeadTimestamp {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("headTimestamp", &mut self.time)?;
        Ok(())
    }
}

/// Sessions of the past.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoricalSchedule {
    /// The request this belongs to.
    pub req_id: i32,
    /// Of the range.
    pub start: Text,
    /// Of the range.
    pub end: Text,
    /// Of all times.
    pub zone: Word,
    /// The sessions.
    pub sessions: Vec<HistoricalSession>,
}

impl Layout for HistoricalSchedule {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("startDateTime", &mut self.start)?;
        f.visit("endDateTime", &mut self.end)?;
        f.visit("timeZone", &mut self.zone)?;
        f.list("sessionsCount", &mut self.sessions, BARS_MAX, |f, session| session.layout(f))?;
        Ok(())
    }
}

/// One session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoricalSession {
    /// Its start.
    pub start: Word,
    /// Its end.
    pub end: Word,
    /// Its trade date.
    pub date: Word,
}

impl Layout for HistoricalSession {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("startDateTime", &mut self.start)?;
        f.visit("endDateTime", &mut self.end)?;
        f.visit("refDate", &mut self.date)?;
        Ok(())
    }
}
