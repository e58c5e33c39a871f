//! A journal through a fresh bridge: to prove that it decides the same again, and to go on after a crash.
//!
//! Owns the comparison of decisions, text by text. Does not own the journal's integrity, which its reader
//! proves on the way.

use std::collections::VecDeque;

use plimsoll_core::{Bridge, Command, Event};
use plimsoll_journal::{Body, BodyError, ReadError, Record};
use plimsoll_model::{LinkId, Now};

use crate::record::{self, RecordError};

/// Why a journal cannot be run again. The command line ends with exit code 1.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The journal is not intact, or not readable.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record that this version does not know.
    #[error("record {seq}: {source}")]
    Body {
        /// Which.
        seq: u64,
        /// Why.
        source: BodyError,
    },
    /// A record that is no event of today's bridge.
    #[error("record {seq}: {source}")]
    Event {
        /// Which.
        seq: u64,
        /// Why.
        source: RecordError,
    },
}

/// What a replay found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReplayReport {
    /// Events that were fed to the bridge.
    pub events: u64,
    /// Decisions that were compared.
    pub decisions: u64,
    /// Where today's decisions part from those of the journal.
    pub first_difference: Option<Difference>,
}

/// One decision that is not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The record of the decision, or of the event that had one more.
    pub seq: u64,
    /// The event behind it.
    pub event: String,
    /// As recorded; none if the journal has no such decision.
    pub recorded: Option<String>,
    /// As decided now; none if nothing is.
    pub decided: Option<String>,
}

/// Runs a journal and compares every decision.
pub fn replay(records: impl Iterator<Item = Result<Record, ReadError>>) -> Result<ReplayReport, ReplayError> {
    let mut run = Run::default();
    run.all(records)?;
    Ok(run.report)
}

/// One record as a line for people: number, instant, and the event or the decision.
pub fn trace_line(record: &Record) -> Result<String, ReplayError> {
    let seq = record.seq;
    let body = record.body().map_err(|source| ReplayError::Body { seq, source })?;
    let at = record.now.wall;
    let text = match body {
        Body::Decision { text } => format!("-> {text}"),
        Body::LinkNote { link, text } => format!("link {link} note: {text}"),
        body => match record::event(body).map_err(|source| ReplayError::Event { seq, source })? {
            Some(event) => event.to_string(),
            None => "sealed".to_owned(),
        },
    };
    Ok(format!("{seq:>8} {at} {text}"))
}

/// What the live shell needs to go on.
#[derive(Debug)]
pub(crate) struct Resumed {
    pub(crate) bridge: Bridge,
    pub(crate) report: ReplayReport,
    /// The clocks at the last record.
    pub(crate) last: Option<Now>,
    /// The highest link number so far.
    pub(crate) last_link: LinkId,
}

/// Runs a journal for its state. Decisions that would be others today do not stop a start: the events are
/// what happened; the first difference is reported.
pub(crate) fn resume(
    records: impl Iterator<Item = Result<Record, ReadError>>,
) -> Result<Resumed, ReplayError> {
    let mut run = Run::default();
    run.all(records)?;
    Ok(Resumed { bridge: run.bridge, report: run.report, last: run.last, last_link: run.last_link })
}

struct Run {
    bridge: Bridge,
    report: ReplayReport,
    last: Option<Now>,
    last_link: LinkId,
    /// Decisions of the latest event that the journal has not named yet.
    decided: VecDeque<String>,
    event: String,
    out: Vec<Command>,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            bridge: Bridge::new(),
            report: ReplayReport::default(),
            last: None,
            last_link: LinkId(0),
            decided: VecDeque::new(),
            event: String::new(),
            out: Vec::new(),
        }
    }
}

