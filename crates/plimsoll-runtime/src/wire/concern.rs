//! Whose business a line of the venue is: the bridge's, or only that of whoever reads it.

use plimsoll_model::Report;

/// Whether the bridge has to decide about a line on a bot's link. Everything else is shown, as far as it is the bot's.
pub fn is_event(report: &Report) -> bool {
    match report {
        Report::ManagedAccounts(_)
        | Report::NextValidId(_)
        | Report::OpenOrder(_)
        | Report::Status(_)
        | Report::Execution(_)
        | Report::Commission { .. }
        | Report::CompletedOrder(_)
        | Report::Error(_) => true,
        Report::AboutAccount(_)
        | Report::Equity { .. }
        | Report::Position(_)
        | Report::Portfolio(_)
        | Report::PositionMulti { .. }
        | Report::OpenOrderEnd
        | Report::PositionsEnd
        | Report::ExecutionsEnd(_)
        | Report::CompletedOrdersEnd
        | Report::CurrentTime(_)
        | Report::Contract(_)
        | Report::ContractEnd(_)
        | Report::Schedule(_)
        | Report::DayBars(_)
        | Report::Quote { .. }
        | Report::Other => false,
    }
}

/// The same on our own connection. Quotes become events of their own, once a second.
pub fn is_own_event(report: &Report) -> bool {
    match report {
        Report::NextValidId(_)
        | Report::OpenOrder(_)
        | Report::OpenOrderEnd
        | Report::Status(_)
        | Report::Execution(_)
        | Report::ExecutionsEnd(_)
        | Report::Commission { .. }
        | Report::CompletedOrder(_)
        | Report::CompletedOrdersEnd
        | Report::Position(_)
        | Report::PositionsEnd
        | Report::Contract(_)
        | Report::Schedule(_)
        | Report::DayBars(_)
        | Report::Equity { .. }
        | Report::Error(_) => true,
        Report::ManagedAccounts(_)
        | Report::Quote { .. }
        | Report::CurrentTime(_)
        | Report::AboutAccount(_)
        | Report::Portfolio(_)
        | Report::PositionMulti { .. }
        | Report::ContractEnd(_)
        | Report::Other => false,
    }
}
