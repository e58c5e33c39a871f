//! `self_match`: pitfall 2. IBKR cancels both on-close orders (error 202) when two of one account could
//! trade with each other, and refuses or cancels resting ones; so the second order is denied here, before
//! the first is lost. Orders placed by hand count, too.

use plimsoll_model::{NewOrder, OrdType, Price, Side, TimeInForce};

use super::judged::Priced;
use super::{Context, Crossing, Reason};
use crate::book::{OrderKey, OrderState};

pub(super) fn check(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    let opposite = if is_beyond_limits(ctx, order) {
        first(ctx, order, ctx.book.unlimited_in(&order.instrument))
    } else {
        first(ctx, order, ctx.book.exposed_in(&order.instrument))
    };
    match opposite {
        None => Ok(()),
        Some(state) => Err(Reason::WouldCross {
            with: Crossing {
                label: state.label().into(),
                side: order.side.opposite(),
                qty: state.leaves_qty(),
                ord_type: state.ord_type.as_wire().into(),
            },
        }),
    }
}

/// All orders that could trade with this one.
pub(super) fn all<'c>(ctx: &'c Context<'_>, order: &'c NewOrder) -> impl Iterator<Item = &'c OrderState> {
    let others = ctx.book.exposed_in(&order.instrument);
    others.filter(|(key, state)| is_met(ctx, order, *key, state)).map(|(_, state)| state)
}

/// Whether no order that has a limit can meet this one, so that only those without are looked at.
fn is_beyond_limits(ctx: &Context<'_>, order: &NewOrder) -> bool {
    let own = match order.ord_type {
        OrdType::Limit | OrdType::StopLimit | OrdType::LimitOnClose => order.limit_px,
        OrdType::Market | OrdType::Stop | OrdType::MarketOnClose | OrdType::Other(_) => None,
    };
    let Some(own) = own else { return false };
    match (order.side, ctx.book.furthest_limit(&order.instrument, order.side.opposite())) {
        (_, None) => true,
        (Side::Buy, Some(sell)) => !price_meets(own, sell),
        (Side::Sell, Some(buy)) => !price_meets(buy, own),
    }
}

/// The oldest of these orders that could trade with this one.
fn first<'s>(
    ctx: &Context<'_>,
    order: &NewOrder,
    mut others: impl Iterator<Item = (OrderKey, &'s OrderState)>,
) -> Option<&'s OrderState> {
    others.find(|(key, state)| is_met(ctx, order, *key, state)).map(|(_, state)| state)
}

fn is_met(ctx: &Context<'_>, order: &NewOrder, key: OrderKey, state: &OrderState) -> bool {
    ctx.is_other_working(&order.account, key, state)
        && side_in(state, order) == Some(order.side.opposite())
        && !is_family(ctx, order, state)
        && !are_netted(ctx, order, state)
        && could_trade(ctx, order, state)
}

/// What is added up before any of it leaves cannot trade at the venue.
fn are_netted(ctx: &Context<'_>, order: &NewOrder, state: &OrderState) -> bool {
    let adds_up = |id| ctx.batches.adds_up(&order.cl_ord_id, id);
    ctx.is_netted(order)
        && state.account.as_ref() == Some(&order.account)
        && state.cl_ord_id.as_ref().is_some_and(adds_up)
}

fn side_in(state: &OrderState, order: &NewOrder) -> Option<Side> {
    state.part_in(&order.instrument).map(|(side, _)| side)
}

/// A bracket's children wait for their parent, so they never meet it, until a part of it is executed.
fn is_family(ctx: &Context<'_>, order: &NewOrder, state: &OrderState) -> bool {
    if state.client_id != Some(ctx.client_id) {
        return false;
    }
    let own_waits = || ctx.own.and_then(|key| ctx.book.get(key)).is_none_or(|own| own.cum_qty.is_zero());
    let is_parent = state.order_id.is_some() && state.order_id == ctx.parent_id(order);
    let is_child = state.parent_id == Some(order.order_id);
    is_parent && state.cum_qty.is_zero() || is_child && own_waits()
}

fn could_trade(ctx: &Context<'_>, order: &NewOrder, state: &OrderState) -> bool {
    if !state.legs.is_empty() {
        // The price of a combo bounds none of its legs.
        return true;
    }
    let own = Priced { ord_type: &order.ord_type, limit_px: order.limit_px };
    let working = Priced { ord_type: &state.ord_type, limit_px: state.limit_px };
    // Until the venue confirms a change, nobody knows which of its forms is in the market.
    let changes = state.changes.iter().map(|c| Priced { ord_type: &c.ord_type, limit_px: c.limit_px });
    std::iter::once(working).chain(changes).any(|other| could_meet(ctx, order, state, own, other))
}

fn could_meet(
    ctx: &Context<'_>,
    order: &NewOrder,
    state: &OrderState,
    own: Priced<'_>,
    other: Priced<'_>,
) -> bool {
    // A stop rests with the broker, not in the market, until it triggers.
    if own.ord_type.has_stop() || other.ord_type.has_stop() {
        return false;
    }
    let one_opens = (order.tif == TimeInForce::AtTheOpening) != (state.tif == TimeInForce::AtTheOpening);
    let both_close = own.ord_type.is_on_close() && other.ord_type.is_on_close();
    let one_closes = own.ord_type.is_on_close() != other.ord_type.is_on_close();
    // An order that executes or ends at once is gone before the closing auction.
    if (one_opens || executes_at_once(order)) && one_closes {
        return false;
    }
    let reach = |side, priced: Priced<'_>| {
        if both_close {
            // In one auction an order without a limit takes any price.
            priced.limit_px.filter(|_| priced.ord_type.has_limit())
        } else {
            ctx.reach(&order.instrument, side, priced)
        }
    };
    match (order.side, reach(order.side, own), reach(state.side, other)) {
        (_, None, _) | (_, _, None) => true,
        (Side::Buy, Some(buy), Some(sell)) | (Side::Sell, Some(sell), Some(buy)) => price_meets(buy, sell),
    }
}

fn executes_at_once(order: &NewOrder) -> bool {
    match order.tif {
        TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => true,
        TimeInForce::Day => order.ord_type == OrdType::Market,
        _ => false,
    }
}

fn price_meets(buy: Price, sell: Price) -> bool {
    buy >= sell
}
