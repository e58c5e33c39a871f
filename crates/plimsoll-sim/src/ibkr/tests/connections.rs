//! Faults of sockets and farms, and who may touch whose orders.

use plimsoll_tws::message::{CancelOrder, ReqGlobalCancel};
use plimsoll_tws::{Request, Response};

use super::rig::{Rig, order, quotes};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Output, Profile};

fn rig() -> Rig {
    Rig::new(config(Profile::Live, ELEVEN))
}

fn cancel(order_id: i32) -> Request {
    Request::CancelOrder(CancelOrder { order_id, ..CancelOrder::default() })
}

#[test]
fn a_disconnect_ends_one_client_orderly_or_by_a_reset_and_leaves_its_orders() {
    for (json, end) in [
        (r#"{"kind": "disconnect", "client": 1}"#, "closed"),
        (r#"{"kind": "disconnect", "client": 1, "reset": true}"#, "reset"),
    ] {
        let mut rig = rig();
        let (one, two) = (rig.client(1), rig.client(2));
        rig.ask(one, &order(1, "DU1", "BUY 1 SPY LMT 400.00"));
        rig.fault(json);
        assert_eq!((rig.ended(one), rig.ended(two)), (Some(end), None));
        assert_eq!(rig.state()["orders"][0]["status"], "Submitted");
    }
}

#[test]
fn a_closed_port_opens_again_when_the_fault_ends() {
    let mut rig = rig();
    rig.fault(r#"{"kind": "refuse_connect", "for": "10s"}"#);
    assert!(rig.sent.contains(&Output::RefuseConnections(true)));
    let refused = rig.socket();
    assert_eq!(rig.ended(refused), Some("closed"));
    rig.wait(10);
    assert!(rig.sent.contains(&Output::RefuseConnections(false)));
    rig.client(1);
}

#[test]
fn each_farm_says_by_its_own_codes_that_it_is_gone_and_back() {
    for (farm, broken, fine) in [("usfarm", 2103, 2104), ("ushmds", 2105, 2106), ("secdefnj", 2157, 2158)] {
        let mut rig = rig();
        let conn = rig.client(1);
        rig.fault(&format!(r#"{{"kind": "farm_down", "farm": "{farm}"}}"#));
        let lines = rig.lines(conn);
        assert!(
            lines.starts_with(&format!("error -1 {broken} ")) && lines.ends_with(&format!("broken:{farm}\n")),
            "{lines}"
        );
        rig.fault(&format!(r#"{{"kind": "farm_up", "farm": "{farm}"}}"#));
        let lines = rig.lines(conn);
        assert!(lines.contains(&format!("error -1 {fine} ")), "{lines}");
        // A farm of market data connects first.
        let first = if fine == 2104 { 2119 } else { fine };
        assert!(
            lines.starts_with(&format!("error -1 {first} ")) && lines.ends_with(&format!("OK:{farm}\n")),
            "{lines}"
        );
    }
}

#[test]
fn no_client_cancels_the_order_of_another_by_its_number_and_a_global_cancel_takes_all() {
    let mut rig = rig();
    let (one, two) = (rig.client(1), rig.client(2));
    rig.ask(one, &order(1, "DU1", "BUY 1 SPY LMT 400.00"));
    rig.heard(one);
    rig.ask(two, &cancel(1));
    assert!(rig.lines(two).starts_with("error 1 10147 "));
    assert_eq!(rig.lines(one), "");
    rig.ask(two, &Request::ReqGlobalCancel(ReqGlobalCancel::default()));
    assert!(rig.lines(one).contains("error 1 202 "));
}

fn ticks(rig: &mut Rig, conn: ConnId) -> usize {
    rig.heard(conn).iter().filter(|r| matches!(r, Response::TickPrice(_))).count()
}

#[test]
fn ids_go_on_where_they_were_when_a_client_comes_back() {
    let mut rig = rig();
    let conn = rig.client(5);
    rig.ask(conn, &order(41, "DU1", "BUY 1 SPY MKT"));
    rig.hang_up(conn);
    let again = rig.start_at(5, 178);
    assert!(rig.lines(again).contains("nextValidId 42\n"));
    // Ids are each client's own.
    let other = rig.start_at(6, 178);
    assert!(rig.lines(other).contains("nextValidId 1\n"));
    rig.ask(again, &quotes(50, "SPY"));
    assert!(ticks(&mut rig, again) > 0);
}
