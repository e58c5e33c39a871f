//! Order books: who may look into one, and what changes in it.
//!
//! Owns `reqMktDepth`, its cancel, the number of books that a login may have open, the notices 316 and 317,
//! and the list of exchanges with a book. Rows are inserted, replaced and deleted one by one, as in life: a
//! client that counts them wrongly has a wrong book, and here that shows.

use plimsoll_tws::Response;
use plimsoll_tws::message::{
    CancelMktDepth, DepthExchange, MarketDepth, MarketDepthL2, MktDepthExchanges, ReqMktDepth,
};

use crate::ibkr::conn::{Conn, DepthBook};
use crate::ibkr::server::Asked;
use crate::ibkr::server::orders::shares;
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::violation::Kind;
use crate::ibkr::{ConnId, Output};
use crate::market::Sym;
use crate::market::ladder::{self, BookSide, EXCHANGES, Row, View};

/// A login has one book for each hundred lines, but never fewer than this.
const BOOKS_MIN: usize = 3;
/// Nor more than this.
const BOOKS_MAX: usize = 60;

/// What happens to a row, in TWS's numbers.
mod operation {
    pub(super) const INSERT: i32 = 0;
    pub(super) const UPDATE: i32 = 1;
    pub(super) const DELETE: i32 = 2;
}

/// One change of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Change {
    operation: i32,
    position: usize,
    row: Row,
}

impl IbkrVenue {
    /// `reqMktDepth`.
    pub(crate) fn market_depth(&mut self, from: Asked, m: &ReqMktDepth, out: &mut Vec<Output>) {
        let Some(sym) = self.data_of(from, m.req_id, &m.contract, out) else { return };
        if self.subscriptions(from).depth.contains_key(&m.req_id) {
            self.send_error(from.conn, (m.req_id, 102), "Duplicate ticker ID", out);
            return;
        }
        let Some(rows) = usize::try_from(m.rows).ok().filter(|rows| *rows > 0) else {
            let text = "Error validating request.-'bQ' : cause - Invalid number of rows";
            self.send_error(from.conn, (m.req_id, 321), text, out);
            return;
        };
        let listing = self.exchange.market.listing(sym);
        let exchange = m.contract.exchange.as_str();
        let smart = m.is_smart && listing.is_stock() && exchange == "SMART";
        let view = if smart { Some(View::ByExchange) } else { ladder::view_of(listing, exchange) };
        let Some(view) = view else {
            let text = "Deep market data is not supported for this combination of security type/exchange";
            self.send_error(from.conn, (m.req_id, 10092), text, out);
            return;
        };
        let max = (self.config.settings.market_data_lines / 100).clamp(BOOKS_MIN, BOOKS_MAX);
        let open: usize = self.conns.values().map(|conn| conn.subscriptions.depth.len()).sum();
        if open >= max {
            let text = format!("Max number ({max}) of market depth requests has been reached");
            self.exchange.violated(from.client, Kind::MarketDataLines, text.clone());
            self.send_error(from.conn, (m.req_id, 309), &text, out);
            return;
        }
        if smart {
            // Which exchanges are in it: a warning, because in life some always are not.
            let text = format!("Exchanges - Depth: {}", EXCHANGES.join("; "));
            self.send_error(from.conn, (m.req_id, 2152), &text, out);
        }
        let book = DepthBook { sym, view, is_smart: m.is_smart, rows, sent: Default::default() };
        self.subscriptions(from).depth.insert(m.req_id, book);
        self.stream_book(from.conn, m.req_id, out);
    }

    /// `cancelMktDepth`.
    pub(crate) fn cancel_market_depth(&mut self, from: Asked, m: &CancelMktDepth, out: &mut Vec<Output>) {
        if self.subscriptions(from).depth.remove(&m.req_id).is_none() {
            let text = format!("Can't find the subscribed market depth with tickerId:{}", m.req_id);
            self.send_error(from.conn, (m.req_id, 310), &text, out);
        }
    }

