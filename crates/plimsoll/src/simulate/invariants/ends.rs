//! What must hold when a day is over and everything is healed.

use jiff::Timestamp;
use plimsoll_core::{Bridge, Snapshot};
use plimsoll_model::{Account, BotName, Now, OrderStatus, Side};
use plimsoll_sim::bots::DemoBot;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::{Judge, is_of, is_own};
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
    ("current_time_pacing", "I20"),
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
        bots: &[(BotName, &DemoBot)],
        disk: &mut Disk,
    ) {
        self.follow(disk);
        self.counts_end(bots);
        for broken in venue.broken_rules() {
            let Some((_, id)) = RULES.iter().find(|(kind, _)| *kind == broken.kind) else { continue };
            if *id == "I15" && self.closes_by_surprise {
                continue;
            }
            self.found(id, broken.at, format!("{}: {}", broken.kind, broken.detail));
        }
        let Some(bridge) = gateway else {
            return self.found("I27", at, "the gateway is not running".to_owned());
        };
        let view = bridge.snapshot(now);
        self.liveness(at, &view);
        self.books(at, venue, &view);
        self.closed(at, venue, &view);
        self.executions(at, venue);
    }

    /// I27: ready, and nothing of unknown fate.
    fn liveness(&mut self, at: Timestamp, view: &Snapshot) {
        if view.state != "armed" {
            self.found("I27", at, format!("the gateway is {} long after everything was healed", view.state));
        }
        for order in &view.orders {
            if matches!(order.status, OrderStatus::Unknown | OrderStatus::PendingNew) {
                let id = order.cl_ord_id.as_ref().map(ToString::to_string).unwrap_or_default();
                self.found("I27", at, format!("[{id}] is of unknown fate: {:?}", order.status));
            }
        }
    }

    /// I04: what the ledger has is what the venue has.
    fn books(&mut self, at: Timestamp, venue: &Venue, view: &Snapshot) {
        for account in self.accounts() {
            let ours: Decimal =
                view.positions.iter().filter(|row| row.account == account).map(|row| row.qty.get()).sum();
            let theirs = venue.position(&account);
            if ours != Decimal::from(theirs) {
                self.found(
                    "I04",
                    at,
                    format!("{account} holds {theirs} at the venue and {ours} in the ledger"),
                );
            }
        }
    }

    /// I13: what Plimsoll has closed for a bot is never more than the bot had.
    fn closed(&mut self, at: Timestamp, venue: &Venue, view: &Snapshot) {
        for bot in self.bots.clone() {
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

    /// I03: each execution is in the books.
    fn executions(&mut self, at: Timestamp, venue: &Venue) {
        for row in venue.executions().filter(|row| !is_of(row.order_ref, plimsoll_core::FLEET)) {
            if !self.posted.contains(row.exec_id.as_str()) {
                let text = format!("execution {} [{}] was not posted", row.exec_id, row.order_ref);
                self.found("I03", at, text);
            }
        }
    }

    fn accounts(&self) -> Vec<Account> {
        let mut accounts: Vec<_> = self.bots.iter().filter_map(|bot| Account::new(&bot.account)).collect();
        accounts.sort();
        accounts.dedup();
        accounts
    }
}
