//! On-close orders that are netted: into a batch, out of it again, and what their bots are told.
//!
//! A bot's order goes through both judgements like any other; but where it would leave, it is held, and the bot is told
//! what a real Gateway tells of an on-close order that waits for its auction. The journal has it by then, so a new
//! process holds it as well.
//!
//! Does not own: sums and shares, which are a batch's (`crate::on_close`); when a batch leaves (`leave`); what becomes
//! of its executions (`share`).

mod close;
mod leave;
mod share;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, Zoned};
use plimsoll_calendar::AnchorKind;
use plimsoll_model::{
    BotName, ClOrdId, ClientId, InstrumentId, LinkId, Money, NewOrder, Now, OrderId, OrderStatus, PermId, Qty,
};

use super::Bridge;
use crate::book::{FLEET, OrderKey};
use crate::fallback::Word;
use crate::guard::{Denial, GuardId, Reason};
use crate::on_close::{BatchKey, HeldOrder, NotHeld, Part, Placed, Withdrawn, is_netted, release_at};
use crate::outbox::{OwnWaiting, Waiting};
use crate::{Command, Held, News, Rewrite, Words, limits};

/// TWS: an order "that needs to be cancelled cannot be cancelled".
const CODE_CANCEL_TOO_LATE: i32 = 10148;

impl Bridge {
    /// The batch that a new order is held in; none if it leaves by itself.
    pub(super) fn batch_for(&self, now: Now, order: &NewOrder) -> Option<BatchKey> {
        let lead = self.config.as_ref()?.nets()?;
        if !is_netted(order) {
            return None;
        }
        let (date, cutoff, _) = self.moc_entry(now, &order.instrument, None)?;
        let key = BatchKey { date, account: order.account.clone(), instrument: order.instrument.clone() };
        // After the release of an empty batch nobody is there to be netted with.
        let is_early = self.clock.corrected(now) < self.release_of(now, &cutoff, lead);
        (!self.batches.have_left(&key) && (is_early || self.batches.is_awaited(&key))).then_some(key)
    }

    /// Until when market-on-close orders of this trade date, or of today, are taken, and whose rule that is.
    fn moc_entry(
        &self,
        now: Now,
        instrument: &InstrumentId,
        date: Option<Date>,
    ) -> Option<(Date, Zoned, Box<str>)> {
        let calendar = self.calendar_for(instrument)?;
        let date = match date {
            Some(date) => date,
            None => calendar.trade_date(self.clock.corrected(now)).ok()?,
        };
        let day = calendar.session(date).ok()??;
        let anchor = day.anchor(AnchorKind::MocEntry, self.contracts.listing(instrument))?;
        Some((date, anchor.at.to_zoned(calendar.zone().clone()), anchor.rule.to_string().into()))
    }

    fn release_of(&self, now: Now, cutoff: &Zoned, lead: std::time::Duration) -> Timestamp {
        release_at(cutoff.timestamp(), lead, self.clock.uncertainty(now.mono), self.acks.p99())
    }

    /// The second judgement has cleared it: it is held instead of sent.
    pub(super) fn hold(
        &mut self,
        now: Now,
        batch: &BatchKey,
        (link, client_id): (LinkId, ClientId),
        waiting: Waiting,
        out: &mut Vec<Command>,
    ) {
        let id = waiting.order.cl_ord_id.clone();
        match self.enter(now, batch, of_bot(client_id, &waiting)) {
            Ok(()) => self.tell_accepted(batch, &id, out),
            Err(denial) => self.deny_at_release(link, waiting, denial, out),
        }
    }

    /// The same for an order of our own for a bot.
    pub(super) fn hold_own(
        &mut self,
        now: Now,
        batch: &BatchKey,
        (client_id, waiting): (ClientId, OwnWaiting),
        out: &mut Vec<Command>,
    ) -> Result<(), Denial> {
        let id = waiting.order.cl_ord_id.clone();
        self.enter(now, batch, of_own(client_id, waiting))?;
        self.tell_accepted(batch, &id, out);
        Ok(())
    }

