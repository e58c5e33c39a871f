//! Closing a bot's positions in the auction.
//!
//! Owns: which on-close orders are placed for the positions of a bot. A bot's own on-close order that closes the position
//! already is watched instead of doubled.
//!
//! Invariant: the orders placed here can together never reverse the position that the ledger has for the bot.
//!
//! Does not own: when positions are closed (`jobs`), what stands in for an on-close order that is dead (`fallbacks`).

use jiff::Timestamp;
use plimsoll_model::{Account, BotName, InstrumentId, Now, OrdType, Position, Qty, Side};

use super::Bridge;
use super::fallbacks::Followed;
use super::own_orders::OwnOrder;
use crate::Command;
use crate::book::{OrderKey, OrderState};
use crate::schedule::JobName;

/// Whose positions are closed, and for which job.
#[derive(Debug, Clone, Copy)]
pub(super) struct Close<'a> {
    pub(super) job: &'a JobName,
    pub(super) bot: &'a BotName,
    /// From when on a market order may stand in for an on-close order.
    pub(super) market_at: Option<Timestamp>,
    pub(super) placing: Placing,
}

/// What of a job is still possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placing {
    /// On-close orders are placed.
    OnClose,
    /// It was missed: nothing is placed but what stands in for them.
    Missed,
}

impl Bridge {
    /// Places an on-close order for what the bot holds of each contract, and follows it if a market order may stand in
    /// for it from an instant on.
    pub(super) fn close_positions(&mut self, now: Now, close: Close<'_>, out: &mut Vec<Command>) {
        let Close { job, bot, .. } = close;
        let held: Vec<_> = self
            .ledger
            .held_by(bot)
            .map(|(account, instrument)| (account.clone(), instrument.clone()))
            .filter(|(account, instrument)| !self.ledger.bot_position(bot, account, instrument).is_zero())
            .collect();
        if held.is_empty() {
            out.push(Command::JobNote {
                text: format!("job {job}: {bot} holds nothing, so nothing is closed"),
            });
        }
        for (account, instrument) in held {
            self.close_position(now, close, (account, instrument), out);
        }
    }

    fn close_position(
        &mut self,
        now: Now,
        close: Close<'_>,
        (account, instrument): (Account, InstrumentId),
        out: &mut Vec<Command>,
    ) {
        let Close { job, bot, market_at, placing } = close;
        let position = self.ledger.bot_position(bot, &account, &instrument);
        let side = if position > Position::FLAT { Side::Sell } else { Side::Buy };
        let open = self.closable(bot, &account, &instrument);
        if open != position.size() {
            let foreign = self.ledger.foreign_position(&account, &instrument);
            let text = format!(
                "job {job}: {bot} holds {position} {instrument} of {account}, and {foreign} is foreign there, as if somebody had \
                 closed it by hand: {open} is closed"
            );
            out.push(Command::Notice { text });
        }
        if open.is_zero() {
            return;
        }
        let working = self.closing_orders(bot, &account, &instrument, side);
        let left = working.iter().fold(open, |left, (_, qty, _)| left.saturating_sub(*qty));
        let closing = |key, label: &str, qty| (key, Box::<str>::from(label), qty);
        let mut all: Vec<_> = working
            .iter()
            .filter(|(_, _, state)| state.ord_type == OrdType::MarketOnClose && state.status.is_open())
            .map(|(key, _, state)| closing(Some(*key), &state.label(), state.qty))
            .collect();
        if left.is_zero() {
            let labels: Vec<_> = working.iter().map(|(_, _, state)| state.label()).collect();
            let labels = labels.join(", ");
            // What is no on-close order may not be executed, and one more order could reverse the position.
            out.push(if all.len() == working.len() {
                let text = format!("job {job}: {bot} closes {position} {instrument} of {account} already: {labels}");
                Command::JobNote { text }
            } else {
                let text = format!(
                    "job {job}: {position} {instrument} of {bot} in {account} is not closed: {labels} may still be executed, and \
                     one order more could reverse it; let a job cancel_orders before this one"
                );
                Command::Notice { text }
            });
        } else if placing == Placing::Missed {
            all.push(closing(None, &format!("{side} {left} {instrument} MOC of {bot}"), left));
        } else {
            let whose = (bot.clone(), account.clone(), instrument.clone());
            let wanted = OwnOrder::unpriced(whose, (side, left), OrdType::MarketOnClose);
            match self.place_for_bot(now, wanted, out) {
                Ok(id) => all.push(closing(self.book.by_ref(&id), id.as_str(), left)),
                Err(denial) => {
                    let label = format!("{side} {left} {instrument} MOC of {bot}");
                    out.push(Command::Notice {
                        text: format!("job {job}: {label} was not placed: {denial}"),
                    });
                    all.push(closing(None, &label, left));
                }
            }
        }
        let Some(at) = market_at else { return };
        for (key, label, qty) in all {
            let (job, bot) = (job.clone(), bot.clone());
            let (account, instrument) = (account.clone(), instrument.clone());
            self.follow(now, Followed { job, bot, account, instrument, side, key, label }, (qty, at), out);
        }
    }

    /// How much of a bot's holding may be closed: not what a person has closed by hand. That is foreign in the ledger, on
    /// the other side; the account alone does not say it, because two bots may hold opposite positions.
    pub(super) fn closable(&self, bot: &BotName, account: &Account, instrument: &InstrumentId) -> Qty {
        let position = self.ledger.bot_position(bot, account, instrument);
        let foreign = self.ledger.foreign_position(account, instrument);
        let is_opposite = (position > Position::FLAT) != (foreign > Position::FLAT) && !foreign.is_zero();
        if is_opposite { position.size().saturating_sub(foreign.size()) } else { position.size() }
    }

    /// The bot's orders that can still move the position towards zero, and by how much.
    pub(super) fn closing_orders(
        &self,
        bot: &BotName,
        account: &Account,
        instrument: &InstrumentId,
        side: Side,
    ) -> Vec<(OrderKey, Qty, OrderState)> {
        let qty_of = |state: &OrderState| {
            let (towards, times) = state.part_in(instrument)?;
            let is_own =
                state.owner.bot() == Some(bot) && state.account.as_ref().is_none_or(|of| of == account);
            state.exposed_qty().checked_mul(times).filter(|qty| is_own && towards == side && !qty.is_zero())
        };
        let exposed = self.book.exposed_in(instrument);
        exposed.filter_map(|(key, state)| Some((key, qty_of(state)?, state.clone()))).collect()
    }
}
