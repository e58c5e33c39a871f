//! The bars that a bot has asked for on its link, and which of them lie outside of the hours that it asked for.
//!
//! Owns: what was asked, until it is answered or canceled, and an answer without what does not belong in it. Does not
//! own the hours, which the bridge knows, nor what is counted and noted.

use plimsoll_core::{BarDays, BarHours, BarTime, Lies};
use plimsoll_model::{Contract, RawFrame};
use plimsoll_tws::translate::{
    AskedBars, BarLen, BarStart, BarStream, BarsRequest, ToldBars, bar_start, bars_request, told_bars,
};
use plimsoll_tws::{ServerVersion, rewrite};

/// Requests of one link that are remembered. A venue has fifty of them open at once and a hundred streams; beyond this
/// the oldest that has no stream is forgotten, because an error may have answered it long ago.
const ASKED_MAX: usize = 1024;

/// What one link has asked for, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct SessionBars(Vec<Asked>);

#[derive(Debug)]
struct Asked {
    stream: BarStream,
    req_id: i32,
    bars: AskedBars,
    /// A stream that had the number before. It goes on if the venue calls this one a duplicate.
    before: Option<AskedBars>,
}

/// What becomes of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    /// It is passed on as it came.
    AsItIs,
    /// This in its place.
    Part(RawFrame),
    /// Nothing of it.
    Nothing,
    /// An error in its place: none of the bars that were asked for once is left.
    NoneLeft { req_id: i32, symbol: String },
}

/// What was found in an answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Bars that were left out.
    pub(crate) outside: u64,
    /// Bars that reach over the open or the close, and were passed on: only a part of them does not belong.
    pub(crate) across: u64,
    /// The first of either, for people.
    pub(crate) example: String,
}

impl SessionBars {
    /// The bot has sent this.
    pub(crate) fn sent(&mut self, version: ServerVersion, frame: &RawFrame) {
        let Some((stream, req_id, request)) = bars_request(version, frame) else { return };
        let before = self.forget(stream, req_id);
        let BarsRequest::Begin(bars) = request else { return };
        if self.0.len() == ASKED_MAX {
            let oldest = self.0.iter().position(|asked| !asked.bars.keeps_up).unwrap_or(0);
            self.0.remove(oldest);
        }
        let before = before.filter(|before| before.keeps_up);
        self.0.push(Asked { stream, req_id, bars: *bars, before });
    }

    fn forget(&mut self, stream: BarStream, req_id: i32) -> Option<AskedBars> {
        let at = self.0.iter().position(|asked| (asked.stream, asked.req_id) == (stream, req_id))?;
        Some(self.0.remove(at).bars)
    }

    /// The venue calls the latest request of this number a duplicate: the stream before it has the number still.
    pub(crate) fn is_duplicate(&mut self, stream: BarStream, req_id: i32) {
        let asked = self.0.iter_mut().find(|asked| (asked.stream, asked.req_id) == (stream, req_id));
        if let Some(asked) = asked
            && let Some(before) = asked.before.take()
        {
            asked.bars = before;
        }
    }

    /// What becomes of bars that the venue sends. Those that nobody can read, or nobody has asked for, are passed on: no
    /// decision needs them.
    pub(crate) fn told<'a>(
        &mut self,
        version: ServerVersion,
        frame: &RawFrame,
        days_of: impl FnOnce(&Contract, BarHours) -> Option<BarDays<'a>>,
    ) -> (Shows, Found) {
        let as_it_is = (Shows::AsItIs, Found::default());
        if self.0.is_empty() {
            return as_it_is;
        }
        let Some(told) = told_bars(version, frame) else { return as_it_is };
        let is_asked = |asked: &Asked| (asked.stream, asked.req_id) == (told.stream, told.req_id);
        let Some(at) = self.0.iter().position(is_asked) else { return as_it_is };
        let bars = &self.0[at].bars;
        let hours = if bars.use_rth { BarHours::Regular } else { BarHours::Extended };
        let days = days_of(&bars.contract, hours);
        let (mut shows, found) =
            days.map_or(as_it_is, |days| shown(version, frame, &told, judged(days, bars, &told.starts)));
        if told.is_whole && !bars.keeps_up && found.outside == told.starts.len() as u64 && found.outside > 0 {
            let symbol = bars.contract.symbol.to_string();
            shows = Shows::NoneLeft { req_id: told.req_id, symbol };
        }
        if told.is_whole && !bars.keeps_up {
            self.0.remove(at);
        }
        (shows, found)
    }
}

