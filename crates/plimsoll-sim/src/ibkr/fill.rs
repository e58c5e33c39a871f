//! Executions: what an order takes from the quote, and what each execution causes.
//!
//! Owns matching against the displayed quote. An order that arrives takes the best price and then up to
//! [`LEVELS`] prices behind it, each with its own execution; what is left of a market order goes on in
//! the next second. An order that rests is executed at its own limit when the quote comes to it. Shares
//! that one order took are not there for the next one in the same second.

use plimsoll_model::{PermId, Side, TimeInForce};

use crate::ibkr::exchange::Exchange;
use crate::ibkr::order::{OcaRule, Order, State, dollars};
use crate::ibkr::profile::Difference;
use crate::ibkr::style::Style;
use crate::ibkr::violation::Kind;
use crate::market::ladder::{self, EXCHANGES, LEVELS};
use crate::market::listing::Product;
use crate::market::{Second, Sym};

/// The prices at which a paper account is executed in options, in cents.
const NICKEL: i64 = 5;
/// Where options are executed, in turns.
const OPTION_EXCHANGES: [&str; 4] = ["CBOE", "PHLX", "ISE", "AMEX"];

/// Shares at one price.
#[derive(Debug, Clone, Copy)]
struct Offer {
    px: i64,
    qty: i64,
    /// The order came to the quote, rather than the quote to the order.
    takes: bool,
}

/// Where and how an execution happened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deal {
    /// In cents.
    pub(crate) px: i64,
    /// Shares.
    pub(crate) qty: i64,
    /// The route.
    pub(crate) exchange: &'static str,
    /// TWS's `lastLiquidity`.
    pub(crate) liquidity: i32,
}

impl Exchange {
    /// An order that arrives, or has just been triggered, takes what the quote shows.
    pub(crate) fn take_liquidity(&mut self, perm: PermId) {
        let order = self.order(perm).clone();
        if !order.terms.legs.is_empty() {
            self.work_combo(perm);
            return;
        }
        let Some(second) = self.tradable(&order) else { return };
        if self.market.listing(order.sym).is_stock() && is_too_aggressive(&order, second) {
            self.cancel_aggressive(perm, &order, second);
            return;
        }
        if order.style.is_pegged() {
            // It comes to rest and waits for somebody else.
            return;
        }
        if order.tif == TimeInForce::FillOrKill && !self.lives(Difference::FillOrKill) {
            return;
        }
        let offers = self.offers(&order, second);
        let total: i64 = offers.iter().map(|offer| offer.qty).sum();
        if total < order.smallest_qty() {
            return;
        }
        for offer in offers {
            self.take_offer(perm, offer);
        }
        self.end_remainder(perm);
    }

    /// What is left of a market order that was sent to one exchange is not kept by a paper account.
    fn end_remainder(&mut self, perm: PermId) {
        let order = self.order(perm);
        let partly = order.state.is_open() && order.cum_qty > 0;
        let directed = order.style == Style::Market && order.terms.route.is_some();
        if partly && directed && !self.lives(Difference::DirectedRemainder) {
            self.reject(perm, "The remainder of a partially executed market order is not kept");
        }
    }

    /// A working order meets the quote of a new second.
    pub(crate) fn work_resting(&mut self, perm: PermId) {
        let order = self.order(perm).clone();
        let waits = order.waits_for_trigger() || order.style.is_on_close() || order.is_on_open();
        if !matches!(order.state, State::Working | State::PendingCancel) || waits || !order.armed {
            return;
        }
        if !order.terms.legs.is_empty() {
            self.work_combo(perm);
            return;
        }
        let Some(second) = self.tradable(&order) else { return };
        if order.style.is_pegged() {
            self.work_pegged(&order, second);
            return;
        }
        if !order.is_bounded() {
            self.take_liquidity(perm);
            return;
        }
        let (px, shown) = self.best(&order, second);
        let left = shown - self.taken.get(&(order.sym, order.side)).copied().unwrap_or(0);
        let qty = left.min(order.leaves_qty());
        if order.accepts(px) && qty >= order.smallest_qty() {
            let own = order.limit_px.filter(|_| !self.in_nickels(&order)).unwrap_or(px);
            self.take_offer(perm, Offer { px: own, qty, takes: false });
        }
    }

