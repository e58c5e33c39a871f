//! `stale_data`: pitfall 1. A connection that is up proves nothing about the prices that came over it.
//! What counts is when the venue last struck a price of this instrument, during its session.

use plimsoll_calendar::SessionState;
use plimsoll_model::NewOrder;

use super::{Context, Reason};

pub(super) fn check(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    let Some(max) = ctx.bot.stale_after else {
        return Ok(());
    };
    if ctx.is_reducing(order) {
        return Ok(());
    }
    // Silence is normal while the market is closed; orders that may be sent then rest at the venue.
    if !matches!(ctx.moment.state, Ok(SessionState::Open { .. })) {
        return Ok(());
    }
    match ctx.quotes.age(&order.instrument, ctx.now.wall) {
        None => Err(Reason::NoQuote { instrument: order.instrument.clone() }),
        Some(age) if age > max => Err(Reason::Stale { instrument: order.instrument.clone(), age, max }),
        Some(_) => Ok(()),
    }
}
