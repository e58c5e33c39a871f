//! Questions to the ledger: positions and profits, each with its fees.

use std::collections::BTreeMap;

use plimsoll_model::{Account, BotName, Currency, ExecId, Execution, InstrumentId, Money, Position, Price};

use crate::exact;
use crate::exec_key::ExecKey;
use crate::ledger::Ledger;
use crate::line::{Holding, Line};
use crate::net::{BotHolding, ExecutionRow, Net, PositionRow};

impl Ledger {
    /// Whether this execution was posted before with the same values: then posting it again changes nothing.
    pub fn has(&self, execution: &Execution) -> bool {
        let revision = ExecKey::of(&execution.exec_id).revision;
        self.posting(&execution.exec_id).is_some_and(|(_, known)| {
            known.revision == revision
                && known.place.account == execution.account
                && known.place.instrument == execution.instrument
                && known.side == execution.side
                && known.qty == execution.last_qty
                && known.px == execution.last_px
        })
    }

    /// Whether this fee was posted before: then posting it again changes nothing.
    pub fn has_fee(&self, exec_id: &ExecId, charge: Money) -> bool {
        let revision = ExecKey::of(exec_id).revision;
        let known = self.posting(exec_id).filter(|(_, known)| known.revision == revision && !known.busted);
        known.is_some_and(|(_, known)| known.fee == Some(charge))
    }

    /// In which account and for which bot an execution was posted.
    pub fn posted_for(&self, exec_id: &ExecId) -> Option<(&Account, Option<&BotName>)> {
        self.posting(exec_id).map(|(_, known)| (&known.place.account, known.place.bot.as_ref()))
    }

    /// The position that was adopted, not counting executions since.
    pub fn opening(&self, account: &Account, instrument: &InstrumentId) -> Position {
        let opening = self.line(account, instrument).and_then(|line| line.opening);
        opening.map_or(Position::FLAT, |opening| opening.position)
    }

    /// The account's position: all bots and everything foreign.
    pub fn position(&self, account: &Account, instrument: &InstrumentId) -> Position {
        self.line(account, instrument).map_or(Position::FLAT, |line| line.total)
    }

    /// One bot's position.
    pub fn bot_position(&self, bot: &BotName, account: &Account, instrument: &InstrumentId) -> Position {
        self.holding(Some(bot), account, instrument).map_or(Position::FLAT, |h| h.book.position())
    }

    /// The average price per unit of one bot's position, without fees; none where it holds nothing.
    pub fn bot_avg_px(&self, bot: &BotName, account: &Account, instrument: &InstrumentId) -> Option<Price> {
        let multiplier = self.line(account, instrument)?.terms.multiplier;
        self.holding(Some(bot), account, instrument)?.book.avg_price(multiplier)
    }

    /// What no bot of ours explains.
    pub fn foreign_position(&self, account: &Account, instrument: &InstrumentId) -> Position {
        self.holding(None, account, instrument).map_or(Position::FLAT, |h| h.book.position())
    }

    /// What closing a holder's position at `mark` would realise, before the fee of closing it. The fees paid
    /// so far are in the realised net figure, not here. None where there is no holding, no known
    /// cost, or no fitting number.
    pub fn open_pnl(
        &self,
        bot: Option<&BotName>,
        account: &Account,
        instrument: &InstrumentId,
        mark: Price,
    ) -> Option<Money> {
        let terms = self.line(account, instrument)?.terms;
        let amount = self.holding(bot, account, instrument)?.book.open_pnl(mark, terms.multiplier)?;
        Some(Money { amount, currency: terms.currency })
    }

