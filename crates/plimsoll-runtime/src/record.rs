//! Events as journal records and back. The journal keeps what came, bytes and all; reading it decodes the
//! frames again with today's codec.
//!
//! Does not own: the record format, which is the journal's, nor what an event does.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use plimsoll_core::clock::Bounds;
use plimsoll_core::schedule::{JobEnd, JobName};
use plimsoll_core::{ClockEvent, ClockSource, Event, HaltLevel, Operator, Quote, Struck};
use plimsoll_journal::{Body, ClockRecord, JobEndRecord, Raw};
use plimsoll_model::{Account, BotName, ClientId, InstrumentId, LinkId, Position, Price};
use plimsoll_tws::ServerVersion;

use crate::config::{self, ConfigError};
use crate::wire;

/// Why a record is no event of today's bridge.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The configuration of that day is not valid for this version.
    #[error("the recorded configuration: {0}")]
    Config(#[from] ConfigError),
    /// A field that cannot be read.
    #[error("{what} `{text}` is not understood; read the journal with the version that wrote it")]
    Field {
        /// Which.
        what: &'static str,
        /// Its text.
        text: String,
    },
    /// A frame of the venue that today's codec refuses.
    #[error("a frame of the venue: {0}")]
    Frame(String),
}

/// The record of an event. `version` is that of the link for frames; `config` is the text behind a start.
pub fn body(event: &Event, version: Option<ServerVersion>, config: &str) -> Body {
    let server_version = version.map_or(0, ServerVersion::number);
    match event {
        Event::Started { epoch, .. } => Body::Started { epoch: *epoch, config_toml: config.to_owned() },
        Event::OwnUp { link } => Body::OwnUp { link: link.0 },
        Event::OwnDown { link } => Body::OwnDown { link: link.0 },
        Event::BotArrived { link, bot, client_id, raw } => Body::BotArrived {
            link: link.0,
            bot: bot.to_string(),
            client_id: client_id.0,
            raw: Raw(raw.clone()),
        },
        Event::BotLeft { link } => Body::BotLeft { link: link.0 },
        Event::BotGone { link } => Body::BotGone { link: link.0 },
        Event::FromBot { link, raw, .. } => {
            Body::FromBot { link: link.0, server_version, raw: Raw(raw.clone()) }
        }
        Event::FromVenue { link, raw, .. } => {
            Body::FromVenue { link: link.0, server_version, raw: Raw(raw.clone()) }
        }
        Event::Quote { instrument, quote } => quote_body(instrument, quote),
        Event::Stream { link, instrument, still_since } => Body::Stream {
            link: link.0,
            instrument: instrument.to_string(),
            still_since_ns: still_since.map(since_1970),
        },
        Event::Flushed { token } => Body::Flushed { token: *token },
        Event::Operator(Operator::Halt { level, bot, by, reason }) => Body::Halt {
            level: level.as_str().into(),
            bot: bot.as_ref().map(ToString::to_string),
            by: by.to_string(),
            reason: reason.to_string(),
        },
        Event::Operator(Operator::Resume { bot, by, reason }) => Body::Resume {
            bot: bot.as_ref().map(ToString::to_string),
            by: by.to_string(),
            reason: reason.to_string(),
        },
        Event::Operator(Operator::Accept { account, instrument, difference, by, reason }) => Body::Accept {
            account: account.to_string(),
            instrument: instrument.to_string(),
            difference: difference.to_string(),
            by: by.to_string(),
            reason: reason.to_string(),
        },
        Event::Operator(Operator::Calendar { days, problems }) => Body::Calendar {
            days_toml: config::announced::text(days),
            problems: problems.iter().map(ToString::to_string).collect(),
        },
        Event::Clock(event) => Body::Clock(clock_record(event)),
        Event::JobEnded { job, date, end } => {
            Body::JobEnded { job: job.to_string(), date: date.to_string(), end: job_end_record(end) }
        }
        Event::Woke => Body::Woke,
    }
}

