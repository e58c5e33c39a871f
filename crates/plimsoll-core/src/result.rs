//! A bot's result since the journal began: realised and open, net of the fees that are known.
//!
//! What is here walks through all that the bot holds and copies no name. Each order that adds risk asks, so
//! [`Results`] keeps what the walk would find.

mod kept;

use plimsoll_ledger::{BotHolding, Ledger};
use plimsoll_model::{BotName, Currency, Money, Price};

use crate::config::BotConfig;
use crate::quotes::Quotes;

pub(crate) use kept::Results;

/// Why a result cannot be known in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// Something that the bot holds has no price.
    Unmarked,
    /// A part of it is in this currency, and nobody here has a rate.
    InCurrency(Currency),
}

/// For people: what is in US dollars. What is held without a price counts as nothing.
pub(crate) fn of(ledger: &Ledger, quotes: &Quotes, bot: &BotName) -> Money {
    ledger.holdings_of(bot).fold(Money::zero(Currency::USD), |sum, holding| {
        let mark = quotes.mark(holding.instrument);
        with(sum, &holding, mark)
    })
}

/// For the guard: all of it in this currency, or why that cannot be known.
pub(crate) fn whole(
    ledger: &Ledger,
    quotes: &Quotes,
    bot: &BotConfig,
    currency: Currency,
) -> Result<Money, Unknown> {
    ledger.holdings_of(&bot.name).try_fold(Money::zero(currency), |sum, holding| {
        let mark = mark_of(quotes, bot, currency, &holding)?;
        Ok(with(sum, &holding, mark))
    })
}

/// The price at which a holding counts, if its part of the result can be known in this currency.
fn mark_of(
    quotes: &Quotes,
    bot: &BotConfig,
    currency: Currency,
    holding: &BotHolding<'_>,
) -> Result<Option<Price>, Unknown> {
    // What was closed for good and can no longer be traded moves no more.
    let can_move = !holding.position().is_zero() || bot.instruments.contains_key(holding.instrument);
    if let Some(other) = holding.currency_beside(currency).filter(|_| can_move) {
        return Err(Unknown::InCurrency(other));
    }
    let mark = quotes.mark(holding.instrument);
    let is_marked = mark.is_some() || holding.position().is_zero();
    if is_marked { Ok(mark) } else { Err(Unknown::Unmarked) }
}

fn with(sum: Money, holding: &BotHolding<'_>, mark: Option<Price>) -> Money {
    let own = parts(holding, mark).filter(|part| part.currency == sum.currency);
    own.fold(sum, |sum, part| sum.checked_add(part).unwrap_or(sum))
}

/// What is realised, and what is open if that can be said.
fn parts(holding: &BotHolding<'_>, mark: Option<Price>) -> impl Iterator<Item = Money> {
    [Some(holding.realised_net()), mark.and_then(|mark| holding.open_pnl(mark))].into_iter().flatten()
}
