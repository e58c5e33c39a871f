//! What exchanges publish before their auctions.
//!
//! Owns the way from the first indication to the auction itself: the price goes from the market's to the
//! auction's, the paired shares grow to its size, the imbalance melts to nothing.

use jiff::{SignedDuration, Timestamp};

use crate::market::hours::Session;
use crate::market::rng::Stream;
use crate::market::{Market, Sym};

/// The closing auction is indicated from so long before it: when on-close orders are frozen in.
const CLOSING: i64 = 600;
/// The opening auction is indicated from so long before it.
const OPENING: i64 = 120;

/// One publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Indication {
    /// Where most would trade, in cents.
    pub(crate) price: i64,
    /// Shares that would trade.
    pub(crate) paired: i64,
    /// Shares that would not, whichever side they are on.
    pub(crate) imbalance: i64,
}

impl Market {
    /// What is published at an instant; nothing far from an auction, and nothing where there is none.
    pub(crate) fn indication(&mut self, sym: Sym, at: Timestamp) -> Option<Indication> {
        if !self.listing(sym).is_stock() || self.is_halted(sym, at) {
            return None;
        }
        let session = self.hours.at_or_after(at);
        let now = at.as_second();
        let (open, close) = (session.open.as_second(), session.close.as_second());
        if now >= close - CLOSING {
            let from = self.second(sym, at).map(|second| i64::midpoint(second.bid, second.ask))?;
            let auction = self.closing(sym, session);
            return Some(self.between(
                (sym, session),
                close - now,
                CLOSING,
                (from, auction.price, auction.size),
            ));
        }
        if (open - OPENING..open).contains(&now) {
            let from = self.last_price(sym, at);
            let auction = self.opening(sym, session);
            return Some(self.between(
                (sym, session),
                open - now,
                OPENING,
                (from, auction.price, auction.size),
            ));
        }
        None
    }

    fn between(
        &self,
        (sym, session): (Sym, Session),
        left: i64,
        of: i64,
        (from, price, size): (i64, i64, i64),
    ) -> Indication {
        let stream = Stream::new(0, &self.listing(sym).symbol, "imbalance").branch(session.open.as_second());
        // A tenth to a third of the auction is missing at first; each second wobbles by a tenth of that.
        let missing = size * (10 + stream.below(1, 25)) / 100;
        let wobble = 95 + stream.below(2 + left, 11);
        Indication {
            price: (price + (from - price) * left / of).max(1),
            paired: size - missing * left / of,
            imbalance: missing * left / of * wobble / 100,
        }
    }

    /// The official closes of the last sessions before an instant, in cents, the newest first.
    pub(crate) fn closes(&mut self, sym: Sym, at: Timestamp, count: usize) -> Vec<i64> {
        let mut session = self.hours.last_begun(at - SignedDuration::from_secs(1));
        let mut closes = Vec::with_capacity(count);
        for _ in 0..count {
            session = self.hours.before(session.date);
            let book = &mut self.books[sym.0];
            closes.push(
                book.walk.close_of(&self.hours, session.date) + book.shift_at(session.close.as_second()),
            );
        }
        closes
    }
}
