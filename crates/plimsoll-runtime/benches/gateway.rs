//! What the gateway costs an order: from a bot's bytes to its acknowledgement, beside the same way without
//! a gateway and through a relay that understands nothing. All ways are taken in turn in one run, so that
//! a busy machine slows all of them; what counts are the ratios.
//!
//! `cargo bench -p plimsoll-runtime` runs it at full size, `cargo test` at a small one that proves that it
//! runs. Times are printed and never asserted.

#[path = "gateway/client.rs"]
mod client;
#[path = "gateway/setup.rs"]
mod setup;
#[path = "gateway/venue.rs"]
mod venue;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use plimsoll_runtime::Storage;

use client::Client;
use setup::{start_gateway, start_relay};

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
        Way::new("c gateway, journal in memory", start_gateway(venue, ACCOUNT, &dir, Storage::Memory)),
        Way::new("d gateway, journal on disk", start_gateway(venue, ACCOUNT, &dir, Storage::Disk)),
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
