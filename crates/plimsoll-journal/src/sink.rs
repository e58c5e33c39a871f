//! Where segments go: files, or memory for benchmarks and tests.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::segment::file_name;
use crate::spare::{Spare, SpareOrder};

/// Storage for segments, one of them open at a time. Offsets count from the start of the open one.
pub trait Sink {
    /// Makes a zeroed segment of `size` bytes that begins with `header` and opens it. Durable on return,
    /// name included.
    fn create(&mut self, first_seq: u64, size: u64, header: &[u8]) -> io::Result<()>;

    /// Writes into the open segment.
    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes everything written so far durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// Segments as files in one directory.
#[derive(Debug)]
pub struct FileSink {
    dir: PathBuf,
    open: Option<File>,
    spare: Option<Spare>,
}

impl FileSink {
    pub(crate) fn new(dir: &Path, open: Option<File>) -> Self {
        Self { dir: dir.to_owned(), open, spare: None }
    }

    /// What would be of use for the next segment, unless it is there.
    pub(crate) fn spare_wanted(&self, size: u64) -> Option<SpareOrder> {
        self.spare.is_none().then(|| SpareOrder { dir: self.dir.clone(), size })
    }

    /// Takes what was made. It is used for a segment of its size only.
    pub(crate) fn take_spare(&mut self, spare: Spare) {
        self.spare = Some(spare);
    }

    fn open(&self) -> io::Result<&File> {
        self.open.as_ref().ok_or_else(|| io::Error::other("no segment is open"))
    }
}

impl Sink for FileSink {
    fn create(&mut self, first_seq: u64, size: u64, header: &[u8]) -> io::Result<()> {
        let path = self.dir.join(file_name(first_seq));
        if path.exists() {
            // A rename would replace it without a word. Nobody else creates it: we hold the lock.
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{} exists", path.display())));
        }
        if let Some(spare) = self.spare.take().filter(|spare| spare.size() == size) {
            self.open = Some(spare.into_segment(&self.dir, &path, header)?);
            return Ok(());
        }
        let draft = path.with_extension("tmp");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        // Written, not merely reserved: a sync into blocks that exist need not touch the file's metadata,
        // and unwritten extents would cost that on their first use.
        file.write_all(header)?;
        write_zeros(&mut file, size - header.len() as u64)?;
        file.sync_all()?;
        fs::rename(&draft, &path)?;
        sync_dir(&self.dir)?;
        self.open = Some(file);
        Ok(())
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.open()?.write_all_at(bytes, offset)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.open()?.sync_data()
    }
}

/// Segments in memory. Nothing survives the process.
#[derive(Debug, Default)]
pub struct MemorySink {
    segments: Vec<Vec<u8>>,
}

impl MemorySink {
    /// Empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// The segments' bytes, oldest first.
    pub fn segments(&self) -> &[Vec<u8>] {
        &self.segments
    }

    /// A sink that continues with these segments.
    #[cfg(test)]
    pub(crate) fn from_segments(segments: Vec<Vec<u8>>) -> Self {
        Self { segments }
    }

    /// The segments' bytes, oldest first, for [`crate::Reader::from_memory`].
    pub fn into_segments(self) -> Vec<Vec<u8>> {
        self.segments
    }
}

impl Sink for MemorySink {
    fn create(&mut self, _first_seq: u64, size: u64, header: &[u8]) -> io::Result<()> {
        let size = usize::try_from(size).map_err(io::Error::other)?;
        let mut segment = vec![0; size];
        segment[..header.len()].copy_from_slice(header);
        self.segments.push(segment);
        Ok(())
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let at = usize::try_from(offset).map_err(io::Error::other)?;
        let segment = self.segments.last_mut().ok_or_else(|| io::Error::other("no segment is open"))?;
        let place = segment
            .get_mut(at..at + bytes.len())
            .ok_or_else(|| io::Error::other("write beyond the end of the segment"))?;
        place.copy_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) fn write_zeros(file: &mut File, len: u64) -> io::Result<()> {
    const BLOCK: usize = 1 << 20;
    let zeros = vec![0; BLOCK];
    let mut left = len;
    while left > 0 {
        let n = left.min(BLOCK as u64);
        file.write_all(&zeros[..usize::try_from(n).expect("at most one block")])?;
        left -= n;
    }
    Ok(())
}

/// Makes names in a directory durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
