//! `plimsoll run`: the gateway until it is told to end.

use plimsoll_runtime::config::{self, ConfigError, Loaded};
use plimsoll_runtime::{Gateway, GatewayError, Storage};

use super::Outcome;
use crate::cli::Config;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::statement::pending;

pub(crate) fn run(options: &Config) -> Outcome {
    let loaded = load(options)?;
    for note in &loaded.unenforced {
        eprintln!("plimsoll: {note}");
    }
    let upstream = loaded.settings.upstream.clone();
    let state_dir = loaded.settings.state_dir.clone();
    super::runtime()?.block_on(async move {
        let mut gateway = Gateway::start(loaded, Storage::Disk)
            .await
            .map_err(|error| Failure::new(Exit::Environment, error))?;
        // From here on `nightly` finds a gateway, so nothing comes to them any more. No bot is let in before the broker has
        // told everything, so they are in force by then.
        let blocks = pending::read(&state_dir)?;
        for block in &blocks {
            eprintln!("plimsoll: {} is blocked by `plimsoll nightly`: {}", block.bot, block.reason);
            if let Some(halt) = block.as_halt()
                && !gateway.act(halt).await
            {
                return end(gateway.ended().await, Exit::Environment);
            }
        }
        pending::clear(&state_dir)?;
        eprintln!("plimsoll: starting; waiting for the broker at {upstream} before any bot is let in");
        tokio::select! {
            biased;
            exit = super::ended::told_to_end() => return end(gateway.shutdown().await, exit),
            is_ready = gateway.ready() => if !is_ready { return end(gateway.ended().await, Exit::Good) },
        }
        let ports: Vec<_> = gateway.addresses().bots.iter().map(|(bot, at)| format!("{bot} {at}")).collect();
        output::line(&format!("ready {}", ports.join(" ")))?;
        tokio::select! {
            biased;
            exit = super::ended::told_to_end() => end(gateway.shutdown().await, exit),
            ended = gateway.ended() => end(ended, Exit::Good),
        }
    })
}

/// Reads the configuration, or says everything that is wrong with it.
pub(crate) fn load(options: &Config) -> Result<Loaded, Failure> {
    config::load(&options.config).map_err(|error: ConfigError| Failure::new(Exit::Usage, error))
}

fn end(ended: Result<(), GatewayError>, exit: Exit) -> Outcome {
    match ended {
        Ok(()) => Ok(exit),
        // A disk that failed cannot be trusted with the next order either.
        Err(error @ GatewayError::Journal(_)) => Err(Failure::new(Exit::Internal, error)),
        Err(error @ GatewayError::Bind(_)) => Err(Failure::new(Exit::Environment, error)),
    }
}
