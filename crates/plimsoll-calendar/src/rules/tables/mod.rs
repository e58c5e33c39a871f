//! The days of venues whose holidays no short rule gives, as tables. The tables are written by
//! `tools/calendars/generate.py` from public sources; how they were judged is in `docs/calendars.md`.
//!
//! Owns the look-up. A table answers for the years that it has, and for no other.

mod cmeglobex_eq;
mod xams;
mod xasx;
mod xetr;
mod xhkg;
mod xpar;
mod xswx;
mod xtks;
mod xtse;

use jiff::civil::{Date, Weekday};

use super::{DayPlan, Hours, Named, Wall};
use crate::day::ClosureKind;

pub(super) const CMEGLOBEX_EQ: &Table = &cmeglobex_eq::TABLE;
pub(super) const XAMS: &Table = &xams::TABLE;
pub(super) const XASX: &Table = &xasx::TABLE;
pub(super) const XETR: &Table = &xetr::TABLE;
pub(super) const XHKG: &Table = &xhkg::TABLE;
pub(super) const XPAR: &Table = &xpar::TABLE;
pub(super) const XSWX: &Table = &xswx::TABLE;
pub(super) const XTKS: &Table = &xtks::TABLE;
pub(super) const XTSE: &Table = &xtse::TABLE;

/// One venue's days.
#[derive(Debug)]
pub(super) struct Table {
    /// Regular hours, in the order of their dates.
    pub(super) regimes: &'static [Regime],
    /// What the days below are called, and who says so.
    pub(super) entries: &'static [Entry],
    /// The hours of special days.
    pub(super) shapes: &'static [&'static [Hours]],
    /// The year of the first row.
    pub(super) first_year: i16,
    /// One row per year.
    pub(super) years: &'static [Year],
}

/// Regular hours from a date on.
#[derive(Debug)]
pub(super) struct Regime {
    pub(super) from: Date,
    pub(super) hours: &'static [Hours],
    /// Whether they are known, or the narrowest of what is known.
    pub(super) verified: bool,
    pub(super) source: &'static str,
}

/// What a day is called and who says so.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    /// Not by a yearly rule.
    pub(super) ad_hoc: bool,
    /// Whether a day with hours of its own counts as an early close.
    pub(super) early: bool,
    /// Whether two sources agree, or a better one decided.
    pub(super) verified: bool,
    pub(super) source: &'static str,
}

/// The weekdays of a year that are not like others, as month times 100 plus day.
#[derive(Debug)]
pub(super) struct Year {
    /// Closed: the day, and its entry.
    pub(super) closed: &'static [(i16, u8)],
    /// With hours of its own: the day, its entry, its shape.
    pub(super) special: &'static [(i16, u8, u8)],
}

/// An interval; it begins on the trade date, or days before it.
pub(super) const fn hours(day: i8, hour: i8, minute: i8, to_hour: i8, to_minute: i8) -> Hours {
    Hours { open: Wall { day, hour, minute }, close: Wall { day: 0, hour: to_hour, minute: to_minute } }
}

impl Table {
    /// What a date is; the calendar asks only within the table's years.
    pub(super) fn plan(&self, day: Date) -> DayPlan {
        if matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            return DayPlan::closed(
                ClosureKind::Weekend,
                Named { name: "weekend", source: "the venue trades from Monday to Friday" },
            );
        }
        let row = usize::try_from(day.year() - self.first_year).ok().and_then(|row| self.years.get(row));
        let year = row.expect("the calendar asks only within the table's years");
        let key = i16::from(day.month()) * 100 + i16::from(day.day());
        if let Some((_, entry)) = year.closed.iter().find(|(date, _)| *date == key) {
            let entry = &self.entries[usize::from(*entry)];
            let kind = if entry.ad_hoc { ClosureKind::AdHoc } else { ClosureKind::Holiday };
            return DayPlan::closed(kind, Named { name: entry.name, source: entry.source });
        }
        if let Some((_, entry, shape)) = year.special.iter().find(|(date, ..)| *date == key) {
            let entry = &self.entries[usize::from(*entry)];
            return DayPlan::Open {
                hours: self.shapes[usize::from(*shape)],
                early: entry.early.then_some(entry.name),
                source: entry.source,
                verified: entry.verified,
            };
        }
        let regime = self.regimes.iter().rev().find(|regime| regime.from <= day);
        let regime = regime.expect("the first regime begins with the table");
        DayPlan::Open { hours: regime.hours, early: None, source: regime.source, verified: regime.verified }
    }
}
