//! What each account holds: cash, positions, and what was earned.
//!
//! Owns the posting of executions and the account values that TWS names. Average cost contains the
//! commission, as IBKR counts it, and realised profit is after commission; cash moves by exactly
//! price times shares and commission.
//!
//! Invariant: cash plus cost of positions minus realised profit never changes but by rounding of the
//! average cost to eight digits, which is why cash and not cost is the truth.

use std::collections::BTreeMap;

use plimsoll_model::Side;
use rust_decimal::Decimal;

use crate::ibkr::order::dollars;
use crate::market::Sym;

/// A position of one account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Holding {
    /// Shares, negative when short.
    pub(crate) qty: i64,
    /// What the shares cost in all, commission included; negative proceeds when short.
    cost: Decimal,
    /// Profit taken since the last open, after commission.
    pub(crate) realized: Decimal,
    /// Open profit that was there at the close before: not of this day.
    pub(crate) carried: Decimal,
    /// Open profit at the last close; becomes the one above when the next session opens.
    pub(crate) closing_profit: Decimal,
}

impl Holding {
    /// Cost per share, commission included; zero when flat.
    pub(crate) fn avg_cost(&self) -> Decimal {
        if self.qty == 0 {
            return Decimal::ZERO;
        }
        (self.cost / Decimal::from(self.qty)).round_dp(8).normalize()
    }

    /// Value minus cost at a price in cents.
    pub(crate) fn unrealized(&self, cents: i64) -> Decimal {
        dollars(cents) * Decimal::from(self.qty) - self.cost
    }
}

/// One posting: an execution and its commission.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Posting {
    /// Of what.
    pub(crate) sym: Sym,
    /// Which way.
    pub(crate) side: Side,
    /// Shares.
    pub(crate) qty: i64,
    /// In cents.
    pub(crate) px: i64,
    /// The charge.
    pub(crate) commission: Decimal,
}

/// An execution that never was, with what its posting had done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Undone {
    /// Of what.
    pub(crate) sym: Sym,
    /// Shares, negative for a sale.
    pub(crate) signed: i64,
    /// Price times shares.
    pub(crate) paid: Decimal,
    /// The charge.
    pub(crate) commission: Decimal,
    /// The profit that was taken.
    pub(crate) realized: Decimal,
    /// What it did to the position's cost.
    pub(crate) cost: Decimal,
}

/// What a corrected execution had done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CorrectionOf {
    /// It opened or enlarged a position.
    Opening,
    /// It closed one, at least in part.
    Closing,
}

/// One account.
#[derive(Debug, Clone)]
pub(crate) struct Book {
    /// Dollars.
    pub(crate) cash: Decimal,
    /// By symbol; flat ones stay for the day's profit.
    pub(crate) holdings: BTreeMap<Sym, Holding>,
    /// Profit taken since the last open, after commission.
    pub(crate) realized: Decimal,
    /// Net liquidation at the close before this trade date.
    value_at_close: Decimal,
    /// Net liquidation at the last close; becomes the one above when the next session opens.
    pub(crate) closing_value: Decimal,
}

impl Book {
    /// An account with nothing but cash.
    pub(crate) fn new(cash: Decimal) -> Self {
        Self {
            cash,
            holdings: BTreeMap::new(),
            realized: Decimal::ZERO,
            value_at_close: cash,
            closing_value: cash,
        }
    }

    /// Shares held of a symbol.
    pub(crate) fn qty(&self, sym: Sym) -> i64 {
        self.holdings.get(&sym).map_or(0, |holding| holding.qty)
    }

