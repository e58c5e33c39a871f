//! What this host must give a gateway: a folder that can be written, and the bots' ports.
//!
//! Leaves nothing behind: no folder, no file, no socket.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use plimsoll_runtime::config::Loaded;
use plimsoll_runtime::{link, operator_client};
use serde_json::Value;

use super::{Mark, Row, row};
use crate::exit::Failure;

/// The state directory, and the journal if there is one.
pub(super) fn state(dir: &Path) -> Vec<Row> {
    let mut rows = vec![writable(dir)];
    let journal = dir.join("journal");
    if journal.exists() {
        rows.push(match plimsoll_journal::verify(&journal) {
            Ok(report) => row("journal", Mark::Ok, format!("{} records, intact", report.records)),
            Err(error) => row("journal", Mark::Fail, error.to_string()),
        });
    }
    rows
}

/// Whether the folder can be written, or made if it is not there.
fn writable(dir: &Path) -> Row {
    let (tested, says) = if dir.exists() {
        (dir.to_owned(), format!("{} can be written", dir.display()))
    } else {
        let parent = nearest_existing(dir);
        let says = format!("{} will be created; {} can be written", dir.display(), parent.display());
        (parent, says)
    };
    match probe(&tested) {
        Ok(()) => row("state", Mark::Ok, says),
        Err(error) => row("state", Mark::Fail, format!("{} cannot be written: {error}", tested.display())),
    }
}

/// The folder in which the first missing one would be made.
fn nearest_existing(dir: &Path) -> PathBuf {
    let existing = dir.ancestors().skip(1).find(|folder| folder.exists());
    // A relative name ends in the empty one, which is the folder that we are in.
    existing.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// Permissions do not tell whether a disk is full, read-only or gone; a synced file does.
fn probe(dir: &Path) -> io::Result<()> {
    let path = dir.join(format!(".plimsoll-check-{}", std::process::id()));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
    let written = file.write_all(b"plimsoll check\n").and_then(|()| file.sync_all());
    let removed = std::fs::remove_file(&path);
    written.and(removed)
}

/// One row for every bot's port. A port that this configuration's own gateway holds is as it should be.
pub(super) fn ports(loaded: &Loaded) -> Result<Vec<Row>, Failure> {
    let running = running(&loaded.settings.state_dir)?;
    let runtime = crate::commands::runtime()?;
    // A socket of the gateway's kind can only be made within its runtime.
    let _within = runtime.enter();
    let rows = loaded.settings.ports.iter().map(|port| {
        let bot = port.bot.as_str();
        match link::bind(port.listen) {
            Ok(_released) => row("port", Mark::Ok, format!("{} is free for {bot}", port.listen)),
            Err(_) if running.as_ref().is_some_and(|status| serves(status, bot)) => {
                row("port", Mark::Ok, format!("{} of {bot} is held by the running gateway", port.listen))
            }
            Err(error) => row("port", Mark::Fail, format!("{bot}: {error}")),
        }
    });
    Ok(rows.collect())
}

/// What the gateway of this state directory says of itself, if one runs.
pub(super) fn running(dir: &Path) -> Result<Option<Value>, Failure> {
    Ok(crate::commands::runtime()?.block_on(operator_client::get(dir, "/status")).ok())
}

/// Whether a gateway with this status has a bot of this name.
fn serves(status: &Value, bot: &str) -> bool {
    status["bots"].as_array().is_some_and(|bots| bots.iter().any(|row| row["name"] == bot))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_not_made() {
        let parent = std::env::temp_dir();
        let dir = parent.join(format!("plimsoll-no-such-{}", std::process::id())).join("state");
        let row = writable(&dir);
        assert_eq!(row.mark, Mark::Ok, "{}", row.says);
        assert!(row.says.contains("will be created"), "{}", row.says);
        assert!(!dir.exists() && !dir.parent().unwrap().exists());
    }

    #[test]
    fn a_file_in_the_folder_s_place_fails() {
        let file = std::env::temp_dir().join(format!("plimsoll-file-{}", std::process::id()));
        std::fs::write(&file, "").unwrap();
        let row = writable(&file);
        std::fs::remove_file(&file).unwrap();
        assert_eq!(row.mark, Mark::Fail, "{}", row.says);
    }

    #[test]
    fn a_relative_name_is_tested_where_we_are() {
        assert_eq!(nearest_existing(Path::new("no-such-folder/state")), Path::new("."));
    }

    #[test]
    fn only_a_gateway_with_this_bot_explains_its_port() {
        let status = json!({ "bots": [{ "name": "trend" }] });
        assert!(serves(&status, "trend"));
        assert!(!serves(&status, "carry"));
        assert!(!serves(&json!({}), "trend"));
    }
}
