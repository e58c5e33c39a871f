//! Options on a market data line, and what the model computes on request.
//!
//! Owns quotes and the computations that come with them (ticks 10, 11 and 13; without trades there is no
//! 12), `calculateImpliedVolatility` and `calculateOptionPrice`. Prices and models are the market's.

use jiff::Timestamp;
use plimsoll_model::Price;
use plimsoll_tws::Response;
use plimsoll_tws::message::{
    CalculateOption, Figure, MarketDataType, ReqMktData, TickOptionComputation, TickPrice, TickReqParams,
    TickSize,
};
use rust_decimal::Decimal;

use crate::ibkr::conn::OptionLine;
use crate::ibkr::faults::Timer;
use crate::ibkr::server::Asked;
use crate::ibkr::server::components::BBO_EXCHANGE;
use crate::ibkr::server::contracts::{Expired, Instrument, UNKNOWN};
use crate::ibkr::server::orders::shares;
use crate::ibkr::server::quotes::{SNAPSHOT_SECS, kind};
use crate::ibkr::server::span::invalid;
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::{ConnId, Output};
use crate::market::chain::OptionSeries;
use crate::market::fixed::Fixed;
use crate::market::model::{self, Worth};
use crate::market::option::OptionQuote;
use crate::market::{Sym, steps};

/// Numbers of TWS.
mod tick {
    pub(super) const BID_SIZE: i32 = 0;
    pub(super) const BID: i32 = 1;
    pub(super) const ASK: i32 = 2;
    pub(super) const ASK_SIZE: i32 = 3;
    pub(super) const BID_COMPUTED: i32 = 10;
    pub(super) const ASK_COMPUTED: i32 = 11;
    pub(super) const MODEL: i32 = 13;
    pub(super) const ON_REQUEST: i32 = 53;
}

/// Prices of underlyings and options that can be computed with.
const PX_MAX: i64 = 1_000_000;
/// The largest volatility that can be computed with.
const VOLATILITY_MAX: i64 = 10;

impl IbkrVenue {
    /// The option that a contract means, if it is exactly one.
    pub(crate) fn option_of(&self, m: &plimsoll_tws::message::WireContract) -> Option<(Sym, OptionSeries)> {
        if !matches!(m.sec_type.as_str(), "OPT" | "") {
            return None;
        }
        match self.matching(m, Expired::Hidden).as_slice() {
            [Instrument::Option(sym, series)] => Some((*sym, *series)),
            _ => None,
        }
    }

    /// Opens a line for an option; what any line needs was checked.
    pub(crate) fn option_data(
        &mut self,
        from: Asked,
        m: &ReqMktData,
        (sym, series): (Sym, OptionSeries),
        out: &mut Vec<Output>,
    ) {
        let params = TickReqParams {
            req_id: m.req_id,
            min_tick: Some(steps::min_tick(self.exchange.market.option_rule(sym))),
            bbo_exchange: BBO_EXCHANGE.into(),
            snapshot_permissions: 3,
        };
        self.send(from.conn, &Response::TickReqParams(params), out);
        let live = MarketDataType { req_id: m.req_id, kind: kind::LIVE };
        self.send(from.conn, &Response::MarketDataType(live), out);
        self.subscriptions(from).options.insert(m.req_id, OptionLine { sym, series, told: None });
        self.stream_option(from.conn, m.req_id, out);
        let told = self.subscriptions(from).options.get(&m.req_id).is_some_and(|line| line.told.is_some());
        if !told {
            self.send_no_option_quote((from.conn, m.req_id), out);
        }
        if m.snapshot {
            self.subscriptions(from).options.remove(&m.req_id);
            self.subscriptions(from).snapshots.insert(m.req_id);
            self.set_timer(SNAPSHOT_SECS, Timer::SnapshotEnd(from.conn, m.req_id));
        }
    }

    /// What a second brings to the options of a client.
    pub(crate) fn stream_options(&mut self, conn: ConnId, out: &mut Vec<Output>) {
        let ids: Vec<i32> = self.conns[&conn].subscriptions.options.keys().copied().collect();
        for req_id in ids {
            self.stream_option(conn, req_id, out);
        }
    }

    fn stream_option(&mut self, conn: ConnId, req_id: i32, out: &mut Vec<Output>) {
        let Some(line) = self.conns.get(&conn).and_then(|to| to.subscriptions.options.get(&req_id)) else {
            return;
        };
        let (sym, series, before) = (line.sym, line.series, line.told);
        if self.faults.freezes(self.exchange.symbol(sym)) || self.faults.farm_down("usfarm") {
            return;
        }
        let at = self.exchange.now;
        let now = self.exchange.market.option_quote(sym, series, at);
        if let Some(to) = self.conns.get_mut(&conn)
            && let Some(line) = to.subscriptions.options.get_mut(&req_id)
        {
            line.told = now;
        }
        match (before, now) {
            (_, Some(now)) => self.send_option_quote((conn, req_id), (sym, series), (before, now), out),
            (Some(_), None) => self.send_no_option_quote((conn, req_id), out),
            (None, None) => {}
        }
    }

