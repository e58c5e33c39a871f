//! History beyond the bars of one stock: other products, other kinds of bars, limits and what stays open.

use plimsoll_model::Price;
use plimsoll_tws::message::{
    Bar, ById, HistoricalSchedule, ReqHeadTimestamp, ReqHistoricalData, ReqRealTimeBars, WireContract,
};
use plimsoll_tws::{Request, Response};
use rust_decimal::Decimal;

use super::rig::{Rig, stock};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Profile};

fn rig_at(start: &str) -> (Rig, ConnId) {
    let mut rig = Rig::new(config(Profile::Live, start));
    let conn = rig.client(7);
    (rig, conn)
}

fn euro() -> WireContract {
    WireContract {
        sec_type: "CASH".into(),
        symbol: "EUR".into(),
        currency: "USD".into(),
        exchange: "IDEALPRO".into(),
        ..WireContract::default()
    }
}

fn december() -> WireContract {
    WireContract {
        sec_type: "FUT".into(),
        symbol: "ES".into(),
        expiry: "202612".into(),
        exchange: "CME".into(),
        currency: "USD".into(),
        ..WireContract::default()
    }
}

/// `1 min|600 S|TRADES`
fn request(contract: WireContract, words: &str) -> ReqHistoricalData {
    let words: Vec<&str> = words.split('|').collect();
    let [bar_size, duration, what] = words.as_slice() else { panic!("{words:?}") };
    ReqHistoricalData {
        req_id: 1,
        contract,
        bar_size: (*bar_size).into(),
        duration: (*duration).into(),
        what: (*what).into(),
        use_rth: true,
        format_date: 1,
        ..ReqHistoricalData::default()
    }
}

fn ask(rig: &mut Rig, conn: ConnId, request: ReqHistoricalData) -> Vec<Response> {
    rig.ask(conn, &Request::ReqHistoricalData(Box::new(request)));
    rig.heard(conn)
}

fn bars(rig: &mut Rig, conn: ConnId, request: ReqHistoricalData) -> Vec<Bar> {
    let heard = ask(rig, conn, request);
    let found = heard
        .iter()
        .find_map(|r| if let Response::HistoricalData(m) = r { Some(m.bars.clone()) } else { None });
    found.unwrap_or_else(|| panic!("{heard:?}"))
}

fn codes(heard: &[Response]) -> Vec<i32> {
    heard
        .iter()
        .filter_map(|r| if let Response::Error(error) = r { Some(error.code) } else { None })
        .collect()
}

#[test]
fn a_pair_has_quotes_in_tenths_of_a_pip_and_no_trades() {
    let (mut rig, conn) = rig_at("2026-11-24T21:30:00-05:00");
    let bid = bars(&mut rig, conn, request(euro(), "1 min|600 S|BID"));
    let ask_side = bars(&mut rig, conn, request(euro(), "1 min|600 S|ASK"));
    let step = Decimal::new(5, 5);
    assert!(bid.iter().all(|bar| (bar.close.unwrap().get() % step).is_zero()));
    assert!(bid.iter().zip(&ask_side).all(|(bid, ask)| bid.close < ask.close));
    // 21:30 in New York: the date is the bar's start in the zone of the instrument.
    assert_eq!(bid.last().unwrap().date, *"20261124 21:30:00 US/Eastern");
    assert_eq!(codes(&ask(&mut rig, conn, request(euro(), "1 min|600 S|TRADES"))), [162]);
}

#[test]
fn a_future_is_told_in_chicago_time_on_its_own_steps_and_by_night() {
    let (mut rig, conn) = rig_at("2026-11-24T21:30:00-05:00");
    let night = ReqHistoricalData { use_rth: false, ..request(december(), "1 min|600 S|TRADES") };
    let night = bars(&mut rig, conn, night);
    assert_eq!(night.last().unwrap().date, *"20261124 20:30:00 US/Central");
    let quarter = Decimal::new(25, 2);
    assert!(night.iter().all(|bar| (bar.high.unwrap().get() % quarter).is_zero()));
    // Regular hours begin at 08:30.
    let day = bars(&mut rig, conn, request(december(), "1 hour|2 D|TRADES"));
    assert_eq!(day[0].date, *"20261124 08:30:00 US/Central");
    assert!(day.iter().all(|bar| bar.date.as_str() < "20261124 16:00:00"));
}

