//! Contracts: what exists, how it is described, and what a vague question meets.

use plimsoll_model::Price;
use plimsoll_tws::message::{
    ContractDetails, ReqContractDetails, ReqMarketRule, ReqMatchingSymbols, ReqSecDefOptParams, WireContract,
};
use plimsoll_tws::{Request, Response};
use rust_decimal::Decimal;

use super::rig::{Rig, brief, stock};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Profile};

fn rig() -> (Rig, ConnId) {
    let mut rig = Rig::new(config(Profile::Live, ELEVEN));
    let conn = rig.client(7);
    (rig, conn)
}

fn contract(sec_type: &str, symbol: &str) -> WireContract {
    WireContract { sec_type: sec_type.into(), symbol: symbol.into(), ..WireContract::default() }
}

/// All details of a contract; panics where there is an error.
fn details(rig: &mut Rig, conn: ConnId, contract: WireContract) -> Vec<ContractDetails> {
    let request = ReqContractDetails { req_id: 1, contract, ..ReqContractDetails::default() };
    rig.ask(conn, &Request::ReqContractDetails(Box::new(request)));
    let mut heard = rig.heard(conn);
    assert!(matches!(heard.pop(), Some(Response::ContractDetailsEnd(_))), "{heard:?}");
    let only = |r: Response| if let Response::ContractDetails(m) = r { *m } else { panic!("{}", brief(&r)) };
    heard.into_iter().map(only).collect()
}

fn refusal(rig: &mut Rig, conn: ConnId, contract: WireContract) -> String {
    let request = ReqContractDetails { req_id: 1, contract, ..ReqContractDetails::default() };
    rig.ask(conn, &Request::ReqContractDetails(Box::new(request)));
    rig.lines(conn)
}

#[test]
fn every_exchange_of_a_contract_has_a_market_rule_and_each_rule_can_be_asked_for() {
    let (mut rig, conn) = rig();
    let option = WireContract {
        expiry: "20261218".into(),
        strike: Some(Decimal::from(690)),
        right: "C".into(),
        ..contract("OPT", "SPY")
    };
    let euro = WireContract { currency: "USD".into(), ..contract("CASH", "EUR") };
    let december = WireContract { expiry: "202612".into(), ..contract("FUT", "ES") };
    let combo = WireContract { currency: "USD".into(), ..contract("BAG", "SPY") };
    for contract in [stock("SPY"), option, euro, december, combo] {
        let found = details(&mut rig, conn, contract);
        let [one] = found.as_slice() else { panic!("{found:?}") };
        let exchanges = one.valid_exchanges.to_str_lossy().split(',').count();
        let rules = one.market_rule_ids.to_str_lossy().into_owned();
        assert_eq!(rules.split(',').count(), exchanges);
        let rule_id = rules.split(',').next().unwrap().parse().unwrap();
        rig.ask(conn, &Request::ReqMarketRule(ReqMarketRule { rule_id }));
        let heard = rig.heard(conn);
        let [Response::MarketRule(rule)] = heard.as_slice() else { panic!("{heard:?}") };
        let smallest = rule.increments.iter().filter_map(|band| band.increment).min();
        assert_eq!(smallest, one.min_tick.map(Price::new));
        assert_eq!(rule.increments[0].low_edge, Some(Price::ZERO));
        rig.wait(1);
    }
}

#[test]
fn an_option_of_the_penny_programme_steps_by_a_cent_below_three_dollars_and_by_five_above() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &Request::ReqMarketRule(ReqMarketRule { rule_id: 110 }));
    let heard = rig.heard(conn);
    let [Response::MarketRule(rule)] = heard.as_slice() else { panic!("{heard:?}") };
    let bands: Vec<(String, String)> = rule
        .increments
        .iter()
        .map(|band| (band.low_edge.unwrap().to_string(), band.increment.unwrap().to_string()))
        .collect();
    assert_eq!(bands, [("0".into(), "0.01".into()), ("3".into(), "0.05".into())]);
}

