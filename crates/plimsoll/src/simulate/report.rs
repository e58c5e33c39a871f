//! What is told of many days: what was broken and how to see it again, and what happened at all.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::invariants::{SOMETIMES, Violation};
use super::plan::civil;

/// From so many days on each of the things that happen sometimes has to have happened.
const DAYS_FOR_ALL: usize = 500;

/// One day that was played.
#[derive(Debug)]
pub(super) struct Day {
    pub(super) seed: u64,
    /// Empty where nothing was broken.
    pub(super) plan: String,
    pub(super) violations: Vec<Violation>,
    pub(super) counts: BTreeMap<&'static str, u64>,
    pub(super) events: u64,
    pub(super) simulated: SignedDuration,
    pub(super) hash: u64,
}

/// All days of a run.
#[derive(Debug)]
pub(super) struct Report {
    days: Vec<Day>,
    first: Option<u64>,
    took: Option<Duration>,
    counts: BTreeMap<&'static str, u64>,
}

impl Report {
    /// Of one day.
    pub(super) fn of_plan(day: Day) -> Self {
        Self { counts: day.counts.clone(), days: vec![day], first: None, took: None }
    }

    /// Of many.
    pub(super) fn of_days(first: u64, days: Vec<Day>, took: Duration) -> Self {
        let mut counts: BTreeMap<&'static str, u64> = SOMETIMES.iter().map(|what| (*what, 0)).collect();
        for (what, count) in days.iter().flat_map(|day| &day.counts) {
            *counts.entry(what).or_default() += count;
        }
        Self { days, first: Some(first), took: Some(took), counts }
    }

    pub(super) fn has_passed(&self) -> bool {
        self.bad().next().is_none() && self.missing().next().is_none()
    }

    fn bad(&self) -> impl Iterator<Item = &Day> {
        self.days.iter().filter(|day| !day.violations.is_empty())
    }

    /// What never happened and has to.
    fn missing(&self) -> impl Iterator<Item = &'static str> {
        let enough = self.days.len() >= DAYS_FOR_ALL;
        self.counts.iter().filter(move |(_, count)| enough && **count == 0).map(|(what, _)| *what)
    }

    /// One number for everything that was on any connection.
    fn hash(&self) -> u64 {
        self.days.iter().fold(0, |hash, day| (hash ^ day.hash).wrapping_mul(0x0100_0000_01B3).rotate_left(17))
    }

    /// For people; at most so many days that went wrong.
    pub(super) fn text(&self, bad_max: usize) -> String {
        let mut text = String::new();
        for day in self.bad().take(bad_max) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "seed {}", day.seed);
            for Violation { id, at, text: what } in &day.violations {
                let _ = writeln!(text, "  {id} {} {what}", civil(*at));
            }
            let _ = writeln!(text, "  the plan:");
            for line in day.plan.lines() {
                let _ = writeln!(text, "    {line}");
            }
            let _ =
                writeln!(text, "  see it again: plimsoll simulate --seed {} --days 1 --trace\n", day.seed);
        }
        let more = self.bad().count().saturating_sub(bad_max);
        if more > 0 {
            let _ = writeln!(text, "… and {more} days more\n");
        }
        for (what, count) in &self.counts {
            let _ = writeln!(text, "{count:>8}  {what}");
        }
        for what in self.missing() {
            let _ = writeln!(text, "never: {what}; so these days prove nothing about it");
        }
        let _ = writeln!(text, "{}", self.last_line());
        text
    }

    fn last_line(&self) -> String {
        let bad = self.bad().count();
        let verdict = if bad == 0 { "no violation".to_owned() } else { format!("{bad} with a violation") };
        let events: u64 = self.days.iter().map(|day| day.events).sum();
        let days = self.days.len();
        let mut text = format!("{days} days, {verdict}; {events} events, trace {:016x}", self.hash());
        if let (Some(first), Some(took)) = (self.first, self.took) {
            let simulated: i128 = self.days.iter().map(|day| day.simulated.as_millis()).sum();
            let _ =
                write!(text, "; seeds from {first}, {} simulated minutes in {took:.1?}", simulated / 60_000);
        }
        text
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let violation = |row: &Violation| json!({ "id": row.id, "at": row.at.to_string(), "text": row.text });
        let bad = self.bad().map(|day| {
            json!({
                "seed": day.seed,
                "violations": day.violations.iter().map(violation).collect::<Vec<_>>(),
                "plan": day.plan,
            })
        });
        json!({
            "v": 1,
            "days": self.days.len(),
            "passed": self.has_passed(),
            "bad": bad.collect::<Vec<_>>(),
            "sometimes": self.counts,
            "never": self.missing().collect::<Vec<_>>(),
            "trace": format!("{:016x}", self.hash()),
        })
    }
}
