//! What must hold, judged by the venue's own books and by what a crash would leave of the journal, never by what the
//! gateway says of itself. Where the venue cannot know whose part an execution is, because orders were netted, the
//! gateway's ledger is asked, and its sum is held against the venue's.
//!
//! The numbers are those of the project's list of invariants: I01 accounts, I02 intent before order, I03 each execution
//! once, I04 books equal, I08 no pair that could trade, I13 no fallback beyond what is left, I15 sessions, I17 one order
//! for one intent, I18 the journal, I20 rates, I22 deadlines, I24 words, I27 liveness.

mod ends;
mod sometimes;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use plimsoll_core::{Bridge, Command};
use plimsoll_model::{ClOrdId, ClientId, Now, OrdType, Side};
use plimsoll_runtime::record;
use plimsoll_sim::BookedOrder;

use super::config::OWN_CLIENT;
use super::disk::Disk;
use super::plan::{Plan, PlannedBot};
use super::venue::Venue;

pub(super) use sometimes::SOMETIMES;

/// Exchange and broker take no on-close order from here on, before the close.
const CUTOFF: SignedDuration = SignedDuration::from_mins(10);

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation {
    /// Its number in the list.
    pub(super) id: &'static str,
    pub(super) at: Timestamp,
    pub(super) text: String,
}

/// What came of a day.
#[derive(Debug, Clone, Default)]
pub(super) struct Verdict {
    pub(super) violations: Vec<Violation>,
    /// How often each thing happened that has to happen on some days.
    pub(super) counts: BTreeMap<&'static str, u64>,
    pub(super) events: u64,
}

/// The judge of a day.
pub(super) struct Judge {
    bots: Vec<PlannedBot>,
    nets: bool,
    cutoff: Timestamp,
    closes_by_surprise: bool,
    /// What would be known after a crash now.
    shadow: Bridge,
    out: Vec<Command>,
    /// The executions that are in it.
    posted: BTreeSet<String>,
    /// Orders of the venue that were looked at.
    seen: usize,
    silent_until: Option<Timestamp>,
    close: Timestamp,
    verdict: Verdict,
}

impl Judge {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut judge = Self {
            bots: plan.bots.clone(),
            nets: plan.nets,
            cutoff: plan.close - CUTOFF,
            closes_by_surprise: false,
            shadow: Bridge::new(),
            out: Vec::new(),
            posted: BTreeSet::new(),
            seen: 0,
            silent_until: None,
            close: plan.close,
            verdict: Verdict::default(),
        };
        judge.begins(plan);
        judge
    }

    pub(super) fn found(&mut self, id: &'static str, at: Timestamp, text: String) {
        // One wrong thing is often seen at every look from then on.
        if !self.verdict.violations.iter().any(|known| known.id == id && known.text == text) {
            self.verdict.violations.push(Violation { id, at, text });
        }
    }

    pub(super) fn verdict(self) -> Verdict {
        self.verdict
    }

    /// Brings up to date what a crash would leave.
    fn follow(&mut self, disk: &mut Disk) {
        for (now, body) in disk.take_durable() {
            let Ok(Some(event)) = record::event(body) else { continue };
            self.shadow.on(now, event, &mut self.out);
            self.out.clear();
            let rows = self.shadow.changed_executions();
            self.posted.extend(rows.map(|row| row.execution.exec_id.to_string()));
        }
    }

    /// The venue may have orders that it did not have before.
    pub(super) fn orders(&mut self, now: Timestamp, venue: &Venue, disk: &mut Disk) {
        let count = venue.orders().len();
        if count == self.seen {
            return;
        }
        self.follow(disk);
        let fresh = count - std::mem::replace(&mut self.seen, count);
        let new: Vec<_> = venue.orders().rev().take(fresh).collect();
        for order in new.iter().rev() {
            self.new_order(now, order);
            self.could_reverse(now, order, venue);
            for other in venue.orders().filter(|other| other.is_open) {
                if could_trade(order, &other) {
                    let text = format!("{} and {} could trade with each other", name(order), name(&other));
                    self.found("I08", now, text);
                }
            }
        }
    }

    fn new_order(&mut self, now: Timestamp, order: &BookedOrder<'_>) {
        self.counts_order(now, order);
        let id = ClOrdId::new(order.order_ref);
        let is_known = id.is_some_and(|id| self.shadow.has_reference(&id));
        if !is_known {
            let text = format!("{} is at the venue, and after a crash nobody would know of it", name(order));
            self.found("I02", now, text);
        }
        let is_on_close = matches!(order.ord_type, OrdType::MarketOnClose | OrdType::LimitOnClose);
        if is_on_close && now >= self.cutoff {
            self.found("I22", now, format!("{} came after the cutoff {}", name(order), self.cutoff));
        }
    }

    /// I13 at the moment at which it counts: a market order of ours, and everything of its bot that works beside it, can
    /// together not do more than close what the bot has by the venue's books. Of netted orders the venue cannot say whose
    /// they are, so there it is judged at the end.
    fn could_reverse(&mut self, now: Timestamp, order: &BookedOrder<'_>, venue: &Venue) {
        if self.nets || !is_own(order.client) || *order.ord_type != OrdType::Market {
            return;
        }
        let bots = self.bots.iter().filter(|bot| is_of(order.order_ref, &bot.name));
        let Some((name_of_bot, client_id)) = bots.map(|bot| (bot.name.clone(), bot.client_id)).next() else {
            return;
        };
        let is_its = |client: ClientId, text: &str| {
            client.0 == client_id || is_own(client) && is_of(text, &name_of_bot)
        };
        let held: i64 = venue
            .executions()
            .filter(|row| is_its(row.client, row.order_ref) && row.account == order.account)
            .map(|row| if row.side == Side::Buy { row.qty } else { -row.qty })
            .sum();
        let works: i64 = venue
            .orders()
            .filter(|other| is_its(other.client, other.order_ref) && other.account == order.account)
            .filter(|other| other.is_open && other.side == order.side)
            .map(|other| other.qty - other.cum_qty)
            .sum();
        let room = if order.side == Side::Buy { -held } else { held };
        if works > room.max(0) {
            let text = format!("{}: {name_of_bot} holds {held}, and {works} could be executed", name(order));
            self.found("I13", now, text);
        }
    }

    /// What a crash ends.
    pub(super) fn crashes(&mut self, bridge: &Bridge, now: Now) {
        self.counts_crash(bridge, now);
    }
}

/// Whether both work and could be executed against each other.
fn could_trade(one: &BookedOrder<'_>, other: &BookedOrder<'_>) -> bool {
    if !one.is_open || one.account != other.account || one.symbol != other.symbol || one.side == other.side {
        return false;
    }
    let (buy, sell) = if one.side == Side::Buy { (one, other) } else { (other, one) };
    match (buy.limit_px, sell.limit_px) {
        (Some(buy), Some(sell)) => buy >= sell,
        // At the market, or at whatever the auction says.
        (None, _) | (_, None) => true,
    }
}

fn name(order: &BookedOrder<'_>) -> String {
    let BookedOrder { side, qty, symbol, ord_type, account, order_ref, .. } = order;
    let limit = order.limit_px.map(|px| format!(" {px}")).unwrap_or_default();
    format!("{side} {qty} {symbol} {ord_type}{limit} for {account} [{order_ref}]")
}

fn is_own(client: ClientId) -> bool {
    client == ClientId(OWN_CLIENT)
}

/// Whether a reference is of this bot: `SPY-trend-20261127-7`.
fn is_of(order_ref: &str, bot: &str) -> bool {
    order_ref.split('-').nth(1) == Some(bot)
}
