//! A holding that neither executions nor a person's word explain takes no new risk.

use expect_test::expect;
use plimsoll_model::{Account, InstrumentId};

use super::check;
use super::script::Script;

/// A hundred are held, and sixty of them go without an execution.
const FORTY_OF_A_HUNDRED: &str = "
    10:00:00 quote SPY 500.00 500.02
    10:00:00 venue holds DU1 SPY 0
    10:00:01 trend BUY 100 SPY LMT 500.02 id=5
    10:00:02 venue accepts trend 5
    10:00:03 venue fills trend 5 100 500.02
    10:00:03 venue tells DU1 SPY
    10:00:04 venue holds DU1 SPY 40
    10:00:06 wake
    10:00:06.100 own answers
";

#[test]
fn a_break_denies_new_risk_and_lets_reducing_orders_pass_until_a_person_accepts_what_is_there() {
    let mut world = Script::new();
    world.run(FORTY_OF_A_HUNDRED);
    let row = &world.bridge.snapshot(world.now()).breaks[0];
    let both = (row.ledger.to_string(), row.broker.to_string(), row.locked);
    assert_eq!(both, ("100".to_owned(), "40".to_owned(), true));
    let trace = world.run(
        "
        10:00:07 quote QQQ 400.00 400.02
        10:00:07 trend BUY 1 SPY LMT 498.00 id=6
        10:00:07.100 trend SELL 10 SPY LMT 499.00 id=7
        10:00:07.200 trend BUY 1 QQQ LMT 399.00 id=8
        10:00:08 accept DU1 SPY -50
        10:00:08.100 trend BUY 2 SPY LMT 498.00 id=9
        10:00:09 accept DU1 SPY -60
        10:00:09.100 trend BUY 3 SPY LMT 498.00 id=10
        10:00:10 accept DU1 SPY -60
        ",
    );
    expect![["
        10:00:07 deny 1 order 6: Plimsoll reconciled: the broker's SPY in DU1 is explained by no execution; see `plimsoll breaks`, and `plimsoll accept` if the broker is right
        10:00:07.1 submit 1 SELL 10 SPY LMT 499.00 for DU1 [SPY-trend-20260227-3]
        10:00:07.2 submit 1 BUY 1 QQQ LMT 399.00 for DU1 [QQQ-trend-20260227-4]
        10:00:08 notice DU1 SPY: the difference is -60 and not -50; nothing was accepted; look again
        10:00:08.1 deny 1 order 9: Plimsoll reconciled: the broker's SPY in DU1 is explained by no execution; see `plimsoll breaks`, and `plimsoll accept` if the broker is right
        10:00:09 notice DU1 SPY: a difference of -60 was accepted by op: split
        10:00:09.1 submit 1 BUY 3 SPY LMT 498.00 for DU1 [SPY-trend-20260227-6]
        10:00:10 notice DU1 SPY: no difference keeps new risk out; nothing was accepted
    "]].assert_eq(&trace);
    let snapshot = world.bridge.snapshot(world.now());
    assert!(snapshot.breaks.is_empty(), "{:?}", snapshot.breaks);
    let (du1, spy) = (Account::new("DU1").unwrap(), InstrumentId::us_stock("SPY"));
    assert_eq!(world.bridge.ledger.position(&du1, &spy).to_string(), "40");
}

#[test]
fn a_break_clears_when_the_holding_is_again_what_executions_come_to() {
    let mut world = Script::new();
    world.run(FORTY_OF_A_HUNDRED);
    let trace = world.run(
        "
        10:00:07 trend BUY 1 SPY LMT 499.00 id=6
        10:00:08 venue holds DU1 SPY 100
        10:00:10 wake
        10:00:10.100 own answers
        10:00:11 trend BUY 2 SPY LMT 499.00 id=7
        ",
    );
    expect![["
        10:00:07 deny 1 order 6: Plimsoll reconciled: the broker's SPY in DU1 is explained by no execution; see `plimsoll breaks`, and `plimsoll accept` if the broker is right
        10:00:10.1 notice DU1 SPY: the broker holds 100, our executions 40; 0 is foreign and shown to no bot as its own
        10:00:11 submit 1 BUY 2 SPY LMT 499.00 for DU1 [SPY-trend-20260227-3]
    "]].assert_eq(&trace);
    assert!(world.bridge.snapshot(world.now()).breaks.is_empty());
}

#[test]
fn a_break_and_what_was_accepted_outlast_a_restart() {
    let mut world = Script::new();
    world.run(FORTY_OF_A_HUNDRED);
    let again = "restart\n10:01:00 own up\n10:01:00 own answers\n10:01:01 quote SPY 500.00 500.02";
    world.run(&again.replace("restart", "10:00:59 restart"));
    let trace = world.run("10:01:02 trend BUY 1 SPY LMT 499.00 id=6\n10:01:03 accept DU1 SPY -60");
    expect![["
        10:01:02 deny 1 order 6: Plimsoll reconciled: the broker's SPY in DU1 is explained by no execution; see `plimsoll breaks`, and `plimsoll accept` if the broker is right
        10:01:03 notice DU1 SPY: a difference of -60 was accepted by op: split
    "]].assert_eq(&trace);
    world.run(&again.replace("restart", "10:00:59 restart").replace("10:0", "10:1"));
    let trace = world.run("10:11:02 trend BUY 2 SPY LMT 499.00 id=7");
    expect![["
        10:11:02 submit 1 BUY 2 SPY LMT 499.00 for DU1 [SPY-trend-20260227-3]
    "]]
    .assert_eq(&trace);
}

#[test]
fn what_was_there_before_the_first_reconciliation_is_no_break() {
    check(
        "
        10:00:00 venue holds DU1 SPY 40
        10:00:01 journal lost
        10:00:02 own up
        10:00:02 own answers
        10:00:03 quote SPY 500.00 500.02
        10:00:03 trend BUY 1 SPY LMT 499.00 id=6
        ",
        &expect![["
            10:00:01 notice DU1 SPY: the broker holds 40, our executions 0; 40 is foreign and shown to no bot as its own
            10:00:01 notice reconciled: 0 open orders, 1 positions
            10:00:02 notice reconciled: 0 open orders, 1 positions
            10:00:03 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
        "]],
    );
}

#[test]
fn an_order_decided_before_the_break_does_not_leave_after_it() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:00 venue holds DU1 SPY 0
        10:00:01 venue holds DU1 SPY 40
        10:00:02.900 disk slow
        10:00:02.900 trend BUY 1 SPY LMT 499.00 id=6
        10:00:03 wake
        10:00:03.100 own answers
        10:00:03.200 disk done
        ",
        &expect![["
            10:00:03.1 notice DU1 SPY: the broker holds 40, our executions 0; 40 is foreign and shown to no bot as its own; no new risk in it before that is explained, or accepted with `plimsoll accept DU1 SPY`
            10:00:03.2 deny 1 order 6: Plimsoll reconciled: the broker's SPY in DU1 is explained by no execution; see `plimsoll breaks`, and `plimsoll accept` if the broker is right
        "]],
    );
}

#[test]
fn the_way_out_of_an_unknown_holding_leaves_a_break_in_whatever_order_the_broker_speaks() {
    let words = ["venue holds DU1 SPY 0", "venue fills trend 6 40 499.00"];
    for [first, second] in [words, [words[1], words[0]]] {
        let mut world = Script::new();
        world.run(
            "
            10:00:00 quote SPY 500.00 500.02
            10:00:00 venue holds DU1 SPY 0
            10:00:04 venue holds DU1 SPY 40
            10:00:06 wake
            10:00:06.100 own answers
            10:00:07 trend SELL 40 SPY LMT 499.00 id=6
            10:00:07.100 venue accepts trend 6
            ",
        );
        let trace = world.run(&format!(
            "
            10:00:08 {first}
            10:00:08.100 {second}
            10:00:09 trend BUY 1 SPY LMT 498.00 id=7
            "
        ));
        assert!(trace.contains("is explained by no execution"), "{first} first: {trace}");
        assert!(world.bridge.snapshot(world.now()).breaks.iter().any(|row| row.locked), "{first} first");
    }
}

/// `trend` holds a hundred, `revert` is sixty short, and a person buys one by hand.
#[test]
fn each_of_two_bots_gets_out_of_its_own_holding_while_the_account_has_a_break() {
    let mut world = Script::new();
    world.run(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:00 venue holds DU1 SPY 0
        10:00:01 trend BUY 100 SPY LMT 500.02 id=5
        10:00:01.100 venue accepts trend 5
        10:00:01.200 venue fills trend 5 100 500.02
        10:00:02 revert SELL 60 SPY LMT 500.00 id=5
        10:00:02.100 venue accepts revert 5
        10:00:02.200 venue fills revert 5 60 500.00
        10:00:03 venue holds DU1 SPY 41
        10:00:06 wake
        10:00:06.100 own answers
        ",
    );
    let trace = world.run(
        "
        10:00:07 quote SPY 500.00 500.02
        10:00:07 trend SELL 101 SPY LMT 500.10 id=6
        10:00:07.100 trend SELL 100 SPY LMT 500.10 id=7
        10:00:07.200 trend SELL 1 SPY LMT 500.20 id=8
        10:00:07.300 revert BUY 60 SPY LMT 499.00 id=6
        10:00:07.400 revert BUY 59 SPY LMT 499.00 id=7
        ",
    );
    expect![["
        10:00:07 deny 1 order 6: Plimsoll reconciled: the broker's SPY in DU1 is explained by no execution; see `plimsoll breaks`, and `plimsoll accept` if the broker is right
        10:00:07.1 submit 1 SELL 100 SPY LMT 500.10 for DU1 [SPY-trend-20260227-3]
        10:00:07.2 deny 1 order 8: Plimsoll reconciled: the broker's SPY in DU1 is explained by no execution; see `plimsoll breaks`, and `plimsoll accept` if the broker is right
        10:00:07.3 deny 2 order 6: Plimsoll reconciled: the broker's SPY in DU1 is explained by no execution; see `plimsoll breaks`, and `plimsoll accept` if the broker is right
        10:00:07.4 submit 2 BUY 59 SPY LMT 499.00 for DU1 [SPY-revert-20260227-3]
    "]].assert_eq(&trace);
}
