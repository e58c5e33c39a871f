//! Cancels while no exchange is there to answer them.

use plimsoll_tws::Request;
use plimsoll_tws::message::{CancelOrder, PlaceOrder, ReqGlobalCancel};

use super::instruments::{future, of};
use super::rig::{Rig, order, order_with};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Profile, Sequences, TwsSettings, VenueConfig};

/// A Wednesday in the session, and one after late trading.
const NOON: &str = "2026-11-18T12:00:00-05:00";
const NIGHT: &str = "2026-11-18T21:00:00-05:00";

fn rig(start: &str) -> (Rig, ConnId) {
    let mut rig = Rig::new(config(Profile::Live, start));
    let conn = rig.client(7);
    (rig, conn)
}

fn cancel(order_id: i32) -> Request {
    Request::CancelOrder(CancelOrder { order_id, ..CancelOrder::default() })
}

/// Places an order and lets the reader forget what was said about it.
fn placed(rig: &mut Rig, conn: ConnId, request: &Request) {
    rig.ask(conn, request);
    rig.heard(conn);
}

fn outside(order_id: i32, text: &str) -> Request {
    order_with(order_id, "DU1", text, |m: &mut PlaceOrder| m.order.outside_rth = true)
}

// The broker's own connector of QuantConnect waits for such acknowledgements in vain (its pull request 256).
#[test]
fn the_exchange_answers_a_cancel_of_the_night_when_it_opens_and_nothing_is_executed_before() {
    let (mut rig, conn) = rig(NOON);
    placed(&mut rig, conn, &order(1, "DU1", "BUY 10 SPY LMT 400.00 GTC"));
    rig.wait_until("21:00:00");
    rig.heard(conn);
    rig.ask(conn, &cancel(1));
    assert_eq!(rig.lines(conn), "orderStatus 1 PendingCancel 0+10\n");
    assert_eq!(rig.state()["orders"][0]["status"], "PendingCancel");
    rig.ask(conn, &cancel(1));
    assert!(rig.lines(conn).starts_with("error 1 10148 "), "a second one changes nothing");
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY LMT 900.00 GTC"));
    assert!(rig.lines(conn).starts_with("error 1 2102 "), "nor can it be changed");
    rig.ask(conn, &Request::ReqOpenOrders);
    assert!(rig.lines(conn).contains("orderStatus 1 PendingCancel"), "it is listed");
    // To 09:29:59 of the next day.
    rig.wait(12 * 3600 + 29 * 60 + 59);
    assert_eq!(rig.lines(conn), "");
    rig.wait(1);
    assert_eq!(rig.lines(conn), "orderStatus 1 Cancelled 0+10\nerror 1 202 Order Canceled - reason:\n");
}

// Recorded from a paper Gateway at 16:54 in New York: 399, a cancel, and within twelve seconds Cancelled and 202.
#[test]
fn what_waits_for_the_open_has_not_left_the_broker_and_is_cancelled_at_once() {
    let (mut rig, conn) = rig(NIGHT);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY LMT 400.00 GTC"));
    assert!(rig.lines(conn).contains("error 1 399 "));
    rig.ask(conn, &cancel(1));
    assert!(
        rig.lines(conn).ends_with("orderStatus 1 Cancelled 0+10\nerror 1 202 Order Canceled - reason:\n")
    );
}

#[test]
fn an_order_that_was_changed_in_the_night_is_still_at_the_exchange() {
    let (mut rig, conn) = rig(NOON);
    placed(&mut rig, conn, &order(1, "DU1", "BUY 10 SPY LMT 400.00 GTC"));
    rig.wait_until("21:00:00");
    placed(&mut rig, conn, &order(1, "DU1", "BUY 10 SPY LMT 401.00 GTC"));
    rig.ask(conn, &cancel(1));
    assert_eq!(rig.lines(conn), "orderStatus 1 PendingCancel 0+10\n");
}

#[test]
fn an_order_for_all_hours_is_cancelled_while_these_last() {
    let (mut rig, conn) = rig(NOON);
    for order_id in [1, 2] {
        placed(&mut rig, conn, &outside(order_id, "BUY 10 SPY LMT 400.00 GTC"));
    }
    rig.wait_until("19:59:58");
    rig.heard(conn);
    rig.ask(conn, &cancel(1));
    assert!(rig.lines(conn).contains("orderStatus 1 Cancelled"));
    rig.wait_until("20:30:00");
    rig.ask(conn, &cancel(2));
    assert_eq!(rig.lines(conn), "orderStatus 2 PendingCancel 0+10\n");
    // To 03:59:59, then early trading begins.
    rig.wait(7 * 3600 + 29 * 60 + 59);
    assert_eq!(rig.lines(conn), "");
    rig.wait(1);
    assert!(rig.lines(conn).starts_with("orderStatus 2 Cancelled"));
}

