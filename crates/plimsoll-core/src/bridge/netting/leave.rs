//! When a batch leaves, and that it leaves once.
//!
//! Each order is judged once more; who may not leave is told so and is not in the sum. The difference is decided, is
//! flushed to the disk, and leaves if nothing has changed until then; if something has, it is taken anew, which is
//! possible because it is certain that nothing left.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_model::{BotName, ClOrdId, LinkId, Mono, NewOrder, Now, OrdType, OrderStatus, Qty};

use super::share::{NOT_NEEDED, OVER};
use crate::book::FLEET;
use crate::bridge::Bridge;
use crate::bridge::own_orders::OwnOrder;
use crate::fallback::Word;
use crate::guard::{self, Auction, Cleared, Denial, GuardId, Phase, Reason, Verdict};
use crate::on_close::{BatchKey, HeldOrder, Net, Placed, release_at};
use crate::outbox::OwnWaiting;
use crate::recon::ReconState;
use crate::{Command, Config, News, limits};

/// When a batch is to leave.
enum Leaves {
    Now,
    At(Mono),
}

/// The judgement of orders that were sent to nobody yet.
const ANEW: Phase = Phase::Release { waited: Duration::ZERO, same_links: true };

impl Bridge {
    /// After every event: batches whose time has come leave, and those whose order is over end.
    pub(in crate::bridge) fn net_orders(&mut self, now: Now, out: &mut Vec<Command>) {
        self.leave_due = None;
        if self.batches.is_empty() {
            return;
        }
        let moved = self.schedule.moved_until(now);
        self.leave_due = moved;
        let held: Vec<_> =
            self.batches.held().filter(|_| moved.is_none()).map(|(key, _)| key.clone()).collect();
        for key in held {
            match self.when(now, &key) {
                Leaves::At(due) => {
                    self.leave_due = Some(self.leave_due.map_or(due, |earliest| earliest.min(due)));
                }
                Leaves::Now => self.leave(now, &key, out),
            }
        }
        self.end_batches(now, out);
        let close = self.ask_for_closes(now, out);
        self.leave_due = self.leave_due.into_iter().chain(close).min();
    }

    fn when(&mut self, now: Now, key: &BatchKey) -> Leaves {
        let lead = self.config.as_ref().and_then(|config| config.nets()).unwrap_or(limits::NET_LEAD);
        // On a day without an auction any more the judgement says so.
        let Some((_, cutoff, _)) = self.moc_entry(now, &key.instrument, Some(key.date)) else {
            return Leaves::Now;
        };
        let time = self.clock.corrected(now);
        let at = |instant: jiff::Timestamp| {
            let left = Duration::try_from(instant.duration_since(time)).unwrap_or(Duration::ZERO);
            Leaves::At(now.mono.after(left))
        };
        let release = self.release_of(now, &cutoff, lead);
        if time < release {
            return at(release);
        }
        // A way to the broker that is lost now may be back in time, and so may be a price, and whoever knows the time.
        let last = release_at(cutoff.timestamp(), Duration::ZERO, Duration::ZERO, self.acks.p99());
        if time < last && self.is_blocked(now, key) { at(last) } else { Leaves::Now }
    }

    fn is_blocked(&mut self, now: Now, key: &BatchKey) -> bool {
        let may_pass_later = |denial: &Denial| {
            matches!(denial.guard, GuardId::Reconciled | GuardId::StaleData)
                || matches!(denial.reason, Reason::CutoffNear { .. })
        };
        let passes = |judged: &Result<_, Denial>| !judged.as_ref().is_err_and(may_pass_later);
        self.recon.state != ReconState::Done
            || !self.judge_held(now, key, ANEW).iter().all(|(_, judged)| passes(judged))
    }

    /// The difference is taken and decided.
    fn leave(&mut self, now: Now, key: &BatchKey, out: &mut Vec<Command>) {
        let judged = self.judge_held(now, key, ANEW);
        let fallen: BTreeMap<ClOrdId, Denial> =
            judged.into_iter().filter_map(|(id, judged)| Some((id, judged.err()?))).collect();
        let Some(entry) = self.batches.get_mut(key) else { return };
        entry.tries += 1;
        if entry.tries > limits::NET_TRIES_MAX {
            let reason = Reason::TooMany { what: "attempts to send it", max: limits::NET_TRIES_MAX as usize };
            let denial = Denial { guard: GuardId::Reconciled, reason };
            self.give_up(key, &denial, out);
            return;
        }
        let (_, net) = entry.batch.release(|id| !fallen.contains_key(id));
        self.drop_fallen(key, fallen, out);
        match net {
            Some(net) => self.decide_net(now, key, net, out),
            None => self.no_net(key, out),
        }
    }

