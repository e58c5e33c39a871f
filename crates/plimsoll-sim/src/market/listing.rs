//! What has prices here: a small table of US stocks and ETFs, a rule for symbols beyond it, and the shape
//! that futures and currencies fill in as well.
//!
//! Owns names, numbers and the temper of each symbol's walk. Prices are plausible, not real; contract
//! numbers are IBKR's own where known and say so where they are invented.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::market::chain::OptionSeries;
use crate::market::future::Future;
use crate::market::rng::Stream;
use crate::market::schedule::Schedule;
use crate::market::{Sym, steps};

/// What kind of thing a listing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Product {
    /// A stock or ETF.
    Stock,
    /// An option on a stock.
    Option(Sym, OptionSeries),
    /// A future, by its table row and month.
    Future(Future),
    /// A pair of currencies, by its table row.
    Forex(usize),
}

/// Where a stock is listed: decides the auction's deadlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Venue {
    /// NYSE Arca: most ETFs.
    Arca,
    /// Nasdaq.
    Nasdaq,
}

impl Venue {
    /// IBKR's word.
    pub(crate) const fn as_wire(self) -> &'static str {
        match self {
            Self::Arca => "ARCA",
            Self::Nasdaq => "NASDAQ",
        }
    }
}

/// One stock or ETF.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    /// The ticker.
    pub(crate) symbol: Box<str>,
    /// IBKR's contract number.
    pub(crate) con_id: i32,
    /// The company or fund, in capitals as IBKR prints it.
    pub(crate) name: Box<str>,
    /// Where it is listed.
    pub(crate) venue: Venue,
    /// `NMS` for Nasdaq stocks, the ticker for Arca ETFs: TWS's `tradingClass` and `marketName`.
    pub(crate) trading_class: Box<str>,
    /// `COMMON` or `ETF`.
    pub(crate) stock_type: &'static str,
    /// Yesterday's close on the start day, in cents.
    pub(crate) anchor_cents: i64,
    /// Daily volatility in hundredths of a percent.
    pub(crate) daily_bp: i64,
    /// Shares that trade on a usual day.
    pub(crate) daily_volume: i64,
    /// The usual spread in cents.
    pub(crate) spread_cents: i64,
    /// The usual size of the best quote in shares.
    pub(crate) quote_size: i64,
    /// The first day with data, `(year, month, day)`; never before the calendar begins, in 1993.
    pub(crate) first_day: (i16, i8, i8),
    /// What it is.
    pub(crate) product: Product,
    /// When it trades.
    pub(crate) schedule: Schedule,
    /// What one unit of all prices below is worth, in millionths of the currency. Fields that speak of
    /// cents mean these units.
    pub(crate) unit: i64,
    /// The smallest price step, in units.
    pub(crate) step: i64,
    /// The market rule with the steps at each price.
    pub(crate) rule: i32,
    /// How many times the price one contract is worth.
    pub(crate) multiplier: i64,
    /// In which currency.
    pub(crate) currency: &'static str,
}

impl Listing {
    /// Whether it is a stock or ETF.
    pub(crate) fn is_stock(&self) -> bool {
        self.product == Product::Stock
    }

    /// Whether it is an option.
    pub(crate) const fn is_option(&self) -> bool {
        matches!(self.product, Product::Option(..))
    }

    /// TWS's word for what it is.
    pub(crate) const fn sec_type(&self) -> &'static str {
        match self.product {
            Product::Stock => "STK",
            Product::Option(..) => "OPT",
            Product::Future(_) => "FUT",
            Product::Forex(_) => "CASH",
        }
    }

    /// How many decimal places one unit has.
    pub(crate) const fn scale(&self) -> u32 {
        6 - self.unit.ilog10()
    }

    /// A price as a number.
    pub(crate) fn decimal(&self, px: i64) -> Decimal {
        Decimal::new(px, self.scale())
    }

    /// What one contract (or share, or unit of the base currency) is worth at a price.
    pub(crate) fn contract_value(&self, px: i64) -> Decimal {
        self.decimal(px) * Decimal::from(self.multiplier)
    }

    /// A price in whole units; none for a part of one.
    pub(crate) fn units(&self, px: Decimal) -> Option<i64> {
        let scaled = px.checked_mul(Decimal::from(10_i64.pow(self.scale())))?;
        scaled.fract().is_zero().then(|| scaled.to_i64()).flatten()
    }

    /// The step at a price, in units.
    pub(crate) fn step_at(&self, px: i64) -> i64 {
        let bands = steps::bands(self.rule).unwrap_or_default();
        let holds = |(low, _): &&(Decimal, Decimal)| self.decimal(px) >= *low;
        let step = bands.iter().rev().find(holds).and_then(|(_, step)| self.units(*step));
        step.filter(|step| *step > 0).unwrap_or(1)
    }
}

/// The symbols that exist when nothing else is asked for.
pub const DEFAULT_SYMBOLS: [&str; 7] = ["SPY", "QQQ", "IWM", "AAPL", "MSFT", "TLT", "GLD"];

struct Row {
    symbol: &'static str,
    con_id: i32,
    name: &'static str,
    venue: Venue,
    stock_type: &'static str,
    anchor_cents: i64,
    daily_bp: i64,
    daily_volume: i64,
    spread_cents: i64,
    quote_size: i64,
    first_day: (i16, i8, i8),
}

