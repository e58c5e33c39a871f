//! When the market trades, as one table for fast look-up.
//!
//! Owns nothing but a copy: the sessions come from `plimsoll-calendar`, which knows why they are what
//! they are. Ends of the calendar's range are kept at a distance, so that every session that anybody
//! can ask for has a neighbour on either side.

use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use plimsoll_calendar::{AnchorKind, Calendar, Listing, format_liquid_hours};

use crate::market::listing::Venue;

/// One trading session. It contains its open and does not contain its close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Session {
    /// The trade date.
    pub(crate) date: Date,
    /// The opening auction.
    pub(crate) open: Timestamp,
    /// The closing auction.
    pub(crate) close: Timestamp,
}

impl Session {
    /// How long it lasts.
    pub(crate) fn seconds(self) -> i64 {
        self.close.as_second() - self.open.as_second()
    }

    fn contains(self, at: Timestamp) -> bool {
        self.open <= at && at < self.close
    }
}

/// The last instants for orders in one session's auctions, exclusive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    /// For market-on-close orders.
    pub(crate) moc_entry: Timestamp,
    /// For limit-on-close orders.
    pub(crate) loc_entry: Timestamp,
    /// For cancels and changes of on-close orders.
    pub(crate) on_close_cancel: Timestamp,
    /// For orders in the opening auction.
    pub(crate) opening_entry: Timestamp,
}

/// Every session that the calendar knows, computed once: nine thousand civil times are the dearest part
/// of a new venue, and they are the same for all.
static SESSIONS: LazyLock<Vec<Session>> = LazyLock::new(|| {
    let calendar = Calendar::us_equities();
    calendar
        .sessions(calendar.valid_from(), calendar.valid_through())
        .expect("the ends of a calendar's own range lie within it")
        .map(|day| Session { date: day.date(), open: day.open(), close: day.close() })
        .collect()
});

/// The sessions of US stocks.
#[derive(Debug)]
pub(crate) struct Hours {
    calendar: Calendar,
    sessions: &'static [Session],
}

impl Hours {
    /// All sessions that the calendar knows.
    pub(crate) fn new() -> Self {
        Self { calendar: Calendar::us_equities(), sessions: &SESSIONS }
    }

    /// New York.
    pub(crate) fn zone(&self) -> &TimeZone {
        self.calendar.zone()
    }

    /// The first instant that the market can be asked about.
    pub(crate) fn beginning(&self) -> Timestamp {
        self.sessions[2].open
    }

    /// The last instant to which venue time can run: a month of sessions is left after it.
    pub(crate) fn end(&self) -> Timestamp {
        self.sessions[self.sessions.len() - 22].close
    }

    /// The session that is on at an instant.
    pub(crate) fn open_at(&self, at: Timestamp) -> Option<Session> {
        let session = self.sessions[self.index_of(at)];
        session.contains(at).then_some(session)
    }

    /// The session that is on, or the last one that began.
    pub(crate) fn last_begun(&self, at: Timestamp) -> Session {
        self.sessions[self.index_of(at)]
    }

    /// The session that is on, or the next one.
    pub(crate) fn at_or_after(&self, at: Timestamp) -> Session {
        let session = self.last_begun(at);
        if at < session.close { session } else { self.after(session.date) }
    }

    /// The first session after a date.
    pub(crate) fn after(&self, date: Date) -> Session {
        let index = self.sessions.partition_point(|session| session.date <= date);
        self.sessions[index.min(self.sessions.len() - 1)]
    }

    /// The last session before a date.
    pub(crate) fn before(&self, date: Date) -> Session {
        let index = self.sessions.partition_point(|session| session.date < date);
        self.sessions[index.saturating_sub(1)]
    }

    /// The session of a date, if it is one.
    pub(crate) fn on(&self, date: Date) -> Option<Session> {
        self.sessions.binary_search_by_key(&date, |session| session.date).ok().map(|at| self.sessions[at])
    }

    /// The auction deadlines of a session for stocks of one listing venue.
    pub(crate) fn deadlines(&self, session: Session, venue: Venue) -> Deadlines {
        let listing = match venue {
            Venue::Arca => Listing::Arca,
            Venue::Nasdaq => Listing::Nasdaq,
        };
        let day = self.calendar.session(session.date).ok().flatten();
        let at = |kind, otherwise: Timestamp| {
            day.as_ref().and_then(|day| day.anchor(kind, listing)).map_or(otherwise, |anchor| anchor.at)
        };
        Deadlines {
            moc_entry: at(AnchorKind::MocEntry, session.close),
            loc_entry: at(AnchorKind::LocEntry, session.close),
            on_close_cancel: at(AnchorKind::OnCloseCancel, session.close),
            opening_entry: at(AnchorKind::LooEntry, session.open),
        }
    }

    /// Midnight at the exchange.
    pub(crate) fn midnight(&self, date: Date) -> Timestamp {
        let start = date.to_zoned(self.zone().clone());
        start.expect("midnight of a session's date exists in New York").timestamp()
    }

    /// The civil date at the exchange.
    pub(crate) fn date_at(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone().clone()).date()
    }

    /// Six days of regular hours from `date` on, in the broker's text form.
    pub(crate) fn liquid_hours(&self, date: Date) -> String {
        let days = self.calendar.listed_days(date, 6).expect("venue time stays a month within the calendar");
        format_liquid_hours(&days, self.zone())
    }

    /// The same with the early and late sessions around them, 04:00 to 20:00; 17:00 on half days.
    pub(crate) fn trading_hours(&self, date: Date) -> String {
        let mut days =
            self.calendar.listed_days(date, 6).expect("venue time stays a month within the calendar");
        for day in &mut days {
            for interval in &mut day.sessions {
                interval.open -= SignedDuration::from_mins(330);
                interval.close += SignedDuration::from_hours(4);
            }
        }
        format_liquid_hours(&days, self.zone())
    }

    fn index_of(&self, at: Timestamp) -> usize {
        self.sessions.partition_point(|session| session.open <= at).saturating_sub(1)
    }
}
