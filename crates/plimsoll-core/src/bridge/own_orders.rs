//! Orders of our own: placed by Plimsoll on its own connection, for a bot that it acts for.
//!
//! Owns: their numbers, their way through the outbox, and their proof. They are judged like all others, at the
//! decision and when the disk has it, by the limits of the bot that they are for; and like all others they carry a
//! reference of ours, by which they are found again at the broker after a restart or a lost connection. An order that
//! may have left is never placed again: only the broker's lists say what became of it (`rounds`).
//!
//! Does not own: why one is placed.

use plimsoll_model::{
    Account, BotName, ClOrdId, ClientId, InstrumentId, LinkId, NewOrder, Now, OrdType, OrderId, OrderStatus,
    Price, Qty, Side, TimeInForce,
};

use super::Bridge;
use crate::book::{FLEET, OrderKey, OrderState};
use crate::config::{BotConfig, Config};
use crate::fallback::Word;
use crate::guard::{Denial, GuardId, Phase, Reason, Verdict, judge, release};
use crate::outbox::{Load, OwnWaiting, Parcel, Replaced};
use crate::{Command, limits};

/// What is to be placed for one bot.
#[derive(Debug, Clone)]
pub(crate) struct OwnOrder {
    pub(crate) bot: BotName,
    pub(crate) account: Account,
    pub(crate) instrument: InstrumentId,
    pub(crate) side: Side,
    pub(crate) qty: Qty,
    pub(crate) ord_type: OrdType,
    pub(crate) limit_px: Option<Price>,
    pub(crate) stop_px: Option<Price>,
    pub(crate) tif: TimeInForce,
    pub(crate) outside_rth: bool,
    /// What a bot has declared it to be.
    pub(crate) decision: Option<Box<str>>,
}

impl OwnOrder {
    /// One for the day that takes the price which there is: in the auction, or in the market.
    pub(crate) fn unpriced(
        (bot, account, instrument): (BotName, Account, InstrumentId),
        (side, qty): (Side, Qty),
        ord_type: OrdType,
    ) -> Self {
        let tif = TimeInForce::Day;
        let (limit_px, stop_px, outside_rth, decision) = (None, None, false, None);
        Self { bot, account, instrument, side, qty, ord_type, limit_px, stop_px, tif, outside_rth, decision }
    }
}

impl Bridge {
    /// Decides about an order of our own for a bot. If nothing speaks against it, it is in the book and leaves when the
    /// disk has the decision and nothing speaks against it then; its reference tells it from all others.
    pub(crate) fn place_for_bot(
        &mut self,
        now: Now,
        wanted: OwnOrder,
        out: &mut Vec<Command>,
    ) -> Result<ClOrdId, Denial> {
        let order = self.judged_own(now, wanted)?;
        let asked = self.recent.new_order(now.mono, &order, false);
        let (cl_ord_id, batch) = (order.cl_ord_id.clone(), self.batch_for(now, &order));
        self.post_own(now, order, Some(asked), None, out)?;
        if let Some(batch) = batch {
            self.batches.expect(&cl_ord_id, batch);
        }
        Ok(cl_ord_id)
    }

    /// The first judgement of an order of our own for a bot.
    pub(super) fn judged_own(&mut self, now: Now, wanted: OwnOrder) -> Result<NewOrder, Denial> {
        let config = self.config.clone().ok_or_else(no_connection)?;
        let bot = config.bot(&wanted.bot).ok_or_else(|| {
            let instrument = wanted.instrument.clone();
            Denial { guard: GuardId::Ownership, reason: Reason::NotOwned { instrument } }
        })?;
        let order = self.own_order(now, wanted)?;
        self.refresh_result(bot);
        let mut ctx = self.context(now, Phase::Decision, (bot, config.venue.client_id), &config);
        ctx.group = std::slice::from_ref(&order);
        judge(&ctx, &order)?;
        Ok(order)
    }

    /// With its reference and its number.
    pub(super) fn own_order(&mut self, now: Now, wanted: OwnOrder) -> Result<NewOrder, Denial> {
        let order_id = self.own_order_id()?;
        let cl_ord_id = self.next_reference(now, &wanted.bot, Some(&wanted.instrument));
        Ok(self.named_own(wanted, cl_ord_id, order_id))
    }

