//! Everything that must hold before a merge, in the order of cost: what fails fast comes first. Each step
//! says what it proves; a step whose means are absent fails, it is never skipped.
//!
//! `.ci/run` prepares the means (Python environments of the foreign clients) and calls this.

mod built;
mod child;
mod clients;
mod foreign;
mod licences;
mod simulate;
mod vectors;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use self::built::{FUZZ, RUST_CLIENTS, benches, cargo, cargo_alone, manifest, release_binary};
use self::child::{STEP_MAX, Scratch, finish, finish_with_output};
use self::foreign::{bots, with_each_client, with_one_client};
use crate::{tidy, tree};

const DEMO_MAX: Duration = Duration::from_mins(4);

/// Neighbours among the steps that do little but wait for venue time: they run at the same time.
const WAITING: &[&str] = &["departure", "history", "frozen"];

struct Step {
    name: &'static str,
    proves: &'static str,
    run: fn(&Path) -> Result<()>,
}

const STEPS: &[Step] = &[
    Step { name: "tidy", proves: "layers, fences, guard pages, links, words, sizes", run: tidy },
    Step {
        name: "licences",
        proves: "every dependency comes under a licence that deny.toml allows, and none is banned",
        run: licences::licences,
    },
    Step { name: "fmt", proves: "one layout of the code", run: fmt },
    Step { name: "clippy", proves: "no lint is left, pure crates stay pure", run: clippy },
    Step {
        name: "vectors",
        proves: "codec and calendar agree with recorded frames and official days",
        run: vectors::vectors,
    },
    Step {
        name: "forms",
        proves: "the codec's vectors of both wires are what the official client writes and reads",
        run: vectors::forms,
    },
    Step {
        name: "corpora",
        proves: "what the fuzzer ever reached or broke still keeps its property",
        run: vectors::corpora,
    },
    Step { name: "scripts", proves: "the foreign checks can say no", run: scripts },
    Step {
        name: "demo",
        proves: "the README's first command shows its day, twice the same, and replays",
        run: demo,
    },
    Step {
        name: "drills",
        proves: "each pitfall that has a drill meets its guard, twice the same",
        run: drills,
    },
    Step {
        name: "simulate",
        proves: "on closing days on which anything fails no close is doubled, late or crossed",
        run: simulate::simulate,
    },
    Step {
        name: "transcripts",
        proves: "foreign clients see the same straight and through",
        run: foreign::transcripts,
    },
    Step {
        name: "clients",
        proves: "so do clients of other languages and generations",
        run: clients::clients,
    },
    Step {
        name: "day",
        proves: "a whole trading program does its day with the venue's own books",
        run: clients::day,
    },
    Step {
        name: "guards",
        proves: "each denial reaches a foreign client's own log and error event",
        run: foreign::guards,
    },
    Step {
        name: "book",
        proves: "bots that share an account see their own orders and holdings only",
        run: foreign::book,
    },
    Step {
        name: "instruments",
        proves: "orders before the open and an exercise end alike for foreign clients, straight and through",
        run: foreign::instruments,
    },
    Step {
        name: "profiles",
        proves: "foreign clients meet the rules of a live account live, and not on paper",
        run: |root| with_each_client(root, "bots.paper"),
    },
    Step {
        name: "departure",
        proves: "a bot's orders stay in reach while it is away, and it comes back at once",
        run: foreign::departure,
    },
    Step {
        name: "history",
        proves: "five bots' requests for history keep the broker's rules, and none ends in silence",
        run: |root| with_one_client(root, "bots.history"),
    },
    Step {
        name: "frozen",
        proves: "no order leaves on frozen prices, and the order channel outlives every way in which they freeze",
        run: |root| with_each_client(root, "bots.frozen"),
    },
    Step {
        name: "clock",
        proves: "behind a host clock that is seconds wrong no on-close order is late, and none is refused early",
        run: foreign::host_clock,
    },
    Step { name: "hostile", proves: "malformed traffic ends its own link and nothing else", run: hostile },
    Step {
        name: "soak",
        proves: "ten bots at ten times normal load are unharmed by hostile clients, and memory is bounded",
        run: soak,
    },
    Step { name: "kill9", proves: "a killed gateway comes back with the venue's truth", run: kill9 },
    Step {
        name: "writes",
        proves: "a gateway killed at a write to its journal, or told that it failed, comes back with the venue's truth",
        run: writes,
    },
    Step { name: "bench", proves: "the benchmarks run (their numbers are not judged here)", run: bench },
];

/// Prints the steps.
pub(crate) fn list() {
    for step in STEPS {
        println!("{:<12} {}", step.name, step.proves);
    }
}

/// Runs the named steps, or all.
pub(crate) fn run(root: &Path, names: &[&str]) -> Result<()> {
    if let Some(unknown) = names.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        bail!("no step is called {unknown}; `cargo xtask ci --list` shows them");
    }
    let chosen: Vec<_> = STEPS.iter().filter(|step| names.is_empty() || names.contains(&step.name)).collect();
    let started = Instant::now();
    let waits = |step: &Step| WAITING.contains(&step.name);
    for together in chosen.chunk_by(|one, next| waits(one) && waits(next)) {
        std::thread::scope(|scope| {
            let runs: Vec<_> = together.iter().map(|step| scope.spawn(|| run_step(root, step))).collect();
            let panicked = || Err(anyhow::anyhow!("a step panicked"));
            runs.into_iter().try_for_each(|run| run.join().unwrap_or_else(|_| panicked()))
        })?;
    }
    println!("ci: all good after {} s", started.elapsed().as_secs());
    Ok(())
}

