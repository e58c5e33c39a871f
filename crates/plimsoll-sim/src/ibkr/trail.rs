//! Prices that move with the market: trailing stops, pegged orders, and stops that become something else.
//!
//! Owns the derivation of these prices from what was sent, and their movement at each second. Triggers
//! look at trades, as TWS does for stocks; pegs look at the quote of the moment.

use plimsoll_model::{OrdType, PermId, Side};
use plimsoll_tws::BestOffset;
use plimsoll_tws::message::Adjusted;

use crate::ibkr::entry::Entry;
use crate::ibkr::exchange::Exchange;
use crate::ibkr::order::{Order, State};
use crate::ibkr::rules::{self, Refusal};
use crate::ibkr::style::Style;
use crate::ibkr::terms::{Adjustment, Trail};
use crate::market::Second;
use crate::market::listing::Listing;

/// How far an unspecified relative order lies ahead: a Gateway was seen to echo 0.01.
const PEG_CENTS: i64 = 1;

/// What moves about an order, in cents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Moving {
    /// How far the stop stays behind.
    pub(crate) trail: Option<Trail>,
    /// How far the limit lies behind the stop.
    pub(crate) limit_offset: i64,
    /// How far a pegged order lies ahead, or away from what it is pegged to.
    pub(crate) peg_offset: i64,
    /// What the stop becomes.
    pub(crate) adjustment: Option<Adjustment>,
}

impl Moving {
    /// Reads what moves about an order.
    pub(crate) fn of(entry: &Entry, style: Style, listing: &Listing) -> Result<Self, Refusal> {
        let terms = &entry.terms;
        let mut moving = Self::default();
        if style.trails() {
            moving.trail = Some(trail_of(entry, listing)?);
        }
        if style == Style::TrailLimit {
            moving.limit_offset = match (terms.limit_offset, entry.limit_px, terms.trail_stop_px) {
                (Some(offset), ..) => rules::cents_signed(offset, listing)?,
                (None, Some(limit), Some(stop)) => {
                    (rules::cents_signed(limit, listing)? - rules::cents_signed(stop, listing)?).abs()
                }
                _ => return Err(rules::no_price()),
            };
        }
        let offset = terms.aux_px.filter(|px| !px.get().is_zero());
        moving.peg_offset = match (style, offset, terms.ahead_of_best) {
            (Style::Relative | Style::PegMid | Style::PegMarket, Some(px), _)
            | (Style::PegBest, _, Some(BestOffset::By(px))) => rules::cents_signed(px, listing)?,
            (Style::PegBest, _, Some(BestOffset::UpToMid)) => i64::from(u32::MAX),
            (Style::Relative | Style::PegBest, ..) => PEG_CENTS,
            _ => 0,
        };
        moving.adjustment = adjustment_of(&terms.adjusted, listing)?;
        Ok(moving)
    }
}

fn trail_of(entry: &Entry, listing: &Listing) -> Result<Trail, Refusal> {
    let percent = entry.terms.trailing_percent.filter(|percent| !percent.is_zero());
    let amount = entry.terms.aux_px.filter(|px| !px.get().is_zero());
    match (percent, amount) {
        (Some(percent), _) if percent.is_sign_positive() && percent < rust_decimal::Decimal::ONE_HUNDRED => {
            Ok(Trail::Percent(percent))
        }
        (Some(_), _) => Err(Refusal::new(159, "The percent offset value must be between 0% and 100%.")),
        (None, Some(amount)) => Ok(Trail::Amount(rules::cents(Some(amount), listing)?)),
        (None, None) => {
            Err(Refusal::new(158, "You must specify an offset amount or a percent offset value."))
        }
    }
}

fn adjustment_of(sent: &Adjusted, listing: &Listing) -> Result<Option<Adjustment>, Refusal> {
    if sent.order_type.is_empty() || sent.order_type == "None" {
        return Ok(None);
    }
    let ord_type = OrdType::from_wire(sent.order_type.as_str());
    let style = Style::of(&ord_type).filter(|style| style.is_stop());
    let Some(style) = style else {
        let text = "Error validating request.-'bF' : cause - Invalid adjusted order type";
        return Err(Refusal::new(321, text));
    };
    let limit_px = match sent.stop_limit_px {
        Some(px) if style == Style::StopLimit => Some(rules::cents(Some(px), listing)?),
        _ => None,
    };
    let trail = match (sent.trailing_amount, sent.trailing_unit) {
        (Some(amount), 0) if style.trails() => Some(Trail::Amount(rules::cents(Some(amount), listing)?)),
        (Some(percent), _) if style.trails() => Some(Trail::Percent(percent.get())),
        _ if style.trails() => {
            return Err(Refusal::new(158, "You must specify an offset amount or a percent offset value."));
        }
        _ => None,
    };
    let trigger_px = rules::cents(sent.trigger_px, listing)?;
    Ok(Some(Adjustment {
        ord_type,
        trigger_px,
        stop_px: rules::cents(sent.stop_px, listing)?,
        limit_px,
        trail,
    }))
}

