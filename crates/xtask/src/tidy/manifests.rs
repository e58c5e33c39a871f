//! What the manifests and the clippy fences promise: shared lints everywhere, no `unsafe`, one licence, pure
//! crates with nothing but the allowed dependencies and the same fence around each of them.

use toml::{Table, Value};

use super::Finding;
use crate::tree::Tree;

const ROOT: &str = "Cargo.toml";
const LICENSE: &str = "MIT OR Apache-2.0";

/// Crates without clocks, floats, hash maps, threads or I/O.
const PURE: &[&str] = &[
    "plimsoll-model",
    "plimsoll-calendar",
    "plimsoll-ledger",
    "plimsoll-core",
    "plimsoll-tws",
    "plimsoll-sim",
];
/// The fence that the others repeat.
const FENCE_OF: &str = "plimsoll-model";
/// What a pure crate may use.
const PURE_MAY_USE: &[&str] = &["rust_decimal", "jiff", "thiserror", "bytes"];
/// What the tests of a pure crate may use besides.
const PURE_TESTS_MAY_USE: &[&str] = &["arbtest", "expect-test", "serde_json"];
/// The simulator's control answers are JSON values that it computes, not I/O.
const EXCEPTIONS: &[(&str, &str)] = &[("plimsoll-sim", "serde"), ("plimsoll-sim", "serde_json")];

/// Manifests and fences.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = check_root(tree);
    for name in tree.crates() {
        match Manifest::of_crate(tree, name) {
            Ok(manifest) => findings.extend(check_manifest(&manifest, name)),
            Err(finding) => findings.push(finding),
        }
        findings.extend(check_fence(tree, name));
    }
    let manifests = tree.texts().map(|(path, _)| path).filter(|path| path.ends_with("/Cargo.toml"));
    for path in manifests.filter(|path| !path.starts_with("crates/")) {
        match Manifest::parse(tree, path) {
            Ok(manifest) => findings.extend(check_alone(&manifest)),
            Err(finding) => findings.push(finding),
        }
    }
    findings
}

/// A crate that is a workspace of its own inherits nothing, so it says itself what the others share.
fn check_alone(manifest: &Manifest) -> Vec<Finding> {
    let mut findings = Vec::new();
    if manifest.at(&["lints", "rust", "unsafe_code"]).and_then(Value::as_str) != Some("forbid") {
        findings.push(Finding::new(&manifest.path, "lints.rust.unsafe_code must be \"forbid\""));
    }
    if manifest.at(&["package", "license"]).and_then(Value::as_str) != Some(LICENSE) {
        findings.push(Finding::new(&manifest.path, format!("package.license must be {LICENSE:?}")));
    }
    if manifest.at(&["package", "publish"]).and_then(Value::as_bool) != Some(false) {
        findings.push(Finding::new(&manifest.path, "package.publish = false is missing"));
    }
    findings
}

fn check_root(tree: &Tree) -> Vec<Finding> {
    let manifest = match Manifest::parse(tree, ROOT) {
        Ok(manifest) => manifest,
        Err(finding) => return vec![finding],
    };
    let mut findings = Vec::new();
    let forbid = manifest.at(&["workspace", "lints", "rust", "unsafe_code"]).and_then(Value::as_str);
    if forbid != Some("forbid") {
        findings.push(Finding::new(ROOT, "workspace.lints.rust.unsafe_code must be \"forbid\""));
    }
    // A ghost process that survives its own bug is pitfall 14: the release build aborts.
    if manifest.at(&["profile", "release", "panic"]).and_then(Value::as_str) != Some("abort") {
        findings.push(Finding::new(ROOT, "profile.release.panic must be \"abort\""));
    }
    findings
}

fn check_manifest(manifest: &Manifest, name: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if manifest.at(&["lints", "workspace"]).and_then(Value::as_bool) != Some(true) {
        findings.push(Finding::new(&manifest.path, "lints.workspace = true is missing"));
    }
    if !PURE.contains(&name) {
        return findings;
    }
    let excepted = |dep: &str| EXCEPTIONS.contains(&(name, dep));
    let own = |dep: &str| dep.starts_with("plimsoll");
    for dep in manifest.dependencies("dependencies").chain(manifest.dependencies("build-dependencies")) {
        if !own(dep) && !excepted(dep) && !PURE_MAY_USE.contains(&dep) {
            findings.push(Finding::new(&manifest.path, format!("a pure crate may not use {dep}")));
        }
    }
    for dep in manifest.dependencies("dev-dependencies") {
        if !own(dep) && !PURE_MAY_USE.contains(&dep) && !PURE_TESTS_MAY_USE.contains(&dep) {
            findings.push(Finding::new(&manifest.path, format!("tests of a pure crate may not use {dep}")));
        }
    }
    findings
}

fn check_fence(tree: &Tree, name: &str) -> Option<Finding> {
    let path = format!("crates/{name}/clippy.toml");
    let fence = tree.text(&path);
    if !PURE.contains(&name) {
        // A nearer file would replace the root's, bans on sockets included.
        return fence.map(|_| Finding::new(path, "only pure crates have a fence of their own; remove it"));
    }
    let model = tree.text(&format!("crates/{FENCE_OF}/clippy.toml"));
    match fence {
        None => Some(Finding::new(path, format!("is missing; copy the one of {FENCE_OF}"))),
        Some(_) if fence != model => Some(Finding::new(path, format!("differs from the one of {FENCE_OF}"))),
        Some(_) => None,
    }
}

