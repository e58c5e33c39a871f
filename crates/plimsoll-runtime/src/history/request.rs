//! A bot's request for history, as the rules of the broker see it.
//!
//! Owns: what counts, what it counts for, and which requests are the same. Does not own any rule.

use std::time::Duration;

use plimsoll_model::RawFrame;
use plimsoll_tws::message::{ReqHistoricalData, WireContract, message_id};
use plimsoll_tws::translate::{BarStart, bar_start};
use plimsoll_tws::{Gate, Request, ServerVersion};

use super::cache::{Question, Series};

/// Bars of so many seconds or less are the small ones.
const SMALL_BAR_SECONDS: u64 = 30;
/// An answer of no more bars is what a bot waits for between two orders; one of more is a backfill.
const QUICK_BARS: u64 = 200;
/// An answer of no more bars is there within seconds, or never.
const USUAL_BARS: u64 = 5_000;
/// How long a usual answer may take. Client libraries of Python give up after a minute, in silence; before that they
/// are to hear why.
const ANSWER_MAX: Duration = Duration::from_secs(55);
/// How long an answer of many bars may take: the farm throttles them softly.
const LONG_ANSWER_MAX: Duration = Duration::from_mins(10);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Bars or sessions, once.
    Bars,
    /// Bars that are kept up to date.
    Stream,
    /// The first moment of history.
    Head,
    /// Ticks of the past.
    Ticks,
    /// A stream of five-second bars, whose beginning counts as a request.
    RealTime,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) kind: Kind,
    pub(crate) req_id: i32,
    pub(crate) subject: Subject,
    /// How much it counts in each window; none where no window counts it.
    pub(crate) weight: Option<u32>,
    /// About as many bars as the answer may have.
    pub(crate) bars: u64,
    /// The same for requests that one answer serves: everything but the request's number, on this version of the wire. None
    /// for a stream, which belongs to its bot.
    pub(crate) share: Option<(ServerVersion, Box<[u8]>)>,
    /// What is asked, where the answer stays the same once its sessions are over.
    pub(crate) question: Option<Question>,
}

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    con_id: i32,
    /// The contract by its names; empty where only its number is named.
    contract: Box<str>,
    /// As people say it.
    symbol: Box<str>,
    exchange: Box<str>,
    what: Box<str>,
    /// Everything else that makes it another request.
    rest: Box<str>,
}

/// What a bot's frame does to its requests for history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Asks.
    Begin(Box<Ask>),
    /// Wants no more of it.
    End { kind: Kind, req_id: i32 },
}

/// What a bot's frame does to its requests for history, if it is about any and can be read.
pub(crate) fn asked(version: ServerVersion, frame: &RawFrame) -> Option<Asked> {
    // No other message is read for it.
    if !matches!(message_id(version, frame), Some(20 | 25 | 50 | 51 | 87 | 90 | 96)) {
        return None;
    }
    let ends = |kind, req_id| Some(Asked::End { kind, req_id });
    let request = Request::decode(version, frame).ok()?;
    let ask = match &request {
        Request::CancelHistoricalData(m) => return ends(Kind::Bars, m.req_id),
        Request::CancelRealTimeBars(m) => return ends(Kind::RealTime, m.req_id),
        Request::CancelHeadTimestamp(m) => return ends(Kind::Head, m.req_id),
        Request::ReqHistoricalData(m) => {
            let kind = if m.keep_up_to_date { Kind::Stream } else { Kind::Bars };
            let is_small = m.what != "SCHEDULE" && is_small(m.bar_size.as_str());
            let rest = format!("{} {} {} {}", m.end, m.bar_size, m.duration, m.use_rth);
            let subject = Subject::new(&m.contract, m.what.as_str(), rest);
            let bars = bars(m.duration.as_str(), m.bar_size.as_str());
            let question = question(version, m);
            let weight = is_small.then(|| weight(&m.what));
            Ask { weight, bars, question, ..Ask::new(kind, m.req_id, subject) }
        }
        Request::ReqHeadTimestamp(m) => {
            let subject = Subject::new(&m.contract, m.what.as_str(), format!("head {}", m.use_rth));
            Ask { weight: Some(weight(&m.what)), ..Ask::new(Kind::Head, m.req_id, subject) }
        }
        Request::ReqHistoricalTicks(m) => {
            let rest = format!("ticks {} {} {} {}", m.start, m.end, m.count, m.use_rth);
            let subject = Subject::new(&m.contract, m.what.as_str(), rest);
            let bars = u64::try_from(m.count).unwrap_or_default();
            Ask { weight: Some(weight(&m.what)), bars, ..Ask::new(Kind::Ticks, m.req_id, subject) }
        }
        Request::ReqRealTimeBars(m) => {
            let subject = Subject::new(&m.contract, m.what.as_str(), format!("live {}", m.use_rth));
            Ask { weight: Some(weight(&m.what)), ..Ask::new(Kind::RealTime, m.req_id, subject) }
        }
        _ => return None,
    };
    let share = numbered(request, 0).map(|blank| (version, blank.encode(version).bytes().into()));
    Some(Asked::Begin(Box::new(Ask { share, ..ask })))
}

