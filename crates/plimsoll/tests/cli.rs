//! The program as a script meets it: exit codes, and what is on stdout and stderr. Nothing here needs a
//! network or waits.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test that calls them")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn plimsoll(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.args(arguments).stdin(Stdio::null()).env_remove("PLIMSOLL_LOG");
    command
}

/// Runs it and checks the exit code; the other texts are in the message if it is another one.
fn ends(code: i32, arguments: &[&str]) -> (String, String) {
    let Output { status, stdout, stderr } = plimsoll(arguments).output().unwrap();
    let (out, err) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert_eq!(status.code(), Some(code), "{arguments:?}\nstdout: {out}\nstderr: {err}");
    (out, err)
}

/// An empty folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("plimsoll-cli-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn join(&self, name: &str) -> String {
        Path::new(&self.0).join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left in a temporary folder must not fail a test that said what it had to say.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn an_unknown_guard_is_a_usage_error_that_names_the_nearest() {
    let (out, err) = ends(2, &["explain", "stale"]);
    assert_eq!(out, "");
    assert!(err.contains("`stale`") && err.contains("`stale_data`"), "{err}");
}

#[test]
fn what_resembles_no_guard_gets_no_nearest() {
    let (_, err) = ends(2, &["explain", "foo"]);
    assert!(err.contains("`foo`") && err.contains("--list") && !err.contains("nearest"), "{err}");
}

#[test]
fn an_export_that_ends_before_it_begins_is_a_usage_error() {
    let (out, err) = ends(2, &["calendar", "export", "XNYS", "--from", "2026-12-31", "--to", "2026-01-01"]);
    assert_eq!(out, "");
    assert!(err.contains("2026-12-31 is after --to 2026-01-01"), "{err}");
    // A single day is a range.
    let (out, _) = ends(0, &["calendar", "export", "XNYS", "--from", "2026-11-27", "--to", "2026-11-27"]);
    assert_eq!(out.lines().count(), 2, "{out}");
}

#[test]
fn a_start_without_time_or_offset_is_shown_how_to_write_it() {
    for start in ["2026-11-27", "2026-11-27T09:31:00"] {
        let (_, err) = ends(2, &["sim", "ibkr", "--start", start]);
        assert!(err.contains("2026-11-27T09:31:00-05:00"), "{err}");
    }
}

/// A port on which nobody listens: the kernel had it free a moment ago.
#[test]
fn a_venue_that_is_down_is_named_once_with_what_to_start() {
    let upstream = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let folder = Folder::new("down");
    let file = folder.join("plimsoll.toml");
    let example = include_str!("../../../examples/sim.toml")
        .replace("127.0.0.1:4002", &upstream)
        .replace("127.0.0.1:7401", "127.0.0.1:0");
    for (environment, start) in [("sim", "plimsoll sim ibkr"), ("paper", "TWS or IB Gateway")] {
        let text = example.replace("\"sim\"", &format!("\"{environment}\""));
        let text = if environment == "sim" { text } else { text.replace("\nfollow", "\n# follow") };
        std::fs::write(&file, text).unwrap();
        let (out, _) = ends(3, &["check", "--config", &file]);
        assert!(out.lines().any(|row| row.ends_with(" 1 bot")), "{out}");
        let row = out.lines().find(|row| row.contains("venue")).unwrap();
        assert_eq!(row.matches(&upstream).count(), 1, "{row}");
        assert!(row.contains("cannot be reached") && row.contains(start), "{row}");
    }
}

#[test]
fn every_command_with_a_configuration_but_halt_refuses_a_missing_one() {
    let folder = Folder::new("missing");
    let file = folder.join("none.toml");
    for command in ["run", "check", "status", "bots", "orders", "executions", "positions", "breaks", "resume"]
    {
        let (out, err) = ends(2, &[command, "--config", &file]);
        assert_eq!(out, "", "{command}");
        assert!(err.contains(&file) && err.contains("--config"), "{command}: {err}");
    }
}

