//! Headlines about the stocks here: made up of nothing but what their prices did.
//!
//! Owns when they appear (five minutes after the open, in the middle and five minutes before the close of each
//! session), what they say, who says it, and the numbers of their articles. A number names provider, stock,
//! day and hour, so an article can be had without the list that it stood in.
//!
//! Every headline calls itself simulated. The providers are those that a login has without paying, because
//! bots look for their codes.

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use rust_decimal::Decimal;

use crate::market::hours::Session;
use crate::market::rng::Stream;
use crate::market::{Market, Sym, hours_of, timestamp};

/// Code and name of each provider.
pub(crate) const PROVIDERS: [(&str, &str); 3] = [
    ("BRFG", "Briefing.com General Market Columns"),
    ("BRFUPDN", "Briefing.com Analyst Actions"),
    ("DJNL", "Dow Jones Newsletters"),
];
/// Days are counted from here.
const EPOCH: Date = date(1970, 1, 1);
/// How far from both ends of a session the first and the last headline stand.
const FROM_ENDS_SECS: i64 = 300;
/// Headlines of a session.
pub(crate) const A_DAY: usize = 3;

/// One headline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Headline {
    /// When it came.
    pub(crate) at: Timestamp,
    /// Whose, as a place in [`PROVIDERS`].
    pub(crate) provider: usize,
    /// The number of its article.
    pub(crate) article: String,
    /// What it says.
    pub(crate) text: String,
}

impl Market {
    /// The headlines of one session about a stock, the first one first. They say what is known when they come.
    pub(crate) fn headlines(&mut self, sym: Sym, session: Session, until: Timestamp) -> Vec<Headline> {
        let known = (0..A_DAY).filter(|slot| moment(session, *slot) <= until);
        known.map(|slot| self.headline(sym, session, slot)).collect()
    }

    /// The headline that comes in this very second, if one does.
    pub(crate) fn breaking(&mut self, sym: Sym, at: Timestamp) -> Option<Headline> {
        let session = self.hours_of(sym).open_at(at)?;
        let slot = (0..A_DAY).find(|slot| moment(session, *slot) == at)?;
        Some(self.headline(sym, session, slot))
    }

    /// What stands behind an article's number, if it had appeared by `now`.
    pub(crate) fn article(&mut self, number: &str, now: Timestamp) -> Option<(Headline, String)> {
        let (provider, inside) = number.split_once('$')?;
        let inside = u32::from_str_radix(inside, 16).ok().filter(|_| inside.len() == 8)?;
        let sym = self.all().nth(usize::try_from(inside >> 20).ok()?)?;
        let days = i32::try_from(inside >> 4 & 0xFFFF).ok()?;
        let date = EPOCH.checked_add(days.days()).ok()?;
        let session = self.hours.on(date)?;
        let slot = usize::try_from(inside & 0xF).ok().filter(|slot| *slot < A_DAY)?;
        if moment(session, slot) > now {
            return None;
        }
        let found = self.headline(sym, session, slot);
        let known = PROVIDERS[found.provider].0 == provider;
        let listing = self.listing(sym);
        let text = format!(
            "{}. This article was written by the simulator from its own prices of {} ({}). It describes no event outside the simulation.",
            found.text, listing.symbol, listing.name
        );
        known.then_some((found, text))
    }

    fn headline(&mut self, sym: Sym, session: Session, slot: usize) -> Headline {
        let at = moment(session, slot);
        let before = self.close_before(sym, session);
        let last = self.last_price(sym, at);
        let symbol = self.listing(sym).symbol.clone();
        // In hundredths of a percent, cut towards zero.
        let change = (last - before) * 10_000 / before;
        let way = if change < 0 { "lower" } else { "higher" };
        let percent = Decimal::new(change.abs(), 2);
        let price = self.decimal(sym, last);
        let when = ["opens", "trades", "heads for the close"][slot];
        let days = day_number(session.date);
        let numbered = |part: usize| i64::try_from(part).unwrap_or(i64::MAX);
        let drawn = Stream::new(self.seed, &symbol, "news").branch(i64::from(days));
        let provider = usize::try_from(drawn.below(numbered(slot), numbered(PROVIDERS.len()))).unwrap_or(0);
        let inside = (sym.0 & 0xFFF) << 20 | usize::try_from(days & 0xFFFF).unwrap_or(0) << 4 | slot;
        Headline {
            at,
            provider,
            article: format!("{}${inside:08x}", PROVIDERS[provider].0),
            text: format!("Simulated: {symbol} {when} {percent}% {way} at {price}"),
        }
    }
}

impl Market {
    /// The official close before a session.
    fn close_before(&mut self, sym: Sym, session: Session) -> i64 {
        let book = &mut self.books[sym.0];
        let hours = hours_of(&self.hours, &self.others, book.walk.listing.schedule);
        let shift = book.shift_at(session.open.as_second() - 1);
        (book.walk.day(hours, session).previous_close + shift).max(1)
    }
}

fn moment(session: Session, slot: usize) -> Timestamp {
    let (open, close) = (session.open.as_second(), session.close.as_second());
    timestamp(match slot {
        0 => open + FROM_ENDS_SECS,
        1 => i64::midpoint(open, close),
        _ => close - FROM_ENDS_SECS,
    })
}

/// Days since the epoch.
fn day_number(date: Date) -> i32 {
    (date - EPOCH).get_days()
}