#[test]
fn a_future_trades_over_midnight_and_stops_early_on_the_half_day() {
    let (mut rig, conn) = rig();
    let found = details(&mut rig, conn, WireContract { expiry: "202612".into(), ..contract("FUT", "ES") });
    let [front] = found.as_slice() else { panic!("{found:?}") };
    // CME: 17:00 of the day before to 16:00, 12:15 on the Friday after Thanksgiving.
    let trading = front.trading_hours.to_str_lossy();
    assert!(
        trading.starts_with(
            "20261126:1700-20261127:1215;20261127:CLOSED;20261128:CLOSED;20261129:1700-20261130:1600;"
        ),
        "{trading}"
    );
    let liquid = front.liquid_hours.to_str_lossy();
    assert!(liquid.starts_with("20261127:0830-20261127:1215;20261128:CLOSED;20261129:CLOSED;"), "{liquid}");
    assert_eq!(front.time_zone, *"US/Central");
    assert_eq!((front.contract.local_symbol.as_str(), front.contract.multiplier.as_str()), ("ESZ6", "50"));
    assert_eq!(front.contract.expiry, *"20261218");
    assert_eq!(front.min_tick, Some(Decimal::new(25, 2)));
}

#[test]
fn currencies_trade_from_sunday_evening_to_friday_at_five() {
    let (mut rig, conn) = rig();
    let found = details(&mut rig, conn, WireContract { currency: "USD".into(), ..contract("CASH", "EUR") });
    let [euro] = found.as_slice() else { panic!("{found:?}") };
    let hours = euro.trading_hours.to_str_lossy();
    assert!(
        hours.starts_with(
            "20261126:1715-20261127:1700;20261127:CLOSED;20261128:CLOSED;20261129:1715-20261130:1700;"
        ),
        "{hours}"
    );
    assert_eq!((euro.contract.con_id, euro.contract.exchange.as_str()), (12_087_792, "IDEALPRO"));
    assert_eq!(euro.min_tick, Some(Decimal::new(5, 5)));
}

#[test]
fn a_stock_s_hours_hold_the_early_and_the_late_session_and_its_half_day() {
    let (mut rig, conn) = rig();
    let found = details(&mut rig, conn, stock("SPY"));
    let hours = found[0].trading_hours.to_str_lossy();
    assert!(
        hours.starts_with(
            "20261127:0400-20261127:1700;20261128:CLOSED;20261129:CLOSED;20261130:0400-20261130:2000;"
        ),
        "{hours}"
    );
}

#[test]
fn today_stays_listed_after_its_close() {
    let mut rig = Rig::new(config(Profile::Live, "2026-11-27T18:30:00-05:00"));
    let conn = rig.client(7);
    let found = details(&mut rig, conn, stock("SPY"));
    let hours = found[0].liquid_hours.to_str_lossy();
    assert!(hours.starts_with("20261127:0930-20261127:1300;20261128:CLOSED;"), "{hours}");
    assert_eq!(hours.split(';').count(), 6);
}

#[test]
fn a_stock_without_its_currency_is_ambiguous() {
    let (mut rig, conn) = rig();
    let vague = WireContract { currency: "".into(), ..stock("AAPL") };
    let found = details(&mut rig, conn, vague.clone());
    let currencies: Vec<&str> = found.iter().map(|each| each.contract.currency.as_str()).collect();
    assert_eq!(currencies, ["USD", "MXN"]);
    assert_ne!(found[0].contract.con_id, found[1].contract.con_id);
    let quotes = plimsoll_tws::message::ReqMktData { req_id: 2, contract: vague, ..Default::default() };
    rig.ask(conn, &Request::ReqMktData(Box::new(quotes)));
    let heard = rig.lines(conn);
    assert!(
        heard.starts_with("error 2 200 The contract description specified for AAPL is ambiguous"),
        "{heard}"
    );
}

#[test]
fn a_contract_number_finds_what_it_was_given_for() {
    let (mut rig, conn) = rig();
    let option = WireContract {
        expiry: "20270115".into(),
        strike: Some(Decimal::from(280)),
        right: "P".into(),
        ..contract("OPT", "AAPL")
    };
    let march = WireContract { local_symbol: "NQH7".into(), ..contract("FUT", "") };
    for asked in [option, march] {
        let first = details(&mut rig, conn, asked)[0].contract.clone();
        let by_number = WireContract { con_id: first.con_id, ..WireContract::default() };
        let found = details(&mut rig, conn, by_number);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].contract, first);
    }
}

