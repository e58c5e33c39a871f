//! What must hold, judged by the venue's own books and by what a crash would leave of the journal, never by what the
//! gateway says of itself. Where the venue cannot know whose part an execution is, because orders were netted, the
//! gateway's ledger is asked, and its sum is held against the venue's.
//!
//! The numbers are those of the project's list of invariants: I01 accounts, I02 intent before order, I03 each execution
//! once, I04 books equal, I08 no pair that could trade, I13 no fallback beyond what is left, I15 sessions, I17 one order
//! for one intent, I18 the journal, I20 rates, I22 deadlines, I24 words, I27 liveness.

mod ends;
mod evidence;
mod executions;
mod market;
mod socket;
mod sometimes;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use plimsoll_core::{Bridge, Command};
use plimsoll_ledger::ExecutionRow;
use plimsoll_model::{ClOrdId, ClientId, Now, OrdType, Side};
use plimsoll_runtime::record;
use plimsoll_sim::BookedOrder;
use plimsoll_sim::bots::ScriptAct;

use super::config::{ORDER_QTY_MAX, OWN_CLIENT};
use super::disk::{Crash, Disk};
use super::plan::{About, Plan, PlannedBot, What};
use super::venue::Venue;
use evidence::Evidence;
use socket::Socket;

pub(super) use sometimes::sometimes;

/// What the label of an order ends with that is the one before it once more.
pub(super) const AGAIN: &str = "-again";

/// Whether a bot could hear all that was said to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// Its connection never ended.
    Everything,
    /// What was said while it was away, nobody told it.
    Parts,
}

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
    /// What each bot plans to buy and to sell in the auction.
    on_close: BTreeMap<String, (i64, i64)>,
    cutoff: Timestamp,
    /// When the exchange closed by surprise: from then to its close by the rules nobody can know.
    surprise: Option<Timestamp>,
    /// What came to the venue when nobody read it, or when it lost orders.
    evidence: Evidence,
    socket: Socket,
    /// Bots of which an order of ours is at the venue.
    served: BTreeSet<String>,
    /// Bots that ordered after that: what they do after their job is their own.
    meddling: BTreeSet<String>,
    /// What would be known after a crash now.
    shadow: Bridge,
    out: Vec<Command>,
    /// The executions that are in it, by what all revisions of one have in common.
    posted: BTreeMap<Box<str>, ExecutionRow>,
    /// The references of all orders that the venue has seen.
    references: BTreeSet<String>,
    /// Orders of the venue that were looked at.
    seen: usize,
    silent_until: Option<Timestamp>,
    close: Timestamp,
    is_open_market: bool,
    /// Clients to which the venue said nothing for a while.
    deaf: BTreeSet<i32>,
    /// Orders that a bot sent twice within the window of a duplicate: bot, and the labels of both.
    repeated: Vec<(String, String, String)>,
    verdict: Verdict,
}

impl Judge {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut judge = Self {
            bots: plan.bots.clone(),
            nets: plan.nets,
            on_close: planned(plan),
            cutoff: plan.cutoff,
            surprise: None,
            evidence: Evidence::default(),
            socket: Socket::default(),
            served: BTreeSet::new(),
            meddling: BTreeSet::new(),
            shadow: Bridge::new(),
            out: Vec::new(),
            posted: BTreeMap::new(),
            references: BTreeSet::new(),
            seen: 0,
            silent_until: None,
            close: plan.close,
            deaf: BTreeSet::new(),
            is_open_market: plan.about != About::Closing,
            repeated: repeated(plan),
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
            let event = match record::event(body) {
                Ok(Some(event)) => event,
                Ok(None) => continue,
                Err(error) => {
                    self.found("I18", now.wall, format!("a durable record cannot be read: {error}"));
                    continue;
                }
            };
            self.shadow.on(now, event, &mut self.out);
            self.out.clear();
            let rows = self.shadow.changed_executions();
            self.posted.extend(rows.map(|row| (row.stem.clone(), row)));
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
        if is_known && !self.references.insert(order.order_ref.to_owned()) {
            self.found("I17", now, format!("{} is at the venue a second time", name(order)));
        }
        let is_on_close = matches!(order.ord_type, OrdType::MarketOnClose | OrdType::LimitOnClose);
        self.note_whose(order);
        self.within_bounds(now, order);
        if is_on_close && now >= self.cutoff && !self.came_in_time(order.order_ref) {
            self.found("I22", now, format!("{} came after the cutoff {}", name(order), self.cutoff));
        }
    }

