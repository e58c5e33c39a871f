//! The broker's positions against ours. The broker is right; a difference is a [`Break`], and what to do
//! about it is decided elsewhere.

use std::collections::BTreeMap;

use plimsoll_model::{Account, InstrumentId, Position};

use crate::ledger::Ledger;

/// A position that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// In which account.
    pub account: Account,
    /// Of what.
    pub instrument: InstrumentId,
    /// Ours.
    pub ledger: Position,
    /// The broker's.
    pub broker: Position,
}

impl Break {
    /// What the broker has and no execution of ours explains; none if the number does not fit.
    pub fn unexplained(&self) -> Option<Position> {
        self.broker.checked_sub(self.ledger)
    }
}

impl Ledger {
    /// Compares with the broker's complete list: a position that is not in it is flat there. In the order of
    /// account and instrument.
    pub fn diff(&self, broker: &BTreeMap<(Account, InstrumentId), Position>) -> Vec<Break> {
        let mut both: BTreeMap<(Account, InstrumentId), (Position, Position)> = BTreeMap::new();
        for (account, instrument, line) in self.all_lines() {
            both.insert((account.clone(), instrument.clone()), (line.total, Position::FLAT));
        }
        for (key, position) in broker {
            both.entry(key.clone()).or_insert((Position::FLAT, Position::FLAT)).1 = *position;
        }
        both.into_iter()
            .filter(|(_, (ledger, broker))| ledger != broker)
            .map(|((account, instrument), (ledger, broker))| Break { account, instrument, ledger, broker })
            .collect()
    }
}
