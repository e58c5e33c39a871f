//! The frames with which a server tells a client about an order that it holds and carries out itself.
//!
//! A gateway that sends one order for several clients owes each of them the life of its own: accepted, executed in
//! parts or in full, canceled, in the order of messages in which a real Gateway tells it (`execDetails` before the
//! status that it leads to, the commission last). The order that it is told as is the client's own `placeOrder`.
//!
//! Does not own: what was executed, at what price, for whom.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use plimsoll_model::{Account, ConId, ExecId, Money, OrderId, PermId, Price, Qty, RawFrame, ReqId, Side};

use crate::denial::{self, Addressee};
use crate::echo::{self, Echo};
use crate::message::{CommissionReport, ExecDetails, OrderStatus, PlaceOrder, WireContract};
use crate::{Gate, Request, Response, ServerVersion, Text, Word};

/// An order ended by a cancel, whether the client asked for it or not.
const ORDER_CANCELED: i32 = 202;

/// A word about an order that lives on.
const ORDER_MESSAGE: i32 = 399;

/// Execution reports that answer no question.
const UNASKED: i32 = -1;

/// A venue that opens both sides of a book for adding and taking; an auction does neither.
const LIQUIDITY_NONE: i32 = 0;

/// One held order and its client.
#[derive(Debug, Clone)]
pub struct Held {
    to: Addressee,
    perm_id: PermId,
    placed: Box<PlaceOrder>,
}

/// One execution of it.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// The key under which the client knows it.
    pub exec_id: &'a ExecId,
    /// Whose.
    pub account: &'a Account,
    /// Which way.
    pub side: Side,
    /// How much.
    pub last_qty: Qty,
    /// At what price.
    pub last_px: Price,
    /// Where.
    pub exchange: &'a str,
    /// When.
    pub at: Timestamp,
    /// The zone of the login, for connections that name none.
    pub login_zone: &'a TimeZone,
    /// How far the order is with it.
    pub progress: Progress,
}

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// FIX 14.
    pub cum_qty: Qty,
    /// FIX 151: what may still be executed.
    pub leaves_qty: Qty,
    /// FIX 6; none before the first execution.
    pub avg_px: Option<Price>,
}

impl Held {
    /// A client's `placeOrder`, under a number that looks like the broker's; clients tell orders apart by it, so it must be
    /// no other order's. The broker's number of the contract, where the client named none. Nothing if the frame is no
    /// readable `placeOrder`.
    pub fn new(to: Addressee, perm_id: PermId, con_id: Option<ConId>, frame: &RawFrame) -> Option<Self> {
        let Ok(Request::PlaceOrder(mut placed)) = Request::decode(to.version, frame) else { return None };
        if placed.contract.con_id == 0 {
            placed.contract.con_id = con_id.map_or(0, |con_id| con_id.0);
        }
        Some(Self { to, perm_id, placed })
    }

    /// It is accepted and waits, as an on-close order does until its auction.
    pub fn accepted(&self) -> Vec<RawFrame> {
        let leaves_qty = self.placed.order.total_qty.unwrap_or(Qty::ZERO);
        self.state("PreSubmitted", Progress { cum_qty: Qty::ZERO, leaves_qty, avg_px: None }, None)
    }

    /// It works, in orders that stand for it.
    pub fn working(&self) -> Vec<RawFrame> {
        let leaves_qty = self.placed.order.total_qty.unwrap_or(Qty::ZERO);
        self.state("Submitted", Progress { cum_qty: Qty::ZERO, leaves_qty, avg_px: None }, None)
    }

    /// How it stands, for a client that asks.
    pub fn stands(&self, progress: Progress) -> Vec<RawFrame> {
        let status = if progress.cum_qty.is_zero() { "PreSubmitted" } else { "Submitted" };
        self.state(status, progress, None)
    }

