//! One on-close order and the market order that may take its place just before the close.
//!
//! An on-close order that is thought to be lost and is not doubles the position when a market order is sent for it
//! (pitfalls 2 and 4), and silence proves nothing: on-close orders have been seen to stay without any word until the
//! auction. So the market order leaves only for an order that is **proved dead**:
//!
//! * it never left us, or the venue's own status or its list of completed orders says that it has ended;
//! * or the venue had named it once, and open orders, executions and completed orders, all asked for afterwards in one
//!   life of our connection, name it no more;
//! * one that the venue never named may be on its way: it is canceled, and is dead when the venue confirms that.
//!
//! And it leaves only while the venue is known to hear us: in this life of our connection it has answered what was asked
//! just before the market order was due, or later. On a connection that has gone silent an order may arrive after the
//! close, and what the auction is doing meanwhile nobody has told.
//!
//! An error says that an order is over and not how much of it was executed, so it is a reason to ask and no proof. An
//! execution says nothing of the rest.
//!
//! Owns: what is known of one such order, what is to be asked and when, the one decision. Does not own: words on the
//! wire, connections, the guards that judge the market order like any other.
//!
//! Invariants: at most one market order, restarts included; never more than what the venue says was not executed;
//! none before its instant and none from the close on; what is not known is told to a person and acted upon by nobody.

mod told;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use plimsoll_model::Qty;

use crate::limits;

pub(crate) use told::{Finding, Standing};

/// What one fallback is about, and its instants by corrected time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Terms {
    /// Of the on-close order.
    pub(crate) qty: Qty,
    /// From here on the venue is asked what has become of it.
    pub(crate) ask_from: Timestamp,
    /// From here on the market order may leave.
    pub(crate) at: Timestamp,
    /// When it has to have arrived.
    pub(crate) close: Timestamp,
    /// When the auction is over and its executions are told.
    pub(crate) settle: Timestamp,
}

impl Terms {
    /// Questions from here on count as asked when the market order was due, so that their answers are there by then.
    fn due_from(&self) -> Timestamp {
        self.at.saturating_sub(limits::FALLBACK_FRESH).unwrap_or(Timestamp::MIN)
    }
}

/// The life of one on-close order, as far as anybody said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fallback {
    terms: Terms,
    fate: Fate,
    /// The most that anybody said was executed: statuses, the list of completed orders, executions.
    cum_qty: Qty,
    /// By executions alone.
    executed: Qty,
    round: Option<Round>,
    /// In which life of our connection a cancel was asked for.
    canceled_in: Option<u64>,
    /// The order in which it left with others' was never named by the venue.
    is_unacknowledged: bool,
    /// The decision: taken once, and never again.
    sent: Option<Qty>,
    is_contradicted: bool,
    stage: Stage,
}

/// Whether the order can still execute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// It has not left us.
    Planned,
    /// It has left, or perhaps, and the venue has not said a word.
    Silent,
    /// The venue has named it.
    Seen(Seen),
    /// It is proved dead.
    Dead,
}

/// How the venue last named it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    /// It works.
    Working,
    /// It was taken out of the market, and may come back by itself.
    Inactive,
    /// An error said that it is over.
    Over,
}

/// Questions for open orders, executions and completed orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Round {
    /// In which life of our connection they were asked.
    epoch: u64,
    asked: Asked,
    /// All three have been answered.
    is_answered: bool,
    /// The order was named since they were asked, by an answer or otherwise. So one of which this is not true, and which
    /// has been named, was named before: it was not on its way to the venue.
    is_named: bool,
}

/// When questions were asked. An older answer is no answer to a later need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    /// Long before the market order was due.
    Early,
    /// When it was due, or just before.
    Due,
    /// After the auction.
    Settling,
}

/// What was told to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// Nothing yet.
    Watching,
    /// What became of it until the close.
    Closed,
    /// Everything.
    Over,
}

/// Something that was said about the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Word {
    /// Its bytes leave.
    Sent,
    /// It was denied or taken back before its bytes left.
    Unsent,
    /// The venue names it as one that can execute.
    Working {
        /// FIX 14.
        cum_qty: Qty,
    },
    /// The venue has taken it out of the market and does not say for how long.
    Inactive {
        /// FIX 14.
        cum_qty: Qty,
    },
    /// The venue's status, or its list of completed orders, says that it has ended.
    Ended {
        /// FIX 14.
        cum_qty: Qty,
    },
    /// The venue says that it is over, and not how much of it was executed.
    Refused,
    /// Its executions.
    Executed {
        /// Their sum.
        cum_qty: Qty,
    },
}

/// What is known of an order that is netted, which the venue does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Net {
    /// It has not left, or the venue has named the order in which it did.
    Sound,
    /// The venue has not said a word about the order in which it left.
    Unacknowledged,
}