    /// They were told that they wait, and do not any more.
    fn drop_fallen(&mut self, key: &BatchKey, fallen: BTreeMap<ClOrdId, Denial>, out: &mut Vec<Command>) {
        for (cl_ord_id, denial) in fallen {
            let held = self.batches.get_mut(key).and_then(|entry| entry.orders.remove(&cl_ord_id));
            let Some(held) = held else { continue };
            self.batches.left(&cl_ord_id);
            self.never_held(held.key, (&held.order.bot, held.asked), &denial);
            self.closings.hear(held.key, Word::Ended { cum_qty: Qty::ZERO });
            out.push(self.tell_canceled(&held, held.order.qty, &denial.to_string()));
        }
    }

    /// Each order of the batch, judged once more.
    fn judge_held(
        &mut self,
        now: Now,
        key: &BatchKey,
        phase: Phase,
    ) -> Vec<(ClOrdId, Result<Cleared<NewOrder>, Denial>)> {
        let Some(config) = self.config.clone() else { return Vec::new() };
        let in_time = self.in_time(now, key);
        let Some(entry) = self.batches.get(key) else { return Vec::new() };
        let bots: Vec<_> =
            entry.orders.values().filter_map(|held| config.bot(&held.order.bot)).cloned().collect();
        for bot in &bots {
            self.refresh_result(bot);
        }
        let Some(entry) = self.batches.get(key) else { return Vec::new() };
        let judge = |held: &HeldOrder| match &in_time {
            Ok(()) => self.judge_one(now, held, phase, &config),
            Err(reason) => Err(Denial { guard: GuardId::CloseCutoff, reason: reason.clone() }),
        };
        entry.orders.iter().map(|(id, held)| (id.clone(), judge(held))).collect()
    }

    fn judge_one(
        &self,
        now: Now,
        held: &HeldOrder,
        phase: Phase,
        config: &Config,
    ) -> Result<Cleared<NewOrder>, Denial> {
        let order = &held.order;
        let Some(bot) = config.bot(&order.bot) else {
            let reason = Reason::NotOwned { instrument: order.instrument.clone() };
            return Err(Denial { guard: GuardId::Ownership, reason });
        };
        let mut ctx = self.context(now, phase, (bot, held.client_id), config);
        ctx.own = Some(held.key);
        ctx.asked = held.asked;
        ctx.unbounded = held.unbounded;
        ctx.group = std::slice::from_ref(order);
        match guard::release(&ctx, order.clone(), |order| order) {
            // What we place ourselves we hold to our own judgement.
            Verdict::Observed(_, denial) if matches!(held.by, Placed::Us) => Err(denial),
            Verdict::Cleared(order) | Verdict::Observed(order, _) => Ok(order),
            Verdict::Denied(_, denial) => Err(denial),
        }
    }

    /// A batch is for the auction of its day and for no other.
    fn in_time(&self, now: Now, key: &BatchKey) -> Result<(), Reason> {
        let instrument = key.instrument.clone();
        let Some((date, cutoff, rule)) = self.moc_entry(now, &key.instrument, Some(key.date)) else {
            let why = format!("it has no closing auction for {instrument} on {} any more", key.date);
            return Err(Reason::CalendarUnknown { why: why.into() });
        };
        debug_assert_eq!(date, key.date, "invariant: the cutoff is that of the batch's day");
        if self.clock.corrected(now) >= cutoff.timestamp() {
            return Err(Reason::AfterCutoff { auction: Auction::Close, instrument, cutoff, rule });
        }
        Ok(())
    }

    /// The order for all: into the book and the outbox, in the place of an earlier one that did not leave.
    fn decide_net(&mut self, now: Now, key: &BatchKey, net: Net, out: &mut Vec<Command>) {
        let decided = self.own_order_id().and_then(|order_id| {
            let entry = self.batches.get(key).expect("it was just released");
            let fleet = BotName::new(FLEET).expect("a name like any other");
            let whose = (fleet, key.account.clone(), key.instrument.clone());
            let wanted = OwnOrder::unpriced(whose, (net.side, net.qty), OrdType::MarketOnClose);
            let order = self.named_own(wanted, entry.batch.reference().clone(), order_id);
            let Some((earlier, _)) = entry.net else {
                let book_key = self.post_own(now, order.clone(), None, None, out)?;
                return Ok((book_key, order));
            };
            self.book.update(earlier, |state| {
                (state.side, state.qty, state.order_id) = (order.side, order.qty, Some(order.order_id));
                state.status = OrderStatus::PendingNew;
            });
            let way = self.own_way().expect("there was a number, so there is a connection");
            self.push_own(
                now,
                OwnWaiting { order: order.clone(), key: earlier, asked: None, in_place_of: None },
                way,
                out,
            );
            Ok((earlier, order))
        });
        match decided {
            Ok(net) => {
                let entry = self.batches.get_mut(key).expect("it was just released");
                entry.net = Some(net);
            }
            Err(denial) => self.give_up(key, &denial, out),
        }
    }

