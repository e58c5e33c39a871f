//! Ticks of the past and histograms on the wire.

use plimsoll_tws::message::{
    HistogramPrice, PastBidAsk, PastLast, ReqHistogramData, ReqHistoricalData, ReqHistoricalTicks,
    ReqTickByTickData, Tick, WireContract,
};
use plimsoll_tws::{Request, Response};
use rust_decimal::Decimal;

use super::rig::{Rig, stock};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Profile};

fn rig() -> (Rig, ConnId) {
    let mut rig = Rig::new(config(Profile::Live, ELEVEN));
    let conn = rig.client(7);
    (rig, conn)
}

fn ticks(what: &str, start: &str, end: &str, count: i32) -> ReqHistoricalTicks {
    ReqHistoricalTicks {
        req_id: 1,
        contract: stock("SPY"),
        start: start.into(),
        end: end.into(),
        count,
        what: what.into(),
        use_rth: true,
        ..ReqHistoricalTicks::default()
    }
}

fn ask(rig: &mut Rig, conn: ConnId, m: ReqHistoricalTicks) -> Vec<Response> {
    rig.ask(conn, &Request::ReqHistoricalTicks(Box::new(m)));
    rig.heard(conn)
}

fn trades(rig: &mut Rig, conn: ConnId, m: ReqHistoricalTicks) -> Vec<PastLast> {
    match ask(rig, conn, m).as_slice() {
        [Response::HistoricalTicksLast(m)] if m.is_done => m.ticks.clone(),
        other => panic!("{other:?}"),
    }
}

fn quotes(rig: &mut Rig, conn: ConnId, m: ReqHistoricalTicks) -> Vec<PastBidAsk> {
    match ask(rig, conn, m).as_slice() {
        [Response::HistoricalTicksBidAsk(m)] if m.is_done => m.ticks.clone(),
        other => panic!("{other:?}"),
    }
}

fn stream(rig: &mut Rig, conn: ConnId, kind: &str) -> Vec<Tick> {
    let request = ReqTickByTickData {
        req_id: 9,
        contract: stock("SPY"),
        kind: kind.into(),
        ..ReqTickByTickData::default()
    };
    rig.ask(conn, &Request::ReqTickByTickData(Box::new(request)));
    rig.wait(60);
    let tick = |said| if let Response::TickByTick(m) = said { Some(m.tick) } else { None };
    rig.heard(conn).into_iter().filter_map(tick).collect()
}

#[test]
fn trades_of_the_past_are_those_that_were_streamed() {
    let (mut rig, conn) = rig();
    let streamed: Vec<_> = stream(&mut rig, conn, "Last")
        .into_iter()
        .filter_map(|tick| match tick {
            Tick::Last { time, px, size, .. } => Some((time, px, size)),
            _ => None,
        })
        .collect();
    assert!(streamed.len() > 10);
    let past = trades(&mut rig, conn, ticks("TRADES", "20261127-16:00:01", "", 1_000));
    let past: Vec<_> = past.into_iter().map(|tick| (tick.time, tick.px, tick.size)).collect();
    assert_eq!(past, streamed);
}

#[test]
fn quotes_of_the_past_are_those_that_were_streamed() {
    let (mut rig, conn) = rig();
    let streamed: Vec<_> = stream(&mut rig, conn, "BidAsk")
        .into_iter()
        .filter_map(|tick| match tick {
            Tick::BidAsk { time, bid, ask, bid_size, ask_size, .. } => {
                Some((time, bid, ask, bid_size, ask_size))
            }
            _ => None,
        })
        .collect();
    let past = quotes(&mut rig, conn, ticks("BID_ASK", "20261127-16:00:01", "", 1_000));
    let past: Vec<_> = past.into_iter().map(|t| (t.time, t.bid, t.ask, t.bid_size, t.ask_size)).collect();
    assert_eq!((past.len(), past), (60, streamed));
}

#[test]
fn an_end_gives_the_last_ticks_before_it_and_a_start_the_first_after_it() {
    let (mut rig, conn) = rig();
    // 21:00 in Greenwich is the close of the day before the holiday.
    let last = trades(&mut rig, conn, ticks("TRADES", "", "20261125-21:00:00", 1_000));
    assert_eq!(last.len(), 1_000);
    assert!(last.is_sorted_by_key(|tick| tick.time));
    let close = "2026-11-25T21:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second();
    assert!((close - 60..close).contains(&last[999].time));
    let first = trades(&mut rig, conn, ticks("TRADES", "20261125-21:00:00", "", 5));
    // The next trade is that of Friday's open, after Thanksgiving.
    let open = "2026-11-27T14:30:00Z".parse::<jiff::Timestamp>().unwrap().as_second();
    assert!((open..open + 60).contains(&first[0].time), "{first:?}");
    // The same thousand from the other side.
    let start = jiff::Timestamp::from_second(last[0].time).unwrap().strftime("%Y%m%d-%H:%M:%S").to_string();
    rig.wait(2);
    assert_eq!(trades(&mut rig, conn, ticks("TRADES", &start, "", 1_000)), last);
}

