//! Venues that never close: a session is a UTC day. There are no auctions.

use jiff::civil::{Date, date};

use super::{DayPlan, Hours, Venue, Wall};

pub(super) const ALWAYS_OPEN_247: Venue = Venue {
    name: "ALWAYS_OPEN_247",
    zone: "UTC",
    valid_from: date(1993, 1, 1),
    valid_through: date(2099, 12, 31),
    trade_date_rolls_at: None,
    plan: every_day,
    cutoff: |_, _, _| None,
    auction: |_| None,
    // Per instrument where the venue says otherwise; these are what perpetual swaps have by default.
    funding: &[0, 8, 16],
};

const MIDNIGHT_TO_MIDNIGHT: &[Hours] =
    &[Hours { open: Wall { day: 0, hour: 0, minute: 0 }, close: Wall { day: 1, hour: 0, minute: 0 } }];

fn every_day(_date: Date) -> DayPlan {
    DayPlan::Open {
        hours: MIDNIGHT_TO_MIDNIGHT,
        early: None,
        source: "by definition: every UTC day from midnight to midnight",
        verified: true,
    }
}