    /// I01, I09, I12: of a bot's own order account, size and instrument.
    fn within_bounds(&mut self, now: Timestamp, order: &BookedOrder<'_>) {
        let Some(bot) = self.bots.iter().find(|bot| bot.client_id == order.client.0).cloned() else { return };
        if order.account.as_str() != bot.account {
            self.found("I01", now, format!("{} is not for the account of {}", name(order), bot.name));
        }
        if !bot.instruments.iter().any(|symbol| symbol == order.symbol) {
            self.found(
                "I12",
                now,
                format!("{} is in an instrument that {} does not own", name(order), bot.name),
            );
        }
        if self.is_open_market && order.qty > i64::from(ORDER_QTY_MAX) {
            self.found("I09", now, format!("{} is more than {ORDER_QTY_MAX} at once", name(order)));
        }
    }

    /// Whether an order was there before the cutoff, on a connection that nobody read.
    fn came_in_time(&self, order_ref: &str) -> bool {
        self.evidence.unread(order_ref).is_some_and(|came| came < self.cutoff)
    }

    fn note_whose(&mut self, order: &BookedOrder<'_>) {
        for bot in &self.bots {
            if is_own(order.client) && is_of(order.order_ref, &bot.name) {
                self.served.insert(bot.name.clone());
            } else if order.client.0 == bot.client_id && self.served.contains(&bot.name) {
                self.meddling.insert(bot.name.clone());
            }
        }
    }

    /// I13 at the moment at which it counts: a market order of ours, and everything of its bot that works beside it, can
    /// together not do more than close what the bot has by the venue's books. Of netted orders the venue cannot say whose
    /// they are, so there it is judged at the end.
    fn could_reverse(&mut self, now: Timestamp, order: &BookedOrder<'_>, venue: &Venue) {
        if self.nets || !is_own(order.client) || *order.ord_type != OrdType::Market {
            return;
        }
        let is_its_own =
            |bot: &&PlannedBot| is_of(order.order_ref, &bot.name) && !self.meddling.contains(&bot.name);
        let bots = self.bots.iter().filter(is_its_own);
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
    pub(super) fn crashes(&mut self, bridge: &Bridge, now: Now, crash: Crash) {
        self.counts_crash(bridge, now, crash);
    }
}

/// What a bot plans to send a second time, by the labels that the plan has for it.
fn repeated(plan: &Plan) -> Vec<(String, String, String)> {
    let again = plan.acts.iter().filter_map(|act| match &act.what {
        What::Bot { bot, act: ScriptAct::Place(order) } => {
            let first = order.label.strip_suffix(AGAIN)?;
            Some((bot.clone(), first.to_owned(), order.label.to_string()))
        }
        _ => None,
    });
    again.collect()
}

fn planned(plan: &Plan) -> BTreeMap<String, (i64, i64)> {
    let mut sums: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for act in &plan.acts {
        let What::Bot { bot, act: ScriptAct::Place(order) } = &act.what else { continue };
        if order.ord_type == OrdType::Market {
            continue;
        }
        let qty = order.qty.to_whole().and_then(|qty| i64::try_from(qty).ok()).unwrap_or(i64::MAX);
        let sum = sums.entry(bot.clone()).or_default();
        let side = if order.side == Side::Buy { &mut sum.0 } else { &mut sum.1 };
        *side = side.saturating_add(qty);
    }
    sums
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
