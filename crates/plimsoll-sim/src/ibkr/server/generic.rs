//! Generic ticks: what a client gets beyond prices and sizes when it names their numbers.
//!
//! Owns the list of numbers that TWS takes for stocks, and those of them that have something to say here:
//! time and sales, shortable shares, ranges and averages, the mark price, auction imbalances, dividends.
//! The others are taken and stay silent, as in life where there is no such data.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use plimsoll_model::Price;
use plimsoll_tws::Response;
use plimsoll_tws::message::{TickGeneric, TickString};
use rust_decimal::Decimal;

use crate::ibkr::Output;
use crate::ibkr::server::news::Listened;
use crate::ibkr::server::ticks::Line;
use crate::ibkr::venue::IbkrVenue;
use crate::market::Second;

/// The numbers that may be asked for, in TWS's order.
pub(crate) const LEGAL: &str = "100,101,105,106,165,221,225,232,233,236,258,292,293,294,295,318,375,411,456,460,499,506,511,577,586,587,588,595,614,619,623,mdoff";
/// The opening auction is indicated from so long before it.
pub(crate) const OPENING_INDICATED: SignedDuration = SignedDuration::from_mins(2);

/// One that has something to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Generic {
    /// 165.
    Ranges,
    /// 221 and 232.
    Mark,
    /// 225.
    Auction,
    /// 233.
    RtVolume,
    /// 236.
    Shortable,
    /// 292, of these providers.
    News(Listened),
    /// 375.
    RtTrades,
    /// 456.
    Dividends,
}

/// Reads a list of numbers; the first one that TWS would not take is the error.
pub(crate) fn read(list: &str) -> Result<BTreeSet<Generic>, String> {
    let mut found = BTreeSet::new();
    for word in list.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        // News comes with providers behind a colon.
        let (number, providers) = word.split_once(':').unwrap_or((word, ""));
        let generic = match number {
            "292" => match Listened::read(providers) {
                Ok(listened) => Generic::News(listened),
                Err(_) => return Err(word.to_owned()),
            },
            "165" => Generic::Ranges,
            "221" | "232" => Generic::Mark,
            "225" => Generic::Auction,
            "233" => Generic::RtVolume,
            "236" => Generic::Shortable,
            "375" => Generic::RtTrades,
            "456" => Generic::Dividends,
            _ if LEGAL.split(',').any(|legal| legal == word) => continue,
            _ => return Err(word.to_owned()),
        };
        if let Generic::News(listened) = generic {
            // Named twice, the providers of both are meant.
            let before = found.iter().find_map(|known| match known {
                Generic::News(before) => Some(*before),
                _ => None,
            });
            found.retain(|known| !matches!(known, Generic::News(_)));
            found.insert(Generic::News(before.map_or(listened, |before| before.and(listened))));
            continue;
        }
        found.insert(generic);
    }
    Ok(found)
}

mod tick {
    pub(super) const AVERAGE_VOLUME: i32 = 21;
    pub(super) const AUCTION_VOLUME: i32 = 34;
    pub(super) const AUCTION_PRICE: i32 = 35;
    pub(super) const AUCTION_IMBALANCE: i32 = 36;
    pub(super) const MARK: i32 = 37;
    pub(super) const SHORTABLE: i32 = 46;
    pub(super) const RT_VOLUME: i32 = 48;
    pub(super) const DIVIDENDS: i32 = 59;
    pub(super) const RT_TRADES: i32 = 77;
    pub(super) const SHORTABLE_SHARES: i32 = 89;
}

impl IbkrVenue {
    /// What does not change during the day, once.
    pub(crate) fn send_generic_picture(&mut self, line: Line, out: &mut Vec<Output>) {
        let stock = self.exchange.market.listing(line.sym).is_stock();
        for generic in self.generics(line) {
            match generic {
                Generic::Shortable if stock => self.send_shortable(line, out),
                Generic::Ranges if stock => self.send_ranges(line, out),
                Generic::Dividends if stock => {
                    // No dividends are simulated: none in the last year, none in the next, none to come.
                    self.send_text(line, tick::DIVIDENDS, "0.0,0.0,,", out);
                }
                Generic::Mark => {
                    let last = self.exchange.market.last_price(line.sym, self.shown_at(line));
                    self.send_price(line, tick::MARK, Some(self.px(line.sym, last)), 0, out);
                }
                Generic::Auction => self.stream_auction(line, out),
                _ => {}
            }
        }
    }

