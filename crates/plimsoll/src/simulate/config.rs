//! The gateway of a plan: an ordinary configuration, read by the ordinary reader.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use plimsoll_core::{Config, GuardId};
use plimsoll_runtime::config;

use super::plan::{About, Plan, PlannedBot};

/// More than that is too much in one order of an open market.
pub(super) const ORDER_QTY_MAX: u32 = 400;
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
             accounts = [\"{}\"]\ninstruments = {:?}\nshared = {:?}\nstage = \"paper\"",
            bot.name,
            bot.client_id,
            bot.account,
            bot.instruments,
            shared(plan, bot)
        );
        if let About::Hours { .. } = plan.about {
            let _ = writeln!(text, "max_order_qty = {ORDER_QTY_MAX}");
        }
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

/// What a bot trades that another one trades, too.
fn shared<'a>(plan: &Plan, bot: &'a PlannedBot) -> Vec<&'a str> {
    let others = || plan.bots.iter().filter(|other| other.name != bot.name);
    let of = |symbol: &&String| others().any(|other| other.instruments.contains(symbol));
    bot.instruments.iter().filter(of).map(String::as_str).collect()
}