    /// One bot's realised profit after fees over all accounts and instruments, one figure per currency. None
    /// if a sum needs more than 28 digits.
    pub fn bot_net(&self, bot: &BotName) -> Option<Vec<Net>> {
        let mut nets: BTreeMap<Currency, Net> = BTreeMap::new();
        let lines = self.lines.values().flat_map(BTreeMap::values);
        for (line, holding) in lines.filter_map(|line| Some((line, line.now.bots.get(bot)?))) {
            let currency = line.terms.currency;
            let gross = Money { amount: holding.book.realised(), currency };
            let charges = holding.fees().map(|fee| Money { amount: -fee.amount, ..fee });
            for part in charges.chain([gross]) {
                let zero = Net {
                    amount: Money::zero(part.currency),
                    other_fees: vec![],
                    unknown_fees: 0,
                    unknown_cost: false,
                };
                let net = nets.entry(part.currency).or_insert(zero);
                net.amount.amount = exact::add(net.amount.amount, part.amount)?;
            }
            let own = nets.get_mut(&currency).expect("the gross figure made the entry");
            own.unknown_cost |= holding.book.unknown_cost();
            own.unknown_fees = own.unknown_fees.checked_add(holding.unknown_fees())?;
        }
        Some(nets.into_values().collect())
    }

    /// Everything that a bot holds or has held, by account and instrument.
    pub fn holdings_of(&self, bot: &BotName) -> impl Iterator<Item = BotHolding<'_>> {
        self.held_by(bot).filter_map(|(account, instrument)| self.holding_of(bot, account, instrument))
    }

    /// One of them.
    pub fn holding_of<'a>(
        &'a self,
        bot: &BotName,
        account: &'a Account,
        instrument: &'a InstrumentId,
    ) -> Option<BotHolding<'a>> {
        let line = self.line(account, instrument)?;
        Some(BotHolding { account, instrument, terms: line.terms, holding: line.now.bots.get(bot)? })
    }

    /// Where a bot has them. None of them is ever lost, only more are added.
    pub fn held_by(&self, bot: &BotName) -> impl Iterator<Item = (&Account, &InstrumentId)> {
        let held = self.held.get(bot).into_iter().flatten();
        held.flat_map(|(account, instruments)| instruments.iter().map(move |one| (account, one)))
    }

    /// How many they are.
    pub fn count_held_by(&self, bot: &BotName) -> usize {
        self.held.get(bot).into_iter().flatten().map(|(_, instruments)| instruments.len()).sum()
    }

    /// Every holder's position: bots by name, then what is foreign, each by account and instrument.
    pub fn rows(&self) -> Vec<PositionRow> {
        let lines = self.all_lines();
        let mut rows: Vec<_> =
            lines.flat_map(|(account, instrument, line)| line.rows(account, instrument)).collect();
        // The walk was by account and instrument and sorting is stable; foreign rows go last.
        rows.sort_by(|a, b| (a.bot.is_none(), &a.bot).cmp(&(b.bot.is_none(), &b.bot)));
        rows
    }

    /// Every holder's position of one instrument in one account: bots by name, then what is foreign.
    pub fn rows_of(&self, account: &Account, instrument: &InstrumentId) -> Vec<PositionRow> {
        self.line(account, instrument).map_or_else(Vec::new, |line| line.rows(account, instrument))
    }

    /// An execution as it is posted now, under the id of any of its revisions.
    pub fn execution(&self, exec_id: &ExecId) -> Option<ExecutionRow> {
        let (stem, posting) = self.posting(exec_id)?;
        let stem = stem.as_str();
        Some(ExecutionRow {
            stem: stem.into(),
            execution: posting.execution(stem),
            bot: posting.place.bot.clone(),
            fee: posting.fee,
            is_busted: posting.busted,
        })
    }

    pub(crate) fn all_lines(&self) -> impl Iterator<Item = (&Account, &InstrumentId, &Line)> {
        self.lines.iter().flat_map(|(account, lines)| {
            lines.iter().map(move |(instrument, line)| (account, instrument, line))
        })
    }

    pub(crate) fn line(&self, account: &Account, instrument: &InstrumentId) -> Option<&Line> {
        self.lines.get(account)?.get(instrument)
    }

    fn holding(
        &self,
        bot: Option<&BotName>,
        account: &Account,
        instrument: &InstrumentId,
    ) -> Option<&Holding> {
        let line = self.line(account, instrument)?;
        match bot {
            Some(bot) => line.now.bots.get(bot),
            None => Some(&line.now.foreign),
        }
    }
}
