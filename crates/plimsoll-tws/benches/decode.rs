//! What it costs to read frames: an order into its type, the same into a guard's words, a price and an
//! order's status, beside what the bytes alone cost: copying them, and finding the ends of their fields.
//! All are taken in turn in one run, so that a busy machine slows all of them.
//!
//! `cargo bench -p plimsoll-tws` runs it at full size, `cargo test` at a small one that proves that it runs.
//! Times are printed and never asserted.

#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a benchmark reads the clock")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use plimsoll_model::Request as Meaning;
use plimsoll_tws::{RawFrame, Request, Response, ServerVersion, translate};

const VERSION: ServerVersion = ServerVersion::MAX;

/// A limit order as the official client of 2026 spells it: 119 fields, because the adviser's profile is gone.
const ORDER: &str = "3|41|320227571|QQQ|STK|||||SMART|NASDAQ|USD|||||BUY|30|LMT|480.10||DAY||DU7654321||0|mine|1|0|0|0|0|0|0|0||0|||||||0||-1|0|||0|||0|0||0||||||0|||||0|||||||||||0|||0|0|||0||0|0|0|0||1.7976931348623157e+308|1.7976931348623157e+308|1.7976931348623157e+308|1.7976931348623157e+308|1.7976931348623157e+308|0||||1.7976931348623157e+308|||||0|0|0||2147483647|2147483647|0||||0|0|2147483647|0|";
const PRICE: &str = "1|6|1001|4|255.45|200|0|";
const STATUS: &str = "3|379|Submitted|40|60|292.18|9000000379|0|292.18|1||0|";

/// Decodes between two looks at the clock, which itself costs some tens of nanoseconds.
const BATCH: u32 = 200;

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (warm_up, rounds) = if is_bench { (200, 2_000) } else { (1, 5) };
    let [order, price, status] = [ORDER, PRICE, STATUS].map(frame);
    assert_eq!(ends(order.bytes()), 119, "the order is whole");
    let mut ways = ways(&order, &price, &status);
    for round in 0..warm_up + rounds {
        for way in &mut ways {
            let started = Instant::now();
            for _ in 0..BATCH {
                (way.act)();
            }
            if round >= warm_up {
                way.taken.push(started.elapsed());
            }
        }
    }
    println!("{rounds} rounds of {BATCH} in turn, nanoseconds each");
    println!("{:<44}{:>10}{:>10}{:>10}", "", "least", "p50", "p99");
    for way in &mut ways {
        way.print();
    }
}

/// One thing that is done with a frame.
struct Way<'a> {
    name: String,
    act: Box<dyn Fn() + 'a>,
    taken: Vec<Duration>,
}

fn ways<'a>(order: &'a RawFrame, price: &'a RawFrame, status: &'a RawFrame) -> Vec<Way<'a>> {
    fn way<'a, T>(name: &str, frame: &'a RawFrame, act: impl Fn(&RawFrame) -> T + 'a) -> Way<'a> {
        let name = format!("{name}, {} bytes", frame.bytes().len());
        let act = Box::new(move || {
            black_box(act(black_box(frame)));
        });
        Way { name, act, taken: Vec::new() }
    }
    let request = |frame: &RawFrame| Request::decode(VERSION, frame).expect("the order can be read");
    let response = |frame: &RawFrame| Response::decode(VERSION, frame).expect("the answer can be read");
    vec![
        way("placeOrder: copy", order, |frame| frame.bytes().to_vec()),
        way("placeOrder: count the ends of fields", order, |frame| ends(frame.bytes())),
        way("placeOrder: into the typed order", order, request),
        way("placeOrder: into a guard's words", order, |frame| {
            let meaning = translate::request(VERSION, frame);
            assert!(matches!(meaning, Meaning::Order(_)), "the order means one");
            meaning
        }),
        way("tickPrice: copy", price, |frame| frame.bytes().to_vec()),
        way("tickPrice: into its type", price, response),
        way("orderStatus: copy", status, |frame| frame.bytes().to_vec()),
        way("orderStatus: into its type", status, response),
    ]
}

impl Way<'_> {
    fn print(&mut self) {
        self.taken.sort_unstable();
        let at = |percent: usize| self.taken[(self.taken.len() - 1) * percent / 100] / BATCH;
        let [least, p50, p99] = [0, 50, 99].map(|percent| at(percent).as_nanos());
        println!("{:<44}{least:>10}{p50:>10}{p99:>10}", self.name);
    }
}

fn frame(text: &str) -> RawFrame {
    RawFrame::new(text.replace('|', "\0").into_bytes().into())
}

/// How many fields end in these bytes.
fn ends(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == 0).count() - 1
}
