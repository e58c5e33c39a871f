//! Instants of jobs on dates whose hours are published.

use jiff::SignedDuration;
use jiff::civil::{Time, date};
use plimsoll_calendar::{AnchorKind, Choice, Listing};

use super::*;
use crate::schedule::job::Missed;

fn place(calendar: &str) -> Place {
    let listing = Listing::of_calendar(calendar).unwrap_or(Listing::Unknown);
    Place { calendar: calendar.into(), listing }
}

fn anchor(kind: AnchorKind, secs: i64) -> When {
    When::Anchor { place: None, kind, offset: SignedDuration::from_secs(secs) }
}

fn of(calendar: &str, kind: AnchorKind, secs: i64) -> When {
    When::Anchor { place: Some(place(calendar)), kind, offset: SignedDuration::from_secs(secs) }
}

fn civil(time: Time, zone: &str) -> When {
    When::Civil { time, zone: plimsoll_calendar::zone(zone).unwrap() }
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

/// The start on a date, or why there is none.
fn on(timing: &Timing, date: Date) -> String {
    let calendars = Calendars::of([timing], &[]);
    match timing.on(date, &calendars) {
        Ok(Some(Occurrence { plan: Plan::Run { at, .. }, .. })) => at.to_string(),
        Ok(Some(Occurrence { plan: Plan::Skip(skip), .. })) => skip.to_string(),
        Ok(None) => "no session".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// 15:49:55 in New York, and 12:49:55 on the day after Thanksgiving.
#[test]
fn five_seconds_before_the_cutoff_moves_with_an_early_close() {
    let job = timing("XNYS", anchor(AnchorKind::MocEntry, -5));
    assert_eq!(on(&job, date(2026, 11, 25)), "2026-11-25T20:49:55Z");
    assert_eq!(on(&job, date(2026, 11, 27)), "2026-11-27T17:49:55Z");
    assert_eq!(on(&job, date(2026, 11, 26)), "no session");
}

#[test]
fn a_cutoff_is_that_of_the_listing_and_of_an_unknown_one_the_earliest() {
    // Nasdaq takes market-on-close orders five minutes longer than New York.
    let job = |listing, calendar: &str| Timing {
        place: Place { calendar: calendar.into(), listing },
        ..timing(calendar, anchor(AnchorKind::MocEntry, -5))
    };
    assert_eq!(on(&job(Listing::Nasdaq, "XNAS"), date(2026, 11, 25)), "2026-11-25T20:54:55Z");
    assert_eq!(on(&job(Listing::Unknown, "XNAS"), date(2026, 11, 25)), "2026-11-25T20:49:55Z");
}

#[test]
fn half_days_can_be_left_out_or_be_the_only_ones() {
    let job = timing("XNYS", anchor(AnchorKind::Close, -2));
    let skip = Timing { half_days: HalfDays::Skip, ..job.clone() };
    assert_eq!(on(&skip, date(2026, 11, 27)), "half day, and half_days = \"skip\"");
    assert_eq!(on(&skip, date(2026, 11, 25)), "2026-11-25T20:59:58Z");
    let only = Timing { half_days: HalfDays::Only, ..job };
    assert_eq!(on(&only, date(2026, 11, 27)), "2026-11-27T17:59:58Z");
    assert_eq!(on(&only, date(2026, 11, 25)), "no half day, and half_days = \"only\"");
}

/// London closes at 16:30 local: 16:30 UTC until its clocks change on 2026-03-29, while New York's have changed
/// on 2026-03-08.
#[test]
fn a_job_of_new_york_at_london_s_close_follows_london_s_clocks() {
    let job = timing("XNYS", of("XLON", AnchorKind::Close, 60));
    assert_eq!(on(&job, date(2026, 3, 6)), "2026-03-06T16:31:00Z");
    assert_eq!(on(&job, date(2026, 3, 9)), "2026-03-09T16:31:00Z");
    assert_eq!(on(&job, date(2026, 3, 27)), "2026-03-27T16:31:00Z");
    assert_eq!(on(&job, date(2026, 3, 30)), "2026-03-30T15:31:00Z");
    assert!(on(&job, date(2026, 5, 4)).starts_with("XLON is closed: "), "early May holiday");
}

#[test]
fn a_civil_time_of_london_is_london_s_on_every_date_of_new_york() {
    let job = timing("XNYS", civil(Time::constant(14, 30, 0, 0), "Europe/London"));
    assert_eq!(on(&job, date(2026, 3, 27)), "2026-03-27T14:30:00Z");
    assert_eq!(on(&job, date(2026, 3, 30)), "2026-03-30T13:30:00Z");
}

/// The session of Monday opens on Sunday at 17:00 in Chicago, fifteen hours after its clocks have changed.
#[test]
fn globex_opens_on_sunday_by_the_new_clocks() {
    let job = timing("CMEGLOBEX_EQ", anchor(AnchorKind::Open, 60));
    assert_eq!(on(&job, date(2026, 3, 6)), "2026-03-05T23:01:00Z");
    assert_eq!(on(&job, date(2026, 3, 9)), "2026-03-08T22:01:00Z");
    assert_eq!(on(&job, date(2026, 11, 2)), "2026-11-01T23:01:00Z");
}

/// From the public vectors.
#[test]
fn a_civil_time_in_a_gap_or_a_fold_is_what_the_job_says() {
    let gap = (Time::constant(2, 30, 0, 0), date(2026, 3, 8));
    let fold = (Time::constant(1, 30, 0, 0), date(2026, 11, 1));
    let skips = (
        "the clocks go forward over its time, and gap = \"reject\"",
        "its time comes twice, and fold = \"reject\"",
    );
    let table = [
        (Policy::EARLIER, "2026-03-08T06:30:00Z", "2026-11-01T05:30:00Z"),
        (Policy::LATER, "2026-03-08T07:30:00Z", "2026-11-01T06:30:00Z"),
        (Policy::COMPATIBLE, "2026-03-08T07:30:00Z", "2026-11-01T05:30:00Z"),
        (Policy::REJECT, skips.0, skips.1),
        (Policy { gap: Choice::Reject, fold: Choice::Later }, skips.0, "2026-11-01T06:30:00Z"),
    ];
    for (policy, in_gap, in_fold) in table {
        for ((time, date), expected) in [(gap, in_gap), (fold, in_fold)] {
            let job = Timing { policy, ..timing("ALWAYS_OPEN_247", civil(time, "America/New_York")) };
            assert_eq!(on(&job, date), expected, "{policy:?}");
            // Every other day is the same whatever the policy.
            let plain = civil(Time::constant(12, 0, 0, 0), "America/New_York");
            let job = Timing { policy, ..timing("ALWAYS_OPEN_247", plain) };
            assert_eq!(on(&job, Date::constant(2026, 1, 15)), "2026-01-15T17:00:00Z");
        }
    }
}

#[test]
fn a_start_that_is_not_before_its_deadline_is_none() {
    let until = |secs| Some(anchor(AnchorKind::Close, secs));
    let job = timing("XNYS", anchor(AnchorKind::Close, -60));
    let day = date(2026, 11, 25);
    assert_eq!(on(&Timing { until: until(-59), ..job.clone() }, day), "2026-11-25T20:59:00Z");
    assert_eq!(
        on(&Timing { until: until(-60), ..job.clone() }, day),
        "its time 2026-11-25T20:59:00Z is not before its deadline 2026-11-25T20:59:00Z"
    );
    // A civil time that is too late on half days only.
    let noon = civil(Time::constant(15, 0, 0, 0), "America/New_York");
    let job = Timing { until: until(0), ..timing("XNYS", noon) };
    assert_eq!(on(&job, day), "2026-11-25T20:00:00Z");
    assert!(on(&job, date(2026, 11, 27)).contains("is not before its deadline 2026-11-27T18:00:00Z"));
}

#[test]
fn a_date_beyond_a_calendar_is_an_error_and_no_guess() {
    let job = timing("XNYS", anchor(AnchorKind::Close, -60));
    assert!(on(&job, date(2028, 12, 29)).ends_with('Z'), "the last session of the calendar");
    assert!(on(&job, date(2029, 1, 2)).contains("2028-12-31"), "{}", on(&job, date(2029, 1, 2)));
    // London's calendar ends a year earlier, and the job needs both.
    let job = timing("XNYS", of("XLON", AnchorKind::Close, 0));
    assert!(on(&job, date(2028, 3, 6)).contains("2027-12-31"), "{}", on(&job, date(2028, 3, 6)));
}
