//! Faults of connections and messages: each does what it says, for as long as it says.

use plimsoll_tws::message::{CancelOrder, ReqExecutions, ReqGlobalCancel};
use plimsoll_tws::{Request, Response, ServerVersion, frame};

use super::faults::executed;
use super::rig::{Rig, order, quotes};
use super::{ELEVEN, config};
use crate::ibkr::links::KEPT_MAX;
use crate::ibkr::{ConnId, IbkrVenue, Output, Profile};

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
fn a_lost_link_is_told_again_and_again_and_keeps_orders_for_later() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &quotes(1, "SPY"));
    rig.heard(conn);
    rig.fault(r#"{"kind": "link_down"}"#);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MKT"));
    rig.wait(9);
    assert_eq!(codes(&mut rig, conn), [1100, 1100, 1100]);
    assert_eq!(rig.state()["orders"][0]["status"], "PendingSubmit");
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
    assert_eq!(rig.lines(conn), "currentTime\npositionEnd\n", "what was asked meanwhile is answered late");
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
fn lost_messages_are_lost_by_name() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.fault(r#"{"kind": "drop_message", "message": "orderStatus"}"#);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MKT"));
    let lines = rig.lines(conn);
    assert!(lines.contains("execDetails") && !lines.contains("orderStatus"), "{lines}");
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

#[test]
fn an_order_sent_without_link_is_tws_s_and_goes_out_also_when_its_client_has_left() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.fault(r#"{"kind": "link_down"}"#);
    rig.heard(conn);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MKT"));
    let told = "openOrder 1 PendingSubmit BUY 10 MKT DU1\norderStatus 1 PendingSubmit 0+10\n";
    assert_eq!(rig.lines(conn), told);
    // A careful bot that asks finds it.
    rig.ask(conn, &Request::ReqOpenOrders);
    assert_eq!(rig.lines(conn), format!("{told}openOrderEnd\n"));
    rig.hang_up(conn);
    rig.wait(20);
    assert_eq!(rig.state()["executions"].as_array().unwrap().len(), 0);
    rig.fault(r#"{"kind": "link_up_data_kept"}"#);
    assert_eq!(rig.state()["orders"][0]["status"], "Filled");
    let again = rig.start_at(7, 178);
    rig.ask(again, &Request::ReqExecutions(ReqExecutions { req_id: 5, ..ReqExecutions::default() }));
    assert!(rig.lines(again).contains("execDetails 5 1 BOT 10"));
}

#[test]
fn what_waits_for_the_link_can_be_changed_and_taken_back_and_is_lost_with_tws() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY LMT 400.00"));
    rig.fault(r#"{"kind": "link_down"}"#);
    rig.heard(conn);
    rig.ask(conn, &order(2, "DU1", "BUY 10 SPY LMT 401.00"));
    rig.ask(conn, &order(2, "DU1", "BUY 20 SPY LMT 402.00"));
    assert!(
        rig.lines(conn)
            .ends_with("openOrder 2 PendingSubmit BUY 20 LMT DU1\norderStatus 2 PendingSubmit 0+20\n")
    );
    rig.ask(conn, &cancel(2));
    assert!(rig.lines(conn).contains("orderStatus 2 Cancelled 0+20\nerror 2 202 "));
    // The cancel of one that works has to reach the exchange.
    rig.ask(conn, &cancel(1));
    assert_eq!(rig.lines(conn), "");
    rig.ask(conn, &order(3, "DU1", "BUY 10 SPY MKT"));
    rig.heard(conn);
    rig.fault(r#"{"kind": "daily_reset"}"#);
    rig.wait(31);
    let state = rig.state();
    let statuses: Vec<_> =
        state["orders"].as_array().unwrap().iter().map(|row| row["status"].clone()).collect();
    assert_eq!(statuses, ["Submitted", "Cancelled", "Cancelled"]);
}

#[test]
fn no_client_fills_the_memory_while_there_is_no_link() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY LMT 400.00"));
    rig.fault(r#"{"kind": "link_down"}"#);
    for id in 2..=i32::try_from(KEPT_MAX).unwrap() + 1 {
        rig.ask(conn, &order(id, "DU1", "BUY 10 SPY LMT 401.00"));
        rig.ask(conn, &cancel(1));
        if id % 20 == 0 {
            rig.wait(1);
        }
    }
    rig.heard(conn);
    rig.ask(conn, &order(5000, "DU1", "BUY 10 SPY LMT 401.00"));
    let lines = rig.lines(conn);
    assert!(lines.contains("orderStatus 5000 Inactive") && lines.contains("error 5000 201 "), "{lines}");
    // Cancels find room for as long again.
    for sent in 1..=KEPT_MAX {
        rig.ask(conn, &cancel(1));
        if sent % 40 == 0 {
            rig.wait(1);
        }
    }
    assert!(!rig.lines(conn).contains(" 161 "));
    rig.ask(conn, &cancel(1));
    assert!(rig.lines(conn).contains("error 1 161 "));
}

#[test]
fn an_order_that_works_keeps_its_id_when_the_ids_fall_back() {
    let mut rig = rig();
    let conn = rig.client(7);
    for id in 1..=3 {
        rig.ask(conn, &order(id, "DU1", "BUY 10 SPY LMT 400.00 GTC"));
    }
    rig.fault(r#"{"kind": "daily_reset", "roll_back_ids": 2}"#);
    rig.wait(31);
    let again = rig.start_at(7, 178);
    let lines = rig.lines(again);
    assert!(lines.contains("openOrder 3 Submitted") && lines.contains("nextValidId 2\n"), "{lines}");
    rig.ask(again, &cancel(3));
    assert!(rig.lines(again).contains("orderStatus 3 Cancelled"));
    // The number that comes again belongs to an order that works: another one under it is no change of that.
    rig.ask(again, &order(2, "DU1", "SELL 5 SPY MKT"));
    assert!(rig.lines(again).contains("error 2 105 "));
}

fn cancel(order_id: i32) -> Request {
    Request::CancelOrder(CancelOrder { order_id, ..CancelOrder::default() })
}

#[test]
fn what_was_sent_to_a_half_open_socket_is_read_later_and_no_frame_is_cut() {
    let mut rig = rig();
    let conn = rig.client(7);
    let bytes = |request: &Request| frame::encode(request.encode(ServerVersion::new(178).unwrap()).bytes());
    let late = bytes(&order(1, "DU1", "BUY 10 SPY MKT"));
    let (first, rest) = late.split_at(9);
    rig.bytes(conn, first);
    rig.fault(r#"{"kind": "half_open", "for": "60s"}"#);
    rig.bytes(conn, rest);
    for _ in 0..100 {
        rig.ask(conn, &Request::ReqPositions);
    }
    rig.wait(59);
    assert_eq!((rig.lines(conn).as_str(), rig.state()["orders"].as_array().unwrap().len()), ("", 0));
    rig.wait(1);
    let lines = rig.lines(conn);
    assert!(lines.contains("orderStatus 1 Filled 10+0"), "{lines}");
    assert_eq!(lines.matches("positionEnd").count(), 100, "{lines}");
    assert_eq!((rig.ended(conn), rig.violations()), (None, Vec::<String>::new()));
}

#[test]
fn whoever_sends_and_sends_into_a_half_open_socket_is_cut_off() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.fault(r#"{"kind": "half_open"}"#);
    for _ in 0..5 {
        assert_eq!(rig.ended(conn), None);
        rig.bytes(conn, &vec![0; 1 << 20]);
    }
    assert_eq!(rig.ended(conn), Some("reset"));
}

#[test]
fn connections_that_are_made_during_a_fault_meet_it_too() {
    let mut rig = rig();
    rig.fault(r#"{"kind": "mute_socket", "client": 7, "for": "60s"}"#);
    let (seven, eight) = (rig.start_at(7, 178), rig.start_at(8, 178));
    assert_eq!(rig.lines(seven), "");
    assert!(rig.lines(eight).contains("nextValidId"));
    rig.fault(r#"{"kind": "mute_socket", "for": "90s"}"#);
    let nine = rig.start_at(9, 178);
    assert_eq!(rig.lines(nine), "");
    rig.wait(61);
    rig.ask(seven, &Request::ReqPositions);
    assert_eq!(rig.lines(seven), "", "the other one lasts");
    rig.wait(30);
    rig.ask(nine, &Request::ReqPositions);
    assert_eq!(rig.lines(nine), "positionEnd\n");
}

#[test]
fn changes_and_cancels_of_working_orders_go_out_also_when_their_client_has_left() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY LMT 400.00"));
    rig.ask(conn, &order(2, "DU1", "BUY 10 SPY LMT 401.00"));
    rig.fault(r#"{"kind": "link_down"}"#);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY LMT 402.00"));
    rig.ask(conn, &cancel(2));
    rig.hang_up(conn);
    rig.fault(r#"{"kind": "link_up_data_kept"}"#);
    let state = rig.state();
    let row = |at: usize| (state["orders"][at]["status"].clone(), state["orders"][at]["limit"].clone());
    assert_eq!(row(0), ("Submitted".into(), "402.00".into()));
    assert_eq!(row(1).0, "Cancelled");
}

#[test]
fn a_global_cancel_ends_what_waited_before_it_and_leaves_what_came_behind_it() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY LMT 400.00"));
    rig.fault(r#"{"kind": "link_down"}"#);
    rig.heard(conn);
    rig.ask(conn, &order(2, "DU1", "BUY 10 SPY MKT"));
    rig.heard(conn);
    rig.ask(conn, &Request::ReqGlobalCancel(ReqGlobalCancel::default()));
    assert!(rig.lines(conn).starts_with("orderStatus 2 Cancelled 0+10\n"), "it has never left");
    rig.ask(conn, &order(3, "DU1", "BUY 10 SPY LMT 400.00"));
    rig.heard(conn);
    rig.fault(r#"{"kind": "link_up_data_kept"}"#);
    let lines = rig.lines(conn);
    assert!(!lines.contains("execDetails"), "{lines}");
    let end = lines.find("orderStatus 1 Cancelled").expect("the cancel went out");
    assert!(end < lines.find("openOrder 3 Submitted").expect("the order behind it went out"), "{lines}");
}

#[test]
fn a_refusal_that_tws_gives_by_itself_comes_at_once_and_fills_no_memory() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &order(5, "DU1", "BUY 10 SPY MKT"));
    rig.fault(r#"{"kind": "link_down"}"#);
    rig.heard(conn);
    rig.ask(conn, &cancel(77));
    assert!(rig.lines(conn).starts_with("error 77 10147 "));
    rig.ask(conn, &order(3, "DU1", "BUY 10 SPY MKT"));
    assert!(rig.lines(conn).starts_with("error 3 103 "));
    assert!(rig.venue.exchange.happenings.is_empty() && rig.venue.exchange.at_once.is_empty());
}

#[test]
fn questions_for_the_time_that_were_sent_in_their_time_break_no_rule_when_they_are_read_late() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.fault(r#"{"kind": "half_open", "for": "60s"}"#);
    for _ in 0..5 {
        rig.ask(conn, &Request::ReqCurrentTime);
        rig.wait(10);
    }
    rig.wait(10);
    assert_eq!(rig.lines(conn), "currentTime\n".repeat(5));
    assert_eq!(rig.violations(), Vec::<String>::new());
}
