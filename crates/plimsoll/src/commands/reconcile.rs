//! `plimsoll reconcile`: what was booked against the broker's statement, or against what the broker says now.

use std::collections::BTreeSet;

use plimsoll_runtime::operator_client;
use plimsoll_statement::shown;
use serde_json::Value;

use super::views::rows;
use super::{Outcome, gateway_dir};
use crate::cli::Reconcile;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::statement::booked::Tables;
use crate::statement::{file, told};

pub(crate) fn run(options: &Reconcile) -> Outcome {
    match &options.statement {
        Some(path) => with_statement(options, path),
        None => with_the_broker(options),
    }
}

fn with_statement(options: &Reconcile, path: &std::path::Path) -> Outcome {
    let dir = gateway_dir::find(&options.reach)?;
    let sheets = file::open(path)?;
    let tables = Tables::read(&dir)?;
    let mut all: Vec<Value> = Vec::new();
    for problem in &sheets.problems {
        eprintln!("plimsoll: left out or changed: {problem}");
    }
    if sheets.statements.is_empty() {
        let text = format!("{}: no statement is in it; nothing was compared", path.display());
        return Err(Failure::new(Exit::No, anyhow::anyhow!(text)));
    }
    for sheet in &sheets.statements {
        let account =
            sheet.account.as_ref().map_or("no account".to_owned(), |account| shown(account.as_str()));
        let compared = tables.compare(sheet, &BTreeSet::new())?;
        all.extend(compared.found.breaks.iter().map(|one| told::row(one, sheet.to)));
        if !options.json {
            output::line(&format!("{account}: {}", told::pairs(&compared.found)))?;
            for note in compared.notes() {
                output::line(&format!("  note: {note}"))?;
            }
        }
    }
    say(&all, options.json)?;
    Ok(if all.is_empty() && sheets.problem_count == 0 { Exit::Good } else { Exit::No })
}

fn with_the_broker(options: &Reconcile) -> Outcome {
    let dir = gateway_dir::find(&options.reach)?;
    let asked = super::runtime()?.block_on(async {
        let status = operator_client::get(&dir, "/status").await?;
        Ok((status, operator_client::get(&dir, "/breaks").await?))
    });
    let (status, breaks) = asked.map_err(|error| Failure::new(Exit::from(&error), error))?;
    let state = status["state"].as_str().unwrap_or_default();
    if matches!(state, "starting" | "reconciling") {
        let text = format!("the gateway is {state}: the broker has not told everything yet; ask again");
        return Err(Failure::new(Exit::No, anyhow::anyhow!(text)));
    }
    let all = breaks.as_array().cloned().unwrap_or_default();
    say(&all, options.json)?;
    Ok(if all.is_empty() { Exit::Good } else { Exit::No })
}

fn say(all: &[Value], as_json: bool) -> std::io::Result<()> {
    if as_json {
        return output::json(&Value::Array(all.to_vec()));
    }
    if all.is_empty() { output::line("no breaks") } else { rows(&told::for_people(all), told::COLUMNS) }
}
