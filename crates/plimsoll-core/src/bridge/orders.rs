//! What bots ask: orders, changes, cancels, and questions about accounts.

use std::sync::Arc;

use plimsoll_model::{
    Account, LinkId, Now, OrderId, OrderRequest, OrderStatus, PermId, RawFrame, ReqId, Request,
};

use super::{Bridge, parent_in};
use crate::book::{OrderKey, OrderState, Owner};
use crate::config::{BotConfig, Config, Mode};
use crate::guard::{Denial, GuardId, Phase, Reason, judge};
use crate::intake::{self, Intake};
use crate::outbox::{Parcel, Waiting};
use crate::{Command, Rewrite, limits};

/// TWS: "Error validating request".
const CODE_VALIDATION: i32 = 321;
/// TWS: "`OrderId` that needs to be cancelled is not found".
const CODE_CANCEL_NOT_FOUND: i32 = 10147;

/// Who asks, copied out so that the state can change meanwhile.
struct Asker {
    link: LinkId,
    client_id: plimsoll_model::ClientId,
    config: Arc<Config>,
    at: usize,
}

impl Asker {
    fn bot(&self) -> &BotConfig {
        &self.config.bots[self.at]
    }
}

/// One message of a group, taken in.
struct Taken {
    intake: Intake,
    raw: RawFrame,
    bot_ref: Box<str>,
    replaces: Option<OrderKey>,
}

impl Bridge {
    pub(super) fn on_bot(
        &mut self,
        now: Now,
        link: LinkId,
        request: Request,
        raw: RawFrame,
        out: &mut Vec<Command>,
    ) {
        let Some(asker) = self.asker(link) else { return };
        match request {
            Request::Order(order) => self.order(now, &asker, *order, raw, out),
            Request::UnreadableOrder { order_id, why } => {
                let denial = Denial { guard: GuardId::Supported, reason: Reason::Unreadable { why } };
                out.push(Command::Deny { link, order_id, denial, raw });
            }
            Request::Cancel(cancel) => self.cancel(now, &asker, cancel.order_id, raw, out),
            Request::GlobalCancel => {
                self.cancel_all_of(now, link, out);
                out.push(Command::Notice {
                    text: format!("{}: global cancel became cancels of its own orders", asker.bot().name),
                });
            }
            Request::Unguarded { name, id } => Self::unguarded(&asker, name, id, raw, out),
            Request::AboutAccount { name, id, account } => {
                Self::about_account(&asker, name, id, account.as_ref(), raw, out);
            }
            Request::Ids | Request::Other => out.push(Command::Forward { link, raw, rewrites: vec![] }),
        }
    }

    fn asker(&self, link: LinkId) -> Option<Asker> {
        let state = self.links.get(link)?;
        let config = self.config.clone()?;
        let at = config.bots.iter().position(|bot| bot.name == state.bot)?;
        Some(Asker { link, client_id: state.client_id, config, at })
    }

    fn order(
        &mut self,
        now: Now,
        asker: &Asker,
        request: OrderRequest,
        raw: RawFrame,
        out: &mut Vec<Command>,
    ) {
        self.links.used(asker.client_id, request.order_id);
        if request.what_if {
            self.preview(now, asker, &request, raw, out);
            return;
        }
        if !request.transmit {
            self.stage(asker, request, raw, out);
            return;
        }
        let mut group =
            self.links.get_mut(asker.link).map(|state| state.take_group(&request)).unwrap_or_default();
        group.push((request, raw));
        let mut taken = Vec::with_capacity(group.len());
        let mut first_no = None;
        for (request, raw) in &group {
            match self.take_in(now, asker, request, raw) {
                Ok(one) => taken.push(one),
                Err(denial) => {
                    first_no.get_or_insert((request.order_id, denial));
                }
            }
        }
        match (first_no, asker.config.mode) {
            (None, _) => self.judge_group(now, asker, taken, out),
            (Some((member, denial)), Mode::Enforce) => {
                self.deny_group(now, asker, &group, taken, member, &denial, out);
            }
            (Some((_, denial)), Mode::Observe) => {
                self.let_through(now, asker, group, &taken, denial, out);
            }
        }
    }

