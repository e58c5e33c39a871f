//! Waiting for the person or the service manager who ends the process.

use tokio::signal::unix::{SignalKind, signal};

/// Returns when SIGINT or SIGTERM comes, or at once if they cannot be heard: a process that cannot be
/// told to end must not go on.
pub(crate) async fn told_to_end() {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
