//! What the exchange announces: a coming day is closed, opens late, or closes early.
//!
//! Owns when such a change can still be made, and that nothing which was seen changes with it. Only stocks, and
//! options on them, follow; futures and currencies keep their own hours. Days of bar files are as they were.

use jiff::Timestamp;
use jiff::civil::Date;
use plimsoll_calendar::{Amendment, CalendarError, Change};

use crate::market::Market;
use crate::market::hours::{Hours, Session};
use crate::market::schedule::Schedule;

/// Why hours cannot be announced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnnounceError {
    /// It takes no trading time away on that date, or the date is none of the calendar's.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// What it would change has begun.
    #[error(
        "early trading of {date} has begun, so that day can only close early any more; nothing was announced; \
         `halt_symbol` and `unscheduled_close` happen at once"
    )]
    Begun {
        /// Which day.
        date: Date,
    },
    /// The new close is over.
    #[error("{date} would close in the past; nothing was announced; `unscheduled_close` closes at once")]
    Over {
        /// Which day.
        date: Date,
    },
    /// Prices come from files.
    #[error("bar files say when their days trade; nothing was announced; leave `--market` out")]
    Recorded,
}

impl Market {
    /// Whether these hours can be announced at an instant.
    pub(crate) fn check_announcement(
        &self,
        (date, change): (Date, Change),
        at: Timestamp,
    ) -> Result<(), AnnounceError> {
        self.after_announcement(date, change, at).map(drop)
    }

    /// Announces them: the date as it was, and what is left of it.
    pub(crate) fn announce(
        &mut self,
        (date, change): (Date, Change),
        at: Timestamp,
    ) -> Result<(), AnnounceError> {
        let (hours, was, left) = self.after_announcement(date, change, at)?;
        self.hours = hours;
        for book in self.books.iter_mut().filter(|book| book.walk.listing.schedule == Schedule::UsStocks) {
            book.walk.announced(&self.hours, (was, left), at);
        }
        Ok(())
    }

    /// The hours with the change in them, and the session of the date before and after.
    fn after_announcement(
        &self,
        date: Date,
        change: Change,
        at: Timestamp,
    ) -> Result<(Hours, Session, Option<Session>), AnnounceError> {
        if self.end.is_some() {
            return Err(AnnounceError::Recorded);
        }
        let (name, source) = ("announced hours".into(), "the exchange".into());
        let hours = self.hours.amended(date, Amendment { change, name, source, force: false })?;
        let was = self.hours.on(date).expect("what loses trading time was a session");
        let left = hours.on(date);
        match left {
            Some(left) if left.open == was.open && at < left.close => Ok((hours, was, Some(left))),
            Some(left) if left.open == was.open => Err(AnnounceError::Over { date }),
            _ if at < self.hours.wide(was).open => Ok((hours, was, left)),
            _ => Err(AnnounceError::Begun { date }),
        }
    }
}