/// What is asked, for one whose answer can be kept: bars of prices of a contract with a number, up to an instant that is named
/// with its zone, on a version that names zones in its answers.
fn question(version: ServerVersion, m: &ReqHistoricalData) -> Option<Question> {
    let of_prices = matches!(m.what.as_str(), "TRADES" | "MIDPOINT" | "BID" | "ASK" | "BID_ASK");
    let is_plain = m.legs.is_empty() && m.options.is_empty() && !m.keep_up_to_date;
    if !of_prices || !is_plain || m.contract.con_id == 0 {
        return None;
    }
    // Volumes, the range and the spelling of numbers differ between these.
    let form = [Gate::InstrumentTimezone, Gate::HistoryInShares, Gate::HistoricalDataEnd, Gate::Protobuf];
    let form = form.into_iter().take_while(|gate| version.has(*gate)).count();
    let BarStart::At(end) = bar_start(m.end.as_str())? else { return None };
    let series = Series {
        con_id: m.contract.con_id,
        exchange: m.contract.exchange.as_str().into(),
        bar_size: m.bar_size.as_str().into(),
        what: m.what.as_str().into(),
        use_rth: m.use_rth,
        format_date: m.format_date,
        include_expired: m.include_expired,
        form: i32::try_from(form).ok().filter(|form| *form > 0)?,
    };
    Some(Question { series, end: end.as_second(), span: m.duration.as_str().trim().into() })
}

/// The request under another number; none for a stream.
fn numbered(request: Request, number: i32) -> Option<Request> {
    match request {
        Request::ReqHistoricalData(mut m) if !m.keep_up_to_date => {
            m.req_id = number;
            Some(Request::ReqHistoricalData(m))
        }
        Request::ReqHeadTimestamp(mut m) => {
            m.req_id = number;
            Some(Request::ReqHeadTimestamp(m))
        }
        Request::ReqHistoricalTicks(mut m) => {
            m.req_id = number;
            Some(Request::ReqHistoricalTicks(m))
        }
        _ => None,
    }
}

impl Ask {
    fn new(kind: Kind, req_id: i32, subject: Subject) -> Self {
        Self { kind, req_id, subject, weight: None, bars: 1, share: None, question: None }
    }

    /// Whether a bot waits for it between two orders, and not for a backfill.
    pub(crate) fn is_quick(&self) -> bool {
        match self.kind {
            Kind::Stream | Kind::Head | Kind::RealTime => true,
            Kind::Bars | Kind::Ticks => self.bars <= QUICK_BARS,
        }
    }

    /// Whether it is one of those that a venue has only so many of at once.
    pub(crate) fn is_open_until_answered(&self) -> bool {
        self.kind != Kind::RealTime
    }

    /// How long its answer may take.
    pub(crate) fn answer_max(&self) -> Duration {
        if self.bars > USUAL_BARS { LONG_ANSWER_MAX } else { ANSWER_MAX }
    }

    /// The message that ends it at the venue; none where there is no such message.
    pub(crate) fn cancel(&self, version: ServerVersion, req_id: i32) -> Option<RawFrame> {
        use plimsoll_tws::message::ById;
        let end = match self.kind {
            Kind::Bars | Kind::Stream => Request::CancelHistoricalData(ById { req_id }),
            Kind::Head => Request::CancelHeadTimestamp(ById { req_id }),
            Kind::RealTime => Request::CancelRealTimeBars(ById { req_id }),
            Kind::Ticks => return None,
        };
        Some(end.encode(version))
    }
}

