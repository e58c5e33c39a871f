//! Trading hours as older gateways wrote them: `20150417:0400-2000;20150420:0400-2000` in `EST5EDT`.
//!
//! Owns the way from the present form to that one: two days, no dates within them, and a close that is not later than
//! its open is the next day's. The form and the name of New York's zone are those of recorded answers of 2015; the
//! name of Chicago's is assumed to be of the same kind.

use plimsoll_calendar::{ListedDay, liquid_hours};
use plimsoll_tws::message::ContractDetails;

use crate::market::hours::Hours;

/// How many days were listed.
const DAYS: usize = 2;

/// Rewrites what details say of hours.
pub(super) fn rewrite(details: &mut ContractDetails, hours: &Hours) {
    let old = |text: &str| {
        let days = liquid_hours(text, hours.zone()).expect("what the calendar wrote, it can read");
        let days: Vec<String> = days.iter().take(DAYS).map(|day| listed(day, hours)).collect();
        days.join(";")
    };
    details.trading_hours = (&*old(&details.trading_hours.to_str_lossy())).into();
    details.liquid_hours = (&*old(&details.liquid_hours.to_str_lossy())).into();
    let zone = if details.time_zone == "US/Central" { "CST6CDT" } else { "EST5EDT" };
    details.time_zone = zone.into();
}

fn listed(day: &ListedDay, hours: &Hours) -> String {
    let date = day.date.strftime("%Y%m%d");
    if day.is_closed() {
        return format!("{date}:CLOSED");
    }
    let clock = |at| hours.zone().to_datetime(at).strftime("%H%M").to_string();
    let spans = day.sessions.iter().map(|span| format!("{}-{}", clock(span.open), clock(span.close)));
    format!("{date}:{}", spans.collect::<Vec<_>>().join(","))
}
