//! The bridge itself: its state, and the one place where an event is handed to what it concerns.

mod allocations;
mod auctions;
mod breaks;
mod cancels;
mod closing;
mod decide;
mod equivalents;
mod executions;
mod fallbacks;
mod hours;
mod jobs;
mod links;
mod netting;
mod orders;
mod own_orders;
mod references;
mod release;
mod repeated;
mod reports;
mod rounds;
mod shown;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use plimsoll_calendar::{Announcement, Calendar, Moment};
use plimsoll_ledger::{ExecutionRow, Ledger, PositionRow, Terms};
use plimsoll_model::{
    Account, BotName, ClOrdId, ClientId, InstrumentId, LinkId, Money, Mono, Now, OrderId, Position, Price,
    Qty, ReqId,
};

use crate::acks::Acks;
use crate::allocation::open::Allocations;
use crate::book::{Book, OrderKey, OrderState};
use crate::changes::Changes;
use crate::clock::ClockWatch;
use crate::config::{BotConfig, Config};
use crate::contracts::Contracts;
use crate::drop_copy::{DropCopy, Hearing};
use crate::elsewhere::Elsewhere;
use crate::equities::Equities;
use crate::guard::{Context, Phase};
use crate::halt::{Halt, Halts};
use crate::limits;
use crate::link::Links;
use crate::listed_hours::ListedHours;
use crate::on_close::{BatchKey, Batches};
use crate::outbox::{Outbox, Recent};
use crate::quotes::Quotes;
use crate::recon::{Recon, ReconState};
use crate::result::{self, Results};
use crate::schedule::Schedule;
use crate::streams::Streams;
use crate::unexplained::Unexplained;
use crate::{Ask, ClockEvent, Command, Event, Operator};

pub use allocations::{AllocationView, PartView};
use auctions::Auctions;
use breaks::Doubt;
use equivalents::InPlaces;
use fallbacks::Closings;
pub use fallbacks::FallbackView;
use jobs::Hint;
#[cfg(test)]
pub(crate) use own_orders::OwnOrder;
pub use repeated::Repeated;

/// The decisions of one gateway. Feed it events in order; carry out its commands in order.
#[derive(Debug)]
pub struct Bridge {
    pub(crate) config: Option<Arc<Config>>,
    pub(crate) epoch: u64,
    /// The calendar that orders are judged by: the narrowest of the rules, what was announced, and the broker's hours.
    pub(crate) calendar: Calendar,
    /// The same without the broker's hours.
    announced: Calendar,
    pub(crate) listed: ListedHours,
    announced_days: Arc<[Announcement]>,
    /// The calendars of the venues outside of the US.
    pub(crate) elsewhere: Elsewhere,
    pub(crate) clock: ClockWatch,
    acks: Acks,
    /// What the calendar says of the latest event's instant, by corrected time.
    moment: Option<Moment>,
    pub(crate) contracts: Contracts,
    pub(crate) links: Links,
    pub(crate) book: Book,
    pub(crate) outbox: Outbox,
    pub(crate) recent: Recent,
    pub(crate) batches: Batches,
    /// Orders over several accounts.
    pub(crate) allocations: Allocations,
    /// What each account is worth, as the broker last told in this life of our own connection.
    pub(crate) equities: Equities,
    /// Orders of our own in the place of bots' on-close orders.
    in_places: InPlaces,
    /// Our own questions for the price of an auction.
    close_reqs: BTreeMap<ReqId, BatchKey>,
    /// When the next batch of on-close orders has to leave, or the price of one is asked for.
    leave_due: Option<Mono>,
    pub(crate) quotes: Quotes,
    /// Bots' own streams that stand still.
    pub(crate) streams: Streams,
    pub(crate) results: Results,
    pub(crate) ledger: Ledger,
    pub(crate) halts: Halts,
    pub(crate) recon: Recon,
    pub(crate) hearing: Hearing,
    pub(crate) changes: Changes,
    pub(crate) schedule: Schedule,
    /// On-close orders that are followed until after the close.
    closings: Closings,
    /// On-close orders of which the venue says nothing after their auction.
    auctions: Auctions,
    /// The last number of each bot's order references, by trade date.
    counters: BTreeMap<(BotName, Date), u32>,
    /// Our own questions about contracts.
    contract_reqs: BTreeMap<ReqId, InstrumentId>,
    /// Holdings as the broker last reported them on our own connection.
    pub(crate) broker_positions: BTreeMap<(Account, InstrumentId), (Position, Option<Price>)>,
    /// Those that the list under way has named, if one was asked for because of a difference.
    listed_holdings: Option<BTreeSet<(Account, InstrumentId)>>,
    /// Where they and the ledger differ.
    doubts: BTreeMap<(Account, InstrumentId), Doubt>,
    /// What of the broker's holdings is explained by no execution.
    pub(crate) unexplained: Unexplained,
    /// Holdings that an execution has moved during the full round under way.
    moved: BTreeSet<(Account, InstrumentId)>,
    /// What orders had executed without the ledger when the round of questions under way was asked.
    owed: BTreeMap<OrderKey, Qty>,
    /// Since when an order has been inactive of which the broker was not asked since.
    inactive_since: Option<Mono>,
    /// Whether it was said in the round of questions under way that an execution is among those of which only the
    /// sums are kept.
    told_settled: bool,
    /// Orders that the round of questions under way must find, or they are gone.
    sought: BTreeSet<OrderKey>,
    /// Each bot's result at the start of its trade date.
    day_start: BTreeMap<BotName, (Date, Money)>,
    /// The trade date for which every bot with a limit of its loss has one.
    all_started: Option<Date>,
}

