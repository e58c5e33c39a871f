//! The journal as tables: an `SQLite` file that answers what the gateway's memory has forgotten.
//!
//! Owns: the schema, the thread that follows the journal, and the questions that are asked of the file. What an event
//! has changed the follower is told by the gateway, whose bridge has just been through it, and nobody has to remember
//! the day twice. What was in the journal before is read from its files, through a bridge that lives no longer than
//! that. A bridge is a pure function of its events, so a file that has grown with the gateway and one that was made
//! from the journal are the same.
//!
//! Invariants:
//! * nothing ever decides by it: the file may be deleted at any time, and is made again at the next start;
//! * the gateway never waits for it. A follower that fails or falls behind is given up for this life of the
//!   process, and the status says so;
//! * it names the last record that it contains and that record's hash. A file of another journal, of another
//!   schema, ahead of the journal, or damaged is thrown away.
//!
//! Does not own: the journal, and what a record does to the bridge.

mod follow;
mod read;
mod tables;
#[cfg(test)]
mod tests;
mod told;

pub(crate) use follow::{Batch, Followed, Projection, ProjectionState};
pub use follow::{ProjectError, Projected, project};
pub use read::{Filter, ReadError, executions, orders, positions, spoken_against};
pub(crate) use told::Told;

/// The file's name in the state directory.
pub const FILE: &str = "plimsoll.sqlite3";
