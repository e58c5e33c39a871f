//! A venue with test clients: small TWS clients without sockets.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use plimsoll_model::{Price, Qty};
use plimsoll_tws::frame::{self, FrameDecoder, VENUE_FRAME_MAX};
use plimsoll_tws::handshake::{ClientHello, ServerHello};
use plimsoll_tws::message::{Order, PlaceOrder, ReqMktData, StartApi, WireContract};
use plimsoll_tws::{Request, Response, ServerVersion};

use crate::ibkr::{ConnId, Fault, IbkrVenue, Output, VenueConfig};

/// One client's end of the wire.
struct Client {
    decoder: FrameDecoder,
    version: Option<ServerVersion>,
    inbox: Vec<Response>,
    ended: Option<&'static str>,
}

/// The venue, its clients, and every byte that it sent.
pub(super) struct Rig {
    pub(super) venue: IbkrVenue,
    clients: BTreeMap<ConnId, Client>,
    pub(super) sent: Vec<Output>,
    last: u64,
}

impl Rig {
    pub(super) fn new(config: VenueConfig) -> Self {
        Self::over(IbkrVenue::new(config).unwrap())
    }

    /// Clients of a venue that is there already.
    pub(super) fn over(venue: IbkrVenue) -> Self {
        Self { venue, clients: BTreeMap::new(), sent: Vec::new(), last: 0 }
    }

    /// A socket, with nothing said on it.
    pub(super) fn socket(&mut self) -> ConnId {
        self.last += 1;
        let conn = ConnId(self.last);
        let decoder = FrameDecoder::new(VENUE_FRAME_MAX);
        self.clients.insert(conn, Client { decoder, version: None, inbox: Vec::new(), ended: None });
        self.run(|venue, out| venue.connected(conn, out));
        conn
    }

    /// A client whose API is started at a version; its greeting is still in the inbox.
    pub(super) fn start_at(&mut self, client_id: i32, version: u16) -> ConnId {
        let conn = self.socket();
        // Whoever speaks text as well gets text.
        let min = if version == ServerVersion::PROTOBUF.number() { version } else { 157 };
        let hello = ClientHello { min, max: version, options: "".into() };
        self.bytes(conn, &hello.encode());
        self.ask(conn, &Request::StartApi(StartApi { client_id, ..StartApi::default() }));
        conn
    }

    /// A client at work at version 178, its greeting read.
    pub(super) fn client(&mut self, client_id: i32) -> ConnId {
        let conn = self.start_at(client_id, 178);
        self.heard(conn);
        conn
    }

    pub(super) fn bytes(&mut self, conn: ConnId, bytes: &[u8]) {
        self.run(|venue, out| venue.received(conn, bytes, out));
    }

    pub(super) fn ask(&mut self, conn: ConnId, request: &Request) {
        let version = self.clients[&conn].version.expect("the hello was answered");
        let bytes = frame::encode(request.encode(version).bytes());
        self.bytes(conn, &bytes);
    }

    pub(super) fn hang_up(&mut self, conn: ConnId) {
        self.run(|venue, out| venue.disconnected(conn, out));
    }

    /// Lets so many seconds of venue time pass.
    pub(super) fn wait(&mut self, seconds: i64) {
        let to = self.venue.now() + SignedDuration::from_secs(seconds);
        self.run(|venue, out| venue.advance(to, out));
    }

    pub(super) fn fault(&mut self, json: &str) {
        let fault: Fault = serde_json::from_str(json).unwrap();
        self.run(|venue, out| {
            venue.fault(fault, out).unwrap();
        });
    }

    pub(super) fn run(&mut self, act: impl FnOnce(&mut IbkrVenue, &mut Vec<Output>)) {
        let mut out = Vec::new();
        act(&mut self.venue, &mut out);
        for output in &out {
            self.deliver(output);
        }
        self.sent.extend(out);
    }

    fn deliver(&mut self, output: &Output) {
        match output {
            Output::Send { conn, bytes } => {
                let client = self.clients.get_mut(conn).expect("the venue sends to its clients only");
                assert_eq!(client.ended, None, "sent to a connection that it had ended");
                client.decoder.push(bytes);
                while let Some(frame) = client.decoder.next().unwrap() {
                    match client.version {
                        None => {
                            client.version = ServerVersion::new(ServerHello::parse(&frame).unwrap().version);
                        }
                        Some(version) => client.inbox.push(Response::decode(version, &frame).unwrap()),
                    }
                }
            }
            Output::Close { conn } => self.clients.get_mut(conn).unwrap().ended = Some("closed"),
            Output::Reset { conn } => self.clients.get_mut(conn).unwrap().ended = Some("reset"),
            Output::StopReading { .. } | Output::ReadOn { .. } | Output::RefuseConnections(_) => {}
        }
    }

