//! A day out of a seed. Every actor draws for itself, so that a day without one of them is the same day otherwise.

use std::sync::LazyLock;
use std::time::Duration;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use plimsoll_calendar::{Amendment, Announcement, Calendar, Change, TradingDay};
use plimsoll_model::{OrdType, Price, Qty, Side, TimeInForce};
use plimsoll_sim::bots::{ScriptAct, ScriptOrder};
use serde_json::{Value, json};

use super::{Plan, PlannedAct, PlannedBot, SYMBOL, What};
use crate::simulate::config::OWN_CLIENT;
use crate::simulate::disk::Crash;
use crate::simulate::random::Stream;

const NAMES: [&str; 4] = ["trend", "revert", "carry", "pairs"];
const ACCOUNTS: [&str; 2] = ["DU1111111", "DU2222222"];
/// Before the close: the last instant of on-close orders, of exchange and broker alike.
const CUTOFF: i64 = -600_000;
/// Milliseconds of the close from which on a bot with a job orders nothing: what it did after its job would be its own.
const JOB_PEACE: i64 = -700_000;

/// Whole days and half days of several years.
static DAYS: LazyLock<(Vec<TradingDay>, Vec<TradingDay>)> = LazyLock::new(|| {
    let calendar = Calendar::us_equities();
    let sessions = calendar.sessions(date(2019, 1, 2), date(2026, 12, 31));
    let days: Vec<TradingDay> = sessions.map(Iterator::collect).unwrap_or_default();
    days.into_iter().partition(|day| day.early().is_none())
});

/// A day around its close.
pub(in crate::simulate) fn closing(seed: u64) -> Plan {
    let mut day = Stream::new(seed, "day", "date");
    let of = if day.one_in(3) { &DAYS.1 } else { &DAYS.0 };
    let session = day.choose(of);
    let (date, close) = (session.date(), session.close());
    let mut world = Stream::new(seed, "world", "speed");
    let network = (Duration::from_millis(1), Duration::from_millis(world.within(2, 60).unsigned_abs()));
    let sync = (Duration::from_millis(1), Duration::from_millis(world.within(2, 40).unsigned_abs()));
    let nets = world.one_in(2);
    let mut host = Stream::new(seed, "host", "clock");
    let ahead = host.one_in(2).then(|| SignedDuration::from_millis(host.within(-2_000, 2_000)));
    let mut plan = Plan { seed, date, close, nets, network, sync, ahead, bots: Vec::new(), acts: Vec::new() };
    fleet(&mut plan);
    announcements(&mut plan);
    faults(&mut plan);
    crashes(&mut plan);
    disk(&mut plan);
    if ahead.is_some() && host.one_in(4) {
        let step = SignedDuration::from_millis(host.within(-1_500, 1_500));
        let at = host.within(-1_000_000, -1_000);
        plan.push(at, What::Step(step));
    }
    plan.acts.sort_by_key(|act| act.at);
    plan
}

impl Plan {
    /// At so many milliseconds of the close.
    fn push(&mut self, at: i64, what: What) {
        let at = self.close + SignedDuration::from_millis(at);
        self.acts.push(PlannedAct { at, what });
    }
}

fn fleet(plan: &mut Plan) {
    let seed = plan.seed;
    let count = usize::try_from(Stream::new(seed, "fleet", "size").within(2, 4)).unwrap_or(2);
    for ((name, client_id), index) in NAMES.iter().zip(11..).zip(0_i64..).take(count) {
        let mut chance = Stream::new(seed, name, "kind");
        let account = if chance.one_in(4) { ACCOUNTS[1] } else { ACCOUNTS[0] };
        let entry = if chance.one_in(5) { 0 } else { 10 * chance.within(-20, 20) };
        let closes = entry != 0 && chance.within(1, 10) <= 7;
        plan.bots.push(PlannedBot {
            name: (*name).to_owned(),
            client_id,
            account: account.to_owned(),
            closes,
        });
        if entry != 0 {
            plan.push(-1_180_000 + 6_000 * index, order(name, "entry", entry, OrdType::Market, None));
        }
        on_close(plan, name, entry, closes);
        if chance.one_in(6) {
            plan.push(chance.within(-1_000_000, -1_000), What::Leaves((*name).to_owned()));
        }
    }
}

