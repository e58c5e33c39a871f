//! Order types, times in force and terms on the wire.

use plimsoll_tws::Request;
use plimsoll_tws::message::{CancelOrder, Condition, Conjunction, PlaceOrder, ReqCompletedOrders, ReqIds};
use rust_decimal::Decimal;

use super::rig::{Rig, order, order_with, px};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Profile, Sequences, TwsSettings, VenueConfig};

fn rig() -> (Rig, ConnId) {
    let mut rig = Rig::new(config(Profile::Live, ELEVEN));
    quote(&mut rig, "500.00");
    let conn = rig.client(7);
    (rig, conn)
}

/// A quote of one cent whose last trade is at the bid.
fn quote(rig: &mut Rig, bid: &str) {
    rig.price(&format!(r#"{{"symbol": "SPY", "bid": "{bid}"}}"#));
}

fn refused(text: &str, change: impl FnOnce(&mut PlaceOrder)) -> i32 {
    let (mut rig, conn) = rig();
    rig.ask(conn, &order_with(1, "DU1", text, change));
    let lines = rig.lines(conn);
    let code = lines.strip_prefix("error 1 ").and_then(|rest| rest.split(' ').next()?.parse().ok());
    code.unwrap_or_else(|| panic!("not refused: {lines}"))
}

#[test]
fn a_trailing_stop_follows_the_market_up_and_sells_on_the_way_down() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &order_with(1, "DU1", "SELL 10 SPY TRAIL", |m| m.order.aux_px = px("1.00")));
    assert_eq!(rig.state()["orders"][0]["stop"], "499.00");
    quote(&mut rig, "503.00");
    assert_eq!(rig.state()["orders"][0]["stop"], "502.00");
    // Back by less than the distance: the stop neither falls nor triggers.
    quote(&mut rig, "502.50");
    assert_eq!(
        (rig.state()["orders"][0]["stop"].as_str(), rig.state()["executions"].as_array().unwrap().len()),
        (Some("502.00"), 0)
    );
    quote(&mut rig, "501.90");
    let lines = rig.lines(conn);
    assert!(lines.contains("execDetails -1 1 SLD 10"), "{lines}");
}

#[test]
fn a_trailing_stop_by_percent_stands_that_far_behind() {
    let (mut rig, conn) = rig();
    rig.ask(
        conn,
        &order_with(1, "DU1", "SELL 10 SPY TRAIL", |m| m.order.trailing_percent = Some(Decimal::ONE)),
    );
    assert_eq!(rig.state()["orders"][0]["stop"], "495.00");
}

#[test]
fn a_trailing_limit_has_its_limit_behind_its_stop() {
    let (mut rig, conn) = rig();
    let terms = |m: &mut PlaceOrder| {
        m.order.aux_px = px("1.00");
        m.order.trail_stop_px = px("499.00");
        m.order.adjusted.limit_px_offset = px("0.50");
    };
    rig.ask(
        conn,
        &order_with(1, "DU1", "SELL 10 SPY TRAIL_LIMIT", |m| {
            m.order.order_type = "TRAIL LIMIT".into();
            terms(m);
        }),
    );
    let state = rig.state();
    assert_eq!(
        (&state["orders"][0]["stop"], &state["orders"][0]["limit"]),
        (&"499.00".into(), &"498.50".into())
    );
}

#[test]
fn a_market_if_touched_order_buys_once_the_price_has_fallen_to_it() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &order_with(1, "DU1", "BUY 10 SPY MIT", |m| m.order.aux_px = px("498.00")));
    assert!(rig.lines(conn).ends_with("orderStatus 1 PreSubmitted 0+10\n"));
    quote(&mut rig, "498.01");
    assert_eq!(rig.lines(conn), "");
    quote(&mut rig, "498.00");
    assert!(rig.lines(conn).contains("execDetails -1 1 BOT 10"));
}

