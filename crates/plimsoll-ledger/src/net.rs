//! Figures that are shown: profit with its fees, and positions as rows.

use plimsoll_model::{Account, BotName, Currency, Execution, InstrumentId, Money, Position, Price};

use crate::line::{Holding, Terms};

/// A profit after fees. The figure is final only if no fee is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Net {
    /// Realised profit less the known fees in its currency.
    pub amount: Money,
    /// Known fees in other currencies, which no exact sum can contain; each above zero if it was paid.
    pub other_fees: Vec<Money>,
    /// How many executions have no known fee yet. While it is not zero, the amount is too high.
    pub unknown_fees: u32,
    /// Whether something was closed that had been taken over without a known cost. Its profit is not in the
    /// amount.
    pub unknown_cost: bool,
}

impl Net {
    /// Whether the amount is the whole truth.
    pub fn is_complete(&self) -> bool {
        self.other_fees.is_empty() && self.unknown_fees == 0 && !self.unknown_cost
    }
}

/// What one bot holds or has held of an instrument, looked at in place: judging an order copies no rows.
#[derive(Debug, Clone, Copy)]
pub struct BotHolding<'a> {
    /// In which account.
    pub account: &'a Account,
    /// Of what.
    pub instrument: &'a InstrumentId,
    pub(crate) terms: Terms,
    pub(crate) holding: &'a Holding,
}

impl BotHolding<'_> {
    /// How much.
    pub fn position(&self) -> Position {
        self.holding.book.position()
    }

    /// Profit of everything closed, after all fees in the instrument's currency so far.
    pub fn realised_net(&self) -> Money {
        let currency = self.terms.currency;
        self.holding.net_amount(currency).expect("postings without a net are refused")
    }

    /// A currency other than this one that a part of its result is in: its own, or that of a fee.
    pub fn currency_beside(&self, one: Currency) -> Option<Currency> {
        let own = self.terms.currency;
        let has_result = !self.position().is_zero() || !self.realised_net().amount.is_zero();
        let fee = || self.holding.fees().find(|fee| fee.currency != one && !fee.amount.is_zero());
        (own != one && has_result).then_some(own).or_else(|| fee().map(|fee| fee.currency))
    }

    /// What closing it at `mark` would realise, before the fee of closing; none where no number fits.
    pub fn open_pnl(&self, mark: Price) -> Option<Money> {
        let amount = self.holding.book.open_pnl(mark, self.terms.multiplier)?;
        Some(Money { amount, currency: self.terms.currency })
    }
}

/// One execution as it is posted now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionRow {
    /// What all revisions of it have in common.
    pub stem: Box<str>,
    /// Its latest revision. Our reference is not among what the ledger keeps of it.
    pub execution: Execution,
    /// Whose order it was; none for what no bot of ours explains.
    pub bot: Option<BotName>,
    /// What the venue charged, once it said so.
    pub fee: Option<Money>,
    /// Taken back by the venue, and without effect.
    pub is_busted: bool,
}

/// One holder's position in one account and instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionRow {
    /// Whose; none for holdings and executions that no bot of ours explains.
    pub bot: Option<BotName>,
    /// In which account.
    pub account: Account,
    /// Of what.
    pub instrument: InstrumentId,
    /// How much; zero is shown as long as there is a history.
    pub qty: Position,
    /// Average price per unit by the average cost method; none for no holding, or if nobody knows its cost.
    pub avg_price: Option<Price>,
    /// Profit of everything closed, before fees.
    pub realised_gross: Money,
    /// Known fees in the instrument's currency, those of opening executions included.
    pub fees: Money,
    /// Profit of everything closed, after all fees so far.
    pub realised_net: Net,
}
