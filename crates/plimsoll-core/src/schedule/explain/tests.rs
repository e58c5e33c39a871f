//! The marks of a year, against the reference tables.

use jiff::civil::{Time, date};
use plimsoll_calendar::{AnchorKind, Choice, Listing};

use super::super::job::{HalfDays, Missed, Place};
use super::*;

fn planned(calendar: &str, at: When) -> Planned {
    let listing = Listing::of_calendar(calendar).unwrap_or(Listing::Unknown);
    let timing = Timing {
        place: Place { calendar: calendar.into(), listing },
        at,
        until: None,
        half_days: HalfDays::Run,
        policy: Policy::COMPATIBLE,
        missed: Missed::Alert,
    };
    Planned { name: "job".into(), bot: None, does: "command".into(), timing }
}

fn anchor(kind: AnchorKind) -> When {
    When::Anchor { place: None, kind, offset: SignedDuration::from_secs(-60) }
}

fn civil(hour: i8, zone: &str) -> When {
    let zone = plimsoll_calendar::zone(zone).unwrap();
    When::Civil { time: Time::constant(hour, 30, 0, 0), zone }
}

/// The dates that have a mark.
fn marked(job: &Planned, from: Date, days: u32, word: &str) -> Vec<String> {
    let jobs = [job.clone()];
    let calendars = Calendars::of([&job.timing], &[]);
    let all = explain(&jobs, &calendars, from, days);
    let has = |entry: &&Entry<'_>| entry.marks.iter().any(|mark| mark.word() == word);
    all.iter().filter(has).map(|entry| entry.date.to_string()).collect()
}

#[test]
fn half_days_of_new_york_are_marked() {
    let job = planned("XNYS", anchor(AnchorKind::Close));
    let marked = marked(&job, date(2026, 11, 20), 400, "half_day");
    assert_eq!(marked, ["2026-11-27", "2026-12-24", "2027-11-26"]);
}

#[test]
fn a_half_day_of_the_calendar_whose_anchor_it_is_is_marked_too() {
    let place = Place { calendar: "XLON".into(), listing: Listing::London };
    let at = When::Anchor { place: Some(place), kind: AnchorKind::Close, offset: SignedDuration::ZERO };
    let jobs = [planned("XNYS", at)];
    let calendars = Calendars::of(jobs.iter().map(|job| &job.timing), &[]);
    let all = explain(&jobs, &calendars, date(2026, 12, 24), 8);
    let said: Vec<_> =
        all.iter().filter_map(|entry| Some((entry.date, entry.marks.first()?.to_string()))).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].1.starts_with("half day: "), "{said:?}");
    assert_eq!(said[1].0, date(2026, 12, 31));
    assert!(said[1].1.starts_with("half day of XLON: "), "{said:?}");
}

#[test]
fn marks_read_as_sentences() {
    let by = SignedDuration::from_hours(1);
    let on = date(2026, 3, 8);
    let forward = Mark::ClocksChanged { zone: "America/New_York".into(), on, by };
    assert_eq!(forward.to_string(), "the clocks of America/New_York went forward by 1h on 2026-03-08");
    let apart = Mark::Apart { by: SignedDuration::from_hours(4) };
    assert_eq!(apart.to_string(), "New York is 4h behind London");
}

/// The weekdays of the reference's table for 2026: 03-09 to 03-27 and 10-26 to 10-30.
#[test]
fn the_weeks_in_which_new_york_is_four_hours_behind_london_are_marked() {
    let job = planned("XNYS", anchor(AnchorKind::Close));
    let mut expected: Vec<String> = Vec::new();
    for (from, through) in [(date(2026, 3, 9), date(2026, 3, 27)), (date(2026, 10, 26), date(2026, 10, 30))] {
        let days = from.series(1.day()).take_while(|day| *day <= through);
        let is_weekday = |day: &Date| day.weekday().to_monday_zero_offset() < 5;
        expected.extend(days.filter(is_weekday).map(|day| day.to_string()));
    }
    assert_eq!(marked(&job, date(2026, 1, 1), 365, "us_eu_mismatch"), expected);
    // Nobody in Tokyo cares.
    let tokyo = planned("XTKS", anchor(AnchorKind::Close));
    assert_eq!(marked(&tokyo, date(2026, 1, 1), 365, "us_eu_mismatch"), [""; 0]);
}

