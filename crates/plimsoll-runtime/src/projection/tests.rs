//! A file that grew with the gateway, one that was cut off, and one that was made from the journal are equal.

use std::path::{Path, PathBuf};

use plimsoll_journal::{Body, FileSink, Head, Options, Raw, Reader, Writer, recover};
use plimsoll_model::{Mono, Now, RawFrame};
use rusqlite::Connection;

use super::told::Teller;
use super::*;
use crate::config;

/// A state directory of this test's own, removed at its end.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("plimsoll-projection-{}-{name}", std::process::id()));
        std::fs::create_dir_all(dir.join("journal")).unwrap();
        Self(dir)
    }

    fn file(&self) -> PathBuf {
        self.0.join(FILE)
    }

    fn journal(&self) -> PathBuf {
        self.0.join("journal")
    }

    fn writer(&self) -> (Writer<FileSink>, plimsoll_journal::StateLock) {
        let lock = plimsoll_journal::StateLock::acquire(&self.0).unwrap();
        (recover(&lock).unwrap().into_writer(Options::default()), lock)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // A folder that stays behind is no reason to hide why a test failed.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn today() -> std::sync::Arc<plimsoll_core::Config> {
    std::sync::Arc::new(config::parse("plimsoll.toml", config::tests::GOOD).unwrap().config)
}

fn raw(text: &str) -> Raw {
    Raw(RawFrame::new(text.replace('|', "\0").into_bytes().into()))
}

fn now(second: i64) -> Now {
    let wall = jiff::Timestamp::from_second(1_779_285_600 + second).unwrap();
    Now { mono: Mono::from_nanos(u64::try_from(second).unwrap() * 1_000_000_000), wall }
}

fn from_venue(text: &str) -> Body {
    Body::FromVenue { link: 1, server_version: 178, raw: raw(text) }
}

/// A gateway's day in little: a start, a foreign order that is seen, filled and charged, and a holding.
fn day() -> Vec<Body> {
    let contract = "756733|SPY|STK||0.0||1|ARCA|USD|SPY|SPY";
    let execution = format!(
        "11|1|0|{contract}|0001.aa.01.01|20260520 10:00:02 US/Eastern|U1|ARCA|BOT|40|500.25|77|0|0|40|500.25|||||2|0|"
    );
    vec![
        Body::Started { epoch: 1, config_toml: config::tests::GOOD.to_owned() },
        Body::OwnUp { link: 1 },
        Body::Decision { text: "ask contract".into() },
        from_venue(&execution),
        from_venue("59|1|0001.aa.01.01|1.0|USD|||0|"),
        Body::Halt { level: "new_risk".into(), bot: None, by: "me".into(), reason: "lunch".into() },
        Body::Decision { text: "notice fleet halted (new_risk) by me: lunch".into() },
    ]
}

/// What happened to a file between two starts.
type Spoil = fn(&Path);

/// Writes records into a journal while a follower listens, as the gateway does.
fn live(home: &Home, bodies: &[Body], first_second: i64) {
    let (mut writer, _lock) = home.writer();
    let mut teller = teller_of(home);
    let mut projection = Projection::start(&home.0, writer.head(), today()).unwrap();
    for (second, body) in (first_second..).zip(bodies) {
        writer.append(now(second), body).unwrap();
        writer.sync().unwrap();
        projection.tell(batch(&mut teller, writer.head(), second, body));
    }
    assert_eq!(projection.state().say(), "following");
}

/// The bridge of a gateway that goes on with this journal.
fn teller_of(home: &Home) -> Teller {
    let mut teller = Teller::new(Some(today()));
    for record in Reader::open(&home.journal()).unwrap().map(Result::unwrap) {
        let body = record.body().unwrap();
        teller.take(record.seq, record.now, body);
    }
    teller
}

/// One record as the journal's thread tells it.
fn batch(teller: &mut Teller, head: Head, second: i64, body: &Body) -> Batch {
    let told = teller.take(head.seq, now(second), body.clone());
    let followed = told.map(|told| Followed { seq: head.seq, at: now(second).wall, told });
    Batch { last: head, followed: followed.into_iter().collect() }
}

