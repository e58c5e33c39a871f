//! A journal through a fresh bridge: to prove that it decides the same again, and to go on after a crash.
//!
//! Owns the comparison of decisions, text by text. Does not own the journal's integrity, which its reader
//! proves on the way.

use std::collections::VecDeque;
use std::sync::Arc;

use plimsoll_core::{Bridge, Command, Config, Event};
use plimsoll_journal::{Body, BodyError, ReadError, Record};
use plimsoll_model::{ClOrdId, LinkId, Now};

use crate::record::{self, RecordError};
use crate::unread::{Lenient, Unread};

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

/// Runs a journal and compares every decision. What this version does not understand it cannot prove, so the
/// first such record is the answer.
pub fn replay(records: impl Iterator<Item = Result<Record, ReadError>>) -> Result<ReplayReport, ReplayError> {
    let mut run = Run::default();
    run.all(records)?;
    Ok(run.report)
}

/// One record as a line for people: number, instant, and the event or the decision.
pub fn trace_line(record: &Record) -> String {
    let unread = |why: &dyn std::fmt::Display| format!("not understood by this version: {why}");
    let text = match record.body() {
        Err(error) => unread(&error),
        Ok(Body::Decision { text }) => format!("-> {text}"),
        Ok(Body::LinkNote { link, text }) => format!("link {link} note: {text}"),
        Ok(Body::Unread { count, first, why }) => Unread { count, first, why }.to_string(),
        Ok(body) => match record::event(body) {
            Ok(Some(event)) => event.to_string(),
            Ok(None) => "sealed".to_owned(),
            Err(error) => unread(&error),
        },
    };
    format!("{:>8} {} {text}", record.seq, record.now.wall)
}

/// Hands over the records that are about one order: the events that touched it, what was decided about them, and
/// whatever names it. The reference is ours, and a denied order's is on no line, so a bridge says whose a line is.
/// A part of a reference finds every order that has it. A journal without its beginning is searched as text.
pub fn trace_order(
    records: impl Iterator<Item = Result<Record, ReadError>>,
    reference: &str,
    mut found: impl FnMut(&Record),
) -> Result<(), ReadError> {
    let (mut bridge, mut lenient, mut out) = (Bridge::new(), Lenient::new(None), Vec::new());
    let (mut is_whole, mut concerns) = (false, false);
    for record in records {
        let record = record?;
        is_whole |= record.seq == 1;
        match record.body() {
            Ok(Body::Decision { .. }) => {}
            Ok(body) if is_whole => {
                concerns = false;
                if let Some(event) = lenient.event(record.seq, body) {
                    bridge.on(record.now, event, &mut out);
                    out.clear();
                    let named = |id: &ClOrdId| id.as_str().contains(reference);
                    concerns =
                        bridge.changed_orders().any(|(_, order)| order.cl_ord_id.as_ref().is_some_and(named));
                }
            }
            Ok(_) => {}
            Err(error) => lenient.pass_over(record.seq, &error),
        }
        if concerns || trace_line(&record).contains(reference) {
            found(&record);
        }
    }
    Ok(())
}

/// What the live shell needs to go on.
#[derive(Debug)]
pub struct Resumed {
    /// As it was at the last record.
    pub bridge: Bridge,
    /// Whether it would decide the same today.
    pub report: ReplayReport,
    /// The clocks at the last record.
    pub last: Option<Now>,
    /// The highest link number so far.
    pub last_link: LinkId,
    /// What was passed over and nobody has been told of yet.
    pub unread: Option<Unread>,
}

/// Runs a journal for its state. Decisions that would be others today do not stop a start: the events are
/// what happened; the first difference is reported. Nor do records that this version does not understand:
/// they are passed over and reported, and `today` stands in for a configuration that is refused by now.
pub fn resume(
    records: impl Iterator<Item = Result<Record, ReadError>>,
    today: &Arc<Config>,
) -> Result<Resumed, ReplayError> {
    let mut run = Run { lenient: Some(Lenient::new(Some(Arc::clone(today)))), ..Run::default() };
    run.all(records)?;
    let Run { bridge, report, last, last_link, lenient, .. } = run;
    Ok(Resumed { bridge, report, last, last_link, unread: lenient.and_then(Lenient::unread) })
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
    /// None: what is not understood ends the run.
    lenient: Option<Lenient>,
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
            lenient: None,
        }
    }
}

