//! Historical data: bars, schedules, head timestamps, and bars that keep up to date.
//!
//! Owns the answers. Bars come from the same market as the stream, so they cannot disagree with it. The
//! reading of a request is in `span`, how fast requests may come is in `pacing`.

use jiff::{SignedDuration, Timestamp};
use plimsoll_model::Price;
use plimsoll_tws::message::{
    Bar as WireBar, HeadTimestamp, HistoricalData, HistoricalDataEnd, HistoricalDataUpdate,
    HistoricalSchedule, HistoricalSession, ReqHeadTimestamp, ReqHistoricalData,
};
use plimsoll_tws::{Gate, Response};
use rust_decimal::Decimal;

use crate::ibkr::conn::KeepUp;
use crate::ibkr::server::Asked;
use crate::ibkr::server::contracts::Expired;
use crate::ibkr::server::pacing::Paced;
use crate::ibkr::server::span::{PREFIX, Plan, Shown, shown};
use crate::ibkr::server::times;
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::violation::Kind;
use crate::ibkr::{ConnId, Output};
use crate::market::bars::{Bar, BarSize, What};
use crate::market::{BarRequest, Sym};

/// Requests of the login that may be open at once: those that keep up to date, and those that hang.
const OPEN_MAX: usize = 50;

impl IbkrVenue {
    /// `reqHistoricalData`.
    pub(crate) fn historical_data(&mut self, from: Asked, m: Box<ReqHistoricalData>, out: &mut Vec<Output>) {
        let sym = match self.resolve_data(&m.contract, Expired::from_wire(m.include_expired)) {
            Ok(sym) => sym,
            Err((354, _)) => {
                let kind = m.contract.sec_type.as_str();
                let text = format!("{PREFIX}No market data permissions for {kind}");
                self.send_error(from.conn, (m.req_id, 162), &text, out);
                return;
            }
            Err((code, text)) => {
                self.send_error(from.conn, (m.req_id, code), &text, out);
                return;
            }
        };
        if self.exchange.unsubscribed(sym).is_some() {
            let text = format!("{PREFIX}{}", self.exchange.permission_of(sym));
            self.send_error(from.conn, (m.req_id, 162), &text, out);
            return;
        }
        self.subscriptions(from).busted.remove(&m.req_id);
        if self.subscriptions(from).history.contains_key(&m.req_id) {
            let text = format!("Duplicate ticker id:{} for API historical data query", m.req_id);
            self.send_error(from.conn, (m.req_id, 386), &text, out);
            return;
        }
        if self.open_requests() >= OPEN_MAX {
            self.refuse_pace(from, m.req_id, &format!("more than {OPEN_MAX} open requests"), out);
            return;
        }
        if self.faults.farm_down("ushmds") || self.faults.link_down {
            // A request during an outage hangs until the client gives it up.
            self.subscriptions(from).hanging.insert(m.req_id);
            return;
        }
        let small = matches!(BarSize::parse(m.bar_size.as_str()), Some(BarSize::Seconds(size)) if size <= 30);
        let rest = format!("{} {} {} {}", m.end, m.bar_size.as_str(), m.duration.as_str(), m.use_rth);
        let paced = paced(sym, m.contract.exchange.as_str(), m.what.as_str(), &rest);
        if (small && !self.keeps_pace(from, m.req_id, paced, out)) || self.paced_by_fault(from, m.req_id, out)
        {
            return;
        }
        let schedule = m.what == "SCHEDULE";
        let understood = if schedule {
            self.plan(sym, &ReqHistoricalData { what: "MIDPOINT".into(), ..(*m).clone() })
        } else {
            self.plan(sym, &m)
        };
        if understood.is_ok() {
            self.warn_of_implied_zone(from, (m.req_id, m.end.as_str()), out);
        }
        match understood {
            Ok(plan) if schedule => self.schedule(from, (sym, plan), &m, out),
            Ok(plan) => self.send_bars(from, (sym, plan), m, out),
            Err((code, text)) => self.send_error(from.conn, (m.req_id, code), &text, out),
        }
    }

