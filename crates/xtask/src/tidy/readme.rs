//! The README's promise: two commands, and what they need to exist.

use super::Finding;
use super::manifests::Manifest;
use crate::tree::Tree;

const README: &str = "README.md";
const COMMANDS: [&str; 2] = ["cargo run --release -- demo", "cargo test --workspace"];
const CI: &str = ".ci/run";
const CONTRIBUTING: &str = "CONTRIBUTING.md";
const CONTRIBUTING_COMMANDS_MAX: usize = 10;

/// The README and what it promises.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    match tree.text(README) {
        None => findings.push(Finding::new(README, "is missing")),
        Some(text) => {
            let missing = COMMANDS.iter().filter(|command| !text.contains(*command));
            findings
                .extend(missing.map(|command| Finding::new(README, format!("does not show `{command}`"))));
        }
    }
    findings.extend(check_default_member(tree));
    if !tree.text(CI).is_some_and(|text| text.contains(COMMANDS[1])) {
        findings.push(Finding::new(CI, format!("does not call `{}`", COMMANDS[1])));
    }
    let commands = tree.text(CONTRIBUTING).map_or(0, |text| commands_in(text).count());
    if commands == 0 || commands > CONTRIBUTING_COMMANDS_MAX {
        let what = format!("shows {commands} commands; at least 1 and at most {CONTRIBUTING_COMMANDS_MAX}");
        findings.push(Finding::new(CONTRIBUTING, what));
    }
    findings
}

/// `cargo run` without a package name needs to know which binary is meant.
fn check_default_member(tree: &Tree) -> Option<Finding> {
    let manifest = Manifest::parse(tree, "Cargo.toml").ok()?;
    let members = manifest.at(&["workspace", "default-members"]).and_then(|members| members.as_array());
    let named = members.is_some_and(|m| m.len() == 1 && m[0].as_str() == Some("crates/plimsoll"));
    (!named).then(|| {
        Finding::new(
            "Cargo.toml",
            "workspace.default-members must be [\"crates/plimsoll\"]: `cargo run` starts it",
        )
    })
}

/// Lines of fenced shell blocks.
fn commands_in(text: &str) -> impl Iterator<Item = &str> {
    let mut shell = false;
    text.lines().filter(move |line| {
        if line.starts_with("```") {
            shell = !shell && line.trim_end() == "```sh";
            return false;
        }
        shell && !line.trim().is_empty() && !line.starts_with('#')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::said;

    const GOOD: [(&str, &str); 4] = [
        (README, "cargo run --release -- demo\ncargo test --workspace\n"),
        (CI, "cargo test --workspace\n"),
        (CONTRIBUTING, "```sh\ncargo xtask tidy\n```\n"),
        ("Cargo.toml", "[workspace]\ndefault-members = [\"crates/plimsoll\"]\n"),
    ];

    fn with(path: &str, text: &str) -> Vec<String> {
        let files: Vec<_> =
            GOOD.iter().map(|&(name, was)| (name, if name == path { text } else { was })).collect();
        said(&check(&Tree::of(&files)))
    }

    #[test]
    fn a_readme_without_one_of_its_commands_is_named() {
        assert_eq!(with("none", ""), [""; 0]);
        assert_eq!(
            with(README, "cargo test --workspace\n"),
            ["README.md: does not show `cargo run --release -- demo`"]
        );
    }

    #[test]
    fn ci_runs_the_command_of_the_readme() {
        assert_eq!(with(CI, "cargo check\n"), [".ci/run: does not call `cargo test --workspace`"]);
    }

    #[test]
    fn ten_commands_are_enough_for_a_contributor() {
        let ten = format!("```sh\n{}```\n", "cargo x\n".repeat(10));
        let eleven = format!("```sh\n{}```\n", "cargo x\n".repeat(11));
        assert_eq!(with(CONTRIBUTING, &ten), [""; 0]);
        assert_eq!(
            with(CONTRIBUTING, &eleven),
            ["CONTRIBUTING.md: shows 11 commands; at least 1 and at most 10"]
        );
    }

    #[test]
    fn cargo_run_must_know_its_binary() {
        assert_eq!(with("Cargo.toml", "[workspace]\n").len(), 1);
    }
}
