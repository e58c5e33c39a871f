//! Requests about market data, contracts, accounts and the session; everything but entering orders.

use super::contract::{
    DeltaNeutralContract, LEGS_MAX, MarketLeg, PARAMS_MAX, WireContract, delta_neutral_contract,
};
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

/// Subscribes to quotes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqMktData {
    /// The request this belongs to.
    pub req_id: i32,
    /// Which contract.
    pub contract: WireContract,
    /// Of combos.
    pub legs: Vec<MarketLeg>,
    /// Of delta-neutral combos.
    pub delta_neutral: Option<DeltaNeutralContract>,
    /// Numbers separated by commas.
    pub generic_ticks: Word,
    /// One answer instead of a stream.
    pub snapshot: bool,
    /// A paid snapshot.
    pub regulatory_snapshot: bool,
    /// Internal use.
    pub options: Text,
}

impl Layout for ReqMktData {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        self.contract.twelve(f)?;
        if self.contract.is_bag() {
            f.list("comboLegsCount", &mut self.legs, LEGS_MAX, |f, leg| leg.layout(f))?;
        }
        delta_neutral_contract(f, &mut self.delta_neutral)?;
        f.visit("genericTickList", &mut self.generic_ticks)?;
        f.visit("snapshot", &mut self.snapshot)?;
        f.visit("regulatorySnapshot", &mut self.regulatory_snapshot)?;
        f.visit("mktDataOptions", &mut self.options)?;
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

/// Asks what a contract is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqContractDetails {
    /// The request this belongs to.
    pub req_id: i32,
    /// Which contract.
    pub contract: WireContract,
    /// Expired futures too.
    pub include_expired: bool,
    /// `ISIN`, `CUSIP`, …
    pub sec_id_type: Word,
    /// The security by that scheme.
    pub sec_id: Word,
    /// Issuer of a bond.
    pub issuer_id: Word,
}

impl Layout for ReqContractDetails {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        self.contract.twelve(f)?;
        f.visit("includeExpired", &mut self.include_expired)?;
        f.visit("secIdType", &mut self.sec_id_type)?;
        f.visit("secId", &mut self.sec_id)?;
        if f.has(Gate::BondIssuer) {
            f.visit("issuerId", &mut self.issuer_id)?;
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

/// Asks for bars.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqHistoricalData {
    /// The request this belongs to.
    pub req_id: i32,
    /// Which contract.
    pub contract: WireContract,
    /// Expired futures too.
    pub include_expired: bool,
    /// Empty for now.
    pub end: Word,
    /// `1 day`.
    pub bar_size: Word,
    /// `2 D`.
    pub duration: Word,
    /// Regular hours only.
    pub use_rth: bool,
    /// `TRADES`.
    pub what: Word,
    /// 1 text, 2 epoch seconds.
    pub format_date: i32,
    /// Of combos.
    pub legs: Vec<MarketLeg>,
    /// Goes on with updates of the last bar.
    pub keep_up_to_date: bool,
    /// Internal use.
    pub options: Text,
}

impl Layout for ReqHistoricalData {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        self.contract.twelve(f)?;
        f.visit("includeExpired", &mut self.include_expired)?;
        f.visit("endDateTime", &mut self.end)?;
        f.visit("barSizeSetting", &mut self.bar_size)?;
        f.visit("durationStr", &mut self.duration)?;
        f.visit("useRTH", &mut self.use_rth)?;
        f.visit("whatToShow", &mut self.what)?;
        f.visit("formatDate", &mut self.format_date)?;
        if self.contract.is_bag() {
            f.list("comboLegsCount", &mut self.legs, LEGS_MAX, |f, leg| leg.layout(f))?;
        }
        f.visit("keepUpToDate", &mut self.keep_up_to_date)?;
        f.visit("chartOptions", &mut self.options)?;
        Ok(())
    }
}

/// Subscribes to five-second bars.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqRealTimeBars {
    /// The request this belongs to.
    pub req_id: i32,
    /// Which contract.
    pub contract: WireContract,
    /// 5.
    pub bar_size: i32,
    /// `TRADES`.
    pub what: Word,
    /// Regular hours only.
    pub use_rth: bool,
    /// Internal use.
    pub options: Text,
}

impl Layout for ReqRealTimeBars {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        self.contract.twelve(f)?;
        f.visit("barSize", &mut self.bar_size)?;
        f.visit("whatToShow", &mut self.what)?;
        f.visit("useRTH", &mut self.use_rth)?;
        f.visit("realTimeBarsOptions", &mut self.options)?;
        Ok(())
    }
}

/// Which kind of data later subscriptions get.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqMarketDataType {
    /// 1 live, 2 frozen, 3 delayed, 4 delayed and frozen.
    pub kind: i32,
}

impl Layout for ReqMarketDataType {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("marketDataType", &mut self.kind)?;
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

/// Asks for option chains.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqSecDefOptParams {
    /// The request this belongs to.
    pub req_id: i32,
    /// Of the underlying.
    pub symbol: Word,
    /// Of future options.
    pub exchange: Word,
    /// Of the underlying.
    pub sec_type: Word,
    /// Of the underlying.
    pub con_id: i32,
}

