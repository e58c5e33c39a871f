//! `plimsoll journal`: prove it, read it, run it again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use plimsoll_journal::{ReadError, Reader, Record};
use plimsoll_runtime::{projection, replay};
use serde_json::json;

use super::Outcome;
use crate::cli::{Journal, JournalPlace};
use crate::exit::{Exit, Failure};
use crate::output;

pub(crate) fn run(what: &Journal) -> Outcome {
    match what {
        Journal::Verify(place) => verify(place),
        Journal::Trace { place, order, from } => trace(place, order.as_deref(), *from),
        Journal::Replay(place) => replay_all(place),
        Journal::Project { place, to } => project(place, to.as_deref()),
        Journal::Export { place, format } => export(place, format),
    }
}

/// The journal that was named, or the configured one.
fn path(place: &JournalPlace) -> Result<PathBuf, Failure> {
    match &place.file {
        Some(file) => Ok(file.clone()),
        None => Ok(super::run::load(&place.config)?.settings.state_dir.join("journal")),
    }
}

/// The journal's place, if there is one: to the reader a missing folder is an empty journal, as at a first
/// start, but whoever asks about a journal must not hear that nothing is wrong with none.
fn existing(place: &JournalPlace) -> Result<PathBuf, Failure> {
    let path = path(place)?;
    let unreadable = |error: std::io::Error| {
        let text =
            format!("{}: {error}; nothing was read, name a journal's folder or segment", path.display());
        Failure::new(Exit::Environment, anyhow::anyhow!(text))
    };
    if std::fs::metadata(&path).map_err(unreadable)?.is_dir() {
        let has_segment = std::fs::read_dir(&path)
            .map_err(unreadable)?
            .filter_map(Result::ok)
            .any(|entry| is_segment(&entry.file_name().to_string_lossy()));
        if !has_segment {
            let text = format!("no journal here: {} has no segments; nothing was read", path.display());
            return Err(Failure::new(Exit::No, anyhow::anyhow!(text)));
        }
    }
    Ok(path)
}

/// `000000000001.plj`; the reader passes over every other name.
fn is_segment(name: &str) -> bool {
    name.strip_suffix(".plj")
        .and_then(|digits| digits.parse::<u64>().ok())
        .is_some_and(|seq| format!("{seq:012}.plj") == name)
}

fn open(place: &JournalPlace) -> Result<Reader, Failure> {
    Reader::open(&existing(place)?).map_err(broken)
}

/// Damage is the answer "no"; a file that cannot be read is the environment's.
fn broken(error: ReadError) -> Failure {
    let exit = match error {
        ReadError::Broken(_) => Exit::No,
        ReadError::Io { .. } => Exit::Environment,
    };
    Failure::new(exit, error)
}

fn verify(place: &JournalPlace) -> Outcome {
    let report = plimsoll_journal::verify(&existing(place)?).map_err(broken)?;
    let torn = report.torn_tail.as_ref().map(|torn| torn.seq);
    if place.json {
        output::json(&json!({
            "intact": true,
            "records": report.records,
            "segments": report.segments,
            "seq": report.head.seq,
            "head": report.head.hash.to_string(),
            "torn_tail": torn,
        }))?;
    } else {
        let tail = torn.map_or_else(String::new, |seq| format!(", torn while writing record {seq}"));
        output::line(&format!(
            "intact: {} records in {} segments, head {}{tail}",
            report.records,
            report.segments,
            report.head.anchor(),
        ))?;
    }
    Ok(Exit::Good)
}

fn trace(place: &JournalPlace, order: Option<&str>, from: Option<Timestamp>) -> Outcome {
    let is_wanted = |record: &Record| from.is_none_or(|from| record.now.wall >= from);
    let Some(order) = order else {
        for record in open(place)? {
            let record = record.map_err(broken)?;
            if is_wanted(&record) {
                output::line(&replay::trace_line(&record))?;
            }
        }
        return Ok(Exit::Good);
    };
    let mut lines = Vec::new();
    let about = |record: &Record| lines.extend(is_wanted(record).then(|| replay::trace_line(record)));
    replay::trace_order(open(place)?, order, about).map_err(broken)?;
    if lines.is_empty() {
        let text = format!(
            "no record is about `{order}`; `plimsoll orders --history` shows the references, such as \
             SPY-trend-20261127-7"
        );
        return Err(Failure::new(Exit::No, anyhow::anyhow!(text)));
    }
    for line in &lines {
        output::line(line)?;
    }
    Ok(Exit::Good)
}

fn replay_all(place: &JournalPlace) -> Outcome {
    let report = replay::replay(open(place)?).map_err(|error| Failure::new(Exit::No, error))?;
    let difference = report.first_difference.as_ref();
    if place.json {
        output::json(&json!({
            "events": report.events,
            "decisions": report.decisions,
            "first_difference": difference.map(|d| json!({
                "seq": d.seq, "event": d.event, "recorded": d.recorded, "decided": d.decided,
            })),
        }))?;
    } else {
        match difference {
            None => output::line(&format!(
                "every decision is reproduced: {} decisions of {} events",
                report.decisions, report.events
            ))?,
            Some(d) => output::line(&format!(
                "record {}: {}\n  recorded: {}\n  decided:  {}",
                d.seq,
                d.event,
                d.recorded.as_deref().unwrap_or("nothing"),
                d.decided.as_deref().unwrap_or("nothing"),
            ))?,
        }
    }
    Ok(if difference.is_none() { Exit::Good } else { Exit::No })
}

/// The state directory's own file belongs to whoever has its lock.
fn project(place: &JournalPlace, to: Option<&Path>) -> Outcome {
    let journal = existing(place)?;
    let state_dir = journal.parent().unwrap_or(Path::new("."));
    let (file, _lock) = if let Some(file) = to {
        (file.to_owned(), None)
    } else {
        let lock = plimsoll_journal::StateLock::acquire(state_dir);
        let lock = lock.map_err(|error| Failure::new(Exit::Environment, error))?;
        (state_dir.join(projection::FILE), Some(lock))
    };
    // A journal of elsewhere has no configuration beside it.
    let today = super::run::load(&place.config).ok().map(|loaded| Arc::new(loaded.config));
    let made = projection::project(&journal, &file, today).map_err(|error| Failure::new(Exit::No, error))?;
    let seq = made.seq;
    if let Some(unread) = &made.unread {
        eprintln!("plimsoll: {unread}");
    }
    if place.json {
        output::json(&json!({ "file": file.display().to_string(), "seq": seq }))?;
    } else {
        output::line(&format!("{} contains the journal up to record {seq}", file.display()))?;
    }
    Ok(Exit::Good)
}

fn export(place: &JournalPlace, format: &str) -> Outcome {
    if format != "jsonl" {
        let error = anyhow::anyhow!("`{format}` is not an export format; use jsonl");
        return Err(Failure::new(Exit::Usage, error));
    }
    for record in open(place)? {
        let record = record.map_err(broken)?;
        let body: serde_json::Value = serde_json::from_slice(&record.json)?;
        output::json(&json!({
            "seq": record.seq,
            "epoch": record.epoch,
            "at": record.now.wall.to_string(),
            "mono": record.now.mono.as_nanos(),
            "kind": record.kind,
            "schema": record.schema,
            "body": body,
        }))?;
    }
    Ok(Exit::Good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbered_files_are_segments() {
        assert!(is_segment("000000000001.plj"));
        for name in ["1.plj", "notes.plj", "000000000001.plj.bak", "operator.sock"] {
            assert!(!is_segment(name), "{name}");
        }
    }
}
