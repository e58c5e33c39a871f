//! The day with Plimsoll between the bots and the venue, watched live.

use std::cell::Cell;
use std::path::Path;

use plimsoll_runtime::config;
use plimsoll_runtime::simulator::SimulatorHandle;
use plimsoll_runtime::{Gateway, GatewayHandle, Storage};

use super::fleet::Fleet;
use super::table::Day;
use super::view::Screen;
use super::{story, venue};
use crate::cli::Demo;
use crate::exit::{Exit, Failure};

/// Runs the day at the speed that a person can watch.
pub(super) async fn run(options: &Demo, dir: &Path) -> Result<Day, Failure> {
    let venue = venue::serve(options.seed, &options.speed)?;
    let fleet = Fleet::start();
    let screen = Screen::new(options);
    let text = story::configuration(dir, venue.tws_addr(), venue.control_addr());

    let gateway = open(&text, &fleet).await?;
    watch(&venue, &gateway, &fleet, &screen, story::restart()).await;
    screen.event("the gateway is restarted: it runs its journal again and asks the broker before it goes on");
    fleet.point(|_| None);
    gateway.shutdown().await.map_err(|error| Failure::new(Exit::Internal, error))?;

    let gateway = open(&text, &fleet).await?;
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

/// Starts the gateway and lets the bots in once it is reconciled.
async fn open(text: &str, fleet: &Fleet) -> Result<GatewayHandle, Failure> {
    let loaded = config::parse("demo.toml", text).map_err(|error| Failure::new(Exit::Internal, error))?;
    let mut gateway = Gateway::start(loaded, Storage::Disk).await?;
    if !gateway.ready().await {
        let ended = gateway.ended().await;
        let error = ended.err().map_or_else(|| anyhow::anyhow!("the gateway ended"), anyhow::Error::new);
        return Err(Failure::new(Exit::Internal, error));
    }
    let ports = gateway.addresses().bots.clone();
    fleet.point(|name| ports.iter().find(|(bot, _)| bot.as_str() == name).map(|(_, address)| *address));
    fleet.at_work().await?;
    Ok(gateway)
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