#[test]
fn a_future_is_streamed_by_night_and_its_bars_agree() {
    let (mut rig, conn) = rig_at("2026-11-24T21:30:00-05:00");
    let live = ReqRealTimeBars {
        req_id: 9,
        contract: december(),
        bar_size: 5,
        what: "TRADES".into(),
        ..ReqRealTimeBars::default()
    };
    rig.ask(conn, &Request::ReqRealTimeBars(Box::new(live)));
    rig.wait(30);
    let streamed: Vec<(String, Option<Price>, Option<Decimal>)> = rig
        .heard(conn)
        .into_iter()
        .filter_map(|r| match r {
            Response::RealTimeBar(m) => Some((m.time.to_string(), m.close, m.volume)),
            _ => None,
        })
        .collect();
    assert_eq!(streamed.len(), 6);
    let later =
        ReqHistoricalData { use_rth: false, format_date: 2, ..request(december(), "5 secs|60 S|TRADES") };
    let later = bars(&mut rig, conn, later);
    let remembered: Vec<_> = later
        .iter()
        .filter(|bar| streamed.iter().any(|(date, ..)| *date == *bar.date.as_str()))
        .map(|bar| (bar.date.to_string(), bar.close, bar.volume))
        .collect();
    assert_eq!(streamed, remembered);
}

#[test]
fn the_schedule_holds_the_half_day_and_leaves_thanksgiving_out() {
    let (mut rig, conn) = rig_at("2026-11-30T08:00:00-05:00");
    let heard = ask(&mut rig, conn, request(stock("SPY"), "1 day|1 W|SCHEDULE"));
    let [Response::HistoricalSchedule(HistoricalSchedule { zone, sessions, .. })] = heard.as_slice() else {
        panic!("{heard:?}")
    };
    assert_eq!(*zone, *"US/Eastern");
    let rows: Vec<String> = sessions.iter().map(|s| format!("{} {} {}", s.date, s.start, s.end)).collect();
    assert!(rows.contains(&"20261127 20261127-09:30:00 20261127-13:00:00".to_owned()), "{rows:?}");
    assert!(rows.contains(&"20261125 20261125-09:30:00 20261125-16:00:00".to_owned()), "{rows:?}");
    assert!(!rows.iter().any(|row| row.starts_with("20261126")));
}

#[test]
fn historical_volatility_is_that_of_thirty_closes() {
    let (mut rig, conn) = rig_at("2026-11-24T18:00:00-05:00");
    let closes: Vec<Decimal> = bars(&mut rig, conn, request(stock("SPY"), "1 day|31 D|TRADES"))
        .iter()
        .map(|bar| bar.close.unwrap().get())
        .collect();
    assert_eq!(closes.len(), 31);
    let squares: Decimal = closes.windows(2).map(|pair| (pair[1] / pair[0] - Decimal::ONE).powi(2)).sum();
    let yearly = squares / Decimal::from(30) * Decimal::from(252);
    let told = bars(&mut rig, conn, request(stock("SPY"), "1 day|1 D|HISTORICAL_VOLATILITY"));
    let told = told[0].close.unwrap().get();
    assert!((told * told - yearly).abs() < Decimal::new(1, 4), "{told} squared is not {yearly}");
    let implied = bars(&mut rig, conn, request(stock("SPY"), "1 day|1 D|OPTION_IMPLIED_VOLATILITY"));
    assert!(implied[0].close.unwrap().get() > told);
}

trait Powi {
    fn powi(self, n: u32) -> Self;
}

impl Powi for Decimal {
    fn powi(self, n: u32) -> Self {
        (0..n).fold(Self::ONE, |product, _| product * self)
    }
}

#[test]
fn small_bars_of_more_than_half_a_year_ago_are_gone() {
    let (mut rig, conn) = rig_at(ELEVEN);
    let old =
        |end: &str| ReqHistoricalData { end: end.into(), ..request(stock("SPY"), "30 secs|600 S|TRADES") };
    assert_eq!(codes(&ask(&mut rig, conn, old("20260520-15:00:00"))), [162]);
    assert_eq!(codes(&ask(&mut rig, conn, old("20260602-15:00:00"))), [0; 0]);
    let minutes = ReqHistoricalData { bar_size: "1 min".into(), ..old("20260520-15:00:00") };
    assert_eq!(codes(&ask(&mut rig, conn, minutes)), [0; 0]);
}

