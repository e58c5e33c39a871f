//! Calendars: exports, cutoffs, announced days.

use super::{Folder, ends, plimsoll};

#[test]
fn an_export_that_ends_before_it_begins_is_a_usage_error() {
    let (out, err) = ends(2, &["calendar", "export", "XNYS", "--from", "2026-12-31", "--to", "2026-01-01"]);
    assert_eq!(out, "");
    assert!(err.contains("2026-12-31 is after --to 2026-01-01"), "{err}");
    // A single day is a range.
    let (out, _) = ends(0, &["calendar", "export", "XNYS", "--from", "2026-11-27", "--to", "2026-11-27"]);
    assert_eq!(out.lines().count(), 2, "{out}");
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
