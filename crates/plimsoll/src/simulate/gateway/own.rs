//! Plimsoll's own connection: made again and again until it stands, and watched while it does. The pauses are those of
//! the live shell.

use std::time::Duration;

use plimsoll_model::{Account, ClientId, LinkId, Mono, RawFrame, Report};
use plimsoll_runtime::wire::{self, Told};
use plimsoll_tws::frame::{FrameDecoder, VENUE_FRAME_MAX};
use plimsoll_tws::handshake::{ClientHello, ServerHello};
use plimsoll_tws::{ServerVersion, frame};

use super::{Act, Gateway, Word};

const BACKOFF_MIN: Duration = Duration::from_millis(250);
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// From the connection to the accounts and the next id.
const START_MAX: Duration = Duration::from_secs(10);
/// A venue answers one question for its time a second; an earlier process may have asked just now.
const TIME_SPACING: Duration = Duration::from_secs(2);
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Two unanswered heartbeats.
const SILENCE_MAX: Duration = Duration::from_secs(15);

/// Our own connection.
pub(super) struct Own {
    client_id: ClientId,
    accounts: Vec<Account>,
    backoff: Duration,
    /// Questions for the time are spaced over all lives of the connection, as in the live shell.
    next_question: Mono,
    state: State,
}

enum State {
    /// Until the next attempt.
    Down(Mono),
    /// From the connection to the accounts and the next id.
    Starting(Start),
    Up {
        link: LinkId,
        version: ServerVersion,
        decoder: FrameDecoder,
        heard: Mono,
        next_question: Mono,
    },
}

struct Start {
    link: LinkId,
    deadline: Mono,
    version: Option<ServerVersion>,
    decoder: FrameDecoder,
    early: Vec<(RawFrame, Box<Report>)>,
    has_id: bool,
    has_accounts: bool,
}

impl Own {
    pub(super) fn new(client_id: ClientId, accounts: Vec<Account>, now: Mono) -> Self {
        Self {
            client_id,
            accounts,
            backoff: BACKOFF_MIN,
            next_question: now.after(TIME_SPACING),
            state: State::Down(now),
        }
    }

    /// The connection once it stands.
    pub(super) fn up(&self) -> Option<(LinkId, ServerVersion)> {
        match &self.state {
            State::Up { link, version, .. } => Some((*link, *version)),
            State::Down(_) | State::Starting(_) => None,
        }
    }

    fn link(&self) -> Option<LinkId> {
        match &self.state {
            State::Down(_) => None,
            State::Starting(start) => Some(start.link),
            State::Up { link, .. } => Some(*link),
        }
    }

    pub(super) fn due(&self) -> Mono {
        match &self.state {
            State::Down(until) => *until,
            State::Starting(start) => start.deadline,
            State::Up { heard, next_question, .. } => heard.after(SILENCE_MAX).min(*next_question),
        }
    }
}

impl Gateway {
    pub(super) fn connect_own(&mut self) {
        let link = self.next_link();
        self.own.state = State::Starting(Start {
            link,
            deadline: self.now.mono.after(START_MAX),
            version: None,
            decoder: FrameDecoder::new(VENUE_FRAME_MAX),
            early: Vec::new(),
            has_id: false,
            has_accounts: false,
        });
        self.acts.push(Act::Connect(link));
        let (min, max) = (ServerVersion::MIN.number(), ServerVersion::MAX.number());
        self.acts.push(Act::ToVenue(link, ClientHello { min, max, options: "".into() }.encode()));
    }

    pub(in crate::simulate) fn is_own(&self, link: LinkId) -> bool {
        self.own.link() == Some(link)
    }