    /// Nothing left and nothing can: nobody's order is carried out.
    fn give_up(&mut self, key: &BatchKey, denial: &Denial, out: &mut Vec<Command>) {
        let Some(entry) = self.batches.get_mut(key) else { return };
        entry.batch.hold_again();
        entry.batch.release(|_| false);
        let all = entry.orders.keys().map(|id| (id.clone(), denial.clone())).collect();
        self.drop_fallen(key, all, out);
        self.no_net(key, out);
    }

    /// The second judgement of the order for all. What has changed since the first changes the sum, and nothing has left.
    pub(in crate::bridge) fn release_net(
        &mut self,
        now: Now,
        phase: Phase,
        link: LinkId,
        order: NewOrder,
        out: &mut Vec<Command>,
    ) {
        let Some(key) = self.batches.of_net(&order.cl_ord_id).cloned() else { return };
        let is_same = matches!(phase, Phase::Release { same_links: true, .. });
        let judged = self.judge_held(now, &key, phase);
        let cleared: Option<Vec<_>> = judged.into_iter().map(|(_, judged)| judged.ok()).collect();
        match cleared.filter(|_| is_same) {
            Some(parts) => self.place(now, link, guard::net(&parts, order), out),
            None => {
                if let Some(entry) = self.batches.get_mut(&key) {
                    entry.batch.hold_again();
                }
            }
        }
    }

    /// No order is needed: the bots trade with each other only, or nobody is left.
    fn no_net(&mut self, key: &BatchKey, out: &mut Vec<Command>) {
        let Some(entry) = self.batches.get(key) else { return };
        if let Some((earlier, _)) = &entry.net {
            self.book.update(*earlier, |state| state.status = OrderStatus::Denied);
        }
        self.await_close(key, NOT_NEEDED, out);
    }

    /// The order for all is over at the venue, and all its executions are known.
    fn end_batches(&mut self, now: Now, out: &mut Vec<Command>) {
        let ended: Vec<_> = self
            .batches
            .released()
            .filter_map(|(key, entry)| {
                let state = self.book.get(entry.net.as_ref()?.0)?;
                let is_told = match state.status {
                    OrderStatus::Filled => state.posted_qty >= state.qty,
                    // A venue that takes an order without a word names it in no answer either, and executes it.
                    _ if state.by_absence => self.is_official(now, key),
                    status => !status.is_open() && state.posted_qty >= state.cum_qty,
                };
                is_told.then(|| (key.clone(), state.status))
            })
            .collect();
        for (key, status) in ended {
            let reason = format!("{OVER} ({status})");
            self.end_batch(&key, &reason, out);
        }
    }

    fn end_batch(&mut self, key: &BatchKey, reason: &str, out: &mut Vec<Command>) {
        let Some(entry) = self.batches.get_mut(key) else { return };
        if entry.is_stopped {
            entry.batch.stop();
        }
        let lost = entry.batch.ended();
        let wants_close = entry.batch.wants_close();
        for (cl_ord_id, qty) in lost {
            let Some(held) = self.batches.get(key).and_then(|entry| entry.orders.get(&cl_ord_id)) else {
                continue;
            };
            let (book_key, told) = (held.key, self.tell_canceled(held, qty, reason));
            if wants_close && !self.is_all_lost(held, qty) {
                // What it trades with other bots is still to come, and as good as done: nobody but us can keep it from it.
                let executes = held.order.qty.saturating_sub(qty);
                self.book.update(book_key, |state| state.lost_qty = qty);
                self.closings.hear(book_key, Word::Ended { cum_qty: executes });
            } else {
                self.book.update(book_key, |state| state.status = OrderStatus::Canceled);
                let cum_qty = self.book.get(book_key).map_or(Qty::ZERO, |state| state.cum_qty);
                self.closings.hear(book_key, Word::Ended { cum_qty });
                out.push(told);
            }
        }
        self.await_close(key, reason, out);
    }

    /// Whoever has met others at a price that is not known is told so, and a person.
    fn await_close(&self, key: &BatchKey, reason: &str, out: &mut Vec<Command>) {
        let Some(entry) = self.batches.get(key).filter(|entry| entry.batch.wants_close()) else { return };
        for held in entry.orders.values() {
            let Some(state) = self.book.get(held.key).filter(|state| state.status.is_open()) else {
                continue;
            };
            let news = News::AwaitsClose {
                cum_qty: state.cum_qty,
                leaves_qty: state.qty.saturating_sub(state.cum_qty),
                avg_px: held.avg_px(),
                crossed_qty: state.leaves_qty(),
                lost_qty: state.lost_qty,
                reason: reason.into(),
            };
            out.push(self.tell(held, news));
        }
        out.push(Command::Notice { text: unpriced(key) });
    }

    fn is_all_lost(&self, held: &HeldOrder, lost: Qty) -> bool {
        self.book.get(held.key).is_some_and(|state| state.leaves_qty() == lost)
    }
}

fn unpriced(key: &BatchKey) -> String {
    let BatchKey { date, account, instrument } = key;
    format!(
        "on-close orders of several bots in {account} have met each other in {instrument} on {date}; they stay open until \
         the venue's official close is known"
    )
}
