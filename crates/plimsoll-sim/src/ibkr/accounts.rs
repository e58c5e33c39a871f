//! What each account holds: cash, positions, and what was earned.
//!
//! Owns the posting of executions and the account values that TWS names. Average cost contains the
//! commission, as IBKR counts it, and realised profit is after commission; cash moves by exactly
//! price times shares and commission. A future's price is not paid: cash moves by what it gains or loses. A
//! pair of currencies moves both of them, and what is shown as a position in it counts for nothing.
//!
//! Invariant: cash plus cost of positions minus realised profit never changes but by rounding of the
//! average cost to eight digits, which is why cash and not cost is the truth.

use std::collections::BTreeMap;

use plimsoll_model::Side;
use rust_decimal::Decimal;

use crate::market::Sym;

/// How an execution moves cash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settles {
    /// Its value is paid: stocks and options.
    Paid,
    /// Only the difference between two prices is: futures.
    Variation,
    /// One currency for another.
    Exchange {
        /// What is bought.
        base: &'static str,
        /// What it is paid in.
        quote: &'static str,
    },
}

/// A position of one account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Holding {
    /// Shares, negative when short.
    pub(crate) qty: i64,
    /// What the shares cost in all, commission included; negative proceeds when short.
    cost: Decimal,
    /// The same without commission.
    paid: Decimal,
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

    /// Value minus cost at the value of one contract.
    pub(crate) fn unrealized(&self, each: Decimal) -> Decimal {
        each * Decimal::from(self.qty) - self.cost
    }
}

impl Holding {
    /// Changes the position by so many contracts at a value each. Returns the profit taken, if it closed
    /// anything, in the currency of that value.
    fn post(&mut self, (signed, each): (i64, Decimal), commission: Decimal) -> Option<Decimal> {
        let value = each * Decimal::from(signed);
        if self.qty.signum() * signed.signum() >= 0 {
            self.qty += signed;
            self.cost += value + commission;
            self.paid += value;
            return None;
        }
        let closing = signed.abs().min(self.qty.abs()) * signed.signum();
        let closing_share = Decimal::from(closing) / Decimal::from(signed);
        let closing_commission = (commission * closing_share).round_dp(8);
        let proceeds = -each * Decimal::from(closing);
        // Selling 40 of a long 100 takes away 40 hundredths of its cost.
        let all = self.qty + closing == 0;
        let held = Decimal::from(self.qty);
        let part = |of: Decimal| if all { of } else { (of * Decimal::from(-closing) / held).round_dp(8) };
        let (gone, paid_gone) = (part(self.cost), part(self.paid));
        let realized = (proceeds - gone - closing_commission).round_dp(8).normalize();
        let opening = Decimal::from(signed - closing);
        self.qty += signed;
        self.cost -= gone;
        self.paid -= paid_gone;
        if !opening.is_zero() {
            self.cost += each * opening + commission - closing_commission;
            self.paid += each * opening;
        }
        Some(realized)
    }
}

