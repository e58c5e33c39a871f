//! Combinations of stocks on the wire.

use plimsoll_tws::Response;
use plimsoll_tws::message::{ComboLeg, PlaceOrder};

use super::rig::{Rig, order_with, px};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Profile};

const SPY: i32 = 756_733;
const QQQ: i32 = 320_227_571;

fn rig() -> (Rig, ConnId) {
    let mut rig = Rig::new(config(Profile::Live, ELEVEN));
    rig.price(r#"{"symbol": "SPY", "bid": "500.00"}"#);
    rig.price(r#"{"symbol": "QQQ", "bid": "400.00"}"#);
    let conn = rig.client(7);
    (rig, conn)
}

fn leg(con_id: i32, action: &str, ratio: i32) -> ComboLeg {
    ComboLeg { con_id, ratio, action: action.into(), exchange: "SMART".into(), ..ComboLeg::default() }
}

/// Buy one share of SPY against one of QQQ.
fn pair(m: &mut PlaceOrder) {
    m.contract.sec_type = "BAG".into();
    m.order.combo.legs = vec![leg(SPY, "BUY", 1), leg(QQQ, "SELL", 1)];
}

fn executed(heard: &[Response]) -> Vec<(String, usize, String, String, String)> {
    let row = |r: &Response| match r {
        Response::ExecDetails(m) => Some((
            m.contract.sec_type.to_string(),
            m.exec_id.to_string().split('.').count(),
            m.side.to_string(),
            m.qty.unwrap().to_string(),
            m.px.unwrap().to_string(),
        )),
        _ => None,
    };
    heard.iter().filter_map(row).collect()
}

// Buying the pair takes SPY at 500.01 and gives QQQ at 400.00: 100.01.
#[test]
fn a_pair_is_executed_as_one_with_a_row_for_each_leg() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &order_with(1, "DU1", "BUY 10 SPY MKT", pair));
    let heard = rig.heard(conn);
    let row = |kind: &str, parts, side: &str, qty: &str, px: &str| {
        (kind.to_owned(), parts, side.to_owned(), qty.to_owned(), px.to_owned())
    };
    assert_eq!(
        executed(&heard),
        [
            row("BAG", 4, "BOT", "10", "100.01"),
            row("STK", 5, "BOT", "10", "500.01"),
            row("STK", 5, "SLD", "10", "400.00"),
        ]
    );
    let charges = heard.iter().filter(|r| matches!(r, Response::CommissionReport(_))).count();
    assert_eq!(charges, 2);
    let state = rig.state();
    let held: Vec<(&str, &str)> = state["positions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["symbol"].as_str().unwrap(), row["qty"].as_str().unwrap()))
        .collect();
    assert_eq!(held, [("SPY", "10"), ("QQQ", "-10")]);
    assert_eq!(state["executions"].as_array().unwrap().len(), 2);
}

#[test]
fn a_pair_with_a_limit_waits_for_the_difference() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &order_with(1, "DU1", "BUY 10 SPY LMT 99.00", pair));
    let heard = rig.heard(conn);
    let Response::OpenOrder(shown) = &heard[0] else { panic!("{heard:?}") };
    assert_eq!((shown.contract.sec_type.as_str(), shown.order.combo.legs.len()), ("BAG", 2));
    assert!(executed(&heard).is_empty());
    rig.price(r#"{"symbol": "QQQ", "bid": "402.00"}"#);
    assert_eq!(executed(&rig.heard(conn)).len(), 3);
}

#[test]
fn the_limit_of_a_pair_may_be_below_zero() {
    let (mut rig, conn) = rig();
    let reversed = |m: &mut PlaceOrder| {
        pair(m);
        m.order.limit_px = px("-100.00");
        m.order.combo.legs = vec![leg(QQQ, "BUY", 1), leg(SPY, "SELL", 1)];
    };
    // QQQ at 400.01 less SPY at 500.00 is -99.99: too dear by a cent.
    rig.ask(conn, &order_with(1, "DU1", "BUY 10 QQQ LMT", reversed));
    assert!(rig.lines(conn).ends_with("orderStatus 1 Submitted 0+10\n"));
    rig.price(r#"{"symbol": "SPY", "bid": "500.01"}"#);
    assert!(rig.lines(conn).contains("orderStatus 1 Filled 10+0"));
}

#[test]
fn a_combination_is_no_auction_order_and_its_legs_must_be_known() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &order_with(1, "DU1", "BUY 10 SPY MOC", pair));
    assert!(rig.lines(conn).starts_with("error 1 387 "));
    let foreign = |m: &mut PlaceOrder| {
        pair(m);
        m.order.combo.legs[1].con_id = 1;
    };
    rig.ask(conn, &order_with(1, "DU1", "BUY 10 SPY MKT", foreign));
    assert!(rig.lines(conn).starts_with("error 1 200 "));
    let single = |m: &mut PlaceOrder| {
        pair(m);
        m.order.combo.legs.truncate(1);
    };
    rig.ask(conn, &order_with(1, "DU1", "BUY 10 SPY MKT", single));
    assert!(rig.lines(conn).starts_with("error 1 321 "));
}
