//! Exit codes, and errors that carry one. The codes are a promise to scripts.

use std::process::ExitCode;

use plimsoll_runtime::operator_client::ClientError;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; healthy.
    Good,
    /// The answer is "no".
    No,
    /// Usage or configuration.
    Usage,
    /// Venue or gateway unreachable, port taken, disk.
    Environment,
    /// Refused: needs a person.
    Refused,
    /// No answer in time: whether it was done is not known.
    Unknown,
    /// A bug, or a disk that cannot be trusted.
    Internal,
    /// Somebody pressed Ctrl-C; what was to be closed was closed.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Good => 0,
            Exit::No => 1,
            Exit::Usage => 2,
            Exit::Environment => 3,
            Exit::Refused => 4,
            Exit::Unknown => 5,
            Exit::Internal => 70,
            Exit::Interrupted => 130,
        })
    }
}

/// An error with the code that it ends the command with, and what to do next.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    error: anyhow::Error,
}

impl Failure {
    pub(crate) fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self { exit, error: error.into() }
    }

    /// Prints the error for people and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        // A reader that has had enough is not an error.
        if self.error.downcast_ref::<std::io::Error>().is_some_and(is_closed_pipe) {
            return Exit::Good.into();
        }
        eprintln!("plimsoll: {}", told_once(&self.error));
        self.exit.into()
    }
}

/// The error, and of its causes those that its text does not tell already.
fn told_once(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if told.is_empty() {
            told = text;
        } else if !told.contains(&text) {
            told.push_str(": ");
            told.push_str(&text);
        }
    }
    told
}

fn is_closed_pipe(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::BrokenPipe
}

/// What the gateway's side of a question said, or did not say.
impl From<&ClientError> for Exit {
    fn from(error: &ClientError) -> Self {
        match error {
            ClientError::Late => Self::Unknown,
            error if error.is_refusal() => Self::Refused,
            _ => Self::Environment,
        }
    }
}

/// An error that has no better code is about the environment: files, sockets, permissions.
impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(Exit::Environment, error)
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    fn refused() -> std::io::Error {
        std::io::Error::other("refused")
    }

    #[test]
    fn a_cause_that_is_told_already_is_not_told_again() {
        let error = anyhow::Error::new(refused()).context("state/operator.sock: refused; start the gateway");
        assert_eq!(told_once(&error), "state/operator.sock: refused; start the gateway");
    }

    #[test]
    fn a_cause_that_is_not_told_follows() {
        let error = Err::<(), _>(refused()).context("nothing was read").map_err(|e| told_once(&e));
        assert_eq!(error, Err("nothing was read: refused".to_owned()));
    }

    #[test]
    fn an_answer_that_did_not_come_is_told_from_a_no_and_from_nobody_there() {
        let late = Exit::from(&ClientError::Late);
        let no = ClientError::Refused { status: 403, message: String::new() };
        let ending = ClientError::Refused { status: 503, message: String::new() };
        let exits = [late, Exit::from(&no), Exit::from(&ending)];
        assert_eq!(exits, [Exit::Unknown, Exit::Refused, Exit::Environment]);
        let codes = [(Exit::Unknown, 5_u8), (Exit::Interrupted, 130)];
        for (exit, code) in codes {
            assert_eq!(format!("{:?}", ExitCode::from(exit)), format!("{:?}", ExitCode::from(code)));
        }
    }
}
