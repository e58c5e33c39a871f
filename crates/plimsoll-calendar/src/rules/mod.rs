//! What the venues' own rules say. A venue is one file of rules and one line in [`VENUES`].
//!
//! Rules are functions of a date; nothing here knows an instant or the present.

mod always_open;
mod dates;
mod elsewhere;
mod london;
mod tables;
mod us;
mod us_cutoffs;

use jiff::civil::Date;

use crate::anchor::{AnchorKind, Offset};
use crate::day::{Closure, ClosureKind};
use crate::listing::Listing;

/// Every calendar by its name.
pub(crate) const VENUES: &[&Venue] = &[
    &us::XNYS,
    &us::XNAS,
    &us::ARCX,
    &us::XASE,
    &us::BATS,
    &london::XLON,
    &elsewhere::XETR,
    &elsewhere::XPAR,
    &elsewhere::XAMS,
    &elsewhere::XSWX,
    &elsewhere::XTSE,
    &elsewhere::XTKS,
    &elsewhere::XHKG,
    &elsewhere::XASX,
    &elsewhere::CMEGLOBEX_EQ,
    &always_open::ALWAYS_OPEN_247,
];

/// A venue's rules.
#[derive(Debug)]
pub(crate) struct Venue {
    /// `XNYS`.
    pub name: &'static str,
    /// The zone of all civil times below.
    pub zone: &'static str,
    /// The first date that the rules cover.
    pub valid_from: Date,
    /// The last date that the rules cover.
    pub valid_through: Date,
    /// From this civil time on, the trade date is that of the next day; none: the civil date.
    pub trade_date_rolls_at: Option<jiff::civil::Time>,
    /// What a date within the range is.
    pub plan: fn(Date) -> DayPlan,
    /// The last instants for auction orders, as in force on a date; none where there is no auction.
    pub cutoff: fn(AnchorKind, Listing, Date) -> Option<CutoffRule>,
    /// The closing auction of a date, where the venue has one.
    pub auction: fn(Date) -> Option<Auction>,
    /// The hours of the day, in UTC, at which funding is exchanged unless an instrument says otherwise.
    pub funding: &'static [u8],
}

/// What the rules say about one date.
#[derive(Debug)]
pub(crate) enum DayPlan {
    /// A session.
    Open {
        /// Its intervals.
        hours: &'static [Hours],
        /// Why it is shorter than usual.
        early: Option<&'static str>,
        /// Who says that these are its hours.
        source: &'static str,
        /// Whether that is more than a careful assumption.
        verified: bool,
    },
    /// No session.
    Closed(Closure),
}

impl DayPlan {
    fn closed(kind: ClosureKind, named: Named) -> Self {
        Self::Closed(Closure { kind, name: named.name.into(), source: named.source.into() })
    }
}

/// A name and its source.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named {
    /// What it is called.
    pub name: &'static str,
    /// Who says so.
    pub source: &'static str,
}

/// One interval in civil time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hours {
    /// When it begins.
    pub open: Wall,
    /// When it ends.
    pub close: Wall,
}

/// A civil time relative to a trade date; sessions over midnight need the day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wall {
    /// Days after the trade date; -1 is the evening before.
    pub day: i8,
    /// The hour.
    pub hour: i8,
    /// The minute.
    pub minute: i8,
}

/// A closing auction, in seconds after the close of continuous trading.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Auction {
    /// When its call begins; negative where it takes the end of the session.
    pub start: i32,
    /// When it ends at the earliest.
    pub end: i32,
    /// Where it is written.
    pub source: &'static str,
}

/// A cutoff as exchange and broker state it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CutoffRule {
    /// The listing exchange's.
    pub exchange: Rule,
    /// The broker's, where it states one.
    pub broker: Option<Rule>,
}

/// One party's rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// The rule.
    pub offset: Offset,
    /// Where it is written.
    pub source: &'static str,
    /// Whether that text was read.
    pub verified: bool,
    /// In force from this trade date on, as far as it is known.
    pub since: Option<Date>,
}
