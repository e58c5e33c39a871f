//! Which instant a job means on a date.
//!
//! The date is a trade date of the job's calendar. An anchor is asked of that calendar, or of another one that the job
//! names, on the same date; a civil time is read on that date in its own zone, whatever the venue's clock says.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use plimsoll_calendar::{
    Announcement, Calendar, CalendarError, CivilError, DayKind, Policy, TradingDay, instant,
};

use super::job::{HalfDays, Place, Timing, When};

/// The calendars that jobs name.
#[derive(Debug, Clone, Default)]
pub struct Calendars(BTreeMap<Box<str>, Calendar>);

impl Calendars {
    /// Those of the timings, with what was announced for each. What cannot be taken in leaves its day as the rules
    /// have it; whoever keeps the announcements says so.
    pub fn of<'a>(timings: impl IntoIterator<Item = &'a Timing>, announced: &[Announcement]) -> Self {
        let mut all = BTreeMap::new();
        for name in timings.into_iter().flat_map(Timing::calendars) {
            all.entry(name.into()).or_insert_with(|| {
                let mut calendar = Calendar::named(name).expect("a job names calendars of the table");
                for day in announced.iter().filter(|day| day.concerns(name)) {
                    let _ = calendar.announce(day);
                }
                calendar
            });
        }
        Self(all)
    }

    /// Puts narrower calendars in the place of those whose days they have.
    pub(crate) fn replace<'a>(&mut self, narrower: impl Fn(&str) -> Option<&'a Calendar>) {
        for (name, calendar) in &mut self.0 {
            if let Some(narrower) = narrower(name) {
                *calendar = narrower.clone();
            }
        }
    }

    /// The calendar of this name.
    pub fn get(&self, name: &str) -> &Calendar {
        self.0.get(name).expect("calendars are made for the jobs that ask them")
    }
}

impl Timing {
    /// The names of the calendars that it asks.
    pub fn calendars(&self) -> impl Iterator<Item = &str> {
        let others = std::iter::once(&self.at).chain(&self.until).filter_map(When::place);
        std::iter::once(&self.place).chain(others).map(|place| &*place.calendar)
    }

    /// What the job means on a date; nothing where its calendar has no session. A date out of the range of a
    /// calendar is an error.
    pub fn on(&self, date: Date, calendars: &Calendars) -> Result<Option<Occurrence>, CalendarError> {
        let Some(day) = calendars.get(&self.place.calendar).session(date)? else { return Ok(None) };
        self.on_day(&day, calendars).map(Some)
    }

    /// The same of a session that is known already.
    pub(super) fn on_day(
        &self,
        day: &TradingDay,
        calendars: &Calendars,
    ) -> Result<Occurrence, CalendarError> {
        let early = day.early().map(Into::into);
        let skip = match (self.half_days, &early) {
            (HalfDays::Skip, Some(_)) => Some(Skip::HalfDay),
            (HalfDays::Only, None) => Some(Skip::WholeDay),
            _ => None,
        };
        let plan = match skip {
            Some(skip) => Plan::Skip(skip),
            None => self.planned(day, calendars)?.unwrap_or_else(Plan::Skip),
        };
        Ok(Occurrence { date: day.date(), early, close: day.close(), plan })
    }

    fn planned(&self, day: &TradingDay, calendars: &Calendars) -> Result<Result<Plan, Skip>, CalendarError> {
        let found = |when: &When| self.found(when, day, calendars);
        let (at, civil) = match found(&self.at)? {
            Ok(found) => found,
            Err(skip) => return Ok(Err(skip)),
        };
        let until = match self.deadline().as_ref().map(found).transpose()? {
            None => None,
            Some(Ok((until, _))) => Some(until),
            Some(Err(skip)) => return Ok(Err(skip)),
        };
        Ok(match until {
            Some(until) if at >= until => Err(Skip::AfterUntil { at, until }),
            _ => Ok(Plan::Run { at, until, civil }),
        })
    }

