//! The calendars of the venues outside of the US.
//!
//! Owns them, with the days announced for each and as narrow as the broker's hours. Which instrument trades by which of
//! them is said by [`crate::calendar_of`]. They are asked only when an order for such an instrument is judged, so nothing
//! is kept of the instant, as it is of the calendar that everything else goes by.

use std::collections::BTreeMap;

use plimsoll_calendar::{Announcement, Calendar, CalendarError, Listing};

use crate::contracts::is_us;

/// One calendar per venue.
#[derive(Debug)]
pub(crate) struct Elsewhere(BTreeMap<&'static str, Venue>);

#[derive(Debug)]
struct Venue {
    /// By the rules and what was announced.
    announced: Calendar,
    /// The same, where the broker's hours are narrower.
    narrowed: Option<Calendar>,
}

impl Default for Elsewhere {
    /// By the rules alone.
    fn default() -> Self {
        let names = Listing::KNOWN.iter().filter(|listing| !is_us(**listing)).filter_map(|l| l.calendar());
        let named = |name| Calendar::named(name).expect("every listing names a calendar of the table");
        Self(names.map(|name| (name, Venue { announced: named(name), narrowed: None })).collect())
    }
}

impl Elsewhere {
    /// The rules with what was announced, and which announcements could not be taken in: those leave their day as
    /// the rules have it.
    pub(crate) fn announced(days: &[Announcement]) -> (Self, Vec<CalendarError>) {
        let (mut all, mut refused) = (Self::default(), Vec::new());
        for (name, venue) in &mut all.0 {
            let concerned = days.iter().filter(|day| day.concerns(name));
            refused.extend(concerned.filter_map(|day| venue.announced.announce(day).err()));
        }
        (all, refused)
    }

    /// The calendar of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Calendar> {
        self.0.get(name).map(|venue| venue.narrowed.as_ref().unwrap_or(&venue.announced))
    }

    /// The same without the broker's hours.
    pub(crate) fn as_announced(&self, name: &str) -> Option<&Calendar> {
        self.0.get(name).map(|venue| &venue.announced)
    }

    /// The calendar of this name is as narrow as this one from now on.
    pub(crate) fn narrow(&mut self, calendar: Calendar) {
        if let Some(venue) = self.0.get_mut(calendar.name()) {
            venue.narrowed = Some(calendar);
        }
    }

    /// What the broker listed holds no more.
    pub(crate) fn widen(&mut self) {
        self.0.values_mut().for_each(|venue| venue.narrowed = None);
    }
}
