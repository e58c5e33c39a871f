//! Until when on-close and on-open orders are accepted, by listing venue.
//!
//! The exchanges' and the broker's texts name clock times for a full day. NYSE Rule 7.35(a)(8) and Regulatory
//! Memo RM-26-03 say that the freeze moves with an early close; for the others, reading the same distances
//! as offsets is the cautious way.
//!
//! Rules of the past are kept with the dates from which later ones are in force; where only the year of a
//! change is known, the stricter rule is kept until its end.

use jiff::civil::{Date, date};

use super::{CutoffRule, Rule};
use crate::anchor::{AnchorKind, Base, Offset};
use crate::listing::Listing;

const NYSE_CLOSE: &str = "NYSE Rules 7.31(c), 7.35(a)(8), 7.35B(f); Regulatory Memo RM-26-03";
const NASDAQ_MOC: &str = "Nasdaq Rule 4702(b)(11); SEC 34-84454";
const NASDAQ_LOC: &str = "Nasdaq Rule 4702(b)(12); from close - 5m re-priced to the reference price";
const NASDAQ_CANCEL: &str = "Nasdaq Rule 4702(b)(11)-(12); SEC 34-86642";
const ARCA_CLOSE: &str =
    "NYSE Arca trading information, dated public cross-check; after it only offsetting orders";
const AMERICAN_CLOSE: &str = "NYSE American: cutoff not read, taken as NYSE's";
const BATS_CLOSE: &str = "Cboe BZX Rule 11.23: cutoff not read, taken as NYSE's";
const IBKR_CLOSE: &str =
    "IBKR order type page Market-on-Close: NYSE, NYSE American and NYSE Arca by 15:50 of a full day";
const IBKR_NASDAQ: &str = "IBKR order type page Market-on-Close: Nasdaq by 15:55 of a full day";
const IBKR_NASDAQ_CANCEL: &str =
    "IBKR order type page Market-on-Close: Nasdaq, no cancel after 15:50 of a full day";
const IBKR_BATS: &str = "IBKR names no time for Cboe BZX: taken as for NYSE";
const OLD_CLOSE: &str =
    "the exchange's cutoff of that time: 15:40 of a full day until 2009, 15:45 until 2019";
const OLD_NASDAQ: &str = "Nasdaq's cutoff until SEC 34-84454 (2018-10-19): 15:50 of a full day";
const OLD_IBKR: &str = "IBKR's cutoff of that time was not read: taken as the exchange's";
const NYSE_OPEN: &str = "NYSE auctions fact sheet: until the stock is opened, which may be after the open";
const NASDAQ_OPEN: &str = "Nasdaq Rule 4752: before 09:28; later limit orders are re-priced";
const ARCA_OPEN: &str =
    "NYSE Arca trading information: freeze from 09:29; entry not read, taken as the freeze";
const AMERICAN_OPEN: &str = "NYSE American: cutoff not read, taken as Nasdaq's";
const BATS_OPEN: &str = "Cboe BZX: cutoff not read, taken as Nasdaq's";
const NASDAQ_FREEZE: &str = "Nasdaq quick reference guide: opening orders are frozen from 09:25";
const OPEN_FREEZE: &str = "cutoff for cancels not read, taken as Nasdaq's freeze of 09:25";
const IBKR_OPEN: &str = "IBKR order type page Market-on-Open: Nasdaq before 09:28";

/// The rule for an anchor and a known listing on a trade date; none for the anchors of the day itself and an
/// unknown listing.
pub(super) fn cutoff(kind: AnchorKind, listing: Listing, day: Date) -> Option<CutoffRule> {
    match kind {
        AnchorKind::MocEntry | AnchorKind::LocEntry | AnchorKind::OnCloseCancel => match listing {
            Listing::Nasdaq => Some(nasdaq_close(kind, day)),
            Listing::Nyse | Listing::Arca | Listing::American | Listing::Bats => {
                Some(older_close(day).unwrap_or_else(|| close_today(listing)))
            }
            _ => None,
        },
        AnchorKind::MooEntry | AnchorKind::LooEntry => on_open(listing),
        AnchorKind::OnOpenCancel => open_freeze(listing),
        AnchorKind::Open
        | AnchorKind::Close
        | AnchorKind::AuctionStart
        | AnchorKind::AuctionEnd
        | AnchorKind::BreakStart
        | AnchorKind::BreakEnd
        | AnchorKind::Funding => None,
    }
}