    fn plan(&self, sym: Sym, m: &ReqHistoricalData) -> Result<Plan, (i32, String)> {
        let market = &self.exchange.market;
        Plan::read(m, market.listing(sym), market.hours_of(sym), self.exchange.now)
    }

    fn open_requests(&self) -> usize {
        self.conns
            .values()
            .map(|conn| conn.subscriptions.history.len() + conn.subscriptions.hanging.len())
            .sum()
    }

    /// Whether a request comes slowly enough; if not, the client is told and the violation is kept.
    pub(crate) fn keeps_pace(
        &mut self,
        from: Asked,
        req_id: i32,
        paced: Paced,
        out: &mut Vec<Output>,
    ) -> bool {
        let Some(how) = self.pacing.broken_by(self.exchange.now, paced) else { return true };
        self.refuse_pace(from, req_id, how, out);
        false
    }

    fn refuse_pace(&mut self, from: Asked, req_id: i32, how: &str, out: &mut Vec<Output>) {
        self.exchange.violated(from.client, Kind::HistoricalPacing, format!("request {req_id}: {how}"));
        let text = format!("{PREFIX}Historical data request pacing violation");
        self.send_error(from.conn, (req_id, 162), &text, out);
    }

    pub(crate) fn paced_by_fault(&mut self, from: Asked, req_id: i32, out: &mut Vec<Output>) -> bool {
        if self.faults.history_pacing {
            let text = format!("{PREFIX}Historical data request pacing violation");
            self.send_error(from.conn, (req_id, 162), &text, out);
        }
        self.faults.history_pacing
    }

    /// A date-time that names no zone is taken for the venue's, with a warning.
    pub(crate) fn warn_of_implied_zone(
        &mut self,
        from: Asked,
        (req_id, end): (i32, &str),
        out: &mut Vec<Output>,
    ) {
        let zoned = self.conns.get(&from.conn).is_some_and(|conn| conn.version.has(Gate::InstrumentTimezone));
        if zoned && times::is_naive(end) {
            let text = "Warning: You submitted request with date-time attributes without explicit time zone. Please switch to use yyyymmdd-hh:mm:ss in UTC or use instrument timezone, like US/Eastern. Implied time zone functionality will be removed in the next API release";
            self.send_error(from.conn, (req_id, 2174), text, out);
        }
    }

    fn send_bars(
        &mut self,
        from: Asked,
        (sym, plan): (Sym, Plan),
        m: Box<ReqHistoricalData>,
        out: &mut Vec<Output>,
    ) {
        let Some(version) = self.conns.get(&from.conn).map(|conn| conn.version) else { return };
        let bars = self.bars_of(sym, plan, m.use_rth);
        if bars.is_empty() || self.faults.empty_history {
            let symbol = self.exchange.symbol(sym);
            let exchange =
                if m.contract.exchange.is_empty() { "SMART" } else { m.contract.exchange.as_str() };
            let text =
                format!("{PREFIX}HMDS query returned no data: {symbol}@{exchange} {}", m.what.as_str());
            self.send_error(from.conn, (m.req_id, 162), &text, out);
            return;
        }
        let hours = self.exchange.market.hours_of(sym);
        let start = times::moment_of(plan.from, hours, version);
        let end = times::moment_of(plan.until, hours, version);
        let wire = bars.iter().map(|bar| self.wire_bar((from.conn, sym), bar, &m, plan)).collect();
        let answer = HistoricalData {
            req_id: m.req_id,
            start: start.as_str().into(),
            end: end.as_str().into(),
            bars: wire,
        };
        self.send(from.conn, &Response::HistoricalData(answer), out);
        if version.has(Gate::HistoricalDataEnd) {
            let end = HistoricalDataEnd {
                req_id: m.req_id,
                start: start.as_str().into(),
                end: end.as_str().into(),
            };
            self.send(from.conn, &Response::HistoricalDataEnd(end), out);
        }
        if m.keep_up_to_date {
            let bar_start = bars.last().map_or(self.exchange.now, |bar| bar.start);
            let keep = KeepUp { sym, request: m, bar_start };
            self.subscriptions(from).history.insert(keep.request.req_id, keep);
        }
    }

