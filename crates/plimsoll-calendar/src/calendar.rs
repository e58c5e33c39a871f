//! A calendar: questions about dates and instants, answered from a venue's rules and later amendments.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::amendment::{Amendment, Change};
use crate::day::{Closure, ClosureKind, DayKind, Interval, TradingDay};
use crate::rules::{DayPlan, Hours, VENUES, Venue, Wall};
use crate::zone::zone;

/// Why a calendar gives no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The date, or the next session after it, is not covered by the rules.
    #[error(
        "{date} is outside calendar {calendar}, which covers {from} to {through}; \
         neither open nor closed was assumed; use a release with newer calendars"
    )]
    OutOfRange {
        /// Which calendar.
        calendar: &'static str,
        /// The first date that would have been needed.
        date: Date,
        /// First date covered.
        from: Date,
        /// Last date covered.
        through: Date,
    },
    /// An amendment does not take trading time away on that date.
    #[error(
        "the amendment `{name}` takes no trading time away from {calendar} on {date}; it was not applied; \
         check its date and time"
    )]
    NotAReduction {
        /// Which calendar.
        calendar: &'static str,
        /// Of which date.
        date: Date,
        /// What the amendment is called.
        name: Box<str>,
    },
    /// An amendment adds trading time to what the rules or another source say.
    #[error(
        "the amendment `{name}` opens {calendar} on {date} at times that another source calls closed; it was not \
         applied, because the most restrictive source wins; with force it stands against the rules, but not \
         against an amendment that closes the day"
    )]
    NeedsForce {
        /// Which calendar.
        calendar: &'static str,
        /// Of which date.
        date: Date,
        /// What the amendment is called.
        name: Box<str>,
    },
    /// No calendar has this name.
    #[error("there is no calendar `{name}`; none was used; known are {known}")]
    UnknownCalendar {
        /// The name as it came.
        name: Box<str>,
        /// All names.
        known: Box<str>,
    },
}

/// A calendar that ends sooner than this is worth a warning.
const ENDS_SOON_DAYS: i32 = 60;

/// Whether every instant of `inner` is one of `outer`.
fn contains(outer: &DayKind, inner: &DayKind) -> bool {
    let DayKind::Session(inner) = inner else { return true };
    let DayKind::Session(outer) = outer else { return false };
    let inside = |s: &Interval| outer.sessions().iter().any(|o| o.open <= s.open && s.close <= o.close);
    inner.sessions().iter().all(inside)
}

/// How a venue stands at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionState {
    /// The instant's trade date is a session that has not opened yet.
    PreOpen {
        /// When it opens.
        open: Timestamp,
    },
    /// Regular trading.
    Open {
        /// When the interval ends.
        until: Timestamp,
    },
    /// No regular trading: after the close, in a break, on a weekend or holiday.
    Closed {
        /// When regular trading is next.
        next_open: Timestamp,
    },
}

/// What the calendar says of an instant, and until when it says the same: whoever asks for every order needs
/// the rules a few times a day only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// See [`Calendar::trade_date`].
    pub trade_date: Result<Date, CalendarError>,
    /// See [`Calendar::session_state`].
    pub state: Result<SessionState, CalendarError>,
    from: Timestamp,
    until: Timestamp,
}

impl Moment {
    /// Whether it says the same of another instant.
    pub fn holds_at(&self, instant: Timestamp) -> bool {
        self.from <= instant && instant < self.until
    }
}

/// The sessions of one venue.
#[derive(Debug, Clone)]
pub struct Calendar {
    venue: &'static Venue,
    zone: TimeZone,
    amendments: BTreeMap<Date, Vec<Amendment>>,
}

impl Calendar {
    /// The calendar of this name: see [`Calendar::names`].
    pub fn named(name: &str) -> Result<Self, CalendarError> {
        let venue = VENUES.iter().copied().find(|venue| venue.name == name);
        venue.map(Self::of).ok_or_else(|| CalendarError::UnknownCalendar {
            name: name.into(),
            known: Self::names().collect::<Vec<_>>().join(", ").into(),
        })
    }

    /// The same days by the rules alone; none where nothing was announced.
    pub fn without_announcements(&self) -> Option<Self> {
        (!self.amendments.is_empty()).then(|| Self::of(self.venue))
    }

    /// US equities, under the name of the New York Stock Exchange; all US share venues have the same days.
    pub fn us_equities() -> Self {
        Self::named("XNYS").expect("the table of venues contains XNYS")
    }

    /// A venue that never closes.
    pub fn always_open() -> Self {
        Self::named("ALWAYS_OPEN_247").expect("the table of venues contains ALWAYS_OPEN_247")
    }

