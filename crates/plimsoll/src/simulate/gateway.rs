//! The gateway without sockets, threads and clocks: the real bridge, the shell's own way between frames and events, and
//! its own order of work.
//!
//! Owns what the live shell's tasks own: the pairs of connections by number, our own connection, what waits for the disk.
//! Bytes and time come in; what is to be sent, written and synced goes out. Does not own: how long anything takes, which
//! is the world's.

mod broken;
mod carrier;
mod own;
mod pair;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use plimsoll_core::{Bridge, ClockEvent, Config, Event, Operator, Repeated};
use plimsoll_journal::Body;
use plimsoll_model::{ClientId, LinkId, Mono, Now, RawFrame, Report, Request};
use plimsoll_runtime::carry::{self, Carrier as _};
use plimsoll_runtime::lanes::{BotInput, Heard, Lanes, WorkItem};
use plimsoll_runtime::quotes::Conflation;
use plimsoll_runtime::record;
use plimsoll_runtime::wire::{self, Told};
use plimsoll_tws::ServerVersion;

pub(super) use broken::Broken;
use own::Own;
use pair::Pair;

/// How long the upstream of a bot that is gone is kept while it has working orders.
const KEEP_UPSTREAM: Duration = Duration::from_hours(1);

/// What the world has to do.
#[derive(Debug)]
pub(super) enum Act {
    /// Connect to the venue.
    Connect(LinkId),
    /// Send bytes to the venue.
    ToVenue(LinkId, Bytes),
    /// End a connection to the venue.
    CloseVenue(LinkId),
    /// Send bytes to a bot.
    ToBot(LinkId, Bytes),
    /// End a bot's connection.
    CloseBot(LinkId),
    /// Make everything appended so far durable.
    Flush(u64),
}

/// What the venue says, in the order of each connection.
enum Word {
    Arrived(LinkId, ClientId),
    Told { link: LinkId, told: Told, raw: RawFrame },
    Gone { link: LinkId, why: String },
    OwnUp(LinkId),
    OwnReport { link: LinkId, report: Box<Report>, raw: RawFrame },
    OwnDown { link: LinkId },
}

/// One life of the process.
pub(super) struct Gateway {
    config: Arc<Config>,
    bridge: Bridge,
    lanes: Lanes<Operator, Word>,
    own: Own,
    pairs: BTreeMap<LinkId, Pair>,
    last_link: LinkId,
    quotes: Conflation,
    asking: Option<LinkId>,
    to_end: Vec<(LinkId, String)>,
    now: Now,
    is_open: bool,
    broken: Option<Broken>,
    /// For the world, in order.
    pub(super) acts: Vec<Act>,
    /// For the disk, in order.
    pub(super) records: Vec<(Now, Body)>,
}

impl Gateway {
    /// A process that has run its journal through the bridge.
    pub(super) fn new(config: Arc<Config>, bridge: Bridge, last_link: LinkId, now: Now) -> Self {
        let own = Own::new(config.venue.client_id, config.venue.accounts.clone(), now.mono);
        Self {
            config,
            bridge,
            lanes: Lanes::default(),
            own,
            pairs: BTreeMap::new(),
            last_link,
            quotes: Conflation::default(),
            asking: None,
            to_end: Vec::new(),
            now,
            is_open: false,
            broken: None,
            acts: Vec::new(),
            records: Vec::new(),
        }
    }

    pub(super) fn set_broken(&mut self, broken: Option<Broken>) {
        self.broken = broken;
    }

    /// The first event of an epoch, and our own connection.
    pub(super) fn begin(&mut self, epoch: u64, text: &str) {
        let event = Event::Started { epoch, config: Arc::clone(&self.config) };
        self.feed_with(event, None, text);
        self.connect_own();
    }

    /// What time it is by both clocks, before anything else of that instant.
    pub(super) fn set_now(&mut self, now: Now) {
        self.now = now;
    }

