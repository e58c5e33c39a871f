//! Positions closed in the auction where something else goes on: orders that are netted, clocks that are set, a person who
//! trades by hand, a slow disk.

use plimsoll_model::{Account, BotName, InstrumentId};

use super::closing::world;
use super::script::Script;

/// The orders and cancels of what was done.
#[track_caller]
fn orders_of(world: &mut Script, script: &str) -> Vec<String> {
    let all = world.run(script);
    all.lines()
        .filter(|line| line.contains("place ") || line.contains("cancel "))
        .map(ToOwned::to_owned)
        .collect()
}

const NONE: [String; 0] = [];

const HELD: &str = "
    nets
    day 2026-11-27
    10:00:00 quote SPY 500.00 500.02
    10:00:01 trend BUY 100 SPY MKT id=1
    10:00:02 venue fills trend 1 100 500.02
    12:45:00 quote SPY 500.00 500.02
    12:45:01 trend SELL 100 SPY MOC id=5
    12:49:54 quote SPY 500.00 500.02
    12:49:55 wake
    12:49:57 wake
    12:49:57.100 venue accepts own 100000000
";

#[test]
fn a_bot_s_netted_order_is_in_the_auction_though_the_venue_never_knew_it() {
    let mut world = world();
    world.run(HELD);
    let after = orders_of(
        &mut world,
        "
        12:59:50 quote SPY 500.00 500.02
        12:59:53 wake
        12:59:53.100 own answers
        12:59:58 wake
        12:59:58.100 own answers
        12:59:59.500 wake
        13:00:02 venue fills own 100000000 100 501.00
        13:05:00 wake
        13:05:01 own answers
        ",
    );
    assert_eq!(after, NONE);
    let trend = BotName::new("trend").unwrap();
    let (account, spy) = (Account::new("DU1").unwrap(), InstrumentId::us_stock("SPY"));
    assert!(world.bridge.ledger.bot_position(&trend, &account, &spy).is_zero());
}

#[test]
fn a_netted_order_that_the_venue_cancels_gets_one_market_order() {
    let mut world = world();
    world.run(HELD);
    let after = orders_of(
        &mut world,
        "
        12:51:00 venue cancels own 100000000
        12:59:50 quote SPY 500.00 500.02
        12:59:53 wake
        12:59:53.100 own answers
        12:59:57 wake
        12:59:57.100 own answers
        12:59:58 wake
        12:59:58.100 own answers
        12:59:59.500 wake
        ",
    );
    assert!(after.len() == 1 && after[0].contains("place 900 SELL 100 SPY MKT"), "{after:?}");
}

const REFUSED: &str = "
    day 2026-11-27
    10:00:00 quote SPY 500.00 500.02
    10:00:01 trend BUY 100 SPY MKT id=1
    10:00:02 venue fills trend 1 100 500.02
    12:49:54 quote SPY 500.00 500.02
    12:49:55 wake
    12:49:55.200 venue accepts own 100000000
    12:51:00 venue cancels own 100000000
";

#[test]
fn what_a_person_has_sold_by_hand_is_not_sold_again() {
    let mut world = world();
    world.run(REFUSED);
    let after = orders_of(
        &mut world,
        "
        12:54:00 venue holds DU1 SPY 0
        12:55:00 own answers
        12:56:00 wake
        12:56:01 own answers
        12:58:00 wake
        12:58:01 own answers
        12:59:50 quote SPY 500.00 500.02
        12:59:53 wake
        12:59:53.100 own answers
        12:59:58 wake
        12:59:58.100 own answers
        ",
    );
    assert_eq!(after, NONE);
}

#[test]
fn a_market_order_that_the_disk_keeps_until_the_close_stays_here() {
    for mode in ["", "observe"] {
        for done in ["12:59:59.900", "13:00:00.500", "13:00:04"] {
            let mut world = world();
            world.run(&format!("{mode}{REFUSED}"));
            let script = format!(
                "
                12:59:50 quote SPY 500.00 500.02
                12:59:57 wake
                12:59:57.100 own answers
                12:59:57.200 disk slow
                12:59:58 wake
                {done} disk done
                "
            );
            assert_eq!(orders_of(&mut world, &script), NONE, "{mode} {done}");
        }
    }
}

