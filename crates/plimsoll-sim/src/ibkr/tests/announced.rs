//! A day that is closed, opens late or closes early by announcement: hours, orders, auctions and history follow.

use plimsoll_tws::message::{
    Bar, CancelOrder, ContractDetails, HistoricalSchedule, ReqContractDetails, ReqHistoricalData,
};
use plimsoll_tws::{Request, Response};
use serde_json::json;

use super::config;
use super::rig::{Rig, order, order_with, stock};
use crate::ibkr::{ConnId, Fault, Profile};

/// Wednesday, 2 December, is the day that changes.
const EVENING: &str = "2026-12-01T18:00:00-05:00";
const AFTERNOON: &str = "2026-12-02T15:40:00-05:00";

fn rig(start: &str) -> (Rig, ConnId) {
    let mut rig = Rig::new(config(Profile::Live, start));
    let conn = rig.client(7);
    (rig, conn)
}

fn spy(rig: &mut Rig, conn: ConnId) -> ContractDetails {
    let request = ReqContractDetails { req_id: 1, contract: stock("SPY"), ..ReqContractDetails::default() };
    rig.ask(conn, &Request::ReqContractDetails(Box::new(request)));
    let found = rig.heard(conn).into_iter().find_map(|response| match response {
        Response::ContractDetails(m) => Some(*m),
        _ => None,
    });
    found.unwrap()
}

/// Three days of both lists, from the day of the announcement on.
fn hours(rig: &mut Rig, conn: ConnId) -> (String, String) {
    let details = spy(rig, conn);
    let few = |text: &str| text.split(';').take(3).collect::<Vec<_>>().join(";");
    (few(&details.liquid_hours.to_str_lossy()), few(&details.trading_hours.to_str_lossy()))
}

fn history(rig: &mut Rig, conn: ConnId, (size, duration, what): (&str, &str, &str)) -> Vec<Response> {
    let request = ReqHistoricalData {
        req_id: 1,
        contract: stock("SPY"),
        bar_size: size.into(),
        duration: duration.into(),
        what: what.into(),
        use_rth: true,
        format_date: 1,
        ..ReqHistoricalData::default()
    };
    rig.heard(conn);
    rig.ask(conn, &Request::ReqHistoricalData(Box::new(request)));
    rig.heard(conn)
}

fn bars(rig: &mut Rig, conn: ConnId, size: &str, duration: &str) -> Vec<Bar> {
    let heard = history(rig, conn, (size, duration, "TRADES"));
    heard
        .into_iter()
        .flat_map(|m| if let Response::HistoricalData(m) = m { m.bars } else { vec![] })
        .collect()
}