    fn tell_accepted(&self, batch: &BatchKey, id: &ClOrdId, out: &mut Vec<Command>) {
        let held = self.batches.get(batch).and_then(|entry| entry.orders.get(id));
        out.extend(held.map(|held| self.tell(held, News::Accepted)));
    }

    fn enter(&mut self, now: Now, batch: &BatchKey, held: HeldOrder) -> Result<(), Denial> {
        let order = &held.order;
        let is_new = self.batches.get(batch).is_none();
        let fleet = BotName::new(FLEET).expect("a name like any other");
        let reference = is_new.then(|| self.next_reference(now, &fleet, Some(&order.instrument)));
        let entry = self.batches.of(batch, reference);
        let entered =
            entry.batch.hold(order.cl_ord_id.clone(), order.side, order.qty).map_err(|error| match error {
                NotHeld::Late => {
                    Reason::AuctionLeft { instrument: order.instrument.clone(), date: batch.date }
                }
                NotHeld::TooMany { max } => Reason::TooMany { what: "on-close orders of one account", max },
                NotHeld::Quantity { .. } => Reason::NotRepresentable { what: "the quantity" },
            });
        entered.map_err(|reason| Denial { guard: GuardId::CloseCutoff, reason })?;
        let (id, key) = (order.cl_ord_id.clone(), held.key);
        let entry = self.batches.of(batch, None);
        entry.orders.insert(id.clone(), held);
        self.batches.entered(&id, batch);
        self.book.update(key, |state| state.status = OrderStatus::New);
        self.closings.hear(key, Word::Sent);
        self.closings.hear(key, Word::Working { cum_qty: Qty::ZERO });
        Ok(())
    }

    /// A new process: what was to be held and waited for the disk has not left and never will by itself, and whether its
    /// bot was told that it is held nobody knows. It is; or it is denied, because it does not fit any more, and that is
    /// certain.
    pub(super) fn hold_what_waited(&mut self, now: Now, waited: Vec<HeldOrder>, out: &mut Vec<Command>) {
        for held in waited {
            let Some(batch) = self.batches.came(&held.order.cl_ord_id) else { continue };
            let (key, bot, asked) = (held.key, held.order.bot.clone(), held.asked);
            let label = format!("{} [{}] of {bot}", held.order, held.order.cl_ord_id);
            if let Err(denial) = self.enter(now, &batch, held) {
                self.never_held(key, (&bot, asked), &denial);
                self.closings.hear(key, Word::Ended { cum_qty: Qty::ZERO });
                // Its bot is not there yet, and no order of it will be.
                out.push(Command::Notice {
                    text: format!("{label} was not held over the restart: {denial}"),
                });
            }
        }
    }

    /// It has not left, and is in no batch.
    fn never_held(&mut self, key: OrderKey, (bot, asked): (&BotName, Option<u64>), denial: &Denial) {
        if let Some(asked) = asked {
            self.recent.mark_denied(bot, asked);
        }
        self.book.update(key, |state| {
            state.status = OrderStatus::Denied;
            state.denied_by = Some(denial.guard);
        });
    }

    /// A bot wants an order back that is held; whether it is one.
    pub(super) fn withdraw(
        &mut self,
        now: Now,
        (link, client_id): (LinkId, ClientId),
        order_id: OrderId,
        out: &mut Vec<Command>,
    ) -> bool {
        let Some(cl_ord_id) = self.held_as(client_id, order_id) else { return false };
        if self.take_out(now, &cl_ord_id, out) {
            return true;
        }
        let key = self.book.by_ref(&cl_ord_id);
        let status = key.and_then(|key| self.book.get(key)).map(|state| state.status);
        let word = match status {
            Some(OrderStatus::Filled) => "Filled",
            Some(status) if !status.is_open() => "Cancelled",
            _ => "PreSubmitted",
        };
        let text =
            format!("OrderId {order_id} that needs to be cancelled cannot be cancelled, state: {word}.");
        out.push(Command::Refuse { link, id: Some(order_id.0), code: CODE_CANCEL_TOO_LATE, text });
        true
    }

