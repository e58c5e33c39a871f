//! Making a plan smaller that breaks something, as long as it breaks the same.
//!
//! What is taken away moves nothing else, because every actor draws for itself. A smaller plan may break by another way
//! than the first one did; its invariant is the same, and a person reads fewer lines.

use super::plan::{Plan, What};

/// The smallest plan that was found for which `breaks` still holds.
pub(super) fn shrink(plan: &Plan, breaks: impl Fn(&Plan) -> bool) -> Plan {
    let mut small = plan.clone();
    loop {
        let before = size(&small);
        calm(&mut small, &breaks);
        classes(&mut small, &breaks);
        bots(&mut small, &breaks);
        singles(&mut small, &breaks);
        if size(&small) >= before {
            return small;
        }
    }
}

fn size(plan: &Plan) -> usize {
    plan.acts.len() + plan.bots.len()
}

/// Keeps a change if the plan still breaks with it.
fn attempt(plan: &mut Plan, breaks: &impl Fn(&Plan) -> bool, change: impl FnOnce(&mut Plan)) -> bool {
    let mut changed = plan.clone();
    change(&mut changed);
    let keeps = changed != *plan && breaks(&changed);
    if keeps {
        *plan = changed;
    }
    keeps
}

/// A clock that is right, a network and a disk that are quick.
fn calm(plan: &mut Plan, breaks: &impl Fn(&Plan) -> bool) {
    attempt(plan, breaks, |plan| plan.ahead = None);
    attempt(plan, breaks, |plan| plan.network.1 = plan.network.0);
    attempt(plan, breaks, |plan| plan.sync.1 = plan.sync.0);
}

/// Everything of one kind.
fn classes(plan: &mut Plan, breaks: &impl Fn(&Plan) -> bool) {
    let mut kinds: Vec<String> = plan.acts.iter().map(|act| kind(&act.what)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for gone in kinds {
        attempt(plan, breaks, |plan| plan.acts.retain(|act| kind(&act.what) != gone));
    }
}

/// A bot with all that it does.
fn bots(plan: &mut Plan, breaks: &impl Fn(&Plan) -> bool) {
    for gone in plan.bots.clone() {
        attempt(plan, breaks, |plan| {
            plan.bots.retain(|bot| bot.name != gone.name);
            plan.acts.retain(|act| match &act.what {
                What::Bot { bot, .. } | What::Leaves(bot) => *bot != gone.name,
                _ => true,
            });
        });
    }
}

/// One act after the other, the last one first: what comes after the harm goes at once.
fn singles(plan: &mut Plan, breaks: &impl Fn(&Plan) -> bool) {
    for index in (0..plan.acts.len()).rev() {
        attempt(plan, breaks, |plan| drop(plan.acts.remove(index)));
    }
}

fn kind(what: &What) -> String {
    match what {
        What::Bot { .. } => "orders".to_owned(),
        What::Leaves(_) => "leaves".to_owned(),
        What::Fault(fault) => fault["kind"].to_string(),
        What::Silent(_) => "silent".to_owned(),
        What::Crash { .. } => "crash".to_owned(),
        What::Slow { .. } => "disk".to_owned(),
        What::Step(_) => "step".to_owned(),
        What::Announce(_) => "announce".to_owned(),
        What::Halt | What::Resume => "halt".to_owned(),
    }
}
