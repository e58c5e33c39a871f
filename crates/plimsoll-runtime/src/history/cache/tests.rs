//! Files that are read again, that are damaged, that are full, and prices that changed.

use std::path::PathBuf;
use std::sync::mpsc;

use jiff::civil::date;

use super::super::request::tests::{frame, v};
use super::*;

const MONDAY: Date = date(2026, 11, 23);
const TUESDAY: Date = date(2026, 11, 24);
const WEDNESDAY: Date = date(2026, 11, 25);
/// 20 November 2026, 15:00 in New York.
const FRIDAY: i64 = 1_795_204_800;
const PLENTY: u64 = 1 << 20;

/// A folder of this test's own, removed at its end.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("plimsoll-history-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    fn file(&self) -> PathBuf {
        self.0.join(FILE)
    }

    fn open(&self) -> Store {
        Store::open(&self.file(), PLENTY).unwrap()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // A folder that stays behind is no reason to hide why a test failed.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn question(con_id: i32, end: i64) -> Question {
    let series = Series {
        con_id,
        exchange: "SMART".into(),
        bar_size: "1 min".into(),
        what: "TRADES".into(),
        use_rth: true,
        format_date: 2,
        include_expired: false,
        form: 3,
    };
    Question { series, end, span: "300 S".into() }
}

/// Five bars of a minute that end at an instant, at these prices.
fn answer(end: i64, prices: [&str; 5]) -> Kept {
    let bar = |(n, px): (i64, &str)| format!("{}|{px}|{px}|{px}|{px}|100|{px}|7|", end - 300 + n * 60);
    let bars: String = (0..).zip(prices).map(bar).collect();
    Kept { bars: frame(&format!("17|7|5|{bars}")), end: Some(frame("108|7|20261120|20261120|")) }
}

const PRICES: [&str; 5] = ["600.0", "601.0", "602.0", "603.0", "604.0"];

impl Store {
    fn put(&mut self, question: &Question, today: Date, answer: &Kept) -> Outcome {
        self.keep(question, today, v(200), answer).unwrap()
    }

    fn has(&mut self, question: &Question, today: Date) -> bool {
        self.find(question, today).unwrap().is_some()
    }
}

use store::Outcome;

#[test]
fn an_answer_is_found_byte_for_byte_by_its_question_and_by_no_other() {
    let home = Home::new("found");
    let (asked, said) = (question(1, FRIDAY), answer(FRIDAY, PRICES));
    home.open().put(&asked, MONDAY, &said);
    // Another life of the process.
    let mut store = home.open();
    assert_eq!(store.find(&asked, MONDAY).unwrap(), Some(said));
    let others = [
        question(2, FRIDAY),
        question(1, FRIDAY - 60),
        Question { span: "600 S".into(), ..asked.clone() },
        Question { series: Series { use_rth: false, ..asked.series.clone() }, ..asked.clone() },
        Question { series: Series { form: 4, ..asked.series.clone() }, ..asked.clone() },
        Question { series: Series { what: "BID".into(), ..asked.series.clone() }, ..asked.clone() },
    ];
    for other in others {
        assert!(!store.has(&other, MONDAY), "{other:?}");
    }
}

#[test]
fn on_another_day_an_answer_counts_only_after_a_fresh_one_has_shown_the_same_prices() {
    let home = Home::new("proof");
    let mut store = home.open();
    let (early, late) = (question(1, FRIDAY), question(1, FRIDAY + 120));
    store.put(&early, MONDAY, &answer(FRIDAY, PRICES));
    assert!(!store.has(&early, TUESDAY), "a split may have been between the days");
    // It overlaps by three minutes: the last of the first may be cut, and so may the first of the second.
    let said = answer(FRIDAY + 120, ["602.0", "603.0", "604.0", "605.0", "606.0"]);
    assert_eq!(store.put(&late, TUESDAY, &said), Outcome { is_proof: true, dropped: 0 });
    assert!(store.has(&early, TUESDAY) && store.has(&late, TUESDAY));
    assert!(!store.has(&early, WEDNESDAY));
}

#[test]
fn bars_at_the_edges_and_volumes_prove_nothing_and_disprove_nothing() {
    let home = Home::new("edges");
    let mut store = home.open();
    store.put(&question(1, FRIDAY), MONDAY, &answer(FRIDAY, PRICES));
    // One bar in common, the last of the one and the first of the other.
    let beside = answer(FRIDAY + 240, ["1.0", "605.0", "606.0", "607.0", "608.0"]);
    assert_eq!(store.put(&question(1, FRIDAY + 240), TUESDAY, &beside), Outcome::default());
    let mut corrected = answer(FRIDAY, PRICES);
    corrected.bars =
        frame(&String::from_utf8_lossy(corrected.bars.bytes()).replace('\0', "|").replace("|100|", "|101|"));
    let outcome = store.put(&question(1, FRIDAY), TUESDAY, &corrected);
    assert_eq!(outcome, Outcome { is_proof: true, dropped: 0 }, "a late report of a trade is no split");
    assert_eq!(store.find(&question(1, FRIDAY), TUESDAY).unwrap(), Some(corrected), "the latest word counts");
}

