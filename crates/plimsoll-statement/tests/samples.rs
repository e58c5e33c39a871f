//! Statements that real accounts downloaded, and that people have anonymised.
//!
//! Reads `data/broker/ibkr_flex` in `PLIMSOLL_SHARED`. Without it these tests have nothing to read and say so.

use std::collections::BTreeMap;
use std::path::PathBuf;

use plimsoll_statement::{StatementFile, oddities, read};

fn samples() -> BTreeMap<String, StatementFile> {
    let Ok(shared) = std::env::var("PLIMSOLL_SHARED") else {
        eprintln!("PLIMSOLL_SHARED is not set; no statement was read");
        return BTreeMap::new();
    };
    let folder = PathBuf::from(shared).join("data/broker/ibkr_flex");
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let file = std::fs::File::open(&path).expect("a file");
        let read = read(std::io::BufReader::new(file));
        all.insert(name, read.unwrap_or_else(|error| panic!("{}: {error}", path.display())));
    }
    assert!(!all.is_empty(), "{} has no statements", folder.display());
    all
}

#[test]
fn every_row_of_every_sample_is_read() {
    for (name, file) in samples() {
        assert!(!file.statements.is_empty(), "{name}");
        assert_eq!(file.problems, [], "{name}");
        for statement in &file.statements {
            let rows = |section: &str| statement.sections.get(section).copied().unwrap_or(0);
            assert_eq!(statement.trades.len() as u64, rows("Trades"), "{name}");
            assert_eq!(statement.moves.len() as u64, rows("CorporateActions"), "{name}");
            assert_eq!(statement.open_positions.len() as u64, rows("OpenPositions"), "{name}");
            // The one sample that has sums beside the rows has one of each.
            let sums = u64::from(name == "statement03.xml");
            let money = rows("CashTransactions") + rows("SalesTaxes") - sums;
            assert_eq!(statement.cash.len() as u64, money, "{name}");
        }
    }
}

#[test]
fn the_samples_lack_the_execution_s_id_as_often_as_was_counted() {
    let all = samples();
    let trades: Vec<_> = all.values().flat_map(|file| &file.statements).flat_map(|s| &s.trades).collect();
    if trades.is_empty() {
        return;
    }
    // Counted in the files by another program.
    let without = trades.iter().filter(|trade| trade.exec_id.is_none()).count();
    assert_eq!((trades.len(), without), (39, 13));
}

#[test]
fn what_contradicts_itself_in_the_samples_is_found_and_nothing_else() {
    let mut odd: Vec<String> = Vec::new();
    for (name, file) in samples() {
        for statement in &file.statements {
            odd.extend(oddities(statement).into_iter().map(|what| format!("{name}: {what}")));
        }
    }
    if odd.is_empty() {
        return;
    }
    // Seen by eye in the files, most of which people have pieced together from several.
    let count = |what: &str| odd.iter().filter(|odd| odd.contains(what)).count();
    assert_eq!(count("is of 20"), 9, "{odd:#?}");
    assert_eq!(count("was made on"), 1, "{odd:#?}");
    assert_eq!(count("are of U2379850"), 2, "{odd:#?}");
    assert_eq!(count("was derived from its sums and rounded"), 1, "{odd:#?}");
}
