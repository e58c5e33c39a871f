//! `trading_session`: pitfall 5. Every day has its own hours; an order is held to those of the day it
//! would trade on. On-close orders are judged by [`super::close_cutoff`]. The days are those of the listing: the US
//! exchanges for stocks, ETFs and options there, a stock's own venue elsewhere. Of anything else no hours are known.

use std::fmt;

use plimsoll_calendar::{AnchorKind, CalendarError, SessionState};
use plimsoll_model::{InstrumentId, NewOrder, OrdType, TimeInForce};

use super::judged::Days;
use super::reason::Auction;
use super::{Context, Reason, cutoff};
use crate::contracts;
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
        Err(unknown) => return without_hours(ctx, order, &unknown),
    };
    let state = match days.moment.state.clone() {
        Ok(state) => state,
        Err(error) => return past_its_end(ctx, order, &days, &error),
    };
    if order.tif == TimeInForce::AtTheOpening && !matches!(state, SessionState::Closed { .. }) {
        return in_time_for_the_open(ctx, &days, order);
    }
    let next_open = match state {
        SessionState::Open { .. } => return Ok(()),
        SessionState::PreOpen { open } => open,
        SessionState::Closed { next_open } => next_open,
    };
    let allowed = match order.tif {
        // Whatever auction it is for, it is not the one of the day that is over.
        TimeInForce::AtTheOpening => false,
        // These wait at the venue for a session by their nature.
        TimeInForce::GoodTillCancel | TimeInForce::GoodTillDate => true,
        // A day limit order before the open rests until it; a market order would meet whatever is there.
        _ => {
            let has_limit = matches!(order.ord_type, OrdType::Limit | OrdType::StopLimit);
            let before_the_open = matches!(state, SessionState::PreOpen { .. });
            has_limit && (before_the_open || order.outside_rth)
        }
    };
    if allowed {
        return Ok(());
    }
    Err(Reason::OutsideSession { next_open: next_open.to_zoned(days.calendar.zone().clone()) })
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
            && (open.is_wide || open.instruments.iter().any(|disputed| trades(order, disputed)))
    };
    match ctx.disputes.iter().find(concerned) {
        None => Ok(false),
        Some(_) if ctx.is_reducing(order) => Ok(true),
        Some(open) => Err(Reason::HoursDisputed { dispute: open.to_string().into() }),
    }
}

/// A price of its own bounds an order whenever the market opens. Without one, what it meets depends on hours
/// that nobody here knows; but who wants to get out must not be kept in because of what we do not know.
fn without_hours(ctx: &Context<'_>, order: &NewOrder, unknown: &impl fmt::Display) -> Result<(), Reason> {
    let has_price = order.ord_type.has_limit() || order.ord_type.has_stop();
    if order.tif != TimeInForce::AtTheOpening && has_price || ctx.is_reducing(order) {
        return Ok(());
    }
    Err(hours_unknown(unknown))
}

/// The hours of this are not in the calendar.
pub(super) fn hours_unknown(unknown: &impl fmt::Display) -> Reason {
    let why = format!("{unknown}; an order for it needs a limit or stop price");
    Reason::CalendarUnknown { why: why.into() }
}

/// The calendar does not reach this day. That of the US exchanges refuses then: whoever trades there has a newer one to
/// get. Elsewhere the days are announced a year at a time, and hours that nobody knows are what they are.
fn past_its_end(
    ctx: &Context<'_>,
    order: &NewOrder,
    days: &Days<'_>,
    error: &CalendarError,
) -> Result<(), Reason> {
    if days.calendar.name() != contracts::US {
        return without_hours(ctx, order, error);
    }
    if ctx.is_reducing(order) { Ok(()) } else { Err(unknown(error)) }
}

pub(super) fn unknown(error: &CalendarError) -> Reason {
    Reason::CalendarUnknown { why: error.to_string().into() }
}

/// Whether the order is in this instrument, by itself or by a leg.
fn trades(order: &NewOrder, instrument: &InstrumentId) -> bool {
    order.instrument == *instrument || order.legs.iter().any(|leg| leg.instrument == *instrument)
}

/// The opening auction has a cutoff of its own, by listing venue and order type. What a working order becomes is held to
/// the freeze, because its change is a cancel as well.
fn in_time_for_the_open(ctx: &Context<'_>, days: &Days<'_>, order: &NewOrder) -> Result<(), Reason> {
    let date = days.moment.trade_date.clone().map_err(|e| unknown(&e))?;
    let kind = match order.ord_type {
        _ if ctx.replaces => AnchorKind::OnOpenCancel,
        OrdType::Limit => AnchorKind::LooEntry,
        _ => AnchorKind::MooEntry,
    };
    let day = days.calendar.session(date).map_err(|e| unknown(&e))?;
    let Some(anchor) = day.and_then(|day| day.anchor(kind, ctx.listing(&order.instrument))) else {
        let why = format!("it has no opening auction for {} on {date}", order.instrument);
        return Err(Reason::CalendarUnknown { why: why.into() });
    };
    cutoff::in_time(ctx, order, days, (Auction::Open, &anchor))
}
