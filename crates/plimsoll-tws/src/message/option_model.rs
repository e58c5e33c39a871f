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
        f.id("reqId", &mut self.req_id)?;
        f.visit("tickType", &mut self.tick)?;
        f.visit("tickAttrib", &mut self.attributes)?;
        for (name, figure, unknown) in self.figures() {
            f.visit(name, &mut Computed { figure, unknown, written: unknown })?;
        }
        Ok(())
    }
}

impl TickOptionComputation {
    /// The figures in their order on both wires: name, value, and the number for one that was not computed.
    pub(crate) fn figures(&mut self) -> [(&'static str, &mut Option<Figure>, &'static str); 8] {
        const UNKNOWN: &str = "-1";
        /// Of numbers that can be -1.
        const UNKNOWN_GREEK: &str = "-2";
        [
            ("impliedVol", &mut self.implied_volatility, UNKNOWN),
            ("delta", &mut self.delta, UNKNOWN_GREEK),
            ("optPrice", &mut self.option_px, UNKNOWN),
            ("pvDividend", &mut self.pv_dividend, UNKNOWN),
            ("gamma", &mut self.gamma, UNKNOWN_GREEK),
            ("vega", &mut self.vega, UNKNOWN_GREEK),
            ("theta", &mut self.theta, UNKNOWN_GREEK),
            ("undPrice", &mut self.under_px, UNKNOWN),
        ]
    }
}

/// A number that a model computed, as the text it came as: near zero a double has more places than an
/// exact decimal can hold, and nothing is decided by one. Two spellings of one exact number are the same figure.
#[derive(Debug, Clone)]
pub struct Figure(Word);

impl PartialEq for Figure {
    fn eq(&self, other: &Self) -> bool {
        match (self.exact(), other.exact()) {
            (None, None) => self.0 == other.0,
            (mine, theirs) => mine == theirs,
        }
    }
}

impl Eq for Figure {}

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

/// A figure that may not have been computed.
pub(crate) struct Computed<'a> {
    pub(crate) figure: &'a mut Option<Figure>,
    /// The number that says so.
    pub(crate) unknown: &'static str,
    /// What is written to say so.
    pub(crate) written: &'static str,
}

impl Spelling for Computed<'_> {
    fn read(&mut self, raw: Raw<'_>) -> Result<(), Problem> {
        let whole = raw.bytes.strip_suffix(b".0").unwrap_or(raw.bytes);
        if is_unset(raw.bytes) || whole == self.unknown.as_bytes() {
            *self.figure = None;
            return Ok(());
        }
        plain_number(raw)?;
        let mut word = Word::EMPTY;
        word.read(raw)?;
        *self.figure = Some(Figure(word));
        Ok(())
    }

    fn write(&self, out: &mut BytesMut) {
        let text = self.figure.as_ref().map_or(self.written, |figure| figure.0.as_str());
        out.extend_from_slice(text.as_bytes());
    }
}