/// One posting: an execution and its commission.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Posting {
    /// Of what.
    pub(crate) sym: Sym,
    /// Which way.
    pub(crate) side: Side,
    /// Shares or contracts.
    pub(crate) qty: i64,
    /// What one of them is worth at the execution's price.
    pub(crate) each: Decimal,
    /// The charge in dollars.
    pub(crate) commission: Decimal,
    /// How cash moves.
    pub(crate) settles: Settles,
    /// What one unit of the price's currency is worth in dollars.
    pub(crate) rate: Decimal,
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
    /// The same without commission.
    pub(crate) basis: Decimal,
    /// How cash moved.
    pub(crate) settles: Settles,
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
    /// Other currencies.
    pub(crate) foreign: BTreeMap<&'static str, Decimal>,
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
            foreign: BTreeMap::new(),
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

    /// Posts an execution. Returns the profit taken in dollars, if it closed anything.
    pub(crate) fn post(&mut self, posting: Posting) -> Option<Decimal> {
        let signed = if posting.side == Side::Buy { posting.qty } else { -posting.qty };
        let value = posting.each * Decimal::from(signed);
        // The charge is in dollars, and so no part of a cost in another currency.
        let exchanged = matches!(posting.settles, Settles::Exchange { .. });
        let in_cost = if exchanged { Decimal::ZERO } else { posting.commission };
        let holding = self.holdings.entry(posting.sym).or_default();
        let paid_before = holding.paid;
        let realized = holding.post((signed, posting.each), in_cost);
        let basis = holding.paid - paid_before;
        let realized = realized.map(|realized| {
            let apart = posting.commission - in_cost;
            (realized * posting.rate - apart).round_dp(8).normalize()
        });
        holding.realized += realized.unwrap_or_default();
        self.realized += realized.unwrap_or_default();
        self.cash -= posting.commission;
        self.settle(posting.settles, (signed, value), basis);
        realized
    }

    /// Moves cash for so many contracts of a value, of which `basis` stays as the position's.
    fn settle(&mut self, settles: Settles, (signed, value): (i64, Decimal), basis: Decimal) {
        match settles {
            Settles::Paid => self.cash -= value,
            Settles::Variation => self.cash -= value - basis,
            Settles::Exchange { base, quote } => {
                *self.money(base) += Decimal::from(signed);
                *self.money(quote) -= value;
            }
        }
    }

    fn money(&mut self, currency: &'static str) -> &mut Decimal {
        if currency == "USD" { &mut self.cash } else { self.foreign.entry(currency).or_default() }
    }

    /// An execution turned out to have cost `change` more. Of a closing one the profit is corrected, of an
    /// opening one the cost.
    pub(crate) fn correct(
        &mut self,
        sym: Sym,
        (change, rate, settles): (Decimal, Decimal, Settles),
        closed: CorrectionOf,
    ) {
        let holding = self.holdings.entry(sym).or_default();
        let mut basis = Decimal::ZERO;
        match closed {
            CorrectionOf::Opening => {
                holding.cost += change;
                holding.paid += change;
                basis = change;
            }
            CorrectionOf::Closing => {
                holding.realized -= change * rate;
                self.realized -= change * rate;
            }
        }
        self.settle(settles, (0, change), basis);
    }

    /// What a symbol's position cost in all, with and without commission.
    pub(crate) fn cost(&self, sym: Sym) -> (Decimal, Decimal) {
        self.holdings.get(&sym).map_or((Decimal::ZERO, Decimal::ZERO), |holding| (holding.cost, holding.paid))
    }

    /// Takes a posting back.
    pub(crate) fn undo(&mut self, undone: Undone) {
        let paid = if undone.signed < 0 { -undone.paid } else { undone.paid };
        self.cash += undone.commission;
        self.settle(undone.settles, (-undone.signed, -paid), -undone.basis);
        let holding = self.holdings.entry(undone.sym).or_default();
        holding.qty -= undone.signed;
        holding.cost -= undone.cost;
        holding.paid -= undone.basis;
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

/// What one contract of a position counts now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    /// What one is worth.
    pub(crate) each: Decimal,
    /// What one unit of the price's currency is worth in dollars.
    pub(crate) rate: Decimal,
    /// How cash moved for it.
    pub(crate) settles: Settles,
    /// It is an option.
    pub(crate) option: bool,
    /// What the whole position binds, in dollars.
    pub(crate) margin: Decimal,
}

/// An account in numbers, as TWS names them; in dollars.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values {
    /// Cash of all currencies.
    pub(crate) cash: Decimal,
    /// Dollars alone.
    pub(crate) dollars: Decimal,
    /// Value of all stocks, short ones negative.
    pub(crate) stocks: Decimal,
    /// Value of all options, short ones negative.
    pub(crate) options: Decimal,
    /// What futures gained since they were bought.
    pub(crate) futures: Decimal,
    /// Value of all stocks and options without their signs.
    pub(crate) gross: Decimal,
    /// Cash and positions.
    pub(crate) net_liquidation: Decimal,
    /// Open profit.
    pub(crate) unrealized: Decimal,
    /// Taken profit of the day.
    pub(crate) realized: Decimal,
    /// Change of net liquidation since the close before.
    pub(crate) daily: Decimal,
    /// What the positions bind.
    pub(crate) margin: Decimal,
}

