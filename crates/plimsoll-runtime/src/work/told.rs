//! What the venue says, on bots' connections and on our own: shown, relayed, or an event of the bridge.
//!
//! Does not own: what a frame is, which [`crate::wire`] says.

use jiff::Timestamp;
use plimsoll_core::{Event, Repeated};
use plimsoll_model::{LinkId, PositionReport, RawFrame, Report};
use plimsoll_tws::rewrite;

use super::{BotLink, OwnLink, Proof, Work};
use crate::carry::{self, Carrier as _};
use crate::history::Passes;
use crate::holdings::{Holdings, Show, Stream};
use crate::input::{Arrival, VenueInput};
use crate::session_bars::SessionBars;
use crate::streams::Streams;
use crate::subscriptions::Subscriptions;
use crate::wire::{self, Told};

/// TWS: "Error processing request". On no request it is a line in the log of every client library, and ends
/// nothing.
const CODE_PROCESSING: i32 = 322;

impl Work {
    pub(super) fn on_venue(&mut self, input: VenueInput) {
        match input {
            VenueInput::Arrived(arrival) => self.arrive(*arrival),
            VenueInput::Ended { link } => self.pair_ended(link),
            VenueInput::Told { link, told, raw, _room: room } => {
                // A word keeps its room until its record is written, or ten bots' questions for the day's executions
                // would be answered into the memory in front of the disk.
                self.room = room.filter(|_| !told.is_data());
                self.told_bot(link, told, raw);
                self.room = None;
            }
            VenueInput::Gone { link, why } => {
                self.end_link(link, Some(why.unwrap_or_else(|| "the venue closed the connection".into())));
            }
            VenueInput::OwnUp { link, version, out } => {
                tracing::info!(link = %link, version = %version, "own connection up");
                self.own = Some(OwnLink { link, version, out });
                self.feed(Event::OwnUp { link }, None);
                if std::mem::take(&mut self.was_silent) {
                    self.ask_for_proof();
                }
            }
            VenueInput::Kept(said) => self.hear_cache(LinkId(0), said),
            VenueInput::OwnReport { link, report, raw, heard, .. } => self.told_us(link, *report, raw, heard),
            VenueInput::OwnUnreadable { link, why, .. } => {
                self.note(link, &format!("a message of the venue was not understood: {why}"));
            }
            VenueInput::OwnDown { link, why, silent } => {
                self.was_silent |= silent;
                self.note(link, &format!("own connection ended: {why}"));
                self.own = None;
                self.lanes.forget(link);
                self.quotes.clear();
                self.permissions.clear();
                self.feed(Event::OwnDown { link }, None);
            }
        }
    }

    pub(super) fn arrived(&mut self, arrival: Arrival) {
        let Arrival { link, bot, client_id, version, raw, to_bot, to_venue, place: _ } = arrival;
        tracing::info!(link = %link, bot = %bot, client_id = %client_id, version = %version, "bot arrived");
        let accounts = self.config.bot(&bot).map(|bot| bot.accounts.clone()).unwrap_or_default();
        let holdings = Holdings::default();
        let kept_until = None;
        let state = BotLink {
            bot: bot.clone(),
            client_id,
            version,
            accounts,
            to_bot,
            to_venue,
            holdings,
            kept_until,
            proof: Proof::default(),
            subscriptions: Subscriptions::default(),
            asked: super::Asked::default(),
            streams: Streams::default(),
            bars: SessionBars::default(),
        };
        self.links.insert(link, state);
        self.feed(Event::BotArrived { link, bot, client_id, raw }, None);
    }

    fn told_bot(&mut self, link: LinkId, told: Told, raw: RawFrame) {
        if self.is_about_renewal(link, &told) {
            return;
        }
        if self.is_proof(link, &raw) || self.hear_history(link, &told, &raw) == Passes::No {
            return;
        }
        let Some(state) = self.links.get_mut(&link) else { return };
        match told {
            Told::Relay | Told::RelayTick(_) if state.kept_until.is_some() => {}
            Told::Relay => {
                self.add_held_executions(link, &raw);
                self.send_to_bot(link, &raw);
            }
            Told::RelayTick(strike) => {
                if let Some(strike) = strike {
                    state.streams.struck(strike);
                }
                state.to_bot.add_tick(raw.bytes());
            }
            Told::Bars => self.told_bars(link, &raw),
            Told::FamilyCodes => match wire::own_family_codes(state.version, &raw, &state.accounts) {
                Ok(own) => self.send_to_bot(link, &own),
                Err(error) => self.withhold(link, &error.to_string()),
            },
            Told::Unreadable(why) => self.withhold(link, &why),
            // What came in the meantime may have made news of it.
            Told::Repeated(report) => match self.bridge.repeated(link, &report) {
                Some(Repeated::Hidden) => {}
                Some(Repeated::Shown(rewrites)) => {
                    let now = self.clock.now();
                    carry::show(self, now, link, &raw, &rewrites);
                }
                None => self.told_bot(link, Told::Report(report), raw),
            },
            Told::Report(report) if wire::is_event(&report) => {
                let version = state.version;
                let moves = matches!(*report, Report::Execution(_));
                self.feed(Event::FromVenue { link, report: *report, raw }, Some(version));
                if moves {
                    self.show_moved_holdings();
                }
                self.end_kept_without_orders(link);
            }
            Told::Report(report) => self.told_aside(link, &report, &raw),
        }
    }

