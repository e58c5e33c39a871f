//! The program with a profile, and a client of TWS over a socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use plimsoll_model::{Price, Qty};
use plimsoll_tws::frame::{self, FrameDecoder, VENUE_FRAME_MAX};
use plimsoll_tws::handshake::{ClientHello, ServerHello};
use plimsoll_tws::message::{CancelOrder, Order, PlaceOrder, ReqIds, ReqMktData, StartApi, WireContract};
use plimsoll_tws::{Request, Response, ServerVersion};

/// Longer than any answer takes, and shorter than a person waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// `plimsoll sim ibkr`, ended with the test.
pub(crate) struct Sim {
    child: Child,
    tws: String,
    control: String,
}

impl Sim {
    pub(crate) fn start(profile: &str, at: &str) -> Self {
        let start = format!("2026-11-27T{at}-05:00");
        let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(["sim", "ibkr", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--symbols", "SPY"])
            .args(["--accounts", "DU1111111,DU2222222", "--missing-account", "321", "--seed", "7"])
            .args(["--profile", profile, "--start", &start])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let ["ready", "tws", tws, "control", control] = ready.split_whitespace().collect::<Vec<_>>()[..]
        else {
            panic!("{ready}")
        };
        Self { child, tws: tws.to_owned(), control: control.to_owned() }
    }

    /// One request to the control port, which has to be taken.
    pub(crate) fn control(&self, path: &str, body: &str) {
        let mut stream = TcpStream::connect(&self.control).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (host, len) = (&self.control, body.len());
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {len}\r\n\r\n"
        );
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 2"), "{path} {body}: {answer}");
    }

    pub(crate) fn quote(&self, bid: &str, ask: &str) {
        self.control("/price", &format!(r#"{{"symbol": "SPY", "bid": "{bid}", "ask": "{ask}"}}"#));
    }

    pub(crate) fn wait_until(&self, time: &str) {
        self.control("/clock", &format!(r#"{{"to": "2026-11-27T{time}-05:00"}}"#));
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client of TWS that is started.
pub(crate) struct Client {
    stream: TcpStream,
    decoder: FrameDecoder,
    version: ServerVersion,
}

impl Client {
    pub(crate) fn start(sim: &Sim, version: u16) -> Self {
        let mut stream = TcpStream::connect(&sim.tws).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let min = if version == ServerVersion::PROTOBUF.number() { version } else { 157 };
        let hello = ClientHello { min, max: version, options: "".into() };
        stream.write_all(&hello.encode()).unwrap();
        let version = ServerVersion::new(version).unwrap();
        let mut client = Self { stream, decoder: FrameDecoder::new(VENUE_FRAME_MAX), version };
        let hello = ServerHello::parse(&client.frame()).unwrap();
        assert_eq!(hello.version, version.number());
        client.ask(&Request::StartApi(StartApi { client_id: 7, ..StartApi::default() }));
        while !matches!(client.next(), Response::NextValidId(_)) {}
        // The notices of its farms.
        client.heard();
        client
    }

    fn frame(&mut self) -> plimsoll_model::RawFrame {
        loop {
            if let Some(frame) = self.decoder.next().unwrap() {
                return frame;
            }
            let mut bytes = [0; 4096];
            let len = self.stream.read(&mut bytes).unwrap();
            assert!(len > 0, "the simulator closed the connection");
            self.decoder.push(&bytes[..len]);
        }
    }

    fn next(&mut self) -> Response {
        let frame = self.frame();
        Response::decode(self.version, &frame).unwrap()
    }

    fn ask(&mut self, request: &Request) {
        self.stream.write_all(&frame::encode(request.encode(self.version).bytes())).unwrap();
    }

    pub(crate) fn order(&mut self, order_id: i32, text: &str, change: impl FnOnce(&mut PlaceOrder)) {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [action, qty, order_type, rest @ ..] = &words[..] else { panic!("{text}") };
        let mut message = PlaceOrder {
            order_id,
            contract: spy(),
            order: Order {
                action: (*action).into(),
                total_qty: Qty::parse(qty).ok(),
                order_type: (*order_type).into(),
                limit_px: rest.first().and_then(|px| Price::parse(px).ok()),
                tif: rest.get(1).copied().unwrap_or("DAY").into(),
                account: "DU1111111".into(),
                transmit: true,
                ..Order::default()
            },
            ..PlaceOrder::default()
        };
        change(&mut message);
        self.ask(&Request::PlaceOrder(Box::new(message)));
    }

    pub(crate) fn quotes_of_spy(&mut self, req_id: i32) {
        let request = ReqMktData { req_id, contract: spy(), ..ReqMktData::default() };
        self.ask(&Request::ReqMktData(Box::new(request)));
    }

    pub(crate) fn cancel(&mut self, order_id: i32) {
        self.ask(&Request::CancelOrder(CancelOrder { order_id, ..CancelOrder::default() }));
    }

    /// Everything that was said until now, in short lines: up to the answer to a question asked behind it.
    pub(crate) fn heard(&mut self) -> String {
        self.ask(&Request::ReqIds(ReqIds { count: 1 }));
        let mut lines = String::new();
        loop {
            let line = match self.next() {
                Response::NextValidId(_) => return lines,
                Response::OpenOrder(m) => format!("openOrder {} {}", m.order_id, m.state.status),
                Response::OrderStatus(m) => {
                    let (filled, left) = (m.filled.unwrap_or(Qty::ZERO), m.remaining.unwrap_or(Qty::ZERO));
                    format!("orderStatus {} {} {filled}+{left}", m.order_id, m.status)
                }
                Response::ExecDetails(m) => {
                    format!(
                        "execDetails {} {} at {} for {}",
                        m.order_id,
                        m.qty.unwrap_or(Qty::ZERO),
                        m.time.to_str_lossy(),
                        m.px.unwrap_or(Price::ZERO)
                    )
                }
                Response::Error(m) => format!("error {} {}", m.id, m.code),
                other => other.name().to_owned(),
            };
            lines += &line;
            lines.push('\n');
        }
    }
}

fn spy() -> WireContract {
    WireContract {
        symbol: "SPY".into(),
        sec_type: "STK".into(),
        exchange: "SMART".into(),
        currency: "USD".into(),
        ..WireContract::default()
    }
}
