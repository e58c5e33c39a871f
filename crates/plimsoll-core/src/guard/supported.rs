//! `supported`: nothing leaves whose quantity or price no guard can bound, and nothing that the venue would
//! take for another order than the guards judge.

use plimsoll_model::{NewOrder, OrdType, OrderStatus, TimeInForce};

use super::{Context, Reason};
use crate::{group, limits};

/// Order types that at their worst execute like a market order sent now or later in the session, in IBKR's
/// spellings. The list is closed, because a type outside it may trade in an auction, over the whole day, or
/// by a rule that nobody here knows.
const AT_WORST_A_MARKET_ORDER: &[&str] = &[
    // Start when a price is touched.
    "MIT",
    "LIT",
    "STP PRT",
    "STOP PROTECT",
    "TRAIL",
    "TRAILING STOP",
    "TRAIL LIMIT",
    "TRAILLMT",
    "TRAILLIMIT",
    "TRAIL LIT",
    "TRAILLIT",
    "TRAIL MIT",
    "TRAILMIT",
    // Take what is there, with some protection.
    "MTL",
    "MKT TO LMT",
    "MKTTOLMT",
    "MKT PRT",
    "MKTPRT",
    "BOX TOP",
    "BOXTOP",
    "BOX_TOP",
    // Follow the quote, or a price that is computed.
    "REL",
    "RELATIVE",
    "PASSV REL",
    "MIDPRICE",
    "PEG BENCH",
    "PEGBENCH",
    "PEG BEST",
    "PEGBEST",
    "PEG MID",
    "PEGMID",
    "PEG MKT",
    "PEGMKT",
    "PEG PRIM",
    "PEGPRIM",
    "PEG STK",
    "PEGSTK",
    "SNAP MID",
    "SNAPMID",
    "SNAP MKT",
    "SNAPMKT",
    "SNAP PRIM",
    "SNAPPRIM",
    "VOL",
    "VOLATILITY",
    "VOLAT",
    // Of combos.
    "LMT + MKT",
    "LMT+MKT",
    "REL + LMT",
    "REL+LMT",
    "REL + MKT",
    "REL+MKT",
];

pub(super) fn check(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    if let Some(feature) = ctx.unbounded {
        return Err(Reason::Unbounded { feature });
    }
    if order.qty.is_zero() {
        return Err(Reason::QtyZero);
    }
    words(order)?;
    // The venue may take a missing price for zero, which a seller's order would reach.
    if order.ord_type.has_limit() && order.limit_px.is_none() {
        return Err(Reason::Unbounded { feature: "a limit order without a limit price" });
    }
    if order.ord_type.has_stop() && order.stop_px.is_none() {
        return Err(Reason::Unbounded { feature: "a stop order without a stop price" });
    }
    if ctx.replaces { change(ctx, order) } else { new(ctx, order) }
}

/// The words that decide when and at what price an order executes. A word that no guard knows could be
/// another spelling of one that has a cutoff.
fn words(order: &NewOrder) -> Result<(), Reason> {
    match &order.ord_type {
        OrdType::Other(word) if !AT_WORST_A_MARKET_ORDER.contains(&&**word) => {
            return Err(Reason::WordUnknown { field: "order type", word: word.clone() });
        }
        _ => {}
    }
    match &order.tif {
        TimeInForce::Other(word) => Err(Reason::WordUnknown { field: "time in force", word: word.clone() }),
        _ => Ok(()),
    }
}

fn new(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    if !(1..=limits::ORDER_ID_MAX).contains(&order.order_id.0) {
        return Err(Reason::OrderIdRange { order_id: order.order_id });
    }
    // At release the order itself is in the book.
    let others = ctx.book.open_count_of(&order.bot).saturating_sub(usize::from(ctx.own.is_some()));
    if others >= limits::OPEN_ORDERS_MAX {
        return Err(Reason::TooMany { what: "working orders", max: limits::OPEN_ORDERS_MAX });
    }
    // A child alone is no exit: without its parent it opens what it was to close.
    let Some(parent_id) = order.parent_id else { return Ok(()) };
    let parent = ctx.group.iter().find(|other| other.order_id == parent_id);
    // Nor is an order its own parent, nor are two each other's.
    let in_circle =
        parent_id == order.order_id || parent.is_some_and(|p| p.parent_id == Some(order.order_id));
    if in_circle {
        return Err(Reason::ParentUnknown { parent_id });
    }
    let in_group = parent.is_some();
    let known = ctx.book.by_client(ctx.client_id, parent_id).and_then(|key| ctx.book.get(key));
    let at_venue = known.is_some_and(|state| state.status != OrderStatus::Denied);
    if in_group || at_venue { Ok(()) } else { Err(Reason::ParentUnknown { parent_id }) }
}

fn change(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    let order_id = order.order_id;
    let Some(state) = ctx.own.and_then(|key| ctx.book.get(key)).filter(|state| state.status.is_open()) else {
        // The venue would take it for a new order under that number.
        return Err(Reason::NotWorking { order_id });
    };
    if state.cl_ord_id.as_ref().is_some_and(|id| ctx.batches.of_order(id).is_some()) {
        return Err(Reason::HeldForClose { order_id });
    }
    if state.side != order.side {
        return Err(Reason::OrderChanged { what: "side" });
    }
    if state.instrument != order.instrument {
        return Err(Reason::OrderChanged { what: "instrument" });
    }
    if state.legs != order.legs {
        return Err(Reason::OrderChanged { what: "legs" });
    }
    // The venue refuses it too (10326). A client that gave no name sends none again where the venue has given one.
    let is_unnamed = group::key(&order.oca_group).is_none();
    let is_same = group::key(&state.oca_group) == group::key(&order.oca_group)
        || is_unnamed && state.is_in_venues_group();
    if !is_same {
        return Err(Reason::OrderChanged { what: "one-cancels-all group" });
    }
    if state.changes.len() >= limits::CHANGES_PER_ORDER_MAX {
        return Err(Reason::TooMany { what: "unconfirmed changes", max: limits::CHANGES_PER_ORDER_MAX });
    }
    Ok(())
}
