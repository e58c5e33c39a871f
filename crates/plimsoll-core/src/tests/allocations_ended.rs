//! How an order over several accounts ends: canceled, over a restart, over a lost connection; and what a bot sees that asks.

use expect_test::expect;
use plimsoll_model::{LinkId, Qty};

use super::allocations::{check, held, report, world};
use crate::News;

#[test]
fn a_cancel_takes_back_what_waits_and_cancels_what_works_and_is_told_at_the_end() {
    let world = check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY LMT 500.00 account=EVEN id=5
        10:00:02 venue accepts own 100000000
        10:00:02 venue accepts own 100000001
        10:00:02 venue accepts own 100000002
        10:00:03 venue fills own 100000000 4 500.00
        10:00:04 trend cancel 5
        10:00:05 venue cancels own 100000001
        10:00:06 venue cancels own 100000002
        10:00:07 trend cancel 5
        10:00:08 disk slow
        10:00:08 trend BUY 20 SPY LMT 500.00 account=EVEN id=6
        10:00:09 trend cancel 6
        10:00:10 disk done
        ",
        &expect![["
            10:00:01 place 900 BUY 4 SPY LMT 500.00 for DU1 [SPY-trend-20260227-2] as order 100000000
            10:00:01 place 900 BUY 3 SPY LMT 500.00 for DU2 [SPY-trend-20260227-3] as order 100000001
            10:00:01 place 900 BUY 3 SPY LMT 500.00 for DU3 [SPY-trend-20260227-4] as order 100000002
            10:00:01 tell trend order 5: divided over 3 accounts
            10:00:02 tell trend order 5: works
            10:00:03 tell trend order 5: BUY 4 at 500.00 in DU1, 6 left: 0001.0001.01.01
            10:00:03 tell trend order 5: 0001.0001.01.01 costs 1 USD
            10:00:04 cancel 900 order 100000001
            10:00:04 cancel 900 order 100000002
            10:00:05 notice broker error 202: Order Canceled
            10:00:06 tell trend order 5: canceled with 6 left
            10:00:06 notice broker error 202: Order Canceled
            10:00:07 refuse 1 10148: OrderId 5 that needs to be cancelled cannot be cancelled, state: Cancelled.
            10:00:09 tell trend order 6: canceled with 20 left
        "]],
    );
    expect![["
        SPY-trend-20260227-5 EVEN 0 of 20 canceled at -, 0 left over
        DU1 6.6666 sent 0 filled 0 canceled fees - missing 7: -
        DU2 6.6666 sent 0 filled 0 canceled fees - missing 7: -
        DU3 6.6666 sent 0 filled 0 canceled fees - missing 6: -"]]
    .assert_eq(&report(&world));
}

#[test]
fn a_change_is_denied_and_the_bot_is_told_how_its_order_stands() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY LMT 500.00 account=EVEN id=5
        10:00:02 trend BUY 12 SPY LMT 500.00 account=EVEN id=5
        10:00:03 trend BUY 10 SPY LMT 500.00 account=DU1 id=5
        ",
        &expect![["
            10:00:01 place 900 BUY 4 SPY LMT 500.00 for DU1 [SPY-trend-20260227-2] as order 100000000
            10:00:01 place 900 BUY 3 SPY LMT 500.00 for DU2 [SPY-trend-20260227-3] as order 100000001
            10:00:01 place 900 BUY 3 SPY LMT 500.00 for DU3 [SPY-trend-20260227-4] as order 100000002
            10:00:01 tell trend order 5: divided over 3 accounts
            10:00:02 deny 1 change of 5: Plimsoll supported: order 5 is divided over several accounts and cannot be changed; cancel it and place another
            10:00:02 tell trend order 5: 10 left
            10:00:03 deny 1 change of 5: Plimsoll supported: order 5 is divided over several accounts and cannot be changed; cancel it and place another
            10:00:03 tell trend order 5: 10 left
        "]],
    );
}

#[test]
fn what_is_kept_here_cannot_be_changed_whatever_the_guards_say() {
    let mut world = world();
    world.run(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY LMT 500.00 account=EVEN id=5
        ",
    );
    // A person takes the allocations out of the configuration, and has the guards only watch.
    world.config.allocations.clear();
    let trace = world.run(
        "
        observe
        10:00:02 restart
        10:00:02 quote SPY 500.00 500.02
        10:00:03 trend BUY 12 SPY LMT 500.00 account=EVEN id=5
        10:00:04 trend BUY 12 SPY LMT 500.00 account=DU1 id=5
        ",
    );
    expect![["
        10:00:02 notice reconciled: 4 open orders, 0 positions
        10:00:03 deny 1 change of 5: Plimsoll supported: order 5 is divided over several accounts and cannot be changed; cancel it and place another
        10:00:03 tell trend order 5: 10 left
        10:00:04 deny 1 change of 5: Plimsoll supported: order 5 is divided over several accounts and cannot be changed; cancel it and place another
        10:00:04 tell trend order 5: 10 left
    "]].assert_eq(&trace);
}

#[test]
fn after_a_restart_no_part_is_sent_again_and_the_lists_say_what_became_of_each() {
    let mut world = world();
    let trace = world.run(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY MKT account=EVEN id=5
        10:00:01 venue forgets own 100000001
        10:00:02 restart
        10:00:03 venue fills own 100000000 4 500.02
        10:00:04 venue fills own 100000002 3 500.02
        10:00:05 wake
        ",
    );
    expect![["
        10:00:01 place 900 BUY 4 SPY MKT for DU1 [SPY-trend-20260227-2] as order 100000000
        10:00:01 place 900 BUY 3 SPY MKT for DU2 [SPY-trend-20260227-3] as order 100000001
        10:00:01 place 900 BUY 3 SPY MKT for DU3 [SPY-trend-20260227-4] as order 100000002
        10:00:01 tell trend order 5: divided over 3 accounts
        10:00:02 notice SPY-trend-20260227-3 is not at the venue (was unknown)
        10:00:02 notice reconciled: 3 open orders, 0 positions
        10:00:03 tell trend order 5: BUY 4 at 500.02 in DU1, 6 left: 0001.0001.01.01
        10:00:03 tell trend order 5: 0001.0001.01.01 costs 1 USD
        10:00:04 tell trend order 5: BUY 3 at 500.02 in DU3, 3 left: 0001.0002.01.01
        10:00:04 tell trend order 5: canceled with 3 left: 7 of 10 executed over EVEN; DU2: not sent: the venue does not have it; see `plimsoll allocation show SPY-trend-20260227-1`
        10:00:04 notice BUY 10 SPY MKT [SPY-trend-20260227-1]: 7 of 10 executed over EVEN; DU2: not sent: the venue does not have it; see `plimsoll allocation show SPY-trend-20260227-1`
        10:00:04 tell trend order 5: 0001.0002.01.01 costs 1 USD
    "]].assert_eq(&trace);
    expect![["
        SPY-trend-20260227-1 EVEN 7 of 10 canceled at 500.02, 0 left over
        DU1 3.3333 sent 4 filled 4 filled fees 1 USD missing 0: -
        DU2 3.3333 sent 0 filled 0 canceled fees - missing 3: not sent: the venue does not have it
        DU3 3.3333 sent 3 filled 3 filled fees 1 USD missing 0: -"]]
    .assert_eq(&report(&world));
    assert_eq!(held(&world), ["trend DU1 4", "trend DU3 3"]);
}

#[test]
fn after_a_restart_before_the_disk_had_it_nothing_was_sent() {
    let world = check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:00 disk slow
        10:00:01 trend BUY 10 SPY MKT account=EVEN id=5
        10:00:02 restart
        10:00:05 wake
        ",
        &expect![["
            10:00:02 tell trend order 5: divided over 3 accounts
            10:00:02 notice SPY-trend-20260227-2 is not at the venue (was unknown)
            10:00:02 notice SPY-trend-20260227-3 is not at the venue (was unknown)
            10:00:02 notice SPY-trend-20260227-4 is not at the venue (was unknown)
            10:00:02 notice reconciled: 1 open orders, 0 positions
            10:00:02 tell trend order 5: canceled with 10 left: 0 of 10 executed over EVEN; DU1: not sent: the venue does not have it; and 2 more; see `plimsoll allocation show SPY-trend-20260227-1`
            10:00:02 notice BUY 10 SPY MKT [SPY-trend-20260227-1]: 0 of 10 executed over EVEN; DU1: not sent: the venue does not have it; and 2 more; see `plimsoll allocation show SPY-trend-20260227-1`
        "]],
    );
    expect![["
        SPY-trend-20260227-1 EVEN 0 of 10 canceled at -, 0 left over
        DU1 3.3333 sent 0 filled 0 canceled fees - missing 4: not sent: the venue does not have it
        DU2 3.3333 sent 0 filled 0 canceled fees - missing 3: not sent: the venue does not have it
        DU3 3.3333 sent 0 filled 0 canceled fees - missing 3: not sent: the venue does not have it"]]
    .assert_eq(&report(&world));
}

#[test]
fn a_lost_connection_loses_no_execution() {
    let world = check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY MKT account=EVEN id=5
        10:00:02 own down
        10:00:03 own up
        10:00:03 own answers
        10:00:04 venue fills own 100000000 4 500.02
        10:00:04 venue fills own 100000001 3 500.02
        10:00:04 venue fills own 100000002 3 500.02
        ",
        &expect![["
            10:00:01 place 900 BUY 4 SPY MKT for DU1 [SPY-trend-20260227-2] as order 100000000
            10:00:01 place 900 BUY 3 SPY MKT for DU2 [SPY-trend-20260227-3] as order 100000001
            10:00:01 place 900 BUY 3 SPY MKT for DU3 [SPY-trend-20260227-4] as order 100000002
            10:00:01 tell trend order 5: divided over 3 accounts
            10:00:03 notice reconciled: 4 open orders, 0 positions
            10:00:04 tell trend order 5: BUY 4 at 500.02 in DU1, 6 left: 0001.0001.01.01
            10:00:04 tell trend order 5: 0001.0001.01.01 costs 1 USD
            10:00:04 tell trend order 5: BUY 3 at 500.02 in DU2, 3 left: 0001.0002.01.01
            10:00:04 tell trend order 5: 0001.0002.01.01 costs 1 USD
            10:00:04 tell trend order 5: BUY 3 at 500.02 in DU3, 0 left: 0001.0003.01.01
            10:00:04 tell trend order 5: 0001.0003.01.01 costs 1 USD
        "]],
    );
    assert_eq!(held(&world), ["trend DU1 4", "trend DU2 3", "trend DU3 3"]);
}

#[test]
fn a_bot_that_asks_sees_its_one_order_and_every_execution_of_it() {
    let mut world = world();
    world.run(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY MKT account=EVEN id=5
        10:00:03 venue fills own 100000000 4 500.02
        10:00:04 venue fills own 100000002 1 500.03
        ",
    );
    let open: Vec<_> =
        world.bridge.held_open(LinkId(1)).into_iter().map(|(held, news)| (held.order_id.0, news)).collect();
    let [(5, News::Stands { cum_qty, leaves_qty, .. })] = &open[..] else { panic!("{open:?}") };
    assert_eq!((*cum_qty, *leaves_qty), (Qty::whole(5), Qty::whole(5)));
    let executions = world.bridge.held_executions(world.now(), LinkId(1)).into_iter();
    let shown = executions.map(|(held, news, fee)| match news {
        News::Executed { share, account, .. } => {
            let fee = fee.map_or("-".into(), |fee| fee.to_string());
            format!("{} {account} {} {} {fee}", held.order_id, share.last_qty, share.cum_qty)
        }
        other => format!("{other:?}"),
    });
    assert_eq!(shown.collect::<Vec<_>>(), ["5 DU1 4 4 1 USD", "5 DU3 1 5 1 USD"]);
    assert!(world.bridge.held_open(LinkId(2)).is_empty());
}
