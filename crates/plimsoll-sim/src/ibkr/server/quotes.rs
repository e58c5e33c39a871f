//! Live market data: ticks, five-second bars, tick by tick.
//!
//! Owns subscriptions to what happens now and the stream of each second. A subscription gets the whole
//! picture once and then only what changed, as a Gateway conflates it.

use jiff::Timestamp;
use plimsoll_model::Price;
use plimsoll_tws::Response;
use plimsoll_tws::message::{
    ById, MarketDataType, RealTimeBar, ReqMktData, ReqRealTimeBars, ReqTickByTickData, Tick, TickByTick,
    TickGeneric, TickPrice, TickReqParams, TickSize, TickString, WireContract,
};
use rust_decimal::Decimal;

use crate::ibkr::conn::{FiveSeconds, QuoteLine, TickKind};
use crate::ibkr::server::Asked;
use crate::ibkr::server::contracts::Expired;
use crate::ibkr::server::orders::shares;
use crate::ibkr::server::span::{Shown, shown};
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::violation::Kind;
use crate::ibkr::{ConnId, Output};
use crate::market::bars::{BarSize, What};
use crate::market::{BarRequest, Market, Print, Second, Sym, timestamp};

/// Market data lines of the login.
const LINES_MAX: usize = 100;
/// Tick-by-tick streams of one client: five percent of its lines.
const TICK_STREAMS_MAX: usize = 5;

/// Tick numbers of TWS.
mod tick {
    pub(super) const BID_SIZE: i32 = 0;
    pub(super) const BID: i32 = 1;
    pub(super) const ASK: i32 = 2;
    pub(super) const ASK_SIZE: i32 = 3;
    pub(super) const LAST: i32 = 4;
    pub(super) const LAST_SIZE: i32 = 5;
    pub(super) const HIGH: i32 = 6;
    pub(super) const LOW: i32 = 7;
    pub(super) const VOLUME: i32 = 8;
    pub(super) const CLOSE: i32 = 9;
    pub(super) const OPEN: i32 = 14;
    pub(super) const LAST_TIMESTAMP: i32 = 45;
    pub(super) const RT_VOLUME: i32 = 48;
    pub(super) const HALTED: i32 = 49;
}

/// One line that ticks are sent on.
#[derive(Debug, Clone, Copy)]
struct Line {
    conn: ConnId,
    req_id: i32,
    sym: Sym,
}

impl IbkrVenue {
    /// `reqMktData`.
    pub(crate) fn market_data(&mut self, from: Asked, m: &ReqMktData, out: &mut Vec<Output>) {
        let Some(sym) = self.data_of(from, m.req_id, &m.contract, out) else { return };
        if self.subscriptions(from).quotes.contains_key(&m.req_id) {
            self.send_error(from.conn, (m.req_id, 102), "Duplicate ticker ID", out);
            return;
        }
        if m.snapshot && !m.generic_ticks.is_empty() {
            let text = "Snapshot market data subscription is not applicable to generic ticks";
            self.send_error(from.conn, (m.req_id, 414), text, out);
            return;
        }
        let lines: usize = self.conns.values().map(|conn| conn.subscriptions.quotes.len()).sum();
        if lines >= LINES_MAX && !m.snapshot {
            self.exchange.violated(
                from.client,
                Kind::MarketDataLines,
                format!("more than {LINES_MAX} lines"),
            );
            self.send_error(from.conn, (m.req_id, 101), "Max number of tickers has been reached", out);
            return;
        }
        if self.faults.competing_session {
            let text = "No market data during competing live session";
            self.send_error(from.conn, (m.req_id, 10197), text, out);
            return;
        }
        let line = Line { conn: from.conn, req_id: m.req_id, sym };
        self.introduce(line, out);
        let rt_volume = m.generic_ticks.as_str().split(',').any(|tick| tick.trim() == "233");
        let quotes = QuoteLine { sym, rt_volume, last: None, range: None };
        self.subscriptions(from).quotes.insert(m.req_id, quotes);
        self.send_picture(line, out);
        if m.snapshot {
            self.send(from.conn, &Response::TickSnapshotEnd(ById { req_id: m.req_id }), out);
            self.subscriptions(from).quotes.remove(&m.req_id);
        }
    }

