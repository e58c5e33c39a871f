//! What has to happen on some of many days, or the days prove nothing.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use plimsoll_core::Bridge;
use plimsoll_model::{BotName, Now, OrdType};
use plimsoll_sim::bots::DemoBot;
use plimsoll_sim::{BookedOrder, SpanText};
use serde_json::Value;

use super::{Heard, Judge, is_of, is_own};
use crate::cli::Scenario;
use crate::simulate::disk::Crash;
use crate::simulate::plan::Plan;

/// What many days of a scenario have to show.
pub(in crate::simulate) fn sometimes(scenario: Scenario) -> Vec<&'static str> {
    let (closing, hours) = (CLOSING.iter(), HOURS.iter());
    let mut all: Vec<_> = match scenario {
        Scenario::Closing => BOTH.iter().chain(closing).copied().collect(),
        Scenario::Hours => BOTH.iter().chain(hours).copied().collect(),
        Scenario::All => BOTH.iter().chain(closing).chain(hours).copied().collect(),
    };
    all.sort_unstable();
    all
}

const BOTH: &[&str] =
    &[CRASH_UNSYNCED, CROSSED, HALF_DAY, HOST_WRONG, LINK_LOST, POWER_LOST, SLOW_DISK, UNASKED, VANISHED];

const CLOSING: &[&str] = &[ANNOUNCED, FALLBACK, HELD_CRASH, JOB, LATE, NETTED, SILENT, SURPRISE];

const HOURS: &[&str] = &[FROZEN, HALTED, NO_ACCOUNT, NOT_OWNED, NOT_READY, REPEATED, STALE, TOO_MUCH];

const ANNOUNCED: &str = "a day was announced that the rules do not know";
const CRASH_UNSYNCED: &str = "a process ended between a decision and its sync";
const CROSSED: &str = "an order was denied because it could have traded with another bot's";
const FALLBACK: &str = "a market order took the place of an on-close order";
const FROZEN: &str = "prices stood still";
const HALF_DAY: &str = "a half day";
const HALTED: &str = "an order was denied because somebody had said stop";
const HELD_CRASH: &str = "a process ended while it held on-close orders";
const HOST_WRONG: &str = "the host's clock was wrong by more than a second";
const JOB: &str = "a job closed a position in the auction";
const LATE: &str = "an on-close order was denied because it was late";
const LINK_LOST: &str = "the broker lost its own link";
const NETTED: &str = "on-close orders left as one";
const NO_ACCOUNT: &str = "an order without an account, or with a strange one, was denied";
const NOT_OWNED: &str = "an order in an instrument of nobody was denied";
const NOT_READY: &str = "an order was denied because the broker had not told everything yet";
const POWER_LOST: &str = "the host lost its power";
/// Not among those that have to happen.
const REFUSED: &str = "a fault was refused by the simulator, and counts for nothing";
const REPEATED: &str = "a repetition was denied";
const SILENT: &str = "an on-close order was accepted without a word";
const SLOW_DISK: &str = "the disk was slow";
const STALE: &str = "an order was denied because its prices were old";
const SURPRISE: &str = "the exchange closed by surprise";
const TOO_MUCH: &str = "an order was denied because it was too large";
const UNASKED: &str = "the venue canceled orders unasked";
pub(super) const VANISHED: &str = "orders vanished without a word";

/// What the denial of a guard is an instance of.
const BY_GUARD: &[(&str, &str)] = &[
    ("Plimsoll self_match", CROSSED),
    ("Plimsoll close_cutoff", LATE),
    ("Plimsoll halt", HALTED),
    ("Plimsoll account", NO_ACCOUNT),
    ("Plimsoll ownership", NOT_OWNED),
    ("Plimsoll reconciled", NOT_READY),
    ("Plimsoll duplicate", REPEATED),
    ("Plimsoll stale_data", STALE),
    ("Plimsoll limits", TOO_MUCH),
];

impl Judge {
    pub(super) fn counts(&mut self, what: &'static str) {
        *self.verdict.counts.entry(what).or_default() += 1;
    }

