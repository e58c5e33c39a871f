//! Answers with live market data.

use plimsoll_model::{Price, Qty};
use rust_decimal::Decimal;

use crate::layout::{Fields, Layout, Step};
use crate::{Text, Word};

/// A price. Exactly seven fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TickPrice {
    /// The request this belongs to.
    pub req_id: i32,
    /// 1 bid, 2 ask, 4 last, 9 close.
    pub tick: i32,
    /// -1 with size 0 where there is no quote.
    pub px: Option<Price>,
    /// What belongs to the price.
    pub size: Option<Qty>,
    /// 1 can auto execute, 2 past limit, 4 pre-open.
    pub attributes: i32,
}

impl Layout for TickPrice {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("tickType", &mut self.tick)?;
        f.opt("price", &mut self.px)?;
        f.opt("size", &mut self.size)?;
        f.visit("attrMask", &mut self.attributes)?;
        Ok(())
    }
}

/// A size.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TickSize {
    /// The request this belongs to.
    pub req_id: i32,
    /// 0 bid, 3 ask, 5 last, 8 volume.
    pub tick: i32,
    /// The size.
    pub size: Option<Qty>,
}

impl Layout for TickSize {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("tickType", &mut self.tick)?;
        f.opt("size", &mut self.size)?;
        Ok(())
    }
}

/// A number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TickGeneric {
    /// The request this belongs to.
    pub req_id: i32,
    /// 49 halted.
    pub tick: i32,
    /// The number.
    pub value: Option<Decimal>,
}

impl Layout for TickGeneric {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("tickType", &mut self.tick)?;
        f.opt("value", &mut self.value)?;
        Ok(())
    }
}

/// A text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TickString {
    /// The request this belongs to.
    pub req_id: i32,
    /// 45 time of the last trade.
    pub tick: i32,
    /// The text.
    pub value: Text,
}

impl Layout for TickString {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("tickType", &mut self.tick)?;
        f.visit("value", &mut self.value)?;
        Ok(())
    }
}

/// Price step and more of a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TickReqParams {
    /// The request this belongs to.
    pub req_id: i32,
    /// The smallest price step.
    pub min_tick: Option<Decimal>,
    /// For smart components.
    pub bbo_exchange: Word,
    /// What may be asked.
    pub snapshot_permissions: i32,
}

impl Layout for TickReqParams {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.opt("minTick", &mut self.min_tick)?;
        f.visit("bboExchange", &mut self.bbo_exchange)?;
        f.visit("snapshotPermissions", &mut self.snapshot_permissions)?;
        Ok(())
    }
}

/// Which kind of data a subscription gets from now on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MarketDataType {
    /// The request this belongs to.
    pub req_id: i32,
    /// 1 live, 2 frozen, 3 delayed, 4 delayed and frozen.
    pub kind: i32,
}

impl Layout for MarketDataType {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("marketDataType", &mut self.kind)?;
        Ok(())
    }
}

/// A five-second bar.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RealTimeBar {
    /// The request this belongs to.
    pub req_id: i32,
    /// Start, epoch seconds.
    pub time: i64,
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
    /// Trades in it.
    pub count: i32,
}

impl Layout for RealTimeBar {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("time", &mut self.time)?;
        f.opt("open", &mut self.open)?;
        f.opt("high", &mut self.high)?;
        f.opt("low", &mut self.low)?;
        f.opt("close", &mut self.close)?;
        f.opt("volume", &mut self.volume)?;
        f.opt("wap", &mut self.wap)?;
        f.visit("count", &mut self.count)?;
        Ok(())
    }
}

/// A tick of the full stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TickByTick {
    /// The request this belongs to.
    pub req_id: i32,
    /// What it says.
    pub tick: Tick,
}

/// What a tick says; times are epoch seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "TWS's own field names")]
pub enum Tick {
    /// A trade.
    Last {
        /// Whether late and odd trades are in the stream.
        all: bool,
        time: i64,
        px: Option<Price>,
        size: Option<Qty>,
        attributes: i32,
        exchange: Word,
        conditions: Word,
    },
    /// A quote.
    BidAsk {
        time: i64,
        bid: Option<Price>,
        ask: Option<Price>,
        bid_size: Option<Qty>,
        ask_size: Option<Qty>,
        attributes: i32,
    },
    /// The middle of the quote.
    Midpoint { time: i64, px: Option<Price> },
}

impl Default for Tick {
    fn default() -> Self {
        Self::Midpoint { time: 0, px: None }
    }
}

impl Tick {
    /// The number of the kind on the wire.
    pub(crate) const fn kind(&self) -> i32 {
        match self {
            Self::Last { all: false, .. } => 1,
            Self::Last { all: true, .. } => 2,
            Self::BidAsk { .. } => 3,
            Self::Midpoint { .. } => 4,
        }
    }

    /// A tick of that kind with every field absent.
    pub(crate) fn blank(kind: i32) -> Option<Self> {
        let (time, attributes) = (0, 0);
        Some(match kind {
            1 | 2 => Self::Last {
                all: kind == 2,
                time,
                px: None,
                size: None,
                attributes,
                exchange: Word::EMPTY,
                conditions: Word::EMPTY,
            },
            3 => Self::BidAsk { time, bid: None, ask: None, bid_size: None, ask_size: None, attributes },
            4 => Self::Midpoint { time, px: None },
            _ => return None,
        })
    }
}

impl Layout for TickByTick {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        let mut kind = self.tick.kind();
        f.id("tickType", &mut kind)?;
        if kind != self.tick.kind() {
            self.tick =
                Tick::blank(kind).ok_or_else(|| f.unknown("tickType", kind, "a tick type from 1 to 4"))?;
        }
        match &mut self.tick {
            Tick::Last { time, px, size, attributes, exchange, conditions, .. } => {
                f.visit("time", time)?;
                f.opt("price", px)?;
                f.opt("size", size)?;
                f.visit("attrMask", attributes)?;
                f.visit("exchange", exchange)?;
                f.visit("specialConditions", conditions)
            }
            Tick::BidAsk { time, bid, ask, bid_size, ask_size, attributes } => {
                f.visit("time", time)?;
                f.opt("bidPrice", bid)?;
                f.opt("askPrice", ask)?;
                f.opt("bidSize", bid_size)?;
                f.opt("askSize", ask_size)?;
                f.visit("attrMask", attributes)
            }
            Tick::Midpoint { time, px } => {
                f.visit("time", time)?;
                f.opt("midPoint", px)
            }
        }
    }
}