/// Which bars are kept, and what was found.
fn judged(mut days: BarDays<'_>, bars: &AskedBars, starts: &[String]) -> (Vec<bool>, Found) {
    let mut found = Found::default();
    let keep = |start: &String| {
        let time = match (bar_start(start), bars.len) {
            (Some(BarStart::Day(date)), BarLen::Day) => BarTime::Day(date),
            (Some(BarStart::At(start)), BarLen::Span(len)) => BarTime::Span { start, len },
            // A day's bar that begins at an instant, or a minute's that is a date.
            (Some(_) | None, BarLen::Day | BarLen::Span(_)) => return true,
        };
        let lies = days.lies(time);
        match lies {
            Lies::Inside | Lies::Unknown => return true,
            Lies::Across => found.across += 1,
            Lies::Outside => found.outside += 1,
        }
        if found.outside + found.across == 1 {
            found.example = format!("{} {start}", bars.contract.symbol);
        }
        lies == Lies::Across
    };
    (starts.iter().map(keep).collect(), found)
}

fn shown(
    version: ServerVersion,
    frame: &RawFrame,
    told: &ToldBars,
    (keep, found): (Vec<bool>, Found),
) -> (Shows, Found) {
    let shows = match found.outside {
        0 => Shows::AsItIs,
        // The beginning of a stream without any bar is still one, and its bot waits for it.
        _ if told.is_whole => match rewrite::keep_bars(version, frame, &keep) {
            Ok(part) => Shows::Part(part),
            Err(_) => return (Shows::AsItIs, Found::default()),
        },
        _ => Shows::Nothing,
    };
    (shows, found)
}

#[cfg(test)]
mod tests {
    use plimsoll_core::Bridge;

    use super::*;

    fn v(number: u16) -> ServerVersion {
        ServerVersion::new(number).unwrap()
    }

    fn frame(text: &str) -> RawFrame {
        RawFrame::new(text.replace('|', "\0").into_bytes().into())
    }

    fn history(req_id: i32, size: &str, rth: i32, keep: i32) -> RawFrame {
        frame(&format!("20|{req_id}|0|SPY|STK||0.0|||SMART|ARCA|USD|||0||{size}|1 D|{rth}|TRADES|2|{keep}||"))
    }

    fn five_seconds(req_id: i32, rth: i32) -> RawFrame {
        frame(&format!("50|3|{req_id}|0|SPY|STK||0.0|||SMART|ARCA|USD|||5|TRADES|{rth}||"))
    }

    /// The day after Thanksgiving 2026: trading ends at 13:00, which is 1795802400.
    const CLOSE: i64 = 1_795_802_400;

    fn bar(start: i64) -> String {
        format!("{start}|600.0|601.0|599.0|600.5|100|600.2|7|")
    }

    fn answer(req_id: i32, starts: &[i64]) -> RawFrame {
        let bars: String = starts.iter().map(|start| bar(*start)).collect();
        frame(&format!("17|{req_id}|{}|{bars}", starts.len()))
    }

    fn update(req_id: i32, start: i64) -> RawFrame {
        frame(&format!("90|{req_id}|7|{start}|600.0|600.5|601.0|599.0|600.2|100|"))
    }

    fn tell(bars: &mut SessionBars, said: &RawFrame) -> (Shows, u64, u64) {
        let bridge = Bridge::new();
        let (shows, found) = bars.told(v(200), said, |contract, hours| bridge.bar_days(contract, hours));
        (shows, found.outside, found.across)
    }

    fn asked(frames: &[RawFrame]) -> SessionBars {
        let mut bars = SessionBars::default();
        for frame in frames {
            bars.sent(v(200), frame);
        }
        bars
    }