    /// The names of all calendars.
    pub fn names() -> impl Iterator<Item = &'static str> {
        VENUES.iter().map(|venue| venue.name)
    }

    fn of(venue: &'static Venue) -> Self {
        let zone = zone(venue.zone).expect("the zones of the venues are in the bundled database");
        Self { venue, zone, amendments: BTreeMap::new() }
    }

    /// The name.
    pub fn name(&self) -> &'static str {
        self.venue.name
    }

    /// The zone of the venue's civil times.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The first date with an answer.
    pub fn valid_from(&self) -> Date {
        self.venue.valid_from
    }

    /// The last date with an answer. Watch it: after it everything is an error.
    pub fn valid_through(&self) -> Date {
        self.venue.valid_through
    }

    /// Takes in what was announced after the rules were written.
    pub fn amend(&mut self, date: Date, amendment: Amendment) -> Result<(), CalendarError> {
        let before = self.day(date)?;
        let (calendar, name) = (self.name(), amendment.name.clone());
        let (change, force) = (amendment.change, amendment.force);
        self.amendments.entry(date).or_default().push(amendment);
        let after = self.day(date)?;
        let refusal = match change {
            Change::Open(..) if !force || !contains(&after, &before) || after == before => {
                CalendarError::NeedsForce { calendar, date, name }
            }
            Change::Open(..) => return Ok(()),
            Change::Closed | Change::EarlyClose(_) | Change::LateOpen(_) => match (&before, &after) {
                (DayKind::Session(_), DayKind::Closed(_)) => return Ok(()),
                (DayKind::Session(old), DayKind::Session(new)) if old.sessions() != new.sessions() => {
                    return Ok(());
                }
                _ => CalendarError::NotAReduction { calendar, date, name },
            },
        };
        self.amendments.get_mut(&date).and_then(Vec::pop);
        Err(refusal)
    }

    /// How many days are left after an instant's; negative once the calendar has ended.
    pub fn days_left(&self, instant: Timestamp) -> i32 {
        let today = self.zone.to_datetime(instant).date();
        (self.valid_through() - today).get_days()
    }

    /// Whether somebody should look for a release with newer calendars.
    pub fn ends_soon(&self, instant: Timestamp) -> bool {
        self.days_left(instant) < ENDS_SOON_DAYS
    }

    /// What a date is.
    pub fn day(&self, date: Date) -> Result<DayKind, CalendarError> {
        self.check(date)?;
        let planned = match (self.venue.plan)(date) {
            DayPlan::Closed(closure) => DayKind::Closed(closure),
            DayPlan::Open { hours, early, source, verified } => {
                let sessions = hours.iter().map(|hours| self.interval(date, *hours)).collect();
                let early = early.map(Into::into);
                let day = TradingDay::new(self.venue, date, sessions, early, source.into(), verified);
                DayKind::Session(day)
            }
        };
        let amendments = self.amendments.get(&date).map_or(&[][..], Vec::as_slice);
        // What opens comes first, whatever the order in which it was heard of, so that what closes wins.
        let opened = amendments.iter().fold(planned, |kind, change| self.opened(date, kind, change));
        Ok(amendments.iter().fold(opened, |kind, change| self.amended(kind, change)))
    }

    /// The session of a date, if it is one.
    pub fn session(&self, date: Date) -> Result<Option<TradingDay>, CalendarError> {
        Ok(match self.day(date)? {
            DayKind::Session(day) => Some(day),
            DayKind::Closed(_) => None,
        })
    }

    /// The first session after a date.
    pub fn next_session(&self, after: Date) -> Result<TradingDay, CalendarError> {
        let mut date = after;
        loop {
            date = date.tomorrow().map_err(|_| self.out_of_range(date))?;
            if let Some(day) = self.session(date)? {
                return Ok(day);
            }
        }
    }

    /// The last session before a date.
    pub fn previous_session(&self, before: Date) -> Result<TradingDay, CalendarError> {
        let mut date = before;
        loop {
            date = date.yesterday().map_err(|_| self.out_of_range(date))?;
            if let Some(day) = self.session(date)? {
                return Ok(day);
            }
        }
    }

    /// All sessions from one date to another, both included.
    pub fn sessions(
        &self,
        from: Date,
        to: Date,
    ) -> Result<impl Iterator<Item = TradingDay> + '_, CalendarError> {
        self.check(from)?;
        self.check(to)?;
        let dates = from.series(1.day()).take_while(move |date| *date <= to);
        Ok(dates.filter_map(|date| self.session(date).expect("both ends of the range were checked")))
    }

    /// The trade date of an instant: the session that an execution at that instant belongs to, or the next
    /// one if the venue does not trade then. It is not the civil date: US evening trading from 20:00 on
    /// belongs to the next session.
    pub fn trade_date(&self, instant: Timestamp) -> Result<Date, CalendarError> {
        let date = self.rolled_date(instant);
        Ok(match self.day(date)? {
            DayKind::Session(day) => day.date(),
            DayKind::Closed(_) => self.next_session(date)?.date(),
        })
    }

    /// Whether regular trading is on. The open is inside, the close is outside.
    pub fn is_regular_session(&self, instant: Timestamp) -> Result<bool, CalendarError> {
        let day = self.session(self.rolled_date(instant))?;
        Ok(day.is_some_and(|day| day.contains(instant)))
    }

    /// How the venue stands. The end of the calendar's range is an error here too: after its last session
    /// the next open is not known.
    pub fn session_state(&self, instant: Timestamp) -> Result<SessionState, CalendarError> {
        let date = self.rolled_date(instant);
        if let Some(day) = self.session(date)? {
            if instant < day.open() {
                return Ok(SessionState::PreOpen { open: day.open() });
            }
            for interval in day.sessions() {
                if interval.contains(instant) {
                    return Ok(SessionState::Open { until: interval.close });
                }
                if instant < interval.open {
                    return Ok(SessionState::Closed { next_open: interval.open });
                }
            }
        }
        Ok(SessionState::Closed { next_open: self.next_session(date)?.open() })
    }

    /// Both of the above, and how long they hold: until the trade date rolls or trading begins or ends.
    pub fn moment(&self, instant: Timestamp) -> Moment {
        let date = self.rolled_date(instant);
        let state = self.session_state(instant);
        let rolls = match self.venue.trade_date_rolls_at {
            Some(roll) => self.civil(date, roll),
            None => self.civil(date.saturating_add(1.day()), Time::midnight()),
        };
        let until = match state {
            Ok(
                SessionState::PreOpen { open: change }
                | SessionState::Open { until: change }
                | SessionState::Closed { next_open: change },
            ) => change.min(rolls),
            // Out of the calendar's range nothing is certain but this instant.
            Err(_) => instant,
        };
        Moment { trade_date: self.trade_date(instant), state, from: instant, until }
    }

    /// The civil date at the venue, or the day after from the hour on at which the trade date rolls.
    fn rolled_date(&self, instant: Timestamp) -> Date {
        let civil = self.zone.to_datetime(instant);
        match self.venue.trade_date_rolls_at {
            Some(roll) if civil.time() >= roll => civil.date().saturating_add(1.day()),
            _ => civil.date(),
        }
    }

    fn interval(&self, date: Date, hours: Hours) -> Interval {
        Interval { open: self.wall(date, hours.open), close: self.wall(date, hours.close) }
    }

    fn wall(&self, date: Date, wall: Wall) -> Timestamp {
        let date = date.saturating_add(i64::from(wall.day).days());
        self.civil(date, Time::constant(wall.hour, wall.minute, 0, 0))
    }

    fn civil(&self, date: Date, time: Time) -> Timestamp {
        let zoned = date.to_datetime(time).to_zoned(self.zone.clone());
        zoned.expect("a calendar ends centuries before the limits of a timestamp").timestamp()
    }

    /// One amendment applied if it is one that opens the day.
    fn opened(&self, date: Date, kind: DayKind, amendment: &Amendment) -> DayKind {
        let Change::Open(open, close) = amendment.change else { return kind };
        let hours = Interval { open: self.civil(date, open), close: self.civil(date, close) };
        if hours.open >= hours.close {
            return kind;
        }
        let source = amendment.source.to_string().into();
        DayKind::Session(TradingDay::new(self.venue, date, vec![hours], None, source, true))
    }

    /// One amendment applied; a change that would leave nothing of the session closes it.
    fn amended(&self, kind: DayKind, amendment: &Amendment) -> DayKind {
        let DayKind::Session(day) = kind else {
            return kind;
        };
        let date = day.date();
        let (earliest, latest) = match amendment.change {
            Change::Closed => (day.close(), day.close()),
            Change::EarlyClose(time) => (day.open(), self.civil(date, time)),
            Change::LateOpen(time) => (self.civil(date, time), day.close()),
            Change::Open(..) => return DayKind::Session(day),
        };
        let cut = |s: &Interval| Interval { open: s.open.max(earliest), close: s.close.min(latest) };
        let sessions: Vec<_> = day.sessions().iter().map(cut).filter(|s| s.open < s.close).collect();
        let source = amendment.source.to_string();
        let Some(last) = sessions.last() else {
            let name = amendment.name.to_string().into();
            return DayKind::Closed(Closure { kind: ClosureKind::AdHoc, name, source: source.into() });
        };
        let early = if last.close < day.close() {
            Some(amendment.name.to_string().into())
        } else {
            day.early().map(|name| name.to_owned().into())
        };
        DayKind::Session(TradingDay::new(self.venue, date, sessions, early, source.into(), true))
    }

    fn check(&self, date: Date) -> Result<(), CalendarError> {
        if date < self.valid_from() || date > self.valid_through() {
            return Err(self.out_of_range(date));
        }
        Ok(())
    }

    fn out_of_range(&self, date: Date) -> CalendarError {
        CalendarError::OutOfRange {
            calendar: self.name(),
            date,
            from: self.valid_from(),
            through: self.valid_through(),
        }
    }
}
