//! Instruments that do not trade by the calendar of the US exchanges: a stock is held to the days of its listing; of
//! anything else what depends on hours is denied, and a price is stale at any hour.

use expect_test::expect;
use jiff::civil::date;
use plimsoll_calendar::{Amendment, Announcement, Change};
use plimsoll_model::{Contract, Currency, InstrumentId, SecType};

use super::script::Script;
use crate::{Event, Operator};

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

fn listed(primary: &str) -> Script {
    let dollars = Contract::stock("ABC", Currency::USD);
    let elsewhere = Contract { primary_exchange: primary.into(), ..dollars.clone() };
    trades(dollars, elsewhere)
}

#[test]
fn a_stock_that_the_broker_lists_in_london_is_held_to_london_s_days_and_a_person_is_told() {
    let trace = listed("LSE").run(
        "
        day 2026-11-26
        09:00:00 journal lost
        09:00:00 quote ABC 10.00 10.00
        11:29:59 quote ABC 10.00 10.00
        11:29:59 trend BUY 1 ABC MKT
        11:30:00 trend BUY 2 ABC MKT
        ",
    );
    // New York has Thanksgiving; London closes at 16:30, five hours ahead.
    expect![["
        09:00:00 notice ABC is not listed in the US: the days and cutoffs of XLON hold for it, and its prices count as stale at any hour
        09:00:00 notice reconciled: 0 open orders, 0 positions
        11:29:59 submit 1 BUY 1 ABC MKT for DU1 [ABC-trend-20261126-1]
        11:30:00 deny 1 order 2: Plimsoll trading_session: the market is closed until 2026-11-27 08:00:00 Europe/London
    "]]
    .assert_eq(&trace);
}

#[test]
fn on_london_s_half_day_an_on_close_order_is_held_to_london_s_cutoff() {
    let trace = listed("LSE").run(
        "
        day 2026-12-24
        07:00:00 journal lost
        07:19:50 quote ABC 10.00 10.00
        07:19:58.999 trend BUY 1 ABC MOC
        07:19:59 trend BUY 2 ABC MOC
        07:20:00 trend BUY 3 ABC MOC
        ",
    );
    // The close is at 12:30 there. No text of the broker about London was read, so its widest cutoff stands in.
    expect![["
        07:00:00 notice ABC is not listed in the US: the days and cutoffs of XLON hold for it, and its prices count as stale at any hour
        07:00:00 notice reconciled: 0 open orders, 0 positions
        07:19:58.999 submit 1 BUY 1 ABC MOC for DU1 [ABC-trend-20261224-1]
        07:19:59 deny 1 order 2: Plimsoll close_cutoff: on-close orders of ABC have to be in by 2026-12-24 12:20:00 Europe/London (close - 10m) and this one could come late: time is known to 0ms, the venue answers within 1s
        07:20:00 deny 1 order 3: Plimsoll close_cutoff: on-close orders of ABC had to be in by 2026-12-24 12:20:00 Europe/London (close - 10m)
    "]]
    .assert_eq(&trace);
}

#[test]
fn a_day_that_london_announces_closes_a_stock_of_london_and_none_of_new_york() {
    let mut world = listed("LSE");
    world.run("day 2026-11-27\n09:00:00 journal lost");
    let source = "the exchange".into();
    let amendment = Amendment { change: Change::Closed, name: "mourning".into(), source, force: false };
    let day = Announcement { calendar: "XLON".into(), date: date(2026, 11, 27), amendment };
    world.feed(Event::Operator(Operator::Calendar { days: [day].into(), problems: [].into() }));
    let trace = world.run(
        "
        10:00:01 quote ABC 10.00 10.00
        10:00:01 quote SPY 500.00 500.02
        10:00:02 trend BUY 1 ABC MKT
        10:00:03 trend BUY 1 SPY MKT
        ",
    );
    expect![["
        10:00:02 deny 1 order 1: Plimsoll trading_session: the market is closed until 2026-11-30 08:00:00 Europe/London
        10:00:03 submit 1 BUY 1 SPY MKT for DU1 [SPY-trend-20261127-1]
    "]]
    .assert_eq(&trace);
}

// Ten past seven in the evening of New York is ten past nine of the next morning in Tokyo.
#[test]
fn a_reference_has_the_trade_date_of_its_own_venue_and_no_number_is_given_twice() {
    let mut world = listed("TSEJ");
    world.run("day 2026-11-25\n19:05:00 journal lost");
    let orders = "
        19:10:00 quote ABC 10.00 10.00
        19:10:00 quote SPY 500.00 500.02
        19:10:01 trend BUY 1 SPY LMT 490.00 tif=GTC
        19:10:02 trend BUY 1 ABC MKT
        19:10:03 trend BUY 2 SPY LMT 490.00 tif=GTC
        19:10:04 trend BUY 2 ABC MKT
        ";
    expect![["
        19:10:01 submit 1 BUY 1 SPY LMT 490.00 for DU1 [SPY-trend-20261125-1]
        19:10:02 submit 1 BUY 1 ABC MKT for DU1 [ABC-trend-20261126-1]
        19:10:03 submit 1 BUY 2 SPY LMT 490.00 for DU1 [SPY-trend-20261125-2]
        19:10:04 submit 1 BUY 2 ABC MKT for DU1 [ABC-trend-20261126-2]
    "]]
    .assert_eq(&world.run(orders));
    // What the broker has seen of tomorrow counts, and what nobody can have seen does not.
    let trace = world.run(
        "
        19:10:05 venue manual 77 BUY 40 SPY LMT 400.00 ref=ABC-trend-20261126-7
        19:10:05 venue manual 78 BUY 40 SPY LMT 400.00 ref=ABC-trend-20991126-9
        19:10:06 trend BUY 3 ABC MKT
        ",
    );
    assert!(trace.contains("submit 1 BUY 3 ABC MKT for DU1 [ABC-trend-20261126-8]"), "{trace}");
}

#[test]
fn a_us_stock_of_unknown_listing_has_the_earliest_cutoff_and_the_denial_says_so() {
    let trace = listed("PINK").run(
        "
        10:00:00 journal lost
        15:49:58 quote ABC 10.00 10.00
        15:49:58 trend BUY 1 ABC MOC
        15:50:00 trend BUY 2 ABC LOC 10.00
        ",
    );
    expect![["
        10:00:00 notice reconciled: 0 open orders, 0 positions
        15:49:58 submit 1 BUY 1 ABC MOC for DU1 [ABC-trend-20260227-1]
        15:50:00 deny 1 order 2: Plimsoll close_cutoff: on-close orders of ABC had to be in by 2026-02-27 15:50:00 America/New_York (close - 10m, the earliest of all venues: its listing is not known)
    "]]
    .assert_eq(&trace);
}

#[test]
fn a_stock_elsewhere_goes_by_the_calendar_of_its_listing_and_no_other_kind_of_contract_does() {
    let listed = |primary: &str, currency: &str| Contract {
        primary_exchange: primary.into(),
        currency: currency.into(),
        ..Contract::stock("ABC", Currency::USD)
    };
    assert_eq!(crate::calendar_of(&listed("NASDAQ", "USD")), Some("XNYS"));
    assert_eq!(crate::calendar_of(&listed("IBIS", "EUR")), Some("XETR"));
    assert_eq!(crate::calendar_of(&listed("TSE", "CAD")), Some("XTSE"));
    assert_eq!(crate::calendar_of(&listed("TSEJ", "JPY")), Some("XTKS"));
    assert_eq!(crate::calendar_of(&listed("LSEETF", "USD")), Some("XLON"));
    assert_eq!(crate::calendar_of(&listed("NYSE", "EUR")), None);
    assert_eq!(crate::calendar_of(&listed("VENTURE", "CAD")), None);
    assert_eq!(crate::calendar_of(&listed("", "CAD")), None);
    let future = Contract { sec_type: SecType::Future, ..listed("IBIS", "EUR") };
    assert_eq!(crate::calendar_of(&future), None);
    assert_eq!(crate::calendar_of(&euro()), None);
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

#[test]
fn a_stock_of_london_that_is_sent_to_another_exchange_has_hours_that_nobody_knows() {
    // The order names the exchange itself; London is open.
    let trace = listed("LSE").run(
        "
        day 2026-11-26
        09:00:00 journal lost
        10:00:00 quote ABC 10.00 10.00
        10:00:01 trend BUY 1 ABC MKT exch=NYSE
        10:00:02 trend BUY 2 ABC LMT 10.00 exch=NYSE
        10:00:03 trend BUY 3 ABC MOC exch=NYSE
        ",
    );
    expect![["
        09:00:00 notice ABC is not listed in the US: the days and cutoffs of XLON hold for it, and its prices count as stale at any hour
        09:00:00 notice reconciled: 0 open orders, 0 positions
        10:00:01 deny 1 order 1: Plimsoll trading_session: no trading calendar: the hours of ABC at NYSE are not known; an order for it needs a limit or stop price
        10:00:02 submit 1 BUY 2 ABC LMT 10.00 for DU1 [ABC-trend-20261126-2]
        10:00:03 deny 1 order 3: Plimsoll close_cutoff: no trading calendar: the hours of ABC at NYSE are not known; an order for it needs a limit or stop price
    "]]
    .assert_eq(&trace);
}

#[test]
fn a_us_stock_keeps_its_hours_on_every_exchange_of_the_day() {
    let mut world = Script::new();
    let trace = world.run(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 1 SPY MKT exch=ISLAND
        10:00:02 trend BUY 2 SPY MKT exch=NYSE
        ",
    );
    assert_eq!(trace.matches("submit").count(), 2, "{trace}");
}

#[test]
fn past_the_end_of_a_calendar_elsewhere_the_way_out_is_open() {
    let mut world = listed("SEHK");
    world.run("day 2026-11-26\n09:00:00 journal lost\n21:00:00 quote ABC 10.00 10.00\n21:00:01 trend BUY 100 ABC LMT 10.00 tif=GTC");
    world.run("21:00:02 venue fills trend 1 100 10.00");
    let trace = world.run(
        "
        day 2028-06-06
        22:00:00 quote ABC 10.00 10.00
        22:00:01 trend BUY 1 ABC MKT
        22:00:01 trend BUY 2 ABC LMT 10.00
        22:00:01.500 venue cancels trend 3
        22:00:02 trend SELL 30 ABC MKT
        22:00:03 trend SELL 40 ABC MOC
        22:00:04 trend SELL 31 ABC MKT
        ",
    );
    expect![["
        22:00:01 deny 1 order 2: Plimsoll trading_session: no trading calendar: 2028-06-07 is outside calendar XHKG, which covers 1993-01-01 to 2027-12-31; neither open nor closed was assumed; use a release with newer calendars; an order for it needs a limit or stop price
        22:00:01 submit 1 BUY 2 ABC LMT 10.00 for DU1 [ABC-trend-20280607-2]
        22:00:02 submit 1 SELL 30 ABC MKT for DU1 [ABC-trend-20280607-3]
        22:00:03 submit 1 SELL 40 ABC MOC for DU1 [ABC-trend-20280607-4]
        22:00:04 deny 1 order 6: Plimsoll trading_session: no trading calendar: 2028-06-07 is outside calendar XHKG, which covers 1993-01-01 to 2027-12-31; neither open nor closed was assumed; use a release with newer calendars; an order for it needs a limit or stop price
    "]]
    .assert_eq(&trace);
}

#[test]
fn a_combo_that_only_reduces_is_let_out_when_its_hours_are_unknown_or_in_dispute() {
    let combos = "
        10:00:00 quote SPY 500.00 500.02
        10:00:00 quote QQQ 400.00 400.02
        10:00:01 trend BUY 2 SPY LMT 100.00 id=5 legs=BUY:1:SPY,SELL:1:QQQ
        10:00:02 venue accepts trend 5
        10:00:03 venue legs trend 5 BUY 2 SPY 500.01
        10:00:04 venue legs trend 5 SELL 2 QQQ 400.00";
    let out = "
        10:00:06 quote SPY 500.00 500.02
        10:00:06 quote QQQ 400.00 400.02
        10:00:07 trend SELL 2 SPY MKT id=6 legs=BUY:1:SPY,SELL:1:QQQ
        10:00:08 trend SELL 3 SPY MKT id=7 legs=BUY:1:SPY,SELL:1:QQQ";
    let mut world = Script::new();
    world.run(&format!("day 2026-11-20\n{combos}"));
    world.listed_hours = "20261120:0930-20261120:1300".into();
    let trace = world.run(&format!("10:00:05 restart\n10:00:05 own answers\n{out}"));
    let (passed, denied) = trace.split_once("10:00:08").expect("both are answered");
    assert!(passed.contains("submit 1 SELL 2 SPY.BAG.USD MKT"), "{trace}");
    assert!(denied.contains("a person has to decide"), "{trace}");
    let mut world = Script::new();
    world.run(&format!("day 2026-11-20\n{combos}"));
    let trace = world.run(&out.replace("MKT", "MKT exch=EBSB"));
    let (passed, denied) = trace.split_once("10:00:08").expect("both are answered");
    assert!(passed.contains("submit 1 SELL 2 SPY.BAG.USD MKT"), "{trace}");
    assert!(denied.contains("the hours of SPY at EBSB are not known"), "{trace}");
}

#[test]
fn a_combo_is_held_to_the_dispute_about_one_of_its_legs() {
    let mut world = Script::new();
    world.contracts_unanswered = true;
    world.run("day 2026-11-20\n09:00:00 quote SPY 500.00 500.02\n09:00:00 own answers");
    for (req_id, contract) in std::mem::take(&mut world.unanswered) {
        let close = if &*contract.symbol == "QQQ" { "1300" } else { "1600" };
        world.listed_hours = format!("20261120:0930-20261120:{close}").into();
        world.describe(req_id, contract);
    }
    let trace = world.run(
        "
        10:00:01 quote SPY 500.00 500.02
        10:00:01 quote QQQ 400.00 400.02
        10:00:02 trend BUY 1 SPY MKT
        10:00:03 trend BUY 2 SPY LMT 100.00 legs=BUY:1:SPY,SELL:1:QQQ
        ",
    );
    assert!(trace.contains("submit 1 BUY 1 SPY MKT"), "{trace}");
    assert!(trace.contains("10:00:03 deny") && trace.contains("by the broker's hours of QQQ"), "{trace}");
}
