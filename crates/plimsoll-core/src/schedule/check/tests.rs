//! What is wrong with jobs, found on the days of the real calendars.

use jiff::SignedDuration;
use jiff::civil::Time;
use plimsoll_calendar::{AnchorKind, Listing, Policy};

use super::*;
use crate::schedule::job::Missed;

fn place(calendar: &str) -> Place {
    let listing = Listing::of_calendar(calendar).unwrap_or(Listing::Unknown);
    Place { calendar: calendar.into(), listing }
}

fn anchor(kind: AnchorKind, offset: &str) -> When {
    When::Anchor { place: None, kind, offset: offset.parse::<SignedDuration>().unwrap() }
}

fn civil(hour: i8, minute: i8) -> When {
    let zone = plimsoll_calendar::zone("America/New_York").unwrap();
    When::Civil { time: Time::constant(hour, minute, 0, 0), zone }
}

fn timing(calendar: &str, at: When) -> Timing {
    Timing {
        place: place(calendar),
        at,
        until: None,
        half_days: HalfDays::Run,
        policy: Policy::COMPATIBLE,
        missed: Missed::Alert,
    }
}

fn said(timing: &Timing, half_days_said: bool) -> Vec<String> {
    let calendars = Calendars::of([timing], &[]);
    let all = Sessions::default().findings(timing, half_days_said, &calendars);
    all.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn only(timing: &Timing, words: &str) {
    let all = said(timing, false);
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all[0].contains(words), "{}", all[0]);
}

#[test]
fn an_ordinary_job_has_nothing_wrong() {
    for at in [anchor(AnchorKind::MocEntry, "-5s"), anchor(AnchorKind::Open, "1m"), civil(9, 45)] {
        assert_eq!(said(&timing("XNYS", at), false), [""; 0]);
    }
}

#[test]
fn an_anchor_that_no_day_has_is_found() {
    only(&timing("XNYS", anchor(AnchorKind::BreakStart, "0s")), "XNYS has no `break_start` on any day");
    only(&timing("XLON", anchor(AnchorKind::Funding, "-1m")), "XLON has no `funding` on any day");
    assert_eq!(said(&timing("XTKS", anchor(AnchorKind::BreakStart, "0s")), false), [""; 0]);
}

/// From Monday's open back to Friday's close there are 65.5 hours, from Tuesday's to Monday's 17.5.
#[test]
fn an_offset_into_the_session_before_or_after_is_found() {
    assert_eq!(said(&timing("XNYS", anchor(AnchorKind::Open, "-17h")), false), [""; 0]);
    only(&timing("XNYS", anchor(AnchorKind::Open, "-18h")), "crosses the previous close");
    assert_eq!(said(&timing("XNYS", anchor(AnchorKind::Close, "17h")), false), [""; 0]);
    only(&timing("XNYS", anchor(AnchorKind::Close, "18h")), "crosses the next open");
}

#[test]
fn a_job_that_is_always_too_late_is_found() {
    let until = Some(anchor(AnchorKind::Close, "-10m"));
    only(
        &Timing { until: until.clone(), ..timing("XNYS", anchor(AnchorKind::Close, "-10m")) },
        "lies after `until` on every ordinary day",
    );
    let in_time = Timing { until, ..timing("XNYS", anchor(AnchorKind::Close, "-11m")) };
    assert_eq!(said(&in_time, false), [""; 0]);
    // 14:30 is before noon of half days never, and before three on ordinary ones always.
    let ordinary = Timing { until: Some(anchor(AnchorKind::Close, "-1h")), ..timing("XNYS", civil(14, 30)) };
    assert_eq!(said(&ordinary, false), [""; 0]);
}

#[test]
fn only_on_half_days_needs_a_calendar_that_has_some() {
    let job =
        |calendar| Timing { half_days: HalfDays::Only, ..timing(calendar, anchor(AnchorKind::Close, "-5m")) };
    only(&job("ALWAYS_OPEN_247"), "has no half days");
    assert_eq!(said(&job("XLON"), false), [""; 0]);
}

#[test]
fn a_civil_time_that_a_half_day_overtakes_needs_a_word() {
    let job = timing("XNYS", civil(15, 30));
    only(&job, "is after the close of half days");
    assert_eq!(said(&job, true), [""; 0]);
    // After the close of every day it is somebody's evening and means no close.
    assert_eq!(said(&timing("XNYS", civil(18, 0)), false), [""; 0]);
}

#[test]
fn the_finding_names_the_key_that_has_to_change() {
    let no_half_days = Finding::NoHalfDays { calendar: "XNYS".into() };
    let no_anchor = Finding::NoSuchAnchor { calendar: "XNYS".into(), anchor: "funding" };
    assert_eq!((no_half_days.key(), no_anchor.key()), ("half_days", "at"));
}