/// What a bot does about the auction by itself.
fn on_close(plan: &mut Plan, name: &str, entry: i64, closes: bool) {
    let mut chance = Stream::new(plan.seed, name, "on-close");
    let mut left = entry.abs() / 10;
    for label in ["a", "b", "c"] {
        if !chance.one_in(2) {
            continue;
        }
        let at = if closes {
            chance.within(-1_080_000, JOB_PEACE)
        } else if chance.one_in(3) {
            CUTOFF + chance.within(-6_000, 3_000)
        } else {
            chance.within(-1_080_000, CUTOFF + 30_000)
        };
        let qty = if closes {
            // Less than it has: the job has to find something.
            let part = chance.within(0, left);
            left -= part;
            -entry.signum() * 10 * part
        } else {
            10 * chance.within(-30, 30)
        };
        if qty == 0 {
            continue;
        }
        let limit = chance.one_in(4).then(|| {
            // One that is executed at any price, or at none.
            let far = (qty > 0) == chance.one_in(2);
            Price::parse(if far { "9000" } else { "1" }).expect("a price")
        });
        let ord_type = if limit.is_some() { OrdType::LimitOnClose } else { OrdType::MarketOnClose };
        plan.push(at, order(name, label, qty, ord_type, limit));
        if chance.one_in(3) {
            let soon = chance.within(at + 200, at + 20_000);
            let when = if chance.one_in(2) { soon } else { chance.within(at + 200, -500) };
            let act = ScriptAct::Cancel(label.into());
            plan.push(when, What::Bot { bot: name.to_owned(), act });
        }
    }
}

fn order(bot: &str, label: &str, qty: i64, ord_type: OrdType, limit_px: Option<Price>) -> What {
    let act = ScriptAct::Place(ScriptOrder {
        label: label.into(),
        symbol: SYMBOL.into(),
        side: if qty > 0 { Side::Buy } else { Side::Sell },
        qty: Qty::whole(qty.unsigned_abs()),
        ord_type,
        limit_px,
        tif: TimeInForce::Day,
        account: None,
    });
    What::Bot { bot: bot.to_owned(), act }
}

/// Days that somebody announces: a stricter close for this day, or something for another.
fn announcements(plan: &mut Plan) {
    let mut chance = Stream::new(plan.seed, "operator", "calendar");
    if !chance.one_in(6) {
        return;
    }
    let calendar: Box<str> = "XNYS".into();
    let at = if chance.one_in(2) { -1_199_000 } else { chance.within(-1_100_000, -590_000) };
    let civil = |at: Timestamp| at.to_zoned(Calendar::us_equities().zone().clone()).time();
    let change = match chance.within(1, 4) {
        1 => Change::Closed,
        2 => Change::LateOpen(civil(plan.close - SignedDuration::from_hours(1))),
        _ => Change::EarlyClose(civil(plan.close - SignedDuration::from_mins(chance.within(1, 4)))),
    };
    let announced = Announcement { calendar, date: plan.date, amendment: amendment(change) };
    plan.push(at, What::Announce(announced));
}

pub(super) fn amendment(change: Change) -> Amendment {
    Amendment { change, name: "announced".into(), source: "the plan".into(), force: false }
}

/// A time before the close where much is decided, or any.
fn moment(chance: &mut Stream) -> i64 {
    match chance.within(1, 4) {
        1 => CUTOFF + chance.within(-9_000, 5_000),
        2 => chance.within(-5_000, 500),
        3 => chance.within(CUTOFF, 0),
        _ => chance.within(-1_150_000, 0),
    }
}

