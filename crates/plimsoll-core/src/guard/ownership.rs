//! `ownership`: one owner per account and instrument, unless the configuration declares it shared. Two
//! owners are refused when the configuration is read; here the bot is held to what it was given.

use plimsoll_model::NewOrder;

use super::{Context, Reason};

pub(super) fn check(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    if ctx.bot.instruments.contains_key(&order.instrument) {
        Ok(())
    } else {
        Err(Reason::NotOwned { instrument: order.instrument.clone() })
    }
}
