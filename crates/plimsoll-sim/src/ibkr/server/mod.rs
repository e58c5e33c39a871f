//! The TWS server role: from frames to the exchange and back.
//!
//! Owns reading (hello, frames, requests) and the routing of each request to the file that answers it.
//! Every request is answered: what this venue cannot do is an error with the request's number, never
//! silence, and is counted.

pub(crate) mod account;
mod adviser;
mod company;
mod components;
mod contract_forms;
mod contracts;
mod depth;
mod describe;
mod exercise;
pub(crate) mod generic;
mod groups;
mod history;
pub(crate) mod news;
mod old_hours;
mod options;
mod orders;
pub(crate) mod pacing;
mod past;
mod quotes;
pub(crate) mod rate;
mod read;
mod realtime;
mod scanner;
mod search;
pub(crate) mod sent;
mod span;
mod start;
mod tell;
mod ticks;
pub(crate) mod times;
mod unread;
mod values;

use plimsoll_model::{ClientId, RawFrame};
use plimsoll_tws::message::{ErrorMessage, SoftDollarTiers, UserInfo, leading_number};
use plimsoll_tws::{Gate, Request, Response, ServerVersion, Text, Word};

use crate::ibkr::conn::{Conn, Phase};
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::violation::Kind;
use crate::ibkr::{ConnId, Output};

/// What has no number of its own is addressed to the whole session.
pub(crate) const NO_ID: i32 = -1;

impl IbkrVenue {
    /// Takes what came from a socket and answers every whole frame in it.
    pub(crate) fn take_bytes(&mut self, conn: ConnId, bytes: &[u8], out: &mut Vec<Output>) {
        if self.faults.is_half_open(conn) {
            self.leave_unread(conn, bytes, out);
            return;
        }
        let Some(from) = self.conns.get_mut(&conn) else { return };
        if let Phase::Hello(buffer) = &mut from.phase {
            buffer.extend_from_slice(bytes);
            if !self.try_hello(conn, out) {
                return;
            }
        } else {
            from.decoder.push(bytes);
        }
        loop {
            if self.faults.is_half_open(conn) {
                // By what it has just said: the rest of the piece waits like everything behind it.
                return;
            }
            let Some(from) = self.conns.get_mut(&conn) else { return };
            match from.decoder.next() {
                Ok(Some(frame)) => self.arrive(conn, frame, out),
                Ok(None) => return,
                Err(error) => {
                    self.malformed(conn, &error.to_string(), out);
                    return;
                }
            }
        }
    }

    /// Deals with a message.
    pub(crate) fn take_frame(&mut self, conn: ConnId, frame: &RawFrame, out: &mut Vec<Output>) {
        let Some(from) = self.conns.get(&conn) else { return };
        let version = from.version;
        let request = match Request::decode(version, frame) {
            Ok(request) => request,
            Err(error) => {
                self.malformed(conn, &error.to_string(), out);
                return;
            }
        };
        *self.requests.entry(counter(&request)).or_insert(0) += 1;
        match from.client() {
            None => self.take_start(conn, &request, out),
            Some(client) => {
                if !self.acknowledges(conn, &request) {
                    self.answer(Asked { conn, client }, request, out);
                }
            }
        }
        self.tell_happenings(out);
    }

    /// A frame that cannot be read: error 320, then the connection ends. Others go on.
    fn malformed(&mut self, conn: ConnId, why: &str, out: &mut Vec<Output>) {
        let client = self.conns.get(&conn).and_then(Conn::client);
        self.exchange.violated(client.unwrap_or(ClientId(NO_ID)), Kind::MalformedFrame, why.to_owned());
        self.send_error(conn, (NO_ID, 320), &format!("Error reading request. {why}"), out);
        self.close(conn, out);
    }

    /// Sends an error, warning or notice; `key` is the number it is addressed to and the code.
    pub(crate) fn send_error(&mut self, conn: ConnId, key: (i32, i32), text: &str, out: &mut Vec<Output>) {
        let message = ErrorMessage {
            id: key.0,
            code: key.1,
            text: Text::escaped(text),
            advanced_reject: Text::EMPTY,
            time_ms: Some(self.exchange.now.as_millisecond()),
        };
        self.send(conn, &Response::Error(message), out);
    }

