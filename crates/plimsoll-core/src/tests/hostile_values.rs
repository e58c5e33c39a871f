//! Numbers, names and floods at their extremes: none may end the process, pass a guard, or reach another
//! bot.

use std::fmt::Write as _;

use expect_test::expect;

use super::check;

#[test]
fn a_long_symbol_is_denied_and_does_not_end_the_process() {
    let symbol = "A".repeat(200);
    let mut world = super::Script::new();
    let trace = world.run(&format!("10:00:00 trend BUY 1 {symbol} LMT 1.00 id=1"));
    assert!(trace.contains("is not among this bot's instruments"), "{trace}");
}

#[test]
fn the_lowest_price_of_all_is_denied_and_does_not_end_the_process() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 1 SPY LMT -79228162514264337593543950335 id=1
        ",
        &expect![["
            10:00:01 deny 1 order 1: Plimsoll limits: the distance from the reference has more than 28 digits
        "]],
    );
}

#[test]
fn a_reference_with_the_highest_number_does_not_end_the_process() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 venue manual 77 BUY 1 SPY LMT 1.00 ref=SPY-trend-20260227-4294967295
        10:00:02 trend BUY 1 SPY LMT 499.00 id=1
        ",
        &expect![["
            10:00:02 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
        "]],
    );
}

#[test]
fn a_broker_number_of_zero_does_not_merge_two_orders() {
    check(
        "
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5
        10:00:02 trend BUY 50 SPY LMT 498.00 id=6
        10:00:03 venue names trend 5 0
        10:00:03 venue names trend 6 0
        10:00:04 revert SELL 10 SPY LMT 499.00 id=1
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:02 submit 1 BUY 50 SPY LMT 498.00 for DU1 [SPY-trend-20260227-2]
            10:00:04 deny 2 order 1: Plimsoll self_match: could trade with our own BUY 100 LMT [SPY-trend-20260227-1]
        "]],
    );
}

#[test]
fn changes_count_towards_the_rate() {
    check(
        "
        limit rate 3
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5
        10:00:02 trend BUY 100 SPY LMT 498.99 id=5
        10:00:03 trend BUY 100 SPY LMT 498.98 id=5
        10:00:04 trend BUY 100 SPY LMT 498.97 id=5
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:02 replace 1 BUY 100 SPY LMT 498.99 for DU1 [SPY-trend-20260227-1]
            10:00:03 replace 1 BUY 100 SPY LMT 498.98 for DU1 [SPY-trend-20260227-1]
            10:00:04 deny 1 change of 5: Plimsoll limits: 3 orders in the last minute, limit 3
        "]],
    );
}

