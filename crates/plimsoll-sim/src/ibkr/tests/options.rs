//! Options on the wire: quotes that follow their underlying, and what the model computes.

use plimsoll_model::Price;
use plimsoll_tws::message::{ById, CalculateOption, Figure, ReqMktData, TickOptionComputation, WireContract};
use plimsoll_tws::{Request, Response};
use rust_decimal::Decimal;

use super::rig::{Rig, px, stock};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Profile};

fn rig() -> (Rig, ConnId) {
    let mut rig = Rig::new(config(Profile::Live, ELEVEN));
    let conn = rig.client(7);
    (rig, conn)
}

fn option(right: &str, strike: i64) -> WireContract {
    WireContract {
        sec_type: "OPT".into(),
        symbol: "SPY".into(),
        expiry: "20261218".into(),
        strike: Some(Decimal::from(strike)),
        right: right.into(),
        exchange: "SMART".into(),
        currency: "USD".into(),
        ..WireContract::default()
    }
}

fn quotes(req_id: i32, contract: WireContract) -> Request {
    Request::ReqMktData(Box::new(ReqMktData { req_id, contract, ..ReqMktData::default() }))
}

/// The last of each tick number on a line.
#[derive(Debug, Default)]
struct Seen {
    bid: Option<Decimal>,
    ask: Option<Decimal>,
    computed: std::collections::BTreeMap<i32, TickOptionComputation>,
}

fn seen(rig: &mut Rig, conn: ConnId, line: i32) -> Seen {
    let mut seen = Seen::default();
    for said in rig.heard(conn) {
        match said {
            Response::TickPrice(m) if m.req_id == line && m.tick == 1 => seen.bid = m.px.map(Price::get),
            Response::TickPrice(m) if m.req_id == line && m.tick == 2 => seen.ask = m.px.map(Price::get),
            Response::TickOptionComputation(m) if m.req_id == line => {
                seen.computed.insert(m.tick, *m);
            }
            _ => {}
        }
    }
    seen
}

fn number(figure: Option<&Figure>) -> Decimal {
    figure.and_then(Figure::exact).unwrap()
}

fn near(one: Decimal, other: Decimal, by: &str) {
    assert!((one - other).abs() < by.parse().unwrap(), "{one} {other}");
}

#[test]
fn an_option_line_begins_with_a_quote_around_the_model_and_its_computations() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &quotes(1, option("C", 690)));
    let seen = seen(&mut rig, conn, 1);
    let model = &seen.computed[&13];
    let middle = number(model.option_px.as_ref());
    assert!(seen.bid.unwrap() < middle && middle < seen.ask.unwrap(), "{seen:?}");
    // Above three dollars a class of the penny programme moves in steps of five cents.
    assert!((seen.ask.unwrap() % Decimal::new(5, 2)).is_zero() && middle > Decimal::from(3));
    assert_eq!(seen.computed.keys().copied().collect::<Vec<_>>(), [10, 11, 13]);
    let volatility = |tick| number(seen.computed[&tick].implied_volatility.as_ref());
    assert!(volatility(10) < volatility(13) && volatility(13) < volatility(11));
    assert_eq!(number(seen.computed[&10].option_px.as_ref()), seen.bid.unwrap());
}

#[test]
fn a_call_less_a_put_is_what_the_underlying_and_the_strike_say() {
    let (mut rig, conn) = rig();
    for (line, right) in [(1, "C"), (2, "P")] {
        rig.ask(conn, &quotes(line, option(right, 690)));
    }
    rig.wait(1);
    let mut model = std::collections::BTreeMap::new();
    for said in rig.heard(conn) {
        if let Response::TickOptionComputation(m) = said
            && m.tick == 13
        {
            model.insert(m.req_id, *m);
        }
    }
    let of = |line: i32| number(model[&line].option_px.as_ref());
    let under = number(model[&1].under_px.as_ref());
    // 21 days and five hours of a year at four percent: 690 * exp(-0.04 * 0.058105) = 688.3982.
    near(of(1) - of(2), under - Decimal::new(6_883_982, 4), "0.0001");
    let delta = |line: i32| number(model[&line].delta.as_ref());
    near(delta(1) - delta(2), Decimal::ONE, "0.0000001");
}