    pub(super) fn begins(&mut self, plan: &Plan) {
        let zone = plimsoll_calendar::Calendar::us_equities().zone().clone();
        if plan.close.to_zoned(zone).hour() < 16 {
            self.counts(HALF_DAY);
        }
        if plan.ahead.is_some_and(|ahead| ahead.abs() > SignedDuration::from_secs(1)) {
            self.counts(HOST_WRONG);
        }
    }

    /// The venue was asked for open orders, and answers.
    pub(in crate::simulate) fn speaks(&mut self) {
        self.silent_until = None;
    }

    /// A day was announced.
    pub(in crate::simulate) fn announced(&mut self) {
        self.counts(ANNOUNCED);
    }

    /// Syncs are slow from now on.
    pub(in crate::simulate) fn slow(&mut self) {
        self.counts(SLOW_DISK);
    }

    /// The simulator has refused a fault, and nothing came of it.
    pub(in crate::simulate) fn refused(&mut self) {
        self.counts(REFUSED);
    }

    /// The venue says nothing of orders for so long, or until it is asked.
    pub(in crate::simulate) fn silent(&mut self, now: Timestamp, lasts: Duration) {
        let lasts = SignedDuration::try_from(lasts).unwrap_or(SignedDuration::ZERO);
        self.silent_until = self.silent_until.max(now.checked_add(lasts).ok());
    }

    /// The venue has taken a fault, and so many orders have ended by that.
    pub(in crate::simulate) fn fault(&mut self, now: Timestamp, fault: &Value, ended: usize) {
        self.socket.fault(now, fault);
        match fault["kind"].as_str().unwrap_or_default() {
            "unscheduled_close" => {
                self.surprise = self.surprise.or(Some(now));
                self.counts(SURPRISE);
            }
            "freeze_data" | "farm_down" => self.counts(FROZEN),
            "mute_socket" | "half_open" => {
                let of = fault["client"].as_i64();
                let hit = self
                    .bots
                    .iter()
                    .map(|bot| bot.client_id)
                    .filter(|id| of.is_none_or(|of| of == i64::from(*id)));
                self.deaf.extend(hit);
            }
            "link_down" => self.counts(LINK_LOST),
            "cancel_order" if ended > 0 => self.counts(UNASKED),
            "silent_drop_order" => {
                let lasts = fault["for"].as_str().and_then(SpanText::parse);
                self.evidence.vanish(now, lasts.map_or(SignedDuration::MAX, |span| span.0));
            }
            _ => {}
        }
    }

    pub(super) fn counts_order(&mut self, now: Timestamp, order: &BookedOrder<'_>) {
        if !is_own(order.client) {
            return;
        }
        match order.ord_type {
            OrdType::Market if now < self.close => self.counts(FALLBACK),
            OrdType::MarketOnClose if is_of(order.order_ref, plimsoll_core::FLEET) => self.counts(NETTED),
            OrdType::MarketOnClose => self.counts(JOB),
            _ => {}
        }
        if *order.ord_type == OrdType::MarketOnClose && self.silent_until.is_some_and(|until| now < until) {
            self.counts(SILENT);
        }
    }

    pub(super) fn counts_crash(&mut self, bridge: &Bridge, now: Now, crash: Crash) {
        if crash == Crash::Power {
            self.counts(POWER_LOST);
        }
        if bridge.waits_for_disk() {
            self.counts(CRASH_UNSYNCED);
        }
        let view = bridge.snapshot(now);
        let held = |order: &plimsoll_core::OrderView| {
            order.bot.is_some()
                && order.perm_id.is_none()
                && order.status.is_open()
                && &*order.ord_type == "MOC"
        };
        if self.nets && view.orders.iter().any(held) {
            self.counts(HELD_CRASH);
        }
    }

    /// What the bots were told.
    pub(super) fn counts_end(&mut self, bots: &[(BotName, &DemoBot, Heard)]) {
        let texts: Vec<String> =
            bots.iter().flat_map(|(_, bot, _)| bot.refusals()).map(|refusal| refusal.text.clone()).collect();
        for text in texts {
            let counted = BY_GUARD.iter().filter(|(guard, _)| text.contains(guard));
            for (_, what) in counted {
                self.counts(what);
            }
        }
    }
}