#[test]
fn a_cheap_limit_does_not_make_a_large_position_cheap() {
    check(
        "
        limit position 60000
        limit collar none
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 1000 SPY LMT 1.00 id=5
        ",
        &expect![["
            10:00:01 deny 1 order 5: Plimsoll limits: position would be 500000 USD, limit 60000 USD
        "]],
    );
}

#[test]
fn an_order_without_the_price_of_its_kind_is_denied() {
    check(
        "
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend SELL 1 SPY LMT id=5
        10:00:02 trend SELL 1 SPY STP id=6
        10:00:03 trend SELL 1 SPY STP_LMT 499.00 id=7
        10:00:04 trend BUY 1 SPY MKT 0 id=8
        ",
        &expect![["
            10:00:01 deny 1 order 5: Plimsoll supported: a limit order without a limit price cannot be bounded by any guard yet
            10:00:02 deny 1 order 6: Plimsoll supported: a stop order without a stop price cannot be bounded by any guard yet
            10:00:03 deny 1 order 7: Plimsoll supported: a stop order without a stop price cannot be bounded by any guard yet
            10:00:04 submit 1 BUY 1 SPY MKT 0 for DU1 [SPY-trend-20260227-4]
        "]],
    );
}

#[test]
fn order_ids_that_no_client_may_use_are_denied() {
    check(
        "
        10:00:00 quote SPY 500.00 500.00
        10:00:01 trend BUY 1 SPY LMT 499.00 id=-4
        10:00:02 trend BUY 1 SPY LMT 499.00 id=2147483647
        10:00:03 trend BUY 1 SPY LMT 499.00 id=2147483646
        ",
        &expect![["
            10:00:01 deny 1 order -4: Plimsoll supported: order id -4 is outside 1 to 2147483646
            10:00:02 deny 1 order 2147483647: Plimsoll supported: order id 2147483647 is outside 1 to 2147483646
            10:00:03 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-3]
        "]],
    );
}

#[test]
fn a_contract_number_that_the_broker_has_not_confirmed_is_denied() {
    let mut world = super::Script::new();
    world.contracts_unanswered = true;
    let trace = world.run(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 1 SPY LMT 499.00 id=1 conid=320227571
        10:00:02 trend BUY 1 SPY LMT 499.00 id=2
        ",
    );
    expect![["
        10:00:01 deny 1 order 1: Plimsoll ownership: contract number 320227571 has not been confirmed by the broker
        10:00:02 submit 1 BUY 1 SPY LMT 499.00 for DU1 [SPY-trend-20260227-2]
    "]]
    .assert_eq(&trace);
}

#[test]
fn a_flood_of_one_bot_does_not_wipe_the_memory_of_another() {
    let mut world = super::Script::new();
    let mut script =
        "10:00:00 quote SPY 500.00 500.02\n10:00:01 revert BUY 7 SPY LMT 499.00 id=1\n".to_owned();
    for id in 1..=i32::try_from(crate::limits::RECENT_ORDERS_MAX).unwrap() + 1 {
        writeln!(script, "10:00:01 trend BUY 1 XX LMT 1.00 id={id}").unwrap();
    }
    script.push_str("10:00:02 revert BUY 7 SPY LMT 499.00 id=2\n");
    let trace = world.run(&script);
    assert!(trace.ends_with(
        "10:00:02 deny 2 order 2: Plimsoll duplicate: the same as SPY-revert-20260227-1 1s ago, window 2s\n"
    ));
}

#[test]
fn one_bots_resting_orders_do_not_lock_out_another() {
    let mut world = super::Script::new();
    world.run("10:00:00 quote SPY 500.00 500.02");
    for id in 1..=i32::try_from(crate::limits::OPEN_ORDERS_MAX).unwrap() {
        let order =
            crate::OrderState { account: plimsoll_model::Account::new("DU3"), ..super::order_state(id) };
        world.bridge.book.insert(order);
    }
    let trace = world.run(
        "
        10:00:02 trend BUY 1 SPY LMT 498.00 id=9000
        10:00:02 revert BUY 1 SPY LMT 499.00 id=1
        ",
    );
    let tail: Vec<_> = trace.lines().rev().take(2).collect();
    assert_eq!(tail[1], "10:00:02 deny 1 order 9000: Plimsoll supported: more than 2000 working orders");
    assert_eq!(tail[0], "10:00:02 submit 2 BUY 1 SPY LMT 499.00 for DU1 [SPY-revert-20260227-1]");
}

#[test]
fn a_reused_number_survives_the_eviction_of_its_denied_namesake() {
    use crate::limits::BOOK_ORDERS_MAX;
    let mut book = crate::Book::default();
    let bot = super::order_state(5);
    let mut denied = bot.clone();
    denied.status = plimsoll_model::OrderStatus::Denied;
    book.insert(denied);
    let live = book.insert(bot);
    for id in 0..BOOK_ORDERS_MAX {
        let mut other = super::order_state(100 + i32::try_from(id).unwrap());
        other.status = plimsoll_model::OrderStatus::Canceled;
        book.insert(other);
    }
    assert_eq!(book.by_client(plimsoll_model::ClientId(11), plimsoll_model::OrderId(5)), Some(live));
}

#[test]
fn a_quote_from_the_future_is_as_suspect_as_an_old_one() {
    check(
        "
        10:00:00 quote SPY 500.00 500.00 struck=11:00:00
        10:00:01 trend BUY 100 SPY MKT id=1
        ",
        &expect![["
            10:00:01 deny 1 order 1: Plimsoll stale_data: SPY last struck 59m59s ago, limit 15s
        "]],
    );
}

#[test]
fn a_copied_reference_does_not_turn_a_manual_order_into_ours() {
    check(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 100 SPY LMT 499.00 id=5
        10:00:02 venue accepts trend 5
        10:00:03 venue manual 77 BUY 40 SPY LMT 500.00 ref=SPY-trend-20260227-1
        10:00:04 revert SELL 10 SPY LMT 500.00 id=1
        10:00:05 revert SELL 10 SPY LMT 499.00 id=2
        ",
        &expect![["
            10:00:01 submit 1 BUY 100 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:04 deny 2 order 1: Plimsoll self_match: could trade with our own BUY 40 LMT [foreign 77]
            10:00:05 deny 2 order 2: Plimsoll self_match: could trade with our own BUY 100 LMT [SPY-trend-20260227-1]
        "]],
    );
}

#[test]
fn a_doubt_on_a_lost_connection_does_not_wake_the_shell_for_ever() {
    let mut world = super::Script::new();
    world.run(
        "
        10:00:00 venue holds DU1 SPY 40
        10:00:01 own error 1100
        10:00:09 wake
        ",
    );
    assert_eq!(world.bridge.next_wakeup(), None);
}

#[test]
fn a_text_that_is_too_long_is_denied_and_kept_nowhere() {
    use crate::limits::ORDER_TEXT_MAX;
    let mut world = super::Script::new();
    for (len, id) in [(ORDER_TEXT_MAX, 1), (ORDER_TEXT_MAX + 1, 2)] {
        let text = "r".repeat(len);
        let trace = world.run(&format!(
            "10:00:00 quote SPY 500.00 500.02\n10:00:01 trend BUY 1 SPY LMT {}.00 id={id} ref={text}",
            490 + id
        ));
        let why = "a text of 1025 bytes exceeds the limit of 1024";
        assert_eq!(trace.contains(" submit "), len == ORDER_TEXT_MAX, "{trace}");
        assert_eq!(trace.contains(why), len > ORDER_TEXT_MAX, "{trace}");
    }
    assert_eq!(world.bridge.book.recent().count(), 1);
}

#[test]
fn what_a_bot_asked_for_is_forgotten_when_no_window_reaches_back_to_it() {
    let mut world = super::Script::new();
    world.config.bots[0].duplicate_window = std::time::Duration::from_secs(90);
    let trend = world.config.bots[0].name.clone();
    world.run("10:00:00 quote SPY 500.00 500.02\n10:00:05 trend BUY 1 SPY LMT 499.00 id=1");
    world.run("10:00:30 quote SPY 500.00 500.02\n10:00:30 trend BUY 1 SPY LMT 498.00 id=2");
    let repeat = |world: &mut super::Script, at: &str, id: u32| {
        world.run(&format!("10:{at} quote SPY 500.00 500.02\n10:{at} trend BUY 1 SPY LMT 499.00 id={id}"))
    };
    // The first one is 89.999 seconds old, the longest window is 90 s.
    let trace = repeat(&mut world, "01:34.999", 3);
    assert!(trace.contains(" deny ") && trace.contains("duplicate"), "{trace}");
    assert_eq!(world.bridge.recent.len_of(&trend), 3);
    let trace = repeat(&mut world, "01:35", 4);
    assert!(trace.contains(" submit "), "{trace}");
    assert_eq!(world.bridge.recent.len_of(&trend), 3, "the first is gone, the fourth is there");
}

#[test]
fn a_flood_of_denied_orders_stays_small_and_leaves_the_working_ones_alone() {
    use crate::limits::DENIED_ORDERS_MAX;
    let mut world = super::Script::new();
    world.run("10:00:00 quote SPY 500.00 500.02\n10:00:01 trend BUY 1 SPY LMT 499.00 id=1");
    let mut flood = String::new();
    for id in 2..=DENIED_ORDERS_MAX + 11 {
        writeln!(flood, "10:00:02 trend BUY 1 SPY LMT 10.00 id={id}").unwrap();
    }
    world.run(&flood);
    let trend = world.config.bots[0].name.clone();
    let book = &world.bridge.book;
    assert_eq!(book.recent().count(), DENIED_ORDERS_MAX + 1);
    assert_eq!(book.open_count_of(&trend), 1);
    let view = world.bridge.snapshot(world.now());
    assert_eq!((view.bots[0].denied, view.bots[0].sent), (DENIED_ORDERS_MAX + 10, 1), "all are counted");
    // A number that was denied is free again, remembered or not.
    let trace = world.run("10:00:03 trend BUY 1 SPY LMT 498.00 id=2");
    assert!(trace.contains(" submit "), "{trace}");
}
