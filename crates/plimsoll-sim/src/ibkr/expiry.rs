//! What ends by its calendar: day orders of markets with hours of their own, options and futures.
//!
//! Owns exercise, asked for or at expiry, and the last settlement of futures. An option in the money is exercised at
//! the close of its last day, a sold one is assigned, and others end without value; a future settles at its last
//! close. Assumed: how an exercise is told on this wire (here as executions of the option at zero and of the stock
//! at the strike, at once and free of charge), and the words of its refusals.
//!
//! Simple: the premium of an exercised option is a loss of the option, and no part of the stock's cost.

use plimsoll_model::{Account, ClientId, OrderId, Qty, Side};
use rust_decimal::Decimal;

use crate::ibkr::by_hand::by_hand;
use crate::ibkr::entry::Entry;
use crate::ibkr::exchange::{Exchange, Happening};
use crate::ibkr::fill::Deal;
use crate::ibkr::order::State;
use crate::ibkr::rules::{Numbers, Refusal};
use crate::ibkr::style::Style;
use crate::ibkr::trail::Moving;
use crate::market::Sym;
use crate::market::chain::{OptionSeries, Right};
use crate::market::hours::Session;
use crate::market::listing::Product;

/// The exchange of what the clearing house does.
pub(crate) const EXERCISED: &str = "CLEAR";

/// What a client asks of its options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To exercise them now.
    Exercise,
    /// Not to exercise them at their end.
    Lapse,
}

/// A request about options that an account holds.
#[derive(Debug, Clone)]
pub(crate) struct Exercise {
    /// Who asks, under which number.
    pub(crate) by: (ClientId, OrderId),
    /// For whom.
    pub(crate) account: Account,
    /// Of what.
    pub(crate) sym: Sym,
    /// How many.
    pub(crate) qty: i64,
    /// What for.
    pub(crate) wish: Wish,
    /// Although nobody in his senses would.
    pub(crate) overriding: bool,
}

/// One side of what the clearing house does.
#[derive(Debug, Clone, Copy)]
struct Cleared {
    sym: Sym,
    side: Side,
    qty: i64,
    px: i64,
}

impl Exchange {
    /// A client exercises options, or lets them lapse.
    pub(crate) fn exercise(&mut self, asked: &Exercise) -> Result<(), Refusal> {
        let refused = |cause: &str| Err(Refusal::new(322, format!("Error processing request. {cause}")));
        let Product::Option(under, series) = self.market.listing(asked.sym).product else {
            return refused("Only options can be exercised");
        };
        if self.market.has_expired(under, series, self.now) {
            return Err(Refusal::new(392, "Invalid order: contract expired."));
        }
        if asked.qty < 1 || asked.qty > self.books[&asked.account].qty(asked.sym) {
            return refused("The account does not hold so many options");
        }
        let gain = self.market.intrinsic(under, series, self.now);
        match asked.wish {
            Wish::Exercise if gain == 0 && !asked.overriding => {
                refused("The option is not in the money, and the request does not override that")
            }
            Wish::Lapse if gain > 0 && !asked.overriding => {
                refused("The option is in the money, and the request does not override that")
            }
            Wish::Exercise => {
                self.clear_option(asked.by, &asked.account, asked.sym, asked.qty);
                Ok(())
            }
            Wish::Lapse => {
                self.lapsing.insert((asked.account.clone(), asked.sym), asked.qty);
                Ok(())
            }
        }
    }

    /// So many options of a position become what they are about, bought ones by exercise and sold ones by
    /// assignment.
    fn clear_option(&mut self, by: (ClientId, OrderId), account: &Account, sym: Sym, qty: i64) {
        let Product::Option(under, series) = self.market.listing(sym).product else { return };
        let held = self.books[account].qty(sym) > 0;
        let end = if held { Side::Sell } else { Side::Buy };
        let gets_stock = held == (series.right == Right::Call);
        let side = if gets_stock { Side::Buy } else { Side::Sell };
        self.clear(by, account, Cleared { sym, side: end, qty, px: 0 });
        self.clear(by, account, Cleared { sym: under, side, qty: qty * 100, px: series.strike });
    }

    /// Books what the clearing house does, and tells it as an execution.
    fn clear(&mut self, by: (ClientId, OrderId), account: &Account, cleared: Cleared) {
        let Cleared { sym, side, qty, px } = cleared;
        let shares = Qty::new(Decimal::from(qty)).expect("what is cleared is not negative");
        let entry = Entry { client: by.0, order_id: by.1, ..by_hand(sym, side, shares) };
        let moving = Moving::default();
        let numbers = Numbers { style: Style::Market, qty, limit_px: None, stop_px: None, moving };
        let order = self.new_order(&entry, numbers, account.clone(), None);
        let perm = order.perm_id;
        self.orders.insert(perm, Box::new(order));
        let rows = self.post(perm, Deal { px, qty, exchange: EXERCISED, liquidity: 0 });
        self.order_mut(perm).state = State::Filled;
        self.finish(perm, &format!("Filled Size: {qty}"));
        for row in rows.clone() {
            self.tell(Happening::Executed(row));
        }
        for row in rows {
            self.tell(Happening::Charged(row));
        }
    }

