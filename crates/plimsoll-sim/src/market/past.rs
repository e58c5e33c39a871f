//! Single ticks of the past, and how much was traded at which price.
//!
//! Owns the walk through the seconds of sessions, forwards or backwards. The ticks are those that were or
//! would have been streamed tick by tick, so history and stream cannot disagree; what a histogram counts is
//! what bars inside a day hold, the opening auction included and the closing auction not.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::market::hours::Session;
use crate::market::{Market, Second, Sym, hours_of, timestamp};

/// A request for ticks looks through so many sessions and no further.
const SESSIONS_MAX: usize = 10;

/// Where a walk starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Walked {
    /// Forwards from here on.
    From(Timestamp),
    /// Backwards from the last second that is not after this one.
    Until(Timestamp),
}

/// Whether only regular hours count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Regular hours.
    Regular,
    /// Everything.
    Whole,
}

impl Market {
    /// Up to `count` seconds up to `now` for which `wanted` says yes, the oldest first.
    pub(crate) fn seconds(
        &mut self,
        sym: Sym,
        (walked, part): (Walked, Part),
        now: Timestamp,
        (count, mut wanted): (usize, impl FnMut(Second) -> bool),
    ) -> Vec<(Timestamp, Second)> {
        let mut found = Vec::new();
        for session in self.sessions(sym, walked) {
            let shown = self.shown(sym, session, part);
            let (open, close) = (shown.open.as_second(), shown.close.as_second());
            let last = close.min(now.as_second() + 1);
            let mut look = |second: i64, found: &mut Vec<(Timestamp, Second)>| {
                let at = timestamp(second);
                if let Some(seen) = self.wide_second(sym, at).filter(|seen| wanted(*seen)) {
                    found.push((at, seen));
                }
                found.len() >= count
            };
            let full = match walked {
                Walked::From(from) => {
                    (open.max(from.as_second())..last).any(|second| look(second, &mut found))
                }
                Walked::Until(until) => {
                    (open..last.min(until.as_second() + 1)).rev().any(|second| look(second, &mut found))
                }
            };
            if full {
                break;
            }
        }
        if matches!(walked, Walked::Until(_)) {
            found.reverse();
        }
        found
    }

    /// How much was traded at each price in `from..until`, the lowest price first, in the listing's units.
    pub(crate) fn histogram(
        &mut self,
        sym: Sym,
        (from, until): (Timestamp, Timestamp),
        part: Part,
    ) -> BTreeMap<i64, i64> {
        let mut traded = BTreeMap::new();
        let hours = self.hours_of(sym);
        let mut session = hours.around(from).unwrap_or_else(|| hours.last_begun(from));
        loop {
            let shown = self.shown(sym, session, part);
            let (open, close) = (shown.open.max(from).as_second(), shown.close.min(until).as_second());
            let opens = session.open.as_second();
            if open <= opens && opens < close {
                let opening = self.opening(sym, session);
                *traded.entry(opening.price).or_insert(0) += opening.size;
            }
            for second in open..close {
                let print = self.wide_second(sym, timestamp(second)).and_then(|second| second.print);
                if let Some(print) = print {
                    *traded.entry(print.price).or_insert(0) += print.size;
                }
            }
            let next = self.hours_of(sym).after(session.date);
            if next == session || next.open >= until {
                return traded;
            }
            session = next;
        }
    }

    /// The sessions of a walk in its order.
    fn sessions(&self, sym: Sym, walked: Walked) -> Vec<Session> {
        let hours = hours_of(&self.hours, &self.others, self.listing(sym).schedule);
        let first = match walked {
            Walked::From(from) => hours.around_or_after(from),
            Walked::Until(until) => hours.around(until).unwrap_or_else(|| hours.last_begun(until)),
        };
        let mut sessions = vec![first];
        while sessions.len() < SESSIONS_MAX {
            let last = sessions[sessions.len() - 1];
            let next = match walked {
                Walked::From(_) => hours.after(last.date),
                Walked::Until(_) => hours.before(last.date),
            };
            if next == last {
                break;
            }
            sessions.push(next);
        }
        sessions
    }

    fn shown(&self, sym: Sym, session: Session, part: Part) -> Session {
        match part {
            Part::Regular => self.hours_of(sym).regular(session),
            Part::Whole => self.hours_of(sym).wide(session),
        }
    }
}
