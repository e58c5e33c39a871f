//! The two ends of a session: opening auction, closing auction, and what does not survive the day.
//!
//! Owns the crossing rule of on-close orders, the executions at the official prices, and expiry. Which
//! orders may still enter or leave before an auction is decided at the door (`entry`, `cancel`).

use plimsoll_model::{PermId, Side, TimeInForce};

use crate::ibkr::accounts::Book;
use crate::ibkr::exchange::Exchange;
use crate::ibkr::fill::Deal;
use crate::ibkr::order::{Order, State};
use crate::ibkr::profile::Difference;
use crate::ibkr::style::Style;
use crate::ibkr::violation::Kind;
use crate::market::hours::Session;

/// Assumed: field reports name code 202 and a crossing reason, nobody has recorded the text.
const CROSSING: &str = "Order would cross with an existing on-close order of the same account";

/// The exchange that takes options into its auctions: market-on-open and market-on-close orders were seen to work
/// when they are sent there.
const OPTION_AUCTIONS: &str = "CBOE";

impl Exchange {
    /// Pitfall 2: live cancels both of two on-close orders of one account that could trade with each
    /// other. Paper lets them be.
    pub(crate) fn cross_on_close(&mut self, perm: PermId) {
        let order = self.order(perm).clone();
        if !order.style.is_on_close() || !order.state.is_open() {
            return;
        }
        let crossing: Vec<PermId> = self
            .open
            .iter()
            .copied()
            .filter(|id| *id != perm && self.order(*id).state.is_listed())
            .filter(|id| could_trade(&order, self.order(*id)))
            .collect();
        if crossing.is_empty() {
            return;
        }
        for id in &crossing {
            let other = self.order(*id);
            let detail = format!(
                "{} order {} of client {} against order {} of client {} in {}",
                self.symbol(order.sym),
                order.order_id,
                order.client,
                other.order_id,
                other.client,
                order.account,
            );
            self.violated(order.client, Kind::CrossingOnClose, detail);
        }
        if !self.lives(Difference::OnCloseCrossing) {
            return;
        }
        for id in crossing.into_iter().chain([perm]) {
            self.end_canceled(id, CROSSING);
        }
    }

    /// The opening auction; then everything that waited for the open goes to work.
    pub(crate) fn open_session(&mut self, session: Session) {
        self.books.values_mut().for_each(Book::roll);
        if self.closed_early.take().is_some() {
            for sym in self.market.all().collect::<Vec<_>>() {
                self.market.resume(sym, self.now);
            }
        }
        let waiting: Vec<PermId> = self.open.iter().copied().collect();
        for perm in &waiting {
            let order = self.order(*perm);
            if order.is_on_open() && order.state == State::Held("") {
                self.fill_in_auction(*perm, Auction { session, opening: true });
            }
        }
        for perm in waiting {
            let order = self.order(perm);
            if order.is_on_open() && order.state.is_listed() {
                self.end_canceled(perm, "Order was not executed in the opening auction");
            } else if order.state == State::Held("") && !order.style.is_on_close() {
                self.activate(perm);
            }
        }
    }

    /// Good-till-date orders end at their time, also in the middle of a session.
    pub(crate) fn end_overdue(&mut self) {
        for perm in self.open.iter().copied().collect::<Vec<_>>() {
            let order = self.order(perm);
            let overdue = order.tif == TimeInForce::GoodTillDate
                && order.good_till.is_some_and(|until| until <= self.now);
            if overdue && order.state.is_listed() {
                self.end_canceled(perm, "Order reached its good till date");
            }
        }
    }

    /// The exchange closes before its time: no auction, no further trade, and the day's orders end.
    pub(crate) fn close_now(&mut self) {
        let Some(session) = self.session() else { return };
        self.closed_early = Some(session.date);
        for sym in self.market.all().collect::<Vec<_>>() {
            self.market.halt(sym, self.now);
        }
        self.end_day(session, Ending::ClosedEarly);
    }