#[test]
fn a_cancel_in_the_daily_break_of_futures_waits_for_its_end() {
    let (mut rig, conn) = rig(NOON);
    placed(&mut rig, conn, &of(future("ES"), 1, "BUY 1 . LMT 2000.00 GTC"));
    rig.wait_until("17:30:00");
    rig.heard(conn);
    rig.ask(conn, &cancel(1));
    assert_eq!(rig.lines(conn), "orderStatus 1 PendingCancel 0+1\n");
    rig.wait_until("17:59:59");
    assert_eq!(rig.lines(conn), "");
    rig.wait_until("18:00:00");
    assert!(rig.lines(conn).starts_with("orderStatus 1 Cancelled"));
}

#[test]
fn a_cancel_after_an_exchange_has_closed_unplanned_waits_for_the_next_session() {
    let (mut rig, conn) = rig(NOON);
    placed(&mut rig, conn, &order(1, "DU1", "BUY 10 SPY LMT 400.00 GTC"));
    rig.fault(r#"{"kind": "unscheduled_close"}"#);
    rig.ask(conn, &cancel(1));
    assert_eq!(rig.lines(conn), "orderStatus 1 PendingCancel 0+10\n");
    // Noon to 09:30 of the next day.
    rig.wait(21 * 3600 + 30 * 60);
    assert!(rig.lines(conn).contains("orderStatus 1 Cancelled"));
}

#[test]
fn late_acknowledgements_are_late_from_the_open() {
    let (mut rig, conn) = rig(NOON);
    placed(&mut rig, conn, &order(1, "DU1", "BUY 10 SPY LMT 400.00 GTC"));
    rig.wait_until("21:00:00");
    rig.fault(r#"{"kind": "late_cancel", "delay": "5s"}"#);
    placed(&mut rig, conn, &cancel(1));
    rig.wait(12 * 3600 + 30 * 60 + 4);
    assert_eq!(rig.lines(conn), "");
    rig.wait(1);
    assert!(rig.lines(conn).starts_with("orderStatus 1 Cancelled"));
}

#[test]
fn a_global_cancel_of_the_night_ends_what_waits_and_leaves_the_rest_pending() {
    let (mut rig, conn) = rig(NOON);
    placed(&mut rig, conn, &order(1, "DU1", "BUY 10 SPY LMT 400.00 GTC"));
    rig.wait_until("21:00:00");
    placed(&mut rig, conn, &order(2, "DU1", "BUY 10 SPY LMT 400.00 GTC"));
    rig.ask(conn, &Request::ReqGlobalCancel(ReqGlobalCancel::default()));
    let state = rig.state();
    let statuses = [0, 1].map(|at| state["orders"][at]["status"].as_str().unwrap().to_owned());
    assert_eq!(statuses, ["PendingCancel", "Cancelled"]);
}

// Nobody was late to say so, and nobody ends twice.
#[test]
fn an_order_that_reaches_its_date_while_its_cancel_waits_ends_once() {
    let (mut rig, conn) = rig(NOON);
    let dated = order_with(1, "DU1", "BUY 10 SPY LMT 400.00 GTD", |m: &mut PlaceOrder| {
        m.order.good_till_date = "20261118-23:00:00".into();
    });
    placed(&mut rig, conn, &dated);
    rig.wait_until("17:30:00");
    placed(&mut rig, conn, &cancel(1));
    rig.wait(24 * 3600);
    let lines = rig.lines(conn);
    assert_eq!(lines.matches("orderStatus 1 Cancelled").count(), 1, "{lines}");
    assert!(!lines.contains("10148"), "{lines}");
}

// QuantConnect saw them wait in live accounts, a paper Gateway did not let them wait: where sequences vary, both come.
#[test]
fn where_sequences_vary_some_queued_orders_wait_for_the_open_too() {
    let settings = TwsSettings { sequences: Sequences::Varied, ..config(Profile::Live, ELEVEN).settings };
    let mut rig = Rig::new(VenueConfig { settings, ..config(Profile::Live, NIGHT) });
    let conn = rig.client(7);
    let mut late = 0;
    for order_id in 1..=16 {
        placed(&mut rig, conn, &order(order_id, "DU1", "BUY 1 SPY LMT 400.00 GTC"));
        rig.ask(conn, &cancel(order_id));
        late += i32::from(!rig.lines(conn).contains("Cancelled"));
    }
    assert!((1..16).contains(&late), "{late} of 16");
    rig.wait(12 * 3600 + 30 * 60);
    assert_eq!(rig.lines(conn).matches("Cancelled").count(), usize::try_from(late).unwrap());
}
