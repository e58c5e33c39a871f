//! The one task that owns the bridge: what came in is journaled, decided, journaled again, carried out.
//!
//! Owns the order of all that, the links by number, and the moments at which time itself is an event. Does
//! not own: sockets, which have tasks of their own; decisions; how a command looks on the wire
//! ([`crate::carry`]).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use plimsoll_core::{Bridge, Command, Config, Event};
use plimsoll_journal::{Body, StateLock, WriteError};
use plimsoll_model::{Account, BotName, ClientId, LinkId, Mono, Now, RawFrame, Request};
use plimsoll_tws::ServerVersion;
use tokio::net::TcpStream;
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::announced::Folder;
use crate::carry::{self, Carrier as _};
use crate::clock::Clock;
use crate::config::Settings;
use crate::gateway::{GatewayError, Inputs, Parts};
use crate::history::cache::Cache;
use crate::history::{History, Passes};
use crate::holdings::Holdings;
use crate::input::{Input, OperatorInput, Room, Shared, VenueInput};
use crate::journal_thread::{Awaits, Journal, JournalReport, LAG_BYTES_LAST};
use crate::lanes::{self, BotInput, Lanes};
use crate::link::{Bound, Outgoing};
use crate::operator::Api;
use crate::pacing::Pacing;
use crate::permissions::Permissions;
use crate::programs::Programs;
use crate::projection::{ProjectionState, Told};
use crate::quotes::Conflation;
use crate::session_bars::SessionBars;
use crate::streams::Streams;
use crate::subscriptions::Subscriptions;
use crate::unread::Unread;
use crate::wire;

mod asked;
mod bars;
mod departures;
mod history;
mod life;
mod paced;
mod proof;
mod strangers;
mod streams;
mod time;
mod told;
mod views;

use asked::Asked;
use bars::BarCounts;
use departures::Departures;
use proof::Proof;
use strangers::Strangers;

/// Pieces of work between two looks at the sockets.
const TURN_MAX: usize = 256;
/// Pieces of work after which what they led to is written. Data does not count: it is cheaper in one go.
const UNWRITTEN_MAX: usize = 16;
/// How often a lagging journal is looked at again.
const LAG_POLL: Duration = Duration::from_millis(20);
/// A bot's pair of connections.
pub(crate) struct BotLink {
    pub(crate) bot: BotName,
    pub(crate) client_id: ClientId,
    pub(crate) version: ServerVersion,
    pub(crate) accounts: Vec<Account>,
    pub(crate) to_bot: Outgoing,
    pub(crate) to_venue: Outgoing,
    pub(crate) holdings: Holdings,
    /// The bot is gone, and its upstream is kept until then.
    pub(crate) kept_until: Option<Mono>,
    pub(crate) proof: Proof,
    pub(crate) subscriptions: Subscriptions,
    asked: Asked,
    pub(crate) streams: Streams,
    pub(crate) bars: SessionBars,
}

/// Our own connection.
pub(crate) struct OwnLink {
    pub(crate) link: LinkId,
    pub(crate) version: ServerVersion,
    pub(crate) out: Outgoing,
}

/// The state of the gateway's task.
pub(crate) struct Work {
    pub(crate) config: Arc<Config>,
    pub(crate) settings: Settings,
    notes: Vec<String>,
    announced: Option<Folder>,
    bridge: Bridge,
    unread: Option<Unread>,
    epoch: u64,
    spent_until: Option<std::time::Instant>,
    pub(crate) clock: Clock,
    pub(crate) journal: Journal,
    follows: Option<ProjectionState>,
    pub(crate) lanes: Lanes<OperatorInput, VenueInput>,
    pub(crate) links: BTreeMap<LinkId, BotLink>,
    pub(crate) own: Option<OwnLink>,
    /// Our own connection ended in silence and is not up again.
    was_silent: bool,
    pub(crate) departures: Departures,
    pub(crate) quotes: Conflation,
    pub(crate) permissions: Permissions,
    /// All accounts of the login.
    accounts: Vec<Account>,
    /// Links that a command wants ended, and why; done when its event has been dealt with.
    pub(crate) to_end: Vec<(LinkId, String)>,
    /// Whose order is being dealt with, for the token of its flush.
    pub(crate) asking: Option<LinkId>,
    /// What the word that is being dealt with takes of the budget of its connection.
    room: Room,
    /// Operators whose acts are in force and not on the disk yet, oldest first. If it fails they hear nothing.
    acts: VecDeque<oneshot::Sender<()>>,
    pub(crate) shared: Arc<Shared>,
    ports: Vec<(BotName, Bound)>,
    api: Option<Api>,
    ready: watch::Sender<bool>,
    out: Vec<Command>,
    /// When each bot last ordered, changed or canceled something.
    worked_at: BTreeMap<BotName, Timestamp>,
    breaks_since: BTreeMap<(String, String), Timestamp>,
    pub(crate) programs: Programs,
    /// A venue in lockstep still has to be told that its batch is taken.
    batch_is_taken: bool,
    bar_counts: BarCounts,
    /// When bots' streams are measured next.
    measure_at: Mono,
    tasks: JoinSet<()>,
    connections: JoinSet<()>,
    strangers: Strangers,
    pub(crate) pacing: Pacing,
    /// When each bot that sends more than the venue takes was last written down.
    paced_noted: BTreeMap<BotName, Mono>,
    /// Bots' questions for the venue's time, at most one of each link.
    time_waiting: VecDeque<(LinkId, RawFrame)>,
    history: History,
    /// Answers with history that stay; none in a lockstep that promises the same for a seed.
    cache: Option<Cache>,
    ending: bool,
    failed: Option<WriteError>,
    /// Released last: the journal's thread must have ended before another process may begin.
    _lock: Option<StateLock>,
}

