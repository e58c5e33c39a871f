//! The client that the demo bots share: handshake, subscriptions, prices, executions, refusals.

use std::collections::BTreeSet;

use bytes::BytesMut;
use plimsoll_model::{ClientId, Position, Price, Qty, RawFrame, Side, TimeInForce};
use plimsoll_tws::frame::{self, FrameDecoder, FrameError, VENUE_FRAME_MAX};
use plimsoll_tws::handshake::{ClientHello, ServerHello, ServerHelloError};
use plimsoll_tws::message::{
    CancelOrder, ErrorMessage, ExecDetails, Order, PlaceOrder, PositionLine, ReqGlobalCancel, ReqMktData,
    StartApi, TickPrice, WireContract,
};
use plimsoll_tws::{DecodeError, Request, Response, ServerVersion};

use super::desk::{Desk, News, Outgoing, Refusal, Sent, Strategy, Told};
use super::script::{self, ScriptAct};

/// The versions that the bots offer, those of a client in wide use.
const OFFER: (u16, u16) = (157, 178);
/// Request ids of market data begin here, so that they never meet an order id of the day.
const FIRST_DATA_ID: i32 = 1_000_000;

/// Why a bot gave its connection up.
#[derive(Debug, thiserror::Error)]
pub enum BotError {
    /// The stream of frames is out of step.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The answer to the hello is none.
    #[error(transparent)]
    Hello(#[from] ServerHelloError),
    /// The server chose a version that was not offered.
    #[error("the server speaks version {0}, which was not offered; gave the connection up")]
    Version(u16),
    /// A message is not what its number promises.
    #[error(transparent)]
    Message(#[from] DecodeError),
}

/// One bot: a strategy on a desk, behind a TWS client.
#[derive(Debug)]
pub struct DemoBot {
    strategy: Box<dyn Strategy>,
    symbols: Vec<Box<str>>,
    desk: Desk,
    decoder: FrameDecoder,
    version: Option<ServerVersion>,
    ready: bool,
    /// How many subscriptions the venue has answered.
    subscribed: usize,
    /// Orders that nobody has said anything about yet.
    unanswered: BTreeSet<i32>,
    /// The second is not acknowledged before all its orders are answered: what the bot does about an
    /// answer belongs to the same second, or a day would not be the same twice.
    owes_acknowledgement: bool,
}

impl DemoBot {
    pub(super) fn new(strategy: Box<dyn Strategy>) -> Self {
        let decoder = FrameDecoder::new(VENUE_FRAME_MAX);
        Self {
            symbols: strategy.symbols(),
            strategy,
            desk: Desk::new(),
            decoder,
            version: None,
            ready: false,
            subscribed: 0,
            unanswered: BTreeSet::new(),
            owes_acknowledgement: false,
        }
    }

    /// The bot's name.
    pub fn name(&self) -> &str {
        self.strategy.name()
    }

    /// Its client id.
    pub fn client_id(&self) -> ClientId {
        ClientId(self.strategy.client_id())
    }

    /// Whether the venue has taken all of its subscriptions, so that the next second finds it at work.
    pub fn is_at_work(&self) -> bool {
        self.ready && self.subscribed >= self.symbols.len()
    }

    /// Its orders that did not live.
    pub fn refusals(&self) -> &[Refusal] {
        &self.desk.refusals
    }

    /// What it was told about its orders, in order.
    pub fn told(&self) -> &[Told] {
        &self.desk.told
    }

    /// The number of the order or request that its script calls so, once it was sent.
    pub fn number_of(&self, label: &str) -> Option<i32> {
        let asked = || self.desk.asked.iter().find(|asked| *asked.label == *label).map(|asked| asked.req_id);
        let sent = self.desk.sent.values().find(|sent| *sent.label == *label);
        sent.map(|sent| sent.order_id).or_else(asked)
    }

    /// From now on the clock of the bot's host is ahead of the venue's by so much; behind where negative.
    pub fn set_clock_ahead(&mut self, by: jiff::SignedDuration) {
        self.desk.ahead = by;
    }

    /// A new connection: the hello goes out. Holdings are remembered as the bot believes them.
    pub fn connected(&mut self, out: &mut BytesMut) {
        self.disconnected();
        self.decoder = FrameDecoder::new(VENUE_FRAME_MAX);
        self.version = None;
        let hello = ClientHello { min: OFFER.0, max: OFFER.1, options: "".into() };
        out.extend_from_slice(&hello.encode());
    }

    /// The connection is gone.
    pub fn disconnected(&mut self) {
        self.ready = false;
        self.subscribed = 0;
        self.unanswered.clear();
        self.owes_acknowledgement = false;
    }

    /// Does this at once, for a bot that nobody tells every second what time it is. False: it is not connected, and
    /// nothing was done.
    pub fn act(&mut self, now: jiff::Timestamp, act: &ScriptAct, out: &mut BytesMut) -> bool {
        let Some(version) = self.version.filter(|_| self.ready) else { return false };
        self.desk.now = Some(now);
        script::act(act, &mut self.desk);
        self.place(version, out);
        true
    }

    /// What it believes to hold by what it was told of its own orders.
    pub fn position(&self, symbol: &str) -> Position {
        self.desk.position(symbol)
    }

    /// Bytes from the server, cut anywhere.
    pub fn received(&mut self, bytes: &[u8], out: &mut BytesMut) -> Result<(), BotError> {
        self.decoder.push(bytes);
        while let Some(frame) = self.decoder.next()? {
            match self.version {
                None => self.greet(&frame, out)?,
                Some(version) => self.message(version, &frame, out)?,
            }
        }
        Ok(())
    }

    fn greet(&mut self, frame: &RawFrame, out: &mut BytesMut) -> Result<(), BotError> {
        let hello = ServerHello::parse(frame)?;
        let offered = (OFFER.0..=OFFER.1).contains(&hello.version);
        let version = ServerVersion::new(hello.version).filter(|_| offered);
        let version = version.ok_or(BotError::Version(hello.version))?;
        self.version = Some(version);
        let start = StartApi { client_id: self.strategy.client_id(), ..StartApi::default() };
        send(version, &Request::StartApi(start), out);
        Ok(())
    }

    fn message(
        &mut self,
        version: ServerVersion,
        frame: &RawFrame,
        out: &mut BytesMut,
    ) -> Result<(), BotError> {
        match Response::decode(version, frame)? {
            Response::NextValidId(next) => {
                self.desk.next_id = self.desk.next_id.max(next.order_id);
                if !std::mem::replace(&mut self.ready, true) {
                    self.subscribe(version, out);
                }
            }
            Response::CurrentTime(time) => {
                self.desk.now = jiff::Timestamp::from_second(time.seconds).ok();
                if self.ready {
                    self.strategy.on_second(&mut self.desk);
                }
                self.place(version, out);
                self.owes_acknowledgement = true;
            }
            Response::TickReqParams(_) => self.subscribed += 1,
            Response::TickPrice(tick) => self.price(&tick),
            Response::TickSnapshotEnd(end) => self.answered(end.req_id, 0),
            Response::HistoricalData(history) => self.answered(history.req_id, history.bars.len()),
            Response::Position(line) => self.holds(&line),
            Response::ExecDetails(execution) => self.executed(&execution),
            Response::OrderStatus(status) => {
                let word: Box<str> = status.status.to_string().into();
                // Behind an inactive order comes the error that says why.
                if &*word != "Inactive" {
                    self.unanswered.remove(&status.order_id);
                }
                self.note(status.order_id, News::Status(word));
            }
            Response::Error(error) => {
                self.note(error.id, News::Message(error.code, error.text.to_str_lossy().into()));
                self.refused(&error);
                if let Some(asked) = self.desk.asked_as(error.id) {
                    asked.ended = true;
                }
                self.place(version, out);
                self.unanswered.remove(&error.id);
            }
            _ => {}
        }
        let may_go_on = self.unanswered.is_empty() || !self.strategy.waits_for_answers();
        if may_go_on && std::mem::take(&mut self.owes_acknowledgement) {
            send(version, &Request::ReqCurrentTime, out);
        }
        Ok(())
    }

    fn subscribe(&self, version: ServerVersion, out: &mut BytesMut) {
        for (req_id, symbol) in (FIRST_DATA_ID..).zip(&self.symbols) {
            let request = ReqMktData { req_id, contract: stock(symbol), ..ReqMktData::default() };
            send(version, &Request::ReqMktData(Box::new(request)), out);
        }
        if self.strategy.follows_holdings() {
            send(version, &Request::ReqPositions, out);
        }
    }

    fn holds(&mut self, line: &PositionLine) {
        let key = (line.account.as_str().into(), line.contract.symbol.as_str().into());
        self.desk.holdings.insert(key, line.position.unwrap_or(Position::FLAT));
    }

    /// An answer is complete, with so much more data.
    fn answered(&mut self, req_id: i32, data: usize) {
        let Some(asked) = self.desk.asked_as(req_id) else { return };
        asked.data += data;
        asked.ended = true;
        let data = asked.data;
        self.note(req_id, News::Data(data));
    }

    fn price(&mut self, tick: &TickPrice) {
        if let Some(asked) = self.desk.asked_as(tick.req_id) {
            asked.data += usize::from(tick.px.is_some_and(|px| px > Price::ZERO));
        }
        let at = usize::try_from(tick.req_id - FIRST_DATA_ID).ok();
        let Some(symbol) = at.and_then(|at| self.symbols.get(at)) else { return };
        let px = tick.px.filter(|px| *px > Price::ZERO);
        let seen = self.desk.seen.entry(symbol.clone()).or_default();
        match tick.tick {
            1 => seen.bid = px,
            2 => seen.ask = px,
            4 => seen.last = px,
            _ => {}
        }
    }

    fn executed(&mut self, execution: &ExecDetails) {
        if execution.client_id != self.strategy.client_id() || execution.req_id >= 0 {
            return;
        }
        self.note(execution.order_id, News::Executed(execution.qty.unwrap_or(Qty::ZERO)));
        let side = if execution.side == "BOT" { Side::Buy } else { Side::Sell };
        let qty = execution.qty.unwrap_or(Qty::ZERO);
        let held = self.desk.positions.entry(execution.contract.symbol.to_string()).or_insert(Position::FLAT);
        if let Some(after) = held.after(side, qty) {
            *held = after;
        }
    }

    /// Only of its own orders and questions: a number may also be a subscription's.
    fn note(&mut self, order_id: i32, news: News) {
        if self.desk.sent.contains_key(&order_id) || self.desk.asked_as(order_id).is_some() {
            self.desk.told.push(Told { at: self.desk.now.unwrap_or_default(), order_id, news });
        }
    }

    /// 201 is a rejection. 202 is also the answer to one's own cancels, so these bots, like most, only
    /// write it down.
    fn refused(&mut self, error: &ErrorMessage) {
        let Some(order) = self.desk.sent.get(&error.id).cloned() else { return };
        if !(100..2000).contains(&error.code) || error.code == 399 {
            return;
        }
        self.desk.refusals.push(Refusal {
            at: self.desk.now.unwrap_or_default(),
            order: format!("{} {} {} {}", order.side, order.qty, order.symbol, order.ord_type),
            code: error.code,
            text: error.text.to_str_lossy().into_owned(),
        });
        if error.code == 201 {
            self.strategy.on_rejected(&order, &mut self.desk);
        }
    }

    fn place(&mut self, version: ServerVersion, out: &mut BytesMut) {
        for outgoing in std::mem::take(&mut self.desk.outgoing) {
            match outgoing {
                Outgoing::Place(order) => {
                    let message = place_order(&order, self.strategy.account(), self.strategy.name());
                    send(version, &Request::PlaceOrder(Box::new(message)), out);
                    self.unanswered.insert(order.order_id);
                }
                Outgoing::Cancel(order_id) => {
                    let cancel = CancelOrder { order_id, ..CancelOrder::default() };
                    send(version, &Request::CancelOrder(cancel), out);
                }
                Outgoing::CancelAll => {
                    send(version, &Request::ReqGlobalCancel(ReqGlobalCancel::default()), out);
                }
                Outgoing::Ask(req_id, question) => send(version, &question.request(req_id), out),
            }
        }
    }
}

/// What a client says first, and what it says when it was answered, as these bots do.
pub fn hello(client_id: i32) -> [Vec<u8>; 2] {
    let hello = ClientHello { min: OFFER.0, max: OFFER.1, options: "".into() };
    let version = ServerVersion::new(OFFER.1).expect("the bots offer a version that exists");
    let mut start = BytesMut::new();
    send(version, &Request::StartApi(StartApi { client_id, ..StartApi::default() }), &mut start);
    [hello.encode().to_vec(), start.to_vec()]
}

fn place_order(order: &Sent, account: Option<&str>, name: &str) -> PlaceOrder {
    PlaceOrder {
        order_id: order.order_id,
        contract: stock(&order.symbol),
        order: Order {
            action: order.side.as_str().into(),
            total_qty: Some(order.qty),
            order_type: order.ord_type.as_wire().into(),
            limit_px: order.limit_px.filter(|_| order.ord_type.has_limit()),
            tif: tif(&order.tif).into(),
            account: order.account.as_deref().or(account).unwrap_or_default().into(),
            order_ref: name.into(),
            transmit: true,
            exempt_code: -1,
            ..Order::default()
        },
        ..PlaceOrder::default()
    }
}

/// A day order says nothing, as with the common libraries.
fn tif(tif: &TimeInForce) -> &str {
    match tif {
        TimeInForce::Day => "",
        other => other.as_wire(),
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

fn send(version: ServerVersion, request: &Request, out: &mut BytesMut) {
    frame::append(out, request.encode(version).bytes());
}
