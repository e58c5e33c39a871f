//! `plimsoll statement`, `plimsoll reconcile`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Config, Reach};

/// Questions about the broker's statements.
#[derive(Debug, Subcommand)]
pub(crate) enum Statement {
    /// Check a Flex statement: whether its query asks for everything, whether it contradicts itself, and whether a ledger
    /// of its own trades agrees with its sums. Exit 1 if something is wrong. Needs no gateway.
    #[command(
        after_help = "Examples:\n  plimsoll statement check activity.xml\n  plimsoll statement check activity.xml --json | jq '.query[]'"
    )]
    Check(CheckStatement),
    /// Show the Flex query that is needed: sections, fields, and what is lost without each.
    Query(ShowQuery),
}

/// Options of `statement check`.
#[derive(Debug, Args)]
pub(crate) struct CheckStatement {
    /// The file, as downloaded: XML.
    pub(crate) file: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Options of `statement query`.
#[derive(Debug, Args)]
pub(crate) struct ShowQuery {
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Options of `reconcile`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  plimsoll reconcile                              the running gateway against the broker, now\n  plimsoll reconcile --statement activity.xml     every execution and fee of the statement's days\n\nExit 1 if there are differences."
)]
pub(crate) struct Reconcile {
    /// The broker's Flex statement; without it the running gateway is asked what it and the broker hold.
    #[arg(long, value_name = "FILE")]
    pub(crate) statement: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reach: Reach,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Options of `nightly`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  plimsoll nightly --statement activity.xml     after the broker has made the day's statement\n  plimsoll nightly                              without one: what the broker's API told of today\n\nExit 1 if a bot was blocked or a difference needs a person."
)]
pub(crate) struct Nightly {
    /// The broker's Flex statement; without it the day is compared with what the broker told the gateway.
    #[arg(long, value_name = "FILE")]
    pub(crate) statement: Option<PathBuf>,
    /// Which day of New York has to be compared; if absent: of a statement the last session before today, otherwise today.
    #[arg(long, value_name = "DATE")]
    pub(crate) date: Option<jiff::civil::Date>,
    /// Only report; block nobody.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) config: Config,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