    /// Venue time as clients are told it: a fault may make the venue's clock wrong.
    pub(crate) fn told_time(&self) -> jiff::Timestamp {
        let now = self.exchange.now;
        now.checked_add(self.faults.clock_offset).unwrap_or(now)
    }

    /// Answers what was kept while the link was down.
    pub(crate) fn answer_kept(&mut self, from: Asked, request: Request, out: &mut Vec<Output>) {
        self.answer(from, request, out);
    }

    fn answer(&mut self, from: Asked, request: Request, out: &mut Vec<Output>) {
        if self.faults.ignores(&request) {
            return;
        }
        self.wake_farms(&request, out);
        if self.config.settings.read_only_api && self.refuse_read_only(from, &request, out) {
            return;
        }
        if self.faults.link_down && is_order_entry(&request) {
            // TWS keeps what it cannot deliver and sends it once the link is back: a surprise, as in life.
            self.take_without_link(from, request, out);
            return;
        }
        match request {
            Request::PlaceOrder(m) => {
                let Some(version) = self.conns.get(&from.conn).map(|conn| conn.version) else { return };
                self.place_order(from, version, *m, out);
            }
            Request::CancelOrder(m) => self.exchange.cancel(from.client, plimsoll_model::OrderId(m.order_id)),
            Request::ReqGlobalCancel(_) => self.exchange.cancel_all(),
            Request::ReqOpenOrders => self.answer_open_orders(from, out),
            Request::ReqAllOpenOrders => self.answer_all_open_orders(from, out),
            Request::ReqAutoOpenOrders(m) => self.auto_open_orders(from, m.bind, out),
            Request::ReqCompletedOrders(m) => self.answer_completed_orders(from, m.api_only, out),
            Request::ReqExecutions(m) => self.answer_executions(from, &m, out),
            Request::ExerciseOptions(m) => self.exercise_options(from, &m, out),
            Request::ReqIds(_) => self.send_next_valid_id(from, out),
            Request::ReqManagedAccts => self.send_managed_accounts(from.conn, out),
            other => self.answer_accounts(from, other, out),
        }
    }

    /// A login whose API may only read. The lists are refused too, which is how a client can tell.
    fn refuse_read_only(&mut self, from: Asked, request: &Request, out: &mut Vec<Output>) -> bool {
        let id = match request {
            Request::ReqOpenOrders
            | Request::ReqCompletedOrders(_)
            | Request::ReqIds(_)
            | Request::ReqGlobalCancel(_) => NO_ID,
            Request::PlaceOrder(m) => m.order_id,
            Request::CancelOrder(m) => m.order_id,
            Request::ExerciseOptions(m) => m.req_id,
            _ => return false,
        };
        if is_order_entry(request) {
            let detail = format!("{} on a read-only login", request.name());
            self.exchange.violated(from.client, Kind::ReadOnly, detail);
        }
        // The code and the number -1 are recorded, the letters and the words are assumed.
        let text =
            "Error validating request.-'bO' : cause - The API interface is currently in Read-Only mode.";
        self.send_error(from.conn, (id, 321), text, out);
        true
    }

    fn answer_accounts(&mut self, from: Asked, request: Request, out: &mut Vec<Output>) {
        match request {
            Request::ReqAccountUpdates(m) => self.account_updates(from, &m, out),
            Request::ReqPositions => self.positions(from, out),
            Request::CancelPositions => self.subscriptions(from).positions = false,
            Request::ReqPositionsMulti(m) => self.positions_multi(from, &m, out),
            Request::CancelPositionsMulti(m) => {
                self.subscriptions(from).positions_multi.remove(&m.req_id);
            }
            Request::ReqAccountUpdatesMulti(m) => self.account_updates_multi(from, &m, out),
            Request::CancelAccountUpdatesMulti(m) => {
                self.subscriptions(from).account_multi.remove(&m.req_id);
            }
            Request::ReqAccountSummary(m) => self.account_summary(from, &m, out),
            Request::CancelAccountSummary(m) => {
                self.subscriptions(from).summary.remove(&m.req_id);
            }
            Request::ReqPnl(m) => self.pnl(from, &m, out),
            Request::CancelPnl(m) => {
                self.subscriptions(from).pnl.remove(&m.req_id);
            }
            Request::ReqPnlSingle(m) => self.pnl_single(from, &m, out),
            Request::CancelPnlSingle(m) => {
                self.subscriptions(from).pnl_single.remove(&m.req_id);
            }
            Request::ReqFamilyCodes => self.family_codes(from, out),
            other => self.answer_data(from, other, out),
        }
    }

