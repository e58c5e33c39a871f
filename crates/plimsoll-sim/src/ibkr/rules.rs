//! What TWS refuses at the door, before an order means anything.
//!
//! Owns the checks that need only the order itself: type, time in force, size, price steps. Codes and
//! texts are those of TWS as far as they are recorded; where a text is our own guess, the comment says
//! "assumed", and nothing may match on its wording.

use plimsoll_model::{OrdType, Price, TimeInForce};
use plimsoll_tws::Gate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::ibkr::entry::Entry;
use crate::ibkr::style::Style;
use crate::ibkr::trail::Moving;
use crate::ibkr::violation::Kind;
use crate::market::listing::{Listing, Product};

/// Why an order is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// TWS's code.
    pub(crate) code: i32,
    /// The text.
    pub(crate) text: String,
    /// The live rule that it breaks, where it is one.
    pub(crate) kind: Option<Kind>,
}

impl Refusal {
    pub(crate) fn new(code: i32, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), kind: None }
    }

    pub(crate) fn violating(self, kind: Kind) -> Self {
        Self { kind: Some(kind), ..self }
    }
}

/// An order's numbers in shares and cents.
#[derive(Debug, Clone)]
pub(crate) struct Numbers {
    /// How it works.
    pub(crate) style: Style,
    /// Shares.
    pub(crate) qty: i64,
    /// In cents.
    pub(crate) limit_px: Option<i64>,
    /// In cents.
    pub(crate) stop_px: Option<i64>,
    /// What follows the market.
    pub(crate) moving: Moving,
}

/// Largest order: beyond it IBKR wants to be called.
const QTY_MAX: i64 = 5_000_000;
/// The groups that TWS knows are of these kinds.
const OCA_TYPE_MAX: i32 = 3;

/// Order types that TWS knows and this venue does not offer; anything else is a typing error.
const KNOWN_TYPES: [&str; 10] = [
    "PEG STK",
    "PEG BENCH",
    "VOL",
    "SNAP MKT",
    "SNAP MID",
    "SNAP PRIM",
    "PEGBENCH",
    "PASSV REL",
    "BOX TOP",
    "MKT PRT",
];

/// Checks what needs only the order itself.
pub(crate) fn check(entry: &Entry, listing: &Listing) -> Result<Numbers, Refusal> {
    let style = check_type(entry)?;
    check_tif(entry)?;
    check_instrument(entry, style, listing)?;
    let cents = |px: Option<Price>| cents(px, listing);
    let qty = check_qty(entry)?;
    check_terms(entry, style)?;
    let limit_px = if style.needs_limit() && !entry.terms.legs.is_empty() {
        // The difference of two prices may well be zero or below.
        Some(cents_signed(entry.limit_px.ok_or_else(no_price)?, listing)?)
    } else if style.needs_limit() {
        Some(cents(entry.limit_px)?)
    } else if style.is_pegged() {
        // A cap, and no cap where it is empty or zero.
        entry.limit_px.filter(|px| !px.get().is_zero()).map(|px| cents(Some(px))).transpose()?
    } else {
        None
    };
    let moving = Moving::of(entry, style, listing)?;
    let stop_px = if style.needs_trigger() {
        Some(cents(entry.stop_px)?)
    } else if style.trails() {
        entry.terms.trail_stop_px.map(|px| cents(Some(px))).transpose()?
    } else {
        None
    };
    Ok(Numbers { style, qty, limit_px, stop_px, moving })
}

fn check_type(entry: &Entry) -> Result<Style, Refusal> {
    if let Some(style) = Style::of(&entry.ord_type) {
        return Ok(style);
    }
    if KNOWN_TYPES.contains(&entry.ord_type.as_wire()) {
        return Err(Refusal::new(387, "Unsupported order type for this exchange and security type."));
    }
    // Recorded from a live Gateway: the two letters are TWS's internal message name.
    Err(Refusal::new(321, "Error validating request.-'bF' : cause - Invalid order type was entered"))
}

fn check_tif(entry: &Entry) -> Result<(), Refusal> {
    let (ord_type, tif) = (&entry.ord_type, &entry.tif);
    if entry.terms.tif_absent && entry.terms.version.is_some_and(|version| version.has(Gate::Protobuf)) {
        return Err(Refusal::new(10052, "Invalid time in force:Empty").violating(Kind::TifNotAllowed));
    }
    if ord_type.is_on_close() && *tif != TimeInForce::Day {
        let text = "Tif option should be set to DAY for MOC and LOC orders.";
        return Err(Refusal::new(113, text).violating(Kind::TifNotAllowed));
    }
    let plain = matches!(ord_type, OrdType::Market | OrdType::Limit);
    match tif {
        TimeInForce::Day | TimeInForce::GoodTillCancel => Ok(()),
        TimeInForce::GoodTillDate if entry.good_till.is_some() => Ok(()),
        TimeInForce::GoodTillDate => {
            // Assumed: a date that is missing or cannot be read.
            Err(Refusal::new(321, "Error validating request.-'bF' : cause - Invalid good till date"))
        }
        TimeInForce::AtTheOpening | TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill if plain => {
            Ok(())
        }
        TimeInForce::Other(word) if !matches!(&**word, "AUC") => {
            Err(Refusal::new(10052, format!("Invalid time in force:{word}")).violating(Kind::TifNotAllowed))
        }
        TimeInForce::Other(_) if *ord_type == OrdType::Limit || ord_type.as_wire() == "MTL" => Ok(()),
        _ => {
            let text =
                format!("The combination of order type {ord_type} and tif {} is invalid.", tif.as_wire());
            Err(Refusal::new(111, text).violating(Kind::TifNotAllowed))
        }
    }
}