    /// A margin preview never rests; only its account matters.
    fn preview(
        &mut self,
        now: Now,
        asker: &Asker,
        request: &OrderRequest,
        raw: RawFrame,
        out: &mut Vec<Command>,
    ) {
        let link = asker.link;
        let taken = self.take_in(now, asker, request, &raw).and_then(|taken| {
            let allowed = asker.bot().accounts.contains(&taken.intake.order.account);
            let denial = Denial {
                guard: GuardId::Account,
                reason: Reason::AccountNotAllowed {
                    account: taken.intake.order.account.clone(),
                    allowed: asker.bot().accounts.clone(),
                },
            };
            if allowed { Ok(taken) } else { Err(denial) }
        });
        match (taken, asker.config.mode) {
            (Ok(taken), _) => {
                // Nothing rests, so nothing is booked and the bot's own reference stays.
                let rewrites = taken.intake.filled_account.into_iter().map(Rewrite::Account).collect();
                out.push(Command::Forward { link, raw, rewrites });
            }
            (Err(denial), Mode::Enforce) => {
                out.push(Command::Deny { link, order_id: Some(request.order_id), denial, raw });
            }
            (Err(denial), Mode::Observe) => {
                out.push(Command::Observed { link, cl_ord_id: None, denial });
                out.push(Command::Forward { link, raw, rewrites: vec![] });
            }
        }
    }

    /// `transmit = 0`: nothing is sent and nothing is answered, as at TWS, until the group is released.
    fn stage(&mut self, asker: &Asker, request: OrderRequest, raw: RawFrame, out: &mut Vec<Command>) {
        let Some(state) = self.links.get_mut(asker.link) else { return };
        let order_id = request.order_id;
        if state.can_stage(order_id) {
            state.staged.insert(order_id, (request, raw));
            return;
        }
        let max = limits::STAGED_PER_LINK_MAX;
        let reason = Reason::TooMany { what: "staged orders", max };
        let denial = Denial { guard: GuardId::Supported, reason };
        out.push(Command::Deny { link: asker.link, order_id: Some(order_id), denial, raw });
    }

    fn take_in(
        &mut self,
        now: Now,
        asker: &Asker,
        request: &OrderRequest,
        raw: &RawFrame,
    ) -> Result<Taken, Denial> {
        let known = self.book.by_client(asker.client_id, request.order_id);
        let replaces = match known.and_then(|key| Some((key, self.book.get(key)?))) {
            None => None,
            // The venue never saw it, so the number is still free there.
            Some((_, state)) if state.status == OrderStatus::Denied => None,
            Some((key, state)) if state.status.is_open() => Some(key),
            Some(_) => {
                let reason = Reason::OrderIdUsed { order_id: request.order_id };
                return Err(Denial { guard: GuardId::Duplicate, reason });
            }
        };
        let kept = replaces.and_then(|key| self.book.get(key)?.cl_ord_id.clone());
        // Identified first, because the reference needs the symbol and the counter needs `&mut self`.
        let symbol = self
            .contracts
            .identify(&request.contract)
            .map(|id| id.as_str().split('.').next().unwrap_or_default().to_owned());
        let reference = match (kept, symbol) {
            (Some(kept), _) => kept,
            (None, Ok(symbol)) => self.next_reference(now, &asker.bot().name, &symbol),
            (None, Err(_)) => self.next_reference(now, &asker.bot().name, "x"),
        };
        let intake = intake::take(asker.bot(), &self.contracts, request, |_| reference)?;
        let bot_ref = request.order_ref.clone();
        Ok(Taken { intake, raw: raw.clone(), bot_ref, replaces })
    }

    /// The first judgement of an order, or of a bracket as one.
    fn judge_group(&mut self, now: Now, asker: &Asker, taken: Vec<Taken>, out: &mut Vec<Command>) {
        let orders: Vec<_> = taken.iter().map(|one| one.intake.order.clone()).collect();
        let mut first_no = None;
        for (one, order) in taken.iter().zip(&orders) {
            let mut ctx = self.context(now, Phase::Decision, asker.bot(), &asker.config);
            ctx.own = one.replaces;
            ctx.replaces = one.replaces.is_some();
            ctx.parent = parent_in(order, &orders);
            ctx.unbounded = one.intake.unbounded;
            if let Err(denial) = judge(&ctx, order) {
                first_no = Some((order.order_id, denial));
                break;
            }
        }
        if first_no.is_none() && self.outbox.is_full() {
            let reason = Reason::TooMany { what: "orders waiting for the disk", max: limits::OUTBOX_MAX };
            first_no = orders.first().map(|o| (o.order_id, Denial { guard: GuardId::Supported, reason }));
        }
        match (first_no, asker.config.mode) {
            (None, _) => self.post(now, asker, taken, out),
            (Some((member, denial)), Mode::Observe) => {
                let cl_ord_id = orders.iter().find(|o| o.order_id == member).map(|o| o.cl_ord_id.clone());
                out.push(Command::Observed { link: asker.link, cl_ord_id, denial });
                self.post(now, asker, taken, out);
            }
            (Some((member, denial)), Mode::Enforce) => {
                self.deny_group(now, asker, &[], taken, member, &denial, out);
            }
        }
    }

