//! Whether the streams of prices that a bot has asked for are alive.
//!
//! A stream counts as stopped when the market moves and the stream does not, or when the venue has said that it is gone.
//! Whether the market moves is said by Plimsoll's own quotes of the same instrument: at night, in a halt, or when everything
//! has stopped, they stand as well, and nothing is wrong with the bot's stream alone. A tick costs a bit; ages are taken once a second.
//!
//! Owns what was asked for and when it was struck last, and when a stream is begun again. Does not own any connection,
//! nor what stopped prices mean for an order, which is the guard's `stale_data`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use plimsoll_model::{InstrumentId, Mono, Now, QuoteField, RawFrame};
use plimsoll_tws::Request;
use plimsoll_tws::message::ById;
use plimsoll_tws::translate::{PriceStream, Strike, StruckBy};

/// Streams of one link that are measured; five times what a login has.
const STREAMS_MAX: usize = 512;
/// How long the market must have moved without a stream: its prices and ours do not arrive in the same instant.
const BEHIND_MIN: Duration = Duration::from_secs(1);
/// How long a bot may take to ask again itself after the venue said that its data is gone.
const BOTS_TURN: Duration = Duration::from_secs(2);
/// How long a stream that was begun again may take before it is tried once more; doubled each time.
const BACK_OFF: Duration = Duration::from_secs(15);
const BACK_OFF_MAX: Duration = Duration::from_mins(5);

/// The streams of one link.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    all: BTreeMap<(PriceStream, i32), Stream>,
    /// The instruments whose prices have stopped, as the bridge was told.
    told: BTreeMap<InstrumentId, Stopped>,
}

/// Prices of an instrument that have stopped. Only a price says that they move again: a bot that asks anew has none yet.
#[derive(Debug, Clone, Copy)]
struct Stopped {
    /// When the last price had come.
    struck: Now,
    /// Since when no stream of it is left.
    without: Option<Mono>,
}

#[derive(Debug)]
struct Stream {
    instrument: InstrumentId,
    by: StruckBy,
    /// What the bot has sent.
    begin: RawFrame,
    /// A price has come since it was looked at.
    has_moved: bool,
    /// When the last price had come.
    struck: Now,
    /// When the market had moved last; none until it was looked at.
    market: Option<Timestamp>,
    /// Since when the market moves without it.
    behind_since: Option<Mono>,
    is_still: bool,
    /// The venue said that all data is gone, and no price has come since.
    is_lost: bool,
    /// It was not begun again since then.
    is_missing: bool,
    /// When it is begun again, and how often that was done since it last moved.
    renew_at: Option<Mono>,
    renewals: u32,
    /// Prices of a renewal that have not come yet. The first of each is the venue's memory and strikes nothing.
    unheard: Vec<QuoteField>,
    /// The venue may answer the end of a stream that it has lost with an error.
    may_be_unknown: bool,
    /// It has brought a price since the bot asked.
    has_lived: bool,
    /// What lives at the venue was begun by us: the bot may believe that it is lost.
    is_from_us: bool,
}

/// What a second has brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The bot's prices of it have stopped, or move again.
    News { instrument: InstrumentId, still_since: Option<Timestamp> },
    /// This stream is to be ended and begun again.
    Renew { instrument: InstrumentId, end: Box<Request>, begin: RawFrame },
}

impl Streams {
    /// The bot begins a stream. What has to be sent before that: the venue would refuse the number of a stream that was
    /// begun again for the bot, and that the bot believes to be lost.
    pub(crate) fn begin(
        &mut self,
        key: (PriceStream, i32),
        (instrument, by): (Option<InstrumentId>, StruckBy),
        frame: &RawFrame,
        now: Now,
    ) -> Option<Request> {
        let before = self.all.remove(&key);
        let was_from_us = before.is_some_and(|before| before.is_from_us);
        if let Some(instrument) = instrument
            && self.all.len() < STREAMS_MAX
        {
            let stopped = self.told.get(&instrument).copied();
            let mut stream = Stream::new(instrument, by, frame.clone(), now);
            stream.may_be_unknown = was_from_us;
            if let Some(stopped) = stopped {
                stream.go_on_from(stopped, now.mono);
            }
            self.all.insert(key, stream);
        }
        was_from_us.then(|| end(key))
    }

