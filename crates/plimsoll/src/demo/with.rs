//! The day with Plimsoll between the bots and the venue, watched live.

use std::cell::Cell;
use std::path::Path;

use plimsoll_runtime::GatewayHandle;
use plimsoll_runtime::config;
use plimsoll_runtime::simulator::SimulatorHandle;
use plimsoll_sim::bots::demo_bots;

use super::story;
use super::table::Day;
use super::view::Screen;
use crate::cli::Demo;
use crate::exit::{Exit, Failure};
use crate::lockstep::{Fleet, open, serve};

/// Runs the day at the speed that a person can watch.
pub(super) async fn run(options: &Demo, dir: &Path) -> Result<Day, Failure> {
    let venue = serve(&story::day(options.seed), &options.speed)?;
    let fleet = Fleet::start(demo_bots());
    let screen = Screen::new(options);
    let text = story::configuration(dir, venue.tws_addr(), venue.control_addr());

    let gateway = begin(&text, &fleet).await?;
    watch(&venue, &gateway, &fleet, &screen, story::restart()).await;
    screen.event("the gateway is restarted: it runs its journal again and asks the broker before it goes on");
    fleet.point(|_| None);
    gateway.shutdown().await.map_err(|error| Failure::new(Exit::Internal, error))?;

    let gateway = begin(&text, &fleet).await?;
    watch(&venue, &gateway, &fleet, &screen, story::end()).await;
    let view = gateway.look().await;
    let state = venue.state().await.unwrap_or_default();
    let mut day = Day::of_venue(&fleet.names(), &state, &fleet.refusals());
    day.add_denials(view.as_ref());
    screen.done();
    gateway.shutdown().await.map_err(|error| Failure::new(Exit::Internal, error))?;
    venue.shutdown().await;
    Ok(day)
}

/// Starts the gateway with the story's configuration.
async fn begin(text: &str, fleet: &Fleet) -> Result<GatewayHandle, Failure> {
    let loaded = config::parse("demo.toml", text).map_err(|error| Failure::new(Exit::Internal, error))?;
    open(loaded, fleet).await
}

/// Lets the day run up to an instant while the view is redrawn.
async fn watch(
    venue: &SimulatorHandle,
    gateway: &GatewayHandle,
    fleet: &Fleet,
    screen: &Screen,
    until: jiff::Timestamp,
) {
    let arrived = Cell::new(false);
    let run = async {
        venue.run_until(until).await;
        arrived.set(true);
    };
    let show = async {
        while !arrived.get() {
            if let Some(view) = gateway.look().await {
                screen.draw(&view, &fleet.refusals());
            }
            tokio::time::sleep(Screen::EVERY).await;
        }
    };
    tokio::join!(run, show);
    if let Some(view) = gateway.look().await {
        screen.draw(&view, &fleet.refusals());
    }
}
