//! Faults: each does what it says, for as long as it says.

use plimsoll_tws::message::ReqHistoricalData;
use plimsoll_tws::{Request, Response};

use super::rig::{Rig, order, quotes, stock};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Fault, FaultError, IbkrVenue, Output, Profile};

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
fn a_lost_link_is_told_again_and_again_and_keeps_orders_for_later() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &quotes(1, "SPY"));
    rig.heard(conn);
    rig.fault(r#"{"kind": "link_down"}"#);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MKT"));
    rig.wait(9);
    assert_eq!(codes(&mut rig, conn), [1100, 1100, 1100]);
    assert_eq!(rig.state()["orders"].as_array().unwrap().len(), 0);
    rig.fault(r#"{"kind": "link_up_data_lost"}"#);
    let lines = rig.lines(conn);
    assert!(lines.starts_with("error -1 1101 ") && lines.contains("orderStatus 1 Filled"), "{lines}");
    rig.wait(10);
    assert_eq!(ticks(&mut rig, conn), 0, "a subscription survived 1101");
    rig.ask(conn, &quotes(1, "SPY"));
    assert!(ticks(&mut rig, conn) > 0);
}

#[test]
fn a_link_that_comes_back_with_its_data_goes_on() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &quotes(1, "SPY"));
    rig.fault(r#"{"kind": "link_down", "for": "30s"}"#);
    rig.heard(conn);
    rig.wait(29);
    assert_eq!(ticks(&mut rig, conn), 0);
    rig.wait(5);
    let heard = rig.heard(conn);
    assert!(heard.iter().any(|r| matches!(r, Response::Error(error) if error.code == 1102)));
    assert!(heard.iter().any(|r| matches!(r, Response::TickPrice(_))));
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
fn a_mute_socket_still_answers_pings_and_a_half_open_one_does_not() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.fault(r#"{"kind": "mute_socket", "client": 7}"#);
    rig.ask(conn, &Request::ReqPositions);
    assert_eq!(rig.lines(conn), "");
    rig.ask(conn, &Request::ReqCurrentTime);
    assert_eq!(rig.lines(conn), "currentTime\n");
    rig.fault(r#"{"kind": "half_open"}"#);
    rig.wait(5);
    rig.ask(conn, &Request::ReqCurrentTime);
    assert_eq!(rig.lines(conn), "");
    rig.run(IbkrVenue::heal_all);
    rig.ask(conn, &Request::ReqPositions);
    assert_eq!(rig.lines(conn), "positionEnd\n");
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
fn the_nightly_restart_resets_everybody_and_keeps_the_door_shut_for_a_while() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY LMT 400.00"));
    rig.fault(r#"{"kind": "daily_reset", "for": "40s"}"#);
    assert_eq!(rig.ended(conn), Some("reset"));
    let early = rig.socket();
    assert_eq!(rig.ended(early), Some("closed"));
    rig.wait(41);
    assert!(rig.sent.contains(&Output::RefuseConnections(false)));
    let again = rig.start_at(7, 178);
    assert!(rig.lines(again).starts_with("openOrder 1 Submitted"));
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
fn lost_messages_are_lost_by_name() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.fault(r#"{"kind": "drop_message", "message": "orderStatus"}"#);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MKT"));
    let lines = rig.lines(conn);
    assert!(lines.contains("execDetails") && !lines.contains("orderStatus"), "{lines}");
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

fn executed(rig: &mut Rig, conn: ConnId) -> Vec<(String, String, String)> {
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
fn a_delayed_message_comes_behind_those_that_were_sent_after_it() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.fault(r#"{"kind": "delay_message", "message": "execDetails", "delay": "3s"}"#);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MKT"));
    assert!(!rig.lines(conn).contains("execDetails"));
    rig.wait(2);
    assert_eq!(rig.lines(conn), "");
    rig.wait(1);
    assert_eq!(rig.lines(conn), "execDetails -1 1 BOT 10\n");
}

#[test]
fn a_reordered_message_is_passed_by_the_next_one_and_waits_no_longer_than_a_second() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.fault(r#"{"kind": "reorder", "message": "execDetails"}"#);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MKT"));
    let lines = rig.lines(conn);
    assert!(
        lines.contains("openOrder 1 Filled BUY 10 MKT DU1\nexecDetails -1 1 BOT 10\norderStatus 1 Filled"),
        "{lines}"
    );
    rig.fault(r#"{"kind": "reorder", "message": "commissionReport"}"#);
    rig.ask(conn, &order(2, "DU1", "BUY 10 SPY MKT"));
    assert!(!rig.lines(conn).contains("commissionReport"));
    rig.wait(1);
    assert_eq!(rig.lines(conn), "commissionReport 1\n");
}

#[test]
fn one_message_in_three_is_repeated_and_which_ones_depends_on_the_seed_alone() {
    let run = || {
        let mut rig = rig();
        let conn = rig.client(7);
        rig.fault(r#"{"kind": "duplicate_message", "message": "execDetails", "one_in": 3}"#);
        for id in 1..=30 {
            rig.ask(conn, &order(id, "DU1", "BUY 1 SPY MKT"));
            rig.wait(1);
        }
        executed(&mut rig, conn)
    };
    let rows = run();
    assert!((32..=50).contains(&rows.len()), "{} executions were told", rows.len());
    assert_eq!(rows, run());
}

#[test]
fn a_message_is_lost_for_one_client_and_not_for_another() {
    let mut rig = rig();
    let (one, two) = (rig.client(1), rig.client(2));
    rig.fault(r#"{"kind": "drop_message", "message": "orderStatus", "client": 1}"#);
    rig.ask(one, &order(1, "DU1", "BUY 1 SPY MKT"));
    rig.ask(two, &order(1, "DU1", "BUY 1 SPY MKT"));
    assert!(!rig.lines(one).contains("orderStatus"));
    assert!(rig.lines(two).contains("orderStatus"));
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

#[test]
fn messages_above_the_rate_are_rejected_and_the_third_time_ends_the_connection() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.fault(r#"{"kind": "rate_limit", "per_second": 2}"#);
    for second in 1..=3 {
        for _ in 0..4 {
            rig.ask(conn, &Request::ReqOpenOrders);
        }
        if second < 3 {
            assert_eq!(codes_and_names(&mut rig, conn), ["openOrderEnd", "openOrderEnd", "100"]);
            assert_eq!(rig.ended(conn), None);
            rig.wait(1);
        }
    }
    assert_eq!(rig.ended(conn), Some("closed"));
}

fn codes_and_names(rig: &mut Rig, conn: ConnId) -> Vec<String> {
    let name =
        |r: &Response| if let Response::Error(e) = r { e.code.to_string() } else { r.name().to_owned() };
    rig.heard(conn).iter().map(name).collect()
}

#[test]
fn a_restart_that_rolls_ids_back_hands_out_a_number_that_was_used() {
    let mut rig = rig();
    let conn = rig.client(7);
    for id in 1..=3 {
        rig.ask(conn, &order(id, "DU1", "BUY 1 SPY MKT"));
    }
    rig.fault(r#"{"kind": "daily_reset", "roll_back_ids": 2}"#);
    assert_eq!(rig.ended(conn), Some("reset"));
    rig.wait(31);
    let again = rig.start_at(7, 178);
    assert!(rig.lines(again).contains("nextValidId 2\n"));
    rig.ask(again, &order(2, "DU1", "SELL 1 SPY MKT"));
    assert!(rig.lines(again).contains("orderStatus 2 Filled"));
}

#[test]
fn a_staged_order_does_not_survive_a_restart() {
    let mut rig = rig();
    let conn = rig.client(7);
    let Request::PlaceOrder(mut m) = order(1, "DU1", "BUY 1 SPY MKT") else { unreachable!() };
    m.order.transmit = false;
    rig.ask(conn, &Request::PlaceOrder(m));
    rig.fault(r#"{"kind": "daily_reset"}"#);
    assert_eq!(rig.state()["orders"][0]["status"], "Cancelled");
}

#[test]
fn a_port_change_is_told_with_1300_and_ends_the_connection() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.fault(r#"{"kind": "port_change", "port": 4003}"#);
    let lines = rig.lines(conn);
    assert!(lines.starts_with("error -1 1300 ") && lines.contains("4003"), "{lines}");
    assert_eq!(rig.ended(conn), Some("closed"));
}
