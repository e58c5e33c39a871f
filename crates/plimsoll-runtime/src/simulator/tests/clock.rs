//! The arithmetic of venue time, worked out by hand.

use std::time::Duration;

use super::super::clock::{JumpError, Speed, VenueClock, check_jump};
use super::{Pace, after, start};

fn clock(speed: &str) -> VenueClock {
    VenueClock::new(start(), Some(speed.parse().unwrap()))
}

#[test]
fn venue_time_is_a_multiple_of_host_time() {
    assert_eq!(clock("60").at(Duration::from_secs(10)), after(600));
    assert_eq!(clock("0.5").at(Duration::from_secs(10)), after(5));
    assert_eq!(clock("210").at(Duration::ZERO), start());
    // 3 ns at 0.333 are 0.999 ns: not yet one.
    assert_eq!(clock("0.333").at(Duration::from_nanos(3)), start());
}

#[test]
fn an_instant_is_due_when_the_clock_shows_it_and_not_a_nanosecond_earlier() {
    for speed in ["1", "3", "0.7", "60", "210", "999.999", "1000000"] {
        let clock = clock(speed);
        for seconds in [1, 7, 3600] {
            let due = clock.due(after(seconds)).unwrap();
            assert!(clock.at(due) >= after(seconds), "speed {speed}, {seconds} s");
            assert!(
                clock.at(due.saturating_sub(Duration::from_nanos(1))) < after(seconds),
                "speed {speed}, {seconds} s"
            );
        }
    }
}

#[test]
fn what_is_past_is_due_at_once() {
    let mut clock = clock("60");
    clock.step(after(100), Duration::from_secs(1));
    assert_eq!(clock.due(after(40)), Some(Duration::from_secs(1)));
}

#[test]
fn a_step_goes_forward_only_and_time_flows_on_from_there() {
    let mut clock = clock("2");
    clock.step(after(100), Duration::from_secs(10));
    assert_eq!(clock.at(Duration::from_secs(15)), after(110));
    clock.step(after(50), Duration::from_secs(20));
    assert_eq!(clock.at(Duration::from_secs(20)), after(120));
}

#[test]
fn a_clock_without_speed_moves_by_steps_only() {
    let mut clock = VenueClock::new(start(), None);
    assert_eq!(clock.at(Duration::from_secs(999)), start());
    assert_eq!(clock.due(after(1)), None);
    clock.step(after(5), Duration::from_secs(1));
    assert_eq!(clock.at(Duration::from_secs(2)), after(5));
}

#[test]
fn a_held_clock_does_not_make_up_for_the_time_it_stood() {
    let mut clock = clock("60");
    clock.set_limit(Some(after(60)), Duration::ZERO);
    assert!(!clock.is_held(Duration::from_millis(999)));
    assert!(clock.is_held(Duration::from_secs(1)));
    assert_eq!(clock.at(Duration::from_secs(100)), after(60));
    assert_eq!(clock.rate(Duration::from_secs(100)), 0.into());
    assert_eq!(clock.due(after(61)), None);
    clock.set_limit(None, Duration::from_secs(100));
    assert_eq!(clock.at(Duration::from_secs(101)), after(120));
    assert_eq!(clock.rate(Duration::from_secs(101)), 60.into());
}

#[test]
fn a_limit_in_the_past_stops_the_clock_where_it_is() {
    let mut clock = clock("1");
    clock.set_limit(Some(after(3)), Duration::from_secs(10));
    assert_eq!(clock.at(Duration::from_secs(20)), after(10));
}

#[test]
fn a_jump_goes_forward_and_not_further_than_a_month() {
    assert_eq!(check_jump(start(), start()), Ok(()));
    assert_eq!(check_jump(start(), after(31 * 86_400)), Ok(()));
    assert!(matches!(check_jump(start(), after(31 * 86_400 + 1)), Err(JumpError::TooFar { .. })));
    assert!(matches!(check_jump(start(), after(-1)), Err(JumpError::Backwards { .. })));
}

#[test]
fn speeds_are_positive_and_exact() {
    for good in ["1", "60", "210", "0.001", "1000000", "1.500"] {
        assert!(good.parse::<Speed>().is_ok(), "{good}");
    }
    for bad in ["0", "-1", "", "fast", "1e3", "0.0001", "1000001", "NaN"] {
        assert!(bad.parse::<Speed>().is_err(), "{bad}");
    }
    assert_eq!("max".parse(), Ok(Pace::Max));
}
