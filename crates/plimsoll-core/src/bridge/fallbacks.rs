//! What stands in for an on-close order that is proved dead: what is said about each order is told to its [`Fallback`], and
//! what that finds due is done.
//!
//! Owns: which orders are followed, and the jobs that were missed and of which only this is left.
//!
//! Invariant: the market order takes the way of all orders of our own, through both judgements and the disk.
//!
//! Does not own: what counts as proof ([`crate::fallback`]), which orders close a position (`closing`).

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use plimsoll_model::{
    Account, BotName, ClOrdId, InstrumentId, Mono, Now, OrdType, OrderStatus, Position, Qty, Side,
};

use super::Bridge;
use super::closing::{Close, Placing};
use super::own_orders::OwnOrder;
use crate::book::OrderKey;
use crate::fallback::{Fallback, Finding, Moment, Net, Standing, Step, Terms, Word};
use crate::recon::ReconState;
use crate::schedule::{Action, Job, JobName, Missed};
use crate::{Command, limits};

/// One on-close order, for whom it closes what.
#[derive(Debug, Clone)]
pub(super) struct Followed {
    pub(super) job: JobName,
    pub(super) bot: BotName,
    pub(super) account: Account,
    pub(super) instrument: InstrumentId,
    /// Which way the position is closed.
    pub(super) side: Side,
    /// In the book; none if a guard denied it at once, or its job was missed.
    pub(super) key: Option<OrderKey>,
    pub(super) label: Box<str>,
}

/// Its fate is followed.
#[derive(Debug)]
struct Closing {
    of: Followed,
    fallback: Fallback,
}

/// A job that was missed and has a fallback, until it is known what its bot holds. Of each job the schedule tells one
/// trade date of now, so there are no more than jobs.
#[derive(Debug)]
struct MissedClose {
    job: JobName,
    bot: BotName,
    market_at: Timestamp,
    close: Timestamp,
}

/// What a person may know of one that is followed, or will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FallbackView {
    /// Of which job.
    pub job: JobName,
    /// For whom.
    pub bot: BotName,
    /// Where; none while it is not known what its bot holds.
    pub account: Option<Account>,
    /// Of what.
    pub instrument: Option<InstrumentId>,
    /// The on-close order.
    pub order: Box<str>,
    /// How the position is closed, and what of the order was not executed, as far as anybody said.
    pub leaves: Option<(Side, Qty)>,
    /// When the market order goes.
    pub at: Timestamp,
    /// When it has to have arrived.
    pub close: Timestamp,
    /// One word.
    pub state: &'static str,
    /// What it waits for, or what is still to be proved.
    pub because: &'static str,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Closings {
    all: Vec<Closing>,
    missed: Vec<MissedClose>,
    /// When there is something to do whatever is said until then.
    due: Option<Mono>,
}

impl Closings {
    pub(super) fn due(&self) -> Option<Mono> {
        self.due
    }

    /// A new process.
    pub(super) fn restarted(&mut self) {
        for closing in &mut self.all {
            closing.fallback.restarted();
        }
    }

    /// Somebody said something about an order.
    pub(super) fn hear(&mut self, key: OrderKey, word: Word) {
        for closing in self.all.iter_mut().filter(|closing| closing.of.key == Some(key)) {
            closing.fallback.hear(word);
        }
    }

    /// Somebody was told that the venue is out of reach, on whatever connection.
    pub(super) fn doubt_reach(&mut self) {
        for closing in &mut self.all {
            closing.fallback.doubt_reach();
        }
    }

    /// Open orders, executions and completed orders are being asked for.
    pub(super) fn asked(&mut self, moment: Moment) {
        for closing in &mut self.all {
            closing.fallback.asked(moment);
        }
    }

    /// They have been answered; the orders that this has proved dead.
    fn answered(&mut self, epoch: u64, net_of: impl Fn(OrderKey) -> Option<Net>) -> Vec<OrderKey> {
        // The venue never knew one that is netted, so no answer proves anything of it.
        for one in &mut self.all {
            if let Some(net) = one.of.key.and_then(&net_of) {
                one.fallback.netted(net);
            }
        }
        // One that was never placed has no key, and waits for the answers all the same.
        let mut gone = Vec::new();
        for one in &mut self.all {
            if one.fallback.answered(epoch) {
                gone.extend(one.of.key);
            }
        }
        gone
    }
}

