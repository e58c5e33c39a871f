//! The virtual book's holdings of one bot link: which lines about holdings it was shown, and which have to
//! be shown again because the bot's own part has moved since.
//!
//! The venue tells a holding of the account when that moves. A bot's part can move at another moment: its
//! execution may be told after the line, and the holding of an account can stand still while two bots
//! trade places. Does not own: what the bot's part is, which the bridge says.

use std::collections::BTreeMap;

use plimsoll_core::Holding;
use plimsoll_model::{PositionReport, Price, RawFrame, ReqId};
use plimsoll_tws::rewrite::Held;

/// Lines that one link remembers. Beyond it a line is shown once, and not again when the bot's part moves.
const LINES_MAX: usize = 4096;

/// Which of the bot's questions a line answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stream {
    /// `reqPositions`.
    Positions,
    /// `reqAccountUpdates`.
    Portfolio,
    /// `reqPositionsMulti` under this number.
    Multi(ReqId),
}

/// What to do about a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// Leave it out.
    Nothing,
    /// The venue's bytes.
    AsItIs,
    /// The bot's part.
    Part(Held),
}

/// A line as the venue last said it.
#[derive(Debug)]
struct Line {
    raw: RawFrame,
    report: PositionReport,
    shown: Show,
}

/// All lines of one link. The key is the stream, the account, and the contract as the venue names it.
#[derive(Debug, Default)]
pub(crate) struct Holdings {
    lines: BTreeMap<(Stream, String), Line>,
}

impl Holdings {
    /// The venue has said a line; what the bot sees of it.
    pub(crate) fn told(
        &mut self,
        stream: Stream,
        report: &PositionReport,
        raw: &RawFrame,
        seen: Holding,
    ) -> Show {
        let key = (stream, name(report));
        let before = self.lines.get(&key).map_or(Show::Nothing, |line| line.shown);
        let show = step(before, seen);
        let now = if show == Show::Nothing { before } else { show };
        if self.lines.contains_key(&key) || self.lines.len() < LINES_MAX {
            self.lines.insert(key, Line { raw: raw.clone(), report: report.clone(), shown: now });
        }
        show
    }

    /// Lines to show again, because the bot's part of them is no longer what it was told.
    pub(crate) fn moved(&mut self, seen: impl Fn(&PositionReport) -> Holding) -> Vec<(RawFrame, Show)> {
        let mut again = Vec::new();
        // A line that the bot saw as the venue sent it is left to the venue: its next word is on the way.
        for line in self.lines.values_mut().filter(|line| line.shown != Show::AsItIs) {
            let show = step(line.shown, seen(&line.report));
            if show != Show::Nothing {
                line.shown = show;
                again.push((line.raw.clone(), show));
            }
        }
        again
    }

    /// The bot no longer wants to hear of this stream.
    pub(crate) fn end(&mut self, stream: Stream) {
        self.lines.retain(|(of, _), _| *of != stream);
    }

    /// Whether any line was not shown as the venue sent it.
    pub(crate) fn has_parts(&self) -> bool {
        self.lines.values().any(|line| line.shown != Show::AsItIs)
    }
}

/// What is to be shown of a line whose last form the bot knows.
fn step(before: Show, seen: Holding) -> Show {
    match seen {
        Holding::Hidden => Show::Nothing,
        Holding::AsItIs => Show::AsItIs,
        Holding::Own { position, avg_cost, multiplier } => {
            let part = Show::Part(Held { position, avg_cost: avg_cost.unwrap_or(Price::ZERO), multiplier });
            // Others' trades move the line and not the bot's part; and what it never had is not there.
            let never = before == Show::Nothing && position.is_zero();
            if part == before || never { Show::Nothing } else { part }
        }
    }
}

/// Account and contract of a line; the broker's number where it has one.
fn name(report: &PositionReport) -> String {
    let contract = &report.contract;
    match contract.con_id {
        Some(id) => format!("{} {id}", report.account),
        None => format!(
            "{} {} {} {} {:?} {}",
            report.account,
            contract.symbol,
            contract.sec_type.as_wire(),
            contract.expiry,
            contract.strike,
            contract.right
        ),
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{Account, Contract, Currency, Position};
    use rust_decimal::Decimal;

    use super::*;

    fn line(position: &str) -> PositionReport {
        PositionReport {
            account: Account::new("DU1").unwrap(),
            contract: Contract::stock("SPY", Currency::USD),
            position: Position::parse(position).unwrap(),
            avg_cost: None,
        }
    }

    fn own(position: &str) -> Holding {
        let position = Position::parse(position).unwrap();
        Holding::Own { position, avg_cost: None, multiplier: Decimal::ONE }
    }

    fn part(position: &str) -> Show {
        let position = Position::parse(position).unwrap();
        Show::Part(Held { position, avg_cost: Price::ZERO, multiplier: Decimal::ONE })
    }

    fn told(holdings: &mut Holdings, seen: Holding) -> Show {
        holdings.told(Stream::Positions, &line("100"), &RawFrame::default(), seen)
    }

    #[test]
    fn a_strangers_holding_is_left_out_until_the_bot_has_a_part_of_it() {
        let mut holdings = Holdings::default();
        assert_eq!(told(&mut holdings, own("0")), Show::Nothing);
        assert_eq!(told(&mut holdings, own("40")), part("40"));
        assert_eq!(told(&mut holdings, own("0")), part("0"), "and the end of its part is told");
    }

    #[test]
    fn anothers_trade_that_moves_the_account_is_not_told_again() {
        let mut holdings = Holdings::default();
        assert_eq!(told(&mut holdings, own("40")), part("40"));
        assert_eq!(told(&mut holdings, own("40")), Show::Nothing);
    }

    #[test]
    fn an_execution_that_comes_after_the_line_shows_the_line_again() {
        let mut holdings = Holdings::default();
        assert_eq!(told(&mut holdings, own("0")), Show::Nothing);
        let again: Vec<Show> =
            holdings.moved(|_| Holding::AsItIs).into_iter().map(|(_, show)| show).collect();
        assert_eq!(again, [Show::AsItIs]);
        assert!(holdings.moved(|_| own("100")).is_empty(), "the venue's own word is on the way");
    }

    #[test]
    fn a_part_that_moved_while_the_account_stood_still_is_told() {
        let mut holdings = Holdings::default();
        assert_eq!(told(&mut holdings, own("40")), part("40"));
        let again: Vec<Show> = holdings.moved(|_| own("60")).into_iter().map(|(_, show)| show).collect();
        assert_eq!(again, [part("60")]);
    }

    #[test]
    fn a_stream_that_ended_says_nothing_more() {
        let mut holdings = Holdings::default();
        assert_eq!(told(&mut holdings, own("40")), part("40"));
        holdings.end(Stream::Positions);
        assert!(holdings.moved(|_| own("60")).is_empty());
        assert!(!holdings.has_parts());
    }
}
