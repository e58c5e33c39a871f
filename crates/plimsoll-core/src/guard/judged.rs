//! What a guard may look at, and the sums that several guards need.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;
use std::time::Duration;

use jiff::civil::Date;
use plimsoll_calendar::{Calendar, Listing, Moment};
use plimsoll_ledger::Ledger;
use plimsoll_model::{
    Account, ClientId, InstrumentId, Money, NewOrder, Now, OrdType, OrderStatus, Position, Price, Side,
};
use rust_decimal::Decimal;

use super::exposure::Known;
use crate::acks::Acks;
use crate::book::{Book, OrderKey, OrderState};
use crate::clock::ClockWatch;
use crate::config::{BotConfig, Config};
use crate::contracts::Contracts;
use crate::elsewhere::Elsewhere;
use crate::halt::Halts;
use crate::listed_hours::OpenDispute;
use crate::on_close::{Batches, is_netted};
use crate::quotes::Quotes;
use crate::recon::ReconState;
use crate::result::{self, Results, Unknown};
use crate::streams::Streams;
use crate::unexplained::Unexplained;

/// How far beyond the opposite quote a market order is taken to reach: ten basis points, some twenty
/// times the spread of a liquid ETF.
const MARKET_REACH: Decimal = Decimal::from_parts(1, 0, 0, false, 3);

/// When the judgement takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The bot has just asked.
    Decision,
    /// The bytes are about to leave.
    Release {
        /// How long the order waited for the disk.
        waited: Duration,
        /// Whether the connections are still those of the decision.
        same_links: bool,
    },
}

/// Everything that a guard may look at.
pub struct Context<'a> {
    /// The instant of the judgement.
    pub now: Now,
    /// Decision or release.
    pub phase: Phase,
    pub(crate) config: &'a Config,
    pub(crate) bot: &'a BotConfig,
    pub(crate) book: &'a Book,
    pub(crate) ledger: &'a Ledger,
    pub(crate) quotes: &'a Quotes,
    /// Bots' own streams that stand still.
    pub(crate) streams: &'a Streams,
    /// What is kept of the bots' results.
    pub(crate) results: &'a Results,
    /// The calendar of the US exchanges.
    pub(crate) calendar: &'a Calendar,
    /// Those of the other venues.
    pub(crate) elsewhere: &'a Elsewhere,
    /// Days about which the broker and the calendar differ.
    pub(crate) disputes: &'a [OpenDispute],
    pub(crate) clock: &'a ClockWatch,
    pub(crate) acks: &'a Acks,
    /// What the calendar of the US exchanges says of this instant.
    pub(crate) moment: &'a Moment,
    pub(crate) contracts: &'a Contracts,
    pub(crate) halts: &'a Halts,
    pub(crate) recon: &'a ReconState,
    /// The broker's API takes no orders.
    pub(crate) read_only: bool,
    /// Holdings that nothing explains.
    pub(crate) unexplained: &'a Unexplained,
    pub(crate) recent: &'a crate::outbox::Recent,
    /// On-close orders that are held here.
    pub(crate) batches: &'a Batches,
    /// The trade date whose start this bot's result is known of, and that result.
    pub(crate) day_start: Option<&'a (Date, Money)>,
    /// The order's own place in the book: at release, and for the order that a change replaces.
    pub(crate) own: Option<OrderKey>,
    /// Whether this is a change of a working order.
    pub(crate) replaces: bool,
    /// Which client asks.
    pub(crate) client_id: ClientId,
    /// Every message that leaves or stays together with this one, itself included.
    pub(crate) group: &'a [NewOrder],
    /// What a combo trades of each of its legs, the judged one included; none of any other order.
    pub(crate) parts: &'a [NewOrder],
    /// This message's number in the memory of what was asked; none while it is not in there yet.
    pub(crate) asked: Option<u64>,
    /// Features of the message that nothing can bound.
    pub(crate) unbounded: Option<&'static str>,
    /// The exposure of the order that is judged, once a guard has asked for it.
    pub(crate) known: OnceCell<Known>,
}

/// What the days are not known of: an instrument, or one where it is routed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoDays<'o> {
    instrument: &'o InstrumentId,
    /// Where its listing's hours are not those of the order.
    route: Option<&'o str>,
}

impl fmt::Display for NoDays<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the hours of {}", self.instrument)?;
        self.route.map_or(Ok(()), |route| write!(f, " at {route}"))?;
        write!(f, " are not known")
    }
}

/// The days of one venue, and what they say of the instant of the judgement.
pub(crate) struct Days<'a> {
    pub(crate) calendar: &'a Calendar,
    pub(crate) moment: Cow<'a, Moment>,
}