#[test]
fn a_date_time_without_zone_is_taken_with_a_warning() {
    let (mut rig, conn) = rig_at(ELEVEN);
    let at = |end: &str| ReqHistoricalData { end: end.into(), ..request(stock("SPY"), "1 hour|1 D|TRADES") };
    let naive = ask(&mut rig, conn, at("20261125 16:00:00"));
    assert_eq!(codes(&naive), [2174]);
    let zoned = ask(&mut rig, conn, at("20261125 16:00:00 US/Eastern"));
    let utc = ask(&mut rig, conn, at("20261125-21:00:00"));
    assert_eq!((codes(&zoned), codes(&utc)), (vec![], vec![]));
    assert_eq!((naive.last(), &zoned), (zoned.last(), &utc));
}

#[test]
fn a_request_during_a_farm_outage_hangs_and_can_be_cancelled_once() {
    let (mut rig, conn) = rig_at(ELEVEN);
    rig.fault(r#"{"kind": "farm_down", "farm": "ushmds"}"#);
    rig.heard(conn);
    assert!(ask(&mut rig, conn, request(stock("SPY"), "1 min|600 S|TRADES")).is_empty());
    rig.wait(60);
    assert!(rig.heard(conn).is_empty());
    for code in [162, 366] {
        rig.ask(conn, &Request::CancelHistoricalData(ById { req_id: 1 }));
        assert_eq!(codes(&rig.heard(conn)), [code]);
    }
}

#[test]
fn the_fifty_first_open_request_is_refused() {
    let (mut rig, conn) = rig_at(ELEVEN);
    for req_id in 1..=51 {
        let keep = ReqHistoricalData {
            req_id,
            keep_up_to_date: true,
            ..request(stock("SPY"), "1 min|600 S|TRADES")
        };
        let expected: &[i32] = if req_id == 51 { &[162] } else { &[] };
        assert_eq!(codes(&ask(&mut rig, conn, keep)), expected, "{req_id}");
        if req_id % 25 == 0 {
            rig.wait(2);
            rig.heard(conn);
        }
    }
    assert_eq!(rig.violations(), ["historical_pacing"]);
    let again = ReqHistoricalData { keep_up_to_date: true, ..request(stock("SPY"), "1 min|600 S|TRADES") };
    assert_eq!(codes(&ask(&mut rig, conn, again)), [386]);
}

#[test]
fn bars_of_both_sides_cannot_be_kept_up_to_date() {
    let (mut rig, conn) = rig_at(ELEVEN);
    for (what, end) in [("BID_ASK", ""), ("TRADES", "20261127-15:00:00")] {
        let keep = ReqHistoricalData {
            keep_up_to_date: true,
            end: end.into(),
            ..request(stock("SPY"), &format!("1 min|600 S|{what}"))
        };
        assert_eq!(codes(&ask(&mut rig, conn, keep)), [321], "{what}");
    }
}

#[test]
fn head_timestamps_are_paced() {
    let (mut rig, conn) = rig_at(ELEVEN);
    let head = ReqHeadTimestamp {
        req_id: 1,
        contract: stock("SPY"),
        what: "TRADES".into(),
        format_date: 1,
        ..ReqHeadTimestamp::default()
    };
    for expected in [vec![], vec![162]] {
        rig.ask(conn, &Request::ReqHeadTimestamp(Box::new(head.clone())));
        assert_eq!(codes(&rig.heard(conn)), expected);
    }
}

#[test]
fn options_have_no_history() {
    let (mut rig, conn) = rig_at(ELEVEN);
    let call = WireContract {
        sec_type: "OPT".into(),
        symbol: "SPY".into(),
        expiry: "20261218".into(),
        strike: Some(Decimal::from(690)),
        right: "C".into(),
        exchange: "SMART".into(),
        currency: "USD".into(),
        ..WireContract::default()
    };
    assert_eq!(codes(&ask(&mut rig, conn, request(call, "1 day|1 M|TRADES"))), [162]);
}