    /// The same where nobody waits for an answer.
    pub(super) fn withdraw_held(
        &mut self,
        now: Now,
        client_id: ClientId,
        order_id: OrderId,
        out: &mut Vec<Command>,
    ) {
        if let Some(cl_ord_id) = self.held_as(client_id, order_id) {
            self.take_out(now, &cl_ord_id, out);
        }
    }

    /// The reference of an order that is or was held.
    pub(super) fn held_as(&self, client_id: ClientId, order_id: OrderId) -> Option<ClOrdId> {
        let state = self.book.get(self.book.by_client(client_id, order_id)?)?;
        let cl_ord_id = state.cl_ord_id.as_ref()?;
        self.batches.of_order(cl_ord_id).map(|_| cl_ord_id.clone())
    }

    /// Takes an order out of its batch, if that has not left.
    fn take_out(&mut self, now: Now, cl_ord_id: &ClOrdId, out: &mut Vec<Command>) -> bool {
        let Some(key) = self.batches.of_order(cl_ord_id).cloned() else { return false };
        let Some(entry) = self.batches.get_mut(&key) else { return false };
        if entry.batch.withdraw(cl_ord_id) != Withdrawn::Yes {
            return false;
        }
        let held = entry.orders.remove(cl_ord_id).expect("what is in the batch is kept");
        self.batches.left(cl_ord_id);
        self.book.update(held.key, |state| {
            state.status = OrderStatus::Canceled;
            state.since = now.wall;
        });
        self.closings.hear(held.key, Word::Ended { cum_qty: Qty::ZERO });
        out.push(self.tell_canceled(&held, held.order.qty, ""));
        true
    }

    /// A halt of everything takes out what has not left: of this bot, or of everybody. Of what has left the parts of
    /// others stand.
    pub(super) fn cancel_held_of(&mut self, now: Now, bot: Option<&BotName>, out: &mut Vec<Command>) {
        let is_of = |held: &HeldOrder| bot.is_none_or(|bot| held.order.bot == *bot);
        let of = |entry: &crate::on_close::Entry| {
            entry.orders.iter().filter(|(_, held)| is_of(held)).map(|(id, _)| id.clone()).collect::<Vec<_>>()
        };
        let held: Vec<_> = self.batches.held().flat_map(|(_, entry)| of(entry)).collect();
        let gone: Vec<_> = self.batches.released().flat_map(|(_, entry)| of(entry)).collect();
        for cl_ord_id in held {
            self.take_out(now, &cl_ord_id, out);
        }
        if bot.is_none() {
            self.batches.stop();
        }
        if let (Some(bot), false) = (bot, gone.is_empty()) {
            out.push(Command::Notice {
                text: format!(
                    "{} on-close orders of {bot} have left for the auction in one order with those of others, which stands",
                    gone.len()
                ),
            });
        }
    }

    /// Orders of bots that the venue does not know: those that are held, and those that were divided.
    fn kept_here(&self) -> impl Iterator<Item = &HeldOrder> {
        self.batches.orders().chain(self.allocations.orders())
    }

    /// Says something to the bot of an order that is held or was.
    pub(super) fn tell(&self, held: &HeldOrder, news: News) -> Command {
        if let Placed::Us = held.by {
            let text = format!("{}: {news}", held.order.cl_ord_id);
            return match news {
                News::Canceled { .. } => Command::Notice { text },
                _ => Command::JobNote { text },
            };
        }
        let link = self.links.of_client(held.client_id);
        let link = link.filter(|link| self.links.get(*link).is_some_and(|state| state.attached));
        Command::Tell { link, held: Box::new(self.in_its_words(held)), news }
    }

    fn in_its_words(&self, held: &HeldOrder) -> Held {
        let contract = self.contracts.to_order(&held.order.instrument);
        Held {
            bot: held.order.bot.clone(),
            order_id: held.order.order_id,
            perm_id: own_perm_id(held.key),
            con_id: contract.as_ref().and_then(|contract| contract.con_id),
            words: match &held.by {
                Placed::Bot { raw, rewrites } => Words::Bots { raw: raw.clone(), rewrites: rewrites.clone() },
                Placed::Us => Words::Ours {
                    client_id: held.client_id,
                    order: Box::new(held.order.clone()),
                    contract: Box::new(contract.expect("what was judged for a bot is configured")),
                },
            },
        }
    }

