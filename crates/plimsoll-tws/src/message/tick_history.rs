//! Ticks of the past, and how much was traded at which price.

use plimsoll_model::{Price, Qty};

use super::contract::WireContract;
use crate::layout::{Fields, Layout, Step};
use crate::{Text, Word};

/// A request gives at most 1000 ticks and then the rest of the last second.
pub(crate) const TICKS_MAX: usize = 1 << 16;
pub(crate) const PRICES_MAX: usize = 1 << 20;

/// Asks for ticks of the past.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqHistoricalTicks {
    /// The request this belongs to.
    pub req_id: i32,
    /// Which contract.
    pub contract: WireContract,
    /// Expired futures too.
    pub include_expired: bool,
    /// From this moment on; empty where `end` is given.
    pub start: Word,
    /// Up to this moment; empty where `start` is given.
    pub end: Word,
    /// At most 1000.
    pub count: i32,
    /// `TRADES`, `BID_ASK`, `MIDPOINT`.
    pub what: Word,
    /// Regular hours only.
    pub use_rth: bool,
    /// Only price changes.
    pub ignore_size: bool,
    /// Internal use.
    pub options: Text,
}

impl Layout for ReqHistoricalTicks {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        self.contract.twelve(f)?;
        f.visit("includeExpired", &mut self.include_expired)?;
        f.visit("startDateTime", &mut self.start)?;
        f.visit("endDateTime", &mut self.end)?;
        f.visit("numberOfTicks", &mut self.count)?;
        f.visit("whatToShow", &mut self.what)?;
        f.visit("useRth", &mut self.use_rth)?;
        f.visit("ignoreSize", &mut self.ignore_size)?;
        f.visit("miscOptions", &mut self.options)?;
        Ok(())
    }
}

/// Ticks of the past. The request's kind decides which of the three messages carries them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoricalTicks<T> {
    /// The request this belongs to.
    pub req_id: i32,
    /// Oldest first.
    pub ticks: Vec<T>,
    /// Whether these are the last of the answer.
    pub is_done: bool,
}

impl<T> Default for HistoricalTicks<T> {
    fn default() -> Self {
        Self { req_id: 0, ticks: Vec::new(), is_done: false }
    }
}

impl<T: Layout + Default> Layout for HistoricalTicks<T> {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.list("ticksCount", &mut self.ticks, TICKS_MAX, |f, tick| tick.layout(f))?;
        f.visit("done", &mut self.is_done)
    }
}

/// The middle of a quote of the past.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PastMidpoint {
    /// Epoch seconds.
    pub time: i64,
    /// The price.
    pub px: Option<Price>,
    /// Zero.
    pub size: Option<Qty>,
}

impl Layout for PastMidpoint {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("time", &mut self.time)?;
        f.constant("unused", "0")?;
        f.opt("price", &mut self.px)?;
        f.opt("size", &mut self.size)
    }
}

/// A quote of the past.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PastBidAsk {
    /// Epoch seconds.
    pub time: i64,
    /// 1 ask past high, 2 bid past low: the other way round than in ticks of the present.
    pub attributes: i32,
    /// The bid.
    pub bid: Option<Price>,
    /// The ask.
    pub ask: Option<Price>,
    /// Of the bid.
    pub bid_size: Option<Qty>,
    /// Of the ask.
    pub ask_size: Option<Qty>,
}

impl Layout for PastBidAsk {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("time", &mut self.time)?;
        f.visit("attrMask", &mut self.attributes)?;
        f.opt("priceBid", &mut self.bid)?;
        f.opt("priceAsk", &mut self.ask)?;
        f.opt("sizeBid", &mut self.bid_size)?;
        f.opt("sizeAsk", &mut self.ask_size)
    }
}

/// A trade of the past.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PastLast {
    /// Epoch seconds.
    pub time: i64,
    /// 1 past limit, 2 unreported.
    pub attributes: i32,
    /// The price.
    pub px: Option<Price>,
    /// How much.
    pub size: Option<Qty>,
    /// Where.
    pub exchange: Word,
    /// Letters of the tape.
    pub conditions: Word,
}

impl Layout for PastLast {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("time", &mut self.time)?;
        f.visit("attrMask", &mut self.attributes)?;
        f.opt("price", &mut self.px)?;
        f.opt("size", &mut self.size)?;
        f.visit("exchange", &mut self.exchange)?;
        f.visit("specialConditions", &mut self.conditions)
    }
}

/// Asks how much was traded at which price.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqHistogramData {
    /// The request this belongs to.
    pub req_id: i32,
    /// Which contract.
    pub contract: WireContract,
    /// Expired futures too.
    pub include_expired: bool,
    /// Regular hours only.
    pub use_rth: bool,
    /// `3 days`.
    pub period: Word,
}

impl Layout for ReqHistogramData {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        self.contract.twelve(f)?;
        f.visit("includeExpired", &mut self.include_expired)?;
        f.visit("useRTH", &mut self.use_rth)?;
        f.visit("timePeriod", &mut self.period)?;
        Ok(())
    }
}

/// How much was traded at which price.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistogramData {
    /// The request this belongs to.
    pub req_id: i32,
    /// One per price.
    pub prices: Vec<HistogramPrice>,
}

impl Layout for HistogramData {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.list("pricesCount", &mut self.prices, PRICES_MAX, |f, price| price.layout(f))
    }
}

/// How much was traded at one price.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistogramPrice {
    /// The price.
    pub px: Option<Price>,
    /// How much.
    pub size: Option<Qty>,
}

impl Layout for HistogramPrice {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.opt("price", &mut self.px)?;
        f.opt("size", &mut self.size)
    }
}
