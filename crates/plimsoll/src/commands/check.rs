//! `plimsoll check`: whether a gateway could start here, now, and let bots in.

mod host;
mod jobs;

use std::time::Duration;

use jiff::Timestamp;
use plimsoll_calendar::Calendar;
use plimsoll_runtime::announced::{self, Folder};
use plimsoll_runtime::config::{Environment, Loaded};
use plimsoll_runtime::permissions::Data;
use plimsoll_runtime::probe::{self, ProbeError};
use plimsoll_runtime::zones;
use serde_json::{Value, json};

use super::Outcome;
use crate::cli::Query;
use crate::exit::Exit;
use crate::output;

/// How long the venue may take to answer everything.
const VENUE_MAX: Duration = Duration::from_secs(10);

/// How one check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Ok,
    Warn,
    Fail,
}

/// One row of the answer.
struct Row {
    what: &'static str,
    mark: Mark,
    says: String,
}

pub(crate) fn run(query: &Query) -> Outcome {
    let loaded = super::run::load(&query.config)?;
    let bots = match loaded.config.bots.len() {
        1 => "1 bot".to_owned(),
        count => format!("{count} bots"),
    };
    let mut rows = vec![row("configuration", Mark::Ok, bots)];
    rows.extend(loaded.unenforced.iter().map(|note| row("configuration", Mark::Warn, note.to_string())));
    rows.extend(host::state(&loaded.settings.state_dir));
    rows.extend(host::ports(&loaded)?);
    rows.extend(calendars(&loaded));
    let announced = Folder::read(&loaded.settings.state_dir.join(announced::FOLDER));
    rows.extend(jobs::rows(&loaded, &announced.days(), Timestamp::now()));
    rows.push(time_zones());
    let running = host::running(&loaded.settings.state_dir)?;
    rows.push(clock(&loaded, running.as_ref()));
    let (venue, reachable) = venue(&loaded, running.as_ref())?;
    rows.extend(venue);
    rows.push(master_client(&loaded, running.as_ref()));
    report(query.json, &rows)?;
    Ok(if !reachable {
        Exit::Environment
    } else if rows.iter().any(|row| row.mark == Mark::Fail) {
        Exit::No
    } else {
        Exit::Good
    })
}

fn row(what: &'static str, mark: Mark, says: String) -> Row {
    Row { what, mark, says }
}

/// How long each calendar still has answers, and what is announced beside it. The one that the guards use must
/// have some; of the others it is worth knowing.
fn calendars(loaded: &Loaded) -> Vec<Row> {
    let guards = Calendar::us_equities();
    let mut rows = vec![];
    for calendar in Calendar::names().filter_map(|name| Calendar::named(name).ok()) {
        let through = calendar.valid_through();
        let now = Timestamp::now();
        let left = if calendar.days_left(now) < 0 {
            Mark::Fail
        } else if calendar.ends_soon(now) {
            Mark::Warn
        } else {
            Mark::Ok
        };
        let is_guards = calendar.name() == guards.name();
        let says = match left {
            Mark::Ok => format!("{} through {through}", calendar.name()),
            Mark::Warn => {
                format!("{} ends on {through}; use a release with newer calendars", calendar.name())
            }
            Mark::Fail => {
                format!("{} ended on {through}; every question about it is refused", calendar.name())
            }
        };
        match left {
            Mark::Ok if !is_guards => {}
            Mark::Fail if !is_guards => rows.push(row("calendar", Mark::Warn, says)),
            mark => rows.push(row("calendar", mark, says)),
        }
    }
    let folder = Folder::read(&loaded.settings.state_dir.join(announced::FOLDER));
    let problems = folder.problems();
    if !folder.days().is_empty() && problems.is_empty() {
        rows.push(row("calendar", Mark::Ok, format!("{} announced days", folder.days().len())));
    }
    rows.extend(problems.into_iter().map(|problem| row("calendar", Mark::Fail, problem)));
    rows
}

fn time_zones() -> Row {
    let zones = zones::choose();
    let bundled = zones.bundled;
    let says = match &zones.system {
        Some((place, Some(version))) if zones.uses_system => {
            format!("{version} of {}, newer than the bundled {bundled}", place.display())
        }
        Some((place, Some(version))) => format!("{bundled}, bundled; {} has {version}", place.display()),
        Some((place, None)) => format!("{bundled}, bundled; {} does not tell its version", place.display()),
        None => format!("{bundled}, bundled; the system has none"),
    };
    row("time zones", Mark::Ok, says)
}

