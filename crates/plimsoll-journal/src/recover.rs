//! Going on after a crash: prove what is there, cut off what a crash tore, make the rest durable.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::path::Path;

use crate::lock::{StateLock, create_private_dir};
use crate::reader::{ReadError, Reader, TornTail};
use crate::sink::{FileSink, Sink, sync_dir, write_zeros};
use crate::writer::{Head, Options, Resume, Writer};

/// A journal that was read to its end and is ready for the next epoch.
#[derive(Debug)]
pub struct Recovered<S = FileSink> {
    /// The last record; it and everything before it is durable.
    pub head: Head,
    /// What was cut off: the batch that a crash interrupted.
    pub torn_tail: Option<TornTail>,
    resume: Resume,
    sink: S,
}

impl<S: Sink> Recovered<S> {
    /// The writer of the next epoch.
    pub fn into_writer(self, options: Options) -> Writer<S> {
        Writer::resume(self.sink, options, self.head.epoch + 1, self.resume)
    }
}

/// [`recover`] and the writer of the next epoch, in one.
pub fn open(lock: &StateLock, options: Options) -> Result<(Writer<FileSink>, Option<TornTail>), ReadError> {
    let recovered = recover(lock)?;
    let torn_tail = recovered.torn_tail.clone();
    Ok((recovered.into_writer(options), torn_tail))
}

/// Reads the whole journal, zeroes a torn tail and syncs what is left. Any other fault is returned and
/// nothing is changed. What was read may only be in the operating system's memory so far (after `kill -9`
/// no sync has happened), which is why it is synced before anyone builds on it.
pub fn recover(lock: &StateLock) -> Result<Recovered, ReadError> {
    let dir = lock.journal_dir();
    let mut reader = Reader::open(&dir)?;
    for record in reader.by_ref() {
        record?;
    }
    let io_error = |source| ReadError::Io { path: dir.clone(), source };
    prepare_dir(lock.dir(), &dir).map_err(io_error)?;
    let torn_tail = reader.torn_tail().cloned();
    let open = reader.end().map(|(file, size, offset)| (file.to_owned(), size, offset));
    let file = match &open {
        Some((path, size, offset)) => {
            Some(settle(path, *size, *offset, torn_tail.is_some()).map_err(io_error)?)
        }
        None => None,
    };
    let head = reader.head();
    let resume = Resume { head, open: open.map(|(_, size, offset)| (size, offset)) };
    Ok(Recovered { head, torn_tail, resume, sink: FileSink::new(&dir, file) })
}

/// The same for a journal that is no files: `segments` is what the crash has left of it, and `sink` makes the storage
/// that goes on with them, all of it durable.
pub fn recover_segments<S: Sink>(
    mut segments: Vec<Vec<u8>>,
    sink: impl FnOnce(Vec<Vec<u8>>) -> S,
) -> Result<Recovered<S>, ReadError> {
    let mut reader = Reader::from_memory(segments.clone());
    for record in reader.by_ref() {
        record?;
    }
    let (head, torn_tail) = (reader.head(), reader.torn_tail().cloned());
    let open = reader.end().map(|(_, size, offset)| (size, offset));
    if let (Some((_, offset)), Some(last)) = (open, segments.last_mut()) {
        let offset = usize::try_from(offset).expect("the end of a segment that is in memory");
        last[offset..].fill(0);
    }
    Ok(Recovered { head, torn_tail, resume: Resume { head, open }, sink: sink(segments) })
}

/// Creates the directory and removes a segment that never got its name.
fn prepare_dir(state: &Path, dir: &Path) -> io::Result<()> {
    create_private_dir(dir)?;
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "tmp") {
            fs::remove_file(path)?;
        }
    }
    sync_dir(dir)?;
    sync_dir(state)
}

fn settle(path: &Path, size: u64, offset: u64, torn: bool) -> io::Result<File> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    if torn {
        // Zeroed, not truncated: the file keeps its blocks, and a reader finds zeros after the last record.
        file.seek(SeekFrom::Start(offset))?;
        write_zeros(&mut file, size - offset)?;
    }
    file.sync_all()?;
    Ok(file)
}
