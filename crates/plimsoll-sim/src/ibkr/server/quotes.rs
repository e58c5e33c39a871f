//! Subscriptions to quotes: who may have one, what it is told of itself, how it ends.
//!
//! Owns `reqMktData`, its cancel, the market data lines of the login and the kinds of data: live, frozen,
//! delayed. What is sent on a line is in `ticks`, the generic ticks are in `generic`.

use jiff::{SignedDuration, Timestamp};
use plimsoll_tws::Response;
use plimsoll_tws::message::{ById, MarketDataType, ReqMktData, TickReqParams, WireContract};

use crate::ibkr::conn::{Conn, QuoteLine};
use crate::ibkr::faults::Timer;
use crate::ibkr::permits;
use crate::ibkr::server::Asked;
use crate::ibkr::server::components::BBO_EXCHANGE;
use crate::ibkr::server::contracts::Expired;
use crate::ibkr::server::generic::{self, Generic};
use crate::ibkr::server::ticks::Line;
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::violation::Kind;
use crate::ibkr::{ConnId, Output};
use crate::market::listing::Product;
use crate::market::{Sym, timestamp};

/// A snapshot is complete after so many seconds.
pub(crate) const SNAPSHOT_SECS: i64 = 11;
/// Delayed data is so old.
const DELAY: SignedDuration = SignedDuration::from_mins(15);

/// Kinds of data as `marketDataType` numbers them.
pub(crate) mod kind {
    pub(crate) const LIVE: i32 = 1;
    pub(crate) const FROZEN: i32 = 2;
    pub(crate) const DELAYED: i32 = 3;
    pub(crate) const DELAYED_FROZEN: i32 = 4;
}

impl IbkrVenue {
    /// `reqMktData`.
    pub(crate) fn market_data(&mut self, from: Asked, m: &ReqMktData, out: &mut Vec<Output>) {
        let option = self.option_of(&m.contract);
        let sym = if option.is_none() { self.data_of(from, m.req_id, &m.contract, out) } else { None };
        if sym.is_none() && option.is_none() {
            return;
        }
        let open = self.subscriptions(from);
        let taken = open.quotes.contains_key(&m.req_id) || open.options.contains_key(&m.req_id);
        if taken || open.snapshots.contains(&m.req_id) {
            self.send_error(from.conn, (m.req_id, 102), "Duplicate ticker ID", out);
            return;
        }
        if m.snapshot && !m.generic_ticks.is_empty() {
            let text = "Snapshot market data subscription is not applicable to generic ticks";
            self.send_error(from.conn, (m.req_id, 414), text, out);
            return;
        }
        let generic = match generic::read(m.generic_ticks.as_str()) {
            Ok(generic) => generic,
            Err(unknown) => {
                let text = format!(
                    "Error validating request.-'bT' : cause - Incorrect generic tick list of {unknown}. Legal ones for (STK) are: {}",
                    generic::LEGAL
                );
                self.send_error(from.conn, (m.req_id, 321), &text, out);
                return;
            }
        };
        if !self.takes_a_line(from, m.req_id, out) {
            return;
        }
        if self.faults.competing_session {
            let text = "No market data during competing live session";
            self.send_error(from.conn, (m.req_id, 10197), text, out);
            return;
        }
        if let Some(option) = option {
            self.option_data(from, m, option, out);
        }
        let Some(sym) = sym else { return };
        let Some(told) = self.permitted(from, m.req_id, sym, out) else { return };
        // What is not subscribed of a stock that is subscribed in part is what was asked for beyond the quote.
        let partly = self.exchange.unsubscribed(sym).is_some_and(permits::is_partial);
        let generic = if partly { std::collections::BTreeSet::new() } else { generic };
        let line = Line { conn: from.conn, req_id: m.req_id, sym, delayed: told >= kind::DELAYED };
        self.introduce(line, told, out);
        if m.snapshot {
            self.subscriptions(from).snapshots.insert(m.req_id);
            match self.faults.cache.shown(self.exchange.symbol(sym)) {
                Some(at) => self.send_picture_of(line, at, out),
                None => self.send_picture(line, out),
            }
            self.set_timer(SNAPSHOT_SECS, Timer::SnapshotEnd(from.conn, m.req_id));
            return;
        }
        let quotes = QuoteLine { sym, generic, told, last: None, range: None };
        self.subscriptions(from).quotes.insert(m.req_id, quotes);
        self.send_picture(line, out);
        self.send_generic_picture(line, out);
    }

