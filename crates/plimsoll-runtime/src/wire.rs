//! Between frames and the bridge's words: what a frame is to the gateway, and what a command is on the
//! wire.
//!
//! Owns: which frames the bridge must see and which are relayed without it. Does not own: layouts, which
//! are `plimsoll-tws`'s, nor any decision.

mod concern;
mod offer;
mod place;
mod tell;

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use plimsoll_core::{Ask, Rewrite};
use plimsoll_model::{Account, ClientId, Contract, OrderId, RawFrame, Report, ReqId, Request as Asked};
use plimsoll_tws::denial::{self, Addressee, Standing};
use plimsoll_tws::message::{
    ById, CancelOrder, ErrorMessage, OrderStatus, ReqAccountSummary, ReqCompletedOrders, ReqContractDetails,
    ReqExecutions, ReqHistoricalData, ReqIds, ReqMktData, StartApi, WireContract, message_id,
};
use plimsoll_tws::rewrite::{self, RewriteError};
use plimsoll_tws::translate::Strike;
use plimsoll_tws::{Gate, Request, Response, ServerVersion, Text, Word, translate};

use crate::clock::watch::broker::Grain;
use crate::holdings::Stream;

pub use concern::{is_event, is_own_event};
pub use offer::clamp;

pub(crate) use place::place;
pub(crate) use tell::{repeat, tell};

/// TWS: "Order Canceled".
const CODE_CANCELED: i32 = 202;

/// Venue messages that can change a decision or that not every bot may see, by number: order status,
/// error, open order, account values, portfolio, next id, executions, managed accounts, the ends of their
/// answers, commissions, positions, account summary, and the per-account forms of all that. Everything
/// else is relayed without being read.
const CONCERNING: &[i32] =
    &[3, 4, 5, 6, 7, 9, 11, 15, 53, 54, 55, 59, 61, 62, 63, 71, 72, 73, 74, 94, 95, 101, 102];
/// The accounts of the login and the families that they belong to.
const FAMILY_CODES: i32 = 78;
/// Messages that only our own connection acts on: tick price, contract details and their end, bars, times, schedules.
const CONCERNING_OWN: &[i32] = &[1, 10, 17, 49, 52, 106, 109];
/// Ticks of market data, which may be left out for a bot that does not read: price, size, generic, string,
/// options, depth, tick by tick.
const TICKS: &[i32] = &[1, 2, 12, 13, 21, 45, 46, 99];

/// Bars: an answer of them, one of five seconds, the last one anew.
const BARS: &[i32] = &[17, 50, 90];

/// Requests that begin or end answers about holdings: account updates, positions and their cancel, and those
/// of one account and their cancel.
const ENDS_HOLDINGS: &[i32] = &[6, 61, 64, 74, 75];

/// Messages that say what is at the broker: status, open order, execution, holding.
const BROKER_STATE: &[i32] = &[3, 5, 11, 61];

/// The zone of times that name none.
static NEW_YORK: LazyLock<TimeZone> =
    LazyLock::new(|| plimsoll_calendar::zone("America/New_York").expect("New York is in the bundled zones"));

/// What a venue's frame is on a bot's link.
#[derive(Debug)]
pub enum Told {
    /// Not the bridge's business.
    Relay,
    /// The same, and it may be left out when the bot reads too slowly. Which price it strikes, if any.
    RelayTick(Option<Strike>),
    /// Bars, of which those outside of the session that was asked for may be left out.
    Bars,
    /// Rows about accounts, of which the bot sees its own.
    FamilyCodes,
    /// The bridge decides who sees it.
    Report(Box<Report>),
    /// The bridge decides who sees it, and said when it came that it tells nothing new.
    Repeated(Box<Report>),
    /// It cannot be read and might be about somebody else's account.
    Unreadable(String),
}

impl Told {
    /// Whether it is for the bot alone, and no decision needs it.
    pub fn is_data(&self) -> bool {
        matches!(self, Self::Relay | Self::RelayTick(_) | Self::Bars | Self::Repeated(_))
    }
}

/// Whether the frame says what is at the broker.
pub fn is_broker_state(version: ServerVersion, frame: &RawFrame) -> bool {
    message_id(version, frame).is_some_and(|id| BROKER_STATE.contains(&id))
}

