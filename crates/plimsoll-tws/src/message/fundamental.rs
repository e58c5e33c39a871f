//! What is known about companies: fundamentals, which newer servers no longer have, and the calendar of
//! Wall Street Horizon.

use bytes::BytesMut;

use super::contract::WireContract;
use crate::layout::{Fields, Layout, Problem, Step};
use crate::spelling::{Raw, Spelling};
use crate::{Gate, Text, Word};

/// Asks for a report about a company.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqFundamentalData {
    /// The request this belongs to.
    pub req_id: i32,
    /// Which contract; seven of its fields.
    pub contract: WireContract,
    /// `ReportSnapshot`.
    pub report: Word,
    /// How many options follow; some clients leave the count out.
    pub options_count: Option<i32>,
    /// Internal use.
    pub options: Text,
}

impl Layout for ReqFundamentalData {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        let contract = &mut self.contract;
        f.id("reqId", &mut self.req_id)?;
        f.visit("contract.conId", &mut contract.con_id)?;
        f.visit("contract.symbol", &mut contract.symbol)?;
        f.visit("contract.secType", &mut contract.sec_type)?;
        f.visit("contract.exchange", &mut contract.exchange)?;
        f.visit("contract.primaryExchange", &mut contract.primary_exchange)?;
        f.visit("contract.currency", &mut contract.currency)?;
        f.visit("contract.localSymbol", &mut contract.local_symbol)?;
        f.visit("reportType", &mut self.report)?;
        options_of(f, &mut self.options_count, &mut self.options)
    }
}

/// A report about a company.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FundamentalData {
    /// The request this belongs to.
    pub req_id: i32,
    /// XML.
    pub data: Text,
}

impl Layout for FundamentalData {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("data", &mut self.data)?;
        Ok(())
    }
}

/// Asks for events of the calendar.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqWshEventData {
    /// The request this belongs to.
    pub req_id: i32,
    /// Of which contract; unset where a filter says it.
    pub con_id: Option<i32>,
    /// JSON; from version 171 on, as the three that follow.
    pub filter: Text,
    /// The contracts of the watch list too.
    pub fill_watchlist: bool,
    /// The contracts of the portfolio too.
    pub fill_portfolio: bool,
    /// The competitors too.
    pub fill_competitors: bool,
    /// From version 173 on, as the two that follow.
    pub start: Word,
    /// The last day.
    pub end: Word,
    /// How many events at most.
    pub limit: Option<i32>,
}

impl Layout for ReqWshEventData {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.opt_max("conId", &mut self.con_id)?;
        if f.has(Gate::WshFilters) {
            f.visit("filter", &mut self.filter)?;
            f.visit("fillWatchlist", &mut self.fill_watchlist)?;
            f.visit("fillPortfolio", &mut self.fill_portfolio)?;
            f.visit("fillCompetitors", &mut self.fill_competitors)?;
        }
        if f.has(Gate::WshDates) {
            f.visit("startDate", &mut self.start)?;
            f.visit("endDate", &mut self.end)?;
            f.opt_max("totalLimit", &mut self.limit)?;
        }
        Ok(())
    }
}

/// What can be asked of the calendar, or its events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WshData {
    /// The request this belongs to.
    pub req_id: i32,
    /// The data.
    pub json: Text,
}

impl Layout for WshData {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("dataJson", &mut self.json)?;
        Ok(())
    }
}

/// The options that end a request, with their count or without it: `ib_async`, `ib_insync` and ibapi 9.81
/// send one, the official client of 2026 leaves it out in calculations, @stoqey/ib everywhere.
pub(super) fn options_of(f: &mut impl Fields, count: &mut Option<i32>, options: &mut Text) -> Step {
    if f.has_more(2, count.is_some()) {
        f.id("optionsCount", count.get_or_insert_default())?;
        return f.visit("options", options);
    }
    *count = None;
    f.visit("options", &mut Uncounted(options))
}

/// Options without a count in front. What a count could be is refused, because it would be one whose
/// options are missing.
struct Uncounted<'a>(&'a mut Text);

impl Spelling for Uncounted<'_> {
    fn read(&mut self, raw: Raw<'_>) -> Result<(), Problem> {
        if !raw.bytes.is_empty() && !raw.bytes.contains(&b'=') {
            return Err(raw.problem("options as `tag=value;`"));
        }
        self.0.read(raw)
    }

    fn write(&self, out: &mut BytesMut) {
        self.0.write(out);
    }
}