/// Every row of every table.
fn dump(file: &Path) -> Vec<String> {
    let connection = Connection::open(file).unwrap();
    let mut lines = Vec::new();
    for table in ["projection", "orders", "executions", "positions", "decisions"] {
        let mut statement = connection.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
        let count = statement.column_count();
        let rows = statement
            .query_map([], |row| {
                let cell = |at| row.get::<_, rusqlite::types::Value>(at).map(|value| format!("{value:?}"));
                (0..count).map(cell).collect::<Result<Vec<_>, _>>()
            })
            .unwrap();
        lines.extend(rows.map(|row| format!("{table}: {}", row.unwrap().join(" "))));
    }
    lines
}

/// The tables made from the journal alone.
fn rebuilt(home: &Home) -> Vec<String> {
    let file = home.0.join("again.sqlite3");
    project(&home.journal(), &file, None).unwrap();
    dump(&file)
}

#[test]
fn tables_that_grew_and_tables_that_were_made_are_equal() {
    let home = Home::new("equal");
    live(&home, &day(), 0);
    let grown = dump(&home.file());
    assert_eq!(grown, rebuilt(&home));
    let all = grown.join("\n");
    assert!(all.contains("executions: Text(\"0001.aa.01\")"), "{all}");
    assert!(all.contains("notice fleet halted (new_risk) by me: lunch"), "{all}");
    assert!(!all.contains("ask contract"), "what moves bytes is no decision\n{all}");
}

#[test]
fn a_restart_goes_on_where_the_file_ends() {
    let home = Home::new("restart");
    let (first, second) = (day(), vec![Body::Started { epoch: 2, config_toml: config::tests::GOOD.into() }]);
    live(&home, &first, 0);
    live(&home, &second, 100);
    assert_eq!(dump(&home.file()), rebuilt(&home));
}

#[test]
fn a_file_that_is_behind_damaged_foreign_or_ahead_is_made_right() {
    let home = Home::new("wrong");
    live(&home, &day(), 0);
    let right = dump(&home.file());
    let spoil: [(&str, Spoil); 4] = [
        ("missing", |file| std::fs::remove_file(file).unwrap()),
        ("garbage", |file| std::fs::write(file, [7; 5000]).unwrap()),
        ("of another journal", |file| {
            let connection = Connection::open(file).unwrap();
            connection.execute("UPDATE projection SET hash = 'ab'", []).unwrap();
            connection.execute("DELETE FROM executions", []).unwrap();
        }),
        ("ahead of the journal", |file| {
            let connection = Connection::open(file).unwrap();
            connection.execute("UPDATE projection SET seq = 1000", []).unwrap();
        }),
    ];
    for (what, spoil) in spoil {
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(home.0.join(format!("{FILE}{suffix}")));
        }
        spoil(&home.file());
        live(&home, &[], 0);
        assert_eq!(dump(&home.file()), right, "{what}");
    }
}

