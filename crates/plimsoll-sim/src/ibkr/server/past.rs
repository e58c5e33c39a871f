//! Ticks of the past and histograms.
//!
//! Owns the reading of `reqHistoricalTicks` and `reqHistogramData` and their answers. A second has at most
//! one quote and one price of trades, so no answer has to cut a second in two.

use plimsoll_model::Price;
use plimsoll_tws::Response;
use plimsoll_tws::message::{
    HistogramData, HistogramPrice, HistoricalTicks, PastBidAsk, PastLast, PastMidpoint, ReqHistogramData,
    ReqHistoricalTicks,
};

use crate::ibkr::Output;
use crate::ibkr::server::Asked;
use crate::ibkr::server::contracts::Expired;
use crate::ibkr::server::history::paced;
use crate::ibkr::server::orders::shares;
use crate::ibkr::server::span::{invalid, period_start};
use crate::ibkr::server::times;
use crate::ibkr::venue::IbkrVenue;
use crate::market::listing::Product;
use crate::market::past::{Part, Walked};
use crate::market::{Second, Sym};

/// Ticks of one answer.
const TICKS_MAX: i32 = 1_000;

/// What the ticks are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Trades,
    BidAsk,
    Midpoint,
}

/// A request that was understood.
#[derive(Debug, Clone, Copy)]
struct Asking {
    sym: Sym,
    what: What,
    walked: Walked,
    part: Part,
    count: usize,
    /// Quotes that differ in their sizes only are one.
    ignore_size: bool,
}

/// An error's code and text.
type Refusal = (i32, String);

impl IbkrVenue {
    /// `reqHistoricalTicks`.
    pub(crate) fn historical_ticks(&mut self, from: Asked, m: &ReqHistoricalTicks, out: &mut Vec<Output>) {
        let asking = match self.read_ticks(m) {
            Ok(asking) => asking,
            Err((code, text)) => {
                self.send_error(from.conn, (m.req_id, code), &text, out);
                return;
            }
        };
        let exchange = m.contract.exchange.as_str();
        let rest = format!("ticks {} {} {} {}", m.start, m.end, m.count, m.use_rth);
        let pace = paced(asking.sym, exchange, m.what.as_str(), &rest);
        if !self.keeps_pace(from, m.req_id, pace, out) || self.paced_by_fault(from, m.req_id, out) {
            return;
        }
        if self.faults.farm_down("ushmds") || self.faults.link_down {
            return;
        }
        let moment = if m.start.is_empty() { &m.end } else { &m.start };
        self.warn_of_implied_zone(from, (m.req_id, moment.as_str()), out);
        let answer = self.ticks_of(from, asking, m.req_id);
        self.send(from.conn, &answer, out);
    }

    fn read_ticks(&mut self, m: &ReqHistoricalTicks) -> Result<Asking, Refusal> {
        let refused = |why: &str| (10187, format!("Failed to request historical ticks:{why}"));
        let sym = match self.resolve_data(&m.contract, Expired::from_wire(m.include_expired)) {
            Ok(sym) => sym,
            Err((354, _)) => {
                return Err(refused(&format!("No market data permissions for {}", m.contract.sec_type)));
            }
            Err(refusal) => return Err(refusal),
        };
        let what = match m.what.as_str() {
            "TRADES" => What::Trades,
            "BID_ASK" => What::BidAsk,
            "MIDPOINT" => What::Midpoint,
            other => return Err(invalid(&format!("Invalid whatToShow {other}"))),
        };
        let market = &self.exchange.market;
        if what == What::Trades && matches!(market.listing(sym).product, Product::Forex(_)) {
            let why = format!("No market data permissions for {} CASH", m.contract.exchange);
            return Err(refused(&why));
        }
        // IBKR's words are that exactly one of both must be defined and that a request has at most a thousand
        // ticks; the code of the refusal is assumed.
        if m.start.is_empty() == m.end.is_empty() {
            return Err(invalid("Exactly one of start and end date-time must be defined"));
        }
        if !(1..=TICKS_MAX).contains(&m.count) {
            return Err(invalid(&format!("Number of ticks must be between 1 and {TICKS_MAX}")));
        }
        let zone = market.hours_of(sym).zone();
        let read = |text: &str| {
            times::parse(text, zone).ok_or_else(|| {
                invalid("The date, time, or time-zone entered is invalid. The correct format is yyyymmdd hh:mm:ss xx/xxxx")
            })
        };
        let walked = if m.start.is_empty() {
            Walked::Until(read(m.end.as_str())?)
        } else {
            Walked::From(read(m.start.as_str())?)
        };
        let part = if m.use_rth { Part::Regular } else { Part::Whole };
        let count = usize::try_from(m.count).expect("it lies between one and a thousand");
        Ok(Asking { sym, what, walked, part, count, ignore_size: m.ignore_size })
    }

