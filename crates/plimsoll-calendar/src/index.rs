//! The next anchor of a kind, at once: whoever plans by anchors asks more often than the rules can be worked out.
//!
//! An index is a copy of what a calendar said when it was made; after an announcement it is made anew.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::anchor::{Anchor, AnchorKind};
use crate::calendar::{Calendar, CalendarError};
use crate::listing::Listing;

/// All anchors of one kind for one listing between two dates, in order.
#[derive(Debug, Clone)]
pub struct AnchorIndex {
    calendar: Calendar,
    from: Date,
    through: Date,
    /// The instants alone, so that a search touches little memory.
    instants: Vec<Timestamp>,
    anchors: Vec<Anchor>,
}

impl Calendar {
    /// The anchors of a kind for a listing, of all sessions from one date to another, both included.
    pub fn index(
        &self,
        kind: AnchorKind,
        listing: Listing,
        from: Date,
        through: Date,
    ) -> Result<AnchorIndex, CalendarError> {
        let mut anchors = Vec::new();
        for day in self.sessions(from, through)? {
            anchors.extend(day.each(kind, listing));
        }
        // Funding of one day may come before its venue opens, and never before that of the day before.
        let instants: Vec<_> = anchors.iter().map(|anchor| anchor.at).collect();
        assert!(instants.is_sorted(), "invariant: anchors of one kind come in the order of their days");
        Ok(AnchorIndex { calendar: self.clone(), from, through, instants, anchors })
    }
}

impl AnchorIndex {
    /// The first anchor after an instant; an anchor at the instant itself is past. Before the first date of the
    /// index and after its last anchor nothing is known, and that is an error.
    pub fn next(&self, instant: Timestamp) -> Result<&Anchor, CalendarError> {
        let next = self.instants.partition_point(|at| *at <= instant);
        // Only at the very beginning can an anchor before this one be missing.
        let is_covered = next > 0 || self.calendar.zone().to_datetime(instant).date() >= self.from;
        self.anchors.get(next).filter(|_| is_covered).ok_or_else(|| CalendarError::OutOfRange {
            calendar: self.calendar.name(),
            date: self.calendar.zone().to_datetime(instant).date(),
            from: self.from,
            through: self.through,
        })
    }

    /// All of them, in order.
    pub fn anchors(&self) -> &[Anchor] {
        &self.anchors
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn index(kind: AnchorKind) -> AnchorIndex {
        let us = Calendar::us_equities();
        us.index(kind, Listing::Arca, date(2026, 11, 23), date(2026, 12, 4)).unwrap()
    }

    #[test]
    fn the_next_cutoff_after_thanksgiving_is_that_of_the_half_day() {
        let index = index(AnchorKind::MocEntry);
        let next = |at: &str| index.next(at.parse().unwrap()).map(|anchor| anchor.at.to_string());
        assert_eq!(next("2026-11-25T20:49:59Z").unwrap(), "2026-11-25T20:50:00Z");
        assert_eq!(next("2026-11-25T20:50:00Z").unwrap(), "2026-11-27T17:50:00Z");
        assert_eq!(next("2026-11-27T17:50:00Z").unwrap(), "2026-11-30T20:50:00Z");
    }

    #[test]
    fn outside_of_its_dates_an_index_knows_nothing() {
        let index = index(AnchorKind::Close);
        let next = |at: &str| index.next(at.parse().unwrap()).map(|anchor| anchor.at.to_string());
        assert_eq!(next("2026-11-23T05:00:00Z").unwrap(), "2026-11-23T21:00:00Z");
        assert!(matches!(next("2026-11-22T20:00:00Z"), Err(CalendarError::OutOfRange { .. })));
        assert!(matches!(next("2026-12-04T21:00:00Z"), Err(CalendarError::OutOfRange { .. })));
    }

    #[test]
    fn funding_is_indexed_three_times_a_day() {
        let always = Calendar::always_open();
        let index =
            always.index(AnchorKind::Funding, Listing::Unknown, date(2026, 2, 27), date(2026, 3, 1)).unwrap();
        assert_eq!(index.anchors().len(), 9);
        let next = index.next("2026-02-28T16:00:00Z".parse().unwrap()).unwrap();
        assert_eq!(next.at.to_string(), "2026-03-01T00:00:00Z");
    }
}