/// A gateway that runs has watched its sources for a while; a look of our own would know less.
fn clock(loaded: &Loaded, running: Option<&Value>) -> Row {
    if let Some(control) = &loaded.settings.follow {
        return row("clock", Mark::Ok, format!("the time of the simulator at {control} is used"));
    }
    if let Some(state) = running.and_then(|status| status["clock"]["state"].as_str()) {
        let mark = if state == "good" { Mark::Ok } else { Mark::Warn };
        return row(
            "clock",
            mark,
            format!("{state}, by the running gateway; `plimsoll clock` says who says so"),
        );
    }
    match loaded.settings.clock.servers.len() {
        0 => row(
            "clock",
            Mark::Warn,
            "no time servers are named in [clock]; only the kernel and the broker tell whether the host's clock \
             is right"
                .to_owned(),
        ),
        count => row(
            "clock",
            Mark::Ok,
            format!("{count} time servers are named; the gateway asks them, and `plimsoll clock` shows what they say"),
        ),
    }
}

/// TWS does not tell its setting; a running gateway knows it from what it hears.
fn master_client(loaded: &Loaded, running: Option<&Value>) -> Row {
    let id = loaded.settings.client_id.0;
    let (mark, says) = match running.and_then(|status| status["drop_copy"].as_str()) {
        Some("live") => (Mark::Ok, format!("client {id} hears of other clients' orders as they happen")),
        Some("absent") => (
            Mark::Warn,
            format!(
                "client {id} does not hear of other clients' orders, so they are polled; make it the Master API \
                 client in the API settings of TWS"
            ),
        ),
        _ => (
            Mark::Warn,
            format!(
                "whether client {id} is the Master API client shows with the first order; compare it in the API \
                 settings of TWS"
            ),
        ),
    };
    row("master client", mark, says)
}

/// What the venue says on Plimsoll's own connection. A gateway that runs has that connection: then its
/// own word is asked for, because a second one with the same client id would be refused.
fn venue(loaded: &Loaded, running: Option<&Value>) -> Result<(Vec<Row>, bool), crate::exit::Failure> {
    if let Some(status) = running {
        let own = status["links"].as_array().is_some_and(|all| all.iter().any(|link| link["bot"] == "own"));
        let state = status["state"].as_str().unwrap_or("unknown");
        let mark = if own { Mark::Ok } else { Mark::Fail };
        let known = &status["venue"];
        let upstream = &loaded.settings.upstream;
        let speaks =
            known["server_version"].as_u64().map_or_else(String::new, |v| format!(" speaks version {v};"));
        let says = format!("{upstream}{speaks} by the running gateway, which is {state}");
        let mut rows = vec![row("venue", mark, says)];
        if known.is_object() {
            rows.extend(by_the_gateway(loaded, known));
        }
        return Ok((rows, own));
    }
    let asked = probe::probe(loaded, VENUE_MAX);
    let answer = match super::runtime()?.block_on(asked) {
        Ok(answer) => answer,
        Err(error) => return Ok((vec![row("venue", Mark::Fail, unanswered(loaded, &error))], false)),
    };
    let mut rows = vec![row(
        "venue",
        Mark::Ok,
        format!("{} speaks version {}", loaded.settings.upstream, answer.server_version),
    )];
    let of_login: Vec<_> = answer.accounts.iter().map(ToString::to_string).collect();
    rows.push(accounts(loaded, &of_login));
    rows.push(orders_allowed(answer.read_only));
    rows.extend(
        answer.instruments.iter().map(|(instrument, data)| market_data(&instrument.to_string(), data)),
    );
    Ok((rows, true))
}

