//! Quotes of our own subscriptions, conflated: the bridge gets one per instrument and venue second.
//!
//! Only prices count. A size that ticks on a frozen price must not make the price look fresh, which is
//! pitfall 1. Does not own: how old is too old.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use plimsoll_core::{Quote, Struck};
use plimsoll_model::{InstrumentId, Price, QuoteField, ReqId};
use plimsoll_tws::translate::StruckBy;

/// All subscriptions of our own connection.
#[derive(Debug, Default)]
pub struct Conflation {
    by_request: BTreeMap<ReqId, InstrumentId>,
    latest: BTreeMap<InstrumentId, Latest>,
    /// What was last known before the connection was lost.
    before: BTreeMap<InstrumentId, Quote>,
}

#[derive(Debug)]
struct Latest {
    quote: Quote,
    /// Whether something has changed since the bridge was told.
    changed: bool,
    /// The venue second in which the bridge was told last.
    told: Option<i64>,
    /// When the last trade was told.
    traded: Option<Timestamp>,
    /// Fields that a subscription has not brought yet. What comes first is the venue's memory: if it says
    /// what was known before, nothing was struck.
    unheard: BTreeSet<QuoteField>,
}

impl Conflation {
    /// A subscription was made; prices of an earlier one of the same instrument still count.
    pub fn subscribed(&mut self, req_id: ReqId, instrument: InstrumentId) {
        if let Some(latest) = self.latest.get_mut(&instrument) {
            latest.unheard = all_fields();
        }
        self.by_request.insert(req_id, instrument);
    }

    /// The connection is gone: nothing that it said counts any more.
    pub fn clear(&mut self) {
        self.by_request.clear();
        let lost = std::mem::take(&mut self.latest);
        self.before.extend(lost.into_iter().map(|(instrument, latest)| (instrument, latest.quote)));
    }

    /// One field was struck, or withdrawn. Prices of requests that are not ours are ignored.
    pub fn tick(&mut self, id: ReqId, field: QuoteField, price: Option<Price>, at: Timestamp) {
        // Yesterday's close says nothing about now.
        if field == QuoteField::Close {
            return;
        }
        let Some(instrument) = self.by_request.get(&id) else { return };
        let before = self.before.get(instrument);
        if price.is_none() && !self.latest.contains_key(instrument) {
            return;
        }
        let latest = self.latest.entry(instrument.clone()).or_insert_with(|| Latest {
            quote: Quote {
                bid: None,
                ask: None,
                last: None,
                struck: before.map_or(Struck::at(at), |quote| quote.struck),
            },
            changed: false,
            told: None,
            traded: None,
            unheard: all_fields(),
        });
        let known = slot(&mut latest.quote, field).or_else(|| slot(&mut before.copied()?, field).take());
        let is_memory = latest.unheard.remove(&field) && known == price;
        *slot(&mut latest.quote, field) = price;
        // A price that is withdrawn was not struck.
        if price.is_some() && !is_memory {
            let struck = &mut latest.quote.struck;
            struck.latest = at;
            match field {
                QuoteField::Bid => struck.bid = at,
                QuoteField::Ask => struck.ask = at,
                QuoteField::Last => latest.traded = Some(at),
                QuoteField::Close => {}
            }
        }
        latest.changed = true;
    }

    /// The quotes that the bridge is due in this venue second.
    pub fn take_due(&mut self, now: Timestamp) -> Vec<(InstrumentId, Quote)> {
        let second = now.as_second();
        let mut due = Vec::new();
        for (instrument, latest) in &mut self.latest {
            if latest.changed && latest.told != Some(second) {
                latest.changed = false;
                latest.told = Some(second);
                due.push((instrument.clone(), latest.quote));
            }
        }
        due
    }

    /// When the market of an instrument moved last, in what strikes such a stream.
    pub(crate) fn moved(&self, instrument: &InstrumentId, by: StruckBy) -> Option<Timestamp> {
        let latest = self.latest.get(instrument)?;
        match by {
            StruckBy::Prices => Some(latest.quote.struck.latest),
            StruckBy::Quotes => Some(latest.quote.struck.bid.max(latest.quote.struck.ask)),
            StruckBy::Trades => latest.traded,
        }
    }

    /// How long until the next second in which something is due; nothing if nothing waits.
    pub fn next_due(&self, now: Timestamp) -> Option<std::time::Duration> {
        let waits = self.latest.values().any(|latest| latest.changed);
        let nanos = now.subsec_nanosecond().rem_euclid(1_000_000_000);
        let left = u64::try_from(1_000_000_000 - nanos).unwrap_or(1_000_000_000);
        waits.then(|| std::time::Duration::from_nanos(left))
    }
}

fn all_fields() -> BTreeSet<QuoteField> {
    BTreeSet::from([QuoteField::Bid, QuoteField::Ask, QuoteField::Last])
}

