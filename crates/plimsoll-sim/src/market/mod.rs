//! The market: quotes, trades, auctions and bars of every symbol, as they are decided by the seed.
//!
//! Owns what anybody can see of prices at an instant, and the two ways in which a test may bend them:
//! a shift of the whole price level and a trading halt. Both are kept, so that history asked for later
//! tells what was streamed.
//!
//! Does not know orders: customers here are too small to move the market.

pub(crate) mod bars;
pub(crate) mod chain;
mod curve;
pub(crate) mod forex;
pub(crate) mod future;
pub(crate) mod hours;
pub(crate) mod listing;
pub(crate) mod rng;
mod schedule;
pub(crate) mod steps;
mod walk;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use bars::{Bar, BarSize, What, millionths};
use hours::{Hours, Session};
use listing::{Listing, Product};
use rust_decimal::Decimal;
use schedule::Schedule;
pub(crate) use walk::{Print, Second};
use walk::{SecondOf, Walk};

/// A symbol of this market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sym(usize);

/// Everything about one symbol's day so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DaySoFar {
    /// The official close before it, in cents.
    pub(crate) previous_close: i64,
    /// The trades since the open; none before the open.
    pub(crate) trades: Option<Bar>,
}

/// A price that somebody set by hand, for the second in which it was set.
#[derive(Debug, Clone, Copy)]
struct Pinned {
    at: i64,
    second: Second,
}

#[derive(Debug)]
struct Book {
    walk: Walk,
    /// From which second on, by how many cents the market stands higher.
    shifts: Vec<(i64, i64)>,
    /// From which second to which nothing traded.
    halts: Vec<(i64, Option<i64>)>,
    pinned: Vec<Pinned>,
    day_bars: BTreeMap<(What, Date), Bar>,
    running: Option<(Date, i64, Option<Bar>)>,
}

/// All symbols.
#[derive(Debug)]
pub(crate) struct Market {
    /// When stocks trade.
    pub(crate) hours: Hours,
    others: Others,
    seed: u64,
    start: Timestamp,
    books: Vec<Book>,
    /// How many of the books are stocks; those of other products follow as they are asked for.
    stocks: usize,
}

/// When everything but stocks trades.
#[derive(Debug)]
struct Others {
    globex: Hours,
    forex: Hours,
}

/// The hours of a schedule.
fn hours_of<'a>(stocks: &'a Hours, others: &'a Others, schedule: Schedule) -> &'a Hours {
    match schedule {
        Schedule::UsStocks => stocks,
        Schedule::Globex => &others.globex,
        Schedule::Forex => &others.forex,
    }
}

impl Market {
    /// A market whose prices hang on the close before `start`.
    pub(crate) fn new(seed: u64, symbols: &[Box<str>], start: Timestamp) -> Self {
        let hours = Hours::new(Schedule::UsStocks);
        let anchor = hours.before(hours.at_or_after(start).date).date;
        let book = |symbol: &str| Book::new(Walk::new(seed, Listing::of(symbol), anchor));
        let books: Vec<Book> = symbols.iter().map(|symbol| book(symbol)).collect();
        let others = Others { globex: Hours::new(Schedule::Globex), forex: Hours::new(Schedule::Forex) };
        Self { hours, others, seed, start, stocks: books.len(), books }
    }

    /// Every stock.
    pub(crate) fn all(&self) -> impl Iterator<Item = Sym> + use<> {
        (0..self.stocks).map(Sym)
    }

    /// The stock of a ticker.
    pub(crate) fn find(&self, symbol: &str) -> Option<Sym> {
        self.stocks().position(|listing| &*listing.symbol == symbol).map(Sym)
    }

    /// The stock of a contract number.
    pub(crate) fn find_con_id(&self, con_id: i32) -> Option<Sym> {
        self.stocks().position(|listing| listing.con_id == con_id).map(Sym)
    }

    fn stocks(&self) -> impl Iterator<Item = &Listing> {
        self.books[..self.stocks].iter().map(|book| &book.walk.listing)
    }

