//! The programs that steps start: each has a deadline, and one that does not end well fails its step by name.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// No program takes longer; a hang is a failure with a name.
pub(super) const STEP_MAX: Duration = Duration::from_mins(15);

pub(super) fn finish(mut command: Command, max: Duration) -> Result<()> {
    let mut child = start(&mut command)?;
    wait(&mut child, &command, max)
}

pub(super) fn finish_with_output(mut command: Command, max: Duration) -> Result<String> {
    let mut child = start(&mut command)?;
    let mut stdout = child.stdout.take().context("the output is piped")?;
    // A full pipe would stop the child, so it is emptied while we wait.
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text)
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
pub(super) struct Scratch {
    pub(super) path: PathBuf,
}

impl Scratch {
    pub(super) fn new(name: &str) -> Result<Self> {
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
    fn a_command_that_fails_or_hangs_fails_its_step() {
        assert!(finish(Command::new("true"), STEP_MAX).is_ok());
        assert!(finish(Command::new("false"), STEP_MAX).is_err());
        let mut hangs = Command::new("sleep");
        hangs.arg("60");
        let error = finish(hangs, Duration::from_millis(10)).unwrap_err();
        assert!(error.to_string().contains("was ended after"), "{error}");
    }
}
