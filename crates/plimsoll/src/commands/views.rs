//! `status`, `clock`, `bots`, `orders`, `positions`, `breaks`: what the running gateway says, as a table or as the
//! JSON that it sends.

use serde_json::Value;

use super::Outcome;
use crate::cli::{Ask, History, Reach};
use crate::exit::{Exit, Failure};
use crate::output;

pub(crate) fn status(query: &Ask) -> Outcome {
    let status = ask(&query.reach, "/status")?;
    if query.json {
        output::json(&status)?;
        return Ok(Exit::Good);
    }
    output::line(&format!(
        "{} ({}, {})  clock {}  journal {}",
        text(&status["state"]),
        text(&status["mode"]),
        text(&status["environment"]),
        reading(&status["clock"]),
        text(&status["journal"]["seq"]),
    ))?;
    if let Some(halt) = status["halt"].as_object() {
        let part = |key: &str| halt.get(key).map(text).unwrap_or_default();
        output::line(&format!("halted ({}) by {}: {}", part("level"), part("by"), part("reason")))?;
    }
    rows(&status["bots"], BOTS)?;
    jobs(&status["jobs"])?;
    fallbacks(&status["fallbacks"])?;
    for (bot, waiting) in status["pacing"]["waiting"].as_object().into_iter().flatten() {
        let most = text(&status["pacing"]["per_second"]);
        let waiting = text(waiting);
        output::line(&format!(
            "note: {waiting} messages of {bot} wait: the venue takes {most} a second over all clients of the login"
        ))?;
    }
    history(&status["history"])?;
    for bot in status["bots"].as_array().into_iter().flatten().filter(|bot| bot["bars"]["left_out"] != 0) {
        let (name, left_out) = (text(&bot["name"]), text(&bot["bars"]["left_out"]));
        output::line(&format!("note: {left_out} bars outside of the session were not passed on to {name}"))?;
    }
    if status["venue"]["read_only"] == true {
        output::line(
            "note: the broker's API is read-only, so every order is denied; untick Read-Only API in TWS's API settings",
        )?;
    }
    if text(&status["drop_copy"]) == "absent" {
        output::line(
            "note: orders of other clients are polled; name Plimsoll's client id as Master API client in TWS",
        )?;
    }
    for day in status["disputed_days"].as_array().into_iter().flatten() {
        output::line(&format!("disputed: {}; new risk of that day waits for a person", text(day)))?;
    }
    for note in status["unenforced"].as_array().into_iter().flatten() {
        output::line(&format!("note: {}", text(note)))?;
    }
    let breaks = status["breaks"].as_array().map_or(0, Vec::len);
    if breaks > 0 {
        output::line(&format!("{breaks} breaks; see `plimsoll breaks`"))?;
    }
    Ok(Exit::Good)
}

/// Who waits for history, and what it was answered with but data.
fn history(row: &Value) -> std::io::Result<()> {
    for (bot, waiting) in row["waiting"].as_object().into_iter().flatten() {
        let [used, most, waiting] = [&row["used"], &row["window_max"], waiting].map(text);
        let free = row["next_free_ms"]
            .as_u64()
            .map_or(String::new(), |ms| format!(", the next is free in {} s", ms.div_ceil(1_000)));
        output::line(&format!(
            "note: {waiting} requests for history of {bot} wait: {used} of {most} in ten minutes are used{free}"
        ))?;
    }
    let failed = ["empty", "unanswered"].map(|kind| text(&row[kind]));
    if failed.iter().any(|count| count != "0") {
        let [empty, unanswered] = failed;
        output::line(&format!(
            "note: requests for history since the start: {empty} without data, {unanswered} without an answer"
        ))?;
    }
    Ok(())
}

/// The jobs, if there are any, with what became of each last.
fn jobs(jobs: &Value) -> std::io::Result<()> {
    let mut jobs = jobs.clone();
    for job in jobs.as_array_mut().into_iter().flatten() {
        let last = &job["last"];
        if last.is_object() {
            job["last"] = format!("{} of {}", text(&last["outcome"]), text(&last["date"])).into();
        }
    }
    if jobs.as_array().is_none_or(Vec::is_empty) {
        return Ok(());
    }
    rows(&jobs, &["job", "bot", "do", "when", "calendar", "state", "at", "last", "because"])
}

/// What may stand in for on-close orders of jobs, while that is open.
fn fallbacks(fallbacks: &Value) -> std::io::Result<()> {
    if fallbacks.as_array().is_none_or(Vec::is_empty) {
        return Ok(());
    }
    rows(fallbacks, &["job", "order", "state", "leaves", "at", "close", "because"])
}

