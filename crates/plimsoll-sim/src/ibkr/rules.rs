//! What TWS refuses at the door, before an order means anything.
//!
//! Owns the checks that need only the order itself: type, time in force, size, price steps. Codes and
//! texts are those of TWS as far as they are recorded; where a text is our own guess, the comment says
//! "assumed", and nothing may match on its wording.

use plimsoll_model::{OrdType, Price, TimeInForce};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::ibkr::entry::Entry;
use crate::ibkr::violation::Kind;

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
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbers {
    /// Shares.
    pub(crate) qty: i64,
    /// In cents.
    pub(crate) limit_px: Option<i64>,
    /// In cents.
    pub(crate) stop_px: Option<i64>,
}

/// Largest order: beyond it IBKR wants to be called.
const QTY_MAX: i64 = 5_000_000;

/// Order types that TWS knows and this venue does not offer; anything else is a typing error.
const KNOWN_TYPES: [&str; 20] = [
    "TRAIL",
    "TRAIL LIMIT",
    "MIT",
    "LIT",
    "MTL",
    "REL",
    "MIDPRICE",
    "PEG MID",
    "PEG MKT",
    "PEG BEST",
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
pub(crate) fn check(entry: &Entry) -> Result<Numbers, Refusal> {
    check_type(entry)?;
    check_tif(entry)?;
    let qty = check_qty(entry.qty.get())?;
    let needs_limit = matches!(entry.ord_type, OrdType::Limit | OrdType::StopLimit | OrdType::LimitOnClose);
    let needs_stop = matches!(entry.ord_type, OrdType::Stop | OrdType::StopLimit);
    let limit_px = if needs_limit { Some(cents(entry.limit_px)?) } else { None };
    let stop_px = if needs_stop { Some(cents(entry.stop_px)?) } else { None };
    Ok(Numbers { qty, limit_px, stop_px })
}

fn check_type(entry: &Entry) -> Result<(), Refusal> {
    let OrdType::Other(word) = &entry.ord_type else { return Ok(()) };
    if KNOWN_TYPES.contains(&&**word) {
        return Err(Refusal::new(387, "Unsupported order type for this exchange and security type."));
    }
    // Recorded from a live Gateway: the two letters are TWS's internal message name.
    Err(Refusal::new(321, "Error validating request.-'bF' : cause - Invalid order type was entered"))
}

fn check_tif(entry: &Entry) -> Result<(), Refusal> {
    let (ord_type, tif) = (&entry.ord_type, &entry.tif);
    if ord_type.is_on_close() && *tif != TimeInForce::Day {
        let text = "Tif option should be set to DAY for MOC and LOC orders.";
        return Err(Refusal::new(113, text).violating(Kind::TifNotAllowed));
    }
    match tif {
        TimeInForce::Day | TimeInForce::GoodTillCancel => Ok(()),
        TimeInForce::GoodTillDate if entry.good_till.is_some() => Ok(()),
        TimeInForce::AtTheOpening if matches!(ord_type, OrdType::Market | OrdType::Limit) => Ok(()),
        TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill
            if matches!(ord_type, OrdType::Market | OrdType::Limit) =>
        {
            Ok(())
        }
        TimeInForce::Other(word) => {
            Err(Refusal::new(10052, format!("Invalid time in force:{word}")).violating(Kind::TifNotAllowed))
        }
        _ => {
            let text =
                format!("The combination of order type {ord_type} and tif {} is invalid.", tif.as_wire());
            Err(Refusal::new(111, text).violating(Kind::TifNotAllowed))
        }
    }
}

fn check_qty(qty: Decimal) -> Result<i64, Refusal> {
    if qty.is_zero() {
        return Err(Refusal::new(434, "The order size cannot be zero."));
    }
    if !qty.fract().is_zero() {
        return Err(Refusal::new(10318, "This order doesn't support fractional quantity trading"));
    }
    match qty.to_i64() {
        Some(shares) if (1..=QTY_MAX).contains(&shares) => Ok(shares),
        _ => Err(Refusal::new(383, format!("The following order size exceeds the Size Limit of {QTY_MAX}."))),
    }
}

/// A price as whole cents: all stocks here are above a dollar, where the step is a cent.
fn cents(px: Option<Price>) -> Result<i64, Refusal> {
    let Some(px) = px.filter(|px| px.get() > Decimal::ZERO) else {
        return Err(Refusal::new(
            321,
            "Error validating request.-'bF' : cause - Missing or invalid order price",
        ));
    };
    let scaled = px.get().checked_mul(Decimal::ONE_HUNDRED).filter(|scaled| scaled.fract().is_zero());
    // A price beyond a million dollars is no price of a stock, and would not fit a product in cents.
    match scaled.and_then(|scaled| scaled.to_i64()) {
        Some(cents) if cents <= 100_000_000 => Ok(cents),
        _ => {
            let text = "The price does not conform to the minimum price variation for this contract.";
            Err(Refusal::new(110, text).violating(Kind::BadTickSize))
        }
    }
}
