//! `self_match`: pitfall 2. IBKR cancels both on-close orders (error 202) when two of one account could
//! trade with each other, and refuses or cancels resting ones; so the second order is denied here, before
//! the first is lost. Orders placed by hand count, too.

use plimsoll_model::{NewOrder, OrdType, Price, Side, TimeInForce};

use super::{Context, Reason};
use crate::book::OrderState;

pub(super) fn check(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    let opposite = ctx
        .working(&order.account, &order.instrument)
        .filter(|state| state.side == order.side.opposite())
        .filter(|state| !is_family(order, state))
        .find(|state| could_trade(ctx, order, state));
    match opposite {
        None => Ok(()),
        Some(state) => Err(Reason::WouldCross {
            with: state.label().into(),
            side: state.side,
            qty: state.leaves_qty(),
            ord_type: state.ord_type.as_wire().into(),
        }),
    }
}

/// A bracket's children wait for their parent, so they never meet it.
fn is_family(order: &NewOrder, state: &OrderState) -> bool {
    let same_bot = state.owner.bot() == Some(&order.bot);
    same_bot
        && (state.order_id.is_some() && state.order_id == order.parent_id
            || state.parent_id == Some(order.order_id))
}

fn could_trade(ctx: &Context<'_>, order: &NewOrder, state: &OrderState) -> bool {
    // A stop rests with the broker, not in the market, until it triggers.
    let resting_stop = matches!(state.ord_type, OrdType::Stop | OrdType::StopLimit);
    let own_stop = matches!(order.ord_type, OrdType::Stop | OrdType::StopLimit);
    if resting_stop || own_stop {
        return false;
    }
    let one_opens = (order.tif == TimeInForce::AtTheOpening) != (state.tif == TimeInForce::AtTheOpening);
    let one_closes = order.ord_type.is_on_close() != state.ord_type.is_on_close();
    if one_opens && one_closes {
        return false;
    }
    if order.ord_type.is_on_close() && state.ord_type.is_on_close() {
        return meet(order.side, order.limit_px, state.limit_px);
    }
    // A market order reaches as far as the collar lets it; without a quote it reaches everything.
    meet(order.side, ctx.reach(order), reach_of_working(ctx, state))
}

/// Whether a buyer's and a seller's furthest prices meet; none means any price.
fn meet(side: Side, own: Option<Price>, other: Option<Price>) -> bool {
    match (side, own, other) {
        (_, None, _) | (_, _, None) => true,
        (Side::Buy, Some(buy), Some(sell)) | (Side::Sell, Some(sell), Some(buy)) => buy >= sell,
    }
}

fn reach_of_working(ctx: &Context<'_>, state: &OrderState) -> Option<Price> {
    state.limit_px.or_else(|| ctx.quotes.reference(&state.instrument, state.side))
}
