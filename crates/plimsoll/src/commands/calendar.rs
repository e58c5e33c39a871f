//! `plimsoll calendar`: sessions and cutoffs, each with who says so, and days that are announced.

mod add;

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use plimsoll_calendar::{
    Anchor, AnchorKind, Calendar, DayKind, Listing, Stated, TradingDay, export_header, export_row,
};
use plimsoll_runtime::announced::Folder;
use serde_json::{Value, json};

use super::Outcome;
use crate::cli::Calendar as What;
use crate::exit::{Exit, Failure};
use crate::output;

pub(crate) fn run(what: &What) -> Outcome {
    match what {
        What::Show { what, date, calendar_dir, json } => show(what, *date, calendar_dir.as_deref(), *json),
        What::Export { name, from, to, anchors, format, calendar_dir } => {
            let calendar = announced(Calendar::named(name).map_err(no)?, calendar_dir.as_deref())?;
            export(&calendar, *from, *to, *anchors, format)
        }
        What::Add(day) => add::run(day),
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

/// What was asked about, as far as it is known here.
struct Asked<'a> {
    what: &'a str,
    calendar: Calendar,
    /// None if a calendar was asked for; then every cutoff is the earliest of its venues.
    listing: Option<Listing>,
    /// What the answer rests on, where that is an assumption.
    note: Option<String>,
}

impl<'a> Asked<'a> {
    fn of(what: &'a str) -> Self {
        if let Ok(calendar) = Calendar::named(what) {
            let listing = Listing::of_calendar(what);
            return Self { what, calendar, listing, note: None };
        }
        let listing = listing_of(what);
        let days = listing.calendar().and_then(|name| Calendar::named(name).ok());
        let note = (listing == Listing::Unknown).then(|| {
            format!(
                "`{what}` is not known here; US trading hours and the earliest cutoffs of all US listings \
                 were assumed"
            )
        });
        Self { what, calendar: days.unwrap_or_else(Calendar::us_equities), listing: Some(listing), note }
    }
}

/// The calendar with what a folder announces for it. A folder with a mistake in it is a mistake here, too.
fn announced(mut calendar: Calendar, folder: Option<&Path>) -> Result<Calendar, Failure> {
    let Some(folder) = folder else { return Ok(calendar) };
    if !folder.is_dir() {
        let error = anyhow::anyhow!("{} is no folder; nothing was shown", folder.display());
        return Err(Failure::new(Exit::Usage, error));
    }
    let read = Folder::read(folder);
    if !read.problems().is_empty() {
        return Err(Failure::new(Exit::Usage, anyhow::anyhow!("{}", read.problems().join("\n"))));
    }
    let name = calendar.name();
    for day in read.days().iter().filter(|day| day.concerns(name)) {
        calendar.announce(day).map_err(no)?;
    }
    Ok(calendar)
}

fn show(what: &str, date: Option<Date>, folder: Option<&Path>, as_json: bool) -> Outcome {
    let mut asked = Asked::of(what);
    asked.calendar = announced(asked.calendar, folder)?;
    let calendar = &asked.calendar;
    let date = match date {
        Some(date) => date,
        None => calendar.trade_date(Timestamp::now()).map_err(no)?,
    };
    let day = match calendar.day(date).map_err(no)? {
        DayKind::Session(day) => day,
        DayKind::Closed(closure) => {
            if as_json {
                output::json(&json!({
                    "symbol": what,
                    "calendar": calendar.name(),
                    "listing": asked.listing.map(Listing::as_str),
                    "note": asked.note,
                    "date": date.to_string(),
                    "session": false,
                    "why": closure.name,
                    "source": closure.source,
                }))?;
            } else {
                let text = format!("{date} is no session of {}: {}", calendar.name(), closure.name);
                output::line(&with_note(text, &asked))?;
            }
            return Ok(Exit::Good);
        }
    };
    let anchors = day.anchors(asked.listing.unwrap_or(Listing::Unknown));
    if as_json {
        output::json(&as_value(&asked, &day, &anchors))?;
    } else {
        output::line(&as_text(&asked, &day, &anchors))?;
    }
    Ok(Exit::Good)
}

fn as_value(asked: &Asked<'_>, day: &TradingDay, anchors: &[Anchor]) -> Value {
    let calendar = &asked.calendar;
    json!({
        "symbol": asked.what,
        "calendar": calendar.name(),
        "listing": asked.listing.map(Listing::as_str),
        "note": asked.note,
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
            "exchange": stated(&anchor.exchange),
            "broker": anchor.broker.as_ref().map(stated),
        })).collect::<Vec<_>>(),
    })
}

