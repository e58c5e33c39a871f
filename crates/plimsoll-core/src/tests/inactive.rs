//! Orders that the venue calls inactive: refused, out of the market, or waiting for shares to be found.

use expect_test::expect;
use plimsoll_model::OrderStatus;

use super::check;
use super::script::Script;

#[test]
fn an_inactive_order_counts_and_is_canceled_by_a_halt_of_everything() {
    check(
        "
        limit position 50000
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend SELL 100 SPY LMT 500.00 id=5
        10:00:02 venue deactivates trend 5
        10:00:03 trend SELL 1 SPY LMT 500.00 id=6
        10:00:04 revert BUY 1 SPY LMT 500.00 id=1
        10:00:05 halt all
        ",
        // It waits for shares to be borrowed: when they are found it is in the market again.
        &expect![["
            10:00:01 submit 1 SELL 100 SPY LMT 500.00 for DU1 [SPY-trend-20260227-1]
            10:00:03 deny 1 order 6: Plimsoll limits: position would be 50500 USD, limit 50000 USD
            10:00:04 deny 2 order 1: Plimsoll self_match: could trade with our own SELL 100 LMT [SPY-trend-20260227-1]
            10:00:05 cancel 1 order 5
            10:00:05 notice fleet halted (all) by op: drill
        "]],
    );
}

/// The status of the only order after these events.
fn status_after(script: &str) -> OrderStatus {
    let mut world = Script::new();
    world.run("10:00:00 quote SPY 500.00 500.00");
    world.run(script);
    world.bridge.snapshot(world.now()).orders[0].status
}

#[test]
fn a_refusal_ends_an_inactive_order_whichever_of_the_two_comes_first() {
    let order = "10:00:01 trend SELL 100 SPY LMT 500.00 id=5";
    let (inactive, error) = ("10:00:02 venue deactivates trend 5", "10:00:02 venue errs trend 5 201");
    for (first, second) in [(inactive, error), (error, inactive)] {
        let script = format!("{order}\n{first}\n{second}");
        assert_eq!(status_after(&script), OrderStatus::Rejected, "{script}");
    }
}

#[test]
fn a_warning_does_not_end_an_inactive_order_and_another_word_brings_it_back() {
    let order = "10:00:01 trend SELL 100 SPY LMT 500.00 id=5\n10:00:02 venue deactivates trend 5";
    // 404: shares for the short sale are being looked for.
    assert_eq!(status_after(&format!("{order}\n10:00:02 venue errs trend 5 404")), OrderStatus::Inactive);
    assert_eq!(status_after(&format!("{order}\n10:00:03 venue accepts trend 5")), OrderStatus::New);
}

#[test]
fn a_refused_change_of_an_inactive_order_does_not_end_it() {
    let script = "
        10:00:01 trend SELL 100 SPY LMT 500.00 id=5
        10:00:02 venue deactivates trend 5
        10:00:03 trend SELL 90 SPY LMT 500.00 id=5
        10:00:04 venue errs trend 5 201
    ";
    assert_eq!(status_after(script), OrderStatus::Inactive);
}

#[test]
fn an_order_that_had_to_execute_at_once_is_over_when_it_is_inactive() {
    for (tif, filled, end) in [
        ("FOK", "", OrderStatus::Rejected),
        ("IOC", "", OrderStatus::Rejected),
        ("IOC", "10:00:02 venue fills trend 5 40 500.00", OrderStatus::Canceled),
        ("DAY", "", OrderStatus::Inactive),
        ("GTC", "10:00:02 venue fills trend 5 40 500.00", OrderStatus::Inactive),
    ] {
        let script = format!(
            "10:00:01 trend BUY 100 SPY LMT 500.00 id=5 tif={tif}\n{filled}\n10:00:03 venue deactivates trend 5"
        );
        assert_eq!(status_after(&script), end, "{tif} {filled}");
    }
}

#[test]
fn an_inactive_order_is_asked_about_and_is_over_if_no_answer_names_it() {
    check(
        "
        10:00:00 wake
        10:00:00 own answers
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 100 SPY LMT 500.00 id=5
        10:00:02 venue deactivates trend 5
        10:00:06.999 wake
        10:00:07 wake
        10:00:07 own answers
        10:00:08 venue forgets trend 5
        10:01:07 wake
        10:01:07 own answers
        ",
        // Named among the open orders the first time: it is out of the market, and still there.
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 500.00 for DU1 [SPY-trend-20260227-1]
            10:01:07 notice orders of other clients do not come by themselves; they are asked for every 60 s; make client 900 the Master API client in the API settings of TWS
            10:01:07 notice SPY-trend-20260227-1 is not at the venue (was inactive)
        "]],
    );
}
