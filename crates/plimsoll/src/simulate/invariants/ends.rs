//! What must hold when a day is over and everything is healed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use plimsoll_core::{Bridge, OrderView, PositionView, Snapshot};
use plimsoll_model::{Account, BotName, Now, OrderStatus, Side};
use plimsoll_sim::BrokenRule;
use plimsoll_sim::bots::DemoBot;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::sometimes::VANISHED;
use super::{Heard, Judge, is_of, is_own};
use crate::simulate::disk::Disk;
use crate::simulate::venue::Venue;

/// What each broken rule of the venue's is an instance of; the others are the bots' own business.
const RULES: &[(&str, &str)] = &[
    ("missing_account", "I01"),
    ("unknown_account", "I01"),
    ("crossing_on_close", "I08"),
    ("outside_session", "I15"),
    ("duplicate_order_id", "I17"),
    ("message_rate", "I20"),
    ("late_on_close", "I22"),
    ("late_on_open", "I22"),
    ("malformed_frame", "I24"),
];

impl Judge {
    /// The day is over.
    pub(in crate::simulate) fn end(
        &mut self,
        now: Now,
        (at, venue): (Timestamp, &Venue),
        gateway: Option<&Bridge>,
        bots: &[(BotName, &DemoBot, Heard)],
        disk: &mut Disk,
    ) {
        self.follow(disk);
        self.counts_end(bots);
        for broken in venue.broken_rules() {
            let Some((_, id)) = RULES.iter().find(|(kind, _)| *kind == broken.kind) else { continue };
            if *id == "I15" && self.surprises(broken.at) || *id == "I22" && self.was_read_late(&broken, venue)
            {
                continue;
            }
            self.found(id, broken.at, format!("{}: {}", broken.kind, broken.detail));
        }
        let Some(bridge) = gateway else {
            return self.found("I27", at, "the gateway is not running".to_owned());
        };
        let view = bridge.snapshot(now);
        self.liveness(at, &view, venue);
        self.vanished(venue, &view);
        self.books(at, venue, &view);
        self.closed(at, venue, &view);
        self.executions(at, venue);
        self.orders_match(at, venue, &view);
        self.bots_know(at, venue, bots);
        self.once_each(at, venue, bots);
        self.money(at, venue, &view);
    }

    /// Whether the exchange was closed and no rule said so.
    fn surprises(&self, at: Timestamp) -> bool {
        self.surprise.is_some_and(|closed| (closed..self.close).contains(&at))
    }

    /// Whether the order that was too late was there in time, on a connection that nobody read.
    fn was_read_late(&self, broken: &BrokenRule<'_>, venue: &Venue) -> bool {
        let number = broken.detail.strip_prefix("order ").and_then(|rest| rest.split_once(':'));
        let Some(number) = number.and_then(|(number, _)| number.parse().ok()) else { return false };
        let late = venue.orders().find(|order| (order.client, order.order_id.0) == (broken.client, number));
        late.is_some_and(|order| self.came_in_time(order.order_ref))
    }

    /// I27: ready, and nothing of unknown fate.
    fn liveness(&mut self, at: Timestamp, view: &Snapshot, venue: &Venue) {
        if view.state != "armed" {
            self.found("I27", at, format!("the gateway is {} long after everything was healed", view.state));
        }
        for order in &view.orders {
            let id = order.cl_ord_id.as_ref().map(ToString::to_string).unwrap_or_default();
            // One that the venue has lost stays pending for ever: it never named it, and silence proves nothing. So do those
            // that left in one order which it has lost.
            let left_in = |net: &&OrderView| {
                let is_it = net.bot.is_none() && order.bot.is_some();
                is_it && (&net.account, &net.instrument) == (&order.account, &order.instrument)
            };
            let has_vanished = self.has_vanished(order, venue)
                || view.orders.iter().filter(left_in).any(|net| self.has_vanished(net, venue));
            let is_pending = order.status == OrderStatus::PendingNew && !has_vanished;
            if is_pending || order.status == OrderStatus::Unknown {
                self.found("I27", at, format!("[{id}] is of unknown fate: {:?}", order.status));
            }
        }
    }

