//! Jobs: started once for a trade date, over restarts and whatever the clock does.

use std::collections::BTreeMap;
use std::time::Duration;

use expect_test::{Expect, expect};
use jiff::SignedDuration;
use jiff::civil::{date, time};
use plimsoll_calendar::{Amendment, AnchorKind, Announcement, Change, Listing, Policy};
use plimsoll_model::BotName;

use super::script::Script;
use crate::schedule::{Action, HalfDays, Job, JobName, Missed, Place, Requirement, Run, Timing, When};
use crate::{Event, HaltLevel, Operator};

/// Five seconds before the cutoff of on-close orders: 15:49:55, and 12:49:55 on a half day.
fn job(name: &str, action: Action) -> Job {
    Job {
        name: JobName::new(name).unwrap(),
        bot: BotName::new("trend"),
        timing: Timing {
            place: Place { calendar: "XNYS".into(), listing: Listing::Nyse },
            at: When::Anchor {
                place: None,
                kind: AnchorKind::MocEntry,
                offset: SignedDuration::from_secs(-5),
            },
            until: None,
            half_days: HalfDays::Run,
            policy: Policy::COMPATIBLE,
            missed: Missed::Alert,
        },
        action,
        require: Vec::new(),
    }
}

fn program() -> Action {
    Action::Command(Run { argv: vec!["flatten".into()], time_limit: Duration::from_mins(1) })
}

fn with(jobs: Vec<Job>) -> Script {
    let mut world = Script::new();
    world.config.jobs = jobs;
    world
}

#[track_caller]
fn check(jobs: Vec<Job>, script: &str, expect: &Expect) {
    expect.assert_eq(&with(jobs).run(script));
}

