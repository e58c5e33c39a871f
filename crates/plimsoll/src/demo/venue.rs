//! The demo's venue: live rules, lockstep, a freeze of market data in the middle of the morning.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use plimsoll_model::{Account, ClientId};
use plimsoll_runtime::simulator::{self, Lockstep, Options, Pace, SimulatorHandle, Venue as _};
use plimsoll_sim::{IbkrVenue, MissingAccount, Profile, TwsSettings, VenueConfig};
use rust_decimal::Decimal;

use super::story;
use crate::adapter::ServedVenue;
use crate::exit::{Exit, Failure};

/// What each account starts with.
const CASH: u32 = 1_000_000;
/// Far longer than any bot needs; a bot that is stuck would otherwise stop the day.
const PATIENCE: Duration = Duration::from_secs(10);

/// Serves the venue, standing still at the start of the day.
pub(super) fn serve(seed: u64, pace: &Pace) -> Result<SimulatorHandle, Failure> {
    let accounts = story::ACCOUNTS.iter().filter_map(|text| Account::new(text)).collect();
    let config = VenueConfig {
        profile: Profile::Live,
        accounts,
        cash: Decimal::from(CASH),
        start: story::start(),
        seed,
        symbols: Vec::new(),
        missing_account: MissingAccount::Default,
        master_client_id: Some(ClientId(story::OWN_CLIENT)),
        lockstep: true,
        settings: TwsSettings::default(),
    };
    let venue = IbkrVenue::new(config).map_err(|error| Failure::new(Exit::Internal, error))?;
    let mut venue = ServedVenue::new(venue);
    venue.fault(&story::freeze(), &mut Vec::new()).map_err(|error| Failure::new(Exit::Internal, error))?;
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
