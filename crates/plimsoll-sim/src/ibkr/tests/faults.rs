//! Faults: each does what it says, for as long as it says.

use plimsoll_tws::message::ReqHistoricalData;
use plimsoll_tws::{Request, Response};

use super::rig::{Rig, order, quotes, stock};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Fault, FaultError, IbkrVenue, Profile};

fn rig() -> Rig {
    Rig::new(config(Profile::Live, ELEVEN))
}

fn ticks(rig: &mut Rig, conn: ConnId) -> usize {
    rig.heard(conn).iter().filter(|r| matches!(r, Response::TickPrice(_) | Response::TickSize(_))).count()
}

fn codes(rig: &mut Rig, conn: ConnId) -> Vec<i32> {
    let code = |r: &Response| if let Response::Error(error) = r { Some(error.code) } else { None };
    rig.heard(conn).iter().filter_map(code).collect()
}

#[test]
fn frozen_data_stops_and_starts_again_while_orders_go_on() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &quotes(1, "SPY"));
    rig.ask(conn, &quotes(2, "QQQ"));
    rig.heard(conn);
    rig.fault(r#"{"kind": "freeze_data", "symbol": "SPY", "after": "10s", "for": "60s"}"#);
    let of_spy = |rig: &mut Rig, seconds| {
        rig.wait(seconds);
        let heard = rig.heard(conn);
        let count =
            |id: i32| heard.iter().filter(|r| matches!(r, Response::TickPrice(m) if m.req_id == id)).count();
        (count(1) > 0, count(2) > 0)
    };
    assert_eq!(of_spy(&mut rig, 9), (true, true));
    rig.wait(1);
    rig.heard(conn);
    assert_eq!(of_spy(&mut rig, 50), (false, true));
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MKT"));
    assert!(rig.lines(conn).contains("orderStatus 1 Filled"));
    assert_eq!(of_spy(&mut rig, 20), (true, true));
}

#[test]
fn one_frozen_field_leaves_the_others() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &quotes(1, "SPY"));
    rig.fault(r#"{"kind": "freeze_field", "field": "last"}"#);
    rig.heard(conn);
    rig.wait(30);
    let heard = rig.heard(conn);
    let has = |tick: i32| heard.iter().any(|r| matches!(r, Response::TickPrice(m) if m.tick == tick));
    assert!(has(1) && has(2) && !has(4));
}

