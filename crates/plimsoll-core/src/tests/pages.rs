//! The denials that the guards' pages quote, against what the guards print.
//!
//! Each test plays a page's examples; a page that quotes another text, or one more, or one less, fails.

use plimsoll_calendar::Change;
use plimsoll_model::{Account, Contract, Currency, InstrumentId, LinkId, SecType};
use rust_decimal::Decimal;

use super::script::Script;
use crate::{Event, HaltLevel, Operator};

/// The usual fleet with the page's account numbers: `trend` and `revert` on DU1111111.
fn fleet() -> Script {
    let mut world = Script::new();
    let account = |text| Account::new(text).unwrap();
    world.config.venue.accounts = vec![account("DU1111111"), account("DU2222222")];
    for bot in &mut world.config.bots {
        bot.accounts = vec![account("DU1111111")];
    }
    world
}

/// The same with a currency, whose hours no calendar knows.
fn with_a_currency() -> Script {
    let mut world = fleet();
    let euro = Contract {
        sec_type: SecType::Forex,
        exchange: "IDEALPRO".into(),
        currency: "USD".into(),
        ..Contract::stock("EUR", Currency::USD)
    };
    world.config.bots[0].instruments.insert(InstrumentId::of(&euro).unwrap(), euro.clone());
    world.answers = vec![euro];
    world
}

/// Compares all denials of these traces with the page's lines, in their order.
#[track_caller]
fn page(text: &str, traces: &[String]) {
    let printed: Vec<_> = traces.iter().flat_map(|trace| trace.lines()).filter_map(denial).collect();
    let quoted: Vec<_> = text.lines().filter_map(|line| line.trim().strip_prefix("-> Plimsoll ")).collect();
    assert_eq!(quoted, printed, "left: the page, right: the guards");
}

fn denial(line: &str) -> Option<String> {
    line.split_once(" deny ")
        .and_then(|(_, rest)| rest.split_once(": Plimsoll "))
        .map(|(_, text)| text.to_owned())
}

#[test]
fn trading_session_says_what_its_page_quotes() {
    let mut disputed = fleet();
    for bot in &mut disputed.config.bots {
        bot.instruments.retain(|instrument, _| instrument.as_str() == "SPY");
    }
    disputed.listed_hours = "20261120:0930-20261120:1300".into();
    page(
        include_str!("../../../../docs/guards/trading_session.md"),
        &[
            fleet().run(
                "
                day 2026-11-27
                13:59:59 quote SPY 500.00 500.02
                14:00:00 trend BUY 10 SPY MKT
                ",
            ),
            disputed.run(
                "
                day 2026-11-20
                10:59:59 quote SPY 500.00 500.02
                11:00:00 trend BUY 10 SPY MKT
                ",
            ),
            with_a_currency().run(
                "
                10:00:00 quote EUR.CASH.USD 1.10 1.11
                10:00:01 trend BUY 20000 EUR MKT sec=CASH exch=IDEALPRO
                ",
            ),
        ],
    );
}

#[test]
fn close_cutoff_says_what_its_page_quotes() {
    let mut announced_away = fleet();
    announced_away.run("day 2026-11-27");
    let half_day = jiff::civil::date(2026, 11, 27);
    announced_away.feed(super::announced::announced("XNYS", half_day, Change::Closed));
    page(
        include_str!("../../../../docs/guards/close_cutoff.md"),
        &[
            fleet().run(
                "
                day 2026-11-27
                12:49:50 quote SPY 500.00 500.02
                12:50:00 trend SELL 100 SPY MOC
                ",
            ),
            fleet().run(
                "
                day 2026-11-27
                12:49:50 quote SPY 500.00 500.02
                12:49:59.500 trend SELL 100 SPY MOC
                ",
            ),
            fleet().run(
                "
                nets
                day 2026-11-27
                12:49:50 quote SPY 500.00 500.02
                12:49:51 trend BUY 100 SPY MOC
                12:49:57 wake
                12:49:57.500 revert SELL 10 SPY MOC
                ",
            ),
            with_a_currency().run(
                "
                10:00:00 quote EUR.CASH.USD 1.10 1.11
                10:00:01 trend SELL 20000 EUR MOC sec=CASH exch=IDEALPRO
                ",
            ),
            announced_away.run(
                "
                12:50:59 quote SPY 500.00 500.02
                12:51:00 trend SELL 100 SPY MOC
                ",
            ),
        ],
    );
}

#[test]
fn account_says_what_its_page_quotes() {
    page(
        include_str!("../../../../docs/guards/account.md"),
        &[fleet().run(
            "
            10:00:00 quote SPY 600.00 600.02
            10:00:01 trend BUY 100 SPY MKT account=-
            10:00:04 trend BUY 100 SPY MKT account=DU2222222
            ",
        )],
    );
}

