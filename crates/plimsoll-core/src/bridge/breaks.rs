//! Where the broker's holdings and our ledger differ, and when a difference is taken for what it looks like.
//!
//! The broker's word about a holding and the execution that moved it come one after the other, in either order
//! and on two connections, and an answer says nothing about what happened after it was asked for. So most
//! differences are a moment of one side ahead of the other. Only one that was there for a while before the
//! executions were asked for, and is the same when they have been told, is explained by none of them: it is
//! foreign. Until then our own executions count.
//!
//! The broker's holding wins, so a foreign one is booked. But nobody knows where it came from, unless it was there before
//! the first reconciliation: it is a break, and takes no new risk until executions explain it or a person accepts it.

use std::collections::BTreeSet;

use plimsoll_ledger::Break;
use plimsoll_model::{Account, InstrumentId, Mono, Now, Position, Price};
use rust_decimal::Decimal;

use super::Bridge;
use crate::recon::ReconState;
use crate::snapshot::BreakView;
use crate::{Command, limits};

/// To how many decimal places an average price is rounded that is not exact.
const AVG_PX_PLACES: u32 = 10;

/// A difference, and since when it has been this one.
#[derive(Debug)]
pub(crate) struct Doubt {
    gap: Break,
    since: Mono,
}

impl Doubt {
    /// When there is reason to ask the broker about it.
    pub(super) fn due(&self) -> Mono {
        self.since.after(limits::POSITION_GRACE)
    }
}

impl Bridge {
    /// One side of a holding has moved: whether they differ, and whether it is still the same difference.
    pub(super) fn doubt(&mut self, now: Now, account: &Account, instrument: &InstrumentId) {
        // Between the questions of a full round half of what is to be compared is missing.
        if self.recon.state != ReconState::Done {
            return;
        }
        let key = (account.clone(), instrument.clone());
        let Some((broker, _)) = self.broker_positions.get(&key) else { return };
        let (broker, ledger) = (*broker, self.ledger.position(account, instrument));
        if ledger == broker {
            // Of two words about one execution the first can make the sum right for a moment. Where the ledger agrees as
            // well, both have come.
            if self.explained(&key) == Some(broker) {
                self.unexplained.explained(&key);
            }
            self.doubts.remove(&key);
            return;
        }
        let gap = Break { account: account.clone(), instrument: instrument.clone(), ledger, broker };
        if self.doubts.get(&key).is_none_or(|doubt| doubt.gap != gap) {
            self.doubts.insert(key, Doubt { gap, since: now.mono });
        }
    }

    /// Whether [`Self::doubt`] would find what it found last.
    pub(super) fn is_doubt_current(&self, account: &Account, instrument: &InstrumentId) -> bool {
        let key = (account.clone(), instrument.clone());
        let Some((broker, _)) = self.broker_positions.get(&key) else { return true };
        let ledger = self.ledger.position(account, instrument);
        match self.doubts.get(&key) {
            Some(doubt) => ledger != *broker && doubt.gap.ledger == ledger && doubt.gap.broker == *broker,
            None => ledger == *broker,
        }
    }

    /// What one unit of an instrument means in money is known now, so a holding of it can be booked.
    pub(super) fn doubt_all_of(&mut self, now: Now, instrument: &InstrumentId) {
        let of_it = self.broker_positions.keys().filter(|(_, of)| of == instrument);
        let accounts: Vec<_> = of_it.map(|(account, _)| account.clone()).collect();
        for account in accounts {
            self.doubt(now, &account, instrument);
        }
    }

    /// A list of all holdings has ended that was asked for within a life of our connection: what it leaves out is flat.
    pub(super) fn flatten_unlisted(&mut self, now: Now) {
        let Some(listed) = self.listed_holdings.take() else { return };
        let unlisted = self.broker_positions.keys().filter(|key| !listed.contains(*key));
        for (account, instrument) in unlisted.cloned().collect::<Vec<_>>() {
            self.broker_positions.insert((account.clone(), instrument.clone()), (Position::FLAT, None));
            self.doubt(now, &account, &instrument);
        }
    }

    /// A full round has told everything: what our executions cannot explain is foreign, a holding from before
    /// or a trade by hand. In a round after the first the ledger was right before; where an execution was new
    /// to it, the list of holdings may be the older of the two and does not count yet.
    pub(super) fn explain_all(&mut self, now: Now, was_known: bool, out: &mut Vec<Command>) {
        self.doubts.clear();
        let broker = self.broker_positions.iter().map(|(key, (position, _))| (key.clone(), *position));
        for gap in self.ledger.diff(&broker.collect()) {
            let key = (gap.account.clone(), gap.instrument.clone());
            // What a complete list leaves out is flat.
            self.broker_positions.entry(key.clone()).or_insert((Position::FLAT, None));
            if was_known && self.moved.contains(&key) {
                self.doubts.insert(key, Doubt { gap, since: now.mono });
            } else {
                self.adopt(&gap, out);
            }
        }
    }