    /// The closing auction at the official close; then the day's orders end.
    pub(crate) fn close_session(&mut self, session: Session) {
        for perm in self.open.iter().copied().collect::<Vec<_>>() {
            let order = self.order(perm);
            if order.style.is_on_close() && order.trade_date <= session.date && order.state.is_listed() {
                self.fill_in_auction(perm, Auction { session, opening: false });
            }
        }
        self.end_day(session, Ending::Usual);
        self.note_closing_values();
    }

    /// Orders that do not survive the day end with it.
    fn end_day(&mut self, session: Session, ending: Ending) {
        let (why, closed) = match ending {
            Ending::Usual => ("Order expired at the end of the session", false),
            Ending::ClosedEarly => ("The exchange closed early", true),
        };
        for perm in self.open.iter().copied().collect::<Vec<_>>() {
            let order = self.order(perm);
            let expired = order.tif == TimeInForce::GoodTillDate
                && order.good_till.is_some_and(|until| until <= session.close);
            // Orders that work outside the session end with late trading, unless the exchange has closed.
            let here = self.keeps_stock_hours(order.sym) && (!order.works_outside() || closed);
            let of_today = here && order.is_for_one_day() && order.trade_date <= session.date;
            if !(expired || of_today) || !order.state.is_open() {
                continue;
            }
            if matches!(order.state, State::Staged | State::Kept) {
                // These live in TWS, not at the venue, and a day has no hold on them.
                continue;
            }
            self.end_canceled(perm, why);
        }
    }

    fn fill_in_auction(&mut self, perm: PermId, auction: Auction) {
        let order = self.order(perm).clone();
        if self.market.is_halted(order.sym, self.now) {
            return;
        }
        if self.market.listing(order.sym).is_option() {
            self.fill_option_in_auction(&order, auction);
            return;
        }
        let print = if auction.opening {
            self.market.opening(order.sym, auction.session)
        } else {
            self.market.closing(order.sym, auction.session)
        };
        if order.accepts(print.price) {
            let exchange = self.market.listing(order.sym).venue.as_wire();
            let qty = order.leaves_qty();
            self.execute(perm, Deal { px: print.price, qty, exchange, liquidity: 0 });
        }
    }

    /// Nothing trades in options here, so their auctions are at the quote: the first of the session, or its last.
    fn fill_option_in_auction(&mut self, order: &Order, auction: Auction) {
        let last = auction.session.close - jiff::SignedDuration::from_secs(1);
        let at = if auction.opening { auction.session.open } else { last };
        let Some(quote) = self.market.second(order.sym, at) else { return };
        let px = if order.side == Side::Buy { quote.ask } else { quote.bid };
        if px > 0 {
            let deal = Deal { px, qty: order.leaves_qty(), exchange: OPTION_AUCTIONS, liquidity: 0 };
            self.execute(order.perm_id, deal);
        }
    }

    fn note_closing_values(&mut self) {
        for account in self.account_names.clone() {
            let value = self.values(&account).net_liquidation;
            let book = self.books.get_mut(&account).expect("every account has a book");
            book.closing_value = value;
            for (sym, holding) in &mut book.holdings {
                let listing = self.market.listing(*sym);
                let each = listing.contract_value(self.marks[sym]);
                holding.closing_profit = holding.unrealized(each);
            }
        }
    }
}

/// How a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// At its time; late trading follows.
    Usual,
    /// Before it, and nothing follows.
    ClosedEarly,
}

#[derive(Debug, Clone, Copy)]
struct Auction {
    session: Session,
    opening: bool,
}

/// Whether two on-close orders could be each other's other side.
fn could_trade(one: &Order, other: &Order) -> bool {
    let opposite = other.style.is_on_close()
        && one.account == other.account
        && one.sym == other.sym
        && one.side != other.side
        && one.trade_date == other.trade_date;
    if !opposite {
        return false;
    }
    let (buy, sell) = if one.side == Side::Buy { (one, other) } else { (other, one) };
    match (buy.style, sell.style) {
        (Style::LimitOnClose, Style::LimitOnClose) => buy.limit_px >= sell.limit_px,
        // A market-on-close order trades at any price.
        _ => true,
    }
}
