//! On-close orders in an equivalent instrument: what becomes of a bot's market-on-close order that could trade with
//! another's, where the operator has named a near-identical instrument (`on_close_crossing = "equivalent"`).
//!
//! The bot's order is denied, because it does not leave and never executes, and an order of our own in the equivalent is
//! placed for that bot. Nobody is told an execution that was not: what is executed is a position of the bot in the
//! equivalent, under the broker's own execution. The bot is told once, when the disk has both and the other order leaves
//! or does not; and when that one is over.
//!
//! Owns: which orders have an equivalent, how much of it they are, whom to tell. Does not own: the judgement and the way
//! of the order in the equivalent, which are those of any order of our own for that bot (`own_orders`): its own listing's
//! cutoff and hours, its own price, the bot's limits.
//!
//! Invariants: one order has at most one in its place; what is in a place has none in its own.

use std::collections::BTreeMap;

use plimsoll_model::{
    Account, BotName, ClientId, InstrumentId, LinkId, NewOrder, Now, OrderId, OrderStatus, Qty, Side,
};
use rust_decimal::Decimal;

use super::Bridge;
use super::orders::{Asker, Taken};
use super::own_orders::OwnOrder;
use crate::book::{OrderKey, OrderState};
use crate::config::{BotConfig, Equivalent, Sizing};
use crate::guard::{Crossing, Denial, GuardId, Phase, Reason, meets_only_others_on_close};
use crate::on_close::is_netted;
use crate::outbox::Replaced;
use crate::{Command, limits};

/// TWS: a message about an order, for people.
const CODE_ORDER_MESSAGE: i32 = 399;

/// What waits or works in the place of a bot's order, by its own place in the book.
#[derive(Debug, Default)]
pub(crate) struct InPlaces(BTreeMap<OrderKey, InPlace>);

/// Whose order one of our own stands in for.
#[derive(Debug)]
struct InPlace {
    client_id: ClientId,
    order_id: OrderId,
    /// What the bot's order was: one more of the kind is a retry, however the quotes have moved.
    kind: Kind,
    /// Our own order, for people.
    label: String,
    /// It is to end.
    is_canceled: bool,
    /// In which life of our own connection its cancel was sent.
    canceled_in: Option<u64>,
}

/// Bot, account, instrument and side of an order that stays here.
type Kind = (BotName, Account, InstrumentId, Side);

fn kind_of(order: &NewOrder) -> Kind {
    (order.bot.clone(), order.account.clone(), order.instrument.clone(), order.side)
}

impl Bridge {
    /// A bot's order is denied. If it is an on-close order that could trade with others', one in an equivalent may go in its
    /// place, and the bot is answered when that leaves; otherwise the denial stands, and says why nothing does.
    pub(super) fn instead(
        &mut self,
        now: Now,
        asker: &Asker,
        (taken, orders): (&[Taken], &[NewOrder]),
        denial: Denial,
        out: &mut Vec<Command>,
    ) -> Result<(), Denial> {
        let (Reason::WouldCross { with }, [one], [order]) = (&denial.reason, taken, orders) else {
            return Err(denial);
        };
        let Some(equivalents) = asker.config.equivalents().filter(|_| one.replaces.is_none()) else {
            return Err(denial);
        };
        let ctx = self.context(now, Phase::Decision, (asker.bot(), asker.client_id), &asker.config);
        if !is_netted(order) || !meets_only_others_on_close(&ctx, order) {
            return Err(denial);
        }
        let with = with.clone();
        let placed = match equivalents.get(&order.instrument) {
            None => Err(format!("no equivalent of {} is configured", order.instrument).into()),
            Some(equivalent) => {
                let replaced = Box::new(Replaced {
                    link: asker.link,
                    client_id: asker.client_id,
                    order_id: order.order_id,
                    raw: one.raw.clone(),
                    with: with.clone(),
                });
                self.place_equivalent(now, asker.bot(), order, equivalent, replaced, out)
            }
        };
        placed.map_err(|why| no_equivalent(with, why))?;
        // Its number stays free at the venue, as that of any order that was denied.
        let mut state = OrderState::ours(order, asker.client_id, &one.bot_ref, now.wall);
        state.status = OrderStatus::Denied;
        state.denied_by = Some(GuardId::SelfMatch);
        self.book.insert(state);
        Ok(())
    }

