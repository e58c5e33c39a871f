//! Every drill passes, and fails without its guard; a file that says nothing sensible is told where and why.

use super::*;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../drills");

/// Plays it, with a guard taken away if one is named.
fn played(drill: &Drill, switched_off: Option<plimsoll_core::GuardId>) -> (Vec<judge::Judged>, String) {
    let Ok(played) = play::play(drill, switched_off) else { panic!("{} could not be played", drill.name) };
    let report = Report::new(drill, &played, judge::judge(drill, &played));
    (judge::judge(drill, &played), report.long())
}

#[test]
fn every_drill_passes() {
    for drill in all().unwrap() {
        let (judged, text) = played(&drill, None);
        assert!(judged.iter().all(|judged| judged.met), "{text}");
    }
}

/// And not only because nobody says no: the venue's books are others, or a rule is broken. What no guard but a job is
/// about fails without the job.
#[test]
fn every_drill_fails_without_its_guard() {
    for mut drill in all().unwrap() {
        let what = drill.guard.map_or("its job", |guard| guard.as_str());
        if drill.guard.is_none() {
            assert!(!drill.jobs.is_empty(), "{} names neither guard nor job", drill.name);
            drill.jobs.clear();
        }
        let (judged, text) = played(&drill, drill.guard);
        let mut damage = judged.iter().filter(|judged| !judged.met && !judged.text.contains(" denied "));
        assert!(damage.next().is_some(), "{} proves nothing: no harm without {what}\n{text}", drill.name);
    }
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
