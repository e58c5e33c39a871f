//! Options of `simulate`.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Which days, and what to tell of them.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// How many days.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) days: u64,
    /// Play days for so many minutes instead.
    #[arg(long, conflicts_with_all = ["days", "hours"])]
    pub(crate) minutes: Option<NonZeroU64>,
    /// Play as many days as make so many simulated hours instead.
    #[arg(long, conflicts_with = "days")]
    pub(crate) hours: Option<NonZeroU64>,
    /// Play each day twice, and fail where the second is not the first. Without it one day in sixteen is.
    #[arg(long)]
    pub(crate) twice: bool,
    /// The seed of the first day; each day after it has the next one. The same seed gives the same day.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// What the days are about.
    #[arg(long, value_enum, default_value_t = Scenario::Closing)]
    pub(crate) scenario: Scenario,
    /// Play the one day of this plan.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["days", "minutes", "hours", "seed", "scenario"])]
    pub(crate) plan: Option<PathBuf>,
    /// Print everything that happens on one day.
    #[arg(long)]
    pub(crate) trace: bool,
    /// Make the plan of one day smaller as long as it breaks the same invariant, and play that.
    #[arg(long)]
    pub(crate) shrink: bool,
    /// How many days are played at the same time; as many as there are processors if absent.
    #[arg(long)]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a day is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// The last twenty minutes before a close, its auction, and ten minutes after it.
    Closing,
    /// Half an hour of an open market.
    Hours,
    /// One of each in turn: days of even seeds are closing ones.
    All,
}