/// What a venue's word about an order means to its fallback. An open order does not say how much of it was executed.
pub(super) fn word(status: OrderStatus, cum_qty: Option<Qty>) -> Word {
    match (status, cum_qty) {
        (OrderStatus::Inactive, cum_qty) => Word::Inactive { cum_qty: cum_qty.unwrap_or(Qty::ZERO) },
        (status, cum_qty) if status.is_open() => Word::Working { cum_qty: cum_qty.unwrap_or(Qty::ZERO) },
        (_, Some(cum_qty)) => Word::Ended { cum_qty },
        (_, None) => Word::Refused,
    }
}

impl Bridge {
    /// From now on; so much of it is to be executed, and the market order may stand in for it from then on.
    pub(super) fn follow(
        &mut self,
        now: Now,
        of: Followed,
        (qty, at): (Qty, Timestamp),
        out: &mut Vec<Command>,
    ) {
        let Followed { job, instrument, label, key, .. } = &of;
        let key = *key;
        let Some(close) = self.closes_at(now, instrument) else {
            out.push(Command::Notice {
                text: format!("job {job}: {label} has no fallback: the close of {instrument} is not known"),
            });
            return;
        };
        if self.closings.all.len() >= limits::FALLBACKS_MAX {
            let max = limits::FALLBACKS_MAX;
            out.push(Command::Notice {
                text: format!("job {job}: {label} has no fallback: {max} others are followed"),
            });
            return;
        }
        // One that is followed already has not changed.
        if key.is_some() && self.closings.all.iter().any(|closing| closing.of.key == key) {
            return;
        }
        let earlier = |span: Duration| at.saturating_sub(span).unwrap_or(Timestamp::MIN);
        let terms = Terms {
            qty,
            ask_from: earlier(limits::FALLBACK_LEAD),
            at,
            close,
            settle: close.saturating_add(limits::FALLBACK_SETTLE).unwrap_or(Timestamp::MAX),
        };
        let mut fallback = Fallback::new(terms);
        match key.and_then(|key| Some((key, self.book.get(key)?))) {
            None => fallback.hear(Word::Unsent),
            Some((key, _)) if self.outbox.holds_own(key) => {}
            Some((_, state)) => {
                fallback.hear(Word::Sent);
                // What is not the venue's word proves nothing.
                let is_said = !matches!(state.status, OrderStatus::PendingNew | OrderStatus::Unknown);
                if is_said {
                    fallback.hear(word(state.status, Some(state.cum_qty)));
                }
            }
        }
        self.closings.all.push(Closing { of, fallback });
    }

    /// The close of the session that an on-close order of now takes part in.
    pub(super) fn closes_at(&self, now: Now, instrument: &InstrumentId) -> Option<Timestamp> {
        let calendar = self.calendar_for(instrument)?;
        let date = calendar.trade_date(self.clock.corrected(now)).ok()?;
        Some(calendar.session(date).ok()??.close())
    }

    /// When it is for fallbacks, while the venue can be asked or not.
    pub(super) fn fallback_moment(&self, now: Now, epoch: Option<u64>) -> Moment {
        let time = self.clock.corrected(now);
        let way = self.clock.uncertainty(now.mono).saturating_add(self.acks.p99());
        Moment { time, arrival: time.saturating_add(way).unwrap_or(Timestamp::MAX), epoch }
    }

    /// Open orders, executions and completed orders have been answered.
    pub(super) fn closings_answered(&mut self, out: &mut Vec<Command>) {
        let (book, batches) = (&self.book, &self.batches);
        let net_of = |key: OrderKey| {
            let id = book.get(key)?.cl_ord_id.as_ref()?;
            batches.net_of(id, book)
        };
        for key in self.closings.answered(self.recon.epoch, net_of) {
            self.gone(key, out);
        }
    }

