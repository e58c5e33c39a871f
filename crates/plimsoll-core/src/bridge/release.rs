//! The second judgement: the disk has the decision, and the bytes are about to leave.

use plimsoll_model::{ClientId, LinkId, Now, OrderStatus, ReplaceRequest};

use super::Bridge;
use crate::Command;
use crate::book::Change;
use crate::config::Config;
use crate::guard::{Denial, Phase, Reason, Verdict, judge, release};
use crate::outbox::{Parcel, Waiting};

impl Bridge {
    pub(super) fn flushed(&mut self, now: Now, token: u64, out: &mut Vec<Command>) {
        while let Some(parcel) = self.outbox.pop_flushed(token) {
            let Some(config) = self.config.clone() else { return };
            self.release_parcel(now, parcel, &config, out);
        }
    }

    /// A group leaves whole or not at all, so all of it is judged before any of it is sent.
    fn release_parcel(&mut self, now: Now, parcel: Parcel, config: &Config, out: &mut Vec<Command>) {
        let phase = Phase::Release {
            waited: now.mono.since(parcel.decided),
            same_links: self.links.get(parcel.link).is_some_and(|state| state.attached)
                && parcel.own_epoch == self.recon.epoch,
        };
        let orders: Vec<_> = parcel.orders.iter().map(|waiting| waiting.order.clone()).collect();
        let mut first_no = None;
        // An order alone is judged for its proof only, when it is sent.
        let together = Some(&parcel.orders).filter(|orders| orders.len() > 1);
        for waiting in together.into_iter().flatten() {
            let Some(bot) = config.bot(&waiting.order.bot) else { continue };
            let mut ctx = self.context(now, phase, (bot, parcel.client_id), config);
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
        for waiting in parcel.orders {
            match &first_no {
                Some((member, denial)) if denies => {
                    let denial = if waiting.order.order_id == *member {
                        denial.clone()
                    } else {
                        let reason = Reason::GroupDenied { member: *member, guard: denial.guard.as_str() };
                        Denial { guard: denial.guard, reason }
                    };
                    self.deny_at_release(parcel.link, waiting, denial, out);
                }
                _ => self.send(now, phase, (parcel.link, parcel.client_id), waiting, &orders, config, out),
            }
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
            Verdict::Cleared(order) => out.push(Command::Submit { link, order, raw, rewrites }),
            Verdict::Observed(order, denial) => {
                out.push(Command::Observed { link, cl_ord_id, denial });
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