impl Default for Bridge {
    fn default() -> Self {
        Self::new()
    }
}

impl Bridge {
    /// A bridge that knows nothing; its first event is [`Event::Started`].
    pub fn new() -> Self {
        Self {
            config: None,
            epoch: 0,
            calendar: Calendar::us_equities(),
            announced: Calendar::us_equities(),
            listed: ListedHours::default(),
            announced_days: Arc::new([]),
            elsewhere: Elsewhere::default(),
            clock: ClockWatch::default(),
            acks: Acks::default(),
            moment: None,
            contracts: Contracts::default(),
            links: Links::default(),
            book: Book::default(),
            outbox: Outbox::default(),
            recent: Recent::default(),
            batches: Batches::default(),
            allocations: Allocations::default(),
            equities: Equities::default(),
            in_places: InPlaces::default(),
            close_reqs: BTreeMap::new(),
            leave_due: None,
            quotes: Quotes::default(),
            streams: Streams::default(),
            results: Results::default(),
            ledger: Ledger::default(),
            halts: Halts::default(),
            recon: Recon::new(),
            hearing: Hearing::new(),
            changes: Changes::default(),
            schedule: Schedule::default(),
            closings: Closings::default(),
            auctions: Auctions::default(),
            counters: BTreeMap::new(),
            contract_reqs: BTreeMap::new(),
            broker_positions: BTreeMap::new(),
            listed_holdings: None,
            doubts: BTreeMap::new(),
            unexplained: Unexplained::default(),
            moved: BTreeSet::new(),
            owed: BTreeMap::new(),
            inactive_since: None,
            told_settled: false,
            sought: BTreeSet::new(),
            day_start: BTreeMap::new(),
            all_started: None,
        }
    }

