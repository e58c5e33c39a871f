//! `plimsoll demo`: one eventful half day, twice. First with Plimsoll between four bots and a strict
//! venue, then the same bots on the same market without it. Everything speaks TWS over loopback, and
//! venue time waits for everybody, so a seed gives the same day every time.

mod fleet;
mod story;
mod table;
mod venue;
mod view;
mod with;
mod without;

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::Demo;
use crate::commands::Outcome;
use crate::exit::Exit;
use crate::output;

/// Runs the day.
pub(crate) fn run(options: &Demo) -> Outcome {
    let place = Place::new(options.keep.as_deref())?;
    let runtime = crate::commands::runtime()?;
    let local = tokio::task::LocalSet::new();
    let (guarded, bare) = local.block_on(&runtime, async {
        let guarded = with::run(options, &place.dir).await?;
        let bare = without::run(options).await?;
        Ok::<_, crate::exit::Failure>((guarded, bare))
    })?;
    if options.json {
        output::json(&json!({ "v": 1, "with": guarded.json(), "without": bare.json() }))?;
    } else {
        output::line(&table::compare(&guarded, &bare, place.kept().as_deref()))?;
    }
    Ok(Exit::Good)
}

/// Where the day's journal is written; removed at the end unless it is to be kept.
struct Place {
    dir: PathBuf,
    keep: bool,
}

impl Place {
    fn new(keep: Option<&Path>) -> std::io::Result<Self> {
        let dir = match keep {
            Some(dir) => dir.to_owned(),
            None => std::env::temp_dir().join(format!("plimsoll-demo-{}", std::process::id())),
        };
        std::fs::create_dir_all(&dir)?;
        Ok(Self { dir, keep: keep.is_some() })
    }

    fn kept(&self) -> Option<String> {
        self.keep.then(|| self.dir.display().to_string())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.keep {
            // What is left behind in the temporary folder is the system's to clean.
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}
