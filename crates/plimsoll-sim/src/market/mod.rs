//! The market: quotes, trades, auctions and bars of every symbol, as they are decided by the seed.
//!
//! Owns what anybody can see of prices at an instant, and the two ways in which a test may bend them:
//! a shift of the whole price level and a trading halt. Both are kept, so that history asked for later
//! tells what was streamed.
//!
//! Does not know orders: customers here are too small to move the market.

pub(crate) mod announced;
mod around;
pub(crate) mod bars;
mod book;
pub(crate) mod chain;
mod curve;
pub(crate) mod fixed;
pub(crate) mod forex;
pub(crate) mod future;
pub(crate) mod headlines;
pub(crate) mod hours;
mod indication;
pub(crate) mod ladder;
pub(crate) mod listing;
pub(crate) mod model;
pub(crate) mod option;
pub(crate) mod past;
pub(crate) mod recorded;
mod replay;
mod request;
pub(crate) mod rng;
mod schedule;
pub(crate) mod slices;
pub(crate) mod steps;
mod walk;

use std::collections::BTreeMap;

use jiff::Timestamp;

use bars::{Bar, millionths};
use book::{Book, Pinned};
use hours::{Hours, Session};
use listing::{Listing, Product};
pub(crate) use request::BarRequest;
use rust_decimal::Decimal;
use schedule::Schedule;
use walk::Walk;
pub(crate) use walk::{Print, Second};

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

/// All symbols.
#[derive(Debug)]
pub(crate) struct Market {
    /// When stocks trade.
    pub(crate) hours: Hours,
    others: Others,
    seed: u64,
    start: Timestamp,
    /// Where the recorded data ends.
    end: Option<Timestamp>,
    books: Vec<Book>,
    /// Quotes a second.
    slices: i64,
    /// How many of the books are stocks; those of other products follow as they are asked for.
    stocks: usize,
}

