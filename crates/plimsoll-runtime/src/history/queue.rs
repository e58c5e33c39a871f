//! Which request for history leaves next.
//!
//! Owns the order: requests that a bot waits for between two orders, and streams, before backfills; within each the bots
//! in turn; of one bot in the order in which they came, but for those that have to wait for a rule of their own. Every
//! [`QUICK_MAX`] quick ones a backfill has its turn, if one waits: bots that poll would starve it.
//!
//! Does not own when a request may leave.

use std::collections::{BTreeMap, VecDeque};

use plimsoll_model::BotName;

use super::budget::Token;

/// Quick requests that leave before a backfill that waits has its turn.
const QUICK_MAX: u32 = 4;
/// Requests of a bot that are looked at for one that may leave.
const LOOKED_AT_MAX: usize = 64;

/// All that waits.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    quick: Lane,
    backfills: Lane,
    /// Quick ones since a backfill left or none waited.
    since_backfill: u32,
}

#[derive(Debug, Default)]
struct Lane {
    bots: BTreeMap<BotName, VecDeque<Token>>,
    served: Option<BotName>,
}

/// How soon somebody needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    Quick,
    Backfill,
}

impl Queue {
    pub(crate) fn push(&mut self, bot: &BotName, pace: Pace, token: Token) {
        self.lane(pace).bots.entry(bot.clone()).or_default().push_back(token);
    }

    pub(crate) fn remove(&mut self, bot: &BotName, token: Token) {
        for lane in [&mut self.quick, &mut self.backfills] {
            lane.remove(bot, token);
        }
    }

    /// Takes the next one that may leave.
    pub(crate) fn pop(&mut self, may: impl Fn(Token) -> bool) -> Option<Token> {
        if self.backfills.bots.is_empty() {
            self.since_backfill = 0;
        }
        let order = if self.since_backfill >= QUICK_MAX {
            [Pace::Backfill, Pace::Quick]
        } else {
            [Pace::Quick, Pace::Backfill]
        };
        order.into_iter().find_map(|pace| {
            let token = self.lane(pace).pop(&may)?;
            self.since_backfill = match pace {
                Pace::Quick => self.since_backfill.saturating_add(1),
                Pace::Backfill => 0,
            };
            Some(token)
        })
    }

    /// Those of which one could be next.
    pub(crate) fn candidates(&self) -> impl Iterator<Item = Token> {
        let lanes = [&self.quick, &self.backfills];
        lanes
            .into_iter()
            .flat_map(|lane| lane.bots.values())
            .flat_map(|queue| queue.iter().take(LOOKED_AT_MAX).copied())
    }

    /// How many wait, by bot.
    pub(crate) fn waiting(&self) -> BTreeMap<&BotName, usize> {
        let mut waiting = BTreeMap::new();
        for (bot, queue) in [&self.quick, &self.backfills].into_iter().flat_map(|lane| &lane.bots) {
            *waiting.entry(bot).or_default() += queue.len();
        }
        waiting
    }

    /// How many of a bot's wait.
    pub(crate) fn waiting_of(&self, bot: &BotName) -> usize {
        [&self.quick, &self.backfills]
            .into_iter()
            .filter_map(|lane| lane.bots.get(bot))
            .map(VecDeque::len)
            .sum()
    }

    fn lane(&mut self, pace: Pace) -> &mut Lane {
        match pace {
            Pace::Quick => &mut self.quick,
            Pace::Backfill => &mut self.backfills,
        }
    }
}

impl Lane {
    fn remove(&mut self, bot: &BotName, token: Token) {
        let Some(queue) = self.bots.get_mut(bot) else { return };
        queue.retain(|waiting| *waiting != token);
        if queue.is_empty() {
            self.bots.remove(bot);
        }
    }

    /// The first that may leave, of the bots behind the one that was served last, round and round.
    fn pop(&mut self, may: impl Fn(Token) -> bool) -> Option<Token> {
        let is_behind = |bot: &BotName| self.served.as_ref().is_none_or(|served| bot > served);
        let (behind, before): (Vec<_>, Vec<_>) = self.bots.iter().partition(|(bot, _)| is_behind(bot));
        let (bot, token) = behind.into_iter().chain(before).find_map(|(bot, queue)| {
            queue.iter().take(LOOKED_AT_MAX).find(|token| may(**token)).map(|token| (bot.clone(), *token))
        })?;
        self.remove(&bot, token);
        self.served = Some(bot);
        Some(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bot(name: &str) -> BotName {
        BotName::new(name).unwrap()
    }

    fn order(queue: &mut Queue) -> Vec<Token> {
        std::iter::from_fn(|| queue.pop(|_| true)).collect()
    }

    #[test]
    fn the_bots_take_turns_however_many_requests_one_of_them_has() {
        let mut queue = Queue::default();
        (0..4).for_each(|token| queue.push(&bot("a"), Pace::Backfill, token));
        queue.push(&bot("b"), Pace::Backfill, 10);
        queue.push(&bot("c"), Pace::Backfill, 20);
        assert_eq!(queue.waiting_of(&bot("a")), 4);
        assert_eq!(order(&mut queue), [0, 10, 20, 1, 2, 3]);
        assert!(queue.waiting().is_empty());
    }

    #[test]
    fn quick_ones_go_first_and_do_not_starve_a_backfill() {
        let mut queue = Queue::default();
        queue.push(&bot("a"), Pace::Backfill, 100);
        queue.push(&bot("a"), Pace::Backfill, 101);
        (0..6).for_each(|token| queue.push(&bot("b"), Pace::Quick, token));
        assert_eq!(order(&mut queue), [0, 1, 2, 3, 100, 4, 5, 101]);
    }

    #[test]
    fn one_that_has_to_wait_for_itself_holds_up_nobody() {
        let mut queue = Queue::default();
        (0..3).for_each(|token| queue.push(&bot("a"), Pace::Quick, token));
        assert_eq!(queue.pop(|token| token != 0), Some(1));
        assert_eq!(queue.pop(|token| token == 9), None);
        queue.remove(&bot("a"), 0);
        assert_eq!(order(&mut queue), [2]);
    }
}
