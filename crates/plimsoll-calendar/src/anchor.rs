//! Anchors: the instants of a trade date that orders and jobs are measured against, each with its rule and
//! with who says so.
//!
//! A cutoff is the earlier of what the exchange accepts and what the broker promises. It is exclusive: at
//! the cutoff's own instant an order is too late.

use std::borrow::Cow;
use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::day::TradingDay;
use crate::listing::Listing;
use crate::rules::{Rule, Venue};

/// The anchors of a trade date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnchorKind {
    /// Regular trading begins.
    Open,
    /// Regular trading ends, as scheduled for that day.
    Close,
    /// Market-on-close orders are accepted before this.
    MocEntry,
    /// Limit-on-close orders are accepted before this.
    LocEntry,
    /// On-close orders can be canceled or reduced before this, the cancel freeze.
    OnCloseCancel,
    /// Market-on-open orders are accepted before this.
    MooEntry,
    /// Limit-on-open orders are accepted before this.
    LooEntry,
    /// On-open orders can be canceled or reduced before this.
    OnOpenCancel,
    /// The closing auction begins to take orders for its price.
    AuctionStart,
    /// The closing auction ends at the earliest; many end at random some seconds later.
    AuctionEnd,
    /// The pause of the day begins.
    BreakStart,
    /// The pause of the day ends.
    BreakEnd,
    /// Funding is exchanged; several times a day, and per instrument where the venue says otherwise.
    Funding,
}

impl AnchorKind {
    /// Every anchor.
    pub const ALL: &[Self] = &[
        Self::Open,
        Self::Close,
        Self::MocEntry,
        Self::LocEntry,
        Self::OnCloseCancel,
        Self::MooEntry,
        Self::LooEntry,
        Self::OnOpenCancel,
        Self::AuctionStart,
        Self::AuctionEnd,
        Self::BreakStart,
        Self::BreakEnd,
        Self::Funding,
    ];

    /// The word in configuration and JSON, `moc_entry`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Close => "close",
            Self::MocEntry => "moc_entry",
            Self::LocEntry => "loc_entry",
            Self::OnCloseCancel => "onclose_cancel",
            Self::MooEntry => "moo_entry",
            Self::LooEntry => "loo_entry",
            Self::OnOpenCancel => "onopen_cancel",
            Self::AuctionStart => "auction_start",
            Self::AuctionEnd => "auction_end",
            Self::BreakStart => "break_start",
            Self::BreakEnd => "break_end",
            Self::Funding => "funding",
        }
    }

    /// The anchor that an order for an auction is held to. Reducing is held to the same freeze as canceling:
    /// every exchange whose rule was read treats it so.
    pub const fn of_order(order: AuctionOrder, action: Action) -> Self {
        match (order, action) {
            (AuctionOrder::Moc, Action::Entry) => Self::MocEntry,
            (AuctionOrder::Loc, Action::Entry) => Self::LocEntry,
            (AuctionOrder::Moc | AuctionOrder::Loc, Action::Cancel | Action::Reduce) => Self::OnCloseCancel,
            (AuctionOrder::Moo, Action::Entry) => Self::MooEntry,
            (AuctionOrder::Loo, Action::Entry) => Self::LooEntry,
            (AuctionOrder::Moo | AuctionOrder::Loo, Action::Cancel | Action::Reduce) => Self::OnOpenCancel,
        }
    }

    /// Whether a listing has its own, the stricter of exchange and broker.
    pub const fn is_cutoff(self) -> bool {
        match self {
            Self::MocEntry
            | Self::LocEntry
            | Self::OnCloseCancel
            | Self::MooEntry
            | Self::LooEntry
            | Self::OnOpenCancel => true,
            Self::Open
            | Self::Close
            | Self::AuctionStart
            | Self::AuctionEnd
            | Self::BreakStart
            | Self::BreakEnd
            | Self::Funding => false,
        }
    }

    /// From its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for AnchorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The orders that auctions know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AuctionOrder {
    /// Market on close.
    Moc,
    /// Limit on close.
    Loc,
    /// Market on open.
    Moo,
    /// Limit on open.
    Loo,
}

