//! Positions closed in the auction, and the market order that stands in for an on-close order that is proved dead.

use expect_test::{Expect, expect};
use jiff::SignedDuration;
use plimsoll_calendar::{AnchorKind, Listing, Policy};
use plimsoll_model::BotName;

use super::script::Script;
use crate::schedule::{Action, HalfDays, Job, JobName, Missed, Place, Timing, When};

/// `at = "moc_entry - 5s"`, `fallback = { at = "close - 2s", do = "market" }`, for `trend`.
pub(super) fn world() -> Script {
    let before =
        |kind, secs: i64| When::Anchor { place: None, kind, offset: SignedDuration::from_secs(-secs) };
    let mut world = Script::new();
    world.config.jobs = vec![Job {
        name: JobName::new("flat").unwrap(),
        bot: BotName::new("trend"),
        timing: Timing {
            place: Place { calendar: "XNYS".into(), listing: Listing::Arca },
            at: before(AnchorKind::MocEntry, 5),
            until: None,
            half_days: HalfDays::Run,
            policy: Policy::COMPATIBLE,
            missed: Missed::Alert,
        },
        action: Action::ClosePositions { fallback: Some(before(AnchorKind::Close, 2)) },
        require: Vec::new(),
    }];
    world
}

/// A half day on which `trend` has bought 100; then the script.
#[track_caller]
fn check(script: &str, expect: &Expect) {
    let mut world = world();
    world.run(
        "
        day 2026-11-27
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY MKT id=1
        10:00:02 venue fills trend 1 100 500.02
        ",
    );
    expect.assert_eq(&world.run(script));
}

