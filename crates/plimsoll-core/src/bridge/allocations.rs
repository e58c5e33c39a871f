//! One order of a bot over many accounts: decided as a whole and account by account, and sent as orders of our own.
//!
//! The bot names an [allocation](crate::allocation) where it would name an account, or as an adviser's group. Its order is
//! never sent. It is in the book under the bot's own number, in the allocation's name, which no account has, so it counts
//! in no account as risk: the parts do, each an order of our own in its account, judged twice by everything that the bot
//! is held to there. A part that a guard denies is left out, and is seen in the report; nobody gets it in its place.
//!
//! A part that may have left is never sent again. After a restart or a lost connection it is of unknown fate like any
//! order, and the broker's lists say what became of it.
//!
//! Does not own: sizes (`crate::allocation`), what the bot is told (`progress`), its cancels (`cancel`).

mod cancel;
mod progress;
mod report;

use plimsoll_model::{
    Account, Money, NewOrder, Now, OrdType, OrderRequest, OrderStatus, Qty, RawFrame, ReqId, TimeInForce,
};

use super::Bridge;
use super::orders::{Asker, Taken};
use super::own_orders::{OwnOrder, no_connection};
use crate::allocation::open::{Entry, Leg, Told};
use crate::allocation::{Allocation, Division, Part, Rule, divide};
use crate::book::OrderState;
use crate::guard::{Denial, GuardId, Phase, Reason, judge, judge_whole, judge_worth};
use crate::on_close::{HeldOrder, Placed};
use crate::outbox::{Load, OwnWaiting, Parcel};
use crate::{Ask, Command, News, limits};

pub use report::{AllocationView, PartView};

/// How an order with an adviser's group is marked; here the group is one of ours.
const ADVISER_GROUP: &str = "adviser group";

/// The part of one account, judged.
enum Judged {
    /// It may leave.
    Order(Part, Box<NewOrder>),
    /// It does not, and why.
    Without(Part, Box<str>),
}

impl Bridge {
    /// The allocation that one of these messages names.
    pub(super) fn allocation_in(asker: &Asker, group: &[(OrderRequest, RawFrame)]) -> Option<Allocation> {
        group.iter().find_map(|(request, _)| named_by(asker, request)).cloned()
    }

    /// A margin preview is the broker's, and it knows no allocation.
    pub(super) fn no_preview(asker: &Asker, request: &OrderRequest) -> Result<(), Denial> {
        named_by(asker, request)
            .map_or(Ok(()), |one| Err(not_divided(one, "a margin preview is of one account")))
    }

    /// A bot's order over several accounts. Messages that came with it stay as well.
    pub(super) fn allocate(
        &mut self,
        now: Now,
        asker: &Asker,
        allocation: &Allocation,
        group: &[(OrderRequest, RawFrame)],
        out: &mut Vec<Command>,
    ) {
        let [(asked, raw)] = group else {
            let member = group.iter().find(|(request, _)| named_by(asker, request).is_some());
            let Some(member) = member.map(|(request, _)| request.order_id) else { return };
            let denial = not_divided(allocation, "it is one of several messages that leave together");
            return self.deny_group(now, asker, group, vec![], member, &denial, out);
        };
        let (order_id, request) = (asked.order_id, in_its_name(asked, allocation));
        let taken = match self.take_in(now, asker, &request, raw) {
            Ok(taken) => taken,
            Err(denial) => return self.deny_group(now, asker, group, vec![], order_id, &denial, out),
        };
        if taken.replaces.is_some() {
            return self.deny_change_of_divided(now, asker, &taken, out);
        }
        match self.judge_divided(now, asker, allocation, &request, &taken) {
            Ok((left, judged)) => self.post_divided(now, asker, allocation, taken, (left, judged), out),
            Err(denial) => self.deny_group(now, asker, &[], vec![taken], order_id, &denial, out),
        }
    }

    /// What works over several accounts stands as it is, and the bot is told how.
    fn deny_change_of_divided(&mut self, now: Now, asker: &Asker, taken: &Taken, out: &mut Vec<Command>) {
        let (Some(key), order) = (taken.replaces, &taken.intake.order) else { return };
        self.recent.other(now.mono, &order.bot);
        let account = self.book.get(key).and_then(|state| state.account.clone());
        let divided = self.divided_as(asker.client_id, order.order_id);
        let denial = match account {
            Some(was) if was != order.account => {
                let reason = Reason::AccountChanged { was, asked: order.account.clone() };
                Denial { guard: GuardId::Account, reason }
            }
            _ => {
                let reason = Reason::Divided { order_id: order.order_id };
                Denial { guard: GuardId::Supported, reason }
            }
        };
        out.push(self.deny_replace(asker.link, order.order_id, key, denial));
        out.extend(divided.and_then(|id| self.tell_how_it_stands(&id)));
    }

    pub(super) fn tell_how_it_stands(&self, id: &plimsoll_model::ClOrdId) -> Option<Command> {
        let held = &self.allocations.get(id)?.held;
        let state = self.book.get(held.key)?;
        let (cum_qty, leaves_qty, avg_px) = (state.cum_qty, state.leaves_qty(), held.avg_px());
        Some(self.tell(held, News::Stands { cum_qty, leaves_qty, avg_px }))
    }