// The numbers of SPY and AAPL were seen in recorded frames; the others are the ones in public use.
#[rustfmt::skip]
const TABLE: [Row; 8] = [
    Row { symbol: "SPY",  con_id: 756_733,     name: "SS SPDR S&P 500 ETF TRUST-US",  venue: Venue::Arca,   stock_type: "ETF",    anchor_cents: 68_912, daily_bp: 85,  daily_volume: 68_000_000, spread_cents: 1, quote_size: 700, first_day: (1993, 1, 29) },
    Row { symbol: "QQQ",  con_id: 320_227_571, name: "INVESCO QQQ TRUST SERIES 1",    venue: Venue::Nasdaq, stock_type: "ETF",    anchor_cents: 63_145, daily_bp: 115, daily_volume: 45_000_000, spread_cents: 1, quote_size: 500, first_day: (1999, 3, 10) },
    Row { symbol: "IWM",  con_id: 9_579_970,   name: "ISHARES RUSSELL 2000 ETF",      venue: Venue::Arca,   stock_type: "ETF",    anchor_cents: 24_688, daily_bp: 130, daily_volume: 34_000_000, spread_cents: 1, quote_size: 900, first_day: (2000, 5, 26) },
    Row { symbol: "AAPL", con_id: 265_598,     name: "APPLE INC",                     venue: Venue::Nasdaq, stock_type: "COMMON", anchor_cents: 27_731, daily_bp: 155, daily_volume: 52_000_000, spread_cents: 1, quote_size: 300, first_day: (1993, 1, 29) },
    Row { symbol: "MSFT", con_id: 272_093,     name: "MICROSOFT CORP",                venue: Venue::Nasdaq, stock_type: "COMMON", anchor_cents: 51_266, daily_bp: 140, daily_volume: 21_000_000, spread_cents: 3, quote_size: 200, first_day: (1993, 1, 29) },
    Row { symbol: "TLT",  con_id: 15_547_841,  name: "ISHARES 20+ YEAR TREASURY BD",  venue: Venue::Nasdaq, stock_type: "ETF",    anchor_cents: 8_934,  daily_bp: 80,  daily_volume: 36_000_000, spread_cents: 1, quote_size: 4000, first_day: (2002, 7, 26) },
    Row { symbol: "GLD",  con_id: 51_529_211,  name: "SPDR GOLD SHARES",              venue: Venue::Arca,   stock_type: "ETF",    anchor_cents: 38_127, daily_bp: 95,  daily_volume: 9_500_000,  spread_cents: 2, quote_size: 400, first_day: (2004, 11, 18) },
    // The same index as SPY, for who wants to see one stand in for the other.
    Row { symbol: "IVV",  con_id: 8_991_352,   name: "ISHARES CORE S&P 500 ETF",      venue: Venue::Arca,   stock_type: "ETF",    anchor_cents: 69_215, daily_bp: 85,  daily_volume: 6_000_000,  spread_cents: 2, quote_size: 300, first_day: (2000, 5, 19) },
];

impl Listing {
    /// The listing of a symbol: from the table, or invented from the symbol's letters.
    pub(crate) fn of(symbol: &str) -> Self {
        TABLE.iter().find(|row| row.symbol == symbol).map_or_else(|| Self::invented(symbol), Self::from_row)
    }

    fn from_row(row: &Row) -> Self {
        let class = if row.venue == Venue::Arca { row.symbol } else { "NMS" };
        Self {
            symbol: row.symbol.into(),
            con_id: row.con_id,
            name: row.name.into(),
            venue: row.venue,
            trading_class: class.into(),
            stock_type: row.stock_type,
            anchor_cents: row.anchor_cents,
            daily_bp: row.daily_bp,
            daily_volume: row.daily_volume,
            spread_cents: row.spread_cents,
            quote_size: row.quote_size,
            first_day: row.first_day,
            ..Self::stock()
        }
    }

    /// A stock that nobody has listed. Its number lies above 900 million, where IBKR's own were not
    /// seen, and does not depend on the seed: a contract keeps its number from run to run.
    fn invented(symbol: &str) -> Self {
        let stream = Stream::new(0, symbol, "listing");
        let con_id = 900_000_000 + i32::try_from(stream.below(0, 99_000_000)).expect("below 99 million");
        Self {
            symbol: symbol.into(),
            con_id,
            name: format!("{symbol} INVENTED FOR SIMULATION").into(),
            venue: Venue::Nasdaq,
            trading_class: "NMS".into(),
            stock_type: "COMMON",
            anchor_cents: 2_000 + stream.below(1, 28_000),
            daily_bp: 120 + stream.below(2, 160),
            daily_volume: 1_000_000 + stream.below(3, 9_000_000),
            spread_cents: 1 + stream.below(4, 4),
            quote_size: 200,
            first_day: (2005, 1, 3),
            ..Self::stock()
        }
    }

    /// What all stocks have in common.
    fn stock() -> Self {
        Self {
            symbol: "".into(),
            con_id: 0,
            name: "".into(),
            venue: Venue::Nasdaq,
            trading_class: "".into(),
            stock_type: "",
            anchor_cents: 0,
            daily_bp: 0,
            daily_volume: 0,
            spread_cents: 1,
            quote_size: 100,
            first_day: (1993, 1, 29),
            product: Product::Stock,
            schedule: Schedule::UsStocks,
            unit: 10_000,
            step: 1,
            rule: steps::STOCK,
            multiplier: 1,
            currency: "USD",
        }
    }

    /// An option on a stock: no price of its own is walked, its quotes follow the underlying's.
    pub(crate) fn option(sym: Sym, series: OptionSeries, under: &Self) -> Self {
        Self {
            symbol: under.symbol.clone(),
            con_id: series.con_id(under),
            name: under.name.clone(),
            trading_class: under.symbol.clone(),
            product: Product::Option(sym, series),
            rule: steps::option_rule(under),
            multiplier: 100,
            ..Self::stock()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_names_the_symbols_that_exist() {
        let page = include_str!("../../../../docs/simulator.md");
        assert!(page.contains(&format!("the symbols `{}`", DEFAULT_SYMBOLS.join(" "))));
    }
}
