//! The bars that a request for history asks for: which sessions it touches, and what each of them gives.
//!
//! Does not own how seconds become a bar (`bars`), nor how a day is kept (`book`).

use jiff::{SignedDuration, Timestamp};

use super::bars::{Bar, BarSize, What};
use super::book::Fold;
use super::hours::Session;
use super::{Market, Sym, hours_of};

/// Which bars are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BarRequest {
    /// Made of what.
    pub(crate) what: What,
    /// How long each.
    pub(crate) size: BarSize,
    /// Nothing before.
    pub(crate) from: Timestamp,
    /// Nothing from here on.
    pub(crate) until: Timestamp,
    /// Regular hours only; day bars hold the whole session in any case.
    pub(crate) regular: bool,
}

impl Market {
    /// The bars that start in `from..until` and were begun by `now`.
    pub(crate) fn bars(&mut self, sym: Sym, ask: BarRequest, now: Timestamp) -> Vec<Bar> {
        match ask.size {
            BarSize::Seconds(size) => self.bars_inside_days(sym, ask, size, now),
            BarSize::Day | BarSize::Week | BarSize::Month => self.bars_of_days(sym, ask, now),
        }
    }

    /// Day bars of the volatility of the last thirty closes, for a year, as a fraction.
    pub(crate) fn volatility_bars(&mut self, sym: Sym, ask: BarRequest, now: Timestamp) -> Vec<Bar> {
        let days = self.days(sym, ask, now);
        let book = &mut self.books[sym.0];
        let hours = hours_of(&self.hours, &self.others, book.walk.listing.schedule);
        let bar = |session: Session| {
            let before = book.walk.volatility(hours, hours.before(session.date).date);
            let today = book.walk.volatility(hours, session.date);
            let mut bar = Bar::flat(session.open, session.date, before);
            bar.absorb(&Bar::flat(session.open, session.date, today));
            bar
        };
        days.into_iter().map(bar).collect()
    }

    /// Day bars of what borrowing costs, in percent a year: all of it is easy to borrow.
    pub(crate) fn fee_bars(&self, sym: Sym, ask: BarRequest, now: Timestamp) -> Vec<Bar> {
        let bar = |session: Session| Bar::flat(session.open, session.date, 250_000);
        self.days(sym, ask, now).into_iter().map(bar).collect()
    }

    /// The sessions that day bars of a request stand for; none for other sizes.
    fn days(&self, sym: Sym, ask: BarRequest, now: Timestamp) -> Vec<Session> {
        let hours = self.hours_of(sym);
        let mut days = Vec::new();
        let mut session = hours.at_or_after(ask.from);
        while ask.size == BarSize::Day && session.open < ask.until && session.open <= now {
            days.push(session);
            let next = hours.after(session.date);
            if next == session {
                break;
            }
            session = next;
        }
        days
    }

    fn bars_inside_days(&mut self, sym: Sym, ask: BarRequest, size: i64, now: Timestamp) -> Vec<Bar> {
        let mut bars = Vec::new();
        let book = &mut self.books[sym.0];
        let hours = hours_of(&self.hours, &self.others, book.walk.listing.schedule);
        let wide = |session| if book.walk.is_recorded() { session } else { hours.wide(session) };
        let shown = |session| if ask.regular { hours.regular(session) } else { wide(session) };
        let mut sessions = Vec::new();
        let mut session = hours.last_begun(ask.from);
        if shown(session).close <= ask.from {
            session = hours.after(session.date);
        }
        while shown(session).open < ask.until && shown(session).open <= now {
            sessions.push((session, shown(session)));
            let next = hours.after(session.date);
            if next == session {
                break;
            }
            session = next;
        }
        for (session, shown) in sessions {
            let from = shown.open.max(ask.from).as_second();
            let until = shown.close.min(ask.until).min(now + SignedDuration::from_secs(1)).as_second();
            let opens = shown.open.as_second();
            book.fold(hours, Fold { session, opens, what: ask.what, from, until, size }, &mut bars);
        }
        bars
    }

    fn bars_of_days(&mut self, sym: Sym, ask: BarRequest, now: Timestamp) -> Vec<Bar> {
        let mut bars: Vec<Bar> = Vec::new();
        let book = &mut self.books[sym.0];
        let hours = hours_of(&self.hours, &self.others, book.walk.listing.schedule);
        let mut session = hours.at_or_after(ask.from);
        while session.open < ask.until && session.open <= now {
            if let Some(day) = book.day_bar(hours, session, ask.what, now) {
                let period = ask.size.first_date(session.date);
                match bars.last_mut() {
                    Some(last) if ask.size.first_date(last.date) == period => last.absorb(&day),
                    _ => bars.push(day),
                }
            }
            let next = hours.after(session.date);
            if next == session {
                break;
            }
            session = next;
        }
        bars
    }
}