#[test]
fn a_limit_if_touched_order_rests_at_its_limit_after_the_touch() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &order_with(1, "DU1", "BUY 10 SPY LIT 497.00", |m| m.order.aux_px = px("498.00")));
    quote(&mut rig, "498.00");
    let lines = rig.lines(conn);
    assert!(lines.ends_with("orderStatus 1 Submitted 0+10\n") && !lines.contains("execDetails"), "{lines}");
    quote(&mut rig, "496.00");
    assert!(rig.lines(conn).contains("orderStatus 1 Filled 10+0"));
}

#[test]
fn the_rest_of_a_market_to_limit_order_rests_at_the_price_of_its_first_execution() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &order(1, "DU1", "BUY 1000 SPY MTL"));
    let lines = rig.lines(conn);
    assert!(
        lines.contains("execDetails -1 1 BOT 700") && lines.contains("orderStatus 1 Submitted 700+300"),
        "{lines}"
    );
    assert_eq!(rig.state()["orders"][0]["limit"], "500.01");
}

#[test]
fn a_midprice_order_is_executed_by_somebody_who_trades_at_the_middle() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MIDPRICE"));
    assert!(!rig.lines(conn).contains("execDetails"));
    rig.price(r#"{"symbol": "SPY", "bid": "500.00", "ask": "500.10", "last": "500.05"}"#);
    assert!(rig.lines(conn).contains("execDetails -1 1 BOT 10"));
    assert_eq!(rig.state()["executions"][0]["price"], "500.05");
}

#[test]
fn all_or_none_waits_until_everything_is_there_at_once() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &order_with(1, "DU1", "BUY 1000 SPY LMT 500.01", |m| m.order.all_or_none = true));
    let lines = rig.lines(conn);
    // 700 shares are offered at the limit.
    assert!(lines.ends_with("orderStatus 1 Submitted 0+1000\n"), "{lines}");
}

#[test]
fn an_order_works_from_its_good_after_time_on() {
    let (mut rig, conn) = rig();
    let later = |m: &mut PlaceOrder| m.order.good_after_time = "20261127 11:00:05 US/Eastern".into();
    rig.ask(conn, &order_with(1, "DU1", "BUY 10 SPY MKT", later));
    rig.wait(4);
    assert_eq!(rig.lines(conn), "openOrder 1 PreSubmitted BUY 10 MKT DU1\norderStatus 1 PreSubmitted 0+10\n");
    rig.wait(1);
    assert!(rig.lines(conn).contains("orderStatus 1 Filled 10+0"));
}

#[test]
fn a_good_till_date_order_ends_at_its_time_and_not_only_at_the_close() {
    let (mut rig, conn) = rig();
    let until = |m: &mut PlaceOrder| m.order.good_till_date = "20261127 11:00:10 US/Eastern".into();
    rig.ask(conn, &order_with(1, "DU1", "BUY 10 SPY LMT 400.00 GTD", until));
    rig.heard(conn);
    rig.wait(9);
    assert_eq!(rig.lines(conn), "");
    rig.wait(1);
    assert!(rig.lines(conn).contains("orderStatus 1 Cancelled 0+10"));
}

#[test]
fn a_conditional_order_waits_for_its_price() {
    let (mut rig, conn) = rig();
    let condition = Condition::Price {
        join: Conjunction::And,
        is_more: true,
        px: px("505.00"),
        con_id: 756_733,
        exchange: "SMART".into(),
        trigger_method: 0,
    };
    rig.ask(conn, &order_with(1, "DU1", "BUY 10 SPY MKT", |m| m.order.conditions = vec![condition]));
    assert!(rig.lines(conn).ends_with("orderStatus 1 PreSubmitted 0+10\n"));
    quote(&mut rig, "504.99");
    assert_eq!(rig.lines(conn), "");
    quote(&mut rig, "505.00");
    assert!(rig.lines(conn).contains("orderStatus 1 Filled 10+0"));
}