    /// The first judgement: of the order as a whole, and of each part in its account. What is left over, and the parts of
    /// which at least one may leave.
    fn judge_divided(
        &mut self,
        now: Now,
        asker: &Asker,
        allocation: &Allocation,
        request: &OrderRequest,
        taken: &Taken,
    ) -> Result<(Qty, Vec<Judged>), Denial> {
        let whole = &taken.intake.order;
        self.refresh_result(asker.bot());
        let mut ctx = self.context(now, Phase::Decision, (asker.bot(), asker.client_id), &asker.config);
        ctx.group = std::slice::from_ref(whole);
        ctx.unbounded = taken.intake.unbounded;
        judge_whole(&ctx, whole)?;
        self.can_be_divided(allocation, request, whole)?;
        let division = self.divide_by(now, allocation, whole).map_err(|why| not_divided(allocation, &why))?;
        let Division { parts, left } = division;
        let mut judged = Vec::with_capacity(parts.len());
        let (mut first_no, mut adds_risk) = (None, false);
        for part in parts {
            if part.qty.is_zero() {
                let because =
                    if part.is_too_small { "below the smallest order" } else { "its share is below a lot" };
                judged.push(Judged::Without(part, because.into()));
                continue;
            }
            let order = self.own_order(now, part_of(whole, &part))?;
            let own_client = asker.config.venue.client_id;
            let mut ctx = self.context(now, Phase::Decision, (asker.bot(), own_client), &asker.config);
            ctx.group = std::slice::from_ref(&order);
            match judge(&ctx, &order) {
                Ok(()) => {
                    adds_risk |= !ctx.is_reducing(&order);
                    judged.push(Judged::Order(part, Box::new(order)));
                }
                Err(denial) => {
                    judged.push(Judged::Without(part, denial.to_string().into()));
                    first_no.get_or_insert(denial);
                }
            }
        }
        if !judged.iter().any(|one| matches!(one, Judged::Order(..))) {
            return Err(first_no.unwrap_or_else(|| not_divided(allocation, "no account gets anything")));
        }
        if adds_risk {
            let mut ctx = self.context(now, Phase::Decision, (asker.bot(), asker.client_id), &asker.config);
            ctx.group = std::slice::from_ref(whole);
            judge_worth(&ctx, whole)?;
        }
        Ok((left, judged))
    }

    /// An order that other orders can stand for.
    fn can_be_divided(
        &self,
        allocation: &Allocation,
        request: &OrderRequest,
        order: &NewOrder,
    ) -> Result<(), Denial> {
        let no = |why: &str| Err(not_divided(allocation, why));
        if let Some(field) = request.beyond.first() {
            return no(&format!("orders of our own cannot say `{field}`"));
        }
        if !order.legs.is_empty() || order.parent_id.is_some() || !order.oca_group.is_empty() {
            return no(
                "a combo, or an order of a bracket or of a one-cancels-all group, stands in one account",
            );
        }
        if let OrdType::Other(word) = &order.ord_type {
            return no(&format!("an order of the type {word} has more to it than orders of our own say"));
        }
        if order.tif == TimeInForce::GoodTillDate {
            return no("orders of our own have no date until which they are good");
        }
        let is_on_close = matches!(order.ord_type, OrdType::MarketOnClose | OrdType::LimitOnClose);
        if is_on_close && self.config.as_ref().is_some_and(|config| config.nets().is_some()) {
            return no("on-close orders are netted in this gateway, and its parts would leave beside them");
        }
        if self.allocations.is_full() {
            let reason = Reason::TooMany { what: "divided orders", max: limits::ALLOCATIONS_KEPT };
            return Err(Denial { guard: GuardId::Supported, reason });
        }
        // All of it waits for the disk together.
        let room = self.own_way().map_or(usize::MAX, |(link, _)| self.outbox.room(link));
        if room < allocation.rule.accounts().len() {
            let max = limits::OUTBOX_PER_LINK_MAX;
            let reason = Reason::TooMany { what: "orders waiting for the disk", max };
            return Err(Denial { guard: GuardId::Supported, reason });
        }
        Ok(())
    }

    fn divide_by(&self, now: Now, allocation: &Allocation, whole: &NewOrder) -> Result<Division, String> {
        if let Rule::Equity(accounts) = &allocation.rule {
            let fresh = accounts.iter().try_for_each(|account| self.equities.fresh(now.mono, account));
            fresh.map_err(|old| old.to_string())?;
        }
        let lots = self.contracts.lots(&whole.instrument);
        divide(&allocation.rule, whole.qty, lots, |account| self.equities.of(account))
            .map_err(|error| error.to_string())
    }

