//! What the gateway costs a tick: market data from a venue's socket through framing, sorting, the lanes and the
//! backlog to a bot's socket, beside a relay that copies the same bytes and understands nothing. Each runs on a
//! thread of its own, whose time on the processor is taken: frames a second of one core, with the kernel's
//! work for the sockets.
//!
//! `cargo bench -p plimsoll-runtime --bench relay` runs it at full size, `cargo test` at a small one that
//! proves that it runs. Figures are printed and never asserted.

#[path = "relay/feed.rs"]
mod feed;
#[path = "gateway/setup.rs"]
mod setup;
#[path = "gateway/venue.rs"]
#[expect(dead_code, reason = "this venue always feeds")]
mod venue;

use std::path::Path;
use std::time::{Duration, Instant};

use plimsoll_runtime::Storage;

use feed::Reader;
use setup::{start_gateway, start_relay};

const ACCOUNT: &str = "DU1111111";

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (frames, rounds) = if is_bench { (20_000, 200) } else { (100, 2) };
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("relay-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("the target folder is writable");
    let feed = feed::ticks(frames);
    let venue = venue::start_feeding(ACCOUNT, feed.clone());
    let mut ways = [
        Way::new("bare byte relay", "relay", Reader::start(start_relay(venue))),
        Way::new("gateway", "Memory", Reader::start(start_gateway(venue, ACCOUNT, &dir, Storage::Memory))),
    ];
    for _ in 0..rounds {
        for way in &mut ways {
            way.pull(feed.len());
        }
    }
    println!("{rounds} times {frames} ticks of {} bytes in turn", feed.len() / frames);
    println!("{:<20}{:>16}{:>16}{:>14}", "", "a second of core", "a second", "ns a tick");
    for way in &ways {
        way.report(frames * rounds);
    }
    std::fs::remove_dir_all(&dir).expect("our own folder can be removed");
}

/// One way from the venue to the bot.
struct Way {
    name: &'static str,
    thread: &'static str,
    reader: Reader,
    wall: Duration,
    core: Duration,
}

impl Way {
    fn new(name: &'static str, thread: &'static str, reader: Reader) -> Self {
        Self { name, thread, reader, wall: Duration::ZERO, core: Duration::ZERO }
    }

    fn pull(&mut self, len: usize) {
        let (started, before) = (Instant::now(), on_core(self.thread));
        self.reader.pull(len);
        self.wall += started.elapsed();
        self.core += on_core(self.thread).saturating_sub(before);
    }

    fn report(&self, ticks: usize) {
        let ticks = ticks as u128;
        let a_second = |span: Duration| ticks * 1_000_000 / span.as_micros().max(1);
        println!(
            "{:<20}{:>16}{:>16}{:>14}",
            self.name,
            a_second(self.core),
            a_second(self.wall),
            self.core.as_nanos() / ticks
        );
    }
}

/// How long the thread of that name has run, by the kernel's own account; nothing where there is none.
fn on_core(name: &str) -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let read = |task: &Path, file| std::fs::read_to_string(task.join(file)).unwrap_or_default();
    let named = tasks.map(|task| task.path()).find(|task| read(task, "comm").trim() == name);
    let nanos = named.and_then(|task| read(&task, "schedstat").split_whitespace().next()?.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}
