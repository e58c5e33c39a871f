//! Blocks that found no gateway: kept in the state directory, and set by the next start before any bot is let in.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use plimsoll_core::{HaltLevel, Operator};
use plimsoll_model::BotName;
use serde::{Deserialize, Serialize};

/// The file's name in the state directory.
const FILE: &str = "nightly.pending";
/// Who stops a bot at night.
pub(crate) const BY: &str = "nightly";

/// One bot that is not to trade before a person has looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Block {
    pub(crate) bot: String,
    pub(crate) reason: String,
}

impl Block {
    /// As the gateway's operator would say it; nothing if no bot can have that name.
    pub(crate) fn as_halt(&self) -> Option<Operator> {
        Some(Operator::Halt {
            level: HaltLevel::NewRisk,
            bot: Some(BotName::new(&self.bot)?),
            by: BY.into(),
            reason: self.reason.as_str().into(),
        })
    }
}

/// What waits. A file that cannot be read may hold a block, so it is an error and not nothing.
pub(crate) fn read(state_dir: &Path) -> anyhow::Result<Vec<Block>> {
    let file = state_dir.join(FILE);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => anyhow::bail!("{}: {error}", file.display()),
    };
    serde_json::from_str(&text).map_err(|error| {
        anyhow::anyhow!(
            "{}: {error}; bots that are to stay blocked stand in it: halt them with `plimsoll halt`, then remove it",
            file.display()
        )
    })
}

/// Adds blocks to those that wait.
pub(crate) fn add(state_dir: &Path, blocks: &[Block]) -> anyhow::Result<()> {
    let mut all = read(state_dir)?;
    for block in blocks {
        all.retain(|known| known.bot != block.bot);
        all.push(block.clone());
    }
    write(state_dir, &all)
}

fn write(state_dir: &Path, all: &[Block]) -> anyhow::Result<()> {
    std::fs::create_dir_all(state_dir)?;
    let draft = state_dir.join(format!("{FILE}.tmp"));
    // A block that is lost with the power lets a bot trade that a person was to look at.
    let mut file = File::create(&draft)?;
    file.write_all(&serde_json::to_vec(all)?)?;
    file.sync_all()?;
    std::fs::rename(&draft, state_dir.join(FILE))?;
    File::open(state_dir)?.sync_all()?;
    Ok(())
}

/// A block of this bot, if one waits, waits no more: it is in force already, or a person has looked at it.
pub(crate) fn remove(state_dir: &Path, bot: &str) -> anyhow::Result<()> {
    let mut all = read(state_dir)?;
    let before = all.len();
    all.retain(|known| known.bot != bot);
    if all.len() == before { Ok(()) } else { write(state_dir, &all) }
}

/// Nothing waits any more: all of it is in force.
pub(crate) fn clear(state_dir: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(state_dir.join(FILE)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