fn clock_record(event: &ClockEvent) -> ClockRecord {
    match event {
        ClockEvent::Watched { uncertainty_max } => {
            ClockRecord::Watched { uncertainty_max_ns: nanos(*uncertainty_max) }
        }
        ClockEvent::Heard { source, bounds } => ClockRecord::Heard {
            source: source.to_string(),
            least_ns: signed_nanos(bounds.least),
            most_ns: signed_nanos(bounds.most),
        },
        ClockEvent::Unheard { source, why } => {
            ClockRecord::Unheard { source: source.to_string(), why: why.to_string() }
        }
        ClockEvent::Stepped { by } => ClockRecord::Stepped { by_ns: signed_nanos(*by) },
        ClockEvent::Slept { span } => ClockRecord::Slept { span_ns: nanos(*span) },
    }
}

fn clock_event(record: ClockRecord) -> ClockEvent {
    match record {
        ClockRecord::Watched { uncertainty_max_ns } => {
            ClockEvent::Watched { uncertainty_max: Duration::from_nanos(uncertainty_max_ns) }
        }
        ClockRecord::Heard { source, least_ns, most_ns } => {
            let bounds = Bounds {
                least: SignedDuration::from_nanos(least_ns),
                most: SignedDuration::from_nanos(most_ns),
            };
            ClockEvent::Heard { source: clock_source(source), bounds }
        }
        ClockRecord::Unheard { source, why } => {
            ClockEvent::Unheard { source: clock_source(source), why: why.into() }
        }
        ClockRecord::Stepped { by_ns } => ClockEvent::Stepped { by: SignedDuration::from_nanos(by_ns) },
        ClockRecord::Slept { span_ns } => ClockEvent::Slept { span: Duration::from_nanos(span_ns) },
    }
}

fn job_end_record(end: &JobEnd) -> JobEndRecord {
    match end {
        JobEnd::Exited { code } => JobEndRecord::Exited { code: *code },
        JobEnd::Signaled { signal } => JobEndRecord::Signaled { signal: *signal },
        JobEnd::TimedOut => JobEndRecord::TimedOut,
        JobEnd::NotStarted { why } => JobEndRecord::NotStarted { why: why.to_string() },
        JobEnd::Stopped => JobEndRecord::Stopped,
        JobEnd::Unknown => JobEndRecord::Unknown,
    }
}

fn job_end(record: JobEndRecord) -> JobEnd {
    match record {
        JobEndRecord::Exited { code } => JobEnd::Exited { code },
        JobEndRecord::Signaled { signal } => JobEnd::Signaled { signal },
        JobEndRecord::TimedOut => JobEnd::TimedOut,
        JobEndRecord::NotStarted { why } => JobEnd::NotStarted { why: why.into() },
        JobEndRecord::Stopped => JobEnd::Stopped,
        JobEndRecord::Unknown => JobEnd::Unknown,
    }
}

/// A server's name has a port, so it is neither of the words.
fn clock_source(text: String) -> ClockSource {
    match text.as_str() {
        "kernel" => ClockSource::Kernel,
        "broker" => ClockSource::Broker,
        _ => ClockSource::Server(text.into()),
    }
}

/// Three centuries at most.
fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

fn signed_nanos(span: SignedDuration) -> i64 {
    i64::try_from(span.as_nanos()).unwrap_or(if span.is_negative() { i64::MIN } else { i64::MAX })
}

/// They fit until 2262.
fn since_1970(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX)
}

fn quote_body(instrument: &InstrumentId, quote: &Quote) -> Body {
    let text = |px: Option<Price>| px.map(|px| px.to_string());
    let other = |at: Timestamp| (at != quote.struck.latest).then(|| since_1970(at));
    Body::Quote {
        instrument: instrument.to_string(),
        bid: text(quote.bid),
        ask: text(quote.ask),
        last: text(quote.last),
        struck_ns: since_1970(quote.struck.latest),
        bid_struck_ns: other(quote.struck.bid),
        ask_struck_ns: other(quote.struck.ask),
    }
}

