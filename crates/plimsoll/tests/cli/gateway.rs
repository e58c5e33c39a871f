//! What asks a venue or a gateway, where there is none, and what is left of one.

use super::{Folder, ends};

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
    let example = include_str!("../../../../examples/sim.toml")
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