    /// Whether an order came while the venue lost orders, and is not in its books.
    fn has_vanished(&self, order: &OrderView, venue: &Venue) -> bool {
        let Some(id) = &order.cl_ord_id else { return false };
        self.evidence.may_have_vanished(id.as_str())
            && !venue.orders().any(|booked| booked.order_ref == id.as_str())
    }

    /// Orders that the gateway has sent, that came to the venue, and that it has nothing of.
    fn vanished(&mut self, venue: &Venue, view: &Snapshot) {
        for order in &view.orders {
            if self.has_vanished(order, venue) {
                self.counts(VANISHED);
            }
        }
    }

    /// I04: what the ledger has is what the venue has.
    fn books(&mut self, at: Timestamp, venue: &Venue, view: &Snapshot) {
        for (account, symbol) in self.holdings() {
            let of = |row: &&PositionView| row.account == account && row.instrument.as_str() == symbol;
            let ours: Decimal = view.positions.iter().filter(of).map(|row| row.qty.get()).sum();
            let theirs = venue.position(&account, &symbol);
            if ours != Decimal::from(theirs) {
                let text = format!("{account} holds {theirs} {symbol} at the venue and {ours} in the ledger");
                self.found("I04", at, text);
            }
        }
    }

    /// I13: what Plimsoll has closed for a bot is never more than the bot had.
    fn closed(&mut self, at: Timestamp, venue: &Venue, view: &Snapshot) {
        for bot in
            self.bots.clone().into_iter().filter(|bot| !self.meddling.contains(&bot.name)).collect::<Vec<_>>()
        {
            let signed = |side: Side, qty: i64| if side == Side::Buy { qty } else { -qty };
            let of = |account: &Account| account.as_str() == bot.account;
            let closed: i64 = venue
                .executions()
                .filter(|row| is_own(row.client) && is_of(row.order_ref, &bot.name) && of(row.account))
                .map(|row| signed(row.side, row.qty))
                .sum();
            let direct: i64 = venue
                .executions()
                .filter(|row| row.client.0 == bot.client_id && of(row.account))
                .map(|row| signed(row.side, row.qty))
                .sum();
            let held = view
                .positions
                .iter()
                .filter(|row| {
                    row.bot.as_ref().is_some_and(|name| name.as_str() == bot.name) && of(&row.account)
                })
                .map(|row| row.qty.get())
                .sum::<Decimal>();
            let held = held.to_i64().unwrap_or(i64::MAX);
            if self.nets && self.only_reduces(&bot.name, direct) {
                // The side is the venue's: the bot bought or sold for itself, and everything after that made it less.
                if held.signum() == -direct.signum() && held != 0 || held.abs() > direct.abs() {
                    let text =
                        format!("{} traded {direct} itself and only reduced that, and has {held}", bot.name);
                    self.found("I13", at, text);
                }
            }
            let own = if self.nets { held - closed } else { direct };
            let is_beyond = closed != 0 && (own.signum() == closed.signum() || closed.abs() > own.abs());
            if is_beyond {
                let text = format!("{} traded {own} itself, and {closed} was traded to close that", bot.name);
                self.found("I13", at, text);
            }
            if !self.nets && held != direct + closed {
                let text =
                    format!("{} has {} at the venue and {held} in the ledger", bot.name, direct + closed);
                self.found("I04", at, text);
            }
        }
    }

    /// Whether all on-close orders of a bot's plan together could not do more than close what it traded at the market.
    fn only_reduces(&self, bot: &str, direct: i64) -> bool {
        let &(bought, sold) = self.on_close.get(bot).unwrap_or(&(0, 0));
        match direct.signum() {
            1 => bought == 0 && sold <= direct,
            -1 => sold == 0 && bought <= -direct,
            _ => bought == 0 && sold == 0,
        }
    }

    /// Each account with each instrument.
    pub(super) fn holdings(&self) -> BTreeSet<(Account, String)> {
        let accounts: BTreeSet<_> = self.bots.iter().filter_map(|bot| Account::new(&bot.account)).collect();
        let symbols: BTreeSet<_> = self.bots.iter().flat_map(|bot| bot.instruments.clone()).collect();
        let pair = |account: &Account| {
            symbols.iter().map(|symbol| (account.clone(), symbol.clone())).collect::<Vec<_>>()
        };
        accounts.iter().flat_map(pair).collect()
    }
}
