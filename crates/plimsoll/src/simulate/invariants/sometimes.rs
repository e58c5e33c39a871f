//! What has to happen on some of many days, or the days prove nothing.

use jiff::{SignedDuration, Timestamp};
use plimsoll_core::Bridge;
use plimsoll_model::{BotName, Now, OrdType};
use plimsoll_sim::bots::DemoBot;
use plimsoll_sim::{BookedOrder, SpanText};

use super::{Judge, is_of, is_own};
use crate::simulate::disk::Crash;
use crate::simulate::plan::{Plan, What};

/// All of it.
pub(in crate::simulate) const SOMETIMES: &[&str] = &[
    ANNOUNCED,
    CRASH_UNSYNCED,
    CROSSED,
    FALLBACK,
    HALF_DAY,
    HELD_CRASH,
    HOST_WRONG,
    JOB,
    LATE,
    LINK_LOST,
    NETTED,
    POWER_LOST,
    SILENT,
    SLOW_DISK,
    SURPRISE,
    UNASKED,
    VANISHED,
];

const ANNOUNCED: &str = "a day was announced that the rules do not know";
const CRASH_UNSYNCED: &str = "a process ended between a decision and its sync";
const CROSSED: &str = "an order was denied because it could have traded with another bot's";
const FALLBACK: &str = "a market order took the place of an on-close order";
const HALF_DAY: &str = "a half day";
const HELD_CRASH: &str = "a process ended while it held on-close orders";
const HOST_WRONG: &str = "the host's clock was wrong by more than a second";
const JOB: &str = "a job closed a position in the auction";
const LATE: &str = "an on-close order was denied because it was late";
const LINK_LOST: &str = "the broker lost its own link";
const NETTED: &str = "on-close orders left as one";
const POWER_LOST: &str = "the host lost its power";
const SILENT: &str = "an on-close order was accepted without a word";
const SLOW_DISK: &str = "the disk was slow";
const SURPRISE: &str = "the exchange closed by surprise";
const UNASKED: &str = "the venue canceled orders unasked";
const VANISHED: &str = "orders vanished without a word";

impl Judge {
    fn counts(&mut self, what: &'static str) {
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

    /// Something of the plan is about to happen.
    pub(in crate::simulate) fn acts(&mut self, now: Timestamp, what: &What) {
        match what {
            What::Announce(_) => self.counts(ANNOUNCED),
            What::Slow { .. } => self.counts(SLOW_DISK),
            What::Crash { crash: Crash::Power, .. } => self.counts(POWER_LOST),
            What::Fault(fault) => match fault["kind"].as_str().unwrap_or_default() {
                "unscheduled_close" => {
                    self.closes_by_surprise = true;
                    self.counts(SURPRISE);
                }
                "link_down" => self.counts(LINK_LOST),
                "cancel_order" => self.counts(UNASKED),
                "silent_drop_order" => self.counts(VANISHED),
                "drop_message" if fault["message"] == "orderStatus" => {
                    let lasts = fault["for"]
                        .as_str()
                        .and_then(SpanText::parse)
                        .map_or(SignedDuration::ZERO, |span| span.0);
                    self.silent_until = self.silent_until.max(now.checked_add(lasts).ok());
                }
                _ => {}
            },
            What::Bot { .. } | What::Leaves(_) | What::Crash { .. } | What::Step(_) => {}
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

    pub(super) fn counts_crash(&mut self, bridge: &Bridge, now: Now) {
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
    pub(super) fn counts_end(&mut self, bots: &[(BotName, &DemoBot)]) {
        let texts: Vec<String> =
            bots.iter().flat_map(|(_, bot)| bot.refusals()).map(|refusal| refusal.text.clone()).collect();
        for text in texts {
            if text.contains("self_match") {
                self.counts(CROSSED);
            }
            if text.contains("close_cutoff") {
                self.counts(LATE);
            }
        }
    }
}
