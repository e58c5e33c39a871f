//! What was announced after the rules were written: a day that closes, ends early, begins late, or opens after
//! all.
//!
//! Of two sources the more restrictive one wins. Taking trading time away needs nothing; adding some to what any
//! source says needs `force`, and a source that closes the day wins even then.

use jiff::civil::{Date, Time};

use crate::calendar::{Calendar, CalendarError};
use crate::day::DayKind;
use crate::listing::Listing;

/// One announced change of one date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// What changes.
    pub change: Change,
    /// `National Day of Mourning`.
    pub name: Box<str>,
    /// Who announced it, and when.
    pub source: Box<str>,
    /// Whether it may add trading time to what the rules say.
    pub force: bool,
}

/// What an [`Amendment`] changes, in the venue's civil time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// No session.
    Closed,
    /// The session ends at this time.
    EarlyClose(Time),
    /// The session begins at this time.
    LateOpen(Time),
    /// A session from the first time to the second, whatever the rules say; it needs force.
    Open(Time, Time),
}

/// An amendment and the day of the calendar that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The name of the calendar.
    pub calendar: Box<str>,
    /// The trade date.
    pub date: Date,
    /// What is announced.
    pub amendment: Amendment,
}

impl Announcement {
    /// Whether it concerns this calendar: the share venues of the US have their days in common, so that what one
    /// of them announces holds for all.
    pub fn concerns(&self, calendar: &str) -> bool {
        &*self.calendar == calendar || is_us(&self.calendar) && is_us(calendar)
    }
}

fn is_us(calendar: &str) -> bool {
    matches!(
        Listing::of_calendar(calendar),
        Some(Listing::Nyse | Listing::Nasdaq | Listing::Arca | Listing::American | Listing::Bats)
    )
}

impl Calendar {
    /// The calendar of this name with everything that was announced for it. What was announced for other
    /// calendars is left aside; the first announcement that cannot be taken in is an error.
    pub fn announced(name: &str, all: &[Announcement]) -> Result<Self, CalendarError> {
        let mut calendar = Self::named(name)?;
        for announcement in all.iter().filter(|announcement| announcement.concerns(name)) {
            calendar.announce(announcement)?;
        }
        Ok(calendar)
    }

    /// Takes in one announcement. Closing what is closed already says nothing new, and is no mistake: a release
    /// may have learned of the day since.
    pub fn announce(&mut self, announcement: &Announcement) -> Result<(), CalendarError> {
        let closes = announcement.amendment.change == Change::Closed;
        if closes && matches!(self.day(announcement.date)?, DayKind::Closed(_)) {
            return Ok(());
        }
        self.amend(announcement.date, announcement.amendment.clone())
    }
}
