//! Switches that break the gateway's shell, so that a checker can be seen to find it. No file and no option can set one.

use plimsoll_model::{OrderStatus, Report};

use super::Gateway;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(test), expect(dead_code, reason = "only tests break anything"))]
pub(in crate::simulate) enum Broken {
    /// What waits for the disk leaves as if the disk had it.
    SendsBeforeSync,
    /// An on-close order of ours that the venue has accepted is taken for one that it has canceled.
    TakesAcceptedForDead,
}

impl Gateway {
    /// What a broken shell makes of a line.
    pub(super) fn misread(&self, report: Report) -> Report {
        match (self.broken, report) {
            (Some(Broken::TakesAcceptedForDead), Report::Status(mut said))
                if said.client_id == self.config.venue.client_id && said.status.is_open() =>
            {
                said.status = OrderStatus::Canceled;
                Report::Status(said)
            }
            (Some(Broken::TakesAcceptedForDead), Report::OpenOrder(said))
                if said.client_id == Some(self.config.venue.client_id) =>
            {
                Report::Other
            }
            (_, report) => report,
        }
    }
}