fn slot(quote: &mut Quote, field: QuoteField) -> &mut Option<Price> {
    match field {
        QuoteField::Bid => &mut quote.bid,
        QuoteField::Ask => &mut quote.ask,
        QuoteField::Last | QuoteField::Close => &mut quote.last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-27T15:00:{text}Z").parse().unwrap()
    }

    fn px(text: &str) -> Option<Price> {
        Price::parse(text).ok()
    }

    fn spy() -> Conflation {
        let mut quotes = Conflation::default();
        quotes.subscribed(ReqId(7), InstrumentId::us_stock("SPY"));
        quotes
    }

    #[test]
    fn many_ticks_of_one_second_become_one_quote_with_the_latest_prices() {
        let mut quotes = spy();
        quotes.tick(ReqId(7), QuoteField::Bid, px("600.01"), at("00.1"));
        quotes.tick(ReqId(7), QuoteField::Ask, px("600.02"), at("00.2"));
        let first = quotes.take_due(at("00.2"));
        assert_eq!(first.len(), 1);
        assert_eq!((first[0].1.bid, first[0].1.struck.latest), (px("600.01"), at("00.2")));
        quotes.tick(ReqId(7), QuoteField::Bid, px("600.05"), at("00.3"));
        quotes.tick(ReqId(7), QuoteField::Bid, px("600.07"), at("00.9"));
        assert_eq!(quotes.take_due(at("00.95")), [], "the second had its quote");
        assert_eq!(quotes.next_due(at("00.95")), Some(std::time::Duration::from_millis(50)));
        let second = quotes.take_due(at("01.0"));
        assert_eq!((second[0].1.bid, second[0].1.struck.latest), (px("600.07"), at("00.9")));
        assert_eq!(quotes.next_due(at("01.0")), None);
    }

    #[test]
    fn a_price_that_the_venue_takes_back_is_none() {
        let mut quotes = spy();
        quotes.tick(ReqId(7), QuoteField::Bid, px("600.01"), at("00.1"));
        quotes.tick(ReqId(7), QuoteField::Bid, None, at("00.2"));
        assert_eq!(quotes.take_due(at("00.2"))[0].1.bid, None);
    }

    #[test]
    fn yesterdays_close_and_foreign_requests_make_no_quote() {
        let mut quotes = spy();
        quotes.tick(ReqId(7), QuoteField::Close, px("599"), at("00.1"));
        quotes.tick(ReqId(8), QuoteField::Bid, px("1"), at("00.1"));
        let told: Vec<_> = quotes.take_due(at("00.2"));
        assert_eq!(told, []);
    }

    #[test]
    fn what_the_venue_remembers_after_a_reconnect_was_not_struck_again() {
        let spy = InstrumentId::us_stock("SPY");
        let px = |text| Some(Price::parse(text).unwrap());
        let mut quotes = Conflation::default();
        quotes.subscribed(ReqId(1), spy.clone());
        quotes.tick(ReqId(1), QuoteField::Bid, px("500.00"), at("01"));
        quotes.clear();
        quotes.subscribed(ReqId(2), spy);
        quotes.tick(ReqId(2), QuoteField::Bid, px("500.00"), at("30"));
        assert_eq!(
            quotes.take_due(at("30"))[0].1.struck,
            Struck::at(at("01")),
            "the venue only repeated itself"
        );
        quotes.tick(ReqId(2), QuoteField::Bid, px("500.01"), at("31"));
        let struck = quotes.take_due(at("31"))[0].1.struck;
        assert_eq!((struck.latest, struck.bid, struck.ask), (at("31"), at("31"), at("01")));
    }

    #[test]
    fn each_side_has_the_time_at_which_it_was_struck() {
        let mut quotes = spy();
        quotes.tick(ReqId(7), QuoteField::Bid, px("600.01"), at("01"));
        quotes.tick(ReqId(7), QuoteField::Ask, px("600.02"), at("01"));
        quotes.tick(ReqId(7), QuoteField::Bid, px("600.03"), at("30"));
        quotes.tick(ReqId(7), QuoteField::Last, px("600.03"), at("31"));
        let struck = quotes.take_due(at("31"))[0].1.struck;
        assert_eq!(struck, Struck { latest: at("31"), bid: at("30"), ask: at("01") });
    }

    #[test]
    fn a_withdrawn_price_does_not_make_a_quote_fresh() {
        let px = |text| Some(Price::parse(text).unwrap());
        let mut quotes = Conflation::default();
        quotes.subscribed(ReqId(1), InstrumentId::us_stock("SPY"));
        quotes.tick(ReqId(1), QuoteField::Ask, px("500.02"), at("01"));
        quotes.tick(ReqId(1), QuoteField::Ask, None, at("20"));
        let (_, quote) = quotes.take_due(at("20"))[0].clone();
        assert_eq!((quote.ask, quote.struck.latest), (None, at("01")));
    }
}
