//! The live shell around the bridge: links, timers, journal thread, HTTP, configuration.
//!
//! Owns: sockets, the clock, the disk thread, the operator's API, `plimsoll.toml`, and the conversion
//! between journal records and the bridge's events.
//!
//! Does not own: any decision about an order. What the bridge says is done; what it did not say is not.

pub mod config;
pub mod link;