    /// Whether bots may connect.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    pub(super) fn bridge(&self) -> &Bridge {
        &self.bridge
    }

    /// Something was found out about the host's clock.
    pub(super) fn clock_news(&mut self, news: Vec<ClockEvent>) {
        for event in news {
            self.feed(Event::Clock(event), None);
        }
        self.work();
    }

    pub(super) fn operator(&mut self, said: Operator) {
        self.lanes.push_operator(said);
        self.work();
    }

    /// The disk has everything up to these tokens.
    pub(super) fn flushed(&mut self, tokens: &[u64]) {
        for token in tokens {
            self.lanes.push_flushed(*token);
        }
        self.work();
    }

    /// Whatever was to be done by now.
    pub(super) fn wake(&mut self) {
        for (instrument, quote) in self.quotes.take_due(self.now.wall) {
            self.feed(Event::Quote { instrument, quote }, None);
        }
        if self.bridge.next_wakeup().is_some_and(|due| due <= self.now.mono) {
            self.feed(Event::Woke, None);
        }
        self.wake_own();
        let kept = |pair: &Pair| pair.kept_until.is_some_and(|until| until <= self.now.mono);
        let over: Vec<LinkId> =
            self.pairs.iter().filter(|(_, pair)| kept(pair)).map(|(link, _)| *link).collect();
        for link in over {
            self.end_pair(link, None);
        }
        self.work();
    }

    /// When it wants to be woken.
    pub(super) fn due(&self) -> Option<Mono> {
        let quotes = self.quotes.next_due(self.now.wall).map(|left| self.now.mono.after(left));
        let kept = self.pairs.values().filter_map(|pair| pair.kept_until).min();
        [quotes, self.bridge.next_wakeup(), kept, Some(self.own.due())].into_iter().flatten().min()
    }

    /// Deals with what there is, in the shell's order.
    fn work(&mut self) {
        loop {
            while let Some(item) = self.lanes.next(Heard::Everything) {
                match item {
                    WorkItem::Operator(said) => self.feed(Event::Operator(said), None),
                    WorkItem::Venue(word) => self.hear(word),
                    WorkItem::Bot(link, input) => self.hear_bot(link, input),
                    WorkItem::Flushed(token) => {
                        self.feed(Event::Flushed { token }, None);
                        self.lanes.settled(token);
                    }
                }
                while let Some((link, why)) = self.to_end.pop() {
                    self.end_pair(link, Some(&why));
                }
            }
            if !self.lanes.has_work(Heard::Everything) {
                break;
            }
        }
        self.is_open |= matches!(self.bridge.state_word(), "armed" | "read_only" | "halted");
    }

    fn hear(&mut self, word: Word) {
        match word {
            Word::Arrived(link, client_id) => self.arrive(link, client_id),
            Word::Told { link, told, raw } => self.told_bot(link, told, raw),
            Word::Gone { link, why } => self.end_pair(link, Some(&why)),
            Word::OwnUp(link) => self.feed(Event::OwnUp { link }, None),
            Word::OwnReport { link, report, raw } => self.told_us(link, *report, raw),
            Word::OwnDown { link } => {
                self.lanes.forget(link);
                self.quotes.clear();
                self.feed(Event::OwnDown { link }, None);
            }
        }
    }

    fn hear_bot(&mut self, link: LinkId, input: BotInput) {
        let Some(pair) = self.pairs.get(&link) else {
            self.lanes.forget(link);
            return;
        };
        let version = pair.version;
        match input {
            BotInput::Gone(_) => self.bot_left(link),
            BotInput::Frame { request: Request::Other, raw, .. } => self.send_to_venue(link, &raw),
            BotInput::Frame { request, raw, .. } => {
                self.asking = Some(link);
                self.feed(Event::FromBot { link, request, raw }, version);
                self.asking = None;
            }
        }
    }

    fn told_bot(&mut self, link: LinkId, told: Told, raw: RawFrame) {
        let Some(pair) = self.pairs.get(&link) else { return };
        let (version, is_kept) = (pair.version, pair.kept_until.is_some());
        match told {
            Told::Relay | Told::RelayTick(_) if is_kept => {}
            // No bot of a plan asks for these, and what cannot be read is withheld.
            Told::FamilyCodes | Told::Unreadable(_) => {}
            Told::Repeated(report) => match self.bridge.repeated(link, &report) {
                Some(Repeated::Hidden) => {}
                Some(Repeated::Shown(rewrites)) => carry::show(self, self.now, link, &raw, &rewrites),
                None => self.told_bot(link, Told::Report(report), raw),
            },
            Told::Report(report) if wire::is_event(&report) => {
                let report = self.misread(*report);
                self.feed(Event::FromVenue { link, report, raw }, version);
                self.end_kept_without_orders(link);
            }
            Told::Relay | Told::RelayTick(_) | Told::Bars | Told::Report(_) => self.send_to_bot(link, &raw),
        }
    }

    fn told_us(&mut self, link: LinkId, report: Report, raw: RawFrame) {
        let Some((own, version)) = self.own() else { return };
        if own != link {
            return;
        }
        match self.misread(report) {
            Report::Quote { id, field, price } => self.quotes.tick(id, field, price, self.now.wall),
            report if wire::is_own_event(&report) => {
                self.feed(Event::FromVenue { link, report, raw }, Some(version));
            }
            _ => {}
        }
    }

    /// Journals an event, has it decided, journals the decisions, carries them out.
    fn feed(&mut self, event: Event, version: Option<ServerVersion>) {
        self.feed_with(event, version, "");
    }

    fn feed_with(&mut self, event: Event, version: Option<ServerVersion>, config: &str) {
        let now = self.now;
        self.records.push((now, record::body(&event, version, config)));
        let mut out = Vec::new();
        self.bridge.on(now, event, &mut out);
        for command in &out {
            self.records.push((now, Body::Decision { text: command.to_string() }));
        }
        for command in out {
            carry::carry_out(self, now, command);
        }
    }

    fn next_link(&mut self) -> LinkId {
        self.last_link = LinkId(self.last_link.0 + 1);
        self.last_link
    }
}
