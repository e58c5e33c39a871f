//! What the configuration's jobs will do next, which orders netting will hold, and where the two contradict each other.
//!
//! Owns no rule: what cannot be right on any day is an error of the configuration. Here is what may be meant, and is worth a
//! person's look.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use plimsoll_calendar::{AnchorKind, Announcement, Calendar, Listing};
use plimsoll_core::config::{BotConfig, Mode, OnCloseCrossing};
use plimsoll_core::schedule::{Action, Calendars, Entry, Fate, Job, Planned, explain};
use plimsoll_core::{HaltLevel, calendar_of, limits};
use plimsoll_model::Contract;
use plimsoll_runtime::config::Loaded;

use super::{Mark, Row, row};

/// The rows about jobs and netting, as things stand at this instant.
pub(super) fn rows(loaded: &Loaded, announced: &[Announcement], now: Timestamp) -> Vec<Row> {
    let timings = loaded.planned.iter().map(|planned| &planned.timing);
    let calendars = Calendars::of(timings, announced);
    let nexts: Vec<_> =
        loaded.config.jobs.iter().map(|job| Next::of(job, &loaded.planned, &calendars, now)).collect();
    let mut rows: Vec<_> = nexts.iter().map(|next| next.row(&calendars)).collect();
    rows.extend(netting(loaded, announced, now));
    rows.extend(
        contradictions(loaded, &nexts, &calendars).into_iter().map(|says| row("jobs", Mark::Warn, says)),
    );
    rows
}

/// A job with its next start, and with that of what stands in for its orders.
struct Next<'a> {
    job: &'a Job,
    start: Option<Entry<'a>>,
    fallback: Option<Entry<'a>>,
}

impl<'a> Next<'a> {
    fn of(job: &'a Job, planned: &'a [Planned], calendars: &Calendars, now: Timestamp) -> Self {
        let today = TimeZone::UTC.to_datetime(now).date();
        let days = u32::try_from(limits::JOB_AHEAD_DAYS).expect("a few days");
        let from = today.yesterday().unwrap_or(today);
        let runs = |name: &str, since: Timestamp| {
            let one = planned.iter().position(|planned| *planned.name == *name)?;
            let entries = explain(&planned[one..=one], calendars, from, days);
            entries.into_iter().find(|entry| instant(entry).is_some_and(|at| at >= since))
        };
        let start = runs(job.name.as_str(), now);
        let since = start.as_ref().and_then(instant);
        let fallback = since.and_then(|since| runs(&format!("{} fallback", job.name), since));
        Self { job, start, fallback }
    }

    fn row(&self, calendars: &Calendars) -> Row {
        let job = self.job;
        let whom = job.bot.as_ref().map_or("the fleet", |bot| bot.as_str());
        let what = format!("{}: {} for {whom} at {}", job.name, job.action.as_str(), job.timing.at);
        let Some(start) = &self.start else {
            let days = limits::JOB_AHEAD_DAYS;
            let says = format!(
                "{what}; it does not start in the next {days} days: `plimsoll schedule explain` says why"
            );
            return row("job", Mark::Warn, says);
        };
        let marks: Vec<_> = start.marks.iter().map(|mark| format!(" ({mark})")).collect();
        let marks = marks.concat();
        let fallback = match (&job.action, &self.fallback) {
            (Action::ClosePositions { fallback: Some(when) }, Some(entry)) => {
                format!("; fallback: a market order at {when}, {}", shown(entry, calendars))
            }
            (Action::ClosePositions { fallback: Some(when) }, None) => {
                format!("; its fallback at {when} has no start")
            }
            (Action::ClosePositions { fallback: None }, _) => {
                "; no fallback: what the auction does not take stays open".to_owned()
            }
            (Action::Command(_) | Action::CancelOrders | Action::Halt { .. }, _) => String::new(),
        };
        row("job", Mark::Ok, format!("{what}; next {}{marks}{fallback}", shown(start, calendars)))
    }

    fn date(&self) -> Option<Date> {
        self.start.as_ref().map(|start| start.date)
    }

    fn at(&self) -> Option<Timestamp> {
        self.start.as_ref().and_then(instant)
    }
}

fn instant(entry: &Entry<'_>) -> Option<Timestamp> {
    match entry.fate {
        Fate::Runs { at, .. } => Some(at),
        Fate::Skipped(_) | Fate::Unknown(_) => None,
    }
}

fn shown(entry: &Entry<'_>, calendars: &Calendars) -> String {
    instant(entry).map_or_else(|| "never".to_owned(), |at| local(at, entry.zone(calendars)))
}

fn local(at: Timestamp, zone: TimeZone) -> String {
    at.to_zoned(zone).strftime("%a %Y-%m-%d %H:%M:%S %Z").to_string()
}

