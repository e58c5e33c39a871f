//! Early and late trading of stocks: 04:00 to the open, and from the close on for four hours.
//!
//! Owns the thin market around a session: wider quotes of few hundred shares, a trade every quarter of a minute. In
//! the morning it goes from yesterday's close to today's open, and after the close around it and back, so that it
//! never contradicts a session. Bars of files know nothing of it, and then it is not there.

use jiff::{SignedDuration, Timestamp};

use crate::market::hours::{Hours, Session};
use crate::market::listing::Listing;
use crate::market::rng::{BELL_SD, Stream, pick};
use crate::market::schedule::Schedule;
use crate::market::walk::{Print, Second};

/// How long before the open it begins: 04:00 in New York.
const EARLY: SignedDuration = SignedDuration::from_mins(330);
/// How long after the close it ends: 20:00, or 17:00 on half days.
const LATE: SignedDuration = SignedDuration::from_hours(4);
/// Waves of so many seconds, each with its share in hundredths of a quarter of a day's movement.
const WAVES: [(i64, i64); 3] = [(3_600, 60), (600, 30), (60, 10)];
/// A trade in so many seconds.
const PRINT_SECS: u64 = 15;

/// Where the market stands at both ends of a thin stretch, and how far along it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    pub(super) from: i64,
    pub(super) to: i64,
    /// Seconds since its beginning.
    pub(super) done: i64,
    pub(super) length: i64,
}

/// One second of a thin stretch.
pub(super) fn second(listing: &Listing, seconds: Stream, index: i64, stretch: Stretch) -> Second {
    let Stretch { from, to, done, length } = stretch;
    // Nothing at both ends, all of it in the middle.
    let room = 4 * done * (length - done) / length;
    let quarter = from * listing.daily_bp / 40_000;
    let mid = from + (to - from) * done / length + quarter * wave(seconds, index) / 1_000 * room / length;
    let bits = seconds.bits(index);
    let spread = listing.spread_cents * 5 + 2 + i64::try_from(bits % 4).unwrap_or_default();
    let bid = (mid - spread / 2).max(listing.step);
    let size = |bits: u64| 100 * (1 + pick(bits, 3));
    let print = bits.is_multiple_of(PRINT_SECS).then(|| Print {
        price: if (bits >> 31).is_multiple_of(2) { bid } else { bid + spread },
        beyond: 0,
        size: size(bits >> 19),
        count: 1,
    });
    Second { bid, ask: bid + spread, bid_size: size(bits >> 3), ask_size: size(bits >> 11), print }
}

/// Between -3000 and 3000, mostly below 1000: slow and fast waves together.
fn wave(seconds: Stream, index: i64) -> i64 {
    let height = |(period, share): &(i64, i64)| {
        let (number, inside) = (index.div_euclid(*period), index.rem_euclid(*period));
        // Streams are read at places of their own: sessions end far below.
        let at = |number: i64| seconds.bell(number + period * 1_000_000);
        let level = (at(number) * (period - inside) + at(number + 1) * inside) / period;
        level * 1_000 / BELL_SD * share / 100
    };
    WAVES.iter().map(height).sum()
}

impl Hours {
    /// The session around which the market stands open at an instant, early and late trading included.
    pub(crate) fn around(&self, at: Timestamp) -> Option<Session> {
        let last = self.last_begun(at);
        if at < self.wide(last).close {
            return Some(last);
        }
        let next = self.after(last.date);
        (self.wide(next).open <= at && at < next.close).then_some(next)
    }

    /// The session around which the market stands open, or the next one.
    pub(crate) fn around_or_after(&self, at: Timestamp) -> Session {
        let last = self.last_begun(at);
        if at < self.wide(last).close { last } else { self.after(last.date) }
    }

    /// A session with early and late trading.
    pub(crate) fn wide(&self, session: Session) -> Session {
        match self.schedule() {
            Schedule::UsStocks => {
                // It begins at 04:00 also where the open was put off.
                Session { open: self.usual_open(session) - EARLY, close: session.close + LATE, ..session }
            }
            Schedule::Globex | Schedule::Forex => session,
        }
    }
}