fn run_step(root: &Path, step: &Step) -> Result<()> {
    println!("ci: {}: {}", step.name, step.proves);
    let started = Instant::now();
    (step.run)(root).with_context(|| format!("step {}", step.name))?;
    println!("ci: {}: good after {} s", step.name, started.elapsed().as_secs());
    Ok(())
}

fn tidy(root: &Path) -> Result<()> {
    let findings = tidy::check(&tree::Tree::read(root)?);
    for finding in &findings {
        eprintln!("{finding}");
    }
    if findings.is_empty() { Ok(()) } else { bail!("{} finding(s)", findings.len()) }
}

fn fmt(root: &Path) -> Result<()> {
    finish(cargo(root, &["fmt", "--all", "--check"]), STEP_MAX)?;
    for folder in [RUST_CLIENTS, FUZZ] {
        finish(cargo(root, &["fmt", "--manifest-path", &manifest(folder), "--check"]), STEP_MAX)?;
    }
    Ok(())
}

fn clippy(root: &Path) -> Result<()> {
    finish(cargo(root, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]), STEP_MAX)?;
    let mut command = cargo_alone(root, FUZZ, "clippy");
    command.args(["--all-targets", "--", "-D", "warnings"]);
    finish(command, STEP_MAX)
}

fn scripts(root: &Path) -> Result<()> {
    let mut command = Command::new("python3");
    command.args(["-m", "unittest", "kill9.test_truth", "soak.test_flat"]);
    command.args(["bots.test_normalise", "bots.test_compare"]);
    command.args(["bots.test_named", "bots.test_told", "bots.test_day"]);
    command.current_dir(root.join("tests")).env("PYTHONDONTWRITEBYTECODE", "1");
    finish(command, STEP_MAX)?;
    finish(cargo_alone(root, RUST_CLIENTS, "test"), STEP_MAX)
}

/// The same seed gives the same day at any speed, and the journal of the day reproduces every decision.
fn demo(root: &Path) -> Result<()> {
    let plimsoll = release_binary(root)?;
    let mut days = Vec::new();
    for speed in ["210", "max"] {
        let home = Scratch::new(&format!("demo-{speed}"))?;
        let mut command = Command::new(&plimsoll);
        command.args(["demo", "--json", "--speed", speed, "--keep"]).arg(&home.path).stdout(Stdio::piped());
        days.push(finish_with_output(command, DEMO_MAX)?);
        let mut replay = Command::new(&plimsoll);
        replay.args(["journal", "replay"]).arg(home.path.join("state").join("journal"));
        finish(replay, DEMO_MAX).context("the demo's journal")?;
    }
    if days[0] != days[1] {
        bail!("the same seed gave two different days:\n{}\n{}", days[0], days[1]);
    }
    Ok(())
}

/// All of `drills/`, none of which the binary may have forgotten.
fn drills(root: &Path) -> Result<()> {
    let tree = tree::Tree::read(root)?;
    let count = tree.iter().filter(|(path, _)| path.starts_with("drills/")).count();
    if count == 0 {
        bail!("drills/ has no drill");
    }
    let plimsoll = release_binary(root)?;
    let run = || {
        let mut command = Command::new(&plimsoll);
        command.args(["drill", "run", "--all", "--json"]).stdout(Stdio::piped());
        finish_with_output(command, DEMO_MAX)
    };
    // At the same time: that they end alike must not hang on what else the machine does.
    let (first, second) = std::thread::scope(|scope| {
        let other = scope.spawn(run);
        let panicked = || Err(anyhow::anyhow!("a run panicked"));
        (run(), other.join().unwrap_or_else(|_| panicked()))
    });
    let (first, second) = (first?, second?);
    if first != second {
        bail!("the same drills ended in two ways:\n{first}\n{second}");
    }
    if !first.contains(&format!("\"failed\":0,\"passed\":{count},")) {
        bail!("{count} files in drills/, and not as many were run and passed:\n{first}");
    }
    Ok(())
}

fn hostile(root: &Path) -> Result<()> {
    let plimsoll = release_binary(root)?;
    let mut command = bots(root, Path::new("python3"), "bots.hostile");
    command.arg("--plimsoll").arg(plimsoll);
    finish(command, STEP_MAX)
}

/// A minute of it; ten are run by hand (docs/performance.md).
fn soak(root: &Path) -> Result<()> {
    let plimsoll = release_binary(root)?;
    let mut command = bots(root, Path::new("python3"), "soak.run");
    command.args(["--minutes", "1", "--plimsoll"]).arg(plimsoll);
    finish(command, STEP_MAX)
}

fn kill9(root: &Path) -> Result<()> {
    let plimsoll = release_binary(root)?;
    let mut command = bots(root, Path::new("python3"), "kill9.run");
    command.arg("--plimsoll").arg(plimsoll);
    finish(command, STEP_MAX)
}

/// A spread selection of the writes; every one of them is run by hand (`--full`).
fn writes(root: &Path) -> Result<()> {
    let plimsoll = release_binary(root)?;
    let mut command = bots(root, Path::new("python3"), "kill9.writes");
    command.arg("--plimsoll").arg(plimsoll);
    finish(command, STEP_MAX)
}

fn bench(root: &Path) -> Result<()> {
    let benches = benches(root)?;
    if benches.is_empty() {
        bail!("no crates/*/benches/*.rs; the gateway's round trip has to have its benchmark");
    }
    for (package, bench) in benches {
        let mut command = cargo(root, &["bench", "--package", &package, "--bench", &bench]);
        command.env("PLIMSOLL_BENCH_SMALL", "1");
        finish(command, STEP_MAX).with_context(|| format!("benchmark {bench} of {package}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_nobody_knows_is_not_passed_over() {
        let error = run(Path::new("/"), &["tidy", "tidyy"]).unwrap_err();
        assert_eq!(error.to_string(), "no step is called tidyy; `cargo xtask ci --list` shows them");
    }
}
