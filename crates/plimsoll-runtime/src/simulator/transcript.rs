//! Every frame in and out, as JSON lines: `{"at", "conn", "dir": "in"|"out", "frame"}`, and for each
//! connection a line when it comes and when it goes (`{"at", "conn", "event"}`).
//!
//! The last lines are kept in memory; with a file, all of them are in the file. The venue's own truth is
//! `GET /state`, not this.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use axum::body::Body;
use bytes::Bytes;
use jiff::Timestamp;
use plimsoll_journal::Raw;
use plimsoll_model::RawFrame;
use plimsoll_tws::frame::{BOT_FRAME_MAX, FrameDecoder, VENUE_FRAME_MAX};
use serde::Serialize;

use super::ConnId;
use crate::http::{Step, Streamed};

/// What is kept in memory.
const MEMORY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// What a client says before its first frame.
const GREETING: &[u8] = b"API\0";

/// Which way bytes went, seen from the venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Direction {
    In,
    Out,
}

#[derive(Debug, Default)]
pub(super) struct Transcript {
    lines: VecDeque<Bytes>,
    bytes: usize,
    left_out: u64,
    file: Option<Output>,
    splitters: BTreeMap<(ConnId, Direction), Splitter>,
}

#[derive(Debug)]
struct Output {
    path: PathBuf,
    writer: BufWriter<File>,
    error: Option<io::Error>,
}

#[derive(Serialize)]
struct Line<'a> {
    at: String,
    conn: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    dir: Option<Direction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<Raw>,
    /// Instead of a frame: bytes that are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a str>,
}

impl Transcript {
    /// A transcript that also goes to `path`, which is overwritten.
    pub(super) fn create(path: Option<&Path>) -> io::Result<Self> {
        let file = path
            .map(|path| {
                let writer = BufWriter::new(File::create(path)?);
                io::Result::Ok(Output { path: path.to_owned(), writer, error: None })
            })
            .transpose()?;
        Ok(Self { file, ..Self::default() })
    }

    /// Bytes as they went.
    pub(super) fn record(&mut self, at: Timestamp, conn: ConnId, dir: Direction, bytes: &[u8]) {
        let splitter = self.splitters.entry((conn, dir)).or_insert_with(|| Splitter::new(dir));
        for piece in splitter.split(bytes) {
            let mut line = Line { dir: Some(dir), ..line(at, conn) };
            match piece {
                Piece::Frame(frame) => line.frame = Some(frame.into()),
                Piece::Bytes(bytes) => line.bytes = Some(RawFrame::new(bytes).into()),
            }
            push(&mut self.lines, &mut self.bytes, &mut self.left_out, &mut self.file, &line);
        }
    }

    /// A connection came, went, or was closed.
    pub(super) fn note(&mut self, at: Timestamp, conn: ConnId, event: &str) {
        let line = Line { event: Some(event), ..line(at, conn) };
        push(&mut self.lines, &mut self.bytes, &mut self.left_out, &mut self.file, &line);
    }

    /// Nothing more comes from this connection.
    pub(super) fn forget(&mut self, conn: ConnId) {
        self.splitters.remove(&(conn, Direction::In));
        self.splitters.remove(&(conn, Direction::Out));
    }

    /// Hands what is buffered to the operating system.
    pub(super) fn flush(&mut self) {
        if let Some(output) = &mut self.file
            && output.error.is_none()
        {
            output.error = output.writer.flush().err();
            if let Some(error) = &output.error {
                tracing::warn!(path = %output.path.display(), %error, "journal not written any further");
            }
        }
    }

    /// The lines, oldest first: all of them if there is a file, otherwise as many as are kept.
    pub(super) fn body(&mut self) -> Result<Body, String> {
        self.flush();
        let Some(output) = &self.file else {
            let lines = self.lines.clone();
            return Ok(Streamed::body(lines, next_line));
        };
        let failed = |error: &io::Error| format!("journal {}: {error}", output.path.display());
        if let Some(error) = &output.error {
            return Err(failed(error));
        }
        let file = File::open(&output.path).map_err(|error| failed(&error))?;
        Ok(Streamed::body(file, next_chunk))
    }

    /// How many lines are no longer in memory and in no file.
    pub(super) fn left_out(&self) -> u64 {
        if self.file.is_some() { 0 } else { self.left_out }
    }
}

fn line(at: Timestamp, conn: ConnId) -> Line<'static> {
    Line { at: at.to_string(), conn: conn.0, dir: None, frame: None, bytes: None, event: None }
}