    /// The instant, or why there is none on that date.
    fn found(
        &self,
        when: &When,
        day: &TradingDay,
        calendars: &Calendars,
    ) -> Result<Result<(Timestamp, CivilCase), Skip>, CalendarError> {
        let (place, kind, offset) = match when {
            When::Civil { time, zone } => {
                let civil = day.date().to_datetime(*time);
                let case = CivilCase::of(instant(civil, zone, Policy::REJECT).err().as_ref());
                return Ok(match instant(civil, zone, self.policy) {
                    Ok(at) => Ok((at, case)),
                    Err(CivilError::Fold { .. }) => Err(Skip::Fold),
                    Err(CivilError::Gap { .. } | CivilError::Beyond { .. }) => Err(Skip::Gap),
                });
            }
            When::Anchor { place, kind, offset } => (place.as_ref().unwrap_or(&self.place), kind, offset),
        };
        let elsewhere;
        let day = if place.calendar == self.place.calendar {
            day
        } else {
            match calendars.get(&place.calendar).day(day.date())? {
                DayKind::Session(session) => {
                    elsewhere = session;
                    &elsewhere
                }
                DayKind::Closed(closure) => {
                    let (calendar, why) = (place.calendar.clone(), closure.name.into());
                    return Ok(Err(Skip::Closed { calendar, why }));
                }
            }
        };
        let Some(anchor) = day.anchor(*kind, place.listing) else {
            let calendar = place.calendar.clone();
            return Ok(Err(Skip::NoAnchor { calendar, anchor: kind.as_str() }));
        };
        let at = anchor.at.saturating_add(*offset).unwrap_or(anchor.at);
        Ok(Ok((at, CivilCase::Plain)))
    }
}

impl When {
    /// The calendar that it names beside the job's.
    fn place(&self) -> Option<&Place> {
        match self {
            Self::Anchor { place, .. } => place.as_ref(),
            Self::Civil { .. } => None,
        }
    }
}

/// What a job means on one trade date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The trade date.
    pub date: Date,
    /// Why the date's close is early, if it is.
    pub early: Option<Box<str>>,
    /// The close of the job's own calendar.
    pub close: Timestamp,
    /// What follows.
    pub plan: Plan,
}

/// A start, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// It starts.
    Run {
        /// When.
        at: Timestamp,
        /// When it is too late.
        until: Option<Timestamp>,
        /// What the clocks of its zone do to it.
        civil: CivilCase,
    },
    /// It does not.
    Skip(Skip),
}

/// What the clocks of a zone do to a civil time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CivilCase {
    /// Nothing.
    Plain,
    /// It does not exist, and another instant was taken.
    Gap,
    /// It comes twice, and one of them was taken.
    Fold,
}

impl CivilCase {
    /// By what is said where both are rejected.
    const fn of(error: Option<&CivilError>) -> Self {
        match error {
            None | Some(CivilError::Beyond { .. }) => Self::Plain,
            Some(CivilError::Gap { .. }) => Self::Gap,
            Some(CivilError::Fold { .. }) => Self::Fold,
        }
    }
}

/// Why a job does not start on a trade date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skip {
    /// The close is early, and it does not run on such days.
    HalfDay,
    /// The close is not early, and it runs on such days only.
    WholeDay,
    /// The day has no such anchor.
    NoAnchor {
        /// Of which calendar.
        calendar: Box<str>,
        /// Which.
        anchor: &'static str,
    },
    /// Another calendar that it needs has no session.
    Closed {
        /// Which.
        calendar: Box<str>,
        /// Its holiday.
        why: Box<str>,
    },
    /// Its civil time does not exist, and such a time is no run.
    Gap,
    /// Its civil time comes twice, and such a time is no run.
    Fold,
    /// On this date it would start when it is too late already.
    AfterUntil {
        /// When it would start.
        at: Timestamp,
        /// When it is too late.
        until: Timestamp,
    },
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HalfDay => f.write_str("half day, and half_days = \"skip\""),
            Self::WholeDay => f.write_str("no half day, and half_days = \"only\""),
            Self::NoAnchor { calendar, anchor } => write!(f, "{calendar} has no {anchor} on that day"),
            Self::Closed { calendar, why } => write!(f, "{calendar} is closed: {why}"),
            Self::Gap => f.write_str("the clocks go forward over its time, and gap = \"reject\""),
            Self::Fold => f.write_str("its time comes twice, and fold = \"reject\""),
            Self::AfterUntil { at, until } => write!(f, "its time {at} is not before its deadline {until}"),
        }
    }
}

#[cfg(test)]
mod tests;
