//! The reading of a historical request: bar size, duration, end, and which of them go together.
//!
//! Owns TWS's limits. Durations count in their own way: seconds are trading time, days are sessions, weeks,
//! months and years are the calendar's. The smallest bar of each unit is enforced as the broker publishes
//! it; the largest is not, because Gateways answer day bars for a duration in days.

use jiff::civil::Date;
use jiff::{SignedDuration, Span, Timestamp, ToSpan};
use plimsoll_tws::message::ReqHistoricalData;

use crate::ibkr::server::times;
use crate::market::bars::{BarSize, What};
use crate::market::hours::Hours;
use crate::market::listing::{Listing, Product};
use crate::market::past::Part;

/// More bars than this in one answer would not fit a frame; TWS calls the step invalid.
const BARS_MAX: i64 = 50_000;
/// One-second bars reach back so far.
const SECONDS_OF_ONE_MAX: i64 = 2_000;
/// A histogram reaches back so far: a month, and the weekend before it.
const PERIOD_MAX: SignedDuration = SignedDuration::from_hours(50 * 24);
/// What leads every text of the historical farm.
pub(crate) const PREFIX: &str = "Historical Market Data Service error message:";

/// A request that was understood.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Made of what.
    pub(crate) what: Shown,
    /// How long each bar.
    pub(crate) size: BarSize,
    /// From here on.
    pub(crate) from: Timestamp,
    /// Up to here.
    pub(crate) until: Timestamp,
}

/// What `whatToShow` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Bars of trades or quotes.
    Market(What),
    /// The thirty-day volatility of the closes.
    HistoricalVolatility,
    /// What option prices would imply.
    ImpliedVolatility,
    /// What borrowing the shares costs.
    FeeRate,
}

/// An error's code and text.
type Refusal = (i32, String);

/// What is shown of a product, or why not.
pub(crate) fn shown(word: &str, listing: &Listing) -> Result<Shown, Refusal> {
    let stock = listing.is_stock();
    let pair = matches!(listing.product, Product::Forex(_));
    let found = match word {
        "TRADES" | "ADJUSTED_LAST" if !pair => Shown::Market(What::Trades),
        "MIDPOINT" => Shown::Market(What::Midpoint),
        "BID" => Shown::Market(What::Bid),
        "ASK" => Shown::Market(What::Ask),
        "BID_ASK" => Shown::Market(What::BidAsk),
        "HISTORICAL_VOLATILITY" if stock => Shown::HistoricalVolatility,
        "OPTION_IMPLIED_VOLATILITY" if stock => Shown::ImpliedVolatility,
        "FEE_RATE" if stock => Shown::FeeRate,
        "TRADES"
        | "ADJUSTED_LAST"
        | "HISTORICAL_VOLATILITY"
        | "OPTION_IMPLIED_VOLATILITY"
        | "FEE_RATE"
        | "YIELD_BID"
        | "YIELD_ASK"
        | "YIELD_BID_ASK"
        | "YIELD_LAST"
        | "AGGTRADES" => {
            let text = format!("{PREFIX}No historical market data for {}/{word}", listing.symbol);
            return Err((162, text));
        }
        other => return Err(invalid(&format!("Invalid whatToShow {other}"))),
    };
    Ok(found)
}

