//! Jobs against the public vectors of the shared folder, when it is named: every gap and fold by each policy, the weeks in
//! which New York and London are not five hours apart, and four years of cutoffs.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use plimsoll_calendar::{AnchorKind, Choice, Listing, Policy};
use plimsoll_core::schedule::{
    Calendars, Fate, HalfDays, Mark, Missed, Place, Plan, Planned, Skip, Timing, When, explain,
};

/// The rows of a vector file by column name; nothing if no shared folder is named.
#[expect(
    clippy::disallowed_methods,
    reason = "a test against the shared folder reads its place from the environment"
)]
fn rows(file: &str) -> Option<(Vec<String>, Vec<Vec<String>>)> {
    let Ok(shared) = std::env::var("PLIMSOLL_SHARED") else {
        eprintln!("PLIMSOLL_SHARED is not set: {file} was not compared");
        return None;
    };
    let path = PathBuf::from(shared).join("truth/calendars").join(file);
    let output = Command::new("gzip").arg("-dc").arg(&path).output().expect("gzip is installed");
    assert!(output.status.success(), "cannot read {}", path.display());
    let text = String::from_utf8(output.stdout).expect("the vectors are ASCII");
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let header = lines.next().expect("the vectors have a header");
    Some((header, lines.collect()))
}

fn column(header: &[String], name: &str) -> usize {
    header.iter().position(|h| h == name).unwrap_or_else(|| panic!("no column {name} in {header:?}"))
}

fn timing(calendar: &str, at: When, policy: Policy) -> Timing {
    let listing = Listing::of_calendar(calendar).unwrap_or(Listing::Unknown);
    Timing {
        place: Place { calendar: calendar.into(), listing },
        at,
        until: None,
        half_days: HalfDays::Run,
        policy,
        missed: Missed::Alert,
    }
}

fn planned(name: &str, timing: Timing) -> Planned {
    Planned { name: name.into(), bot: None, does: "halt".into(), timing }
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%MZ").to_string()
}

#[test]
fn every_gap_and_fold_of_a_job_is_read_as_its_policy_says() {
    let Some((header, rows)) = rows("dst_civil_cases_2024_2030.csv.gz") else { return };
    let mut seen = [0; 3];
    for row in &rows {
        let of = |name| row[column(&header, name)].as_str();
        let civil: DateTime = of("civil").parse().expect("a civil time");
        let zone = plimsoll_calendar::zone(of("zone")).expect("a zone of the database");
        let at = |policy| {
            let when = When::Civil { time: civil.time(), zone: zone.clone() };
            let job = timing("ALWAYS_OPEN_247", when, policy);
            let on = job.on(civil.date(), &Calendars::of([&job], &[])).expect("in range");
            match on.expect("every day is a trade date").plan {
                Plan::Run { at, .. } => Ok(minute(at)),
                Plan::Skip(skip) => Err(skip),
            }
        };
        let (earlier, later) = (of("earlier_utc").to_owned(), of("later_utc").to_owned());
        assert_eq!(at(Policy::EARLIER), Ok(earlier.clone()), "{row:?}");
        assert_eq!(at(Policy::LATER), Ok(later.clone()), "{row:?}");
        let (kind, compatible, rejected) = match of("kind") {
            "normal" => (0, earlier.clone(), Ok(earlier)),
            "gap" => (1, later, Err(Skip::Gap)),
            "fold" => (2, earlier, Err(Skip::Fold)),
            other => panic!("unknown kind {other}"),
        };
        assert_eq!(at(Policy::COMPATIBLE), Ok(compatible), "{row:?}");
        assert_eq!(at(Policy::REJECT), rejected, "{row:?}");
        let mixed = Policy { gap: Choice::Reject, fold: Choice::Earlier };
        assert_eq!(at(mixed).is_err(), kind == 1, "{row:?}");
        seen[kind] += 1;
    }
    assert!(seen.iter().all(|n| *n > 20), "{seen:?}");
}

fn is_weekday(date: Date) -> bool {
    date.weekday().to_monday_zero_offset() < 5
}

/// The weekdays of some ranges of a year, `03-09..03-27; 10-26..10-30`.
fn weekdays(year: &str, ranges: &str) -> BTreeSet<Date> {
    let date = |text: &str| -> Date { format!("{year}-{text}").parse().expect("a date") };
    let mut all = BTreeSet::new();
    for range in ranges.split("; ") {
        let (from, through) = range.split_once("..").expect("a range");
        let days = date(from).series(1.day()).take_while(|day| *day <= date(through));
        all.extend(days.filter(|day| is_weekday(*day)));
    }
    all
}

#[test]
fn the_weeks_in_which_new_york_is_not_five_hours_behind_london_are_marked() {
    let Some((header, rows)) = rows("dst_us_eu_mismatch_1990_2037.csv.gz") else { return };
    let zone = plimsoll_calendar::zone("America/New_York").expect("a zone of the database");
    let noon = When::Civil { time: Time::constant(12, 0, 0, 0), zone };
    let jobs = [planned("noon", timing("ALWAYS_OPEN_247", noon, Policy::COMPATIBLE))];
    let calendars = Calendars::of(jobs.iter().map(|job| &job.timing), &[]);
    let from = calendars.get("ALWAYS_OPEN_247").valid_from();
    let mut years = 0;
    for row in &rows {
        let year = row[column(&header, "year")].as_str();
        let first: Date = format!("{year}-01-01").parse().expect("a date");
        if first < from {
            continue;
        }
        let apart = |marks: &[Mark]| marks.iter().any(|mark| matches!(mark, Mark::Apart { .. }));
        let all = explain(&jobs, &calendars, first, 365);
        let marked = all.iter().filter(|entry| apart(&entry.marks) && is_weekday(entry.date));
        let marked: BTreeSet<Date> = marked.map(|entry| entry.date).collect();
        assert_eq!(marked, weekdays(year, &row[column(&header, "ranges")]), "{year}");
        years += 1;
    }
    assert!(years > 10, "only {years} years");
}

#[test]
fn a_job_before_the_cutoff_and_one_before_the_close_are_those_of_the_vectors() {
    let Some((header, rows)) = rows("us_close_cutoffs_2024_2027.csv.gz") else { return };
    let anchor = |kind, secs| When::Anchor { place: None, kind, offset: SignedDuration::from_secs(secs) };
    let job = |name, kind, secs| planned(name, timing("XNYS", anchor(kind, secs), Policy::COMPATIBLE));
    let jobs = [job("send", AnchorKind::MocEntry, -5), job("fallback", AnchorKind::Close, -2)];
    let calendars = Calendars::of(jobs.iter().map(|job| &job.timing), &[]);
    let all = explain(&jobs, &calendars, Date::constant(2024, 1, 1), 4 * 365 + 1);
    let second = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let ours = |name: &str| -> Vec<String> {
        let one = all.iter().filter(|entry| &*entry.job.name == name);
        one.map(|entry| match entry.fate {
            Fate::Runs { at, .. } => second(at),
            Fate::Skipped(_) | Fate::Unknown(_) => panic!("{entry:?}"),
        })
        .collect()
    };
    for (name, theirs) in [
        ("send", "seed_moc_send_5s_before_nyse_utc"),
        ("fallback", "seed_fallback_market_2s_before_close_utc"),
    ] {
        let theirs: Vec<String> = rows.iter().map(|row| row[column(&header, theirs)].clone()).collect();
        assert!(theirs.len() > 900, "only {} rows", theirs.len());
        assert_eq!(ours(name), theirs, "{name}");
    }
}