    /// With these.
    pub(super) fn named_own(&self, wanted: OwnOrder, cl_ord_id: ClOrdId, order_id: OrderId) -> NewOrder {
        NewOrder {
            cl_ord_id,
            ex_destination: self.own_route(&wanted.instrument),
            bot: wanted.bot,
            order_id,
            account: wanted.account,
            instrument: wanted.instrument,
            side: wanted.side,
            qty: wanted.qty,
            ord_type: wanted.ord_type,
            limit_px: wanted.limit_px,
            stop_px: wanted.stop_px,
            tif: wanted.tif,
            transmit: true,
            parent_id: None,
            oca_group: "".into(),
            outside_rth: wanted.outside_rth,
            legs: Vec::new(),
            decision: wanted.decision,
        }
    }

    /// Where an order of our own goes: as configured.
    pub(super) fn own_route(&self, instrument: &InstrumentId) -> Box<str> {
        self.contracts.to_order(instrument).map(|contract| contract.exchange).unwrap_or_default()
    }

    /// The next number of our own client. Far above our questions, whose numbers an error may name as well.
    pub(super) fn own_order_id(&mut self) -> Result<OrderId, Denial> {
        let client_id = self.own_client().ok_or_else(no_connection)?;
        self.links.take_next(client_id, limits::OWN_ORDER_ID_MIN).ok_or_else(no_connection)
    }

    /// Into the book and the outbox; the disk is asked to take it.
    pub(super) fn post_own(
        &mut self,
        now: Now,
        order: NewOrder,
        asked: Option<u64>,
        in_place_of: Option<Box<Replaced>>,
        out: &mut Vec<Command>,
    ) -> Result<OrderKey, Denial> {
        let (link, client_id) = self.own_way().ok_or_else(no_connection)?;
        if self.outbox.is_full(link) {
            let reason =
                Reason::TooMany { what: "orders waiting for the disk", max: limits::OUTBOX_PER_LINK_MAX };
            return Err(Denial { guard: GuardId::Supported, reason });
        }
        let key = self.book.insert(OrderState::ours(&order, client_id, "", now.wall));
        self.push_own(now, OwnWaiting { order, key, asked, in_place_of }, (link, client_id), out);
        Ok(key)
    }

    pub(super) fn push_own(
        &mut self,
        now: Now,
        waiting: OwnWaiting,
        (link, client_id): (LinkId, ClientId),
        out: &mut Vec<Command>,
    ) {
        let token = self.outbox.token();
        let (own_epoch, load) = (self.recon.epoch, Load::Own(Box::new(waiting)));
        self.outbox.push(Parcel { token, link, client_id, own_epoch, decided: now.mono, load });
        out.push(Command::Flush { token });
    }

    /// The second judgement of an order for one bot.
    pub(super) fn release_own(
        &mut self,
        now: Now,
        phase: Phase,
        link: LinkId,
        waiting: OwnWaiting,
        config: &Config,
        out: &mut Vec<Command>,
    ) {
        let OwnWaiting { order, key, asked, in_place_of } = waiting;
        if order.bot.as_str() == FLEET {
            self.release_net(now, phase, link, order, out);
            return;
        }
        let Some(bot) = config.bot(&order.bot) else { return };
        self.refresh_result(bot);
        let verdict = self.judge_own(now, phase, (bot, key, asked), order, config);
        let (order, denial) = match verdict {
            Verdict::Cleared(order) if let Some(batch) = self.batches.came(&order.get().cl_ord_id) => {
                let order = order.get().clone();
                let waiting = OwnWaiting { order: order.clone(), key, asked, in_place_of: None };
                match self.hold_own(now, &batch, (config.venue.client_id, waiting), out) {
                    Ok(()) => return,
                    Err(denial) => (order, denial),
                }
            }
            Verdict::Cleared(order) => match self.comes_after_the_close(now, order.get()) {
                None => {
                    self.place(now, link, order, out);
                    if let Some(replaced) = in_place_of {
                        self.sent_in_place(key, *replaced, out);
                    }
                    return;
                }
                Some(denial) => (order.get().clone(), denial),
            },
            // Observe mode spares the orders of bots. What we place ourselves we hold to our own judgement.
            Verdict::Observed(order, denial) => (order.get().clone(), denial),
            Verdict::Denied(order, denial) => (order, denial),
        };
        // A part was asked for with the whole order, and that was said as long as any part has left.
        if let Some(asked) = asked.filter(|_| self.allocations.of_leg(key).is_none()) {
            self.recent.mark_denied(&order.bot, asked);
        }
        self.deny_own(key, &order, &denial, out);
        if let Some(replaced) = in_place_of {
            self.deny_replaced(key, *replaced, denial.to_string().into(), out);
        }
    }

