//! The options of `drill`.

use clap::{Args, Subcommand};

/// What to do with drills.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  plimsoll drill list
  plimsoll drill run late-moc-half-day       what happened, what was expected, the verdict
  plimsoll drill run late-moc-half-day --straight    the same day without Plimsoll
  plimsoll drill run my-own.drill            a file of yours; docs/drills.md says how to write one
  plimsoll drill run --all --json")]
pub(crate) enum Drill {
    /// List the drills that come with Plimsoll.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run one, or all; exit 0 if everything was as expected, 1 if not.
    Run(RunDrill),
}

/// Options of `drill run`.
#[derive(Debug, Args)]
pub(crate) struct RunDrill {
    /// A name of `drill list`, or a file that ends in `.drill`.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(crate) name: Option<String>,
    /// All that come with Plimsoll.
    #[arg(long)]
    pub(crate) all: bool,
    /// Connect the bots straight to the simulated broker, to see what happens without Plimsoll.
    #[arg(long)]
    pub(crate) straight: bool,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}
