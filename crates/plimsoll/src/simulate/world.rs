//! One world in virtual time: a venue, a gateway, its disk and its bots, and one heap of what is to happen.
//!
//! Nothing here waits, and nothing happens at once: each message, each sync and each restart takes the time that the plan
//! and its seed say. Of what is due at the same instant the venue comes first, then the gateway, then the heap in the
//! order in which it was filled, so a plan is one world and no other.

mod life;
mod wires;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use jiff::{SignedDuration, Timestamp};
use plimsoll_calendar::Announcement;
use plimsoll_core::{Config, HaltLevel, Operator};
use plimsoll_model::{BotName, Mono, Now};
use plimsoll_sim::bots::{DemoBot, Script, scripted};
use plimsoll_sim::{ConnId, Output};

use super::disk::Disk;
use super::gateway::{Act, Gateway};
use super::invariants::{Heard, Judge, Verdict};
use super::plan::{Plan, What};
use super::planted::Planted;
use super::random::Stream;
use super::trace::Trace;
use super::venue::Venue;
use super::{config, venue};
use crate::drill::host::Host;
use wires::{Key, Wires};

/// Between a bot's attempts to connect.
const CALL_AGAIN: Duration = Duration::from_secs(1);
/// How long a message takes between a bot and the gateway: one host.
const LOOPBACK: Duration = Duration::from_micros(200);
/// The machine was up for so long when the day began.
const UP_SINCE: SignedDuration = SignedDuration::from_hours(1);
/// More than any day needs; a world that goes round in circles ends.
const EVENTS_MAX: u64 = 20_000_000;

/// What is to happen.
enum Event {
    Connected(ConnId),
    ToVenue(ConnId, Bytes),
    HungUp(ConnId),
    ToGateway(Key, ConnId, Bytes),
    VenueClosed(Key, ConnId),
    Calls(usize),
    FromBot(Key, Bytes),
    BotHungUp(Key),
    ToBot(Key, Bytes),
    BotClosed(Key),
    Synced(u32),
    Start,
    HostAsks,
    Act(usize),
    Heal,
}

/// One bot and its connection.
struct Bot {
    name: BotName,
    client: DemoBot,
    line: Option<Key>,
    /// How often its connection has ended.
    ended: u32,
}

/// Everything.
pub(super) struct World<'a> {
    plan: &'a Plan,
    planted: Planted,
    config: Arc<Config>,
    text: String,
    now: Timestamp,
    heap: BTreeMap<(Timestamp, u64), Event>,
    count: u64,
    venue: Venue,
    disk: Disk,
    gateway: Option<Gateway>,
    /// Counts the processes.
    life: u32,
    wires: Wires,
    bots: Vec<Bot>,
    host: Host,
    announced: Vec<Announcement>,
    /// Until when each sync takes how long.
    slow: Option<(Timestamp, Duration)>,
    sync_time: Stream,
    judge: Judge,
    trace: Trace,
}

impl<'a> World<'a> {
    /// The world of a plan, at its beginning.
    pub(super) fn new(plan: &'a Plan, planted: Planted, trace: Trace) -> Result<Self, String> {
        let (config, text) = config::load(plan, planted.switched_off())?;
        let venue = venue::open(plan)?;
        let bots = plan.bots.iter().map(|bot| {
            let script = Script {
                name: bot.name.as_str().into(),
                client_id: bot.client_id,
                account: Some(bot.account.as_str().into()),
                symbols: bot.instruments.iter().map(|symbol| symbol.as_str().into()).collect(),
                steps: Vec::new(),
            };
            let name = BotName::new(&bot.name).ok_or_else(|| format!("`{}` is no bot's name", bot.name))?;
            Ok(Bot { name, client: scripted(script), line: None, ended: 0 })
        });
        let bots = bots.collect::<Result<Vec<_>, String>>()?;
        let mut world = Self {
            plan,
            planted,
            config,
            text,
            now: plan.from(),
            heap: BTreeMap::new(),
            count: 0,
            venue,
            disk: Disk::new(plan.seed),
            gateway: None,
            life: 0,
            wires: Wires::new(plan),
            bots,
            host: life::host(plan),
            announced: Vec::new(),
            slow: None,
            sync_time: Stream::new(plan.seed, "disk", "sync"),
            judge: Judge::new(plan),
            trace,
        };
        world.at(plan.from(), Event::Start);
        for bot in 0..world.bots.len() {
            world.at(plan.from() + SignedDuration::from_secs(2), Event::Calls(bot));
        }
        for (index, act) in plan.acts.iter().enumerate() {
            world.at(act.at, Event::Act(index));
        }
        world.at(plan.healed(), Event::Heal);
        Ok(world)
    }

