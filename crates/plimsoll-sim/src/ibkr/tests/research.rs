//! News, scanners, companies and display groups on the wire.

use std::collections::BTreeSet;

use plimsoll_tws::message::{
    ById, GroupContract, HistoricalNews, ReqFundamentalData, ReqHistoricalNews, ReqMktData, ReqNewsArticle,
    ReqScannerSubscription, ReqWshEventData, ScannerRow, SubscribeToGroupEvents,
};
use plimsoll_tws::{Request, Response};

use super::rig::{Rig, px, stock};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Profile};

/// IBKR's number of SPY, and those of two others.
const SPY: i32 = 756_733;
const AAPL: i32 = 265_598;

fn rig() -> (Rig, ConnId) {
    let mut rig = Rig::new(config(Profile::Live, ELEVEN));
    let conn = rig.client(7);
    (rig, conn)
}

fn codes(heard: &[Response]) -> Vec<(i32, i32)> {
    let code = |said: &Response| if let Response::Error(e) = said { Some((e.id, e.code)) } else { None };
    heard.iter().filter_map(code).collect()
}

fn news(rig: &mut Rig, conn: ConnId, m: ReqHistoricalNews) -> (Vec<HistoricalNews>, bool) {
    rig.ask(conn, &Request::ReqHistoricalNews(m));
    let heard = rig.heard(conn);
    let line = |said: &Response| if let Response::HistoricalNews(m) = said { Some(m.clone()) } else { None };
    match heard.last() {
        Some(Response::HistoricalNewsEnd(end)) => (heard.iter().filter_map(line).collect(), end.has_more),
        other => panic!("{other:?}"),
    }
}

fn about_spy(providers: &str, start: &str, end: &str, count: i32) -> ReqHistoricalNews {
    ReqHistoricalNews {
        req_id: 1,
        con_id: SPY,
        providers: providers.into(),
        start: start.into(),
        end: end.into(),
        count,
        ..ReqHistoricalNews::default()
    }
}

fn all_providers(rig: &mut Rig, conn: ConnId) -> String {
    rig.ask(conn, &Request::ReqNewsProviders);
    let heard = rig.heard(conn);
    let [Response::NewsProviders(m)] = heard.as_slice() else { panic!("{heard:?}") };
    m.providers.iter().map(|provider| provider.code.as_str()).collect::<Vec<_>>().join("+")
}

#[test]
fn headlines_of_the_past_come_newest_first_and_call_themselves_simulated() {
    let (mut rig, conn) = rig();
    let all = all_providers(&mut rig, conn);
    let (lines, has_more) = news(&mut rig, conn, about_spy(&all, "", "", 10));
    assert!(lines.len() == 10 && has_more);
    assert!(lines.windows(2).all(|pair| pair[0].time.as_str() > pair[1].time.as_str()), "{lines:?}");
    assert!(lines.iter().all(|line| line.headline.to_str_lossy().starts_with("Simulated: SPY ")));
    // At eleven there is the one that came five minutes after the open, in Greenwich time.
    assert_eq!(lines[0].time, "2026-11-27 14:35:00.0");
    let (day, has_more) =
        news(&mut rig, conn, about_spy(&all, "2026-11-25 14:35:00.0", "2026-11-25 20:55:00.0", 10));
    // The start is not in it, the end is.
    assert_eq!((day.len(), has_more), (2, false));
    // A headline says the same as long as it is kept, and to everybody.
    let (again, _) = news(&mut rig, conn, about_spy(&all, "", "", 10));
    assert_eq!(again, lines);
}

