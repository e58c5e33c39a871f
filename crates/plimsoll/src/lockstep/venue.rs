//! The venue: the simulator with live rules, in lockstep.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use jiff::Timestamp;
use plimsoll_model::{Account, ClientId};
use plimsoll_runtime::simulator::{self, Lockstep, Options, Pace, SimulatorHandle, Venue as _};
use plimsoll_sim::{DEFAULT_SYMBOLS, IbkrVenue, MissingAccount, Profile, TwsSettings, VenueConfig};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::adapter::ServedVenue;
use crate::exit::{Exit, Failure};

/// What each account starts with.
const CASH: u32 = 1_000_000;
/// Far longer than any bot needs; a bot that is stuck would otherwise stop the day.
const PATIENCE: Duration = Duration::from_secs(10);

/// What kind of day it is.
pub(crate) struct Day {
    /// When it begins.
    pub(crate) start: Timestamp,
    /// Which market is made up.
    pub(crate) seed: u64,
    /// The accounts of the login; the first is the one that orders without an account go to.
    pub(crate) accounts: Vec<Account>,
    /// Plimsoll's own client, which is told of all orders.
    pub(crate) own_client: ClientId,
    /// Live rules, or those of paper accounts.
    pub(crate) profile: Profile,
    /// How TWS is set up.
    pub(crate) tws: TwsSettings,
    /// What is traded besides what the simulator always has.
    pub(crate) symbols: Vec<Box<str>>,
    /// Faults that are planned from the start.
    pub(crate) faults: Vec<Value>,
}

/// What the simulator always has, and these.
fn symbols(more: &[Box<str>]) -> Vec<Box<str>> {
    let always = DEFAULT_SYMBOLS.map(Box::from);
    let more: BTreeSet<_> = more.iter().filter(|symbol| !always.contains(*symbol)).cloned().collect();
    always.into_iter().chain(more).collect()
}

/// Serves the venue, standing still at the start of the day.
pub(crate) fn serve(day: &Day, pace: &Pace) -> Result<SimulatorHandle, Failure> {
    let config = VenueConfig {
        profile: day.profile,
        accounts: day.accounts.clone(),
        cash: Decimal::from(CASH),
        start: day.start,
        seed: day.seed,
        symbols: symbols(&day.symbols),
        missing_account: MissingAccount::Default,
        master_client_id: Some(day.own_client),
        lockstep: true,
        settings: day.tws.clone(),
    };
    let venue = IbkrVenue::new(config).map_err(|error| Failure::new(Exit::Usage, error))?;
    let mut venue = ServedVenue::new(venue);
    for fault in &day.faults {
        venue.fault(fault, &mut Vec::new()).map_err(|error| Failure::new(Exit::Usage, error))?;
    }
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let options = Options {
        listen: any,
        control: any,
        pace: Pace::Lockstep(Lockstep { ticks_per_second: ticks(pace), timeout: PATIENCE }),
        held: true,
        journal: None,
    };
    simulator::serve(Box::new(venue), &options).map_err(|error| Failure::new(Exit::Environment, error))
}

/// A tick is one venue second.
fn ticks(pace: &Pace) -> Option<NonZeroU32> {
    match pace {
        Pace::Times(speed) => {
            use rust_decimal::prelude::ToPrimitive as _;
            speed.number().ceil().to_u32().and_then(NonZeroU32::new)
        }
        Pace::Max | Pace::Lockstep(_) => None,
    }
}