    /// Why a market order that leaves now must not: it may arrive when its market has closed, and would wait there for
    /// the next open.
    fn comes_after_the_close(&self, now: Now, order: &NewOrder) -> Option<Denial> {
        let arrival = self.fallback_moment(now, None).arrival;
        if order.ord_type != OrdType::Market || self.closes_at(now, &order.instrument)? > arrival {
            return None;
        }
        let calendar = self.calendar_for(&order.instrument)?;
        let next = calendar.trade_date(arrival).and_then(|date| calendar.next_session(date));
        let reason = match next {
            Ok(next) => Reason::OutsideSession { next_open: next.open().to_zoned(calendar.zone().clone()) },
            Err(error) => Reason::CalendarUnknown { why: error.to_string().into() },
        };
        Some(Denial { guard: GuardId::TradingSession, reason })
    }

    fn judge_own(
        &self,
        now: Now,
        phase: Phase,
        (bot, key, asked): (&BotConfig, OrderKey, Option<u64>),
        order: NewOrder,
        config: &Config,
    ) -> Verdict<NewOrder> {
        let group = [order.clone()];
        let mut ctx = self.context(now, phase, (bot, config.venue.client_id), config);
        ctx.own = Some(key);
        ctx.asked = asked;
        ctx.group = &group;
        release(&ctx, order, |order| order)
    }

    /// It never left, and a person is told why.
    pub(super) fn deny_own(
        &mut self,
        key: OrderKey,
        order: &NewOrder,
        denial: &Denial,
        out: &mut Vec<Command>,
    ) {
        self.batches.came(&order.cl_ord_id);
        self.book.update(key, |state| {
            state.status = OrderStatus::Denied;
            state.denied_by = Some(denial.guard);
        });
        self.closings.hear(key, Word::Unsent);
        self.leg_denied(key, denial);
        out.push(Command::Notice {
            text: format!("our own order {order} [{}] was not sent: {denial}", order.cl_ord_id),
        });
    }

    /// It leaves.
    pub(super) fn place(
        &mut self,
        now: Now,
        link: LinkId,
        order: crate::Cleared<NewOrder>,
        out: &mut Vec<Command>,
    ) {
        let contract = self.contracts.to_order(&order.get().instrument);
        let contract =
            contract.expect("an order of ours is of a configured instrument, or a guard denied it");
        self.acks.sent(link, order.get().order_id, now.mono);
        self.own_left(&order.get().cl_ord_id.clone());
        self.leg_left(&order.get().cl_ord_id);
        out.push(Command::Place { link, order, contract });
    }

    /// Cancels of what we have working ourselves: of this bot, or of everybody.
    pub(super) fn cancel_own_of(&mut self, bot: Option<&BotName>, out: &mut Vec<Command>) {
        self.cancel_equivalents_again();
        let Some((link, client_id)) = self.own_way() else { return };
        let open = self.book.open().filter(|(key, state)| {
            state.client_id == Some(client_id)
                // These are canceled with the bot's order that they are parts of, or stand in for.
                && !self.is_canceled_as_part(*key)
                && !self.is_canceled_in_place(*key)
                && bot.is_none_or(|bot| state.owner.bot() == Some(bot))
                // What waits for the disk meets the halt there, and what is held is not at the venue.
                && !self.outbox.holds_own(*key)
                && state.cl_ord_id.as_ref().is_none_or(|id| self.batches.of_order(id).is_none())
        });
        let ids: Vec<_> = open.filter_map(|(_, state)| state.order_id).collect();
        out.extend(ids.into_iter().map(|order_id| Command::Cancel { link, order_id }));
    }

    pub(super) fn own_client(&self) -> Option<ClientId> {
        self.config.as_ref().map(|config| config.venue.client_id)
    }

    /// Our own connection while it is there.
    pub(super) fn own_way(&self) -> Option<(LinkId, ClientId)> {
        self.recon.link.zip(self.own_client())
    }
}

/// Our own connection is not there, or the broker has no number left for it.
pub(super) fn no_connection() -> Denial {
    let reason = Reason::NotReconciled { waiting_for: "our own connection to the broker" };
    Denial { guard: GuardId::Reconciled, reason }
}
