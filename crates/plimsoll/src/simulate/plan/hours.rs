//! Half an hour of an open market out of a seed: bots that trade all the time and make every mistake that a bot can make,
//! several instruments in two accounts, prices that stop, and an operator who says stop.

use std::time::Duration;

use jiff::SignedDuration;
use plimsoll_model::{OrdType, Price, Qty, Side, TimeInForce};
use plimsoll_sim::bots::{ScriptAct, ScriptOrder};
use serde_json::{Value, json};

use super::draw::{ACCOUNTS, NAMES, cutoff, some_day};
use super::{About, Plan, PlannedAct, PlannedBot, What};
use crate::simulate::config::{ORDER_QTY_MAX, OWN_CLIENT};
use crate::simulate::disk::Crash;
use crate::simulate::invariants::AGAIN;
use crate::simulate::random::Stream;
use crate::simulate::venue::STRANGE;

/// What each bot may trade; the first two share theirs.
const MENUS: [&[&str]; 4] = [&["SPY"], &["SPY"], &["QQQ", "IWM"], &["AAPL"]];
/// From its beginning to the time when everything is healed.
pub(super) const LASTS: SignedDuration = SignedDuration::from_mins(25);
/// The same in milliseconds.
const MILLIS: i64 = 25 * 60 * 1000;
/// When bots begin, in milliseconds: the gateway is ready by then if nothing goes wrong.
const BEGINS: i64 = 20_000;

/// Half an hour.
pub(in crate::simulate) fn hours(seed: u64) -> Plan {
    let session = some_day(&mut Stream::new(seed, "day", "date"));
    let mut world = Stream::new(seed, "world", "speed");
    let network = (Duration::from_millis(1), Duration::from_millis(world.within(2, 60).unsigned_abs()));
    let sync = (Duration::from_millis(1), Duration::from_millis(world.within(2, 40).unsigned_abs()));
    // An hour before the close it ends: what is on its way into the auction is another scenario's.
    let minutes = session.close().duration_since(session.open()).as_mins() - 90;
    let from = session.open() + SignedDuration::from_secs(world.within(5, minutes * 60));
    let mut host = Stream::new(seed, "host", "clock");
    let ahead = host.one_in(3).then(|| SignedDuration::from_millis(host.within(-2_000, 2_000)));
    let mut plan = Plan {
        seed,
        date: session.date(),
        about: About::Hours { from },
        close: session.close(),
        cutoff: cutoff(session),
        nets: world.one_in(2),
        network,
        sync,
        ahead,
        bots: Vec::new(),
        acts: Vec::new(),
    };
    let count = usize::try_from(world.within(2, 4)).unwrap_or(2);
    for ((name, client_id), menu) in NAMES.iter().zip(11..).zip(MENUS).take(count) {
        bot(&mut plan, name, client_id, menu);
    }
    faults(&mut plan);
    operator(&mut plan);
    process(&mut plan);
    plan.acts.sort_by_key(|act| act.at);
    plan
}

impl Plan {
    /// At so many milliseconds of the beginning.
    fn add(&mut self, at: i64, what: What) {
        let at = self.from() + SignedDuration::from_millis(at);
        self.acts.push(PlannedAct { at, what });
    }
}

/// A loop of orders, some of them wrong.
fn bot(plan: &mut Plan, name: &str, client_id: i32, menu: &[&str]) {
    let mut chance = Stream::new(plan.seed, name, "loop");
    let account = if chance.one_in(3) { ACCOUNTS[1] } else { ACCOUNTS[0] };
    let instruments = menu.iter().map(|symbol| (*symbol).to_owned()).collect();
    plan.bots.push(PlannedBot {
        name: name.to_owned(),
        client_id,
        account: account.to_owned(),
        closes: false,
        instruments,
    });
    let mut at = BEGINS + chance.within(0, 5_000);
    let pause = chance.within(5_000, 60_000);
    for index in 0..200 {
        at += chance.within(1_000, 2 * pause);
        if at >= MILLIS - 1_000 {
            break;
        }
        let label = format!("o{index}");
        let order = one(&mut chance, &label, menu);
        let place =
            |order: &ScriptOrder| What::Bot { bot: name.to_owned(), act: ScriptAct::Place(order.clone()) };
        plan.add(at, place(&order));
        if chance.one_in(12) {
            // The same decision a moment later: a retry, a double click, a loop without memory.
            let again = ScriptOrder { label: format!("{label}{AGAIN}").into(), ..order.clone() };
            plan.add(at + chance.within(20, 1_500), place(&again));
        }
        if order.limit_px.is_some() && chance.one_in(2) {
            let act = ScriptAct::Cancel(label.as_str().into());
            plan.add(at + chance.within(100, 40_000), What::Bot { bot: name.to_owned(), act });
        }
    }
    if chance.one_in(4) {
        plan.add(chance.within(BEGINS, MILLIS - 60_000), What::Leaves(name.to_owned()));
    }
}

