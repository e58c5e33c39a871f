//! Our books against the broker's statement: execution by execution, holding by holding, currency by currency.
//!
//! Owns: which execution of one side is which of the other and how sure that is ([`Certainty`]); the differences
//! ([`Break`]) with both sides. A difference is told once, where it arises: a missed execution also changes a holding and the cash, so
//! holdings and cash are compared after what the executions' breaks explain.
//!
//! Invariants: an entry is matched with one at most; two that both name their execution are never matched by anything
//! else; what a side does not know is not compared and counted as not known; amounts are exact, and a sum that does
//! not fit is a break.
//!
//! Does not own: where the entries come from.

mod breaks;
mod matching;
mod shares;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use plimsoll_model::{Account, BotName, Currency, ExecId, InstrumentId, Money, Position, Price, Qty, Side};
use rust_decimal::Decimal;

pub use breaks::{About, Break, BreakKind, Comparison, Match, compare};
pub use matching::Certainty;

use crate::exact;
use crate::line::Terms;

/// One execution, as one side knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The execution's id, if that side has it. A fifth of real statements do not.
    pub exec_id: Option<ExecId>,
    /// The broker's number of the trade.
    pub trade_id: Option<Box<str>>,
    /// What the order was called.
    pub order_ref: Option<Box<str>>,
    /// Whose order it was, if it was a bot's.
    pub bot: Option<BotName>,
    /// In which account.
    pub account: Account,
    /// Of what.
    pub instrument: InstrumentId,
    /// What a price of it means.
    pub terms: Terms,
    /// What else moves with it.
    pub pays: Pays,
    /// Which way.
    pub side: Side,
    /// How much.
    pub qty: Qty,
    /// At what price; none where that side does not say.
    pub px: Option<Price>,
    /// When, if that side says so.
    pub at: Option<Timestamp>,
    /// The day, which a side may know without the time.
    pub date: Option<Date>,
    /// What the broker charged, above zero if it was paid. None: not known, and never zero.
    pub fee: Option<Money>,
    /// Taxes that are told apart from the fee, in the currency of the price; above zero if they were paid.
    pub taxes: Decimal,
}

/// What an execution moves besides the holding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pays {
    /// The price is paid.
    Principal,
    /// Only charges: futures, contracts for difference.
    Charges,
    /// The price in one currency, the quantity in another.
    Pair(Currency),
}

/// What an execution, or a difference, moves. None where no exact number fits or the price is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effect {
    /// On the holding.
    pub qty: Decimal,
    /// On the cash, by currency.
    pub cash: BTreeMap<Currency, Decimal>,
}

impl Effect {
    fn pay(&mut self, currency: Currency, amount: Decimal) -> Option<()> {
        let before = self.cash.get(&currency).copied().unwrap_or_default();
        let sum = exact::add(before, amount)?;
        if sum.is_zero() {
            self.cash.remove(&currency);
        } else {
            self.cash.insert(currency, sum);
        }
        Some(())
    }

    /// Both together.
    pub fn and(&self, other: &Self) -> Option<Self> {
        let mut sum = Self { qty: exact::add(self.qty, other.qty)?, cash: self.cash.clone() };
        for (currency, amount) in &other.cash {
            sum.pay(*currency, *amount)?;
        }
        Some(sum)
    }

    /// The opposite.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self {
            qty: -self.qty,
            cash: self.cash.iter().map(|(currency, amount)| (*currency, -amount)).collect(),
        }
    }
}

impl Entry {
    /// How much of the holding, signed.
    pub fn signed_qty(&self) -> Decimal {
        match self.side {
            Side::Buy => self.qty.get(),
            Side::Sell => -self.qty.get(),
        }
    }

    /// What it moves.
    pub fn effect(&self) -> Option<Effect> {
        let mut effect = Effect { qty: self.signed_qty(), cash: BTreeMap::new() };
        if self.pays != Pays::Charges {
            let value = exact::mul(exact::mul(self.signed_qty(), self.px?.get())?, self.terms.multiplier)?;
            effect.pay(self.terms.currency, -value)?;
        }
        if let Pays::Pair(bought) = self.pays {
            effect.pay(bought, self.signed_qty())?;
        }
        effect.pay(self.terms.currency, -self.taxes)?;
        if let Some(fee) = self.fee {
            effect.pay(fee.currency, -fee.amount)?;
        }
        Some(effect)
    }

    /// Fee and taxes together, if they are of one currency.
    pub(crate) fn all_charges(&self) -> Option<Money> {
        let fee = self.fee?;
        if self.taxes.is_zero() || fee.currency != self.terms.currency {
            return Some(fee);
        }
        exact::add(fee.amount, self.taxes).map(|amount| Money { amount, currency: fee.currency })
    }
}

/// What one side knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    /// Executions that count.
    pub entries: Vec<Entry>,
    /// Executions that the broker has taken back.
    pub busted: Vec<Entry>,
    /// Holdings at the end of the period.
    pub positions: BTreeMap<(Account, InstrumentId), Position>,
    /// Accounts of which the list of holdings is complete: what it leaves out is flat.
    pub complete: BTreeSet<Account>,
    /// Cash at the end of the period.
    pub cash: BTreeMap<(Account, Currency), Decimal>,
    /// Profit realised in the period, net of fees, where both ways of counting must agree.
    pub realised: BTreeMap<(Account, InstrumentId), Money>,
}
