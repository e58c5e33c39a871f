//! The second judgement: the disk has the decision, and the bytes are about to leave.

use plimsoll_model::{ClientId, LinkId, Now, OrderStatus, ReplaceRequest};

use super::Bridge;
use crate::Command;
use crate::book::Change;
use crate::config::Config;
use crate::guard::{Denial, GuardId, Phase, Reason, Verdict, judge, release};
use crate::halt::Halt;
use crate::outbox::{LetThrough, Load, Parcel, Waiting};

impl Bridge {
    pub(super) fn flushed(&mut self, now: Now, token: u64, out: &mut Vec<Command>) {
        while let Some(parcel) = self.outbox.pop_flushed(token) {
            let Some(config) = self.config.clone() else { return };
            let Parcel { link, client_id, own_epoch, decided, load, token: _ } = parcel;
            let is_there = match &load {
                Load::Own(_) => self.recon.is_own(link),
                _ => self.links.get(link).is_some_and(|state| state.attached),
            };
            let phase = Phase::Release {
                waited: now.mono.since(decided),
                same_links: is_there && own_epoch == self.recon.epoch,
            };
            match load {
                Load::Orders(all) => self.release_orders(now, phase, (link, client_id), all, &config, out),
                Load::LetThrough(all) => self.release_let_through(link, all, out),
                Load::Own(own) => self.release_own(now, phase, link, *own, &config, out),
            }
        }
    }

    /// A group leaves whole or not at all, so all of it is judged before any of it is sent.
    fn release_orders(
        &mut self,
        now: Now,
        phase: Phase,
        (link, client_id): (LinkId, ClientId),
        all: Vec<Waiting>,
        config: &Config,
        out: &mut Vec<Command>,
    ) {
        let orders: Vec<_> = all.iter().map(|waiting| waiting.order.clone()).collect();
        let mut first_no = None;
        // An order alone is judged for its proof only, when it is sent.
        let together = Some(&all).filter(|orders| orders.len() > 1);
        for waiting in together.into_iter().flatten() {
            let Some(bot) = config.bot(&waiting.order.bot) else { continue };
            self.refresh_result(bot);
            let mut ctx = self.context(now, phase, (bot, client_id), config);
            ctx.own = Some(waiting.key);
            ctx.replaces = waiting.replaces;
            ctx.group = &orders;
            ctx.asked = Some(waiting.asked);
            ctx.unbounded = waiting.unbounded;
            if let Err(denial) = judge(&ctx, &waiting.order) {
                first_no = Some((waiting.order.order_id, denial));
                break;
            }
        }
        let denies = first_no.as_ref().is_some_and(|(_, denial)| denial.binds(config.mode));
        for waiting in all {
            match &first_no {
                Some((member, denial)) if denies => {
                    let denial = if waiting.order.order_id == *member {
                        denial.clone()
                    } else {
                        let reason = Reason::GroupDenied { member: *member, guard: denial.guard.as_str() };
                        Denial { guard: denial.guard, reason }
                    };
                    self.deny_at_release(link, waiting, denial, out);
                }
                _ => self.send(now, phase, (link, client_id), waiting, &orders, config, out),
            }
        }
    }

    /// What was let through in observe mode goes as it came, unless somebody has said stop or the way to the venue
    /// is gone.
    fn release_let_through(&mut self, link: LinkId, all: Vec<LetThrough>, out: &mut Vec<Command>) {
        let no = match self.links.get(link).map(|state| self.halts.of(&state.bot)) {
            None => Some(Denial { guard: GuardId::Reconciled, reason: Reason::LinkChanged }),
            Some(halt) => halt.map(|halt| Denial { guard: GuardId::Halt, reason: halted(halt) }),
        };
        for LetThrough { order_id, key, raw, replaces } in all {
            let Some(denial) = no.clone() else {
                out.push(Command::Forward { link, raw, rewrites: vec![] });
                continue;
            };
            if let Some(key) = key.filter(|_| replaces) {
                out.push(self.deny_replace(link, order_id, key, denial));
                continue;
            }
            if let Some(key) = key {
                self.book.update(key, |state| {
                    state.status = OrderStatus::Denied;
                    state.denied_by = Some(denial.guard);
                });
            }
            out.push(Command::Deny { link, order_id: Some(order_id), denial, raw });
        }
    }