/// The same rows as a look of our own would give, from what the running gateway has found out.
fn by_the_gateway(loaded: &Loaded, known: &Value) -> Vec<Row> {
    let all = |key: &str| known[key].as_array().into_iter().flatten();
    let of_login: Vec<_> = all("accounts").filter_map(Value::as_str).map(str::to_owned).collect();
    let mut rows = vec![accounts(loaded, &of_login), orders_allowed(known["read_only"] == true)];
    for found in all("market_data") {
        let because = || found["because"].as_str().unwrap_or_default().into();
        let code = found["code"].as_i64().and_then(|code| i32::try_from(code).ok()).unwrap_or_default();
        let data = match found["data"].as_str() {
            Some("live") => Data::Live,
            Some("delayed") => Data::Delayed,
            Some("refused") => Data::Refused { code, text: because() },
            Some("no_contract") => Data::NoContract { text: because() },
            Some("ambiguous") => Data::Ambiguous,
            Some("silent") => Data::Silent,
            _ => Data::NoAnswer,
        };
        rows.push(market_data(found["symbol"].as_str().unwrap_or("?"), &data));
    }
    rows
}

/// Which accounts the login has, and which of them the configuration lets bots use.
fn accounts(loaded: &Loaded, of_login: &[String]) -> Row {
    let configured: Vec<_> = loaded.config.venue.accounts.iter().map(ToString::to_string).collect();
    let missing: Vec<_> = configured.iter().filter(|account| !of_login.contains(account)).cloned().collect();
    if !missing.is_empty() {
        let says = format!("the login has {} and not {}", of_login.join(", "), missing.join(", "));
        return row("accounts", Mark::Fail, says);
    }
    let others: Vec<_> = of_login.iter().filter(|account| !configured.contains(account)).cloned().collect();
    let unused =
        if others.is_empty() { String::new() } else { format!("; not for bots: {}", others.join(", ")) };
    row("accounts", Mark::Ok, format!("{}{unused}", configured.join(", ")))
}

/// Why there is no answer, and what to start where nobody listens.
fn unanswered(loaded: &Loaded, error: &ProbeError) -> String {
    match (error, loaded.settings.environment) {
        (ProbeError::Venue { .. }, _) => error.to_string(),
        (ProbeError::Unreachable(_), Environment::Sim) => {
            format!("{error}; start `plimsoll sim ibkr`, or correct `upstream`")
        }
        (ProbeError::Unreachable(_), Environment::Live | Environment::Paper) => format!(
            "{error}; start TWS or IB Gateway, enable socket clients in its API settings, or correct `upstream`"
        ),
    }
}

fn orders_allowed(read_only: bool) -> Row {
    if read_only {
        let says = "the API is read-only, so every order will be refused; clear \"Read-Only API\" in the API \
                    settings of TWS";
        row("orders", Mark::Fail, says.to_owned())
    } else {
        row("orders", Mark::Ok, "the API takes orders".to_owned())
    }
}

/// Without live prices the guards that need one deny what would add risk.
fn market_data(instrument: &str, data: &Data) -> Row {
    let (mark, says) = match data {
        Data::Live => (Mark::Ok, format!("{instrument}: live prices")),
        Data::Delayed => (
            Mark::Warn,
            format!("{instrument}: delayed prices only, which no guard takes; subscribe to live data"),
        ),
        Data::Refused { code, text } => {
            (Mark::Warn, format!("{instrument}: no prices, error {code}: {text}; new risk will be denied"))
        }
        Data::NoContract { text } => {
            (Mark::Fail, format!("{instrument}: {text}; correct `instruments` in the configuration"))
        }
        Data::Ambiguous => (
            Mark::Fail,
            format!(
                "{instrument} is more than one contract at the venue, and orders for it will be denied; name its \
                 multiplier, trading_class or con_id in `instruments`"
            ),
        ),
        Data::Silent => (
            Mark::Warn,
            format!("{instrument}: the contract is known, and no price came; is the market open?"),
        ),
        Data::NoAnswer => (Mark::Warn, format!("{instrument}: the venue did not answer in time")),
    };
    row("market data", mark, says)
}

fn report(as_json: bool, rows: &[Row]) -> std::io::Result<()> {
    let word = |mark: Mark| match mark {
        Mark::Ok => "ok",
        Mark::Warn => "warn",
        Mark::Fail => "fail",
    };
    if as_json {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| json!({ "check": row.what, "result": word(row.mark), "says": row.says }))
            .collect();
        return output::json(&json!({ "v": 1, "checks": rows }));
    }
    let cells: Vec<_> = rows
        .iter()
        .map(|row| vec![word(row.mark).to_owned(), row.what.to_owned(), row.says.clone()])
        .collect();
    output::line(output::table(&["result", "check", "says"], &cells).trim_end())
}
