//! `plimsoll statement`: a file by itself, and the query that it should come from.

use plimsoll_ledger::statement::{Break, Comparison, compare};
use plimsoll_statement::query::{self, Lack, Level, SECTIONS, SETTINGS};
use plimsoll_statement::{
    OwnLedger, Statement as Sheet, StatementFile, Trade, books_for_own, oddities, shown,
};
use serde_json::{Value, json};

use super::Outcome;
use super::views::rows;
use crate::cli::Statement;
use crate::exit::Exit;
use crate::output;
use crate::statement::{file, told};

pub(crate) fn run(what: &Statement) -> Outcome {
    match what {
        Statement::Check(options) => {
            let file = file::open(&options.file)?;
            let checked = Checked::of(&file);
            if options.json {
                output::json(&checked.as_json(&file))?
            } else {
                checked.print(&file)?
            }
            Ok(if checked.is_good() { Exit::Good } else { Exit::No })
        }
        Statement::Query(options) => {
            if options.json {
                output::json(&query_json())?
            } else {
                output::line(query_text().trim_end())?
            }
            Ok(Exit::Good)
        }
    }
}

/// What was found out about a file.
struct Checked {
    lacks: Vec<Lack>,
    sheets: Vec<CheckedSheet>,
    problems: u64,
}

/// And about one account in it.
struct CheckedSheet {
    odd: Vec<String>,
    found: Comparison,
    taken_back: usize,
}

impl Checked {
    fn of(file: &StatementFile) -> Self {
        let sheets = file.statements.iter().map(CheckedSheet::of).collect();
        Self { lacks: query::check(file), sheets, problems: file.problem_count }
    }

    /// Odd things are for a person to look at; the rest is wrong.
    fn is_good(&self) -> bool {
        self.problems == 0
            && !self.lacks.iter().any(Lack::is_of_the_query)
            && self.sheets.iter().all(|sheet| sheet.found.breaks.is_empty())
            && !self.sheets.is_empty()
    }

    fn as_json(&self, file: &StatementFile) -> Value {
        let sheets: Vec<Value> =
            file.statements.iter().zip(&self.sheets).map(|(sheet, checked)| checked.as_json(sheet)).collect();
        json!({
            "good": self.is_good(),
            "query_name": shown(&file.query),
            "statements": sheets,
            "query": self.lacks.iter().map(lack_json).collect::<Vec<_>>(),
            "problems": file.problems.iter().map(|problem| problem.to_string()).collect::<Vec<_>>(),
            "problem_count": self.problems,
        })
    }

    fn print(&self, file: &StatementFile) -> std::io::Result<()> {
        if file.statements.is_empty() {
            output::line("the file has no statement: the query found no account, or its period has no day")?;
        }
        for (sheet, checked) in file.statements.iter().zip(&self.sheets) {
            checked.print(sheet)?;
        }
        for lack in &self.lacks {
            output::line(&lack_text(lack))?;
        }
        for problem in &file.problems {
            output::line(&format!("left out or changed: {problem}"))?;
        }
        if let Some(more) = self.problems.checked_sub(file.problems.len() as u64).filter(|more| *more > 0) {
            output::line(&format!("and {more} more of these"))?;
        }
        output::line(if self.is_good() {
            "good: the query has what is needed, and the statement agrees with its own trades"
        } else {
            "not good; `plimsoll statement query` shows the query that is needed"
        })
    }
}

impl CheckedSheet {
    fn of(sheet: &Sheet) -> Self {
        let trades: Vec<&Trade> = sheet.trades.iter().collect();
        let own = OwnLedger::of(sheet);
        let mut odd = oddities(sheet);
        odd.extend(own.refused.iter().cloned());
        let found = compare(&own.books(sheet, &trades), &books_for_own(sheet));
        Self { odd, found, taken_back: sheet.counted().1.len() }
    }

    fn breaks(&self, sheet: &Sheet) -> Vec<Value> {
        self.found.breaks.iter().map(|one: &Break| told::row(one, sheet.to)).collect()
    }

