//! What a schedule looks like: every trade date of some days, with what the calendar and the clocks do to it.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};
use plimsoll_calendar::{CalendarError, Policy, instant, zone};
use plimsoll_model::BotName;

use super::job::{Exact, Timing, When};
use super::plan::{Calendars, CivilCase, Occurrence, Plan, Skip};

/// A job as far as its dates go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Its name.
    pub name: Box<str>,
    /// Whose; none: the fleet's.
    pub bot: Option<BotName>,
    /// The word for what it does.
    pub does: Box<str>,
    /// When.
    pub timing: Timing,
}

/// One trade date of one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The job.
    pub job: &'a Planned,
    /// The trade date; of an unknown fate the first of the dates that are not known.
    pub date: Date,
    /// What becomes of it.
    pub fate: Fate,
    /// What is unusual about it.
    pub marks: Vec<Mark>,
}

/// What becomes of a job on a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It starts.
    Runs {
        /// When.
        at: Timestamp,
        /// When it is too late.
        until: Option<Timestamp>,
    },
    /// It does not.
    Skipped(Skip),
    /// No calendar covers the date: not planned from here on.
    Unknown(CalendarError),
}

impl Fate {
    /// The word for programs.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Runs { .. } => "runs",
            Self::Skipped(_) => "skipped",
            Self::Unknown(_) => "beyond_calendar",
        }
    }
}

/// What is unusual about a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// The close is early.
    HalfDay {
        /// Whose, where it is not the job's own calendar.
        elsewhere: Option<Box<str>>,
        /// Why.
        name: Box<str>,
    },
    /// It starts at or after the close of its own calendar.
    AfterClose,
    /// The clocks of the job's zone have changed since the trade date before, or change on this one.
    ClocksChanged {
        /// Where.
        zone: Box<str>,
        /// On which date.
        on: Date,
        /// Forward where positive.
        by: SignedDuration,
    },
    /// New York is not five hours behind London.
    Apart {
        /// By how much it is.
        by: SignedDuration,
    },
    /// The civil time does not exist; another instant was taken.
    Gap,
    /// The civil time comes twice; one of them was taken.
    Fold,
}

impl Mark {
    /// The word for programs.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::HalfDay { .. } => "half_day",
            Self::AfterClose => "after_close",
            Self::ClocksChanged { .. } => "dst_switch",
            Self::Apart { .. } => "us_eu_mismatch",
            Self::Gap => "gap",
            Self::Fold => "fold",
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HalfDay { elsewhere: None, name } => write!(f, "half day: {name}"),
            Self::HalfDay { elsewhere: Some(calendar), name } => write!(f, "half day of {calendar}: {name}"),
            Self::AfterClose => f.write_str("after the close"),
            Self::ClocksChanged { zone, on, by } => {
                let way = if by.is_negative() { "back" } else { "forward" };
                write!(f, "the clocks of {zone} went {way} by {} on {on}", Exact(by.unsigned_abs()))
            }
            Self::Apart { by } => write!(f, "New York is {} behind London", Exact(by.unsigned_abs())),
            Self::Gap => f.write_str("its time does not exist on that date, another instant was taken"),
            Self::Fold => f.write_str("its time comes twice on that date, one of them was taken"),
        }
    }
}

/// Every trade date of the jobs in so many days, by their instants. What a calendar does not cover is one entry and no
/// silence.
pub fn explain<'a>(jobs: &'a [Planned], calendars: &Calendars, from: Date, days: u32) -> Vec<Entry<'a>> {
    let through = from.saturating_add(i64::from(days).saturating_sub(1).days());
    let atlantic = Atlantic::new(from, through);
    let mut all = Vec::new();
    for job in jobs {
        let clocks = Clocks::of(job, calendars, from, through);
        let mut before = from.saturating_sub(1.day());
        let mut is_unknown = false;
        for date in from.series(1.day()).take_while(|date| days > 0 && *date <= through) {
            let occurrence = job.timing.on(date, calendars);
            // Of many unknown dates in a row the first is told.
            let was_unknown = std::mem::replace(&mut is_unknown, occurrence.is_err());
            match occurrence {
                Ok(None) => {}
                Ok(Some(occurrence)) => {
                    let mut marks = marks(job, &occurrence, calendars);
                    marks.extend(clocks.between(before, date));
                    marks.extend(clocks.is_atlantic.then(|| atlantic.apart(date)).flatten());
                    before = date;
                    let fate = match occurrence.plan {
                        Plan::Run { at, until, .. } => Fate::Runs { at, until },
                        Plan::Skip(skip) => Fate::Skipped(skip),
                    };
                    all.push(Entry { job, date, fate, marks });
                }
                Err(_) if was_unknown => {}
                Err(error) => all.push(Entry { job, date, fate: Fate::Unknown(error), marks: Vec::new() }),
            }
        }
    }
    all.sort_by_key(Entry::instant);
    all
}

