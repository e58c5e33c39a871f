//! What a venue says.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use plimsoll_model::{
    Account, ClientId, ConId, Currency, DayBar, DayBarsReport, ErrorReport, ExecId, Execution,
    ExecutionReport, InstrumentId, Money, OpenOrderReport, OrdType, OrderId, OrderStatus, PermId, Position,
    PositionReport, Price, Qty, QuoteField, RawFrame, Report, ReqId, ScheduleReport, ScheduledSession,
    StatusReport, TimeInForce,
};

use super::{contract, legs, limit_px, meaningless, side, stop_px, time};
use crate::message::{self, Order, WireContract};
use crate::{DecodeError, Response, ServerVersion, Word};

/// TWS's word for what an account is worth.
const NET_LIQUIDATION: &str = "NetLiquidation";

type Translated<T> = Result<T, DecodeError>;

/// What a venue says with this frame. `zone` is the zone of the venue's login, for times without one.
///
/// An error means that a message which concerns orders, positions or accounts could not be understood:
/// raise an alert, and count on nothing it might have said.
pub fn report(version: ServerVersion, frame: &RawFrame, zone: &TimeZone) -> Translated<Report> {
    Ok(match Response::decode(version, frame)? {
        Response::ManagedAccounts(m) => Report::ManagedAccounts(
            m.accounts().map(|text| account("managedAccounts", text)).collect::<Result<_, _>>()?,
        ),
        Response::NextValidId(m) => Report::NextValidId(OrderId(m.order_id)),
        Response::OpenOrder(m) => Report::OpenOrder(Box::new(open_order(&m)?)),
        Response::OpenOrderEnd => Report::OpenOrderEnd,
        Response::OrderStatus(m) => Report::Status(status(&m)?),
        Response::ExecDetails(m) => Report::Execution(Box::new(execution(&m, zone)?)),
        Response::ExecDetailsEnd(m) => Report::ExecutionsEnd(ReqId(m.req_id)),
        Response::CommissionReport(m) => commission(&m)?,
        Response::CompletedOrder(m) => Report::CompletedOrder(Box::new(completed_order(&m)?)),
        Response::CompletedOrdersEnd => Report::CompletedOrdersEnd,
        Response::Position(m) => {
            Report::Position(holding("position", &m.account, &m.contract, m.position, m.avg_cost)?)
        }
        Response::UpdatePortfolio(m) => {
            Report::Portfolio(holding("updatePortfolio", &m.account, &m.contract, m.position, m.avg_cost)?)
        }
        Response::PositionMulti(m) => Report::PositionMulti {
            req_id: ReqId(m.req_id),
            line: holding("positionMulti", &m.account, &m.contract, m.position, m.avg_cost)?,
        },
        Response::PositionEnd => Report::PositionsEnd,
        Response::Error(m) => Report::Error(ErrorReport {
            id: (m.id != -1).then_some(m.id),
            code: m.code,
            text: m.text.to_str_lossy().into(),
        }),
        Response::CurrentTime(m) => current_time("currentTime", Timestamp::from_second(m.seconds).ok())?,
        Response::CurrentTimeInMillis(m) => {
            current_time("currentTimeInMillis", Timestamp::from_millisecond(m.ms).ok())?
        }
        Response::ContractDetails(m) => contract_details(&m)?,
        Response::ContractDetailsEnd(m) => Report::ContractEnd(ReqId(m.req_id)),
        Response::HistoricalSchedule(m) => schedule(&m),
        Response::HistoricalData(m) => day_bars(&m),
        Response::TickPrice(m) => quote(&m),
        other => about_account(&other)?,
    })
}

/// Lines about one account, whoever asked for them.
fn about_account(message: &Response) -> Translated<Report> {
    let name = match message {
        Response::UpdateAccountValue(m) => &m.account,
        Response::AccountDownloadEnd(m) => &m.account,
        Response::AccountSummary(m) if m.tag == NET_LIQUIDATION => return equity(m),
        Response::AccountSummary(m) => &m.account,
        Response::AccountUpdateMulti(m) => &m.account,
        _ => return Ok(Report::Other),
    };
    account(message.name(), name.as_str()).map(Report::AboutAccount)
}

/// What an account is worth if everything in it were sold.
fn equity(m: &message::AccountSummary) -> Translated<Report> {
    let amount = rust_decimal::Decimal::from_str_exact(&m.value.to_str_lossy()).ok();
    let worth =
        amount.zip(Currency::new(m.currency.as_str())).map(|(amount, currency)| Money { amount, currency });
    Ok(Report::Equity {
        req_id: ReqId(m.req_id),
        account: account("accountSummary", m.account.as_str())?,
        worth,
    })
}

