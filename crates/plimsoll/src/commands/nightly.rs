//! `plimsoll nightly`: each bot's books against the broker's and its own, a report, and a block for what differs too much.
//!
//! A block is a halt of the bot by the operator's API, for new risk: it survives restarts, and only a person lifts it, with
//! `plimsoll resume`. Where no gateway runs it waits for the next start.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use plimsoll_calendar::Calendar;
use plimsoll_core::HaltLevel;
use plimsoll_runtime::config::{Environment, Loaded};
use plimsoll_runtime::operator::HaltOrder;
use plimsoll_runtime::operator_client::{self, ClientError};
use plimsoll_statement::{Statement, statement_zone};
use serde_json::{Value, json};

use super::Outcome;
use crate::cli::Nightly;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::statement::booked::Tables;
use crate::statement::coverage::{self, Wanted};
use crate::statement::night::{AccountNight, Rules, blocks, cents};
use crate::statement::pending::{self, BY, Block};
use crate::statement::{file, told};

pub(crate) fn run(options: &Nightly) -> Outcome {
    let loaded = super::run::load(&options.config)?;
    let tables = Tables::read(&loaded.settings.state_dir)?;
    let rules = Rules { config: &loaded.config, nightly: &loaded.settings.nightly, tables: &tables };
    let mut night = match &options.statement {
        Some(path) => Night::by_statement(path, wanted_day(options.date, &loaded), &rules)?,
        None => Night::by_the_broker(options.date, &loaded, &rules)?,
    };
    if !options.dry_run {
        night.block(&loaded.settings.state_dir)?;
    }
    let report = night.write(&loaded.settings.nightly.reports)?;
    if options.json {
        output::json(&night.as_json())?;
    } else {
        output::line(night.as_text().trim_end())?;
        output::line(&format!("report: {}", report.display()))?;
    }
    Ok(if night.is_good() { Exit::Good } else { Exit::No })
}

/// How often and how many times a gateway is asked whether it has heard everything: half a minute.
const LOOK_EVERY: Duration = Duration::from_millis(500);
const LOOKS: u32 = 60;

/// Everything that a night found, and what was done about it.
struct Night {
    against: String,
    date: Date,
    accounts: Vec<AccountNight>,
    /// Rows of the statement that could not be used.
    problems: Vec<String>,
    /// Accounts, days and records that were not compared.
    missing: Vec<String>,
    /// What became of each block.
    blocked: Vec<(Block, &'static str)>,
}

impl Night {
    fn by_statement(path: &Path, day: Option<Date>, rules: &Rules<'_>) -> Result<Self, Failure> {
        let sheets = file::open(path)?;
        if sheets.statements.is_empty() {
            let text = format!("{}: no statement is in it; nothing was compared", path.display());
            return Err(Failure::new(Exit::No, anyhow::anyhow!(text)));
        }
        let mut missing = Wanted { accounts: &rules.config.venue.accounts, day }.missing(&sheets.statements);
        let mut accounts = Vec::new();
        for sheet in &sheets.statements {
            let of = sheet.account.as_ref().zip(sheet.from);
            let owed = of.map_or(Ok(BTreeSet::new()), |(account, from)| {
                coverage::owed(&rules.nightly.reports, account.as_str(), from)
            });
            let owed = owed.unwrap_or_else(|why| {
                missing.push(why);
                BTreeSet::new()
            });
            accounts.push(rules.judge(sheet, &owed)?);
        }
        Ok(Self {
            against: format!("{}{}", coverage::STATEMENT, path.display()),
            date: accounts.iter().filter_map(|night| night.to).max().unwrap_or_else(today),
            accounts,
            problems: sheets.problems.iter().map(ToString::to_string).collect(),
            missing,
            blocked: Vec::new(),
        })
    }

