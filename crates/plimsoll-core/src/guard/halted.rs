//! `halt`: after somebody said stop. Reducing orders pass the lower level; nothing passes the upper one.

use plimsoll_model::NewOrder;

use super::{Context, Reason};
use crate::halt::HaltLevel;

pub(super) fn check(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    let Some(halt) = ctx.halts.of(&order.bot) else {
        return Ok(());
    };
    if halt.level == HaltLevel::NewRisk && ctx.is_reducing(order) {
        return Ok(());
    }
    Err(Reason::Halted { level: halt.level, by: halt.by.clone(), reason: halt.reason.clone() })
}
