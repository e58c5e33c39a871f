//! What bots ask: orders, changes, cancels, and questions about accounts.

use std::sync::Arc;

use plimsoll_model::{
    Account, ClientId, LinkId, Now, OrderId, OrderRequest, OrderStatus, RawFrame, ReqId, Request,
};

use super::Bridge;
use super::release::halted;
use crate::book::{OrderKey, Owner};
use crate::config::{BotConfig, Config, Mode};
use crate::guard::{Denial, GuardId, Phase, Reason, judge_preview};
use crate::intake::{self, Intake};
use crate::{Command, Rewrite, limits};

/// TWS: "Error validating request".
pub(super) const CODE_VALIDATION: i32 = 321;
/// What TWS says to a login that is no adviser's. A bot of some of its accounts is none either.
const NO_ADVISER: &str = "FA data operations ignored for non FA customers.";

/// Who asks, copied out so that the state can change meanwhile.
pub(super) struct Asker {
    pub(super) link: LinkId,
    pub(super) client_id: ClientId,
    pub(super) config: Arc<Config>,
    at: usize,
}

impl Asker {
    pub(super) fn bot(&self) -> &BotConfig {
        &self.config.bots[self.at]
    }
}

/// One message of a group, taken in.
pub(super) struct Taken {
    pub(super) intake: Intake,
    pub(super) raw: RawFrame,
    pub(super) bot_ref: Box<str>,
    pub(super) replaces: Option<OrderKey>,
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
            Request::Order(order) => match intake::text_too_long(&order) {
                None => self.order(now, &asker, *order, raw, out),
                Some(len) => {
                    let max = limits::ORDER_TEXT_MAX;
                    let why = format!("a text of {len} bytes exceeds the limit of {max}").into();
                    self.unreadable(now, &asker, Some(order.order_id), why, raw, out);
                }
            },
            Request::UnreadableOrder { order_id, why } => {
                self.unreadable(now, &asker, order_id, why, raw, out);
            }
            Request::Cancel(cancel) => self.cancel(now, &asker, cancel.order_id, raw, out),
            Request::GlobalCancel => {
                self.cancel_all_of(now, link, out);
                out.push(Command::Notice {
                    text: format!("{}: global cancel became cancels of its own orders", asker.bot().name),
                });
            }
            Request::OutOfPlace { name } => {
                // In observe mode too: under another client id the orders would not be this bot's any more.
                let text = format!(
                    "Error validating request.-'{name}' : cause - Plimsoll: this connection has started already"
                );
                out.push(Command::Refuse { link, id: None, code: CODE_VALIDATION, text });
            }
            Request::Unguarded { name, id } => Self::unguarded(&asker, name, id, raw, out),
            Request::AboutAccount { name, id, account } => {
                Self::about_account(&asker, name, id, account.as_ref(), raw, out);
            }
            Request::AboutAllAccounts { name, id } => Self::about_all_accounts(&asker, name, id, out),
            Request::AdviserData => {
                out.push(Command::Refuse { link, id: None, code: CODE_VALIDATION, text: NO_ADVISER.into() });
            }
            Request::Ids | Request::Other => out.push(Command::Forward { link, raw, rewrites: vec![] }),
        }
    }

    /// Nothing of it is booked. If it was to change an order, that one stands.
    fn unreadable(
        &mut self,
        now: Now,
        asker: &Asker,
        order_id: Option<OrderId>,
        why: Box<str>,
        raw: RawFrame,
        out: &mut Vec<Command>,
    ) {
        self.recent.other(now.mono, &asker.bot().name);
        let (link, reason) = (asker.link, Reason::Unreadable { why });
        let denial = Denial { guard: GuardId::Supported, reason };
        out.push(match order_id {
            Some(order_id) => self.denial_of_unread(asker, link, order_id, denial, raw),
            None => Command::Deny { link, order_id, denial, raw },
        });
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
        self.links.named(asker.client_id, request.order_id);
        self.note_day_start();
        if request.what_if {
            self.preview(now, asker, &request, raw, out);
            return;
        }
        if !request.transmit {
            self.stage(now, asker, request, raw, out);
            return;
        }
        let Some(state) = self.links.get_mut(asker.link) else { return };
        let mut group = state.take_group(&request);
        group.push((request, raw));
        if let Some(allocation) = Self::allocation_in(asker, &group) {
            self.allocate(now, asker, &allocation, &group, out);
            return;
        }
        // Not a guard's word, which may be switched off: the venue would take the change for a new order.
        if let Some((member, denial)) = self.change_of_kept(asker, &group) {
            let divided = self.divided_as(asker.client_id, member);
            self.deny_group(now, asker, &group, vec![], member, &denial, out);
            out.extend(divided.and_then(|id| self.tell_how_it_stands(&id)));
            return;
        }
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
        let Some((member, denial)) = first_no else {
            self.judge_group(now, asker, taken, out);
            return;
        };
        let denial = self.halt_of(asker).unwrap_or(denial);
        if denial.binds(asker.config.mode) {
            self.deny_group(now, asker, &group, taken, member, &denial, out);
        } else {
            self.let_through(now, asker, group, &taken, denial, out);
        }
    }

    /// A change of an order that is held or was divided here, and why there is none.
    fn change_of_kept(&self, asker: &Asker, group: &[(OrderRequest, RawFrame)]) -> Option<(OrderId, Denial)> {
        let kept = |order_id: OrderId| {
            let state = self.book.get(self.open_of(asker, order_id)?)?;
            let is_divided = self.divided_as(asker.client_id, order_id).is_some();
            let reason = match self.is_kept_here(state) {
                true if is_divided => Reason::Divided { order_id },
                true => Reason::HeldForClose { order_id },
                false => return None,
            };
            Some((order_id, Denial { guard: GuardId::Supported, reason }))
        };
        group.iter().find_map(|(request, _)| kept(request.order_id))
    }

    /// In observe mode, the halt that an order meets which nobody could tell to be reducing.
    fn halt_of(&self, asker: &Asker) -> Option<Denial> {
        let halt = self.halts.of(&asker.bot().name).filter(|_| asker.config.mode == Mode::Observe)?;
        Some(Denial { guard: GuardId::Halt, reason: halted(halt) })
    }

    /// A margin preview never rests; only its account and the bot's rate matter.
    fn preview(
        &mut self,
        now: Now,
        asker: &Asker,
        request: &OrderRequest,
        raw: RawFrame,
        out: &mut Vec<Command>,
    ) {
        let link = asker.link;
        let taken = Self::no_preview(asker, request).and_then(|()| self.take_in(now, asker, request, &raw));
        let judged = match &taken {
            Ok(taken) => {
                let ctx = self.context(now, Phase::Decision, (asker.bot(), asker.client_id), &asker.config);
                judge_preview(&ctx, &taken.intake.order)
            }
            Err(denial) => Err(denial.clone()),
        };
        self.recent.other(now.mono, &asker.bot().name);
        if let Err(denial) = judged {
            if asker.config.mode == Mode::Enforce {
                // It may preview a change of a working order, which stands.
                out.push(self.denial_of_unread(asker, link, request.order_id, denial, raw));
                return;
            }
            out.push(Command::Observed { link, cl_ord_id: None, denial });
        }
        // Nothing rests, so nothing is booked and the bot's own reference stays.
        let filled = taken.ok().and_then(|taken| taken.intake.filled_account);
        let rewrites = filled.into_iter().map(Rewrite::Account).collect();
        out.push(Command::Forward { link, raw, rewrites });
    }

    /// `transmit = 0`: nothing is sent and nothing is answered, as at TWS, until the group is released.
    fn stage(
        &mut self,
        now: Now,
        asker: &Asker,
        request: OrderRequest,
        raw: RawFrame,
        out: &mut Vec<Command>,
    ) {
        let Some(state) = self.links.get_mut(asker.link) else { return };
        let order_id = request.order_id;
        if state.can_stage(order_id) {
            state.staged.insert(order_id, (request, raw));
            return;
        }
        let max = limits::STAGED_PER_LINK_MAX;
        let reason = Reason::TooMany { what: "staged orders", max };
        let denial = Denial { guard: GuardId::Supported, reason };
        // A full stage is refused in observe mode too: it is ours, and only we can keep the group together.
        self.recent.other(now.mono, &asker.bot().name);
        out.push(self.denial_of_unread(asker, asker.link, order_id, denial, raw));
    }

    pub(super) fn take_in(
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
            // Placed by hand and bound by TWS to client 0, which does not make it this bot's.
            Some((_, state)) if state.owner == Owner::Foreign && request.order_id.0 <= 0 => {
                let reason = Reason::OrderIdRange { order_id: request.order_id };
                return Err(Denial { guard: GuardId::Supported, reason });
            }
            Some((key, state)) if state.status.is_open() => Some(key),
            // The broker counts from the start again; would it not, it would refuse the number itself.
            Some(_) if self.links.is_used_up(asker.client_id) => None,
            Some(_) => {
                let reason = Reason::OrderIdUsed { order_id: request.order_id };
                return Err(Denial { guard: GuardId::Duplicate, reason });
            }
        };
        let kept = replaces.and_then(|key| self.book.get(key)?.cl_ord_id.clone());
        let reference = kept.unwrap_or_else(|| {
            let instrument = self.contracts.identify(&request.contract).ok();
            self.next_reference(now, &asker.bot().name, instrument.as_ref())
        });
        let intake = intake::take(asker.bot(), &self.contracts, request, |_| reference)?;
        let bot_ref = request.order_ref.clone();
        Ok(Taken { intake, raw: raw.clone(), bot_ref, replaces })
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

    /// One figure over all accounts cannot be filtered, so the bot has to name one of its own.
    fn about_all_accounts(asker: &Asker, name: &'static str, id: Option<ReqId>, out: &mut Vec<Command>) {
        let own: Vec<_> = asker.bot().accounts.iter().map(Account::as_str).collect();
        let text = format!(
            "Error validating request.-'{name}' : cause - Plimsoll account: without an account the answer covers \
             all accounts of the login; name one of this bot's: {}",
            own.join(", ")
        );
        out.push(Command::Refuse { link: asker.link, id: id.map(|id| id.0), code: CODE_VALIDATION, text });
    }
}