/// What a venue's frame is on a bot's link.
pub fn told_bot(version: ServerVersion, frame: &RawFrame) -> Told {
    match message_id(version, frame) {
        Some(id) if CONCERNING.contains(&id) => match told(version, frame) {
            // A word would take the whole answer before it along, past everybody's orders.
            Told::Report(report) if matches!(*report, Report::ExecutionsEnd(_)) => Told::Relay,
            told => told,
        },
        Some(id) if TICKS.contains(&id) => Told::RelayTick(translate::strike(version, frame)),
        Some(id) if BARS.contains(&id) => Told::Bars,
        Some(FAMILY_CODES) => Told::FamilyCodes,
        _ => Told::Relay,
    }
}

/// What a venue's frame is on our own connection; `Relay` means that nobody cares.
pub fn told_us(version: ServerVersion, frame: &RawFrame) -> Told {
    match message_id(version, frame) {
        Some(id) if CONCERNING.contains(&id) || CONCERNING_OWN.contains(&id) => told(version, frame),
        _ => Told::Relay,
    }
}

fn told(version: ServerVersion, frame: &RawFrame) -> Told {
    match report(version, frame) {
        Ok(Report::Other) => Told::Relay,
        Ok(report) => Told::Report(Box::new(report)),
        Err(why) => Told::Unreadable(why),
    }
}

/// A venue's frame in the bridge's words.
///
/// Times without a zone (executions below version 174) are read as New York's: the journal keeps no login
/// zone, and nothing is decided by an execution's time.
pub(crate) fn report(version: ServerVersion, frame: &RawFrame) -> Result<Report, String> {
    translate::report(version, frame, &NEW_YORK).map_err(|error| error.to_string())
}

/// A bot's frame in the bridge's words.
pub fn request(version: ServerVersion, frame: &RawFrame) -> Asked {
    translate::request(version, frame)
}

/// The client id of a start message; nothing for any other message.
pub fn start_api(version: ServerVersion, frame: &RawFrame) -> Option<ClientId> {
    match Request::decode(version, frame) {
        Ok(Request::StartApi(start)) => Some(ClientId(start.client_id)),
        Ok(_) | Err(_) => None,
    }
}

/// Which answers about holdings end with this request: a cancel, or a new question in the place of the
/// old one.
pub(crate) fn ends_holdings(version: ServerVersion, frame: &RawFrame) -> Option<Stream> {
    if !message_id(version, frame).is_some_and(|id| ENDS_HOLDINGS.contains(&id)) {
        return None;
    }
    match Request::decode(version, frame) {
        Ok(Request::ReqPositions | Request::CancelPositions) => Some(Stream::Positions),
        Ok(Request::ReqAccountUpdates(_)) => Some(Stream::Portfolio),
        Ok(Request::ReqPositionsMulti(asked)) => Some(Stream::Multi(ReqId(asked.req_id))),
        Ok(Request::CancelPositionsMulti(asked)) => Some(Stream::Multi(ReqId(asked.req_id))),
        Ok(_) | Err(_) => None,
    }
}

/// A start message that says who it is and nothing else: our own, and what the venue gets of a bot's. What a
/// bot writes into its optional capabilities may be a secret, and neither venue nor journal needs it.
pub fn plain_start(version: ServerVersion, client_id: ClientId) -> RawFrame {
    Request::StartApi(StartApi { client_id: client_id.0, capabilities: Word::EMPTY }).encode(version)
}

/// Whether a bot asks for the venue's time, in seconds or in milliseconds.
pub fn asks_for_time(version: ServerVersion, frame: &RawFrame) -> bool {
    matches!(message_id(version, frame), Some(49 | 105))
}

/// Asks the venue for its time: our heartbeat, and in lockstep our "taken".
pub(crate) fn ask_time(version: ServerVersion) -> RawFrame {
    Request::ReqCurrentTime.encode(version)
}

/// Whether the venue knows the question of [`ask_barrier`].
pub(crate) fn has_barrier(version: ServerVersion) -> bool {
    version.has(Gate::CurrentTimeInMillis)
}

/// Asks for the time in a second way. Its answer comes behind everything that the venue has sent before.
pub(crate) fn ask_barrier(version: ServerVersion) -> RawFrame {
    Request::ReqCurrentTimeInMillis.encode(version)
}

/// Asks for the time as finely as the venue says it.
pub fn ask_precise_time(version: ServerVersion) -> RawFrame {
    if has_barrier(version) { ask_barrier(version) } else { ask_time(version) }
}

/// The venue's time, and how finely it is said.
pub(crate) fn venue_time(version: ServerVersion, frame: &RawFrame) -> Option<(Timestamp, Grain)> {
    if !matches!(message_id(version, frame), Some(49 | 109)) {
        return None;
    }
    match Response::decode(version, frame).ok()? {
        Response::CurrentTime(said) => Some((Timestamp::from_second(said.seconds).ok()?, Grain::Second)),
        Response::CurrentTimeInMillis(said) => {
            Some((Timestamp::from_millisecond(said.ms).ok()?, Grain::Milli))
        }
        _ => None,
    }
}

