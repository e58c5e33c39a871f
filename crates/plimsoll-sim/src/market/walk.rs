//! One symbol's prices: a chain of daily closes, and inside each day a path second by second.
//!
//! Owns the numbers before anybody looks at them. The chain hangs on one known close (yesterday's, on
//! the start day) and is extended day by day in either direction. A day's path is a walk with the
//! curve's volatility, bent so that it starts at the day's open and ends at its close: any day of the
//! past can be had without the days between.
//!
//! Does not know orders, subscribers or the present: everything here was decided by the seed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::market::around::{self, Stretch};
use crate::market::curve;
use crate::market::hours::{Hours, Session};
use crate::market::listing::{Listing, Product};
use crate::market::recorded::Record;
use crate::market::replay::Replay;
use crate::market::rng::{BELL_SD, Stream, pick};

/// A millionth, the unit of daily returns.
const PPM: i64 = 1_000_000;
/// Stocks drift up by about 0.03 percent a day.
const DRIFT_PPM: i64 = 300;
/// How many days' paths are kept; 23,400 numbers each.
const DAYS_KEPT: usize = 6;

/// One second of one symbol, in cents and shares; in the listing's units for what is no stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Second {
    /// Best bid.
    pub(crate) bid: i64,
    /// Best offer.
    pub(crate) ask: i64,
    /// Shares at the bid.
    pub(crate) bid_size: i64,
    /// Shares at the offer.
    pub(crate) ask_size: i64,
    /// What traded in this second.
    pub(crate) print: Option<Print>,
}

impl Second {
    /// The same market at another level.
    fn shifted(self, by: i64) -> Self {
        let shifted = |print: Print| Print { price: (print.price + by).max(1), ..print };
        let bid = (self.bid + by).max(1);
        Self { bid, ask: bid + self.ask - self.bid, print: self.print.map(shifted), ..self }
    }
}

/// The trades of one second, all at one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Print {
    /// In cents.
    pub(crate) price: i64,
    /// What the exact price lies above it, in millionths; only recorded trades have fractions of a cent.
    pub(crate) beyond: i64,
    /// In shares.
    pub(crate) size: i64,
    /// How many trades.
    pub(crate) count: i64,
}

/// A day of one symbol before shifts and halts.
#[derive(Debug)]
pub(crate) struct Day {
    /// When it trades.
    pub(crate) session: Session,
    /// The close before it.
    pub(crate) previous_close: i64,
    /// The opening auction.
    pub(crate) opening: Print,
    /// The closing auction: the official close.
    pub(crate) closing: Print,
    path: Path,
    seconds: Stream,
    /// Seconds of the session for which its path and its curves were made: it may end before they do.
    planned: i64,
    /// The session with early and late trading.
    wide: Session,
}

/// Where a day's prices come from.
#[derive(Debug)]
enum Path {
    /// The middle of the market for each second of the session.
    Mids(Vec<i64>),
    /// Bars of a file.
    Recorded(Replay),
    /// A session of which the files know nothing.
    Nothing,
}

/// A session as it was meant when it opened, where its close was moved after that.
#[derive(Debug, Clone, Copy)]
struct Planned {
    seconds: i64,
    close: i64,
}

/// Which second of which session, counted from the open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SecondOf {
    /// The session.
    pub(crate) session: Session,
    /// Seconds since its open.
    pub(crate) index: i64,
}

/// One symbol.
#[derive(Debug)]
pub(crate) struct Walk {
    /// What it is.
    pub(crate) listing: Listing,
    returns: Stream,
    gaps: Stream,
    paths: Stream,
    seconds: Stream,
    /// Bars of files; then nothing of the walk is made up.
    record: Option<Record>,
    closes: BTreeMap<Date, i64>,
    /// Sessions that were cut short while they ran.
    cut: BTreeMap<Date, Planned>,
    days: Vec<Day>,
    /// Which of the days was asked for last.
    hot: usize,
}