impl Work {
    pub(crate) fn new(parts: Parts) -> Self {
        let lockstep = parts.clock.is_lockstep();
        parts.shared.lockstep.store(lockstep, Ordering::Relaxed);
        parts.shared.clock_watched.store(parts.settings.follow.is_none(), Ordering::Relaxed);
        let strangers = Strangers::new(&parts.config);
        Self {
            config: parts.config,
            settings: parts.settings,
            notes: parts.notes,
            announced: parts.announced,
            bridge: parts.bridge,
            unread: parts.unread,
            epoch: parts.epoch,
            spent_until: parts.spent_until,
            clock: parts.clock,
            journal: parts.journal,
            follows: parts.follows,
            lanes: Lanes::default(),
            links: BTreeMap::new(),
            strangers,
            pacing: Pacing::new(std::time::Instant::now()),
            paced_noted: BTreeMap::new(),
            time_waiting: VecDeque::new(),
            history: History::default(),
            cache: parts.cache,
            own: None,
            was_silent: false,
            departures: Departures::default(),
            quotes: Conflation::default(),
            permissions: Permissions::default(),
            accounts: Vec::new(),
            to_end: Vec::new(),
            asking: None,
            room: None,
            acts: VecDeque::new(),
            shared: parts.shared,
            ports: parts.ports,
            api: parts.api,
            ready: parts.ready,
            out: Vec::new(),
            worked_at: BTreeMap::new(),
            breaks_since: BTreeMap::new(),
            programs: Programs::default(),
            batch_is_taken: false,
            bar_counts: BarCounts::default(),
            measure_at: Mono::ZERO,
            tasks: JoinSet::new(),
            connections: JoinSet::new(),
            ending: false,
            failed: None,
            _lock: parts.lock,
        }
    }

    /// Works until it is told to end or the journal fails.
    pub(crate) async fn run(mut self, mut inputs: Inputs) -> Result<(), GatewayError> {
        let (accepted, mut newcomers) = unbounded_channel::<(BotName, TcpStream)>();
        let alarm = sleep(Duration::ZERO);
        tokio::pin!(alarm);
        self.begin();
        loop {
            self.turn(&mut inputs);
            if self.ending || self.failed.is_some() {
                return self.end().await;
            }
            if !self.ports.is_empty() && self.is_reconciled() {
                self.open_ports(&accepted)?;
            }
            let due = tokio::time::Instant::now() + self.wait();
            // Setting a timer costs more than most events. One that rings early is put right when it rings.
            if alarm.is_elapsed() || due < alarm.deadline() {
                alarm.as_mut().reset(due);
            }
            tokio::select! {
                biased;
                input = inputs.recv() => self.ingest(input.expect("the gateway itself holds a sender")),
                Some((bot, stream)) = newcomers.recv() => self.welcome(bot, stream),
                () = &mut alarm => {}
            }
        }
    }

    /// Deals with what is there, most urgent first, and with what time brings.
    fn turn(&mut self, inputs: &mut Inputs) {
        let mut unwritten = 0;
        for _ in 0..TURN_MAX {
            if unwritten == UNWRITTEN_MAX {
                self.write_now();
                unwritten = 0;
            }
            // Whatever arrived meanwhile may be more urgent than what waits: a halt, a flush.
            while let Ok(input) = inputs.try_recv() {
                self.ingest(input);
            }
            // Between two pieces of other work: neither waits for the other's end.
            let released = self.release_history();
            let Some(work) = self.lanes.next(self.heard()) else {
                if released {
                    continue;
                }
                break;
            };
            let is_data = matches!(&work, lanes::WorkItem::Venue(input) if input.is_data());
            unwritten += usize::from(!is_data);
            self.take(work);
            if self.ending || self.failed.is_some() {
                return;
            }
        }
        // First what was decided, then what can wait.
        self.say_taken();
        self.write_now();
        if !self.clock.is_lockstep() {
            self.tell_time();
            self.write_now();
        }
    }

