//! What a bot is shown, and what it may ask.

use std::fmt::Write as _;

use expect_test::expect;
use plimsoll_model::{Account, ExecId, LinkId, OrderId, RawFrame, Report};

use super::check;
use crate::Event;

#[test]
fn a_bot_cannot_cancel_what_it_did_not_place() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5
        10:00:02 revert cancel 5
        10:00:03 trend cancel 5
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:02 refuse 2 10147: OrderId 5 that needs to be cancelled is not found.
            10:00:03 forward 1
        "]],
    );
}

#[test]
fn a_cancel_of_an_order_that_nobody_has_named_to_us_is_passed_on() {
    for mode in ["", "observe"] {
        check(
            &format!(
                "
                {mode}
                10:00:00 trend cancel 5
                10:00:01 venue manual 77 BUY 40 SPY LMT 490.00 client=7 id=6
                10:00:02 trend cancel 6
                "
            ),
            &expect![["
                10:00:00 forward 1
                10:00:02 refuse 1 10147: OrderId 6 that needs to be cancelled is not found.
            "]],
        );
    }
}

#[test]
fn a_global_cancel_cancels_the_bots_own_orders_only() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5
        10:00:02 revert BUY 100 SPY LMT 498.00 id=6
        10:00:03 revert cancel all
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:02 submit 2 BUY 100 SPY LMT 498.00 for DU1 [SPY-revert-20260227-1]
            10:00:03 cancel 2 order 6
            10:00:03 notice revert: global cancel became cancels of its own orders
        "]],
    );
}

#[test]
fn unreadable_and_unguarded_requests_never_reach_the_venue() {
    check(
        "
        10:00:00 trend garbles 7
        10:00:01 trend exercises
        10:00:02 trend asks reqPnL DU2
        10:00:03 revert asks reqPnL DU2
        ",
        &expect![["
            10:00:00 deny 1 order 7: Plimsoll supported: the order cannot be read: field 17 is not a number
            10:00:01 refuse 1 321: Error validating request.-'exerciseOptions' : cause - Plimsoll supported: exerciseOptions cannot be bounded by any guard yet
            10:00:02 refuse 1 321: Error validating request.-'reqPnL' : cause - Plimsoll account: account DU2 is not this bot's; it may use DU1
            10:00:03 forward 2
        "]],
    );
}

#[test]
fn what_would_be_told_of_all_accounts_at_once_is_refused() {
    check(
        "
        10:00:00 trend asks reqPnL
        10:00:01 trend asks requestFA
        10:00:02 revert asks reqPnL
        ",
        &expect![["
            10:00:00 refuse 1 321: Error validating request.-'reqPnL' : cause - Plimsoll account: without an account the answer covers all accounts of the login; name one of this bot's: DU1
            10:00:01 refuse 1 321: FA data operations ignored for non FA customers.
            10:00:02 refuse 2 321: Error validating request.-'reqPnL' : cause - Plimsoll account: without an account the answer covers all accounts of the login; name one of this bot's: DU1, DU2
        "]],
    );
}

#[test]
fn the_reference_is_written_up_and_the_bots_own_words_are_put_back_down() {
    let mut world = super::Script::new();
    world.shows = true;
    let trace = world.run(
        "
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 1 SPY LMT 499.00 id=5
        10:00:02 venue names trend 5 0
        10:00:03 venue fills trend 5 1 499.00
        ",
    );
    // openOrder before the broker's number; then execution, commission, openOrder and orderStatus.
    expect![["
        10:00:01 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
        10:00:02 show 1 [OrderRef(\"own words\")]
        10:00:03 show 1 [OrderRef(\"own words\")]
        10:00:03 show 1
        10:00:03 show 1 [OrderRef(\"own words\")]
        10:00:03 show 1
    "]]
    .assert_eq(&trace);
}

#[test]
fn the_zone_of_an_execution_is_named_where_the_operator_wants_it() {
    let mut world = super::Script::new();
    world.shows = true;
    let trace = world.run(
        "
        zoned times
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 1 SPY LMT 499.00 id=5
        10:00:03 venue fills trend 5 1 499.00
        ",
    );
    assert!(trace.contains("10:00:03 show 1 [OrderRef(\"own words\"), ExecutionTime]\n"), "{trace}");
}

/// What `trend`, whose account is DU1, is shown of a report on its own connection.
fn shown(reports: Vec<Report>) -> String {
    let mut world = super::Script::new();
    world.shows = true;
    world.run("10:00:00 trend ids");
    let mut shown = String::new();
    for report in reports {
        let event = Event::FromVenue { link: LinkId(1), report, raw: RawFrame::default() };
        let mut out = Vec::new();
        world.bridge.on(world.now(), event, &mut out);
        for command in &out {
            writeln!(shown, "{command}").unwrap();
        }
    }
    shown
}

fn account(text: &str) -> Account {
    Account::new(text).unwrap()
}

#[test]
fn a_bot_is_told_of_its_own_accounts_only() {
    let all = vec![account("DU1"), account("DU2")];
    assert_eq!(shown(vec![Report::ManagedAccounts(all)]), "show 1 [Accounts([DU1])]\n");
    assert_eq!(shown(vec![Report::ManagedAccounts(vec![account("DU1")])]), "show 1\n");
    let foreign = shown(vec![Report::ManagedAccounts(vec![account("DU2")])]);
    assert_eq!(foreign, "close 1: the login has none of this bot's accounts\n");
    assert_eq!(shown(vec![Report::AboutAccount(account("DU2"))]), "");
    assert_eq!(shown(vec![Report::AboutAccount(account("DU1"))]), "show 1\n");
}

#[test]
fn a_commission_is_shown_only_after_its_execution() {
    let exec_id = ExecId::new("0001.01.01").unwrap();
    assert_eq!(shown(vec![Report::Commission { exec_id, charge: None }]), "");
}

#[test]
fn the_next_order_id_is_rewritten_only_where_it_is_too_low() {
    assert_eq!(shown(vec![Report::NextValidId(OrderId(1))]), "show 1\n");
}

#[test]
fn a_second_start_of_a_connection_is_refused_in_observe_mode_too() {
    check(
        "
        observe
        10:00:00 trend starts
        ",
        &expect![["
            10:00:00 refuse 1 321: Error validating request.-'startApi' : cause - Plimsoll: this connection has started already
        "]],
    );
}
