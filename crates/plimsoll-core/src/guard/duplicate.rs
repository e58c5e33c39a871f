//! `duplicate`: the same bot, instrument, side, quantity, type and price again within the window is one
//! decision sent twice. The memory is in the journal, so a restart does not forget it.

use plimsoll_model::NewOrder;

use super::{Context, Reason};

pub(super) fn check(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    if ctx.replaces || ctx.parent.is_some() {
        return Ok(());
    }
    match ctx.recent.same_order(ctx.now.mono, order, ctx.bot.duplicate_window) {
        Some((of, age)) => Err(Reason::Repeated { of: of.clone(), age, window: ctx.bot.duplicate_window }),
        None => Ok(()),
    }
}