    /// The prices of a future or a pair, begun when somebody first asks for them. There are as many as
    /// the tables have rows and months, so clients cannot make them grow without end.
    pub(crate) fn open_book(&mut self, product: Product) -> Option<Sym> {
        let known = |book: &Book| book.walk.listing.product == product;
        if let Some(index) = self.books[self.stocks..].iter().position(known) {
            return Some(Sym(self.stocks + index));
        }
        let listing = match product {
            Product::Stock => return None,
            Product::Future(future) => {
                future.listing(&self.others.globex, self.others.globex.date_at(self.start))
            }
            Product::Forex(index) => forex::Pair::listing(index),
        };
        let hours = hours_of(&self.hours, &self.others, listing.schedule);
        let anchor = hours.before(hours.at_or_after(self.start).date).date;
        self.books.push(Book::new(Walk::new(self.seed, listing, anchor)));
        Some(Sym(self.books.len() - 1))
    }

    /// When a symbol trades.
    pub(crate) fn hours_of(&self, sym: Sym) -> &Hours {
        hours_of(&self.hours, &self.others, self.listing(sym).schedule)
    }

    /// When futures trade.
    pub(crate) fn globex(&self) -> &Hours {
        &self.others.globex
    }

    /// When currencies trade.
    pub(crate) fn forex(&self) -> &Hours {
        &self.others.forex
    }

    /// A price of a symbol as a number.
    pub(crate) fn decimal(&self, sym: Sym, price: i64) -> Decimal {
        millionths(price * self.listing(sym).unit)
    }

    /// The middle of a quote as a number.
    pub(crate) fn middle(&self, sym: Sym, quote: Second) -> Decimal {
        millionths((quote.bid + quote.ask) * self.listing(sym).unit / 2)
    }

    /// The price of a trade as a number.
    pub(crate) fn print_px(&self, sym: Sym, print: Print) -> Decimal {
        millionths(print.price * self.listing(sym).unit + print.beyond)
    }

    /// What a symbol is.
    pub(crate) fn listing(&self, sym: Sym) -> &Listing {
        &self.books[sym.0].walk.listing
    }

    /// The second that `at` falls into; nothing outside the session.
    pub(crate) fn second(&mut self, sym: Sym, at: Timestamp) -> Option<Second> {
        let schedule = self.listing(sym).schedule;
        let hours = hours_of(&self.hours, &self.others, schedule);
        let session = hours.open_at(at)?;
        self.books[sym.0].second(hours, session, at.as_second())
    }

    /// The opening auction of a session.
    pub(crate) fn opening(&mut self, sym: Sym, session: Session) -> Print {
        let shift = self.books[sym.0].shift_at(session.open.as_second());
        let hours = hours_of(&self.hours, &self.others, self.books[sym.0].walk.listing.schedule);
        let print = self.books[sym.0].walk.day(hours, session).opening;
        Print { price: (print.price + shift).max(1), ..print }
    }

    /// The closing auction of a session: its price is the official close.
    pub(crate) fn closing(&mut self, sym: Sym, session: Session) -> Print {
        let shift = self.books[sym.0].shift_at(session.close.as_second());
        let hours = hours_of(&self.hours, &self.others, self.books[sym.0].walk.listing.schedule);
        let print = self.books[sym.0].walk.day(hours, session).closing;
        Print { price: (print.price + shift).max(1), ..print }
    }

    /// The day that `at` belongs to: the running session, or the last one that began.
    pub(crate) fn day_so_far(&mut self, sym: Sym, at: Timestamp) -> DaySoFar {
        let book = &mut self.books[sym.0];
        let hours = hours_of(&self.hours, &self.others, book.walk.listing.schedule);
        let session = hours.last_begun(at);
        let trades = book.trades_until(hours, session, at.as_second());
        let shift = book.shift_at(session.open.as_second() - 1);
        let previous_close = book.walk.day(hours, session).previous_close + shift;
        DaySoFar { previous_close: previous_close.max(1), trades }
    }

    /// The last price that is known at `at`: a trade of the day, or the close before it. In cents.
    pub(crate) fn last_price(&mut self, sym: Sym, at: Timestamp) -> i64 {
        let hours = hours_of(&self.hours, &self.others, self.books[sym.0].walk.listing.schedule);
        let session = hours.last_begun(at);
        if at >= session.close {
            return self.closing(sym, session).price;
        }
        let index = at.as_second();
        (index - 60..=index)
            .rev()
            .take_while(|second| *second >= session.open.as_second())
            .find_map(|second| self.books[sym.0].second(hours, session, second)?.print)
            .map_or_else(|| self.opening(sym, session).price, |print| print.price)
    }

