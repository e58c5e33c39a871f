//! The kill switch: who said stop, how much, and why. It survives restarts by the journal.

use std::collections::BTreeMap;
use std::fmt;

use plimsoll_model::BotName;

/// How much is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HaltLevel {
    /// Reduce only.
    NewRisk,
    /// Every new order is denied and every working one is canceled.
    All,
}

impl HaltLevel {
    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NewRisk => "new_risk",
            Self::All => "all",
        }
    }
}

impl fmt::Display for HaltLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halt {
    /// How much.
    pub level: HaltLevel,
    /// Who.
    pub by: Box<str>,
    /// Why.
    pub reason: Box<str>,
}

/// All stops in force: of the fleet, and of single bots.
#[derive(Debug, Default)]
pub(crate) struct Halts {
    fleet: Option<Halt>,
    bots: BTreeMap<BotName, Halt>,
}

impl Halts {
    /// Adds a stop. A stronger one is never weakened by a later weaker one.
    pub(crate) fn set(&mut self, bot: Option<BotName>, halt: Halt) {
        match bot {
            None => keep_stronger(&mut self.fleet, halt),
            Some(bot) => {
                let mut own = self.bots.remove(&bot);
                keep_stronger(&mut own, halt);
                self.bots.extend(own.map(|halt| (bot, halt)));
            }
        }
    }

    /// Lifts a stop; whether there was one.
    pub(crate) fn lift(&mut self, bot: Option<&BotName>) -> bool {
        match bot {
            None => self.fleet.take().is_some(),
            Some(bot) => self.bots.remove(bot).is_some(),
        }
    }

    /// The strongest stop that holds for this bot.
    pub(crate) fn of(&self, bot: &BotName) -> Option<&Halt> {
        self.fleet.iter().chain(self.bots.get(bot)).max_by_key(|halt| halt.level)
    }

    /// The stop of the fleet.
    pub(crate) fn fleet(&self) -> Option<&Halt> {
        self.fleet.as_ref()
    }
}

fn keep_stronger(slot: &mut Option<Halt>, halt: Halt) {
    if slot.as_ref().is_none_or(|held| halt.level >= held.level) {
        *slot = Some(halt);
    }
}
