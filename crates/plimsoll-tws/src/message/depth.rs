//! Order books: their requests, their rows, and which exchanges have one.

use plimsoll_model::{Price, Qty};

use super::contract::WireContract;
use crate::layout::{Fields, Layout, Step};
use crate::{Text, Word};

pub(crate) const EXCHANGES_MAX: usize = 4096;

/// Subscribes to an order book.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqMktDepth {
    /// The request this belongs to.
    pub req_id: i32,
    /// Which contract.
    pub contract: WireContract,
    /// Rows per side.
    pub rows: i32,
    /// The books of all exchanges in one.
    pub is_smart: bool,
    /// Internal use.
    pub options: Text,
}

impl Layout for ReqMktDepth {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        self.contract.twelve(f)?;
        f.visit("numRows", &mut self.rows)?;
        f.visit("isSmartDepth", &mut self.is_smart)?;
        f.visit("mktDepthOptions", &mut self.options)?;
        Ok(())
    }
}

/// Ends an order book.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CancelMktDepth {
    /// The request this belongs to.
    pub req_id: i32,
    /// As in the subscription.
    pub is_smart: bool,
}

impl Layout for CancelMktDepth {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("isSmartDepth", &mut self.is_smart)?;
        Ok(())
    }
}

/// A change of one row of an order book.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MarketDepth {
    /// The request this belongs to.
    pub req_id: i32,
    /// The row, the best is 0.
    pub position: i32,
    /// 0 insert, 1 replace, 2 delete.
    pub operation: i32,
    /// 0 ask, 1 bid.
    pub side: i32,
    /// Of the row.
    pub px: Option<Price>,
    /// Of the row.
    pub size: Option<Qty>,
}

impl Layout for MarketDepth {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("position", &mut self.position)?;
        f.visit("operation", &mut self.operation)?;
        f.visit("side", &mut self.side)?;
        f.opt("price", &mut self.px)?;
        f.opt("size", &mut self.size)?;
        Ok(())
    }
}

/// A change of one row of an order book that names who quotes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MarketDepthL2 {
    /// The request this belongs to.
    pub req_id: i32,
    /// The row, the best is 0.
    pub position: i32,
    /// Who quotes, or where in the books of all exchanges.
    pub market_maker: Word,
    /// 0 insert, 1 replace, 2 delete.
    pub operation: i32,
    /// 0 ask, 1 bid.
    pub side: i32,
    /// Of the row.
    pub px: Option<Price>,
    /// Of the row.
    pub size: Option<Qty>,
    /// As in the subscription.
    pub is_smart: bool,
}

impl Layout for MarketDepthL2 {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("position", &mut self.position)?;
        f.visit("marketMaker", &mut self.market_maker)?;
        f.visit("operation", &mut self.operation)?;
        f.visit("side", &mut self.side)?;
        f.opt("price", &mut self.px)?;
        f.opt("size", &mut self.size)?;
        f.visit("isSmartDepth", &mut self.is_smart)?;
        Ok(())
    }
}

/// Which exchanges have an order book.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MktDepthExchanges {
    /// One per exchange and kind of contract.
    pub exchanges: Vec<DepthExchange>,
}

impl Layout for MktDepthExchanges {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.list("exchangesCount", &mut self.exchanges, EXCHANGES_MAX, |f, exchange| exchange.layout(f))
    }
}

/// An exchange with an order book.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DepthExchange {
    /// The exchange.
    pub exchange: Word,
    /// Of this kind of contract.
    pub sec_type: Word,
    /// Where those are listed.
    pub listing_exchange: Word,
    /// `Deep`, or `Deep2` where rows name who quotes.
    pub service: Word,
    /// Exchanges of one group are one in the books of all.
    pub agg_group: Option<i32>,
}

impl Layout for DepthExchange {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("exchange", &mut self.exchange)?;
        f.visit("secType", &mut self.sec_type)?;
        f.visit("listingExch", &mut self.listing_exchange)?;
        f.visit("serviceDataType", &mut self.service)?;
        f.opt_max("aggGroup", &mut self.agg_group)
    }
}

/// Asks which exchanges the letters of a quote stand for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqSmartComponents {
    /// The request this belongs to.
    pub req_id: i32,
    /// From the parameters of a data subscription.
    pub bbo_exchange: Word,
}

impl Layout for ReqSmartComponents {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("bboExchange", &mut self.bbo_exchange)?;
        Ok(())
    }
}

/// Which exchanges the letters of a quote stand for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SmartComponents {
    /// The request this belongs to.
    pub req_id: i32,
    /// One per exchange.
    pub components: Vec<SmartComponent>,
}

impl Layout for SmartComponents {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.list("componentsCount", &mut self.components, EXCHANGES_MAX, |f, component| component.layout(f))
    }
}

/// One exchange behind a quote.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SmartComponent {
    /// Its bit in a mask.
    pub bit: i32,
    /// The exchange.
    pub exchange: Word,
    /// Its letter in ticks 32, 33 and 84.
    pub letter: Word,
}

impl Layout for SmartComponent {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("bitNumber", &mut self.bit)?;
        f.visit("exchange", &mut self.exchange)?;
        f.visit("exchangeLetter", &mut self.letter)
    }
}
