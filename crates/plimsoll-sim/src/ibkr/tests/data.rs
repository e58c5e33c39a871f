//! Market data and history: what is streamed, what is remembered, and that both agree.

use plimsoll_model::Price;
use plimsoll_tws::message::{
    Bar, ById, ReqContractDetails, ReqHeadTimestamp, ReqHistoricalData, ReqRealTimeBars,
};
use plimsoll_tws::{Request, Response};
use rust_decimal::Decimal;

use super::rig::{Rig, order, quotes, stock};
use super::{ELEVEN, config};
use crate::ibkr::Profile;

fn rig_at(start: &str) -> Rig {
    Rig::new(config(Profile::Live, start))
}

fn history(req_id: i32, bar_size: &str, duration: &str, what: &str) -> ReqHistoricalData {
    ReqHistoricalData {
        req_id,
        contract: stock("SPY"),
        bar_size: bar_size.into(),
        duration: duration.into(),
        use_rth: true,
        what: what.into(),
        format_date: 2,
        ..ReqHistoricalData::default()
    }
}

fn bars_of(rig: &mut Rig, conn: crate::ibkr::ConnId, request: ReqHistoricalData) -> Vec<Bar> {
    rig.ask(conn, &Request::ReqHistoricalData(Box::new(request)));
    let heard = rig.heard(conn);
    let found =
        heard.into_iter().find_map(|r| if let Response::HistoricalData(m) = r { Some(m.bars) } else { None });
    found.expect("bars were answered")
}

fn prices(bar: &Bar) -> [Price; 4] {
    [bar.open, bar.high, bar.low, bar.close].map(Option::unwrap)
}

fn errors(rig: &mut Rig, conn: crate::ibkr::ConnId) -> Vec<i32> {
    let code = |r: Response| if let Response::Error(error) = r { Some(error.code) } else { None };
    rig.heard(conn).into_iter().filter_map(code).collect()
}

#[test]
fn a_subscription_starts_with_its_terms_and_a_whole_picture() {
    let mut rig = rig_at(ELEVEN);
    let conn = rig.client(7);
    rig.ask(conn, &quotes(1, "SPY"));
    let heard = rig.heard(conn);
    assert_eq!((heard[0].name(), heard[1].name()), ("tickReqParams", "marketDataType"));
    let mut ticks: Vec<i32> = heard
        .iter()
        .filter_map(|r| match r {
            Response::TickPrice(m) => Some(m.tick),
            Response::TickSize(m) => Some(m.tick),
            Response::TickGeneric(m) => Some(m.tick),
            _ => None,
        })
        .collect();
    ticks.sort_unstable();
    ticks.dedup();
    // Sizes and prices of bid, ask and last; high, low, volume, close, open, halted.
    assert_eq!(ticks, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 49]);
}

#[test]
fn sizes_are_lots_below_version_159_and_shares_above() {
    let mut rig = rig_at(ELEVEN);
    let (old, new) = (rig.start_at(1, 157), rig.start_at(2, 178));
    for conn in [old, new] {
        rig.heard(conn);
        rig.ask(conn, &quotes(1, "SPY"));
    }
    let mut bid = |conn| {
        let tick = rig.heard(conn).into_iter().find_map(|r| match r {
            Response::TickPrice(m) if m.tick == 1 => m.size,
            _ => None,
        });
        tick.unwrap().get()
    };
    assert_eq!(bid(old) * Decimal::ONE_HUNDRED, bid(new));
}

