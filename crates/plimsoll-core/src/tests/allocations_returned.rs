//! A part of an order over several accounts that works although the order was thought to be over.

use expect_test::expect;

use super::allocations::{check, report, world};

#[test]
fn a_part_that_works_after_all_is_canceled_by_a_halt_and_a_person_is_told() {
    let mut world = world();
    let trace = world.run(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY LMT 500.00 account=EVEN id=5
        10:00:02 venue cancels own 100000000
        10:00:02 venue cancels own 100000001
        ",
    );
    // It is on its way to the venue's lists, and is in none of them while they are asked for.
    let key = *world.at_venue.keys().last().unwrap();
    let late = world.at_venue.remove(&key).unwrap();
    let trace = trace
        + &world.run(
            "
        10:00:03 own down
        10:00:04 own up
        10:00:04 own answers
        10:01:05 wake
        10:01:05 own answers
        ",
        );
    world.at_venue.insert(key, late);
    let trace = trace
        + &world.run(
            "
        10:01:10 venue accepts own 100000002
        10:01:11 halt all
        10:01:12 venue cancels own 100000002
        ",
        );
    expect![["
        10:00:01 place 900 BUY 4 SPY LMT 500.00 for DU1 [SPY-trend-20260227-2] as order 100000000
        10:00:01 place 900 BUY 3 SPY LMT 500.00 for DU2 [SPY-trend-20260227-3] as order 100000001
        10:00:01 place 900 BUY 3 SPY LMT 500.00 for DU3 [SPY-trend-20260227-4] as order 100000002
        10:00:01 tell trend order 5: divided over 3 accounts
        10:00:02 notice broker error 202: Order Canceled
        10:00:02 notice broker error 202: Order Canceled
        10:00:04 notice SPY-trend-20260227-4 is not at the venue (was unknown)
        10:00:04 notice reconciled: 1 open orders, 0 positions
        10:00:04 tell trend order 5: canceled with 10 left: 0 of 10 executed over EVEN; DU1: 202: Order Canceled; and 2 more; see `plimsoll allocation show SPY-trend-20260227-1`
        10:00:04 notice BUY 10 SPY LMT 500.00 [SPY-trend-20260227-1]: 0 of 10 executed over EVEN; DU1: 202: Order Canceled; and 2 more; see `plimsoll allocation show SPY-trend-20260227-1`
        10:01:10 notice SPY-trend-20260227-4 for DU3 works after all, though trend was told the end of BUY 10 SPY LMT 500.00 [SPY-trend-20260227-1]; its bot's cancel or a halt of everything cancels it
        10:01:11 notice fleet halted (all) by op: drill
        10:01:11 cancel 900 order 100000002
        10:01:12 notice broker error 202: Order Canceled
    "]].assert_eq(&trace);
    expect![["
        SPY-trend-20260227-1 EVEN 0 of 10 canceled at -, 0 left over
        DU1 3.3333 sent 4 filled 0 canceled fees - missing 4: 202: Order Canceled
        DU2 3.3333 sent 3 filled 0 canceled fees - missing 3: 202: Order Canceled
        DU3 3.3333 sent 3 filled 0 canceled fees - missing 3: -"]]
    .assert_eq(&report(&world));
}

#[test]
fn a_part_that_works_after_a_refusal_is_canceled_by_its_bot() {
    let world = check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY LMT 500.00 account=EVEN id=5
        10:00:02 venue cancels own 100000000
        10:00:02 venue cancels own 100000001
        10:00:03 venue rejects own 100000002 201
        10:00:04 venue accepts own 100000002
        10:00:05 trend cancel 5
        10:00:06 venue cancels own 100000002
        10:00:07 trend cancel 5
        ",
        &expect![["
            10:00:01 place 900 BUY 4 SPY LMT 500.00 for DU1 [SPY-trend-20260227-2] as order 100000000
            10:00:01 place 900 BUY 3 SPY LMT 500.00 for DU2 [SPY-trend-20260227-3] as order 100000001
            10:00:01 place 900 BUY 3 SPY LMT 500.00 for DU3 [SPY-trend-20260227-4] as order 100000002
            10:00:01 tell trend order 5: divided over 3 accounts
            10:00:02 notice broker error 202: Order Canceled
            10:00:02 notice broker error 202: Order Canceled
            10:00:03 notice broker error 201: x
            10:00:03 tell trend order 5: canceled with 10 left: 0 of 10 executed over EVEN; DU1: 202: Order Canceled; and 2 more; see `plimsoll allocation show SPY-trend-20260227-1`
            10:00:03 notice BUY 10 SPY LMT 500.00 [SPY-trend-20260227-1]: 0 of 10 executed over EVEN; DU1: 202: Order Canceled; and 2 more; see `plimsoll allocation show SPY-trend-20260227-1`
            10:00:04 notice SPY-trend-20260227-4 for DU3 works after all, though trend was told the end of BUY 10 SPY LMT 500.00 [SPY-trend-20260227-1]; its bot's cancel or a halt of everything cancels it
            10:00:05 cancel 900 order 100000002
            10:00:06 notice broker error 202: Order Canceled
            10:00:07 refuse 1 10148: OrderId 5 that needs to be cancelled cannot be cancelled, state: Cancelled.
        "]],
    );
    expect![["
        SPY-trend-20260227-1 EVEN 0 of 10 canceled at -, 0 left over
        DU1 3.3333 sent 4 filled 0 canceled fees - missing 4: 202: Order Canceled
        DU2 3.3333 sent 3 filled 0 canceled fees - missing 3: 202: Order Canceled
        DU3 3.3333 sent 3 filled 0 canceled fees - missing 3: -"]]
    .assert_eq(&report(&world));
}