impl Exchange {
    /// Where a trailing stop without a price of its own begins.
    pub(crate) fn first_stop(&mut self, order: &Order) -> Option<i64> {
        let trail = order.trail?;
        let last = self.last_px(order.sym);
        let distance = trail.cents_at(last);
        Some(match order.side {
            Side::Buy => last + distance,
            Side::Sell => (last - distance).max(1),
        })
    }

    /// Trailing stops follow this second's trade, and stops become what they were to become.
    pub(crate) fn move_stops(&mut self) {
        for perm in self.open.iter().copied().collect::<Vec<_>>() {
            let order = self.order(perm);
            let waits = order.state == State::Held("trigger") && order.armed;
            if !waits || !(order.trail.is_some() || order.adjustment.is_some()) || !self.triggers(order) {
                continue;
            }
            let (order, now) = (order.clone(), self.now);
            if !self.is_on(&order) {
                continue;
            }
            let Some(second) = self.market.wide_second(order.sym, now) else { continue };
            let Some(seen) = self.trigger_px(&order, second) else { continue };
            self.adjust(perm, seen);
            self.follow(perm, seen);
        }
    }

    fn follow(&mut self, perm: PermId, last: i64) {
        let order = self.order_mut(perm);
        let (Some(trail), Some(stop)) = (order.trail, order.stop_px) else { return };
        let distance = trail.cents_at(last);
        let moved = match order.side {
            Side::Buy => stop.min(last + distance),
            Side::Sell => stop.max(last - distance),
        };
        order.stop_px = Some(moved);
        if order.style == Style::TrailLimit {
            order.limit_px = Some(order.limit_behind(moved));
        }
    }

    fn adjust(&mut self, perm: PermId, last: i64) {
        let order = self.order(perm);
        let Some(adjustment) = order.adjustment.clone() else { return };
        // A sell stop protects a long position: it is adjusted once the market rose to the trigger.
        let due = match order.side {
            Side::Sell => last >= adjustment.trigger_px,
            Side::Buy => last <= adjustment.trigger_px,
        };
        let Some(style) = Style::of(&adjustment.ord_type).filter(|_| due) else { return };
        let order = self.order_mut(perm);
        order.adjustment = None;
        order.style = style;
        order.ord_type = adjustment.ord_type;
        order.stop_px = Some(adjustment.stop_px);
        order.limit_px = adjustment.limit_px;
        order.trail = adjustment.trail;
        self.tell_order(perm);
    }

    /// Whether triggers are watched: TWS's own, and those that only paper simulates, need the link.
    pub(crate) fn triggers(&self, order: &Order) -> bool {
        let native = matches!(order.style, Style::Stop | Style::StopLimit);
        !self.link_down || native && self.lives(crate::ibkr::profile::Difference::StopsWithoutLink)
    }
}

impl Order {
    /// The limit of a trailing stop that stands at `stop`.
    pub(crate) fn limit_behind(&self, stop: i64) -> i64 {
        match self.side {
            Side::Buy => stop + self.limit_offset,
            Side::Sell => (stop - self.limit_offset).max(1),
        }
    }

    /// Where a pegged order stands against a quote: never through the other side, never beyond its cap.
    pub(crate) fn pegged_at(&self, second: Second) -> i64 {
        let (bid, ask) = (second.bid, second.ask);
        let middle = match self.side {
            Side::Buy => (bid + ask).div_euclid(2),
            Side::Sell => (bid + ask + 1).div_euclid(2),
        };
        let px = match (self.style, self.side) {
            (Style::Midprice, _) => middle,
            (Style::PegMid, Side::Buy) => middle - self.peg_offset,
            (Style::PegMid, Side::Sell) => middle + self.peg_offset,
            (Style::PegBest, Side::Buy) => (bid + self.peg_offset).min(middle),
            (Style::PegBest, Side::Sell) => (ask - self.peg_offset).max(middle),
            (Style::PegMarket, Side::Buy) => ask - self.peg_offset,
            (Style::PegMarket, Side::Sell) => bid + self.peg_offset,
            (_, Side::Buy) => (bid + self.peg_offset).min(ask - 1),
            (_, Side::Sell) => (ask - self.peg_offset).max(bid + 1),
        };
        match (self.limit_px, self.side) {
            (Some(cap), Side::Buy) => px.min(cap),
            (Some(cap), Side::Sell) => px.max(cap),
            (None, _) => px,
        }
    }
}