#[test]
fn calls_rise_and_puts_fall_with_the_underlying() {
    let (mut rig, conn) = rig();
    for (line, right) in [(1, "C"), (2, "P")] {
        rig.ask(conn, &quotes(line, option(right, 690)));
    }
    let bids = |rig: &mut Rig| -> [Decimal; 2] {
        let mut bids = [Decimal::ZERO; 2];
        for said in rig.heard(conn) {
            if let Response::TickPrice(m) = said
                && m.tick == 1
            {
                bids[usize::try_from(m.req_id - 1).unwrap()] = m.px.unwrap().get();
            }
        }
        bids
    };
    let before = bids(&mut rig);
    rig.price(r#"{"symbol": "SPY", "bid": "720.00", "ask": "720.01"}"#);
    rig.wait(1);
    let after = bids(&mut rig);
    assert!(
        after[0] > before[0] + Decimal::from(15) && after[1] < before[1] / Decimal::TWO,
        "{before:?} {after:?}"
    );
}

#[test]
fn a_snapshot_of_an_option_ends_and_a_cancelled_line_is_silent() {
    let (mut rig, conn) = rig();
    let snapshot =
        ReqMktData { req_id: 1, contract: option("P", 650), snapshot: true, ..ReqMktData::default() };
    rig.ask(conn, &Request::ReqMktData(Box::new(snapshot)));
    rig.ask(conn, &quotes(2, option("P", 650)));
    rig.ask(conn, &quotes(2, stock("SPY")));
    rig.ask(conn, &Request::CancelMktData(ById { req_id: 2 }));
    let first = rig.lines(conn);
    assert!(first.contains("error 2 102 ") && first.contains("tickOptionComputation"), "{first}");
    rig.wait(11);
    assert_eq!(rig.lines(conn), "tickSnapshotEnd\n");
}

#[test]
fn an_option_has_no_quote_while_its_underlying_has_none() {
    let mut rig = Rig::new(config(Profile::Live, "2026-11-27T12:59:55-05:00"));
    let conn = rig.client(7);
    rig.ask(conn, &quotes(1, option("C", 690)));
    assert!(seen(&mut rig, conn, 1).bid.unwrap() > Decimal::ZERO);
    rig.wait(10);
    let closed = seen(&mut rig, conn, 1);
    assert_eq!((closed.bid, closed.ask), (Some(Decimal::NEGATIVE_ONE), Some(Decimal::NEGATIVE_ONE)));
    rig.ask(conn, &quotes(2, option("C", 690)));
    assert_eq!(seen(&mut rig, conn, 2).bid, Some(Decimal::NEGATIVE_ONE));
}

fn calculate(req_id: i32, given: &str, under: &str) -> Box<CalculateOption> {
    Box::new(CalculateOption {
        req_id,
        contract: option("C", 690),
        given: given.parse().ok(),
        under_px: px(under),
        ..CalculateOption::default()
    })
}

fn computed(rig: &mut Rig, conn: ConnId) -> TickOptionComputation {
    match rig.heard(conn).as_slice() {
        [Response::TickOptionComputation(m)] => (**m).clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_price_of_a_volatility_has_that_volatility() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &Request::CalculateOptionPrice(calculate(1, "0.25", "700")));
    let priced = computed(&mut rig, conn);
    assert_eq!((priced.req_id, priced.tick), (1, 53));
    let px = number(priced.option_px.as_ref());
    // More than the ten dollars that exercising gives, less than the underlying.
    assert!(px > Decimal::from(10) && px < Decimal::from(100), "{px}");
    rig.ask(conn, &Request::CalculateImpliedVolatility(calculate(2, &px.to_string(), "700")));
    let implied = computed(&mut rig, conn);
    near(number(implied.implied_volatility.as_ref()), Decimal::new(25, 2), "0.000001");
    near(number(implied.delta.as_ref()), number(priced.delta.as_ref()), "0.000001");
    rig.ask(conn, &Request::CancelCalculateOptionPrice(ById { req_id: 1 }));
    assert_eq!(rig.lines(conn), "");
}

#[test]
fn a_price_that_no_volatility_gives_has_none_and_what_cannot_be_read_is_refused() {
    let (mut rig, conn) = rig();
    rig.ask(conn, &Request::CalculateImpliedVolatility(calculate(1, "5", "700")));
    let none = computed(&mut rig, conn);
    assert_eq!((none.implied_volatility, none.delta), (None, None));
    for (given, under) in
        [("0", "700"), ("-1", "700"), ("", "700"), ("5", "0"), ("99999999999999999999", "700")]
    {
        rig.ask(conn, &Request::CalculateImpliedVolatility(calculate(2, given, under)));
        assert!(rig.lines(conn).starts_with("error 2 321 "), "{given} {under}");
    }
    let mut m = calculate(3, "5", "700");
    m.contract = stock("SPY");
    rig.ask(conn, &Request::CalculateOptionPrice(m));
    assert!(rig.lines(conn).starts_with("error 3 200 "));
}
