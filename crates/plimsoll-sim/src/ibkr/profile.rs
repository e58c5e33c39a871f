//! Where paper is not life: the one table of differences between the two profiles.
//!
//! Owns the list. No other file asks which profile is in force; it asks whether one difference shows its
//! live side ([`Exchange::lives`]). Each row is documented in `docs/simulator.md` and has a test on the wire that
//! shows both sides (`tests/profiles.rs`). What is not in the table is the same in both.

use crate::ibkr::Profile;
use crate::ibkr::exchange::Exchange;

/// One way in which a paper account is not a live one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Difference {
    /// Two on-close orders of one account that could trade with each other.
    OnCloseCrossing,
    /// How an on-close order is acknowledged.
    OnCloseAcknowledgement,
    /// On-close orders, and cancels of them, after the deadline.
    OnCloseCutoff,
    /// An order that names no account while the login has several.
    MissingAccount,
    /// What lies behind the best price.
    BookDepth,
    /// What is left of a market order that was routed to one exchange.
    DirectedRemainder,
    /// A fill-or-kill order that could be filled.
    FillOrKill,
    /// `AUC` as a time in force.
    AtAuction,
    /// Orders that name a clearing account.
    Clearing,
    /// Stops while TWS has lost its server.
    StopsWithoutLink,
    /// The form of an execution's time.
    ExecutionTimes,
    /// How a peg beside the book is acknowledged.
    PegAcknowledgement,
    /// Pegs to the other side of the quote.
    PegToMarket,
    /// Orders in options for the open and for the close.
    OptionAuctions,
    /// Prices of options between two nickels.
    PennyExecutions,
    /// Whose market data it is.
    SharedData,
}

/// One row of the table.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the words are for readers and for the documentation's test")
)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    /// Which.
    pub(crate) difference: Difference,
    /// Its name in the documentation.
    pub(crate) name: &'static str,
    /// What the live profile does.
    pub(crate) live: &'static str,
    /// What the paper profile does.
    pub(crate) paper: &'static str,
    /// Who says so.
    pub(crate) source: &'static str,
}

const fn row(
    difference: Difference,
    name: &'static str,
    [live, paper]: [&'static str; 2],
    source: &'static str,
) -> Row {
    Row { difference, name, live, paper, source }
}

/// All of them.
pub(crate) const DIFFERENCES: [Row; 16] = [
    row(
        Difference::OnCloseCrossing,
        "on_close_crossing",
        ["both orders are cancelled with 202", "both are executed in the auction"],
        "field report",
    ),
    row(
        Difference::OnCloseAcknowledgement,
        "on_close_acknowledgement",
        ["openOrder and orderStatus PreSubmitted (assumed)", "silence until the cancel or the auction"],
        "recorded from a paper Gateway, June 2026",
    ),
    row(
        Difference::OnCloseCutoff,
        "on_close_cutoff",
        ["201 for late orders, 161 for late cancels", "taken at any time before the close (assumed)"],
        "NYSE and Nasdaq rules, IBKR's order type pages",
    ),
    row(
        Difference::MissingAccount,
        "missing_account",
        ["as `--missing-account` says: default account, 321 or 435", "the first account takes it"],
        "field report; library issue trackers",
    ),
    row(
        Difference::BookDepth,
        "book_depth",
        ["an order takes several prices", "the best price only, the rest waits for the next quote"],
        "IBKR on its paper accounts: fills are simulated from the top of the book",
    ),
    row(
        Difference::DirectedRemainder,
        "directed_remainder",
        ["goes on to be executed", "is rejected: Inactive and 201"],
        "IBKR on its paper accounts",
    ),
    row(
        Difference::FillOrKill,
        "fill_or_kill",
        ["is filled", "ends Inactive"],
        "recorded from a paper Gateway",
    ),
    row(
        Difference::AtAuction,
        "auction_orders",
        ["tif AUC takes part in the opening auction", "387: auction orders are not supported"],
        "IBKR on its paper accounts",
    ),
    row(
        Difference::Clearing,
        "clearing",
        ["an order with a clearing account is taken", "322"],
        "recorded from a paper Gateway",
    ),
    row(
        Difference::StopsWithoutLink,
        "stops_without_link",
        ["STP and STP LMT trigger at the exchange while 1100 lasts", "no stop triggers before 1101 or 1102"],
        "IBKR on its paper accounts: stops are always simulated; IBKR on its resets: simulated orders wait",
    ),
    row(
        Difference::ExecutionTimes,
        "execution_times",
        ["`20261127-16:00:00`, in UTC", "`20261127 11:00:00 US/Eastern`"],
        "library issue trackers; a paper Gateway of June 2026 sent UTC as well: `--execution-times` sets it",
    ),
    row(
        Difference::PegAcknowledgement,
        "peg_acknowledgement",
        ["openOrder and orderStatus (assumed)", "silence until an execution (assumed) or the cancel"],
        "PEG MID and PEG BEST recorded from a paper Gateway, June 2026",
    ),
    row(
        Difference::PegToMarket,
        "peg_to_market",
        ["PEG MKT works at the exchange that it is sent to", "387"],
        "IBKR on its paper accounts",
    ),
    row(
        Difference::OptionAuctions,
        "option_auctions",
        [
            "MOC, and MKT with OPG, in options are executed if they are sent to an exchange",
            "Inactive and 201 (assumed: which code)",
        ],
        "tried by the authors of a trading engine, on live and on paper",
    ),
    row(
        Difference::PennyExecutions,
        "penny_executions",
        [
            "options are executed at any step of their price",
            "at multiples of five cents only, limits between wait",
        ],
        "IBKR on its paper accounts",
    ),
    row(
        Difference::SharedData,
        "shared_data",
        [
            "`other_user_login` takes nothing away",
            "10197, no data while the live user is logged in elsewhere",
        ],
        "IBKR on its paper accounts: they share the data of the live user, who comes first",
    ),
];

impl Exchange {
    /// Whether a difference shows its live side.
    pub(crate) fn lives(&self, difference: Difference) -> bool {
        debug_assert!(
            DIFFERENCES.iter().any(|row| row.difference == difference),
            "every difference has a row"
        );
        self.profile == Profile::Live
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The page is written for people, the table is what the venue does: one must not lack what the other has.
    #[test]
    fn every_difference_stands_in_the_documentation_with_both_sides() {
        let page = include_str!("../../../../docs/simulator.md");
        for row in DIFFERENCES {
            let line = format!("| `{}` | {} | {} | {} |", row.name, row.live, row.paper, row.source);
            assert!(page.contains(&line), "docs/simulator.md lacks this row:\n{line}");
        }
    }
}
