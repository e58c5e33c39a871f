//! What is told of many days: what was broken and how to see it again, and what happened at all.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use jiff::SignedDuration;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::invariants::{Violation, sometimes};
use super::plan::civil;
use crate::cli::Scenario;

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
    /// It was played a second time.
    pub(super) is_repeated: bool,
}

/// How long all of it took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Took {
    pub(super) wall: Duration,
    pub(super) threads: usize,
}

/// All days of a run.
#[derive(Debug)]
pub(super) struct Report {
    days: Vec<Day>,
    first: Option<u64>,
    took: Option<Took>,
    counts: BTreeMap<&'static str, u64>,
}

impl Report {
    /// Of one day.
    pub(super) fn of_plan(day: Day) -> Self {
        Self { counts: day.counts.clone(), days: vec![day], first: None, took: None }
    }

    /// Of many.
    pub(super) fn of_days(scenario: Scenario, first: u64, days: Vec<Day>, took: Took) -> Self {
        let mut counts: BTreeMap<&'static str, u64> =
            sometimes(scenario).into_iter().map(|what| (what, 0)).collect();
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
            let is_hours = day.plan.lines().any(|line| line.starts_with("hours "));
            let of = if is_hours { " --scenario hours" } else { "" };
            let _ = writeln!(
                text,
                "  see it again: plimsoll simulate{of} --seed {} --days 1 --trace\n",
                day.seed
            );
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
            let _ = write!(text, "\n{}", self.range(first, took));
        }
        text
    }

    /// Which seeds these were, how fast, and where the next campaign goes on.
    fn range(&self, first: u64, took: Took) -> String {
        let count = u64::try_from(self.days.len()).unwrap_or(u64::MAX);
        let next = first.wrapping_add(count);
        let twice = self.days.iter().filter(|day| day.is_repeated).count();
        // A day that was played twice was simulated twice.
        let millis = |day: &Day| day.simulated.as_millis() * if day.is_repeated { 2 } else { 1 };
        let hours = Decimal::from(self.days.iter().map(millis).sum::<i128>()) / Decimal::from(3_600_000);
        let wall = Decimal::from(took.wall.as_millis().max(1)) / Decimal::from(1000);
        let threads = took.threads;
        let pace = hours / wall / Decimal::from(threads);
        format!(
            "seeds {first} to {}, {twice} of them played twice and the same; {hours:.1} simulated hours in {:.1?}, \
             {pace:.1} a second and core ({threads} used); go on with --seed {next}",
            next.wrapping_sub(1),
            took.wall,
        )
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
            "next_seed": self.first.map(|first| first.wrapping_add(u64::try_from(self.days.len()).unwrap_or(u64::MAX))),
        })
    }
}