/// The FIX state behind TWS's status word.
///
/// `ApiPending` and `PendingSubmit` are on their way; `PreSubmitted` is accepted and waits (for its trigger,
/// its parent, the auction); TWS has no word for "partly executed" and says `Submitted`, or sometimes still
/// `PreSubmitted`, with executions; `Inactive` was refused or deactivated and may come back to life, which only
/// what else is said of it can tell apart. A word nobody knows is `Unknown`, which counts as open.
pub fn order_status(word: &str, cum_qty: Qty) -> OrderStatus {
    match word {
        "ApiPending" | "PendingSubmit" => OrderStatus::PendingNew,
        "PreSubmitted" | "Submitted" if !cum_qty.is_zero() => OrderStatus::PartiallyFilled,
        "PreSubmitted" => OrderStatus::Suspended,
        "Submitted" => OrderStatus::New,
        "Filled" => OrderStatus::Filled,
        "PendingCancel" => OrderStatus::PendingCancel,
        "Cancelled" | "ApiCancelled" => OrderStatus::Canceled,
        "Inactive" => OrderStatus::Inactive,
        _ => OrderStatus::Unknown,
    }
}

fn account(message: &'static str, text: &str) -> Translated<Account> {
    Account::new(text).ok_or_else(|| meaningless(message, "account", text, "an account"))
}

/// Numbers without which a report would be worse than none: an unknown quantity is not zero.
fn known<T>(message: &'static str, field: &'static str, value: Option<T>) -> Translated<T> {
    value.ok_or_else(|| meaningless(message, field, "", "a number"))
}

fn current_time(message: &'static str, at: Option<Timestamp>) -> Translated<Report> {
    known(message, "time", at).map(Report::CurrentTime)
}

fn status(m: &message::OrderStatus) -> Translated<StatusReport> {
    let cum_qty = known("orderStatus", "filled", m.filled)?;
    Ok(StatusReport {
        order_id: OrderId(m.order_id),
        client_id: ClientId(m.client_id),
        perm_id: PermId(m.perm_id),
        status: order_status(m.status.as_str(), cum_qty),
        cum_qty,
        leaves_qty: known("orderStatus", "remaining", m.remaining)?,
        avg_px: m.avg_fill_px.filter(|_| !cum_qty.is_zero()),
    })
}

fn open_order(m: &message::OpenOrder) -> Translated<OpenOrderReport> {
    let mut report = described("openOrder", &m.contract, &m.order, m.perm_id)?;
    report.order_id = Some(OrderId(m.order_id));
    report.client_id = Some(ClientId(m.client_id));
    report.status = order_status(m.state.status.as_str(), Qty::ZERO);
    Ok(report)
}

fn completed_order(m: &message::CompletedOrder) -> Translated<OpenOrderReport> {
    let mut report = described("completedOrder", &m.contract, &m.order, m.perm_id)?;
    report.cum_qty = m.filled_qty;
    report.status = match order_status(m.status.as_str(), Qty::ZERO) {
        // It is told among those that have ended.
        OrderStatus::Inactive => OrderStatus::Rejected,
        status => status,
    };
    Ok(report)
}

/// What open and completed orders have in common.
fn described(
    message: &'static str,
    wire: &WireContract,
    order: &Order,
    perm_id: i64,
) -> Translated<OpenOrderReport> {
    let ord_type = OrdType::from_wire(order.order_type.as_str());
    Ok(OpenOrderReport {
        order_id: None,
        client_id: None,
        perm_id: PermId(perm_id),
        contract: contract(message, wire)?,
        account: match order.account.as_str() {
            "" => None,
            text => Some(account(message, text)?),
        },
        side: side(message, &order.action)?,
        // Orders by amount of money have no quantity until they execute.
        qty: order.total_qty.unwrap_or(Qty::ZERO),
        limit_px: limit_px(&ord_type, order.limit_px),
        stop_px: stop_px(&ord_type, order.aux_px),
        ord_type,
        tif: TimeInForce::from_wire(order.tif.as_str()),
        order_ref: order.order_ref.to_str_lossy().into(),
        parent_id: (order.parent_id != 0).then_some(OrderId(order.parent_id)),
        oca_group: word(&order.oca_group),
        status: OrderStatus::Unknown,
        what_if: order.what_if,
        legs: legs(&order.combo),
        cum_qty: None,
    })
}