/// In force since that date: NYSE's 15:50 came with SR-NYSE-2018-58, in the course of 2019.
const TEN_MINUTES_SINCE: Date = date(2020, 1, 1);
/// 15:45 came in the course of 2009 or 2010.
const FIFTEEN_MINUTES_SINCE: Date = date(2011, 1, 1);
/// 15:55 and 15:58 of Nasdaq were approved on 2018-10-19 and came some weeks later.
const NASDAQ_SINCE: Date = date(2019, 1, 1);

fn older_close(day: Date) -> Option<CutoffRule> {
    let before = |secs: i32, since| {
        let rule = |source| Rule { since, ..assumed(Base::Close, -secs, source) };
        Some(both(rule(OLD_CLOSE), rule(OLD_IBKR)))
    };
    match day {
        _ if day >= TEN_MINUTES_SINCE => None,
        _ if day >= FIFTEEN_MINUTES_SINCE => before(900, Some(FIFTEEN_MINUTES_SINCE)),
        _ => before(1200, None),
    }
}

/// NYSE and the markets that are held to its time.
fn close_today(listing: Listing) -> CutoffRule {
    let since = |rule| Rule { since: Some(TEN_MINUTES_SINCE), ..rule };
    let ibkr = since(read(Base::Close, -600, IBKR_CLOSE));
    match listing {
        // The exchange takes orders nine minutes longer than the broker promises to.
        Listing::Arca => both(assumed(Base::Close, -60, ARCA_CLOSE), ibkr),
        Listing::American => both(since(assumed(Base::Close, -600, AMERICAN_CLOSE)), ibkr),
        Listing::Bats => {
            both(since(assumed(Base::Close, -600, BATS_CLOSE)), assumed(Base::Close, -600, IBKR_BATS))
        }
        _ => both(since(read(Base::Close, -600, NYSE_CLOSE)), ibkr),
    }
}

fn nasdaq_close(kind: AnchorKind, day: Date) -> CutoffRule {
    let today = day >= NASDAQ_SINCE;
    let since = |rule| Rule { since: Some(NASDAQ_SINCE), ..rule };
    let broker = since(read(Base::Close, -300, IBKR_NASDAQ));
    match kind {
        AnchorKind::OnCloseCancel if today => {
            both(read(Base::Close, -600, NASDAQ_CANCEL), read(Base::Close, -600, IBKR_NASDAQ_CANCEL))
        }
        AnchorKind::LocEntry if today => both(since(read(Base::Close, -120, NASDAQ_LOC)), broker),
        _ if today => both(since(read(Base::Close, -300, NASDAQ_MOC)), broker),
        _ => both(assumed(Base::Close, -600, OLD_NASDAQ), assumed(Base::Close, -600, OLD_IBKR)),
    }
}

fn on_open(listing: Listing) -> Option<CutoffRule> {
    let alone = |exchange| CutoffRule { exchange, broker: None };
    Some(match listing {
        Listing::Nyse => alone(read(Base::Open, 0, NYSE_OPEN)),
        Listing::Nasdaq => both(read(Base::Open, -120, NASDAQ_OPEN), read(Base::Open, -120, IBKR_OPEN)),
        Listing::Arca => alone(assumed(Base::Open, -60, ARCA_OPEN)),
        Listing::American => alone(assumed(Base::Open, -120, AMERICAN_OPEN)),
        Listing::Bats => alone(assumed(Base::Open, -120, BATS_OPEN)),
        _ => return None,
    })
}

fn open_freeze(listing: Listing) -> Option<CutoffRule> {
    let exchange = match listing {
        Listing::Nyse => read(Base::Open, 0, NYSE_OPEN),
        Listing::Nasdaq => read(Base::Open, -300, NASDAQ_FREEZE),
        Listing::Arca => read(Base::Open, -60, ARCA_OPEN),
        Listing::American | Listing::Bats => assumed(Base::Open, -300, OPEN_FREEZE),
        _ => return None,
    };
    Some(CutoffRule { exchange, broker: None })
}

const fn both(exchange: Rule, broker: Rule) -> CutoffRule {
    CutoffRule { exchange, broker: Some(broker) }
}

/// A rule whose text was read.
const fn read(base: Base, secs: i32, source: &'static str) -> Rule {
    Rule { offset: Offset { base, secs }, source, verified: true, since: None }
}

/// A rule that is known at second hand or chosen for safety.
const fn assumed(base: Base, secs: i32, source: &'static str) -> Rule {
    Rule { offset: Offset { base, secs }, source, verified: false, since: None }
}
