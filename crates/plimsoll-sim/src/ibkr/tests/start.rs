//! The start of a connection, ids, and who hears of whose orders.

use expect_test::expect;
use plimsoll_model::ClientId;
use plimsoll_tws::handshake::ClientHello;
use plimsoll_tws::message::{ReqAutoOpenOrders, ReqIds, StartApi};
use plimsoll_tws::{Request, Response};

use super::rig::{Rig, order};
use super::{ELEVEN, config};
use crate::ibkr::{Profile, VenueConfig};

fn rig() -> Rig {
    Rig::new(config(Profile::Live, ELEVEN))
}

#[test]
fn a_client_is_greeted_in_the_order_of_a_gateway() {
    let mut rig = rig();
    let conn = rig.start_at(7, 178);
    expect![[r"
        managedAccounts DU1,DU2
        nextValidId 1
        error -1 2104 Market data farm connection is OK:usfarm
        error -1 2108 Market data farm connection is inactive but should be available upon demand.eufarm
        error -1 2106 HMDS data farm connection is OK:ushmds
        error -1 2107 HMDS data farm connection is inactive but should be available upon demand.euhmds
        error -1 2158 Sec-def data farm connection is OK:secdefnj
    "]]
    .assert_eq(&rig.lines(conn));
}

// The official clients drop whatever arrives together with the answer to the hello.
#[test]
fn nothing_is_sent_between_the_hello_and_start_api() {
    let mut rig = rig();
    let other = rig.client(8);
    let conn = rig.socket();
    rig.bytes(conn, &ClientHello { min: 157, max: 178, options: "".into() }.encode());
    rig.fault(r#"{"kind": "link_down"}"#);
    rig.wait(60);
    assert!(!rig.heard(other).is_empty());
    assert!(rig.heard(conn).is_empty());
}

#[test]
fn the_version_is_never_above_the_clients_own() {
    let mut rig = rig();
    for (max, spoken) in [(157, 157), (158, 157), (176, 176), (178, 178), (200, 200), (225, 200)] {
        let conn = rig.start_at(i32::from(max), max);
        let state = rig.state();
        let rows = state["connections"].as_array().unwrap();
        let row = rows.iter().find(|row| row["conn"] == conn.0).unwrap();
        assert_eq!(row["version"], spoken, "offered {max}");
    }
}

#[test]
fn a_client_id_in_use_is_refused_with_326_and_the_first_client_stays() {
    let mut rig = rig();
    let first = rig.client(7);
    let second = rig.start_at(7, 178);
    let lines = rig.lines(second);
    assert!(lines.starts_with("error -1 326 "), "{lines}");
    assert_eq!((rig.ended(first), rig.ended(second)), (None, Some("closed")));
    rig.ask(first, &Request::ReqIds(ReqIds { count: 1 }));
    assert_eq!(rig.lines(first), "nextValidId 1\n");
    assert_eq!(rig.violations(), ["client_id_in_use"]);
}

#[test]
fn a_returning_client_gets_its_open_orders_before_its_accounts() {
    let mut rig = rig();
    let first = rig.client(7);
    rig.ask(first, &order(5, "DU1", "BUY 10 SPY LMT 400.00"));
    rig.hang_up(first);
    let again = rig.start_at(7, 178);
    let lines = rig.lines(again);
    let names: Vec<&str> = lines.lines().take(5).map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(names, ["openOrder", "orderStatus", "openOrderEnd", "managedAccounts", "nextValidId"]);
    assert!(lines.contains("nextValidId 6"), "{lines}");
}

#[test]
fn the_master_client_hears_of_everybodys_orders_and_others_of_their_own() {
    let master = Some(ClientId(900));
    let mut rig = Rig::new(VenueConfig { master_client_id: master, ..config(Profile::Live, ELEVEN) });
    let (master, trader, other) = (rig.client(900), rig.client(11), rig.client(12));
    rig.ask(trader, &order(1, "DU1", "BUY 10 SPY MKT"));
    let own = rig.lines(trader);
    assert_eq!(rig.lines(master), own);
    assert!(own.contains("commissionReport 1"), "{own}");
    assert_eq!(rig.lines(other), "");
}

#[test]
fn the_master_client_does_not_hear_the_errors_of_others() {
    let master = Some(ClientId(900));
    let mut rig = Rig::new(VenueConfig { master_client_id: master, ..config(Profile::Live, ELEVEN) });
    let (master, trader) = (rig.client(900), rig.client(11));
    rig.ask(trader, &order(1, "DU1", "BUY 10 SPY LMT 400.001"));
    assert!(rig.lines(trader).starts_with("error 1 110 "));
    assert_eq!(rig.lines(master), "");
}

#[test]
fn orders_by_hand_belong_to_client_zero_once_it_binds_them() {
    let mut rig = rig();
    let (zero, one) = (rig.client(0), rig.client(1));
    rig.fault(r#"{"kind": "manual_order", "account": "DU2", "symbol": "SPY", "side": "SELL", "qty": 5, "limit": "900.00"}"#);
    assert!(rig.lines(zero).contains("openOrder 0 Submitted SELL 5 LMT DU2"));
    rig.ask(one, &Request::ReqAutoOpenOrders(ReqAutoOpenOrders { bind: true }));
    assert!(rig.lines(one).starts_with("error -1 327 "));
    rig.ask(zero, &Request::ReqOpenOrders);
    let lines = rig.lines(zero);
    assert!(lines.starts_with("orderBound\nopenOrder -1 Submitted SELL 5 LMT DU2\n"), "{lines}");
    rig.ask(one, &Request::ReqOpenOrders);
    assert_eq!(rig.lines(one), "openOrderEnd\n");
    rig.ask(one, &Request::ReqAllOpenOrders);
    assert!(rig.lines(one).contains("openOrder -1 "));
}

#[test]
fn a_message_before_start_api_ends_the_connection() {
    let mut rig = rig();
    let conn = rig.socket();
    rig.bytes(conn, &ClientHello { min: 157, max: 178, options: "".into() }.encode());
    rig.ask(conn, &Request::ReqPositions);
    assert_eq!(rig.ended(conn), Some("closed"));
}

#[test]
fn starting_twice_is_an_error_and_not_an_end() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &Request::StartApi(StartApi { client_id: 8, ..StartApi::default() }));
    assert!(matches!(rig.heard(conn).as_slice(), [Response::Error(error)] if error.code == 321));
    assert_eq!(rig.ended(conn), None);
}
