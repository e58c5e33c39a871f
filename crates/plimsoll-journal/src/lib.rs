//! The append-only journal: what happened, in order, so that it can be proved and run again.
//!
//! Owns: the record format (checksummed and hash-chained), segments on the disk, writing with group
//! commit, reading, verifying, recovery after a crash, and the lock that keeps a second process out.
//!
//! Does not own: what a record means ([`Body`] is text and numbers here), threads, clocks, replay.
//!
//! ```text
//! state/lock                            held for the life of the process
//! state/journal/000000000001.plj        segment header, records, one Sealed record, zeros
//! state/journal/000000219847.plj        named by the sequence number of its first record
//! state/journal/spare.tmp               zeros that become the next segment
//! ```
//!
//! Invariants:
//! * a record that [`Writer::sync`] has reported is never given up: recovery cuts only what no later
//!   record and no complete write contradicts (see [`Reader`] for how a torn write is told from rot);
//! * every changed bit, missing, repeated or exchanged record inside the journal is found. A journal that
//!   was cut at its end is only found by comparing its head with one that was written down elsewhere;
//! * after a failed write or sync the writer refuses everything. The kernel marks pages clean after a
//!   failed sync, so asking again on the same file would report success for bytes that are gone.

mod body;
mod lock;
mod reader;
mod record;
mod recover;
mod segment;
mod sink;
mod spare;
mod tear;
mod writer;

#[cfg(test)]
mod tests;

pub use body::{Body, BodyError, ClockRecord, JobEndRecord, Raw};
pub use lock::{LockError, StateLock};
pub use reader::{Broken, ReadError, Reader, Report, TornTail, Why, verify};
pub use record::{Hash, Record};
pub use recover::{Recovered, open, recover, recover_segments};
pub use sink::{FileSink, MemorySink, Sink};
pub use spare::{Spare, SpareOrder};
pub use writer::{Head, Options, WriteError, Writer};
