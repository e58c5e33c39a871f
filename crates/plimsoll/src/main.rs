//! The command line: what a person or a script types, and what it prints. Everything of substance is in
//! the crates below; here are names, defaults, exit codes and manners.

mod adapter;
mod cli;
mod commands;
mod demo;
mod drill;
mod exit;
mod lockstep;
mod output;
mod simulate;
mod statement;

use clap::Parser;

fn main() -> std::process::ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        // clap prints help and usage errors itself, with its own exit codes 0 and 2.
        Err(error) => error.exit(),
    };
    // Logs are for people and go to stderr; the record is the journal.
    // The demo redraws its picture in place and a drill tells a story: nothing short of an error may come between.
    let usual = match cli.command {
        cli::Command::Demo(_) | cli::Command::Drill { .. } | cli::Command::Simulate(_) => {
            tracing::Level::ERROR
        }
        _ => tracing::Level::WARN,
    };
    let asked = std::env::var("PLIMSOLL_LOG").ok().and_then(|level| level.parse().ok());
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(asked.unwrap_or(usual))
        .with_target(false)
        .init();
    // Before anybody reads a civil time: whose zone data counts is settled once.
    plimsoll_runtime::zones::choose();
    match commands::run(cli) {
        Ok(code) => code.into(),
        Err(error) => error.report(),
    }
}
