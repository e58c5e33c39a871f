//! What it costs to ask a calendar: the next cutoff, a whole session by its rules, and the export of thirty
//! years of a venue with breaks and one by rule, beside what formatting that much text alone costs.
//!
//! `cargo bench -p plimsoll-calendar` runs it at full size, `cargo test` at a small one that proves that it runs.
//! Times are printed and never asserted.

#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a benchmark reads the clock")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use plimsoll_calendar::{AnchorKind, Calendar, Listing, export_row};

/// Questions between two looks at the clock.
const BATCH: u32 = 1_000;

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (questions, exports) = if is_bench { (2_000, 20) } else { (2, 1) };
    let years = if is_bench { 1997..=2026 } else { 2026..=2026 };
    let (from, through) = (date(*years.start(), 1, 1), date(*years.end(), 12, 31));

    let us = Calendar::us_equities();
    let index = us.index(AnchorKind::MocEntry, Listing::Arca, from, through).expect("in range");
    let mut instant: Timestamp = "2026-01-02T00:00:00Z".parse().expect("an instant");
    let mut each = |name: &str, act: &mut dyn FnMut(Timestamp)| {
        let mut taken: Vec<_> = (0..questions)
            .map(|_| {
                let started = Instant::now();
                for _ in 0..BATCH {
                    // Steps of seven hours and a bit, so that no two questions are alike; back in time for the
                    // end of the year.
                    instant += SignedDuration::from_secs(25_391);
                    if instant.as_second() > 1_798_000_000 {
                        instant = "2026-01-02T00:00:00Z".parse().expect("an instant");
                    }
                    act(black_box(instant));
                }
                started.elapsed() / BATCH
            })
            .collect();
        print(name, &mut taken, "ns", Duration::as_nanos);
    };
    println!("{:<52}{:>10}{:>10}{:>10}", "", "least", "p50", "p99");
    each("the walk through the instants alone (the reference)", &mut |at| {
        black_box(at);
    });
    each("next cutoff, from an index of all years", &mut |at| {
        black_box(index.next(at).is_ok());
    });
    each("state of the session, by the rules", &mut |at| {
        black_box(us.session_state(at).is_ok());
    });

    for name in ["XNYS", "XLON", "XTKS", "CMEGLOBEX_EQ"] {
        let calendar = Calendar::named(name).expect("a name of the table");
        let from = from.max(calendar.valid_from());
        let through = through.min(calendar.valid_through());
        let mut taken: Vec<_> = (0..exports)
            .map(|_| {
                let started = Instant::now();
                let days = calendar.sessions(from, through).expect("in range");
                let bytes: usize = days.map(|day| export_row(&day).len()).sum();
                black_box(bytes);
                started.elapsed()
            })
            .collect();
        print(&format!("export of {name}, {from} to {through}"), &mut taken, "us", Duration::as_micros);
    }
}

fn print(name: &str, taken: &mut [Duration], unit: &str, number: fn(&Duration) -> u128) {
    taken.sort_unstable();
    let at = |percent: usize| number(&taken[(taken.len() - 1) * percent / 100]);
    println!("{name:<52}{:>10}{:>10}{:>10} {unit}", at(0), at(50), at(99));
}
