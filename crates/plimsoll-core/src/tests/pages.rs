//! The denials that the guards' pages quote, against what the guards print.
//!
//! Each test plays a page's examples; a page that quotes another text, or one more, or one less, fails. Not
//! here: reconciled, ownership and supported, whose examples need a broker that fails or answers otherwise,
//! and limits, whose page shortens them.

use plimsoll_model::{Account, Contract, Currency, InstrumentId, SecType};

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
            with_a_currency().run(
                "
                10:00:00 quote EUR.CASH.USD 1.10 1.11
                10:00:01 trend SELL 20000 EUR MOC sec=CASH exch=IDEALPRO
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
            fleet().run("10:00:00 trend BUY 100 SPY MKT"),
        ],
    );
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