    /// The bot ends one.
    pub(crate) fn end(&mut self, key: (PriceStream, i32)) {
        self.all.remove(&key);
    }

    /// A price has come.
    pub(crate) fn struck(&mut self, strike: Strike) {
        if let Some(stream) = self.all.get_mut(&(strike.stream, strike.req_id)) {
            stream.struck_by(strike.field);
        }
    }

    /// The venue has said that all subscriptions of this connection are gone.
    pub(crate) fn lost(&mut self, now: Mono) {
        for stream in self.all.values_mut() {
            (stream.is_lost, stream.is_missing) = (true, true);
            stream.renew_at = Some(now.after(BOTS_TURN));
        }
    }

    /// An error of the venue's about a request. Whether it answers a message of ours, and is not for the bot. A refusal of
    /// what the bot has asked for ends the measurement; one of a renewal does not: the bot's prices have stopped as before.
    pub(crate) fn is_ours(&mut self, req_id: i32, code: i32) -> bool {
        let (quotes, ticks) = ((PriceStream::Quotes, req_id), (PriceStream::TickByTick, req_id));
        if code == CODE_UNKNOWN_ID {
            let stream = [quotes, ticks]
                .into_iter()
                .find(|key| self.all.get(key).is_some_and(|stream| stream.may_be_unknown));
            let stream = stream.and_then(|key| self.all.get_mut(&key));
            return stream.is_some_and(|stream| std::mem::take(&mut stream.may_be_unknown));
        }
        let key = match code {
            101 | 200 | 354 | 10_089 | 10_168 => quotes,
            10_186 | 10_189 | 10_190 => ticks,
            _ => return false,
        };
        // What has lived was not refused: the number is an order's as well, or the error speaks of a renewal.
        if self.all.get(&key).is_some_and(|stream| !stream.has_lived && stream.renewals == 0) {
            self.all.remove(&key);
        }
        false
    }

    /// Whether there is anything to look at once a second.
    pub(crate) fn are_measured(&self) -> bool {
        !self.all.is_empty() || !self.told.is_empty()
    }

    /// Looks at every stream. `max` is the age at which prices are too old, `moved` when the market of an instrument moved
    /// last, and `room` how many streams may be begun again now.
    pub(crate) fn measure(
        &mut self,
        now: Now,
        max: Duration,
        moved: impl Fn(&InstrumentId, StruckBy) -> Option<Timestamp>,
        room: &mut u32,
    ) -> Vec<Found> {
        let mut found = Vec::new();
        let mut still: BTreeMap<InstrumentId, Now> = BTreeMap::new();
        let mut alive: BTreeSet<&InstrumentId> = BTreeSet::new();
        let mut there: BTreeSet<&InstrumentId> = BTreeSet::new();
        for (key, stream) in &mut self.all {
            let is_due = stream.measure(now, max, moved(&stream.instrument, stream.by));
            if is_due && *room > 0 {
                *room -= 1;
                stream.renewed(now.mono);
                let (instrument, begin) = (stream.instrument.clone(), stream.begin.clone());
                found.push(Found::Renew { instrument, end: Box::new(end(*key)), begin });
            }
            if stream.is_still {
                let since = still.entry(stream.instrument.clone()).or_insert(stream.struck);
                *since = if stream.struck.mono < since.mono { stream.struck } else { *since };
            }
            there.insert(&stream.instrument);
            if stream.struck.mono == now.mono {
                alive.insert(&stream.instrument);
            }
        }
        for (instrument, struck) in &still {
            if self.told.get(instrument).is_none_or(|told| told.struck != *struck) {
                found.push(Found::News { instrument: instrument.clone(), still_since: Some(struck.wall) });
            }
        }
        for (instrument, told) in &mut self.told {
            if still.contains_key(instrument) {
                continue;
            }
            let without = *told.without.get_or_insert(now.mono);
            // A bot that has ended its stream for good takes its prices elsewhere; one that is about to ask again does not.
            let is_over = !there.contains(instrument) && now.mono.since(without) > max;
            if is_over || alive.contains(instrument) {
                found.push(Found::News { instrument: instrument.clone(), still_since: None });
            } else {
                still.insert(instrument.clone(), told.struck);
            }
        }
        let left = |instrument: &InstrumentId| {
            let gone = || self.told.get(instrument).and_then(|told| told.without);
            if there.contains(instrument) { None } else { gone() }
        };
        let told = still.iter().map(|(instrument, struck)| {
            (instrument.clone(), Stopped { struck: *struck, without: left(instrument) })
        });
        let told = told.collect();
        self.told = told;
        found
    }
}

