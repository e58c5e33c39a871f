//! `limits`: quantity, money per order, money per position, price collar, rate, and the day's loss.
//! A market order is measured at the opposite quote of our own subscription; without one it has no size.

use plimsoll_model::{Money, NewOrder, OrdType, Position, Price, Side};
use rust_decimal::Decimal;

use super::{Context, Reason};
use crate::result::Unknown;

pub(super) fn check(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    rate(ctx, order)?;
    qty(ctx, order)?;
    collar(ctx, order)?;
    if ctx.is_reducing(order) {
        return Ok(());
    }
    daily_loss(ctx, order)?;
    order_notional(ctx, order)?;
    position_notional(ctx, order)
}

/// What bounds an order by itself, wherever it is executed.
pub(super) fn whole(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    rate(ctx, order)?;
    qty(ctx, order)
}

pub(super) fn rate(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    let Some(max) = ctx.bot.orders_per_minute_max else {
        return Ok(());
    };
    // Messages of one group count one after the other, as they will be sent.
    let ahead = ctx.group.iter().position(|other| other.order_id == order.order_id);
    let ahead = ahead.filter(|_| ctx.asked.is_none()).unwrap_or(0);
    let count = ctx.recent.count_before(ctx.now.mono, &order.bot, ctx.asked) + ahead;
    if count >= usize::try_from(max).unwrap_or(usize::MAX) {
        return Err(Reason::RateMax { count, max });
    }
    Ok(())
}

fn qty(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    match ctx.bot.order_qty_max {
        Some(max) if order.qty > max => Err(Reason::QtyMax { qty: order.qty, max }),
        _ => Ok(()),
    }
}

/// New risk may not be priced further from the reference than the collar, on either side: far through
/// the market is a wrong order, far away from it too. A reducing order may wait as far away as it likes
/// (a take-profit, a protective stop), but not reach further through the market.
fn collar(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    let is_stop = order.ord_type.has_stop();
    let px = match order.ord_type {
        OrdType::Limit | OrdType::StopLimit | OrdType::LimitOnClose => order.limit_px,
        OrdType::Stop => order.stop_px,
        // Some clients send a zero where the type has no price.
        OrdType::Market | OrdType::MarketOnClose => None,
        OrdType::Other(_) => order.limit_px.filter(|px| !px.is_zero()),
    };
    let (Some(collar), Some(px)) = (ctx.bot.price_collar, px) else {
        return Ok(());
    };
    let reducing = ctx.is_reducing(order);
    let Some(reference) = ctx.quotes.reference(&order.instrument, order.side) else {
        // A reducing order with a limit bounds itself; new risk needs a reference.
        let instrument = order.instrument.clone();
        return if reducing { Ok(()) } else { Err(Reason::NoReference { instrument }) };
    };
    let through = match order.side {
        Side::Buy => px > reference,
        Side::Sell => px < reference,
    };
    if reducing && (is_stop || !through) {
        return Ok(());
    }
    let Some(distance) = px.get().checked_sub(reference.get()).map(|distance| distance.abs()) else {
        return Err(Reason::NotRepresentable { what: "the distance from the reference" });
    };
    let Some(most) = reference.get().abs().checked_mul(collar) else {
        return Err(Reason::NotRepresentable { what: "the collar" });
    };
    if distance > most { Err(Reason::Collar { px, reference, collar }) } else { Ok(()) }
}

/// A loss that cannot be known is not a small one: something held has no price or is in another currency, or
/// the day's start was never seen.
fn daily_loss(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    let Some(max) = ctx.bot.daily_loss_max else {
        return Ok(());
    };
    let contract = ctx.bot.instruments.get(&order.instrument);
    if let Some(traded) =
        contract.map(|contract| &contract.currency).filter(|c| ***c != *max.currency.as_str())
    {
        return Err(Reason::OtherCurrency { limit: max, traded: traded.clone() });
    }
    let loss = ctx.daily_loss_of(max).map_err(|unknown| match unknown {
        Unknown::Unmarked => Reason::NoReference { instrument: order.instrument.clone() },
        Unknown::InCurrency(other) => Reason::OtherCurrency { limit: max, traded: other.as_str().into() },
    })?;
    loss.map_or(Ok(()), |loss| Err(Reason::DailyLossMax { loss, max }))
}