    /// After every event: what has become due is done.
    pub(super) fn step_closings(&mut self, now: Now, out: &mut Vec<Command>) {
        if self.closings.all.is_empty() && self.closings.missed.is_empty() {
            return;
        }
        if let Some(moved) = self.schedule.moved_until(now) {
            self.closings.due = Some(moved);
            return;
        }
        let epoch = self.recon.epoch_in_reach().filter(|_| self.recon.state == ReconState::Done);
        let moment = self.fallback_moment(now, epoch);
        self.close_missed(now, moment, out);
        let mut all = std::mem::take(&mut self.closings.all);
        let mut wants_answers = false;
        for closing in &mut all {
            while let Some(step) = closing.fallback.step(moment) {
                match step {
                    Step::Ask => {
                        wants_answers = true;
                        break;
                    }
                    Step::Cancel => self.cancel_closing(closing, out),
                    Step::Send { qty } => self.send_market(now, closing, qty, out),
                    Step::Tell(finding) => self.tell_closing(closing, &finding, out),
                }
            }
        }
        all.retain(|closing| !closing.fallback.is_over());
        self.closings.all = all;
        // While other questions are under way their end brings the next try.
        if wants_answers {
            self.poll(now, out);
        }
        let followed = self.closings.all.iter().filter_map(|closing| closing.fallback.next(moment.time));
        let missed = self.closings.missed.iter().map(|missed| missed.close);
        let next = followed.chain(missed).min();
        self.closings.due = next.map(|next| {
            now.mono.after(Duration::try_from(next.duration_since(moment.time)).unwrap_or_default())
        });
    }

    /// On the connection that placed it; without one nothing can be done.
    fn cancel_closing(&self, closing: &Closing, out: &mut Vec<Command>) {
        let state = closing.of.key.and_then(|key| self.book.get(key));
        // What is held here, or has left with others, is not at the venue under this number.
        let is_netted = |id| self.batches.of_order(id).is_some();
        let state = state.filter(|state| !state.cl_ord_id.as_ref().is_some_and(is_netted));
        let Some((client_id, order_id)) = state.and_then(|state| state.client_id.zip(state.order_id)) else {
            return;
        };
        let own = self.own_way().filter(|(_, own)| *own == client_id).map(|(link, _)| link);
        let link = own.or_else(|| self.links.of_client(client_id));
        out.extend(link.map(|link| Command::Cancel { link, order_id }));
    }

    fn send_market(&mut self, now: Now, closing: &Closing, qty: Qty, out: &mut Vec<Command>) {
        let Followed { job, bot, account, instrument, side, label, .. } = &closing.of;
        let position = self.ledger.bot_position(bot, account, instrument);
        let is_closing = match side {
            Side::Sell => position > Position::FLAT,
            Side::Buy => position < Position::FLAT,
        };
        // What the bot has closed itself meanwhile, or is about to.
        let working = self.closing_orders(bot, account, instrument, *side);
        let open = self.closable(bot, account, instrument);
        let room = working.iter().fold(open, |left, (_, qty, _)| left.saturating_sub(*qty));
        let qty = if is_closing { qty.min(room) } else { Qty::ZERO };
        if qty.is_zero() {
            let by_hand = if open == position.size() { "" } else { ", closed by hand" };
            let text = format!(
                "job {job}: {label} is dead, and {bot} needs no market order for it: it holds {position} {instrument}{by_hand}"
            );
            out.push(Command::Notice { text });
            return;
        }
        let whose = (bot.clone(), account.clone(), instrument.clone());
        let wanted = OwnOrder::unpriced(whose, (*side, qty), OrdType::Market);
        let text = match self.place_for_bot(now, wanted, out) {
            Ok(id) => format!(
                "job {job}: {label} is dead: market order {side} {qty} {instrument} [{id}] in its place"
            ),
            Err(denial) => {
                format!(
                    "job {job}: {label} is dead, and {side} {qty} {instrument} MKT was not placed: {denial}; the position is \
                     open"
                )
            }
        };
        out.push(Command::Notice { text });
    }

