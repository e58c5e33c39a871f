//! An echoing venue: enough of TWS for a gateway to reconcile and for a bot to get its acknowledgement,
//! and nothing else. One thread per connection, blocking, so that it adds as little as can be.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use bytes::Bytes;
use plimsoll_model::{Price, Qty};
use plimsoll_tws::frame::{self, BOT_FRAME_MAX, FrameDecoder};
use plimsoll_tws::handshake::{ClientHello, ServerHello, negotiate};
use plimsoll_tws::message::{
    Bar, ById, CurrentTime, HistoricalData, ManagedAccounts, NextValidId, OrderStatus, Request, Response,
    TickPrice,
};
use plimsoll_tws::{RawFrame, ServerVersion, Word};

/// Listens on a free loopback port for the life of the process.
pub(crate) fn start(accounts: &'static str) -> SocketAddr {
    start_feeding(accounts, Bytes::new())
}

/// The same, and whoever asks for ids gets the `feed`.
pub(crate) fn start_feeding(accounts: &'static str, feed: Bytes) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
    let address = listener.local_addr().expect("a bound socket has an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let feed = feed.clone();
            std::thread::spawn(move || serve(stream, accounts, &feed));
        }
    });
    address
}

/// Ends with the connection, whatever ended it.
fn serve(mut stream: TcpStream, accounts: &str, feed: &[u8]) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut bytes = vec![0; 64 * 1024];
    let mut first = Vec::new();
    let (hello, used) = loop {
        let n = stream.read(&mut bytes).ok().filter(|n| *n > 0)?;
        first.extend_from_slice(&bytes[..n]);
        if let Some(hello) = ClientHello::parse(&first).ok()? {
            break hello;
        }
    };
    let version = negotiate(&hello, ServerVersion::MAX.number()).ok()?;
    let reply = ServerHello { version: version.number(), time_text: "20261118 10:30:00 EST".into() };
    stream.write_all(&frame::encode(reply.encode().bytes())).ok()?;
    let mut decoder = FrameDecoder::new(BOT_FRAME_MAX);
    decoder.push(&first[used..]);
    loop {
        while let Some(request) = decoder.next().ok()? {
            if matches!(Request::decode(version, &request), Ok(Request::ReqIds(_))) {
                stream.write_all(feed).ok()?;
            }
            for answer in answers(version, &request, accounts) {
                stream.write_all(&frame::encode(answer.bytes())).ok()?;
            }
        }
        let n = stream.read(&mut bytes).ok().filter(|n| *n > 0)?;
        decoder.push(&bytes[..n]);
    }
}

fn answers(version: ServerVersion, frame: &RawFrame, accounts: &str) -> Vec<RawFrame> {
    // The order is not decoded: this is the echo whose time is taken.
    if let Some(order_id) = order_id(frame) {
        return vec![acknowledgement(order_id).encode(version)];
    }
    let answers = match Request::decode(version, frame) {
        Ok(Request::StartApi(_)) => vec![
            Response::ManagedAccounts(ManagedAccounts { list: accounts.into() }),
            Response::NextValidId(NextValidId { order_id: 1 }),
        ],
        Ok(Request::ReqPositions) => vec![Response::PositionEnd],
        Ok(Request::ReqAllOpenOrders) => vec![Response::OpenOrderEnd],
        Ok(Request::ReqExecutions(asked)) => vec![Response::ExecDetailsEnd(ById { req_id: asked.req_id })],
        Ok(Request::ReqCompletedOrders(_)) => vec![Response::CompletedOrdersEnd],
        Ok(Request::ReqContractDetails(asked)) => {
            vec![Response::ContractDetailsEnd(ById { req_id: asked.req_id })]
        }
        Ok(Request::ReqMktData(asked)) => [(1, "600.00"), (2, "600.02"), (4, "600.01")]
            .into_iter()
            .map(|(tick, px)| Response::TickPrice(price(asked.req_id, tick, px)))
            .collect(),
        Ok(Request::ReqHistoricalData(asked)) => vec![Response::HistoricalData(session(asked.req_id))],
        Ok(Request::ReqCurrentTime) => {
            vec![Response::CurrentTime(CurrentTime { seconds: jiff::Timestamp::now().as_second() })]
        }
        Ok(_) | Err(_) => vec![],
    };
    answers.iter().map(|answer| answer.encode(version)).collect()
}

fn order_id(frame: &RawFrame) -> Option<i32> {
    let rest = frame.bytes().strip_prefix(b"3\0")?;
    std::str::from_utf8(rest.split(|byte| *byte == 0).next()?).ok()?.parse().ok()
}

/// A session of five-second bars: 20 November 2026, from the open in New York.
fn session(req_id: i32) -> HistoricalData {
    const OPEN: i64 = 1_795_185_000;
    let bar = |n: i64| Bar {
        date: (OPEN + 5 * n).to_string().as_str().into(),
        open: Price::parse("600.25").ok(),
        high: Price::parse("600.75").ok(),
        low: Price::parse("600.01").ok(),
        close: Price::parse("600.50").ok(),
        volume: Some(12_345.into()),
        wap: Some(600.into()),
        count: 321,
    };
    let bars = (0..SESSION_BARS).map(bar).collect();
    HistoricalData { req_id, start: "20261120".into(), end: "20261120".into(), bars }
}

/// Six and a half hours of five seconds.
pub(crate) const SESSION_BARS: i64 = 4_680;

fn price(req_id: i32, tick: i32, px: &str) -> TickPrice {
    let px = Price::parse(px).ok();
    TickPrice { req_id, tick, px, size: Some(Qty::whole(100)), attributes: 0 }
}

/// Canceled at once, so that ten thousand of them leave nothing working.
fn acknowledgement(order_id: i32) -> Response {
    Response::OrderStatus(OrderStatus {
        order_id,
        status: Word::literal("Cancelled"),
        filled: Some(Qty::ZERO),
        remaining: Some(Qty::ZERO),
        avg_fill_px: Some(Price::ZERO),
        perm_id: 1_000_000 + i64::from(order_id),
        parent_id: 0,
        last_fill_px: Some(Price::ZERO),
        client_id: 11,
        why_held: Word::EMPTY,
        market_cap_px: Some(Price::ZERO),
    })
}
