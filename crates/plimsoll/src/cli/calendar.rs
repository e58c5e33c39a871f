//! `plimsoll calendar`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Config;

/// Questions about the calendar.
#[derive(Debug, Subcommand)]
pub(crate) enum Calendar {
    /// Every anchor of one day for one symbol or calendar.
    Show {
        /// A US symbol (`SPY`), a listing (`ARCA`, `NASDAQ`, `NYSE`) or a calendar name (`XNYS`).
        what: String,
        /// The trade date; today if absent.
        #[arg(long)]
        date: Option<jiff::civil::Date>,
        /// A folder of announced days, `state/calendar.d`; they are left out if absent.
        #[arg(long, value_name = "DIR")]
        calendar_dir: Option<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// One row per session as CSV.
    Export {
        /// The calendar, `XNYS`.
        name: String,
        /// First date.
        #[arg(long)]
        from: jiff::civil::Date,
        /// Last date.
        #[arg(long)]
        to: jiff::civil::Date,
        /// Add the close cutoffs of the exchanges and the one in effect.
        #[arg(long)]
        anchors: bool,
        /// Only CSV so far.
        #[arg(long, default_value = "csv")]
        format: String,
        /// A folder of announced days, `state/calendar.d`; they are left out if absent.
        #[arg(long, value_name = "DIR")]
        calendar_dir: Option<PathBuf>,
    },
    /// Announce a day that no release knows yet; a running gateway takes it in within seconds.
    #[command(
        after_help = "Examples:\n  plimsoll calendar add XNYS 2027-01-15 closed --reason \"National Day of Mourning\" --source \"NYSE, 2027-01-12\"\n  plimsoll calendar add XNYS 2027-03-05 early --close 13:00 --reason storm --source \"NYSE, 2027-03-04\""
    )]
    Add(AddDay),
}

/// Options of `calendar add`.
#[derive(Debug, Args)]
pub(crate) struct AddDay {
    #[command(flatten)]
    pub(crate) config: Config,
    /// The calendar, `XNYS`; what one US share venue announces holds for all of them.
    pub(crate) name: String,
    /// The trade date.
    pub(crate) date: jiff::civil::Date,
    /// `closed`, `early` (with --close), `late` (with --open) or `open` (with both and --force).
    pub(crate) change: String,
    /// When the session begins, in the venue's own time.
    #[arg(long, value_name = "HH:MM")]
    pub(crate) open: Option<String>,
    /// When the session ends, in the venue's own time.
    #[arg(long, value_name = "HH:MM")]
    pub(crate) close: Option<String>,
    /// Why; it is kept in the journal.
    #[arg(long)]
    pub(crate) reason: String,
    /// Who announced it, and when.
    #[arg(long)]
    pub(crate) source: String,
    /// Add trading time to what the rules say.
    #[arg(long)]
    pub(crate) force: bool,
    /// The folder to write into instead of `calendar.d` in the configuration's state directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) calendar_dir: Option<PathBuf>,
}
