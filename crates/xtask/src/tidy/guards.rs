//! The guard table is complete: for every guard that the core knows there is a page, a pitfall behind it,
//! an explain entry, and its configuration keys are documented. The core writes `docs/guards.json` in a
//! test of its own; this check reads the file, because xtask sees no crate of ours.

use serde_json::Value;

use super::Finding;
use crate::tree::Tree;

const TABLE: &str = "docs/guards.json";
const CONFIGURATION: &str = "docs/configuration.md";
/// `plimsoll explain` prints pages: short ones.
const PAGE_LINES_MAX: usize = 60;

/// The table against the pages.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(TABLE) else {
        return vec![Finding::new(
            TABLE,
            "is missing; `cargo test -p plimsoll-core` with UPDATE_EXPECT=1 writes it",
        )];
    };
    let rows = match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(rows)) if !rows.is_empty() => rows,
        Ok(_) => return vec![Finding::new(TABLE, "is not a list of guards")],
        Err(error) => return vec![Finding::new(TABLE, error.to_string())],
    };
    let mut findings: Vec<Finding> = rows.iter().flat_map(|row| check_row(tree, row)).collect();
    findings.extend(check_strays(tree, &rows));
    findings
}

fn check_row(tree: &Tree, row: &Value) -> Vec<Finding> {
    let word = |key: &str| row.get(key).and_then(Value::as_str).filter(|word| !word.is_empty());
    let Some(id) = word("id") else {
        return vec![Finding::new(TABLE, format!("a guard without an id: {row}"))];
    };
    let mut findings = Vec::new();
    for key in ["pitfall", "summary", "drill"] {
        if word(key).is_none() {
            findings.push(Finding::new(TABLE, format!("{id} has no {key}")));
        }
    }
    if row.get("reasons").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        findings.push(Finding::new(TABLE, format!("{id} has no reasons")));
    }
    if let Some(pitfall) = word("pitfall") {
        let page = format!("docs/pitfalls/{pitfall}.md");
        if !tree.exists(&page) {
            findings.push(Finding::new(page, format!("is missing; {id} names it as the incident behind it")));
        }
    }
    if let Some(drill) = word("drill") {
        let path = format!("drills/{drill}.drill");
        let is_about = |line: &str| line.split_whitespace().eq(["guard", id]);
        match tree.text(&path) {
            None => findings
                .push(Finding::new(path, format!("is missing; {TABLE} names it as the drill of {id}"))),
            Some(text) if !text.lines().any(is_about) => {
                findings.push(Finding::new(path, format!("is not about {id}, as {TABLE} has it")));
            }
            Some(_) => {}
        }
    }
    findings.extend(check_page(tree, id, row));
    findings
}

fn check_page(tree: &Tree, id: &str, row: &Value) -> Vec<Finding> {
    let page = format!("docs/guards/{id}.md");
    let Some(text) = tree.text(&page) else {
        return vec![Finding::new(page, "is missing; every guard has a page")];
    };
    let mut findings = Vec::new();
    if text.lines().count() > PAGE_LINES_MAX {
        findings.push(Finding::new(
            &page,
            format!("more than {PAGE_LINES_MAX} lines; `plimsoll explain` prints it"),
        ));
    }
    let configuration = tree.text(CONFIGURATION).unwrap_or("");
    for key in row.get("keys").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        let name = key.rsplit('.').next().unwrap_or(key);
        for (path, text) in [(page.as_str(), text), (CONFIGURATION, configuration)] {
            if !text.contains(name) {
                findings.push(Finding::new(path, format!("does not mention `{key}`, which steers {id}")));
            }
        }
    }
    let include = format!("docs/guards/{id}.md");
    let explained =
        |(path, text): (&str, &str)| path.starts_with("crates/plimsoll/src/") && text.contains(&include);
    if !tree.texts().any(explained) {
        findings.push(Finding::new(
            "crates/plimsoll/src",
            format!("`plimsoll explain {id}` does not print {page}"),
        ));
    }
    findings
}

/// Pages of guards that no longer exist.
fn check_strays(tree: &Tree, rows: &[Value]) -> Vec<Finding> {
    let known: Vec<&str> = rows.iter().filter_map(|row| row.get("id")?.as_str()).collect();
    let pages = tree.iter().filter_map(|(path, _)| path.strip_prefix("docs/guards/")?.strip_suffix(".md"));
    let strays = pages.filter(|id| !known.contains(id));
    strays
        .map(|id| {
            Finding::new(format!("docs/guards/{id}.md"), "is about a guard that the core does not know")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::said;

    const ROW: &str = r#"[{"id": "halt", "pitfall": "14-half-open-socket", "summary": "s",
                           "keys": ["bot.stale_after"], "reasons": ["halted"], "drill": "d"}]"#;

    fn complete() -> Vec<(&'static str, &'static str)> {
        vec![
            (TABLE, ROW),
            (CONFIGURATION, "stale_after"),
            ("docs/guards/halt.md", "stale_after"),
            ("docs/pitfalls/14-half-open-socket.md", ""),
            ("drills/d.drill", "title x\nguard     halt\n"),
            ("crates/plimsoll/src/explain.rs", r#"include_str!("../../../docs/guards/halt.md")"#),
        ]
    }

    fn without(path: &str) -> Vec<String> {
        let files: Vec<_> = complete().into_iter().filter(|(name, _)| *name != path).collect();
        said(&check(&Tree::of(&files)))
    }

    #[test]
    fn a_complete_guard_passes() {
        assert_eq!(said(&check(&Tree::of(&complete()))), [""; 0]);
    }

    #[test]
    fn each_missing_piece_is_named() {
        assert_eq!(
            without("docs/guards/halt.md"),
            ["docs/guards/halt.md: is missing; every guard has a page"]
        );
        assert_eq!(
            without("docs/pitfalls/14-half-open-socket.md"),
            ["docs/pitfalls/14-half-open-socket.md: is missing; halt names it as the incident behind it"]
        );
        assert_eq!(
            without("crates/plimsoll/src/explain.rs"),
            ["crates/plimsoll/src: `plimsoll explain halt` does not print docs/guards/halt.md"]
        );
        assert_eq!(
            without(CONFIGURATION),
            ["docs/configuration.md: does not mention `bot.stale_after`, which steers halt"]
        );
        assert_eq!(
            without("drills/d.drill"),
            ["drills/d.drill: is missing; docs/guards.json names it as the drill of halt"]
        );
        assert_eq!(without(TABLE).len(), 1);
    }

    #[test]
    fn a_drill_of_another_guard_is_named() {
        let mut files = complete();
        files.retain(|(path, _)| !path.starts_with("drills/"));
        files.push(("drills/d.drill", "guard limits"));
        assert_eq!(
            said(&check(&Tree::of(&files))),
            ["drills/d.drill: is not about halt, as docs/guards.json has it"]
        );
    }

    #[test]
    fn a_page_of_a_guard_that_is_gone_is_named() {
        let mut files = complete();
        files.push(("docs/guards/lucky.md", ""));
        assert_eq!(
            said(&check(&Tree::of(&files))),
            ["docs/guards/lucky.md: is about a guard that the core does not know"]
        );
    }
}
