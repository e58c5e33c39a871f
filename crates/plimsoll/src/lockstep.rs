//! Bots, gateway and simulated venue in one process, with venue time waiting for all of them: what `demo` and `drill`
//! are made of. Everything speaks TWS over loopback, as it would apart; only time is made.

mod fleet;
mod gateway;
mod knock;
mod place;
mod venue;

pub(crate) use fleet::Fleet;
pub(crate) use gateway::open;
pub(crate) use knock::knock;
pub(crate) use place::Place;
pub(crate) use venue::{Day, serve};