    /// Into the book and the outbox; the disk is asked to take it.
    fn post(&mut self, now: Now, asker: &Asker, taken: Vec<Taken>, out: &mut Vec<Command>) {
        let mut waiting = Vec::with_capacity(taken.len());
        for one in taken {
            let Intake { order, filled_account, unbounded } = one.intake;
            if one.replaces.is_none() {
                self.recent.push(now.mono, &order, false);
            }
            let key = one.replaces.unwrap_or_else(|| {
                let state = OrderState::ours(&order, asker.client_id, &one.bot_ref, now.wall);
                self.book.insert(state)
            });
            let is_foreign = self.book.get(key).is_some_and(|state| state.owner == Owner::Foreign);
            let mut rewrites: Vec<Rewrite> = filled_account.into_iter().map(Rewrite::Account).collect();
            if !is_foreign {
                rewrites.push(Rewrite::OrderRef(order.cl_ord_id.as_str().into()));
            }
            let replaces = one.replaces.is_some();
            waiting.push(Waiting { order, key, raw: one.raw, rewrites, replaces, unbounded });
        }
        let token = self.outbox.token();
        self.outbox.push(Parcel {
            token,
            link: asker.link,
            own_epoch: self.recon.epoch,
            decided: now.mono,
            orders: waiting,
        });
        out.push(Command::Flush { token });
    }

