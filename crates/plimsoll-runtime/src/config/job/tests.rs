//! Jobs of a file: what is taken over, and every refusal with its place.

use expect_test::{Expect, expect};

use super::super::tests::GOOD;
use super::super::{Loaded, parse};
use super::*;

fn with(jobs: &str) -> String {
    format!("{GOOD}{jobs}")
}

fn loaded(jobs: &str) -> Loaded {
    parse("plimsoll.toml", &with(jobs)).unwrap()
}

/// The problems of the file with these jobs; they begin on line 42.
#[track_caller]
fn check(jobs: &str, expected: &Expect) {
    let shown = match parse("plimsoll.toml", &with(jobs)) {
        Ok(_) => "no problem\n".into(),
        Err(error) => format!("{error}\n"),
    };
    expected.assert_eq(&shown);
}

#[test]
fn a_job_of_three_lines_has_the_documented_defaults() {
    let job = loaded("[[job]]\nbot = \"trend\"\nat = \"moc_entry - 5s\"\ndo = \"cancel_orders\"\n")
        .config
        .jobs
        .remove(0);
    assert_eq!(job.name.as_str(), "trend-cancel_orders");
    let timing = &job.timing;
    assert_eq!((&*timing.place.calendar, timing.place.listing), ("XNYS", Listing::Unknown));
    assert_eq!(
        (timing.half_days, timing.missed, timing.policy),
        (HalfDays::Run, Missed::Alert, Policy::COMPATIBLE)
    );
    assert_eq!((timing.until.clone(), job.action, job.require), (None, Action::CancelOrders, vec![]));
}

#[test]
fn every_key_is_taken_over() {
    let text = "[[job]]\nname = \"evening\"\nbot = \"trend\"\ncalendar = \"XLON\"\nat = \"17:00 Europe/London\"\n\
                until = \"18:00 Europe/London\"\nhalf_days = \"skip\"\nmissed = \"run_late\"\nlate_by = \"20m\"\n\
                gap = \"earlier\"\nfold = \"reject\"\nrequire = [\"clock\", \"data\"]\ndo = \"command\"\n\
                command = [\"/bin/echo\", \"a b\"]\ntime_limit = \"90s\"\n";
    let job = loaded(text).config.jobs.remove(0);
    assert_eq!(job.name.as_str(), "evening");
    assert_eq!(job.timing.place.listing, Listing::London);
    assert_eq!(job.timing.at.to_string(), "17:00:00 Europe/London");
    assert_eq!(job.timing.until.unwrap().to_string(), "18:00:00 Europe/London");
    assert_eq!(job.timing.half_days, HalfDays::Skip);
    assert_eq!(job.timing.missed, Missed::RunLate { by: Duration::from_mins(20) });
    assert_eq!(job.timing.policy, Policy { gap: Choice::Earlier, fold: Choice::Reject });
    assert_eq!(job.require, [Requirement::Clock, Requirement::Data]);
    let argv = vec!["/bin/echo".into(), "a b".into()];
    assert_eq!(job.action, Action::Command(Run { argv, time_limit: Duration::from_secs(90) }));
}

#[test]
fn a_program_waits_for_the_broker_s_state_and_the_time_and_a_halt_for_nothing() {
    let jobs = loaded(
        "[[job]]\nat = \"open + 1m\"\ndo = \"command\"\ncommand = [\"x\"]\n\
         [[job]]\nat = \"open + 1m\"\ndo = \"halt\"\n\
         [[job]]\nname = \"all\"\nat = \"open + 1m\"\ndo = \"halt\"\nlevel = \"all\"\nrequire = [\"clock\"]\n",
    )
    .config
    .jobs;
    let names: Vec<_> = jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["fleet-command", "fleet-halt", "all"]);
    assert_eq!(jobs[0].require, [Requirement::Reconciled, Requirement::Clock]);
    assert_eq!((&jobs[1].action, jobs[1].require.len()), (&Action::Halt { level: HaltLevel::NewRisk }, 0));
    assert_eq!((&jobs[2].action, jobs[2].require.len()), (&Action::Halt { level: HaltLevel::All }, 1));
}