    /// Takes one event and says what is to be done about it.
    pub fn on(&mut self, now: Now, event: Event, out: &mut Vec<Command>) {
        self.book.begin_event();
        self.changes.clear();
        let hint = Hint::of(&event);
        if let Event::Clock(event) = &event {
            self.clock_event(now, event, out);
        }
        let time = self.clock.corrected(now);
        if !self.moment.as_ref().is_some_and(|moment| moment.holds_at(time)) {
            self.moment = Some(self.calendar.moment(time));
            self.plan_audit(now);
        } else if matches!(event, Event::Clock(ClockEvent::Stepped { .. } | ClockEvent::Slept { .. })) {
            self.plan_audit(now);
        }
        match event {
            Event::Started { epoch, config } => {
                self.started(now, epoch, config, out);
                self.moment = Some(self.calendar.moment(time));
                self.begin_jobs(now, out);
            }
            Event::OwnUp { link } => self.own_up(now, link, out),
            Event::OwnDown { link } => {
                if self.recon.is_own(link) {
                    self.recon.down();
                    self.hearing.forget();
                    self.quotes.clear();
                    self.equities.forget();
                    let own = self.own_client();
                    self.forget_certainty(|client| client == own);
                    self.acks.forget(link);
                }
            }
            Event::BotArrived { link, bot, client_id, raw } => {
                self.bot_arrived(link, bot, client_id, raw, out);
            }
            Event::BotLeft { link } => {
                if let Some(state) = self.links.get_mut(link) {
                    state.leave();
                }
            }
            Event::BotGone { link } => self.bot_gone(now, link, out),
            Event::FromBot { link, request, raw } => self.on_bot(now, link, request, raw, out),
            Event::FromVenue { link, report, raw } => self.on_venue(now, link, report, raw, out),
            Event::Quote { instrument, quote } => {
                self.quotes.set(&instrument, quote);
                self.note_day_start();
            }
            Event::Stream { link, instrument, still_since } => {
                if let Some(bot) = self.links.get(link).map(|state| state.bot.clone()) {
                    self.streams.set(&bot, instrument, link, still_since);
                }
            }
            Event::Flushed { token } => {
                self.flushed(now, token, out);
                self.release_jobs(now, token, out);
            }
            Event::Clock(_) => {}
            Event::Operator(operator) => self.operator(now, operator, out),
            Event::JobEnded { job, date, end } => self.job_ended(now, &job, date, &end, out),
            Event::Woke => self.woke(now, out),
        }
        self.run_jobs(now, hint, out);
        self.net_orders(now, out);
        self.tell_equivalents(out);
        self.cancel_in_places(out);
        self.step_closings(now, out);
        self.ask_what_auctions_owe(now, hint, out);
        self.step_allocations(out);
    }

    /// Whether this client has used the number for an order, as far as is remembered. Errors name orders and requests by
    /// one number.
    pub fn has_order(&self, client_id: ClientId, order_id: OrderId) -> bool {
        self.book.by_client(client_id, order_id).is_some()
    }

    /// The orders that the latest event has entered or changed.
    pub fn changed_orders(&self) -> impl Iterator<Item = (OrderKey, &OrderState)> {
        self.book.changed()
    }

    /// The executions that the latest event has posted, or whose fee it has told. Our reference is there where the
    /// event has told it.
    pub fn changed_executions(&self) -> impl Iterator<Item = ExecutionRow> {
        self.changes.executions.iter().filter_map(|(exec_id, cl_ord_id)| {
            let mut row = self.ledger.execution(exec_id)?;
            row.execution.cl_ord_id.clone_from(cl_ord_id);
            Some(row)
        })
    }

    /// The holdings that the latest event has moved, each with all its holders.
    pub fn changed_holdings(&self) -> impl Iterator<Item = (&Account, &InstrumentId, Vec<PositionRow>)> {
        let holdings = self.changes.holdings.iter();
        holdings.map(|(account, instrument)| (account, instrument, self.ledger.rows_of(account, instrument)))
    }