/// What no exchange of an instrument takes: auctions and pegs are places of stocks, and only futures have
/// market-to-limit orders beside them. One exchange of options takes market orders for its open and its close,
/// which the smart router does not find. A peg to the other side has to be sent somewhere as well.
fn check_instrument(entry: &Entry, style: Style, listing: &Listing) -> Result<(), Refusal> {
    let auctioned = style.is_on_close()
        || matches!(&entry.tif, TimeInForce::AtTheOpening)
        || matches!(&entry.tif, TimeInForce::Other(_));
    let to_auction = entry.terms.route.is_some()
        && (style == Style::OnClose || style == Style::Market && entry.tif == TimeInForce::AtTheOpening);
    let taken = match listing.product {
        Product::Stock => style != Style::PegMarket || entry.terms.route.is_some(),
        Product::Option(..) if auctioned => to_auction,
        Product::Option(..) => {
            matches!(style, Style::Relative) || !style.is_pegged() && style != Style::ToLimit
        }
        Product::Future(_) => !auctioned && !style.is_pegged(),
        Product::Forex(_) => !auctioned && !style.is_pegged() && style != Style::ToLimit,
    };
    if taken || !entry.terms.legs.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(387, "Unsupported order type for this exchange and security type."))
}

fn check_qty(entry: &Entry) -> Result<i64, Refusal> {
    let qty = entry.qty.get();
    if qty.is_zero() {
        return Err(Refusal::new(434, "The order size cannot be zero."));
    }
    if !qty.fract().is_zero() {
        return Err(no_fractions(entry));
    }
    match qty.to_i64() {
        Some(shares) if (1..=QTY_MAX).contains(&shares) => Ok(shares),
        _ => Err(Refusal::new(383, format!("The following order size exceeds the Size Limit of {QTY_MAX}."))),
    }
}

/// No stock here trades in fractions; which of three codes says so depends on who asks for what.
fn no_fractions(entry: &Entry) -> Refusal {
    if entry.terms.version.is_some_and(|version| !version.has(Gate::FractionalSizes)) {
        let text = "Your API version does not support fractional size rules. Please upgrade to a minimum version 163.";
        return Refusal::new(10285, text);
    }
    if matches!(entry.ord_type, OrdType::Market | OrdType::Limit) {
        return Refusal::new(
            10243,
            "Fractional-sized order cannot be placed via API. Please use desktop version to place this order.",
        );
    }
    Refusal::new(10318, "This order doesn't support fractional quantity trading")
}

fn check_terms(entry: &Entry, style: Style) -> Result<(), Refusal> {
    let terms = &entry.terms;
    if !(0..=OCA_TYPE_MAX).contains(&entry.oca_type) {
        return Err(Refusal::new(321, "Error validating request.-'bF' : cause - Invalid OCA type"));
    }
    let auctioned = style.is_on_close() || entry.tif == TimeInForce::AtTheOpening;
    if !terms.legs.is_empty() && (auctioned || !matches!(style, Style::Market | Style::Limit)) {
        return Err(Refusal::new(387, "Unsupported order type for this exchange and security type."));
    }
    if terms.min_qty.is_some_and(|min| min < 0) {
        return Err(Refusal::new(140, "The size value should be an integer: minQty is negative."));
    }
    if auctioned && (terms.all_or_none || terms.min_qty.is_some_and(|min| min > 0)) {
        return Err(Refusal::new(387, "Unsupported order type for this exchange and security type."));
    }
    Ok(())
}

/// A price that has to be there and is not.
pub(crate) fn no_price() -> Refusal {
    Refusal::new(321, "Error validating request.-'bF' : cause - Missing or invalid order price")
}

/// A price in whole steps of its instrument: all stocks here are above a dollar, where the step is a cent.
pub(crate) fn cents(px: Option<Price>, listing: &Listing) -> Result<i64, Refusal> {
    let px = px.filter(|px| px.get() > Decimal::ZERO).ok_or_else(no_price)?;
    let units = cents_signed(px, listing)?;
    if units % listing.step_at(units) == 0 { Ok(units) } else { Err(off_step()) }
}

/// A price or a distance in whole units: cents of stocks.
pub(crate) fn cents_signed(px: Price, listing: &Listing) -> Result<i64, Refusal> {
    // A price beyond a million dollars is no price of a stock, and would not fit a product in cents.
    match listing.units(px.get()) {
        Some(cents) if cents.abs() <= 100_000_000 => Ok(cents),
        _ => Err(off_step()),
    }
}

fn off_step() -> Refusal {
    let text = "The price does not conform to the minimum price variation for this contract.";
    Refusal::new(110, text).violating(Kind::BadTickSize)
}