#[test]
fn compatible_is_later_in_a_gap_and_earlier_in_a_fold() {
    let at = "[[job]]\nat = \"09:45 America/New_York\"\ndo = \"halt\"\n";
    let policy = |keys: &str| loaded(&format!("{at}{keys}")).config.jobs.remove(0).timing.policy;
    assert_eq!(policy(""), Policy::COMPATIBLE);
    assert_eq!(policy("gap = \"compatible\"\nfold = \"compatible\"\n"), Policy::COMPATIBLE);
    assert_eq!(policy("gap = \"earlier\"\nfold = \"earlier\"\n"), Policy::EARLIER);
    assert_eq!(policy("gap = \"later\"\nfold = \"later\"\n"), Policy::LATER);
    assert_eq!(policy("gap = \"reject\"\nfold = \"reject\"\n"), Policy::REJECT);
}

#[test]
fn a_listing_that_all_instruments_have_decides_the_cutoff() {
    let arca = GOOD.replacen("\"SPY\", {", "{ symbol = \"SPY\", primary_exchange = \"ARCA\" }, {", 1);
    let text = format!("{arca}[[job]]\nbot = \"trend\"\nat = \"moc_entry - 5s\"\ndo = \"cancel_orders\"\n");
    let job = parse("plimsoll.toml", &text).unwrap().config.jobs.remove(0);
    assert_eq!((&*job.timing.place.calendar, job.timing.place.listing), ("XNYS", Listing::Arca));
}

#[test]
fn positions_are_closed_with_a_fallback_whose_dates_are_explained_too() {
    let text = "[[job]]\nbot = \"trend\"\nat = \"moc_entry - 5s\"\ndo = \"close_positions\"\n\
                fallback = { at = \"close - 2s\", do = \"market\" }\n";
    let loaded = loaded(text);
    let job = &loaded.config.jobs[0];
    let Action::ClosePositions { fallback: Some(at) } = &job.action else { panic!("{:?}", job.action) };
    assert_eq!(at.to_string(), "close - 2s");
    assert_eq!(job.require, [Requirement::Reconciled, Requirement::Clock]);
    let planned: Vec<_> =
        loaded.planned.iter().map(|job| (&*job.name, &*job.does, job.timing.at.to_string())).collect();
    assert_eq!(
        planned,
        [
            ("trend-close_positions", "close_positions", "moc_entry - 5s".to_owned()),
            ("trend-close_positions fallback", "market", "close - 2s".to_owned()),
        ]
    );
}

#[test]
fn a_fallback_is_before_the_close() {
    let with = |at: &str| {
        format!(
            "[[job]]\nbot = \"trend\"\nat = \"moc_entry - 5s\"\ndo = \"close_positions\"\n\
             fallback = {{ at = \"{at}\", do = \"market\" }}\n"
        )
    };
    for bad in ["close", "close + 1s", "open + 1m", "15:59 America/New_York"] {
        let error = parse("plimsoll.toml", &format!("{GOOD}{}", with(bad))).unwrap_err().to_string();
        assert!(error.contains("is not counted back from the close; write `close - 2s`"), "{error}");
    }
    let error = parse("plimsoll.toml", &format!("{GOOD}{}", with("close - 500ms"))).unwrap_err().to_string();
    assert!(error.contains("`close - 500ms` leaves no second for the way; write `close - 2s`"), "{error}");
    let error = parse("plimsoll.toml", &format!("{GOOD}{}", with("close - 20m"))).unwrap_err().to_string();
    assert!(error.contains("`fallback.at`: close - 20m is not after `at` (moc_entry - 5s)"), "{error}");
}

#[test]
fn positions_are_closed_before_the_cutoff_of_on_close_orders() {
    for at in ["moc_entry", "moc_entry + 5s", "close - 5m", "15:58 America/New_York"] {
        let text = format!("{GOOD}[[job]]\nbot = \"trend\"\nat = \"{at}\"\ndo = \"close_positions\"\n");
        let error = parse("plimsoll.toml", &text).unwrap_err().to_string();
        assert!(error.contains("`at`: lies after `until`"), "{at}: {error}");
    }
}

