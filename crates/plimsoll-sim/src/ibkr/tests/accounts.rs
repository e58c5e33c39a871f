//! Accounts on the wire: values, summaries, and who may ask for what.

use plimsoll_model::Account;
use plimsoll_tws::message::{ReqAccountSummary, ReqAccountUpdates, ReqOfAccount};
use plimsoll_tws::{Request, Response};

use super::rig::{Rig, order};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Profile, VenueConfig};

fn rig() -> (Rig, ConnId) {
    let mut rig = Rig::new(config(Profile::Live, ELEVEN));
    let conn = rig.client(7);
    (rig, conn)
}

fn updates(account: &str) -> Request {
    Request::ReqAccountUpdates(ReqAccountUpdates { subscribe: true, account: account.into() })
}

fn summary(req_id: i32, tags: &str) -> Request {
    let tags = tags.into();
    Request::ReqAccountSummary(ReqAccountSummary { req_id, group: "All".into(), tags })
}

/// Name, value and currency of what an account told about itself.
fn values(rig: &mut Rig, conn: ConnId) -> Vec<(String, String, String)> {
    let row = |r: &Response| match r {
        Response::UpdateAccountValue(m) => {
            Some((m.key.to_string(), m.value.to_str_lossy().into_owned(), m.currency.to_string()))
        }
        Response::AccountSummary(m) => {
            Some((m.tag.to_string(), m.value.to_str_lossy().into_owned(), m.currency.to_string()))
        }
        _ => None,
    };
    rig.heard(conn).iter().filter_map(row).collect()
}

#[test]
fn an_accounts_cash_is_told_in_its_currency_and_as_base() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &updates("DU1"));
    let told = values(&mut rig, conn);
    for currency in ["BASE", "USD"] {
        let cash = ("CashBalance".to_owned(), "1000000.00".to_owned(), currency.to_owned());
        assert!(told.contains(&cash), "{currency}");
    }
    // Four times what is free, for an account that may trade within the day.
    assert!(told.contains(&("BuyingPower".to_owned(), "4000000.00".to_owned(), "USD".to_owned())));
}

#[test]
fn a_ledger_tag_means_the_base_currency_unless_it_names_another() {
    let (mut rig, conn) = rig();
    let mut currencies = |id, tags| {
        rig.ask(conn, &summary(id, tags));
        let told = values(&mut rig, conn);
        let cash = told.iter().filter(|(key, ..)| key == "CashBalance");
        let found: Vec<String> = cash.map(|(_, _, currency)| currency.clone()).collect();
        rig.ask(conn, &Request::CancelAccountSummary(plimsoll_tws::message::ById { req_id: id }));
        found
    };
    // Two accounts, each in turn.
    assert_eq!(currencies(1, "$LEDGER"), ["BASE", "BASE"]);
    assert_eq!(currencies(2, "$LEDGER:USD"), ["USD", "USD"]);
    assert_eq!(currencies(3, "NetLiquidation,$LEDGER:ALL"), ["BASE", "USD", "BASE", "USD"]);
    assert_eq!(currencies(4, "NetLiquidation"), [""; 0]);
}

#[test]
fn the_third_summary_of_a_client_is_refused_with_322() {
    let (mut rig, conn) = rig();
    for (id, refused) in [(1, false), (2, false), (3, true)] {
        rig.ask(conn, &summary(id, "NetLiquidation"));
        assert_eq!(rig.lines(conn).starts_with(&format!("error {id} 322 ")), refused);
    }
}

#[test]
fn another_account_replaces_the_first_and_the_other_client_is_named() {
    let (mut rig, one) = rig();
    let two = rig.client(8);
    rig.ask(one, &updates("DU1"));
    rig.ask(one, &updates("DU2"));
    assert!(rig.lines(one).contains("error -1 2100 "));
    rig.ask(two, &updates("DU1"));
    assert!(rig.lines(two).contains("error -1 2101 "));
}

#[test]
fn all_accounts_at_once_are_refused_beyond_fifty() {
    for (count, refused) in [(50, false), (51, true)] {
        let accounts = (1..=count).map(|n| Account::new(&format!("U{n}")).unwrap()).collect();
        let mut rig = Rig::new(VenueConfig { accounts, ..config(Profile::Live, ELEVEN) });
        let conn = rig.client(7);
        rig.ask(conn, &summary(1, "NetLiquidation"));
        assert_eq!(rig.lines(conn).starts_with("error 1 10322 "), refused);
        let pnl = ReqOfAccount { req_id: 2, account: "All".into(), ..ReqOfAccount::default() };
        rig.ask(conn, &Request::ReqPnl(pnl));
        assert_eq!(rig.lines(conn).starts_with("error 2 10322 "), refused);
    }
}

#[test]
fn values_are_not_ready_while_the_server_is_lost() {
    let (mut rig, conn) = rig();
    let ready = |rig: &mut Rig| {
        rig.ask(conn, &updates("DU1"));
        let told = values(rig, conn);
        told.iter().find(|(key, ..)| key == "AccountReady").unwrap().1.clone()
    };
    assert_eq!(ready(&mut rig), "true");
    rig.fault(r#"{"kind": "link_down"}"#);
    assert_eq!(ready(&mut rig), "false");
}

#[test]
fn profit_is_told_within_a_second_of_a_move() {
    let (mut rig, conn) = rig();
    rig.price(r#"{"symbol": "SPY", "bid": "500.00"}"#);
    rig.ask(conn, &order(1, "DU1", "BUY 100 SPY MKT"));
    let pnl = ReqOfAccount { req_id: 2, account: "DU1".into(), ..ReqOfAccount::default() };
    rig.ask(conn, &Request::ReqPnl(pnl));
    rig.heard(conn);
    rig.wait(5);
    let told = rig.heard(conn).iter().filter(|r| matches!(r, Response::Pnl(_))).count();
    assert!((1..=5).contains(&told), "{told} lines in five seconds");
}

#[test]
fn a_model_is_named_in_the_answers_of_an_advisers_login_and_refused_elsewhere() {
    let accounts = ["F1", "U1"].iter().map(|name| Account::new(name).unwrap()).collect();
    let mut adviser = Rig::new(VenueConfig { accounts, ..config(Profile::Live, ELEVEN) });
    let conn = adviser.client(7);
    let model = ReqOfAccount { req_id: 3, account: "U1".into(), model_code: "Growth".into() };
    adviser.ask(conn, &order(1, "U1", "BUY 10 SPY MKT"));
    adviser.heard(conn);
    adviser.ask(conn, &Request::ReqPositionsMulti(model.clone()));
    let heard = adviser.heard(conn);
    let Response::PositionMulti(line) = &heard[0] else { panic!("{heard:?}") };
    assert_eq!(line.model_code, "Growth");
    let (mut rig, conn) = rig();
    rig.ask(conn, &Request::ReqPositionsMulti(model));
    assert!(rig.lines(conn).starts_with("error 3 321 "));
}
