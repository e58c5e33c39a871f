//! Where dependencies come from: crates.io and nowhere else, Python packages by version and hash, and no
//! lock file names a registry of somebody's own.

use toml::{Table, Value};

use super::Finding;
use crate::tree::Tree;

const CARGO_LOCK: &str = "Cargo.lock";
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// All lock files.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = check_cargo(tree);
    for (path, text) in tree.texts().filter(|(path, _)| path.ends_with("requirements.lock")) {
        findings.extend(check_python(path, text));
    }
    findings
}

fn check_cargo(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(CARGO_LOCK) else {
        return vec![Finding::new(CARGO_LOCK, "is missing; a binary's dependencies are committed")];
    };
    let lock = match text.parse::<Table>() {
        Ok(lock) => lock,
        Err(error) => return vec![Finding::new(CARGO_LOCK, error.message().to_owned())],
    };
    let packages = lock.get("package").and_then(Value::as_array).into_iter().flatten();
    let foreign = packages.filter_map(|package| {
        let source = package.get("source")?.as_str()?;
        let name = package.get("name")?.as_str()?;
        (source != CRATES_IO)
            .then(|| Finding::new(CARGO_LOCK, format!("{name} comes from {source}, not crates.io")))
    });
    foreign.collect()
}

fn check_python(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    for (i, line) in lines.iter().enumerate() {
        if line.starts_with("-i ") || line.contains("://") || line.contains("-url") {
            findings.push(Finding::on_line(path, i + 1, "names a registry; leave that to the installer"));
        }
        let requirement = !line.is_empty() && !line.starts_with('#') && !line.starts_with("--hash");
        let hashed = lines.get(i + 1).is_some_and(|next| next.starts_with("--hash=sha256:"));
        if requirement && !(line.contains("==") && (hashed || line.contains("--hash=sha256:"))) {
            findings.push(Finding::on_line(path, i + 1, "is not pinned by version and hash"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::said;

    #[test]
    fn a_crate_from_another_registry_or_from_git_is_named() {
        let lock = "
[[package]]
name = \"ours\"
version = \"0.0.0\"

[[package]]
name = \"known\"
version = \"1.0.0\"
source = \"registry+https://github.com/rust-lang/crates.io-index\"

[[package]]
name = \"odd\"
version = \"1.0.0\"
source = \"git+https://example.invalid/odd\"
";
        assert_eq!(
            said(&check(&Tree::of(&[(CARGO_LOCK, lock)]))),
            ["Cargo.lock: odd comes from git+https://example.invalid/odd, not crates.io"]
        );
    }

    #[test]
    fn a_python_lock_needs_hashes_and_names_no_registry() {
        let lock = "--index-url https://example.invalid\ngood==1.0 \\\n    --hash=sha256:00\nbad==1.0\n";
        assert_eq!(
            said(&check_python("bots/requirements.lock", lock)),
            [
                "bots/requirements.lock:1: names a registry; leave that to the installer",
                "bots/requirements.lock:1: is not pinned by version and hash",
                "bots/requirements.lock:4: is not pinned by version and hash",
            ]
        );
    }
}