    /// Lets everything happen.
    pub(super) fn run(mut self) -> (Verdict, Trace) {
        let to = self.plan.to();
        let mut events = 0;
        while let Some(at) = self.next_due().filter(|at| *at <= to) {
            assert!(at >= self.now, "invariant: time does not run backwards: {at} after {}", self.now);
            self.now = at;
            self.step();
            events += 1;
            if events > EVENTS_MAX {
                self.judge.found("I27", self.now, format!("the day did not end within {EVENTS_MAX} events"));
                break;
            }
        }
        self.now = to;
        self.finish(events)
    }

    fn finish(mut self, events: u64) -> (Verdict, Trace) {
        let now = self.host_time();
        let heard = |bot: &Bot| if bot.ended == 0 { Heard::Everything } else { Heard::Parts };
        let bots: Vec<_> = self.bots.iter().map(|bot| (bot.name.clone(), &bot.client, heard(bot))).collect();
        let gateway = self.gateway.as_ref().map(Gateway::bridge);
        // The last of it is flushed by nobody.
        self.disk.synced();
        self.disk.flush(u64::MAX);
        self.disk.work();
        self.disk.synced();
        self.judge.end(now, (self.now, &self.venue), gateway, &bots, &mut self.disk);
        let mut verdict = self.judge.verdict();
        verdict.events = events;
        (verdict, self.trace)
    }

    fn next_due(&self) -> Option<Timestamp> {
        let heap = self.heap.first_key_value().map(|((at, _), _)| *at);
        let gateway = self.gateway.as_ref().and_then(Gateway::due).map(|due| self.instant(due).max(self.now));
        [heap, gateway, self.venue.next_event()].into_iter().flatten().min()
    }

    fn step(&mut self) {
        if self.venue.next_event().is_some_and(|due| due <= self.now) {
            self.venue.advance(self.now);
            self.venue_said();
        } else if self
            .gateway
            .as_ref()
            .and_then(Gateway::due)
            .is_some_and(|due| self.instant(due) <= self.now)
        {
            self.tell(Gateway::wake);
        } else if let Some((_, event)) = self.heap.pop_first() {
            self.happen(event);
        }
    }

    fn at(&mut self, at: Timestamp, event: Event) {
        self.count += 1;
        self.heap.insert((at.max(self.now), self.count), event);
    }

    fn after(&mut self, span: Duration, event: Event) {
        let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
        self.at(self.now.saturating_add(span).unwrap_or(Timestamp::MAX), event);
    }

    /// Both clocks of the host. The monotonic one knows nothing of steps.
    fn host_time(&self) -> Now {
        let since = self.now.duration_since(self.plan.from() - UP_SINCE);
        let mono = Mono::from_nanos(u64::try_from(since.as_nanos()).unwrap_or(0));
        Now { mono, wall: self.now + self.host.ahead() }
    }

    fn instant(&self, mono: Mono) -> Timestamp {
        let nanos = i64::try_from(mono.as_nanos()).unwrap_or(i64::MAX);
        (self.plan.from() - UP_SINCE)
            .saturating_add(SignedDuration::from_nanos(nanos))
            .unwrap_or(Timestamp::MAX)
    }

