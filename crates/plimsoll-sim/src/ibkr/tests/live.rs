//! Live data beyond the first picture: snapshots, generic ticks, auctions, kinds of data, limits, cancels.

use plimsoll_model::Price;
use plimsoll_tws::message::{
    ById, ReqHistoricalData, ReqMarketDataType, ReqMktData, ReqRealTimeBars, ReqTickByTickData, WireContract,
};
use plimsoll_tws::{Request, Response};

use super::rig::{Rig, stock};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Profile};

fn rig_at(start: &str) -> (Rig, ConnId) {
    let mut rig = Rig::new(config(Profile::Live, start));
    let conn = rig.client(7);
    (rig, conn)
}

fn future(symbol: &str) -> WireContract {
    WireContract {
        sec_type: "FUT".into(),
        symbol: symbol.into(),
        expiry: "202612".into(),
        currency: "USD".into(),
        ..WireContract::default()
    }
}

fn subscribe(rig: &mut Rig, conn: ConnId, req_id: i32, contract: WireContract, generic: &str) {
    let request = ReqMktData { req_id, contract, generic_ticks: generic.into(), ..ReqMktData::default() };
    rig.ask(conn, &Request::ReqMktData(Box::new(request)));
}

fn by_tick(rig: &mut Rig, conn: ConnId, contract: WireContract, kind: &str, req_id: i32) {
    let request = ReqTickByTickData { req_id, contract, kind: kind.into(), ..ReqTickByTickData::default() };
    rig.ask(conn, &Request::ReqTickByTickData(Box::new(request)));
}