    /// Lets venue time come to an hour of its day in New York.
    pub(super) fn wait_until(&mut self, time: &str) {
        let zone = jiff::tz::TimeZone::get("America/New_York").unwrap();
        let date = self.venue.now().to_zoned(zone.clone()).date();
        let time: jiff::civil::Time = time.parse().unwrap();
        let to = date.to_datetime(time).to_zoned(zone).unwrap().timestamp();
        self.run(|venue, out| venue.advance(to, out));
    }

    /// Sets a symbol's quote; the last trade is at the bid unless the text says otherwise.
    pub(super) fn price(&mut self, json: &str) {
        let price: crate::ibkr::PriceByHand = serde_json::from_str(json).unwrap();
        self.run(|venue, out| venue.set_price(&price, out).unwrap());
    }

    /// What a client heard since it was last asked.
    pub(super) fn heard(&mut self, conn: ConnId) -> Vec<Response> {
        std::mem::take(&mut self.clients.get_mut(&conn).unwrap().inbox)
    }

    /// The same in short lines.
    pub(super) fn lines(&mut self, conn: ConnId) -> String {
        self.heard(conn).iter().map(|response| brief(response) + "\n").collect()
    }

    /// How the venue ended a connection, if it did.
    pub(super) fn ended(&self, conn: ConnId) -> Option<&'static str> {
        self.clients[&conn].ended
    }

    /// `GET /state`.
    pub(super) fn state(&self) -> serde_json::Value {
        serde_json::to_value(self.venue.state()).unwrap()
    }

    /// The kinds of the violations so far.
    pub(super) fn violations(&self) -> Vec<String> {
        let state = self.state();
        let rows = state["violations"].as_array().unwrap();
        rows.iter().map(|row| row["kind"].as_str().unwrap().to_owned()).collect()
    }
}

pub(super) fn stock(symbol: &str) -> WireContract {
    WireContract {
        symbol: symbol.into(),
        sec_type: "STK".into(),
        exchange: "SMART".into(),
        currency: "USD".into(),
        ..WireContract::default()
    }
}

pub(super) fn quotes(req_id: i32, symbol: &str) -> Request {
    Request::ReqMktData(Box::new(ReqMktData { req_id, contract: stock(symbol), ..ReqMktData::default() }))
}

/// `BUY 100 SPY MKT` or `SELL 100 SPY LMT 500.00` for an account.
pub(super) fn order(order_id: i32, account: &str, text: &str) -> Request {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [action, qty, symbol, order_type, rest @ ..] = words.as_slice() else {
        panic!("unreadable order {text:?}")
    };
    Request::PlaceOrder(Box::new(PlaceOrder {
        order_id,
        contract: stock(symbol),
        order: Order {
            action: (*action).into(),
            total_qty: Some(Qty::parse(qty).unwrap()),
            order_type: (*order_type).into(),
            limit_px: rest.first().map(|px| Price::parse(px).unwrap()),
            tif: rest.get(1).copied().unwrap_or("DAY").into(),
            account: account.into(),
            order_ref: format!("ref{order_id}").as_str().into(),
            transmit: true,
            ..Order::default()
        },
        ..PlaceOrder::default()
    }))
}

/// The same with whatever else the message shall say.
pub(super) fn order_with(
    order_id: i32,
    account: &str,
    text: &str,
    change: impl FnOnce(&mut PlaceOrder),
) -> Request {
    let Request::PlaceOrder(mut m) = order(order_id, account, text) else { unreachable!() };
    change(&mut m);
    Request::PlaceOrder(m)
}

/// A price from text, as orders hold it.
#[expect(
    clippy::unnecessary_wraps,
    reason = "a price of an order may be unset, and all that take one want it so"
)]
pub(super) fn px(text: &str) -> Option<Price> {
    Some(Price::parse(text).unwrap())
}

/// One message in short.
pub(super) fn brief(response: &Response) -> String {
    match response {
        Response::OpenOrder(m) => {
            let order = &m.order;
            format!(
                "openOrder {} {} {} {} {} {}",
                m.order_id,
                m.state.status,
                order.action,
                order.total_qty.unwrap_or(Qty::ZERO),
                order.order_type,
                order.account
            )
        }
        Response::OrderStatus(m) => {
            let (filled, left) = (m.filled.unwrap_or(Qty::ZERO), m.remaining.unwrap_or(Qty::ZERO));
            format!("orderStatus {} {} {filled}+{left}", m.order_id, m.status)
        }
        Response::ExecDetails(m) => {
            format!("execDetails {} {} {} {}", m.req_id, m.order_id, m.side, m.qty.unwrap_or(Qty::ZERO))
        }
        Response::CommissionReport(m) => format!("commissionReport {}", m.commission.unwrap_or_default()),
        Response::Error(m) => format!("error {} {} {}", m.id, m.code, m.text.to_str_lossy()),
        Response::NextValidId(m) => format!("nextValidId {}", m.order_id),
        Response::ManagedAccounts(m) => format!("managedAccounts {}", m.list),
        Response::Position(m) => format!("position {} {}", m.account, m.position.unwrap()),
        other => other.name().to_owned(),
    }
}