#[test]
fn a_job_is_started_at_its_instant_and_once() {
    check(
        vec![job("flat", Action::CancelOrders)],
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 10 SPY LMT 499.00
        10:00:01 revert BUY 10 SPY LMT 499.00
        15:49:54.999 wake
        15:49:55 wake
        15:49:55.001 wake
        15:50:30 wake
        ",
        &expect![[r"
            10:00:01 submit 1 BUY 10 SPY LMT 499.00 for DU1 [SPY-trend-20260227-1]
            10:00:01 submit 2 BUY 10 SPY LMT 499.00 for DU1 [SPY-revert-20260227-1]
            15:49:55 job flat: cancel_orders for trend on 2026-02-27, due at 2026-02-27T20:49:55Z, 0ms after it
            15:49:55 cancel 1 order 1
        "]],
    );
}

#[test]
fn an_early_close_takes_the_job_along() {
    check(
        vec![job("stop", Action::Halt { level: HaltLevel::NewRisk })],
        "
        day 2026-11-27
        12:49:54 wake
        12:49:55 wake
        15:49:55 wake
        ",
        &expect![[r"
            12:49:55 job stop: halt for trend on 2026-11-27, due at 2026-11-27T17:49:55Z, 0ms after it
            12:49:55 notice trend halted (new_risk) by job stop: scheduled for 2026-11-27T17:49:55Z
        "]],
    );
}

#[test]
fn a_job_of_the_fleet_is_everybody_s() {
    let stop = Job { bot: None, ..job("stop", Action::Halt { level: HaltLevel::All }) };
    check(
        vec![stop],
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 revert BUY 10 SPY LMT 499.00
        15:49:55 wake
        15:49:56 revert BUY 1 SPY MKT
        ",
        &expect![[r"
            10:00:01 submit 2 BUY 10 SPY LMT 499.00 for DU1 [SPY-revert-20260227-1]
            15:49:55 job stop: halt for fleet on 2026-02-27, due at 2026-02-27T20:49:55Z, 0ms after it
            15:49:55 cancel 2 order 1
            15:49:55 notice fleet halted (all) by job stop: scheduled for 2026-02-27T20:49:55Z
            15:49:56 deny 2 order 2: Plimsoll halt: halted (all) by job stop: scheduled for 2026-02-27T20:49:55Z
        "]],
    );
}

#[test]
fn the_alarm_is_set_for_the_instant() {
    let mut world = with(vec![job("flat", program())]);
    world.run("09:31:00 wake");
    let left = world.bridge.schedule.next_wakeup().unwrap().since(world.now().mono);
    // From 09:31:00 to 15:49:55.
    assert_eq!(left, Duration::from_secs(6 * 3600 + 18 * 60 + 55));
    world.run("15:49:55 wake\n15:49:56 job ends flat 0");
    let left = world.bridge.schedule.next_wakeup().unwrap().since(world.now().mono);
    assert_eq!(left, Duration::from_hours(24), "after a weekend it is looked for again");
}

#[test]
fn what_is_found_about_the_clock_moves_the_alarm() {
    let mut world = with(vec![job("flat", program())]);
    // Ours is two seconds behind, so the job comes two seconds earlier by it.
    let trace = world.run(
        "
        09:31:00 clock watched 250
        09:31:00 clock hears a 2000 4
        15:49:00 clock hears a 2000 4
        ",
    );
    assert!(trace.contains("degraded"), "{trace}");
    let left = world.bridge.schedule.next_wakeup().unwrap().since(world.now().mono);
    assert_eq!(left, Duration::from_secs(53));
    assert!(world.run("15:49:52.999 wake").is_empty());
    assert!(world.run("15:49:53.001 wake").contains("job flat of 2026-02-27 starts"));
}

#[test]
fn a_program_waits_for_the_disk_and_says_how_it_ended() {
    check(
        vec![job("flat", program())],
        "
        15:49:50 disk slow
        15:49:55 wake
        15:49:56 disk done
        15:49:57 job ends flat 0
        15:49:58 job ends flat 0
        ",
        &expect![[r"
            15:49:55 job flat: command for trend on 2026-02-27, due at 2026-02-27T20:49:55Z, 0ms after it
            15:49:56 job flat of 2026-02-27 starts
            15:49:57 job flat: its program of 2026-02-27 ended with exit code 0
        "]],
    );
}

#[test]
fn a_program_that_fails_is_told_to_a_person() {
    for (how, says) in [
        ("3", "ended with exit code 3"),
        ("signal 11", "was ended by signal 11"),
        ("late", "took longer than its time limit and was killed"),
        ("unstarted", "could not be started: no such file"),
        ("stopped", "was killed because the gateway ended"),
    ] {
        let trace =
            with(vec![job("flat", program())]).run(&format!("15:49:55 wake\n15:49:57 job ends flat {how}"));
        let line = format!("15:49:57 notice job flat: its program of 2026-02-27 {says}");
        assert!(trace.contains(&line), "{trace}");
    }
}

#[test]
fn a_disk_that_is_too_slow_for_the_deadline_starts_nothing() {
    check(
        vec![job("flat", program())],
        "
        15:49:50 disk slow
        15:49:55 wake
        15:50:00 disk done
        15:50:01 wake
        ",
        &expect![[r"
            15:49:55 job flat: command for trend on 2026-02-27, due at 2026-02-27T20:49:55Z, 0ms after it
            15:50:00 notice job flat: missed on 2026-02-27, due at 2026-02-27T20:49:55Z: the disk took until 2026-02-27T20:50:00Z, and 2026-02-27T20:50:00Z is too late
        "]],
    );
}

#[test]
fn a_restart_does_not_start_it_again() {
    check(
        vec![job("flat", program()), job("stop", Action::Halt { level: HaltLevel::NewRisk })],
        "
        15:49:55 wake
        15:49:56 job ends flat 0
        15:49:56 restart
        15:49:58 wake
        ",
        &expect![[r"
            15:49:55 job flat: command for trend on 2026-02-27, due at 2026-02-27T20:49:55Z, 0ms after it
            15:49:55 job stop: halt for trend on 2026-02-27, due at 2026-02-27T20:49:55Z, 0ms after it
            15:49:55 notice trend halted (new_risk) by job stop: scheduled for 2026-02-27T20:49:55Z
            15:49:55 job flat of 2026-02-27 starts
            15:49:56 job flat: its program of 2026-02-27 ended with exit code 0
            15:49:56 notice reconciled: 0 open orders, 0 positions
        "]],
    );
}

#[test]
fn a_start_of_which_nobody_knows_whether_it_happened_is_not_repeated() {
    check(
        vec![job("flat", program())],
        "
        15:49:54 disk slow
        15:49:55 wake
        15:49:55.500 restart
        15:49:57 wake
        15:49:58 job ends flat 0
        ",
        &expect![[r"
            15:49:55 job flat: command for trend on 2026-02-27, due at 2026-02-27T20:49:55Z, 0ms after it
            15:49:55.5 notice job flat: its program of 2026-02-27 has an unknown end, because the gateway ended before it did; it is not repeated, look whether it did its work
            15:49:55.5 notice reconciled: 0 open orders, 0 positions
        "]],
    );
}

#[test]
fn what_was_due_while_nobody_ran_is_missed_or_late_as_the_job_says() {
    let late = |by| Job {
        timing: Timing {
            until: Some(When::Anchor { place: None, kind: AnchorKind::Close, offset: SignedDuration::ZERO }),
            missed: Missed::RunLate { by: Duration::from_secs(by) },
            ..job("x", program()).timing
        },
        ..job(&format!("late-{by}"), Action::CancelOrders)
    };
    let skips = Job {
        timing: Timing { missed: Missed::Skip, ..job("x", program()).timing },
        ..job("skips", program())
    };
    check(
        vec![job("alerts", program()), skips, late(120), late(900)],
        "
        15:40:00 wake
        15:55:00 restart
        15:55:02 wake
        ",
        &expect![[r"
            15:55:00 notice reconciled: 0 open orders, 0 positions
            15:55:02 notice job alerts: missed on 2026-02-27, due at 2026-02-27T20:49:55Z: the gateway was not running at its time
            15:55:02 job skips: missed on 2026-02-27, due at 2026-02-27T20:49:55Z: the gateway was not running at its time
            15:55:02 notice job late-120: missed on 2026-02-27, due at 2026-02-27T20:49:55Z: the gateway was not running at its time
            15:55:02 job late-900: cancel_orders for trend on 2026-02-27, due at 2026-02-27T20:49:55Z, 5m7s after it
        "]],
    );
}

#[test]
fn a_new_job_has_missed_nothing_and_a_changed_one_does_not_run_twice() {
    let mut world = with(vec![job("flat", Action::CancelOrders)]);
    world.run("15:49:55 wake");
    let close = When::Anchor { place: None, kind: AnchorKind::Close, offset: SignedDuration::from_secs(-2) };
    let changed = Job {
        timing: Timing { at: close, ..job("flat", program()).timing },
        ..job("flat", Action::CancelOrders)
    };
    world.config.jobs = vec![changed, job("new", Action::CancelOrders)];
    let trace = world.run("15:55:00 restart\n15:55:02 wake\n15:59:58 wake\n16:05:00 wake");
    assert!(!trace.contains("job"), "{trace}");
}

#[test]
fn a_clock_that_is_set_starts_nothing_early_and_nothing_twice() {
    check(
        vec![job("flat", Action::CancelOrders)],
        "
        09:31:00 clock watched 250
        12:59:30 clock hears a 0 4
        13:00:00 clock set 10800000
        13:00:00.200 wake
        13:00:01 clock stepped 10800000
        13:00:01.500 wake
        15:49:55 clock hears a -10800000 4
        15:49:55.010 wake
        15:50:00 clock set -21600000
        15:50:01 clock stepped -21600000
        15:50:02 clock hears a 10800000 4
        15:50:03 wake
        ",
        &expect![[r"
            09:31:00 notice the clock is bad: nobody has said the time yet
            12:59:30 notice the clock is good: off by +0.000ms, known to 4ms
            13:00:01 notice the clock is stepped: off by +10800000.000ms, known to 9ms
            15:49:55 notice the clock is degraded: off by +10800000.000ms, known to 4ms
            15:49:55 job flat: cancel_orders for trend on 2026-02-27, due at 2026-02-27T20:49:55Z, 0ms after it
            15:50:01 notice the clock is stepped: off by -10800000.000ms, known to 6ms
            15:50:02 notice the clock is degraded: off by -10800000.000ms, known to 4ms
        "]],
    );
}

#[test]
fn a_clock_that_is_set_while_nobody_knows_the_time_gives_nothing_up_until_a_source_has_answered() {
    check(
        vec![job("flat", Action::CancelOrders)],
        "
        09:31:00 clock watched 250
        13:00:00 clock set 10800000
        13:00:00.200 wake
        13:00:01 clock stepped 10800000
        13:00:30 wake
        13:01:05 clock hears a -10800000 4
        13:02:30 wake
        15:49:55 clock hears a -10800000 4
        15:49:55.010 wake
        ",
        &expect![[r"
            09:31:00 notice the clock is bad: nobody has said the time yet
            13:00:01 notice the clock is stepped: nobody has said the time yet
            13:01:05 notice the clock is degraded: off by +10800000.000ms, known to 4ms
            15:49:55 notice the clock is degraded: off by +10800000.000ms, known to 4ms
            15:49:55 job flat: cancel_orders for trend on 2026-02-27, due at 2026-02-27T20:49:55Z, 0ms after it
        "]],
    );
}

#[test]
fn a_machine_that_slept_over_it_says_so() {
    check(
        vec![job("flat", program())],
        "
        09:31:00 clock watched 250
        09:31:00 clock hears a 0 4
        15:49:00 clock hears a 0 4
        15:50:30 clock slept 90000
        15:50:31 clock hears a 0 4
        ",
        &expect![[r"
            09:31:00 notice the clock is bad: nobody has said the time yet
            09:31:00 notice the clock is good: off by +0.000ms, known to 4ms
            15:49:00 notice the clock is good: off by +0.000ms, known to 4ms
            15:50:30 notice the clock is stepped: off by +0.000ms, known to 1.0s
            15:50:30 notice job flat: missed on 2026-02-27, due at 2026-02-27T20:49:55Z: it was seen to be due 35s late
            15:50:31 notice the clock is good: off by +0.000ms, known to 4ms
        "]],
    );
}

#[test]
fn a_job_waits_for_what_it_requires_and_not_for_longer_than_it_may() {
    let requires = |requirement| Job { require: vec![requirement], ..job("flat", Action::CancelOrders) };
    check(
        vec![requires(Requirement::Reconciled)],
        "
        15:49:50 own down
        15:49:55 wake
        15:49:57 own up
        15:49:58 own answers
        ",
        &expect![[r"
            15:49:58 notice reconciled: 0 open orders, 0 positions
            15:49:58 job flat: cancel_orders for trend on 2026-02-27, due at 2026-02-27T20:49:55Z, 3s after it
        "]],
    );
    check(
        vec![requires(Requirement::Data)],
        "
        15:49:30 quote SPY 500.00 500.02
        15:49:55 wake
        15:50:00 wake
        ",
        &expect![[r"
            15:50:00 notice job flat: missed on 2026-02-27, due at 2026-02-27T20:49:55Z: no QQQ price yet
        "]],
    );
    check(
        vec![requires(Requirement::Clock)],
        "
        15:49:30 clock watched 250
        15:49:55 wake
        15:50:00 wake
        ",
        &expect![[r"
            15:49:30 notice the clock is bad: nobody has said the time yet
            15:50:00 notice job flat: missed on 2026-02-27, due at 2026-02-27T20:49:55Z: the clock is bad
        "]],
    );
}

#[test]
fn what_could_be_too_late_is_not_started() {
    // Nobody knows the time better than to 15 minutes, and the cutoff is 5 seconds away.
    check(
        vec![job("flat", program())],
        "
        09:31:00 clock watched 250
        09:31:00 clock misses a
        15:49:55 wake
        15:50:00 wake
        ",
        &expect![[r"
            09:31:00 notice the clock is bad: nobody has said the time yet
            15:50:00 notice job flat: missed on 2026-02-27, due at 2026-02-27T20:49:55Z: it could be later than 2026-02-27T20:50:00Z: time is known to 15m
        "]],
    );
}

#[test]
fn a_program_that_still_runs_on_the_next_date_is_not_started_beside_itself() {
    let mut world = with(vec![job("flat", program())]);
    world.run("day 2026-11-24\n15:49:55 wake");
    let trace = world.run("day 2026-11-25\n15:49:55 wake\n15:50:00 wake");
    expect![[r"
        15:50:00 notice job flat: missed on 2026-11-25, due at 2026-11-25T20:49:55Z: its program of 2026-11-24 still runs
    "]].assert_eq(&trace);
}

#[test]
fn a_close_that_is_announced_as_early_moves_the_job() {
    let mut world = with(vec![job("flat", Action::CancelOrders)]);
    world.run("day 2026-11-20\n10:00:00 wake");
    let change = Change::EarlyClose(time(14, 0, 0, 0));
    let amendment = Amendment { change, name: "a storm".into(), source: "NYSE".into(), force: false };
    let day = Announcement { calendar: "XNYS".into(), date: date(2026, 11, 20), amendment };
    world.feed(Event::Operator(Operator::Calendar { days: [day].into(), problems: [].into() }));
    let trace = world.run("13:49:54 wake\n13:49:55 wake\n15:49:55 wake");
    expect![[r"
        13:49:55 job flat: cancel_orders for trend on 2026-11-20, due at 2026-11-20T18:49:55Z, 0ms after it
    "]]
    .assert_eq(&trace);
}

#[test]
fn a_job_is_seen_planned_waiting_running_and_done() {
    let seen = |world: &Script| {
        let view = world.bridge.snapshot(world.now()).jobs.remove(0);
        let next = view.next.map(|(date, at)| format!("{date} {at}")).unwrap_or_default();
        let last = view.last.map(|last| format!("{} {}", last.date, last.outcome)).unwrap_or_default();
        format!("{} | {} | {next} | {last}", view.state, view.because.unwrap_or_default())
    };
    let mut world = with(vec![Job { require: vec![Requirement::Reconciled], ..job("flat", program()) }]);
    world.run("day 2026-11-24\n15:00:00 wake");
    expect!["planned |  | 2026-11-24 2026-11-24T20:49:55Z | "].assert_eq(&seen(&world));
    world.run("15:49:50 own down\n15:49:55 wake");
    expect!["waiting | waiting for our own connection to the broker | 2026-11-24 2026-11-24T20:49:55Z | "]
        .assert_eq(&seen(&world));
    world.run("15:49:56 own up\n15:49:57 own answers");
    expect!["running | for 2026-11-24 | 2026-11-25 2026-11-25T20:49:55Z | 2026-11-24 started"]
        .assert_eq(&seen(&world));
    world.run("15:49:58 job ends flat 1");
    expect!["planned |  | 2026-11-25 2026-11-25T20:49:55Z | 2026-11-24 failed"].assert_eq(&seen(&world));
}

/// Whatever happens to the process, the disk and the clock, no date of a job has two starts.
#[test]
fn no_date_has_two_starts() {
    arbtest::arbtest(|u| {
        let mut world =
            with(vec![job("flat", program()), job("stop", Action::Halt { level: HaltLevel::NewRisk })]);
        let mut starts: BTreeMap<String, u32> = BTreeMap::new();
        let mut trace = String::new();
        for day in ["2026-11-24", "2026-11-25", "2026-11-27"] {
            let mut at = 15 * 3600;
            for _ in 0..u.int_in_range(1..=12)? {
                at += u.int_in_range(1..=900)?;
                let at = format!("{:02}:{:02}:{:02}", at / 3600, at / 60 % 60, at % 60);
                let by = 1000 * i64::from(u.int_in_range(-20_000..=20_000)?);
                let what = match u.int_in_range(0..=9)? {
                    0 => "restart".to_owned(),
                    1 => format!("clock set {by}"),
                    2 => format!("clock stepped {by}"),
                    3 => format!("clock hears a {by} 4"),
                    4 => "disk slow".to_owned(),
                    5 => "disk done".to_owned(),
                    6 => "job ends flat 0".to_owned(),
                    _ => "wake".to_owned(),
                };
                trace += &world.run(&format!("day {day}\n{at} {what}"));
            }
        }
        for line in
            trace.lines().filter(|line| line.ends_with(" starts") || line.contains("halt for trend, due"))
        {
            let (_, date) = line.split_once(" job ").unwrap();
            let date = date.split([':', ',']).next().unwrap().trim_end_matches(" starts");
            *starts.entry(date.to_owned()).or_default() += 1;
        }
        assert!(starts.values().all(|n| *n == 1), "{starts:?}\n{trace}");
        Ok(())
    });
}