/// When it is, and in which life of our own connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    /// Corrected time.
    pub(crate) time: Timestamp,
    /// When an order that leaves now arrives at the latest.
    pub(crate) arrival: Timestamp,
    /// None while the venue cannot be asked.
    pub(crate) epoch: Option<u64>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Ask for open orders, executions and completed orders, all anew, and say so with [`Fallback::asked`].
    Ask,
    /// Cancel the on-close order.
    Cancel,
    /// Send the market order. It counts as sent from here on.
    Send {
        /// At most this much.
        qty: Qty,
    },
    /// Tell a person.
    Tell(Finding),
}

impl Fallback {
    /// Nothing has left yet.
    pub(crate) fn new(terms: Terms) -> Self {
        Self {
            terms,
            fate: Fate::Planned,
            cum_qty: Qty::ZERO,
            executed: Qty::ZERO,
            round: None,
            canceled_in: None,
            is_unacknowledged: false,
            sent: None,
            is_contradicted: false,
            stage: Stage::Watching,
        }
    }

    /// A new process: whatever was about to leave may have left, and no question of the old one is answered.
    pub(crate) fn restarted(&mut self) {
        if self.fate == Fate::Planned {
            self.fate = Fate::Silent;
        }
        self.round = None;
        self.canceled_in = None;
    }

    /// Somebody said something about the order.
    pub(crate) fn hear(&mut self, word: Word) {
        match word {
            Word::Sent if self.fate == Fate::Planned => self.fate = Fate::Silent,
            Word::Unsent if self.fate == Fate::Planned => self.fate = Fate::Dead,
            Word::Sent | Word::Unsent => {}
            Word::Working { cum_qty } => self.named(Seen::Working, cum_qty),
            Word::Inactive { cum_qty } => self.named(Seen::Inactive, cum_qty),
            Word::Ended { cum_qty } => {
                self.count(cum_qty);
                self.fate = Fate::Dead;
            }
            Word::Refused if matches!(self.fate, Fate::Dead | Fate::Seen(Seen::Over)) => {}
            Word::Refused => {
                self.fate = Fate::Seen(Seen::Over);
                // What was asked before may have been answered before the end.
                self.round = None;
            }
            Word::Executed { cum_qty } => {
                self.count(cum_qty);
                // It is no word about whether the rest works.
                self.executed = self.executed.max(cum_qty);
            }
        }
        if self.cum_qty >= self.terms.qty {
            self.fate = Fate::Dead;
        }
    }

    /// The questions have been asked, all of them, in this life of our connection.
    pub(crate) fn asked(&mut self, moment: Moment) {
        let Some(epoch) = moment.epoch.filter(|_| moment.time >= self.terms.ask_from) else { return };
        self.round =
            Some(Round { epoch, asked: self.asked_at(moment.time), is_answered: false, is_named: false });
    }

    /// The venue may be out of reach: what was answered before says nothing of now.
    pub(crate) fn doubt_reach(&mut self) {
        self.round = None;
    }

    /// It is held here, or left with others in one order, which the answers name in its place, or do not.
    pub(crate) fn netted(&mut self, net: Net) {
        self.is_unacknowledged = net == Net::Unacknowledged;
        if let Some(round) = &mut self.round {
            round.is_named = true;
        }
    }

    /// They have all been answered in this life of our connection; whether that has proved it dead.
    pub(crate) fn answered(&mut self, epoch: u64) -> bool {
        let Some(round) = self.round.as_mut().filter(|round| round.epoch == epoch) else { return false };
        round.is_answered = true;
        let is_gone = matches!(self.fate, Fate::Seen(_)) && !round.is_named;
        if is_gone {
            self.fate = Fate::Dead;
        }
        is_gone
    }

    /// What is to be done now; to be asked again until there is nothing. [`Step::Ask`] comes again until the questions
    /// have been asked.
    pub(crate) fn step(&mut self, moment: Moment) -> Option<Step> {
        let time = moment.time;
        if let Some(finding) = self.contradiction() {
            return Some(Step::Tell(finding));
        }
        match self.stage {
            Stage::Watching if time < self.terms.ask_from => None,
            Stage::Watching if moment.arrival < self.terms.close => self.watch(moment),
            Stage::Watching => {
                self.stage = Stage::Closed;
                match self.at_the_close(moment) {
                    None => self.step(moment),
                    Some(finding) => Some(Step::Tell(finding)),
                }
            }
            Stage::Closed if time < self.terms.settle => None,
            Stage::Closed => self.settle(moment),
            Stage::Over => None,
        }
    }

