//! What an instrument is worth to an account: in which currency, how it settles, and how much it binds.
//!
//! Owns the marks of everything that orders were about, the rates of currencies, and the rule of thumb for margin:
//! a quarter of stocks, the whole price of bought options, for sold ones the price and a fifth of the underlying
//! less what the option is out of the money (at least a tenth), eight percent of futures, three of currencies.

use jiff::Timestamp;
use plimsoll_model::Account;
use rust_decimal::Decimal;

use crate::ibkr::accounts::{Mark, Settles, Values};
use crate::ibkr::exchange::Exchange;
use crate::ibkr::order::Order;
use crate::ibkr::terms::Leg;
use crate::market::Sym;
use crate::market::chain::{OptionSeries, Right};
use crate::market::forex::{PAIRS, pair_of};
use crate::market::hours::Session;
use crate::market::listing::Product;

impl Exchange {
    /// From now on the symbol has a mark, and so has what its currencies are worth.
    pub(crate) fn keep_mark(&mut self, sym: Sym) {
        self.mark_one(sym);
        let Product::Forex(index) = self.market.listing(sym).product else { return };
        for currency in [PAIRS[index].base, PAIRS[index].quote] {
            let against_dollars = pair_of(currency).map(Product::Forex);
            if let Some(sym) = against_dollars.and_then(|product| self.market.open_book(product)) {
                self.mark_one(sym);
            }
        }
    }

    fn mark_one(&mut self, sym: Sym) {
        if !self.marks.contains_key(&sym) {
            let px = self.market.last_price(sym, self.now);
            self.marks.insert(sym, px);
        }
    }

    /// What one unit of a currency is worth in dollars.
    pub(crate) fn rate(&self, currency: &str) -> Decimal {
        if currency == "USD" {
            return Decimal::ONE;
        }
        let index =
            pair_of(currency).expect("invariant: every currency of the table has a pair with dollars");
        let sym = self.market.opened(Product::Forex(index));
        let sym = sym.expect("invariant: a currency's pair was followed before anybody held it");
        let px = self.market.listing(sym).decimal(self.marks[&sym]);
        if PAIRS[index].base == currency { px } else { (Decimal::ONE / px).round_dp(10) }
    }

    /// What one contract is worth at a price, in its own currency.
    pub(crate) fn each(&self, sym: Sym, px: i64) -> Decimal {
        self.market.listing(sym).contract_value(px)
    }

    /// How its executions move cash.
    pub(crate) fn settles(&self, sym: Sym) -> Settles {
        match self.market.listing(sym).product {
            Product::Stock | Product::Option(..) => Settles::Paid,
            Product::Future(_) => Settles::Variation,
            Product::Forex(index) => Settles::Exchange { base: PAIRS[index].base, quote: PAIRS[index].quote },
        }
    }

    /// What a position of so many contracts counts now.
    pub(crate) fn mark_of(&self, sym: Sym, qty: i64) -> Mark {
        let listing = self.market.listing(sym);
        let px = self.last_px(sym);
        Mark {
            each: listing.contract_value(px),
            rate: self.rate(listing.currency),
            settles: self.settles(sym),
            option: listing.is_option(),
            margin: self.margin_at(sym, qty, px),
        }
    }

    /// An account's values at present prices.
    pub(crate) fn values(&self, account: &Account) -> Values {
        Values::of(&self.books[account], |sym, qty| self.mark_of(sym, qty), |currency| self.rate(currency))
    }

    /// What a position of so many contracts binds at a price, in dollars.
    fn margin_at(&self, sym: Sym, qty: i64, px: i64) -> Decimal {
        let listing = self.market.listing(sym);
        let value = listing.contract_value(px) * Decimal::from(qty.abs()) * self.rate(listing.currency);
        let percent = |percent: i64| value * Decimal::new(percent, 2);
        match listing.product {
            Product::Stock => percent(25),
            Product::Option(..) if qty >= 0 => value,
            Product::Option(under, series) => value + self.margin_of_sold((under, series), qty.abs()),
            Product::Future(_) => percent(8),
            Product::Forex(_) => percent(3),
        }
    }