    fn ticks_of(&mut self, from: Asked, ask: Asking, req_id: i32) -> Response {
        let mut seen = None;
        let wanted = |second: Second| match ask.what {
            What::Trades => second.print.is_some(),
            What::Midpoint => true,
            What::BidAsk => {
                let prices = (second.bid, second.ask);
                !ask.ignore_size || seen.replace(prices) != Some(prices)
            }
        };
        let now = self.exchange.now;
        let found = self.exchange.market.seconds(ask.sym, (ask.walked, ask.part), now, (ask.count, wanted));
        let market = &self.exchange.market;
        let listing = market.listing(ask.sym);
        let conn = self.conns.get(&from.conn).filter(|_| listing.is_stock());
        let told = |size: i64| Some(shares(conn.map_or(size, |conn| conn.history_shares(size))));
        let px = |units: i64| Some(Price::new(market.decimal(ask.sym, units)));
        let (is_done, attributes) = (true, 0);
        match ask.what {
            What::Trades => {
                let exchange = listing.venue.as_wire();
                let tick = |(time, print): (i64, crate::market::Print)| PastLast {
                    time,
                    attributes,
                    px: Some(Price::new(market.print_px(ask.sym, print))),
                    size: told(print.size),
                    exchange: exchange.into(),
                    conditions: "".into(),
                };
                let prints =
                    found.into_iter().filter_map(|(at, second)| Some((at.as_second(), second.print?)));
                let ticks = prints.map(tick).collect();
                Response::HistoricalTicksLast(HistoricalTicks { req_id, ticks, is_done })
            }
            What::BidAsk => {
                let tick = |(at, second): (jiff::Timestamp, Second)| PastBidAsk {
                    time: at.as_second(),
                    attributes,
                    bid: px(second.bid),
                    ask: px(second.ask),
                    bid_size: told(second.bid_size),
                    ask_size: told(second.ask_size),
                };
                let ticks = found.into_iter().map(tick).collect();
                Response::HistoricalTicksBidAsk(HistoricalTicks { req_id, ticks, is_done })
            }
            What::Midpoint => {
                let tick = |(at, second): (jiff::Timestamp, Second)| PastMidpoint {
                    time: at.as_second(),
                    px: Some(Price::new(market.middle(ask.sym, second))),
                    size: Some(shares(0)),
                };
                let ticks = found.into_iter().map(tick).collect();
                Response::HistoricalTicks(HistoricalTicks { req_id, ticks, is_done })
            }
        }
    }

    /// `reqHistogramData`.
    pub(crate) fn histogram(&mut self, from: Asked, m: &ReqHistogramData, out: &mut Vec<Output>) {
        let sym = match self.resolve_data(&m.contract, Expired::from_wire(m.include_expired)) {
            Ok(sym) => sym,
            Err((code, text)) => {
                self.send_error(from.conn, (m.req_id, code), &text, out);
                return;
            }
        };
        let now = self.exchange.now;
        let hours = self.exchange.market.hours_of(sym);
        let Some(start) = period_start(m.period.as_str(), hours, now) else {
            let (code, text) = invalid(&format!("Invalid time period {}", m.period.as_str()));
            self.send_error(from.conn, (m.req_id, code), &text, out);
            return;
        };
        if self.faults.farm_down("ushmds") || self.faults.link_down {
            return;
        }
        let part = if m.use_rth { Part::Regular } else { Part::Whole };
        let until = now + jiff::SignedDuration::from_secs(1);
        let traded = self.exchange.market.histogram(sym, (start, until), part);
        let row =
            |(px, size): (i64, i64)| HistogramPrice { px: Some(self.px(sym, px)), size: Some(shares(size)) };
        let prices = traded.into_iter().map(row).collect();
        self.send(from.conn, &Response::HistogramData(HistogramData { req_id: m.req_id, prices }), out);
    }
}
