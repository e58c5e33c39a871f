//! What a difference is worth in the account's own currency.

use std::collections::BTreeMap;

use plimsoll_ledger::Terms;
use plimsoll_ledger::statement::{About, Break};
use plimsoll_model::{Currency, InstrumentId, Money, Price};
use plimsoll_statement::Statement;
use rust_decimal::Decimal;

/// Prices and rates of a statement's last day.
#[derive(Debug, Default)]
pub(crate) struct Worth {
    rates: BTreeMap<Currency, Decimal>,
    marks: BTreeMap<InstrumentId, (Price, Terms)>,
}

impl Worth {
    /// The latest that the statement says: prices of holdings before prices of trades.
    pub(crate) fn of(sheet: &Statement) -> Self {
        let mut worth = Self::default();
        for trade in &sheet.trades {
            let asset = &trade.asset;
            let currency = asset.terms.currency;
            worth.rates.extend(trade.fx_to_base.map(|rate| (currency, rate)));
            let px = trade.close_px.or(trade.px);
            worth.marks.extend(px.map(|px| (asset.instrument.clone(), (px, asset.terms))));
        }
        for cash in &sheet.cash {
            worth.rates.extend(cash.fx_to_base.map(|rate| (cash.amount.currency, rate)));
        }
        for held in &sheet.open_positions {
            worth.rates.extend(held.fx_to_base.map(|rate| (held.asset.terms.currency, rate)));
            let mark = held.mark.map(|mark| (held.asset.instrument.clone(), (mark, held.asset.terms)));
            worth.marks.extend(mark);
        }
        for rate in sheet.rates.iter().filter(|rate| Some(rate.to) == sheet.base) {
            worth.rates.insert(rate.from, rate.rate);
        }
        worth.rates.extend(sheet.base.map(|base| (base, Decimal::ONE)));
        worth
    }

    /// Of one currency alone.
    pub(crate) fn at_par(currency: Currency) -> Self {
        Self { rates: [(currency, Decimal::ONE)].into(), ..Self::default() }
    }

    /// Prices of executions for instruments that the statement does not know.
    pub(crate) fn also(&mut self, instrument: &InstrumentId, px: Price, terms: Terms) {
        self.marks.entry(instrument.clone()).or_insert((px, terms));
    }

    /// An amount in the account's own currency; nothing without a rate.
    pub(crate) fn in_base(&self, money: Money) -> Option<Decimal> {
        if money.amount.is_zero() {
            return Some(Decimal::ZERO);
        }
        money.amount.checked_mul(*self.rates.get(&money.currency)?)
    }

    /// By how much the account is better off by the broker's books than by ours: cash, and holdings at their last price.
    pub(crate) fn of_break(&self, one: &Break) -> Option<Decimal> {
        let effect = one.effect.as_ref()?;
        let cash = effect.cash.iter().try_fold(Decimal::ZERO, |sum, (currency, amount)| {
            sum.checked_add(self.in_base(Money { amount: *amount, currency: *currency })?)
        })?;
        let About::Instrument(instrument) = &one.about else { return Some(cash) };
        if effect.qty.is_zero() || instrument.as_str().contains(".CASH.") {
            return Some(cash);
        }
        let (mark, terms) = self.marks.get(instrument)?;
        let value = effect.qty.checked_mul(mark.get())?.checked_mul(terms.multiplier)?;
        cash.checked_add(self.in_base(Money { amount: value, currency: terms.currency })?)
    }
}