#[test]
fn observe_mode_does_not_send_an_order_of_our_own_after_the_cutoff() {
    let mut world = world();
    let after = orders_of(
        &mut world,
        "
        observe
        day 2026-11-27
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY MKT id=1
        10:00:02 venue fills trend 1 100 500.02
        12:49:54 quote SPY 500.00 500.02
        12:49:54 disk slow
        12:49:55 wake
        12:50:05 disk done
        ",
    );
    assert!(!after.iter().any(|line| line.contains("MOC")), "{after:?}");
}

#[test]
fn a_clock_that_is_set_ends_no_fallback_before_somebody_says_how_it_was_set() {
    let mut world = world();
    let all = world.run(
        "
        day 2026-11-27
        10:00:00 clock watched 1000
        10:00:00 clock hears a 0 4
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY MKT id=1
        10:00:02 venue fills trend 1 100 500.02
        12:49:54 clock hears a 0 4
        12:49:54 quote SPY 500.00 500.02
        12:49:55 wake
        12:49:55.200 venue accepts own 100000000
        12:51:00 venue cancels own 100000000
        12:52:00 clock hears a 0 4
        12:52:01 clock set 14400000
        12:52:01.100 wake
        12:52:01.500 clock stepped 14400000
        12:52:02 clock hears a -14400000 4
        12:59:50 clock hears a -14400000 4
        12:59:53 wake
        12:59:53.100 own answers
        12:59:57 quote SPY 500.00 500.02
        12:59:58 wake
        12:59:58.100 own answers
        ",
    );
    assert!(all.contains("place 900 SELL 100 SPY MKT"), "{all}");
}

#[test]
fn a_take_profit_that_works_is_named_because_it_keeps_the_position_open() {
    let mut world = world();
    let all = world.run(
        "
        day 2026-11-27
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY MKT id=1
        10:00:02 venue fills trend 1 100 500.02
        10:01:02 trend SELL 100 SPY LMT 510.00 id=2
        10:01:03 venue accepts trend 2
        12:49:54 quote SPY 500.00 500.02
        12:49:55 wake
        ",
    );
    assert!(all.contains("is not closed") && all.contains("cancel_orders"), "{all}");
}

/// Whoever is flat but for a dead on-close order, on a connection that has gone silent.
#[test]
fn no_market_order_leaves_on_a_connection_that_has_gone_silent() {
    let mut world = world();
    world.run(REFUSED);
    let all = world.run(
        "
        12:59:50 quote SPY 500.00 500.02
        12:59:53 wake
        12:59:53.100 own answers
        12:59:57 wake
        12:59:58 wake
        12:59:59 wake
        ",
    );
    assert!(!all.contains("place 900"), "{all}");
    assert!(all.contains("did not answer what was asked just before the close"), "{all}");
}

#[test]
fn answers_from_before_the_broker_was_out_of_reach_let_no_market_order_go() {
    // TWS answers by what it remembers while it has no server, and keeps what it is sent.
    let back = "12:59:58.300 venue errs trend 0 1102\n12:59:58.400 wake\n12:59:58.700 own answers";
    for (script, places) in [("", 0), ("12:59:58.700 own answers", 0), (back, 1)] {
        let mut world = world();
        world.run(REFUSED);
        let after = orders_of(
            &mut world,
            &format!(
                "
                12:59:50 quote SPY 500.00 500.02
                12:59:57 wake
                12:59:57.100 own answers
                12:59:57.300 venue errs trend 0 1100
                12:59:58 wake
                {script}
                "
            ),
        );
        assert_eq!(after.len(), places, "{after:?}");
    }
}
