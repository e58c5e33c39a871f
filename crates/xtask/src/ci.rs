//! Everything that must hold before a merge, in the order of cost: what fails fast comes first. Each step
//! says what it proves; a step whose means are absent fails, it is never skipped.
//!
//! `.ci/run` prepares the means (Python environments of the foreign clients) and calls this.

mod clients;
mod licences;
mod simulate;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{tidy, tree};

/// Where the vectors lie that are not part of the project.
const SHARED: &str = "PLIMSOLL_SHARED";
const FIXTURES: &str = "PLIMSOLL_FIXTURES";
/// The interpreters that have the foreign clients, one each.
const FOREIGN: &[(&str, &str)] =
    &[("ib_async", "PLIMSOLL_PYTHON_IB_ASYNC"), ("ib_insync", "PLIMSOLL_PYTHON_IB_INSYNC")];

/// The crates that are workspaces of their own, so that nobody who builds Plimsoll builds them.
const RUST_CLIENTS: &str = "tests/rust-clients";
const FUZZ: &str = "fuzz";

/// No step takes longer; a hang is a failure with a name.
const STEP_MAX: Duration = Duration::from_mins(15);
const DEMO_MAX: Duration = Duration::from_mins(4);

/// Neighbours among the steps that do little but wait for venue time: they run at the same time.
const WAITING: &[&str] = &["departure", "history"];

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
        run: vectors,
    },
    Step {
        name: "forms",
        proves: "the codec's vectors of both wires are what the official client writes and reads",
        run: forms,
    },
    Step {
        name: "corpora",
        proves: "what the fuzzer ever reached or broke still keeps its property",
        run: corpora,
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
        run: transcripts,
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
        run: guards,
    },
    Step {
        name: "book",
        proves: "bots that share an account see their own orders and holdings only",
        run: book,
    },
    Step {
        name: "instruments",
        proves: "orders before the open and an exercise end alike for foreign clients, straight and through",
        run: instruments,
    },
    Step {
        name: "profiles",
        proves: "foreign clients meet the rules of a live account live, and not on paper",
        run: |root| with_each_client(root, "bots.paper"),
    },
    Step {
        name: "departure",
        proves: "a bot's orders stay in reach while it is away, and it comes back at once",
        run: departure,
    },
    Step {
        name: "history",
        proves: "five bots' requests for history keep the broker's rules, and none ends in silence",
        run: |root| with_one_client(root, "bots.history"),
    },
    Step {
        name: "clock",
        proves: "behind a host clock that is seconds wrong no on-close order is late, and none is refused early",
        run: host_clock,
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
    let waits = |step: &Step| WAITING.contains(&step.name);
    for together in chosen.chunk_by(|one, next| waits(one) && waits(next)) {
        std::thread::scope(|scope| {
            let runs: Vec<_> = together.iter().map(|step| scope.spawn(|| run_step(root, step))).collect();
            let panicked = || Err(anyhow::anyhow!("a step panicked"));
            runs.into_iter().try_for_each(|run| run.join().unwrap_or_else(|_| panicked()))
        })?;
    }
    println!("ci: all good");
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

fn vectors(root: &Path) -> Result<()> {
    let shared = shared(root)?;
    let mut command = cargo(root, &["test", "--workspace"]);
    command.env(FIXTURES, fixtures(&shared)?).env(SHARED, shared);
    finish(command, STEP_MAX)
}

fn forms(root: &Path) -> Result<()> {
    let mut command = bots(root, &interpreter("PLIMSOLL_PYTHON_NAUTILUS_IBAPI")?, "bots.forms");
    command.arg("--check").arg(root.join("crates/plimsoll-tws/tests/official_forms.txt"));
    finish(command, STEP_MAX)
}

/// Needs no fuzzer: each input is read once.
fn corpora(root: &Path) -> Result<()> {
    let mut command = cargo_alone(root, FUZZ, "test");
    command.args(["--test", "*"]);
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
    let (first, second) = (run()?, run()?);
    if first != second {
        bail!("the same drills ended in two ways:\n{first}\n{second}");
    }
    if !first.contains(&format!("\"failed\":0,\"passed\":{count},")) {
        bail!("{count} files in drills/, and not as many were run and passed:\n{first}");
    }
    Ok(())
}

fn transcripts(root: &Path) -> Result<()> {
    with_each_client(root, "bots.transcript")
}

fn guards(root: &Path) -> Result<()> {
    with_each_client(root, "bots.guards")
}

fn book(root: &Path) -> Result<()> {
    with_each_client(root, "bots.book")?;
    with_each_client(root, "bots.oca")?;
    with_each_client(root, "bots.net")?;
    with_each_client(root, "bots.allocation")?;
    clients::one_cancels_all(root)
}

fn instruments(root: &Path) -> Result<()> {
    with_each_client(root, "bots.early")?;
    with_each_client(root, "bots.bars")?;
    with_each_client(root, "bots.exercise")
}

fn departure(root: &Path) -> Result<()> {
    with_each_client(root, "bots.departure")?;
    with_each_client(root, "bots.reset")
}

/// What it does at a cutoff is not the library's.
fn host_clock(root: &Path) -> Result<()> {
    with_one_client(root, "bots.host_clock")
}

/// Runs a Python module with the first of the foreign clients alone.
fn with_one_client(root: &Path, module: &str) -> Result<()> {
    let plimsoll = release_binary(root)?;
    let (library, variable) = FOREIGN[0];
    let mut command = bots(root, &interpreter(variable)?, module);
    command.args(["--library", library, "--plimsoll"]).arg(&plimsoll);
    finish(command, STEP_MAX)
}

/// Runs a Python module once with each foreign client that it knows, with all of them at the same time: they mostly wait
/// for venue time. What each has said comes in one piece.
fn with_each_client(root: &Path, module: &str) -> Result<()> {
    let plimsoll = release_binary(root)?;
    let run = |(library, variable): &(&str, &str)| {
        let mut command = bots(root, &interpreter(variable)?, module);
        command.args(["--library", library, "--plimsoll"]).arg(&plimsoll).stdout(Stdio::piped());
        finish_with_output(command, STEP_MAX).with_context(|| format!("client {library}"))
    };
    let all: Vec<Result<String>> = std::thread::scope(|scope| {
        let runs: Vec<_> = FOREIGN.iter().map(|client| scope.spawn(move || run(client))).collect();
        let panicked = || Err(anyhow::anyhow!("a check panicked"));
        runs.into_iter().map(|run| run.join().unwrap_or_else(|_| panicked())).collect()
    });
    for ((library, _), said) in FOREIGN.iter().zip(&all) {
        println!("ci: {module} with {library}");
        if let Ok(said) = said {
            print!("{said}");
        }
    }
    all.into_iter().try_for_each(|said| said.map(drop))
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

/// Package and name of each benchmark, in the alphabet's order.
fn benches(root: &Path) -> Result<Vec<(String, String)>> {
    let tree = tree::Tree::read(root)?;
    let parts = |path: &str| {
        let (package, bench) = path.strip_prefix("crates/")?.strip_suffix(".rs")?.split_once("/benches/")?;
        (!bench.contains('/')).then(|| (package.to_owned(), bench.to_owned()))
    };
    Ok(tree.iter().filter_map(|(path, _)| parts(path)).collect())
}

fn cargo(root: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root);
    command
}

/// Cargo on a crate that is a workspace of its own, as its lock file has it.
fn cargo_alone(root: &Path, folder: &str, what: &str) -> Command {
    let mut command = cargo(root, &[what, "--quiet", "--locked", "--manifest-path", &manifest(folder)]);
    command.arg("--target-dir").arg(target_alone(root, folder));
    command
}

fn manifest(folder: &str) -> String {
    format!("{folder}/Cargo.toml")
}

/// Below the target folder of the others, by the last word of the crate's folder.
fn target_alone(root: &Path, folder: &str) -> PathBuf {
    target(root).join(folder.rsplit('/').next().unwrap_or(folder))
}

/// `python -m module` with the folder `tests` as its root.
fn bots(root: &Path, python: &Path, module: &str) -> Command {
    let mut command = Command::new(python);
    command.args(["-m", module]).current_dir(root.join("tests")).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn release_binary(root: &Path) -> Result<PathBuf> {
    finish(cargo(root, &["build", "--release", "--package", "plimsoll"]), STEP_MAX)?;
    let binary = target(root).join("release").join("plimsoll");
    if !binary.is_file() {
        bail!("{} is not there after the build", binary.display());
    }
    Ok(binary)
}

/// Where cargo puts what it builds.
fn target(root: &Path) -> PathBuf {
    root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

fn shared(root: &Path) -> Result<PathBuf> {
    let named = std::env::var_os(SHARED).map_or_else(|| root.join("../shared"), PathBuf::from);
    let folder = std::fs::canonicalize(&named);
    folder
        .with_context(|| format!("the vectors are not at {}; set {SHARED} to their folder", named.display()))
}

fn fixtures(shared: &Path) -> Result<PathBuf> {
    let named = std::env::var_os(FIXTURES).map_or_else(|| shared.join("fixtures"), PathBuf::from);
    if !named.join("ibkr").is_dir() {
        bail!("no recorded frames at {}/ibkr; set {FIXTURES} to their folder", named.display());
    }
    Ok(named)
}

fn interpreter(variable: &str) -> Result<PathBuf> {
    let python = prepared(variable)?;
    if !python.is_file() {
        bail!("{variable} is {}, which is not there", python.display());
    }
    Ok(python)
}

/// A path that `.ci/run` has prepared and named in the environment.
fn prepared(variable: &str) -> Result<PathBuf> {
    let path = std::env::var_os(variable).map(PathBuf::from);
    let path =
        path.with_context(|| format!("{variable} is not set; .ci/run prepares the foreign clients' means"))?;
    if !path.exists() {
        bail!("{variable} is {}, which is not there", path.display());
    }
    Ok(path)
}

fn finish(mut command: Command, max: Duration) -> Result<()> {
    let mut child = start(&mut command)?;
    wait(&mut child, &command, max)
}

fn finish_with_output(mut command: Command, max: Duration) -> Result<String> {
    let mut child = start(&mut command)?;
    let mut stdout = child.stdout.take().context("the output is piped")?;
    // A full pipe would stop the child, so it is emptied while we wait.
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut stdout, &mut text).map(|_| text)
    });
    let ended = wait(&mut child, &command, max);
    let said = reader.join().map_err(|_| anyhow::anyhow!("the reader of the output panicked"))??;
    ended.with_context(|| said.clone())?;
    Ok(said)
}

