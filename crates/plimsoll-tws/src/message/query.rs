//! Requests about the session, accounts and orders that change nothing at the venue.

use super::contract::PARAMS_MAX;
use crate::layout::{Fields, Layout, Step};
use crate::{Gate, Text, Word};

/// A message that only names a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ById {
    /// The request this belongs to.
    pub req_id: i32,
}

impl Layout for ById {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        Ok(())
    }
}

/// The first request of a client; until then a server must be silent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StartApi {
    /// The number the client chose.
    pub client_id: i32,
    /// Usually empty.
    pub capabilities: Word,
}

impl Layout for StartApi {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("clientId", &mut self.client_id)?;
        f.visit("optionalCapabilities", &mut self.capabilities)?;
        Ok(())
    }
}

/// Asks for the next order id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqIds {
    /// Ignored by servers.
    pub count: i32,
}

impl Layout for ReqIds {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("numIds", &mut self.count)?;
        Ok(())
    }
}

/// Subscribes to values and portfolio of one account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqAccountUpdates {
    /// False ends it.
    pub subscribe: bool,
    /// May be empty with a single account.
    pub account: Word,
}

impl Layout for ReqAccountUpdates {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("subscribe", &mut self.subscribe)?;
        f.visit("acctCode", &mut self.account)?;
        Ok(())
    }
}

/// Asks for executions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqExecutions {
    /// The request this belongs to.
    pub req_id: i32,
    /// Zero for any.
    pub client_id: i32,
    /// Empty for any.
    pub account: Word,
    /// From this time on.
    pub since: Word,
    /// Empty for any.
    pub symbol: Word,
    /// Empty for any.
    pub sec_type: Word,
    /// Empty for any.
    pub exchange: Word,
    /// Empty for any.
    pub side: Word,
    /// How many days back.
    pub last_days: Option<i32>,
    /// These days only.
    pub dates: Vec<Word>,
}

impl Layout for ReqExecutions {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("clientId", &mut self.client_id)?;
        f.visit("acctCode", &mut self.account)?;
        f.visit("time", &mut self.since)?;
        f.visit("symbol", &mut self.symbol)?;
        f.visit("secType", &mut self.sec_type)?;
        f.visit("exchange", &mut self.exchange)?;
        f.visit("side", &mut self.side)?;
        if f.has(Gate::ExecutionsOfDays) {
            f.opt_max("lastNDays", &mut self.last_days)?;
        }
        if f.has(Gate::ExecutionsOfDays) {
            f.list("specificDatesCount", &mut self.dates, PARAMS_MAX, |f, date| {
                f.visit("specificDate", date)
            })?;
        }
        Ok(())
    }
}

/// Subscribes to bulletins of the exchanges.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqNewsBulletins {
    /// Those of the day so far too.
    pub all: bool,
}

impl Layout for ReqNewsBulletins {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("allMsgs", &mut self.all)?;
        Ok(())
    }
}

/// How much the server writes into its own log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SetServerLogLevel {
    /// 1 to 5.
    pub level: i32,
}

impl Layout for SetServerLogLevel {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("logLevel", &mut self.level)?;
        Ok(())
    }
}

/// Binds orders entered by hand to this client.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqAutoOpenOrders {
    /// From now on.
    pub bind: bool,
}

impl Layout for ReqAutoOpenOrders {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("bAutoBind", &mut self.bind)?;
        Ok(())
    }
}

/// Asks for adviser data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestFa {
    /// 1 groups, 3 aliases.
    pub kind: i32,
}

impl Layout for RequestFa {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("faDataType", &mut self.kind)?;
        Ok(())
    }
}

/// Replaces adviser data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReplaceFa {
    /// 1 groups, 3 aliases.
    pub kind: i32,
    /// The data.
    pub xml: Text,
    /// The request this belongs to.
    pub req_id: i32,
}

impl Layout for ReplaceFa {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("faDataType", &mut self.kind)?;
        f.visit("cxml", &mut self.xml)?;
        f.id("reqId", &mut self.req_id)?;
        Ok(())
    }
}

/// Subscribes to values of many accounts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqAccountSummary {
    /// The request this belongs to.
    pub req_id: i32,
    /// `All` or an adviser group.
    pub group: Word,
    /// Names separated by commas.
    pub tags: Word,
}

impl Layout for ReqAccountSummary {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("groupName", &mut self.group)?;
        f.visit("tags", &mut self.tags)?;
        Ok(())
    }
}

/// Subscribes to positions or profit of one account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqOfAccount {
    /// The request this belongs to.
    pub req_id: i32,
    /// The account.
    pub account: Word,
    /// Of adviser models.
    pub model_code: Word,
}

impl Layout for ReqOfAccount {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("account", &mut self.account)?;
        f.visit("modelCode", &mut self.model_code)?;
        Ok(())
    }
}

/// Subscribes to values of one account or model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqAccountUpdatesMulti {
    /// The request this belongs to.
    pub req_id: i32,
    /// The account.
    pub account: Word,
    /// Of adviser models.
    pub model_code: Word,
    /// Cash and net liquidation only.
    pub ledger_and_nlv: bool,
}

impl Layout for ReqAccountUpdatesMulti {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("account", &mut self.account)?;
        f.visit("modelCode", &mut self.model_code)?;
        f.visit("ledgerAndNLV", &mut self.ledger_and_nlv)?;
        Ok(())
    }
}

/// Subscribes to the profit of one position.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqPnlSingle {
    /// The request this belongs to.
    pub req_id: i32,
    /// The account.
    pub account: Word,
    /// Of adviser models.
    pub model_code: Word,
    /// The contract.
    pub con_id: i32,
}

impl Layout for ReqPnlSingle {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("account", &mut self.account)?;
        f.visit("modelCode", &mut self.model_code)?;
        f.visit("conId", &mut self.con_id)?;
        Ok(())
    }
}

/// Asks for the orders that ended today.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqCompletedOrders {
    /// Not those entered by hand.
    pub api_only: bool,
}

impl Layout for ReqCompletedOrders {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("apiOnly", &mut self.api_only)?;
        Ok(())
    }
}
