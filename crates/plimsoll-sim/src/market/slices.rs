//! Quotes within a second: sizes that come and go while the price stands.
//!
//! Owns the size of each part of a second. Parts are counted from the whole second, whose own quote is the first of
//! them; each is drawn by seed, symbol and place, so a quote that was streamed is the one that an order meets in the
//! same part. Options keep theirs for seconds, and prices that were set by hand stand as they were set.

use jiff::Timestamp;

use crate::market::rng::{Stream, pick};
use crate::market::walk::Second;
use crate::market::{Market, Sym};

/// Quotes a second at most: beyond it the parts would be shorter than what anybody here can tell apart.
pub(crate) const QUOTES_PER_SECOND_MAX: u32 = 20;
/// Nanoseconds of a second.
const WHOLE: i64 = 1_000_000_000;

impl Market {
    /// From now on each second has so many quotes.
    pub(crate) fn set_slices(&mut self, count: u32) {
        self.slices = i64::from(count.clamp(1, QUOTES_PER_SECOND_MAX));
    }

    /// When the next part of a second begins; none where whole seconds are all there is, or where it is one.
    pub(crate) fn next_slice(&self, at: Timestamp) -> Option<Timestamp> {
        let next = self.slice_of(at) + 1;
        let inside = next < self.slices;
        let nanos = i32::try_from((next * WHOLE + self.slices - 1) / self.slices).ok()?;
        inside.then(|| Timestamp::new(at.as_second(), nanos).ok()).flatten()
    }

    /// A quote as it stands in its part of the second.
    pub(super) fn sliced(&self, sym: Sym, at: Timestamp, quote: Second) -> Second {
        let slice = self.slice_of(at);
        let book = &self.books[sym.0];
        let listing = &book.walk.listing;
        if slice == 0 || listing.is_option() || book.pinned.iter().any(|pinned| pinned.at == at.as_second()) {
            return quote;
        }
        let place = at.as_second() * i64::from(QUOTES_PER_SECOND_MAX) + slice;
        let bits =
            Stream::new(self.seed, &listing.symbol, "slices").branch(i64::from(listing.con_id)).bits(place);
        let lot = if listing.is_stock() { 100 } else { 1 };
        let size = |size: i64, bits: u64| (size * (50 + pick(bits, 101)) / (100 * lot) * lot).max(lot);
        Second { bid_size: size(quote.bid_size, bits), ask_size: size(quote.ask_size, bits >> 21), ..quote }
    }

    fn slice_of(&self, at: Timestamp) -> i64 {
        i64::from(at.subsec_nanosecond()) * self.slices / WHOLE
    }
}
