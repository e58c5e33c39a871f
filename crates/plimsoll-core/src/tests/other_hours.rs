//! Instruments that do not trade by the calendar of the US exchanges: what depends on hours is denied, and a
//! price is stale at any hour.

use expect_test::expect;
use plimsoll_model::{Contract, Currency, InstrumentId, SecType};

use super::script::Script;

fn euro() -> Contract {
    Contract {
        sec_type: SecType::Forex,
        exchange: "IDEALPRO".into(),
        currency: "USD".into(),
        ..Contract::stock("EUR", Currency::USD)
    }
}

/// `trend` trades this too, and the broker says it is `known`.
fn trades(configured: Contract, known: Contract) -> Script {
    let mut world = Script::new();
    world.config.bots[0].instruments.insert(InstrumentId::of(&configured).unwrap(), configured);
    world.answers = vec![known];
    world
}

#[test]
fn at_three_in_the_night_a_currency_on_frozen_prices_is_stale() {
    let trace = trades(euro(), euro()).run(
        "
        01:00:00 quote EUR.CASH.USD 1.10 1.11
        03:00:00 trend BUY 1000 EUR LMT 1.10 tif=GTC sec=CASH exch=IDEALPRO
        03:00:01 quote EUR.CASH.USD 1.10 1.11
        03:00:02 trend BUY 1000 EUR LMT 1.10 sec=CASH exch=IDEALPRO
        ",
    );
    // A limit order of the day bounds itself by its price, whatever the hours are.
    expect![["
        03:00:00 deny 1 order 1: Plimsoll stale_data: EUR.CASH.USD last struck 2h0m ago, limit 15s
        03:00:02 submit 1 BUY 1000 EUR.CASH.USD LMT 1.10 for DU1 [EUR-trend-20260227-2]
    "]]
    .assert_eq(&trace);
}

#[test]
fn without_known_hours_the_way_out_is_open_and_no_further() {
    let trace = trades(euro(), euro()).run(
        "
        10:00:00 quote EUR.CASH.USD 1.10 1.10
        10:00:01 trend BUY 1000 EUR LMT 1.10 sec=CASH exch=IDEALPRO
        10:00:02 venue fills trend 1 1000 1.10
        10:00:03 trend SELL 600 EUR TRAIL stop=0.01 sec=CASH exch=IDEALPRO
        10:00:04 trend SELL 401 EUR MKT sec=CASH exch=IDEALPRO
        10:00:05 trend SELL 400 EUR MKT sec=CASH exch=IDEALPRO
        ",
    );
    // Of a thousand held, six hundred are already on their way out.
    expect![["
        10:00:01 submit 1 BUY 1000 EUR.CASH.USD LMT 1.10 for DU1 [EUR-trend-20260227-1]
        10:00:03 submit 1 SELL 600 EUR.CASH.USD TRAIL @0.01 for DU1 [EUR-trend-20260227-2]
        10:00:04 deny 1 order 3: Plimsoll trading_session: no trading calendar: the hours of EUR.CASH.USD are not known; an order for it needs a limit or stop price
        10:00:05 submit 1 SELL 400 EUR.CASH.USD MKT for DU1 [EUR-trend-20260227-4]
    "]]
    .assert_eq(&trace);
}

#[test]
fn without_known_hours_an_order_needs_a_price_of_its_own() {
    let trace = trades(euro(), euro()).run(
        "
        10:00:00 quote EUR.CASH.USD 1.10 1.10
        10:00:01 trend BUY 1 EUR MKT sec=CASH exch=IDEALPRO
        10:00:02 trend BUY 2 EUR MKT tif=GTC sec=CASH exch=IDEALPRO
        10:00:03 trend BUY 3 EUR LMT 1.10 tif=OPG sec=CASH exch=IDEALPRO
        10:00:04 trend BUY 4 EUR MOC sec=CASH exch=IDEALPRO
        10:00:05 trend BUY 5 EUR TRAIL stop=0.01 sec=CASH exch=IDEALPRO
        10:00:06 trend BUY 6 EUR STP stop=1.11 sec=CASH exch=IDEALPRO
        10:00:07 trend BUY 7 EUR LMT 1.10 tif=IOC sec=CASH exch=IDEALPRO
        ",
    );
    expect![["
        10:00:01 deny 1 order 1: Plimsoll trading_session: no trading calendar: the hours of EUR.CASH.USD are not known; an order for it needs a limit or stop price
        10:00:02 deny 1 order 2: Plimsoll trading_session: no trading calendar: the hours of EUR.CASH.USD are not known; an order for it needs a limit or stop price
        10:00:03 deny 1 order 3: Plimsoll trading_session: no trading calendar: the hours of EUR.CASH.USD are not known; an order for it needs a limit or stop price
        10:00:04 deny 1 order 4: Plimsoll close_cutoff: no trading calendar: the hours of EUR.CASH.USD are not known; an order for it needs a limit or stop price
        10:00:05 deny 1 order 5: Plimsoll trading_session: no trading calendar: the hours of EUR.CASH.USD are not known; an order for it needs a limit or stop price
        10:00:06 submit 1 BUY 6 EUR.CASH.USD STP @1.11 for DU1 [EUR-trend-20260227-6]
        10:00:07 submit 1 BUY 7 EUR.CASH.USD LMT 1.10 for DU1 [EUR-trend-20260227-7]
    "]]
    .assert_eq(&trace);
}

#[test]
fn observe_mode_lets_a_market_order_of_a_currency_pass() {
    let trace = trades(euro(), euro()).run(
        "
        observe
        10:00:00 quote EUR.CASH.USD 1.10 1.10
        10:00:01 trend BUY 1 EUR MKT sec=CASH exch=IDEALPRO
        ",
    );
    expect![["
        10:00:01 observed 1 [EUR-trend-20260227-1]: Plimsoll trading_session: no trading calendar: the hours of EUR.CASH.USD are not known; an order for it needs a limit or stop price
        10:00:01 observed 1 [EUR-trend-20260227-1]: Plimsoll trading_session: no trading calendar: the hours of EUR.CASH.USD are not known; an order for it needs a limit or stop price
        10:00:01 submit 1 BUY 1 EUR.CASH.USD MKT for DU1 [EUR-trend-20260227-1]
    "]]
    .assert_eq(&trace);
}

#[test]
fn a_stock_that_the_broker_lists_elsewhere_has_other_hours_and_a_person_is_told() {
    let dollars = Contract::stock("ABC", Currency::USD);
    let london = Contract { primary_exchange: "LSE".into(), ..dollars.clone() };
    let trace = trades(dollars, london).run(
        "
        10:00:00 journal lost
        10:00:00 quote ABC 10.00 10.00
        10:00:01 trend BUY 1 ABC MKT
        ",
    );
    expect![["
        10:00:00 notice ABC is not listed in the US, and its hours are not known: orders for it need a limit or stop price, and prices count as stale at any hour
        10:00:00 notice reconciled: 0 open orders, 0 positions
        10:00:01 deny 1 order 1: Plimsoll trading_session: no trading calendar: the hours of ABC are not known; an order for it needs a limit or stop price
    "]]
    .assert_eq(&trace);
}

#[test]
fn the_calendar_is_that_of_us_stocks_and_options() {
    let stock = |primary: &str, currency: &str| Contract {
        primary_exchange: primary.into(),
        currency: currency.into(),
        ..Contract::stock("ABC", Currency::USD)
    };
    let option = |exchange: &str| Contract {
        sec_type: SecType::Option,
        exchange: exchange.into(),
        ..Contract::stock("ABC", Currency::USD)
    };
    for known in
        [stock("ARCA", "USD"), stock("NASDAQ", "USD"), stock("", "USD"), option("SMART"), option("CBOE")]
    {
        assert!(crate::keeps_us_hours(&known), "{known:?}");
    }
    for other in [stock("LSE", "USD"), stock("IBIS", "EUR"), stock("", "CAD"), option("EUREX"), euro()] {
        assert!(!crate::keeps_us_hours(&other), "{other:?}");
    }
}