#[test]
fn tables_are_never_made_over_a_file_of_somebody_else() {
    let home = Home::new("others");
    live(&home, &day(), 0);
    let file = home.0.join("letter.txt");
    std::fs::write(&file, "dear reader").unwrap();
    let error = project(&home.journal(), &file, None).unwrap_err();
    assert!(error.to_string().contains("is no projection"), "{error}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "dear reader");
    project(&home.journal(), &home.file(), None).unwrap();
}

#[test]
fn a_file_of_another_schema_is_made_anew() {
    let home = Home::new("schema");
    live(&home, &day(), 0);
    let right = dump(&home.file());
    Connection::open(home.file()).unwrap().pragma_update(None, "user_version", 99).unwrap();
    live(&home, &[], 0);
    assert_eq!(dump(&home.file()), right);
}

#[test]
fn a_follower_that_cannot_write_says_so_and_nobody_waits() {
    let home = Home::new("folder");
    // A folder in the place of the file can neither be opened nor removed.
    std::fs::create_dir_all(home.file().join("x")).unwrap();
    let (writer, _lock) = home.writer();
    let mut projection = Projection::start(&home.0, writer.head(), today()).unwrap();
    let state = projection.state();
    let mut told = 0;
    while state.say() == "following" && told < 1_000_000 {
        projection.tell(Batch { last: writer.head(), followed: vec![] });
        told += 1;
    }
    drop(projection);
    assert!(state.say().contains("it may be deleted"), "{}", state.say());
}

#[test]
fn questions_are_answered_in_the_words_of_the_other_commands() {
    let home = Home::new("read");
    live(&home, &day(), 0);
    let all = executions(&home.file(), &Filter::default()).unwrap();
    let [execution] = &all[..] else { panic!("{all:?}") };
    for (key, value) in
        [("exec_id", "0001.aa.01.01"), ("symbol", "SPY"), ("qty", "40"), ("commission", "1.0")]
    {
        assert_eq!(execution[key], value, "{execution}");
    }
    let of_day = |from: &str, to: &str| {
        let (from, to) = (from.parse().ok(), to.parse().ok());
        executions(&home.file(), &Filter { from, to, bot: None }).unwrap().len()
    };
    // The execution was at 10:00:02 in New York, which is 14:00:02 in UTC.
    assert_eq!(of_day("2026-05-20T14:00:02Z", "2026-05-20T14:00:03Z"), 1, "both ends of a second");
    assert_eq!(of_day("2026-05-20T14:00:03Z", "2027-01-01T00:00:00Z"), 0);
    let of_bot = Filter { bot: Some("trend".into()), ..Filter::default() };
    assert!(executions(&home.file(), &of_bot).unwrap().is_empty(), "it was nobody's");
    let missing = orders(&home.0.join("nowhere"), &Filter::default()).unwrap_err();
    assert!(missing.to_string().contains("plimsoll journal project"), "{missing}");
}

#[test]
fn a_record_that_is_not_understood_is_passed_over_and_named() {
    let home = Home::new("unread");
    let mut bodies = day();
    bodies.insert(4, from_venue("3|5|Submitted|"));
    live(&home, &bodies, 0);
    let made = project(&home.journal(), &home.0.join("again.sqlite3"), None).unwrap();
    assert_eq!((made.seq, made.unread.unwrap().first), (8, 5));
    assert_eq!(dump(&home.file()), rebuilt(&home));
    assert!(dump(&home.file()).join("\n").contains("0001.aa.01.01"), "the executions were lost, too");
}

#[test]
fn a_follower_behind_which_few_large_records_pile_up_is_given_up() {
    let (mut projection, _deaf) = Projection::deaf();
    let long = Body::Decision { text: "x".repeat(16 << 20) };
    let mut tell = || {
        projection.tell(batch(&mut Teller::new(None), Head::default(), 0, &long));
        projection.state().say()
    };
    assert_eq!([tell(), tell(), tell()], ["following"; 3]);
    assert!(tell().starts_with("behind, given up"), "64 MiB wait");
}

#[test]
fn what_is_in_the_tables_waits_no_longer() {
    let home = Home::new("taken");
    let (mut writer, _lock) = home.writer();
    let mut projection = Projection::start(&home.0, writer.head(), today()).unwrap();
    let mut teller = Teller::new(None);
    for body in day() {
        writer.append(now(0), &body).unwrap();
        projection.tell(batch(&mut teller, writer.head(), 0, &body));
    }
    let told = std::time::Instant::now();
    while projection.waiting() > 0 {
        assert!(told.elapsed().as_secs() < 10, "{} bytes still count", projection.waiting());
        std::thread::yield_now();
    }
}

#[test]
fn an_end_does_not_wait_for_a_long_journal_and_the_next_start_goes_on_from_there() {
    let home = Home::new("ended");
    {
        let (mut writer, _lock) = home.writer();
        for body in &day() {
            writer.append(now(0), body).unwrap();
        }
        for second in 1..5_000 {
            writer.append(now(second), &Body::Woke).unwrap();
        }
        writer.sync().unwrap();
    }
    let head = {
        let (writer, _lock) = home.writer();
        Projection::start(&home.0, writer.head(), today()).unwrap().end_now();
        writer.head()
    };
    let connection = Connection::open(home.file()).unwrap();
    let read: i64 = connection.query_row("SELECT seq FROM projection", [], |row| row.get(0)).unwrap();
    assert!(read.unsigned_abs() < head.seq, "it read all {} records", head.seq);
    live(&home, &[Body::Woke], 5_000);
    assert_eq!(dump(&home.file()), rebuilt(&home));
}
