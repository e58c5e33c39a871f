//! The venue's own truth as JSON: `GET /state`.
//!
//! Owns the shape that scripts rely on (names and forms are promises) and setting prices by hand.
//! Quantities and prices are strings of exact decimals; a position's quantity is signed.

use std::collections::BTreeMap;

use plimsoll_model::{ClientId, OrderId, Price, Side};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::ibkr::conn::Phase;
use crate::ibkr::fault::some_price;
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::{Output, PriceError};
use crate::market::{Print, Second};

/// What the venue knows, independent of what any client was told.
#[derive(Debug, Clone, Serialize)]
pub struct StateView {
    now: String,
    orders: Vec<OrderRow>,
    executions: Vec<ExecutionRow>,
    positions: Vec<PositionRow>,
    accounts: Vec<AccountRow>,
    connections: Vec<ConnectionRow>,
    violations: Vec<ViolationRow>,
    requests: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Clone, Serialize)]
struct OrderRow {
    account: String,
    client: i32,
    order_id: i32,
    perm_id: i64,
    symbol: String,
    local_symbol: String,
    sec_type: &'static str,
    side: &'static str,
    #[serde(rename = "type")]
    ord_type: String,
    tif: String,
    qty: String,
    filled: String,
    limit: Option<String>,
    stop: Option<String>,
    avg_price: String,
    status: &'static str,
    order_ref: String,
    parent_id: Option<i32>,
    reason: String,
}

#[derive(Debug, Clone, Serialize)]
struct ExecutionRow {
    exec_id: String,
    account: String,
    client: i32,
    order_id: i32,
    perm_id: i64,
    symbol: String,
    local_symbol: String,
    sec_type: &'static str,
    side: &'static str,
    qty: String,
    price: String,
    commission: String,
    at: String,
    order_ref: String,
}

#[derive(Debug, Clone, Serialize)]
struct PositionRow {
    account: String,
    symbol: String,
    local_symbol: String,
    sec_type: &'static str,
    qty: String,
    avg_cost: String,
}

#[derive(Debug, Clone, Serialize)]
struct AccountRow {
    account: String,
    cash: String,
    net_liquidation: String,
    gross_position_value: String,
    available_funds: String,
    buying_power: String,
    unrealized_pnl: String,
    realized_pnl: String,
    daily_pnl: String,
}

#[derive(Debug, Clone, Serialize)]
struct ConnectionRow {
    conn: u64,
    client: Option<i32>,
    version: Option<u16>,
    since: String,
    market_data_lines: usize,
}

#[derive(Debug, Clone, Serialize)]
struct ViolationRow {
    at: String,
    kind: &'static str,
    detail: String,
    client: Option<i32>,
}

impl IbkrVenue {
    /// The venue's own truth.
    pub fn state(&self) -> StateView {
        StateView {
            now: self.exchange.now.to_string(),
            orders: self.order_rows(),
            executions: self.execution_rows(),
            positions: self.position_rows(),
            accounts: self.account_rows(),
            connections: self.connection_rows(),
            violations: self.violation_rows(),
            requests: self.requests.clone(),
        }
    }

    /// Moves a symbol's market to a quote, and lets it walk on from there.
    pub fn set_price(&mut self, price: &PriceByHand, out: &mut Vec<Output>) -> Result<(), PriceError> {
        let unknown = || PriceError::Symbol { symbol: price.symbol.clone() };
        let sym = self.exchange.market.find(&price.symbol).ok_or_else(unknown)?;
        let listing = self.exchange.market.listing(sym);
        let (size, spread) = (listing.quote_size, listing.spread_cents);
        let quote = price.cents(spread).ok_or_else(|| PriceError::Quote { symbol: price.symbol.clone() })?;
        let print = Some(Print { price: quote.last, beyond: 0, size: 100, count: 1 });
        let second = Second { bid: quote.bid, ask: quote.ask, bid_size: size, ask_size: size, print };
        self.exchange.set_price(sym, second);
        self.tell_happenings(out);
        self.step_lockstep(out);
        Ok(())
    }

    fn order_rows(&self) -> Vec<OrderRow> {
        let row = |order: &crate::ibkr::order::Order| OrderRow {
            account: order.account.to_string(),
            client: order.client.0,
            order_id: order.order_id.0,
            perm_id: order.perm_id.0,
            symbol: self.exchange.symbol(order.sym).to_owned(),
            local_symbol: self.exchange.name(order.sym),
            sec_type: self.exchange.market.listing(order.sym).sec_type(),
            side: side(order.side),
            ord_type: order.ord_type.to_string(),
            tif: order.tif.as_wire().to_owned(),
            qty: order.qty.to_string(),
            filled: order.cum_qty.to_string(),
            limit: order.limit_px.map(|px| Decimal::new(px, order.scale).to_string()),
            stop: order.stop_px.map(|px| Decimal::new(px, order.scale).to_string()),
            avg_price: order.avg_px().to_string(),
            status: order.state.as_wire(),
            order_ref: order.order_ref.to_string(),
            parent_id: order.parent_id.map(|OrderId(id)| id),
            reason: order.end_text.to_string(),
        };
        self.exchange.orders.values().map(|order| row(order)).collect()
    }

