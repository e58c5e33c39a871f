//! What an option's quote is: the model's price at the underlying's middle, and a spread around it.
//!
//! Owns the volatility of each underlying, which is a tenth above what its closes showed, the same that the
//! bars of implied volatility tell, for every strike and term. Nobody trades options here: there are quotes
//! and no last prices.

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::market::chain::{OptionSeries, Right};
use crate::market::fixed::Fixed;
use crate::market::model::{self, Terms, Worth};
use crate::market::rng::Stream;
use crate::market::{Market, Second, Sym, hours_of, steps};

/// Seconds of a year, as lives of options are counted.
const YEAR_SECS: i64 = 365 * 86_400;
/// A size stands for so many seconds.
const SIZE_SECS: i64 = 10;

/// What is shown of an option in a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OptionQuote {
    /// In cents; zero where nobody bids.
    pub(crate) bid: i64,
    /// In cents.
    pub(crate) ask: i64,
    /// Contracts.
    pub(crate) bid_size: i64,
    /// Contracts.
    pub(crate) ask_size: i64,
    /// The middle of the underlying.
    pub(crate) under: Fixed,
    /// What the model says.
    pub(crate) model: Worth,
}

impl Market {
    /// The price steps of an option, TWS's number of their rule.
    pub(crate) fn option_rule(&self, sym: Sym) -> i32 {
        steps::option_rule(self.listing(sym))
    }

    /// The terms of an option at a price of its underlying.
    pub(crate) fn option_terms(&self, sym: Sym, series: OptionSeries, at: Timestamp, under: Fixed) -> Terms {
        let hours = self.hours_of(sym);
        let ends = hours.on(series.expiry).map_or(at, |session| session.close);
        let left = ends.as_second() - at.as_second();
        let years = Fixed::ratio(left.max(0), YEAR_SECS);
        Terms { under, strike: Fixed::ratio(series.strike, 100), years, right: series.right }
    }

    /// The volatility at which options on a stock are quoted on the day of an instant.
    pub(crate) fn option_volatility(&mut self, sym: Sym, at: Timestamp) -> Fixed {
        let book = &mut self.books[sym.0];
        let hours = hours_of(&self.hours, &self.others, book.walk.listing.schedule);
        let before = hours.before(hours.last_begun(at).date).date;
        Fixed::ratio(book.walk.volatility(hours, before) * 110 / 100, 1_000_000)
    }

    /// What is shown of an option at an instant; nothing while its underlying has no quote.
    pub(crate) fn option_quote(
        &mut self,
        sym: Sym,
        series: OptionSeries,
        at: Timestamp,
    ) -> Option<OptionQuote> {
        if self.has_expired(sym, series, at) {
            return None;
        }
        let second = self.second(sym, at)?;
        let under = Fixed::from_decimal(self.middle(sym, second))?;
        let volatility = self.option_volatility(sym, at);
        let model = model::worth(self.option_terms(sym, series, at, under), volatility)?;
        let middle = model.px.hundredths();
        let step = self.option_step(sym, middle);
        // A hundredth of the price on each side, and never less than a step.
        let aside = (middle / 100).max(step);
        let bid = (middle - aside).max(0) / step * step;
        let ask = (middle + aside + step - 1) / step * step;
        let con_id = i64::from(series.con_id(self.listing(sym)));
        let sizes = Stream::new(self.seed, &self.listing(sym).symbol, "option sizes").branch(con_id);
        let stands = at.as_second() / SIZE_SECS * 2;
        let bid_size = if bid > 0 { 1 + sizes.below(stands, 100) } else { 0 };
        Some(OptionQuote { bid, ask, bid_size, ask_size: 1 + sizes.below(stands + 1, 100), under, model })
    }

    /// The same as a stock's second: a quote, and no trades.
    pub(crate) fn option_second(
        &mut self,
        under: Sym,
        series: OptionSeries,
        at: Timestamp,
    ) -> Option<Second> {
        let quote = self.option_quote(under, series, at)?;
        let OptionQuote { bid, ask, bid_size, ask_size, .. } = quote;
        Some(Second { bid, ask, bid_size, ask_size, print: None })
    }

    /// What a position in an option is valued at, in cents: the middle of its quote, after the close that of
    /// the last second before, and what it is worth by exercise once it has expired.
    pub(crate) fn option_mark(&mut self, under: Sym, series: OptionSeries, at: Timestamp) -> i64 {
        if self.has_expired(under, series, at) {
            return self.intrinsic(under, series, at);
        }
        let session = self.hours_of(under).last_begun(at);
        let shown = at.min(session.close - jiff::SignedDuration::from_secs(1));
        let quote = self.option_quote(under, series, shown);
        quote.map_or_else(|| self.intrinsic(under, series, at), |quote| i64::midpoint(quote.bid, quote.ask))
    }

    /// What exercising brings, in cents.
    pub(crate) fn intrinsic(&mut self, under: Sym, series: OptionSeries, at: Timestamp) -> i64 {
        let px = self.last_price(under, at);
        match series.right {
            Right::Call => (px - series.strike).max(0),
            Right::Put => (series.strike - px).max(0),
        }
    }

    /// Whether the last session of an option is over.
    pub(crate) fn has_expired(&self, under: Sym, series: OptionSeries, at: Timestamp) -> bool {
        self.hours_of(under).on(series.expiry).is_none_or(|session| at >= session.close)
    }

    /// The step at a price, both in cents.
    fn option_step(&self, sym: Sym, px: i64) -> i64 {
        let bands = steps::bands(self.option_rule(sym)).unwrap_or_default();
        let holds = |(low, _): &&(Decimal, Decimal)| Decimal::new(px, 2) >= *low;
        let step = bands.iter().rev().find(holds).map(|(_, step)| *step * Decimal::ONE_HUNDRED);
        step.and_then(|step| i64::try_from(step.trunc().mantissa()).ok())
            .filter(|step| *step > 0)
            .unwrap_or(1)
    }
}
