//! The broker's statements.

use std::path::Path;

use super::{Folder, ends};

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