    /// The next instant at which there is something to do, whatever is said until then.
    pub(crate) fn next(&self, time: Timestamp) -> Option<Timestamp> {
        let Terms { ask_from, at, close, settle, .. } = self.terms;
        let mut due = match self.stage {
            Stage::Watching => [ask_from, self.terms.due_from(), at, close].into_iter(),
            Stage::Closed => [settle; 4].into_iter(),
            Stage::Over => return None,
        };
        due.find(|instant| *instant > time)
    }

    /// Whether everything is over and told.
    pub(crate) fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// What may still be executed, as far as anybody said.
    fn leaves_qty(&self) -> Qty {
        self.terms.qty.saturating_sub(self.cum_qty)
    }

    fn count(&mut self, cum_qty: Qty) {
        self.cum_qty = self.cum_qty.max(cum_qty);
    }

    fn named(&mut self, seen: Seen, cum_qty: Qty) {
        self.count(cum_qty);
        self.fate = Fate::Seen(seen);
        if let Some(round) = &mut self.round {
            round.is_named = true;
        }
    }

    fn asked_at(&self, time: Timestamp) -> Asked {
        if time >= self.terms.settle {
            Asked::Settling
        } else if time >= self.terms.due_from() {
            Asked::Due
        } else {
            Asked::Early
        }
    }

    /// The questions that are young enough and of this life of our connection.
    fn fresh(&self, epoch: u64, time: Timestamp) -> Option<Round> {
        self.round.filter(|round| round.epoch == epoch && round.asked >= self.asked_at(time))
    }

    fn watch(&mut self, moment: Moment) -> Option<Step> {
        let (is_dead, qty) = (self.fate == Fate::Dead, self.leaves_qty());
        let needs_nothing = is_dead && (qty.is_zero() || moment.time < self.terms.due_from());
        if self.sent.is_some() || self.fate == Fate::Planned || needs_nothing {
            return None;
        }
        let epoch = moment.epoch?;
        let Some(round) = self.fresh(epoch, moment.time) else { return Some(Step::Ask) };
        if !round.is_answered {
            return None;
        }
        if is_dead {
            self.sent = Some(qty).filter(|_| moment.time >= self.terms.at);
            return self.sent.map(|qty| Step::Send { qty });
        }
        let is_new = self.needs_cancel() && self.canceled_in != Some(epoch);
        if is_new {
            self.canceled_in = Some(epoch);
        }
        is_new.then_some(Step::Cancel)
    }

    /// Its end has to be brought about before it can be proved.
    fn needs_cancel(&self) -> bool {
        matches!(self.fate, Fate::Silent | Fate::Seen(Seen::Inactive))
    }

    fn at_the_close(&self, moment: Moment) -> Option<Finding> {
        let leaves_qty = self.leaves_qty();
        if self.sent.is_some() || leaves_qty.is_zero() {
            return None;
        }
        // A word that names it is as good as the end of the answers.
        let is_fresh =
            |round: Round| Some(round.epoch) == moment.epoch && (round.is_answered || round.is_named);
        let is_answered = self.round.is_some_and(is_fresh);
        let missing = match self.fate {
            Fate::Dead => {
                let is_heard = self.round.is_some_and(|round| {
                    Some(round.epoch) == moment.epoch && round.asked >= Asked::Due && round.is_answered
                });
                let finding = if is_heard {
                    Finding::TooLate { leaves_qty }
                } else {
                    Finding::Unanswered { leaves_qty }
                };
                return Some(finding);
            }
            Fate::Seen(Seen::Working) if self.is_unacknowledged => {
                "the venue never named the order in which it left with others'"
            }
            Fate::Seen(Seen::Working) if is_answered => return Some(Finding::Alive),
            Fate::Planned => "it has not left",
            Fate::Silent => "the venue never named it, and no cancel of it was confirmed",
            Fate::Seen(Seen::Inactive) if is_answered => "it is inactive, and no cancel of it was confirmed",
            Fate::Seen(_) => "the venue did not answer what has become of it",
        };
        Some(Finding::NotProved { missing })
    }

    /// After the close executions say what has become of it, and nothing else.
    fn settle(&mut self, moment: Moment) -> Option<Step> {
        let Some(round) = self.fresh(moment.epoch?, moment.time) else { return Some(Step::Ask) };
        if !round.is_answered {
            return None;
        }
        self.stage = Stage::Over;
        Some(Step::Tell(Finding::Settled {
            executed: self.executed,
            qty: self.terms.qty,
            owed: self.cum_qty.saturating_sub(self.executed),
            is_over: self.fate == Fate::Dead,
        }))
    }

    fn contradiction(&mut self) -> Option<Finding> {
        let sent = self.sent.filter(|sent| *sent > self.leaves_qty() && !self.is_contradicted)?;
        self.is_contradicted = true;
        Some(Finding::Contradicted { sent, cum_qty: self.cum_qty })
    }
}