impl Subject {
    fn new(contract: &WireContract, what: &str, rest: String) -> Self {
        let c = contract;
        let contract = if c.symbol.is_empty() && c.local_symbol.is_empty() {
            String::new()
        } else {
            let strike = c.strike.map(|strike| strike.normalize().to_string()).unwrap_or_default();
            // A right may be spelled out.
            let right = c.right.as_str().get(..1).unwrap_or_default();
            let names = [&c.symbol, &c.sec_type, &c.currency, &c.expiry, &c.local_symbol]
                .map(plimsoll_tws::Word::as_str);
            format!("{} {strike} {right}", names.join(" "))
        };
        let exchange = if c.exchange.is_empty() { "SMART" } else { c.exchange.as_str() };
        let symbol =
            if c.symbol.is_empty() { format!("contract {}", c.con_id) } else { c.symbol.to_string() };
        Self {
            con_id: c.con_id,
            contract: contract.into(),
            symbol: symbol.into(),
            exchange: exchange.into(),
            what: what.into(),
            rest: rest.into(),
        }
    }

    /// As the venue names it in its answers: `SPY@SMART TRADES`.
    pub(crate) fn name(&self) -> String {
        format!("{}@{} {}", self.symbol, self.exchange, self.what)
    }

    /// The same contract, exchange and kind of tick. One that is named by its number and one that is named by its symbol
    /// meet where somebody named both.
    pub(crate) fn is_same_stream(&self, other: &Self) -> bool {
        let contract = (self.con_id != 0 && self.con_id == other.con_id)
            || (!self.contract.is_empty() && self.contract == other.contract);
        contract && self.exchange == other.exchange && self.what == other.what
    }

    /// The same request.
    pub(crate) fn is_same_request(&self, other: &Self) -> bool {
        self.rest == other.rest && self.is_same_stream(other)
    }

    #[cfg(test)]
    pub(crate) fn made_up(contract: i32, what: &str, rest: &str) -> Self {
        let contract = WireContract { con_id: contract, ..WireContract::default() };
        Self::new(&contract, what, rest.to_owned())
    }
}

/// Both sides of the quote count twice.
fn weight(what: &plimsoll_tws::Word) -> u32 {
    if what == "BID_ASK" { 2 } else { 1 }
}

/// Whether the rules of the small bars hold for a size.
fn is_small(size: &str) -> bool {
    // A size that nobody knows is refused at the venue, and counts as what it may be.
    bar_seconds(size).is_none_or(|seconds| seconds <= SMALL_BAR_SECONDS)
}

/// `30 secs`, `1 min`, `2 hours`, `1 day`, `1W`, `1 month`.
fn bar_seconds(size: &str) -> Option<u64> {
    let (count, unit) = count_and_unit(size)?;
    let unit = match unit {
        "sec" | "secs" => 1,
        "min" | "mins" => 60,
        "hour" | "hours" => 3_600,
        "day" | "days" => 86_400,
        "W" | "w" | "week" | "weeks" => 7 * 86_400,
        "M" | "m" | "month" | "months" => 30 * 86_400,
        _ => return None,
    };
    count.checked_mul(unit)
}

/// About as many bars as fit, by the calendar.
fn bars(duration: &str, size: &str) -> u64 {
    let span = count_and_unit(duration).and_then(|(count, unit)| {
        let unit = match unit {
            "S" => 1,
            "D" => 86_400,
            "W" => 7 * 86_400,
            "M" => 30 * 86_400,
            "Y" => 365 * 86_400,
            _ => return None,
        };
        count.checked_mul(unit)
    });
    span.zip(bar_seconds(size)).map_or(u64::MAX, |(span, size)| span / size.max(1))
}

