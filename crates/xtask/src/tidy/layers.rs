//! The dependency picture: the layer block of `docs/ARCHITECTURE.md` is the only statement of who may see
//! whom, and the manifests are held against it. An arrow is transitive: who sees the runtime may see what
//! the runtime sees.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::manifests::Manifest;
use crate::tree::Tree;

const DOCUMENT: &str = "docs/ARCHITECTURE.md";
const ARROW: &str = "─►";
const PREFIX: &str = "plimsoll-";

/// Manifests against the picture.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(DOCUMENT) else {
        return vec![Finding::new(DOCUMENT, "is missing; tidy reads the crates' layers from it")];
    };
    let picture = Picture::parse(text);
    if picture.arrows.is_empty() {
        return vec![Finding::new(DOCUMENT, "has no `layer N` block with arrows; tidy reads it from there")];
    }
    tree.crates().into_iter().flat_map(|name| check_crate(tree, &picture, name)).collect()
}

fn check_crate(tree: &Tree, picture: &Picture, name: &str) -> Vec<Finding> {
    let manifest = match Manifest::of_crate(tree, name) {
        Ok(manifest) => manifest,
        Err(finding) => return vec![finding],
    };
    let ours = manifest.all_dependencies().filter(|name| name.starts_with("plimsoll"));
    if name == "xtask" {
        let sees =
            |dep| Finding::new(&manifest.path, format!("xtask judges the others and may not see {dep}"));
        return ours.map(sees).collect();
    }
    if !picture.arrows.contains_key(short(name)) {
        return vec![Finding::new(DOCUMENT, format!("the layer block does not show {name}; place it"))];
    }
    let allowed = picture.reach(short(name));
    let forbidden = ours.filter(|dep| !allowed.contains(short(dep)));
    forbidden
        .map(|dep| {
            Finding::new(&manifest.path, format!("{name} may not see {dep}: {DOCUMENT} has no way there"))
        })
        .collect()
}

fn short(name: &str) -> &str {
    name.strip_prefix(PREFIX).unwrap_or(name)
}

/// Who sees whom, by short names.
struct Picture {
    arrows: BTreeMap<String, BTreeSet<String>>,
}

impl Picture {
    fn parse(text: &str) -> Self {
        let mut picture = Self { arrows: BTreeMap::new() };
        for line in text.lines().filter(|line| line.starts_with("layer ")) {
            picture.read_line(line);
        }
        picture
    }

    /// `layer 1   core ─► calendar model    tws ─► model`: a word before an arrow starts a new subject.
    fn read_line(&mut self, line: &str) {
        let words: Vec<&str> =
            line.split_whitespace().skip(2).filter(|word| !word.starts_with('(')).collect();
        let mut subject = None;
        for (i, word) in words.iter().enumerate() {
            if words.get(i + 1) == Some(&ARROW) {
                self.arrows.entry((*word).to_owned()).or_default();
                subject = Some(*word);
            } else if let (Some(subject), false) = (subject, *word == ARROW) {
                self.arrows.entry(subject.to_owned()).or_default().insert((*word).to_owned());
            }
        }
    }

    fn reach<'a>(&'a self, from: &'a str) -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::new();
        let mut todo = vec![from];
        while let Some(name) = todo.pop() {
            let next = self.arrows.get(name).into_iter().flatten().map(String::as_str);
            todo.extend(next.filter(|name| seen.insert(*name)));
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::said;

    const PICTURE: &str = "
layer 3   runtime ─► core tws
layer 1   core ─► model      tws ─► model
layer 0   model ─► nothing of ours
";

    fn crates(files: &[(&str, &str)]) -> Vec<String> {
        let mut all = vec![(DOCUMENT, PICTURE)];
        all.extend_from_slice(files);
        said(&check(&Tree::of(&all)))
    }

    #[test]
    fn an_arrow_reaches_through_the_crate_it_points_at() {
        let runtime = "[dependencies]\nplimsoll-core.workspace = true\nplimsoll-model.workspace = true\n";
        assert_eq!(crates(&[("crates/plimsoll-runtime/Cargo.toml", runtime)]), [""; 0]);
    }

    #[test]
    fn a_dependency_against_the_picture_is_named_even_if_only_tests_use_it() {
        let core = "[dev-dependencies]\nplimsoll-tws.workspace = true\n";
        assert_eq!(
            crates(&[("crates/plimsoll-core/Cargo.toml", core)]),
            ["crates/plimsoll-core/Cargo.toml: plimsoll-core may not see plimsoll-tws: \
              docs/ARCHITECTURE.md has no way there"]
        );
    }

    #[test]
    fn a_crate_outside_the_picture_is_named() {
        assert_eq!(
            crates(&[("crates/plimsoll-new/Cargo.toml", "")]),
            ["docs/ARCHITECTURE.md: the layer block does not show plimsoll-new; place it"]
        );
    }

    #[test]
    fn xtask_may_see_no_crate_of_ours() {
        let found =
            crates(&[("crates/xtask/Cargo.toml", "[dependencies]\nplimsoll-model.workspace = true\n")]);
        assert_eq!(
            found,
            ["crates/xtask/Cargo.toml: xtask judges the others and may not see plimsoll-model"]
        );
    }

    #[test]
    fn a_document_without_the_picture_is_a_finding() {
        assert_eq!(said(&check(&Tree::of(&[(DOCUMENT, "words\n")]))).len(), 1);
    }
}
