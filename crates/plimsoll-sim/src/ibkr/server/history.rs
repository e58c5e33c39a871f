//! Historical data: bars, schedules, head timestamps, and the pacing rule.
//!
//! Owns the reading of durations and bar sizes, the limits of a request, and bars that keep up to date.
//! Bars come from the same walk as the stream, so they cannot disagree with it.

use std::collections::{BTreeSet, VecDeque};

use jiff::civil::Date;
use jiff::{SignedDuration, Span, Timestamp, ToSpan};
use plimsoll_model::Price;
use plimsoll_tws::Gate;
use plimsoll_tws::Response;
use plimsoll_tws::message::{
    Bar as WireBar, HeadTimestamp, HistoricalData, HistoricalDataEnd, HistoricalDataUpdate,
    HistoricalSchedule, HistoricalSession, ReqHeadTimestamp, ReqHistoricalData,
};
use rust_decimal::Decimal;

use crate::ibkr::conn::KeepUp;
use crate::ibkr::server::Asked;
use crate::ibkr::server::contracts::UNKNOWN;
use crate::ibkr::server::times::{self, ZONE_NAME};
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::violation::Kind;
use crate::ibkr::{ConnId, Output};
use crate::market::bars::{Bar, BarSize, What};
use crate::market::{BarRequest, Sym};

/// More bars than this in one answer would not fit a frame; TWS calls the step invalid.
const BARS_MAX: i64 = 50_000;
const PREFIX: &str = "Historical Market Data Service error message:";

/// What is made of the word in a request; none for what only options and funds have.
pub(crate) fn what_of(word: &str) -> Option<What> {
    match word {
        "TRADES" | "ADJUSTED_LAST" => Some(What::Trades),
        "MIDPOINT" => Some(What::Midpoint),
        "BID" => Some(What::Bid),
        "ASK" => Some(What::Ask),
        "BID_ASK" => Some(What::BidAsk),
        _ => None,
    }
}

/// The requests that the pacing rule looks at.
#[derive(Debug, Default)]
pub(crate) struct Pacing {
    recent: VecDeque<Paced>,
}

#[derive(Debug)]
struct Paced {
    at: Timestamp,
    /// Everything but the number.
    request: String,
    /// Contract, exchange and kind of tick.
    stream: String,
    weight: usize,
}

impl Pacing {
    /// Whether a request comes too fast. Refused requests count too, as repeated violations do in life.
    fn is_broken(&mut self, at: Timestamp, m: &ReqHistoricalData) -> Option<&'static str> {
        let stream = format!("{:?} {}", m.contract, m.what.as_str());
        let request = format!(
            "{stream} {} {} {} {}",
            m.end.as_str(),
            m.bar_size.as_str(),
            m.duration.as_str(),
            m.use_rth
        );
        let weight = if m.what == "BID_ASK" { 2 } else { 1 };
        let ago = |seconds: i64| at - SignedDuration::from_secs(seconds);
        self.recent.retain(|paced| paced.at > ago(600));
        let same = self.recent.iter().any(|paced| paced.request == request && paced.at > ago(15));
        let burst: usize = self
            .recent
            .iter()
            .filter(|paced| paced.stream == stream && paced.at > ago(2))
            .map(|paced| paced.weight)
            .sum();
        let all: usize = self.recent.iter().map(|paced| paced.weight).sum();
        self.recent.push_back(Paced { at, request, stream, weight });
        match () {
            () if same => Some("the same request within 15 seconds"),
            () if burst + weight >= 6 => Some("six requests for one contract within two seconds"),
            () if all + weight > 60 => Some("more than 60 requests within ten minutes"),
            () => None,
        }
    }
}

/// A request that was understood.
#[derive(Debug, Clone, Copy)]
struct Plan {
    what: What,
    size: BarSize,
    from: Timestamp,
    until: Timestamp,
}