    fn tell_closing(&self, closing: &Closing, finding: &Finding, out: &mut Vec<Command>) {
        let Followed { job, bot, account, instrument, label, .. } = &closing.of;
        let position = self.ledger.bot_position(bot, account, instrument);
        let text = match finding {
            Finding::Settled { .. } => {
                format!("job {job}: {label} {finding}; {bot} holds {position} {instrument}")
            }
            _ => format!("job {job}: {label} {finding}"),
        };
        let is_good = match finding {
            Finding::Alive => true,
            Finding::Settled { is_over, owed, .. } => *is_over && owed.is_zero() && position.is_zero(),
            Finding::NotProved { .. }
            | Finding::TooLate { .. }
            | Finding::Unanswered { .. }
            | Finding::Contradicted { .. } => false,
        };
        out.push(if is_good { Command::JobNote { text } } else { Command::Notice { text } });
    }

    /// An order of our own has left.
    pub(super) fn own_left(&mut self, cl_ord_id: &ClOrdId) {
        if let Some(key) = self.book.by_ref(cl_ord_id) {
            self.closings.hear(key, Word::Sent);
        }
    }

    /// A job that closes positions was missed: what a person is told of its fallback, which stands if it is in time.
    pub(super) fn fallback_of_missed(&mut self, now: Now, job: &Job, date: Date) -> Option<String> {
        let Action::ClosePositions { .. } = job.action else { return None };
        let bot = job.bot.as_ref().expect("invariant: positions are closed for one bot");
        let time = self.clock.corrected(now);
        let Some(market_at) = self.schedule.fallback_at(job, date) else {
            return Some(format!("it has no fallback: what {bot} holds stays open, unless you close it"));
        };
        let close = self.schedule.close_of_today(job, date, time);
        let Some(close) = close.filter(|close| self.fallback_moment(now, None).arrival < *close) else {
            return Some(format!(
                "its fallback was due at {market_at}, and a market order of now would come after the close: what {bot} holds \
                 is open; look at the broker"
            ));
        };
        if job.timing.missed == Missed::Skip {
            return Some(format!("it is skipped with its fallback: what {bot} holds stays open"));
        }
        let (name, bot_name) = (job.name.clone(), bot.clone());
        self.closings.missed.push(MissedClose { job: name, bot: bot_name, market_at, close });
        Some(format!(
            "its fallback stands: a market order for what {bot} holds then, from {market_at} on, if the venue answers"
        ))
    }

    /// As soon as it is known what the bots hold. One of which that is not known at the close is told to a person.
    fn close_missed(&mut self, now: Now, moment: Moment, out: &mut Vec<Command>) {
        if moment.epoch.is_some() {
            for missed in std::mem::take(&mut self.closings.missed) {
                let MissedClose { job, bot, market_at, .. } = &missed;
                let market_at = Some(*market_at);
                self.close_positions(now, Close { job, bot, market_at, placing: Placing::Missed }, out);
            }
        }
        let is_late = |missed: &mut MissedClose| moment.arrival >= missed.close;
        for MissedClose { job, bot, .. } in self.closings.missed.extract_if(.., is_late) {
            let text = format!(
                "job {job}: no market order was sent for what {bot} holds, because until the close nobody knew what that is; \
                 look at the broker"
            );
            out.push(Command::Notice { text });
        }
    }

    /// For whoever looks.
    pub(crate) fn fallback_views(&self) -> Vec<FallbackView> {
        let followed = self.closings.all.iter().map(|Closing { of, fallback }| {
            let Standing { at, close, leaves_qty, state, because } = fallback.standing();
            FallbackView {
                job: of.job.clone(),
                bot: of.bot.clone(),
                account: Some(of.account.clone()),
                instrument: Some(of.instrument.clone()),
                order: of.label.clone(),
                leaves: Some((of.side, leaves_qty)),
                at,
                close,
                state,
                because,
            }
        });
        let missed = self.closings.missed.iter().map(|missed| FallbackView {
            job: missed.job.clone(),
            bot: missed.bot.clone(),
            account: None,
            instrument: None,
            order: "whatever it holds".into(),
            leaves: None,
            at: missed.market_at,
            close: missed.close,
            state: "missed",
            because: "the broker has to say what is held",
        });
        followed.chain(missed).collect()
    }
}
