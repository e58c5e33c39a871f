//! The result goes to stdout and nothing else does; a closed pipe is a good end. Tables are plain text
//! that a screen reader and `cut` can read.

use std::io::{self, Write};

use serde_json::Value;

/// Writes one line to stdout.
pub(crate) fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Writes one JSON document.
pub(crate) fn json(value: &Value) -> io::Result<()> {
    line(&value.to_string())
}

/// Rows under a header, columns as wide as their widest cell, numbers to the right.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let right: Vec<bool> = (0..header.len())
        .map(|column| !rows.is_empty() && rows.iter().all(|row| row.get(column).is_none_or(|c| is_number(c))))
        .collect();
    let mut text = String::new();
    let header: Vec<String> = header.iter().map(|cell| (*cell).to_owned()).collect();
    for row in std::iter::once(&header).chain(rows) {
        let mut line = String::new();
        for ((cell, width), right) in row.iter().zip(&widths).zip(&right) {
            let pad = " ".repeat(width - cell.chars().count());
            let (before, after) = if *right { (&*pad, "") } else { ("", &*pad) };
            line.push_str(before);
            line.push_str(cell);
            line.push_str(after);
            line.push_str("  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn is_number(cell: &str) -> bool {
    cell.is_empty()
        || cell == "-"
        || cell.trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit())
}

/// Whether a person watches stdout, or `CLICOLOR_FORCE` says so.
pub(crate) fn is_terminal() -> bool {
    use std::io::IsTerminal as _;
    let forced = std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0");
    forced || io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Whether colours are welcome.
pub(crate) fn colours() -> bool {
    is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_to_the_right_and_words_to_the_left() {
        let rows = vec![vec!["SPY".into(), "100".into()], vec!["BRK.B".into(), "-5".into()]];
        assert_eq!(table(&["symbol", "qty"], &rows), "symbol  qty\nSPY     100\nBRK.B    -5\n");
    }

    #[test]
    fn a_table_without_rows_is_its_header() {
        assert_eq!(table(&["symbol", "qty"], &[]), "symbol  qty\n");
    }
}
