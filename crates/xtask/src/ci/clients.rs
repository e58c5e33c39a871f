//! The foreign clients that are programs of their own: which there are and how each is started.
//!
//! Owns the table. What they play, and how their transcripts are compared, is in `tests/bots`.

use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result};

use super::built::{RUST_CLIENTS, cargo_alone, release_binary, target_alone};
use super::child::{STEP_MAX, finish, finish_with_output};
use super::foreign::{bots, interpreter, prepared};

/// A client, and the words that start it.
struct Client {
    name: &'static str,
    start: fn(&Path) -> Result<Vec<OsString>>,
}

const CLIENTS: &[Client] = &[
    Client { name: "ibapi", start: |_| ewrapper("PLIMSOLL_PYTHON_IBAPI") },
    Client { name: "nautilus_ibapi", start: |_| ewrapper("PLIMSOLL_PYTHON_NAUTILUS_IBAPI") },
    Client { name: "stoqey", start: |root| node(root, "PLIMSOLL_NODE_MODULES_STOQEY") },
    Client { name: "ibapi2", start: |root| rust(root, "ibapi2") },
    Client { name: "ibapi5", start: |root| rust(root, "ibapi5") },
];

/// The client whose transcripts straight twice are equal, or the comparison would prove nothing.
const CONTROL: &str = "nautilus_ibapi";

/// Every client, straight and through, two at a time: they mostly wait for venue time. What each has said comes in one
/// piece.
pub(super) fn clients(root: &Path) -> Result<()> {
    let plimsoll = release_binary(root)?;
    let mut runs: Vec<(&Client, bool)> = CLIENTS.iter().map(|client| (client, false)).collect();
    let control = CLIENTS.iter().find(|client| client.name == CONTROL);
    runs.push((control.context("the client of the control is in the table")?, true));
    let mut commands = Vec::new();
    for (client, twice) in runs {
        let mut command = bots(root, Path::new("python3"), "bots.foreign");
        command.args(["--client", client.name, "--plimsoll"]).arg(&plimsoll);
        if twice {
            command.arg("--control");
        }
        command.arg("--").args((client.start)(root)?).stdout(Stdio::piped());
        commands.push((client.name, command));
    }
    while !commands.is_empty() {
        let pair: Vec<_> = commands.drain(..commands.len().min(2)).collect();
        let all: Vec<Result<String>> = std::thread::scope(|scope| {
            let run = |(name, command)| {
                scope.spawn(move || {
                    finish_with_output(command, STEP_MAX).with_context(|| format!("client {name}"))
                })
            };
            let runs: Vec<_> = pair.into_iter().map(run).collect();
            let panicked = || Err(anyhow::anyhow!("a check panicked"));
            runs.into_iter().map(|run| run.join().unwrap_or_else(|_| panicked())).collect()
        });
        for said in all {
            print!("{}", said?);
        }
    }
    Ok(())
}

/// The official client of old in text, and today's in text and in protobuf.
pub(super) fn one_cancels_all(root: &Path) -> Result<()> {
    let plimsoll = release_binary(root)?;
    let modern = "PLIMSOLL_PYTHON_NAUTILUS_IBAPI";
    for (variable, wire) in [("PLIMSOLL_PYTHON_IBAPI", None), (modern, None), (modern, Some("--protobuf"))] {
        let mut command = bots(root, &interpreter(variable)?, "bots.oca_official");
        command.arg("--plimsoll").arg(&plimsoll).args(wire);
        finish(command, STEP_MAX).with_context(|| format!("client {variable}"))?;
    }
    Ok(())
}

/// A program that nobody here wrote, for a day.
pub(super) fn day(root: &Path) -> Result<()> {
    let plimsoll = release_binary(root)?;
    let mut command = bots(root, Path::new("python3"), "bots.day");
    command.arg("--plimsoll").arg(plimsoll).arg("--").arg(interpreter("PLIMSOLL_PYTHON_NAUTILUS_TRADER")?);
    command.args(["-m", "bots.nautilus_trader.trader"]);
    finish(command, STEP_MAX)
}

/// The script for the official Python clients, in the environment that has one of them.
fn ewrapper(variable: &str) -> Result<Vec<OsString>> {
    let python = interpreter(variable)?;
    Ok([python.into_os_string(), "-m".into(), "bots.ewrapper".into()].into())
}

/// The script for the Node client. Its packages lie where `.ci/run` put them, and not in the tree.
fn node(root: &Path, variable: &str) -> Result<Vec<OsString>> {
    let modules = prepared(variable)?;
    let mut path = OsString::from("NODE_PATH=");
    path.push(modules);
    let script = root.join("tests/bots/stoqey/play.cjs");
    Ok(["env".into(), path, "node".into(), script.into_os_string()].into())
}

/// A program of the crate of Rust clients, built when it is asked for.
fn rust(root: &Path, name: &str) -> Result<Vec<OsString>> {
    finish(cargo_alone(root, RUST_CLIENTS, "build"), STEP_MAX)?;
    Ok([target_alone(root, RUST_CLIENTS).join("debug").join(name).into_os_string()].into())
}
