//! The venue's own books for whoever judges a run inside the same process: typed rows, and nothing of what any client
//! was told. The rows of [`super::StateView`] are the same truth as text.

use jiff::Timestamp;
use plimsoll_model::{Account, ClientId, ExecId, OrdType, OrderId, Side};
use rust_decimal::Decimal;

use crate::ibkr::IbkrVenue;

/// An order as the venue has it.
#[derive(Debug, Clone)]
pub struct BookedOrder<'a> {
    /// For whom.
    pub account: &'a Account,
    /// Who sent it; zero for orders made by hand.
    pub client: ClientId,
    /// The client's number.
    pub order_id: OrderId,
    /// Of what.
    pub symbol: &'a str,
    /// Which way.
    pub side: Side,
    /// What kind.
    pub ord_type: &'a OrdType,
    /// The limit.
    pub limit_px: Option<Decimal>,
    /// Units in all.
    pub qty: i64,
    /// Units executed.
    pub cum_qty: i64,
    /// Whether it can still be executed.
    pub is_open: bool,
    /// The client's text.
    pub order_ref: &'a str,
}

/// An execution as the venue has it.
#[derive(Debug, Clone)]
pub struct BookedExecution<'a> {
    /// Its key, of its latest correction.
    pub exec_id: &'a ExecId,
    /// For whom.
    pub account: &'a Account,
    /// The order's client.
    pub client: ClientId,
    /// The client's number.
    pub order_id: OrderId,
    /// Of what.
    pub symbol: &'a str,
    /// Which way.
    pub side: Side,
    /// Units.
    pub qty: i64,
    /// At which price.
    pub px: Decimal,
    /// What the venue charges for it.
    pub commission: Decimal,
    /// When.
    pub at: Timestamp,
    /// The client's text.
    pub order_ref: &'a str,
}

/// A live rule that a client broke.
#[derive(Debug, Clone)]
pub struct BrokenRule<'a> {
    /// When.
    pub at: Timestamp,
    /// The rule's stable name.
    pub kind: &'static str,
    /// With which numbers.
    pub detail: &'a str,
    /// Who.
    pub client: ClientId,
}

impl IbkrVenue {
    /// Every order of the run, the oldest first.
    pub fn booked_orders(&self) -> impl DoubleEndedIterator<Item = BookedOrder<'_>> + ExactSizeIterator {
        self.exchange.orders.values().map(|order| BookedOrder {
            account: &order.account,
            client: order.client,
            order_id: order.order_id,
            symbol: self.exchange.symbol(order.sym),
            side: order.side,
            ord_type: &order.ord_type,
            limit_px: order.limit_px.map(|px| Decimal::new(px, order.scale)),
            qty: order.qty,
            cum_qty: order.cum_qty,
            is_open: order.state.is_open(),
            order_ref: &order.order_ref,
        })
    }

    /// Every execution of the run, in the order of time.
    pub fn booked_executions(&self) -> impl Iterator<Item = BookedExecution<'_>> {
        self.exchange.fills.iter().filter(|fill| fill.booked).map(|fill| BookedExecution {
            exec_id: &fill.exec_id,
            account: &fill.account,
            client: fill.client,
            order_id: fill.order_id,
            symbol: self.exchange.symbol(fill.sym),
            side: fill.side,
            qty: fill.qty,
            px: Decimal::new(fill.px, self.exchange.order(fill.perm_id).scale),
            commission: fill.commission,
            at: fill.at,
            order_ref: &fill.order_ref,
        })
    }

    /// What an account holds of a symbol.
    pub fn booked_position(&self, account: &Account, symbol: &str) -> i64 {
        let sym = self.exchange.market.find(symbol);
        let book = self.exchange.books.get(account);
        sym.and_then(|sym| book?.holdings.get(&sym)).map_or(0, |holding| holding.qty)
    }

    /// Every live rule that was broken, in the order of time.
    pub fn broken_rules(&self) -> impl Iterator<Item = BrokenRule<'_>> {
        self.exchange.violations.iter().map(|row| BrokenRule {
            at: row.at,
            kind: row.kind.as_str(),
            detail: &row.detail,
            client: row.client,
        })
    }
}