fn instant(nanos: i64) -> Result<Timestamp, RecordError> {
    Timestamp::from_nanosecond(nanos.into()).map_err(|_| field("time", &nanos.to_string()))
}

/// A side without a time of its own has the quote's.
fn struck(latest: i64, bid: Option<i64>, ask: Option<i64>) -> Result<Struck, RecordError> {
    let (bid, ask) = (instant(bid.unwrap_or(latest))?, instant(ask.unwrap_or(latest))?);
    Ok(Struck { latest: instant(latest)?, bid, ask })
}

fn accepted(
    (account, instrument): (&str, &str),
    difference: &str,
    (by, reason): (String, String),
) -> Result<Operator, RecordError> {
    Ok(Operator::Accept {
        account: Account::new(account).ok_or_else(|| field("account", account))?,
        instrument: InstrumentId::us_stock(instrument),
        difference: Position::parse(difference).map_err(|_| field("difference", difference))?,
        by: by.into(),
        reason: reason.into(),
    })
}

/// The event of a record; nothing for records that are none (decisions, notes).
pub fn event(body: Body) -> Result<Option<Event>, RecordError> {
    Ok(Some(match body {
        Body::Sealed | Body::Decision { .. } | Body::LinkNote { .. } | Body::Unread { .. } => {
            return Ok(None);
        }
        Body::Started { epoch, config_toml } => {
            let loaded = config::parse("plimsoll.toml (from the journal)", &config_toml)?;
            Event::Started { epoch, config: Arc::new(loaded.config) }
        }
        Body::OwnUp { link } => Event::OwnUp { link: LinkId(link) },
        Body::OwnDown { link } => Event::OwnDown { link: LinkId(link) },
        Body::BotArrived { link, bot, client_id, raw } => Event::BotArrived {
            link: LinkId(link),
            bot: bot_name(&bot)?,
            client_id: ClientId(client_id),
            raw: raw.0,
        },
        Body::BotLeft { link } => Event::BotLeft { link: LinkId(link) },
        Body::BotGone { link } => Event::BotGone { link: LinkId(link) },
        Body::FromBot { link, server_version, raw } => {
            let request = wire::request(version(server_version)?, &raw.0);
            Event::FromBot { link: LinkId(link), request, raw: raw.0 }
        }
        Body::FromVenue { link, server_version, raw } => {
            let report = wire::report(version(server_version)?, &raw.0).map_err(RecordError::Frame)?;
            Event::FromVenue { link: LinkId(link), report, raw: raw.0 }
        }
        Body::Quote { instrument, bid, ask, last, struck_ns, bid_struck_ns, ask_struck_ns } => Event::Quote {
            instrument: InstrumentId::us_stock(&instrument),
            quote: Quote {
                bid: price(bid)?,
                ask: price(ask)?,
                last: price(last)?,
                struck: struck(struck_ns, bid_struck_ns, ask_struck_ns)?,
            },
        },
        Body::Stream { link, instrument, still_since_ns } => Event::Stream {
            link: LinkId(link),
            instrument: InstrumentId::us_stock(&instrument),
            still_since: still_since_ns.map(instant).transpose()?,
        },
        Body::Flushed { token } => Event::Flushed { token },
        Body::Halt { level, bot, by, reason } => Event::Operator(Operator::Halt {
            level: halt_level(&level)?,
            bot: bot.as_deref().map(bot_name).transpose()?,
            by: by.into(),
            reason: reason.into(),
        }),
        Body::Resume { bot, by, reason } => Event::Operator(Operator::Resume {
            bot: bot.as_deref().map(bot_name).transpose()?,
            by: by.into(),
            reason: reason.into(),
        }),
        Body::Accept { account, instrument, difference, by, reason } => {
            Event::Operator(accepted((&account, &instrument), &difference, (by, reason))?)
        }
        Body::Calendar { days_toml, problems } => Event::Operator(Operator::Calendar {
            days: config::announced::parse("calendar.d (from the journal)", &days_toml)?.into(),
            problems: problems.into_iter().map(Into::into).collect(),
        }),
        Body::Clock(record) => Event::Clock(clock_event(record)),
        Body::JobEnded { job, date, end } => Event::JobEnded {
            job: JobName::new(&job).ok_or_else(|| field("job", &job))?,
            date: date.parse().map_err(|_| field("date", &date))?,
            end: job_end(end),
        },
        Body::Woke => Event::Woke,
    }))
}