#[test]
fn five_second_bars_are_the_same_streamed_and_remembered() {
    let mut rig = rig_at("2026-11-27T11:00:00-05:00");
    let conn = rig.client(7);
    let request = ReqRealTimeBars {
        req_id: 1,
        contract: stock("SPY"),
        bar_size: 5,
        what: "TRADES".into(),
        ..ReqRealTimeBars::default()
    };
    rig.ask(conn, &Request::ReqRealTimeBars(Box::new(request)));
    rig.wait(60);
    let streamed: Vec<(String, [Price; 4], Decimal)> = rig
        .heard(conn)
        .into_iter()
        .filter_map(|r| match r {
            Response::RealTimeBar(m) => {
                let prices = [m.open, m.high, m.low, m.close].map(Option::unwrap);
                Some((m.time.to_string(), prices, m.volume.unwrap()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(streamed.len(), 12);
    let remembered = bars_of(&mut rig, conn, history(2, "5 secs", "60 S", "TRADES"));
    let remembered: Vec<(String, [Price; 4], Decimal)> = remembered
        .iter()
        .filter(|bar| streamed.iter().any(|(date, ..)| *date == *bar.date.as_str()))
        .map(|bar| (bar.date.to_string(), prices(bar), bar.volume.unwrap()))
        .collect();
    // At 178 live and historical sizes are both shares.
    assert_eq!(streamed, remembered);
}

#[test]
fn the_size_of_five_second_bars_is_not_looked_at() {
    let mut rig = rig_at(ELEVEN);
    let conn = rig.client(7);
    for (req_id, bar_size) in [(1, 0), (2, 30)] {
        let contract = stock(if req_id == 1 { "SPY" } else { "QQQ" });
        let what = "TRADES".into();
        let request = ReqRealTimeBars { req_id, contract, bar_size, what, ..ReqRealTimeBars::default() };
        rig.ask(conn, &Request::ReqRealTimeBars(Box::new(request)));
    }
    rig.wait(10);
    let told = rig.heard(conn).into_iter().filter(|r| matches!(r, Response::RealTimeBar(_))).count();
    assert_eq!(told, 4);
}

#[test]
fn small_bars_add_up_to_large_ones() {
    let mut rig = rig_at("2026-11-27T12:00:00-05:00");
    let conn = rig.client(7);
    let small = bars_of(&mut rig, conn, history(1, "1 min", "1 D", "TRADES"));
    let large = bars_of(&mut rig, conn, history(2, "5 mins", "1 D", "TRADES"));
    for (large, small) in large.iter().zip(small.chunks(5)) {
        let high = small.iter().map(|bar| bar.high.unwrap()).max();
        let low = small.iter().map(|bar| bar.low.unwrap()).min();
        let volume: Decimal = small.iter().map(|bar| bar.volume.unwrap()).sum();
        assert_eq!((large.open, large.close), (small[0].open, small[small.len() - 1].close));
        assert_eq!((large.high, large.low), (high, low));
        assert_eq!(large.volume, Some(volume));
    }
}

#[test]
fn a_past_day_looks_the_same_whenever_and_however_it_is_asked_for() {
    let mut early = rig_at("2026-11-24T12:00:00-05:00");
    let mut late = rig_at("2026-11-27T12:00:00-05:00");
    let ask = |rig: &mut Rig, size: &str| {
        let conn = rig.client(7);
        let end = "20261123 16:00:00 US/Eastern".into();
        let bars = bars_of(rig, conn, ReqHistoricalData { end, ..history(1, size, "1 D", "TRADES") });
        rig.hang_up(conn);
        bars
    };
    // The two venues hang on different anchors, so their levels differ; each must agree with itself.
    for rig in [&mut early, &mut late] {
        let day = ask(rig, "1 day");
        let hours = ask(rig, "1 hour");
        assert_eq!((day.len(), hours.len()), (1, 7));
        assert_eq!(day[0].open, hours[0].open);
        let high = hours.iter().map(|bar| bar.high).max().unwrap();
        assert!(day[0].high >= high, "the closing auction can only widen the day");
        assert_eq!(ask(rig, "1 day"), day);
    }
}

#[test]
fn a_market_on_close_order_is_executed_at_the_official_close_of_the_day_bar() {
    let mut rig = rig_at("2026-11-27T12:45:00-05:00");
    let conn = rig.client(7);
    rig.ask(conn, &order(1, "DU1", "BUY 100 SPY MOC"));
    rig.wait(15 * 60);
    let fill = rig.heard(conn).into_iter().find_map(|r| match r {
        Response::ExecDetails(m) => Some((m.px, m.exchange)),
        _ => None,
    });
    let (px, exchange) = fill.unwrap();
    assert_eq!(exchange, *"ARCA");
    let day = bars_of(&mut rig, conn, history(1, "1 day", "1 D", "TRADES"));
    assert_eq!(day[0].close, px);
}

#[test]
fn years_of_day_bars_are_sessions_and_nothing_else() {
    let mut rig = rig_at(ELEVEN);
    let conn = rig.client(7);
    let bars = bars_of(&mut rig, conn, history(1, "1 day", "1 Y", "TRADES"));
    let dates: Vec<&str> = bars.iter().map(|bar| bar.date.as_str()).collect();
    // Thanksgiving is missing, the half day after it and its own day are there.
    assert!(dates.contains(&"20251128") && !dates.contains(&"20261126"));
    assert_eq!(*dates.last().unwrap(), "20261127");
    assert!((249..=253).contains(&dates.len()), "{} sessions in a year", dates.len());
    assert!(bars.iter().all(|bar| bar.low <= bar.open && bar.low <= bar.close && bar.high >= bar.close));
}

#[test]
fn quotes_have_a_middle_between_bid_and_ask() {
    let mut rig = rig_at(ELEVEN);
    let conn = rig.client(7);
    let mut close = |what: &str| {
        let bars = bars_of(&mut rig, conn, history(1, "1 min", "600 S", what));
        bars[0].close.unwrap().get()
    };
    let (bid, ask, mid) = (close("BID"), close("ASK"), close("MIDPOINT"));
    assert!(bid < ask);
    assert_eq!(bid + ask, mid * Decimal::TWO);
}

#[test]
fn the_same_small_request_within_fifteen_seconds_is_a_pacing_violation() {
    let mut rig = rig_at(ELEVEN);
    let conn = rig.client(7);
    let ask = |rig: &mut Rig, id| {
        rig.ask(conn, &Request::ReqHistoricalData(Box::new(history(id, "5 secs", "60 S", "TRADES"))));
        errors(rig, conn)
    };
    assert_eq!(ask(&mut rig, 1), [0; 0]);
    rig.wait(14);
    assert_eq!(ask(&mut rig, 2), [162]);
    assert_eq!(rig.violations(), ["historical_pacing"]);
    rig.wait(16);
    assert_eq!(ask(&mut rig, 3), [0; 0]);
}

#[test]
fn impossible_requests_are_answered_with_tws_codes() {
    let mut rig = rig_at(ELEVEN);
    let conn = rig.client(7);
    let far = ReqHistoricalData { contract: stock("XXXX"), ..history(1, "1 day", "1 D", "TRADES") };
    let cases = [
        (history(1, "7 mins", "1 D", "TRADES"), 321),
        (history(1, "1 min", "1 fortnight", "TRADES"), 321),
        (history(1, "1 day", "60 S", "TRADES"), 162),
        (history(1, "1 secs", "1 Y", "TRADES"), 162),
        (history(1, "1 day", "1 D", "YIELD_BID"), 162),
        (history(1, "1 day", "1 D", "RUMOURS"), 321),
        (history(1, "5 secs", "1 W", "TRADES"), 162),
        (ReqHistoricalData { end: "noon".into(), ..history(1, "1 day", "1 D", "TRADES") }, 321),
        (far, 200),
    ];
    for (request, code) in cases {
        let shown = format!("{} {} {}", request.bar_size, request.duration, request.what);
        rig.ask(conn, &Request::ReqHistoricalData(Box::new(request)));
        assert_eq!(errors(&mut rig, conn), [code], "{shown}");
    }
    rig.ask(conn, &Request::CancelHistoricalData(ById { req_id: 99 }));
    assert_eq!(errors(&mut rig, conn), [366]);
}

#[test]
fn a_request_that_keeps_up_to_date_continues_its_last_bar() {
    let mut rig = rig_at("2026-11-27T11:00:30-05:00");
    let conn = rig.client(7);
    let request = ReqHistoricalData { keep_up_to_date: true, ..history(1, "1 min", "600 S", "TRADES") };
    let bars = bars_of(&mut rig, conn, request);
    rig.wait(60);
    let updates: Vec<_> = rig
        .heard(conn)
        .into_iter()
        .filter_map(|r| if let Response::HistoricalDataUpdate(m) = r { Some(m) } else { None })
        .collect();
    assert_eq!(updates[0].date, bars.last().unwrap().date);
    let dates: std::collections::BTreeSet<&str> = updates.iter().map(|update| update.date.as_str()).collect();
    assert_eq!(dates.len(), 2, "one bar ended and one began: {dates:?}");
    rig.ask(conn, &Request::CancelHistoricalData(ById { req_id: 1 }));
    assert_eq!(errors(&mut rig, conn), [162]);
    rig.wait(5);
    assert!(rig.heard(conn).is_empty());
}

#[test]
fn the_hundred_and_first_line_is_one_too_many() {
    let mut rig = rig_at(ELEVEN);
    let (one, two) = (rig.client(1), rig.client(2));
    for id in 0..100 {
        rig.ask(one, &quotes(id, "SPY"));
        if id % 40 == 0 {
            rig.wait(2);
        }
    }
    rig.ask(two, &quotes(1, "SPY"));
    assert_eq!(errors(&mut rig, two), [101]);
    assert!(rig.violations().contains(&"market_data_lines".to_owned()));
}

#[test]
fn contract_details_carry_the_half_day() {
    let mut rig = rig_at(ELEVEN);
    let conn = rig.client(7);
    let request = ReqContractDetails { req_id: 1, contract: stock("SPY"), ..ReqContractDetails::default() };
    rig.ask(conn, &Request::ReqContractDetails(Box::new(request)));
    let heard = rig.heard(conn);
    let [Response::ContractDetails(details), Response::ContractDetailsEnd(_)] = heard.as_slice() else {
        panic!("{heard:?}")
    };
    let hours = details.liquid_hours.to_str_lossy();
    assert!(hours.starts_with("20261127:0930-20261127:1300;20261128:CLOSED;"), "{hours}");
    assert_eq!((details.contract.con_id, details.contract.primary_exchange.as_str()), (756_733, "ARCA"));
    // nautilus_trader loads no stock without its ISIN.
    let ids: Vec<_> = details.sec_ids.iter().map(|id| (id.tag.as_str(), id.value.as_str())).collect();
    assert_eq!(ids, [("ISIN", "US78462F1030")]);
}

#[test]
fn a_head_timestamp_is_where_the_data_begins() {
    let mut rig = rig_at(ELEVEN);
    let conn = rig.client(7);
    let request = ReqHeadTimestamp {
        req_id: 1,
        contract: stock("GLD"),
        what: "TRADES".into(),
        format_date: 1,
        ..ReqHeadTimestamp::default()
    };
    rig.ask(conn, &Request::ReqHeadTimestamp(Box::new(request)));
    let heard = rig.heard(conn);
    let [Response::HeadTimestamp(head)] = heard.as_slice() else { panic!("{heard:?}") };
    assert_eq!(head.time, *"20041118-14:30:00");
}

#[test]
fn at_the_close_the_last_price_is_the_official_close_and_after_late_trading_there_is_no_quote() {
    let mut rig = rig_at("2026-11-27T12:59:50-05:00");
    let conn = rig.client(7);
    rig.ask(conn, &quotes(1, "SPY"));
    rig.heard(conn);
    rig.wait(10);
    let at_close = rig.heard(conn);
    // The half day's late trading ends at 17:00.
    rig.wait(4 * 3_600 + 1);
    let heard = rig.heard(conn);
    let last = |heard: &[Response], tick: i32| {
        heard.iter().rev().find_map(|r| match r {
            Response::TickPrice(m) if m.tick == tick => m.px,
            _ => None,
        })
    };
    assert_eq!(
        (last(&heard, 1), last(&heard, 2)),
        (Some(Price::new(Decimal::NEGATIVE_ONE)), Some(Price::new(Decimal::NEGATIVE_ONE)))
    );
    let closing = last(&at_close, 4).unwrap();
    let day = bars_of(&mut rig, conn, history(2, "1 day", "1 D", "TRADES"));
    assert_eq!(day[0].close, Some(closing));
}
