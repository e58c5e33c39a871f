//! When a product trades, for fast look-up, and the same in the broker's text form.
//!
//! Owns nothing but a copy: the sessions come from a schedule, and that of stocks from
//! `plimsoll-calendar`, which knows why they are what they are, and takes in what is announced. Ends of the
//! calendar's range are kept at a distance, so that every session that anybody can ask for has a neighbour on
//! either side.

use std::borrow::Cow;

use jiff::civil::Date;
use jiff::civil::time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use plimsoll_calendar::{
    Amendment, AnchorKind, Calendar, CalendarError, Interval, ListedDay, Listing, format_liquid_hours,
};

use crate::market::listing::Venue;
use crate::market::schedule::{Schedule, midnight};

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

/// The sessions of one schedule.
#[derive(Debug)]
pub(crate) struct Hours {
    schedule: Schedule,
    calendar: Calendar,
    /// Those of the schedule, until something is announced.
    sessions: Cow<'static, [Session]>,
}

impl Hours {
    /// All sessions that the calendar knows.
    pub(crate) fn new(schedule: Schedule) -> Self {
        Self { schedule, calendar: Calendar::us_equities(), sessions: Cow::Borrowed(schedule.sessions()) }
    }

    /// Which one it is.
    pub(super) const fn schedule(&self) -> Schedule {
        self.schedule
    }

    /// Where its civil times are.
    pub(crate) fn zone(&self) -> &TimeZone {
        self.schedule.zone()
    }

    /// How that zone is called on the wire.
    pub(crate) const fn zone_name(&self) -> &'static str {
        self.schedule.zone_name()
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

    /// These hours with a change that was announced for one date.
    pub(super) fn amended(&self, date: Date, amendment: Amendment) -> Result<Self, CalendarError> {
        let mut calendar = self.calendar.clone();
        calendar.amend(date, amendment)?;
        let left = calendar.session(date)?.map(|day| Session { date, open: day.open(), close: day.close() });
        let mut sessions = self.sessions.to_vec();
        if let Ok(at) = sessions.binary_search_by_key(&date, |session| session.date) {
            sessions.splice(at..=at, left);
        }
        Ok(Self { schedule: self.schedule, calendar, sessions: Cow::Owned(sessions) })
    }

    /// When the session of a date would have opened without any announcement.
    pub(super) fn usual_open(&self, session: Session) -> Timestamp {
        if matches!(self.sessions, Cow::Borrowed(_)) {
            return session.open;
        }
        let usual = self.schedule.sessions();
        usual
            .binary_search_by_key(&session.date, |usual| usual.date)
            .map_or(session.open, |at| usual[at].open)
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
        midnight(date, self.zone())
    }

    /// The civil date at the exchange.
    pub(crate) fn date_at(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone().clone()).date()
    }

    /// The part of a session that counts as regular hours.
    pub(crate) fn regular(&self, session: Session) -> Session {
        match self.schedule {
            Schedule::UsStocks | Schedule::Forex => session,
            Schedule::Globex => {
                let morning = session.date.to_datetime(time(8, 30, 0, 0)).to_zoned(self.zone().clone());
                let open = morning.expect("half past eight exists in Chicago on every day").timestamp();
                Session { open, ..session }
            }
        }
    }

    /// Six days of regular hours from the day of `now` on, in the broker's text form.
    pub(crate) fn liquid_hours(&self, now: Timestamp) -> String {
        let days = self.listed(now, |session| {
            let regular = self.regular(session);
            Interval { open: regular.open, close: regular.close }
        });
        format_liquid_hours(&days, self.zone())
    }

    /// The same with everything around it: for stocks the early and late sessions, 04:00 to 20:00, or to
    /// 17:00 on half days.
    pub(crate) fn trading_hours(&self, now: Timestamp) -> String {
        let days = self.listed(now, |session| {
            let wide = self.wide(session);
            Interval { open: wide.open, close: wide.close }
        });
        format_liquid_hours(&days, self.zone())
    }

    /// Six days, each with what of the schedule begins on it.
    fn listed(&self, now: Timestamp, hours: impl Fn(Session) -> Interval) -> Vec<ListedDay> {
        let mut intervals = Vec::new();
        let mut session = self.before(self.last_begun(now).date);
        // A session that began last evening is listed under yesterday's date.
        let today = self.date_at(now);
        let first = self.open_at(now).map_or(today, |running| today.min(self.date_at(hours(running).open)));
        let last = first.checked_add(5.days()).expect("venue time stays a month within the calendar");
        while self.date_at(hours(session).open) <= last {
            intervals.push(hours(session));
            let next = self.after(session.date);
            if next == session {
                break;
            }
            session = next;
        }
        let on = |date: Date| {
            let begins = |interval: &&Interval| self.date_at(interval.open) == date;
            ListedDay { date, sessions: intervals.iter().filter(begins).copied().collect() }
        };
        first.series(1.day()).take(6).map(on).collect()
    }

    fn index_of(&self, at: Timestamp) -> usize {
        self.sessions.partition_point(|session| session.open <= at).saturating_sub(1)
    }
}
