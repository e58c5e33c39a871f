//! Closing a bot's positions in the auction, and what stands in for an on-close order that is proved dead.
//!
//! Owns: which on-close orders are placed for the positions of a bot, and the fallbacks of them: what is said about
//! each order is told to its [`Fallback`], and what that finds due is done. A bot's own on-close order that closes the
//! position already is watched instead of doubled.
//!
//! Invariants: the orders placed here can together never reverse the position that the ledger has for the bot; the
//! market order takes the way of all orders of our own, through both judgements and the disk.
//!
//! Does not own: when positions are closed (`jobs`), what counts as proof ([`crate::fallback`]).

use std::time::Duration;

use jiff::Timestamp;
use plimsoll_model::{
    Account, BotName, ClOrdId, InstrumentId, Mono, Now, OrdType, OrderStatus, Position, Qty, Side,
    TimeInForce,
};

use super::Bridge;
use super::own_orders::OwnOrder;
use crate::book::{OrderKey, OrderState};
use crate::fallback::{Fallback, Finding, Moment, Net, Step, Terms, Word};
use crate::recon::ReconState;
use crate::{Command, limits};

/// One on-close order whose fate is followed.
#[derive(Debug)]
struct Closing {
    bot: BotName,
    account: Account,
    instrument: InstrumentId,
    /// Which way the position is closed.
    side: Side,
    /// In the book; none if a guard denied it at once.
    key: Option<OrderKey>,
    label: Box<str>,
    fallback: Fallback,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Closings {
    all: Vec<Closing>,
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
        for closing in self.all.iter_mut().filter(|closing| closing.key == Some(key)) {
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
            if let Some(net) = one.key.and_then(&net_of) {
                one.fallback.netted(net);
            }
        }
        let gone = self.all.iter_mut().filter_map(|one| one.key.filter(|_| one.fallback.answered(epoch)));
        gone.collect()
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
    /// Places an on-close order for what the bot holds of each contract, and follows it if a market order may stand in
    /// for it from an instant on.
    pub(super) fn close_positions(
        &mut self,
        now: Now,
        bot: &BotName,
        market_at: Option<Timestamp>,
        out: &mut Vec<Command>,
    ) {
        let held: Vec<_> = self
            .ledger
            .held_by(bot)
            .map(|(account, instrument)| (account.clone(), instrument.clone()))
            .filter(|(account, instrument)| !self.ledger.bot_position(bot, account, instrument).is_zero())
            .collect();
        if held.is_empty() {
            out.push(Command::JobNote { text: format!("{bot} holds nothing, so nothing is closed") });
        }
        for (account, instrument) in held {
            self.close_position(now, bot, (account, instrument), market_at, out);
        }
    }

    fn close_position(
        &mut self,
        now: Now,
        bot: &BotName,
        (account, instrument): (Account, InstrumentId),
        market_at: Option<Timestamp>,
        out: &mut Vec<Command>,
    ) {
        let position = self.ledger.bot_position(bot, &account, &instrument);
        let side = if position > Position::FLAT { Side::Sell } else { Side::Buy };
        let open = self.closable(bot, &account, &instrument);
        if open != position.size() {
            let foreign = self.ledger.foreign_position(&account, &instrument);
            let text = format!(
                "{bot} holds {position} {instrument} of {account}, and {foreign} is foreign there, as if somebody had closed \
                 it by hand: {open} is closed"
            );
            out.push(Command::Notice { text });
        }
        if open.is_zero() {
            return;
        }
        let working = self.closing_orders(bot, &account, &instrument, side);
        let left = working.iter().fold(open, |left, (_, qty, _)| left.saturating_sub(*qty));
        let closing = |key, label: &str, qty| (key, Box::<str>::from(label), qty);
        let mut all: Vec<_> = working
            .iter()
            .filter(|(_, _, state)| state.ord_type == OrdType::MarketOnClose && state.status.is_open())
            .map(|(key, _, state)| closing(Some(*key), &state.label(), state.qty))
            .collect();
        if left.is_zero() {
            let labels: Vec<_> = working.iter().map(|(_, _, state)| state.label()).collect();
            let labels = labels.join(", ");
            // What is no on-close order may not be executed, and one more order could reverse the position.
            out.push(if all.len() == working.len() {
                let text = format!("{bot} closes {position} {instrument} of {account} already: {labels}");
                Command::JobNote { text }
            } else {
                let text = format!(
                    "{position} {instrument} of {bot} in {account} is not closed: {labels} may still be executed, and one \
                     order more could reverse it; let a job cancel_orders before this one"
                );
                Command::Notice { text }
            });
        } else {
            let wanted = OwnOrder {
                bot: bot.clone(),
                account: account.clone(),
                instrument: instrument.clone(),
                side,
                qty: left,
                ord_type: OrdType::MarketOnClose,
                limit_px: None,
                stop_px: None,
                tif: TimeInForce::Day,
                outside_rth: false,
                decision: None,
            };
            match self.place_for_bot(now, wanted, out) {
                Ok(id) => all.push(closing(self.book.by_ref(&id), id.as_str(), left)),
                Err(denial) => {
                    let label = format!("{side} {left} {instrument} MOC of {bot}");
                    out.push(Command::Notice { text: format!("{label} was not placed: {denial}") });
                    all.push(closing(None, &label, left));
                }
            }
        }
        let Some(at) = market_at else { return };
        for (key, label, qty) in all {
            let whose = (bot.clone(), account.clone(), instrument.clone());
            self.follow(now, whose, side, (key, label, qty), at, out);
        }
    }

    /// How much of a bot's holding may be closed: not what a person has closed by hand. That is foreign in the ledger, on
    /// the other side; the account alone does not say it, because two bots may hold opposite positions.
    fn closable(&self, bot: &BotName, account: &Account, instrument: &InstrumentId) -> Qty {
        let position = self.ledger.bot_position(bot, account, instrument);
        let foreign = self.ledger.foreign_position(account, instrument);
        let is_opposite = (position > Position::FLAT) != (foreign > Position::FLAT) && !foreign.is_zero();
        if is_opposite { position.size().saturating_sub(foreign.size()) } else { position.size() }
    }

    /// The bot's orders that can still move the position towards zero, and by how much.
    fn closing_orders(
        &self,
        bot: &BotName,
        account: &Account,
        instrument: &InstrumentId,
        side: Side,
    ) -> Vec<(OrderKey, Qty, OrderState)> {
        let qty_of = |state: &OrderState| {
            let (towards, times) = state.part_in(instrument)?;
            let is_own =
                state.owner.bot() == Some(bot) && state.account.as_ref().is_none_or(|of| of == account);
            state.exposed_qty().checked_mul(times).filter(|qty| is_own && towards == side && !qty.is_zero())
        };
        let exposed = self.book.exposed_in(instrument);
        exposed.filter_map(|(key, state)| Some((key, qty_of(state)?, state.clone()))).collect()
    }

    fn follow(
        &mut self,
        now: Now,
        (bot, account, instrument): (BotName, Account, InstrumentId),
        side: Side,
        (key, label, qty): (Option<OrderKey>, Box<str>, Qty),
        at: Timestamp,
        out: &mut Vec<Command>,
    ) {
        let Some(close) = self.closes_at(now, &instrument) else {
            out.push(Command::Notice {
                text: format!("{label} has no fallback: the close of {instrument} is not known"),
            });
            return;
        };
        if self.closings.all.len() >= limits::FALLBACKS_MAX {
            let max = limits::FALLBACKS_MAX;
            out.push(Command::Notice { text: format!("{label} has no fallback: {max} others are followed") });
            return;
        }
        // One that is followed already has not changed.
        if key.is_some() && self.closings.all.iter().any(|closing| closing.key == key) {
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
        self.closings.all.push(Closing { bot, account, instrument, side, key, label, fallback });
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
        if self.closings.all.is_empty() {
            return;
        }
        if let Some(moved) = self.schedule.moved_until(now) {
            self.closings.due = Some(moved);
            return;
        }
        let epoch = Some(self.recon.epoch).filter(|_| self.recon.state == ReconState::Done);
        let moment = self.fallback_moment(now, epoch);
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
        let next = self.closings.all.iter().filter_map(|closing| closing.fallback.next(moment.time)).min();
        self.closings.due = next.map(|next| {
            now.mono.after(Duration::try_from(next.duration_since(moment.time)).unwrap_or_default())
        });
    }

    /// On the connection that placed it; without one nothing can be done.
    fn cancel_closing(&self, closing: &Closing, out: &mut Vec<Command>) {
        let state = closing.key.and_then(|key| self.book.get(key));
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
        let Closing { bot, account, instrument, side, label, .. } = closing;
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
                "{label} is dead, and {bot} needs no market order for it: it holds {position} {instrument}{by_hand}"
            );
            out.push(Command::Notice { text });
            return;
        }
        let wanted = OwnOrder {
            bot: bot.clone(),
            account: account.clone(),
            instrument: instrument.clone(),
            side: *side,
            qty,
            ord_type: OrdType::Market,
            limit_px: None,
            stop_px: None,
            tif: TimeInForce::Day,
            outside_rth: false,
            decision: None,
        };
        let text = match self.place_for_bot(now, wanted, out) {
            Ok(id) => format!("{label} is dead: market order {side} {qty} {instrument} [{id}] in its place"),
            Err(denial) => {
                format!(
                    "{label} is dead, and {side} {qty} {instrument} MKT was not placed: {denial}; the position is open"
                )
            }
        };
        out.push(Command::Notice { text });
    }

    fn tell_closing(&self, closing: &Closing, finding: &Finding, out: &mut Vec<Command>) {
        let Closing { bot, account, instrument, label, .. } = closing;
        let position = self.ledger.bot_position(bot, account, instrument);
        let text = match finding {
            Finding::Settled { .. } => format!("{label} {finding}; {bot} holds {position} {instrument}"),
            _ => format!("{label} {finding}"),
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
}
