//! Answers about accounts: values, holdings, profit.

use plimsoll_model::{Position, Price};
use rust_decimal::Decimal;

use super::contract::WireContract;
use crate::layout::{Fields, Layout, Step};
use crate::{Text, Word};

pub(crate) const ACCOUNTS_MAX: usize = 4096;

/// One value of one account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UpdateAccountValue {
    /// `NetLiquidation`.
    pub key: Word,
    /// A number or a text.
    pub value: Text,
    /// Of the value; may be empty or `BASE`.
    pub currency: Word,
    /// Whose.
    pub account: Word,
}

impl Layout for UpdateAccountValue {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("key", &mut self.key)?;
        f.visit("value", &mut self.value)?;
        f.visit("currency", &mut self.currency)?;
        f.visit("accountName", &mut self.account)?;
        Ok(())
    }
}

/// One holding of one account, with its profit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UpdatePortfolio {
    /// Which contract; the primary exchange instead of the exchange.
    pub contract: WireContract,
    /// Above zero long, below zero short.
    pub position: Option<Position>,
    /// Per unit.
    pub market_px: Option<Price>,
    /// Of all.
    pub market_value: Option<Decimal>,
    /// Per unit, commissions included.
    pub avg_cost: Option<Price>,
    /// Open profit.
    pub unrealized: Option<Decimal>,
    /// Profit of the day.
    pub realized: Option<Decimal>,
    /// Whose.
    pub account: Word,
}

impl Layout for UpdatePortfolio {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        self.contract.listed(f)?;
        f.opt("position", &mut self.position)?;
        f.opt("marketPrice", &mut self.market_px)?;
        f.opt("marketValue", &mut self.market_value)?;
        f.opt("averageCost", &mut self.avg_cost)?;
        f.opt("unrealizedPNL", &mut self.unrealized)?;
        f.opt("realizedPNL", &mut self.realized)?;
        f.visit("accountName", &mut self.account)?;
        Ok(())
    }
}

/// When the values were true.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UpdateAccountTime {
    /// `hh:mm`.
    pub time: Word,
}

impl Layout for UpdateAccountTime {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("timeStamp", &mut self.time)?;
        Ok(())
    }
}

/// The end of the first values of an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountDownloadEnd {
    /// Whose.
    pub account: Word,
}

impl Layout for AccountDownloadEnd {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("accountName", &mut self.account)?;
        Ok(())
    }
}

/// One holding.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PositionLine {
    /// Whose.
    pub account: Word,
    /// Which contract.
    pub contract: WireContract,
    /// Above zero long, below zero short.
    pub position: Option<Position>,
    /// Per unit, commissions included.
    pub avg_cost: Option<Price>,
}

impl Layout for PositionLine {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("account", &mut self.account)?;
        self.contract.eleven(f)?;
        f.opt("position", &mut self.position)?;
        f.opt("avgCost", &mut self.avg_cost)?;
        Ok(())
    }
}

/// One holding of an account or model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PositionMulti {
    /// The request this belongs to.
    pub req_id: i32,
    /// Whose.
    pub account: Word,
    /// Which contract.
    pub contract: WireContract,
    /// Above zero long, below zero short.
    pub position: Option<Position>,
    /// Per unit, commissions included.
    pub avg_cost: Option<Price>,
    /// Of adviser models.
    pub model_code: Word,
}

impl Layout for PositionMulti {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("account", &mut self.account)?;
        self.contract.eleven(f)?;
        f.opt("position", &mut self.position)?;
        f.opt("avgCost", &mut self.avg_cost)?;
        f.visit("modelCode", &mut self.model_code)?;
        Ok(())
    }
}

/// One value of one account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountSummary {
    /// The request this belongs to.
    pub req_id: i32,
    /// Whose.
    pub account: Word,
    /// `NetLiquidation`.
    pub tag: Word,
    /// A number or a text.
    pub value: Text,
    /// Of the value.
    pub currency: Word,
}

impl Layout for AccountSummary {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("account", &mut self.account)?;
        f.visit("tag", &mut self.tag)?;
        f.visit("value", &mut self.value)?;
        f.visit("currency", &mut self.currency)?;
        Ok(())
    }
}

/// One value of an account or model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountUpdateMulti {
    /// The request this belongs to.
    pub req_id: i32,
    /// Whose.
    pub account: Word,
    /// Of adviser models.
    pub model_code: Word,
    /// `CashBalance`.
    pub key: Word,
    /// A number or a text.
    pub value: Text,
    /// Of the value.
    pub currency: Word,
}

impl Layout for AccountUpdateMulti {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("account", &mut self.account)?;
        f.visit("modelCode", &mut self.model_code)?;
        f.visit("key", &mut self.key)?;
        f.visit("value", &mut self.value)?;
        f.visit("currency", &mut self.currency)?;
        Ok(())
    }
}

/// Profit of an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pnl {
    /// The request this belongs to.
    pub req_id: i32,
    /// Since the start of the day.
    pub daily: Option<Decimal>,
    /// Open.
    pub unrealized: Option<Decimal>,
    /// Closed.
    pub realized: Option<Decimal>,
}

impl Layout for Pnl {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.opt_max("dailyPnL", &mut self.daily)?;
        f.opt_max("unrealizedPnL", &mut self.unrealized)?;
        f.opt_max("realizedPnL", &mut self.realized)?;
        Ok(())
    }
}

/// Profit of one position.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PnlSingle {
    /// The request this belongs to.
    pub req_id: i32,
    /// The holding.
    pub position: Option<Position>,
    /// Since the start of the day.
    pub daily: Option<Decimal>,
    /// Open.
    pub unrealized: Option<Decimal>,
    /// Closed.
    pub realized: Option<Decimal>,
    /// Of the holding.
    pub value: Option<Decimal>,
}

impl Layout for PnlSingle {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.opt("pos", &mut self.position)?;
        f.opt_max("dailyPnL", &mut self.daily)?;
        f.opt_max("unrealizedPnL", &mut self.unrealized)?;
        f.opt_max("realizedPnL", &mut self.realized)?;
        f.opt_max("value", &mut self.value)?;
        Ok(())
    }
}

/// Which accounts belong together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FamilyCodes {
    /// The accounts.
    pub codes: Vec<FamilyCode>,
}

impl Layout for FamilyCodes {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.list("familyCodesCount", &mut self.codes, ACCOUNTS_MAX, |f, code| code.layout(f))?;
        Ok(())
    }
}

/// One account of a family.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FamilyCode {
    /// The account.
    pub account: Word,
    /// The family.
    pub code: Word,
}

impl Layout for FamilyCode {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("accountID", &mut self.account)?;
        f.visit("familyCode", &mut self.code)?;
        Ok(())
    }
}
