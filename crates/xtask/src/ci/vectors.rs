//! Vectors that lie outside of the project: recorded frames, official days, broker statements.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::built::{FUZZ, cargo, cargo_alone};
use super::child::{STEP_MAX, finish};
use super::foreign::{bots, interpreter};
use crate::tree;

/// Where the vectors lie that are not part of the project.
const SHARED: &str = "PLIMSOLL_SHARED";
const FIXTURES: &str = "PLIMSOLL_FIXTURES";

/// The tests that read them, found by the name of the variable; all others have been run by `.ci/run` as a user would.
pub(super) fn vectors(root: &Path) -> Result<()> {
    let shared = shared(root)?;
    let readers = readers(&tree::Tree::read(root)?)?;
    let mut command = cargo(root, &["test"]);
    for (package, test) in &readers {
        command.args(["--package", package, "--test", test]);
    }
    command.env(FIXTURES, fixtures(&shared)?).env(SHARED, shared);
    finish(command, STEP_MAX)
}

/// Package and name of each integration test that reads the vectors.
fn readers(tree: &tree::Tree) -> Result<BTreeSet<(String, String)>> {
    let mut readers = BTreeSet::new();
    for (path, _) in tree.texts().filter(|(path, text)| path.starts_with("crates/") && text.contains(SHARED))
    {
        match path.split('/').collect::<Vec<_>>()[..] {
            ["crates", "xtask", ..] => {}
            ["crates", package, "tests", test, ..] => {
                let test = test.strip_suffix(".rs").unwrap_or(test);
                readers.insert((package.to_owned(), test.to_owned()));
            }
            _ => bail!(
                "{path} reads {SHARED} and is no integration test, so no step would run it; move it to tests/"
            ),
        }
    }
    if readers.is_empty() {
        bail!("no test under crates/*/tests reads {SHARED}");
    }
    Ok(readers)
}

pub(super) fn forms(root: &Path) -> Result<()> {
    let mut command = bots(root, &interpreter("PLIMSOLL_PYTHON_NAUTILUS_IBAPI")?, "bots.forms");
    command.arg("--check").arg(root.join("crates/plimsoll-tws/tests/official_forms.txt"));
    finish(command, STEP_MAX)
}

/// Needs no fuzzer: each input is read once.
pub(super) fn corpora(root: &Path) -> Result<()> {
    let mut command = cargo_alone(root, FUZZ, "test");
    command.args(["--test", "*"]);
    finish(command, STEP_MAX)
}

fn shared(root: &Path) -> Result<PathBuf> {
    let named = std::env::var_os(SHARED).map_or_else(|| root.join("../shared"), PathBuf::from);
    let folder = std::fs::canonicalize(&named);
    folder
        .with_context(|| format!("the vectors are not at {}; set {SHARED} to their folder", named.display()))
}

fn fixtures(shared: &Path) -> Result<PathBuf> {
    let named = std::env::var_os(FIXTURES).map_or_else(|| shared.join("fixtures"), PathBuf::from);
    if !named.join("ibkr").is_dir() {
        bail!("no recorded frames at {}/ibkr; set {FIXTURES} to their folder", named.display());
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_reads_vectors_is_found_by_what_it_reads() {
        let tree = tree::Tree::of(&[
            ("crates/alpha/tests/truth.rs", "std::env::var(\"PLIMSOLL_SHARED\")"),
            ("crates/alpha/tests/days/read.rs", "std::env::var(\"PLIMSOLL_SHARED\")"),
            ("crates/alpha/tests/other.rs", "nothing"),
            ("crates/xtask/src/ci/vectors.rs", "PLIMSOLL_SHARED"),
            (".ci/run", "PLIMSOLL_SHARED"),
        ]);
        let found: Vec<_> = readers(&tree).unwrap().into_iter().map(|(_, test)| test).collect();
        assert_eq!(found, ["days", "truth"]);
    }

    #[test]
    fn a_reader_that_no_step_would_run_is_an_error() {
        let tree = tree::Tree::of(&[("crates/alpha/src/lib.rs", "PLIMSOLL_SHARED")]);
        assert!(readers(&tree).unwrap_err().to_string().contains("move it to tests/"));
        assert!(readers(&tree::Tree::of(&[])).is_err());
    }
}
