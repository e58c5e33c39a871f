//! `orders --history`, `executions`: what the journal's tables know of all days, with or without a running
//! gateway.

use plimsoll_runtime::projection::{self, Filter, ReadError};
use serde_json::Value;

use super::Outcome;
use super::views::rows;
use crate::cli::History;
use crate::exit::{Exit, Failure};
use crate::output;

const ORDERS: &[&str] = &[
    "since",
    "bot",
    "account",
    "side",
    "qty",
    "symbol",
    "type",
    "limit",
    "filled",
    "avg_price",
    "status",
    "denied_by",
    "cl_ord_id",
];
const EXECUTIONS: &[&str] = &[
    "at",
    "bot",
    "account",
    "side",
    "qty",
    "symbol",
    "price",
    "commission",
    "commission_currency",
    "cl_ord_id",
    "exec_id",
];

pub(crate) fn orders(query: &History) -> Outcome {
    answer(query, projection::orders, ORDERS)
}

pub(crate) fn executions(query: &History) -> Outcome {
    answer(query, projection::executions, EXECUTIONS)
}

type Question = fn(&std::path::Path, &Filter) -> Result<Vec<Value>, ReadError>;

fn answer(query: &History, question: Question, columns: &[&str]) -> Outcome {
    let file = super::gateway_dir::find(&query.reach)?.join(projection::FILE);
    let filter = Filter { from: query.from, to: query.to, bot: query.bot.clone() };
    let all = question(&file, &filter).map_err(|error| Failure::new(Exit::Environment, error))?;
    let all = Value::Array(all);
    if query.json {
        output::json(&all)?;
    } else {
        rows(&all, columns)?;
    }
    Ok(Exit::Good)
}
