//! What a decision costs: an order through intake, all guards, book and outbox, and its second judgement when
//! the disk has it, in a fleet with a day's history. No wire format, no socket and no disk is in it.
//!
//! `cargo bench -p plimsoll-core` runs it at full size, `cargo test` at a small one that proves that it runs.
//! Times are printed and never asserted; what counts is the ratio to a walk over a map of the open orders,
//! which no decision should need.

#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a benchmark reads the clock")]

#[path = "guards/fleet.rs"]
mod fleet;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use fleet::{Fleet, Size};

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    if is_bench {
        let day = Size { bots: 10, instruments: 50, finished: 1_500, open: 500, executions: 10_000 };
        run(&day, 500, 20_000);
        run(&Size { finished: 15_000, open: 5_000, executions: 100_000, ..day }, 500, 5_000);
    } else {
        run(&Size { bots: 2, instruments: 4, finished: 12, open: 8, executions: 40 }, 2, 20);
    }
}

/// What was measured of one kind of event.
struct Taken {
    name: &'static str,
    all: Vec<Duration>,
}

fn run(size: &Size, warm_up: usize, rounds: usize) {
    let mut fleet = Fleet::start(size);
    let mut taken = ["first judgement", "second judgement", "both", "quote", "status of an order"]
        .map(|name| Taken { name, all: Vec::with_capacity(rounds) });
    let walked: BTreeMap<usize, usize> = (0..size.open).map(|key| (key, key)).collect();
    let mut walks = Taken { name: "walk over a map of the open orders", all: Vec::with_capacity(rounds) };
    for round in 0..warm_up + rounds {
        let quote = fleet.quote(round);
        let quoted = timed(|| fleet.feed(quote));
        let (order, id) = fleet.next_order(round);
        let judged = timed(|| fleet.feed(order));
        let flushed = fleet.flushed();
        let released = timed(|| fleet.feed(flushed));
        fleet.assert_sent();
        let canceled = fleet.canceled(round, id);
        let noted = timed(|| fleet.feed(canceled));
        let walk = timed(|| black_box(walked.values().sum::<usize>()));
        if round >= warm_up {
            let all = [judged, released, judged + released, quoted, noted];
            taken.iter_mut().zip(all).for_each(|(kind, span)| kind.all.push(span));
            walks.all.push(walk);
        }
    }
    println!(
        "{} bots, {} instruments, {} orders of which {} open, {} executions; {rounds} rounds, microseconds",
        size.bots,
        size.instruments,
        size.finished + size.open,
        size.open,
        size.executions
    );
    println!("{:<38}{:>9}{:>9}{:>9}{:>18}", "", "p50", "p99", "p99.9", "p50 in walks");
    let walk = report(&mut walks, None);
    for kind in &mut taken {
        report(kind, Some(walk));
    }
}

fn timed<T>(what: impl FnOnce() -> T) -> Duration {
    let started = Instant::now();
    black_box(what());
    started.elapsed()
}

fn report(kind: &mut Taken, walk: Option<Duration>) -> Duration {
    kind.all.sort();
    let at = |per_mille: usize| kind.all[(kind.all.len() - 1) * per_mille / 1000];
    let walks = walk.map_or_else(String::new, |walk| ratio(at(500), walk));
    println!(
        "{:<38}{:>9}{:>9}{:>9}{walks:>18}",
        kind.name,
        micros(at(500)),
        micros(at(990)),
        micros(at(999))
    );
    at(500)
}

/// Two decimals, without floats.
fn micros(span: Duration) -> String {
    format!("{}.{:02}", span.as_micros(), span.as_nanos() % 1_000 / 10)
}

fn ratio(a: Duration, b: Duration) -> String {
    let hundredths = a.as_nanos() * 100 / b.as_nanos().max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
