//! Trading sessions, early closes and auction cutoffs.
//!
//! Owns: which dates are sessions and why the others are not, the instants at which they open and close,
//! the last instants for on-close and on-open orders with the source of each, the trade date of an
//! instant, and the broker's own text form of trading hours.
//!
//! Invariants: a date outside a calendar's range is an error, never "open" and never "closed". An interval
//! contains its open and does not contain its close; a cutoff is already too late at its own instant. No
//! clock time stands for the close: everything is an offset from that day's open or close.
//!
//! Does not own: the present time, what really happens on a day (late openings, halts; a calendar says what
//! is scheduled), and the choice of a listing venue for an instrument.

mod amendment;
mod anchor;
mod calendar;
mod civil;
mod day;
mod dispute;
mod export;
mod hours;
mod index;
mod listing;
mod rules;
mod zone;

pub use amendment::{Amendment, Announcement, Change};
pub use anchor::{Action, Anchor, AnchorKind, AuctionOrder, Base, Offset, Party, Stated};
pub use calendar::{Calendar, CalendarError, Moment, SessionState};
pub use civil::{Choice, CivilError, Policy, instant};
pub use day::{Closure, ClosureKind, DayKind, Interval, TradingDay};
pub use dispute::{Difference, Dispute};
pub use export::{export_header, export_row};
pub use hours::{HoursError, ListedDay, format_liquid_hours, liquid_hours, past_schedule};
pub use index::AnchorIndex;
pub use listing::Listing;
pub use zone::{UnknownZone, prefer_zones, zone};