impl Values {
    /// The values of an account: `mark` says what a position counts, `rate` what a currency is worth.
    pub(crate) fn of(
        book: &Book,
        mark: impl Fn(Sym, i64) -> Mark,
        rate: impl Fn(&'static str) -> Decimal,
    ) -> Self {
        let abroad: Decimal = book.foreign.iter().map(|(currency, amount)| *amount * rate(currency)).sum();
        let cash = book.cash + abroad;
        let mut values = Self {
            cash,
            dollars: book.cash,
            stocks: Decimal::ZERO,
            options: Decimal::ZERO,
            futures: Decimal::ZERO,
            gross: Decimal::ZERO,
            net_liquidation: cash,
            unrealized: Decimal::ZERO,
            realized: book.realized,
            daily: Decimal::ZERO,
            margin: Decimal::ZERO,
        };
        for (sym, holding) in book.holdings.iter().filter(|(_, holding)| holding.qty != 0) {
            let mark = mark(*sym, holding.qty);
            let value = mark.each * Decimal::from(holding.qty);
            match mark.settles {
                Settles::Paid if mark.option => values.options += value,
                Settles::Paid => values.stocks += value,
                Settles::Variation => values.futures += value - holding.paid,
                Settles::Exchange { .. } => {}
            }
            if mark.settles == Settles::Paid {
                values.gross += value.abs();
            }
            values.unrealized += holding.unrealized(mark.each) * mark.rate;
            values.margin += mark.margin;
        }
        values.net_liquidation = values.cash + values.stocks + values.options + values.futures;
        values.daily = values.net_liquidation - book.value_at_close;
        values
    }

    /// What is not bound by margin.
    pub(crate) fn available(&self) -> Decimal {
        self.net_liquidation - self.margin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sym() -> Sym {
        crate::market::Sym::first()
    }

    fn post(book: &mut Book, side: Side, qty: i64, px: i64) -> Option<String> {
        let each = Decimal::new(px, 2);
        let settles = Settles::Paid;
        let commission = Decimal::ONE;
        let posting = Posting { sym: sym(), side, qty, each, commission, settles, rate: Decimal::ONE };
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
        let (change, basis) = (book.cost(sym()).0 - cost.0, book.cost(sym()).1 - cost.1);
        let (paid, settles, commission) = (Decimal::from(2_040), Settles::Paid, Decimal::ONE);
        book.undo(Undone {
            sym: sym(),
            signed: -40,
            paid,
            commission,
            realized,
            cost: change,
            basis,
            settles,
        });
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
        let fifty = |_: Sym, _: i64| Mark {
            each: Decimal::from(50),
            rate: Decimal::ONE,
            settles: Settles::Paid,
            option: false,
            margin: Decimal::ZERO,
        };
        let values = Values::of(&book, fifty, |_| Decimal::ONE);
        let explained = Decimal::from(100_000) + values.realized + values.unrealized;
        assert!((values.net_liquidation - explained).abs() < Decimal::new(1, 6));
    }
    // By hand: two futures of 50 dollars a point at 6,910.00 cost 2 of commission; at 6,912.50 they gained 250.
    #[test]
    fn a_future_moves_cash_by_its_gain_and_its_charge_alone() {
        let mut book = Book::new(Decimal::from(100_000));
        let posting = |side, points: i64| Posting {
            sym: sym(),
            side,
            qty: 2,
            each: Decimal::new(points, 2) * Decimal::from(50),
            commission: Decimal::TWO,
            settles: Settles::Variation,
            rate: Decimal::ONE,
        };
        assert_eq!(book.post(posting(Side::Buy, 691_000)), None);
        assert_eq!(book.cash, Decimal::from(99_998));
        assert_eq!(book.holdings[&sym()].avg_cost(), Decimal::from(345_501));
        let realized = book.post(posting(Side::Sell, 691_250));
        assert_eq!(realized, Some(Decimal::from(246)));
        assert_eq!(book.cash, Decimal::from(100_246));
    }

    // By hand: 20,000 euros at 1.15 take 23,000 dollars and 2 of commission; half of them sold at 1.16 bring
    // 11,600 against 11,500, less 2.
    #[test]
    fn a_pair_moves_both_currencies_and_is_no_value_of_its_own() {
        let mut book = Book::new(Decimal::from(100_000));
        let posting = |side, qty, px: i64| Posting {
            sym: sym(),
            side,
            qty,
            each: Decimal::new(px, 2),
            commission: Decimal::TWO,
            settles: Settles::Exchange { base: "EUR", quote: "USD" },
            rate: Decimal::ONE,
        };
        book.post(posting(Side::Buy, 20_000, 115));
        assert_eq!((book.cash, book.foreign["EUR"]), (Decimal::from(76_998), Decimal::from(20_000)));
        assert_eq!(book.post(posting(Side::Sell, 10_000, 116)), Some(Decimal::from(98)));
        assert_eq!((book.cash, book.foreign["EUR"]), (Decimal::from(88_596), Decimal::from(10_000)));
        let mark = |_: Sym, _: i64| Mark {
            each: Decimal::new(116, 2),
            rate: Decimal::ONE,
            settles: Settles::Exchange { base: "EUR", quote: "USD" },
            option: false,
            margin: Decimal::ZERO,
        };
        let values = Values::of(&book, mark, |_| Decimal::new(116, 2));
        // 88,596 and ten thousand euros at 1.16.
        assert_eq!(values.net_liquidation, Decimal::from(100_196));
    }
}