    fn place_equivalent(
        &mut self,
        now: Now,
        bot: &BotConfig,
        order: &NewOrder,
        equivalent: &Equivalent,
        replaced: Box<Replaced>,
        out: &mut Vec<Command>,
    ) -> Result<(), Box<str>> {
        let kind = kind_of(order);
        let is_again = |of: &&InPlace| {
            of.kind == kind || (of.client_id, of.order_id) == (replaced.client_id, replaced.order_id)
        };
        if let Some(of) = self.in_places.0.values().find(is_again) {
            return Err(format!("order {} is already replaced by {}", of.order_id, of.label).into());
        }
        if self.in_places.0.len() >= limits::EQUIVALENTS_MAX {
            let max = limits::EQUIVALENTS_MAX;
            return Err(Reason::TooMany { what: "orders in equivalent instruments", max }.to_string().into());
        }
        let wanted = OwnOrder {
            bot: order.bot.clone(),
            account: order.account.clone(),
            instrument: equivalent.instrument.clone(),
            side: order.side,
            qty: self.equivalent_qty(now, bot, order, equivalent)?,
            ord_type: order.ord_type.clone(),
            limit_px: None,
            stop_px: None,
            tif: order.tif.clone(),
            outside_rth: false,
            decision: order.decision.clone(),
        };
        let told = |denial: Denial| Box::<str>::from(denial.to_string());
        let own = self.judged_own(now, wanted).map_err(told)?;
        // Remembered once: what was asked for is what leaves.
        let asked = self.recent.new_order(now.mono, &own, false);
        let label = format!("{own} [{}]", own.cl_ord_id);
        let (client_id, order_id) = (replaced.client_id, replaced.order_id);
        let key = self.post_own(now, own, Some(asked), Some(replaced), out).map_err(told)?;
        let of = InPlace { client_id, order_id, kind, label, is_canceled: false, canceled_in: None };
        self.in_places.0.insert(key, of);
        Ok(())
    }

    /// How much of the equivalent stands in for an order, in whole units and never more than was asked for.
    fn equivalent_qty(
        &self,
        now: Now,
        bot: &BotConfig,
        order: &NewOrder,
        equivalent: &Equivalent,
    ) -> Result<Qty, Box<str>> {
        let Equivalent { instrument, sizing } = equivalent;
        let qty = match sizing {
            Sizing::Ratio(ratio) => order.qty.get().checked_mul(*ratio),
            Sizing::Notional => {
                let of = self.worth(now, bot, &order.instrument)?;
                let with = self.worth(now, bot, instrument)?;
                order.qty.get().checked_mul(of).and_then(|worth| worth.checked_div(with))
            }
        };
        let whole = qty.and_then(|qty| u64::try_from(qty.floor()).ok());
        let whole = whole.ok_or("its quantity would have more than 28 digits")?;
        if whole == 0 {
            return Err(format!("{} {} are less than one {instrument}", order.qty, order.instrument).into());
        }
        Ok(Qty::whole(whole))
    }

    /// What one unit is worth by the middle of its quote, which must be young even for a bot whose prices need not be:
    /// what is sized by an old price is of the wrong size.
    fn worth(&self, now: Now, bot: &BotConfig, instrument: &InstrumentId) -> Result<Decimal, Box<str>> {
        let max = bot.stale_after.unwrap_or(limits::EQUIVALENT_QUOTE_AGE_MAX);
        let no_quote = || Reason::NoQuote { instrument: instrument.clone() }.to_string();
        let stale =
            |field, age| Reason::Stale { instrument: instrument.clone(), field, age, max }.to_string().into();
        let age = self.quotes.age(instrument, now.wall).ok_or_else(no_quote)?;
        if age > max {
            return Err(stale(None, age));
        }
        let sides = [Side::Buy, Side::Sell].map(|side| self.quotes.opposite_age(instrument, side, now.wall));
        if let Some((age, field)) = sides.into_iter().flatten().find(|(age, _)| *age > max) {
            return Err(stale(Some(field), age));
        }
        let one_sided = || format!("the quote of {instrument} has not both of its sides");
        let px =
            self.quotes.middle(instrument).filter(|px| px.get() > Decimal::ZERO).ok_or_else(one_sided)?;
        let multiplier = self.terms(instrument).map(|terms| terms.multiplier);
        let worth = multiplier.and_then(|multiplier| px.get().checked_mul(multiplier));
        worth.ok_or_else(|| format!("what one {instrument} is worth is not known").into())
    }

    /// The order in the equivalent has left: only now it is true.
    pub(super) fn sent_in_place(&mut self, key: OrderKey, replaced: Replaced, out: &mut Vec<Command>) {
        let Replaced { link, order_id, raw, with, .. } = replaced;
        let sent = self.in_places.0.get(&key).map(|of| of.label.as_str().into()).unwrap_or_default();
        let denial = Denial { guard: GuardId::SelfMatch, reason: Reason::SentElsewhere { with, sent } };
        out.push(Command::Deny { link, order_id: Some(order_id), denial, raw });
    }

    /// Neither leaves.
    pub(super) fn deny_replaced(
        &mut self,
        key: OrderKey,
        replaced: Replaced,
        why: Box<str>,
        out: &mut Vec<Command>,
    ) {
        self.in_places.0.remove(&key);
        let Replaced { link, order_id, raw, with, .. } = replaced;
        out.push(Command::Deny { link, order_id: Some(order_id), denial: no_equivalent(with, why), raw });
    }

