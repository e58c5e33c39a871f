//! Streams beside the quotes: bars of five seconds, and every tick by itself.
//!
//! Owns both kinds of subscriptions, their limits and what each second brings to everybody.

use jiff::SignedDuration;
use plimsoll_model::Price;
use plimsoll_tws::Response;
use plimsoll_tws::message::{RealTimeBar, ReqRealTimeBars, ReqTickByTickData, Tick, TickByTick};
use rust_decimal::Decimal;

use crate::ibkr::conn::{FiveSeconds, TickKind};
use crate::ibkr::server::Asked;
use crate::ibkr::server::account::Due;
use crate::ibkr::server::history::paced;
use crate::ibkr::server::orders::shares;
use crate::ibkr::server::span::{Shown, shown};
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::violation::Kind;
use crate::ibkr::{ConnId, Output};
use crate::market::bars::{BarSize, What};
use crate::market::listing::Product;
use crate::market::{BarRequest, Market, Second, Sym, timestamp};

/// Tick-by-tick streams of the login: five percent of its lines.
const TICK_STREAMS_MAX: usize = 5;
/// How soon the ticks of one instrument may be asked for again.
const TICK_STREAM_PAUSE: SignedDuration = SignedDuration::from_secs(15);

impl IbkrVenue {
    /// `reqRealTimeBars`.
    pub(crate) fn five_second_bars(&mut self, from: Asked, m: &ReqRealTimeBars, out: &mut Vec<Output>) {
        let Some(sym) = self.data_of(from, m.req_id, &m.contract, out) else { return };
        let listing = self.exchange.market.listing(sym);
        let what = match shown(m.what.as_str(), listing) {
            Ok(Shown::Market(what)) if what != What::BidAsk => what,
            _ => {
                let text = "Error validating request.-'bW' : cause - Invalid whatToShow for real time bars";
                self.send_error(from.conn, (m.req_id, 321), text, out);
                return;
            }
        };
        if self.exchange.unsubscribed(sym).is_some() {
            let text = format!("Invalid Real-time Query:{}", self.exchange.permission_of(sym));
            self.send_error(from.conn, (m.req_id, 420), &text, out);
            return;
        }
        if self.subscriptions(from).five_seconds.contains_key(&m.req_id) {
            self.send_error(from.conn, (m.req_id, 102), "Duplicate ticker ID", out);
            return;
        }
        // TWS ignores the size that is asked for: every bar is five seconds long. They count as a line and as a historical request alike.
        let pace = paced(sym, m.contract.exchange.as_str(), m.what.as_str(), &format!("live {}", m.req_id));
        if let Some(how) = self.pacing.broken_by(self.exchange.now, pace) {
            self.exchange.violated(
                from.client,
                Kind::HistoricalPacing,
                format!("request {}: {how}", m.req_id),
            );
            let text = "Invalid Real-time Query:Historical data request pacing violation";
            self.send_error(from.conn, (m.req_id, 420), text, out);
            return;
        }
        if self.takes_a_line(from, m.req_id, out) {
            let open = self.subscriptions(from);
            open.busted.remove(&m.req_id);
            open.five_seconds.insert(m.req_id, FiveSeconds { sym, what, regular: m.use_rth });
        }
    }

    /// `cancelRealTimeBars`.
    pub(crate) fn cancel_five_second_bars(&mut self, from: Asked, req_id: i32, out: &mut Vec<Output>) {
        let open = self.subscriptions(from);
        let known = open.five_seconds.remove(&req_id).is_some() || open.busted.remove(&req_id);
        self.complain_unless(known, from, req_id, out);
    }

    /// `cancelTickByTickData`.
    pub(crate) fn cancel_tick_by_tick(&mut self, from: Asked, req_id: i32, out: &mut Vec<Output>) {
        let known = self.subscriptions(from).ticks.remove(&req_id).is_some();
        self.complain_unless(known, from, req_id, out);
    }

    /// `reqTickByTickData`.
    pub(crate) fn tick_by_tick(&mut self, from: Asked, m: &ReqTickByTickData, out: &mut Vec<Output>) {
        let kind = match m.kind.as_str() {
            "Last" => TickKind::Last,
            "AllLast" => TickKind::AllLast,
            "BidAsk" => TickKind::BidAsk,
            "MidPoint" => TickKind::Midpoint,
            _ => {
                let text = "Error validating request.-'ce' : cause - Invalid tick-by-tick type";
                self.send_error(from.conn, (m.req_id, 321), text, out);
                return;
            }
        };
        let Some(sym) = self.data_of(from, m.req_id, &m.contract, out) else { return };
        if self.exchange.unsubscribed(sym).is_some() {
            let text = format!("Failed to request tick-by-tick data:{}", self.exchange.permission_of(sym));
            self.send_error(from.conn, (m.req_id, 10189), &text, out);
            return;
        }
        let pair = matches!(self.exchange.market.listing(sym).product, Product::Forex(_));
        if pair && matches!(kind, TickKind::Last | TickKind::AllLast) {
            let text = format!(
                "Failed to request tick-by-tick data:No market data permissions for {} CASH",
                m.contract.exchange
            );
            self.send_error(from.conn, (m.req_id, 10189), &text, out);
            return;
        }
        if self.subscriptions(from).ticks.contains_key(&m.req_id) {
            self.send_error(from.conn, (m.req_id, 102), "Duplicate ticker ID", out);
            return;
        }
        let now = self.exchange.now;
        let streams: usize = self.conns.values().map(|conn| conn.subscriptions.ticks.len()).sum();
        let soon =
            self.tick_requests.get(&sym).is_some_and(|last| now.duration_since(*last) < TICK_STREAM_PAUSE);
        if streams >= TICK_STREAMS_MAX || soon {
            let text = "Max number of tick-by-tick requests has been reached.";
            self.exchange.violated(from.client, Kind::MarketDataLines, text.to_owned());
            self.send_error(from.conn, (m.req_id, 10190), text, out);
            return;
        }
        self.tick_requests.insert(sym, now);
        self.subscriptions(from).ticks.insert(m.req_id, (sym, kind));
    }

