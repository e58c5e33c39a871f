//! Bots' own streams of prices that stand still while the market moves.
//!
//! Owns what the shell has found out about them, for the guard `stale_data`. Does not own the measurement, which needs every
//! tick and is the shell's, nor Plimsoll's own quotes.
//!
//! Bounded by the subscriptions of a link that the shell remembers and by its links.

use std::collections::BTreeMap;

use jiff::Timestamp;
use plimsoll_model::{BotName, Contract, InstrumentId, LinkId};

use crate::bridge::Bridge;

/// The last price of each stream that stands still, by whose it is. A bot may ask for prices on one connection and
/// order on another, so all of its links count.
#[derive(Debug, Default)]
pub(crate) struct Streams(BTreeMap<(BotName, InstrumentId, LinkId), Timestamp>);

impl Streams {
    /// A stream has stopped, or moves again.
    pub(crate) fn set(
        &mut self,
        bot: &BotName,
        instrument: InstrumentId,
        link: LinkId,
        still_since: Option<Timestamp>,
    ) {
        let key = (bot.clone(), instrument, link);
        match still_since {
            Some(since) => {
                self.0.insert(key, since);
            }
            None => {
                self.0.remove(&key);
            }
        }
    }

    /// A link has ended, and its streams with it.
    pub(crate) fn end(&mut self, ended: LinkId) {
        self.0.retain(|(_, _, link), _| *link != ended);
    }

    /// Every link has ended.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// When a bot's own prices of an instrument stopped, the earliest of its streams.
    pub(crate) fn still_since(&self, bot: &BotName, instrument: &InstrumentId) -> Option<Timestamp> {
        let from = (bot.clone(), instrument.clone(), LinkId(0));
        let until = (bot.clone(), instrument.clone(), LinkId(u64::MAX));
        self.0.range(from..=until).map(|(_, since)| *since).min()
    }
}

impl Bridge {
    /// The instrument by whose own quotes a bot's stream of this contract can be measured: one of the configuration, asked
    /// for by the same route. On another, a quiet exchange would look like a stream that has stopped.
    pub fn measured_by(&self, contract: &Contract) -> Option<InstrumentId> {
        let instrument = self.contracts.identify(contract).ok()?;
        let ours = self.contracts.to_order(&instrument)?;
        (ours.exchange == contract.exchange).then_some(instrument)
    }
}
