//! What a guard may look at, and the sums that several guards need.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_calendar::{Calendar, Listing};
use plimsoll_ledger::Ledger;
use plimsoll_model::{Account, InstrumentId, NewOrder, Now, OrdType, OrderId, Position, Price, Qty, Side};
use rust_decimal::Decimal;

use crate::book::{Book, OrderKey, OrderState};
use crate::config::{BotConfig, Config};
use crate::halt::Halts;
use crate::intake::Contracts;
use crate::quotes::Quotes;
use crate::recon::ReconState;

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
    pub(crate) calendar: &'a Calendar,
    pub(crate) contracts: &'a Contracts,
    pub(crate) halts: &'a Halts,
    pub(crate) recon: &'a ReconState,
    pub(crate) recent: &'a crate::outbox::Recent,
    /// The daily result of this bot, if it can be known.
    pub(crate) daily_loss: Option<plimsoll_model::Money>,
    /// The order's own place in the book: at release, and for the order that a change replaces.
    pub(crate) own: Option<OrderKey>,
    /// Whether this is a change of a working order.
    pub(crate) replaces: bool,
    /// The parent, if this is a child of a bracket that is judged together with it.
    pub(crate) parent: Option<&'a NewOrder>,
    /// Features of the message that nothing can bound.
    pub(crate) unbounded: Option<&'static str>,
}

impl Context<'_> {
    /// Where the instrument is listed, as far as the configuration or the broker has said.
    pub(crate) fn listing(&self, instrument: &InstrumentId) -> Listing {
        self.contracts.listing(instrument)
    }

    /// Other orders of the same account and instrument that can still execute.
    pub(crate) fn working<'s>(
        &'s self,
        account: &'s Account,
        instrument: &'s InstrumentId,
    ) -> impl Iterator<Item = &'s OrderState> {
        let own = self.own;
        self.book.open().filter(move |(key, _)| Some(*key) != own).map(|(_, state)| state).filter(
            move |state| {
                state.account.as_ref() == Some(account)
                    && state.instrument == *instrument
                    && !state.leaves_qty().is_zero()
            },
        )
    }

    /// The account's holding by the broker's executions.
    pub(crate) fn position(&self, order: &NewOrder) -> Position {
        self.ledger.position(&order.account, &order.instrument)
    }

    /// The worst that working orders of one side can still add. Of a one-cancels-all group only one can
    /// execute, and a bracket's children wait for their parent.
    pub(crate) fn worst_leaves(&self, order: &NewOrder, side: Side) -> Option<Qty> {
        let mut groups: BTreeMap<(&str, Option<OrderId>), Qty> = BTreeMap::new();
        let mut sum = Qty::ZERO;
        for state in self.working(&order.account, &order.instrument).filter(|s| s.side == side) {
            if self.waits_for_parent(state) {
                continue;
            }
            if state.oca_group.is_empty() && state.parent_id.is_none() {
                sum = sum.checked_add(state.leaves_qty())?;
            } else {
                let most = groups.entry((&state.oca_group, state.parent_id)).or_insert(Qty::ZERO);
                *most = (*most).max(state.leaves_qty());
            }
        }
        groups.into_values().try_fold(sum, Qty::checked_add)
    }

    fn waits_for_parent(&self, state: &OrderState) -> bool {
        let parent = state
            .parent_id
            .zip(state.client_id)
            .and_then(|(parent, client)| self.book.by_client(client, parent))
            .and_then(|key| self.book.get(key));
        parent.is_some_and(|parent| parent.status.is_open() && parent.cum_qty.is_zero())
    }

    /// Whether the account's risk in this instrument cannot grow by this order: the holding and the
    /// worst case of all working orders together end neither larger nor reversed. The child that closes
    /// what its parent opens is judged with its parent.
    pub(crate) fn is_reducing(&self, order: &NewOrder) -> bool {
        if let Some(parent) = self.parent {
            return parent.side == order.side.opposite() && order.qty <= parent.qty;
        }
        let position = self.position(order);
        let against = match order.side {
            Side::Buy => position < Position::FLAT,
            Side::Sell => position > Position::FLAT,
        };
        against
            && self
                .worst_leaves(order, order.side)
                .and_then(|leaves| leaves.checked_add(order.qty))
                .is_some_and(|all| all <= position.size())
    }

    /// The furthest price at which an order can execute, to tell whether two orders could meet: its
    /// limit; for an on-close order without one the reference widened by the collar, because nobody
    /// knows the closing price yet; for a market order, which executes at once, a little beyond the quote.
    pub(crate) fn reach(&self, order: &NewOrder) -> Option<Price> {
        let slack = match order.ord_type {
            OrdType::Limit | OrdType::StopLimit | OrdType::LimitOnClose => return order.limit_px,
            OrdType::MarketOnClose => self.bot.price_collar?,
            OrdType::Market | OrdType::Stop | OrdType::Other(_) => MARKET_REACH,
        };
        let reference = self.quotes.reference(&order.instrument, order.side)?.get();
        let slack = reference.abs().checked_mul(slack)?;
        match order.side {
            Side::Buy => reference.checked_add(slack),
            Side::Sell => reference.checked_sub(slack),
        }
        .map(Price::new)
    }
}
