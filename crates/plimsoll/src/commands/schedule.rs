//! `plimsoll schedule`: when the jobs of the configuration start. It reads the file and the announced days beside it, and
//! asks no gateway.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use plimsoll_core::limits;
use plimsoll_core::schedule::{Calendars, Entry, Fate, Mark, explain};
use plimsoll_runtime::announced::{self, Folder};
use serde_json::{Value, json};

use super::Outcome;
use crate::cli::{ExplainSchedule, Schedule};
use crate::exit::{Exit, Failure};
use crate::output;

pub(crate) fn run(what: &Schedule) -> Outcome {
    match what {
        Schedule::Explain(options) => explained(options),
    }
}

fn explained(options: &ExplainSchedule) -> Outcome {
    if options.days == 0 || options.days > limits::EXPLAIN_DAYS_MAX {
        let most = limits::EXPLAIN_DAYS_MAX;
        let error = anyhow::anyhow!("--days {} is not from 1 to {most}; nothing was explained", options.days);
        return Err(Failure::new(Exit::Usage, error));
    }
    let loaded = super::run::load(&options.config)?;
    let folder = Folder::read(&loaded.settings.state_dir.join(announced::FOLDER));
    if !folder.problems().is_empty() {
        return Err(Failure::new(Exit::Usage, anyhow::anyhow!("{}", folder.problems().join("\n"))));
    }
    let from = options.from.unwrap_or_else(|| TimeZone::UTC.to_datetime(Timestamp::now()).date());
    let calendars = Calendars::of(loaded.planned.iter().map(|job| &job.timing), &folder.days());
    let entries = explain(&loaded.planned, &calendars, from, options.days);
    if options.json {
        let all: Vec<Value> = entries.iter().map(|entry| as_value(entry, &calendars)).collect();
        output::json(&Value::Array(all))?;
    } else if loaded.planned.is_empty() {
        output::line("there is no [[job]] in the configuration, so nothing is started")?;
    } else {
        output::line(&as_text(&entries, &calendars, from, options.days))?;
    }
    Ok(Exit::Good)
}

fn as_value(entry: &Entry<'_>, calendars: &Calendars) -> Value {
    let zone = entry.zone(calendars);
    let (at, until) = match &entry.fate {
        Fate::Runs { at, until } => (Some(*at), *until),
        Fate::Skipped(_) | Fate::Unknown(_) => (None, None),
    };
    json!({
        "job": entry.job.name,
        "bot": entry.job.bot.as_ref().map(ToString::to_string),
        "do": entry.job.does,
        "calendar": entry.job.timing.place.calendar,
        "date": entry.date.to_string(),
        "fate": entry.fate.word(),
        "at": at.map(|at| at.to_string()),
        "local": at.map(|at| local(at, &zone)),
        "zone": zone.iana_name(),
        "until": until.map(|until| until.to_string()),
        "because": because(&entry.fate),
        "marks": entry.marks.iter().map(Mark::word).collect::<Vec<_>>(),
        "notes": entry.marks.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn as_text(entries: &[Entry<'_>], calendars: &Calendars, from: Date, days: u32) -> String {
    if entries.is_empty() {
        return match days {
            1 => format!("no [[job]] has {from} for a trade date"),
            _ => format!("no [[job]] has a trade date in the {days} days from {from}"),
        };
    }
    let row = |entry: &Entry<'_>| {
        let instant = match entry.fate {
            Fate::Runs { at, .. } => [local(at, &entry.zone(calendars)), at.to_string()],
            Fate::Skipped(_) | Fate::Unknown(_) => ["-".to_owned(), "-".to_owned()],
        };
        let notes = because(&entry.fate).into_iter().chain(entry.marks.iter().map(ToString::to_string));
        let [local, utc] = instant;
        let notes = notes.collect::<Vec<_>>().join("; ");
        vec![
            entry.date.to_string(),
            local,
            utc,
            entry.job.name.to_string(),
            entry.job.does.to_string(),
            notes,
        ]
    };
    let rows: Vec<_> = entries.iter().map(row).collect();
    output::table(&["date", "local", "utc", "job", "do", "notes"], &rows).trim_end().to_owned()
}

/// Why it does not start.
fn because(fate: &Fate) -> Option<String> {
    match fate {
        Fate::Runs { .. } => None,
        Fate::Skipped(skip) => Some(format!("no start: {skip}")),
        Fate::Unknown(error) => Some(format!("not planned from here on: {error}")),
    }
}

fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M:%S%.f %Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_of_a_second_is_shown_where_there_is_one() {
        let zone = plimsoll_calendar::zone("America/New_York").unwrap();
        let shown = |at: &str| local(at.parse().unwrap(), &zone);
        assert_eq!(shown("2026-11-27T17:49:55Z"), "Fri 2026-11-27 12:49:55 EST");
        assert_eq!(shown("2026-11-27T17:49:55.5Z"), "Fri 2026-11-27 12:49:55.5 EST");
    }
}
