//! What can be said about the repository by reading it. Each check is a function from the tree to its
//! findings; a finding says where, what is wrong, and what to do.

mod guards;
mod layers;
mod links;
mod lockfiles;
mod manifests;
mod readme;
mod sources;

use std::fmt;

use crate::tree::Tree;

/// Something to mend.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The file, with a line if there is one.
    pub(crate) at: String,
    /// What is wrong and what to do.
    pub(crate) what: String,
}

impl Finding {
    /// About a file.
    pub(crate) fn new(at: impl Into<String>, what: impl Into<String>) -> Self {
        Self { at: at.into(), what: what.into() }
    }

    /// About a line, counted from one.
    pub(crate) fn on_line(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { at: format!("{path}:{line}"), what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

/// All checks, in the order in which a reader would mend them.
const CHECKS: &[fn(&Tree) -> Vec<Finding>] = &[
    layers::check,
    manifests::check,
    lockfiles::check,
    sources::check,
    guards::check,
    readme::check,
    links::check,
];

/// Every finding of every check.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    CHECKS.iter().flat_map(|check| check(tree)).collect()
}

/// The texts of a check's findings, for tests.
#[cfg(test)]
fn said(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}