/// Which orders are held, and until when.
fn netting(loaded: &Loaded, announced: &[Announcement], now: Timestamp) -> Vec<Row> {
    let OnCloseCrossing::Net { lead } = &loaded.config.venue.on_close_crossing else { return Vec::new() };
    if loaded.config.mode == Mode::Observe {
        let says = "on_close_crossing = \"net\" holds nothing in observe mode: on-close orders of several bots could be \
                    canceled by the venue";
        return vec![row("netting", Mark::Warn, says.to_owned())];
    }
    let instruments = loaded.config.instruments();
    let rows = instruments.into_iter().map(|(instrument, contract)| {
        let has = |bot: &&BotConfig| bot.instruments.contains_key(instrument);
        let bots: Vec<_> = loaded.config.bots.iter().filter(has).map(|bot| bot.name.as_str()).collect();
        let bots = bots.join(", ");
        match held_until(contract, announced, now) {
            Ok((cutoff, zone, rule)) => {
                let until = cutoff.saturating_sub(*lead).unwrap_or(cutoff);
                let says = format!(
                    "market-on-close orders of {bots} in {instrument} are held until {} at the latest, {lead:?} before \
                     the cutoff of {} ({rule}), and leave as one for each account",
                    local(until, zone.clone()),
                    zone.to_datetime(cutoff).time()
                );
                row("netting", Mark::Ok, says)
            }
            Err(why) => {
                let says = format!("on-close orders of {bots} in {instrument} are not held: {why}");
                row("netting", Mark::Warn, says)
            }
        }
    });
    rows.collect()
}

/// The next cutoff of market-on-close orders, its zone and whose rule it is.
fn held_until(
    contract: &Contract,
    announced: &[Announcement],
    now: Timestamp,
) -> Result<(Timestamp, TimeZone, String), String> {
    let name = calendar_of(contract).ok_or("its trading hours are not known")?;
    let calendar = Calendar::announced(name, announced).map_err(|error| error.to_string())?;
    let listing = Listing::from_primary_exchange(&contract.primary_exchange);
    let mut date =
        calendar.trade_date(now).map_err(|error| error.to_string())?.yesterday().unwrap_or_default();
    for _ in 0..=1 {
        let day = calendar.next_session(date).map_err(|error| error.to_string())?;
        date = day.date();
        let anchor = day.anchor(AnchorKind::MocEntry, listing).ok_or("it has no closing auction")?;
        if anchor.at > now {
            return Ok((anchor.at, calendar.zone().clone(), anchor.rule.to_string()));
        }
    }
    Err("the cutoff of its next session has passed".to_owned())
}

/// What may be meant, and works against itself.
fn contradictions(loaded: &Loaded, nexts: &[Next<'_>], calendars: &Calendars) -> Vec<String> {
    let mut all = Vec::new();
    let closing = |next: &&Next<'_>| matches!(next.job.action, Action::ClosePositions { .. });
    for (index, close) in nexts.iter().enumerate().filter(|(_, next)| closing(next)) {
        let Some((date, at)) = close.date().zip(close.at()) else { continue };
        let session = calendars.get(&close.job.timing.place.calendar).session(date);
        let Some(ends) = session.ok().flatten().map(|day| day.close()) else { continue };
        for other in nexts.iter().filter(|other| other.date() == Some(date) && concerns(other.job, close.job))
        {
            let undoes =
                matches!(other.job.action, Action::CancelOrders | Action::Halt { level: HaltLevel::All });
            if undoes && other.at().is_some_and(|other| at <= other && other < ends) {
                all.push(format!(
                    "{} cancels on {date} what {} has placed before, or keeps its fallback from leaving; let it start before \
                     {}, or after the close",
                    other.job.name, close.job.name, close.job.timing.at
                ));
            }
        }
        for other in nexts[index + 1..].iter().filter(closing) {
            if other.date() == Some(date) && other.job.bot == close.job.bot {
                all.push(format!(
                    "{} and {} both close the positions of one bot on {date}: the later one finds the orders of the first \
                     and places nothing",
                    close.job.name, other.job.name
                ));
            } else if other.date() == Some(date) {
                all.extend(crossing(loaded, close.job, other.job));
            }
        }
    }
    all
}

/// Whether one job acts on the bot of the other.
fn concerns(job: &Job, other: &Job) -> bool {
    job.name != other.name && (job.bot.is_none() || job.bot == other.bot)
}

/// Two bots that close one instrument in one account, while nothing nets their orders.
fn crossing(loaded: &Loaded, one: &Job, other: &Job) -> Option<String> {
    if matches!(loaded.config.venue.on_close_crossing, OnCloseCrossing::Net { .. }) {
        return None;
    }
    let bot = |job: &Job| loaded.config.bots.iter().find(|bot| Some(&bot.name) == job.bot.as_ref());
    let (first, second) = bot(one).zip(bot(other))?;
    let instrument =
        first.instruments.keys().find(|instrument| second.instruments.contains_key(*instrument))?;
    first.accounts.iter().find(|account| second.accounts.contains(account)).map(|account| {
        format!(
            "{} and {} close {instrument} in {account}: where they hold opposite positions the second on-close order is \
             denied, and only its fallback is left; on_close_crossing = \"net\" sends the difference",
            one.name, other.name
        )
    })
}

#[cfg(test)]
mod tests;
