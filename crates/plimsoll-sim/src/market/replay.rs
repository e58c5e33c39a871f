//! A recorded session second by second: quotes and trades that add up to the bars of the file.
//!
//! Owns the way inside a bar: from its open to the nearer extreme, to the other one, to its close, on
//! straight lines. Trades happen on that way; their prices never leave the bar, touch its four prices, and
//! their sizes add up to its volume exactly. Nothing is stored: each second is computed from its bar.

use crate::market::listing::Listing;
use crate::market::recorded::{DayRecord, Recorded};
use crate::market::rng::{Stream, pick};
use crate::market::walk::{Print, Second};

/// A cent in millionths.
const CENT: i64 = 10_000;
/// What of the first bar's volume, and of a day bar's at its end, trades in the auctions: one part in so
/// many.
const OPENING_PART: i64 = 20;
const CLOSING_PART: i64 = 10;
/// Below so many shares a second, trades happen at the four prices of a bar only.
const DENSE: i64 = 100;

/// A recorded session.
#[derive(Debug)]
pub(crate) struct Replay {
    day: DayRecord,
    open: i64,
}

impl Replay {
    /// The bars of a session that opens at this second.
    pub(crate) fn new(day: DayRecord, open: i64) -> Self {
        Self { day, open }
    }

    /// The opening auction: part of the first bar, at its first price.
    pub(crate) fn opening(&self) -> Print {
        let first = &self.day.bars[0];
        let at_open = first.start == self.open;
        let size = if at_open { first.volume / OPENING_PART } else { 0 };
        let count = if at_open { first.count.unwrap_or(size / 400 + 1).min(1) } else { 0 };
        print(first.open, size, count)
    }

    /// The closing auction. Only a bar of the whole day contains one; otherwise the last price of the
    /// session stands for it.
    pub(crate) fn closing(&self) -> Print {
        let last = &self.day.bars[self.day.bars.len() - 1];
        let size = if self.day.is_day { last.volume / CLOSING_PART } else { 0 };
        print(last.close, size, i64::from(size > 0))
    }

    /// One second of the session: none before the first bar; the last quote where bars are missing.
    pub(crate) fn second(&self, listing: &Listing, stream: Stream, index: i64) -> Option<Second> {
        let second = self.open + index;
        let after = self.day.bars.partition_point(|bar| bar.start <= second);
        let bar = &self.day.bars[after.checked_sub(1)?];
        let inside = second - bar.start;
        let (mid, print) = if inside < bar.seconds {
            (way(bar, inside), self.trade(bar, stream, inside))
        } else {
            (bar.close, None)
        };
        let bits = stream.bits(index);
        let spread = listing.spread_cents + i64::from(bits.is_multiple_of(8));
        let bid = ((mid + CENT / 2) / CENT - spread / 2).max(1);
        let size = |bits: u64| (listing.quote_size * (20 + pick(bits, 160)) / 10_000 * 100).max(100);
        Some(Second { bid, ask: bid + spread, bid_size: size(bits >> 3), ask_size: size(bits >> 11), print })
    }

    /// What trades in a second of a bar: at every second where there is enough volume, otherwise at the
    /// corners of the way.
    fn trade(&self, bar: &Recorded, stream: Stream, inside: i64) -> Option<Print> {
        let first = bar.start == self.open && *bar == self.day.bars[0];
        let auctions = if first { bar.volume / OPENING_PART } else { 0 }
            + if self.day.is_day { bar.volume / CLOSING_PART } else { 0 };
        let volume = bar.volume - auctions;
        let corners = corners(bar);
        let corner = corners.iter().position(|(at, _)| *at == inside);
        let dense = volume / bar.seconds >= DENSE;
        let (index, of) = match (dense, corner) {
            (true, _) => (inside, bar.seconds),
            (false, Some(corner)) => (i64::try_from(corner).expect("there are four corners"), 4),
            (false, None) => return None,
        };
        let price = match corner {
            Some(corner) => corners[corner].1,
            None => ((way(bar, inside) + CENT / 2) / CENT * CENT).clamp(bar.low, bar.high),
        };
        // Cumulated shares grow from nothing to the whole, a little unevenly; so they cannot be lost.
        let cumulated = |total: i64, index: i64| {
            let uneven = if index == 0 || index == of { 0 } else { stream.below(bar.start + index, 100) };
            i64::try_from(i128::from(total) * i128::from(100 * index + uneven) / i128::from(100 * of))
                .expect("a part of a volume is no larger than the volume")
        };
        let share = |total: i64| cumulated(total, index + 1) - cumulated(total, index);
        let size = share(volume);
        let count = match bar.count {
            Some(count) => share(count - i64::from(first && count > 0)).max(0),
            None => 1 + size / 150,
        };
        Some(print(price, size, count))
    }
}

/// Where in a bar its four prices are met, and which.
fn corners(bar: &Recorded) -> [(i64, i64); 4] {
    let (second, third) = if bar.close >= bar.open { (bar.low, bar.high) } else { (bar.high, bar.low) };
    let n = bar.seconds;
    [(0, bar.open), (n / 3, second), (n * 2 / 3, third), (n - 1, bar.close)]
}

/// The middle of the market in a second of a bar, in millionths.
fn way(bar: &Recorded, inside: i64) -> i64 {
    let corners = corners(bar);
    let leg = corners.windows(2).find(|leg| inside <= leg[1].0).unwrap_or(&corners[2..]);
    let ((from, start), (to, end)) = (leg[0], leg[1]);
    start + (end - start) * (inside - from) / (to - from).max(1)
}

/// A trade at an exact price: whole cents, and what lies beyond them.
fn print(price: i64, size: i64, count: i64) -> Print {
    let cents = price / CENT;
    Print { price: cents, beyond: price - cents * CENT, size, count }
}
