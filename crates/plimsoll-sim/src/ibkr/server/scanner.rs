//! Market scanners: the stocks here, ranked by what they did.
//!
//! Owns the document that says what can be scanned for, the subscriptions with their limits, and the ranking.
//! A ranking is made of what the market shows at that moment, and told again every half minute.

use plimsoll_tws::message::{ReqScannerSubscription, ScannerData, ScannerParameters, ScannerRow};
use plimsoll_tws::{Response, Text};

use crate::ibkr::server::Asked;
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::violation::Kind;
use crate::ibkr::{ConnId, Output};
use crate::market::Sym;

/// Scans that a login may have running.
const SCANS_MAX: usize = 10;
/// Rows of one answer.
const ROWS_MAX: usize = 50;
/// A running scan is told again so often.
const PERIOD_SECS: i64 = 30;
/// What texts of this service begin with.
const PREFIX: &str = "Historical Market Data Service error message:";
/// Where can be looked for stocks.
const LOCATIONS: [&str; 5] = ["STK.US.MAJOR", "STK.US", "STK.ARCA", "STK.NASDAQ.NMS", "STK.NASDAQ"];

/// By what is ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rank {
    Gain,
    Loss,
    Volume,
    Trades,
    GainSinceOpen,
    LossSinceOpen,
}

/// The codes, with the names that the document gives them.
const CODES: [(&str, &str, Rank); 7] = [
    ("TOP_PERC_GAIN", "Top % Gainers", Rank::Gain),
    ("TOP_PERC_LOSE", "Top % Losers", Rank::Loss),
    ("MOST_ACTIVE", "Most Active", Rank::Volume),
    ("HOT_BY_VOLUME", "Hot Contracts by Volume", Rank::Volume),
    ("TOP_TRADE_COUNT", "Top Trade Count", Rank::Trades),
    ("TOP_OPEN_PERC_GAIN", "Top % Gainers Since Open", Rank::GainSinceOpen),
    ("TOP_OPEN_PERC_LOSE", "Top % Losers Since Open", Rank::LossSinceOpen),
];

impl IbkrVenue {
    /// `reqScannerParameters`.
    pub(crate) fn scanner_parameters(&mut self, from: Asked, out: &mut Vec<Output>) {
        let xml = Text::escaped(&document());
        self.send(from.conn, &Response::ScannerParameters(ScannerParameters { xml }), out);
    }

    /// `reqScannerSubscription`.
    pub(crate) fn scanner(&mut self, from: Asked, m: Box<ReqScannerSubscription>, out: &mut Vec<Output>) {
        let req_id = m.req_id;
        if self.subscriptions(from).scanners.contains_key(&req_id) {
            let text = format!("Duplicate ticker id:{req_id} for API scanner subscription");
            self.send_error(from.conn, (req_id, 385), &text, out);
            return;
        }
        if rank_of(&m).is_none() || m.instrument != "STK" || !LOCATIONS.contains(&m.location.as_str()) {
            // The words are assumed.
            let text =
                format!("{PREFIX}Scanner {} of {} in {} is not available", m.scan, m.instrument, m.location);
            self.send_error(from.conn, (req_id, 162), &text, out);
            return;
        }
        let open: usize = self.conns.values().map(|conn| conn.subscriptions.scanners.len()).sum();
        if open >= SCANS_MAX {
            // IBKR publishes the limit, not the words.
            let text = format!("{PREFIX}Max number ({SCANS_MAX}) of scanner subscriptions has been reached");
            self.exchange.violated(from.client, Kind::MarketDataLines, text.clone());
            self.send_error(from.conn, (req_id, 162), &text, out);
            return;
        }
        self.subscriptions(from).scanners.insert(req_id, m);
        self.send_scan(from.conn, req_id, out);
    }

    /// `cancelScannerSubscription`: confirmed by an error, as in life.
    pub(crate) fn cancel_scanner(&mut self, from: Asked, req_id: i32, out: &mut Vec<Output>) {
        if self.subscriptions(from).scanners.remove(&req_id).is_some() {
            let text = format!("{PREFIX}API scanner subscription cancelled: {req_id}");
            self.send_error(from.conn, (req_id, 162), &text, out);
        } else {
            let text = format!("No scanner subscription found for ticker id:{req_id}");
            self.send_error(from.conn, (req_id, 365), &text, out);
        }
    }

    /// The scans of a client, every half minute.
    pub(crate) fn stream_scanners(&mut self, conn: ConnId, out: &mut Vec<Output>) {
        if self.exchange.now.as_second() % PERIOD_SECS != 0 || self.faults.farm_down("ushmds") {
            return;
        }
        let ids: Vec<i32> = self.conns[&conn].subscriptions.scanners.keys().copied().collect();
        for req_id in ids {
            self.send_scan(conn, req_id, out);
        }
    }

