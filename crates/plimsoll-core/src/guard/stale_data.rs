//! `stale_data`: pitfall 1. A connection that is up proves nothing about the prices that came over it.
//! What counts is when the venue last struck a price of this instrument, during the session of its own venue.

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
        Some(age) if age > max => Err(Reason::Stale { instrument: order.instrument.clone(), age, max }),
        Some(_) => Ok(()),
    }
}

/// Silence is normal while the market is closed, for an order that cannot trade before it opens again. One
/// that may trade outside the session meets what is there at once, and closed is only what is known to be.
fn rests_until_the_open(ctx: &Context<'_>, order: &NewOrder) -> bool {
    let in_auction = order.ord_type.is_on_close() || order.tif == TimeInForce::AtTheOpening;
    if !in_auction && order.outside_rth {
        return false;
    }
    let is_closed =
        |state: &_| matches!(state, Ok(SessionState::PreOpen { .. } | SessionState::Closed { .. }));
    ctx.days_of(order).is_ok_and(|days| is_closed(&days.moment.state))
}
