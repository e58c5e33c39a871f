//! Differences between the broker's holdings and our executions: which of them are foreign holdings, and which
//! only a moment in which one side has spoken and the other has not.

use expect_test::expect;
use plimsoll_model::{
    Account, Contract, Currency, InstrumentId, Position, PositionReport, Price, Report, SecType,
};
use rust_decimal::Decimal;

use super::check;
use super::script::Script;

#[test]
fn an_execution_whose_position_line_is_late_is_no_foreign_holding() {
    let mut world = Script::new();
    let trace = world.run(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:00 venue holds DU1 SPY 0
        10:00:01 trend BUY 100 SPY LMT 500.02 id=5
        10:00:02 venue accepts trend 5
        10:00:03 wake
        10:00:03.100 venue fills trend 5 100 500.02
        10:00:03.200 own answers
        10:00:03.300 trend SELL 100 SPY LMT 500.03 id=6
        10:00:03.400 halt new_risk
        10:00:03.500 trend BUY 1 SPY LMT 499.00 id=7
        10:00:04 venue tells DU1 SPY
        ",
    );
    // The sale closes what the bot holds, whatever the broker's list of holdings still said at that instant.
    expect![["
        10:00:01 submit 1 BUY 100 SPY LMT 500.02 for DU1 [SPY-trend-20260227-1]
        10:00:03.3 submit 1 SELL 100 SPY LMT 500.03 for DU1 [SPY-trend-20260227-2]
        10:00:03.4 notice fleet halted (new_risk) by op: drill
        10:00:03.5 deny 1 order 7: Plimsoll halt: halted (new_risk) by op: drill
    "]]
    .assert_eq(&trace);
    let snapshot = world.bridge.snapshot(world.now());
    assert!(snapshot.breaks.is_empty());
    assert_eq!(snapshot.positions.len(), 1, "nothing foreign: {:?}", snapshot.positions);
}

#[test]
fn a_gap_that_lasted_is_foreign_and_a_fresh_one_beside_it_is_not() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:00 venue holds DU1 SPY 0
        10:00:00 venue holds DU1 QQQ 40
        10:00:01 trend BUY 100 SPY LMT 500.02 id=5
        10:00:02 wake
        10:00:02.100 venue fills trend 5 100 500.02
        10:00:02.200 own answers
        10:00:02.300 venue tells DU1 SPY
        10:00:09 wake
        10:00:09 own answers
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 500.02 for DU1 [SPY-trend-20260227-1]
            10:00:02.2 notice DU1 QQQ: the broker holds 40, our executions 0; 40 is foreign and shown to no bot as its own; no new risk in it before that is explained, or accepted with `plimsoll accept DU1 QQQ`
        "]],
    );
}

#[test]
fn a_gap_is_foreign_only_if_it_had_lasted_when_the_executions_were_asked_for() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:00 venue holds DU1 SPY 0
        10:00:01 trend BUY 100 SPY LMT 490.00 id=5
        10:00:01 venue holds DU1 SPY 40
        10:00:02.999 trend leaves
        10:00:05 own answers
        10:00:05 wake
        10:00:06 own answers
        ",
        // Asked for the order whose bot left, a millisecond too early; and once more when it is due.
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 490.00 for DU1 [SPY-trend-20260227-1]
            10:00:06 notice DU1 SPY: the broker holds 40, our executions 0; 40 is foreign and shown to no bot as its own; no new risk in it before that is explained, or accepted with `plimsoll accept DU1 SPY`
        "]],
    );
}

