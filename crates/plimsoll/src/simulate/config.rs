//! The gateway of a plan: an ordinary configuration, read by the ordinary reader.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use plimsoll_core::{Config, GuardId};
use plimsoll_runtime::config;

use super::plan::{Plan, SYMBOL};

/// Plimsoll's own client id.
pub(super) const OWN_CLIENT: i32 = 900;

/// The configuration and its text, with these guards taken away.
pub(super) fn load(plan: &Plan, switched_off: &[GuardId]) -> Result<(Arc<Config>, String), String> {
    let accounts: BTreeSet<_> = plan.bots.iter().map(|bot| format!("{:?}", bot.account)).collect();
    let accounts: Vec<_> = accounts.into_iter().collect();
    let mut text = format!(
        "[plimsoll]\nstate_dir = \"state\"\nmode = \"enforce\"\n\n\
         [clock]\nservers = []\nfollow = \"127.0.0.1:4003\"\n\n\
         [[venue]]\nname = \"ib\"\nkind = \"ibkr\"\nenvironment = \"sim\"\nupstream = \"127.0.0.1:4002\"\n\
         client_id = {OWN_CLIENT}\naccounts = [{}]\non_close_crossing = \"{}\"\npacing = \"ibkr\"\n",
        accounts.join(", "),
        if plan.nets { "net" } else { "deny" },
    );
    for bot in &plan.bots {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "\n[[bot]]\nname = \"{}\"\nvenue = \"ib\"\nlisten = \"127.0.0.1:0\"\nclient_ids = [{}]\n\
             accounts = [\"{}\"]\ninstruments = [\"{SYMBOL}\"]\nshared = [\"{SYMBOL}\"]\nstage = \"paper\"",
            bot.name, bot.client_id, bot.account
        );
        if bot.closes {
            let _ = writeln!(
                text,
                "\n[[job]]\nbot = \"{}\"\nat = \"moc_entry - 5s\"\ndo = \"close_positions\"\n\
                 fallback = {{ at = \"close - 2s\", do = \"market\" }}",
                bot.name
            );
        }
    }
    let mut loaded = config::parse("plan", &text).map_err(|error| format!("{error}\n{text}"))?;
    loaded.config.switched_off = switched_off.to_vec();
    Ok((Arc::new(loaded.config), text))
}
