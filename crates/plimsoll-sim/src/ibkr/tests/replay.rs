//! A market from bar files: what a client sees adds up to the file, and nothing is made up beside it.

use plimsoll_tws::message::{Bar, ReqHistoricalData, ReqRealTimeBars};
use plimsoll_tws::{Request, Response};
use rust_decimal::Decimal;

use super::config;
use super::rig::{Rig, order, quotes, stock};
use crate::Recording;
use crate::ibkr::{ConfigError, ConnId, IbkrVenue, Profile, VenueConfig};

/// Five minutes of the half day, with a fraction of a cent, a missing minute and a minute without volume.
const FILE: &str = "\
ts,symbol,open,high,low,close,volume,transactions
2026-11-27T14:30:00Z,SPY,690.10,690.55,689.9,690.4,1203457,9001
2026-11-27T14:31:00Z,SPY,690.41,690.48,690.1025,690.12,250001,2000
2026-11-27T14:33:00Z,SPY,690.2,690.2,690.2,690.2,0,0
2026-11-27T14:34:00Z,SPY,690.25,690.9,690.25,690.8,77,3
2026-11-27T17:59:00Z,SPY,691,691.3,690.7,691.13,400000,3000
";

fn replaying(start: &str) -> (Rig, ConnId) {
    let mut recording = Recording::default();
    recording.add("SPY.csv", FILE).unwrap();
    let config = config(Profile::Live, start);
    let mut rig = Rig::over(IbkrVenue::replaying(config, recording).unwrap());
    let conn = rig.client(7);
    (rig, conn)
}

/// A bar as the file spells it, without its date.
fn row(bar: &Bar) -> [Decimal; 6] {
    let px = [bar.open, bar.high, bar.low, bar.close].map(|px| px.unwrap().get());
    [px[0], px[1], px[2], px[3], bar.volume.unwrap(), Decimal::from(bar.count)]
}

fn history(rig: &mut Rig, conn: ConnId, bar_size: &str, what: &str) -> Vec<Bar> {
    let request = ReqHistoricalData {
        req_id: 1,
        contract: stock("SPY"),
        bar_size: bar_size.into(),
        duration: "1 D".into(),
        what: what.into(),
        use_rth: true,
        format_date: 2,
        ..ReqHistoricalData::default()
    };
    rig.ask(conn, &Request::ReqHistoricalData(Box::new(request)));
    let bars = rig
        .heard(conn)
        .into_iter()
        .find_map(|r| if let Response::HistoricalData(m) = r { Some(m.bars) } else { None });
    bars.expect("bars were answered")
}

#[test]
fn minute_bars_are_those_of_the_file_to_the_last_share() {
    let (mut rig, conn) = replaying("2026-11-27T09:25:00-05:00");
    rig.wait(4 * 3600);
    let told = history(&mut rig, conn, "1 min", "TRADES");
    let expected: Vec<(String, [Decimal; 6])> = FILE
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let at: jiff::Timestamp = fields[0].parse().unwrap();
            let numbers: Vec<Decimal> = fields[2..8].iter().map(|text| text.parse().unwrap()).collect();
            (at.as_second().to_string(), numbers.try_into().unwrap())
        })
        .collect();
    let told: Vec<(String, [Decimal; 6])> = told.iter().map(|bar| (bar.date.to_string(), row(bar))).collect();
    assert_eq!(told, expected);
    let day = history(&mut rig, conn, "1 day", "TRADES");
    let volume: Decimal = expected.iter().map(|(_, row)| row[4]).sum();
    let [open, high, low, close, told, _] = row(&day[0]);
    let exact = |text: &str| text.parse::<Decimal>().unwrap();
    assert_eq!([open, high, low, close], ["690.10", "691.3", "689.9", "691.13"].map(exact));
    assert_eq!(told, volume);
}

#[test]
fn streamed_seconds_add_up_to_the_minute_of_the_file() {
    let (mut rig, conn) = replaying("2026-11-27T09:29:50-05:00");
    let live = ReqRealTimeBars {
        req_id: 2,
        contract: stock("SPY"),
        bar_size: 5,
        what: "TRADES".into(),
        ..ReqRealTimeBars::default()
    };
    rig.ask(conn, &Request::ReqRealTimeBars(Box::new(live)));
    rig.wait(70);
    let streamed: Vec<_> = rig
        .heard(conn)
        .into_iter()
        .filter_map(|r| if let Response::RealTimeBar(m) = r { Some(m) } else { None })
        .collect();
    assert_eq!(streamed.len(), 12);
    let px = |text: &str| Some(plimsoll_model::Price::parse(text).unwrap());
    assert_eq!((streamed[0].open, streamed[11].close), (px("690.10"), px("690.4")));
    assert_eq!(streamed.iter().map(|bar| bar.high).max().unwrap(), px("690.55"));
    assert_eq!(streamed.iter().map(|bar| bar.low).min().unwrap(), px("689.9"));
    assert_eq!(streamed.iter().map(|bar| bar.volume.unwrap()).sum::<Decimal>(), Decimal::from(1_203_457));
}

#[test]
fn quotes_stand_around_the_trades_and_hold_through_a_missing_minute() {
    let (mut rig, conn) = replaying("2026-11-27T09:29:50-05:00");
    rig.wait(4 * 60);
    let bid = history(&mut rig, conn, "1 min", "BID");
    let ask = history(&mut rig, conn, "1 min", "ASK");
    assert_eq!(bid.len(), 4, "14:30 to 14:33, the minute without trades included");
    assert!(bid.iter().zip(&ask).all(|(bid, ask)| bid.close < ask.close));
    let trades = history(&mut rig, conn, "1 min", "TRADES");
    assert_eq!(trades.len(), 3);
}

#[test]
fn an_order_meets_the_recorded_market() {
    let (mut rig, conn) = replaying("2026-11-27T09:31:10-05:00");
    rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MKT"));
    rig.wait(2);
    let px =
        rig.heard(conn).into_iter().find_map(|r| if let Response::ExecDetails(m) = r { m.px } else { None });
    let px = px.expect("an execution").get();
    // Between the minute's low and high, a few cents of spread aside.
    assert!(Decimal::new(69_005, 2) < px && px < Decimal::new(69_055, 2), "{px}");
}

#[test]
fn nothing_exists_before_the_first_bar_and_time_ends_with_the_last_session() {
    let (mut rig, conn) = replaying("2026-11-27T09:25:00-05:00");
    rig.ask(conn, &quotes(1, "SPY"));
    rig.wait(24 * 3600);
    assert_eq!(rig.venue.now().to_string(), "2026-11-27T18:00:00Z");
    let days = history(&mut rig, conn, "1 day", "TRADES");
    assert_eq!(days.len(), 1);
}

#[test]
fn a_start_outside_the_files_and_a_symbol_without_file_are_refused() {
    let mut recording = Recording::default();
    recording.add("SPY.csv", FILE).unwrap();
    let late = config(Profile::Live, "2026-11-30T09:25:00-05:00");
    let refused = IbkrVenue::replaying(late, recording.clone()).unwrap_err();
    assert!(matches!(refused, ConfigError::Start { .. }));
    let other =
        VenueConfig { symbols: vec!["QQQ".into()], ..config(Profile::Live, "2026-11-27T09:25:00-05:00") };
    let refused = IbkrVenue::replaying(other, recording).unwrap_err();
    assert_eq!(refused.to_string(), "no bar file has symbol `QQQ`; the simulator did not start");
}