    fn send_option_quote(
        &mut self,
        (conn, req_id): (ConnId, i32),
        (sym, series): (Sym, OptionSeries),
        (before, now): (Option<OptionQuote>, OptionQuote),
        out: &mut Vec<Output>,
    ) {
        let sides = [
            (tick::BID, tick::BID_SIZE, before.map(|b| (b.bid, b.bid_size)), (now.bid, now.bid_size)),
            (tick::ASK, tick::ASK_SIZE, before.map(|b| (b.ask, b.ask_size)), (now.ask, now.ask_size)),
        ];
        for (px_tick, size_tick, was, (px, size)) in sides {
            if was.is_none_or(|(was, _)| was != px) {
                self.send_option_px((conn, req_id), px_tick, (px, size), out);
            }
            if was.is_none_or(|(_, was)| was != size) {
                let size = TickSize { req_id, tick: size_tick, size: Some(shares(size)) };
                self.send(conn, &Response::TickSize(size), out);
            }
        }
        if before
            .is_some_and(|before| (before.under, before.bid, before.ask) == (now.under, now.bid, now.ask))
        {
            return;
        }
        let terms = self.exchange.market.option_terms(sym, series, self.exchange.now, now.under);
        for (number, cents) in [(tick::BID_COMPUTED, now.bid), (tick::ASK_COMPUTED, now.ask)] {
            let px = Fixed::ratio(cents, 100);
            let found = model::implied(terms, px, now.model.volatility);
            self.send_computation((conn, req_id, number), found, (px, now.under), out);
        }
        let (model, under) = (now.model, now.under);
        self.send_computation((conn, req_id, tick::MODEL), Some(model), (model.px, under), out);
    }

    fn send_option_px(
        &mut self,
        (conn, req_id): (ConnId, i32),
        tick: i32,
        (cents, size): (i64, i64),
        out: &mut Vec<Output>,
    ) {
        let none = size == 0;
        let px = if none { Decimal::NEGATIVE_ONE } else { Decimal::new(cents, 2) };
        let message = TickPrice {
            req_id,
            tick,
            px: Some(Price::new(px)),
            size: Some(shares(size)),
            attributes: i32::from(!none),
        };
        self.send(conn, &Response::TickPrice(message), out);
    }

    fn send_no_option_quote(&mut self, line: (ConnId, i32), out: &mut Vec<Output>) {
        self.send_option_px(line, tick::BID, (0, 0), out);
        self.send_option_px(line, tick::ASK, (0, 0), out);
    }

    /// What the model says; where it says nothing, only the prices stand.
    fn send_computation(
        &mut self,
        (conn, req_id, tick): (ConnId, i32, i32),
        found: Option<Worth>,
        (px, under): (Fixed, Fixed),
        out: &mut Vec<Output>,
    ) {
        let figure =
            |of: fn(&Worth) -> Fixed| found.as_ref().map(|worth| Figure::from(of(worth).to_decimal()));
        let message = TickOptionComputation {
            req_id,
            tick,
            attributes: 0,
            implied_volatility: figure(|worth| worth.volatility),
            delta: figure(|worth| worth.delta),
            option_px: Some(Figure::from(px.to_decimal())),
            // No dividends are simulated.
            pv_dividend: Some(Figure::from(Decimal::ZERO)),
            gamma: figure(|worth| worth.gamma),
            vega: figure(|worth| worth.vega),
            theta: figure(|worth| worth.theta),
            under_px: Some(Figure::from(under.to_decimal())),
        };
        self.send(conn, &Response::TickOptionComputation(Box::new(message)), out);
    }

    /// `calculateImpliedVolatility`.
    pub(crate) fn implied_volatility(&mut self, from: Asked, m: &CalculateOption, out: &mut Vec<Output>) {
        let Some(((sym, series), given, under)) = self.read_calculation(from, m, PX_MAX, out) else { return };
        let now = self.exchange.now;
        let guess = self.exchange.market.option_volatility(sym, now);
        let terms = self.exchange.market.option_terms(sym, series, now, under);
        let found = model::implied(terms, given, guess);
        self.send_computation((from.conn, m.req_id, tick::ON_REQUEST), found, (given, under), out);
    }

    /// `calculateOptionPrice`.
    pub(crate) fn option_price(&mut self, from: Asked, m: &CalculateOption, out: &mut Vec<Output>) {
        let Some(((sym, series), given, under)) = self.read_calculation(from, m, VOLATILITY_MAX, out) else {
            return;
        };
        let now: Timestamp = self.exchange.now;
        let terms = self.exchange.market.option_terms(sym, series, now, under);
        let found = model::worth(terms, given);
        let px = found.map_or(Fixed::ZERO, |worth| worth.px);
        self.send_computation((from.conn, m.req_id, tick::ON_REQUEST), found, (px, under), out);
    }

    /// The option, the number that was given, and the underlying's price.
    fn read_calculation(
        &mut self,
        from: Asked,
        m: &CalculateOption,
        max: i64,
        out: &mut Vec<Output>,
    ) -> Option<((Sym, OptionSeries), Fixed, Fixed)> {
        let Some(option) = self.option_of(&m.contract) else {
            self.send_error(from.conn, (m.req_id, 200), UNKNOWN, out);
            return None;
        };
        let read = |number: Option<Decimal>, max: i64| {
            let number = number.filter(|number| *number > Decimal::ZERO && *number <= Decimal::from(max));
            number.and_then(Fixed::from_decimal)
        };
        let (given, under) = (read(m.given, max), read(m.under_px.map(Price::get), PX_MAX));
        let (Some(given), Some(under)) = (given, under) else {
            // The code is that of requests that cannot be read; the words are assumed.
            let (code, text) = invalid("A calculation needs positive prices and a volatility up to 10");
            self.send_error(from.conn, (m.req_id, code), &text, out);
            return None;
        };
        Some((option, given, under))
    }
}
