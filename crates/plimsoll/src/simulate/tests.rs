//! The same seed is the same world; a planted bug is found; what is found can be played again.

use plimsoll_core::GuardId;

use super::gateway::Broken;
use super::*;

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
    for seed in [1, 9] {
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
        let how = How { threads, tells: Tells::Nothing };
        let played = campaign::run(20, Until::Days(3), how, |seed| day(seed).map(|(day, _)| day));
        let Ok(days) = played else { panic!() };
        days.iter().map(|day| (day.seed, day.hash)).collect::<Vec<_>>()
    };
    assert_eq!(hashes(1), hashes(3));
}

#[test]
fn a_plan_survives_its_text() {
    for seed in 0..300 {
        let plan = draw(Scenario::All, seed);
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

/// What was found and mended stays mended: `bugbase/<invariant>-<seed>/plan`, each with its story.
#[test]
fn no_plan_of_the_bug_base_breaks_anything_any_more() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../bugbase");
    let mut played = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(path.join("plan")).unwrap();
        assert!(path.join("story.md").is_file(), "{}: without a story", path.display());
        let (day, trace) = self::played(&text, Planted::Nothing);
        assert_eq!(day.violations, [], "{}\n{}", path.display(), trace.join("\n"));
        played += 1;
    }
    assert!(played > 0, "{folder} is empty");
}

#[test]
fn a_plan_is_made_smaller_as_long_as_it_breaks_the_same() {
    let planted = Planted::Without([GuardId::CloseCutoff]);
    let breaks = |seed: &u64| {
        let Ok((day, _)) = play(&draw(Scenario::Closing, *seed), planted, Trace::silent()) else { panic!() };
        day.violations.iter().any(|violation| violation.id == "I22")
    };
    let seed = (1..=60).find(breaks).unwrap();
    let small = smaller(&draw(Scenario::Closing, seed), "I22", planted);
    let (day, _) = played(&small.to_string(), planted);
    assert!(day.violations.iter().any(|violation| violation.id == "I22"), "{small}");
    assert!(small.bots.len() == 1 && small.acts.len() <= 2, "a late order and nothing else:\n{small}");
}

/// A bug, the scenario that shows it, what it breaks, and the seed of a day on which it does.
const BUGS: &[(&str, Planted, Scenario, &str, u64)] = &[
    ("orders do not wait for the disk", shell(Broken::SendsBeforeSync), Scenario::Closing, "I02", 1),
    ("opposite orders are not looked for", without(GuardId::SelfMatch), Scenario::Closing, "I08", 1),
    ("the cutoff is not asked", without(GuardId::CloseCutoff), Scenario::Closing, "I22", 1),
    (
        "an accepted order is taken for a dead one",
        shell(Broken::TakesAcceptedForDead),
        Scenario::Closing,
        "I13",
        1,
    ),
];

const fn without(guard: GuardId) -> Planted {
    Planted::Without([guard])
}

const fn shell(broken: Broken) -> Planted {
    Planted::Shell(broken)
}

/// Days from the first one on within which a bug has to be found: at full speed they are seconds.
const FOUND_WITHIN: u64 = 60;

/// The first seed of a test that can begin anywhere: `SEED=1 cargo test …`.
fn first_seed(usual: u64) -> u64 {
    std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(usual)
}

/// From the seed of the table on, where each is found at once; with `SEED=1` as a campaign would.
#[test]
fn each_planted_bug_is_found_by_what_it_breaks() {
    // Seen with `--nocapture`.
    println!("{:<50} {:>5}  breaks  seconds", "planted bug", "seed");
    let mut unfound = Vec::new();
    for (bug, planted, scenario, id, seed) in BUGS {
        let begun = std::time::Instant::now();
        let mut seeds = (first_seed(*seed)..).take(usize::try_from(FOUND_WITHIN).unwrap());
        let found = seeds.find(|seed| {
            let Ok((day, _)) = play(&draw(*scenario, *seed), *planted, Trace::silent()) else {
                panic!("{bug}")
            };
            day.violations.iter().any(|violation| violation.id == *id)
        });
        let took = begun.elapsed().as_secs_f64();
        match found {
            Some(seed) => println!("{bug:<50} {seed:>5}  {id:<6}  {took:>7.1}"),
            None => unfound.push(*bug),
        }
    }
    assert!(unfound.is_empty(), "not found within {FOUND_WITHIN} days: {unfound:?}");
}

#[test]
fn days_on_which_no_bug_was_planted_break_nothing() {
    let text = canary(Scenario::All, None);
    assert!(text.contains("4 days, no violation"), "{text}");
}

#[test]
fn a_campaign_reports_the_one_day_of_it_on_which_a_bug_was_planted() {
    let text = canary(Scenario::Closing, Some(2));
    assert!(text.contains("seed 2\n  I02 ") && text.contains("4 days, 1 with a violation"), "{text}");
    assert!(!text.contains("seed 1\n") && !text.contains("seed 3\n"), "{text}");
}

/// What a campaign of the first four days tells, with orders that do not wait for the disk on one of them.
fn canary(scenario: Scenario, sick: Option<u64>) -> String {
    let how = How { threads: 2, tells: Tells::Nothing };
    let first = if sick.is_none() { first_seed(1) } else { 1 };
    let days = campaign::run(first, Until::Days(4), how, |seed| {
        let planted = if Some(seed) == sick { shell(Broken::SendsBeforeSync) } else { Planted::Nothing };
        play(&draw(scenario, seed), planted, Trace::silent()).map(|(day, _)| day)
    });
    let Ok(days) = days else { panic!() };
    let report = Report::of_days(scenario, first, days, Took { wall: Duration::from_secs(1), threads: 2 });
    assert_eq!(report.has_passed(), sick.is_none());
    report.text(BAD_DAYS_MAX)
}
