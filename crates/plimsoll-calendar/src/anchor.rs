//! Anchors: the instants of a trade date that orders and jobs are measured against, each with its rule and
//! with who says so.
//!
//! A cutoff is the earlier of what the exchange accepts and what the broker promises. It is exclusive: at
//! the cutoff's own instant an order is too late.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::day::TradingDay;
use crate::rules::{Rule, Venue};

/// Where an instrument is listed; its auctions run there, wherever the order is routed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Listing {
    /// New York Stock Exchange.
    Nyse,
    /// Nasdaq.
    Nasdaq,
    /// NYSE Arca, home of SPY.
    Arca,
    /// NYSE American.
    American,
    /// Cboe BZX.
    Bats,
    /// Not known: every cutoff is the earliest of all venues.
    Unknown,
}

impl Listing {
    /// The listings that are known.
    pub const KNOWN: &[Self] = &[Self::Nyse, Self::Nasdaq, Self::Arca, Self::American, Self::Bats];

    /// From the word in the broker's `primaryExchange`.
    pub fn from_primary_exchange(word: &str) -> Self {
        match word {
            "NYSE" => Self::Nyse,
            // `ISLAND` is the broker's older word; `NASDAQ.NMS` and `NASDAQ.SCM` name Nasdaq's tiers.
            "NASDAQ" | "ISLAND" | "NASDAQ.NMS" | "NASDAQ.SCM" => Self::Nasdaq,
            "ARCA" => Self::Arca,
            "AMEX" => Self::American,
            "BATS" => Self::Bats,
            _ => Self::Unknown,
        }
    }

    /// The broker's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nyse => "NYSE",
            Self::Nasdaq => "NASDAQ",
            Self::Arca => "ARCA",
            Self::American => "AMEX",
            Self::Bats => "BATS",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

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
    ];

    /// The word in configuration and JSON, `moc_entry`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Close => "close",
            Self::MocEntry => "moc_entry",
            Self::LocEntry => "loc_entry",
            Self::OnCloseCancel => "on_close_cancel",
            Self::MooEntry => "moo_entry",
            Self::LooEntry => "loo_entry",
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

/// What an offset counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Base {
    /// The day's first open.
    Open,
    /// The day's last close.
    Close,
}

/// A rule such as `close - 10m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    /// Counted from here,
    pub base: Base,
    /// backwards by so many seconds.
    pub before_secs: u32,
}

impl Offset {
    /// The instant on a day.
    pub fn on(self, day: &TradingDay) -> Timestamp {
        let base = match self.base {
            Base::Open => day.open(),
            Base::Close => day.close(),
        };
        base.checked_sub(SignedDuration::from_secs(i64::from(self.before_secs)))
            .expect("a session lies centuries away from the limits of a timestamp")
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.base {
            Base::Open => "open",
            Base::Close => "close",
        })?;
        match (self.before_secs / 60, self.before_secs % 60) {
            (0, 0) => Ok(()),
            (0, seconds) => write!(f, " - {seconds}s"),
            (minutes, 0) => write!(f, " - {minutes}m"),
            (minutes, seconds) => write!(f, " - {minutes}m{seconds}s"),
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stated {
    /// The instant on this day.
    pub at: Timestamp,
    /// The rule.
    pub rule: Offset,
    /// Where it is written.
    pub source: &'static str,
    /// Whether the party's own text was read; if not, the value is a careful assumption.
    pub verified: bool,
}

/// One anchor of one trade date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// The anchor, or nothing where the venue knows no such thing.
    pub(crate) fn of(
        day: &TradingDay,
        venue: &'static Venue,
        kind: AnchorKind,
        listing: Listing,
    ) -> Option<Self> {
        let (exchange, broker) = match kind {
            AnchorKind::Open => (Self::hours(day, venue, Base::Open), None),
            AnchorKind::Close => (Self::hours(day, venue, Base::Close), None),
            AnchorKind::MocEntry
            | AnchorKind::LocEntry
            | AnchorKind::OnCloseCancel
            | AnchorKind::MooEntry
            | AnchorKind::LooEntry => Self::cutoff(day, venue, kind, listing)?,
        };
        let (decisive, decided_by) = match broker {
            Some(broker) if broker.at < exchange.at => (broker, Party::Broker),
            _ => (exchange, Party::Exchange),
        };
        Some(Self { kind, listing, at: decisive.at, rule: decisive.rule, decided_by, exchange, broker })
    }

    fn hours(day: &TradingDay, venue: &'static Venue, base: Base) -> Stated {
        let rule = Offset { base, before_secs: 0 };
        Stated { at: rule.on(day), rule, source: venue.hours_source, verified: true }
    }

    /// An unknown listing is treated as all listings at once: the earliest exchange and the earliest broker
    /// rule.
    fn cutoff(
        day: &TradingDay,
        venue: &'static Venue,
        kind: AnchorKind,
        listing: Listing,
    ) -> Option<(Stated, Option<Stated>)> {
        let listings = match listing {
            Listing::Unknown => Listing::KNOWN,
            Listing::Nyse | Listing::Nasdaq | Listing::Arca | Listing::American | Listing::Bats => &[listing],
        };
        let rules: Vec<_> = listings.iter().filter_map(|l| (venue.cutoff)(kind, *l)).collect();
        let stated = |rule: &Rule| Stated {
            at: rule.offset.on(day),
            rule: rule.offset,
            source: rule.source,
            verified: rule.verified,
        };
        let exchange = rules.iter().map(|r| stated(&r.exchange)).min_by_key(|s| s.at)?;
        let broker = rules.iter().filter_map(|r| r.broker.as_ref().map(stated)).min_by_key(|s| s.at);
        Some((exchange, broker))
    }

    /// Whether it is too late at this instant; at the anchor's own instant it is.
    pub fn is_past(&self, instant: Timestamp) -> bool {
        instant >= self.at
    }

    /// The source of the deciding rule, and a warning where it rests on an assumption.
    pub fn source(&self) -> String {
        let decisive = match self.decided_by {
            Party::Exchange => self.exchange,
            Party::Broker => self.broker.expect("the broker decides only where it states something"),
        };
        let mut text = decisive.source.to_owned();
        if !decisive.verified {
            text.push_str(" (assumed)");
        }
        let is_cutoff = !matches!(self.kind, AnchorKind::Open | AnchorKind::Close);
        if is_cutoff && self.listing == Listing::Unknown {
            text.push_str("; listing venue unknown: the earliest cutoff of all venues");
        }
        text
    }
}
