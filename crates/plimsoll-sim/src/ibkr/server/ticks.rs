//! What is sent on a market data line.
//!
//! Owns the tick numbers, the picture that a new line starts with, and the stream of each second. A line
//! gets the whole picture once and then only what changed, as a Gateway conflates it.

use jiff::Timestamp;
use plimsoll_model::Price;
use plimsoll_tws::Response;
use plimsoll_tws::message::{TickGeneric, TickPrice, TickSize, TickString};
use rust_decimal::Decimal;

use crate::ibkr::server::orders::shares;
use crate::ibkr::server::quotes::kind;
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::{ConnId, Output};
use crate::market::listing::Product;
use crate::market::{Print, Second, Sym};

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
    pub(super) const HALTED: i32 = 49;
}

/// The number of the same tick in delayed data.
const fn delayed(tick: i32) -> i32 {
    match tick {
        tick::BID => 66,
        tick::ASK => 67,
        tick::LAST => 68,
        tick::BID_SIZE => 69,
        tick::ASK_SIZE => 70,
        tick::LAST_SIZE => 71,
        tick::HIGH => 72,
        tick::LOW => 73,
        tick::VOLUME => 74,
        tick::CLOSE => 75,
        tick::OPEN => 76,
        tick::LAST_TIMESTAMP => 88,
        tick::HALTED => 90,
        other => other,
    }
}

/// One line that ticks are sent on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// To whom.
    pub(crate) conn: ConnId,
    /// Under which number.
    pub(crate) req_id: i32,
    /// Of what.
    pub(crate) sym: Sym,
    /// Whether it shows what was a quarter of an hour ago.
    pub(crate) delayed: bool,
}

impl Line {
    fn number(self, tick: i32) -> i32 {
        if self.delayed { delayed(tick) } else { tick }
    }
}

impl IbkrVenue {
    /// Everything that is known about a symbol at this moment.
    pub(crate) fn send_picture(&mut self, line: Line, out: &mut Vec<Output>) {
        if self.faults.freezes(self.exchange.symbol(line.sym)) || self.faults.farm_down("usfarm") {
            return;
        }
        self.send_picture_of(line, self.shown_at(line), out);
    }

