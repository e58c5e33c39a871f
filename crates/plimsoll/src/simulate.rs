//! `plimsoll simulate`: gateway, venue and bots in one world of virtual time, with everything going wrong, day after day.
//!
//! The bridge, the codec with its bytes, the journal and the strict venue are the real ones; sockets, threads and clocks
//! are not there. A day follows from its seed: it is drawn as a [plan](plan), played in a [world](world), and judged by
//! the venue's [own books](invariants).
//!
//! Owns the options, one day, and the exit code. Does not own how many days share how many threads (`campaign`).

mod campaign;
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
use std::time::{Duration, Instant};

use anyhow::anyhow;

use crate::cli::{Scenario, Simulate as Options};
use crate::commands::Outcome;
use crate::exit::{Exit, Failure};
use crate::output;
use campaign::{How, Tells, Until};
use invariants::{Verdict, Violation};
use plan::Plan;
use planted::Planted;
use report::{Day, Report, Took};
use trace::Trace;
use world::World;

/// A thousand days that go wrong are told like ten.
const BAD_DAYS_MAX: usize = 10;
/// One day in so many is played a second time and has to be the same.
const TWICE_EVERY: u64 = 16;

pub(crate) fn run(options: &Options) -> Outcome {
    let one = match &options.plan {
        Some(path) => Some(read(path)?),
        None => (until(options) == Until::Days(1)).then(|| draw(options.scenario, options.seed)),
    };
    if let Some(plan) = one {
        return one_day(options, plan);
    }
    if options.trace || options.shrink {
        let text = "this is for one day; add `--days 1` and the day's seed, or `--plan FILE`";
        return Err(Failure::new(Exit::Usage, anyhow!(text)));
    }
    let begun = Instant::now();
    let until = until(options);
    let threads = options.threads.or_else(|| std::thread::available_parallelism().ok());
    // A program reads the result alone.
    let tells = if options.json { Tells::Nothing } else { Tells::Progress };
    let how = How { threads: threads.map_or(1, NonZeroUsize::get), tells };
    let days = campaign::run(options.seed, until, how, |seed| {
        let plan = draw(options.scenario, seed);
        let (day, _) = play(&plan, Planted::Nothing, Trace::silent())?;
        let is_sample = options.twice || seed.is_multiple_of(TWICE_EVERY);
        if is_sample { again(day, &plan) } else { Ok(day) }
    })?;
    let took = Took { wall: begun.elapsed(), threads: how.threads };
    tell(options, &Report::of_days(options.scenario, options.seed, days, took), Trace::silent())
}

/// How long to go on.
fn until(options: &Options) -> Until {
    const MINUTE: u64 = 60;
    match (options.minutes, options.hours) {
        (Some(minutes), _) => Until::Passed(Duration::from_secs(minutes.get() * MINUTE)),
        (None, Some(hours)) => {
            let day = draw(options.scenario, options.seed);
            let minutes = day.to().duration_since(day.from()).as_mins().unsigned_abs().max(1);
            Until::Days((hours.get() * MINUTE).div_ceil(minutes))
        }
        (None, None) => Until::Days(options.days),
    }
}

/// Plays a day a second time and has it be the same.
fn again(mut day: Day, plan: &Plan) -> Result<Day, Failure> {
    let (second, _) = play(plan, Planted::Nothing, Trace::silent())?;
    day.is_repeated = true;
    if (second.hash, second.events) != (day.hash, day.events) {
        day.plan = plan.to_string();
        day.violations.push(Violation {
            id: "same",
            at: plan.from(),
            text: format!("played twice, the traces are {:016x} and {:016x}", day.hash, second.hash),
        });
    }
    Ok(day)
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

fn draw(scenario: Scenario, seed: u64) -> Plan {
    match scenario {
        Scenario::Closing => plan::closing(seed),
        Scenario::All if seed.is_multiple_of(2) => plan::closing(seed),
        Scenario::Hours | Scenario::All => plan::hours(seed),
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
        Day {
            seed: plan.seed,
            plan: text,
            violations,
            counts,
            events,
            simulated,
            hash: trace.hash(),
            is_repeated: false,
        },
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