#[test]
fn duplicate_says_what_its_page_quotes() {
    page(
        include_str!("../../../../docs/guards/duplicate.md"),
        &[
            fleet().run(
                "
                day 2026-11-27
                10:00:00 quote SPY 600.00 600.02
                10:00:00 trend BUY 100 SPY LMT 600 id=7
                10:00:01.200 trend BUY 100 SPY LMT 600 id=8
                ",
            ),
            fleet().run(
                "
                day 2026-11-27
                10:00:00 quote SPY 600.00 600.02
                10:00:00 trend BUY 100 SPY LMT 590 id=41
                10:00:01 venue cancels trend 41
                10:00:05 quote SPY 600.00 600.02
                10:00:05 trend BUY 100 SPY LMT 590 id=41
                ",
            ),
            fleet().run(
                "
                day 2026-11-27
                10:00:00 quote SPY 600.00 600.02
                10:00:00 trend BUY 100 SPY LMT 590 ref=decision:bar-10:00
                12:00:00 trend BUY 80 SPY LMT 590 ref=decision:bar-10:00
                ",
            ),
        ],
    );
}

#[test]
fn halt_says_what_its_page_quotes() {
    let mut world = fleet();
    world.run("10:00:00 quote SPY 600.00 600.02");
    world.feed(Event::Operator(Operator::Halt {
        bot: None,
        level: HaltLevel::NewRisk,
        by: "operator".into(),
        reason: "prints look wrong".into(),
    }));
    let trace = world.run("10:00:02 trend BUY 10 SPY MKT");
    page(include_str!("../../../../docs/guards/halt.md"), &[trace]);
}

#[test]
fn stale_data_says_what_its_page_quotes() {
    page(
        include_str!("../../../../docs/guards/stale_data.md"),
        &[
            fleet().run(
                "
                10:00:00 quote SPY 600.00 600.02
                10:14:12 trend BUY 100 SPY MKT
                ",
            ),
            fleet().run(
                "
                10:14:12 quote SPY 600.00 600.02 bid=10:14:12 ask=10:00:00
                10:14:12 trend BUY 100 SPY MKT
                ",
            ),
            own_prices_stopped(),
            fleet().run("10:00:00 trend BUY 100 SPY MKT"),
        ],
    );
}

/// The market moves, and what the bot itself has subscribed to does not.
fn own_prices_stopped() -> String {
    let mut world = fleet();
    world.run("10:14:11 quote SPY 600.00 600.02");
    let ten = "2026-02-27T15:00:00Z".parse().unwrap();
    let instrument = InstrumentId::us_stock("SPY");
    world.feed(Event::Stream { link: LinkId(1), instrument, still_since: Some(ten) });
    world.run("10:14:12 trend BUY 100 SPY MKT")
}

#[test]
fn self_match_says_what_its_page_quotes() {
    page(
        include_str!("../../../../docs/guards/self_match.md"),
        &[fleet().run(
            "
            day 2026-11-18
            15:49:49 quote SPY 600.00 600.02
            15:49:50 trend BUY 100 SPY MOC
            15:49:51 revert SELL 40 SPY MOC
            ",
        )],
    );
}

#[test]
fn reconciled_says_what_its_page_quotes() {
    let mut read_only = fleet();
    read_only.read_only = true;
    page(
        include_str!("../../../../docs/guards/reconciled.md"),
        &[
            fleet().run(
                "
                10:00:00 quote SPY 600.00 600.02
                10:00:01 own down
                10:00:02 trend BUY 10 SPY MKT
                10:00:03 own up
                10:00:03 own answers positions
                10:00:03 trend BUY 20 SPY MKT
                ",
            ),
            fleet().run(
                "
                10:00:00 quote SPY 600.00 600.02
                10:00:00 venue holds DU1111111 SPY 40
                10:00:02 wake
                10:00:02 own answers
                10:00:03 trend BUY 1 SPY LMT 599.00
                ",
            ),
            fleet().run(
                "
                10:00:00 quote SPY 600.00 600.02
                10:00:01 disk slow
                10:00:01 trend BUY 10 SPY MKT
                10:00:02 own down
                10:00:02 own up
                10:00:02 own answers
                10:00:03 quote SPY 600.00 600.02
                10:00:03 disk done
                ",
            ),
            read_only.run("10:00:00 quote SPY 600.00 600.02\n10:00:01 trend BUY 10 SPY MKT"),
            fleet().run(
                "
                10:00:00 quote SPY 600.00 600.02
                10:00:01 trend BUY 10 SPY MKT id=1
                10:00:01 venue accepts trend 1
                10:00:01 venue fills trend 1 10 600.02
                10:00:02 venue holds DU1111111 SPY 0
                10:00:05 wake
                10:00:05 own answers
                10:00:06 accept DU1111111 SPY -10
                10:00:06 quote SPY 600.00 600.02
                10:00:06 trend SELL 10 SPY MKT id=2
                ",
            ),
        ],
    );
}