#[test]
fn either_of_two_conditions_is_enough_where_they_are_joined_by_or() {
    let (mut rig, conn) = rig();
    let never = Condition::Margin { join: Conjunction::Or, is_more: false, percent: 1 };
    let soon = Condition::Time {
        join: Conjunction::And,
        is_more: true,
        time: "20261127 11:00:03 US/Eastern".into(),
    };
    rig.ask(conn, &order_with(1, "DU1", "BUY 10 SPY MKT", |m| m.order.conditions = vec![never, soon]));
    rig.wait(2);
    assert!(!rig.lines(conn).contains("Filled"));
    rig.wait(1);
    assert!(rig.lines(conn).contains("orderStatus 1 Filled 10+0"));
}

#[test]
fn a_condition_may_end_an_order_instead() {
    let (mut rig, conn) = rig();
    rig.ask(
        conn,
        &order_with(1, "DU1", "BUY 10 SPY LMT 400.00", |m| {
            m.order.conditions_cancel_order = true;
            m.order.conditions = vec![Condition::Execution {
                join: Conjunction::And,
                sec_type: "STK".into(),
                exchange: "SMART".into(),
                symbol: "QQQ".into(),
            }];
        }),
    );
    assert!(rig.lines(conn).contains("orderStatus 1 Submitted"));
    rig.ask(conn, &order(2, "DU1", "BUY 10 QQQ MKT"));
    rig.wait(1);
    assert!(rig.lines(conn).contains("orderStatus 1 Cancelled 0+10"));
}

#[test]
fn an_adjusted_stop_becomes_what_it_was_to_become() {
    let (mut rig, conn) = rig();
    rig.ask(
        conn,
        &order_with(1, "DU1", "SELL 10 SPY STP", |m| {
            m.order.aux_px = px("490.00");
            m.order.adjusted.order_type = "STP".into();
            m.order.adjusted.trigger_px = px("510.00");
            m.order.adjusted.stop_px = px("505.00");
        }),
    );
    quote(&mut rig, "509.99");
    assert_eq!(rig.state()["orders"][0]["stop"], "490.00");
    quote(&mut rig, "510.00");
    assert_eq!(rig.state()["orders"][0]["stop"], "505.00");
}

// Codes of IBKR's list; the numbers of the withdrawn attributes are what old libraries meet by default.
#[test]
fn fields_that_contradict_the_order_are_refused_with_their_own_codes() {
    let zero = |_: &mut PlaceOrder| {};
    assert_eq!(refused("BUY 0 SPY MKT", zero), 434);
    assert_eq!(refused("BUY 10 SPY MKT", |m| m.order.e_trade_only = true), 10268);
    assert_eq!(refused("BUY 10 SPY MKT", |m| m.order.firm_quote_only = true), 10269);
    assert_eq!(refused("BUY 10 SPY MKT", |m| m.order.nbbo_price_cap = px("500.00")), 10270);
    assert_eq!(refused("BUY 10 SPY TRAIL", zero), 158);
    assert_eq!(refused("BUY 10 SPY TRAIL", |m| m.order.trailing_percent = Some(Decimal::ONE_HUNDRED)), 159);
    assert_eq!(refused("BUY 10 SPY PEG_MKT", |m| m.order.order_type = "PEG MKT".into()), 387);
    assert_eq!(refused("BUY 10 SPY MOO", zero), 321);
    assert_eq!(refused("BUY 10 SPY MKT", |m| m.order.tif = "SOON".into()), 10052);
    assert_eq!(
        refused("BUY 10 SPY STP", |m| {
            m.order.aux_px = px("510.00");
            m.order.tif = "IOC".into();
        }),
        111
    );
    assert_eq!(refused("BUY 10 SPY MKT", |m| m.order.parent_id = 99), 10006);
    assert_eq!(refused("BUY 10 SPY MKT", |m| m.order.cash_qty = Some(Decimal::TEN)), 10244);
    assert_eq!(refused("BUY 10 SPY MKT", |m| m.order.algo_strategy = "Twap".into()), 439);
    assert_eq!(refused("BUY 10 SPY LMT 500.001", zero), 110);
}