    /// Hands the kernel what waits for it. Everything that led to it is with the journal by now.
    fn write_now(&self) {
        for state in self.links.values() {
            state.to_venue.write_now();
            state.to_bot.write_now();
        }
        if let Some(own) = &self.own {
            own.out.write_now();
        }
    }

    /// Quotes of a new second, and what the bridge wanted to be woken for.
    pub(crate) fn tell_time(&mut self) {
        let now = self.clock.now();
        for (instrument, quote) in self.quotes.take_due(now.wall) {
            self.feed(Event::Quote { instrument, quote }, None);
        }
        if self.bridge.next_wakeup().is_some_and(|due| due <= self.clock.now().mono) {
            self.feed(Event::Woke, None);
        }
        self.end_kept(now.mono);
        self.admit_early();
        self.end_unproved(now.mono);
        self.note_strangers(now.mono);
        self.note_paced(now.mono);
        self.note_bars(now.mono);
        self.measure_streams();
        self.end_late_history();
        self.ask_time();
    }

    /// How long nothing will happen by itself. Zero: work was left for the next turn.
    fn wait(&mut self) -> Duration {
        const LONG: Duration = Duration::from_hours(1);
        let heard = self.heard();
        if self.lanes.has_work(heard) {
            return Duration::ZERO;
        }
        if self.journal.is_lagging() {
            return LAG_POLL;
        }
        if self.clock.is_lockstep() {
            return LONG;
        }
        let now = self.clock.now();
        let quotes = self.quotes.next_due(now.wall).map(|left| now.mono.after(left));
        let kept = self.links.values().filter_map(|state| state.kept_until).min();
        let due = [
            quotes,
            self.bridge.next_wakeup(),
            kept,
            self.next_proof(),
            self.strangers.next_due(),
            self.bar_counts.next_due(),
            self.next_measure(),
        ];
        let due = due.into_iter().flatten().min();
        let due = due.and_then(|due| self.clock.until(due)).unwrap_or(LONG).min(LONG);
        let early =
            self.departures.next_due().map(|due| due.saturating_duration_since(tokio::time::Instant::now()));
        let history = self.until_history();
        let paced = self.until_unpaced().into_iter().chain(self.until_time_question()).chain(history).min();
        due.min(paced.unwrap_or(LONG)).min(early.unwrap_or(LONG))
    }

    fn ingest(&mut self, input: Input) {
        match input {
            Input::Operator(input) => self.lanes.push_operator(input),
            Input::Venue(mut input) if input.is_data() => {
                // In lockstep it is said at the time with which its batch begins, and that may still wait too.
                if let VenueInput::OwnReport { heard, .. } = &mut input
                    && !self.clock.is_lockstep()
                {
                    *heard = Some(self.clock.now().wall);
                }
                self.lanes.push_data(input.link(), input);
            }
            Input::Venue(VenueInput::Told { link, told: wire::Told::Report(report), raw, _room: room }) => {
                // What the bridge knows already waits with the data: a day's executions stand in nobody's way.
                if self.bridge.repeated(link, &report).is_some() {
                    let told = wire::Told::Repeated(report);
                    self.lanes.push_data(link, VenueInput::Told { link, told, raw, _room: room });
                } else {
                    let told = wire::Told::Report(report);
                    self.lanes.push_word(link, VenueInput::Told { link, told, raw, _room: room });
                }
            }
            Input::Venue(input) => self.lanes.push_word(input.link(), input),
            // Its arrival may still be in the venue's lane, which goes before the bots'.
            Input::Bot(link, input) => self.lanes.push_bot(link, input),
            Input::Journal(JournalReport::Flushed(Awaits::Bridge(token))) => self.lanes.push_flushed(token),
            Input::Journal(JournalReport::Flushed(Awaits::Operator)) => {
                let done =
                    self.acts.pop_front().expect("each act asks for one flush, and reports keep order");
                // Whoever asked may have gone away; what was said stands.
                let _ = done.send(());
            }
            Input::Journal(JournalReport::Failed(error)) => self.failed = Some(error),
            Input::Clock(reading, read) => self.clock.set(reading, read),
            Input::ClockNews(event) => self.feed(Event::Clock(event), None),
            Input::Rehearsal { ahead, news, done } => {
                // The system's clock is what it is, and nobody tells tales about it.
                if self.settings.follow.is_some() {
                    self.clock.set_ahead(ahead);
                    for event in news {
                        self.feed(Event::Clock(event), None);
                    }
                }
                // Whoever rehearses may have gone away.
                let _ = done.send(());
            }
            Input::JobEnded { job, date, end } => {
                self.programs.ended(&job);
                self.feed(Event::JobEnded { job, date, end }, None);
            }
            Input::Stranger { link, bot, why } => self.stranger_left(link, &bot, why),
        }
    }

