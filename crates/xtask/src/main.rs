//! Automation: `cargo xtask tidy` reads the repository, `cargo xtask ci` also runs it.
//!
//! Owns: the rules that a machine can hold (house layers, fences, complete guard pages, living links) and
//! the order of the checks before a merge. Depends on no crate of ours, so that it can judge them all.
//!
//! Does not own: what the tests mean. They live with the code that they test.

mod ci;
mod picture;
mod tidy;
mod tree;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

const USAGE: &str = "\
usage: cargo xtask <command>
  tidy          read the repository: layers, fences, guard pages, links, words, sizes
  ci [STEP…]    everything that must hold before a merge, or the named steps only
  ci --list     the steps
  picture       draw the README's picture of the demo again";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["tidy"] => tidy_here(),
        ["ci", "--list"] => {
            ci::list();
            Ok(())
        }
        ["picture"] => root().and_then(|root| picture::draw(&root)),
        ["ci", steps @ ..] => root().and_then(|root| ci::run(&root, steps)),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(1)
        }
    }
}

/// Reads the working tree and prints every finding.
fn tidy_here() -> Result<()> {
    let tree = tree::Tree::read(&root()?)?;
    let findings = tidy::check(&tree);
    for finding in &findings {
        eprintln!("{finding}");
    }
    if !findings.is_empty() {
        bail!("tidy: {} finding(s) in {} files", findings.len(), tree.len());
    }
    println!("tidy: {} files, nothing to say", tree.len());
    Ok(())
}

/// The repository: two levels above this crate.
fn root() -> Result<PathBuf> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lives in crates/xtask")?;
    Ok(crates.parent().context("crates lives in the repository")?.to_path_buf())
}
