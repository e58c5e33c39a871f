//! Every drill passes, and fails without its guard.

use super::*;

#[test]
fn every_drill_passes_and_fails_without_its_guard() {
    for drill in all().unwrap() {
        let guard = drill.guard.unwrap_or_else(|| panic!("{} names no guard", drill.name));
        let verdict = |switched_off| {
            let played =
                play::play(&drill, switched_off).unwrap_or_else(|_| panic!("{} was not played", drill.name));
            let report = Report::new(&drill, &played, judge::judge(&drill, &played));
            (report.has_passed(), report.long())
        };
        let (passed, text) = verdict(None);
        assert!(passed, "{text}");
        let (passed, text) = verdict(Some(guard));
        assert!(!passed, "{} proves nothing: it passes without {guard}\n{text}", drill.name);
    }
}