    /// The prices that a request is about; where there are none, the client is told why.
    fn data_of(
        &mut self,
        from: Asked,
        req_id: i32,
        contract: &WireContract,
        out: &mut Vec<Output>,
    ) -> Option<Sym> {
        match self.resolve_data(contract, Expired::Hidden) {
            Ok(sym) => Some(sym),
            Err((code, text)) => {
                self.send_error(from.conn, (req_id, code), &text, out);
                None
            }
        }
    }

    fn introduce(&mut self, line: Line, out: &mut Vec<Output>) {
        let params = TickReqParams {
            req_id: line.req_id,
            min_tick: Some(Decimal::new(1, 2)),
            bbo_exchange: "9c0001".into(),
            snapshot_permissions: 3,
        };
        self.send(line.conn, &Response::TickReqParams(params), out);
        let wanted = self.conns.get(&line.conn).map_or(1, |conn| conn.data_type);
        // Frozen data is what was last there: it only shows while the market is closed. Delayed data is
        // never needed here, because live data is always subscribed.
        let frozen = self.exchange.session().is_none() && matches!(wanted, 2 | 4);
        let kind = if frozen { 2 } else { 1 };
        self.send(line.conn, &Response::MarketDataType(MarketDataType { req_id: line.req_id, kind }), out);
    }

    /// Everything that is known about a symbol at this moment.
    fn send_picture(&mut self, line: Line, out: &mut Vec<Output>) {
        if self.faults.freezes(self.exchange.symbol(line.sym)) || self.faults.farm_down("usfarm") {
            return;
        }
        let now = self.exchange.now;
        let second = self.exchange.market.second(line.sym, now);
        let day = self.exchange.market.day_so_far(line.sym, now);
        let previous = self.px(line.sym, day.previous_close);
        let last = self.exchange.market.last_price(line.sym, now);
        let last = self.px(line.sym, last);
        match second {
            Some(second) => self.send_quote(line, None, second, out),
            None => self.send_no_quote(line, out),
        }
        if second.is_none_or(|second| second.print.is_none()) {
            let size = second.and_then(|second| second.print).map_or(100, |print| print.size);
            self.send_price(line, tick::LAST, Some(last), size, out);
            self.send_size(line, tick::LAST_SIZE, size, out);
        }
        if let Some(trades) = day.trades {
            self.send_size(line, tick::VOLUME, trades.volume, out);
            self.send_price(line, tick::HIGH, Some(Price::new(trades.high())), 0, out);
            self.send_price(line, tick::LOW, Some(Price::new(trades.low())), 0, out);
            self.send_price(line, tick::OPEN, Some(Price::new(trades.open())), 0, out);
            self.remember_range(line, (trades.high(), trades.low()));
        }
        self.send_price(line, tick::CLOSE, Some(previous), 0, out);
        self.send_halted(line, out);
        self.remember(line, second);
    }

    /// A price of a symbol.
    fn px(&self, sym: Sym, units: i64) -> Price {
        Price::new(self.exchange.market.decimal(sym, units))
    }

    fn send_halted(&mut self, line: Line, out: &mut Vec<Output>) {
        let halted = self.exchange.market.is_halted(line.sym, self.exchange.now);
        let value = Some(if halted { Decimal::ONE } else { Decimal::ZERO });
        let halted = TickGeneric { req_id: line.req_id, tick: tick::HALTED, value };
        self.send(line.conn, &Response::TickGeneric(halted), out);
    }

    /// Tells every line of a symbol whether it is halted.
    pub(crate) fn tell_halt(&mut self, sym: Sym, out: &mut Vec<Output>) {
        for line in self.lines().into_iter().filter(|line| line.sym == sym) {
            self.send_halted(line, out);
        }
    }

    fn remember(&mut self, line: Line, second: Option<Second>) {
        let conn = self.conns.get_mut(&line.conn);
        if let Some(quote) = conn.and_then(|conn| conn.subscriptions.quotes.get_mut(&line.req_id)) {
            quote.last = second;
        }
    }

    fn remember_range(&mut self, line: Line, range: (Decimal, Decimal)) {
        let conn = self.conns.get_mut(&line.conn);
        if let Some(quote) = conn.and_then(|conn| conn.subscriptions.quotes.get_mut(&line.req_id)) {
            quote.range = Some(range);
        }
    }

    fn send_price(&mut self, line: Line, tick: i32, px: Option<Price>, size: i64, out: &mut Vec<Output>) {
        if self.faults.freezes_field(self.exchange.symbol(line.sym), tick) {
            return;
        }
        let size = self.conns.get(&line.conn).map_or(size, |conn| conn.shares(size));
        // Bid and ask can be traded on at once; other prices cannot.
        let attributes = i32::from(matches!(tick, tick::BID | tick::ASK));
        let message = TickPrice { req_id: line.req_id, tick, px, size: Some(shares(size)), attributes };
        self.send(line.conn, &Response::TickPrice(message), out);
    }