#[test]
fn fractions_of_a_share_are_refused_by_the_version_and_by_the_type() {
    for (version, text, code) in
        [(162, "BUY 0.5 SPY MKT", 10285), (178, "BUY 0.5 SPY MKT", 10243), (178, "BUY 0.5 SPY MTL", 10318)]
    {
        let mut rig = Rig::new(config(Profile::Live, ELEVEN));
        let conn = rig.start_at(7, version);
        rig.heard(conn);
        rig.ask(conn, &order(1, "DU1", text));
        let lines = rig.lines(conn);
        assert!(lines.starts_with(&format!("error 1 {code} ")), "{lines}");
    }
}

#[test]
fn a_trailing_stop_hangs_on_limit_orders_only() {
    let (mut rig, conn) = rig();
    let Request::PlaceOrder(mut parent) = order(1, "DU1", "BUY 10 SPY MKT") else { unreachable!() };
    parent.order.transmit = false;
    rig.ask(conn, &Request::PlaceOrder(parent));
    rig.ask(
        conn,
        &order_with(2, "DU1", "SELL 10 SPY TRAIL", |m| {
            m.order.aux_px = px("1.00");
            m.order.parent_id = 1;
        }),
    );
    assert!(rig.lines(conn).starts_with("error 2 328 "));
}

#[test]
fn a_change_may_move_the_price_and_not_the_side_the_account_or_the_kind_of_auction() {
    let (mut rig, conn) = rig();
    let first = "BUY 10 SPY LMT 400.00";
    rig.ask(conn, &order(1, "DU1", first));
    rig.heard(conn);
    for (change, code) in [
        (order(1, "DU1", "SELL 10 SPY LMT 400.00"), 105),
        (order(1, "DU2", first), 105),
        (order(1, "DU1", "BUY 10 QQQ LMT 400.00"), 105),
        (order_with(1, "DU1", first, |m| m.order.clearing_account = "SOMEBODY".into()), 422),
        (order(1, "DU1", "BUY 10 SPY MOC"), 329),
        (order(1, "DU1", "BUY 10 SPY LMT 400.001"), 110),
        (order(1, "DU1", "BUY 100000 SPY LMT 400.00"), 134),
    ] {
        rig.ask(conn, &change);
        let lines = rig.lines(conn);
        assert!(lines.starts_with(&format!("error 1 {code} ")), "{code}: {lines}");
    }
    rig.ask(conn, &order(1, "DU1", "BUY 20 SPY LMT 401.00"));
    assert!(rig.lines(conn).contains("orderStatus 1 Submitted 0+20"));
    rig.ask(conn, &order(1, "DU1", "BUY 20 SPY MKT"));
    rig.heard(conn);
    rig.ask(conn, &order(1, "DU1", "BUY 30 SPY MKT"));
    assert!(rig.lines(conn).starts_with("error 1 104 "));
}

#[test]
fn sending_only_noise_is_flagged_once_a_day() {
    let (mut rig, conn) = rig();
    for id in 1..=12 {
        rig.ask(conn, &order(id, "DU1", "BUY 10 SPY LMT 400.00"));
        rig.ask(conn, &Request::CancelOrder(CancelOrder { order_id: id, ..Default::default() }));
        rig.wait(1);
    }
    assert_eq!(rig.violations(), ["order_efficiency"]);
}

#[test]
fn presets_speak_where_they_are_switched_on() {
    let settings =
        TwsSettings { announce_preset_tif: true, price_percent_max: Some(3), ..TwsSettings::default() };
    let mut rig = Rig::new(VenueConfig { settings, ..config(Profile::Live, ELEVEN) });
    quote(&mut rig, "500.00");
    let conn = rig.client(7);
    rig.ask(conn, &order_with(1, "DU1", "BUY 10 SPY LMT 400.00", |m| m.order.tif = "".into()));
    assert!(
        rig.lines(conn)
            .starts_with("error 1 10349 Order TIF was set to DAY based on order preset.\nopenOrder 1 ")
    );
    rig.ask(conn, &order(2, "DU1", "BUY 10 SPY LMT 515.01"));
    assert!(rig.lines(conn).starts_with("error 2 163 "));
    rig.ask(conn, &order(3, "DU1", "BUY 10 SPY LMT 515.00"));
    assert!(rig.lines(conn).contains("orderStatus 3 Filled"));
    rig.ask(
        conn,
        &order_with(4, "DU1", "BUY 10 SPY LMT 516.00", |m| m.order.override_percentage_constraints = true),
    );
    assert!(rig.lines(conn).contains("orderStatus 4 Filled"));
}