#[test]
fn a_broken_farm_stops_ticks_and_history_and_says_so() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &quotes(1, "SPY"));
    rig.heard(conn);
    rig.fault(r#"{"kind": "farm_down", "for": "20s"}"#);
    rig.wait(10);
    assert_eq!(rig.lines(conn), "error -1 2103 Market data farm connection is broken:usfarm\n");
    rig.wait(15);
    assert!(rig.lines(conn).contains("error -1 2104 Market data farm connection is OK:usfarm"));
    rig.fault(r#"{"kind": "farm_down", "farm": "ushmds"}"#);
    assert_eq!(codes(&mut rig, conn), [2105]);
}

#[test]
fn refused_and_dropped_orders_end_with_the_fault() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.fault(r#"{"kind": "reject_orders", "reason": "because"}"#);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MKT"));
    let lines = rig.lines(conn);
    assert!(
        lines.contains("orderStatus 1 Inactive")
            && lines.ends_with("error 1 201 Order rejected - reason:because\n")
    );
    rig.run(IbkrVenue::heal_all);
    rig.fault(r#"{"kind": "silent_drop_order", "for": "5s"}"#);
    rig.ask(conn, &order(2, "DU1", "BUY 10 SPY MKT"));
    assert_eq!(rig.lines(conn), "");
    rig.wait(6);
    rig.heard(conn);
    rig.ask(conn, &order(3, "DU1", "BUY 10 SPY MKT"));
    assert!(rig.lines(conn).contains("orderStatus 3 Filled"));
}

#[test]
fn the_venue_cancels_what_nobody_asked_to_cancel() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY LMT 400.00"));
    rig.ask(conn, &order(2, "DU1", "BUY 10 QQQ LMT 400.00"));
    rig.heard(conn);
    rig.fault(r#"{"kind": "cancel_order", "symbol": "QQQ"}"#);
    assert_eq!(
        rig.lines(conn),
        "orderStatus 2 Cancelled 0+10\nerror 2 202 Order Canceled - reason:Order was cancelled by the exchange\n"
    );
}

#[test]
fn a_manual_trade_moves_the_position_and_no_order_of_the_client_explains_it() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &Request::ReqPositions);
    rig.heard(conn);
    rig.fault(r#"{"kind": "manual_trade", "account": "DU2", "symbol": "SPY", "side": "SELL", "qty": "30", "price": "500"}"#);
    assert_eq!(rig.lines(conn), "position DU2 -30\n");
    assert_eq!(rig.state()["executions"][0]["client"], 0);
}

#[test]
fn commissions_come_as_late_as_the_fault_says() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.fault(r#"{"kind": "late_commission", "delay": "45s"}"#);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MKT"));
    assert!(!rig.lines(conn).contains("commissionReport"));
    rig.wait(44);
    assert_eq!(rig.lines(conn), "");
    rig.wait(1);
    assert_eq!(rig.lines(conn), "commissionReport 1\n");
}

#[test]
fn a_corrected_execution_repeats_its_id_with_a_higher_revision() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MKT"));
    rig.heard(conn);
    let cash = |rig: &Rig| {
        rig.state()["accounts"][0]["cash"].as_str().unwrap().parse::<rust_decimal::Decimal>().unwrap()
    };
    let before = cash(&rig);
    let px: rust_decimal::Decimal = rig.state()["executions"][0]["price"].as_str().unwrap().parse().unwrap();
    let right = px + rust_decimal::Decimal::ONE;
    rig.fault(&format!(r#"{{"kind": "correct_execution", "price": "{right}"}}"#));
    let heard = rig.heard(conn);
    let Response::ExecDetails(details) = &heard[0] else { panic!("{heard:?}") };
    assert!(details.exec_id.as_str().ends_with(".02"), "{}", details.exec_id);
    // Ten shares for a dollar more each.
    assert_eq!(cash(&rig), before - rust_decimal::Decimal::TEN);
}

#[test]
fn history_can_be_empty_paced_or_silent() {
    for (fault, expected) in
        [("empty_history", vec![162]), ("history_pacing", vec![162]), ("never_answer", vec![])]
    {
        let mut rig = rig();
        let conn = rig.client(7);
        rig.fault(&format!(r#"{{"kind": "{fault}"}}"#));
        let request = ReqHistoricalData {
            req_id: 1,
            contract: stock("SPY"),
            bar_size: "1 day".into(),
            duration: "5 D".into(),
            what: "TRADES".into(),
            ..ReqHistoricalData::default()
        };
        rig.ask(conn, &Request::ReqHistoricalData(Box::new(request)));
        assert_eq!(codes(&mut rig, conn), expected, "{fault}");
    }
}

#[test]
fn a_halted_symbol_shows_it_and_executes_nothing() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &quotes(1, "SPY"));
    rig.heard(conn);
    rig.fault(r#"{"kind": "halt_symbol", "symbol": "SPY", "for": "30s"}"#);
    assert_eq!(rig.lines(conn), "tickGeneric\n");
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MKT"));
    rig.wait(20);
    assert!(!rig.lines(conn).contains("execDetails"));
    rig.wait(15);
    assert!(rig.lines(conn).contains("orderStatus 1 Filled"));
}

#[test]
fn a_competing_session_takes_the_data() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &quotes(1, "SPY"));
    rig.heard(conn);
    rig.fault(r#"{"kind": "competing_session", "for": "10s"}"#);
    rig.wait(9);
    assert_eq!(rig.lines(conn), "error 1 10197 No market data during competing live session\n");
    rig.wait(5);
    assert!(ticks(&mut rig, conn) > 0);
}

#[test]
fn a_wrong_clock_is_told_to_clients_and_kept_from_the_state() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.fault(r#"{"kind": "clock_offset", "offset": "-90s"}"#);
    rig.ask(conn, &Request::ReqCurrentTime);
    let heard = rig.heard(conn);
    let Response::CurrentTime(time) = &heard[0] else { panic!("{heard:?}") };
    assert_eq!(time.seconds, rig.venue.now().as_second() - 90);
    assert_eq!(rig.state()["now"], "2026-11-27T16:00:00Z");
}

#[test]
fn executions_told_twice_have_the_same_id() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.fault(r#"{"kind": "duplicate_message"}"#);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MKT"));
    let ids: Vec<String> = rig
        .heard(conn)
        .iter()
        .filter_map(|r| if let Response::ExecDetails(m) = r { Some(m.exec_id.to_string()) } else { None })
        .collect();
    assert_eq!((ids.len(), &ids[0]), (2, &ids[1]));
    assert_eq!(rig.state()["executions"].as_array().unwrap().len(), 1);
}

#[test]
fn faults_about_things_that_do_not_exist_are_refused() {
    let mut rig = rig();
    let fault = |json: &str| serde_json::from_str::<Fault>(json).unwrap();
    let symbol = fault(r#"{"kind": "halt_symbol", "symbol": "XXXX"}"#);
    let account =
        fault(r#"{"kind": "manual_trade", "account": "DU9", "symbol": "SPY", "side": "BUY", "qty": 1}"#);
    rig.run(|venue, out| {
        assert!(matches!(venue.fault(symbol, out), Err(FaultError::Symbol { .. })));
        assert!(matches!(venue.fault(account, out), Err(FaultError::Account { .. })));
    });
}

pub(super) fn executed(rig: &mut Rig, conn: ConnId) -> Vec<(String, String, String)> {
    let row = |r: &Response| match r {
        Response::ExecDetails(m) => {
            Some((m.exec_id.to_string(), m.qty.unwrap().to_string(), m.px.unwrap().to_string()))
        }
        _ => None,
    };
    rig.heard(conn).iter().filter_map(row).collect()
}

#[test]
fn a_bust_comes_as_a_revision_without_shares_and_sets_the_account_back() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MKT"));
    let first = executed(&mut rig, conn).remove(0);
    rig.fault(r#"{"kind": "bust_execution"}"#);
    let revised = executed(&mut rig, conn).remove(0);
    assert_eq!(first.0.trim_end_matches("01"), revised.0.trim_end_matches("02"));
    assert_eq!(revised.1, "0");
    let state = rig.state();
    assert_eq!(state["positions"].as_array().unwrap().len(), 0);
    assert_eq!(state["accounts"][0]["cash"], "1000000");
}

#[test]
fn a_late_cancel_loses_against_the_execution_that_comes_first() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.price(r#"{"symbol": "SPY", "bid": "500.00"}"#);
    rig.fault(r#"{"kind": "late_cancel", "delay": "2s"}"#);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY LMT 499.00"));
    rig.ask(
        conn,
        &Request::CancelOrder(plimsoll_tws::message::CancelOrder { order_id: 1, ..Default::default() }),
    );
    assert!(rig.lines(conn).ends_with("orderStatus 1 PendingCancel 0+10\n"));
    rig.price(r#"{"symbol": "SPY", "bid": "498.00"}"#);
    assert!(rig.lines(conn).contains("orderStatus 1 Filled 10+0"));
    rig.wait(2);
    assert_eq!(
        rig.lines(conn),
        "error 1 10148 OrderId 1 that needs to be cancelled cannot be cancelled, state: Filled.\n"
    );
}

#[test]
fn an_unscheduled_close_ends_the_day_and_the_next_session_opens_as_usual() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MOC"));
    rig.ask(conn, &order(2, "DU1", "BUY 10 SPY LMT 400.00 GTC"));
    rig.fault(r#"{"kind": "unscheduled_close"}"#);
    assert!(rig.lines(conn).contains("error 1 202 "));
    rig.ask(conn, &order(3, "DU1", "BUY 10 SPY MKT"));
    let lines = rig.lines(conn);
    assert!(lines.contains("error 3 399 ") && lines.contains("2026-11-30 09:30:00"), "{lines}");
    rig.wait_until("13:00:00");
    assert_eq!(rig.state()["executions"].as_array().unwrap().len(), 0);
    rig.wait(3 * 86_400);
    assert!(rig.lines(conn).contains("orderStatus 3 Filled 10+0"));
}

// The keys of the list are those of the request; what lasts for ever has no end.
#[test]
fn the_list_of_faults_shows_what_is_on_and_what_is_planned() {
    let mut rig = rig();
    rig.fault(r#"{"kind": "freeze_data", "symbol": "SPY", "for": "60s"}"#);
    rig.fault(r#"{"kind": "halt_symbol", "symbol": "QQQ", "after": "90s"}"#);
    rig.fault(r#"{"kind": "disconnect"}"#);
    let row = |rig: &Rig, index: usize| rig.venue.faults()[index].clone();
    assert_eq!(
        row(&rig, 0),
        serde_json::json!({"id": 1, "kind": "freeze_data", "symbol": "SPY", "for": "60s", "active": true,
            "ends": "2026-11-27T16:01:00Z"})
    );
    assert_eq!(
        row(&rig, 1),
        serde_json::json!({"id": 2, "kind": "halt_symbol", "symbol": "QQQ", "after": "90s", "active": false,
            "begins": "2026-11-27T16:01:30Z"})
    );
    assert_eq!(rig.venue.faults().as_array().unwrap().len(), 2, "a disconnect is over at once");
    rig.wait(91);
    assert_eq!((row(&rig, 0)["id"].clone(), row(&rig, 0)["active"].clone()), (2.into(), true.into()));
    rig.run(IbkrVenue::heal_all);
    assert_eq!(rig.venue.faults(), serde_json::json!([]));
}