/// The numbers of the ticks in what was heard, each once.
fn ticks(heard: &[Response]) -> Vec<i32> {
    let number = |r: &Response| match r {
        Response::TickPrice(m) => Some(m.tick),
        Response::TickSize(m) => Some(m.tick),
        Response::TickGeneric(m) => Some(m.tick),
        Response::TickString(m) => Some(m.tick),
        _ => None,
    };
    let mut found: Vec<i32> = heard.iter().filter_map(number).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn codes(heard: &[Response]) -> Vec<i32> {
    heard
        .iter()
        .filter_map(|r| if let Response::Error(error) = r { Some(error.code) } else { None })
        .collect()
}

fn kinds(heard: &[Response]) -> Vec<i32> {
    heard
        .iter()
        .filter_map(|r| if let Response::MarketDataType(m) = r { Some(m.kind) } else { None })
        .collect()
}

fn last_price(heard: &[Response], tick: i32) -> Option<Price> {
    heard.iter().rev().find_map(|r| match r {
        Response::TickPrice(m) if m.tick == tick => m.px,
        _ => None,
    })
}

#[test]
fn a_snapshot_is_one_picture_and_ends_after_eleven_seconds() {
    let (mut rig, conn) = rig_at(ELEVEN);
    let snapshot = ReqMktData { req_id: 1, contract: stock("SPY"), snapshot: true, ..ReqMktData::default() };
    rig.ask(conn, &Request::ReqMktData(Box::new(snapshot.clone())));
    assert!(ticks(&rig.heard(conn)).contains(&1));
    rig.wait(10);
    assert!(rig.heard(conn).is_empty());
    rig.wait(1);
    assert_eq!(rig.lines(conn), "tickSnapshotEnd\n");
    let generic = ReqMktData { generic_ticks: "233".into(), ..snapshot };
    rig.ask(conn, &Request::ReqMktData(Box::new(generic)));
    assert_eq!(codes(&rig.heard(conn)), [414]);
}

#[test]
fn generic_ticks_bring_their_numbers_and_unknown_ones_are_refused() {
    let (mut rig, conn) = rig_at(ELEVEN);
    subscribe(&mut rig, conn, 1, stock("SPY"), "165,221,233,236,375,456");
    rig.wait(5);
    let told = ticks(&rig.heard(conn));
    // Ranges and average volume, mark price, time and sales, shortable, trades, dividends.
    for tick in [15, 16, 17, 18, 19, 20, 21, 37, 48, 46, 89, 77, 59] {
        assert!(told.contains(&tick), "{tick} in {told:?}");
    }
    subscribe(&mut rig, conn, 2, stock("SPY"), "233,999");
    assert_eq!(codes(&rig.heard(conn)), [321]);
}

#[test]
fn imbalances_are_published_in_the_last_ten_minutes_and_end_at_the_official_close() {
    let (mut rig, conn) = rig_at("2026-11-27T12:49:50-05:00");
    subscribe(&mut rig, conn, 1, stock("SPY"), "225");
    assert!(!ticks(&rig.heard(conn)).contains(&36), "the half day closes at 13:00");
    rig.wait(11);
    let told = ticks(&rig.heard(conn));
    assert!([34, 35, 36].iter().all(|tick| told.contains(tick)), "{told:?}");
    rig.wait(598);
    let indicated = last_price(&rig.heard(conn), 35).unwrap().get();
    rig.wait(1);
    let close = last_price(&rig.heard(conn), 4).unwrap().get();
    assert!((indicated - close).abs() <= rust_decimal::Decimal::new(1, 2), "{indicated} before {close}");
}

#[test]
fn imbalances_are_published_before_the_open() {
    let (mut rig, conn) = rig_at("2026-11-27T09:20:00-05:00");
    subscribe(&mut rig, conn, 1, stock("AAPL"), "225");
    rig.heard(conn);
    rig.wait(7 * 60);
    let indicated = |told: &[i32]| [34, 35, 36].iter().filter(|tick| told.contains(tick)).count();
    assert_eq!(indicated(&ticks(&rig.heard(conn))), 0);
    rig.wait(3 * 60 - 1);
    assert_eq!(indicated(&ticks(&rig.heard(conn))), 3);
}

#[test]
fn frozen_data_keeps_the_last_quote_and_says_so_when_the_market_closes() {
    // Late trading of a half day ends at five.
    let (mut rig, conn) = rig_at("2026-11-27T16:59:50-05:00");
    rig.ask(conn, &Request::ReqMarketDataType(ReqMarketDataType { kind: 2 }));
    assert!(rig.heard(conn).is_empty());
    subscribe(&mut rig, conn, 1, stock("SPY"), "");
    assert_eq!(kinds(&rig.heard(conn)), [1]);
    rig.wait(20);
    let heard = rig.heard(conn);
    assert_eq!(kinds(&heard), [2]);
    assert!(last_price(&heard, 1).unwrap() > Price::ZERO);
    subscribe(&mut rig, conn, 2, stock("SPY"), "");
    let heard = rig.heard(conn);
    assert_eq!(kinds(&heard), [2]);
    assert!(last_price(&heard, 4).is_some());
}

#[test]
fn what_nobody_subscribed_to_comes_a_quarter_of_an_hour_late_or_not_at_all() {
    let (mut rig, conn) = rig_at(ELEVEN);
    subscribe(&mut rig, conn, 1, future("YM"), "");
    assert_eq!(codes(&rig.heard(conn)), [10168]);
    rig.ask(conn, &Request::ReqMarketDataType(ReqMarketDataType { kind: 3 }));
    subscribe(&mut rig, conn, 2, future("YM"), "");
    let heard = rig.heard(conn);
    assert_eq!((codes(&heard), kinds(&heard)), (vec![10167], vec![3]));
    let told = ticks(&heard);
    assert!(told.iter().all(|tick| (66..=90).contains(tick)), "{told:?}");
    let late = last_price(&heard, 66);
    // The bid at a quarter to eleven opens the minute's bar of bids.
    let request = ReqHistoricalData {
        req_id: 3,
        contract: future("YM"),
        end: "20261127-15:46:00".into(),
        bar_size: "1 min".into(),
        duration: "60 S".into(),
        what: "BID".into(),
        format_date: 1,
        ..ReqHistoricalData::default()
    };
    rig.ask(conn, &Request::ReqHistoricalData(Box::new(request)));
    let heard = rig.heard(conn);
    let bars =
        heard.iter().find_map(|r| if let Response::HistoricalData(m) = r { Some(&m.bars) } else { None });
    assert_eq!(bars.unwrap()[0].open, late);
    // Live data where it is subscribed, whatever was asked for.
    subscribe(&mut rig, conn, 4, future("ES"), "");
    assert_eq!(kinds(&rig.heard(conn)), [1]);
}

#[test]
fn five_tick_by_tick_streams_are_open_at_once_and_none_twice_within_fifteen_seconds() {
    let (mut rig, conn) = rig_at(ELEVEN);
    for (req_id, symbol) in (1..).zip(["SPY", "QQQ", "IWM", "AAPL", "MSFT"]) {
        by_tick(&mut rig, conn, stock(symbol), "BidAsk", req_id);
        assert!(codes(&rig.heard(conn)).is_empty());
    }
    by_tick(&mut rig, conn, stock("TLT"), "Last", 6);
    assert_eq!(codes(&rig.heard(conn)), [10190]);
    rig.ask(conn, &Request::CancelTickByTickData(ById { req_id: 1 }));
    rig.wait(14);
    rig.heard(conn);
    by_tick(&mut rig, conn, stock("SPY"), "Last", 7);
    assert_eq!(codes(&rig.heard(conn)), [10190]);
    rig.wait(1);
    rig.heard(conn);
    by_tick(&mut rig, conn, stock("SPY"), "Last", 8);
    assert!(codes(&rig.heard(conn)).is_empty());
}

#[test]
fn cancelling_what_is_not_there_is_300() {
    let (mut rig, conn) = rig_at(ELEVEN);
    for cancel in [
        Request::CancelMktData(ById { req_id: 9 }),
        Request::CancelRealTimeBars(ById { req_id: 9 }),
        Request::CancelTickByTickData(ById { req_id: 9 }),
    ] {
        rig.ask(conn, &cancel);
        assert_eq!(rig.lines(conn), "error 9 300 Can't find EId with tickerId:9\n");
    }
}

#[test]
fn data_does_not_come_back_after_1101() {
    let (mut rig, conn) = rig_at(ELEVEN);
    subscribe(&mut rig, conn, 1, stock("SPY"), "");
    rig.fault(r#"{"kind": "link_down"}"#);
    rig.fault(r#"{"kind": "link_up_data_lost"}"#);
    rig.heard(conn);
    rig.wait(10);
    assert!(ticks(&rig.heard(conn)).is_empty());
    rig.ask(conn, &Request::CancelMktData(ById { req_id: 1 }));
    assert_eq!(codes(&rig.heard(conn)), [300]);
}

#[test]
fn five_second_bars_take_a_line_each_and_are_paced() {
    let (mut rig, conn) = rig_at(ELEVEN);
    let mut told = Vec::new();
    for (req_id, symbol) in (1..=61).zip(["SPY", "QQQ", "IWM"].into_iter().cycle()) {
        let request = ReqRealTimeBars {
            req_id,
            contract: stock(symbol),
            bar_size: 5,
            what: "TRADES".into(),
            ..ReqRealTimeBars::default()
        };
        rig.ask(conn, &Request::ReqRealTimeBars(Box::new(request)));
        told.extend(codes(&rig.heard(conn)));
        rig.wait(1);
        rig.heard(conn);
    }
    assert_eq!(told, [420]);
    assert_eq!(rig.violations(), ["historical_pacing"]);
}

#[test]
fn a_pair_has_a_quote_and_neither_last_price_nor_volume() {
    let (mut rig, conn) = rig_at(ELEVEN);
    let euro = WireContract {
        sec_type: "CASH".into(),
        symbol: "EUR".into(),
        currency: "USD".into(),
        exchange: "IDEALPRO".into(),
        ..WireContract::default()
    };
    subscribe(&mut rig, conn, 1, euro.clone(), "");
    rig.wait(3);
    let heard = rig.heard(conn);
    assert_eq!(ticks(&heard), [0, 1, 2, 3, 9, 49]);
    assert!(last_price(&heard, 1) < last_price(&heard, 2));
    by_tick(&mut rig, conn, euro, "Last", 2);
    assert_eq!(codes(&rig.heard(conn)), [10189]);
}