impl Walk {
    /// A listing whose close on the session `anchor` is its table price.
    pub(crate) fn new(seed: u64, listing: Listing, anchor: Date) -> Self {
        let name = match listing.product {
            Product::Stock => listing.symbol.clone(),
            Product::Future(future) => future.local_symbol().into(),
            Product::Option(_, series) => format!("{} {}", listing.symbol, series.expiry).into(),
            Product::Forex(_) => listing.trading_class.clone(),
        };
        let closes = BTreeMap::from([(anchor, listing.anchor_cents)]);
        let stream = |purpose| Stream::new(seed, &name, purpose);
        Self {
            returns: stream("daily return"),
            gaps: stream("opening gap"),
            paths: stream("path"),
            seconds: stream("seconds"),
            listing,
            record: None,
            closes,
            cut: BTreeMap::new(),
            days: Vec::new(),
            hot: 0,
        }
    }

    /// A listing whose prices are those of files.
    pub(crate) fn recorded(seed: u64, mut listing: Listing, record: Record) -> Self {
        let first = record.days.keys().next().copied().unwrap_or_default();
        listing.first_day = (first.year(), first.month(), first.day());
        Self { record: Some(record), ..Self::new(seed, listing, first) }
    }

    /// Whether there are no prices of a session.
    pub(crate) fn knows_nothing_of(&self, date: Date) -> bool {
        self.record.as_ref().is_some_and(|record| !record.days.contains_key(&date))
    }

    /// Whether its prices are those of files.
    pub(crate) fn is_recorded(&self) -> bool {
        self.record.is_some()
    }

    /// The official close of a session, in cents.
    pub(crate) fn close_of(&mut self, hours: &Hours, date: Date) -> i64 {
        if let Some(record) = &self.record {
            return record.close_of(date) / self.listing.unit;
        }
        loop {
            let first = *self.closes.first_key_value().expect("the anchor is always there").0;
            let last = *self.closes.last_key_value().expect("the anchor is always there").0;
            if let Some(close) = self.closes.get(&date) {
                return *close;
            }
            if date > last {
                let next = hours.after(last).date;
                let close = self.closes[&last] * (PPM + self.return_ppm(next)) / PPM;
                self.closes.insert(next, close.max(100));
            } else {
                assert!(
                    date < first,
                    "invariant: closes are known for sessions without gaps, {date} is none"
                );
                let before = hours.before(first).date;
                let close = self.closes[&first] * PPM / (PPM + self.return_ppm(first));
                self.closes.insert(before, close.max(100));
            }
        }
    }

    /// The hours of a session change, and with them what comes of it and after it. What of it has been seen stays: a
    /// session that runs keeps its path, and closes where it is at its new end.
    pub(crate) fn announced(
        &mut self,
        hours: &Hours,
        (was, new): (Session, Option<Session>),
        now: Timestamp,
    ) {
        let date = was.date;
        let running = new.filter(|_| was.open <= now);
        if running.is_some() {
            let close = self.close_of(hours, date);
            self.cut.entry(date).or_insert(Planned { seconds: was.seconds(), close });
        }
        self.days.retain(|day| day.session.date < date);
        self.closes.split_off(&date);
        if let Some(session) = running {
            let close = self.make_day(hours, session).closing.price;
            self.closes.insert(date, close);
        }
    }

    /// The volatility of the thirty closes up to a session, for a year of 252 days, in millionths.
    pub(crate) fn volatility(&mut self, hours: &Hours, date: Date) -> i64 {
        const DAYS: i64 = 30;
        let mut date = date;
        let mut squares = 0;
        for _ in 0..DAYS {
            let before = hours.before(date).date;
            if before == date {
                break;
            }
            let (close, base) = (self.close_of(hours, date), self.close_of(hours, before).max(1));
            squares += ((close - base) * PPM / base).pow(2);
            date = before;
        }
        (squares / DAYS * 252).isqrt()
    }

    /// The day of a session.
    pub(crate) fn day(&mut self, hours: &Hours, session: Session) -> &Day {
        let slot = self.slot(hours, session);
        &self.days[slot]
    }