impl Plan {
    /// Reads a request into a stretch of time and a bar size.
    pub(crate) fn read(
        m: &ReqHistoricalData,
        listing: &Listing,
        hours: &Hours,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let size = BarSize::parse(m.bar_size.as_str())
            .ok_or_else(|| invalid(&format!("Invalid bar size setting {}", m.bar_size.as_str())))?;
        let what = shown(m.what.as_str(), listing)?;
        if m.keep_up_to_date {
            if !m.end.is_empty() {
                return Err(invalid("Historical data request with keepUpToDate needs an empty end date"));
            }
            if !matches!(m.what.as_str(), "TRADES" | "MIDPOINT" | "BID" | "ASK") {
                return Err(invalid("keepUpToDate is for TRADES, MIDPOINT, BID and ASK"));
            }
        }
        if m.what == "ADJUSTED_LAST" && !m.end.is_empty() {
            return Err(invalid("End Date not supported with adjusted last"));
        }
        if m.contract.sec_type == "CONTFUT" && !m.end.is_empty() {
            let text = "Setting end date/time for continuous future security type is not allowed";
            return Err((10339, text.to_owned()));
        }
        let duration = Duration::parse(m.duration.as_str())
            .ok_or_else(|| invalid(&format!("Invalid duration {}", m.duration.as_str())))?;
        if !duration.takes(size) {
            return Err(invalid_step());
        }
        let end = end_of(m, hours, now)?;
        let part = if m.use_rth || size == BarSize::Day { Part::Regular } else { Part::Whole };
        let start = start_of((hours, part), duration, end).max(hours.beginning());
        // The second that is running belongs to the answer.
        let until = end.checked_add(SignedDuration::from_secs(i64::from(end == now))).unwrap_or(end);
        if let BarSize::Seconds(size) = size {
            if size <= 30 && start < half_a_year_before(now, hours) {
                let text = format!("{PREFIX}HMDS query returned no data: {}", listing.symbol);
                return Err((162, text));
            }
            if open_seconds(hours, start, until) / size > BARS_MAX {
                return Err(invalid_step());
            }
        }
        Ok(Self { what, size, from: start, until })
    }
}

/// Why a request cannot be read, in TWS's form.
pub(crate) fn invalid(cause: &str) -> Refusal {
    (321, format!("Error validating request.-'bX' : cause - {cause}"))
}

/// Where a histogram's period begins that ends now: `20 minutes`, `3 days`, `1 week`, with or without the
/// last letter. No more than [`PERIOD_MAX`] can be looked through.
pub(crate) fn period_start(text: &str, hours: &Hours, now: Timestamp) -> Option<Timestamp> {
    let (count, unit) = text.trim().split_once(' ')?;
    let count: i64 = count.parse().ok().filter(|count| (1..=86_400).contains(count))?;
    let duration = match unit.trim().trim_end_matches('s') {
        "second" => Duration::Seconds(count),
        "minute" => Duration::Seconds(count * 60),
        "hour" => Duration::Seconds(count * 3_600),
        "day" if count <= 31 => Duration::Days(count),
        "week" if count <= 4 => Duration::Weeks(count.weeks()),
        "month" if count == 1 => Duration::Months(count.months()),
        _ => return None,
    };
    let start = start_of((hours, Part::Regular), duration, now).max(hours.beginning());
    (now.duration_since(start) <= PERIOD_MAX).then_some(start)
}

fn invalid_step() -> Refusal {
    (162, format!("{PREFIX}invalid step"))
}

fn end_of(m: &ReqHistoricalData, hours: &Hours, now: Timestamp) -> Result<Timestamp, Refusal> {
    let end = if m.end.is_empty() {
        now
    } else {
        times::parse(m.end.as_str(), hours.zone()).ok_or_else(|| {
            invalid("The date, time, or time-zone entered is invalid. The correct format is yyyymmdd hh:mm:ss xx/xxxx")
        })?
    };
    Ok(end.min(now).max(hours.beginning()))
}

/// Bars of up to thirty seconds are kept for six months.
fn half_a_year_before(now: Timestamp, hours: &Hours) -> Timestamp {
    let date = hours.date_at(now).checked_sub(6.months()).unwrap_or(Date::MIN);
    hours.midnight(date.max(hours.date_at(hours.beginning())))
}

fn open_seconds(hours: &Hours, from: Timestamp, until: Timestamp) -> i64 {
    let mut session = hours.at_or_after(from);
    let mut seconds = 0;
    while session.open < until {
        seconds += session.close.min(until).as_second() - session.open.max(from).as_second();
        let next = hours.after(session.date);
        if next == session {
            break;
        }
        session = next;
    }
    seconds
}