/// A clock on which no deadline can be met makes the answer "no".
pub(crate) fn clock(query: &Ask) -> Outcome {
    let clock = &ask(&query.reach, "/status")?["clock"];
    if query.json {
        output::json(clock)?;
    } else {
        output::line(&reading(clock))?;
        if let Some((offset, uncertainty)) = clock["offset_ms"].as_f64().zip(clock["uncertainty_ms"].as_f64())
        {
            output::line(&format!(
                "true time is {offset:+.3} ms from this host's, known to {uncertainty:.3} ms"
            ))?;
        }
        // A followed clock has no sources to compare.
        if clock["sources"].as_array().is_some_and(|all| !all.is_empty()) {
            rows(&clock["sources"], &["source", "offset_ms", "uncertainty_ms", "age", "agrees", "because"])?;
        }
    }
    let usable = !matches!(clock["state"].as_str(), Some("bad" | "stepped"));
    Ok(if usable { Exit::Good } else { Exit::No })
}

/// The time, whose it is and how good it is; the last two are one word for a followed clock.
fn reading(clock: &Value) -> String {
    let (now, source, state) = (text(&clock["now"]), text(&clock["source"]), text(&clock["state"]));
    if state == source { format!("{now} ({source})") } else { format!("{now} ({source}, {state})") }
}

pub(crate) fn bots(query: &Ask) -> Outcome {
    list((&query.reach, query.json), "/bots", BOTS)
}

/// Without `--history` the filters have nothing to filter: the gateway keeps the latest orders only.
pub(crate) fn orders(query: &History) -> Outcome {
    if query.from.is_some() || query.to.is_some() || query.bot.is_some() {
        let error = anyhow::anyhow!("--from, --to and --bot go with --history; nothing was asked");
        return Err(Failure::new(Exit::Usage, error));
    }
    list(
        (&query.reach, query.json),
        "/orders",
        &[
            "since",
            "bot",
            "account",
            "side",
            "qty",
            "symbol",
            "type",
            "limit",
            "filled",
            "status",
            "denied_by",
            "cl_ord_id",
        ],
    )
}

pub(crate) fn positions(query: &Ask) -> Outcome {
    list(
        (&query.reach, query.json),
        "/positions",
        &["bot", "account", "symbol", "qty", "avg_price", "realised_net", "fees", "unknown_fees"],
    )
}

/// A break makes the answer "no".
pub(crate) fn breaks(query: &Ask) -> Outcome {
    let breaks = ask(&query.reach, "/breaks")?;
    let none = breaks.as_array().is_none_or(Vec::is_empty);
    if query.json {
        output::json(&breaks)?;
    } else if none {
        output::line("no breaks")?;
    } else {
        rows(&breaks, &["account", "symbol", "ledger", "venue", "kind", "locked", "since"])?;
    }
    Ok(if none { Exit::Good } else { Exit::No })
}

const BOTS: &[&str] = &["name", "stage", "state", "sent", "denied", "open", "net", "last_work", "because"];

fn list((reach, as_json): (&Reach, bool), path: &str, columns: &[&str]) -> Outcome {
    let answer = ask(reach, path)?;
    if as_json {
        output::json(&answer)?;
    } else {
        rows(&answer, columns)?;
    }
    Ok(Exit::Good)
}

pub(super) fn rows(answer: &Value, columns: &[&str]) -> std::io::Result<()> {
    let rows: Vec<Vec<String>> = answer
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| columns.iter().map(|column| text(&row[*column])).collect())
        .collect();
    output::line(output::table(columns, &rows).trim_end())
}

pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Asks the gateway that runs there.
pub(super) fn ask(reach: &Reach, path: &str) -> Result<Value, Failure> {
    let dir = super::gateway_dir::find(reach)?;
    super::runtime()?
        .block_on(plimsoll_runtime::operator_client::get(&dir, path))
        .map_err(|error| Failure::new(Exit::from(&error), error))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_followed_clock_says_so_once() {
        let at = "2026-11-27T14:30:00Z";
        let followed = json!({ "state": "followed", "now": at, "source": "followed" });
        assert_eq!(reading(&followed), "2026-11-27T14:30:00Z (followed)");
        let own = json!({ "state": "good", "now": at, "source": "system" });
        assert_eq!(reading(&own), "2026-11-27T14:30:00Z (system, good)");
    }
}
