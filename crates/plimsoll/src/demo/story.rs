//! What happens on the day, in one place. The bots' own mistakes are in `plimsoll_sim::bots`.

use std::net::SocketAddr;
use std::path::Path;

use jiff::Timestamp;
use plimsoll_model::{Account, ClientId};
use plimsoll_sim::{Profile, TwsSettings};
use serde_json::{Value, json};

use crate::lockstep::Day;

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

/// The simulated day.
pub(crate) fn day(seed: u64) -> Day {
    Day {
        start: start(),
        seed,
        accounts: ACCOUNTS.iter().filter_map(|text| Account::new(text)).collect(),
        own_client: ClientId(OWN_CLIENT),
        profile: Profile::Live,
        tws: TwsSettings::default(),
        symbols: Vec::new(),
        faults: vec![freeze()],
    }
}

/// The gateway's configuration, with this run's addresses.
pub(crate) fn configuration(dir: &Path, upstream: SocketAddr, control: SocketAddr) -> String {
    include_str!("plimsoll.toml")
        .replace("STATE_DIR", &dir.join("state").display().to_string())
        .replace("CONTROL", &control.to_string())
        .replace("UPSTREAM", &upstream.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_valid_and_names_the_story_s_accounts() {
        let any = SocketAddr::from(([127, 0, 0, 1], 4002));
        let text = configuration(Path::new("/tmp/x"), any, any);
        let loaded = plimsoll_runtime::config::parse("demo.toml", &text).unwrap();
        let accounts: Vec<_> = loaded.config.venue.accounts.iter().map(ToString::to_string).collect();
        assert_eq!(accounts, ACCOUNTS);
        assert_eq!(loaded.config.venue.client_id.0, OWN_CLIENT);
    }
}
