//! Answers that say what a subscription really is: for another contract, of a combo, of an adviser's tier.

use rust_decimal::Decimal;

use super::account::ACCOUNTS_MAX;
use super::contract::DeltaNeutralContract;
use super::order::SoftDollarTier;
use crate::layout::{Fields, Layout, Step};
use crate::{Text, Word};

/// The contract to subscribe to instead: a contract for difference has the data of its underlying.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reroute {
    /// The request this belongs to.
    pub req_id: i32,
    /// The broker's number.
    pub con_id: i32,
    /// Where.
    pub exchange: Word,
}

impl Layout for Reroute {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("conId", &mut self.con_id)?;
        f.visit("exchange", &mut self.exchange)?;
        Ok(())
    }
}

/// The other contract of a delta-neutral combo, as the server understood it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeltaNeutralValidation {
    /// The request this belongs to.
    pub req_id: i32,
    /// The contract.
    pub contract: DeltaNeutralContract,
}

impl Layout for DeltaNeutralValidation {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("conId", &mut self.contract.con_id)?;
        f.opt("delta", &mut self.contract.delta)?;
        f.opt("price", &mut self.contract.px)?;
        Ok(())
    }
}

/// A tick of an exchange of a future for its physical.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "TWS's own field names")]
pub struct TickEfp {
    pub req_id: i32,
    /// 38 to 44.
    pub tick: i32,
    pub basis_points: Option<Decimal>,
    /// The same for people.
    pub formatted_basis_points: Text,
    pub implied_futures_px: Option<Decimal>,
    pub hold_days: i32,
    pub last_trade_date: Word,
    pub dividend_impact: Option<Decimal>,
    pub dividends_to_last_trade_date: Option<Decimal>,
}

impl Layout for TickEfp {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("tickType", &mut self.tick)?;
        f.opt("basisPoints", &mut self.basis_points)?;
        f.visit("formattedBasisPoints", &mut self.formatted_basis_points)?;
        f.opt("impliedFuturesPrice", &mut self.implied_futures_px)?;
        f.visit("holdDays", &mut self.hold_days)?;
        f.visit("futureLastTradeDate", &mut self.last_trade_date)?;
        f.opt("dividendImpact", &mut self.dividend_impact)?;
        f.opt("dividendsToLastTradeDate", &mut self.dividends_to_last_trade_date)?;
        Ok(())
    }
}

/// The soft dollar tiers of the login.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SoftDollarTiers {
    /// The request this belongs to.
    pub req_id: i32,
    /// The tiers.
    pub tiers: Vec<SoftDollarTier>,
}

impl Layout for SoftDollarTiers {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.list("tiersCount", &mut self.tiers, ACCOUNTS_MAX, |f, tier| {
            f.visit("name", &mut tier.name)?;
            f.visit("value", &mut tier.value)?;
            f.visit("displayName", &mut tier.display_name)
        })
    }
}