#[test]
fn a_position_line_that_got_lost_is_asked_for_before_anything_is_called_foreign() {
    let mut world = Script::new();
    let trace = world.run(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:00 venue holds DU1 SPY 0
        10:00:01 trend BUY 100 SPY LMT 500.02 id=5
        10:00:02 venue accepts trend 5
        10:00:03.100 venue fills trend 5 100 500.02
        10:00:09 wake
        10:00:09.100 own answers
        ",
    );
    expect![["
        10:00:01 submit 1 BUY 100 SPY LMT 500.02 for DU1 [SPY-trend-20260227-1]
    "]]
    .assert_eq(&trace);
    let snapshot = world.bridge.snapshot(world.now());
    assert!(snapshot.breaks.is_empty() && snapshot.positions.len() == 1, "{:?}", snapshot.positions);
}

#[test]
fn a_gap_that_changes_begins_anew() {
    check(
        "
        10:00:00 venue holds DU1 SPY 40
        10:00:02 wake
        10:00:02.100 venue holds DU1 SPY 50
        10:00:02.200 own answers
        10:00:04.100 wake
        10:00:04.200 own answers
        ",
        &expect![["
            10:00:04.2 notice DU1 SPY: the broker holds 50, our executions 0; 50 is foreign and shown to no bot as its own; no new risk in it before that is explained, or accepted with `plimsoll accept DU1 SPY`
        "]],
    );
}

#[test]
fn a_list_of_holdings_older_than_an_execution_is_no_proof_in_a_later_round() {
    let mut world = Script::new();
    let trace = world.run(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 500.02 id=5
        10:00:02 venue accepts trend 5
        10:00:02 venue holds DU1 SPY 0
        10:00:03 own down
        10:00:04 own up
        10:00:05 own answers positions
        10:00:05.100 venue fills trend 5 100 500.02
        10:00:05.200 own answers
        ",
    );
    expect![["
        10:00:01 submit 1 BUY 100 SPY LMT 500.02 for DU1 [SPY-trend-20260227-1]
        10:00:05.2 notice reconciled: 0 open orders, 0 positions
    "]]
    .assert_eq(&trace);
    let (du1, spy) = (Account::new("DU1").unwrap(), InstrumentId::us_stock("SPY"));
    assert_eq!(world.bridge.ledger.position(&du1, &spy), Position::parse("100").unwrap());
    // The broker keeps to it: then it is right, and our executions are not all there was.
    let trace = world.run("10:00:05.300 venue holds DU1 SPY 0\n10:00:07.200 wake\n10:00:07.300 own answers");
    expect![["
        10:00:07.3 notice DU1 SPY: the broker holds 0, our executions 100; -100 is foreign and shown to no bot as its own; no new risk in it before that is explained, or accepted with `plimsoll accept DU1 SPY`
    "]]
    .assert_eq(&trace);
}

#[test]
fn a_holding_of_a_contract_that_becomes_known_later_is_booked_then() {
    let mut world = Script::new();
    world.contracts_unanswered = true;
    world.config.bots[0].instruments.values_mut().for_each(|contract| contract.currency = "?".into());
    world.config.bots[1].instruments = world.config.bots[0].instruments.clone();
    let trace = world.run(
        "
        10:00:00 venue holds DU1 SPY 40
        10:00:02 wake
        10:00:02 own answers
        10:00:09 wake
        10:00:09 own answers
        ",
    );
    // Once, and not with every answer.
    expect![["
        10:00:02 notice DU1 SPY: the broker holds 40, our executions 0; it was not booked, because its currency or multiplier is not known; no new risk in it before that is explained, or accepted with `plimsoll accept DU1 SPY`
    "]]
    .assert_eq(&trace);
    let (req_id, _) =
        world.unanswered.iter().find(|(_, contract)| &*contract.symbol == "SPY").unwrap().clone();
    world.describe(req_id, Contract::stock("SPY", Currency::USD));
    let trace = world.run("10:00:12 wake\n10:00:12 own answers");
    expect![["
        10:00:12 notice DU1 SPY: the broker holds 40, our executions 0; 40 is foreign and shown to no bot as its own; no new risk in it before that is explained, or accepted with `plimsoll accept DU1 SPY`
    "]]
    .assert_eq(&trace);
}

#[test]
fn the_cost_of_a_future_is_told_per_contract_and_booked_per_unit() {
    let es = Contract {
        sec_type: SecType::Future,
        expiry: "20260320".into(),
        multiplier: Some(Decimal::from(50)),
        ..Contract::stock("ES", Currency::USD)
    };
    let mut world = Script::new();
    world.config.bots[0].instruments.insert(InstrumentId::of(&es).unwrap(), es.clone());
    world.run("10:00:00 quote SPY 500.00 500.02");
    // They are told, and once more when the broker is asked about the difference.
    for time in ["10:00:02 wake", "10:00:02 own answers"] {
        for (contract, avg_cost) in [(&es, "225012.40"), (&Contract::stock("SPY", Currency::USD), "412.35")] {
            world.own(Report::Position(Box::new(PositionReport {
                account: Account::new("DU1").unwrap(),
                contract: contract.clone(),
                position: Position::parse("2").unwrap(),
                avg_cost: Price::parse(avg_cost).ok(),
            })));
        }
        world.run(time);
    }
    let positions = world.bridge.snapshot(world.now()).positions;
    let avg: Vec<_> = positions.iter().map(|row| row.avg_price.unwrap().to_string()).collect();
    // Two contracts of fifty units cost 225012.40 dollars each.
    assert_eq!(avg, ["4500.248", "412.35"]);
}

#[test]
fn a_status_that_came_after_the_question_still_waits_for_its_execution() {
    check(
        "
        limit position 50000
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 100 SPY LMT 500.00 id=5
        10:00:02 wake
        10:00:02.100 venue says trend 5 filled 100
        10:00:02.200 own answers
        10:00:03 trend BUY 1 SPY LMT 500.00 id=6
        10:01:02 quote SPY 500.00 500.00
        10:01:02 wake
        10:01:02.100 own answers
        10:01:03 trend BUY 1 SPY LMT 500.00 id=7
        ",
        // In the second round the status was there before, and there is no such execution.
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 500.00 for DU1 [SPY-trend-20260227-1]
            10:00:03 deny 1 order 6: Plimsoll limits: position would be 50500 USD, limit 50000 USD
            10:01:02 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
            10:01:03 submit 1 BUY 1 SPY LMT 500.00 for DU1 [SPY-trend-20260227-3]
        "]],
    );
}
