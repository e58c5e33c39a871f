//! Schedules, explained from the file alone.

use super::{Folder, ends};

/// A file with jobs, without anything that runs.
fn with_jobs(folder: &Folder, jobs: &str) -> String {
    let file = folder.join("plimsoll.toml");
    let rest = "[plimsoll]\nmode = \"enforce\"\n[[venue]]\nname = \"ib\"\nkind = \"ibkr\"\nenvironment = \"sim\"\n\
                upstream = \"127.0.0.1:1\"\nclient_id = 900\naccounts = [\"DU1\"]\n[[bot]]\nname = \"trend\"\n\
                venue = \"ib\"\nlisten = \"127.0.0.1:0\"\nclient_ids = [11]\naccounts = [\"DU1\"]\n\
                instruments = [{ symbol = \"SPY\", primary_exchange = \"ARCA\" }]\n";
    std::fs::write(&file, format!("{rest}{jobs}")).unwrap();
    file
}

/// 15:49:55 in New York is 19:49:55 UTC from 2026-03-09 on, and a job of 16:31 in London is an hour later by New
/// York's clocks for three weeks.
#[test]
fn a_schedule_is_explained_from_the_file_alone_with_its_switches_and_half_days() {
    let folder = Folder::new("schedule");
    let file = with_jobs(
        &folder,
        "[[job]]\nbot = \"trend\"\nat = \"moc_entry - 5s\"\ndo = \"cancel_orders\"\n\
         [[job]]\nname = \"london\"\nbot = \"trend\"\nat = \"XLON close + 1m\"\ndo = \"halt\"\n",
    );
    let explain = |from: &str, days: &str, more: &[&str]| {
        let all =
            [&["schedule", "explain", "--config", &file, "--from", from, "--days", days], more].concat();
        ends(0, &all).0
    };
    let text = explain("2026-03-06", "4", &[]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(lines[1].contains("Fri 2026-03-06 16:31:00 GMT") && !lines[1].contains("behind"), "{text}");
    assert!(
        lines[3].contains("2026-03-09T16:31:00Z") && lines[3].ends_with("New York is 4h behind London"),
        "{text}"
    );
    assert!(lines[4].contains("2026-03-09T19:49:55Z") && lines[4].contains("went forward by 1h"), "{text}");

    let year: serde_json::Value = serde_json::from_str(&explain("2026-11-20", "400", &["--json"])).unwrap();
    let marked = |job: &str, mark: &str| -> Vec<String> {
        let rows = year.as_array().unwrap().iter();
        rows.filter(|row| row["job"] == job && row["marks"].as_array().unwrap().iter().any(|m| m == mark))
            .map(|row| format!("{} {}", row["date"].as_str().unwrap(), row["at"].as_str().unwrap_or("-")))
            .collect()
    };
    assert_eq!(
        marked("trend-cancel_orders", "half_day"),
        [
            "2026-11-27 2026-11-27T17:49:55Z",
            "2026-12-24 2026-12-24T17:49:55Z",
            "2027-11-26 2027-11-26T17:49:55Z"
        ]
    );
    // Ten and five weekdays, as the reference lists them for 2027: 03-15 to 03-26 and 11-01 to 11-05. Good Friday
    // is one of them.
    assert_eq!(marked("london", "us_eu_mismatch").len(), 14);
    assert_eq!(marked("london", "dst_switch").len(), 2);
}

#[test]
fn what_lies_beyond_the_calendar_is_said_and_an_announced_day_counts() {
    let folder = Folder::new("schedule-end");
    let file = with_jobs(&folder, "[[job]]\nbot = \"trend\"\nat = \"close - 1m\"\ndo = \"halt\"\n");
    let explain = |from: &str, days: &str| {
        ends(0, &["schedule", "explain", "--config", &file, "--from", from, "--days", days]).0
    };
    assert!(
        explain("2028-12-29", "10").contains("not planned from here on: 2029-01-01 is outside calendar XNYS")
    );
    assert!(explain("2027-01-15", "1").contains("2027-01-15T20:59:00Z"));
    let day = ["XNYS", "2027-01-15", "closed", "--reason", "mourning", "--source", "NYSE", "--config", &file];
    ends(0, &[&["calendar", "add"], &day[..]].concat());
    assert_eq!(explain("2027-01-15", "1"), "no [[job]] has 2027-01-15 for a trade date\n");
}

#[test]
fn a_schedule_that_cannot_be_read_is_a_usage_error() {
    let folder = Folder::new("schedule-bad");
    let file = with_jobs(&folder, "[[job]]\nbot = \"trend\"\nat = \"15:50\"\ndo = \"halt\"\n");
    let (out, err) = ends(2, &["schedule", "explain", "--config", &file]);
    assert_eq!(out, "");
    assert!(err.contains("plimsoll.toml:19:6: error: `at`: `15:50` has no zone"), "{err}");
    let file = with_jobs(&folder, "");
    for days in ["0", "3661"] {
        let (_, err) = ends(2, &["schedule", "explain", "--config", &file, "--days", days]);
        assert!(err.contains("is not from 1 to 3660"), "{err}");
    }
    let (out, _) = ends(0, &["schedule", "explain", "--config", &file]);
    assert_eq!(out, "there is no [[job]] in the configuration, so nothing is started\n");
}
