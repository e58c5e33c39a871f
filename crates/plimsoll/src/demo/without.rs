//! The same day with nothing between the bots and the venue.

use super::fleet::Fleet;
use super::table::Day;
use super::{story, venue};
use crate::cli::Demo;
use crate::exit::Failure;
use plimsoll_runtime::simulator::Pace;

/// Runs the day as fast as it goes: nobody watches this one.
pub(super) async fn run(options: &Demo) -> Result<Day, Failure> {
    let venue = venue::serve(options.seed, &Pace::Max)?;
    let fleet = Fleet::start();
    let address = venue.tws_addr();
    fleet.point(|_| Some(address));
    fleet.at_work().await?;
    venue.run_until(story::restart()).await;
    // The restart of the other run costs every bot its connection; so does this one, to be fair.
    fleet.point(|_| None);
    fleet.point(|_| Some(address));
    fleet.at_work().await?;
    venue.run_until(story::end()).await;
    let state = venue.state().await.unwrap_or_default();
    let day = Day::of_venue(&fleet.names(), &state, &fleet.refusals());
    venue.shutdown().await;
    Ok(day)
}