impl Layout for ReqSecDefOptParams {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("underlyingSymbol", &mut self.symbol)?;
        f.visit("futFopExchange", &mut self.exchange)?;
        f.visit("underlyingSecType", &mut self.sec_type)?;
        f.visit("underlyingConId", &mut self.con_id)?;
        Ok(())
    }
}

/// Searches contracts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqMatchingSymbols {
    /// The request this belongs to.
    pub req_id: i32,
    /// Part of a symbol or name.
    pub pattern: Text,
}

impl Layout for ReqMatchingSymbols {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        f.visit("pattern", &mut self.pattern)?;
        Ok(())
    }
}

/// Asks for the first moment of history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqHeadTimestamp {
    /// The request this belongs to.
    pub req_id: i32,
    /// Which contract.
    pub contract: WireContract,
    /// Expired futures too.
    pub include_expired: bool,
    /// Regular hours only.
    pub use_rth: bool,
    /// `TRADES`.
    pub what: Word,
    /// 1 text, 2 epoch seconds.
    pub format_date: i32,
}

impl Layout for ReqHeadTimestamp {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        self.contract.twelve(f)?;
        f.visit("includeExpired", &mut self.include_expired)?;
        f.visit("useRTH", &mut self.use_rth)?;
        f.visit("whatToShow", &mut self.what)?;
        f.visit("formatDate", &mut self.format_date)?;
        Ok(())
    }
}

/// Asks for price steps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqMarketRule {
    /// From contract details.
    pub rule_id: i32,
}

impl Layout for ReqMarketRule {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.visit("marketRuleId", &mut self.rule_id)?;
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

/// Subscribes to every tick.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqTickByTickData {
    /// The request this belongs to.
    pub req_id: i32,
    /// Which contract.
    pub contract: WireContract,
    /// `Last`, `AllLast`, `BidAsk`, `MidPoint`.
    pub kind: Word,
    /// Ticks of history first.
    pub count: i32,
    /// Only price changes.
    pub ignore_size: bool,
}

impl Layout for ReqTickByTickData {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        self.contract.twelve(f)?;
        f.visit("tickType", &mut self.kind)?;
        f.visit("numberOfTicks", &mut self.count)?;
        f.visit("ignoreSize", &mut self.ignore_size)?;
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

/// Cancels one order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CancelOrder {
    /// The client's number of the order.
    pub order_id: i32,
    /// Of cancels by hand.
    pub manual_time: Word,
    /// Who operates.
    pub ext_operator: Word,
    /// Versions 187 to 189 only.
    pub external_user_id: Word,
    /// By hand or by a program.
    pub manual_order_indicator: Option<i32>,
}

impl Layout for CancelOrder {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        if !f.has(Gate::CmeTagging) {
            f.constant("version", "1")?;
        }
        f.id("orderId", &mut self.order_id)?;
        if f.has(Gate::ManualOrderTime) {
            f.visit("manualOrderCancelTime", &mut self.manual_time)?;
        }
        if f.has(Gate::RequestForQuote) || f.has(Gate::CmeTagging) {
            f.visit("extOperator", &mut self.ext_operator)?;
        }
        if f.has(Gate::RequestForQuote) {
            f.visit("externalUserId", &mut self.external_user_id)?;
        }
        if f.has(Gate::RequestForQuote) || f.has(Gate::CmeTagging) {
            f.opt_max("manualOrderIndicator", &mut self.manual_order_indicator)?;
        }
        Ok(())
    }
}

/// Cancels every order of every client of the login.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReqGlobalCancel {
    /// Who operates.
    pub ext_operator: Word,
    /// By hand or by a program.
    pub manual_order_indicator: Option<i32>,
}

impl Layout for ReqGlobalCancel {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        if !f.has(Gate::CmeTagging) {
            return f.constant("version", "1");
        }
        f.visit("extOperator", &mut self.ext_operator)?;
        f.opt_max("manualOrderIndicator", &mut self.manual_order_indicator)?;
        Ok(())
    }
}

/// Exercises an option or lets it lapse.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExerciseOptions {
    /// The request this belongs to.
    pub req_id: i32,
    /// Which contract.
    pub contract: WireContract,
    /// 1 exercise, 2 lapse.
    pub action: i32,
    /// How many contracts.
    pub qty: i32,
    /// For whom.
    pub account: Word,
    /// Against the usual action.
    pub override_action: bool,
    /// Of requests by hand.
    pub manual_time: Word,
    /// For whom a broker asks.
    pub customer_account: Word,
    /// Kind of that customer.
    pub professional_customer: bool,
}

impl Layout for ExerciseOptions {
    fn layout(&mut self, f: &mut impl Fields) -> Step {
        f.id("reqId", &mut self.req_id)?;
        self.contract.eleven(f)?;
        f.visit("exerciseAction", &mut self.action)?;
        f.visit("exerciseQuantity", &mut self.qty)?;
        f.visit("account", &mut self.account)?;
        f.visit("override", &mut self.override_action)?;
        if f.has(Gate::ExerciseManualTime) {
            f.visit("manualOrderTime", &mut self.manual_time)?;
        }
        if f.has(Gate::CustomerAccount) {
            f.visit("customerAccount", &mut self.customer_account)?;
        }
        if f.has(Gate::ProfessionalCustomer) {
            f.visit("professionalCustomer", &mut self.professional_customer)?;
        }
        Ok(())
    }
}
