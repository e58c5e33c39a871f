//! A bot's result since the journal began: realised and open, net of the fees that are known.
//!
//! Asked for by each order that adds risk, so nothing here copies a name.

use plimsoll_ledger::{BotHolding, Ledger};
use plimsoll_model::{BotName, Currency, Money, Price};

use crate::quotes::Quotes;

/// What is held without a price counts as nothing.
pub(crate) fn of(ledger: &Ledger, quotes: &Quotes, bot: &BotName) -> Money {
    ledger.holdings_of(bot).fold(Money::zero(Currency::USD), |sum, holding| {
        let mark = quotes.mark(holding.instrument);
        with(sum, &holding, mark)
    })
}

/// The same, or nothing while something that the bot holds has no price.
pub(crate) fn if_marked(ledger: &Ledger, quotes: &Quotes, bot: &BotName) -> Option<Money> {
    ledger.holdings_of(bot).try_fold(Money::zero(Currency::USD), |sum, holding| {
        let mark = quotes.mark(holding.instrument);
        let is_marked = mark.is_some() || holding.position().is_zero();
        is_marked.then(|| with(sum, &holding, mark))
    })
}

fn with(sum: Money, holding: &BotHolding<'_>, mark: Option<Price>) -> Money {
    let parts = [Some(holding.realised_net()), mark.and_then(|mark| holding.open_pnl(mark))];
    let own = parts.into_iter().flatten().filter(|part| part.currency == sum.currency);
    own.fold(sum, |sum, part| sum.checked_add(part).unwrap_or(sum))
}
