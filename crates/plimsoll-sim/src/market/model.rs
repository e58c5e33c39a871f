//! What an option is worth: the formula of Black and Scholes, and the volatility behind a price.
//!
//! F. Black and M. Scholes, "The Pricing of Options and Corporate Liabilities", Journal of Political Economy
//! 81(3), 1973, with the derivatives as J. Hull, "Options, Futures, and Other Derivatives", gives them.
//! Options on American stocks may be exercised early and their underlyings pay dividends; here nobody
//! exercises and nothing is paid, so the European formula holds.

use crate::market::chain::Right;
use crate::market::fixed::Fixed;

/// What a year of a loan costs, in percent: an assumption, the same for all terms.
const RATE_PERCENT: i64 = 4;
/// Volatilities are looked for up to this, which is a thousand percent.
const VOLATILITY_MAX: i64 = 10;
/// Steps of the search; a bracket of ten halved so often is finer than what is told.
const STEPS_MAX: usize = 60;

/// An option at a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// The price of the underlying.
    pub(crate) under: Fixed,
    /// The strike.
    pub(crate) strike: Fixed,
    /// What is left of its life.
    pub(crate) years: Fixed,
    /// Call or put.
    pub(crate) right: Right,
}

/// What the formula says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Worth {
    /// For a year, as a fraction.
    pub(crate) volatility: Fixed,
    /// The price.
    pub(crate) px: Fixed,
    /// For a dollar of the underlying.
    pub(crate) delta: Fixed,
    /// Of delta, for a dollar of the underlying.
    pub(crate) gamma: Fixed,
    /// For one percent of volatility.
    pub(crate) vega: Fixed,
    /// For a day.
    pub(crate) theta: Fixed,
}

/// The worth at a volatility; nothing where there is no time, no price or no volatility.
pub(crate) fn worth(terms: Terms, volatility: Fixed) -> Option<Worth> {
    let Terms { under, strike, years, right } = terms;
    if !(under.is_positive() && strike.is_positive() && years.is_positive() && volatility.is_positive()) {
        return None;
    }
    let rate = Fixed::ratio(RATE_PERCENT, 100);
    let root = years.sqrt();
    let spread = volatility * root;
    if !spread.is_positive() {
        return None;
    }
    let one = ((under / strike).ln() + (rate + (volatility * volatility).half()) * years) / spread;
    let two = one - spread;
    let present = strike * (-(rate * years)).exp();
    let density = one.density();
    let decay = -(under * density * volatility / (root + root));
    let (px, delta, theta) = match right {
        Right::Call => {
            let (first, second) = (one.below(), two.below());
            (under * first - present * second, first, decay - rate * present * second)
        }
        Right::Put => {
            let (first, second) = ((-one).below(), (-two).below());
            (present * second - under * first, -first, decay + rate * present * second)
        }
    };
    Some(Worth {
        volatility,
        px: px.max(Fixed::ZERO),
        delta,
        gamma: density / (under * spread),
        vega: under * density * root / Fixed::ratio(100, 1),
        theta: theta / Fixed::ratio(365, 1),
    })
}

/// The worth at the volatility at which the formula gives this price; nothing where none does. Newton's
/// steps, kept inside a bracket that is halved where they leave it.
pub(crate) fn implied(terms: Terms, px: Fixed, guess: Fixed) -> Option<Worth> {
    let (mut low, mut high) = (Fixed::ratio(1, 10_000), Fixed::ratio(VOLATILITY_MAX, 1));
    if px <= worth(terms, low)?.px || px >= worth(terms, high)?.px {
        return None;
    }
    let close = Fixed::ratio(1, 1_000_000_000);
    let mut volatility = if low < guess && guess < high { guess } else { (low + high).half() };
    let mut found = worth(terms, volatility)?;
    for _ in 0..STEPS_MAX {
        let off = found.px - px;
        if off.abs() < close || high - low < close {
            break;
        }
        if off.is_positive() {
            high = volatility;
        } else {
            low = volatility;
        }
        let slope = found.vega * Fixed::ratio(100, 1);
        let steep = slope > Fixed::ratio(1, 100_000);
        let next = if steep { volatility - off / slope } else { low };
        volatility = if low < next && next < high { next } else { (low + high).half() };
        found = worth(terms, volatility)?;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(text: &str) -> Fixed {
        Fixed::from_decimal(text.parse().unwrap()).unwrap()
    }

    fn near(found: Fixed, wanted: &str, by: &str) {
        assert!((found - fixed(wanted)).abs() < fixed(by), "{} is not {wanted}", found.to_decimal());
    }

    fn terms(right: Right) -> Terms {
        Terms { under: fixed("100"), strike: fixed("100"), years: fixed("1"), right }
    }

    #[test]
    fn a_year_at_the_money_is_worth_what_the_formula_gives_by_hand() {
        // d1 = (0.04 + 0.02) / 0.2 = 0.3, d2 = 0.1; N(0.3) = 0.6179114222, N(0.1) = 0.5398278373,
        // exp(-0.04) = 0.9607894392: 61.79114222 - 96.07894392 * 0.5398278373.
        let call = worth(terms(Right::Call), fixed("0.2")).unwrap();
        near(call.px, "9.925053717", "0.00000001");
        near(call.delta, "0.6179114222", "0.0000000002");
        // n(0.3) = 0.3813878155: over 100 * 0.2, times 100 * 1 for one percent.
        near(call.gamma, "0.0190693908", "0.0000000002");
        near(call.vega, "0.3813878155", "0.0000000002");
        // -(100 * 0.3813878155 * 0.2 / 2 + 0.04 * 51.86608825) / 365.
        near(call.theta, "-0.0161329361", "0.0000000002");
        let put = worth(terms(Right::Put), fixed("0.2")).unwrap();
        near(put.delta, "-0.3820885778", "0.0000000002");
    }

    #[test]
    fn a_call_less_a_put_is_the_underlying_less_the_strikes_present_value() {
        for (under, strike, years) in
            [("689.12", "700", "0.05"), ("89.34", "80", "1.5"), ("20", "45.5", "0.01")]
        {
            let at = |right| Terms { under: fixed(under), strike: fixed(strike), years: fixed(years), right };
            let call = worth(at(Right::Call), fixed("0.23")).unwrap();
            let put = worth(at(Right::Put), fixed("0.23")).unwrap();
            let present = fixed(strike) * (-(fixed("0.04") * fixed(years))).exp();
            assert!(
                (call.px - put.px - (fixed(under) - present)).abs() < fixed("0.0001"),
                "{under} {strike}"
            );
        }
    }

    #[test]
    fn the_volatility_behind_a_price_is_the_one_that_made_it() {
        for volatility in ["0.05", "0.2", "0.9", "4"] {
            let made = worth(terms(Right::Put), fixed(volatility)).unwrap();
            let found = implied(terms(Right::Put), made.px, fixed("0.3")).unwrap();
            near(found.volatility, volatility, "0.0000001");
        }
        // Less than what exercising gives, and more than the underlying.
        let deep = Terms { strike: fixed("50"), ..terms(Right::Call) };
        assert_eq!(implied(deep, fixed("49"), fixed("0.3")), None);
        assert_eq!(implied(deep, fixed("101"), fixed("0.3")), None);
    }

    #[test]
    fn without_time_price_or_volatility_there_is_no_worth() {
        let call = terms(Right::Call);
        assert_eq!(worth(Terms { years: Fixed::ZERO, ..call }, fixed("0.2")), None);
        assert_eq!(worth(Terms { under: fixed("-1"), ..call }, fixed("0.2")), None);
        assert_eq!(worth(call, Fixed::ZERO), None);
    }
}
