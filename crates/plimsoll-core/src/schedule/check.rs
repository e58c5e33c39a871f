//! What is wrong with a job whatever the date: found by trying the last two years that its calendar covers.
//!
//! No clock is asked, so a configuration is judged the same on every day.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use plimsoll_calendar::TradingDay;

use super::job::{HalfDays, Place, Timing, When};
use super::plan::{Calendars, Plan, Skip};

/// The sessions that jobs are tried on.
#[derive(Debug, Default)]
pub struct Sessions(BTreeMap<Box<str>, Vec<TradingDay>>);

/// What is wrong with a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// No session has the anchor.
    NoSuchAnchor {
        /// Of which calendar.
        calendar: Box<str>,
        /// Which.
        anchor: &'static str,
    },
    /// It would start before the session before has ended.
    BeforePreviousClose {
        /// On this trade date, among others.
        date: Date,
        /// When it would start.
        at: Timestamp,
        /// When that session ends.
        close: Timestamp,
    },
    /// It would start when the next session has begun.
    AfterNextOpen {
        /// On this trade date, among others.
        date: Date,
        /// When it would start.
        at: Timestamp,
        /// When that session begins.
        open: Timestamp,
    },
    /// On no ordinary day it could start: it would be too late.
    AlwaysAfterUntil {
        /// On this trade date, among others.
        date: Date,
        /// When it would start.
        at: Timestamp,
        /// When that is too late.
        until: Timestamp,
    },
    /// It runs on half days only, and there are none.
    NoHalfDays {
        /// Of which calendar.
        calendar: Box<str>,
    },
    /// A civil time that is in the session of ordinary days, and after the close of half days.
    HalfDayUnsaid {
        /// Such a day.
        date: Date,
        /// When it would start.
        at: Timestamp,
        /// When that day closes.
        close: Timestamp,
    },
    /// The calendars that it needs are never open on one date.
    NeverTogether {
        /// The first.
        calendar: Box<str>,
        /// The other.
        other: Box<str>,
    },
}

impl Finding {
    /// The key of the configuration that has to change.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::NoHalfDays { .. } => "half_days",
            _ => "at",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchAnchor { calendar, anchor } => write!(f, "{calendar} has no `{anchor}` on any day"),
            Self::BeforePreviousClose { date, at, close } => write!(
                f,
                "the offset crosses the previous close: for {date} it would start at {at}, and the session before \
                 ends at {close}; count from an anchor of that session instead"
            ),
            Self::AfterNextOpen { date, at, open } => write!(
                f,
                "the offset crosses the next open: for {date} it would start at {at}, and the next session begins at \
                 {open}; count from an anchor of that session instead"
            ),
            Self::AlwaysAfterUntil { date, at, until } => write!(
                f,
                "lies after `until` on every ordinary day: for {date} it would start at {at}, and {until} is too late \
                 already"
            ),
            Self::NoHalfDays { calendar } => write!(f, "{calendar} has no half days, so it would never run"),
            Self::HalfDayUnsaid { date, at, close } => write!(
                f,
                "is after the close of half days: on {date} it would start at {at}, and the close is at {close}; count \
                 from `close`, or write half_days = \"skip\" or \"run\""
            ),
            Self::NeverTogether { calendar, other } => {
                write!(f, "{calendar} and {other} have no trade date in common")
            }
        }
    }
}

impl Sessions {
    /// The sessions of the last two years of a calendar.
    fn of(&mut self, name: &str, calendars: &Calendars) -> &[TradingDay] {
        self.0.entry(name.into()).or_insert_with(|| {
            let calendar = calendars.get(name);
            let through = calendar.valid_through();
            let from = through.saturating_sub(2.years()).max(calendar.valid_from());
            calendar.sessions(from, through).expect("both ends are the calendar's own").collect()
        })
    }