    /// Something about it that is no change of it, for people: and how it stands after that, because `ib_async` takes
    /// a message about an order for a state.
    pub fn noted(&self, progress: Progress, text: &str) -> Vec<RawFrame> {
        let text = format!("Order Message: {text}");
        let mut frames =
            vec![denial::error(self.to, Some(OrderId(self.placed.order_id)), ORDER_MESSAGE, &text)];
        frames.extend(self.stands(progress));
        frames
    }

    /// A part of it is executed, or all that was left.
    pub fn executed(&self, part: &Part<'_>) -> Vec<RawFrame> {
        let mut frames = vec![self.details(part, UNASKED)];
        frames.extend(self.state(status_after(part), part.progress, Some(part.last_px)));
        frames
    }

    /// The same execution for a client that has asked for its executions.
    pub fn repeated(&self, part: &Part<'_>, req_id: ReqId) -> RawFrame {
        self.details(part, req_id.0)
    }

    fn details(&self, part: &Part<'_>, req_id: i32) -> RawFrame {
        let status = status_after(part);
        let contract = WireContract {
            exchange: part.exchange.into(),
            primary_exchange: Word::EMPTY,
            ..echo::open_order(&self.placed, self.echo(status)).contract
        };
        let details = ExecDetails {
            req_id,
            order_id: self.placed.order_id,
            contract,
            exec_id: part.exec_id.as_str().into(),
            time: Text::from(&*spelled(part.at, part.login_zone, self.to.version)),
            account: part.account.as_str().into(),
            exchange: part.exchange.into(),
            side: Word::literal(if part.side == Side::Buy { "BOT" } else { "SLD" }),
            qty: Some(part.last_qty),
            px: Some(part.last_px),
            perm_id: self.perm_id.0,
            client_id: self.to.client_id.0,
            cum_qty: Some(part.progress.cum_qty),
            avg_px: part.progress.avg_px,
            order_ref: self.placed.order.order_ref.clone(),
            last_liquidity: LIQUIDITY_NONE,
            ..ExecDetails::default()
        };
        Response::ExecDetails(Box::new(details)).encode(self.to.version)
    }

    /// What is left of it will not be executed.
    pub fn canceled(&self, progress: Progress, reason: &str) -> Vec<RawFrame> {
        let mut frames = self.state("Cancelled", progress, None);
        let text = format!("Order Canceled - reason:{reason}");
        frames.push(denial::error(self.to, Some(OrderId(self.placed.order_id)), ORDER_CANCELED, &text));
        frames
    }

    fn echo<'a>(&self, status: &'a str) -> Echo<'a> {
        Echo { client_id: self.to.client_id, perm_id: self.perm_id, status }
    }

    /// The order as it stands, and its status.
    fn state(&self, status: &str, progress: Progress, last_px: Option<Price>) -> Vec<RawFrame> {
        let open = echo::open_order(&self.placed, self.echo(status));
        let said = OrderStatus {
            order_id: self.placed.order_id,
            status: status.into(),
            filled: Some(progress.cum_qty),
            remaining: Some(progress.leaves_qty),
            avg_fill_px: Some(progress.avg_px.unwrap_or(Price::ZERO)),
            perm_id: self.perm_id.0,
            parent_id: self.placed.order.parent_id,
            last_fill_px: Some(last_px.unwrap_or(Price::ZERO)),
            client_id: self.to.client_id.0,
            why_held: Word::EMPTY,
            market_cap_px: Some(Price::ZERO),
        };
        let both = [Response::OpenOrder(Box::new(open)), Response::OrderStatus(said)];
        both.map(|response| response.encode(self.to.version)).into()
    }
}