impl Stream {
    fn new(instrument: InstrumentId, by: StruckBy, begin: RawFrame, now: Now) -> Self {
        Self {
            instrument,
            by,
            begin,
            has_moved: false,
            struck: now,
            market: None,
            behind_since: None,
            is_still: false,
            is_lost: false,
            is_missing: false,
            renew_at: None,
            renewals: 0,
            unheard: Vec::new(),
            may_be_unknown: false,
            has_lived: false,
            is_from_us: false,
        }
    }

    /// The bot has asked anew for prices that have stopped: what the venue remembers of them is no price yet.
    fn go_on_from(&mut self, stopped: Stopped, now: Mono) {
        self.struck = stopped.struck;
        self.is_still = true;
        self.renew_at = Some(now.after(BACK_OFF));
        self.unheard = vec![QuoteField::Bid, QuoteField::Ask, QuoteField::Last];
    }

    fn struck_by(&mut self, field: Option<QuoteField>) {
        if let Some(at) = field.and_then(|field| self.unheard.iter().position(|unheard| *unheard == field)) {
            self.unheard.swap_remove(at);
            return;
        }
        self.has_moved = true;
    }

    /// Whether it is to be begun again now.
    fn measure(&mut self, now: Now, max: Duration, market: Option<Timestamp>) -> bool {
        let market_moves = self.market.is_some() && market != self.market;
        self.market = market;
        if std::mem::take(&mut self.has_moved) {
            self.struck = now;
            self.has_lived = true;
            (self.behind_since, self.renew_at) = (None, None);
            (self.is_still, self.is_lost, self.is_missing, self.renewals) = (false, false, false, 0);
            return false;
        }
        if market_moves {
            self.behind_since.get_or_insert(now.mono);
        }
        let is_behind = self.behind_since.is_some_and(|since| now.mono.since(since) >= BEHIND_MIN);
        if !self.is_still && (is_behind || self.is_lost) && now.mono.since(self.struck.mono) > max {
            self.is_still = true;
            self.renew_at.get_or_insert(now.mono);
        }
        // While nothing moves anywhere there is nothing to gain, and a storm at the venue to lose.
        let may = market_moves || self.is_missing;
        may && self.renew_at.is_some_and(|at| at <= now.mono)
    }

    fn renewed(&mut self, now: Mono) {
        let wait = BACK_OFF.saturating_mul(1 << self.renewals.min(16)).min(BACK_OFF_MAX);
        self.renew_at = Some(now.after(wait));
        self.renewals += 1;
        // The venue tells what it remembers, once more for nothing.
        self.unheard = vec![QuoteField::Bid, QuoteField::Ask, QuoteField::Last];
        (self.is_missing, self.may_be_unknown, self.is_from_us) = (false, true, true);
    }
}

fn end((stream, req_id): (PriceStream, i32)) -> Request {
    match stream {
        PriceStream::Quotes => Request::CancelMktData(ById { req_id }),
        PriceStream::TickByTick => Request::CancelTickByTickData(ById { req_id }),
    }
}

/// TWS does not find the number of the request.
const CODE_UNKNOWN_ID: i32 = 300;

#[cfg(test)]
mod tests;
