//! One process per state directory.
//!
//! Two gateways on one journal would each believe that the other's orders do not exist. The lock is the
//! kernel's (it goes with the process, whatever kills it, and stays while the process is stopped), so it
//! holds on local file systems only, not on NFS.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Proof that this process alone uses a state directory. Keep it as long as the process lives.
#[derive(Debug)]
pub struct StateLock {
    dir: PathBuf,
    /// Unlocked when it is closed.
    _file: File,
}

/// Why the state directory is not ours.
#[derive(Debug, Error)]
pub enum LockError {
    /// Somebody else has it.
    #[error("{} is in use by process {holder}; stop that one, or choose another state_dir", .dir.display())]
    Held {
        /// Which directory.
        dir: PathBuf,
        /// The number that the holder wrote, or `unknown`.
        holder: String,
    },
    /// The disk.
    #[error("{} cannot be locked: {source}", .dir.display())]
    Io {
        /// Which directory.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl StateLock {
    /// Takes the directory, creating it if need be. What is created is this user's alone: the journal holds
    /// every order, and the socket beside it stops and starts the fleet.
    pub fn acquire(dir: &Path) -> Result<Self, LockError> {
        let io_error = |source| LockError::Io { dir: dir.to_owned(), source };
        create_private_dir(dir).map_err(io_error)?;
        let path = dir.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(io_error)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { dir: dir.to_owned(), holder: read_holder(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(io_error(source)),
        }
        write_holder(&mut file).map_err(io_error)?;
        Ok(Self { dir: dir.to_owned(), _file: file })
    }

    /// Where the journal lies.
    pub fn journal_dir(&self) -> PathBuf {
        self.dir.join("journal")
    }

    /// The locked directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

/// Makes a directory, and those above it, for this user alone. One that exists keeps its mode.
pub(crate) fn create_private_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

fn write_holder(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

/// Only for the message: the lock itself does not depend on what the file says.
fn read_holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(32).read_to_string(&mut text);
    let holder = text.trim();
    if read.is_ok() && !holder.is_empty() && holder.bytes().all(|byte| byte.is_ascii_digit()) {
        holder.to_owned()
    } else {
        "unknown".to_owned()
    }
}
