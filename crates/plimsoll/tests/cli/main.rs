//! The program as a script meets it: exit codes, and what is on stdout and stderr. Nothing here needs a
//! network or waits.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test that calls them")]

mod calendars;
mod drills;
mod gateway;
mod schedules;
mod statements;

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