impl Entry<'_> {
    /// Where it stands among others: its instant, or noon of its date.
    fn instant(&self) -> Timestamp {
        match self.fate {
            Fate::Runs { at, .. } => at,
            Fate::Skipped(_) | Fate::Unknown(_) => noon(self.date),
        }
    }

    /// The zone in which people read its instant.
    pub fn zone(&self, calendars: &Calendars) -> TimeZone {
        zone_of(&self.job.timing, calendars)
    }
}

fn marks(job: &Planned, occurrence: &Occurrence, calendars: &Calendars) -> Vec<Mark> {
    let mut marks = Vec::new();
    marks.extend(occurrence.early.clone().map(|name| Mark::HalfDay { elsewhere: None, name }));
    if let When::Anchor { place: Some(place), .. } = &job.timing.at
        && place.calendar != job.timing.place.calendar
        && let Ok(Some(day)) = calendars.get(&place.calendar).session(occurrence.date)
    {
        let elsewhere = Some(place.calendar.clone());
        marks.extend(day.early().map(|name| Mark::HalfDay { elsewhere, name: name.into() }));
    }
    if let Plan::Run { at, civil, .. } = &occurrence.plan {
        marks.extend((*at >= occurrence.close).then_some(Mark::AfterClose));
        marks.extend(match civil {
            CivilCase::Plain => None,
            CivilCase::Gap => Some(Mark::Gap),
            CivilCase::Fold => Some(Mark::Fold),
        });
    }
    marks
}

fn noon(date: Date) -> Timestamp {
    let noon = instant(date.at(12, 0, 0, 0), &TimeZone::UTC, Policy::COMPATIBLE);
    noon.unwrap_or(Timestamp::MAX)
}

fn zone_of(timing: &Timing, calendars: &Calendars) -> TimeZone {
    match &timing.at {
        When::Civil { zone, .. } => zone.clone(),
        When::Anchor { place, .. } => {
            let place = place.as_ref().unwrap_or(&timing.place);
            calendars.get(&place.calendar).zone().clone()
        }
    }
}

/// When the clocks of a job's zone change.
struct Clocks {
    zone: Box<str>,
    changes: Vec<(Date, SignedDuration)>,
    is_atlantic: bool,
}

impl Clocks {
    /// Those of some days, and of the weeks before.
    fn of(job: &Planned, calendars: &Calendars, from: Date, through: Date) -> Self {
        let zone = zone_of(&job.timing, calendars);
        let name: Box<str> = zone.iana_name().unwrap_or("UTC").into();
        let (first, last) = (noon(from.saturating_sub(2.days())), noon(through.saturating_add(1.day())));
        let mut offset = zone.to_offset(first);
        let mut changes = Vec::new();
        for change in zone.following(first).take_while(|change| change.timestamp() <= last) {
            // A change of the zone's name or rule alone moves no clock.
            let by = moved(offset, change.offset());
            if !by.is_zero() {
                changes.push((change.offset().to_datetime(change.timestamp()).date(), by));
            }
            offset = change.offset();
        }
        let is_atlantic = ["America/", "Europe/"].iter().any(|area| name.starts_with(area));
        Self { zone: name, changes, is_atlantic }
    }

    /// After the first date, up to the second.
    fn between(&self, after: Date, through: Date) -> impl Iterator<Item = Mark> {
        let changed = self.changes.iter().filter(move |(on, _)| after < *on && *on <= through);
        changed.map(|(on, by)| Mark::ClocksChanged { zone: self.zone.clone(), on: *on, by: *by })
    }
}

fn moved(before: Offset, after: Offset) -> SignedDuration {
    SignedDuration::from_secs(i64::from(after.seconds()) - i64::from(before.seconds()))
}

/// How far New York is behind London, date by date.
struct Atlantic {
    from: Date,
    behind: Vec<SignedDuration>,
}

/// What it is for most of the year.
const USUAL: SignedDuration = SignedDuration::from_hours(5);

impl Atlantic {
    fn new(from: Date, through: Date) -> Self {
        let (us, uk) = ["America/New_York", "Europe/London"]
            .map(|name| zone(name).expect("the zones of New York and London are in the bundled database"))
            .into();
        let dates = from.series(1.day()).take_while(|date| *date <= through);
        let behind = dates.map(noon).map(|at| moved(us.to_offset(at), uk.to_offset(at))).collect();
        Self { from, behind }
    }

    fn apart(&self, date: Date) -> Option<Mark> {
        let day = usize::try_from((date - self.from).get_days()).ok()?;
        let by = *self.behind.get(day)?;
        (by != USUAL).then_some(Mark::Apart { by })
    }
}

#[cfg(test)]
mod tests;
