//! The latest quote of each instrument from our own subscription, and what it is good for: a reference
//! price and an age.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use plimsoll_model::{InstrumentId, Price, Side};

use crate::Quote;

/// Quotes by instrument.
#[derive(Debug, Default)]
pub(crate) struct Quotes(BTreeMap<InstrumentId, Quote>);

impl Quotes {
    pub(crate) fn set(&mut self, instrument: InstrumentId, quote: Quote) {
        self.0.insert(instrument, quote);
    }

    /// Forgets everything: after a lost connection an old quote must not look young.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// How far from now the venue struck a price of this instrument. One from the future is as suspect as
    /// an old one: some clock is wrong.
    pub(crate) fn age(&self, instrument: &InstrumentId, now: Timestamp) -> Option<Duration> {
        let struck = self.0.get(instrument)?.struck;
        Some(now.duration_since(struck).unsigned_abs())
    }

    /// What a market order of this side would meet. Without an opposite quote nobody knows: the last trade
    /// is what somebody else met.
    pub(crate) fn opposite(&self, instrument: &InstrumentId, side: Side) -> Option<Price> {
        let quote = self.0.get(instrument)?;
        match side {
            Side::Buy => quote.ask,
            Side::Sell => quote.bid,
        }
    }

    /// Where the market is, to compare a price with: the opposite quote, or the last trade without one.
    pub(crate) fn reference(&self, instrument: &InstrumentId, side: Side) -> Option<Price> {
        self.opposite(instrument, side).or_else(|| self.0.get(instrument)?.last)
    }

    /// What a holding is worth per unit: the last trade, or the middle of the quote.
    pub(crate) fn mark(&self, instrument: &InstrumentId) -> Option<Price> {
        let quote = self.0.get(instrument)?;
        quote.last.or_else(|| {
            let sum = quote.bid?.get().checked_add(quote.ask?.get())?;
            Some(Price::new(sum / rust_decimal::Decimal::TWO))
        })
    }
}
