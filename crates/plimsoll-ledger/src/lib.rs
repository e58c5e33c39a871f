//! Postings, positions and profit net of fees.
//!
//! Owns: every execution exactly once with its correction, bust and late fee, for as long as the broker can repeat it
//! ([`EXECUTIONS_MAX`]), and its sum for ever; positions and profit per bot,
//! account and instrument; holdings that no execution of ours explains; the difference to the broker's
//! positions, and to its statement ([`statement`]); money that moves without an execution; fee schedules.
//!
//! Invariants: positions move by executions and by adopted openings only. Of an account and instrument, the
//! bots' positions and the foreign one add up to the account's. A fee that is not known is counted as
//! unknown and is never zero, so no profit is ever stated without its fees. Sums of different currencies do
//! not exist. A posting that does not fit changes nothing.
//!
//! Does not own: orders and who placed them (the caller names the bot), the form of the broker's statements, marks.
//! Nothing here has a default fee.

mod book;
mod cash;
mod exact;
mod exec_key;
mod fees;
mod ledger;
mod line;
mod net;
mod positions;
mod recon;
pub mod statement;
mod stem;

pub use cash::{CashBook, CashError, CashKind, CashPosted, CashPosting};
pub use fees::{FeeSchedule, IbkrFixed, OrderFees, Traded};
pub use ledger::{EXECUTIONS_MAX, FeeError, FeePosted, Ledger, PostError, Posted};
pub use line::Terms;
pub use net::{BotHolding, ExecutionRow, Net, PositionRow};
pub use recon::Break;
