//! Where dependencies come from: crates.io and nowhere else, Python and Node packages by version and hash, and
//! no lock file names a registry of somebody's own. What is fuzzed is what is released.

use toml::{Table, Value};

use super::Finding;
use crate::tree::Tree;

const CARGO_LOCK: &str = "Cargo.lock";
const FUZZ_LOCK: &str = "fuzz/Cargo.lock";
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// All lock files.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    if tree.text(CARGO_LOCK).is_none() {
        findings.push(Finding::new(CARGO_LOCK, "is missing; a binary's dependencies are committed"));
    }
    for (path, text) in tree.texts() {
        match path.rsplit('/').next() {
            Some(CARGO_LOCK) => findings.extend(check_cargo(path, text)),
            Some("requirements.lock" | "build.lock") => findings.extend(check_python(path, text)),
            Some("package-lock.json") => findings.extend(check_node(path, text)),
            _ => {}
        }
    }
    findings.extend(check_fuzzed(tree));
    findings
}

/// A parser that is fuzzed in one version and released in another is not fuzzed.
fn check_fuzzed(tree: &Tree) -> Vec<Finding> {
    let packages = |path| {
        let lock = tree.text(path).and_then(|text| text.parse::<Table>().ok()).unwrap_or_default();
        let rows = lock.get("package").and_then(Value::as_array).cloned().unwrap_or_default();
        let word = |row: &Value, key| row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        rows.iter().map(|row| (word(row, "name"), word(row, "version"))).collect::<Vec<_>>()
    };
    let released = packages(CARGO_LOCK);
    let other = packages(FUZZ_LOCK).into_iter().filter(|package| !released.contains(package));
    let drifted = other.filter(|(name, _)| released.iter().any(|(released, _)| released == name));
    drifted
        .map(|(name, version)| {
            let what =
                format!("{name} {version} is not what is released; copy {CARGO_LOCK} over it and build");
            Finding::new(FUZZ_LOCK, what)
        })
        .collect()
}

fn check_cargo(path: &str, text: &str) -> Vec<Finding> {
    let lock = match text.parse::<Table>() {
        Ok(lock) => lock,
        Err(error) => return vec![Finding::new(path, error.message().to_owned())],
    };
    let packages = lock.get("package").and_then(Value::as_array).into_iter().flatten();
    let foreign = packages.filter_map(|package| {
        let source = package.get("source")?.as_str()?;
        let name = package.get("name")?.as_str()?;
        (source != CRATES_IO)
            .then(|| Finding::new(path, format!("{name} comes from {source}, not crates.io")))
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

/// One package is one object: its version stands on one line, and its hash on the next.
fn check_node(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let inside = |line: &&str| line.starts_with("\"node_modules/");
    let packages = lines.iter().position(inside).unwrap_or(lines.len());
    for (i, line) in lines.iter().enumerate() {
        if line.starts_with("\"resolved\"") {
            let what = "names a registry; write the lock with --omit-lockfile-registry-resolved";
            findings.push(Finding::on_line(path, i + 1, what));
        }
        let hashed = lines.get(i + 1).is_some_and(|next| next.starts_with("\"integrity\": \"sha512-"));
        if i > packages && line.starts_with("\"version\"") && !hashed {
            findings.push(Finding::on_line(path, i + 1, "is not pinned by its hash"));
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
    fn the_lock_of_another_workspace_is_read_too() {
        let odd = "[[package]]\nname = \"odd\"\nversion = \"1.0.0\"\nsource = \"git+https://example.invalid/odd\"\n";
        let tree = Tree::of(&[(CARGO_LOCK, ""), ("tests/x/Cargo.lock", odd)]);
        assert_eq!(
            said(&check(&tree)),
            ["tests/x/Cargo.lock: odd comes from git+https://example.invalid/odd, not crates.io"]
        );
    }

    #[test]
    fn a_crate_that_is_fuzzed_in_another_version_is_named() {
        let package =
            |name: &str, version: &str| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
        let released = package("toml", "1.0.0") + &package("syn", "2.0.0") + &package("syn", "3.0.0");
        let fuzzed = package("toml", "1.0.1") + &package("syn", "2.0.0") + &package("afl", "0.1.0");
        assert_eq!(
            said(&check(&Tree::of(&[(CARGO_LOCK, &released), (FUZZ_LOCK, &fuzzed)]))),
            ["fuzz/Cargo.lock: toml 1.0.1 is not what is released; copy Cargo.lock over it and build"]
        );
    }

    #[test]
    fn a_node_lock_needs_hashes_and_names_no_registry() {
        let lock = r#"{
  "version": "1",
  "packages": {
    "node_modules/good": {
      "version": "1.0.0",
      "integrity": "sha512-aa"
    },
    "node_modules/bad": {
      "version": "1.0.0",
      "resolved": "https://example.invalid/bad.tgz"
    }
  }
}"#;
        assert_eq!(
            said(&check_node("x/package-lock.json", lock)),
            [
                "x/package-lock.json:9: is not pinned by its hash",
                "x/package-lock.json:10: names a registry; write the lock with --omit-lockfile-registry-resolved",
            ]
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
