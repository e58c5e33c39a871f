//! Watching the system's clock: who is asked what time it is, and what becomes of the answers.
//!
//! Owns: when time servers and the kernel are asked, the look for steps and sleep. The venue's clock is asked on our
//! own connection ([`crate::own`]). Does not own: what the answers mean together, which the bridge says, nor the
//! clock itself. Plimsoll never sets it.

pub(crate) mod broker;
mod jumps;
mod kernel;
mod servers;

use std::sync::Arc;
use std::time::Duration;

use plimsoll_core::clock::{Bounds, ClockEvent, ClockSource};
use tokio::task::JoinSet;

use crate::input::{Input, Shared};

/// Between two questions to one source. NTP's own shortest interval, and what public servers put up with.
const POLL: Duration = Duration::from_secs(64);
/// Between two questions after a server has asked not to be asked.
const POLL_UNWELCOME: Duration = Duration::from_mins(15);

/// Starts a task for each source; they end with the set.
pub(crate) fn start(servers: &[Box<str>], tasks: &mut JoinSet<()>, shared: &Arc<Shared>) {
    for address in servers {
        tasks.spawn(ask_server(address.clone(), Arc::clone(shared)));
    }
    tasks.spawn(ask_kernel(Arc::clone(shared)));
    tasks.spawn(jumps::watch(Arc::clone(shared)));
}

async fn ask_server(address: Box<str>, shared: Arc<Shared>) {
    loop {
        let answer = servers::ask(&address).await;
        let pause = match &answer {
            Err(refused) if refused.unwelcome => POLL_UNWELCOME,
            _ => POLL,
        };
        let source = ClockSource::Server(address.clone());
        shared.send(Input::ClockNews(news(source, answer.map_err(|refused| refused.why))));
        tokio::time::sleep(pause).await;
    }
}

async fn ask_kernel(shared: Arc<Shared>) {
    loop {
        shared.send(Input::ClockNews(news(ClockSource::Kernel, kernel::ask())));
        tokio::time::sleep(POLL).await;
    }
}

/// An answer as the bridge wants it.
pub(crate) fn news(source: ClockSource, answer: Result<Bounds, String>) -> ClockEvent {
    match answer {
        Ok(bounds) => ClockEvent::Heard { source, bounds },
        Err(why) => ClockEvent::Unheard { source, why: why.into() },
    }
}