/// What is to be done with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Sent new.
    Entry,
    /// Taken back.
    Cancel,
    /// Made smaller.
    Reduce,
}

/// What an offset counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Base {
    /// The day's first open.
    Open,
    /// The day's last close.
    Close,
    /// The beginning of the day's pause.
    BreakStart,
    /// The end of the day's pause.
    BreakEnd,
    /// Midnight UTC of the trade date.
    Midnight,
}

/// A rule such as `close - 10m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    /// Counted from here,
    pub base: Base,
    /// by so many seconds; negative is before it.
    pub secs: i32,
}

impl Offset {
    /// The instant on a day; none where the day has no such base.
    pub fn on(self, day: &TradingDay) -> Option<Timestamp> {
        let sessions = day.sessions();
        let base = match self.base {
            Base::Open => day.open(),
            Base::Close => day.close(),
            Base::BreakStart => sessions.get(1).map(|_| sessions[0].close)?,
            Base::BreakEnd => sessions.get(1)?.open,
            Base::Midnight => midnight(day),
        };
        let at = base.checked_add(SignedDuration::from_secs(i64::from(self.secs)));
        Some(at.expect("a session lies centuries away from the limits of a timestamp"))
    }
}

fn midnight(day: &TradingDay) -> Timestamp {
    let midnight = day.date().to_zoned(TimeZone::UTC);
    midnight.expect("every date of a calendar begins in UTC").timestamp()
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.base {
            Base::Open => "open",
            Base::Close => "close",
            Base::BreakStart => "break_start",
            Base::BreakEnd => "break_end",
            Base::Midnight => "midnight UTC",
        })?;
        let sign = if self.secs < 0 { '-' } else { '+' };
        let secs = self.secs.unsigned_abs();
        match (secs / 60, secs % 60) {
            (0, 0) => Ok(()),
            (0, seconds) => write!(f, " {sign} {seconds}s"),
            (minutes, 0) if minutes % 60 == 0 => write!(f, " {sign} {}h", minutes / 60),
            (minutes, 0) => write!(f, " {sign} {minutes}m"),
            (minutes, seconds) => write!(f, " {sign} {minutes}m{seconds}s"),
        }
    }
}

/// Who states a cutoff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// The listing exchange.
    Exchange,
    /// The broker.
    Broker,
}

impl Party {
    /// The word for people and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exchange => "exchange",
            Self::Broker => "broker",
        }
    }
}

/// What one party states for one anchor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The instant on this day.
    pub at: Timestamp,
    /// The rule.
    pub rule: Offset,
    /// Where it is written.
    pub source: Cow<'static, str>,
    /// Whether the party's own text was read; if not, the value is a careful assumption.
    pub verified: bool,
    /// The trade date from which on the rule is in force, as far as it is known.
    pub since: Option<Date>,
}

/// One anchor of one trade date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Which one.
    pub kind: AnchorKind,
    /// For which listing.
    pub listing: Listing,
    /// The instant: the earlier of the two below.
    pub at: Timestamp,
    /// The rule behind it.
    pub rule: Offset,
    /// Whose rule it is; the exchange's if both agree.
    pub decided_by: Party,
    /// What the exchange accepts; of an unknown listing, the earliest of all exchanges.
    pub exchange: Stated,
    /// What the broker promises, where it states anything.
    pub broker: Option<Stated>,
}