    /// Whether anything that was decided has not left yet, because the disk does not have it.
    pub fn waits_for_disk(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Whether an order was ever decided under this reference of ours.
    pub fn has_reference(&self, cl_ord_id: &ClOrdId) -> bool {
        self.book.by_ref(cl_ord_id).is_some()
    }

    /// When the bridge next has something to do by itself.
    pub fn next_wakeup(&self) -> Option<Mono> {
        let equity = self.equities.due().filter(|_| self.recon.state == ReconState::Done);
        let questions = [self.next_question(), self.closings.due(), self.auctions.due(), equity];
        let all = [self.leave_due, self.schedule.next_wakeup()].into_iter().chain(questions);
        all.flatten().min()
    }

    /// When the broker is next asked something.
    fn next_question(&self) -> Option<Mono> {
        let asks = matches!(self.recon.state, ReconState::Asking(_));
        if self.recon.state == ReconState::Down {
            return self.recon.restored_due();
        }
        if asks || self.recon.polling.is_some() {
            return Some(self.recon.last_poll.after(limits::POLL_PATIENCE));
        }
        let poll = self.has_orphans().then(|| self.recon.last_poll.after(limits::ORPHAN_POLL));
        let inactive = self.inactive_since.map(|since| since.after(limits::ORPHAN_POLL));
        let doubt = self.doubts.values().map(Doubt::due).min();
        // An execution that never came is asked for now and then, too.
        let uncopied = self.hearing.state != DropCopy::Live || self.book.unposted().next().is_some();
        let uncopied = uncopied.then(|| self.recon.last_poll.after(limits::DROP_COPY_POLL));
        // Somebody may untick the setting at any time.
        let read_only = self.recon.read_only.then(|| self.recon.last_poll.after(limits::DROP_COPY_POLL));
        let hours = self.listed.due();
        [poll, inactive, doubt, uncopied, self.hearing.due(), hours, read_only].into_iter().flatten().min()
    }

    /// Takes in what was found out about the clock. Whatever changes its state is worth a person's look.
    fn clock_event(&mut self, now: Now, event: &ClockEvent, out: &mut Vec<Command>) {
        let before = self.clock.state(now.mono);
        self.clock.on(now, event);
        let after = self.clock.state(now.mono);
        let is_jump = matches!(event, ClockEvent::Stepped { .. } | ClockEvent::Slept { .. });
        if before != after || is_jump {
            out.push(Command::Notice { text: self.clock.view(now).to_string() });
        }
    }

    fn woke(&mut self, now: Now, out: &mut Vec<Command>) {
        if self.recon.state == ReconState::Done && self.hearing.judge(now.mono) {
            out.push(Command::Notice { text: self.no_copy() });
        }
        let is_idle = self.recon.state == ReconState::Done && self.recon.polling.is_none();
        if is_idle && self.listed.due().is_some_and(|due| due <= now.mono) {
            self.audit_hours(now, out);
        }
        if self.recon.restored_due().is_some_and(|due| due <= now.mono) {
            self.begin_restored(now, out);
        }
        if self.recon.state == ReconState::Done && self.equities.due().is_some_and(|due| due <= now.mono) {
            let mut asks = Vec::new();
            self.ask_equity(now, &mut asks);
            Self::ask(out, asks);
        }
        if self.next_question().is_some_and(|due| due <= now.mono) {
            self.poll(now, out);
            self.ask_again(now, out);
        }
    }

    fn operator(&mut self, now: Now, operator: Operator, out: &mut Vec<Command>) {
        match operator {
            Operator::Halt { level, bot, by, reason } => {
                self.halt(now, bot.as_ref(), Halt { level, by, reason }, out);
            }
            Operator::Resume { bot, by, reason } => {
                let whom = bot.as_ref().map_or("fleet", BotName::as_str).to_owned();
                let lifted = self.halts.lift(bot.as_ref());
                let what = if lifted { "resumed" } else { "was not halted; resume" };
                out.push(Command::Notice { text: format!("{whom} {what} by {by}: {reason}") });
            }
            Operator::Accept { account, instrument, difference, by, reason } => {
                self.accept(&account, &instrument, difference, (&by, &reason), out);
            }
            Operator::Calendar { days, problems } => self.take_announced(now, days, &problems, out),
        }
    }

    /// The announced days that hold.
    pub fn announced_days(&self) -> &[Announcement] {
        &self.announced_days
    }

    /// The halt of everything also ends what is working, on the connection that placed it.
    fn cancel_everything(&mut self, now: Now, bot: Option<&BotName>, out: &mut Vec<Command>) {
        self.cancel_held_of(now, bot, out);
        self.cancel_divided_of(now, |held| bot.is_none_or(|bot| held.order.bot == *bot));
        let links: Vec<LinkId> = self
            .links
            .iter()
            .filter(|(_, state)| bot.is_none_or(|bot| state.bot == *bot))
            .map(|(link, _)| link)
            .collect();
        for link in links {
            self.cancel_all_of(now, link, out);
        }
        self.cancel_own_of(bot, out);
        let own = self.own_way().map(|(_, client_id)| client_id);
        let is_reached = |client_id| Some(client_id) == own || self.links.of_client(client_id).is_some();
        let unreachable = self
            .book
            .open()
            .filter(|(_, state)| bot.is_none_or(|bot| state.owner.bot() == Some(bot)))
            .filter(|(_, state)| !state.client_id.is_some_and(is_reached))
            .filter(|(key, state)| !self.is_kept_here(state) && !self.is_canceled_as_part(*key))
            .count();
        out.extend(self.parts_canceled_later(bot));
        if unreachable > 0 {
            out.push(Command::Notice {
                text: format!(
                    "{unreachable} working orders are not on a connection of ours and were not canceled; \
                     cancel them at the broker"
                ),
            });
        }
    }

    pub(crate) fn bot_config(&self, name: &BotName) -> Option<&BotConfig> {
        self.config.as_ref()?.bot(name)
    }

    /// Before its orders are judged: brings up to date what is kept of this bot's result.
    pub(crate) fn refresh_result(&mut self, bot: &BotConfig) {
        self.results.refresh(&self.ledger, &mut self.quotes, bot);
    }

    /// What the guards may look at when they judge an order of this bot.
    pub(crate) fn context<'a>(
        &'a self,
        now: Now,
        phase: Phase,
        (bot, client_id): (&'a BotConfig, ClientId),
        config: &'a Config,
    ) -> Context<'a> {
        Context {
            now,
            phase,
            config,
            bot,
            book: &self.book,
            ledger: &self.ledger,
            quotes: &self.quotes,
            streams: &self.streams,
            results: &self.results,
            calendar: &self.calendar,
            elsewhere: &self.elsewhere,
            disputes: self.listed.open(),
            clock: &self.clock,
            acks: &self.acks,
            moment: self.moment(),
            contracts: &self.contracts,
            halts: &self.halts,
            recon: &self.recon.state,
            read_only: self.recon.read_only,
            unexplained: &self.unexplained,
            recent: &self.recent,
            batches: &self.batches,
            day_start: self.day_start.get(&bot.name),
            own: None,
            replaces: false,
            client_id,
            group: &[],
            parts: &[],
            asked: None,
            unbounded: None,
            known: OnceCell::new(),
        }
    }