    /// Where the day of a session is kept. It is asked for once a second and more, mostly for the same day.
    fn slot(&mut self, hours: &Hours, session: Session) -> usize {
        if self.days.get(self.hot).is_some_and(|day| day.session.date == session.date) {
            return self.hot;
        }
        let known = self.days.iter().position(|day| day.session.date == session.date);
        self.hot = known.unwrap_or_else(|| {
            let day = self.make_day(hours, session);
            if self.days.len() < DAYS_KEPT {
                self.days.push(day);
                return self.days.len() - 1;
            }
            // History is read forwards, so the oldest day is the one least likely to be asked again.
            let oldest = (0..self.days.len()).min_by_key(|slot| self.days[*slot].session.date);
            let slot = oldest.expect("the days that are kept are not none");
            self.days[slot] = day;
            slot
        });
        self.hot
    }

    /// One second of a session, the whole market moved by `shift`; nothing outside the session.
    pub(crate) fn second(&mut self, hours: &Hours, at: SecondOf, shift: i64) -> Option<Second> {
        let slot = self.slot(hours, at.session);
        self.days[slot].second(&self.listing, at.index, shift)
    }

    fn return_ppm(&self, date: Date) -> i64 {
        let bell = self.returns.bell(day_number(date));
        (bell * self.listing.daily_bp * 100 / BELL_SD + DRIFT_PPM).clamp(-180_000, 180_000)
    }

    fn make_day(&mut self, hours: &Hours, session: Session) -> Day {
        if self.record.is_some() {
            return self.recorded_day(hours, session);
        }
        let date = session.date;
        let previous_close = self.close_of(hours, hours.before(date).date);
        let cut = self.cut.get(&date).copied();
        let end = cut.map_or_else(|| self.close_of(hours, date), |planned| planned.close);
        // About two fifths of a day's movement happens over night.
        let gap = self.gaps.bell(day_number(date)) * self.listing.daily_bp * 40 / BELL_SD;
        let open = (previous_close * (PPM + gap) / PPM).max(100);
        let length = cut.map_or(session.seconds(), |planned| planned.seconds);
        let mut mids = self.path(date, length, (open, end));
        mids.truncate(usize::try_from(session.seconds()).unwrap_or(usize::MAX));
        let last = cut.and_then(|_| mids.last().copied());
        let close = last.unwrap_or(end);
        let full = self.listing.schedule.full_seconds();
        let share = |percent: i64| (self.listing.daily_volume * percent / 100 * length / full).max(100);
        Day {
            session,
            previous_close,
            opening: Print { price: open, beyond: 0, size: share(2), count: share(2) / 400 + 1 },
            closing: Print { price: close, beyond: 0, size: share(8), count: share(8) / 600 + 1 },
            path: Path::Mids(mids),
            seconds: self.seconds.branch(day_number(date)),
            planned: length,
            wide: hours.wide(session),
        }
    }

    fn recorded_day(&mut self, hours: &Hours, session: Session) -> Day {
        let date = session.date;
        let previous_close = self.close_of(hours, hours.before(date).date);
        let still = Print { price: previous_close, beyond: 0, size: 0, count: 0 };
        let known = self.record.as_ref().and_then(|record| record.days.get(&date));
        let replay = known.map(|day| Replay::new(day.clone(), session.open.as_second()));
        Day {
            session,
            previous_close,
            opening: replay.as_ref().map_or(still, Replay::opening),
            closing: replay.as_ref().map_or(still, Replay::closing),
            path: replay.map_or(Path::Nothing, Path::Recorded),
            seconds: self.seconds.branch(day_number(date)),
            planned: session.seconds(),
            wide: session,
        }
    }

    fn path(&self, date: Date, length: i64, (open, close): (i64, i64)) -> Vec<i64> {
        let steps = self.paths.branch(day_number(date));
        // Volatility per second in millionths of a cent.
        let sigma = open * self.listing.daily_bp * 100 * 1000 / self.listing.schedule.root_milli();
        let mut level = 0_i64;
        let raw: Vec<i64> = (0..length)
            .map(|second| {
                let shape = curve::volatility_pct(second, length);
                level += steps.bell(second) * sigma * shape / 100 / BELL_SD;
                level
            })
            .collect();
        let end = level;
        let target = (close - open) * PPM;
        let bend = |second: i64| (target - end) / length * second;
        (0..length).zip(raw).map(|(second, level)| (open + (level + bend(second)) / PPM).max(50)).collect()
    }
}

