//! The gateway of a drill: an ordinary configuration, written out and read by the ordinary reader.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use plimsoll_model::Account;
use plimsoll_runtime::config::{self, ConfigError, Loaded};

use super::script::{Bot, Drill};
use crate::exit::{Exit, Failure};

/// How a job is written.
pub(super) const WRITE_JOB: &str = "write `job trend at = \"moc_entry - 5s\", do = \"halt\"`";
/// How the policy for crossing on-close orders is written.
pub(super) const WRITE_CROSSING: &str = "write `on_close_crossing deny`, `net` or `equivalent SPY=IVV`";
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
    let mut text = head(&state_dir, (upstream, control), &accounts, &drill.crossing);
    text.extend(drill.bots.iter().map(table).chain(drill.jobs.iter().cloned()));
    config::parse(&drill.name, &text).map_err(|error| {
        let what = format!(
            "{error}; the drill's accounts and bots do not fit together, this was made of them:\n{text}"
        );
        Failure::new(Exit::Usage, anyhow::anyhow!(what))
    })
}

/// What is wrong with these bots, these keys for on-close orders and this job.
pub(super) fn wrong(bots: &[Bot], crossing: &str, job: &str) -> Vec<String> {
    let any = SocketAddr::from(([127, 0, 0, 1], 4002));
    let accounts: BTreeSet<_> = bots.iter().map(|bot| bot.account.as_str()).collect();
    let accounts: Vec<_> = accounts.into_iter().collect();
    let mut text = head("state", (any, any), &accounts, crossing);
    text.extend(bots.iter().map(table));
    text.push_str(job);
    match config::parse("drill", &text) {
        Ok(_) => Vec::new(),
        Err(ConfigError::Problems(problems)) => problems.into_iter().map(|problem| problem.text).collect(),
        Err(other) => vec![other.to_string()],
    }
}

/// A `[[job]]` table of a line of keys and values, as they stand in a configuration, with commas between.
pub(super) fn job(bot: &str, keys: &str) -> Option<String> {
    let inline = format!("job = {{ bot = {}, {keys} }}", quoted(bot));
    let document: toml::Table = toml::from_str(&inline).ok()?;
    let mut text = "\n[[job]]\n".to_owned();
    for (key, value) in document.get("job")?.as_table()? {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{key} = {value}");
    }
    Some(text)
}

/// The keys of `[[venue]]` for a policy, and for `equivalent` the pairs behind it, `SPY=IVV`.
pub(super) fn crossing(word: &str, pairs: &str) -> Option<String> {
    let mut text = format!("on_close_crossing = {}\n", quoted(word));
    let pairs = pairs.split_whitespace().map(|pair| {
        let (of, with) = pair.split_once('=')?;
        Some(format!("{{ of = {}, use = {} }}", quoted(of), quoted(with)))
    });
    let pairs = pairs.collect::<Option<Vec<_>>>()?;
    if !pairs.is_empty() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "equivalents = [{}]", pairs.join(", "));
    }
    Some(text)
}

/// The keys where a drill says nothing of it.
pub(super) fn denies() -> String {
    "on_close_crossing = \"deny\"\n".to_owned()
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn listed(list: &[&str]) -> String {
    toml::Value::from(list.to_vec()).to_string()
}

fn head(
    state_dir: &str,
    (upstream, control): (SocketAddr, SocketAddr),
    accounts: &[&str],
    crossing: &str,
) -> String {
    format!(
        "[plimsoll]\nstate_dir = {}\nmode = \"enforce\"\n\n\
         [clock]\nservers = []\nfollow = \"{control}\"\n\n\
         [[venue]]\nname = \"ib\"\nkind = \"ibkr\"\nenvironment = \"sim\"\nupstream = \"{upstream}\"\n\
         client_id = {OWN_CLIENT}\naccounts = {}\n{crossing}pacing = \"ibkr\"\n",
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
