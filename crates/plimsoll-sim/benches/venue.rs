//! What the venue costs by itself, without sockets: serving quotes of 200 instruments to 20 clients, a day in
//! lockstep with 50 symbols and ten bots, and history.
//!
//! `cargo bench -p plimsoll-sim` runs it at full size, `cargo test` at a small one that proves that it runs.
//! Times are printed and never asserted. Everything happens on one thread, so a share of a core is the time
//! taken over the venue time that passed.

#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a benchmark reads the clock")]

use std::time::{Duration, Instant};

use bytes::BytesMut;
use jiff::{SignedDuration, Timestamp};
use plimsoll_model::Account;
use plimsoll_sim::bots::{DemoBot, demo_bots};
use plimsoll_sim::{ConnId, IbkrVenue, MissingAccount, Output, Profile, TwsSettings, VenueConfig};
use plimsoll_tws::frame::{self, FrameDecoder, VENUE_FRAME_MAX};
use plimsoll_tws::handshake::{ClientHello, ServerHello};
use plimsoll_tws::message::{ReqHistoricalData, ReqMktData, StartApi, WireContract};
use plimsoll_tws::{Request, Response, ServerVersion};

/// The version that clients in wide use agree on.
const VERSION: u16 = 178;

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    if is_bench {
        serve(&Load { instruments: 200, clients: 20, seconds: 120 });
        day(&Day { symbols: 50, bots: 10, seconds: 23_400 });
        history("1 day", "10 Y");
        history("1 min", "30 D");
    } else {
        serve(&Load { instruments: 4, clients: 2, seconds: 2 });
        day(&Day { symbols: 8, bots: 6, seconds: 5 });
        history("1 min", "1 D");
    }
}

#[derive(Clone, Copy)]
struct Load {
    instruments: usize,
    clients: usize,
    seconds: i64,
}

/// Every client follows every instrument.
fn serve(load: &Load) {
    let symbols = invented(load.instruments);
    let mut venue = venue(symbols.clone(), "2026-11-24T10:00:00-05:00", false);
    let mut out = Vec::new();
    let mut clients: Vec<Follower> =
        (0..load.clients).map(|index| Follower::start(&mut venue, index)).collect();
    for client in &mut clients {
        for (req_id, symbol) in (1..).zip(&symbols) {
            client.ask(&mut venue, &quotes(req_id, symbol), &mut out);
            // The login may send fifty messages a second.
            if req_id % 40 == 0 {
                let to = venue.now() + SignedDuration::from_secs(1);
                venue.advance(to, &mut out);
            }
        }
    }
    out.clear();
    let (mut frames, mut bytes) = (0_usize, 0_usize);
    let started = Instant::now();
    for _ in 0..load.seconds {
        let to = venue.now() + SignedDuration::from_secs(1);
        venue.advance(to, &mut out);
        for output in out.drain(..) {
            if let Output::Send { bytes: sent, .. } = output {
                frames += 1;
                bytes += sent.len();
            }
        }
    }
    let taken = started.elapsed();
    let lines = load.instruments * load.clients;
    let per_line = frames * 10 / (lines * usize::try_from(load.seconds).expect("seconds are not negative"));
    println!(
        "serve: {} instruments to {} clients, {} s of venue time in {taken:.2?}: {frames} messages, {} MB, {}.{} per line and second, {} % of a core",
        load.instruments,
        load.clients,
        load.seconds,
        bytes / 1_000_000,
        per_line / 10,
        per_line % 10,
        percent(taken, load.seconds),
    );
}

#[derive(Clone, Copy)]
struct Day {
    symbols: usize,
    bots: usize,
    seconds: usize,
}

/// A whole session in lockstep: the four built-in bots, and more clients that follow five symbols each and
/// acknowledge.
fn day(day: &Day) {
    let mut symbols: Vec<Box<str>> =
        ["SPY", "QQQ", "IWM", "AAPL", "MSFT", "TLT", "GLD"].map(Into::into).to_vec();
    symbols.extend(invented(day.symbols.saturating_sub(symbols.len())));
    let mut venue = venue(symbols.clone(), "2026-11-24T09:29:55-05:00", true);
    let mut bots = demo_bots();
    let mut out = Vec::new();
    let first = usize::try_from(FIRST_BOT).expect("a small number");
    for (index, bot) in bots.iter_mut().enumerate() {
        let conn = ConnId(u64::try_from(first + index).expect("a small number"));
        let mut said = BytesMut::new();
        venue.connected(conn, &mut out);
        bot.connected(&mut said);
        venue.received(conn, &said, &mut out);
    }
    pump(&mut venue, &mut bots, &mut [], &mut out);
    let mut followers = Vec::new();
    for index in 0..day.bots.saturating_sub(bots.len()) {
        let follower = Follower::start(&mut venue, index);
        for (req_id, symbol) in (1..).zip(symbols.iter().cycle().skip(index * 5).take(5)) {
            follower.ask(&mut venue, &quotes(req_id, symbol), &mut out);
        }
        out.clear();
        followers.push(follower);
    }
    let started = Instant::now();
    for _ in 0..day.seconds {
        venue.tick(&mut out);
        pump(&mut venue, &mut bots, &mut followers, &mut out);
    }
    println!(
        "day: {} symbols, {} bots in lockstep, {} s of venue time in {:.2?}",
        symbols.len(),
        bots.len() + followers.len(),
        day.seconds,
        started.elapsed()
    );
}

