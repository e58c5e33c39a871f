//! A segment made ahead of time: a file of zeros under a name that no reader looks at, until it is needed.
//!
//! Zeros for a whole segment take the disk longer than an order may wait, so they are written in small steps, each
//! synced, by whoever has the time. What is left to do when a segment is full is a head, a sync and a name. A crash
//! leaves a file that the next start removes.
//!
//! Does not own: the thread that makes it, nor the pauses between its steps.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::sink::{sync_dir, write_zeros};

/// In the journal's directory. It ends like everything that has not got its name yet.
const NAME: &str = "spare.tmp";
/// Bytes between two syncs: a few milliseconds of a slow disk, which a sync of the open segment may have to wait.
const STEP_BYTES: u64 = 1 << 20;

/// What [`Writer::spare_wanted`](crate::Writer::spare_wanted) asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpareOrder {
    pub(crate) dir: PathBuf,
    pub(crate) size: u64,
}

/// A segment without head and name. Dropped, it is removed.
#[derive(Debug)]
pub struct Spare {
    /// None once it is a segment.
    path: Option<PathBuf>,
    file: File,
    size: u64,
}

impl SpareOrder {
    /// Makes it, durable but for its name. `goes_on` is asked after each step, may take its time, and ends the
    /// making by a no.
    pub fn make(&self, mut goes_on: impl FnMut() -> bool) -> io::Result<Option<Spare>> {
        let path = self.dir.join(NAME);
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        let mut spare = Spare { path: Some(path), file, size: self.size };
        let mut left = self.size;
        while left > 0 {
            let step = left.min(STEP_BYTES);
            write_zeros(&mut spare.file, step)?;
            spare.file.sync_data()?;
            left -= step;
            if !goes_on() {
                return Ok(None);
            }
        }
        Ok(Some(spare))
    }
}

impl Spare {
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Gives it its head and its name, both durable on return. Nothing may have that name.
    pub(crate) fn into_segment(mut self, dir: &Path, name: &Path, header: &[u8]) -> io::Result<File> {
        self.file.write_all_at(header, 0)?;
        self.file.sync_all()?;
        let draft = self.path.take().expect("only this takes it");
        fs::rename(draft, name)?;
        sync_dir(dir)?;
        self.file.try_clone()
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // What stays behind is removed at the next start.
            let _ = fs::remove_file(path);
        }
    }
}