/// Whether this is the venue's time in whole seconds, the answer to [`ask_time`].
pub(crate) fn is_current_time(version: ServerVersion, frame: &RawFrame) -> bool {
    message_id(version, frame) == Some(49)
}

/// Asks for the next order id: a question that every version answers, however often it is asked.
pub(crate) fn ask_next_id(version: ServerVersion) -> RawFrame {
    Request::ReqIds(ReqIds { count: 1 }).encode(version)
}

/// Whether this is the answer to [`ask_next_id`].
pub(crate) fn is_next_id(version: ServerVersion, frame: &RawFrame) -> bool {
    message_id(version, frame) == Some(9)
}

/// Whether a batch begins with this in lockstep: with the venue's time in whole seconds.
pub(crate) fn is_batch_start(version: ServerVersion, frame: &RawFrame) -> bool {
    is_current_time(version, frame)
}

/// Asks for the open orders of our own client: there are none, and a read-only API refuses to say so.
pub(crate) fn ask_own_open_orders(version: ServerVersion) -> RawFrame {
    Request::ReqOpenOrders.encode(version)
}

/// A cancel in our own words.
pub(crate) fn cancel(version: ServerVersion, order_id: OrderId) -> RawFrame {
    Request::CancelOrder(CancelOrder { order_id: order_id.0, ..CancelOrder::default() }).encode(version)
}

/// A question of the bridge.
pub(crate) fn ask(version: ServerVersion, ask: &Ask) -> RawFrame {
    match ask {
        Ask::Positions => Request::ReqPositions,
        Ask::OpenOrders => Request::ReqAllOpenOrders,
        Ask::Executions { req_id } => {
            Request::ReqExecutions(ReqExecutions { req_id: req_id.0, ..ReqExecutions::default() })
        }
        Ask::Equity { req_id } => Request::ReqAccountSummary(ReqAccountSummary {
            req_id: req_id.0,
            group: "All".into(),
            tags: "NetLiquidation".into(),
        }),
        Ask::EndEquity { req_id } => Request::CancelAccountSummary(ById { req_id: req_id.0 }),
        Ask::CompletedOrders => Request::ReqCompletedOrders(ReqCompletedOrders { api_only: false }),
        Ask::Contract { req_id, contract } => Request::ReqContractDetails(Box::new(ReqContractDetails {
            req_id: req_id.0,
            contract: wire_contract(contract),
            ..ReqContractDetails::default()
        })),
        Ask::Schedule { req_id, contract } => Request::ReqHistoricalData(Box::new(ReqHistoricalData {
            req_id: req_id.0,
            contract: wire_contract(contract),
            bar_size: "1 day".into(),
            duration: format!("{} D", plimsoll_core::limits::SCHEDULE_DAYS).as_str().into(),
            use_rth: true,
            what: "SCHEDULE".into(),
            format_date: 1,
            ..ReqHistoricalData::default()
        })),
        Ask::DayBars { req_id, contract } => Request::ReqHistoricalData(Box::new(ReqHistoricalData {
            req_id: req_id.0,
            contract: wire_contract(contract),
            bar_size: "1 day".into(),
            duration: format!("{} D", plimsoll_core::limits::OFFICIAL_CLOSE_DAYS).as_str().into(),
            use_rth: true,
            what: "TRADES".into(),
            format_date: 1,
            ..ReqHistoricalData::default()
        })),
        Ask::Quotes { req_id, contract, .. } => Request::ReqMktData(Box::new(ReqMktData {
            req_id: req_id.0,
            contract: wire_contract(contract),
            ..ReqMktData::default()
        })),
    }
    .encode(version)
}

fn wire_contract(contract: &Contract) -> WireContract {
    let multiplier = contract.multiplier.map(|m| m.normalize().to_string()).unwrap_or_default();
    WireContract {
        con_id: contract.con_id.map_or(0, |id| id.0),
        symbol: (*contract.symbol).into(),
        sec_type: contract.sec_type.as_wire().into(),
        expiry: (*contract.expiry).into(),
        strike: contract.strike,
        right: (*contract.right).into(),
        multiplier: multiplier.as_str().into(),
        exchange: (*contract.exchange).into(),
        primary_exchange: (*contract.primary_exchange).into(),
        currency: (*contract.currency).into(),
        local_symbol: (*contract.local_symbol).into(),
        trading_class: (*contract.trading_class).into(),
    }
}