fn status_after(part: &Part<'_>) -> &'static str {
    if part.progress.leaves_qty.is_zero() { "Filled" } else { "Submitted" }
}

/// The commission of an execution that a client was told.
pub fn commission(version: ServerVersion, exec_id: &ExecId, charge: Money) -> RawFrame {
    let report = CommissionReport {
        exec_id: exec_id.as_str().into(),
        commission: Some(charge.amount),
        currency: charge.currency.as_str().into(),
        ..CommissionReport::default()
    };
    Response::CommissionReport(report).encode(version)
}

/// With its zone where the version has one: UTC, which every client reads as what it is.
fn spelled(at: Timestamp, login_zone: &TimeZone, version: ServerVersion) -> String {
    if version.has(Gate::InstrumentTimezone) {
        return at.strftime("%Y%m%d %H:%M:%S UTC").to_string();
    }
    at.to_zoned(login_zone.clone()).strftime("%Y%m%d  %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use plimsoll_model::{ClientId, Currency, Report};
    use rust_decimal::Decimal;

    use super::*;
    use crate::message::Order;

    fn to(version: u16) -> Addressee {
        let at = Timestamp::from_millisecond(1_795_716_000_000).unwrap();
        Addressee { version: ServerVersion::new(version).unwrap(), client_id: ClientId(7), at }
    }

    /// A bot's `BUY 100 SPY MOC`, as it comes at this version.
    fn held(version: u16) -> Held {
        let order = Order {
            action: "BUY".into(),
            total_qty: Some(Qty::whole(100)),
            order_type: "MOC".into(),
            tif: "DAY".into(),
            account: "DU1".into(),
            order_ref: "mine".into(),
            transmit: true,
            ..Order::default()
        };
        let contract = WireContract {
            symbol: "SPY".into(),
            sec_type: "STK".into(),
            exchange: "SMART".into(),
            currency: "USD".into(),
            ..WireContract::default()
        };
        let placed = PlaceOrder { order_id: 5, contract, order, ..PlaceOrder::default() };
        let to = to(version);
        let frame = Request::PlaceOrder(Box::new(placed)).encode(to.version);
        Held::new(to, PermId(9001), Some(ConId(756_733)), &frame).unwrap()
    }

    fn progress(cum: u64, leaves: u64, px: Option<&str>) -> Progress {
        Progress {
            cum_qty: Qty::whole(cum),
            leaves_qty: Qty::whole(leaves),
            avg_px: px.map(|px| Price::parse(px).unwrap()),
        }
    }

    fn executed(version: u16, cum: u64) -> Vec<RawFrame> {
        let exec_id = ExecId::new("net.SPY-trend-20261127-1.1.01").unwrap();
        held(version).executed(&Part {
            exec_id: &exec_id,
            account: &Account::new("DU1").unwrap(),
            side: Side::Buy,
            last_qty: Qty::whole(cum),
            last_px: Price::parse("600.25").unwrap(),
            exchange: "ARCA",
            at: "2026-11-27T18:00:00Z".parse().unwrap(),
            login_zone: &TimeZone::get("America/New_York").unwrap(),
            progress: progress(cum, 100 - cum, Some("600.25")),
        })
    }

    /// What a client reads; of the long description only who and how.
    #[track_caller]
    fn check(version: u16, frames: &[RawFrame], expect: &Expect) {
        let version = ServerVersion::new(version).unwrap();
        let read = frames.iter().map(|frame| match Response::decode(version, frame).unwrap() {
            Response::OpenOrder(m) => format!(
                "openOrder {} {} {} {} of {} [{}] {}\n",
                m.order_id,
                m.order.action,
                m.contract.symbol,
                m.state.status,
                m.perm_id,
                m.order.order_ref.to_str_lossy(),
                m.contract.con_id
            ),
            Response::OrderStatus(m) => format!(
                "orderStatus {} {} {:?} {:?} at {:?} of {}\n",
                m.order_id, m.status, m.filled, m.remaining, m.avg_fill_px, m.perm_id
            ),
            Response::ExecDetails(m) => format!(
                "execDetails {} {} {} {} {:?} at {:?} on {} {}, {}\n",
                m.order_id,
                m.exec_id,
                m.side,
                m.account,
                m.qty,
                m.px,
                m.exchange,
                m.contract.con_id,
                m.time.to_str_lossy()
            ),
            Response::CommissionReport(m) => {
                format!("commission {} {:?} {}\n", m.exec_id, m.commission, m.currency)
            }
            Response::Error(m) => format!("error {} {} {}\n", m.id, m.code, m.text.to_str_lossy()),
            other => panic!("{other:?}"),
        });
        expect.assert_eq(&read.collect::<String>());
    }

    #[test]
    fn a_held_order_is_accepted_and_waits_for_its_auction() {
        for version in [157, 178, 200, 213] {
            check(
                version,
                &held(version).accepted(),
                &expect![[r"
                    openOrder 5 BUY SPY PreSubmitted of 9001 [mine] 756733
                    orderStatus 5 PreSubmitted Some(0) Some(100) at Some(0) of 9001
                "]],
            );
        }
    }

    #[test]
    fn an_execution_comes_before_the_status_that_it_leads_to() {
        for version in [178, 200, 213] {
            check(
                version,
                &executed(version, 100),
                &expect![[r"
                    execDetails 5 net.SPY-trend-20261127-1.1.01 BOT DU1 Some(100) at Some(600.25) on ARCA 756733, 20261127 18:00:00 UTC
                    openOrder 5 BUY SPY Filled of 9001 [mine] 756733
                    orderStatus 5 Filled Some(100) Some(0) at Some(600.25) of 9001
                "]],
            );
        }
        // Before 174 a time has no zone: it is that of the login.
        let early = &executed(157, 40)[0];
        assert!(format!("{early:?}").contains("20261127  13:00:00"), "{early:?}");
        let status = &executed(157, 40)[2];
        assert_eq!(format!("{status:?}"), "3|5|Submitted|40|60|600.25|9001|0|600.25|7||0|");
    }

    #[test]
    fn what_is_left_is_canceled_with_the_reason() {
        for version in [178, 213] {
            let frames = held(version).canceled(progress(40, 60, Some("600.25")), "no more was executed");
            check(
                version,
                &frames,
                &expect![[r"
                    openOrder 5 BUY SPY Cancelled of 9001 [mine] 756733
                    orderStatus 5 Cancelled Some(40) Some(60) at Some(600.25) of 9001
                    error 5 202 Order Canceled - reason:no more was executed
                "]],
            );
        }
    }

    #[test]
    fn a_commission_names_the_execution_that_the_client_was_told() {
        let exec_id = ExecId::new("net.SPY-trend-20261127-1.1.01").unwrap();
        let charge = Money { amount: Decimal::new(7143, 4), currency: Currency::USD };
        for version in [178, 213] {
            let frame = commission(ServerVersion::new(version).unwrap(), &exec_id, charge);
            check(
                version,
                &[frame],
                &expect![[r"
                commission net.SPY-trend-20261127-1.1.01 Some(0.7143) USD
            "]],
            );
        }
    }

    #[test]
    fn what_is_told_reads_as_the_executions_of_a_broker_do() {
        let version = ServerVersion::new(178).unwrap();
        let zone = TimeZone::get("America/New_York").unwrap();
        let told = crate::translate::report(version, &executed(178, 100)[0], &zone);
        let Ok(Report::Execution(report)) = told else { panic!("{told:?}") };
        assert_eq!(report.execution.at, Some("2026-11-27T18:00:00Z".parse().unwrap()));
        assert_eq!((report.execution.side, report.cum_qty), (Side::Buy, Qty::whole(100)));
    }

    #[test]
    fn a_word_about_an_order_that_waits_is_followed_by_how_it_stands() {
        let frames = held(178).noted(progress(0, 100, None), "60 will not be executed");
        check(
            178,
            &frames,
            &expect![["
            error 5 399 Order Message: 60 will not be executed
            openOrder 5 BUY SPY PreSubmitted of 9001 [mine] 756733
            orderStatus 5 PreSubmitted Some(0) Some(100) at Some(0) of 9001
        "]],
        );
    }

    #[test]
    fn only_an_order_can_be_held() {
        let cancel = RawFrame::new("4|1|5|".replace('|', "\0").into_bytes().into());
        assert!(Held::new(to(178), PermId(1), None, &cancel).is_none());
    }
}