    fn moment(&self) -> &Moment {
        self.moment.as_ref().expect("the calendar is looked at before any event is dealt with")
    }

    /// What a price of this instrument means in money.
    pub(crate) fn terms(&self, instrument: &InstrumentId) -> Option<Terms> {
        self.contracts.terms(instrument)
    }

    /// Remembers each bot's result when its trade date begins, as soon as there are quotes to mark it.
    pub(crate) fn note_day_start(&mut self) {
        let Some(config) = &self.config else { return };
        let Ok(date) = self.moment().trade_date else { return };
        if self.all_started == Some(date) {
            return;
        }
        let due = config
            .bots
            .iter()
            .filter_map(|bot| Some((bot, bot.daily_loss_max?.currency)))
            .filter(|(bot, currency)| {
                let known = self.day_start.get(&bot.name);
                known.is_none_or(|(day, start)| *day != date || start.currency != *currency)
            })
            .map(|(bot, currency)| {
                let result = result::whole(&self.ledger, &self.quotes, bot, currency).ok();
                (bot.name.clone(), result.map(|result| (date, result)))
            })
            .collect::<Vec<_>>();
        self.all_started = due.iter().all(|(_, start)| start.is_some()).then_some(date);
        self.day_start.extend(due.into_iter().filter_map(|(bot, start)| Some((bot, start?))));
    }

    pub(crate) fn ask(out: &mut Vec<Command>, asks: Vec<Ask>) {
        out.extend(asks.into_iter().map(Command::Ask));
    }
}
