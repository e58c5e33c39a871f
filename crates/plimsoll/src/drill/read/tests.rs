//! A file that says nothing sensible is told where, and what to write.

use expect_test::{Expect, expect};

use super::*;

const HEAD: &str = "\
title     A drill
pitfall   04-moc-after-cutoff
guard     close_cutoff
day       2026-11-27 America/New_York
from      12:45:00
to        12:51:00
bot       trend 11 DU1111111 SPY
";

fn check(text: &str, expect: &Expect) {
    let told = match read("a", "a.drill", text) {
        Ok(drill) => format!("{} has no mistake", drill.name),
        Err(problems) => problems.to_string(),
    };
    expect.assert_eq(&told);
}

/// Behind a head without mistakes; the first of these lines is the eighth.
fn check_script(script: &str, expect: &Expect) {
    check(&format!("{HEAD}{script}"), expect);
}

#[test]
fn an_empty_file_is_told_what_a_drill_has() {
    check(
        "# nothing\n",
        &expect![[r#"
        a.drill:1:1: something is missing; write `title    MOC after the cutoff of a half day`
        a.drill:1:1: something is missing; write `pitfall  04-moc-after-cutoff`, a page in docs/pitfalls
        a.drill:1:1: something is missing; write `day      2026-11-27 America/New_York`
        a.drill:1:1: something is missing; write `from     12:45:00`
        a.drill:1:1: something is missing; write `to       13:01:00`
        a.drill:1:1: something is missing; write `bot      trend 11 DU1111111 SPY`
        a.drill:1:1: something is missing; write what has to come of it, `expect   violations none`"#]],
    );
}

#[test]
fn every_mistake_of_the_head_is_told_with_its_place() {
    check(
        "title\npitfal 04\nguard close_cutof\nday 2026-11-27\nfrom 12:45:00Z\nto 9\nseed x\nclock 2s\nbot venue 11 DU1 SPY\n",
        &expect![[r#"
            a.drill:1:1: something is missing; write `pitfall  04-moc-after-cutoff`, a page in docs/pitfalls
            a.drill:1:1: something is missing; write what has to come of it, `expect   violations none`
            a.drill:1:7: something is missing; write `title    MOC after the cutoff`
            a.drill:2:1: `pitfal` begins no line; write one of title, pitfall, guard, shows, tws, day, from, to, seed, profile, accounts, bot, on_close_crossing, job, clock, time_servers, or a time of the script, or `expect`
            a.drill:3:7: `close_cutof` is not understood; write one of supported, account, ownership, halt, reconciled, trading_session, close_cutoff, duplicate, stale_data, limits, self_match
            a.drill:4:16: something is missing; write a date and its zone, `day 2026-11-27 America/New_York`
            a.drill:5:6: `12:45:00Z` is not understood; write hours, minutes and seconds, `12:50:00`
            a.drill:6:4: `9` is not understood; write hours, minutes and seconds, `12:50:00`
            a.drill:7:6: `x` is not understood; write a whole number, `seed 7`
            a.drill:8:7: `2s` is not understood; write `clock +2s` or `clock -2s`
            a.drill:9:5: `venue` is no name of a bot; write `bot trend 11 DU1111111 SPY,QQQ stale_after=15s`"#]],
    );
}

#[test]
fn every_mistake_of_the_script_is_told_with_its_place() {
    check_script(
        "12:46:00 revert BUY 1 SPY MKT\n\
         12:46:00 trend BUY many SPY MKT\n\
         12:46:00 trend BUY 1 SPY LMT\n\
         12:46:00 trend BUY 1 SPY MKT now\n\
         12:46:00 trend cancel nothing\n\
         12:46:00 venue earthquake\n\
         12:46:00 host step 2s\n\
         12:46:00 operator sleep\n\
         12:46:00 operator announce XNYS 2026-11-27 closed 13:00\n\
         12:52:00 trend BUY 1 SPY MKT as late\n\
         expect violations none\n",
        &expect![[r#"
            a.drill:8:10: `revert` is nobody here; write who acts: venue, host, operator, trend
            a.drill:9:20: `many` is not understood; write `SELL 100 SPY MOC`
            a.drill:10:30: something is missing; write the limit, `LMT 500.10`
            a.drill:11:30: `now` is not understood; write a time in force (OPG, GTC, IOC, AUC), `account=DU2222222`, `account=none`, or `as late`
            a.drill:12:23: trend has sent nothing called `nothing` above; write one that it has
            a.drill:13:16: unknown fault `earthquake`; there are announce_hours, bars_outside_session, bust_execution, cancel_order, clock_offset, competing_session, correct_execution, daily_reset, delay_message, disconnect, drop_message, duplicate_message, empty_history, farm_down, farm_idle, farm_up, freeze_data, freeze_field, half_open, halt_symbol, hard_to_borrow, history_pacing, late_cancel, late_commission, link_down, link_up_data_kept, link_up_data_lost, manual_order, manual_trade, mute_socket, never_answer, not_allowed, not_subscribed, other_user_login, port_change, rate_limit, refuse_connect, reject_orders, reorder, silent_drop_order, stale_snapshot, unscheduled_close; docs/simulator.md lists the faults
            a.drill:14:20: `2s` is not understood; write by how much, `step +90s` or `step -2s`
            a.drill:15:19: an operator cannot `sleep`; write `halt`, `halt_all`, `resume`, `restart`, `nightly trend=1309`, or `announce XNYS 2026-12-03 closed`
            a.drill:16:51: `13:00` is one word too many; leave it out
            a.drill:17:1: 12:52:00 is not between `from` and `to`; write another time, or move those"#]],
    );
}

#[test]
fn every_mistake_of_the_expectations_is_told_with_its_place() {
    check_script(
        "12:46:00 trend BUY 1 SPY MKT as entry\n\
         expect exit reached\n\
         expect entry denied nobody\n\
         expect entry filled\n\
         expect entry vanished\n\
         expect position DU1111111 SPY\n\
         expect violations many\n\
         expect position DU1111112 SPI 1\n\
         expect violation late_on_closed\n\
         expect state arned\n\
         expect entry status Fileld\n",
        &expect![[r#"
            a.drill:9:8: no order is called `exit`; write one of entry
            a.drill:10:21: `nobody` is not understood; write one of supported, account, ownership, halt, reconciled, trading_session, close_cutoff, duplicate, stale_data, limits, self_match
            a.drill:11:21: something is missing; write how much, `filled 100`
            a.drill:12:14: nothing is known about `vanished`; write `ORDER denied GUARD`, `ORDER reached|not_reached`, `ORDER filled QTY`, `ORDER told CODE`, `REQUEST answered`, `ORDER status WORD`, `orders N`, `position ACCOUNT SYMBOL QTY`, `violations none`, `violation KIND`, `state WORD`, `clock WORD`, `job NAME WORD` or `breaks N`
            a.drill:13:31: something is missing; write account, symbol and quantity, `position DU1111111 SPY -40`
            a.drill:14:19: `many` is not understood; write `violations none`, or `violation late_on_close`
            a.drill:15:8: nobody here has `DU1111112`; write one of DU1111111, DU2222222
            a.drill:15:8: nobody here has `SPI`; write one of SPY
            a.drill:16:18: `late_on_closed` is not understood; write one of missing_account, unknown_account, crossing_on_close, late_on_close, late_on_open, cancel_after_freeze, outside_session, duplicate_order_id, tif_not_allowed, bad_tick_size, client_id_in_use, message_rate, market_data_lines, historical_pacing, current_time_pacing, too_many_orders, insufficient_funds, aggressive_limit, malformed_frame, order_efficiency, read_only
            a.drill:17:14: `arned` is not understood; write one of starting, reconciling, armed, read_only, halted
            a.drill:18:21: `Fileld` is not understood; write one of ApiPending, PendingSubmit, PendingCancel, PreSubmitted, Submitted, ApiCancelled, Cancelled, Filled, Inactive"#]],
    );
}

// What stands at 18:00 is before what stands at 09:00, because it is of the evening before.
#[test]
fn a_drill_can_begin_on_the_evening_before() {
    let head = HEAD.replace("from      12:45:00", "from      18:00:00 day_before");
    let text = "18:00:10 operator halt\n09:00:00 operator resume\nexpect 20:00:00 state halted\nexpect state armed\n";
    let drill = read("a", "a.drill", &format!("{head}{text}")).unwrap();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    assert_eq!((drill.from, drill.to), (at("2026-11-26T18:00:00-05"), at("2026-11-27T12:51:00-05")));
    let cues: Vec<Timestamp> = drill.cues.iter().map(|cue| cue.at).collect();
    assert_eq!(cues, [at("2026-11-26T18:00:10-05"), at("2026-11-27T09:00:00-05")]);
    assert_eq!(drill.expected[0].at, Some(at("2026-11-26T20:00:00-05")));
}

#[test]
fn a_drill_that_would_end_before_it_begins_or_last_too_long_is_told() {
    let head = HEAD.replace("from      12:45:00", "from      13:00:00");
    check(
        &format!("{head}expect orders 0\n"),
        &expect![[
            r#"a.drill:6:11: the drill would end before it begins; write a later time, or `from 18:00:00 day_before`"#
        ]],
    );
    let head = HEAD.replace("from      12:45:00", "from      12:00:00 day_before");
    check(
        &format!("{head}expect orders 0\n"),
        &expect![[r#"a.drill:6:11: the drill would be longer than a day; write an earlier time"#]],
    );
}

#[test]
fn a_key_that_no_bot_has_is_told_with_the_bot_s_line() {
    let text = HEAD.replace("DU1111111 SPY", "DU1111111 SPY stale_afer=15s max_order_qty=few");
    check(
        &format!("{text}from 12:46:00\nexpect orders 0\n"),
        &expect![[r#"
        a.drill:7:1: unknown key `stale_afer` in [[bot]]; did you mean `stale_after`?
        a.drill:7:1: `max_order_qty`: `few` is not a decimal number of at most 28 digits
        a.drill:8:1: `from` is said already; leave one out"#]],
    );
}

#[test]
fn a_job_and_a_policy_are_read_as_the_configuration_reads_them() {
    let jobs = "job trend at = \"moc_entry - 5s\", do = \"close_positions\", fallback = { at = \"close - 2s\", do = \"market\" }\n";
    let drill =
        read("a", "a.drill", &format!("{HEAD}on_close_crossing deny\n{jobs}expect orders 0\n")).unwrap();
    let fallback = "fallback = { at = \"close - 2s\", do = \"market\" }\n";
    assert!(
        drill.jobs[0].contains("bot = \"trend\"\n") && drill.jobs[0].contains(fallback),
        "{}",
        drill.jobs[0]
    );
    let wrong =
        "job trend at = \"15:49:55\", do = \"close_positions\"\njob trend at\non_close_crossing cross\n";
    let problems = read("a", "a.drill", &format!("{HEAD}{wrong}expect orders 0\n")).unwrap_err();
    let lines: Vec<_> = problems.list.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [8, 9, 10], "{problems}");
}

#[test]
fn the_same_name_is_not_given_to_two_orders() {
    check_script(
        "12:46:00 trend BUY 1 SPY MKT as entry\n12:47:00 trend BUY 1 SPY MKT as entry\nexpect orders 2\n",
        &expect!["a.drill:9:1: something is called `entry` already; write another name"],
    );
}

#[test]
fn a_time_that_the_clocks_skip_is_none() {
    let text = HEAD.replace("2026-11-27", "2026-03-08").replace("12:45:00", "02:30:00");
    check(
        &format!("{text}expect orders 0\n"),
        &expect!["a.drill:5:11: the clocks are changed at that time; write another"],
    );
}

#[test]
fn a_drill_without_mistake_is_read() {
    let script = "12:46 trend BUY 1 SPY LMT 500.10 OPG account=none as entry # a comment\nexpect 12:47:00 entry reached\n";
    let drill = read("a", "a.drill", &format!("{HEAD}{script}")).unwrap();
    assert_eq!(drill.bots[0].labels().collect::<Vec<_>>(), ["entry"]);
    assert_eq!(drill.expected[0].at, Some("2026-11-27T17:47:00Z".parse().unwrap()));
}