    #[test]
    fn of_an_answer_only_the_bars_of_the_session_are_shown_and_the_rest_is_counted() {
        let mut bars = asked(&[history(7, "1 min", 1, 0)]);
        let all = answer(7, &[CLOSE - 60, CLOSE, CLOSE + 60]);
        assert_eq!(tell(&mut bars, &all), (Shows::Part(answer(7, &[CLOSE - 60])), 2, 0));
        assert_eq!(tell(&mut bars, &all), (Shows::AsItIs, 0, 0), "nobody asked a second time");
        let mut bars = asked(&[history(7, "1 min", 1, 0)]);
        let none = Shows::NoneLeft { req_id: 7, symbol: "SPY".into() };
        assert_eq!(tell(&mut bars, &answer(7, &[CLOSE])), (none, 1, 0), "no bars are an error");
        let mut bars = asked(&[history(7, "1 min", 1, 1)]);
        assert_eq!(
            tell(&mut bars, &answer(7, &[CLOSE])),
            (Shows::Part(answer(7, &[])), 1, 0),
            "a stream begins"
        );
    }

    #[test]
    fn in_protobuf_it_is_the_same() {
        use plimsoll_tws::message::{Bar, HistoricalData, HistoricalDataUpdate};
        use plimsoll_tws::{Request, Response};
        let to_protobuf = |frame| Request::decode(v(200), &frame).unwrap().encode(ServerVersion::PROTOBUF);
        let mut bars = SessionBars::default();
        bars.sent(ServerVersion::PROTOBUF, &to_protobuf(history(7, "1 min", 1, 1)));
        let dated = |start: i64| Bar { date: start.to_string().as_str().into(), ..Bar::default() };
        let answer = |starts: &[i64]| {
            let bars = starts.iter().map(|start| dated(*start)).collect();
            Response::HistoricalData(HistoricalData { req_id: 7, bars, ..HistoricalData::default() })
                .encode(ServerVersion::PROTOBUF)
        };
        let bridge = Bridge::new();
        let mut tell = |said: &RawFrame| {
            bars.told(ServerVersion::PROTOBUF, said, |contract, hours| bridge.bar_days(contract, hours)).0
        };
        assert_eq!(tell(&answer(&[CLOSE - 60, CLOSE])), Shows::Part(answer(&[CLOSE - 60])));
        let update = |start: i64| {
            let date = start.to_string().as_str().into();
            Response::HistoricalDataUpdate(HistoricalDataUpdate {
                req_id: 7,
                date,
                ..HistoricalDataUpdate::default()
            })
            .encode(ServerVersion::PROTOBUF)
        };
        assert_eq!(tell(&update(CLOSE - 60)), Shows::AsItIs);
        assert_eq!(tell(&update(CLOSE)), Shows::Nothing);
    }

    #[test]
    fn who_asks_for_all_hours_is_told_all_until_late_trading_ends() {
        let mut bars = asked(&[history(7, "1 min", 0, 0)]);
        let late = answer(7, &[CLOSE - 60, CLOSE, CLOSE + 4 * 3600 - 60]);
        assert_eq!(tell(&mut bars, &late), (Shows::AsItIs, 0, 0));
        let mut bars = asked(&[history(7, "1 min", 0, 0)]);
        let part = answer(7, &[CLOSE]);
        assert_eq!(tell(&mut bars, &answer(7, &[CLOSE, CLOSE + 4 * 3600])), (Shows::Part(part), 1, 0));
    }

    #[test]
    fn a_bar_that_is_kept_up_to_date_ends_with_the_session_and_goes_on_until_it_is_canceled() {
        let mut bars = asked(&[history(7, "1 min", 1, 1)]);
        assert_eq!(tell(&mut bars, &answer(7, &[CLOSE - 60])), (Shows::AsItIs, 0, 0));
        assert_eq!(tell(&mut bars, &update(7, CLOSE - 60)), (Shows::AsItIs, 0, 0));
        assert_eq!(tell(&mut bars, &update(7, CLOSE)), (Shows::Nothing, 1, 0));
        bars.sent(v(200), &frame("25|1|7|"));
        assert_eq!(tell(&mut bars, &update(7, CLOSE)), (Shows::AsItIs, 0, 0));
    }