fn one(chance: &mut Stream, label: &str, menu: &[&str]) -> ScriptOrder {
    let too_many = i64::from(ORDER_QTY_MAX) + 10 * chance.within(1, 50);
    let qty = if chance.one_in(25) { too_many } else { 10 * chance.within(1, 20) };
    let symbol = if chance.one_in(25) { STRANGE } else { chance.choose(menu) };
    let account = chance.one_in(25).then(|| if chance.one_in(2) { "" } else { "DU9999999" });
    // A limit that is executed at once, or one that never is.
    let limit_px =
        chance.one_in(3).then(|| Price::parse(if chance.one_in(2) { "9000" } else { "1" }).expect("a price"));
    ScriptOrder {
        label: label.into(),
        symbol: symbol.into(),
        side: if chance.one_in(2) { Side::Buy } else { Side::Sell },
        qty: Qty::whole(qty.unsigned_abs()),
        ord_type: if limit_px.is_some() { OrdType::Limit } else { OrdType::Market },
        limit_px,
        tif: TimeInForce::Day,
        account: account.map(Into::into),
    }
}

fn faults(plan: &mut Plan) {
    let mut dice = Stream::new(plan.seed, "venue", "faults");
    for index in 0..dice.within(0, 6) {
        let mut chance = Stream::new(plan.seed, "venue", &format!("fault {index}"));
        let at = chance.within(1_000, MILLIS - 90_000);
        for (later, fault) in fault(&mut chance) {
            plan.add(at + later, What::Fault(fault));
        }
    }
}

/// One thing that goes wrong at the venue, as faults and how long after the first of them.
fn fault(chance: &mut Stream) -> Vec<(i64, Value)> {
    let millis = chance.within(1_000, 120_000);
    let long = format!("{millis}ms");
    let whose = if chance.one_in(2) { OWN_CLIENT } else { 11 };
    let once = |fault: Value| vec![(0, fault)];
    match chance.within(1, 20) {
        1..=3 => once(json!({ "kind": "freeze_data", "for": long })),
        4 => once(json!({ "kind": "freeze_data", "symbol": "SPY", "for": long })),
        5 | 6 => vec![(0, json!({ "kind": "farm_down" })), (millis, json!({ "kind": "farm_up" }))],
        7 | 8 => {
            let up = if chance.one_in(2) { "link_up_data_lost" } else { "link_up_data_kept" };
            vec![(0, json!({ "kind": "link_down" })), (chance.within(300, 60_000), json!({ "kind": up }))]
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
        15 => once(json!({ "kind": "delay_message", "message": "orderStatus", "delay": "4s", "for": long })),
        16 => once(json!({ "kind": "duplicate_message", "for": "5m" })),
        17 => once(json!({ "kind": "late_commission", "delay": long, "for": "5m" })),
        18 => once(json!({ "kind": "cancel_order" })),
        19 => once(json!({ "kind": "silent_drop_order", "for": "3s" })),
        _ => once(json!({ "kind": "reorder", "message": "execDetails", "for": "5m" })),
    }
}

/// Somebody says stop, and mostly go on.
fn operator(plan: &mut Plan) {
    let mut chance = Stream::new(plan.seed, "operator", "halt");
    if !chance.one_in(3) {
        return;
    }
    let at = chance.within(BEGINS, MILLIS - 300_000);
    plan.add(at, What::Halt);
    plan.add(at + chance.within(5_000, 240_000), What::Resume);
}

fn process(plan: &mut Plan) {
    let mut dice = Stream::new(plan.seed, "gateway", "crashes");
    for index in 0..dice.within(-1, 2) {
        let mut chance = Stream::new(plan.seed, "gateway", &format!("crash {index}"));
        let crash = if chance.one_in(2) { Crash::Process } else { Crash::Power };
        let keeps = if crash == Crash::Process { 100 } else { chance.within(0, 100) };
        let down = Duration::from_millis(chance.within(300, 30_000).unsigned_abs());
        plan.add(chance.within(1_000, MILLIS - 60_000), What::Crash { crash, keeps, down });
    }
    let mut chance = Stream::new(plan.seed, "disk", "slow");
    if chance.one_in(3) {
        let sync = Duration::from_millis(chance.within(50, 4_000).unsigned_abs());
        let lasts = Duration::from_millis(chance.within(2_000, 40_000).unsigned_abs());
        plan.add(chance.within(0, MILLIS - 60_000), What::Slow { sync, lasts });
    }
}