    /// Posts an execution. Returns the profit taken, if it closed anything.
    pub(crate) fn post(&mut self, posting: Posting) -> Option<Decimal> {
        let signed = if posting.side == Side::Buy { posting.qty } else { -posting.qty };
        let value = dollars(posting.px) * Decimal::from(signed);
        self.cash -= value + posting.commission;
        let holding = self.holdings.entry(posting.sym).or_default();
        let closes = holding.qty.signum() * signed.signum() < 0;
        if !closes {
            holding.qty += signed;
            holding.cost += value + posting.commission;
            return None;
        }
        let closing = signed.abs().min(holding.qty.abs()) * signed.signum();
        let closing_share = Decimal::from(closing) / Decimal::from(signed);
        let closing_commission = (posting.commission * closing_share).round_dp(8);
        let closed_cost = holding.cost * Decimal::from(closing) / Decimal::from(-holding.qty);
        let proceeds = -dollars(posting.px) * Decimal::from(closing);
        // `closed_cost` carries the sign of the holding that goes; selling 40 of a long 100 takes away
        // 40 hundredths of its cost.
        let gone =
            if holding.qty + closing == 0 { holding.cost } else { closed_cost.abs() * sign(holding.qty) };
        let realized = (proceeds - gone - closing_commission).round_dp(8).normalize();
        holding.cost -= gone;
        holding.qty += closing;
        let opening = signed - closing;
        if opening != 0 {
            holding.qty += opening;
            holding.cost +=
                dollars(posting.px) * Decimal::from(opening) + posting.commission - closing_commission;
        }
        holding.realized += realized;
        self.realized += realized;
        Some(realized)
    }

    /// An execution turned out to have cost `change` more. Of a closing one the profit is corrected, of an
    /// opening one the cost.
    pub(crate) fn correct(&mut self, sym: Sym, change: Decimal, closed: CorrectionOf) {
        self.cash -= change;
        let holding = self.holdings.entry(sym).or_default();
        match closed {
            CorrectionOf::Opening => holding.cost += change,
            CorrectionOf::Closing => {
                holding.realized -= change;
                self.realized -= change;
            }
        }
    }

    /// What a symbol's position cost in all.
    pub(crate) fn cost(&self, sym: Sym) -> Decimal {
        self.holdings.get(&sym).map_or(Decimal::ZERO, |holding| holding.cost)
    }

    /// Takes a posting back.
    pub(crate) fn undo(&mut self, undone: Undone) {
        let paid = if undone.signed < 0 { -undone.paid } else { undone.paid };
        self.cash += paid + undone.commission;
        let holding = self.holdings.entry(undone.sym).or_default();
        holding.qty -= undone.signed;
        holding.cost -= undone.cost;
        holding.realized -= undone.realized;
        self.realized -= undone.realized;
    }

    /// Starts a new trade date: the day's profits begin at zero.
    pub(crate) fn roll(&mut self) {
        self.value_at_close = self.closing_value;
        self.realized = Decimal::ZERO;
        self.holdings.retain(|_, holding| holding.qty != 0);
        for holding in self.holdings.values_mut() {
            holding.realized = Decimal::ZERO;
            holding.carried = holding.closing_profit;
        }
    }
}

fn sign(qty: i64) -> Decimal {
    Decimal::from(qty.signum())
}

/// An account in numbers, as TWS names them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values {
    /// Cash.
    pub(crate) cash: Decimal,
    /// Value of all positions, short ones negative.
    pub(crate) positions: Decimal,
    /// Value of all positions without their signs.
    pub(crate) gross: Decimal,
    /// Cash and positions.
    pub(crate) net_liquidation: Decimal,
    /// Open profit.
    pub(crate) unrealized: Decimal,
    /// Taken profit of the day.
    pub(crate) realized: Decimal,
    /// Change of net liquidation since the close before.
    pub(crate) daily: Decimal,
}

impl Values {
    /// The values of an account at these prices in cents.
    pub(crate) fn of(book: &Book, price: impl Fn(Sym) -> i64) -> Self {
        let mut values = Self {
            cash: book.cash,
            positions: Decimal::ZERO,
            gross: Decimal::ZERO,
            net_liquidation: book.cash,
            unrealized: Decimal::ZERO,
            realized: book.realized,
            daily: Decimal::ZERO,
        };
        for (sym, holding) in &book.holdings {
            let cents = price(*sym);
            let value = dollars(cents) * Decimal::from(holding.qty);
            values.positions += value;
            values.gross += value.abs();
            values.unrealized += holding.unrealized(cents);
        }
        values.net_liquidation = values.cash + values.positions;
        values.daily = values.net_liquidation - book.value_at_close;
        values
    }

