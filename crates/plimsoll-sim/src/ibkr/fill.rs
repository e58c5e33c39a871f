//! Executions: what an order takes from the quote, and what each execution causes.
//!
//! Owns matching against the displayed quote. An order that arrives takes the best price and then up to
//! [`LEVELS`] prices behind it, each with its own execution; what is left of a market order goes on in
//! the next second. An order that rests is executed at its own limit when the quote comes to it. Shares
//! that one order took are not there for the next one in the same second.

use plimsoll_model::{ExecId, PermId, Side, TimeInForce};
use rust_decimal::Decimal;

use crate::ibkr::accounts::{CorrectionOf, Posting, Undone};
use crate::ibkr::exchange::{Exchange, Fill};
use crate::ibkr::fees;
use crate::ibkr::order::{OcaRule, Order, State, dollars};
use crate::ibkr::profile::Difference;
use crate::ibkr::style::Style;
use crate::ibkr::violation::Kind;
use crate::market::Second;

/// How many prices deep an arriving order can reach.
const LEVELS: i64 = 5;
/// Where executions happen, by turns.
const ROUTES: [&str; 6] = ["ARCA", "ISLAND", "IEX", "BATS", "DRCTEDGE", "BYX"];

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
        let Some(second) = self.tradable(&order) else { return };
        if is_too_aggressive(&order, second) {
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
        let directed = order.style == Style::Market && order.terms.directed;
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
        let Some(second) = self.tradable(&order) else { return };
        if order.style.is_pegged() {
            self.work_pegged(&order, second);
            return;
        }
        if !order.is_bounded() {
            self.take_liquidity(perm);
            return;
        }
        let (px, shown) = best(order.side, second);
        let left = shown - self.taken.get(&(order.sym, order.side)).copied().unwrap_or(0);
        let qty = left.min(order.leaves_qty());
        if order.accepts(px) && qty >= order.smallest_qty() {
            let own = order.limit_px.unwrap_or(px);
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
            let print = self.tradable(&order).and_then(|_| self.market.second(order.sym, now)?.print);
            let rising = (order.side == Side::Buy) == order.style.is_stop();
            let touched =
                print.is_some_and(|print| if rising { print.price >= px } else { print.price <= px });
            if touched {
                let order = self.order_mut(perm);
                order.triggered = true;
                order.state = State::Held("");
                self.tell_order(perm);
                self.activate(perm);
            }
        }
    }

    /// Executes part of an order and everything that follows from it.
    pub(crate) fn execute(&mut self, perm: PermId, deal: Deal) {
        if self.order(perm).cum_qty == 0 {
            let account = self.order(perm).account.clone();
            self.efficiency.entry(account).or_default().executed += 1;
        }
        let fill = self.post(perm, deal);
        let filled = self.order(perm).leaves_qty() == 0;
        if filled {
            self.order_mut(perm).state = State::Filled;
            let text = format!("Filled Size: {}", self.order(perm).qty);
            self.finish(perm, &text);
        } else {
            self.order_mut(perm).state = State::Working;
        }
        self.tell_execution(perm, fill);
        self.settle_group(perm, deal.qty);
        if filled {
            self.wake_children(perm);
        }
    }

    /// Gives an execution of the past another price: the same id with a higher revision, which replaces
    /// the earlier one.
    pub(crate) fn correct(&mut self, index: usize, px: i64) {
        let fill = &mut self.fills[index];
        let signed = if fill.side == Side::Buy { fill.qty } else { -fill.qty };
        let change = dollars(px - fill.px) * Decimal::from(signed);
        fill.px = px;
        fill.exec_id = next_revision(&fill.exec_id);
        if let Some(realized) = &mut fill.realized {
            *realized -= change;
        }
        if fill.realized.is_none() {
            fill.cost_change += change;
        }
        let closed = if fill.realized.is_some() { CorrectionOf::Closing } else { CorrectionOf::Opening };
        let (account, sym) = (fill.account.clone(), fill.sym);
        let book = self.books.get_mut(&account).expect("executions are for known accounts only");
        book.correct(sym, change, closed);
    }

    /// Takes an execution of the past back, with everything that it did to the account. The order stays as
    /// it is: it was executed, and the execution does not count. Assumed, because nobody has recorded a bust
    /// on this wire: it is told as a revision without shares.
    pub(crate) fn bust(&mut self, index: usize) {
        let fill = &mut self.fills[index];
        let undone = Undone {
            sym: fill.sym,
            signed: if fill.side == Side::Buy { fill.qty } else { -fill.qty },
            paid: dollars(fill.px) * Decimal::from(fill.qty),
            commission: fill.commission,
            realized: fill.realized.unwrap_or_default(),
            cost: fill.cost_change,
        };
        fill.exec_id = next_revision(&fill.exec_id);
        fill.qty = 0;
        fill.commission = Decimal::ZERO;
        fill.realized = None;
        fill.cost_change = Decimal::ZERO;
        let account = fill.account.clone();
        let book = self.books.get_mut(&account).expect("executions are for known accounts only");
        book.undo(undone);
    }

    /// Whether and how an order's symbol trades now.
    fn tradable(&mut self, order: &Order) -> Option<Second> {
        self.session()?;
        let halted = self.market.is_halted(order.sym, self.now);
        let second = self.market.second(order.sym, self.now)?;
        (!halted).then_some(second)
    }

    /// What an arriving order finds: the best price and those behind it, each with more shares.
    fn offers(&self, order: &Order, second: Second) -> Vec<Offer> {
        let (best_px, shown) = best(order.side, second);
        let step = if order.side == Side::Buy { 1 } else { -1 };
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
            let shown = shown * (level + 1);
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

    fn take_offer(&mut self, perm: PermId, offer: Offer) {
        let order = self.order(perm);
        // A group or a cancel may have changed the order since the offer was made.
        let qty = offer.qty.min(order.leaves_qty());
        if qty <= 0 || !order.state.is_open() {
            return;
        }
        *self.taken.entry((order.sym, order.side)).or_insert(0) += qty;
        let exchange = ROUTES[self.fills.len() % ROUTES.len()];
        let liquidity = if offer.takes { 2 } else { 1 };
        self.execute(perm, Deal { px: offer.px, qty, exchange, liquidity });
    }

    fn post(&mut self, perm: PermId, deal: Deal) -> usize {
        let exec_id = self.next_exec_id();
        let at = self.now;
        let order = self.order_mut(perm);
        assert!(deal.qty <= order.leaves_qty(), "invariant: executions never exceed the order: {order:?}");
        order.cum_qty += deal.qty;
        order.turnover += i128::from(deal.px) * i128::from(deal.qty);
        order.last_px = deal.px;
        if order.style == Style::ToLimit {
            order.limit_px.get_or_insert(deal.px);
        }
        let so_far = fees::order_commission(order.cum_qty, order.turnover);
        let commission = so_far - order.commission;
        order.commission = so_far;
        let order = order.clone();
        let posting = Posting { sym: order.sym, side: order.side, qty: deal.qty, px: deal.px, commission };
        let book = self.books.get_mut(&order.account).expect("orders are accepted for known accounts only");
        let before = book.cost(order.sym);
        let realized = book.post(posting);
        let cost_change = book.cost(order.sym) - before;
        self.fills.push(Fill {
            exec_id,
            perm_id: perm,
            client: order.client,
            order_id: order.order_id,
            account: order.account.clone(),
            sym: order.sym,
            side: order.side,
            qty: deal.qty,
            px: deal.px,
            at,
            exchange: deal.exchange,
            cum_qty: order.cum_qty,
            avg_px: order.avg_px(),
            order_ref: order.order_ref,
            liquidity: deal.liquidity,
            commission,
            realized,
            cost_change,
        });
        self.fills.len() - 1
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
        let detail = format!("order {}: {}", order.order_id, order.describe(self.symbol(order.sym)));
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

/// The id of the revision that replaces an execution.
fn next_revision(exec_id: &ExecId) -> ExecId {
    let (stem, revision) = exec_id.as_str().rsplit_once('.').unwrap_or((exec_id.as_str(), "01"));
    let revision: u32 = revision.parse().unwrap_or(1) + 1;
    ExecId::new(&format!("{stem}.{revision:02}")).expect("the text of an execution id is short and not empty")
}

/// The price and shares that an order of this side meets.
fn best(side: Side, second: Second) -> (i64, i64) {
    match side {
        Side::Buy => (second.ask, second.ask_size),
        Side::Sell => (second.bid, second.bid_size),
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
