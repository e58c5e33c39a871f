//! Words and sizes: every module says what it is, nothing unfinished and no name of a private place is
//! committed, no blob grows the history for ever.

use super::Finding;
use crate::tree::Tree;

/// No file is larger.
const FILE_BYTES_MAX: usize = 512 * 1024;

/// What the fuzzer starts from, and how much of it there is at most.
const CORPORA: &str = "fuzz/corpus/";
const CORPORA_BYTES_MAX: usize = 1024 * 1024;

/// This file names the words that it looks for.
const SELF: &str = "crates/xtask/src/tidy/sources.rs";

/// Words and what to do about them. `TODO(name):` with an owner is allowed.
const BANNED: &[(&str, &str)] = &[
    ("FIXME", "mend it, or make it a TODO(name) with an issue"),
    ("artifactory", "is somebody's registry"),
    ("todo!(", "is unfinished"),
    ("unimplemented!(", "is unfinished"),
    ("#[ignore", "assert today's behaviour instead of ignoring the test"),
];

/// Folders in which people keep their checkouts; a path into one is true on one machine only.
const CHECKOUT_ROOTS: &[&str] = &["home", "root", "Users", "work", "workspace"];

/// Words, module docs and sizes.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, bytes) in tree.iter().filter(|(_, bytes)| bytes.len() > FILE_BYTES_MAX) {
        findings.push(Finding::new(
            path,
            format!("{} bytes; at most {FILE_BYTES_MAX} are committed", bytes.len()),
        ));
    }
    let corpora = tree.iter().filter(|(path, _)| path.starts_with(CORPORA));
    let len = corpora.map(|(_, bytes)| bytes.len()).sum::<usize>();
    if len > CORPORA_BYTES_MAX {
        let what = format!("{len} bytes, at most {CORPORA_BYTES_MAX} are committed; `fuzz/run minimise`");
        findings.push(Finding::new(CORPORA, what));
    }
    for (path, text) in tree.texts() {
        if is_rust(path) && !text.starts_with("//!") {
            findings.push(Finding::on_line(path, 1, "starts with `//!`: what this module owns and what not"));
        }
        if path != SELF {
            findings.extend(check_words(path, text));
        }
    }
    findings
}

fn is_rust(path: &str) -> bool {
    path.strip_suffix(".rs").is_some()
}

/// Whether a path begins with this root, and not merely contains a folder of that name.
fn is_path(line: &str, root: &str) -> bool {
    let inside = |before: &str| before.ends_with(|c: char| c.is_alphanumeric() || "._-*".contains(c));
    line.match_indices(root).any(|(at, _)| !inside(&line[..at]))
}

fn check_words(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (i, line) in text.lines().enumerate() {
        for (word, what) in BANNED.iter().filter(|(word, _)| line.contains(word)) {
            findings.push(Finding::on_line(path, i + 1, format!("`{word}` {what}")));
        }
        for root in CHECKOUT_ROOTS.iter().map(|root| format!("/{root}/")).filter(|root| is_path(line, root)) {
            findings.push(Finding::on_line(path, i + 1, format!("`{root}` is a path of somebody's machine")));
        }
        let owned = line.contains("TODO(") && !line.contains("TODO()");
        if has_word(line, "TODO") && !owned {
            findings.push(Finding::on_line(path, i + 1, "a TODO names its owner: `TODO(name): …`"));
        }
    }
    findings
}

/// Whether the word stands alone: `TODO:` does, `TODOS` and prose about `TODO(name)` in code do not.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let after = line[at + word.len()..].chars().next();
        let before = line[..at].chars().next_back();
        let joined = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !joined(before) && !joined(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::said;

    fn found(path: &str, text: &str) -> Vec<String> {
        said(&check(&Tree::of(&[(path, text)])))
    }

    #[test]
    fn a_module_without_its_sentence_is_named() {
        assert_eq!(
            found("crates/a/src/b.rs", "use std::fmt;\n"),
            ["crates/a/src/b.rs:1: starts with `//!`: what this module owns and what not"]
        );
        assert_eq!(found("crates/a/src/b.rs", "//! Owns fmt.\n"), [""; 0]);
    }

    #[test]
    fn an_unfinished_word_is_named_with_its_line() {
        assert_eq!(
            found("a.md", "one\nFIXME two\n"),
            ["a.md:2: `FIXME` mend it, or make it a TODO(name) with an issue"]
        );
    }

    #[test]
    fn a_todo_needs_an_owner() {
        assert_eq!(found("a.py", "# TODO: later\n"), ["a.py:1: a TODO names its owner: `TODO(name): …`"]);
        assert_eq!(found("a.py", "# TODO(kim): issue 4\n"), [""; 0]);
    }

    #[test]
    fn a_file_at_the_limit_passes_and_one_byte_more_does_not() {
        assert_eq!(found("a.txt", &"x".repeat(FILE_BYTES_MAX)), [""; 0]);
        assert_eq!(found("a.txt", &"x".repeat(FILE_BYTES_MAX + 1)).len(), 1);
    }

    #[test]
    fn corpora_are_small_as_a_whole() {
        let (half, over) = ("x".repeat(FILE_BYTES_MAX), "x");
        let mut files = vec![("fuzz/corpus/text/a", half.as_str()), ("fuzz/corpus/frame/b", half.as_str())];
        assert_eq!(said(&check(&Tree::of(&files))), [""; 0]);
        files.push(("fuzz/corpus/frame/c", over));
        assert_eq!(
            said(&check(&Tree::of(&files))),
            ["fuzz/corpus/: 1048577 bytes, at most 1048576 are committed; `fuzz/run minimise`"]
        );
    }

    #[test]
    fn a_path_of_a_machine_is_named() {
        for root in CHECKOUT_ROOTS {
            let line = format!("cd /{root}/main");
            assert_eq!(found("a.sh", &line), [format!("a.sh:1: `/{root}/` is a path of somebody's machine")]);
        }
        assert_eq!(found("a.rs", "//! See src/work/told.rs."), [""; 0]);
    }
}