/// The clocks change on a Sunday; the trade date that shows it is Monday's.
#[test]
fn the_first_trade_date_on_changed_clocks_is_marked() {
    let job = planned("XNYS", anchor(AnchorKind::Close));
    assert_eq!(marked(&job, date(2026, 1, 1), 365, "dst_switch"), ["2026-03-09", "2026-11-02"]);
    let london = planned("XNYS", civil(14, "Europe/London"));
    assert_eq!(marked(&london, date(2026, 1, 1), 365, "dst_switch"), ["2026-03-30", "2026-10-26"]);
    let always = planned("ALWAYS_OPEN_247", civil(12, "America/New_York"));
    assert_eq!(marked(&always, date(2026, 1, 1), 365, "dst_switch"), ["2026-03-08", "2026-11-01"]);
    assert_eq!(
        marked(&planned("XTKS", anchor(AnchorKind::Close)), date(2026, 1, 1), 365, "dst_switch"),
        [""; 0]
    );
}

#[test]
fn a_time_that_does_not_exist_or_comes_twice_is_marked() {
    let gap = planned("ALWAYS_OPEN_247", civil(2, "America/New_York"));
    assert_eq!(marked(&gap, date(2026, 1, 1), 365, "gap"), ["2026-03-08"]);
    let fold = planned("ALWAYS_OPEN_247", civil(1, "America/New_York"));
    assert_eq!(marked(&fold, date(2026, 1, 1), 365, "fold"), ["2026-11-01"]);
    let mut skips = gap;
    skips.timing.policy.gap = Choice::Reject;
    let calendars = Calendars::of([&skips.timing], &[]);
    let jobs = [skips];
    let [entry] = &explain(&jobs, &calendars, date(2026, 3, 8), 1)[..] else { panic!() };
    assert_eq!(entry.fate, Fate::Skipped(Skip::Gap));
}

#[test]
fn a_time_after_an_early_close_is_marked() {
    let job = planned("XNYS", civil(15, "America/New_York"));
    assert_eq!(marked(&job, date(2026, 11, 20), 60, "after_close"), ["2026-11-27", "2026-12-24"]);
}

#[test]
fn what_lies_beyond_the_calendar_is_told_once_and_is_no_silence() {
    let jobs = [planned("XNYS", anchor(AnchorKind::Close))];
    let calendars = Calendars::of(jobs.iter().map(|job| &job.timing), &[]);
    let all = explain(&jobs, &calendars, date(2028, 12, 27), 60);
    let unknown: Vec<_> = all.iter().filter(|entry| matches!(entry.fate, Fate::Unknown(_))).collect();
    assert_eq!((all.len(), unknown.len()), (4, 1));
    assert_eq!(unknown[0].date, date(2029, 1, 1));
}

#[test]
fn the_jobs_of_a_day_come_by_their_instants() {
    let mut late = planned("XNYS", anchor(AnchorKind::Close));
    late.name = "late".into();
    let jobs = [late, planned("XNYS", anchor(AnchorKind::Open))];
    let calendars = Calendars::of(jobs.iter().map(|job| &job.timing), &[]);
    let all = explain(&jobs, &calendars, date(2026, 11, 24), 2);
    let names: Vec<_> = all.iter().map(|entry| &*entry.job.name).collect();
    assert_eq!(names, ["job", "late", "job", "late"]);
}

#[test]
fn no_days_are_no_entries() {
    let jobs = [planned("XNYS", anchor(AnchorKind::Close))];
    let calendars = Calendars::of(jobs.iter().map(|job| &job.timing), &[]);
    assert!(explain(&jobs, &calendars, date(2026, 11, 24), 0).is_empty());
}