    fn send_size(&mut self, line: Line, tick: i32, size: i64, out: &mut Vec<Output>) {
        if self.faults.freezes_field(self.exchange.symbol(line.sym), tick) {
            return;
        }
        let size = self.conns.get(&line.conn).map_or(size, |conn| conn.shares(size));
        let message = TickSize { req_id: line.req_id, tick, size: Some(shares(size)) };
        self.send(line.conn, &Response::TickSize(message), out);
    }

    /// The market is closed: -1 with size 0, as TWS says "no quote".
    fn send_no_quote(&mut self, line: Line, out: &mut Vec<Output>) {
        let none = Some(Price::new(Decimal::NEGATIVE_ONE));
        self.send_price(line, tick::BID, none, 0, out);
        self.send_price(line, tick::ASK, none, 0, out);
    }

    /// What changed in a quote since `before`.
    fn send_quote(&mut self, line: Line, before: Option<Second>, now: Second, out: &mut Vec<Output>) {
        let sides = [
            (tick::BID, tick::BID_SIZE, before.map(|b| (b.bid, b.bid_size)), (now.bid, now.bid_size)),
            (tick::ASK, tick::ASK_SIZE, before.map(|b| (b.ask, b.ask_size)), (now.ask, now.ask_size)),
        ];
        for (px_tick, size_tick, was, (px, size)) in sides {
            if was.is_none_or(|(was, _)| was != px) {
                self.send_price(line, px_tick, Some(self.px(line.sym, px)), size, out);
            }
            if was.is_none_or(|(_, was)| was != size) {
                self.send_size(line, size_tick, size, out);
            }
        }
        if let Some(print) = now.print {
            self.send_print(line, before.and_then(|before| before.print), print, out);
        }
    }

    fn send_print(&mut self, line: Line, before: Option<Print>, print: Print, out: &mut Vec<Output>) {
        let seconds = self.exchange.now.as_second();
        if !self.faults.freezes_field(self.exchange.symbol(line.sym), tick::LAST) {
            let time = TickString {
                req_id: line.req_id,
                tick: tick::LAST_TIMESTAMP,
                value: seconds.to_string().as_str().into(),
            };
            self.send(line.conn, &Response::TickString(time), out);
        }
        if before.is_none_or(|before| before.price != print.price) {
            let px = self.exchange.market.print_px(line.sym, print);
            self.send_price(line, tick::LAST, Some(Price::new(px)), print.size, out);
        }
        self.send_size(line, tick::LAST_SIZE, print.size, out);
    }

    /// `cancelMktData`.
    pub(crate) fn cancel_market_data(&mut self, from: Asked, req_id: i32, out: &mut Vec<Output>) {
        if self.subscriptions(from).quotes.remove(&req_id).is_none() {
            let text = format!("Can't find EId with tickerId:{req_id}");
            self.send_error(from.conn, (req_id, 300), &text, out);
        }
    }

