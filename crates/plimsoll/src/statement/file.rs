//! A statement's file, opened and read.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use plimsoll_statement::{ReadError, StatementFile, read};

use crate::exit::{Exit, Failure};

/// Reads the file. One that is no statement is a "no" about the file, one that cannot be opened is the environment's.
pub(crate) fn open(path: &Path) -> Result<StatementFile, Failure> {
    let named = |exit, what: &dyn std::fmt::Display| {
        Failure::new(exit, anyhow::anyhow!("{}: {what}", path.display()))
    };
    let file = File::open(path).map_err(|error| named(Exit::Environment, &error))?;
    read(BufReader::new(file)).map_err(|error| match error {
        ReadError::Io(_) => named(Exit::Environment, &error),
        _ => named(Exit::No, &error),
    })
}
