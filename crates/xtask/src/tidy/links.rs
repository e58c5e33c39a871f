//! Links between the documents: every relative link of a Markdown file leads to a file of the repository,
//! and its `#anchor` to a heading there. Links to the web are not fetched.

use super::Finding;
use crate::tree::Tree;

/// Every Markdown file.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let documents = tree.texts().filter(|(path, _)| is_markdown(path));
    documents.flat_map(|(path, text)| check_document(tree, path, text)).collect()
}

fn is_markdown(path: &str) -> bool {
    path.strip_suffix(".md").is_some()
}

fn check_document(tree: &Tree, path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut fenced = false;
    for (i, line) in text.lines().enumerate() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        for target in targets(line).filter(|target| !is_web(target)) {
            findings.extend(broken(tree, path, target).map(|what| Finding::on_line(path, i + 1, what)));
        }
    }
    findings
}

/// What stands in `](…)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

fn is_web(target: &str) -> bool {
    target.starts_with("https://") || target.starts_with("http://") || target.starts_with("mailto:")
}

fn broken(tree: &Tree, from: &str, target: &str) -> Option<String> {
    let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let path = if file.is_empty() { from.to_owned() } else { resolve(from, file) };
    if !tree.exists(&path) {
        return Some(format!("links to {target}, which is not there"));
    }
    let anchor = anchor?;
    let headings = tree.text(&path)?.lines().filter(|line| line.starts_with('#')).map(slug);
    let known = headings.into_iter().any(|heading| heading == anchor);
    (!known).then(|| format!("links to {target}, which has no such heading"))
}

/// `../README.md` seen from `docs/simulator.md` is `README.md`.
fn resolve(from: &str, file: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in file.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// A heading as the usual renderers make an anchor of it.
fn slug(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::said;

    fn found(text: &str) -> Vec<String> {
        let tree = Tree::of(&[("docs/a.md", text), ("docs/b.md", "# One thing\n"), ("README.md", "")]);
        said(&check(&tree))
    }

    #[test]
    fn a_link_to_nothing_is_named_with_its_line() {
        assert_eq!(found("[b](b.md)\n[c](c.md)\n"), ["docs/a.md:2: links to c.md, which is not there"]);
    }

    #[test]
    fn a_link_may_climb_and_may_lead_to_the_web_or_a_folder() {
        assert_eq!(found("[r](../README.md) [w](https://example.invalid/x) [d](../docs)\n"), [""; 0]);
    }

    #[test]
    fn an_anchor_needs_its_heading() {
        assert_eq!(found("[b](b.md#one-thing)\n"), [""; 0]);
        assert_eq!(found("[b](b.md#two)\n"), ["docs/a.md:1: links to b.md#two, which has no such heading"]);
    }

    #[test]
    fn code_blocks_are_not_links() {
        assert_eq!(found("```\n[c](c.md)\n```\n"), [""; 0]);
    }
}
