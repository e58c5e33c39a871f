//! `halt` needs nothing. `resume` needs a person at a terminal who types the name, or the token's file.

use std::io::{IsTerminal as _, Write as _};

use plimsoll_core::HaltLevel;
use plimsoll_runtime::operator::{FLEET, HaltOrder, ResumeOrder};
use plimsoll_runtime::operator_client::{self, ClientError};

use super::{Outcome, gateway_dir};
use crate::cli::{Halt, Resume};
use crate::exit::{Exit, Failure};
use crate::output;

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
    Ok(Exit::Good)
}

pub(crate) fn resume(options: &Resume) -> Outcome {
    let dir = gateway_dir::find(&options.reach)?;
    let what = options.bot.as_deref().unwrap_or(FLEET);
    let token = match &options.token_file {
        Some(file) => Some(std::fs::read_to_string(file)?.trim().to_owned()),
        None => None,
    };
    let typed_name = if token.is_none() { Some(typed(what)?) } else { None };
    let order =
        ResumeOrder { bot: options.bot.clone(), by: who(), reason: options.reason.clone(), typed_name };
    let said = operator_client::resume(&dir, &order, token.as_deref());
    super::runtime()?.block_on(said).map_err(failure)?;
    output::line(&format!("resumed {what}"))?;
    Ok(Exit::Good)
}

/// Asks the person at the terminal for the name. A script has no terminal.
fn typed(what: &str) -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        let error = anyhow::anyhow!(
            "resume needs a person at a terminal, or --token-file with the operator's token; nothing was resumed"
        );
        return Err(Failure::new(Exit::Refused, error));
    }
    eprint!("type `{what}` to let it take new risk again: ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    let answer = answer.trim().to_owned();
    if answer != what {
        let error = anyhow::anyhow!("`{answer}` is not `{what}`; nothing was resumed");
        return Err(Failure::new(Exit::Refused, error));
    }
    Ok(answer)
}

/// Who is at the keyboard, for the journal.
fn who() -> String {
    std::env::var("USER").unwrap_or_else(|_| "operator".to_owned())
}

fn failure(error: ClientError) -> Failure {
    let exit = if error.is_refusal() { Exit::Refused } else { Exit::Environment };
    Failure::new(exit, error)
}
