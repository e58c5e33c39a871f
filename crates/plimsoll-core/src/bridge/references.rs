//! Order references: `SPY-trend-20261127-7`, written into every order and read back from the broker, so
//! that an execution finds its bot through any restart of either side.
//!
//! The date is the trade date of the order's own venue. In the evening of New York it is tomorrow already in Tokyo, so
//! several dates are counted at once.

use jiff::ToSpan;
use jiff::civil::Date;
use plimsoll_model::{BotName, ClOrdId, InstrumentId, Now};

use super::Bridge;
use crate::book::Owner;
use crate::limits;

/// The symbol where a message names no contract that we can tell.
const NO_SYMBOL: &str = "x";

impl Bridge {
    /// The next reference of this bot on the trade date of this instrument's venue.
    pub(super) fn next_reference(
        &mut self,
        now: Now,
        bot: &BotName,
        instrument: Option<&InstrumentId>,
    ) -> ClOrdId {
        let date = self.trade_date_of(now, instrument);
        let oldest = counted(now).0;
        self.counters.retain(|(_, day), _| *day >= oldest);
        let counter = self.counters.entry((bot.clone(), date)).or_insert(0);
        *counter += 1;
        let symbol = instrument.map_or(NO_SYMBOL, |id| id.as_str().split('.').next().unwrap_or_default());
        let symbol: String = symbol
            .chars()
            .take(limits::REFERENCE_SYMBOL_MAX)
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '.' })
            .collect();
        ClOrdId::new(&format!("{symbol}-{bot}-{}-{counter}", date.strftime("%Y%m%d")))
            .expect("a reference is built from at most 90 ASCII letters, digits, dots and dashes")
    }

    /// Whose an order with this reference is, if that is of our form and the bot is ours. A number that the broker
    /// knows is never given out again, even if our own memory of it was lost; only those of dates that can still be
    /// given out matter, because the date is part of every reference.
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
        let (oldest, latest) = counted(now);
        if (oldest..=latest).contains(&date) {
            let counter = self.counters.entry((bot.clone(), date)).or_insert(0);
            *counter = (*counter).max(number);
        }
        Some((ClOrdId::new(reference)?, owner))
    }

    /// The trade date of an instrument's own venue, of the US exchanges where that is not known; the civil date in UTC
    /// where no calendar reaches.
    fn trade_date_of(&self, now: Now, instrument: Option<&InstrumentId>) -> Date {
        let name = instrument.and_then(|instrument| self.contracts.calendar_of(instrument));
        match name.and_then(|name| self.elsewhere.get(name)) {
            Some(calendar) => {
                calendar.trade_date(self.clock.corrected(now)).unwrap_or_else(|_| utc_date(now))
            }
            None => self.trade_date(now),
        }
    }

    /// The same of the US exchanges.
    fn trade_date(&self, now: Now) -> Date {
        self.moment().trade_date.clone().unwrap_or_else(|_| utc_date(now))
    }
}

/// The dates whose references may still be given out, whatever the venue, its holidays and our clock.
fn counted(now: Now) -> (Date, Date) {
    let today = utc_date(now);
    (
        today.saturating_sub(limits::REFERENCE_DAYS_BACK.days()),
        today.saturating_add(limits::REFERENCE_DAYS_AHEAD.days()),
    )
}

fn utc_date(now: Now) -> Date {
    now.wall.to_zoned(jiff::tz::TimeZone::UTC).date()
}