    /// Nothing of the group leaves. Each member is told why; the others name the one that was denied.
    #[expect(clippy::too_many_arguments, reason = "one caller per kind of group, all parts are needed")]
    fn deny_group(
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
            let (link, denial) = (asker.link, reason_for(request.order_id));
            out.push(self.denial_of_unread(asker, link, request.order_id, denial, raw.clone()));
        }
        for one in taken {
            let order = &one.intake.order;
            let denial = reason_for(order.order_id);
            if let Some(key) = one.replaces {
                out.push(self.deny_replace(asker.link, order.order_id, key, denial));
                continue;
            }
            self.recent.push(now.mono, order, true);
            let mut state = OrderState::ours(order, asker.client_id, &one.bot_ref, now.wall);
            state.status = OrderStatus::Denied;
            state.denied_by = Some(denial.guard);
            self.book.insert(state);
            let order_id = Some(order.order_id);
            out.push(Command::Deny { link: asker.link, order_id, denial, raw: one.raw });
        }
    }

    /// A message that did not even become an order; if it was to change one, that one stands.
    fn denial_of_unread(
        &self,
        asker: &Asker,
        link: LinkId,
        order_id: OrderId,
        denial: Denial,
        raw: RawFrame,
    ) -> Command {
        let open = self
            .book
            .by_client(asker.client_id, order_id)
            .filter(|key| self.book.get(*key).is_some_and(|state| state.status.is_open()));
        match open {
            Some(key) => self.deny_replace(link, order_id, key, denial),
            None => Command::Deny { link, order_id: Some(order_id), denial, raw },
        }
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

    /// Observe mode, and the order names no account or instrument of ours: it goes as it came.
    fn let_through(
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
        for (request, raw) in group {
            let instrument = self.contracts.identify(&request.contract).ok();
            let readable = taken.iter().find(|one| one.intake.order.order_id == request.order_id);
            if let (Some(instrument), None) = (instrument, readable) {
                self.book.insert(without_account(asker, &request, instrument, now));
            } else if let Some(one) = readable {
                let order = &one.intake.order;
                let mut state = OrderState::ours(order, asker.client_id, &one.bot_ref, now.wall);
                state.cl_ord_id = None;
                self.book.insert(state);
            }
            out.push(Command::Forward { link, raw, rewrites: vec![] });
        }
    }

    /// A cancel passes every guard but ownership: it must be an order of this very client. TWS has been
    /// seen to let one client cancel another's order by its number.
    fn cancel(&mut self, now: Now, asker: &Asker, order_id: OrderId, raw: RawFrame, out: &mut Vec<Command>) {
        let link = asker.link;
        if self.recall(now, link, order_id, out) {
            return;
        }
        match self.book.by_client(asker.client_id, order_id) {
            Some(_) => out.push(Command::Forward { link, raw, rewrites: vec![] }),
            None => out.push(Command::Refuse {
                link,
                id: Some(order_id.0),
                code: CODE_CANCEL_NOT_FOUND,
                text: format!("OrderId {order_id} that needs to be cancelled is not found."),
            }),
        }
    }

    /// Ends an order that has not left yet; whether there was one. A change is dropped and its order is
    /// canceled at the venue by the bot's own message.
    fn recall(&mut self, now: Now, link: LinkId, order_id: OrderId, out: &mut Vec<Command>) -> bool {
        let staged = self.links.get_mut(link).is_some_and(|state| state.staged.remove(&order_id).is_some());
        if staged {
            out.push(Command::CanceledUnsent { link, order_id });
            return true;
        }
        let Some(parcel) = self.outbox.recall(link, order_id) else { return false };
        let mut was_new = false;
        for waiting in parcel.orders {
            if waiting.replaces {
                continue;
            }
            was_new |= waiting.order.order_id == order_id;
            self.book.update(waiting.key, |state| {
                state.status = OrderStatus::Canceled;
                state.since = now.wall;
            });
            out.push(Command::CanceledUnsent { link, order_id: waiting.order.order_id });
        }
        was_new
    }

    /// Cancels of every order that this link's client has working or waiting.
    pub(super) fn cancel_all_of(&mut self, now: Now, link: LinkId, out: &mut Vec<Command>) {
        let Some(state) = self.links.get(link) else { return };
        let client_id = state.client_id;
        let staged: Vec<_> = state.staged.keys().copied().collect();
        let open: Vec<_> = self
            .book
            .open()
            .filter(|(_, state)| state.client_id == Some(client_id))
            .filter_map(|(_, state)| state.order_id)
            .collect();
        for order_id in staged.into_iter().chain(open) {
            if !self.recall(now, link, order_id, out) {
                out.push(Command::Cancel { link, order_id });
            }
        }
    }

    fn unguarded(
        asker: &Asker,
        name: &'static str,
        id: Option<ReqId>,
        raw: RawFrame,
        out: &mut Vec<Command>,
    ) {
        let link = asker.link;
        let denial = Denial { guard: GuardId::Supported, reason: Reason::Unbounded { feature: name } };
        match asker.config.mode {
            Mode::Enforce => {
                let text = format!("Error validating request.-'{name}' : cause - {denial}");
                out.push(Command::Refuse { link, id: id.map(|id| id.0), code: CODE_VALIDATION, text });
            }
            Mode::Observe => {
                out.push(Command::Observed { link, cl_ord_id: None, denial });
                out.push(Command::Forward { link, raw, rewrites: vec![] });
            }
        }
    }

    /// A bot sees only its own accounts, in observe mode too. Where the message names none, the answer
    /// is filtered line by line.
    fn about_account(
        asker: &Asker,
        name: &'static str,
        id: Option<ReqId>,
        account: Option<&Account>,
        raw: RawFrame,
        out: &mut Vec<Command>,
    ) {
        let link = asker.link;
        match account {
            Some(account) if !asker.bot().accounts.contains(account) => {
                let reason = Reason::AccountNotAllowed {
                    account: account.clone(),
                    allowed: asker.bot().accounts.clone(),
                };
                let denial = Denial { guard: GuardId::Account, reason };
                let text = format!("Error validating request.-'{name}' : cause - {denial}");
                out.push(Command::Refuse { link, id: id.map(|id| id.0), code: CODE_VALIDATION, text });
            }
            _ => out.push(Command::Forward { link, raw, rewrites: vec![] }),
        }
    }
}

/// An order that was let through without an account: its risk is nobody's until the venue names one.
fn without_account(
    asker: &Asker,
    request: &OrderRequest,
    instrument: plimsoll_model::InstrumentId,
    now: Now,
) -> OrderState {
    OrderState {
        owner: Owner::Bot(asker.bot().name.clone()),
        cl_ord_id: None,
        client_id: Some(asker.client_id),
        order_id: Some(request.order_id),
        perm_id: None::<PermId>,
        account: request.account.clone(),
        instrument,
        side: request.side,
        qty: request.qty,
        ord_type: request.ord_type.clone(),
        limit_px: request.limit_px,
        stop_px: request.stop_px,
        tif: request.tif.clone(),
        parent_id: request.parent_id,
        oca_group: request.oca_group.clone(),
        status: OrderStatus::PendingNew,
        cum_qty: plimsoll_model::Qty::ZERO,
        avg_px: None,
        denied_by: None,
        bot_ref: request.order_ref.clone(),
        since: now.wall,
        open_order: None,
        status_frame: None,
    }
}