fn count_and_unit(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    Some((text[..end].parse().ok()?, text[end..].trim()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn v(number: u16) -> ServerVersion {
        ServerVersion::new(number).unwrap()
    }

    pub(crate) fn frame(text: &str) -> RawFrame {
        RawFrame::new(text.replace('|', "\0").into_bytes().into())
    }

    /// `reqHistoricalData` of a day of SPY.
    pub(crate) fn history(req_id: i32, end: &str, size: &str, span: &str, what: &str, keep: i32) -> RawFrame {
        frame(&format!(
            "20|{req_id}|756733|SPY|STK||0.0|||SMART|ARCA|USD|||0|{end}|{size}|{span}|1|{what}|2|{keep}||"
        ))
    }

    pub(crate) fn begin(frame: &RawFrame) -> Ask {
        match asked(v(200), frame) {
            Some(Asked::Begin(ask)) => *ask,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn bars_of_thirty_seconds_are_small_and_those_of_a_minute_are_not() {
        let weight = |size: &str, what| begin(&history(1, "", size, "1 D", what, 0)).weight;
        for small in ["1 secs", "5 secs", "1 sec", "30 secs"] {
            assert_eq!(weight(small, "TRADES"), Some(1), "{small}");
        }
        for large in ["1 min", "2 mins", "1 hour", "8 hours", "1 day", "1W", "1 week", "1M", "1 month"] {
            assert_eq!(weight(large, "TRADES"), None, "{large}");
        }
        assert_eq!(weight("30 secs", "BID_ASK"), Some(2), "both sides of the quote count twice");
        assert_eq!(weight("1 min", "BID_ASK"), None);
        assert_eq!(weight("1 day", "SCHEDULE"), None);
        assert_eq!(weight("a while", "TRADES"), Some(1), "unknown, so it may count");
    }

    #[test]
    fn heads_ticks_and_five_second_bars_count_whatever_their_size() {
        let head = frame("87|3|756733|SPY|STK||0.0|||SMART|ARCA|USD|||0|1|TRADES|1|");
        assert_eq!((begin(&head).kind, begin(&head).weight), (Kind::Head, Some(1)));
        let ticks =
            frame("96|3|756733|SPY|STK||0.0|||SMART|ARCA|USD|||0|20261127-15:00:00||500|BID_ASK|1|0||");
        assert_eq!((begin(&ticks).kind, begin(&ticks).weight), (Kind::Ticks, Some(2)));
        let live = frame("50|3|7|756733|SPY|STK||0.0|||SMART|ARCA|USD|||5|TRADES|1||");
        assert_eq!((begin(&live).kind, begin(&live).weight), (Kind::RealTime, Some(1)));
        assert_eq!(begin(&live).share, None, "a stream belongs to its bot");
    }

    #[test]
    fn what_ends_a_request_is_known_and_nothing_else_is_read() {
        assert_eq!(asked(v(200), &frame("25|1|7|")), Some(Asked::End { kind: Kind::Bars, req_id: 7 }));
        assert_eq!(asked(v(200), &frame("51|1|7|")), Some(Asked::End { kind: Kind::RealTime, req_id: 7 }));
        assert_eq!(asked(v(200), &frame("90|7|")), Some(Asked::End { kind: Kind::Head, req_id: 7 }));
        assert_eq!(asked(v(200), &frame("49|1|")), None);
        assert_eq!(asked(v(200), &frame("20|7|SPY|")), None, "the venue says what is wrong with it");
    }

    #[test]
    fn requests_that_differ_in_their_number_only_share_an_answer_and_streams_share_none() {
        let share = |frame: &RawFrame| begin(frame).share;
        let one = history(1, "20261127-15:00:00", "5 secs", "600 S", "TRADES", 0);
        let same = history(9, "20261127-15:00:00", "5 secs", "600 S", "TRADES", 0);
        let other = history(1, "20261127-15:10:00", "5 secs", "600 S", "TRADES", 0);
        assert!(share(&one).is_some());
        assert_eq!(share(&one), share(&same));
        assert_ne!(share(&one), share(&other));
        assert_eq!(share(&history(1, "", "5 secs", "600 S", "TRADES", 1)), None);
    }

    #[test]
    fn a_contract_by_its_number_and_by_its_names_meet_in_one_that_names_both() {
        let subject = |contract: &str| {
            begin(&frame(&format!("20|1|{contract}|0||5 secs|600 S|1|TRADES|2|0||"))).subject
        };
        let both = subject("756733|SPY|STK||0.0|||SMART|ARCA|USD||");
        let by_number = subject("756733||||0.0|||SMART||||");
        let by_names = subject("0|SPY|STK||0.0||||ARCA|USD||");
        assert!(both.is_same_request(&by_number) && both.is_same_request(&by_names));
        assert!(!by_number.is_same_request(&by_names), "nobody can know");
        let option = subject("0|SPY|OPT|20261218|680|C|100|SMART||USD||");
        assert!(!both.is_same_stream(&option));
        assert!(subject("0|SPY|OPT|20261218|680.0|CALL|100|SMART||USD||").is_same_stream(&option));
    }

    #[test]
    fn a_look_at_the_last_minutes_is_quick_and_a_backfill_is_not() {
        let quick =
            |size: &str, span: &str, keep| begin(&history(1, "", size, span, "TRADES", keep)).is_quick();
        assert!(quick("5 secs", "600 S", 0) && quick("30 secs", "6000 S", 0));
        assert!(!quick("30 secs", "6030 S", 0) && !quick("1 secs", "1800 S", 0) && !quick("1 min", "1 D", 0));
        assert!(quick("1 min", "1 D", 1), "a stream");
    }
}
