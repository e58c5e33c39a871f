//! `ownership`: one owner per account and instrument, unless the configuration declares it shared. Two
//! owners are refused when the configuration is read; here the bot is held to what it was given.
//!
//! A one-cancels-all group is the account's at the broker, not the client's: what executes in it cancels every
//! order of that group, whoever placed it. So a group has one owner as well.

use plimsoll_model::NewOrder;

use super::{Context, Reason};

pub(super) fn check(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    if !ctx.bot.instruments.contains_key(&order.instrument) {
        return Err(Reason::NotOwned { instrument: order.instrument.clone() });
    }
    // The group of a working order cannot be changed, so a change joins no group.
    if !ctx.replaces && is_others_group(ctx, order) {
        return Err(Reason::GroupNotOwned { group: order.oca_group.clone(), account: order.account.clone() });
    }
    Ok(())
}

/// Whether an order of somebody else works under that name in the account.
fn is_others_group(ctx: &Context<'_>, order: &NewOrder) -> bool {
    ctx.book.open_in_group(&order.oca_group).any(|state| {
        state.owner.bot() != Some(&ctx.bot.name)
            // In observe mode the account of an order may not be known yet; it may be this one.
            && state.account.as_ref().is_none_or(|account| *account == order.account)
    })
}
