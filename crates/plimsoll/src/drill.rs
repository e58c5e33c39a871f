//! `plimsoll drill`: a pitfall against the real gateway and the real simulator, in virtual time, with a verdict.
//!
//! Owns what is listed and run, and the exit code. The form of a file is in [`read`], playing it in [`play`].

pub(crate) mod host;
mod judge;
mod library;
mod list;
mod night;
mod play;
mod read;
mod report;
pub(crate) mod script;
mod settings;
mod words;

#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::anyhow;
use serde_json::json;

use crate::cli::{Drill as Options, RunDrill};
use crate::commands::Outcome;
use crate::exit::{Exit, Failure};
use crate::output;
use library::LIBRARY;
use report::Report;
use script::Drill;

/// The file's ending.
const ENDING: &str = "drill";

pub(crate) fn run(what: &Options) -> Outcome {
    match what {
        Options::List { json } => list(*json),
        Options::Run(options) => run_some(options),
    }
}

fn list(json: bool) -> Outcome {
    let drills = all()?;
    if json {
        let rows = drills.iter().map(|drill| {
            json!({
                "name": drill.name,
                "title": drill.title,
                "pitfall": drill.pitfall,
                "guard": drill.guard.map(plimsoll_core::GuardId::as_str),
                "shows": drill.shows,
            })
        });
        output::json(&json!({ "v": 1, "drills": rows.collect::<Vec<_>>() }))?;
    } else {
        output::line(&list::text(&drills))?;
    }
    Ok(Exit::Good)
}

fn run_some(options: &RunDrill) -> Outcome {
    let drills = match &options.name {
        _ if options.all => all()?,
        Some(name) => vec![named(name)?],
        None => {
            return Err(usage("no drill is named; write a name of `plimsoll drill list`, a file, or --all"));
        }
    };
    let width = drills.iter().map(|drill| drill.name.chars().count()).max().unwrap_or(0);
    let mut failed = 0;
    let mut documents = Vec::new();
    for drill in &drills {
        let without = if options.straight { play::Without::Gateway } else { play::Without::Nothing };
        let played = play::play(drill, without)?;
        let report = Report::new(drill, &played, judge::judge(drill, &played));
        failed += usize::from(!report.has_passed());
        match (options.json, options.all) {
            (true, _) => documents.push(report.json()),
            (false, true) => output::line(&report.short(width))?,
            (false, false) => output::line(&report.long())?,
        }
    }
    let passed = drills.len() - failed;
    if options.json {
        output::json(&json!({ "v": 1, "passed": passed, "failed": failed, "drills": documents }))?;
    } else if options.all {
        output::line(&format!("{passed} of {} drills passed", drills.len()))?;
    }
    Ok(if failed == 0 { Exit::Good } else { Exit::No })
}

/// All that come with Plimsoll.
fn all() -> Result<Vec<Drill>, Failure> {
    let read = |(name, text): &(&str, &str)| {
        read::read(name, &format!("drills/{name}.{ENDING}"), text)
            .map_err(|problems| Failure::new(Exit::Internal, problems))
    };
    LIBRARY.iter().map(read).collect()
}

/// One that comes with Plimsoll, or a file.
fn named(name: &str) -> Result<Drill, Failure> {
    if let Some((_, text)) = LIBRARY.iter().find(|(known, _)| *known == name) {
        return read::read(name, name, text).map_err(|problems| Failure::new(Exit::Internal, problems));
    }
    let path = Path::new(name);
    if path.extension().is_none_or(|ending| ending != ENDING) {
        return Err(usage(&format!(
            "no drill is called `{name}`; `plimsoll drill list` names them, and a file of your own ends in .{ENDING}"
        )));
    }
    let text =
        std::fs::read_to_string(path).map_err(|error| usage(&format!("{name}: {error}; nothing was run")))?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    read::read(&stem, name, &text).map_err(|problems| Failure::new(Exit::Usage, problems))
}

/// Plays a script in a state directory that stays; the venue's own truth at its end.
#[cfg(test)]
pub(crate) fn played_in(dir: &Path, text: &str) -> serde_json::Value {
    let drill = read::read("day", "day.drill", text).unwrap_or_else(|problems| panic!("{problems}"));
    let Ok(mut played) = play::play_in(dir, &drill, play::Without::Nothing) else {
        panic!("the day was not played")
    };
    played.scenes.pop().expect("a drill has an end").venue
}

fn usage(text: &str) -> Failure {
    Failure::new(Exit::Usage, anyhow!("{text}"))
}