fn execution(m: &message::ExecDetails, zone: &TimeZone) -> Translated<ExecutionReport> {
    const MESSAGE: &str = "execDetails";
    let contract = contract(MESSAGE, &m.contract)?;
    let exec_id = m.exec_id.as_str();
    Ok(ExecutionReport {
        req_id: (m.req_id != -1).then_some(ReqId(m.req_id)),
        order_id: OrderId(m.order_id),
        client_id: ClientId(m.client_id),
        perm_id: PermId(m.perm_id),
        order_ref: m.order_ref.to_str_lossy().into(),
        cum_qty: known(MESSAGE, "cumQty", m.cum_qty)?,
        execution: Execution {
            exec_id: ExecId::new(exec_id)
                .ok_or_else(|| meaningless(MESSAGE, "execId", exec_id, "an execution id"))?,
            cl_ord_id: None,
            account: account(MESSAGE, m.account.as_str())?,
            instrument: InstrumentId::of(&contract)
                .ok_or_else(|| meaningless(MESSAGE, "contract.symbol", "", "a symbol"))?,
            side: side(MESSAGE, &m.side)?,
            last_qty: known(MESSAGE, "shares", m.qty)?,
            last_px: known(MESSAGE, "price", m.px)?,
            at: time::timestamp(&m.time.to_str_lossy(), zone),
        },
        contract,
    })
}

/// The largest double and -1 both mean "not known yet".
fn commission(m: &message::CommissionReport) -> Translated<Report> {
    let exec_id = m.exec_id.as_str();
    let exec_id = ExecId::new(exec_id)
        .ok_or_else(|| meaningless("commissionReport", "execId", exec_id, "an execution id"))?;
    let amount = m.commission.filter(|amount| *amount != rust_decimal::Decimal::NEGATIVE_ONE);
    let currency = Currency::new(m.currency.as_str());
    let charge = amount.zip(currency).map(|(amount, currency)| Money { amount, currency });
    Ok(Report::Commission { exec_id, charge })
}

fn holding(
    message: &'static str,
    whose: &Word,
    wire: &WireContract,
    position: Option<Position>,
    avg_cost: Option<Price>,
) -> Translated<Box<PositionReport>> {
    Ok(Box::new(PositionReport {
        account: account(message, whose.as_str())?,
        contract: contract(message, wire)?,
        position: known(message, "position", position)?,
        avg_cost,
    }))
}

fn contract_details(m: &message::ContractDetails) -> Translated<Report> {
    let contract = contract("contractDetails", &m.contract)?;
    Ok(Report::Contract(Box::new(plimsoll_model::ContractReport {
        req_id: ReqId(m.req_id),
        contract,
        con_id: ConId(m.contract.con_id),
        valid_exchanges: m.valid_exchanges.to_str_lossy().into(),
        liquid_hours: m.liquid_hours.to_str_lossy().into(),
        time_zone: word(&m.time_zone),
        qty_min: m.min_size.and_then(Qty::new),
        qty_step: m.size_increment.and_then(Qty::new).filter(|step| !step.is_zero()),
    })))
}

fn schedule(m: &message::HistoricalSchedule) -> Report {
    let session = |s: &message::HistoricalSession| ScheduledSession {
        date: word(&s.date),
        open: word(&s.start),
        close: word(&s.end),
    };
    Report::Schedule(Box::new(ScheduleReport {
        req_id: ReqId(m.req_id),
        time_zone: word(&m.zone),
        sessions: m.sessions.iter().map(session).collect(),
    }))
}

/// Bars that are shorter than a day begin at a time of it, and are `Other`.
fn day_bars(m: &message::HistoricalData) -> Report {
    let is_day = |bar: &message::Bar| bar.date.as_str().len() == 8;
    if !m.bars.iter().all(is_day) {
        return Report::Other;
    }
    let bar = |bar: &message::Bar| DayBar { date: word(&bar.date), close: bar.close };
    Report::DayBars(Box::new(DayBarsReport {
        req_id: ReqId(m.req_id),
        bars: m.bars.iter().map(bar).collect(),
    }))
}

fn word(word: &Word) -> Box<str> {
    word.as_str().into()
}

/// Delayed quotes (66 and up) are `Other`: a guard must not measure an order by a price of a quarter of
/// an hour ago.
fn quote(m: &message::TickPrice) -> Report {
    let field = match m.tick {
        1 => QuoteField::Bid,
        2 => QuoteField::Ask,
        4 => QuoteField::Last,
        9 => QuoteField::Close,
        _ => return Report::Other,
    };
    let no_quote =
        m.px == Some(Price::new(rust_decimal::Decimal::NEGATIVE_ONE)) && m.size.is_none_or(Qty::is_zero);
    Report::Quote { id: ReqId(m.req_id), field, price: m.px.filter(|_| !no_quote) }
}
