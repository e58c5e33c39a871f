//! `plimsoll allocation`.

use clap::{Args, Subcommand};

use super::{Ask, Reach};

/// Questions about orders over several accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum Allocation {
    /// Show one order account by account: wanted, sent, filled, and why what is missing is missing. Exit 1 if something is.
    #[command(
        after_help = "Examples:\n  plimsoll allocation show SPY-trend-20261127-7\n  plimsoll allocation show SPY-trend-20261127-7 --json | jq '.accounts[] | select(.missing != \"0\")'"
    )]
    Show(ShowAllocation),
    /// List the latest orders over several accounts, one line each.
    List(Ask),
}

/// Options of `allocation show`.
#[derive(Debug, Args)]
pub(crate) struct ShowAllocation {
    /// The order's reference, as in `plimsoll orders`.
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
    #[command(flatten)]
    pub(crate) reach: Reach,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
