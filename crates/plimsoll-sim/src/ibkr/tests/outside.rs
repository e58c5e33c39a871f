//! Early and late trading of stocks on the wire.

use plimsoll_model::Price;
use plimsoll_tws::message::{ReqHistoricalData, ReqRealTimeBars};
use plimsoll_tws::{Request, Response};

use super::config;
use super::rig::{Rig, order, order_with, px, quotes, stock};
use crate::ibkr::{ConnId, Profile};

/// Regular hours of Monday, 30 November, are 09:30 to 16:00.
const EARLY: &str = "2026-11-30T08:00:00-05:00";
const LATE: &str = "2026-11-30T17:00:00-05:00";

fn rig(start: &str) -> (Rig, ConnId) {
    let mut rig = Rig::new(config(Profile::Live, start));
    let conn = rig.client(7);
    (rig, conn)
}

fn outside(order_id: i32, text: &str) -> Request {
    order_with(order_id, "DU1", text, |m| m.order.outside_rth = true)
}

fn filled(rig: &mut Rig, conn: ConnId, order_id: i32) -> bool {
    rig.lines(conn).contains(&format!("orderStatus {order_id} Filled"))
}

#[test]
fn an_order_that_may_trade_outside_is_executed_at_eight_and_one_that_may_not_waits() {
    let (mut rig, conn) = rig(EARLY);
    rig.ask(conn, &outside(1, "BUY 100 SPY LMT 720.00"));
    assert!(filled(&mut rig, conn, 1));
    rig.ask(conn, &order(2, "DU1", "BUY 100 SPY LMT 720.00"));
    let said = rig.lines(conn);
    // The wording is that of the reference.
    let warning =
        "Warning: Your order will not be placed at the exchange until 2026-11-30 09:30:00 US/Eastern.";
    assert!(said.contains("error 2 399") && said.contains(warning), "{said}");
    assert!(said.contains("orderStatus 2 PreSubmitted"), "{said}");
    rig.wait(90 * 60);
    assert!(filled(&mut rig, conn, 2));
}

#[test]
fn before_four_even_an_order_for_outside_waits_and_says_for_when() {
    let (mut rig, conn) = rig("2026-11-30T03:59:50-05:00");
    rig.ask(conn, &outside(1, "BUY 100 SPY LMT 720.00"));
    let said = rig.lines(conn);
    assert!(said.contains("2026-11-30 04:00:00 US/Eastern"), "{said}");
    rig.wait(11);
    assert!(filled(&mut rig, conn, 1));
}

// A market order does not work outside, whatever it asks for: 2109.
#[test]
fn a_market_order_is_told_that_outside_is_nothing_for_it() {
    let (mut rig, conn) = rig(LATE);
    rig.ask(conn, &outside(1, "BUY 100 SPY MKT"));
    let said = rig.lines(conn);
    assert!(said.contains("error 1 2109") && said.contains("error 1 399"), "{said}");
    assert!(said.contains("2026-12-01 09:30:00 US/Eastern"), "{said}");
}

#[test]
fn a_days_order_for_outside_outlives_the_close_and_ends_at_eight_in_the_evening() {
    let (mut rig, conn) = rig("2026-11-30T15:59:00-05:00");
    rig.ask(conn, &outside(1, "BUY 100 SPY LMT 600.00"));
    rig.ask(conn, &order(2, "DU1", "BUY 100 SPY LMT 600.00"));
    rig.heard(conn);
    rig.wait(120);
    let said = rig.lines(conn);
    assert!(said.contains("orderStatus 2 Cancelled") && !said.contains("orderStatus 1"), "{said}");
    rig.wait_until("19:59:59");
    assert_eq!(rig.lines(conn), "");
    rig.wait(1);
    assert!(rig.lines(conn).contains("orderStatus 1 Cancelled"));
}

#[test]
fn an_order_entered_in_the_evening_belongs_to_that_evening() {
    let (mut rig, conn) = rig(LATE);
    rig.ask(conn, &outside(1, "BUY 100 SPY LMT 600.00"));
    let said = rig.lines(conn);
    assert!(said.contains("orderStatus 1 Submitted") && !said.contains("399"), "{said}");
    rig.wait_until("20:00:00");
    assert!(rig.lines(conn).contains("orderStatus 1 Cancelled"));
}

