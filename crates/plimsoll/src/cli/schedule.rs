//! `plimsoll schedule`.

use clap::{Args, Subcommand};

use super::Config;

/// Questions about the schedule.
#[derive(Debug, Subcommand)]
pub(crate) enum Schedule {
    /// Every start of every job, with half days, changed clocks, weeks in which New York and London are four hours apart,
    /// and dates that no calendar covers. Needs no running gateway.
    #[command(
        after_help = "Examples:\n  plimsoll schedule explain\n  plimsoll schedule explain --from 2026-03-01 --days 45\n  plimsoll schedule explain --json | jq '.[] | select(.marks | length > 0)'"
    )]
    Explain(ExplainSchedule),
}

/// Options of `schedule explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainSchedule {
    #[command(flatten)]
    pub(crate) config: Config,
    /// First trade date; today in UTC if absent.
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<jiff::civil::Date>,
    /// How many days.
    #[arg(long, default_value_t = 400, value_name = "N")]
    pub(crate) days: u32,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