pub(super) fn order_notional(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    let Some(max) = ctx.bot.order_notional_max else {
        return Ok(());
    };
    // All legs of a combo together.
    let parts = if ctx.parts.is_empty() { std::slice::from_ref(order) } else { ctx.parts };
    let mut worth = Money::zero(max.currency);
    for part in parts {
        let part = notional(ctx, part, price(ctx, part), part.qty.get(), max)?;
        worth = worth.checked_add(part).ok_or(Reason::NotRepresentable { what: "the order's worth" })?;
    }
    let notional = Money { amount: worth.amount.normalize(), ..worth };
    if notional.amount > max.amount { Err(Reason::NotionalMax { notional, max }) } else { Ok(()) }
}

fn position_notional(ctx: &Context<'_>, order: &NewOrder) -> Result<(), Reason> {
    let Some(max) = ctx.bot.position_notional_max else {
        return Ok(());
    };
    let not_representable = Reason::NotRepresentable { what: "the position" };
    let worst = ctx
        .exposure(order)
        .worst
        .and_then(|all| ctx.position(order).after(order.side, all))
        .ok_or(not_representable)?;
    let grows = match order.side {
        Side::Buy => worst > Position::FLAT,
        Side::Sell => worst < Position::FLAT,
    };
    if !grows {
        return Ok(());
    }
    // What is held already is worth what the market says, however cheap the limit of this order is.
    let market = ctx.quotes.reference(&order.instrument, order.side);
    let dearest = price(ctx, order).map(|px| market.map_or(px, |market| px.max(market)));
    let notional = notional(ctx, order, dearest, worst.size().get(), max)?;
    if notional.amount > max.amount { Err(Reason::PositionMax { notional, max }) } else { Ok(()) }
}

/// Money in the limit's currency. A limit in another currency than the instrument's bounds nothing.
fn notional(
    ctx: &Context<'_>,
    order: &NewOrder,
    px: Option<Price>,
    qty: Decimal,
    limit: Money,
) -> Result<Money, Reason> {
    let contract = ctx.bot.instruments.get(&order.instrument);
    let currency = contract.map_or("", |contract| &contract.currency);
    if currency != limit.currency.as_str() {
        return Err(Reason::OtherCurrency { limit, traded: currency.into() });
    }
    let px = px.ok_or_else(|| Reason::NoReference { instrument: order.instrument.clone() })?;
    let unknown = || Reason::ContractUnknown { symbol: order.instrument.as_str().into() };
    let multiplier = ctx.contracts.terms(&order.instrument).ok_or_else(unknown)?.multiplier;
    let amount = px.get().abs().checked_mul(qty).and_then(|n| n.checked_mul(multiplier));
    amount
        .map(|amount| Money { amount: amount.normalize(), currency: limit.currency })
        .ok_or(Reason::NotRepresentable { what: "the order's worth" })
}

/// The dearest price at which the order can count: a limit is what it may cost, unless the market is
/// dearer still for a seller.
fn price(ctx: &Context<'_>, order: &NewOrder) -> Option<Price> {
    let reference = ctx.quotes.reference(&order.instrument, order.side);
    match order.ord_type {
        OrdType::Limit | OrdType::LimitOnClose | OrdType::StopLimit => match order.side {
            Side::Buy => order.limit_px.or(reference),
            Side::Sell => order.limit_px.max(reference),
        },
        OrdType::Stop => order.stop_px.max(reference),
        OrdType::Market | OrdType::MarketOnClose | OrdType::Other(_) => {
            ctx.quotes.opposite(&order.instrument, order.side)
        }
    }
}