    /// Something for the gateway, and whatever comes of it.
    fn tell(&mut self, what: impl FnOnce(&mut Gateway)) {
        let now = self.host_time();
        let Some(gateway) = &mut self.gateway else { return };
        gateway.set_now(now);
        what(gateway);
        let (records, acts) = (std::mem::take(&mut gateway.records), std::mem::take(&mut gateway.acts));
        for (at, body) in records {
            self.trace.record(self.now, &body);
            self.disk.append(at, body);
        }
        for act in acts {
            self.gateway_said(act);
        }
        if self.disk.work() {
            let (least, most) = self.plan.sync;
            let usual = self.sync_time.span(least, most);
            let takes = self.slow.filter(|(until, _)| *until > self.now).map_or(usual, |(_, slow)| slow);
            self.after(takes, Event::Synced(self.life));
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Connected(conn) => {
                self.venue.connected(self.now, conn);
                self.venue_said();
            }
            Event::ToVenue(conn, bytes) => {
                self.trace.bytes(self.now, "to venue", conn.0, &bytes);
                if self.venue.is_asked_for_orders(&bytes) {
                    self.venue.speak(self.now);
                    self.judge.speaks();
                }
                self.judge.arrives(self.now, conn, &bytes);
                self.venue.received(self.now, conn, &bytes);
                self.venue_said();
            }
            Event::HungUp(conn) => {
                self.venue.disconnected(self.now, conn);
                self.venue_said();
            }
            Event::ToGateway(key, conn, bytes) => {
                if key.life == self.life && self.wires.is_current(key, conn) {
                    self.judge.hears(key.link, &bytes);
                    self.tell(|gateway| gateway.venue_bytes(key.link, &bytes));
                }
            }
            Event::VenueClosed(key, conn) => {
                if key.life == self.life && self.wires.closed(key, conn) {
                    self.tell(|gateway| gateway.venue_hung_up(key.link));
                }
            }
            Event::Calls(bot) => self.calls(bot),
            Event::FromBot(key, bytes) => {
                if key.life == self.life {
                    self.tell(|gateway| gateway.bot_bytes(key.link, &bytes));
                }
            }
            Event::BotHungUp(key) => {
                if key.life == self.life {
                    self.tell(|gateway| gateway.bot_hung_up(key.link));
                }
            }
            Event::ToBot(key, bytes) => self.bot_hears(key, &bytes),
            Event::BotClosed(key) => self.bot_closed(key),
            Event::Synced(life) => {
                if life == self.life {
                    let tokens = self.disk.synced();
                    self.tell(|gateway| gateway.flushed(&tokens));
                }
            }
            Event::Start => self.start(),
            Event::HostAsks => self.host_asks(),
            Event::Act(index) => self.act(index),
            Event::Heal => {
                self.trace.note(self.now, || "everything is healed".to_owned());
                self.slow = None;
                self.judge.heals(self.now);
                self.venue.heal(self.now);
                self.venue_said();
            }
        }
    }

    fn act(&mut self, index: usize) {
        let what = &self.plan.acts[index].what;
        self.trace.note(self.now, || what.to_string());
        match what {
            What::Bot { bot, act } => {
                let Some(index) = self.bots.iter().position(|known| known.name.as_str() == bot) else {
                    return;
                };
                let mut out = BytesMut::new();
                let now = self.now;
                if self.bots[index].client.act(now, act, &mut out) {
                    self.bot_said(index, out.freeze());
                }
            }
            What::Leaves(bot) => {
                let leaver = self.bots.iter().position(|known| known.name.as_str() == bot);
                if let Some(key) = leaver.and_then(|index| self.bots[index].line) {
                    self.after(LOOPBACK, Event::BotHungUp(key));
                    self.bot_closed(key);
                }
            }
            What::Fault(fault) => {
                let working = self.venue.working();
                let taken = self.venue.fault(self.now, fault);
                let ended = working.saturating_sub(self.venue.working());
                self.plays(&taken, |judge, now| judge.fault(now, fault, ended));
                self.venue_said();
            }
            What::Silent(lasts) => {
                let taken = self.venue.silence(self.now, *lasts);
                self.plays(&taken, |judge, now| judge.silent(now, *lasts));
            }
            What::Crash { crash, keeps, down } => self.crash(*crash, *keeps, *down),
            What::Slow { sync, lasts } => {
                let lasts = SignedDuration::try_from(*lasts).unwrap_or(SignedDuration::ZERO);
                self.slow = Some((self.now + lasts, *sync));
                self.judge.slow();
            }
            What::Step(by) => {
                let news = self.host.step(*by);
                self.tell(|gateway| gateway.clock_news(news));
            }
            What::Announce(day) => {
                self.judge.announced();
                self.announced.push(day.clone());
                let days: Arc<[Announcement]> = self.announced.clone().into();
                self.tell(|gateway| gateway.operator(Operator::Calendar { days, problems: Box::default() }));
            }
            // Nobody hears it while no process runs, and whoever says it is told so.
            What::Halt | What::Resume if self.gateway.is_none() => {}
            What::Halt => {
                self.judge.halts(self.now);
                let (by, reason) = ("plan".into(), "the plan".into());
                self.tell(|gateway| {
                    gateway.operator(Operator::Halt { level: HaltLevel::All, bot: None, by, reason });
                });
            }
            What::Resume => {
                self.judge.resumes();
                let (by, reason) = ("plan".into(), "the plan".into());
                self.tell(|gateway| gateway.operator(Operator::Resume { bot: None, by, reason }));
            }
        }
    }

    /// The judge is told of what the venue plays. What it has refused has not happened: it counts for nothing and
    /// excuses nothing.
    fn plays(&mut self, taken: &Result<(), String>, told: impl FnOnce(&mut Judge, Timestamp)) {
        match taken {
            Ok(()) => told(&mut self.judge, self.now),
            Err(why) => {
                self.trace.note(self.now, || format!("refused by the simulator: {why}"));
                self.judge.refused();
            }
        }
    }