#[test]
fn after_a_split_everything_of_the_contract_is_thrown_away_and_nothing_of_others() {
    let home = Home::new("split");
    let mut store = home.open();
    let early = question(1, FRIDAY - 86_400);
    let quotes = Question { series: Series { what: "BID".into(), ..early.series.clone() }, ..early.clone() };
    store.put(&early, MONDAY, &answer(FRIDAY - 86_400, PRICES));
    store.put(&quotes, MONDAY, &answer(FRIDAY - 86_400, PRICES));
    store.put(&question(1, FRIDAY), MONDAY, &answer(FRIDAY, PRICES));
    store.put(&question(2, FRIDAY), MONDAY, &answer(FRIDAY, PRICES));
    let halved = answer(FRIDAY, ["300.0", "300.5", "301.0", "301.5", "302.0"]);
    let outcome = store.put(&question(1, FRIDAY), TUESDAY, &halved);
    assert_eq!(outcome, Outcome { is_proof: false, dropped: 3 });
    assert_eq!(store.find(&question(1, FRIDAY), TUESDAY).unwrap(), Some(halved));
    assert!(!store.has(&early, MONDAY) && !store.has(&quotes, MONDAY));
    assert!(store.has(&question(2, FRIDAY), MONDAY));
}

#[test]
fn the_bytes_are_bounded_and_what_was_not_used_for_longest_goes_first() {
    let home = Home::new("bounded");
    let one = answer(FRIDAY, PRICES);
    let size = (one.bars.bytes().len() + one.end.as_ref().unwrap().bytes().len()) as u64;
    let mut store = Store::open(&home.file(), 40 * size).unwrap();
    for n in 0..40 {
        store.put(&question(n, FRIDAY), MONDAY, &one);
    }
    assert!(store.has(&question(0, FRIDAY), MONDAY) && store.bytes() == 40 * size);
    store.put(&question(40, FRIDAY), TUESDAY, &one);
    assert!(store.bytes() <= 40 * size);
    assert!(!store.has(&question(0, FRIDAY), MONDAY), "the oldest of Monday");
    assert!(store.has(&question(39, FRIDAY), MONDAY) && store.has(&question(40, FRIDAY), TUESDAY));
    let mut small = Store::open(&home.file(), size).unwrap();
    small.put(&question(50, FRIDAY), TUESDAY, &one);
    assert!(!small.has(&question(50, FRIDAY), TUESDAY), "one that would throw away all others is not kept");
}

/// What the cache says to these jobs, and its file afterwards.
fn said(home: &Home, jobs: Vec<Job>) -> Vec<String> {
    let (say, hear) = mpsc::channel();
    let cache = Cache::start(home.file(), PLENTY, move |said| say.send(said).unwrap()).unwrap();
    for job in jobs {
        assert!(cache.take(job));
    }
    drop(cache);
    let show = |said| match said {
        Said::Found { token, answer } => {
            format!("{token} {}", if answer.is_some() { "found" } else { "missing" })
        }
        Said::Proved(_) => "proved".to_owned(),
        Said::Note(text) => text,
    };
    hear.iter().map(show).collect()
}

fn find(token: Token, today: Date) -> Job {
    Job::Find { token, question: Box::new(question(1, FRIDAY)), today }
}

fn keep(today: Date, prices: [&str; 5]) -> Job {
    let answer = answer(FRIDAY, prices);
    Job::Keep { question: Box::new(question(1, FRIDAY)), today, version: v(200), answer }
}

#[test]
fn a_damaged_file_is_set_aside_told_and_made_anew() {
    let home = Home::new("damaged");
    std::fs::write(home.file(), b"not what it was".repeat(1_000)).unwrap();
    let words = said(&home, vec![find(1, MONDAY), keep(MONDAY, PRICES), find(2, MONDAY)]);
    let [note, missing, found] = &words[..] else { panic!("{words:?}") };
    assert!(
        note.starts_with("the kept history is damaged (") && note.contains("history.sqlite.damaged"),
        "{note}"
    );
    assert_eq!((missing.as_str(), found.as_str()), ("1 missing", "2 found"));
    assert!(home.0.join("history.sqlite.damaged").exists());
}

#[test]
fn a_price_that_changed_on_the_disk_is_not_told_to_any_bot() {
    let home = Home::new("rot");
    assert_eq!(said(&home, vec![keep(MONDAY, PRICES), find(1, MONDAY)]), ["1 found"]);
    let connection = rusqlite::Connection::open(home.file()).unwrap();
    let sql = "UPDATE answers SET bars = zeroblob(length(bars))";
    connection.execute(sql, []).unwrap();
    drop(connection);
    let words = said(&home, vec![find(1, MONDAY), find(2, MONDAY)]);
    assert!(words[0].contains("answer 1 is not what was written"), "{words:?}");
    assert_eq!(words[1..], ["1 missing", "2 missing"]);
}

#[test]
fn an_adjustment_is_told_with_its_contract() {
    let home = Home::new("told");
    let halved = ["300.0", "300.5", "301.0", "301.5", "302.0"];
    let words = said(&home, vec![keep(MONDAY, PRICES), keep(TUESDAY, halved), find(1, TUESDAY)]);
    assert!(
        words[0].contains("prices of contract 1 (1 min, TRADES)") && words[0].contains("1 answers"),
        "{words:?}"
    );
    assert_eq!(words[1..], ["1 found"]);
    assert_eq!(said(&home, vec![keep(WEDNESDAY, halved), find(1, WEDNESDAY)]), ["proved", "1 found"]);
}

#[test]
fn a_disk_that_takes_nothing_leaves_every_question_to_the_venue() {
    let home = Home::new("nowhere");
    std::fs::create_dir_all(home.file()).unwrap();
    let (say, hear) = mpsc::channel();
    let cache = Cache::start(home.file(), PLENTY, move |said| say.send(said).unwrap()).unwrap();
    let Ok(Said::Note(note)) = hear.recv() else { panic!("nothing was said") };
    assert!(note.starts_with("no history is kept until the next start"), "{note}");
    // Its thread has ended with these words, or is about to.
    while hear.recv().is_ok() {}
    assert!(!cache.take(find(1, MONDAY)));
}
