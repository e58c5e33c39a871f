//! Drills: verdicts, mistakes in a file, the list.

use super::{Folder, ends};

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
        out.lines().any(|line| line.starts_with("  late-moc-half-day ") && line.contains("close_cutoff")),
        "{out}"
    );
    let (out, _) = ends(0, &["drill", "list", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(json["drills"].as_array().unwrap().len() > 20, "{out}");
}