#[test]
fn without_a_gateway_the_cause_is_told_once() {
    let folder = Folder::new("nobody");
    for command in ["status", "bots", "orders", "positions", "breaks", "halt"] {
        let (out, err) = ends(3, &[command, "--state-dir", folder.path()]);
        assert_eq!(out, "", "{command}");
        assert!(err.contains("no gateway runs"), "{command}: {err}");
        assert_eq!(err.matches("No such file").count(), 1, "{command}: {err}");
    }
}

#[test]
fn a_halt_looks_for_the_gateway_of_a_broken_configuration() {
    let folder = Folder::new("broken");
    let file = folder.join("plimsoll.toml");
    std::fs::write(&file, "[plimsoll]\nstate_dir = \"here\"\nmode = = 1\n").unwrap();
    let (_, err) = ends(3, &["halt", "--config", &file]);
    assert!(err.contains(&folder.join("here/operator.sock")), "{err}");
    ends(2, &["check", "--config", &file]);
}

#[test]
fn a_halt_without_a_configuration_tries_the_default_folder_and_says_so() {
    let folder = Folder::new("bare");
    let (_, err) = ends(3, &["halt", "--config", &folder.join("plimsoll.toml")]);
    assert!(err.contains("--state-dir"), "{err}");
    assert!(err.contains(&folder.join("state/operator.sock")), "{err}");
}

#[test]
fn a_missing_journal_is_not_intact() {
    let folder = Folder::new("no-journal");
    let missing = folder.join("journal");
    for question in ["verify", "trace", "replay", "export"] {
        let (out, err) = ends(3, &["journal", question, &missing]);
        assert_eq!(out, "", "{question}");
        assert!(err.contains(&missing), "{question}: {err}");
    }
}

#[test]
fn a_folder_without_segments_is_no_journal() {
    let folder = Folder::new("empty");
    std::fs::write(folder.join("notes.plj"), "").unwrap();
    for question in ["verify", "trace", "replay", "export"] {
        let (out, err) = ends(1, &["journal", question, folder.path()]);
        assert_eq!(out, "", "{question}");
        assert!(err.contains("no journal here"), "{question}: {err}");
    }
}

/// NYSE closes at 16:00 on the day before Thanksgiving 2026 and at 13:00 on the day after, in New York's
/// winter time, five hours behind UTC.
#[test]
fn the_export_knows_thanksgiving() {
    let arguments = ["calendar", "export", "XNYS", "--from", "2026-11-25", "--to", "2026-11-27"];
    let (out, _) = ends(0, &arguments);
    let rows = [
        "session,open_utc,close_utc,break_start_utc,break_end_utc,early",
        "2026-11-25,2026-11-25T14:30Z,2026-11-25T21:00Z,,,0",
        "2026-11-27,2026-11-27T14:30Z,2026-11-27T18:00Z,,,1",
    ];
    assert_eq!(out.lines().collect::<Vec<_>>(), rows);
}

/// Ten minutes before the close at NYSE, five and two at Nasdaq, one at Arca; the broker promises NYSE's own
/// for all but Nasdaq, and there five minutes for both kinds. Nasdaq gives nothing back after ten minutes.
#[test]
fn the_cutoffs_move_with_the_half_day_and_the_stricter_stand_beside_the_exchanges_own() {
    let arguments = ["calendar", "export", "XNYS", "--from", "2026-11-25", "--to", "2026-11-27", "--anchors"];
    let (out, _) = ends(0, &arguments);
    let rows: Vec<Vec<&str>> = out.lines().map(|row| row.split(',').collect()).collect();
    assert_eq!(rows[0][6..11], ["moc_nyse", "moc_nasdaq", "loc_nasdaq", "moc_arca", "effective_moc"]);
    let table = [
        ("moc_nyse", "50:00"),
        ("moc_nasdaq", "55:00"),
        ("loc_nasdaq", "58:00"),
        ("moc_arca", "59:00"),
        ("effective_moc", "50:00"),
        ("effective_moc_nyse", "50:00"),
        ("effective_moc_nasdaq", "55:00"),
        ("effective_loc_nasdaq", "55:00"),
        ("effective_moc_arca", "50:00"),
        ("onclose_cancel_nasdaq", "50:00"),
    ];
    for (name, clock) in table {
        let column = rows[0].iter().position(|column| *column == name).unwrap();
        assert_eq!(rows[1][column], format!("2026-11-25T20:{clock}Z"), "{name}");
        assert_eq!(rows[2][column], format!("2026-11-27T17:{clock}Z"), "{name}");
    }
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{out}");
}

