//! One-cancels-all groups on the wire.

use plimsoll_tws::Response;
use plimsoll_tws::message::PlaceOrder;

use super::rig::{Rig, order_with};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Profile};

/// Two sales of 1,000 shares at 510 and 520 in one group of a type, then 700 shares bid at 510.
fn partly_executed(oca_type: i32) -> (Rig, ConnId) {
    let mut rig = Rig::new(config(Profile::Live, ELEVEN));
    rig.price(r#"{"symbol": "SPY", "bid": "500.00"}"#);
    let conn = rig.client(7);
    let grouped = |m: &mut PlaceOrder| {
        m.order.oca_group = "exit".into();
        m.order.oca_type = oca_type;
    };
    rig.ask(conn, &order_with(1, "DU1", "SELL 1000 SPY LMT 510.00", grouped));
    rig.ask(conn, &order_with(2, "DU1", "SELL 1000 SPY LMT 520.00", grouped));
    rig.heard(conn);
    // SPY shows 700 shares at the best price.
    rig.price(r#"{"symbol": "SPY", "bid": "510.00"}"#);
    (rig, conn)
}

#[test]
fn type_one_cancels_the_others_at_the_first_execution() {
    let (mut rig, conn) = partly_executed(1);
    let lines = rig.lines(conn);
    assert!(lines.contains("execDetails -1 1 SLD 700"), "{lines}");
    assert!(lines.contains("orderStatus 2 Cancelled 0+1000"), "{lines}");
}

#[test]
fn types_two_and_three_take_the_executed_size_from_the_others() {
    for oca_type in [2, 3] {
        let (mut rig, conn) = partly_executed(oca_type);
        let lines = rig.lines(conn);
        assert!(lines.contains("execDetails -1 1 SLD 700"), "{lines}");
        assert!(lines.contains("orderStatus 2 Submitted 0+300"), "{lines}");
    }
}

#[test]
fn a_group_of_another_account_is_another_group() {
    let mut rig = Rig::new(config(Profile::Live, ELEVEN));
    rig.price(r#"{"symbol": "SPY", "bid": "500.00"}"#);
    let conn = rig.client(7);
    let grouped = |m: &mut PlaceOrder| {
        m.order.oca_group = "exit".into();
        m.order.oca_type = 1;
    };
    rig.ask(conn, &order_with(1, "DU2", "SELL 10 SPY LMT 520.00", grouped));
    rig.ask(conn, &order_with(2, "DU1", "SELL 10 SPY MKT", grouped));
    let lines = rig.lines(conn);
    assert!(lines.contains("orderStatus 2 Filled") && !lines.contains("orderStatus 1 Cancelled"), "{lines}");
}

#[test]
fn a_group_type_that_does_not_exist_is_refused() {
    let mut rig = Rig::new(config(Profile::Live, ELEVEN));
    let conn = rig.client(7);
    rig.ask(conn, &order_with(1, "DU1", "SELL 10 SPY MKT", |m| m.order.oca_type = 4));
    assert!(rig.lines(conn).starts_with("error 1 321 "));
}

#[test]
fn the_group_of_a_working_order_cannot_be_revised() {
    let mut rig = Rig::new(config(Profile::Live, ELEVEN));
    rig.price(r#"{"symbol": "SPY", "bid": "500.00"}"#);
    let conn = rig.client(7);
    let grouped = |name: &'static str| move |m: &mut PlaceOrder| m.order.oca_group = name.into();
    rig.ask(conn, &order_with(1, "DU1", "SELL 10 SPY LMT 520.00", grouped("exit")));
    rig.ask(conn, &order_with(2, "DU1", "SELL 10 SPY LMT 521.00", |_| {}));
    rig.heard(conn);
    for (id, name) in [(1, "other"), (1, ""), (2, "exit")] {
        rig.ask(conn, &order_with(id, "DU1", "SELL 10 SPY LMT 519.00", grouped(name)));
        let lines = rig.lines(conn);
        assert!(lines.starts_with(&format!("error {id} 10326 ")), "{id} `{name}`: {lines}");
    }
    rig.ask(conn, &order_with(1, "DU1", "SELL 10 SPY LMT 519.00", grouped("exit")));
    assert!(rig.lines(conn).contains("orderStatus 1 Submitted"));
}

#[test]
fn the_legs_of_a_bracket_may_be_changed_with_the_venues_name_for_their_group_or_without() {
    let mut rig = Rig::new(config(Profile::Live, ELEVEN));
    rig.price(r#"{"symbol": "SPY", "bid": "500.00"}"#);
    let conn = rig.client(7);
    rig.ask(conn, &order_with(1, "DU1", "BUY 10 SPY LMT 490.00", |m| m.order.transmit = false));
    let leg = |m: &mut PlaceOrder| m.order.parent_id = 1;
    rig.ask(conn, &order_with(2, "DU1", "SELL 10 SPY LMT 520.00", leg));
    let named = rig.heard(conn).into_iter().find_map(|heard| match heard {
        Response::OpenOrder(m) if m.order_id == 2 => Some(m.order.oca_group.as_str().to_owned()),
        _ => None,
    });
    let named = named.expect("the leg is told");
    assert!(!named.is_empty() && named.bytes().all(|byte| byte.is_ascii_digit()), "{named}");
    for (px, name, refused) in [("521.00", "", false), ("522.00", &*named, false), ("523.00", "mine", true)] {
        rig.ask(
            conn,
            &order_with(2, "DU1", &format!("SELL 10 SPY LMT {px}"), |m| {
                m.order.parent_id = 1;
                m.order.oca_group = name.into();
            }),
        );
        assert_eq!(rig.lines(conn).contains("error 2 10326 "), refused, "`{name}`");
    }
}

#[test]
fn the_type_of_a_group_cannot_be_revised_and_is_told_as_it_was_sent() {
    let mut rig = Rig::new(config(Profile::Live, ELEVEN));
    rig.price(r#"{"symbol": "SPY", "bid": "500.00"}"#);
    let conn = rig.client(7);
    let of_type = |oca_type: i32| {
        move |m: &mut PlaceOrder| {
            m.order.oca_group = "exit".into();
            m.order.oca_type = oca_type;
        }
    };
    // A Gateway was seen to tell 3 where nothing was sent, and 1 for the group that it made of a bracket.
    for (id, sent, told) in [(1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 0, 3)] {
        rig.ask(conn, &order_with(id, "DU1", "SELL 10 SPY LMT 520.00", of_type(sent)));
        let types = rig.heard(conn).into_iter().filter_map(|heard| match heard {
            Response::OpenOrder(m) => Some(m.order.oca_type),
            _ => None,
        });
        assert!(types.clone().count() > 0 && types.into_iter().all(|kind| kind == told), "{sent}");
        // As it was sent, and as it is told: both are no revision.
        for same in [sent, told] {
            rig.ask(conn, &order_with(id, "DU1", "SELL 10 SPY LMT 519.00", of_type(same)));
            assert!(rig.lines(conn).contains(&format!("orderStatus {id} Submitted")), "{sent} {same}");
        }
        let other = if sent == 1 { 2 } else { 1 };
        rig.ask(conn, &order_with(id, "DU1", "SELL 10 SPY LMT 518.00", of_type(other)));
        assert!(rig.lines(conn).starts_with(&format!("error {id} 10326 ")), "{sent} to {other}");
    }
}

#[test]
fn a_working_order_keeps_its_parent_and_a_change_that_names_another_one_is_refused() {
    let mut rig = Rig::new(config(Profile::Live, ELEVEN));
    rig.price(r#"{"symbol": "SPY", "bid": "500.00"}"#);
    let conn = rig.client(7);
    for id in [1, 2] {
        rig.ask(conn, &order_with(id, "DU1", "BUY 10 SPY LMT 490.00", |_| {}));
    }
    let under = |parent: i32| move |m: &mut PlaceOrder| m.order.parent_id = parent;
    rig.ask(conn, &order_with(3, "DU1", "SELL 10 SPY LMT 520.00", under(1)));
    rig.heard(conn);
    // Another parent, none, one that does not exist; and a parent for an order that had none.
    for (id, side, parent, code) in
        [(3, "SELL", 2, 462), (3, "SELL", 0, 462), (3, "SELL", 99, 10006), (2, "BUY", 1, 462)]
    {
        rig.ask(conn, &order_with(id, "DU1", &format!("{side} 10 SPY LMT 489.00"), under(parent)));
        let lines = rig.lines(conn);
        assert!(lines.starts_with(&format!("error {id} {code} ")), "{id} under {parent}: {lines}");
    }
    rig.ask(conn, &order_with(3, "DU1", "SELL 10 SPY LMT 519.00", under(1)));
    assert!(rig.lines(conn).contains("openOrder 3 PreSubmitted"));
    // Once the parent is executed it holds nothing any more, and a change may name it or not.
    rig.ask(conn, &order_with(1, "DU1", "BUY 10 SPY LMT 501.00", |_| {}));
    rig.heard(conn);
    for (px, parent) in [("518.00", 0), ("517.00", 1)] {
        rig.ask(conn, &order_with(3, "DU1", &format!("SELL 10 SPY LMT {px}"), under(parent)));
        assert!(rig.lines(conn).contains("orderStatus 3 Submitted"), "{parent}");
        assert_eq!(rig.state()["orders"][2]["limit"], px);
    }
}