    /// Sends everybody what this second brought.
    pub(crate) fn stream_second(&mut self, out: &mut Vec<Output>) {
        if self.faults.link_down {
            return;
        }
        self.refresh_accounts(Due::ByExecution, out);
        for (_, conn) in self.started() {
            self.stream_pnl(conn, out);
        }
        if self.faults.farm_down("usfarm") || self.faults.competing_session {
            return;
        }
        for line in self.lines() {
            self.stream_line(line, out);
        }
        for (_, conn) in self.started() {
            self.stream_ticks(conn, out);
            self.stream_depth(conn, out);
            self.stream_options(conn, out);
            self.stream_five_seconds(conn, out);
            self.stream_history(conn, out);
            self.stream_scanners(conn, out);
        }
    }

    fn stream_ticks(&mut self, conn: ConnId, out: &mut Vec<Output>) {
        let streams: Vec<(i32, Sym, TickKind)> = self.conns[&conn]
            .subscriptions
            .ticks
            .iter()
            .map(|(id, (sym, kind))| (*id, *sym, *kind))
            .collect();
        let now = self.exchange.now;
        for (req_id, sym, kind) in streams {
            if self.faults.freezes(self.exchange.symbol(sym)) {
                continue;
            }
            let Some(second) = self.exchange.market.wide_second(sym, now) else { continue };
            let market = &self.exchange.market;
            if let Some(tick) = tick_of(market, sym, kind, now.as_second(), second) {
                self.send(conn, &Response::TickByTick(TickByTick { req_id, tick }), out);
            }
        }
    }

    fn stream_five_seconds(&mut self, conn: ConnId, out: &mut Vec<Output>) {
        let now = self.exchange.now.as_second();
        if now % 5 != 0 {
            return;
        }
        let streams: Vec<(i32, FiveSeconds)> =
            self.conns[&conn].subscriptions.five_seconds.iter().map(|(id, bar)| (*id, *bar)).collect();
        for (req_id, FiveSeconds { sym, what, regular }) in streams {
            if self.faults.freezes(self.exchange.symbol(sym)) {
                continue;
            }
            let request = BarRequest {
                what,
                size: BarSize::Seconds(5),
                from: timestamp(now - 5),
                until: timestamp(now),
                regular: regular && !self.faults.bars_outside_session,
            };
            for bar in self.exchange.market.bars(sym, request, self.exchange.now) {
                let lots = self.exchange.market.listing(sym).is_stock();
                let to = self.conns.get(&conn).filter(|_| lots);
                let volume = to.map_or(bar.volume, |to| to.shares(bar.volume));
                let message = RealTimeBar {
                    req_id,
                    time: bar.start.as_second(),
                    open: Some(Price::new(bar.open())),
                    high: Some(Price::new(bar.high())),
                    low: Some(Price::new(bar.low())),
                    close: Some(Price::new(bar.close())),
                    volume: Some(Decimal::from(volume)),
                    wap: Some(bar.average()),
                    count: i32::try_from(bar.count).unwrap_or(i32::MAX),
                };
                self.send(conn, &Response::RealTimeBar(message), out);
            }
        }
    }
}

fn tick_of(market: &Market, sym: Sym, kind: TickKind, time: i64, second: Second) -> Option<Tick> {
    let px = |units| Some(Price::new(market.decimal(sym, units)));
    match kind {
        TickKind::Last | TickKind::AllLast => second.print.map(|print| Tick::Last {
            all: kind == TickKind::AllLast,
            time,
            px: Some(Price::new(market.print_px(sym, print))),
            size: Some(shares(print.size)),
            attributes: 0,
            exchange: market.listing(sym).venue.as_wire().into(),
            conditions: "".into(),
        }),
        TickKind::BidAsk => Some(Tick::BidAsk {
            time,
            bid: px(second.bid),
            ask: px(second.ask),
            bid_size: Some(shares(second.bid_size)),
            ask_size: Some(shares(second.ask_size)),
            attributes: 0,
        }),
        TickKind::Midpoint => Some(Tick::Midpoint { time, px: Some(Price::new(market.middle(sym, second))) }),
    }
}
