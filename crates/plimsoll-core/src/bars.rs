//! Which bars lie outside of their instrument's session: pitfall 5. An indicator that is fed a bar from after the
//! close computes another close.
//!
//! Owns: the hours that a contract's bars are held to, and where one bar lies. Does not own the bars: no decision needs
//! them, so the shell keeps them, and nothing of this is journaled as an event.
//!
//! What is not known for certain drops nothing: a contract whose listing nobody has named, a route with hours of its own
//! (`OVERNIGHT`), a day that is disputed with the broker or of which the sources differ, a day out of the calendar's
//! range. A bot that misses a bar is wrong as well.

use jiff::civil::{Date, Time, time};
use jiff::{SignedDuration, Timestamp};
use plimsoll_calendar::{AnchorKind, Calendar, DayKind, Interval, Listing, TradingDay};
use plimsoll_model::{Contract, InstrumentId};

use crate::bridge::Bridge;
use crate::contracts::{US, is_us};
use crate::listed_hours::OpenDispute;

/// The hours that bars were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarHours {
    /// `useRTH = 1`: regular trading, with the closing auction where it follows later.
    Regular,
    /// `useRTH = 0`: before the open and after the close, too. Known for the US exchanges only.
    Extended,
}

/// When a bar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarTime {
    /// A whole trade date.
    Day(Date),
    /// From its start on, for so long.
    Span {
        /// Its first instant.
        start: Timestamp,
        /// How long it is.
        len: SignedDuration,
    },
}

/// Where a bar lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lies {
    /// Inside the hours.
    Inside,
    /// Partly inside: it begins before the open or ends after the close.
    Across,
    /// Outside of them.
    Outside,
    /// Nobody knows for certain.
    Unknown,
}

/// Before the open, on every US exchange that has it.
const US_EARLY: Time = time(4, 0, 0, 0);
/// After the close.
const US_LATE: Time = time(20, 0, 0, 0);
/// The close of a scheduled half day, and when its late trading ends.
const US_HALF_DAY: (Time, Time) = (time(13, 0, 0, 0), time(17, 0, 0, 0));

/// A closing auction outside of the US ends at random some seconds late, and some venues trade on at its price for up to
/// ten minutes.
const AFTER_AUCTION: SignedDuration = SignedDuration::from_mins(10);

/// The days that one contract's bars are held to. Bars come in order, so the latest day is kept.
#[derive(Debug)]
pub struct BarDays<'a> {
    calendar: &'a Calendar,
    listing: Listing,
    hours: BarHours,
    disputed: Vec<Date>,
    latest: Option<(Date, Option<Vec<Interval>>)>,
}

impl Bridge {
    /// The days that bars of this contract are held to; none where its hours are not known for certain.
    pub fn bar_days(&self, contract: &Contract, hours: BarHours) -> Option<BarDays<'_>> {
        let (listing, name) = self.contracts.certain_listing(contract)?;
        if hours == BarHours::Extended && name != US {
            return None;
        }
        let known = self.contracts.identify(contract).ok();
        let calendar = self.elsewhere.get(name).unwrap_or(&self.calendar);
        let concerns = |open: &&OpenDispute| {
            let is_named = |known: &InstrumentId| open.instruments.contains(known);
            open.calendar == name && (open.is_wide || known.as_ref().is_some_and(is_named))
        };
        let disputed = self.listed.open().iter().filter(concerns).map(|open| open.dispute.date).collect();
        Some(BarDays { calendar, listing, hours, disputed, latest: None })
    }
}

impl BarDays<'_> {
    /// Today's date at the exchange, if all sessions that begin before `until` are over for good: their date has passed
    /// there, and nobody disputes what the last of them was.
    pub fn stays_until(&mut self, until: Timestamp, now: Timestamp) -> Option<Date> {
        let date = |at: Timestamp| self.calendar.zone().to_datetime(at).date();
        let (today, last) = (date(now), date(until.checked_sub(SignedDuration::from_nanos(1)).ok()?));
        (last < today && self.day(last).is_some()).then_some(today)
    }

    /// Where a bar lies.
    pub fn lies(&mut self, bar: BarTime) -> Lies {
        match bar {
            BarTime::Day(date) => match self.day(date) {
                None => Lies::Unknown,
                Some([]) => Lies::Outside,
                Some(_) => Lies::Inside,
            },
            BarTime::Span { start, len } => self.span(start, len),
        }
    }

    fn span(&mut self, start: Timestamp, len: SignedDuration) -> Lies {
        let date = self.calendar.zone().to_datetime(start).date();
        let Some(end) = start.checked_add(len).ok().filter(|end| start < *end) else { return Lies::Unknown };
        let Some(hours) = self.day(date) else { return Lies::Unknown };
        if hours.iter().any(|hours| hours.open <= start && end <= hours.close) {
            Lies::Inside
        } else if hours.iter().any(|hours| start < hours.close && hours.open < end) {
            Lies::Across
        } else {
            Lies::Outside
        }
    }

    /// The hours of a day, none of them on a day without trading; nothing if they are not known for certain.
    fn day(&mut self, date: Date) -> Option<&[Interval]> {
        if self.latest.as_ref().is_none_or(|(latest, _)| *latest != date) {
            self.latest = Some((date, self.look_up(date)));
        }
        self.latest.as_ref().and_then(|(_, hours)| hours.as_deref())
    }

    fn look_up(&self, date: Date) -> Option<Vec<Interval>> {
        if self.disputed.contains(&date) {
            return None;
        }
        match self.calendar.day(date).ok()? {
            DayKind::Closed(_) => Some(Vec::new()),
            DayKind::Session(day) if !day.is_verified() => None,
            DayKind::Session(day) => Some(match self.hours {
                BarHours::Regular => self.regular(&day),
                BarHours::Extended => vec![self.extended(&day)],
            }),
        }
    }

    /// Trading, until the closing auction is over: its price is the day's close, and some venues find it minutes after
    /// the last trade.
    fn regular(&self, day: &TradingDay) -> Vec<Interval> {
        let mut hours = day.sessions().to_vec();
        let auction = day.anchor(AnchorKind::AuctionEnd, self.listing).map(|anchor| anchor.at);
        if let (Some(last), Some(auction)) = (hours.last_mut(), auction.filter(|_| !is_us(self.listing))) {
            let end = auction.checked_add(AFTER_AUCTION).unwrap_or(auction);
            last.close = last.close.max(end);
        }
        hours
    }

    fn extended(&self, day: &TradingDay) -> Interval {
        let zone = self.calendar.zone();
        let at = |time: Time| {
            let zoned = day.date().to_datetime(time).to_zoned(zone.clone());
            zoned.map_or_else(|_| day.close(), |zoned| zoned.timestamp())
        };
        let close = zone.to_datetime(day.close()).time();
        let late = if close == US_HALF_DAY.0 { US_HALF_DAY.1 } else { US_LATE };
        Interval { open: at(US_EARLY).min(day.open()), close: at(late).max(day.close()) }
    }
}
