//! What a night did not compare: accounts and days that the statement leaves out, and records that it lacks. A night that
//! compared nothing is not a good one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Span;
use jiff::civil::Date;
use plimsoll_calendar::Calendar;
use plimsoll_model::{Account, ExecId};
use plimsoll_statement::Statement;
use serde_json::Value;

/// How many of the evening's executions are taken over from the report before.
const OWED_MAX: usize = 100_000;

/// How a report says that it is against a statement.
pub(crate) const STATEMENT: &str = "statement ";

/// What statements have to cover.
pub(crate) struct Wanted<'a> {
    pub(crate) accounts: &'a [Account],
    /// None: whichever day the statement is of.
    pub(crate) day: Option<Date>,
}

impl Wanted<'_> {
    /// What of it the statements leave out, for people; empty: nothing.
    pub(crate) fn missing(&self, sheets: &[Statement]) -> Vec<String> {
        self.accounts.iter().flat_map(|account| self.missing_of(account, sheets)).collect()
    }

    fn missing_of(&self, account: &Account, sheets: &[Statement]) -> Vec<String> {
        let own: Vec<&Statement> =
            sheets.iter().filter(|sheet| sheet.account.as_ref() == Some(account)).collect();
        if own.is_empty() {
            return vec![format!("{account}: no statement of it is in the file; nothing of it was compared")];
        }
        let covers =
            |sheet: &&&Statement| self.day.is_none_or(|day| sheet.from <= Some(day) && sheet.to >= Some(day));
        let Some(sheet) = own.iter().find(covers) else {
            let periods: Vec<String> = own.iter().map(|sheet| period(sheet)).collect();
            let day = self.day.map_or_else(String::new, |day| day.to_string());
            return vec![format!(
                "{account}: the statement covers {} and not {day}; that day was not compared",
                periods.join(", ")
            )];
        };
        let sections = [("Trades", "executions"), ("OpenPositions", "holdings")];
        let lacks = sections.into_iter().filter(|(section, _)| !sheet.has(section));
        lacks
            .map(|(section, what)| {
                format!("{account}: the statement has no section {section}; {what} were not compared")
            })
            .collect()
    }
}

fn period(sheet: &Statement) -> String {
    let day = |date: Option<Date>| date.map_or("?".to_owned(), |date| date.to_string());
    format!("{} to {}", day(sheet.from), day(sheet.to))
}

/// Executions that the last night before `first` left to the next statement: of the evening, and not in its own. An error
/// says that they are not judged. A night without a statement, or of other accounts, leaves nothing and takes nothing away.
pub(crate) fn owed(reports: &Path, account: &str, first: Date) -> Result<BTreeSet<ExecId>, String> {
    let Ok(files) = std::fs::read_dir(reports) else { return Ok(BTreeSet::new()) };
    let mut before: Vec<(Date, PathBuf)> = files
        .filter_map(|file| {
            let path = file.ok()?.path();
            let name = path.file_name()?.to_str()?;
            let date: Date = name.strip_prefix("nightly-")?.strip_suffix(".json")?.parse().ok()?;
            (date < first).then_some((date, path))
        })
        .collect();
    before.sort();
    for (date, path) in before.into_iter().rev() {
        let unread =
            |why: String| format!("{}: {why}; what its evening left over was not compared", path.display());
        let text = std::fs::read_to_string(&path).map_err(|error| unread(error.to_string()))?;
        let report: Value = serde_json::from_str(&text).map_err(|error| unread(error.to_string()))?;
        let by_statement = report["against"].as_str().is_some_and(|against| against.starts_with(STATEMENT));
        let nights = report["accounts"].as_array().into_iter().flatten();
        let of_it: Vec<&Value> = nights.filter(|night| night["account"] == account).collect();
        if !by_statement || of_it.is_empty() {
            continue;
        }
        if let Some(skipped) = session_between(date, first) {
            return Err(unread(format!("{account}: nobody has compared {skipped}, which lies between")));
        }
        let left = of_it.into_iter().flat_map(|night| night["unjudged"].as_array().into_iter().flatten());
        return Ok(left.filter_map(|id| ExecId::new(id.as_str()?)).take(OWED_MAX).collect());
    }
    Ok(BTreeSet::new())
}

/// The first session after one date and before another.
fn session_between(after: Date, before: Date) -> Option<Date> {
    let calendar = Calendar::us_equities();
    let days = after.tomorrow().ok()?.series(Span::new().days(1)).take_while(|day| *day < before);
    days.into_iter().find(|day| calendar.session(*day).is_ok_and(|session| session.is_some()))
}
