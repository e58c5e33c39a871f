//! Scripts of what sources say, and what is known of the clock then.

use super::*;

const SEC: u64 = 1_000_000_000;

fn at(seconds: u64) -> Now {
    Now { mono: Mono::from_nanos(seconds * SEC), wall: "2026-11-27T17:49:00Z".parse().unwrap() }
}

fn ms(millis: i64) -> SignedDuration {
    SignedDuration::from_millis(millis)
}

fn server(name: &str) -> ClockSource {
    ClockSource::Server(name.into())
}

fn heard(source: ClockSource, offset: i64, error: i64) -> ClockEvent {
    ClockEvent::Heard { source, bounds: Bounds::around(ms(offset), ms(error)) }
}

fn watched(events: &[(u64, ClockEvent)]) -> ClockWatch {
    let mut clock = ClockWatch::default();
    clock.on(at(0), &ClockEvent::Watched { uncertainty_max: Duration::from_millis(250) });
    for (seconds, event) in events {
        clock.on(at(*seconds), event);
    }
    clock
}

fn unsure(clock: &ClockWatch, seconds: u64) -> u128 {
    clock.uncertainty(at(seconds).mono).as_micros()
}

#[test]
fn a_clock_that_nobody_watches_is_taken_for_right() {
    let clock = ClockWatch::default();
    assert_eq!(clock.state(at(5).mono), ClockState::Followed);
    assert_eq!((clock.corrected(at(5)), unsure(&clock, 5)), (at(5).wall, 0));
}

#[test]
fn before_anybody_has_answered_a_quarter_of_an_hour_is_uncertain() {
    let clock = watched(&[]);
    assert_eq!(clock.state(at(0).mono), ClockState::Bad);
    assert_eq!(clock.uncertainty(at(0).mono), Duration::from_mins(15));
}

#[test]
fn a_clock_that_is_two_seconds_ahead_is_corrected_back() {
    let all = ["a", "b", "c"].map(|name| (1, heard(server(name), -2000, 4)));
    let clock = watched(&all);
    assert_eq!(clock.corrected(at(1)).to_string(), "2026-11-27T17:48:58Z");
    assert_eq!((clock.state(at(1).mono), unsure(&clock, 1)), (ClockState::Degraded, 4000));
}

#[test]
fn one_of_four_servers_that_is_wrong_by_seconds_changes_nothing_and_is_named() {
    let clock = watched(&[
        (1, heard(server("a"), 0, 4)),
        (1, heard(server("b"), 3700, 4)),
        (1, heard(server("c"), 1, 4)),
        (1, heard(server("d"), -1, 4)),
    ]);
    assert_eq!(clock.state(at(1).mono), ClockState::Good);
    let wrong: Vec<String> =
        clock.view(at(1)).sources.iter().filter(|s| !s.agrees).map(|s| s.source.to_string()).collect();
    assert_eq!(wrong, ["b"]);
}

#[test]
fn two_sources_that_contradict_each_other_make_it_bad() {
    let clock = watched(&[(1, heard(server("a"), 0, 4)), (1, heard(ClockSource::Broker, 5000, 500))]);
    assert_eq!(clock.state(at(1).mono), ClockState::Bad);
    assert_eq!(clock.uncertainty(at(1).mono), limits::CLOCK_UNKNOWN);
}

#[test]
fn whole_seconds_of_the_broker_alone_are_too_coarse_to_be_good() {
    let coarse = watched(&[(1, heard(ClockSource::Broker, 0, 500))]);
    assert_eq!(coarse.state(at(1).mono), ClockState::Bad);
    let finer = watched(&[(1, heard(ClockSource::Broker, 0, 140))]);
    assert_eq!(finer.state(at(1).mono), ClockState::Degraded);
}

#[test]
fn what_was_heard_grows_uncertain_by_100_ppm_and_is_forgotten_after_a_quarter_of_an_hour() {
    let clock = watched(&[(0, heard(server("a"), 0, 4))]);
    // 4 ms, and 100 microseconds for each second.
    assert_eq!(unsure(&clock, 100), 14_000);
    assert_eq!(clock.state(at(899).mono), ClockState::Degraded);
    assert_eq!(clock.state(at(900).mono), ClockState::Bad);
}

#[test]
fn after_a_step_the_corrected_time_goes_on_and_says_so_until_a_source_is_heard() {
    let mut clock = watched(&[(1, heard(server("a"), 0, 4)), (2, ClockEvent::Stepped { by: ms(90_000) })]);
    let set = Now { wall: at(2).wall.saturating_add(ms(90_000)).unwrap(), ..at(2) };
    assert_eq!(clock.corrected(set), at(2).wall);
    assert_eq!(clock.state(at(2).mono), ClockState::Stepped);
    clock.on(set, &heard(server("a"), -90_000, 4));
    assert_eq!(clock.state(at(3).mono), ClockState::Degraded);
}

#[test]
fn after_a_sleep_a_second_more_is_uncertain_until_a_source_is_heard() {
    let slept = ClockEvent::Slept { span: Duration::from_secs(90) };
    let mut clock = watched(&[(1, heard(server("a"), 0, 4)), (1, slept)]);
    assert_eq!((clock.state(at(1).mono), unsure(&clock, 1)), (ClockState::Stepped, 1_004_000));
    clock.on(at(2), &heard(server("a"), 0, 4));
    assert_eq!((clock.state(at(2).mono), unsure(&clock, 2)), (ClockState::Good, 4000));
}

#[test]
fn a_source_that_falls_silent_keeps_what_it_said_and_says_why_it_is_silent() {
    let why = ClockEvent::Unheard { source: server("a"), why: "no answer within 2s".into() };
    let clock = watched(&[(1, heard(server("a"), 0, 4)), (10, why)]);
    assert_eq!(clock.state(at(10).mono), ClockState::Good);
    assert_eq!(clock.view(at(10)).sources[0].why.as_deref(), Some("no answer within 2s"));
}
