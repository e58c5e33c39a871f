//! `account`: pitfall 7. An order for no account, or for somebody else's, goes to the default account
//! without a word; here it is denied. That it names an account at all is seen to by the intake.

use plimsoll_model::NewOrder;

use super::{Context, Reason};

pub(super) fn check(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    if !ctx.bot.accounts.contains(&order.account) || !ctx.config.venue.accounts.contains(&order.account) {
        return Err(Reason::AccountNotAllowed {
            account: order.account.clone(),
            allowed: ctx.bot.accounts.clone(),
        });
    }
    let before = ctx.own.and_then(|key| ctx.book.get(key)).and_then(|state| state.account.as_ref());
    match before {
        Some(was) if *was != order.account => {
            Err(Reason::AccountChanged { was: was.clone(), asked: order.account.clone() })
        }
        _ => Ok(()),
    }
}
