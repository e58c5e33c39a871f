//! Order references: `SPY-trend-20261127-7`, written into every order and read back from the broker, so
//! that an execution finds its bot through any restart of either side.

use jiff::civil::Date;
use plimsoll_model::{BotName, ClOrdId, Now};

use super::Bridge;
use crate::book::Owner;
use crate::limits;

impl Bridge {
    /// The next reference of this bot today.
    pub(super) fn next_reference(&mut self, now: Now, bot: &BotName, symbol: &str) -> ClOrdId {
        let date = self.trade_date(now);
        self.counters.retain(|(_, day), _| *day >= date);
        let counter = self.counters.entry((bot.clone(), date)).or_insert(0);
        *counter += 1;
        let symbol: String = symbol
            .chars()
            .take(limits::REFERENCE_SYMBOL_MAX)
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '.' })
            .collect();
        ClOrdId::new(&format!("{symbol}-{bot}-{}-{counter}", date.strftime("%Y%m%d")))
            .expect("a reference is built from at most 90 ASCII letters, digits, dots and dashes")
    }

    /// Whose an order with this reference is, if that is of our form and the bot is ours. A number that the broker
    /// knows is never given out again, even if our own memory of it was lost; only those of today matter,
    /// because the date is part of every reference.
    pub(super) fn owner_of_reference(&mut self, now: Now, reference: &str) -> Option<(ClOrdId, Owner)> {
        let mut parts = reference.rsplitn(4, '-');
        let number: u32 = parts.next()?.parse().ok()?;
        let date = Date::strptime("%Y%m%d", parts.next()?).ok()?;
        let bot = BotName::new(parts.next()?)?;
        let owner = Owner::named(&bot);
        if owner != Owner::Fleet {
            self.bot_config(&bot)?;
        }
        if number > limits::REFERENCE_COUNTER_MAX {
            return None;
        }
        if date == self.trade_date(now) {
            let counter = self.counters.entry((bot.clone(), date)).or_insert(0);
            *counter = (*counter).max(number);
        }
        Some((ClOrdId::new(reference)?, owner))
    }
}