    /// A bot cancels an order in whose place another one waits or works: that is what it can mean. Whether there is one.
    pub(super) fn cancel_equivalent(
        &mut self,
        now: Now,
        (link, client_id): (LinkId, ClientId),
        order_id: OrderId,
        out: &mut Vec<Command>,
    ) -> bool {
        // Its number may be that of a later order by now.
        let is_used_again = |key| self.book.get(key).is_some_and(|state| state.status.is_open());
        if self.book.by_client(client_id, order_id).is_some_and(is_used_again) {
            return false;
        }
        let is_for = |of: &InPlace| (of.client_id, of.order_id) == (client_id, order_id);
        let all = self.in_places.0.iter().filter(|(_, of)| is_for(of));
        let keys: Vec<_> = all.map(|(key, _)| *key).collect();
        for key in &keys {
            self.take_back_equivalent(now, link, *key, out);
        }
        !keys.is_empty()
    }

    /// The same for all that stands in for orders of this client.
    pub(super) fn cancel_equivalents_of(
        &mut self,
        now: Now,
        (link, client_id): (LinkId, ClientId),
        out: &mut Vec<Command>,
    ) {
        let all = self.in_places.0.iter().filter(|(_, of)| of.client_id == client_id);
        let keys: Vec<_> = all.map(|(key, _)| *key).collect();
        for key in keys {
            self.take_back_equivalent(now, link, key, out);
        }
    }

    /// What waits for the disk never leaves; what may have left is canceled, now or when our connection is there.
    fn take_back_equivalent(&mut self, now: Now, link: LinkId, key: OrderKey, out: &mut Vec<Command>) {
        if self.outbox.take_own(key) {
            let of = self.in_places.0.remove(&key);
            self.book.update(key, |state| {
                state.status = OrderStatus::Canceled;
                state.since = now.wall;
            });
            out.extend(of.map(|of| Command::CanceledUnsent { link, order_id: of.order_id }));
        } else if let Some(of) = self.in_places.0.get_mut(&key) {
            of.is_canceled = true;
            // A bot that asks again is to be heard again.
            of.canceled_in = None;
        }
    }

    /// What was to be canceled before is canceled once more.
    pub(super) fn cancel_equivalents_again(&mut self) {
        for of in self.in_places.0.values_mut() {
            of.canceled_in = None;
        }
    }

    pub(super) fn is_canceled_in_place(&self, key: OrderKey) -> bool {
        self.in_places.0.get(&key).is_some_and(|of| of.is_canceled)
    }

    /// After every event: the cancels that are wanted and were not sent in this life of our own connection.
    pub(super) fn cancel_in_places(&mut self, out: &mut Vec<Command>) {
        if self.in_places.0.is_empty() {
            return;
        }
        let Some((link, _)) = self.own_way() else { return };
        let epoch = self.recon.epoch;
        for (key, of) in &mut self.in_places.0 {
            if !of.is_canceled || of.canceled_in == Some(epoch) {
                continue;
            }
            let open = self.book.get(*key).filter(|state| state.status.is_open());
            if let Some(order_id) = open.and_then(|state| state.order_id) {
                of.canceled_in = Some(epoch);
                out.push(Command::Cancel { link, order_id });
            }
        }
    }

    /// After every event: orders in equivalents that are over. The venue tells nobody but us.
    pub(super) fn tell_equivalents(&mut self, out: &mut Vec<Command>) {
        if self.in_places.0.is_empty() {
            return;
        }
        let is_over = |state: &OrderState| match state.status {
            // Its executions are still to come.
            OrderStatus::Filled => state.posted_qty >= state.qty,
            status => !status.is_open() && state.posted_qty >= state.cum_qty,
        };
        let over: Vec<_> =
            self.in_places.0.keys().copied().filter(|key| self.book.get(*key).is_none_or(is_over)).collect();
        for key in over {
            let Some(of) = self.in_places.0.remove(&key) else { continue };
            let Some(state) = self.book.get(key) else { continue };
            let text = format!(
                "{} in the place of order {} is over ({}): {} of {} executed",
                of.label, of.order_id, state.status, state.cum_qty, state.qty
            );
            if state.cum_qty < state.qty {
                out.push(Command::Notice { text: text.clone() });
            }
            let link = self.links.of_client(of.client_id);
            if let Some(link) = link.filter(|link| self.links.get(*link).is_some_and(|state| state.attached))
            {
                // Under no number: a word about an order that is over brings it back to life in ib_async.
                out.push(Command::Refuse { link, id: None, code: CODE_ORDER_MESSAGE, text });
            }
        }
    }
}

fn no_equivalent(with: Crossing, why: Box<str>) -> Denial {
    Denial { guard: GuardId::SelfMatch, reason: Reason::NoEquivalent { with, why } }
}
