//! Executions in the books: who gets what of them, what they cost, and how they are revised.
//!
//! Owns the rows of executions. An order of an adviser's group has a row of its own for the whole execution, which
//! touches no account, and one row for each account that got a part: as on the wire, where bots that add up
//! everything count twice.

use std::ops::Range;

use plimsoll_model::{Account, ExecId, PermId, Side};
use rust_decimal::Decimal;

use crate::ibkr::accounts::{CorrectionOf, Posting, Undone};
use crate::ibkr::exchange::{Exchange, Fill};
use crate::ibkr::expiry::EXERCISED;
use crate::ibkr::fees::{Charged, Role, Trade};
use crate::ibkr::fill::Deal;
use crate::ibkr::order::Order;
use crate::ibkr::style::Style;
use crate::market::Sym;

impl Exchange {
    /// Books an execution. Returns its rows.
    pub(crate) fn post(&mut self, perm: PermId, deal: Deal) -> Range<usize> {
        let first = self.fills.len();
        let order = self.order_mut(perm);
        assert!(deal.qty <= order.leaves_qty(), "invariant: executions never exceed the order: {order:?}");
        let parts = order.split(deal.qty);
        order.cum_qty += deal.qty;
        order.turnover += i128::from(deal.px) * i128::from(deal.qty);
        order.last_px = deal.px;
        if order.style == Style::ToLimit {
            order.limit_px.get_or_insert(deal.px);
        }
        if !order.terms.legs.is_empty() {
            return self.post_combo(perm, deal);
        }
        if !order.allocation.is_empty() {
            let row = self.row(perm, deal);
            self.fills.push(row);
        }
        for (account, qty) in parts {
            self.post_part(perm, account, Deal { qty, ..deal });
        }
        if self.fills.len() > first + 1 {
            let whole: Decimal = self.fills[first + 1..].iter().map(|fill| fill.commission).sum();
            self.fills[first].commission = whole;
        }
        first..self.fills.len()
    }

    fn post_part(&mut self, perm: PermId, account: Account, deal: Deal) {
        let date = self.market.hours.date_at(self.now);
        let sym = self.order(perm).sym;
        let (each, rate) = (self.each(sym, deal.px), self.rate(self.market.listing(sym).currency));
        let settles = self.settles(sym);
        let order = self.order(perm);
        let role = match deal.liquidity {
            _ if deal.exchange == EXERCISED => Role::Exercised,
            1 => Role::Adds,
            0 if order.style.is_on_close() => Role::Closes,
            0 if order.is_on_open() => Role::Opens,
            _ => Role::Takes,
        };
        let trade = Trade { qty: deal.qty, px: deal.px, side: order.side, role, date };
        let side = order.side;
        let mut charged = order.charged_to(&account).copied().unwrap_or_default();
        let commission = self.charge(&mut charged, sym, trade);
        let order = self.order_mut(perm);
        order.set_charged(&account, charged);
        order.commission += commission;
        let posting = Posting { sym, side, qty: deal.qty, each, commission, settles, rate };
        let avg_px = Order::average(charged.turnover, charged.shares, order.scale);
        let cum_qty = charged.shares;
        let row = self.row(perm, deal);
        let book = self.books.get_mut(&account).expect("orders are accepted for known accounts only");
        let before = book.cost(posting.sym);
        let realized = book.post(posting);
        let after = book.cost(posting.sym);
        let (cost_change, basis_change) = (after.0 - before.0, after.1 - before.1);
        self.fills.push(Fill {
            account,
            cum_qty,
            avg_px,
            commission,
            realized,
            cost_change,
            basis_change,
            booked: true,
            ..row
        });
    }

    /// What one more execution costs by the price list of its instrument.
    pub(crate) fn charge(&self, charged: &mut Charged, sym: Sym, trade: Trade) -> Decimal {
        let listing = self.market.listing(sym);
        if listing.is_stock() {
            return charged.charge(&self.settings, trade);
        }
        let value = listing.contract_value(trade.px) * Decimal::from(trade.qty) * self.rate(listing.currency);
        charged.charge_contracts(listing, trade, value)
    }

