//! Every drill passes, and fails without its guard; a file that says nothing sensible is told where and why.

use super::play::Without;
use super::*;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../drills");

fn played(drill: &Drill, without: Without) -> (Vec<judge::Judged>, String) {
    let Ok(played) = play::play(drill, without) else { panic!("{} could not be played", drill.name) };
    let report = Report::new(drill, &played, judge::judge(drill, &played));
    (judge::judge(drill, &played), report.long())
}

/// And not only because nobody says no: the venue's books are others, or a live rule is broken.
fn harm(judged: &[judge::Judged]) -> bool {
    judged.iter().any(|judged| !judged.met && judged.is_of_the_books)
}

#[test]
fn every_drill_passes() {
    for drill in all().unwrap() {
        let (judged, text) = played(&drill, Without::Nothing);
        assert!(judged.iter().all(|judged| judged.met), "{text}");
    }
}

/// What no guard but a job is about fails without the job; and what neither is about, without the gateway.
#[test]
fn every_drill_fails_without_what_it_shows() {
    for mut drill in all().unwrap() {
        let without = drill.guard.map(Without::Guard);
        let without =
            without.unwrap_or(if drill.jobs.is_empty() { Without::Gateway } else { Without::Nothing });
        if drill.guard.is_none() {
            assert!(drill.shows.is_some(), "{} says not what it shows", drill.name);
            drill.jobs.clear();
        }
        let (judged, text) = played(&drill, without);
        assert!(harm(&judged), "{} proves nothing: no harm {without:?}\n{text}", drill.name);
    }
}

#[test]
fn the_list_names_each_drill_under_the_title_of_its_pitfall() {
    let drills = all().unwrap();
    let text = list::text(&drills);
    for drill in &drills {
        assert!(text.contains(&format!("\n  {} ", drill.name)), "{}", drill.name);
        assert_ne!(list::title(&drill.pitfall), drill.pitfall, "{}: no such page", drill.name);
    }
    assert!(text.starts_with("01 Quotes stop, the socket stays\n  "), "{text}");
}

#[test]
fn every_guard_has_a_drill() {
    let drills = all().unwrap();
    for spec in plimsoll_core::GUARDS {
        assert!(drills.iter().any(|drill| drill.guard == Some(spec.id)), "no drill is about {}", spec.id);
    }
}

#[test]
fn an_order_is_late_if_nobody_hears_that_the_machine_has_slept() {
    let drills = all().unwrap();
    let drill = drills.iter().find(|drill| drill.name == "suspend-before-cutoff").unwrap();
    let (judged, text) = played(drill, Without::NewsOfSleep);
    assert!(harm(&judged) && text.contains("late_on_close"), "{text}");
}

#[test]
fn the_example_of_the_documentation_is_one_of_the_drills() {
    let page = include_str!("../../../../docs/drills.md");
    let example = page.split("\n```\n").find(|part| part.starts_with("title ")).unwrap();
    let file = include_str!("../../../../drills/late-moc-half-day.drill");
    assert!(file.ends_with(&format!("{example}\n")), "docs/drills.md shows another drill than drills/");
}

#[test]
fn every_file_of_the_folder_is_in_the_binary_and_named_by_the_page_of_its_pitfall() {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        assert!(path.extension().is_some_and(|ending| ending == ENDING), "{}: is no drill", path.display());
        names.push(path.file_stem().unwrap().to_string_lossy().into_owned());
    }
    names.sort();
    let listed: Vec<_> = LIBRARY.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names, listed);
    for drill in all().unwrap() {
        let page = format!("{FOLDER}/../docs/pitfalls/{}.md", drill.pitfall);
        let text = std::fs::read_to_string(&page).unwrap_or_default();
        assert!(text.contains(&format!("`{}`", drill.name)), "{page} does not name {}", drill.name);
    }
}
