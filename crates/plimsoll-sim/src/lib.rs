//! The live-strict venue simulator.
mod ibkr;
mod market;
pub use ibkr::{MissingAccount, Profile, VenueConfig};