    /// What the venue has to say, on its way.
    fn venue_said(&mut self) {
        self.judge.orders(self.now, &self.venue, &mut self.disk);
        for output in self.venue.take_outputs() {
            match output {
                Output::Send { conn, bytes } => {
                    if let Some((at, key)) = self.wires.way_down(self.now, conn) {
                        self.at(at, Event::ToGateway(key, conn, bytes));
                    }
                }
                Output::Close { conn } => {
                    if let Some((at, key)) = self.wires.way_down(self.now, conn) {
                        self.at(at, Event::VenueClosed(key, conn));
                    }
                }
                Output::Reset { conn } => {
                    if let Some((at, key)) = self.wires.reset(self.now, conn) {
                        self.at(at, Event::VenueClosed(key, conn));
                    }
                }
                // The venue keeps what comes meanwhile; when it came is for the judge.
                Output::StopReading { conn } => self.judge.stops_reading(conn),
                Output::ReadOn { conn } => self.judge.reads_on(conn),
                // A port that is closed is one that refuses.
                Output::RefuseConnections(_) => {}
            }
        }
    }

    /// What the gateway wants done.
    fn gateway_said(&mut self, act: Act) {
        let life = self.life;
        let key = |link| Key { life, link };
        match act {
            Act::Connect(link) => {
                if self.gateway.as_ref().is_some_and(|gateway| gateway.is_own(link)) {
                    self.judge.own_connects(link);
                }
                let (at, conn) = self.wires.connect(self.now, key(link));
                self.at(at, Event::Connected(conn));
            }
            Act::ToVenue(link, bytes) => {
                let client = self.bots.iter().find(|bot| bot.line == Some(key(link)));
                let client = client.map(|bot| bot.client.client_id().0);
                self.judge.leaves(self.now, client, &bytes, &self.venue);
                if let Some((at, conn)) = self.wires.way_up(self.now, key(link)) {
                    self.at(at, Event::ToVenue(conn, bytes));
                }
            }
            Act::CloseVenue(link) => {
                self.judge.own_ends(link);
                if let Some((at, back, conn)) = self.wires.close(self.now, key(link)) {
                    self.at(at, Event::HungUp(conn));
                    self.at(back, Event::VenueClosed(key(link), conn));
                }
            }
            Act::ToBot(link, bytes) => self.after(LOOPBACK, Event::ToBot(key(link), bytes)),
            Act::CloseBot(link) => self.after(LOOPBACK, Event::BotClosed(key(link))),
            Act::Flush(token) => self.disk.flush(token),
        }
    }

    /// A bot connects to its port, or finds it closed.
    fn calls(&mut self, index: usize) {
        if self.bots[index].line.is_some() {
            return;
        }
        if !self.gateway.as_ref().is_some_and(Gateway::is_open) {
            self.after(CALL_AGAIN, Event::Calls(index));
            return;
        }
        let name = self.bots[index].name.clone();
        let mut link = None;
        self.tell(|gateway| link = Some(gateway.bot_calls(name)));
        let Some(link) = link else { return };
        self.bots[index].line = Some(Key { life: self.life, link });
        let mut out = BytesMut::new();
        self.bots[index].client.connected(&mut out);
        self.bot_said(index, out.freeze());
    }

    fn bot_said(&mut self, index: usize, bytes: Bytes) {
        if let Some(key) = self.bots[index].line
            && !bytes.is_empty()
        {
            self.after(LOOPBACK, Event::FromBot(key, bytes));
        }
    }

    fn bot_hears(&mut self, key: Key, bytes: &Bytes) {
        let Some(index) = self.bots.iter().position(|bot| bot.line == Some(key)) else { return };
        self.trace.bytes(self.now, "to bot", u64::try_from(index).unwrap_or(u64::MAX), bytes);
        let mut out = BytesMut::new();
        match self.bots[index].client.received(bytes, &mut out) {
            Ok(()) => self.bot_said(index, out.freeze()),
            Err(error) => {
                self.judge.found("I24", self.now, format!("a bot cannot read what it is told: {error}"));
            }
        }
    }

    fn bot_closed(&mut self, key: Key) {
        let Some(index) = self.bots.iter().position(|bot| bot.line == Some(key)) else { return };
        self.bots[index].line = None;
        self.bots[index].ended += 1;
        self.bots[index].client.disconnected();
        self.after(CALL_AGAIN, Event::Calls(index));
    }
}