/// A bot's order with the declared rewrites. An error means that the frame must not leave.
pub(crate) fn rewrite_up(
    version: ServerVersion,
    raw: &RawFrame,
    rewrites: &[Rewrite],
) -> Result<RawFrame, RewriteError> {
    let mut frame = raw.clone();
    for change in rewrites {
        frame = match change {
            Rewrite::Account(account) => rewrite::set_account(version, &frame, account)?,
            Rewrite::OrderRef(order_ref) => rewrite::set_order_ref(version, &frame, order_ref)?,
            Rewrite::NextValidId(_) | Rewrite::Accounts(_) | Rewrite::ExecutionTime => frame,
        };
    }
    Ok(frame)
}

/// A venue's message with the declared rewrites. An error means that the bot must not see the frame.
pub(crate) fn rewrite_down(
    version: ServerVersion,
    raw: &RawFrame,
    rewrites: &[Rewrite],
) -> Result<RawFrame, RewriteError> {
    let mut frame = raw.clone();
    for change in rewrites {
        frame = match change {
            Rewrite::OrderRef(order_ref) => rewrite::restore_order_ref(version, &frame, order_ref)?,
            Rewrite::NextValidId(id) => rewrite::set_next_valid_id(version, &frame, *id)?,
            Rewrite::Accounts(accounts) => rewrite::set_managed_accounts(version, &frame, accounts)?,
            Rewrite::ExecutionTime => rewrite::name_zone(version, &frame)?,
            Rewrite::Account(_) => frame,
        };
    }
    Ok(frame)
}

/// The rows about these accounts. An error means that the bot must not see the frame.
pub(crate) fn own_family_codes(
    version: ServerVersion,
    raw: &RawFrame,
    accounts: &[Account],
) -> Result<RawFrame, RewriteError> {
    rewrite::keep_family_codes(version, raw, accounts)
}

/// The frames of a denied order.
pub(crate) fn deny(to: Addressee, raw: &RawFrame, reason: &str) -> Vec<RawFrame> {
    denial::refuse_new(to, raw, reason)
}

/// The frames of a denied change.
pub(crate) fn deny_change(
    to: Addressee,
    order_id: OrderId,
    reason: &str,
    open_order: Option<&RawFrame>,
    status: Option<&RawFrame>,
) -> Vec<RawFrame> {
    let standing = open_order.zip(status).map(|(open_order, status)| Standing { open_order, status });
    denial::refuse_change(to, order_id, reason, standing)
}

/// An error addressed to a request or an order.
pub(crate) fn error(to: Addressee, id: Option<i32>, code: i32, text: &str) -> RawFrame {
    denial::error(to, id.map(OrderId), code, text)
}

/// The venue's words for an order that ended by its cancel, for one that never left.
pub(crate) fn canceled_unsent(to: Addressee, order_id: OrderId) -> [RawFrame; 2] {
    use plimsoll_model::{Price, Qty};
    let status = OrderStatus {
        order_id: order_id.0,
        status: Word::literal("Cancelled"),
        filled: Some(Qty::ZERO),
        remaining: Some(Qty::ZERO),
        avg_fill_px: Some(Price::ZERO),
        last_fill_px: Some(Price::ZERO),
        client_id: to.client_id.0,
        market_cap_px: Some(Price::ZERO),
        ..OrderStatus::default()
    };
    let error = ErrorMessage {
        id: order_id.0,
        code: CODE_CANCELED,
        text: Text::from("Order Canceled - reason:"),
        advanced_reject: Text::EMPTY,
        time_ms: Some(to.at.as_millisecond()),
    };
    [Response::OrderStatus(status).encode(to.version), Response::Error(error).encode(to.version)]
}