    fn bars_of(&mut self, sym: Sym, plan: Plan, regular: bool) -> Vec<Bar> {
        let now = self.exchange.now;
        let regular = regular && !self.faults.bars_outside_session;
        let market = &mut self.exchange.market;
        let ask = |what| BarRequest { what, size: plan.size, from: plan.from, until: plan.until, regular };
        match plan.what {
            Shown::Market(what) => market.bars(sym, ask(what), now),
            Shown::HistoricalVolatility => market.volatility_bars(sym, ask(What::Midpoint), now),
            Shown::ImpliedVolatility => {
                // Options are quoted a tenth above what was seen.
                let seen = market.volatility_bars(sym, ask(What::Midpoint), now);
                seen.into_iter().map(|bar| bar.scaled(110, 100)).collect()
            }
            Shown::FeeRate => market.fee_bars(sym, ask(What::Midpoint), now),
        }
    }

    fn wire_bar(&self, (conn, sym): (ConnId, Sym), bar: &Bar, m: &ReqHistoricalData, plan: Plan) -> WireBar {
        let quotes = plan.what != Shown::Market(What::Trades);
        let lots = self.exchange.market.listing(sym).is_stock();
        let shares = |volume| self.conns.get(&conn).map_or(volume, |conn| conn.history_shares(volume));
        let volume = if lots { shares(bar.volume) } else { bar.volume };
        WireBar {
            date: self.bar_date((conn, sym), bar, m, plan.size).as_str().into(),
            open: Some(Price::new(bar.open())),
            high: Some(Price::new(bar.high())),
            low: Some(Price::new(bar.low())),
            close: Some(Price::new(bar.close())),
            volume: Some(if quotes { Decimal::NEGATIVE_ONE } else { Decimal::from(volume) }),
            wap: Some(if quotes { Decimal::NEGATIVE_ONE } else { bar.average() }),
            count: if quotes { -1 } else { i32::try_from(bar.count).unwrap_or(i32::MAX) },
        }
    }

    fn bar_date(
        &self,
        (conn, sym): (ConnId, Sym),
        bar: &Bar,
        m: &ReqHistoricalData,
        size: BarSize,
    ) -> String {
        match size {
            BarSize::Seconds(_) if m.format_date == 2 => bar.start.as_second().to_string(),
            BarSize::Seconds(_) => {
                let Some(version) = self.conns.get(&conn).map(|conn| conn.version) else {
                    return String::new();
                };
                times::moment_of(bar.start, self.exchange.market.hours_of(sym), version)
            }
            BarSize::Day => times::compact(bar.date),
            // Week and month bars carry their last trade date.
            BarSize::Week | BarSize::Month => times::compact(bar.last_date),
        }
    }

    /// whatToShow=SCHEDULE: the sessions themselves.
    fn schedule(
        &mut self,
        from: Asked,
        (sym, plan): (Sym, Plan),
        m: &ReqHistoricalData,
        out: &mut Vec<Output>,
    ) {
        let hours = self.exchange.market.hours_of(sym);
        let dashed =
            |at: Timestamp| at.to_zoned(hours.zone().clone()).strftime("%Y%m%d-%H:%M:%S").to_string();
        let mut sessions = Vec::new();
        let mut session = hours.at_or_after(plan.from);
        while session.open < plan.until {
            let shown = if m.use_rth { hours.regular(session) } else { hours.wide(session) };
            sessions.push(HistoricalSession {
                start: dashed(shown.open).as_str().into(),
                end: dashed(shown.close).as_str().into(),
                date: times::compact(session.date).as_str().into(),
            });
            let next = hours.after(session.date);
            if next == session {
                break;
            }
            session = next;
        }
        let answer = HistoricalSchedule {
            req_id: m.req_id,
            start: dashed(plan.from).as_str().into(),
            end: dashed(plan.until).as_str().into(),
            zone: hours.zone_name().into(),
            sessions,
        };
        self.send(from.conn, &Response::HistoricalSchedule(answer), out);
    }

