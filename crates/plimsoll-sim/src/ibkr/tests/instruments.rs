//! Orders in options, futures and currencies on the wire.

use plimsoll_tws::message::{ExerciseOptions, Order, PlaceOrder, ReqMktData, WireContract};
use plimsoll_tws::{Request, Response};
use rust_decimal::Decimal;

use super::rig::{Rig, order_with, px};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Profile};

fn rig(start: &str) -> (Rig, ConnId) {
    let mut rig = Rig::new(config(Profile::Live, start));
    let conn = rig.client(7);
    (rig, conn)
}

pub(super) fn call(strike: i64) -> WireContract {
    WireContract {
        sec_type: "OPT".into(),
        symbol: "SPY".into(),
        expiry: "20261218".into(),
        strike: Some(Decimal::from(strike)),
        right: "C".into(),
        exchange: "SMART".into(),
        currency: "USD".into(),
        ..WireContract::default()
    }
}

pub(super) fn future(symbol: &str) -> WireContract {
    WireContract {
        sec_type: "FUT".into(),
        symbol: symbol.into(),
        expiry: "202612".into(),
        exchange: "CME".into(),
        currency: "USD".into(),
        ..WireContract::default()
    }
}

pub(super) fn pair(base: &str, quote: &str) -> WireContract {
    WireContract {
        sec_type: "CASH".into(),
        symbol: base.into(),
        currency: quote.into(),
        exchange: "IDEALPRO".into(),
        ..WireContract::default()
    }
}

/// `BUY 1 . MKT` of a contract.
pub(super) fn of(contract: WireContract, order_id: i32, text: &str) -> Request {
    order_with(order_id, "DU1", text, |m: &mut PlaceOrder| m.contract = contract)
}

fn executions(heard: &[Response]) -> Vec<(String, String, Decimal, Decimal)> {
    let each = heard.iter().filter_map(|said| match said {
        Response::ExecDetails(m) => Some((
            m.contract.local_symbol.as_str().to_owned(),
            m.side.as_str().to_owned(),
            m.qty.unwrap().get(),
            m.px.unwrap().get(),
        )),
        _ => None,
    });
    each.collect()
}

fn commissions(heard: &[Response]) -> Decimal {
    let each = heard.iter().filter_map(|said| match said {
        Response::CommissionReport(m) => m.commission,
        _ => None,
    });
    each.sum()
}

fn codes(heard: &[Response]) -> Vec<i32> {
    heard.iter().filter_map(|said| if let Response::Error(m) = said { Some(m.code) } else { None }).collect()
}

