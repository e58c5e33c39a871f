//! Bars: many seconds folded into open, high, low, close, volume and average price.
//!
//! Owns bar sizes, their alignment and the folding. Bars are made from the very seconds that were or
//! will be streamed, so history and stream cannot disagree. Bars inside a day hold continuous trading
//! and the opening auction; the closing auction belongs to the day bar alone, whose close is the
//! official one.

use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan};
use rust_decimal::Decimal;

use crate::market::walk::Print;

/// What a bar is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// Trades, with volume.
    Trades,
    /// The middle of bid and ask.
    Midpoint,
    /// The best bid.
    Bid,
    /// The best offer.
    Ask,
    /// Open is the average bid, high the highest ask, low the lowest bid, close the average ask.
    BidAsk,
}

/// How much time a bar covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum BarSize {
    /// So many seconds, at most eight hours.
    Seconds(i64),
    /// A session.
    Day,
    /// A calendar week.
    Week,
    /// A calendar month.
    Month,
}

impl BarSize {
    /// From TWS's words.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let seconds = match text.trim() {
            "1 secs" | "1 sec" => 1,
            "5 secs" => 5,
            "10 secs" => 10,
            "15 secs" => 15,
            "30 secs" => 30,
            "1 min" => 60,
            "2 mins" => 120,
            "3 mins" => 180,
            "5 mins" => 300,
            "10 mins" => 600,
            "15 mins" => 900,
            "20 mins" => 1200,
            "30 mins" => 1800,
            "1 hour" => 3600,
            "2 hours" => 7200,
            "3 hours" => 10_800,
            "4 hours" => 14_400,
            "8 hours" => 28_800,
            "1 day" => return Some(Self::Day),
            "1W" | "1 week" => return Some(Self::Week),
            "1M" | "1 month" => return Some(Self::Month),
            _ => return None,
        };
        Some(Self::Seconds(seconds))
    }

    /// The first day of the week or month that `date` is in; the date itself for days.
    pub(crate) fn first_date(self, date: Date) -> Date {
        match self {
            Self::Seconds(_) | Self::Day => date,
            Self::Week => {
                let back = date.weekday().since(Weekday::Monday);
                date - i32::from(back).days()
            }
            Self::Month => date.first_of_month(),
        }
    }
}

/// A finished or running bar; prices in millionths, so that a midpoint and a recorded price are exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bar {
    /// When it starts.
    pub(crate) start: Timestamp,
    /// The trade date it starts on.
    pub(crate) date: Date,
    /// The session before any folding of days; TWS names week and month bars by their last day.
    pub(crate) last_date: Date,
    open: i64,
    high: i64,
    low: i64,
    close: i64,
    /// Shares traded; none in bars of quotes.
    pub(crate) volume: i64,
    /// Trades; none in bars of quotes.
    pub(crate) count: i64,
    /// Sum of millionths times shares.
    turnover: i128,
}

impl Bar {
    /// A bar of one price, in millionths.
    pub(crate) fn flat(start: Timestamp, date: Date, price: i64) -> Self {
        Self {
            start,
            date,
            last_date: date,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: 0,
            count: 0,
            turnover: 0,
        }
    }

    /// A bar of one second's trades.
    pub(crate) fn of_print(start: Timestamp, date: Date, print: Print, unit: i64) -> Self {
        let price = print.price * unit + print.beyond;
        let mut bar = Self::flat(start, date, price);
        bar.volume = print.size;
        bar.count = print.count;
        bar.turnover = i128::from(price) * i128::from(print.size);
        bar
    }

    /// A second of both sides of the quote, as TWS folds `BID_ASK`.
    pub(crate) fn spread(bid: Self, ask: i64) -> Self {
        Self { high: ask, close: ask, ..bid }
    }

    /// The same bar under another start.
    pub(crate) fn starting(self, start: Timestamp) -> Self {
        Self { start, ..self }
    }

    /// The same bar with every price in another proportion.
    pub(crate) fn scaled(self, by: i64, of: i64) -> Self {
        let scale = |price: i64| price * by / of;
        Self {
            open: scale(self.open),
            high: scale(self.high),
            low: scale(self.low),
            close: scale(self.close),
            ..self
        }
    }

    /// Adds what came after.
    pub(crate) fn absorb(&mut self, later: &Self) {
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.last_date = later.last_date;
        self.volume += later.volume;
        self.count += later.count;
        self.turnover += later.turnover;
    }

    /// The first price.
    pub(crate) fn open(&self) -> Decimal {
        millionths(self.open)
    }

    /// The highest price.
    pub(crate) fn high(&self) -> Decimal {
        millionths(self.high)
    }

    /// The lowest price.
    pub(crate) fn low(&self) -> Decimal {
        millionths(self.low)
    }

    /// The last price.
    pub(crate) fn close(&self) -> Decimal {
        millionths(self.close)
    }

    /// The average price by volume, to a hundredth of a cent; the close where nothing traded.
    pub(crate) fn average(&self) -> Decimal {
        if self.volume == 0 {
            return self.close();
        }
        let ten_thousandths = self.turnover / i128::from(self.volume) / 100;
        Decimal::from_i128_with_scale(ten_thousandths, 4).normalize()
    }
}

/// An exact price as a number: whole cents print with two digits.
pub(crate) fn millionths(value: i64) -> Decimal {
    if value % 10_000 == 0 { Decimal::new(value / 10_000, 2) } else { Decimal::new(value, 6).normalize() }
}
