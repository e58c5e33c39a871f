//! `close_cutoff`: pitfall 4. An on-close order must be in before the cutoff of *that day's* close at the
//! listing venue of the instrument, the stricter of exchange and broker. At the cutoff it is too late, and an order
//! that may *arrive* then is too late as well: our clock may be behind, and the way to the venue takes time.

use plimsoll_calendar::{AnchorKind, Listing};
use plimsoll_model::{NewOrder, OrdType};

use super::{Context, Margin, Reason};
use crate::on_close::BatchKey;

pub(super) fn check(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    let changed = ctx.own.filter(|_| ctx.replaces).and_then(|key| ctx.book.get(key));
    // Changing a working on-close order into another kind takes it out of the auction, which is a cancel.
    let leaves_auction = changed.is_some_and(|state| state.ord_type.is_on_close());
    if !order.ord_type.is_on_close() && !leaves_auction {
        return Ok(());
    }
    // Nobody is kept in a position by a cutoff that is in dispute; what is new is denied by `trading_session`.
    if super::trading_session::is_on_a_disputed_day(ctx, order).is_ok_and(|spared| spared) {
        return Ok(());
    }
    let days = ctx.days_of(order).map_err(super::trading_session::hours_unknown)?;
    let unknown = |e: plimsoll_calendar::CalendarError| Reason::CalendarUnknown { why: e.to_string().into() };
    let date = days.moment.trade_date.clone().map_err(unknown)?;
    let kind = match (ctx.replaces, &order.ord_type) {
        // A change of a working on-close order is a cancel as well: the freeze counts.
        (true, _) => AnchorKind::OnCloseCancel,
        (false, OrdType::LimitOnClose) => AnchorKind::LocEntry,
        (false, _) => AnchorKind::MocEntry,
    };
    let key = BatchKey { date, account: order.account.clone(), instrument: order.instrument.clone() };
    let is_in_it = ctx.batches.of_order(&order.cl_ord_id) == Some(&key);
    if ctx.is_netted(order) && !is_in_it && ctx.batches.have_left(&key) {
        // Beside the order that was sent for the others it could trade with that.
        return Err(Reason::AuctionLeft { instrument: order.instrument.clone(), date });
    }
    let day = days.calendar.session(date).map_err(unknown)?;
    let listing = ctx.listing(&order.instrument);
    let Some(anchor) = day.and_then(|day| day.anchor(kind, listing)) else {
        let why = format!("it has no closing auction for {} on {date}", order.instrument);
        return Err(Reason::CalendarUnknown { why: why.into() });
    };
    let instrument = || order.instrument.clone();
    let cutoff = || anchor.at.to_zoned(days.calendar.zone().clone());
    let rule = || match listing {
        Listing::Unknown => {
            format!("{}, the earliest of all venues: its listing is not known", anchor.rule).into()
        }
        _ => anchor.rule.to_string().into(),
    };
    let now = ctx.clock.corrected(ctx.now);
    if anchor.is_past(now) {
        return Err(Reason::AfterCutoff { instrument: instrument(), cutoff: cutoff(), rule: rule() });
    }
    let margin = Margin { uncertainty: ctx.clock.uncertainty(ctx.now.mono), ack: ctx.acks.p99() };
    let early = margin.uncertainty.saturating_add(margin.ack);
    if anchor.is_past(now.saturating_add(early).unwrap_or(jiff::Timestamp::MAX)) {
        return Err(Reason::CutoffNear { instrument: instrument(), cutoff: cutoff(), rule: rule(), margin });
    }
    Ok(())
}
