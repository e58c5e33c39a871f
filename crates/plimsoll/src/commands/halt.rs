//! `halt` needs nothing. `resume` needs a person at a terminal who types the name, or the token's file.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

use plimsoll_core::HaltLevel;
use plimsoll_runtime::operator::{FLEET, HaltOrder, ResumeOrder};
use plimsoll_runtime::operator_client::{self, ClientError};
use serde_json::Value;

use super::{Outcome, gateway_dir};
use crate::cli::{Halt, Resume};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::statement::pending;

pub(crate) fn halt(options: &Halt) -> Outcome {
    let dir = gateway_dir::find_for_halt(&options.reach);
    let level = if options.all { HaltLevel::All } else { HaltLevel::NewRisk };
    let order = HaltOrder {
        level: level.as_str().to_owned(),
        bot: options.bot.clone(),
        by: who(),
        reason: options.reason.clone(),
    };
    let said = operator_client::halt(&dir, &order);
    super::runtime()?.block_on(said).map_err(failure)?;
    output::line(&format!("halted {} ({level})", options.bot.as_deref().unwrap_or(FLEET)))?;
    if options.all { report_survivors(&dir, options.bot.as_deref()) } else { Ok(Exit::Good) }
}

/// How often the venue's answers to the cancels are looked for, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOOKS: usize = 20;

/// A stop of everything is only done when nothing works any more. What still does, because its bot is not
/// connected or the venue has not answered, is named: a person has to cancel it at the broker.
fn report_survivors(dir: &Path, bot: Option<&str>) -> Outcome {
    let survivors = super::runtime()?.block_on(async {
        let mut left = Vec::new();
        for _ in 0..LOOKS {
            left = working(&operator_client::get(dir, "/orders").await?, bot);
            if left.is_empty() {
                break;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(left)
    });
    let survivors = survivors.map_err(failure)?;
    if survivors.is_empty() {
        return Ok(Exit::Good);
    }
    output::line("still working; cancel these at the broker:")?;
    for order in &survivors {
        output::line(&format!("  {order}"))?;
    }
    Ok(Exit::Refused)
}

/// The orders that can still execute, as one line each.
fn working(orders: &Value, bot: Option<&str>) -> Vec<String> {
    let ended = ["filled", "canceled", "rejected", "denied"];
    let text = |order: &Value, key: &str| order[key].as_str().unwrap_or("-").to_owned();
    let open = |order: &&Value| !ended.contains(&order["status"].as_str().unwrap_or_default());
    let of_bot = |order: &&Value| bot.is_none_or(|bot| order["bot"] == bot);
    let line = |order: &Value| {
        ["bot", "account", "side", "qty", "symbol", "type", "status", "cl_ord_id"]
            .map(|key| text(order, key))
            .join(" ")
    };
    orders.as_array().into_iter().flatten().filter(open).filter(of_bot).map(line).collect()
}

pub(crate) fn resume(options: &Resume) -> Outcome {
    let dir = gateway_dir::find(&options.reach)?;
    let what = options.bot.as_deref().unwrap_or(FLEET);
    let token = token(options.token_file.as_deref())?;
    let typed_name = if token.is_none() { Some(typed(what, "resumed")?) } else { None };
    let order =
        ResumeOrder { bot: options.bot.clone(), by: who(), reason: options.reason.clone(), typed_name };
    let said = operator_client::resume(&dir, &order, token.as_deref());
    super::runtime()?.block_on(said).map_err(failure)?;
    if let Some(bot) = &options.bot {
        // One of which the night did not hear that it came into force must not come back with the next start.
        pending::remove(&dir, bot)?;
    }
    output::line(&format!("resumed {what}"))?;
    Ok(Exit::Good)
}

/// The operator's token, if a file was named.
pub(super) fn token(file: Option<&Path>) -> Result<Option<String>, Failure> {
    let text = file.map(std::fs::read_to_string).transpose()?;
    Ok(text.map(|text| text.trim().to_owned()))
}

/// Asks the person at the terminal for the name. A script has no terminal. `done` is what was not done without it.
pub(super) fn typed(what: &str, done: &str) -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        let error = anyhow::anyhow!(
            "this needs a person at a terminal, or --token-file with the operator's token; nothing was {done}"
        );
        return Err(Failure::new(Exit::Refused, error));
    }
    eprint!("type `{what}` to let it take new risk again: ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    let answer = answer.trim().to_owned();
    if answer != what {
        let error = anyhow::anyhow!("`{answer}` is not `{what}`; nothing was {done}");
        return Err(Failure::new(Exit::Refused, error));
    }
    Ok(answer)
}

/// Who is at the keyboard, for the journal.
pub(super) fn who() -> String {
    std::env::var("USER").unwrap_or_else(|_| "operator".to_owned())
}

pub(super) fn failure(error: ClientError) -> Failure {
    Failure::new(Exit::from(&error), error)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_can_still_execute_is_named() {
        let row = |bot: &str, status: &str| {
            json!({ "bot": bot, "account": "DU1", "side": "BUY", "qty": "10", "symbol": "SPY",
                    "type": "LMT", "status": status, "cl_ord_id": "SPY-trend-20261127-1" })
        };
        let orders = json!([row("trend", "new"), row("trend", "filled"), row("revert", "unknown")]);
        assert_eq!(working(&orders, Some("trend")), ["trend DU1 BUY 10 SPY LMT new SPY-trend-20261127-1"]);
        assert_eq!(working(&orders, None).len(), 2);
    }
}