    /// Without a statement: what the broker told of the day is what was booked, and its holdings are in the gateway's breaks.
    fn by_the_broker(date: Option<Date>, loaded: &Loaded, rules: &Rules<'_>) -> Result<Self, Failure> {
        let date = date.unwrap_or_else(today);
        let breaks = super::runtime()?.block_on(reconciled_breaks(&loaded.settings.state_dir))?;
        let mut accounts = Vec::new();
        for account in &loaded.config.venue.accounts {
            // The broker's executions of the day are the ledger's own: a sheet without trades has nothing to say of them.
            let sheet = Statement {
                account: Some(account.clone()),
                from: Some(date),
                to: Some(date),
                ..Statement::default()
            };
            let of_it = |row: &&Value| row["account"] == account.as_str();
            let rows: Vec<Value> = breaks.as_array().into_iter().flatten().filter(of_it).cloned().collect();
            accounts.push(rules.judge_live(&sheet, rows));
        }
        let against = "what the broker's API told".to_owned();
        let (problems, missing, blocked) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { against, date, accounts, problems, missing, blocked })
    }

    fn is_good(&self) -> bool {
        let quiet = |night: &AccountNight| {
            night.unowned == 0 && night.bots.values().all(|bot| bot.because.is_empty())
        };
        let is_whole = self.problems.is_empty() && self.missing.is_empty();
        is_whole && self.accounts.iter().all(quiet)
    }

    /// Blocks what is to be blocked: now where a gateway runs, at its next start where none does.
    fn block(&mut self, state_dir: &Path) -> Result<(), Failure> {
        let mut waiting = Vec::new();
        for block in blocks(self.date, &self.accounts) {
            match halt(state_dir, &block)? {
                Ok(()) => self.blocked.push((block, "blocked")),
                Err(error) if error.is_refusal() => self.blocked.push((block, "unknown_bot")),
                Err(ClientError::Connect(_)) => waiting.push(block),
                // Whether it was blocked is not known, so it is blocked again at the next start.
                Err(error) => {
                    eprintln!("plimsoll: {}: {error}", block.bot);
                    waiting.push(block);
                }
            }
        }
        if !waiting.is_empty() {
            pending::add(state_dir, &waiting)?;
            // A gateway that started meanwhile may have read them too early: it is there by now, or will read them.
            for block in waiting {
                let state = if halt(state_dir, &block)?.is_ok() {
                    pending::remove(state_dir, &block.bot)?;
                    "blocked"
                } else {
                    "at_next_start"
                };
                self.blocked.push((block, state));
            }
        }
        Ok(())
    }

    /// Writes both forms of the report; where the one for people is.
    fn write(&self, folder: &Path) -> Result<PathBuf, Failure> {
        let wrong = |path: &Path, error: &std::io::Error| {
            let text =
                format!("{}: {error}; the report was not written, and blocks are in force", path.display());
            Failure::new(Exit::Environment, anyhow::anyhow!(text))
        };
        std::fs::create_dir_all(folder).map_err(|error| wrong(folder, &error))?;
        let place = |ending: &str| folder.join(format!("nightly-{}.{ending}", self.date));
        let forms = [("json", self.as_json().to_string() + "\n"), ("txt", self.as_text())];
        for (ending, text) in forms {
            let (path, draft) = (place(ending), place(&format!("{ending}.tmp")));
            std::fs::write(&draft, text).map_err(|error| wrong(&draft, &error))?;
            std::fs::rename(&draft, &path).map_err(|error| wrong(&path, &error))?;
        }
        Ok(place("txt"))
    }

    fn as_json(&self) -> Value {
        let blocked = self
            .blocked
            .iter()
            .map(|(block, state)| json!({ "bot": block.bot, "reason": block.reason, "state": state }));
        json!({
            "date": self.date.to_string(),
            "against": self.against,
            "good": self.is_good(),
            "accounts": self.accounts.iter().map(AccountNight::as_json).collect::<Vec<_>>(),
            "blocked": blocked.collect::<Vec<_>>(),
            "problems": self.problems,
            "not_compared": self.missing,
        })
    }

