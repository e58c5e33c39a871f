//! One symbol's day: its walk as tests have bent it, folded into bars.
//!
//! Owns the shifts, halts and prices set by hand, and the bars that were folded already. All of it is kept,
//! so that history asked for later tells what was streamed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::market::bars::{Bar, What};
use crate::market::hours::{Hours, Session};
use crate::market::listing::Product;
use crate::market::timestamp;
use crate::market::walk::{Print, Second, SecondOf, Walk};

/// A price that somebody set by hand, for the second in which it was set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pinned {
    pub(crate) at: i64,
    pub(crate) second: Second,
}

/// One symbol.
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) walk: Walk,
    /// From which second on, by how many cents the market stands higher.
    pub(crate) shifts: Vec<(i64, i64)>,
    /// From which second to which nothing traded.
    pub(crate) halts: Vec<(i64, Option<i64>)>,
    /// Prices set by hand.
    pub(crate) pinned: Vec<Pinned>,
    pub(crate) day_bars: BTreeMap<(What, Date), Bar>,
    pub(crate) running: Option<(Date, i64, Option<Bar>)>,
}

/// One session's seconds to be folded into bars.
#[derive(Clone, Copy)]
pub(crate) struct Fold {
    pub(crate) session: Session,
    /// No bar starts before.
    pub(crate) opens: i64,
    pub(crate) what: What,
    pub(crate) from: i64,
    pub(crate) until: i64,
    pub(crate) size: i64,
}

impl Book {
    pub(crate) fn new(walk: Walk) -> Self {
        Self {
            walk,
            shifts: Vec::new(),
            halts: Vec::new(),
            pinned: Vec::new(),
            day_bars: BTreeMap::new(),
            running: None,
        }
    }

    pub(crate) fn shift_at(&self, second: i64) -> i64 {
        self.shifts.iter().filter(|(from, _)| *from <= second).map(|(_, cents)| cents).sum()
    }

    pub(crate) fn halted(&self, second: i64) -> bool {
        self.halts.iter().any(|(from, until)| *from <= second && until.is_none_or(|until| second < until))
    }

    pub(crate) fn second(&mut self, hours: &Hours, session: Session, second: i64) -> Option<Second> {
        if matches!(self.walk.listing.product, Product::Future(future) if future.expiry < session.date) {
            return None;
        }
        if let Some(pinned) = self.pinned.iter().rev().find(|pinned| pinned.at == second) {
            return Some(pinned.second);
        }
        let shift = self.shift_at(second);
        let halted = self.halted(second);
        let index = second - session.open.as_second();
        let mut found = self.walk.second(hours, SecondOf { session, index }, shift)?;
        if halted {
            found.print = None;
        }
        Some(found)
    }

    /// Folds one second after the other into the bars that they belong to, aligned to whole multiples
    /// of the size in local time: New York is whole hours from UTC, and no size beyond an hour divides
    /// into a session anyway, so alignment by local midnight is what a chart shows.
    pub(crate) fn fold(&mut self, hours: &Hours, fold: Fold, bars: &mut Vec<Bar>) {
        let midnight = hours.midnight(hours.date_at(fold.session.open)).as_second();
        let mut bucket = None;
        for second in fold.from..fold.until {
            let Some(piece) = self.piece(hours, fold.session, fold.what, second) else { continue };
            let start = midnight + (second - midnight) / fold.size * fold.size;
            match bars.last_mut() {
                Some(bar) if bucket == Some(start) => bar.absorb(&piece),
                _ => {
                    let start = start.max(fold.opens);
                    bars.push(piece.starting(timestamp(start)));
                }
            }
            bucket = Some(start);
        }
    }

    /// What one second adds to a bar; the first second also holds the opening auction.
    fn piece(&mut self, hours: &Hours, session: Session, what: What, second: i64) -> Option<Bar> {
        let found = self.second(hours, session, second)?;
        let at = timestamp(second);
        let unit = self.walk.listing.unit;
        let bar = |price| Bar::flat(at, session.date, price);
        match what {
            What::Midpoint => Some(bar((found.bid + found.ask) * unit / 2)),
            What::Bid => Some(bar(found.bid * unit)),
            What::Ask => Some(bar(found.ask * unit)),
            What::BidAsk => Some(Bar::spread(bar(found.bid * unit), found.ask * unit)),
            What::Trades => {
                let trades = found.print.map(|print| Bar::of_print(at, session.date, print, unit));
                if second != session.open.as_second() {
                    return trades;
                }
                let shift = self.shift_at(second);
                let opening = self.walk.day(hours, session).opening;
                let opening = Print { price: (opening.price + shift).max(1), ..opening };
                let mut first = Bar::of_print(at, session.date, opening, unit);
                if let Some(trades) = trades {
                    first.absorb(&trades);
                }
                Some(first)
            }
        }
    }

    /// The trades of a session before the second that `until` names, the closing auction included once
    /// it has happened. Kept and extended, so that asking every second costs a second's work.
    pub(crate) fn trades_until(&mut self, hours: &Hours, session: Session, until: i64) -> Option<Bar> {
        let (mut from, mut so_far) = match self.running {
            Some((date, done, bar)) if date == session.date && done <= until + 1 => (done, bar),
            _ => (session.open.as_second(), None),
        };
        let close = session.close.as_second();
        let end = (until + 1).min(close);
        while from < end {
            if let Some(piece) = self.piece(hours, session, What::Trades, from) {
                match &mut so_far {
                    Some(bar) => bar.absorb(&piece),
                    None => so_far = Some(piece),
                }
            }
            from += 1;
        }
        self.running = Some((session.date, from, so_far));
        if until >= close {
            let closing = self.closing_bar(hours, session);
            if let Some(bar) = &mut so_far {
                bar.absorb(&closing);
            }
        }
        so_far
    }

    fn closing_bar(&mut self, hours: &Hours, session: Session) -> Bar {
        let shift = self.shift_at(session.close.as_second());
        let closing = self.walk.day(hours, session).closing;
        let print = Print { price: (closing.price + shift).max(1), ..closing };
        Bar::of_print(session.close, session.date, print, self.walk.listing.unit)
    }

    pub(crate) fn day_bar(
        &mut self,
        hours: &Hours,
        session: Session,
        what: What,
        now: Timestamp,
    ) -> Option<Bar> {
        if let Some(bar) = self.day_bars.get(&(what, session.date)) {
            return Some(*bar);
        }
        let until = session.close.as_second().min(now.as_second() + 1);
        let mut bars = Vec::new();
        let opens = session.open.as_second();
        let whole = Fold { session, opens, what, from: opens, until, size: 172_800 };
        self.fold(hours, whole, &mut bars);
        let mut bar = *bars.first()?;
        if session.close <= now {
            if what == What::Trades {
                bar.absorb(&self.closing_bar(hours, session));
            }
            self.day_bars.insert((what, session.date), bar);
        }
        Some(bar)
    }
}