#[test]
fn an_article_is_had_by_its_number_from_its_own_provider_and_not_before_it_was_written() {
    let (mut rig, conn) = rig();
    let all = all_providers(&mut rig, conn);
    let (lines, _) = news(&mut rig, conn, about_spy(&all, "", "", 1));
    let ask = |rig: &mut Rig, provider: &str, article: &str| {
        let m = ReqNewsArticle {
            req_id: 2,
            provider: provider.into(),
            article_id: article.into(),
            ..ReqNewsArticle::default()
        };
        rig.ask(conn, &Request::ReqNewsArticle(m));
        rig.heard(conn)
    };
    let (provider, article) = (lines[0].provider.as_str(), lines[0].article_id.as_str());
    let heard = ask(&mut rig, provider, article);
    let [Response::NewsArticle(m)] = heard.as_slice() else { panic!("{heard:?}") };
    assert!(m.text.to_str_lossy().starts_with(&*lines[0].headline.to_str_lossy()) && m.kind == 0);
    // The next one of the day ends in 1: it comes at noon.
    let later = format!("{}1", &article[..article.len() - 1]);
    let other = if provider == "DJNL" { "BRFG" } else { "DJNL" };
    for (provider, article) in
        [(provider, &*later), (other, article), (provider, "x"), (provider, "BRFG$"), ("", "")]
    {
        assert_eq!(codes(&ask(&mut rig, provider, article)), [(2, 321)], "{provider} {article}");
    }
}

#[test]
fn a_line_with_generic_tick_292_hears_the_headline_that_history_keeps() {
    let mut rig = Rig::new(config(Profile::Live, "2026-11-25T09:30:00-05:00"));
    let conn = rig.client(7);
    let all = all_providers(&mut rig, conn);
    for (req_id, generic_ticks) in [(1, "mdoff,292"), (2, "233"), (3, "292:NOBODY")] {
        let m = ReqMktData {
            req_id,
            contract: stock("SPY"),
            generic_ticks: generic_ticks.into(),
            ..ReqMktData::default()
        };
        rig.ask(conn, &Request::ReqMktData(Box::new(m)));
    }
    assert_eq!(codes(&rig.heard(conn)), [(3, 321)]);
    rig.wait(600);
    let told: Vec<_> = rig
        .heard(conn)
        .into_iter()
        .filter_map(|said| if let Response::TickNews(m) = said { Some(m) } else { None })
        .collect();
    let (kept, _) = news(&mut rig, conn, about_spy(&all, "", "", 1));
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].req_id, &told[0].article_id, &told[0].headline),
        (1, &kept[0].article_id, &kept[0].headline)
    );
    assert_eq!(told[0].time_ms, "2026-11-25T14:35:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond());
}

#[test]
fn a_request_for_news_that_cannot_be_met_is_an_error() {
    let (mut rig, conn) = rig();
    for (request, code) in [
        (about_spy("", "", "", 10), 321),
        (about_spy("BRFG+NOBODY", "", "", 10), 321),
        (about_spy("BRFG", "", "", 0), 321),
        (about_spy("BRFG", "", "", 301), 321),
        (about_spy("BRFG", "last week", "", 10), 321),
        (ReqHistoricalNews { con_id: 1, ..about_spy("BRFG", "", "", 10) }, 200),
    ] {
        rig.ask(conn, &Request::ReqHistoricalNews(request.clone()));
        assert_eq!(codes(&rig.heard(conn)), [(1, code)], "{request:?}");
    }
}

fn scan(req_id: i32, code: &str) -> ReqScannerSubscription {
    ReqScannerSubscription {
        req_id,
        rows: -1,
        instrument: "STK".into(),
        location: "STK.US.MAJOR".into(),
        scan: code.into(),
        ..ReqScannerSubscription::default()
    }
}

fn rows(rig: &mut Rig, conn: ConnId, m: ReqScannerSubscription) -> Vec<ScannerRow> {
    let req_id = m.req_id;
    rig.ask(conn, &Request::ReqScannerSubscription(Box::new(m)));
    let heard = rig.heard(conn);
    rig.ask(conn, &Request::CancelScannerSubscription(ById { req_id }));
    assert_eq!(codes(&rig.heard(conn)), [(req_id, 162)]);
    match heard.as_slice() {
        [Response::ScannerData(m)] => m.rows.clone(),
        [Response::Error(error)] if error.code == 165 => Vec::new(),
        other => panic!("{other:?}"),
    }
}