    /// The row of an execution for the account that the order names.
    pub(crate) fn row(&self, perm: PermId, deal: Deal) -> Fill {
        let order = self.order(perm);
        Fill {
            exec_id: self.next_exec_id(),
            perm_id: perm,
            client: order.client,
            order_id: order.order_id,
            account: order.account.clone(),
            sym: order.sym,
            side: order.side,
            qty: deal.qty,
            px: deal.px,
            at: self.now,
            exchange: deal.exchange,
            cum_qty: order.cum_qty,
            avg_px: order.avg_px(),
            order_ref: order.order_ref.clone(),
            liquidity: deal.liquidity,
            commission: Decimal::ZERO,
            realized: None,
            cost_change: Decimal::ZERO,
            basis_change: Decimal::ZERO,
            booked: order.allocation.is_empty(),
            combo: false,
        }
    }

    /// Gives an execution of the past another price: the same id with a higher revision, which replaces
    /// the earlier one.
    pub(crate) fn correct(&mut self, index: usize, px: i64) {
        if !self.fills[index].booked {
            return;
        }
        let sym = self.fills[index].sym;
        let (settles, rate) = (self.settles(sym), self.rate(self.market.listing(sym).currency));
        let dearer = self.each(sym, px - self.fills[index].px);
        let fill = &mut self.fills[index];
        let signed = if fill.side == Side::Buy { fill.qty } else { -fill.qty };
        let change = dearer * Decimal::from(signed);
        fill.px = px;
        fill.exec_id = next_revision(&fill.exec_id);
        if let Some(realized) = &mut fill.realized {
            *realized -= change * rate;
        }
        if fill.realized.is_none() {
            fill.cost_change += change;
            fill.basis_change += change;
        }
        let closed = if fill.realized.is_some() { CorrectionOf::Closing } else { CorrectionOf::Opening };
        let (account, sym) = (fill.account.clone(), fill.sym);
        let book = self.books.get_mut(&account).expect("executions are for known accounts only");
        book.correct(sym, (change, rate, settles), closed);
    }

    /// Takes an execution of the past back, with everything that it did to the account. The order stays as
    /// it is: it was executed, and the execution does not count. Assumed, because nobody has recorded a bust
    /// on this wire: it is told as a revision without shares.
    pub(crate) fn bust(&mut self, index: usize) {
        if !self.fills[index].booked {
            // An adviser's own row: the parts are what counts.
            return;
        }
        let (sym, px) = (self.fills[index].sym, self.fills[index].px);
        let (settles, each) = (self.settles(sym), self.each(sym, px));
        let fill = &mut self.fills[index];
        let undone = Undone {
            sym: fill.sym,
            signed: if fill.side == Side::Buy { fill.qty } else { -fill.qty },
            paid: each * Decimal::from(fill.qty),
            commission: fill.commission,
            realized: fill.realized.unwrap_or_default(),
            cost: fill.cost_change,
            basis: fill.basis_change,
            settles,
        };
        fill.exec_id = next_revision(&fill.exec_id);
        fill.qty = 0;
        fill.commission = Decimal::ZERO;
        fill.realized = None;
        fill.cost_change = Decimal::ZERO;
        fill.basis_change = Decimal::ZERO;
        let account = fill.account.clone();
        let book = self.books.get_mut(&account).expect("executions are for known accounts only");
        book.undo(undone);
    }
}

/// The id of the revision that replaces an execution.
fn next_revision(exec_id: &ExecId) -> ExecId {
    let (stem, revision) = exec_id.as_str().rsplit_once('.').unwrap_or((exec_id.as_str(), "01"));
    let revision: u32 = revision.parse().unwrap_or(1) + 1;
    ExecId::new(&format!("{stem}.{revision:02}")).expect("the text of an execution id is short and not empty")
}
