//! What bots wait for when they send more than the venue takes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use plimsoll_model::{BotName, LinkId, Mono};

use super::Work;
use crate::lanes::Heard;
use crate::pacing::PER_SECOND;
use crate::view::PacingRow;

/// A bot for which more than so many messages wait sends too much, and does not only start.
const MANY: usize = PER_SECOND as usize;
/// How often that is written down.
const NOTE_EVERY: Duration = Duration::from_mins(1);

impl Work {
    /// What bots are heard for at the moment.
    pub(super) fn heard(&self) -> Heard {
        if self.journal.is_lagging() {
            Heard::Cancels
        } else if self.clock.is_lockstep() || self.pacing.wait(Instant::now()).is_zero() {
            Heard::Everything
        } else {
            Heard::Unpaced
        }
    }

    /// When the venue takes more of what waits for that; none if nothing does.
    pub(super) fn until_unpaced(&self) -> Option<Duration> {
        let waits = self.heard() == Heard::Unpaced && self.lanes.has_work(Heard::Everything);
        // The timer is no finer than this, and a wait of nothing would spin.
        waits.then(|| self.pacing.wait(Instant::now()).max(Duration::from_millis(1)))
    }

    /// Writes down who sends too much: nobody else says so, and what waits looks like a slow venue.
    pub(super) fn note_paced(&mut self, now: Mono) {
        let many = self.links.iter().filter(|(link, _)| self.lanes.paced(**link) > MANY);
        let many: Vec<(LinkId, BotName)> = many.map(|(link, state)| (*link, state.bot.clone())).collect();
        for (link, bot) in many {
            if self.paced_noted.get(&bot).is_some_and(|noted| now.since(*noted) < NOTE_EVERY) {
                continue;
            }
            let waiting = self.lanes.paced(link);
            let text = format!(
                "{bot} sends more messages than the venue takes ({PER_SECOND} a second over all clients of the \
                 login); {waiting} wait, its orders and cancels do not"
            );
            self.paced_noted.insert(bot, now);
            self.note(link, &text);
        }
    }

    /// The budget and who waits for it.
    pub(super) fn pacing_row(&mut self) -> PacingRow {
        let mut waiting = BTreeMap::new();
        for (link, state) in &self.links {
            let paced = self.lanes.paced(*link);
            if paced > 0 {
                *waiting.entry(state.bot.to_string()).or_default() += paced;
            }
        }
        PacingRow { per_second: PER_SECOND, last_second: self.pacing.last_second(Instant::now()), waiting }
    }
}
