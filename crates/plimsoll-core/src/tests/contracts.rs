//! Which contract an order is for: a symbol alone names several, and the venue goes by every field.

use expect_test::expect;
use plimsoll_model::{Contract, Currency, InstrumentId, SecType};
use rust_decimal::Decimal;

use super::check;
use super::script::Script;

/// Three sizes of one index future with one expiry, as Eurex lists them.
fn dax(multiplier: u32, trading_class: &str) -> Contract {
    Contract {
        sec_type: SecType::Future,
        expiry: "20261218".into(),
        multiplier: Some(Decimal::from(multiplier)),
        exchange: "EUREX".into(),
        currency: "EUR".into(),
        trading_class: trading_class.into(),
        ..Contract::stock("DAX", Currency::USD)
    }
}

/// `trend` trades the mini.
fn trades_the_mini(configured: Contract) -> Script {
    let mut world = Script::new();
    let bot = &mut world.config.bots[0];
    bot.price_collar = None;
    bot.instruments.insert(InstrumentId::of(&configured).unwrap(), configured);
    world
}

#[test]
fn an_order_for_another_contract_of_the_same_name_is_denied() {
    let mut world = trades_the_mini(Contract { trading_class: "".into(), ..dax(5, "") });
    world.answers = vec![dax(5, "FDXM")];
    let trace = world.run(
        "
        10:00:00 quote DAX.FUT.EUR.20261218 20000 20001
        10:00:01 trend BUY 1 DAX LMT 20000 sec=FUT expiry=20261218 cur=EUR exch=EUREX mult=5 class=FDXM
        10:00:02 trend BUY 2 DAX LMT 20000 sec=FUT expiry=20261218 cur=EUR exch=EUREX mult=25
        10:00:03 trend BUY 3 DAX LMT 20000 sec=FUT expiry=20261218 cur=EUR exch=EUREX class=FDAX
        10:00:04 trend BUY 4 DAX LMT 20000 sec=FUT expiry=20261218 cur=EUR exch=SGX
        10:00:05 trend BUY 5 DAX LMT 20000 sec=FUT expiry=20261218 cur=EUR
        ",
    );
    expect![["
        10:00:01 submit 1 BUY 1 DAX.FUT.EUR.20261218 LMT 20000 for DU1 [DAX-trend-20260227-1]
        10:00:02 deny 1 order 2: Plimsoll ownership: the multiplier `25` is not that of DAX.FUT.EUR.20261218
        10:00:03 deny 1 order 3: Plimsoll ownership: the trading class `FDAX` is not that of DAX.FUT.EUR.20261218
        10:00:04 deny 1 order 4: Plimsoll ownership: the exchange `SGX` is not that of DAX.FUT.EUR.20261218
        10:00:05 submit 1 BUY 5 DAX.FUT.EUR.20261218 LMT 20000 for DU1 [DAX-trend-20260227-5]
    "]]
    .assert_eq(&trace);
}

#[test]
fn a_contract_of_which_the_broker_knows_several_is_nobodys() {
    let mut world = trades_the_mini(Contract { multiplier: None, ..dax(5, "") });
    world.answers = vec![dax(25, "FDAX"), dax(5, "FDXM"), dax(1, "FDXS")];
    let trace = world.run(
        "
        10:00:00 restart
        10:00:00 quote DAX.FUT.EUR.20261218 20000 20001
        10:00:01 trend BUY 1 DAX LMT 20000 sec=FUT expiry=20261218 cur=EUR exch=EUREX mult=5
        10:00:02 trend BUY 1 DAX LMT 20000 sec=FUT expiry=20261218 cur=EUR exch=EUREX conid=9001
        ",
    );
    expect![["
        10:00:00 notice DAX.FUT.EUR.20261218 is more than one contract at the broker, and orders for it are denied; name its multiplier, trading_class or con_id in the configuration
        10:00:00 notice reconciled: 0 open orders, 0 positions
        10:00:01 deny 1 order 1: Plimsoll ownership: DAX.FUT.EUR.20261218 is more than one contract at the broker; the configuration has to say which
        10:00:02 deny 1 order 2: Plimsoll ownership: DAX.FUT.EUR.20261218 is more than one contract at the broker; the configuration has to say which
    "]]
    .assert_eq(&trace);
}

#[test]
fn a_derivative_waits_for_the_brokers_word_and_a_month_may_stand_for_its_day() {
    let mut world = trades_the_mini(Contract { expiry: "202612".into(), ..dax(5, "") });
    world.contracts_unanswered = true;
    world.answers = vec![dax(5, "FDXM")];
    let mut trace = world.run(
        "
        10:00:00 quote DAX.FUT.EUR.202612 20000 20001
        10:00:01 trend BUY 1 DAX LMT 20000 sec=FUT expiry=202612 cur=EUR exch=EUREX
        ",
    );
    world.contracts_unanswered = false;
    trace += &world.run(
        "
        10:00:02 restart
        10:00:02 quote DAX.FUT.EUR.202612 20000 20001
        10:00:03 trend BUY 2 DAX LMT 20000 sec=FUT expiry=20261218 cur=EUR exch=EUREX conid=9001
        ",
    );
    expect![["
        10:00:01 deny 1 order 1: Plimsoll ownership: the contract of DAX.FUT.EUR.202612 is not known
        10:00:02 notice reconciled: 0 open orders, 0 positions
        10:00:03 submit 1 BUY 2 DAX.FUT.EUR.202612 LMT 20000 for DU1 [DAX-trend-20260227-2]
    "]]
    .assert_eq(&trace);
}

#[test]
fn a_stock_may_be_routed_where_it_trades_and_is_not_another_of_that_symbol() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 1 SPY LMT 499.00 conid=756733 class=SPY primary=ARCA
        10:00:02 trend BUY 2 SPY LMT 499.00 exch=NASDAQ
        10:00:03 trend BUY 3 SPY LMT 499.00 exch=LSE
        10:00:04 trend BUY 4 SPY LMT 499.00 primary=LSE
        10:00:05 trend BUY 5 SPY LMT 499.00 mult=100
        10:00:06 trend BUY 6 QQQ LMT 399.00 primary=ISLAND
        10:00:07 trend BUY 7 SPY LMT 499.00 mult=0
        ",
        // A second listing in US dollars would be another security; ISLAND is the older word for NASDAQ.
        &expect![["
            10:00:01 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:02 submit 1 BUY 2 SPY LMT 499.00 for DU1 [SPY-trend-20260227-2]
            10:00:03 deny 1 order 3: Plimsoll ownership: the exchange `LSE` is not that of SPY
            10:00:04 deny 1 order 4: Plimsoll ownership: the primary exchange `LSE` is not that of SPY
            10:00:05 deny 1 order 5: Plimsoll ownership: the multiplier `100` is not that of SPY
            10:00:06 deny 1 order 6: Plimsoll stale_data: no quote of QQQ has been seen
            10:00:07 submit 1 BUY 7 SPY LMT 499.00 for DU1 [SPY-trend-20260227-7]
        "]],
    );
}

#[test]
fn a_corrected_contract_forgets_the_number_and_the_listing_of_the_old_one() {
    let mut world = Script::new();
    world.run("10:00:00 quote SPY 500.00 500.02");
    let spy = world.config.bots[0].instruments.get_mut(&InstrumentId::us_stock("SPY")).unwrap();
    spy.primary_exchange = "NASDAQ".into();
    let spy = spy.clone();
    world.config.bots[1].instruments.insert(InstrumentId::us_stock("SPY"), spy);
    world.contracts_unanswered = true;
    let trace = world.run(
        "
        15:54:00 restart
        15:54:00 quote SPY 500.00 500.02
        15:54:01 trend BUY 1 SPY LMT 499.00 conid=756733
        15:54:02 trend BUY 1 SPY MOC
        ",
    );
    // Arca's cutoff was at 15:50, Nasdaq's is at 15:55.
    expect![["
        15:54:00 notice reconciled: 0 open orders, 0 positions
        15:54:01 deny 1 order 1: Plimsoll ownership: contract number 756733 has not been confirmed by the broker
        15:54:02 submit 1 BUY 1 SPY MOC for DU1 [SPY-trend-20260227-2]
    "]]
    .assert_eq(&trace);
}

#[test]
fn an_unchanged_contract_is_still_known_after_a_restart_that_the_broker_has_not_answered() {
    let mut world = Script::new();
    world.run("10:00:00 quote SPY 500.00 500.02");
    world.contracts_unanswered = true;
    let trace = world.run(
        "
        10:00:01 restart
        10:00:01 quote SPY 500.00 500.02
        10:00:02 trend BUY 1 SPY LMT 499.00 conid=756733
        ",
    );
    expect![["
        10:00:01 notice reconciled: 0 open orders, 0 positions
        10:00:02 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
    "]]
    .assert_eq(&trace);
}