    /// `reqMktDepthExchanges`.
    pub(crate) fn market_depth_exchanges(&mut self, from: Asked, out: &mut Vec<Output>) {
        let row = |exchange: &str, sec_type: &str| DepthExchange {
            exchange: exchange.into(),
            sec_type: sec_type.into(),
            listing_exchange: "".into(),
            service: "Deep".into(),
            agg_group: None,
        };
        let mut exchanges: Vec<DepthExchange> = EXCHANGES.iter().map(|name| row(name, "STK")).collect();
        for exchange in &mut exchanges {
            if exchange.exchange == "ISLAND" {
                // Its rows name the market maker.
                exchange.service = "Deep2".into();
                exchange.listing_exchange = "NMS".into();
            }
        }
        exchanges.extend([row("CME", "FUT"), row("CBOT", "FUT"), row("IDEALPRO", "CASH")]);
        self.send(from.conn, &Response::MktDepthExchanges(MktDepthExchanges { exchanges }), out);
    }

    /// The changes of a second in every book of a client.
    pub(crate) fn stream_depth(&mut self, conn: ConnId, out: &mut Vec<Output>) {
        let books: Vec<i32> = self.conns[&conn].subscriptions.depth.keys().copied().collect();
        for req_id in books {
            self.stream_book(conn, req_id, out);
        }
    }

    /// Books were interrupted: they start again, and clients are told to empty theirs first.
    pub(crate) fn reset_depth(&mut self, out: &mut Vec<Output>) {
        let text = "Market depth data has been RESET. Please empty deep book contents before applying any new entries.";
        for (conn, req_id) in self.books(|_| true) {
            let books = self.conns.get_mut(&conn).map(|to| &mut to.subscriptions.depth);
            if let Some(book) = books.and_then(|books| books.get_mut(&req_id)) {
                book.sent = Default::default();
            }
            self.send_error(conn, (req_id, 317), text, out);
            self.stream_book(conn, req_id, out);
        }
    }

    /// Trading in a symbol was halted: its books are over, and clients have to ask again.
    pub(crate) fn halt_depth(&mut self, sym: Sym, out: &mut Vec<Output>) {
        for (conn, req_id) in self.books(|book| book.sym == sym) {
            if let Some(to) = self.conns.get_mut(&conn) {
                to.subscriptions.depth.remove(&req_id);
            }
            let text = "Market depth data has been HALTED. Please re-subscribe.";
            self.send_error(conn, (req_id, 316), text, out);
        }
    }

    fn books(&self, wanted: impl Fn(&DepthBook) -> bool) -> Vec<(ConnId, i32)> {
        let of = |id: ConnId, conn: &Conn| {
            let books = conn.subscriptions.depth.iter().filter(|(_, book)| wanted(book));
            books.map(|(req_id, _)| (id, *req_id)).collect::<Vec<_>>()
        };
        self.started().into_iter().flat_map(|(_, id)| of(id, &self.conns[&id])).collect()
    }

    fn stream_book(&mut self, conn: ConnId, req_id: i32, out: &mut Vec<Output>) {
        let Some(book) = self.conns.get(&conn).and_then(|to| to.subscriptions.depth.get(&req_id)) else {
            return;
        };
        let (sym, view, is_smart, rows) = (book.sym, book.view, book.is_smart, book.rows);
        let silent = self.faults.freezes(self.exchange.symbol(sym))
            || self.faults.farm_down("usfarm")
            || self.faults.link_down
            || self.faults.competing_session;
        if silent {
            return;
        }
        let second = self.exchange.market.wide_second(sym, self.exchange.now);
        for (number, which) in BookSide::ALL.into_iter().enumerate() {
            let market = &self.exchange.market;
            let mut now = second.map_or_else(Vec::new, |quote| {
                ladder::side(market.listing(sym), self.config.seed, quote, which, view)
            });
            now.truncate(rows);
            let Some(to) = self.conns.get_mut(&conn) else { return };
            let Some(book) = to.subscriptions.depth.get_mut(&req_id) else { return };
            let before = std::mem::replace(&mut book.sent[number], now.clone());
            for change in changes(before, &now) {
                self.send_change((conn, req_id), (sym, view, is_smart), (number, change), out);
            }
        }
    }