    fn answer_data(&mut self, from: Asked, request: Request, out: &mut Vec<Output>) {
        match request {
            Request::ReqMktData(m) => self.market_data(from, &m, out),
            Request::CancelMktData(m) => self.cancel_market_data(from, m.req_id, out),
            Request::ReqMarketDataType(m) => self.market_data_type(from, m.kind),
            Request::ReqRealTimeBars(m) => self.five_second_bars(from, &m, out),
            Request::CancelRealTimeBars(m) => self.cancel_five_second_bars(from, m.req_id, out),
            Request::ReqTickByTickData(m) => self.tick_by_tick(from, &m, out),
            Request::CancelTickByTickData(m) => self.cancel_tick_by_tick(from, m.req_id, out),
            Request::ReqHistoricalData(m) => self.historical_data(from, m, out),
            Request::CancelHistoricalData(m) => self.cancel_historical_data(from, m.req_id, out),
            Request::ReqHeadTimestamp(m) => self.head_timestamp(from, &m, out),
            // The answer has left already, and TWS has nothing to say to its cancel.
            Request::CancelHeadTimestamp(_) => {}
            Request::ReqContractDetails(m) => self.contract_details(from, &m, out),
            Request::ReqMatchingSymbols(m) => self.matching_symbols(from, &m, out),
            Request::ReqMarketRule(m) => self.market_rule(from, &m, out),
            Request::ReqSecDefOptParams(m) => self.option_params(from, &m, out),
            other => self.answer_books(from, other, out),
        }
    }

    fn answer_books(&mut self, from: Asked, request: Request, out: &mut Vec<Output>) {
        match request {
            Request::ReqMktDepth(m) => self.market_depth(from, &m, out),
            Request::CancelMktDepth(m) => self.cancel_market_depth(from, &m, out),
            Request::ReqMktDepthExchanges => self.market_depth_exchanges(from, out),
            Request::ReqHistoricalTicks(m) => self.historical_ticks(from, &m, out),
            Request::ReqHistogramData(m) => self.histogram(from, &m, out),
            Request::CalculateImpliedVolatility(m) => self.implied_volatility(from, &m, out),
            Request::CalculateOptionPrice(m) => self.option_price(from, &m, out),
            // The answers have left already.
            Request::CancelHistogramData(_)
            | Request::CancelCalculateImpliedVolatility(_)
            | Request::CancelCalculateOptionPrice(_) => {}
            Request::ReqSmartComponents(m) => self.smart_components(from, &m, out),
            other => self.answer_research(from, other, out),
        }
    }

    fn answer_research(&mut self, from: Asked, request: Request, out: &mut Vec<Output>) {
        match request {
            Request::ReqNewsProviders => self.news_providers(from, out),
            Request::ReqHistoricalNews(m) => self.historical_news(from, &m, out),
            Request::ReqNewsArticle(m) => self.news_article(from, &m, out),
            Request::ReqScannerParameters => self.scanner_parameters(from, out),
            Request::ReqScannerSubscription(m) => self.scanner(from, m, out),
            Request::CancelScannerSubscription(m) => self.cancel_scanner(from, m.req_id, out),
            Request::ReqFundamentalData(m) => self.fundamentals(from, &m, out),
            Request::ReqWshMetaData(m) => self.no_calendar(from, m.req_id, out),
            Request::ReqWshEventData(m) => self.no_calendar(from, m.req_id, out),
            // What was refused needs no cancel, and TWS has nothing to say to one.
            Request::CancelFundamentalData(_)
            | Request::CancelWshMetaData(_)
            | Request::CancelWshEventData(_) => {}
            Request::QueryDisplayGroups(m) => self.display_groups(from, &m, out),
            Request::SubscribeToGroupEvents(m) => self.watch_group(from, &m, out),
            Request::UpdateDisplayGroup(m) => self.show_in_group(from, &m, out),
            Request::UnsubscribeFromGroupEvents(m) => self.leave_group(from, &m, out),
            Request::ReqSoftDollarTiers(m) => {
                // Only institutions have any.
                let none = SoftDollarTiers { req_id: m.req_id, ..SoftDollarTiers::default() };
                self.send(from.conn, &Response::SoftDollarTiers(none), out);
            }
            other => self.answer_system(from, other, out),
        }
    }

