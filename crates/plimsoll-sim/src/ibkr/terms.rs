//! What an order may ask beyond type, size, prices and time in force.
//!
//! Owns the shape of these terms. What they mean is in the files that act on them: `trail` (moving stops),
//! `condition` (activation), `fill` (smallest executions).

use jiff::Timestamp;
use plimsoll_model::{OrdType, Price};
use plimsoll_tws::message::Condition;
use plimsoll_tws::{BestOffset, ServerVersion};
use rust_decimal::Decimal;

use crate::market::Sym;

/// How far a trailing stop stays behind the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trail {
    /// Cents.
    Amount(i64),
    /// Percent of the price.
    Percent(Decimal),
}

impl Trail {
    /// The distance at a price in cents, at least one cent.
    pub(crate) fn cents_at(self, px: i64) -> i64 {
        use rust_decimal::prelude::ToPrimitive;
        match self {
            Self::Amount(cents) => cents,
            Self::Percent(percent) => {
                let cents = (Decimal::from(px) * percent / Decimal::ONE_HUNDRED).round();
                cents.to_i64().unwrap_or(px).max(1)
            }
        }
    }
}

/// What a stop becomes once its second price was touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Adjustment {
    /// The new type.
    pub(crate) ord_type: OrdType,
    /// When: in cents.
    pub(crate) trigger_px: i64,
    /// The new stop price in cents.
    pub(crate) stop_px: i64,
    /// The new limit price in cents.
    pub(crate) limit_px: Option<i64>,
    /// The new distance.
    pub(crate) trail: Option<Trail>,
}

/// One leg of a combination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leg {
    /// Of what.
    pub(crate) sym: Sym,
    /// Shares for one combination, negative where they are sold by who buys the combination.
    pub(crate) ratio: i64,
}

/// Everything beyond the usual.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Terms {
    /// The auxiliary price as sent: trigger, trailing amount, or offset of a relative order.
    pub(crate) aux_px: Option<Price>,
    /// The percentage of a trailing stop.
    pub(crate) trailing_percent: Option<Decimal>,
    /// Where a trailing stop starts.
    pub(crate) trail_stop_px: Option<Price>,
    /// How far the limit of a trailing stop lies behind it.
    pub(crate) limit_offset: Option<Price>,
    /// The smallest first execution.
    pub(crate) min_qty: Option<i32>,
    /// Everything at once or nothing.
    pub(crate) all_or_none: bool,
    /// Not before.
    pub(crate) good_after: Option<Timestamp>,
    /// What has to hold before it works, or ends it.
    pub(crate) conditions: Vec<Condition>,
    /// The conditions end the order instead of starting it.
    pub(crate) conditions_cancel: bool,
    /// Adjusted stop, as sent.
    pub(crate) adjusted: plimsoll_tws::message::Adjusted,
    /// The legs of a combination; else empty.
    pub(crate) legs: Vec<Leg>,
    /// Ignores the percentage constraint of the presets.
    pub(crate) override_percentage: bool,
    /// How far a pegged-to-best order goes ahead of the best price.
    pub(crate) ahead_of_best: Option<BestOffset>,
    /// The exchange that it was sent to, where that is not for the smart router to find.
    pub(crate) route: Option<Box<str>>,
    /// How the shares are divided: an adviser's group, or nothing.
    pub(crate) group: Box<str>,
    /// The method that goes with it, or nothing.
    pub(crate) method: Box<str>,
    /// The model portfolio, or nothing.
    pub(crate) model: Box<str>,
    /// Where it clears, as sent: not to be changed.
    pub(crate) clearing: Box<str>,
    /// No time in force was sent.
    pub(crate) tif_absent: bool,
    /// The protocol version of the sender; none by hand.
    pub(crate) version: Option<ServerVersion>,
}