#[test]
fn a_position_is_closed_in_the_auction_and_an_order_that_works_is_left_to_it() {
    check(
        "
        12:49:55 wake
        12:49:55.200 venue accepts own 100000000
        12:59:53 wake
        12:59:53.100 own answers
        12:59:57 wake
        12:59:57.100 own answers
        12:59:58 wake
        12:59:58.100 own answers
        12:59:59.500 wake
        13:00:02 venue fills own 100000000 100 501.00
        13:05:00 wake
        13:05:01 own answers
        ",
        &expect![[r"
            12:49:55 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
            12:49:55 job flat: close_positions for trend on 2026-11-27, due at 2026-11-27T17:49:55Z, 0ms after it
            12:49:55 place 900 SELL 100 SPY MOC for DU1 [SPY-trend-20261127-2] as order 100000000
            12:59:59.5 job flat: SPY-trend-20261127-2 works and takes part in the closing auction; no market order was sent for it
            13:05:01 job flat: SPY-trend-20261127-2 is over: 100 of 100 executed; trend holds 0 SPY
        "]],
    );
}

#[test]
fn an_order_that_the_venue_canceled_is_replaced_by_a_market_order_once() {
    check(
        "
        12:49:55 wake
        12:49:55.200 venue accepts own 100000000
        12:51:00 venue cancels own 100000000
        12:59:53 wake
        12:59:53.100 own answers
        12:59:57 wake
        12:59:57.100 own answers
        12:59:58 wake
        12:59:58.100 venue fills own 100000001 100 501.00
        12:59:58.200 wake
        13:05:00 wake
        13:05:01 own answers
        ",
        &expect![[r"
            12:49:55 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
            12:49:55 job flat: close_positions for trend on 2026-11-27, due at 2026-11-27T17:49:55Z, 0ms after it
            12:49:55 place 900 SELL 100 SPY MOC for DU1 [SPY-trend-20261127-2] as order 100000000
            12:51:00 notice broker error 202: Order Canceled
            12:59:58 notice job flat: SPY-trend-20261127-2 is dead: market order SELL 100 SPY [SPY-trend-20261127-3] in its place
            12:59:58 place 900 SELL 100 SPY MKT for DU1 [SPY-trend-20261127-3] as order 100000001
            13:05:01 job flat: SPY-trend-20261127-2 is over: 0 of 100 executed; trend holds 0 SPY
        "]],
    );
}

#[test]
fn only_what_was_not_executed_is_sent_to_the_market() {
    check(
        "
        12:49:55 wake
        12:49:55.200 venue accepts own 100000000
        12:55:00 venue fills own 100000000 30 501.00
        12:56:00 venue cancels own 100000000
        12:59:57 wake
        12:59:57.100 own answers
        12:59:58 wake
        ",
        &expect![[r"
            12:49:55 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
            12:49:55 job flat: close_positions for trend on 2026-11-27, due at 2026-11-27T17:49:55Z, 0ms after it
            12:49:55 place 900 SELL 100 SPY MOC for DU1 [SPY-trend-20261127-2] as order 100000000
            12:56:00 notice broker error 202: Order Canceled
            12:59:58 notice job flat: SPY-trend-20261127-2 is dead: market order SELL 70 SPY [SPY-trend-20261127-3] in its place
            12:59:58 place 900 SELL 70 SPY MKT for DU1 [SPY-trend-20261127-3] as order 100000001
        "]],
    );
}

#[test]
fn an_order_that_stays_silent_is_canceled_and_nothing_is_sent_without_an_answer() {
    check(
        "
        12:49:55 wake
        12:49:56 venue forgets own 100000000
        12:59:53 wake
        12:59:53.100 own answers
        12:59:57 wake
        12:59:57.100 own answers
        12:59:58 wake
        12:59:58.100 own answers
        13:00:00 wake
        ",
        &expect![[r"
            12:49:55 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
            12:49:55 job flat: close_positions for trend on 2026-11-27, due at 2026-11-27T17:49:55Z, 0ms after it
            12:49:55 place 900 SELL 100 SPY MOC for DU1 [SPY-trend-20261127-2] as order 100000000
            12:59:53.1 cancel 900 order 100000000
            13:00:00 notice job flat: SPY-trend-20261127-2 is not proved dead: the venue never named it, and no cancel of it was confirmed; no market order was sent, because it could double the position; look at the broker
        "]],
    );
}

#[test]
fn an_order_once_seen_open_and_then_lost_is_proved_dead_by_fresh_answers() {
    check(
        "
        12:49:55 wake
        12:49:55.200 venue accepts own 100000000
        12:51:00 venue forgets own 100000000
        12:59:53 wake
        12:59:53.100 own answers
        12:59:57 wake
        12:59:57.100 own answers
        12:59:58 wake
        ",
        &expect![[r"
            12:49:55 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
            12:49:55 job flat: close_positions for trend on 2026-11-27, due at 2026-11-27T17:49:55Z, 0ms after it
            12:49:55 place 900 SELL 100 SPY MOC for DU1 [SPY-trend-20261127-2] as order 100000000
            12:59:53.1 notice SPY-trend-20261127-2 is not at the venue (was new)
            12:59:58 notice job flat: SPY-trend-20261127-2 is dead: market order SELL 100 SPY [SPY-trend-20261127-3] in its place
            12:59:58 place 900 SELL 100 SPY MKT for DU1 [SPY-trend-20261127-3] as order 100000001
        "]],
    );
}

#[test]
fn while_our_own_connection_is_down_nothing_is_sent_and_a_person_is_told() {
    check(
        "
        12:49:55 wake
        12:49:55.200 venue accepts own 100000000
        12:59:50 own down
        12:59:53 wake
        12:59:53.100 own answers
        12:59:57 wake
        12:59:57.100 own answers
        12:59:58 wake
        13:00:00 wake
        ",
        &expect![[r"
            12:49:55 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
            12:49:55 job flat: close_positions for trend on 2026-11-27, due at 2026-11-27T17:49:55Z, 0ms after it
            12:49:55 place 900 SELL 100 SPY MOC for DU1 [SPY-trend-20261127-2] as order 100000000
            13:00:00 notice job flat: SPY-trend-20261127-2 is not proved dead: the venue did not answer what has become of it; no market order was sent, because it could double the position; look at the broker
        "]],
    );
}

#[test]
fn an_on_close_order_that_was_too_late_goes_to_the_market() {
    check(
        "
        12:49:55 disk slow
        12:49:55 wake
        12:49:59.500 disk done
        12:59:53 wake
        12:59:53.100 own answers
        12:59:57 wake
        12:59:57.100 own answers
        12:59:58 wake
        ",
        &expect![[r"
            12:49:55 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
            12:49:55 job flat: close_positions for trend on 2026-11-27, due at 2026-11-27T17:49:55Z, 0ms after it
            12:49:59.5 notice our own order SELL 100 SPY MOC [SPY-trend-20261127-2] was not sent: Plimsoll close_cutoff: on-close orders of SPY have to be in by 2026-11-27 12:50:00 America/New_York (close - 10m) and this one could come late: time is known to 0ms, the venue answers within 1s
            12:59:58 notice job flat: SPY-trend-20261127-2 is dead: market order SELL 100 SPY [SPY-trend-20261127-3] in its place
            12:59:58 place 900 SELL 100 SPY MKT for DU1 [SPY-trend-20261127-3] as order 100000001
        "]],
    );
}

#[test]
fn a_restart_between_order_and_fallback_changes_nothing() {
    check(
        "
        12:49:55 wake
        12:49:55.200 venue accepts own 100000000
        12:50:30 restart
        12:59:53 wake
        12:59:53.100 own answers
        12:59:54 venue cancels own 100000000
        12:59:55 restart
        12:59:57 wake
        12:59:57.100 own answers
        12:59:58 wake
        12:59:58.200 restart
        12:59:58.300 own answers
        12:59:58.600 wake
        ",
        &expect![[r"
            12:49:55 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
            12:49:55 job flat: close_positions for trend on 2026-11-27, due at 2026-11-27T17:49:55Z, 0ms after it
            12:49:55 place 900 SELL 100 SPY MOC for DU1 [SPY-trend-20261127-2] as order 100000000
            12:50:30 notice reconciled: 1 open orders, 1 positions
            12:59:54 notice broker error 202: Order Canceled
            12:59:55 notice reconciled: 0 open orders, 1 positions
            12:59:58 notice job flat: SPY-trend-20261127-2 is dead: market order SELL 100 SPY [SPY-trend-20261127-3] in its place
            12:59:58 place 900 SELL 100 SPY MKT for DU1 [SPY-trend-20261127-3] as order 100000001
            12:59:58.2 notice reconciled: 1 open orders, 1 positions
        "]],
    );
}

#[test]
fn a_kill_before_the_disk_has_the_order_makes_it_unknown_and_no_second_one_is_sent() {
    check(
        "
        12:49:55 disk slow
        12:49:55 wake
        12:49:56 restart
        12:59:53 wake
        12:59:53.100 own answers
        12:59:57 wake
        12:59:57.100 own answers
        12:59:58 wake
        12:59:58.100 own answers
        13:00:00 wake
        ",
        &expect![[r"
            12:49:55 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
            12:49:55 job flat: close_positions for trend on 2026-11-27, due at 2026-11-27T17:49:55Z, 0ms after it
            12:49:56 notice SPY-trend-20261127-2 is not at the venue (was unknown)
            12:49:56 notice reconciled: 0 open orders, 1 positions
            12:59:53.1 cancel 900 order 100000000
            13:00:00 notice job flat: SPY-trend-20261127-2 is not proved dead: the venue never named it, and no cancel of it was confirmed; no market order was sent, because it could double the position; look at the broker
        "]],
    );
}

#[test]
fn a_bots_own_on_close_order_is_followed_and_not_doubled() {
    check(
        "
        12:40:00 trend SELL 100 SPY MOC id=2
        12:40:01 venue accepts trend 2
        12:49:55 wake
        12:51:00 venue cancels trend 2
        12:59:57 wake
        12:59:57.100 own answers
        12:59:58 wake
        ",
        &expect![[r"
            12:40:00 submit 1 SELL 100 SPY MOC for DU1 [SPY-trend-20261127-2]
            12:49:55 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
            12:49:55 job flat: close_positions for trend on 2026-11-27, due at 2026-11-27T17:49:55Z, 0ms after it
            12:49:55 job flat: trend closes 100 SPY of DU1 already: SPY-trend-20261127-2
            12:59:58 notice job flat: SPY-trend-20261127-2 is dead: market order SELL 100 SPY [SPY-trend-20261127-3] in its place
            12:59:58 place 900 SELL 100 SPY MKT for DU1 [SPY-trend-20261127-3] as order 100000000
        "]],
    );
}

#[test]
fn what_another_order_of_the_bot_may_close_is_not_closed_twice() {
    check(
        "
        12:40:00 trend SELL 40 SPY LMT 510.00 id=2
        12:40:01 venue accepts trend 2
        12:49:55 wake
        ",
        &expect![[r"
            12:40:00 submit 1 SELL 40 SPY LMT 510.00 for DU1 [SPY-trend-20261127-2]
            12:49:55 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
            12:49:55 job flat: close_positions for trend on 2026-11-27, due at 2026-11-27T17:49:55Z, 0ms after it
            12:49:55 place 900 SELL 60 SPY MOC for DU1 [SPY-trend-20261127-3] as order 100000000
        "]],
    );
}

#[test]
fn what_the_bot_has_closed_itself_needs_no_market_order() {
    check(
        "
        12:49:55 wake
        12:49:55.200 venue accepts own 100000000
        12:51:00 venue cancels own 100000000
        12:52:00 quote SPY 500.00 500.02
        12:52:00 trend SELL 100 SPY MKT id=2
        12:52:01 venue fills trend 2 100 500.00
        12:59:57 wake
        12:59:57.100 own answers
        12:59:58 wake
        ",
        &expect![[r"
            12:49:55 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
            12:49:55 job flat: close_positions for trend on 2026-11-27, due at 2026-11-27T17:49:55Z, 0ms after it
            12:49:55 place 900 SELL 100 SPY MOC for DU1 [SPY-trend-20261127-2] as order 100000000
            12:51:00 notice broker error 202: Order Canceled
            12:52:00 submit 1 SELL 100 SPY MKT for DU1 [SPY-trend-20261127-3]
            12:59:58 notice job flat: SPY-trend-20261127-2 is dead, and trend needs no market order for it: it holds 0 SPY
        "]],
    );
}

#[test]
fn who_is_flat_has_nothing_closed() {
    expect![[r"
        15:49:55 job flat: close_positions for trend on 2026-02-27, due at 2026-02-27T20:49:55Z, 0ms after it
        15:49:55 job flat: trend holds nothing, so nothing is closed
    "]]
    .assert_eq(&world().run("15:49:55 wake"));
}
