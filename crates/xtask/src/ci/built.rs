//! What cargo builds for the steps, and where it puts it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::child::{STEP_MAX, finish};
use crate::tree;

/// The crates that are workspaces of their own, so that nobody who builds Plimsoll builds them.
pub(super) const RUST_CLIENTS: &str = "tests/rust-clients";
pub(super) const FUZZ: &str = "fuzz";

pub(super) fn cargo(root: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root);
    command
}

/// Cargo on a crate that is a workspace of its own, as its lock file has it.
pub(super) fn cargo_alone(root: &Path, folder: &str, what: &str) -> Command {
    let mut command = cargo(root, &[what, "--quiet", "--locked", "--manifest-path", &manifest(folder)]);
    command.arg("--target-dir").arg(target_alone(root, folder));
    command
}

pub(super) fn manifest(folder: &str) -> String {
    format!("{folder}/Cargo.toml")
}

/// Below the target folder of the others, by the last word of the crate's folder.
pub(super) fn target_alone(root: &Path, folder: &str) -> PathBuf {
    target(root).join(folder.rsplit('/').next().unwrap_or(folder))
}

pub(super) fn release_binary(root: &Path) -> Result<PathBuf> {
    finish(cargo(root, &["build", "--release", "--package", "plimsoll"]), STEP_MAX)?;
    let binary = target(root).join("release").join("plimsoll");
    if !binary.is_file() {
        bail!("{} is not there after the build", binary.display());
    }
    Ok(binary)
}

/// Where cargo puts what it builds.
fn target(root: &Path) -> PathBuf {
    root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// Package and name of each benchmark, in the alphabet's order.
pub(super) fn benches(root: &Path) -> Result<Vec<(String, String)>> {
    let tree = tree::Tree::read(root)?;
    let parts = |path: &str| {
        let (package, bench) = path.strip_prefix("crates/")?.strip_suffix(".rs")?.split_once("/benches/")?;
        (!bench.contains('/')).then(|| (package.to_owned(), bench.to_owned()))
    };
    Ok(tree.iter().filter_map(|(path, _)| parts(path)).collect())
}
