//! One date of a calendar: a session with its intervals, or a closure with its name.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::anchor::{Anchor, AnchorKind};
use crate::listing::Listing;
use crate::rules::Venue;

/// A stretch of continuous trading. It contains its open and does not contain its close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// The first instant inside.
    pub open: Timestamp,
    /// The first instant outside.
    pub close: Timestamp,
}

impl Interval {
    /// Whether the instant is inside.
    pub fn contains(self, instant: Timestamp) -> bool {
        self.open <= instant && instant < self.close
    }
}

/// What a date is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayKind {
    /// The venue trades.
    Session(TradingDay),
    /// The venue does not trade, and this is why.
    Closed(Closure),
}

/// Why a date is no session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    /// Of which kind.
    pub kind: ClosureKind,
    /// `Thanksgiving Day`.
    pub name: Cow<'static, str>,
    /// Who says so.
    pub source: Cow<'static, str>,
}

/// The kinds of closures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClosureKind {
    /// Saturday or Sunday.
    Weekend,
    /// A holiday that a rule predicts.
    Holiday,
    /// A closure of one time, announced shortly before.
    AdHoc,
}

/// A session: one trade date with its intervals of regular trading.
#[derive(Debug, Clone)]
pub struct TradingDay {
    venue: &'static Venue,
    date: Date,
    sessions: Vec<Interval>,
    early: Option<Cow<'static, str>>,
    source: Cow<'static, str>,
    verified: bool,
}

/// Two days are equal if they say the same, whichever of the share days' names was asked.
impl PartialEq for TradingDay {
    fn eq(&self, other: &Self) -> bool {
        (self.date, &self.sessions, &self.early, &self.source)
            == (other.date, &other.sessions, &other.early, &other.source)
    }
}

impl Eq for TradingDay {}

impl TradingDay {
    /// A day with at least one interval, in order and without overlap; the calendar makes sure of it.
    pub(crate) fn new(
        venue: &'static Venue,
        date: Date,
        sessions: Vec<Interval>,
        early: Option<Cow<'static, str>>,
        source: Cow<'static, str>,
        verified: bool,
    ) -> Self {
        assert!(
            !sessions.is_empty()
                && sessions.iter().all(|s| s.open < s.close)
                && sessions.windows(2).all(|pair| pair[0].close <= pair[1].open),
            "invariant: a session has intervals in order without overlap: {date} {sessions:?}"
        );
        Self { venue, date, sessions, early, source, verified }
    }

    /// The trade date.
    pub fn date(&self) -> Date {
        self.date
    }

    /// Regular trading, in order; several intervals where the venue takes a break.
    pub fn sessions(&self) -> &[Interval] {
        &self.sessions
    }

    /// The first open.
    pub fn open(&self) -> Timestamp {
        self.sessions[0].open
    }

    /// The last close.
    pub fn close(&self) -> Timestamp {
        self.sessions[self.sessions.len() - 1].close
    }

    /// Why the day closes earlier than usual, if it does.
    pub fn early(&self) -> Option<&str> {
        self.early.as_deref()
    }

    /// Who says that these are the hours.
    pub fn source(&self) -> &str {
        &self.source
    }

    pub(crate) fn source_cow(&self) -> Cow<'static, str> {
        self.source.clone()
    }

    /// Whether two sources agree about the hours or a good one was read; if not, they are the narrowest of
    /// what is known.
    pub fn is_verified(&self) -> bool {
        self.verified
    }

    /// Whether regular trading is on at the instant.
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.sessions.iter().any(|s| s.contains(instant))
    }

    /// One anchor for an instrument of this listing, the first of the day if there are several; none where
    /// the venue has no such auction.
    pub fn anchor(&self, kind: AnchorKind, listing: Listing) -> Option<Anchor> {
        Anchor::of(self, self.venue, kind, listing, 0)
    }

    /// Every anchor of a kind; funding comes several times a day.
    pub fn each(&self, kind: AnchorKind, listing: Listing) -> impl Iterator<Item = Anchor> + '_ {
        (0..).map_while(move |nth| Anchor::of(self, self.venue, kind, listing, nth))
    }

    /// All anchors for an instrument of this listing, in the order of [`AnchorKind::ALL`].
    pub fn anchors(&self, listing: Listing) -> Vec<Anchor> {
        AnchorKind::ALL.iter().flat_map(|kind| self.each(*kind, listing)).collect()
    }
}
