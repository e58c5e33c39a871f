//! History: bars, schedules, first moments.

use super::{Form, Numbered, Step};
use crate::message::{
    BARS_MAX, Bar, HeadTimestamp, HistoricalData, HistoricalDataEnd, HistoricalDataUpdate, HistoricalSchedule,
};

impl Form for HistoricalData {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.parts(2, "historicalDataBars", &mut self.bars, BARS_MAX, |f, bar| bar.form(f))
    }
}

impl Form for Bar {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.text(1, "date", &mut self.date)?;
        f.opt_double(2, "open", &mut self.open)?;
        f.opt_double(3, "high", &mut self.high)?;
        f.opt_double(4, "low", &mut self.low)?;
        f.opt_double(5, "close", &mut self.close)?;
        f.opt_text(6, "volume", &mut self.volume)?;
        f.opt_text(7, "WAP", &mut self.wap)?;
        f.int(8, "barCount", &mut self.count)
    }
}

impl Form for HistoricalDataUpdate {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        let mut bar = Bar {
            date: std::mem::take(&mut self.date),
            open: self.open,
            high: self.high,
            low: self.low,
            close: self.close,
            volume: self.volume,
            wap: self.wap,
            count: self.count,
        };
        f.part(2, "historicalDataBar", true, |f| bar.form(f))?;
        self.date = bar.date;
        (self.open, self.high, self.low, self.close) = (bar.open, bar.high, bar.low, bar.close);
        (self.volume, self.wap, self.count) = (bar.volume, bar.wap, bar.count);
        Ok(())
    }
}

impl Form for HistoricalDataEnd {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.text(2, "startDateStr", &mut self.start)?;
        f.text(3, "endDateStr", &mut self.end)
    }
}

impl Form for HeadTimestamp {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.text(2, "headTimestamp", &mut self.time)
    }
}

impl Form for HistoricalSchedule {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.text(2, "startDateTime", &mut self.start)?;
        f.text(3, "endDateTime", &mut self.end)?;
        f.text(4, "timeZone", &mut self.zone)?;
        f.parts(5, "historicalSessions", &mut self.sessions, BARS_MAX, |f, session| {
            f.text(1, "session.startDateTime", &mut session.start)?;
            f.text(2, "session.endDateTime", &mut session.end)?;
            f.text(3, "session.refDate", &mut session.date)
        })
    }
}