fn stated(stated: &Stated) -> Value {
    json!({
        "at": stated.at.to_string(),
        "rule": stated.rule.to_string(),
        "source": stated.source,
        "verified": stated.verified,
        "since": stated.since.map(|date| date.to_string()),
    })
}

fn as_text(asked: &Asked<'_>, day: &TradingDay, anchors: &[Anchor]) -> String {
    let calendar = &asked.calendar;
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
    let text = format!("{} on {} ({}{early})\n{}", asked.what, day.date(), calendar.name(), table.trim_end());
    with_note(text, asked)
}

fn with_note(text: String, asked: &Asked<'_>) -> String {
    match &asked.note {
        Some(note) => format!("{text}\nnote: {note}"),
        None => text,
    }
}

fn local(calendar: &Calendar, at: Timestamp) -> String {
    at.to_zoned(calendar.zone().clone()).strftime("%H:%M:%S").to_string()
}

fn export(calendar: &Calendar, from: Date, to: Date, with_anchors: bool, format: &str) -> Outcome {
    if format != "csv" {
        let error = anyhow::anyhow!("`{format}` is not an export format; use csv");
        return Err(Failure::new(Exit::Usage, error));
    }
    if from > to {
        let error = anyhow::anyhow!("--from {from} is after --to {to}; nothing was exported");
        return Err(Failure::new(Exit::Usage, error));
    }
    let days = calendar.sessions(from, to).map_err(no)?;
    if with_anchors {
        output::line(&format!("{},{ANCHOR_COLUMNS}", export_header()))?;
    } else {
        output::line(export_header())?;
    }
    for day in days {
        if with_anchors {
            output::line(&format!("{},{}", export_row(&day), anchor_cells(calendar, &day)))?;
        } else {
            output::line(&export_row(&day))?;
        }
    }
    Ok(Exit::Good)
}

/// First what the exchanges of the US themselves accept, then what holds for an order through the broker, the
/// earlier of both. `effective_moc` is that of the calendar's own listing; of one without, the earliest of its
/// venues. Empty where the calendar knows no such thing.
const ANCHOR_COLUMNS: &str = "moc_nyse,moc_nasdaq,loc_nasdaq,moc_arca,effective_moc,effective_loc,effective_onclose_cancel,\
     effective_moc_nyse,effective_moc_nasdaq,effective_loc_nasdaq,effective_moc_arca,onclose_cancel_nasdaq,moo_nasdaq,\
     auction_start,auction_end";

fn anchor_cells(calendar: &Calendar, day: &TradingDay) -> String {
    use AnchorKind::{AuctionEnd, AuctionStart, LocEntry, MocEntry, MooEntry, OnCloseCancel};
    use Listing::{Arca, Nasdaq, Nyse};
    let exchange = |kind, listing| day.anchor(kind, listing).map(|anchor| anchor.exchange.at);
    let effective = |kind, listing| day.anchor(kind, listing).map(|anchor| anchor.at);
    let own = Listing::of_calendar(calendar.name()).unwrap_or(Listing::Unknown);
    let cells = [
        exchange(MocEntry, Nyse),
        exchange(MocEntry, Nasdaq),
        exchange(LocEntry, Nasdaq),
        exchange(MocEntry, Arca),
        effective(MocEntry, own),
        effective(LocEntry, own),
        effective(OnCloseCancel, own),
        effective(MocEntry, Nyse),
        effective(MocEntry, Nasdaq),
        effective(LocEntry, Nasdaq),
        effective(MocEntry, Arca),
        exchange(OnCloseCancel, Nasdaq),
        exchange(MooEntry, Nasdaq),
        effective(AuctionStart, own),
        effective(AuctionEnd, own),
    ];
    cells.map(|at| at.map_or_else(String::new, second)).join(",")
}

fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A date or name that no calendar answers for is a mistake in what was typed.
fn no(error: plimsoll_calendar::CalendarError) -> Failure {
    Failure::new(Exit::Usage, error)
}