    fn execution_rows(&self) -> Vec<ExecutionRow> {
        let row = |fill: &crate::ibkr::exchange::Fill| ExecutionRow {
            exec_id: fill.exec_id.to_string(),
            account: fill.account.to_string(),
            client: fill.client.0,
            order_id: fill.order_id.0,
            perm_id: fill.perm_id.0,
            symbol: self.exchange.symbol(fill.sym).to_owned(),
            local_symbol: self.exchange.name(fill.sym),
            sec_type: self.exchange.market.listing(fill.sym).sec_type(),
            side: side(fill.side),
            qty: fill.qty.to_string(),
            price: self.exchange.market.listing(fill.sym).decimal(fill.px).to_string(),
            commission: fill.commission.to_string(),
            at: fill.at.to_string(),
            order_ref: fill.order_ref.to_string(),
        };
        self.exchange.fills.iter().filter(|fill| fill.booked).map(row).collect()
    }

    fn position_rows(&self) -> Vec<PositionRow> {
        let mut rows = Vec::new();
        for (account, book) in &self.exchange.books {
            for (sym, holding) in book.holdings.iter().filter(|(_, holding)| holding.qty != 0) {
                rows.push(PositionRow {
                    account: account.to_string(),
                    symbol: self.exchange.symbol(*sym).to_owned(),
                    local_symbol: self.exchange.name(*sym),
                    sec_type: self.exchange.market.listing(*sym).sec_type(),
                    qty: holding.qty.to_string(),
                    avg_cost: holding.avg_cost().to_string(),
                });
            }
        }
        rows
    }

    fn account_rows(&self) -> Vec<AccountRow> {
        let mut rows = Vec::new();
        for account in &self.exchange.account_names {
            let values = self.exchange.values(account);
            rows.push(AccountRow {
                account: account.to_string(),
                cash: text(values.cash),
                net_liquidation: text(values.net_liquidation),
                gross_position_value: text(values.gross),
                available_funds: text(values.available()),
                buying_power: text(values.available() * Decimal::from(4)),
                unrealized_pnl: text(values.unrealized),
                realized_pnl: text(values.realized),
                daily_pnl: text(values.daily),
            });
        }
        rows
    }

    fn connection_rows(&self) -> Vec<ConnectionRow> {
        let row = |(id, conn): (&crate::ibkr::ConnId, &crate::ibkr::conn::Conn)| ConnectionRow {
            conn: id.0,
            client: conn.client().map(|ClientId(client)| client),
            version: (!matches!(conn.phase, Phase::Hello(_))).then(|| conn.version.number()),
            since: conn.since.to_string(),
            market_data_lines: conn.subscriptions.quotes.len(),
        };
        self.conns.iter().map(row).collect()
    }

    fn violation_rows(&self) -> Vec<ViolationRow> {
        let row = |violation: &crate::ibkr::violation::Violation| ViolationRow {
            at: violation.at.to_string(),
            kind: violation.kind.as_str(),
            detail: violation.detail.clone(),
            client: (violation.client.0 >= 0).then_some(violation.client.0),
        };
        self.exchange.violations.iter().map(row).collect()
    }
}

/// A price that somebody sets: `{"symbol", "bid", "ask", "last"}`. What is left out follows from the rest:
/// the other side of the quote by the usual spread, the last price from the bid.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceByHand {
    /// Of what.
    pub symbol: Box<str>,
    /// Best bid.
    #[serde(default, deserialize_with = "some_price")]
    pub bid: Option<Price>,
    /// Best offer.
    #[serde(default, deserialize_with = "some_price")]
    pub ask: Option<Price>,
    /// The last trade.
    #[serde(default, deserialize_with = "some_price")]
    pub last: Option<Price>,
}

/// The same in cents, complete.
struct Cents {
    bid: i64,
    ask: i64,
    last: i64,
}

impl PriceByHand {
    /// The quote in cents, if it is one in whole cents.
    fn cents(&self, spread: i64) -> Option<Cents> {
        let read = |px: Option<Price>| px.map(cents).map_or(Some(None), |cents| cents.map(Some));
        let (bid, ask, last) = (read(self.bid)?, read(self.ask)?, read(self.last)?);
        let bid = bid.or_else(|| ask.map(|ask| ask - spread)).or(last)?;
        let ask = ask.unwrap_or(bid + spread);
        (1 <= bid && bid < ask).then(|| Cents { bid, ask, last: last.unwrap_or(bid) })
    }
}

fn side(side: Side) -> &'static str {
    side.as_str()
}

fn text(amount: Decimal) -> String {
    amount.round_dp(8).normalize().to_string()
}

fn cents(px: Price) -> Option<i64> {
    let scaled = px.get().checked_mul(Decimal::ONE_HUNDRED).filter(|scaled| scaled.fract().is_zero())?;
    scaled.to_i64().filter(|cents| (1..=100_000_000).contains(cents))
}
