//! The list of drills for people: under each pitfall those that are about it, and what each shows.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::report;
use super::script::Drill;

/// The pages of the pitfalls, whose first lines are their titles.
const PAGES: &[(&str, &str)] = &[
    ("01-quotes-stop-socket-stays", include_str!("../../../../docs/pitfalls/01-quotes-stop-socket-stays.md")),
    ("02-moc-would-cross", include_str!("../../../../docs/pitfalls/02-moc-would-cross.md")),
    ("03-pacing-and-empty-answer", include_str!("../../../../docs/pitfalls/03-pacing-and-empty-answer.md")),
    ("04-moc-after-cutoff", include_str!("../../../../docs/pitfalls/04-moc-after-cutoff.md")),
    ("05-early-close", include_str!("../../../../docs/pitfalls/05-early-close.md")),
    ("06-clock-drifts", include_str!("../../../../docs/pitfalls/06-clock-drifts.md")),
    ("07-account-missing", include_str!("../../../../docs/pitfalls/07-account-missing.md")),
    (
        "08-restart-with-foreign-position",
        include_str!("../../../../docs/pitfalls/08-restart-with-foreign-position.md"),
    ),
    (
        "09-paper-accepts-live-cancels",
        include_str!("../../../../docs/pitfalls/09-paper-accepts-live-cancels.md"),
    ),
    ("10-transatlantic-week", include_str!("../../../../docs/pitfalls/10-transatlantic-week.md")),
    ("13-ledger-drifts", include_str!("../../../../docs/pitfalls/13-ledger-drifts.md")),
    ("14-half-open-socket", include_str!("../../../../docs/pitfalls/14-half-open-socket.md")),
    ("15-orphan-adopted", include_str!("../../../../docs/pitfalls/15-orphan-adopted.md")),
    ("18-duplicate-burst", include_str!("../../../../docs/pitfalls/18-duplicate-burst.md")),
    ("19-fat-finger", include_str!("../../../../docs/pitfalls/19-fat-finger.md")),
];

/// One line each, grouped.
pub(super) fn text(drills: &[Drill]) -> String {
    let mut groups: BTreeMap<&str, Vec<&Drill>> = BTreeMap::new();
    for drill in drills {
        groups.entry(&drill.pitfall).or_default().push(drill);
    }
    let widest =
        |of: fn(&Drill) -> &str| drills.iter().map(|drill| of(drill).chars().count()).max().unwrap_or(0);
    let (names, guards) = (widest(|drill| &drill.name), widest(report::guard));
    let mut text = String::new();
    for (pitfall, drills) in groups {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "{}{}", if text.is_empty() { "" } else { "\n" }, title(pitfall));
        for drill in drills {
            let (name, guard) = (&drill.name, report::guard(drill));
            let _ = write!(text, "  {name:<names$}  {guard:<guards$}  {}", drill.title);
            if let Some(shows) = &drill.shows {
                let _ = write!(text, " ({shows})");
            }
            text.push('\n');
        }
    }
    text.trim_end().to_owned()
}

/// The title of a pitfall's page; its name where there is no such page.
pub(super) fn title(pitfall: &str) -> &str {
    let page = PAGES.iter().find(|(name, _)| *name == pitfall);
    let first = page.and_then(|(_, text)| text.lines().next());
    first.and_then(|line| line.strip_prefix("# ")).unwrap_or(pitfall)
}
