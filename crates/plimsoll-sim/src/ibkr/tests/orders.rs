//! Orders on the wire: sequences, echoes, lists.

use expect_test::expect;
use plimsoll_tws::message::{CancelOrder, PlaceOrder, ReqCompletedOrders, ReqExecutions, ReqGlobalCancel};
use plimsoll_tws::{Request, Response, ServerVersion};

use super::rig::{Rig, order, stock};
use super::{ELEVEN, config};
use crate::ibkr::{MissingAccount, PriceByHand, Profile, VenueConfig};

fn rig() -> Rig {
    Rig::new(config(Profile::Live, ELEVEN))
}

fn set_price(rig: &mut Rig, json: &str) {
    let price: PriceByHand = serde_json::from_str(json).unwrap();
    rig.run(|venue, out| venue.set_price(&price, out).unwrap());
}

// The order of messages that was recorded from a real Gateway for a market order (twice openOrder and
// orderStatus at the end, the commission last).
#[test]
fn a_market_order_runs_through_the_recorded_sequence() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &order(1, "DU1", "BUY 100 SPY MKT"));
    expect![[r"
        openOrder 1 PreSubmitted BUY 100 MKT DU1
        orderStatus 1 PreSubmitted 0+100
        execDetails -1 1 BOT 100
        openOrder 1 Filled BUY 100 MKT DU1
        orderStatus 1 Filled 100+0
        openOrder 1 Filled BUY 100 MKT DU1
        orderStatus 1 Filled 100+0
        commissionReport 1
    "]]
    .assert_eq(&rig.lines(conn));
}

#[test]
fn a_cancelled_order_ends_with_its_status_and_then_202() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &order(1, "DU1", "BUY 100 SPY LMT 400.00"));
    rig.heard(conn);
    rig.ask(conn, &Request::CancelOrder(CancelOrder { order_id: 1, ..CancelOrder::default() }));
    expect![[r"
        orderStatus 1 PendingCancel 0+100
        orderStatus 1 Cancelled 0+100
        error 1 202 Order Canceled - reason:
    "]]
    .assert_eq(&rig.lines(conn));
}

// What a Gateway was seen to write into the echo of a plain order, whatever the client sent there.
#[test]
fn the_echo_of_an_order_has_the_strange_values_of_a_real_one() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &order(1, "DU1", "BUY 100 SPY LMT 400.00"));
    let heard = rig.heard(conn);
    let Response::OpenOrder(echo) = &heard[0] else { panic!("{heard:?}") };
    let shown = &echo.order;
    assert_eq!((echo.client_id, echo.order_id), (7, 1));
    assert_eq!(shown.shares_allocation.to_str_lossy(), format!("{}.0/DU1/100", echo.perm_id));
    assert_eq!((shown.oca_type, shown.delta_neutral.order_type.as_str()), (3, "None"));
    assert_eq!((shown.clearing_intent.as_str(), echo.contract.right.as_str()), ("IB", "?"));
    assert_eq!(shown.aux_px.unwrap().to_string(), "0.0");
    assert_eq!(shown.order_ref.to_str_lossy(), "ref1");
}

#[test]
fn an_order_without_account_is_accepted_echoed_with_the_default_account_and_recorded() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &order(1, "", "BUY 100 SPY MKT"));
    assert!(rig.lines(conn).starts_with("openOrder 1 PreSubmitted BUY 100 MKT DU1\n"));
    assert_eq!(rig.violations(), ["missing_account"]);
}

#[test]
fn an_order_without_account_meets_the_error_that_was_configured() {
    for (mode, code) in [(MissingAccount::Error321, 321), (MissingAccount::Error435, 435)] {
        let mut rig = Rig::new(VenueConfig { missing_account: mode, ..config(Profile::Live, ELEVEN) });
        let conn = rig.client(7);
        rig.ask(conn, &order(1, "", "BUY 100 SPY MKT"));
        assert!(rig.lines(conn).starts_with(&format!("error 1 {code} ")));
        assert_eq!(rig.violations(), ["missing_account"]);
    }
}

#[test]
fn a_login_with_one_account_misses_no_account() {
    let single = VenueConfig {
        accounts: config(Profile::Live, ELEVEN).accounts[..1].to_vec(),
        ..config(Profile::Live, ELEVEN)
    };
    let mut rig = Rig::new(single);
    let conn = rig.client(7);
    rig.ask(conn, &order(1, "", "BUY 100 SPY MKT"));
    assert_eq!(rig.violations(), [""; 0]);
}

#[test]
fn a_preview_shows_margin_and_leaves_nothing_behind() {
    let mut rig = rig();
    let conn = rig.client(7);
    let Request::PlaceOrder(mut m) = order(1, "DU1", "BUY 100 SPY LMT 500.00") else { unreachable!() };
    m.order.what_if = true;
    rig.ask(conn, &Request::PlaceOrder(m));
    let heard = rig.heard(conn);
    let [Response::OpenOrder(preview)] = heard.as_slice() else { panic!("{heard:?}") };
    // A quarter of 100 x 500 is bound; the plan's minimum commission is 1.
    assert_eq!(preview.state.change[0].unwrap().to_string(), "12500.0000");
    assert_eq!(preview.state.commission.unwrap().to_string(), "1");
    assert_eq!(rig.state()["orders"].as_array().unwrap().len(), 0);
    rig.ask(conn, &order(1, "DU1", "BUY 100 SPY LMT 400.00"));
    assert!(rig.lines(conn).contains("orderStatus 1 Submitted"));
}