fn number(value: &serde_json::Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

fn position(rig: &Rig, local_symbol: &str) -> Option<(Decimal, Decimal)> {
    let state = rig.state();
    let rows = state["positions"].as_array().unwrap().clone();
    let row = rows.into_iter().find(|row| row["local_symbol"] == local_symbol)?;
    Some((number(&row["qty"]), number(&row["avg_cost"])))
}

fn cash(rig: &Rig) -> Decimal {
    number(&rig.state()["accounts"][0]["cash"])
}

// By hand: two contracts of a hundred shares at the price of their execution, and IBKR's 65 cents a contract.
#[test]
fn an_option_costs_a_hundred_times_its_price_and_sixty_five_cents() {
    let (mut rig, conn) = rig(ELEVEN);
    rig.ask(conn, &of(call(690), 1, "BUY 2 . MKT"));
    let heard = rig.heard(conn);
    let done = executions(&heard);
    let paid: Decimal = done.iter().map(|(_, _, qty, px)| *qty * *px * Decimal::ONE_HUNDRED).sum();
    assert_eq!(done[0].0, "SPY   261218C00690000");
    assert_eq!(commissions(&heard), Decimal::new(130, 2));
    assert_eq!(cash(&rig), Decimal::from(1_000_000) - paid - Decimal::new(130, 2));
    let (qty, avg_cost) = position(&rig, "SPY   261218C00690000").unwrap();
    assert_eq!((qty, avg_cost), (Decimal::TWO, (paid + Decimal::new(130, 2)) / Decimal::TWO));
}

// By hand: the first contract below a dollar of commission costs the minimum of a dollar.
#[test]
fn a_single_option_costs_the_minimum() {
    let (mut rig, conn) = rig(ELEVEN);
    rig.ask(conn, &of(call(690), 1, "BUY 1 . MKT"));
    assert_eq!(commissions(&rig.heard(conn)), Decimal::ONE);
}

// Options of SPY move in cents below three dollars and in five cents from there on (market rule 110).
#[test]
fn an_options_limit_keeps_the_step_of_its_price() {
    let (mut rig, conn) = rig(ELEVEN);
    rig.ask(conn, &of(call(690), 1, "BUY 1 . LMT 3.02"));
    assert_eq!(codes(&rig.heard(conn)), [110]);
    rig.ask(conn, &of(call(690), 2, "BUY 1 . LMT 2.02"));
    assert_eq!(codes(&rig.heard(conn)), [0; 0]);
}

// By hand: 50 dollars a point, 0.85 for the broker, 1.38 for the exchange, 0.02 for the regulator.
#[test]
fn a_future_takes_no_cash_but_its_charge_and_shows_its_multiplied_cost() {
    let (mut rig, conn) = rig(ELEVEN);
    rig.ask(conn, &of(future("ES"), 1, "BUY 1 . MKT"));
    let heard = rig.heard(conn);
    let charge = Decimal::new(225, 2);
    assert_eq!(commissions(&heard), charge);
    assert_eq!(cash(&rig), Decimal::from(1_000_000) - charge);
    let bought = executions(&heard)[0].3;
    let (_, avg_cost) = position(&rig, "ESZ6").unwrap();
    assert_eq!(avg_cost, bought * Decimal::from(50) + charge);
    rig.wait(60);
    rig.ask(conn, &of(future("ES"), 2, "SELL 1 . MKT"));
    let sold = executions(&rig.heard(conn))[0].3;
    let gain = (sold - bought) * Decimal::from(50);
    assert_eq!(cash(&rig), Decimal::from(1_000_000) + gain - charge - charge);
    assert_eq!(position(&rig, "ESZ6"), None);
}

#[test]
fn a_future_trades_in_the_night_and_a_stock_waits() {
    let (mut rig, conn) = rig("2026-11-30T03:00:00-05:00");
    rig.ask(conn, &of(future("MES"), 1, "BUY 1 . MKT"));
    assert_eq!(executions(&rig.heard(conn)).len(), 1);
    rig.ask(conn, &super::rig::order(2, "DU1", "BUY 1 SPY MKT"));
    assert_eq!(codes(&rig.heard(conn)), [399]);
}

// Globex stands still from 16:00 to 17:00 in Chicago; a day order for the next session waits there, and says so in
// the exchange's own zone.
#[test]
fn a_future_ordered_in_the_break_waits_for_the_evening() {
    let (mut rig, conn) = rig("2026-11-30T17:30:00-05:00");
    rig.ask(conn, &of(future("ES"), 1, "BUY 1 . MKT"));
    let said = rig.lines(conn);
    assert!(said.contains("PreSubmitted") && said.contains("2026-11-30 17:00:00 US/Central"), "{said}");
    rig.wait(31 * 60);
    assert_eq!(executions(&rig.heard(conn)).len(), 1);
}

// A day order in futures ends with the futures' session and not with that of stocks.
#[test]
fn a_days_order_in_futures_ends_at_the_futures_close() {
    let (mut rig, conn) = rig("2026-11-30T15:59:00-05:00");
    rig.ask(conn, &of(future("ES"), 1, "BUY 1 . LMT 6000"));
    rig.heard(conn);
    rig.wait(120);
    assert_eq!(rig.lines(conn), "");
    rig.wait(3_600);
    let said = rig.lines(conn);
    assert!(said.contains("orderStatus 1 Cancelled"), "{said}");
}

// The steps of ES are a quarter of a point; 387 is TWS's answer to a type that its exchange does not take.
#[test]
fn a_future_keeps_quarter_points_and_takes_no_auction_orders() {
    let (mut rig, conn) = rig(ELEVEN);
    rig.ask(conn, &of(future("ES"), 1, "BUY 1 . LMT 6900.10"));
    rig.ask(conn, &of(future("ES"), 2, "BUY 1 . MOC"));
    rig.ask(conn, &of(call(690), 3, "BUY 1 . MOC"));
    rig.ask(conn, &of(pair("EUR", "USD"), 4, "BUY 20000 . MIDPRICE"));
    assert_eq!(codes(&rig.heard(conn)), [110, 387, 387, 387]);
}

// By hand: IBKR takes 0.20 basis points, at least two dollars.
#[test]
fn a_pair_moves_two_currencies_and_costs_two_dollars() {
    let (mut rig, conn) = rig(ELEVEN);
    rig.ask(conn, &of(pair("EUR", "USD"), 1, "BUY 25000 . MKT"));
    let heard = rig.heard(conn);
    assert_eq!(codes(&heard), [0; 0]);
    assert_eq!(commissions(&heard), Decimal::TWO);
    let bought = executions(&heard)[0].3;
    assert_eq!(position(&rig, "EUR.USD Forex"), Some((Decimal::from(25_000), bought)));
    rig.ask(
        conn,
        &Request::ReqAccountUpdates(plimsoll_tws::message::ReqAccountUpdates {
            subscribe: true,
            account: "DU1".into(),
        }),
    );
    let values = rig.heard(conn);
    let value = |wanted: &str, currency: &str| {
        values.iter().find_map(|said| match said {
            Response::UpdateAccountValue(m) if m.key == *wanted && m.currency == *currency => {
                Some(m.value.to_str_lossy().parse::<Decimal>().unwrap())
            }
            _ => None,
        })
    };
    assert_eq!(value("CashBalance", "EUR"), Some(Decimal::from(25_000)));
    let paid = (Decimal::from(25_000) * bought + Decimal::TWO).round_dp(2);
    assert_eq!(value("CashBalance", "USD"), Some(Decimal::from(1_000_000) - paid));
    let (rate, base) = (value("ExchangeRate", "EUR").unwrap(), value("CashBalance", "BASE").unwrap());
    assert_eq!(base, (Decimal::from(1_000_000) - paid + Decimal::from(25_000) * rate).round_dp(2));
}

// The wording is that of real logs of small orders.
#[test]
fn a_small_order_in_currencies_is_an_odd_lot() {
    let (mut rig, conn) = rig(ELEVEN);
    rig.ask(conn, &of(pair("EUR", "USD"), 1, "BUY 5000 . MKT"));
    let said = rig.lines(conn);
    let text = "Warning: Your order size is below the EUR 20000 IdealPro minimum and will be routed as an odd lot order.";
    assert!(said.contains("399") && said.contains(text) && said.contains("Filled"), "{said}");
}

// IDEALPRO quotes half a pip; yen pairs in thousandths.
#[test]
fn a_pairs_limit_keeps_half_a_tenth_of_a_pip() {
    let (mut rig, conn) = rig(ELEVEN);
    rig.ask(conn, &of(pair("EUR", "USD"), 1, "BUY 25000 . LMT 1.12003"));
    rig.ask(conn, &of(pair("USD", "JPY"), 2, "BUY 25000 . LMT 150.005"));
    let heard = rig.heard(conn);
    assert_eq!(codes(&heard), [110]);
    let shown = heard.iter().find_map(|said| match said {
        Response::OpenOrder(m) => m.order.limit_px,
        _ => None,
    });
    assert_eq!(shown, px("150.005"));
}

#[test]
fn a_preview_of_a_future_names_its_margin_and_its_charge() {
    let (mut rig, conn) = rig(ELEVEN);
    let request = order_with(1, "DU1", "BUY 1 . MKT", |m| {
        m.contract = future("ES");
        m.order = Order { what_if: true, ..m.order.clone() };
    });
    rig.ask(conn, &request);
    let heard = rig.heard(conn);
    let [Response::OpenOrder(m)] = heard.as_slice() else { panic!("one openOrder") };
    assert_eq!(m.state.commission, Some(Decimal::new(225, 2)));
    // Eight percent of some seven thousand points of fifty dollars.
    let margin = m.state.change[0].unwrap();
    assert!(margin > Decimal::from(20_000) && margin < Decimal::from(36_000), "{margin}");
}

#[test]
fn exercising_a_call_delivers_a_hundred_shares_at_the_strike() {
    let (mut rig, conn) = rig(ELEVEN);
    rig.ask(conn, &of(call(650), 1, "BUY 1 . MKT"));
    rig.heard(conn);
    let before = cash(&rig);
    let exercise = |req_id, qty| {
        Request::ExerciseOptions(Box::new(ExerciseOptions {
            req_id,
            contract: call(650),
            action: 1,
            qty,
            account: "DU1".into(),
            ..ExerciseOptions::default()
        }))
    };
    rig.ask(conn, &exercise(90, 2));
    assert_eq!(codes(&rig.heard(conn)), [322], "more than are held");
    rig.ask(conn, &exercise(91, 1));
    let heard = rig.heard(conn);
    let strike = Decimal::from(650);
    assert_eq!(
        executions(&heard),
        [
            ("SPY   261218C00650000".to_owned(), "SLD".to_owned(), Decimal::ONE, Decimal::ZERO),
            ("SPY".to_owned(), "BOT".to_owned(), Decimal::ONE_HUNDRED, strike),
        ]
    );
    assert_eq!(commissions(&heard), Decimal::ZERO);
    assert_eq!(cash(&rig), before - Decimal::from(65_000));
    assert_eq!(position(&rig, "SPY"), Some((Decimal::ONE_HUNDRED, strike)));
}

// The chain of SPY has options that end on the day itself.
#[test]
fn options_end_on_their_last_day_by_what_they_are_worth() {
    let (mut rig, conn) = rig(ELEVEN);
    let today = |strike| WireContract { expiry: "20261127".into(), ..call(strike) };
    rig.ask(conn, &of(today(650), 1, "BUY 1 . MKT"));
    rig.ask(conn, &of(today(730), 2, "SELL 1 . LMT 0.01"));
    rig.heard(conn);
    rig.wait(2 * 3_600 + 1);
    assert_eq!(position(&rig, "SPY   261127C00650000"), None);
    assert_eq!(position(&rig, "SPY   261127C00730000"), None);
    assert_eq!(position(&rig, "SPY"), Some((Decimal::ONE_HUNDRED, Decimal::from(650))));
}

#[test]
fn a_stop_in_currencies_looks_at_quotes() {
    let (mut rig, conn) = rig(ELEVEN);
    let quotes = ReqMktData { req_id: 50, contract: pair("EUR", "USD"), ..ReqMktData::default() };
    rig.ask(conn, &Request::ReqMktData(Box::new(quotes)));
    rig.heard(conn);
    let stop = |id, text: &str, trigger: &str| {
        order_with(id, "DU1", text, |m| {
            m.contract = pair("EUR", "USD");
            m.order.aux_px = px(trigger);
        })
    };
    rig.ask(conn, &stop(1, "SELL 25000 . STP", "1.30000"));
    rig.ask(conn, &stop(2, "SELL 25000 . STP", "1.00000"));
    rig.wait(3);
    let said = rig.lines(conn);
    assert!(said.contains("orderStatus 1 Filled") && !said.contains("orderStatus 2 Filled"), "{said}");
}

#[test]
fn an_option_order_without_prices_of_its_own_answers_the_profit_request() {
    let (mut rig, conn) = rig(ELEVEN);
    rig.ask(conn, &of(call(690), 1, "BUY 1 . MKT"));
    let con_id = rig.heard(conn).iter().find_map(|said| match said {
        Response::ExecDetails(m) => Some(m.contract.con_id),
        _ => None,
    });
    let request = plimsoll_tws::message::ReqPnlSingle {
        req_id: 9,
        account: "DU1".into(),
        con_id: con_id.unwrap(),
        ..Default::default()
    };
    rig.ask(conn, &Request::ReqPnlSingle(request));
    let heard = rig.heard(conn);
    let value = heard.iter().find_map(|said| match said {
        Response::PnlSingle(m) => m.value,
        _ => None,
    });
    assert!(value.unwrap() > Decimal::ONE_HUNDRED, "{heard:?}");
}