    fn send_scan(&mut self, conn: ConnId, req_id: i32, out: &mut Vec<Output>) {
        let Some(to) = self.conns.get(&conn) else { return };
        let Some(scan) = to.subscriptions.scanners.get(&req_id).cloned() else { return };
        let found = self.scanned(&scan);
        if found.is_empty() {
            let text = "Historical Market Data Service query message:no items retrieved";
            self.send_error(conn, (req_id, 165), text, out);
            return;
        }
        let row = |(rank, sym): (i32, Sym)| {
            let contract = self.wire_contract(sym);
            let market_name = Text::escaped(contract.trading_class.as_str());
            ScannerRow { rank, contract, market_name, ..ScannerRow::default() }
        };
        let rows = (0..).zip(found).map(row).collect();
        self.send(conn, &Response::ScannerData(ScannerData { req_id, rows }), out);
    }

    /// What passes the filters, the first in rank first; equals in the order of their symbols.
    fn scanned(&mut self, m: &ReqScannerSubscription) -> Vec<Sym> {
        let Some(rank) = rank_of(m) else { return Vec::new() };
        let now = self.exchange.now;
        let mut found: Vec<(i64, Box<str>, Sym)> = Vec::new();
        for sym in self.exchange.market.all() {
            let day = self.exchange.market.day_so_far(sym, now);
            let last = self.exchange.market.last_price(sym, now);
            let price = self.exchange.market.decimal(sym, last);
            let volume = day.trades.map_or(0, |trades| trades.volume);
            let trades = day.trades.map_or(0, |trades| trades.count);
            let opened = self.exchange.market.hours_of(sym).last_begun(now);
            let open = self.exchange.market.opening(sym, opened).price;
            let listing = self.exchange.market.listing(sym);
            let above = m.above_px.is_none_or(|least| price >= least.get());
            let below = m.below_px.is_none_or(|most| price <= most.get());
            let busy = m.above_volume.is_none_or(|least| volume >= least);
            let etf = matches!(m.stock_type.as_str(), "" | "ALL")
                || is_type(m.stock_type.as_str(), listing.stock_type);
            let listed = match m.location.as_str() {
                "STK.ARCA" => listing.venue.as_wire() == "ARCA",
                "STK.NASDAQ" | "STK.NASDAQ.NMS" => listing.venue.as_wire() == "NASDAQ",
                _ => true,
            };
            if !(above && below && busy && etf && listed) {
                continue;
            }
            // In millionths; the larger the further up.
            let change = |from: i64| (last - from) * 1_000_000 / from.max(1);
            let key = match rank {
                Rank::Gain => change(day.previous_close),
                Rank::Loss => -change(day.previous_close),
                Rank::Volume => volume,
                Rank::Trades => trades,
                Rank::GainSinceOpen => change(open),
                Rank::LossSinceOpen => -change(open),
            };
            found.push((-key, listing.symbol.clone(), sym));
        }
        found.sort();
        let wanted = usize::try_from(m.rows).unwrap_or(ROWS_MAX).min(ROWS_MAX);
        found.into_iter().take(wanted).map(|(_, _, sym)| sym).collect()
    }
}

fn rank_of(m: &ReqScannerSubscription) -> Option<Rank> {
    CODES.iter().find(|(code, _, _)| m.scan == *code).map(|(_, _, rank)| *rank)
}

fn is_type(filter: &str, stock_type: &str) -> bool {
    match filter {
        "CORP" => stock_type == "COMMON",
        "ETF" => stock_type == "ETF",
        _ => false,
    }
}

/// The part of TWS's document that is true here, in its form.
fn document() -> String {
    let location = |code: &&str| {
        format!("<Location><displayName>{code}</displayName><locationCode>{code}</locationCode></Location>")
    };
    let locations: String = LOCATIONS.iter().map(location).collect();
    let scan = |(code, name, _): &(&str, &str, Rank)| {
        format!(
            "<ScanType><displayName>{name}</displayName><scanCode>{code}</scanCode><instruments>STK</instruments></ScanType>"
        )
    };
    let scans: String = CODES.iter().map(scan).collect();
    let filter = |code: &str| {
        format!(
            "<RangeFilter><id>{code}</id><AbstractField><code>{code}</code></AbstractField></RangeFilter>"
        )
    };
    let filters: String = ["abovePrice", "belowPrice", "aboveVolume"].map(filter).concat();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ScanParameterResponse><InstrumentList varName=\"instrumentList\"><Instrument><name>US Stocks</name><type>STK</type></Instrument></InstrumentList><LocationTree varName=\"locationTree\">{locations}</LocationTree><ScanTypeList varName=\"scanTypeList\">{scans}</ScanTypeList><FilterList varName=\"filterList\">{filters}</FilterList></ScanParameterResponse>"
    )
}
