//! Bars: which a bot asks for, and when those are that a venue tells.
//!
//! Owns the words for sizes and starts. Does not own which bars are shown to whom.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use plimsoll_model::{Contract, RawFrame};

use super::time::{date, zoned_timestamp};
use super::{WireContract, contract};
use crate::message::message_id;
use crate::{Request, Response, ServerVersion};

/// The kinds of streams that bring bars, whose request numbers a client may use side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarStream {
    /// `reqHistoricalData`: one answer, and updates of the last bar where they are asked for.
    History,
    /// `reqRealTimeBars`: five seconds each.
    RealTime,
}

/// How long a bar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarLen {
    /// Seconds to hours.
    Span(SignedDuration),
    /// One trade date.
    Day,
}

/// Bars of prices that a bot asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedBars {
    /// Of what.
    pub contract: Contract,
    /// Regular hours only.
    pub use_rth: bool,
    /// How long each is.
    pub len: BarLen,
    /// Goes on until it is canceled.
    pub keeps_up: bool,
}

/// What a bot's frame does to its bars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BarsRequest {
    /// Asks for some.
    Begin(Box<AskedBars>),
    /// Asks for something else under the number, or for no more.
    End,
}

/// When a bar begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarStart {
    /// A bar of a whole day.
    Day(Date),
    /// Any other.
    At(Timestamp),
}

/// What a bot's frame does to its bars, if it is about any, and to which request. Sizes of more than a day, and what
/// is shown of anything but prices, are no bars in this sense: their dates say little about hours.
pub fn bars_request(version: ServerVersion, frame: &RawFrame) -> Option<(BarStream, i32, BarsRequest)> {
    // No other message is read for it.
    if !matches!(message_id(version, frame), Some(20 | 25 | 50 | 51)) {
        return None;
    }
    let begin = |wire: &WireContract, use_rth, what: &str, len: Option<BarLen>, keeps_up| {
        let of_prices = matches!(what, "TRADES" | "MIDPOINT" | "BID" | "ASK" | "BID_ASK" | "ADJUSTED_LAST");
        let contract = contract("reqHistoricalData", wire).ok().filter(|_| of_prices);
        match contract.zip(len) {
            Some((contract, len)) => {
                BarsRequest::Begin(Box::new(AskedBars { contract, use_rth, len, keeps_up }))
            }
            None => BarsRequest::End,
        }
    };
    Some(match Request::decode(version, frame).ok()? {
        Request::ReqHistoricalData(m) => {
            let (what, len) = (m.what.as_str(), bar_len(m.bar_size.as_str()));
            let asked = begin(&m.contract, m.use_rth, what, len, m.keep_up_to_date);
            (BarStream::History, m.req_id, asked)
        }
        Request::CancelHistoricalData(m) => (BarStream::History, m.req_id, BarsRequest::End),
        // The venue ignores the size that is asked for.
        Request::ReqRealTimeBars(m) => {
            let len = Some(BarLen::Span(SignedDuration::from_secs(5)));
            (BarStream::RealTime, m.req_id, begin(&m.contract, m.use_rth, m.what.as_str(), len, true))
        }
        Request::CancelRealTimeBars(m) => (BarStream::RealTime, m.req_id, BarsRequest::End),
        _ => return None,
    })
}

/// Bars that a venue tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldBars {
    /// In which kind of stream.
    pub stream: BarStream,
    /// The request that they belong to.
    pub req_id: i32,
    /// Their starts, as they are spelled.
    pub starts: Vec<String>,
    /// The whole answer of `reqHistoricalData`; otherwise one bar of a stream.
    pub is_whole: bool,
}

/// The bars that a venue's frame tells, if it can be read.
pub fn told_bars(version: ServerVersion, frame: &RawFrame) -> Option<ToldBars> {
    if !matches!(message_id(version, frame), Some(17 | 50 | 90)) {
        return None;
    }
    let one =
        |stream, req_id, start: String| ToldBars { stream, req_id, starts: vec![start], is_whole: false };
    Some(match Response::decode(version, frame).ok()? {
        Response::HistoricalData(m) => ToldBars {
            stream: BarStream::History,
            req_id: m.req_id,
            starts: m.bars.iter().map(|bar| bar.date.as_str().to_owned()).collect(),
            is_whole: true,
        },
        Response::HistoricalDataUpdate(m) => one(BarStream::History, m.req_id, m.date.as_str().to_owned()),
        Response::RealTimeBar(m) => one(BarStream::RealTime, m.req_id, m.time.to_string()),
        _ => return None,
    })
}

/// When a bar begins: a day, or an instant in any form that names its zone. A time without one is the login's, which a
/// gateway is not told.
pub fn bar_start(text: &str) -> Option<BarStart> {
    match text.len() {
        8 => date(text).map(BarStart::Day),
        _ => zoned_timestamp(text).map(BarStart::At),
    }
}

/// The word of a bar's size: `30 secs`, `1 min`, `2 hours`, `1 day`. None for weeks, months and what is no size.
fn bar_len(text: &str) -> Option<BarLen> {
    let (count, unit) = text.trim().split_once(' ')?;
    let count: i64 = count.parse().ok().filter(|count| (1..=60).contains(count))?;
    let span = |secs: i64| Some(BarLen::Span(SignedDuration::from_secs(count * secs)));
    match unit.trim_start() {
        "sec" | "secs" => span(1),
        "min" | "mins" => span(60),
        "hour" | "hours" => span(3600),
        "day" if count == 1 => Some(BarLen::Day),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn minutes(minutes: i64) -> BarLen {
        BarLen::Span(SignedDuration::from_mins(minutes))
    }

    #[test]
    fn the_sizes_of_the_api_are_as_long_as_they_say_and_weeks_are_none() {
        assert_eq!(bar_len("30 secs"), Some(BarLen::Span(SignedDuration::from_secs(30))));
        assert_eq!(bar_len("1 min"), Some(minutes(1)));
        assert_eq!(bar_len("20 mins"), Some(minutes(20)));
        assert_eq!(bar_len("8 hours"), Some(minutes(480)));
        assert_eq!(bar_len("1 day"), Some(BarLen::Day));
        for other in ["1W", "1M", "1 week", "1 month", "2 days", "", "min", "-1 min", "99999999999999 mins"] {
            assert_eq!(bar_len(other), None, "{other}");
        }
    }

    #[test]
    fn a_start_without_a_zone_is_not_guessed() {
        let at = Some(BarStart::At("2026-11-27T18:00:00Z".parse().unwrap()));
        for text in ["1795802400", "20261127-18:00:00", "20261127 13:00:00 US/Eastern"] {
            assert_eq!(bar_start(text), at, "{text}");
        }
        assert_eq!(bar_start("20261127"), Some(BarStart::Day(jiff::civil::date(2026, 11, 27))));
        for text in ["20261127  13:00:00", "20261127 13:00:00", "20261327", "", "now"] {
            assert_eq!(bar_start(text), None, "{text}");
        }
    }
}