impl Run {
    fn all(&mut self, records: impl Iterator<Item = Result<Record, ReadError>>) -> Result<(), ReplayError> {
        for record in records {
            let record = record?;
            let (seq, now) = (record.seq, record.now);
            let body = record.body().map_err(|source| ReplayError::Body { seq, source })?;
            self.last = Some(now);
            self.last_link = self.last_link.max(record::link(&body).unwrap_or(LinkId(0)));
            if let Body::Decision { text } = body {
                self.compare(seq, text);
            } else if let Some(event) =
                record::event(body).map_err(|source| ReplayError::Event { seq, source })?
            {
                self.feed(seq, now, event);
            }
        }
        // The last event's decisions may have been lost with the process; that is no difference.
        Ok(())
    }

    fn feed(&mut self, seq: u64, now: Now, event: Event) {
        // A process that was killed leaves the decisions of its last event unwritten.
        let was_killed = matches!(event, Event::Started { .. });
        if let Some(extra) = self.decided.pop_front().filter(|_| !was_killed) {
            self.differ(seq, None, Some(extra));
        }
        self.decided.clear();
        self.event = event.to_string();
        self.report.events += 1;
        self.bridge.on(now, event, &mut self.out);
        self.decided.extend(self.out.drain(..).map(|command| command.to_string()));
    }

    fn compare(&mut self, seq: u64, recorded: String) {
        self.report.decisions += 1;
        let decided = self.decided.pop_front();
        if decided.as_ref() != Some(&recorded) {
            self.differ(seq, Some(recorded), decided);
        }
    }

    fn differ(&mut self, seq: u64, recorded: Option<String>, decided: Option<String>) {
        let event = self.event.clone();
        self.report.first_difference.get_or_insert(Difference { seq, event, recorded, decided });
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use plimsoll_journal::{MemorySink, Options, Reader, Writer};
    use plimsoll_model::Mono;

    use super::*;

    /// Replays a journal of these bodies.
    fn check(bodies: &[Body]) -> ReplayReport {
        let options = Options { segment_bytes: 1 << 20 };
        let mut writer = Writer::new(MemorySink::new(), options, 1);
        for (at, body) in (1..).zip(bodies) {
            let now = Now { mono: Mono::from_nanos(at), wall: Timestamp::UNIX_EPOCH };
            writer.append(now, body).unwrap();
        }
        writer.sync().unwrap();
        replay(Reader::from_memory(writer.into_sink().into_segments())).unwrap()
    }

    fn halt() -> Body {
        let (by, reason) = ("me".into(), "test".into());
        Body::Halt { level: "new_risk".into(), bot: None, by, reason }
    }

    fn decision(text: &str) -> Body {
        Body::Decision { text: text.into() }
    }

    #[test]
    fn the_same_decisions_are_no_difference() {
        let report = check(&[halt(), decision("notice fleet halted (new_risk) by me: test"), Body::Woke]);
        assert_eq!(report, ReplayReport { events: 2, decisions: 1, first_difference: None });
    }

    #[test]
    fn a_changed_decision_is_named_with_its_event() {
        let difference = check(&[halt(), decision("notice nothing")]).first_difference.unwrap();
        assert_eq!(difference.seq, 2);
        assert_eq!(difference.event, "operator halts fleet (new_risk) by me: test");
        assert_eq!(difference.recorded.unwrap(), "notice nothing");
        assert_eq!(difference.decided.unwrap(), "notice fleet halted (new_risk) by me: test");
    }

    #[test]
    fn a_missing_decision_is_a_difference_unless_the_process_was_killed_there() {
        let difference = check(&[halt(), Body::Woke]).first_difference.unwrap();
        assert_eq!((difference.seq, difference.recorded), (2, None));
        let restart = Body::Started { epoch: 2, config_toml: crate::config::tests::GOOD.into() };
        assert_eq!(check(&[halt(), restart]).first_difference, None);
        assert_eq!(check(&[halt()]).first_difference, None);
    }

    #[test]
    fn a_decision_too_many_in_the_journal_is_a_difference() {
        let difference = check(&[Body::Woke, decision("submit 1 …")]).first_difference.unwrap();
        assert_eq!((difference.seq, difference.decided), (2, None));
    }
}