    fn answer_system(&mut self, from: Asked, request: Request, out: &mut Vec<Output>) {
        match request {
            Request::ReqCurrentTime => self.current_time(from, out),
            Request::ReqCurrentTimeInMillis => self.current_time_in_millis(from, out),
            Request::ReqUserInfo(m) => {
                let info = UserInfo { req_id: m.req_id, white_branding_id: Word::EMPTY };
                self.send(from.conn, &Response::UserInfo(info), out);
            }
            // There are no bulletins here and no log to be louder; TWS answers neither.
            Request::ReqNewsBulletins(_) | Request::CancelNewsBulletins | Request::SetServerLogLevel(_) => {}
            Request::RequestFa(m) => self.adviser_data(from, m.kind, out),
            Request::ReplaceFa(m) => self.replace_adviser_data(from, &m, out),
            Request::StartApi(_) => {
                let text = "Error validating request.-'bO' : cause - the API is started already";
                self.send_error(from.conn, (NO_ID, 321), text, out);
            }
            other => self.unsupported(from, &other, out),
        }
    }

    /// Whatever this venue does not do: an answer with the request's own number, if it has one.
    fn unsupported(&mut self, from: Asked, request: &Request, out: &mut Vec<Output>) {
        let (code, text) = if let Request::Raw { id, .. } = request {
            (320, format!("Error reading request. Message id {id} is not supported by the simulator"))
        } else {
            (322, format!("Error processing request. The simulator does not offer {}", request.name()))
        };
        let version = self.conns.get(&from.conn).map(|conn| conn.version);
        let req_id = version.map_or(NO_ID, |version| leading_req_id(version, request));
        self.send_error(from.conn, (req_id, code), &text, out);
    }
}

/// Who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    /// On which connection.
    pub(crate) conn: ConnId,
    /// Under which id.
    pub(crate) client: ClientId,
}

/// The name under which a request is counted for `GET /state`.
fn counter(request: &Request) -> &'static str {
    match request {
        Request::ReqHistoricalData(_) => "historical",
        Request::Raw { .. } => "unknown",
        other => other.name(),
    }
}

fn is_order_entry(request: &Request) -> bool {
    matches!(
        request,
        Request::PlaceOrder(_)
            | Request::CancelOrder(_)
            | Request::ReqGlobalCancel(_)
            | Request::ExerciseOptions(_)
    )
}

/// The number that a request most likely carries: its first field, or its second where the first is the
/// constant version that older messages lead with.
fn leading_req_id(version: ServerVersion, request: &Request) -> i32 {
    /// Requests with a leading version field: depth, scanners, fundamentals, calculations, display groups,
    /// the proof of a program's maker.
    const WITH_VERSION: [i32; 18] = [10, 11, 23, 24, 52, 53, 54, 55, 56, 57, 65, 66, 67, 68, 69, 70, 72, 73];
    let frame = request.encode(version);
    if version.has(Gate::Protobuf) {
        return leading_number(version, &frame).unwrap_or(NO_ID);
    }
    let fields: Vec<&[u8]> = frame.bytes().split(|b| *b == 0).collect();
    let index = if WITH_VERSION.contains(&request.id()) { 2 } else { 1 };
    let text = fields.get(index).and_then(|field| std::str::from_utf8(field).ok());
    text.and_then(|text| text.parse().ok()).unwrap_or(NO_ID)
}
