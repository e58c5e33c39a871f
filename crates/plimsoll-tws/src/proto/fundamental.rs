//! Fundamentals and the calendar of Wall Street Horizon.

use super::contracts::contract;
use super::{Form, Numbered, Step, options};
use crate::message::{FundamentalData, ReqFundamentalData, ReqWshEventData, WshData};

impl Form for ReqFundamentalData {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        contract(f, 2, &mut self.contract)?;
        f.text(3, "reportType", &mut self.report)?;
        options(f, 4, "fundamentalsDataOptions", &mut self.options)
    }
}

impl Form for FundamentalData {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.text(2, "data", &mut self.data)
    }
}

impl Form for ReqWshEventData {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        f.opt_int(2, "conId", &mut self.con_id)?;
        f.text(3, "filter", &mut self.filter)?;
        f.flag(4, "fillWatchlist", &mut self.fill_watchlist)?;
        f.flag(5, "fillPortfolio", &mut self.fill_portfolio)?;
        f.flag(6, "fillCompetitors", &mut self.fill_competitors)?;
        f.text(7, "startDate", &mut self.start)?;
        f.text(8, "endDate", &mut self.end)?;
        f.opt_int(9, "totalLimit", &mut self.limit)
    }
}

impl Form for WshData {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.text(2, "dataJson", &mut self.json)
    }
}
