//! What a venue says to a request for history.
//!
//! Owns which message answers which request, and what an error means for it. By its code wherever the code is enough; of 162,
//! which stands for half a dozen things, the English words are read as well, and words that nobody knows are passed on as
//! the refusal that they are.

use plimsoll_model::RawFrame;
use plimsoll_tws::message::message_id;
use plimsoll_tws::{Gate, Response, ServerVersion};

/// Historical Market Data Service error message.
pub(crate) const CODE_HISTORY: i32 = 162;
/// What leads every text of the historical farm.
pub(crate) const PREFIX: &str = "Historical Market Data Service error message:";

/// A message that answers a request for history, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) req_id: i32,
    pub(crate) part: Part,
}

/// Which part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// So many bars; whether nothing comes behind them.
    Bars { count: usize, is_last: bool },
    /// The end of bars.
    End,
    /// Sessions, or the first moment: all of the answer.
    Whole,
    /// Ticks, and whether they are the last.
    Ticks { is_last: bool },
    /// A bar of five seconds.
    RealTime,
}

/// What an error with the number of a request for history says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing about its answer.
    Notice,
    /// There is no data.
    Empty,
    /// Too fast.
    TooFast,
    /// No, with a code.
    Refused,
}

/// The answer that a frame is, or a part of one.
pub(crate) fn answer(version: ServerVersion, frame: &RawFrame) -> Option<Answer> {
    let id = message_id(version, frame)?;
    if !matches!(id, 17 | 50 | 88 | 96 | 97 | 98 | 106 | 108) {
        return None;
    }
    let is_text = !version.has(Gate::Protobuf);
    if id == 17 && is_text {
        return bars_in_text(version, frame);
    }
    let (req_id, part) = match Response::decode(version, frame).ok()? {
        Response::HistoricalData(m) => (m.req_id, bars(version, m.bars.len())),
        Response::HistoricalDataEnd(m) => (m.req_id, Part::End),
        Response::HistoricalSchedule(m) => (m.req_id, Part::Whole),
        Response::HeadTimestamp(m) => (m.req_id, Part::Whole),
        Response::HistoricalTicks(m) => (m.req_id, Part::Ticks { is_last: m.is_done }),
        Response::HistoricalTicksBidAsk(m) => (m.req_id, Part::Ticks { is_last: m.is_done }),
        Response::HistoricalTicksLast(m) => (m.req_id, Part::Ticks { is_last: m.is_done }),
        Response::RealTimeBar(m) => (m.req_id, Part::RealTime),
        _ => return None,
    };
    Some(Answer { req_id, part })
}

const fn bars(version: ServerVersion, count: usize) -> Part {
    Part::Bars { count, is_last: !version.has(Gate::HistoricalDataEnd) }
}

/// The head of an answer: its bars may be a million, and are not read for it.
fn bars_in_text(version: ServerVersion, frame: &RawFrame) -> Option<Answer> {
    let range = if version.has(Gate::HistoricalDataEnd) { 0 } else { 2 };
    let mut fields = frame.bytes().split(|byte| *byte == 0).skip(1);
    let mut number = || std::str::from_utf8(fields.next()?).ok();
    let req_id = number()?.parse().ok()?;
    for _ in 0..range {
        number()?;
    }
    let count = number()?.parse().ok()?;
    Some(Answer { req_id, part: bars(version, count) })
}

/// What an error means for the request that it names.
pub(crate) fn fault(code: i32, text: &str) -> Fault {
    match code {
        // A word in between: warnings, a delayed feed, the service's own notices.
        165 | 10167 | 2100..=2199 => Fault::Notice,
        CODE_HISTORY if text.contains("returned no data") => Fault::Empty,
        CODE_HISTORY | 420 if text.contains("pacing violation") => Fault::TooFast,
        _ => Fault::Refused,
    }
}

