//! The order book behind a quote: how much stands at each price, and at which exchange.
//!
//! Owns the one rule by which an order is executed behind the best price and by which the book is shown, so
//! that what is shown can be had. Which exchange quotes how much at a price is drawn once for symbol and
//! price: a book that moves keeps the rows that did not.
//!
//! Does not know who looks, nor what was shown before.

use crate::market::listing::{Listing, Product};
use crate::market::rng::{Stream, pick};
use crate::market::walk::Second;

/// How many prices a book is deep on each side, the best one included.
pub(crate) const LEVELS: i64 = 5;
/// The exchanges that make up the book of a stock.
pub(crate) const EXCHANGES: [&str; 6] = ["ARCA", "ISLAND", "IEX", "BATS", "DRCTEDGE", "BYX"];

/// One side of a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BookSide {
    /// Offers.
    Ask,
    /// Bids.
    Bid,
}

impl BookSide {
    /// Both, in the order of TWS's numbers.
    pub(crate) const ALL: [Self; 2] = [Self::Ask, Self::Bid];
}

/// Which part of a book is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// Each exchange in rows of its own.
    ByExchange,
    /// One exchange, by its place in [`EXCHANGES`].
    Exchange(usize),
    /// Everything at a price in one row: contracts that trade in one place.
    Whole,
}

/// What stands at one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    /// In the listing's units.
    pub(crate) px: i64,
    /// Shares or contracts.
    pub(crate) size: i64,
    /// Where, as a place in [`EXCHANGES`]; nothing where there is one place only.
    pub(crate) exchange: Option<usize>,
}

/// What stands at so many prices behind the best one, in all places together.
pub(crate) fn size_at(best_size: i64, level: i64) -> i64 {
    best_size * (level + 1)
}

/// One side of the book behind a quote, the best first.
pub(crate) fn side(listing: &Listing, seed: u64, quote: Second, side: BookSide, view: View) -> Vec<Row> {
    let (best, size, step) = match side {
        BookSide::Ask => (quote.ask, quote.ask_size, listing.step),
        BookSide::Bid => (quote.bid, quote.bid_size, -listing.step),
    };
    let places = Stream::new(seed, &listing.symbol, "book");
    let mut rows = Vec::new();
    for level in 0..LEVELS {
        let px = best + step * level;
        if px < listing.step {
            break;
        }
        let size = size_at(size, level);
        if view == View::Whole {
            rows.push(Row { px, size, exchange: None });
            continue;
        }
        let shares = shares_of(places.bits(px), size);
        let wanted = |exchange: usize| match view {
            View::Exchange(only) => exchange == only,
            View::ByExchange | View::Whole => true,
        };
        let quoting =
            shares.into_iter().enumerate().filter(|(exchange, size)| *size > 0 && wanted(*exchange));
        rows.extend(quoting.map(|(exchange, size)| Row { px, size, exchange: Some(exchange) }));
    }
    rows
}

/// The view that a listing has where somebody asks for an exchange by name, if there is a book.
pub(crate) fn view_of(listing: &Listing, exchange: &str) -> Option<View> {
    match listing.product {
        Product::Stock => {
            // Nasdaq has two names, the old one among the rows.
            let exchange = if exchange == "NASDAQ" { "ISLAND" } else { exchange };
            EXCHANGES.iter().position(|known| *known == exchange).map(View::Exchange)
        }
        Product::Option(..) => None,
        Product::Future(_) | Product::Forex(_) => Some(View::Whole),
    }
}

/// Divides lots of a hundred over the exchanges; what does not divide is quoted by one of them.
fn shares_of(bits: u64, size: i64) -> [i64; EXCHANGES.len()] {
    let lots = size / 100;
    let weight = |exchange: usize| 1 + pick(bits >> (exchange * 8), 16);
    let weights: i64 = (0..EXCHANGES.len()).map(weight).sum();
    let mut shares = [0; EXCHANGES.len()];
    for (exchange, share) in shares.iter_mut().enumerate() {
        *share = lots * weight(exchange) / weights * 100;
    }
    let odd = usize::try_from(bits >> 56).unwrap_or_default() % shares.len();
    shares[odd] += size - shares.iter().sum::<i64>();
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTE: Second = Second { bid: 68_911, ask: 68_912, bid_size: 700, ask_size: 1_300, print: None };

    fn rows(which: BookSide, view: View) -> Vec<Row> {
        side(&Listing::of("SPY"), 7, QUOTE, which, view)
    }

    #[test]
    fn the_rows_of_all_exchanges_add_up_to_what_an_order_can_take() {
        for (which, best, step) in [(BookSide::Ask, 68_912, 1), (BookSide::Bid, 68_911, -1)] {
            let all = rows(which, View::ByExchange);
            for level in 0..LEVELS {
                let px = best + step * level;
                let shown: i64 = all.iter().filter(|row| row.px == px).map(|row| row.size).sum();
                let best_size = if which == BookSide::Ask { 1_300 } else { 700 };
                assert_eq!(shown, best_size * (level + 1), "{which:?} {px}");
            }
        }
    }

    #[test]
    fn the_book_of_one_exchange_is_its_part_of_the_book_of_all() {
        for exchange in 0..EXCHANGES.len() {
            let mut all = rows(BookSide::Ask, View::ByExchange);
            all.retain(|row| row.exchange == Some(exchange));
            assert_eq!(rows(BookSide::Ask, View::Exchange(exchange)), all);
        }
    }

    #[test]
    fn a_price_that_stays_keeps_its_exchanges_when_the_market_moves() {
        let moved = Second { bid: QUOTE.bid + 1, ask: QUOTE.ask + 1, ..QUOTE };
        let before = rows(BookSide::Ask, View::ByExchange);
        let after = side(&Listing::of("SPY"), 7, moved, BookSide::Ask, View::ByExchange);
        let second_best: Vec<_> =
            before.iter().filter(|row| row.px == 68_913).map(|row| row.exchange).collect();
        let best: Vec<_> = after.iter().filter(|row| row.px == 68_913).map(|row| row.exchange).collect();
        assert!(best.iter().all(|exchange| second_best.contains(exchange)), "{best:?} {second_best:?}");
    }
}