    #[test]
    fn five_second_bars_have_numbers_of_their_own() {
        let mut bars = asked(&[five_seconds(7, 1), history(7, "1 hour", 0, 1)]);
        let five = |start| frame(&format!("50|3|7|{start}|600.0|601.0|599.0|600.5|100|600.2|7|"));
        assert_eq!(tell(&mut bars, &five(CLOSE - 5)), (Shows::AsItIs, 0, 0));
        assert_eq!(tell(&mut bars, &five(CLOSE)), (Shows::Nothing, 1, 0));
        bars.sent(v(200), &frame("25|1|7|"));
        assert_eq!(tell(&mut bars, &five(CLOSE)), (Shows::Nothing, 1, 0), "the other was canceled");
        bars.sent(v(200), &frame("51|1|7|"));
        assert_eq!(tell(&mut bars, &five(CLOSE)), (Shows::AsItIs, 0, 0));
    }

    #[test]
    fn a_duplicate_leaves_the_hours_of_the_stream_that_has_the_number() {
        let mut bars = asked(&[five_seconds(7, 1), five_seconds(7, 0)]);
        let five = |start| frame(&format!("50|3|7|{start}|600.0|601.0|599.0|600.5|100|600.2|7|"));
        assert_eq!(tell(&mut bars, &five(CLOSE)), (Shows::AsItIs, 0, 0), "the venue has not spoken yet");
        bars.is_duplicate(BarStream::RealTime, 7);
        assert_eq!(tell(&mut bars, &five(CLOSE)), (Shows::Nothing, 1, 0));
        bars.is_duplicate(BarStream::RealTime, 7);
        assert_eq!(tell(&mut bars, &five(CLOSE)), (Shows::Nothing, 1, 0), "said twice");
    }

    #[test]
    fn a_bar_over_the_close_is_passed_on_and_counted() {
        let mut bars = asked(&[history(7, "2 hours", 1, 0)]);
        let all = answer(7, &[CLOSE - 3600]);
        assert_eq!(tell(&mut bars, &all), (Shows::AsItIs, 0, 1));
    }

    #[test]
    fn what_is_no_bar_of_prices_in_hours_that_are_known_is_passed_on() {
        let as_sent = (Shows::AsItIs, 0, 0);
        let late = answer(7, &[CLOSE]);
        let night = frame("20|7|0|SPY|STK||0.0|||OVERNIGHT|ARCA|USD|||0||1 min|1 D|1|TRADES|2|0||");
        let volatility =
            frame("20|7|0|SPY|STK||0.0|||SMART|ARCA|USD|||0||1 min|1 D|1|HISTORICAL_VOLATILITY|2|0||");
        for request in [night, volatility, history(7, "1 week", 1, 0), history(8, "1 min", 1, 0)] {
            assert_eq!(tell(&mut asked(&[request]), &late), as_sent);
        }
        // The login's zone is nobody's secret, and nobody has told us.
        let naive = frame("17|7|1|20261127  13:00:00|600.0|601.0|599.0|600.5|100|600.2|7|");
        assert_eq!(tell(&mut asked(&[history(7, "1 min", 1, 0)]), &naive), as_sent);
        let cut = frame("17|7|2|1795802400|600.0|");
        assert_eq!(tell(&mut asked(&[history(7, "1 min", 1, 0)]), &cut), as_sent);
    }

    #[test]
    fn requests_that_are_never_answered_fill_no_memory_and_push_out_no_stream() {
        let mut bars = asked(&[five_seconds(1, 1)]);
        (2..3000).for_each(|req_id| bars.sent(v(200), &history(req_id, "1 min", 1, 0)));
        assert_eq!(bars.0.len(), ASKED_MAX);
        let five = frame(&format!("50|3|1|{CLOSE}|600.0|601.0|599.0|600.5|100|600.2|7|"));
        assert_eq!(tell(&mut bars, &five), (Shows::Nothing, 1, 0));
        assert_eq!(tell(&mut bars, &answer(2999, &[CLOSE])).1, 1, "the latest are there");
    }
}
