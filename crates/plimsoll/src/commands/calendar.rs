//! `plimsoll calendar`: sessions and cutoffs, each with who says so.

use jiff::Timestamp;
use jiff::civil::Date;
use plimsoll_calendar::{Anchor, Calendar, DayKind, Listing, TradingDay, export_header, export_row};
use serde_json::{Value, json};

use super::Outcome;
use crate::cli::Calendar as What;
use crate::exit::{Exit, Failure};
use crate::output;

pub(crate) fn run(what: &What) -> Outcome {
    match what {
        What::Show { what, date, json } => show(what, *date, *json),
        What::Export { name, from, to, format } => export(name, *from, *to, format),
    }
}

/// Listings that are common knowledge among the built-in examples; any other symbol is unknown here, and
/// then the earliest cutoff of all venues is shown. The gateway asks the broker instead.
const LISTED: &[(&str, Listing)] = &[
    ("SPY", Listing::Arca),
    ("IWM", Listing::Arca),
    ("GLD", Listing::Arca),
    ("VOO", Listing::Arca),
    ("QQQ", Listing::Nasdaq),
    ("TLT", Listing::Nasdaq),
    ("AAPL", Listing::Nasdaq),
    ("MSFT", Listing::Nasdaq),
];

fn listing_of(what: &str) -> Listing {
    match Listing::from_primary_exchange(what) {
        Listing::Unknown => LISTED
            .iter()
            .find(|(symbol, _)| *symbol == what)
            .map_or(Listing::Unknown, |(_, listing)| *listing),
        known => known,
    }
}

fn show(what: &str, date: Option<Date>, as_json: bool) -> Outcome {
    let calendar = Calendar::named(what).unwrap_or_else(|_| Calendar::us_equities());
    let date = match date {
        Some(date) => date,
        None => calendar.trade_date(Timestamp::now()).map_err(no)?,
    };
    let day = match calendar.day(date).map_err(no)? {
        DayKind::Session(day) => day,
        DayKind::Closed(closure) => {
            let text = format!("{date} is no session of {}: {}", calendar.name(), closure.name);
            if as_json {
                let row = json!({ "date": date.to_string(), "session": false, "why": closure.name });
                output::json(&row)?;
            } else {
                output::line(&text)?;
            }
            return Ok(Exit::Good);
        }
    };
    let anchors = day.anchors(listing_of(what));
    if as_json {
        output::json(&as_value(what, &calendar, &day, &anchors))?;
    } else {
        output::line(&as_text(what, &calendar, &day, &anchors))?;
    }
    Ok(Exit::Good)
}

fn as_value(what: &str, calendar: &Calendar, day: &TradingDay, anchors: &[Anchor]) -> Value {
    json!({
        "symbol": what,
        "calendar": calendar.name(),
        "date": day.date().to_string(),
        "session": true,
        "early": day.early(),
        "source": day.source(),
        "anchors": anchors.iter().map(|anchor| json!({
            "anchor": anchor.kind.as_str(),
            "at": anchor.at.to_string(),
            "local": local(calendar, anchor.at),
            "rule": anchor.rule.to_string(),
            "decided_by": anchor.decided_by.as_str(),
            "source": anchor.source(),
            "exchange": { "at": anchor.exchange.at.to_string(), "source": anchor.exchange.source },
            "broker": anchor.broker.map(|b| json!({ "at": b.at.to_string(), "source": b.source })),
        })).collect::<Vec<_>>(),
    })
}

fn as_text(what: &str, calendar: &Calendar, day: &TradingDay, anchors: &[Anchor]) -> String {
    let early = day.early().map_or_else(String::new, |name| format!(", half day: {name}"));
    let rows: Vec<_> = anchors
        .iter()
        .map(|anchor| {
            vec![
                anchor.kind.to_string(),
                local(calendar, anchor.at),
                anchor.at.to_string(),
                anchor.rule.to_string(),
                anchor.decided_by.as_str().to_owned(),
                anchor.source(),
            ]
        })
        .collect();
    let table = output::table(&["anchor", "local", "utc", "rule", "by", "source"], &rows);
    format!("{what} on {} ({}{early})\n{}", day.date(), calendar.name(), table.trim_end())
}

fn local(calendar: &Calendar, at: Timestamp) -> String {
    at.to_zoned(calendar.zone().clone()).strftime("%H:%M:%S").to_string()
}

fn export(name: &str, from: Date, to: Date, format: &str) -> Outcome {
    if format != "csv" {
        let error = anyhow::anyhow!("`{format}` is not an export format; use csv");
        return Err(Failure::new(Exit::Usage, error));
    }
    let calendar = Calendar::named(name).map_err(no)?;
    output::line(export_header())?;
    for day in calendar.sessions(from, to).map_err(no)? {
        output::line(&export_row(&day))?;
    }
    Ok(Exit::Good)
}

/// A date or name that no calendar answers for is a mistake in what was typed.
fn no(error: plimsoll_calendar::CalendarError) -> Failure {
    Failure::new(Exit::Usage, error)
}