    fn as_json(&self, sheet: &Sheet) -> Value {
        let checked = books_for_own(sheet);
        json!({
            "account": sheet.account.as_ref().map(plimsoll_model::Account::as_str),
            "from": sheet.from.map(|date| date.to_string()),
            "to": sheet.to.map(|date| date.to_string()),
            "trades": sheet.trades.len(),
            "taken_back": self.taken_back,
            "bookings": sheet.cash.len(),
            "holdings": sheet.open_positions.len(),
            "compared": {
                "executions": self.found.matches.len(),
                "holdings": checked.positions.len(),
                "currencies": checked.cash.len(),
                "profits": checked.realised.len(),
            },
            "breaks": self.breaks(sheet),
            "odd": self.odd,
        })
    }

    fn print(&self, sheet: &Sheet) -> std::io::Result<()> {
        let day = |date: Option<jiff::civil::Date>| date.map_or("?".to_owned(), |date| date.to_string());
        let account = sheet.account.as_ref().map_or("no account", plimsoll_model::Account::as_str);
        let Sheet { trades, cash, open_positions, .. } = sheet;
        output::line(&format!(
            "{account} {} to {}: {} trades ({} taken back), {} bookings of cash, {} holdings",
            day(sheet.from),
            day(sheet.to),
            trades.len(),
            self.taken_back,
            cash.len(),
            open_positions.len()
        ))?;
        let checked = books_for_own(sheet);
        output::line(&format!(
            "  compared with a ledger of its own trades: {} executions, {} holdings, {} currencies of cash, {} profits",
            self.found.matches.len(),
            checked.positions.len(),
            checked.cash.len(),
            checked.realised.len()
        ))?;
        for odd in &self.odd {
            output::line(&format!("  odd: {odd}"))?;
        }
        let breaks = self.breaks(sheet);
        if breaks.is_empty() { Ok(()) } else { rows(&told::for_people(&breaks), told::COLUMNS) }
    }
}

fn lack_json(lack: &Lack) -> Value {
    json!({
        "section": lack.section,
        "field": lack.field,
        "rows": lack.rows.map(|(rows, _)| rows),
        "of": lack.rows.map(|(_, of)| of),
        "needed": lack.level == Level::Must,
        "lost": lack.lost,
    })
}

fn lack_text(lack: &Lack) -> String {
    let what = match (lack.field, lack.rows) {
        (None, _) => format!("section {} is not in the file", lack.section),
        (Some(field), None) => format!("field {field} of {} is not in the file", lack.section),
        (Some(field), Some((rows, of))) => {
            format!("field {field} of {} is empty in {rows} of {of} rows", lack.section)
        }
    };
    let weight = if lack.level == Level::Must { "needed" } else { "better with" };
    format!("{weight}: {what}: {}", lack.lost)
}

fn query_json() -> Value {
    let field = |field: &query::Field| json!({ "name": field.name, "needed": field.level == Level::Must, "lost": field.lost });
    let section = |section: &query::Section| {
        json!({
            "title": section.title,
            "name": section.name,
            "options": section.options,
            "needed": section.level == Level::Must,
            "lost": section.lost,
            "fields": section.fields.iter().map(field).collect::<Vec<_>>(),
        })
    };
    json!({
        "settings": SETTINGS.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect::<Vec<_>>(),
        "sections": SECTIONS.iter().map(section).collect::<Vec<_>>(),
    })
}

fn query_text() -> String {
    let mut text =
        "an Activity Flex Query in Client Portal (Performance & Reports, Flex Queries) with these settings:\n"
            .to_owned();
    for (name, value) in SETTINGS {
        text += &format!("  {name}: {value}\n");
    }
    text += "and these sections; a field with a star can be left out, at a price:\n";
    for section in SECTIONS {
        let star = if section.level == Level::Must { "" } else { " *" };
        let options =
            if section.options.is_empty() { String::new() } else { format!(" ({})", section.options) };
        text += &format!("\n{}{star}{options}\n  without it: {}\n", section.title, section.lost);
        for field in section.fields {
            let star = if field.level == Level::Must { "" } else { " *" };
            text += &format!("  {}{star}: without it {}\n", field.name, field.lost);
        }
    }
    text
}
