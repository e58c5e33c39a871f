//! The latest quote of each instrument from our own subscription, and what it is good for: a reference
//! price and an age.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use plimsoll_model::{InstrumentId, Price, Side};

use crate::Quote;

/// Quotes by instrument.
#[derive(Debug, Default)]
pub(crate) struct Quotes {
    /// Where each instrument stands; it keeps its place for good.
    places: BTreeMap<InstrumentId, Place>,
    entries: Vec<Entry>,
}

/// The place of an instrument: what is asked for at every order is found without a look at its name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place(usize);

#[derive(Debug, Default)]
struct Entry {
    quote: Option<Quote>,
    /// Counts the changes of the mark.
    stamp: u64,
}

impl Quotes {
    pub(crate) fn set(&mut self, instrument: &InstrumentId, quote: Quote) {
        let place = self.place(instrument);
        let entry = &mut self.entries[place.0];
        if entry.quote.as_ref().map(makes_mark) != Some(makes_mark(&quote)) {
            entry.stamp += 1;
        }
        entry.quote = Some(quote);
    }

    /// Forgets everything: after a lost connection an old quote must not look young.
    pub(crate) fn clear(&mut self) {
        for entry in &mut self.entries {
            entry.quote = None;
            entry.stamp += 1;
        }
    }

    /// The place of this instrument, whether it has a quote or not.
    pub(crate) fn place(&mut self, instrument: &InstrumentId) -> Place {
        if let Some(place) = self.places.get(instrument) {
            return *place;
        }
        let place = Place(self.entries.len());
        self.entries.push(Entry::default());
        self.places.insert(instrument.clone(), place);
        place
    }

    /// Another number than before, if the mark at this place may be another one.
    pub(crate) fn stamp(&self, place: Place) -> u64 {
        self.entries[place.0].stamp
    }

    fn get(&self, instrument: &InstrumentId) -> Option<&Quote> {
        self.entries[self.places.get(instrument)?.0].quote.as_ref()
    }

    /// How far from now the venue struck a price of this instrument. One from the future is as suspect as
    /// an old one: some clock is wrong.
    pub(crate) fn age(&self, instrument: &InstrumentId, now: Timestamp) -> Option<Duration> {
        let struck = self.get(instrument)?.struck;
        Some(now.duration_since(struck).unsigned_abs())
    }

    /// What a market order of this side would meet. Without an opposite quote nobody knows: the last trade
    /// is what somebody else met.
    pub(crate) fn opposite(&self, instrument: &InstrumentId, side: Side) -> Option<Price> {
        let quote = self.get(instrument)?;
        match side {
            Side::Buy => quote.ask,
            Side::Sell => quote.bid,
        }
    }

    /// Where the market is, to compare a price with: the opposite quote, or the last trade without one.
    pub(crate) fn reference(&self, instrument: &InstrumentId, side: Side) -> Option<Price> {
        self.opposite(instrument, side).or_else(|| self.get(instrument)?.last)
    }

    /// The middle of the quote; none without both of its sides.
    pub(crate) fn middle(&self, instrument: &InstrumentId) -> Option<Price> {
        let quote = self.get(instrument)?;
        let sum = quote.bid?.get().checked_add(quote.ask?.get())?;
        Some(Price::new(sum / rust_decimal::Decimal::TWO))
    }

    /// What a holding is worth per unit: the last trade, or the middle of the quote.
    pub(crate) fn mark(&self, instrument: &InstrumentId) -> Option<Price> {
        self.get(instrument)?.last.or_else(|| self.middle(instrument))
    }
}

/// The part of a quote that its mark is made of.
fn makes_mark(quote: &Quote) -> [Option<Price>; 3] {
    if quote.last.is_some() { [quote.last, None, None] } else { [None, quote.bid, quote.ask] }
}