#[test]
fn quotes_that_differ_in_size_only_are_one_for_who_ignores_sizes() {
    let (mut rig, conn) = rig();
    let plain = ReqHistoricalTicks { ignore_size: true, ..ticks("BID_ASK", "20261127-15:00:00", "", 100) };
    let told = quotes(&mut rig, conn, plain);
    assert!(told.windows(2).all(|pair| (pair[0].bid, pair[0].ask) != (pair[1].bid, pair[1].ask)));
}

#[test]
fn midpoints_have_no_size() {
    let (mut rig, conn) = rig();
    let heard = ask(&mut rig, conn, ticks("MIDPOINT", "", "20261127-15:59:59", 3));
    let [Response::HistoricalTicks(m)] = heard.as_slice() else { panic!("{heard:?}") };
    assert!(m.ticks.len() == 3 && m.ticks.iter().all(|tick| tick.size.unwrap().is_zero()));
}

#[test]
fn a_request_for_ticks_that_breaks_a_rule_is_an_error_with_its_number() {
    let (mut rig, conn) = rig();
    let start = "20261127-15:00:00";
    let euro = WireContract {
        sec_type: "CASH".into(),
        symbol: "EUR".into(),
        currency: "USD".into(),
        exchange: "IDEALPRO".into(),
        ..WireContract::default()
    };
    for (request, code) in [
        (ticks("TRADES", "", "", 10), 321),
        (ticks("TRADES", start, start, 10), 321),
        (ticks("TRADES", start, "", 0), 321),
        (ticks("TRADES", start, "", 1_001), 321),
        (ticks("ASK", start, "", 10), 321),
        (ticks("TRADES", "yesterday", "", 10), 321),
        (ReqHistoricalTicks { contract: stock("NOSUCH"), ..ticks("TRADES", start, "", 10) }, 200),
        (ReqHistoricalTicks { contract: euro, ..ticks("TRADES", start, "", 10) }, 10187),
    ] {
        let heard = ask(&mut rig, conn, request.clone());
        let [Response::Error(error)] = heard.as_slice() else { panic!("{request:?}: {heard:?}") };
        assert_eq!((error.id, error.code), (1, code), "{request:?}");
    }
}

#[test]
fn the_same_ticks_twice_within_fifteen_seconds_are_a_pacing_violation() {
    let (mut rig, conn) = rig();
    let request = ticks("TRADES", "20261127-15:00:00", "", 10);
    assert_eq!(trades(&mut rig, conn, request.clone()).len(), 10);
    let heard = ask(&mut rig, conn, request);
    assert!(matches!(heard.as_slice(), [Response::Error(error)] if error.code == 162));
    assert_eq!(rig.violations(), ["historical_pacing"]);
}

fn histogram(rig: &mut Rig, conn: ConnId, period: &str) -> Result<Vec<HistogramPrice>, i32> {
    let request = ReqHistogramData {
        req_id: 2,
        contract: stock("SPY"),
        use_rth: true,
        period: period.into(),
        ..ReqHistogramData::default()
    };
    rig.ask(conn, &Request::ReqHistogramData(Box::new(request)));
    match rig.heard(conn).as_slice() {
        [Response::HistogramData(m)] => Ok(m.prices.clone()),
        [Response::Error(error)] => Err(error.code),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_histogram_counts_what_the_bars_count() {
    let (mut rig, conn) = rig();
    let prices = histogram(&mut rig, conn, "1 day").unwrap();
    assert!(prices.is_sorted_by_key(|row| row.px));
    let request = ReqHistoricalData {
        req_id: 3,
        contract: stock("SPY"),
        bar_size: "1 hour".into(),
        duration: "1 D".into(),
        use_rth: true,
        what: "TRADES".into(),
        format_date: 1,
        ..ReqHistoricalData::default()
    };
    rig.ask(conn, &Request::ReqHistoricalData(Box::new(request)));
    let heard = rig.heard(conn);
    let Response::HistoricalData(bars) = &heard[0] else { panic!("{heard:?}") };
    let volume: Decimal = bars.bars.iter().map(|bar| bar.volume.unwrap()).sum();
    assert_eq!(prices.iter().map(|row| row.size.unwrap().get()).sum::<Decimal>(), volume);
    let low = bars.bars.iter().map(|bar| bar.low.unwrap()).min();
    let high = bars.bars.iter().map(|bar| bar.high.unwrap()).max();
    assert_eq!((prices[0].px, prices[prices.len() - 1].px), (low, high));
}

#[test]
fn a_longer_period_holds_more_and_one_that_cannot_be_read_is_321() {
    let (mut rig, conn) = rig();
    let total = |rows: Vec<HistogramPrice>| rows.iter().map(|row| row.size.unwrap().get()).sum::<Decimal>();
    let mut last = Decimal::ZERO;
    for period in ["20 seconds", "1 minute", "1 hour", "1 day", "3 days"] {
        let now = total(histogram(&mut rig, conn, period).unwrap());
        assert!(now > last, "{period}");
        last = now;
    }
    for bad in ["", "3", "3 fortnights", "0 days", "-1 day", "32 days", "99999999 seconds"] {
        assert_eq!(histogram(&mut rig, conn, bad), Err(321), "{bad}");
    }
}
