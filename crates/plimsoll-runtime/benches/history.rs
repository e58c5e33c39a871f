//! What an answer with history costs that is on the disk: from the bot's question through the lanes, the cache's thread, its
//! file and the hours of each bar to the last byte in the bot's hands.
//!
//! `cargo bench -p plimsoll-runtime --bench history` runs it at full size, `cargo test` at a small one that proves that it runs.
//! Figures are printed and never asserted, but that no answer came from the venue is.

#[path = "gateway/setup.rs"]
#[expect(dead_code, reason = "no bare relay is compared here")]
mod setup;
#[path = "gateway/venue.rs"]
mod venue;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use plimsoll_runtime::Storage;
use plimsoll_tws::frame::{self, FrameDecoder, VENUE_FRAME_MAX};
use plimsoll_tws::handshake::ClientHello;
use plimsoll_tws::message::{ReqHistoricalData, Request, StartApi, WireContract};
use plimsoll_tws::{RawFrame, ServerVersion, Word};

use setup::start_gateway;

const ACCOUNT: &str = "DU1111111";
/// What the two Python libraries in use negotiate.
const VERSION: u16 = 178;

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let rounds = if is_bench { 2_000 } else { 5 };
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("history-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("the target folder is writable");
    let venue = venue::start(ACCOUNT);
    let mut asker = Asker::start(start_gateway(venue, ACCOUNT, &dir, Storage::Disk));
    let (first, from_venue) = asker.ask(1);
    let (mut took, mut slowest) = (Duration::ZERO, Duration::ZERO);
    for round in 0..rounds {
        // Straight from the venue the same question would have to wait for a quarter of a minute.
        let (bytes, span) = asker.ask(2 + round);
        assert!(span < Duration::from_secs(15), "the answer was not on the disk");
        assert_eq!(bytes - digits(2 + round), first - digits(1), "another answer came");
        took += span;
        slowest = slowest.max(span);
    }
    let rounds = rounds.cast_unsigned();
    let bars = u128::from(venue::SESSION_BARS.cast_unsigned()) * u128::from(rounds);
    println!("{rounds} answers of {} bars, {first} bytes each", venue::SESSION_BARS);
    println!(
        "from the venue {from_venue:?}, from the disk {:?} on average, {slowest:?} at most",
        took / rounds
    );
    println!("{} bars a second to the wire", bars * 1_000_000 / took.as_micros().max(1));
    std::fs::remove_dir_all(&dir).expect("our own folder can be removed");
}

fn digits(number: i32) -> usize {
    number.to_string().len()
}

/// A started client that asks for a day.
struct Asker {
    stream: TcpStream,
    decoder: FrameDecoder,
    version: ServerVersion,
    chunk: Vec<u8>,
}

impl Asker {
    fn start(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the port listens");
        stream.set_nodelay(true).expect("a connected socket takes options");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("twenty seconds are a time-out");
        let version = ServerVersion::new(VERSION).expect("a version that is spoken");
        let decoder = FrameDecoder::new(VENUE_FRAME_MAX);
        let mut asker = Self { stream, decoder, version, chunk: vec![0; 256 * 1024] };
        let hello = ClientHello { min: 157, max: VERSION, options: "".into() };
        asker.stream.write_all(&hello.encode()).expect("the link is up");
        asker.wait_for(b"178\0");
        asker.send(&Request::StartApi(StartApi { client_id: 11, capabilities: Word::EMPTY }));
        asker.wait_for(b"9\0");
        asker
    }

    /// The size of the answer, and how long it took.
    fn ask(&mut self, req_id: i32) -> (usize, Duration) {
        let contract = WireContract {
            // Of the instruments that are traded here this venue tells no listing.
            con_id: 8_991_352,
            symbol: "IVV".into(),
            sec_type: "STK".into(),
            exchange: "SMART".into(),
            primary_exchange: "ARCA".into(),
            currency: "USD".into(),
            ..WireContract::default()
        };
        let request = Request::ReqHistoricalData(Box::new(ReqHistoricalData {
            req_id,
            contract,
            end: "20261120-21:00:00".into(),
            bar_size: "5 secs".into(),
            duration: "1 D".into(),
            use_rth: true,
            what: "TRADES".into(),
            format_date: 2,
            ..ReqHistoricalData::default()
        }));
        let started = Instant::now();
        self.send(&request);
        let answer = self.wait_for(format!("17\0{req_id}\0").as_bytes());
        (answer.bytes().len(), started.elapsed())
    }

    fn send(&mut self, request: &Request) {
        let bytes = frame::encode(request.encode(self.version).bytes());
        self.stream.write_all(&bytes).expect("the link is up");
    }

    fn wait_for(&mut self, wanted: &[u8]) -> RawFrame {
        loop {
            while let Some(frame) = self.decoder.next().expect("the other side sends frames") {
                if frame.bytes().starts_with(wanted) {
                    return frame;
                }
            }
            let n = self.stream.read(&mut self.chunk).expect("the answer comes in time");
            assert!(n > 0, "the other side closed the link");
            self.decoder.push(&self.chunk[..n]);
        }
    }
}
