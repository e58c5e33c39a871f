//! Differences as rows: the promised columns, and what a statement adds to them.

use jiff::civil::Date;
use plimsoll_ledger::statement::{Break, Certainty, Comparison, Effect};
use plimsoll_statement::shown;
use serde_json::{Map, Value, json};

/// The columns of the table for people.
pub(crate) const COLUMNS: &[&str] =
    &["account", "symbol", "kind", "ledger", "venue", "bot", "execution", "cash", "since"];

/// One difference. Texts come from a file of the broker's, or whoever wrote it.
pub(crate) fn row(one: &Break, until: Option<Date>) -> Value {
    let text = |text: &Option<Box<str>>| text.as_deref().map(shown);
    let since = one.at.map(|at| at.to_string()).or_else(|| until.map(|date| date.to_string()));
    json!({
        "account": one.account.as_str(),
        "symbol": shown(one.about.as_str()),
        "ledger": text(&one.ledger),
        "venue": text(&one.venue),
        "kind": one.kind.as_str(),
        "since": since,
        "bot": one.bot.as_ref().map(plimsoll_model::BotName::as_str),
        "execution": Some(shown(&one.name)).filter(|name| !name.is_empty()),
        "qty": one.effect.as_ref().map(|effect| effect.qty.normalize().to_string()),
        "cash": one.effect.as_ref().map(cash),
    })
}

/// `{"USD": "-12.5"}`: by how much the broker's side is more.
fn cash(effect: &Effect) -> Value {
    let sums = effect
        .cash
        .iter()
        .map(|(currency, sum)| (currency.to_string(), Value::String(sum.normalize().to_string())));
    Value::Object(sums.collect::<Map<_, _>>())
}

/// The same rows with their sums as one text each.
pub(crate) fn for_people(rows: &[Value]) -> Value {
    let plain = |row: &Value| {
        let mut row = row.clone();
        let sums = row["cash"].as_object().map(|sums| {
            let each =
                sums.iter().map(|(currency, sum)| format!("{} {currency}", sum.as_str().unwrap_or("?")));
            each.collect::<Vec<_>>().join(", ")
        });
        row["cash"] = sums.filter(|sums| !sums.is_empty()).into();
        row
    };
    Value::Array(rows.iter().map(plain).collect())
}

/// How executions were paired, in a sentence.
pub(crate) fn pairs(found: &Comparison) -> String {
    let mut parts = Vec::new();
    for (certainty, words) in [
        (Certainty::ExecId, "by their id"),
        (Certainty::TradeId, "by the broker's trade"),
        (Certainty::OrderRef, "by their order's reference"),
        (Certainty::Value, "by value and time"),
        (Certainty::Alike, "as one of several alike"),
        (Certainty::Shared, "as shares of a netted order"),
    ] {
        match found.matched(certainty) {
            0 => {}
            count => parts.push(format!("{count} {words}")),
        }
    }
    if parts.is_empty() {
        return "no execution was paired".to_owned();
    }
    format!("{} executions paired: {}", found.matches.len(), parts.join(", "))
}

/// How executions were paired, by certainty.
pub(crate) fn pair_counts(found: &Comparison) -> Value {
    let all = [
        Certainty::ExecId,
        Certainty::TradeId,
        Certainty::OrderRef,
        Certainty::Value,
        Certainty::Alike,
        Certainty::Shared,
    ];
    let counts = all.map(|certainty| (certainty.as_str().to_owned(), Value::from(found.matched(certainty))));
    Value::Object(counts.into_iter().collect())
}
