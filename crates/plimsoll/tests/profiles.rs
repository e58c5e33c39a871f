//! Where paper is not life, over sockets: the program with either profile, and a client of TWS at 200 and at 213.
//!
//! Each row of the table in `docs/simulator.md` is played against both. In memory and second by second they are
//! tested beside the simulator; here it counts that the switch of the program reaches the bytes of the socket.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test that calls them")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use plimsoll_model::{Price, Qty};
use plimsoll_tws::frame::{self, FrameDecoder, VENUE_FRAME_MAX};
use plimsoll_tws::handshake::{ClientHello, ServerHello};
use plimsoll_tws::message::{CancelOrder, Order, PlaceOrder, ReqIds, StartApi, WireContract};
use plimsoll_tws::{Request, Response, ServerVersion};

/// Longer than any answer takes, and shorter than a person waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// `plimsoll sim ibkr`, ended with the test.
struct Sim {
    child: Child,
    tws: String,
    control: String,
}

impl Sim {
    fn start(profile: &str, at: &str) -> Self {
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
    fn control(&self, path: &str, body: &str) {
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

    fn quote(&self, bid: &str, ask: &str) {
        self.control("/price", &format!(r#"{{"symbol": "SPY", "bid": "{bid}", "ask": "{ask}"}}"#));
    }

    fn wait_until(&self, time: &str) {
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
struct Client {
    stream: TcpStream,
    decoder: FrameDecoder,
    version: ServerVersion,
}

impl Client {
    fn start(sim: &Sim, version: u16) -> Self {
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

    fn order(&mut self, order_id: i32, text: &str, change: impl FnOnce(&mut PlaceOrder)) {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [action, qty, order_type, rest @ ..] = &words[..] else { panic!("{text}") };
        let mut message = PlaceOrder {
            order_id,
            contract: WireContract {
                symbol: "SPY".into(),
                sec_type: "STK".into(),
                exchange: "SMART".into(),
                currency: "USD".into(),
                ..WireContract::default()
            },
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

    fn cancel(&mut self, order_id: i32) {
        self.ask(&Request::CancelOrder(CancelOrder { order_id, ..CancelOrder::default() }));
    }

    /// Everything that was said until now, in short lines: up to the answer to a question asked behind it.
    fn heard(&mut self) -> String {
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
                        "execDetails {} {} at {}",
                        m.order_id,
                        m.qty.unwrap_or(Qty::ZERO),
                        m.time.to_str_lossy()
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

/// What the client hears with either profile, live then paper, at 200 and at 213: what holds has to hold at both.
fn rule(at: &str, act: impl Fn(&Sim, &mut Client) -> String, holds: impl Fn(&str, &str)) {
    for version in [200, ServerVersion::PROTOBUF.number()] {
        let [live, paper] = ["live", "paper"].map(|profile| {
            let sim = Sim::start(profile, at);
            let mut client = Client::start(&sim, version);
            act(&sim, &mut client)
        });
        holds(&live, &paper);
    }
}

fn plain(_: &mut PlaceOrder) {}

const ELEVEN: &str = "11:00:00";

#[test]
fn on_close_orders_are_acknowledged_crossed_and_cut_off_live_only() {
    let act = |sim: &Sim, client: &mut Client| {
        client.order(1, "BUY 100 MOC", plain);
        let acknowledged = client.heard();
        client.order(2, "SELL 40 MOC", plain);
        sim.wait_until("12:50:00");
        client.order(3, "BUY 10 MOC", plain);
        let late = client.heard();
        sim.wait_until("13:00:01");
        format!("{acknowledged}--\n{late}--\n{}", client.heard())
    };
    rule("12:49:30", act, |live, paper| {
        assert!(live.starts_with("openOrder 1 PreSubmitted\norderStatus 1 PreSubmitted 0+100\n--"), "{live}");
        assert!(live.contains("error 1 202") && live.contains("error 2 202"), "crossing: {live}");
        assert!(live.contains("error 3 201") && !live.contains("execDetails"), "too late: {live}");
        assert!(paper.starts_with("--\n"), "silence: {paper}");
        for execution in ["execDetails 1 100 ", "execDetails 2 40 ", "execDetails 3 10 "] {
            assert!(paper.contains(execution), "{execution}: {paper}");
        }
    });
}

#[test]
fn a_cancel_after_the_cutoff_is_refused_live_only() {
    let act = |sim: &Sim, client: &mut Client| {
        client.order(1, "BUY 100 MOC", plain);
        client.heard();
        sim.wait_until("12:50:00");
        client.cancel(1);
        client.heard()
    };
    rule("12:49:30", act, |live, paper| {
        assert!(live.contains("error 1 161"), "{live}");
        assert!(paper.contains("orderStatus 1 Cancelled") && paper.contains("error 1 202"), "{paper}");
    });
}

#[test]
fn a_missing_account_is_asked_for_live_and_filled_in_on_paper() {
    let act = |_: &Sim, client: &mut Client| {
        client.order(1, "BUY 1 MKT", |m| m.order.account = "".into());
        client.heard()
    };
    rule(ELEVEN, act, |live, paper| {
        assert!(live.starts_with("error 1 321"), "{live}");
        assert!(paper.contains("execDetails 1 1 "), "{paper}");
    });
}

#[test]
fn what_lies_behind_the_best_price_is_there_live_only() {
    let act = |sim: &Sim, client: &mut Client| {
        sim.quote("500.00", "500.01");
        // Far more than the best price has.
        client.order(1, "BUY 3000 MKT", plain);
        let several = client.heard();
        client.cancel(1);
        sim.quote("500.00", "500.01");
        client.order(2, "BUY 6000 MKT", |m| {
            m.contract.exchange = "ARCA".into();
            m.order.account = "DU2222222".into();
        });
        let directed = client.heard();
        sim.wait_until("11:00:30");
        format!("{several}--\n{directed}{}", client.heard())
    };
    rule(ELEVEN, act, |live, paper| {
        let [depth, _] = live.split("--\n").collect::<Vec<_>>()[..] else { panic!("{live}") };
        assert!(depth.matches("execDetails 1 ").count() > 1, "several prices: {live}");
        let [depth, directed] = paper.split("--\n").collect::<Vec<_>>()[..] else { panic!("{paper}") };
        assert_eq!(depth.matches("execDetails 1 ").count(), 1, "the best price alone: {paper}");
        assert!(directed.contains("orderStatus 2 Inactive") && directed.contains("error 2 201"), "{paper}");
        assert!(!live.contains("error 2 201"), "what is left of a directed order goes on: {live}");
    });
}

#[test]
fn fill_or_kill_is_filled_live_only() {
    let act = |sim: &Sim, client: &mut Client| {
        sim.quote("500.00", "500.01");
        client.order(1, "BUY 1 LMT 501.00 FOK", |m| m.order.order_type = "LMT".into());
        client.heard()
    };
    rule(ELEVEN, act, |live, paper| {
        assert!(live.contains("orderStatus 1 Filled 1+0"), "{live}");
        assert!(paper.contains("orderStatus 1 Inactive 0+1") && !paper.contains("execDetails"), "{paper}");
    });
}

#[test]
fn the_opening_auction_takes_auc_live_only() {
    let act = |sim: &Sim, client: &mut Client| {
        client.order(1, "BUY 1 LMT 900.00 AUC", plain);
        sim.wait_until("09:30:01");
        client.heard()
    };
    rule("09:20:00", act, |live, paper| {
        assert!(live.contains("orderStatus 1 Filled 1+0"), "{live}");
        assert!(paper.starts_with("error 1 387"), "{paper}");
    });
}

#[test]
fn a_clearing_account_is_taken_live_only() {
    let act = |_: &Sim, client: &mut Client| {
        client.order(1, "BUY 1 LMT 400.00", |m| m.order.clearing_account = "SOMEBODY".into());
        client.heard()
    };
    rule(ELEVEN, act, |live, paper| {
        assert!(live.contains("openOrder 1 "), "{live}");
        assert!(paper.starts_with("error 1 322"), "{paper}");
    });
}

#[test]
fn stops_trigger_without_the_link_live_only() {
    let act = |sim: &Sim, client: &mut Client| {
        sim.quote("500.00", "500.01");
        client.order(1, "SELL 1 STP", |m| m.order.aux_px = Price::parse("499.00").ok());
        client.heard();
        sim.control("/faults", r#"{"kind": "link_down", "for": "10m"}"#);
        sim.quote("498.00", "498.01");
        sim.quote("503.00", "503.01");
        sim.control("/faults", r#"{"kind": "link_up_data_kept"}"#);
        client.heard()
    };
    rule(ELEVEN, act, |live, paper| {
        assert!(live.contains("execDetails 1 1 "), "{live}");
        assert!(!paper.contains("execDetails"), "{paper}");
    });
}

#[test]
fn executions_are_dated_in_utc_live_and_in_the_zone_on_paper() {
    let act = |_: &Sim, client: &mut Client| {
        client.order(1, "BUY 1 MKT", plain);
        client.heard()
    };
    rule(ELEVEN, act, |live, paper| {
        assert!(live.contains("execDetails 1 1 at 20261127-16:00:"), "{live}");
        assert!(paper.contains("execDetails 1 1 at 20261127 11:00:"), "{paper}");
    });
}