#[test]
fn every_calendar_can_be_exported_with_its_anchors_and_none_beyond_its_end() {
    for name in [
        "XNYS",
        "XNAS",
        "ARCX",
        "XASE",
        "BATS",
        "XLON",
        "XETR",
        "XPAR",
        "XAMS",
        "XSWX",
        "XTSE",
        "XTKS",
        "XHKG",
        "XASX",
        "CMEGLOBEX_EQ",
        "ALWAYS_OPEN_247",
    ] {
        let week = ["calendar", "export", name, "--from", "2026-12-07", "--to", "2026-12-11", "--anchors"];
        let (out, _) = ends(0, &week);
        assert_eq!(out.lines().count(), 6, "{name}: {out}");
        let beyond = ["calendar", "export", name, "--from", "2026-12-07", "--to", "2150-01-01"];
        let (out, err) = ends(2, &beyond);
        assert!(out.is_empty() && err.contains("is outside calendar"), "{name}: {err}");
    }
}

#[test]
fn a_host_without_zone_data_and_with_a_zone_of_nonsense_tells_the_same_times() {
    let arguments = ["calendar", "show", "SPY", "--date", "2026-11-27"];
    let (usual, _) = ends(0, &arguments);
    assert!(usual.contains("12:50:00"), "{usual}");
    for zone in ["Mars/Olympus", "", ":/nowhere", "EST5EDT,M3.2.0,garbage"] {
        let strange = plimsoll(&arguments).env("TZ", zone).env("TZDIR", "/nowhere").output().unwrap();
        assert_eq!(strange.status.code(), Some(0), "{zone}");
        assert_eq!(String::from_utf8(strange.stdout).unwrap(), usual, "{zone}");
    }
}

#[test]
fn an_announced_day_is_added_shown_and_not_added_twice() {
    let folder = Folder::new("announced");
    let dir = folder.path();
    let day = |date: &'static str, change: &'static [&'static str]| {
        let base = ["calendar", "add", "XNYS", date];
        let rest = ["--reason", "National Day of Mourning", "--source", "NYSE, 2027-01-12"];
        [&base[..], change, &rest[..], &["--calendar-dir", dir]].concat()
    };
    let (out, _) = ends(0, &day("2027-01-15", &["closed"]));
    assert!(out.contains("2027-01-15-XNYS.toml") && out.contains("is closed now"), "{out}");
    ends(0, &day("2027-01-14", &["early", "--close", "13:00"]));
    let show =
        |date| ends(0, &["calendar", "show", "SPY", "--date", date, "--calendar-dir", dir, "--json"]).0;
    let closed: serde_json::Value = serde_json::from_str(&show("2027-01-15")).unwrap();
    assert_eq!((&closed["session"], &closed["why"]), (&false.into(), &"National Day of Mourning".into()));
    assert_eq!(closed["source"], "NYSE, 2027-01-12");
    assert!(show("2027-01-14").contains("2027-01-14T17:50:00Z"), "the cutoff moves with the close");
    // What is refused, each with its reason and without a file.
    let refused = [
        (day("2027-01-15", &["closed"]), "is there already"),
        (day("2027-02-30", &["closed"]), "2027-02-30"),
        (day("2027-11-25", &["open", "--open", "09:30", "--close", "16:00"]), "with force"),
        (day("2027-01-13", &["early", "--close", "17:00"]), "takes no trading time away"),
        (day("2027-01-13", &["early"]), "has `close ="),
        (day("2027-01-13", &["half"]), "write closed, early, late or open"),
        (day("2031-01-02", &["closed"]), "outside calendar"),
    ];
    for (arguments, says) in refused {
        let (_, err) = ends(2, &arguments);
        assert!(err.contains(says), "{arguments:?}: {err}");
    }
    assert_eq!(std::fs::read_dir(dir).unwrap().count(), 2);
}

