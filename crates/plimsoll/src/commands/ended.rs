//! Waiting for the person or the service manager who ends the process.

use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Exit;

/// Returns when SIGINT or SIGTERM comes, or at once if they cannot be heard: a process that cannot be
/// told to end must not go on. How the command ends after an orderly end: a service manager's word is no
/// interruption.
pub(crate) async fn told_to_end() -> Exit {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return Exit::Environment;
    };
    tokio::select! {
        _ = interrupt.recv() => Exit::Interrupted,
        _ = terminate.recv() => Exit::Good,
    }
}