    /// The options whose last session this was.
    pub(crate) fn expire_options(&mut self, session: Session) {
        let ends = |product| matches!(product, Product::Option(_, OptionSeries { expiry, .. }) if expiry <= session.date);
        for (account, sym, held) in self.held(ends) {
            let Product::Option(under, series) = self.market.listing(sym).product else { continue };
            let gain = self.market.intrinsic(under, series, self.now);
            let wished = self.lapsing.remove(&(account.clone(), sym)).unwrap_or(0);
            let lapse = if gain == 0 { held.abs() } else { wished.min(held.max(0)) };
            let nobody = (ClientId(0), OrderId(0));
            if held.abs() > lapse {
                self.clear_option(nobody, &account, sym, held.abs() - lapse);
            }
            if lapse > 0 {
                let side = if held > 0 { Side::Sell } else { Side::Buy };
                self.clear(nobody, &account, Cleared { sym, side, qty: lapse, px: 0 });
            }
        }
        self.lapsing.clear();
        self.end_orders_of(ends);
    }

    /// The futures whose last session is over settle at its close.
    pub(crate) fn expire_futures(&mut self) {
        let (globex, now) = (self.market.globex(), self.now);
        let over = |date| globex.on(date).is_none_or(|session| session.close <= now);
        let today = globex.date_at(now);
        // Only the dates of the last days need a look at their hours.
        let ended: Vec<_> = self
            .marks
            .keys()
            .filter_map(|sym| match self.market.listing(*sym).product {
                Product::Future(future) if future.expiry <= today && over(future.expiry) => Some(*sym),
                _ => None,
            })
            .collect();
        if ended.is_empty() {
            return;
        }
        let ends = |product| matches!(product, Product::Future(future) if future.expiry <= today);
        for (account, sym, held) in self.held(ends).into_iter().filter(|(_, sym, _)| ended.contains(sym)) {
            let Product::Future(future) = self.market.listing(sym).product else { continue };
            let Some(session) = self.market.globex().on(future.expiry) else { continue };
            let px = self.market.closing(sym, session).price;
            let side = if held > 0 { Side::Sell } else { Side::Buy };
            let cleared = Cleared { sym, side, qty: held.abs(), px };
            self.clear((ClientId(0), OrderId(0)), &account, cleared);
        }
        let gone = |product| matches!(product, Product::Future(future) if future.expiry <= today);
        if self.open.iter().any(|perm| ended.contains(&self.order(*perm).sym)) {
            self.end_orders_of(gone);
        }
    }

    /// The positions in what a product says.
    fn held(&self, what: impl Fn(Product) -> bool) -> Vec<(Account, Sym, i64)> {
        let mut held = Vec::new();
        for (account, book) in &self.books {
            for (sym, holding) in book.holdings.iter().filter(|(_, holding)| holding.qty != 0) {
                if what(self.market.listing(*sym).product) {
                    held.push((account.clone(), *sym, holding.qty));
                }
            }
        }
        held
    }

    fn end_orders_of(&mut self, what: impl Fn(Product) -> bool) {
        for perm in self.open.iter().copied().collect::<Vec<_>>() {
            let order = self.order(perm);
            if what(self.market.listing(order.sym).product) && order.state.is_listed() {
                self.end_canceled(perm, "Contract has expired");
            }
        }
    }

    /// Markets with hours of their own open and close: what waited goes to work, and a day's orders end.
    pub(crate) fn turn_sessions_abroad(&mut self) {
        for perm in self.open.iter().copied().collect::<Vec<_>>() {
            let order = self.order(perm);
            let stock_hours = self.keeps_stock_hours(order.sym);
            let outside = order.works_outside() && self.market.listing(order.sym).is_stock();
            if stock_hours && !outside || !order.state.is_listed() {
                continue;
            }
            let hours = self.market.hours_of(order.sym);
            let session = hours.last_begun(self.now);
            let session = if outside { hours.wide(session) } else { session };
            let over = self.now >= session.close && order.trade_date <= session.date;
            if over && order.is_for_one_day() {
                self.end_canceled(perm, "Order expired at the end of the session");
            } else if order.state == State::Held("") && self.is_on(order) {
                self.activate(perm);
            }
        }
    }
}