impl IbkrVenue {
    /// `reqHistoricalData`.
    pub(crate) fn historical_data(&mut self, from: Asked, m: Box<ReqHistoricalData>, out: &mut Vec<Output>) {
        let Some(sym) = self.resolve(&m.contract) else {
            self.send_error(from.conn, (m.req_id, 200), UNKNOWN, out);
            return;
        };
        if self.faults.farm_down("ushmds") || self.faults.link_down {
            // A request during an outage hangs.
            return;
        }
        let small = matches!(BarSize::parse(m.bar_size.as_str()), Some(BarSize::Seconds(size)) if size <= 30);
        let broken = if small { self.pacing.is_broken(self.exchange.now, &m) } else { None };
        if let Some(how) = broken {
            let detail = format!("{} {}: {how}", self.exchange.symbol(sym), m.bar_size.as_str());
            self.exchange.violated(from.client, Kind::HistoricalPacing, detail);
        }
        if broken.is_some() || self.faults.history_pacing {
            let text = format!("{PREFIX}Historical data request pacing violation");
            self.send_error(from.conn, (m.req_id, 162), &text, out);
            return;
        }
        if m.what == "SCHEDULE" {
            self.schedule(from, &m, out);
            return;
        }
        match self.plan(&m) {
            Ok(plan) => self.send_bars(from, sym, plan, m, out),
            Err((code, text)) => self.send_error(from.conn, (m.req_id, code), &text, out),
        }
    }

