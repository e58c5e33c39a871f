//! Which command does what. Each module is one command; none knows another.

mod accept;
mod allocation;
mod calendar;
mod check;
mod ended;
mod explain;
mod gateway_dir;
mod halt;
mod history;
mod journal;
mod nightly;
mod paper_vs_live;
mod reconcile;
mod run;
mod schedule;
mod sim;
mod statement;
mod views;

use crate::cli::{Cli, Command, Report};
use crate::exit::{Exit, Failure};

/// What every command returns.
pub(crate) type Outcome = Result<Exit, Failure>;

/// Runs the command.
pub(crate) fn run(cli: Cli) -> Outcome {
    match cli.command {
        Command::Demo(options) => crate::demo::run(&options),
        Command::Drill { what } => crate::drill::run(&what),
        Command::Simulate(options) => crate::simulate::run(&options),
        Command::Run(config) => run::run(&config),
        Command::Sim { venue: crate::cli::Sim::Ibkr(options) } => sim::run(&options),
        Command::Check(query) => check::run(&query),
        Command::Status(query) => views::status(&query),
        Command::Clock(query) => views::clock(&query),
        Command::Bots(query) => views::bots(&query),
        Command::Orders(query) if query.history => history::orders(&query.past),
        Command::Orders(query) => views::orders(&query.past),
        Command::Executions(query) => history::executions(&query),
        Command::Positions(query) => views::positions(&query),
        Command::Breaks(query) => views::breaks(&query),
        Command::Allocation { what } => allocation::run(&what),
        Command::Reconcile(options) => reconcile::run(&options),
        Command::Nightly(options) => nightly::run(&options),
        Command::Statement { what } => statement::run(&what),
        Command::Halt(options) => halt::halt(&options),
        Command::Resume(options) => halt::resume(&options),
        Command::Accept(options) => accept::run(&options),
        Command::Report { what: Report::PaperVsLive(query) } => paper_vs_live::run(&query),
        Command::Explain(options) => explain::run(&options),
        Command::Calendar { what } => calendar::run(&what),
        Command::Schedule { what } => schedule::run(&what),
        Command::Journal { what } => journal::run(&what),
    }
}

/// One runtime for everything that waits: the gateway and the simulator are single-threaded by design.
pub(crate) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