impl Run {
    fn all(&mut self, records: impl Iterator<Item = Result<Record, ReadError>>) -> Result<(), ReplayError> {
        for record in records {
            let record = record?;
            let (seq, now) = (record.seq, record.now);
            self.last = Some(now);
            let body = match (record.body(), &mut self.lenient) {
                (Ok(body), _) => body,
                (Err(error), Some(lenient)) => {
                    lenient.pass_over(seq, &error);
                    continue;
                }
                (Err(source), None) => return Err(ReplayError::Body { seq, source }),
            };
            self.last_link = self.last_link.max(record::link(&body).unwrap_or(LinkId(0)));
            let event = match (body, &mut self.lenient) {
                (Body::Decision { text }, _) => {
                    self.compare(seq, text);
                    continue;
                }
                (body, Some(lenient)) => lenient.event(seq, body),
                (body, None) => record::event(body).map_err(|source| ReplayError::Event { seq, source })?,
            };
            if let Some(event) = event {
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
        replay(journal(bodies)).unwrap()
    }

    fn journal(bodies: &[Body]) -> Reader {
        let options = Options { segment_bytes: 1 << 20 };
        let mut writer = Writer::new(MemorySink::new(), options, 1);
        for (at, body) in (1..).zip(bodies) {
            let now = Now { mono: Mono::from_nanos(at), wall: Timestamp::UNIX_EPOCH };
            writer.append(now, body).unwrap();
        }
        writer.sync().unwrap();
        Reader::from_memory(writer.into_sink().into_segments())
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

    fn today() -> Arc<Config> {
        Arc::new(crate::config::parse("plimsoll.toml", crate::config::tests::GOOD).unwrap().config)
    }

    /// A start, a line of the venue, a halt: the first two are not understood any more.
    fn old() -> Vec<Body> {
        let raw = plimsoll_model::RawFrame::new("3\x005\0Submitted\0".into());
        vec![
            Body::Started { epoch: 1, config_toml: "[plimsoll]\na_key_of_old = 1\n".into() },
            Body::FromVenue { link: 1, server_version: 178, raw: plimsoll_journal::Raw(raw) },
            halt(),
            decision("notice fleet halted (new_risk) by me: test"),
        ]
    }

    #[test]
    fn a_record_that_is_not_understood_ends_a_proof_and_does_not_stop_a_start() {
        let why = replay(journal(&old())).unwrap_err().to_string();
        assert!(why.starts_with("record 1: the recorded configuration"), "{why}");
        let resumed = resume(journal(&old()), &today()).unwrap();
        let unread = resumed.unread.unwrap();
        assert_eq!((unread.count, unread.first), (2, 1));
        assert!(unread.why.contains("a_key_of_old"), "{unread}");
        assert_eq!(resumed.last_link, LinkId(1));
        let now = resumed.last.unwrap();
        assert_eq!(resumed.bridge.snapshot(now).halt.unwrap().reason.as_ref(), "test", "the halt was lost");
    }

    #[test]
    fn what_was_dealt_with_once_is_not_reported_again() {
        let mut bodies = old();
        bodies.push(Body::Unread { count: 2, first: 1, why: "x".into() });
        assert_eq!(resume(journal(&bodies), &today()).unwrap().unread, None);
        bodies.push(Body::Halt { level: "most".into(), bot: None, by: "me".into(), reason: "x".into() });
        assert_eq!(resume(journal(&bodies), &today()).unwrap().unread.unwrap().first, 6);
    }

    /// A client's limit order for SPY, the number and quantity in front.
    fn order(id: i32, qty: i32) -> Body {
        let text = format!(
            "3|{id}|0|SPY|STK||0.0|||SMART|ARCA|USD|||||BUY|{qty}|LMT|480.10||DAY||U1111111|O|0|mine|1|0|0|0|0|0|1|0||0.0|||||||0||-1|0|||0|||0|0||0||||||0|||||0|||||||||||0|||0|0|||0||0|0|0|0|||||||0|||||||||0|0|0|0|||0|||"
        );
        let raw = plimsoll_model::RawFrame::new(text.replace('|', "\0").into_bytes().into());
        Body::FromBot { link: 2, server_version: 178, raw: plimsoll_journal::Raw(raw) }
    }

    #[test]
    fn a_denied_order_is_traced_by_a_reference_that_is_on_no_line() {
        let start = plimsoll_model::RawFrame::new("71\x002\x0011\0\0".into());
        let raw = plimsoll_journal::Raw(start);
        // The calendar does not reach back to the first second of the clock, so both orders are denied; what else
        // happens is about neither.
        let said = |text: &'static str| {
            let raw = plimsoll_model::RawFrame::new(text.into());
            Body::FromVenue { link: 1, server_version: 178, raw: plimsoll_journal::Raw(raw) }
        };
        let bodies = [
            Body::Started { epoch: 1, config_toml: crate::config::tests::GOOD.into() },
            Body::OwnUp { link: 1 },
            said("62\x001\0"),
            said("53\x001\0"),
            said("55\x001\x005\0"),
            said("102\0"),
            Body::BotArrived { link: 2, bot: "trend".into(), client_id: 11, raw },
            order(5, 10),
            decision("deny 2 order 5: Plimsoll trading_session: …"),
            order(6, 20),
            decision("deny 2 order 6: Plimsoll trading_session: …"),
            Body::Woke,
        ];
        let about = |reference: &str| {
            let mut seqs = Vec::new();
            trace_order(journal(&bodies), reference, |record| seqs.push(record.seq)).unwrap();
            seqs
        };
        assert_eq!(about("SPY-trend-19700101-1"), [8, 9]);
        assert_eq!(about("SPY-trend-19700101-2"), [10, 11]);
        assert!(about("SPY-trend-19700101-3").is_empty());
        // A part of a reference is about all that have it, and text is found as text.
        assert_eq!(about("SPY-trend"), [8, 9, 10, 11]);
        assert_eq!(about("order 6: Plimsoll"), [11]);
    }

    #[test]
    fn a_line_for_people_is_made_of_a_record_that_is_not_understood_too() {
        let lines: Vec<_> = journal(&old()).map(|record| trace_line(&record.unwrap())).collect();
        assert!(lines[1].contains("not understood by this version: a frame of the venue"), "{lines:?}");
        assert_eq!(lines.len(), 4);
    }
}
