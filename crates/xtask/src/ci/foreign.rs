//! The steps that are Python modules of `tests/bots`: played by foreign clients, straight and through.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::built::release_binary;
use super::child::{STEP_MAX, finish, finish_with_output};
use super::clients;

/// The interpreters that have the foreign clients, one each.
const FOREIGN: &[(&str, &str)] =
    &[("ib_async", "PLIMSOLL_PYTHON_IB_ASYNC"), ("ib_insync", "PLIMSOLL_PYTHON_IB_INSYNC")];

pub(super) fn transcripts(root: &Path) -> Result<()> {
    with_each_client(root, "bots.transcript")
}

pub(super) fn guards(root: &Path) -> Result<()> {
    with_each_client(root, "bots.guards")
}

pub(super) fn book(root: &Path) -> Result<()> {
    with_each_client(root, "bots.book")?;
    with_each_client(root, "bots.oca")?;
    with_each_client(root, "bots.net")?;
    with_each_client(root, "bots.allocation")?;
    clients::one_cancels_all(root)
}

pub(super) fn instruments(root: &Path) -> Result<()> {
    with_each_client(root, "bots.early")?;
    with_each_client(root, "bots.bars")?;
    with_each_client(root, "bots.exercise")
}

pub(super) fn departure(root: &Path) -> Result<()> {
    with_each_client(root, "bots.departure")?;
    with_each_client(root, "bots.reset")
}

/// What it does at a cutoff is not the library's.
pub(super) fn host_clock(root: &Path) -> Result<()> {
    with_one_client(root, "bots.host_clock")
}

/// Runs a Python module with the first of the foreign clients alone.
pub(super) fn with_one_client(root: &Path, module: &str) -> Result<()> {
    let plimsoll = release_binary(root)?;
    let (library, variable) = FOREIGN[0];
    let mut command = bots(root, &interpreter(variable)?, module);
    command.args(["--library", library, "--plimsoll"]).arg(&plimsoll);
    finish(command, STEP_MAX)
}

/// Runs a Python module once with each foreign client that it knows, with all of them at the same time: they mostly wait
/// for venue time. What each has said comes in one piece.
pub(super) fn with_each_client(root: &Path, module: &str) -> Result<()> {
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

/// `python -m module` with the folder `tests` as its root.
pub(super) fn bots(root: &Path, python: &Path, module: &str) -> Command {
    let mut command = Command::new(python);
    command.args(["-m", module]).current_dir(root.join("tests")).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

pub(super) fn interpreter(variable: &str) -> Result<PathBuf> {
    let python = prepared(variable)?;
    if !python.is_file() {
        bail!("{variable} is {}, which is not there", python.display());
    }
    Ok(python)
}

/// A path that `.ci/run` has prepared and named in the environment.
pub(super) fn prepared(variable: &str) -> Result<PathBuf> {
    let path = std::env::var_os(variable).map(PathBuf::from);
    let path =
        path.with_context(|| format!("{variable} is not set; .ci/run prepares the foreign clients' means"))?;
    if !path.exists() {
        bail!("{variable} is {}, which is not there", path.display());
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interpreter_that_was_not_prepared_is_an_error() {
        let error = interpreter("PLIMSOLL_PYTHON_OF_NOBODY").unwrap_err();
        assert!(error.to_string().contains(".ci/run prepares"), "{error}");
    }
}
