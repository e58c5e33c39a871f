//! The venue under test: in model terms (`matching`) and through its wire (the rest).

#![expect(clippy::needless_raw_string_hashes, reason = "the form that expect-test rewrites literals to")]

mod accounts;
mod advisers;
mod announced;
mod books;
mod cancels;
mod combos;
mod connections;
mod contracts;
mod data;
mod fault_links;
mod faults;
mod groups;
mod half_open;
mod history;
mod hostile;
mod instruments;
mod live;
mod lockstep;
mod matching;
mod notices;
mod on_close;
mod options;
mod order_types;
mod orders;
mod outside;
mod past;
mod profiles;
mod rates;
mod replay;
mod research;
mod rig;
mod script;
mod slices;
mod start;
mod wires;

use plimsoll_model::Account;
use rust_decimal::Decimal;

use crate::ibkr::{MissingAccount, Profile, TwsSettings, VenueConfig};

/// Two accounts with a million dollars each, the symbols of the table, seed 7.
fn config(profile: Profile, start: &str) -> VenueConfig {
    VenueConfig {
        profile,
        accounts: ["DU1", "DU2"].iter().map(|name| Account::new(name).unwrap()).collect(),
        cash: Decimal::from(1_000_000),
        start: start.parse().unwrap(),
        seed: 7,
        symbols: Vec::new(),
        missing_account: MissingAccount::Default,
        master_client_id: None,
        lockstep: false,
        settings: TwsSettings::default(),
    }
}

/// The half day at eleven in New York.
const ELEVEN: &str = "2026-11-27T11:00:00-05:00";
