//! All sessions and cutoffs against the public vectors of the shared folder, when it is named.

use std::path::PathBuf;
use std::process::Command;

use jiff::civil::Date;
use plimsoll_calendar::{
    AnchorKind, Calendar, CivilError, Listing, Policy, TradingDay, export_header, export_row, instant,
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

/// Compares an export of the whole range of the file, so that a session too many is found as well. Fields
/// that the file itself calls untrusted are left out on both sides.
fn compare_sessions(file: &str, calendar: &str) {
    let Some((header, rows)) = rows(file) else { return };
    let names: Vec<_> = export_header().split(',').collect();
    let columns: Vec<_> = names.iter().map(|name| column(&header, name)).collect();
    let untrusted = column(&header, "untrusted");
    let year = |row: &Vec<String>| row[0][..4].parse().expect("a session starts with its year");
    let from = Date::constant(year(&rows[0]), 1, 1);
    let to = Date::constant(year(&rows[rows.len() - 1]), 12, 31);
    let calendar = Calendar::named(calendar).expect("the calendar exists");
    let mut ours: Vec<Vec<String>> = Vec::new();
    for day in calendar.sessions(from, to).expect("in range") {
        ours.push(export_row(&day).split(',').map(str::to_owned).collect());
    }
    let mut expected: Vec<Vec<String>> = Vec::new();
    for row in &rows {
        expected.push(columns.iter().map(|c| row[*c].clone()).collect());
        let Some(own) = ours.iter_mut().find(|own| own[0] == row[0]) else { continue };
        let doubtful = |name: &str| {
            row[untrusted].split('+').any(|field| match field {
                "close" => name == "close_utc",
                "breaks" => name.starts_with("break_"),
                "" => false,
                other => panic!("{file} does not trust `{other}`, which this test does not know"),
            })
        };
        for at in (0..names.len()).filter(|at| doubtful(names[*at])) {
            own[at].clear();
            expected.last_mut().expect("just pushed")[at].clear();
        }
    }
    let wrong: Vec<_> = ours
        .iter()
        .filter(|row| !expected.contains(row))
        .map(|row| format!("ours   {}", row.join(",")))
        .chain(
            expected.iter().filter(|row| !ours.contains(row)).map(|row| format!("theirs {}", row.join(","))),
        )
        .collect();
    assert!(wrong.is_empty(), "{} rows differ from {file}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(expected.len() > 2_000, "{file} has only {} rows", expected.len());
    assert_eq!(ours, expected, "the order of {file}");
}

#[test]
fn every_new_york_session_from_2000_to_2027_is_right() {
    compare_sessions("XNYS.csv.gz", "XNYS");
}

#[test]
fn every_nasdaq_session_from_2000_to_2027_is_right() {
    compare_sessions("XNAS.csv.gz", "XNAS");
}

#[test]
fn every_london_session_from_2000_to_2027_is_right() {
    compare_sessions("XLON.csv.gz", "XLON");
}

#[test]
fn every_tokyo_session_from_2000_to_2027_is_right_in_what_the_vectors_trust() {
    compare_sessions("XTKS.csv.gz", "XTKS");
}

#[test]
fn every_gap_and_fold_from_2024_to_2030_is_read_as_the_policy_says() {
    let Some((header, rows)) = rows("dst_civil_cases_2024_2030.csv.gz") else { return };
    let mut seen = [0; 3];
    for row in &rows {
        let of = |name| row[column(&header, name)].as_str();
        let zone = plimsoll_calendar::zone(of("zone")).expect("a zone of the database");
        let civil = of("civil").parse().expect("a civil time");
        let at = |policy| instant(civil, &zone, policy).map(|at| at.strftime("%Y-%m-%dT%H:%MZ").to_string());
        let (earlier, later) = (of("earlier_utc").to_owned(), of("later_utc").to_owned());
        assert_eq!(at(Policy::EARLIER).as_ref(), Ok(&earlier), "{row:?}");
        assert_eq!(at(Policy::LATER).as_ref(), Ok(&later), "{row:?}");
        let rejected = at(Policy::REJECT);
        let (kind, compatible, right) = match of("kind") {
            "normal" => (0, &earlier, rejected == Ok(earlier.clone()) && earlier == later),
            "gap" => (1, &later, matches!(rejected, Err(CivilError::Gap { .. }))),
            "fold" => (2, &earlier, matches!(rejected, Err(CivilError::Fold { .. }))),
            other => panic!("unknown kind {other}"),
        };
        assert!(right, "{row:?}: {rejected:?}");
        assert_eq!(at(Policy::COMPATIBLE).as_ref(), Ok(compatible), "{row:?}");
        seen[kind] += 1;
    }
    assert!(seen.iter().all(|n| *n > 20), "{seen:?}");
}

#[test]
fn the_zones_switch_when_the_vectors_say() {
    let Some((header, rows)) = rows("dst_transitions_1990_2037.csv.gz") else { return };
    for row in &rows {
        let of = |name| row[column(&header, name)].as_str();
        let zone = plimsoll_calendar::zone(of("zone")).expect("a zone of the database");
        let at: jiff::Timestamp = of("transition_utc").replace('Z', ":00Z").parse().expect("an instant");
        let minutes = |at| (zone.to_offset(at).seconds() / 60).to_string();
        assert_eq!(minutes(at - jiff::SignedDuration::from_secs(1)), of("offset_before_min"), "{row:?}");
        assert_eq!(minutes(at), of("offset_after_min"), "{row:?}");
    }
    assert!(rows.len() > 400, "only {} rows", rows.len());
}

#[test]
fn a_venue_that_never_closes_has_every_utc_day() {
    compare_sessions("ALWAYS_OPEN_247.csv.gz", "ALWAYS_OPEN_247");
}

#[test]
fn scheduled_hours_are_those_behind_every_unscheduled_event() {
    let Some((header, rows)) = rows("XNYS_unscheduled.csv.gz") else { return };
    let calendar = Calendar::us_equities();
    for row in &rows {
        let date: Date = row[0].parse().expect("a date");
        let day = calendar.session(date).expect("in range").expect("a session");
        let theirs = format!(
            "{date},{},{},,,0",
            row[column(&header, "scheduled_open_utc")],
            row[column(&header, "scheduled_close_utc")]
        );
        assert_eq!(export_row(&day), theirs);
    }
    assert!(!rows.is_empty(), "the file of unscheduled events is empty");
}

#[test]
fn every_closing_cutoff_from_2024_to_2027_is_right() {
    use AnchorKind::{LocEntry, MocEntry, MooEntry, OnCloseCancel};
    let Some((header, rows)) = rows("us_close_cutoffs_2024_2027.csv.gz") else { return };
    let calendar = Calendar::us_equities();
    // The vectors hold what the exchanges accept; the broker's stricter rules are checked in `facts`.
    let exchange = |day: &TradingDay, kind, listing| {
        day.anchor(kind, listing).expect("the venue has auctions").exchange.at.to_string()
    };
    for row in &rows {
        let date: Date = row[0].parse().expect("a date");
        let day = calendar.session(date).expect("in range").expect("a session");
        let theirs = |name| row[column(&header, name)].as_str();
        let nyse = theirs("nyse_moc_loc_entry_and_cancel_utc");
        for kind in [MocEntry, LocEntry, OnCloseCancel] {
            assert_eq!(exchange(&day, kind, Listing::Nyse), nyse, "{date} {kind}");
        }
        assert_eq!(exchange(&day, MocEntry, Listing::Nasdaq), theirs("nasdaq_moc_entry_utc"), "{date}");
        assert_eq!(exchange(&day, LocEntry, Listing::Nasdaq), theirs("nasdaq_loc_entry_utc"), "{date}");
        assert_eq!(exchange(&day, MooEntry, Listing::Nasdaq), theirs("nasdaq_moo_cutoff_utc"), "{date}");
        let arca = theirs("arca_moc_loc_utc_secondary_source");
        assert_eq!(exchange(&day, MocEntry, Listing::Arca), arca, "{date}");
        assert_eq!(exchange(&day, LocEntry, Listing::Arca), arca, "{date}");
        assert_eq!(day.close().to_string(), theirs("close_utc"), "{date}");
        assert_eq!(u8::from(day.early().is_some()).to_string(), theirs("early"), "{date}");
    }
    assert!(rows.len() > 1_000, "only {} rows", rows.len());
}
