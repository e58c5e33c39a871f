//! Sockets: the only place of the workspace that opens them, with a deadline or a limit on everything
//! that the other side controls.
//!
//! Owns: binding, listening, connecting, cutting bytes into frames against a clock, and the bounded
//! backlog of what is to be written. Does not own: what a frame says.
//!
//! Invariants:
//! * every wait for the other side ends: a handshake within [`HANDSHAKE_MAX`], a frame that has begun
//!   within [`FRAME_MAX`], an attempt to connect within the caller's deadline. Only silence between
//!   frames is allowed, and there the kernel asks whether the other side still exists ([`KEEPALIVE_AFTER`]);
//! * memory is bounded per link, in both directions.

mod backlog;
mod incoming;
mod listen;
mod outgoing;

#[cfg(test)]
mod tests;

use std::time::Duration;

pub use incoming::{Incoming, ReadError};
pub use listen::{
    BindError, Bound, ConnectError, accept, accept_unix, bind, connect, connect_unix, listen_unix,
};
pub use outgoing::{BacklogFull, Outgoing};

/// How long a client may take for its first bytes, and again for its start message.
pub const HANDSHAKE_MAX: Duration = Duration::from_secs(5);
/// How long a frame may take from its first byte to its last.
pub const FRAME_MAX: Duration = Duration::from_secs(10);
/// Silence after which the kernel asks the other side whether it is still there, and how often it asks again.
pub const KEEPALIVE_AFTER: Duration = Duration::from_secs(10);
/// See [`KEEPALIVE_AFTER`].
pub const KEEPALIVE_EVERY: Duration = Duration::from_secs(5);
/// How many such questions may stay unanswered before the connection breaks.
pub const KEEPALIVE_MAX: u32 = 4;
/// How long bytes to the venue may stay unacknowledged before the connection breaks. Without this an order in a
/// connection that a router has forgotten waits for a quarter of an hour.
pub const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(30);
/// How much may wait to be written to one side. Reached: the link ends.
pub const BACKLOG_MAX: usize = 8 * 1024 * 1024;
/// From here on market-data ticks are left out, so that order reports still fit.
pub const BACKLOG_WITHOUT_TICKS: usize = BACKLOG_MAX / 2;
/// How long a closing link may take to write what is left.
pub const LINGER_MAX: Duration = Duration::from_secs(5);
/// Connections of one port that have not named their client id yet.
pub const UNIDENTIFIED_MAX: usize = 16;