    /// `reqMarketDataType`: taken without a word; it applies to requests that follow.
    pub(crate) fn market_data_type(&mut self, from: Asked, kind: i32) {
        if let Some(conn) = self.conns.get_mut(&from.conn) {
            conn.data_type = kind;
        }
    }

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
        self.subscriptions(from).five_seconds.insert(m.req_id, FiveSeconds { sym, what });
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
        if self.subscriptions(from).ticks.len() >= TICK_STREAMS_MAX {
            let text = "Max number of tick-by-tick requests has been reached.";
            self.send_error(from.conn, (m.req_id, 10190), text, out);
            return;
        }
        self.subscriptions(from).ticks.insert(m.req_id, (sym, kind));
    }

    /// Sends everybody what this second brought.
    pub(crate) fn stream_second(&mut self, out: &mut Vec<Output>) {
        if self.faults.link_down {
            return;
        }
        self.refresh_accounts(crate::ibkr::server::account::Due::ByExecution, out);
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
            self.stream_five_seconds(conn, out);
            self.stream_history(conn, out);
        }
    }

    /// The next second in which something that is no stock trades and somebody listens: stocks alone would
    /// let the night pass in one step.
    pub(crate) fn next_foreign_second(&self) -> Option<Timestamp> {
        let listening = |conn: &crate::ibkr::conn::Conn| conn.subscriptions.symbols().collect::<Vec<_>>();
        let market = &self.exchange.market;
        let mut schedules: Vec<Sym> = self.conns.values().flat_map(listening).collect();
        schedules.retain(|sym| !market.listing(*sym).is_stock());
        let next = timestamp(self.exchange.now.as_second() + 1);
        let opens = |sym: Sym| {
            let session = market.hours_of(sym).at_or_after(next);
            if next <= session.open { session.open } else { next }
        };
        schedules.into_iter().map(opens).min()
    }

    fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for (_, conn) in self.started() {
            let quotes = &self.conns[&conn].subscriptions.quotes;
            lines.extend(quotes.iter().map(|(req_id, quote)| Line { conn, req_id: *req_id, sym: quote.sym }));
        }
        lines
    }

    fn stream_line(&mut self, line: Line, out: &mut Vec<Output>) {
        if self.faults.freezes(self.exchange.symbol(line.sym)) {
            return;
        }
        let now = self.exchange.now;
        let second = self.exchange.market.second(line.sym, now);
        let quote = &self.conns[&line.conn].subscriptions.quotes[&line.req_id];
        let (before, range, rt_volume) = (quote.last, quote.range, quote.rt_volume);
        let Some(second) = second else {
            if before.is_some() {
                self.end_of_day(line, out);
            }
            return;
        };
        self.send_quote(line, before, second, out);
        self.remember(line, Some(second));
        let Some(trades) = self.exchange.market.day_so_far(line.sym, now).trades else { return };
        if second.print.is_some() {
            self.send_size(line, tick::VOLUME, trades.volume, out);
        }
        if before.is_none() {
            self.send_price(line, tick::OPEN, Some(Price::new(trades.open())), 0, out);
        }
        if range.is_none_or(|(high, _)| trades.high() != high) {
            self.send_price(line, tick::HIGH, Some(Price::new(trades.high())), 0, out);
        }
        if range.is_none_or(|(_, low)| trades.low() != low) {
            self.send_price(line, tick::LOW, Some(Price::new(trades.low())), 0, out);
        }
        self.remember_range(line, (trades.high(), trades.low()));
        if let Some(print) = second.print.filter(|_| rt_volume) {
            let lots = Decimal::new(print.size, 0);
            let value = format!(
                "{};{lots};{};{};{};false",
                self.exchange.market.print_px(line.sym, print),
                now.as_millisecond(),
                trades.volume,
                trades.average()
            );
            let message =
                TickString { req_id: line.req_id, tick: tick::RT_VOLUME, value: value.as_str().into() };
            self.send(line.conn, &Response::TickString(message), out);
        }
    }

    /// The official close is the last price of the day; then there is no quote any more.
    fn end_of_day(&mut self, line: Line, out: &mut Vec<Output>) {
        let session = self.exchange.market.hours.last_begun(self.exchange.now);
        let print = self.exchange.market.closing(line.sym, session);
        self.send_print(line, None, print, out);
        if let Some(trades) = self.exchange.market.day_so_far(line.sym, self.exchange.now).trades {
            self.send_size(line, tick::VOLUME, trades.volume, out);
        }
        self.send_no_quote(line, out);
        self.remember(line, None);
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
            let Some(second) = self.exchange.market.second(sym, now) else { continue };
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
        let streams: Vec<(i32, Sym, What)> = self.conns[&conn]
            .subscriptions
            .five_seconds
            .iter()
            .map(|(id, bar)| (*id, bar.sym, bar.what))
            .collect();
        for (req_id, sym, what) in streams {
            if self.faults.freezes(self.exchange.symbol(sym)) {
                continue;
            }
            let request = BarRequest {
                what,
                size: BarSize::Seconds(5),
                from: timestamp(now - 5),
                until: timestamp(now),
                regular: false,
            };
            for bar in self.exchange.market.bars(sym, request, self.exchange.now) {
                let volume = self.conns.get(&conn).map_or(bar.volume, |to| to.shares(bar.volume));
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

    /// Another session of the same user takes the data away: every line is told, nothing more comes.
    pub(crate) fn tell_competing_session(&mut self, out: &mut Vec<Output>) {
        for line in self.lines() {
            let text = "No market data during competing live session";
            self.send_error(line.conn, (line.req_id, 10197), text, out);
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
            exchange: "ARCA".into(),
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
