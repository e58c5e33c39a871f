//! Starting the gateway between fleet and venue.

use plimsoll_runtime::config::Loaded;
use plimsoll_runtime::{Gateway, GatewayHandle, Storage};

use super::Fleet;
use crate::exit::{Exit, Failure};

/// Starts the gateway and lets the bots in once it is reconciled.
pub(crate) async fn open(loaded: Loaded, fleet: &Fleet) -> Result<GatewayHandle, Failure> {
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