impl Day {
    fn second(&self, listing: &Listing, index: i64, shift: i64) -> Option<Second> {
        let mids = match &self.path {
            Path::Mids(mids) => mids,
            Path::Recorded(replay) => {
                let inside = (0..self.session.seconds()).contains(&index);
                let found = inside.then(|| replay.second(listing, self.seconds, index))??;
                return Some(found.shifted(shift));
            }
            Path::Nothing => return None,
        };
        let length = self.planned;
        if !(0..self.session.seconds()).contains(&index) {
            return self.around(listing, index).map(|second| second.shifted(shift));
        }
        let mid = *usize::try_from(index).ok().and_then(|index| mids.get(index))? + shift;
        let bits = self.seconds.bits(index);
        let wide = (i64::from(bits.is_multiple_of(8)) + i64::from(index < 60)) * listing.step;
        // Where more moves, the quote is wider.
        let usual = listing.spread_cents * curve::volatility_pct(index, length).max(100) / 100;
        let spread = usual / listing.step * listing.step + wide;
        let bid = (mid - spread / 2).max(listing.step);
        let bid = bid - bid % listing.step;
        let ask = bid + spread;
        let lot = if listing.is_stock() { 100 } else { 1 };
        let size = |bits: u64| (listing.quote_size * (20 + pick(bits, 160)) / (100 * lot) * lot).max(lot);
        Some(Second {
            bid,
            ask,
            bid_size: size(bits >> 3),
            ask_size: size(bits >> 11),
            print: print(listing, curve::volume_pct(index, length), bits, bid, ask),
        })
    }
}

impl Day {
    /// A second before the open or after the close, while stocks trade there.
    fn around(&self, listing: &Listing, index: i64) -> Option<Second> {
        let early = self.session.open.as_second() - self.wide.open.as_second();
        let late = self.wide.close.as_second() - self.session.close.as_second();
        let length = self.session.seconds();
        let (open, close) = (self.opening.price, self.closing.price);
        let stretch = if (-early..0).contains(&index) {
            Stretch { from: self.previous_close, to: open, done: index + early, length: early }
        } else if (length..length + late).contains(&index) {
            Stretch { from: close, to: close, done: index - length, length: late }
        } else {
            return None;
        };
        listing.is_stock().then(|| around::second(listing, self.seconds, index, stretch))
    }
}

fn print(listing: &Listing, volume_pct: i64, bits: u64, bid: i64, ask: i64) -> Option<Print> {
    // Nine tenths of the volume trades between the auctions.
    let volume = listing.daily_volume * 9 / 10 * volume_pct / 100;
    let mean = volume / listing.schedule.full_seconds();
    let size = match listing.product {
        // A future trades single contracts. Trades of currencies are not published.
        Product::Future(_) if volume > 0 => 1 + mean * (pick(bits >> 19, 200)) / 100,
        Product::Stock if mean >= 100 => mean * (25 + pick(bits >> 19, 150)) / 100,
        Product::Stock if pick(bits >> 19, 100) < mean => 100,
        Product::Stock | Product::Option(..) | Product::Future(_) | Product::Forex(_) => return None,
    };
    let price = match (bits >> 29) % 4 {
        0 if listing.step == 1 => i64::midpoint(bid, ask),
        1 => ask,
        // Buyers and sellers come in turns of some minutes only in the path; here they are even.
        2 if (bits >> 31).is_multiple_of(2) => ask,
        _ => bid,
    };
    Some(Print { price, beyond: 0, size, count: 1 + size / 150 })
}

/// Days since the epoch: the index of a day in its streams.
fn day_number(date: Date) -> i64 {
    let epoch = jiff::civil::date(1970, 1, 1);
    i64::from((date - epoch).get_days())
}
