//! Closing days on which anything may fail.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Result, bail};

use super::built::release_binary;
use super::child::finish_with_output;

/// No position is doubled, no order is late, no pair could trade, on so many days: as many as have to see everything
/// that can happen to one. A thousand and more are run by hand.
const DAYS: &str = "500";
/// The first of them are played again.
const AGAIN: &str = "60";
/// Far more than they take.
const DAYS_MAX: Duration = Duration::from_mins(10);

/// The days from seed 1 on are good, and the first of them are the same again on one thread.
pub(super) fn simulate(root: &Path) -> Result<()> {
    let plimsoll = release_binary(root)?;
    let run = |args: &[&str]| {
        let mut command = Command::new(&plimsoll);
        command.arg("simulate").args(args).stdout(Stdio::piped());
        finish_with_output(command, DAYS_MAX)
    };
    print!("{}", run(&["--days", DAYS])?);
    let first = run(&["--days", AGAIN, "--json"])?;
    let second = run(&["--days", AGAIN, "--json", "--threads", "1"])?;
    if first != second {
        bail!("the same days ended in two ways:\n{first}\n{second}");
    }
    Ok(())
}
