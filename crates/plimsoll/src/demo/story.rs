//! What happens on the day, in one place. The bots' own mistakes are in `plimsoll_sim::bots`.

use std::net::SocketAddr;
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

/// The half day after Thanksgiving: New York closes at 13:00, and on-close orders are due at 12:50.
pub(crate) const DATE: &str = "Friday 2026-11-27, a half day";
/// Ten seconds before the open.
const START: &str = "2026-11-27T09:29:50-05:00";
/// The gateway is restarted here, with positions open.
const RESTART: &str = "2026-11-27T11:40:00-05:00";
/// Five minutes after the close.
const END: &str = "2026-11-27T13:05:00-05:00";
/// From the start to the freeze of all market data at 10:30, and how long it lasts.
const FREEZE: (&str, &str) = ("1h 10s", "20m");
const FREEZE_BEGINS: &str = "2026-11-27T10:30:00-05:00";

/// The accounts of the login. The first is the one that orders without an account go to.
pub(crate) const ACCOUNTS: [&str; 2] = ["DU1111111", "DU2222222"];
/// Plimsoll's own client id.
pub(crate) const OWN_CLIENT: i32 = 900;

pub(crate) fn start() -> Timestamp {
    instant(START)
}

pub(crate) fn restart() -> Timestamp {
    instant(RESTART)
}

pub(crate) fn end() -> Timestamp {
    instant(END)
}

pub(crate) fn freeze_begins() -> Timestamp {
    instant(FREEZE_BEGINS)
}

fn instant(text: &str) -> Timestamp {
    text.parse().expect("the story's times are written in RFC 3339")
}

/// The venue's fault of the day: prices stop while every connection stays up.
pub(crate) fn freeze() -> Value {
    json!({ "kind": "freeze_data", "after": FREEZE.0, "for": FREEZE.1 })
}

/// The gateway's configuration. It is an ordinary one; ports are the system's choice.
pub(crate) fn configuration(state_dir: &Path, upstream: SocketAddr, control: SocketAddr) -> String {
    let state_dir = state_dir.join("state");
    let accounts = format!("{:?}", ACCOUNTS);
    let mut text = format!(
        "[plimsoll]\nstate_dir = {state_dir:?}\nmode = \"enforce\"\n\n\
         [clock]\nservers = []\nfollow = \"{control}\"\n\n\
         [[venue]]\nname = \"ib\"\nkind = \"ibkr\"\nenvironment = \"sim\"\nupstream = \"{upstream}\"\n\
         client_id = {OWN_CLIENT}\naccounts = {accounts}\non_close_crossing = \"deny\"\npacing = \"ibkr\"\n"
    );
    let bots = [
        ("trend", 11, ACCOUNTS[0], "\"SPY\"", "\"SPY\""),
        ("revert", 12, ACCOUNTS[0], "\"SPY\", \"QQQ\"", "\"SPY\""),
        ("forgetful", 13, ACCOUNTS[1], "\"IWM\"", ""),
        ("frozen", 14, ACCOUNTS[1], "\"TLT\"", ""),
    ];
    for (name, client, account, instruments, shared) in bots {
        text.push_str(&format!(
            "\n[[bot]]\nname = \"{name}\"\nvenue = \"ib\"\nlisten = \"127.0.0.1:0\"\nclient_ids = [{client}]\n\
             accounts = [\"{account}\"]\ninstruments = [{instruments}]\nshared = [{shared}]\nstage = \"paper\"\n\
             stale_after = \"15s\"\nmax_order_notional = \"100000 USD\"\n\
             max_position_notional = \"150000 USD\"\nmax_orders_per_minute = 30\nprice_collar = \"3%\"\n\
             duplicate_window = \"2s\"\n"
        ));
    }
    text
}