    /// Asks what the accounts are worth, if anything is divided by it. It is told again whenever it changes, and all of it
    /// is asked for again now and then. One question stands at a time, because the broker takes two of a client.
    pub(super) fn ask_equity(&mut self, now: Now, asks: &mut Vec<Ask>) {
        let by_equity = |one: &Allocation| matches!(one.rule, Rule::Equity(_));
        if self.config.as_ref().is_some_and(|config| config.allocations.iter().any(by_equity)) {
            let req_id = self.recon.req_id();
            if let Some(before) = self.equities.asks(now.mono, req_id) {
                asks.push(Ask::EndEquity { req_id: before });
            }
            asks.push(Ask::Equity { req_id });
        }
    }

    /// The broker says what an account is worth. Accounts of the login that are not ours are nobody's.
    pub(super) fn note_equity(&mut self, now: Now, req_id: ReqId, account: Account, worth: Option<Money>) {
        if self.config.as_ref().is_some_and(|config| config.venue.accounts.contains(&account)) {
            self.equities.told(now.mono, req_id, account, worth);
        }
    }

    /// Into the book and the outbox; the disk is asked to take it.
    fn post_divided(
        &mut self,
        now: Now,
        asker: &Asker,
        allocation: &Allocation,
        taken: Taken,
        (left, judged): (Qty, Vec<Judged>),
        out: &mut Vec<Command>,
    ) {
        let Some((link, own_client)) = self.own_way() else {
            let order_id = taken.intake.order.order_id;
            return self.deny_group(now, asker, &[], vec![taken], order_id, &no_connection(), out);
        };
        let order = taken.intake.order;
        self.links.used(asker.client_id, order.order_id);
        let asked = self.recent.new_order(now.mono, &order, false);
        let mut state = OrderState::ours(&order, asker.client_id, &taken.bot_ref, now.wall);
        // It is here and nowhere else, so nothing of it is ever of unknown fate.
        state.status = OrderStatus::New;
        let key = self.book.insert(state);
        let token = self.outbox.token();
        let mut legs = Vec::with_capacity(judged.len());
        for one in judged {
            let (part, order, because) = match one {
                Judged::Order(part, order) => (part, Some(order), None),
                Judged::Without(part, because) => (part, None, Some(because)),
            };
            let order = order.map(|order| {
                let key = self.book.insert(OrderState::ours(&order, own_client, "", now.wall));
                let cl_ord_id = order.cl_ord_id.clone();
                let load = Load::Own(Box::new(OwnWaiting {
                    order: *order,
                    key,
                    asked: Some(asked),
                    in_place_of: None,
                }));
                let (own_epoch, decided) = (self.recon.epoch, now.mono);
                self.outbox.push(Parcel { token, link, client_id: own_client, own_epoch, decided, load });
                (key, cl_ord_id)
            });
            let status = order.as_ref().map(|_| OrderStatus::PendingNew);
            let (cum_qty, canceled_in, is_posted) = (Qty::ZERO, None, true);
            let (is_recalled, is_unsent) = (false, order.is_none());
            legs.push(Leg {
                part,
                order,
                status,
                cum_qty,
                because,
                canceled_in,
                is_recalled,
                is_unsent,
                is_posted,
            });
        }
        let held = HeldOrder {
            order,
            key,
            client_id: asker.client_id,
            by: Placed::Bot { raw: taken.raw, rewrites: vec![] },
            unbounded: None,
            asked: Some(asked),
            parts: std::collections::BTreeMap::new(),
        };
        self.allocations.add(Entry {
            name: allocation.name.clone(),
            by: allocation.rule.as_str(),
            held,
            legs,
            left,
            told: Told::Nothing,
            is_canceled: false,
            is_cancel_new: false,
            fees: std::collections::BTreeMap::new(),
        });
        out.push(Command::Flush { token });
    }
}

/// The allocation that an order names: in the place of its account, or as its group and then without an account.
fn named_by<'a>(asker: &'a Asker, request: &OrderRequest) -> Option<&'a Allocation> {
    let name = match &request.account {
        Some(account) => account.as_str(),
        None => &*request.fa_group,
    };
    asker.config.allocation(&asker.bot().name, name)
}

/// As if it named the allocation in the place of an account.
fn in_its_name(request: &OrderRequest, allocation: &Allocation) -> OrderRequest {
    let mut request = request.clone();
    if request.account.is_none() {
        request.unguarded.retain(|feature| *feature != ADVISER_GROUP);
    }
    request.account = Some(allocation.name.clone());
    request
}

fn part_of(whole: &NewOrder, part: &Part) -> OwnOrder {
    OwnOrder {
        bot: whole.bot.clone(),
        account: part.account.clone(),
        instrument: whole.instrument.clone(),
        side: whole.side,
        qty: part.qty,
        ord_type: whole.ord_type.clone(),
        limit_px: whole.limit_px,
        stop_px: whole.stop_px,
        tif: whole.tif.clone(),
        outside_rth: whole.outside_rth,
        decision: None,
    }
}

fn not_divided(allocation: &Allocation, why: &str) -> Denial {
    let (allocation, why) = (allocation.name.clone(), why.into());
    Denial { guard: GuardId::Supported, reason: Reason::NotDivided { allocation, why } }
}
