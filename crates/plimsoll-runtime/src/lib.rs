//! The live shell around the bridge: links, timers, journal thread, HTTP, configuration.
//!
//! Owns: sockets, the clock, the disk thread, the operator's API, `plimsoll.toml`, and the conversion
//! between journal records and the bridge's events.
//!
//! Does not own: any decision about an order. What the bridge says is done; what it did not say is not.

pub mod announced;
pub mod bot_database;
mod bot_link;
pub mod carry;
pub mod clock;
pub mod config;
mod door;
mod gateway;
mod history;
mod holdings;
pub mod http;
mod input;
mod journal_thread;
pub mod lanes;
pub mod link;
pub mod operator;
pub mod operator_client;
mod own;
mod pacing;
pub mod permissions;
pub mod probe;
mod programs;
pub mod projection;
pub mod quotes;
pub mod record;
pub mod replay;
mod session_bars;
pub mod simulator;
mod spares;
mod streams;
mod subscriptions;
mod time_questions;
pub mod unread;
pub mod view;
pub mod wire;
mod work;
pub mod zones;

pub use gateway::{Addresses, Gateway, GatewayError, GatewayHandle, StartError, Storage};