    fn send_change(
        &mut self,
        (conn, req_id): (ConnId, i32),
        (sym, view, is_smart): (Sym, View, bool),
        (side, change): (usize, Change),
        out: &mut Vec<Output>,
    ) {
        let Some(to) = self.conns.get(&conn) else { return };
        let deleted = change.operation == operation::DELETE;
        let lots = self.exchange.market.listing(sym).is_stock();
        let size = if lots { to.shares(change.row.size) } else { change.row.size };
        // A row that goes has neither price nor size.
        let px = Some(self.px(sym, if deleted { 0 } else { change.row.px }));
        let size = Some(shares(if deleted { 0 } else { size }));
        let position = i32::try_from(change.position).unwrap_or(i32::MAX);
        let (operation, side) = (change.operation, i32::from(side == 1));
        let maker = match (view, change.row.exchange) {
            (View::ByExchange, Some(exchange)) => EXCHANGES[exchange],
            (View::Exchange(exchange), _) if EXCHANGES[exchange] == "ISLAND" => "NSDQ",
            _ => {
                let row = MarketDepth { req_id, position, operation, side, px, size };
                self.send(conn, &Response::MarketDepth(row), out);
                return;
            }
        };
        let market_maker = maker.into();
        let row = MarketDepthL2 { req_id, position, market_maker, operation, side, px, size, is_smart };
        self.send(conn, &Response::MarketDepthL2(row), out);
    }
}

/// What turns one list of rows into another: first what goes, the last row first, then what is new or has
/// another size, the first row first. No list is ever longer than the longer one of the two.
fn changes(mut before: Vec<Row>, now: &[Row]) -> Vec<Change> {
    let same = |one: &Row, other: &Row| (one.px, one.exchange) == (other.px, other.exchange);
    let mut changes = Vec::new();
    for position in (0..before.len()).rev() {
        if !now.iter().any(|row| same(row, &before[position])) {
            let row = before.remove(position);
            changes.push(Change { operation: operation::DELETE, position, row });
        }
    }
    for (position, row) in now.iter().enumerate() {
        match before.get(position) {
            Some(there) if same(there, row) => {
                if there.size != row.size {
                    changes.push(Change { operation: operation::UPDATE, position, row: *row });
                }
            }
            _ => {
                before.insert(position, *row);
                changes.push(Change { operation: operation::INSERT, position, row: *row });
            }
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Prices of rows that stand somewhere, and what happens on the way from one list to the other.
    fn way(before: &[i64], now: &[i64]) -> Vec<(i32, usize, i64)> {
        let rows = |prices: &[i64]| -> Vec<Row> {
            prices.iter().map(|px| Row { px: *px, size: 100, exchange: None }).collect()
        };
        let said = changes(rows(before), &rows(now));
        said.into_iter().map(|change| (change.operation, change.position, change.row.px)).collect()
    }

    #[test]
    fn a_book_that_moves_up_loses_its_first_offer_and_gains_a_last_one() {
        assert_eq!(way(&[10, 11, 12], &[11, 12, 13]), [(2, 0, 10), (0, 2, 13)]);
    }

    #[test]
    fn a_book_that_moves_down_gains_a_first_offer_and_loses_its_last_one() {
        assert_eq!(way(&[11, 12, 13], &[10, 11, 12]), [(2, 2, 13), (0, 0, 10)]);
    }

    #[test]
    fn what_stays_is_not_told_again() {
        assert_eq!(way(&[10, 11], &[10, 11]), []);
    }
}