    /// Moves the market so that it stands at this quote now and walks on from there.
    pub(crate) fn set_price(&mut self, sym: Sym, at: Timestamp, quote: Second) {
        let now = at.as_second();
        let session = self.hours.open_at(at);
        let natural = match session.and_then(|session| self.books[sym.0].second(&self.hours, session, now)) {
            Some(second) => i64::midpoint(second.bid, second.ask),
            None => self.last_price(sym, at),
        };
        let book = &mut self.books[sym.0];
        book.shifts.push((now, i64::midpoint(quote.bid, quote.ask) - natural));
        book.pinned.push(Pinned { at: now, second: quote });
        // Bars of this day and later were folded at the old level.
        let date = self.hours.last_begun(at).date;
        book.day_bars.retain(|(_, day), _| *day < date);
        book.running = None;
    }

    /// Stops trading in a symbol.
    pub(crate) fn halt(&mut self, sym: Sym, at: Timestamp) {
        if !self.is_halted(sym, at) {
            self.books[sym.0].halts.push((at.as_second(), None));
        }
    }

    /// Lets a halted symbol trade again.
    pub(crate) fn resume(&mut self, sym: Sym, at: Timestamp) {
        for (_, until) in &mut self.books[sym.0].halts {
            until.get_or_insert(at.as_second());
        }
    }

    /// Whether nothing trades in a symbol because of a halt.
    pub(crate) fn is_halted(&self, sym: Sym, at: Timestamp) -> bool {
        self.books[sym.0].halted(at.as_second())
    }

    /// The bars that start in `from..until` and were begun by `now`.
    pub(crate) fn bars(&mut self, sym: Sym, ask: BarRequest, now: Timestamp) -> Vec<Bar> {
        match ask.size {
            BarSize::Seconds(size) => self.bars_inside_days(sym, ask, size, now),
            BarSize::Day | BarSize::Week | BarSize::Month => self.bars_of_days(sym, ask, now),
        }
    }

    /// Where the data of a symbol begins.
    pub(crate) fn first_open(&self, sym: Sym) -> Timestamp {
        let hours = self.hours_of(sym);
        let (year, month, day) = self.listing(sym).first_day;
        let first = jiff::civil::date(year, month, day).max(hours.date_at(hours.beginning()));
        hours.on(first).unwrap_or_else(|| hours.after(first)).open
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
        let mut session = hours.last_begun(ask.from);
        if session.close <= ask.from {
            session = hours.after(session.date);
        }
        while session.open < ask.until && session.open <= now {
            let shown = if ask.regular { hours.regular(session) } else { session };
            let from = shown.open.max(ask.from).as_second();
            let until = shown.close.min(ask.until).min(now + jiff::SignedDuration::from_secs(1)).as_second();
            let opens = shown.open.as_second();
            book.fold(hours, Fold { session, opens, what: ask.what, from, until, size }, &mut bars);
            let next = hours.after(session.date);
            if next == session {
                break;
            }
            session = next;
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

/// One session's seconds to be folded into bars.
#[derive(Clone, Copy)]
struct Fold {
    session: Session,
    /// No bar starts before.
    opens: i64,
    what: What,
    from: i64,
    until: i64,
    size: i64,
}

impl Book {
    fn new(walk: Walk) -> Self {
        Self {
            walk,
            shifts: Vec::new(),
            halts: Vec::new(),
            pinned: Vec::new(),
            day_bars: BTreeMap::new(),
            running: None,
        }
    }

    fn shift_at(&self, second: i64) -> i64 {
        self.shifts.iter().filter(|(from, _)| *from <= second).map(|(_, cents)| cents).sum()
    }

    fn halted(&self, second: i64) -> bool {
        self.halts.iter().any(|(from, until)| *from <= second && until.is_none_or(|until| second < until))
    }

    fn second(&mut self, hours: &Hours, session: Session, second: i64) -> Option<Second> {
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
    fn fold(&mut self, hours: &Hours, fold: Fold, bars: &mut Vec<Bar>) {
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
    fn trades_until(&mut self, hours: &Hours, session: Session, until: i64) -> Option<Bar> {
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

    fn day_bar(&mut self, hours: &Hours, session: Session, what: What, now: Timestamp) -> Option<Bar> {
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

/// An instant from seconds that came out of an instant.
pub(crate) fn timestamp(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a second of a session lies within the calendar's years")
}

#[cfg(test)]
impl Sym {
    /// The first symbol of any market, for tests of code that only carries it around.
    pub(crate) const fn first() -> Self {
        Self(0)
    }
}