/// The link of a record, if it has one.
pub(crate) fn link(body: &Body) -> Option<LinkId> {
    match body {
        Body::OwnUp { link }
        | Body::OwnDown { link }
        | Body::BotArrived { link, .. }
        | Body::BotLeft { link }
        | Body::BotGone { link }
        | Body::FromBot { link, .. }
        | Body::FromVenue { link, .. }
        | Body::Stream { link, .. }
        | Body::LinkNote { link, .. } => Some(LinkId(*link)),
        Body::Sealed
        | Body::Started { .. }
        | Body::Quote { .. }
        | Body::Flushed { .. }
        | Body::Halt { .. }
        | Body::Resume { .. }
        | Body::Accept { .. }
        | Body::Calendar { .. }
        | Body::Clock(_)
        | Body::JobEnded { .. }
        | Body::Woke
        | Body::Decision { .. }
        | Body::Unread { .. } => None,
    }
}

/// From the word of the journal and of the operator's API.
pub(crate) fn halt_level(word: &str) -> Result<HaltLevel, RecordError> {
    [HaltLevel::NewRisk, HaltLevel::All]
        .into_iter()
        .find(|level| level.as_str() == word)
        .ok_or_else(|| field("halt level", word))
}

fn bot_name(text: &str) -> Result<BotName, RecordError> {
    BotName::new(text).ok_or_else(|| field("bot", text))
}

fn version(number: u16) -> Result<ServerVersion, RecordError> {
    ServerVersion::new(number).ok_or_else(|| field("server version", &number.to_string()))
}

fn price(text: Option<String>) -> Result<Option<Price>, RecordError> {
    text.map(|text| Price::parse(&text).map_err(|_| field("price", &text))).transpose()
}

