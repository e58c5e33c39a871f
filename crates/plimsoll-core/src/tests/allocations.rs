//! One order of a bot over several accounts: divided, judged account by account, sent as orders of our own, and told as one.

use expect_test::{Expect, expect};
use plimsoll_model::{Account, BotName, Money, Qty, Report};
use rust_decimal::Decimal;

use super::script::{Script, bot};
use crate::allocation::{Allocation, Rule};
use crate::guard::GuardId;

fn accounts(all: &[&str]) -> Vec<Account> {
    all.iter().map(|text| Account::new(text).unwrap()).collect()
}

fn allocation(name: &str, rule: Rule) -> Allocation {
    Allocation { name: Account::new(name).unwrap(), bots: vec![BotName::new("trend").unwrap()], rule }
}

/// The usual fleet, in which `trend` may trade three accounts, alone or divided.
pub(super) fn world() -> Script {
    let mut world = Script::new();
    world.config.bots[0] = bot("trend", 11, &["DU1", "DU2", "DU3"], &["SPY", "QQQ"]);
    let all = || accounts(&["DU1", "DU2", "DU3"]);
    let ratio = |of: &str, n: i64| (Account::new(of).unwrap(), Decimal::from(n));
    world.config.allocations = vec![
        allocation("EVEN", Rule::Equal(all())),
        allocation("WORTH", Rule::Equity(all())),
        allocation("PARTS", Rule::Ratio(vec![ratio("DU1", 2), ratio("DU2", 1)])),
        allocation(
            "FIXED",
            Rule::Table(vec![(all().remove(2), Qty::whole(5)), (all().remove(0), Qty::whole(7))]),
        ),
    ];
    world
}

#[track_caller]
pub(super) fn check(script: &str, expect: &Expect) -> Script {
    let mut world = world();
    let trace = world.run(script);
    expect.assert_eq(&trace);
    world
}

/// `trend DU1 4`, and the rest.
pub(super) fn held(world: &Script) -> Vec<String> {
    let snapshot = world.bridge.snapshot(world.now());
    let row = |p: &crate::PositionView| {
        format!("{} {} {}", p.bot.as_ref().map_or("-", BotName::as_str), p.account, p.qty)
    };
    snapshot.positions.iter().map(row).collect()
}

/// One line for each account of the latest order.
pub(super) fn report(world: &Script) -> String {
    let Some(view) = world.bridge.allocation_views().into_iter().next() else { return "none".into() };
    let mut lines = vec![format!(
        "{} {} {} of {} {} at {}, {} left over",
        view.cl_ord_id,
        view.allocation,
        view.cum_qty,
        view.qty,
        view.status,
        view.avg_px.map_or("-".into(), |px| px.to_string()),
        view.left
    )];
    for part in view.parts {
        let status = part.status.map_or("-".into(), |status| status.to_string());
        let fees = part.fees.map_or("-".into(), |fees| fees.to_string());
        let because = part.because.as_deref().unwrap_or("-");
        lines.push(format!(
            "{} {} sent {} filled {} {status} fees {fees} missing {}: {because}",
            part.account, part.share, part.sent, part.cum_qty, part.missing
        ));
    }
    lines.join("\n")
}