    /// Orders and executions were asked for at this instant and have been told: a difference that had lasted
    /// by then and still stands is foreign.
    pub(super) fn explain_what_lasted(&mut self, asked: Mono, out: &mut Vec<Command>) {
        let lasted: Vec<_> = self
            .doubts
            .iter()
            .filter(|(_, doubt)| doubt.due() <= asked)
            .map(|(key, _)| key.clone())
            .collect();
        for key in lasted {
            // One that cannot be booked is not asked about again until something about it changes.
            if let Some(doubt) = self.doubts.remove(&key) {
                self.adopt(&doubt.gap, out);
            }
        }
    }

    /// The broker's holding wins.
    fn adopt(&mut self, gap: &Break, out: &mut Vec<Command>) {
        let Break { account, instrument, ledger, broker } = gap;
        self.changes.holdings.insert((account.clone(), instrument.clone()));
        let key = (account.clone(), instrument.clone());
        let avg = self.broker_positions.get(&key).and_then(|(_, avg)| *avg);
        let rest = self.unexplained_part(&key, *broker);
        let text = match (rest, self.terms(instrument)) {
            (Some(opening), Some(terms)) => {
                // The broker's average cost is the best that is known about a holding from elsewhere;
                // none stays none, and no profit is made up.
                let avg = avg.and_then(|cost| per_unit(cost, terms.multiplier));
                match self.ledger.adopt(account, instrument, opening, avg, terms) {
                    Ok(()) => format!("{opening} is foreign and shown to no bot as its own"),
                    Err(error) => error.to_string(),
                }
            }
            _ => "it was not booked, because its currency or multiplier is not known".to_owned(),
        };
        let lock = if self.unexplained.found(key, rest) {
            format!(
                "; no new risk in it before that is explained, or accepted with `plimsoll accept {account} {instrument}`"
            )
        } else {
            String::new()
        };
        out.push(Command::Notice {
            text: format!(
                "{account} {instrument}: the broker holds {broker}, our executions {ledger}; {text}{lock}"
            ),
        });
    }

    /// A person has looked at a break and takes the broker's side for right.
    pub(super) fn accept(
        &mut self,
        account: &Account,
        instrument: &InstrumentId,
        difference: Position,
        (by, reason): (&str, &str),
        out: &mut Vec<Command>,
    ) {
        let key = (account.clone(), instrument.clone());
        let row = self
            .break_views()
            .into_iter()
            .find(|row| (&row.account, &row.instrument) == (account, instrument));
        let row = row.filter(|row| row.locked);
        let rest = row.as_ref().and_then(|row| self.unexplained_part(&key, row.broker));
        let text = match (row.and_then(|row| row.broker.checked_sub(row.ledger)), rest) {
            (Some(now), Some(rest)) if now == difference => {
                self.unexplained.accept(key, rest);
                format!("a difference of {difference} was accepted by {by}: {reason}")
            }
            (Some(now), _) => {
                format!("the difference is {now} and not {difference}; nothing was accepted; look again")
            }
            (None, _) => "no difference keeps new risk out; nothing was accepted".to_owned(),
        };
        out.push(Command::Notice { text: format!("{account} {instrument}: {text}") });
    }

    /// What of the broker's holding no execution explains.
    fn unexplained_part(&self, key: &(Account, InstrumentId), broker: Position) -> Option<Position> {
        let opening = self.ledger.opening(&key.0, &key.1);
        broker.checked_sub(self.ledger.position(&key.0, &key.1))?.checked_add(opening)
    }

    /// What executions and everything that was accepted come to; nothing if the number does not fit.
    pub(crate) fn explained(&self, key: &(Account, InstrumentId)) -> Option<Position> {
        let executed =
            self.ledger.position(&key.0, &key.1).checked_sub(self.ledger.opening(&key.0, &key.1))?;
        executed.checked_add(self.unexplained.accepted(key))
    }

    /// Where the broker and what explains its holdings differ, in the order of account and instrument.
    pub(crate) fn break_views(&self) -> Vec<BreakView> {
        let mut keys: BTreeSet<_> = self.unexplained.breaks().collect();
        keys.extend(self.broker_positions.keys());
        let row = |key: &(Account, InstrumentId)| {
            let locked = self.unexplained.is_break(&key.0, &key.1);
            let booked = self.ledger.position(&key.0, &key.1);
            // Without a connection the broker's side is what was booked of it.
            let broker = self.broker_positions.get(key).map_or(booked, |(position, _)| *position);
            let ledger = if locked { self.explained(key).unwrap_or(booked) } else { booked };
            BreakView { account: key.0.clone(), instrument: key.1.clone(), ledger, broker, locked }
        };
        keys.into_iter().map(row).filter(|row| row.ledger != row.broker).collect()
    }
}

/// The broker tells what one contract cost, and the ledger counts what one unit of it did.
fn per_unit(avg_cost: Price, multiplier: Decimal) -> Option<Price> {
    if multiplier == Decimal::ONE {
        return Some(avg_cost);
    }
    let px = avg_cost.get().checked_div(multiplier)?;
    Some(Price::new(px.round_dp(AVG_PX_PLACES).normalize()))
}
