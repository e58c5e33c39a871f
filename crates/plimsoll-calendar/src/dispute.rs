//! Where somebody else's list of trading hours and the calendar differ.
//!
//! Owns: the comparison of a broker's list with a calendar, and what follows for a day on which they differ. The most
//! restrictive source wins, so a list that takes trading time away becomes an [`Amendment`]; one that adds some
//! changes nothing. Whether anybody may trade on such a day, and who is told, is not decided here.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::amendment::{Amendment, Change};
use crate::calendar::{Calendar, CalendarError};
use crate::day::{Interval, TradingDay};
use crate::hours::ListedDay;

/// A list may include the auctions before and after continuous trading. Trading time that exceeds ours by no more
/// than this at either end is no difference; the shortest early close takes an hour away.
const AUCTION: SignedDuration = SignedDuration::from_mins(30);

/// One trade date of which the list says something else than the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// The trade date.
    pub date: Date,
    /// What is different.
    pub difference: Difference,
    zone: TimeZone,
}

/// How a list differs from the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// The list has the day closed, the calendar has a session.
    ListedClosed,
    /// The list has hours, the calendar has the day closed.
    ListedOpen,
    /// The list ends before the calendar's close.
    ClosesEarlier {
        /// By the list.
        listed: Timestamp,
        /// By the calendar.
        ours: Timestamp,
    },
    /// The list goes on after the calendar's close.
    ClosesLater {
        /// By the list.
        listed: Timestamp,
        /// By the calendar.
        ours: Timestamp,
    },
    /// The list begins after the calendar's open.
    OpensLater {
        /// By the list.
        listed: Timestamp,
        /// By the calendar.
        ours: Timestamp,
    },
    /// The list begins before the calendar's open.
    OpensEarlier {
        /// By the list.
        listed: Timestamp,
        /// By the calendar.
        ours: Timestamp,
    },
}

impl Dispute {
    /// What makes the calendar as narrow as the list; none where the calendar is the narrower of the two.
    pub fn amendment(&self, source: &str) -> Option<Amendment> {
        let civil = |at: Timestamp| self.zone.to_datetime(at).time();
        let change = match self.difference {
            Difference::ListedClosed => Change::Closed,
            Difference::ClosesEarlier { listed, .. } => Change::EarlyClose(civil(listed)),
            Difference::OpensLater { listed, .. } => Change::LateOpen(civil(listed)),
            Difference::ListedOpen | Difference::ClosesLater { .. } | Difference::OpensEarlier { .. } => {
                return None;
            }
        };
        let name = self.to_string().into();
        Some(Amendment { change, name, source: source.into(), force: false })
    }
}

impl fmt::Display for Dispute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = |at: Timestamp| Minute(self.zone.to_datetime(at).time());
        match self.difference {
            Difference::ListedClosed => write!(f, "listed as closed, open by the calendar"),
            Difference::ListedOpen => write!(f, "listed as open, closed by the calendar"),
            Difference::ClosesEarlier { listed, ours } | Difference::ClosesLater { listed, ours } => {
                write!(f, "listed as closing at {}, at {} by the calendar", civil(listed), civil(ours))
            }
            Difference::OpensLater { listed, ours } | Difference::OpensEarlier { listed, ours } => {
                write!(f, "listed as opening at {}, at {} by the calendar", civil(listed), civil(ours))
            }
        }
    }
}

/// `13:00`, and the seconds only where there are any.
struct Minute(Time);

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = if self.0.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
        write!(f, "{}", self.0.strftime(form))
    }
}

impl Calendar {
    /// Every trade date from `from` on of which the list says something else. A day that is not listed is not
    /// compared: "closed" and "not listed" are two different answers. A day can differ at both its ends.
    pub fn disputes(&self, listed: &[ListedDay], from: Date) -> Result<Vec<Dispute>, CalendarError> {
        let mut disputes = Vec::new();
        for (date, sessions) in self.by_trade_date(listed) {
            if date < from {
                continue;
            }
            let differences = match (self.session(date)?, sessions.as_slice()) {
                (None, []) => Vec::new(),
                (Some(_), []) => vec![Difference::ListedClosed],
                (None, _) => vec![Difference::ListedOpen],
                (Some(day), sessions) => ends(&day, sessions),
            };
            let zone = self.zone();
            disputes.extend(differences.into_iter().map(|difference| Dispute {
                date,
                difference,
                zone: zone.clone(),
            }));
        }
        Ok(disputes)
    }

    /// The list by trade date, which is the venue's date at the end of a session; a list names a session that crosses
    /// midnight by the date on which it begins.
    fn by_trade_date(&self, listed: &[ListedDay]) -> Vec<(Date, Vec<Interval>)> {
        let mut days: BTreeMap<Date, Vec<Interval>> = BTreeMap::new();
        for session in listed.iter().flat_map(|day| &day.sessions) {
            let last = session.close.saturating_sub(1.nanosecond()).unwrap_or(session.close);
            days.entry(self.zone().to_datetime(last).date()).or_default().push(*session);
        }
        for day in listed.iter().filter(|day| day.is_closed()) {
            days.entry(day.date).or_default();
        }
        days.into_iter().collect()
    }
}

/// What differs at the two ends of a session. Breaks are left aside.
fn ends(day: &TradingDay, listed: &[Interval]) -> Vec<Difference> {
    let open = listed.iter().map(|s| s.open).min().unwrap_or(day.open());
    let close = listed.iter().map(|s| s.close).max().unwrap_or(day.close());
    let (our_open, our_close) = (day.open(), day.close());
    let mut differences = Vec::new();
    if open > our_open {
        differences.push(Difference::OpensLater { listed: open, ours: our_open });
    } else if our_open.duration_since(open) > AUCTION {
        differences.push(Difference::OpensEarlier { listed: open, ours: our_open });
    }
    if close < our_close {
        differences.push(Difference::ClosesEarlier { listed: close, ours: our_close });
    } else if close.duration_since(our_close) > AUCTION {
        differences.push(Difference::ClosesLater { listed: close, ours: our_close });
    }
    differences
}