    fn send_bars(
        &mut self,
        from: Asked,
        sym: Sym,
        plan: Plan,
        m: Box<ReqHistoricalData>,
        out: &mut Vec<Output>,
    ) {
        let Some(version) = self.conns.get(&from.conn).map(|conn| conn.version) else { return };
        let request = BarRequest {
            what: plan.what,
            size: plan.size,
            from: plan.from,
            until: plan.until,
            regular: m.use_rth,
        };
        let bars = self.exchange.market.bars(sym, request, self.exchange.now);
        if bars.is_empty() || self.faults.empty_history {
            let symbol = self.exchange.symbol(sym);
            let text = format!("{PREFIX}HMDS query returned no data: {symbol}@SMART {}", m.what.as_str());
            self.send_error(from.conn, (m.req_id, 162), &text, out);
            return;
        }
        let zone = self.exchange.market.hours.zone().clone();
        let start = times::moment(plan.from, &zone, version);
        let end = times::moment(plan.until, &zone, version);
        let wire = bars.iter().map(|bar| self.wire_bar(from.conn, bar, &m, plan)).collect();
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

    fn wire_bar(&self, conn: ConnId, bar: &Bar, m: &ReqHistoricalData, plan: Plan) -> WireBar {
        let quotes = plan.what != What::Trades;
        let volume = self.conns.get(&conn).map_or(bar.volume, |conn| conn.history_shares(bar.volume));
        WireBar {
            date: self.bar_date(conn, bar, m, plan.size).as_str().into(),
            open: Some(Price::new(bar.open())),
            high: Some(Price::new(bar.high())),
            low: Some(Price::new(bar.low())),
            close: Some(Price::new(bar.close())),
            volume: Some(if quotes { Decimal::NEGATIVE_ONE } else { Decimal::from(volume) }),
            wap: Some(if quotes { Decimal::NEGATIVE_ONE } else { bar.average() }),
            count: if quotes { -1 } else { i32::try_from(bar.count).unwrap_or(i32::MAX) },
        }
    }

    fn bar_date(&self, conn: ConnId, bar: &Bar, m: &ReqHistoricalData, size: BarSize) -> String {
        match size {
            BarSize::Seconds(_) if m.format_date == 2 => bar.start.as_second().to_string(),
            BarSize::Seconds(_) => {
                let Some(version) = self.conns.get(&conn).map(|conn| conn.version) else {
                    return String::new();
                };
                times::moment(bar.start, self.exchange.market.hours.zone(), version)
            }
            BarSize::Day => compact(bar.date),
            // Week and month bars carry their last trade date.
            BarSize::Week | BarSize::Month => compact(bar.last_date),
        }
    }

    /// Reads a request into a stretch of time and a bar size.
    fn plan(&self, m: &ReqHistoricalData) -> Result<Plan, (i32, String)> {
        let hours = &self.exchange.market.hours;
        let invalid = |cause: &str| (321, format!("Error validating request.-'bX' : cause - {cause}"));
        let size = BarSize::parse(m.bar_size.as_str())
            .ok_or_else(|| invalid(&format!("Invalid bar size setting {}", m.bar_size.as_str())))?;
        let what = what_of(m.what.as_str())
            .ok_or_else(|| (162, format!("{PREFIX}No data of type {} for this contract", m.what.as_str())))?;
        if m.keep_up_to_date && !m.end.is_empty() {
            return Err(invalid("Historical data request with keepUpToDate needs an empty end date"));
        }
        if m.what == "ADJUSTED_LAST" && !m.end.is_empty() {
            return Err(invalid("End Date not supported with adjusted last"));
        }
        let now = self.exchange.now;
        let end = if m.end.is_empty() {
            now
        } else {
            times::parse(m.end.as_str(), hours.zone()).ok_or_else(|| {
                invalid("The date, time, or time-zone entered is invalid. The correct format is yyyymmdd hh:mm:ss xx/xxxx")
            })?
        };
        let end = end.min(now).max(hours.beginning());
        let duration = Duration::parse(m.duration.as_str())
            .ok_or_else(|| invalid(&format!("Invalid duration {}", m.duration.as_str())))?;
        let start = self.start_of(duration, end).max(hours.beginning());
        // The second that is running belongs to the answer.
        let until = end.checked_add(SignedDuration::from_secs(i64::from(end == now))).unwrap_or(end);
        let count = match size {
            BarSize::Seconds(size) => self.open_seconds(start, until) / size,
            BarSize::Day | BarSize::Week | BarSize::Month if matches!(duration, Duration::Seconds(_)) => {
                return Err((162, format!("{PREFIX}invalid step")));
            }
            BarSize::Day | BarSize::Week | BarSize::Month => 0,
        };
        if count > BARS_MAX {
            return Err((162, format!("{PREFIX}invalid step")));
        }
        Ok(Plan { what, size, from: start, until })
    }

    fn open_seconds(&self, from: Timestamp, until: Timestamp) -> i64 {
        let hours = &self.exchange.market.hours;
        let mut session = hours.at_or_after(from);
        let mut seconds = 0;
        while session.open < until {
            seconds += session.close.min(until).as_second() - session.open.max(from).as_second();
            session = hours.after(session.date);
        }
        seconds
    }

    /// Seconds count trading time backwards, days count sessions, the rest counts the calendar.
    fn start_of(&self, duration: Duration, end: Timestamp) -> Timestamp {
        let hours = &self.exchange.market.hours;
        match duration {
            Duration::Seconds(mut left) => {
                let mut session = hours.last_begun(end);
                loop {
                    let last = end.min(session.close);
                    let open = (last.as_second() - session.open.as_second()).max(0);
                    if left <= open || session.open <= hours.beginning() {
                        return last - SignedDuration::from_secs(left.min(open));
                    }
                    left -= open;
                    session = hours.before(session.date);
                }
            }
            Duration::Days(days) => {
                let mut session = hours.last_begun(end - SignedDuration::from_secs(1));
                for _ in 1..days {
                    session = hours.before(session.date);
                }
                session.open
            }
            Duration::Calendar(span) => {
                let date = hours.date_at(end);
                hours.midnight(
                    date.checked_sub(span).unwrap_or(Date::MIN).max(hours.date_at(hours.beginning())),
                )
            }
        }
    }

    /// whatToShow=SCHEDULE: the sessions themselves.
    fn schedule(&mut self, from: Asked, m: &ReqHistoricalData, out: &mut Vec<Output>) {
        let plan = match self.plan(&ReqHistoricalData { what: "TRADES".into(), ..m.clone() }) {
            Ok(plan) => plan,
            Err((code, text)) => {
                self.send_error(from.conn, (m.req_id, code), &text, out);
                return;
            }
        };
        let hours = &self.exchange.market.hours;
        let dashed =
            |at: Timestamp| at.to_zoned(hours.zone().clone()).strftime("%Y%m%d-%H:%M:%S").to_string();
        let mut sessions = Vec::new();
        let mut session = hours.at_or_after(plan.from);
        while session.open < plan.until {
            sessions.push(HistoricalSession {
                start: dashed(session.open).as_str().into(),
                end: dashed(session.close).as_str().into(),
                date: compact(session.date).as_str().into(),
            });
            session = hours.after(session.date);
        }
        let answer = HistoricalSchedule {
            req_id: m.req_id,
            start: dashed(plan.from).as_str().into(),
            end: dashed(plan.until).as_str().into(),
            zone: ZONE_NAME.into(),
            sessions,
        };
        self.send(from.conn, &Response::HistoricalSchedule(answer), out);
    }

    /// `cancelHistoricalData`: only a request that keeps up to date can still be cancelled.
    pub(crate) fn cancel_historical_data(&mut self, from: Asked, req_id: i32, out: &mut Vec<Output>) {
        if self.subscriptions(from).history.remove(&req_id).is_some() {
            let text = format!("{PREFIX}API historical data query cancelled: {req_id}");
            self.send_error(from.conn, (req_id, 162), &text, out);
        } else {
            let text = format!("No historical data query found for ticker id:{req_id}");
            self.send_error(from.conn, (req_id, 366), &text, out);
        }
    }

    /// `reqHeadTimestamp`.
    pub(crate) fn head_timestamp(&mut self, from: Asked, m: &ReqHeadTimestamp, out: &mut Vec<Output>) {
        let sym = self.resolve(&m.contract);
        let Some(sym) = sym.filter(|_| what_of(m.what.as_str()).is_some()) else {
            self.send_error(from.conn, (m.req_id, 200), UNKNOWN, out);
            return;
        };
        let hours = &self.exchange.market.hours;
        let (year, month, day) = self.exchange.market.listing(sym).first_day;
        let first = jiff::civil::date(year, month, day).max(hours.date_at(hours.beginning()));
        let open = hours.on(first).unwrap_or_else(|| hours.after(first)).open;
        let time = if m.format_date == 2 { open.as_second().to_string() } else { times::dashed_utc(open) };
        let head = HeadTimestamp { req_id: m.req_id, time: time.as_str().into() };
        self.send(from.conn, &Response::HeadTimestamp(head), out);
    }

    /// The running bar of each request that keeps up to date, once a second.
    pub(crate) fn stream_history(&mut self, conn: ConnId, out: &mut Vec<Output>) {
        if self.exchange.session().is_none() || self.faults.farm_down("ushmds") {
            return;
        }
        let ids: BTreeSet<i32> = self.conns[&conn].subscriptions.history.keys().copied().collect();
        for req_id in ids {
            let keep = &self.conns[&conn].subscriptions.history[&req_id];
            let (sym, bar_start, request) = (keep.sym, keep.bar_start, keep.request.clone());
            if self.faults.freezes(self.exchange.symbol(sym)) {
                continue;
            }
            let (Some(size), Some(what)) =
                (BarSize::parse(request.bar_size.as_str()), what_of(request.what.as_str()))
            else {
                continue;
            };
            let now = self.exchange.now;
            let until = now + SignedDuration::from_secs(1);
            let plan = Plan { what, size, from: bar_start, until };
            let wanted = BarRequest { what, size, from: bar_start, until, regular: request.use_rth };
            let bars = self.exchange.market.bars(sym, wanted, now);
            // When a bar ends, its last form and the first of the next are both told.
            for bar in bars.iter().rev().take(2).rev() {
                let row = self.wire_bar(conn, bar, &request, plan);
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

/// How far back a request reaches.
#[derive(Debug, Clone, Copy)]
enum Duration {
    /// Of trading.
    Seconds(i64),
    /// Sessions.
    Days(i64),
    /// Weeks, months or years.
    Calendar(Span),
}

impl Duration {
    /// Reads `<n> S|D|W|M|Y` within TWS's limits.
    fn parse(text: &str) -> Option<Self> {
        let (count, unit) = text.trim().split_once(' ')?;
        let count: i64 = count.parse().ok()?;
        let up_to = |max: i64| (1..=max).contains(&count).then_some(count);
        match unit.trim() {
            "S" => up_to(86_400).map(Self::Seconds),
            "D" => up_to(365).map(Self::Days),
            "W" => up_to(52).map(|weeks| Self::Calendar(weeks.weeks())),
            "M" => up_to(12).map(|months| Self::Calendar(months.months())),
            "Y" => up_to(68).map(|years| Self::Calendar(years.years())),
            _ => None,
        }
    }
}

fn compact(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}
