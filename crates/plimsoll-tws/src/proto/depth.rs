//! Order books, and the exchanges behind books and quotes.

use super::contracts::contract;
use super::{Form, Numbered, Step, options};
use crate::message::{
    CancelMktDepth, EXCHANGES_MAX, MarketDepth, MarketDepthL2, MktDepthExchanges, ReqMktDepth,
    ReqSmartComponents, SmartComponents,
};

impl Form for ReqMktDepth {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        contract(f, 2, &mut self.contract)?;
        f.int(3, "numRows", &mut self.rows)?;
        f.flag(4, "isSmartDepth", &mut self.is_smart)?;
        options(f, 5, "marketDepthOptions", &mut self.options)
    }
}

impl Form for CancelMktDepth {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        f.flag(2, "isSmartDepth", &mut self.is_smart)
    }
}

impl Form for MarketDepth {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.part(2, "marketDepthData", true, |f| {
            f.int(1, "position", &mut self.position)?;
            f.int(2, "operation", &mut self.operation)?;
            f.int(3, "side", &mut self.side)?;
            f.opt_double(4, "price", &mut self.px)?;
            f.opt_text(5, "size", &mut self.size)?;
            // Both messages share this part; rows of this one name nobody.
            f.aside(6, "marketMaker")?;
            f.aside(7, "isSmartDepth")
        })
        .map(drop)
    }
}

impl Form for MarketDepthL2 {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.part(2, "marketDepthData", true, |f| {
            f.int(1, "position", &mut self.position)?;
            f.int(2, "operation", &mut self.operation)?;
            f.int(3, "side", &mut self.side)?;
            f.opt_double(4, "price", &mut self.px)?;
            f.opt_text(5, "size", &mut self.size)?;
            f.text(6, "marketMaker", &mut self.market_maker)?;
            f.flag(7, "isSmartDepth", &mut self.is_smart)
        })
        .map(drop)
    }
}

impl Form for MktDepthExchanges {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.parts(1, "depthMarketDataDescriptions", &mut self.exchanges, EXCHANGES_MAX, |f, exchange| {
            f.text(1, "exchange", &mut exchange.exchange)?;
            f.text(2, "secType", &mut exchange.sec_type)?;
            f.text(3, "listingExch", &mut exchange.listing_exchange)?;
            f.text(4, "serviceDataType", &mut exchange.service)?;
            f.opt_int(5, "aggGroup", &mut exchange.agg_group)
        })
    }
}

impl Form for ReqSmartComponents {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.id(1, "reqId", &mut self.req_id)?;
        f.text(2, "bboExchange", &mut self.bbo_exchange)
    }
}

impl Form for SmartComponents {
    fn form(&mut self, f: &mut impl Numbered) -> Step {
        f.int_or(1, "reqId", &mut self.req_id, -1)?;
        f.parts(2, "smartComponents", &mut self.components, EXCHANGES_MAX, |f, component| {
            f.int(1, "bitNumber", &mut component.bit)?;
            f.text(2, "exchange", &mut component.exchange)?;
            f.text(3, "exchangeLetter", &mut component.letter)
        })
    }
}