    fn take(&mut self, work: lanes::WorkItem<OperatorInput, VenueInput>) {
        match work {
            lanes::WorkItem::Operator(OperatorInput::Act(operator, done)) => {
                self.feed(Event::Operator(operator), None);
                // "Done" is a promise about the next start, too, so the disk has to have it first.
                self.acts.push_back(done);
                self.journal.flush(Awaits::Operator);
                self.journal.commit();
            }
            lanes::WorkItem::Operator(OperatorInput::Look(detail, answer)) => {
                let view = self.view(detail);
                let _ = answer.send(view);
            }
            lanes::WorkItem::Operator(OperatorInput::Shutdown) => self.ending = true,
            lanes::WorkItem::Venue(input) => self.on_venue(input),
            lanes::WorkItem::Bot(link, input) => {
                if input.is_paced() {
                    self.pacing.asked(std::time::Instant::now());
                }
                self.on_bot(link, input);
            }
            lanes::WorkItem::Flushed(token) => {
                self.feed(Event::Flushed { token }, None);
                self.lanes.settled(token);
            }
        }
        self.end_links();
    }

    fn on_bot(&mut self, link: LinkId, input: BotInput) {
        let Some(state) = self.links.get_mut(&link) else {
            self.lanes.forget(link);
            return;
        };
        let version = state.version;
        if let BotInput::Frame { raw, .. } = &input
            && let Some(stream) = wire::ends_holdings(version, raw)
        {
            // A bot that has asked to hear no more about holdings must not be told of its part of them.
            state.holdings.end(stream);
        }
        if let BotInput::Frame { raw, .. } = &input {
            state.subscriptions.sent(version, raw);
            state.asked.sent(version, raw);
            self.stream_asked(link, raw);
        }
        match input {
            BotInput::Gone(why) => self.bot_left(link, why),
            BotInput::Frame { request: Request::Other, raw, .. }
                if self.ask_history(link, &raw) == Passes::No => {}
            BotInput::Frame { request: Request::Other, raw, .. } if wire::asks_for_time(version, &raw) => {
                self.ask_time_for(link, raw);
            }
            BotInput::Frame { request: Request::Other, raw, .. } => self.send_to_venue(link, &raw),
            BotInput::Frame { request, raw, .. } => {
                if let Request::Order(_) | Request::Cancel(_) | Request::GlobalCancel = request
                    && let Some(state) = self.links.get(&link)
                {
                    let at = self.clock.now().wall;
                    self.worked_at.insert(state.bot.clone(), at);
                }
                self.asking = Some(link);
                self.feed(Event::FromBot { link, request, raw }, Some(version));
                self.asking = None;
            }
        }
    }

    /// Journals an event, has it decided, journals the decisions, carries them out.
    fn feed(&mut self, event: Event, version: Option<ServerVersion>) {
        self.feed_with(event, version, "");
    }

    fn feed_with(&mut self, event: Event, version: Option<ServerVersion>, config: &str) {
        let now = self.clock.now();
        tracing::debug!(%event);
        self.journal.append(now, crate::record::body(&event, version, config));
        let mut out = std::mem::take(&mut self.out);
        self.bridge.on(now, event, &mut out);
        let is_followed = self.journal.is_followed();
        if is_followed {
            self.journal.tell(now, Told::changes(&self.bridge));
        }
        for command in &out {
            let text = command.to_string();
            let told = is_followed.then(|| Told::decision(&text, Some(command), &self.bridge)).flatten();
            self.journal.append(now, Body::Decision { text });
            self.journal.tell(now, told);
        }
        for command in out.drain(..) {
            carry::carry_out(self, now, command);
        }
        self.out = out;
        if let Some(room) = self.room.take() {
            self.journal.give_back(room);
        }
        // What was carried out leaves at the next `write_now`, so after this.
        self.journal.commit();
        if self.failed.is_none() && self.journal.is_lost() {
            let text = format!("the disk has not taken the last {LAG_BYTES_LAST} bytes");
            self.failed = Some(WriteError::Io(std::io::Error::other(text)));
        }
    }

    pub(crate) fn bridge(&self) -> &Bridge {
        &self.bridge
    }

    /// A fact about a link that is no event of the bridge's.
    pub(crate) fn note(&mut self, link: LinkId, text: &str) {
        tracing::warn!(link = %link, "{text}");
        let now: Now = self.clock.now();
        self.journal.append(now, Body::LinkNote { link: link.0, text: text.to_owned() });
        self.journal.commit();
    }

    /// Whether the broker's state is known in this life of the process.
    fn is_reconciled(&self) -> bool {
        matches!(self.bridge.state_word(), "armed" | "read_only" | "halted")
    }
}

#[cfg(test)]
mod tests;
