//! Until when on-close and on-open orders are accepted, by listing venue.
//!
//! The exchanges' and the broker's texts name clock times for a full day. NYSE Rule 7.35(a)(8) and Regulatory
//! Memo RM-26-03 say that the freeze moves with an early close; for the others, reading the same distances
//! as offsets is the cautious way.

use super::{CutoffRule, Rule};
use crate::anchor::{AnchorKind, Base, Listing, Offset};

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
const NYSE_OPEN: &str = "NYSE auctions fact sheet: until the stock is opened, which may be after the open";
const NASDAQ_OPEN: &str = "Nasdaq Rule 4752: before 09:28; later limit orders are re-priced";
const ARCA_OPEN: &str =
    "NYSE Arca trading information: freeze from 09:29; entry not read, taken as the freeze";
const AMERICAN_OPEN: &str = "NYSE American: cutoff not read, taken as Nasdaq's";
const BATS_OPEN: &str = "Cboe BZX: cutoff not read, taken as Nasdaq's";
const IBKR_OPEN: &str = "IBKR order type page Market-on-Open: Nasdaq before 09:28";

/// The rule for an anchor and a known listing; none for `open`, `close` and an unknown listing.
pub(super) fn cutoff(kind: AnchorKind, listing: Listing) -> Option<CutoffRule> {
    match kind {
        AnchorKind::MocEntry | AnchorKind::LocEntry | AnchorKind::OnCloseCancel => on_close(kind, listing),
        AnchorKind::MooEntry | AnchorKind::LooEntry => on_open(listing),
        AnchorKind::Open | AnchorKind::Close => None,
    }
}

fn on_close(kind: AnchorKind, listing: Listing) -> Option<CutoffRule> {
    let ten_minutes = |source| read(Base::Close, 600, source);
    Some(match (listing, kind) {
        (Listing::Nyse, _) => both(ten_minutes(NYSE_CLOSE), ten_minutes(IBKR_CLOSE)),
        (Listing::Nasdaq, AnchorKind::OnCloseCancel) => {
            both(ten_minutes(NASDAQ_CANCEL), ten_minutes(IBKR_NASDAQ_CANCEL))
        }
        (Listing::Nasdaq, AnchorKind::LocEntry) => {
            both(read(Base::Close, 120, NASDAQ_LOC), read(Base::Close, 300, IBKR_NASDAQ))
        }
        (Listing::Nasdaq, _) => both(read(Base::Close, 300, NASDAQ_MOC), read(Base::Close, 300, IBKR_NASDAQ)),
        // The exchange takes orders nine minutes longer than the broker promises to.
        (Listing::Arca, _) => both(assumed(Base::Close, 60, ARCA_CLOSE), ten_minutes(IBKR_CLOSE)),
        (Listing::American, _) => both(assumed(Base::Close, 600, AMERICAN_CLOSE), ten_minutes(IBKR_CLOSE)),
        (Listing::Bats, _) => {
            both(assumed(Base::Close, 600, BATS_CLOSE), assumed(Base::Close, 600, IBKR_BATS))
        }
        (Listing::Unknown, _) => return None,
    })
}

fn on_open(listing: Listing) -> Option<CutoffRule> {
    let alone = |exchange| CutoffRule { exchange, broker: None };
    Some(match listing {
        Listing::Nyse => alone(read(Base::Open, 0, NYSE_OPEN)),
        Listing::Nasdaq => both(read(Base::Open, 120, NASDAQ_OPEN), read(Base::Open, 120, IBKR_OPEN)),
        Listing::Arca => alone(assumed(Base::Open, 60, ARCA_OPEN)),
        Listing::American => alone(assumed(Base::Open, 120, AMERICAN_OPEN)),
        Listing::Bats => alone(assumed(Base::Open, 120, BATS_OPEN)),
        Listing::Unknown => return None,
    })
}

const fn both(exchange: Rule, broker: Rule) -> CutoffRule {
    CutoffRule { exchange, broker: Some(broker) }
}

/// A rule whose text was read.
const fn read(base: Base, before_secs: u32, source: &'static str) -> Rule {
    Rule { offset: Offset { base, before_secs }, source, verified: true }
}

/// A rule that is known at second hand or chosen for safety.
const fn assumed(base: Base, before_secs: u32, source: &'static str) -> Rule {
    Rule { offset: Offset { base, before_secs }, source, verified: false }
}