    fn as_text(&self) -> String {
        let mut text = format!("nightly {} against {}\n", self.date, self.against);
        for night in &self.accounts {
            account_text(&mut text, night);
        }
        for problem in &self.problems {
            let _ = writeln!(text, "left out or changed: {problem}");
        }
        for missing in &self.missing {
            let _ = writeln!(text, "not compared: {missing}");
        }
        for (block, state) in &self.blocked {
            let what = match *state {
                "blocked" => "takes no new risk from now on",
                "at_next_start" => "takes no new risk from the gateway's next start on; none runs now",
                _ => "was not blocked: the running gateway has no such bot",
            };
            let _ = writeln!(
                text,
                "{} {what}; look at its differences, then `plimsoll resume {}`",
                block.bot, block.bot
            );
        }
        if self.is_good() {
            text += "good: nothing differs that a person has to look at\n";
        }
        text
    }
}

fn account_text(text: &mut String, night: &AccountNight) {
    let unit = night.base.map(|base| format!(" {base}")).unwrap_or_default();
    let equity = night
        .equity
        .map_or("equity not known".to_owned(), |equity| format!("equity {}{unit}", cents(equity)));
    let _ = writeln!(text, "\n{}: {equity}, limit {}{unit}", night.account, cents(night.limit));
    for note in &night.notes {
        let _ = writeln!(text, "  {note}");
    }
    for (bot, of) in &night.bots {
        let by = of.difference.map_or("not known".to_owned(), |by| format!("{}{unit}", cents(by)));
        let verdict = if of.because.is_empty() {
            "good".to_owned()
        } else {
            format!("to be blocked: {}", of.because.join("; "))
        };
        let _ = writeln!(text, "  {bot}: difference {by}: {verdict}");
    }
    if night.unowned > 0 {
        let _ = writeln!(text, "  {} differences are no bot's: trades by hand, cash", night.unowned);
    }
    if !night.breaks.is_empty() {
        let rows = told::for_people(&night.breaks);
        let cell = |value: &Value| value.as_str().map_or("-".to_owned(), ToOwned::to_owned);
        let line = |row: &Value| told::COLUMNS.iter().map(|column| cell(&row[*column])).collect();
        let lines: Vec<Vec<String>> = rows.as_array().into_iter().flatten().map(line).collect();
        text.push_str(&output::table(told::COLUMNS, &lines));
    }
}

/// The gateway's differences, once it has heard everything from the broker: before that, no difference says nothing.
async fn reconciled_breaks(state_dir: &Path) -> Result<Value, Failure> {
    let failure = |error: ClientError| Failure::new(Exit::from(&error), error);
    let mut state = String::new();
    for look in 0..LOOKS {
        if look > 0 {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let status = operator_client::get(state_dir, "/status").await.map_err(failure)?;
        status["state"].as_str().unwrap_or_default().clone_into(&mut state);
        if !matches!(&*state, "starting" | "reconciling" | "") {
            return Ok(status["breaks"].clone());
        }
    }
    let text = format!(
        "the gateway is {state}: the broker has not told everything yet; nothing was compared; run this again, or with --statement"
    );
    Err(Failure::new(Exit::No, anyhow::anyhow!(text)))
}

/// Asks the running gateway for a block; the outer error is this host's.
fn halt(state_dir: &Path, block: &Block) -> Result<Result<(), ClientError>, Failure> {
    let order = HaltOrder {
        level: HaltLevel::NewRisk.as_str().to_owned(),
        bot: Some(block.bot.clone()),
        by: BY.to_owned(),
        reason: block.reason.clone(),
    };
    Ok(super::runtime()?.block_on(operator_client::halt(state_dir, &order)).map(|_| ()))
}

/// The day that a statement has to cover. The simulator's days are whichever it plays.
fn wanted_day(asked: Option<Date>, loaded: &Loaded) -> Option<Date> {
    let last = || Calendar::us_equities().previous_session(today()).ok().map(|day| day.date());
    match loaded.settings.environment {
        Environment::Live | Environment::Paper => asked.or_else(last),
        Environment::Sim => asked,
    }
}

/// The broker's day.
fn today() -> Date {
    statement_zone().to_datetime(Timestamp::now()).date()
}