    /// A pegged order is executed where somebody trades at its price or through it.
    fn work_pegged(&mut self, order: &Order, second: Second) {
        let Some(print) = second.print else { return };
        let own = order.pegged_at(second);
        let meets = match order.side {
            Side::Buy => print.price <= own,
            Side::Sell => print.price >= own,
        };
        let qty = print.size.min(order.leaves_qty());
        if meets && qty >= order.smallest_qty() {
            self.take_offer(order.perm_id, Offer { px: own, qty, takes: false });
        }
    }

    /// Orders whose price traded become market or limit orders.
    pub(crate) fn trigger_stops(&mut self) {
        for perm in self.open.iter().copied().collect::<Vec<_>>() {
            let order = self.order(perm).clone();
            let held = order.state == State::Held("trigger") && order.armed && self.triggers(&order);
            let Some(px) = order.stop_px.filter(|_| held && order.waits_for_trigger()) else { continue };
            let now = self.now;
            let second = self.tradable(&order).and_then(|_| self.market.wide_second(order.sym, now));
            let rising = (order.side == Side::Buy) == order.style.is_stop();
            let seen = second.and_then(|second| self.trigger_px(&order, second));
            let touched = seen.is_some_and(|seen| if rising { seen >= px } else { seen <= px });
            if touched {
                let order = self.order_mut(perm);
                order.triggered = true;
                order.state = State::Held("");
                self.tell_order(perm);
                self.activate(perm);
            }
        }
    }

    /// What a trigger looks at: trades of stocks and futures; of options and currencies, which have none here,
    /// the side of the quote that the order will not take.
    pub(crate) fn trigger_px(&self, order: &Order, second: Second) -> Option<i64> {
        match (self.market.listing(order.sym).product, order.side) {
            (Product::Stock | Product::Future(_), _) => second.print.map(|print| print.price),
            (Product::Option(..) | Product::Forex(_), Side::Buy) => Some(second.bid),
            (Product::Option(..) | Product::Forex(_), Side::Sell) => Some(second.ask),
        }
    }