#[test]
fn a_time_without_its_zone_is_refused() {
    check(
        "[[job]]\nbot = \"trend\"\nat = \"15:50\"\nuntil = \"16:00\"\ndo = \"halt\"\n",
        &expect![[r#"
        plimsoll.toml:44:6: error: `at`: `15:50` has no zone, so it is no instant; write "15:50 America/New_York", or count from the session: "close - 10m"
        plimsoll.toml:45:9: error: `until`: `16:00` has no zone, so it is no instant; write "16:00 America/New_York", or count from the session: "close - 10m"
    "#]],
    );
}

#[test]
fn what_the_calendars_say_against_a_job_is_told_with_its_place() {
    check(
        "[[job]]\nname = \"a\"\nat = \"close\"\nuntil = \"close - 1m\"\ndo = \"halt\"\n\
         [[job]]\nname = \"b\"\nat = \"break_start\"\ndo = \"halt\"\n\
         [[job]]\nname = \"c\"\nat = \"open - 20h\"\ndo = \"halt\"\n\
         [[job]]\nname = \"d\"\nat = \"15:30 America/New_York\"\ndo = \"halt\"\n\
         [[job]]\nname = \"e\"\ncalendar = \"ALWAYS_OPEN_247\"\nat = \"open\"\nhalf_days = \"only\"\ndo = \"halt\"\n",
        &expect![[r#"
            plimsoll.toml:44:6: error: `at`: lies after `until` on every ordinary day: for 2026-12-31 it would start at 2026-12-31T21:00:00Z, and 2026-12-31T20:59:00Z is too late already
            plimsoll.toml:49:6: error: `at`: XNYS has no `break_start` on any day
            plimsoll.toml:53:6: error: `at`: the offset crosses the previous close: for 2027-01-05 it would start at 2027-01-04T18:30:00Z, and the session before ends at 2027-01-04T21:00:00Z; count from an anchor of that session instead
            plimsoll.toml:57:6: error: `at`: is after the close of half days: on 2027-11-26 it would start at 2027-11-26T20:30:00Z, and the close is at 2027-11-26T18:00:00Z; count from `close`, or write half_days = "skip" or "run"
            plimsoll.toml:63:13: error: `half_days`: ALWAYS_OPEN_247 has no half days, so it would never run
        "#]],
    );
}

#[test]
fn every_wrong_word_is_told_at_once() {
    check(
        "[[job]]\nname = \"Flat!\"\nbot = \"trand\"\ncalendar = \"NYSE\"\nat = \"noon\"\nhalf_days = \"never\"\n\
         missed = \"later\"\nlate_by = \"2d\"\ngap = \"first\"\nrequire = [\"luck\"]\ndo = \"panic\"\nhow = 1\n",
        &expect![[r"
            plimsoll.toml:43:8: error: `name`: `Flat!` is no name of a job; write at most 64 small letters, digits, underscores and dashes
            plimsoll.toml:44:7: error: `bot`: no [[bot]] is named `trand`
            plimsoll.toml:45:12: error: `calendar`: `NYSE` is no calendar; write one of XNYS, XNAS, ARCX, XASE, BATS, XLON, XETR, XPAR, XAMS, XSWX, XTSE, XTKS, XHKG, XASX, CMEGLOBEX_EQ, ALWAYS_OPEN_247
            plimsoll.toml:46:6: error: `at`: `noon` is no instant of the day; write open, close, moc_entry, loc_entry, onclose_cancel, moo_entry, loo_entry, onopen_cancel, auction_start, auction_end, break_start, break_end, funding
            plimsoll.toml:47:13: error: `half_days`: `never` is not known; write run or skip or only
            plimsoll.toml:48:10: error: `missed`: `later` is not known; write alert or skip or run_late
            plimsoll.toml:49:11: error: `late_by`: `2d` is more than 24 hours
            plimsoll.toml:50:7: error: `gap`: `first` is not known; write earlier or later or reject or compatible
            plimsoll.toml:51:12: error: `require`: `luck` is not known; write reconciled or clock or data
            plimsoll.toml:52:6: error: `do`: `panic` is not known; write close_positions or cancel_orders or halt or command
            plimsoll.toml:53:1: error: unknown key `how` in [[job]]; known are bot, at, until, do, level, time_limit, command, fallback, gap, fold, name, calendar, half_days, late_by, missed, require
        "]],
    );
}

#[test]
fn keys_that_do_not_belong_together_are_refused() {
    check(
        "[[job]]\nat = \"close - 5m\"\ndo = \"cancel_orders\"\nlevel = \"all\"\ntime_limit = \"1m\"\ncommand = [\"x\"]\n\
         fallback = { at = \"close - 2s\", do = \"market\" }\ngap = \"later\"\nmissed = \"skip\"\nlate_by = \"1m\"\n\
         [[job]]\nname = \"x\"\nat = \"close - 5m\"\nmissed = \"run_late\"\nrequire = [\"data\"]\ndo = \"command\"\n\
         [[job]]\nname = \"y\"\nbot = \"revert\"\nat = \"close - 5m\"\nrequire = [\"data\"]\ndo = \"command\"\ncommand = []\n\
         [[job]]\nat = \"close - 5m\"\ndo = \"close_positions\"\n",
        &expect![[r#"
            plimsoll.toml:45:9: error: `level` belongs to do = "halt"; remove it
            plimsoll.toml:46:14: error: `time_limit` belongs to do = "command"; remove it
            plimsoll.toml:47:11: error: `command` belongs to do = "command"; remove it
            plimsoll.toml:48:12: error: `fallback` belongs to do = "close_positions"; remove it
            plimsoll.toml:49:7: error: `gap` is about times of day with a zone, and this job has none; remove it
            plimsoll.toml:51:11: error: `late_by` belongs to missed = "run_late", and here it is "skip"; remove one of them
            plimsoll.toml:52:1: error: [[job]] has no `command`; write `command = ["/usr/local/bin/flatten", "SPY"]`
            plimsoll.toml:52:1: error: [[job]] has no `late_by`; write `late_by = "10m"`
            plimsoll.toml:56:12: error: `require`: data is that of a bot's instruments; write `bot = "…"`
            plimsoll.toml:62:12: error: `require`: data is held to the bot's `stale_after`, and that is "off"; remove one of them
            plimsoll.toml:64:11: error: `command` names no program; write its path, then its arguments
            plimsoll.toml:65:1: error: [[job]] has no `bot`; write `bot = "trend"`
            plimsoll.toml:66:6: error: `at`: lies after `until` on every ordinary day: for 2026-12-31 it would start at 2026-12-31T20:55:00Z, and 2026-12-31T20:50:00Z is too late already
        "#]],
    );
}

/// The lead is two seconds where nothing else is written, and a second is the venue's to answer. The listing of SPY is not
/// known here, so both cutoffs are ten minutes before the close.
#[test]
fn a_job_that_is_not_earlier_than_netted_orders_leave_is_refused() {
    let job = |at: &str| format!("[[job]]\nbot = \"trend\"\nat = \"{at}\"\ndo = \"cancel_orders\"\n");
    let with = |crossing: &str, at: &str| parse("x", &with(&job(at)).replace("\"deny\"", crossing));
    for (crossing, at, is_fine) in [
        ("\"net\"", "moc_entry - 3001ms", true),
        ("\"net\"", "moc_entry - 3s", false),
        ("\"net\"", "moc_entry - 1ms", false),
        ("\"net\"", "loc_entry - 1s", false),
        ("\"net\"", "XNYS moc_entry - 2s", false),
        ("\"net\"", "close - 602s", false),
        ("\"net\"", "close - 604s", true),
        ("\"net\"", "15:49:58 America/New_York", false),
        ("\"net\"", "15:49:56 America/New_York", true),
        ("\"net\"", "close - 1s", true),
        ("\"net\"", "moc_entry + 1s", true),
        ("\"net\"\non_close_lead = \"5s\"", "moc_entry - 5s", false),
        ("\"net\"\non_close_lead = \"4s\"", "moc_entry - 5s", false),
        ("\"net\"\non_close_lead = \"3s\"", "moc_entry - 5s", true),
        ("\"deny\"", "moc_entry - 1s", true),
    ] {
        // A time of day has to say what becomes of it on half days.
        let read = if at.contains("America") {
            with(crossing, &format!("{at}\"\nhalf_days = \"skip"))
        } else {
            with(crossing, at)
        };
        assert_eq!(read.is_ok(), is_fine, "{crossing} {at}: {:?}", read.err());
    }
    let why = with("\"net\"", "moc_entry - 2s").unwrap_err().to_string();
    assert_eq!(
        why,
        "x:44:6: error: `at`: moc_entry - 2s is not before netted on-close orders leave (moc_entry - 3s); start \
         earlier, or shorten `on_close_lead`"
    );
}

#[test]
fn two_jobs_of_one_name_are_refused() {
    check(
        "[[job]]\nbot = \"trend\"\nat = \"close - 5m\"\ndo = \"halt\"\n\
         [[job]]\nbot = \"trend\"\nat = \"close - 4m\"\ndo = \"halt\"\n\
         [[job]]\nname = \"trend-halt\"\nat = \"close - 3m\"\ndo = \"halt\"\n",
        &expect![[r"
            plimsoll.toml:46:1: error: `trend-halt` is already the job of line 42; give one of them another `name`
            plimsoll.toml:51:8: error: `trend-halt` is already the job of line 42; give one of them another `name`
        "]],
    );
}

#[test]
fn more_jobs_than_the_limit_are_refused_at_the_first_beyond_it() {
    let jobs = |count: usize| -> String {
        let one = |n: usize| format!("[[job]]\nname = \"j{n}\"\nat = \"close - 5m\"\ndo = \"halt\"\n");
        (0..count).map(one).collect()
    };
    assert_eq!(loaded(&jobs(limits::JOBS_MAX)).config.jobs.len(), limits::JOBS_MAX);
    check(
        &jobs(limits::JOBS_MAX + 1),
        &expect![[r"
        plimsoll.toml:842:1: error: more than 200 jobs; leave some out, or let one program do several things
    "]],
    );
}

#[test]
fn a_program_s_words_are_bounded() {
    let job = |words: &str| format!("[[job]]\nat = \"close - 5m\"\ndo = \"command\"\ncommand = [{words}]\n");
    let says = |words: &str| parse("x", &with(&job(words))).unwrap_err().to_string();
    assert_eq!(loaded(&job(&vec!["\"x\""; WORDS_MAX].join(", "))).config.jobs.len(), 1);
    assert!(says(&vec!["\"x\""; WORDS_MAX + 1].join(", ")).contains("more than 64 words"));
    assert!(says("\"\"").contains("has an empty word"));
    assert!(says(&format!("\"{}\"", "x".repeat(WORD_BYTES_MAX + 1))).contains("more than 4096 bytes"));
    assert!(says("\"a\\u0000b\"").contains("zero byte"));
    assert!(says("1").contains("a list of texts in quotes"));
}

#[test]
fn a_bot_without_a_calendar_of_its_instruments_has_to_name_one() {
    let forex = GOOD.replacen("\"SPY\", {", "{", 1).replacen("shared = [\"SPY\"]", "shared = []", 1);
    let sap = forex.replacen(
        "{ symbol = \"EUR\"",
        "\"QQQ\", { symbol = \"SAP\", primary_exchange = \"IBIS\", currency = \"EUR\" }, { symbol = \"EUR\"",
        1,
    );
    let job = "[[job]]\nbot = \"trend\"\nat = \"close - 5m\"\ndo = \"halt\"\n";
    let says = |text: &str| parse("plimsoll.toml", &format!("{text}{job}")).unwrap_err().to_string();
    assert!(says(&forex).ends_with("[[job]] has no `calendar`, and no instrument has a calendar that is known; write `calendar = \"XNYS\"`"), "{}", says(&forex));
    assert!(says(&sap).contains("and the instruments trade by XETR and XNYS; write"), "{}", says(&sap));
}
