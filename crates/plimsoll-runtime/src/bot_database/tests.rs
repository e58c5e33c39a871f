//! Databases as bots write them, with sums by hand.

use plimsoll_model::{BotName, Currency};

use super::*;

struct Home(std::path::PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("plimsoll-botdb-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // What is left in a temporary folder must not fail a test that said what it had to say.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn mapped(home: &Home, file: &str, table: Option<&str>) -> BotDatabase {
    BotDatabase {
        bot: BotName::new("trend").unwrap(),
        file: home.0.join(file),
        table: table.map(Into::into),
        time: "closed_at".into(),
        profit: "profit".into(),
        fees: Some("fee".into()),
        currency: Currency::USD,
        zone: TimeZone::get("America/New_York").unwrap(),
    }
}

/// The whole of 27 November in New York.
fn said(database: &BotDatabase) -> Result<String, String> {
    let (from, to) = ("2026-11-27T05:00:00Z".parse().unwrap(), "2026-11-28T05:00:00Z".parse().unwrap());
    let sum = profit(database, from, to).map_err(|error| error.to_string())?;
    Ok(format!("{} of {} rows", sum.profit, sum.rows))
}

#[test]
fn a_csv_file_is_summed_by_its_columns_whatever_their_order() {
    let home = Home::new("csv");
    let text = "fee,\"closed_at\",note,profit\n1.00,2026-11-27 10:00:00,\"a, \"\"b\"\"\",100.10\n\
                0.50,2026-11-26T23:59:59-05:00,before,7\n,2026-11-27T12:00:00Z,,-3.35\n1,,still open,\n";
    std::fs::write(home.0.join("own.csv"), text).unwrap();
    // 100.10 less 1, less 3.35.
    assert_eq!(said(&mapped(&home, "own.csv", None)).unwrap(), "95.75 USD of 2 rows");
}

#[test]
fn a_database_s_numbers_are_taken_by_their_shortest_text() {
    let home = Home::new("sqlite");
    let database = mapped(&home, "own.sqlite3", Some("my trades"));
    let connection = Connection::open(&database.file).unwrap();
    let sql = "CREATE TABLE \"my trades\" (closed_at INTEGER, profit REAL, fee REAL); INSERT INTO \"my trades\" \
               VALUES (1795791600, 0.1, 0.0), (1795791600000, 0.2, NULL), (1795000000, 50, 0), (NULL, 9, 0);";
    connection.execute_batch(sql).unwrap();
    // Both instants are 15:00 UTC of that day; a tenth and two tenths are three tenths.
    assert_eq!(said(&database).unwrap(), "0.3 USD of 2 rows");
}

#[test]
fn a_date_that_is_written_as_a_number_is_that_date() {
    let home = Home::new("digits");
    let database = mapped(&home, "own.sqlite3", Some("trades"));
    let connection = Connection::open(&database.file).unwrap();
    // The day itself, its last second, the next one's first, a number of seconds of eight digits that is no date.
    let sql = "CREATE TABLE trades (closed_at INTEGER, profit REAL, fee REAL); INSERT INTO trades VALUES (20261127, 1, 0), \
               (20261127235959, 10, 0), (20261128000000, 100, 0), (20261128, 1000, 0), (99999999, 10000, 0);";
    connection.execute_batch(sql).unwrap();
    assert_eq!(said(&database).unwrap(), "11 USD of 2 rows");
}

#[test]
fn what_cannot_be_read_says_where_and_why() {
    let home = Home::new("wrong");
    let error = |file: &str, text: &str| {
        std::fs::write(home.0.join(file), text).unwrap();
        said(&mapped(&home, file, None)).unwrap_err()
    };
    let ends = "; the bot's own profit was not compared";
    let said_of = error("a.csv", "closed_at,profit\n");
    assert!(said_of.contains("has no column fee; its first line names closed_at, profit"), "{said_of}");
    assert!(said_of.ends_with(ends), "{said_of}");
    let said_of = error("b.csv", "closed_at,profit,fee\nyesterday,1,0\n");
    assert!(said_of.contains("line 2: `yesterday` in column closed_at is no time"), "{said_of}");
    let said_of = error("c.csv", "closed_at,profit,fee\n2026-11-27T12:00:00Z,1.5.1,0\n");
    assert!(said_of.contains("`1.5.1` in column profit is no number"), "{said_of}");
    assert!(error("d.csv", "").contains("is empty"));
    assert!(error("e.csv", &"x".repeat(70_000)).contains("is longer than"));
    assert!(said(&mapped(&home, "none.csv", None)).is_err());
    assert!(said(&mapped(&home, "none.sqlite3", Some("t"))).unwrap_err().contains("is not there"));
}

#[test]
fn a_column_that_a_table_does_not_have_is_named() {
    let home = Home::new("column");
    let database = BotDatabase { fees: None, ..mapped(&home, "own.sqlite3", Some("trades")) };
    let connection = Connection::open(&database.file).unwrap();
    connection.execute_batch("CREATE TABLE trades (closed_at TEXT, pnl REAL)").unwrap();
    let error = said(&database).unwrap_err();
    assert!(error.contains("table trades has no column profit"), "{error}");
}