    /// The margin that a day-trading account keeps: a quarter of the gross position.
    pub(crate) fn margin(&self) -> Decimal {
        self.gross * Decimal::new(25, 2)
    }

    /// What is not bound by margin.
    pub(crate) fn available(&self) -> Decimal {
        self.net_liquidation - self.margin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sym() -> Sym {
        crate::market::Sym::first()
    }

    fn post(book: &mut Book, side: Side, qty: i64, px: i64) -> Option<String> {
        let posting = Posting { sym: sym(), side, qty, px, commission: Decimal::ONE };
        book.post(posting).map(|realized| realized.to_string())
    }

    // By hand: 100 bought at 50.00 cost 5,001; 40 sold at 51.00 bring 2,040 - 1 against 2,000.40 of cost.
    #[test]
    fn profit_is_taken_after_both_commissions() {
        let mut book = Book::new(Decimal::from(10_000));
        assert_eq!(post(&mut book, Side::Buy, 100, 5000), None);
        assert_eq!(post(&mut book, Side::Sell, 40, 5100).as_deref(), Some("38.6"));
        assert_eq!(book.cash, Decimal::from(10_000 - 5_001 + 2_039));
        assert_eq!(book.holdings[&sym()].avg_cost().to_string(), "50.01");
    }

    // By hand: short 10 at 20.00 brings 199; buying 30 at 19.00 closes 10 with a third of the commission
    // (199 - 190 - 0.33333333) and opens 20 for 380 + 0.66666667.
    #[test]
    fn a_reversal_splits_its_commission() {
        let mut book = Book::new(Decimal::from(1_000));
        assert_eq!(post(&mut book, Side::Sell, 10, 2000), None);
        assert_eq!(book.holdings[&sym()].avg_cost().to_string(), "19.9");
        assert_eq!(post(&mut book, Side::Buy, 30, 1900).as_deref(), Some("8.66666667"));
        assert_eq!(book.qty(sym()), 20);
        assert_eq!(book.holdings[&sym()].avg_cost().to_string(), "19.03333333");
    }

    // A bust leaves the account as it was: by the ledger's own rule for executions that never were.
    #[test]
    fn an_undone_sale_gives_back_shares_cash_and_cost() {
        let mut book = Book::new(Decimal::from(10_000));
        post(&mut book, Side::Buy, 100, 5000);
        let (cash, cost) = (book.cash, book.cost(sym()));
        let realized = Decimal::new(386, 1);
        post(&mut book, Side::Sell, 40, 5100);
        let change = book.cost(sym()) - cost;
        let paid = Decimal::from(2_040);
        book.undo(Undone { sym: sym(), signed: -40, paid, commission: Decimal::ONE, realized, cost: change });
        assert_eq!((book.cash, book.cost(sym()), book.qty(sym())), (cash, cost, 100));
        assert_eq!(book.realized, Decimal::ZERO);
    }

    // Whatever is traded, value must equal start plus profits: nothing appears from nowhere.
    #[test]
    fn value_is_start_plus_realized_plus_unrealized() {
        let mut book = Book::new(Decimal::from(100_000));
        for (side, qty, px) in [
            (Side::Buy, 70, 5012),
            (Side::Sell, 33, 4999),
            (Side::Sell, 90, 5033),
            (Side::Buy, 13, 5001),
            (Side::Buy, 40, 4980),
        ] {
            post(&mut book, side, qty, px);
        }
        let values = Values::of(&book, |_| 5000);
        let explained = Decimal::from(100_000) + values.realized + values.unrealized;
        assert!((values.net_liquidation - explained).abs() < Decimal::new(1, 6));
    }
}
