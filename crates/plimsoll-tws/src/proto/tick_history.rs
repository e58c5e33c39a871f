//! Ticks of the past, and how much was traded at which price.

use super::contracts::{Beside, contract_with};
use super::market_data::mask;
use super::{Form, Numbered, Step, options};
use crate::message::{
    HistogramData, HistoricalTicks, PRICES_MAX, PastBidAsk, PastLast, PastMidpoint, ReqHistogramData,
    ReqHistoricalTicks, TICKS_MAX,
};

impl Form for ReqHistoricalTicks {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        let mut beside = Beside { include_expired: self.include_expired, ..Beside::default() };
        contract_with(f, 2, &mut self.contract, &mut beside)?;
        self.include_expired = beside.include_expired;
        f.text(3, "startDateTime", &mut self.start)?;
        f.text(4, "endDateTime", &mut self.end)?;
        f.int(5, "numberOfTicks", &mut self.count)?;
        f.text(6, "whatToShow", &mut self.what)?;
        f.flag(7, "useRTH", &mut self.use_rth)?;
        f.flag(8, "ignoreSize", &mut self.ignore_size)?;
        options(f, 9, "miscOptions", &mut self.options)
    }
}

impl<T: Form + Default> Form for HistoricalTicks<T> {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.parts(2, "historicalTicks", &mut self.ticks, TICKS_MAX, |f, tick| tick.form(f))?;
        f.flag(3, "isDone", &mut self.is_done)
    }
}

impl Form for PastMidpoint {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.long(1, "time", &mut self.time)?;
        f.opt_double(2, "price", &mut self.px)?;
        f.opt_text(3, "size", &mut self.size)
    }
}

impl Form for PastBidAsk {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.long(1, "time", &mut self.time)?;
        mask(f, 2, [("bidPastLow", 2), ("askPastHigh", 1)], &mut self.attributes)?;
        f.opt_double(3, "priceBid", &mut self.bid)?;
        f.opt_double(4, "priceAsk", &mut self.ask)?;
        f.opt_text(5, "sizeBid", &mut self.bid_size)?;
        f.opt_text(6, "sizeAsk", &mut self.ask_size)
    }
}

impl Form for PastLast {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.long(1, "time", &mut self.time)?;
        mask(f, 2, [("pastLimit", 1), ("unreported", 2)], &mut self.attributes)?;
        f.opt_double(3, "price", &mut self.px)?;
        f.opt_text(4, "size", &mut self.size)?;
        f.text(5, "exchange", &mut self.exchange)?;
        f.text(6, "specialConditions", &mut self.conditions)
    }
}

impl Form for ReqHistogramData {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        let mut beside = Beside { include_expired: self.include_expired, ..Beside::default() };
        contract_with(f, 2, &mut self.contract, &mut beside)?;
        self.include_expired = beside.include_expired;
        f.flag(3, "useRTH", &mut self.use_rth)?;
        f.text(4, "timePeriod", &mut self.period)
    }
}

impl Form for HistogramData {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.parts(2, "histogramDataEntries", &mut self.prices, PRICES_MAX, |f, entry| {
            f.opt_double(1, "price", &mut entry.px)?;
            f.opt_text(2, "size", &mut entry.size)
        })
    }
}