    /// Nothing is decided by this, so nothing of it is journaled.
    fn told_aside(&mut self, link: LinkId, report: &Report, raw: &RawFrame) {
        let Some(state) = self.links.get(&link) else { return };
        match report {
            Report::AboutAccount(account) | Report::Equity { account, .. }
                if !state.accounts.contains(account) => {}
            Report::Position(line) => self.told_holding(link, Stream::Positions, line, raw),
            Report::Portfolio(line) => self.told_holding(link, Stream::Portfolio, line, raw),
            Report::PositionMulti { req_id, line } => {
                self.told_holding(link, Stream::Multi(*req_id), line, raw);
            }
            Report::OpenOrderEnd => {
                self.tell_held(link);
                self.send_to_bot(link, raw);
            }
            Report::ManagedAccounts(_)
            | Report::NextValidId(_)
            | Report::OpenOrder(_)
            | Report::Status(_)
            | Report::Execution(_)
            | Report::ExecutionsEnd(_)
            | Report::Commission { .. }
            | Report::CompletedOrder(_)
            | Report::CompletedOrdersEnd
            | Report::PositionsEnd
            | Report::AboutAccount(_)
            | Report::Equity { .. }
            | Report::Error(_)
            | Report::CurrentTime(_)
            | Report::Contract(_)
            | Report::ContractEnd(_)
            | Report::Schedule(_)
            | Report::DayBars(_)
            | Report::Quote { .. }
            | Report::Other => self.send_to_bot(link, raw),
        }
    }

    /// It may be about somebody else's account; the bot and a person have to know.
    fn withhold(&mut self, link: LinkId, why: &str) {
        let Some(state) = self.links.get(&link) else { return };
        let text = format!("a message of the broker could not be read and was withheld: {why}");
        let to = wire::addressee(state.version, state.client_id, self.clock.now().wall);
        self.send_to_bot(link, &wire::error(to, None, CODE_PROCESSING, &text));
        self.note(link, &text);
    }

    fn told_holding(&mut self, link: LinkId, stream: Stream, line: &PositionReport, raw: &RawFrame) {
        let seen = self.bridge.holding_seen_by(link, line);
        let Some(state) = self.links.get_mut(&link) else { return };
        let show = state.holdings.told(stream, line, raw, seen);
        self.show_holding(link, raw, show);
    }

    /// An execution has moved somebody's holding; bots that share an account may have to be told.
    fn show_moved_holdings(&mut self) {
        let mut again = Vec::new();
        for (link, state) in self.links.iter_mut().filter(|(_, state)| state.holdings.has_parts()) {
            let bridge = &self.bridge;
            let lines = state.holdings.moved(|line| bridge.holding_seen_by(*link, line));
            again.extend(lines.into_iter().map(|(raw, show)| (*link, raw, show)));
        }
        for (link, raw, show) in again {
            self.show_holding(link, &raw, show);
        }
    }

    fn show_holding(&mut self, link: LinkId, raw: &RawFrame, show: Show) {
        let Some(version) = self.links.get(&link).map(|state| state.version) else { return };
        match show {
            Show::Nothing => {}
            Show::AsItIs => self.send_to_bot(link, raw),
            Show::Part(held) => match rewrite::set_holding(version, raw, held) {
                Ok(frame) => self.send_to_bot(link, &frame),
                Err(error) => self.to_end.push((link, error.to_string())),
            },
        }
    }

    fn told_us(&mut self, link: LinkId, report: Report, raw: RawFrame, heard: Option<Timestamp>) {
        let Some(own) = self.own.as_ref().filter(|own| own.link == link) else { return };
        let version = own.version;
        self.permissions.hear(&report);
        match report {
            Report::ManagedAccounts(accounts) => self.accounts = accounts,
            Report::Quote { id, field, price } => {
                let at = heard.unwrap_or_else(|| self.clock.now().wall);
                self.quotes.tick(id, field, price, at);
            }
            Report::CurrentTime(at) => self.venue_time(at, &raw),
            report if wire::is_own_event(&report) => {
                let moves = matches!(report, Report::Execution(_));
                self.feed(Event::FromVenue { link, report, raw }, Some(version));
                if moves {
                    self.show_moved_holdings();
                }
            }
            _ => {}
        }
    }

    /// In lockstep the venue begins each batch with its time and waits until we have taken the batch. A
    /// second question, answered behind the batch, tells us where it ends.
    fn venue_time(&mut self, at: Timestamp, raw: &RawFrame) {
        if !self.clock.is_lockstep() {
            return;
        }
        let Some(version) = self.own.as_ref().map(|own| own.version) else { return };
        if wire::is_batch_start(version, raw) && wire::has_barrier(version) {
            self.clock.set_lockstep(at);
            self.send_to_own(&wire::ask_barrier(version));
            return;
        }
        if wire::is_batch_start(version, raw) {
            self.clock.set_lockstep(at);
        }
        self.tell_time();
        self.batch_is_taken = true;
        self.say_taken();
    }

    /// Tells a venue in lockstep that its batch is taken, once what was decided because of it has left: the venue's next
    /// second begins with that.
    pub(crate) fn say_taken(&mut self) {
        if !self.batch_is_taken || self.bridge.waits_for_disk() {
            return;
        }
        self.batch_is_taken = false;
        if let Some(version) = self.own.as_ref().map(|own| own.version) {
            self.send_to_own(&wire::ask_time(version));
        }
    }
}
