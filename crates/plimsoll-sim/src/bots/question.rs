//! Requests for data in a script, and steps that wait for their answers.

use plimsoll_tws::Request;
use plimsoll_tws::message::{ReqHistoricalData, ReqMktData};

use super::desk::{Desk, Outgoing};
use super::wire::stock;

/// Numbers of such requests begin here, beyond those of orders and of subscriptions.
const FIRST_ID: i32 = 2_000_000;

/// A request for data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What the script calls it.
    pub label: Box<str>,
    /// Of what.
    pub symbol: Box<str>,
    /// For what.
    pub kind: QuestionKind,
}

/// What can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuestionKind {
    /// Bars of trades in regular hours up to now, in TWS's own words.
    Bars {
        /// `5 secs`.
        size: Box<str>,
        /// `600 S`.
        duration: Box<str>,
    },
    /// The quote, once.
    Snapshot,
}

/// What a step waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitsFor {
    /// Any answer to the request of that label, an error included.
    Answer(Box<str>),
    /// Data; the step is left out where the answer is none.
    Data(Box<str>),
}

/// When a step is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Now,
    Later,
    Never,
}

/// A request that was sent, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) req_id: i32,
    pub(super) label: Box<str>,
    /// Data that has come so far: bars, or prices of a snapshot.
    pub(super) data: usize,
    pub(super) ended: bool,
}

impl WaitsFor {
    pub(super) fn due(&self, desk: &Desk) -> Due {
        let (Self::Answer(label) | Self::Data(label)) = self;
        let Some(asked) = desk.asked.iter().find(|asked| asked.label == *label && asked.ended) else {
            return Due::Later;
        };
        match self {
            Self::Data(_) if asked.data == 0 => Due::Never,
            Self::Answer(_) | Self::Data(_) => Due::Now,
        }
    }
}

impl Desk {
    /// Sends a request for data.
    pub(super) fn ask(&mut self, question: Question) {
        let count = i32::try_from(self.asked.len()).unwrap_or(i32::MAX - FIRST_ID);
        let req_id = FIRST_ID + count;
        self.asked.push(Asked { req_id, label: question.label.clone(), data: 0, ended: false });
        self.outgoing.push(Outgoing::Ask(req_id, question));
    }

    /// The request of that number.
    pub(super) fn asked_as(&mut self, req_id: i32) -> Option<&mut Asked> {
        self.asked.iter_mut().find(|asked| asked.req_id == req_id)
    }
}

impl Question {
    /// As it goes to the wire.
    pub(super) fn request(&self, req_id: i32) -> Request {
        let contract = stock(&self.symbol);
        match &self.kind {
            QuestionKind::Bars { size, duration } => {
                Request::ReqHistoricalData(Box::new(ReqHistoricalData {
                    req_id,
                    contract,
                    bar_size: size.as_ref().into(),
                    duration: duration.as_ref().into(),
                    use_rth: true,
                    what: "TRADES".into(),
                    format_date: 2,
                    ..ReqHistoricalData::default()
                }))
            }
            QuestionKind::Snapshot => Request::ReqMktData(Box::new(ReqMktData {
                req_id,
                contract,
                snapshot: true,
                ..ReqMktData::default()
            })),
        }
    }
}