#[test]
fn the_parameters_of_a_chain_lead_to_its_contracts() {
    let (mut rig, conn) = rig();
    let request = ReqSecDefOptParams {
        req_id: 1,
        symbol: "AAPL".into(),
        sec_type: "STK".into(),
        con_id: 265_598,
        ..ReqSecDefOptParams::default()
    };
    rig.ask(conn, &Request::ReqSecDefOptParams(request));
    let heard = rig.heard(conn);
    assert!(matches!(heard.last(), Some(Response::SecDefOptParamEnd(_))));
    let smart = heard.iter().find_map(|r| match r {
        Response::SecDefOptParam(m) if m.exchange == "SMART" => Some(m.clone()),
        _ => None,
    });
    let smart = smart.expect("a chain on SMART");
    assert_eq!((smart.trading_class.as_str(), smart.multiplier.as_str()), ("AAPL", "100"));
    let expiry = smart.expirations.last().unwrap().clone();
    let chain =
        details(&mut rig, conn, WireContract { expiry, right: "C".into(), ..contract("OPT", "AAPL") });
    assert!(!chain.is_empty());
    assert!(chain.iter().all(|each| smart.strikes.contains(&each.contract.strike)));
    assert!(chain.iter().all(|each| each.under_con_id == 265_598));
}

#[test]
fn what_does_not_exist_is_answered_with_200() {
    let (mut rig, conn) = rig();
    let saturday = WireContract { expiry: "20261219".into(), ..contract("OPT", "SPY") };
    let elsewhere = WireContract { exchange: "LSE".into(), ..stock("SPY") };
    let nobody = WireContract { con_id: 1, ..WireContract::default() };
    for contract in [saturday, elsewhere, nobody, contract("FUT", "ZZ"), contract("WAR", "SPY")] {
        let shown = format!("{contract:?}");
        let heard = refusal(&mut rig, conn, contract);
        assert_eq!(heard, "error 1 200 No security definition has been found for the request\n", "{shown}");
    }
}

#[test]
fn an_expired_future_is_described_on_request_only() {
    let (mut rig, conn) = rig();
    let september = WireContract { expiry: "202609".into(), ..contract("FUT", "ES") };
    assert!(refusal(&mut rig, conn, september.clone()).contains("200"));
    let request = ReqContractDetails {
        req_id: 1,
        contract: september,
        include_expired: true,
        ..ReqContractDetails::default()
    };
    rig.ask(conn, &Request::ReqContractDetails(Box::new(request)));
    assert_eq!(rig.lines(conn), "contractDetails\ncontractDetailsEnd\n");
}

#[test]
fn symbols_are_found_by_their_beginning_and_by_a_word_of_the_name() {
    let (mut rig, conn) = rig();
    for (pattern, symbol, derivative) in
        [("aap", "AAPL", "OPT"), ("trust-us", "SPY", "OPT"), ("mnq", "MNQ", "FUT")]
    {
        let request = ReqMatchingSymbols { req_id: 1, pattern: pattern.into() };
        rig.ask(conn, &Request::ReqMatchingSymbols(request));
        let heard = rig.heard(conn);
        let [Response::SymbolSamples(found)] = heard.as_slice() else { panic!("{heard:?}") };
        let sample = found.samples.iter().find(|sample| sample.symbol == *symbol).expect(pattern);
        assert_eq!(sample.derivatives[0], *derivative);
    }
}

// The old form is that of a recorded answer of 2015 (`20150417:0400-2000;20150420:0400-2000` in EST5EDT).
#[test]
fn older_gateways_list_two_days_of_hours_without_dates() {
    let settings = crate::ibkr::TwsSettings {
        trading_hours: crate::ibkr::TradingHours::Old,
        ..crate::ibkr::TwsSettings::default()
    };
    let mut rig = Rig::new(crate::ibkr::VenueConfig { settings, ..config(Profile::Live, ELEVEN) });
    let conn = rig.client(7);
    let mut hours = |contract| {
        let request = ReqContractDetails { req_id: 1, contract, ..ReqContractDetails::default() };
        rig.ask(conn, &Request::ReqContractDetails(Box::new(request)));
        let heard = rig.heard(conn);
        let found = heard.iter().find_map(|said| match said {
            Response::ContractDetails(m) => Some((
                m.trading_hours.to_str_lossy().into_owned(),
                m.liquid_hours.to_str_lossy().into_owned(),
                m.time_zone.as_str().to_owned(),
            )),
            _ => None,
        });
        found.unwrap()
    };
    let (trading, liquid, zone) = hours(stock("SPY"));
    assert_eq!(trading, "20261127:0400-1700;20261128:CLOSED");
    assert_eq!((&*liquid, &*zone), ("20261127:0930-1300;20261128:CLOSED", "EST5EDT"));
    // A session over midnight stands under the date of its start, and its close is earlier in the day.
    let (trading, _, zone) = hours(super::instruments::future("ES"));
    assert_eq!((&*trading, &*zone), ("20261126:1700-1215;20261127:CLOSED", "CST6CDT"));
}