/// Seconds count trading time backwards, days count sessions, the rest counts the calendar.
fn start_of((hours, part): (&Hours, Part), duration: Duration, end: Timestamp) -> Timestamp {
    let shown = |session| if part == Part::Whole { hours.wide(session) } else { session };
    let last_begun = |at: Timestamp| {
        let early = hours.around(at).filter(|_| part == Part::Whole);
        early.unwrap_or_else(|| hours.last_begun(at))
    };
    match duration {
        Duration::Seconds(mut left) => {
            let mut session = last_begun(end);
            loop {
                let last = end.min(shown(session).close);
                let open = (last.as_second() - shown(session).open.as_second()).max(0);
                if left <= open || session.open <= hours.beginning() {
                    return last - SignedDuration::from_secs(left.min(open));
                }
                left -= open;
                session = hours.before(session.date);
            }
        }
        Duration::Days(days) => {
            let mut session = last_begun(end - SignedDuration::from_secs(1));
            for _ in 1..days {
                session = hours.before(session.date);
            }
            shown(session).open
        }
        Duration::Weeks(span) | Duration::Months(span) | Duration::Years(span) => {
            let earliest = hours.date_at(hours.beginning());
            hours.midnight(hours.date_at(end).checked_sub(span).unwrap_or(earliest).max(earliest))
        }
    }
}

/// How far back a request reaches.
#[derive(Debug, Clone, Copy)]
enum Duration {
    Seconds(i64),
    Days(i64),
    Weeks(Span),
    Months(Span),
    Years(Span),
}

impl Duration {
    /// Reads `<n> S|D|W|M|Y` within TWS's limits.
    fn parse(text: &str) -> Option<Self> {
        let (count, unit) = text.trim().split_once(' ')?;
        let count: i64 = count.parse().ok()?;
        let up_to = |max: i64| (1..=max).contains(&count).then_some(count);
        match unit.trim() {
            "S" => up_to(86_400).map(Self::Seconds),
            "D" => up_to(365).map(Self::Days),
            "W" => up_to(52).map(|weeks| Self::Weeks(weeks.weeks())),
            "M" => up_to(12).map(|months| Self::Months(months.months())),
            "Y" => up_to(68).map(|years| Self::Years(years.years())),
            _ => None,
        }
    }

    /// Whether bars of a size go with it.
    fn takes(self, size: BarSize) -> bool {
        let smallest = match self {
            Self::Seconds(_) => 1,
            Self::Days(_) => 5,
            Self::Weeks(_) => 10,
            Self::Months(_) => 30,
            Self::Years(_) => 60,
        };
        match (self, size) {
            (Self::Seconds(seconds), BarSize::Seconds(1)) => seconds <= SECONDS_OF_ONE_MAX,
            (Self::Seconds(seconds), BarSize::Seconds(size)) => size <= seconds,
            (Self::Seconds(_), _) => false,
            (_, BarSize::Seconds(size)) => size >= smallest,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goes(duration: &str, bar_size: &str) -> bool {
        Duration::parse(duration).unwrap().takes(BarSize::parse(bar_size).unwrap())
    }

    #[test]
    fn the_smallest_bar_of_each_unit_is_the_published_one() {
        // IBKR's table of valid durations and bar sizes.
        for (duration, smallest, too_small) in [
            ("1 D", "5 secs", "1 secs"),
            ("1 W", "10 secs", "5 secs"),
            ("1 M", "30 secs", "15 secs"),
            ("1 Y", "1 min", "30 secs"),
        ] {
            assert!(goes(duration, smallest), "{duration} {smallest}");
            assert!(!goes(duration, too_small), "{duration} {too_small}");
        }
        assert!(goes("2000 S", "1 secs") && !goes("2001 S", "1 secs"));
        assert!(goes("86400 S", "1 min") && !goes("60 S", "1 day"));
    }

    #[test]
    fn durations_end_at_their_limits() {
        for (good, bad) in
            [("86400 S", "86401 S"), ("365 D", "366 D"), ("52 W", "53 W"), ("12 M", "13 M"), ("68 Y", "69 Y")]
        {
            assert!(Duration::parse(good).is_some(), "{good}");
            assert!(Duration::parse(bad).is_none(), "{bad}");
        }
        for bad in ["", "1", "1D", "0 D", "-1 D", "1 d", "1 fortnight", "1.5 D"] {
            assert!(Duration::parse(bad).is_none(), "{bad}");
        }
    }
}
