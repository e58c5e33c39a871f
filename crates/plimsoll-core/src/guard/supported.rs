//! `supported`: nothing leaves whose quantity or price no guard can bound.

use plimsoll_model::NewOrder;

use super::{Context, Reason};
use crate::limits;

pub(super) fn check(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    if let Some(feature) = ctx.unbounded {
        return Err(Reason::Unbounded { feature });
    }
    if order.qty.is_zero() {
        return Err(Reason::QtyZero);
    }
    if !ctx.replaces && ctx.book.open_count() >= limits::OPEN_ORDERS_MAX {
        return Err(Reason::TooMany { what: "working orders", max: limits::OPEN_ORDERS_MAX });
    }
    Ok(())
}
