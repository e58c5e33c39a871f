//! Orders that were netted: the broker has one execution for several bots, and the ledger each bot's share of it, internal
//! crosses included.
//!
//! Shares are of the same account, instrument, price and day as the execution that they divide, and sum to it; those of
//! a cross sum to nothing. Where the sums differ nothing is matched, and each record is a difference of its own.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use plimsoll_model::{Account, InstrumentId, Money, Price};
use rust_decimal::Decimal;

use super::breaks::{BreakKind, Comparison, Match, commission_break};
use super::matching::Certainty;
use super::{Books, Entry};
use crate::exact;

/// Whose an order is that was sent for several bots.
const FLEET: &str = "fleet";
/// How the id of a share begins.
const SHARE: &str = "net.";

/// The records of one divided execution, or of several at one price.
#[derive(Default)]
struct Group {
    shares: Vec<usize>,
    wholes: Vec<usize>,
}

type Key<'a> = (&'a Account, &'a InstrumentId, Option<Price>, Option<Date>);

fn key(entry: &Entry) -> Key<'_> {
    (&entry.account, &entry.instrument, entry.px, entry.date)
}

/// Takes out what divides to the same sum.
pub(super) fn take_out(
    found: &mut Comparison,
    (ours, left): (&Books, &mut BTreeSet<usize>),
    (theirs, right): (&Books, &mut BTreeSet<usize>),
) {
    let mut groups: BTreeMap<Key<'_>, Group> = BTreeMap::new();
    for at in &*left {
        let entry = &ours.entries[*at];
        if entry.exec_id.as_ref().is_some_and(|id| id.as_str().starts_with(SHARE)) {
            groups.entry(key(entry)).or_default().shares.push(*at);
        }
    }
    for at in &*right {
        let entry = &theirs.entries[*at];
        if let Some(group) = groups.get_mut(&key(entry))
            && entry.bot.as_ref().is_some_and(|bot| bot.as_str() == FLEET)
        {
            group.wholes.push(*at);
        }
    }
    for group in groups.values() {
        let shares: Vec<&Entry> = group.shares.iter().map(|at| &ours.entries[*at]).collect();
        let wholes: Vec<&Entry> = group.wholes.iter().map(|at| &theirs.entries[*at]).collect();
        let sums = (sum(&shares), sum(&wholes));
        if sums.0.is_none() || sums.0 != sums.1 {
            continue;
        }
        for at in &group.shares {
            left.remove(at);
        }
        for at in &group.wholes {
            right.remove(at);
        }
        let Some(first) = group.wholes.first() else {
            found.crossed += group.shares.len() as u64;
            continue;
        };
        let matches =
            group.shares.iter().map(|at| Match { ours: *at, theirs: *first, certainty: Certainty::Shared });
        found.matches.extend(matches);
        compare_fees(found, &shares, &wholes);
    }
}

fn sum(entries: &[&Entry]) -> Option<Decimal> {
    entries.iter().try_fold(Decimal::ZERO, |sum, entry| exact::add(sum, entry.signed_qty()))
}

/// What one side charged together; none if a part is not known or another currency.
fn fees(entries: &[&Entry]) -> Option<Money> {
    let first = entries.first()?.all_charges()?;
    entries.iter().skip(1).try_fold(first, |sum, entry| {
        let charge = entry.all_charges().filter(|charge| charge.currency == sum.currency)?;
        exact::add(sum.amount, charge.amount).map(|amount| Money { amount, ..sum })
    })
}

/// The broker charges the whole, and the shares' parts have to come to that.
fn compare_fees(found: &mut Comparison, shares: &[&Entry], wholes: &[&Entry]) {
    let Some(their) = fees(wholes) else {
        found.commissions_not_told += 1;
        return;
    };
    let our = fees(shares);
    if our == Some(their) {
        return;
    }
    let kind = if our.is_some() { BreakKind::Commission } else { BreakKind::CommissionUnknown };
    found.breaks.push(commission_break(kind, wholes[0], our, their));
}