impl Context<'_> {
    /// Whether the order is of a kind that is held and netted here.
    pub(crate) fn is_netted(&self, order: &NewOrder) -> bool {
        self.config.nets().is_some() && !self.replaces && is_netted(order)
    }

    /// Where the instrument is listed, as far as the configuration or the broker has said.
    pub(crate) fn listing(&self, instrument: &InstrumentId) -> Listing {
        self.contracts.listing(instrument)
    }

    /// Whether the order is the child of a new order of its group. A change of a working parent makes no
    /// child new, and at release the new parent itself is in the book.
    pub(crate) fn parent_is_new(&self, order: &NewOrder) -> bool {
        let parent_id = order.parent_id.filter(|parent_id| *parent_id != order.order_id);
        let Some(parent) = self.group.iter().find(|other| Some(other.order_id) == parent_id) else {
            return false;
        };
        let known = self.book.by_client(self.client_id, parent.order_id).and_then(|key| self.book.get(key));
        match (self.phase, known.filter(|state| state.status.is_open())) {
            (_, None) => true,
            (Phase::Decision, Some(_)) => false,
            (Phase::Release { .. }, Some(state)) => state.status == OrderStatus::PendingNew,
        }
    }

    /// The days that the order is held to: those of the listing of its instrument, if it is routed where they hold. Or
    /// the instrument, its own or that of a leg, whose hours are not known; the legs of a combo all trade by one
    /// calendar, or its hours are not known.
    pub(crate) fn days_of<'o>(&self, order: &'o NewOrder) -> Result<Days<'_>, NoDays<'o>> {
        let alone = order.legs.is_empty().then_some(&order.instrument);
        let all = order.legs.iter().map(|leg| &leg.instrument).chain(alone);
        let mut common = None;
        for instrument in all {
            let route = &*order.ex_destination;
            let Some(name) = self.contracts.calendar_at(instrument, route) else {
                let is_listed = self.contracts.calendar_at(instrument, "").is_some();
                return Err(NoDays { instrument, route: is_listed.then_some(route) });
            };
            if *common.get_or_insert(name) != name {
                return Err(NoDays { instrument, route: None });
            }
        }
        match common.and_then(|name| self.elsewhere.get(name)) {
            // There is nothing else than what is not elsewhere.
            None => Ok(Days { calendar: self.calendar, moment: Cow::Borrowed(self.moment) }),
            Some(calendar) => {
                let moment = calendar.moment(self.clock.corrected(self.now));
                Ok(Days { calendar, moment: Cow::Owned(moment) })
            }
        }
    }

    /// Whether this is another order of the same account that can still execute.
    pub(crate) fn is_other_working(&self, account: &Account, key: OrderKey, state: &OrderState) -> bool {
        // Whose account the venue has not named yet may be this one.
        Some(key) != self.own
            && state.account.as_ref().is_none_or(|of| of == account)
            && !state.leaves_qty().is_zero()
    }

    /// What the bot has lost since its trade date began, if it is this much, and if that can be known.
    pub(crate) fn daily_loss_of(&self, max: Money) -> Result<Option<Money>, Unknown> {
        let of_today = self.day_start.filter(|(date, _)| self.moment.trade_date.as_ref() == Ok(date));
        let lost = |now| of_today.and_then(|(_, start)| start.checked_sub(now)).ok_or(Unknown::Unmarked);
        let kept = self.results.whole(self.ledger, self.quotes, self.bot, max.currency)?;
        if lost(kept)?.amount < max.amount {
            return Ok(None);
        }
        // The denial names the loss, with as many decimals as the walk finds.
        let loss = lost(result::whole(self.ledger, self.quotes, self.bot, max.currency)?)?;
        Ok(Some(loss).filter(|loss| loss.amount >= max.amount))
    }

    /// The account's holding by the broker's executions.
    pub(crate) fn position(&self, order: &NewOrder) -> Position {
        self.ledger.position(&order.account, &order.instrument)
    }

    /// The furthest price at which an order can execute, to tell whether two orders could meet; none
    /// means any price. An on-close order without a limit reaches the reference widened by the collar,
    /// because nobody knows the closing price yet; a market order, which executes at once, a little beyond
    /// the quote; a type that no guard knows anything.
    pub(crate) fn reach(&self, instrument: &InstrumentId, side: Side, terms: Priced<'_>) -> Option<Price> {
        let slack = match terms.ord_type {
            OrdType::Limit | OrdType::StopLimit | OrdType::LimitOnClose => return terms.limit_px,
            OrdType::MarketOnClose => self.bot.price_collar?,
            OrdType::Market | OrdType::Stop => MARKET_REACH,
            OrdType::Other(_) => return None,
        };
        let reference = self.quotes.opposite(instrument, side)?.get();
        let slack = reference.abs().checked_mul(slack)?;
        match side {
            Side::Buy => reference.checked_add(slack),
            Side::Sell => reference.checked_sub(slack),
        }
        .map(Price::new)
    }
}

/// The part of an order that decides how far it reaches.
#[derive(Clone, Copy)]
pub(crate) struct Priced<'a> {
    pub(crate) ord_type: &'a OrdType,
    pub(crate) limit_px: Option<Price>,
}
