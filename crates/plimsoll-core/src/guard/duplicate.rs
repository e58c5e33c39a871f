//! `duplicate`: the same bot, account, instrument, side, quantity, type and price again within the window
//! is one decision sent twice. The memory is in the journal, so a restart does not forget it.

use plimsoll_model::NewOrder;

use super::{Context, Reason};

pub(super) fn check(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    // A change is no new decision, and the children of a bracket are as new as their parent.
    let parent_is_new = ctx.group.iter().any(|other| Some(other.order_id) == order.parent_id);
    if ctx.replaces || parent_is_new {
        return Ok(());
    }
    match ctx.recent.same_order(ctx.now.mono, order, ctx.asked, ctx.bot.duplicate_window) {
        Some((of, age)) => Err(Reason::Repeated { of: of.clone(), age, window: ctx.bot.duplicate_window }),
        None => Ok(()),
    }
}