    /// Attempts, questions and the end of patience.
    pub(super) fn wake_own(&mut self) {
        let now = self.now.mono;
        match &mut self.own.state {
            State::Down(until) if *until <= now => self.connect_own(),
            State::Starting(start) if start.deadline <= now => self.own_ended(),
            State::Up { heard, .. } if heard.after(SILENCE_MAX) <= now => self.own_ended(),
            State::Up { link, version, next_question, .. } if *next_question <= now => {
                *next_question = now.after(HEARTBEAT);
                self.own.next_question = now.after(TIME_SPACING);
                let question = wire::ask_precise_time(*version);
                self.acts.push(Act::ToVenue(*link, frame::encode(question.bytes())));
            }
            State::Down(_) | State::Starting(_) | State::Up { .. } => {}
        }
    }

    /// It is over, from whichever side.
    pub(super) fn own_ended(&mut self) {
        let Some(link) = self.own.link() else { return };
        let was_up = self.own.up().is_some();
        if was_up {
            self.own.backoff = BACKOFF_MIN;
        }
        self.acts.push(Act::CloseVenue(link));
        self.own.state = State::Down(self.now.mono.after(self.own.backoff));
        self.own.backoff = (self.own.backoff * 2).min(BACKOFF_MAX);
        if was_up {
            self.lanes.push_word(link, Word::OwnDown { link });
        }
    }

    pub(super) fn own_bytes(&mut self, bytes: &[u8]) {
        let now = self.now.mono;
        let mut frames = Vec::new();
        let decoder = match &mut self.own.state {
            State::Down(_) => return,
            State::Starting(start) => &mut start.decoder,
            State::Up { decoder, heard, .. } => {
                *heard = now;
                decoder
            }
        };
        decoder.push(bytes);
        loop {
            match decoder.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => return self.own_ended(),
            }
        }
        for frame in frames {
            self.own_frame(frame);
        }
    }

    fn own_frame(&mut self, raw: RawFrame) {
        match &mut self.own.state {
            State::Down(_) => {}
            State::Starting(_) => self.own_starts(raw),
            State::Up { link, version, .. } => {
                let link = *link;
                match wire::told_us(*version, &raw) {
                    Told::Report(report) => {
                        let is_data = matches!(*report, Report::Quote { .. });
                        let word = Word::OwnReport { link, report, raw };
                        if is_data {
                            self.lanes.push_data(link, word);
                        } else {
                            self.lanes.push_word(link, word);
                        }
                    }
                    Told::Unreadable(_) if wire::is_broker_state(*version, &raw) => self.own_ended(),
                    _ => {}
                }
            }
        }
    }

    fn own_starts(&mut self, raw: RawFrame) {
        let State::Starting(start) = &mut self.own.state else { return };
        let link = start.link;
        let Some(version) = start.version else {
            let version = ServerHello::parse(&raw).ok().and_then(|hello| ServerVersion::new(hello.version));
            let Some(version) = version else { return self.own_ended() };
            start.version = Some(version);
            let hello = wire::plain_start(version, self.own.client_id);
            self.acts.push(Act::ToVenue(link, frame::encode(hello.bytes())));
            return;
        };
        if let Told::Report(report) = wire::told_us(version, &raw) {
            match &*report {
                Report::NextValidId(_) => start.has_id = true,
                Report::ManagedAccounts(has) => {
                    if !self.own.accounts.iter().all(|account| has.contains(account)) {
                        return self.own_ended();
                    }
                    start.has_accounts = true;
                }
                _ => {}
            }
            start.early.push((raw, report));
        }
        if start.has_id && start.has_accounts {
            let early = std::mem::take(&mut start.early);
            let decoder = std::mem::replace(&mut start.decoder, FrameDecoder::new(VENUE_FRAME_MAX));
            let heard = self.now.mono;
            let next_question = self.own.next_question.max(heard);
            self.own.state = State::Up { link, version, decoder, heard, next_question };
            self.lanes.push_word(link, Word::OwnUp(link));
            for (raw, report) in early {
                self.lanes.push_word(link, Word::OwnReport { link, report, raw });
            }
        }
    }
}