/// To whom a refusal goes.
pub fn addressee(version: ServerVersion, client_id: ClientId, at: Timestamp) -> Addressee {
    Addressee { version, client_id, at }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(text: &str) -> RawFrame {
        RawFrame::new(text.replace('|', "\0").into_bytes().into())
    }

    fn v(number: u16) -> ServerVersion {
        ServerVersion::new(number).unwrap()
    }

    #[test]
    fn market_data_is_relayed_without_the_bridge_and_order_status_is_not() {
        assert!(matches!(told_bot(v(178), &bars("1|6|7|1|500.25|100|0|")), Told::RelayTick(Some(_))));
        assert!(matches!(told_bot(v(178), &bars("17|…")), Told::Bars));
        let status = told_bot(v(178), &bars("3|5|Submitted|0|100|0|7|0|0|11||0|"));
        assert!(matches!(status, Told::Report(_)), "{status:?}");
    }

    #[test]
    fn a_damaged_position_is_unreadable_and_a_damaged_tick_is_relayed() {
        assert!(matches!(told_bot(v(178), &bars("61|3|U1|")), Told::Unreadable(_)));
        assert!(matches!(told_bot(v(178), &bars("1|6|")), Told::RelayTick(None)));
    }

    #[test]
    fn of_family_codes_a_bot_is_shown_its_own_rows() {
        let frame = bars("78|2|DU1|F9|DU2|F9|");
        assert!(matches!(told_bot(v(178), &frame), Told::FamilyCodes));
        let own = |frame: &RawFrame, version, of: &[&str]| {
            let of: Vec<_> = of.iter().map(|text| Account::new(text).unwrap()).collect();
            own_family_codes(version, frame, &of).unwrap()
        };
        assert_eq!(own(&frame, v(178), &["DU2"]), bars("78|1|DU2|F9|"));
        assert_eq!(own(&frame, v(178), &["DU1", "DU2"]), frame);
        assert_eq!(own(&frame, v(178), &["DU3"]), bars("78|0|"));
        let protobuf = RawFrame::new(
            b"\0\0\x01\x16\x0A\x09\x0A\x03DU1\x12\x02F9\x0A\x09\x0A\x03DU2\x12\x02F9"[..].into(),
        );
        assert!(matches!(told_bot(ServerVersion::PROTOBUF, &protobuf), Told::FamilyCodes));
        let one = RawFrame::new(b"\0\0\x01\x16\x0A\x09\x0A\x03DU1\x12\x02F9"[..].into());
        assert_eq!(own(&protobuf, ServerVersion::PROTOBUF, &["DU1"]), one);
        assert!(own_family_codes(v(178), &bars("78|2|DU1|"), &[]).is_err());
    }

    #[test]
    fn a_quote_matters_on_our_own_connection_only() {
        let tick = bars("1|6|7|1|500.25|100|0|");
        assert!(matches!(told_us(v(200), &tick), Told::Report(_)));
    }

    #[test]
    fn a_question_for_the_time_is_known_in_either_unit_and_on_either_wire() {
        for version in [v(200), ServerVersion::PROTOBUF] {
            assert!(
                asks_for_time(version, &ask_time(version)) && asks_for_time(version, &ask_barrier(version))
            );
            assert!(!asks_for_time(version, &ask_next_id(version)));
        }
    }

    #[test]
    fn the_start_message_names_the_client() {
        assert_eq!(start_api(v(178), &bars("71|2|11||")), Some(ClientId(11)));
        assert_eq!(start_api(v(178), &bars("62|1|")), None);
        assert_eq!(plain_start(v(200), ClientId(900)), bars("71|2|900||"));
    }

    #[test]
    fn frames_in_protobuf_are_sorted_by_their_number_like_those_in_text() {
        let protobuf = ServerVersion::PROTOBUF;
        let frame = |number: u8, body: &[u8]| RawFrame::new([&[0, 0, 0, number][..], body].concat().into());
        assert!(matches!(told_bot(protobuf, &frame(201, b"")), Told::RelayTick(_)), "tick price");
        assert!(matches!(told_bot(protobuf, &frame(217, b"")), Told::Bars));
        let status = told_bot(protobuf, &frame(203, b"\x08\x05\x12\x09Submitted\x1A\x010\x22\x03100"));
        assert!(matches!(status, Told::Report(_)), "{status:?}");
        assert!(matches!(told_bot(protobuf, &frame(203, b"\x08")), Told::Unreadable(_)));
        assert!(is_broker_state(protobuf, &frame(205, b"")), "open order");
        assert!(is_batch_start(protobuf, &frame(249, b"\x08\x05")), "current time");
        assert_eq!(start_api(protobuf, &frame(0xFF, b"")), None);
        let start = plain_start(protobuf, ClientId(900));
        assert_eq!(start.bytes(), b"\0\0\x01\x0F\x08\x84\x07");
        assert_eq!(start_api(protobuf, &start), Some(ClientId(900)));
    }

    #[test]
    fn cancels_carry_what_their_version_wants() {
        assert_eq!(cancel(v(157), OrderId(5)), bars("4|1|5|"));
        assert_eq!(cancel(v(200), OrderId(5)), bars("4|5|||2147483647|"), "as the official client sends it");
    }
}
