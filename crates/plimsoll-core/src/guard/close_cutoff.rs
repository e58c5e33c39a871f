//! `close_cutoff`: pitfall 4. An on-close order must be in before the cutoff of *that day's* close at the
//! listing venue of the instrument, the stricter of exchange and broker. At the cutoff it is too late, and an order
//! that may *arrive* then is too late as well: our clock may be behind, and the way to the venue takes time.

use std::borrow::Cow;

use jiff::civil::Date;
use plimsoll_calendar::AnchorKind;
use plimsoll_model::{NewOrder, OrdType};

use super::judged::Days;
use super::reason::Auction;
use super::trading_session::{hours_unknown, unknown};
use super::{Context, Reason, cutoff};
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
    let (days, date) = match day_of(ctx, order) {
        Ok(known) => known,
        // The venue knows its cutoff; who wants to get out must not be kept in because we do not.
        Err(_) if ctx.is_reducing(order) => return Ok(()),
        Err(reason) => return Err(reason),
    };
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
    let day = days.calendar.session(date).map_err(|e| unknown(&e))?;
    let Some(anchor) = day.and_then(|day| day.anchor(kind, ctx.listing(&order.instrument))) else {
        let why = format!("it has no closing auction for {} on {date}", order.instrument);
        return Err(Reason::CalendarUnknown { why: why.into() });
    };
    cutoff::in_time(ctx, order, &days, (Auction::Close, &anchor))?;
    in_time_as_planned(ctx, order, &days, (kind, date))
}

/// A session that was announced away, or what is left of one that ends early, may take place all the same: whoever
/// announced it was wrong, or the venue has not heard of it. Then an order for the next session would be a late one of
/// this, so it is held to this cutoff as well.
fn in_time_as_planned(
    ctx: &Context<'_>,
    order: &NewOrder,
    days: &Days<'_>,
    (kind, date): (AnchorKind, Date),
) -> Result<(), Reason> {
    if ctx.replaces {
        return Ok(());
    }
    let Some(planned) = days.calendar.without_announcements() else { return Ok(()) };
    let moment = planned.moment(ctx.clock.corrected(ctx.now));
    let earlier = moment.trade_date.clone().ok().filter(|earlier| *earlier < date);
    let session = earlier.and_then(|earlier| planned.session(earlier).ok().flatten());
    let Some(anchor) = session.and_then(|day| day.anchor(kind, ctx.listing(&order.instrument))) else {
        return Ok(());
    };
    let planned = Days { calendar: &planned, moment: Cow::Owned(moment) };
    cutoff::in_time(ctx, order, &planned, (Auction::Close, &anchor))
}

/// The days that the order is held to, and the one whose close it is for.
fn day_of<'c>(ctx: &'c Context<'_>, order: &NewOrder) -> Result<(Days<'c>, Date), Reason> {
    let days = ctx.days_of(order).map_err(|none| hours_unknown(&none))?;
    let date = days.moment.trade_date.clone().map_err(|e| unknown(&e))?;
    Ok((days, date))
}