fn field(what: &'static str, text: &str) -> RecordError {
    RecordError::Field { what, text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::RawFrame;

    use super::*;

    fn bars(text: &str) -> RawFrame {
        RawFrame::new(text.replace('|', "\0").into_bytes().into())
    }

    /// An event survives its record: same trace line, same record again.
    fn check(event: &Event, version: Option<ServerVersion>) {
        let written = body(event, version, "");
        let read = super::event(written.clone()).unwrap().unwrap();
        assert_eq!(read.to_string(), event.to_string());
        assert_eq!(body(&read, version, ""), written);
    }

    #[test]
    fn events_survive_their_records() {
        let v178 = ServerVersion::new(178);
        let link = LinkId(3);
        let trend = BotName::new("trend").unwrap();
        let start = bars("71|2|11||");
        let cancel = bars("4|1|5||");
        let status = bars("3|5|Submitted|0|100|0|7|0|0|11||0|");
        let quote = Quote {
            bid: Some(Price::parse("600.10").unwrap()),
            ask: None,
            last: Some(Price::parse("0.0001").unwrap()),
            struck: Struck {
                latest: "2026-11-27T15:00:00.000000001Z".parse().unwrap(),
                bid: "2026-11-27T14:59:00Z".parse().unwrap(),
                ask: "2026-11-27T15:00:00.000000001Z".parse().unwrap(),
            },
        };
        let halt = Operator::Halt {
            level: HaltLevel::All,
            bot: Some(trend.clone()),
            by: "me".into(),
            reason: "ü".into(),
        };
        let accept = Operator::Accept {
            account: Account::new("DU1").unwrap(),
            instrument: InstrumentId::us_stock("ES.FUT.USD.20260320"),
            difference: Position::parse("-40.5").unwrap(),
            by: "me".into(),
            reason: "split".into(),
        };
        check(&Event::Operator(accept), None);
        check(&Event::OwnUp { link }, None);
        check(&Event::OwnDown { link }, None);
        check(&Event::BotArrived { link, bot: trend, client_id: ClientId(11), raw: start }, None);
        check(&Event::BotLeft { link }, None);
        check(&Event::BotGone { link }, None);
        let request = wire::request(v178.unwrap(), &cancel);
        check(&Event::FromBot { link, request, raw: cancel }, v178);
        let report = wire::report(v178.unwrap(), &status).unwrap();
        check(&Event::FromVenue { link, report, raw: status }, v178);
        check(&Event::Quote { instrument: InstrumentId::us_stock("SPY"), quote }, None);
        check(&Event::Flushed { token: 9 }, None);
        check(&Event::Operator(halt), None);
        check(&Event::Operator(Operator::Resume { bot: None, by: "me".into(), reason: "".into() }), None);
        let days = "[[day]]\ncalendar = \"XNYS\"\ndate = \"2027-01-15\"\nchange = \"closed\"\nreason = \"r\"\nsource = \"s\"\n";
        let days = config::announced::parse("x", days).unwrap().into();
        let problems = ["a.toml:1:1: error: no date".into()].into();
        check(&Event::Operator(Operator::Calendar { days, problems }), None);
        let server = || ClockSource::Server("time.example:123".into());
        let bounds = Bounds::around(SignedDuration::from_millis(-2_000), SignedDuration::from_micros(4_250));
        check(&Event::Clock(ClockEvent::Watched { uncertainty_max: Duration::from_millis(250) }), None);
        for source in [server(), ClockSource::Kernel, ClockSource::Broker] {
            check(&Event::Clock(ClockEvent::Heard { source: source.clone(), bounds }), None);
            check(&Event::Clock(ClockEvent::Unheard { source, why: "no answer".into() }), None);
        }
        check(&Event::Clock(ClockEvent::Stepped { by: SignedDuration::from_secs(-3) }), None);
        check(&Event::Clock(ClockEvent::Slept { span: Duration::from_secs(90) }), None);
        for end in [
            JobEnd::Exited { code: -1 },
            JobEnd::Signaled { signal: 9 },
            JobEnd::TimedOut,
            JobEnd::NotStarted { why: "no such file".into() },
            JobEnd::Stopped,
            JobEnd::Unknown,
        ] {
            let (job, date) = (JobName::new("flat").unwrap(), "2026-11-27".parse().unwrap());
            check(&Event::JobEnded { job, date, end }, None);
        }
        check(&Event::Woke, None);
    }

    #[test]
    fn a_quote_of_before_the_two_sides_had_times_was_struck_at_once() {
        let body = Body::Quote {
            instrument: "SPY".into(),
            bid: Some("600.1".into()),
            ask: Some("600.2".into()),
            last: None,
            struck_ns: 5,
            bid_struck_ns: None,
            ask_struck_ns: None,
        };
        let Some(Event::Quote { quote, .. }) = event(body).unwrap() else { panic!("no quote") };
        assert_eq!(quote.struck, Struck::at(Timestamp::from_nanosecond(5).unwrap()));
    }

    #[test]
    fn the_configuration_of_the_day_comes_back_from_its_text() {
        let text = config::tests::GOOD;
        let started = Body::Started { epoch: 4, config_toml: text.into() };
        let Some(Event::Started { epoch: 4, config }) = event(started).unwrap() else {
            panic!("no start");
        };
        assert_eq!(*config, config::parse("x", text).unwrap().config);
    }

    #[test]
    fn a_record_of_another_day_is_refused_and_not_guessed() {
        let raw = Raw(bars("4|1|5||"));
        assert!(event(Body::FromBot { link: 1, server_version: 212, raw }).is_err());
        let halt = Body::Halt { level: "most".into(), bot: None, by: String::new(), reason: String::new() };
        assert!(event(halt).is_err());
    }
}
