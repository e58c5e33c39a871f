//! What `deny.toml` allows, held against every package that a lock file brings, on whatever system.
//!
//! Owns: the licences and the banned crates. That packages come from crates.io alone is tidy's to say, and
//! needs no cargo. Known vulnerabilities are for `cargo deny check advisories`, which reads the same file and
//! fetches a database that a build machine may not reach.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::built::{FUZZ, RUST_CLIENTS, cargo, manifest};
use super::child::{STEP_MAX, finish_with_output};

const RULES: &str = "deny.toml";

/// Every workspace of this repository.
pub(super) fn licences(root: &Path) -> Result<()> {
    let text = std::fs::read_to_string(root.join(RULES)).with_context(|| format!("cannot read {RULES}"))?;
    let rules = Rules::parse(&text)?;
    let mut findings = BTreeSet::new();
    for path in ["Cargo.toml", &manifest(FUZZ), &manifest(RUST_CLIENTS)] {
        let mut command = cargo(root, &["metadata", "--locked", "--format-version", "1"]);
        command.args(["--manifest-path", path]).stdout(Stdio::piped());
        let metadata = finish_with_output(command, STEP_MAX)?;
        findings.extend(rules.check(&serde_json::from_str(&metadata)?).with_context(|| path.to_owned())?);
    }
    for finding in &findings {
        eprintln!("{finding}");
    }
    if findings.is_empty() { Ok(()) } else { bail!("{} finding(s)", findings.len()) }
}

struct Rules {
    allowed: Vec<String>,
    banned: Vec<String>,
}

impl Rules {
    fn parse(text: &str) -> Result<Self> {
        let table: toml::Table = text.parse().with_context(|| format!("{RULES} is no TOML"))?;
        let list = |section: &str, key: &str| {
            let rows =
                table.get(section).and_then(|section| section.get(key)).and_then(toml::Value::as_array);
            rows.cloned().with_context(|| format!("{RULES} has no list {section}.{key}"))
        };
        let word = |value: &toml::Value| value.as_str().map(str::to_owned);
        let name = |row: &toml::Value| row.get("crate").and_then(word);
        let allowed = list("licenses", "allow")?.iter().map(word).collect::<Option<Vec<_>>>();
        let banned = list("bans", "deny")?.iter().map(name).collect::<Option<Vec<_>>>();
        let (allowed, banned) = allowed.zip(banned).with_context(|| format!("{RULES} names no words"))?;
        Ok(Self { allowed, banned })
    }

    /// What is wrong with the packages of one workspace, its own members aside.
    fn check(&self, metadata: &Value) -> Result<Vec<String>> {
        let packages = metadata["packages"].as_array().context("cargo names no packages")?;
        let foreign: Vec<&Value> = packages.iter().filter(|package| !package["source"].is_null()).collect();
        if foreign.is_empty() {
            bail!("cargo names no dependency; nothing was checked");
        }
        Ok(foreign.into_iter().filter_map(|package| self.finding(package)).collect())
    }

    fn finding(&self, package: &Value) -> Option<String> {
        let (name, version) = (package["name"].as_str()?, package["version"].as_str()?);
        if self.banned.iter().any(|banned| banned == name) {
            return Some(format!("{name} {version} is banned in {RULES}"));
        }
        let Some(licence) = package["license"].as_str() else {
            return Some(format!("{name} {version} names no licence; read its file, then decide"));
        };
        let is_allowed = Terms::of(licence).either(&self.allowed);
        let why = match is_allowed {
            Some(true) => return None,
            Some(false) => "is not among those that",
            None => "cannot be read, nor held against what",
        };
        Some(format!("{name} {version}: the licence {licence:?} {why} {RULES} allows"))
    }
}

/// The words of an SPDX expression that are still to be read.
struct Terms {
    words: Vec<String>,
    place: usize,
}

impl Terms {
    fn of(expression: &str) -> Self {
        // A slash is how cargo used to write "or".
        let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
        Self { words: spaced.split_whitespace().map(str::to_owned).collect(), place: 0 }
    }

    /// Whether what these terms ask can be met with the allowed licences; nothing if they cannot be read.
    fn either(mut self, allowed: &[String]) -> Option<bool> {
        let met = self.any(allowed)?;
        (self.place == self.words.len()).then_some(met)
    }

    fn take(&mut self, word: &str) -> bool {
        let is_next = self.words.get(self.place).is_some_and(|next| next == word);
        self.place += usize::from(is_next);
        is_next
    }

    fn next(&mut self) -> Option<String> {
        let word = self.words.get(self.place)?.clone();
        self.place += 1;
        Some(word)
    }

    fn any(&mut self, allowed: &[String]) -> Option<bool> {
        let mut met = self.all(allowed)?;
        while self.take("OR") {
            met |= self.all(allowed)?;
        }
        Some(met)
    }

    fn all(&mut self, allowed: &[String]) -> Option<bool> {
        let mut met = self.one(allowed)?;
        while self.take("AND") {
            met &= self.one(allowed)?;
        }
        Some(met)
    }

    fn one(&mut self, allowed: &[String]) -> Option<bool> {
        if self.take("(") {
            let met = self.any(allowed)?;
            return self.take(")").then_some(met);
        }
        let mut name = self.next().filter(|word| !matches!(word.as_str(), "AND" | "OR" | "WITH" | ")"))?;
        if self.take("WITH") {
            name = format!("{name} WITH {}", self.next()?);
        }
        Some(allowed.contains(&name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules() -> Rules {
        let text = r#"
            [licenses]
            allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"]
            [bans]
            deny = [{ crate = "openssl", reason = "one TLS provider" }]
        "#;
        Rules::parse(text).unwrap()
    }

    #[test]
    fn one_of_several_licences_is_enough_and_of_those_that_hold_together_all_are_needed() {
        let met = |expression: &str| Terms::of(expression).either(&rules().allowed);
        for expression in [
            "MIT",
            "MIT OR GPL-3.0-only",
            "Unlicense/MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "GPL-2.0-only OR MIT AND Apache-2.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-3.0-only",
        ] {
            assert_eq!(met(expression), Some(true), "{expression}");
        }
        for expression in ["GPL-3.0-only", "MIT AND GPL-3.0-only", "(MIT OR ISC) AND ISC", "MIT WITH x"] {
            assert_eq!(met(expression), Some(false), "{expression}");
        }
        for expression in ["", "MIT Apache-2.0", "(MIT", "MIT OR", "AND MIT", "MIT WITH"] {
            assert_eq!(met(expression), None, "{expression:?}");
        }
    }

    #[test]
    fn a_package_that_is_banned_or_comes_under_another_licence_or_none_is_found() {
        let package = |name: &str, licence: Option<&str>| json!({"name": name, "version": "1.0.0", "source": "registry", "license": licence});
        let packages = [
            package("good", Some("MIT OR Apache-2.0")),
            package("openssl", Some("Apache-2.0")),
            package("copyleft", Some("GPL-3.0-only")),
            package("nameless", None),
            json!({"name": "ours", "version": "0.0.0", "source": null, "license": "anything"}),
        ];
        let found = rules().check(&json!({ "packages": packages })).unwrap();
        let named = |name: &str| found.iter().any(|finding| finding.starts_with(name));
        assert!(found.len() == 3 && ["openssl", "copyleft", "nameless"].into_iter().all(named), "{found:?}");
        assert!(rules().check(&json!({ "packages": [] })).is_err(), "nothing to check is no proof");
    }
}