    /// Whether the login has a line left; if not, the client is told.
    pub(crate) fn takes_a_line(&mut self, from: Asked, req_id: i32, out: &mut Vec<Output>) -> bool {
        let lines: usize = self.conns.values().map(|conn| conn.subscriptions.lines()).sum();
        let max = self.config.settings.market_data_lines;
        if lines < max {
            return true;
        }
        self.exchange.violated(from.client, Kind::MarketDataLines, format!("more than {max} lines"));
        self.send_error(from.conn, (req_id, 101), "Max number of tickers has been reached", out);
        false
    }

    /// The kind of data that a new line gets: nobody here subscribes to CBOT, so its futures are delayed
    /// for those who take delayed data, and nothing for the others.
    fn permitted(&mut self, from: Asked, req_id: i32, sym: Sym, out: &mut Vec<Output>) -> Option<i32> {
        let wanted = self.conns.get(&from.conn).map_or(kind::LIVE, |conn| conn.data_type);
        let listing = self.exchange.market.listing(sym);
        let of_cbot = matches!(listing.product, Product::Future(future) if future.root().exchange == "CBOT");
        let Some(code) = self.exchange.unsubscribed(sym).or(of_cbot.then_some(10_168)) else {
            return Some(self.kind_now(sym, wanted));
        };
        if wanted < kind::DELAYED || permits::is_partial(code) || code == 354 {
            let of = format!("{} {}/TOP/ALL", listing.symbol, listing.venue.as_wire());
            let text = permits::not_subscribed(code, &of).expect("faults with other codes are refused");
            self.send_error(from.conn, (req_id, code), &text, out);
            return permits::is_partial(code).then(|| self.kind_now(sym, wanted));
        }
        let text = "Requested market data is not subscribed. Displaying delayed market data.";
        self.send_error(from.conn, (req_id, 10167), text, out);
        Some(kind::DELAYED)
    }

    /// Live while the market is open; afterwards frozen for those who want that. Delayed data is never
    /// needed where live data is subscribed.
    fn kind_now(&self, sym: Sym, wanted: i32) -> i32 {
        let open = self.exchange.market.is_quoting(sym, self.exchange.now);
        if !open && matches!(wanted, kind::FROZEN | kind::DELAYED_FROZEN) { kind::FROZEN } else { kind::LIVE }
    }

    /// Tells a line whose market has just opened or closed that its kind of data changed, and says which
    /// kind it is now.
    pub(crate) fn push_kind(&mut self, line: Line, out: &mut Vec<Output>) -> i32 {
        let wanted = self.conns.get(&line.conn).map_or(kind::LIVE, |conn| conn.data_type);
        let now = if line.delayed { kind::DELAYED } else { self.kind_now(line.sym, wanted) };
        let quote =
            self.conns.get_mut(&line.conn).and_then(|conn| conn.subscriptions.quotes.get_mut(&line.req_id));
        if quote.is_some_and(|quote| std::mem::replace(&mut quote.told, now) != now) {
            let message = MarketDataType { req_id: line.req_id, kind: now };
            self.send(line.conn, &Response::MarketDataType(message), out);
        }
        now
    }