    /// What a second brings.
    pub(crate) fn stream_generic(&mut self, line: Line, second: Second, out: &mut Vec<Output>) {
        for generic in self.generics(line) {
            match generic {
                Generic::RtVolume => self.send_time_and_sales(line, tick::RT_VOLUME, second, out),
                Generic::RtTrades => self.send_time_and_sales(line, tick::RT_TRADES, second, out),
                Generic::Auction => self.stream_auction(line, out),
                Generic::News(listened) => self.stream_news(line, listened, out),
                Generic::Mark => {
                    if let Some(print) = second.print {
                        let mark = print.price.clamp(second.bid, second.ask);
                        self.send_price(line, tick::MARK, Some(self.px(line.sym, mark)), 0, out);
                    }
                }
                Generic::Ranges | Generic::Shortable | Generic::Dividends => {}
            }
        }
    }

    fn generics(&self, line: Line) -> BTreeSet<Generic> {
        let quote = self.conns.get(&line.conn).and_then(|conn| conn.subscriptions.quotes.get(&line.req_id));
        quote.map(|quote| quote.generic.clone()).unwrap_or_default()
    }

    fn send_text(&mut self, line: Line, tick: i32, value: &str, out: &mut Vec<Output>) {
        let message = TickString { req_id: line.req_id, tick, value: value.into() };
        self.send(line.conn, &Response::TickString(message), out);
    }

    /// Price, size, time in milliseconds, volume, average price, and whether one market maker did it all.
    fn send_time_and_sales(&mut self, line: Line, tick: i32, second: Second, out: &mut Vec<Output>) {
        let now = self.shown_at(line);
        let Some(print) = second.print else { return };
        let Some(trades) = self.exchange.market.day_so_far(line.sym, now).trades else { return };
        let price = self.exchange.market.print_px(line.sym, print);
        let value = format!(
            "{price};{};{};{};{};false",
            print.size,
            now.as_millisecond(),
            trades.volume,
            trades.average()
        );
        self.send_text(line, tick, &value, out);
    }

    /// Above 2.5 there are at least a thousand shares to borrow; here a tenth of a day's volume.
    fn send_shortable(&mut self, line: Line, out: &mut Vec<Output>) {
        let value = Some(Decimal::from(3));
        let message = TickGeneric { req_id: line.req_id, tick: tick::SHORTABLE, value };
        self.send(line.conn, &Response::TickGeneric(message), out);
        let shares = self.exchange.market.listing(line.sym).daily_volume / 10;
        self.send_size(line, tick::SHORTABLE_SHARES, shares, out);
    }

    /// Lows and highs of 13, 26 and 52 weeks of closes, and the average volume.
    fn send_ranges(&mut self, line: Line, out: &mut Vec<Output>) {
        for (weeks, low, high) in [(13, 15, 16), (26, 17, 18), (52, 19, 20)] {
            let closes = self.exchange.market.closes(line.sym, self.exchange.now, weeks * 5);
            let (Some(lowest), Some(highest)) = (closes.iter().min(), closes.iter().max()) else { continue };
            let (lowest, highest) = (self.px(line.sym, *lowest), self.px(line.sym, *highest));
            self.send_price(line, low, Some(lowest), 0, out);
            self.send_price(line, high, Some(highest), 0, out);
        }
        let volume = self.exchange.market.listing(line.sym).daily_volume;
        self.send_size(line, tick::AVERAGE_VOLUME, volume, out);
    }

    /// What the exchange publishes before an auction: the price at which most would trade, how much, and
    /// what is missing on the other side.
    pub(crate) fn stream_auction(&mut self, line: Line, out: &mut Vec<Output>) {
        if line.delayed || !self.generics(line).contains(&Generic::Auction) {
            return;
        }
        let Some(auction) = self.exchange.market.indication(line.sym, self.exchange.now) else { return };
        self.send_size(line, tick::AUCTION_VOLUME, auction.paired, out);
        let price = Price::new(self.exchange.market.decimal(line.sym, auction.price));
        self.send_price(line, tick::AUCTION_PRICE, Some(price), 0, out);
        self.send_size(line, tick::AUCTION_IMBALANCE, auction.imbalance, out);
    }
}