/// An error's text for somebody who has asked the same under another number: some end with it (`query cancelled: 7`, `ticker
/// id:7`), and nobody is to be told somebody else's.
pub(crate) fn with_number(text: &str, theirs: i32, own: i32) -> String {
    let number = theirs.to_string();
    match text.trim_end().strip_suffix(&number) {
        Some(head) if head.trim_end().ends_with(':') => format!("{head}{own}"),
        _ => text.to_owned(),
    }
}

/// Whether the venue says this of requests for history or for real-time bars, and of no order.
pub(crate) fn is_of_history(code: i32) -> bool {
    matches!(code, CODE_HISTORY | 165 | 366 | 420)
}

#[cfg(test)]
mod tests {
    use super::super::request::tests::{frame, v};
    use super::*;

    fn part(version: u16, text: &str) -> Option<(i32, Part)> {
        answer(v(version), &frame(text)).map(|answer| (answer.req_id, answer.part))
    }

    #[test]
    fn bars_end_with_a_message_of_their_own_from_196_on() {
        let bar = "20261127|1|2|0.5|1.5|100|1.2|7|";
        let whole = Part::Bars { count: 1, is_last: true };
        assert_eq!(part(178, &format!("17|5|20261126|20261127|1|{bar}")), Some((5, whole)));
        let first = Part::Bars { count: 1, is_last: false };
        assert_eq!(part(200, &format!("17|5|1|{bar}")), Some((5, first)));
        assert_eq!(part(200, "108|5|20261126|20261127|"), Some((5, Part::End)));
        assert_eq!(part(200, "17|5|0|"), Some((5, Part::Bars { count: 0, is_last: false })));
    }

    #[test]
    fn heads_and_ticks_say_when_they_are_over() {
        assert_eq!(part(200, "88|5|19930129-14:30:00|"), Some((5, Part::Whole)));
        assert_eq!(part(200, "96|5|0|0|"), Some((5, Part::Ticks { is_last: false })));
        assert_eq!(part(200, "96|5|0|1|"), Some((5, Part::Ticks { is_last: true })));
    }

    #[test]
    fn a_number_at_the_end_of_a_text_is_the_readers_own() {
        let told = |text| with_number(text, 7, 9);
        assert_eq!(told("API historical data query cancelled: 7"), "API historical data query cancelled: 9");
        assert_eq!(
            told("No historical data query found for ticker id:7"),
            "No historical data query found for ticker id:9"
        );
        assert_eq!(told("query cancelled: 17"), "query cancelled: 17", "another one");
        assert_eq!(told("no more than 7"), "no more than 7", "no number of a request");
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for other in ["1|6|7|1|500.25|100|0|", "90|5|7|20261127|1|2|3|4|5|6|", "17|x|", "17|5|"] {
            assert_eq!(part(200, other), None, "{other}");
        }
    }

    #[test]
    fn of_an_error_its_code_decides_and_of_162_the_words() {
        let said = |text: &str| fault(CODE_HISTORY, &format!("{PREFIX}{text}"));
        assert_eq!(said("HMDS query returned no data: SPY@SMART Trades"), Fault::Empty);
        assert_eq!(said("Historical data request pacing violation"), Fault::TooFast);
        assert_eq!(said("No market data permissions for NYSE STK"), Fault::Refused);
        assert_eq!(said("Keine Daten"), Fault::Refused, "passed on in the venue's words");
        assert_eq!(fault(200, "No security definition has been found"), Fault::Refused);
        // An order is refused with one number space for both.
        assert!([201, 202, 110, 321, 399, 10147, 10148].iter().all(|code| !is_of_history(*code)));
        assert!([162, 165, 366, 420].iter().all(|code| is_of_history(*code)));
        assert_eq!(fault(2174, "Warning: without time zone"), Fault::Notice);
        assert_eq!(
            fault(420, "Invalid Real-time Query:Historical data request pacing violation"),
            Fault::TooFast
        );
    }
}
