//! The cutoff of an auction: an order that may arrive at it or later is too late.
//!
//! Our clock may be behind, and the way to the venue takes time; both count. Who asks says which anchor it is
//! ([`super::close_cutoff`], [`super::trading_session`]).

use plimsoll_calendar::{Anchor, Listing};
use plimsoll_model::NewOrder;

use super::judged::Days;
use super::reason::Auction;
use super::{Context, Margin, Reason};

/// Whether an order leaves in time for what is due at this anchor.
pub(super) fn in_time(
    ctx: &Context<'_>,
    order: &NewOrder,
    days: &Days<'_>,
    (auction, anchor): (Auction, &Anchor),
) -> Result<(), Reason> {
    let instrument = || order.instrument.clone();
    let cutoff = || anchor.at.to_zoned(days.calendar.zone().clone());
    let rule = || match ctx.listing(&order.instrument) {
        Listing::Unknown => {
            format!("{}, the earliest of all venues: its listing is not known", anchor.rule).into()
        }
        _ => anchor.rule.to_string().into(),
    };
    let now = ctx.clock.corrected(ctx.now);
    if anchor.is_past(now) {
        let (instrument, cutoff, rule) = (instrument(), cutoff(), rule());
        return Err(Reason::AfterCutoff { auction, instrument, cutoff, rule });
    }
    let margin = Margin { uncertainty: ctx.clock.uncertainty(ctx.now.mono), ack: ctx.acks.p99() };
    let early = margin.uncertainty.saturating_add(margin.ack);
    if anchor.is_past(now.saturating_add(early).unwrap_or(jiff::Timestamp::MAX)) {
        let (instrument, cutoff, rule) = (instrument(), cutoff(), rule());
        return Err(Reason::CutoffNear { auction, instrument, cutoff, rule, margin });
    }
    Ok(())
}