fn push(
    lines: &mut VecDeque<Bytes>,
    bytes: &mut usize,
    left_out: &mut u64,
    file: &mut Option<Output>,
    line: &Line<'_>,
) {
    let mut text = serde_json::to_vec(line).expect("a line has text keys and no type that can refuse");
    text.push(b'\n');
    if let Some(output) = file {
        if output.error.is_none() {
            output.error = output.writer.write_all(&text).err();
        }
        return;
    }
    *bytes += text.len();
    lines.push_back(text.into());
    while *bytes > MEMORY_BYTES_MAX {
        *bytes -= lines.pop_front().map_or(0, |line| line.len());
        *left_out += 1;
    }
}

fn next_line(mut lines: VecDeque<Bytes>) -> Step<VecDeque<Bytes>> {
    Box::pin(async move { lines.pop_front().map(|line| (line, lines)) })
}

fn next_chunk(file: File) -> Step<File> {
    // Reading a file blocks, which must not hold up the links.
    let read = move || {
        let mut chunk = Vec::new();
        let read = (&file).take(64 * 1024).read_to_end(&mut chunk);
        (read, Bytes::from(chunk), file)
    };
    Box::pin(async move {
        match tokio::task::spawn_blocking(read).await {
            Ok((Ok(n), chunk, file)) if n > 0 => Some((chunk, file)),
            _ => None,
        }
    })
}

/// One direction of one connection.
#[derive(Debug)]
struct Splitter {
    /// What is still missing of the greeting.
    greeting: &'static [u8],
    /// None: this is no stream of frames, bytes are recorded as they come.
    decoder: Option<FrameDecoder>,
}

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Frame(RawFrame),
    Bytes(Bytes),
}

impl Splitter {
    fn new(dir: Direction) -> Self {
        let (greeting, frame_max) = match dir {
            Direction::In => (GREETING, BOT_FRAME_MAX),
            Direction::Out => (b"".as_slice(), VENUE_FRAME_MAX),
        };
        Self { greeting, decoder: Some(FrameDecoder::new(frame_max)) }
    }

    fn split(&mut self, mut bytes: &[u8]) -> Vec<Piece> {
        while let ([expected, rest @ ..], [byte, more @ ..]) = (self.greeting, bytes) {
            if byte != expected {
                (self.greeting, self.decoder) = (b"", None);
                break;
            }
            (self.greeting, bytes) = (rest, more);
        }
        let as_bytes = |bytes: &[u8]| Piece::Bytes(Bytes::copy_from_slice(bytes));
        let Some(decoder) = &mut self.decoder else {
            return if bytes.is_empty() { Vec::new() } else { vec![as_bytes(bytes)] };
        };
        decoder.push(bytes);
        let mut pieces = Vec::new();
        loop {
            match decoder.next() {
                Ok(Some(frame)) => pieces.push(Piece::Frame(frame)),
                Ok(None) => return pieces,
                Err(_) => {
                    self.decoder = None;
                    pieces.push(as_bytes(bytes));
                    return pieces;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(splitter: &mut Splitter, bytes: &[u8]) -> Vec<String> {
        let text = |piece| match piece {
            Piece::Frame(frame) => format!("{frame:?}"),
            Piece::Bytes(bytes) => format!("bytes {}", bytes.escape_ascii()),
        };
        splitter.split(bytes).into_iter().map(text).collect()
    }

    #[test]
    fn the_greeting_is_no_frame_and_frames_are_whole_however_they_come() {
        let wire = b"API\0\0\0\0\x09v100..200\0\0\0\x0471\x002";
        for cut in 0..wire.len() {
            let mut splitter = Splitter::new(Direction::In);
            let mut frames = split(&mut splitter, &wire[..cut]);
            frames.extend(split(&mut splitter, &wire[cut..]));
            assert_eq!(frames, ["v100..200", "71|2"], "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_stream_of_frames_is_recorded_as_it_came() {
        let mut splitter = Splitter::new(Direction::In);
        assert_eq!(split(&mut splitter, b"GET /"), ["bytes GET /"]);
        assert_eq!(split(&mut splitter, b" HTTP"), ["bytes  HTTP"]);
        let mut splitter = Splitter::new(Direction::Out);
        assert_eq!(
            split(&mut splitter, b"\0\0\0\x012\xFF\xFF\xFF\xFF"),
            ["2", "bytes \\x00\\x00\\x00\\x012\\xff\\xff\\xff\\xff"]
        );
    }

    #[test]
    fn memory_keeps_the_last_lines_and_counts_the_others() {
        let mut transcript = Transcript::default();
        let frame = [b"\0\x04\0\0".to_vec(), vec![b'x'; 256 * 1024]].concat();
        let at = Timestamp::UNIX_EPOCH;
        for _ in 0..130 {
            transcript.record(at, ConnId(1), Direction::Out, &frame);
        }
        assert!(transcript.bytes <= MEMORY_BYTES_MAX);
        assert_eq!(transcript.lines.len() as u64 + transcript.left_out(), 130);
        assert!(transcript.left_out() > 0);
    }
}
