//! A day out of a seed. Every actor draws for itself, so that a day without one of them is the same day otherwise.

use std::sync::LazyLock;
use std::time::Duration;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use plimsoll_calendar::{Amendment, AnchorKind, Announcement, Calendar, Change, Listing, TradingDay};
use plimsoll_model::{OrdType, Price, Qty, Side, TimeInForce};
use plimsoll_sim::bots::{ScriptAct, ScriptOrder};
use serde_json::{Value, json};

use super::{About, Plan, PlannedAct, PlannedBot, SYMBOL, What};
use crate::simulate::config::OWN_CLIENT;
use crate::simulate::disk::Crash;
use crate::simulate::random::Stream;

pub(super) const NAMES: [&str; 4] = ["trend", "revert", "carry", "pairs"];
pub(super) const ACCOUNTS: [&str; 2] = ["DU1111111", "DU2222222"];
/// Milliseconds before the cutoff from which on a bot with a job orders nothing: what it did after its job would be its own.
const JOB_PEACE: i64 = 40_000;

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
    let session = some_day(&mut day);
    let (date, close) = (session.date(), session.close());
    let cutoff = cutoff(session);
    let mut world = Stream::new(seed, "world", "speed");
    let network = (Duration::from_millis(1), Duration::from_millis(world.within(2, 60).unsigned_abs()));
    let sync = (Duration::from_millis(1), Duration::from_millis(world.within(2, 40).unsigned_abs()));
    let nets = world.one_in(2);
    let mut host = Stream::new(seed, "host", "clock");
    let ahead = host.one_in(2).then(|| SignedDuration::from_millis(host.within(-2_000, 2_000)));
    let mut plan = Plan {
        seed,
        date,
        about: About::Closing,
        close,
        cutoff,
        nets,
        network,
        sync,
        ahead,
        bots: Vec::new(),
        acts: Vec::new(),
    };
    fleet(&mut plan);
    announcements(&mut plan);
    faults(&mut plan);
    silence(&mut plan);
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

/// A whole day, or every third time a half one.
pub(super) fn some_day(chance: &mut Stream) -> &'static TradingDay {
    let of = if chance.one_in(3) { &DAYS.1 } else { &DAYS.0 };
    chance.choose(of)
}

impl Plan {
    /// At so many milliseconds of the close.
    fn push(&mut self, at: i64, what: What) {
        let at = self.close + SignedDuration::from_millis(at);
        self.acts.push(PlannedAct { at, what });
    }

    /// The cutoff in milliseconds of the close.
    fn cut(&self) -> i64 {
        i64::try_from(self.cutoff.duration_since(self.close).as_millis()).unwrap_or(0)
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
            instruments: vec![SYMBOL.to_owned()],
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
    let cut = plan.cut();
    for label in ["a", "b", "c"] {
        if !chance.one_in(2) {
            continue;
        }
        let at = if closes {
            chance.within(-1_080_000, cut - JOB_PEACE)
        } else if chance.one_in(3) {
            cut + chance.within(-6_000, 3_000)
        } else {
            chance.within(-1_080_000, cut + 30_000)
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
fn moment(cut: i64, chance: &mut Stream) -> i64 {
    match chance.within(1, 4) {
        1 => cut + chance.within(-9_000, 5_000),
        2 => chance.within(-5_000, 500),
        3 => chance.within(cut, 0),
        _ => chance.within(-1_150_000, 0),
    }
}

fn faults(plan: &mut Plan) {
    let mut dice = Stream::new(plan.seed, "venue", "faults");
    for index in 0..dice.within(0, 4) {
        let mut chance = Stream::new(plan.seed, "venue", &format!("fault {index}"));
        let at = moment(plan.cut(), &mut chance);
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
        // It takes back what it has answered, and answers again.
        4 | 5 => once(json!({ "kind": "late_commission", "delay": long, "for": "5m" })),
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

/// Around the time when a job sends its on-close orders: they live, and nobody says so.
fn silence(plan: &mut Plan) {
    let mut chance = Stream::new(plan.seed, "venue", "silence");
    if chance.one_in(4) {
        let at = plan.cut() - 5_000 - chance.within(100, 3_000);
        let lasts = Duration::from_millis(chance.within(1_000, 590_000).unsigned_abs());
        plan.push(at, What::Silent(lasts));
    }
}

fn crashes(plan: &mut Plan) {
    let mut dice = Stream::new(plan.seed, "gateway", "crashes");
    for index in 0..dice.within(-2, 2) {
        let mut chance = Stream::new(plan.seed, "gateway", &format!("crash {index}"));
        let at = if chance.one_in(3) { while_it_waits(plan, &mut chance) } else { None };
        let at = at.unwrap_or_else(|| moment(plan.cut(), &mut chance));
        let crash = if chance.one_in(2) { Crash::Process } else { Crash::Power };
        let keeps = match crash {
            Crash::Process => 100,
            Crash::Power if chance.one_in(2) => 0,
            Crash::Power => chance.within(0, 100),
        };
        let down = Duration::from_millis(chance.within(300, 30_000).unsigned_abs());
        plan.push(at, What::Crash { crash, keeps, down });
    }
}

/// A moment between a bot's order and the end of its sync, which is made a slow one.
fn while_it_waits(plan: &mut Plan, chance: &mut Stream) -> Option<i64> {
    let is_order = |act: &&PlannedAct| matches!(&act.what, What::Bot { act: ScriptAct::Place(_), .. });
    let orders: Vec<_> = plan.acts.iter().filter(is_order).map(|act| act.at).collect();
    let order = orders.get(usize::try_from(chance.within(0, 7)).ok()?)?.duration_since(plan.close);
    let order = i64::try_from(order.as_millis()).ok()?;
    let millis = chance.within(20, 500);
    let sync = Duration::from_millis(millis.unsigned_abs());
    plan.push(order - 1_000, What::Slow { sync, lasts: Duration::from_secs(2) });
    Some(order + chance.within(1, millis))
}

fn disk(plan: &mut Plan) {
    let mut chance = Stream::new(plan.seed, "disk", "slow");
    if chance.one_in(3) {
        let at = moment(plan.cut(), &mut chance);
        let sync = Duration::from_millis(chance.within(50, 4_000).unsigned_abs());
        let lasts = Duration::from_millis(chance.within(2_000, 40_000).unsigned_abs());
        plan.push(at - 1_000, What::Slow { sync, lasts });
    }
}

/// Cutoff and close of a date of a plan that is read.
pub(super) fn close_of(date: Date) -> Option<(Timestamp, Timestamp)> {
    Calendar::us_equities().session(date).ok().flatten().map(|day| (cutoff(&day), day.close()))
}

/// For the listing of the instrument of the auction.
pub(super) fn cutoff(day: &TradingDay) -> Timestamp {
    day.anchor(AnchorKind::MocEntry, Listing::Arca).map_or(day.close(), |anchor| anchor.at)
}