    /// Everything that is wrong with the timing. `half_days_said`: the configuration says what an early close means.
    pub fn findings(&mut self, timing: &Timing, half_days_said: bool, calendars: &Calendars) -> Vec<Finding> {
        let mut all = Vec::new();
        if let When::Anchor { place, .. } = &timing.at {
            let place = place.as_ref().unwrap_or(&timing.place);
            all.extend(self.crossing(timing, place, calendars));
        }
        let days = self.of(&timing.place.calendar, calendars);
        if timing.half_days == HalfDays::Only && days.iter().all(|day| day.early().is_none()) {
            all.push(Finding::NoHalfDays { calendar: timing.place.calendar.clone() });
        }
        // Every day as if it were to run, so that half days tell something whatever is said about them.
        let open = Timing { half_days: HalfDays::Run, ..timing.clone() };
        let plans = || days.iter().filter_map(|day| Some((day, open.on_day(day, calendars).ok()?.plan)));
        let runs = |plan: &Plan| matches!(plan, Plan::Run { .. });
        if !plans().any(|(_, plan)| runs(&plan)) {
            all.extend(never(timing, plans().map(|(day, plan)| (day.date(), plan))));
        } else if let Some(late) = always_late(plans()) {
            all.push(late);
        }
        if let (When::Civil { .. }, false) = (&timing.at, half_days_said) {
            all.extend(half_day_unsaid(plans()));
        }
        all
    }

    /// An offset that leaves the trade date.
    fn crossing(&mut self, timing: &Timing, place: &Place, calendars: &Calendars) -> Option<Finding> {
        let alone = Timing { place: place.clone(), until: None, half_days: HalfDays::Run, ..timing.clone() };
        let days = self.of(&place.calendar, calendars);
        let at = |day: &TradingDay| match alone.on_day(day, calendars).ok()?.plan {
            Plan::Run { at, .. } => Some(at),
            Plan::Skip(_) => None,
        };
        days.windows(2).find_map(|pair| {
            let [earlier, later] = pair else { return None };
            let before = at(later).filter(|at| *at < earlier.close());
            let after = at(earlier).filter(|at| *at >= later.open());
            let crosses =
                |at| Finding::BeforePreviousClose { date: later.date(), at, close: earlier.close() };
            let reaches = |at| Finding::AfterNextOpen { date: earlier.date(), at, open: later.open() };
            before.map(crosses).or(after.map(reaches))
        })
    }
}

/// Why there is no day on which it runs.
fn never(timing: &Timing, mut plans: impl Iterator<Item = (Date, Plan)>) -> Option<Finding> {
    let (date, Plan::Skip(skip)) = plans.next()? else { return None };
    Some(match skip {
        Skip::NoAnchor { calendar, anchor } => Finding::NoSuchAnchor { calendar, anchor },
        Skip::Closed { calendar: other, .. } => {
            Finding::NeverTogether { calendar: timing.place.calendar.clone(), other }
        }
        Skip::AfterUntil { at, until } => Finding::AlwaysAfterUntil { date, at, until },
        Skip::HalfDay | Skip::WholeDay | Skip::Gap | Skip::Fold => return None,
    })
}

/// Too late on all days that are not short: what is left are oddities of half days.
fn always_late<'a>(plans: impl Iterator<Item = (&'a TradingDay, Plan)>) -> Option<Finding> {
    let mut late = None;
    for (day, plan) in plans.filter(|(day, _)| day.early().is_none()) {
        match plan {
            Plan::Skip(Skip::AfterUntil { at, until }) => {
                late = Some(Finding::AlwaysAfterUntil { date: day.date(), at, until });
            }
            Plan::Run { .. } => return None,
            Plan::Skip(_) => {}
        }
    }
    late
}

fn half_day_unsaid<'a>(plans: impl Iterator<Item = (&'a TradingDay, Plan)>) -> Option<Finding> {
    let (mut is_inside, mut after) = (false, None);
    for (day, plan) in plans {
        // Too late by `until` is said already, and does nothing.
        let Plan::Run { at, .. } = plan else { continue };
        match day.early() {
            None => is_inside |= day.open() <= at && at < day.close(),
            Some(_) if at >= day.close() => {
                after = after.or(Some(Finding::HalfDayUnsaid { date: day.date(), at, close: day.close() }));
            }
            Some(_) => {}
        }
    }
    after.filter(|_| is_inside)
}

#[cfg(test)]
mod tests;
