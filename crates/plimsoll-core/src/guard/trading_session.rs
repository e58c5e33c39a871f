//! `trading_session`: pitfall 5. Every day has its own hours; an order is held to those of the day it
//! would trade on. On-close orders are judged by [`super::close_cutoff`]. The days are those of the listing: the US
//! exchanges for stocks, ETFs and options there, a stock's own venue elsewhere. Of anything else no hours are known.

use plimsoll_calendar::{AnchorKind, SessionState};
use plimsoll_model::{InstrumentId, NewOrder, OrdType, TimeInForce};

use super::judged::Days;
use super::{Context, Reason};
use crate::listed_hours::OpenDispute;

pub(super) fn check(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    if is_on_a_disputed_day(ctx, order)? {
        return Ok(());
    }
    if order.ord_type.is_on_close() {
        return Ok(());
    }
    let days = match ctx.days_of(order) {
        Ok(days) => days,
        Err(instrument) => return without_hours(ctx, order, instrument),
    };
    let unknown = |e: plimsoll_calendar::CalendarError| Reason::CalendarUnknown { why: e.to_string().into() };
    let state = days.moment.state.clone().map_err(unknown)?;
    let next_open = match state {
        SessionState::Open { .. } if order.tif != TimeInForce::AtTheOpening => return Ok(()),
        SessionState::Open { .. } => None,
        SessionState::PreOpen { open } => Some(open),
        SessionState::Closed { next_open } => Some(next_open),
    };
    let before_the_open = matches!(state, SessionState::PreOpen { .. });
    let allowed = match order.tif {
        // The opening auction has a cutoff of its own, by listing venue and order type.
        TimeInForce::AtTheOpening => before_the_open && in_time_for_the_open(ctx, &days, order)?,
        // These wait at the venue for a session by their nature.
        TimeInForce::GoodTillCancel | TimeInForce::GoodTillDate => true,
        // A day limit order before the open rests until it; a market order would meet whatever is there.
        _ => {
            let has_limit = matches!(order.ord_type, OrdType::Limit | OrdType::StopLimit);
            has_limit && (before_the_open || order.outside_rth)
        }
    };
    if allowed {
        return Ok(());
    }
    let next_open = next_open.map(|open| open.to_zoned(days.calendar.zone().clone()));
    Err(Reason::OutsideSession { next_open })
}

/// On a day of which the broker says something else than the calendar nothing new is begun: one of them is wrong, and
/// so may be every cutoff. What only reduces is let through to the venue, which knows. An order is held to the disputes
/// until the session that it would trade in, because a day that the broker calls closed is no session any more.
pub(super) fn is_on_a_disputed_day(ctx: &Context<'_>, order: &NewOrder) -> Result<bool, Reason> {
    if ctx.disputes.is_empty() {
        return Ok(false);
    }
    let Ok(days) = ctx.days_of(order) else { return Ok(false) };
    let Ok(date) = days.moment.trade_date else { return Ok(false) };
    let today = days.calendar.zone().to_datetime(ctx.clock.corrected(ctx.now)).date();
    let concerned = |open: &&OpenDispute| {
        open.calendar == days.calendar.name()
            && (today..=date).contains(&open.dispute.date)
            && (open.is_wide || open.instruments.contains(&order.instrument))
    };
    match ctx.disputes.iter().find(concerned) {
        None => Ok(false),
        Some(_) if ctx.is_reducing(order) => Ok(true),
        Some(open) => Err(Reason::HoursDisputed { dispute: open.to_string().into() }),
    }
}

/// A price of its own bounds an order whenever the market opens. Without one, what it meets depends on hours
/// that nobody here knows; but who wants to get out must not be kept in because of what we do not know.
fn without_hours(ctx: &Context<'_>, order: &NewOrder, instrument: &InstrumentId) -> Result<(), Reason> {
    let has_price = order.ord_type.has_limit() || order.ord_type.has_stop();
    if order.tif != TimeInForce::AtTheOpening && (has_price || ctx.is_reducing(order)) {
        return Ok(());
    }
    Err(hours_unknown(instrument))
}

/// The hours of this instrument are not in the calendar.
pub(super) fn hours_unknown(instrument: &InstrumentId) -> Reason {
    let why = format!("the hours of {instrument} are not known; an order for it needs a limit or stop price");
    Reason::CalendarUnknown { why: why.into() }
}

fn in_time_for_the_open(ctx: &Context<'_>, days: &Days<'_>, order: &NewOrder) -> Result<bool, Reason> {
    let unknown = |e: plimsoll_calendar::CalendarError| Reason::CalendarUnknown { why: e.to_string().into() };
    let date = days.moment.trade_date.clone().map_err(unknown)?;
    let kind = match order.ord_type {
        OrdType::Limit => AnchorKind::LooEntry,
        _ => AnchorKind::MooEntry,
    };
    let day = days.calendar.session(date).map_err(unknown)?;
    let anchor = day.and_then(|day| day.anchor(kind, ctx.listing(&order.instrument)));
    // A host whose clock is slow is late by true time, which is what counts here as everywhere.
    Ok(anchor.is_some_and(|anchor| !anchor.is_past(ctx.clock.corrected(ctx.now))))
}
