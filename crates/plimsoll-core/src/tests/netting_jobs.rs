//! A job's own on-close orders on a gateway that nets: they are held and added up like the bots', and whoever they are for
//! gets the shares. The market order in their place goes only when their part is proved dead.

use expect_test::{Expect, expect};

use super::closing;
use super::netting::books;
use super::script::Script;

/// A half day on which `trend` has bought 100 and `revert` wants 40 of the auction; the job closes `trend` at 12:49:55, and
/// what is held leaves at 12:49:57.
const DAY: &str = "
    nets
    day 2026-11-27
    10:00:00 quote SPY 600.00 600.02
    10:00:01 trend BUY 100 SPY MKT id=1
    10:00:02 venue fills trend 1 100 600.02
    12:45:00 quote SPY 600.00 600.02
    12:45:01 revert BUY 40 SPY MOC id=8
    12:49:50 quote SPY 600.00 600.02
";

#[track_caller]
fn check(script: &str, expect: &Expect) -> Script {
    let mut world = closing::world();
    world.run(DAY);
    expect.assert_eq(&world.run(script));
    world
}

#[test]
fn the_difference_to_another_bots_order_leaves_and_both_get_their_shares() {
    let mut world = check(
        "
        12:49:55 wake
        12:49:57 wake
        12:49:57.100 venue accepts own 100000001
        ",
        &expect![["
            12:49:55 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
            12:49:55 job flat: close_positions for trend on 2026-11-27, due at 2026-11-27T17:49:55Z, 0ms after it
            12:49:55 SPY-trend-20261127-2: held for the closing auction
            12:49:57 place 900 SELL 60 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000001
        "]],
    );
    let trace = world.run(
        "
        12:59:53 wake
        12:59:53.100 own answers
        12:59:58 wake
        12:59:58.100 own answers
        12:59:59.500 wake
        13:00:01 venue fills own 100000001 60 601.00
        13:00:02 venue tells DU1 SPY
        13:05:00 wake
        13:05:01 own answers
        ",
    );
    expect![["
        12:59:59.5 job flat: SPY-trend-20261127-2 works and takes part in the closing auction; no market order was sent for it
        13:00:01 tell revert order 8: BUY 40 at 601.00 (40 with other bots), 0 left: net.SPY-revert-20261127-1.1.01 of 0001.0002.01.01
        13:00:01 SPY-trend-20261127-2: SELL 100 at 601.00 (40 with other bots), 0 left: net.SPY-trend-20261127-2.1.01 of 0001.0002.01.01
        13:00:01 tell revert order 8: net.SPY-revert-20261127-1.1.01 costs 0.2857 USD
        13:00:01 SPY-trend-20261127-2: net.SPY-trend-20261127-2.1.01 costs 0.7143 USD
        13:05:01 job flat: SPY-trend-20261127-2 is over: 100 of 100 executed; trend holds 0 SPY
    "]].assert_eq(&trace);
    expect![["
        revert 40 fees 0.2857 USD
        trend 0 fees 1.7143 USD"]]
    .assert_eq(&books(&world).join("\n"));
    assert!(world.bridge.snapshot(world.now()).breaks.is_empty());
    // It is of another client, as a job's order is; and the order in which it left is nobody's.
    let link = plimsoll_model::LinkId(1);
    let executions = world.bridge.held_executions(world.now(), link);
    let told: Vec<_> = executions.iter().map(|(held, news, _)| format!("{} {news}", held.order_id)).collect();
    expect!["100000000 SELL 100 at 601.00 (40 with other bots), 0 left: net.SPY-trend-20261127-2.1.01 of 0001.0002.01.01"].assert_eq(&told.join("\n"));
}

#[test]
fn what_of_it_the_venue_did_not_take_goes_to_the_market_and_what_the_bots_trade_does_not() {
    check(
        "
        12:49:55 wake
        12:49:57 wake
        12:49:57.100 venue rejects own 100000001 201
        12:49:57.200 own answers
        12:59:53 wake
        12:59:53.100 own answers
        12:59:58 quote SPY 600.00 600.02
        12:59:58 wake
        12:59:58.100 own answers
        13:00:00 wake
        ",
        &expect![["
            12:49:55 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
            12:49:55 job flat: close_positions for trend on 2026-11-27, due at 2026-11-27T17:49:55Z, 0ms after it
            12:49:55 SPY-trend-20261127-2: held for the closing auction
            12:49:57 place 900 SELL 60 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000001
            12:49:57.1 notice broker error 201: x
            12:49:57.1 tell revert order 8: 40 meet orders of other bots at the official close, once it is known: the order that was sent for several bots is over (rejected)
            12:49:57.1 SPY-trend-20261127-2: 60 will not be executed; 40 meet orders of other bots at the official close, once it is known: the order that was sent for several bots is over (rejected)
            12:49:57.1 notice on-close orders of several bots in DU1 have met each other in SPY on 2026-11-27; they stay open until the venue's official close is known
            12:59:58.1 notice job flat: SPY-trend-20261127-2 is dead: market order SELL 60 SPY [SPY-trend-20261127-3] in its place
            12:59:58.1 place 900 SELL 60 SPY MKT for DU1 [SPY-trend-20261127-3] as order 100000002
        "]],
    );
}

#[test]
fn one_that_is_held_is_taken_back_by_a_halt_and_not_canceled_at_the_venue() {
    check(
        "
        12:49:55 wake
        12:49:56 halt all trend
        12:49:57 wake
        12:59:57 wake
        12:59:57.100 own answers
        12:59:58 wake
        ",
        &expect![["
            12:49:55 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
            12:49:55 job flat: close_positions for trend on 2026-11-27, due at 2026-11-27T17:49:55Z, 0ms after it
            12:49:55 SPY-trend-20261127-2: held for the closing auction
            12:49:56 notice SPY-trend-20261127-2: canceled with 100 left
            12:49:56 notice trend halted (all) by op: drill
            12:49:57 place 900 BUY 40 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000001
            12:59:58 notice job flat: SPY-trend-20261127-2 is dead, and SELL 100 SPY MKT was not placed: Plimsoll halt: halted (all) by op: drill; the position is open
        "]],
    );
}

#[test]
fn one_that_waited_for_the_disk_is_held_by_the_next_process() {
    let world = check(
        "
        12:49:55 disk slow
        12:49:55 wake
        12:49:56 restart
        12:49:56.500 quote SPY 600.00 600.02
        12:49:57 wake
        13:00:01 venue fills own 100000001 60 601.00
        ",
        &expect![["
            12:49:55 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
            12:49:55 job flat: close_positions for trend on 2026-11-27, due at 2026-11-27T17:49:55Z, 0ms after it
            12:49:56 notice reconciled: 2 open orders, 1 positions
            12:49:57 place 900 SELL 60 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000001
            13:00:01 tell revert order 8: BUY 40 at 601.00 (40 with other bots), 0 left: net.SPY-revert-20261127-1.1.01 of 0001.0002.01.01
            13:00:01 SPY-trend-20261127-2: SELL 100 at 601.00 (40 with other bots), 0 left: net.SPY-trend-20261127-2.1.01 of 0001.0002.01.01
            13:00:01 tell revert order 8: net.SPY-revert-20261127-1.1.01 costs 0.2857 USD
            13:00:01 SPY-trend-20261127-2: net.SPY-trend-20261127-2.1.01 costs 0.7143 USD
        "]],
    );
    expect![["
        revert 40 fees 0.2857 USD
        trend 0 fees 1.7143 USD"]]
    .assert_eq(&books(&world).join("\n"));
}

#[test]
fn one_that_comes_when_the_difference_has_left_is_denied() {
    check(
        "
        12:49:55 halt new_risk trend
        12:49:57 wake
        12:49:57.100 venue accepts own 100000001
        12:49:57.200 resume trend
        12:49:57.300 own places trend SELL 10 SPY MOC
        ",
        &expect![["
            12:49:55 notice trend halted (new_risk) by op: drill
            12:49:55 job flat: close_positions for trend on 2026-11-27, due at 2026-11-27T17:49:55Z, 0ms after it
            12:49:55 SPY-trend-20261127-2: held for the closing auction
            12:49:57 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
            12:49:57 place 900 SELL 60 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000001
            12:49:57.2 notice trend resumed by op: drill
            12:49:57.3 notice not placed: Plimsoll close_cutoff: the on-close orders of SPY of 2026-11-27 have left as one; this one comes too late
        "]],
    );
}

#[test]
fn a_part_of_an_order_that_the_venue_accepts_in_silence_is_not_proved_to_be_in_the_auction() {
    let world = check(
        "
        12:49:55 wake
        12:49:57 wake
        12:50:00 wake
        12:59:53 wake
        12:59:53.100 own answers
        12:59:58 quote SPY 600.00 600.02
        12:59:58 wake
        12:59:58.100 own answers
        12:59:59.500 wake
        ",
        &expect![["
            12:49:55 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
            12:49:55 job flat: close_positions for trend on 2026-11-27, due at 2026-11-27T17:49:55Z, 0ms after it
            12:49:55 SPY-trend-20261127-2: held for the closing auction
            12:49:57 place 900 SELL 60 SPY MOC for DU1 [SPY-plimsoll-20261127-1] as order 100000001
            12:59:59.5 notice job flat: SPY-trend-20261127-2 is not proved dead: the venue never named the order in which it left with others'; no market order was sent, because it could double the position; look at the broker
        "]],
    );
    let orders = world.bridge.snapshot(world.now()).orders;
    let shown = orders.iter().filter(|order| order.ord_type.as_ref() == "MOC");
    let shown: Vec<_> =
        shown.map(|order| format!("{} {}", order.cl_ord_id.as_ref().unwrap(), order.status)).collect();
    expect!["SPY-revert-20261127-1 pending_new, SPY-trend-20261127-2 pending_new, SPY-plimsoll-20261127-1 pending_new"].assert_eq(&shown.join(", "));
}

#[test]
fn its_executions_are_left_out_once_the_instrument_is_out_of_the_configuration() {
    let mut world = closing::world();
    world.run(DAY);
    world.run("12:49:55 wake\n12:49:57 wake\n12:49:57.100 venue accepts own 100000001");
    world.run("13:00:01 venue fills own 100000001 60 601.00\n13:00:02 venue tells DU1 SPY");
    assert_eq!(world.bridge.held_executions(world.now(), plimsoll_model::LinkId(1)).len(), 1);
    for bot in &mut world.config.bots {
        bot.instruments.remove(&plimsoll_model::InstrumentId::us_stock("SPY"));
    }
    world.run("13:01:00 restart\n13:01:01 trend arrives");
    let links = (1..=6).map(plimsoll_model::LinkId);
    let told: Vec<_> = links.flat_map(|link| world.bridge.held_executions(world.now(), link)).collect();
    let bots: Vec<_> = told.iter().map(|(held, _, _)| held.bot.as_str()).collect();
    assert_eq!(bots, ["revert"], "what a bot has ordered itself it is told in its own words");
}

/// The venue takes the order for all without a word, and then nobody remembers having asked.
const TAKEN_IN_SILENCE: &str = "
    12:49:55 wake
    12:49:57 wake
    12:49:57.100 venue forgets own 100000001
";

#[track_caller]
fn is_not_doubled(then: &str) -> Script {
    let mut world = closing::world();
    world.run(DAY);
    world.run(TAKEN_IN_SILENCE);
    let trace = world.run(then);
    let trace = trace
        + &world.run(
            "
            12:59:53 wake
            12:59:53.100 own answers
            12:59:57.900 quote SPY 600.00 600.02
            12:59:58 wake
            12:59:58.100 own answers
            12:59:59.500 wake
            ",
        );
    assert!(!trace.contains("MKT"), "no market order: {trace}");
    assert!(!trace.contains("will not be executed"), "nobody is told that it is dead: {trace}");
    assert!(trace.contains("is not proved dead"), "{trace}");
    world
}

#[test]
fn one_that_left_in_silence_is_not_doubled_after_a_restart() {
    is_not_doubled("12:51:00 restart\n12:51:01 quote SPY 600.00 600.02");
}

#[test]
fn one_that_left_in_silence_is_not_doubled_after_our_connection_was_lost() {
    is_not_doubled(
        "12:51:00 own down\n12:51:01 own up\n12:51:02 own answers\n12:51:03 quote SPY 600.00 600.02",
    );
}

#[test]
fn one_that_left_in_silence_and_is_named_nowhere_after_the_auction_ends_then() {
    let mut world = is_not_doubled("12:51:00 restart\n12:51:01 quote SPY 600.00 600.02");
    let trace = world.run("13:09:59 wake\n13:10:00 wake");
    let [before, after] = ["13:09:59", "13:10:00"]
        .map(|at| trace.lines().any(|line| line.starts_with(at) && line.contains("will not be executed")));
    assert!(!before && after, "{trace}");
}