/// A contract of the index future that comes in three sizes.
fn dax(multiplier: Option<u32>) -> Contract {
    Contract {
        sec_type: SecType::Future,
        expiry: "20261218".into(),
        multiplier: multiplier.map(Decimal::from),
        exchange: "EUREX".into(),
        currency: "EUR".into(),
        ..Contract::stock("DAX", Currency::USD)
    }
}

/// `trend` trades the future that the file names, of which the broker knows these sizes.
fn with_a_future(named: Option<u32>, known: &[u32]) -> Script {
    let mut world = fleet();
    let contract = dax(named);
    world.config.bots[0].instruments.insert(InstrumentId::of(&contract).unwrap(), contract);
    world.answers = known.iter().map(|size| dax(Some(*size))).collect();
    world
}

#[test]
fn ownership_says_what_its_page_quotes() {
    let spy_alone = || {
        let mut world = fleet();
        world.config.bots[0].instruments.retain(|instrument, _| *instrument == InstrumentId::us_stock("SPY"));
        world
    };
    page(
        include_str!("../../../../docs/guards/ownership.md"),
        &[
            spy_alone().run("10:00:00 trend BUY 10 QQQ MKT"),
            spy_alone().run(
                "
                10:00:00 quote SPY 600.00 600.02
                10:00:01 trend BUY 10 SPY MKT conid=320227571
                ",
            ),
            with_a_future(Some(5), &[5]).run(
                "
                10:00:00 quote DAX.FUT.EUR.20261218 20000 20001
                10:00:01 trend BUY 1 DAX LMT 20000 sec=FUT expiry=20261218 cur=EUR exch=EUREX mult=25
                ",
            ),
            with_a_future(None, &[25, 5, 1]).run(
                "
                10:00:00 restart
                10:00:00 quote DAX.FUT.EUR.20261218 20000 20001
                10:00:01 trend BUY 1 DAX LMT 20000 sec=FUT expiry=20261218 cur=EUR exch=EUREX
                ",
            ),
            fleet().run(
                "
                10:00:00 quote SPY 500.00 500.02
                10:00:01 revert BUY 20 SPY LMT 490 account=DU1111111 oca=exit
                10:00:02 trend BUY 10 SPY LMT 490 oca=exit
                ",
            ),
        ],
    );
}

#[test]
fn supported_says_what_its_page_quotes() {
    page(
        include_str!("../../../../docs/guards/supported.md"),
        &[
            fleet().run(
                "
                10:00:00 quote SPY 600.00 600.02
                10:00:01 trend BUY 100 SPY MKT cash
                ",
            ),
            fleet().run(
                "
                10:00:00 quote SPY 600.00 600.02
                10:00:01 trend BUY 100 SPY LMT 590 id=7
                10:00:02 disk slow
                10:00:02 trend BUY 80 SPY LMT 591 id=7
                10:00:03 trend cancel 7
                10:00:04 disk done
                ",
            ),
            fleet().run(
                "
                10:00:00 quote SPY 600.00 600.02
                10:00:01 trend BUY 100 SPY VWAP
                ",
            ),
        ],
    );
}

#[test]
fn limits_says_what_its_page_quotes() {
    let limited = |rule: &str, orders: &str| {
        fleet().run(&format!("{rule}\n10:00:00 quote SPY 600.00 600.00\n{orders}"))
    };
    let small = "10:00:01 trend BUY 1 SPY LMT 599.00\n10:00:01 trend BUY 2 SPY LMT 599.00\n";
    page(
        include_str!("../../../../docs/guards/limits.md"),
        &[
            limited("limit qty 100", "10:00:01 trend BUY 101 SPY MKT"),
            limited("limit order 25000", "10:00:01 trend BUY 60 SPY MKT"),
            limited(
                "limit position 100000",
                "
                10:00:01 trend BUY 150 SPY LMT 599.00
                10:00:02 trend BUY 30 SPY MKT
                ",
            ),
            // The collar of 3 % is the default.
            limited("", "10:00:01 trend BUY 10 SPY LMT 660"),
            limited("limit rate 2", &format!("{small}10:00:02 trend BUY 3 SPY LMT 599.00")),
            limited(
                "limit loss 1000",
                "
                10:00:01 trend BUY 100 SPY MKT
                10:00:02 venue fills trend 1 100 600.00
                10:00:10 quote SPY 590.00 590.00
                10:00:11 trend BUY 10 SPY LMT 589.00
                ",
            ),
        ],
    );
}