// The quote that a subscriber sees is the one that an order takes.
#[test]
fn early_quotes_are_wide_and_thin_and_can_be_had() {
    let (mut rig, conn) = rig(EARLY);
    rig.ask(conn, &quotes(1, "SPY"));
    let heard = rig.heard(conn);
    let seen = |tick: i32| {
        heard.iter().rev().find_map(|said| match said {
            Response::TickPrice(m) if m.tick == tick => m.px.map(Price::get),
            _ => None,
        })
    };
    let (bid, ask) = (seen(1).unwrap(), seen(2).unwrap());
    // Inside the session it is a cent or two.
    assert!(ask - bid >= rust_decimal::Decimal::new(5, 2), "{bid} {ask}");
    rig.ask(conn, &outside(2, "BUY 100 SPY LMT 720.00"));
    let paid = rig.heard(conn).iter().find_map(|said| match said {
        Response::ExecDetails(m) => m.px,
        _ => None,
    });
    assert_eq!(paid.map(Price::get), Some(ask));
}

fn minutes(use_rth: bool) -> Request {
    Request::ReqHistoricalData(Box::new(ReqHistoricalData {
        req_id: 9,
        contract: stock("SPY"),
        end: "20261201-01:30:00".into(),
        bar_size: "1 min".into(),
        duration: "1 D".into(),
        what: "TRADES".into(),
        use_rth,
        format_date: 1,
        ..ReqHistoricalData::default()
    }))
}

#[test]
fn history_with_all_hours_begins_at_four_and_ends_at_eight() {
    let (mut rig, conn) = rig("2026-11-30T21:00:00-05:00");
    let mut span = |use_rth| {
        rig.ask(conn, &minutes(use_rth));
        let heard = rig.heard(conn);
        let bars = heard.iter().find_map(|said| match said {
            Response::HistoricalData(m) => Some(m.bars.clone()),
            _ => None,
        });
        let bars = bars.unwrap();
        (bars[0].date.as_str().to_owned(), bars[bars.len() - 1].date.as_str().to_owned())
    };
    let (first, last) = span(true);
    assert_eq!((&*first, &*last), ("20261130 09:30:00 US/Eastern", "20261130 15:59:00 US/Eastern"));
    let (first, last) = span(false);
    // Thin trading may leave a minute without a trade at either end.
    assert!(first.starts_with("20261130 04:0") && last.starts_with("20261130 19:5"), "{first} {last}");
}

#[test]
fn bars_of_five_seconds_come_outside_for_those_who_ask_for_all_hours() {
    let (mut rig, conn) = rig(EARLY);
    let bars = |req_id, use_rth| {
        Request::ReqRealTimeBars(Box::new(ReqRealTimeBars {
            req_id,
            contract: stock("SPY"),
            what: "MIDPOINT".into(),
            use_rth,
            ..ReqRealTimeBars::default()
        }))
    };
    rig.ask(conn, &bars(1, true));
    rig.ask(conn, &bars(2, false));
    rig.wait(11);
    let came: Vec<i32> = rig
        .heard(conn)
        .iter()
        .filter_map(|said| if let Response::RealTimeBar(m) = said { Some(m.req_id) } else { None })
        .collect();
    assert_eq!(came, [2, 2]);
}

#[test]
fn by_a_fault_bars_of_the_session_go_on_after_its_close() {
    // Half day: the close is at 13:00.
    let (mut rig, conn) = rig("2026-11-27T12:59:50-05:00");
    rig.fault(r#"{"kind": "bars_outside_session"}"#);
    let five = ReqRealTimeBars {
        req_id: 1,
        contract: stock("SPY"),
        what: "MIDPOINT".into(),
        use_rth: true,
        ..ReqRealTimeBars::default()
    };
    rig.ask(conn, &Request::ReqRealTimeBars(Box::new(five)));
    let Request::ReqHistoricalData(kept) = minutes(true) else { unreachable!() };
    let kept = ReqHistoricalData {
        end: "".into(),
        what: "MIDPOINT".into(),
        keep_up_to_date: true,
        format_date: 2,
        ..*kept
    };
    rig.ask(conn, &Request::ReqHistoricalData(Box::new(kept)));
    rig.wait(30);
    let close: jiff::Timestamp = "2026-11-27T13:00:00-05:00".parse().unwrap();
    let heard = rig.heard(conn);
    assert!(heard.iter().any(|said| matches!(said, Response::RealTimeBar(m) if m.time >= close.as_second())));
    let update = |said: &Response| matches!(said, Response::HistoricalDataUpdate(m) if m.date.as_str() == close.as_second().to_string());
    assert!(heard.iter().any(update));
}

#[test]
fn a_stop_for_outside_triggers_in_the_evening() {
    let (mut rig, conn) = rig(LATE);
    let stop = order_with(1, "DU1", "BUY 100 SPY STP", |m| {
        m.order.outside_rth = true;
        m.order.aux_px = px("500.00");
    });
    rig.ask(conn, &stop);
    rig.heard(conn);
    rig.wait(120);
    assert!(filled(&mut rig, conn, 1));
}
