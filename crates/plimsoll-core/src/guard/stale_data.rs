//! `stale_data`: pitfall 1. A connection that is up proves nothing about the prices that came over it.
//! What counts is when the venue last struck the price that the order would trade against, during the session of its own venue.

use plimsoll_calendar::SessionState;
use plimsoll_model::{NewOrder, TimeInForce};

use super::{Context, Reason};

pub(super) fn check(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    let Some(max) = ctx.bot.stale_after else {
        return Ok(());
    };
    if ctx.is_reducing(order) {
        return Ok(());
    }
    if rests_until_the_open(ctx, order) {
        return Ok(());
    }
    match ctx.quotes.age(&order.instrument, ctx.now.wall) {
        None => Err(Reason::NoQuote { instrument: order.instrument.clone() }),
        Some(age) if age > max => {
            Err(Reason::Stale { instrument: order.instrument.clone(), field: None, age, max })
        }
        Some(_) => {
            own_stream_moves(ctx, order, max)?;
            if is_in_auction(order) { Ok(()) } else { stands_still(ctx, order, max) }
        }
    }
}

/// Plimsoll sees the market move, and what this bot decides by does not.
fn own_stream_moves(ctx: &Context<'_>, order: &NewOrder, max: std::time::Duration) -> Result<(), Reason> {
    match ctx.streams.still_since(&ctx.bot.name, &order.instrument) {
        Some(since) => {
            let age = ctx.now.wall.duration_since(since).unsigned_abs();
            Err(Reason::StreamStill { instrument: order.instrument.clone(), age, max })
        }
        None => Ok(()),
    }
}

/// Prices come, and the one that this order would trade against is old all the same. An auction trades against none of
/// them.
fn stands_still(ctx: &Context<'_>, order: &NewOrder, max: std::time::Duration) -> Result<(), Reason> {
    match ctx.quotes.opposite_age(&order.instrument, order.side, ctx.now.wall) {
        Some((age, field)) if age > max => {
            Err(Reason::Stale { instrument: order.instrument.clone(), field: Some(field), age, max })
        }
        _ => Ok(()),
    }
}

fn is_in_auction(order: &NewOrder) -> bool {
    order.ord_type.is_on_close() || order.tif == TimeInForce::AtTheOpening
}

/// Silence is normal while the market is closed, for an order that cannot trade before it opens again. One
/// that may trade outside the session meets what is there at once, and closed is only what is known to be.
fn rests_until_the_open(ctx: &Context<'_>, order: &NewOrder) -> bool {
    if !is_in_auction(order) && order.outside_rth {
        return false;
    }
    let is_closed =
        |state: &_| matches!(state, Ok(SessionState::PreOpen { .. } | SessionState::Closed { .. }));
    ctx.days_of(order).is_ok_and(|days| is_closed(&days.moment.state))
}