    fn deny_at_release(&mut self, link: LinkId, waiting: Waiting, denial: Denial, out: &mut Vec<Command>) {
        let order_id = waiting.order.order_id;
        if waiting.replaces {
            out.push(self.deny_replace(link, order_id, waiting.key, denial));
            return;
        }
        self.recent.mark_denied(&waiting.order.bot, waiting.asked);
        self.book.update(waiting.key, |state| {
            state.status = OrderStatus::Denied;
            state.denied_by = Some(denial.guard);
        });
        out.push(Command::Deny { link, order_id: Some(order_id), denial, raw: waiting.raw });
    }

    /// Mints the proof and sends. The judgement is repeated for the proof itself: nothing else can make
    /// one, and it costs a microsecond.
    #[expect(clippy::too_many_arguments, reason = "the instant, the place and the group of one message")]
    fn send(
        &mut self,
        now: Now,
        phase: Phase,
        (link, client_id): (LinkId, ClientId),
        waiting: Waiting,
        group: &[plimsoll_model::NewOrder],
        config: &Config,
        out: &mut Vec<Command>,
    ) {
        let Waiting { order, key, raw, rewrites, replaces, unbounded, asked } = waiting;
        let Some(bot) = config.bot(&order.bot) else { return };
        self.refresh_result(bot);
        let mut ctx = self.context(now, phase, (bot, client_id), config);
        ctx.own = Some(key);
        ctx.replaces = replaces;
        ctx.group = group;
        ctx.asked = Some(asked);
        ctx.unbounded = unbounded;
        let cl_ord_id = Some(order.cl_ord_id.clone());
        if replaces {
            let change = ReplaceRequest { order };
            match release(&ctx, change, |change| &change.order) {
                Verdict::Cleared(order) => {
                    self.expect_change(key, &order.get().order.clone());
                    out.push(Command::Replace { link, order, raw, rewrites });
                }
                Verdict::Observed(order, denial) => {
                    out.push(Command::Observed { link, cl_ord_id, denial });
                    self.expect_change(key, &order.get().order.clone());
                    out.push(Command::Replace { link, order, raw, rewrites });
                }
                Verdict::Denied(change, denial) => {
                    out.push(self.deny_replace(link, change.order.order_id, key, denial));
                }
            }
            return;
        }
        match release(&ctx, order, |order| order) {
            Verdict::Cleared(order) => {
                self.acks.sent(link, order.get().order_id, now.mono);
                out.push(Command::Submit { link, order, raw, rewrites });
            }
            Verdict::Observed(order, denial) => {
                out.push(Command::Observed { link, cl_ord_id, denial });
                self.acks.sent(link, order.get().order_id, now.mono);
                out.push(Command::Submit { link, order, raw, rewrites });
            }
            Verdict::Denied(order, denial) => {
                let waiting = Waiting { order, key, raw, rewrites, replaces, unbounded, asked };
                self.deny_at_release(link, waiting, denial, out);
            }
        }
    }

    /// Until the venue confirms a change, the worse of both counts.
    fn expect_change(&mut self, key: crate::book::OrderKey, order: &plimsoll_model::NewOrder) {
        self.book.update(key, |state| {
            state.changes.push(Change {
                qty: order.qty,
                ord_type: order.ord_type.clone(),
                limit_px: order.limit_px,
                stop_px: order.stop_px,
            });
        });
    }
}

/// A halt as a reason.
pub(super) fn halted(halt: &Halt) -> Reason {
    Reason::Halted { level: halt.level, by: halt.by.clone(), reason: halt.reason.clone() }
}
