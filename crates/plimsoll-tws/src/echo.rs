//! What a server makes of an order when it reports it back: the conventions of a real Gateway.
//!
//! Owns how a `placeOrder` becomes an `openOrder`. Real Gateways never echo what was sent: unused prices
//! are `0.0`, the delta-neutral type is the word `None`, an unset OCA type 3, the display size unset. Does not
//! own what the order's state is.

use plimsoll_model::{ClientId, PermId, Price};
use rust_decimal::Decimal;

use crate::message::{OpenOrder, OrderState, PlaceOrder};
use crate::{Text, Word};

/// What the server adds to an order to report it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Echo<'a> {
    /// Who placed it.
    pub client_id: ClientId,
    /// The broker's number; zero for an order that never reached a broker.
    pub perm_id: PermId,
    /// The status word, `PreSubmitted`.
    pub status: &'a str,
}

/// An `openOrder` for a `placeOrder`, as a real Gateway writes it.
pub fn open_order(placed: &PlaceOrder, echo: Echo<'_>) -> OpenOrder {
    let mut contract = placed.contract.clone();
    contract.primary_exchange = Word::EMPTY;
    contract.strike.get_or_insert(Decimal::ZERO);
    if contract.right.is_empty() && contract.sec_type == "STK" {
        contract.right = Word::literal("?");
    }
    if contract.local_symbol.is_empty() {
        contract.local_symbol = contract.symbol.clone();
    }
    let mut out = OpenOrder {
        order_id: placed.order_id,
        contract,
        order: placed.order.clone(),
        client_id: echo.client_id.0,
        perm_id: echo.perm_id.0,
        state: OrderState { status: echo.status.into(), ..OrderState::default() },
        ..OpenOrder::default()
    };
    conventions(&mut out);
    out
}

fn conventions(open: &mut OpenOrder) {
    let order = &mut open.order;
    let unused = Price::parse("0.0").expect("a literal");
    order.limit_px.get_or_insert(unused);
    order.aux_px.get_or_insert(unused);
    if order.tif.is_empty() {
        order.tif = Word::literal("DAY");
    }
    order.open_close = Word::EMPTY;
    if let Some(qty) = order.total_qty.filter(|_| open.perm_id != 0) {
        let allocation = format!("{}.0/{}/{qty}", open.perm_id, order.account);
        order.shares_allocation = Text::from(&*allocation);
    }
    order.discretionary_amt = Some(order.discretionary_amt.filter(|px| !px.is_zero()).unwrap_or(Price::ZERO));
    order.auction_strategy.get_or_insert(0);
    order.display_size = order.display_size.filter(|size| *size != 0);
    if order.oca_type == 0 {
        order.oca_type = 3;
    }
    order.volatility_type.get_or_insert(0);
    if order.delta_neutral.order_type.is_empty() {
        order.delta_neutral.order_type = Word::literal("None");
        order.delta_neutral.open_close = Word::literal("?");
    }
    order.reference_px_type.get_or_insert(0);
    if order.clearing_intent.is_empty() {
        order.clearing_intent = Word::literal("IB");
    }
    if order.adjusted.order_type.is_empty() {
        order.adjusted.order_type = Word::literal("None");
    }
    order.cash_qty.get_or_insert(Decimal::ZERO);
    order.dont_use_auto_px_for_hedge = true;
    order.use_price_mgmt_algo.get_or_insert(false);
}
