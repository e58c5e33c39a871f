//! The results of bots with a limit of the day's loss, kept from one order to the next: of all that a bot
//! holds, only what was executed, charged or priced anew since is looked at again.
//!
//! Invariant: what is kept is what the walk finds, to the last digit. A sum that would have to be rounded is
//! not kept; then, and wherever something was not brought up to date, the walk answers.

use std::collections::BTreeMap;

use plimsoll_ledger::Ledger;
use plimsoll_model::{Account, BotName, Currency, InstrumentId, Money};
use rust_decimal::Decimal;

use super::{Unknown, mark_of, parts, whole};
use crate::config::BotConfig;
use crate::quotes::{Place, Quotes};

/// What is kept of each bot.
#[derive(Debug, Default)]
pub(crate) struct Results(BTreeMap<BotName, Kept>);

#[derive(Debug)]
struct Kept {
    currency: Currency,
    /// As the ledger lists them.
    parts: Vec<Part>,
    /// Of all parts that are known; none if it is not kept.
    sum: Option<Decimal>,
    /// How many parts are not known.
    odd: usize,
}

/// One holding.
#[derive(Debug)]
struct Part {
    account: Account,
    instrument: InstrumentId,
    place: Place,
    /// Of the price that was looked at last; none if the ledger has changed since.
    stamp: Option<u64>,
    worth: Worth,
}

#[derive(Debug, Clone, Copy)]
enum Worth {
    Known(Decimal),
    Unknown(Unknown),
    /// Only the walk can say, because it rounds or leaves out what does not fit.
    Inexact,
}

impl Results {
    /// The bot's holding is not what it was.
    pub(crate) fn moved(&mut self, bot: &BotName, account: &Account, instrument: &InstrumentId) {
        let parts = self.0.get_mut(bot).into_iter().flat_map(|kept| &mut kept.parts);
        for part in parts.filter(|part| part.instrument == *instrument && part.account == *account) {
            part.stamp = None;
        }
    }

    /// Another configuration, or anything else that may change them all.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Looks again at what has changed.
    pub(crate) fn refresh(&mut self, ledger: &Ledger, quotes: &mut Quotes, bot: &BotConfig) {
        let Some(currency) = bot.daily_loss_max.map(|max| max.currency) else { return };
        if !self.0.get(&bot.name).is_some_and(|kept| kept.names_all(ledger, bot, currency)) {
            self.0.insert(bot.name.clone(), Kept::new(ledger, quotes, bot, currency));
        }
        if let Some(kept) = self.0.get_mut(&bot.name) {
            kept.refresh(ledger, quotes, bot);
        }
    }

    /// What is kept of this bot, as it was when it was brought up to date last.
    #[cfg(test)]
    pub(crate) fn kept_of(&self, bot: &BotName) -> Option<Result<Money, Unknown>> {
        self.0.get(bot)?.answer()
    }

    /// What [`whole`] says.
    pub(crate) fn whole(
        &self,
        ledger: &Ledger,
        quotes: &Quotes,
        bot: &BotConfig,
        currency: Currency,
    ) -> Result<Money, Unknown> {
        let kept = self.0.get(&bot.name).filter(|kept| kept.is_fresh(ledger, quotes, bot, currency));
        match kept.and_then(Kept::answer) {
            Some(answer) => {
                debug_assert_eq!(
                    answer,
                    whole(ledger, quotes, bot, currency),
                    "invariant: the result kept of {} is what a walk finds",
                    bot.name
                );
                answer
            }
            None => whole(ledger, quotes, bot, currency),
        }
    }
}

impl Kept {
    fn new(ledger: &Ledger, quotes: &mut Quotes, bot: &BotConfig, currency: Currency) -> Self {
        let part = |(account, instrument): (&Account, &InstrumentId)| Part {
            account: account.clone(),
            instrument: instrument.clone(),
            place: quotes.place(instrument),
            stamp: None,
            worth: Worth::Known(Decimal::ZERO),
        };
        let parts = ledger.held_by(&bot.name).map(part).collect();
        Self { currency, parts, sum: Some(Decimal::ZERO), odd: 0 }
    }

    /// A bot never loses a place in the ledger, so the number of them tells whether one is missing.
    fn names_all(&self, ledger: &Ledger, bot: &BotConfig, currency: Currency) -> bool {
        self.currency == currency && self.parts.len() == ledger.count_held_by(&bot.name)
    }

    fn is_fresh(&self, ledger: &Ledger, quotes: &Quotes, bot: &BotConfig, currency: Currency) -> bool {
        self.names_all(ledger, bot, currency) && self.parts.iter().all(|part| part.is_fresh(quotes))
    }

    fn refresh(&mut self, ledger: &Ledger, quotes: &Quotes, bot: &BotConfig) {
        for part in self.parts.iter_mut().filter(|part| !part.is_fresh(quotes)) {
            let now = part.look(ledger, quotes, bot, self.currency);
            let before = std::mem::replace(&mut part.worth, now);
            part.stamp = Some(quotes.stamp(part.place));
            self.odd = self.odd + usize::from(now.known().is_none()) - usize::from(before.known().is_none());
            let (less, more) = (before.known().unwrap_or_default(), now.known().unwrap_or_default());
            self.sum = self.sum.and_then(|sum| exact_sum(exact_sum(sum, -less)?, more));
        }
        if self.sum.is_none() {
            let mut known = self.parts.iter().filter_map(|part| part.worth.known());
            self.sum = known.try_fold(Decimal::ZERO, exact_sum);
        }
    }

    /// None if only the walk can say.
    fn answer(&self) -> Option<Result<Money, Unknown>> {
        if self.odd > 0 {
            // The walk stops at the first.
            return self.parts.iter().find_map(|part| match part.worth {
                Worth::Known(_) => None,
                Worth::Unknown(unknown) => Some(Some(Err(unknown))),
                Worth::Inexact => Some(None),
            })?;
        }
        self.sum.map(|amount| Ok(Money { amount, currency: self.currency }))
    }
}

impl Part {
    fn is_fresh(&self, quotes: &Quotes) -> bool {
        self.stamp == Some(quotes.stamp(self.place))
    }

    fn look(&self, ledger: &Ledger, quotes: &Quotes, bot: &BotConfig, currency: Currency) -> Worth {
        let Some(holding) = ledger.holding_of(&bot.name, &self.account, &self.instrument) else {
            return Worth::Known(Decimal::ZERO);
        };
        let mark = match mark_of(quotes, bot, currency, &holding) {
            Ok(mark) => mark,
            Err(unknown) => return Worth::Unknown(unknown),
        };
        let mut own = parts(&holding, mark).filter(|part| part.currency == currency);
        let sum = own.try_fold(Decimal::ZERO, |sum, part| exact_sum(sum, part.amount));
        sum.map_or(Worth::Inexact, Worth::Known)
    }
}

impl Worth {
    fn known(self) -> Option<Decimal> {
        match self {
            Self::Known(amount) => Some(amount),
            Self::Unknown(_) | Self::Inexact => None,
        }
    }
}

/// The sum, if it fits without rounding.
fn exact_sum(a: Decimal, b: Decimal) -> Option<Decimal> {
    if a.is_zero() || b.is_zero() {
        return Some(if a.is_zero() { b } else { a });
    }
    a.checked_add(b).filter(|sum| sum.scale() == a.scale().max(b.scale()))
}
