//! `duplicate`: the same bot, account, instrument, side, quantity, type and price again within the window
//! is one decision sent twice; and a decision that the bot has declared by name is carried out once, for
//! ever. The memory is in the journal, so a restart does not forget it.

use plimsoll_model::NewOrder;

use super::{Context, Reason};
use crate::limits;

pub(super) fn check(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    // A change is no new decision, and the children of a bracket are as new as their parent.
    if ctx.replaces || ctx.parent_is_new(order) {
        return Ok(());
    }
    if let Some(by) = ctx.recent.same_decision(order, ctx.asked) {
        let decision = order.decision.clone().unwrap_or_default();
        return Err(Reason::DecisionTaken { decision, by: by.clone() });
    }
    if ctx.recent.is_full_of_decisions(order) {
        let max = limits::DECISIONS_PER_BOT_MAX;
        return Err(Reason::TooMany { what: "declared decisions", max });
    }
    match ctx.recent.same_order(ctx.now.mono, order, ctx.asked, ctx.bot.duplicate_window) {
        Some((of, age)) => Err(Reason::Repeated { of: of.clone(), age, window: ctx.bot.duplicate_window }),
        None => Ok(()),
    }
}
