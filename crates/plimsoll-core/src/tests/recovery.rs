//! Restarts, lost connections, and the moments between the two judgements.

use expect_test::expect;

use plimsoll_model::{Account, ConId, Contract, Currency, Position, PositionReport, Report};

use super::check;
use super::script::Script;
use crate::recon::ReconState;
use crate::{Ask, DropCopy};

#[test]
fn an_order_is_judged_again_when_the_disk_is_done() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 disk slow
        10:00:01 trend BUY 100 SPY MKT
        10:00:02 halt new_risk
        10:00:03 disk done
        ",
        &expect![["
            10:00:02 notice fleet halted (new_risk) by op: drill
            10:00:03 deny 1 order 1: Plimsoll halt: halted (new_risk) by op: drill
        "]],
    );
}

#[test]
fn an_order_does_not_leave_on_another_connection_than_it_was_decided_for() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 disk slow
        10:00:01 trend BUY 100 SPY MKT
        10:00:02 own down
        10:00:02 own up
        10:00:02 own answers
        10:00:03 quote SPY 500.00 500.02
        10:00:03 disk done
        ",
        &expect![["
            10:00:02 notice reconciled: 1 open orders, 0 positions
            10:00:03 deny 1 order 1: Plimsoll reconciled: the connection that the order was decided for is gone
        "]],
    );
}

#[test]
fn a_cancel_overtakes_the_disk() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 disk slow
        10:00:01 trend BUY 100 SPY MKT id=5
        10:00:01.500 trend cancel 5
        10:00:02 disk done
        ",
        &expect![["
            10:00:01.5 canceled unsent 1 order 5
        "]],
    );
}

#[test]
fn after_a_crash_the_venue_says_what_became_of_an_order() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5
        10:00:02 trend BUY 50 SPY LMT 498.00 id=6
        10:00:02 venue forgets trend 6
        10:00:03 restart
        10:00:04 quote SPY 500.00 500.02
        10:00:05 trend BUY 10 SPY LMT 499.00 id=7
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:02 submit 1 BUY 50 SPY LMT 498.00 for DU1 [SPY-trend-20260227-2]
            10:00:03 notice SPY-trend-20260227-2 is not at the venue (was unknown)
            10:00:03 notice reconciled: 1 open orders, 0 positions
            10:00:05 submit 1 BUY 10 SPY LMT 499.00 for DU1 [SPY-trend-20260227-3]
        "]],
    );
}