/// How long one answer takes that nobody has asked for before.
fn history(bar_size: &str, duration: &str) {
    let mut venue = venue(vec!["SPY".into()], "2026-11-24T16:30:00-05:00", false);
    let mut out = Vec::new();
    let client = Follower::start(&mut venue, 0);
    let request = ReqHistoricalData {
        req_id: 1,
        contract: stock("SPY"),
        bar_size: bar_size.into(),
        duration: duration.into(),
        what: "TRADES".into(),
        use_rth: true,
        format_date: 1,
        ..ReqHistoricalData::default()
    };
    let started = Instant::now();
    client.ask(&mut venue, &Request::ReqHistoricalData(Box::new(request)), &mut out);
    println!("history: {duration} of {bar_size} bars in {:.2?}", started.elapsed());
}

/// Bots' connections have their own numbers.
const FIRST_BOT: u64 = 1_000;

/// Carries bytes between the venue and its clients until both are silent.
fn pump(venue: &mut IbkrVenue, bots: &mut [DemoBot], followers: &mut [Follower], out: &mut Vec<Output>) {
    while !out.is_empty() {
        for output in std::mem::take(out) {
            let Output::Send { conn, bytes } = output else { continue };
            let mut said = BytesMut::new();
            if let Some(index) = conn.0.checked_sub(FIRST_BOT) {
                let bot = &mut bots[usize::try_from(index).expect("a small number")];
                bot.received(&bytes, &mut said).expect("the venue speaks TWS");
            } else if let Some(follower) = followers.iter_mut().find(|follower| follower.conn == conn) {
                follower.received(&bytes, &mut said);
            }
            if !said.is_empty() {
                venue.received(conn, &said, out);
            }
        }
    }
}

/// A client that decodes everything and acknowledges each second.
struct Follower {
    conn: ConnId,
    decoder: FrameDecoder,
    version: Option<ServerVersion>,
}

impl Follower {
    fn start(venue: &mut IbkrVenue, index: usize) -> Self {
        let conn = ConnId(u64::try_from(index).expect("a small number"));
        let mut out = Vec::new();
        venue.connected(conn, &mut out);
        let hello = ClientHello { min: 157, max: VERSION, options: "".into() };
        venue.received(conn, &hello.encode(), &mut out);
        let follower =
            Self { conn, decoder: FrameDecoder::new(VENUE_FRAME_MAX), version: ServerVersion::new(VERSION) };
        let client_id = 100 + i32::try_from(index).expect("a small number");
        follower.ask(venue, &Request::StartApi(StartApi { client_id, ..StartApi::default() }), &mut out);
        follower
    }

    fn ask(&self, venue: &mut IbkrVenue, request: &Request, out: &mut Vec<Output>) {
        let version = self.version.expect("178 is a version");
        venue.received(self.conn, &frame::encode(request.encode(version).bytes()), out);
    }

    fn received(&mut self, bytes: &[u8], said: &mut BytesMut) {
        let version = self.version.expect("178 is a version");
        self.decoder.push(bytes);
        while let Some(frame) = self.decoder.next().expect("the venue sends whole frames") {
            if ServerHello::parse(&frame).is_ok() {
                continue;
            }
            if let Ok(Response::CurrentTime(_)) = Response::decode(version, &frame) {
                said.extend_from_slice(&frame::encode(Request::ReqCurrentTime.encode(version).bytes()));
            }
        }
    }
}

fn venue(symbols: Vec<Box<str>>, start: &str, lockstep: bool) -> IbkrVenue {
    let start: Timestamp = start.parse().expect("an instant");
    let account = |name| Account::new(name).expect("an account");
    IbkrVenue::new(VenueConfig {
        profile: Profile::Live,
        accounts: ["DU1111111", "DU2222222"].map(account).to_vec(),
        cash: 1_000_000.into(),
        start,
        seed: 7,
        symbols,
        missing_account: MissingAccount::Default,
        master_client_id: None,
        lockstep,
        settings: TwsSettings { market_data_lines: 100_000, ..TwsSettings::default() },
    })
    .expect("a venue")
}

/// Symbols that nobody has listed: `AAA`, `AAB`, …
fn invented(count: usize) -> Vec<Box<str>> {
    let letter = |index: usize| char::from(b'A' + u8::try_from(index % 26).expect("below 26"));
    let name = |index: usize| format!("Z{}{}", letter(index / 26), letter(index)).into();
    (0..count).map(name).collect()
}

fn stock(symbol: &str) -> WireContract {
    WireContract {
        symbol: symbol.into(),
        sec_type: "STK".into(),
        exchange: "SMART".into(),
        currency: "USD".into(),
        ..WireContract::default()
    }
}

fn quotes(req_id: i32, symbol: &str) -> Request {
    Request::ReqMktData(Box::new(ReqMktData { req_id, contract: stock(symbol), ..ReqMktData::default() }))
}

fn percent(taken: Duration, seconds: i64) -> u128 {
    taken.as_millis() * 100 / u128::try_from(seconds * 1_000).expect("seconds are not negative")
}