/// One parsed manifest.
pub(super) struct Manifest {
    /// Where it lies.
    pub(super) path: String,
    table: Table,
}

impl Manifest {
    /// The manifest of a crate.
    pub(super) fn of_crate(tree: &Tree, name: &str) -> Result<Self, Finding> {
        Self::parse(tree, &format!("crates/{name}/Cargo.toml"))
    }

    /// The manifest at a path.
    pub(super) fn parse(tree: &Tree, path: &str) -> Result<Self, Finding> {
        let text = tree.text(path).ok_or_else(|| Finding::new(path, "is missing"))?;
        let table = text.parse::<Table>().map_err(|error| Finding::new(path, error.message().to_owned()))?;
        Ok(Self { path: path.to_owned(), table })
    }

    /// The value under nested keys.
    pub(super) fn at(&self, keys: &[&str]) -> Option<&Value> {
        let (first, rest) = keys.split_first()?;
        rest.iter().try_fold(self.table.get(*first)?, |value, key| value.as_table()?.get(*key))
    }

    /// The names in a section.
    pub(super) fn dependencies(&self, section: &str) -> impl Iterator<Item = &str> {
        self.at(&[section]).and_then(Value::as_table).into_iter().flat_map(Table::keys).map(String::as_str)
    }

    /// The names in every section.
    pub(super) fn all_dependencies(&self) -> impl Iterator<Item = &str> {
        ["dependencies", "build-dependencies", "dev-dependencies"]
            .into_iter()
            .flat_map(|s| self.dependencies(s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::said;

    const GOOD_ROOT: (&str, &str) =
        (ROOT, "[workspace.lints.rust]\nunsafe_code = \"forbid\"\n[profile.release]\npanic = \"abort\"\n");
    const FENCE: (&str, &str) = ("crates/plimsoll-model/clippy.toml", "fence\n");

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let mut all = vec![GOOD_ROOT];
        all.extend_from_slice(files);
        said(&check(&Tree::of(&all)))
    }

    #[test]
    fn a_root_that_allows_unsafe_or_unwinds_is_named() {
        let root = said(&check(&Tree::of(&[(ROOT, "[workspace]\n")])));
        assert_eq!(root.len(), 2, "{root:?}");
    }

    #[test]
    fn a_crate_without_the_shared_lints_is_named() {
        assert_eq!(
            found(&[("crates/plimsoll/Cargo.toml", "[package]\n")]),
            ["crates/plimsoll/Cargo.toml: lints.workspace = true is missing"]
        );
    }

    #[test]
    fn a_pure_crate_may_not_use_a_runtime() {
        let model = "[lints]\nworkspace = true\n[dependencies]\njiff = \"1\"\ntokio = \"1\"\n";
        assert_eq!(
            found(&[("crates/plimsoll-model/Cargo.toml", model), FENCE]),
            ["crates/plimsoll-model/Cargo.toml: a pure crate may not use tokio"]
        );
    }

    #[test]
    fn tests_of_a_pure_crate_may_not_use_a_random_source_of_their_own() {
        let model = "[lints]\nworkspace = true\n[dev-dependencies]\narbtest = \"1\"\nrand = \"1\"\n";
        assert_eq!(
            found(&[("crates/plimsoll-model/Cargo.toml", model), FENCE]),
            ["crates/plimsoll-model/Cargo.toml: tests of a pure crate may not use rand"]
        );
    }

    #[test]
    fn a_fence_that_drifted_is_named_and_so_is_one_that_is_missing() {
        let lints = "[lints]\nworkspace = true\n";
        let drifted = found(&[
            ("crates/plimsoll-model/Cargo.toml", lints),
            FENCE,
            ("crates/plimsoll-core/Cargo.toml", lints),
            ("crates/plimsoll-core/clippy.toml", "lower fence\n"),
            ("crates/plimsoll-tws/Cargo.toml", lints),
        ]);
        assert_eq!(
            drifted,
            [
                "crates/plimsoll-core/clippy.toml: differs from the one of plimsoll-model",
                "crates/plimsoll-tws/clippy.toml: is missing; copy the one of plimsoll-model",
            ]
        );
    }

    #[test]
    fn a_crate_outside_of_the_workspace_says_itself_what_the_others_share() {
        let good = "[package]\nlicense = \"MIT OR Apache-2.0\"\npublish = false\n\
                    [lints.rust]\nunsafe_code = \"forbid\"\n";
        assert_eq!(found(&[("fuzz/Cargo.toml", good)]), [""; 0]);
        assert_eq!(
            found(&[("fuzz/Cargo.toml", "[package]\nlicense = \"MIT\"\n")]),
            [
                "fuzz/Cargo.toml: lints.rust.unsafe_code must be \"forbid\"",
                "fuzz/Cargo.toml: package.license must be \"MIT OR Apache-2.0\"",
                "fuzz/Cargo.toml: package.publish = false is missing",
            ]
        );
    }

    #[test]
    fn a_shell_may_not_replace_the_root_fence() {
        let files = [
            ("crates/plimsoll-runtime/Cargo.toml", "[lints]\nworkspace = true\n"),
            ("crates/plimsoll-runtime/clippy.toml", ""),
        ];
        assert_eq!(
            found(&files),
            ["crates/plimsoll-runtime/clippy.toml: only pure crates have a fence of their own; remove it"]
        );
    }
}
