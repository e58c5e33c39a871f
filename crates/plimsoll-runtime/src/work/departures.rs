//! Bots that leave and come back: upstreams that outlive their bot, and arrivals that have to wait until the
//! venue has let go of their client id, or until Plimsoll itself is back.
//!
//! An order can be canceled dependably only on the connection that placed it, so a bot's upstream is kept
//! while the bot is away and has working orders. A bot that comes back gets a connection of its own, and the
//! venue takes a client id only once at a time: the kept connection is closed, and its end awaited, first.
//!
//! After the nightly reset a bot finds TWS as soon as Plimsoll does. Its first orders would be denied while the round of
//! questions is under way, and for most libraries a denied order is over. So it waits at the door, for a while.

use std::collections::BTreeMap;

use std::time::Duration;

use plimsoll_core::Event;
use plimsoll_model::{ClientId, LinkId, Mono, Request};
use tokio::time::Instant;

use super::Work;
use crate::input::Arrival;
use crate::lanes::BotInput;

/// How long an arrival waits for a round of questions. A bot that is let in without it is denied in plain words,
/// and one that is kept out for longer gives up: the Python libraries after four seconds.
const ROUND_WAIT_MAX: Duration = Duration::from_secs(3);

/// Pairs of connections that are closing, and who waits for them.
#[derive(Debug, Default)]
pub(crate) struct Departures {
    /// Client ids that the venue may still hold.
    closing: BTreeMap<LinkId, ClientId>,
    /// Arrivals by the link that they wait for.
    waiting: Vec<(LinkId, Arrival)>,
    /// Arrivals that wait for the round of questions under way, and until when.
    early: Vec<(Instant, Arrival)>,
}

/// The round of questions that arrivals wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    /// It goes on, or our own connection is away and one will come.
    Running,
    /// Everything was answered.
    Over,
}

impl Departures {
    /// A pair is being closed; the venue holds its client id for a moment longer.
    pub(crate) fn closing(&mut self, link: LinkId, client_id: ClientId) {
        self.closing.insert(link, client_id);
    }

    /// The pair that is closing and has this client id.
    fn holder_of(&self, client_id: ClientId) -> Option<LinkId> {
        self.closing.iter().find(|(_, id)| **id == client_id).map(|(link, _)| *link)
    }

    /// Who need not wait for the round any longer.
    fn waited(&mut self, now: Instant, round: Round) -> Vec<Arrival> {
        let may = |until: Instant| round == Round::Over || until <= now;
        self.early.extract_if(.., |(until, _)| may(*until)).map(|(_, arrival)| arrival).collect()
    }

    /// When the first arrival has waited long enough for the round.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.early.iter().map(|(until, _)| *until).min()
    }

    /// Both sockets of a pair are closed: who waited for it, and is still there.
    fn ended(&mut self, link: LinkId) -> Vec<Arrival> {
        self.closing.remove(&link);
        // A bot that gave up while it waited.
        self.waiting.retain(|(_, arrival)| arrival.link != link);
        self.early.retain(|(_, arrival)| arrival.link != link);
        let all = std::mem::take(&mut self.waiting);
        let (free, waiting): (Vec<_>, _) = all.into_iter().partition(|(of, _)| *of == link);
        self.waiting = waiting;
        free.into_iter().map(|(_, arrival)| arrival).collect()
    }
}

impl Work {
    /// The bot's side ended. Its upstream ends too, unless the bot has orders at the venue and is to be
    /// waited for.
    pub(super) fn bot_left(&mut self, link: LinkId, why: Option<String>) {
        let now = self.clock.now();
        let Some(state) = self.links.get(&link) else { return };
        let keep = self.settings.ports.iter().find(|port| port.bot == state.bot);
        let keep = keep.map(|port| port.keep_upstream).filter(|keep| !keep.is_zero());
        // In lockstep the venue waits for every connection that listens, and nobody would answer on this one.
        let keep = keep.filter(|_| !self.clock.is_lockstep() && self.bridge.has_open_orders(link));
        let Some(keep) = keep else {
            self.end_link(link, why);
            return;
        };
        self.lanes.forget(link);
        self.forget_history(link, true);
        let Some(state) = self.links.get_mut(&link) else { return };
        state.to_bot.close();
        state.kept_until = Some(now.mono.after(keep));
        state.holdings = crate::holdings::Holdings::default();
        // What it had of the login's lines is for the others. In its lane, so that a hundred of them wait for the
        // venue's budget of messages.
        for raw in state.subscriptions.take(state.version) {
            self.lanes.push_bot(link, BotInput::Frame { request: Request::Other, raw, _room: None });
        }
        let why = why.map_or_else(String::new, |why| format!(" ({why})"));
        let text = format!(
            "{} left{why} with working orders; its connection to the venue stays up to {keep:?}",
            state.bot
        );
        self.note(link, &text);
        self.feed(Event::BotLeft { link }, None);
    }

