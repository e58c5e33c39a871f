//! Holdings that neither executions nor a person's word explain: each is a break, and takes no new risk until its
//! explanation comes or an operator accepts it.
//!
//! Owns which part of each holding is accepted though no execution is known for it (what was there before the first
//! reconciliation of its account, and what an operator accepted since) and which holdings are breaks.
//!
//! Does not own the holdings themselves, nor when a difference is taken for more than a moment ([`crate::bridge`]).

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Account, InstrumentId, Position};

/// One holding.
type Key = (Account, InstrumentId);

/// What is accepted, and what is not. Of each holding that the broker has named there is one entry at most.
#[derive(Debug, Default)]
pub(crate) struct Unexplained {
    accepted: BTreeMap<Key, Position>,
    /// Accounts whose holdings from before are known: what comes to light later was not there at the start.
    begun: BTreeSet<Account>,
    breaks: BTreeSet<Key>,
}

impl Unexplained {
    /// Whether the holding takes no new risk.
    pub(crate) fn is_break(&self, account: &Account, instrument: &InstrumentId) -> bool {
        // Of no break nothing is to be copied for a look: that is every order but a few.
        !self.breaks.is_empty() && self.breaks.contains(&(account.clone(), instrument.clone()))
    }

    /// The breaks, in the order of account and instrument.
    pub(crate) fn breaks(&self) -> impl Iterator<Item = &Key> {
        self.breaks.iter()
    }

    /// What of the holding is accepted without an execution.
    pub(crate) fn accepted(&self, key: &Key) -> Position {
        self.accepted.get(key).copied().unwrap_or(Position::FLAT)
    }

    /// No execution explains `rest` of a holding. Whether that is a break: not before the first reconciliation of its
    /// account has ended, and not if it is what was accepted.
    pub(crate) fn found(&mut self, key: Key, rest: Option<Position>) -> bool {
        if !self.begun.contains(&key.0) {
            self.accepted.extend(rest.map(|rest| (key, rest)));
            return false;
        }
        if rest == Some(self.accepted(&key)) {
            self.breaks.remove(&key);
            return false;
        }
        self.breaks.insert(key);
        true
    }

    /// Executions and what is accepted come to what the broker holds; whether that was a break.
    pub(crate) fn explained(&mut self, key: &Key) -> bool {
        self.breaks.remove(key)
    }

    /// A person takes `rest` of the holding for right.
    pub(crate) fn accept(&mut self, key: Key, rest: Position) {
        self.breaks.remove(&key);
        self.accepted.insert(key, rest);
    }

    /// Everything that these accounts hold has been told once.
    pub(crate) fn begin<'a>(&mut self, accounts: impl IntoIterator<Item = &'a Account>) {
        self.begun.extend(accounts.into_iter().cloned());
    }
}