#[test]
fn a_symbol_that_is_not_known_is_said_to_be_assumed() {
    let arguments = ["calendar", "show", "ZZZZ", "--date", "2026-11-27"];
    let (text, _) = ends(0, &arguments);
    assert!(text.contains("note: `ZZZZ` is not known"), "{text}");
    let (json, _) = ends(0, &[&arguments[..], &["--json"]].concat());
    let answer: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(answer["listing"], "unknown");
    assert!(answer["note"].as_str().unwrap().contains("assumed"), "{json}");

    let (json, _) = ends(0, &["calendar", "show", "SPY", "--date", "2026-11-27", "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&answer["listing"], &answer["note"]), (&"ARCA".into(), &serde_json::Value::Null));
}

#[test]
fn the_list_of_guards_is_one_json_document() {
    let (out, _) = ends(0, &["explain", "--list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&out).unwrap();
    let names: Vec<_> = list.as_array().unwrap().iter().map(|row| row["guard"].as_str().unwrap()).collect();
    assert!(names.contains(&"stale_data") && names.contains(&"close_cutoff"), "{names:?}");
    for name in names {
        ends(0, &["explain", name]);
    }
}

/// The reader is gone before the first line, so every write meets a closed pipe.
#[test]
fn a_reader_that_has_had_enough_is_a_good_end() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let arguments = ["calendar", "export", "XNYS", "--from", "2000-01-01", "--to", "2027-12-31"];
    let ended = plimsoll(&arguments).stdout(writer).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
}

#[test]
fn the_past_is_asked_of_tables_and_their_absence_says_how_to_make_them() {
    let folder = Folder::new("past");
    let state_dir = folder.path();
    for arguments in [&["orders", "--history"][..], &["executions"]] {
        let arguments = [arguments, &["--state-dir", state_dir]].concat();
        let (out, err) = ends(3, &arguments);
        assert!(out.is_empty() && err.contains("plimsoll journal project"), "{err}");
    }
    let (_, err) = ends(2, &["orders", "--bot", "trend", "--state-dir", state_dir]);
    assert!(err.contains("--history"), "{err}");
    let (_, err) = ends(2, &["executions", "--from", "yesterday", "--state-dir", state_dir]);
    assert!(err.contains("2026-11-27"), "{err}");
}

/// Nothing in it is late: the bot does nothing, and an order is expected.
const NO_ORDER: &str = "\
title     Nothing happens
pitfall   04-moc-after-cutoff
day       2026-11-27 America/New_York
from      10:00:00
to        10:00:05
bot       trend 11 DU1111111 SPY
expect    orders 1
";

#[test]
fn a_drill_that_ends_otherwise_than_expected_says_what_was_found_and_no() {
    let folder = Folder::new("drill-no");
    let file = folder.join("mine.drill");
    std::fs::write(&file, NO_ORDER).unwrap();
    let (out, _) = ends(1, &["drill", "run", &file]);
    assert!(out.contains("NO  orders 1   found: 0 orders") && out.ends_with("FAILED\n"), "{out}");
    let (out, _) = ends(1, &["drill", "run", &file, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&json["failed"], &json["drills"][0]["verdict"]), (&1.into(), &"failed".into()));
}

#[test]
fn a_drill_with_a_mistake_is_a_usage_error_with_its_place() {
    let folder = Folder::new("drill-usage");
    let file = folder.join("mine.drill");
    std::fs::write(&file, NO_ORDER.replace("expect    orders 1", "expect    orders one")).unwrap();
    let (out, err) = ends(2, &["drill", "run", &file]);
    assert_eq!(out, "");
    assert!(err.contains("mine.drill:7:18: `one` is not understood"), "{err}");
    let (_, err) = ends(2, &["drill", "run", "nothing"]);
    assert!(err.contains("no drill is called `nothing`") && err.contains("drill list"), "{err}");
}

#[test]
fn the_list_of_drills_needs_no_file() {
    let (out, _) = ends(0, &["drill", "list"]);
    assert!(
        out.lines().any(|line| line.starts_with("late-moc-half-day") && line.contains("close_cutoff")),
        "{out}"
    );
    let (out, _) = ends(0, &["drill", "list", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(json["drills"].as_array().unwrap().len() > 20, "{out}");
}

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

const WEEK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../plimsoll-statement/tests/vectors/week.xml");

#[test]
fn a_statement_that_agrees_is_good_and_an_error_of_the_broker_s_says_what_to_do() {
    let (out, err) = ends(0, &["statement", "check", WEEK]);
    assert!(out.contains("U7000001 2026-11-23 to 2026-11-27: 9 trades (1 taken back)"), "{out}");
    assert!(out.contains("7 executions, 3 holdings, 2 currencies of cash, 1 profits"), "{out}");
    assert_eq!(err, "");
    let (out, _) = ends(0, &["statement", "check", WEEK, "--json"]);
    let said: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(said["good"], true);
    assert_eq!(said["statements"][1]["account"], "U7000002");

    let folder = Folder::new("statement");
    let busy = folder.join("busy.xml");
    let answer = "<FlexStatementResponse><Status>Warn</Status><ErrorCode>1019</ErrorCode><ErrorMessage>Statement \
                  generation in progress.</ErrorMessage></FlexStatementResponse>";
    std::fs::write(&busy, answer).unwrap();
    let (out, err) = ends(1, &["statement", "check", &busy]);
    assert!(out.is_empty() && err.contains("error 1019") && err.contains("ask again in a minute"), "{err}");
    let cut = folder.join("cut.xml");
    std::fs::write(&cut, &std::fs::read_to_string(WEEK).unwrap()[..9_000]).unwrap();
    let (out, err) = ends(1, &["statement", "check", &cut]);
    assert!(out.is_empty() && err.contains("download the statement again"), "{err}");
    ends(3, &["statement", "check", &folder.join("none.xml")]);
}

#[test]
fn the_query_that_is_needed_is_shown_with_what_is_lost_without_it() {
    let (out, _) = ends(0, &["statement", "query"]);
    assert!(
        out.contains("Date Format: yyyyMMdd") && out.contains("ibExecID: without it executions are paired"),
        "{out}"
    );
    let (out, _) = ends(0, &["statement", "query", "--json"]);
    let said: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(said["sections"].as_array().unwrap().iter().any(|section| section["name"] == "Trades"));
}

#[test]
fn without_the_gateway_s_tables_nothing_is_compared_and_nobody_is_blocked() {
    let folder = Folder::new("tables");
    let state = folder.join("state");
    let (out, err) = ends(3, &["reconcile", "--statement", WEEK, "--state-dir", &state]);
    assert!(out.is_empty() && err.contains("plimsoll.sqlite3 is not there"), "{err}");
    let config = folder.join("plimsoll.toml");
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/sim.toml")).unwrap();
    std::fs::write(&config, text).unwrap();
    let (out, err) = ends(3, &["nightly", "--statement", WEEK, "--config", &config]);
    assert!(out.is_empty() && err.contains("plimsoll.sqlite3 is not there"), "{err}");
    assert!(!Path::new(&state).join("nightly.pending").exists());
}
