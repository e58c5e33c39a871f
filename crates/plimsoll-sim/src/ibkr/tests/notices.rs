//! Notices and warnings that real bots meet: farms, permissions, crossed sides, busts, precautions.

use plimsoll_tws::message::{
    ById, PlaceOrder, ReqHistoricalData, ReqMarketDataType, ReqMktData, ReqRealTimeBars, ReqTickByTickData,
};
use plimsoll_tws::{Request, Response};

use super::rig::{Rig, order, order_with, quotes, stock};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Fault, FaultError, Profile, TwsSettings, VenueConfig};

fn rig() -> (Rig, ConnId) {
    let mut rig = Rig::new(config(Profile::Live, ELEVEN));
    let conn = rig.client(7);
    (rig, conn)
}

fn codes(heard: &[Response]) -> Vec<i32> {
    heard
        .iter()
        .filter_map(|r| if let Response::Error(error) = r { Some(error.code) } else { None })
        .collect()
}

fn days(req_id: i32, keep_up_to_date: bool) -> Request {
    Request::ReqHistoricalData(Box::new(ReqHistoricalData {
        req_id,
        contract: stock("SPY"),
        bar_size: "1 min".into(),
        duration: "600 S".into(),
        what: "TRADES".into(),
        keep_up_to_date,
        ..ReqHistoricalData::default()
    }))
}

fn five_seconds(req_id: i32, symbol: &str) -> Request {
    Request::ReqRealTimeBars(Box::new(ReqRealTimeBars {
        req_id,
        contract: stock(symbol),
        bar_size: 5,
        what: "TRADES".into(),
        ..ReqRealTimeBars::default()
    }))
}

