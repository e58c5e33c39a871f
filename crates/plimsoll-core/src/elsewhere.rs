//! The calendars of the venues outside of the US.
//!
//! Owns them, with the days announced for each. Which instrument trades by which of them is said by
//! [`crate::calendar_of`]. They are asked only when an order for such an instrument is judged, so nothing is kept of
//! the instant, as it is of the calendar that everything else goes by.

use std::collections::BTreeMap;

use plimsoll_calendar::{Announcement, Calendar, CalendarError, Listing};

use crate::contracts::is_us;

/// One calendar per venue.
#[derive(Debug)]
pub(crate) struct Elsewhere(BTreeMap<&'static str, Calendar>);

impl Default for Elsewhere {
    /// By the rules alone.
    fn default() -> Self {
        let names = Listing::KNOWN.iter().filter(|listing| !is_us(**listing)).filter_map(|l| l.calendar());
        let named = |name| Calendar::named(name).expect("every listing names a calendar of the table");
        Self(names.map(|name| (name, named(name))).collect())
    }
}

impl Elsewhere {
    /// The rules with what was announced, and which announcements could not be taken in: those leave their day as
    /// the rules have it.
    pub(crate) fn announced(days: &[Announcement]) -> (Self, Vec<CalendarError>) {
        let (mut all, mut refused) = (Self::default(), Vec::new());
        for (name, calendar) in &mut all.0 {
            let concerned = days.iter().filter(|day| day.concerns(name));
            refused.extend(concerned.filter_map(|day| calendar.announce(day).err()));
        }
        (all, refused)
    }

    /// The calendar of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Calendar> {
        self.0.get(name)
    }
}
