//! Where a run keeps its state directory.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Runs of this process that had a folder of their own.
static RUNS: AtomicU32 = AtomicU32::new(0);

/// Where a run's journal is written; removed at the end unless it is to be kept.
pub(crate) struct Place {
    pub(crate) dir: PathBuf,
    keep: bool,
}

impl Place {
    pub(crate) fn new(what: &str, keep: Option<&Path>) -> std::io::Result<Self> {
        let own = || {
            let run = RUNS.fetch_add(1, Ordering::Relaxed);
            std::env::temp_dir().join(format!("plimsoll-{what}-{}-{run}", std::process::id()))
        };
        let dir = keep.map_or_else(own, Path::to_owned);
        std::fs::create_dir_all(&dir)?;
        Ok(Self { dir, keep: keep.is_some() })
    }

    pub(crate) fn kept(&self) -> Option<String> {
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
