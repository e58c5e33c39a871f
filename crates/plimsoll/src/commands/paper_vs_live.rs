//! `plimsoll report paper-vs-live`: orders against a rule of live accounts, and what became of them here. In observe mode they
//! went on, and a paper account lets most of them through; in enforce mode they were kept back.
//!
//! Owns which guards stand for a rule that paper accounts do not have, and what a live account does instead. Does not own
//! what a bot's own limits say: those are the same everywhere.

use plimsoll_core::GuardId;
use plimsoll_runtime::projection::{self, Filter};
use serde_json::{Value, json};

use super::Outcome;
use super::views::rows;
use crate::cli::History;
use crate::exit::{Exit, Failure};
use crate::output;

const COLUMNS: &[&str] =
    &["at", "bot", "account", "side", "qty", "symbol", "type", "here", "status", "filled", "guard", "live"];

pub(crate) fn run(query: &History) -> Outcome {
    let file = super::gateway_dir::find(&query.reach)?.join(projection::FILE);
    let filter = Filter { from: query.from, to: query.to, bot: query.bot.clone() };
    let all = projection::spoken_against(&file, &filter);
    let all = all.map_err(|error| Failure::new(Exit::Environment, error))?;
    let found: Vec<Value> = all.iter().filter_map(row).collect();
    let let_through = found.iter().filter(|row| row["here"] == LET_THROUGH).count();
    if query.json {
        output::json(&Value::Array(found))?;
    } else if found.is_empty() {
        output::line("no order was against a rule of live accounts")?;
    } else {
        let kept = found.len() - let_through;
        rows(&Value::Array(found), COLUMNS)?;
        output::line(&format!("{let_through} were let through, {kept} kept back by Plimsoll"))?;
    }
    Ok(if let_through == 0 { Exit::Good } else { Exit::No })
}

const LET_THROUGH: &str = "let_through";

/// The row of an order against a rule of live accounts; nothing for what no rule of theirs is about.
fn row(spoken: &Value) -> Option<Value> {
    let guard = spoken["guard"].as_str()?;
    let (_, live) = LIVE.iter().find(|(id, _)| id.as_str() == guard)?;
    let status = spoken["status"].as_str();
    // What was only observed left, and then the venue itself may have refused it.
    let here = match (spoken["kind"].as_str()?, status) {
        ("observed", Some("rejected")) => "refused",
        ("observed", _) => LET_THROUGH,
        _ => "kept_back",
    };
    let text = spoken["text"].as_str().unwrap_or_default();
    let why = text.split_once("Plimsoll ").map_or(text, |(_, why)| why);
    let mut row = json!({ "here": here, "guard": guard, "live": live, "why": why });
    for key in ["at", "bot", "account", "side", "qty", "symbol", "type", "status", "filled", "cl_ord_id"] {
        row[key] = spoken[key].clone();
    }
    Some(row)
}

/// The guards that stand for a rule of live accounts, and what a live account does with such an order.
const LIVE: &[(GuardId, &str)] = &[
    (GuardId::Supported, "refuses it, or does what nobody has bounded"),
    (GuardId::Account, "takes the default account, or error 321 or 435"),
    (GuardId::TradingSession, "holds it until the next session, or refuses it"),
    (GuardId::CloseCutoff, "refuses it, or it misses the auction"),
    (GuardId::SelfMatch, "cancels both orders, error 202"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(kind: &str, guard: &str, status: &str) -> Value {
        let text = format!("{kind} 1 order 7: Plimsoll {guard}: late");
        json!({ "kind": kind, "guard": guard, "status": status, "text": text, "bot": "trend" })
    }

    #[test]
    fn an_order_that_was_only_observed_was_let_through_unless_the_venue_refused_it() {
        let here = |kind, status| row(&spoken(kind, "close_cutoff", status)).unwrap()["here"].clone();
        assert_eq!(here("observed", "filled"), "let_through");
        assert_eq!(here("observed", "rejected"), "refused");
        assert_eq!(here("deny", "denied"), "kept_back");
    }

    #[test]
    fn a_bot_s_own_limit_is_no_rule_of_live_accounts() {
        assert!(row(&spoken("deny", "limits", "denied")).is_none());
        assert_eq!(row(&spoken("deny", "self_match", "denied")).unwrap()["why"], "self_match: late");
    }

    #[test]
    fn a_late_on_close_order_of_a_paper_account_is_in_the_report() {
        let home = std::env::temp_dir().join(format!("plimsoll-paper-{}", std::process::id()));
        std::fs::create_dir_all(&home).unwrap();
        crate::drill::played_in(&home, include_str!("../../../../drills/late-moc-on-paper.drill"));
        let file = home.join("state").join(projection::FILE);
        let all = projection::spoken_against(&file, &Filter::default()).unwrap();
        let other = Filter { bot: Some("revert".to_owned()), ..Filter::default() };
        let none = projection::spoken_against(&file, &other).unwrap();
        std::fs::remove_dir_all(&home).unwrap();
        let found: Vec<Value> = all.iter().filter_map(row).collect();
        assert_eq!(found.len(), 1, "{all:?}");
        let words =
            ["bot", "side", "qty", "symbol", "type", "here", "guard", "live"].map(|key| &found[0][key]);
        assert_eq!(
            words,
            [
                "trend",
                "SELL",
                "40",
                "SPY",
                "MOC",
                "kept_back",
                "close_cutoff",
                "refuses it, or it misses the auction"
            ]
        );
        assert_eq!(none, [Value::Null; 0]);
    }
}
