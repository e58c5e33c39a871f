//! The gateway of a drill: an ordinary configuration, written out and read by the ordinary reader.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use plimsoll_model::Account;
use plimsoll_runtime::config::{self, ConfigError, Loaded};

use super::script::{Bot, Drill};
use crate::exit::{Exit, Failure};

/// Plimsoll's own client id.
pub(super) const OWN_CLIENT: i32 = 900;

/// The configuration for this run's folder and addresses.
pub(super) fn load(
    drill: &Drill,
    dir: &Path,
    upstream: SocketAddr,
    control: SocketAddr,
) -> Result<Loaded, Failure> {
    let accounts: Vec<_> = drill.accounts.iter().map(Account::as_str).collect();
    let state_dir = dir.join("state").display().to_string();
    let mut text = head(&state_dir, upstream, control, &accounts);
    for bot in &drill.bots {
        text.push_str(&table(bot));
    }
    config::parse(&drill.name, &text).map_err(|error| {
        let what = format!(
            "{error}; the drill's accounts and bots do not fit together, this was made of them:\n{text}"
        );
        Failure::new(Exit::Usage, anyhow::anyhow!(what))
    })
}

/// What is wrong with the keys behind one bot.
pub(super) fn wrong_keys(bot: &Bot) -> Vec<String> {
    let any = SocketAddr::from(([127, 0, 0, 1], 4002));
    let text = head("state", any, any, &[bot.account.as_str()]) + &table(bot);
    match config::parse("drill", &text) {
        Ok(_) => Vec::new(),
        Err(ConfigError::Problems(problems)) => problems.into_iter().map(|problem| problem.text).collect(),
        Err(other) => vec![other.to_string()],
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn listed(list: &[&str]) -> String {
    toml::Value::from(list.to_vec()).to_string()
}

fn head(state_dir: &str, upstream: SocketAddr, control: SocketAddr, accounts: &[&str]) -> String {
    format!(
        "[plimsoll]\nstate_dir = {}\nmode = \"enforce\"\n\n\
         [clock]\nservers = []\nfollow = \"{control}\"\n\n\
         [[venue]]\nname = \"ib\"\nkind = \"ibkr\"\nenvironment = \"sim\"\nupstream = \"{upstream}\"\n\
         client_id = {OWN_CLIENT}\naccounts = {}\non_close_crossing = \"deny\"\npacing = \"ibkr\"\n",
        quoted(state_dir),
        listed(accounts),
    )
}

fn table(bot: &Bot) -> String {
    let symbols: Vec<_> = bot.symbols.iter().map(|symbol| &**symbol).collect();
    let mut keys = vec![
        ("name", quoted(bot.name.as_str())),
        ("venue", quoted("ib")),
        ("listen", quoted("127.0.0.1:0")),
        ("client_ids", format!("[{}]", bot.client_id)),
        ("accounts", listed(&[bot.account.as_str()])),
        ("instruments", listed(&symbols)),
        ("stage", quoted("paper")),
    ];
    keys.retain(|(key, _)| bot.keys.iter().all(|(own, _)| own != key));
    let mut text = "\n[[bot]]\n".to_owned();
    let own = bot.keys.iter().map(|(key, value)| (key.as_str(), value.clone()));
    for (key, value) in keys.into_iter().chain(own) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{key} = {value}");
    }
    text
}
