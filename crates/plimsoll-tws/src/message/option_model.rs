//! What TWS's option model computes: on request, and as ticks of a data subscription.

use bytes::BytesMut;
use plimsoll_model::Price;
use rust_decimal::Decimal;

use super::contract::WireContract;
use super::fundamental::options_of;
use crate::layout::{Fields, Layout, Problem, Step};
use crate::spelling::{Raw, Spelling, is_unset, plain_number};
use crate::{Text, Word};

/// Asks for the volatility behind an option's price, or for the price behind a volatility.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CalculateOption {
    /// The request this belongs to.
    pub req_id: i32,
    /// Which option.
    pub contract: WireContract,
    /// The option's price, or the volatility.
    pub given: Option<Decimal>,
    /// Of the underlying.
    pub under_px: Option<Price>,
    /// How many options follow; some clients leave the count out.
    pub options_count: Option<i32>,
    /// Internal use.
    pub options: Text,
}

impl Layout for CalculateOption {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        self.contract.twelve(f)?;
        f.opt("optionPriceOrVolatility", &mut self.given)?;
        f.opt("underPrice", &mut self.under_px)?;
        options_of(f, &mut self.options_count, &mut self.options)
    }
}

/// What the model says about an option.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "TWS's own field names")]
pub struct TickOptionComputation {
    pub req_id: i32,
    /// 10 bid, 11 ask, 12 last, 13 model, 53 on request; 80 to 83 delayed.
    pub tick: i32,
    /// 0 computed from returns, 1 from prices.
    pub attributes: i32,
    pub implied_volatility: Option<Figure>,
    pub delta: Option<Figure>,
    pub option_px: Option<Figure>,
    /// Present value of the dividends.
    pub pv_dividend: Option<Figure>,
    pub gamma: Option<Figure>,
    pub vega: Option<Figure>,
    pub theta: Option<Figure>,
    pub under_px: Option<Figure>,
}

impl Layout for TickOptionComputation {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        const UNKNOWN: &str = "-1";
        /// Of numbers that can be -1.
        const UNKNOWN_GREEK: &str = "-2";
        f.id("reqId", &mut self.req_id)?;
        f.visit("tickType", &mut self.tick)?;
        f.visit("tickAttrib", &mut self.attributes)?;
        f.visit("impliedVol", &mut Computed(&mut self.implied_volatility, UNKNOWN))?;
        f.visit("delta", &mut Computed(&mut self.delta, UNKNOWN_GREEK))?;
        f.visit("optPrice", &mut Computed(&mut self.option_px, UNKNOWN))?;
        f.visit("pvDividend", &mut Computed(&mut self.pv_dividend, UNKNOWN))?;
        f.visit("gamma", &mut Computed(&mut self.gamma, UNKNOWN_GREEK))?;
        f.visit("vega", &mut Computed(&mut self.vega, UNKNOWN_GREEK))?;
        f.visit("theta", &mut Computed(&mut self.theta, UNKNOWN_GREEK))?;
        f.visit("undPrice", &mut Computed(&mut self.under_px, UNKNOWN))?;
        Ok(())
    }
}

/// A number that a model computed, as the text it came as: near zero a double has more places than an
/// exact decimal can hold, and nothing is decided by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure(Word);

impl Figure {
    /// The exact number; nothing where it has more than 28 places.
    pub fn exact(&self) -> Option<Decimal> {
        Price::parse(self.0.as_str()).ok().map(Price::get)
    }
}

impl From<Decimal> for Figure {
    fn from(number: Decimal) -> Self {
        Self(Word::from(&*number.to_string()))
    }
}

/// A figure, or the number that stands where none was computed.
struct Computed<'a>(&'a mut Option<Figure>, &'static str);

impl Spelling for Computed<'_> {
    fn read(&mut self, raw: Raw<'_>) -> Result<(), Problem> {
        let whole = raw.bytes.strip_suffix(b".0").unwrap_or(raw.bytes);
        if is_unset(raw.bytes) || whole == self.1.as_bytes() {
            *self.0 = None;
            return Ok(());
        }
        plain_number(raw)?;
        let mut word = Word::EMPTY;
        word.read(raw)?;
        *self.0 = Some(Figure(word));
        Ok(())
    }

    fn write(&self, out: &mut BytesMut) {
        out.extend_from_slice(self.0.as_ref().map_or(self.1, |figure| figure.0.as_str()).as_bytes());
    }
}
