//! What it costs to explain a year of fifty jobs, and to ask a schedule whether something is due.
//!
//! `cargo bench -p plimsoll-core --bench schedule` runs it at full size, `cargo test` at a small one that proves that it
//! runs. Times are printed and never asserted.

#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a benchmark reads the clock")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use jiff::civil::{Time, date};
use plimsoll_calendar::{AnchorKind, Calendar, Listing, Policy};
use plimsoll_core::schedule::{Calendars, HalfDays, Missed, Place, Planned, Sessions, Timing, When, explain};

/// Jobs of the fleet.
const JOBS: usize = 50;

/// One in five is a civil time, one in five an anchor of London, the others anchors of New York.
fn job(n: usize) -> Planned {
    let place = |calendar: &str| Place {
        calendar: calendar.into(),
        listing: Listing::of_calendar(calendar).unwrap_or(Listing::Unknown),
    };
    let offset = SignedDuration::from_secs(-1 - i64::try_from(n).expect("a small number"));
    let at = match n % 5 {
        0 => When::Civil {
            time: Time::constant(9, 45, 0, 0),
            zone: plimsoll_calendar::zone("Europe/London").expect("a zone of the database"),
        },
        1 => When::Anchor { place: Some(place("XLON")), kind: AnchorKind::Close, offset },
        2 => When::Anchor { place: None, kind: AnchorKind::Close, offset },
        _ => When::Anchor { place: None, kind: AnchorKind::MocEntry, offset },
    };
    Planned {
        name: format!("job-{n}").into(),
        bot: None,
        does: "command".into(),
        timing: Timing {
            place: place("XNYS"),
            at,
            until: None,
            half_days: HalfDays::Run,
            policy: Policy::COMPATIBLE,
            missed: Missed::Alert,
        },
    }
}

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (rounds, days) = if is_bench { (50, 366) } else { (1, 30) };
    let jobs: Vec<Planned> = (0..JOBS).map(job).collect();
    let from = date(2026, 1, 1);

    println!("{:<60}{:>10}{:>10}", "milliseconds", "least", "p50");
    print("the sessions of one such year by the rules (the reference)", rounds, || {
        let calendar = Calendar::us_equities();
        calendar.sessions(from, date(2026, 12, 31)).expect("in range").map(|day| day.open().as_second()).sum()
    });
    print(&format!("{days} days of {JOBS} jobs explained"), rounds, || {
        let calendars = Calendars::of(jobs.iter().map(|job| &job.timing), &[]);
        i64::try_from(explain(&jobs, &calendars, from, days).len()).expect("a small number")
    });
    print(&format!("{JOBS} jobs held against two years of sessions"), rounds, || {
        let calendars = Calendars::of(jobs.iter().map(|job| &job.timing), &[]);
        let mut sessions = Sessions::default();
        let found =
            jobs.iter().map(|job| sessions.findings(&job.timing, true, &calendars).len()).sum::<usize>();
        i64::try_from(found).expect("a small number")
    });
}

fn print(name: &str, rounds: usize, act: impl Fn() -> i64) {
    let mut taken: Vec<Duration> = (0..rounds)
        .map(|_| {
            let started = Instant::now();
            black_box(act());
            started.elapsed()
        })
        .collect();
    taken.sort_unstable();
    let millis = |at: usize| format!("{}.{:03}", taken[at].as_millis(), taken[at].as_micros() % 1_000);
    println!("{name:<60}{:>10}{:>10}", millis(0), millis(taken.len() / 2));
}
