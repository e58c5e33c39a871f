//! What the gateway costs an order: from a bot's bytes to its acknowledgement, beside the same way without
//! a gateway and through a relay that understands nothing. All ways are taken in turn in one run, so that
//! a busy machine slows all of them; what counts are the ratios.
//!
//! `cargo bench -p plimsoll-runtime` runs it at full size, `cargo test` at a small one that proves that it
//! runs. Times are printed and never asserted.

#[path = "gateway/client.rs"]
mod client;
#[path = "gateway/relay.rs"]
mod relay;
#[path = "gateway/venue.rs"]
mod venue;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use plimsoll_runtime::{Gateway, Storage, config, link};

use client::Client;

const ACCOUNT: &str = "DU1111111";
/// Bytes that the journal writes for one order between its arrival and its release: the order, the
/// decision, and their frames of checksums and hashes.
const RECORD_BYTES: usize = 1400;
const FILE_BYTES: usize = 64 << 20;

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (warm_up, rounds) = if is_bench { (500, 5_000) } else { (2, 10) };
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("gateway-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("the target folder is writable");
    let venue = venue::start(ACCOUNT);
    let mut ways = [
        Way::new("a direct", venue),
        Way::new("b bare byte relay, same runtime", start_relay(venue)),
        Way::new("c gateway, journal in memory", start_gateway(venue, &dir, Storage::Memory)),
        Way::new("d gateway, journal on disk", start_gateway(venue, &dir, Storage::Disk)),
    ];
    for way in &mut ways {
        way.client.settle();
    }
    let mut disk = Disk::new(&dir.join("raw"));
    for round in 0..warm_up + rounds {
        for way in &mut ways {
            let taken = way.client.round_trip();
            if round >= warm_up {
                way.taken.push(taken);
            }
        }
        disk.write(round, round >= warm_up);
    }
    report(rounds, &mut ways, &mut disk.taken);
    let orders: i32 = ways.iter().map(|way| way.client.next_id() - 1).sum();
    println!("{orders} orders, all acknowledged");
    std::fs::remove_dir_all(&dir).expect("our own folder can be removed");
}

/// One way from the bot to the venue.
struct Way {
    name: &'static str,
    client: Client,
    taken: Vec<Duration>,
}

impl Way {
    fn new(name: &'static str, address: SocketAddr) -> Self {
        Self { name, client: Client::start(address, 11, ACCOUNT), taken: Vec::new() }
    }
}

/// What the disk alone costs: a write into blocks that exist, and its sync.
struct Disk {
    file: File,
    record: Vec<u8>,
    taken: Vec<Duration>,
}

impl Disk {
    fn new(path: &Path) -> Self {
        let mut file =
            OpenOptions::new().write(true).create_new(true).open(path).expect("our own folder is writable");
        file.write_all(&vec![0; FILE_BYTES]).expect("64 MiB fit on the disk");
        file.sync_all().expect("the disk takes a sync");
        Self { file, record: vec![0x5A; RECORD_BYTES], taken: Vec::new() }
    }

    fn write(&mut self, round: usize, counts: bool) {
        let offset = (round * RECORD_BYTES) % (FILE_BYTES - RECORD_BYTES);
        let started = Instant::now();
        self.file.write_all_at(&self.record, offset as u64).expect("the disk takes a write");
        self.file.sync_data().expect("the disk takes a sync");
        if counts {
            self.taken.push(started.elapsed());
        }
    }
}

/// A thread with a runtime like the gateway's; the address comes back.
fn on_a_thread<F: Future<Output = ()>>(
    name: &str,
    serve: impl FnOnce(std::sync::mpsc::Sender<SocketAddr>) -> F + Send + 'static,
) -> SocketAddr {
    let (sender, receiver) = channel();
    let thread = std::thread::Builder::new().name(name.into()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime starts").block_on(serve(sender));
    });
    thread.expect("a thread starts");
    receiver.recv().expect("the server starts")
}

fn start_relay(venue: SocketAddr) -> SocketAddr {
    on_a_thread("relay", move |address| async move {
        let bound = link::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a loopback port is free");
        let near = bound.address();
        // Told only once it listens: whoever knows the address connects at once.
        let listener = bound.listen().expect("a bound socket listens");
        let _ = address.send(near);
        relay::run(listener, venue).await;
    })
}

fn start_gateway(venue: SocketAddr, dir: &Path, storage: Storage) -> SocketAddr {
    let text = format!(
        r#"[plimsoll]
state_dir = "{}"
mode = "enforce"
[[venue]]
name = "ib"
kind = "ibkr"
environment = "sim"
upstream = "{venue}"
client_id = 900
accounts = ["{ACCOUNT}"]
[[bot]]
name = "trend"
venue = "ib"
listen = "127.0.0.1:0"
client_ids = [11]
accounts = ["{ACCOUNT}"]
instruments = ["SPY"]
stale_after = "1d"
max_order_notional = "25000 USD"
max_position_notional = "100000 USD"
max_orders_per_minute = 10000000
price_collar = "3%"
max_order_qty = 1000
duplicate_window = "0s"
"#,
        dir.join("state").display()
    );
    on_a_thread(&format!("{storage:?}"), move |address| async move {
        let loaded = config::parse("bench.toml", &text).expect("the configuration is valid");
        let mut gateway = Gateway::start(loaded, storage).await.expect("the gateway starts");
        assert!(gateway.ready().await, "the gateway ended before it was ready");
        let _ = address.send(gateway.addresses().bots[0].1);
        gateway.ended().await.expect("the gateway lives as long as the bench");
    })
}

fn report(rounds: usize, ways: &mut [Way; 4], disk: &mut [Duration]) {
    println!("place order -> acknowledgement, {rounds} rounds in turn, microseconds");
    println!("{:<36}{:>10}{:>10}", "", "p50", "p99");
    let mut p50 = Vec::new();
    for way in ways {
        p50.push(line(way.name, &mut way.taken));
    }
    let raw = line("e write and fdatasync of 1400 bytes", disk);
    println!(
        "c/b at p50 {}   d-c {} us, e {} us",
        ratio(p50[2], p50[1]),
        micros(p50[3].saturating_sub(p50[2])),
        micros(raw)
    );
}

fn line(name: &str, taken: &mut [Duration]) -> Duration {
    taken.sort();
    let at = |percent: usize| taken[(taken.len() - 1) * percent / 100];
    println!("{name:<36}{:>10}{:>10}", micros(at(50)), micros(at(99)));
    at(50)
}

/// One decimal, without floats.
fn micros(span: Duration) -> String {
    let tenths = span.as_nanos() / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn ratio(a: Duration, b: Duration) -> String {
    let hundredths = a.as_nanos() * 100 / b.as_nanos().max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
