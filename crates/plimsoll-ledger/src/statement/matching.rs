//! Which execution of ours is which of the broker's.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use plimsoll_model::{Account, InstrumentId, Price, Qty, Side};

use super::Entry;
use crate::exec_key::ExecKey;

/// How far apart two records of one execution may be in time. The broker's statement rounds to seconds, and some
/// venues report late.
const APART_MAX: SignedDuration = SignedDuration::from_mins(2);

/// How sure it is that two records are of one execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Both name the execution.
    ExecId,
    /// Both name the broker's trade.
    TradeId,
    /// One does not name it; the order's reference, side, quantity and price agree.
    OrderRef,
    /// Account, instrument, side, quantity, price and time agree, and no other is like it.
    Value,
    /// Several are alike; how many there are is certain, and which is which is not.
    Alike,
    /// Several shares of bots sum to one execution of the broker's.
    Shared,
}

impl Certainty {
    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExecId => "exec_id",
            Self::TradeId => "trade_id",
            Self::OrderRef => "order_ref",
            Self::Value => "value",
            Self::Alike => "alike",
            Self::Shared => "shared",
        }
    }
}

/// Two records of one execution, by their places in the two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) ours: usize,
    pub(super) theirs: usize,
    pub(super) certainty: Certainty,
}

/// Pairs, in the order of ours.
pub(super) fn pairs(ours: &[Entry], theirs: &[Entry]) -> Vec<Pair> {
    let mut matching = Matching { ours, theirs, left: Vec::new(), right: Vec::new(), pairs: Vec::new() };
    matching.left = vec![true; ours.len()];
    matching.right = vec![true; theirs.len()];
    matching.by_key(Certainty::ExecId, |entry| entry.exec_id.as_ref().map(|id| ExecKey::of(id).stem));
    matching.by_key(Certainty::TradeId, |entry| entry.trade_id.as_deref());
    matching.by_value(Certainty::OrderRef);
    matching.by_value(Certainty::Value);
    matching.pairs.sort_by_key(|pair| pair.ours);
    matching.pairs
}

struct Matching<'a> {
    ours: &'a [Entry],
    theirs: &'a [Entry],
    /// Which are not matched yet.
    left: Vec<bool>,
    right: Vec<bool>,
    pairs: Vec<Pair>,
}

/// What two records of one execution have in common.
type Value<'a> = (&'a Account, &'a InstrumentId, Side, Qty, Option<Price>, Option<&'a str>);

impl<'a> Matching<'a> {
    fn by_key<K: Ord>(&mut self, certainty: Certainty, key: impl Fn(&'a Entry) -> Option<K>) {
        let mut known: BTreeMap<K, Vec<usize>> = BTreeMap::new();
        for (at, entry) in self.theirs.iter().enumerate().rev().filter(|(at, _)| self.right[*at]) {
            if let Some(key) = key(entry) {
                known.entry(key).or_default().push(at);
            }
        }
        for (at, entry) in self.ours.iter().enumerate() {
            let found = key(entry).filter(|_| self.left[at]).and_then(|key| known.get_mut(&key)?.pop());
            if let Some(theirs) = found {
                self.note(Pair { ours: at, theirs, certainty });
            }
        }
    }

    /// Those that agree in value, the earliest with the earliest. Two that both name their execution never do, so they are
    /// never put beside each other.
    fn by_value(&mut self, certainty: Certainty) {
        for (our_id, their_id) in [(true, false), (false, true), (false, false)] {
            let left = groups(self.ours, &self.left, our_id, certainty);
            let right = groups(self.theirs, &self.right, their_id, certainty);
            for (value, ours) in left {
                if let Some(theirs) = right.get(&value) {
                    self.match_group(&ours, theirs, certainty);
                }
            }
        }
    }

    /// Both lists are in the order of time, so one walk through each finds everything.
    fn match_group(&mut self, ours: &[usize], theirs: &[usize], certainty: Certainty) {
        let same_order = certainty == Certainty::OrderRef;
        let mut next = 0;
        for &our in ours {
            let entry = &self.ours[our];
            let fits =
                |at: usize| theirs.get(at).is_some_and(|at| may_be_one(entry, &self.theirs[*at], same_order));
            while theirs.get(next).is_some_and(|at| !fits(next) && when(&self.theirs[*at]) < when(entry)) {
                next += 1;
            }
            if !fits(next) {
                continue;
            }
            let has_a_twin = fits(next + 1) || next.checked_sub(1).is_some_and(fits);
            let certainty = match certainty {
                Certainty::Value if has_a_twin => Certainty::Alike,
                certainty => certainty,
            };
            self.note(Pair { ours: our, theirs: theirs[next], certainty });
            next += 1;
        }
    }

    fn note(&mut self, pair: Pair) {
        self.left[pair.ours] = false;
        self.right[pair.theirs] = false;
        self.pairs.push(pair);
    }
}

/// Those that are not matched yet, by value, in the order of time.
fn groups<'a>(
    entries: &'a [Entry],
    open: &[bool],
    with_id: bool,
    certainty: Certainty,
) -> BTreeMap<Value<'a>, Vec<usize>> {
    let with_ref = certainty == Certainty::OrderRef;
    let mut groups: BTreeMap<Value<'a>, Vec<usize>> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        let order_ref = entry.order_ref.as_deref().filter(|_| with_ref);
        if open[at] && entry.exec_id.is_some() == with_id && with_ref == order_ref.is_some() {
            let value = (&entry.account, &entry.instrument, entry.side, entry.qty, entry.px, order_ref);
            groups.entry(value).or_default().push(at);
        }
    }
    for group in groups.values_mut() {
        group.sort_by_key(|at| when(&entries[*at]));
    }
    groups
}

fn when(entry: &Entry) -> (Option<Date>, Option<Timestamp>) {
    (entry.date, entry.at)
}

/// Whether nothing speaks against two records of one value being of one execution.
fn may_be_one(ours: &Entry, theirs: &Entry, same_order: bool) -> bool {
    match (ours.at, theirs.at) {
        (Some(a), Some(b)) => a.duration_since(b).abs() <= APART_MAX,
        _ => same_order || ours.date.is_none() || theirs.date.is_none() || ours.date == theirs.date,
    }
}