fn executions(rig: &Rig) -> Vec<(i64, String, String)> {
    let state = rig.state();
    let row = |row: &serde_json::Value| {
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        (row["order_id"].as_i64().unwrap(), text("at"), text("price"))
    };
    state["executions"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn a_day_that_is_closed_the_evening_before_is_listed_so_and_nothing_trades_on_it() {
    let (mut rig, conn) = rig(EVENING);
    assert_eq!(
        hours(&mut rig, conn).0,
        "20261201:0930-20261201:1600;20261202:0930-20261202:1600;20261203:0930-20261203:1600"
    );
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MKT"));
    rig.ask(conn, &order(2, "DU1", "BUY 20 SPY MOC"));
    rig.fault(r#"{"kind": "announce_hours", "date": "2026-12-02", "change": "closed"}"#);
    let listed = hours(&mut rig, conn);
    assert_eq!(listed.0, "20261201:0930-20261201:1600;20261202:CLOSED;20261203:0930-20261203:1600");
    assert_eq!(listed.1, "20261201:0400-20261201:2000;20261202:CLOSED;20261203:0400-20261203:2000");
    // An order that comes now is told the day after.
    rig.ask(conn, &order(3, "DU1", "BUY 30 SPY MKT"));
    assert!(rig.lines(conn).contains("2026-12-03 09:30:00 US/Eastern"));
    rig.wait(25 * 3600);
    assert_eq!(executions(&rig), [], "19:00 of the day that is closed");
    rig.wait(24 * 3600);
    let orders: Vec<(i64, String)> = executions(&rig).into_iter().map(|(id, at, _)| (id, at)).collect();
    let at = |id, at: &str| (id, at.to_owned());
    let (open, close) = ("2026-12-03T14:30:00Z", "2026-12-03T21:00:00Z");
    assert_eq!(orders, [at(1, open), at(3, open), at(2, close)]);
    let heard = history(&mut rig, conn, ("1 day", "1 W", "SCHEDULE"));
    let [Response::HistoricalSchedule(HistoricalSchedule { sessions, .. })] = heard.as_slice() else {
        panic!("{heard:?}")
    };
    let dates: Vec<_> = sessions.iter().map(|s| s.date.to_string()).collect();
    assert!(dates.ends_with(&["20261201".to_owned(), "20261203".to_owned()]), "{dates:?}");
}

// As on 2002-09-11.
#[test]
fn a_day_that_opens_at_noon_has_its_opening_auction_then() {
    let (mut rig, conn) = rig(EVENING);
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MKT"));
    rig.fault(r#"{"kind": "announce_hours", "date": "2026-12-02", "change": "late", "time": "12:00"}"#);
    let listed = hours(&mut rig, conn);
    assert!(listed.0.contains(";20261202:1200-20261202:1600;"), "{}", listed.0);
    assert!(listed.1.contains(";20261202:0400-20261202:2000;"), "early trading begins as ever: {}", listed.1);
    rig.wait(16 * 3600);
    assert_eq!(executions(&rig), [], "10:00");
    let early = order_with(2, "DU1", "BUY 20 SPY LMT 720.00", |m| m.order.outside_rth = true);
    rig.ask(conn, &early);
    assert_eq!(executions(&rig).len(), 1, "early trading goes on until the open");
    // The cutoff of Arca is a minute before the open.
    rig.wait_until("11:58:30");
    rig.ask(conn, &order(3, "DU1", "BUY 30 SPY MKT 0 OPG"));
    rig.wait_until("11:59:00");
    rig.ask(conn, &order(4, "DU1", "BUY 40 SPY MKT 0 OPG"));
    assert_eq!(rig.violations(), ["outside_session", "late_on_open"], "of the first and of the last order");
    rig.wait_until("12:00:00");
    let at_noon: Vec<i64> = executions(&rig)
        .iter()
        .filter(|(_, at, _)| at == "2026-12-02T17:00:00Z")
        .map(|(id, ..)| *id)
        .collect();
    assert_eq!(at_noon, [3, 1]);
}

// As on 2005-06-01.
#[test]
fn a_day_that_closes_at_15_56_has_its_cutoffs_and_its_auction_by_that() {
    let (mut rig, conn) = rig(AFTERNOON);
    rig.fault(r#"{"kind": "announce_hours", "date": "2026-12-02", "change": "early", "time": "15:56"}"#);
    assert!(hours(&mut rig, conn).0.starts_with("20261202:0930-20261202:1556;"));
    rig.wait_until("15:45:59");
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MOC"));
    rig.wait_until("15:46:00");
    rig.ask(conn, &order(2, "DU1", "BUY 20 SPY MOC"));
    rig.ask(conn, &Request::CancelOrder(CancelOrder { order_id: 1, ..CancelOrder::default() }));
    assert!(rig.lines(conn).contains("error 1 161 "));
    assert_eq!(rig.violations(), ["late_on_close", "cancel_after_freeze"]);
    rig.wait_until("15:56:00");
    let done = executions(&rig);
    assert_eq!((done.len(), &*done[0].1), (1, "2026-12-02T20:56:00Z"));
    // Behind the close the day's own orders wait for the next session.
    rig.ask(conn, &order(3, "DU1", "BUY 30 SPY MKT"));
    assert!(rig.lines(conn).contains("2026-12-03 09:30:00 US/Eastern"));
    let close = bars(&mut rig, conn, "1 day", "1 D").pop().unwrap().close.unwrap();
    assert_eq!(close.to_string(), done[0].2, "the auction is the official close");
}

#[test]
fn what_was_seen_of_a_day_stays_when_its_end_is_moved() {
    let (mut rig, conn) = rig(AFTERNOON);
    let before = bars(&mut rig, conn, "1 min", "23400 S");
    let yesterday = bars(&mut rig, conn, "1 day", "2 D")[0].clone();
    rig.fault(r#"{"kind": "announce_hours", "date": "2026-12-02", "change": "early", "time": "15:56"}"#);
    let after = bars(&mut rig, conn, "1 min", "23400 S");
    assert_eq!(before, after);
    assert_eq!(bars(&mut rig, conn, "1 day", "2 D")[0], yesterday);
    // And again, when other days have been asked for in between.
    rig.wait(2 * 86_400);
    let again = bars(&mut rig, conn, "1 min", "1 W");
    let kept: Vec<&Bar> =
        again.iter().filter(|bar| before[..300].iter().any(|b| b.date == bar.date)).collect();
    assert_eq!(kept, before[..300].iter().collect::<Vec<_>>());
    let day = bars(&mut rig, conn, "1 day", "3 D");
    let last = again.iter().rfind(|bar| bar.date.as_str().starts_with("20261202")).unwrap();
    assert!(last.date.as_str().contains("15:55:00"), "{}", last.date);
    let closed = day.iter().find(|bar| bar.date == *"20261202").unwrap();
    assert!(closed.high.unwrap() >= last.close.unwrap() && closed.low.unwrap() <= last.close.unwrap());
}

#[test]
fn an_announcement_can_come_later_and_is_checked_by_then() {
    let (mut rig, conn) = rig(EVENING);
    rig.fault(r#"{"kind": "announce_hours", "date": "2026-12-02", "change": "closed", "after": "2h"}"#);
    rig.wait(2 * 3600 - 1);
    assert!(!hours(&mut rig, conn).0.contains("CLOSED"));
    rig.wait(1);
    assert!(hours(&mut rig, conn).0.contains("20261202:CLOSED"));
    rig.run(crate::ibkr::IbkrVenue::heal_all);
    assert!(hours(&mut rig, conn).0.contains("20261202:CLOSED"), "what was announced is no fault that ends");
}

fn refused(start: &str, fault: serde_json::Value) -> String {
    let (mut rig, _) = rig(start);
    let fault: Fault = match serde_json::from_value(fault) {
        Ok(fault) => fault,
        Err(error) => return error.to_string(),
    };
    rig.venue.fault(fault, &mut Vec::new()).unwrap_err().to_string()
}

#[test]
fn what_cannot_be_announced_is_refused_with_what_to_write() {
    let day = |change: &str, time: Option<&str>| {
        let mut fault = json!({ "kind": "announce_hours", "date": "2026-12-02", "change": change });
        if let Some(time) = time {
            fault["time"] = time.into();
        }
        fault
    };
    for (start, fault, words) in [
        (EVENING, day("open", None), "`open` is no change; write `closed`, `early` or `late`"),
        (EVENING, day("early", None), "`early` needs a `time` in New York, `13:00`"),
        (EVENING, day("closed", Some("13:00")), "a day that is `closed` has no `time`; leave it out"),
        (EVENING, day("late", Some("noon")), "`noon` is no time of day; write hours and minutes, `13:00`"),
        (EVENING, day("late", Some("9:00")), "`9:00` is no time of day"),
        (EVENING, day("late", Some("09:00")), "takes no trading time away from XNYS on 2026-12-02"),
        (EVENING, day("early", Some("16:00")), "takes no trading time away from XNYS on 2026-12-02"),
        (
            EVENING,
            json!({ "kind": "announce_hours", "date": "2026-12-05", "change": "closed" }),
            "takes no trading time away",
        ),
        (
            EVENING,
            json!({ "kind": "announce_hours", "date": "5.12.", "change": "closed" }),
            "`5.12.` is no date",
        ),
        (
            EVENING,
            json!({ "kind": "announce_hours", "date": "2049-12-01", "change": "closed" }),
            "outside calendar XNYS",
        ),
        ("2026-12-02T04:00:00-05:00", day("closed", None), "early trading of 2026-12-02 has begun"),
        ("2026-12-02T04:00:00-05:00", day("late", Some("12:00")), "early trading of 2026-12-02 has begun"),
        ("2026-12-02T15:56:00-05:00", day("early", Some("15:56")), "2026-12-02 would close in the past"),
    ] {
        let told = refused(start, fault.clone());
        assert!(told.contains(words), "{fault}: {told}");
    }
    let (mut rig, _) = rig("2026-12-02T03:59:59-05:00");
    rig.fault(&day("closed", None).to_string());
}
