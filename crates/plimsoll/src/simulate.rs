//! `plimsoll simulate`: gateway, venue and bots in one world of virtual time, with everything going wrong, day after day.
//!
//! The bridge, the codec with its bytes, the journal and the strict venue are the real ones; sockets, threads and clocks
//! are not there. A day follows from its seed: it is drawn as a [plan](plan), played in a [world](world), and judged by
//! the venue's [own books](invariants).
//!
//! Owns the days, the threads that share them, and the exit code.

mod config;
mod disk;
mod gateway;
mod invariants;
mod plan;
mod planted;
mod random;
mod report;
mod shrink;
mod trace;
mod venue;
mod world;

#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::anyhow;

use crate::cli::{Scenario, Simulate as Options};
use crate::commands::Outcome;
use crate::exit::{Exit, Failure};
use crate::output;
use invariants::Verdict;
use plan::Plan;
use planted::Planted;
use report::{Day, Report};
use trace::Trace;
use world::World;

/// A thousand days that go wrong are told like ten.
const BAD_DAYS_MAX: usize = 10;

pub(crate) fn run(options: &Options) -> Outcome {
    let one = match &options.plan {
        Some(path) => Some(read(path)?),
        None => (options.days == 1).then(|| draw(options.scenario, options.seed)),
    };
    if let Some(plan) = one {
        return one_day(options, plan);
    }
    if options.trace || options.shrink {
        let text = "this is for one day; add `--days 1` and the day's seed, or `--plan FILE`";
        return Err(Failure::new(Exit::Usage, anyhow!(text)));
    }
    let begun = Instant::now();
    let (first, days) = (options.seed, options.days);
    let threads = options.threads.or_else(|| std::thread::available_parallelism().ok());
    let days = all(first, days, threads.map_or(1, NonZeroUsize::get), |seed| {
        play(&draw(options.scenario, seed), Planted::Nothing, Trace::silent()).map(|(day, _)| day)
    })?;
    tell(options, &Report::of_days(first, days, begun.elapsed()), Trace::silent())
}

/// One day, made smaller first where that is asked for.
fn one_day(options: &Options, mut plan: Plan) -> Outcome {
    if options.shrink {
        let (day, _) = play(&plan, Planted::Nothing, Trace::silent())?;
        if let Some(first) = day.violations.first() {
            plan = smaller(&plan, first.id, Planted::Nothing);
        }
    }
    let trace = if options.trace { Trace::told() } else { Trace::silent() };
    let (day, trace) = play(&plan, Planted::Nothing, trace)?;
    if options.trace {
        output::line(&plan.to_string())?;
    }
    tell(options, &Report::of_plan(day), trace)
}

/// A smaller plan that breaks the same.
fn smaller(plan: &Plan, id: &str, planted: Planted) -> Plan {
    shrink::shrink(plan, |plan| {
        let played = play(plan, planted, Trace::silent());
        played.is_ok_and(|(day, _)| day.violations.iter().any(|violation| violation.id == id))
    })
}

/// Plays these days on so many threads; each day has one thread, and the result does not depend on how many there are.
fn all(
    first: u64,
    count: u64,
    threads: usize,
    play: impl Fn(u64) -> Result<Day, Failure> + Sync,
) -> Result<Vec<Day>, Failure> {
    let next = AtomicU64::new(0);
    let days = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        return;
                    }
                    let day = play(first.wrapping_add(index));
                    days.lock().expect("a thread that panics ends the run").push((index, day));
                }
            });
        }
    });
    let mut days = days.into_inner().expect("a thread that panics ends the run");
    days.sort_by_key(|(index, _)| *index);
    days.into_iter().map(|(_, day)| day).collect()
}

fn draw(scenario: Scenario, seed: u64) -> Plan {
    match scenario {
        Scenario::Closing => plan::closing(seed),
    }
}

/// One day.
fn play(plan: &Plan, planted: Planted, trace: Trace) -> Result<(Day, Trace), Failure> {
    let world = World::new(plan, planted, trace).map_err(|why| Failure::new(Exit::Usage, anyhow!(why)))?;
    let (verdict, trace) = world.run();
    let Verdict { violations, counts, events } = verdict;
    let simulated = plan.to().duration_since(plan.from());
    let text = if violations.is_empty() { String::new() } else { plan.to_string() };
    Ok((
        Day { seed: plan.seed, plan: text, violations, counts, events, simulated, hash: trace.hash() },
        trace,
    ))
}

fn read(path: &Path) -> Result<Plan, Failure> {
    let usage = |why: String| Failure::new(Exit::Usage, anyhow!("{}: {why}", path.display()));
    let text =
        std::fs::read_to_string(path).map_err(|error| usage(format!("{error}; nothing was played")))?;
    plan::read(&text).map_err(usage)
}

fn tell(options: &Options, report: &Report, trace: Trace) -> Outcome {
    for line in trace.into_lines() {
        output::line(&line)?;
    }
    if options.json {
        output::json(&report.json())?;
    } else {
        output::line(report.text(BAD_DAYS_MAX).trim_end())?;
    }
    Ok(if report.has_passed() { Exit::Good } else { Exit::No })
}
