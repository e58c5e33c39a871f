//! Venues outside of the US whose days are tables: their closing auctions, and until when orders for them
//! are taken.
//!
//! No text of the broker about cutoffs outside of the US was read. Until one is, the widest cutoff of the US
//! stands in, and says so.

use jiff::civil::{Date, date, time};

use super::tables;
use super::{Auction, CutoffRule, Rule, Venue};
use crate::anchor::{AnchorKind, Base, Offset};
use crate::listing::Listing;

/// All tables end here: what is known of later years are rules, and no announcement was compared.
const VALID_THROUGH: Date = date(2027, 12, 31);

pub(super) const XETR: Venue = Venue {
    cutoff: |kind, listing, _| cutoff(kind, listing, Listing::Xetra),
    auction: |_| {
        Some(call_auction(
            0,
            300,
            "Xetra closing auction: call from the close on, price from 17:35 of a full day",
        ))
    },
    ..table_venue("XETR", "Europe/Berlin", date(1998, 1, 1), |day| tables::XETR.plan(day))
};
pub(super) const XPAR: Venue = Venue {
    cutoff: |kind, listing, _| cutoff(kind, listing, Listing::Paris),
    auction: |_| Some(call_auction(0, 300, EURONEXT_AUCTION)),
    ..table_venue("XPAR", "Europe/Paris", date(1993, 1, 1), |day| tables::XPAR.plan(day))
};
pub(super) const XAMS: Venue = Venue {
    cutoff: |kind, listing, _| cutoff(kind, listing, Listing::Amsterdam),
    auction: |_| Some(call_auction(0, 300, EURONEXT_AUCTION)),
    ..table_venue("XAMS", "Europe/Amsterdam", date(1993, 1, 1), |day| tables::XAMS.plan(day))
};
pub(super) const XSWX: Venue = Venue {
    cutoff: |kind, listing, _| cutoff(kind, listing, Listing::Swiss),
    auction: |_| {
        Some(call_auction(0, 600, "SIX closing auction: ten minutes from the close of continuous trading on"))
    },
    ..table_venue("XSWX", "Europe/Zurich", date(1996, 8, 2), |day| tables::XSWX.plan(day))
};
pub(super) const XTSE: Venue = Venue {
    cutoff: |kind, listing, _| cutoff(kind, listing, Listing::Toronto),
    auction: |_| Some(call_auction(0, 0, "TSX market on close: at the close")),
    ..table_venue("XTSE", "America/Toronto", date(1993, 1, 1), |day| tables::XTSE.plan(day))
};
pub(super) const XTKS: Venue = Venue {
    cutoff: |kind, listing, _| cutoff(kind, listing, Listing::Tokyo),
    auction: |day| {
        Some(if day >= date(2024, 11, 5) {
            call_auction(-300, 0, "TSE closing call from 15:25 to 15:30 since 2024-11-05")
        } else {
            call_auction(0, 0, "TSE: the close itself until 2024-11-01")
        })
    },
    ..table_venue("XTKS", "Asia/Tokyo", date(1993, 1, 1), |day| tables::XTKS.plan(day))
};
pub(super) const XHKG: Venue = Venue {
    cutoff: |kind, listing, _| cutoff(kind, listing, Listing::HongKong),
    auction: |day| {
        let source = "HKEX closing auction: from the close on, random end from 16:08 of a full day";
        (day >= date(2016, 7, 25)).then(|| call_auction(0, 480, source))
    },
    ..table_venue("XHKG", "Asia/Hong_Kong", date(1993, 1, 1), |day| tables::XHKG.plan(day))
};
pub(super) const XASX: Venue = Venue {
    cutoff: |kind, listing, _| cutoff(kind, listing, Listing::Sydney),
    auction: |_| {
        Some(call_auction(0, 600, "ASX pre-auction from the close on, auction from 16:10 of a full day"))
    },
    ..table_venue("XASX", "Australia/Sydney", date(1993, 1, 1), |day| tables::XASX.plan(day))
};
pub(super) const CMEGLOBEX_EQ: Venue = Venue {
    // The trade date is the day of the close; the evening's open belongs to the next one.
    trade_date_rolls_at: Some(time(17, 0, 0, 0)),
    ..table_venue("CMEGLOBEX_EQ", "America/Chicago", date(2000, 1, 1), |day| tables::CMEGLOBEX_EQ.plan(day))
};

