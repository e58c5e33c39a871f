//! What the venues' own rules say. A venue is one file of rules and one line in [`VENUES`].
//!
//! Rules are functions of a date; nothing here knows an instant or the present.

mod always_open;
mod dates;
mod us;
mod us_cutoffs;

use jiff::civil::Date;

use crate::anchor::{AnchorKind, Listing, Offset};
use crate::day::{Closure, ClosureKind};

/// Every calendar by its name.
pub(crate) const VENUES: &[&Venue] =
    &[&us::XNYS, &us::XNAS, &us::ARCX, &us::XASE, &us::BATS, &always_open::ALWAYS_OPEN_247];

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
    /// Who says that these are the regular hours.
    pub hours_source: &'static str,
    /// The last instants for auction orders; none where there is no auction.
    pub cutoff: fn(AnchorKind, Listing) -> Option<CutoffRule>,
}

/// What the rules say about one date.
#[derive(Debug)]
pub(crate) enum DayPlan {
    /// A session.
    Open {
        /// Its intervals.
        hours: &'static [Hours],
        /// Why it is shorter than usual, and who says so.
        early: Option<Named>,
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
}
