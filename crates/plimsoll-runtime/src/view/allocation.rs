//! Orders over several accounts, as the command line shows them.

use plimsoll_core::{AllocationView, PartView};
use plimsoll_model::OrderStatus;
use serde::Serialize;

/// One of `plimsoll allocation list --json`; `allocation show` has one with these fields.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the field names are the documented interface")]
pub struct AllocationRow {
    pub cl_ord_id: String,
    pub bot: String,
    /// The bot's number of it.
    pub order_id: i32,
    pub allocation: String,
    /// `equal`, `equity`, `ratio` or `table`.
    pub by: &'static str,
    pub symbol: String,
    pub side: &'static str,
    pub qty: String,
    #[serde(rename = "type")]
    pub ord_type: String,
    pub limit: Option<String>,
    pub status: &'static str,
    pub filled: String,
    pub avg_price: Option<String>,
    /// Of the order, given to no account: less than a lot, or parts below the smallest order.
    pub left_over: String,
    pub since: String,
    /// By account code.
    pub accounts: Vec<PartRow>,
}

/// What one account gets of it.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the field names are the documented interface")]
pub struct PartRow {
    pub account: String,
    /// Its ratio, or what it was worth.
    pub weight: Option<String>,
    /// Its exact share.
    pub wanted: String,
    /// Its part in whole lots.
    pub part: String,
    /// How much of that was sent, or may have been.
    pub sent: String,
    pub filled: String,
    pub avg_price: Option<String>,
    /// As far as it is known.
    pub commission: Option<String>,
    /// Executions whose commission the venue has not named yet.
    pub unknown_commissions: usize,
    /// None where no order was decided.
    pub status: Option<&'static str>,
    /// Of its part, what will not be executed any more.
    pub missing: String,
    pub because: Option<String>,
    pub cl_ord_id: Option<String>,
}

impl AllocationRow {
    pub(super) fn new(of: &AllocationView) -> Self {
        let part = |part: &PartView| PartRow {
            account: part.account.to_string(),
            weight: part.weight.map(|weight| weight.to_string()),
            wanted: part.share.to_string(),
            part: part.qty.to_string(),
            sent: part.sent.to_string(),
            filled: part.cum_qty.to_string(),
            avg_price: part.avg_px.map(|px| px.to_string()),
            commission: part.fees.map(|fees| fees.to_string()),
            unknown_commissions: part.unknown_fees,
            status: part.status.map(OrderStatus::as_str),
            missing: part.missing.to_string(),
            because: part.because.as_ref().map(ToString::to_string),
            cl_ord_id: part.cl_ord_id.as_ref().map(ToString::to_string),
        };
        Self {
            cl_ord_id: of.cl_ord_id.to_string(),
            bot: of.bot.to_string(),
            order_id: of.order_id.0,
            allocation: of.allocation.to_string(),
            by: of.by,
            symbol: of.instrument.to_string(),
            side: of.side.as_str(),
            qty: of.qty.to_string(),
            ord_type: of.ord_type.to_string(),
            limit: of.limit_px.map(|px| px.to_string()),
            status: of.status.as_str(),
            filled: of.cum_qty.to_string(),
            avg_price: of.avg_px.map(|px| px.to_string()),
            left_over: of.left.to_string(),
            since: of.since.to_string(),
            accounts: of.parts.iter().map(part).collect(),
        }
    }
}
