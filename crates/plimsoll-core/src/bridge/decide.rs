//! The first judgement of what bots ask, and what becomes of it: the outbox, or a denial.

use plimsoll_model::{LinkId, Now, OrderId, OrderRequest, OrderStatus, RawFrame};

use super::Bridge;
use super::orders::{Asker, Taken};
use crate::book::{OrderKey, OrderState, OrderTerms, Owner};
use crate::guard::{Denial, GuardId, Phase, Reason, judge};
use crate::intake::Intake;
use crate::outbox::{LetThrough, Load, Parcel, Waiting};
use crate::{Command, Rewrite, limits};

impl Bridge {
    /// The first judgement of an order, or of a bracket as one.
    pub(super) fn judge_group(&mut self, now: Now, asker: &Asker, taken: Vec<Taken>, out: &mut Vec<Command>) {
        let orders: Vec<_> = taken.iter().map(|one| one.intake.order.clone()).collect();
        let mut first_no = None;
        self.refresh_result(asker.bot());
        for (one, order) in taken.iter().zip(&orders) {
            let mut ctx = self.context(now, Phase::Decision, (asker.bot(), asker.client_id), &asker.config);
            ctx.own = one.replaces;
            ctx.replaces = one.replaces.is_some();
            ctx.group = &orders;
            ctx.unbounded = one.intake.unbounded;
            if let Err(denial) = judge(&ctx, order) {
                first_no = Some((order.order_id, denial));
                break;
            }
        }
        if first_no.is_none() && self.outbox.is_full(asker.link) {
            let max = limits::OUTBOX_PER_LINK_MAX;
            let reason = Reason::TooMany { what: "orders waiting for the disk", max };
            first_no = orders.first().map(|o| (o.order_id, Denial { guard: GuardId::Supported, reason }));
        }
        match first_no {
            None => self.post(now, asker, taken, out),
            Some((member, denial)) if denial.binds(asker.config.mode) => {
                let instead = self.instead(now, asker, (&taken, &orders), denial, out);
                if let Some(denial) = instead.err() {
                    self.deny_group(now, asker, &[], taken, member, &denial, out);
                }
            }
            Some((member, denial)) => {
                let cl_ord_id = orders.iter().find(|o| o.order_id == member).map(|o| o.cl_ord_id.clone());
                out.push(Command::Observed { link: asker.link, cl_ord_id, denial });
                self.post(now, asker, taken, out);
            }
        }
    }

    /// Into the book and the outbox; the disk is asked to take it.
    fn post(&mut self, now: Now, asker: &Asker, taken: Vec<Taken>, out: &mut Vec<Command>) {
        let mut waiting = Vec::with_capacity(taken.len());
        let is_alone = taken.len() == 1;
        for one in taken {
            let Intake { order, filled_account, unbounded } = one.intake;
            self.links.used(asker.client_id, order.order_id);
            let asked = match one.replaces {
                None => self.recent.new_order(now.mono, &order, false),
                Some(_) => self.recent.other(now.mono, &order.bot),
            };
            let key = one.replaces.unwrap_or_else(|| {
                let state = OrderState::ours(&order, asker.client_id, &one.bot_ref, now.wall);
                self.book.insert(state)
            });
            let is_new = is_alone && one.replaces.is_none();
            if let Some(batch) = self.batch_for(now, &order).filter(|_| is_new) {
                self.batches.expect(&order.cl_ord_id, batch);
            }
            let is_foreign = self.book.get(key).is_some_and(|state| state.owner == Owner::Foreign);
            let mut rewrites: Vec<Rewrite> = filled_account.into_iter().map(Rewrite::Account).collect();
            if !is_foreign {
                rewrites.push(Rewrite::OrderRef(order.cl_ord_id.as_str().into()));
            }
            let replaces = one.replaces.is_some();
            waiting.push(Waiting { order, key, raw: one.raw, rewrites, replaces, unbounded, asked });
        }
        self.push(now, asker, Load::Orders(waiting), out);
    }

    fn push(&mut self, now: Now, asker: &Asker, load: Load, out: &mut Vec<Command>) {
        let token = self.outbox.token();
        self.outbox.push(Parcel {
            token,
            link: asker.link,
            client_id: asker.client_id,
            own_epoch: self.recon.epoch,
            decided: now.mono,
            load,
        });
        out.push(Command::Flush { token });
    }

    /// Nothing of the group leaves. Each member is told why; the others name the one that was denied.
    #[expect(clippy::too_many_arguments, reason = "one caller per kind of group, all parts are needed")]
    pub(super) fn deny_group(
        &mut self,
        now: Now,
        asker: &Asker,
        unread: &[(OrderRequest, RawFrame)],
        taken: Vec<Taken>,
        member: OrderId,
        denial: &Denial,
        out: &mut Vec<Command>,
    ) {
        let reason_for = |order_id: OrderId| {
            if order_id == member {
                denial.clone()
            } else {
                let reason = Reason::GroupDenied { member, guard: denial.guard.as_str() };
                Denial { guard: denial.guard, reason }
            }
        };
        for (request, raw) in unread {
            if taken.iter().any(|one| one.intake.order.order_id == request.order_id) {
                continue;
            }
            self.recent.other(now.mono, &asker.bot().name);
            let (link, denial) = (asker.link, reason_for(request.order_id));
            self.remember_denied(now, asker, request, denial.guard);
            out.push(self.denial_of_unread(asker, link, request.order_id, denial, raw.clone()));
        }
        for one in taken {
            let order = &one.intake.order;
            let denial = reason_for(order.order_id);
            if let Some(key) = one.replaces {
                self.recent.other(now.mono, &order.bot);
                out.push(self.deny_replace(asker.link, order.order_id, key, denial));
                continue;
            }
            self.recent.new_order(now.mono, order, true);
            let mut state = OrderState::ours(order, asker.client_id, &one.bot_ref, now.wall);
            state.status = OrderStatus::Denied;
            state.denied_by = Some(denial.guard);
            self.book.insert(state);
            let order_id = Some(order.order_id);
            out.push(Command::Deny { link: asker.link, order_id, denial, raw: one.raw });
        }
    }

