//! What people do at the venue: orders and trades by hand, cancels nobody asked for, corrections and busts.
//!
//! Owns nothing but the way from a fault's words to the exchange.

use plimsoll_model::{ClientId, OrdType, OrderId, PermId, Qty, Side, TimeInForce};

use crate::ibkr::entry::Entry;
use crate::ibkr::exchange::Happening;
use crate::ibkr::fault::{FaultKind, ManualOrder, ManualTrade, SideName};
use crate::ibkr::server::Asked;
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::{ManualOrderError, Output};
use crate::market::Sym;

impl IbkrVenue {
    /// The venue ends orders that nobody asked to cancel.
    pub(crate) fn cancel_unasked(&mut self, kind: &FaultKind) {
        let FaultKind::CancelOrder { client, order_id, symbol, reason } = kind else { return };
        let wanted: Vec<PermId> = self
            .exchange
            .open
            .iter()
            .copied()
            .filter(|perm| {
                let order = self.exchange.order(*perm);
                order.state.is_listed()
                    && client.is_none_or(|client| order.client == ClientId(client))
                    && order_id.is_none_or(|id| order.order_id == OrderId(id))
                    && symbol.as_ref().is_none_or(|symbol| **symbol == *self.exchange.symbol(order.sym))
            })
            .collect();
        let reason = reason.as_deref().unwrap_or("Order was cancelled by the exchange");
        for perm in wanted {
            if self.exchange.order(perm).state.is_open() {
                self.exchange.end_canceled(perm, reason);
            }
        }
    }

    /// Enters an order as if by hand in TWS: client 0, number 0 until client 0 binds it.
    pub fn manual_order(
        &mut self,
        order: &ManualOrder,
        out: &mut Vec<Output>,
    ) -> Result<PermId, ManualOrderError> {
        let unknown = || ManualOrderError {
            text: format!("symbol `{}` is not traded here; nothing was entered", order.symbol),
        };
        let sym = self.exchange.market.find(&order.symbol).ok_or_else(unknown)?;
        let kind = match (&order.ord_type, order.limit) {
            (Some(word), _) => OrdType::from_wire(word),
            (None, Some(_)) => OrdType::Limit,
            (None, None) => OrdType::Market,
        };
        let entry = Entry {
            account: order.account.clone().unwrap_or_else(|| self.exchange.account_names[0].as_str().into()),
            ord_type: kind,
            tif: TimeInForce::from_wire(order.tif.as_deref().unwrap_or("DAY")),
            limit_px: order.limit,
            stop_px: order.stop,
            ..by_hand(sym, side_of(order.side), order.qty)
        };
        let perm = self
            .exchange
            .place_by_hand(&entry)
            .map_err(|refusal| ManualOrderError { text: format!("{}; nothing was entered", refusal.text) })?;
        let zero = ClientId(0);
        if let Some(conn) = self.conn_of(zero)
            && self.conns.get(&conn).is_some_and(|to| to.auto_bind)
        {
            self.bind_manual_orders(Asked { conn, client: zero }, out);
        }
        self.tell_happenings(out);
        self.step_lockstep(out);
        Ok(perm)
    }

    /// Somebody trades by hand or by phone.
    pub(crate) fn trade_by_hand(&mut self, trade: &ManualTrade) {
        let Some(sym) = self.exchange.market.find(&trade.symbol) else { return };
        let last = self.exchange.last_px(sym);
        let px = trade.price.map_or(last, |px| units_near(px.get(), 2));
        let account = trade.account.clone().unwrap_or_else(|| self.exchange.account_names[0].as_str().into());
        let entry = Entry { account, ..by_hand(sym, side_of(trade.side), trade.qty) };
        self.exchange.trade_by_hand(&entry, px);
    }

    /// An execution gets another price.
    pub(crate) fn correct(&mut self, exec_id: Option<&str>, px: plimsoll_model::Price) {
        if let Some(index) = self.exchange.find_fill(exec_id) {
            let scale = self.exchange.market.listing(self.exchange.fills[index].sym).scale();
            self.exchange.correct(index, units_near(px.get(), scale));
            self.tell_revision(index);
        }
    }

    /// An execution never was.
    pub(crate) fn bust(&mut self, exec_id: Option<&str>, out: &mut Vec<Output>) {
        if let Some(index) = self.exchange.find_fill(exec_id) {
            self.exchange.bust(index);
            self.tell_revision(index);
            self.end_bars(self.exchange.fills[index].sym, out);
        }
    }

    /// The bars that run have the trade in them: they end, and who wants them asks again.
    fn end_bars(&mut self, sym: Sym, out: &mut Vec<Output>) {
        let text = "Bust event occurred, current subscription is deactivated. Please resubscribe real-time bars \
                    immediately.";
        for (_, conn) in self.started() {
            let Some(to) = self.conns.get_mut(&conn) else { continue };
            for req_id in to.subscriptions.deactivate_bars(sym) {
                self.send_error(conn, (req_id, 10225), text, out);
            }
        }
    }

    fn tell_revision(&mut self, index: usize) {
        self.exchange.tell(Happening::Executed(index));
        self.exchange.tell(Happening::Charged(index));
    }
}

/// A market order of nobody's client for the default account.
pub(crate) fn by_hand(sym: Sym, side: Side, qty: Qty) -> Entry {
    Entry {
        client: ClientId(0),
        order_id: OrderId(0),
        sym,
        account: "".into(),
        side,
        qty,
        ord_type: OrdType::Market,
        tif: TimeInForce::Day,
        good_till: None,
        limit_px: None,
        stop_px: None,
        transmit: true,
        parent_id: None,
        oca_group: "".into(),
        oca_type: 0,
        outside_rth: false,
        order_ref: "".into(),
        terms: crate::ibkr::terms::Terms::default(),
    }
}

fn side_of(name: SideName) -> Side {
    match name {
        SideName::Buy => Side::Buy,
        SideName::Sell => Side::Sell,
    }
}

/// A price by hand to the nearest unit of so many places, at least one.
fn units_near(px: rust_decimal::Decimal, scale: u32) -> i64 {
    use rust_decimal::prelude::ToPrimitive;
    let cents = px.checked_mul(rust_decimal::Decimal::from(10_i64.pow(scale))).map(|cents| cents.round());
    cents.and_then(|cents| cents.to_i64()).unwrap_or(1).clamp(1, 100_000_000)
}
