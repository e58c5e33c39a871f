//! Live market data.

use super::{Form, Numbered, Step};
use crate::message::{
    MarketDataType, RealTimeBar, Tick, TickByTick, TickGeneric, TickPrice, TickReqParams, TickSize,
    TickString,
};

impl Form for TickPrice {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.int(2, "tickType", &mut self.tick)?;
        f.opt_double(3, "price", &mut self.px)?;
        f.opt_text(4, "size", &mut self.size)?;
        f.int(5, "attrMask", &mut self.attributes)
    }
}

impl Form for TickSize {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.int(2, "tickType", &mut self.tick)?;
        f.opt_text(3, "size", &mut self.size)
    }
}

impl Form for TickGeneric {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.int(2, "tickType", &mut self.tick)?;
        f.opt_double(3, "value", &mut self.value)
    }
}

impl Form for TickString {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.int(2, "tickType", &mut self.tick)?;
        f.text(3, "value", &mut self.value)
    }
}

impl Form for TickReqParams {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.opt_text(2, "minTick", &mut self.min_tick)?;
        f.text(3, "bboExchange", &mut self.bbo_exchange)?;
        f.int(4, "snapshotPermissions", &mut self.snapshot_permissions)
    }
}

impl Form for MarketDataType {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.int(2, "marketDataType", &mut self.kind)
    }
}

impl Form for RealTimeBar {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.long(2, "time", &mut self.time)?;
        f.opt_double(3, "open", &mut self.open)?;
        f.opt_double(4, "high", &mut self.high)?;
        f.opt_double(5, "low", &mut self.low)?;
        f.opt_double(6, "close", &mut self.close)?;
        f.opt_text(7, "volume", &mut self.volume)?;
        f.opt_text(8, "WAP", &mut self.wap)?;
        f.int(9, "count", &mut self.count)
    }
}

impl Form for TickByTick {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        let mut kind = self.tick.kind();
        f.id(2, "tickType", &mut kind)?;
        if kind != self.tick.kind() {
            self.tick =
                Tick::blank(kind).ok_or_else(|| f.unknown(2, "tickType", kind, "a tick type from 1 to 4"))?;
        }
        match &mut self.tick {
            Tick::Last { time, px, size, attributes, exchange, conditions, .. } => {
                f.part(3, "historicalTickLast", true, |f| {
                    f.long(1, "time", time)?;
                    mask(f, 2, [("pastLimit", 1), ("unreported", 2)], attributes)?;
                    f.opt_double(3, "price", px)?;
                    f.opt_text(4, "size", size)?;
                    f.text(5, "exchange", exchange)?;
                    f.text(6, "specialConditions", conditions)
                })
            }
            Tick::BidAsk { time, bid, ask, bid_size, ask_size, attributes } => {
                f.part(4, "historicalTickBidAsk", true, |f| {
                    f.long(1, "time", time)?;
                    mask(f, 2, [("bidPastLow", 1), ("askPastHigh", 2)], attributes)?;
                    f.opt_double(3, "priceBid", bid)?;
                    f.opt_double(4, "priceAsk", ask)?;
                    f.opt_text(5, "sizeBid", bid_size)?;
                    f.opt_text(6, "sizeAsk", ask_size)
                })
            }
            Tick::Midpoint { time, px } => f.part(5, "historicalTickMidPoint", true, |f| {
                f.long(1, "time", time)?;
                f.opt_double(2, "price", px)?;
                f.aside(3, "size")
            }),
        }
        .map(drop)
    }
}

/// Two flags, a part of their own here and in the text protocol the named bits of one number.
pub(super) fn mask(
    f: &mut impl Numbered,
    number: u32,
    [first, second]: [(&'static str, i32); 2],
    bits: &mut i32,
) -> Step {
    let [mut is_first, mut is_second] = [first, second].map(|(_, bit)| *bits & bit != 0);
    f.part(number, "tickAttrib", true, |f| {
        f.flag(1, first.0, &mut is_first)?;
        f.flag(2, second.0, &mut is_second)
    })?;
    let bit = |is_set, (_, bit)| if is_set { bit } else { 0 };
    *bits = bit(is_first, first) | bit(is_second, second);
    Ok(())
}