#[test]
fn unknown_contracts_are_answered_with_200_at_every_door() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &order(1, "DU1", "BUY 100 XXXX MKT"));
    let Request::PlaceOrder(m) = order(2, "DU1", "BUY 1 SPY MKT") else { unreachable!() };
    for sec_type in ["OPT", "FUT", "CASH", "BAG"] {
        let mut contract = stock("SPY");
        contract.sec_type = sec_type.into();
        rig.ask(conn, &Request::PlaceOrder(Box::new(PlaceOrder { contract, ..(*m).clone() })));
    }
    let codes: Vec<i32> = rig.heard(conn).iter().map(code).collect();
    assert_eq!(codes, [200; 5]);
}

fn code(response: &Response) -> i32 {
    if let Response::Error(error) = response { error.code } else { 0 }
}

#[test]
fn executions_are_listed_through_the_filter_with_their_commissions() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.ask(conn, &order(1, "DU1", "BUY 100 SPY MKT"));
    rig.wait(5);
    rig.ask(conn, &order(2, "DU2", "SELL 50 QQQ MKT"));
    rig.heard(conn);
    let mut ask = |m: ReqExecutions| {
        rig.ask(conn, &Request::ReqExecutions(m));
        rig.lines(conn)
    };
    let all = ask(ReqExecutions { req_id: 3, ..ReqExecutions::default() });
    assert_eq!(
        all,
        "execDetails 3 1 BOT 100\ncommissionReport 1\nexecDetails 3 2 SLD 50\ncommissionReport 1\nexecDetailsEnd\n"
    );
    let sells = ask(ReqExecutions { req_id: 4, side: "SELL".into(), ..ReqExecutions::default() });
    assert_eq!(sells, "execDetails 4 2 SLD 50\ncommissionReport 1\nexecDetailsEnd\n");
    let later = ask(ReqExecutions {
        req_id: 5,
        since: "20261127 11:00:01 US/Eastern".into(),
        ..ReqExecutions::default()
    });
    assert_eq!(later, sells.replace("execDetails 4", "execDetails 5"));
    let other = ask(ReqExecutions { req_id: 6, client_id: 8, ..ReqExecutions::default() });
    assert_eq!(other, "execDetailsEnd\n");
}

#[test]
fn a_global_cancel_ends_the_orders_of_every_client() {
    let mut rig = rig();
    let (one, two) = (rig.client(1), rig.client(2));
    rig.ask(one, &order(1, "DU1", "BUY 1 SPY LMT 400.00"));
    rig.ask(two, &order(1, "DU2", "BUY 1 SPY LMT 400.00"));
    rig.heard(two);
    rig.ask(one, &Request::ReqGlobalCancel(ReqGlobalCancel::default()));
    assert!(rig.lines(two).contains("orderStatus 1 Cancelled"));
    rig.ask(one, &Request::ReqCompletedOrders(ReqCompletedOrders { api_only: false }));
    let lines = rig.lines(one);
    assert!(lines.ends_with("completedOrder\ncompletedOrder\ncompletedOrdersEnd\n"), "{lines}");
}

// By hand: 100 bought at 500.02 and sold at 510.00, one dollar of commission each way.
#[test]
fn the_state_is_the_sum_of_the_executions() {
    let mut rig = rig();
    let conn = rig.client(7);
    set_price(&mut rig, r#"{"symbol": "SPY", "bid": "500.00", "ask": "500.02"}"#);
    rig.ask(conn, &order(1, "DU1", "BUY 100 SPY MKT"));
    set_price(&mut rig, r#"{"symbol": "SPY", "bid": "510.00", "ask": "510.02"}"#);
    rig.ask(conn, &order(2, "DU1", "SELL 100 SPY MKT"));
    let state = rig.state();
    assert_eq!(state["accounts"][0]["cash"], "1000996");
    assert_eq!(state["accounts"][0]["realized_pnl"], "996");
    assert_eq!(state["positions"].as_array().unwrap().len(), 0);
    assert_eq!(state["executions"][1]["price"], "510.00");
    assert_eq!(state["orders"][1]["status"], "Filled");
}

#[test]
fn every_version_carries_an_order_there_and_back() {
    for version in ServerVersion::all() {
        let mut rig = rig();
        let conn = rig.start_at(7, version.number());
        rig.heard(conn);
        rig.ask(conn, &order(1, "DU1", "BUY 100 SPY MKT"));
        let lines = rig.lines(conn);
        assert!(lines.contains("orderStatus 1 Filled 100+0"), "{version}: {lines}");
    }
}