fn start(command: &mut Command) -> Result<Child> {
    command.stdin(Stdio::null());
    command.spawn().with_context(|| format!("cannot start {}", command.get_program().display()))
}

#[expect(clippy::disallowed_methods, reason = "xtask has no event loop to put a timeout into")]
fn wait(child: &mut Child, command: &Command, max: Duration) -> Result<()> {
    let deadline = Instant::now() + max;
    loop {
        if let Some(status) = child.try_wait()? {
            return if status.success() { Ok(()) } else { bail!("{command:?} ended with {status}") };
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            bail!("{command:?} was ended after {} s", max.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A folder that goes away with the step.
struct Scratch {
    path: PathBuf,
}

impl Scratch {
    fn new(name: &str) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("plimsoll-ci-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self { path })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            eprintln!("ci: {} stays: {error}", self.path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_nobody_knows_is_not_passed_over() {
        let error = run(Path::new("/"), &["tidy", "tidyy"]).unwrap_err();
        assert_eq!(error.to_string(), "no step is called tidyy; `cargo xtask ci --list` shows them");
    }

    #[test]
    fn a_command_that_fails_or_hangs_fails_its_step() {
        assert!(finish(Command::new("true"), STEP_MAX).is_ok());
        assert!(finish(Command::new("false"), STEP_MAX).is_err());
        let mut hangs = Command::new("sleep");
        hangs.arg("60");
        let error = finish(hangs, Duration::from_millis(10)).unwrap_err();
        assert!(error.to_string().contains("was ended after"), "{error}");
    }

    #[test]
    fn an_interpreter_that_was_not_prepared_is_an_error() {
        let error = interpreter("PLIMSOLL_PYTHON_OF_NOBODY").unwrap_err();
        assert!(error.to_string().contains(".ci/run prepares"), "{error}");
    }
}
