//! The text form and the protobuf form of the same answers.

use plimsoll_tws::message::{
    ById, CalculateOption, ReqHistogramData, ReqHistoricalNews, ReqHistoricalTicks, ReqMktData, ReqMktDepth,
    ReqScannerSubscription, ReqSmartComponents, SubscribeToGroupEvents, WireContract,
};
use plimsoll_tws::{Request, Response};
use rust_decimal::Decimal;

use super::rig::{Rig, px, stock};
use super::{ELEVEN, config};
use crate::ibkr::Profile;

fn requests() -> Vec<Request> {
    let mut all = books_and_prices();
    all.extend(research());
    all
}

fn books_and_prices() -> Vec<Request> {
    let call = WireContract {
        sec_type: "OPT".into(),
        expiry: "20261218".into(),
        strike: Some(Decimal::from(690)),
        right: "C".into(),
        ..stock("SPY")
    };
    let depth = |req_id, exchange: &str, is_smart| {
        let contract = WireContract { exchange: exchange.into(), ..stock("SPY") };
        Request::ReqMktDepth(Box::new(ReqMktDepth {
            req_id,
            contract,
            rows: 3,
            is_smart,
            ..Default::default()
        }))
    };
    let past = |req_id, what: &str| {
        Request::ReqHistoricalTicks(Box::new(ReqHistoricalTicks {
            req_id,
            contract: stock("SPY"),
            start: "20261127-15:00:00".into(),
            count: 5,
            what: what.into(),
            use_rth: true,
            ..Default::default()
        }))
    };
    let given = Some(Decimal::new(25, 2));
    let calculation = CalculateOption {
        req_id: 9,
        contract: call.clone(),
        given,
        under_px: px("700"),
        ..Default::default()
    };
    vec![
        depth(1, "SMART", true),
        depth(2, "ARCA", false),
        Request::ReqMktDepthExchanges,
        Request::ReqSmartComponents(ReqSmartComponents { req_id: 3, bbo_exchange: "9c0001".into() }),
        past(4, "TRADES"),
        past(5, "BID_ASK"),
        past(6, "MIDPOINT"),
        Request::ReqHistogramData(Box::new(ReqHistogramData {
            req_id: 7,
            contract: stock("SPY"),
            use_rth: true,
            period: "1 minute".into(),
            ..Default::default()
        })),
        Request::ReqMktData(Box::new(ReqMktData { req_id: 8, contract: call, ..Default::default() })),
        Request::CalculateOptionPrice(Box::new(calculation)),
    ]
}

fn research() -> Vec<Request> {
    let scan = ReqScannerSubscription {
        req_id: 10,
        rows: 5,
        instrument: "STK".into(),
        location: "STK.US.MAJOR".into(),
        scan: "MOST_ACTIVE".into(),
        ..Default::default()
    };
    vec![
        Request::ReqScannerSubscription(Box::new(scan)),
        Request::ReqScannerParameters,
        Request::ReqNewsProviders,
        Request::ReqHistoricalNews(ReqHistoricalNews {
            req_id: 11,
            con_id: 756_733,
            providers: "BRFG+BRFUPDN+DJNL".into(),
            count: 3,
            ..Default::default()
        }),
        Request::ReqWshMetaData(ById { req_id: 12 }),
        Request::QueryDisplayGroups(ById { req_id: 13 }),
        Request::SubscribeToGroupEvents(SubscribeToGroupEvents { req_id: 14, group: 1 }),
        Request::ReqSoftDollarTiers(ById { req_id: 15 }),
    ]
}

fn answers(version: u16) -> Vec<Vec<Response>> {
    let mut rig = Rig::new(config(Profile::Live, ELEVEN));
    let conn = rig.start_at(1, version);
    rig.heard(conn);
    let mut answers = Vec::new();
    for request in requests() {
        rig.ask(conn, &request);
        answers.push(rig.heard(conn));
    }
    answers
}

#[test]
fn what_is_asked_of_the_market_is_answered_alike_in_text_and_in_protobuf() {
    let (text, protobuf) = (answers(200), answers(213));
    for ((request, text), protobuf) in requests().iter().zip(text).zip(protobuf) {
        assert!(!text.is_empty(), "{}", request.name());
        assert_eq!(text, protobuf, "{}", request.name());
    }
}