    /// Where the next execution happens.
    fn route_of(&self, sym: Sym) -> &'static str {
        let turn = self.fills.len();
        match self.market.listing(sym).product {
            Product::Stock => EXCHANGES[turn % EXCHANGES.len()],
            Product::Option(..) => OPTION_EXCHANGES[turn % OPTION_EXCHANGES.len()],
            Product::Future(future) => future.root().exchange,
            Product::Forex(_) => "IDEALPRO",
        }
    }

    /// Executes part of an order and everything that follows from it.
    pub(crate) fn execute(&mut self, perm: PermId, deal: Deal) {
        if self.order(perm).cum_qty == 0 {
            let account = self.order(perm).account.clone();
            self.efficiency.entry(account).or_default().executed += 1;
        }
        let told = self.post(perm, deal);
        let filled = self.order(perm).leaves_qty() == 0;
        if filled {
            self.order_mut(perm).state = State::Filled;
            let text = format!("Filled Size: {}", self.order(perm).qty);
            self.finish(perm, &text);
        } else {
            self.order_mut(perm).state = State::Working;
        }
        self.tell_execution(perm, told);
        self.settle_group(perm, deal.qty);
        if filled {
            self.wake_children(perm);
        }
    }

    /// Whether and how an order's symbol trades now.
    fn tradable(&mut self, order: &Order) -> Option<Second> {
        if !self.is_on(order) {
            return None;
        }
        let halted = self.market.is_halted(order.sym, self.now);
        let second = self.market.wide_second(order.sym, self.now)?;
        (!halted).then_some(second)
    }

    /// What an arriving order finds: the best price and those behind it, each with more shares.
    fn offers(&self, order: &Order, second: Second) -> Vec<Offer> {
        let (best_px, shown) = self.best(order, second);
        let listing = self.market.listing(order.sym);
        let step = if order.side == Side::Buy { 1 } else { -1 } * listing.step_at(best_px);
        let deep = order.style != Style::ToLimit && self.lives(Difference::BookDepth);
        let levels = if deep { LEVELS } else { 1 };
        let mut taken = self.taken.get(&(order.sym, order.side)).copied().unwrap_or(0);
        let mut wanted = order.leaves_qty();
        let mut offers = Vec::new();
        for level in 0..levels {
            let px = best_px + step * level;
            if wanted == 0 || px < 1 || !order.accepts(px) {
                break;
            }
            let shown = ladder::size_at(shown, level);
            let gone = taken.min(shown);
            taken -= gone;
            let qty = (shown - gone).min(wanted);
            wanted -= qty;
            if qty > 0 {
                offers.push(Offer { px, qty, takes: true });
            }
        }
        offers
    }

    /// The price and shares that an order meets. A paper account gets no option at a price between two nickels: what
    /// is offered there costs it the next one.
    fn best(&self, order: &Order, second: Second) -> (i64, i64) {
        let (px, size) = match order.side {
            Side::Buy => (second.ask, second.ask_size),
            Side::Sell => (second.bid, second.bid_size),
        };
        if !self.in_nickels(order) {
            return (px, size);
        }
        match order.side {
            Side::Buy => ((px + NICKEL - 1) / NICKEL * NICKEL, size),
            Side::Sell => (px / NICKEL * NICKEL, size),
        }
    }

    fn in_nickels(&self, order: &Order) -> bool {
        self.market.listing(order.sym).is_option() && !self.lives(Difference::PennyExecutions)
    }

    fn take_offer(&mut self, perm: PermId, offer: Offer) {
        let order = self.order(perm);
        // A group or a cancel may have changed the order since the offer was made.
        let qty = offer.qty.min(order.leaves_qty());
        if qty <= 0 || !order.state.is_open() {
            return;
        }
        let (sym, side) = (order.sym, order.side);
        *self.taken.entry((sym, side)).or_insert(0) += qty;
        let exchange = self.route_of(sym);
        let liquidity = if offer.takes { 2 } else { 1 };
        self.execute(perm, Deal { px: offer.px, qty, exchange, liquidity });
    }

    /// The other orders of a one-cancels-all group shrink or end.
    fn settle_group(&mut self, perm: PermId, qty: i64) {
        let order = self.order(perm).clone();
        let Some(oca) = &order.oca else { return };
        let others: Vec<PermId> = self
            .open
            .iter()
            .copied()
            .filter(|id| *id != perm)
            .filter(|id| {
                let other = self.order(*id);
                other.account == order.account && other.oca.as_ref().is_some_and(|o| o.group == oca.group)
            })
            .collect();
        for id in others {
            let left = self.order(id).leaves_qty();
            if !self.order(id).state.is_open() {
                continue;
            }
            if oca.rule == OcaRule::Cancel || order.state == State::Filled || left <= qty {
                self.end_canceled(id, "OCA Group cancelled");
            } else {
                self.order_mut(id).qty -= qty;
                self.tell_order(id);
            }
        }
    }

    /// A parent that was executed in full sets its legs to work.
    fn wake_children(&mut self, parent: PermId) {
        let children: Vec<PermId> =
            self.open.iter().copied().filter(|id| self.order(*id).parent == Some(parent)).collect();
        for id in children {
            if self.order(id).state != State::Held("child") {
                continue;
            }
            let state =
                if self.order(id).waits_for_trigger() { State::Held("trigger") } else { State::Held("") };
            let order = self.order(id).clone();
            let armed = self.is_due(&order);
            let woken = self.order_mut(id);
            woken.state = state;
            woken.armed = armed;
            self.tell_order(id);
            self.activate(id);
        }
    }

    fn cancel_aggressive(&mut self, perm: PermId, order: &Order, second: Second) {
        let bound = match order.side {
            Side::Buy => second.ask * 6 / 5,
            Side::Sell => second.bid * 4 / 5,
        };
        let detail = format!("order {}: {}", order.order_id, order.describe(&self.name(order.sym)));
        self.violated(order.client, Kind::AggressiveLimit, detail);
        self.order_mut(perm).state = State::PendingCancel;
        self.tell_status(perm);
        let reason = format!(
            "We cannot accept an order at a limit price at or more aggressive than {}.",
            dollars(bound)
        );
        self.end_canceled(perm, &reason);
    }
}

/// IBKR does not let a limit through that is a fifth beyond the market.
fn is_too_aggressive(order: &Order, second: Second) -> bool {
    order.style == Style::Limit
        && order.limit_px.is_some_and(|limit| match order.side {
            Side::Buy => limit * 5 > second.ask * 6,
            Side::Sell => limit * 5 < second.bid * 4,
        })
}