#[test]
fn a_farm_that_sleeps_says_so_at_the_start_and_wakes_with_the_first_request() {
    let (mut rig, conn) = rig();
    rig.fault(r#"{"kind": "farm_idle", "farm": "usfarm"}"#);
    rig.fault(r#"{"kind": "farm_idle", "farm": "ushmds"}"#);
    // The dot in front of the farm's name is theirs.
    assert_eq!(
        rig.lines(conn),
        "error -1 2108 Market data farm connection is inactive but should be available upon demand.usfarm\n\
         error -1 2107 HMDS data farm connection is inactive but should be available upon demand.ushmds\n"
    );
    let late = rig.start_at(8, 178);
    let greeting = codes(&rig.heard(late));
    assert_eq!(greeting, [2108, 2108, 2107, 2107, 2158]);
    rig.ask(conn, &quotes(1, "SPY"));
    let heard = rig.heard(conn);
    assert_eq!(codes(&heard), [2119, 2104]);
    assert!(heard.iter().any(|r| matches!(r, Response::TickPrice(_))));
    rig.ask(late, &days(2, false));
    assert_eq!(codes(&rig.heard(late)), [2119, 2104, 2106], "the farms are the login's");
    assert!(rig.lines(conn).contains(" 2106 "));
    rig.ask(conn, &quotes(3, "QQQ"));
    assert_eq!(codes(&rig.heard(conn)), [0; 0], "awake once and for all");
}

#[test]
fn a_market_data_farm_connects_before_it_is_fine_again() {
    let (mut rig, conn) = rig();
    rig.fault(r#"{"kind": "farm_down", "farm": "usfarm", "for": "3s"}"#);
    rig.wait(3);
    let lines = rig.lines(conn);
    assert!(
        lines.ends_with(
            "error -1 2119 Market data farm is connecting:usfarm\n\
             error -1 2104 Market data farm connection is OK:usfarm\n"
        ),
        "{lines}"
    );
}

#[test]
fn who_connects_while_tws_has_no_server_is_told_2110_and_then_1100_like_the_others() {
    let (mut rig, conn) = rig();
    rig.fault(r#"{"kind": "link_down"}"#);
    assert_eq!(codes(&rig.heard(conn)), [1100]);
    let late = rig.start_at(8, 178);
    let lines = rig.lines(late);
    let text =
        "Connectivity between Trader Workstation and server is broken. It will be restored automatically.";
    assert!(lines.ends_with(&format!("error -1 2110 {text}\n")) && !lines.contains(" 1100 "), "{lines}");
    rig.wait(4);
    assert_eq!(codes(&rig.heard(late)), [1100]);
}

#[test]
fn data_that_is_not_subscribed_is_refused_with_each_of_the_codes_that_were_seen() {
    for (code, part) in [
        (354, "354"),
        (10089, "10089"),
        (10168, "10168"),
        (10186, "10186"),
        (10090, "10090"),
        (10091, "10091"),
    ] {
        let (mut rig, conn) = rig();
        rig.fault(&format!(r#"{{"kind": "not_subscribed", "symbol": "SPY", "code": {part}}}"#));
        let generic = ReqMktData {
            req_id: 1,
            contract: stock("SPY"),
            generic_ticks: "233".into(),
            ..ReqMktData::default()
        };
        rig.ask(conn, &Request::ReqMktData(Box::new(generic)));
        rig.wait(5);
        let heard = rig.heard(conn);
        assert_eq!(codes(&heard), [code]);
        // Of what is subscribed in part the rest goes on.
        let partly = matches!(code, 10090 | 10091);
        assert_eq!(heard.iter().any(|r| matches!(r, Response::TickPrice(_))), partly, "{code}");
        assert!(!heard.iter().any(|r| matches!(r, Response::TickString(m) if m.tick == 48)), "{code}");
        // Others are not concerned.
        rig.ask(conn, &quotes(2, "QQQ"));
        assert_eq!(codes(&rig.heard(conn)), [0; 0]);
    }
}

#[test]
fn who_takes_delayed_data_gets_it_where_live_data_is_not_subscribed() {
    let (mut rig, conn) = rig();
    rig.fault(r#"{"kind": "not_subscribed", "symbol": "SPY"}"#);
    rig.ask(conn, &quotes(1, "SPY"));
    assert_eq!(codes(&rig.heard(conn)), [10089]);
    rig.ask(conn, &Request::ReqMarketDataType(ReqMarketDataType { kind: 3 }));
    rig.ask(conn, &quotes(2, "SPY"));
    let heard = rig.heard(conn);
    assert_eq!(codes(&heard), [10167]);
    assert!(heard.iter().any(|r| matches!(r, Response::TickPrice(m) if m.tick == 66)));
    rig.run(crate::ibkr::IbkrVenue::heal_all);
    rig.heard(conn);
    rig.ask(conn, &quotes(3, "SPY"));
    assert_eq!(codes(&rig.heard(conn)), [0; 0]);
}

#[test]
fn what_is_not_subscribed_has_no_bars_no_ticks_and_no_history_either() {
    let (mut rig, conn) = rig();
    rig.fault(r#"{"kind": "not_subscribed", "symbol": "SPY"}"#);
    rig.ask(conn, &five_seconds(1, "SPY"));
    let ticks = ReqTickByTickData {
        req_id: 2,
        contract: stock("SPY"),
        kind: "Last".into(),
        ..ReqTickByTickData::default()
    };
    rig.ask(conn, &Request::ReqTickByTickData(Box::new(ticks)));
    rig.ask(conn, &days(3, false));
    let lines = rig.lines(conn);
    assert!(lines.contains("error 1 420 Invalid Real-time Query:No market data permissions for "), "{lines}");
    assert!(lines.contains("error 2 10189 ") && lines.contains("error 3 162 "), "{lines}");
    assert!(lines.contains("No market data permissions for ARCA STK"), "{lines}");
}

#[test]
fn a_code_that_no_gateway_sent_for_this_is_no_fault() {
    let (mut rig, _) = rig();
    let fault: Fault =
        serde_json::from_str(r#"{"kind": "not_subscribed", "symbol": "SPY", "code": 200}"#).unwrap();
    let refused = rig.venue.fault(fault, &mut Vec::new()).unwrap_err();
    assert_eq!(refused, FaultError::Code { code: 200 });
    assert!(refused.to_string().contains("10089"), "{refused}");
}

#[test]
fn a_security_that_an_account_may_not_trade_is_refused_with_203() {
    let (mut rig, conn) = rig();
    rig.fault(r#"{"kind": "not_allowed", "symbol": "SPY", "account": "DU1"}"#);
    rig.ask(conn, &order(1, "DU1", "BUY 1 SPY MKT"));
    let lines = rig.lines(conn);
    assert_eq!(lines, "error 1 203 The security SPY is not available or allowed for this account.\n");
    // Others may, and so may the account in everything else.
    rig.ask(conn, &order(1, "DU2", "BUY 1 SPY MKT"));
    rig.ask(conn, &order(2, "DU1", "BUY 1 QQQ MKT"));
    let lines = rig.lines(conn);
    assert!(lines.contains("orderStatus 1 Filled") && lines.contains("orderStatus 2 Filled"), "{lines}");
    rig.fault(r#"{"kind": "not_allowed", "symbol": "QQQ"}"#);
    rig.ask(conn, &order(3, "DU2", "BUY 1 QQQ MKT"));
    assert!(rig.lines(conn).starts_with("error 3 203 "));
}

#[test]
fn a_tws_that_warns_of_direct_routes_does_not_place_such_orders() {
    let settings = TwsSettings { direct_route_precaution: true, ..TwsSettings::default() };
    let mut rig = Rig::new(VenueConfig { settings, ..config(Profile::Live, ELEVEN) });
    let conn = rig.client(7);
    let to_arca = |m: &mut PlaceOrder| m.contract.exchange = "ARCA".into();
    rig.ask(conn, &order_with(1, "DU1", "BUY 1 SPY MKT", to_arca));
    assert_eq!(
        rig.lines(conn),
        "error 1 10311 This order will be directly routed to ARCA. Direct routed orders may result in higher trade \
         fees. Restriction is specified in Precautionary Settings of Global Configuration/API.\n"
    );
    rig.ask(conn, &order(1, "DU1", "BUY 1 SPY MKT"));
    assert!(rig.lines(conn).contains("orderStatus 1 Filled"));
}

#[test]
fn without_data_tws_cannot_check_the_percentage_and_says_164() {
    let settings = TwsSettings { price_percent_max: Some(3), ..TwsSettings::default() };
    let mut rig = Rig::new(VenueConfig { settings, ..config(Profile::Live, ELEVEN) });
    let conn = rig.client(7);
    rig.fault(r#"{"kind": "not_subscribed", "symbol": "SPY"}"#);
    rig.ask(conn, &order(1, "DU1", "BUY 1 SPY LMT 400.00"));
    assert!(rig.lines(conn).starts_with("error 1 164 "));
    rig.ask(conn, &order(1, "DU1", "BUY 1 QQQ LMT 400.00"));
    assert!(rig.lines(conn).contains("orderStatus 1 Submitted"));
}

#[test]
fn an_order_that_turns_a_position_around_is_warned_of_and_executed() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MKT"));
    rig.ask(conn, &order(2, "DU1", "SELL 10 SPY LMT 999.00"));
    let lines = rig.lines(conn);
    assert!(!lines.contains(" 2137 "), "one that closes it: {lines}");
    for (id, text) in [(3, "SELL 25 SPY MKT"), (4, "BUY 16 SPY MKT")] {
        rig.ask(conn, &order(id, "DU1", text));
        let lines = rig.lines(conn);
        let warning =
            format!("error {id} 2137 The closing order quantity is greater than your current position.\n");
        assert!(lines.starts_with(&warning), "{lines}");
        assert!(lines.contains(&format!("orderStatus {id} Filled")), "{lines}");
    }
    // Another account has nothing to turn around.
    rig.ask(conn, &order(5, "DU2", "SELL 25 SPY MKT"));
    assert!(!rig.lines(conn).contains(" 2137 "));
}

// What ib_async does by itself on 10225: the cancel and the request again, under the same number.
#[test]
fn a_bust_ends_the_bars_of_its_symbol_until_they_are_asked_for_again() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &five_seconds(1, "SPY"));
    rig.ask(conn, &five_seconds(2, "QQQ"));
    rig.ask(conn, &days(3, true));
    rig.ask(conn, &order(4, "DU1", "BUY 10 SPY MKT"));
    rig.wait(15);
    rig.heard(conn);
    rig.fault(r#"{"kind": "bust_execution"}"#);
    let text = "Bust event occurred, current subscription is deactivated. Please resubscribe real-time bars \
                immediately.";
    let lines = rig.lines(conn);
    assert!(lines.contains(&format!("error 1 10225 {text}\nerror 3 10225 {text}\n")), "{lines}");
    assert!(!lines.contains("error 2 "), "{lines}");
    rig.wait(10);
    let bars = |heard: &[Response]| {
        let each = heard.iter().filter_map(|r| match r {
            Response::RealTimeBar(m) => Some(m.req_id),
            Response::HistoricalDataUpdate(m) => Some(m.req_id),
            _ => None,
        });
        each.collect::<std::collections::BTreeSet<i32>>().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(bars(&rig.heard(conn)), [2]);
    rig.ask(conn, &Request::CancelRealTimeBars(ById { req_id: 1 }));
    rig.ask(conn, &five_seconds(1, "SPY"));
    rig.ask(conn, &Request::CancelHistoricalData(ById { req_id: 3 }));
    rig.ask(conn, &days(3, true));
    rig.wait(10);
    let heard = rig.heard(conn);
    assert_eq!((bars(&heard), codes(&heard)), (vec![1, 2, 3], vec![]));
}

#[test]
fn an_order_for_the_open_of_the_same_day_breaks_no_rule_and_one_after_the_close_does() {
    // The ten lines of the documentation send theirs five minutes before the open.
    for (start, broken) in [
        ("2026-11-27T09:25:00-05:00", vec![]),
        ("2026-11-27T13:30:00-05:00", vec!["outside_session"]),
        ("2026-11-28T12:00:00-05:00", vec!["outside_session"]),
    ] {
        let mut rig = Rig::new(config(Profile::Live, start));
        let conn = rig.client(7);
        rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MKT"));
        assert!(rig.lines(conn).contains("error 1 399 "), "{start}");
        assert_eq!(rig.violations(), broken, "{start}");
    }
}