    /// People want to see every denied order, also one that names no account.
    fn remember_denied(&mut self, now: Now, asker: &Asker, request: &OrderRequest, guard: GuardId) {
        let changes_one = self.open_of(asker, request.order_id).is_some();
        let known = self.contracts.identify(&request.contract).ok().filter(|_| !changes_one);
        if let Some(instrument) = known {
            let legs = self.contracts.legs(&request.legs);
            let mut state = without_account(asker, request, (instrument, legs), now);
            state.status = OrderStatus::Denied;
            state.denied_by = Some(guard);
            self.book.insert(state);
        }
    }

    /// A message that did not even become an order; if it was to change one, that one stands.
    pub(super) fn denial_of_unread(
        &self,
        asker: &Asker,
        link: LinkId,
        order_id: OrderId,
        denial: Denial,
        raw: RawFrame,
    ) -> Command {
        match self.open_of(asker, order_id) {
            Some(key) => self.deny_replace(link, order_id, key, denial),
            None => Command::Deny { link, order_id: Some(order_id), denial, raw },
        }
    }

    pub(super) fn open_of(&self, asker: &Asker, order_id: OrderId) -> Option<OrderKey> {
        let key = self.book.by_client(asker.client_id, order_id)?;
        self.book.get(key).filter(|state| state.status.is_open()).map(|_| key)
    }

    pub(super) fn deny_replace(
        &self,
        link: LinkId,
        order_id: OrderId,
        key: OrderKey,
        denial: Denial,
    ) -> Command {
        let state = self.book.get(key);
        let open_order = state.and_then(|state| {
            let rewrites = vec![Rewrite::OrderRef(state.bot_ref.clone())];
            Some((state.open_order.clone()?, rewrites))
        });
        let status = state.and_then(|state| state.status_frame.clone());
        Command::DenyReplace { link, order_id, denial, open_order, status }
    }

    /// Observe mode, and the order names no account or instrument of ours: it goes as it came, in its turn.
    pub(super) fn let_through(
        &mut self,
        now: Now,
        asker: &Asker,
        group: Vec<(OrderRequest, RawFrame)>,
        taken: &[Taken],
        denial: Denial,
        out: &mut Vec<Command>,
    ) {
        let link = asker.link;
        out.push(Command::Observed { link, cl_ord_id: None, denial });
        let mut all = Vec::with_capacity(group.len());
        for (request, raw) in group {
            self.recent.other(now.mono, &asker.bot().name);
            let order_id = request.order_id;
            self.links.used(asker.client_id, order_id);
            if let Some(key) = self.open_of(asker, order_id) {
                // A change: the order is in the book, and the venue will say what became of it.
                all.push(LetThrough { order_id, key: Some(key), raw, replaces: true });
                continue;
            }
            let instrument = self.contracts.identify(&request.contract).ok();
            let readable = taken.iter().find(|one| one.intake.order.order_id == request.order_id);
            let state = match (readable, instrument) {
                (Some(one), _) => {
                    let order = &one.intake.order;
                    let mut state = OrderState::ours(order, asker.client_id, &one.bot_ref, now.wall);
                    state.cl_ord_id = None;
                    Some(state)
                }
                (None, Some(instrument)) => {
                    let legs = self.contracts.legs(&request.legs);
                    Some(without_account(asker, &request, (instrument, legs), now))
                }
                (None, None) => None,
            };
            let key = state.map(|state| self.book.insert(state));
            all.push(LetThrough { order_id, key, raw, replaces: false });
        }
        self.push(now, asker, Load::LetThrough(all), out);
    }
}

/// An order that was let through without an account: its risk is nobody's until the venue names one.
fn without_account(
    asker: &Asker,
    request: &OrderRequest,
    (instrument, legs): (plimsoll_model::InstrumentId, Vec<plimsoll_model::Leg>),
    now: Now,
) -> OrderState {
    let terms = OrderTerms {
        side: request.side,
        qty: request.qty,
        ord_type: request.ord_type.clone(),
        limit_px: request.limit_px,
        stop_px: request.stop_px,
        tif: request.tif.clone(),
    };
    OrderState {
        client_id: Some(asker.client_id),
        order_id: Some(request.order_id),
        account: request.account.clone(),
        legs,
        parent_id: request.parent_id,
        oca_group: request.oca_group.clone(),
        bot_ref: request.order_ref.clone(),
        ..OrderState::of(Owner::Bot(asker.bot().name.clone()), terms, instrument, now.wall)
    }
}