impl Anchor {
    /// The n-th anchor of a kind, or nothing where the venue knows no such thing.
    pub(crate) fn of(
        day: &TradingDay,
        venue: &'static Venue,
        kind: AnchorKind,
        listing: Listing,
        nth: usize,
    ) -> Option<Self> {
        if nth > 0 && kind != AnchorKind::Funding {
            return None;
        }
        let (exchange, broker) = match kind {
            AnchorKind::Open => (hours(day, Base::Open)?, None),
            AnchorKind::Close => (hours(day, Base::Close)?, None),
            AnchorKind::BreakStart => (hours(day, Base::BreakStart)?, None),
            AnchorKind::BreakEnd => (hours(day, Base::BreakEnd)?, None),
            AnchorKind::AuctionStart | AnchorKind::AuctionEnd => (auction(day, venue, kind)?, None),
            AnchorKind::Funding => (funding(day, venue, nth)?, None),
            AnchorKind::MocEntry
            | AnchorKind::LocEntry
            | AnchorKind::OnCloseCancel
            | AnchorKind::MooEntry
            | AnchorKind::LooEntry
            | AnchorKind::OnOpenCancel => cutoff(day, venue, kind, listing)?,
        };
        let (decisive, decided_by) = match &broker {
            Some(broker) if broker.at < exchange.at => (broker, Party::Broker),
            _ => (&exchange, Party::Exchange),
        };
        let (at, rule) = (decisive.at, decisive.rule);
        Some(Self { kind, listing, at, rule, decided_by, exchange, broker })
    }

    /// Whether it is too late at this instant; at the anchor's own instant it is.
    pub fn is_past(&self, instant: Timestamp) -> bool {
        instant >= self.at
    }

    /// The source of the deciding rule, and a warning where it rests on an assumption.
    pub fn source(&self) -> String {
        let decisive = match self.decided_by {
            Party::Exchange => &self.exchange,
            Party::Broker => self.broker.as_ref().expect("the broker decides only where it states something"),
        };
        let mut text = decisive.source.to_string();
        if !decisive.verified {
            text.push_str(" (assumed)");
        }
        if self.kind.is_cutoff() && self.listing == Listing::Unknown {
            text.push_str("; listing venue unknown: the earliest cutoff of all venues");
        }
        text
    }
}

fn hours(day: &TradingDay, base: Base) -> Option<Stated> {
    let rule = Offset { base, secs: 0 };
    let at = rule.on(day)?;
    Some(Stated { at, rule, source: day.source_cow(), verified: day.is_verified(), since: None })
}

fn auction(day: &TradingDay, venue: &'static Venue, kind: AnchorKind) -> Option<Stated> {
    let auction = (venue.auction)(day.date())?;
    let secs = if kind == AnchorKind::AuctionStart { auction.start } else { auction.end };
    let rule = Offset { base: Base::Close, secs };
    let at = rule.on(day)?;
    Some(Stated { at, rule, source: auction.source.into(), verified: true, since: None })
}

fn funding(day: &TradingDay, venue: &'static Venue, nth: usize) -> Option<Stated> {
    let hour = venue.funding.get(nth)?;
    let rule = Offset { base: Base::Midnight, secs: i32::from(*hour) * 3600 };
    let source = "the default of perpetual swaps: every eight hours; the instrument's own times count";
    Some(Stated { at: rule.on(day)?, rule, source: source.into(), verified: false, since: None })
}

/// An unknown listing is treated as all listings at once: the earliest exchange and the earliest broker rule.
fn cutoff(
    day: &TradingDay,
    venue: &'static Venue,
    kind: AnchorKind,
    listing: Listing,
) -> Option<(Stated, Option<Stated>)> {
    let one = [listing];
    let listings = if listing == Listing::Unknown { Listing::KNOWN } else { &one };
    let stated = |rule: &Rule| {
        Some(Stated {
            at: rule.offset.on(day)?,
            rule: rule.offset,
            source: rule.source.into(),
            verified: rule.verified,
            since: rule.since,
        })
    };
    let earlier = |earliest: Option<Stated>, next: Option<Stated>| match (earliest, next) {
        (Some(earliest), Some(next)) if next.at < earliest.at => Some(next),
        (earliest @ Some(_), _) => earliest,
        (None, next) => next,
    };
    let (mut exchange, mut broker) = (None, None);
    for rule in listings.iter().filter_map(|listing| (venue.cutoff)(kind, *listing, day.date())) {
        exchange = earlier(exchange, stated(&rule.exchange));
        broker = earlier(broker, rule.broker.as_ref().and_then(stated));
    }
    Some((exchange?, broker))
}