const EURONEXT_AUCTION: &str = "Euronext closing auction: call from the close on, uncrossing from 17:35 of a full day, at random within 30 s";
const CALL: &str = "taken as the beginning of the closing auction's call; the venue's rule was not read";
const TORONTO: &str = "TSX market on close: its rule was not read, the older cutoff of 15:40 was taken";
const OPENING: &str = "the venue's rule for its opening auction was not read: ten minutes before the open";
const IBKR_NOT_READ: &str =
    "no text of IBKR for this venue was read: the widest that it states for the US, close - 10m";

const fn table_venue(
    name: &'static str,
    zone: &'static str,
    from: Date,
    plan: fn(Date) -> super::DayPlan,
) -> Venue {
    Venue {
        name,
        zone,
        valid_from: from,
        valid_through: VALID_THROUGH,
        trade_date_rolls_at: None,
        plan,
        cutoff: |_, _, _| None,
        auction: |_| None,
        funding: &[],
    }
}

/// A closing auction from so many seconds after the close to so many, its earliest end.
pub(super) const fn call_auction(start: i32, end: i32, source: &'static str) -> Auction {
    Auction { start, end, source }
}

/// The same for all of them: nobody's text was read.
pub(super) fn cutoff(kind: AnchorKind, listing: Listing, home: Listing) -> Option<CutoffRule> {
    if listing != home {
        return None;
    }
    let rule =
        |base, secs, source| Rule { offset: Offset { base, secs }, source, verified: false, since: None };
    match kind {
        AnchorKind::MocEntry | AnchorKind::LocEntry | AnchorKind::OnCloseCancel => {
            let exchange = match home {
                Listing::Toronto => rule(Base::Close, -1200, TORONTO),
                _ => rule(Base::Close, 0, CALL),
            };
            Some(CutoffRule { exchange, broker: Some(rule(Base::Close, -600, IBKR_NOT_READ)) })
        }
        AnchorKind::MooEntry | AnchorKind::LooEntry | AnchorKind::OnOpenCancel => {
            Some(CutoffRule { exchange: rule(Base::Open, -600, OPENING), broker: None })
        }
        AnchorKind::Open
        | AnchorKind::Close
        | AnchorKind::AuctionStart
        | AnchorKind::AuctionEnd
        | AnchorKind::BreakStart
        | AnchorKind::BreakEnd
        | AnchorKind::Funding => None,
    }
}

#[cfg(test)]
mod tests {
    use super::tables::Table;
    use super::*;

    #[test]
    fn every_table_has_a_row_for_every_year_of_its_venue() {
        let all: [(&Venue, &Table); 9] = [
            (&XETR, tables::XETR),
            (&XPAR, tables::XPAR),
            (&XAMS, tables::XAMS),
            (&XSWX, tables::XSWX),
            (&XTSE, tables::XTSE),
            (&XTKS, tables::XTKS),
            (&XHKG, tables::XHKG),
            (&XASX, tables::XASX),
            (&CMEGLOBEX_EQ, tables::CMEGLOBEX_EQ),
        ];
        for (venue, table) in all {
            assert_eq!(table.first_year, venue.valid_from.year(), "{}", venue.name);
            assert_eq!(table.regimes[0].from, venue.valid_from, "{}", venue.name);
            let years = venue.valid_through.year() - venue.valid_from.year() + 1;
            assert_eq!(i16::try_from(table.years.len()), Ok(years), "{}", venue.name);
        }
    }
}