fn symbols(rows: &[ScannerRow]) -> Vec<&str> {
    rows.iter().map(|row| row.contract.symbol.as_str()).collect()
}

#[test]
fn what_gained_most_comes_first_and_losers_the_other_way_round() {
    let (mut rig, conn) = rig();
    // A jump that nothing else of the morning comes near.
    rig.price(r#"{"symbol": "TLT", "bid": "99.00", "ask": "99.01"}"#);
    rig.wait(120);
    let gainers = rows(&mut rig, conn, scan(1, "TOP_PERC_GAIN"));
    let losers = rows(&mut rig, conn, scan(2, "TOP_PERC_LOSE"));
    assert_eq!(symbols(&gainers)[0], "TLT");
    assert_eq!(symbols(&losers).last(), Some(&"TLT"));
    assert_eq!(gainers.iter().map(|row| row.rank).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6]);
    let (up, down): (BTreeSet<_>, BTreeSet<_>) =
        (symbols(&gainers).into_iter().collect(), symbols(&losers).into_iter().collect());
    assert_eq!(up, down);
}

#[test]
fn filters_and_places_leave_out_what_does_not_pass() {
    let (mut rig, conn) = rig();
    // Table prices: TLT stands below 100 dollars, everything else above 200.
    let cheap = ReqScannerSubscription { below_px: px("150"), ..scan(1, "MOST_ACTIVE") };
    assert_eq!(symbols(&rows(&mut rig, conn, cheap)), ["TLT"]);
    let companies = ReqScannerSubscription { stock_type: "CORP".into(), ..scan(2, "MOST_ACTIVE") };
    // Apple trades more than twice as many shares as Microsoft.
    assert_eq!(symbols(&rows(&mut rig, conn, companies)), ["AAPL", "MSFT"]);
    let few = ReqScannerSubscription { rows: 2, location: "STK.ARCA".into(), ..scan(3, "MOST_ACTIVE") };
    assert_eq!(symbols(&rows(&mut rig, conn, few)), ["SPY", "IWM"]);
    let none = ReqScannerSubscription { above_px: px("100000"), ..scan(4, "MOST_ACTIVE") };
    assert!(rows(&mut rig, conn, none).is_empty());
}

#[test]
fn a_scan_is_told_again_every_half_minute_until_it_is_cancelled() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &Request::ReqScannerSubscription(Box::new(scan(1, "MOST_ACTIVE"))));
    rig.wait(90);
    assert_eq!(rig.lines(conn), "scannerData\n".repeat(4));
    rig.ask(conn, &Request::CancelScannerSubscription(ById { req_id: 1 }));
    rig.wait(90);
    rig.ask(conn, &Request::CancelScannerSubscription(ById { req_id: 1 }));
    assert_eq!(codes(&rig.heard(conn)), [(1, 162), (1, 365)]);
}

#[test]
fn the_eleventh_scan_a_second_one_of_a_number_and_an_unknown_one_are_refused() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &Request::ReqScannerSubscription(Box::new(scan(99, "HALTED"))));
    assert_eq!(codes(&rig.heard(conn)), [(99, 162)]);
    for req_id in 1..=10 {
        rig.ask(conn, &Request::ReqScannerSubscription(Box::new(scan(req_id, "MOST_ACTIVE"))));
    }
    assert_eq!(codes(&rig.heard(conn)), []);
    rig.ask(conn, &Request::ReqScannerSubscription(Box::new(scan(10, "MOST_ACTIVE"))));
    rig.ask(conn, &Request::ReqScannerSubscription(Box::new(scan(11, "MOST_ACTIVE"))));
    assert_eq!(codes(&rig.heard(conn)), [(10, 385), (11, 162)]);
}

