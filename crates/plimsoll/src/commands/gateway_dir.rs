//! Where the running gateway's socket is, from as little as possible: whoever wants to stop it must not
//! first repair a configuration file.
//!
//! Does not own: the configuration's checks ([`plimsoll_runtime::config`]); a file that passes them gives
//! the same folder here.

use std::path::{Path, PathBuf};

use crate::cli::Reach;
use crate::exit::{Exit, Failure};

/// The folder when the file does not name one, as in the configuration.
const DEFAULT: &str = "state";

/// The state directory of the gateway to talk to.
///
/// A file that is not there is refused: the default folder beside a mistyped name may be another gateway's.
pub(crate) fn find(reach: &Reach) -> Result<PathBuf, Failure> {
    if let Some(dir) = &reach.state_dir {
        return Ok(dir.clone());
    }
    let file = &reach.config.config;
    let bytes = std::fs::read(file).map_err(|error| {
        let text = format!(
            "{}: {error}; nothing was asked, name the file with --config or the folder with --state-dir",
            file.display()
        );
        Failure::new(Exit::Usage, anyhow::anyhow!(text))
    })?;
    Ok(beside(file, named(&String::from_utf8_lossy(&bytes))))
}

/// Like [`find`], and the default folder if the file cannot be read: a halt that hits too much is better
/// than none.
pub(crate) fn find_for_halt(reach: &Reach) -> PathBuf {
    find(reach).unwrap_or_else(|_| {
        let dir = beside(&reach.config.config, None);
        eprintln!(
            "plimsoll: {} cannot be read; trying {}, name another folder with --state-dir",
            reach.config.config.display(),
            dir.display()
        );
        dir
    })
}

/// A relative folder is taken from the file's folder, as in the configuration.
fn beside(file: &Path, named: Option<String>) -> PathBuf {
    let dir = PathBuf::from(named.unwrap_or_else(|| DEFAULT.to_owned()));
    match file.parent() {
        Some(folder) => folder.join(dir),
        None => dir,
    }
}

/// What the text says, as far as it can be understood.
fn named(text: &str) -> Option<String> {
    let dir = match text.parse::<toml::Table>() {
        Ok(table) => table.get("plimsoll")?.get("state_dir")?.as_str().map(ToOwned::to_owned),
        // The document is broken somewhere, and most likely not in this line.
        Err(_) => text.lines().find_map(value_of_line),
    };
    dir.filter(|dir| !dir.is_empty())
}

/// The value of a `state_dir = "…"` line, even without its closing quote.
fn value_of_line(line: &str) -> Option<String> {
    let value = line.trim().strip_prefix("state_dir")?.trim_start().strip_prefix('=')?.trim();
    match line.parse::<toml::Table>() {
        Ok(table) => table.get("state_dir")?.as_str().map(ToOwned::to_owned),
        Err(_) => Some(value.trim_matches(['"', '\'']).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Config;

    fn dir_in(text: &str) -> PathBuf {
        beside(Path::new("/etc/plimsoll/plimsoll.toml"), named(text))
    }

    #[test]
    fn a_good_file_gives_its_folder_relative_to_itself() {
        let text = "[plimsoll]\nstate_dir = \"run\"\nmode = \"enforce\"\n";
        assert_eq!(dir_in(text), Path::new("/etc/plimsoll/run"));
    }

    #[test]
    fn an_absolute_folder_stays_as_it_is() {
        let text = "[plimsoll]\nstate_dir = '/var/lib/plimsoll'\n";
        assert_eq!(dir_in(text), Path::new("/var/lib/plimsoll"));
    }

    #[test]
    fn a_broken_document_still_gives_its_folder() {
        let text = "[plimsoll]\nmode = = \"enforce\"\n  state_dir = \"run\" # here\n[[bot]\n";
        assert_eq!(dir_in(text), Path::new("/etc/plimsoll/run"));
    }

    #[test]
    fn a_folder_without_its_closing_quote_is_understood() {
        assert_eq!(dir_in("[plimsoll]\nstate_dir = \"/srv/run\nmode = 1\n"), Path::new("/srv/run"));
    }

    #[test]
    fn a_key_that_only_begins_alike_is_not_the_folder() {
        assert_eq!(dir_in("state_dir_old = \"x\"\n[[bot]\n"), Path::new("/etc/plimsoll/state"));
    }

    #[test]
    fn no_name_or_a_senseless_one_gives_the_default() {
        for text in ["", "[plimsoll]\n", "[plimsoll]\nstate_dir = 7\n", "[plimsoll]\nstate_dir = \"\"\n"] {
            assert_eq!(dir_in(text), Path::new("/etc/plimsoll/state"), "{text:?}");
        }
    }

    #[test]
    fn a_named_folder_needs_no_file() {
        let config = Config { config: "/nowhere/plimsoll.toml".into() };
        let reach = Reach { config, state_dir: Some("run".into()) };
        assert_eq!(find(&reach).ok(), Some(PathBuf::from("run")));
        assert_eq!(find_for_halt(&reach), Path::new("run"));
    }

    #[test]
    fn only_a_halt_tries_its_luck_without_a_file() {
        let config = Config { config: "/nowhere/plimsoll.toml".into() };
        let reach = Reach { config, state_dir: None };
        assert!(find(&reach).is_err());
        assert_eq!(find_for_halt(&reach), Path::new("/nowhere/state"));
    }
}