/// Options that have been traded in one run: more than any chain here has of one expiry.
const OPTIONS_MAX: usize = 4_096;

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
        Self { hours, others, seed, start, end: None, slices: 1, stocks: books.len(), books }
    }

    /// The same with the prices of files, one for each symbol; it ends with the last recorded session.
    pub(crate) fn recorded(
        seed: u64,
        records: BTreeMap<Box<str>, recorded::Record>,
        (start, end): (Timestamp, Timestamp),
    ) -> Self {
        let book = |(symbol, record): (Box<str>, recorded::Record)| {
            Book::new(Walk::recorded(seed, Listing::of(&symbol), record))
        };
        let books: Vec<Book> = records.into_iter().map(book).collect();
        Self { stocks: books.len(), books, end: Some(end), ..Self::new(seed, &[], start) }
    }

    /// The last instant to which venue time can run.
    pub(crate) fn end(&self) -> Timestamp {
        self.end.unwrap_or_else(|| self.hours.end())
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

    /// The prices of a future, a pair or an option, begun when somebody first asks for them. Of futures and
    /// pairs there are as many as the tables have rows and months, and options are counted, so clients cannot
    /// make them grow without end.
    pub(crate) fn open_book(&mut self, product: Product) -> Option<Sym> {
        let known = |book: &Book| book.walk.listing.product == product;
        if let Some(index) = self.books[self.stocks..].iter().position(known) {
            return Some(Sym(self.stocks + index));
        }
        let listing = match product {
            Product::Stock => return None,
            Product::Option(under, series) => {
                let options = self.books[self.stocks..].iter().filter(|book| book.walk.listing.is_option());
                if options.count() >= OPTIONS_MAX {
                    return None;
                }
                Listing::option(under, series, self.listing(under))
            }
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

    /// What somebody has asked for already, by its contract number.
    pub(crate) fn find_any(&self, con_id: i32) -> Option<Sym> {
        self.books.iter().position(|book| book.walk.listing.con_id == con_id).map(Sym)
    }

    /// The prices of a product that were begun already.
    pub(crate) fn opened(&self, product: Product) -> Option<Sym> {
        self.books.iter().position(|book| book.walk.listing.product == product).map(Sym)
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
        if let Product::Option(under, series) = self.listing(sym).product {
            return self.option_second(under, series, at);
        }
        let schedule = self.listing(sym).schedule;
        let hours = hours_of(&self.hours, &self.others, schedule);
        let session = hours.open_at(at)?;
        let quote = self.books[sym.0].second(hours, session, at.as_second())?;
        Some(self.sliced(sym, at, quote))
    }

    /// The same, early and late trading of stocks included.
    pub(crate) fn wide_second(&mut self, sym: Sym, at: Timestamp) -> Option<Second> {
        if !self.listing(sym).is_stock() {
            return self.second(sym, at);
        }
        let session = self.hours.around(at)?;
        let quote = self.books[sym.0].second(&self.hours, session, at.as_second())?;
        Some(self.sliced(sym, at, quote))
    }

    /// Whether a symbol can have a quote at an instant.
    pub(crate) fn is_quoting(&self, sym: Sym, at: Timestamp) -> bool {
        let hours = self.hours_of(sym);
        if self.listing(sym).is_stock() && !self.books[sym.0].walk.is_recorded() {
            return hours.around(at).is_some();
        }
        hours.open_at(at).is_some()
    }

    /// When the last quotes of a symbol's last session ended: with late trading, where there is any.
    pub(crate) fn last_quoting_end(&self, sym: Sym, at: Timestamp) -> Timestamp {
        let hours = self.hours_of(sym);
        let session = hours.last_begun(at);
        if self.listing(sym).is_stock() && !self.books[sym.0].walk.is_recorded() {
            return hours.wide(session).close;
        }
        session.close
    }

    /// The second of those quotes.
    pub(crate) fn last_quoting(&self, sym: Sym, at: Timestamp) -> Timestamp {
        self.last_quoting_end(sym, at) - jiff::SignedDuration::from_secs(1)
    }

    /// The second at or after an instant in which a symbol can have a quote.
    pub(crate) fn next_quoting(&self, sym: Sym, at: Timestamp) -> Timestamp {
        let hours = self.hours_of(sym);
        if self.listing(sym).is_stock() && !self.books[sym.0].walk.is_recorded() {
            return at.max(hours.wide(hours.around_or_after(at)).open);
        }
        at.max(hours.at_or_after(at).open)
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
        if let Product::Option(under, series) = self.listing(sym).product {
            return self.option_mark(under, series, at);
        }
        let pair = matches!(self.listing(sym).product, Product::Forex(_));
        if let Some(quote) = self.second(sym, at).filter(|_| pair) {
            // Trades of currencies are not published: the middle is what they are valued at.
            return i64::midpoint(quote.bid, quote.ask);
        }
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
            .map(|print| print.price)
            .or_else(|| self.last_recorded(sym, session, index))
            .unwrap_or_else(|| self.opening(sym, session).price)
    }

    /// Recorded trades can lie further apart: the market stands where the last one left it.
    fn last_recorded(&mut self, sym: Sym, session: Session, second: i64) -> Option<i64> {
        let book = &mut self.books[sym.0];
        if !book.walk.is_recorded() {
            return None;
        }
        let hours = hours_of(&self.hours, &self.others, book.walk.listing.schedule);
        book.second(hours, session, second).map(|second| second.bid)
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
        if let Product::Option(under, _) = self.listing(sym).product {
            return self.is_halted(under, at);
        }
        let book = &self.books[sym.0];
        book.halted(at.as_second()) || book.walk.knows_nothing_of(self.hours_of(sym).last_begun(at).date)
    }

    /// Where the data of a symbol begins.
    pub(crate) fn first_open(&self, sym: Sym) -> Timestamp {
        let hours = self.hours_of(sym);
        let (year, month, day) = self.listing(sym).first_day;
        let first = jiff::civil::date(year, month, day).max(hours.date_at(hours.beginning()));
        hours.on(first).unwrap_or_else(|| hours.after(first)).open
    }
}

/// An instant from seconds out of a file.
pub(crate) fn timestamp_of(second: i64) -> Option<Timestamp> {
    Timestamp::from_second(second).ok()
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