    /// `cancelHistoricalData`: only a request that is still open can be cancelled.
    pub(crate) fn cancel_historical_data(&mut self, from: Asked, req_id: i32, out: &mut Vec<Output>) {
        let open = self.subscriptions(from);
        if open.history.remove(&req_id).is_some() || open.hanging.remove(&req_id) {
            let text = format!("{PREFIX}API historical data query cancelled: {req_id}");
            self.send_error(from.conn, (req_id, 162), &text, out);
        } else if !self.subscriptions(from).busted.remove(&req_id) {
            let text = format!("No historical data query found for ticker id:{req_id}");
            self.send_error(from.conn, (req_id, 366), &text, out);
        }
    }

    /// `reqHeadTimestamp`.
    pub(crate) fn head_timestamp(&mut self, from: Asked, m: &ReqHeadTimestamp, out: &mut Vec<Output>) {
        let sym = match self.resolve_data(&m.contract, Expired::from_wire(m.include_expired)) {
            Ok(sym) => sym,
            Err((code, text)) => {
                self.send_error(from.conn, (m.req_id, code), &text, out);
                return;
            }
        };
        let (exchange, what) = (m.contract.exchange.as_str(), m.what.as_str());
        let rest = format!("head {} {}", m.use_rth, m.format_date);
        let pace = paced(sym, exchange, what, &rest);
        if !self.keeps_pace(from, m.req_id, pace, out) || self.paced_by_fault(from, m.req_id, out) {
            return;
        }
        if self.faults.farm_down("ushmds") || self.faults.link_down {
            return;
        }
        if let Err((code, text)) = shown(what, self.exchange.market.listing(sym)) {
            self.send_error(from.conn, (m.req_id, code), &text, out);
            return;
        }
        let open = self.exchange.market.first_open(sym);
        let time = if m.format_date == 2 { open.as_second().to_string() } else { times::dashed_utc(open) };
        let head = HeadTimestamp { req_id: m.req_id, time: time.as_str().into() };
        self.send(from.conn, &Response::HeadTimestamp(head), out);
    }

    /// The running bar of each request that keeps up to date, once a second.
    pub(crate) fn stream_history(&mut self, conn: ConnId, out: &mut Vec<Output>) {
        if self.faults.farm_down("ushmds") {
            return;
        }
        let ids: Vec<i32> = self.conns[&conn].subscriptions.history.keys().copied().collect();
        for req_id in ids {
            let keep = &self.conns[&conn].subscriptions.history[&req_id];
            let (sym, bar_start, request) = (keep.sym, keep.bar_start, keep.request.clone());
            let now = self.exchange.now;
            let market = &self.exchange.market;
            let regular = market.hours_of(sym).open_at(now).is_some();
            let held = request.use_rth && !self.faults.bars_outside_session;
            let open = if held { regular } else { market.is_quoting(sym, now) };
            if !open || self.faults.freezes(self.exchange.symbol(sym)) {
                continue;
            }
            let Ok(plan) = self.plan(sym, &request) else { continue };
            let plan = Plan { from: bar_start, until: now + SignedDuration::from_secs(1), ..plan };
            let bars = self.bars_of(sym, plan, request.use_rth);
            // When a bar ends, its last form and the first of the next are both told.
            for bar in bars.iter().rev().take(2).rev() {
                let row = self.wire_bar((conn, sym), bar, &request, plan);
                let update = HistoricalDataUpdate {
                    req_id,
                    count: row.count,
                    date: row.date,
                    open: row.open,
                    close: row.close,
                    high: row.high,
                    low: row.low,
                    wap: row.wap,
                    volume: row.volume,
                };
                self.send(conn, &Response::HistoricalDataUpdate(update), out);
            }
            let keep = self.conns.get_mut(&conn).and_then(|conn| conn.subscriptions.history.get_mut(&req_id));
            if let (Some(keep), Some(last)) = (keep, bars.last()) {
                keep.bar_start = last.start;
            }
        }
    }
}

/// A request as the pacing rules see it.
pub(crate) fn paced(sym: Sym, exchange: &str, what: &str, rest: &str) -> Paced {
    let both_sides = what == "BID_ASK";
    Paced { stream: format!("{sym:?} {exchange} {what}"), rest: format!("{what} {rest}"), both_sides }
}