    /// What sold options bind beside their price.
    fn margin_of_sold(&self, (under, series): (Sym, OptionSeries), qty: i64) -> Decimal {
        let px = self.last_px(under);
        let (out_of_money, tenth) = match series.right {
            Right::Call => ((series.strike - px).max(0), px / 10),
            Right::Put => ((px - series.strike).max(0), series.strike / 10),
        };
        // A hundred shares in cents are dollars.
        Decimal::from((px / 5 - out_of_money).max(tenth)) * Decimal::from(qty)
    }

    /// By how much the margin of an account grows with so many more contracts, at these prices.
    pub(crate) fn margin_growth(
        &self,
        account: &Account,
        what: (&[Leg], Sym),
        signed: i64,
        px: Option<i64>,
    ) -> Decimal {
        let (legs, sym) = what;
        let grows = |sym: Sym, signed: i64, px: i64| {
            let held = self.books[account].qty(sym);
            self.margin_at(sym, held + signed, px) - self.margin_at(sym, held, px)
        };
        if legs.is_empty() {
            return grows(sym, signed, px.unwrap_or_else(|| self.last_px(sym)));
        }
        legs.iter().map(|leg| grows(leg.sym, signed * leg.ratio, self.last_px(leg.sym))).sum()
    }

    /// Whether a symbol keeps the hours of stocks.
    pub(crate) fn keeps_stock_hours(&self, sym: Sym) -> bool {
        matches!(self.market.listing(sym).product, Product::Stock | Product::Option(..))
    }

    /// The running session of a symbol.
    pub(crate) fn session_of(&self, sym: Sym) -> Option<Session> {
        if self.keeps_stock_hours(sym) {
            return self.session();
        }
        self.market.hours_of(sym).open_at(self.now)
    }

    /// Whether the market of an order is on: early and late trading for those that ask for it.
    pub(crate) fn is_on(&self, order: &Order) -> bool {
        let wide = order.works_outside() && self.market.listing(order.sym).is_stock();
        let closed_early = self.closed_early.is_some_and(|date| date == self.market.hours.date_at(self.now));
        self.session_of(order.sym).is_some()
            || wide && !closed_early && self.market.is_quoting(order.sym, self.now)
    }

    /// The session that an order works in first, with early and late trading for those that ask for it.
    pub(crate) fn session_of_order(&self, order: &Order) -> Session {
        if !order.works_outside() || !self.market.listing(order.sym).is_stock() {
            return self.session_for(order.sym);
        }
        let hours = &self.market.hours;
        let session = hours.around_or_after(self.now);
        let session =
            if self.closed_early == Some(session.date) { hours.after(session.date) } else { session };
        hours.wide(session)
    }

    /// The session in which an order for a symbol works first.
    pub(crate) fn session_for(&self, sym: Sym) -> Session {
        if self.keeps_stock_hours(sym) {
            return self.session_for_orders();
        }
        self.market.hours_of(sym).at_or_after(self.now)
    }

    /// The next second in which an order that is not about stocks can be executed or end.
    pub(crate) fn next_second_abroad(&self) -> Option<Timestamp> {
        let next = crate::market::timestamp(self.now.as_second() + 1);
        let orders = self.open.iter().map(|perm| self.order(*perm));
        let abroad = |order: &&Order| {
            !self.keeps_stock_hours(order.sym)
                || order.works_outside() && self.market.listing(order.sym).is_stock()
        };
        let opens = |order: &Order| {
            let hours = self.market.hours_of(order.sym);
            let wide = |session| if order.works_outside() { hours.wide(session) } else { session };
            // The last second belongs to it: a day's orders end there.
            let before = next - jiff::SignedDuration::from_secs(1);
            next.max(wide(hours.around_or_after(before)).open)
        };
        orders.filter(abroad).map(opens).min()
    }
}