#[test]
fn an_order_is_divided_and_sent_account_by_account_and_told_as_one() {
    let world = check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY MKT account=EVEN id=5
        10:00:02 venue accepts own 100000000
        10:00:03 venue fills own 100000000 4 500.02
        10:00:04 venue fills own 100000002 3 500.03
        10:00:05 venue fills own 100000001 2 500.01
        10:00:06 venue fills own 100000001 1 500.01
        ",
        &expect![["
            10:00:01 place 900 BUY 4 SPY MKT for DU1 [SPY-trend-20260227-2] as order 100000000
            10:00:01 place 900 BUY 3 SPY MKT for DU2 [SPY-trend-20260227-3] as order 100000001
            10:00:01 place 900 BUY 3 SPY MKT for DU3 [SPY-trend-20260227-4] as order 100000002
            10:00:01 tell trend order 5: divided over 3 accounts
            10:00:02 tell trend order 5: works
            10:00:03 tell trend order 5: BUY 4 at 500.02 in DU1, 6 left: 0001.0001.01.01
            10:00:03 tell trend order 5: 0001.0001.01.01 costs 1 USD
            10:00:04 tell trend order 5: BUY 3 at 500.03 in DU3, 3 left: 0001.0002.01.01
            10:00:04 tell trend order 5: 0001.0002.01.01 costs 1 USD
            10:00:05 tell trend order 5: BUY 2 at 500.01 in DU2, 1 left: 0001.0003.01.01
            10:00:05 tell trend order 5: 0001.0003.01.01 costs 1 USD
            10:00:06 tell trend order 5: BUY 1 at 500.01 in DU2, 0 left: 0001.0004.01.01
            10:00:06 tell trend order 5: 0001.0004.01.01 costs 1 USD
        "]],
    );
    expect![["
        SPY-trend-20260227-1 EVEN 10 of 10 filled at 500.02, 0 left over
        DU1 3.3333 sent 4 filled 4 filled fees 1 USD missing 0: -
        DU2 3.3333 sent 3 filled 3 filled fees 2 USD missing 0: -
        DU3 3.3333 sent 3 filled 3 filled fees 1 USD missing 0: -"]]
    .assert_eq(&report(&world));
    assert_eq!(held(&world), ["trend DU1 4", "trend DU2 3", "trend DU3 3"]);
}

#[test]
fn an_advisers_bot_names_it_as_its_group() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 9 SPY MKT account=- group=PARTS id=5
        10:00:02 trend BUY 9 SPY MKT account=DU1 group=PARTS id=6
        10:00:03 trend BUY 9 SPY MKT account=- group=OTHERS id=7
        10:00:04 revert BUY 9 SPY MKT account=PARTS id=5
        ",
        &expect![["
            10:00:01 place 900 BUY 6 SPY MKT for DU1 [SPY-trend-20260227-2] as order 100000000
            10:00:01 place 900 BUY 3 SPY MKT for DU2 [SPY-trend-20260227-3] as order 100000001
            10:00:01 tell trend order 5: divided over 2 accounts
            10:00:02 deny 1 order 6: Plimsoll supported: adviser group cannot be bounded by any guard yet
            10:00:03 deny 1 order 7: Plimsoll account: the order names no account; this bot may use DU1, DU2, DU3
            10:00:04 deny 2 order 5: Plimsoll account: account PARTS is not this bot's; it may use DU1, DU2
        "]],
    );
}

#[test]
fn what_the_venue_refuses_of_one_account_is_nobody_elses() {
    let world = check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY MKT account=EVEN id=5
        10:00:02 venue rejects own 100000001 201
        10:00:03 venue fills own 100000000 4 500.02
        10:00:04 venue fills own 100000002 3 500.02
        ",
        &expect![["
            10:00:01 place 900 BUY 4 SPY MKT for DU1 [SPY-trend-20260227-2] as order 100000000
            10:00:01 place 900 BUY 3 SPY MKT for DU2 [SPY-trend-20260227-3] as order 100000001
            10:00:01 place 900 BUY 3 SPY MKT for DU3 [SPY-trend-20260227-4] as order 100000002
            10:00:01 tell trend order 5: divided over 3 accounts
            10:00:02 notice broker error 201: x
            10:00:03 tell trend order 5: BUY 4 at 500.02 in DU1, 6 left: 0001.0001.01.01
            10:00:03 tell trend order 5: 0001.0001.01.01 costs 1 USD
            10:00:04 tell trend order 5: BUY 3 at 500.02 in DU3, 3 left: 0001.0002.01.01
            10:00:04 tell trend order 5: canceled with 3 left: 7 of 10 executed over EVEN; DU2: 201: x; see `plimsoll allocation show SPY-trend-20260227-1`
            10:00:04 notice BUY 10 SPY MKT [SPY-trend-20260227-1]: 7 of 10 executed over EVEN; DU2: 201: x; see `plimsoll allocation show SPY-trend-20260227-1`
            10:00:04 tell trend order 5: 0001.0002.01.01 costs 1 USD
        "]],
    );
    expect![["
        SPY-trend-20260227-1 EVEN 7 of 10 canceled at 500.02, 0 left over
        DU1 3.3333 sent 4 filled 4 filled fees 1 USD missing 0: -
        DU2 3.3333 sent 3 filled 0 rejected fees - missing 3: 201: x
        DU3 3.3333 sent 3 filled 3 filled fees 1 USD missing 0: -"]]
    .assert_eq(&report(&world));
    assert_eq!(held(&world), ["trend DU1 4", "trend DU3 3"]);
}

#[test]
fn a_guard_denies_the_part_of_one_account_and_the_others_leave() {
    let world = check(
        "
        limit position 2000
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 2 SPY MKT account=DU2 id=4
        10:00:02 trend BUY 9 SPY MKT account=EVEN id=5
        ",
        &expect![["
            10:00:01 submit 1 BUY 2 SPY MKT for DU2 [SPY-trend-20260227-1]
            10:00:02 place 900 BUY 3 SPY MKT for DU1 [SPY-trend-20260227-3] as order 100000000
            10:00:02 place 900 BUY 3 SPY MKT for DU3 [SPY-trend-20260227-5] as order 100000002
            10:00:02 tell trend order 5: divided over 2 accounts
        "]],
    );
    expect![["
        SPY-trend-20260227-2 EVEN 0 of 9 new at -, 0 left over
        DU1 3 sent 3 filled 0 pending_new fees - missing 0: -
        DU2 3 sent 0 filled 0 - fees - missing 3: Plimsoll limits: position would be 2500.1 USD, limit 2000 USD
        DU3 3 sent 3 filled 0 pending_new fees - missing 0: -"]].assert_eq(&report(&world));
}

#[test]
fn an_order_of_which_no_part_may_leave_is_denied_as_one() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 halt new_risk trend
        10:00:02 trend BUY 10 SPY MKT account=EVEN id=5
        10:00:03 resume trend
        10:00:04 own down
        10:00:05 trend BUY 10 SPY MKT account=EVEN id=6
        ",
        &expect![["
            10:00:01 notice trend halted (new_risk) by op: drill
            10:00:02 deny 1 order 5: Plimsoll halt: halted (new_risk) by op: drill
            10:00:03 notice trend resumed by op: drill
            10:00:05 deny 1 order 6: Plimsoll reconciled: not reconciled with the broker, waiting for our own connection to the broker
        "]],
    );
}

#[test]
fn the_bots_limits_for_one_order_are_those_of_the_whole() {
    check(
        "
        limit qty 9
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY MKT account=EVEN id=5
        10:00:02 trend BUY 9 SPY MKT account=EVEN id=6
        10:00:03 trend BUY 9 SPY MKT account=EVEN id=7
        ",
        &expect![["
            10:00:01 deny 1 order 5: Plimsoll limits: quantity 10, limit 9
            10:00:02 place 900 BUY 3 SPY MKT for DU1 [SPY-trend-20260227-3] as order 100000000
            10:00:02 place 900 BUY 3 SPY MKT for DU2 [SPY-trend-20260227-4] as order 100000001
            10:00:02 place 900 BUY 3 SPY MKT for DU3 [SPY-trend-20260227-5] as order 100000002
            10:00:02 tell trend order 6: divided over 3 accounts
            10:00:03 deny 1 order 7: Plimsoll duplicate: the same as SPY-trend-20260227-2 1s ago, window 2s
        "]],
    );
    check(
        "
        limit order 4500
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 9 SPY MKT account=EVEN id=6
        10:00:02 trend BUY 8 SPY MKT account=EVEN id=7
        ",
        &expect![["
            10:00:01 deny 1 order 6: Plimsoll limits: order of 4500.18 USD, limit 4500 USD
            10:00:02 place 900 BUY 3 SPY MKT for DU1 [SPY-trend-20260227-6] as order 100000003
            10:00:02 place 900 BUY 3 SPY MKT for DU2 [SPY-trend-20260227-7] as order 100000004
            10:00:02 place 900 BUY 2 SPY MKT for DU3 [SPY-trend-20260227-8] as order 100000005
            10:00:02 tell trend order 7: divided over 3 accounts
        "]],
    );
}

#[test]
fn an_order_over_accounts_counts_once_towards_the_rate() {
    check(
        "
        limit rate 2
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 3 SPY MKT account=EVEN id=5
        10:00:04 trend BUY 6 SPY MKT account=EVEN id=6
        10:00:07 trend BUY 9 SPY MKT account=EVEN id=7
        ",
        &expect![["
            10:00:01 place 900 BUY 1 SPY MKT for DU1 [SPY-trend-20260227-2] as order 100000000
            10:00:01 place 900 BUY 1 SPY MKT for DU2 [SPY-trend-20260227-3] as order 100000001
            10:00:01 place 900 BUY 1 SPY MKT for DU3 [SPY-trend-20260227-4] as order 100000002
            10:00:01 tell trend order 5: divided over 3 accounts
            10:00:04 place 900 BUY 2 SPY MKT for DU1 [SPY-trend-20260227-6] as order 100000003
            10:00:04 place 900 BUY 2 SPY MKT for DU2 [SPY-trend-20260227-7] as order 100000004
            10:00:04 place 900 BUY 2 SPY MKT for DU3 [SPY-trend-20260227-8] as order 100000005
            10:00:04 tell trend order 6: divided over 3 accounts
            10:00:07 deny 1 order 7: Plimsoll limits: 2 orders in the last minute, limit 2
        "]],
    );
}

#[test]
fn what_orders_of_our_own_cannot_say_is_denied() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY LMT 500.00 account=EVEN id=5 hidden
        10:00:02 trend BUY 10 SPY MIDPRICE account=EVEN id=6
        10:00:03 trend BUY 10 SPY MKT account=EVEN id=7 oca=x
        10:00:04 trend BUY 10 SPY MKT account=DU1 id=8 staged
        10:00:05 trend SELL 10 SPY LMT 600 account=EVEN id=9 parent=8
        10:00:06 trend BUY 13 SPY MKT account=FIXED id=10
        10:00:07 trend BUY 10 SPY MKT account=WORTH id=11
        10:00:08 trend BUY 10 SPY MKT account=EVEN id=12 whatif
        ",
        &expect![["
            10:00:01 deny 1 order 5: Plimsoll supported: not divided by EVEN: orders of our own cannot say `hidden`
            10:00:02 deny 1 order 6: Plimsoll supported: not divided by EVEN: an order of the type MIDPRICE has more to it than orders of our own say
            10:00:03 deny 1 order 7: Plimsoll supported: not divided by EVEN: a combo, or an order of a bracket or of a one-cancels-all group, stands in one account
            10:00:05 deny 1 order 8: Plimsoll supported: order 9 of the same group was denied by supported
            10:00:05 deny 1 order 9: Plimsoll supported: not divided by EVEN: it is one of several messages that leave together
            10:00:06 deny 1 order 10: Plimsoll supported: not divided by FIXED: the table of this allocation is for 12 units, and the order is for 13
            10:00:07 deny 1 order 11: Plimsoll supported: not divided by WORTH: the equity of DU1 is not known yet
            10:00:08 deny 1 order 12: Plimsoll supported: not divided by EVEN: a margin preview is of one account
        "]],
    );
}

#[test]
fn a_table_is_sent_as_it_is() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend SELL 12 SPY LMT 500.05 account=FIXED id=5
        ",
        &expect![["
            10:00:01 place 900 SELL 7 SPY LMT 500.05 for DU1 [SPY-trend-20260227-2] as order 100000000
            10:00:01 place 900 SELL 5 SPY LMT 500.05 for DU3 [SPY-trend-20260227-3] as order 100000001
            10:00:01 tell trend order 5: divided over 2 accounts
        "]],
    );
}

#[test]
fn equity_is_what_the_broker_last_told_and_ends_with_the_connection() {
    let mut world = world();
    world.run("10:00:00 quote SPY 500.00 500.02");
    let req_id = world.bridge.equities.question().expect("asked when our own connection came up");
    for (account, worth) in
        [("DU1", "1000 USD"), ("DU2", "2000 USD"), ("DU3", "1000 USD"), ("DU3", "5000 USD")]
    {
        let (account, worth) = (Account::new(account).unwrap(), Money::parse(worth));
        world.own(Report::Equity { req_id, account, worth });
    }
    let trace = world.run(
        "
        10:00:01 trend BUY 8 SPY MKT account=WORTH id=5
        10:00:02 own down
        10:00:03 own up
        10:00:03 own answers
        10:00:04 quote SPY 500.00 500.02
        10:00:05 trend BUY 16 SPY MKT account=WORTH id=6
        ",
    );
    expect![["
        10:00:01 place 900 BUY 1 SPY MKT for DU1 [SPY-trend-20260227-2] as order 100000000
        10:00:01 place 900 BUY 2 SPY MKT for DU2 [SPY-trend-20260227-3] as order 100000001
        10:00:01 place 900 BUY 5 SPY MKT for DU3 [SPY-trend-20260227-4] as order 100000002
        10:00:01 tell trend order 5: divided over 3 accounts
        10:00:03 notice reconciled: 4 open orders, 0 positions
        10:00:05 deny 1 order 6: Plimsoll supported: not divided by WORTH: the equity of DU1 is not known yet
    "]]
    .assert_eq(&trace);
}

/// The broker's answer to the question for what accounts are worth that stands.
fn tell_worth(world: &mut Script) {
    let req_id = world.bridge.equities.question().expect("asked where orders are divided by it");
    for account in ["DU1", "DU2", "DU3"] {
        let account = Account::new(account).unwrap();
        world.own(Report::Equity { req_id, account, worth: Money::parse("1000 USD") });
    }
}

#[test]
fn equity_from_before_the_broker_was_lost_divides_nothing_until_it_is_told_again() {
    let mut world = world();
    world.run("10:00:00 quote SPY 500.00 500.02");
    tell_worth(&mut world);
    let before = world.bridge.equities.question();
    let lost = world.run(
        "
        10:00:01 own error 1100
        10:00:02 own error 1102
        10:00:02 own answers
        10:00:03 quote SPY 500.00 500.02
        10:00:04 trend BUY 9 SPY MKT account=WORTH id=5
        ",
    );
    assert!(lost.contains("not divided by WORTH: the equity of DU1 is not known yet"), "{lost}");
    assert_ne!(world.bridge.equities.question(), before, "it is asked for again");
    tell_worth(&mut world);
    let told = world.run("10:00:05 trend BUY 9 SPY MKT account=WORTH id=6");
    assert!(told.contains("tell trend order 6: divided over 3 accounts"), "{told}");
}

#[test]
fn equity_is_asked_for_again_every_five_minutes_and_counts_for_fifteen() {
    let mut world = world();
    world.run("10:00:00 quote SPY 500.00 500.02");
    tell_worth(&mut world);
    let first = world.bridge.equities.question();
    world.run("10:05:10 wake");
    let second = world.bridge.equities.question();
    assert_ne!(second, first, "the first question was more than five minutes ago");
    world.run("10:10:09 wake");
    assert_eq!(world.bridge.equities.question(), second);
    world.run("10:10:10 wake");
    assert_ne!(world.bridge.equities.question(), second);
    let young = world.run(
        "
        10:14:50 quote SPY 500.00 500.02
        10:14:50 trend BUY 9 SPY MKT account=WORTH id=5
        ",
    );
    assert!(young.contains("tell trend order 5: divided over 3 accounts"), "{young}");
    let old = world.run(
        "
        10:15:10 quote SPY 500.00 500.02
        10:15:10 trend BUY 6 SPY MKT account=WORTH id=6
        ",
    );
    assert!(old.contains("the equity of DU1 was told 910s ago, limit 900s; it is asked for again"), "{old}");
    tell_worth(&mut world);
    let again = world.run("10:15:11 trend BUY 6 SPY MKT account=WORTH id=7");
    assert!(again.contains("tell trend order 7: divided over 3 accounts"), "{again}");
}

#[test]
fn no_order_vanishes_without_an_answer_where_nobody_asks_for_the_connection() {
    let mut world = world();
    world.config.switched_off = vec![GuardId::Reconciled];
    let trace = world.run(
        "
        10:00:00 own down
        10:00:01 quote SPY 500.00 500.02
        10:00:02 trend BUY 9 SPY MKT account=EVEN id=5
        ",
    );
    expect![["
        10:00:02 deny 1 order 5: Plimsoll reconciled: not reconciled with the broker, waiting for our own connection to the broker
    "]].assert_eq(&trace);
}

#[test]
fn lots_and_the_smallest_order_are_the_brokers() {
    let mut world = world();
    world.lots = Some((Qty::whole(300), Qty::whole(100)));
    let trace = world.run(
        "
        10:00:00 quote SPY 5.00 5.02
        10:00:01 trend BUY 1050 SPY MKT account=PARTS id=5
        10:00:02 trend BUY 500 SPY MKT account=PARTS id=6
        10:00:03 venue fills own 100000000 700 5.02
        10:00:03 venue fills own 100000001 300 5.02
        ",
    );
    expect![["
        10:00:01 place 900 BUY 700 SPY MKT for DU1 [SPY-trend-20260227-2] as order 100000000
        10:00:01 place 900 BUY 300 SPY MKT for DU2 [SPY-trend-20260227-3] as order 100000001
        10:00:01 tell trend order 5: divided over 2 accounts
        10:00:02 place 900 BUY 300 SPY MKT for DU1 [SPY-trend-20260227-5] as order 100000002
        10:00:02 tell trend order 6: divided over 1 accounts
        10:00:03 tell trend order 5: BUY 700 at 5.02 in DU1, 350 left: 0001.0001.01.01
        10:00:03 tell trend order 5: 0001.0001.01.01 costs 1 USD
        10:00:03 tell trend order 5: BUY 300 at 5.02 in DU2, 50 left: 0001.0002.01.01
        10:00:03 tell trend order 5: canceled with 50 left: 1000 of 1050 executed over PARTS; 50 left over; see `plimsoll allocation show SPY-trend-20260227-1`
        10:00:03 notice BUY 1050 SPY MKT [SPY-trend-20260227-1]: 1000 of 1050 executed over PARTS; 50 left over; see `plimsoll allocation show SPY-trend-20260227-1`
        10:00:03 tell trend order 5: 0001.0002.01.01 costs 1 USD
    "]].assert_eq(&trace);
    expect![["
        SPY-trend-20260227-4 PARTS 0 of 500 new at -, 200 left over
        DU1 333.3333 sent 300 filled 0 pending_new fees - missing 0: -
        DU2 166.6666 sent 0 filled 0 - fees - missing 0: below the smallest order"]]
    .assert_eq(&report(&world));
}