    /// The orders of this link's client that are held here or left with others' and are not over, and how they stand: the
    /// venue does not know them, and a bot that asks for its open orders has to see them.
    pub fn held_open(&self, link: LinkId) -> Vec<(Held, News)> {
        let client_id = self.links.get(link).map(|state| state.client_id);
        let of_client = self.kept_here().filter(|held| Some(held.client_id) == client_id);
        let open = of_client.filter_map(|held| {
            let state = self.book.get(held.key).filter(|state| state.status.is_open())?;
            let (cum_qty, avg_px) = (state.cum_qty, held.avg_px());
            let leaves_qty = state.qty.saturating_sub(cum_qty);
            Some((self.in_its_words(held), News::Stands { cum_qty, leaves_qty, avg_px }))
        });
        open.collect()
    }

    /// The executions that this link's bot was told today of orders that were held here, with what each cost as far as that is
    /// known: the venue does not know them, and a bot that asks for its executions has to see them. Those of our orders for
    /// the bot are among them, as at the venue those of other clients are.
    pub fn held_executions(&self, now: Now, link: LinkId) -> Vec<(Held, News, Option<Money>)> {
        let Some(state) = self.links.get(link) else { return Vec::new() };
        let is_its = |held: &&HeldOrder| match held.by {
            Placed::Bot { .. } => held.client_id == state.client_id,
            // What nobody trades here any more cannot be named in the venue's words.
            Placed::Us => {
                held.order.bot == state.bot && self.contracts.to_order(&held.order.instrument).is_some()
            }
        };
        let today = self.civil_date(now);
        let zone = self.calendar.zone();
        let mut all = Vec::new();
        for held in self.kept_here().filter(is_its) {
            for Part { share, account, exchange, at } in held.parts.values() {
                if zone.to_datetime(*at).date() != today {
                    continue;
                }
                let fee = self.ledger.execution(&share.exec_id).and_then(|row| row.fee);
                let leaves_qty = held.order.qty.saturating_sub(share.cum_qty);
                let (share, avg_px) = (Box::new(share.clone()), held.avg_px());
                let (account, exchange) = (account.clone(), exchange.clone());
                let news = News::Executed { share, account, leaves_qty, avg_px, exchange, at: *at };
                all.push((self.in_its_words(held), news, fee));
            }
        }
        all
    }

    pub(super) fn tell_canceled(&self, held: &HeldOrder, leaves_qty: Qty, reason: &str) -> Command {
        let cum_qty = held.order.qty.saturating_sub(leaves_qty);
        let reason = reason.chars().take(limits::TOLD_REASON_MAX).collect::<String>().into();
        self.tell(held, News::Canceled { cum_qty, leaves_qty, avg_px: held.avg_px(), reason })
    }
}

/// A bot's order as it is held.
pub(super) fn of_bot(client_id: ClientId, waiting: &Waiting) -> HeldOrder {
    // The account, where it was written; never our reference, which is not the bot's.
    let is_its = |rewrite: &&Rewrite| matches!(rewrite, Rewrite::Account(_));
    HeldOrder {
        order: waiting.order.clone(),
        key: waiting.key,
        client_id,
        by: Placed::Bot {
            raw: waiting.raw.clone(),
            rewrites: waiting.rewrites.iter().filter(is_its).cloned().collect(),
        },
        unbounded: waiting.unbounded,
        asked: Some(waiting.asked),
        parts: BTreeMap::new(),
    }
}

/// An order of our own for a bot as it is held.
pub(super) fn of_own(client_id: ClientId, waiting: OwnWaiting) -> HeldOrder {
    let OwnWaiting { order, key, asked, in_place_of: _ } = waiting;
    HeldOrder { order, key, client_id, by: Placed::Us, unbounded: None, asked, parts: BTreeMap::new() }
}

/// The number under which a bot knows an order that never was the broker's. The broker's are positive.
fn own_perm_id(key: OrderKey) -> PermId {
    PermId(-i64::try_from(key.number()).unwrap_or(i64::MAX - 1) - 1)
}