    /// A bot is at the door. It waits if Plimsoll's own connection is not back yet.
    pub(super) fn arrive(&mut self, arrival: Arrival) {
        // In lockstep the venue waits for this connection, and nothing else would happen.
        // Without the broker's servers (1100) no round would come, and the bot has to be able to cancel.
        let is_coming = self.own.is_none() || self.bridge.is_asking();
        if !is_coming || self.clock.is_lockstep() {
            self.come_in(arrival);
            return;
        }
        self.lanes.hold(arrival.link);
        self.departures.early.push((Instant::now() + ROUND_WAIT_MAX, arrival));
    }

    /// Lets in whoever waited for the round of questions, if it is complete, or for as long as anybody waits.
    pub(super) fn admit_early(&mut self) {
        if self.departures.early.is_empty() {
            return;
        }
        let is_over = self.own.is_some() && !self.bridge.is_asking();
        let round = if is_over { Round::Over } else { Round::Running };
        for arrival in self.departures.waited(Instant::now(), round) {
            self.come_in(arrival);
        }
    }

    /// It waits if the venue still holds its client id.
    fn come_in(&mut self, mut arrival: Arrival) {
        let kept = self.links.iter().find(|(_, state)| {
            state.client_id == arrival.client_id && state.bot == arrival.bot && state.kept_until.is_some()
        });
        if let Some(kept) = kept.map(|(link, _)| *link) {
            self.end_link(kept, Some("its bot is back".into()));
        }
        if let Some(holder) = self.departures.holder_of(arrival.client_id) {
            self.lanes.hold(arrival.link);
            self.departures.waiting.push((holder, arrival));
            return;
        }
        self.lanes.release(arrival.link);
        let (link, bot, place) = (arrival.link, arrival.bot.clone(), arrival.place.take());
        self.arrived(arrival);
        self.settle_arrival(link, &bot);
        // Only now: the next one at this port has to wait for what became of this one.
        drop(place);
    }

    /// Both sockets of a pair are closed.
    pub(super) fn pair_ended(&mut self, link: LinkId) {
        self.end_link(link, None);
        for arrival in self.departures.ended(link) {
            self.come_in(arrival);
        }
    }

    /// Ends kept upstreams whose time is up.
    pub(super) fn end_kept(&mut self, now: Mono) {
        let due = |until: Option<Mono>| until.is_some_and(|until| until <= now);
        let due: Vec<LinkId> =
            self.links.iter().filter(|(_, state)| due(state.kept_until)).map(|(link, _)| *link).collect();
        for link in due {
            self.end_link(
                link,
                Some("its bot did not come back; its working orders stay at the venue".into()),
            );
        }
    }

    /// A kept upstream has no more reason to be once its last order has ended.
    pub(super) fn end_kept_without_orders(&mut self, link: LinkId) {
        let kept = self.links.get(&link).is_some_and(|state| state.kept_until.is_some());
        if kept && !self.bridge.has_open_orders(link) {
            self.end_link(link, None);
        }
    }

    /// Ends the links that commands wanted ended.
    pub(super) fn end_links(&mut self) {
        while let Some((link, why)) = self.to_end.pop() {
            self.end_link(link, Some(why));
        }
    }

    /// Closes both sides, once what is left has been written, and tells the bridge.
    pub(super) fn end_link(&mut self, link: LinkId, why: Option<String>) {
        self.lanes.forget(link);
        self.time_waiting.retain(|(waiting, _)| *waiting != link);
        self.forget_history(link, false);
        let Some(state) = self.links.remove(&link) else { return };
        if let Some(why) = why {
            self.note(link, &format!("{}: {why}", state.bot));
        }
        tracing::info!(link = %link, bot = %state.bot, ticks_left_out = state.to_bot.ticks_left_out(), "bot gone");
        state.to_bot.close();
        state.to_venue.close();
        self.departures.closing(link, state.client_id);
        self.feed(Event::BotGone { link }, None);
    }
}
