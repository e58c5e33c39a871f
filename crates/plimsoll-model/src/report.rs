//! What a venue says, as far as the bridge has to understand it.

use jiff::Timestamp;

use crate::{
    Account, ClientId, ConId, Contract, Execution, Money, OrdType, OrderId, OrderStatus, PermId, Position,
    Price, Qty, ReqId, Side, TimeInForce,
};

/// One message from a venue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// The accounts of the login.
    ManagedAccounts(Vec<Account>),
    /// The next order id for this client.
    NextValidId(OrderId),
    /// An order that is open, or was touched just now.
    OpenOrder(Box<OpenOrderReport>),
    /// The end of an answer of open orders.
    OpenOrderEnd,
    /// How far an order has come.
    Status(StatusReport),
    /// An execution.
    Execution(Box<ExecutionReport>),
    /// The end of an answer of executions.
    ExecutionsEnd(ReqId),
    /// The commission of an execution, often later than the execution.
    Commission {
        /// Of which execution.
        exec_id: crate::ExecId,
        /// How much; none while the venue sends a sentinel.
        charge: Option<Money>,
    },
    /// An order that ended today.
    CompletedOrder(Box<OpenOrderReport>),
    /// The end of an answer of completed orders.
    CompletedOrdersEnd,
    /// A holding, by account.
    Position(Box<PositionReport>),
    /// A holding in the portfolio of the account whose updates were asked for.
    Portfolio(Box<PositionReport>),
    /// A holding in an answer about one account or model.
    PositionMulti {
        /// The request it answers.
        req_id: ReqId,
        /// The holding.
        line: Box<PositionReport>,
    },
    /// The end of the first list of holdings.
    PositionsEnd,
    /// A line about one account (values, summary): shown to bots of that account only.
    AboutAccount(Account),
    /// What an account is worth, in an answer to a question for it.
    Equity {
        /// The request it answers.
        req_id: ReqId,
        /// Whose.
        account: Account,
        /// How much; none if the venue's word for it is no amount of money.
        worth: Option<Money>,
    },
    /// An error, warning or notice.
    Error(ErrorReport),
    /// The venue's clock.
    CurrentTime(Timestamp),
    /// What a contract is.
    Contract(Box<ContractReport>),
    /// The end of contract details.
    ContractEnd(ReqId),
    /// The sessions of the past, by the broker.
    Schedule(Box<ScheduleReport>),
    /// Bars of whole days.
    DayBars(Box<DayBarsReport>),
    /// One field of a quote.
    Quote {
        /// The subscription.
        id: ReqId,
        /// Which field.
        field: QuoteField,
        /// Its value; none when the venue says that there is none.
        price: Option<Price>,
    },
    /// Anything else, relayed.
    Other,
}

/// The fields of a quote that the guards use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QuoteField {
    /// Best bid.
    Bid,
    /// Best offer.
    Ask,
    /// Last trade.
    Last,
    /// Yesterday's close.
    Close,
}

/// An order as the venue describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenOrderReport {
    /// The client's number; zero for a manual order, none in a completed order.
    pub order_id: Option<OrderId>,
    /// Which client placed it; none in a completed order.
    pub client_id: Option<ClientId>,
    /// The broker's number.
    pub perm_id: PermId,
    /// Of what.
    pub contract: Contract,
    /// Whose; none if the venue left it empty.
    pub account: Option<Account>,
    /// Which way.
    pub side: Side,
    /// How much in all.
    pub qty: Qty,
    /// What kind.
    pub ord_type: OrdType,
    /// Limit price.
    pub limit_px: Option<Price>,
    /// Stop or auxiliary price.
    pub stop_px: Option<Price>,
    /// How long.
    pub tif: TimeInForce,
    /// The reference text.
    pub order_ref: Box<str>,
    /// The parent of a bracket's child.
    pub parent_id: Option<OrderId>,
    /// The one-cancels-all group, or empty. The children of a bracket are in one that the venue names itself.
    pub oca_group: Box<str>,
    /// How far it has come.
    pub status: OrderStatus,
    /// A margin preview, not an order.
    pub what_if: bool,
    /// The legs of a combo; none of any other contract.
    pub legs: Vec<crate::ComboLeg>,
    /// How much of it was executed; completed orders only.
    pub cum_qty: Option<Qty>,
}

/// How far an order has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// The client's number.
    pub order_id: OrderId,
    /// Which client placed it.
    pub client_id: ClientId,
    /// The broker's number.
    pub perm_id: PermId,
    /// The state.
    pub status: OrderStatus,
    /// FIX 14.
    pub cum_qty: Qty,
    /// FIX 151.
    pub leaves_qty: Qty,
    /// FIX 6.
    pub avg_px: Option<Price>,
}

/// An execution and the order it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionReport {
    /// The request it answers; none when it came by itself.
    pub req_id: Option<ReqId>,
    /// The client's number of the order.
    pub order_id: OrderId,
    /// Which client placed the order.
    pub client_id: ClientId,
    /// The broker's number of the order.
    pub perm_id: PermId,
    /// Of what.
    pub contract: Contract,
    /// The order's reference text.
    pub order_ref: Box<str>,
    /// FIX 14 after this execution.
    pub cum_qty: Qty,
    /// The execution itself; `cl_ord_id` is still none.
    pub execution: Execution,
}

/// A holding as the venue reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionReport {
    /// Whose.
    pub account: Account,
    /// Of what.
    pub contract: Contract,
    /// How much.
    pub position: Position,
    /// Average cost of one contract, commissions included: of a derivative the price times its multiplier.
    pub avg_cost: Option<Price>,
}

/// An error, warning or notice of the venue. Texts are localised: decide by the code only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorReport {
    /// An order id or request id; none for the whole system.
    pub id: Option<i32>,
    /// The code.
    pub code: i32,
    /// The text, for people.
    pub text: Box<str>,
}

/// The sessions of a range of dates, in the broker's words. Dates between the first and the last that have no row
/// had no session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleReport {
    /// The request it answers.
    pub req_id: ReqId,
    /// The zone of all times, as the broker spells it.
    pub time_zone: Box<str>,
    /// In order.
    pub sessions: Vec<ScheduledSession>,
}

/// Bars of a range of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayBarsReport {
    /// The request it answers.
    pub req_id: ReqId,
    /// In order.
    pub bars: Vec<DayBar>,
}

/// One of them, as far as anybody needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayBar {
    /// The trade date, `20261127`.
    pub date: Box<str>,
    /// Its last price, which is that of the closing auction where there is one.
    pub close: Option<Price>,
}

/// One session of a [`ScheduleReport`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledSession {
    /// The trade date, `20261127`.
    pub date: Box<str>,
    /// `20261127-09:30:00`.
    pub open: Box<str>,
    /// `20261127-13:00:00`.
    pub close: Box<str>,
}

/// What a contract is: the parts that guards and order references need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractReport {
    /// The request it answers.
    pub req_id: ReqId,
    /// The contract, complete.
    pub contract: Contract,
    /// The broker's number.
    pub con_id: ConId,
    /// Where it can be traded, separated by commas; what an order may name as its exchange.
    pub valid_exchanges: Box<str>,
    /// Regular hours as the broker states them, `20261127:0930-20261127:1300;…`.
    pub liquid_hours: Box<str>,
    /// The zone of those hours, as the broker spells it.
    pub time_zone: Box<str>,
    /// The smallest order; none before version 164.
    pub qty_min: Option<Qty>,
    /// By how much one order may be larger than another; none before version 164.
    pub qty_step: Option<Qty>,
}