#[test]
fn a_venue_that_copies_no_orders_to_us_is_found_out_and_asked_now_and_then() {
    let mut world = Script::new();
    let trace = world.run(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5
        10:00:02 venue accepts trend 5
        10:00:11.999 wake
        10:00:12 wake
        10:00:13 own answers
        10:00:14 wake
        ",
    );
    expect![["
        10:00:01 submit 1 BUY 100 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
        10:00:12 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
    "]]
    .assert_eq(&trace);
    assert_eq!(world.bridge.snapshot(world.now()).drop_copy, DropCopy::Absent);
    // Asked when the holdings and orders were settled at the start, and from then on once a minute.
    let asked = |world: &mut Script, script: &str| {
        world.asked.clear();
        world.run(script);
        world.asked.contains(&Ask::OpenOrders)
    };
    assert!(!asked(&mut world, "10:00:59 wake"));
    assert!(asked(&mut world, "10:01:12 wake"));
}

#[test]
fn an_order_that_shows_up_by_itself_on_our_own_connection_proves_the_copy() {
    let mut world = Script::new();
    world.run(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5
        10:00:02 venue accepts trend 5
        10:00:03 venue manual 77 BUY 40 SPY LMT 490.00
        10:00:12 wake
        ",
    );
    assert_eq!(world.bridge.snapshot(world.now()).drop_copy, DropCopy::Live);
}

#[test]
fn what_the_venue_repeats_to_a_bot_owes_us_no_copy_and_the_next_news_does() {
    let mut world = Script::new();
    let trace = world.run(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5 tif=GTC
        10:00:02 venue accepts trend 5
        10:00:05 restart
        10:00:05 own answers
        10:00:06 trend arrives
        10:00:07 venue accepts trend 5
        10:00:17 wake
        10:00:30 wake
        ",
    );
    assert!(!trace.contains("Master API client"), "{trace}");
    assert_eq!(world.bridge.snapshot(world.now()).drop_copy, DropCopy::Unknown);
    let trace = world.run("10:00:31 venue fills trend 5 40 499.00\n10:00:41 wake");
    assert!(trace.contains("Master API client"), "{trace}");
}

#[test]
fn an_answer_to_a_question_of_ours_is_no_copy() {
    let mut world = Script::new();
    world.run(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5
        10:00:02 venue accepts trend 5
        10:00:03 trend leaves
        10:00:04 own answers
        ",
    );
    assert_eq!(world.bridge.snapshot(world.now()).drop_copy, DropCopy::Unknown);
}

#[test]
fn a_holding_that_nothing_explains_is_foreign_and_adopted_by_nobody() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 venue holds DU1 SPY 40
        10:00:03 wake
        10:00:03 own answers
        10:00:04 quote SPY 500.00 500.02
        10:00:04 trend SELL 41 SPY MKT
        ",
        &expect![["
            10:00:03 notice DU1 SPY: the broker holds 40, our executions 0; 40 is foreign and shown to no bot as its own; no new risk in it before that is explained, or accepted with `plimsoll accept DU1 SPY`
            10:00:04 deny 1 order 1: Plimsoll reconciled: the broker's SPY in DU1 is explained by no execution; see `plimsoll breaks`, and `plimsoll accept` if the broker is right
        "]],
    );
}

#[test]
fn what_a_person_has_closed_by_hand_is_not_closed_again() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY MKT id=1
        10:00:01 venue accepts trend 1
        10:00:01 venue fills trend 1 10 500.02
        10:00:01 venue holds DU1 SPY 10
        10:00:02 venue holds DU1 SPY 4
        10:00:05 wake
        10:00:05 own answers
        10:00:06 accept DU1 SPY -6
        10:00:06 quote SPY 500.00 500.02
        10:00:06 trend SELL 5 SPY MKT id=2
        10:00:07 trend SELL 4 SPY MKT id=3
        ",
        &expect![["
            10:00:01 submit 1 BUY 10 SPY MKT for DU1 [SPY-trend-20260227-1]
            10:00:05 notice DU1 SPY: the broker holds 4, our executions 10; -6 is foreign and shown to no bot as its own; no new risk in it before that is explained, or accepted with `plimsoll accept DU1 SPY`
            10:00:06 notice DU1 SPY: a difference of -6 was accepted by op: split
            10:00:06 deny 1 order 2: Plimsoll reconciled: the bot's 10 SPY were met in DU1 by -6 that no bot traded; this would reverse the account's holding
            10:00:07 submit 1 SELL 4 SPY MKT for DU1 [SPY-trend-20260227-3]
        "]],
    );
}

#[test]
fn an_answer_that_is_lost_is_asked_for_again_and_holds_nobody_up_for_ever() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 own down
        10:00:02 own up
        10:00:31 wake
        10:00:32 wake
        10:00:33 own answers
        10:00:34 quote SPY 500.00 500.02
        10:00:34 trend BUY 10 SPY MKT
        ",
        &expect![["
            10:00:32 notice the broker owes an answer about positions; asked again
            10:00:33 notice reconciled: 0 open orders, 0 positions
            10:00:34 submit 1 BUY 10 SPY MKT for DU1 [SPY-trend-20260227-1]
        "]],
    );
}

#[test]
fn a_lost_journal_is_noticed_by_what_the_broker_shows_and_a_person_has_to_resume() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY LMT 499.00 id=5
        10:00:02 venue accepts trend 5
        10:00:03 journal lost
        10:00:04 quote SPY 500.00 500.02
        10:00:05 trend BUY 10 SPY LMT 498.00 id=6
        10:00:06 resume
        10:00:07 trend BUY 10 SPY LMT 498.00 id=7
        ",
        &expect![["
            10:00:01 submit 1 BUY 10 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:03 notice fleet halted (new_risk) by plimsoll: the broker shows orders of ours that the journal does not know; was it deleted?
            10:00:03 notice reconciled: 1 open orders, 0 positions
            10:00:05 deny 1 order 6: Plimsoll halt: halted (new_risk) by plimsoll: the broker shows orders of ours that the journal does not know; was it deleted?
            10:00:06 notice fleet resumed by op: drill
            10:00:07 submit 1 BUY 10 SPY LMT 498.00 for DU1 [SPY-trend-20260227-3]
        "]],
    );
}

#[test]
fn a_holding_of_another_contract_under_our_name_is_named_and_not_taken_for_ours() {
    let mut world = Script::new();
    world.run("10:00:00 quote SPY 500.00 500.02");
    let contract = Contract { con_id: Some(ConId(999)), ..Contract::stock("SPY", Currency::USD) };
    let position = Position::parse("40").unwrap();
    let account = Account::new("DU1").unwrap();
    let line = PositionReport { account, contract, position, avg_cost: None };
    world.own(Report::Position(Box::new(line)));
    // Were it taken for SPY, the next answers would adopt it as a foreign holding.
    let trace = world.run("10:00:05 wake\n10:00:05 own answers");
    let now = world.now();
    assert!(world.bridge.snapshot(now).positions.is_empty(), "{trace}");
    assert!(world.bridge.snapshot(now).breaks.is_empty(), "{trace}");
}

#[test]
fn a_read_only_api_ends_the_round_denies_orders_and_is_noticed_when_it_is_none_any_more() {
    let mut world = Script::new();
    world.read_only = true;
    let trace = world.run(
        "
        10:00:00 restart
        10:00:00 own answers
        10:00:01 quote SPY 500.00 500.02
        10:00:03 trend BUY 10 SPY MKT
        10:01:00 wake
        10:01:00 own answers
        10:01:01 quote SPY 500.00 500.02
        10:01:02 trend BUY 11 SPY MKT
        ",
    );
    expect![["
        10:00:00 notice the broker's API is read-only, so every order is denied; to trade, untick Read-Only API in TWS (Global Configuration) or Gateway (Configure, Settings) under API, Settings
        10:00:00 notice reconciled: 0 open orders, 0 positions
        10:00:03 deny 1 order 1: Plimsoll reconciled: the broker's API is read-only; untick that in the API settings of TWS
        10:01:02 deny 1 order 2: Plimsoll reconciled: the broker's API is read-only; untick that in the API settings of TWS
    "]].assert_eq(&trace);
    assert_eq!(world.bridge.state_word(), "read_only");
    world.read_only = false;
    let trace = world.run(
        "
        10:02:00 wake
        10:02:00 own answers
        10:02:01 quote SPY 500.00 500.02
        10:02:02 trend BUY 12 SPY MKT
        ",
    );
    expect![["
        10:02:00 notice the broker's API takes orders again
        10:02:02 submit 1 BUY 12 SPY MKT for DU1 [SPY-trend-20260227-3]
    "]]
    .assert_eq(&trace);
    assert_eq!(world.bridge.state_word(), "armed");
}

#[test]
fn our_own_connection_that_missed_the_word_that_the_broker_is_back_asks_anew_by_what_others_heard() {
    let mut world = Script::new();
    let state = |world: &Script| world.bridge.snapshot(world.now()).recon;
    world.run("10:00:00 own error 1100\n10:00:01 venue errs trend 0 1100\n10:01:00 wake");
    assert_eq!(state(&world), ReconState::Down);
    world.asked.clear();
    // It may hear it a moment later.
    world.run("10:01:01 venue errs trend 0 1102\n10:01:05.999 wake");
    assert!(world.asked.is_empty() && state(&world) == ReconState::Down, "{:?}", world.asked);
    world.run("10:01:06 wake");
    assert!(
        world.asked.contains(&Ask::OpenOrders) && world.asked.contains(&Ask::Positions),
        "{:?}",
        world.asked
    );
    assert!(
        !world.asked.iter().any(|ask| matches!(ask, Ask::Quotes { .. })),
        "prices go on: {:?}",
        world.asked
    );
    world.run("10:01:07 own answers");
    assert_eq!(state(&world), ReconState::Done);
}

#[test]
fn a_broker_that_is_out_of_reach_again_is_not_taken_for_back() {
    let mut world = Script::new();
    world.run("10:00:00 own error 1100\n10:01:01 venue errs trend 0 1101\n10:01:03 venue errs trend 0 1100");
    world.asked.clear();
    world.run("10:01:06 wake\n10:02:00 wake");
    assert!(world.asked.is_empty(), "{:?}", world.asked);
    world.run("10:02:01 venue errs trend 0 1101\n10:02:06 wake");
    assert!(
        world.asked.iter().any(|ask| matches!(ask, Ask::Quotes { .. })),
        "prices are gone: {:?}",
        world.asked
    );
}