#[test]
fn a_read_only_login_refuses_orders_and_the_lists_that_tell_it() {
    let settings = TwsSettings { read_only_api: true, ..TwsSettings::default() };
    let mut rig = Rig::new(VenueConfig { settings, ..config(Profile::Live, ELEVEN) });
    let conn = rig.client(7);
    let ids = Request::ReqIds(ReqIds { count: 1 });
    let completed = Request::ReqCompletedOrders(ReqCompletedOrders { api_only: false });
    for (request, start) in [
        (Request::ReqOpenOrders, "error -1 321 "),
        (completed, "error -1 321 "),
        (ids, "error -1 321 "),
        (order(1, "DU1", "BUY 10 SPY MKT"), "error 1 321 "),
    ] {
        rig.ask(conn, &request);
        let lines = rig.lines(conn);
        assert!(lines.starts_with(start), "{lines}");
    }
    rig.ask(conn, &Request::ReqPositions);
    assert_eq!(rig.lines(conn), "positionEnd\n");
    assert_eq!(rig.violations(), ["read_only"]);
}

#[test]
fn the_varied_sequences_leave_no_execution_and_no_commission_out() {
    let settings = TwsSettings { sequences: Sequences::Varied, ..TwsSettings::default() };
    let mut rig = Rig::new(VenueConfig { settings, ..config(Profile::Live, ELEVEN) });
    let conn = rig.client(7);
    let (mut usual, mut odd) = (0, 0);
    for id in 1..=40 {
        rig.ask(conn, &order(id, "DU1", "BUY 1 SPY MKT"));
        let at_once = rig.lines(conn);
        rig.wait(6);
        let whole = at_once.clone() + &rig.lines(conn);
        assert_eq!(whole.matches("execDetails").count(), 1, "{whole}");
        assert_eq!(whole.matches("commissionReport 1").count(), 1, "{whole}");
        let first_status = whole.find("Filled").unwrap_or(usize::MAX);
        let plain = whole.find("execDetails").unwrap() < first_status && at_once.contains("commissionReport");
        if plain && first_status != usize::MAX { usual += 1 } else { odd += 1 }
    }
    assert!(usual > 5 && odd > 5, "{usual} usual and {odd} odd sequences");
}

#[test]
fn a_short_sale_waits_with_404_until_its_shares_are_found() {
    let (mut rig, conn) = rig();
    rig.fault(r#"{"kind": "hard_to_borrow", "symbol": "SPY", "for": "5s"}"#);
    rig.ask(conn, &order(1, "DU1", "SELL 10 SPY MKT"));
    let lines = rig.lines(conn);
    assert!(
        lines.ends_with(
            "orderStatus 1 PreSubmitted 0+10\nerror 1 404 Order held while securities are located.\n"
        ),
        "{lines}"
    );
    rig.wait(5);
    assert!(rig.lines(conn).contains("orderStatus 1 Filled 10+0"));
}

#[test]
fn an_order_for_the_next_opening_is_refused_in_the_seconds_after_a_close() {
    let (mut rig, conn) = rig();
    rig.wait_until("13:00:09");
    rig.ask(conn, &order_with(1, "DU1", "BUY 10 SPY MKT", |m| m.order.tif = "OPG".into()));
    assert!(rig.lines(conn).contains("error 1 201 Order rejected - reason:Exchange is closed."));
    rig.wait_until("13:00:10");
    rig.ask(conn, &order_with(2, "DU1", "BUY 10 SPY MKT", |m| m.order.tif = "OPG".into()));
    assert!(rig.lines(conn).ends_with("orderStatus 2 PreSubmitted 0+10\n"));
}
