//! A bot that places an order and waits for its acknowledgement, blocking.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use plimsoll_model::{Price, Qty};
use plimsoll_tws::frame::{self, FrameDecoder, VENUE_FRAME_MAX};
use plimsoll_tws::handshake::ClientHello;
use plimsoll_tws::message::{Order, PlaceOrder, Request, StartApi, WireContract};
use plimsoll_tws::{RawFrame, ServerVersion, Text, Word};

/// What the two Python libraries in use negotiate.
const VERSION: u16 = 178;

/// A started client.
pub(crate) struct Client {
    stream: TcpStream,
    decoder: FrameDecoder,
    version: ServerVersion,
    next_id: i32,
    account: &'static str,
    chunk: Vec<u8>,
}

impl Client {
    /// Shakes hands, starts, and waits for the next order id.
    pub(crate) fn start(address: SocketAddr, client_id: i32, account: &'static str) -> Self {
        let stream = TcpStream::connect(address).expect("the port listens");
        stream.set_nodelay(true).expect("a connected socket takes options");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("ten seconds are a time-out");
        let version = ServerVersion::new(VERSION).expect("a version that is spoken");
        let decoder = FrameDecoder::new(VENUE_FRAME_MAX);
        let mut client = Self { stream, decoder, version, next_id: 0, account, chunk: vec![0; 64 * 1024] };
        let hello = ClientHello { min: 157, max: VERSION, options: "".into() };
        client.stream.write_all(&hello.encode()).expect("the port listens");
        client.wait_for(|frame| frame.bytes().starts_with(b"178\0"));
        client.send(&Request::StartApi(StartApi { client_id, capabilities: Word::EMPTY }));
        let next = client.wait_for(|frame| frame.bytes().starts_with(b"9\0"));
        client.next_id = field(&next, 2).parse().expect("nextValidId is a number");
        client
    }

    /// The number that the next order will have.
    pub(crate) fn next_id(&self) -> i32 {
        self.next_id
    }

    /// Orders until one is acknowledged: a gateway denies them until it has its first quote.
    pub(crate) fn settle(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.place().1 != "Cancelled" {
            assert!(Instant::now() < deadline, "every order was denied for ten seconds");
        }
    }

    /// The time from the order's bytes to those of its acknowledgement.
    pub(crate) fn round_trip(&mut self) -> Duration {
        let (taken, status) = self.place();
        assert_eq!(status, "Cancelled", "the order was denied");
        taken
    }

    fn place(&mut self) -> (Duration, String) {
        let id = self.next_id;
        self.next_id += 1;
        let bytes = frame::encode(self.order(id).encode(self.version).bytes());
        let started = Instant::now();
        self.stream.write_all(&bytes).expect("the link is up");
        let answer =
            self.wait_for(|frame| frame.bytes().starts_with(b"3\0") && field(frame, 1) == id.to_string());
        (started.elapsed(), field(&answer, 2))
    }

    /// A limit order that no guard minds at any hour.
    fn order(&self, order_id: i32) -> Request {
        let contract = WireContract {
            symbol: "SPY".into(),
            sec_type: "STK".into(),
            exchange: "SMART".into(),
            currency: "USD".into(),
            ..WireContract::default()
        };
        let order = Order {
            action: "BUY".into(),
            total_qty: Some(Qty::whole(1)),
            order_type: "LMT".into(),
            limit_px: Price::parse("599.50").ok(),
            tif: "GTC".into(),
            account: self.account.into(),
            order_ref: Text::from("bench"),
            transmit: true,
            exempt_code: -1,
            ..Order::default()
        };
        let place = PlaceOrder { order_id, contract, order, ..PlaceOrder::default() };
        Request::PlaceOrder(Box::new(place))
    }

    fn send(&mut self, request: &Request) {
        let bytes = frame::encode(request.encode(self.version).bytes());
        self.stream.write_all(&bytes).expect("the link is up");
    }

    fn wait_for(&mut self, wanted: impl Fn(&RawFrame) -> bool) -> RawFrame {
        loop {
            while let Some(frame) = self.decoder.next().expect("the other side sends frames") {
                if wanted(&frame) {
                    return frame;
                }
            }
            let n = self.stream.read(&mut self.chunk).expect("the answer comes within ten seconds");
            assert!(n > 0, "the other side closed the link");
            self.decoder.push(&self.chunk[..n]);
        }
    }
}

fn field(frame: &RawFrame, index: usize) -> String {
    let field = frame.bytes().split(|byte| *byte == 0).nth(index).unwrap_or_default();
    String::from_utf8_lossy(field).into_owned()
}