    /// The prices that a request is about; where there are none, the client is told why.
    pub(crate) fn data_of(
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

    fn introduce(&mut self, line: Line, kind: i32, out: &mut Vec<Output>) {
        let step = self.exchange.market.listing(line.sym).step;
        let params = TickReqParams {
            req_id: line.req_id,
            min_tick: Some(self.exchange.market.decimal(line.sym, step)),
            bbo_exchange: BBO_EXCHANGE.into(),
            snapshot_permissions: 3,
        };
        self.send(line.conn, &Response::TickReqParams(params), out);
        self.send(line.conn, &Response::MarketDataType(MarketDataType { req_id: line.req_id, kind }), out);
    }

    /// A snapshot is over: nothing came after it, and its number is free again.
    pub(crate) fn end_snapshot(&mut self, conn: ConnId, req_id: i32, out: &mut Vec<Output>) {
        let known = self.conns.get_mut(&conn).is_some_and(|to| to.subscriptions.snapshots.remove(&req_id));
        if known {
            self.send(conn, &Response::TickSnapshotEnd(ById { req_id }), out);
        }
    }

    /// `cancelMktData`.
    pub(crate) fn cancel_market_data(&mut self, from: Asked, req_id: i32, out: &mut Vec<Output>) {
        let open = self.subscriptions(from);
        let known = open.quotes.remove(&req_id).is_some()
            || open.options.remove(&req_id).is_some()
            || open.snapshots.remove(&req_id);
        self.complain_unless(known, from, req_id, out);
    }

    /// What TWS says to a cancel of something that is not there.
    pub(crate) fn complain_unless(&mut self, known: bool, from: Asked, req_id: i32, out: &mut Vec<Output>) {
        if !known {
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

    /// The next second in which something that is no stock trades and somebody listens: stocks alone would
    /// let the night pass in one step.
    pub(crate) fn next_foreign_second(&self) -> Option<Timestamp> {
        let listening = |conn: &Conn| conn.subscriptions.symbols().collect::<Vec<_>>();
        let market = &self.exchange.market;
        let foreign: Vec<Sym> = self.conns.values().flat_map(listening).collect();
        let next = timestamp(self.exchange.now.as_second() + 1);
        // Delayed data goes on for a while after the close.
        let opens = |sym: Sym| next.max(market.next_quoting(sym, next - DELAY));
        let auctions = self.conns.values().flat_map(|conn| conn.subscriptions.quotes.values());
        let auctions = auctions.filter(|line| line.generic.contains(&Generic::Auction)).map(|line| line.sym);
        let indicated = |sym: Sym| {
            let session = market.hours_of(sym).at_or_after(next);
            next.max(session.open - generic::OPENING_INDICATED)
        };
        let orders = self.exchange.next_second_abroad();
        foreign.into_iter().map(opens).chain(auctions.map(indicated)).chain(orders).min()
    }

    /// The next part of a second in which somebody follows a quote. In lockstep time is counted in seconds.
    pub(crate) fn next_slice(&self) -> Option<Timestamp> {
        let now = self.exchange.now;
        let next = self.exchange.market.next_slice(now).filter(|_| !self.config.lockstep)?;
        let mut followed = self.conns.values().flat_map(|conn| conn.subscriptions.quoted());
        followed.any(|sym| self.exchange.market.is_quoting(sym, next)).then_some(next)
    }

    /// Sends what a part of a second brought: sizes alone, because trades and prices come by the second.
    pub(crate) fn stream_slice(&mut self, out: &mut Vec<Output>) {
        let silent = self.faults.farm_down("usfarm") || self.faults.competing_session;
        if silent || self.faults.link_down {
            return;
        }
        for line in self.lines().into_iter().filter(|line| !line.delayed) {
            self.stream_sizes(line, out);
        }
        for (_, conn) in self.started() {
            self.stream_depth(conn, out);
        }
    }

    /// Every line, in the order of client ids and request numbers.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for (_, conn) in self.started() {
            let quotes = &self.conns[&conn].subscriptions.quotes;
            lines.extend(quotes.iter().map(|(req_id, quote)| Line {
                conn,
                req_id: *req_id,
                sym: quote.sym,
                delayed: quote.told >= kind::DELAYED,
            }));
        }
        lines
    }

    /// The instant that a line shows.
    pub(crate) fn shown_at(&self, line: Line) -> Timestamp {
        if line.delayed { self.exchange.now - DELAY } else { self.exchange.now }
    }

    /// Another session of the same user takes the data away: every line is told, nothing more comes.
    pub(crate) fn tell_competing_session(&mut self, out: &mut Vec<Output>) {
        for line in self.lines() {
            let text = "No market data during competing live session";
            self.send_error(line.conn, (line.req_id, 10197), text, out);
        }
    }
}
