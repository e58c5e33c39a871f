//! The same day with nothing between the bots and the venue.

use super::story;
use super::table::Day;
use crate::cli::Demo;
use crate::exit::Failure;
use crate::lockstep::{Fleet, serve};
use plimsoll_runtime::simulator::Pace;
use plimsoll_sim::bots::demo_bots;

/// Runs the day as fast as it goes: nobody watches this one.
pub(super) async fn run(options: &Demo) -> Result<Day, Failure> {
    let venue = serve(&story::day(options.seed), &Pace::Max)?;
    let fleet = Fleet::start(demo_bots());
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