#[test]
fn everything_that_the_scanner_document_names_can_be_scanned_for() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &Request::ReqScannerParameters);
    let heard = rig.heard(conn);
    let [Response::ScannerParameters(m)] = heard.as_slice() else { panic!("{heard:?}") };
    let xml = m.xml.to_str_lossy().into_owned();
    let named = |tag: &str| -> Vec<String> {
        let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
        xml.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap().to_owned()).collect()
    };
    let (codes_named, places) = (named("scanCode"), named("locationCode"));
    assert!(codes_named.len() > 3 && places.len() > 1, "{xml}");
    for code in &codes_named {
        // Fifty messages in a second are all that a client may send.
        rig.wait(1);
        for place in &places {
            let m = ReqScannerSubscription { location: place.as_str().into(), ..scan(1, code) };
            assert!(!rows(&mut rig, conn, m).is_empty(), "{code} {place}");
        }
    }
    // As many tags are closed as opened.
    assert_eq!(xml.matches("</").count(), xml.matches('<').count() / 2);
}

#[test]
fn fundamentals_and_the_calendar_are_refused_as_without_a_subscription() {
    let (mut rig, conn) = rig();
    for (req_id, symbol) in [(1, "AAPL"), (2, "SPY"), (3, "NOSUCH")] {
        let m = ReqFundamentalData {
            req_id,
            contract: stock(symbol),
            report: "ReportSnapshot".into(),
            ..ReqFundamentalData::default()
        };
        rig.ask(conn, &Request::ReqFundamentalData(Box::new(m)));
    }
    rig.ask(conn, &Request::ReqWshMetaData(ById { req_id: 4 }));
    rig.ask(
        conn,
        &Request::ReqWshEventData(ReqWshEventData { req_id: 5, con_id: Some(AAPL), ..Default::default() }),
    );
    rig.ask(conn, &Request::CancelWshMetaData(ById { req_id: 4 }));
    assert_eq!(codes(&rig.heard(conn)), [(1, 10358), (2, 430), (3, 200), (4, 10276), (5, 10276)]);
}

#[test]
fn everybody_who_watches_a_display_group_is_told_what_it_shows() {
    let (mut rig, one) = rig();
    let two = rig.client(8);
    rig.ask(one, &Request::QueryDisplayGroups(ById { req_id: 1 }));
    let heard = rig.heard(one);
    let [Response::DisplayGroupList(m)] = heard.as_slice() else { panic!("{heard:?}") };
    assert_eq!(m.groups, "1|2|3|4|5|6|7");
    let shown = |rig: &mut Rig, conn| -> Vec<(i32, String)> {
        let told = |said| match said {
            Response::DisplayGroupUpdated(m) => Some((m.req_id, m.contract.to_str_lossy().into_owned())),
            _ => None,
        };
        rig.heard(conn).into_iter().filter_map(told).collect()
    };
    for (conn, req_id, group) in [(one, 2, 3), (two, 5, 3), (two, 6, 4)] {
        rig.ask(conn, &Request::SubscribeToGroupEvents(SubscribeToGroupEvents { req_id, group }));
    }
    assert_eq!(shown(&mut rig, one), [(2, "none".to_owned())]);
    assert_eq!(shown(&mut rig, two), [(5, "none".to_owned()), (6, "none".to_owned())]);
    let show = |req_id, contract: &str| {
        Request::UpdateDisplayGroup(GroupContract { req_id, contract: contract.into() })
    };
    rig.ask(one, &show(2, "756733@SMART"));
    assert_eq!(shown(&mut rig, one), [(2, "756733@SMART".to_owned())]);
    assert_eq!(shown(&mut rig, two), [(5, "756733@SMART".to_owned())]);
    rig.ask(one, &Request::UnsubscribeFromGroupEvents(ById { req_id: 2 }));
    for (req_id, contract) in [(2, "none"), (9, "none")] {
        rig.ask(one, &show(req_id, contract));
    }
    rig.ask(one, &Request::SubscribeToGroupEvents(SubscribeToGroupEvents { req_id: 10, group: 8 }));
    rig.ask(two, &show(5, "1@SMART"));
    assert_eq!(codes(&rig.heard(one)), [(2, 300), (9, 300), (10, 321)]);
    assert_eq!(codes(&rig.heard(two)), [(5, 200)]);
}