    /// The quote of an instant.
    pub(crate) fn send_picture_of(&mut self, line: Line, now: Timestamp, out: &mut Vec<Output>) {
        let second = self.exchange.market.wide_second(line.sym, now);
        let traded = !matches!(self.exchange.market.listing(line.sym).product, Product::Forex(_));
        let day = self.exchange.market.day_so_far(line.sym, now);
        let previous = self.px(line.sym, day.previous_close);
        let last = self.exchange.market.last_price(line.sym, now);
        let last = self.px(line.sym, last);
        match second {
            Some(second) => self.send_quote(line, None, second, out),
            None => self.send_closed_quote(line, out),
        }
        if traded && second.is_none_or(|second| second.print.is_none()) {
            let size = second.and_then(|second| second.print).map_or(100, |print| print.size);
            self.send_price(line, tick::LAST, Some(last), size, out);
            self.send_size(line, tick::LAST_SIZE, size, out);
        }
        if let Some(trades) = day.trades.filter(|_| traded) {
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
    pub(crate) fn px(&self, sym: Sym, units: i64) -> Price {
        Price::new(self.exchange.market.decimal(sym, units))
    }

    fn send_halted(&mut self, line: Line, out: &mut Vec<Output>) {
        let halted = self.exchange.market.is_halted(line.sym, self.shown_at(line));
        let value = Some(if halted { Decimal::ONE } else { Decimal::ZERO });
        let halted = TickGeneric { req_id: line.req_id, tick: line.number(tick::HALTED), value };
        self.send(line.conn, &Response::TickGeneric(halted), out);
    }

    /// Tells every line of a symbol whether it is halted.
    pub(crate) fn tell_halt(&mut self, sym: Sym, out: &mut Vec<Output>) {
        for line in self.lines().into_iter().filter(|line| line.sym == sym) {
            self.send_halted(line, out);
        }
        if self.exchange.market.is_halted(sym, self.exchange.now) {
            self.halt_depth(sym, out);
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

    pub(crate) fn send_price(
        &mut self,
        line: Line,
        tick: i32,
        px: Option<Price>,
        size: i64,
        out: &mut Vec<Output>,
    ) {
        if self.faults.freezes_field(self.exchange.symbol(line.sym), tick) {
            return;
        }
        let size = self.told_size(line, size);
        // Bid and ask can be traded on at once; other prices cannot.
        let attributes = i32::from(matches!(tick, tick::BID | tick::ASK));
        let tick = line.number(tick);
        let message = TickPrice { req_id: line.req_id, tick, px, size: Some(shares(size)), attributes };
        self.send(line.conn, &Response::TickPrice(message), out);
    }

    pub(crate) fn send_size(&mut self, line: Line, tick: i32, size: i64, out: &mut Vec<Output>) {
        if self.faults.freezes_field(self.exchange.symbol(line.sym), tick) {
            return;
        }
        let size = self.told_size(line, size);
        let message = TickSize { req_id: line.req_id, tick: line.number(tick), size: Some(shares(size)) };
        self.send(line.conn, &Response::TickSize(message), out);
    }

    /// Sizes of stocks are told in lots to old clients; contracts and currency are not.
    fn told_size(&self, line: Line, size: i64) -> i64 {
        let stock = self.exchange.market.listing(line.sym).is_stock();
        self.conns.get(&line.conn).filter(|_| stock).map_or(size, |conn| conn.shares(size))
    }

    /// The market is closed: frozen data still shows what was there last.
    fn send_closed_quote(&mut self, line: Line, out: &mut Vec<Output>) {
        let told = self.conns.get(&line.conn).and_then(|conn| conn.subscriptions.quotes.get(&line.req_id));
        let frozen = told.is_some_and(|quote| quote.told == kind::FROZEN);
        let last = self.exchange.market.last_quoting(line.sym, self.exchange.now);
        match self.exchange.market.wide_second(line.sym, last).filter(|_| frozen) {
            Some(second) => self.send_quote(line, None, Second { print: None, ..second }, out),
            None => self.send_no_quote(line, out),
        }
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
        let seconds = self.shown_at(line).as_second();
        if !self.faults.freezes_field(self.exchange.symbol(line.sym), tick::LAST) {
            let time = TickString {
                req_id: line.req_id,
                tick: line.number(tick::LAST_TIMESTAMP),
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

    /// What a part of a second changes about a quote that was told before.
    pub(crate) fn stream_sizes(&mut self, line: Line, out: &mut Vec<Output>) {
        let before = self.conns[&line.conn].subscriptions.quotes[&line.req_id].last;
        let Some(before) = before.filter(|_| !self.faults.freezes(self.exchange.symbol(line.sym))) else {
            return;
        };
        let Some(now) = self.exchange.market.wide_second(line.sym, self.exchange.now) else { return };
        self.send_quote(line, Some(before), Second { print: None, ..now }, out);
        self.remember(line, Some(Second { print: before.print, ..now }));
    }

    pub(crate) fn stream_line(&mut self, line: Line, out: &mut Vec<Output>) {
        if self.faults.freezes(self.exchange.symbol(line.sym)) {
            return;
        }
        let now = self.shown_at(line);
        let second = self.exchange.market.wide_second(line.sym, now);
        let quote = &self.conns[&line.conn].subscriptions.quotes[&line.req_id];
        let (before, range) = (quote.last, quote.range);
        let Some(second) = second else {
            if before.is_some() {
                self.end_of_day(line, out);
            }
            self.stream_auction(line, out);
            return;
        };
        if before.is_none() {
            self.push_kind(line, out);
        }
        let hours = self.exchange.market.hours_of(line.sym);
        let session = hours.last_begun(now);
        if hours.open_at(now).is_none() {
            let closes = session.close == now;
            if closes {
                self.send_close(line, out);
            }
            // Of the first second after the close nothing is told but the close itself.
            let shown = Second { print: second.print.filter(|_| !closes), ..second };
            self.send_quote(line, before, shown, out);
            self.remember(line, Some(shown));
            self.stream_auction(line, out);
            return;
        }
        self.send_quote(line, before, second, out);
        self.remember(line, Some(second));
        self.stream_generic(line, second, out);
        let traded = !matches!(self.exchange.market.listing(line.sym).product, Product::Forex(_));
        let day = self.exchange.market.day_so_far(line.sym, now);
        let Some(trades) = day.trades.filter(|_| traded) else { return };
        if second.print.is_some() {
            self.send_size(line, tick::VOLUME, trades.volume, out);
        }
        if before.is_none() || session.open == now {
            self.send_price(line, tick::OPEN, Some(Price::new(trades.open())), 0, out);
        }
        if range.is_none_or(|(high, _)| trades.high() != high) {
            self.send_price(line, tick::HIGH, Some(Price::new(trades.high())), 0, out);
        }
        if range.is_none_or(|(_, low)| trades.low() != low) {
            self.send_price(line, tick::LOW, Some(Price::new(trades.low())), 0, out);
        }
        self.remember_range(line, (trades.high(), trades.low()));
    }

    /// The official close is the last price of the day.
    fn send_close(&mut self, line: Line, out: &mut Vec<Output>) {
        let now = self.shown_at(line);
        let session = self.exchange.market.hours_of(line.sym).last_begun(now);
        let print = self.exchange.market.closing(line.sym, session);
        self.send_print(line, None, print, out);
        if let Some(trades) = self.exchange.market.day_so_far(line.sym, now).trades {
            self.send_size(line, tick::VOLUME, trades.volume, out);
        }
    }

    /// There is no quote any more. Where no late trading came between, the close is told now.
    fn end_of_day(&mut self, line: Line, out: &mut Vec<Output>) {
        let now = self.shown_at(line);
        let market = &self.exchange.market;
        let at_close =
            market.hours_of(line.sym).last_begun(now).close == market.last_quoting_end(line.sym, now);
        if at_close && !matches!(market.listing(line.sym).product, Product::Forex(_)) {
            self.send_close(line, out);
        }
        // Who wants frozen data keeps the last quote, and is told that it is one.
        if self.push_kind(line, out) != kind::FROZEN {
            self.send_no_quote(line, out);
        }
        self.remember(line, None);
    }
}
