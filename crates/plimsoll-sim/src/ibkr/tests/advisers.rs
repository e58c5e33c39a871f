//! Advisers' logins on the wire: groups, division, and what bots that add up everything see twice.

use plimsoll_model::Account;
use plimsoll_tws::message::{PlaceOrder, ReplaceFa, RequestFa};
use plimsoll_tws::{Request, Response, Text};

use super::rig::{Rig, order, order_with};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Profile, VenueConfig};

fn rig() -> (Rig, ConnId) {
    let accounts = ["F1", "U1", "U2", "U3"].iter().map(|name| Account::new(name).unwrap()).collect();
    let mut rig = Rig::new(VenueConfig { accounts, ..config(Profile::Live, ELEVEN) });
    let conn = rig.client(7);
    (rig, conn)
}

fn to_group(name: &'static str, method: &'static str) -> impl FnOnce(&mut PlaceOrder) {
    move |m| {
        m.order.fa_group = name.into();
        m.order.fa_method = method.into();
    }
}

fn executed(rig: &mut Rig, conn: ConnId) -> Vec<(String, String)> {
    let row = |r: &Response| match r {
        Response::ExecDetails(m) => Some((m.account.to_string(), m.qty.unwrap().to_string())),
        _ => None,
    };
    rig.heard(conn).iter().filter_map(row).collect()
}

fn pairs(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(account, qty)| ((*account).to_owned(), (*qty).to_owned())).collect()
}

#[test]
fn executions_of_a_group_come_for_the_master_first_and_then_for_each_account() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &order_with(1, "", "BUY 100 SPY MKT", to_group("All", "EqualQuantity")));
    assert_eq!(executed(&mut rig, conn), pairs(&[("F1", "100"), ("U1", "34"), ("U2", "33"), ("U3", "33")]));
    // The venue's own truth counts each share once.
    let state = rig.state();
    let shares = |rows: &serde_json::Value| -> i64 {
        rows.as_array().unwrap().iter().map(|row| row["qty"].as_str().unwrap().parse::<i64>().unwrap()).sum()
    };
    assert_eq!((shares(&state["executions"]), shares(&state["positions"])), (100, 100));
}

#[test]
fn an_advisers_order_without_any_allocation_is_refused_with_436() {
    let (mut rig, conn) = rig();
    for account in ["", "F1"] {
        rig.ask(conn, &order(1, account, "BUY 100 SPY MKT"));
        assert!(rig.lines(conn).starts_with("error 1 436 "));
    }
    rig.ask(conn, &order(1, "U2", "BUY 100 SPY MKT"));
    assert_eq!(executed(&mut rig, conn), pairs(&[("U2", "100")]));
}

#[test]
fn account_and_group_together_are_an_invalid_account_number() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &order_with(1, "U1", "BUY 100 SPY MKT", to_group("All", "NetLiq")));
    assert_eq!(rig.lines(conn), "error 1 201 Order rejected - reason:Invalid account number\n");
}

#[test]
fn a_model_needs_the_advisers_own_account() {
    let (mut rig, conn) = rig();
    let model = |m: &mut PlaceOrder| m.order.model_code = "Growth".into();
    rig.ask(conn, &order_with(1, "U1", "BUY 30 SPY MKT", model));
    assert!(rig.lines(conn).starts_with("error 1 321 "));
    rig.ask(conn, &order_with(1, "F1", "BUY 30 SPY MKT", model));
    assert_eq!(executed(&mut rig, conn)[0], ("F1".to_owned(), "30".to_owned()));
}

#[test]
fn groups_are_read_replaced_and_followed() {
    let (mut rig, conn) = rig();
    let xml = "<ListOfGroups><Group><name>pair</name><defaultMethod>Ratios</defaultMethod>\
               <ListOfAccts varName=\"list\"><Account><acct>U1</acct><amount>3</amount></Account>\
               <Account><acct>U3</acct><amount>1</amount></Account></ListOfAccts></Group></ListOfGroups>";
    rig.ask(conn, &Request::ReplaceFa(ReplaceFa { kind: 1, xml: Text::escaped(xml), req_id: 5 }));
    assert_eq!(rig.lines(conn), "replaceFAEnd\n");
    rig.ask(conn, &Request::RequestFa(RequestFa { kind: 1 }));
    let heard = rig.heard(conn);
    let [Response::ReceiveFa(groups)] = heard.as_slice() else { panic!("{heard:?}") };
    assert!(groups.xml.to_str_lossy().contains("<name>pair</name>"));
    rig.ask(conn, &order_with(1, "", "BUY 100 SPY MKT", to_group("pair", "")));
    assert_eq!(executed(&mut rig, conn), pairs(&[("F1", "100"), ("U1", "75"), ("U3", "25")]));
    let foreign = xml.replace("U3", "U9");
    rig.ask(conn, &Request::ReplaceFa(ReplaceFa { kind: 1, xml: Text::escaped(&foreign), req_id: 6 }));
    assert!(rig.lines(conn).starts_with("error 6 10231 "));
}

#[test]
fn who_is_no_adviser_has_no_groups() {
    let mut rig = Rig::new(config(Profile::Live, ELEVEN));
    let conn = rig.client(7);
    rig.ask(conn, &Request::RequestFa(RequestFa { kind: 1 }));
    assert!(rig.lines(conn).starts_with("error -1 321 "));
    rig.ask(conn, &order_with(1, "", "BUY 100 SPY MKT", to_group("All", "NetLiq")));
    assert!(rig.lines(conn).starts_with("error 1 321 "));
}

#[test]
fn the_accounts_of_a_group_keep_their_shares_over_partial_executions() {
    let (mut rig, conn) = rig();
    rig.price(r#"{"symbol": "SPY", "bid": "500.00"}"#);
    // 700 shares at the first price, 300 behind it.
    rig.ask(conn, &order_with(1, "", "BUY 1000 SPY MKT", to_group("All", "EqualQuantity")));
    let rows = executed(&mut rig, conn);
    let of = |name: &str| -> i64 {
        rows.iter().filter(|(account, _)| account == name).map(|(_, qty)| qty.parse::<i64>().unwrap()).sum()
    };
    assert_eq!([of("F1"), of("U1"), of("U2"), of("U3")], [1000, 334, 333, 333]);
    assert_eq!(rows.len(), 8);
}

#[test]
fn a_preview_meets_the_same_refusals_as_an_order() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &order_with(1, "", "BUY 100 SPY MKT", |m| m.order.what_if = true));
    assert!(rig.lines(conn).starts_with("error 1 436 "));
}