fn faults(plan: &mut Plan) {
    let mut dice = Stream::new(plan.seed, "venue", "faults");
    for index in 0..dice.within(0, 4) {
        let mut chance = Stream::new(plan.seed, "venue", &format!("fault {index}"));
        let at = moment(&mut chance);
        let long = format!("{}s", chance.within(1, 60));
        for (later, fault) in fault(&mut chance, &long) {
            plan.push(at + later, What::Fault(fault));
        }
    }
}

/// One thing that goes wrong at the venue, as faults and how long after the first of them.
fn fault(chance: &mut Stream, long: &str) -> Vec<(i64, Value)> {
    let whose = if chance.one_in(2) { OWN_CLIENT } else { 11 };
    let once = |fault: Value| vec![(0, fault)];
    match chance.within(1, 18) {
        1 | 2 => once(json!({ "kind": "cancel_order", "symbol": SYMBOL })),
        3 => once(json!({ "kind": "cancel_order", "client": OWN_CLIENT })),
        // Accepted in silence: the order lives, and nobody says so.
        4 | 5 => {
            let minutes = format!("{}m", chance.within(1, 11));
            let of = |message| json!({ "kind": "drop_message", "message": message, "client": OWN_CLIENT, "for": minutes });
            vec![(0, of("orderStatus")), (0, of("openOrder"))]
        }
        6 => once(json!({ "kind": "silent_drop_order", "for": long })),
        7 | 8 => {
            let up = if chance.one_in(2) { "link_up_data_lost" } else { "link_up_data_kept" };
            vec![(0, json!({ "kind": "link_down" })), (chance.within(300, 40_000), json!({ "kind": up }))]
        }
        9 => once(json!({ "kind": "disconnect", "client": whose, "reset": chance.one_in(2) })),
        10 => once(json!({ "kind": "disconnect", "reset": chance.one_in(2) })),
        11 => vec![
            (0, json!({ "kind": "refuse_connect", "for": long })),
            (100, json!({ "kind": "disconnect" })),
        ],
        12 => once(json!({ "kind": "half_open", "client": whose, "for": long })),
        13 => once(json!({ "kind": "mute_socket", "client": whose, "for": long })),
        14 => once(json!({ "kind": "reject_orders", "for": long })),
        15 => once(json!({ "kind": "delay_message", "message": "orderStatus", "delay": long, "for": "2m" })),
        16 => once(json!({ "kind": "duplicate_message", "for": "5m" })),
        17 => once(json!({ "kind": "late_cancel", "delay": long, "for": "2m" })),
        _ => once(if chance.one_in(3) {
            json!({ "kind": "unscheduled_close" })
        } else {
            json!({ "kind": "reorder", "message": "execDetails", "for": "5m" })
        }),
    }
}

fn crashes(plan: &mut Plan) {
    let mut dice = Stream::new(plan.seed, "gateway", "crashes");
    for index in 0..dice.within(-2, 2) {
        let mut chance = Stream::new(plan.seed, "gateway", &format!("crash {index}"));
        let at = moment(&mut chance);
        let crash = if chance.one_in(2) { Crash::Process } else { Crash::Power };
        let some = if chance.one_in(2) { 0 } else { chance.within(0, 100) };
        // What a process has handed over outlives it, so only without power something is lost.
        let keeps = if crash == Crash::Process { 100 } else { some };
        let down = Duration::from_millis(chance.within(300, 30_000).unsigned_abs());
        plan.push(at, What::Crash { crash, keeps, down });
    }
}

fn disk(plan: &mut Plan) {
    let mut chance = Stream::new(plan.seed, "disk", "slow");
    if chance.one_in(3) {
        let at = moment(&mut chance);
        let sync = Duration::from_millis(chance.within(50, 4_000).unsigned_abs());
        let lasts = Duration::from_millis(chance.within(2_000, 40_000).unsigned_abs());
        plan.push(at - 1_000, What::Slow { sync, lasts });
    }
}

/// Of a date of a plan that is read.
pub(super) fn close_of(date: Date) -> Option<Timestamp> {
    Calendar::us_equities().session(date).ok().flatten().map(|day| day.close())
}
