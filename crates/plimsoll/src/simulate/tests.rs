//! The same seed is the same world; a planted bug is found; what is found can be played again.

use plimsoll_core::GuardId;

use super::gateway::Broken;
use super::*;

/// Days within which a planted bug has to be found.
const FOUND_WITHIN: u64 = 60;

/// A day without faults: one bot buys, and leaves in the auction.
const QUIET: &str = "\
seed 7
day 2026-11-27
crossing deny
network 1ms 20ms
sync 2ms 5ms
clock followed
bot trend 11 DU1111111
12:41:00.000 trend BUY 100 SPY MKT as entry
12:45:00.000 trend SELL 100 SPY MOC as exit
";

fn played(text: &str, planted: Planted) -> (Day, Vec<String>) {
    let plan = plan::read(text).unwrap();
    let Ok((day, trace)) = play(&plan, planted, Trace::told()) else { panic!("not played:\n{text}") };
    (day, trace.into_lines())
}

#[test]
fn an_order_goes_all_the_way_to_the_venue_and_its_execution_back_to_the_bot() {
    let (day, trace) = played(QUIET, Planted::Nothing);
    let trace = trace.join("\n");
    assert_eq!(day.violations, [], "{trace}");
    let has = |what: &str| trace.lines().any(|line| what.split(" … ").all(|part| line.contains(part)));
    assert!(has("-> flush") && has("submit … BUY 100 SPY MKT"), "{trace}");
    assert!(has("12:41:0 … to bot 0 … BOT") && has("13:00:0 … to bot 0 … SLD"), "{trace}");
}

#[test]
fn the_same_seed_is_the_same_world_byte_by_byte() {
    for seed in 1..=6 {
        let plan = draw(Scenario::Closing, seed);
        let run = || {
            let Ok((day, trace)) = play(&plan, Planted::Nothing, Trace::told()) else { panic!("{plan}") };
            (day.hash, day.events, trace.into_lines())
        };
        let (first, second) = (run(), run());
        assert_eq!((first.0, first.1), (second.0, second.1), "seed {seed}");
        assert!(first.2 == second.2, "seed {seed}: the traces differ");
    }
}

#[test]
fn how_many_threads_share_the_days_does_not_matter() {
    let hashes = |threads| {
        let day = |seed| play(&draw(Scenario::Closing, seed), Planted::Nothing, Trace::silent());
        let Ok(days) = all(20, 4, threads, |seed| day(seed).map(|(day, _)| day)) else { panic!() };
        days.iter().map(|day| (day.seed, day.hash)).collect::<Vec<_>>()
    };
    assert_eq!(hashes(1), hashes(3));
}

#[test]
fn a_plan_survives_its_text() {
    for seed in 0..300 {
        let plan = draw(Scenario::Closing, seed);
        assert_eq!(plan::read(&plan.to_string()).as_ref(), Ok(&plan), "{plan}");
    }
}

#[test]
fn a_plan_that_says_nothing_sensible_is_told_where_and_why() {
    let with = |line: &str| plan::read(&format!("{QUIET}{line}\n")).unwrap_err();
    assert_eq!(with("12:50:00 nobody cancel a"), "`nobody` is none of the plan's bots; nothing was played");
    assert!(
        with("12:50:00 gateway unpowered keeps much down 1s").contains("line 10: `much` is no percentage")
    );
    assert!(with("12:50:00 venue {\"kind\":\"earthquake\"}").contains("earthquake"));
    assert!(with("12:50:00 trend SELL many SPY MOC as a").contains("`many` is no quantity"));
    assert_eq!(
        plan::read("seed 7\nday 2026-11-26\n").unwrap_err(),
        "2026-11-26 is no trading day of the US exchanges"
    );
}

#[test]
fn a_plan_is_made_smaller_as_long_as_it_breaks_the_same() {
    let planted = Planted::Without([GuardId::CloseCutoff]);
    let breaks = |seed: &u64| {
        let Ok((day, _)) = play(&draw(Scenario::Closing, *seed), planted, Trace::silent()) else { panic!() };
        day.violations.iter().any(|violation| violation.id == "I22")
    };
    let seed = (1..=FOUND_WITHIN).find(breaks).unwrap();
    let small = smaller(&draw(Scenario::Closing, seed), "I22", planted);
    let (day, _) = played(&small.to_string(), planted);
    assert!(day.violations.iter().any(|violation| violation.id == "I22"), "{small}");
    assert!(small.bots.len() == 1 && small.acts.len() <= 2, "a late order and nothing else:\n{small}");
}

/// The first seed that finds it.
fn found(id: &str, planted: Planted) {
    let finds = |seed: &u64| {
        let Ok((day, _)) = play(&draw(Scenario::Closing, *seed), planted, Trace::silent()) else { panic!() };
        day.violations.iter().any(|violation| violation.id == id)
    };
    assert!((1..=FOUND_WITHIN).any(|seed| finds(&seed)), "{planted:?} was not found in {FOUND_WITHIN} days");
}

#[test]
fn an_opposite_pair_is_found_if_nobody_asks_whether_orders_could_trade_with_each_other() {
    found("I08", Planted::Without([GuardId::SelfMatch]));
}

#[test]
fn a_late_order_is_found_if_nobody_asks_for_the_cutoff() {
    found("I22", Planted::Without([GuardId::CloseCutoff]));
}

#[test]
fn an_order_that_a_crash_would_forget_is_found_if_orders_do_not_wait_for_the_disk() {
    found("I02", Planted::Shell(Broken::SendsBeforeSync));
}

#[test]
fn a_doubled_close_is_found_if_an_accepted_order_is_taken_for_a_dead_one() {
    found("I13", Planted::Shell(Broken::TakesAcceptedForDead));
}
